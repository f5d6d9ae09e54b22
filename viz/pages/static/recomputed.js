
// ── the graph worked out again ──────────────────────────────────────────────────────────────────

// All numbers of the graph by their roles: data and gradients of values; of edges, the local derivative, its product with
// what comes back, and the sums of paths before that and with it.
class Numbers {
  constructor() { this.read(); }

  // Takes the numbers of the walk that is there now.
  read() {
    const values = Object.keys(walk.values).length, edges = Object.keys(walk.edges).length;
    for (const role of ["data", "gradient"]) this[role] = new Float64Array(values);
    for (const role of ["local", "product", "before", "total"]) this[role] = new Float64Array(edges);
    this.written = new Map();
    for (const leaf of walk.leaves) this.data[leaf.place] = parsed(leaf.data);
    this.run();
  }

  // Forward, then the chain rule along each edge, path after path.
  run() {
    const { data, gradient, product, before, total } = this;
    forward(data);
    local(data, this.local);
    gradient.fill(0);
    gradient[walk.root] = 1;
    for (const [edge, operation, operand, path] of walk.chain) {
      product[edge] = gradient[operation] * this.local[edge];
      before[edge] = gradient[operand];
      gradient[operand] = total[edge] = path === 1 ? product[edge] : before[edge] + product[edge];
    }
  }

  // The number at a place, as it is written.
  text([role, place]) {
    const x = this[role][place], key = `${role} ${place}`, known = this.written.get(key);
    if (known && Object.is(known.x, x)) return known.text;
    const text = formatted(x, walk.format);
    this.written.set(key, { x, text });
    return text;
  }

  // A rule as it applies here; null where it is a mere number.
  rule(token) {
    const { token: here, known } = this.worked(token);
    return known ? null : here;
  }

  // A rule with its number: selections are decided, numbers computed, and what multiplies by 1 left out.
  worked(token) {
    const [kind, ...parts] = token;
    if (kind === "number") return { number: parsed(parts[0]), token, known: true };
    if (kind === "name") {
      const [, , , [role, place], constant] = parts; // after the name, its letters and its subscript
      return { number: this[role][place], token, known: constant };
    }
    const [name, ...operands] = parts;
    if (name === "where") return this.worked(operands[this.worked(operands[0]).number ? 1 : 2]);
    const worked = operands.map(operand => this.worked(operand)), number = operations[name](...worked.map(each => each.number));
    if (walk.forms[name].selection || worked.every(each => each.known)) {
      return { number, token: ["number", shortest(number)], known: true };
    }
    const one = i => worked[i].known && worked[i].number === 1;
    if (name === "mul" && (one(0) || one(1))) return worked[one(0) ? 1 : 0];
    if ((name === "pow" || name === "div") && one(1)) return worked[0];
    return { number, token: [kind, name, ...worked.map(each => each.token)], known: false };
  }
}
