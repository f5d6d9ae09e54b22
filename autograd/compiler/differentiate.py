"""Differentiate block by block, from the last to the first: the backward half of a program's source.

Every block passes its gradient on to what it read: through products by the transposes of their
factors, through elementwise operations and reductions by the rules of the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.accumulate import Accumulator, Flow
from autograd.compiler.blocks import Block, Operand, Term
from autograd.compiler.read import LEAF_NAMES
from autograd.compiler.text import Array, atom, binding_as_product


class Differentiator(Accumulator):
    """Writes the backward statements of a program after its forward ones."""

    def backward(self, root: tuple[int, int]) -> None:
        """Statements for the gradient of the mean of the root over the batch."""
        position, slot = root
        batched = self.blocks[position].batched
        seed = atom("np.full((n, 1), 1 / n, theta.dtype)" if batched else "np.ones(1, theta.dtype)")
        self.add(position, np.array([slot]), Flow(seed, batched, (1,)))
        # What is the same for all examples comes last: a penalty is added to gradients that products wrote.
        for position in sorted(range(len(self.blocks)), key=lambda i: (not self.blocks[i].batched, -i)):
            block = self.blocks[position]
            if position in self.started and block.op not in LEAF_NAMES:
                self.pass_on(position, block)

    def pass_on(self, position: int, block: Block) -> None:
        """The statements that send a block's gradient to what it read."""
        g = self.over_dims(position)
        if block.op == "sum":
            for term in block.terms:
                self.term(position, term, g)
        elif block.op == "stack":
            at = 0
            for operand in block.operands:
                count = operand.index.size
                rows = ":, " if block.batched else ""
                part = atom(f"{self.gradients[position]}[{rows}{at}:{at + count}]")
                self.add(operand.source, operand.index, Flow(part, block.batched, (count,)))
                at += count
        elif isinstance(ops.TABLE[block.op], ops.Reduction):
            self.reduction(position, block)
        else:
            self.elementwise(position, block, g)

    def over_dims(self, position: int) -> Flow:
        """A block's gradient over the dims of its statement."""
        w, block = self.writer, self.blocks[position]
        text = w.to_dims(atom(self.gradients[position]), position, block.batched)
        return Flow(text, block.batched, w.dims[position])

    def elementwise(self, position: int, block: Block, g: Flow) -> None:
        """Gradient times the partial of the rule, for each operand."""
        w = self.writer
        op = ops.TABLE[block.op]
        out = w.to_dims(atom(w.names[position]), position, block.batched)
        partials = op.rule(out, *w.elements(position, block))
        for operand, partial in zip(block.operands, partials, strict=True):
            if operand.source is not None and self.wanted[operand.source]:
                text = g.text * partial
                self.add(operand.source, operand.index.reshape(w.dims[position]), Flow(text, g.batched, g.shape))

    def reduction(self, position: int, block: Block) -> None:
        """Gradient times the partial for each term."""
        w = self.writer
        op = ops.TABLE[block.op]
        (operand,) = block.operands
        if operand.source is None or not self.wanted[operand.source]:
            return
        x = w.terms_of(block)
        out, g = atom(w.names[position]), atom(self.gradients[position])
        index = operand.index
        if block.segments is not None:
            owner = np.repeat(np.arange(block.size), np.diff(np.append(block.segments, index.size)))
            spread = w.constant(owner, "i")
            out, g = (atom(f"{a}[..., {spread}]") for a in (out, g))
            starts = w.constant(block.segments, "i")
            ties = atom(f"np.add.reduceat({x} == {out}, {starts}, axis=-1, dtype=theta.dtype)[..., {spread}]")
        elif block.size == 1:
            index = index[0]
            ties = atom(f"np.sum({x} == {out}, axis=-1, keepdims=True, dtype=theta.dtype)")
        else:
            out, g = (atom(f"{a}[..., None]") for a in (out, g))
            ties = atom(f"np.sum({x} == {out}, axis=-1, keepdims=True, dtype=theta.dtype)")
        (partial,) = op.rule(out, x, ties)
        self.add(operand.source, index, Flow(g * partial, block.batched, index.shape))

    def term(self, position: int, term: Term, g: Flow) -> None:
        """Send a sum's gradient to the factors of one term."""
        block = self.blocks[position]
        scaled = Flow(Array.lift(term.coefficient) * g.text, g.batched, g.shape)
        left, right = term.left, term.right
        if term.segments is not None:
            self.segments(position, term)
        elif right is None:
            if left.index.shape[1] == 1:
                self.add(left.source, left.index[:, 0].reshape(g.shape), scaled)
            elif left.source is not None:
                flat = atom(self.gradients[position])
                index = left.index[0] if block.size == 1 else left.index
                text = flat if block.size == 1 else atom(f"{flat}[..., None]")
                shape = (1,) if block.size == 1 else (block.size, 1)
                self.add(left.source, index, Flow(Array.lift(term.coefficient) * text, g.batched, shape))
        elif term.elementwise and left.index.shape[2] == 1:
            self.products(position, term, scaled)
        else:
            self.matrices(position, term)

    def products(self, position: int, term: Term, g: Flow) -> None:
        """Through an elementwise product: the other factor."""
        w = self.writer
        assert term.right is not None
        left, right = term.left.flat(), term.right.flat()
        square = left.source is not None and left.source == right.source and np.array_equal(left.index, right.index)
        for mine, other in ((left, right),) if square else ((left, right), (right, left)):
            if mine.source is None or not self.wanted[mine.source]:
                continue
            text = g.text * w.over(other, position)
            text = Array.lift(2) * text if square else text
            self.add(mine.source, mine.index.reshape(g.shape), Flow(text, g.batched, g.shape))

    def segments(self, position: int, term: Term) -> None:
        """Through sums of different lengths."""
        w, block = self.writer, self.blocks[position]
        assert term.segments is not None
        owner = np.repeat(np.arange(block.size), np.diff(np.append(term.segments, term.left.index.size)))
        g = Array.lift(term.coefficient) * atom(f"{self.gradients[position]}[..., {w.constant(owner, 'i')}]")
        pairs: list[tuple[Operand, Any]] = [(term.left, 1)]
        if term.right is not None:
            pairs = [(term.left, w.read(term.right, term.right.index, full=True)),
                     (term.right, w.read(term.left, term.left.index, full=True))]
        for mine, other in pairs:
            self.add(mine.source, mine.index, Flow(g * other, block.batched, mine.index.shape))

    def matrices(self, position: int, term: Term) -> None:
        """Through a product of matrices: the transpose of the other factor."""
        w = self.writer
        left, right = term.left, term.right
        assert right is not None
        h, k1, n = left.index.shape
        k2 = right.index.shape[1]
        g = Array.lift(term.coefficient) * self.natural(position, term)
        batched = w.batched(left) or w.batched(right)
        lead = "-1, " if batched else ""
        wants_left = left.source is not None and self.wanted[left.source]
        wants_right = right.source is not None and self.wanted[right.source]
        if term.elementwise:
            alone = h == 1
            g = g if alone else atom(f"{g:atom}[..., None]")
            shape = (n,) if alone else (h, n)
            rows = (left.index.reshape(shape), right.index.reshape(shape))
            a, b = w.matrix(left, rows[0]), w.matrix(right, rows[1])
            if wants_left and left.source == right.source and np.array_equal(*rows):
                self.add(left.source, rows[0], Flow(Array.lift(2) * g * a, batched, shape))
                return
            if wants_left:
                self.add(left.source, rows[0], Flow(g * b, batched, shape))
            if wants_right:
                self.add(right.source, rows[1], Flow(g * a, batched, shape))
        elif term.weights and h == 1:
            flat = g if k2 == 1 else atom(f"{g:atom}.reshape(-1, {k1})")
            if wants_right:
                text = binding_as_product(f"{flat:product} @ {w.matrix(left, left.index[0])}")
                if k2 == 1:
                    self.add(right.source, right.index[0, 0], Flow(text, True, (n,)))
                else:
                    windows = atom(f"({text}).reshape(-1, {k2}, {n})")
                    self.add(right.source, right.index[0], Flow(windows, True, (k2, n)))
            if wants_left:
                text = binding_as_product(f"{flat:atom}.T @ {w.rows(right)}")
                self.add(left.source, left.index[0], Flow(text, False, (k1, n)))
        elif term.weights:
            g = atom(f"{g:atom}.reshape(-1, {h}, {k2}, {k1})")
            if wants_right:
                text = binding_as_product(f"{g} @ {w.matrix(left, left.index)}")
                self.add(right.source, right.index, Flow(text, True, (h, k2, n)))
            if wants_left:
                text = atom(f'np.einsum("bhji,bhjn->hin", {g}, {w.matrix(right, right.index)}, optimize=True)')
                self.add(left.source, left.index, Flow(text, False, (h, k1, n)))
        else:
            head = (h,) if h > 1 else ()
            pick = slice(None) if h > 1 else 0
            g = atom(f"{g:atom}.reshape({lead}{', '.join(map(str, (*head, k1, k2)))})")
            if wants_left:
                text = binding_as_product(f"{g} @ {w.matrix(right, right.index[pick])}")
                self.add(left.source, left.index[pick], Flow(text, batched, (*head, k1, n)))
            if wants_right:
                text = binding_as_product(f"{g}.swapaxes(-1, -2) @ {w.matrix(left, left.index[pick])}")
                self.add(right.source, right.index[pick], Flow(text, batched, (*head, k2, n)))

    def natural(self, position: int, term: Term) -> Array:
        """A block's gradient in the places of a product of matrices."""
        w, block = self.writer, self.blocks[position]
        assert term.right is not None
        g = atom(self.gradients[position])
        places = term.left.index.shape[0] * term.left.index.shape[1] * term.right.index.shape[1]
        batched = w.batched(term.left) or w.batched(term.right)
        if block.batched and not batched:
            g = atom(f"{g}.sum(axis=0)")
        if np.array_equal(term.place, np.arange(places)):
            return g
        order = np.argsort(term.place, kind="stable")
        filled, starts = np.unique(term.place[order], return_index=True)
        names = [w.constant(array, stem) for array, stem in ((order, "o"), (starts, "r"), (filled, "p"))]
        return atom(f"{w.helper('scatter')}({g}, {', '.join(names)}, {places})")
