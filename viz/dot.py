"""Drawings of graphs: `draw` checks what it is given and hands a scene to a style.

>>> from autograd import Value
>>> x, y = Value(2.0, "x"), Value(3.0, "y")
>>> f = x * y
>>> drawing = draw(f, gradients=False)
>>> drawing.source.count("->")
3
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from autograd import NumberError, SizeError, UsageError, Value, ancestors
from viz import circuit, naming, record
from viz.render import Drawing
from viz.scene import Scene
from viz.style import THEMES

STYLES: dict[str, Callable[[Scene], Drawing]] = {"record": record.draw, "circuit": circuit.draw}
DIRECTIONS = ("LR", "TB")


def draw(
    root: Value | Iterable[Value],
    *,
    style: str = "record",
    gradients: bool | None = None,
    local_derivatives: bool = False,
    direction: str = "LR",
    number_format: str = ".4g",
    theme: str = "light",
    names: Mapping[str, Any] | None = None,
    limit: int = 500,
) -> Drawing:
    """A picture of the graph of one value, or of several together: a `graphviz.Digraph`.

    - `style`: "record" draws a box for each value and a circle for each operation, as micrograd does;
      "circuit" draws operations joined by wires, the value above and the gradient below each wire.
    - `gradients`: True or False to show or hide them. By default they are shown, and stay blank with
      a note if there are none yet: no value of the graph has a gradient other than 0.
    - `local_derivatives`: write on each edge the derivative of the operation for that operand.
    - `direction`: "LR", from left to right, or "TB", from top to bottom.
    - `number_format`: how numbers are written, in the language of `format`.
    - `theme`: "light" or "dark".
    - `names`: variables, such as `locals()`, to call values by that have no label.
    - `limit`: graphs of more values than this raise `SizeError` instead of making a picture nobody can read.

    In a notebook the drawing shows itself; `drawing.write("f.svg")` writes a file, `drawing.source` is
    its text. Labels longer than 40 characters end in an ellipsis.
    """
    roots = _roots(root)
    _check("style", style, STYLES)
    _check("direction", direction, DIRECTIONS)
    _check("theme", theme, THEMES)
    values = graph(roots)
    if len(values) > limit:
        raise SizeError(
            f"the graph has {len(values)} values, and pictures of more than limit={limit} are hard to read: raise "
            "limit=, draw a value nearer to the leaves or a smaller example, or use autograd.dot and autograd.sum "
            "in place of long chains of + and *"
        )
    scene = Scene(
        roots, values, naming.labels(values, names), THEMES[theme], direction, number_format, gradients,
        local_derivatives,
    )
    return STYLES[style](scene)


def graph(roots: Iterable[Value]) -> list[Value]:
    """All that the roots depend on and the roots themselves, the oldest first."""
    return sorted(set[Value]().union(*map(ancestors, roots)), key=operator.attrgetter("serial"))


def _roots(root: Value | Iterable[Value]) -> list[Value]:
    roots = [root] if isinstance(root, Value) or not isinstance(root, Iterable) else list(root)
    for value in roots:
        if not isinstance(value, Value):
            raise NumberError(f"draw takes a Value or several, {type(value).__name__} came")
    if not roots:
        raise SizeError("draw takes at least one Value, none came")
    return list(dict.fromkeys(roots))


def _check(option: str, given: str, known: Iterable[str]) -> None:
    if given not in known:
        raise UsageError(f"{option} is one of {', '.join(map(repr, known))}; {given!r} came")
