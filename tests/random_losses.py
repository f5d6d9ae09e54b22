"""Hypothesis strategies of losses: irregular graphs, and the nested loops of which re-rolling lives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from agreement import Case
from hypothesis import assume
from hypothesis import strategies as st
from strategies import VARIADIC, smooth

import autograd
from autograd import Value, ops

EXAMPLES = 3
LARGEST = 6.0
"""Intermediate results beyond this are squeezed, so that nothing overflows."""

Place = int | float


# ── irregular graphs ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, repr=False)
class Graph:
    """A random loss: rows of the table applied one after the other to leaves and earlier results.

    A step names a row and its operands: the places of leaves (parameters, a row of X, a row of Y, closed-over Values)
    and earlier results, or plain numbers.
    """

    theta: tuple[float, ...]
    inputs: int
    targets: int
    frozen: tuple[float, ...]
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
        return Case(lambda x, y: self.total([*params, *x, *y, *frozen]), params, (self.inputs,), (self.targets,))

    def total(self, values: list[Any]) -> Any:
        """The sum of the roots, given the leaves."""
        for op, places in self.steps:
            values.append(op.dispatch(tuple([values[p] if isinstance(p, int) else p for p in places])))
        return values[self.roots[0]] if len(self.roots) == 1 else autograd.sum([values[root] for root in self.roots])


def away_from_kinks(op: ops.Op, points: Sequence[Sequence[float]]) -> bool:
    """Whether engines may be compared at these operands; an operand compared with itself is no matter of rounding."""
    return all(
        smooth(op, point) or (op.name in ("eq", "gt", "maximum", "minimum") and point[0] == point[1])
        for point in points
    )


class Drawing:
    """A graph while it is drawn: the value of every place for every example."""

    def __init__(self, leaves: list[Any]) -> None:
        self.values = leaves
        self.steps: list[tuple[ops.Op, tuple[Place, ...]]] = []

    def step(self, op: ops.Op, *places: Place) -> int:
        """Apply a row, and squeeze what it gives if that is large."""
        points = [self.point(i, places) for i in range(EXAMPLES)]
        assume(away_from_kinks(op, points))
        self.values.append(np.array([op.dispatch(tuple(point)) for point in points]))
        self.steps.append((op, places))
        last = len(self.values) - 1
        return last if np.all(np.abs(self.values[last]) <= LARGEST) else self.step(ops.tanh, last)

    def point(self, example: int, places: Sequence[Place]) -> list[float]:
        """The operands at these places for one example."""
        return [float(self.values[p][example]) if isinstance(p, int) else p for p in places]

    def within(self, place: int, low: float, high: float) -> int:
        """The place of an operand in an interval for every example: as it is, or squeezed by a sigmoid."""
        if np.all((self.values[place] >= low) & (self.values[place] <= high)):
            return place
        return self.step(ops.add, self.step(ops.mul, self.step(ops.sigmoid, place), high - low), low)


@st.composite
def graphs(draw: st.DrawFn, max_steps: int = 12) -> tuple[Graph, Any, Any]:
    """A loss with rows of X and Y at which it is smooth and finite."""
    parameters, inputs, targets, frozen = (draw(st.integers(low, 3)) for low in (0, 1, 1, 0))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    theta, constants = rng.uniform(-2, 2, parameters), rng.uniform(-2, 2, frozen)
    X, Y = rng.uniform(-2, 2, (EXAMPLES, inputs)), rng.uniform(-2, 2, (EXAMPLES, targets))
    drawing = Drawing([*np.tile(theta, (EXAMPLES, 1)).T, *X.T, *Y.T, *np.tile(constants, (EXAMPLES, 1)).T])

    def operand(interval: ops.Interval) -> Place:
        if draw(st.integers(0, 9)) == 0:
            return draw(st.sampled_from([number for number in (*interval, 0.0, 1.0, 2.0, 0.5, -1.0)
                                         if interval[0] <= number <= interval[1]]))
        place = draw(st.integers(0, len(drawing.values) - 1))
        return drawing.within(place, *interval)

    for _ in range(draw(st.integers(0, max_steps))):
        op = draw(st.sampled_from(list(ops.TABLE.values())))
        domain = [op.domain[0]] * draw(st.integers(1, 5)) if op in VARIADIC else op.domain
        places = [operand(interval) for interval in domain]
        if op is ops.where:
            places[0] = drawing.step(ops.gt, *[operand(ops.ANY) for _ in range(2)])
        if draw(st.booleans()) and op.domain[-1] == ops.ANY:
            places[-1] = drawing.within(len(drawing.values) - 1, *ops.ANY)
        drawing.step(op, *places)
    last = len(drawing.values) - 1
    roots = (last, *draw(st.lists(st.integers(0, last), max_size=3)))
    return Graph(tuple(theta), inputs, targets, tuple(constants), tuple(drawing.steps), roots), X, Y


# ── nested loops ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Pattern:
    """Which element of a vector a loop takes in turn (i, k): an index such as people write, or a random one.

    "affine" is start + i·across + k·along, modulo the size of the vector, so that strides of every sign, shared rows,
    overlapping windows and transposes all occur.
    """

    start: int
    across: int
    along: int
    shuffled: bool

    def __call__(self, i: int, k: int, size: int) -> int:
        if self.shuffled:
            return (7919 * (self.start + 31 * i + 17 * k) ** 2 + 104729 * (i + 3 * k)) % 1009 % size
        return (self.start + i * self.across + k * self.along) % size


@dataclass(frozen=True)
class Loop:
    """for i: for k: a new vector from earlier ones.

    Element i combines the terms k of row i, `lengths[i]` of them: Σ ± a·b, or a reduction or elementwise row of a[...],
    and applies a function to the result.
    """

    kind: str
    sources: tuple[int, ...]
    patterns: tuple[Pattern, ...]
    lengths: tuple[int, ...]
    function: str
    offset: int | None

    def __call__(self, vectors: list[list[Any]]) -> list[Any]:
        return [self.element(i, length, vectors) for i, length in enumerate(self.lengths)]

    def element(self, i: int, length: int, vectors: list[list[Any]]) -> Any:
        """Element i of the new vector."""
        rows = [[vectors[s][p(i, k, len(vectors[s]))] for k in range(length)]
                for s, p in zip(self.sources, self.patterns, strict=True)]
        result = KINDS[self.kind](rows)
        if self.offset is not None:
            result = result + vectors[self.offset][i % len(vectors[self.offset])]
        return FUNCTIONS[self.function](result)


KINDS: dict[str, Any] = {
    "plain sum": lambda rows: autograd.sum(rows[0]),
    "sum of products": lambda rows: autograd.sum([a * b for a, b in zip(*rows[:2], strict=True)]),
    "dot": lambda rows: autograd.dot(rows[0], rows[1]),
    "difference": lambda rows: autograd.sum([a - b for a, b in zip(*rows[:2], strict=True)]),
    "alternating products": lambda rows: autograd.sum(
        [a * b * (-1) ** k for k, (a, b) in enumerate(zip(*rows[:2], strict=True))]),
    "squared distance": lambda rows: autograd.sum([(a - b) ** 2 for a, b in zip(*rows[:2], strict=True)]),
    "products of both": lambda rows: autograd.sum([a * b + 0.5 * a for a, b in zip(*rows[:2], strict=True)]),
    "weighted": lambda rows: autograd.sum([(k + 1) * a for k, a in enumerate(rows[0])]),
    "max": lambda rows: autograd.max(rows[0]),
    "min of both": lambda rows: autograd.min(rows[0] + rows[1]),
    "logsumexp": lambda rows: autograd.logsumexp(rows[0]),
    "logsumexp of both": lambda rows: autograd.logsumexp(rows[0] + rows[1]),
    "mean": lambda rows: autograd.mean(rows[0]),
    "first": lambda rows: rows[0][0],
    "maximum": lambda rows: autograd.maximum(rows[0][0], rows[1][0]),
    "quotient": lambda rows: rows[0][0] / (autograd.exp(rows[1][0]) + 0.5),
    "selection": lambda rows: autograd.where(autograd.gt(rows[0][0], rows[1][0]), rows[0][-1], 0.25),
}

FUNCTIONS: dict[str, Any] = {
    "none": lambda z: z, "tanh": autograd.tanh, "square": lambda z: z * z, "twice": lambda z: 2 * z,
    "negative": lambda z: -z, "sigmoid": autograd.sigmoid, "residual": lambda z: z + autograd.sin(z),
    "leaky": autograd.leaky_relu, "cube": lambda z: autograd.tanh(z) ** 3,
}


@dataclass(frozen=True)
class Loops:
    """A loss made of loops; vectors 0, 1, 2 are the parameters, a row of X and a row of Y, 3 constants."""

    sizes: tuple[int, int, int]
    loops: tuple[Loop, ...]
    seed: int

    def case(self) -> Case:
        """The loss with its parameters."""
        params = [Value(number) for number in np.random.default_rng(self.seed).uniform(-1, 1, self.sizes[0])]
        return Case(lambda x, y: self.total(params, x, y), params, (self.sizes[1],), (self.sizes[2],))

    def total(self, *leaves: list[Any]) -> Any:
        """The sum of the last vectors."""
        vectors = [*leaves, [0.5, -0.25, 0.5, 1.5]]
        for loop in self.loops:
            vectors.append([squashed(value) for value in loop(vectors)])
        return autograd.sum([value for vector in vectors[-2:] for value in vector])


def squashed(value: Any) -> Any:
    """Kept within reach of float32 by a gentle slope; sums stay sums."""
    return value * 0.25


@st.composite
def loops(draw: st.DrawFn, max_loops: int = 4) -> tuple[Loops, Any, Any]:
    """A loss of loops with rows of X and Y."""
    sizes = (draw(st.integers(1, 24)), draw(st.integers(1, 16)), draw(st.integers(1, 6)))
    lengths_of = [*sizes, 4]
    made = []
    for _ in range(draw(st.integers(1, max_loops))):
        count, longest = draw(st.integers(1, 8)), draw(st.integers(1, 6))
        raggedness = draw(st.sampled_from(["equal", "equal", "causal", "random"]))
        lengths = {"equal": [longest] * count, "causal": [i + 1 for i in range(count)]}.get(raggedness)
        if lengths is None:
            lengths = [draw(st.integers(1, longest)) for _ in range(count)]
        sources = tuple([draw(st.integers(0, len(lengths_of) - 1)) for _ in range(2)])
        width = lengths_of[sources[0]]
        strides = st.sampled_from([0, 1, -1, 2, longest, count, width // 2])
        patterns = tuple([Pattern(draw(st.integers(0, 5)), draw(strides), draw(strides), draw(st.integers(0, 5)) == 0)
                          for _ in range(2)])
        offset = draw(st.none() | st.integers(0, len(lengths_of) - 1))
        kind, function = draw(st.sampled_from(sorted(KINDS))), draw(st.sampled_from(sorted(FUNCTIONS)))
        made.append(Loop(kind, sources, patterns, tuple(lengths), function, offset))
        lengths_of.append(count)
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed + 1)
    drawn = Loops(sizes, tuple(made), seed)
    X, Y = rng.uniform(-1, 1, (EXAMPLES, sizes[1])), rng.uniform(-1, 1, (EXAMPLES, sizes[2]))
    return drawn, X, Y
