"""Which nodes do the same at several levels, and at which level each is computed.

In a loop over steps every step does the same, each a few levels above the one before. What a step reads of the inputs
is there from the start: its sum is taken for all steps at once (`with_early_sums`). What hangs off the steps, and is
read by none of them, can wait for the last one (`chosen_levels`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from autograd import ops
from autograd.compiler.scalars.graph import CODES, NONE, SUM, Bools, Canonical, Ints, distinct, hash_sums, mix, spans

CONSTANT = 0
"""The group of constants."""

REDUCTIONS = tuple(op.name for op in ops.TABLE.values() if isinstance(op, ops.Reduction) and op is not ops.sum)

ALIKE = 2
"""How far below two nodes must look the same to be of one kind, at most."""

STEPS = 3
"""At so many levels a kind of sums is one of steps, at least."""


# ── kinds ─────────────────────────────────────────────────────────────────────────────────────────


def kinds_of(graph: Canonical, living: Ints) -> Iterator[Ints]:
    """A number for each node: the same for those that look the same one step below, then two steps, up to `ALIKE`."""
    kind, nothing = np.append(graph.code, NONE), np.zeros(len(graph.code) + 1, dtype=bool)
    for _ in range(ALIKE):
        kind[living] = signatures(graph, living, kind, nothing)
        yield kind


def signatures(graph: Canonical, nodes: Ints, group: Ints, batched: Bools) -> Ints:
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
    left, right = oriented(graph, terms, group, batched)
    kinds = mix(graph.sign[terms], group[left], group[right])
    counts = (group[left] != CONSTANT) | ((group[right] != CONSTANT) & (right != NONE))
    return key + _distinct(np.repeat(which, number)[counts], kinds[counts], len(nodes))


def _distinct(which: Ints, hashes: Ints, n: int) -> Ints:
    """Per node, the sum modulo 2⁶⁴ of its distinct hashes."""
    order = np.lexsort((hashes, which))
    which, hashes = which[order], hashes[order]
    new = np.ones(len(which), dtype=bool)
    new[1:] = (which[1:] != which[:-1]) | (hashes[1:] != hashes[:-1])
    return hash_sums(hashes[new], which[new], n)


def oriented(graph: Canonical, terms: Ints | slice, group: Ints, batched: Bools) -> tuple[Ints, Ints]:
    """The factors of terms, that of the same kind for all examples (a weight) on the left."""
    left, right = graph.left[terms], graph.right[terms]
    swap = (batched[left] & ~batched[right]) | ((batched[left] == batched[right]) & (group[left] > group[right]))
    swap &= right != NONE
    return np.where(swap, right, left), np.where(swap, left, right)


# ── what is there from the start ──────────────────────────────────────────────────────────────────


def with_early_sums(graph: Canonical) -> Canonical:
    """The graph with the terms of steps that do not wait for the step before in sums of their own, right before them.

    In w + u · x[t] + v · s[t - 1], say, w + u · x[t] is computed for all t at once. Equal sums are one.
    """
    return with_sums_before(graph, early_terms(graph))


def with_partial_sums(graph: Canonical) -> Canonical:
    """The graph with sums whose terms arrive one by one as chains of sums, each as soon as its terms are there.

    In a triangle of equations, say, or where a matrix is updated in place: b - l₁ x₁ - l₂ x₂ waits for x₁, then for x₂.
    """
    if arrives_in_steps(graph):
        while (before := terms_before_the_last(graph)).any():
            graph = with_sums_before(graph, before)
    return graph


def arrives_in_steps(graph: Canonical) -> bool:
    """Whether there is a sum whose products come at more levels than those of a step."""
    products = graph.right != NONE
    owner = np.repeat(np.arange(len(graph.code)), np.diff(graph.first))[products]
    return bool((different_per(owner, arrival(graph, products)) > STEPS).any())


def terms_before_the_last(graph: Canonical) -> Bools:
    """The terms of sums of products that come at three levels or more, if they are not those that come last."""
    owner = np.repeat(np.arange(len(graph.code)), np.diff(graph.first))
    there = arrival(graph, np.ones(len(owner), dtype=bool))
    last = np.zeros(len(graph.code), np.int64)
    np.maximum.at(last, owner, there)
    before = (there < last[owner]) & graph.alive[owner]
    times = different_per(np.append(owner, len(graph.code) - 1), np.append(there, 0))
    products = np.bincount(owner, graph.right != NONE, len(graph.code)) > 1
    return before & (times[owner] >= STEPS) & products[owner]


def arrival(graph: Canonical, terms: Ints | Bools) -> Ints:
    """The level at which both factors of a term are there."""
    left, right = graph.left[terms], graph.right[terms]
    return np.maximum(graph.level[left], np.where(right == NONE, 0, graph.level[right]))


def with_sums_before(graph: Canonical, early: Bools) -> Canonical:
    """The graph with these terms in sums of their own, right before those that have them."""
    if not early.any():
        return graph
    size = len(graph.code)
    owner = np.repeat(np.arange(size), np.diff(graph.first))
    low, high = np.minimum(graph.left, graph.right), np.maximum(graph.left, graph.right)
    key = hash_sums(mix(graph.sign, low, high)[early], owner[early], size)
    sums = distinct(owner[early])
    _, first, which = np.unique(key[sums], return_index=True, return_inverse=True)
    front = sums[np.sort(first)]
    """Of each new sum, the first that reads it."""
    own = front + np.arange(len(front))
    of_sum = np.full(size, NONE)
    of_sum[sums] = own[np.argsort(np.argsort(first))][which]

    def moved(nodes: Ints) -> Ints:
        return np.where(nodes == NONE, NONE, nodes + np.searchsorted(front, nodes, side="right"))

    taken = early & np.isin(owner, front)
    terms = [
        (of_sum[owner[taken]], graph.sign[taken], moved(graph.left[taken]), moved(graph.right[taken])),
        (moved(sums), np.ones(len(sums), np.int64), of_sum[sums], np.full(len(sums), NONE)),
        (moved(owner[~early]), graph.sign[~early], moved(graph.left[~early]), moved(graph.right[~early])),
    ]
    owners, sign, left, right = (np.concatenate(column) for column in zip(*terms, strict=True))
    order = np.argsort(owners, kind="stable")
    level = np.zeros(size, np.int64)
    for factors in (graph.left[taken], np.where(graph.right[taken] == NONE, graph.left[taken], graph.right[taken])):
        np.maximum.at(level, owner[taken], 1 + graph.level[factors])
    return replace(
        graph, code=np.insert(graph.code, front, SUM), start=np.insert(graph.start, front, graph.start[front]),
        args=moved(graph.args), data=np.insert(graph.data, front, 0.0),
        first=np.append(0, np.cumsum(np.bincount(owners, minlength=size + len(front)))), sign=sign[order],
        left=left[order], right=right[order], roots=moved(graph.roots), alive=np.insert(graph.alive, front, True),
        level=np.insert(graph.level, front, level[front]), home=np.insert(moved(graph.home), front, own),
        absorbed=np.insert(graph.absorbed, front, False), hidden=moved(graph.hidden), traced=moved(graph.traced),
        labels={int(moved(np.array(node))): label for node, label in graph.labels.items()},
    )


def early_terms(graph: Canonical) -> Bools:
    """The terms that steps read but do not wait for, where it is worth to sum them up beforehand.

    A kind of terms is early if it is there at half as many levels as its sums are at, or fewer, and always before what
    the sum waits for.
    """
    size, sums = len(graph.code), np.flatnonzero(graph.alive & (graph.code == SUM))
    early = np.zeros(len(graph.left), dtype=bool)
    if len(distinct(graph.level[sums])) < STEPS:
        return early
    kinds = kinds_of(graph, np.flatnonzero(graph.alive & (np.diff(graph.start) + np.diff(graph.first) > 0)))
    _, of_sum = np.unique(next(kinds)[sums], return_inverse=True)
    steps = np.zeros(size, np.int64)
    steps[sums] = different_per(of_sum, graph.level[sums])[of_sum]
    owner = np.repeat(np.arange(size), np.diff(graph.first))
    of_steps = np.flatnonzero(steps[owner] >= STEPS)
    if not len(of_steps):
        return early
    kind, number = next(kinds), np.zeros(size, np.int64)
    number[sums] = of_sum
    left, right, owner = graph.left[of_steps], graph.right[of_steps], owner[of_steps]
    low, high = (pick(kind[left], kind[right]) for pick in (np.minimum, np.maximum))
    _, of_term = np.unique(mix(number[owner], graph.sign[of_steps], low, high), return_inverse=True)
    there = arrival(graph, of_steps)
    found = (2 * different_per(of_term, there)[of_term] <= steps[owner]) & (there < graph.level[owner] - 1)
    found &= different_per(of_term, graph.level[owner])[of_term] >= STEPS  # a first step may be unlike the others
    # A sum, or a product, is worth it; and something must be left.
    products, several, whole = (np.bincount(owners, minlength=size) for owners in (
        owner[found & (right != NONE)], owner[found], owner))
    worth = ((several > 1) | (products > 0)) & (several < whole)
    early[of_steps] = found & worth[owner]
    return early


# ── levels ────────────────────────────────────────────────────────────────────────────────────────


def chosen_levels(graph: Canonical, living: Ints) -> Ints:
    """The level of each node: the first at which its operands are there, or the last at which its users wait for it.

    What feeds the steps of a chain has a first level in common, what hangs off them a last one: the logarithm of every
    running sum. Each kind of nodes goes where it has fewer levels.
    """
    late = latest_levels(graph, living, np.ones(len(graph.code), dtype=bool))
    waits = np.zeros(len(graph.code), dtype=bool)
    for kind in kinds_of(graph, living):
        _, kinds = np.unique(kind[living], return_inverse=True)
        first, last = (different_per(kinds, level[living]) for level in (graph.level, late))
        waits[living] |= (last < first)[kinds]
    return latest_levels(graph, living, waits)


def different_per(kinds: Ints, of: Ints) -> Ints:
    """How many different things each kind has."""
    width = of.max(initial=0) + 1
    return np.bincount(distinct(kinds * width + of) // width)


def latest_levels(graph: Canonical, living: Ints, waits: Bools) -> Ints:
    """Levels as they are, but for nodes that wait: these are right below the first of their users."""
    level = graph.level.copy()
    if not (len(living) and waits.any()):
        return level
    latest = np.full(len(level) + 1, level[living].max(initial=0))
    """Of each node, right below the first of its users; the last is that of NONE."""
    order = living[np.argsort(-graph.level[living], kind="stable")]
    cuts = [0, *(np.flatnonzero(np.diff(graph.level[order])) + 1).tolist(), len(order)]
    reads = [(begin[order + 1] - begin[order], below[spans(begin[order], begin[order + 1] - begin[order])])
             for begin, below in ((graph.start, graph.args), (graph.first, graph.left), (graph.first, graph.right))]
    ends = [[0, *np.cumsum(counts)[np.array(cuts[1:]) - 1].tolist()] for counts, _ in reads]
    for i, (start, stop) in enumerate(itertools.pairwise(cuts)):
        nodes = order[start:stop]
        mine = level[nodes] = np.where(waits[nodes], latest[nodes], level[nodes])
        for (counts, below), end in zip(reads, ends, strict=True):
            if end[i] < end[i + 1]:
                np.minimum.at(latest, below[end[i] : end[i + 1]], np.repeat(mine - 1, counts[start:stop]))
    return level
