
// ── numbers, written as Python writes them and read as people write them ────────────────────────

// A number as Python's format writes it: .4g, .2f, .3e; -0 reads 0, and what is infinite ∞.
function formatted(x, { digits, kind }) {
  if (Number.isNaN(x)) return "nan";
  const sign = x < 0 ? "-" : "", size = Math.abs(x);
  if (size === Infinity) return `${sign}∞`;
  if (kind === "f") return sign + fixed(size, digits);
  const significant = kind === "e" ? digits : Math.max(digits, 1) - 1;
  const [mantissa, exponent] = scientific(size, significant);
  if (kind === "e") return sign + mantissa + power(exponent);
  if (exponent < -4 || exponent > significant) return sign + stripped(mantissa) + power(exponent);
  return sign + stripped(fixed(size, significant - exponent));
}

// The shortest text that reads back as this number, as Python writes it.
function shortest(x) {
  if (!Number.isFinite(x)) return formatted(x, { digits: 17, kind: "g" });
  const sign = x < 0 || Object.is(x, -0) ? "-" : "", [mantissa, exponent] = Math.abs(x).toExponential().split("e");
  return sign + (exponent >= -4 && exponent < 16 ? String(Math.abs(x)) : mantissa + power(exponent));
}

function power(exponent) {
  return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

// Mantissa and exponent. Half-way numbers go to the even digit; toExponential rounds them up.
function scientific(size, digits) {
  const [mantissa, exponent] = size.toExponential(digits).split("e");
  if (!perhapsHalfway(size.toExponential().split("e")[0], digits)) return [mantissa, Number(exponent)];
  return [halfway(size.toExponential(digits + 25).split("e")[0], digits, mantissa), Number(exponent)];
}

function fixed(size, digits) {
  if (size >= 1e21) return BigInt(size) + (digits ? `.${"0".repeat(digits)}` : "");
  if (!perhapsHalfway(String(size), digits)) return size.toFixed(digits);
  return halfway(size.toFixed(Math.min(digits + 60, 100)), digits, size.toFixed(digits));
}

// Whether the shortest text of a number has one digit more, a 5; all its digits take long to write.
function perhapsHalfway(shortest, digits) {
  return shortest.includes("e") || (shortest.endsWith("5") && shortest.length - shortest.indexOf(".") === digits + 2);
}

function halfway(exact, digits, rounded) {
  const after = exact.slice(exact.indexOf(".") + 1 + digits), last = Number(rounded.at(-1));
  return /^50*$/.test(after) && last % 2 ? rounded.slice(0, -1) + (last - 1) : rounded;
}

function stripped(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

// The number that a text means: 2, -0.5, -0,5, 1e-3, 4/2, pi, inf; undefined if it is none.
function parsed(text) {
  const plain = text.trim().toLowerCase().replaceAll("−", "-").replace(/^([^.,]*),([^.,]*)$/, "$1.$2");
  const parts = plain.split("/").map(part => part.trim());
  if (parts.length === 2) {
    const [upper, lower] = parts.map(parsed);
    return upper === undefined || lower === undefined ? undefined : upper / lower;
  }
  const named = { pi: Math.PI, "π": Math.PI, e: Math.E, inf: Infinity, infinity: Infinity, "∞": Infinity, nan: NaN };
  const [, sign, name] = /^([+-]?)(.*)$/.exec(plain);
  if (Object.hasOwn(named, name)) return sign === "-" ? -named[name] : named[name];
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(plain) ? Number(plain) : undefined;
}
