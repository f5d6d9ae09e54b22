"""Recurrences: scalars that wait for one another through many levels, computed step by step where tables say.

The diagonals of dynamic programming differ in length, and at its borders fewer neighbours are read. So do the rows of
a triangle, or what is left of a matrix that is updated in place. As groups each of them is unlike the one before. Here
one array holds them all: a step computes a few more numbers of it by each of a few operations, as many in every step.
Which numbers these read is in tables. What is missing in a step reads numbers that make no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.blocks.block import Block, Operand, Table, Term
from autograd.compiler.blocks.group import PIECES, READ, STATEMENT, Class, Group
from autograd.compiler.blocks.pad import NEUTRAL
from autograd.compiler.blocks.views import PAD
from autograd.compiler.scalars.graph import CODE, CODES, LEAVES, NONE, Canonical, Ints, distinct, mix, spans
from autograd.compiler.scalars.levels import REDUCTIONS

FEWEST = 3
"""So many times what repeats is there, at least."""

FEW, MORE = 5, 9
"""A step is of so many operations at most: of more a reader makes nothing. Where the text is very long otherwise it may
be of a few more, and products with weights may be among them."""

UNLIKE = 6
"""So many groups that do not repeat are worth a look."""

WIDER = 2
"""So many times the members of the groups in the middle, or their terms, are too many for a step."""

FEWER = 1 / 16
"""For a group more in it, a recurrence may take so many times longer than all groups."""

SLOWER = 10
"""A recurrence may do so many times the work of the groups: most of it is to read what makes no difference."""

APART = 3
"""Up to so many terms of a sum are read one by one; more are rows, which are added up."""

NOTHING, ONE = 0, 1
"""The first numbers of the array: 0, which is read where a sum has no term, and 1, where a step has no scalar. The
gradients that arrive there are for nobody."""


def repeated(patterns: Sequence[object]) -> list[tuple[int, int, int]]:
    """Begin, period and length of every run in which patterns repeat often enough, those that save most first."""
    numbers: dict[object, int] = {}
    codes = np.array([numbers.setdefault(pattern, len(numbers)) for pattern in patterns])
    found = []
    for period in range(1, len(codes) // FEWEST + 1):
        same = np.concatenate([[False], codes[:-period] == codes[period:], [False]])
        edges = np.flatnonzero(same[1:] != same[:-1])
        for begin, end in edges.reshape(-1, 2).tolist():
            if end - begin >= (FEWEST - 1) * period:
                found.append((begin, period, end - begin + period))
    return sorted(found, key=savings)


def savings(run: tuple[int, int, int]) -> tuple[int, int, int]:
    """By what runs are sorted: those that save most come first, of these the shorter steps, from the first on."""
    begin, period, length = run
    return -(length // period - 1) * period, period, begin


@dataclass(eq=False)
class Recurrence(Group):
    """A group of scalars that wait for one another: `steps` says of each step the members of each operation."""

    steps: list[list[Ints]] = field(default_factory=list)


# ── which groups become one ───────────────────────────────────────────────────────────────────────


def with_recurrence(graph: Canonical, found: list[Group], least: float, most: int) -> list[Group]:
    """The groups, with a recurrence in the place of those that do not repeat, if that does not take much longer.

    `least` is how many statements must be saved, `most` how many operations a step may be of.
    """
    computing = [group for group in found if group.op not in LEAVES]
    if not computing:
        return found
    batched = any(group.batched for group in computing)
    mine = [group for group in computing if group.batched == batched]
    best = Candidate.best(graph, mine, most)
    if best:
        best = min(best.in_parts(), key=lambda made: made.operations * made.cost)
    if best is None or best.cost > SLOWER * best.now or best.saved < least:
        return found
    gone = {id(group) for group in best.groups}
    place = max(i for i, group in enumerate(found) if id(group) in gone)
    made = best.recurrence()
    after = [joined(group, set(made.members.tolist())) for group in found[place + 1 :]]
    return [*(group for group in found[:place] if id(group) not in gone), made, *after]


def without_ends(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """The groups without those of some first and of the last levels that do not look like those in the middle.

    What is computed for all steps before the first, and from all after the last, has more members or terms.
    """
    if not groups:
        return
    computing = [group for group in groups if group.op != "stack"]
    last = max(group.level for group in groups)
    most: dict[str, tuple[int, float]] = {}
    for group in computing:
        if last <= 4 * group.level <= 3 * last:
            width, terms = most.get(group.op, (0, 0.0))
            most[group.op] = max(width, len(group.members)), max(terms, terms_of(group))
    others = [group.level for group in computing if group.op not in most or len(group.members) > WIDER * most[
        group.op][0] or terms_of(group) > WIDER * most[group.op][1]]
    high = min((level for level in others if 2 * level >= last), default=last + 1)
    lows = sorted({level for level in others if 2 * level < last})
    for low in (0, *(low for low in lows if low <= FEW)):
        yield [group for group in groups if low < group.level < high]


def terms_of(group: Group) -> float:
    """How many scalars a member reads, in the mean."""
    return sum(map(len, group.reads())) / len(group.members)


def joined(group: Group, inside: set[int]) -> Group:
    """A group of which the plain terms that read a recurrence are of one class, for each sign."""
    classes: dict[Any, list[Class]] = {}
    for i, terms in enumerate(group.classes):
        plain = terms.scale is None and not len(terms.right) and int(terms.left[0]) in inside
        classes.setdefault(terms.sign if plain else (i,), []).append(terms)
    result = []
    for several in classes.values():
        owner, left = (np.concatenate([getattr(terms, side) for terms in several]) for side in ("owner", "left"))
        order = np.argsort(owner, kind="stable")
        result.append(several[0] if len(several) == 1 else Class(
            several[0].sign, owner[order], left[order], several[0].right))
    return replace(group, classes=result)


def unlike(patterns: Sequence[object]) -> int:
    """The number of patterns that are not of those that repeat."""
    alone = np.ones(len(patterns), dtype=bool)
    for begin, _, length in repeated(patterns):
        alone[begin : begin + length] = False
    return int(alone.sum())


def cost_of(group: Group) -> float:
    """About how many microseconds a group takes."""
    return STATEMENT + READ * sum(map(len, group.reads()))


def is_by_weights(graph: Canonical, group: Group) -> bool:
    """Whether a group is a product with a matrix of weights: that is what it should be read as."""
    return any(terms.scale is None and 2 * max(len(group.members), len(distinct(terms.right))) <= len(terms.right)
               and (graph.code[terms.left] == CODE["parameter"]).all() for terms in group.classes if group.batched)


@dataclass
class Candidate:
    """A recurrence in the place of the groups of some levels."""

    graph: Canonical
    groups: list[Group]
    most: int
    """How many operations a step may be of."""
    nodes: Ints
    """Their scalars, and the `level` of each."""
    level: Ints
    time: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    """Of each scalar, the number of the operation that computes it: step · operations + which of them."""
    operations: int = 0
    statements: int = 0
    """How many operations all steps are."""
    cost: float = 0.0
    """About how many microseconds it takes."""

    @property
    def now(self) -> float:
        """About how many the groups take."""
        return sum(map(cost_of, self.groups))

    @property
    def saved(self) -> int:
        """How many statements fewer a reader sees, forward and backward."""
        patterns = [(group.op, len(group.members), *(len(nodes) for nodes in group.reads())) for group in self.groups]
        return unlike(patterns) - 2 * self.operations

    @classmethod
    def of(cls, graph: Canonical, groups: list[Group], most: int) -> Candidate | None:
        """That of these groups, by operations; None where there is none."""
        computing = [group for group in groups if group.op != "stack"]
        known = PIECES | {ops.detach.name} if most > FEW else PIECES
        if len(computing) < UNLIKE or any(group.op not in known for group in computing):
            return None
        if most == FEW and any(is_by_weights(graph, group) for group in computing):
            return None
        nodes = np.concatenate([group.members for group in computing])
        level = np.concatenate([np.full(len(group.members), group.level) for group in computing])
        order = np.argsort(level, kind="stable")
        return cls(graph, groups, most, nodes[order], level[order]).by(graph.code[nodes[order]])

    @classmethod
    def best(cls, graph: Canonical, groups: list[Group], most: int) -> Candidate | None:
        """That of most of these groups, without some at both ends: how few stay outside counts, and the time."""
        made = [found for inside in without_ends(groups) if (found := cls.of(graph, inside, most))]
        now = sum(map(cost_of, groups))
        return min(made, default=None, key=lambda found: (found.cost - found.now) / now - FEWER * len(found.groups))

    def by(self, kinds: Ints) -> Candidate | None:
        """The same with an operation of each step for each kind of nodes; None where these are too many."""
        _, kind = np.unique(kinds, return_inverse=True)
        if kind.max() >= self.most:
            return None
        times, operations = scheduled(self.graph, self.nodes, self.level, kind)
        return min((self.at(time, operations) for time in times), key=lambda made: made.cost)

    def at(self, time: Ints, operations: int) -> Candidate:
        """The same with the times at which the scalars are computed."""
        counts = np.bincount(time, minlength=(int(time.max()) // operations + 1) * operations).reshape(-1, operations)
        reads = sum(width * reads_of(self.graph, self.nodes[time % operations == which])
                    for which, width in enumerate(counts.max(0)))
        cost = len(counts) * (STATEMENT * operations + READ * reads)
        return replace(self, time=time, operations=operations, statements=counts.size, cost=cost)

    def in_parts(self) -> Iterator[Candidate]:
        """The same, with operations for sums of few and many terms, or of each kind, or for each kind of operands."""
        graph, nodes = self.graph, self.nodes
        terms = spans(graph.first[nodes], np.diff(graph.first)[nodes])
        owner = np.repeat(np.arange(len(nodes)), np.diff(graph.first)[nodes])
        signs = np.zeros(len(nodes), np.int64)
        np.bitwise_or.at(signs, owner, 1 << 2 * (graph.right[terms] != NONE) + (graph.sign[terms] > 0))
        number = np.diff(graph.start)[nodes]
        number[np.isin(graph.code[nodes], [CODES.index(name) for name in REDUCTIONS])] = 0
        kinds = graph.code[nodes]
        for place in range(number.max(initial=0)):
            there = number > place
            read = graph.args[np.where(there, graph.start[nodes] + place, 0)]
            kinds = mix(kinds, np.where(there, graph.code[read], NONE))
        rows = (np.diff(graph.first)[nodes] > APART).astype(np.int64)
        made = [self, *map(self.by, (mix(graph.code[nodes], rows), mix(graph.code[nodes], signs), kinds))]
        return (each for each in made if each)

    def recurrence(self) -> Recurrence:
        """The group."""
        ordered = np.lexsort((self.nodes, self.time))
        cuts = np.searchsorted(self.time[ordered], np.arange(1, int(self.time.max()) // self.operations * (
            self.operations) + self.operations))
        members = np.split(self.nodes[ordered], cuts)
        steps = [members[begin : begin + self.operations] for begin in range(0, len(members), self.operations)]
        outside = np.setdiff1d(below(self.graph, self.nodes)[0], self.nodes)
        batched = self.groups[0].batched
        return Recurrence("recurrence", self.nodes[ordered], batched, [outside], level=int(self.level[0]), steps=steps)


def reads_of(graph: Canonical, nodes: Ints) -> int:
    """How many scalars each of these nodes reads at most."""
    terms = np.diff(graph.first)[nodes].max(initial=0)
    products = any((graph.right[graph.first[node] : graph.first[node + 1]] != NONE).any() for node in nodes[:1])
    return int(np.diff(graph.start)[nodes].max(initial=0) + terms * (1 + products))


def below(graph: Canonical, nodes: Ints) -> tuple[Ints, Ints]:
    """What nodes read, and which of the nodes reads it."""
    which = np.arange(len(nodes))
    counts, number = np.diff(graph.start)[nodes], np.diff(graph.first)[nodes]
    terms = spans(graph.first[nodes], number)
    read = np.concatenate([graph.args[spans(graph.start[nodes], counts)], graph.left[terms], graph.right[terms]])
    owner = np.concatenate([np.repeat(which, counts), np.repeat(which, number), np.repeat(which, number)])
    return read[read != NONE], owner[read != NONE]


def scheduled(graph: Canonical, nodes: Ints, level: Ints, kind: Ints) -> tuple[list[Ints], int]:
    """When each node is computed, as early as what it reads allows, and as late as what reads it does.

    Each step does the operations, of which there are so many, in one order.
    """
    operations = int(kind.max()) + 1
    place = np.argsort(in_turn(graph, nodes, kind, operations))[kind]
    early, late = np.full((2, len(graph.code) + 1), -1)
    levels = [(which, *below(graph, nodes[which]))
              for which in np.split(np.arange(len(nodes)), np.flatnonzero(np.diff(level)) + 1)]
    for which, read, owner in levels:
        ready = np.full(len(which), -1)
        np.maximum.at(ready, owner, early[read])
        early[nodes[which]] = ((ready - place[which]) // operations + 1) * operations + place[which]
    never = int(early.max()) + operations
    until = np.full(len(graph.code) + 1, never)
    for which, read, owner in reversed(levels):
        mine, end = nodes[which], until[nodes[which]]
        late[mine] = np.where(end == never, early[mine],
                              (end - 1 - place[which]) // operations * operations + place[which])
        np.minimum.at(until, read, late[mine][owner])
    return [early[nodes], late[nodes]], operations


def in_turn(graph: Canonical, nodes: Ints, kind: Ints, operations: int) -> list[int]:
    """The kinds in an order in which each reads those before it and not those behind it, as far as that can be.

    That of the first node comes first.
    """
    of = np.full(len(graph.code) + 1, NONE)
    of[nodes] = kind
    read, owner = below(graph, nodes)
    inside = of[read] != NONE
    edges = np.zeros((operations, operations), np.int64)
    np.add.at(edges, (of[read[inside]], kind[owner[inside]]), 1)
    np.fill_diagonal(edges, 0)
    order = [int(kind[0])]
    while len(order) < operations:
        left = [which for which in range(operations) if which not in order]
        order.append(max(left, key=lambda which: (-edges[left, which].sum(), edges[order, which].sum())))
    return order


# ── the block ─────────────────────────────────────────────────────────────────────────────────────


class Tables:
    """The block of a recurrence: where each scalar lies in its array, and what each step reads where."""

    def __init__(self, graph: Canonical, group: Recurrence, copies: Sequence[Block], position: int) -> None:
        self.graph = graph
        self.steps = group.steps
        self.position = position
        self.neutral = [0.0, 1.0, *sorted({NEUTRAL[self.op(which)] for which in range(len(self.steps[0]))
                                           if self.op(which) in NEUTRAL})]
        first = Block("sum", np.full(len(self.neutral), PAD), False, terms=[Term(1, self.numbers())])
        pieces = [first, *copies]
        self.widths = [max(len(step[which]) for step in self.steps) for which in range(len(self.steps[0]))]
        self.slot = np.full(len(graph.code), NONE)
        begin = 0
        for piece in pieces:
            self.slot[piece.members[piece.members != PAD]] = begin + np.flatnonzero(piece.members != PAD)
            begin += piece.size
        for step in self.steps:
            for members, width in zip(step, self.widths, strict=True):
                self.slot[members] = begin + np.arange(len(members))
                begin += width
        columns = [self.pieces(which, group.batched) for which in range(len(self.widths))]
        pieces += [piece for row in zip(*columns, strict=True) for piece in row]
        members = np.concatenate([piece.members for piece in pieces])
        self.block = Block("recurrence", members, group.batched, pieces=pieces, dead=members == PAD)

    def op(self, which: int) -> str:
        """The name of an operation."""
        return CODES[next(int(self.graph.code[step[which][0]]) for step in self.steps if len(step[which]))]

    def numbers(self) -> Operand:
        """The numbers that make no difference."""
        return Operand(None, np.zeros((len(self.neutral), 1), np.int64), np.array(self.neutral)[:, None])

    def pieces(self, which: int, batched: bool) -> list[Block]:
        """What each step computes by one operation."""
        op, steps = self.op(which), [step[which] for step in self.steps]
        members = [np.append(nodes, np.full(self.widths[which] - len(nodes), PAD)) for nodes in steps]
        if op == "sum":
            terms = self.terms(steps, which)
            return [Block(op, mine, batched, terms=[made[i] for made in terms]) for i, mine in enumerate(members)]
        if op in REDUCTIONS:
            operands = [self.read(self.rows(nodes, which) for nodes in steps)]
        else:
            number = int(np.diff(self.graph.start)[np.concatenate(steps)[0]])
            operands = [self.elements([self.graph.args[self.graph.start[nodes] + place] for nodes in steps], which)
                        for place in range(number)]
        return [Block(op, mine, batched, [read[i] for read in operands]) for i, mine in enumerate(members)]

    def elements(self, steps: Sequence[Ints], which: int) -> list[Operand]:
        """One node for each member, or its number, if it is a constant for all members of all steps."""
        if (self.graph.code[np.concatenate(steps)] == CODE["constant"]).all():
            numbers = [self.filled(self.graph.data[nodes], which, self.graph.data[np.concatenate(steps)[0]])
                       for nodes in steps]
            return [Operand(None, np.zeros(len(each), np.int64), each) for each in numbers]
        return self.read(self.filled(self.slot[nodes], which) for nodes in steps)

    def filled(self, items: Any, which: int, other: Any = ONE) -> Any:
        """What there is for members, and something else for what a step lacks."""
        row = np.full(self.widths[which], other, items.dtype)
        row[: len(items)] = items
        return row

    def rows(self, nodes: Ints, which: int) -> Ints:
        """Where the terms of a reduction lie, a row for each member."""
        counts = np.diff(self.graph.start)
        most = max(int(counts[step[which]].max(initial=0)) for step in self.steps)
        index = np.full((self.widths[which], most), self.neutral.index(NEUTRAL[self.op(which)]))
        index[len(nodes) :] = ONE
        for row, node in enumerate(nodes):
            begin, number = self.graph.start[node], counts[node]
            index[row, :number] = np.sort(self.slot[self.graph.args[begin : begin + number]])
        return index

    def terms(self, steps: Sequence[Ints], which: int) -> list[list[Term]]:
        """The terms of a sum, of each kind those of all steps; those of a member in the order in which they lie."""
        graph, width = self.graph, self.widths[which]
        nodes = np.concatenate(steps)
        member = np.concatenate([i * width + np.arange(len(mine)) for i, mine in enumerate(steps)])
        counts = np.diff(graph.first)[nodes]
        every, owner = spans(graph.first[nodes], counts), np.repeat(member, counts)
        is_product = graph.right[every] != NONE
        made: list[list[Term]] = []
        for sign, product in ((1, False), (1, True), (-1, False), (-1, True)):
            chosen = (graph.sign[every] == sign) & (is_product == product)
            mine, of = every[chosen], owner[chosen]
            left = self.slot[graph.left[mine]]
            right = self.slot[graph.right[mine]] if product else left
            first, second = np.minimum(left, right), np.maximum(left, right)
            order = np.lexsort((second, first, of))
            number = np.bincount(of, minlength=len(steps) * width)
            most = int(number.max(initial=0))
            place = spans(np.zeros_like(number), number)
            sides = np.full((1 + product, len(steps) * width, most), NOTHING)
            for side, slots in zip(sides, (first, second), strict=False):
                side[of[order], place] = slots[order]
            indices = sides.reshape(1 + product, len(steps), width, most)
            cuts = [slice(i, i + 1) for i in range(most)] if most <= APART else [slice(None)] if most else []
            for cut in cuts:
                one, *other = (self.read(iter(index[:, :, None, cut] if product else index[:, :, cut]))
                               for index in indices)
                row = np.arange(width)
                made.append([Term(sign, read, other[0][i], place=row) if product else Term(sign, read)
                             for i, read in enumerate(one)])
        return made

    def read(self, indices: Iterator[Ints]) -> list[Operand]:
        """Operands that read the array itself, one for each step."""
        found = list(indices)
        real = [index[index >= len(self.neutral)] for index in found]
        once = all(len(distinct(each)) == each.size for each in real)
        places = None if once else max(len(distinct(index)) for index in found)
        return [Operand(self.position, index, table=Table(places)) for index in found]
