
// ── the view: pan and zoom ──────────────────────────────────────────────────────────────────────

const NEAR = 150; // farther than any number is long
const LEGIBLE = 0.4; // smaller, a number has less than five pixels

class View {
  constructor(svg) {
    this.svg = svg;
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

  // Takes the size of the drawing that is there now.
  read() {
    this.whole = this.svg.getAttribute("viewBox").split(/\s+/).map(Number);
    this.box = this.shown = [...this.whole];
    this.overview = false;
    this.svg.classList.add("whole");
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

  apply(box = this.box) {
    this.shown = box;
    this.svg.setAttribute("viewBox", box.map(side => side.toFixed(3)).join(" "));
    this.svg.classList.toggle("whole", this.box[2] >= this.whole[2]); // there is nowhere to move to
    this.moved();
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
