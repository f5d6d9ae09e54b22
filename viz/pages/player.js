
// ── the player ──────────────────────────────────────────────────────────────────────────────────

class Player {
  constructor(graph, view) {
    Object.assign(this, { graph, view, timer: null, last: film.steps.length });
    this.text = new TextWriter(film.forms, film.point);
    this.math = new MathWriter(film.forms, film.point);
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
    const step = film.steps[this.position - 1], text = step ? this.text.sentence(step.said) : film.start;
    $("#formula").replaceChildren(...(step ? this.formula(step.said) : []));
    $("#sentence").textContent = text;
    $("#slider").setAttribute("aria-valuetext", step ? `${this.position} of ${this.last}: ${text}` : "start");
  }

  // A sentence in pieces that a narrow page can put on several lines.
  formula(said) {
    return this.math.pieces(said).map(piece => {
      const box = document.createElement("div");
      box.innerHTML = `<math displaystyle="true">${piece}</math>`; // in which all labels are escaped
      return box.firstElementChild;
    });
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
