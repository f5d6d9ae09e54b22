// Trains a network by itself: the arithmetic is printed by Python (`nn.to_javascript`), here are the epochs and batches.

// Random numbers from 0 to 1 that depend on a seed alone (mulberry32).
class Random {
  constructor(seed) { this.state = seed >>> 0; }

  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  // A number of the normal distribution, by Box and Muller.
  normal() { return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next()); }

  // The numbers below n in random order, by Fisher and Yates.
  order(n) {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i -= 1) {
      const j = Math.floor(this.next() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}

// The rows of a matrix with these numbers, one after the other, in an array that is given or new.
function gathered(matrix, width, rows, out = new Float64Array(rows.length * width)) {
  for (let i = 0; i < rows.length; i += 1) {
    for (let j = 0; j < width; j += 1) out[i * width + j] = matrix[rows[i] * width + j];
  }
  return out;
}

// A training as it goes. `theta` are all parameters, `history` has an entry for each epoch, and `options` may be changed
// at any time: lr, optimizer, batch, l1, l2, noise (of the inputs, in standard deviations of each), testShare.
class Training {
  constructor(spec, which = 0) {
    this.spec = spec;
    this.model = spec.models[which];
    this.optimizers = spec.optimizers;
    this.options = { ...spec.options, optimizer: spec.optimizer, noise: 0, seed: 0 };
    this.first = { ...this.options };
    this.widths = { X: this.model.learning.inputs, Y: this.model.learning.targets };
    this.gradient = new Float64Array(this.model.learning.parameters);
    this.scheduled = spec.rates.length > 0;
    this.lastRate = this.options.lr;
    this.restoreData();
    this.reset();
  }

  // ── the beginning ───────────────────────────────────────────────────────────────────────────

  // From the start: with the parameters that Python had, or with others that depend on a seed.
  reset(seed = this.options.seed) {
    this.options.seed = seed;
    this.random = new Random(seed);
    this.theta = Float64Array.from(this.model.theta);
    if (seed !== this.first.seed) this.redraw();
    this.epoch = this.stepCount = 0;
    this.history = [];
    this.stopped = "";
    if (this.scheduled && this.options.lr === this.lastRate) this.options.lr = this.lastRate = this.first.lr;
    this.divide();
    this.forget();
  }

  // Parameters that were all equal, such as biases, stay; others are drawn as widely as they were.
  redraw() {
    for (const { places } of this.model.parameters) {
      const drawn = places.map(place => this.model.theta[place]);
      const square = drawn.reduce((total, x) => total + x * x, 0) / drawn.length;
      if (drawn.some(x => x !== drawn[0])) {
        for (const place of places) this.theta[place] = Math.sqrt(square) * this.random.normal();
      }
    }
  }

  // The optimiser has no memory of steps before.
  forget() {
    this.rule = this.optimizers[this.options.optimizer];
    this.ruleName = this.options.optimizer;
    this.steps = 0;
    const { memory, spare } = this.rule;
    this.state = Object.fromEntries([...memory, ...spare].map(name => [name, new Float64Array(this.theta.length)]));
  }

  // ── data ────────────────────────────────────────────────────────────────────────────────────

  // The examples that Python gave, to train on and to test with.
  restoreData() {
    const { X, Y, testX, testY } = this.spec.data;
    const part = (x, y) => ({ X: Float64Array.from(x.flat()), Y: Float64Array.from(y.flat()) });
    this.source = part(X, Y);
    this.given = testX && part(testX, testY);
    this.own = false;
    this.divide();
  }

  // Other examples, as rows or as one array of numbers after the other.
  setData(X, Y) {
    const [x, y] = [X, Y].map(rows => Float64Array.from(Array.isArray(rows) ? rows.flat() : rows));
    const count = x.length / this.widths.X;
    if (!Number.isInteger(count) || y.length !== count * this.widths.Y) {
      throw new RangeError(`rows of ${this.widths.X} inputs and ${this.widths.Y} targets are expected`);
    }
    this.source = { X: x, Y: y };
    this.given = undefined;
    this.own = true;
    this.divide();
  }

  // Examples to train on and to test with, with noise added to their inputs.
  divide() {
    const { noise, testShare } = this.options;
    this.divided = { noise, testShare };
    const { X, Y } = this.widths, random = new Random(this.options.seed + 1);
    const asGiven = !this.own && testShare === this.first.testShare;
    let { source, given } = this;
    if (!asGiven && given) {
      source = { X: Float64Array.from([...source.X, ...given.X]), Y: Float64Array.from([...source.Y, ...given.Y]) };
    }
    let parts = [source, given ?? { X: new Float64Array(0), Y: new Float64Array(0) }];
    if (!asGiven) {
      const n = source.X.length / X, order = random.order(n);
      const held = Math.min(n - 1, Math.round(testShare * n));
      parts = [order.slice(held).sort(), order.slice(0, held).sort()].map(
        rows => ({ X: gathered(source.X, X, rows), Y: gathered(source.Y, Y, rows) }));
    }
    const [train, test] = noise > 0 ? this.shaken(parts, random) : parts;
    this.data = {
      X: train.X, Y: train.Y, count: train.X.length / X, testX: test.X, testY: test.Y, testCount: test.X.length / X };
    this.compared = asGiven && !(noise > 0) && this.options.seed === this.first.seed;
    this.order = undefined;
  }

  // The same inputs with noise, in units of the standard deviation of each.
  shaken(parts, random) {
    const width = this.widths.X, { X } = parts[0], n = X.length / width;
    const spread = Array.from({ length: width }, (_, j) => {
      let sum = 0, squares = 0;
      for (let i = j; i < X.length; i += width) {
        sum += X[i];
        squares += X[i] * X[i];
      }
      return Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
    });
    const moved = (x, i) => x + this.options.noise * spread[i % width] * random.normal();
    return parts.map(part => ({ X: part.X.map(moved), Y: part.Y }));
  }

  // ── steps ───────────────────────────────────────────────────────────────────────────────────

  // Lets what was changed in `options` count.
  follow() {
    const { optimizer, noise, testShare, l1, l2 } = this.options;
    if (optimizer !== this.ruleName) this.forget();
    if (noise !== this.divided.noise || testShare !== this.divided.testShare) this.divide();
    for (const program of [this.model.learning, this.model.measuring ?? this.model.learning]) {
      program.outside.set([l1, l2].slice(0, program.outside.length));
    }
  }

  // The order of the examples in this epoch: that of Python for the first ones.
  nextOrder() {
    const { count } = this.data, { orders, shuffle } = this.spec;
    if (!shuffle) return Int32Array.from({ length: count }, (_, i) => i);
    return this.compared && this.epoch < orders.length ? Int32Array.from(orders[this.epoch]) : this.random.order(count);
  }

  // Random numbers for a batch of examples: those of Python for the first epochs.
  draws(count) {
    const { noises } = this.model.learning, { noise } = this.spec;
    if (!noises) return undefined;
    const begin = (this.epoch * this.data.count + this.met) * noises, end = begin + count * noises;
    if (this.compared && end <= noise.length) return Float64Array.from(noise.slice(begin, end));
    return Float64Array.from({ length: count * noises }, () => this.random.next());
  }

  // The learning rate: that of a schedule in the first epochs, until it is changed by hand.
  rate() {
    const { rates } = this.spec, { options } = this;
    if (options.lr !== this.lastRate) this.scheduled = false;
    if (this.scheduled && this.compared && this.stepCount < rates.length) options.lr = rates[this.stepCount];
    this.lastRate = options.lr;
    return options.lr;
  }

  // One step along the gradient of a batch; returns its mean loss.
  step() {
    this.follow();
    if (this.stopped) return NaN;
    const { data, widths, theta, gradient } = this;
    if (this.order === undefined) {
      this.begun = this.random.state;
      this.order = this.nextOrder();
      this.met = this.summed = 0;
    }
    const size = Math.max(1, Math.min(this.options.batch, data.count));
    const rows = this.order.subarray(this.met, this.met + size), n = rows.length;
    if (this.batchX === undefined || this.batchX.length < size * widths.X) {
      this.batchX = new Float64Array(size * widths.X);
      this.batchY = new Float64Array(size * widths.Y);
    }
    gathered(data.X, widths.X, rows, this.batchX);
    gathered(data.Y, widths.Y, rows, this.batchY);
    const loss = this.model.learning.valueAndGrad(theta, this.batchX, this.batchY, n, gradient, this.draws(n));
    if (!gradient.every(Number.isFinite)) {
      this.stopped = "gradient";
      return loss;
    }
    const lr = this.rate();
    this.steps += 1;
    this.stepCount += 1;
    this.rule.step(theta, gradient, this.state, { ...this.rule.numbers, lr, steps: this.steps });
    this.summed += loss * n;
    this.met += n;
    if (this.met >= data.count) this.finishEpoch();
    return loss;
  }

  finishEpoch() {
    const loss = this.summed / this.met;
    this.epoch += 1;
    this.order = undefined;
    if (!Number.isFinite(loss)) this.stopped = "loss";
    if (!this.theta.every(Number.isFinite)) this.stopped = "parameters";
    const { count, testCount } = this.data;
    this.history.push({
      epoch: this.epoch, loss, test: testCount ? this.loss("test") : null,
      accuracy: count ? this.accuracy("train") : null, testAccuracy: testCount ? this.accuracy("test") : null,
    });
  }

  // Steps until every example has been met.
  runEpoch() {
    const { epoch } = this;
    while (this.epoch === epoch && !this.stopped) this.step();
    return this.history.at(-1);
  }

  // ── what it has learned ─────────────────────────────────────────────────────────────────────

  // A row of outputs for each of `count` rows.
  outputs(X, count) { return this.model.predicting.run(this.theta, X, undefined, count); }

  // Every array between the inputs and the loss, with its gradient, by name: z1, a1, …, dz1, ….
  values(X, Y, count) {
    const { learning } = this.model;
    return learning.values(this.theta, X, Y, count, new Float64Array(count * learning.noises).fill(1));
  }

  part(which) {
    const { X, Y, count, testX, testY, testCount } = this.data;
    return which === "test" ? [testX, testY, testCount] : [X, Y, count];
  }

  // The mean loss over the examples to train on, or those to test with, as when predicting.
  loss(which = "train") {
    this.follow();
    const [X, Y, count] = this.part(which);
    const losses = (this.model.measuring ?? this.model.learning).run(this.theta, X, Y, count);
    return losses.reduce((total, loss) => total + loss, 0) / count;
  }

  // The share of examples whose class is right; nothing where there are no classes.
  accuracy(which = "train") {
    const { classes } = this.spec;
    if (!classes) return null;
    const [X, Y, count] = this.part(which), outputs = this.outputs(X, count), width = this.widths.Y;
    const largest = (array, i) => {
      let best = 0;
      for (let j = 1; j < width; j += 1) if (array[i * width + j] > array[i * width + best]) best = j;
      return best;
    };
    let right = 0;
    for (let i = 0; i < count; i += 1) {
      right += width === 1 ? (outputs[i] > classes.output) === (Y[i] > classes.target)
        : largest(outputs, i) === largest(Y, i);
    }
    return right / count;
  }

  // ── to keep ─────────────────────────────────────────────────────────────────────────────────

  // All numbers on which the next steps depend, beside the options and the examples.
  save() {
    const { epoch, stepCount, steps, scheduled, random, theta, state } = this;
    const [begun, met, summed] = this.order ? [this.begun, this.met, this.summed] : [-1, 0, 0]; // of an epoch that is under way
    const memory = this.rule.memory.flatMap(name => [...state[name]]);
    return Float64Array.from([epoch, stepCount, steps, Number(scheduled), random.state, begun, met, summed, ...theta, ...memory]);
  }

  // Goes on from numbers that `save` gave; from others, it stays as it is.
  resume(numbers) {
    const { memory } = this.rule, n = this.theta.length, places = 8;
    if (numbers.length !== places + n * (1 + memory.length)) return;
    const [epoch, stepCount, steps, scheduled, now, begun, met, summed] = numbers;
    if (![epoch, stepCount, steps, met].every(count => Number.isInteger(count) && count >= 0)) return;
    Object.assign(this, { epoch, stepCount, steps, met, summed, scheduled: scheduled === 1, lastRate: this.options.lr });
    [this.theta, ...memory.map(name => this.state[name])].forEach((vector, k) => {
      vector.set(numbers.subarray(places + n * k, places + n * (k + 1)));
    });
    if (begun >= 0) {
      this.begun = this.random.state = begun;
      this.order = this.nextOrder(); // as it was drawn then
    }
    this.random.state = now;
  }

  // The parameters by the names that they have in Python, nested as there, and the options.
  toJSON() {
    const part = ({ name, shape, places }) => {
      const inside = ([length, ...rest], begin, size) => length === undefined ? this.theta[places[begin]]
        : Array.from({ length }, (_, i) => inside(rest, begin + i * size / length, size / length));
      return [name, shape ? inside(shape, 0, places.length) : places.map(place => this.theta[place])];
    };
    return {
      model: this.model.name, parameters: Object.fromEntries(this.model.parameters.map(part)),
      options: { ...this.options }, epoch: this.epoch,
    };
  }
}
