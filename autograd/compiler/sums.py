"""The canonical form of a graph: sums of signed products, and elementwise operations between them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from autograd.compiler.graph import CODE, Bools, Floats, Ints

SUM = CODE["sum"]
NONE = -1
"""Stands for the missing second factor of a plain term."""


@dataclass
class Canonical:
    """A graph in which every linear node is a sum of terms: sign · left · right.

    The terms of node i are `first[i]:first[i + 1]`; operands of the other operations are as in
    `Graph`. Nodes that were absorbed or merged are not `alive`; `home` is where each then is: the living
    node that equals it, or the sum that it was `absorbed` in, or NONE where no result depends on it. `hidden` are the
    nodes whose products with 0 were left out, and `endless` says that a slope above such a product is not finite.
    """

    code: Ints
    start: Ints
    args: Ints
    data: Floats
    first: Ints
    sign: Ints
    left: Ints
    right: Ints
    roots: Ints
    alive: Bools
    level: Ints
    home: Ints
    absorbed: Bools
    labels: dict[int, str]
    hidden: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    endless: bool = False

    def check(self) -> None:
        """Raise AssertionError unless the arrays fit together and only living nodes are used."""
        used = np.concatenate([self.args, self.left, self.right[self.right != NONE], self.roots])
        assert np.all(self.alive[used]), "a dead node is used"
        owner = np.repeat(np.arange(len(self.code)), np.diff(self.first))
        assert np.all(self.code[owner] == SUM), "a node that is no sum has terms"
        for column in (self.left, self.right):
            there = column != NONE
            assert np.all(self.level[column[there]] < self.level[owner[there]]), "a term is not below its sum"


@dataclass
class Terms:
    """Signed products, sorted by the sum that owns them."""

    owner: Ints
    sign: Ints
    left: Ints
    right: Ints

    def take(self, which: Bools | Ints) -> Terms:
        """Some of the terms."""
        return Terms(self.owner[which], self.sign[which], self.left[which], self.right[which])
