
// ── what can be set ─────────────────────────────────────────────────────────────────────────────

// 1, 2, 5, 10 and so on, from one number to another.
function ladder(low, high) {
  const steps = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
    for (const factor of [1, 2, 5]) steps.push(Number(`${factor}e${power}`));
  }
  return steps.filter(x => x >= low && x <= high);
}

// A number with a slider from one choice to the next.
class Setting {
  constructor(name, choices, value, change) {
    Object.assign(this, { name, choices, change });
    this.range = make("input", { type: "range", min: 0, step: 1, id: `set-${name}` });
    this.shown = make("output");
    this.shown.setAttribute("for", this.range.id);
    const label = make("label", { className: "setting" });
    label.append(make("span", { textContent: words[name] }), this.shown, this.range);
    $("#settings").append(label);
    this.range.addEventListener("input", () => {
      this.write();
      this.change(this.value);
    });
    this.set(value);
  }

  get value() { return this.positions[Number(this.range.value)]; }

  // A number that is no choice becomes one.
  set(value) {
    this.positions = [...new Set([...this.choices, value])].sort((a, b) => a - b);
    this.range.max = this.positions.length - 1;
    this.range.value = this.positions.indexOf(value);
    this.write();
  }

  write() {
    this.shown.textContent = shown(this.value);
    this.range.setAttribute("aria-valuetext", this.shown.textContent);
  }
}

// All settings of a training: `change(name, value)` is called when one of them is moved.
class Settings {
  constructor({ options, data }, speed, change) {
    const shares = most => Array.from({ length: most + 1 }, (_, i) => i / 20), penalties = [0, ...ladder(1e-5, 1)];
    const optimizer = this.choice("optimizer", Object.keys(spec.optimizers), options.optimizer, change);
    const slider = (name, choices, value) => new Setting(name, choices, value, number => change(name, number));
    this.fields = {
      optimizer, lr: slider("lr", ladder(1e-5, 10), options.lr), batch: slider("batch", batches(data.count), options.batch),
      l1: slider("l1", penalties, options.l1), l2: slider("l2", penalties, options.l2),
      noise: slider("noise", shares(20), options.noise), testShare: slider("testShare", shares(10), options.testShare),
      speed: slider("speed", ladder(1, 100000), speed),
    };
    $("#settings").addEventListener("submit", event => event.preventDefault());
  }

  // One of several names.
  choice(name, names, value, change) {
    const select = make("select", { id: `set-${name}` }), label = make("label", { className: "setting" });
    select.append(...names.map(each => make("option", { value: each, textContent: each })));
    select.addEventListener("change", () => change(name, select.value));
    label.append(make("span", { textContent: words[name] }), select);
    $("#settings").append(label);
    select.value = value;
    return { set: chosen => { select.value = chosen; } };
  }

  // Shows what a training has now.
  show({ options, data }) {
    const known = { ...options, batch: Math.min(options.batch, data.count) };
    this.fields.batch.choices = batches(data.count);
    for (const [name, field] of Object.entries(this.fields)) if (name in known) field.set(known[name]);
  }
}

// Sizes of batches of so many examples.
const batches = count => [...ladder(1, count), count];
