
// ── the walk through any graph, with the sentences of viz/text/sentences.py ─────────────────────

const LETTERS = /^([\p{L}\p{Nl}\p{No}]+)_?((?:\p{Nd}+(?:_\p{Nd}+)*)?)$/u; // a name that mathematics writes with a subscript
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

const plain = x => shortest(x).replace(/\.0$/, "");
const applied = (name, ...operands) => ["applied", name, ...operands];

// An operation applied to tokens; a sum and a dot are written with + and ×.
function token(op, operands) {
  if (op === "sum") return operands.reduce((left, right) => applied("add", left, right));
  if (op !== "dot") return applied(op, ...operands);
  const n = operands.length >> 1, products = operands.slice(0, n).map((w, i) => applied("mul", w, operands[n + i]));
  return token("sum", [...products, ...operands.slice(2 * n)]);
}

// The local derivatives of an operation as its rule writes them.
function partials(op, out, operands) {
  const { kind, rule, ties } = rows[op], n = operands.length >> 1;
  const filled = (part, places) => part[0] === "name" ? places[part[1]]
    : part.map(piece => Array.isArray(piece) ? filled(piece, places) : piece);
  if (kind === "reduction") {
    const tied = ties ? token("sum", operands.map(x => applied("eq", x, out))) : null;
    return operands.map(x => filled(rule[0], [out, x, tied]));
  }
  if (kind !== "contraction") return rule.map(part => filled(part, [out, ...operands]));
  const pairs = operands.slice(0, n).map((w, i) => rule.map(part => filled(part, [out, w, operands[n + i]])));
  return [...pairs.map(([w]) => w), ...pairs.map(([, x]) => x), ...operands.slice(2 * n).map(() => ["number", "1"])];
}

// A token as a function of the data of all values.
function calculation(token) {
  const [kind, ...parts] = token;
  if (kind === "number") {
    const number = parsed(parts[0]);
    return () => number;
  }
  if (kind === "name") {
    const [, place] = parts[3];
    return data => data[place];
  }
  const [name, ...operands] = parts, steps = operands.map(calculation), operation = operations[name];
  if (name === "where") return data => steps[steps[0](data) ? 1 : 2](data);
  return data => operation(...steps.map(step => step(data)));
}

// A name of its own for every value: labels first, then f for the root, x, y, z for inputs, q, r, s, … for what lies between.
function uniqueNames(values, root) {
  const names = new Map(), taken = new Set();
  const give = (value, pool) => {
    const name = pool.find(name => !taken.has(name));
    taken.add(name);
    names.set(value, name);
  };
  for (const value of values) if (value.constant && !value.label) names.set(value, plain(value.data));
  for (const value of values) {
    const label = shortened(value.label);
    if (label) give(value, [label, ...values.map((_, i) => `${label}_${i + 2}`)]);
  }
  const rest = values.filter(value => !names.has(value) && value !== root);
  const pools = [["fgh", names.has(root) ? [] : [root]], ["qrstuvw", rest]];
  for (const [wanted, group] of pools) {
    const letters = [...wanted].filter(letter => !taken.has(letter)), stem = wanted.startsWith("q") ? "v" : wanted[0];
    const numbered = Array.from({ length: group.length + taken.size + 1 }, (_, i) => `${stem}${i + 1}`);
    for (const value of group) give(value, group.length <= letters.length ? letters : numbered);
  }
  return names;
}

// A name for the midst of a text: one that is read from right to left is kept from the rest.
const isolated = name => RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name;

const shortened = label => [...label].length > LIMITS.label ? `${[...label].slice(0, LIMITS.label - 1).join("")}…` : label;

// How far the slider of a leaf goes, as viz/pages/sliders.py says.
function sliderOf(value, users) {
  const undefinedBelow0 = ([user, i]) =>
    Number.isNaN(operations[user.op](...user.args.map((arg, k) => k === i ? -1 : arg.data))) && !Number.isNaN(user.data);
  const { least, most, parts } = SLIDER, size = Math.abs(value.data);
  const reach = Number.isFinite(size) ? rounded(Math.min(Math.max(2.5 * size, least), most)) : 5 * least;
  return { low: value.data >= 0 && users.some(undefinedBelow0) ? 0 : -reach, high: reach, step: reach / parts };
}

function rounded(x) {
  const power = Number(`1e${Math.floor(Math.log10(x))}`);
  return ([1, 2, 5].find(factor => factor * power >= x) ?? 10) * power;
}

// What viz/pages/live.py knows of a graph: names, edges, the steps with their sentences, and where their numbers are.
class Walk {
  constructor({ root, values }) {
    Object.assign(this, { graph: values, top: root, names: uniqueNames(values, root) });
    this.places = new Map(values.map((value, i) => [value, i]));
    this.operands = values.flatMap(value => value.args.map((arg, i) => ({ value, i, arg })));
    this.operands.forEach((edge, k) => Object.assign(edge, { k, id: `${this.id(edge.value)}e${edge.i}` }));
    this.users = new Map(values.map(value => [value, this.operands.filter(edge => edge.arg === value)]));
    const rules = new Map(values.filter(value => value.made).map(value => [value, partials(value.op, ...this.symbols(value))]));
    for (const edge of this.operands) edge.rule = rules.get(edge.value)[edge.i];
    this.slopes = this.operands.map(edge => calculation(edge.rule));
  }

  // What the scripts of a page with sliders ask of a walk.
  data(writer) {
    const { graph, operands } = this, leaves = graph.filter(value => !value.args.length), made = graph.filter(value => value.made);
    const backward = this.chains();
    return {
      values: Object.fromEntries(graph.map(value => [this.id(value), this.about(value, writer)])),
      edges: Object.fromEntries(operands.map(({ id, arg, value }) =>
        [id, { from: this.id(arg), to: this.id(value), local: writer.token(this.ratio(value, arg))[0] }])),
      steps: [...made.map(value => this.forward(value)), this.seed(), ...backward.map(chain => this.backward(chain))],
      forms, format: FORMAT,
      given: Object.fromEntries(leaves.flatMap(leaf => this.keys(leaf).map(key => [key, ["data", this.places.get(leaf)]]))),
      whole: [this.whole()],
      leaves: leaves.map(leaf => this.leaf(leaf)),
      chain: backward.map(({ k, value, arg, path }) => [k, this.places.get(value), this.places.get(arg), path]),
      root: this.places.get(this.top),
      start: filled(words.known, { count: graph.length }),
    };
  }

  run(data) {
    const { places } = this;
    for (const value of this.graph) {
      if (value.made) data[places.get(value)] = operations[value.op](...value.args.map(arg => data[places.get(arg)]));
    }
  }

  id(value) { return `v${this.places.get(value)}`; }

  about(value, writer) {
    const known = { name: isolated(this.names.get(value)) };
    if (!value.constant) known.gradient = writer.token(this.derivative(value))[0];
    if (!value.args.length) known.data = formatted(value.data, FORMAT);
    return known;
  }

  leaf(value) {
    const known = { place: this.places.get(value), name: isolated(this.names.get(value)), data: plain(value.data) };
    const users = this.users.get(value).map(edge => [edge.value, edge.i]);
    return value.constant ? known : { ...known, kind: "input", slider: sliderOf(value, users) };
  }

  // What the number of a value is called, there and on the pieces of wire to operations.
  keys(value) { return [value, ...this.users.get(value)].map(part => `${part.id ?? this.id(part)}:data`); }

  // The chain rule along each edge, the youngest operation first.
  chains() {
    const met = new Map();
    const back = [...this.graph].reverse().flatMap(value => this.operands.filter(edge => edge.value === value && !edge.arg.constant));
    return back.map(edge => {
      met.set(edge.arg, (met.get(edge.arg) ?? 0) + 1);
      return { ...edge, path: met.get(edge.arg), paths: this.users.get(edge.arg).length };
    });
  }

  // ── tokens ──

  name(value) {
    const name = this.names.get(value), [, letters = "", digits = ""] = LETTERS.exec(name) ?? [];
    return ["name", isolated(name), greek[letters] ?? letters, digits.replaceAll("_", ",")];
  }

  symbol(value) {
    if (value.constant && !value.label) return ["number", plain(value.data)];
    return [...this.name(value), ["data", this.places.get(value)], value.constant];
  }

  symbols(value) { return [this.symbol(value), value.args.map(arg => this.symbol(arg))]; }
  number(role, place) { return ["number", [role, place]]; }
  datum(value) { return this.number("data", this.places.get(value)); }
  ratio(upper, lower) { return applied("ratio", this.name(upper), this.name(lower)); }
  derivative(value) { return this.ratio(this.top, value); }

  // ── steps ──

  forward(value) {
    const [result, operands] = this.symbols(value);
    const terms = value.args.length > LIMITS.operands ? [["words", `${value.op} of ${value.args.length} operands`]]
      : [token(value.op, operands), token(value.op, value.args.map(arg => this.datum(arg)))];
    const known = Object.fromEntries(this.keys(value).map(key => [key, ["data", this.places.get(value)]]));
    return { phase: "forward", said: [["equation", "", "=", result, ...terms, this.datum(value)]], known,
      fresh: [`${this.id(value)}:data`], about: [this.id(value), ...value.args.map((_, i) => `${this.id(value)}e${i}`)] };
  }

  seed() {
    const id = this.id(this.top), known = { [`${id}:gradient`]: ["gradient", this.places.get(this.top)] };
    const said = [["equation", "", "=", this.derivative(this.top), ["number", "1"]]];
    return { phase: "backward", said, known, fresh: Object.keys(known), about: [id] };
  }

  backward(chain) {
    const { k, id, arg, path, paths } = chain;
    const product = ["equation", "", paths > 1 ? "+=" : "=", this.derivative(arg), ...this.product(chain)], said = [product];
    const place = `path ${path} of ${paths}`;
    if (paths > 1 && path === 1) said.push(["words", place]);
    const sum = applied("plus", this.number("before", k), this.number("product", k));
    if (path > 1) said.push(["equation", `${place}: `, "=", sum, this.number("total", k)]);
    const known = { [`${this.id(arg)}:gradient`]: ["total", k], [`${id}:gradient`]: ["product", k], [`${id}:local`]: ["local", k] };
    return { phase: "backward", said, known, fresh: Object.keys(known), about: [this.id(arg), id] };
  }

  // Each way to write it: df/dq · dq/dx, df/dq · y, -4 · 5, -20; just z, -4 at the root itself.
  product({ k, value, arg, rule }) {
    const rules = value.args.length > LIMITS.operands ? [] : [["rule", rule]];
    if (value === this.top) return [...rules, this.number("product", k)];
    const upstream = this.derivative(value), times = (...factors) => applied("times", upstream, ...factors);
    return [times(this.ratio(value, arg)), ...rules.map(each => times(each)),
      applied("times numbers", this.number("gradient", this.places.get(value)), this.number("local", k)), this.number("product", k)];
  }

  // The root as a formula of the leaves, with names and then with numbers; without, where it gets too long.
  whole() {
    const terms = this.top.args.length ? [this.formula(leaf => this.symbol(leaf)), this.formula(leaf => this.datum(leaf))] : [];
    return ["equation", "", "=", this.symbol(this.top), ...terms.filter(Boolean), this.datum(this.top)];
  }

  formula(leaf) {
    const written = new Map(), sizes = new Map();
    for (const value of this.graph) {
      sizes.set(value, Math.max(1, value.args.length - 1) + value.args.reduce((sum, arg) => sum + sizes.get(arg), 0));
      if (sizes.get(value) > LIMITS.formula) return null;
      written.set(value, value.made ? token(value.op, value.args.map(arg => written.get(arg))) : leaf(value));
    }
    return written.get(this.top);
  }
}
