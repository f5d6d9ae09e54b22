"""Views as people write them: an array reshaped, of which axes are taken in part, backwards, or in another order.

What runs reads elements base + strides · (i, j, …) of a row, which NumPy does without a copy. Where the strides are
those of axes in one another, the same is said in words that everybody knows.

>>> from autograd.compiler.arrays.array import Rows, name, view
>>> by_axes(view(name("z", (Rows(), 18)), 2, (3, 2), (6, 1)))
part(reshape(name('z'), (Rows(times=1), 3, 6)), (2, 4, 1))
>>> by_axes(view(name("z", (Rows(), 6)), 0, (2, 3), (1, 2)))
swapped(reshape(name('z'), (Rows(times=1), 3, 2)))
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import NamedTuple

import numpy as np  # noqa: F401 the examples use it

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Constant,
    as_array,
    function,
    items,
    part,
    permuted,
    reshape,
    swapped,
)


def multiple(total: Array) -> Array | None:
    """A sum that takes one element several times, as a multiple of it; None for other sums.

    >>> from autograd.compiler.arrays.array import Constant, Rows, name, reduce, take
    >>> multiple(reduce(ops.sum, take(name("x", (Rows(), 3)), Constant("i", np.array([1, 1]))), keep=True))
    mul(number(2.0), part(name('x'), (1, 2, 1)))
    """
    row, axes, keep = total.info
    (taken,) = total.args
    if (row, axes, keep, taken.kind) != (ops.sum, (-1,), True, "take") or not isinstance(taken.info, Constant):
        return None
    index = taken.info.array
    if index.ndim != 1 or (index != index[0]).any():
        return None
    once = part(taken.args[0], int(index[0]), int(index[0]) + 1)
    return function(ops.mul, as_array(len(index)), once)


class Axis(NamedTuple):
    """An axis of a view: how far apart its elements are, how many, whether backwards, and which axis it is."""

    stride: int
    size: int
    is_backwards: bool
    place: int


def by_axes(view: Array, begins: Collection[int] = ()) -> Array | None:
    """A view by axes, if it can be said so; rows begin where others do, at one of `begins`, if they may."""
    (array,) = view.args
    base, sizes, strides = view.info
    if not isinstance(base, int) or len(array.axes) != 1:
        return None
    axes = sorted((Axis(abs(stride), size, stride < 0, place) for place, (size, stride) in enumerate(
        zip(sizes, strides, strict=True)) if size > 1), reverse=True)
    first = base - sum((axis.size - 1) * axis.stride for axis in axes if axis.is_backwards)
    if not axes or axes[-1].stride == 0 or (axes[-1].stride > 1 and len(axes) == 1):
        return None
    order = [axis.place for axis in axes]
    if axes[-1].stride > 1:
        axes.append(Axis(1, 1, False, -1))
    widths = [outer.stride // inner.stride for outer, inner in itertools.pairwise(axes)]
    if any(outer.stride % inner.stride for outer, inner in itertools.pairwise(axes)) or any(
            axis.size != width for axis, width in zip(axes[1:-1], widths[:-1], strict=True)):
        return None
    room = widths[-1] - axes[-1].size if widths else 0
    length = axes[0].size * axes[0].stride
    possible = range(max(0, first - room), min(first, array.axes[0] - length) + 1)
    if not possible or room < 0:
        return None
    begin = min(possible, key=lambda at: (at not in begins, at % axes[0].stride, at))
    whole = part(array, begin, begin + length)
    if widths:
        whole = part(reshape(whole, (*array.lead, axes[0].size, *widths)), first - begin, first - begin + axes[-1].size)
    whole = turned(whole, [axis.is_backwards for axis in axes])
    whole = reshape(whole, (*array.lead, *(sizes[place] for place in order)))
    return reshape(in_order(whole, order), view.shape)


def turned(array: Array, backwards: list[bool]) -> Array:
    """An array with some of its axes, that of examples left out, backwards."""
    if not any(backwards):
        return array
    ways = [*(False for _ in array.lead), *backwards]
    return items(array, *((0, size, back) for size, back in zip(array.shape, ways, strict=True)))


def in_order(array: Array, order: list[int]) -> Array:
    """An array with its axes, that of examples left out, in the order of these numbers."""
    lead = len(array.lead)
    if order == sorted(order):
        return array
    if order[:-2] == sorted(order)[:-2]:
        return swapped(array)
    return permuted(array, (*range(lead), *(lead + order.index(place) for place in sorted(order))))
