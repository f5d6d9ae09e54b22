"""Chains of steps that do not wait for one another, and an order in which they are computed one after the other.

A network that reads a sequence both ways has two chains: step t of one reads what step T - 1 - t of the other does. By
what is there first they run side by side, and each step of both is unlike the one before. One after the other each is a
loop (`one_after_another`). Those that do the same in the same direction remain side by side, as channels of a filter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from autograd.compiler.scalars.canonical import with_equals_as_one
from autograd.compiler.scalars.graph import (
    CODE,
    NONE,
    Bools,
    Canonical,
    Floats,
    Ints,
    computing,
    distinct,
    hash_sums,
    mix,
    regions,
)
from autograd.compiler.scalars.levels import (
    MOST_LOOPS,
    STEPS,
    Stages,
    all_below,
    bits_of,
    different_per,
    kinds_of,
    reads_of,
    stages_of,
    upwards,
    with_sums_before,
    worth_a_sum,
)

Searches = Sequence[Callable[[Canonical, Bools], tuple[Ints, int]]]
"""Functions that number the nodes of what may be loops, among those that are left."""


# ── what is a chain ──────────────────────────────────────────────────────────────────────────────


def chains(graph: Canonical, loops: Searches) -> tuple[Ints, int]:
    """The chain of each node, or NONE, and how many there are: connected parts of what waits for itself."""
    chain = np.full(len(graph.code) + 1, NONE)
    if graph.level.max(initial=0) < STEPS:
        return chain, 0
    for search in loops:
        left = chain == NONE
        found = connected(graph, left, *search(graph, left))
        chain = np.where(found == NONE, chain, chain.max() + 1 + found)
    return chain, int(chain.max()) + 1


def connected(graph: Canonical, left: Bools, loop: Ints, number: int) -> Ints:
    """The chain of each node that is left, or NONE: the connected parts of loops that wait for themselves.

    What is between nodes of a loop is a step of it. Some kind of nodes is there at several levels.
    """
    own = bits_of(loop)
    below, above, waits = all_below(graph, own), all_above(graph, own), np.zeros(number, np.int64)
    np.bitwise_or.at(waits, loop[loop != NONE], below[loop != NONE])
    whole, inside = np.full(number + 1, NONE), np.full(len(loop), NONE)
    """Of each loop, and of each node between some, the last of the loops that wait for one another."""
    for i, mine in enumerate(waits.tolist()):
        one_another = sum(1 << j for j, theirs in enumerate(waits.tolist()) if mine >> j & theirs >> i & 1)
        whole[i] = one_another.bit_length() - 1
        inside[left & ((below & one_another) > 0) & ((above & one_another) > 0)] = whole[i]
    reader, read = reads_of(graph)
    joined = (inside[reader] == inside[read]) & (inside[reader] != NONE)
    chain, steps = np.full(len(loop), NONE), np.flatnonzero(inside != NONE)
    _, chain[steps] = np.unique(regions(len(loop), reader[joined], read[joined])[steps], return_inverse=True)
    chain = with_ends(graph, loop, chain, whole[loop], inside)
    nodes = np.flatnonzero(chain != NONE)
    kind, which = next(kinds_of(graph, computing(graph)))[nodes], chain[nodes]
    _, pair = np.unique(mix(which, kind), return_inverse=True)
    times = np.zeros(chain.max() + 1, np.int64)
    np.maximum.at(times, which, different_per(pair, graph.level[nodes])[pair])
    chain[nodes] = np.where(times >= STEPS, np.cumsum(times >= STEPS) - 1, NONE)[which]
    return chain


def with_ends(graph: Canonical, loop: Ints, chain: Ints, whole: Ints, inside: Ints) -> Ints:
    """The chains with the nodes of their loops that come before the first of these, or behind the last.

    Such a node reads steps of this chain alone, or is read by steps of it.
    """
    between = np.flatnonzero((chain != NONE) & (loop != NONE))
    first, last = (np.full((chain.max() + 1, loop.max() + 1), level) for level in (graph.level.max() + 1, NONE))
    np.minimum.at(first, (chain[between], loop[between]), graph.level[between])
    np.maximum.at(last, (chain[between], loop[between]), graph.level[between])
    least, most = np.full(len(loop), len(loop)), np.full(len(loop), NONE)
    reader, read = reads_of(graph)
    for end, step, way, edge in ((reader, read, 1, last), (read, reader, -1, first)):
        fits = (inside[end] == NONE) & (whole[end] != NONE) & (whole[end] == inside[step])
        fits[fits] = way * graph.level[end[fits]] > way * edge[chain[step[fits]], loop[end[fits]]]
        np.minimum.at(least, end[fits], chain[step[fits]])
        np.maximum.at(most, end[fits], chain[step[fits]])
    return np.where(least == most, most, chain)


def loops_by_kind(graph: Canonical, left: Bools) -> tuple[Ints, int]:
    """A number for each node of a kind that is there at several levels, or NONE, and how many there are."""
    nodes = computing(graph)
    nodes, kind = nodes[left[nodes]], next(kinds_of(graph, nodes))
    return at_several_levels(graph, nodes, kind[nodes])


def at_several_levels(graph: Canonical, nodes: Ints, label: Ints) -> tuple[Ints, int]:
    """A number for each node with a label that is there at several levels, or NONE, and how many there are."""
    loop = np.full(len(graph.code) + 1, NONE)
    _, which = np.unique(label, return_inverse=True)
    several = different_per(which, graph.level[nodes]) >= STEPS
    if several.sum() > MOST_LOOPS:
        return loop, 0
    loop[nodes] = np.where(several, np.cumsum(several) - 1, NONE)[which]
    return loop, int(several.sum())


def loops_by_weights(graph: Canonical, left: Bools) -> tuple[Ints, int]:
    """A number for each node that reads weights, or NONE, and how many there are: of what is there at several levels.

    Weights are what is the same for all examples. Those that share one have the same number, and those of which the
    weights are read by the same kinds at the same levels: these are of one matrix, or of two that do the same.
    """
    size = len(graph.code)
    given = np.append(np.isin(graph.code, [CODE[leaf] for leaf in ("input", "target", "noise")]), False)
    batched = (all_below(graph, given.astype(np.int64)) > 0) | given
    weight = ~batched & np.append(graph.alive & (graph.code != CODE["constant"]), False)
    reader, read = reads_of(graph)
    shared = weight[read] & batched[reader] & left[reader]
    nodes, where = np.unique(reader[shared], return_inverse=True)
    label = regions(len(nodes) + size, where, len(nodes) + read[shared])[: len(nodes)]
    kind = next(kinds_of(graph, computing(graph)))
    _, first = np.unique(mix(label, graph.level[nodes], kind[nodes]), return_index=True)
    first = first[np.argsort(label[first])]
    looks = hash_sums(mix(graph.level[nodes], kind[nodes])[first], label[first], len(nodes) + size)
    return at_several_levels(graph, nodes, looks[label])


def all_above(graph: Canonical, own: Ints) -> Ints:
    """The bits of all that is above each node."""
    found = np.zeros_like(own)
    for nodes, users, begin in downwards(graph):
        found[nodes] = np.bitwise_or.reduceat((found | own)[users], begin)
    return found


def downwards(graph: Canonical) -> Iterator[tuple[Ints, Ints, Ints]]:
    """The nodes that are read, of one level after the other from the last; who reads them, and where that begins."""
    reader, read = reads_of(graph)
    order = np.lexsort((read, -graph.level[read]))
    reader, read = reader[order], read[order]
    cuts = np.flatnonzero(np.diff(graph.level[read])) + 1
    for users, nodes in zip(np.split(reader, cuts), np.split(read, cuts), strict=True):
        begin = np.append(0, 1 + np.flatnonzero(np.diff(nodes)))
        yield nodes[begin], users, begin


# ── their order ───────────────────────────────────────────────────────────────────────────────────


SEARCHES: list[Searches] = [(loops_by_weights,), (loops_by_weights, loops_by_kind)]
"""Chains are looked for in what reads weights, and where that finds none, in what does the same as well."""


def has_chains(graph: Canonical) -> bool:
    """Whether there are several chains that are unlike."""
    return any(stages_apart(graph, *chains(graph, loops)) for loops in SEARCHES)


def one_after_another(graph: Canonical) -> tuple[Canonical, Stages] | None:
    """The graph with an order of its chains, if there are several that are unlike.

    What their steps need not wait for is in sums before.
    """
    for loops in SEARCHES:
        chain, number = chains(graph, loops)
        if stages_apart(graph, chain, number):
            parted = with_equals_as_one(with_sums_before(graph, terms_of_no_step(graph, chain)))
            if stages := stages_apart(parted, *chains(parted, loops)):
                return parted, stages
    return None


def terms_of_no_step(graph: Canonical, chain: Ints) -> Bools:
    """The terms of steps that do not wait for steps of their chain, where something else is left."""
    own = bits_of(chain)
    waits = all_below(graph, own) | own
    owner = np.repeat(np.arange(len(graph.code)), np.diff(graph.first))
    found: Bools = (own[owner] != 0) & ((waits[graph.left] | waits[graph.right]) & own[owner] == 0)
    return found & worth_a_sum(graph, np.arange(len(owner)), owner, found)


def stages_apart(graph: Canonical, chain: Ints, number: int) -> Stages | None:
    """An order of chains, if there are several that are unlike: those that wait for others come after these."""
    if not 1 < number <= MOST_LOOPS:
        return None
    own = bits_of(chain)
    below, waits = all_below(graph, own), np.zeros(number, np.int64)
    np.bitwise_or.at(waits, chain[chain != NONE], below[chain != NONE])
    order = list(zip(stages_of(waits.tolist()), looks_of(graph, chain, number), strict=True))
    ranks = sorted(set(order))
    if len(ranks) < 2:
        return None
    stage = np.max([((below | own) >> which & 1) * (1 + ranks.index(each)) for which, each in enumerate(order)], axis=0)
    above = all_above(graph, own)
    others = np.where(np.append(graph.code, NONE) == CODE["parameter"], ~above, 0)
    others = (others | all_below(graph, others))[:-1]
    """The chains that do not wait for all of the parameters that a node reads."""
    kinds = np.where(others == 0, graph.code, mix(graph.code, others))
    stage = before_their_users(graph, stage, chain != NONE, kinds)
    return Stages(stage, chain != NONE, *levels_one_by_one(graph, stage), kinds, (above | own) == 0)


class Look(NamedTuple):
    """What tells chains apart; of those that need not wait, those that go from first to last come first."""

    backwards: int
    """1 where the steps read the data from last to first, -1 from first to last, 0 where neither."""
    pattern: int
    """A hash of what they do at which level."""


def looks_of(graph: Canonical, chain: Ints, number: int) -> list[Look]:
    """How each of so many chains looks."""
    kind, where = next(kinds_of(graph, computing(graph))), positions(graph)
    reader, read = reads_of(graph)
    outside = (chain[reader] != chain[read]) & ~np.isnan(where[read])
    looks = []
    for which in range(number):
        mine = np.flatnonzero(chain == which)
        steps = mix(graph.level[mine] - graph.level[mine].min(), kind[mine])
        given = outside & (chain[reader] == which)
        way = covariance(graph.level[reader[given]], where[read[given]])
        looks.append(Look(-int(np.sign(way)), int(distinct(steps).sum())))
    return looks


def covariance(x: Ints, y: Floats) -> float:
    """How much two numbers grow together; 0 where that is rounding alone."""
    found = float(np.mean((x - x.mean()) * (y - y.mean()))) if len(x) else 0.0
    return found if abs(found) > 1e-9 else 0.0


def positions(graph: Canonical) -> Floats:
    """Where in the data that lies, in the mean, which each node reads; nan where it reads none."""
    where = np.full(len(graph.code) + 1, np.nan)
    for leaf in ("input", "target"):
        mine = np.flatnonzero(graph.code == CODE[leaf])
        where[mine] = graph.data[mine] / (1 + graph.data[mine].max(initial=0))
    for nodes, read, begin in upwards(graph, graph.level):
        there = ~np.isnan(where[read])
        total, count = (np.add.reduceat(each, begin) for each in (np.where(there, where[read], 0.0), 1.0 * there))
        where[nodes] = np.divide(total, count, where=count > 0, out=np.full(len(nodes), np.nan))
    return where


def before_their_users(graph: Canonical, stage: Ints, is_step: Bools, kinds: Ints) -> Ints:
    """The stages, where all but steps is of the stage of its first user, as are all nodes of its kind."""
    living = computing(graph)
    *_, kind = kinds_of(graph, living, kinds)
    _, kinds = np.unique(kind[living], return_inverse=True)
    last = np.full(len(stage), stage.max())
    while True:
        late = stage.copy()
        for nodes, users, begin in downwards(graph):
            first = np.minimum(np.minimum.reduceat(late[users], begin), last[nodes])
            late[nodes] = np.where(is_step[nodes], stage[nodes], np.maximum(stage[nodes], first))
        of_kind = np.full(kinds.max(initial=0) + 1, stage.max())
        np.minimum.at(of_kind, kinds, late[living])
        if np.array_equal(last[living], of_kind[kinds]):
            return late
        last[living] = of_kind[kinds]


def levels_one_by_one(graph: Canonical, stage: Ints) -> tuple[Ints, Ints]:
    """The level of each node, where each stage begins when the one before has ended; and when each begins."""
    level, begins = np.zeros(len(graph.code) + 1, np.int64), np.zeros(stage.max() + 1, np.int64)
    now = 0
    for nodes, read, begin in upwards(graph, stage[:-1] * (graph.level.max() + 1) + graph.level):
        if stage[nodes[0]] > now:
            begins[now + 1 : stage[nodes[0]] + 1] = 1 + level.max()
            now = int(stage[nodes[0]])
        level[nodes] = np.maximum(1 + np.maximum.reduceat(level[read], begin), begins[now])
    return level, begins
