
// ── drawings of any graph, laid out by dagre, in the two styles of viz/drawings ─────────────────

const FONT = "Helvetica, Arial, sans-serif", SIZE = 12, SMALL = 10, RADIUS = 14.4;
const WIDE = "-0.1234"; // there is room for numbers of so many characters
const brush = document.createElement("canvas").getContext("2d");

function textWidth(text, size = SIZE, weight = "") {
  brush.font = `${weight} ${size}px ${FONT}`;
  return brush.measureText(text).width;
}

// A graph while it is drawn: nodes with their sizes and what paints them, edges with their ends.
class Sketch {
  constructor(walk) {
    Object.assign(this, { walk, nodes: new Map(), edges: [] });
  }

  // A node; `mark` are the attributes by which scripts find it, `paint` draws it around a point.
  node(id, mark, width, height, paint, more = {}) {
    this.nodes.set(id, { id, mark, width, height, paint, ...more });
    return id;
  }

  // An edge, perhaps with a number on it. What is joined closely stays close and level.
  edge(from, to, mark, { arrow = true, label = null, weight = 1 } = {}) {
    this.edges.push({ from, to, mark, arrow, label, weight });
  }

  operation(value) {
    const { symbol } = rows[value.op], size = symbol.length <= 2 ? SIZE + 4 : SIZE, long = symbol.length > 4;
    const id = `${this.walk.id(value)}op`, rx = long ? textWidth(symbol, size) / 2 + 9 : RADIUS;
    return this.node(id, { "data-value": this.walk.id(value), "data-operation": "" }, 2 * rx, 2 * RADIUS, (group, x, y) => {
      draw("ellipse", { fill: "var(--operation)", stroke: "var(--line)", cx: round(x), cy: round(y), rx, ry: RADIUS }, group);
      write(group, symbol, x, y + size * 0.35, { fill: "var(--text)", "font-size": size, "text-anchor": "middle" });
    }, { round: [rx, RADIUS] });
  }

  // The edge on which an operand comes, with the local derivative.
  operand(tail, edge) {
    const label = edge.arg.constant ? null : { key: `${edge.id}:local`, width: textWidth(WIDE, SMALL) + 4 };
    this.edge(tail, `${this.walk.id(edge.value)}op`, { "data-edge": edge.id }, { label });
  }

  // The frame around a value, with round corners if wanted; that of a constant is dashed.
  frame(group, value, x, y, width, height, corner = 0) {
    const across = round(width - 2 * corner), down = height - 2 * corner;
    const turn = (dx, dy) => corner ? `a${corner} ${corner} 0 0 1 ${dx * corner} ${dy * corner}` : "";
    const start = `M${round(x - width / 2 + corner)} ${round(y - height / 2)}`;
    const outline = `${start}h${across}${turn(1, 1)}v${down}${turn(-1, 1)}h${-across}${turn(-1, -1)}v${-down}${turn(1, -1)}z`;
    const dashed = value.constant ? { "stroke-dasharray": "5 2" } : {};
    draw("path", { fill: `var(--${this.kind(value)})`, stroke: "var(--line)", d: outline, ...dashed }, group);
  }

  kind(value) { return value.constant ? "constant" : value.made ? "result" : "input"; }
  named(value) { return value.constant && !value.label ? "" : this.walk.names.get(value); }

  edgesOf(value) { return this.walk.operands.filter(edge => edge.value === value); }

  // Places all nodes and paints them; the drawing is a group, with the size of all of it.
  drawing() {
    const layout = new dagre.graphlib.Graph({ multigraph: true });
    layout.setGraph({ rankdir: "LR", ranksep: this.ranksep, nodesep: this.nodesep, edgesep: 10, marginx: 9, marginy: 9, ranker: inColumns });
    for (const { id, width, height } of this.nodes.values()) layout.setNode(id, { width, height });
    this.edges.forEach(({ from, to, label, weight }, i) => layout.setEdge(from, to,
      { weight, width: label?.width ?? 0, height: label ? 2 * SMALL + 4 : 0, labelpos: "c" }, String(i)));
    dagre.layout(layout, { customOrder: inOrder });
    const group = draw("g", { class: "graph", transform: "translate(0 0)" });
    for (const [id, node] of this.nodes) Object.assign(node, { at: layout.node(id) });
    this.edges.forEach((edge, i) => {
      const ways = layout.edge({ v: edge.from, w: edge.to, name: String(i) }).points.slice(1, -1);
      edge.ways = ways.length > 1 || edge.label ? ways : []; // short ones need not bend on their way
    });
    for (const node of this.nodes.values()) this.enter(node);
    for (const edge of this.edges) this.connect(edge, group);
    for (const { mark, paint, at } of this.nodes.values()) {
      paint(draw("g", { class: "node", ...mark }, group), at.x, at.y);
    }
    const { width, height } = layout.graph();
    return { group, width, height };
  }

  // Edges come to a circle side by side, in the order in which they arrive.
  enter(node) {
    const coming = this.edges.filter(edge => edge.to === node.id);
    const height = edge => edge.ways.at(-1)?.y ?? this.nodes.get(edge.from).at.y;
    coming.sort((a, b) => height(a) - height(b)).forEach((edge, i) => {
      const turn = coming.length === 1 ? 0 : (i / (coming.length - 1) - 0.5) * Math.min(1.9, 0.6 * coming.length);
      edge.turn = node.round ? turn : 0;
    });
  }

  connect({ from, to, mark, arrow, label, ways, turn }, parent) {
    const group = draw("g", { class: "edge", ...mark }, parent), tail = this.nodes.get(from), head = this.nodes.get(to);
    const [rx, ry] = head.round ?? [head.width / 2, 0], tip = arrow ? 6 : 0, gap = arrow ? 1 : 0;
    const toward = [Math.cos(turn), -Math.sin(turn)]; // into the circle
    const end = [head.at.x - (rx + gap) * Math.cos(turn), head.at.y + (ry + gap) * Math.sin(turn)];
    const last = [end[0] - tip * toward[0], end[1] - tip * toward[1]];
    const points = [[tail.at.x + tail.width / 2, tail.at.y], ...ways.map(({ x, y }) => [x, y]), last];
    draw("path", { fill: "none", stroke: "var(--line)", d: curve(points, toward) }, group);
    if (arrow) {
      const across = [-2.1 * toward[1], 2.1 * toward[0]];
      const corners = [end, [last[0] + across[0], last[1] + across[1]], [last[0] - across[0], last[1] - across[1]]];
      draw("polygon", { fill: "var(--line)", stroke: "var(--line)", points: corners.map(corner => corner.map(round)).join(" ") }, group);
    }
    if (label) {
      const { x, y } = ways[Math.floor(ways.length / 2)];
      const text = write(group, "", x - label.width / 2 + 2, y - 4, { fill: "var(--local)", "font-size": SMALL, "font-style": "italic" });
      number(text, label.key);
    }
  }
}

// Puts the nodes of each rank in order: operands as they are written, from top to bottom, or as dagre finds that few edges
// cross, upside down perhaps; whichever has fewest edges that cross and operands that are out of order, which is worse.
function inOrder(layout, order) {
  const ranks = [...Map.groupBy(layout.nodes(), id => layout.node(id).rank).values()], written = asWritten(layout);
  const place = (ids, key) => ids.sort((a, b) => key(a) - key(b)).forEach((id, i) => { layout.node(id).order = i; });
  order(layout);
  const found = new Map(layout.nodes().map(id => [id, layout.node(id).order]));
  const keys = [id => written.get(id), id => found.get(id), id => -found.get(id)];
  const costs = keys.map(key => {
    ranks.forEach(ids => place(ids, key));
    return crossings(layout) + 2 * inversions(layout);
  });
  ranks.forEach(ids => place(ids, keys[costs.indexOf(Math.min(...costs))]));
}

// When each node is met on the way back from the root, the first operand of each first.
function asWritten(layout) {
  const met = new Map(), ahead = layout.nodes().filter(id => !layout.outEdges(id).length);
  while (ahead.length) {
    const id = ahead.pop();
    if (met.has(id)) continue;
    met.set(id, met.size);
    ahead.push(...operandsOf(layout, id).reverse());
  }
  return met;
}

// Where the edges of a node come from, in the order in which they were made.
function operandsOf(layout, id) {
  const made = edge => Number(layout.node(edge.v).edgeObj?.name ?? edge.name);
  return [...layout.inEdges(id)].sort((a, b) => made(a) - made(b)).map(edge => edge.v);
}

// How many operands come above the one before.
function inversions(layout) {
  return layout.nodes().reduce((sum, id) => {
    const places = operandsOf(layout, id).map(v => layout.node(v).order);
    return sum + places.filter((place, i) => i && place < places[i - 1]).length;
  }, 0);
}

// How many pairs of edges cross between neighbouring ranks.
function crossings(layout) {
  const place = id => layout.node(id).order, gaps = Map.groupBy(layout.edges(), ({ v }) => layout.node(v).rank);
  return [...gaps.values()].reduce((sum, edges) => {
    const pairs = edges.map(({ v, w }) => [place(v), place(w)]).sort(([a, b], [c, d]) => a - c || b - d);
    let count = 0;
    pairs.forEach(([a, b], i) => {
      for (let k = 0; k < i; k += 1) count += Number(pairs[k][0] < a && pairs[k][1] > b);
    });
    return sum + count;
  }, 0);
}

const COLOURS = { data: "value", gradient: "gradient" };
const round = x => Math.round(100 * x) / 100;

// A smooth line from left to right through points; its end has a direction.
function curve(points, toward) {
  return points.slice(1).reduce((path, [x, y], i) => {
    const [before, level] = points[i], bend = (x - before) / 2, near = Math.min(bend, 24), last = i === points.length - 2;
    const into = last ? [x - near * toward[0], y - near * toward[1]] : [x - bend, y];
    return `${path}C${[before + bend, level, ...into, x, y].map(round).join(" ")}`;
  }, `M${points[0].map(round).join(" ")}`);
}

function write(parent, text, x, y, attributes = {}) {
  return draw("text", { x: round(x), y: round(y), "font-family": FONT, "font-size": SIZE, ...attributes }, parent, text);
}

// Makes a text the place of a number, with what stands before it and room for so many characters.
function number(text, key, before = "", room = (before + WIDE).length) {
  const marks = { "data-number": key, "data-before": before, ...(room ? { "data-room": room } : {}) };
  for (const [name, mark] of Object.entries(marks)) text.setAttribute(name, mark);
}

// Boxes with label, data and gradient, and circles for operations.
class RecordSketch extends Sketch {
  ranksep = 26;
  nodesep = 16;

  sketch() {
    for (const value of this.walk.graph) {
      this.box(value);
      if (!value.made) continue;
      const circle = this.operation(value);
      for (const edge of this.edgesOf(value)) this.operand(this.walk.id(edge.arg), edge);
      this.edge(circle, this.walk.id(value), { "data-value": this.walk.id(value), "data-operation": "" }, { weight: 6 });
    }
    return this.drawing();
  }

  box(value) {
    const { constant } = value, id = this.walk.id(value), name = this.named(value), cells = [];
    const cell = (width, paint) => cells.push({ width: width + 12, paint });
    if (name) cell(textWidth(name, SIZE, "bold"), (group, x, y) => write(group, name, x, y, { fill: "var(--text)", "font-weight": "bold" }));
    const place = (role, before, widest, room) => cell(textWidth(before + widest), (group, x, y) =>
      number(write(group, "", x, y, { fill: `var(--${COLOURS[role]})` }), `${id}:${role}`, before, room));
    if (constant) place("data", "", formatted(value.data, FORMAT), 0);
    else {
      place("data", "data ", WIDE);
      place("gradient", "grad ", WIDE);
    }
    const width = cells.reduce((sum, each) => sum + each.width, 0), height = 26;
    this.node(id, { "data-value": id }, width, height, (group, x, y) => {
      this.frame(group, value, x, y, width, height);
      let left = x - width / 2;
      cells.forEach((each, i) => {
        if (i) draw("path", { fill: "none", stroke: "var(--line)", d: `M${round(left)} ${round(y - height / 2)}v${height}` }, group);
        each.paint(group, left + 6, y + 4.3);
        left += each.width;
      });
    });
  }
}

// Operations joined by wires, the value above and the gradient below each wire; a wire forks where a value is used again.
class CircuitSketch extends Sketch {
  ranksep = 16;
  nodesep = 10;

  sketch() {
    const { walk } = this, taps = new Map();
    for (const value of walk.graph) {
      const id = walk.id(value), start = value.made ? this.circle(value, taps) : this.leaf(value), mark = { "data-value": id };
      if (value.constant) {
        taps.set(value, start);
        continue;
      }
      const made = value.made ? { ...mark, "data-operation": "" } : mark;
      const between = value.made && value !== walk.top && this.named(value);
      let tap = this.wire(start, id, mark, id, made, between ? `${walk.names.get(value)} = ` : "");
      if (this.forks(value)) {
        const fork = this.node(`${id}fork`, mark, 4.4, 4.4, (group, x, y) =>
          draw("ellipse", { fill: "var(--line)", stroke: "var(--line)", cx: round(x), cy: round(y), rx: 2.2, ry: 2.2 }, group));
        this.edge(tap, fork, mark, { arrow: false, weight: 8 });
        tap = fork;
      }
      taps.set(value, tap);
    }
    this.end(taps.get(walk.top));
    return this.drawing();
  }

  forks(value) { return this.walk.users.get(value).length + Number(value === this.walk.top) > 1 && !value.constant; }

  circle(value, taps) {
    const circle = this.operation(value);
    for (const edge of this.edgesOf(value)) {
      const tap = taps.get(edge.arg), mark = { "data-edge": edge.id };
      this.operand(this.forks(edge.arg) ? this.wire(tap, edge.id, mark, edge.id, mark) : tap, edge);
    }
    return circle;
  }

  // The name of a leaf, or a constant's number, where its wire starts.
  leaf(value) {
    const id = this.walk.id(value), name = this.named(value), digits = value.constant ? formatted(value.data, FORMAT) : "";
    const widths = [name && textWidth(name, SIZE, "bold"), digits && textWidth(digits)].map(Number);
    const width = widths[0] + widths[1] + (name && digits ? 18 : 12);
    return this.node(`${id}leaf`, { "data-value": id }, width, 22, (group, x, y) => {
      this.frame(group, value, x, y, width, 22, 5);
      if (name) write(group, name, x - width / 2 + 6, y + 4.3, { fill: "var(--text)", "font-weight": "bold" });
      if (digits) number(write(group, "", x + width / 2 - 6 - widths[1], y + 4.3, { fill: "var(--value)" }), `${id}:data`, "", 0);
    });
  }

  // A piece of wire: a line with the value above it and a gradient below.
  wire(start, part, mark, key, joint, before = "") {
    const width = textWidth(before + WIDE) + 6, id = `${part}wire`;
    this.node(id, mark, width, 38, (group, x, y) => {
      draw("path", { fill: "none", stroke: "var(--line)", d: `M${round(x - width / 2)} ${round(y)}h${round(width)}` }, group);
      number(write(group, "", x + 3 - width / 2, y - 5, { fill: "var(--value)" }), `${key}:data`, before);
      number(write(group, "", x + 3 - width / 2, y + 14, { fill: "var(--gradient)" }), `${key}:gradient`);
    });
    this.edge(start, id, joint, { arrow: false, weight: 8 });
    return id;
  }

  // Where the output leaves the circuit.
  end(tap) {
    const { walk } = this, id = walk.id(walk.top), name = walk.names.get(walk.top), width = textWidth(name, SIZE, "bold") + 6;
    this.node(`${id}end`, { "data-value": id }, width, 22, (group, x, y) =>
      write(group, name, x, y + 4.3, { fill: "var(--text)", "font-weight": "bold", "text-anchor": "middle" }));
    this.edge(tap, `${id}end`, { "data-value": id }, { weight: 8 });
  }
}

const SKETCHES = { record: RecordSketch, circuit: CircuitSketch };
