"use strict";

// A training to scrub through. `recordings` is written into the page: for each, the steps that were kept with their
// losses, parameters (theta) and gradients, and, where the network is small, its forward pass and its layers.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 52, right: 24, top: 12, bottom: 26 };

const $ = selector => document.querySelector(selector);
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
const shown = x => Number.isFinite(x) ? String(+x.toPrecision(3)) : String(x);

// For a circle with little room: two digits after the point, or none.
const brief = x => Math.abs(x) < 9.995 ? String(+x.toFixed(2)) : shown(Math.round(x));

function element(name, attributes = {}, parent = null, text = null) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

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

// ── loss curves ─────────────────────────────────────────────────────────────────────────────────

class LossCurve {
  constructor(svg, recordings, timeline) {
    Object.assign(this, { svg, recordings, timeline });
    const scrub = event => { if (event.buttons) player.goTo(this.nearest(event.offsetX)); };
    svg.addEventListener("pointerdown", event => { svg.setPointerCapture(event.pointerId); scrub(event); });
    svg.addEventListener("pointermove", scrub);
  }

  nearest(x) {
    const step = (x - MARGIN.left) / (this.width - MARGIN.left - MARGIN.right) * this.last;
    return this.timeline.reduce((best, at, i) => Math.abs(at - step) < Math.abs(this.timeline[best] - step) ? i : best, 0);
  }

  draw() {
    const { svg } = this;
    svg.replaceChildren();
    this.width = svg.clientWidth;
    this.height = svg.clientHeight;
    this.last = Math.max(1, this.timeline.at(-1));
    const losses = this.recordings.flatMap(r => r.losses).filter(Number.isFinite);
    const positive = losses.filter(loss => loss > 0);
    this.log = $("#log").checked && positive.length > 0;
    const scale = y => this.log ? Math.log10(Math.max(y, Math.min(...positive))) : y;
    const low = this.log ? scale(0) : Math.min(0, ...losses), high = Math.max(...losses.map(scale), low + 1e-9);
    this.x = step => MARGIN.left + step / this.last * (this.width - MARGIN.left - MARGIN.right);
    this.y = loss => {
      const share = Number.isFinite(loss) ? (scale(loss) - low) / (high - low || 1) : 1;
      return this.height - MARGIN.bottom - share * (this.height - MARGIN.top - MARGIN.bottom);
    };
    this.axes(low, high);
    for (const recording of this.recordings) {
      const points = recording.steps.map((step, i) => `${this.x(step).toFixed(1)},${this.y(recording.losses[i]).toFixed(1)}`);
      element("polyline", { points: points.join(" "), class: `curve ${recording.colour}` }, svg);
    }
    this.cursor = element("line", { class: "cursor", y1: MARGIN.top, y2: this.height - MARGIN.bottom }, svg);
    this.dots = this.recordings.map(recording => element("circle", { r: 5, class: `dot ${recording.colour}` }, svg));
  }

  axes(low, high) {
    for (const level of ticks(low, high)) {
      const loss = this.log ? 10 ** level : level, y = this.y(loss);
      element("line", { class: "grid", x1: MARGIN.left, x2: this.width - MARGIN.right, y1: y, y2: y }, this.svg);
      element("text", { class: "tick", x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, this.svg, shown(loss));
    }
    for (const step of ticks(0, this.last).filter(Number.isInteger)) {
      element("text", { class: "tick", x: this.x(step), y: this.height - 8, "text-anchor": "middle" }, this.svg, step);
    }
  }

  show(step, frames) {
    this.cursor.setAttribute("x1", this.x(step));
    this.cursor.setAttribute("x2", this.x(step));
    this.dots.forEach((dot, i) => {
      dot.setAttribute("cx", this.x(this.recordings[i].steps[frames[i]]));
      dot.setAttribute("cy", this.y(this.recordings[i].losses[frames[i]]));
    });
  }
}

// ── what the network makes of the plane, or of a line ───────────────────────────────────────────

class Boundary {
  constructor(canvas, recording) {
    Object.assign(this, { canvas, recording });
    const { X } = recording.data;
    const range = i => {
      const column = X.map(x => x[i]), low = Math.min(...column), high = Math.max(...column), room = (high - low || 1) * 0.2;
      return [low - room, high + room];
    };
    this.ranges = X[0].map((_, i) => range(i));
    canvas.addEventListener("click", event => this.choose(event));
  }

  place(x) {
    const [[left, right], [bottom, top]] = this.ranges, { width, height } = this.canvas;
    return [(x[0] - left) / (right - left) * width, (top - x[1]) / (top - bottom) * height];
  }

  choose(event) {
    const box = this.canvas.getBoundingClientRect(), scale = this.canvas.width / box.width;
    const at = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const distances = this.recording.data.X.map(x => { const [a, b] = this.place(x); return Math.hypot(a - at[0], b - at[1]); });
    this.recording.example = distances.indexOf(Math.min(...distances));
    player.show();
  }

  draw() {
    const { recording } = this, paper = style("background"), several = recording.network.outputs.length > 1;
    const tints = several ? CLASSES.map(colour => mix(paper, colour, 0.45)) : shades();
    paintPlane(this.canvas, this.ranges, (x, y) => {
      const outputs = recording.outputs([x, y]);
      if (several) return tints[outputs.indexOf(Math.max(...outputs)) % tints.length];
      return tints[Math.round(255 * clamp(recording.share(outputs[0]), 0, 1)) || 0];
    }, !several);
    this.points();
  }

  points() {
    const { X, Y } = this.recording.data;
    X.forEach((x, i) => {
      const [a, b] = this.place(x), y = Y[i].length > 1 ? Y[i].indexOf(Math.max(...Y[i])) : Math.round(Y[i][0]);
      paintPoint(this.canvas, a, b, CLASSES[clamp(y, 0, CLASSES.length - 1)], i === this.recording.example);
    });
  }
}

class Curve {
  constructor(canvas, recording) {
    Object.assign(this, { canvas, recording });
    const { X, Y } = recording.data, xs = X.map(x => x[0]), ys = Y.map(y => y[0]);
    const padded = numbers => {
      const low = Math.min(...numbers), high = Math.max(...numbers), room = (high - low || 1) * 0.15;
      return [low - room, high + room];
    };
    Object.assign(this, { xs, ys, x: padded(xs), y: padded(ys) });
  }

  draw() {
    const context = this.canvas.getContext("2d"), { width, height } = this.canvas;
    const across = x => (x - this.x[0]) / (this.x[1] - this.x[0]) * width;
    const up = y => height - (y - this.y[0]) / (this.y[1] - this.y[0]) * height;
    context.fillStyle = style("background");
    context.fillRect(0, 0, width, height);
    context.fillStyle = style("gradient");
    this.xs.forEach((x, i) => { context.beginPath(); context.arc(across(x), up(this.ys[i]), 6, 0, 7); context.fill(); });
    context.beginPath();
    for (let i = 0; i <= 200; i += 1) {
      const x = this.x[0] + (this.x[1] - this.x[0]) * i / 200;
      context.lineTo(across(x), clamp(up(this.recording.outputs([x])[0]), -height, 2 * height));
    }
    context.lineWidth = 4;
    context.strokeStyle = style("value");
    context.stroke();
  }
}

// ── the network, neuron by neuron ───────────────────────────────────────────────────────────────

class Network {
  constructor(svg, recording) {
    Object.assign(this, { svg, recording });
    const { layers } = recording.network, tallest = Math.max(...layers.map(layer => layer.neurons.length));
    const width = 150 * layers.length, height = Math.max(170, 44 * tallest), radius = Math.min(20, height / tallest / 2.3);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const place = (l, i) => [75 + 150 * l, height * (i + 0.5) / layers[l].neurons.length];
    this.lines = [];
    layers.forEach((layer, l) => layer.weights.forEach((row, i) => row.forEach((parameter, j) => {
      const [x1, y1] = place(l - 1, j), [x2, y2] = place(l, i);
      this.lines.push([element("line", { x1, y1, x2, y2 }, svg), parameter]);
    })));
    this.neurons = layers.flatMap((layer, l) => layer.neurons.map((value, i) => {
      const [cx, cy] = place(l, i);
      element("circle", { cx, cy, r: radius, class: l ? "neuron" : "neuron input" }, svg);
      const title = { x: cx, y: cy + 4, "text-anchor": "middle", class: "activation", "font-size": clamp(radius * 0.62, 7, 12) };
      return [element("text", title, svg), value];
    }));
  }

  draw(frame) {
    const { recording } = this, numbers = recording.numbers(frame, $("#gradients").checked);
    const largest = Math.max(1e-12, ...this.lines.map(([, parameter]) => Math.abs(numbers[parameter])));
    for (const [line, parameter] of this.lines) {
      line.setAttribute("class", numbers[parameter] < 0 ? "negative" : "positive");
      line.setAttribute("stroke-width", (0.4 + 5 * Math.abs(numbers[parameter]) / largest).toFixed(2));
    }
    recording.outputs(recording.data ? recording.data.X[recording.example] : recording.network.inputs.map(() => 0));
    for (const [text, value] of this.neurons) text.textContent = brief(recording.v[value]);
  }
}

class WeightImages {
  constructor(canvas, recording) {
    Object.assign(this, { canvas, recording });
    const { count, side } = recording.images;
    this.columns = Math.ceil(Math.sqrt(count));
    canvas.width = this.columns * (side + 2);
    canvas.height = Math.ceil(count / this.columns) * (side + 2);
  }

  draw(frame) {
    const { count, side, pixels } = this.recording.images, context = this.canvas.getContext("2d");
    const paper = style("background"), positive = style("positive"), negative = style("negative");
    const colours = Array.from({ length: 256 }, (_, i) => mix(paper, i < 128 ? negative : positive, Math.abs(i - 128) / 127));
    for (let n = 0; n < count; n += 1) {
      const image = new ImageData(side, side), start = (frame * count + n) * side * side;
      for (let i = 0; i < side * side; i += 1) image.data.set([...colours[pixels[start + i]], 255], 4 * i);
      context.putImageData(image, n % this.columns * (side + 2) + 1, Math.floor(n / this.columns) * (side + 2) + 1);
    }
  }
}

// ── the player ──────────────────────────────────────────────────────────────────────────────────

class Player {
  constructor(recordings) {
    this.recordings = recordings;
    this.timeline = [...new Set(recordings.flatMap(recording => recording.steps))].sort((a, b) => a - b);
    this.position = 0;
    this.timer = null;
    this.curve = new LossCurve($("#loss"), recordings, this.timeline);
    this.panels = recordings.map((recording, i) => this.panelsOf(recording, $(`#recording-${i}`)));
    this.slider = $("#slider");
    this.slider.max = this.timeline.length - 1;
    this.listen();
  }

  panelsOf(recording, article) {
    const panels = [], used = new Set();
    const find = selector => { used.add(selector); return article.querySelector(selector); };
    if (recording.network && recording.data) {
      const Picture = recording.network.inputs.length === 1 ? Curve : Boundary;
      if (recording.network.inputs.length <= 2) panels.push(new Picture(find("canvas.boundary"), recording));
    }
    if (recording.network) panels.push(new Network(find("svg.network"), recording));
    if (recording.images) panels.push(new WeightImages(find("canvas.images"), recording));
    for (const selector of ["canvas.boundary", "svg.network", "canvas.images"]) {
      if (!used.has(selector)) article.querySelector(selector).remove();
    }
    return panels;
  }

  listen() {
    this.slider.addEventListener("input", () => { this.pause(); this.goTo(+this.slider.value); });
    $("#play").addEventListener("click", () => this.toggle());
    for (const id of ["first", "back", "on", "last"]) $(`#${id}`).addEventListener("click", () => { this.pause(); this.move(id); });
    $("#gradients").addEventListener("change", () => this.show());
    $("#log").addEventListener("change", () => this.resize());
    const keys = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last" };
    document.addEventListener("keydown", event => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.type !== "checkbox") this.toggle();
      else if (keys[event.key]) { this.pause(); this.move(keys[event.key]); } else return;
      event.preventDefault();
    });
    addEventListener("resize", () => this.resize());
    addEventListener("hashchange", () => this.fromHash());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.resize());
  }

  fromHash() {
    const step = /^#step=(\d+)$/.exec(location.hash);
    if (step) this.goTo(Math.max(0, this.timeline.findLastIndex(at => at <= +step[1])));
  }

  move(where) {
    const last = this.timeline.length - 1;
    this.goTo({ first: 0, last, back: this.position - 1, on: this.position + 1 }[where]);
  }

  toggle() {
    if (this.timer) return this.pause();
    if (this.position === this.timeline.length - 1) this.goTo(0);
    this.timer = setInterval(() => {
      this.move("on");
      if (this.position === this.timeline.length - 1) this.pause();
    }, 60);
    this.said(true);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.said(false);
  }

  said(playing) {
    $("#play").textContent = playing ? "❚❚" : "▶";
    $("#play").setAttribute("aria-label", playing ? "pause" : "play");
  }

  goTo(position) {
    this.position = clamp(position, 0, this.timeline.length - 1);
    this.show();
  }

  show() {
    const step = this.timeline[this.position], frames = this.recordings.map(recording => recording.at(step));
    this.slider.value = this.position;
    this.slider.setAttribute("aria-valuetext", `step ${step}`);
    $("#step").textContent = `step ${step}`;
    this.curve.show(step, frames);
    this.recordings.forEach((recording, i) => {
      const frame = frames[i];
      $(`#recording-${i} .now`).textContent =
        `epoch ${recording.epochs[frame]} · loss ${shown(recording.losses[frame])} · |gradient| ${shown(recording.norms[frame])}`;
      if (recording.network) recording.load(frame);
      for (const panel of this.panels[i]) panel.draw(frame);
    });
  }

  resize() {
    this.curve.draw();
    this.show();
  }
}

const player = new Player(recordings.map((data, i) => new Recording(data, i)));
player.resize();
player.fromHash();
