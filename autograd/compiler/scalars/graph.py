"""A scalar graph as arrays: as it was traced, and in canonical form.

Node i has the operation `CODES[code[i]]` and the operands `args[start[i]:start[i + 1]]`, which are
earlier nodes. Leaves have no operands: a constant's `data` is its number, that of any other leaf
its position in theta, in the row of X, in the row of Y, in the draw of noise, or among the Values from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

LEAVES = ("constant", "parameter", "input", "target", "noise", "outside")
CODES: tuple[str, ...] = (*LEAVES, *ops.ROWS)
CODE: dict[str, int] = {name: code for code, name in enumerate(CODES)}


@dataclass
class Graph:
    """Scalar nodes in creation order; every operand precedes its node."""

    code: Ints
    start: Ints
    args: Ints
    data: Floats
    roots: Ints
    labels: dict[int, str]

    def __len__(self) -> int:
        return len(self.code)

    def op(self, node: int) -> str:
        """The name of a node's operation or kind of leaf."""
        return CODES[int(self.code[node])]

    def operands(self, node: int) -> Ints:
        """The operands of one node."""
        return self.args[self.start[node] : self.start[node + 1]]

    def summed(self, nodes: Ints) -> Graph:
        """The graph with one more node, its result: the sum of these."""
        return Graph(
            np.append(self.code, CODE["sum"]), np.append(self.start, self.start[-1] + len(nodes)),
            np.append(self.args, nodes), np.append(self.data, 0.0), np.array([len(self)]), self.labels,
        )

    def same(self, other: Graph) -> bool:
        """Whether another graph has the same nodes, bit for bit, under whatever labels."""
        mine, others = ([g.code, g.start, g.args, g.data.view(np.int64), g.roots] for g in (self, other))
        return all(map(np.array_equal, mine, others))

    def check(self) -> None:
        """Raise AssertionError unless the arrays describe a graph whose operands come first."""
        owner = np.repeat(np.arange(len(self), dtype=np.int32), np.diff(self.start))
        assert len(self.start) == len(self) + 1
        assert self.start[-1] == len(self.args)
        assert np.all(self.args < owner), "an operand follows its node"
        assert np.all((self.roots >= 0) & (self.roots < len(self))), "a root is not a node"


def in_front(graph: Graph, numbers: Floats, args: Ints, counts: Ints) -> Graph:
    """The graph with these numbers as constants before all others, which its operands `args` count already."""
    n = len(numbers)
    return Graph(
        np.concatenate([np.full(n, CODE["constant"], graph.code.dtype), graph.code]),
        offsets(np.concatenate([np.zeros(n, np.int32), counts])),
        args, np.concatenate([numbers, graph.data]), graph.roots + n,
        {node + n: label for node, label in graph.labels.items()},
    )


def with_operands(args: Ints, start: Ints, operands: Mapping[int, Ints]) -> tuple[Ints, Ints]:
    """The operands of all nodes, with others for some of them, and how many each node has."""
    counts, nodes = np.diff(start), sorted(operands)
    changed = np.zeros(len(counts), dtype=bool)
    changed[nodes] = True
    kept = args[~np.repeat(changed, counts)]
    counts[nodes] = [len(operands[node]) for node in nodes]
    new, result = np.repeat(changed, counts), np.empty(counts.sum(), np.int64)
    result[~new], result[new] = kept, np.concatenate([operands[node] for node in nodes])
    return result, counts


def offsets(counts: Ints) -> Ints:
    """Where what belongs to each begins that has so many, and where all of it ends."""
    result = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=result[1:])
    return result if result[-1] > np.iinfo(np.int32).max else result.astype(np.int32)


PIECE = 1 << 16
"""So many operands and terms at a time: what is computed for each meanwhile stays close to the processor."""


def in_pieces(compute: Callable[[Ints], Ints], nodes: Ints, *begins: Ints) -> Ints:
    """What is computed for each of some nodes, a piece of them at a time; their operands or terms begin at `begins`."""
    if not len(nodes) or sum(begin.item(-1) for begin in begins) <= PIECE:
        return compute(nodes)
    ends: Ints = np.cumsum(sum(begin[nodes + 1] - begin[nodes] for begin in begins))
    cuts = distinct(np.searchsorted(ends, np.arange(PIECE, ends[-1], PIECE)))
    return np.concatenate([compute(piece) for piece in np.split(nodes, cuts) if len(piece)])


def spans(starts: Ints, counts: Ints) -> Ints:
    """The concatenation of arange(start, start + count) over all pairs."""
    if len(counts) == 1:
        return np.arange(starts[0], starts[0] + counts[0])
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)


def places_of(begin: Ints, nodes: Ints) -> Ints | slice:
    """The places of what belongs to nodes, which begins at `begin` of each and ends where the next node's begins."""
    if len(nodes) == 1:
        node = nodes.item()
        return slice(begin.item(node), begin.item(node + 1))
    return spans(begin[nodes], begin[nodes + 1] - begin[nodes])


WORDS: list[npt.NDArray[np.uint64]] = [
    np.array([word], np.uint64) for word in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 29, 32)]
"""The numbers of `mix`, as arrays of one: plain numbers of NumPy warn where a product is too large."""


def mix(*columns: Ints) -> Ints:
    """A 64-bit hash of each row of integer columns; equal rows have equal hashes."""
    state, first, second, short, long = WORDS
    for column in columns:
        state = (state ^ column.astype(np.int64, copy=False).view(np.uint64)) * first
        state = (state ^ (state >> short)) * second
        state = state ^ (state >> long)
    hashes: Ints = state.view(np.int64)
    return hashes


SHORT = 16
"""Up to so many rows Python counts in less time than NumPy sorts."""


def numbered(*columns: Ints) -> tuple[list[int], Ints]:
    """Where each distinct row of integer columns comes first, in order, and for every row which of these it equals."""
    if len(columns[0]) <= SHORT:
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        number = {row: i for i, row in enumerate(dict.fromkeys(rows))}
        return list(map(rows.index, number)), np.array([number[row] for row in rows], np.int64)
    key = columns[0] if len(columns) == 1 else mix(*columns)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return first[order].tolist(), rank[inverse]


def hash_sums(hashes: Ints, which: Ints, n: int) -> Ints:
    """The sum, modulo 2⁶⁴, of the hashes that belong to each of n nodes; they come in the order of the nodes."""
    total = np.zeros(n, dtype=np.int64)
    if len(hashes):
        starts = np.append(0, 1 + np.flatnonzero(which[1:] != which[:-1]))
        total[which[starts]] = np.add.reduceat(hashes, starts)
    return total


def distinct(numbers: Ints) -> Ints:
    """The distinct numbers of an array, in order: np.unique is up to 50 times slower, since it looks each one up."""
    if numbers.size == 1:
        return numbers.flatten()
    ordered = np.sort(numbers, axis=None)
    new = np.ones(ordered.size, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]


# ── depths ────────────────────────────────────────────────────────────────────────────────────────


NARROW, PATIENCE = 4, 64
"""Where fewer nodes are found at once, so many times, Python finds the others one by one in less time than NumPy."""


def levels(n: int, start: Ints, args: Ints, first: Ints, left: Ints, right: Ints) -> Ints:
    """Levels of n nodes with operands `args` by `start`, and factors `left`, `right` by `first`."""
    depends = np.append((np.diff(start) > 0) | (np.diff(first) > 0), False)
    by_args, by_terms = (np.repeat(np.arange(n, dtype=np.int32), np.diff(begin)) for begin in (start, first))
    pairs = np.concatenate([
        read[depends[read]].astype(np.int64) << 32 | owner[depends[read]]  # for what depends on nothing nobody waits
        for owner, read in ((by_args, args), (by_terms, left), (by_terms, right))])
    pairs.sort()
    above = pairs.astype(np.int32)  # the lower half
    out = offsets(np.bincount(pairs >> 32, minlength=n))
    waiting = np.bincount(above, minlength=n)

    level = np.zeros(n, np.int32)
    frontier: Ints = np.flatnonzero(depends[:n] & (waiting == 0))
    depth, patience = 1, PATIENCE
    while len(frontier) and patience:
        level[frontier] = depth
        users = above[spans(out[frontier], out[frontier + 1] - out[frontier])]
        np.subtract.at(waiting, users, 1)
        frontier = distinct(users[waiting[users] == 0])
        depth += 1
        patience -= len(frontier) < NARROW
    return levels_above(level, frontier, depth, waiting, out, above) if len(frontier) else level


def levels_above(level: Ints, frontier: Ints, depth: int, waiting: Ints, out: Ints, above: Ints) -> Ints:
    """The levels, one by one from here on: a user has its own when it does not wait for operands any more."""
    known, waits, begin, users = level.tolist(), waiting.tolist(), out.tolist(), above.tolist()
    nodes = frontier.tolist()
    while nodes:
        ready = []
        for node in nodes:
            known[node] = depth
            for user in users[begin[node] : begin[node + 1]]:
                waits[user] -= 1
                if not waits[user]:
                    ready.append(user)
        nodes = ready
        depth += 1
    return np.array(known, level.dtype)


def reached(n: int, roots: Ints, *reads: tuple[Ints, Ints, Ints]) -> Bools:
    """Which of n nodes are roots or what these depend on: a node reads `below[begin:end]`, in each of the `reads`."""
    found = np.zeros(n + 1, dtype=bool)
    found[NONE] = True
    frontier, patience = distinct(roots), PATIENCE
    while len(frontier) and patience:
        found[frontier] = True
        read = np.concatenate([
            below[spans(begin[frontier], end[frontier] - begin[frontier])] for begin, end, below in reads])
        frontier = distinct(read[~found[read]])
        patience -= len(frontier) < NARROW
    if len(frontier):
        found = also_reached(found, frontier, *reads)
    return found[:n]


def also_reached(found: Bools, frontier: Ints, *reads: tuple[Ints, Ints, Ints]) -> Bools:
    """What has been found, and the nodes of the frontier with what they depend on, one by one."""
    known, nodes = found.tolist(), frontier.tolist()
    lists = [[column.tolist() for column in read] for read in reads]
    while nodes:
        node = nodes.pop()
        known[node] = True
        for begin, end, below in lists:
            nodes += [other for other in below[begin[node] : end[node]] if not known[other]]
    return np.array(known)


# ── canonical form ────────────────────────────────────────────────────────────────────────────────


SUM = CODE["sum"]
NONE = -1
"""Stands for the missing second factor of a plain term."""


@dataclass
class Canonical:
    """A graph in which every linear node is a sum of terms: sign · left · right.

    The terms of node i are `first[i]:first[i + 1]`; operands of the other operations are as in
    `Graph`. Nodes that were absorbed or merged are not `alive`; `home` is where each then is: the living
    node that equals it, or the sum that it was `absorbed` in, or NONE where no result depends on it. `hidden` are the
    nodes whose products with 0 were left out, if results may be finite where they are not; `endless` says that a slope
    above such a product is not finite.
    `traced` are the nodes of the graph as it was traced: others were put in front of them or between them.
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
    traced: Ints
    hidden: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    endless: bool = False

    def as_traced(self, nodes: Ints) -> Ints:
        """The numbers that nodes have in the graph as it was traced; NONE for those that are not in it."""
        found = np.searchsorted(self.traced, nodes)
        there = np.append(self.traced, NONE)[found] == nodes
        return np.where(there, found, NONE)

    def check(self) -> None:
        """Raise AssertionError unless the arrays fit together and only living nodes are used."""
        for used in (self.args, self.left, self.right[self.right != NONE], self.roots):
            assert np.all(self.alive[used]), "a dead node is used"
        owner = np.repeat(np.arange(len(self.code), dtype=np.int32), np.diff(self.first))
        assert np.all(self.code[owner] == SUM), "a node that is no sum has terms"
        for column in (self.left, self.right):
            there = column != NONE
            assert np.all(self.level[column[there]] < self.level[owner[there]]), "a term is not below its sum"


class Behind:
    """New nodes behind those of a graph, and new terms, of these and of others."""

    def __init__(self, graph: Canonical) -> None:
        self.graph = graph
        self.made: dict[object, int] = {}
        """The nodes by what they compute."""
        self.codes: list[int] = []
        self.data: list[float] = []
        self.args: list[tuple[int, ...]] = []
        self.terms: list[tuple[int, int, int, int]] = []
        """Owner, sign and factors of the new terms."""

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

    def together(self, old: Bools) -> Canonical:
        """The graph with these nodes and terms, and with those of its own terms that stay."""
        graph, n = self.graph, len(self.graph.code) + len(self.codes)
        owner = np.repeat(np.arange(len(graph.code)), np.diff(graph.first))
        kept = np.stack([owner, graph.sign, graph.left, graph.right])[:, old]
        owner, sign, left, right = np.concatenate([kept, np.array(self.terms, np.int64).reshape(-1, 4).T], axis=1)
        order = np.argsort(owner, kind="stable")
        counts = np.append(np.diff(graph.start), np.array([len(args) for args in self.args], np.int64))
        start, first = offsets(counts), offsets(np.bincount(owner, minlength=n))
        args = np.append(graph.args, np.array([arg for args in self.args for arg in args], np.int64))
        sign, left, right = sign[order], left[order], right[order]
        behind = np.arange(len(graph.code), n)
        return replace(
            graph, code=np.append(graph.code, np.array(self.codes, np.int64)), start=start, args=args,
            data=np.append(graph.data, self.data), first=first, sign=sign, left=left, right=right,
            alive=np.append(graph.alive, behind >= 0), level=levels(n, start, args, first, left, right),
            home=np.append(graph.home, behind), absorbed=np.append(graph.absorbed, behind < 0))


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


def uses_of(graph: Graph, terms: Terms, linear: Bools) -> Ints:
    """How often each node is used, by terms, other operations and as a result."""
    n = len(graph)
    others = np.repeat(~linear & (graph.code >= len(LEAVES)), np.diff(graph.start))
    uses: Ints = np.bincount(graph.args[others], minlength=n)
    for used in (terms.left, terms.right[terms.right != NONE], graph.roots):
        uses += np.bincount(used, minlength=n)
    return uses


def uses_in(graph: Canonical) -> Ints:
    """How often each node is read, or is a result."""
    used = np.concatenate([graph.left, graph.right[graph.right != NONE], graph.args, graph.roots])
    return np.bincount(used, minlength=len(graph.code))


DATA, PARAMETERS = ("input", "target", "noise"), ("parameter", "outside")
"""The leaves that differ from example to example, and those that do not."""


def differs(graph: Canonical) -> Bools:
    """The nodes that differ from example to example; NONE, as an index, does not."""
    return depends(graph, DATA)


def depends(graph: Canonical, leaves: Sequence[str]) -> Bools:
    """The nodes that depend on leaves of these kinds; NONE, as an index, does not."""
    found = [*np.isin(graph.code, [CODE[leaf] for leaf in leaves]).tolist(), False]
    below = [(begin.tolist(), read.tolist()) for begin, read in (
        (graph.start, graph.args), (graph.first, graph.left), (graph.first, graph.right))]
    order = np.argsort(graph.level, kind="stable")
    for node in order[graph.alive[order] & (graph.code[order] >= len(LEAVES))].tolist():
        found[node] = any(found[i] for begin, read in below for i in read[begin[node] : begin[node + 1]])
    return np.array(found)


def ends(parent: Ints) -> Ints:
    """Each node's ultimate parent, by pointer doubling."""
    while not np.array_equal(above := parent[parent], parent):
        parent = above
    return parent


def computing(graph: Canonical) -> Ints:
    """The living nodes that are no leaves."""
    return np.flatnonzero(graph.alive & (graph.code >= len(LEAVES)))


def regions(n: int, one: Ints, other: Ints) -> Ints:
    """For each of n nodes the last of those that it is joined with, by pairs.

    The first of a pair goes to the second, or to that of another pair, and on to where that goes; then pairs that are
    still apart join where they are.
    """
    region: Ints = np.arange(n)
    while len(one):
        region[np.minimum(one, other)] = np.maximum(one, other)
        region = ends(region)
        one, other = region[one], region[other]
        one, other = one[one != other], other[one != other]
    return region


def jumped(parent: Ints, sign: Ints) -> tuple[Ints, Ints]:
    """Each node's ultimate parent and the product of signs on the way there, by pointer doubling."""
    parent, sign = parent.copy(), sign.copy()
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return parent, sign
        sign = sign * np.where(above != parent, sign[parent], 1)
        parent = above
