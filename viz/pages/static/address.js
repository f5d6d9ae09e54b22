
// ── the address ─────────────────────────────────────────────────────────────────────────────────

const LONGEST = 4000; // numbers in an address

// Whether an address can hold all that the next steps depend on.
const fits = ({ training, own }) => [training.save(), own.given?.X ?? []].every(numbers => numbers.length <= LONGEST);

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

// Where an option may be, among so many examples.
const ranges = count => ({ lr: [0, 1e6], batch: [1, count], l1: [0, 1e6], l2: [0, 1e6], noise: [0, 100], testShare: [0, 0.9] });

// All that is set, the examples if they are others than at first, and all that the next steps depend on; what is too long for
// an address is left out.
function addressOf({ models, model, training, own }) {
  const { options } = training, asked = new URLSearchParams();
  const put = (name, numbers) => { if (numbers.length <= LONGEST) asked.set(name, asText(numbers)); };
  if (models.length > 1) asked.set("model", models.indexOf(model));
  for (const name of ["optimizer", "seed", ...Object.keys(ranges())]) asked.set(name, options[name]);
  if (own.given) {
    put("x", own.given.X);
    put("y", own.given.Y);
  }
  put("state", training.save());
  return asked.toString();
}

// Lets a page be as an address says, as far as that makes sense.
function takeUp(page, address) {
  const asked = new URLSearchParams(address), number = name => asked.has(name) ? Number(asked.get(name)) : NaN;
  if (page.models[number("model")]) page.choose(number("model"));
  const { training } = page, { options } = training, given = ["x", "y"].map(name => fromText(asked.get(name)));
  if (given.every(Boolean)) page.own.take(...given);
  if (Object.hasOwn(spec.optimizers, asked.get("optimizer"))) options.optimizer = asked.get("optimizer");
  for (const [name, [low, high]] of Object.entries(ranges(training.data.count))) {
    if (number(name) >= low && number(name) <= high) options[name] = number(name);
  }
  training.follow();
  if (Number.isInteger(number("seed"))) training.reset(number("seed"));
  const state = fromText(asked.get("state"));
  if (state) training.resume(state);
}
