"""Gather nodes that do the same into groups: the vectors and matrices hidden in a scalar graph.

From the leaves up, nodes with the same operation whose operands lie in the same groups join one
group. For a sum what counts is the set of its terms' signs and groups, not their number, so that ragged
sums (causal attention, a padded border) stay together, and constants do not count: adding nothing is adding 0, as a
mask does. Where every sum of a group has a single term +l, as in 0 + l, they are that term and need no group. Members
keep creation order.

Groups that do the same, but with operands of different groups, would part all that follows. They become one where
what is saved is worth what it costs (`fused`); then what they read is laid in one array, a `stack`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from autograd import ops
from autograd.compiler.blocks.block import tame
from autograd.compiler.scalars.canonical import shown
from autograd.compiler.scalars.graph import (
    CODES,
    LEAVES,
    NONE,
    SUM,
    Bools,
    Canonical,
    Floats,
    Ints,
    computing,
    distinct,
    hash_sums,
    mix,
    numbered,
    offsets,
    places_of,
    spans,
)
from autograd.compiler.scalars.levels import CONSTANT, REDUCTIONS, Stages, chosen_levels, oriented, signatures

STATEMENT, READ, MULTIPLY, GATHER, PRODUCT = 12.0, 0.6, 0.017, 15.0, 5.5
"""Microseconds for 64 examples, forward and backward: a statement and what it parts later on, a number that is read
from anywhere, a multiplication in a product of matrices, what it takes to read from anywhere at all, and a product of
matrices of its own for every example."""

ONCE, WEIGHT = 0.001, 0.006
"""Microseconds for what is the same for all examples: a multiplication in a product of a matrix and a vector, and to
write a weight into a matrix and read its gradient from one."""


VERSIONS = 4
"""So many sums of the same term are kept apart."""

PLACES = 3
"""An operation that is no reduction has so many operands, at most."""


@dataclass(eq=False)
class Class:
    """The terms of one group of sums that have the same sign and factors from the same groups.

    `owner` is the position of each term's sum among the members; `right` is empty where the terms are plain, or
    numbers (`scale`) times what is `left`.
    """

    sign: int
    owner: Ints
    left: Ints
    right: Ints
    scale: Floats | None = None

    @property
    def turned(self) -> Class:
        """The same terms, right times left."""
        return Class(self.sign, self.owner, self.right, self.left)

    @property
    def signed(self) -> Class:
        """Numbers that all are 1, or all -1, as a sign."""
        if self.scale is None or np.any(np.abs(self.scale) != 1) or np.any(self.scale != self.scale[0]):
            return self
        return Class(self.sign * int(self.scale[0]), self.owner, self.left, self.right)

    def of(self, owner: Ints) -> Class:
        """The same terms for other members, in their order; those of NONE are left out."""
        order = np.argsort(owner, kind="stable")[np.count_nonzero(owner == NONE) :]
        right = self.right[order] if len(self.right) else self.right
        scale = None if self.scale is None else self.scale[order]
        return Class(self.sign, owner[order], self.left[order], right, scale)


@dataclass
class Group:
    """Nodes of one operation with operands in the same groups.

    `operands` holds, for an elementwise operation, one array of nodes per operand; a reduction has a
    single flat array, cut into members by `counts`; a sum has `classes` instead.

    A "stack" lays the groups before it that are `stacked`, and copies of its members, in one array.
    """

    op: str
    members: Ints
    batched: bool
    operands: list[Ints] = field(default_factory=list)
    counts: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    classes: list[Class] = field(default_factory=list)
    stacked: bool = False
    level: int = 0
    mixed: bool = True
    """Whether its terms may be laid side by side."""

    def part(self, which: Ints) -> Group:
        """The group of some members of a sum, in order."""
        place = np.full(len(self.members), NONE)
        place[which] = np.arange(len(which))
        classes = [terms.of(place[terms.owner]) for terms in self.classes]
        return Group(self.op, self.members[which], self.batched, classes=[c for c in classes if len(c.owner)])

    def reads(self) -> Iterator[Ints]:
        """The nodes that it reads, operand by operand."""
        yield from self.operands
        for terms in self.classes:
            yield terms.left
            yield terms.right


PIECES = frozenset(op.name for op in ops.ROWS.values() if op.recorded and op is not ops.where
                   and (isinstance(op, ops.Reduction) or not ops.is_comparison(op)))
"""The operations that may be part of a stack: selections, and the truth values that they read, are for themselves."""


Kinds = frozenset[tuple[int, ...]]
"""What groups read: other groups, or the signs of terms and the groups of their factors."""


def check_groups(graph: Canonical, found: list[Group]) -> None:
    """Raise AssertionError unless every living node is in one group, after those that its group reads."""
    computing = [group for group in found if group.op != "stack"]
    times = np.bincount(np.concatenate([g.members for g in computing]), minlength=len(graph.code))
    assert np.array_equal(times, graph.alive), "a node is in no group, or in two"
    there = np.append(np.zeros(len(graph.code), dtype=bool), True)
    for group in found:
        for nodes in group.reads():
            assert there[nodes].all(), "a group reads one that follows"
        for c in group.classes:
            assert len(c.owner) == len(c.left), "a term has no owner"
            assert np.all(c.owner < len(group.members)), "a term belongs to no member"
        there[group.members] = True


def groups(graph: Canonical, stages: Stages | None = None, mixed: bool = True) -> list[Group]:
    """The groups of a canonical graph, operands before users; every living node is in one.

    In the graph, sums that are no more than their term die, and their users use that term. `stages` may be
    another order of its loops. Where what reads different groups may not be `mixed` in one, there are more groups, each
    nearer to what was written.
    """
    return Grouping(graph, stages, mixed).result()


class Grouping:
    """The pass: `group` says of each node in which group it is, `same` which node it is a copy of."""

    def __init__(self, graph: Canonical, stages: Stages | None, mixed: bool) -> None:
        self.graph = graph
        self.mixed = mixed
        self.group = np.full(len(graph.code) + 1, NONE)
        self.same = np.arange(len(graph.code) + 1)
        self.same[NONE] = NONE
        self.batched = np.zeros(len(graph.code) + 1, dtype=bool)
        """The nodes that differ from example to example; NONE counts as one, so that it stays on the right."""
        self.batched[NONE] = True
        self.wild = np.zeros(len(graph.code) + 1, dtype=bool)
        """The nodes that may not be finite."""
        self.found: list[Group] = []
        self.stacks: dict[tuple[int, bool], Group] = {}
        for kind, name in enumerate(LEAVES):
            members = np.flatnonzero(graph.alive & (graph.code == kind))
            self.add(Group(name, members, batched=name in ("input", "target", "noise")), 0)
        living = computing(graph)
        level = chosen_levels(graph, living, stages)
        living = living[np.argsort(level[living], kind="stable")]
        cuts = np.flatnonzero(np.diff(level[living])) + 1
        for nodes in np.split(living, cuts):
            if len(nodes):
                self.level(nodes, int(level[nodes[0]]))
        graph.roots, graph.home = self.same[graph.roots], self.same[graph.home]

    def result(self) -> list[Group]:
        """The groups in order, each stack after the last group of its level."""
        result: list[Group] = []
        for i, group in enumerate(self.found):
            result.append(group)
            if i + 1 == len(self.found) or self.found[i + 1].level != group.level:
                keys = (group.level, False), (group.level, True)
                result += [self.stacks[key] for key in keys if key in self.stacks]
        for (level, batched), stack in self.stacks.items():
            own = [self.found[i].stacked and (self.found[i].level, self.found[i].batched) == (level, batched)
                   for i in self.group[stack.members]]
            stack.members = stack.members[~np.array(own, dtype=bool)]
        return result

    def add(self, group: Group, level: int) -> None:
        """One more group."""
        self.group[group.members] = len(self.found)
        self.batched[group.members] = group.batched
        own = group.op in ops.ROWS and not tame(ops.ROWS[group.op])
        self.wild[group.members] = own or any(self.wild[nodes].any() for nodes in group.reads())
        group.level, group.mixed = level, self.mixed
        self.found.append(group)

    def is_wild(self, nodes: Ints) -> bool:
        """Whether nodes may not be finite though the results are: what is 0 times them must be left out."""
        return bool(self.wild[nodes].any()) and not bool(self.shown[nodes[self.wild[nodes]]].all())

    @cached_property
    def shown(self) -> Bools:
        """The nodes that are finite where the results are."""
        return shown(self.graph)

    def level(self, nodes: Ints, level: int) -> None:
        """The groups of the nodes of one level."""
        graph = self.graph
        _replace(graph, nodes, self.same)
        found = [_group(graph, members, self.group, self.batched) for members in self.alike(nodes)]
        made = []
        for group in self.completed(found):
            if _only_copies(group):
                self.same[group.members] = group.classes[0].left
                graph.alive[group.members] = False
            else:
                made.append(group)
        for group in self.fused(made):
            group.classes = [part for terms in group.classes for part in self.common_apart(terms)]
            for read in group.reads():
                self.stack(read)
            self.add(group, level)

    def alike(self, nodes: Ints) -> Iterator[Ints]:
        """Nodes by operation and groups of operands, those of the first node first."""
        if len(nodes) == 1:
            yield nodes
            return
        first, which = numbered(signatures(self.graph, nodes, self.group, self.batched))
        for i in range(len(first)):
            yield from self.versions(nodes[which == i])

    def versions(self, members: Ints) -> list[Ints]:
        """Sums of one term and numbers by what reads them, where several are of the same term, as z + 1/2 and z - 1/2.

        In one array each would be read at every other place.
        """
        graph, which = self.graph, np.arange(len(members))
        number = graph.first[members + 1] - graph.first[members]
        if graph.code[members[0]] != SUM or not 1 <= number.max() <= 2:
            return [members]
        terms, owner = spans(graph.first[members], number), np.repeat(which, number)
        left, right = (np.where(self.group[nodes] == CONSTANT, NONE, nodes) for nodes in (
            graph.left[terms], graph.right[terms]))
        moving = (left != NONE) | (right != NONE)
        if not np.array_equal(owner[moving], which):
            return [members]
        of = mix(np.minimum(left, right)[moving], np.maximum(left, right)[moving])
        if len(distinct(of)) == len(of):
            return [members]
        first, reader = numbered(self.read_by_kinds[members])
        every = distinct(of)
        if len(first) > VERSIONS or any(not np.array_equal(np.sort(of[reader == i]), every) for i in range(len(first))):
            return [members]
        return [members[reader == i] for i in range(len(first))]

    @cached_property
    def read_by_kinds(self) -> Ints:
        """A hash of what reads each node, and of what reads that: of rows, and places in them."""
        graph, n = self.graph, len(self.graph.code)
        living = np.append(graph.alive, False)
        edges = np.repeat(np.arange(n), np.diff(graph.start)), np.arange(len(graph.args))
        terms = np.repeat(np.arange(n), np.diff(graph.first))
        kind = np.append(graph.code, NONE)
        owner = np.concatenate([edges[0], terms, terms])
        read = np.concatenate([graph.args, graph.left, graph.right])
        place = np.concatenate([edges[1] - graph.start[edges[0]], *(
            kind[other] + PLACES for other in (graph.right, graph.left))])
        there = living[owner] & (read != NONE)
        owner, read, place = owner[there], read[there], place[there]
        order = np.argsort(read, kind="stable")
        owner, read, place = owner[order], read[order], place[order]
        found: Ints = graph.code.astype(np.int64)
        for _ in range(2):
            found = hash_sums(mix(found[owner], graph.code[owner], place), read, n)
        return found

    def is_view(self, group: Group) -> bool:
        """Whether a group takes no time: each member is 1 times something."""
        factors = [terms.left for terms in group.classes if terms.sign == 1 and len(terms.left) == len(group.members)]
        return len(group.classes) == 1 and bool(factors) and self.constant(factors[0]) and bool(
            (self.graph.data[factors[0]] == 1).all())

    # ── groups that become one ───────────────────────────────────────────────────────────────

    def fused(self, made: list[Group]) -> list[Group]:
        """The groups of a level, fewer where several of one kind are worth making one."""
        if len(made) < 2 or not self.mixed:
            return made
        made = self.with_maps(made)
        alike: dict[tuple[str, bool, bool], list[Group]] = {}
        for group in made:
            linear = group.op == "sum" and all(self.linear(terms) for terms in group.classes)
            if group.op in PIECES and group.op not in REDUCTIONS and not self.is_view(group):
                alike.setdefault((group.op, group.batched, linear), []).append(group)
        gone: dict[int, Group | None] = {}
        for (op, _, linear), several in alike.items():
            make = self.one_sum if linear else self.one_of_products if op == "sum" else self.one
            if len(several) > 1 and (whole := make(several)):
                gone |= {id(group): None for group in several} | {id(several[0]): whole}
        return replaced(made, gone)

    def completed(self, made: list[Group]) -> list[Group]:
        """The groups of a level, without those that another can take in: it has all that they have.

        Reductions of fewer groups join those of more, sums with numbers in the place of terms join those that have the
        terms, and so do sums where one of several numbers is 0. Inner cells of a field join those at its border, which
        read what is beyond: there these are 0.
        """
        kinds = [self.kinds(group) for group in made]
        host: dict[int, int] = {}
        for i, group in enumerate(made):
            if i in host.values():
                continue
            for j, other in enumerate(made):
                if (other.op, other.batched) == (group.op, group.batched) and i != j and j not in host and (
                        self.is_completed_by(group, other, kinds[i], kinds[j])):
                    host[i] = j
                    break
        result = []
        for j, group in enumerate(made):
            guests = [made[i].members for i in host if host[i] == j]
            if guests:
                group = _group(self.graph, np.sort(np.concatenate([group.members, *guests])), self.group, self.batched)
            if j not in host:
                result.append(group)
        return result

    def is_completed_by(self, group: Group, other: Group, kinds: Kinds, others: Kinds) -> bool:
        """Whether another group of the same operation can take in this one."""
        numbers = numbers_in(kinds)
        if group.op in REDUCTIONS or (numbers and not _only_copies(group)):
            return takes_in(others, kinds, numbers)
        return kinds < others and (self.lacks_multiples(group, other) or (
            self.mixed and self.is_band([group, other])))

    def lacks_multiples(self, group: Group, other: Group) -> bool:
        """Whether sums have no term where others have several numbers times what all examples share: there it is 0.

        As on the diagonal of a matrix to which multiples of the distance from there are added.
        """
        common, ranges = self.kinds(group), []
        for terms in other.classes:
            if self.kind(terms) not in common:
                if not len(terms.right) or not self.constant(terms.left) or self.batched[terms.right].any():
                    return False
                ranges.append(np.ptp(self.graph.data[terms.left]))
        return all(ranges) and len(group.members) <= len(other.members)

    def is_band(self, groups: list[Group]) -> bool:
        """Whether the weights times data that the first group adds up are, for all groups, a matrix of mostly 0."""
        own, *others = ([terms for terms in group.classes if len(terms.right)] for group in groups)
        products = [*own, *itertools.chain(*others)]
        if len(own) != 1 or not all(map(self.by_weights, products)):
            return False
        home = self.group[own[0].right[0]]
        data = np.concatenate([terms.right for terms in products if self.group[terms.right[0]] == home])
        cells = len(distinct(data)) * sum(len(group.members) for group in groups)
        return 2 * len(data) < cells and cells * (MULTIPLY + WEIGHT) < STATEMENT and not self.is_wild(data)

    def by_weights(self, terms: Class) -> bool:
        """Whether terms are products of something that is the same for all examples with something that differs."""
        return (len(terms.right) > 0 and not self.constant(terms.left) and not self.batched[terms.left].any()
                and bool(self.batched[terms.right].all()))

    def with_maps(self, made: list[Group]) -> list[Group]:
        """The groups of a level, of which sums of numbers times what the same group has may be one."""
        of_source: dict[int, list[Group]] = {}
        for group in made:
            if group.op == "sum" and group.batched and all(
                    len(terms.right) and self.linear(terms) for terms in group.classes):
                read = [terms.right if self.constant(terms.left) else terms.left for terms in group.classes]
                sources = distinct(self.group[np.concatenate(read)])
                if len(sources) == 1:
                    of_source.setdefault(int(sources[0]), []).append(group)
        gone: dict[int, Group | None] = {}
        for several in of_source.values():
            if len(several) > 1 and (whole := self.one_map(several)):
                gone |= {id(group): None for group in several} | {id(several[0]): whole}
        return replaced(made, gone)

    def kinds(self, group: Group) -> Kinds:
        """What a reduction or a sum reads: groups, or the sign and groups of terms; nothing for other operations."""
        if group.op in REDUCTIONS:
            return frozenset((0, int(which)) for which in distinct(self.group[group.operands[0]]))
        return frozenset(map(self.kind, group.classes))

    def kind(self, terms: Class) -> tuple[int, ...]:
        """The sign of terms and the groups of their factors."""
        return terms.sign, *(int(self.group[nodes[0]]) if len(nodes) else NONE for nodes in (terms.left, terms.right))

    def one(self, several: list[Group]) -> Group | None:
        """Elementwise operations as one, if it pays to read their operands from anywhere."""
        n, arity = sum(len(group.members) for group in several), len(several[0].operands)
        constant = [{self.constant(group.operands[place]) for group in several} for place in range(arity)]
        if READ * n * arity > STATEMENT * (len(several) - 1) or any(len(kinds) > 1 for kinds in constant):
            return None
        members = np.concatenate([group.members for group in several])
        order = np.argsort(members)
        operands = [np.concatenate([group.operands[place] for group in several])[order] for place in range(arity)]
        return Group(several[0].op, members[order], several[0].batched, operands)

    def linear(self, terms: Class) -> bool:
        """Whether terms are numbers, or numbers times something."""
        return not len(terms.right) or self.constant(terms.left) or self.constant(terms.right)

    def constant(self, nodes: Ints) -> bool:
        """Whether nodes are numbers."""
        return bool(self.group[nodes[0]] == CONSTANT)

    def one_sum(self, several: list[Group]) -> Group | None:
        """Sums of numbers times something as one, if that pays."""
        scaled, classes = self.scaled(several), matched(several)
        if classes is None and self.are_for_themselves(several):
            return None
        members = sum(len(group.members) for group in several)
        cost = READ * len(scaled[0].left) if classes else self.time_of_map(scaled[0], members)
        return None if cost > STATEMENT * (len(several) - 1) else side_by_side(several, classes or scaled)

    def are_for_themselves(self, several: list[Group]) -> bool:
        """Whether nothing that follows groups is one because they are: nobody reads them alike.

        They are single sums, or an operation reads each in another place, as a selection between them does.
        """
        begin, readers = self.readers
        read = [readers[places_of(begin, group.members)] for group in several]
        alike, together = (set.intersection(*(set(mine.tolist()) for mine in of))
                           for of in (read, [mine // PLACES for mine in read]))
        return not alike and (bool(together) or all(len(group.members) == 1 for group in several))

    @cached_property
    def readers(self) -> tuple[Ints, Ints]:
        """For each node the operations that read it, and their places: where they begin, and numbers for them."""
        graph = self.graph
        user = np.repeat(np.arange(len(graph.code)), np.diff(graph.start))
        place = np.minimum(np.arange(len(user)) - graph.start[user], PLACES - 1)
        place[np.isin(graph.code[user], [CODES.index(name) for name in REDUCTIONS])] = 0
        of_terms = PLACES * (len(CODES) + np.where(graph.right == NONE, 0, 1))
        read = np.concatenate([graph.args, graph.left, graph.right, graph.roots])
        of_roots = np.full(len(graph.roots), NONE)
        number = np.concatenate([PLACES * graph.code[user] + place, of_terms, of_terms, of_roots])
        order = np.argsort(read, kind="stable")[np.count_nonzero(read == NONE) :]
        return offsets(np.bincount(read[order], minlength=len(graph.code))), number[order]

    def one_map(self, several: list[Group]) -> Group | None:
        """Sums of numbers times what one group has as one, if that pays: what differs may be the numbers' signs alone.

        With numbers of their own for each member, they are read from anywhere in any case.
        """
        parts = [terms for group in several for terms in group.classes]
        numbers = [self.graph.data[terms.left if self.constant(terms.left) else terms.right] for terms in parts]
        apart = sum(STATEMENT + (GATHER + READ * len(own) if np.ptp(own) else 0) for own in numbers)
        scaled, members = self.scaled(several), sum(len(group.members) for group in several)
        return None if STATEMENT + self.time_of_map(scaled[0], members) > apart else side_by_side(several, scaled)

    def time_of_map(self, scaled: Class, members: int) -> float:
        """Microseconds of sums of numbers times nodes: of these, read one by one, or of a matrix of numbers."""
        nodes = distinct(scaled.left)
        by_matrix = math.inf if self.is_wild(nodes) else MULTIPLY * members * len(nodes)
        return min(2 * GATHER + READ * len(scaled.left), by_matrix)

    def scaled(self, several: list[Group]) -> list[Class]:
        """The terms of sums side by side as numbers times nodes, and the numbers that are added."""
        begin = np.cumsum([0, *(len(group.members) for group in several)])
        owner, node, scale, number = [], [], [], np.zeros(begin[-1])
        for start, group in zip(begin, several, strict=False):
            for terms in group.classes:
                left, right = terms.left, terms.right
                factor = np.full(len(left), float(terms.sign)) if terms.scale is None else terms.sign * terms.scale
                if len(right) and self.constant(right):
                    left, right = right, left
                while len(left) and self.constant(left):
                    factor = factor * self.graph.data[left]
                    left, right = right, right[:0]
                if not len(left):
                    number += np.bincount(start + terms.owner, factor, len(number))
                    continue
                owner.append(start + terms.owner)
                node.append(left)
                scale.append(factor)
        empty, given = np.zeros(0, np.int64), np.flatnonzero(number)
        classes = [Class(1, np.concatenate(owner), np.concatenate(node), empty, np.concatenate(scale))]
        if len(given):
            classes.append(Class(1, given, np.full(len(given), NONE), empty, number[given]))
        return classes

    def one_of_products(self, several: list[Group]) -> Group | None:
        """Sums of as many products each as one, if that pays: what they read may have to be laid side by side first.

        Then one product of matrices does where all have the same weights.
        """
        classes = matched(several)
        if classes is None:
            return None
        if same_weights(several):
            reads = sum(len(distinct(terms.right if len(terms.right) else terms.left)) for terms in classes)
        else:
            reads = sum(len(terms.left) + len(terms.right) for terms in classes)
        if READ * reads > STATEMENT * (len(several) - 2):
            return None
        return side_by_side(several, classes)

    def common_apart(self, terms: Class) -> list[Class]:
        """Plain terms, or numbers times them, as those of each example and those that all examples share.

        Side by side in one array, what they share would be written out for each of them.
        """
        if len(terms.right) or (terms.left == NONE).any():
            return [terms]
        batched = self.batched[terms.left]
        if batched.all() or not batched.any():
            return [terms]
        parts = [terms.of(np.where(batched == which, terms.owner, NONE)) for which in (True, False)]
        return [part.signed for part in parts]

    def stack(self, read: Ints) -> None:
        """Have what one operand reads in one array, where it lies in several groups of which some are no leaves."""
        homes = self.group[read]
        if (homes == homes[:1]).all():
            return
        nodes = distinct(read[read != NONE])
        which, inverse, count = np.unique(self.group[nodes], return_inverse=True, return_counts=True)
        level = max((self.found[i].level for i in which), default=0)
        if len(which) < 2 or level == 0:
            return
        batched = any(self.found[i].batched for i in which)
        whole = [i for i, read in zip(which, count, strict=True) if self.found[i].level == level
                 and self.found[i].batched == batched and self.found[i].op in PIECES
                 and len(self.found[i].members) <= 4 * read]
        for i in whole:
            self.found[i].stacked = True
        stack = self.stacks.setdefault((level, batched), Group("stack", np.zeros(0, np.int64), batched, level=level))
        copied = nodes[~np.isin(which, whole)[inverse]]
        stack.members = distinct(np.append(stack.members, copied))


def replaced(made: list[Group], gone: Mapping[int, Group | None]) -> list[Group]:
    """The groups, with others in the place of some, or nothing."""
    kept = [gone.get(id(group), group) for group in made]
    return [group for group in kept if group is not None]


def matched(several: list[Group]) -> list[Class] | None:
    """The terms of groups of sums side by side, where every sum has as many of each sign; None where they differ."""
    if any(terms.scale is not None for group in several for terms in group.classes):
        return None
    rows, kinds = [], set()
    for group in several:
        row, members = sorted(group.classes, key=lambda terms: (terms.sign, len(terms.right) > 0)), len(group.members)
        each = [len(terms.owner) // members for terms in row]
        if any(not np.array_equal(np.sort(terms.owner), np.repeat(np.arange(members), number))
               for terms, number in zip(row, each, strict=True)):
            return None
        kinds.add(tuple((terms.sign, len(terms.right) > 0, number) for terms, number in zip(row, each, strict=True)))
        rows.append(row)
    if len(kinds) > 1:
        return None
    begin = np.cumsum([0, *(len(group.members) for group in several)])
    result = []
    for column in zip(*rows, strict=True):
        owner = np.concatenate([start + terms.owner for start, terms in zip(begin, column, strict=False)])
        left, right = (np.concatenate([getattr(terms, side) for terms in column]) for side in ("left", "right"))
        result.append(Class(column[0].sign, owner, left, right))
    return result


def side_by_side(several: list[Group], classes: list[Class]) -> Group:
    """The group of the members of several, in order, whose terms are these."""
    members = np.concatenate([group.members for group in several])
    place = np.argsort(np.argsort(members))
    return Group("sum", np.sort(members), several[0].batched,
                 classes=[terms.of(place[terms.owner]) for terms in classes])


def same_weights(several: list[Group]) -> bool:
    """Whether the left factors of sums of products are the same in all groups, or in some only a part of them."""
    left = [distinct(np.concatenate([terms.left for terms in group.classes if len(terms.right)])) for group in several]
    return all(np.isin(nodes, max(left, key=len)).all() for nodes in left)


def numbers_in(kinds: Kinds) -> Kinds:
    """The terms that are numbers."""
    return frozenset(kind for kind in kinds if kind[0] and kind[1] == CONSTANT and kind[2] in (CONSTANT, NONE))


def takes_in(kinds: Kinds, fewer: Kinds, numbers: Kinds) -> bool:
    """Whether what reads `kinds` can also do what reads `fewer` of them, and these numbers in place of the others."""
    if not numbers:
        return fewer < kinds
    return fewer - kinds == numbers and sorted(kind[0] for kind in kinds - fewer) == sorted(kind[0] for kind in numbers)


def _replace(graph: Canonical, nodes: Ints, same: Ints) -> None:
    """Let nodes use what their operands are the same as."""
    edges, terms = places_of(graph.start, nodes), places_of(graph.first, nodes)
    graph.args[edges] = same[graph.args[edges]]
    graph.left[terms], graph.right[terms] = same[graph.left[terms]], same[graph.right[terms]]


def _only_copies(group: Group) -> bool:
    """Whether a group holds sums of a single term +l."""
    if group.op != "sum" or len(group.classes) != 1:
        return False
    (terms,) = group.classes
    return terms.sign == 1 and not len(terms.right) and len(terms.left) == len(group.members)


def _group(graph: Canonical, members: Ints, group: Ints, batched: Bools) -> Group:
    op = CODES[graph.code.item(members[0])]
    if op == "sum":
        result = Group(op, members, False, classes=_classes(graph, members, group, batched))
    elif op in REDUCTIONS:
        counts = graph.start[members + 1] - graph.start[members]
        result = Group(op, members, False, [graph.args[spans(graph.start[members], counts)]], counts)
    else:
        operands = [graph.args[graph.start[members] + place] for place in range(ops.ROWS[op].arity)]
        result = Group(op, members, False, operands)
    result.batched = any(batched[nodes].any() for nodes in result.reads())
    return result


def _classes(graph: Canonical, members: Ints, group: Ints, batched: Bools) -> list[Class]:
    terms = places_of(graph.first, members)
    owner = np.repeat(np.arange(len(members)), graph.first[members + 1] - graph.first[members])
    left, right = oriented(graph, terms, group, batched)
    sign = graph.sign[terms]
    first, which = numbered(sign, group[left], group[right])
    classes = []
    for i, place in enumerate(first):
        mine = which == i
        several = right[mine] if right[place] != NONE else right[:0].copy()
        classes.append(Class(int(sign[place]), owner[mine], left[mine], several))
    return classes
