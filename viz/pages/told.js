
// ── the graph worked out again, and told ────────────────────────────────────────────────────────

// All numbers of the graph, in arrays: v and g of values; of edges, p the local derivative, c what comes back along
// it, b and t the sum of paths before and after it.
class Numbers {
  constructor() {
    const values = Object.keys(film.values).length, edges = Object.keys(film.edges).length;
    this.v = new Float64Array(values);
    this.g = new Float64Array(values);
    for (const name of "pcbt") this[name] = new Float64Array(edges);
    this.written = new Map();
    for (const leaf of film.leaves) this.v[leaf.place] = parsed(leaf.data);
    this.run();
  }

  run() {
    const { v, g, p, c, b, t } = this;
    forward(v);
    g.fill(0);
    g[film.root] = 1;
    backward(v, p, g);
    // The sums along the way, path after path, which end at the gradients again.
    for (const [k, operation, operand, path] of film.chain) {
      c[k] = g[operation] * p[k];
      b[k] = g[operand];
      g[operand] = t[k] = path === 1 ? c[k] : b[k] + c[k];
    }
  }

  // The number of a source such as g12.
  at(source) {
    const place = Number(source.slice(1));
    return source[0] === "x" ? Number(expressions[place](this.v)) : this[source[0]][place];
  }

  // The number of a source as it is written.
  text(source) {
    const x = this.at(source), known = this.written.get(source);
    if (known && Object.is(known.x, x)) return known.text;
    const text = formatted(x, film.format);
    this.written.set(source, { x, text });
    return text;
  }
}

// How a template is read: where its numbers and cases are, what begins a term and ends the last one, and what of a term
// says nothing.
const TEXT = {
  number: /\ufdd0(\d+)\ufdd3/g, case: /\ufdd1(\d+)\ufdd3/g, term: "\ufdd2", end: "\ufdd3", sign: /^ \+?= /g,
  write(text, least) {
    const plain = text.replace("inf", "∞");
    return plain.startsWith("-") && least > 1 ? `(${plain})` : plain;
  },
};
const MATH = {
  number: /<mrow><mo>\ufdd0<\/mo><mn>(\d+)<\/mn><\/mrow>/g, case: /<mrow><mo>\ufdd1<\/mo><mn>(\d+)<\/mn><\/mrow>/g,
  term: "<mo>\ufdd2</mo>", end: "<mo>\ufdd3</mo>", sign: /<mo>\+?=<\/mo>|<\/?mrow>/g,
  write(text, least) {
    const negative = text.startsWith("-"), [mantissa, exponent] = (negative ? text.slice(1) : text).split(/e(?=[-+\d])/);
    const minus = '<mo form="prefix">−</mo>';
    let inner = { inf: "<mi>∞</mi>", nan: '<mi mathvariant="normal">nan</mi>' }[mantissa] ?? `<mn>${mantissa}</mn>`;
    if (exponent !== undefined) {
      const power = `${exponent < 0 ? minus : ""}<mn>${Math.abs(exponent)}</mn>`;
      inner += `<mo>·</mo><msup><mn>10</mn><mrow>${power}</mrow></msup>`;
    }
    if (negative) inner = minus + inner;
    const level = negative ? 1 : exponent === undefined ? 5 : 2;
    return level < least ? `<mrow><mo>(</mo>${inner}<mo>)</mo></mrow>` : `<mrow>${inner}</mrow>`;
  },
};

// Fills templates in with numbers.
class Teller {
  constructor(numbers) {
    this.numbers = numbers;
  }

  // A sentence without what it would say twice.
  sentence(template, spelling) {
    const [head, ...terms] = template.split(spelling.term).map(part => this.filled(part, spelling));
    if (!terms.length) return head;
    const [last, tail] = terms.pop().split(spelling.end), seen = new Set([head]);
    let sentence = head;
    for (const [i, term] of [...terms, last].entries()) {
      const said = term?.replaceAll(spelling.sign, "");
      if (term !== null && (i === 0 || !seen.has(said))) sentence += term;
      seen.add(said);
    }
    return sentence + tail;
  }

  // A part with its numbers; null if it has a formula that at this point is a number.
  filled(part, spelling) {
    let known = false;
    const chosen = part.replaceAll(spelling.case, (_, k) => {
      const formula = this.chosen(k)[1];
      known ||= formula === null;
      return formula ?? "";
    });
    return known ? null : chosen.replaceAll(spelling.number, (_, k) => {
      const [source, least] = film.places[k];
      return spelling.write(this.numbers.text(source), least);
    });
  }

  chosen(k) {
    const holds = ([expression, wanted]) => Boolean(this.numbers.at(`x${expression}`)) === wanted;
    return film.cases[k].find(([conditions]) => conditions.every(holds));
  }
}

// A step whose sentence has the numbers of now.
class Step {
  constructor(step, teller) {
    const { text, math, ...rest } = step;
    Object.assign(this, rest, { template: { text, math }, teller });
  }

  get text() { return this.teller.sentence(this.template.text, TEXT); }
  get math() { return this.teller.sentence(this.template.math, MATH); }
}
