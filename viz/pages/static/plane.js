
// ── a plane, coloured by what a value is at each point ──────────────────────────────────────────

const GRID = 64; // points in each direction
const CLASSES = ["#e69f00", "#0072b2", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442", "#999999"]; // Okabe and Ito

const style = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Calls back when the colours of the page are other ones: in the dark, in the light, on paper.
function whenRecoloured(paint) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  whenPrinted(paint);
}

function rgb(hex) {
  return [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));
}

function mix(from, to, share) {
  return rgb(from).map((part, i) => part + (rgb(to)[i] - part) * share);
}

// A colour as a canvas has it in memory.
const packed = ([red, green, blue]) => (255 << 24 | Math.round(blue) << 16 | Math.round(green) << 8 | Math.round(red)) >>> 0;

// 256 colours, from `colour(0)` to `colour(1)`.
const palette = colour => Uint32Array.from({ length: 256 }, (_, i) => packed(colour(i / 255)));

// The colours from class 0 to class 1, the paler the less certain.
function shades() {
  const paper = style("background");
  return palette(share => mix(paper, CLASSES[share > 0.5 ? 1 : 0], 0.15 + 0.6 * Math.abs(2 * share - 1)));
}

// The colours of one answer for each point, or of the classes of which several tell the largest.
const tintsOf = width => width > 1 ? CLASSES.map(colour => packed(mix(style("background"), colour, 0.45))) : shades();

function largest(numbers, start, count) {
  let best = 0;
  for (let i = 1; i < count; i += 1) if (numbers[start + i] > numbers[start + best]) best = i;
  return best;
}

// The number of the colour for a share from 0 to 1; nan, which is in no class, has the first.
const tintOf = share => share >= 0 ? share <= 1 ? Math.round(255 * share) : 255 : 0;

// Small images, a pixel for each point; they are drawn as large as their place.
class Sheet {
  constructor(side) {
    this.canvas = new OffscreenCanvas(side, side);
    this.image = new ImageData(side, side);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  // Draws it with the colours of its pixels, over a part of a canvas or all of it.
  draw(context, colour, smooth, [x, y, width, height] = [0, 0, context.canvas.width, context.canvas.height]) {
    const { pixels } = this;
    for (let i = 0; i < pixels.length; i += 1) pixels[i] = colour(i);
    this.canvas.getContext("2d").putImageData(this.image, 0, 0);
    context.imageSmoothingEnabled = smooth;
    context.drawImage(this.canvas, x, y, width, height);
  }
}

const sheets = new Map();
const sheet = side => sheets.get(side) ?? sheets.set(side, new Sheet(side)).get(side);

// The points of a grid over a part of the plane, a pair each, from left to right and from top to bottom.
function gridPoints([[left, right], [bottom, top]]) {
  const points = new Float64Array(2 * GRID * GRID);
  for (let i = 0; i < GRID * GRID; i += 1) {
    points[2 * i] = left + (right - left) * (i % GRID + 0.5) / GRID;
    points[2 * i + 1] = top - (top - bottom) * (Math.floor(i / GRID) + 0.5) / GRID;
  }
  return points;
}

// Fills a part of a canvas, or all of it, with the colours of the points of a grid, or of every second one.
function paintPlane(context, colour, box, every = 1) {
  const side = GRID / every;
  sheet(side).draw(context, every === 1 ? colour : i => colour(every * (Math.floor(i / side) * GRID + i % side)), true, box);
}

const FINE = 4 * GRID; // pixels in each direction of what is blended

// Between which points of the grid each pixel lies: the number of the first, and the share of the way to the second.
const PLACES = Float64Array.from({ length: FINE }, (_, i) => clamp((i + 0.5) * GRID / FINE - 0.5, 0, GRID - 1));
const FIRST = Int32Array.from(PLACES, place => Math.min(Math.floor(place), GRID - 2)), SHARE = PLACES.map((place, i) => place - FIRST[i]);

// Numbers at the points of a grid, `width` of each, as they are at each pixel: along the rows, then from row to row.
function blended(numbers, width) {
  const across = new Float64Array(GRID * FINE * width), fine = new Float64Array(FINE * FINE * width), line = FINE * width;
  for (let row = 0, at = 0; row < GRID; row += 1) {
    for (let column = 0; column < FINE; column += 1) {
      const here = (row * GRID + FIRST[column]) * width, share = SHARE[column];
      for (let k = here; k < here + width; k += 1, at += 1) across[at] = numbers[k] + share * (numbers[k + width] - numbers[k]);
    }
  }
  for (let row = 0; row < FINE; row += 1) {
    const here = FIRST[row] * line, share = SHARE[row];
    for (let k = here, at = row * line; k < here + line; k += 1, at += 1) fine[at] = across[k] + share * (across[k + line] - across[k]);
  }
  return fine;
}

// Fills a canvas by the `width` answers at each point of a grid: one by its share from 0 to 1, several by the largest.
// Answers are blended, not their colours, so that classes meet in a line without steps.
function paintAnswers(context, answers, width, tints, share) {
  const fine = blended(width > 1 ? answers : answers.map(share), width);
  const tint = width > 1 ? i => largest(fine, i * width, width) % tints.length : i => tintOf(fine[i]);
  sheet(FINE).draw(context, i => tints[tint(i)], true);
}

// How many pixels of a canvas one of the screen takes.
const pixelOf = canvas => canvas.width / (canvas.clientWidth || canvas.width);

// A point of the plane as a dot of its class, with an edge, on paper, so that it is seen where its class is answered; with
// a hole, it is a ring.
function paintPoint(context, [x, y], kind, { edge, paper, pixel }, chosen, hole = false) {
  const size = chosen ? 7 : 4.5, disc = (radius, colour) => {
    context.beginPath();
    context.arc(x, y, radius * pixel, 0, 7);
    context.fillStyle = colour;
    context.fill();
  };
  if (chosen) disc(size + 3.5, edge);
  disc(size + 2, paper);
  disc(size + 0.5, edge);
  disc(size - 0.5, kind);
  if (hole) disc(size / 2, paper);
}
