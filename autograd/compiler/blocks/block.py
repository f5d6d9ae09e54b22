"""The parts of a program: blocks, and how they read one another."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.blocks.views import PAD
from autograd.compiler.scalars.graph import Floats, Ints
from autograd.specialize import fast


@dataclass(frozen=True)
class Table:
    """Says that an operand is one of a recurrence: it is read by index, so that all steps are alike.

    `places` is the number of different elements that it reads in the step with most of them; None where no step reads
    one twice.
    """

    places: int | None


@dataclass
class Operand:
    """Elements of a source block, one per place; or, where `source` is None, constants."""

    source: int | None
    index: Ints
    numbers: Floats | None = None
    table: Table | None = None

    @property
    def number(self) -> float | None:
        """The one number this operand is everywhere, if it is a constant."""
        if self.numbers is not None and np.all(self.numbers == self.numbers.flat[0]):
            return float(self.numbers.flat[0])
        return None

    def take(self, order: Ints) -> Operand:
        """The operand for members in another order."""
        return self.of(order)

    def of(self, places: Any) -> Operand:
        """The operand at some of its places."""
        numbers = None if self.numbers is None else self.numbers[places]
        return replace(self, index=self.index[places], numbers=numbers)

    def flat(self) -> Operand:
        """The only element of each row of an elementwise product."""
        return self.of((slice(None), 0, 0))

    def column(self) -> Operand:
        """The first term of each member."""
        return self.of((slice(None), 0))


@dataclass
class Term:
    """A class of terms of a sum, for all members at once: coefficient × Σ left·right.

    For a product, `left.index` is (H, K1, N), `right.index` is (H, K2, N), and the product of H
    pairs of matrices has a place (h, k1, k2), or (h, k2, k1) if `weights`: the left is the same for
    every example. Member k finds its result in `place[k]`.
    A plain term has no right, and `left.index` is (K, N). `segments` are the starts of the members
    where terms are too ragged to be padded; then left and right are flat.
    """

    coefficient: float
    left: Operand
    right: Operand | None = None
    weights: bool = False
    place: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    segments: Ints | None = None

    @property
    def elementwise(self) -> bool:
        """Whether every member multiplies rows of its own."""
        if self.right is None or self.segments is not None:
            return False
        h, k1, n = self.left.index.shape
        return k1 == self.right.index.shape[1] == 1 and not (self.weights and h == 1 and n > 1)

    @property
    def places(self) -> int:
        """The number of places of a product."""
        assert self.right is not None
        return int(self.left.index.shape[0] * self.left.index.shape[1] * self.right.index.shape[1])

    def take(self, order: Ints) -> Term:
        """The term for members in another order."""
        if self.right is None:
            return replace(self, left=self.left.take(order))
        if self.elementwise:
            order = self.place[order]
            return replace(self, left=self.left.take(order), right=self.right.take(order),
                           place=np.arange(len(order)))
        return replace(self, place=self.place[order])


def check_blocks(blocks: list[Block]) -> None:
    """Raise AssertionError unless every block reads elements that earlier ones have, and every member has a place."""
    for position, block in enumerate(blocks):
        for operand in block.reads():
            if operand.source is None:
                assert operand.numbers is not None, "an operand has neither a source nor numbers"
                continue
            recurs = block.op == "recurrence" and operand.source == position
            assert recurs or operand.source < position, "a block reads one that follows"
            inside = (operand.index >= PAD) & (operand.index < blocks[operand.source].size)
            assert np.all(inside), "an operand reads beyond its source"
            assert block.batched or not blocks[operand.source].batched, "what is the same for all examples reads one"
        assert not block.pieces or sum(piece.size for piece in block.pieces) == block.size, "a stack has gaps"
        for term in block.terms:
            if term.right is not None and term.segments is None:
                assert len(term.place) == block.size, "a member has no place in a product"
                assert np.all(term.place < term.places), "a member has a place that a product has not"
            if term.segments is not None:
                assert np.all(np.diff(np.append(term.segments, term.left.index.size)) > 0), "a run has no terms"


@dataclass
class Block:
    """An array of the program: one row per example if `batched`, one column per member.

    A "stack" consists of `pieces`, which lie side by side; so does a "recurrence", whose pieces read those before them.
    Members of PAD are `dead`: nobody asked for them, and they hold `fill`, or what is computed if that is None. Where
    `cut`, a gradient arrives at them, and must not go on.
    """

    op: str
    members: Ints
    batched: bool
    operands: list[Operand] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)
    segments: Ints | None = None
    pieces: list[Block] = field(default_factory=list)
    dead: npt.NDArray[np.bool_] | None = None
    fill: float | None = None
    cut: bool = False

    def reads(self) -> Iterator[Operand]:
        """Every operand, those of terms and pieces included."""
        yield from self.operands
        for piece in self.pieces:
            yield from piece.reads()
        for term in self.terms:
            yield term.left
            if term.right is not None:
                yield term.right

    @property
    def kind(self) -> str:
        """The operation by the name a reader expects: a sum that is a product of matrices is a matmul."""
        products = [term for term in self.terms if term.right is not None]
        if any(not term.elementwise and term.segments is None for term in products):
            return "matmul"
        if self.op == "sum" and len(self.terms) == 1 and products:
            return "mul" if products[0].elementwise and products[0].left.index.shape[2] == 1 else "dot"
        return self.op

    @property
    def flops(self) -> int:
        """Floating-point operations per example, a multiplication and an addition counting one each."""
        if self.pieces:
            return sum(piece.flops for piece in self.pieces)
        if not self.terms:
            return max([self.size, *(operand.index.size for operand in self.operands)])
        total = 0
        for term in self.terms:
            if term.right is None or term.segments is not None:
                total += term.left.index.size * (1 + (term.right is not None))
            else:
                total += 2 * term.left.index.size * term.right.index.shape[1]
        return total

    @property
    def size(self) -> int:
        """The number of columns."""
        return len(self.members)

    @property
    def scalars(self) -> int:
        """The number of scalars the block stands for."""
        return self.size if self.dead is None else self.size - int(self.dead.sum())


# ── where numbers may not be finite ───────────────────────────────────────────────────────────────


@functools.cache
def tame(row: ops.Op) -> bool:
    """Whether the value and the slopes of a row are finite wherever its operands are, seen at their corners."""
    corners = np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0])
    with np.errstate(all="ignore"):
        if isinstance(row, ops.Reduction):  # of two terms
            terms = np.array(list(itertools.product(corners, corners)))
            out = getattr(np, row.ufunc).reduce(terms, -1, keepdims=True)
            found = [out, *fast(row).array_partials(out, terms, np.sum(terms == out, axis=-1, keepdims=True))]
        else:
            operands = np.array(list(itertools.product(corners, repeat=row.arity))).T
            out = fast(row).arrays(*operands)
            found = [out, *fast(row).array_partials(out, *operands)]
    return all(np.isfinite(numbers).all() for numbers in found)


def wild(blocks: Sequence[Block]) -> list[bool]:
    """The blocks whose values or slopes may not be finite, though what is given is."""
    found: list[bool] = []
    for block in blocks:
        found.append(is_wild(block, found))
    return found


def is_wild(block: Block, found: Sequence[bool]) -> bool:
    """Whether a block is such a one, where that is known of those before it."""
    own = any(part.op in ops.ROWS and not tame(ops.ROWS[part.op]) for part in (block, *block.pieces))
    return own or any(found[operand.source] for operand in block.reads()
                      if operand.source is not None and operand.table is None)
