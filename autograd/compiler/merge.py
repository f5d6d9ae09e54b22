"""Merge common sub-expressions, level by level from the leaves up, and keep what the results depend on."""

from __future__ import annotations

import numpy as np

from autograd.compiler.graph import CODE, Bools, Floats, Graph, Ints, mix, spans
from autograd.compiler.levels import levels
from autograd.compiler.sums import NONE, SUM, Canonical, Terms


def merged(graph: Graph, terms: Terms, owner: Ints, constant: Bools, value: Floats) -> Canonical:
    """Merge common sub-expressions level by level, from the leaves up; keep what the roots reach.

    `owner` is for each node the sum that absorbed it, or itself.
    """
    n = len(graph)
    code = graph.code.copy()
    linear = np.zeros(n, dtype=bool)
    linear[terms.owner] = True
    linear &= ~constant
    code[linear] = SUM
    code[constant] = CODE["constant"]
    data = np.where(constant, value, graph.data)

    counts = np.where(linear | constant, 0, np.diff(graph.start))
    args = graph.args[spans(graph.start[:-1], counts)]
    start = np.concatenate([[0], np.cumsum(counts)])
    terms = terms.take(linear[terms.owner])
    first = np.concatenate([[0], np.cumsum(np.bincount(terms.owner, minlength=n))])
    left, right, sign = terms.left.copy(), terms.right.copy(), terms.sign

    roots = graph.roots.copy()
    level = levels(n, start, args, first, left, right)
    alias = np.arange(n + 1)
    alias[n] = NONE  # so that NONE stays NONE
    order = np.argsort(level, kind="stable")
    bounds = np.searchsorted(level[order], np.arange(level.max(initial=0) + 2))
    for depth in range(len(bounds) - 1):
        nodes = order[bounds[depth] : bounds[depth + 1]]
        edges = spans(start[nodes], counts[nodes])
        args[edges] = alias[args[edges]]
        number = first[nodes + 1] - first[nodes]
        mine = spans(first[nodes], number)
        left[mine], right[mine] = alias[left[mine]], alias[right[mine]]
        which = np.repeat(np.arange(len(nodes)), counts[nodes])
        place = edges - np.repeat(start[nodes], counts[nodes])
        keys = mix(code[nodes], np.where(counts[nodes] + number == 0, data[nodes].view(np.int64), 0), number)
        keys = keys + _summed(mix(args[edges], place), which, len(nodes))
        # Terms are unordered, and so are the factors of each.
        low, high = np.minimum(left[mine], right[mine]), np.maximum(left[mine], right[mine])
        keys = keys + _summed(mix(sign[mine], low, high), np.repeat(np.arange(len(nodes)), number), len(nodes))
        _, representative, inverse = np.unique(keys, return_index=True, return_inverse=True)
        alias[nodes] = nodes[representative][inverse]
    roots = alias[roots]
    result = Canonical(code, start, args, data, first, sign, left, right, roots, alias[:n] == np.arange(n), level,
                       alias[owner], owner != np.arange(n), graph.labels)
    return reachable(result)


def _summed(hashes: Ints, which: Ints, n: int) -> Ints:
    """The sum, modulo 2⁶⁴, of the hashes that belong to each of n nodes."""
    total = np.zeros(n, dtype=np.int64)
    if len(hashes):
        filled, starts = np.unique(which, return_index=True)
        total[filled] = np.add.reduceat(hashes, starts)
    return total


def reachable(graph: Canonical) -> Canonical:
    """Drop every node, operand and term that no root depends on."""
    n = len(graph.code)
    alive = np.zeros(n, dtype=bool)
    frontier = np.unique(graph.roots)
    while len(frontier):
        alive[frontier] = True
        edges = spans(graph.start[frontier], graph.start[frontier + 1] - graph.start[frontier])
        terms = spans(graph.first[frontier], graph.first[frontier + 1] - graph.first[frontier])
        below = np.concatenate([graph.args[edges], graph.left[terms], graph.right[terms]])
        below = np.unique(below[below != NONE])
        frontier = below[~alive[below]]
    counts = np.where(alive, np.diff(graph.start), 0)
    number = np.where(alive, np.diff(graph.first), 0)
    terms = spans(graph.first[:-1], number)
    graph.args = graph.args[spans(graph.start[:-1], counts)]
    graph.start = np.concatenate([[0], np.cumsum(counts)])
    graph.sign, graph.left, graph.right = graph.sign[terms], graph.left[terms], graph.right[terms]
    graph.first = np.concatenate([[0], np.cumsum(number)])
    graph.alive = alive
    graph.home = np.where(alive[graph.home], graph.home, NONE)
    return graph
