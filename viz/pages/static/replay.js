
// ── the training, step by step ──────────────────────────────────────────────────────────────────

class Training extends Player {
  constructor(recordings) {
    super([...new Set(recordings.flatMap(recording => recording.steps))].sort((a, b) => a - b), 60);
    this.recordings = recordings;
    this.curve = new LossCurve($("#loss"), recordings, this.steps);
    this.panels = recordings.map((recording, i) => this.panelsOf(recording, $(`#recording-${i}`)));
    $("#count").setAttribute("aria-live", "polite");
    $("#gradients").addEventListener("change", () => this.show());
    $("#log").addEventListener("change", () => this.resize());
    addEventListener("resize", () => this.resize());
    whenRecoloured(() => this.resize());
    this.curve.draw();
    this.open(0);
  }

  panelsOf(recording, article) {
    const panels = [], used = new Set();
    const find = selector => { used.add(selector); return article.querySelector(selector); };
    if (recording.network && recording.data) {
      const Answers = recording.network.inputs.length === 1 ? Curve : Boundary;
      if (recording.network.inputs.length <= 2) panels.push(new Answers(find("canvas.boundary"), recording));
    }
    if (recording.network) panels.push(new Network(find("svg.network"), recording, this.recordings.length > 1 ? 100 : 150));
    if (recording.images) panels.push(new WeightImages(find("canvas.images"), recording));
    for (const selector of ["canvas.boundary", "svg.network", "canvas.images"]) {
      if (!used.has(selector)) article.querySelector(selector).remove();
    }
    return panels;
  }

  show() {
    const step = this.steps[this.position], frames = this.recordings.map(recording => recording.at(step));
    $("#count").textContent = filled(words.at_step, { step });
    this.curve.show(step, frames);
    const told = this.recordings.map((recording, i) => this.tell(recording, frames[i], $(`#recording-${i}`)));
    $("#slider").setAttribute("aria-valuetext", [filled(words.at_step, { step }), ...told].join("; "));
    this.recordings.forEach((recording, i) => { for (const panel of this.panels[i]) panel.draw(frames[i]); });
  }

  // Writes the numbers of a frame, and those of the example that is looked at; the first are returned.
  tell(recording, frame, article) {
    const { epochs, losses, norms } = recording;
    const now = filled(words.now, { epoch: epochs[frame], loss: shown(losses[frame]), norm: shown(norms[frame]) });
    article.querySelector(".now").textContent = now;
    if (recording.network) recording.load(frame);
    if (recording.examples.length) {
      const answer = recording.outputs(recording.examples[recording.example].x).map(shown).join(", ");
      article.querySelector(".example").textContent = `${exampleOf(recording)}, ${filled(words.answer_is, { answer })}`;
    }
    return now;
  }

  resize() {
    this.curve.draw();
    for (const panel of this.panels.flat()) panel.dress?.();
    this.show();
  }
}

const player = new Training(recordings.map((data, i) => new Recording(data, i)));
