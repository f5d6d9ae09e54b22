"""Random expressions whose values and gradients can be worked out in one's head, checked two ways.

>>> (exercise,) = exercises(1, level=2, seed=0)
>>> exercise.formula, exercise.point, exercise.gradient
('(z + (x - y)) ** 2 + (x - y)', {'x': 4.0, 'y': 5.0, 'z': -3.0}, {'x': -7.0, 'y': 7.0, 'z': -8.0})
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from autograd import SizeError, UsageError, Value
from viz.pages.friendly import suits, varying
from viz.pages.levels import LEVELS, SIMPLE, TOPICS, Level, Operation
from viz.text.formulas import formula
from viz.text.walkthrough import Walk

TRIES = 2_000
"""So many expressions are thrown away for each exercise before giving up; about a hundred are enough."""


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
