
// ── what the network makes of the plane, or of a line ───────────────────────────────────────────

class Boundary {
  constructor(canvas, recording) {
    Object.assign(this, { canvas, recording });
    const { X } = recording.data;
    const range = i => {
      const column = X.map(x => x[i]), low = Math.min(...column), high = Math.max(...column), room = (high - low || 1) * 0.2;
      return [low - room, high + room];
    };
    this.ranges = X[0].map((_, i) => range(i));
    canvas.addEventListener("click", event => this.choose(event));
  }

  place(x) {
    const [[left, right], [bottom, top]] = this.ranges, { width, height } = this.canvas;
    return [(x[0] - left) / (right - left) * width, (top - x[1]) / (top - bottom) * height];
  }

  choose(event) {
    const box = this.canvas.getBoundingClientRect(), scale = this.canvas.width / box.width;
    const at = [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
    const distances = this.recording.data.X.map(x => { const [a, b] = this.place(x); return Math.hypot(a - at[0], b - at[1]); });
    this.recording.example = distances.indexOf(Math.min(...distances));
    player.show();
  }

  draw() {
    const { recording } = this, paper = style("background"), several = recording.network.outputs.length > 1;
    const tints = several ? CLASSES.map(colour => mix(paper, colour, 0.45)) : shades();
    paintPlane(this.canvas, this.ranges, (x, y) => {
      const outputs = recording.outputs([x, y]);
      if (several) return tints[outputs.indexOf(Math.max(...outputs)) % tints.length];
      return tints[Math.round(255 * clamp(recording.share(outputs[0]), 0, 1)) || 0];
    }, !several);
    this.points();
  }

  points() {
    const { X, Y } = this.recording.data;
    X.forEach((x, i) => {
      const [a, b] = this.place(x), y = Y[i].length > 1 ? Y[i].indexOf(Math.max(...Y[i])) : Math.round(Y[i][0]);
      paintPoint(this.canvas, a, b, CLASSES[clamp(y, 0, CLASSES.length - 1)], i === this.recording.example);
    });
  }
}

class Curve {
  constructor(canvas, recording) {
    Object.assign(this, { canvas, recording });
    const { X, Y } = recording.data, xs = X.map(x => x[0]), ys = Y.map(y => y[0]);
    const padded = numbers => {
      const low = Math.min(...numbers), high = Math.max(...numbers), room = (high - low || 1) * 0.15;
      return [low - room, high + room];
    };
    Object.assign(this, { xs, ys, x: padded(xs), y: padded(ys) });
  }

  draw() {
    const context = this.canvas.getContext("2d"), { width, height } = this.canvas;
    const across = x => (x - this.x[0]) / (this.x[1] - this.x[0]) * width;
    const up = y => height - (y - this.y[0]) / (this.y[1] - this.y[0]) * height;
    context.fillStyle = style("background");
    context.fillRect(0, 0, width, height);
    context.fillStyle = style("gradient");
    this.xs.forEach((x, i) => { context.beginPath(); context.arc(across(x), up(this.ys[i]), 6, 0, 7); context.fill(); });
    context.beginPath();
    for (let i = 0; i <= 200; i += 1) {
      const x = this.x[0] + (this.x[1] - this.x[0]) * i / 200;
      context.lineTo(across(x), clamp(up(this.recording.outputs([x])[0]), -height, 2 * height));
    }
    context.lineWidth = 4;
    context.strokeStyle = style("value");
    context.stroke();
  }
}

// ── the network, neuron by neuron ───────────────────────────────────────────────────────────────

class Network {
  constructor(svg, recording) {
    Object.assign(this, { svg, recording });
    const { layers } = recording.network, tallest = Math.max(...layers.map(layer => layer.neurons.length));
    const width = 150 * layers.length, height = Math.max(170, 44 * tallest), radius = Math.min(20, height / tallest / 2.3);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const place = (l, i) => [75 + 150 * l, height * (i + 0.5) / layers[l].neurons.length];
    this.lines = [];
    layers.forEach((layer, l) => layer.weights.forEach((row, i) => row.forEach((parameter, j) => {
      const [x1, y1] = place(l - 1, j), [x2, y2] = place(l, i);
      this.lines.push([draw("line", { x1, y1, x2, y2 }, svg), parameter]);
    })));
    this.neurons = layers.flatMap((layer, l) => layer.neurons.map((value, i) => {
      const [cx, cy] = place(l, i);
      draw("circle", { cx, cy, r: radius, class: l ? "neuron" : "neuron input" }, svg);
      const title = { x: cx, y: cy + 4, "text-anchor": "middle", class: "activation", "font-size": clamp(radius * 0.62, 7, 12) };
      return [draw("text", title, svg), value];
    }));
  }

  draw(frame) {
    const { recording } = this, numbers = recording.numbers(frame, $("#gradients").checked);
    const largest = Math.max(1e-12, ...this.lines.map(([, parameter]) => Math.abs(numbers[parameter])));
    for (const [line, parameter] of this.lines) {
      line.setAttribute("class", numbers[parameter] < 0 ? "negative" : "positive");
      line.setAttribute("stroke-width", (0.4 + 5 * Math.abs(numbers[parameter]) / largest).toFixed(2));
    }
    recording.outputs(recording.data ? recording.data.X[recording.example] : recording.network.inputs.map(() => 0));
    for (const [text, value] of this.neurons) text.textContent = brief(recording.v[value]);
  }
}

class WeightImages {
  constructor(canvas, recording) {
    Object.assign(this, { canvas, recording });
    const { count, side } = recording.images;
    this.columns = Math.ceil(Math.sqrt(count));
    canvas.width = this.columns * (side + 2);
    canvas.height = Math.ceil(count / this.columns) * (side + 2);
  }

  draw(frame) {
    const { count, side, pixels } = this.recording.images, context = this.canvas.getContext("2d");
    const paper = style("background"), positive = style("positive"), negative = style("negative");
    const colours = Array.from({ length: 256 }, (_, i) => mix(paper, i < 128 ? negative : positive, Math.abs(i - 128) / 127));
    for (let n = 0; n < count; n += 1) {
      const image = new ImageData(side, side), start = (frame * count + n) * side * side;
      for (let i = 0; i < side * side; i += 1) image.data.set([...colours[pixels[start + i]], 255], 4 * i);
      context.putImageData(image, n % this.columns * (side + 2) + 1, Math.floor(n / this.columns) * (side + 2) + 1);
    }
  }
}
