"""The depth of every node: 0 for leaves, else one more than its deepest operand."""

from __future__ import annotations

import numpy as np

from autograd.compiler.graph import Ints, spans


def levels(n: int, start: Ints, args: Ints, first: Ints, left: Ints, right: Ints) -> Ints:
    """Levels of n nodes with operands `args` by `start`, and factors `left`, `right` by `first`."""
    by_args = np.repeat(np.arange(n), np.diff(start))
    by_terms = np.repeat(np.arange(n), np.diff(first))
    there = right >= 0
    above = np.concatenate([by_args, by_terms, by_terms[there]])
    below = np.concatenate([args, left, right[there]])
    waiting = np.bincount(above, minlength=n)
    order = np.argsort(below, kind="stable")
    above = above[order]
    out = np.concatenate([[0], np.cumsum(np.bincount(below, minlength=n))])

    level = np.zeros(n, dtype=np.int64)
    frontier = np.flatnonzero(waiting == 0)
    depth = 0
    while len(frontier):
        level[frontier] = depth
        users = above[spans(out[frontier], out[frontier + 1] - out[frontier])]
        np.subtract.at(waiting, users, 1)
        users = np.unique(users)
        frontier = users[waiting[users] == 0]
        depth += 1
    return level
