"""Rows of indices: which are equal, which meet, and how ragged ones are aligned."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.compiler.graph import Ints
from autograd.compiler.views import PAD


def rows_of(matrix: Ints) -> tuple[Ints, Ints]:
    """The distinct rows of a matrix in order of appearance, and for each row which of them it is."""
    multipliers = np.random.default_rng(20).integers(1, 2**62, matrix.shape[1]) | 1
    with np.errstate(over="ignore"):
        key = (matrix + 2) @ multipliers
    return _appearing(matrix, key)


def _appearing(matrix: Ints, key: Ints) -> tuple[Ints, Ints]:
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return matrix[first[order]], rank[inverse]


def components(left: Ints, right: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Where rows of the left meet rows of the right: H groups of rows, all pairs of which may meet.

    Pair k is (left[k], right[k]). Returns the left rows (H, K1) and the right rows (H, K2) of every
    group, a smaller group repeating its first row, and for each pair its group and its place therein.
    """
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
        families, _, _, _, _ = components(element, owner)
        if k * families.shape[1] > waste * len(key) + small:
            continue
        family_of = np.empty(len(elements), np.int64)
        family_of[families] = np.arange(len(families))[:, None]
        column = np.empty(len(elements), np.int64)
        real = np.arange(families.shape[1]) < np.bincount(family_of)[:, None]
        column[families[real]] = np.broadcast_to(np.arange(families.shape[1]), families.shape)[real]
        member_family = np.empty(k, np.int64)
        member_family[owner] = family_of[element]
        place = column[element]
        if len(np.unique(owner * families.shape[1] + place)) < len(owner):
            continue  # an element occurs twice in a sum
        keys = elements[families][member_family]
        others = np.full(keys.shape, PAD)
        others[owner, place] = other
        rows = (others, keys) if swapped else (keys, others)
        cost = len(rows_of(rows[0])[0]) * len(rows_of(rows[1])[0]) * families.shape[1]
        if best is None or cost < best[0]:
            best = cost, rows
    return None if best is None else best[1]
