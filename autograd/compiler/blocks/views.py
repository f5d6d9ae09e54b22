"""How a statement reads the scalars it needs out of an array: whole, slice, view or gather.

An index array says which element of a source each place of a statement takes. Where the index is affine
(a base plus a stride per axis) reading is a view that copies nothing; an axis of stride 0 broadcasts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from autograd.compiler.scalars.graph import Ints, distinct

PAD = -1
"""An index that reads nothing: the neutral element of what is computed."""


@dataclass(frozen=True)
class Affine:
    """index[i, j, …] = base + strides · (i, j, …)"""

    base: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def moving(self) -> list[tuple[int, int]]:
        """(size, stride) of the axes along which the index changes."""
        return [(n, s) for n, s in zip(self.sizes, self.strides, strict=True) if n > 1 and s != 0]

    @property
    def extent(self) -> int | None:
        """How many elements are read, if they are one contiguous run in order; else None."""
        run = 1
        for size, stride in reversed(self.moving):
            if stride != run:
                return None
            run *= size
        return run

    def straight(self, size: int) -> list[int] | None:
        """The axes in an order in which a run of `size` elements from the first is read; None where there is none."""
        order = sorted(range(len(self.sizes)), key=lambda axis: (-self.strides[axis], axis))
        sizes, strides = (tuple(of[axis] for axis in order) for of in (self.sizes, self.strides))
        run = Affine(self.base, sizes, strides).extent
        return order if self.base == 0 and math.prod(self.sizes) == run == size else None

    @property
    def transposed(self) -> Affine:
        """The same elements with the axes in reverse."""
        return Affine(self.base, self.sizes[::-1], self.strides[::-1])


def affine(index: Ints) -> Affine | None:
    """The index as base and strides, or None where it is irregular or padded."""
    origin = (0,) * index.ndim
    if index.size == 1:
        base = index.item()
        return Affine(base, index.shape, origin) if base >= 0 else None
    if index.size == 0 or index.min() < 0:
        return None
    base = int(index[origin])
    strides = []
    for axis, size in enumerate(index.shape):
        step = 0 if size == 1 else int(index[(*origin[:axis], 1, *origin[axis + 1 :])]) - base
        strides.append(step)
    grid = np.array(base)
    for axis, (size, step) in enumerate(zip(index.shape, strides, strict=True)):
        if step:
            grid = grid + (np.arange(size) * step).reshape((-1,) + (1,) * (index.ndim - axis - 1))
    if not (index == grid).all():
        return None
    return Affine(base, index.shape, tuple(strides))


def disjoint(index: Ints) -> bool:
    """Whether no element is read twice."""
    if index.size == 1:
        return True
    read = index[index != PAD]
    return bool(len(distinct(read)) == read.size)


def factored(index: Ints) -> tuple[int, ...]:
    """The sizes of the fewest axes over which a flat index is affine, else its length alone."""
    sizes: list[int] = []
    rest = index
    while len(rest) > 1:
        steps = np.diff(rest)
        breaks = np.flatnonzero(steps != steps[0])
        run = int(breaks[0]) + 1 if len(breaks) else len(rest)
        if run == 1 or len(rest) % run:
            return (len(index),)
        rows = rest.reshape(-1, run)
        if not np.array_equal(rows - rows[:, :1], np.broadcast_to(rows[0] - rows[0, 0], rows.shape)):
            return (len(index),)
        sizes.insert(0, run)
        rest = rows[:, 0]
    return tuple(sizes) or (1,)
