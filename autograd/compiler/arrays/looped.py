"""A function as it is read, with loops, and what it takes to read it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    For,
    Let,
    Line,
    Statement,
    nodes,
    source_of,
    within_loops,
    without_loops,
)

SEVERAL = 5
"""So many statements may be alike: of more there will be others as steps become more."""

ALIKE, LONG, HARDLY = 10, 70, 0.25
"""Where more statements outside loops are alike, or there are more, and so many times them in loops, text may grow."""

MIXES, MIXED = ("concatenate", "woven", "constant", "take", "view"), 8
"""What a reader has to take apart, which is as much work as to read so many statements."""

MASKED = 3
"""So many statements are as easy to read as a matrix of weights that are among zeros."""


@dataclass
class Looped:
    """A function as it is read, with loops; the fields are those of `Function`."""

    kind: str
    arguments: list[Array]
    views: list[Let]
    forward: list[Line]
    start: Let | None
    places: list[Let]
    backward: list[Line]
    results: list[Array]
    kept: dict[str, Array] = field(default_factory=dict)
    """Where an array is that has no name of its own any more: an item of a stack, or what a loop calls it."""

    @property
    def length(self) -> int:
        """The number of statements."""
        return len(without_loops([*self.forward, *self.backward]))

    @property
    def lines(self) -> list[Line]:
        """All of them, in order."""
        return [*self.views, *self.forward, *([self.start] if self.start else []), *self.places, *self.backward]

    @property
    def outside(self) -> list[Statement]:
        """The statements outside loops."""
        return [line for line in (*self.forward, *self.backward) if not isinstance(line, For)]

    @property
    def alike(self) -> int:
        """How many of these apply the same operations as several others do, to whatever shapes."""
        kinds = Counter(tuple(node.kind for array in line.arrays for node in nodes(array)) for line in self.outside)
        return sum(number for number in kinds.values() if number > SEVERAL)

    @property
    def may_grow(self) -> bool:
        """Whether more steps are probably more text: much outside loops is alike, or hardly anything is in loops."""
        outside = len(self.outside)
        inside = sum(math.prod(loop.steps for loop in loops) for _, loops in within_loops(self.lines) if loops)
        return self.alike > ALIKE or (outside > LONG and inside < HARDLY * outside)

    @property
    def mixed(self) -> int:
        """How much loops lay side by side, or pick out of that."""
        return sum(node.kind in MIXES for statement, loops in within_loops(self.lines) if loops
                   for array in statement.arrays for node in nodes(array))

    @property
    def masked(self) -> int:
        """In how many matrices weights are among zeros."""
        return sum(map(is_masked, (node for statement in without_loops(self.lines) for array in statement.arrays
                                   for node in nodes(array))))

    @property
    def effort(self) -> int:
        """What it takes to read it: so many statements, and several more for each of what is mixed or masked."""
        return self.length + MIXED * self.mixed + MASKED * self.masked

    def home(self, text: str) -> str:
        """What the array with this name is called, or the stack that it lies in."""
        return str(source_of(self.kept[text]).info) if text in self.kept else text

    @property
    def depth(self) -> int:
        """How many loops are in one another."""
        return max((len(loops) for _, loops in within_loops(self.lines)), default=0)

    @property
    def loops(self) -> list[For]:
        """The loops in order, those in others too."""
        return loops_in([*self.forward, *self.backward])


def is_masked(array: Array) -> bool:
    """Whether an array is of parameters among zeros."""
    return bool(array.kind is ops.where and array.args[0].kind == "constant" and source_of(
        array.args[2].args[0] if array.args[2].kind == "take" else array.args[2]).key == "theta")


def loops_in(lines: Iterable[Line]) -> list[For]:
    """All loops, those in others too."""
    return list(dict.fromkeys(loop for _, loops in within_loops(lines) for loop in loops))
