
// ── a recorded training ─────────────────────────────────────────────────────────────────────────

// `recordings` is written into the page: for each, the steps that were kept with their losses, parameters (theta) and
// gradients, and, where the network is small, its forward pass and its layers.

const MARGIN = { left: 52, right: 24, top: 12, bottom: 26 };

const shown = x => Number.isFinite(x) ? String(+x.toPrecision(3)) : String(x).replace("Infinity", "∞");

// For a circle with little room: two digits after the point, or none.
const brief = x => Math.abs(x) < 9.995 ? String(+x.toFixed(2)) : shown(Math.round(x));

function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

// Round numbers that divide the way from low to high into about four parts.
function ticks(low, high) {
  const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const width = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= rough);
  const found = [];
  for (let i = Math.ceil(low / width); i * width <= high * (1 + 1e-9); i += 1) found.push(i * width);
  return found;
}

// ── one recording ───────────────────────────────────────────────────────────────────────────────

class Recording {
  constructor(data, index) {
    Object.assign(this, data);
    this.colour = ["value", "gradient"][index % 2];
    this.thetas = data.theta === null ? null : floats(data.theta);
    this.gradients = data.gradient === null ? null : floats(data.gradient);
    this.images = data.images && { ...data.images, pixels: Uint8Array.from(atob(data.images.pixels), c => c.charCodeAt(0)) };
    this.v = data.network && new Float64Array(data.network.start);
    this.example = 0;
  }

  // The last frame that is not after a step.
  at(step) {
    let frame = 0;
    while (frame + 1 < this.steps.length && this.steps[frame + 1] <= step) frame += 1;
    return frame;
  }

  // The parameters of a frame, or their gradients.
  numbers(frame, gradients = false) {
    return (gradients ? this.gradients : this.thetas).subarray(frame * this.size, (frame + 1) * this.size);
  }

  load(frame) {
    const theta = this.numbers(frame);
    this.network.parameters.forEach((place, i) => { this.v[place] = theta[i]; });
  }

  outputs(x) {
    this.network.inputs.forEach((place, i) => { this.v[place] = x[i]; });
    this.network.forward(this.v);
    return this.network.outputs.map(place => this.v[place]);
  }

  // From 0 to 1: how much a single output speaks for class 1.
  share(output) { return this.network.probability ? output : 1 / (1 + Math.exp(-output)); }
}
