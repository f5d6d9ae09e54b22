"""The pictures of the README, made by `python -m viz.gallery FOLDER`; with `--pages` those of pages too.

Pages are photographed by Chromium, or another browser of its family, where there is one.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import autograd
from autograd import Value, dot, logsumexp, ops
from autograd.value import leaf
from viz.drawings.dot import draw
from viz.errors import RendererNotFoundError
from viz.pages.live import live
from viz.style import THEMES
from viz.text.expression import parse

BROWSERS = ("chromium", "google-chrome", "chromium-browser", "chrome")


@dataclass
class Dense:
    """A layer of neurons, which `draw` knows by its attributes."""

    weight: list[list[Value]]
    bias: list[Value]
    activation: str

    def __call__(self, x: Sequence[Any]) -> list[Any]:
        """f(W x + b)."""
        z = [dot(w, x, b) for w, b in zip(self.weight, self.bias, strict=True)]
        return [ops.TABLE[self.activation](v) for v in z] if self.activation != "linear" else z


@dataclass
class Network:
    """Layers one after the other."""

    layers: list[Dense]

    def parameters(self) -> list[Value]:
        """Of each layer its weights, then its biases."""
        return [v for layer in self.layers for v in (*(w for row in layer.weight for w in row), *layer.bias)]

    def __call__(self, x: Any) -> Any:
        """The outputs for one example."""
        for layer in self.layers:
            x = layer(x)
        return x


def network(*widths: int, activations: Sequence[str], seed: int = 0) -> Network:
    """A network with random weights, labelled W1[0,0] and so on."""
    rng = np.random.default_rng(seed)
    layers = []
    for l, (nin, nout) in enumerate(itertools.pairwise(widths), start=1):
        matrix = rng.normal(0, nin**-0.5, (nout, nin)).tolist()
        weight = [[leaf(w, ops.parameter, f"W{l}[{i},{j}]") for j, w in enumerate(row)] for i, row in enumerate(matrix)]
        bias = [leaf(0.0, ops.parameter, f"b{l}[{i}]") for i in range(nout)]
        layers.append(Dense(weight, bias, activations[l - 1]))
    return Network(layers)


def xor() -> Network:
    """A network of 2-3-1 neurons that has learned XOR."""
    model = network(2, 3, 1, activations=["tanh", "sigmoid"], seed=1)
    program = autograd.compile(lambda x, y: (model(x)[0] - y) ** 2, model)
    X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0.0, 1.0, 1.0, 0.0])
    theta = np.array([value.data for value in model.parameters()])
    for _ in range(2000):
        theta -= program.value_and_grad(theta, X, Y)[1]
    for value, number in zip(model.parameters(), theta.tolist(), strict=True):
        value.data = number
    return model


def digits() -> autograd.Program:
    """A network of 784-128-10 neurons for handwritten digits, with softmax cross entropy, compiled."""
    model = network(784, 128, 10, activations=["relu", "linear"])

    def loss(x: Any, y: Any) -> Any:
        z = model(x)
        return logsumexp(z) - dot(y, z)

    return autograd.compile(loss, model).trace((784,), (10,))


def examples() -> dict[str, tuple[Any, dict[str, object]]]:
    """The pictures by name: what is drawn, and how."""
    first = parse("q = x + y; f = q * z", x=-2, y=5, z=-4)
    square = parse("y = x ** 2 - 2 * x + 1", x=5)
    neuron = parse("n = dot([w1, w2], [x1, x2], b); y = tanh(n)", w1=-3, w2=1, x1=2, x2=0, b=6.88)
    for output in (first, square, neuron):
        output.backward()
    return {
        "circuit": (first, {"style": "circuit", "local_derivatives": True}),
        "record": (first, {"local_derivatives": True}),
        "reuse": (square, {"style": "circuit"}),
        "neuron": (neuron, {"style": "circuit"}),
        "network": (xor(), {"x": [0, 1]}),
        "blocks": (digits(), {}),
    }


def pages(theme: str) -> dict[str, str]:
    """The pages by name that have a picture in the README."""
    X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    return {"live": live(xor(), title="XOR", data=(X, Y), theme=theme)}


def photograph(page: str, path: Path) -> Path:
    """Write a picture of a page as a browser shows it, 1400 × 880 pixels."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise RendererNotFoundError(f"pages are photographed by a browser, one of {', '.join(BROWSERS)}; none is here")
    with tempfile.TemporaryDirectory() as room:
        source = Path(room, "page.html")
        source.write_text(page, encoding="utf-8")
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
            "--disable-background-networking", "--virtual-time-budget=2000", f"--user-data-dir={room}",
            "--window-size=1400,880", f"--screenshot={path.resolve()}", source.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    return path


def main(folder: str, photographs: bool = False) -> list[Path]:
    """Write every picture in every theme, as circuit-light.svg and so on."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    drawn = [
        draw(thing, theme=theme, **look).write(Path(folder) / f"{name}-{theme}.svg")
        for name, (thing, look) in examples().items()
        for theme in THEMES
    ]
    if photographs:
        drawn += [photograph(page, Path(folder) / f"{name}-{theme}.png")
                  for theme in THEMES for name, page in pages(theme).items()]
    return drawn


if __name__ == "__main__":
    folders = [argument for argument in sys.argv[1:] if argument != "--pages"]
    if len(folders) != 1:
        sys.exit("usage: python -m viz.gallery FOLDER [--pages]")
    print(*main(folders[0], "--pages" in sys.argv), sep="\n")
