"""The pictures of the README: `python -m viz.pictures` draws them anew, with `--pages` those of pages too.

This folder is no part of the package, so that its script may use all of them. Pages are photographed by Chromium, or
another browser of its family, where there is one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import autograd
import nn
import viz
from viz.style import THEMES

HERE = Path(__file__).parent

BROWSERS = ("chromium", "google-chrome", "chromium-browser", "chrome")


def xor() -> nn.MLP:
    """A network of 2-3-1 neurons that has learned XOR."""
    model = nn.MLP(2, [3, 1], activation="tanh", output="sigmoid", seed=1)
    nn.fit(model, *nn.data.xor(), "mse", nn.SGD(1.0), epochs=2000, progress=False)
    return model


def digits() -> autograd.Program:
    """A network of 784-128-10 neurons for handwritten digits, with softmax cross entropy, compiled."""
    model = nn.MLP(784, [128, 10], activation="relu", seed=0)

    def loss(x: Any, y: Any) -> Any:
        z = model(x)
        return autograd.logsumexp(z) - autograd.dot(y, z)

    return autograd.compile(loss, model).trace((784,), (10,))


def examples() -> dict[str, tuple[Any, dict[str, object]]]:
    """The pictures by name: what is drawn, and how."""
    first = viz.parse("q = x + y; f = q * z", x=-2, y=5, z=-4)
    square = viz.parse("y = x ** 2 - 2 * x + 1", x=5)
    neuron = viz.parse("n = dot([w1, w2], [x1, x2], b); y = tanh(n)", w1=-3, w2=1, x1=2, x2=0, b=6.88)
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
    return {"live": viz.live(xor(), title="XOR", data=nn.data.xor(), theme=theme)}


def photograph(page: str, path: Path) -> Path:
    """Write a picture of a page as a browser shows it, 1400 × 880 pixels."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        known = ", ".join(BROWSERS)
        raise viz.RendererNotFoundError(f"pages are photographed by a browser, one of {known}; none is here")
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


def main(folder: Path = HERE, photographs: bool = False) -> list[Path]:
    """Write every picture in every theme, as circuit-light.svg and so on."""
    drawn = [
        viz.draw(thing, theme=theme, **look).write(folder / f"{name}-{theme}.svg")
        for name, (thing, look) in examples().items()
        for theme in THEMES
    ]
    if photographs:
        drawn += [photograph(page, folder / f"{name}-{theme}.png")
                  for theme in THEMES for name, page in pages(theme).items()]
    return drawn


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["--pages"]):
        sys.exit("usage: python -m viz.pictures [--pages]")
    print(*main(photographs="--pages" in sys.argv), sep="\n")
