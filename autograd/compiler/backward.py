"""The backward half of a program: differentiate block by block, from the last to the first.

Every block passes its gradient on to what it read: through products by the transposes of their
factors, through elementwise operations and reductions by the rules of the table.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd import ops
from autograd.compiler.array import (
    Array,
    Constant,
    Rows,
    einsum,
    full,
    matmul,
    name,
    part,
    reduce,
    reduceat,
    reshape,
    swapped,
    take,
    transpose,
    widened,
)
from autograd.compiler.blocks import Block, Operand, Term
from autograd.compiler.gradients import Gradients
from autograd.compiler.graph import Ints
from autograd.compiler.layout import LEAF_NAMES, Layout

N = name("n", (), "number")
"""The number of examples."""


def through(row: ops.Op, g: Array, out: Array, operands: Sequence[Array]) -> list[Array | None]:
    """What a row passes on to each of its operands: the gradient times the partial, or nothing.

    As in eager evaluation a selection passes it on to what it takes, and a comparison to nobody; but where a partial
    is 0, the product is computed: it is nan where the gradient is not finite.
    """
    if row is ops.where:
        chosen = operands[0]
        return [None, ops.where(chosen, g, 0), ops.where(chosen, 0, g)]
    partials = row.partials(out, tuple(operands)) if row.recorded else ()
    return [g * partial for partial in partials]


class Backward:
    """The statements that lead from the gradient of the mean of a root to the gradients of what is wanted."""

    def __init__(self, layout: Layout, wanted: list[bool], root: tuple[int, int]) -> None:
        self.layout = layout
        self.gradients = Gradients(layout, wanted)
        blocks = layout.blocks
        position, slot = root
        seed = full((Rows(), 1), 1 / N) if blocks[position].batched else full((1,), Array.lift(1))
        self.gradients.add(position, np.array([slot]), seed)
        # What is the same for all examples comes last: a penalty is added to gradients that products wrote.
        for position in sorted(range(len(blocks)), key=lambda i: (not blocks[i].batched, -i)):
            if position in self.gradients.of_block and blocks[position].op not in LEAF_NAMES:
                self.pass_on(position, blocks[position])

    def add(self, operand: Operand, index: Ints, flow: Array) -> None:
        """Send a gradient on to what an operand reads."""
        self.gradients.add(operand.source, index, flow)

    def wants(self, operand: Operand) -> bool:
        """Whether the gradient of an operand is asked for."""
        return operand.source is not None and self.gradients.wanted[operand.source]

    def pass_on(self, position: int, block: Block) -> None:
        """The statements that send a block's gradient to what it read."""
        flat = self.gradients.of_block[position]
        g = self.layout.over_dims(flat, position)
        if block.op == "sum":
            for term in block.terms:
                self.term(block, position, term, flat, g)
        elif block.op == "stack":
            at = 0
            for operand in block.operands:
                self.add(operand, operand.index, part(flat, at, at + operand.index.size))
                at += operand.index.size
        elif isinstance(row := ops.TABLE[block.op], ops.Reduction):
            self.reduction(position, block, row, flat)
        else:
            self.elementwise(position, block, row, g)

    def elementwise(self, position: int, block: Block, row: ops.Op, g: Array) -> None:
        """Gradient times the partial of the rule, for each operand; comparisons pass nothing on."""
        layout = self.layout
        out = layout.over_dims(layout.arrays[position], position)
        flows = through(row, g, out, layout.elements(position, block))
        for operand, flow in zip(block.operands, flows, strict=False):
            if flow is not None and self.wants(operand):
                self.add(operand, operand.index.reshape(layout.dims[position]), flow)

    def reduction(self, position: int, block: Block, row: ops.Reduction, g: Array) -> None:
        """Gradient times the partial for each term."""
        (operand,) = block.operands
        if not self.wants(operand):
            return
        x, out, index = self.layout.terms_of(block), self.layout.arrays[position], operand.index
        if block.segments is not None:
            spread, starts = self.spread(block.segments, index), self.layout.names.carried(block.segments, "i")
            out, g = take(out, spread), take(g, spread)
            ties = take(reduceat(ops.sum, ops.eq(x, out), starts), spread)
        else:
            if block.size == 1:
                index = index[0]
            else:
                out, g = widened(out), widened(g)
            ties = reduce(ops.sum, ops.eq(x, out), keep=True)
        (partial,) = row.rule(out, x, ties)
        self.add(operand, index, g * partial)

    def spread(self, segments: Ints, index: Ints) -> Constant:
        """The member that each term of ragged ones belongs to, as an array that the program carries along."""
        lengths = np.diff(np.append(segments, index.size))
        return self.layout.names.carried(np.repeat(np.arange(len(segments)), lengths), "i")

    # ── sums ─────────────────────────────────────────────────────────────────────────────────

    def term(self, block: Block, position: int, term: Term, flat: Array, g: Array) -> None:
        """Send a sum's gradient to the factors of one term."""
        left, right = term.left, term.right
        if term.segments is not None:
            self.segments(term, flat)
        elif right is not None:
            if term.elementwise and left.index.shape[2] == 1:
                self.products(position, left, right, term.coefficient * g)
            else:
                self.matrices(block, term, right, flat)
        elif left.index.shape[1] == 1:
            self.add(left, left.index[:, 0].reshape(self.layout.dims[position]), term.coefficient * g)
        elif block.size == 1:
            self.add(left, left.index[0], term.coefficient * flat)
        else:
            self.add(left, left.index, term.coefficient * widened(flat))

    def products(self, position: int, left: Operand, right: Operand, g: Array) -> None:
        """Through an elementwise product: the other factor."""
        left, right = left.flat(), right.flat()
        square = left.source is not None and left.source == right.source and np.array_equal(left.index, right.index)
        for mine, other in ((left, right),) if square else ((left, right), (right, left)):
            if self.wants(mine):
                flow = g * self.layout.over(other, position)
                self.add(mine, mine.index.reshape(self.layout.dims[position]), 2 * flow if square else flow)

    def segments(self, term: Term, flat: Array) -> None:
        """Through sums of different lengths."""
        assert term.segments is not None
        g = term.coefficient * take(flat, self.spread(term.segments, term.left.index))
        if term.right is None:
            self.add(term.left, term.left.index, g)
            return
        for mine, other in ((term.left, term.right), (term.right, term.left)):
            self.add(mine, mine.index, g * self.layout.read(other, other.index, full=True))

    def matrices(self, block: Block, term: Term, right: Operand, flat: Array) -> None:
        """Through a product of matrices: the transpose of the other factor."""
        layout, left = self.layout, term.left
        h, k1, n = left.index.shape
        k2 = right.index.shape[1]
        g = term.coefficient * self.natural(block, term, flat)
        if term.elementwise:
            self.rows(left, right, g if h == 1 else widened(g), (n,) if h == 1 else (h, n))
        elif term.weights and h == 1:
            g = reshape(g, (Rows(k2), k1))
            if self.wants(right):
                flow = matmul(g, layout.matrix(left, left.index[0]))
                if k2 == 1:
                    self.add(right, right.index[0, 0], flow)
                else:
                    self.add(right, right.index[0], reshape(flow, (Rows(), k2, n)))
            if self.wants(left):
                self.add(left, left.index[0], matmul(transpose(g), layout.rows(right)))
        elif term.weights:
            g = reshape(g, (Rows(), h, k2, k1))
            if self.wants(right):
                self.add(right, right.index, matmul(g, layout.matrix(left, left.index)))
            if self.wants(left):
                self.add(left, left.index, einsum("bhji,bhjn->hin", g, layout.matrix(right, right.index)))
        else:
            pick = slice(None) if h > 1 else 0
            g = reshape(g, (*g.lead, *((h,) if h > 1 else ()), k1, k2))
            if self.wants(left):
                self.add(left, left.index[pick], matmul(g, layout.matrix(right, right.index[pick])))
            if self.wants(right):
                self.add(right, right.index[pick], matmul(swapped(g), layout.matrix(left, left.index[pick])))

    def rows(self, left: Operand, right: Operand, g: Array, shape: tuple[int, ...]) -> None:
        """Through products of rows of their own for every member."""
        rows = left.index.reshape(shape), right.index.reshape(shape)
        a, b = self.layout.matrix(left, rows[0]), self.layout.matrix(right, rows[1])
        if self.wants(left) and left.source == right.source and np.array_equal(*rows):
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
