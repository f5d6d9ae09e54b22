"""Bring a traced graph into canonical form, so that equal mathematics has equal structure.

- What only adds, subtracts and multiplies becomes sums of signed terms ± l·r (r may be absent):
  add, sub, neg, mul, sum, dot, division by a constant, squares. Chains of additions flatten into one
  sum; products used once are absorbed into the sum that uses them, and never merged with others.
- Terms with a factor of constant zero vanish (padding), and so does what depends on nothing else.
- A selection whose condition is constant is what it selects.
- No gradient goes to a maximum that cancels, as in a softmax.
- Maps by numbers, one after the other, become one: each result a sum of numbers times what the first map reads.
- The larger of two multiples of x is one of them and a multiple of max(x, 0), and so is the smaller with min(x, 0).
- Data times a sum of parameters times data is a sum of parameters times data: what a chain of such steps computes, as
  in Horner's rule, is a product of parameters with data (powers) that depend on no parameter.
- Common sub-expressions merge.
- What steps of a loop add up that is there from the start becomes a sum of its own.

The order of additions may change, and 0·x is 0 for any x: results agree to rounding where everything is finite. What
was multiplied by 0 is kept in mind, so that it can be asked for where results do not show it in any case. All passes
work on whole arrays; only the depth of the graph is walked in Python.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from autograd import ops
from autograd.compiler.scalars.features import Features
from autograd.compiler.scalars.graph import (
    CODE,
    CODES,
    LEAVES,
    NONE,
    SUM,
    Bools,
    Canonical,
    Floats,
    Graph,
    Ints,
    Terms,
    distinct,
    ends,
    hash_sums,
    in_front,
    in_pieces,
    jumped,
    levels,
    mix,
    offsets,
    reached,
    regions,
    spans,
    uses_of,
    with_operands,
)
from autograd.compiler.scalars.levels import with_early_sums
from autograd.compiler.scalars.multiples import with_multiples_as_one
from autograd.compiler.scalars.shifts import without_shifts
from autograd.specialize import fast


def canonical(graph: Graph) -> Canonical:
    """The graph as sums of products and elementwise operations, with what steps need not wait for in sums before."""
    return with_early_sums(in_sums(graph))


def in_sums(graph: Graph) -> Canonical:
    """The graph as sums of products and elementwise operations."""
    graph, number = without_shifts(graph)
    size = len(graph)
    graph = with_powers_in_turn(with_constants_as_factors(graph))
    with np.errstate(all="ignore"):
        graph, folded = without_decided(graph)
        graph, folded = with_sides(graph, folded)
    terms, owner = flattened(graph, without_ones(graph, folded.terms.take(~folded.known[folded.terms.owner]), folded))
    folded = replace(folded, terms=terms)  # the others take memory
    before = len(graph)
    graph, terms, owner = Features.of(graph, terms, owner, folded.known).apart(graph, terms, owner)
    made = len(graph) - before
    known, value = np.concatenate([np.zeros(made, bool), folded.known]), np.concatenate([np.zeros(made), folded.value])
    result = alive(with_multiples_as_one(merged(graph, terms, owner, known, value)))
    hidden = folded.hidden + made
    if len(hidden):
        hidden = hidden[~shown(result)[hidden]]
    return replace(result, traced=result.traced[-size:][number], hidden=hidden, endless=folded.endless)


@dataclass
class Folded:
    """The terms that are left, and of each node whether it is constant and its number if it is.

    `hidden` are the nodes that were multiplied by zero. `endless` says that a slope of what thereby became constant is
    not finite: times 0 it is nan, as no number that is folded can tell.
    """

    terms: Terms
    known: Bools
    value: Floats
    hidden: Ints
    endless: bool


def without_decided(graph: Graph) -> tuple[Graph, Folded]:
    """The graph without selections whose condition is constant, and maps by numbers as one; and what is left of it."""
    while True:
        folded = without_zeros(graph, linear_terms(graph))
        decided = decided_selections(graph, folded.known)
        if not len(decided):
            break
        graph = with_selections_made(graph, decided, folded.value)
    maps = composed(graph, folded)
    if not maps:
        return graph, folded
    graph = with_maps(graph, maps)
    return graph, without_zeros(graph, linear_terms(graph))


def with_constants_as_factors(graph: Graph) -> Graph:
    """Write x / c as x · (1/c), for constants c whose reciprocal is neither 0 nor infinite nor has lost digits."""
    constant = graph.code == CODE["constant"]
    divisions = np.flatnonzero(graph.code == CODE["div"])
    divisions = divisions[constant[graph.args[graph.start[divisions] + 1]]]
    with np.errstate(all="ignore"):
        reciprocals = 1 / graph.data[graph.args[graph.start[divisions] + 1]]
    precise = np.isfinite(reciprocals) & (np.abs(reciprocals) >= np.finfo(np.float64).tiny)
    divisions, reciprocals = divisions[precise], reciprocals[precise]
    if not len(divisions):
        return graph
    n = len(divisions)
    code = graph.code.copy()
    code[divisions] = CODE["mul"]
    args = graph.args + n
    args[graph.start[divisions] + 1] = np.arange(n)
    return in_front(replace(graph, code=code), reciprocals, args, np.diff(graph.start))


def with_powers_in_turn(graph: Graph) -> Graph:
    """Write x**5 as x · x**4, and so on down to x**0 = 1, where there are such powers of data already.

    Each is one product then, in the place of an exponential and a logarithm. Of a parameter there is only one number to
    compute for all examples, and all its powers are one call.
    """
    powers = np.flatnonzero(graph.code == CODE["pow"])
    exponents = graph.args[graph.start[powers] + 1]
    exponent = graph.data[exponents]
    bases = graph.args[graph.start[powers]]
    whole = (graph.code[exponents] == CODE["constant"]) & (exponent >= 0) & (exponent == np.floor(exponent))
    if not (whole & (exponent != 2)).any():
        return graph
    whole &= depends_on(graph, ("input", "target", "noise"))[bases]
    of_base: dict[int, dict[float, int]] = {}
    """Of each base the node of each of its powers."""
    code, args, counts = graph.code.copy(), graph.args + 1, np.diff(graph.start)
    for node, base, k in zip(*(column[whole].tolist() for column in (powers, bases, exponent)), strict=True):
        known, first = of_base.setdefault(base, {1.0: base}), graph.start[node]
        below = next((j for j in sorted(known, reverse=True) if j < k and k - j in known), None)
        if k == 0:
            code[node], args[first : first + 2] = CODE["dot"], args[first : first + 2][::-1]  # 0 · x + 1
            counts[node] = 3
        elif k == 1:
            code[node], args[first + 1] = CODE["sum"], NONE
            counts[node] = 1
        elif k > 2 and below is not None:
            code[node], args[first : first + 2] = CODE["mul"], (known[k - below] + 1, known[below] + 1)
        known.setdefault(k, node)
    args = np.insert(args, graph.start[1:][counts > np.diff(graph.start)], 0)
    return in_front(replace(graph, code=code), np.ones(1), args[args != NONE], counts)


def depends_on(graph: Graph, leaves: Iterable[str]) -> Bools:
    """The nodes that depend on leaves of these kinds."""
    owner = np.repeat(np.arange(len(graph)), np.diff(graph.start))
    found = np.isin(graph.code, [CODE[leaf] for leaf in leaves])
    while True:
        more = np.bincount(owner[found[graph.args]], minlength=len(graph)) > 0
        if not (more & ~found).any():
            return found
        found |= more


def decided_selections(graph: Graph, known: Bools) -> Ints:
    """The nodes of `where` that depend on more than constants, but whose condition does not."""
    nodes = np.flatnonzero((graph.code == CODE["where"]) & ~known)
    return nodes[known[graph.args[graph.start[nodes]]]]


def with_selections_made(graph: Graph, nodes: Ints, value: Floats) -> Graph:
    """Write these selections as sums of the one operand that they take."""
    code, args, counts = graph.code.copy(), graph.args.copy(), np.diff(graph.start)
    first = graph.start[nodes]
    code[nodes], counts[nodes] = CODE["sum"], 1
    args[first] = args[first + np.where(value[args[first]] != 0, 1, 2)]
    args = np.delete(args, [first + 1, first + 2])
    return Graph(code, offsets(counts), args, graph.data, graph.roots, graph.labels)


# ── maps by numbers ───────────────────────────────────────────────────────────────────────────────


Map = tuple[Ints, Ints, Floats]
"""Nodes, what they are to be computed from, and the matrix of numbers between them; its last column is added."""


def composed(graph: Graph, folded: Folded) -> list[Map]:
    """The maps by numbers that stand for several, one after the other, which read the same.

    Each takes no more terms than those, and as many scalars vanish as it reads.
    """
    terms, scale, read = numeric_terms(folded, len(graph))
    linear = np.zeros(len(graph) + 1, dtype=bool)
    linear[terms.owner] = True
    inner = linear[read]
    if not inner.any():
        return []
    computed = folded.known.copy()
    computed[folded.terms.owner] = True
    uses = uses_of(graph, folded.terms, computed)
    once = inner & (np.abs(scale) == 1) & (uses[read] == 1)  # such a sum is absorbed in any case
    outside = uses > np.bincount(read[inner], minlength=len(graph))
    vanishing = distinct(read[inner & ~once])
    vanishing = vanishing[~outside[vanishing]]
    if not len(vanishing):
        return []
    part = np.zeros(len(graph), dtype=bool)
    part[terms.owner[inner]] = part[read[inner]] = True
    mine = part[terms.owner]
    owner, scale, read, inner = terms.owner[mine], scale[mine], read[mine], inner[mine]
    results, sources = np.flatnonzero(outside & part), distinct(read[~inner & (read != NONE)])
    region = regions(len(graph), owner[read != NONE], read[read != NONE])
    known = distinct(region[vanishing])  # where nothing vanishes nothing becomes shorter
    number = np.full(len(graph), NONE, np.int32)
    number[known] = np.arange(len(known))
    number = number[region]
    size, result, source, gone = (np.bincount(number[nodes] + 1, minlength=len(known) + 1)[1:] for nodes in (
        owner, results, sources, vanishing))
    shorter = np.flatnonzero((result > 0) & (result * (source + 1) <= size) & (gone >= source))
    return [(results[above], sources[below], _traced_back(results[above], sources[below], *(
                column[mine] for column in (owner, read, scale))))
            for above, below, mine in zip(*(places_by(number[nodes], shorter) for nodes in (results, sources, owner)),
                                          strict=True)]


def places_by(keys: Ints, wanted: Ints) -> list[Ints]:
    """The places at which each of the wanted keys is, which are in order."""
    order = np.argsort(keys, kind="stable")
    begin, end = (np.searchsorted(keys[order], wanted, side) for side in ("left", "right"))
    return [order[first:last] for first, last in zip(begin.tolist(), end.tolist(), strict=True)]


def numeric_terms(folded: Folded, n: int) -> tuple[Terms, Floats, Ints]:
    """The terms of sums that are all numbers times a node or alone: with these numbers, and the node or NONE."""
    fixed, value = np.append(folded.known, True), np.append(folded.value, 1.0)
    terms = folded.terms.take(~folded.known[folded.terms.owner])
    products = np.bincount(terms.owner, ~fixed[terms.left] & ~fixed[terms.right], n)
    terms = terms.take(products[terms.owner] == 0)
    left, right = fixed[terms.left], fixed[terms.right]
    numbers: Floats = np.where(left, value[terms.left], 1.0) * np.where(right, value[terms.right], 1.0)
    read: Ints = np.where(~left, terms.left, np.where(~right, terms.right, NONE))
    return terms, terms.sign * numbers, read


def _traced_back(results: Ints, sources: Ints, owner: Ints, read: Ints, scale: Floats) -> Floats:
    """By how much each result grows with each source, and in the last column what is added: from the results back."""
    nodes = np.unique(np.concatenate([owner, sources]))
    row = {node: i for i, node in enumerate(nodes.tolist())} | {NONE: len(nodes)}
    flow = np.zeros((len(nodes) + 1, len(results)))
    flow[[row[node] for node in results.tolist()], np.arange(len(results))] = 1
    order = np.argsort(-owner, kind="stable")
    for above, below, number in zip(owner[order].tolist(), read[order].tolist(), scale[order].tolist(), strict=True):
        flow[row[below]] += number * flow[row[above]]
    return flow[[*(row[node] for node in sources.tolist()), len(nodes)]].T


def with_maps(graph: Graph, maps: list[Map]) -> Graph:
    """Write the results of maps as sums of numbers times what they read."""
    numbers = np.unique(np.concatenate([matrix.ravel() for _, _, matrix in maps]))
    operands: dict[int, Ints] = {}
    for results, sources, matrix in maps:
        for node, scales in zip(results.tolist(), matrix, strict=True):
            mine, factor = np.flatnonzero(scales[:-1]), np.searchsorted(numbers, scales)
            added = factor[-1:] if scales[-1] or not len(mine) else factor[:0]
            operands[node] = np.concatenate([factor[mine], sources[mine] + len(numbers), added])
    code = graph.code.copy()
    code[list(operands)] = CODE["dot"]
    args, counts = with_operands(graph.args + len(numbers), graph.start, operands)
    return in_front(replace(graph, code=code), numbers, args, counts)


def with_sides(graph: Graph, folded: Folded) -> tuple[Graph, Folded]:
    """max(a·x, b·x) as b·x + (a - b)·max(x, 0) for a > b, and min(a·x, b·x) likewise; the slopes at 0 stay the same."""
    extremes = np.flatnonzero(((graph.code == CODE["maximum"]) | (graph.code == CODE["minimum"])) & ~folded.known)
    if not len(extremes):
        return graph, folded
    terms, scale, read = numeric_terms(folded, len(graph))
    single = np.bincount(terms.owner, minlength=len(graph))[terms.owner] == 1
    number, source = np.ones(len(graph)), np.arange(len(graph))
    number[terms.owner[single]], source[terms.owner[single]] = scale[single], read[single]
    a, b = (graph.args[graph.start[extremes] + place] for place in (0, 1))
    fitting = (source[a] == source[b]) & (source[a] != NONE) & (number[a] != number[b]) & ~folded.known[a]
    if not fitting.any():
        return graph, folded
    nodes, a, b = extremes[fitting], a[fitting], b[fitting]
    more, less = np.maximum(number[a], number[b]), np.minimum(number[a], number[b])
    numbers = np.unique(np.concatenate([less, more - less, [0.0]]))
    made = len(numbers) + len(nodes)
    zero = int(np.searchsorted(numbers, 0.0))
    code = graph.code.copy()
    code[nodes] = CODE["dot"]
    fronts, operands = [], dict[int, Ints]()
    for i, (node, low, step) in enumerate(zip(nodes.tolist(), less, more - less, strict=True)):
        x, side = int(source[a[i]]) + made, len(numbers) + i
        fronts.append(np.array([x, zero]))
        factors = np.searchsorted(numbers, [low, step])
        operands[node] = np.array([factors[0], x, side] if step == 1 else [*factors, x, side])
    args, counts = with_operands(graph.args + made, graph.start, operands)
    counts = np.concatenate([np.repeat([0, 2], [len(numbers), len(nodes)]), counts])
    graph = Graph(
        np.concatenate([np.full(len(numbers), CODE["constant"]), graph.code[nodes], code]),
        offsets(counts), np.concatenate([*fronts, args]),
        np.concatenate([numbers, np.zeros(len(nodes)), graph.data]), graph.roots + made,
        {node + made: label for node, label in graph.labels.items()},
    )
    return graph, without_zeros(graph, linear_terms(graph))


def without_ones(graph: Graph, terms: Terms, folded: Folded) -> Terms:
    """The terms, without factors that turned out to be 1, such as x**0.

    A factor that was written as 1 stays: where others have other numbers, as in a Fourier transform, it is one of them.
    """
    one = np.append(folded.known & (folded.value == 1) & (graph.code != CODE["constant"]), False)
    left = np.where(one[terms.left] & (terms.right != NONE), terms.right, terms.left)
    right = np.where(one[terms.left] | one[terms.right], NONE, terms.right)
    return replace(terms, left=left, right=right)


# ── terms ─────────────────────────────────────────────────────────────────────────────────────────


def linear_terms(graph: Graph) -> Terms:
    """The terms of every linear node as it was written, and of squares."""
    start, args, counts = graph.start, graph.args, np.diff(graph.start)
    add, sub, neg, mul, sums, dots, powers = (
        np.flatnonzero(graph.code == CODE[name]) for name in ("add", "sub", "neg", "mul", "sum", "dot", "pow"))
    exponents = args[start[powers] + 1]
    squares = powers[(graph.code[exponents] == CODE["constant"]) & (graph.data[exponents] == 2)]
    pairs = counts[dots] // 2
    number = np.zeros(len(graph), np.int32)
    for nodes, terms in ((add, 2), (sub, 2), (neg, 1), (mul, 1), (squares, 1),
                         (sums, counts[sums]), (dots, counts[dots] - pairs)):
        number[nodes] = terms
    first: Ints = np.cumsum(number) - number
    size = int(number.sum())
    sign, left, right = np.ones(size, np.int8), np.empty(size, args.dtype), np.full(size, NONE, args.dtype)
    both, odd = np.concatenate([add, sub]), counts[dots] % 2 == 1
    for place, operand in (
        (first[both], start[both]), (first[both] + 1, start[both] + 1), (first[neg], start[neg]),
        (spans(first[sums], counts[sums]), spans(start[sums], counts[sums])),
        (first[dots[odd]] + pairs[odd], start[dots[odd] + 1] - 1),
    ):
        left[place] = args[operand]
    for place, factor, other in (
        (first[mul], start[mul], start[mul] + 1), (first[squares], start[squares], start[squares]),
        (spans(first[dots], pairs), spans(start[dots], pairs), spans(start[dots] + pairs, pairs)),
    ):
        left[place], right[place] = args[factor], args[other]
    sign[first[sub] + 1] = sign[first[neg]] = -1
    return Terms(np.repeat(np.arange(len(graph), dtype=args.dtype), number), sign, left, right)


def without_zeros(graph: Graph, terms: Terms) -> Folded:
    """Drop terms with a factor of zero, and fold what is constant or thereby became so."""
    hidden, steep = [np.zeros(0, np.int64)], []
    known = graph.code == CODE["constant"]
    value = np.append(np.where(known, graph.data, 0.0), 1.0)  # NONE, as an index, is a factor of 1
    hollow = np.zeros(len(value), dtype=bool)  # what has a zero in it that hides something
    linear = np.zeros(len(graph), dtype=bool)
    linear[terms.owner] = True
    other = np.flatnonzero(~linear & (graph.code >= len(LEAVES)))
    while True:
        sure = np.append(known, True)
        zero, bad = sure & (value == 0), ~np.isfinite(value)
        left, right = zero[terms.left] & ~bad[terms.right], zero[terms.right] & ~bad[terms.left]
        lefts, rights = left & ~sure[terms.right], right & ~sure[terms.left]
        hidden += [terms.right[lefts], terms.left[rights]]
        hollow[terms.owner[lefts | rights | hollow[terms.left] | hollow[terms.right]]] = True
        terms = terms.take(~(left | right))
        fixed = linear & ~known
        fixed[terms.owner[~(sure[terms.left] & sure[terms.right])]] = False
        mine = terms.take(fixed[terms.owner])
        products = mine.sign * value[mine.left] * value[mine.right]
        value[:-1][fixed] = np.bincount(mine.owner, products, len(graph))[fixed]  # 0 if no term is left
        for node in other[_all_known(graph, other, known)]:
            op, operands = ops.ROWS[graph.op(node)], graph.operands(node)
            value[node] = op.forward(*value[operands].tolist())
            fixed[node] = True
            if op.recorded and hollow[operands].any():
                hollow[node] = True
                if not np.isfinite(fast(op).local(value[node].item(), *value[operands].tolist())).all():
                    steep.append(node)
        if not fixed.any():
            concealed = distinct(np.concatenate(hidden))
            there = reachable(graph) if len(concealed) else np.zeros(len(graph), dtype=bool)
            return Folded(terms, known, value[:-1], concealed[there[concealed]], bool(there[steep].any()))
        known |= fixed
        other = other[~known[other]]


def reachable(graph: Graph) -> Bools:
    """The nodes that results depend on, as the graph was written."""
    return reached(len(graph), graph.roots, (graph.start[:-1], graph.start[1:], graph.args))


def _all_known(graph: Graph, nodes: Ints, known: Bools) -> Bools:
    counts = np.diff(graph.start)[nodes]
    edges = spans(graph.start[nodes], counts)
    unknown = np.bincount(np.repeat(np.arange(len(nodes)), counts), ~known[graph.args[edges]], len(nodes))
    return np.asarray(unknown == 0)


def flattened(graph: Graph, terms: Terms) -> tuple[Terms, Ints]:
    """Absorb sums and products that are used once, as a plain term, into the sum that uses them.

    Returns the terms that are left, and for each node the sum that absorbed it, or itself.

    A neuron (several terms, products among them) is absorbed by additions alone, not by a subtraction: z = x·w + b
    stays itself in z - y and y - z. Taking a product, a weight or a constant away from it goes on with it.
    """
    n = len(graph)
    count = np.bincount(terms.owner, minlength=n)
    linear = count > 0
    uses = uses_of(graph, terms, linear)
    has_product = np.zeros(n, dtype=bool)
    has_product[terms.owner[terms.right != NONE]] = True

    plain = (terms.right == NONE) & linear[terms.left]
    plain &= uses[terms.left] == 1
    parent: Ints = np.arange(n)
    apart = plain & (terms.sign == 1) & _less_a_number(graph, plain, terms)[terms.owner]
    added = plain & (terms.sign == 1) & ~apart
    parent[terms.left[added]] = terms.owner[added]
    root = ends(parent)
    sums = np.bincount(root, count * linear, n)
    products = np.bincount(root, has_product, n) > 0
    neuron = products & (sums > 1)
    subtracted = plain & (apart | (terms.sign == -1)) & ~neuron[terms.left]
    sign: Ints = np.ones(n, np.int8)
    root[terms.left[subtracted]], sign[terms.left[subtracted]] = terms.owner[subtracted], terms.sign[subtracted]
    root, sign = jumped(root, sign)

    absorbed = root != np.arange(n)
    kept = terms.take((terms.right != NONE) | ~absorbed[terms.left])
    kept.sign, kept.owner = kept.sign * sign[kept.owner], root[kept.owner].astype(kept.owner.dtype)
    return kept.take(np.argsort(kept.owner, kind="stable")), root


def _less_a_number(graph: Graph, plain: Bools, terms: Terms) -> Bools:
    """The differences whose second term is no absorbed sum, weight or constant: a target, a mean, an activation."""
    second = (terms.sign == -1) & (graph.code[terms.owner] == CODE["sub"]) & ~plain
    second &= ~np.isin(graph.code[terms.left], [CODE["parameter"], CODE["constant"]])
    result = np.zeros(len(graph), dtype=bool)
    result[terms.owner[second]] = True
    return result


# ── equal expressions become one ──────────────────────────────────────────────────────────────────


def merged(graph: Graph, terms: Terms, owner: Ints, constant: Bools, value: Floats) -> Canonical:
    """Merge common sub-expressions level by level, from the leaves up, of what the roots reach.

    `owner` is for each node the sum that absorbed it, or itself.
    """
    n = len(graph)
    code = graph.code.copy()
    code[terms.owner] = SUM
    code[constant] = CODE["constant"]
    first = offsets(np.bincount(terms.owner, minlength=n))
    normal = Canonical(
        code, graph.start, graph.args, np.where(constant, value, graph.data), first, terms.sign, terms.left,
        terms.right, graph.roots, np.zeros(n, dtype=bool), np.zeros(0, np.int32), owner, owner != np.arange(n),
        graph.labels, np.arange(n, dtype=graph.args.dtype))
    return with_equals_as_one(alive(normal))


def with_equals_as_one(graph: Canonical) -> Canonical:
    """The graph with its levels, and with one node in the place of those that compute the same from the same."""
    size = len(graph.code)
    level = levels(size, graph.start, graph.args, graph.first, graph.left, graph.right)
    alias = representatives(replace(graph, level=level))
    columns = {column: alias[getattr(graph, column)] for column in ("args", "left", "right", "roots", "home")}
    return with_living(replace(graph, level=level, **columns), graph.alive & (alias[:size] == np.arange(size)))


def representatives(graph: Canonical) -> Ints:
    """For each node the first of those that equal it, and NONE for NONE."""
    alias = np.append(np.arange(len(graph.code), dtype=graph.left.dtype), graph.left.dtype.type(NONE))
    order = np.flatnonzero(graph.alive & ((graph.code >= len(LEAVES)) | (graph.code == CODE["constant"])))
    order = order[np.argsort(graph.level[order], kind="stable")]  # other leaves have no equals
    bounds = np.searchsorted(graph.level[order], np.arange(graph.level.max(initial=0) + 2))
    for depth in np.flatnonzero(np.diff(bounds) > 1).tolist():  # a single node has no equal
        nodes = order[bounds[depth] : bounds[depth + 1]]
        keys = in_pieces(lambda piece: expressions(graph, piece, alias), nodes, graph.start, graph.first)
        _, representative, inverse = np.unique(keys, return_index=True, return_inverse=True)
        alias[nodes] = nodes[representative][inverse]
    return alias


def expressions(graph: Canonical, nodes: Ints, alias: Ints) -> Ints:
    """A hash of what each node computes from what its operands are the same as."""
    n = len(nodes)
    counts, number = (begin[nodes + 1] - begin[nodes] for begin in (graph.start, graph.first))
    edges, mine = spans(graph.start[nodes], counts), spans(graph.first[nodes], number)
    place = edges - np.repeat(graph.start[nodes], counts)
    keys = mix(graph.code[nodes], np.where(counts + number == 0, graph.data[nodes].view(np.int64), 0), number)
    keys = keys + hash_sums(mix(alias[graph.args[edges]], place), np.repeat(np.arange(n), counts), n)
    # Terms are unordered, and so are the factors of each.
    one, other = alias[graph.left[mine]], alias[graph.right[mine]]
    factors = mix(graph.sign[mine], np.minimum(one, other), np.maximum(one, other))
    return keys + hash_sums(factors, np.repeat(np.arange(n), number), n)


def alive(graph: Canonical) -> Canonical:
    """Drop every node, operand and term that no root depends on."""
    operands = (graph.code != SUM) & (graph.code != CODE["constant"])
    return with_living(graph, below_roots(graph, np.where(operands, graph.start[1:], graph.start[:-1])))


def below_roots(graph: Canonical, ends: Ints) -> Bools:
    """The nodes that results depend on by terms and by operands, of which those of each node count up to its end."""
    start, first = graph.start[:-1], graph.first
    return reached(len(graph.code), graph.roots, (start, ends, graph.args), (first[:-1], first[1:], graph.left),
                   (first[:-1], first[1:], graph.right))


def shown(graph: Canonical) -> Bools:
    """The nodes that make results nan or infinite if they are, and slopes if theirs are: by sums, products and others.

    Whether 0 times such a node was left out makes no difference to whether results are finite.
    """
    found = np.zeros(len(graph.code), dtype=bool)
    frontier = distinct(graph.roots)
    while len(frontier):
        found[frontier] = True
        terms = spans(graph.first[frontier], graph.first[frontier + 1] - graph.first[frontier])
        below = [graph.left[terms], graph.right[terms]]
        for code in set(graph.code[frontier].tolist()) - {SUM, *range(len(LEAVES))}:
            nodes = frontier[graph.code[frontier] == code]
            below += [graph.args[graph.start[nodes] + place] for place in spreading(ops.ROWS[CODES[code]])]
        read = np.concatenate(below)
        frontier = distinct(read[(read != NONE) & ~found[read]])
    found[graph.code == CODE["constant"]] = False
    return found


@cache
def spreading(row: ops.Op) -> list[int]:
    """The places of operands that make an operation nan or infinite if they are, seen at the corners of the others."""
    if not row.recorded or isinstance(row, ops.Reduction):
        return []
    corners, wild = [-np.inf, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0, np.inf, np.nan], [-np.inf, np.inf, np.nan]
    operands = [[wild if other == place else corners for other in range(row.arity)] for place in range(row.arity)]
    return [place for place, choices in enumerate(operands)
            if not any(math.isfinite(row.forward(*each)) for each in itertools.product(*choices))]


def with_living(graph: Canonical, living: Bools) -> Canonical:
    """The graph in which these nodes are alive, with their operands and terms alone."""
    counts, number = np.diff(graph.start), np.diff(graph.first)
    operands = living & (graph.code != SUM) & (graph.code != CODE["constant"])
    terms = np.repeat(living, number)
    return replace(
        graph, alive=living, start=offsets(np.where(operands, counts, 0)), args=graph.args[np.repeat(operands, counts)],
        first=offsets(np.where(living, number, 0)), sign=graph.sign[terms], left=graph.left[terms],
        right=graph.right[terms], home=np.where(living[graph.home], graph.home, graph.args.dtype.type(NONE)))
