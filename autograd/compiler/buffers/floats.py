"""What is the same for all examples as floats of Python, where that takes less time than calls of NumPy.

A call takes half a microsecond however few its numbers are, and to lay four numbers of a quaternion out as the nine of
a rotation takes a dozen of them, and their gradients a dozen more. Floats of Python take a thirtieth of that each. So
calls about few numbers that no example changes are computed once with symbols in the place of numbers: what gathers,
pads or turns them then costs nothing, and each number that something else reads is an expression of what is given.

>>> from autograd.compiler.arrays.array import Let, Rows, constant, name, part, take
>>> from autograd.compiler.buffers.buffered import Buffered
>>> from autograd.compiler.buffers.calls import CallPrinter
>>> q, a, b = name("q", (2,)), name("a", (3,)), name("b", (3,))
>>> z = name("z", (Rows(), 3))
>>> calls = Buffered(["q", "x", "a", "b", "z"])
>>> for let in (Let(a, take(q, Constant("i", np.array([1, 0, 1])))), Let(b, a * a), Let(z, name("x", z.shape) * b)):
...     calls.statement(let)
>>> print("\\n".join(map(CallPrinter().statement, calls.statements)))
q.take(i, -1, a, "clip")
np_multiply(a, a, b)
np_multiply(x, b, z)
>>> print("\\n".join(map(CallPrinter().statement, with_floats(calls, []).statements)))
[f1, f2] = q.tolist()
f3 = f2 * f2
b[0], b[1], b[2] = f3, f1 * f1, f3
np_multiply(x, b, z)
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arrays.array import (
    VIEWS,
    Array,
    Constant,  # noqa: F401 the example above uses it
    Let,
    Rows,
    Statement,
    Store,
    as_array,
    count,
    name,
    names_in,
    nodes,
    reshape,
    simplified,
    source_of,
    target_of,
)
from autograd.compiler.arrays.interpret import STRUCTURAL, value_of
from autograd.compiler.buffers.buffered import EXAMPLES, Buffered
from autograd.compiler.buffers.cost import time
from autograd.compiler.buffers.memory import VECTORS

MOST = 150
"""Operations on single numbers up to which the floats of a call are worth a look."""

PAYS = 1.0
"""The part of the time of calls below which floats take their place."""

LONGEST = 30
"""Operations in an expression of what is read once; longer ones are hard to read."""

SEEN = VIEWS | {"name"}
"""The kinds of what an array may stand for that lies in the memory of another."""

Symbols = npt.NDArray[Any]
"""An array of objects: of each element the float that it is, as a name, a plain number or an expression."""

Place = tuple[str, int]
"""Where a number lies: an array, and its position in the memory of that."""


def with_floats(calls: Buffered, results: Sequence[Array]) -> Buffered:
    """The calls, in which runs of small ones that no example changes are floats where that takes less time.

    In the forward half they come as soon as they can, and in the backward half as late.
    """
    if any(map(is_small, calls.statements)):
        floats = Floats(calls)
        halves = calls.statements[: calls.forward], calls.statements[calls.forward :]
        for piece in parted(halves[0], floats.homes):
            floats.piece(*piece)
        floats.flush(floats.fixed(results))
        calls.forward = len(floats.result)
        for small, statements in reversed(parted(halves[1][::-1], floats.homes)):
            floats.piece(small, statements[::-1])
        floats.finish(floats.fixed(results))
        halves = tidied(floats.result, calls.forward)
        calls.statements, calls.forward = [*halves[0], *halves[1]], len(halves[0])
        calls.memory.keep(names_in(*(array for statement in calls.statements for array in statement.arrays), *results))
    return calls


# ── which calls ──────────────────────────────────────────────────────────────────────────────


def operations(statement: Statement) -> float:
    """Operations on single numbers that a statement comes to, if floats can do that; infinite if they cannot."""
    value = statement.value
    if not isinstance(statement, Store) or statement.adds:
        return math.inf
    if any(map(has_rows, statement.arrays)) or "n" in statement.value.names:
        return math.inf
    kind, size = value.kind, size_of(statement.place)
    if kind in ("dot", "matmul"):
        *_, terms = value.args[0].axes
        return float(size * terms)
    if kind == "reduce":
        return size_of(value.args[0]) if value.info[0] is ops.sum else math.inf
    if kind in ("take", "copy", "cast", "name", "number", "constant", *VIEWS):
        return size / 4
    return size if row_of(kind) else math.inf


def is_small(statement: Statement) -> bool:
    """Whether a statement is about few numbers that are the same for all examples."""
    return operations(statement) <= MOST


def row_of(kind: Any) -> ops.Op | None:
    """The row of the table that computes element by element what a kind does."""
    if isinstance(kind, ops.Op):
        return kind
    return ops.UFUNCS.get(kind.__name__) if isinstance(kind, np.ufunc) else None


Piece = tuple[bool, list[Statement]]
"""Statements that follow one another, and whether they are small."""


def parted(statements: Sequence[Statement], homes: Callable[[str], set[str]]) -> list[Piece]:
    """Statements in pieces: small ones go in front of others where none reads or writes what the other writes."""
    pieces: list[Piece] = [(True, []), (False, [])]
    read, written = set[str](), set[str]()
    for statement in statements:
        mine = set[str]().union(*map(homes, names_in(*statement.arrays)))
        target = homes(target_of(statement))
        if not is_small(statement):
            pieces[-1][1].append(statement)
            read |= mine
            written |= target
            continue
        if not target.isdisjoint(read | written) or not mine.isdisjoint(written):
            pieces += [(True, []), (False, [])]
            read, written = set(), set()
        pieces[-2][1].append(statement)
    return [piece for piece in pieces if piece[1]]


# ── symbols ──────────────────────────────────────────────────────────────────────────────────


def scalar(row: ops.Op, *args: Array) -> Array:
    """An operation on single numbers as an expression."""
    found = simplified(row, args)
    if found is None:
        return Array(row, args, None, (), "scalar")
    return Array(found.kind, found.args, None, (), "scalar") if found.args else found


def each(function: Callable[..., Array], *arrays: Symbols) -> Symbols:
    """A function of the elements of arrays, by NumPy's rules for shapes."""
    result = np.empty(np.broadcast_shapes(*(array.shape for array in arrays)), object)
    columns = [np.broadcast_to(array, result.shape).ravel() for array in arrays]
    for i, args in enumerate(zip(*columns, strict=True)):
        result.reshape(-1)[i] = function(*args)
    return result


def summed(array: Symbols, axes: tuple[int, ...], keep: bool = False) -> Symbols:
    """The sums along axes."""
    axes = tuple(axis % array.ndim for axis in axes)
    rest = [axis for axis in range(array.ndim) if axis not in axes]
    rows = array.transpose(*rest, *axes).reshape(*(array.shape[axis] for axis in rest), -1)
    result = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(result.shape):
        total = as_array(0)
        for term in rows[place]:
            negative = term.kind is ops.neg
            total = scalar(ops.sub, total, *term.args) if negative else scalar(ops.add, total, term)
        result[place] = total
    return result.reshape([1 if axis in axes else size for axis, size in enumerate(array.shape)]) if keep else result


def product(a: Symbols, b: Symbols) -> Symbols:
    """A product of matrices or vectors."""
    if b.ndim == 1:
        return summed(each(times, a, b), (-1,))
    if a.ndim == 1:
        return summed(each(times, a[:, None], b), (-2,))
    return summed(each(times, a[..., :, :, None], b[..., None, :, :]), (-2,))


def times(a: Array, b: Array) -> Array:
    """A product of two numbers in a product of matrices, where 0 pads: it is 0 whatever the other one is."""
    return as_array(0) if 0 in (a.number, b.number) else scalar(ops.mul, a, b)


# ── the pass ─────────────────────────────────────────────────────────────────────────────────


class Floats:
    """The statements so far (`result`), and what is known of the numbers in arrays: which float each is."""

    def __init__(self, calls: Buffered) -> None:
        self.calls, self.memory = calls, calls.memory
        self.result: list[Statement] = []
        self.held: dict[Place, Array] = {}
        """The numbers that are floats as well."""
        self.waiting: dict[Place, Array] = {}
        """Those of them that are not yet in their array, with the name by which they are written to it."""
        self.known: dict[Any, Array] = {}
        """The names of expressions."""
        self.lies: dict[str, Places] = {}
        self.views = {**self.memory.beforehand, **self.memory.runs, **{
            let.name.info: let for let in calls.statements if isinstance(let, Let)}}
        """What names stand for, those that are views of others among them."""
        self.areas = areas({text: self.places(let.name) for text, let in self.memory.runs.items()
                            if not has_rows(let.value)})
        self.read = {self.places(array)[0] for statement in calls.statements if not is_small(statement)
                     for array in self.fixed(statement.arrays)} | {"gradient"}
        """The arrays that others read, or write to."""

    # ── where numbers lie ────────────────────────────────────────────────────────────────────

    def places(self, array: Array) -> Places:
        """The array in whose memory an array is, and the positions of its elements there."""
        if array.kind != "name":
            home, places = self.places(array.args[0])
            return home, STRUCTURAL[array.kind](array, {}, places)
        if array.info not in self.lies:
            let = self.views.get(array.info)
            if let is not None and let.value.kind in SEEN:
                self.lies[array.info] = self.places(let.value)
            else:
                self.lies[array.info] = array.info, np.arange(size_of(array)).reshape(array.axes)
        return self.lies[array.info]

    def fixed(self, arrays: Iterable[Array]) -> list[Array]:
        """What arrays read that is the same for all examples, even if it is spread out over them."""
        found: dict[str, Array] = {}
        waiting = [node for array in arrays for node in nodes(array)]
        for node in waiting:
            if node.kind == "name" and node.dtype != "number":
                let = self.views.get(node.info)
                if not has_rows(node):
                    found[node.info] = node
                elif let is not None and let.value.kind in SEEN:
                    waiting += nodes(let.value)
        return list(found.values())

    def homes(self, text: str) -> set[str]:
        """The array whose memory a name is in; runs of a vector that have nothing in common are different arrays."""
        if text in VECTORS:
            return {text, *(area for run, area in self.areas.items() if self.lies[run][0] == text)}
        let = self.views.get(text)
        if text not in self.memory.runs and let is not None and let.value.kind in SEEN:
            return self.homes(source_of(let.value).info)
        return {self.areas.get(text) or self.memory.home(text)}

    # ── pieces ───────────────────────────────────────────────────────────────────────────────

    def piece(self, small: bool, statements: Sequence[Statement]) -> None:
        """Statements as floats, if they are small and that takes less time, or as they are."""
        before = dict(self.held), dict(self.waiting), dict(self.known), len(self.result)
        if small:
            for statement in statements:
                self.perform(statement)
            written = {place: array for place, array in self.waiting.items() if before[1].get(place) is not array}
            made = [time(statement, self.calls, EXAMPLES) for statement in self.result[before[3] :]]
            made += [time(Store(array, listed(array, [array] * size_of(array)), adds=False), self.calls, EXAMPLES)
                     for array in set(written.values()) if self.places(array)[0] in self.read]
            if sum(made) < PAYS * sum(time(statement, self.calls, EXAMPLES) for statement in statements):
                return
            self.held, self.waiting, self.known, number = before
            del self.result[number:]
        for statement in statements:
            self.other(statement)

    def perform(self, statement: Statement) -> None:
        """Compute a small statement with symbols."""
        assert isinstance(statement, Store), "what is only named is no call"
        home, places = self.places(statement.place)
        into = statement.place.args[0] if statement.place.kind == "take" else statement.place
        symbols = np.broadcast_to(self.computed(statement.value), places.shape)
        for place, symbol in zip(places.ravel().tolist(), symbols.ravel(), strict=True):
            self.held[home, place], self.waiting[home, place] = symbol, into

    def other(self, statement: Statement) -> None:
        """A statement as it is, before which the floats that it reads are written to arrays."""
        self.flush(self.fixed(statement.arrays))
        self.result.append(statement)
        if isinstance(statement, Store):
            for array in self.fixed([statement.place]):
                home, places = self.places(array)
                for place in places.ravel().tolist():
                    self.held.pop((home, place), None)

    def flush(self, arrays: Iterable[Array]) -> None:
        """Write what arrays hold to memory."""
        for array in arrays if self.waiting else ():
            home, places = self.places(array)
            if any((home, place) in self.waiting for place in places.ravel().tolist()):
                self.write(home)

    def write(self, home: str) -> None:
        """Write the floats that wait for an array."""
        waiting = {place: name for (text, place), name in self.waiting.items() if text == home}
        names = {array.info: array for array in waiting.values()}
        whole = self.memory.empties.get(home)
        if len(names) > 1 and whole is not None and all((home, i) in self.held for i in range(size_of(whole))):
            names = {whole.info: whole}
        for array in names.values():
            symbols = self.symbols(array).ravel().tolist()
            if len(array.shape) > 1 and self.memory.in_order(array):
                array = self.calls.made(reshape(array, (len(symbols),)))
            self.result.append(Store(array, listed(array, symbols), adds=False))
        for place in waiting:
            del self.waiting[home, place]

    def finish(self, results: Iterable[Array]) -> None:
        """All that is to be in arrays in the end."""
        self.flush(results)
        for home in {home for home, _ in self.waiting if home == "gradient"}:
            self.write(home)

    # ── symbols ──────────────────────────────────────────────────────────────────────────────

    def computed(self, value: Array) -> Symbols:
        """What a call computes; each expression gets a name."""
        if value.kind in ("name", "number", "constant", *VIEWS):
            return self.symbols(value)
        args = [self.symbols(arg) for arg in value.args]
        if value.kind in ("dot", "matmul"):
            result = product(*args)
        elif value.kind == "reduce":
            result = summed(args[0], *value.info[1:])
        elif row := row_of(value.kind):
            result = each(functools.partial(scalar, row), *args)
        else:
            result = args[0] if value.kind in ("copy", "cast") else STRUCTURAL[value.kind](value, {}, *args)
        return each(self.named, result)

    def named(self, symbol: Array) -> Array:
        """The name of an expression."""
        if not symbol.args:
            return symbol
        if symbol.key not in self.known:
            result = self.known[symbol.key] = self.memory.temporary(symbol, "f")
            self.let(result, symbol)
        return self.known[symbol.key]

    def let(self, result: Array, value: Array) -> None:
        """Name a float; one that is the same in every call is computed beforehand."""
        if all(map(self.memory.is_fixed, value.args)):
            self.memory.calculate(result, value)
        else:
            self.result.append(Let(result, value))

    def symbols(self, array: Array) -> Symbols:
        """The elements of an array as floats."""
        if array.kind in VIEWS:
            return np.asarray(STRUCTURAL[array.kind](array, {}, self.symbols(array.args[0])))
        if array.kind not in ("name", "number", "constant"):
            return self.computed(array)
        if array.kind != "name":
            numbers = array.info if array.kind == "number" else array.info.array
            return each(lambda number: as_array(float(number)), np.asarray(numbers))
        assert array.dtype != "number", "a call that reads n is not small"
        home, places = self.places(array)
        if any((home, place) not in self.held for place in places.ravel().tolist()):
            self.load(array)
        return each(lambda place: self.held[home, place], places)

    def load(self, array: Array) -> None:
        """Read an array, of which some numbers may be known already, and with it all that lies beside it."""
        home, places = self.places(array)
        whole = self.memory.empties.get(home, array)
        if not has_rows(whole) and size_of(whole) <= MOST / 4:
            array, places = whole, self.places(whole)[1]
        numbers = self.numbers(array)
        if numbers is None:
            names = each(lambda _: self.memory.temporary(name("", (), "scalar"), "f"), places)
            if names.size > 1:
                numbers_of = Array("numbers", (array,), None, array.shape, "scalar")
                self.result.append(Let(listed(array, names.ravel().tolist()), numbers_of))
            else:
                self.let(names.item(), Array("float", (array,), None, (), "scalar"))
        else:
            names = each(lambda number: as_array(float(number)), np.broadcast_to(numbers, places.shape))
        for place, symbol in zip(places.ravel().tolist(), names.ravel(), strict=True):
            self.held.setdefault((home, place), symbol)

    def numbers(self, array: Array) -> npt.NDArray[Any] | None:
        """The numbers of an array that is the same in every call, however many examples there are."""
        if array.info not in self.memory.fixed or array.info not in self.memory.beforehand:
            return None
        value = self.memory.beforehand[array.info].value
        below = {text: self.numbers(self.memory.beforehand[text].name) if text in self.memory.beforehand else None
                 for text in value.names}
        strange = any(isinstance(node.kind, str) and node.kind not in {"name", *STRUCTURAL} for node in nodes(value))
        if strange or has_rows(value) or any(numbers is None for numbers in below.values()):
            return None
        return np.asarray(value_of(value, below))


def tidied(statements: Sequence[Statement], forward: int) -> tuple[list[Statement], list[Statement]]:
    """Both halves without floats that nobody reads; what is read once is computed there, if it is not long."""
    uses, kept = Counter[str](), list[tuple[bool, Statement]]()
    for i, statement in reversed(list(enumerate(statements))):
        names = [one.info for one in (statement.name.args or (statement.name,))] if is_float(statement) else []
        if not names or any(uses[text] for text in names):
            kept.append((i < forward, statement))
            uses.update(node.info for array in statement.arrays for node in nodes(array) if node.kind == "name")
    inside: dict[str, Array] = {}
    halves: tuple[list[Statement], list[Statement]] = [], []
    for first, statement in reversed(kept):
        if statement.value.dtype == "scalar" or statement.value.kind == "listed":
            statement = replace(statement, value=with_inside(statement.value, inside))
        if is_float(statement) and statement.value.kind not in ("float", "numbers") and (
                uses[statement.name.info] == 1 or not statement.value.args) and (
                sum(1 for _ in nodes(statement.value)) <= LONGEST):
            inside[statement.name.info] = statement.value
        else:
            halves[not first].append(statement)
    return halves


def is_float(statement: Statement) -> TypeGuard[Let]:
    """Whether a statement names floats."""
    return isinstance(statement, Let) and statement.value.dtype == "scalar"


def with_inside(array: Array, inside: dict[str, Array]) -> Array:
    """An expression with others in the place of names."""
    if array.kind == "name":
        return inside.get(array.info, array)
    if array.dtype != "scalar" and array.kind != "listed":
        return array
    return array.with_args(*(with_inside(arg, inside) for arg in array.args))


Places = tuple[str, npt.NDArray[np.int64]]
"""An array, and positions of elements in its memory."""


def areas(runs: dict[str, Places]) -> dict[str, str]:
    """A name for each run of a vector, the same for those that overlap."""
    result: dict[str, str] = {}
    end: dict[str, int] = {}
    for text, (vector, places) in sorted(runs.items(), key=lambda run: (run[1][0], run[1][1].min(initial=0))):
        first, last = int(places.min(initial=0)), int(places.max(initial=0))
        if first > end.get(vector, -1):
            current = f"{vector} {first}"
        result[text] = current
        end[vector] = max(last, end.get(vector, -1))
    return result


def size_of(array: Array) -> int:
    """The number of elements of an array without examples."""
    size = count(array.shape)
    assert isinstance(size, int), "what differs from example to example is no float"
    return size


def has_rows(array: Array) -> bool:
    """Whether anything in an array has an axis of examples."""
    return any(isinstance(size, Rows) for node in nodes(array) for size in node.shape)


def listed(array: Array, symbols: Sequence[Array]) -> Array:
    """Floats in the shape of an array."""
    return Array("listed", tuple(symbols), None, array.shape, "float")
