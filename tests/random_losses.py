"""Nested loops, of which re-rolling lives, drawn at random."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from agreement import Case
from hypothesis import strategies as st

import autograd
from autograd import Value

EXAMPLES = 3


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

    def total(self, params: list[Any], x: list[Any], y: list[Any]) -> Any:
        """The sum of the last vectors."""
        vectors = [params, x, y, [0.5, -0.25, 0.5, 1.5]]
        for loop in self.loops:
            vectors.append([squashed(value) for value in loop(vectors)])
        return autograd.sum([value for vector in vectors[-2:] for value in vector])


def squashed(value: Any) -> Any:
    """Kept within reach of float32 by a gentle slope; sums stay sums."""
    return value * 0.25


def random_loops(rng: random.Random, max_loops: int = 4) -> tuple[Loops, Any, Any]:
    """A loss of loops with rows of X and Y."""
    sizes = (rng.randint(1, 24), rng.randint(1, 16), rng.randint(1, 6))
    lengths_of = [*sizes, 4]
    made = []
    for _ in range(rng.randint(1, max_loops)):
        count, longest = rng.randint(1, 8), rng.randint(1, 6)
        raggedness = rng.choice(["equal", "equal", "causal", "random"])
        lengths = {"equal": [longest] * count, "causal": [i + 1 for i in range(count)]}.get(raggedness)
        if lengths is None:
            lengths = [rng.randint(1, longest) for _ in range(count)]
        sources = tuple([rng.randrange(len(lengths_of)) for _ in range(2)])
        width = lengths_of[sources[0]]
        strides = [0, 1, -1, 2, longest, count, width // 2]
        patterns = tuple([Pattern(rng.randint(0, 5), rng.choice(strides), rng.choice(strides), rng.randrange(6) == 0)
                          for _ in range(2)])
        offset = rng.choice([None, rng.randrange(len(lengths_of))])
        kind, function = rng.choice(sorted(KINDS)), rng.choice(sorted(FUNCTIONS))
        made.append(Loop(kind, sources, patterns, tuple(lengths), function, offset))
        lengths_of.append(count)
    seed = rng.getrandbits(16)
    numbers = np.random.default_rng(seed + 1)
    X, Y = numbers.uniform(-1, 1, (EXAMPLES, sizes[1])), numbers.uniform(-1, 1, (EXAMPLES, sizes[2]))
    return Loops(sizes, tuple(made), seed), X, Y


def loops(max_loops: int = 4) -> st.SearchStrategy[tuple[Loops, Any, Any]]:
    """The same for Hypothesis, which can make them smaller."""
    return st.randoms(use_true_random=False).map(lambda rng: random_loops(rng, max_loops))


@dataclass(frozen=True)
class Grids:
    """for i: for j: a sum of whole arrays and of rows, columns and numbers that are broadcast; addends are used again.

    An addend has a shape (i and j, i, j or neither), a sign, the function that makes it of parameter times input, and
    the function of it that is added to the loss once more, if it is.
    """

    rows: int
    columns: int
    addends: tuple[tuple[str, int, str, str | None], ...]
    function: str
    seed: int

    def case(self) -> Case:
        """The loss with its parameters."""
        count = len(self.addends) * self.rows * self.columns
        params = [Value(number) for number in np.random.default_rng(self.seed).uniform(-1, 1, count)]
        return Case(lambda x, y: self.total(params, x, y), params, (3,), (1,))

    def total(self, params: list[Any], x: list[Any], y: list[Any]) -> Any:
        """The sum over the grid, and over the addends that are used again."""
        taken = iter(params)
        made = []
        for at, (shape, _, function, _) in enumerate(self.addends):
            values: dict[tuple[int, int], Any] = {}
            for i in range(self.rows if "i" in shape else 1):
                for j in range(self.columns if "j" in shape else 1):
                    values[i, j] = FUNCTIONS[function](next(taken) * x[at % 3])
            made.append(values)
        terms = []
        for i in range(self.rows):
            for j in range(self.columns):
                total = y[0]
                for (shape, sign, _, _), values in zip(self.addends, made, strict=True):
                    term = values[i if "i" in shape else 0, j if "j" in shape else 0]
                    total = total + term if sign > 0 else total - term
                terms.append(squashed(FUNCTIONS[self.function](total)))
        for (_, _, _, again), values in zip(self.addends, made, strict=True):
            if again is not None:
                terms += [squashed(FUNCTIONS[again](value)) for value in values.values()]
        return autograd.sum(terms)


def random_grids(rng: random.Random) -> tuple[Grids, Any, Any]:
    """A loss over a grid with rows of X and Y."""
    names = sorted(FUNCTIONS)
    addends = tuple([(rng.choice(["ij", "ij", "i", "j", ""]), rng.choice([1, -1]), rng.choice(names),
                      rng.choice([None, *names])) for _ in range(rng.randint(2, 4))])
    seed = rng.getrandbits(16)
    numbers = np.random.default_rng(seed + 1)
    X, Y = numbers.uniform(-1, 1, (EXAMPLES, 3)), numbers.uniform(-1, 1, (EXAMPLES, 1))
    return Grids(rng.randint(1, 4), rng.randint(1, 4), addends, rng.choice(names), seed), X, Y


@dataclass(frozen=True)
class Wires:
    """Wires that go through layers: in each, pairs of wires become a function of both, or the other way round.

    A wire that is in no pair goes on as it is. Some pairs have numbers or a selection of their own (masks, twiddles,
    steps of a sort), so that members of one layer read others and have terms that their neighbours have not.
    """

    width: int
    layers: tuple[tuple[tuple[int, int, str, float], ...], ...]
    seed: int

    def case(self) -> Case:
        """The loss with its parameters."""
        params = [Value(number) for number in np.random.default_rng(self.seed).uniform(-1, 1, self.width)]
        return Case(lambda x, y: self.total(params, x, y), params, (self.width,), (1,))

    def total(self, params: list[Any], x: list[Any], y: list[Any]) -> Any:
        """A sum over the wires at the end."""
        wires = [p * v for p, v in zip(params, x, strict=True)]
        for layer in self.layers:
            for i, j, kind, number in layer:
                wires[i], wires[j] = JOINTS[kind](wires[i], wires[j], number)
        return autograd.sum([(k + 1) * squashed(wire) for k, wire in enumerate(wires)]) - y[0]


JOINTS: dict[str, Callable[[Any, Any, float], tuple[Any, Any]]] = {
    "sorted": lambda a, b, c: (autograd.minimum(a, b), autograd.maximum(a, b)),
    "rotated": lambda a, b, c: (a + c * b, a - c * b),
    "masked": lambda a, b, c: (a.tanh() + (0.0 if c > 0 else -3.0), b + c),
    "passed": lambda a, b, c: (a + 0.0, 1.0 * b if c > 0 else b.sin()),
    "chosen": lambda a, b, c: (autograd.where(autograd.gt(a, c), a, b), autograd.max([a, b, c])),
    "replaced": lambda a, b, c: ((a if c > 0 else -2.0) - b, b),
}
"""What becomes of two wires."""


def random_wires(rng: random.Random) -> tuple[Wires, Any, Any]:
    """A loss over wires with rows of X and Y."""
    width = rng.randint(2, 8)
    layers = []
    for _ in range(rng.randint(1, 5)):
        order = rng.sample(range(width), width)
        kinds = rng.sample(sorted(JOINTS), rng.randint(1, 2))
        pairs = [(i, j, rng.choice(kinds), rng.choice([1.0, 0.0, -1.0, 0.5]))
                 for i, j in zip(order[::2], order[1::2], strict=False) if rng.random() < 0.9]
        layers.append(tuple(pairs))
    seed = rng.getrandbits(16)
    numbers = np.random.default_rng(seed + 1)
    X, Y = numbers.uniform(-1, 1, (EXAMPLES, width)), numbers.uniform(-1, 1, (EXAMPLES, 1))
    return Wires(width, tuple(layers), seed), X, Y
