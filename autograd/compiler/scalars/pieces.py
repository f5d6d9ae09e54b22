"""Functions of one number by pieces, such as Huber's loss: between kinks a polynomial, at each kink a number.

Such a function is a carrier: the rows of the table make others of it, and so do their rules, which give its slope. All
numbers are fractions, so that functions made in different ways are the same or not, ties included.

>>> u = IDENTITY
>>> huber = ops.where(ops.gt(1, abs(u)), u * u / 2, abs(u) - 0.5)
>>> print(*huber.value.kinks, *huber.value.polynomials[1], *huber.slope.polynomials[2])
-1 1 0 0 1/2 1
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from autograd import ops

MANY, STEEP = 4, 8
"""So many kinks a function has at most, and so high powers."""

Polynomial = tuple[Fraction, ...]
"""The coefficients, that of the highest power last, which is not 0."""


class UnfitError(Exception):
    """What is no function by pieces, or has kinks that are no fractions."""


class Pieces(ops.Carrier):
    """A function of u: polynomials between kinks, and its numbers at the kinks."""

    __slots__ = ("at", "kinks", "polynomials")

    rank = 5

    def __init__(self, kinks: Sequence[Fraction], polynomials: Sequence[Polynomial], at: Sequence[Fraction]) -> None:
        """Kinks where nothing happens are left out."""
        real = [i for i, kink in enumerate(kinks) if not (
            polynomials[i] == polynomials[i + 1] and at[i] == valued(polynomials[i], kink))]
        self.kinks = tuple(kinks[i] for i in real)
        self.polynomials = (polynomials[0], *(polynomials[i + 1] for i in real))
        self.at = tuple(at[i] for i in real)
        if len(self.kinks) > MANY or max(map(len, self.polynomials)) > STEEP + 1:
            raise UnfitError

    @property
    def key(self) -> Any:
        """Equal for equal functions."""
        return self.kinks, self.polynomials, self.at

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pieces) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @classmethod
    def _lift(cls, operand: Any) -> Pieces:
        return constant(operand)

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Pieces, ...]) -> Pieces:
        return applied(op, args)

    @property
    def affine(self) -> bool:
        """Whether it is a·u + b."""
        return not self.kinks and len(self.polynomials[0]) <= 2

    @property
    def is_constant(self) -> bool:
        """Whether it is a number."""
        return not self.kinks and len(self.polynomials[0]) <= 1

    @property
    def continuous(self) -> bool:
        """Whether it does not jump."""
        return all(number == valued(below, kink) == valued(above, kink) for kink, number, (below, above) in zip(
            self.kinks, self.at, itertools.pairwise(self.polynomials), strict=True))

    def piece(self, inside: Fraction) -> Polynomial:
        """The polynomial around a number that is no kink."""
        return self.polynomials[sum(kink < inside for kink in self.kinks)]

    def __call__(self, u: Fraction) -> Fraction:
        """The number at u."""
        return self.at[self.kinks.index(u)] if u in self.kinks else valued(self.piece(u), u)


def trimmed(numbers: Sequence[Fraction]) -> Polynomial:
    """Coefficients without zeros at the end."""
    end = len(numbers)
    while end and not numbers[end - 1]:
        end -= 1
    return tuple(numbers[:end])


def plus(p: Polynomial, q: Polynomial, times: Fraction = Fraction(1)) -> Polynomial:
    """p + times · q"""
    return trimmed([a + times * b for a, b in itertools.zip_longest(p, q, fillvalue=Fraction(0))])


def product(p: Polynomial, q: Polynomial) -> Polynomial:
    """p · q"""
    result = [Fraction(0)] * (len(p) + len(q))
    for (i, a), (j, b) in itertools.product(enumerate(p), enumerate(q)):
        result[i + j] += a * b
    return trimmed(result)


def valued(p: Polynomial, u: Fraction) -> Fraction:
    """p(u)"""
    return functools.reduce(lambda total, number: total * u + number, reversed(p), Fraction(0))


def roots(p: Polynomial) -> list[Fraction]:
    """Where a polynomial is 0; raises `UnfitError` where that is no fraction."""
    if len(p) <= 1:
        return []
    if len(p) == 2:
        return [-p[0] / p[1]]
    if len(p) > 3:
        raise UnfitError
    square = p[1] ** 2 - 4 * p[0] * p[2]
    if square < 0:
        return []
    root = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    if root**2 != square:
        raise UnfitError
    return sorted({(-p[1] - root) / (2 * p[2]), (-p[1] + root) / (2 * p[2])})


def between(kinks: Sequence[Fraction]) -> list[Fraction]:
    """A number in each interval between kinks."""
    if not kinks:
        return [Fraction(0)]
    return [kinks[0] - 1, *((a + b) / 2 for a, b in itertools.pairwise(kinks)), kinks[-1] + 1]


def constant(number: Any) -> Pieces:
    """A number as a function."""
    if not math.isfinite(number):
        raise UnfitError
    return Pieces((), (trimmed([Fraction(number)]),), ())


U = Pieces((), ((Fraction(0), Fraction(1)),), ())
ONE = constant(1)
ZERO = constant(0)


def pointwise(of_polynomials: Callable[..., Polynomial], of_numbers: Callable[..., Fraction], *args: Pieces,
              kinks: Iterable[Fraction] = ()) -> Pieces:
    """What is computed of functions, each interval and each kink by itself."""
    every = sorted({*kinks, *(kink for arg in args for kink in arg.kinks)})
    return Pieces(every, [of_polynomials(*(arg.piece(inside) for arg in args)) for inside in between(every)],
                  [of_numbers(*(arg(kink) for arg in args)) for kink in every])


def added(x: Pieces, y: Pieces) -> Pieces:
    """x + y"""
    return pointwise(plus, operator.add, x, y)


def times(x: Pieces, y: Pieces) -> Pieces:
    """x · y"""
    return pointwise(product, operator.mul, x, y)


def compared(x: Pieces, y: Pieces, holds: Callable[[Fraction], bool]) -> Pieces:
    """1 where what is said of x - y holds, else 0."""
    difference = added(x, times(constant(-1), y))
    kinks = sorted({*difference.kinks, *(root for p in difference.polynomials for root in roots(p))})
    truth = (ZERO.polynomials[0], ONE.polynomials[0])
    return Pieces(kinks, [truth[holds(difference(inside))] for inside in between(kinks)],
                  [Fraction(holds(difference(kink))) for kink in kinks])


def chosen(condition: Pieces, x: Pieces, y: Pieces) -> Pieces:
    """x where the condition is not 0, else y."""
    if any(len(p) > 1 for p in condition.polynomials):
        raise UnfitError
    return pointwise(lambda c, p, q: p if c else q, lambda c, a, b: a if c else b, condition, x, y)


@functools.lru_cache(4096)
def applied(op: ops.Op, args: tuple[Pieces, ...]) -> Pieces:
    """A row of the table; raises `UnfitError` for those that make no polynomials."""
    x, *others = args
    y = others[0] if others else ZERO
    match op.name:
        case "add":
            return added(x, y)
        case "sub":
            return added(x, times(constant(-1), y))
        case "neg":
            return times(constant(-1), x)
        case "sum":
            return functools.reduce(added, args)
        case "mul":
            return times(x, y)
        case "div" if y.is_constant and y != ZERO:
            return times(constant(1 / y(Fraction(0))), x)
        case "pow" if y.is_constant and y(Fraction(0)) in range(1, STEEP + 1):
            return functools.reduce(times, [x] * int(y(Fraction(0))))
        case "gt":
            return compared(x, y, lambda difference: difference > 0)
        case "eq":
            return compared(x, y, lambda difference: difference == 0)
        case "where":
            return chosen(*args)
        case "abs":
            return chosen(applied(ops.gt, (ZERO, x)), times(constant(-1), x), x)
        case "relu":
            return chosen(applied(ops.gt, (x, ZERO)), x, ZERO)
        case "leaky_relu":
            return chosen(applied(ops.gt, (x, ZERO)), x, times(x, y))
        case "maximum":
            return chosen(applied(ops.gt, (x, y)), x, y)
        case "minimum":
            return chosen(applied(ops.gt, (y, x)), x, y)
        case "step":
            return compared(x, y, lambda difference: difference > 0)
        case "sign":
            return added(applied(ops.gt, (x, ZERO)), times(constant(-1), applied(ops.gt, (ZERO, x))))
    raise UnfitError


BEYOND = math.nan, math.inf, -math.inf
"""Where u may be as well, though no fraction says so."""

Numbers = tuple[tuple[float, float], ...]
"""The value and the slope where u is `BEYOND` fractions."""


class Dual(ops.Carrier):
    """A function and its slope, as the rules of the table make it."""

    __slots__ = ("beyond", "key", "slope", "value")

    rank = 5

    def __init__(self, value: Pieces, slope: Pieces, beyond: Numbers) -> None:
        self.value = value
        self.slope = slope
        self.beyond: Numbers = tuple((one(a), one(b)) for a, b in beyond)
        self.key = value.key, slope.key, self.beyond

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dual) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def moves(self) -> bool:
        """Whether its slope is not 0 everywhere."""
        return self.slope != ZERO or any(slope != 0 for _, slope in self.beyond)

    @classmethod
    def _lift(cls, operand: Any) -> Dual:
        return number_of(operand)

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Dual, ...]) -> Dual:
        return dual(op, args)


def one(number: float) -> float:
    """The number, of all that are nan the same, so that equal things are equal."""
    return math.nan if math.isnan(number) else number


IDENTITY = Dual(U, ONE, tuple((u, 1.0) for u in BEYOND))


def number_of(number: Any) -> Dual:
    """A number as a function whose slope is 0."""
    return Dual(constant(number), ZERO, ((float(number), 0.0),) * len(BEYOND))


@functools.lru_cache(4096)
def dual(op: ops.Op, args: tuple[Dual, ...]) -> Dual:
    """A row of functions, with the slope that its rule gives."""
    values, slopes = tuple(arg.value for arg in args), [arg.slope for arg in args]
    value = applied(op, values)
    with np.errstate(all="ignore"):
        beyond = [at_once(op, [(*place, arg.moves) for place, arg in zip(places, args, strict=True)])
                  for places in zip(*(arg.beyond for arg in args), strict=True)]
    if op is ops.where:
        return Dual(value, chosen(values[0], *slopes[1:]), tuple(beyond))
    if op is ops.pow:
        x, exponent = values
        below = ONE if exponent == ONE else applied(op, (x, exponent - 1))
        partials: tuple[Any, ...] = (times(exponent, below), ZERO)
    else:
        partials = op.partials(value, values) if op.recorded else ()
    moving = [slope * partial for slope, partial in zip(slopes, partials, strict=False) if slope != ZERO]
    return Dual(value, functools.reduce(added, moving, ZERO), tuple(beyond))


def at_once(op: ops.Op, operands: Sequence[tuple[float, float, bool]]) -> tuple[float, float]:
    """The value and the slope of a row of numbers with slopes, of which some are not 0 everywhere."""
    values = [value for value, _, _ in operands]
    out = op.forward(*values)
    if op is ops.where:
        return out, operands[1 if values[0] else 2][1]
    partials = op.partials(np.float64(out), tuple(map(np.float64, values))) if op.recorded else ()
    return out, sum(slope * float(partial) for (_, slope, moves), partial in zip(operands, partials, strict=False)
                    if moves)
