"""Evaluate a scalar graph exactly as it was traced: the judge of every compiled program, and its last resort.

None of the passes is involved. Nodes of the same depth and operation are computed together if they are several,
which is all that distinguishes it from eager evaluation; forward functions and partials are those of the table.
What a selection did not take was never made in eager evaluation, so no gradient passes through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.scalars.graph import CODE, LEAVES, Floats, Graph, Ints, levels, spans
from autograd.specialize import fast

MANY = ops.Reduction, ops.Contraction
"""Operations of any number of operands."""

FEW = 4
"""Up to so many nodes are computed one by one in less time than as arrays."""

Point = dict[str, Floats]
"""The numbers of parameters, inputs, targets and noise for one example, by their kind."""

Shake = Callable[[int], Floats]
"""Gives as many factors near 1."""


AT_ONCE = 1_000_000
"""Nodes and operands up to which several points are computed at once: of larger graphs it is the memory that counts."""


class Reference:
    """The values of all nodes of a graph at some points, and the gradients of its first root: a row for each point."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        nothing = np.zeros(0, dtype=np.int64)
        level = levels(len(graph), graph.start, graph.args, np.zeros(len(graph) + 1, np.int64), nothing, nothing)
        order = np.flatnonzero(graph.code >= len(LEAVES)).astype(np.int32)
        order = order[np.lexsort((graph.code[order], level[order]))]
        cuts = np.flatnonzero(np.diff(level[order]) | np.diff(graph.code[order])) + 1
        self.batches = [nodes for nodes in np.split(order, cuts) if len(nodes)]
        self.copies = {1: Copies(graph, self.batches, graph.roots[:1])}

    def outputs(self, points: Sequence[Point]) -> Floats:
        """The results of each example, in a row."""
        return self.values(points)[:, self.graph.roots]

    def value_and_grad(self, points: Sequence[Point]) -> tuple[Any, Floats, Floats]:
        """The mean of the first result, its gradient, and that with respect to the inputs of each example."""
        return self.means(points, *self.run(points))

    def means(self, points: Sequence[Point], values: Floats, slopes: Floats) -> tuple[Any, Floats, Floats]:
        """The same from the values and gradients of all nodes at each point."""

        def along(leaf: str) -> Floats:
            mine = self.graph.code == CODE[leaf]
            result = np.zeros((len(points), points[0][leaf].size))
            result[:, self.graph.data[mine].astype(np.int64)] = slopes[:, mine]
            return result / len(points)

        with np.errstate(all="ignore"):
            return np.mean(values[:, self.graph.roots[0]]), np.add.reduce(along("parameter")), along("input")

    def run(self, points: Sequence[Point], shaken: Shake | None = None) -> tuple[Floats, Floats]:
        """Values and gradients of all nodes; each number on the way times a factor of `shaken`, if there is one."""
        values, gradients = self.values(points, shaken), np.zeros((len(points), len(self.graph)))
        for copies, some in self.parts(points):
            copies.differentiate(values[some].reshape(-1), gradients[some].reshape(-1), shaken)
        return values, gradients

    def values(self, points: Sequence[Point], shaken: Shake | None = None) -> Floats:
        """The values of all nodes."""
        values = np.tile(self.graph.data, (len(points), 1))
        for name in points[0] if points else ():
            mine = self.graph.code == CODE[name]
            numbers = np.array([np.ravel(point[name]) for point in points], dtype=np.float64)
            values[:, mine] = numbers[:, self.graph.data[mine].astype(np.int64)]
        for copies, some in self.parts(points):
            copies.evaluate(values[some].reshape(-1), shaken)
        return values

    def parts(self, points: Sequence[Point]) -> Iterator[tuple[Copies, slice]]:
        """So many copies of the graph as are computed at once, and the points for which they are."""
        most = max(1, AT_ONCE // (len(self.graph) + len(self.graph.args) + 1))
        for start in range(0, len(points), most):
            times = min(most, len(points) - start)
            if times not in self.copies:
                self.copies[times] = copied(self.graph, self.batches, times)
            yield self.copies[times], slice(start, start + times)


def copied(graph: Graph, batches: Sequence[Ints], times: int) -> Copies:
    """A graph several times, one after the other."""
    copy = np.arange(times)[:, None]
    nodes, operands = len(graph) * copy, len(graph.args) * copy
    start = np.append((graph.start[:-1] + operands).ravel(), times * len(graph.args))
    several = replace(graph, code=np.tile(graph.code, times), start=start, args=(graph.args + nodes).ravel())
    return Copies(several, [(batch + nodes).ravel() for batch in batches], (graph.roots[:1] + nodes).ravel())


class Copies:
    """A graph several times: batches of nodes of one operation that wait for none of their own, and roots."""

    def __init__(self, graph: Graph, batches: Sequence[Ints], roots: Ints) -> None:
        self.graph, self.batches, self.roots = graph, batches, roots

    def differentiate(self, values: Floats, gradients: Floats, shaken: Shake | None) -> None:
        """Write the gradients of all nodes to where 0 is."""
        reached = np.zeros(len(gradients), dtype=bool)
        gradients[self.roots], reached[self.roots] = 1.0, True
        with np.errstate(all="ignore"):
            for nodes in reversed(self.batches):
                nodes = nodes[reached[nodes]]
                if len(nodes):
                    if shaken is not None:
                        gradients[nodes] *= shaken(len(nodes))
                    self.backward(nodes, values, gradients, reached)

    def evaluate(self, values: Floats, shaken: Shake | None) -> None:
        """Write the values of all nodes to where those of leaves are."""
        with np.errstate(all="ignore"):
            for nodes in self.batches:
                values[nodes] = self.forward(nodes, values) * (1 if shaken is None else shaken(len(nodes)))

    def forward(self, nodes: Ints, values: Floats) -> Any:
        """The values of nodes of one operation."""
        op = ops.ROWS[self.graph.op(nodes[0])]
        if not isinstance(op, MANY):
            if len(nodes) <= FEW:
                below = [self.graph.operands(node).tolist() for node in nodes.tolist()]
                return np.array([op.forward(*map(values.item, operands)) for operands in below])
            return fast(op).arrays(*[values[place] for place in self.operands(op, nodes)])
        start, counts = self.graph.start[nodes], self.graph.start[nodes + 1] - self.graph.start[nodes]
        if isinstance(op, ops.Contraction):
            left, right, which, bias = self.pairs(start, counts)
            products = values[left] * values[right]
            total = np.zeros(len(nodes)) + np.bincount(which, products, len(nodes))  # of nothing it counts in integers
            total[counts % 2 == 1] += values[bias]
            return total
        terms = values[self.graph.args[spans(start, counts)]]
        if op is ops.sum:
            return np.bincount(np.repeat(np.arange(len(nodes)), counts), terms, len(nodes))
        return getattr(np, op.ufunc).reduceat(terms, np.cumsum(counts) - counts)

    def backward(self, nodes: Ints, values: Floats, gradients: Floats, reached: Any) -> None:
        """Send the gradients of nodes of one operation to their operands."""
        op, g, out = ops.ROWS[self.graph.op(nodes[0])], gradients[nodes], values[nodes]
        if op is ops.where:
            condition, *branches = self.operands(op, nodes)
            taken = np.where(values[condition] != 0, *branches)
            np.add.at(gradients, taken, g)
            reached[taken] = True
            return
        if not op.recorded:
            return
        if not isinstance(op, MANY):
            if len(nodes) <= FEW:
                for node, above in zip(nodes.tolist(), g.tolist(), strict=True):
                    below = self.graph.operands(node).tolist()
                    slopes = fast(op).local(values.item(node), *map(values.item, below))
                    for operand, slope in zip(below, slopes, strict=True):
                        gradients[operand] += above * slope
                    reached[below] = True
                return
            places = self.operands(op, nodes)
            partials = fast(op).array_partials(out, *[values[place] for place in places])
            for place, partial in zip(places, partials, strict=True):
                np.add.at(gradients, place, g * partial)
                reached[place] = True
            return
        start, counts = self.graph.start[nodes], self.graph.start[nodes + 1] - self.graph.start[nodes]
        args = self.graph.args[spans(start, counts)]
        reached[args] = True
        if isinstance(op, ops.Contraction):
            left, right, which, bias = self.pairs(start, counts)
            np.add.at(gradients, left, g[which] * values[right])
            np.add.at(gradients, right, g[which] * values[left])
            np.add.at(gradients, bias, g[counts % 2 == 1])
            return
        owner, x = np.repeat(np.arange(len(nodes)), counts), values[args]
        ties = np.bincount(owner, x == out[owner], len(nodes))[owner] if op.counts_ties else None
        (partial,) = fast(op).array_partials(out[owner], x, ties)
        np.add.at(gradients, args, g[owner] * partial)

    def operands(self, op: ops.Op, nodes: Ints) -> list[Ints]:
        """Operand by operand, those of nodes of one operation that has as many in each."""
        return [self.graph.args[self.graph.start[nodes] + place] for place in range(op.arity)]

    def pairs(self, start: Ints, counts: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """The factors of dots, the dot each pair belongs to, and the biases of those that have one."""
        half = counts // 2
        left = spans(start, half)
        right = left + np.repeat(half, half)
        odd = counts % 2 == 1
        args = self.graph.args
        return args[left], args[right], np.repeat(np.arange(len(start)), half), args[(start + counts - 1)[odd]]
