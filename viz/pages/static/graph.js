
// A walk through a graph: its values and edges, and for each step the sentence, the numbers that become known, and what
// the step is about. The drawing's elements are found by data-value, data-edge and data-number.
const walk = JSON.parse($("#walk").textContent);

// ── the drawing ─────────────────────────────────────────────────────────────────────────────────

class Graph {
  constructor(svg, view) {
    Object.assign(this, { svg, view, known: {}, asked: new Set() }); // a page that asks for numbers tells none of those
    view.moved = () => this.write();
    svg.setAttribute("role", "application"); // so that screen readers leave the arrow keys to it
    svg.setAttribute("aria-label", words.drawing);
    svg.setAttribute("tabindex", "-1");
    this.read();
    this.listen();
  }

  // Takes the drawing that is there now, and the walk that it shows.
  read() {
    const { svg } = this;
    this.elements = [...svg.querySelectorAll("[data-value], [data-edge]")];
    this.numbers = [...svg.querySelectorAll("[data-number]")].map(element => ({ element, key: element.dataset.number }));
    const known = Object.assign({}, walk.given, ...walk.steps.map(step => step.known));
    const { e, f } = svg.querySelector("g").transform.baseVal.consolidate().matrix;
    for (const number of this.numbers) {
      number.at = [Number(number.element.getAttribute("x")) + e, Number(number.element.getAttribute("y")) + f];
      number.known = !(number.key in known); // from the start, and no step says it again
    }
    this.users = {};
    for (const [id, edge] of Object.entries(walk.edges)) (this.users[edge.from] ??= []).push([id, edge.to]);
    this.subject = null;
    this.reach();
  }

  // Shows what is known after some steps, the last of them highlighted.
  show(position) {
    const step = walk.steps[position - 1];
    this.known = { ...walk.given };
    for (let i = 0; i < position; i += 1) Object.assign(this.known, walk.steps[i].known);
    for (const { element, key, known } of this.numbers) {
      element.classList.toggle("unknown", !known && !(key in this.known));
      element.classList.toggle("fresh", Boolean(step) && step.fresh.includes(key));
    }
    const about = new Set(step ? step.about : []);
    for (const element of this.elements) {
      const made = step?.phase === "backward" && "operation" in element.dataset; // it had its turn in the forward pass
      element.classList.toggle("active", about.has(name(element)) && !made);
    }
    this.svg.classList.toggle("forward", step?.phase === "forward");
    this.svg.classList.toggle("backward", step?.phase === "backward");
    this.write();
    this.announce();
  }

  // Writes the numbers that are known, as far as they are in sight; while they move, none that is too small to be read.
  write(moving = false) {
    if (moving && !this.view.legible) return;
    for (const number of this.numbers) {
      const { key, known, at } = number;
      if (!known && !this.asked.has(key) && key in this.known && this.view.sees(at)) this.put(number, written(this.known[key]));
    }
    this.tell();
  }

  // Puts a number in its place, if it is another than before; where the room is too small, narrower.
  put(number, digits) {
    if (number.digits === digits) return;
    const { element } = number, text = element.dataset.before + digits, room = Number(element.dataset.room ?? Infinity);
    number.digits = digits;
    element.textContent = text;
    if (text.length > room) {
      element.setAttribute("textLength", 0.47 * element.getAttribute("font-size") * room);
      element.setAttribute("lengthAdjust", "spacingAndGlyphs");
    } else if (element.hasAttribute("textLength")) element.removeAttribute("textLength");
  }

  // Highlights all paths from a value, or along an edge, to the output.
  trace(subject) {
    this.subject = subject;
    const path = new Set();
    const ahead = [];
    if (subject in walk.edges) {
      path.add(subject).add(walk.edges[subject].from);
      ahead.push(walk.edges[subject].to);
    } else if (subject !== null) {
      ahead.push(subject);
    }
    while (ahead.length) {
      const value = ahead.pop();
      if (path.has(value) && value !== walk.edges[subject]?.from) continue;
      path.add(value);
      for (const [edge, user] of this.users[value] ?? []) {
        path.add(edge);
        ahead.push(user);
      }
    }
    this.svg.classList.toggle("traced", subject !== null);
    for (const element of this.elements) {
      element.classList.toggle("path", path.has(name(element)));
      element.classList.toggle("subject", subject !== null && name(element) === subject);
    }
    this.tell();
  }

  // Writes the numbers of what is pointed at, as far as they are known.
  tell() {
    $("#numbers").textContent = this.subject === null ? "" : this.about(this.subject);
  }

  // The numbers of a value or of an edge in words.
  about(subject) {
    const shown = key => key in this.known && !this.asked.has(key) ? written(this.known[key]) : "?";
    if (subject in walk.edges) {
      const edge = walk.edges[subject], gradient = walk.values[edge.to].gradient;
      return `${edge.local} = ${shown(`${subject}:local`)} · ${words.along} `
        + `${gradient} · ${edge.local} = ${shown(`${subject}:gradient`)}`;
    }
    const value = walk.values[subject], data = `${subject}:data`;
    const text = `${value.name} = ${data in this.known ? shown(data) : value.data ?? "?"}`;
    return value.gradient ? `${text} · ${value.gradient} = ${shown(`${subject}:gradient`)}` : text;
  }

  listen() {
    const target = event => {
      const element = event.target.closest("[data-value], [data-edge]");
      return element && name(element);
    };
    this.svg.addEventListener("pointerover", event => { if (!event.buttons) this.trace(target(event)); });
    this.svg.addEventListener("pointerleave", () => this.trace(null));
    this.svg.addEventListener("focusin", event => this.trace(target(event)));
    this.svg.addEventListener("focusout", () => this.trace(null));
    this.svg.addEventListener("keydown", event => this.key(event));
    this.svg.addEventListener("focusin", event => { if (this.stops.has(name(event.target))) this.stop(name(event.target)); });
  }

  // Makes the drawing one place to stop at for those who use keys; from there, arrow keys go from value to value.
  reach() {
    const place = id => this.svg.querySelector(`.node[data-value="${id}"]`); // one of those that show the value
    this.stops = new Map(Object.keys(walk.values).map(id => [id, place(id)]).filter(([, element]) => element));
    for (const element of this.stops.values()) {
      element.setAttribute("tabindex", "-1");
      element.setAttribute("role", "img");
    }
    this.stop(this.stops.has(this.here) ? this.here : [...this.stops.keys()].at(-1));
  }

  // Makes a value the one that the tabulator key comes to.
  stop(id) {
    this.stops.get(this.here)?.setAttribute("tabindex", "-1");
    this.stops.get(id)?.setAttribute("tabindex", "0");
    this.here = id;
  }

  // → goes to where a value is used, ← to its first operand, ↓ and ↑ to the next and the one before as they were made.
  key(event) {
    if (!this.stops.has(name(event.target)) || event.altKey || event.ctrlKey || event.metaKey) return;
    const ids = [...this.stops.keys()], here = ids.indexOf(this.here);
    const operands = Object.values(walk.edges).filter(edge => edge.to === this.here).map(edge => edge.from);
    const users = (this.users[this.here] ?? []).map(([, user]) => user);
    const ways = { ArrowRight: users, ArrowLeft: operands, ArrowDown: ids.slice(here + 1), ArrowUp: ids.slice(0, here).reverse(),
      Home: ids, End: [...ids].reverse() };
    if (!(event.key in ways)) return;
    event.preventDefault();
    this.stops.get(ways[event.key].find(id => this.stops.has(id)))?.focus();
  }

  // What a screen reader says of each value.
  announce() {
    for (const [id, element] of this.stops) element.setAttribute("aria-label", this.about(id));
  }
}

// What a step makes known: text, or the place of a number that moves.
function written(known) {
  return typeof known === "string" ? known : walk.point.text(known);
}

function name(element) {
  return element.dataset.value ?? element.dataset.edge;
}
