
// ── the player ──────────────────────────────────────────────────────────────────────────────────

const RUSH = 300; // milliseconds from one change of the address to the next, at least

// What the buttons and keys of a page do; Space plays.
class Controls {
  constructor(acts, keys) {
    this.keys = keys;
    for (const [id, act] of Object.entries(acts)) $(`#${id}`).addEventListener("click", act);
    addEventListener("keydown", event => this.key(event));
  }

  // Says on the button whether it plays or pauses.
  label(does, sign) {
    $("#play").textContent = sign;
    $("#play").setAttribute("aria-label", does);
  }

  // Writes what is to be seen into the address, where the page has one of its own. Browsers refuse many changes in short
  // time, and each takes as long as a step: of those that follow one another quickly, it waits for the last one.
  remember() {
    clearTimeout(this.remembering);
    this.remembering = setTimeout(() => {
      this.remembered = performance.now();
      try {
        history.replaceState(null, "", `#${this.address}`);
      } catch {
        // Pages inside of others may not.
      }
    }, performance.now() - this.remembered < RUSH ? RUSH : 0);
  }

  key(event) {
    const { target } = event, act = this.keys[event.key];
    if (!act || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || target.closest("[data-keys]")) return;
    if (event.key === " " && target.closest("button, [type=checkbox]")) return; // Space presses those
    event.preventDefault();
    act();
  }
}

// Goes from position to position, by buttons, keys, the slider and the address, and plays. `steps` are what the address
// calls the positions: #step=7. A page says in `show` what is to be seen at a position.
class Player extends Controls {
  constructor(steps, milliseconds) {
    const acts = { first: () => this.go(0), back: () => this.go(this.position - 1), play: () => this.toggle(),
      on: () => this.go(this.position + 1), last: () => this.go(this.last) };
    super(acts, { ArrowLeft: acts.back, ArrowRight: acts.on, PageUp: acts.back, PageDown: acts.on, // as presenters send
      Home: acts.first, End: acts.last, " ": acts.play });
    Object.assign(this, { milliseconds, position: null, timer: null });
    this.take(steps);
    $("#slider").addEventListener("input", event => this.go(Number(event.target.value)));
    addEventListener("hashchange", () => this.open(this.position));
  }

  take(steps) {
    Object.assign(this, { steps, last: steps.length - 1 });
    $("#slider").max = this.last;
  }

  // Goes to the step that the address names, or to the one before it; without one, to a position.
  open(position) {
    const asked = /[#&]step=(\d+)(&|$)/.exec(location.hash);
    this.go(asked ? this.steps.findLastIndex(step => step <= Number(asked[1])) : position, false);
  }

  go(position, byHand = true) {
    this.position = clamp(position, 0, this.last);
    if (byHand) {
      this.pause();
      this.remember();
    }
    $("#slider").value = this.position;
    this.show();
  }

  get address() { return `step=${this.steps[this.position]}`; }

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
    }, this.milliseconds);
    this.label(words.pause, "❚❚");
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.label(words.play, "▶");
  }
}
