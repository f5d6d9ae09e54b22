"""Gather nodes that do the same into groups: the vectors and matrices hidden in a scalar graph.

From the leaves up, nodes with the same operation whose operands lie in the same groups join one
group. For a sum what counts is the set of its terms' signs and groups, not their number, so that ragged
sums (causal attention, a padded border) stay together. Where every sum of a group has a single term
+l, as in 0 + l, they are that term and need no group. Members keep creation order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from autograd import ops
from autograd.compiler.graph import CODES, LEAVES, NONE, SUM, Canonical, Ints, mix, spans


@dataclass
class Class:
    """The terms of one group of sums that have the same sign and factors from the same groups.

    `owner` is the position of each term's sum among the members; `right` is empty where the terms are plain.
    """

    sign: int
    left_group: int
    right_group: int
    owner: Ints
    left: Ints
    right: Ints


@dataclass
class Group:
    """Nodes of one operation with operands in the same groups.

    `operands` holds, for an elementwise operation, one array of nodes per operand; a reduction has a
    single flat array, cut into members by `counts`; a sum has `classes` instead.
    """

    op: str
    members: Ints
    batched: bool
    operands: list[Ints] = field(default_factory=list)
    operand_groups: list[int] = field(default_factory=list)
    counts: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    classes: list[Class] = field(default_factory=list)


REDUCTIONS = tuple(op.name for op in ops.TABLE.values() if isinstance(op, ops.Reduction) and op is not ops.sum)


def check_groups(graph: Canonical, found: list[Group]) -> None:
    """Raise AssertionError unless every living node is in one group, after those that its group reads."""
    times = np.bincount(np.concatenate([g.members for g in found]), minlength=len(graph.code))
    assert np.array_equal(times, graph.alive), "a node is in no group, or in two"
    for position, group in enumerate(found):
        below = [*group.operand_groups, *(g for c in group.classes for g in (c.left_group, c.right_group))]
        assert all(g < position for g in below), "a group reads one that follows"
        for c in group.classes:
            assert len(c.owner) == len(c.left), "a term has no owner"
            assert np.all(c.owner < len(group.members)), "a term belongs to no member"


def groups(graph: Canonical) -> list[Group]:
    """The groups of a canonical graph, operands before users; every living node is in one.

    In the graph, sums that are no more than their term die, and their users use that term.
    """
    group = np.full(len(graph.code) + 1, NONE)
    same = np.arange(len(graph.code) + 1)
    same[NONE] = NONE
    found: list[Group] = []
    for kind, name in enumerate(LEAVES):
        members = np.flatnonzero(graph.alive & (graph.code == kind))
        group[members] = len(found)
        found.append(Group(name, members, batched=name in ("input", "target", "noise")))
    living = np.flatnonzero(graph.alive & (graph.code >= len(LEAVES)))
    living = living[np.argsort(graph.level[living], kind="stable")]
    cuts = np.flatnonzero(np.diff(graph.level[living])) + 1
    for nodes in np.split(living, cuts):
        _replace(graph, nodes, same)
        signature = _signatures(graph, nodes, group, found)
        _, first, inverse = np.unique(signature, return_index=True, return_inverse=True)
        for which in np.argsort(first, kind="stable"):
            members = nodes[inverse == which]
            made = _group(graph, members, group, found)
            if _only_copies(made):
                same[members] = made.classes[0].left
                graph.alive[members] = False
            else:
                group[members] = len(found)
                found.append(made)
    graph.roots, graph.home = same[graph.roots], same[graph.home]
    return found


def _replace(graph: Canonical, nodes: Ints, same: Ints) -> None:
    """Let nodes use what their operands are the same as."""
    edges = spans(graph.start[nodes], graph.start[nodes + 1] - graph.start[nodes])
    terms = spans(graph.first[nodes], graph.first[nodes + 1] - graph.first[nodes])
    graph.args[edges] = same[graph.args[edges]]
    graph.left[terms], graph.right[terms] = same[graph.left[terms]], same[graph.right[terms]]


def _only_copies(group: Group) -> bool:
    """Whether a group holds sums of a single term +l."""
    if group.op != "sum" or len(group.classes) != 1:
        return False
    (terms,) = group.classes
    return terms.sign == 1 and not len(terms.right) and len(terms.left) == len(group.members)


def _signatures(graph: Canonical, nodes: Ints, group: Ints, found: list[Group]) -> Ints:
    """A hash of (operation, groups of operands) per node."""
    which = np.arange(len(nodes))
    counts = graph.start[nodes + 1] - graph.start[nodes]
    edges = spans(graph.start[nodes], counts)
    place = edges - np.repeat(graph.start[nodes], counts)
    reduction = np.isin(graph.code[nodes], [CODES.index(name) for name in REDUCTIONS])
    place[np.repeat(reduction, counts)] = 0
    key = mix(graph.code[nodes]) + _distinct(np.repeat(which, counts), mix(group[graph.args[edges]], place), len(nodes))
    number = graph.first[nodes + 1] - graph.first[nodes]
    terms = spans(graph.first[nodes], number)
    left, right = _oriented(graph, terms, group, found)
    kinds = mix(graph.sign[terms], group[left], group[right])
    return key + _distinct(np.repeat(which, number), kinds, len(nodes))


def _distinct(which: Ints, hashes: Ints, n: int) -> Ints:
    """Per node, the sum modulo 2⁶⁴ of its distinct hashes."""
    order = np.lexsort((hashes, which))
    which, hashes = which[order], hashes[order]
    new = np.ones(len(which), dtype=bool)
    new[1:] = (which[1:] != which[:-1]) | (hashes[1:] != hashes[:-1])
    which, hashes = which[new], hashes[new]
    total = np.zeros(n, dtype=np.int64)
    if len(which):
        filled, starts = np.unique(which, return_index=True)
        total[filled] = np.add.reduceat(hashes, starts)
    return total


def _oriented(graph: Canonical, terms: Ints, group: Ints, found: list[Group]) -> tuple[Ints, Ints]:
    """The factors of terms, that of the same kind for all examples (a weight) on the left."""
    left, right = graph.left[terms], graph.right[terms]
    batched = np.array([g.batched for g in found] + [True])  # NONE counts as batched: it stays on the right
    rank = 2 * batched[group[left]].astype(np.int64), 2 * batched[group[right]].astype(np.int64)
    swap = (rank[0] > rank[1]) | ((rank[0] == rank[1]) & (group[left] > group[right]))
    swap &= right != NONE
    return np.where(swap, right, left), np.where(swap, left, right)


def _group(graph: Canonical, members: Ints, group: Ints, found: list[Group]) -> Group:
    code = graph.code[members[0]]
    counts = graph.start[members + 1] - graph.start[members]
    if code == SUM:
        result = Group("sum", members, False, classes=_classes(graph, members, group, found))
        below = {g for c in result.classes for g in (c.left_group, c.right_group) if g != NONE}
    elif CODES[code] in REDUCTIONS:
        flat = graph.args[spans(graph.start[members], counts)]
        result = Group(CODES[code], members, False, [flat], [int(group[flat[0]])], counts)
        below = set(group[flat].tolist())
    else:
        operands = [graph.args[graph.start[members] + place] for place in range(counts[0])]
        result = Group(CODES[code], members, False, operands, [int(group[operand[0]]) for operand in operands])
        below = set(result.operand_groups)
    result.batched = any(found[g].batched for g in below)
    return result


def _classes(graph: Canonical, members: Ints, group: Ints, found: list[Group]) -> list[Class]:
    number = graph.first[members + 1] - graph.first[members]
    terms = spans(graph.first[members], number)
    owner = np.repeat(np.arange(len(members)), number)
    left, right = _oriented(graph, terms, group, found)
    kinds = mix(graph.sign[terms], group[left], group[right])
    _, first, inverse = np.unique(kinds, return_index=True, return_inverse=True)
    classes = []
    for which in np.argsort(first, kind="stable"):
        mine = inverse == which
        l, r = left[mine], right[mine]
        classes.append(Class(
            int(graph.sign[terms[mine][0]]), int(group[l[0]]), int(group[r[0]]), owner[mine],
            l, r if r[0] != NONE else r[:0],
        ))
    return classes
