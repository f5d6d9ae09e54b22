"""Graphs of single numbers: the nearest of the three distances."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from autograd import NumberError, SizeError, Value, ancestors, ops
from viz.arguments import one_of
from viz.drawings import circuit, record
from viz.drawings.clusters import frame, neurons
from viz.drawings.expand import expanded
from viz.drawings.layout import paced
from viz.drawings.legend import SCALARS, attach
from viz.drawings.picture import Mark, Picture
from viz.drawings.render import Drawing, pace
from viz.drawings.scene import Scene
from viz.style import theme_named
from viz.text import naming

STYLES: dict[str, Callable[[Scene, dict[str, Mark] | None], Picture]] = {"record": record.draw, "circuit": circuit.draw}
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
    expand: bool | Iterable[Value] = False,
    clusters: Any = None,
    highlight: Iterable[Value | tuple[Value, int]] = (),
    legend: bool = False,
    limit: int = 500,
) -> Drawing:
    """A picture of the graph of one value, or of several together, as `viz.draw` makes it."""
    one_of("style", style, STYLES)
    scene = prepared(
        root, gradients=gradients, local_derivatives=local_derivatives, direction=direction,
        number_format=number_format, theme=theme, names=names, expand=expand, highlight=highlight, limit=limit,
    )
    return paint(scene, style, clusters, legend).drawing


def draw_entry(
    explanation: Any, *, entry: Sequence[int] = (), style: str = "record", direction: str = "LR",
    number_format: str = ".4g", theme: str = "light", legend: bool = False, limit: int = 500,
) -> Drawing:
    """The scalars behind one entry of an array of a program, that at `entry`; the first, if there is none given."""
    return draw(explanation.scalars(*entry), style=style, gradients=False, direction=direction,
                number_format=number_format, theme=theme, legend=legend, limit=limit)


def prepared(
    root: Value | Iterable[Value],
    *,
    gradients: bool | None = None,
    local_derivatives: bool = False,
    direction: str = "LR",
    number_format: str = ".4g",
    theme: str = "light",
    names: Mapping[str, Any] | None = None,
    expand: bool | Iterable[Value] = False,
    highlight: Iterable[Value | tuple[Value, int]] = (),
    limit: int = 500,
) -> Scene:
    """The graph made ready for drawing, before a style and frames are chosen."""
    roots = _roots(root)
    one_of("direction", direction, DIRECTIONS)
    colours = theme_named(theme)
    values = graph(roots)
    labels = naming.labels(values, names)
    if expand:
        shown = expanded(values, expand)
        roots, labels = [shown[value] for value in roots], {shown[value]: labels[value] for value in values}
        values = graph(roots)
        highlight = [shown.get(h, h) if isinstance(h, Value) else (shown.get(h[0], h[0]), h[1]) for h in highlight]
    _check_size(values, limit)
    labels = {value: labels.get(value, "") for value in values}
    marked = frozenset(highlight)
    return Scene(roots, values, labels, colours, direction, number_format, gradients, local_derivatives, marked)


def paint(
    scene: Scene, style: str = "record", clusters: Any = None, legend: bool = False,
    marks: dict[str, Mark] | None = None,
) -> Picture:
    """The picture of a scene in a style, with frames around neurons and a legend if wanted; `marks` are filled in."""
    owners = {} if clusters is None or clusters is False else neurons(scene.values, clusters)
    picture = STYLES[style](replace(scene, owners=owners), marks)
    frame(picture, owners, scene.direction)
    if legend:
        shown = {"gradient": scene.gradients is not False, "local": scene.local_derivatives}
        meanings = [meaning for meaning in SCALARS if shown.get(meaning, True)]
        attach(picture.drawing, meanings, scene.theme, scene.caption, marks)
    pace(picture.drawing)
    return picture


def graph(roots: Iterable[Value]) -> list[Value]:
    """All that the roots depend on and the roots themselves, the oldest first."""
    return sorted(set[Value]().union(*map(ancestors, roots)), key=operator.attrgetter("serial"))


def _check_size(values: Sequence[Value], limit: int) -> None:
    if len(values) > limit:
        raise SizeError(
            f"the graph has {len(values)} values, and pictures of more than limit={limit} are hard to read: raise "
            "limit=, draw a value nearer to the leaves or a smaller example, or use autograd.dot and autograd.sum "
            "in place of long chains of + and *"
        )
    # What takes too long as it is, before operations and wires come in between, need not be painted.
    paced([(str(arg.serial), str(value.serial)) for value in values for arg in value.args])


def _roots(root: Value | Iterable[Value]) -> list[Value]:
    roots: list[Any] = list(root) if ops.is_several(root) else [root]  # type: ignore[arg-type]
    for value in roots:
        if not isinstance(value, Value):
            raise NumberError(
                f"draw takes a Value or several, a model or a compiled program; {type(value).__name__} came"
            )
    if not roots:
        raise SizeError("draw takes at least one Value, none came")
    return list(dict.fromkeys(roots))
