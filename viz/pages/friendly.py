"""Whether an expression suits an exercise: its numbers are friendly, and the engine has them right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from autograd import Value, ancestors, grad, local_derivatives, ops
from viz.drawings.nudge import moved
from viz.pages.levels import Level

LARGEST = 40
"""No value or gradient is larger than this."""

DEEPEST = 4
"""No path from an input to the result has more operations than this, so that drawings fit on paper."""

STEP = 1e-4
TOLERANCE = 1e-5
"""Slopes are measured by central differences of this step, and right to this, relatively."""


def suits(root: Value, level: Level) -> bool:
    """Whether an expression is as its level asks, its numbers are friendly and the engine has them right."""
    values = varying(root)
    slopes = grad(root, values)
    uses = Counter(arg for value in values for arg in value.args)
    inputs = [slope for value, slope in zip(values, slopes, strict=True) if not value.args]
    numbers = [*slopes, *(value.data for value in values), *along_edges(values, slopes)]
    return (
        depth(values) <= DEEPEST
        and (not level.reuse or max(uses[value] for value in values) > 1)
        and not any(undecided(value) for value in values)
        and all(friendly(number, level.parts) for number in numbers)
        and sum(slope != 0 for slope in inputs) >= 2
        and confirmed(root, values, slopes)
    )


def along_edges(values: Sequence[Value], slopes: Sequence[float]) -> Iterator[float]:
    """The local derivative on each edge, and its product with the gradient that comes back there."""
    for value, slope in zip(values, slopes, strict=True):
        for arg, local in zip(value.args, local_derivatives(value), strict=True):
            if arg.op is not ops.constant:
                yield from (local, slope * local)


def varying(root: Value) -> list[Value]:
    """All values of a graph but constants, the oldest first."""
    return [value for value in ancestors(root) if value.op is not ops.constant]


def depth(values: Sequence[Value]) -> int:
    """How many operations are on the longest path."""
    depths: dict[Value, int] = {}
    for value in values:
        depths[value] = max((depths.get(arg, 0) + 1 for arg in value.args), default=0)
    return max(depths.values())


def undecided(value: Value) -> bool:
    """Whether a value is at a kink, where a slope is a matter of convention."""
    if value.op is ops.maximum:
        return value.args[0].data == value.args[1].data
    return value.op is ops.relu and value.args[0].data == 0


def friendly(number: float, parts: int) -> bool:
    """Whether a number is small and simple: a multiple of 1 / parts, and not -0."""
    return abs(number) <= LARGEST and (number * parts).is_integer() and str(number) != "-0.0"


def confirmed(root: Value, values: Sequence[Value], slopes: Sequence[float]) -> bool:
    """Whether finite differences agree with every derivative: each value is moved, and what follows computed anew."""
    for value, slope in zip(values, slopes, strict=True):
        high, low = (moved(values, {value: step})[0][root] for step in (STEP, -STEP))
        if abs((high - low) / (2 * STEP) - slope) > TOLERANCE * max(1.0, abs(slope)):
            return False
    return True
