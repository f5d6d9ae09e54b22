"""What a page needs to work a graph out again, and to tell it with the new numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from autograd import UsageError, Value, ops
from viz.drawings.frames import Frame, Frames
from viz.pages.page import film
from viz.pages.sliders import slider
from viz.text.javascript import Script
from viz.text.templates import Places, Templates

FORMAT = re.compile(r"\.(\d{1,2})([gfe])")
"""The formats of numbers that pages can write."""


class Recomputed:
    """A walk for any numbers: as data, with templates for sentences and sources for numbers, and as a script."""

    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.code = Script([frames.root])
        self.places = Places()
        self.text, self.latex = (
            Templates(frames.root, frames.walk.names, spelling, self.code, self.places)
            for spelling in ("text", "latex")
        )

    def film(self) -> dict[str, Any]:
        """What `viz.html` gives its page, for any numbers, and the leaves, which can be moved."""
        frames = self.frames
        still = film(frames)
        steps = zip(still["steps"], frames, strict=True)
        leaves = [value for value in frames.sheet.values if not value.args]
        return still | {
            "steps": [step | self.step(frame, step["known"]) for step, frame in steps],
            "given": {key: f"v{self.code.places[leaf]}" for leaf in leaves for key in frames.data(leaf)},
            "whole": self.latex.spelled(self.latex.whole()),
            "leaves": [self.leaf(value) for value in leaves],
            "chain": [self.edge(frame) for frame in frames if frame.chain is not None],
            "root": self.code.places[frames.root],
            "format": self.format(),
            **self.places.packed(),
        }

    def script(self) -> str:
        """The functions that work out all numbers, and those of the expressions in templates."""
        expressions = "".join(f"  v => {script},\n" for script in self.places.expressions)
        return f"{self.code.source}\nconst expressions = [\n{expressions}];\n"

    def step(self, frame: Frame, known: Iterable[str]) -> dict[str, Any]:
        """A step: its sentence, and where the numbers are that it makes known."""
        return {"text": told(self.text, frame), "math": f"<math>{self.latex.spelled(told(self.latex, frame))}</math>",
                "known": {key: self.source(frame, key) for key in known}}

    def source(self, frame: Frame, key: str) -> str:
        """Where a number is that a step makes known."""
        id, kind = key.split(":")
        place = self.code.places[frame.value]
        if kind == "data":
            return f"v{place}"
        if frame.chain is None:
            return f"g{place}"
        if kind == "gradient":
            kind = "product" if "e" in id else "total"
        return self.text.sources(frame.chain)[kind]

    def edge(self, frame: Frame) -> list[int]:
        """A step of the chain rule: the number of the edge, its operation and operand, and which path it is."""
        assert frame.chain is not None
        k = self.text.edges[frame.chain.operation, frame.chain.position]
        return [k, *self.code.edges[k], frame.chain.path]

    def leaf(self, value: Value) -> dict[str, Any]:
        """A value that nothing made: its name and number, and its slider if it is not a constant."""
        known = {"place": self.code.places[value], "name": self.frames.walk.names[value], "data": repr(value.data)}
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


def told(sentences: Templates, frame: Frame) -> str:
    """The sentence of a step, for any numbers."""
    if frame.phase == "forward":
        return sentences.forward(frame.value)
    return sentences.seed() if frame.chain is None else sentences.backward(frame.chain)
