"""The pictures and pages that the documentation shows: small, and the same at each build but for rounding."""

import matplotlib.pyplot as plt

import autograd
import nn
import viz
from nn.recipes import PLAYED
from viz.style import THEMES

ALONE = '<p><a href="pages/{}.html">This page alone</a></p>'
plt.rcParams["svg.hashsalt"] = "reroll"  # for the names of parts of a plot
X, Y = nn.data.moons(60, noise=0.1, seed=1)


def circuit():
    """The smallest graph with a sum and a product."""
    return viz.parse("q = x + y; f = q * z", x=-2, y=5, z=-4)


def network(*sizes, seed=0):
    """A network for two coordinates with tanh neurons inside and a probability at its end."""
    return nn.MLP(2, [*sizes, 1], activation="tanh", output="sigmoid", seed=seed)


def xor():
    """A network of 2-3-1 neurons that has learned XOR."""
    model = network(3, seed=1)
    nn.fit(model, *nn.data.xor(), "mse", nn.SGD(1.0), epochs=2000, progress=False)
    return model


def trained(optimizer, title):
    """A recording of a training on the moons."""
    recorder = viz.Recorder(2, title=title)
    nn.fit(network(4), X, Y, "binary_cross_entropy", optimizer, epochs=80, record=recorder, progress=False)
    return recorder


def pages():
    """Pages that move, by name."""
    neuron = viz.parse("n = dot([w1, w2], [x1, x2], b); y = tanh(n)", w1=-3, w2=1, x1=2, x2=0, b=6.88)
    recordings = [trained(nn.SGD(0.5), "plain descent"), trained(nn.SGD(0.5, momentum=0.9), "with momentum")]
    return {
        "start": viz.live(circuit(), style="circuit", title="f = (x + y) * z"),
        "steps": viz.html(neuron, style="circuit", title="a neuron: y = tanh(w · x + b)"),
        "playground": viz.playground(),
        "live": viz.live(xor(), title="XOR", data=nn.data.xor()),
        "quiz": viz.quiz(viz.parse("y = x ** 2 - 2 * x + 1", x=5), "grads", seed=1, style="circuit"),
        "play": PLAYED["xor"].play(title="XOR"),
        "replay": viz.replay(recordings, data=(X, Y), frames=40),
        "program": viz.html(mlp(), title="A network of 2-2-1 neurons, compiled"),
        "worksheet": viz.worksheet(4, level=2, seed=1).page,
    }


def trainings():
    """Pages in which other networks train, by name; they are too large to be parts of another page."""
    titles = {"moons": "Two moons", "circles": "Circles", "spirals": "Two spirals", "digits": "Handwritten digits",
              "curve": "A sine"}
    return {f"play-{task}": PLAYED[task].play(title=title) for task, title in titles.items()}


def mlp():
    """A network of 2-2-1 neurons with its squared error, compiled."""
    model = nn.MLP(2, [2, 1], activation="tanh", seed=0)
    return autograd.compile(lambda x, y: (model(x) - y[0]) ** 2, model).trace((2,), (1,))


def recurrent(steps=6):
    """A recurrent network of 4 neurons that reads numbers in threes, compiled: its steps stay a loop."""
    sizes = {"U": (4, 3), "W": (4, 4), "b": (1, 4), "v": (1, 4)}
    params = {
        name: [[autograd.Value(0.1 + (i + j) / 10) for j in range(columns)] for i in range(rows)]
        for name, (rows, columns) in sizes.items()
    }

    def loss(x, y):
        state = [0.0] * 4
        for step in x:
            state = [
                autograd.tanh(autograd.dot(u, step, b) + autograd.dot(w, state))
                for u, w, b in zip(params["U"], params["W"], params["b"][0], strict=True)
            ]
        return (autograd.dot(params["v"][0], state) - y[0]) ** 2

    return autograd.compile(loss, params).trace((steps, 3), (1,))


def drawings(theme):
    """Pictures that stand still, by name."""
    yield "network", viz.draw(xor(), x=[0, 1], theme=theme)
    for frame in viz.passes(mlp(), theme=theme):
        yield f"pass-{frame.name}", frame.drawing
    yield "recurrent", viz.draw(recurrent(), theme=theme)


def plots(theme):
    """Plots of a training, by name."""
    model = network(6)
    history = nn.fit(model, X, Y, "binary_cross_entropy", nn.Adam(0.05), epochs=150, metrics=["accuracy"],
                     validation_split=0.2, progress=False, seed=0)
    yield "history", viz.plots.history(history, theme=theme)
    yield "boundary", viz.plots.boundary(model, X, Y, theme=theme)
    yield "activations", viz.plots.activations(theme=theme)


def write(folder):
    """Write all of them: alone/pages/NAME.html, frames/NAME.html as a part of another page, pictures as SVG."""
    for name in ("alone/pages", "frames", "pictures"):
        (folder / name).mkdir(parents=True)
    for name, page in pages().items():
        page.write(folder / "alone/pages" / f"{name}.html")
        frame = page.inline(660 if name == "start" else 720) + ALONE.format(name)
        (folder / "frames" / f"{name}.html").write_text(frame, encoding="utf-8")
    for name, page in trainings().items():
        page.write(folder / "alone/pages" / f"{name}.html")
    for theme in THEMES:
        viz.animate(circuit(), folder / "pictures" / f"animation-{theme}.svg", style="circuit", theme=theme)
        for name, drawing in drawings(theme):
            drawing.write(folder / "pictures" / f"{name}-{theme}.svg")
        for name, _ in plots(theme):
            plt.savefig(folder / "pictures" / f"{name}-{theme}.svg", metadata={"Date": None})
            plt.close()
