
// ── expressions, read as viz/text/expression.py reads them ──────────────────────────────────────

// Text that is not an expression: what is wrong, and where; lines and columns count from 0.
class ExpressionError extends Error {
  constructor(message, [line, column] = [0, 0]) {
    super(message);
    Object.assign(this, { line, column });
  }
}

const DIGITS = String.raw`\d(?:_?\d)*`;
const TOKEN = new RegExp([
  String.raw`(?<space>[ \t\f]+|\\\n|#.*)`,
  String.raw`(?<newline>\n)`,
  String.raw`(?<string>(?:[rbu]|[rb]{2}|(?<format>f|rf|fr))?(?:"""[^]*?"""|'''[^]*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))`,
  String.raw`(?<number>0x(?:_?[\da-f])+|0b(?:_?[01])+|0o(?:_?[0-7])+|(?:${DIGITS}\.?(?:${DIGITS})?|\.${DIGITS})(?:e[+-]?${DIGITS})?)(?<imaginary>j)?`,
  String.raw`(?<name>[\p{XID_Start}_]\p{XID_Continue}*)`,
  String.raw`(?<sign>\.\.\.|(?:\*\*|//|<<|>>|[-+*/%@&|^])=|\*\*|//|<<|>>|[=!<>:]=|->|[-+*/%@&|^=<>~()\[\]{},:.;])`,
].join("|"), "uiy");

const KINDS = ["space", "newline", "string", "number", "name", "sign"];
const CLOSING = { "(": ")", "[": "]", "{": "}" };
const CONSTANT_WORDS = new Set(["True", "False", "None"]);
const OPERATOR_WORDS = new Set(["and", "or", "not", "is", "in", "if", "else", "for", "lambda", "await", "yield"]);
const STATEMENT_WORDS = new Set(["assert", "async", "break", "class", "continue", "def", "del", "except", "finally", "from",
  "global", "import", "nonlocal", "pass", "raise", "return", "try", "while", "with", "as"]);
const NO_TARGETS = { call: "function call", number: "literal", constant: "literal", binary: "expression", unary: "expression" };
const MOST_BRACKETS = 200, MOST_DIGITS = 4300; // as Python's parser allows

const ARITHMETIC = Object.fromEntries(Object.keys(rows).filter(name => /^\W+$/.test(rows[name].symbol) && rows[name].arity === 2)
  .map(name => [rows[name].symbol, name])); // + is add
const FUNCTIONS = [...Object.keys(rows), "mean"].sort();
const CONSTANTS = { pi: Math.PI, inf: Infinity, nan: NaN };

// How tightly operators between two operands bind, and what becomes of them.
const BINDING = { or: 1, and: 2, in: 4, is: 4, "<": 4, ">": 4, "==": 4, "!=": 4, "<=": 4, ">=": 4, "|": 5, "^": 6, "&": 7,
  "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "//": 10, "%": 10, "@": 10, "**": 12 };
const NOT = 3, COMPARED = 4, SIGNED = 11;

// Takes a text apart: `tokens` are its words, numbers, strings and signs with their places, and a newline after each line,
// but not in brackets. What can be none of them is a token of the kind "error", for who reads on to there.
class Scanner {
  constructor(text) {
    Object.assign(this, { text, tokens: [], open: [], line: 0, column: 0, at: 0 });
    while (this.at < text.length) this.step();
    if (this.open.length) this.fail(this.neverClosed, this.open.at(-1).at);
    this.tokens.push({ kind: "newline", written: "", at: this.place });
  }

  get neverClosed() { return this.open.length && `'${this.open.at(-1).written}' was never closed`; }

  get place() { return [this.line, this.column]; }
  fail(message, at = this.place) { this.tokens.push({ kind: "error", written: "", message, at }); }

  step() {
    TOKEN.lastIndex = this.at;
    const match = TOKEN.exec(this.text);
    if (!match) return this.unknown();
    const { groups } = match, [written] = match, kind = KINDS.find(kind => groups[kind] !== undefined);
    const token = { kind, written, at: this.place };
    if (token.kind === "string") token.format = groups.format !== undefined;
    if (token.kind === "number") {
      Object.assign(token, { imaginary: groups.imaginary !== undefined, number: literal(groups.number, token.at) });
    }
    if (token.kind === "name") token.written = written.normalize("NFKC");
    if (token.kind === "sign") this.bracket(token);
    if (token.kind === "space") this.indent(written);
    else if (token.kind !== "newline" || !this.open.length) this.tokens.push(token);
    this.advance(written);
  }

  // Goes behind what was read, which may be several lines.
  advance(written) {
    this.at += written.length;
    const lines = written.split("\n");
    this.line += lines.length - 1;
    this.column = (lines.length === 1 ? this.column : 0) + [...lines.at(-1)].length;
  }

  bracket(token) {
    const { written } = token, closes = Object.values(CLOSING).includes(written);
    if (Object.hasOwn(CLOSING, written)) this.open.push(token);
    if (this.open.length > MOST_BRACKETS) throw new ExpressionError("not an expression: too many nested parentheses", token.at);
    if (!closes) return;
    const opening = this.open.pop()?.written;
    if (!opening) this.fail(`unmatched '${written}'`);
    else if (CLOSING[opening] !== written) this.fail(`closing parenthesis '${written}' does not match opening parenthesis '${opening}'`);
  }

  // All lines begin at the same place, but for those with nothing but a comment.
  indent(written) {
    const begins = this.column === 0 && this.tokens.at(-1)?.kind === "newline" && !this.open.length;
    if (begins && !/^\s*(?:#|$|\n)/.test(this.text.slice(this.at))) this.fail("unexpected indent", [this.line, written.length - 1]);
  }

  unknown() {
    const [character] = this.text.slice(this.at), code = character.codePointAt(0);
    if (!code) throw new ExpressionError("not an expression: source code string cannot contain null bytes");
    const point = code.toString(16).toUpperCase().padStart(4, "0");
    if (`"'`.includes(character)) this.fail("unterminated string literal");
    else this.fail(code < 128 ? "invalid syntax" : `invalid character '${character}' (U+${point})`);
    this.advance(character);
  }
}

// What is wrong on a line; where two operands have nothing between them, as mathematics is written on paper, that is said.
function syntaxError(message, tokens, at) {
  const there = tokens.filter(token => token.at[0] === at[0] && token.kind !== "newline");
  const keyword = ({ written }) => [OPERATOR_WORDS, STATEMENT_WORDS, CONSTANT_WORDS].some(words => words.has(written));
  for (let i = 0; i + 1 < there.length; i += 1) {
    const [left, right] = there.slice(i), named = left.kind === "name", operand = ({ kind }) => kind === "name" || kind === "number";
    if (!(operand(left) || left.written === ")") || !(operand(right) || right.written === "(")) continue;
    const gap = left.written === ")" || right.at[1] > left.at[1] + [...left.written].length;
    if (keyword(left) || keyword(right) || (named && right.written === "(") || (right.kind === "number" && !gap)) continue; // as in calls
    if (named && FUNCTIONS.includes(left.written)) {
      const after = there.slice(i + 1), behind = ({ at, written }) => at[1] + written.length;
      const end = after.findIndex((token, k) => k && token.at[1] > behind(after[k - 1]));
      const argument = after.slice(0, end < 0 ? after.length : end).map(token => token.written).join("");
      return new ExpressionError(`not an expression: a function is written with brackets, ${left.written}(${argument})`, left.at);
    }
    const [before, behind] = [left, right].map(({ written }) => "()".includes(written) ? "(…)" : written);
    return new ExpressionError(`not an expression: a product is written with *, ${before} * ${behind}`, right.at);
  }
  return new ExpressionError(`not an expression: ${message}`, at);
}

// The number of a literal.
function literal(written, at) {
  const plain = written.replaceAll("_", ""), whole = /^\d+$|^0[xbo]/i.test(plain);
  if (/^0\d*[1-9]\d*$/.test(plain)) {
    throw new ExpressionError("not an expression: leading zeros in decimal integer literals are not permitted", at);
  }
  if (/^\d+$/.test(plain) && plain.length > MOST_DIGITS) {
    throw new ExpressionError(`not an expression: Exceeds the limit (${MOST_DIGITS} digits) for integer string conversion`, at);
  }
  return { value: Number(plain), whole, digits: plain };
}

// A tree of the text: statements of expressions, each with its kind and its place.
class Reader {
  constructor(text) {
    this.scanner = new Scanner(text);
    this.tokens = this.scanner.tokens;
    this.next = 0;
  }

  get token() { return this.tokens[this.next]; }
  is(...written) { return ["sign", "name"].includes(this.token.kind) && written.includes(this.token.written); }
  take() { return this.tokens[this.next++]; }

  // Raises an error at a place: what the scanner found there, or a bracket of a line before that was never closed.
  fail(message = "invalid syntax", at = this.token.at) {
    const { open, neverClosed } = this.scanner, found = this.tokens.find(token => token.kind === "error" && token.at === at);
    if (open.length && open.at(-1).at[0] < at[0]) throw syntaxError(neverClosed, this.tokens, open.at(-1).at);
    throw syntaxError(found?.message ?? message, this.tokens, at);
  }

  expect(written) {
    if (!this.is(written)) this.fail();
    return this.take();
  }

  get ends() { return this.token.kind === "newline" || this.is(";"); }

  statements() {
    const found = [];
    while (this.next < this.tokens.length) {
      if (this.token.kind === "newline") {
        this.next += 1;
        continue;
      }
      found.push(this.statement());
      if (!this.ends) this.fail();
      this.next += 1;
    }
    return found;
  }

  statement() {
    const { at } = this.token, other = { kind: "statement", at };
    if (this.token.kind === "name" && STATEMENT_WORDS.has(this.token.written) || this.is("for", "if")) {
      while (!this.ends) this.next += 1;
      return other;
    }
    const first = this.list();
    if (this.token.kind === "sign" && (/^(?![:=!<>]=$).+=$/.test(this.token.written) || this.is(":"))) {
      this.next += 1;
      this.list();
      if (this.is("=")) {
        this.next += 1;
        this.list();
      }
      return other;
    }
    if (!this.is("=")) return { kind: "expression", value: first, at };
    const parts = [first];
    while (this.is("=")) {
      const { kind, at } = parts.at(-1), thing = NO_TARGETS[kind];
      if (thing) this.fail(`cannot assign to ${thing} here. Maybe you meant '==' instead of '='?`, at);
      this.next += 1;
      parts.push(this.list());
    }
    return parts.length > 2 ? other : { kind: "assignment", target: first, value: parts[1], at };
  }

  // An expression, or several with commas between them, which are a list.
  list() {
    const { at } = this.token, items = [this.expression()];
    if (!this.is(",")) return items[0];
    while (this.is(",")) {
      this.next += 1;
      if (this.ends || this.is(")", "=")) break;
      items.push(this.expression());
    }
    return { kind: "list", items, at };
  }

  // An expression, with what is Python but no arithmetic: conditions, functions without a name, names given in between.
  expression() {
    const { at } = this.token, other = { kind: "other", at };
    if (this.is("lambda")) {
      while (!this.is(":") && !this.ends) this.next += 1;
      this.expect(":");
      this.expression();
      return other;
    }
    if (this.is("*", "**", "yield", "await")) {
      this.next += 1;
      this.expression();
      return other;
    }
    const value = this.operation(0);
    if (this.is(":=")) {
      this.next += 1;
      this.expression();
      return other;
    }
    if (!this.is("if")) return value;
    this.next += 1;
    this.operation(0);
    this.expect("else");
    this.expression();
    return other;
  }

  // Operands and the operators between them that bind at least so tightly.
  operation(least) {
    const { at } = this.token;
    let left = this.operand(least);
    for (;;) {
      let sign = this.token.written;
      const negated = sign === "not" && this.tokens[this.next + 1]?.written === "in";
      if (negated) sign = "in";
      const binding = this.token.kind === "newline" || !Object.hasOwn(BINDING, sign) ? -1 : BINDING[sign];
      if (binding < least || binding < 0) return left;
      this.next += negated ? 2 : 1;
      if (sign === "is" && this.is("not")) this.next += 1;
      const right = sign === "**" ? this.operation(SIGNED) : this.operation(binding + 1); // 2 ** 3 ** 2 goes from the right
      left = binding <= COMPARED ? { kind: "other", at } : { kind: "binary", sign, left, right, at };
    }
  }

  operand(least) {
    const { at } = this.token;
    if (this.is("+", "-", "~")) {
      const sign = this.take().written;
      return { kind: "unary", sign, operand: this.operation(SIGNED), at };
    }
    if (this.is("not") && least <= NOT) {
      this.next += 1;
      return { kind: "unary", sign: "not", operand: this.operation(NOT), at };
    }
    let value = this.atom();
    while (this.is("(", "[", ".")) {
      const sign = this.take().written;
      if (sign === "(") value = this.call(value, at);
      else {
        if (sign === "[") this.items("]");
        else if (this.take().kind !== "name") this.fail("invalid syntax", this.tokens[this.next - 1].at);
        value = { kind: "other", at };
      }
    }
    return value;
  }

  call(called, at) {
    const opening = this.tokens[this.next - 1].at, { items, keyword, other } = this.items(")");
    return { kind: "call", called, items: other ? [{ kind: "other", at: opening }] : items, keyword, at };
  }

  atom() {
    const token = this.take(), { at, written } = token;
    if (token.kind === "number") return token.imaginary ? { kind: "constant", at } : { kind: "number", ...token.number, at };
    if (token.kind === "string") {
      let { format } = token;
      while (this.token.kind === "string") format ||= this.take().format;
      return { kind: format ? "other" : "constant", at };
    }
    if (written === "..." || CONSTANT_WORDS.has(written)) return { kind: "constant", at };
    if (token.kind === "name" && !OPERATOR_WORDS.has(written) && !STATEMENT_WORDS.has(written)) return { kind: "name", name: written, at };
    if (token.kind === "sign" && Object.hasOwn(CLOSING, written)) {
      const { items, listed, other } = this.items(CLOSING[written]);
      if (written === "{" || other) return { kind: "other", at };
      return written === "(" && items.length === 1 && !listed ? items[0] : { kind: "list", items, at };
    }
    return this.fail("invalid syntax", at);
  }

  // Goes to the end of the brackets.
  skip() {
    for (let depth = 0; depth > 0 || !this.is(")", "]", "}"); this.next += 1) {
      if (this.token.kind === "newline" || this.token.kind === "error") this.fail();
      depth += Number(this.is("(", "[", "{")) - Number(this.is(")", "]", "}"));
    }
  }

  // What stands in brackets, with commas between; `other` where it is walked through, or has colons.
  items(closing) {
    const found = { items: [], keyword: null, listed: false, other: false };
    while (!this.is(closing)) {
      const { at } = this.token;
      if (this.is(":")) Object.assign(found, { other: true });
      else found.items.push(this.expression());
      if (closing === ")" && this.is("=")) {
        this.next += 1;
        this.expression();
        found.items.pop();
        found.keyword ??= at;
      }
      if (this.is("for")) {
        found.other = true;
        this.skip();
      } else if (closing !== ")" && this.is(":")) {
        found.other = true;
        this.next += 1;
      } else if (this.is(",")) {
        found.listed = true;
        this.next += 1;
      } else if (!this.is(closing)) this.fail();
    }
    this.next += 1;
    return found;
  }
}

// A value of a graph: the name of the row that makes it, "constant", or null for an input; its operands and its number.
class Value {
  constructor(op, args, data, label = "") {
    Object.assign(this, { op, args, data, label });
  }

  get constant() { return this.op === "constant"; }
  get made() { return !this.constant && this.op !== null; }
}

// The evaluation of a text. `scope` holds the values by name; `missing(name)` gives the number of a name that has none.
class Evaluator {
  constructor(text, scope = {}, missing = () => undefined) {
    this.text = trimmed(text);
    this.missing = missing;
    this.values = []; // the oldest first
    this.scope = new Map(Object.entries(scope).map(([name, number]) => [name, this.value(null, [], number, name)]));
  }

  value(op, args, data, label) {
    const value = new Value(op, args, data, label);
    this.values.push(value);
    return value;
  }

  // The value of the last statement, and all that it depends on, the oldest first.
  graph() {
    const length = [...this.text].length;
    if (length > LIMITS.text) throw new ExpressionError(`an expression has at most ${LIMITS.text} characters, ${length} came`);
    try {
      let root = null;
      for (const statement of new Reader(this.text).statements()) root = this.statement(statement);
      if (root === null) throw new ExpressionError("an expression is expected, nothing came");
      const needed = new Set([root]);
      for (const value of [...this.values].reverse()) if (needed.has(value)) value.args.forEach(arg => needed.add(arg));
      const values = this.values.filter(value => needed.has(value)), input = value => value.op === null;
      return { root, values: [...values.filter(input), ...values.filter(value => !input(value))] };
    } catch (error) {
      throw error instanceof RangeError ? new ExpressionError("the expression is nested too deeply") : error; // the stack is full
    }
  }

  statement({ kind, target, value: expression, at }) {
    if (kind === "statement") this.fail(at, "only expressions and name = expression can be used here");
    if (kind === "expression") return this.single(expression);
    if (target.kind !== "name") this.fail(target.at, "a name is expected before =");
    if (this.scope.has(target.name)) this.fail(target.at, `${target.name} has a value already`);
    const value = this.single(expression);
    value.label ||= target.name;
    this.scope.set(target.name, value);
    return value;
  }

  fail(at, message) { throw new ExpressionError(message, at); }

  single(node) {
    const value = this.evaluate(node, 0);
    if (!(value instanceof Value)) this.fail(node.at, "a list is no value: give it to a function such as sum");
    return value;
  }

  evaluate(node, depth) {
    if (depth > LIMITS.depth) this.fail(node.at, "the expression is nested too deeply");
    const parts = this.parts(node).map(part => ({ at: part.at, value: this.evaluate(part, depth + 1) }));
    return this[node.kind](node, parts);
  }

  // The expressions inside an expression, in the order in which they are computed.
  parts(node) {
    const { kind, at, sign } = node;
    if (kind === "binary") {
      const power = sign === "^" ? "a power is written **, as in x ** 2; " : "";
      if (!Object.hasOwn(ARITHMETIC, sign)) this.fail(at, `${power}the operators are + - * / **`);
      return [node.left, node.right];
    }
    if (kind === "unary") {
      if (sign !== "+" && sign !== "-") this.fail(at, "the signs are + and -");
      return sign === "-" && node.operand.kind === "number" ? [] : [node.operand];
    }
    if (kind === "call") return this.operands(node);
    if (kind === "list") return node.items;
    if (kind === "other") this.fail(at, "only arithmetic, functions, numbers and names can be used here");
    return [];
  }

  operands({ called, items, keyword, at }) {
    const { kind, name } = called;
    if (["binary", "unary", "number", "constant", "call"].includes(kind)) {
      this.fail(at, "a product is written with *, such as 2 * (…) or (…) * (…)");
    }
    if (kind !== "name") this.fail(at, "only arithmetic, functions, numbers and names can be used here");
    if (!FUNCTIONS.includes(name)) {
      if (this.scope.has(name)) this.fail(at, `a product is written with *, ${name} * (…)`);
      this.fail(at, `there is no function ${name}; the functions are ${FUNCTIONS.join(", ")}`);
    }
    if (keyword) this.fail(keyword, "functions take their operands by position");
    return items;
  }

  binary({ sign }, parts) { return this.apply(ARITHMETIC[sign], parts.map(part => this.operandOf(part))); }

  unary({ sign, operand }, [part]) {
    if (!part) return this.number({ ...operand, value: operand.whole ? 0 - operand.value : -operand.value });
    const value = this.operandOf(part);
    return sign === "-" ? this.apply("neg", [value]) : value;
  }

  list(node, parts) { return parts.map(part => this.operandOf(part)); }
  constant({ at }) { this.fail(at, "a real number is expected"); }

  number({ value, whole, digits, at }) {
    if (whole && !Number.isFinite(value)) {
      this.fail(at, `a number within ±1.8e308 is expected, an int of ${BigInt(digits).toString(2).length} bits came`);
    }
    return this.value("constant", [], value);
  }

  name({ name, at }) {
    if (this.scope.has(name)) return this.scope.get(name);
    if (Object.hasOwn(CONSTANTS, name)) return this.value("constant", [], CONSTANTS[name]);
    const number = FUNCTIONS.includes(name) ? undefined : this.missing(name);
    if (number === undefined) {
      const hint = FUNCTIONS.includes(name) ? `write ${name}(…) to apply it` : `give it one with ${name}=1.5, say`;
      this.fail(at, `${name} has no value: ${hint}`);
    }
    this.scope.set(name, this.value(null, [], number, name));
    return this.scope.get(name);
  }

  // A part that has to be a value.
  operandOf({ value, at }) {
    if (!(value instanceof Value)) this.fail(at, "a list cannot be used in arithmetic");
    return value;
  }

  // A function applied; only sums and the like take lists.
  call({ called: { name }, at }, parts) {
    const operands = parts.map(part => part.value), lists = operands.filter(Array.isArray).length, kind = rows[name]?.kind ?? "reduction";
    const fail = message => this.fail(at, message);
    if (kind === "contraction") {
      const [ws, xs, ...bias] = operands;
      const fits = lists === 2 && Array.isArray(ws) && Array.isArray(xs) && bias.length < 2;
      if (!fits) fail(`${name} takes two lists, and perhaps a number to add`);
      if (ws.length !== xs.length) fail(`${name} takes two sequences of equal length, ${ws.length} and ${xs.length} came`);
      const terms = [...ws, ...xs, ...bias];
      return terms.length ? this.apply(name, terms) : []; // nothing is added up: no value
    }
    if (lists && !(operands.length === 1 && kind === "reduction")) fail(`${name} takes numbers, a list came`);
    const args = operands.flat();
    if (kind === "reduction") {
      if (!args.length) fail(`${name} needs at least one ${name === "mean" ? "value" : "term"}, none came`);
      if (name !== "mean") return this.apply(name, args);
      return this.apply("div", [this.apply("sum", args), this.value("constant", [], args.length)]);
    }
    const { arity, defaults } = rows[name];
    if (args.length < arity) args.push(...defaults.slice(defaults.length - arity + args.length));
    if (args.length !== arity) fail(`${name} takes ${arity} operand(s), ${args.length} came`);
    return this.apply(name, args.map(arg => arg instanceof Value ? arg : this.value("constant", [], arg)));
  }

  apply(name, args) { return this.value(name, args, operations[name](...args.map(arg => arg.data))); }
}

// A text without what all its lines begin with.
function trimmed(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const margins = lines.filter(line => line.trim()).map(line => /^[ \t]*/.exec(line)[0].length), margin = Math.min(...margins);
  return lines.map(line => line.slice(Number.isFinite(margin) ? margin : 0)).join("\n").trim();
}
