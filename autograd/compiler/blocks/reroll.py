"""Turn groups of scalars into blocks: vectors, matrix products and reductions.

A sum's terms l·r become rows: L[k, n] and R[k, n] say which elements member k takes for its n-th
term. Members with the same row of L, or of R, share it; wherever every row of L meets every row of R the
sum is a matrix product (one weight matrix and many windows: a convolution; queries and keys:
attention), batched where that holds in parts. Each block stores its members in the order in which
its main product yields them, and whoever reads it reads those slots.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd.compiler.blocks.block import Block, Operand, Term, is_wild
from autograd.compiler.blocks.group import (
    GATHER,
    MULTIPLY,
    ONCE,
    PRODUCT,
    READ,
    STATEMENT,
    WEIGHT,
    Class,
    Group,
)
from autograd.compiler.blocks.recurrence import Recurrence, Tables
from autograd.compiler.blocks.views import PAD, affine, factored
from autograd.compiler.scalars.canonical import shown
from autograd.compiler.scalars.graph import CODE, LEAVES, Bools, Canonical, Floats, Ints, distinct, numbered
from autograd.compiler.scalars.levels import REDUCTIONS, different_per


def rows_of(matrix: Ints) -> tuple[Ints, Ints]:
    """The distinct rows of a matrix in order of appearance, and for each row which of them it is."""
    if len(matrix) == 1:
        return matrix, np.zeros(1, np.int64)
    key = matrix[:, 0] if matrix.shape[1] == 1 else (matrix + 2) @ multipliers(matrix.shape[1])
    first, which = numbered(key)
    return matrix[first], which


@functools.cache
def multipliers(n: int) -> Ints:
    """Odd numbers at random, by which rows of n numbers are made one number each, modulo 2⁶⁴."""
    return np.random.default_rng(20).integers(1, 2**62, n) | 1


def components(left: Ints, right: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Where rows of the left meet rows of the right: H groups of rows, all pairs of which may meet.

    Pair k is (left[k], right[k]). Returns the left rows (H, K1) and the right rows (H, K2) of every
    group, a smaller group repeating its first row, and for each pair its group and its place therein.
    """
    if len(left) == 1:
        nothing = np.zeros(1, np.int64)
        return nothing[:, None], nothing[:, None], nothing, nothing, nothing
    label = np.arange(left.max() + 1)
    while True:
        other = np.full(right.max() + 1, len(label))
        np.minimum.at(other, right, label[left])
        new = np.full(len(label), len(label))
        np.minimum.at(new, left, other[right])
        if np.array_equal(new, label):
            break
        label = new
    _, group_left = np.unique(label, return_inverse=True)
    group_right = np.empty(right.max() + 1, np.int64)
    group_right[right] = group_left[left]
    rows_left, place_left = _table(group_left)
    rows_right, place_right = _table(group_right)
    return rows_left, rows_right, group_left[left], place_left[left], place_right[right]


def _table(group: Ints) -> tuple[Ints, Ints]:
    """Rows by group as a rectangle, and the place of each row in its group."""
    order = np.argsort(group, kind="stable")
    counts = np.bincount(group)
    starts = np.cumsum(counts) - counts
    place = np.empty(len(group), np.int64)
    place[order] = np.arange(len(group)) - np.repeat(starts, counts)
    table = np.repeat(order[starts][:, None], counts.max(), axis=1)
    table[group, place] = np.arange(len(group))
    return table, place


def complete_parts(left: Ints, right: Ints) -> Ints | None:
    """For each pair of rows, a number for those whose right rows meet the same left ones, each of them all.

    None where they are one product of matrices, or too many. A step that begins with zeros has fewer gates than others.
    """
    left_of, right_of = rows_of(left)[1], rows_of(right)[1]
    met = np.zeros(right_of.max() + 1, np.int64)
    np.add.at(met, right_of, multipliers(left_of.max() + 1)[left_of])
    _, label = np.unique(met[right_of], return_inverse=True)
    pairs = different_per(label, left_of) * different_per(label, right_of)
    complete = np.array_equal(pairs, np.bincount(label))
    return label if 1 < label.max() + 1 <= SIZES and complete else None


def padded(flat: Any, owner: Ints, counts: Ints, fill: float = PAD) -> Any:
    """A flat array of ragged rows as a rectangle."""
    place = np.arange(len(flat)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.full((len(counts), counts.max()), fill, dtype=flat.dtype)
    table[owner, place] = flat
    return table


def aligned(left: Ints, right: Ints, owner: Ints, k: int, waste: int, small: int) -> tuple[Ints, Ints] | None:
    """Ragged terms as rows in which one factor decides the column, the other padded with nothing.

    Elements of the deciding factor that occur in the same sum belong to one family (the taps of a
    filter, the values of one attention head); each is a column of that family. None where that wastes too much.
    """
    best = None
    for key, other, swapped in ((right, left, True), (left, right, False)):
        elements, element = np.unique(key, return_inverse=True)
        families, _, _, _, _ = components(element, np.unique(owner, return_inverse=True)[1])
        if k * families.shape[1] > waste * len(key) + small:
            continue
        family_of = np.empty(len(elements), np.int64)
        family_of[families] = np.arange(len(families))[:, None]
        column = np.empty(len(elements), np.int64)
        real = np.arange(families.shape[1]) < np.bincount(family_of)[:, None]
        column[families[real]] = np.broadcast_to(np.arange(families.shape[1]), families.shape)[real]
        member_family = np.zeros(k, np.int64)
        member_family[owner] = family_of[element]
        place = column[element]
        if len(distinct(owner * families.shape[1] + place)) < len(owner):
            continue  # an element occurs twice in a sum
        keys = elements[families][member_family]
        others = np.full(keys.shape, PAD)
        others[owner, place] = other
        rows = (others, keys) if swapped else (keys, others)
        cost = len(rows_of(rows[0])[0]) * len(rows_of(rows[1])[0]) * families.shape[1]
        if best is None or cost < best[0]:
            best = cost, rows
    return None if best is None else best[1]


def in_one_order(c: Class, k: int) -> Class:
    """Products of which each member has as many, in an order in which most members have the same factors on one side.

    On a ring, the first cell reads the last: by place its own number comes first there, and elsewhere second.
    """
    counts = np.bincount(c.owner, minlength=k)
    if k == 1 or not len(c.right) or c.scale is not None or np.ptp(counts):
        return c
    left, right = c.left.reshape(k, -1), c.right.reshape(k, -1)
    fewest, best = min(len(rows_of(left)[0]), len(rows_of(right)[0])), c
    for key in (left, right) if fewest > 1 < left.shape[1] else ():
        order = np.argsort(key, axis=1, kind="stable")
        if (rows := len(rows_of(np.take_along_axis(key, order, 1))[0])) < fewest:
            one, other = (np.take_along_axis(side, order, 1).reshape(-1) for side in (left, right))
            fewest, best = rows, Class(c.sign, c.owner, one, other)
    return best


# ── the pass ──────────────────────────────────────────────────────────────────────────────────────


WASTE = 4
"""Padding or completing may cost at most this many times the work of the scalars themselves."""

SIZES = 4
"""So many sizes of matrices of weights become products of their own; more are padded to one size."""

SEVERAL, NARROW = 3, 8
"""From so many products on, of so few members each, it is quicker to lay their factors side by side."""

SMALL = 256
"""Below this many elements waste does not matter."""


READABLE = 6
"""A sum of so many terms reads well as they are."""


class Reroller:
    """The pass: what it has laid out so far, and where each scalar is stored."""

    def __init__(self, graph: Canonical, groups: list[Group], sizes: dict[str, int], read: bool) -> None:
        self.graph, self.read = graph, read
        self.blocks: list[Block] = []
        self.wild: list[bool] = []
        """The blocks that may not be finite."""
        self.block = np.full(len(graph.code), -1)
        self.slot = np.full(len(graph.code), -1)
        self.stacks: dict[int, list[int]] = {}
        """The stacks in which each node lies."""
        self.pieces: dict[bool, list[Block]] = {False: [], True: []}
        """What the next stack consists of, if it differs from example to example or not."""
        for group in groups:
            if group.op in LEAVES:
                self.leaves(group, sizes)
            elif group.op == "stack":
                waiting, self.pieces[group.batched] = self.pieces[group.batched], []
                self.stack(group.members, waiting)
            elif group.op == "sum":
                self.sum(group)
            elif isinstance(group, Recurrence):
                self.recurrence(group)
            elif group.op in REDUCTIONS:
                self.reduction(group)
            else:
                self.elementwise(group)

    # ── storing and reading ──────────────────────────────────────────────────────────────────

    def store(self, block: Block, stacked: bool = False) -> None:
        """Add a block whose members lie in its slots in order, or keep it for the next stack."""
        if stacked:
            self.pieces[block.batched].append(block)
            return
        self.block[block.members] = len(self.blocks)
        self.slot[block.members] = np.arange(len(block.members))
        self.append(block)

    def append(self, block: Block) -> None:
        """Add a block."""
        self.wild.append(is_wild(block, self.wild))
        self.blocks.append(block)

    def operand(self, nodes: Ints) -> Operand:
        """Where nodes are stored; an index of PAD for a node of PAD."""
        there = nodes != PAD
        source, index = self.together(nodes[there])
        if source is None:
            return Operand(None, nodes, np.where(there, self.graph.data[nodes], 0.0))
        where = np.full(nodes.shape, PAD)
        where[there] = index
        return Operand(source, where)

    def batched(self, operand: Operand) -> bool:
        """Whether an operand differs from example to example."""
        return operand.source is not None and self.blocks[operand.source].batched

    def order(self, operands: list[Operand]) -> Ints | None:
        """An order of members that reads the first operand which names each of its elements once, straight through."""
        for operand in sorted(operands, key=lambda o: not self.batched(o)):
            several = operand.source is not None and len(operand.index) > 1
            if several and len(distinct(operand.index)) == len(operand.index):
                return np.argsort(operand.index, kind="stable")
        return None

    # ── one kind of group each ───────────────────────────────────────────────────────────────

    def leaves(self, group: Group, sizes: dict[str, int]) -> None:
        """Leaves lie where the caller's arrays have them."""
        self.block[group.members] = len(self.blocks)
        if group.op != "constant":
            self.slot[group.members] = self.graph.data[group.members].astype(np.int64)
        members = np.full(sizes.get(group.op, 0), PAD)
        if group.op != "constant":
            members[self.slot[group.members]] = group.members
        self.append(Block(group.op, members, group.batched))

    def elementwise(self, group: Group) -> None:
        """One operation, element by element."""
        operands = [self.operand(nodes) for nodes in group.operands]
        order = self.order(operands)
        if order is not None:
            operands = [operand.take(order) for operand in operands]
            group.members = group.members[order]
        self.store(Block(group.op, group.members, group.batched, operands), group.stacked)

    def reduction(self, group: Group) -> None:
        """max, min or logsumexp, a row of terms for each member."""
        (flat,) = group.operands
        owner = np.repeat(np.arange(len(group.members)), group.counts)
        source, index = self.together(flat, numbers=False)
        first, segments = np.minimum.reduceat(index, np.cumsum(group.counts) - group.counts), None
        if len(distinct(first)) == len(first):  # members in the order of what they read: rows are read as they lie
            order = np.argsort(first, kind="stable")
            owner = np.argsort(order)[owner]  # the place of each
            group.counts, group.members = group.counts[order], group.members[order]
        index, owner = index[np.lexsort((index, owner))], np.sort(owner)
        if len(group.members) * group.counts.max() > WASTE * len(flat) + SMALL:
            segments = np.concatenate([[0], np.cumsum(group.counts)[:-1]])
        else:
            index = padded(index, owner, group.counts)
        block = Block(group.op, group.members, group.batched, [Operand(source, index)], segments=segments)
        self.store(block, group.stacked)

    def together(self, flat: Ints, numbers: bool = True) -> tuple[int | None, Ints]:
        """One block that holds all these nodes, and their slots; None where they are `numbers`.

        Where they lie in several blocks it is a stack, the last that has them all; a stack with a row per example
        is not for nodes that are the same for all.
        """
        homes = self.block[flat]
        source = int(homes[0])
        if np.all(homes == source):
            if self.blocks[source].op != "constant":
                return source, self.slot[flat]
            if numbers:
                return None, flat
        nodes, batched = distinct(flat), any(self.blocks[home].batched for home in distinct(homes))
        for position in reversed(self.stacks.get(nodes.item(0), [])):
            if self.blocks[position].batched <= batched and np.isin(nodes, self.blocks[position].members).all():
                break
        else:
            position = self.stack(nodes)
        members = self.blocks[position].members
        order = np.argsort(members, kind="stable")
        return position, order[np.searchsorted(members, flat, sorter=order)]

    def stack(self, nodes: Ints, waiting: Sequence[Block] = ()) -> int:
        """A block of the pieces that were waiting for it, and of copies of nodes of several blocks.

        Others go on reading what is copied where it was.
        """
        found = [*((piece, True) for piece in waiting), *((piece, False) for piece in self.copies(nodes))]
        first = [int(piece.members.min()) for piece, _ in found]
        order = sorted(range(len(found)), key=lambda i: (self.graph.level[first[i]] > 0, first[i]))
        found = [found[i] for i in order]  # leaves before products of them
        pieces = [piece for piece, _ in found]
        members = np.concatenate([piece.members for piece in pieces])
        own = np.concatenate([np.full(piece.size, new) for piece, new in found])
        self.block[members[own]] = len(self.blocks)
        self.slot[members[own]] = np.flatnonzero(own)
        for node in members.tolist():
            self.stacks.setdefault(node, []).append(len(self.blocks))
        self.append(Block("stack", members, any(piece.batched for piece in pieces), pieces=pieces))
        return len(self.blocks) - 1

    def copies(self, nodes: Ints) -> Iterator[Block]:
        """Copies of nodes, a block for each of those in which they lie."""
        for source in distinct(self.block[nodes]):
            mine = nodes[self.block[nodes] == source]
            constant = self.blocks[source].op == "constant"
            column = mine[:, None]
            operand = (Operand(None, column, self.graph.data[column]) if constant
                       else Operand(int(source), self.slot[column]))
            yield Block("sum", mine, self.batched(operand), terms=[Term(1, operand)])

    def recurrence(self, group: Recurrence) -> None:
        """Copies of what the steps read, and then the steps."""
        tables = Tables(self.graph, group, [*self.copies(group.operands[0])], len(self.blocks))
        self.block[group.members] = len(self.blocks)
        self.slot[group.members] = tables.slot[group.members]
        self.append(tables.block)

    def sum(self, group: Group) -> None:
        """A sum, or several side by side where they have weights of different sizes."""
        group.classes = [in_one_order(c, len(group.members)) for c in group.classes]
        label = self.sizes_of_products(group)
        if label is None:
            self.store(self.summed(group), group.stacked)
            return
        pieces = [self.summed(group.part(np.flatnonzero(label == which))) for which in range(label.max() + 1)]
        if group.stacked:
            self.pieces[group.batched] += pieces
        else:
            self.stack(np.zeros(0, np.int64), pieces)

    def sizes_of_products(self, group: Group) -> Ints | None:
        """For each member, which of a few sizes its product has; None where all have one, or one must do.

        A few sums of products of different lengths are a size each. Members that share a factor belong to one matrix,
        or to several where not all its rows meet.
        """
        k, products = len(group.members), [c for c in group.classes if c.scale is None and len(c.right)]
        if k == 1 or not products:
            return None
        if len(products) == 1 and k <= SIZES and np.ptp(counts := np.bincount(products[0].owner, minlength=k)):
            return np.unique(counts, return_inverse=True)[1]
        labels = [label for c in products if (label := self.sizes(c, k)) is not None]
        if not labels:
            return None
        _, label = np.unique(np.stack(labels), axis=1, return_inverse=True)
        return label.reshape(-1) if 1 < label.max() + 1 <= SIZES else None

    def sizes(self, c: Class, k: int) -> Ints | None:
        """The same for the products of one class."""
        if self.is_batched(c.left) or not self.is_batched(c.right) or len(distinct(c.owner)) < k:
            return None
        if self.is_constant(c.left) and self.is_by_matrix(c, c.right, k):
            return None
        matrix: Ints = np.zeros(len(c.owner), np.int64)
        if len(distinct(c.owner[c.right == c.right[0]])) < k:  # else all share a factor, and belong to one matrix
            factors, owners = np.concatenate([c.left, c.right]), np.concatenate([c.owner, c.owner])
            matrix = components(np.unique(factors, return_inverse=True)[1], owners)[2][: len(c.owner)]
        if not matrix.any():
            one_size = np.ptp(np.bincount(c.owner)) == 0
            return complete_parts(c.left.reshape(k, -1), c.right.reshape(k, -1)) if one_size else None
        sizes = np.stack([different_per(matrix, of) for of in (c.left, c.right, c.owner)], axis=1)
        _, kind = np.unique(sizes, axis=0, return_inverse=True)
        label = np.zeros(k, np.int64)
        label[c.owner] = kind[matrix]
        return label

    def is_batched(self, nodes: Ints) -> bool:
        """Whether nodes differ from example to example."""
        return any(self.blocks[i].batched for i in distinct(self.block[nodes]))

    def is_constant(self, nodes: Ints) -> bool:
        """Whether nodes are plain numbers."""
        return bool(np.all(self.graph.code[nodes] == CODE["constant"]))

    def is_wild(self, nodes: Ints) -> bool:
        """Whether nodes may not be finite though the results are: 0 times them is not 0."""
        unsure = nodes[np.array(self.wild)[self.block[nodes]]]
        return len(unsure) > 0 and not bool(self.shown[unsure].all())

    @functools.cached_property
    def shown(self) -> Bools:
        """The nodes that are finite where the results are."""
        return shown(self.graph)

    def summed(self, group: Group) -> Block:
        """A sum of matrix products, products and plain terms."""
        k = len(group.members)
        group.classes = [one for c in group.classes for one in self.apart(c, k)]
        is_float = k == 1 and not group.batched
        if (group.mixed and not is_float) or len(group.classes) > READABLE:
            group.classes = self.joined(group.classes, k)
        terms = [self.term(c, k, group.mixed) for c in group.classes]
        main = max(range(len(terms)), key=lambda i: (terms[i].right is not None, len(group.classes[i].left)))
        if terms[main].right is not None and terms[main].segments is None:
            order: Ints | None = np.argsort(terms[main].place, kind="stable")
        else:
            plain = [t.left for t in terms if t.right is None and t.left.index.ndim == 2]
            order = self.order([left.column() for left in sorted(plain, key=lambda left: left.index.shape[1])])
        if order is None or any(t.segments is not None for t in terms):
            order = np.arange(k)
        else:
            group.members = group.members[order]
            terms = [term.take(order) for term in terms]
        terms = sorted(terms, key=lambda t: t.coefficient < 0)
        return Block("sum", group.members, group.batched, terms=terms)

    def apart(self, c: Class, k: int) -> list[Class]:
        """A class of few plain terms as one for each of them, if each reads regularly and together they do not.

        In d[i][k] + d[k][j] the first reads a column and the second a row, which are views; in pairs they are gathered.
        """
        if c.scale is not None:
            return self.scaled_apart(c, c.scale, k)
        m = len(c.left) // k
        if not 1 < m < SEVERAL or k == 1 or (np.bincount(c.owner, minlength=k) != m).any():
            return [c]
        if len(c.right):
            return self.products_apart(c, c.left.reshape(k, m), c.right.reshape(k, m))
        terms = c.left.reshape(k, m).T
        if self.is_constant(c.left) or len(distinct(self.block[c.left])) > 1:
            return [c]
        columns = [self.slot[term] for term in terms]
        if affine(np.sort(self.slot[c.left].reshape(k, m))) or any(len(factored(column)) == 1 for column in columns):
            return [c]
        return [Class(c.sign, np.arange(k), term, c.right) for term in terms]

    def products_apart(self, c: Class, left: Ints, right: Ints) -> list[Class]:
        """The same for few products, if each has data and weights of its own, or all the same weights, and not in rows.

        So a·x + b·y of two vectors is no product of a matrix of both with two numbers.
        """
        in_rows = True
        for rows in (left, right):
            columns = self.slot[rows.T]
            if len(distinct(self.block[rows])) > 1 or any(affine(column) is None for column in columns):
                return [c]
            if len(distinct(rows)) == rows.size:
                found = affine(columns.T)
                in_rows &= found is not None and found.extent is not None
            elif self.is_batched(rows) or np.ptp(columns, axis=1).any():
                return [c]
        if in_rows:
            return [c]
        return [Class(c.sign, np.arange(len(left)), *term) for term in zip(left.T, right.T, strict=True)]

    def scaled_apart(self, c: Class, scale: Floats, k: int) -> list[Class]:
        """Numbers times few nodes for each member as a class for each of these, which reads none twice if that can be.

        In a rotation, c·p - s·q and s·p + c·q, one reads p and q, the other q and p. What has fewer terms takes 0 times
        a node that nobody reads.
        """
        counts = np.bincount(c.owner, minlength=k)
        if c.left[0] == PAD or self.is_by_matrix(c, c.left, k) or not 0 < counts.min() <= counts.max() < SEVERAL or (
                self.is_wild(c.left)):
            return [c]
        columns = range(int(counts.max()))
        rows, numbers = np.full((len(columns), k), PAD), np.zeros((len(columns), k))
        unread = [dict.fromkeys(distinct(c.left).tolist()) for _ in columns]
        for i in np.lexsort((c.left, c.owner)).tolist():
            member, node = int(c.owner[i]), int(c.left[i])
            free = [column for column in columns if rows[column, member] == PAD]
            column = next((column for column in free if node in unread[column]), free[0])
            rows[column, member], numbers[column, member] = node, scale[i]
            unread[column].pop(node, None)
        for row, others in zip(rows, unread, strict=True):
            empty = np.flatnonzero(row == PAD)
            row[empty] = [*others, *itertools.repeat(c.left[0], len(empty))][: len(empty)]
        return [Class(1, np.arange(k), row, c.right, number) for row, number in zip(rows, numbers, strict=True)]

    def is_by_matrix(self, c: Class, nodes: Ints, k: int) -> bool:
        """Whether sums of numbers times nodes take less time as a product with a matrix, most of which may be 0."""
        nodes = distinct(nodes)
        source = self.operand(nodes).source
        return source is not None and not self.is_wild(nodes) and k * len(nodes) * MULTIPLY <= len(c.left) * READ

    def joined(self, classes: list[Class], k: int) -> list[Class]:
        """The classes, of which several small ones become one, whose factors lie side by side.

        Each has one product per member, or as many terms for every member.
        """
        for sign, products in itertools.product((1, -1), (True, False)) if len(classes) >= SEVERAL else ():
            same = [c for c in classes if c.sign == sign and c.scale is None and bool(len(c.right)) == products
                    and np.ptp(np.bincount(c.owner, minlength=k)) == 0]
            one = [c for c in same if products and len(c.left) == k <= NARROW]
            more = [c for c in same if k < len(c.left)]
            several = one if len(one) >= SEVERAL else more
            if len(several) >= SEVERAL and sum(len(c.left) for c in several) <= SMALL:
                classes = [c for c in classes if c not in several] + [self.side_by_side(several)]
        return classes if self.read else self.as_one_matrix(classes, k)

    def as_one_matrix(self, classes: list[Class], k: int) -> list[Class]:
        """The classes, of which several with weights for the same data become one where one matrix takes less time."""
        alike: dict[tuple[int, int], list[Class]] = {}
        for c in classes:
            if len(c.right) and c.scale is None and self.is_batched(c.right) and not self.is_batched(c.left):
                alike.setdefault((c.sign, self.home(c.right)), []).append(c)
        for several in alike.values():
            cells = k * len(distinct(np.concatenate([c.right for c in several])))
            if cells * (MULTIPLY + WEIGHT) < STATEMENT * (len(several) - 1):
                classes = [c for c in classes if c not in several] + [self.side_by_side(several)]
        return classes

    def side_by_side(self, classes: list[Class]) -> Class:
        """Classes as one: what most products have as a factor is on the left."""
        sides = [side for c in classes for side in (c.left, c.right) if len(side)]
        homes = Counter(map(self.home, sides))
        turned = [c.turned if len(c.right) and homes[self.home(c.left)] < homes[self.home(c.right)] else c
                  for c in classes]
        owner, left, right = (np.concatenate([getattr(c, side) for c in turned]) for side in ("owner", "left", "right"))
        order = np.argsort(owner, kind="stable")
        return Class(classes[0].sign, owner[order], left[order], right[order] if len(right) else right)

    def home(self, nodes: Ints) -> int:
        """The block of the first of some nodes."""
        return int(self.block[nodes[0]])

    def term(self, c: Class, k: int, mixed: bool) -> Term:
        """The terms of one class, as a product of matrices where it can be, if `mixed` with a matrix of mostly 0."""
        if c.scale is not None:
            return self.scaled(c, c.scale, k)
        counts = np.bincount(c.owner, minlength=k)
        wasteful = counts.min() > 0 and k * int(counts.max()) > WASTE * len(c.owner) + SMALL
        left = self.operand(c.left)
        if not len(c.right):
            if left.numbers is not None:
                return self.constants(c, left.numbers, k)
            if wasteful:
                return Term(c.sign, left, segments=np.concatenate([[0], np.cumsum(counts)[:-1]]))
            order = np.lexsort((left.index, c.owner))
            left.index = padded(left.index[order], c.owner, counts)
            return Term(c.sign, left)
        right = self.operand(c.right)
        if left.numbers is not None and right.numbers is not None:
            return self.constants(c, left.numbers * right.numbers, k)
        for constant, other in ((left, right), (right, left)):
            if constant.number is not None and other.source is not None and (counts == 1).all():
                other.index = other.index[:, None]
                return Term(c.sign * constant.number, other)
        term = self.product(c, counts)
        return (self.completed(c, term, k) if mixed else None) or term

    def scaled(self, c: Class, scale: Floats, k: int) -> Term:
        """Numbers times nodes, added up: a matrix of numbers, or rows of their own for each member."""
        if c.left[0] == PAD:
            return self.constants(c, scale, k)
        nodes, column = np.unique(c.left, return_inverse=True)
        right = self.operand(nodes)
        if self.is_by_matrix(c, c.left, k):
            cells: Floats = np.bincount(c.owner * len(nodes) + column, scale, k * len(nodes)).astype(np.float64)
            matrix = cells.reshape(1, k, len(nodes))
            order = np.argsort(right.index)
            right = Operand(right.source, right.index[None, None, order])
            left = Operand(None, np.zeros(matrix.shape, np.int64), matrix[:, :, order])
            weights = self.batched(right)
            return Term(1, *((left, right) if weights else (right, left)), weights=weights, place=np.arange(k))
        order = np.lexsort((c.left, c.owner))
        owner, counts = c.owner[order], np.bincount(c.owner, minlength=k)
        rows = padded(c.left[order], owner, counts)[:, None]
        left = Operand(None, np.zeros(rows.shape, np.int64), padded(scale[order], owner, counts, 0.0)[:, None])
        term = Term(1, left, self.operand(rows), place=np.arange(k))
        return term.take(np.arange(k))

    def constants(self, c: Class, numbers: Floats, k: int) -> Term:
        """Terms that are plain numbers, added up."""
        total: Floats = np.bincount(c.owner, numbers, k).astype(np.float64)[:, None]
        return Term(c.sign, Operand(None, np.zeros(total.shape, np.int64), total))

    def completed(self, c: Class, term: Term, k: int) -> Term | None:
        """The terms as one product with a matrix of weights, most of which may be 0, where that takes less time."""
        weights, nodes = c.left, c.right
        if not (self.is_batched(nodes) or self.is_constant(weights)):
            weights, nodes = nodes, weights
        batched, constant = self.is_batched(nodes), self.is_constant(weights)
        beyond = self.cost(term, batched)
        if not beyond or self.is_batched(weights) or self.is_wild(nodes) or not (batched or constant):
            return None
        columns, column = np.unique(nodes, return_inverse=True)
        cells, size = c.owner * len(columns) + column, k * len(columns)
        cost = size * (MULTIPLY if batched else ONCE) + size * WEIGHT * (not constant)
        if cost > beyond or len(distinct(cells)) < len(cells):
            return None
        matrix = np.full(size, PAD)
        matrix[cells] = weights
        right = self.operand(columns)
        order = np.argsort(right.index)
        left = self.operand(matrix.reshape(k, -1)[None, :, order])
        right.index = right.index[None, None, order]
        return Term(c.sign, left, right, weights=batched, place=np.arange(k))

    def cost(self, term: Term, batched: bool) -> float:
        """About how long a product takes beyond what must be: to read from anywhere, and to multiply bit by bit."""
        left, right = term.left, term.right
        assert right is not None
        if term.segments is not None:
            return READ * left.index.size if batched else GATHER
        h, _, n = left.index.shape
        scattered = any(affine(side.index) is None for side in (left, right) if self.batched(side) or not batched)
        if not batched:
            return GATHER if scattered else 0.0
        if term.elementwise:
            return READ * left.index.size if n > 1 else 0.0
        # Windows times weights say more to a reader than a matrix of zeros: that must save some statements.
        least = 2 * STATEMENT if self.read else 0.0
        read = max(0.0, READ * (right if term.weights else left).index.size - least) if scattered else 0.0
        small = PRODUCT * h + MULTIPLY * left.index.size * right.index.shape[1] if h > 1 < n else 0.0
        placed = 0.0 if np.array_equal(np.sort(term.place), np.arange(term.places)) else READ * len(term.place)
        return read + small + placed

    def product(self, c: Class, counts: Ints) -> Term:
        """A term as products of matrices, or ragged as it is."""
        k = len(counts)
        if counts.min() == counts.max():
            return self.products(c, c.left.reshape(k, -1), c.right.reshape(k, -1))
        rows = aligned(c.left, c.right, c.owner, k, WASTE if counts.min() else len(c.owner), SMALL)
        if rows is not None:
            return self.products(c, *rows)
        empty = np.flatnonzero(counts == 0)  # a run has at least one element: there it is one that counts as 0
        order = np.argsort(np.append(c.owner, empty), kind="stable")
        nothing = np.full(len(empty), PAD)
        left, right = (self.operand(np.append(side, nothing)[order]) for side in (c.left, c.right))
        return Term(c.sign, left, right, segments=np.concatenate([[0], np.cumsum(np.maximum(counts, 1))[:-1]]))

    def products(self, c: Class, left: Ints, right: Ints) -> Term:
        """A term as H products of matrices, from the rows of nodes that each member multiplies."""
        lefts, left_of = rows_of(left)
        rights, right_of = rows_of(right)
        if len(left) == 1:
            # The terms of a single sum in the order of what they read, so that they are read as a run.
            order = np.lexsort((self.slot[rights[0]], self.slot[lefts[0]]))
            lefts, rights = lefts[:, order], rights[:, order]
        left_rows, right_rows, h, i, j = components(left_of, right_of)
        pairs, common = left_rows.size * right_rows.shape[1], not (self.is_batched(lefts) or self.is_batched(rights))
        one_number = lefts.size == 1 and not self.is_batched(lefts[0]) and len(left) > 1
        several = common and lefts.shape[1] == 1 and pairs > len(left)
        if one_number or several or pairs > WASTE * len(left) + SMALL * (len(left) > 1):
            # Too few pairs meet, or one number is for all: each member is a product of its own.
            left_rows = right_rows = np.arange(len(left))[:, None]
            lefts, rights = left, right
            h, i, j = np.arange(len(left)), np.zeros(len(left), np.int64), np.zeros(len(left), np.int64)
        operands = self.operand(lefts[left_rows]), self.operand(rights[right_rows])
        weights = not self.batched(operands[0]) and self.batched(operands[1])
        k1, k2 = left_rows.shape[1], right_rows.shape[1]
        place = (h * k2 + j) * k1 + i if weights else (h * k1 + i) * k2 + j
        term = Term(c.sign, *operands, weights=weights, place=place)
        return term.take(np.arange(len(left))) if term.elementwise else term


def reroll(
    graph: Canonical, groups: list[Group], sizes: dict[str, int], read: bool = True,
) -> tuple[list[Block], list[tuple[int, int]]]:
    """The blocks of a graph, and block and slot of each of its roots; `sizes` are those of the leaves' arrays.

    What is not `read` by people is laid out for speed alone.
    """
    pass_ = Reroller(graph, groups, sizes, read)
    return pass_.blocks, [(int(pass_.block[root]), int(pass_.slot[root])) for root in graph.roots]
