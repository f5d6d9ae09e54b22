
// ── the page: an editor, and everything that follows what is typed ──────────────────────────────

class Playground extends Steps {
  constructor(graph, view) {
    super(graph, view);
    this.took = 0; // milliseconds, to show what was typed last
    this.why = new Why();
    live.listed = () => this.listed();
    this.listen();
    this.fill();
    this.complainOfAddress();
  }

  // ── the address ──

  get address() { return `${addressOf(state)}&${super.address}`; }

  // Goes where the address says, with another text or numbers if it names them.
  open(position) {
    const asked = stateOf(location.hash);
    if (this.why && asked && `#${this.address}` !== location.hash && this.takeUp(asked)) position = this.last;
    super.open(position);
  }

  complainOfAddress() {
    const asked = stateOf(location.hash);
    if (asked && asked.text !== state.text) this.takeUp(asked);
  }

  // ── what is typed ──

  takeUp(asked) {
    setState(asked);
    this.fill();
    return this.edit(asked.text);
  }

  // Shows what the editor holds; where that is no expression, says so and leaves the last one to be seen. What takes long
  // waits as long for the next letter.
  edit(text) {
    const begin = performance.now();
    state.text = text;
    const problem = this.attempt();
    $("#text").setAttribute("aria-invalid", String(problem !== null));
    $("#complaint").replaceChildren(...(problem ? [`${problem.message}\n`, ...caret(trimmed(text), problem)] : []));
    $("#stage").classList.toggle("stale", problem !== null);
    if (!problem) this.shown();
    this.took = performance.now() - begin;
    return !problem;
  }

  attempt() {
    try {
      readText();
      return null;
    } catch (error) {
      if (error instanceof ExpressionError) return error;
      throw error;
    }
  }

  // Everything on the page follows the walk that is there now.
  shown() {
    listSteps();
    numbers.read();
    this.read();
    live.read();
    for (const leaf of live.leaves) leaf.start = state.start.get(shown.graph[leaf.place].label) ?? leaf.start;
    this.why.read();
    this.redraw();
    live.begin();
  }

  redraw() {
    drawGraph();
    this.view.read();
    this.graph.read();
    this.opened = false;
    this.go(this.last, false);
  }

  // What follows when numbers have been moved, and nobody moves them any more.
  listed() {
    for (const { place, number } of live.leaves) state.numbers.set(shown.graph[place].label, number);
    this.why.show();
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.remember(), 300); // browsers allow only so many addresses a second
  }

  fill() {
    $("#text").value = state.text;
    $("#text").rows = clamp(state.text.split("\n").length, 2, 8);
    document.querySelector(`[name=style][value=${state.style}]`).checked = true;
  }

  // ── buttons ──

  listen() {
    $("#text").addEventListener("input", event => {
      clearTimeout(this.typing);
      event.target.rows = clamp(event.target.value.split("\n").length, 2, 8);
      this.typing = setTimeout(() => this.edit(event.target.value), Math.max(150, this.took));
    });
    $("#examples").append(...EXAMPLES.map(({ name }, i) => make("option", { value: String(i), textContent: name })));
    $("#examples").addEventListener("change", event => {
      if (event.target.value !== "") this.takeUp(EXAMPLES[event.target.value]);
      event.target.value = "";
    });
    for (const button of document.querySelectorAll("[name=style]")) {
      button.addEventListener("change", () => {
        state.style = button.value;
        this.redraw();
        live.moved();
      });
    }
    const acts = { link: () => this.share(), python: () => this.python(), svg: () => this.save("svg"), png: () => this.save("png"),
      ask: () => this.ask($("#hide").value), another: () => this.another($("#level").value) };
    for (const [id, act] of Object.entries(acts)) $(`#${id}`).addEventListener("click", act);
    $("#functions div").append(...FUNCTIONS.map(name => {
      const button = make("button", { type: "button", textContent: name });
      button.addEventListener("click", () => this.insert(name));
      return button;
    }));
    // A height in percent would have browsers lay out the whole drawing whenever a sentence changes.
    const fit = new ResizeObserver(([{ contentRect }]) => { this.graph.svg.style.height = `${contentRect.height}px`; });
    fit.observe($("#graph"));
    const stop = make("button", { type: "button", id: "stop", textContent: words.stop });
    stop.addEventListener("click", () => this.stop());
    $("#quiz").append(stop);
  }

  // Puts a function into the text, with the cursor between its brackets.
  insert(name) {
    const field = $("#text"), chosen = field.value.slice(field.selectionStart, field.selectionEnd);
    field.setRangeText(`${name}(${chosen})`, field.selectionStart, field.selectionEnd, "end");
    if (!chosen) field.selectionEnd = field.selectionStart -= 1;
    field.focus();
    this.edit(field.value);
  }

  // ── what one takes along ──

  async copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      $("#done").textContent = done;
    } catch {
      $("#done").textContent = words.not_copied;
    }
  }

  share() {
    this.remember();
    this.copy(new URL(`#${this.address}`, location.href).href, words.link_copied);
  }

  python() {
    const code = pythonOf(state.text);
    $("#code").textContent = code;
    $("#code").hidden = false;
    this.copy(code, words.python_copied);
  }

  save(kind) {
    player.graph.write();
    saved(player.graph.svg, kind, player.view.whole.join(" "), "graph");
  }

  // ── exercises ──

  ask(hidden) {
    const blanks = BLANKS[hidden]();
    if (!blanks.length) return;
    walk.quiz = { blanks, tolerance: 0.01 };
    quiz.read();
    quiz.begin();
  }

  another(level) {
    const exercises = EXERCISES[level], [text, at] = exercises[Math.floor(Math.random() * exercises.length)];
    if (this.takeUp({ text, at: Object.entries(at) })) this.ask($("#hide").value);
  }

  stop() {
    delete document.body.dataset.keys;
    document.body.classList.remove("asking");
    $("#blanks").replaceChildren();
    this.graph.asked = new Set();
    this.redraw();
    live.moved();
    $("#ask").focus();
  }
}

// The numbers that exercises ask for, each with its places in the drawing and the sentences that tell it.
const BLANKS = {
  values: () => walk.steps.filter(step => step.phase === "forward")
    .map(step => blank(walk.values[step.about[0]].name, ["data", Number(step.about[0].slice(1))], Object.keys(step.known), [step])),
  gradients: () => {
    const passages = new Map();
    for (const step of walk.steps.filter(step => step.phase === "backward")) {
      passages.set(step.about[0], [...(passages.get(step.about[0]) ?? []), step]);
    }
    return [...passages].map(([id, steps]) => blank(walk.values[id].gradient, ["gradient", Number(id.slice(1))],
      [...new Set(steps.flatMap(step => Object.keys(step.known).filter(key => key.endsWith(":gradient"))))], steps));
  },
  local: () => walk.steps.filter(step => step.phase === "backward" && step.about.length > 1).map(step => {
    const key = `${step.about[1]}:local`;
    return blank(walk.edges[step.about[1]].local, step.known[key], [key], [step]);
  }),
};

function blank(name, [role, place], keys, steps) {
  return { name, answer: shortest(numbers[role][place]), keys, explanation: steps.map(step => player.text.sentence(step.said)) };
}

// The same graph in Python.
function pythonOf(text) {
  const inputs = leaves(), names = inputs.map(({ name }) => name);
  const float = x => Number.isFinite(x) ? shortest(x) : `float("${x}")`;
  const quoted = text.includes("\n") ? `"""\n${trimmed(text)}\n"""` : JSON.stringify(trimmed(text));
  const lines = ["import viz", ...(names.length ? ["from autograd import Value"] : []), "",
    ...inputs.map(({ name, number }) => `${name} = Value(${float(number)}, "${name}")`),
    `graph = viz.parse(${[quoted, ...names.map(name => `${name}=${name}`)].join(", ")})`, "graph.backward()",
    `print(${["graph.data", ...names.map(name => `${name}.grad`)].join(", ")})`,
    `viz.draw(graph, style="${state.style}", local_derivatives=True)`];
  return `${lines.join("\n")}\n`;
}
