"""How blocks lie in arrays and are read: as a whole, a slice, a view or a gather, and as matrices.

Every block is an array with a row per example (or none, if it is the same for all) and a column per scalar. It is
computed over axes whose product is the number of columns, so that what broadcasts can.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Let,
    Rows,
    Shape,
    as_array,
    broadcast,
    evaluated,
    function,
    name,
    part,
    permuted,
    reshape,
    scatter,
    swapped,
    take,
    transpose,
    view,
)
from autograd.compiler.arrays.names import Names
from autograd.compiler.blocks.block import Block, Operand
from autograd.compiler.blocks.views import PAD, affine, factored
from autograd.compiler.scalars.graph import Ints, distinct

FEW_NAMES = 3
"""So many parameters with names of their own may have these names in common where they are one array."""

LEAF_NAMES = {"constant": "", "parameter": "theta", "input": "x", "target": "y", "noise": "u", "outside": "outside"}
"""What the arrays of leaves are called."""


class Layout:
    """The array of every block, the axes over which it is computed, and how its elements are read.

    Runs of theta that are read get names, and so do the places of the same runs in the gradient.
    """

    def __init__(
        self, blocks: list[Block], parameter_names: dict[tuple[int, int], str], labels: dict[int, str],
        root: int | None, roots: Collection[int],
    ) -> None:
        self.blocks = list(blocks)
        """The blocks, and after them the pieces of those that are stacks."""
        self.pieces: dict[int, list[int]] = {}
        """The positions of the pieces of each stack."""
        self.runs: dict[int, tuple[int, int, int]] = {}
        """The stack of each piece, and where the piece begins and ends in it."""
        self.names = Names()
        self.parameter_names = parameter_names
        self.labels = labels
        self.views: dict[tuple[Any, ...], Let] = {}
        self.places: dict[tuple[Any, ...], Let] = {}
        self.dims = [dims_of(block) for block in blocks]
        size = next((block.size for block in blocks if block.op == "parameter"), 0)
        self.theta, self.gradient = name("theta", (size,)), name("gradient", (size,))
        conditions = conditions_of(blocks, roots)
        self.arrays: list[Array] = []
        for position, block in enumerate(blocks):
            text = self.names.fresh("loss") if position == root and block.op != "recurrence" else self.name(block)
            dtype = "truth" if position in conditions else "float"
            self.arrays.append(name(text, (*rows_of(block), block.size), dtype))
        for position, block in enumerate(blocks):
            stop = 0
            for piece in block.pieces:
                start, stop = stop, stop + piece.size
                self.pieces.setdefault(position, []).append(len(self.blocks))
                self.runs[len(self.blocks)] = position, start, stop
                self.blocks.append(piece)
                self.dims.append(dims_of(piece))
                self.arrays.append(part(self.arrays[position], start, stop))

    def name(self, block: Block) -> str:
        """A block's name: from the labels of its scalars, from the weights it multiplies, or from its operation."""
        if block.op in LEAF_NAMES:
            return LEAF_NAMES[block.op]
        members = block.members[block.members != PAD][:64]
        stems = {self.labels.get(int(member), "").split("[")[0] for member in members}
        if len(stems) == 1 and "" not in stems:
            return self.names.fresh(stems.pop())
        if block.op == "sum":
            for term in block.terms:
                if term.weights and term.left.source is not None and self.blocks[term.left.source].op == "parameter":
                    first = int(term.left.index.min())
                    weight = self.parameter_name(first, first + 1)
                    return self.names.fresh("z" + weight[len(weight.rstrip("0123456789")) :])
            return self.names.numbered("s")
        source = block.operands[0].source if block.operands else None
        below = "" if source is None else self.arrays[source].info
        if below[:1] == "z" and (below[1:] or "1").isdigit() and len(block.operands) <= 2:
            return self.names.fresh("a" + below[1:])
        return self.names.numbered({"logsumexp": "lse", "stack": "v", "recurrence": "v"}.get(block.op, block.op))

    def parameter_name(self, start: int, stop: int) -> str:
        """The name of a run of parameters, or the names of those that are all in it; of more than a few the first."""
        found = {text: start <= first and last <= stop for (first, last), text in self.parameter_names.items()
                 if first < stop and start < last}
        return "_".join(found) if 1 < len(found) <= FEW_NAMES and all(found.values()) else next(iter(found), "w")

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def batched(self, operand: Operand) -> bool:
        """Whether an operand has a row per example."""
        return operand.source is not None and self.blocks[operand.source].batched

    def read(self, operand: Operand, index: Ints, fill: float = 0.0, full: bool = False) -> Array:
        """An operand's elements at `index`, with one axis (or 1) per axis of the index after that of the batch.

        With `full`, axes along which nothing changes are spelled out.
        """
        if operand.source is None:
            assert operand.numbers is not None
            return self.constants(operand, operand.numbers.shape)
        if operand.table is not None:
            return self.gathered(self.arrays[operand.source], index, fill)
        theta = self.blocks[operand.source].op == "parameter"
        return self.read_array(self.arrays[operand.source], index, fill, full, theta)

    def constants(self, operand: Operand, shape: tuple[int, ...]) -> Array:
        """Constants: a number where all are equal, else an array that is carried along."""
        if operand.number is not None:
            return as_array(operand.number)
        assert operand.numbers is not None
        return self.names.constant(operand.numbers.reshape(shape), "c")

    def read_array(self, array: Array, index: Ints, fill: float, full: bool, theta: bool) -> Array:
        """The elements array[..., index]."""
        found = affine(index)
        if found is None or (full and any(s == 0 and n > 1 for n, s in zip(found.sizes, found.strides, strict=True))):
            return self.gathered(array, index, fill)
        dims = found.sizes if full else tuple(n if s else 1 for n, s in zip(found.sizes, found.strides, strict=True))
        count, stop = math.prod(dims), found.base + math.prod(dims)
        if found.extent == count:
            shape = dims if array.batched or full else trimmed(dims)
            if theta:
                return self.parameters(found.base, stop, shape)
            return reshape(part(array, found.base, stop), (*array.lead, *shape))
        if theta and len(dims) == 2 and found.transposed.extent == count:
            return self.parameters(found.base, stop, dims, by_columns=True)
        if len(found.moving) == 1 and len(index.shape) == 1 and found.moving[0][1] > 0:
            size, stride = found.moving[0]
            return part(array, found.base, found.base + (size - 1) * stride + 1, stride)
        return view(array, found.base, dims, found.strides)

    def columns(self, array: Array, block: Block, index: Ints) -> Array:
        """Elements of a block in a row: all of them with axes in another order, or one many times, or as they come."""
        shape, sizes = (*array.lead, len(index)), factored(index)
        found = affine(index.reshape(sizes))
        if found is not None and not found.moving and len(index) > 1:
            return broadcast(part(array, found.base, found.base + 1), shape)
        order = found.straight(block.size) if found is not None and len(sizes) > 1 else None
        if order is None:
            return self.read_array(array, index, 0.0, full=True, theta=block.op == "parameter")
        lead = len(array.lead)
        matrix = reshape(array, (*array.lead, *(sizes[axis] for axis in order)))
        axes = (*range(lead), *(lead + np.argsort(order)).tolist())
        return reshape(swapped(matrix) if len(sizes) == 2 else permuted(matrix, axes), shape)

    def gathered(self, array: Array, index: Ints, fill: float) -> Array:
        """Any elements of an array, copied; `fill` in the places of padding."""
        if index.min() >= 0:
            return take(array, self.names.carried(index, "i"))
        elements = take(array, self.names.carried(np.maximum(index, 0), "i"))
        return function(ops.where, self.names.constant(index == PAD, "m"), as_array(fill), elements)

    def parameters(self, start: int, stop: int, dims: tuple[int, ...], by_columns: bool = False) -> Array:
        """A run of parameters by name; a matrix (out, in) is named as its transpose, which may be stored by columns."""
        key = (start, stop, dims, by_columns)
        if key not in self.views:
            self.views[key] = named_run(self.names.fresh(self.parameter_name(start, stop)), self.theta, *key)
        return as_matrix(self.views[key].name)

    def place(self, start: int, stop: int, dims: tuple[int, ...], by_columns: bool) -> Array:
        """The place of a run of parameters in the gradient, by name; that of a matrix as its transpose."""
        key = (start, stop, dims, by_columns)
        if key not in self.places:
            known = self.views.get(key) or self.views.get((start, stop, (stop - start,), False))
            text = self.names.fresh("d" + (known.name.info if known else self.parameter_name(start, stop)))
            self.places[key] = named_run(text, self.gradient, *key)
        return self.places[key].name

    def scattered(self, columns: Array, index: Ints, size: int) -> Array:
        """Columns added up into `size` columns: where each goes says the index, PAD for nowhere."""
        real = np.flatnonzero(index != PAD)
        if len(real) == size == len(distinct(index[real])):
            picked = np.empty(size, np.int64)
            picked[index[real]] = real
            return take(columns, self.names.carried(picked, "i"))
        order = real[np.argsort(index[real], kind="stable")]
        places, starts = np.unique(index[order], return_index=True)
        carried = self.names.carried
        return scatter(columns, carried(order, "o"), carried(starts, "r"), carried(places, "p"), size)

    # ── over the axes of a block ─────────────────────────────────────────────────────────────

    def elements(self, position: int, block: Block) -> list[Array]:
        """The operands of an elementwise block over its axes."""
        return [self.over(operand, position) for operand in block.operands]

    def over(self, operand: Operand, position: int) -> Array:
        """An operand with one element per member, over the axes of the block that reads it."""
        dims = self.dims[position]
        if operand.source is None:
            return self.constants(operand, dims)
        return self.read(operand, operand.index.reshape(dims))

    def over_dims(self, array: Array, position: int) -> Array:
        """An array with a column per scalar over the axes of a block."""
        return reshape(array, (*array.lead, *self.dims[position]))

    def flat(self, array: Array, position: int) -> Array:
        """An array over the axes of a block with a column per scalar."""
        block, dims = self.blocks[position], self.dims[position]
        return reshape(broadcast(array, (*rows_of(block), *dims)), (*rows_of(block), block.size))

    def terms_of(self, block: Block) -> Array:
        """What a reduction reduces: (members, terms), or (terms) for a single member."""
        (operand,) = block.operands
        index = operand.index[0] if block.size == 1 and block.segments is None else operand.index
        return self.read(operand, index, fill=math.inf if block.op == "min" else -math.inf, full=True)

    def filled(self, block: Block, value: Array) -> Array:
        """A block with its fill in dead elements: what is finite plus an infinite number is that number."""
        assert block.fill is not None
        assert block.dead is not None
        if math.isinf(block.fill):
            result: Array = value + self.names.constant(np.where(block.dead, block.fill, 0.0), "m")
            return result
        return self.where_dead(block, as_array(block.fill), value)

    def where_dead(self, block: Block, number: Array, value: Array) -> Array:
        """What a block is, with a number in its dead elements."""
        assert block.dead is not None
        return function(ops.where, self.names.constant(block.dead, "m"), number, value)

    # ── as matrices ──────────────────────────────────────────────────────────────────────────

    def matrix(self, operand: Operand, index: Ints) -> Array:
        """A factor with all its axes spelled out, as matrix products need it."""
        if operand.source is None:
            assert operand.numbers is not None
            return self.names.constant(operand.numbers.reshape(index.shape), "c")
        return self.read(operand, index, full=True)

    def rows(self, right: Operand) -> Array:
        """The right factors of a product with weights, as a matrix with a row per example and window."""
        _, k2, n = right.index.shape
        if k2 == 1:
            return self.matrix(right, right.index[0, 0])
        return reshape(self.matrix(right, right.index[0]), (Rows(k2), n))


def conditions_of(blocks: list[Block], roots: Collection[int]) -> set[int]:
    """The comparisons by which others select, and nothing else: they stay truth values."""
    compared = {i for i, block in enumerate(blocks) if block.op in ops.ROWS and ops.is_comparison(ops.ROWS[block.op])}
    used = {operand.source for block in blocks
            for place, operand in enumerate(block.reads()) if block.op != "where" or place > 0}
    return compared - used - set(roots)


def rows_of(block: Block) -> Shape:
    """The axis of examples, for a block that has one."""
    return (Rows(),) if block.batched else ()


def dims_of(block: Block) -> tuple[int, ...]:
    """Axes over which every operand of a block can be read without a copy, if there are any."""
    if any(operand.table is not None for operand in block.reads()):
        return (block.size,)
    if not block.terms:
        several = isinstance(ops.ROWS.get(block.op), ops.Reduction)
        return common_dims([o.index for o in block.operands if o.source is not None and not several], block.size)
    indices = []
    for term in block.terms:
        if term.right is None and term.segments is None and term.left.source is not None:
            indices += [term.left.index[:, 0]] if term.left.index.shape[1] == 1 else []
        elif term.elementwise:
            indices += [side.index[:, 0, 0] for side in (term.left, term.right)
                        if side is not None and side.source is not None and side.index.shape[2] == 1]
    return common_dims(indices, block.size)


def common_dims(indices: list[Ints], size: int) -> tuple[int, ...]:
    """Axes over which every flat index is affine, else the flat one."""
    candidates = [(size,), *(factored(index) for index in indices)]
    for dims in sorted(set(candidates), key=len):
        if all(affine(index.reshape(dims)) is not None for index in indices):
            return dims
    return (size,)


def trimmed(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Without leading axes of length 1, which broadcasting supplies."""
    while len(dims) > 1 and dims[0] == 1:
        dims = dims[1:]
    return dims


def named_run(text: str, vector: Array, start: int, stop: int, dims: tuple[int, ...], by_columns: bool) -> Let:
    """A name for a run of a vector: as it is, or as a matrix of these axes, transposed."""
    run = Array("part", (vector,), (start, stop, 1), (stop - start,), "float")
    if by_columns:
        run = reshape(run, dims[::-1])
    elif len(dims) > 1:
        run = as_matrix(reshape(run, dims))
    return Let(name(text, run.shape), run)


def as_matrix(array: Array) -> Array:
    """The transpose of a matrix; a vector, or what has more axes, as it is."""
    return transpose(array) if len(array.shape) == 2 else array


def positions(let: Let, size: int) -> npt.NDArray[np.int64]:
    """Which elements of a vector a named run of it holds."""
    return evaluated(let.value, np.arange(size))
