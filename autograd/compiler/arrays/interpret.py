"""Compute what statements say, one after the other, without printing them: whoever calls sees every array on the way,
and may do something else in the place of a statement.

>>> x, w = name("x", (Rows(), 3)), name("w", (3, 2))
>>> value_of(matmul(x, w), {"x": np.ones((4, 3)), "w": np.ones((3, 2))}).tolist()
[[3.0, 3.0], [3.0, 3.0], [3.0, 3.0], [3.0, 3.0]]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (  # noqa: F401 the example above uses all of them
    Array,
    Constant,
    For,
    Items,
    Let,
    Line,
    Moved,
    Position,
    Rows,
    Shape,
    Statement,
    matmul,
    name,
)
from autograd.specialize import fast

Arrays = dict[str, Any]
"""Arrays and numbers by their names; n is the number of examples."""

Perform = Callable[[Statement, Arrays], None]
"""Does what a statement says: `perform`, or more than that."""


def perform(statement: Statement, arrays: Arrays) -> None:
    """Compute one statement."""
    value = value_of(statement.value, arrays)
    if isinstance(statement, Let):
        arrays[statement.name.info] = value
    else:
        store(statement.place, value, statement.adds, arrays)


def run(lines: Iterable[Line], arrays: Arrays, perform: Perform = perform) -> Arrays:
    """Compute statements and loops; the arrays, to which those that they define are added."""
    for line in lines:
        if isinstance(line, For):
            steps = range(line.start, line.stop)
            for step in reversed(steps) if line.backwards else steps:
                arrays[line.index] = step
                run(line.body, arrays, perform)
        else:
            perform(line, arrays)
    return arrays


def store(place: Array, value: Any, adds: bool, arrays: Arrays) -> None:
    """Write to a place, or add to what is there."""
    picks = place.kind in ("take", "view")
    target = value_of(place.args[0] if picks else place, arrays)
    where = (..., index_of(place, arrays)) if picks else ...
    target[where] = target[where] + value if adds else value


def index_of(array: Array, arrays: Arrays) -> Any:
    """Which elements of the last axis a gather or a view reads."""
    if array.kind == "take":
        return table_of(array.info, arrays)
    base, sizes, strides = array.info
    return at(base, arrays) + np.tensordot(np.array(strides, int), np.indices(sizes), 1)


def table_of(index: Constant | Moved, arrays: Arrays) -> Any:
    """An index array, in this step of a loop."""
    if isinstance(index, Constant):
        return index.array
    step = at(index.step, arrays)
    return index.constant.array[step] if index.several else index.constant.array + step


def at(position: Position, arrays: Arrays) -> int:
    """A position, in this step of a loop."""
    if isinstance(position, int):
        return position
    return position.start + sum(number * int(arrays[index]) for index, number in position.terms)


def sizes_of(shape: Shape, arrays: Arrays) -> tuple[int, ...]:
    """A shape in numbers."""
    return tuple(size if not isinstance(size, Rows) else size.times * int(arrays["n"]) for size in shape)


def value_of(array: Array, arrays: Arrays) -> Any:
    """What a tree comes to."""
    if array.kind == "name":
        return arrays[array.info]
    args = [value_of(arg, arrays) for arg in array.args]
    if isinstance(array.kind, ops.Op):
        return np.where(*args) if array.kind is ops.where else fast(array.kind).arrays(*args)
    if isinstance(array.kind, np.ufunc):
        return array.kind(*args)
    return STRUCTURAL[array.kind](array, arrays, *args)


def strided(a: Any, base: int, sizes: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """A view of the last axis, without a copy: what is written to it is written to the array."""
    steps = tuple(stride * a.strides[-1] for stride in strides)
    return np.lib.stride_tricks.as_strided(a[..., base:], (*a.shape[:-1], *sizes), (*a.strides[:-1], *steps))


def scattered(array: Array, g: Any) -> Any:
    """Columns added up into others."""
    order, starts, places, size = array.info
    total = np.zeros((*g.shape[:-1], size), g.dtype)
    total[..., places.array] = np.add.reduceat(g[..., order.array], starts.array, axis=-1)
    return total


def reduced(op: ops.Op, a: Any, axes: tuple[int, ...], keep: bool) -> Any:
    """A reduction along axes; truth values are counted."""
    numbers = a.astype(float) if a.dtype == bool else a
    return getattr(np, op.ufunc).reduce(numbers, axis=axes, keepdims=keep)


def sliced(a: Any, runs: Iterable[Items | Position], arrays: Arrays) -> Any:
    """Items along the first axes: one, those from one to another, or the same backwards."""
    places, ways = list[Any](), list[Any]()
    for run in runs:
        if isinstance(run, tuple):
            start, stop, backwards = run
            places.append(slice(start, None if isinstance(stop, Rows) else stop))
            ways.append(slice(None, None, -1 if backwards else 1))
        else:
            places.append(at(run, arrays))
    return a[tuple(places)][tuple(ways)]


def joined(array: Array, parts: tuple[Any, ...]) -> Any:
    """Arrays side by side; of a stack, or of stacks in a stack, all items."""
    rank = len(array.shape)
    return np.concatenate([piece for part in parts for piece in (
        part if isinstance(part, list) else items_of(part, rank))], axis=-1)


def items_of(array: Any, rank: int) -> list[Any]:
    """All items, of so many axes, of a stack or of stacks in a stack; the array itself if it has no more axes."""
    cut = array.ndim - rank
    return [*array.reshape(math.prod(array.shape[:cut]), *array.shape[cut:])]


def woven(array: Array, stacks: tuple[Any, ...]) -> list[Any]:
    """The items of several stacks, step by step."""
    rank = len(array.shape) - 1
    return [piece for step in zip(*stacks, strict=True) for own in step for piece in items_of(own, rank)]


STRUCTURAL: dict[str, Callable[..., Any]] = {
    "number": lambda array, arrays: array.info,
    "constant": lambda array, arrays: array.info.array,
    "part": lambda array, arrays, a: a[..., at(array.info[0], arrays) : at(array.info[1], arrays) : array.info[2]],
    "column": lambda array, arrays, a: a[..., at(array.info, arrays)],
    "item": lambda array, arrays, a: a[at(array.info, arrays)],
    "items": lambda array, arrays, a: sliced(a, array.info, arrays),
    "take": lambda array, arrays, a: a[..., index_of(array, arrays)],
    "view": lambda array, arrays, a: strided(a, at(array.info[0], arrays), *array.info[1:]),
    "reshape": lambda array, arrays, a: np.reshape(a, sizes_of(array.info, arrays)),
    "transpose": lambda array, arrays, a: np.swapaxes(a, -1, -2),
    "swapped": lambda array, arrays, a: np.swapaxes(a, -1, -2),
    "permuted": lambda array, arrays, a: np.transpose(a, array.info),
    "widened": lambda array, arrays, a: a[..., None],
    "broadcast": lambda array, arrays, a: np.broadcast_to(a, sizes_of(array.shape, arrays)),
    "matmul": lambda array, arrays, a, b: a @ b,
    "einsum": lambda array, arrays, a, b: np.einsum(array.info, a, b),
    "reduce": lambda array, arrays, a: reduced(array.info[0], a, array.info[1], array.info[2]),
    "reduceat": lambda array, arrays, a: getattr(np, array.info[0].ufunc).reduceat(
        a, table_of(array.info[1], arrays), axis=-1),
    "scatter": lambda array, arrays, a: scattered(array, a),
    "concatenate": lambda array, arrays, *parts: joined(array, parts),
    "woven": lambda array, arrays, *stacks: woven(array, stacks),
    "copy": lambda array, arrays, a: np.copy(a),
    "cast": lambda array, arrays, a: np.asarray(a, dtype=float),
    "full": lambda array, arrays, a: np.full(sizes_of(array.info, arrays), a, dtype=float),
    "like": lambda array, arrays, a: np.zeros_like(a, dtype=float),
    "mean": lambda array, arrays, a: np.mean(a),
    "empty": lambda array, arrays: np.zeros(sizes_of(array.shape, arrays), bool if array.dtype == "truth" else float),
}
"""How each structural kind is computed, from its node, all arrays, and its operands."""
