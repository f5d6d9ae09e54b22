
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

// The colours from class 0 to class 1, the paler the less certain.
function shades() {
  const paper = style("background");
  return Array.from({ length: 256 }, (_, i) => mix(paper, CLASSES[i > 127.5 ? 1 : 0], 0.15 + 0.6 * Math.abs(2 * i / 255 - 1)));
}

// Fills a canvas with the colours of the points from left to right and from bottom to top.
function paintPlane(canvas, [[left, right], [bottom, top]], colour, smooth = true) {
  const image = new ImageData(GRID, GRID), context = canvas.getContext("2d");
  for (let row = 0; row < GRID; row += 1) {
    for (let column = 0; column < GRID; column += 1) {
      const x = left + (right - left) * (column + 0.5) / GRID, y = top - (top - bottom) * (row + 0.5) / GRID;
      const [red, green, blue] = colour(x, y), at = 4 * (row * GRID + column);
      image.data[at] = red;
      image.data[at + 1] = green;
      image.data[at + 2] = blue;
      image.data[at + 3] = 255;
    }
  }
  const small = new OffscreenCanvas(GRID, GRID);
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = smooth;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

// A point of the plane as a dot of its class.
function paintPoint(canvas, x, y, kind, chosen) {
  const context = canvas.getContext("2d");
  context.beginPath();
  context.arc(x, y, chosen ? 9 : 6, 0, 7);
  context.fillStyle = kind;
  context.fill();
  context.lineWidth = chosen ? 4 : 2;
  context.strokeStyle = style("text");
  context.stroke();
}
