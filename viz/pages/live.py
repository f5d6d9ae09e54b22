"""A page on which the numbers of a graph can be moved: everything is worked out again at once, in the page itself.

>>> live("(x + y) * z", x=-2, y=5, z=-4)[:15]
'<!DOCTYPE html>'
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy.typing as npt

from autograd import UsageError, Value, ancestors, ops
from viz.drawings import neurons
from viz.drawings.network import is_model
from viz.drawings.vector import text, vector
from viz.pages.layers import LARGEST, Layers
from viz.pages.plane import Data, network, plane
from viz.pages.sliders import slider
from viz.pages.steps import Frames, player, read, walk_data, walked
from viz.pages.web import Page, labelled, page_file, saved
from viz.pages.words import words
from viz.text import naming
from viz.text.javascript import PRELUDE, Script, operations
from viz.text.markup import isolated
from viz.text.tokens import Source

WIDE = "-0.1234"
"""There is room for numbers of so many characters; longer ones are written narrower."""

FORMAT = re.compile(r"\.(\d{1,2})([gfe])")
"""The formats of numbers that pages can write."""


SCRIPTS = ("numbers.js", "recomputed.js", "plane.js", "live.js")


def live(
    root: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = "",
    theme: str | None = None,
    language: str = "en",
    constants: bool = False,
    boundary: Sequence[Value] | None = None,
    data: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    **options: Any,
) -> Page:
    """A page with a slider for each input and parameter: values, gradients and sentences follow at once.

    `root` is a value, what `viz.steps` returned, an expression as `viz.parse` reads it, whose names get their numbers
    as `x=-2`, or a model, whose inputs are then called x1, x2 and so on; of several outputs the graph ends with the
    largest, and `viz.live(model(x)[1], clusters=model)` shows another one. Other options are those of
    `viz.html` and `viz.steps`; with `constants`, constants have sliders too. The player of `viz.html` is there, and
    tells the steps with the numbers that are set. The address of the page keeps the step and the numbers.

    Of a model the page shows the neurons and weights; a click on a neuron opens its scalars and the steps about them,
    a click on the name of a layer folds it. Values and neurons are found by name. So does that of a value that a model
    has a part in, such as a loss, with `clusters=model`.

    `boundary=(x1, x2)` names two leaves, and perhaps as a third the value to be shown, where it is not the root: the
    plane of the two is coloured by what that value is there, from orange to blue with the threshold at ½ for a sigmoid
    and at 0 for others. Of several, `boundary=(x1, x2, *outputs)`, it has the colour of the largest: of its class. A
    model of two inputs has it without being asked. `data`, examples (X, Y), are points in it.

    The page is returned, and written to `path` if there is one; in a notebook it shows itself. It needs no other file
    and no network. It writes numbers in formats such as ".4g", ".2f" and ".3e".
    """
    root, title = read(root, title, options)
    if is_model(root) and not constants:
        inputs, outputs, output = network(root, data)
        boundary = boundary or ([*inputs, *outputs] if len(inputs) == 2 else None)
        return saved(of_network(root, output, title, theme, language, boundary, data, options), path)
    if is_model(model := options.get("clusters")):
        return saved(of_network(model, root, title, theme, language, boundary, data, options), path)
    if constants:
        root, boundary = loosened(root, boundary, options.pop("names", None))
    frames = walked("live", root, theme, options)
    moving = Moving(frames)
    known = moving.data() | {"plane": plane(frames, boundary, data)}
    written = player(
        frames, text(vector(frames.picture(WIDE))), known, title, theme, language,
        style=page_file("live.css"), panel=labelled("live.html", language),
        script=PRELUDE + moving.script() + page_file(*SCRIPTS), kind="LiveSteps",
    )
    page = Page(written, frames.drawing().svg(), words(language)["live"])
    return saved(page, path)


def of_network(
    model: Any, root: Any, title: str, theme: str | None, language: str, boundary: Sequence[Value] | None,
    data: Data | None, options: dict[str, Any],
) -> Page:
    """The page of a value that a model has a part in: its neurons and weights, and the scalars of one at a time."""
    frames = walked("live", root, theme, {"limit": LARGEST} | options)
    moving, layers = Moving(frames), Layers(model, frames, language)
    drawings = layers.drawings(WIDE)
    known = moving.data() | {"plane": plane(frames, boundary, data), "network": layers.data()}
    parts = "".join(f'<template id="part-{i}">{drawing}</template>\n' for i, drawing in drawings.items())
    written = player(
        frames, drawings[layers.drawn[0]], known, title or words(language)["network"], theme, language,
        style=page_file("live.css", "network.css"),
        panel=labelled("network.html", language) + parts + labelled("live.html", language),
        script=PRELUDE + moving.script() + page_file(*SCRIPTS, "network.js"), kind="LiveSteps",
    )
    still = neurons.draw(model, theme=theme or "light").svg()
    return Page(written, still, words(language)["network"])


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


class Moving:
    """A walk whose numbers can be moved: data, in which numbers are places in the arrays of the page, and a script."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.code = Script([frames.root])
        self.edges = {operand: k for k, operand in enumerate(self.code.operands)}

    def place(self, source: Source) -> list[Any]:
        """Where the page has a number: the name of an array, and the place in it."""
        role, subject = source
        if role == "upstream":
            role, subject = "gradient", subject[0]
        return [role, self.edges[subject] if isinstance(subject, tuple) else self.code.places[subject]]

    def data(self) -> dict[str, Any]:
        """What `viz.html` gives its page, for any numbers, and the leaves, which can be moved."""
        frames = self.frames
        leaves = [value for value in frames.sheet.values if not value.args]
        return walk_data(frames, self.place) | {
            "given": {key: self.place(("data", leaf)) for leaf in leaves for key in frames.data(leaf)},
            "whole": frames.walk.sentences.whole().json(self.place),
            "leaves": [self.leaf(value) for value in leaves],
            "chain": [
                [self.edges[frame.chain.edge], *self.code.edges[self.edges[frame.chain.edge]], frame.chain.path]
                for frame in frames if frame.chain is not None
            ],
            "root": self.code.places[frames.root],
            "format": self.format(),
        }

    def script(self) -> str:
        """The functions that work out all numbers, and those of the table, of which rules are made."""
        return self.code.source + "\n" + operations()

    def leaf(self, value: Value) -> dict[str, Any]:
        """A value that nothing made: its name and number, and its slider if it is not a constant."""
        name = isolated(self.frames.walk.names[value])
        known = {"place": self.code.places[value], "name": name, "data": repr(value.data)}
        if value.op is ops.constant:
            return known
        kind = "parameter" if value.op is ops.parameter else "input"
        return known | {"kind": kind, "slider": slider(value, self.frames.users[value])}

    def format(self) -> dict[str, Any]:
        """The format of numbers."""
        asked = self.frames.sheet.number_format
        found = FORMAT.fullmatch(asked)
        if found is None:
            raise UsageError(f"pages whose numbers move write them as '.4g', '.2f' or '.3e'; {asked!r} came")
        return {"digits": int(found[1]), "kind": found[2]}
