"""A scalar graph as arrays: what the tracer hands to the passes.

Node i has the operation `CODES[code[i]]` and the operands `args[start[i]:start[i + 1]]`, which are
earlier nodes. Leaves have no operands: a constant's `data` is its number, that of any other leaf
its position in theta, in the row of X, in the row of Y, in the draw of noise, or among the Values from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAVES = ("constant", "parameter", "input", "target", "noise", "outside")
CODES: tuple[str, ...] = (*LEAVES, *ops.TABLE)
CODE: dict[str, int] = {name: code for code, name in enumerate(CODES)}


@dataclass
class Graph:
    """Scalar nodes in creation order; every operand precedes its node."""

    code: Ints
    start: Ints
    args: Ints
    data: Floats
    roots: Ints
    labels: dict[int, str]

    def __len__(self) -> int:
        return len(self.code)

    def op(self, node: int) -> str:
        """The name of a node's operation or kind of leaf."""
        return CODES[int(self.code[node])]

    def operands(self, node: int) -> Ints:
        """The operands of one node."""
        return self.args[self.start[node] : self.start[node + 1]]

    def summed(self, nodes: Ints) -> Graph:
        """The graph with one more node, its result: the sum of these."""
        return Graph(
            np.append(self.code, CODE["sum"]), np.append(self.start, self.start[-1] + len(nodes)),
            np.append(self.args, nodes), np.append(self.data, 0.0), np.array([len(self)]), self.labels,
        )

    def same(self, other: Graph) -> bool:
        """Whether another graph has the same nodes, bit for bit, under whatever labels."""
        mine, others = ([g.code, g.start, g.args, g.data.view(np.int64), g.roots] for g in (self, other))
        return all(map(np.array_equal, mine, others))

    def check(self) -> None:
        """Raise AssertionError unless the arrays describe a graph whose operands come first."""
        owner = np.repeat(np.arange(len(self)), np.diff(self.start))
        assert len(self.start) == len(self) + 1
        assert self.start[-1] == len(self.args)
        assert np.all(self.args < owner), "an operand follows its node"
        assert np.all((self.roots >= 0) & (self.roots < len(self))), "a root is not a node"


def spans(starts: Ints, counts: Ints) -> Ints:
    """The concatenation of arange(start, start + count) over all pairs."""
    total = int(counts.sum())
    ends = np.cumsum(counts)
    return np.arange(total) + np.repeat(starts - ends + counts, counts)


def mix(*columns: Any) -> Ints:
    """A 64-bit hash of each row of integer columns; equal rows have equal hashes."""
    with np.errstate(over="ignore"):
        state: npt.NDArray[np.uint64] = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)
        for column in columns:
            word = np.asarray(column).astype(np.int64).view(np.uint64)
            state = (state ^ word) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(29))) * np.uint64(0x94D049BB133111EB)
            state = state ^ (state >> np.uint64(32))
    return np.asarray(state).view(np.int64)
