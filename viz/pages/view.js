
// ── the view: pan and zoom ──────────────────────────────────────────────────────────────────────

const NEAR = 150; // farther than any number is long
const LEGIBLE = 0.4; // smaller, a number has less than five pixels

class View {
  constructor(svg) {
    this.svg = svg;
    this.lens = new Lens(this);
    this.read();
    // The wheel scrolls the page, unless Ctrl is held (as when two fingers pinch a touchpad) or the drawing has the focus.
    svg.addEventListener("wheel", event => {
      if (!event.ctrlKey && !event.metaKey && !svg.contains(document.activeElement)) return;
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
    whenPrinted(() => this.apply(this.whole), () => this.apply());
  }

  // Shows all of a drawing that is new.
  read() {
    this.whole = this.svg.getAttribute("viewBox").split(/\s+/).map(Number);
    this.box = this.shown = [...this.whole];
    this.svg.classList.add("whole");
    this.lens.take();
  }

  fit() {
    this.box = [...this.whole];
    this.apply();
  }

  // Makes what is seen so many times as large, around a point of the screen or the middle.
  zoom(factor, x, y) {
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

  apply(box = this.box) {
    this.shown = box;
    this.svg.setAttribute("viewBox", box.map(side => side.toFixed(3)).join(" "));
    this.svg.classList.toggle("whole", this.box[2] >= this.whole[2]); // there is nowhere to move to
    this.moved();
    this.lens.draw();
  }

  // What follows when another part is seen: nothing, unless a page says what.
  moved() {}

  // Whether numbers can be read.
  get legible() {
    const { width, height } = this.svg.getBoundingClientRect();
    return Math.min(width / this.box[2], height / this.box[3]) > LEGIBLE;
  }

  // Whether a point is in sight or near it.
  sees([x, y]) {
    const [left, top, width, height] = this.shown;
    return x > left - NEAR && x < left + width + NEAR && y > top - NEAR && y < top + height + NEAR;
  }
}

const LEAST = 11; // pixels of text that can be read
const SMALLEST = 10; // units of the smallest text of drawings
const BESIDE = 16; // pixels around the lens

// What the step is about, in a size that can be read, over drawings whose text is too small for it.
class Lens {
  constructor(view) {
    this.view = view;
    this.size = view.svg.getBoundingClientRect(); // from then on it is told: to measure would lay the page out once more
    this.svg = draw("svg", { id: "lens", "aria-hidden": "true" }, view.svg.parentElement);
    this.elements = [];
    new ResizeObserver(([{ contentRect }]) => {
      this.size = contentRect;
      this.draw();
    }).observe(view.svg);
  }

  take() {
    this.boxes = null;
    this.elements = [];
  }

  // Goes where these elements are.
  follow(elements) {
    this.elements = elements;
    this.draw();
  }

  get needed() {
    const { width, height } = this.size, [, , across, high] = this.view.box;
    return this.elements.length > 0 && width > 0 && Math.min(width / across, height / high) * SMALLEST < LEAST;
  }

  draw() {
    const { svg, needed } = this;
    svg.classList.toggle("needed", needed);
    this.view.svg.setAttribute("preserveAspectRatio", needed ? "xMinYMin" : "xMidYMid");
    if (!needed) {
      svg.replaceChildren();
      return;
    }
    this.boxes ??= [...this.view.svg.querySelectorAll(".node, .edge, .cluster")].map(element => [element, element.getBBox()]);
    const [wide, high] = this.room(), width = wide * SMALLEST / LEAST, height = high * SMALLEST / LEAST;
    const [x, y] = this.middle(width, height);
    const near = box => box.x < x + width && box.x + box.width > x && box.y < y + height && box.y + box.height > y;
    const copies = this.boxes.filter(([, box]) => near(box)).map(([element]) => element.cloneNode(true));
    for (const copy of copies) copy.removeAttribute("tabindex");
    svg.setAttribute("viewBox", [x, y, width, height].map(side => side.toFixed(2)).join(" "));
    svg.classList.toggle("forward", this.view.svg.classList.contains("forward"));
    svg.classList.toggle("backward", this.view.svg.classList.contains("backward"));
    svg.replaceChildren(...copies);
    this.place(x + width / 2, wide);
  }

  // Its width and height: all the room that a long drawing, which begins at the left and the top, leaves; else a part.
  room() {
    const { width, height } = this.size, [, , across, down] = this.view.box;
    const scale = Math.min(width / across, height / down), right = width - scale * across, below = height - scale * down;
    const [wide, high] = right > width / 2 ? [right, height] : below > height / 2 ? [width, below] : [0.48 * width, 0.48 * height];
    const sides = [wide - BESIDE, high - BESIDE].map(Math.floor);
    [this.svg.style.width, this.svg.style.height] = sides.map(side => `${side}px`);
    return sides;
  }

  // The corner of the piece that is shown: all elements in it, or the last of them that are nodes.
  middle(width, height) {
    const boxes = new Map(this.boxes), nodes = this.elements.filter(element => element.classList.contains("node"));
    const corners = elements => {
      const found = elements.map(element => boxes.get(element)).filter(Boolean), side = name => found.map(box => box[name]);
      const far = (at, size) => Math.max(...found.map(box => box[at] + box[size]));
      return [Math.min(...side("x")), Math.min(...side("y")), far("x", "width"), far("y", "height")];
    };
    let [left, top, right, bottom] = corners(this.elements);
    if (nodes.length && (right - left > width || bottom - top > height)) [left, top, right, bottom] = corners(nodes.slice(-1));
    return [(left + right - width) / 2, (top + bottom - height) / 2];
  }

  // It stands where there is room; else on the other side of what it shows.
  place(x, wide) {
    const { svg } = this.view, { width, height } = this.size, [left, , across, down] = this.view.box;
    const room = width - Math.min(width / across, height / down) * across >= wide;
    const { e } = svg.querySelector("g").transform.baseVal.consolidate().matrix;
    this.svg.classList.toggle("left", !room && x + e > left + across / 2);
  }
}
