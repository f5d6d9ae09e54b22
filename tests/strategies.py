"""Hypothesis strategies and samples: numbers, points of a row's domain, random expressions."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from autograd import ops

MARGIN = 0.01
"""How far from a kink a point must lie, so that a small step does not cross it."""

ROWS = [op for op in ops.TABLE.values() if op.recorded]
ELEMENTWISE = [op for op in ROWS if not isinstance(op, ops.Reduction | ops.Contraction)]
VARIADIC = [op for op in ROWS if isinstance(op, ops.Reduction | ops.Contraction)]


def points(op: ops.Op, count: int = 8) -> list[tuple[float, ...]]:
    """Operands within the domain of a row and away from its kinks, the same at every run."""
    rng = random.Random(op.name)
    domain = [op.domain[0]] * 5 if op in VARIADIC else op.domain
    found: list[tuple[float, ...]] = []
    while len(found) < count:
        point = tuple(rng.uniform(*interval) for interval in domain)
        if smooth(op, point):
            found.append(point)
    return found


def smooth(op: ops.Op, point: Sequence[float]) -> bool:
    """Whether the point lies away from the kinks of the row."""
    if isinstance(op, ops.Reduction):
        return not op.counts_ties or all(abs(x - y) > MARGIN for x, y in itertools.combinations(point, 2))
    place = point[0] - point[1] if op.arity == 2 and op.domain[0] == op.domain[1] else point[0]
    return all(abs(place - kink) > MARGIN for kink in op.kinks)


@dataclass(frozen=True)
class Expression:
    """A random function of a few variables: rows of the table applied one after the other.

    Each step names a row and its operands: the places of earlier results, the variables first,
    or plain numbers. Callable with floats, Values, formulas, or whatever else the table takes.
    """

    point: tuple[float, ...]
    steps: tuple[tuple[ops.Op, tuple[int | float, ...]], ...]

    def __call__(self, *variables: Any) -> Any:
        """The result of the last step."""
        return self.results(*variables)[-1]

    def results(self, *variables: Any) -> list[Any]:
        """The variables and the result of every step."""
        results = list(variables)
        for op, places in self.steps:
            results.append(op.dispatch(tuple([results[p] if isinstance(p, int) else p for p in places])))
        return results


@st.composite
def expressions(draw: st.DrawFn, rows: Sequence[ops.Op] = tuple(ROWS), max_steps: int = 6) -> Expression:
    """Expressions that share sub-expressions, stay within every row's domain and away from its kinks."""
    variables = draw(st.integers(1, 3))
    values = [draw(st.floats(-2, 2).map(lambda x: round(x, 3))) for _ in range(variables)]
    point, steps = tuple(values), []

    def apply(op: ops.Op, places: tuple[int | float, ...]) -> int:
        values.append(op.dispatch(tuple([values[p] if isinstance(p, int) else p for p in places])))
        steps.append((op, places))
        return len(values) - 1

    def within(place: int, low: float, high: float) -> int:
        """The place of an operand in an interval: as it is, or squeezed by a sigmoid."""
        if low <= values[place] <= high:
            return place
        return apply(ops.add, (apply(ops.mul, (apply(ops.sigmoid, (place,)), high - low)), low))

    for _ in range(draw(st.integers(1, max_steps))):
        op = draw(st.sampled_from(rows))
        domain = [op.domain[0]] * draw(st.integers(2, 5)) if op in VARIADIC else op.domain
        last = draw(st.booleans())  # chains as well as trees
        places = [draw(st.integers(0, len(values) - 1)) for _ in domain]
        places[0] = len(values) - 1 if last else places[0]
        operands = tuple([within(place, *interval) for place, interval in zip(places, domain, strict=True)])
        assume(smooth(op, [values[p] for p in operands]))
        apply(op, operands)
    return Expression(point, tuple(steps))
