
// ── a recorded training ─────────────────────────────────────────────────────────────────────────

// `recordings` is written into the page: for each, the steps that were kept with their losses, parameters (theta) and
// gradients, and, where the network is small, its forward pass and its layers.

function floats(base64) {
  const bytes = Uint8Array.from(atob(base64), character => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

class Recording {
  constructor(data, index) {
    Object.assign(this, data);
    this.colour = ["value", "gradient"][index % 2];
    this.thetas = data.theta === null ? null : floats(data.theta);
    this.gradients = data.gradient === null ? null : floats(data.gradient);
    this.images = data.images && { ...data.images, pixels: Uint8Array.from(atob(data.images.pixels), c => c.charCodeAt(0)) };
    this.v = data.network && new Float64Array(data.network.start);
    this.examples = data.data ? data.data.X.map((x, i) => ({ x, y: data.data.Y[i], held: false })) : [];
    this.width = data.network?.outputs.length;
    this.axes = data.network?.inputs.map((_, i, all) => all.length > 1 ? `x${i + 1}` : "x");
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

  answers(points, count) {
    const n = this.network.inputs.length;
    return Array.from({ length: count }, (_, i) => this.outputs(points.subarray(n * i, n * (i + 1)))).flat();
  }

  tone(y) { return CLASSES[clamp(y.length > 1 ? largest(y, 0, y.length) : Math.round(y[0]), 0, CLASSES.length - 1)]; }

  choose(i) {
    this.example = i;
    player.show();
  }

  // From 0 to 1: how much a single output speaks for class 1.
  share(output) { return this.network.probability ? output : 1 / (1 + Math.exp(-output)); }
}
