"""The pictures of the README, made by `python -m viz.gallery FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from autograd import Value
from viz.dot import draw
from viz.expression import parse
from viz.style import THEMES


def examples() -> dict[str, tuple[Value, dict[str, object]]]:
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
    }


def main(folder: str) -> list[Path]:
    """Write every picture in every theme, as circuit-light.svg and so on."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    return [
        draw(root, theme=theme, **look).write(Path(folder) / f"{name}-{theme}.svg")
        for name, (root, look) in examples().items()
        for theme in THEMES
    ]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m viz.gallery FOLDER")
    print(*main(sys.argv[1]), sep="\n")
