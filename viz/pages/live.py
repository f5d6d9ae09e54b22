"""A page on which the numbers of a graph can be moved: everything is worked out again at once, in the page itself.

>>> live("(x + y) * z", x=-2, y=5, z=-4)[:15]
'<!DOCTYPE html>'
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy.typing as npt

from autograd import UsageError, Value, ancestors, ops
from viz.drawings.network import is_model
from viz.drawings.vector import vector
from viz.pages.page import player, read, walked
from viz.pages.plane import network, plane
from viz.pages.recomputed import Recomputed
from viz.pages.web import Page, page_file, saved
from viz.text import naming
from viz.text.javascript import PRELUDE

WIDE = "-0.1234"
"""There is room for numbers of so many characters; longer ones are written narrower."""

SCRIPTS = ("numbers.js", "recomputed.js", "plane.js", "live.js")


def live(
    root: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = "",
    theme: str | None = None,
    constants: bool = False,
    boundary: Sequence[Value] | None = None,
    data: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    **options: Any,
) -> Page:
    """A page with a slider for each input and parameter: values, gradients and sentences follow at once.

    `root` is a value, what `viz.steps` returned, an expression as `viz.parse` reads it, whose names get their numbers
    as `x=-2`, or a model with one output, whose inputs are then called x1, x2 and so on. Other options are those of
    `viz.steps`; with `constants`, constants have sliders too. The player of `viz.html` is there, and tells the steps
    with the numbers that are set.

    `boundary=(x1, x2)` names two leaves, and perhaps as a third the value to be shown, where it is not the root: the
    plane of the two is coloured by what that value is there, from orange to blue with the threshold at ½ for a sigmoid
    and at 0 for others. A model of two inputs has it without being asked. `data`, examples (X, Y), are points in it.

    The page is returned, and written to `path` if there is one; in a notebook it shows itself. It needs no other file
    and no network. It writes numbers in formats such as ".4g", ".2f" and ".3e".
    """
    root, title = read(root, title, options)
    if is_model(root):
        inputs, root = network(root, data)
        title, boundary = title or "A network", boundary or (inputs if len(inputs) == 2 else None)
    if constants:
        root, boundary = loosened(root, boundary, options.pop("names", None))
    frames = walked("live", root, theme, options)
    again = Recomputed(frames)
    film = again.film() | {"plane": plane(frames, boundary, data)}
    written = player(
        frames, vector(frames.picture(WIDE)), film, title, theme,
        style=page_file("live.css"), panel=page_file("live.html"),
        script=PRELUDE + again.script() + page_file(*SCRIPTS),
    )
    page = Page(written, frames.drawing().svg(), "a computational graph whose numbers can be moved")
    return saved(page, path)


def loosened(root: Any, boundary: Sequence[Value] | None, names: Any) -> tuple[Value, Sequence[Value] | None]:
    """A copy of a graph in which constants are inputs, called c1, c2 and so on, with the boundary in that copy."""
    if not isinstance(root, Value):
        raise UsageError(f"constants=True is for a Value or an expression, {type(root).__name__} came")
    copies: dict[int, Value] = {}
    copy = deepcopy(root, copies)
    count = 0
    for value, label in naming.labels(ancestors(root), names).items():
        twin = copies[id(value)]
        if value.op is ops.constant:
            count += 1
            twin.op, label = None, label or f"c{count}"
        twin.label = label
    return copy, boundary and [copies.get(id(value), value) for value in boundary]
