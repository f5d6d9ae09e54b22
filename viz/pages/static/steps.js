
// ── the walk, step by step ──────────────────────────────────────────────────────────────────────

class Steps extends Player {
  constructor(graph, view) {
    super([0], 1500);
    Object.assign(this, { graph, view });
    this.text = new TextWriter(walk.forms, walk.point);
    this.math = new MathWriter(walk.forms, walk.point);
    const closer = () => view.zoom(0.8), farther = () => view.zoom(1.25);
    Object.assign(this.keys, { "+": closer, "=": closer, "-": farther, "0": () => view.fit() });
    offerFiles(() => this.graph.svg);
    this.read();
    this.open(this.last);
  }

  // Takes the walk that is there now.
  read() {
    this.take([...walk.steps.keys(), walk.steps.length]);
    this.entries = [...document.querySelectorAll("nav li")];
    this.entries.forEach((entry, i) => entry.addEventListener("click", event => {
      event.preventDefault();
      this.go(i + 1);
    }));
  }

  // On pages that show a part of the graph at a time, the part that the step is about.
  go(position, byHand = true) {
    walk.follow?.(clamp(position, 0, this.last), this);
    super.go(position, byHand);
  }

  show() {
    const { position } = this, step = walk.steps[position - 1];
    this.graph.show(position);
    $("#count").textContent = `${position} / ${this.last}`;
    $("#phase").textContent = words[step ? step.phase : "start"];
    $("#phase").className = step ? step.phase : "";
    this.tell();
    const entry = this.entries[position - 1], list = $("nav");
    $("nav [aria-current]")?.removeAttribute("aria-current");
    entry?.setAttribute("aria-current", "step");
    // What is measured comes last, and the lens, which changes by it, after all: a page that is changed in between is laid
    // out once more.
    if (entry && list.scrollHeight > list.clientHeight) {
      list.scrollTop = entry.offsetTop - list.offsetTop - list.clientHeight / 2;
    }
    this.view.lens.follow([...this.graph.svg.querySelectorAll(".active")]);
  }

  // Writes the sentence of the step.
  tell() {
    const step = walk.steps[this.position - 1], text = step ? this.text.sentence(step.said) : walk.start;
    $("#formula").replaceChildren(...(step ? this.formula(step.said) : []));
    $("#sentence").textContent = text;
    $("#slider").setAttribute("aria-valuetext", step ? `${filled(words.place, { step: this.position, last: this.last })}: ${text}` : words.start);
  }

  // Writes the sentences of all steps, and what a screen reader says of values, on pages whose numbers move.
  list() {
    this.entries.forEach((entry, i) => {
      if (entry.hidden) return;
      const text = this.text.sentence(walk.steps[i].said), link = entry.firstElementChild;
      if (link.textContent !== text) link.textContent = text;
    });
    this.graph.write();
    this.graph.announce();
  }

  // A sentence in pieces that a narrow page can put on several lines.
  formula(said) {
    return this.math.pieces(said).map(piece => {
      const { firstElementChild } = make("div", { innerHTML: `<math displaystyle="true">${piece}</math>` }); // labels are escaped
      return firstElementChild;
    });
  }
}
