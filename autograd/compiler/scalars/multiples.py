"""Sums of numbers times what is given, such as 8x - 3 and 2 - 4x, of which many are multiples of a few.

What de Boor's recursion makes of the distances between a place and all knots is a sum of (8x - 3)·b and (2 - 8x)·c at
first, then of (4x - 1.5)·b and (2 - 4x)·c, and so on. Written as 8 · ((x - 3/8)·b - (x - 1/4)·c) and
4 · ((x - 3/8)·b - (x - 1/2)·c), all of them read the same few distances.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd.compiler.scalars.graph import CODE, LEAVES, NONE, Behind, Bools, Canonical, Ints, distinct, uses_in

FEW = 2
"""So many times as many sums as they are multiples of, and as there are factors, are left as they are."""

DIGITS = 12
"""Numbers that agree in so many are the same: 8/3 by 8 and 1/3 are, to rounding."""

Row = tuple[int, tuple[tuple[int, float], ...]]
"""A leaf, and the leaves (or NONE) whose multiples by these numbers are added to it."""


def with_multiples_as_one(graph: Canonical) -> Canonical:
    """The graph in which products read one of several sums that are multiples of it.

    That can be where all terms of what reads them have the same factor, which then multiplies their sum.
    """
    n, factors = len(graph.code), np.stack([graph.left, graph.right])
    known = np.append(graph.code == CODE["constant"], True)
    products, owner, uses = ~known[factors].any(axis=0), np.repeat(np.arange(n), np.diff(graph.first)), uses_in(graph)
    found = dict(rows(graph, known, np.bincount(factors[:, products].ravel(), minlength=n) == uses))
    lead = np.ones(n + 1)
    lead[list(found)] = [number for _, number in found.values()]
    scale = lead[factors].prod(axis=0)
    least, largest = np.full(n, np.inf), np.zeros(n)
    np.minimum.at(least, owner, np.abs(scale))
    np.maximum.at(largest, owner, np.abs(scale))
    changed = products & (least == largest)[owner] & np.isin(factors, list(found)).any(axis=0)
    scaled = distinct(owner[changed & (np.abs(scale) != 1)])
    everywhere = np.bincount(factors[:, changed].ravel(), minlength=n) == uses
    one = {node: row for node, (row, _) in found.items() if everywhere[node]}
    if len(one) <= FEW * len({*least[scaled].tolist(), *one.values()}):
        return graph
    made, base, inside = Behind(graph), np.arange(n + 1), np.arange(n)
    base[NONE] = NONE
    for row in sorted(set(one.values()), reverse=True):  # neighbours, such as distances to knots, lie side by side
        source, rest = row
        node = made.node(row, "sum")
        made.terms.append((node, 1, source, NONE))
        made.terms += [(node, -1, made.number(-number), NONE) if read == NONE else (node, 1, made.number(number), read)
                       for read, number in rest]
    base[list(one)] = [made.made[row] for row in one.values()]
    for node in scaled.tolist():
        inside[node] = made.node(("inside", node), "sum")
        made.terms.append((node, 1, made.number(least.item(node)), inside.item(node)))
    sign = graph.sign * np.sign(scale).astype(int)
    made.terms += zip(inside[owner[changed]].tolist(), sign[changed].tolist(), *base[factors[:, changed]].tolist(),
                      strict=True)
    return made.together(~changed)


def rows(graph: Canonical, known: Bools, wanted: Bools) -> Iterator[tuple[int, tuple[Row, float]]]:
    """Of sums of numbers times what is given, which are wanted, what they are multiples of, and by which numbers."""
    n, factors = len(graph.code), np.stack([graph.left, graph.right])
    given = known | np.append(graph.code < len(LEAVES), True)
    other = ~known[factors].any(axis=0) | ~given[factors].all(axis=0)
    counts = np.diff(graph.first)
    nodes: Ints = np.flatnonzero(wanted & (counts > 0) & (np.bincount(np.repeat(np.arange(n), counts), other, n) == 0))
    numbers, alike = np.append(np.where(known[:-1], graph.data, 1.0), 1.0), dict[object, Row]()
    for node in nodes.tolist():
        terms = slice(graph.first[node], graph.first[node + 1])
        read = np.where(known[graph.left[terms]], graph.right[terms], graph.left[terms])
        times = graph.sign[terms] * numbers[graph.left[terms]] * numbers[graph.right[terms]]
        (source, lead), *rest = sorted(
            zip(np.where(known[read], NONE, read).tolist(), times.tolist(), strict=True), reverse=True)
        row = source, tuple((below, number / lead) for below, number in rest or [(NONE, 0.0)])
        rounded = source, tuple((below, f"{number:.{DIGITS}g}") for below, number in row[1])
        yield node, (alike.setdefault(rounded, row), lead)
