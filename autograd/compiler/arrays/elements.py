"""One element of a tree of arrays as an expression of elements of the arrays that it reads.

A view only moves the indices, and an element of a product of matrices is a sum over one more axis. What an expression
is, subclasses of `Elements` say: rules that print and compute (`explain`), or lines of JavaScript with loops for sums.

>>> print(Index.of("i").times(3) + Index.of("j") + Index(2))
3 * i + j + 2
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import Array, Constant, Moved, N, Position, Rows, Shape, Size, count

# ── indices ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Index:
    """A position along an axis, or among all elements: a constant plus multiples of terms, such as 3 * i + j + 2."""

    constant: int = 0
    terms: tuple[tuple[Any, Any], ...] = ()
    """Factors, which are sizes, and what they multiply, such as the index of a loop."""

    @classmethod
    def of(cls, term: Any) -> Index:
        """A term alone."""
        return cls(0, ((1, term),))

    def __add__(self, other: Index) -> Index:
        factors: dict[Any, Size] = {}
        for factor, term in self.terms + other.terms:
            factors[term] = total(factors[term], factor) if term in factors else factor
        return Index(self.constant + other.constant,
                     tuple((factor, term) for term, factor in factors.items() if factor not in (0, Rows(0))))

    def times(self, factor: Size) -> Index:
        """So many times itself."""
        terms = tuple((count((own, factor)), term) for own, term in self.terms if factor)
        if isinstance(factor, int):
            return Index(self.constant * factor, terms)
        examples = ((self.constant * factor.times, "n"),) if self.constant else ()
        return Index(0, (*examples, *terms))

    def __str__(self) -> str:
        parts = [str(term) if factor == 1 else f"{extent(factor)} * {term}" for factor, term in self.terms]
        if self.constant or not parts:
            parts.append(str(self.constant))
        return " + ".join(parts).replace("+ -", "- ")


ZERO = Index()
At = tuple[Index, ...]
"""Where an element is: a position along each axis."""


def total(a: Size, b: Size) -> Size:
    """The sum of two factors of one term, of which both are numbers or both multiples of the number of examples."""
    if isinstance(a, Rows) and isinstance(b, Rows):
        return Rows(a.times + b.times)
    assert isinstance(a, int), "a term has factors of one kind"
    assert isinstance(b, int), "a term has factors of one kind"
    return a + b


def extent(size: Size) -> str:
    """A size as text."""
    return str(size) if isinstance(size, int) else "n" if size.times == 1 else f"{size.times} * n"


def position(where: Position) -> Index:
    """A position, perhaps one that moves on in a loop."""
    return Index(where) if isinstance(where, int) else Index(
        where.start, tuple((factor, index) for index, factor in where.terms))


def flat(at: At, shape: Shape) -> Index:
    """The number of an element among all, row by row."""
    result = ZERO
    for axis, index in enumerate(at):
        result = result + index.times(count(shape[axis + 1 :]))
    return result


def fitted(at: At, shape: Shape) -> At:
    """Where an array of some shape is read for an element of what it is broadcast to."""
    return tuple(ZERO if size == 1 else index for index, size in zip(at[len(at) - len(shape) :], shape, strict=True))


# ── views ────────────────────────────────────────────────────────────────────────────────────


def of_items(array: Array, at: At) -> At:
    """Where an element of array[start:stop, position, …] is in the array."""
    given = iter(at)

    def places() -> Iterator[Index]:
        for run in array.info:
            if isinstance(run, tuple):
                start, stop, backwards = run
                yield Index(stop - 1) + next(given).times(-1) if backwards else next(given) + Index(start)
            else:
                yield position(run)

    return (*places(), *given)


def of_view(array: Array, at: At) -> At:
    """Where an element of array[..., base + strides · (i, j, …)] is in the array."""
    base, sizes, strides = array.info
    lead, place = len(at) - len(sizes), position(base)
    for index, stride in zip(at[lead:], strides, strict=True):
        place = place + index.times(stride)
    return (*at[:lead], place)


BELOW: dict[str, Callable[[Array, At], At]] = {
    "part": lambda array, at: (*at[:-1], position(array.info[0]) + at[-1].times(array.info[2])),
    "column": lambda array, at: (*at, position(array.info)),
    "item": lambda array, at: (position(array.info), *at),
    "items": of_items,
    "view": of_view,
    "transpose": lambda array, at: (*at[:-2], at[-1], at[-2]),
    "swapped": lambda array, at: (*at[:-2], at[-1], at[-2]),
    "permuted": lambda array, at: tuple(at[array.info.index(axis)] for axis in range(len(at))),
    "widened": lambda array, at: at[:-1],
    "broadcast": lambda array, at: fitted(at, array.args[0].shape),
    "copy": lambda array, at: at,
    "cast": lambda array, at: at,
    "full": lambda array, at: (),
}
"""Where the element of each of these kinds is in the array that the node reads."""


# ── elements ─────────────────────────────────────────────────────────────────────────────────


Scalar = TypeVar("Scalar")


class Elements(Generic[Scalar]):
    """Writes the elements of trees as expressions, with one method for each kind that is no view."""

    def element(self, array: Array, at: At) -> Scalar:
        """The element of a tree at a place."""
        if isinstance(array.kind, (ops.Op, np.ufunc)):
            row = array.kind if isinstance(array.kind, ops.Op) else ops.UFUNCS[array.kind.__name__]
            return self.row(row, [self.element(arg, fitted(at, arg.shape)) for arg in array.args])
        if array.kind in BELOW:
            return self.element(array.args[0], BELOW[array.kind](array, at))
        result: Scalar = getattr(self, f"_{array.kind}")(array, at)
        return result

    @abstractmethod
    def row(self, row: ops.Op, operands: list[Scalar]) -> Scalar:
        """A row of the table of other elements."""

    @abstractmethod
    def number(self, value: float) -> Scalar:
        """A plain number."""

    @abstractmethod
    def index(self, table: Constant, at: At) -> Index:
        """A position that is read from a table."""

    @abstractmethod
    def reduced(self, row: ops.Op, sizes: Sequence[Size], term: Callable[[At], Scalar]) -> Scalar:
        """A reduction of what a term is at every place of axes of these sizes."""

    def _number(self, array: Array, at: At) -> Scalar:
        return self.number(array.info)

    def _like(self, array: Array, at: At) -> Scalar:
        return self.number(0.0)

    def _take(self, array: Array, at: At) -> Scalar:
        lead = len(array.args[0].shape) - 1
        return self.element(array.args[0], (*at[:lead], self.gathered(array.info, at[lead:])))

    def gathered(self, index: Constant | Moved, at: At) -> Index:
        """A position that is read from an index array, which may move on in a loop."""
        if isinstance(index, Constant):
            return self.index(index, at)
        step = position(index.step)
        return self.index(index.constant, (step, *at)) if index.several else self.index(index.constant, at) + step

    # sums

    def _matmul(self, array: Array, at: At) -> Scalar:
        left, right = array.args
        row = at[:-1] if len(left.shape) > 1 else ()

        def term(along: At) -> Scalar:
            return self.row(ops.mul, [self.element(left, fitted((*row, *along), left.shape)),
                                      self.element(right, fitted((*row[:-1], *along, at[-1]), right.shape))])

        return self.reduced(ops.sum, left.shape[-1:], term)

    def _einsum(self, array: Array, at: At) -> Scalar:
        given, _, result = array.info.partition("->")
        letters = result.removeprefix("...")
        lead = len(at) - len(letters)
        known = dict(zip(letters, at[lead:], strict=True))
        operands = [(arg, text.removeprefix("...")) for arg, text in zip(array.args, given.split(","), strict=True)]
        sizes = {letter: size for arg, text in operands
                 for letter, size in zip(text, arg.shape[len(arg.shape) - len(text) :], strict=True)
                 if letter not in known}

        def factor(arg: Array, text: str, every: dict[str, Index]) -> Scalar:
            own = len(arg.shape) - len(text)
            return self.element(arg, (*fitted(at[:lead], arg.shape[:own]), *(every[letter] for letter in text)))

        def term(along: At) -> Scalar:
            every = known | dict(zip(sizes, along, strict=True))
            return self.row(ops.mul, [factor(arg, text, every) for arg, text in operands])

        return self.reduced(ops.sum, [*sizes.values()], term)

    def _reduce(self, array: Array, at: At) -> Scalar:
        row, axes, keep = array.info
        (below,) = array.args
        rank = len(below.shape)
        gone = sorted({axis % rank for axis in axes})
        rest = [index for axis, index in enumerate(at) if not (keep and axis in gone)]
        kept = dict(zip([axis for axis in range(rank) if axis not in gone], rest, strict=True))

        def term(along: At) -> Scalar:
            every = kept | dict(zip(gone, along, strict=True))
            return self.element(below, tuple(every[axis] for axis in range(rank)))

        return self.reduced(row, [below.shape[axis] for axis in gone], term)

    def _mean(self, array: Array, at: At) -> Scalar:
        (below,) = array.args
        size, summed = count(below.shape), self.reduced(ops.sum, below.shape, lambda at: self.element(below, at))
        if isinstance(size, int):
            return self.row(ops.div, [summed, self.number(size)])
        examples = self.element(N, ())
        every = examples if size.times == 1 else self.row(ops.mul, [self.number(size.times), examples])
        return self.row(ops.div, [summed, every])
