
// ── a network, from neurons to scalars ──────────────────────────────────────────────────────────

const WIDEST = 16; // layers of more neurons begin with their first and last ones
const ENDS = 4; // so many of each
const HEAD = 34; // pixels above the neurons, for the name of the layer

// The layers as columns of neurons. A layer is unfolded, folded to its first and last neurons, or to one box.
class Column {
  constructor(layer, index) {
    Object.assign(this, layer, { index });
    this.fold = this.neurons.length > WIDEST ? "ends" : "none";
  }

  // The next way to fold it.
  turn() {
    const ways = this.neurons.length > WIDEST ? ["ends", "none", "all"] : ["none", "all"];
    this.fold = ways[(ways.indexOf(this.fold) + 1) % ways.length];
  }

  // What stands in it from top to bottom: numbers of neurons, and null for those that are not shown.
  get places() {
    const count = this.neurons.length, all = [...Array(count).keys()];
    if (this.fold === "none") return all;
    return this.fold === "all" ? [null] : [...all.slice(0, ENDS), null, ...all.slice(count - ENDS)];
  }
}

// Of thousands of rows, only those that change are laid out again.
function hide(element, hidden) {
  if (element.hidden !== hidden) element.hidden = hidden;
}

class Diagram {
  constructor(svg, page) {
    Object.assign(this, { svg, page });
    this.columns = walk.network.layers.map((layer, i) => new Column(layer, i));
    this.focused = "0 0";
    new ResizeObserver(() => this.build()).observe(svg);
    svg.addEventListener("click", event => this.act(event.target));
    svg.addEventListener("keydown", event => this.key(event));
  }

  build() {
    const { svg, columns } = this, width = svg.clientWidth, height = svg.clientHeight;
    if (!width || !height) return;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    const most = Math.max(...columns.map(column => column.places.length)), pitch = (height - HEAD - 6) / most;
    this.radius = clamp(pitch * 0.44, 3, 18);
    columns.forEach(column => this.stand(column, width, height));
    this.lines = columns.slice(1).flatMap((column, i) => this.connect(columns[i], column));
    this.marks = columns.flatMap(column => [...column.at].map(([number, at]) => this.neuron(column, number, at)));
    for (const column of columns) this.head(column);
    this.draw();
    this.mark();
  }

  // The places of a column's neurons; under null, of the box for those that are not shown.
  stand(column, width, height) {
    const { places } = column, x = width * (column.index + 0.5) / this.columns.length;
    const pitch = Math.min((height - HEAD - 6) / places.length, 2.9 * this.radius + 6);
    const top = HEAD + (height - HEAD - pitch * places.length) / 2;
    column.at = new Map(places.map((number, i) => [number, [x, top + pitch * (i + 0.5)]]));
  }

  connect(before, column) {
    const lines = [];
    column.weights.forEach((row, i) => row.forEach((places, j) => {
      if (!column.at.has(i) || !before.at.has(j)) return;
      const [x1, y1] = before.at.get(j), [x2, y2] = column.at.get(i);
      for (const place of places) lines.push([draw("line", { x1, y1, x2, y2 }, this.svg), place]);
    }));
    const box = (from, to) => draw("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1], "stroke-opacity": 0.4, "stroke-width": 1 }, this.svg);
    if (before.fold === "all") for (const at of column.at.values()) box(before.at.get(null), at);
    else if (column.fold === "all") for (const at of before.at.values()) box(at, column.at.get(null));
    return lines;
  }

  // A neuron, or a box for those that are not shown.
  neuron(column, number, [x, y]) {
    const input = column.index === 0 ? " input" : "", group = draw("g", { class: `neuron${input}`, role: "button" }, this.svg);
    group.dataset.at = `${column.index} ${number ?? ""}`;
    if (number === null) {
      const hidden = column.neurons.length - column.at.size + 1;
      draw("rect", { x: x - 24, y: y - 9, width: 48, height: 18, rx: 6 }, group);
      draw("text", { x, y: y + 4 }, group, column.fold === "all" ? `× ${hidden}` : `+ ${hidden}`);
      group.setAttribute("aria-label", filled(words.hidden, { count: hidden, layer: column.name }));
      return { group, column, number };
    }
    draw("circle", { cx: x, cy: y, r: this.radius }, group);
    const text = this.radius >= 14 ? draw("text", { x, y: y + 4 }, group) : null, title = draw("title", {}, group);
    return { group, column, number, text, title, ...column.neurons[number] };
  }

  head(column) {
    const x = this.svg.clientWidth * (column.index + 0.5) / this.columns.length;
    const group = draw("g", { class: "fold", role: "button", "text-anchor": "middle" }, this.svg);
    group.dataset.fold = column.index;
    group.setAttribute("tabindex", "0");
    group.setAttribute("aria-label", `${column.name}: ${words.folds}`);
    draw("text", { x, y: 13 }, group, column.name);
    draw("text", { x, y: 27, class: "about" }, group, `${column.neurons.length} ${column.about} ${column.fold === "none" ? "▾" : "▸"}`);
    draw("title", {}, group, words.folds);
  }

  // The numbers of now: of neurons what they give, of weights their sign and size.
  draw() {
    if (!this.lines) return;
    const most = this.lines.reduce((most, [, place]) => Math.max(most, Math.abs(numbers.data[place]) || 0), 1e-12);
    const thickest = this.lines.length > 60 ? 2.5 : 5;
    for (const [line, place] of this.lines) {
      const number = numbers.data[place], size = Math.min(Math.abs(number) / most, 1);
      line.setAttribute("class", number < 0 ? "negative" : "positive");
      line.setAttribute("stroke-width", (0.3 + thickest * (size || 0)).toFixed(2));
    }
    for (const { group, text, title, column, number, value } of this.marks) {
      if (!title) continue;
      const what = value === null ? "" : ` = ${numbers.text(["data", value])}`, name = this.page.name(column, number);
      if (text) text.textContent = value === null ? "" : formatted(numbers.data[value], { digits: 2, kind: "g" });
      title.textContent = name + what;
      group.setAttribute("aria-label", name + what);
    }
  }

  // The neuron that is open.
  mark() {
    for (const { group, part } of this.marks ?? []) {
      group.classList.toggle("open", part !== null && part !== undefined && part === this.page.opened);
      group.setAttribute("tabindex", group.dataset.at === this.focused ? "0" : "-1");
    }
    if (this.marks && !this.marks.some(({ group }) => group.tabIndex === 0)) this.marks[0].group.setAttribute("tabindex", "0");
  }

  act(element) {
    const fold = element.closest(".fold"), found = this.marks.find(({ group }) => group === element.closest(".neuron"));
    const column = fold ? this.columns[fold.dataset.fold] : found?.column;
    if (!column) return;
    if (found) this.focused = found.group.dataset.at;
    if (!fold && found.number !== null) return this.page.choose(found);
    column.turn();
    this.build();
    if (fold) this.svg.querySelector(`[data-fold="${column.index}"]`).focus();
    this.page.remember();
  }

  // Arrows go from neuron to neuron, Enter and Space open one.
  key(event) {
    const presses = event.key === "Enter" || event.key === " ", fold = event.target.closest(".fold");
    if (presses && fold) {
      event.preventDefault();
      this.act(fold);
    }
    const at = this.marks.findIndex(({ group }) => group === document.activeElement), here = this.marks[at];
    if (!here) return;
    const { column } = here, across = { ArrowLeft: -1, ArrowRight: 1 }[event.key], down = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const beside = across && this.marks.filter(other => other.column.index === column.index + across);
    const next = down ? this.marks[at + down] : beside?.[Math.min(beside.length - 1, this.marks.filter(other => other.column === column).indexOf(here))];
    if (presses) this.act(here.group);
    else if (next) {
      this.focused = next.group.dataset.at;
      this.mark();
      next.group.focus();
    } else if (!across && !down) return;
    event.preventDefault();
  }
}

// The part of the graph that is open: the whole, or a neuron with what goes into it.
class Network {
  constructor() {
    this.opened = 0;
    this.parts = walk.network.parts.map(part => ({ ...part, values: new Set(part.values) }));
    if (walk.plane) $("#network").append($("#plane"));
    this.diagram = new Diagram($("#layers"), this);
    this.named = new Map(this.parts.map((part, i) => [part.name, () => this.show(i)]));
    for (const [id, { name }] of Object.entries(walk.values)) this.named.set(name, () => this.find(id));
    $("#names").append(...[...this.named.keys()].map(value => make("option", { value })));
    $("#find").addEventListener("change", event => this.search(event.target));
    live.also.push(() => this.diagram.draw());
    live.tells.push(() => this.told());
    live.hears.push(asked => this.hear(asked));
    walk.follow = (position, steps) => this.follow(position, steps);
  }

  name({ index, neurons }, number) {
    const { value, part } = neurons[number];
    return part !== null ? this.parts[part].name : value === null ? "" : walk.values[`v${value}`].name;
  }

  // A step that is about another part opens that.
  follow(position, steps) {
    const turn = walk.network.turns[position - 1], { values } = this.parts[this.opened];
    const about = turn === undefined ? [] : [...this.parts[turn].values];
    if (!about.every(id => values.has(id))) this.open(turn, steps);
    else if (!this.drawn) this.open(this.opened, steps);
  }

  // Puts a part where the graph is, with its sliders and steps.
  open(index, { graph, view, entries }) {
    this.opened = index;
    this.drawn = true;
    const drawing = this.drawing(index), { values, name } = this.parts[index];
    graph.svg.setAttribute("viewBox", drawing.getAttribute("viewBox"));
    graph.svg.replaceChildren(...drawing.children);
    graph.read();
    view.read();
    for (const leaf of live.leaves) {
      hide(leaf.row, !values.has(leaf.id));
      if (!leaf.row.hidden) leaf.draw();
    }
    const all = this.holds(index);
    entries.forEach((entry, i) => hide(entry, !all.has(walk.network.turns[i])));
    $("#open-part").textContent = name;
    this.diagram.mark();
  }

  // The drawing of a part: that of one of its shape, with its names.
  drawing(index) {
    const { drawn, values } = this.parts[index], own = [...values], ids = new Map([...this.parts[drawn].values].map((id, i) => [id, own[i]]));
    const drawing = $(`#part-${drawn}`).content.firstElementChild.cloneNode(true);
    const renamed = text => text.replace(/^v\d+/, id => ids.get(id));
    for (const element of drawing.querySelectorAll("[data-value], [data-edge], [data-number], [data-name]")) {
      const { dataset } = element;
      for (const name of ["value", "edge", "number", "name"]) if (name in dataset) dataset[name] = renamed(dataset[name]);
      if (!("name" in dataset)) continue;
      const { name } = walk.values[dataset.name];
      if ("number" in dataset) dataset.before = `${name} = `;
      else element.textContent = name;
    }
    return drawing;
  }

  // The parts whose steps belong to a part: itself, and those that lie in it.
  holds(index) {
    const { values } = this.parts[index];
    return new Set([...this.parts.keys()].filter(i => [...this.parts[i].values].every(id => values.has(id))));
  }

  show(index) {
    this.open(index, player);
    player.show();
    this.remember();
  }

  choose({ part, value }) {
    if (part !== null) this.show(part);
    else if (value !== null) this.find(`v${value}`);
  }

  // Opens the part that a value belongs to, and shows its paths there.
  find(id) {
    const inside = part => part.values.has(id), last = this.parts.findLastIndex(inside);
    if (last < 0) return;
    if (!inside(this.parts[this.opened])) this.show(last);
    player.graph.trace(id);
    view.lens.follow(player.graph.elements.filter(element => element.dataset.value === id));
    const leaf = live.leaves.find(leaf => leaf.id === id);
    leaf?.row.scrollIntoView({ block: "nearest" });
  }

  search(field) {
    const asked = field.value.trim().toLowerCase(), names = [...this.named.keys()];
    const name = names.find(name => name.toLowerCase() === asked) ?? names.find(name => name.toLowerCase().includes(asked));
    field.setAttribute("aria-invalid", String(asked !== "" && name === undefined));
    if (asked && name !== undefined) this.named.get(name)();
  }

  remember() { player.remember(); }

  // What the address says of it.
  told() {
    const folds = this.diagram.columns.map(({ fold }) => fold[0]).join("");
    return { open: this.opened, folds };
  }

  hear(asked) {
    const open = Number(asked.get("open") ?? NaN), folds = asked.get("folds") ?? "";
    this.diagram.columns.forEach((column, i) => { column.fold = { n: "none", e: "ends", a: "all" }[folds[i]] ?? column.fold; });
    this.diagram.build();
    if (this.parts[open] && open !== this.opened) {
      this.open(open, player);
      player.show();
    }
  }
}

const network = new Network();
