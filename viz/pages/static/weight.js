
// ── one weight, changed where its line is ───────────────────────────────────────────────────────

class WeightField {
  constructor(page) {
    Object.assign(this, { page, parameter: null, form: $("#weight"), field: $("#number") });
    this.form.addEventListener("submit", event => {
      event.preventDefault();
      this.close();
    });
    this.field.addEventListener("input", () => this.read());
    this.field.addEventListener("blur", () => this.close());
    this.field.addEventListener("keydown", event => this.key(event));
  }

  get theta() { return this.page.training.theta; }

  // Opens beside a line, or the box of a neuron.
  open(parameter, shape, event) {
    const { form, field } = this, box = $("#network").getBoundingClientRect(), line = shape.getBoundingClientRect();
    const { clientX: x, clientY: y } = event?.clientX ? event : { clientX: line.x, clientY: line.y }; // by keys, there is no place
    Object.assign(this, { parameter, shape });
    form.hidden = false;
    form.firstElementChild.textContent = `${this.page.model.names[parameter]} =`;
    field.value = shown(this.theta[parameter]);
    form.style.left = `${clamp(x - box.x, 0, box.width - form.offsetWidth)}px`;
    form.style.top = `${clamp(y - box.y + 6, 0, box.height - form.offsetHeight)}px`;
    field.select();
  }

  // The weight becomes what is written, if that is a number.
  read() {
    const number = parsed(this.field.value);
    this.field.setAttribute("aria-invalid", String(number === undefined));
    if (number === undefined) return;
    this.theta[this.parameter] = number;
    this.page.moved();
  }

  key(event) {
    const steps = { ArrowUp: 0.1, ArrowDown: -0.1, PageUp: 1, PageDown: -1 };
    if (event.key === "Escape") this.close();
    else if (event.key in steps) {
      event.preventDefault();
      this.field.value = shown(Number((this.theta[this.parameter] + steps[event.key]).toPrecision(6)));
      this.read();
    }
  }

  // Follows a training that goes on, unless somebody is typing.
  follow() {
    if (this.parameter !== null && document.activeElement !== this.field) this.field.value = shown(this.theta[this.parameter]);
  }

  close() {
    if (this.parameter === null) return;
    this.parameter = null;
    this.form.hidden = true;
    this.shape.focus();
    this.page.remember();
  }
}
