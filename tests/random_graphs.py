"""Irregular graphs: rows of the table applied at random to leaves and to what came out before."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass
from typing import Any

import numpy as np
from agreement import Case
from strategies import VARIADIC, smooth

import autograd
from autograd import Value, ops

EXAMPLES = 3
LARGEST = 6.0
"""Intermediate results beyond this are squeezed, so that nothing overflows."""

Place = int | float


@dataclass(frozen=True, repr=False)
class Graph:
    """A random loss: rows of the table applied one after the other to leaves and earlier results.

    A step names a row and its operands: the places of leaves (parameters, a row of X, a row of Y, closed-over Values)
    and earlier results, or plain numbers. Parameters in `repeated` are listed twice.
    """

    theta: tuple[float, ...]
    inputs: int
    targets: int
    frozen: tuple[float, ...]
    repeated: tuple[int, ...]
    steps: tuple[tuple[ops.Op, tuple[Place, ...]], ...]
    roots: tuple[int, ...]

    def __repr__(self) -> str:
        lines = [f"{self.inputs} inputs, {self.targets} targets, theta {self.theta}, frozen {self.frozen}"]
        first = len(self.theta) + self.inputs + self.targets + len(self.frozen)
        lines += [f"{i}: {op.name}{places}" for i, (op, places) in enumerate(self.steps, first)]
        return "\n".join([*lines, f"roots {self.roots}"])

    def case(self) -> Case:
        """The loss with its parameters."""
        params, frozen = ([Value(number) for number in numbers] for numbers in (self.theta, self.frozen))
        return Case(lambda x, y: self.total(params, x, y, frozen), [*params, *[params[i] for i in self.repeated]],
                    (self.inputs,), (self.targets,))

    def total(self, params: list[Any], x: list[Any], y: list[Any], frozen: list[Any] | None = None) -> Any:
        """The sum of the roots, given the leaves."""
        values = [*params, *x, *y, *(self.frozen if frozen is None else frozen)]
        for op, places in self.steps:
            values.append(op.dispatch(tuple([values[p] if isinstance(p, int) else p for p in places])))
        return values[self.roots[0]] if len(self.roots) == 1 else autograd.sum([values[root] for root in self.roots])


class NearKinkError(Exception):
    """A row would be applied where its slope jumps."""


class Drawing:
    """A graph while it is drawn: the value of every place for every example."""

    def __init__(self, rng: random.Random, leaves: list[Any], chained: float) -> None:
        self.rng = rng
        self.values = leaves
        self.chained = chained
        self.steps: list[tuple[ops.Op, tuple[Place, ...]]] = []

    def add(self) -> None:
        """Apply a row of the table to operands within its domain, often the latest result among them."""
        op = self.rng.choice(list(ops.TABLE.values()))
        domain = [op.domain[0]] * self.rng.randint(1, 5) if op in VARIADIC else op.domain
        places = [self.operand(interval) for interval in domain]
        if op is ops.where:
            places[0] = self.step(ops.gt, *[self.operand(ops.ANY) for _ in range(2)])
        if self.rng.random() < self.chained:
            k = self.rng.randrange(op is ops.where, len(places))
            places[k] = self.within(len(self.values) - 1, *domain[k])
        self.step(op, *places)

    def operand(self, interval: ops.Interval) -> Place:
        """A place, or now and then a plain number."""
        if self.rng.randrange(10) == 0:
            return self.rng.choice([number for number in (*interval, 0.0, 1.0, 2.0, 0.5, -1.0)
                                    if interval[0] <= number <= interval[1]])
        return self.within(self.rng.randrange(len(self.values)), *interval)

    def within(self, place: int, low: float, high: float) -> int:
        """The place of an operand in an interval for every example: as it is, or squeezed by a sigmoid."""
        if np.all((self.values[place] >= low) & (self.values[place] <= high)):
            return place
        return self.step(ops.add, self.step(ops.mul, self.step(ops.sigmoid, place), high - low), low)

    def step(self, op: ops.Op, *places: Place) -> int:
        """Apply a row, and squeeze what it gives if that is large."""
        apart = distinct(op, places)
        if apart and not all(smooth(op, self.point(i, apart)) for i in range(EXAMPLES)):
            raise NearKinkError
        points = [self.point(i, places) for i in range(EXAMPLES)]
        self.values.append(np.array([op.dispatch(tuple(point)) for point in points]))
        self.steps.append((op, places))
        last = len(self.values) - 1
        return last if np.all(np.abs(self.values[last]) <= LARGEST) else self.step(ops.tanh, last)

    def point(self, example: int, places: Any) -> list[float]:
        """The operands at these places for one example."""
        return [float(self.values[p][example]) if isinstance(p, int) else p for p in places]


def distinct(op: ops.Op, places: tuple[Place, ...]) -> tuple[Place, ...]:
    """The operands that may come too close: one compared with itself is a tie, however it is rounded."""
    once = tuple({(type(place), place): place for place in places}.values())  # place 1 is not the number 1.0
    if isinstance(op, ops.Reduction):
        return once
    return () if op.arity == 2 and op.domain[0] == op.domain[1] and len(once) == 1 else places


def random_graph(rng: random.Random, max_steps: int = 25) -> tuple[Graph, Any, Any]:
    """A loss with rows of X and Y at which it is smooth and finite; chains are three times as long."""
    parameters, inputs, targets, frozen = (rng.randint(low, 3) for low in (0, 1, 1, 0))
    numbers = np.random.default_rng(rng.getrandbits(32))
    theta, constants = numbers.uniform(-2, 2, parameters), numbers.uniform(-2, 2, frozen)
    X, Y = numbers.uniform(-2, 2, (EXAMPLES, inputs)), numbers.uniform(-2, 2, (EXAMPLES, targets))
    chained = rng.choice([0.1, 0.5, 0.95])
    leaves = [*np.tile(theta, (EXAMPLES, 1)).T, *X.T, *Y.T, *np.tile(constants, (EXAMPLES, 1)).T]
    drawing = Drawing(rng, leaves, chained)
    for _ in range(rng.randint(0, max_steps) * (3 if chained > 0.9 else 1)):
        with contextlib.suppress(NearKinkError):
            drawing.add()
    last = len(drawing.values) - 1
    roots = (last, *[rng.randint(0, last) for _ in range(rng.randint(0, 3))])
    repeated = tuple([i for i in range(parameters) if rng.randrange(4) == 0])
    return Graph(tuple(theta.tolist()), inputs, targets, tuple(constants.tolist()), repeated,
                 tuple(drawing.steps), roots), X, Y
