"""Add up the gradients that arrive at each block and at the parameters.

What was read by view is added up by view where no two places overlap; otherwise sorted segments are
summed. The gradient of a parameter goes straight to its place in the vector `gradient`.

A gradient on its way is an array over (batch, …) whose other axes are those of an index, which says where in its
source each element came from; an axis of 1 stands for equal entries.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from autograd import ops
from autograd.compiler.array import (
    Array,
    Let,
    Shape,
    Statement,
    Store,
    broadcast,
    like,
    name,
    part,
    reduce,
    reshape,
    take,
    transpose,
    view,
)
from autograd.compiler.graph import Ints
from autograd.compiler.layout import Layout
from autograd.compiler.views import PAD, affine, disjoint


class Gradients:
    """Where gradients are collected: for each block its array, begun by what arrives first."""

    def __init__(
        self, layout: Layout, wanted: Sequence[bool], statements: list[Statement], prefix: str = "d"
    ) -> None:
        self.layout = layout
        self.wanted = wanted
        self.statements = statements
        self.prefix = prefix
        self.of_block: dict[int, Array] = {}

    def add(self, source: int | None, index: Ints, flow: Array) -> None:
        """Add a flow to the gradient of the source's elements at `index`."""
        if source is None or not self.wanted[source]:
            return
        batched = self.layout.blocks[source].batched
        found = affine(index)
        if found is not None and disjoint(np.unique(index) if 0 in found.strides else index):
            still = tuple(i for i, (size, stride) in enumerate(zip(index.shape, found.strides, strict=True))
                          if stride == 0 and size > 1)
            moving = np.atleast_1d(index[tuple(0 if i in still else slice(None) for i in range(index.ndim))])
            if disjoint(moving):
                self.add_region(source, moving, summed(flow, index.shape, still, batched))
                return
        self.add_scattered(source, index, summed(flow, index.shape, (), batched))

    def add_region(self, source: int, index: Ints, flow: Array) -> None:
        """Add a flow to distinct elements."""
        layout, block = self.layout, self.layout.blocks[source]
        if block.op == "parameter":
            self.add_parameters(index, flow)
            return
        flat, found = index.reshape(-1), affine(index)
        run = found is not None and found.extent == flat.size
        if run and flat.size == block.size:
            self.add_whole(source, flattened(flow, index.shape))
            return
        gradient = self.begun(source)
        if run:
            place = part(gradient, int(flat[0]), int(flat[-1]) + 1)
        elif found is not None and flow.axes == index.shape:
            self.statements.append(Store(view(gradient, found.base, found.sizes, found.strides), flow, adds=True))
            return
        else:
            place = take(gradient, layout.names.carried(flat, "i"))
        self.statements.append(Store(place, flattened(flow, index.shape), adds=True))

    def add_whole(self, source: int, flow: Array) -> None:
        """Add an array to the gradient of all elements of a source; what comes first is the gradient so far."""
        if source in self.of_block:
            self.statements.append(Store(self.of_block[source], flow, adds=True))
        else:
            self.begin(source, broadcast(flow, self.layout.arrays[source].shape))

    def begun(self, source: int) -> Array:
        """The gradient of a source, zeros if nothing has arrived."""
        return self.of_block.get(source) or self.begin(source, like(self.layout.arrays[source]))

    def begin(self, source: int, value: Array) -> Array:
        """The first statement for the gradient of a source."""
        gradient = name(self.layout.names.fresh(self.prefix + self.layout.arrays[source].info), value.shape)
        self.of_block[source] = gradient
        self.statements.append(Let(gradient, value))
        return gradient

    def add_scattered(self, source: int, index: Ints, flow: Array) -> None:
        """Add a flow to elements of which some are read twice, or padded ones."""
        size = self.layout.blocks[source].size
        columns = flattened(flow, index.shape)
        columns = broadcast(columns, (*columns.lead, index.size))
        flat = index.reshape(-1)
        real = np.flatnonzero(flat != PAD)
        if disjoint(index):
            picked = columns if len(real) == len(flat) else take(columns, self.layout.names.carried(real, "i"))
            self.add_region(source, flat[real], picked)
            return
        self.add_region(source, np.arange(size), self.layout.scattered(columns, flat, size))

    def add_parameters(self, index: Ints, flow: Array) -> None:
        """Add a flow to the gradient of parameters, in place in the vector `gradient`."""
        flat, found = index.reshape(-1), affine(index)
        gradient = self.layout.gradient
        if found is None:
            place = take(gradient, self.layout.names.carried(flat, "i"))
            self.statements.append(Store(place, flattened(flow, index.shape), adds=True))
            return
        by_columns = index.ndim == 2 and found.transposed.extent == flat.size
        value = broadcast(flow, index.shape)
        if found.extent == flat.size or by_columns:
            by_columns = found.extent != flat.size
            place = self.layout.place(int(flat[0]), int(flat[-1]) + 1, index.shape, by_columns)
            value = transpose(value) if index.ndim == 2 else value
        else:
            place = view(gradient, found.base, found.sizes, found.strides)
        self.statements.append(Store(place, value, adds=True))


def summed(flow: Array, shape: tuple[int, ...], still: tuple[int, ...], batched: bool) -> Array:
    """A flow added up over the axes that do not move its index, and over the batch if the source has none."""
    times = math.prod(shape[i] for i in still if flow.axes[i] == 1)
    lead = flow.lead if batched else ()
    left: Shape = tuple(size for i, size in enumerate(flow.axes) if i not in still) or (1,)
    axes = [i + len(flow.lead) for i in still if flow.axes[i] != 1]
    if flow.batched and not batched:
        axes.insert(0, 0)
    if axes:
        # Of a vector an axis of 1 is left.
        flow = reduce(ops.sum, flow, tuple(axes), keep=len(flow.axes) == 1 and axes == [len(flow.lead)])
    result: Array = times * reshape(flow, (*lead, *left))
    return result


def flattened(flow: Array, shape: tuple[int, ...]) -> Array:
    """A flow over (batch, *shape) as (batch, size), or as (batch, 1) where all its entries are equal."""
    size = math.prod(shape)
    if math.prod(flow.axes) == 1:
        return reshape(flow, (*flow.lead, 1)) if flow.axes else flow
    return reshape(broadcast(flow, (*flow.lead, *shape)), (*flow.lead, size))
