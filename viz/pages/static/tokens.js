
// ── tokens: what is said, written as text and as MathML ─────────────────────────────────────────

// A token is an array, its kind and its parts, as viz/text/tokens.py makes it; a sentence is an array of equations and
// other tokens. `forms` says how operations and signs put their operands together. What is written is a pair of the
// text and its level, which says how tightly it binds. `point`, on pages whose numbers move, gives the number at a place
// as text, and a rule as it applies at the moment.
const SUM = 1, PRODUCT = 2, POWER = 4, ATOM = 5; // levels
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };

class Writer {
  constructor(forms, point) {
    Object.assign(this, { forms, point });
  }

  // A sentence in pieces, between which a line may be broken.
  pieces(sentence) {
    const pieces = [];
    for (const [kind, ...parts] of sentence) {
      if (pieces.length) pieces[pieces.length - 1] += this.comma;
      if (kind === "equation") pieces.push(...this.equation(...parts));
      else pieces.push(this[kind](...parts)[0]);
    }
    return pieces;
  }

  // The head, then each term with the sign of equality before it; without what would be said twice.
  equation(before, sign, head, ...terms) {
    const start = this.token(head)[0], pieces = before ? [this.words(before)[0], start] : [start], said = new Set([start]);
    let first = true;
    for (const term of terms) {
      const settled = this.settled(term);
      if (settled === null) continue;
      const [written] = this.token(settled);
      if (first || !said.has(written)) pieces.push(this.equals(first ? sign : "=") + written);
      said.add(written);
      first = false;
    }
    return pieces;
  }

  token([kind, ...parts]) { return this[kind](...parts); }

  // A token with rules as they apply at the point; null where one of them is a mere number there.
  settled(token) {
    const [kind, ...parts] = token;
    if (kind === "rule") return this.point.rule(parts[0]);
    if (kind !== "applied") return token;
    const operands = parts.slice(1).map(operand => this.settled(operand));
    return operands.includes(null) ? null : [kind, parts[0], ...operands];
  }

  applied(name, ...operands) {
    const form = this.forms[name], parts = operands.map(operand => this.token(operand));
    if (form.joins) return parts.reduce((left, right) => this.combined(form, [left, right]));
    return this.combined(form, form.listed ? [[parts.map(([written]) => written).join(this.listed), 0]] : parts);
  }

  combined(form, parts) {
    const { template, level } = form[this.spelling];
    const fill = ([i, least]) => parts[i][1] < least ? this.bracketed(parts[i][0]) : parts[i][0];
    return [template.map(piece => typeof piece === "string" ? piece : fill(piece)).join(""), level];
  }

  // A number is its text, or the place where it is.
  number(at) { return this.digits(typeof at === "string" ? at : this.point.text(at)); }
}

class TextWriter extends Writer {
  spelling = "text";
  listed = ", ";
  comma = ", ";

  sentence(tokens) { return this.pieces(tokens).join(""); }
  equals(sign) { return ` ${sign} `; }
  bracketed(written) { return `(${written})`; }
  words(text) { return [text, ATOM]; }
  name(text) { return [text, text.includes(" ") ? POWER : ATOM]; }
  digits(text) { return [text, text.startsWith("-") ? SUM : ATOM]; }
}

class MathWriter extends Writer {
  spelling = "math";
  listed = "<mo>,</mo>";
  comma = '<mo>,</mo><mspace width="1em"></mspace>';
  minus = '<mo form="prefix">−</mo>';

  equals(sign) { return `<mo>${sign}</mo>`; }
  bracketed(written) { return `<mrow><mo>(</mo>${written}<mo>)</mo></mrow>`; }

  words(text) {
    const escaped = text.replace(/[&<>"']/g, character => ENTITIES[character]);
    return [`<mtext>${escaped.replace(/^ | $/g, "\u00a0")}</mtext>`, ATOM]; // blanks at the ends would be dropped
  }

  name(text, letters, subscript) {
    if (!letters) return this.words(text);
    return [subscript ? `<msub><mi>${letters}</mi><mn>${subscript}</mn></msub>` : `<mi>${letters}</mi>`, ATOM];
  }

  digits(text) {
    const [, minus, mantissa, exponent] = /^(-?)([^e]*)e?(.*)$/.exec(text);
    let written = { "∞": "<mi>∞</mi>", nan: "<mi>nan</mi>" }[mantissa] ?? `<mn>${mantissa}</mn>`;
    if (exponent) {
      const [power] = this.combined(this.forms.pow, [["<mn>10</mn>", ATOM], this.digits(String(Number(exponent)))]);
      written += `<mo>·</mo>${power}`;
    }
    return [(minus && this.minus) + written, minus ? SUM : exponent ? PRODUCT : ATOM];
  }
}
