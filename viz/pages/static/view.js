
// ── the view: pan and zoom ──────────────────────────────────────────────────────────────────────

const NEAR = 150; // farther than any number is long
const LEGIBLE = 0.4; // smaller, a number has less than five pixels
const PAPER = 700, TINY = 5; // pixels along a drawing on a sheet, and of text that can just be read there

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
    whenPrinted(() => this.print(), () => this.apply());
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

  // All of the drawing goes to paper; where its numbers are too small there, a line below it says what helps.
  print() {
    const [, , across, down] = this.whole;
    this.svg.parentElement.dataset.fine = PAPER / Math.max(across, down) * SMALLEST < TINY ? words.fine_print : "";
    this.apply(this.whole);
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

const LEAST = 11, LARGEST = 15; // pixels of text that can be read, and as large as it need be
const SMALLEST = 10; // units of the smallest text of drawings
const BESIDE = 16; // pixels around the lens
const AROUND = 4; // units around what it shows
const ROOMY = 0.25, ACROSS_NEEDED = 200, DOWN_NEEDED = 110; // share of the room, and pixels, that it needs beside or below a drawing

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
    const whole = this.around(this.boxes.map(([, box]) => box)), [wide, scale] = this.room(whole);
    const [width, height] = ["width", "height"].map(side => parseFloat(svg.style[side]) / scale);
    const [x, y] = this.corner(width, height, whole);
    const near = box => box.x < x + width && box.x + box.width > x && box.y < y + height && box.y + box.height > y;
    const copies = this.boxes.filter(([, box]) => near(box)).map(([element]) => element.cloneNode(true));
    for (const copy of copies) copy.removeAttribute("tabindex");
    svg.setAttribute("viewBox", [x, y, width, height].map(side => side.toFixed(2)).join(" "));
    svg.classList.toggle("forward", this.view.svg.classList.contains("forward"));
    svg.classList.toggle("backward", this.view.svg.classList.contains("backward"));
    svg.replaceChildren(...copies);
    this.place(x + width / 2, wide);
  }

  // Its width, and how large it shows the whole of a drawing, which fills it if that can be read. It has all the room that a
  // long drawing, which begins at the left and the top, leaves, else a part, and no more than it needs.
  room([left, top, right, bottom]) {
    const { width, height } = this.size, [, , across, down] = this.view.box;
    const scale = Math.min(width / across, height / down), beside = width - scale * across, below = height - scale * down;
    const room = beside > Math.max(ROOMY * width, ACROSS_NEEDED) ? [beside, height]
      : below > Math.max(ROOMY * height, DOWN_NEEDED) ? [width, below] : [0.48 * width, 0.48 * height];
    const most = room.map(side => side - BESIDE), sides = [right - left, bottom - top];
    const larger = clamp(Math.max(...most.map((side, i) => side / sides[i])), LEAST / SMALLEST, LARGEST / SMALLEST);
    const [wide, high] = most.map((side, i) => Math.floor(Math.min(side, larger * sides[i])));
    [this.svg.style.width, this.svg.style.height] = [`${wide}px`, `${high}px`];
    return [wide, larger];
  }

  // The sides of what is around boxes, and a little more.
  around(boxes) {
    const least = side => Math.min(...boxes.map(box => box[side])) - AROUND;
    const far = (at, size) => Math.max(...boxes.map(box => box[at] + box[size])) + AROUND;
    return [least("x"), least("y"), far("x", "width"), far("y", "height")];
  }

  // The corner of the piece that is shown, a part of the whole: all elements are in it, or the last of them that are nodes.
  corner(width, height, whole) {
    const boxes = new Map(this.boxes), nodes = this.elements.filter(element => element.classList.contains("node"));
    const sides = elements => this.around(elements.map(element => boxes.get(element)).filter(Boolean));
    let [left, top, right, bottom] = sides(this.elements);
    if (nodes.length && (right - left > width || bottom - top > height)) [left, top, right, bottom] = sides(nodes.slice(-1));
    return [clamp((left + right - width) / 2, whole[0], whole[2] - width), clamp((top + bottom - height) / 2, whole[1], whole[3] - height)];
  }

  // It stands where there is room; else on the other side of what it shows.
  place(x, wide) {
    const { svg } = this.view, { width, height } = this.size, [left, , across, down] = this.view.box;
    const room = width - Math.min(width / across, height / down) * across >= wide;
    const { e } = svg.querySelector("g").transform.baseVal.consolidate().matrix;
    this.svg.classList.toggle("left", !room && x + e > left + across / 2);
  }
}
