"""Losses at kinks, ties, singular points and numbers that are not finite, with selections that guard them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from agreement import Case
from strategies import VARIADIC

import autograd
from autograd import Value, ops

EXAMPLES = 3

CORNERS = (0.0, 0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 3.0, 4.0)
EXTREMES = (float("inf"), -float("inf"), float("nan"), 1e200, -1e200, 800.0, -800.0)

Place = int | float


@dataclass(frozen=True, repr=False)
class Corners:
    """Rows of the table applied to leaves and to what came out before, wherever that lies.

    A step names a row and its operands: places of leaves (parameters, a row of X) and of earlier results, or numbers.
    """

    theta: tuple[float, ...]
    inputs: int
    steps: tuple[tuple[ops.Op, tuple[Place, ...]], ...]
    roots: tuple[int, ...]

    def __repr__(self) -> str:
        first = len(self.theta) + self.inputs
        lines = [f"theta {self.theta}, {self.inputs} inputs"]
        lines += [f"{i}: {op.name}{places}" for i, (op, places) in enumerate(self.steps, first)]
        return "\n".join([*lines, f"roots {self.roots}"])

    def case(self) -> Case:
        """The loss with its parameters."""
        params = [Value(number) for number in self.theta]
        return Case(lambda x: self.total(params, x), params, (self.inputs,))

    def total(self, params: list[Any], x: list[Any]) -> Any:
        """The sum of the roots."""
        values = [*params, *x]
        for op, places in self.steps:
            values.append(op.dispatch(tuple([values[p] if isinstance(p, int) else p for p in places])))
        return autograd.sum([values[root] for root in self.roots])


def random_corners(rng: random.Random, extreme: float = 0.1) -> tuple[Corners, Any]:
    """A loss with rows of X, of whose numbers a share is `extreme`; comparisons are of leaves, where ties are exact."""

    def number() -> float:
        return rng.choice(EXTREMES if rng.random() < extreme else CORNERS)

    parameters, inputs = rng.randint(1, 4), rng.randint(1, 3)
    leaves = parameters + inputs
    steps: list[tuple[ops.Op, tuple[Place, ...]]] = []

    def place(of: int | None = None) -> Place:
        return rng.choice(CORNERS) if rng.randrange(8) == 0 else rng.randrange(of or leaves + len(steps))

    def add(op: ops.Op, *places: Place) -> int:
        steps.append((op, places))
        return leaves + len(steps) - 1

    for _ in range(rng.randint(1, 12)):
        op = rng.choice(list(ops.TABLE.values()))
        if rng.randrange(3) == 0:  # a guard: the row where its operand is positive, or where it is not
            x = rng.randrange(leaves)
            op = rng.choice([ops.log, ops.sqrt, ops.div, ops.pow, ops.exp])
            inner = add(op, *([x] if op.arity == 1 else rng.sample([x, place()], 2)))
            test = add(rng.choice([ops.gt, ops.eq]), *rng.sample([x, rng.choice(CORNERS)], 2))
            add(ops.where, test, *rng.sample([inner, place()], 2))
        elif op in VARIADIC:
            add(op, *[place() for _ in range(2 * rng.randint(1, 2) if op is ops.dot else rng.randint(1, 4))])
        elif op in (ops.gt, ops.eq, ops.maximum, ops.minimum, ops.step, ops.sign):
            add(op, *[place(leaves) for _ in range(op.arity)])
        elif op is ops.where:
            add(op, add(rng.choice([ops.gt, ops.eq]), place(leaves), place(leaves)), place(), place())
        else:
            add(op, *[place() for _ in range(op.arity)])
    last = leaves + len(steps) - 1
    roots = (last, *[rng.randint(0, last) for _ in range(rng.randint(0, 2))])
    theta, X = tuple([number() for _ in range(parameters)]), np.array([[number() for _ in range(inputs)]
                                                                        for _ in range(EXAMPLES)])
    return Corners(theta, inputs, tuple(steps), roots), X
