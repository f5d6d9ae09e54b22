"""What a page needs to work a graph out again, and to tell it with the new numbers."""

from __future__ import annotations

import re
from typing import Any

from autograd import UsageError, Value, ops
from viz.drawings.frames import Frames
from viz.pages.page import film
from viz.pages.sliders import slider
from viz.text.javascript import Script, operations
from viz.text.tokens import Source

FORMAT = re.compile(r"\.(\d{1,2})([gfe])")
"""The formats of numbers that pages can write."""


class Recomputed:
    """A walk for any numbers: as data, in which numbers are places in the arrays of the page, and as a script."""

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

    def film(self) -> dict[str, Any]:
        """What `viz.html` gives its page, for any numbers, and the leaves, which can be moved."""
        frames = self.frames
        leaves = [value for value in frames.sheet.values if not value.args]
        return film(frames, self.place) | {
            "given": {key: self.place(("data", leaf)) for leaf in leaves for key in frames.data(leaf)},
            "whole": frames.walk.sentences.whole().packed(self.place),
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
