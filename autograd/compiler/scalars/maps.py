"""Linear maps one after the other as one, whose coefficients are made of the parameters once for all examples.

What a chain of steps such as s ← a·s + b·x computes of the data is a sum of data times coefficients that depend on
parameters alone, here powers of a times b. A step b + k·(a - 2b + c) is k·a + (1 - 2k)·b + k·c, and a rotation by
quaternions, q·p·q⁻¹, one matrix for all points. A sum is multiplied out where all that read it add it up times
something, and where fewer terms are left than there were, those of the coefficients included. Where every step is read,
or there would be too many products, the coefficients themselves are computed step by step.

The numbers are the same to rounding, but the text is not the textbook's: such a graph is for what runs alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from autograd.compiler.scalars.canonical import alive
from autograd.compiler.scalars.graph import CODE, NONE, SUM, Bools, Canonical, differs, distinct, levels, regions
from autograd.compiler.scalars.levels import with_early_sums

MOST = 20_000
"""So many terms of a graph are looked at, and as many may be made on the way: larger ones have other things to do."""

WORTH = 0.8
"""The part of the terms that may be left."""

SMALL = 8
"""So many terms of coefficients, which are computed step by step for none of the examples, count as one."""

STEPWISE = 0.7
"""Coefficients are computed step by step where that saves so much more than to multiply them out."""

WIDER = 2
"""A sum of so many times the terms of its region is given up on the way."""

POWER = 3
"""From this exponent on, all powers of a parameter are computed as such, in one call; up to it they are products."""

Monomial = tuple[tuple[int, int], ...]
"""A product of powers: nodes that are the same for all examples, in order, with their exponents."""

Polynomial = dict[Monomial, float]
"""A sum of numbers times monomials."""

Sums = dict[int, dict[int, Polynomial]]
"""Of each sum the coefficient of each node that it reads."""


def with_maps_as_one(graph: Canonical) -> Canonical | None:
    """The graph with linear maps multiplied out where that leaves fewer terms; None if that is nowhere."""
    if not 0 < len(graph.left) <= MOST:
        return None
    maps, chosen, done = Maps(graph), list[Region](), set[int]()
    once = maps.inner & (np.bincount(maps.read[maps.read != NONE], minlength=len(maps.inner)) == 1)
    found = [*maps.worth(maps.inner), *maps.worth(once), *maps.worth(maps.linear, stepwise=True)]
    for region in sorted(found, key=lambda region: -region.saved):
        if done.isdisjoint(region.gone) and done.isdisjoint(region.sums):
            chosen.append(region)
            done |= {*region.gone, *region.sums}
    return Coefficients(maps, chosen).graph_of(maps) if chosen else None


def times(a: Polynomial, b: Polynomial) -> Polynomial:
    """The product of two polynomials."""
    result: Polynomial = {}
    for (one, x), (other, y) in ((p, q) for p in a.items() for q in b.items()):
        exponents = dict(one)
        for node, exponent in other:
            exponents[node] = exponents.get(node, 0) + exponent
        both = tuple(sorted(exponents.items()))
        result[both] = result.get(both, 0.0) + x * y
    return result


def is_simple(polynomial: Polynomial) -> bool:
    """Whether a polynomial is a number, or a node or minus it."""
    ((monomial, number),) = polynomial.items() if len(polynomial) == 1 else [(((NONE, 2),), 1.0)]
    return not monomial or (abs(number) == 1 and sum(exponent for _, exponent in monomial) == 1)


def key_of(polynomial: Polynomial) -> frozenset[tuple[Monomial, float]]:
    """Equal for equal polynomials."""
    return frozenset(polynomial.items())


@dataclass
class Region:
    """Sums that are multiplied out (`gone`), and what those that read them become; all had `before` terms.

    `steps` are the coefficients that are computed on the way, if they are computed step by step.
    """

    gone: list[int]
    sums: Sums
    before: int
    steps: list[Polynomial]

    def coefficients(self) -> list[Polynomial]:
        """The coefficients that have to be computed."""
        found = [polynomial for sums in self.sums.values() for polynomial in sums.values()]
        return [] if all(map(is_simple, found)) else [each for each in found if any(each)]

    @property
    def after(self) -> int:
        """The terms that are left for each example."""
        return sum(map(len, self.sums.values()))

    @property
    def saved(self) -> float:
        """The terms that are not there any more; what is computed step by step, which takes its time, counts less."""
        return (self.before - self.after) * (STEPWISE if self.steps else 1)

    def cost(self, shared: Mapping[frozenset[tuple[Monomial, float]], int]) -> float:
        """The terms that are left; a coefficient that several regions have is computed once."""
        steps, others = (sum(len(each) / shared[key_of(each)] for each in several)
                         for several in (self.steps, self.coefficients()))
        return self.after + others + steps / SMALL


class Maps:
    """Which terms of a graph are something that is the same for all examples (`weight`) times what differs (`read`)."""

    def __init__(self, graph: Canonical) -> None:
        self.graph = graph
        n, batched = len(graph.code), differs(graph)
        self.owner = np.repeat(np.arange(n), np.diff(graph.first))
        left, right = batched[graph.left], batched[graph.right]
        mapped = left ^ right
        self.read = np.where(mapped, np.where(left, graph.left, graph.right), NONE)
        self.weight = np.where(mapped, np.where(left, graph.right, graph.left), NONE)
        self.linear = np.bincount(self.owner, minlength=n) > 0
        """The sums of such terms alone."""
        self.linear[self.owner[~mapped]] = False
        uses = np.bincount(np.concatenate([graph.left, graph.right[graph.right != NONE], graph.args, graph.roots]),
                           minlength=n)
        self.outside = uses > np.bincount(self.read[mapped], minlength=n)
        """What is read by more than such terms."""
        self.inner = self.linear.copy()
        """Those of which all readers add up multiples, or are of this kind themselves."""
        self.named: dict[frozenset[tuple[Monomial, float]], tuple[int, Polynomial]] = {}
        """Coefficients that later ones are made of, by numbers below NONE."""
        by_read = np.argsort(self.read, kind="stable")
        begin = np.searchsorted(self.read[by_read], np.arange(n + 1))
        sums = np.flatnonzero(self.inner)
        for node in sums[np.argsort(-graph.level[sums], kind="stable")].tolist():
            mine = by_read[begin[node] : begin[node + 1]]
            multiples = (self.weight[mine] != NONE) | self.inner[self.owner[mine]]
            self.inner[node] = len(mine) == uses[node] and bool(multiples.all())

    def worth(self, gone: Bools, stepwise: bool = False) -> list[Region]:
        """The regions in which it is worth to multiply out these sums: where fewer terms are left."""
        edges = np.flatnonzero((self.read != NONE) & np.append(gone, False)[self.read])
        label = regions(len(self.graph.code), self.owner[edges], self.read[edges])
        nodes = distinct(np.concatenate([self.owner[edges], self.read[edges]]))
        nodes = nodes[np.lexsort((self.graph.level[nodes], label[nodes]))]
        cuts = np.flatnonzero(np.diff(label[nodes])) + 1
        several = (self.region(mine.tolist(), gone, stepwise) for mine in np.split(nodes, cuts) if len(mine))
        found = [region for region in several if region is not None]
        shared = Counter(key_of(each) for region in found for each in (*region.coefficients(), *region.steps))
        return [region for region in found if region.cost(shared) <= WORTH * region.before]

    def region(self, nodes: list[int], gone: Bools, stepwise: bool) -> Region | None:
        """A region, its nodes in the order of their levels; None if it would have too many terms."""
        first, sums, made, steps = self.graph.first, Sums(), 0, list[Polynomial]()
        before = sum(int(first[node + 1] - first[node]) for node in nodes)
        for node in nodes:
            total = sums[node] = {}
            for i in range(first[node], first[node + 1]):
                source = int(self.read[i])
                if source != NONE:
                    inside: dict[int, Polynomial] = sums[source] if gone[source] else {source: {(): 1.0}}
                    for below, scale in inside.items():
                        mine = total.setdefault(below, {})
                        for monomial, number in times(self.coefficient(i), scale).items():
                            mine[monomial] = mine.get(monomial, 0.0) + number
            for below, mine in total.items():
                total[below] = {monomial: number for monomial, number in mine.items() if number}
            size = sum(map(len, total.values()))
            made += size
            if size > WIDER * before or made > MOST or not all(total.values()):
                return None
            if stepwise:
                steps += [each for each in total.values() if not is_simple(each)]
                sums[node] = {source: self.called(each) for source, each in total.items()}
        left = {node: sums[node] for node in nodes if not gone[node] or self.outside[node]}
        return Region([node for node in nodes if node not in left], left, before, steps)

    def called(self, polynomial: Polynomial) -> Polynomial:
        """A polynomial by a name of its own, unless it is simple."""
        if is_simple(polynomial):
            return polynomial
        number, _ = self.named.setdefault(key_of(polynomial), (NONE - 1 - len(self.named), polynomial))
        return {((number, 1),): 1.0}

    def coefficient(self, term: int) -> Polynomial:
        """What a term multiplies by what it reads."""
        node, sign = int(self.weight[term]), float(self.graph.sign[term])
        return {(): sign} if node == NONE else self.multiple(node, sign)

    def multiple(self, node: int, number: float) -> Polynomial:
        """A number times a node that is the same for all examples, which may be minus another, such as -q."""
        graph = self.graph
        while graph.code[node] == SUM and graph.first[node + 1] - graph.first[node] == 1:
            term = graph.first[node]
            if graph.right[term] != NONE:
                break
            node, number = int(graph.left[term]), number * float(graph.sign[term])
        constant = graph.code[node] == CODE["constant"]
        return {(): number * float(graph.data[node])} if constant else {((node, 1),): number}


class Coefficients:
    """The nodes that compute coefficients, behind those of a graph."""

    def __init__(self, maps: Maps, chosen: list[Region]) -> None:
        self.graph, self.chosen = maps.graph, chosen
        self.made: dict[object, int] = {}
        """The nodes by what they compute: a number, a power, a product, or a polynomial."""
        self.codes: list[int] = []
        self.data: list[float] = []
        self.args: list[tuple[int, ...]] = []
        self.terms: list[tuple[int, int, int, int]] = []
        """Owner, sign and factors of the terms that are new."""
        monomials = [monomial for region in chosen for each in region.coefficients() for monomial in each]
        self.high = {node for monomial in monomials for node, exponent in monomial if exponent >= POWER}
        """What has high powers."""
        self.called: list[int] = []
        """The coefficients with names, each made of those before it."""
        for _, polynomial in maps.named.values() if any(region.steps for region in chosen) else ():
            self.called.append(self.polynomial(polynomial, numbered=False))

    def known(self, node: int) -> int:
        """A node, or that of a coefficient with a name."""
        return node if node >= 0 else self.called[NONE - 1 - node]

    def node(self, key: object, kind: str, args: tuple[int, ...] = (), number: float = 0.0) -> int:
        """A new node, or the one that computes the same."""
        if key not in self.made:
            self.made[key] = len(self.graph.code) + len(self.codes)
            self.codes.append(CODE[kind])
            self.data.append(number)
            self.args.append(args)
        return self.made[key]

    def number(self, number: float) -> int:
        """A constant."""
        return self.node(number, "constant", number=number)

    def factors(self, monomial: Monomial) -> list[int]:
        """The factors of a monomial, powers last."""
        plain = [self.known(node) for node, exponent in monomial if node not in self.high for _ in range(exponent)]
        return plain + [self.node((node, float(exponent)), "pow", (node, self.number(float(exponent))))
                        for node, exponent in monomial if node in self.high]

    def product(self, factors: list[int], most: int) -> list[int]:
        """Factors of which the first are multiplied until there are `most` of them."""
        while len(factors) > most:
            pair = factors[0], factors[1]
            factors = [self.node(pair, "mul", pair), *factors[2:]]
        return factors

    def polynomial(self, polynomial: Polynomial, numbered: bool) -> int:
        """A coefficient: a sum of products of two factors each or, if all are `numbered`, of numbers times products."""
        key = key_of(polynomial)
        if key not in self.made:
            node = self.node(key, "sum")
            for monomial, number in polynomial.items():
                factors = self.factors(monomial)
                if numbered:
                    factors = [self.number(number), *self.product(factors, 1)]
                elif abs(number) != 1 or not monomial:
                    factors = self.product([self.number(abs(number)), *factors], 2)
                else:
                    factors = self.product(factors, 2)
                left, right = (*factors, NONE)[:2]
                self.terms.append((node, 1 if numbered or number > 0 else -1, left, right))
        return self.made[key]

    def replaced(self, region: Region) -> None:
        """The terms of the sums of a region. Its coefficients have one form, so that they are computed together."""
        coefficients = region.coefficients()
        numbered = any(abs(number) != 1 or not monomial for each in coefficients for monomial, number in each.items())
        for owner, sums in region.sums.items():
            for source, polynomial in sorted(sums.items()):
                if coefficients and any(polynomial):
                    self.terms.append((owner, 1, self.polynomial(polynomial, numbered), source))
                else:
                    self.terms.append(self.simple(owner, source, polynomial))

    def simple(self, owner: int, source: int, polynomial: Polynomial) -> tuple[int, int, int, int]:
        """A term whose coefficient need not be computed."""
        ((monomial, number),) = polynomial.items()
        if abs(number) != 1:
            return owner, 1, self.number(number), source
        sign = int(number)
        return (owner, sign, self.known(monomial[0][0]), source) if monomial else (owner, sign, source, NONE)

    def graph_of(self, maps: Maps) -> Canonical:
        """The graph, multiplied out."""
        graph, old = self.graph, np.ones(len(maps.owner), dtype=bool)
        for region in self.chosen:
            self.replaced(region)
            old[np.isin(maps.owner, region.gone) | (np.isin(maps.owner, [*region.sums]) & (maps.read != NONE))] = False
        kept = np.stack([maps.owner, graph.sign, graph.left, graph.right])[:, old]
        owner, sign, left, right = np.concatenate([kept, np.array(self.terms, np.int64).T], axis=1)
        order, n = np.argsort(owner, kind="stable"), len(graph.code) + len(self.codes)
        counts = np.append(np.diff(graph.start), np.array([len(args) for args in self.args], np.int64))
        start, first = (np.append(0, np.cumsum(many)) for many in (counts, np.bincount(owner, minlength=n)))
        args = np.append(graph.args, np.array([arg for args in self.args for arg in args], np.int64))
        sign, left, right = sign[order], left[order], right[order]
        behind = np.arange(len(graph.code), n)
        return with_early_sums(alive(replace(
            graph, code=np.append(graph.code, np.array(self.codes, np.int64)), start=start, args=args,
            data=np.append(graph.data, self.data), first=first, sign=sign, left=left, right=right,
            alive=np.ones(n, dtype=bool), level=levels(n, start, args, first, left, right),
            home=np.append(graph.home, behind), absorbed=np.append(graph.absorbed, behind < 0))))
