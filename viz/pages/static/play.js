
// ── the page ────────────────────────────────────────────────────────────────────────────────────

const BUDGET = 5; // milliseconds of a frame for steps; the rest is for drawing
const POINTS = 400; // of a curve
const CHARTED = 80; // milliseconds from one chart to the next, at least
const CALM = matchMedia("(prefers-reduced-motion: reduce)"), SELDOM = 500; // milliseconds from one picture to the next then

class Play extends Controls {
  constructor(models) {
    const acts = {
      again: () => this.restart(), play: () => this.toggle(), on: () => this.step(), pass: () => this.pass(),
      redraw: () => this.restart(1 + Math.floor(Math.random() * 999)),
    };
    super(acts, { " ": acts.play, ArrowRight: acts.on, PageDown: acts.pass, Home: acts.again });
    Object.assign(this, { models, playing: false, speed: 100, drawn: 0, charted: 0 });
    this.model = models[0];
    this.own = new OwnData(this);
    this.weight = new WeightField(this);
    this.dialog = new ExampleDialog(this);
    this.losses = new Losses($("#loss"), [], words.epoch);
    this.settings = new Settings(this.training, this.speed, (name, value) => this.set(name, value));
    this.offer();
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
    this.build();
    this.remember();
  }

  set(name, value) {
    const { training } = this, { data, options } = training;
    if (name === "speed") this.speed = value;
    else options[name] = value;
    training.follow();
    if (name === "optimizer") options.lr = training.rule.numbers.lr;
    if (training.data !== data) this.changed();
    this.settings.show(training);
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
    this.layers = new Layers($("#network"), model, (...line) => this.weight.open(...line));
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
    this.settings.show(this.training);
    if (!this.training.history.length) this.measure();
  }

  draw() {
    const now = performance.now();
    this.layers.draw();
    this.picture?.draw();
    this.count();
    Object.assign(this, { drawn: now, painted: this.model.version });
    if (!this.playing || now - this.charted > CHARTED) this.chart();
    this.weight.follow();
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

  // ── one example ──

  example() {
    this.draw();
    this.dialog.open(this.model);
  }

  // ── what changes outside ──

  listen() {
    addEventListener("resize", () => this.draw());
    $("#log").addEventListener("change", () => this.draw());
    whenRecoloured(() => {
      for (const panel of [this.layers, this.picture]) panel?.dress();
      this.moved();
    });
  }

  // ── the address ──

  get address() { return addressOf(this); }

  // Goes where the address says.
  open() {
    takeUp(this, location.hash.slice(1));
    this.changed();
    this.measure();
    this.draw();
  }
}

const player = new Play(offered.map((data, i) => new Model(data, i)));
