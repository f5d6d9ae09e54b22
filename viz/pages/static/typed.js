
// ── what is typed, and the graph that it is ─────────────────────────────────────────────────────

const INVENTED = [2, 3, -1, 4, 0.5, -2, 1.5, 5]; // the numbers of new names, in turn
const MOST_VALUES = 500;

const state = { text: "", style: "circuit", numbers: new Map(), start: new Map() };
let shown = null; // the walk that is there now

// What the scripts of pages with sliders ask for: all numbers from those of the leaves, then the local derivatives.
function forward(data) { shown.run(data); }
function local(data, slopes) { shown.slopes.forEach((slope, k) => { slopes[k] = slope(data); }); }

// Takes an example, an exercise or what an address says.
function setState({ text, at, style = state.style }) {
  Object.assign(state, { text, style, numbers: new Map(at), start: new Map(at) });
}

// The state that an address names; null if it names none.
function stateOf(hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, "")), text = asked.get("f");
  if (text === null) return null;
  const pairs = (asked.get("at") ?? "").split(",").map(pair => pair.split("=")), style = asked.get("style");
  const at = pairs.map(([name, number]) => [name, parsed(number ?? "")]).filter(([, number]) => number !== undefined);
  return { text, at, style: Object.hasOwn(SKETCHES, style) ? style : "circuit" };
}

function addressOf({ text, style }) {
  const at = leaves().map(({ name, number }) => `${name}=${shortest(number)}`).join(",");
  return new URLSearchParams({ f: text, at, style }).toString();
}

// The inputs of the graph with the numbers that they have now.
function leaves() {
  return shown.graph.filter(value => value.op === null).map(value =>
    ({ name: value.label, number: state.numbers.get(value.label) }));
}

// Reads the text; raises an ExpressionError where it is none.
function readText() {
  const invented = name => {
    if (!state.numbers.has(name)) state.numbers.set(name, INVENTED[state.numbers.size % INVENTED.length]);
    return state.numbers.get(name);
  };
  const graph = new Evaluator(state.text, {}, invented).graph(), order = [...state.numbers.keys()];
  const place = value => value.op === null ? order.indexOf(value.label) : order.length;
  graph.values.sort((a, b) => place(a) - place(b));
  if (graph.values.length > MOST_VALUES) {
    throw new ExpressionError(filled(words.too_many, { count: graph.values.length, most: MOST_VALUES }));
  }
  shown = new Walk(graph);
  Object.assign(walk, shown.data(new TextWriter(forms)));
}

// Draws the graph, and lists its steps.
function drawGraph() {
  const { group, width, height } = new SKETCHES[state.style](shown).sketch();
  $("#graph svg").replaceChildren(group);
  $("#graph svg").setAttribute("viewBox", [0, 0, width, height].map(round).join(" "));
}

function listSteps() {
  const lists = [...document.querySelectorAll("nav ol")], phases = ["forward", "backward"];
  lists.forEach((list, i) => {
    const steps = [...walk.steps.entries()].filter(([, step]) => step.phase === phases[i]);
    list.start = (steps[0]?.[0] ?? 0) + 1;
    list.replaceChildren(...steps.map(([k]) => {
      const entry = make("li");
      entry.append(make("a", { href: `#step=${k + 1}` }));
      return entry;
    }));
  });
}

// The line at fault, with a caret under the place: what stands before it takes its room there, unseen.
function caret(text, { line, column }) {
  const characters = [...(text.split("\n")[line] ?? "")], start = Math.max(0, column - 60);
  const room = make("span", { className: "room", textContent: characters.slice(start, column).join("") });
  room.setAttribute("aria-hidden", "true");
  return [`${characters.slice(start, column + 100).join("")}\n`, room, "^"];
}

setState(stateOf(location.hash) ?? EXAMPLES[0]);
try {
  readText();
} catch {
  setState(EXAMPLES[0]); // the editor says what is wrong with what the address asks for
  readText();
}
drawGraph();
listSteps();
