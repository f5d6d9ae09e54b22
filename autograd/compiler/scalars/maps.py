"""Linear maps one after the other as one, whose coefficients are made of the parameters once for all examples.

What a chain of steps such as s ← a·s + b·x computes of the data is a sum of data times coefficients that depend on
parameters alone, here powers of a times b. A step b + k·(a - 2b + c) is k·a + (1 - 2k)·b + k·c, and a rotation by
quaternions, q·p·q⁻¹, one matrix for all points. A sum is multiplied out where all that read it add it up times
something, and where fewer terms are left than there were, those of the coefficients included. Where every step is read,
or there would be too many products, the coefficients themselves are computed step by step.

A system under control, s ← A·s + B·u with u = -K·s, waits twice in a step, and its sums are unlike one another. With u
multiplied out a step is one product, (A - B·K)·s, whose matrix is made once: what is between the states is multiplied
out where that leaves fewer levels, though as many terms.

The numbers are the same to rounding, but the text is not the textbook's: such a graph is for what runs alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autograd.compiler.scalars.canonical import alive
from autograd.compiler.scalars.graph import (
    CODE,
    DATA,
    LEAVES,
    NONE,
    PARAMETERS,
    SUM,
    Behind,
    Bools,
    Canonical,
    computing,
    depends,
    distinct,
    regions,
    uses_in,
)
from autograd.compiler.scalars.levels import STEPS, kinds_of, with_early_sums

MOST = 20_000
"""So many terms of a graph are looked at, and as many may be made on the way: larger ones have other things to do."""

WORTH = 0.8
"""The part of the terms that may be left."""

SMALL = 8
"""So many terms of coefficients, which are computed step by step for none of the examples, count as one."""

BOTH_WAYS = 3
"""A term with parameters takes so many products, forward and backward; one of data alone takes one."""

PATHS = 4
"""So many products of coefficients count as one term where two ways to multiply out are compared."""

STEPWISE = 0.7
"""Coefficients are computed step by step where that saves so much more than to multiply them out."""

SLIGHTLY = 0.5, 1.0
"""So many more terms may be left for each that reads a state of the step before, or, in several steps, what is computed
from such states alone."""

LONGER, SHORTER = 1.5, 0.6
"""What is between the states of steps is multiplied out where that leaves at most so many times the terms, and so much
of the levels."""

WIDER = 2
"""A sum of so many times the terms of its region is given up on the way."""

POINTS = 4
"""So many maps with the same coefficients are one matrix that many points are multiplied by."""

POWER = 3
"""From this exponent on, all powers of a parameter are computed as such, in one call; up to it they are products."""

Monomial = tuple[tuple[int, int], ...]
"""A product of powers: nodes that are the same for all examples, in order, with their exponents."""

Polynomial = dict[Monomial, float]
"""A sum of numbers times monomials."""

Sums = dict[int, dict[int, Polynomial]]
"""Of each sum the coefficient of each node that it reads."""


def with_maps_as_one(graph: Canonical) -> Canonical | None:
    """The graph with linear maps multiplied out where that leaves fewer terms or levels; None if that is nowhere."""
    shorter = multiplied_out(graph, lambda maps: maps.shorter())
    shorter = multiplied_out(shorter or graph, lambda maps: maps.features(), data=True) or shorter
    shorter = (shorter and with_squares_apart(shorter)) or shorter
    return multiplied_out(shorter or graph, lambda maps: maps.shortcuts()) or shorter


def with_squares_apart(graph: Canonical) -> Canonical | None:
    """The graph with sums of squares (c·x)² as Σ c² times x², where several multiples of x are squared alone."""
    maps, terms = Maps(graph), np.diff(graph.first)
    single = np.append(maps.linear & (terms == 1), False)
    square = (graph.left == graph.right) & single[graph.left]
    square &= (maps.uses == 2 * np.bincount(graph.left[square], minlength=len(graph.code)))[graph.left]
    alike: dict[tuple[int, int], list[int]] = {}
    for i in np.flatnonzero(square).tolist():
        term = graph.first[graph.left[i]]
        if maps.weight[term] != NONE:
            alike.setdefault((int(maps.owner[i]), int(maps.read[term])), []).append(i)
    found = {pair: mine for pair, mine in alike.items() if len(mine) >= STEPS}
    made = Coefficients(maps, [])
    for (owner, x), mine in found.items():
        weights = [(int(graph.sign[i]), int(maps.weight[graph.first[graph.left[i]]])) for i in mine]
        of_squares = made.node(("squares", owner, x), "sum")
        made.terms += [(of_squares, sign, weight, weight) for sign, weight in weights]
        if ("square", x) not in made.made:
            made.terms.append((made.node(("square", x), "sum"), 1, x, x))
        made.terms.append((owner, 1, of_squares, made.made["square", x]))
    return made.graph_of(maps, [i for mine in found.values() for i in mine]) if found else None


def multiplied_out(
    graph: Canonical, regions_of: Callable[[Maps], list[Region]], data: bool = False,
) -> Canonical | None:
    """The graph with regions multiplied out, the best first, no two with a sum in common; None where there are none.

    Where `data` is what parameters are multiplied by, coefficients are made of the data, else of the parameters.
    """
    if not 0 < len(graph.left) <= MOST:
        return None
    maps, chosen, done = Maps(graph, data), list[Region](), set[int]()
    for region in sorted(regions_of(maps), key=lambda region: -region.saved):
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


def add_product(total: dict[int, Polynomial], coefficient: Polynomial, below: Mapping[int, Polynomial]) -> None:
    """Add the product of a coefficient with what a sum reads to what another reads."""
    for source, scale in below.items():
        mine = total.setdefault(source, {})
        for monomial, number in times(coefficient, scale).items():
            mine[monomial] = mine.get(monomial, 0.0) + number


def is_simple(polynomial: Polynomial) -> bool:
    """Whether a polynomial is a number, or a node or minus it."""
    ((monomial, number),) = polynomial.items() if len(polynomial) == 1 else [(((NONE, 2),), 1.0)]
    return not monomial or (abs(number) == 1 and sum(exponent for _, exponent in monomial) == 1)


def is_product(polynomial: Polynomial) -> bool:
    """Whether a polynomial is a product of several nodes, times a number."""
    return len(polynomial) == 1 and all(sum(exponent for _, exponent in monomial) > 1 for monomial in polynomial)


def is_one_node(polynomial: Polynomial) -> bool:
    """Whether a polynomial is a node."""
    return is_simple(polynomial) and all(monomial and number == 1 for monomial, number in polynomial.items())


def form(polynomial: Polynomial) -> tuple[tuple[float, int], ...]:
    """The numbers of a polynomial, each with how many factors it multiplies."""
    return tuple(sorted((number, sum(exponent for _, exponent in monomial)) for monomial, number in polynomial.items()))


def products_of(polynomial: Polynomial) -> int:
    """How many products add up to a polynomial, those within its monomials included; a high power is one factor."""
    degrees = [sum(exponent if exponent < POWER else 1 for _, exponent in monomial) for monomial in polynomial]
    return sum(max(degree - 1, 1) for degree in degrees)


def key_of(polynomial: Polynomial) -> frozenset[tuple[Monomial, float]]:
    """Equal for equal polynomials."""
    return frozenset(polynomial.items())


@dataclass
class Region:
    """Sums that are multiplied out (`gone`), and what those that read them become; all had `before` terms.

    `steps` are the coefficients that are computed on the way, if they are computed step by step. Where they are to be
    `uniform`, numbers are coefficients as well.
    """

    gone: list[int]
    sums: Sums
    before: int
    steps: list[Polynomial]
    uniform: bool = False
    saved: float = 0.0

    def coefficients(self) -> list[Polynomial]:
        """The coefficients that have to be computed."""
        found = [polynomial for sums in self.sums.values() for polynomial in sums.values() if polynomial]
        return [] if all(map(is_simple, found)) else [each for each in found if any(each)]

    @property
    def after(self) -> int:
        """The terms that are left for each example."""
        return sum(map(len, self.sums.values()))

    def gain(self, shared: Mapping[frozenset[tuple[Monomial, float]], int]) -> float:
        """The terms that are not there any more, less products of coefficients; those that wait for others count less.

        A long product of matrices has few entries, but multiplied out as many products as there are paths through it.
        """
        several = self.steps or self.coefficients()
        products = sum(products_of(each) / shared[key_of(each)] for each in several)
        return (self.before - self.after - products / PATHS) * (STEPWISE if self.steps else 1)

    def cost(self, shared: Mapping[frozenset[tuple[Monomial, float]], int]) -> float:
        """The terms that are left; a coefficient that several regions have is computed once."""
        steps, others = (sum(len(each) / shared[key_of(each)] for each in several)
                         for several in (self.steps, self.coefficients()))
        return self.after + others + steps / SMALL


class Maps:
    """Which terms of a graph are something that is the same for all examples (`weight`) times what differs (`read`)."""

    def __init__(self, graph: Canonical, data: bool = False) -> None:
        self.graph = graph
        n, batched = len(graph.code), depends(graph, PARAMETERS if data else DATA)
        self.owner = np.repeat(np.arange(n), np.diff(graph.first))
        left, right = batched[graph.left], batched[graph.right]
        mapped = ~(left & right)
        self.one = n
        """What is read where something that is the same for all examples is added: the number 1."""
        self.read = np.where(left, graph.left, np.where(right, graph.right, self.one))
        self.read[~mapped] = NONE
        self.weight = np.where(left != right, np.where(left, graph.right, graph.left), NONE)
        self.factors = np.stack([np.where(mapped, self.read, graph.left), np.where(mapped, NONE, graph.right)])
        self.factors[self.factors == self.one] = NONE
        """What each term multiplies, without its weight."""
        living = computing(graph)
        self.order = living[np.argsort(graph.level[living], kind="stable")].tolist()
        """The nodes that are computed, each after what it reads."""
        self.given = {*np.flatnonzero(graph.alive & (graph.code < len(LEAVES))).tolist(), self.one}
        self.linear = batched[:n] & (np.bincount(self.owner, minlength=n) > 0)
        """The sums of such terms alone."""
        self.linear[self.owner[~mapped]] = False
        self.uses = uses_in(graph)
        self.inner = self.linear.copy()
        """Those of which all readers add up multiples, or are of this kind themselves."""
        self.named: dict[frozenset[tuple[Monomial, float]], tuple[int, Polynomial]] = {}
        """Coefficients that later ones are made of, by numbers below NONE."""
        self.factors_of: dict[frozenset[tuple[Monomial, float]], list[tuple[Polynomial, Polynomial]]] = {}
        """Of some of them the products that they add up, in the order of a product of matrices."""
        by_read = np.argsort(self.read, kind="stable")
        begin = np.searchsorted(self.read[by_read], np.arange(n + 1))
        sums = np.flatnonzero(self.inner)
        for node in sums[np.argsort(-graph.level[sums], kind="stable")].tolist():
            mine = by_read[begin[node] : begin[node + 1]]
            multiples = (self.weight[mine] != NONE) | self.inner[self.owner[mine]]
            self.inner[node] = len(mine) == self.uses[node] and bool(multiples.all())

    def shorter(self) -> list[Region]:
        """The regions that are left with fewer terms."""
        times = np.bincount(self.read[self.read != NONE], minlength=self.one)[: self.one]
        once = self.inner & (times == 1)
        return [*self.worth(self.inner), *self.worth(once), *self.worth(self.linear, stepwise=True)]

    def worth(self, gone: Bools, stepwise: bool = False) -> list[Region]:
        """The regions in which it is worth to multiply out these sums: where fewer terms are left."""
        found = self.regions(np.append(gone, False)[self.read], stepwise)
        shared = Counter(key_of(each) for region in found for each in (*region.coefficients(), *region.steps))
        return [replace(region, saved=region.gain(shared)) for region in found
                if region.cost(shared) <= WORTH * region.before]

    def features(self) -> list[Region]:
        """The regions in which products of data, which need no gradients, are made before parameters multiply them."""
        found = []
        for region in self.regions(np.append(self.inner, False)[self.read], True):
            steps = {key_of(each): products_of(each) for each in region.steps}
            saved = BOTH_WAYS * (region.before - region.after) - sum(steps.values())
            if saved >= (1 - WORTH) * BOTH_WAYS * region.before and any(map(is_product, region.steps)):
                found.append(replace(region, saved=saved))
        return found

    def shortcuts(self) -> list[Region]:
        """What is between the states of steps multiplied out, as one region, if that leaves fewer levels."""
        found = self.regions(self.between(), False)
        gone, before = [node for region in found for node in region.gone], sum(region.before for region in found)
        sums = {node: below for region in found for node, below in region.sums.items()}
        longer = sum(map(len, sums.values())) > LONGER * before
        if longer or not found or self.depth(sums) > SHORTER * self.depth({}):
            return []
        return [self.with_all_states(Region(gone, sums, before, []))]

    def with_all_states(self, region: Region) -> Region:
        """The region with all sums of what its sums read, so that a step is one product with a matrix.

        Where a sum does not read what others of its step do, the matrix has a 0.
        """
        sums, first = dict(region.sums), self.graph.first
        read = {source for below in sums.values() for source in below}
        for node in np.flatnonzero(self.linear).tolist():
            terms = range(first[node], first[node + 1])
            below = {int(self.read[term]): self.coefficient(term) for term in terms}
            if node not in sums and node not in region.gone and below.keys() <= read and len(below) == len(terms):
                sums[node] = below
        completed = set[int]()
        for step in self.steps(sums):
            read = {source for node in step for source in sums[node]}
            fits = len(read) * len(step) <= WIDER * sum(len(sums[node]) for node in step)
            if fits and not self.wait(read, step, sums, completed):
                completed |= set(step)
                for node in step:
                    sums[node] = {source: sums[node].get(source, {}) for source in read}
        return replace(region, sums=sums, uniform=True)

    def wait(self, nodes: Iterable[int], step: list[int], sums: Sums, completed: Collection[int]) -> bool:
        """Whether nodes wait for one of a step, with these sums, of which some read more than they did."""
        level = np.append(self.graph.level, NONE)
        least = min(map(level.item, step))
        found, frontier = set[int](), set(nodes)
        while frontier and frontier.isdisjoint(step):
            found |= frontier
            frontier = {each for node in frontier for each in sums.get(node) or self.below(node)
                        if each in completed or level[each] >= least} - found
        return bool(frontier)

    def steps(self, sums: Sums) -> list[list[int]]:
        """Sums that read the same of what is not given, or of what is given if they read that alone."""
        n = len(self.graph.code)
        reads = [(node, source) for node, below in sums.items() for source in (below.keys() - self.given or below)]
        node, source = np.array(reads).T
        label = regions(2 * n + 1, node, n + source)
        found: dict[int, list[int]] = {}
        for each in sums:
            found.setdefault(label.item(each), []).append(each)
        return list(found.values())

    def sources(self, sums: Iterable[int], through: Bools | None = None) -> dict[int, set[int]]:
        """What sums read, where those that some terms read are multiplied `through`."""
        first, found = self.graph.first, dict[int, set[int]]()
        for node in sorted(sums, key=self.graph.level.item):
            found[node] = set()
            for term in range(first[node], first[node + 1]):
                source = int(self.read[term])
                found[node] |= found[source] if through is not None and through[term] else {source}
            found[node].discard(NONE)
        return found

    def depth(self, sums: Sums) -> int:
        """How many nodes wait for one another at most, with these sums; what all examples share is there before."""
        found = [0] * (len(self.graph.code) + 1)
        for node in self.order:
            found[node] = 1 + max((found[below] for below in sums.get(node) or self.below(node)), default=-1)
        return max(found)

    def below(self, node: int) -> list[int]:
        """What a node reads, without the weights of terms."""
        graph = self.graph
        if node == self.one:
            return []
        operands = graph.args[graph.start[node] : graph.start[node + 1]]
        factors = self.factors[:, graph.first[node] : graph.first[node + 1]].ravel()
        return [*operands.tolist(), *factors[factors != NONE].tolist()]

    def between(self) -> Bools:
        """The terms that read something between the states of steps, such as a control that is computed from them.

        Most of what that reads is read by the sums of these terms as well. Two terms are alike if both their sums and
        what they read are of the same kinds; no kind is multiplied out in itself, not in others on the way either.
        """
        through = np.zeros(len(self.read), dtype=bool)
        terms = np.flatnonzero(np.append(self.linear, False)[self.read] & self.linear[self.owner])
        rough, kind = (found.copy() for found in kinds_of(self.graph, np.array(self.order, np.int64)))
        alike: dict[tuple[int, int], list[int]] = {}
        for term, one, other in zip(terms.tolist(), *(kind[nodes[terms]].tolist() for nodes in (self.owner, self.read)),
                                    strict=True):
            alike.setdefault((one, other), []).append(term)
        alike_roughly = {pair: (rough.item(self.owner[mine[0]]), rough.item(self.read[mine[0]]))
                         for pair, mine in alike.items()}
        sums, chosen = np.flatnonzero(self.linear).tolist(), set[tuple[int, int]]()
        often = {pair for pair, mine in alike.items() if len(distinct(self.graph.level[self.owner[mine]])) >= STEPS}
        """What there is at so many levels."""
        while often:
            in_steps = {alike_roughly[pair] for pair in chosen & often}
            sources, more = self.sources(sums, through), dict[tuple[int, int], float]()
            for pair, mine in alike.items():
                if pair not in chosen:
                    below = {each for term in mine for each in sources[int(self.read[term])]}
                    several = pair in often or alike_roughly[pair] in in_steps
                    more[pair] = self.more_terms(mine, sources) - SLIGHTLY[several and pair[1] not in kind[list(below)]]
            found = [pair for pair in more if more[pair] <= 0 and not is_cyclic(chosen | {pair})]
            if not found:
                break
            least = min(found, key=more.__getitem__)
            chosen.add(least)
            through[alike[least]] = True
        return through

    def more_terms(self, terms: list[int], sources: Mapping[int, set[int]]) -> float:
        """How many more terms are left in the mean where what these terms read is multiplied out.

        Those of what is given count half beside others: they are computed for all steps at once.
        """
        more = 0.0
        for term in terms:
            node, source = int(self.owner[term]), int(self.read[term])
            below, new = sources[source], sources[source] - sources[node]
            given = 0 if below <= self.given else len(new & self.given)
            more += len(new) - given / 2 - 1 - (self.uses[source] == 1) * len(below)
        return more / len(terms)

    def regions(self, through: Bools, stepwise: bool) -> list[Region]:
        """The regions in which what these terms read is multiplied out, unless they would have too many terms."""
        edges = np.flatnonzero(through & (self.read != NONE) & (self.read != self.one))
        if not len(edges):
            return []
        label = regions(len(self.graph.code), self.owner[edges], self.read[edges])
        nodes = distinct(np.concatenate([self.owner[edges], self.read[edges]]))
        nodes = nodes[np.lexsort((self.graph.level[nodes], label[nodes]))]
        cuts = np.flatnonzero(np.diff(label[nodes])) + 1
        kept = self.uses > np.bincount(self.read[edges], minlength=self.one)
        several = ((self.halved(mine.tolist(), kept) if stepwise else None)
                   or self.region(mine.tolist(), through, kept, stepwise) for mine in np.split(nodes, cuts))
        return [region for region in several if region is not None]

    def halved(self, nodes: list[int], kept: Bools) -> Region | None:
        """A region of many steps, of which the last alone is read, with the product of its halves, and so of theirs.

        Where all steps have the same coefficients, as a Markov chain has, so have the halves, and these are powers of
        a matrix: x·T⁸ takes three products, T·T, T²·T² and T⁴·T⁴, beside that with x.
        """
        cuts = np.flatnonzero(np.diff(self.graph.level[nodes])) + 1
        layers = [mine.tolist() for mine in np.split(np.array(nodes), cuts)]
        reads = [{*nodes} & {source for below in self.sources(layer).values() for source in below} for layer in layers]
        in_order = all(below <= set(layer) for below, layer in zip(reads, [[], *layers], strict=False))
        inner = nodes[: -len(layers[-1])]
        if len(layers) <= STEPS or not in_order or kept[inner].any() or not self.linear[inner].all():
            return None
        steps = list[Polynomial]()

        def product(begin: int, end: int) -> Sums:
            if end - begin == 1:
                return {node: self.own(node) for node in layers[begin]}
            above, below = product((begin + end) // 2, end), product(begin, (begin + end) // 2)
            found = Sums()
            for node, coefficients in above.items():
                total, pairs = dict[int, Polynomial](), dict[int, list[tuple[Polynomial, Polynomial]]]()
                for between, coefficient in coefficients.items():
                    inside: dict[int, Polynomial] = below.get(between) or {between: {(): 1.0}}
                    add_product(total, coefficient, inside)
                    for source, scale in inside.items():
                        pairs.setdefault(source, []).append((coefficient, scale))
                for source, each in total.items():
                    if not is_simple(each):
                        steps.append(each)
                        self.factors_of.setdefault(key_of(each), pairs[source])
                found[node] = {source: self.called(each) for source, each in total.items()}
            return found

        sums = product(0, len(layers))
        before = sum(int(self.graph.first[node + 1] - self.graph.first[node]) for node in nodes)
        whole = all(each for below in sums.values() for each in below.values())
        return Region(inner, sums, before, steps) if whole else None

    def own(self, node: int) -> dict[int, Polynomial]:
        """The coefficients of what a sum reads."""
        found: dict[int, Polynomial] = {}
        for term in range(self.graph.first[node], self.graph.first[node + 1]):
            if self.read[term] != NONE:
                add_product(found, self.coefficient(term), {int(self.read[term]): {(): 1.0}})
        return found

    def region(self, nodes: list[int], through: Bools, kept: Bools, stepwise: bool) -> Region | None:
        """A region, its nodes in the order of their levels; None if it would have too many terms."""
        first, sums, made, steps = self.graph.first, Sums(), 0, list[Polynomial]()
        before = sum(int(first[node + 1] - first[node]) for node in nodes)
        for node in nodes:
            total = sums[node] = {}
            for i in range(first[node], first[node + 1]):
                source = int(self.read[i])
                if source != NONE:
                    add_product(total, self.coefficient(i), sums[source] if through[i] else {source: {(): 1.0}})
            for below, mine in total.items():
                total[below] = {monomial: number for monomial, number in mine.items() if number}
            size = sum(map(len, total.values()))
            made += size
            if size > WIDER * before or made > MOST or not all(total.values()):
                return None
            if stepwise:
                steps += [each for each in total.values() if not is_simple(each)]
                sums[node] = {source: self.called(each) for source, each in total.items()}
        left = {node: sums[node] for node in nodes if kept[node]}
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
        if self.read[term] != self.one:
            return {(): sign} if node == NONE else self.multiple(node, sign)
        left, right = int(self.graph.left[term]), int(self.graph.right[term])
        result = self.multiple(left, sign)
        return result if right == NONE else times(result, self.multiple(right, 1.0))

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


def is_cyclic(edges: Iterable[tuple[int, int]]) -> bool:
    """Whether edges lead from somewhere back to there."""
    left = set(edges)
    while True:
        ends = {end for _, end in left} - {begin for begin, _ in left}
        if not ends:
            return bool(left)
        left = {edge for edge in left if edge[1] not in ends}


class Coefficients(Behind):
    """The nodes that compute coefficients: by a number, a power, a product, or a polynomial."""

    def __init__(self, maps: Maps, chosen: list[Region]) -> None:
        super().__init__(maps.graph)
        self.chosen, self.factors_of, self.one = chosen, maps.factors_of, maps.one
        monomials = [monomial for region in chosen for each in region.coefficients() for monomial in each]
        self.high = {node for monomial in monomials for node, exponent in monomial if exponent >= POWER}
        """What has high powers."""
        self.times = Counter(
            key_of(each) for region in chosen for sums in region.sums.values() for each in sums.values())
        """How often there is each coefficient."""
        self.called: list[int] = []
        """The coefficients with names, each made of those before it."""
        for _, polynomial in maps.named.values() if any(region.steps for region in chosen) else ():
            self.called.append(self.polynomial(polynomial, numbered=False))

    def known(self, node: int) -> int:
        """A node, or that of a coefficient with a name."""
        return node if node >= 0 else self.called[NONE - 1 - node]

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
            pairs = self.factors_of.get(key, [])
            if pairs and all(is_one_node(each) for pair in pairs for each in pair):
                for pair in pairs:
                    left, right = (self.known(next(iter(each))[0][0]) for each in pair)
                    self.terms.append((node, 1, left, right))
                return node
            for monomial, number in polynomial.items():
                factors = self.factors(monomial)
                if not monomial and len(polynomial) == 1:
                    self.terms.append((node, -1, self.number(-number), NONE))  # as a sum, not as a copy of a number
                    continue
                if numbered:
                    factors = [self.number(number), *self.product(factors, 1)]
                elif abs(number) != 1 or not monomial:
                    factors = self.product([self.number(abs(number)), *factors], 2)
                else:
                    factors = self.product(factors, 2)
                left, right = (*factors, NONE)[:2]
                self.terms.append((node, 1 if numbered or number > 0 else -1, left, right))
        return self.made[key]

    def of_points(self, region: Region) -> list[Polynomial]:
        """The coefficients of a region that are computed step by step, if those of several are the same."""
        found = [each for sums in region.sums.values() for each in sums.values() if any(each)]
        return found if region.steps and all(self.times[key_of(each)] >= POINTS for each in found) else []

    def replaced(self, region: Region) -> None:
        """The terms of the sums of a region. Its coefficients have one form, so that they are computed together."""
        found, points = region.coefficients(), self.of_points(region)
        coefficients = found or points
        numbered = bool(points and not found) or len(set(map(form, coefficients))) > 1 or any(
            abs(number) != 1 or not monomial for each in coefficients for monomial, number in each.items())
        for owner, sums in region.sums.items():
            zero = frozenset(key_of(each) for each in sums.values())  # each row has its own, so that rows stay apart
            for source, polynomial in sorted(sums.items()):
                read = NONE if source == self.one else source
                if not polynomial:
                    self.terms.append((owner, 1, self.zero(zero), read))
                elif coefficients and (region.uniform or any(polynomial)):
                    self.terms.append((owner, 1, self.polynomial(polynomial, numbered), read))
                else:
                    self.terms.append(self.simple(owner, read, polynomial))

    def zero(self, key: object) -> int:
        """A coefficient that is 0, by the row in which it completes a matrix."""
        if key not in self.made:
            self.terms.append((self.node(key, "sum"), -1, self.number(0.0), NONE))
        return self.made[key]

    def simple(self, owner: int, source: int, polynomial: Polynomial) -> tuple[int, int, int, int]:
        """A term whose coefficient need not be computed."""
        ((monomial, number),) = polynomial.items()
        if abs(number) != 1 or (source == NONE and not monomial):
            return owner, 1, self.number(number), source
        sign = int(number)
        return (owner, sign, self.known(monomial[0][0]), source) if monomial else (owner, sign, source, NONE)

    def graph_of(self, maps: Maps, gone: Sequence[int] = ()) -> Canonical:
        """The graph, multiplied out, without the terms that are gone."""
        old = np.ones(len(maps.owner), dtype=bool)
        old[list(gone)] = False
        for region in self.chosen:
            self.replaced(region)
            old[np.isin(maps.owner, region.gone) | (np.isin(maps.owner, [*region.sums]) & (maps.read != NONE))] = False
        return with_early_sums(alive(self.together(old)))
