
// ── one example, number by number ───────────────────────────────────────────────────────────────

// The text that was compressed.
function inflated(text) {
  const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

// A page to step through inside of this one, made of this page's own scripts and style.
class ExampleDialog {
  constructor(page) {
    $("#close").addEventListener("click", () => $("#example").close());
    $("#look").addEventListener("submit", event => {
      event.preventDefault();
      page.model.choose(clamp(Math.round($("#which").value) - 1 || 0, 0, page.model.examples.length - 1));
    });
  }

  // Opens for the example that is looked at; where the graph is too large, that is said.
  async open(model) {
    $("#which").value = model.example + 1;
    if (typeof model.walk === "number") {
      $("#hint").textContent = filled(words.too_large, { count: model.walk });
      return;
    }
    $("#example").showModal();
    if (this.model !== model) Object.assign(this, { model, loaded: this.load(model) });
    const { contentWindow } = await this.loaded, { x, y } = model.examples[model.example];
    const list = numbers => Array.from(numbers, shown).join(", ");
    contentWindow.look(model.theta, x, y, `${words.one_example}: x = ${list(x)}, y = ${list(y)}`);
    contentWindow.focus();
  }

  // The frame, when the page of a network is in it.
  async load(model) {
    const frame = $("#example iframe"), { lang } = document.documentElement, body = await inflated(model.walk);
    const style = $("style").textContent, script = $("#shared").textContent;
    frame.srcdoc = `<!DOCTYPE html><html lang="${lang}"><head><meta charset="utf-8"><title>${words.one_example}</title><style>${style}</style>`
      + `<script>${script}</` + `script></head><body>${body}</body></html>`;
    await new Promise(done => { frame.onload = done; });
    frame.contentWindow.addEventListener("keydown", event => { if (event.key === "Escape") $("#example").close(); });
    frame.contentWindow.begin();
    return frame;
  }
}
