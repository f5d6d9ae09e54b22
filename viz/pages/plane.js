
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

// A point of the plane as a dot of its class; with a hole, it is a ring.
function paintPoint(context, x, y, kind, edge, chosen, hole = null) {
  const disc = (radius, colour) => {
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.fillStyle = colour;
    context.fill();
  };
  disc(chosen ? 9 : 6, kind);
  context.lineWidth = chosen ? 4 : 2;
  context.strokeStyle = edge;
  context.stroke();
  if (hole) disc(chosen ? 4 : 2.5, hole);
}
