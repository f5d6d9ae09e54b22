"""What the expressions of exercises are made of, level by level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograd import Value, ops


def square(x: Value) -> Value:
    """x²."""
    result: Value = x**2
    return result


Operation = Callable[..., Value]

SIMPLE: dict[Operation, Sequence[float]] = {
    ops.exp: [0], ops.tanh: [0], ops.sigmoid: [0], ops.log: [1], ops.sqrt: [1, 4, 9, 16, 25],
}
"""Functions whose results are simple at few points, with those points."""


@dataclass(frozen=True)
class Level:
    """What expressions of a level are made of; one of the operations that are `topics` is in each.

    `leaves` and `operations` are the least and the greatest numbers of them; `parts` says that values are
    multiples of 1 / parts. `reuse` asks that a value be used more than once.
    """

    binary: Sequence[Operation]
    unary: Sequence[Operation]
    topics: Sequence[Operation]
    leaves: tuple[int, int]
    operations: tuple[int, int]
    reuse: bool = False
    parts: int = 1


TOPICS: list[Operation] = [ops.div, ops.relu, ops.maximum, *SIMPLE]

LEVELS = {
    1: Level([ops.add, ops.mul], [], [ops.mul], (3, 3), (2, 2)),
    2: Level([ops.add, ops.sub, ops.mul], [square], [ops.sub, square], (2, 3), (3, 4), reuse=True),
    3: Level([ops.add, ops.sub, ops.mul, ops.div, ops.maximum], [ops.relu, square, *SIMPLE], TOPICS,
             (3, 4), (4, 6), parts=4),
}
"""1: sums and products of three inputs. 2: differences, squares, values used twice. 3: quotients, relu, max, exp …"""
