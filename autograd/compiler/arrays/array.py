"""Arrays as a tree, and the statements that a program consists of, before anything is printed.

An `Array` is a node: a row of the table, a ufunc, or one of the structural `KINDS` below, applied to other nodes, with
the shape and dtype of the result. It is a carrier: given to the rule of a row it builds the tree of the derivative, and
leaves out what multiplies by 1 or adds 0. A statement names an array (`Let`) or writes it to a place (`Store`).
Passes go from statements to statements, and `check` says whether what they made is well formed.

>>> x, w = name("x", (Rows(), 3)), name("w", (3, 2))
>>> matmul(x, w).shape, (1 * x + 0) is x, transpose(transpose(w)) is w
((Rows(times=1), 2), True, True)
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd import ops


class Rows(NamedTuple):
    """The size of an axis of examples: n, the number of them, or a multiple of it."""

    times: int = 1


Size = int | Rows
Shape = tuple[Size, ...]


@dataclass(eq=False)
class Constant:
    """An array that the program carries along, under a name of its own."""

    name: str
    array: npt.NDArray[Any]


@dataclass(frozen=True)
class Step:
    """A position that moves on in each step of a loop, or of loops in one another: start + Σ number · index."""

    start: int
    terms: tuple[tuple[str, int], ...]
    """The index of each of these loops, and by how much a step of it moves the position on."""

    def plus(self, number: int) -> Step:
        """So many further on."""
        return Step(self.start + number, self.terms)

    def by(self, index: str) -> int:
        """By how much a step of one loop moves it on."""
        return dict(self.terms).get(index, 0)

    def of(self, index: str, start: int, number: int, other: str) -> Position:
        """The position where an index is start + number · another one."""
        by = self.by(index)
        terms = {text: each for text, each in self.terms if text != index} | {other: number * by}
        return stepping(self.start + start * by, terms)


Position = int | Step


def stepping(start: int, terms: dict[str, int]) -> Position:
    """A position, a plain number where no loop moves it on."""
    moving = tuple((index, number) for index, number in terms.items() if number)
    return Step(start, moving) if moving else start


def origin(position: Position) -> int:
    """A position where the index of every loop is 0."""
    return position if isinstance(position, int) else position.start


@dataclass(frozen=True, eq=False)
class Moved:
    """An index that moves on by a number in each step of a loop, or, if `several`, is the row of that number."""

    constant: Constant
    step: Position
    several: bool = False


class Array(ops.Carrier):
    """A node: `kind` applied to `args`, with what else it needs to know as `info`.

    The dtype is "float" (that of theta), "truth", "index", or "number" for a plain number of Python.
    """

    __slots__ = ("_key", "_names", "args", "dtype", "info", "kind", "shape")

    rank = 4

    def __init__(self, kind: Any, args: tuple[Array, ...], info: Any, shape: Shape, dtype: str) -> None:
        self.kind = kind
        self.args = args
        self.info = info
        self.shape = shape
        self.dtype = dtype
        self._key: Any = None
        self._names: tuple[str, ...] | None = None

    @property
    def key(self) -> Any:
        """Equal for nodes that compute the same from the same names."""
        if self._key is None:
            self._key = self.info if self.kind == "name" else (
                self.kind, self.info, tuple([arg.key for arg in self.args]))
        return self._key

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it reads, from left to right, each once; what only lends its shape is not read."""
        if self._names is None:
            if self.kind == "name":
                self._names = (self.info,)
            else:
                self._names = () if self.kind == "like" or not self.args else self.args[0].names if len(
                    self.args) == 1 else tuple(names_in(*self.args))
        return self._names

    @classmethod
    def _lift(cls, operand: Any) -> Array:
        return as_array(operand)

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Array:
        """`op` of arrays, simplified where an operand is a plain number that makes no difference."""
        simple = simplified(op, args)
        return function(op, *args) if simple is None else simple

    def __array_ufunc__(self, ufunc: np.ufunc, how: str, *inputs: Any, **options: Any) -> Array:
        """The spelling of a row in NumPy, recorded."""
        assert how == "__call__", "a spelling applies ufuncs"
        assert not options, "a spelling gives ufuncs no options"
        return function(ufunc, *map(as_array, inputs))

    def __array_function__(self, made: Any, types: Iterable[type], args: Any, options: dict[str, Any]) -> Array:
        """The spelling of a row in NumPy, recorded."""
        assert made is np.where, "a spelling is made of ufuncs and np.where"
        return function(ops.where, *map(as_array, args))

    def __gt__(self, other: Any) -> Array:
        return function(ops.gt, self, as_array(other))

    def __lt__(self, other: Any) -> Array:
        return function(ops.gt, as_array(other), self)

    def with_args(self, *args: Array) -> Array:
        """The same kind of node applied to others of these shapes; itself if they are its own."""
        same = all(map(operator.is_, args, self.args))
        return self if same else Array(self.kind, args, self.info, self.shape, self.dtype)

    @property
    def batched(self) -> bool:
        """Whether there is a row, or several, for every example."""
        return bool(self.shape) and isinstance(self.shape[0], Rows)

    @property
    def lead(self) -> Shape:
        """The axis of examples, if there is one."""
        return self.shape[:1] if self.batched else ()

    @property
    def axes(self) -> tuple[Any, ...]:
        """The sizes of the other axes."""
        return self.shape[len(self.lead) :]

    @property
    def number(self) -> float | None:
        """The number that it is, if it is a plain one."""
        return float(self.info) if self.kind == "number" else None

    def __repr__(self) -> str:
        label = self.kind if isinstance(self.kind, str) else self.kind.__name__ if isinstance(
            self.kind, np.ufunc) else self.kind.name
        inside = [*map(repr, self.args), *([] if self.info is None else [repr(self.info)])]
        return f"{label}({', '.join(inside)})"


def as_array(operand: Any) -> Array:
    """An array as it is, a plain number as a node."""
    return operand if isinstance(operand, Array) else Array("number", (), float(operand), (), "number")


# ── functions, element by element ────────────────────────────────────────────────────────────


def simplified(op: ops.Op, args: tuple[Array, ...]) -> Array | None:
    """What an operation with plain numbers among its operands comes to, or None where it is still to be computed."""
    numbers = [arg.number for arg in args]
    if op is not ops.detach and all(number is not None for number in numbers):
        return as_array(op.forward(*numbers))
    if ops.is_comparison(op) and (decided := decided_everywhere(op, args)) is not None:
        return as_array(decided)
    if op is ops.where and numbers[0] is not None:
        return args[1] if numbers[0] else args[2]
    if op is ops.where and numbers[1:] == [1, 0] and args[0].dtype == "truth":
        return args[0]
    if op is ops.neg and args[0].kind is ops.neg:
        return args[0].args[0]
    if len(args) != 2:
        return None
    x, y = args
    a, b = numbers
    if op is ops.mul:  # 0 times what is not finite is nan, so it is left to be computed
        return y if a == 1 else x if b == 1 else -y if a == -1 else -x if b == -1 else None
    if op is ops.add:
        return y if a == 0 else x if b == 0 else None
    if op is ops.sub:
        return -y if a == 0 else x if b == 0 else None
    return x if op in (ops.div, ops.pow) and b == 1 else None


def decided_everywhere(op: ops.Op, args: Sequence[Array]) -> float | None:
    """What a comparison of numbers, some of which the program carries along, comes to if it is the same for all."""
    given = [arg.info if arg.kind == "number" else arg.info.array for arg in args if arg.kind in ("number", "constant")]
    ufunc = ops.ufunc_of(op)
    if ufunc is None or len(given) < len(args):
        return None
    first, *rest = np.unique(ufunc(*given))
    return None if rest else float(first)


def function(kind: Any, *args: Array) -> Array:
    """A row of the table, or a ufunc, element by element; the result has theta's dtype or holds truth values.

    NumPy would make integers or float64 of truth values and plain numbers alone.
    """
    shape = broadcast_shape(*(arg.shape for arg in args))
    if ops.is_comparison(kind):
        return Array(kind, args, None, shape, "truth")
    branches = args[1:] if kind is ops.where else args
    if any(arg.dtype == "float" for arg in branches):
        return Array(kind, args, None, shape, "float")
    if kind is ops.where:
        return cast(Array(kind, args, None, shape, "float"))
    return Array(kind, tuple(cast(arg) if arg.dtype == "truth" else arg for arg in args), None, shape, "float")


@functools.lru_cache(1024)
def broadcast_shape(*shapes: Shape) -> Shape:
    """The shape that arrays of these shapes have together, by NumPy's rules."""
    rank = max(map(len, shapes))
    result: list[Size] = []
    for sizes in zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True):
        different = {size for size in sizes if size != 1}
        assert len(different) <= 1, f"arrays of shapes {shapes} do not go together"
        result.append(different.pop() if different else 1)
    return tuple(result)


@functools.lru_cache(1024)
def count(shape: Shape) -> Rows | int:
    """The number of elements."""
    fixed = math.prod(size for size in shape if not isinstance(size, Rows))
    rows = [size.times for size in shape if isinstance(size, Rows)]
    return Rows(math.prod(rows) * fixed) if rows else fixed


def ends_in_rows(shape: Shape) -> bool:
    """Whether the last axis is that of examples."""
    return isinstance(shape[-1], Rows)


# ── structural kinds ─────────────────────────────────────────────────────────────────────────


def name(text: str, shape: Shape, dtype: str = "float") -> Array:
    """An array that is given, or that a statement has named."""
    return Array("name", (), text, shape, dtype)


N = name("n", (), "number")
"""The number of examples."""


def constant(carried: Constant) -> Array:
    """An array that the program carries along."""
    dtype = {"f": "float", "b": "truth"}.get(carried.array.dtype.kind, "index")
    return Array("constant", (), carried, carried.array.shape, dtype)


def _make(kind: str, *args: Array, info: Any = None, dtype: str = "float") -> Array:
    return Array(kind, args, info, KINDS[kind](info, *(arg.shape for arg in args)), dtype)


def part(array: Array, start: Position, stop: Position, step: int = 1) -> Array:
    """array[..., start:stop:step]; the array itself where that is all of it."""
    if (start, stop, step) == (0, array.shape[-1], 1):
        return array
    return _make("part", array, info=(start, stop, step), dtype=array.dtype)


def column(array: Array, position: int) -> Array:
    """array[..., position]"""
    return _make("column", array, info=position, dtype=array.dtype)


def take(array: Array, index: Constant) -> Array:
    """array[..., index]: any elements of the last axis, as a copy; where that is of examples, of the one before."""
    return _make("take", array, info=index, dtype=array.dtype)


def view(array: Array, base: int, sizes: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """array[..., base + strides · (i, j, …)] without a copy."""
    return _make("view", array, info=(base, sizes, strides), dtype=array.dtype)


def reshape(array: Array, shape: Shape) -> Array:
    """The same elements in another shape; of several such steps the last alone counts."""
    while array.kind == "reshape":
        (array,) = array.args
    if shape and (array.kind == "full" or array.number is not None):
        return full(shape, array.args[0] if array.kind == "full" else array)
    return array if array.shape == shape else _make("reshape", array, info=shape, dtype=array.dtype)


def transpose(array: Array) -> Array:
    """The transpose of a matrix; (aᵀb)ᵀ is bᵀa."""
    if array.kind == "transpose":
        return array.args[0]
    if array.kind == "matmul" and array.args[0].kind == "transpose":
        left, right = array.args
        return matmul(transpose(right), left.args[0])
    return _make("transpose", array, dtype=array.dtype)


def swapped(array: Array) -> Array:
    """The transpose of every matrix along the last two axes."""
    if array.kind in ("swapped", "transpose"):
        return array.args[0]
    if 1 in array.shape[-2:]:
        return reshape(array, _swapped_shape(None, array.shape))
    return _make("swapped", array, dtype=array.dtype)


def permuted(array: Array, axes: tuple[int, ...]) -> Array:
    """The axes in another order: axis i of the result is axis axes[i] of the array."""
    return _make("permuted", array, info=axes, dtype=array.dtype)


def examples_last(array: Array) -> Array:
    """A view with the first axis, that of examples, as the last."""
    rank = len(array.shape)
    return transpose(array) if rank == 2 else permuted(array, (*range(1, rank), 0))


def examples_first(array: Array) -> Array:
    """The reverse: a view with the last axis as the first."""
    rank = len(array.shape)
    return transpose(array) if rank == 2 else permuted(array, (rank - 1, *range(rank - 1)))


def widened(array: Array) -> Array:
    """array[..., None]"""
    return _make("widened", array, dtype=array.dtype)


def broadcast(array: Array, shape: Shape) -> Array:
    """A view of the array as if it had this shape; of several such steps the last alone counts. A number fills it."""
    while array.kind == "broadcast":
        (array,) = array.args
    if array.number is not None and shape:
        return full(shape, array)  # in the dtype of theta: NumPy would make integers of 0
    return array if array.shape == shape else _make("broadcast", array, info=shape, dtype=array.dtype)


def matmul(left: Array, right: Array) -> Array:
    """left @ right; the left may be a vector. Columns times rows, or times one number, are taken element by element."""
    if left.shape[-1] == 1 and (right.shape == (1, 1) or max(len(left.shape), len(right.shape)) > 2):
        return Array(ops.mul, (left, right), None, _matmul_shape(None, left.shape, right.shape), "float")
    return _make("matmul", left, right)


def einsum(subscripts: str, left: Array, right: Array) -> Array:
    """A sum of products over axes named by letters, as in np.einsum; the dots stand for the axis of examples."""
    return _make("einsum", left, right, info=subscripts)


def reduce(op: ops.Op, array: Array, axes: tuple[int, ...] = (-1,), keep: bool = False) -> Array:
    """A reduction of the table along axes, which stay as axes of 1 if `keep`."""
    return _make("reduce", array, info=(op, axes, keep))


def reduceat(op: ops.Op, array: Array, starts: Constant) -> Array:
    """A reduction of the table along runs of the last axis that begin at `starts`."""
    return _make("reduceat", array, info=(op, starts))


def scatter(array: Array, order: Constant, starts: Constant, places: Constant, size: int) -> Array:
    """Columns added up into `size` columns: sorted by `order`, the runs from `starts` go to `places`."""
    return _make("scatter", array, info=(order, starts, places, size))


def concatenate(parts: Sequence[Array]) -> Array:
    """Arrays side by side."""
    return _make("concatenate", *parts)


def copy(array: Array) -> Array:
    """A copy."""
    return _make("copy", array, dtype=array.dtype)


def cast(array: Array) -> Array:
    """Truth values as numbers of theta's dtype."""
    return _make("cast", array)


def full(shape: Shape, value: Array) -> Array:
    """One number everywhere."""
    return _make("full", value, info=shape)


def like(array: Array, zeros: bool = True) -> Array:
    """An array of zeros, or of anything, in the shape of another."""
    return _make("like", array, info=zeros)


def mean(array: Array) -> Array:
    """The mean of all elements."""
    return _make("mean", array)


def empty(array: Array) -> Array:
    """Room for an array."""
    return Array("empty", (), None, array.shape, array.dtype)


def item(array: Array, position: Position) -> Array:
    """array[position], along the first axis."""
    return Array("item", (array,), position, array.shape[1:], array.dtype)


Items = tuple[int, Size, bool]
"""Where items begin and end along an axis, and whether they are taken backwards; of examples, all are."""


def items(array: Array, *runs: Items | Position) -> Array:
    """array[start:stop, position, …], along the first axes; the array itself where that is all of it."""
    while runs and runs[-1] == (0, array.shape[len(runs) - 1], False):
        runs = runs[:-1]
    sizes = [stop if isinstance(stop, Rows) else stop - start for start, stop, _ in (
        run for run in runs if isinstance(run, tuple))]
    return Array("items", (array,), runs, (*sizes, *array.shape[len(runs) :]), array.dtype) if runs else array


def _reduced(info: Any, shape: Shape) -> Shape:
    _, axes, keep = info
    gone = {axis % len(shape) for axis in axes}
    return tuple(1 if i in gone else size for i, size in enumerate(shape) if keep or i not in gone)


def _matmul_shape(info: Any, left: Shape, right: Shape) -> Shape:
    assert left[-1] == right[-2], f"matrices of shapes {left} and {right} have no product"
    if len(left) == 1:
        return right[-1:]
    return (*broadcast_shape(left[:-2], right[:-2]), left[-2], right[-1])


def _einsum_shape(subscripts: str, left: Shape, right: Shape) -> Shape:
    given, _, result = subscripts.partition("->")
    sizes: dict[str, Size] = {}
    lead: Shape = ()
    for letters, shape in zip(given.split(","), (left, right), strict=True):
        bare = letters.removeprefix("...")
        cut = len(shape) - len(bare)
        lead = broadcast_shape(lead, shape[:cut])
        for letter, size in zip(bare, shape[cut:], strict=True):
            assert sizes.setdefault(letter, size) == size, f"{letter} has two sizes in {subscripts}"
    return (*lead, *(sizes[letter] for letter in result.removeprefix("...")))


def _reshaped(info: Shape, shape: Shape) -> Shape:
    assert count(info) == count(shape), f"{shape} has other elements than {info}"
    return info


def _swapped_shape(info: Any, shape: Shape) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2])


def _joined(info: Any, *shapes: Shape) -> Shape:
    return (*shapes[0][:-1], sum(size for *_, size in shapes if not isinstance(size, Rows)))


KINDS: dict[str, Callable[..., Shape]] = {
    "part": lambda info, shape: (*shape[:-1], len(range(origin(info[0]), origin(info[1]), info[2]))),
    "column": lambda info, shape: shape[:-1],
    "take": lambda info, shape: (
        (*shape[:-2], *info.array.shape, shape[-1]) if ends_in_rows(shape) else (*shape[:-1], *info.array.shape)),
    "view": lambda info, shape: (*shape[:-1], *info[1]),
    "reshape": _reshaped,
    "transpose": _swapped_shape,
    "swapped": _swapped_shape,
    "permuted": lambda info, shape: tuple(shape[axis] for axis in info),
    "widened": lambda info, shape: (*shape, 1),
    "broadcast": lambda info, shape: broadcast_shape(info, shape),
    "matmul": _matmul_shape,
    "einsum": _einsum_shape,
    "reduce": _reduced,
    "reduceat": lambda info, shape: (*shape[:-1], len(info[1].array)),
    "scatter": lambda info, shape: (*shape[:-1], info[3]),
    "concatenate": _joined,
    "copy": lambda info, shape: shape,
    "cast": lambda info, shape: shape,
    "full": lambda info, shape: info,
    "like": lambda info, shape: shape,
    "mean": lambda info, shape: (),
}
"""The shape of a node of each structural kind, from its info and the shapes of its operands."""

VIEWS = frozenset(
    {"part", "column", "item", "items", "view", "reshape", "transpose", "swapped", "permuted", "widened", "broadcast"})
"""The kinds that read an array in place: to write to it would change them."""


def source_of(array: Array) -> Array:
    """What a view, or a view of views, is a view of."""
    while array.kind in VIEWS or array.kind is ops.detach:
        array = array.args[0]
    return array


def is_view(array: Array) -> bool:
    """Whether an array has its memory, or some of it several times, from elsewhere: to write to it would not do."""
    while array.kind in VIEWS and array.kind != "broadcast":
        array = array.args[0]
    return array.kind in ("name", "constant", "broadcast", ops.detach)


def nodes(array: Array) -> Iterator[Array]:
    """A node and all below it, from left to right."""
    waiting = [array]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.args[::-1]


def places_of(array: Array) -> tuple[Array, list[Position]]:
    """The array that an item is of, and its place along each of the first axes."""
    places: list[Position] = []
    while array.kind == "item":
        places.insert(0, array.info)
        (array,) = array.args
    return array, places


def constants_in(used: Iterable[Array]) -> list[Constant]:
    """The arrays that nodes carry along, each once."""
    found: dict[str, Constant] = {}
    for array in used:
        for info in array.info if isinstance(array.info, tuple) else (array.info,):
            carried = info.constant if isinstance(info, Moved) else info
            if isinstance(carried, Constant):
                found[carried.name] = carried
    return list(found.values())


def names_in(*arrays: Array) -> list[str]:
    """The names that arrays read, each once."""
    several = [names for array in arrays if (names := array.names)]
    return list(several[0] if len(several) == 1 else dict.fromkeys(itertools.chain.from_iterable(several)))


def evaluated(array: Array, given: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What a view of a vector gives for these numbers."""
    if array.kind == "name":
        return given
    below, info = evaluated(array.args[0], given), array.info
    match array.kind:
        case "part":
            return below[..., slice(*info)]
        case "take":
            return np.asarray(below[..., info.array])
        case "view":
            base, sizes, strides = info
            return np.asarray(below[..., base + np.tensordot(np.array(strides, int), np.indices(sizes), 1)])
        case "reshape":
            return below.reshape(info)
        case "items":
            ways = tuple(slice(None, None, -1 if is_backwards else 1) for *_, is_backwards in info)
            return below[tuple(slice(start, stop) for start, stop, _ in info)][ways]
        case "permuted":
            return below.transpose(info)
    assert array.kind in ("transpose", "swapped"), f"{array.kind} is no view of a vector"
    return below.swapaxes(-1, -2)


# ── statements ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class Let:
    """name = value"""

    name: Array
    value: Array

    @property
    def arrays(self) -> tuple[Array, ...]:
        """What the statement consists of, the name that it defines left out."""
        return (self.value,)


@dataclass(frozen=True, eq=False)
class Store:
    """place[...] = value, or += where it `adds`; the place is a name, a view of one, or elements of one."""

    place: Array
    value: Array
    adds: bool

    @property
    def arrays(self) -> tuple[Array, ...]:
        """What the statement consists of."""
        return self.value, self.place

    @property
    def target(self) -> str:
        """The array that is written to."""
        place = self.place.args[0] if self.place.kind == "take" else self.place
        target: str = source_of(place).info
        return target


@dataclass(frozen=True, eq=False)
class For:
    """The statements of the body for every index from `start` up to, and without, `stop`; or `backwards`."""

    index: str
    start: int
    stop: int
    backwards: bool
    body: Sequence[Line]

    @property
    def steps(self) -> int:
        """How many there are."""
        return self.stop - self.start

    @property
    def arrays(self) -> tuple[Array, ...]:
        """What the statements in it consist of."""
        return tuple(array for line in self.body for array in line.arrays)


Statement = Let | Store
Line = Let | Store | For


def within_loops(lines: Iterable[Line], *loops: For) -> Iterator[tuple[Statement, tuple[For, ...]]]:
    """The statements in order, those of a loop once, each with the loops that it is in, the outermost first."""
    for line in lines:
        if isinstance(line, For):
            yield from within_loops(line.body, *loops, line)
        else:
            yield line, loops


def without_loops(lines: Iterable[Line]) -> list[Statement]:
    """The statements in order, those of a loop once."""
    return [statement for statement, _ in within_loops(lines)]


def target_of(statement: Statement) -> str:
    """The name of the array that a statement fills."""
    return statement.target if isinstance(statement, Store) else str(statement.name.info)


def read_by(statement: Statement) -> list[str]:
    """The names that a statement reads, those of the place it adds to left out."""
    return names_in(statement.value)


def check(
    given: Iterable[Array], statements: Sequence[Statement], results: Iterable[Array], parted: Iterable[str] = ()
) -> None:
    """Raise AssertionError unless statements are well formed.

    Every name is given or defined once, and before it is read; every node has the shape that its operands give it;
    and no array is read after its memory was written to under another name, but for those that are `parted`: what is
    written to their parts is meant for them.
    """
    shapes = {array.info: array.shape for array in given}
    memory = {array.info: array.info for array in given}
    sharing = {text: {text} for text in memory}
    taken, outside = set(memory), set(parted)
    spoiled: dict[str, str] = {}

    def check_node(node: Array) -> None:
        if node.kind == "name":
            assert node.info in shapes, f"{node.info} is read before it is defined"
            assert shapes[node.info] == node.shape, f"{node.info} is read as {node.shape}"
            assert node.info not in spoiled, f"{node.info} is read after {spoiled.get(node.info)} was written to"
        elif node.args:
            shapes_of = [arg.shape for arg in node.args]
            structural = isinstance(node.kind, str)
            expected = KINDS[node.kind](node.info, *shapes_of) if structural else broadcast_shape(*shapes_of)
            assert node.shape == expected, f"{node} has no such shape"

    for statement in statements:
        for node in (node for array in statement.arrays for node in nodes(array)):
            check_node(node)
        target = target_of(statement)
        if isinstance(statement, Let):
            assert target not in shapes, f"{target} is defined twice"
            assert statement.name.shape == statement.value.shape, f"{target} has another shape than its value"
            shapes[target] = statement.name.shape
            source = source_of(statement.value)
            memory[target] = memory[source.info] if source.kind == "name" else target
            sharing.setdefault(memory[target], set()).add(target)
        else:
            both = broadcast_shape(statement.place.shape, statement.value.shape)
            assert both == statement.place.shape, f"{statement.value.shape} does not fit {statement.place.shape}"
            assert memory[target] not in taken, f"{target} is given, and must not be written to"
            if memory[target] not in outside:
                spoiled.update(dict.fromkeys(sharing[memory[target]] - {target}, target))
    for result in results:
        for node in nodes(result):
            check_node(node)
