"""Write blocks as NumPy statements: the forward half of a program's source.

Every block is an array with a row per example (or none, if it is the same for all) and a column per
scalar. A statement computes it over axes whose product is the number of columns, so that what
broadcasts can.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.access import affine, factored
from autograd.compiler.blocks import Block, Term
from autograd.compiler.graph import Ints
from autograd.compiler.read import LEAF_NAMES, Reader
from autograd.compiler.text import Array, atom, binding_as_product

LONGEST = 8
"""Terms of a sum in one expression: Python's parser nests every term in those that follow."""


class Writer(Reader):
    """The forward statements, one for every block, and whatever lines come after them."""

    def __init__(
        self, blocks: list[Block], parameter_names: dict[tuple[int, int], str], labels: dict[int, str],
        root: int | None = None, spellings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(blocks, parameter_names, labels, root)
        self.spellings = spellings
        self.lines: list[str] = []
        self.statements: list[tuple[Block, str, str]] = []

    def forward(self, wanted: list[bool]) -> None:
        """A statement for every wanted block."""
        for position, block in enumerate(self.blocks):
            if wanted[position] and block.op not in LEAF_NAMES:
                self.statement(position, block)
                self.statements.append((block, self.names[position], self.lines[-1]))

    def statement(self, position: int, block: Block) -> None:
        """The statement of one block."""
        text: Any
        if block.op == "sum":
            text = self.sum(position, block)
        elif block.op == "stack":
            text = self.stack(block)
        elif isinstance(ops.TABLE[block.op], ops.Reduction):
            text = self.reduction(block)
        else:
            self.dims[position] = common_dims([o.index for o in block.operands if o.source is not None], block.size)
            elements = self.elements(position, block)
            if isinstance(elements[0], float) and "np." in ops.TABLE[block.op].numpy:
                # A NumPy function of a plain number is a float64; constants have theta's dtype.
                elements[0] = atom(self.constant(np.array([elements[0]]), "c"))
            value = self.spelled(ops.TABLE[block.op], elements)
            if block.op in ("gt", "eq"):  # as numbers: NumPy's + of two truth values is "or"
                value = atom(f"{value}.astype(theta.dtype)")
            text = self.flat(value, position)
        self.lines.append(f"{self.names[position]} = {text}")

    def spelled(self, op: ops.Op, elements: list[Any]) -> Any:
        """An elementwise row as the table spells it, or as a function where `spellings` has one."""
        if op.name in self.spellings:
            return atom(self.spellings[op.name].format(*map(Array.lift, elements)))
        return op.dispatch(tuple(elements))

    def flat(self, value: Array, position: int) -> Array:
        """A value over dims as one with a column per scalar."""
        block, dims = self.blocks[position], self.dims[position]
        if len(dims) == 1:
            return value
        return atom(f"{value:atom}.reshape({'-1, ' if block.batched else ''}{block.size})")

    def stack(self, block: Block) -> str:
        """Several arrays side by side."""
        parts = []
        for operand in block.operands:
            text = str(atom(self.constant(operand.numbers, "c")) if operand.numbers is not None
                       else self.read(operand, operand.index, full=True))
            if block.batched and not self.batched(operand):
                text = f"np.broadcast_to({text}, (n, {operand.index.size}))"
            parts.append(text)
        return f"np.concatenate([{', '.join(parts)}], axis=-1)"

    def reduction(self, block: Block) -> Array:
        """max, min or logsumexp along the last axis."""
        terms = self.terms_of(block)
        if block.segments is not None:
            return self.segmented(block, terms)
        keep = ", keepdims=True" if block.size == 1 else ""
        if block.op != "logsumexp":
            spelling = self.spellings.get(block.op, ops.TABLE[block.op].numpy)
            return atom(spelling.format(terms).replace("axis=-1", f"axis=-1{keep}"))
        # ln Σ eˣ = m + ln Σ e^(x-m): np.logaddexp.reduce says the same, several times slower.
        highest = self.numbered("m")
        # Any m gives the same result, so that no gradient needs to pass through it.
        self.lines.append(f"{highest} = {self.spelled(ops.detach, [atom(f'np.max({terms}, axis=-1, keepdims=True)')])}")
        flat = highest if keep else f"{highest}[..., 0]"
        return Array(f"{flat} + np.log(np.sum(np.exp({terms:sum} - {highest}), axis=-1{keep}))", "sum")

    def segmented(self, block: Block, terms: Array) -> Array:
        """A reduction over runs of different lengths."""
        assert block.segments is not None
        starts = self.constant(block.segments, "i")
        if block.op != "logsumexp":
            return atom(f"np.{block.op}imum.reduceat({terms}, {starts}, axis=-1)")
        return atom(f"np.logaddexp.reduceat({terms}, {starts}, axis=-1)")

    def sum(self, position: int, block: Block) -> Array:
        """A sum of products and plain terms."""
        self.dims[position] = self.sum_dims(block)
        total: Any = None
        for count, term in enumerate(block.terms):
            if count and count % LONGEST == 0:
                part = self.numbered("part")
                self.lines.append(f"{part} = {total}")
                total = atom(part)
            text = self.product(term, position) if term.right is not None else self.plain(term, position)
            negative = term.coefficient < 0
            scaled = text if abs(term.coefficient) == 1 else Array.lift(abs(term.coefficient)) * text
            if total is None:
                total = -scaled if negative else scaled
            else:
                total = total - scaled if negative else total + scaled
        return self.flat(total, position)

    def sum_dims(self, block: Block) -> tuple[int, ...]:
        """Axes over which every term of a sum can be read without a copy, if there are any."""
        indices = []
        for term in block.terms:
            if term.right is None and term.segments is None and term.left.source is not None:
                indices += [term.left.index[:, 0]] if term.left.index.shape[1] == 1 else []
            elif term.elementwise:
                indices += [side.index[:, 0, 0] for side in (term.left, term.right)
                            if side is not None and side.source is not None and side.index.shape[2] == 1]
        return common_dims(indices, block.size)

    def plain(self, term: Term, position: int) -> Any:
        """Terms that are no products: one per member, or a row of them added up."""
        block = self.blocks[position]
        operand = term.left
        if term.segments is not None:
            starts = self.constant(term.segments, "i")
            return self.to_dims(
                atom(f"np.add.reduceat({self.read(operand, operand.index, full=True)}, {starts}, axis=-1)"), position,
                self.batched(operand))
        if operand.index.shape[1] == 1:
            return self.over(operand.column(), position)
        if block.size == 1:
            return atom(f"np.sum({self.read(operand, operand.index[0], full=True)}, axis=-1, keepdims=True)")
        text = atom(f"np.sum({self.read(operand, operand.index, full=True)}, axis=-1)")
        return self.to_dims(text, position, self.batched(operand))

    def product(self, term: Term, position: int) -> Any:
        """Σ left·right as an elementwise product or a product of matrices, one value per member."""
        left, right = term.left, term.right
        assert right is not None
        batched = self.batched(left) or self.batched(right)
        if term.segments is not None:
            starts = self.constant(term.segments, "i")
            product = self.read(left, left.index, full=True) * self.read(right, right.index, full=True)
            return self.to_dims(atom(f"np.add.reduceat({product}, {starts}, axis=-1)"), position, batched)
        text = self.natural(term)
        places = term.left.index.shape[0] * term.left.index.shape[1] * right.index.shape[1]
        if not np.array_equal(term.place, np.arange(places)):
            rows = ":, " if batched else ""
            text = atom(f"{text:atom}[{rows}{self.constant(term.place, 'i')}]")
        elif term.elementwise and left.index.shape[2] == 1:
            return self.elementwise_product(term, position)
        return self.to_dims(text, position, batched)

    def elementwise_product(self, term: Term, position: int) -> Any:
        """left * right, member by member."""
        assert term.right is not None
        return Array.lift(1) * self.over(term.left.flat(), position) * self.over(term.right.flat(), position)

    def natural(self, term: Term) -> Array:
        """The product with its members in places: (batch, places)."""
        left, right = term.left, term.right
        assert right is not None
        h, k1, n = left.index.shape
        k2 = right.index.shape[1]
        batched = self.batched(left) or self.batched(right)
        if term.elementwise:
            if n == 1:
                one = Array.lift(1)
                value: Array = one * self.read(left, left.index[:, 0, 0]) * self.read(right, right.index[:, 0, 0])
                return value
            if h == 1:
                product = self.matrix(left, left.index[0, 0]) * self.matrix(right, right.index[0, 0])
                return atom(f"np.sum({product}, axis=-1, keepdims=True)")
            both = (self.matrix(left, left.index[:, 0]), self.matrix(right, right.index[:, 0]))
            return atom(f'np.einsum("...n,...n->...", {both[0]}, {both[1]})')
        if term.weights and h == 1:
            x = self.rows(right)
            text = binding_as_product(f"{x} @ {self.transposed(left, left.index[0])}")
            return text if k2 == 1 else atom(f"({text}).reshape(-1, {k1 * k2})")
        squeeze = 0 if h == 1 else slice(None)
        a, b = self.matrix(left, left.index[squeeze]), self.matrix(right, right.index[squeeze])
        if term.weights:
            a, b = b, a
        text = binding_as_product(f"{a} @ {b}.swapaxes(-1, -2)")
        return atom(f"({text}).reshape({'-1, ' if batched else ''}{h * k1 * k2})")


def common_dims(indices: list[Ints], size: int) -> tuple[int, ...]:
    """Axes over which every flat index is affine, else the flat one."""
    candidates = [(size,), *(factored(index) for index in indices)]
    for dims in sorted(set(candidates), key=len):
        if all(affine(index.reshape(dims)) is not None for index in indices):
            return dims
    return (size,)
