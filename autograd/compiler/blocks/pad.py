"""Ragged rows as rectangles: elements that nobody asked for, so that those that are asked for lie in rows and columns.

Causal attention has t + 1 scores in row t. Stored one after another, whoever reads them by rows or by columns must
gather them, and mask the ends of the rows. Stored as a rectangle they are read in place: its dead elements hold what is
neutral for whoever reads them, so that -∞ among scores becomes 0 among probabilities by itself, and no gradient leaves
them.

A room is a set of blocks that are read element by element by one another and so have one layout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.blocks.block import Block, Operand, Term, tame
from autograd.compiler.blocks.views import PAD
from autograd.compiler.scalars.graph import Ints, distinct
from autograd.specialize import fast

LARGEST = 2
"""A rectangle has at most so many times the elements that are asked for."""

SAMPLES = np.array([0.37, 1.91, -1.3])
"""Stands for any number: what comes out the same for each of them does not depend on it."""

NEUTRAL = {"max": -math.inf, "min": math.inf, "logsumexp": -math.inf}
"""What makes no difference to a reduction; to a sum it is 0."""


def padded(blocks: list[Block], roots: list[tuple[int, int]]) -> list[Block]:
    """The blocks with rectangles in place of ragged rows, where these are read as such."""
    fixed = {position for position, _ in roots}
    done: set[int] = set()
    while found := ragged(blocks, done):
        position = min(found)
        room = Room.around(blocks, position, found[position], fixed | done)
        done |= {position} if room is None else set(room.slots)
        blocks = blocks if room is None else room.furnished()
    return blocks


def ragged(blocks: list[Block], done: set[int]) -> dict[int, Ints]:
    """The rows by which blocks read all elements of others, each once and padded; those of `done` are left out."""
    found: dict[int, Ints] = {}
    for reader in blocks:
        for operand, _ in padded_reads(reader):
            source, index = operand.source, operand.index
            if source is None or source in done or source in found or index.min() != PAD:
                continue
            size, real = blocks[source].size, index[index != PAD]
            if index.size <= LARGEST * size and real.size == size == len(distinct(real)):
                found[source] = index
    return found


def padded_reads(block: Block) -> Iterator[tuple[Operand, float]]:
    """The operands of a block that may be padded, with what makes no difference to it."""
    if block.op in NEUTRAL and block.segments is None:
        yield block.operands[0], NEUTRAL[block.op]
    for part in (block, *block.pieces):
        for term in part.terms:
            if term.segments is None:
                yield from ((side, 0.0) for side in (term.left, term.right) if side is not None)


def element_reads(block: Block) -> list[Operand]:
    """The operands of which a block reads one element for each of its own."""
    return [*block.operands, *(side for term in block.terms if term.right is None or term.elementwise
                               for side in (term.left, term.right) if side is not None)]


def is_elementwise(block: Block) -> bool:
    """Whether a block may get other elements: one operation of a table, or a sum of an element, or a product, each."""
    if block.op == "sum":
        return all(term.segments is None and (term.right is not None or term.left.index.shape[1] == 1)
                   and (not term.elementwise or term.left.index.shape[2] == 1) for term in block.terms)
    row = ops.ROWS.get(block.op)
    return row is not None and not isinstance(row, ops.Reduction)


def completed(index: Ints, inside: npt.NDArray[np.bool_], size: int) -> Ints:
    """An index that is known `inside` some places, at all of them: base and strides if it has them, else its first."""
    strides, known = [], np.argwhere(inside)
    for axis in range(index.ndim):
        pairs = np.take(inside, range(1, index.shape[axis]), axis) & np.take(inside, range(index.shape[axis] - 1), axis)
        steps = np.diff(index, axis=axis)[pairs]
        strides.append(int(steps[0]) if steps.size else 0)
    base = int(index[tuple(known[0])]) - int(known[0] @ strides)
    grid = base + np.tensordot(np.array(strides), np.indices(index.shape), 1)
    if np.array_equal(grid[inside], index[inside]) and grid.min() >= 0 and grid.max() < size:
        return grid
    return np.where(inside, index, index[tuple(known[0])])


@dataclass
class Room:
    """Blocks that share a layout: `slots` says of each where its elements go, `shape` that of the rectangle."""

    blocks: list[Block]
    slots: dict[int, Ints]
    shape: tuple[int, ...]
    fills: dict[int, float] = field(default_factory=dict)
    """What is written to the dead elements of a block."""
    held: dict[int, float | None] = field(default_factory=dict)
    """What they hold; None for any number."""
    result: list[Block] = field(default_factory=list)
    """All blocks, those of the room padded."""
    still: dict[int, bool] = field(default_factory=dict)
    """Whether no gradient arrives at the dead elements of a block."""

    @classmethod
    def around(cls, blocks: list[Block], position: int, rows: Ints, fixed: set[int]) -> Room | None:
        """The room of a block that is read by rows; None where it cannot be padded."""
        slots = cls.members(blocks, position, fixed)
        if slots is None:
            return None
        shape, order = rows.shape, np.empty(blocks[position].size, rows.dtype)
        order[rows[rows != PAD]] = np.flatnonzero(rows.reshape(-1) != PAD)
        for member, of_member in slots.items():
            for term in blocks[member].terms:
                if term.right is None or term.elementwise or term.places > LARGEST * len(term.place):
                    continue
                if len(distinct(term.place)) == len(term.place):
                    (h, k1, _), k2 = term.left.index.shape, term.right.index.shape[1]
                    shape = (h, k2, k1) if term.weights else (h, k1, k2)
                    order = term.place[np.argsort(of_member)]
        room = cls(blocks, {member: order[of_member] for member, of_member in slots.items()}, shape)
        return room if not room.alive.all() and room.is_sound() else None  # without dead elements nothing can pad

    @staticmethod
    def members(blocks: list[Block], position: int, fixed: set[int]) -> dict[int, Ints] | None:
        """The blocks of the room, and for each of their elements the one of the first block that it goes with."""
        size = blocks[position].size
        may_belong = {i: block for i, block in enumerate(blocks)
                      if i not in fixed and block.size == size and block.batched and is_elementwise(block)}
        if position not in may_belong:
            return None
        reads: dict[int, list[tuple[int, Ints]]] = {}
        readers: dict[int, list[tuple[int, Ints]]] = {member: [] for member in may_belong}
        for reader, block in may_belong.items():
            every = [(operand.source, operand.index.reshape(-1)) for operand in element_reads(block)]
            reads[reader] = [(source, index) for source, index in every if source is not None and source in may_belong
                             and index.size == size and len(distinct(index)) == size]
            for source, index in reads[reader]:
                readers[source].append((reader, index))

        def beside(member: int, of_member: Ints) -> Iterator[tuple[int, Ints]]:
            for source, index in reads[member]:
                below = np.empty(size, np.int64)
                below[index] = of_member
                yield source, below
            yield from ((reader, of_member[index]) for reader, index in readers[member])

        slots: dict[int, Ints] = {position: np.arange(size)}
        waiting = [beside(position, slots[position])]
        while waiting:
            member, of_member = next(waiting[-1], (None, None))
            if member is None or of_member is None:
                waiting.pop()
            elif member not in slots:
                slots[member] = of_member
                waiting.append(beside(member, of_member))
            elif not np.array_equal(slots[member], of_member):
                return None
        return slots

    @property
    def size(self) -> int:
        """The number of elements of the rectangle."""
        return math.prod(self.shape)

    @cached_property
    def alive(self) -> npt.NDArray[np.bool_]:
        """Which of them somebody asked for."""
        found = np.zeros(self.size, dtype=bool)
        found[next(iter(self.slots.values()))] = True
        return found

    # ── what dead elements hold ──────────────────────────────────────────────────────────────

    def is_sound(self) -> bool:
        """Find out what the dead elements hold; whether no slope of theirs can spoil what is alive."""
        for member in sorted(self.slots):
            self.held[member] = self.computed(member)
            wanted = [neutral for reader, neutral in self.readers(member) if reader not in self.slots]
            if self.held[member] is None and wanted:
                self.fills[member] = self.held[member] = wanted[0]
            if self.blocks[member].op != "sum" and not self.is_clean(member):
                return False
        return True

    def readers(self, member: int) -> Iterator[tuple[int, float]]:
        """Who reads a block with padding, and what makes no difference to them."""
        for reader in range(member + 1, len(self.blocks)):
            for operand, neutral in padded_reads(self.blocks[reader]):
                if operand.source == member and operand.index.min() == PAD:
                    yield reader, neutral

    def numbers(self, operand: Operand) -> npt.NDArray[np.float64]:
        """What an operand may be in dead elements."""
        held = self.held.get(operand.source) if operand.source in self.slots else operand.number
        return SAMPLES if held is None else np.full(len(SAMPLES), held)

    def computed(self, member: int) -> float | None:
        """What dead elements come to, if it is always the same."""
        block = self.blocks[member]
        with np.errstate(all="ignore"):
            if block.op == "sum":
                found = np.zeros(len(SAMPLES))
                for i, term in enumerate(block.terms):
                    if term.right is not None and not term.elementwise:
                        return None
                    right = 1.0 if term.right is None else self.numbers(term.right)
                    found += term.coefficient * self.numbers(term.left)[np.roll(range(len(SAMPLES)), i)] * right
            else:
                found = np.array([ops.ROWS[block.op].forward(*row) for row in self.cases(block)])
        return float(found[0]) if np.all(found == found[0]) else None

    def cases(self, block: Block) -> list[tuple[float, ...]]:
        """Operands of an operation, in dead elements."""
        columns = [np.roll(self.numbers(operand), i) for i, operand in enumerate(block.operands)]
        return [tuple(map(float, row)) for row in zip(*columns, strict=True)]

    def slopes(self, member: int, which: int) -> npt.NDArray[np.float64]:
        """The partials of an operation with respect to an operand, in dead elements."""
        block = self.blocks[member]
        row, held = ops.ROWS[block.op], self.held[member]
        if row is ops.where:
            return np.ones(1)
        with np.errstate(all="ignore"):
            cases, local = self.cases(block), fast(row).local
            outs = [row.forward(*case) if held is None else held for case in cases]
            return np.array([local(out, *case)[which] for out, case in zip(outs, cases, strict=True)])

    def is_clean(self, member: int) -> bool:
        """Whether the slopes of an operation are finite in dead elements."""
        block = self.blocks[member]
        unknown = any(self.numbers(operand) is SAMPLES for operand in block.operands)
        finite = all(np.isfinite(self.slopes(member, i)).all() for i in range(len(block.operands)))
        return finite and (not unknown or self.held[member] is not None or tame(ops.ROWS[block.op]))

    # ── the blocks anew ──────────────────────────────────────────────────────────────────────

    def furnished(self) -> list[Block]:
        """All blocks, those of the room padded."""
        self.result = list(self.blocks)
        for member in self.slots:
            self.result[member] = self.block(member)
        for position, block in enumerate(self.blocks):
            if position not in self.slots and any(operand.source in self.slots for operand in block.reads()):
                self.result[position] = self.reader(block)
        for member in sorted(self.slots, reverse=True):
            self.still[member] = self.is_still(member)
            self.result[member].cut = not self.still[member] and self.leads_out(member)
        return self.result

    def block(self, member: int) -> Block:
        """A block of the room as a rectangle."""
        block, slots = self.blocks[member], self.slots[member]
        members = np.full(self.size, PAD)
        members[slots] = block.members
        return replace(
            block, members=members, dead=~self.alive, fill=self.fills.get(member),
            operands=[self.element(operand, slots) for operand in block.operands],
            terms=[self.term(term, slots) for term in block.terms],
        )

    def term(self, term: Term, slots: Ints) -> Term:
        """A term of a sum with a place for dead elements too."""
        if term.right is not None and not term.elementwise:
            place: Ints = np.zeros(self.size, np.int64)
            place[slots] = term.place
            return replace(term, place=self.complete(place, term.places))
        right = None if term.right is None else self.element(term.right, slots)
        place = term.place if term.right is None else np.arange(self.size)
        return replace(term, left=self.element(term.left, slots), right=right, place=place)

    def element(self, operand: Operand, slots: Ints) -> Operand:
        """An operand of which one element is read for each element of the rectangle."""
        shape = (self.size, *operand.index.shape[1:])
        if operand.source in self.slots:
            return Operand(operand.source, np.arange(self.size).reshape(shape))
        index = np.zeros(self.size, np.int64)
        index[slots] = operand.index.reshape(-1)
        if operand.source is not None:
            return Operand(operand.source, self.complete(index, self.blocks[operand.source].size).reshape(shape))
        assert operand.numbers is not None
        numbers = np.full(self.size, operand.numbers.flat[0])
        numbers[slots] = operand.numbers.reshape(-1)
        return Operand(None, index.reshape(shape), numbers.reshape(shape))

    def complete(self, index: Ints, size: int) -> Ints:
        """An index that is known for what is alive, for all elements."""
        return completed(index.reshape(self.shape), self.alive.reshape(self.shape), size).reshape(-1)

    def reader(self, block: Block) -> Block:
        """A block outside of the room, which reads the elements where they are now."""
        neutral = {id(operand): number for operand, number in padded_reads(block)}

        def moved(operand: Operand) -> Operand:
            if operand.source not in self.slots:
                return operand
            slots, real = self.slots[operand.source], operand.index != PAD
            index = np.where(real, slots[operand.index], PAD)
            if not real.all() and neutral[id(operand)] == self.held[operand.source]:
                found = completed(index, real, self.size)
                everywhere = self.alive[found]
                index = found if np.array_equal(everywhere, real) else np.where(real, index, np.argmin(self.alive))
            return replace(operand, index=index)

        def anew(part: Block) -> Block:
            terms = [replace(term, left=moved(term.left), right=term.right and moved(term.right))
                     for term in part.terms]
            return replace(part, operands=list(map(moved, part.operands)), terms=terms,
                           pieces=list(map(anew, part.pieces)))

        return anew(block)

    # ── gradients ────────────────────────────────────────────────────────────────────────────

    def is_still(self, member: int) -> bool:
        """Whether no gradient arrives at the dead elements of a block, where that is known of those that follow it."""
        dead = ~self.alive
        for position in range(member + 1, len(self.result)):
            block = self.result[position]
            for i, operand in enumerate(block.reads()):
                if operand.source != member:
                    continue
                if position in self.slots:
                    if not self.passes_nothing(position, i):
                        return False
                elif block.op not in NEUTRAL and dead[operand.index[operand.index != PAD]].any():
                    return False
        return True

    def passes_nothing(self, member: int, which: int) -> bool:
        """Whether a block of the room passes no gradient of its dead elements on to what it reads."""
        if self.result[member].cut or self.still[member]:
            return True
        return self.blocks[member].op != "sum" and not self.slopes(member, which).any()

    def leads_out(self, member: int) -> bool:
        """Whether a gradient that arrived at dead elements would get to what is alive."""
        return any(operand.source is not None and operand.source not in self.slots
                   and not self.passes_nothing(member, i) for i, operand in enumerate(self.result[member].reads()))

