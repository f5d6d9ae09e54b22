"""One entry of an array as a rule over single numbers: dW1[i, j] = Σ_b x[b, i] * dz1[b, j].

An `Index` is a sum of axes times numbers, as in x[b, i + p]. Where an array is reshaped, an axis falls into several,
i = 3 p + q, so that a rule is written over the axes that its scalars had. A rule is a tree: entries of arrays, rows of
the table, sums over axes. It prints, it computes over arrays of positions, and at one entry it is an expression of any
carrier: text, or Values of which a picture can be drawn.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arrays.array import Array, Constant, Moved, Rows, Shape, Size, item
from autograd.compiler.arrays.elements import ZERO, At, Elements, Index, fitted, flat, position
from autograd.compiler.arrays.interpret import Arrays, sizes_of
from autograd.formula import Formula, as_formula
from autograd.specialize import fast

# ── indices ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Axis:
    """A letter that runs from 0 to its size; `number` and `part` tell it from others of a rule."""

    number: int
    part: int
    size: Size


@dataclass(frozen=True)
class Lookup:
    """A number read from a table of the program."""

    table: Constant
    indices: At


@dataclass(frozen=True)
class Digit:
    """(of // divisor) % modulus, or the quotient where there is no modulus."""

    of: Index
    divisor: int
    modulus: int | None


Term = Axis | str | Lookup | Digit
"""What an index is made of; a text is the index of a loop."""


# ── rules ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Entry:
    """An element of an array, or of a table that the program carries along."""

    name: str
    indices: At
    table: Constant | None = None


@dataclass(frozen=True)
class Number:
    """A plain number."""

    value: float


@dataclass(frozen=True)
class Apply:
    """A row of the table of other scalars."""

    op: ops.Op
    args: tuple[Scalar, ...]


@dataclass(frozen=True)
class Reduced:
    """A reduction over axes; if `only`, over those positions where both indices are equal."""

    op: ops.Op
    axes: tuple[Axis, ...]
    body: Scalar
    only: tuple[Index, Index] | None = None


@dataclass(frozen=True)
class Pieces:
    """Arrays side by side: the last piece that begins at `at` or before."""

    at: Index
    starts: tuple[int, ...]
    bodies: tuple[Scalar, ...]


Scalar = Entry | Number | Apply | Reduced | Pieces


def below(scalar: Scalar) -> tuple[Scalar, ...]:
    """What a scalar is made of."""
    match scalar:
        case Apply():
            return scalar.args
        case Reduced():
            return (scalar.body,)
        case Pieces():
            return scalar.bodies
    return ()


def scalars(scalar: Scalar) -> Iterator[Scalar]:
    """A scalar and all it is made of."""
    yield scalar
    for part in below(scalar):
        yield from scalars(part)


def indices_in(scalar: Scalar) -> Iterator[Index]:
    """All indices of a scalar, from left to right."""
    match scalar:
        case Entry():
            yield from scalar.indices
        case Reduced(only=(left, right)):
            yield from (left, right)
        case Pieces():
            yield scalar.at
    for part in below(scalar):
        yield from indices_in(part)


def axes_of(*indices: Index) -> list[Axis]:
    """The axes that indices read, each once."""
    found: list[Axis] = []
    for index in indices:
        for _, term in index.terms:
            match term:
                case Axis():
                    found.append(term)
                case Lookup():
                    found += axes_of(*term.indices)
                case Digit():
                    found += axes_of(term.of)
    return list(dict.fromkeys(found))


# ── from trees to rules ──────────────────────────────────────────────────────────────────────


class Split(Exception):  # noqa: N818 it is no error
    """An axis must fall into several, the last of which has this size."""

    def __init__(self, axis: Axis, last: int) -> None:
        self.axis, self.last = axis, last


@dataclass
class Builder(Elements[Scalar]):
    """Writes the entry of a tree as a scalar. Axes are numbered in the order in which they are met."""

    splits: dict[int, list[Size]] = field(default_factory=dict)
    count: int = 0

    def axis(self, size: Size) -> tuple[Index, tuple[Axis, ...]]:
        """A new axis of this size, as an index, and what it consists of."""
        number = self.count
        self.count += 1
        sizes = self.splits.setdefault(number, [size])
        index, stride, axes = ZERO, 1, []
        for part in range(len(sizes) - 1, -1, -1):
            one = sizes[part]
            if one != 1:
                axes.append(Axis(number, part, one))
                index = Index.of(axes[-1]).times(stride) + index
            stride *= 1 if isinstance(one, Rows) else one
        return index, tuple(reversed(axes))

    def split(self, axis: Axis, last: int) -> None:
        """Remember that an axis falls into several."""
        sizes = self.splits[axis.number]
        size = sizes[axis.part]
        first: Size = Rows(size.times // last) if isinstance(size, Rows) else size // last
        sizes[axis.part : axis.part + 1] = [first, last]

    def digits(self, index: Index, shape: Shape) -> At:
        """A flat position as one along each axis of a shape."""
        result: list[Index] = []
        for place in range(len(shape)):
            stride = 1
            for size in shape[place + 1 :]:
                assert isinstance(size, int), "examples come first"
                stride *= size
            if stride == 1 and place == len(shape) - 1:
                result.append(index)
                break
            high = Index(index.constant // stride,
                         tuple((factor // stride, term) for factor, term in index.terms if factor % stride == 0))
            low = Index(index.constant % stride, tuple((f, term) for f, term in index.terms if f % stride))
            if not within(low, stride):
                self.ask(low, stride)
                high, low = Index.of(Digit(index, stride, None)), Index.of(Digit(index, 1, stride))
            result.append(high)
            index = low
        return tuple(result)

    def ask(self, index: Index, stride: int) -> None:
        """Have an axis of an index split, if it reaches beyond a stride that its factor divides."""
        for factor, term in index.terms:
            if isinstance(term, Axis) and 0 < factor < stride and stride % factor == 0:
                last = stride // factor
                size = term.size.times if isinstance(term.size, Rows) else term.size
                if size % last == 0 and (isinstance(term.size, Rows) or size > last):
                    raise Split(term, last)

    def row(self, row: ops.Op, operands: list[Scalar]) -> Scalar:
        """A row of the table of other entries."""
        return Apply(row, tuple(operands))

    def number(self, value: float) -> Scalar:
        """A plain number."""
        return Number(value)

    def index(self, table: Constant, at: At) -> Index:
        """A position that is read from a table."""
        return Index.of(Lookup(table, at))

    def reduced(self, row: ops.Op, sizes: Sequence[Size], term: Callable[[At], Scalar]) -> Scalar:
        """A reduction of what a term is along new axes of these sizes."""
        found = [self.axis(size) for size in sizes]
        return reduction(row, [axis for _, axes in found for axis in axes], term(tuple(index for index, _ in found)))

    def _name(self, array: Array, at: At) -> Scalar:
        return Entry(array.info, at)

    def _constant(self, array: Array, at: At) -> Scalar:
        return Entry(array.info.name, at, array.info)

    def _reshape(self, array: Array, at: At) -> Scalar:
        (below,) = array.args
        return self.element(below, self.digits(flat(at, array.shape), below.shape) if below.shape else ())

    _empty = Elements._like

    def _reduceat(self, array: Array, at: At) -> Scalar:
        op, starts = array.info
        step = (position(starts.step),) if isinstance(starts, Moved) else ()
        carried = starts.constant if isinstance(starts, Moved) else starts
        columns = np.arange(fixed(array.args[0].shape[-1]))
        owner = np.apply_along_axis(np.searchsorted, -1, carried.array, columns, side="right") - 1
        return self.those(op, Constant(f"run_{carried.name}", owner), array, at, step)

    def _scatter(self, array: Array, at: At) -> Scalar:
        order, starts, places, _ = array.info
        goes = np.full(fixed(array.args[0].shape[-1]), -1)
        runs = np.searchsorted(starts.array, np.arange(len(order.array)), side="right") - 1
        goes[order.array] = places.array[runs]
        return self.those(ops.sum, Constant(f"to_{places.name}", goes), array, at)

    def those(self, op: ops.Op, table: Constant, array: Array, at: At, step: At = ()) -> Scalar:
        """A reduction over those positions of the last axis for which a table, or its row, has the last index."""
        (below,) = array.args
        along, axes = self.axis(below.shape[-1])
        body = self.element(below, (*at[:-1], along))
        return Reduced(op, axes, body, (self.index(table, (*step, along)), at[-1]))

    def _concatenate(self, array: Array, at: At) -> Scalar:
        starts, bodies, start = list[int](), list[Scalar](), 0
        for part in array.args:
            starts.append(start)
            own = at[-1] + Index(-start)
            if part.kind == "woven":
                widths = [columns(stack, array) for stack in part.args]
                step, last = self.digits(own, (part.shape[0], sum(widths)))
                begins = tuple(itertools.accumulate(widths[:-1], initial=0))
                bodies.append(Pieces(last, begins, tuple(
                    self.element(stack, (step, *self.of_stack(item(stack, 0), last + Index(-begin), at)))
                    for stack, begin in zip(part.args, begins, strict=True))))
                start += sum(widths) * fixed(part.shape[0])
            else:
                bodies.append(self.element(part, self.of_stack(part, own, at)))
                start += columns(part, array) * (fixed(part.shape[0]) if len(part.shape) > len(array.shape) else 1)
        return bodies[0] if len(bodies) == 1 else Pieces(at[-1], tuple(starts), tuple(bodies))

    def of_stack(self, part: Array, column: Index, at: At) -> At:
        """The indices in an array for a column of it; of a stack, or of stacks in one, all items lie side by side."""
        more = len(part.shape) - len(at)
        *steps, last = self.digits(column, (*part.shape[:more], part.shape[-1])) if more else [column]
        return fitted((*steps, *at[:-1], last), part.shape)


def fixed(size: Size) -> int:
    """A size that is not that of the examples."""
    assert isinstance(size, int), "the examples are no axis of a stack"
    return size


def columns(stack: Array, item: Array) -> int:
    """The columns of an array, or of those in a step of a stack, side by side."""
    return math.prod(map(fixed, (*stack.shape[1 : len(stack.shape) - len(item.shape)], stack.shape[-1])))


def within(index: Index, stride: int) -> bool:
    """Whether an index is surely below a stride and not negative."""
    most = index.constant
    for factor, term in index.terms:
        if not isinstance(term, Axis) or isinstance(term.size, Rows) or factor < 0:
            return False
        most += factor * (term.size - 1)
    return most < stride


def reduction(op: ops.Op, axes: Iterable[Axis], body: Scalar) -> Scalar:
    """A reduction over axes, the body itself where there are none; of reductions of one kind, one."""
    axes = tuple(axes)
    if not axes and op is not ops.logsumexp:
        return body
    if isinstance(body, Reduced) and body.op is op is not ops.logsumexp and body.only is None:
        return Reduced(op, axes + body.axes, body.body)
    return Reduced(op, axes, body)


def rule(place: Array, value: Array) -> tuple[Entry, Scalar, tuple[Axis, ...]]:
    """What is written to the entries of a place: the entry, its value, and the axes along which they lie.

    Axes that must fall into several for one part of the rule do so everywhere, so it is written anew until none must.
    """
    builder = Builder()
    while True:
        builder.count = 0
        try:
            found = [builder.axis(size) for size in place.shape]
            indices = tuple(index for index, _ in found)
            target = builder.element(place, indices)
            assert isinstance(target, Entry), "a place is an array, or a view of one"
            scalar = builder.element(value, fitted(indices, value.shape))
            return target, scalar, tuple(axis for _, axes in found for axis in axes)
        except Split as wanted:
            builder.split(wanted.axis, wanted.last)


# ── at positions ─────────────────────────────────────────────────────────────────────────────


class Positions:
    """What indices are where axes, and loops, are at positions: at one each, or at many at once."""

    clipped = False
    """Whether positions beyond an array are those of its end: of several pieces, those that are not taken have such."""

    def at(self, term: Axis | str) -> Any:
        """Where an axis or a loop is."""
        raise NotImplementedError

    def index(self, index: Index) -> Any:
        """The positions that an index stands for."""
        return index.constant + sum(factor * self.term(term) for factor, term in index.terms)

    def term(self, term: Term) -> Any:
        """The numbers that a term of an index stands for."""
        match term:
            case Lookup():
                return self.look_up(term.table.array, term.indices)
            case Digit():
                quotient = self.index(term.of) // term.divisor
                return quotient if term.modulus is None else quotient % term.modulus
        return self.at(term)

    def look_up(self, array: Any, indices: At) -> Any:
        """The elements of an array."""
        where = tuple(map(self.index, indices))
        if self.clipped:
            where = tuple(np.clip(one, 0, size - 1) for one, size in zip(where, np.shape(array), strict=True))
        return np.asarray(array)[where] if where else array


class Grid(Positions):
    """Computes scalars at many positions at once: every axis of a rule is one of NumPy's."""

    def __init__(self, arrays: Arrays, axes: Sequence[Axis], chosen: Mapping[Axis, npt.NDArray[Any]]) -> None:
        self.arrays = arrays
        self.places = {axis: place for place, axis in enumerate(axes)}
        self.positions = {
            axis: (chosen[axis] if axis in chosen else np.arange(self.size(axis))).reshape(
                [-1 if place == other else 1 for other in range(len(axes))])
            for axis, place in self.places.items()
        }

    def size(self, axis: Axis) -> int:
        """The length of an axis."""
        return sizes_of((axis.size,), self.arrays)[0]

    def at(self, term: Axis | str) -> Any:
        """Where an axis or a loop is."""
        return self.positions[term] if isinstance(term, Axis) else self.arrays[term]

    def value(self, scalar: Scalar) -> Any:
        """The numbers that a scalar stands for, over all axes that it reads."""
        match scalar:
            case Number():
                return scalar.value
            case Entry():
                array = self.arrays[scalar.name] if scalar.table is None else scalar.table.array
                return self.look_up(array, scalar.indices)
            case Apply():
                args = [self.value(arg) for arg in scalar.args]
                return np.where(*args) if scalar.op is ops.where else fast(scalar.op).arrays(*map(as_float, args))
            case Reduced():
                return self.reduced(scalar)
        return self.pieces(scalar)

    def reduced(self, scalar: Reduced) -> Any:
        """A reduction over axes."""
        body = as_float(self.value(scalar.body))
        shape = [1] * len(self.places)
        for axis in scalar.axes:
            shape[self.places[axis]] = self.positions[axis].size
        ufunc = getattr(np, scalar.op.ufunc)
        if scalar.only is not None:
            left, right = map(self.index, scalar.only)
            neutral = 0.0 if scalar.op is ops.sum else math.inf if scalar.op is ops.min else -math.inf
            body = np.where(left == right, body, neutral)
        body = np.broadcast_to(body, np.broadcast_shapes(np.shape(body), tuple(shape)))
        return ufunc.reduce(body, axis=tuple(self.places[axis] for axis in scalar.axes), keepdims=True)

    def pieces(self, scalar: Pieces) -> Any:
        """One of several, by position."""
        where = np.asarray(self.index(scalar.at))
        which = np.searchsorted(np.array(scalar.starts), where, side="right") - 1
        inside = copy.copy(self)
        result: Any = 0.0
        inside.clipped = True
        for number, body in enumerate(scalar.bodies):
            result = np.where(which == number, inside.value(body), result)
        return result


def as_float(numbers: Any) -> Any:
    """Truth values as numbers."""
    return numbers.astype(float) if isinstance(numbers, np.ndarray | np.bool_) and numbers.dtype == bool else numbers


Read = Callable[[str, tuple[int, ...], Constant | None], Any]
"""What stands for an element of an array: a text, or a Value."""


@dataclass
class OneEntry(Positions):
    """A rule at one entry, over any carrier: axes and loops have positions, and `read` gives the elements."""

    positions: dict[Term, int]
    examples: int
    read: Read
    most: int | None = None
    """Of longer sums the first terms and the last are written, with an ellipsis between them."""

    def at(self, term: Axis | str) -> int:
        """Where an axis or a loop is."""
        return self.positions[term]

    def value(self, scalar: Scalar) -> Any:
        """The scalar over the carrier."""
        match scalar:
            case Number():
                return scalar.value
            case Entry():
                return self.read(scalar.name, tuple(map(self.index, scalar.indices)), scalar.table)
            case Apply():
                return scalar.op.dispatch(tuple(map(self.value, scalar.args)))
            case Pieces():
                at, starts = self.index(scalar.at), np.array(scalar.starts)
                return self.value(scalar.bodies[int(np.searchsorted(starts, at, side="right")) - 1])
        sizes = sizes_of(tuple(axis.size for axis in scalar.axes), {"n": self.examples})
        places = itertools.product(*map(range, sizes))
        inside = [replace(self, positions=self.positions | dict(zip(scalar.axes, place, strict=True)))
                  for place in places]
        if scalar.only is not None:
            left, right = scalar.only
            inside = [one for one in inside if one.index(left) == one.index(right)]
        return self.folded(scalar, inside)

    def folded(self, scalar: Reduced, inside: Sequence[OneEntry]) -> Any:
        """The reduction of what the body is at several positions."""
        if not inside:
            return 0.0
        if self.most is None or len(inside) <= self.most:
            return scalar.op.dispatch(tuple(one.value(scalar.body) for one in inside))
        ends = [*(one.value(scalar.body) for one in inside[: self.most - 1]), inside[-1].value(scalar.body)]
        texts: list[Any] = [*ends[:-1], Formula("…"), ends[-1]]
        return scalar.op.dispatch(tuple(texts))


# ── text ─────────────────────────────────────────────────────────────────────────────────────


LETTERS = "ijklpqrstuvwdghmfoceaz"
EXAMPLES = "bems"
"""What axes of examples are called: the first letter that nothing else is."""


class Writer:
    """Names axes, and writes scalars with them."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.names: dict[Axis, str] = {}

    def name(self, axis: Axis) -> str:
        """The letter of an axis."""
        if axis not in self.names:
            letters = EXAMPLES if isinstance(axis.size, Rows) else LETTERS
            used = self.taken | set(self.names.values())
            candidates = itertools.chain(letters, (f"i{number}" for number in itertools.count()))
            self.names[axis] = next(text for text in candidates if text not in used)
        return self.names[axis]

    def index(self, index: Index) -> Any:
        """An index as text: 3 p + q + 1."""
        total = ""
        for factor, term in index.terms:
            text = self.term(term)
            one = text if abs(factor) == 1 else f"{abs(factor)} {text}"
            total += (f" {'-' if factor < 0 else '+'} {one}" if total else f"{'-' * (factor < 0)}{one}")
        if not total:
            return str(index.constant)
        return f"{total} {'-' if index.constant < 0 else '+'} {abs(index.constant)}" if index.constant else total

    def term(self, term: Term) -> str:
        """A term of an index."""
        match term:
            case Axis():
                return self.name(term)
            case str():
                return term
            case Lookup():
                return f"{term.table.name}[{', '.join(map(self.index, term.indices))}]"
        quotient = f"({self.index(term.of)}) // {term.divisor}" if term.divisor > 1 else f"({self.index(term.of)})"
        return f"({quotient})" if term.modulus is None else f"({quotient} % {term.modulus})"

    def text(self, scalar: Scalar) -> str:
        """A scalar as text."""
        return str(as_formula(self.formula(scalar)))

    def formula(self, scalar: Scalar) -> Any:
        """A scalar as text that knows how tightly it binds."""
        match scalar:
            case Number():
                return scalar.value
            case Entry():
                return Formula(element(scalar.name, map(self.index, scalar.indices)))
            case Apply():
                return scalar.op.dispatch(tuple(as_formula(self.formula(arg)) for arg in scalar.args))
            case Pieces():
                stops = [f" for {self.index(scalar.at)} < {stop}" for stop in scalar.starts[1:]] + [""]
                bodies = map(self.text, scalar.bodies)
                return Formula("; ".join(f"{body}{stop}" for body, stop in zip(bodies, stops, strict=True)), "any")
        names = ", ".join(map(self.name, scalar.axes))
        only = "" if scalar.only is None else f" with {self.index(scalar.only[0])} = {self.index(scalar.only[1])}"
        under = f"_{names}" if len(scalar.axes) == 1 and not only else f"_({names}{only})"
        symbol = scalar.op.symbol
        body = as_formula(self.formula(scalar.body))
        return Formula(f"{symbol}{under} {body:product}", "sum")


def element(name: str, indices: Iterable[Any]) -> str:
    """An element of an array as text: x[0, 1], or n."""
    inside = ", ".join(map(str, indices))
    return f"{name}[{inside}]" if inside else name
