"""Multiply out sums of parameters times data: what a chain of such steps computes is a product of both.

Horner's rule, (w·x + v)·x + u, becomes w·x² + v·x + u: one product of parameters with powers of the data, which depend
on no parameter.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from autograd.compiler.scalars.graph import (
    CODE,
    NONE,
    Bools,
    Graph,
    Ints,
    Terms,
    distinct,
    ends,
    in_front,
    offsets,
    uses_of,
)

Term = tuple[int, int, int]
"""A sign and two factors, of which the second may be NONE."""

PARAMETERS = frozenset({CODE["parameter"], CODE["outside"]})
DATA = frozenset({CODE["input"], CODE["target"], CODE["noise"]})

LONGEST = 256
"""Terms of a sum up to which it is multiplied out."""


def users_of_chains(terms: Terms, single: Bools) -> Ints:
    """For each node the one that reads it in the end, where products that are read once read one another; or itself."""
    user: Ints = np.arange(len(single))
    for side in (terms.left, terms.right):
        read = (side != NONE) & (terms.right != NONE)
        user[side[read]] = terms.owner[read]
    return ends(np.where(single, user, np.arange(len(single))))


class Features:
    """Products of data that are made, and the terms of the sums in which they are read.

    x·(w·u + b) with data x and u, in a sum with other such terms, becomes w·(x·u) + b·x, if that takes no more than one
    product that is not there yet. So does a product of one parameter and data, such as ((w·x)·u)·v, step by step.
    """

    def __init__(self, graph: Graph, terms: Terms, known: Bools) -> None:
        self.graph, self.known = graph, known
        self.first = offsets(np.bincount(terms.owner, minlength=len(graph)))
        self.factors = np.stack([terms.left, terms.right], axis=1)
        self.reached: dict[frozenset[int], dict[int, bool]] = {PARAMETERS: {}, DATA: {}}
        """Of nodes whether they depend on leaves of a kind."""
        self.terms: dict[int, list[Term]] = {}
        self.nodes: dict[tuple[int, int], int] = {}
        """Below NONE, the products of pairs of nodes."""
        self.absorbed: dict[int, int] = {}
        """The sums that are multiplied out, and those in which they are."""

    @classmethod
    def of(cls, graph: Graph, terms: Terms, owner: Ints, known: Bools) -> Features:
        """The products for all chains of a graph."""
        self, count = cls(graph, terms, known), np.bincount(terms.owner, minlength=len(graph))
        once = uses_of(graph, terms, (count > 0) | known | (owner != np.arange(len(graph)))) == 1
        inner = np.append((count > 0) & once, False)
        in_sum = (count > 1)[users_of_chains(terms, once & (count == 1))]
        found = (inner[terms.left] | inner[terms.right]) & (terms.right != NONE) & in_sum[terms.owner]
        for i in np.flatnonzero(found)[np.argsort(terms.owner[found], kind="stable")].tolist():
            node, left, right = int(terms.owner[i]), int(terms.left[i]), int(terms.right[i])
            inside, factor = (left, right) if inner[left] and not self.is_data(left) else (right, left)
            chained = count[node] > 1 or int(graph.code[factor]) in DATA
            if inner[inside] and chained and self.is_data(factor) and self.depends(inside, PARAMETERS):
                for each in (node, inside):
                    self.terms[each] = self.terms.get(each) or self.terms_of(terms, each)
                self.multiply_out(node, inside, factor)
        self.square_apart(terms, uses_of(graph, terms, (count > 0) | known | (owner != np.arange(len(graph)))))
        return self

    def square_apart(self, terms: Terms, uses: Ints) -> None:
        """Write sums of squares (w·x)² of parameters times data as sums of w²·x², where all that read w·x add it up."""
        single = np.append((np.diff(self.first) == 1), False)
        squares = (terms.left == terms.right) & single[terms.left]
        squares &= np.bincount(terms.owner, squares, len(self.graph))[terms.owner] > 1
        plain = (terms.right == NONE) & single[terms.left]
        both = np.bincount(terms.left[squares | plain], np.where(squares, 2, 1)[squares | plain], len(self.graph))
        fitting: dict[int, tuple[int, int]] = {}
        for node in distinct(terms.left[squares]).tolist():
            part = self.parted((1, *self.factors[self.first[node]].tolist())) if both[node] == uses[node] else None
            if part and NONE not in part[1:] and node not in self.terms:
                fitting[node] = part[1:]
        changed = np.isin(terms.left, list(fitting)) & (squares | plain)
        for owner in distinct(terms.owner[changed]).tolist():
            mine = self.terms.get(owner) or self.terms_of(terms, owner)
            self.terms[owner] = [self.squared(term, fitting) for term in mine]
        for i in np.flatnonzero(changed)[np.argsort(plain[changed], kind="stable")].tolist():
            self.absorbed[int(terms.left[i])] = int(terms.owner[i])
            self.terms[int(terms.left[i])] = []

    def squared(self, term: Term, fitting: Mapping[int, tuple[int, int]]) -> Term:
        """A term with the factors of a product in the place of the product, or their squares in that of its square."""
        sign, a, b = term
        if a not in fitting:
            return term
        weight, data = fitting[a]
        return (sign, weight, data) if b == NONE else (sign, self.product(weight, weight), self.product(data, data))

    def terms_of(self, terms: Terms, node: int) -> list[Term]:
        """The terms of a sum as they were."""
        mine = slice(self.first[node], self.first[node + 1])
        return list(zip(*(column[mine].tolist() for column in (terms.sign, terms.left, terms.right)), strict=True))

    def product(self, a: int, b: int) -> int:
        """The product of two nodes, which is made if it is not there yet."""
        return self.nodes.setdefault(self.pair(a, b), -2 - len(self.nodes))

    def depends(self, node: int, leaves: frozenset[int]) -> bool:
        """Whether a node depends on leaves of a kind."""
        reached = self.reached[leaves]
        path = [(node, iter(self.below(node)))]
        while path and node not in reached:
            top, rest = path[-1]
            below = next(rest, None)
            if int(self.graph.code[top]) in leaves or (below is not None and reached.get(below)):
                reached.update((above, True) for above, _ in path)
            elif below is None:
                reached[top] = False
                path.pop()
            elif below not in reached:
                path.append((below, iter(self.below(below))))
        return reached[node]

    def below(self, node: int) -> list[int]:
        """What a node reads."""
        if self.known[node]:
            return []
        mine = slice(self.first[node], self.first[node + 1])
        read = self.graph.operands(node) if mine.start == mine.stop else self.factors[mine].ravel()
        return [below for below in read.tolist() if below != NONE]

    def multiply_out(self, node: int, inside: int, factor: int) -> None:
        """Write factor · inside, a term of a sum, as the products of the factor with each term of the inside."""
        outer = [term for term in self.terms[node] if inside not in term[1:]]
        (sign,) = [term[0] for term in self.terms[node] if inside in term[1:]]
        parts = [self.parted(term) for term in self.terms[inside]]
        alone = len(outer) > 0 and not any(map(self.is_monomial, outer))
        if len(parts) > LONGEST or None in parts or alone:
            return
        pairs = {self.pair(factor, data) for part in parts if part for data in part[2:] if data != NONE}
        if sum(pair not in self.nodes for pair in pairs) > 1:
            return
        for part in parts:
            assert part is not None
            mine, weight, data = part
            product = factor if data == NONE else self.product(factor, data)
            outer.append((sign * mine, product, NONE) if weight == NONE else (sign * mine, weight, product))
        self.terms[node], self.terms[inside], self.absorbed[inside] = outer, [], node

    def is_monomial(self, term: Term) -> bool:
        """Whether a term is a parameter times data, or will be: an input times a product that is.

        What is computed of inputs, as steps of a loop do, is left as it is: the first would be unlike the rest.
        """
        while self.parted(term) is None:
            _, a, b = term
            inside, factor = (a, b) if b >= 0 and int(self.graph.code[b]) in DATA else (b, a)
            if inside < 0 or factor < 0 or int(self.graph.code[factor]) not in DATA:
                return False
            below = self.terms.get(inside, range(self.first[inside], self.first[inside + 1]))
            if len(below) != 1:
                return False
            (only,) = below
            term = (1, *self.factors[only].tolist()) if isinstance(only, int) else only
        return True

    def pair(self, a: int, b: int) -> tuple[int, int]:
        """Two factors in order."""
        return (a, b) if a <= b else (b, a)

    def parted(self, term: Term) -> Term | None:
        """The sign, the parameter and the data of a term, of which either may be NONE; None for any other term."""
        sign, a, b = term
        if self.is_data(a):
            a, b = b, a
        if a != NONE and (a < NONE or self.depends(a, DATA)):
            return None
        return (sign, a, b) if b == NONE or self.is_data(b) else None

    def is_data(self, node: int) -> bool:
        """Whether a node depends on data and on no parameter."""
        return node < NONE or (node != NONE and self.depends(node, DATA) and not self.depends(node, PARAMETERS))

    def apart(self, graph: Graph, terms: Terms, owner: Ints) -> tuple[Graph, Terms, Ints]:
        """The graph with the products as nodes before all others, the terms, and who absorbed each node."""
        made = len(self.nodes)
        if not self.absorbed:
            return graph, terms, owner
        parent = np.arange(len(graph))
        parent[list(self.absorbed)] = list(self.absorbed.values())
        owner = ends(parent)[owner]
        kept = terms.take(~np.isin(terms.owner, np.array(list(self.terms))))
        new = [(node, *term) for node, mine in self.terms.items() for term in mine]
        new += [(product, 1, *pair) for pair, product in self.nodes.items()]
        columns = np.array(new, np.int64).T
        old = np.stack([kept.owner, kept.sign, kept.left, kept.right])
        both = np.concatenate([columns, old], axis=1)
        for row in (0, 2, 3):  # products are numbered from -2 downwards
            both[row] = np.where(both[row] >= 0, both[row] + made, np.where(both[row] == NONE, NONE, -2 - both[row]))
        both = both[:, np.argsort(both[0], kind="stable")]
        before = in_front(graph, np.zeros(made), graph.args + made, np.diff(graph.start))
        return before, Terms(*both), np.concatenate([np.arange(made), owner + made])
