
// ── the player ──────────────────────────────────────────────────────────────────────────────────

class Player {
  constructor(recordings) {
    this.recordings = recordings;
    this.timeline = [...new Set(recordings.flatMap(recording => recording.steps))].sort((a, b) => a - b);
    this.position = 0;
    this.timer = null;
    this.curve = new LossCurve($("#loss"), recordings, this.timeline);
    this.panels = recordings.map((recording, i) => this.panelsOf(recording, $(`#recording-${i}`)));
    this.slider = $("#slider");
    this.slider.max = this.timeline.length - 1;
    this.listen();
  }

  panelsOf(recording, article) {
    const panels = [], used = new Set();
    const find = selector => { used.add(selector); return article.querySelector(selector); };
    if (recording.network && recording.data) {
      const Picture = recording.network.inputs.length === 1 ? Curve : Boundary;
      if (recording.network.inputs.length <= 2) panels.push(new Picture(find("canvas.boundary"), recording));
    }
    if (recording.network) panels.push(new Network(find("svg.network"), recording));
    if (recording.images) panels.push(new WeightImages(find("canvas.images"), recording));
    for (const selector of ["canvas.boundary", "svg.network", "canvas.images"]) {
      if (!used.has(selector)) article.querySelector(selector).remove();
    }
    return panels;
  }

  listen() {
    this.slider.addEventListener("input", () => { this.pause(); this.goTo(+this.slider.value); });
    $("#play").addEventListener("click", () => this.toggle());
    for (const id of ["first", "back", "on", "last"]) $(`#${id}`).addEventListener("click", () => { this.pause(); this.move(id); });
    $("#gradients").addEventListener("change", () => this.show());
    $("#log").addEventListener("change", () => this.resize());
    const keys = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last" };
    document.addEventListener("keydown", event => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === " " && event.target.tagName !== "BUTTON" && event.target.type !== "checkbox") this.toggle();
      else if (keys[event.key]) { this.pause(); this.move(keys[event.key]); } else return;
      event.preventDefault();
    });
    addEventListener("resize", () => this.resize());
    addEventListener("hashchange", () => this.fromHash());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.resize());
  }

  fromHash() {
    const step = /^#step=(\d+)$/.exec(location.hash);
    if (step) this.goTo(Math.max(0, this.timeline.findLastIndex(at => at <= +step[1])));
  }

  move(where) {
    const last = this.timeline.length - 1;
    this.goTo({ first: 0, last, back: this.position - 1, on: this.position + 1 }[where]);
  }

  toggle() {
    if (this.timer) return this.pause();
    if (this.position === this.timeline.length - 1) this.goTo(0);
    this.timer = setInterval(() => {
      this.move("on");
      if (this.position === this.timeline.length - 1) this.pause();
    }, 60);
    this.said(true);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.said(false);
  }

  said(playing) {
    $("#play").textContent = playing ? "❚❚" : "▶";
    $("#play").setAttribute("aria-label", playing ? "pause" : "play");
  }

  goTo(position) {
    this.position = clamp(position, 0, this.timeline.length - 1);
    this.show();
  }

  show() {
    const step = this.timeline[this.position], frames = this.recordings.map(recording => recording.at(step));
    this.slider.value = this.position;
    this.slider.setAttribute("aria-valuetext", `step ${step}`);
    $("#step").textContent = `step ${step}`;
    this.curve.show(step, frames);
    this.recordings.forEach((recording, i) => {
      const frame = frames[i];
      $(`#recording-${i} .now`).textContent =
        `epoch ${recording.epochs[frame]} · loss ${shown(recording.losses[frame])} · |gradient| ${shown(recording.norms[frame])}`;
      if (recording.network) recording.load(frame);
      for (const panel of this.panels[i]) panel.draw(frame);
    });
  }

  resize() {
    this.curve.draw();
    this.show();
  }
}

const player = new Player(recordings.map((data, i) => new Recording(data, i)));
player.resize();
player.fromHash();
