"""Where the scalars of a graph are in the arrays of its program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograd.compiler.arrays.array import places_of
from autograd.compiler.arrays.function import Function
from autograd.compiler.arrays.layout import LEAF_NAMES, positions
from autograd.compiler.arrays.looped import Looped
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.blocks.views import PAD
from autograd.compiler.scalars.graph import CODES, LEAVES, NONE, Ints


@dataclass(frozen=True)
class Place:
    """A scalar's place in a program: `array[index]` where `array` is called `name` in the source.

    An index of `slice(None)` stands for all examples of a batch. What a loop makes in each step is an item of a stack,
    or, where no other step needs it, what the array of that name is in its step. `whole` is False where the scalar
    is not itself stored: it is then a term of the sum that is stored there.

    >>> str(Place("z1", (slice(None), 3))), str(Place("W1", (5, 3)))
    ('z1[:, 3]', 'W1[5, 3]')
    """

    name: str
    index: tuple[int | slice, ...]
    whole: bool = True

    @property
    def label(self) -> str:
        """The same for a single example, which needs no index where the array has only that one."""
        index = ",".join(str(i) for i in self.index if not isinstance(i, slice))
        return self.name if self.name == "loss" else f"{self.name}[{index}]"

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(':' if isinstance(i, slice) else str(i) for i in self.index)}]"


class Places:
    """The places of all nodes of a traced graph, in the arrays of one of its functions."""

    def __init__(self, made: Plan, function: Function, read: Looped) -> None:
        self.made = made
        self.names = function.names
        self.read = read
        self.views = {let.name.info: positions(let, made.sizes["parameter"]) for let in self.read.views}
        self.block = np.full(len(made.canonical.code), NONE)
        self.slot = np.full(len(made.canonical.code), NONE)
        for position, block in enumerate(made.blocks):
            if block.op not in LEAF_NAMES:
                new = (block.members != PAD) & (self.block[block.members] == NONE)  # a stack has copies too
                self.block[block.members[new]] = position
                self.slot[block.members[new]] = np.flatnonzero(new)

    def of(self, node: int) -> Place | None:
        """The place of a traced node; None for a constant, and for what no result depends on."""
        graph = self.made.canonical
        node = int(graph.traced[node])
        home = node if graph.code[node] < len(LEAVES) else int(graph.home[node])
        kind = "constant" if home == NONE else CODES[graph.code[home]]
        if kind == "constant":
            return None
        if kind == "parameter":
            return self.of_parameter(int(graph.data[home]))
        if kind in LEAF_NAMES:
            examples = () if kind == "outside" else (slice(None),)
            return Place(LEAF_NAMES[kind], (*examples, int(graph.data[home])))
        block = self.made.blocks[self.block[home]]
        text = self.names[self.block[home]]
        kept = self.read.kept.get(text)
        steps = () if kept is None else places_of(kept)[1]
        index = (*steps, *((slice(None),) if block.batched else ()), int(self.slot[home]))
        return Place(self.read.home(text), index, whole=not graph.absorbed[node])

    def of_parameter(self, position: int) -> Place:
        """The place of a parameter: in the array that the source calls by its name, else in theta."""
        for name, held in self.views.items():
            index: Ints = np.argwhere(held == position)
            if len(index):
                return Place(name, tuple(index[0].tolist()))
        return Place("theta", (position,))
