
// ── a program whose boxes and lines explain themselves ──────────────────────────────────────────

class Program {
  constructor(svg) {
    this.view = new View(svg);
    offerFiles(() => svg);
    this.parts = document.querySelectorAll("[data-array]"); // boxes and articles
    this.lines = document.querySelectorAll("#lines a");
    document.documentElement.classList.add("scripted");
    svg.addEventListener("pointerover", event => this.show(this.at(event) ?? this.chosen));
    svg.addEventListener("pointerleave", () => this.show(this.chosen));
    svg.addEventListener("click", event => {
      const name = this.at(event);
      if (name) location.hash = encodeURIComponent(name);
    });
    addEventListener("hashchange", () => {
      this.choose();
      document.querySelector("article.shown").scrollIntoView({ block: "nearest" });
    });
    addEventListener("keydown", event => this.typed(event));
    this.choose();
  }

  // The array whose box is under the pointer.
  at(event) {
    return event.target.closest("[data-array]")?.dataset.array;
  }

  // Chooses the array that the address names, or the last one, which mostly is a gradient.
  choose() {
    const names = [...this.lines].map(line => this.named(line.hash)), asked = this.named(location.hash);
    this.chosen = names.includes(asked) ? asked : names.at(-1);
    this.show(this.chosen);
  }

  named(hash) {
    return decodeURIComponent(hash.slice(1));
  }

  show(name) {
    for (const part of this.parts) part.classList.toggle("shown", part.dataset.array === name);
    for (const line of this.lines) {
      if (this.named(line.hash) === name) line.parentElement.setAttribute("aria-current", "true");
      else line.parentElement.removeAttribute("aria-current");
    }
    this.view.lens.follow([...this.view.svg.querySelectorAll(".shown")]);
  }

  typed(event) {
    const zooms = { "+": () => this.view.zoom(0.8), "=": () => this.view.zoom(0.8), "-": () => this.view.zoom(1.25),
      "0": () => this.view.fit() };
    if (!event.ctrlKey && !event.metaKey && !event.altKey) zooms[event.key]?.();
  }
}
