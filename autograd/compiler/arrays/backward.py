"""The backward half of a program: differentiate block by block, from the last to the first.

Every block passes its gradient on to what it read: through products by the transposes of their factors, through
elementwise operations and reductions by the rules of the table. What was read by view is added up by view where no two
places overlap; otherwise sorted segments are summed. The gradient of a parameter goes straight to its place in the
vector `gradient`.

A gradient on its way is an array over (batch, …) whose other axes are those of an index, which says where in its
source each element came from; an axis of 1 stands for equal entries.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Constant,
    Let,
    N,
    Rows,
    Shape,
    Statement,
    Store,
    as_array,
    broadcast,
    broadcast_shape,
    cast,
    einsum,
    full,
    like,
    matmul,
    name,
    names_in,
    part,
    permuted,
    reduce,
    reduceat,
    reshape,
    swapped,
    take,
    target_of,
    transpose,
    view,
    widened,
)
from autograd.compiler.arrays.layout import LEAF_NAMES, Layout, rows_of
from autograd.compiler.blocks.block import Block, Operand, Table, Term, wild
from autograd.compiler.blocks.views import PAD, affine, disjoint
from autograd.compiler.scalars.graph import Bools, Ints, distinct


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
        self.single: dict[str, Array] = {}
        """The only term of each gradient that has but one, by the name of the gradient."""

    def add(self, source: int | None, index: Ints, flow: Array, dead: Bools | None = None) -> None:
        """Add a flow to the gradient of the source's elements at `index`; what comes from dead elements is nothing."""
        if source is None or not self.wanted[source]:
            return
        if source in self.of_block:
            self.single.pop(self.of_block[source].info, None)
        batched = self.layout.blocks[source].batched
        found = affine(index)
        if found is not None and disjoint(distinct(index) if 0 in found.strides else index):
            still = tuple(i for i, (size, stride) in enumerate(zip(index.shape, found.strides, strict=True))
                          if stride == 0 and size > 1)
            moving = np.atleast_1d(index[tuple(0 if i in still else slice(None) for i in range(index.ndim))])
            if disjoint(moving):
                self.add_region(source, moving, summed(flow, index.shape, still, batched))
                return
        flow = summed(flow, index.shape, (), batched)
        self.add_scattered(source, index if dead is None else np.where(dead.reshape(index.shape), PAD, index), flow)

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
        order = None if found is None or len(flow.axes) != index.ndim else found.straight(block.size)
        if order is not None:
            axes = [*range(len(flow.lead)), *(len(flow.lead) + axis for axis in order)]
            shape = tuple(index.shape[axis] for axis in order)
            self.add_whole(source, flattened(permuted(flow, tuple(axes)), shape))
            return
        gradient = self.begun(source)
        if run:
            place = part(gradient, int(flat[0]), int(flat[-1]) + 1)
        elif found is not None and len(flow.axes) == index.ndim:
            place = view(gradient, found.base, found.sizes, found.strides)
            self.statements.append(Store(place, broadcast(flow, (*flow.lead, *index.shape)), adds=True))
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
        array = self.layout.arrays[source]
        recurs = self.layout.blocks[source].op == "recurrence"
        return self.of_block.get(source) or self.begin(
            source, full(array.shape, as_array(0)) if recurs else like(array))

    def add_by_table(self, source: int, table: Table, index: Ints, flow: Array) -> None:
        """Add a flow to what a step of a recurrence read, by statements that are alike for all steps.

        What was read twice is added up first. Steps that read fewer places add to the first of all, which is nobody's.
        """
        carried, flat = self.layout.names.carried, index.reshape(-1)
        columns = flattened(flow, index.shape)
        columns = broadcast(columns, (*columns.lead, flat.size))
        places = flat
        if table.places is not None:
            order = np.argsort(flat, kind="stable")
            places, starts = np.unique(flat[order], return_index=True)
            nobody = np.zeros(table.places - len(places), np.int64)
            places = np.append(nobody, places)
            columns = reduceat(ops.sum, take(columns, carried(order, "o")), carried(np.append(nobody, starts), "r"))
        self.statements.append(Store(take(self.begun(source), carried(places, "i")), columns, adds=True))

    def begin(self, source: int, value: Array) -> Array:
        """The first statement for the gradient of a source."""
        gradient = name(self.layout.names.fresh(self.prefix + self.layout.arrays[source].info), value.shape)
        self.of_block[source], self.single[gradient.info] = gradient, value
        self.statements.append(Let(gradient, value))
        return gradient

    def add_scattered(self, source: int, index: Ints, flow: Array) -> None:
        """Add a flow to elements of which some are read twice, or padded ones; to dead ones none goes."""
        size, dead = self.layout.blocks[source].size, self.layout.blocks[source].dead
        if dead is not None:
            index = np.where((index != PAD) & dead[index], PAD, index)
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


# ── the chain rule ────────────────────────────────────────────────────────────────────────────────



def through(row: ops.Op, g: Array, out: Array, operands: Sequence[Array]) -> list[Array | None]:
    """What a row passes on to each of its operands: the gradient times the partial, or nothing.

    As in eager evaluation a selection passes it on to what it takes, and a comparison to nobody; but where a partial
    is 0, the product is computed: it is nan where the gradient is not finite.
    """
    if row is ops.where:
        chosen = operands[0]
        return [None, ops.where(chosen, g, 0), ops.where(chosen, 0, g)]
    if row is ops.sloped:
        return [None, None, g * operands[1]]
    partials = row.partials(out, tuple(operands)) if row.recorded else ()
    return [g * partial for partial in partials]


def is_square(left: Operand, right: Operand) -> bool:
    """Whether a product is of the same elements twice; in a recurrence that would be so in some steps alone."""
    same = left.source is not None and left.source == right.source and np.array_equal(left.index, right.index)
    return same and left.table is None


def passes_on(block: Block) -> bool:
    """Whether a gradient goes through a block: not through comparisons, nor through what is detached."""
    row = ops.ROWS.get(block.op)
    return row is None or row.passes


def behind_selections(blocks: Sequence[Block], root: int) -> list[bool]:
    """The blocks to which a gradient comes only through what a selection may not take, as far as some elements go."""
    reached, behind = [False] * len(blocks), [False] * len(blocks)
    always = [np.zeros(block.size, dtype=bool) for block in blocks]
    """The elements to which a gradient comes in any case."""
    reached[root], always[root][...] = True, blocks[root].size == 1
    for i in range(len(blocks) - 1, -1, -1):
        behind[i] = behind[i] and not always[i].all()
        for place, operand in enumerate(blocks[i].reads() if reached[i] else ()):
            if operand.source is not None:
                may_stop = behind[i] or (blocks[i].op == "where" and place > 0)
                reached[operand.source] = True
                behind[operand.source] |= may_stop
                if not may_stop and operand.table is None:
                    always[operand.source][operand.index[operand.index >= 0]] = True
    return behind


def counted(blocks: Sequence[Block], wanted: Sequence[bool], root: int) -> list[bool]:
    """The blocks behind selections through which, or below which, slopes may not be finite."""
    behind, uncertain, found = behind_selections(blocks, root), wild(blocks), [False] * len(blocks)
    for i, block in enumerate(blocks):
        below = any(found[operand.source] for operand in block.reads() if operand.source is not None)
        found[i] = wanted[i] and behind[i] and block.op not in LEAF_NAMES and (uncertain[i] or below)
    return found


class ChainRule:
    """The statements that send the gradient of each block on to what it read."""

    def __init__(self, layout: Layout, gradients: Gradients) -> None:
        self.layout = layout
        self.gradients = gradients

    # ── what differs where ways are counted ──────────────────────────────────────────────────

    def flows(self, position: int, row: ops.Op, g: Array, out: Array, operands: Sequence[Array]) -> list[Array | None]:
        """What an elementwise operation passes on to each of its operands."""
        return through(row, g, out, operands)

    def flow(self, position: int, g: Array, partial: Array, shaped: Callable[[Array], Array]) -> Array:
        """A gradient times what it is multiplied by; `shaped` gives an array of the block the axes of both."""
        product: Array = g * partial
        return product

    def factor(self, array: Array) -> Array:
        """What a product multiplies the gradient by."""
        return array

    # ── blocks ───────────────────────────────────────────────────────────────────────────────

    def add(self, operand: Operand, index: Ints, flow: Array, dead: Bools | None = None) -> None:
        """Send a gradient on to what an operand reads; from dead elements none goes on."""
        if operand.table is None:
            self.gradients.add(operand.source, index, flow, dead)
        elif operand.source is not None:
            self.gradients.add_by_table(operand.source, operand.table, index, flow)

    def wants(self, operand: Operand) -> bool:
        """Whether the gradient of an operand is asked for."""
        return operand.source is not None and self.gradients.wanted[operand.source]

    def pass_on(self, position: int, block: Block, flat: Array) -> None:
        """The statements that send a block's gradient to what it read."""
        if block.cut:
            flat = self.layout.where_dead(block, as_array(0), flat)
        g = self.layout.over_dims(flat, position)
        if block.op == "sum":
            for term in block.terms:
                self.term(block, position, term, flat, g)
        elif block.op == "stack":
            self.pieces(position, flat, self.layout.pieces[position])
        elif block.op == "recurrence":
            gradient = self.gradients.of_block.get(position) or self.gradients.begin(position, flat)
            self.pieces(position, gradient, self.layout.pieces[position][::-1])
        elif isinstance(row := ops.ROWS[block.op], ops.Reduction):
            self.reduction(position, block, row, flat)
        else:
            self.elementwise(position, block, row, g)

    def pieces(self, position: int, flat: Array, pieces: Sequence[int]) -> None:
        """The parts of the gradient of a stack or recurrence, each for its piece."""
        for piece in pieces:
            block, (_, start, stop) = self.layout.blocks[piece], self.layout.runs[piece]
            if any(map(self.wants, block.reads())):
                g = part(flat, start, stop)
                self.pass_on(piece, block, reduce(ops.sum, g, (0,)) if g.batched and not block.batched else g)

    def elementwise(self, position: int, block: Block, row: ops.Op, g: Array) -> None:
        """Gradient times the partial of the rule, for each operand."""
        out, dims = self.layout.over_dims(self.layout.arrays[position], position), self.layout.dims[position]
        flows = self.flows(position, row, g, out, self.layout.elements(position, block))
        for operand, flow in zip(block.operands, flows, strict=False):
            if flow is not None and self.wants(operand):
                self.add(operand, operand.index.reshape(dims), flow, block.dead)

    def reduction(self, position: int, block: Block, row: ops.Reduction, g: Array) -> None:
        """Gradient times the partial for each term."""
        (operand,) = block.operands
        if not self.wants(operand):
            return

        def over_terms(array: Array) -> Array:
            if block.segments is not None:
                return take(array, self.spread(block.segments, operand.index))
            return array if block.size == 1 else widened(array)

        x, out = self.layout.terms_of(block), over_terms(self.layout.arrays[position])
        if block.segments is None:
            ties = reduce(ops.sum, ops.eq(x, out), keep=True)
        else:
            ties = over_terms(reduceat(ops.sum, ops.eq(x, out), self.layout.names.carried(block.segments, "i")))
        (partial,) = row.rule(out, x, ties)
        index = operand.index[0] if block.size == 1 and block.segments is None else operand.index
        self.add(operand, index, self.flow(position, over_terms(g), as_array(partial), over_terms))

    def spread(self, segments: Ints, index: Ints) -> Constant:
        """The member that each term of ragged ones belongs to, as an array that the program carries along."""
        lengths = np.diff(np.append(segments, index.size))
        return self.layout.names.carried(np.repeat(np.arange(len(segments)), lengths), "i")

    # ── sums ─────────────────────────────────────────────────────────────────────────────────

    def term(self, block: Block, position: int, term: Term, flat: Array, g: Array) -> None:
        """Send a sum's gradient to the factors of one term."""
        left, right, scale = term.left, term.right, self.factor(as_array(term.coefficient))
        if term.segments is not None:
            self.segments(term, flat)
        elif right is not None:
            if term.elementwise and left.index.shape[2] == 1:
                self.products(position, left, right, scale * g)
            else:
                self.matrices(block, term, right, flat)
        elif left.index.shape[1] == 1:
            self.add(left, left.index[:, 0].reshape(self.layout.dims[position]), scale * g, block.dead)
        elif block.size == 1:
            self.add(left, left.index[0], scale * flat)
        else:
            self.add(left, left.index, scale * widened(flat))

    def products(self, position: int, left: Operand, right: Operand, g: Array) -> None:
        """Through an elementwise product: the other factor."""
        left, right = left.flat(), right.flat()
        square = is_square(left, right)
        for mine, other in ((left, right),) if square else ((left, right), (right, left)):
            if self.wants(mine):
                factor = self.layout.over(other, position)
                flow = self.flow(position, g, factor, lambda array: self.layout.over_dims(array, position))
                self.add(mine, mine.index.reshape(self.layout.dims[position]), 2 * flow if square else flow,
                         self.layout.blocks[position].dead)

    def segments(self, term: Term, flat: Array) -> None:
        """Through sums of different lengths."""
        assert term.segments is not None
        g = self.factor(as_array(term.coefficient)) * take(flat, self.spread(term.segments, term.left.index))
        if term.right is None:
            self.add(term.left, term.left.index, g)
            return
        for mine, other in ((term.left, term.right), (term.right, term.left)):
            self.add(mine, mine.index, g * self.factor(self.layout.read(other, other.index, full=True)))

    def matrices(self, block: Block, term: Term, right: Operand, flat: Array) -> None:
        """Through a product of matrices: the transpose of the other factor."""
        layout, left = self.layout, term.left
        h, k1, n = left.index.shape
        k2 = right.index.shape[1]
        g = self.factor(as_array(term.coefficient)) * self.natural(block, term, flat)
        if term.elementwise:
            self.rows(left, right, g if h == 1 else widened(g), (n,) if h == 1 else (h, n))
        elif term.weights and h == 1:
            g = reshape(g, (Rows(k2), k1))
            if self.wants(right):
                flow = matmul(g, self.factor(layout.matrix(left, left.index[0])))
                if k2 == 1:
                    self.add(right, right.index[0, 0], flow)
                else:
                    self.add(right, right.index[0], reshape(flow, (Rows(), k2, n)))
            if self.wants(left):
                self.add(left, left.index[0], matmul(transpose(g), self.factor(layout.rows(right))))
        elif term.weights:
            g = reshape(g, (Rows(), h, k2, k1))
            if self.wants(right):
                self.add(right, right.index, matmul(g, self.factor(layout.matrix(left, left.index))))
            if self.wants(left):
                self.add(left, left.index, einsum("bhji,bhjn->hin", g, self.factor(layout.matrix(right, right.index))))
        else:
            pick = slice(None) if h > 1 else 0
            g = reshape(g, (*g.lead, *((h,) if h > 1 else ()), k1, k2))
            if self.wants(left):
                self.add(left, left.index[pick], matmul(g, self.factor(layout.matrix(right, right.index[pick]))))
            if self.wants(right):
                factor = self.factor(layout.matrix(left, left.index[pick]))
                self.add(right, right.index[pick], matmul(swapped(g), factor))

    def rows(self, left: Operand, right: Operand, g: Array, shape: tuple[int, ...]) -> None:
        """Through products of rows of their own for every member."""
        rows = left.index.reshape(shape), right.index.reshape(shape)
        a, b = self.factor(self.layout.matrix(left, rows[0])), self.factor(self.layout.matrix(right, rows[1]))
        if self.wants(left) and is_square(left, right):
            self.add(left, rows[0], 2 * g * a)
            return
        if self.wants(left):
            self.add(left, rows[0], g * b)
        if self.wants(right):
            self.add(right, rows[1], g * a)

    def natural(self, block: Block, term: Term, g: Array) -> Array:
        """A block's gradient in the places of a product of matrices."""
        if block.batched and not any(self.layout.batched(o) for o in (term.left, term.right) if o is not None):
            g = reduce(ops.sum, g, (0,))
        if np.array_equal(term.place, np.arange(term.places)):
            return g
        return self.layout.scattered(g, term.place, term.places)


class Taken(ChainRule):
    """In how many ways each scalar behind a selection is taken, example by example.

    In eager evaluation what is not taken is not part of the graph. Here it is computed as well, and has the gradient 0;
    but 0 times a slope that is not finite is nan, so it must be left out. Ways go where gradients go, times 1.
    """

    def flows(self, position: int, row: ops.Op, g: Array, out: Array, operands: Sequence[Array]) -> list[Array | None]:
        """The ways to the result are those to each operand; a selection has them for what it takes alone."""
        shape = (*rows_of(self.layout.blocks[position]), *self.layout.dims[position])
        if row is ops.sloped:
            return [None, None, g]
        if row is not ops.where:
            return [g if row.recorded else None for _ in operands]
        taken = [ops.where(operands[0], g, 0), ops.where(operands[0], 0, g)]
        return [None, *(broadcast(cast(ways) if ways.dtype == "truth" else ways, shape) for ways in taken)]

    def flow(self, position: int, g: Array, partial: Array, shaped: Callable[[Array], Array]) -> Array:
        """The ways to the result."""
        return broadcast(g, broadcast_shape(g.shape, partial.shape))

    def selection(self, ways: Array) -> tuple[Array, bool]:
        """A condition that says whether there is a way, and what it is there: that of a selection, if one decides."""
        value = ways
        while value.kind == "name" and value.info in self.gradients.single:
            value = self.gradients.single[value.info]
        if value.kind is ops.where:
            condition, *chosen = value.args
            numbers = [1 if one.kind == "full" and one.args[0].number == 1 else one.number for one in chosen]
            if condition.shape == ways.shape and numbers in ([1, 0], [0, 1]):
                return condition, numbers == [1, 0]
        return ops.gt(ways, 0), True

    def factor(self, array: Array) -> Array:
        """1 instead of any number."""
        return full(array.shape, as_array(1)) if array.shape else as_array(1)


class Backward(ChainRule):
    """The statements that lead from the gradient of the mean of a root to the gradients of what is wanted."""

    def __init__(self, layout: Layout, wanted: list[bool], root: tuple[int, int], guarded: bool) -> None:
        blocks, (position, slot) = layout.blocks[: len(wanted)], root
        ways = counted(blocks, wanted, position) if guarded else [False] * len(wanted)
        self.statements: list[Statement] = []
        super().__init__(layout, Gradients(layout, wanted, self.statements))
        self.taken = Taken(layout, Gradients(layout, ways, self.statements, "taken_"))
        seed = full((Rows(), 1), 1 / N) if blocks[position].batched else full((1,), as_array(1))
        self.gradients.add(position, np.array([slot]), seed)
        # What is the same for all examples comes last: a penalty is added to gradients that products wrote.
        for position in sorted(range(len(blocks)), key=lambda i: (not blocks[i].batched, -i)):
            if position in self.gradients.of_block and blocks[position].op not in LEAF_NAMES:
                self.pass_on(position, blocks[position], self.gradients.of_block[position])
                self.count_ways(position, blocks[position])
        self.drop_unread({ways.info for ways in self.taken.gradients.of_block.values()})

    def drop_unread(self, names: Collection[str]) -> None:
        """Leave out the ways that nothing reads: a selection says as much."""
        read, kept = set[str](), list[Statement]()
        for statement in reversed(self.statements):
            if target_of(statement) not in names or target_of(statement) in read:
                kept.append(statement)
                read.update(names_in(*statement.arrays))
        self.statements[:] = reversed(kept)

    def count_ways(self, position: int, block: Block) -> None:
        """The ways to what a block read, if those are counted; a recurrence has counted them step by step."""
        if block.op != "recurrence" and any(map(self.taken.wants, block.reads())):
            self.taken.pass_on(position, block, self.taken.gradients.of_block.get(position, self.always(position)))

    def always(self, position: int) -> Array:
        """One way to each scalar of a block, in every example."""
        return full(self.layout.arrays[position].shape, as_array(1))

    def pieces(self, position: int, flat: Array, pieces: Sequence[int]) -> None:
        """The parts of a gradient, each for its piece. In a recurrence ways are counted piece by piece."""
        block, taken = self.layout.blocks[position], self.taken
        if block.op != "recurrence" or not any(map(taken.wants, block.reads())):
            super().pieces(position, flat, pieces)
            return
        ways = taken.gradients.of_block.get(position) or taken.gradients.begin(position, self.always(position))
        for piece in pieces:
            super().pieces(position, flat, [piece])
            taken.pieces(position, ways, [piece])

    def flows(self, position: int, row: ops.Op, g: Array, out: Array, operands: Sequence[Array]) -> list[Array | None]:
        """Gradient times the partials of the rule, where the result is taken."""
        flows = super().flows(position, row, g, out, operands)
        return [flow and self.alone(flow, position, self.over_dims(position)) for flow in flows]

    def flow(self, position: int, g: Array, partial: Array, shaped: Callable[[Array], Array]) -> Array:
        """Gradient times partial, where the result is taken."""
        return self.alone(super().flow(position, g, partial, shaped), position, shaped)

    def alone(self, flow: Array, position: int, shaped: Callable[[Array], Array]) -> Array:
        """What a block passes on, 0 where it is not taken."""
        ways = self.ways(position)
        if ways is None:
            return flow
        condition, value = self.taken.selection(ways)
        result: Array = ops.where(shaped(condition), flow, 0) if value else ops.where(shaped(condition), 0, flow)
        return result

    def ways(self, position: int) -> Array | None:
        """In how many ways a block, or a piece of one, is taken, if those are counted."""
        of_block = self.taken.gradients.of_block
        if position not in self.layout.runs:
            return of_block.get(position)
        stack, start, stop = self.layout.runs[position]
        return part(of_block[stack], start, stop) if stack in of_block else None

    def over_dims(self, position: int) -> Callable[[Array], Array]:
        """Gives an array of a block the axes over which it is computed."""
        return lambda array: self.layout.over_dims(array, position)
