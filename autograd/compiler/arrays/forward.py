"""The forward half of a program: blocks as statements, one array each."""

from __future__ import annotations

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Let,
    Rows,
    Statement,
    Store,
    broadcast,
    cast,
    column,
    concatenate,
    einsum,
    empty,
    is_view,
    matmul,
    name,
    nodes,
    reduce,
    reduceat,
    reshape,
    swapped,
    take,
    transpose,
)
from autograd.compiler.arrays.layout import LEAF_NAMES, Layout, rows_of
from autograd.compiler.blocks.block import Block, Term

MOST = 3
"""Arrays side by side in one expression."""

LONGEST = 20
"""Terms of a sum, or nodes of what lies side by side, in one expression: what is longer is named before. (Python's
parser nests every term in those that follow.)"""


class Forward:
    """The statements, and which of them computes each block."""

    def __init__(self, layout: Layout, wanted: list[bool]) -> None:
        self.layout = layout
        self.statements: list[Statement] = []
        self.of_block: dict[int, Let] = {}
        for position, block in enumerate(layout.blocks[: len(wanted)]):
            if wanted[position] and block.op == "recurrence":
                self.of_block[position] = self.recurrence(position)
            elif wanted[position] and block.op not in LEAF_NAMES:
                value = self.block(position, block)
                if block.fill is not None:
                    value = layout.filled(block, value)
                self.of_block[position] = Let(layout.arrays[position], value)
                self.statements.append(self.of_block[position])

    def named(self, stem: str, value: Array) -> Array:
        """A statement of its own for a part of the next one, and its name."""
        array = name(self.layout.names.numbered(stem), value.shape)
        self.statements.append(Let(array, value))
        return array

    def block(self, position: int, block: Block) -> Array:
        """What a block computes, with a column per scalar."""
        if block.op == "sum":
            return self.sum(position, block)
        if block.op == "stack":
            return self.stack(position, block)
        row = ops.ROWS[block.op]
        if isinstance(row, ops.Reduction):
            return self.reduction(block, row)
        value = row.dispatch(tuple(self.layout.elements(position, block)))
        if value.dtype == "truth" and self.layout.arrays[position].dtype == "float":
            value = cast(value)  # NumPy's + of two truth values is "or"
        return self.layout.flat(value, position)

    def stack(self, position: int, block: Block) -> Array:
        """The pieces side by side."""
        parts = [self.block(piece, self.layout.blocks[piece]) for piece in self.layout.pieces[position]]
        if len(parts) > MOST or sum(1 for part in parts for _ in nodes(part)) > LONGEST:
            parts = [part if is_view(part) else self.named("part", part) for part in parts]
        return concatenate([broadcast(part, (*rows_of(block), *part.axes)) for part in parts])

    def recurrence(self, position: int) -> Let:
        """Room for the pieces, and then one after the other."""
        array = self.layout.arrays[position]
        room = Let(array, empty(array))
        self.statements.append(room)
        for piece in self.layout.pieces[position]:
            value = self.block(piece, self.layout.blocks[piece])
            self.statements.append(Store(self.layout.arrays[piece], value, adds=False))
        return room

    def reduction(self, block: Block, row: ops.Reduction) -> Array:
        """max, min or logsumexp along the last axis."""
        terms = self.layout.terms_of(block)
        if block.segments is not None:
            return reduceat(row, terms, self.layout.names.carried(block.segments, "i"))
        keep = block.size == 1
        if row is not ops.logsumexp:
            return reduce(row, terms, keep=keep)
        # ln Σ eˣ = m + ln Σ e^(x-m): np.logaddexp.reduce says the same, several times slower.
        # Any m gives the same result, so that no gradient needs to pass through it.
        highest = self.named("m", ops.detach(reduce(ops.max, terms, keep=True)))
        flat = highest if keep else column(highest, 0)
        result: Array = flat + ops.log(reduce(ops.sum, ops.exp(terms - highest), keep=keep))
        return result

    # ── sums ─────────────────────────────────────────────────────────────────────────────────

    def sum(self, position: int, block: Block) -> Array:
        """A sum of products and plain terms."""
        total: Array | None = None
        for count, term in enumerate(block.terms):
            if total is not None and count % LONGEST == 0:
                total = self.named("part", total)
            value = self.plain(term, position) if term.right is None else self.product(term, position)
            scaled = abs(term.coefficient) * value
            if total is None:
                total = -scaled if term.coefficient < 0 else scaled
            else:
                total = total - scaled if term.coefficient < 0 else total + scaled
        assert total is not None, "a sum has terms"
        return self.layout.flat(total, position)

    def plain(self, term: Term, position: int) -> Array:
        """Terms that are no products: one per member, or a row of them added up."""
        layout, operand = self.layout, term.left
        if term.segments is not None:
            return self.runs(layout.read(operand, operand.index, full=True), term, position)
        if operand.index.shape[1] == 1:
            return layout.over(operand.column(), position)
        if layout.blocks[position].size == 1:
            return reduce(ops.sum, layout.read(operand, operand.index[0], full=True), keep=True)
        return layout.over_dims(reduce(ops.sum, layout.read(operand, operand.index, full=True)), position)

    def runs(self, terms: Array, term: Term, position: int) -> Array:
        """Terms added up by runs of different lengths."""
        assert term.segments is not None
        total = reduceat(ops.sum, terms, self.layout.names.carried(term.segments, "i"))
        return self.layout.over_dims(total, position)

    def product(self, term: Term, position: int) -> Array:
        """Σ left·right as an elementwise product or a product of matrices, one value per member."""
        layout, left, right = self.layout, term.left, term.right
        assert right is not None
        if term.segments is not None:
            product = layout.read(left, left.index, full=True) * layout.read(right, right.index, full=True)
            return self.runs(product, term, position)
        in_order = np.array_equal(term.place, np.arange(term.places))
        value: Array
        if in_order and term.elementwise and left.index.shape[2] == 1:
            value = layout.over(left.flat(), position) * layout.over(right.flat(), position)
            return value
        value = self.natural(term)
        return layout.over_dims(value if in_order else take(value, layout.names.carried(term.place, "i")), position)

    def natural(self, term: Term) -> Array:
        """A product with its members in places: (batch, places)."""
        layout, left, right = self.layout, term.left, term.right
        assert right is not None
        h, k1, n = left.index.shape
        k2 = right.index.shape[1]
        product: Array
        if term.elementwise:
            if n == 1:
                product = layout.read(left, left.index[:, 0, 0]) * layout.read(right, right.index[:, 0, 0])
                return product
            if h == 1:
                factors = layout.matrix(left, left.index[0, 0]), layout.matrix(right, right.index[0, 0])
                return reduce(ops.sum, factors[0] * factors[1], keep=True)
            rows = layout.matrix(left, left.index[:, 0]), layout.matrix(right, right.index[:, 0])
            return einsum("...n,...n->...", *rows)
        if term.weights and h == 1:
            product = matmul(layout.rows(right), transpose(layout.matrix(left, left.index[0])))
            return reshape(product, (Rows(), k1 * k2))
        squeeze = 0 if h == 1 else slice(None)
        a, b = layout.matrix(left, left.index[squeeze]), layout.matrix(right, right.index[squeeze])
        if term.weights:
            a, b = b, a
        product = matmul(a, swapped(b))
        return reshape(product, (*product.lead, h * k1 * k2))
