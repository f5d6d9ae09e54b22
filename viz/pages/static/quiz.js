
// ── numbers to fill in ──────────────────────────────────────────────────────────────────────────

// A number that is asked for: its field, its places in the drawing, and the sentences that tell it.
class Blank {
  constructor(blank, index, quiz) {
    Object.assign(this, blank, { quiz, answer: parsed(blank.answer) });
    this.row = make("div", { className: "blank" });
    this.field = make("input", { type: "text", id: `blank-${index}`, inputMode: "decimal", autocomplete: "off", spellcheck: false });
    this.sign = make("span", { className: "sign" });
    this.sentences = make("ul", { className: "sentences", id: `sentences-${index}` });
    this.sentences.setAttribute("aria-live", "polite");
    this.field.setAttribute("aria-describedby", this.sentences.id);
    this.row.append(make("label", { textContent: `${blank.name} =`, htmlFor: this.field.id }), this.field, this.sign,
      this.sentences);
    this.field.addEventListener("change", () => this.check());
    this.field.addEventListener("keydown", event => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.check();
      if (this.right) this.quiz.next(this);
      else this.field.select();
    });
    this.clear();
  }

  clear() {
    Object.assign(this, { right: false, wrong: 0, checked: "" });
    this.field.value = "";
    this.field.readOnly = false;
    this.say("", "", []);
  }

  say(state, sign, sentences) {
    this.row.className = `blank ${state}`;
    this.sign.textContent = sign;
    this.field.setAttribute("aria-invalid", String(state === "wrong"));
    this.sentences.replaceChildren(...sentences.map(text => make("li", { textContent: text })));
  }

  // Checks what is written, once.
  check() {
    const text = this.field.value.trim();
    if (this.right || text === "" || text === this.checked) return;
    this.checked = text;
    const given = parsed(text);
    if (given === undefined) return this.say("wrong", "?", [words.no_number]);
    this.right = this.accepts(given);
    if (this.right) {
      this.field.readOnly = true;
      this.say("right", "✓", []);
    } else {
      this.wrong += 1;
      this.say("wrong", "✗", this.explanation);
    }
    this.quiz.count();
  }

  accepts(given) {
    const { answer } = this;
    if (Object.is(given, answer) || given === answer) return true;
    if (!Number.isFinite(answer)) return false;
    return Math.abs(given - answer) <= Math.max(walk.quiz.tolerance * Math.abs(answer), 1e-12);
  }
}

class Quiz {
  constructor() {
    $("#again").addEventListener("click", () => this.begin());
    if (walk.quiz) {
      this.read();
      addEventListener("DOMContentLoaded", () => this.begin());
    }
  }

  // Takes what the walk that is there now asks for.
  read() {
    this.blanks = walk.quiz.blanks.map((blank, i) => new Blank(blank, i, this));
    $("#blanks").replaceChildren(...this.blanks.map(blank => blank.row));
    const percent = formatted(100 * walk.quiz.tolerance, { digits: 3, kind: "g" });
    $("#rule").textContent = filled(words.rule, { percent });
  }

  begin() {
    for (const blank of this.blanks) blank.clear();
    document.body.dataset.keys = ""; // the keys of the player would show what is asked for
    document.body.classList.add("asking");
    player.pause();
    player.go(player.last, false);
    this.count();
    // Inside another page, such as a notebook, it would take the reader away from what is being read.
    if (parent === window || document.hasFocus()) this.blanks[0].field.focus();
  }

  // The next one that is not yet right, from the top again after the last.
  next(blank) {
    const place = this.blanks.indexOf(blank) + 1;
    [...this.blanks.slice(place), ...this.blanks.slice(0, place)].find(other => !other.right)?.field.focus();
  }

  count() {
    const { blanks } = this, right = blanks.filter(blank => blank.right), wrong = blanks.reduce((sum, blank) => sum + blank.wrong, 0);
    const first = right.filter(blank => blank.wrong === 0).length;
    $("#score").textContent = filled(words.score, { right: right.length, all: blanks.length, first, wrong });
    if (right.length === blanks.length) this.finish();
    this.draw();
  }

  // All are right: the page is the player's now.
  finish() {
    delete document.body.dataset.keys;
    document.body.classList.remove("asking");
    $("#score").textContent += words.done;
    player.go(player.last, false);
  }

  // In the drawing, what is asked for is a question mark, and what was found is green.
  draw() {
    const asked = new Map(this.blanks.flatMap(blank => blank.keys.map(key => [key, blank])));
    const { graph } = player;
    for (const number of graph.numbers) {
      const blank = asked.get(number.key);
      if (!blank) continue;
      number.element.classList.toggle("asked", !blank.right);
      number.element.classList.toggle("found", blank.right);
      graph.put(number, blank.right ? written(graph.known[number.key]) : "?");
      number.element.onclick = () => blank.field.focus();
    }
    graph.asked = new Set([...asked].filter(([, blank]) => !blank.right).map(([key]) => key));
    graph.announce();
    for (const old of graph.svg.querySelectorAll(".active")) old.classList.remove("active");
    for (const fresh of graph.svg.querySelectorAll(".fresh")) fresh.classList.remove("fresh");
  }
}

const quiz = new Quiz();
