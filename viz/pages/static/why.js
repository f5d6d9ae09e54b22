
// ── why a gradient is what it is: the paths to the output, and what a small step changes ────────

const MOST_PATHS = 20, LONGEST_PATH = 15; // more is not read
const NUDGE_FORMAT = { digits: 6, kind: "g" };

// The paths from a value to the output, each as the edges that it goes along; no more than so many of them.
function pathsOf(walk, value, most = MOST_PATHS) {
  const found = [], ahead = [[value, []]];
  while (ahead.length && found.length <= most) {
    const [last, edges] = ahead.pop();
    if (last === walk.top) found.push(edges);
    for (const edge of [...walk.users.get(last)].reverse()) ahead.push([edge.value, [...edges, edge]]);
  }
  return found;
}

// A path as the chain rule writes it, from the output back, and its product.
function pathSaid(walk, edges, numbers) {
  const back = [...edges].reverse(), slopes = back.map(({ k }) => numbers.local[k]);
  const product = edges.reduce((product, { k }) => product * numbers.local[k], 1);
  if (!back.length) return { product, said: [["number", "1"]] };
  const rules = back.map(({ rule }) => numbers.worked(rule).token), digits = x => ["number", formatted(x, FORMAT)];
  const times = rules[0][0] === "number" ? "times numbers" : "times", ratios = back.map(({ value, arg }) => walk.ratio(value, arg));
  const terms = [applied(times, ...rules), applied("times numbers", ...slopes.map(digits)), digits(product)];
  return { product, said: [["equation", "", "=", applied("times", ...ratios), ...terms]] };
}

// The sum of what paths contribute.
function totalSaid(walk, value, products) {
  const digits = x => ["number", formatted(x, FORMAT)], total = products.reduce((sum, product) => sum + product, 0);
  return [["equation", "", "=", walk.derivative(value), applied("plus", ...(products.length ? products : [0]).map(digits)), digits(total)]];
}

// What becomes of each value that depends on one that moves: its number before and after, and the change predicted.
function nudged(walk, value, step, numbers) {
  const changes = new Map();
  for (const each of walk.graph) {
    const moved = each.args.map(arg => changes.get(arg)), before = numbers.data[walk.places.get(each)];
    if (each !== value && !moved.some(Boolean)) continue;
    const start = each === value ? step : 0, data = each.args.map((arg, i) => moved[i]?.after ?? numbers.data[walk.places.get(arg)]);
    const after = (moved.some(Boolean) ? operations[each.op](...data) : before) + start;
    const edges = walk.operands.filter(edge => edge.value === each && changes.has(edge.arg));
    const predicted = edges.reduce((sum, { k, arg }) => sum + numbers.local[k] * changes.get(arg).predicted, start);
    changes.set(each, { before, after, predicted });
  }
  return changes;
}

function nudgeSaid(walk, value, step, numbers, changes) {
  const digits = x => ["number", formatted(x, NUDGE_FORMAT)], delta = value => applied("delta", walk.symbol(value));
  const slope = numbers.gradient[walk.places.get(value)], predicted = changes.get(walk.top)?.predicted ?? 0;
  return [["equation", "", "≈", delta(walk.top), applied("plus", applied("times", walk.derivative(value), delta(value))),
    applied("plus", applied("times", digits(slope), digits(step))), digits(predicted)]];
}

// A row of the table; what is mere rounding counts as no error.
function nudgeCells({ before, after, predicted }) {
  const change = after - before, error = change - predicted, rounding = 1e-13 * (Math.abs(before) + Math.abs(after));
  return [before, after, change, predicted, Math.abs(error) <= rounding ? 0 : error].map(x => formatted(x, NUDGE_FORMAT));
}

class Why {
  constructor() {
    $("#subject").addEventListener("change", () => this.show());
    $("#step").addEventListener("input", () => this.show());
    $("#graph svg").addEventListener("click", event => this.choose(event.target.closest("[data-value]")?.dataset.value));
    this.read();
  }

  // Takes the values of the walk that is there now.
  read() {
    const before = $("#subject").selectedOptions[0]?.textContent, values = shown.graph.filter(value => !value.constant);
    this.values = new Map(values.map(value => [shown.id(value), value]));
    $("#subject").replaceChildren(...values.map(value => make("option", { value: shown.id(value), textContent: shown.names.get(value) })));
    const same = values.find(value => shown.names.get(value) === before) ?? values[0];
    if (same) $("#subject").value = shown.id(same);
  }

  choose(id) {
    if (!this.values.has(id)) return;
    $("#subject").value = id;
    this.show();
  }

  show() {
    const value = this.values.get($("#subject").value);
    for (const id of ["#paths", "#total", "#prediction", "#changes tbody"]) $(id).replaceChildren();
    if (!value) return;
    this.showPaths(value);
    const step = parsed($("#step").value), known = Number.isFinite(step);
    $("#step").setAttribute("aria-invalid", String(!known));
    if (known) this.showNudge(value, step);
  }

  showPaths(value) {
    const paths = pathsOf(shown, value), told = paths.slice(0, MOST_PATHS).map(edges => ({ edges, ...pathSaid(shown, edges, numbers) }));
    $("#paths").append(...told.map(({ edges, said, product }) => {
      const entry = make("li"), names = [value, ...edges.map(edge => edge.value)].map(each => shown.names.get(each));
      if (names.length > LONGEST_PATH) names.splice(LONGEST_PATH / 2, names.length - LONGEST_PATH, "…");
      entry.append(make("span", { className: "way", textContent: names.join(" → ") }));
      entry.append(...(edges.length > LONGEST_PATH ? [formatted(product, FORMAT)] : player.formula(said)));
      return entry;
    }));
    if (paths.length > MOST_PATHS) $("#total").textContent = filled(words.first_paths, { count: MOST_PATHS });
    else $("#total").append(...player.formula(totalSaid(shown, value, told.map(({ product }) => product))));
  }

  showNudge(value, step) {
    const changes = nudged(shown, value, step, numbers);
    $("#prediction").append(...player.formula(nudgeSaid(shown, value, step, numbers, changes)));
    $("#changes tbody").append(...[...changes].map(([each, change]) => {
      const row = make("tr");
      row.append(make("th", { scope: "row", textContent: shown.names.get(each) }));
      row.append(...nudgeCells(change).map(textContent => make("td", { textContent })));
      return row;
    }));
  }
}
