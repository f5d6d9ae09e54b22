
// ── own data ────────────────────────────────────────────────────────────────────────────────────

// The cells of a table, whose columns are separated by what separates most of the first line; "…" may hold a separator.
function cells(text) {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/).filter(line => line.trim());
  const many = separator => lines.length ? lines[0].split(separator).length : 0;
  const separator = ["\t", ";", ","].reduce((best, each) => many(each) > many(best) ? each : best);
  return lines.map(line => {
    const row = [""];
    let quoted = false;
    for (let i = 0; i < line.length; i += 1) {
      const character = line[i];
      if (character === '"' && quoted && line[i + 1] === '"') row[row.length - 1] += line[i += 1];
      else if (character === '"') quoted = !quoted;
      else if (character === separator && !quoted) row.push("");
      else row[row.length - 1] += character;
    }
    return row.map(cell => cell.trim());
  });
}

const joined = (first, second) => Float64Array.from([...first, ...second]);

const FEWEST = 200; // points that a function is shown by

class OwnData {
  constructor(page) {
    this.page = page;
    this.given = null; // what came in place of the page's examples
    $("#table").addEventListener("submit", event => {
      event.preventDefault();
      this.read($("#csv").value);
    });
    $("#file").addEventListener("change", async () => {
      if ($("#file").files[0]) this.read(await $("#file").files[0].text());
    });
    $("#rule").addEventListener("submit", event => {
      event.preventDefault();
      this.follow($("#function").value);
    });
    $("#first-data").addEventListener("click", () => this.restore());
    $("#download").addEventListener("click", () => this.download());
    $("#link").addEventListener("click", () => this.link());
    addEventListener("dragover", event => event.preventDefault());
    addEventListener("drop", async event => {
      event.preventDefault();
      const file = event.dataTransfer.files[0];
      this.read(file ? await file.text() : event.dataTransfer.getData("text"));
    });
  }

  get model() { return this.page.model; }

  get chosen() { return this.model.classes[Number($("#legend input:checked").value)].target; }

  // The classes, of which one is that of the points that clicks add.
  legend() {
    const { classes, look, side } = this.model, adds = look === "plane" && classes;
    const items = (classes ?? []).map(({ name }, k) => {
      const label = make("label"), dot = make("span", { className: "dot" });
      dot.style.background = CLASSES[k % CLASSES.length];
      if (adds) label.append(make("input", { type: "radio", name: "class", value: k, checked: k === 0 }));
      label.append(dot, make("span", { textContent: name }));
      return label;
    });
    $("#legend").replaceChildren(...side ? [] : items);
    $("#legend").setAttribute("role", adds ? "radiogroup" : "group");
    $("#hint").textContent = side ? words.images_hint : adds ? words.plane_hint
      : look === "curve" ? words.curve_hint : words.look_hint;
    $("#rule label").textContent = filled(words.function_rule, {
      example: this.model.inputs.length === 1 ? "sin(3 * x1)" : "x1**2 + x2**2 - 1",
      meaning: !classes ? words.number_says : classes.length === 2 ? words.sign_says : words.floor_says,
    });
  }

  // ── examples ──

  add(x, y) {
    const { X, Y } = this.all();
    this.take(joined(X, x), joined(Y, y));
    this.page.remember();
  }

  // All examples as they came, those to test with too.
  all() {
    const { source, given } = this.page.training;
    return given ? { X: joined(source.X, given.X), Y: joined(source.Y, given.Y) } : source;
  }

  // Trains on these examples from now on.
  take(X, Y) {
    const { widths } = this.page.training;
    if (X.length / widths.X !== Y.length / widths.Y || !Number.isInteger(X.length / widths.X)) return;
    this.given = { X, Y };
    for (const model of this.page.models) model.training.setData(X, Y);
    this.page.changed();
    this.page.draw();
  }

  restore() {
    for (const model of this.page.models) model.training.restoreData();
    this.given = null;
    this.page.changed();
    this.page.draw();
    this.page.remember();
  }

  // ── tables ──

  read(text) {
    try {
      const { X, Y } = this.table(cells(text));
      this.complain("");
      this.take(Float64Array.from(X), Float64Array.from(Y));
      this.page.remember();
      $("#told").textContent = filled(words.taken, { count: X.length / this.model.inputs.length });
    } catch (error) {
      if (!(error instanceof Complaint)) throw error;
      this.complain(error.message);
    }
  }

  // Inputs and targets: numbers, and in the last column a class or a target; a first line of names is left out.
  table(rows) {
    const n = this.model.inputs.length, { classes } = this.model, targets = this.page.training.widths.Y;
    const head = rows.length && rows[0].slice(0, n).some(cell => parsed(cell) === undefined) ? 1 : 0;
    const body = rows.slice(head), wide = classes ? n + 1 : n + targets;
    if (!body.length) throw new Complaint(filled(words.no_rows, { inputs: n }));
    const names = classes && body.map(row => row[n]);
    const kinds = classes && [...new Set(names)].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    const ours = classes?.map(({ name }) => name), known = kinds?.every(kind => ours.includes(kind));
    if (kinds && !known && kinds.length > classes.length) {
      throw new Complaint(filled(words.many_classes, { count: kinds.length, most: classes.length }));
    }
    const X = [], Y = [];
    body.forEach((row, i) => {
      const line = i + 1 + head;
      if (row.length !== wide) throw new Complaint(filled(words.row_length, { line, count: row.length, wide }));
      const number = cell => {
        const x = parsed(cell);
        if (!Number.isFinite(x)) throw new Complaint(filled(words.no_number_in, { line, cell: cell.slice(0, 30) }));
        return x;
      };
      X.push(...row.slice(0, n).map(number));
      if (classes) Y.push(...classes[(known ? ours : kinds).indexOf(row[n])].target);
      else Y.push(...row.slice(n).map(number));
    });
    return { X, Y };
  }

  // ── a function ──

  // New points, as many as there are, at random places; their class, or their target, is what the function says there.
  follow(text) {
    const { inputs, classes } = this.model, { X } = this.all(), n = inputs.length, count = Math.max(X.length / n, FEWEST);
    const random = new Random(this.page.training.options.seed);
    const ranges = inputs.map((_, i) => padded(X.filter((_, k) => k % n === i), 0.1));
    const value = x => new Evaluator(text, Object.fromEntries(inputs.map((name, i) => [name, x[i]]))).graph().root.data;
    const kind = y => classes.length === 2 ? Number(y > 0) : clamp(Math.floor(y) || 0, 0, classes.length - 1);
    const target = y => classes ? classes[kind(y)].target : [y];
    try {
      const points = Array.from({ length: count }, () => ranges.map(([low, high]) => low + (high - low) * random.next()));
      const targets = points.flatMap(x => target(value(x)));
      if (!targets.every(Number.isFinite)) throw new Complaint(words.not_finite);
      this.complain("");
      this.take(Float64Array.from(points.flat()), Float64Array.from(targets));
      this.page.remember();
    } catch (error) {
      if (!(error instanceof Complaint || error instanceof ExpressionError)) throw error;
      this.complain(error.message);
    }
  }

  complain(text) { $("#complaint").textContent = text; }

  // ── to take away ──

  download() {
    const blob = new Blob([JSON.stringify(this.page.training.toJSON().parameters)], { type: "application/json" });
    download(blob, `${words.parameters}.json`);
  }

  async link() {
    this.page.remember();
    try {
      await navigator.clipboard.writeText(new URL(`#${this.page.address}`, location.href).href);
      $("#told").textContent = $("#link").textContent = fits(this.page) ? words.copied : words.copied_partly;
    } catch {
      this.complain(words.not_copied);
    }
  }
}

class Complaint extends Error {}

// ── the plane and the line, where a click adds a point ──────────────────────────────────────────

const NEXT = 14; // so near to an example, in pixels of a picture, a click means it

// A click on an example looks at it, another one adds an example there.
function clicked(picture, at, added) {
  const { i, distance } = picture.nearest(at);
  if (distance < NEXT * picture.canvas.width / picture.canvas.clientWidth || !added) picture.subject.choose(i);
  else player.own.add(...added);
}

class PlaneOf extends Boundary {
  click(at) { clicked(this, at, this.subject.classes && [this.point(at), player.own.chosen]); }
}

class CurveOf extends Curve {
  click(at) {
    const { classes, width } = this.subject, [x, y] = this.point(at);
    clicked(this, at, width === 1 && [[x], classes ? classes[this.subject.kind([y])].target : [y]]);
  }
}
