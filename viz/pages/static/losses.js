
// ── loss curves ─────────────────────────────────────────────────────────────────────────────────

const shown = x => Number.isFinite(x) ? String(+x.toPrecision(3)) : String(x).replace("Infinity", "∞");

// For a place with little room: two digits after the point, or none.
const brief = x => Math.abs(x) < 9.995 ? String(+x.toFixed(2)) : shown(Math.round(x));

const MARGIN = { left: 62, right: 24, top: 12, bottom: 36 };

// Round numbers that divide the way from low to high into about four parts.
function ticks(low, high) {
  const rough = (high - low) / 4, power = 10 ** Math.floor(Math.log10(rough));
  const width = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= rough);
  const found = [];
  for (let i = Math.ceil(low / width); i * width <= high * (1 + 1e-9); i += 1) found.push(i * width);
  return found;
}

// A curve for each recording, which has `losses` at `steps` and a `colour`, up to the step `last`.
class Losses {
  // From left to right `unit` is counted.
  constructor(svg, recordings, unit = words.step) {
    Object.assign(this, { svg, recordings, unit });
  }

  draw(last) {
    const { svg } = this;
    svg.replaceChildren();
    this.width = svg.clientWidth;
    this.height = svg.clientHeight;
    svg.setAttribute("viewBox", `0 0 ${this.width} ${this.height}`); // on paper, all of it is as wide as that is
    this.last = Math.max(1, last);
    const losses = this.recordings.flatMap(r => r.losses).filter(Number.isFinite);
    const positive = losses.filter(loss => loss > 0);
    this.log = $("#log").checked && positive.length > 0;
    const scale = y => this.log ? Math.log10(Math.max(y, Math.min(...positive))) : y;
    const low = this.log ? scale(0) : Math.min(0, ...losses), high = Math.max(...losses.map(scale), low + 1e-9);
    this.x = step => MARGIN.left + step / this.last * (this.width - MARGIN.left - MARGIN.right);
    this.y = loss => {
      const share = Number.isFinite(loss) ? (scale(loss) - low) / (high - low || 1) : 1;
      return this.height - MARGIN.bottom - share * (this.height - MARGIN.top - MARGIN.bottom);
    };
    this.axes(low, high);
    for (const { steps, losses, colour } of this.recordings) {
      const points = steps.map((step, i) => `${this.x(step).toFixed(1)},${this.y(losses[i]).toFixed(1)}`);
      draw("polyline", { points: points.join(" "), class: `curve ${colour}` }, svg);
    }
  }

  axes(low, high) {
    for (const level of ticks(low, high)) {
      const loss = this.log ? 10 ** level : level, y = this.y(loss);
      draw("line", { class: "grid", x1: MARGIN.left, x2: this.width - MARGIN.right, y1: y, y2: y }, this.svg);
      draw("text", { class: "tick", x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, this.svg, shown(loss));
    }
    for (const step of ticks(0, this.last).filter(Number.isInteger)) {
      draw("text", { class: "tick", x: this.x(step), y: this.height - 18, "text-anchor": "middle" }, this.svg, step);
    }
    const middle = (this.height + MARGIN.top - MARGIN.bottom) / 2;
    draw("text", { class: "tick", x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }, this.svg, words.loss);
    draw("text", { class: "tick", x: (this.width + MARGIN.left - MARGIN.right) / 2, y: this.height - 3, "text-anchor": "middle" },
      this.svg, this.unit);
  }
}

// Curves along which one drags to a step of the timeline.
class LossCurve extends Losses {
  constructor(svg, recordings, timeline) {
    super(svg, recordings);
    this.timeline = timeline;
    const scrub = event => { if (event.buttons) player.go(this.nearest(event.offsetX)); };
    svg.addEventListener("pointerdown", event => { svg.setPointerCapture(event.pointerId); scrub(event); });
    svg.addEventListener("pointermove", scrub);
  }

  nearest(x) {
    const step = (x - MARGIN.left) / (this.width - MARGIN.left - MARGIN.right) * this.last;
    return this.timeline.reduce((best, at, i) => Math.abs(at - step) < Math.abs(this.timeline[best] - step) ? i : best, 0);
  }

  draw() {
    super.draw(this.timeline.at(-1));
    this.cursor = draw("line", { class: "cursor", y1: MARGIN.top, y2: this.height - MARGIN.bottom }, this.svg);
    this.dots = this.recordings.map(recording => draw("circle", { r: 5, class: `dot ${recording.colour}` }, this.svg));
  }

  show(step, frames) {
    this.cursor.setAttribute("x1", this.x(step));
    this.cursor.setAttribute("x2", this.x(step));
    this.dots.forEach((dot, i) => {
      dot.setAttribute("cx", this.x(this.recordings[i].steps[frames[i]]));
      dot.setAttribute("cy", this.y(this.recordings[i].losses[frames[i]]));
    });
  }
}
