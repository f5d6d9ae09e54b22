
// A panel is about a subject, a network with its examples: `examples` is an array of { x, y, held }, where held ones are
// not trained on; `answers(points, count)` gives `width` outputs for each of so many points, one after the other;
// `share(output)` says from 0 to 1 how much a single output speaks for class 1, `tone(y)` is the colour of a target, and
// `example` is the number of the example that is looked at, which `choose(i)` sets, and `axes` are the names of inputs.

// ── what the network makes of the plane, or of a line ───────────────────────────────────────────

// The interval that holds some numbers, with room on both sides.
function padded(numbers, room) {
  let low = Infinity, high = -Infinity;
  for (const x of numbers) {
    low = Math.min(low, x);
    high = Math.max(high, x);
  }
  const around = (high - low || 1) * room;
  return [low - around, high + around];
}

// An example in words: which one it is, its inputs and its target.
function exampleOf({ examples, example, axes }) {
  const { x, y } = examples[example] ?? { x: [], y: [] }, list = numbers => Array.from(numbers, shown).join(", ");
  const inputs = axes ? Array.from(x, (number, i) => `${axes[i]} = ${shown(number)}`).join(", ") : list(x);
  return filled(words.example_at, { number: example + 1, count: examples.length, inputs, target: list(y) });
}

// What both pictures have in common: places on a canvas, and the example that is clicked.
class Picture {
  constructor(canvas, subject) {
    Object.assign(this, { canvas, subject, context: canvas.getContext("2d") });
    this.frame();
    this.dress();
    canvas.addEventListener("click", event => this.click(this.at(event)));
    canvas.addEventListener("keydown", event => this.key(event));
    canvas.tabIndex = 0;
    for (const [name, value] of Object.entries({ role: "slider", "aria-valuemin": 1 })) canvas.setAttribute(name, value);
  }

  // Arrow keys go from the example that is looked at to the next one on that side, Home and End to the first and last one.
  key(event) {
    const { examples, example } = this.subject, ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const ends = { Home: 0, End: examples.length - 1, PageUp: example - 1, PageDown: example + 1 }, way = ways[event.key];
    if (!(way || event.key in ends) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = way ? this.beside(example, way) : clamp(ends[event.key], 0, examples.length - 1);
    if (next !== example) this.subject.choose(next);
  }

  // The example next to one on a side, or the same.
  beside(example, [across, down]) {
    const places = this.subject.examples.map(each => this.place(this.spot(each))), [x, y] = places[example];
    let best = example, shortest = Infinity;
    places.forEach(([a, b], i) => {
      const ahead = (a - x) * across + (b - y) * down, aside = Math.abs((a - x) * down + (b - y) * across);
      if (ahead > 0 && ahead + 2 * aside < shortest) [best, shortest] = [i, ahead + 2 * aside];
    });
    return best;
  }

  // A place of the screen in pixels of the canvas.
  at(event) {
    const box = this.canvas.getBoundingClientRect(), scale = this.canvas.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  place([x, y]) {
    const [[left, right], [bottom, top]] = this.ranges, { width, height } = this.canvas;
    return [(x - left) / (right - left) * width, (top - y) / (top - bottom) * height];
  }

  // The point that a place stands for.
  point([across, down]) {
    const [[left, right], [bottom, top]] = this.ranges, { width, height } = this.canvas;
    return [left + across / width * (right - left), top - down / height * (top - bottom)];
  }

  // The example next to a place, and how far away it is.
  nearest(at) {
    const distances = this.subject.examples.map(example => {
      const [a, b] = this.place(this.spot(example));
      return Math.hypot(a - at[0], b - at[1]);
    });
    const distance = Math.min(...distances);
    return { i: distances.indexOf(distance), distance };
  }

  click(at) { this.subject.choose(this.nearest(at).i); }

  dots() {
    const { context, subject } = this, chosen = subject.examples[subject.example];
    const look = { edge: this.ink, paper: this.paper, pixel: pixelOf(this.canvas) };
    const dot = example => paintPoint(context, this.place(this.spot(example)), this.tone(example), look, example === chosen, example.held);
    for (const example of subject.examples) if (example !== chosen) dot(example);
    if (chosen) dot(chosen);
    this.label();
  }

  // What a screen reader says of the example that is looked at.
  label() {
    const { canvas, subject } = this, known = { "aria-valuemax": subject.examples.length, "aria-valuenow": subject.example + 1,
      "aria-valuetext": exampleOf(subject) };
    for (const [name, value] of Object.entries(known)) if (canvas.getAttribute(name) !== String(value)) canvas.setAttribute(name, value);
  }

  // Numbers and names at the lower and the left side.
  scale() {
    const { context, canvas, ranges: [[left, right], [bottom, top]] } = this, { width, height } = canvas;
    const size = 12 * pixelOf(canvas), rim = 0.5 * size, [across, up] = this.names;
    const write = (text, x, y, align, baseline) => {
      Object.assign(context, { textAlign: align, textBaseline: baseline });
      context.strokeText(text, x, y);
      context.fillText(text, x, y);
    };
    Object.assign(context, { font: `${size}px Helvetica, Arial, sans-serif`, lineJoin: "round", lineWidth: size / 3,
      strokeStyle: this.paper, fillStyle: this.ink });
    for (const x of ticks(left, right)) {
      const [a] = this.place([x, bottom]);
      if (a > 3 * size && a < width - 4 * size) write(shown(x), a, height - rim, "center", "bottom");
    }
    for (const y of ticks(bottom, top)) {
      const [, b] = this.place([left, y]);
      if (b > 3 * size && b < height - 3 * size) write(shown(y), rim, b, "left", "middle");
    }
    write(`${across} →`, width - rim, height - rim, "right", "bottom");
    write(`${up} ↑`, rim, rim, "left", "top");
  }

  // The colours of the theme.
  dress() {
    this.paper = style("background");
    this.ink = style("text");
  }
}

class Boundary extends Picture {
  frame() {
    const { examples } = this.subject;
    this.ranges = [0, 1].map(i => padded(examples.map(({ x }) => x[i]), 0.2));
    this.grid = gridPoints(this.ranges);
  }

  dress() {
    super.dress();
    this.tints = tintsOf(this.subject.width);
  }

  spot({ x }) { return x; }

  get names() { return this.subject.axes ?? ["x1", "x2"]; }

  tone({ y }) { return this.subject.tone(y); }

  draw() {
    const { subject } = this, answers = subject.answers(this.grid, GRID * GRID);
    paintAnswers(this.context, answers, subject.width, this.tints, answer => subject.share(answer));
    this.scale();
    this.dots();
  }
}

const ACROSS = 201; // points of a curve

class Curve extends Picture {
  frame() {
    const { examples } = this.subject;
    this.ranges = [padded(examples.map(({ x }) => x[0]), 0.15), padded(examples.map(({ y }) => y[0]), 0.15)];
    const [left, right] = this.ranges[0];
    this.grid = Float64Array.from({ length: ACROSS }, (_, i) => left + (right - left) * i / (ACROSS - 1));
  }

  spot({ x, y }) { return [x[0], y[0]]; }

  get names() { return [this.subject.axes?.[0] ?? "x", "y"]; }

  tone() { return style("gradient"); }

  draw() {
    const { context, canvas, grid, subject } = this, answers = subject.answers(grid, ACROSS);
    context.fillStyle = this.paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
    this.scale();
    this.dots();
    context.beginPath();
    for (let i = 0; i < ACROSS; i += 1) {
      const [a, b] = this.place([grid[i], answers[i * subject.width]]);
      context.lineTo(a, clamp(b, -canvas.height, 2 * canvas.height));
    }
    context.lineWidth = 4;
    context.strokeStyle = style("value");
    context.stroke();
  }
}

// ── the network, neuron by neuron ───────────────────────────────────────────────────────────────

const heightFor = neurons => Math.max(170, 44 * neurons);

// `layers` say for each neuron what the subject needs to know of it, and the place of each weight among the parameters.
class Network {
  // Layers are so far apart as `column` says.
  constructor(svg, subject, column = 150) {
    Object.assign(this, { svg, subject, column });
    const { layers } = subject.network, tallest = Math.max(...layers.map(layer => layer.neurons.length));
    this.height = heightFor(tallest);
    this.radius = Math.min(20, this.height / tallest / 2.3);
    svg.setAttribute("viewBox", `0 0 ${column * layers.length} ${this.height}`);
    const place = (l, i) => [this.x(l), this.height * (i + 0.5) / layers[l].neurons.length];
    this.lines = [];
    layers.forEach((layer, l) => layer.weights.forEach((row, i) => row.forEach((parameter, j) => {
      this.lines.push([this.line(place(l - 1, j), place(l, i), parameter), parameter]);
    })));
    this.neurons = layers.flatMap((layer, l) => layer.neurons.map((value, i) => [this.neuron(place(l, i), l, i), value]));
  }

  x(l) { return this.column * (l + 0.5); }

  line([x1, y1], [x2, y2]) { return draw("line", { x1, y1, x2, y2 }, this.svg); }

  // The circle of a neuron, and the text in it.
  neuron([cx, cy], l, i) {
    draw("circle", { cx, cy, r: this.radius, class: l ? "neuron" : "neuron input" }, this.svg);
    const size = clamp(this.radius * 0.62, 7, 12), name = l ? undefined : this.subject.axes?.[i];
    if (name) draw("text", { x: cx - this.radius - 5, y: cy + 4, "text-anchor": "end", class: "name", "font-size": size }, this.svg, name);
    return draw("text", { x: cx, y: cy + 4, "text-anchor": "middle", class: "activation", "font-size": size }, this.svg);
  }

  // The lines, for the weights or other numbers of the parameters: by sign and size.
  weigh(numbers) {
    const most = Math.max(1e-12, ...this.lines.map(([, parameter]) => Math.abs(numbers[parameter])));
    for (const [line, parameter] of this.lines) {
      line.setAttribute("class", numbers[parameter] < 0 ? "negative" : "positive");
      line.setAttribute("stroke-width", (0.4 + 5 * Math.abs(numbers[parameter]) / most).toFixed(2));
    }
  }

  draw(frame) {
    const { subject } = this;
    this.weigh(subject.numbers(frame, $("#gradients").checked));
    subject.outputs(subject.examples[subject.example]?.x ?? subject.network.inputs.map(() => 0));
    for (const [text, value] of this.neurons) text.textContent = brief(subject.v[value]);
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
