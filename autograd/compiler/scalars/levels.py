"""Which nodes do the same at several levels, and at which level each is computed.

In a loop over steps every step does the same, each a few levels above the one before. What a step reads of the inputs
is there from the start: its sum is taken for all steps at once (`with_early_sums`). What hangs off the steps, and is
read by none of them, can wait for the last one (`chosen_levels`). Where one loop reads another, as a layer of a
recurrent network reads the one below, it comes after it (`Stages`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from autograd import ops
from autograd.compiler.scalars.graph import (
    CODES,
    NONE,
    SUM,
    Bools,
    Canonical,
    Ints,
    distinct,
    hash_sums,
    in_pieces,
    levels,
    mix,
    regions,
    spans,
)

CONSTANT = 0
"""The group of constants."""

REDUCTIONS = tuple(op.name for op in ops.ROWS.values() if isinstance(op, ops.Reduction) and op is not ops.sum)

ALIKE = 2
"""How far below two nodes must look the same to be of one kind, at most."""

STEPS = 3
"""At so many levels a kind of sums is one of steps, at least."""


# ── kinds ─────────────────────────────────────────────────────────────────────────────────────────


def kinds_of(graph: Canonical, living: Ints, first: Ints | None = None) -> Iterator[Ints]:
    """A number for each node: the same for those that look the same one step below, then two steps, up to `ALIKE`.

    `first` are the kinds to begin with: if not given, those of operations alone.
    """
    kind = np.append(graph.code if first is None else first, NONE)
    nothing = np.zeros(len(graph.code) + 1, dtype=bool)
    for _ in range(ALIKE):
        kind[living] = signatures(graph, living, kind, nothing)
        yield kind


def signatures(graph: Canonical, nodes: Ints, group: Ints, batched: Bools) -> Ints:
    """A hash of (operation, groups of operands) per node."""
    return in_pieces(lambda piece: _signatures(graph, piece, group, batched), nodes, graph.start, graph.first)


def _signatures(graph: Canonical, nodes: Ints, group: Ints, batched: Bools) -> Ints:
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
    """Per node, the sum modulo 2⁶⁴ of its distinct hashes; most are those of the term before, and need no sorting."""
    which, hashes = _without_repeats(which, hashes)
    order = np.lexsort((hashes, which))
    which, hashes = _without_repeats(which[order], hashes[order])
    return hash_sums(hashes, which, n)


def _without_repeats(which: Ints, hashes: Ints) -> tuple[Ints, Ints]:
    """Pairs without those that are like the pair before."""
    new = np.ones(len(which), dtype=bool)
    new[1:] = (which[1:] != which[:-1]) | (hashes[1:] != hashes[:-1])
    return which[new], hashes[new]


def oriented(graph: Canonical, terms: Ints | slice, group: Ints, batched: Bools) -> tuple[Ints, Ints]:
    """The factors of terms, that of the same kind for all examples (a weight) on the left."""
    left, right = graph.left[terms], graph.right[terms]
    swap = (batched[left] & ~batched[right]) | ((batched[left] == batched[right]) & (group[left] > group[right]))
    swap &= right != NONE
    return np.where(swap, right, left), np.where(swap, left, right)


# ── what is there from the start ──────────────────────────────────────────────────────────────────


def with_early_sums(graph: Canonical) -> Canonical:
    """The graph with the terms of steps that do not wait for the step before in sums of their own, right before them.

    In w + u · x[t] + v · s[t - 1], say, w + u · x[t] is computed for all t at once, x being an input or what a loop
    before this one has made. Equal sums are one.
    """
    for find in (early_terms, terms_of_loops_before):
        if (found := find(graph)).any():
            graph = with_sums_before(graph, found)
            size = len(graph.code)
            graph = replace(graph, level=levels(size, graph.start, graph.args, graph.first, graph.left, graph.right))
    return graph


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

    A kind of terms is early if it is there at half as many levels as the sums that have it, or fewer, and before what
    these wait for: but for the first step, if it is there for all steps at once, and others are products with states.
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
    times = different_per(of_term, graph.level[owner])[of_term]  # a first step may be unlike the others
    arrivals = different_per(of_term, there)[of_term]
    late = (arrivals > 1) & (graph.right[of_steps] != NONE)
    in_time = (arrivals == 1) & np.isin(number[owner], number[owner[late]])
    waits = (there < graph.level[owner] - 1) | in_time
    found = (times >= STEPS) & (2 * arrivals <= times) & waits
    early[of_steps] = found & worth_a_sum(graph, of_steps, owner, found)
    return early


# ── one loop after another ────────────────────────────────────────────────────────────────────────


MOST_LOOPS = 62
"""So many loops are told apart, at most: each is a bit of a number."""


class Stages(NamedTuple):
    """Which loops come one after the other. All but `begins` have an item for each node, and one for NONE."""

    stage: Ints
    """How many loops, one after the other, end or begin below each node, or with it."""
    steps: Bools
    """The nodes that wait for all loops of the stages before."""
    level: Ints
    begins: Ints
    """The level at which the steps of each stage may begin."""
    kinds: Ints | None = None
    """What nodes of one kind begin with, if not their operation alone."""
    hangs: Bools | None = None
    """The nodes that no step waits for: if known, those of a kind that can be computed at once wait for each other."""

    @classmethod
    def of(cls, graph: Canonical) -> Stages | None:
        """Those of a graph, if there are two at least.

        By what is there first alone, the layers of a recurrent network run side by side, each a step behind the one
        below, and their first and last steps are unlike the others. What shares parameters, and waits for itself, is
        one loop. In compilers this is the distribution of loops, along the strongly connected parts of what depends on
        what. What has parameters in common and reads a loop, but does not wait for itself, is a stage as well.
        """
        loop, number = loops_by_parameters(graph)
        if not 1 < number <= MOST_LOOPS:
            return None
        own = bits_of(loop)
        """Sets of loops are numbers with a bit for each."""
        below, waits = all_below(graph, own), np.zeros(number, np.int64)
        np.bitwise_or.at(waits, loop[loop != NONE], below[loop != NONE])
        stages = stages_of(waits.tolist())
        if max(stages) < 2:
            return None
        stage = np.max([((below | own) >> which & 1) * of for which, of in enumerate(stages)], axis=0)
        steps = (loop != NONE) & (np.array(stages)[loop] > 0)
        return cls(stage, steps, *levels_in_stages(graph, stage, steps))

    @property
    def last(self) -> Ints:
        """The last level of each node: those that nobody waits for come right before the next stage begins."""
        ends = np.append(self.begins[1:] - 1, self.level.max())
        last: Ints = np.maximum(ends[self.stage], self.level)
        return last


def terms_of_loops_before(graph: Canonical) -> Bools:
    """The terms of steps that read no loop but those before, where something else is left."""
    stages = Stages.of(graph)
    if stages is None:
        return np.zeros(len(graph.left), dtype=bool)
    owner = np.repeat(np.arange(len(graph.code)), np.diff(graph.first))
    there = np.maximum(stages.stage[graph.left], np.where(graph.right == NONE, 0, stages.stage[graph.right]))
    found = stages.steps[owner] & (stages.stage[owner] > 1) & (there < stages.stage[owner])
    return found & worth_a_sum(graph, np.arange(len(owner)), owner, found)


def worth_a_sum(graph: Canonical, terms: Ints, owner: Ints, found: Bools) -> Bools:
    """Of terms and their sums: whether those that are found are a sum, or a product, and something is left."""
    products, several, whole = (np.bincount(owners, minlength=len(graph.code)) for owners in (
        owner[found & (graph.right[terms] != NONE)], owner[found], owner))
    return (((several > 1) | (products > 0)) & (several < whole))[owner]


def loops_by_parameters(graph: Canonical) -> tuple[Ints, int]:
    """Which loop each node may belong to, or NONE, and how many there are: of nodes that read parameters.

    Those that read the same parameter belong together, and those of a kind that multiply the same nodes by parameters:
    the neurons of a layer. (Inputs and numbers, which wait for nothing, may be multiplied by several layers.) A loop is
    there at several levels.
    """
    size, is_parameter = len(graph.code), np.append(graph.code == CODES.index("parameter"), False)
    reader, read = reads_of(graph)
    reader, read = reader[is_parameter[read]], read[is_parameter[read]]
    if np.count_nonzero(np.bincount(graph.level[reader])) < STEPS:
        return np.full(size + 1, NONE), 0
    owner = np.repeat(np.arange(size), np.diff(graph.first))
    products = (is_parameter[graph.left] != is_parameter[graph.right]) & (graph.right != NONE)
    factors = np.where(is_parameter[graph.left], graph.right, graph.left)[products]
    waits = np.bincount(owner[products], graph.level[factors] > 0, size) > 0
    products[products], factors = waits[owner[products]], factors[waits[owner[products]]]
    layers = distinct(owner[products])
    kind = next(kinds_of(graph, layers))[owner[products]]
    _, inputs = np.unique(hash_sums(mix(factors, kind), owner[products], size)[layers], return_inverse=True)
    label = regions(2 * size + len(layers), np.append(reader, layers), size + np.append(read, size + inputs))
    nodes = distinct(reader)
    _, which = np.unique(label[nodes], return_inverse=True)
    several = different_per(which, graph.level[nodes]) >= STEPS
    loop, number = np.full(size + 1, NONE), np.where(several, np.cumsum(several) - 1, NONE)
    loop[nodes] = number[which]
    return loop, int(several.sum())


def reads_of(graph: Canonical) -> tuple[Ints, Ints]:
    """All pairs of a node and what it reads."""
    nodes = np.arange(len(graph.code), dtype=graph.left.dtype)
    owner, user = (np.repeat(nodes, np.diff(begin)) for begin in (graph.first, graph.start))
    reader, read = np.concatenate([owner, owner, user]), np.concatenate([graph.left, graph.right, graph.args])
    return reader[read != NONE], read[read != NONE]


def upwards(graph: Canonical, level: Ints) -> Iterator[tuple[Ints, Ints, Ints]]:
    """The nodes of one level after the other; what they read, and where in that it begins for each."""
    reader, read = reads_of(graph)
    order = np.lexsort((reader, level[reader]))
    reader, read = reader[order], read[order]
    cuts = np.flatnonzero(np.diff(level[reader])) + 1
    for nodes, below in zip(np.split(reader, cuts), np.split(read, cuts), strict=True):
        begin = np.append(0, 1 + np.flatnonzero(np.diff(nodes)))
        yield nodes[begin], below, begin


def bits_of(numbers: Ints) -> Ints:
    """A bit for each number, none for NONE."""
    return np.where(numbers == NONE, 0, 1 << np.maximum(numbers, 0))


def all_below(graph: Canonical, own: Ints) -> Ints:
    """The bits of all that is below each node."""
    found = np.zeros_like(own)
    for nodes, read, begin in upwards(graph, graph.level):
        found[nodes] = np.bitwise_or.reduceat((found | own)[read], begin)
    return found


def stages_of(waits: list[int]) -> list[int]:
    """How many loops come one after the other up to each; 0 for what is no loop, nor comes after one.

    `waits` says which ones each waits for, directly or not; those that wait for one another are one loop.
    """
    found = [0] * len(waits)
    for which in sorted(range(len(waits)), key=lambda i: (waits[i].bit_count(), not waits[i] >> i & 1)):
        after = max((found[other] for other, waiting in enumerate(waits)
                     if waits[which] >> other & 1 and not waiting >> which & 1 and other != which), default=0)
        found[which] = after + 1 if after or waits[which] >> which & 1 else 0
    return found


def levels_in_stages(graph: Canonical, stage: Ints, steps: Bools) -> tuple[Ints, Ints]:
    """The level of each node, where the steps of a stage wait for what they read of those before; when each begins."""
    level, begins = np.zeros(len(graph.code) + 1, np.int64), np.zeros(stage.max() + 1, np.int64)
    reader, below = reads_of(graph)
    across = steps[reader] & (stage[below] < stage[reader])
    reader, below = reader[across], below[across]
    now = 0
    for nodes, read, begin in upwards(graph, stage[:-1] * (graph.level.max() + 1) + graph.level):
        if stage[nodes[0]] > now:
            now = int(stage[nodes[0]])
            begins[now] = 1 + level[below[stage[reader] == now]].max(initial=0)
        level[nodes] = np.maximum(1 + np.maximum.reduceat(level[read], begin), np.where(steps[nodes], begins[now], 0))
    return level, begins


# ── levels ────────────────────────────────────────────────────────────────────────────────────────


def chosen_levels(graph: Canonical, living: Ints, stages: Stages | None = None) -> Ints:
    """The level of each node: the first at which its operands are there, or the last at which its users wait for it.

    What feeds the steps of a chain has a first level in common, what hangs off them a last one: the logarithm of every
    running sum. Each kind of nodes goes where it has fewer levels.
    """
    stages = stages or Stages.of(graph)
    early = graph.level if stages is None else stages.level[:-1]
    last = np.full(len(graph.code) + 1, early[living].max(initial=0)) if stages is None else stages.last
    late = latest_levels(graph, living, early, last, np.ones(len(graph.code), dtype=bool))
    if np.array_equal(late[living], early[living]):
        return late
    waits = np.zeros(len(graph.code), dtype=bool)
    for kind in kinds_of(graph, living, stages and stages.kinds):
        _, kinds = np.unique(kind[living], return_inverse=True)
        first, other = (different_per(kinds, level[living]) for level in (early, late))
        waits[living] |= (other < first)[kinds]
        if stages is not None and stages.hangs is not None:
            waits[living] |= (other == 1)[kinds] & stages.hangs[living]
    return latest_levels(graph, living, early, last, waits)


def different_per(kinds: Ints, of: Ints) -> Ints:
    """How many different things each kind has."""
    width = of.max(initial=0) + 1
    return np.bincount(distinct(kinds * width + of) // width)


def latest_levels(graph: Canonical, living: Ints, early: Ints, last: Ints, waits: Bools) -> Ints:
    """Levels as they are, but for nodes that wait: these are right below the first of their users, or at their last."""
    level = early.copy()
    if not (len(living) and waits.any()):
        return level
    latest = last.copy()
    """Of each node, right below the first of its users; the last is that of NONE."""
    order = living[np.argsort(-early[living], kind="stable")]
    cuts = [0, *(np.flatnonzero(np.diff(early[order])) + 1).tolist(), len(order)]
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
