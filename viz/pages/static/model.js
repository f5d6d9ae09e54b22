
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
