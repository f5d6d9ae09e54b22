"""Random expressions whose values and gradients can be worked out in one's head, checked two ways.

>>> (exercise,) = exercises(1, level=2, seed=0)
>>> exercise.formula, exercise.point, exercise.gradient
('(z + (x - y)) ** 2 + (x - y)', {'x': 4.0, 'y': 5.0, 'z': -3.0}, {'x': -7.0, 'y': 7.0, 'z': -8.0})
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograd import SizeError, UsageError, Value, ancestors, grad, local_derivatives, ops
from viz.drawings.nudge import moved
from viz.text.formulas import formula
from viz.text.walkthrough import Walk

TRIES = 2_000
"""So many expressions are thrown away for each exercise before giving up; about a hundred are enough."""

LARGEST = 40
"""No value or gradient is larger than this."""

DEEPEST = 4
"""No path from an input to the result has more operations than this, so that drawings fit on paper."""

STEP = 1e-4
TOLERANCE = 1e-5
"""Slopes are measured by central differences of this step, and right to this, relatively."""


# ── what expressions are made of ──────────────────────────────────────────────────────────────────


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


# ── exercises ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Exercise:
    """An expression with its answers: `root` is its graph, whose gradients are known and whose values have names."""

    root: Value

    @property
    def formula(self) -> str:
        """The expression: (x + y) * z."""
        return formula(self.root)

    @cached_property
    def point(self) -> dict[str, float]:
        """The inputs by name."""
        return {value.label: value.data for value in self.values if not value.args}

    @cached_property
    def values(self) -> list[Value]:
        """All values but constants, the oldest first: data and grad are the answers."""
        return varying(self.root)

    @property
    def gradient(self) -> dict[str, float]:
        """The answer: the derivative of the expression for each input, by name."""
        return {value.label: value.grad for value in self.values if not value.args}


def exercises(n: int, level: int, seed: int) -> list[Exercise]:
    """So many exercises of a level, all different, the same for the same seed."""
    if level not in LEVELS:
        raise UsageError(f"level is one of {', '.join(map(str, LEVELS))}; {level!r} came")
    rng = random.Random(f"{level} {seed}")
    found: dict[str, Exercise] = {}
    for _ in range(TRIES * n):
        if len(found) == n:
            break
        topics = LEVELS[level].topics
        root = attempt(rng, LEVELS[level], topics[len(found) % len(topics)])
        if root is not None and suits(root, LEVELS[level]):
            exercise = solved(root)
            found.setdefault(f"{exercise.formula} {exercise.point}", exercise)
    else:
        raise SizeError(f"{len(found)} different exercises of level {level} were found, n={n} were asked for")
    return list(found.values())


def attempt(rng: random.Random, level: Level, topic: Operation) -> Value | None:
    """A random expression about a topic; None if it came out otherwise."""
    count, steps = rng.randint(*level.leaves), rng.randint(*level.operations)
    values = [Value(rng.choice([-4, -3, -2, -1, 1, 2, 3, 4, 5]), label) for label in "xyzw"[:count]]
    loose = list(values)  # what nothing is made of yet
    applied: list[Operation] = []
    for left in range(steps, 0, -1):
        wanted = None if topic in applied else topic
        urgent = loose if len(loose) > left else []
        operation, operands = choice(rng, level, wanted, values, urgent, rng.choice(loose))
        if operation in TOPICS and operation in applied:
            return None
        values.append(operation(*operands))
        loose = [*(value for value in loose if value not in operands), values[-1]]
        applied.append(operation)
    return values[-1] if len(loose) == 1 and topic in applied else None


def choice(
    rng: random.Random, level: Level, wanted: Operation | None, values: Sequence[Value], urgent: Sequence[Value],
    x: Value,
) -> tuple[Operation, list[Value]]:
    """An operation on x: of x alone, or with a value of those that must be used now, else of all."""
    unary = [op for op in level.unary if x.data in SIMPLE.get(op, [x.data])]
    if not urgent and wanted in unary:
        return wanted, [x]
    if not urgent and unary and rng.random() < 0.3:
        return rng.choice(unary), [x]
    operands = [x, rng.choice([value for value in urgent or values if value is not x])]
    rng.shuffle(operands)
    return rng.choice(level.binary), operands


def solved(root: Value) -> Exercise:
    """The expression with its gradients, and a name for each value."""
    root.backward()
    walk = Walk(root)
    for value in varying(root):
        value.label = walk.names[value]
    return Exercise(root)


# ── whether an expression suits an exercise ───────────────────────────────────────────────────────


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
