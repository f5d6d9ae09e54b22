
// ── what can be moved ───────────────────────────────────────────────────────────────────────────

const numbers = new Numbers();
walk.point = numbers;

// A number with its slider, the field that takes any number, and its gradient.
class Leaf {
  constructor(leaf, live) {
    Object.assign(this, leaf, { live, id: `v${leaf.place}` });
    this.start = parsed(leaf.data);
    this.row = make("div", { className: `leaf ${leaf.kind}` });
    const label = make("label", { textContent: leaf.name, title: leaf.name, htmlFor: `field-${leaf.place}`, dir: "auto" });
    this.range = make("input", { type: "range", min: leaf.slider.low, max: leaf.slider.high, step: leaf.slider.step });
    this.field = make("input", { type: "text", inputMode: "decimal", id: `field-${leaf.place}`, autocomplete: "off", spellcheck: false });
    this.gradient = make("output", { title: walk.values[this.id].gradient });
    this.gradient.setAttribute("for", this.field.id);
    this.range.setAttribute("aria-label", leaf.name);
    this.row.append(label, this.range, this.field, this.gradient);
    this.range.addEventListener("input", () => this.move(Number(this.range.value)));
    this.field.addEventListener("input", () => this.typed());
    this.field.addEventListener("change", () => this.show());
    this.field.addEventListener("keydown", event => this.key(event));
    for (const event of ["focusin", "pointerenter"]) this.row.addEventListener(event, () => player.graph.trace(this.id));
    for (const event of ["focusout", "pointerleave"]) this.row.addEventListener(event, () => player.graph.trace(null));
  }

  get number() { return numbers.data[this.place]; }

  // Takes a number; a slider that is too short for it gets longer.
  move(number, typing = false) {
    numbers.data[this.place] = number;
    if (!typing) this.field.value = formatted(number, { digits: 6, kind: "g" });
    this.field.setAttribute("aria-invalid", "false");
    this.live.moved();
  }

  typed() {
    const number = parsed(this.field.value);
    this.field.setAttribute("aria-invalid", String(number === undefined));
    if (number !== undefined) this.move(number, true);
  }

  // Up and down go a step of the slider.
  key(event) {
    const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (!steps) return;
    event.preventDefault();
    const { step } = this.slider;
    this.move(Number(((Math.round(this.number / step) + steps) * step).toPrecision(12)));
  }

  // The field, where nobody is typing in it.
  show() {
    this.field.value = formatted(this.number, { digits: 6, kind: "g" });
    this.field.setAttribute("aria-invalid", "false");
  }

  draw() {
    const { number } = this;
    if (!Object.is(number, this.drawn)) this.slide(this.drawn = number);
    const gradient = numbers.text(["gradient", this.place]);
    if (gradient !== this.shown) this.shown = this.gradient.textContent = gradient;
  }

  // The slider where the number is: at its end for what is infinite, and pale in the middle for nan, which is nowhere.
  slide(number) {
    const { range } = this, { low, high } = this.slider;
    if (Number.isFinite(number)) {
      range.min = Math.min(range.min, number);
      range.max = Math.max(range.max, number);
    }
    range.classList.toggle("nowhere", Number.isNaN(number));
    range.setAttribute("aria-valuetext", formatted(number, walk.format));
    if (document.activeElement === range) return;
    range.value = Number.isNaN(number) ? (low + high) / 2 : clamp(number, Number(range.min), Number(range.max));
  }
}

// The plane of two inputs; dragging in it moves them.
class Plane {
  constructor(canvas, plane, live) {
    Object.assign(this, plane, { canvas, live, v: new Float64Array(numbers.data.length), grid: gridPoints(plane.ranges) });
    canvas.hidden = false;
    const [x, y] = this.names, output = this.shown, several = this.outputs.length > 1;
    canvas.setAttribute("aria-label", filled(several ? words.plane_largest : words.plane, { x, y, output }));
    canvas.title = filled(several ? words.drag_largest : words.drag, { x, y, output });
    const drag = event => { if (event.buttons) this.move(event.offsetX / canvas.clientWidth, event.offsetY / canvas.clientHeight); };
    canvas.addEventListener("pointerdown", event => { canvas.setPointerCapture(event.pointerId); drag(event); });
    canvas.addEventListener("pointermove", drag);
    whenRecoloured(() => this.colour());
    this.colour();
  }

  colour() {
    this.tints = tintsOf(this.outputs.length);
    this.draw();
  }

  move(across, down) {
    const [[left, right], [bottom, top]] = this.ranges;
    const at = [left + clamp(across, 0, 1) * (right - left), top - clamp(down, 0, 1) * (top - bottom)];
    [this.x, this.y].forEach((place, i) => this.live.leaf(place).move(Number(at[i].toPrecision(3))));
  }

  // From 0 to 1: a probability as it is, others through a threshold at 0.
  share(output) {
    if (this.kind === "sigmoid") return output;
    return this.kind === "tanh" ? (1 + output) / 2 : 1 / (1 + Math.exp(-output));
  }

  // What is shown, at a point.
  answers(x, y) {
    this.v[this.x] = x;
    this.v[this.y] = y;
    forward(this.v);
    return this.outputs.map(place => this.v[place]);
  }

  draw() {
    const { canvas, grid, outputs } = this, [[left, right], [bottom, top]] = this.ranges, context = canvas.getContext("2d");
    this.v.set(numbers.data);
    const answers = Array.from({ length: GRID * GRID }, (_, i) => this.answers(grid[2 * i], grid[2 * i + 1])).flat();
    paintAnswers(context, Float64Array.from(answers), outputs.length, this.tints, answer => this.share(answer));
    const across = x => (x - left) / (right - left) * canvas.width, up = y => (top - y) / (top - bottom) * canvas.height;
    const look = { edge: style("text"), paper: style("background"), pixel: pixelOf(canvas) };
    for (const [x, y, kind] of this.points) paintPoint(context, [across(x), up(y)], CLASSES[kind % CLASSES.length], look, false);
    paintPoint(context, [across(numbers.data[this.x]), up(numbers.data[this.y])], look.paper, look, true);
  }
}

// A walk whose address keeps more than the step.
class LiveSteps extends Steps {
  get address() { return String(new URLSearchParams({ step: this.steps[this.position], ...live.told() })); }
}

// Everything that follows when a number is moved, once for each picture of the screen.
class Live {
  constructor() {
    Object.assign(this, { waiting: null, also: [], tells: [], hears: [] });
    this.read();
    $("#reset").addEventListener("click", () => this.leaves.forEach(leaf => leaf.move(leaf.start)));
    this.plane = walk.plane && new Plane($("#plane"), walk.plane, this);
    addEventListener("DOMContentLoaded", () => this.begin());
    whenPrinted(() => this.list());
  }

  // Takes the leaves of the walk that is there now.
  read() {
    this.leaves = walk.leaves.filter(leaf => leaf.slider).map(leaf => new Leaf(leaf, this));
    $("#rows").replaceChildren(...this.leaves.map(leaf => leaf.row));
  }

  begin() {
    for (const leaf of this.leaves) leaf.show();
    addEventListener("hashchange", () => this.hear());
    this.hear();
    this.draw();
  }

  // Numbers that are not as they were, for the address, and what else it keeps.
  told() {
    const moved = this.leaves.filter(leaf => !Object.is(leaf.number, leaf.start));
    return Object.assign(Object.fromEntries(moved.map(leaf => [leaf.id, shortest(leaf.number)])), ...this.tells.map(tell => tell()));
  }

  hear() {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const leaf of this.leaves) {
      const number = asked.has(leaf.id) ? parsed(asked.get(leaf.id)) : undefined;
      if (number !== undefined && !Object.is(number, leaf.number)) leaf.move(number);
    }
    for (const hear of this.hears) hear(asked);
  }

  leaf(place) { return this.leaves.find(leaf => leaf.place === place); }

  moved() {
    this.stirred = true;
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      numbers.run();
      player.graph.write(true);
      player.tell();
      view.lens.draw();
      this.draw();
    });
  }

  draw() {
    $("#whole").replaceChildren(...player.formula(walk.whole));
    for (const leaf of this.leaves) if (!leaf.row.hidden) leaf.draw();
    this.plane?.draw();
    for (const draw of this.also) draw();
    clearTimeout(this.resting);
    if (player.entries.length <= FEW) this.list();
    this.resting = setTimeout(() => this.rest(), 150);
  }

  // When nothing moves any more.
  rest() {
    if (player.entries.length > FEW) this.list();
    if (this.stirred) player.remember();
    this.stirred = false;
  }

  list() {
    player.list();
    this.listed();
  }

  // What follows: nothing, unless a page says what.
  listed() {}
}

const FEW = 60;
const live = new Live();
