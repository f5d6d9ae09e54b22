"use strict";

// A walk through a graph. `film` holds its values and edges, and for each step the sentence, the numbers that become
// known, and what the step is about. The drawing's elements are found by data-value, data-edge and data-number.

const film = JSON.parse(document.getElementById("film").textContent);

const $ = selector => document.querySelector(selector);
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

// ── the drawing ─────────────────────────────────────────────────────────────────────────────────

class Graph {
  constructor(svg, view) {
    Object.assign(this, { svg, view, known: {} });
    view.moved = () => this.write();
    this.elements = [...svg.querySelectorAll("[data-value], [data-edge]")];
    this.numbers = [...svg.querySelectorAll("[data-number]")].map(element => ({ element, key: element.dataset.number }));
    // What stands before a number, such as "grad ", is what is left without the last that becomes known.
    const last = Object.assign({}, film.given, ...film.steps.map(step => step.known));
    const { e, f } = svg.querySelector("g").transform.baseVal.consolidate().matrix;
    for (const number of this.numbers) {
      number.at = [Number(number.element.getAttribute("x")) + e, Number(number.element.getAttribute("y")) + f];
      number.known = !(number.key in last);
      const { textContent: text, dataset } = number.element;
      const before = number.known ? text.length : text.length - written(last[number.key]).length;
      number.prefix = dataset.before ?? text.slice(0, before);
    }
    this.users = {};
    for (const [id, edge] of Object.entries(film.edges)) (this.users[edge.from] ??= []).push([id, edge.to]);
    this.subject = null;
    this.listen();
  }

  // Shows what is known after some steps, the last of them highlighted.
  show(position) {
    const step = film.steps[position - 1];
    this.known = Object.assign({}, film.given, ...film.steps.slice(0, position).map(each => each.known));
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
  }

  // Writes the numbers that are known, as far as they are in sight.
  write() {
    for (const number of this.numbers) {
      if (!number.known && number.key in this.known && this.view.sees(number.at)) this.put(number, number.prefix + written(this.known[number.key]));
    }
    this.tell();
  }

  // Puts a number in its place, if it is another than before; where the room is too small, narrower.
  put(number, text) {
    if (text === number.text) return;
    const { element } = number, room = Number(element.dataset.room ?? Infinity);
    number.text = element.textContent = text;
    if (text.length > room) {
      element.setAttribute("textLength", 0.47 * element.getAttribute("font-size") * room);
      element.setAttribute("lengthAdjust", "spacingAndGlyphs");
    } else if (element.hasAttribute("textLength")) element.removeAttribute("textLength");
  }

  // Puts a marker behind the numbers that are new.
  mark() {
    for (const old of this.svg.querySelectorAll(".marker")) old.remove();
    for (const text of this.svg.querySelectorAll(".fresh")) {
      const { x, y, width, height } = text.getBBox();
      const marker = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const box = { class: "marker", x: x - 3, y: y - 1, width: width + 6, height: height + 2, rx: 3 };
      for (const [attribute, value] of Object.entries(box)) marker.setAttribute(attribute, value);
      text.before(marker);
    }
  }

  // Highlights all paths from a value, or along an edge, to the output.
  trace(subject) {
    this.subject = subject;
    const path = new Set();
    const ahead = [];
    if (subject in film.edges) {
      path.add(subject).add(film.edges[subject].from);
      ahead.push(film.edges[subject].to);
    } else if (subject !== null) {
      ahead.push(subject);
    }
    while (ahead.length) {
      const value = ahead.pop();
      if (path.has(value) && value !== film.edges[subject]?.from) continue;
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
    const { subject } = this;
    const shown = key => key in this.known ? written(this.known[key]) : "?";
    let text = "";
    if (subject in film.edges) {
      const edge = film.edges[subject], gradient = film.values[edge.to].gradient;
      text = `${edge.local} = ${shown(`${subject}:local`)} · along this edge comes `
        + `${gradient} · ${edge.local} = ${shown(`${subject}:gradient`)}`;
    } else if (subject !== null) {
      const value = film.values[subject];
      text = `${value.name} = ${value.data ?? shown(`${subject}:data`)}`;
      if (value.gradient) text += ` · ${value.gradient} = ${shown(`${subject}:gradient`)}`;
    }
    $("#numbers").textContent = text;
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
    const labelled = new Set();
    for (const element of this.svg.querySelectorAll(".node[data-value]")) {
      const { value } = element.dataset;
      if (labelled.has(value)) continue; // one place to stop for each value
      labelled.add(value);
      element.setAttribute("tabindex", "0");
      element.setAttribute("role", "img");
      element.setAttribute("aria-label", film.values[value].name);
    }
  }
}

// What a step makes known, as text; a page whose numbers move looks them up.
function written(known) {
  return film.look ? film.look(known) : known;
}

function name(element) {
  return element.dataset.value ?? element.dataset.edge;
}

// ── the view: pan and zoom ──────────────────────────────────────────────────────────────────────

const NEAR = 150; // farther than any number is long

class View {
  constructor(svg) {
    this.svg = svg;
    this.whole = svg.getAttribute("viewBox").split(/\s+/).map(Number);
    this.box = [...this.whole];
    svg.addEventListener("wheel", event => {
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY * 0.0015), event.clientX, event.clientY);
    }, { passive: false });
    this.fingers = new Map();
    svg.addEventListener("pointerdown", event => this.fingers.set(event.pointerId, event));
    svg.addEventListener("pointermove", event => this.drag(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      svg.addEventListener(end, event => {
        this.fingers.delete(event.pointerId);
        svg.classList.toggle("moving", this.fingers.size > 0);
      });
    }
    svg.addEventListener("dblclick", () => this.fit());
    $("#closer").addEventListener("click", () => this.zoom(0.8));
    $("#farther").addEventListener("click", () => this.zoom(1.25));
    $("#fit").addEventListener("click", () => this.fit());
  }

  fit() {
    this.overview = true;
    this.box = [...this.whole];
    this.apply();
  }

  // Goes where these elements are, in drawings that are too large to be read as a whole; until all is asked for.
  follow(elements) {
    const { width, height } = this.svg.getBoundingClientRect();
    const readable = Math.min(width / this.whole[2], height / this.whole[3]) > 0.6;
    if (readable || this.overview || !elements.length) return;
    const corner = (x, y) => this.point(x, y);
    const boxes = elements.map(element => element.getBoundingClientRect());
    const [left, top] = corner(Math.min(...boxes.map(box => box.left)), Math.min(...boxes.map(box => box.top)));
    const [right, bottom] = corner(Math.max(...boxes.map(box => box.right)), Math.max(...boxes.map(box => box.bottom)));
    const across = Math.max(width, 1.2 * (right - left), 1.2 * (bottom - top) * width / height);
    const high = across * height / width;
    this.box = [(left + right - across) / 2, (top + bottom - high) / 2, across, high];
    this.apply();
  }

  // Makes what is seen so many times as large, around a point of the screen or the middle.
  zoom(factor, x, y) {
    this.overview = false;
    const scale = clamp(this.box[2] * factor, this.whole[2] / 50, this.whole[2] * 3) / this.box[2];
    const at = x === undefined ? [this.box[0] + this.box[2] / 2, this.box[1] + this.box[3] / 2] : this.point(x, y);
    this.box = [at[0] - (at[0] - this.box[0]) * scale, at[1] - (at[1] - this.box[1]) * scale,
      this.box[2] * scale, this.box[3] * scale];
    this.apply();
  }

  // Two fingers zoom, one finger or the mouse moves.
  drag(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    this.svg.classList.add("moving");
    const others = [...this.fingers.values()].filter(finger => finger.pointerId !== event.pointerId);
    if (others.length) {
      const distance = finger => Math.hypot(finger.clientX - others[0].clientX, finger.clientY - others[0].clientY);
      this.zoom(distance(before) / Math.max(distance(event), 1), event.clientX, event.clientY);
    } else {
      const from = this.point(before.clientX, before.clientY), to = this.point(event.clientX, event.clientY);
      this.box[0] += from[0] - to[0];
      this.box[1] += from[1] - to[1];
      this.apply();
    }
    this.fingers.set(event.pointerId, event);
  }

  point(x, y) {
    const point = new DOMPoint(x, y).matrixTransform(this.svg.getScreenCTM().inverse());
    return [point.x, point.y];
  }

  apply() {
    this.svg.setAttribute("viewBox", this.box.map(side => side.toFixed(3)).join(" "));
    this.moved();
  }

  // Whether a point is in sight or near it.
  sees([x, y]) {
    const [left, top, width, height] = this.box;
    return x > left - NEAR && x < left + width + NEAR && y > top - NEAR && y < top + height + NEAR;
  }
}

// ── the player ──────────────────────────────────────────────────────────────────────────────────

class Player {
  constructor(graph, view) {
    Object.assign(this, { graph, view, timer: null, last: film.steps.length });
    this.entries = [...document.querySelectorAll("nav li")];
    const click = { first: () => this.go(0), back: () => this.go(this.position - 1), play: () => this.toggle(),
      on: () => this.go(this.position + 1), last: () => this.go(this.last) };
    for (const [id, act] of Object.entries(click)) $(`#${id}`).addEventListener("click", act);
    $("#slider").addEventListener("input", event => this.go(Number(event.target.value)));
    this.entries.forEach((entry, i) => entry.addEventListener("click", event => {
      event.preventDefault();
      this.go(i + 1);
    }));
    addEventListener("keydown", event => this.key(event));
    addEventListener("hashchange", () => this.open());
    this.open();
  }

  // The step that the address names, #step=7; the end without one.
  open() {
    const asked = /^#step=(\d+)$/.exec(location.hash);
    this.go(asked ? Number(asked[1]) : this.position ?? this.last, false);
  }

  go(position, byHand = true) {
    this.position = clamp(position, 0, this.last);
    if (byHand) {
      this.pause();
      this.remember();
    }
    this.show();
  }

  show() {
    const { position } = this, step = film.steps[position - 1];
    this.graph.show(position);
    this.view.follow([...this.graph.svg.querySelectorAll(".active")]);
    this.graph.mark();
    $("#slider").value = position;
    $("#count").textContent = `${position} / ${this.last}`;
    $("#phase").textContent = step ? step.phase : "start";
    $("#phase").className = step ? step.phase : "";
    this.tell();
    this.entries.forEach((entry, i) => {
      if (i + 1 === position) entry.setAttribute("aria-current", "step");
      else entry.removeAttribute("aria-current");
    });
    const entry = this.entries[position - 1], list = $("nav");
    if (entry && list.scrollHeight > list.clientHeight) {
      list.scrollTop = entry.offsetTop - list.offsetTop - list.clientHeight / 2;
    }
  }

  // Writes the sentence of the step.
  tell() {
    const step = film.steps[this.position - 1], text = step ? step.text : film.start;
    $("#formula").replaceChildren(...(step ? pieces(step.math) : []));
    $("#sentence").textContent = text;
    $("#slider").setAttribute("aria-valuetext", step ? `${this.position} of ${this.last}: ${text}` : "start");
  }

  // The address names the step, where the page has an address of its own.
  remember() {
    try {
      history.replaceState(null, "", `#step=${this.position}`);
    } catch {
      // Pages inside of others may not.
    }
  }

  toggle() {
    if (this.timer !== null) {
      this.pause();
      this.remember();
      return;
    }
    if (this.position === this.last) this.go(0, false);
    this.timer = setInterval(() => {
      this.go(this.position + 1, false);
      if (this.position === this.last) this.go(this.last);
    }, 1500);
    this.label("pause", "❚❚");
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.label("play", "▶");
  }

  label(does, sign) {
    $("#play").textContent = sign;
    $("#play").setAttribute("aria-label", does);
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("[data-keys]")) return;
    const acts = {
      ArrowLeft: () => this.go(this.position - 1), ArrowRight: () => this.go(this.position + 1),
      PageUp: () => this.go(this.position - 1), PageDown: () => this.go(this.position + 1), // what presenters send
      Home: () => this.go(0), End: () => this.go(this.last), " ": () => this.toggle(),
      "+": () => this.view.zoom(0.8), "=": () => this.view.zoom(0.8), "-": () => this.view.zoom(1.25), "0": () => this.view.fit(),
    };
    const act = acts[event.key];
    if (!act || (event.key === " " && event.target.closest("button"))) return; // Space presses a button
    event.preventDefault();
    act();
  }
}

// A formula in pieces that a narrow page can put on several lines: one from each sign of equality to the next.
function pieces(markup) {
  const whole = document.createElement("div");
  whole.innerHTML = markup; // written by viz, in which labels are escaped
  const made = [];
  for (const part of [...whole.firstElementChild.childNodes]) {
    const breaks = part.localName === "mtext" || (part.localName === "mo" && /=$/.test(part.textContent));
    if (!made.length || breaks) {
      made.push(document.createElementNS("http://www.w3.org/1998/Math/MathML", "math"));
      made.at(-1).setAttribute("displaystyle", "true");
    }
    made.at(-1).append(part);
  }
  return made;
}
