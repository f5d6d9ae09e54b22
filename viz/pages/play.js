
// ── a network that is offered ───────────────────────────────────────────────────────────────────

// What panels are about: a training, what its network makes of points, and the example that is looked at.
class Model {
  constructor(data, which) {
    Object.assign(this, task, data);
    this.training = new Training(spec, which);
    this.titles = [[], ...this.layers.map(({ title, activation }) => [title, activation].filter(Boolean))];
    this.logits = spec.classes?.output === 0 && this.range[0] === 0; // a threshold of 0 between targets of 0 and 1
    this.width = this.layers.at(-1).units;
    this.starts = [];
    this.stride = this.layers.reduce((start, layer) => { this.starts.push(start); return start + layer.units; }, 0);
    this.example = 0;
    this.version = 0; // another one whenever parameters change
    this.memory = new Map();
    this.network = this.drawn();
  }

  get theta() { return this.training.theta; }

  // The layers as they are drawn: of large ones the first neurons, of pixels one box.
  drawn() {
    const sizes = [this.side ? 1 : this.inputs.length, ...this.layers.map(layer => layer.units)];
    const layers = sizes.map((size, l) => {
      const shown = Math.min(size, this.most), { weights = [], biases = [] } = this.layers[l - 1] ?? {};
      const rows = l === 1 && this.side ? [] : weights.slice(0, this.most).map(row => row.slice(0, this.most));
      const neurons = Array.from({ length: shown }, (_, i) => i);
      return { neurons, weights: rows, biases: biases.slice(0, shown), hidden: size - shown };
    });
    const outputs = this.width > 1 && this.classes ? this.classes.map(({ name }) => name) : [];
    return { layers, titles: this.titles, inputs: this.side ? [] : this.inputs, outputs };
  }

  // The examples as panels take them, made anew when the training has others.
  get examples() {
    const { data } = this.training;
    if (data !== this.known) {
      const n = this.inputs.length, m = data.Y.length / data.count, rows = (X, Y, count, held) => Array.from({ length: count },
        (_, i) => ({ x: X.subarray(n * i, n * (i + 1)), y: Y.subarray(m * i, m * (i + 1)), held }));
      this.known = data;
      this.list = [...rows(data.X, data.Y, data.count, false), ...rows(data.testX, data.testY, data.testCount, true)];
      this.example = Math.min(this.example, this.list.length - 1);
    }
    return this.list;
  }

  get looked() { return this.examples[this.example].x; }

  // A row for each point: what all neurons say, layer after layer.
  activations(points, count) {
    const kept = this.memory.get(points);
    if (kept?.version === this.version) return kept.values;
    const values = this.neurons.run(this.theta, points, null, count);
    if (this.memory.size > 8) this.memory.clear();
    this.memory.set(points, { version: this.version, values });
    return values;
  }

  answers(points, count) {
    const all = this.activations(points, count), answers = new Float64Array(count * this.width), first = this.starts.at(-1);
    for (let i = 0; i < count; i += 1) {
      for (let k = 0; k < this.width; k += 1) answers[i * this.width + k] = all[i * this.stride + first + k];
    }
    return answers;
  }

  share(output) {
    const [low, high] = this.range;
    return this.logits ? 1 / (1 + Math.exp(-output)) : (output - low) / (high - low);
  }

  // The class of a target, the one whose own target is nearest.
  kind(y) {
    const distances = this.classes.map(({ target }) => target.reduce((sum, t, i) => sum + (t - y[i]) ** 2, 0));
    return distances.indexOf(Math.min(...distances));
  }

  tone(y) {
    if (this.classes) return CLASSES[this.kind(y) % CLASSES.length];
    const [red, green, blue] = mix(CLASSES[0], CLASSES[1], clamp(this.share(y[0]), 0, 1));
    return `rgb(${red} ${green} ${blue})`;
  }

  choose(i) {
    this.example = i;
    player.example();
  }

}

// ── what can be set ─────────────────────────────────────────────────────────────────────────────

// 1, 2, 5, 10 and so on, from one number to another.
function ladder(low, high) {
  const steps = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
    for (const factor of [1, 2, 5]) steps.push(Number(`${factor}e${power}`));
  }
  return steps.filter(x => x >= low && x <= high);
}

// A number with a slider from one choice to the next.
class Setting {
  constructor(name, choices, value, change) {
    Object.assign(this, { name, choices, change });
    this.range = make("input", { type: "range", min: 0, step: 1, id: `set-${name}` });
    this.shown = make("output");
    this.shown.setAttribute("for", this.range.id);
    const label = make("label", { className: "setting" });
    label.append(make("span", { textContent: words[name] }), this.shown, this.range);
    $("#settings").append(label);
    this.range.addEventListener("input", () => {
      this.write();
      this.change(this.value);
    });
    this.set(value);
  }

  get value() { return this.positions[Number(this.range.value)]; }

  // A number that is no choice becomes one.
  set(value) {
    this.positions = [...new Set([...this.choices, value])].sort((a, b) => a - b);
    this.range.max = this.positions.length - 1;
    this.range.value = this.positions.indexOf(value);
    this.write();
  }

  write() {
    this.shown.textContent = shown(this.value);
    this.range.setAttribute("aria-valuetext", this.shown.textContent);
  }
}

// ── the page ────────────────────────────────────────────────────────────────────────────────────

const BUDGET = 5; // milliseconds of a frame for steps; the rest is for drawing
const POINTS = 400; // of a curve
const CHARTED = 80; // milliseconds from one chart to the next, at least
const CALM = matchMedia("(prefers-reduced-motion: reduce)"), SELDOM = 500; // milliseconds from one picture to the next then
const NEXT = 14; // so near to an example, in pixels of a picture, a click means it

class Play extends Controls {
  constructor(models) {
    const acts = {
      again: () => this.restart(), play: () => this.toggle(), on: () => this.step(), pass: () => this.pass(),
      redraw: () => this.restart(1 + Math.floor(Math.random() * 999)),
    };
    super(acts, { " ": acts.play, ArrowRight: acts.on, PageDown: acts.pass, Home: acts.again });
    Object.assign(this, { models, playing: false, speed: 100, weight: null, drawn: 0, charted: 0 });
    this.model = models[0];
    this.own = new OwnData(this);
    this.walk = new Walk();
    this.losses = new Losses($("#loss"), [], words.epoch);
    this.offer();
    this.settings();
    addEventListener("DOMContentLoaded", () => {
      this.build();
      this.open();
      this.listen();
    });
  }

  get training() { return this.model.training; }

  // ── models and settings ──

  offer() {
    $("#offered").hidden = this.models.length < 2;
    $("#model").append(...this.models.map((model, i) => make("option", { value: i, textContent: model.title })));
    $("#model").addEventListener("change", () => this.choose(Number($("#model").value)));
  }

  // Goes on with another network, with the settings of the one before.
  choose(i) {
    const { options } = this.training;
    this.model = this.models[i];
    $("#model").value = i;
    Object.assign(this.training.options, options);
    this.training.follow();
    this.weight = null;
    this.build();
    this.remember();
  }

  settings() {
    const { options } = this.training, count = this.training.data.count;
    const change = name => value => this.set(name, value);
    const select = make("select", { id: "set-optimizer" }), label = make("label", { className: "setting" });
    select.append(...Object.keys(spec.optimizers).map(name => make("option", { value: name, textContent: name })));
    select.addEventListener("change", () => this.set("optimizer", select.value));
    label.append(make("span", { textContent: words.optimizer }), select);
    $("#settings").append(label);
    this.fields = {
      optimizer: { set: value => { select.value = value; } },
      lr: new Setting("lr", ladder(1e-5, 10), options.lr, change("lr")),
      batch: new Setting("batch", [...ladder(1, count), count], options.batch, change("batch")),
      l1: new Setting("l1", [0, ...ladder(1e-5, 1)], options.l1, change("l1")),
      l2: new Setting("l2", [0, ...ladder(1e-5, 1)], options.l2, change("l2")),
      noise: new Setting("noise", Array.from({ length: 21 }, (_, i) => i / 20), options.noise, change("noise")),
      testShare: new Setting("testShare", Array.from({ length: 11 }, (_, i) => i / 20), options.testShare, change("testShare")),
      speed: new Setting("speed", ladder(1, 100000), this.speed, value => { this.speed = value; }),
    };
    select.value = options.optimizer;
  }

  set(name, value) {
    const { training } = this, { data } = training;
    training.options[name] = value;
    training.follow();
    if (name === "optimizer") this.fields.lr.set(training.options.lr = training.rule.numbers.lr);
    if (training.data !== data) this.changed();
    this.draw();
    this.remember();
  }

  // ── training ──

  step() { this.go(() => this.training.step()); }

  pass() { this.go(() => this.training.runEpoch()); }

  // Begins again, with the same first weights or with those of another seed.
  restart(seed = this.training.options.seed) {
    this.go(() => {
      this.training.reset(seed);
      this.measure();
    }, this.playing);
  }

  // Goes on by hand, and plays no longer, unless it is to.
  go(on, playing = false) {
    if (!playing) this.pause();
    on();
    this.moved();
    this.tell();
    this.remember();
  }

  moved() {
    this.model.version += 1;
    this.draw();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  play() {
    Object.assign(this, { playing: true, due: 0, before: performance.now() });
    this.label(words.pause, "❚❚");
    this.next = requestAnimationFrame(() => this.frame());
  }

  pause() {
    if (!this.playing) return;
    cancelAnimationFrame(this.next);
    this.playing = false;
    this.label(words.play, "▶");
    this.draw();
    this.tell();
    this.remember();
  }

  // Says to those who listen how far it is; to all, that the training has failed.
  tell() {
    const { stopped } = this.training;
    $("#told").textContent = stopped ? words.diverged : this.said();
    $("#told").classList.toggle("unseen", !stopped);
  }

  // As many steps as are due, as far as there is time, then a picture.
  frame() {
    const begin = performance.now(), { training } = this;
    this.next = requestAnimationFrame(() => this.frame());
    this.due = Math.min(this.due + (begin - this.before) * this.speed / 1000, this.speed);
    this.before = begin;
    for (; this.due >= 1 && performance.now() - begin < BUDGET; this.due -= 1) {
      training.step();
      this.model.version += 1;
    }
    if (training.stopped) this.pause();
    else if (this.model.version !== this.painted && begin - this.drawn > (CALM.matches ? SELDOM : 0)) this.draw();
  }

  // ── pictures ──

  // The panels of a network.
  build() {
    const { model } = this, look = model.look;
    const canvas = make("canvas", { width: 512, height: 512 });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", words.answers);
    $("#picture").replaceChildren(canvas);
    this.picture = model.side ? new Images(canvas, model) : look === "plane" ? new PlaneOf(canvas, model)
      : look === "curve" ? new CurveOf(canvas, model) : null;
    $("#picture").hidden = !this.picture;
    model.grid = this.picture?.grid;
    this.layers = new Layers($("#network"), model, (parameter, shape, event) => this.edit(parameter, event));
    this.histograms = new Histograms($("#histograms"), model);
    this.own.legend();
    if (!model.start) this.measure();
    this.draw();
  }

  // The examples are others.
  changed() {
    this.picture?.frame();
    this.model.grid = this.picture?.grid;
    if (this.model.side) this.picture.dress();
    this.model.version += 1;
    this.fields.batch.choices = [...ladder(1, this.training.data.count), this.training.data.count];
    if (!this.training.history.length) this.measure();
    this.fields.batch.set(Math.min(this.training.options.batch, this.training.data.count));
  }

  draw() {
    const { training } = this, now = performance.now();
    this.layers.draw();
    this.picture?.draw();
    this.count();
    Object.assign(this, { drawn: now, painted: this.model.version });
    if (!this.playing || now - this.charted > CHARTED) this.chart();
    const typing = document.activeElement === $("#number");
    if (this.weight !== null && !typing) $("#number").value = shown(training.theta[this.weight]);
  }

  // What changes slowly.
  chart() {
    const { training } = this, { history } = training, every = Math.ceil(history.length / POINTS);
    const kept = [this.model.start, ...history.filter((_, i) => i % every === 0 || i === history.length - 1)];
    const curve = (name, colour) => {
      const known = kept.filter(entry => entry[name] !== null);
      return { steps: known.map(({ epoch }) => epoch), losses: known.map(entry => entry[name]), colour };
    };
    $("#curves").classList.toggle("untested", !training.data.testCount);
    this.losses.recordings = [curve("loss", "value"), ...training.data.testCount ? [curve("test", "gradient")] : []];
    this.losses.draw(training.epoch);
    this.histograms.draw();
    this.charted = performance.now();
  }

  // How good the network is before the first step.
  measure() {
    const { training } = this, held = training.data.testCount, { epoch } = training;
    const test = held ? training.loss("test") : null, loss = training.loss("train");
    this.model.start = { epoch, loss, test, accuracy: training.accuracy("train") };
  }

  // The numbers of now.
  numbers() {
    const { training } = this, { loss, test, accuracy } = training.history.at(-1) ?? this.model.start;
    return [
      ["epoch", training.epoch, ""], ["step", training.stepCount, ""], ["training_data", shown(loss), "value"],
      ...test === null ? [] : [["test_data", shown(test), "gradient"]],
      ...accuracy === null ? [] : [["right", `${(100 * accuracy).toFixed(0)} %`, ""]],
    ];
  }

  count() {
    const items = this.numbers(), list = $("#now");
    if (list.children.length !== items.length) {
      list.replaceChildren(...items.map(([name, , kind]) => {
        const item = make("div", { className: kind });
        item.append(make("dt", { textContent: words[name] }), make("dd"));
        return item;
      }));
    }
    items.forEach(([, number], i) => {
      const place = list.children[i].lastChild;
      if (place.textContent !== String(number)) place.textContent = number;
    });
  }

  said() { return this.numbers().map(([name, number]) => `${words[name]} ${number}`).join(", "); }

  // ── one weight ──

  edit(parameter, event) {
    const form = $("#weight"), box = $("#network").getBoundingClientRect();
    this.weight = parameter;
    form.hidden = false;
    form.firstElementChild.textContent = `${this.model.names[parameter]} =`;
    $("#number").value = shown(this.training.theta[parameter]);
    const at = event.clientX ? event : event.target.getBoundingClientRect();
    form.style.left = `${clamp((at.clientX ?? at.x) - box.x, 0, box.width - form.offsetWidth)}px`;
    form.style.top = `${clamp((at.clientY ?? at.y) - box.y + 6, 0, box.height - form.offsetHeight)}px`;
    $("#number").select();
    this.edited = event.target;
  }

  weigh() {
    const number = parsed($("#number").value);
    $("#number").setAttribute("aria-invalid", String(number === undefined));
    if (number === undefined) return;
    this.training.theta[this.weight] = number;
    this.moved();
  }

  closeWeight() {
    if (this.weight === null) return;
    $("#weight").hidden = true;
    this.weight = null;
    this.edited.focus();
    this.remember();
  }

  // ── one example ──

  example() {
    $("#which").value = this.model.example + 1;
    this.draw();
    this.walk.open(this.model);
  }

  // ── the address ──

  // All that is set, the parameters, and the examples if they are others than at first.
  remember() {
    const { training, model } = this, { options } = training, state = new URLSearchParams();
    if (this.models.length > 1) state.set("model", this.models.indexOf(model));
    for (const name of ["lr", "optimizer", "batch", "l1", "l2", "noise", "testShare", "seed"]) state.set(name, options[name]);
    state.set("epoch", training.epoch);
    state.set("step", training.stepCount);
    if (training.theta.length <= LONGEST) state.set("theta", asText(training.theta));
    if (this.own.given && this.own.given.X.length <= LONGEST) {
      state.set("x", asText(this.own.given.X));
      state.set("y", asText(this.own.given.Y));
    }
    try {
      history.replaceState(null, "", `#${state}`);
    } catch {
      // Pages inside of others may not.
    }
  }

  // Takes what an address says, as far as it makes sense.
  open() {
    const state = new URLSearchParams(location.hash.slice(1)), number = name => state.has(name) ? Number(state.get(name)) : NaN;
    if (this.models[number("model")]) this.choose(number("model"));
    const { training } = this, own = ["x", "y"].map(name => fromText(state.get(name)));
    if (own.every(Boolean)) this.own.take(...own);
    if (Object.hasOwn(spec.optimizers, state.get("optimizer"))) this.set("optimizer", state.get("optimizer"));
    const ranges = { lr: [0, 1e6], batch: [1, training.data.count], l1: [0, 1e6], l2: [0, 1e6], noise: [0, 100], testShare: [0, 0.9] };
    for (const [name, [low, high]] of Object.entries(ranges)) {
      if (number(name) >= low && number(name) <= high) this.set(name, number(name));
    }
    if (Number.isInteger(number("seed"))) training.reset(number("seed"));
    const theta = fromText(state.get("theta"));
    if (theta?.length === training.theta.length) training.theta.set(theta);
    if (theta && number("epoch") >= 0) training.epoch = Math.floor(number("epoch"));
    if (theta && number("step") >= 0) training.stepCount = Math.floor(number("step"));
    this.measure();
    for (const [name, field] of Object.entries(this.fields)) if (name in training.options) field.set(training.options[name]);
    this.moved();
  }

  listen() {
    const again = () => {
      for (const panel of [this.layers, this.picture]) panel?.dress();
      this.model.version += 1;
      this.draw();
    };
    addEventListener("resize", () => this.draw());
    whenRecoloured(again);
    $("#log").addEventListener("change", () => this.draw());
    $("#settings").addEventListener("submit", event => event.preventDefault());
    $("#weight").addEventListener("submit", event => {
      event.preventDefault();
      this.closeWeight();
    });
    $("#look").addEventListener("submit", event => {
      event.preventDefault();
      this.model.choose(clamp(Math.round($("#which").value) - 1 || 0, 0, this.model.examples.length - 1));
    });
    $("#number").addEventListener("input", () => this.weigh());
    $("#number").addEventListener("blur", () => { if (!$("#weight").hidden) this.closeWeight(); });
    $("#number").addEventListener("keydown", event => {
      const steps = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 };
      if (event.key === "Escape") this.closeWeight();
      else if (event.key in steps) {
        event.preventDefault();
        $("#number").value = shown(Number((this.training.theta[this.weight] + steps[event.key]).toPrecision(6)));
        this.weigh();
      }
    });
  }
}

const LONGEST = 4000; // numbers in an address

// Numbers as text for an address, and back; null for what is none.
function asText(numbers) {
  const bytes = new Uint8Array(Float64Array.from(numbers).buffer);
  return btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join("")).replaceAll("+", "-").replaceAll("/", "_");
}

function fromText(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), character => character.charCodeAt(0));
    const numbers = new Float64Array(bytes.buffer);
    return numbers.length && numbers.every(Number.isFinite) ? numbers : null;
  } catch {
    return null;
  }
}

// ── the plane and the line, where a click adds a point ──────────────────────────────────────────

// A click on an example looks at it, another one adds an example there.
function clicked(picture, at, added) {
  const { i, distance } = picture.nearest(at);
  if (distance < NEXT * picture.canvas.width / picture.canvas.clientWidth || !added) picture.subject.choose(i);
  else player.own.add(...added);
}

class PlaneOf extends Boundary {
  click(at) { clicked(this, at, this.subject.classes && [this.point(at), player.own.chosen]); }
}

class CurveOf extends Curve {
  click(at) {
    const { classes, width } = this.subject, [x, y] = this.point(at);
    clicked(this, at, width === 1 && [[x], classes ? classes[this.subject.kind([y])].target : [y]]);
  }
}

// ── one example, number by number ───────────────────────────────────────────────────────────────

// The text that was compressed.
function inflated(text) {
  const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

// A page to step through inside of this one, made of this page's own scripts and style.
class Walk {
  constructor() {
    $("#close").addEventListener("click", () => $("#example").close());
  }

  // Opens it for the example that is looked at; where the graph is too large, that is said.
  async open(model) {
    if (typeof model.walk === "number") {
      $("#hint").textContent = filled(words.too_large, { count: model.walk });
      return;
    }
    $("#example").showModal();
    if (this.model !== model) Object.assign(this, { model, loaded: this.load(model) });
    const { contentWindow } = await this.loaded, { x, y } = model.examples[model.example];
    const list = numbers => Array.from(numbers, shown).join(", ");
    contentWindow.look(model.theta, x, y, `${words.one_example}: x = ${list(x)}, y = ${list(y)}`);
    contentWindow.focus();
  }

  // The frame, when the page of a network is in it.
  async load(model) {
    const frame = $("#example iframe"), { lang } = document.documentElement, body = await inflated(model.walk);
    const style = $("style").textContent, script = $("#shared").textContent;
    frame.srcdoc = `<!DOCTYPE html><html lang="${lang}"><head><meta charset="utf-8"><title>${words.one_example}</title><style>${style}</style>`
      + `<script>${script}</` + `script></head><body>${body}</body></html>`;
    await new Promise(done => { frame.onload = done; });
    frame.contentWindow.addEventListener("keydown", event => { if (event.key === "Escape") $("#example").close(); });
    frame.contentWindow.begin();
    return frame;
  }
}

const player = new Play(offered.map((data, i) => new Model(data, i)));
