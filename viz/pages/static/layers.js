
// ── the network, neuron by neuron, with what each makes of the plane ────────────────────────────

const ROOM = 40; // beside the first and the last layer, for names
const TALLEST = 440; // pixels of the screen

// The place of a number from -1 to 1 among 256 shades.
const shadeOf = x => clamp(Math.round(127.5 * (1 + x)), 0, 255) || 0;

// Boxes for neurons, over a canvas with a picture in each; a click on a line or a box changes its weight or bias.
class Layers extends Network {
  constructor(figure, model, edit) {
    const svg = figure.querySelector("svg"), { layers } = model.network;
    const height = heightFor(Math.max(...layers.map(layer => layer.neurons.length)));
    const scale = Math.min(1.8, TALLEST / (height + 40)); // of the drawing on a wide screen, which it fills
    const column = Math.max(66, (figure.clientWidth / scale - 2 * (ROOM + 20)) / (layers.length - 1));
    svg.replaceChildren();
    super(svg, model, column);
    const across = column * (layers.length - 1) + 2 * (ROOM + this.radius);
    const letters = 12 / Math.min(scale, figure.clientWidth / across); // as large as on the rest of the page
    const head = 2.2 * letters + 12; // above the neurons, for what a layer is called
    this.corner = [column / 2 - ROOM - this.radius, -head];
    Object.assign(this, { canvas: figure.querySelector("canvas"), edit, letters });
    svg.setAttribute("viewBox", `${this.corner.join(" ")} ${across} ${height + head}`);
    svg.style.maxHeight = `${scale * (height + head)}px`;
    svg.style.setProperty("--letters", `${letters}px`);
    this.canvas.width = 2 * across;
    this.canvas.height = 2 * (height + head);
    this.context = this.canvas.getContext("2d");
    this.name();
    this.dress();
    svg.append(...this.marks); // above the boxes, so that lines can be clicked
    if (this.marks.length) this.marks[0].setAttribute("tabindex", "0");
    svg.onkeydown = event => this.key(event);
  }

  line([x1, y1], [x2, y2], parameter) {
    const ends = { x1: x1 + this.radius, y1, x2: x2 - this.radius, y2 };
    this.mark(draw("line", ends), parameter);
    return draw("line", ends, this.svg);
  }

  // The box of a neuron; that of an image is as large as the room before the first layer allows.
  neuron([x, y], l, i) {
    const whole = this.subject.side && l === 0;
    const radius = whole ? Math.min(this.column / 2 - 20, ROOM + this.radius) : this.radius;
    if (whole) this.pixels([x + radius, y]);
    const side = 2 * radius, box = { x: x - radius, y: y - radius, width: side, height: side, rx: 4 };
    draw("rect", { ...box, class: l ? "box" : "box input" }, this.svg);
    const bias = this.subject.network.layers[l].biases?.[i];
    if (bias !== undefined) this.mark(draw("rect", box), bias);
    return { x: box.x, y: box.y, side, l, i };
  }

  // Lines from an image to the neurons that see its pixels.
  pixels([x1, y1]) {
    const { neurons } = this.subject.network.layers[1], x2 = this.x(1) - this.radius;
    for (const i of neurons) {
      draw("line", { class: "pixels", x1, y1, x2, y2: this.height * (i + 0.5) / neurons.length }, this.svg);
    }
  }

  // What is clicked, or reached with keys, to change a parameter.
  mark(shape, parameter) {
    shape.setAttribute("class", "mark");
    for (const [name, value] of Object.entries({ role: "button", tabindex: -1 })) shape.setAttribute(name, value);
    const { names } = this.subject, number = () => shown(this.subject.theta[parameter]);
    const tell = () => shape.setAttribute("aria-label", `${names[parameter]} = ${number()}`);
    tell();
    shape.addEventListener("pointerenter", () => {
      tell();
      shape.replaceChildren(draw("title", {}, null, shape.getAttribute("aria-label")));
    });
    shape.addEventListener("focus", tell);
    shape.addEventListener("click", event => this.edit(parameter, shape, event));
    (this.marks ??= []).push(shape);
  }

  // Arrows go from one weight to the next, Enter changes it.
  key(event) {
    const at = this.marks.indexOf(event.target), steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    if (at < 0) return;
    if (event.key === "Enter" || event.key === " ") event.target.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    else if (event.key in steps) {
      event.target.setAttribute("tabindex", "-1");
      const next = this.marks[(at + steps[event.key] + this.marks.length) % this.marks.length];
      next.setAttribute("tabindex", "0");
      next.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // What layers, inputs and classes are called.
  name() {
    const { layers, titles, inputs, outputs } = this.subject.network;
    const write = (x, y, anchor, text) => draw("text", { x, y, "text-anchor": anchor, class: "name" }, this.svg, text);
    titles.forEach((lines, l) => [...lines].reverse().forEach((title, i) => {
      write(this.x(l), -8 - 1.2 * this.letters * i, "middle", title);
    }));
    for (const [{ x, y, side, l, i }] of this.neurons) {
      if (l === 0 && inputs[i]) write(x - 6, y + side / 2 + 4, "end", inputs[i]);
      if (l === layers.length - 1 && outputs[i]) write(x + side + 6, y + side / 2 + 4, "start", outputs[i]);
    }
    for (const [l, layer] of layers.entries()) {
      if (layer.hidden) write(this.x(l), this.height - 1, "middle", `+ ${layer.hidden}`);
    }
  }

  dress() {
    this.paper = style("background");
    this.ink = style("value");
    const negative = style("negative"), positive = style("positive");
    this.tints = palette(share => mix(this.paper, share < 0.5 ? negative : positive, Math.abs(2 * share - 1)));
  }

  draw() {
    const { context, subject } = this;
    this.weigh(subject.theta);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(2, 0, 0, 2, ...this.corner.map(side => -2 * side));
    for (const [box] of this.neurons) this[subject.look](box);
  }

  // Over the plane: each point in the colour of what the neuron says there.
  plane({ x, y, side, l, i }) {
    const { grid } = this.subject, { values, stride, start } = this.lookup(grid, GRID * GRID, l, i), { tints } = this;
    const { middle, reach } = this.span(values, stride, start, GRID * GRID, l);
    const tint = k => tints[shadeOf((values[start + k * stride] - middle) / reach)];
    paintPlane(this.context, tint, [x, y, side, side], 2);
  }

  // Over a line: the curve of what the neuron says.
  curve({ x, y, side, l, i }) {
    const { context } = this, { values, stride, start } = this.lookup(this.subject.grid, ACROSS, l, i);
    const { middle, reach } = this.span(values, stride, start, ACROSS, l);
    context.beginPath();
    for (let k = 0; k < ACROSS; k += 4) {
      const share = (values[start + k * stride] - middle) / reach; // from -1 to 1
      context.lineTo(x + side * k / (ACROSS - 1), y + side * (0.5 - 0.45 * share));
    }
    context.lineWidth = 1.5;
    context.strokeStyle = this.ink;
    context.stroke();
  }

  // Of many inputs: how strongly the neuron answers the example that is looked at.
  shade({ x, y, side, l, i }) {
    const { context, subject } = this, images = subject.side;
    if (images && l === 0) return this.image(subject.examples[subject.example].x, 1, x, y, side);
    if (images && l === 1) {
      const weights = subject.layers[0].weights[i].map(parameter => subject.theta[parameter]);
      return this.image(weights, Math.max(1e-12, ...weights.map(Math.abs)), x, y, side);
    }
    const { values, start } = this.lookup(subject.looked, 1, l, i);
    const units = l ? subject.layers[l - 1].units : subject.inputs.length;
    const { middle, reach } = this.span(values, 1, start - i, units, l);
    sheet(1).draw(context, () => this.tints[shadeOf((values[start] - middle) / reach)], false, [x, y, side, side]);
  }

  // Numbers from -most to most as an image.
  image(numbers, most, x, y, side) {
    sheet(this.subject.side).draw(this.context, k => this.tints[shadeOf(numbers[k] / most)], false, [x, y, side, side]);
  }

  // Where the activations of a neuron are: every so many numbers from a start.
  lookup(points, count, l, i) {
    const { subject } = this;
    if (l === 0) return { values: points, stride: subject.inputs.length, start: i };
    return { values: subject.activations(points, count), stride: subject.stride, start: subject.starts[l - 1] + i };
  }

  // What is drawn in the middle of the colours, and how far they reach: probabilities around ½, others around 0.
  span(values, stride, start, count, l) {
    if (l && this.subject.layers[l - 1].probability) return { middle: 0.5, reach: 0.5 };
    let reach = 1e-12;
    for (let k = 0; k < count; k += 1) {
      const size = Math.abs(values[start + k * stride]);
      if (size > reach) reach = size;
    }
    return { middle: 0, reach };
  }
}

// ── activations and gradients by layer ──────────────────────────────────────────────────────────

const BINS = 32, DECADES = [-9, 1]; // gradients are shown by their power of ten

class Histograms {
  constructor(container, model) {
    this.model = model;
    container.replaceChildren();
    this.rows = model.layers.map((layer, l) => {
      const row = make("div", { className: "layer" }), svgs = [draw("svg"), draw("svg")];
      row.append(make("span", { textContent: model.titles[l + 1].join(" · ") }), ...svgs);
      container.append(row);
      for (const svg of svgs) {
        svg.setAttribute("viewBox", "0 0 200 56");
        svg.setAttribute("preserveAspectRatio", "none");
      }
      return svgs.map((svg, side) => ({ bars: draw("path", { class: side ? "bars gradient" : "bars value" }, svg),
        middle: draw("path", { class: "median" }, svg), range: row.appendChild(rangeOf()) }));
    });
  }

  draw() {
    const { model } = this, { data, gradient } = model.training, count = Math.min(data.count, 200);
    const values = model.activations(data.X, count);
    this.rows.forEach(([activations, gradients], l) => {
      const { units, places } = model.layers[l], start = model.starts[l];
      const place = k => Math.floor(k / units) * model.stride + start + k % units;
      const seen = Float64Array.from({ length: count * units }, (_, k) => values[place(k)]).sort();
      const reach = rounded(Math.max(1e-12, -seen[0] || 0, seen.at(-1) || 0));
      this.fill(activations, seen, seen[0] < 0 ? -reach : 0, reach, x => shown(x));
      const known = model.training.stepCount ? places : []; // there is no gradient before the first step
      const sizes = Float64Array.from(known.flatMap(([start, stop]) => [...gradient.subarray(start, stop)]),
        slope => Math.max(Math.log10(Math.abs(slope)), DECADES[0]));
      this.fill(gradients, sizes.sort(), ...DECADES, x => `10${raised(x)}`);
    });
  }

  // The bars of sorted numbers, and a line at their median.
  fill({ bars, middle, range }, numbers, low, high, written) {
    const counts = new Array(BINS).fill(0), share = x => clamp((x - low) / (high - low), 0, 1);
    for (const x of numbers) if (Number.isFinite(x)) counts[Math.min(Math.floor(share(x) * BINS), BINS - 1)] += 1;
    const most = Math.max(1, ...counts), step = 200 / BINS, height = n => (54 * Math.sqrt(n / most)).toFixed(1);
    const bar = (n, i) => n ? `M${i * step + 0.5} 56v-${height(n)}h${step - 1}V56z` : ""; // few are seen beside many
    bars.setAttribute("d", counts.map(bar).join(""));
    const median = numbers[numbers.length >> 1];
    middle.setAttribute("d", Number.isFinite(median) ? `M${(share(median) * 200).toFixed(1)} 0V56` : "");
    [low, high].forEach((end, i) => {
      if (range.children[i].textContent !== written(end)) range.children[i].textContent = written(end);
    });
  }
}

// The place for both ends of an axis.
function rangeOf() {
  const range = make("div", { className: "range" });
  range.append(make("span"), make("span"));
  return range;
}

// The least of 1, 2, 5, 10 and so on, and of 0.5, 0.2, 0.1 that is not below a positive number.
function rounded(x) {
  const power = 10 ** Math.floor(Math.log10(x));
  return [1, 2, 5, 10].find(factor => factor * power >= x * (1 - 1e-9)) * power;
}

const raised = power => [...String(power)].map(digit => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? "⁻").join("");

// ── examples that are images, with what the network gets right ──────────────────────────────────

const SIDE = 10; // images in a row, and rows
const CELL = 52; // pixels of a cell, of which 10 are its frame

class Images {
  constructor(canvas, model) {
    Object.assign(this, { canvas, model, context: canvas.getContext("2d") });
    canvas.width = SIDE * CELL;
    canvas.height = SIDE * CELL;
    canvas.classList.add("images");
    canvas.addEventListener("click", event => {
      const box = canvas.getBoundingClientRect();
      const column = Math.floor((event.clientX - box.left) / box.width * SIDE);
      const row = Math.floor((event.clientY - box.top) / box.height * SIDE);
      const chosen = this.shown[row * SIDE + column];
      if (chosen !== undefined) model.choose(chosen);
    });
    this.frame();
    this.dress();
  }

  // Those that are held back, or else the first ones.
  frame() {
    const { examples } = this.model, numbers = [...examples.keys()];
    const held = numbers.filter(i => examples[i].held);
    this.shown = (held.length ? held : numbers).slice(0, SIDE ** 2);
    this.inputs = Float64Array.from(this.shown.flatMap(i => [...examples[i].x]));
  }

  dress() {
    this.paper = style("background");
    const ink = style("text"), greys = palette(share => mix(this.paper, ink, share));
    this.marks = ["negative", "positive", "text"].map(style);
    this.drawings = this.shown.map(i => {
      const canvas = new OffscreenCanvas(this.model.side, this.model.side), { x } = this.model.examples[i];
      sheet(this.model.side).draw(canvas.getContext("2d"), k => greys[clamp(Math.round(255 * x[k]), 0, 255) || 0], false);
      return canvas;
    });
  }

  draw() {
    const { context, model } = this, { width } = model, answers = model.answers(this.inputs, this.shown.length);
    context.fillStyle = this.paper;
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.imageSmoothingEnabled = false;
    this.shown.forEach((example, k) => {
      const x = k % SIDE * CELL, y = Math.floor(k / SIDE) * CELL, target = model.examples[example].y;
      const right = largest(answers, k * width, width) === largest(target, 0, target.length);
      context.drawImage(this.drawings[k], x + 5, y + 5, CELL - 10, CELL - 10);
      context.lineWidth = example === model.example ? 5 : 3;
      context.strokeStyle = this.marks[example === model.example ? 2 : Number(right)];
      context.strokeRect(x + 3.5, y + 3.5, CELL - 7, CELL - 7);
    });
  }
}
