"""Evaluate a scalar graph exactly as it was traced: the judge of every compiled program, and its last resort.

None of the passes is involved. Nodes of the same depth and operation are computed together, which is
all that distinguishes it from eager evaluation; forward functions and partials are those of the table.
What a selection did not take was never made in eager evaluation, so no gradient passes through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.scalars.graph import CODE, CODES, LEAVES, Floats, Graph, Ints, levels, spans
from autograd.specialize import fast

Point = dict[str, Floats]
"""The numbers of parameters, inputs, targets and noise for one example, by their kind."""

Shake = Callable[[int], Floats]
"""Gives as many factors near 1."""


class Reference:
    """The value of every node of a graph at one point, and the gradient of its first root."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        nothing = np.zeros(0, dtype=np.int64)
        level = levels(len(graph), graph.start, graph.args, np.zeros(len(graph) + 1, np.int64), nothing, nothing)
        order = np.lexsort((graph.code, level))
        order = order[graph.code[order] >= len(LEAVES)]
        cuts = np.flatnonzero(np.diff(level[order]) | np.diff(graph.code[order])) + 1
        self.batches = [nodes for nodes in np.split(order, cuts) if len(nodes)]

    def outputs(self, points: Sequence[Point]) -> Floats:
        """The results of each example, in a row."""
        return np.array([self.values(point)[self.graph.roots] for point in points])

    def value_and_grad(self, points: Sequence[Point]) -> tuple[Any, Floats, Floats]:
        """The mean of the first result, its gradient, and that with respect to the inputs of each example."""
        return self.means(points, [self.run(point) for point in points])

    def means(self, points: Sequence[Point], runs: Sequence[tuple[Floats, Floats]]) -> tuple[Any, Floats, Floats]:
        """The same from the values and gradients of all nodes at each point."""
        graph, n = self.graph, len(points)

        def along(leaf: str, slopes: Floats) -> Floats:
            result, mine = np.zeros(len(points[0][leaf].ravel())), graph.code == CODE[leaf]
            result[graph.data[mine].astype(np.int64)] = slopes[mine]
            return result

        with np.errstate(all="ignore"):
            gradient = np.add.reduce([along("parameter", slopes) for _, slopes in runs]) / n
            dx = np.array([along("input", slopes) for _, slopes in runs]) / n
            return np.mean([values[graph.roots[0]] for values, _ in runs]), gradient, dx

    def run(self, point: Point, shaken: Shake | None = None) -> tuple[Floats, Floats]:
        """Values and gradients of all nodes; each number on the way times a factor of `shaken`, if there is one."""
        values = self.values(point, shaken)
        gradients = np.zeros(len(self.graph))
        gradients[self.graph.roots[0]] = 1.0
        reached = np.zeros(len(self.graph), dtype=bool)
        reached[self.graph.roots[0]] = True
        with np.errstate(all="ignore"):
            for nodes in reversed(self.batches):
                nodes = nodes[reached[nodes]]
                if len(nodes):
                    if shaken is not None:
                        gradients[nodes] *= shaken(len(nodes))
                    self.backward(nodes, values, gradients, reached)
        return values, gradients

    def values(self, point: Point, shaken: Shake | None = None) -> Floats:
        """The values of all nodes."""
        graph = self.graph
        values = graph.data.copy()
        for name, numbers in point.items():
            mine = graph.code == CODE[name]
            values[mine] = np.asarray(numbers, dtype=np.float64).ravel()[graph.data[mine].astype(np.int64)]
        with np.errstate(all="ignore"):
            for nodes in self.batches:
                values[nodes] = self.forward(nodes, values) * (1 if shaken is None else shaken(len(nodes)))
        return values

    def forward(self, nodes: Ints, values: Floats) -> Any:
        """The values of nodes of one operation."""
        op = ops.TABLE[CODES[self.graph.code[nodes[0]]]]
        start, counts = self.graph.start[nodes], self.graph.start[nodes + 1] - self.graph.start[nodes]
        if not isinstance(op, ops.Reduction | ops.Contraction):
            return fast(op).arrays(*[values[self.graph.args[start + place]] for place in range(op.arity)])
        owner, terms = np.repeat(np.arange(len(nodes)), counts), values[self.graph.args[spans(start, counts)]]
        if isinstance(op, ops.Contraction):
            left, right, which, bias = self.pairs(start, counts)
            products = values[left] * values[right]
            total = np.zeros(len(nodes)) + np.bincount(which, products, len(nodes))  # of nothing it counts in integers
            total[counts % 2 == 1] += values[bias]
            return total
        if op is ops.sum:
            return np.bincount(owner, terms, len(nodes))
        return getattr(np, op.ufunc).reduceat(terms, np.cumsum(counts) - counts)

    def backward(self, nodes: Ints, values: Floats, gradients: Floats, reached: Any) -> None:
        """Send the gradients of nodes of one operation to their operands."""
        op = ops.TABLE[CODES[self.graph.code[nodes[0]]]]
        start, counts = self.graph.start[nodes], self.graph.start[nodes + 1] - self.graph.start[nodes]
        g, out = gradients[nodes], values[nodes]
        if op is ops.where:
            condition, *branches = (self.graph.args[start + place] for place in range(op.arity))
            taken = np.where(values[condition] != 0, *branches)
            np.add.at(gradients, taken, g)
            reached[taken] = True
            return
        if not op.recorded:
            return
        reached[self.graph.args[spans(start, counts)]] = True
        if isinstance(op, ops.Contraction):
            left, right, which, bias = self.pairs(start, counts)
            np.add.at(gradients, left, g[which] * values[right])
            np.add.at(gradients, right, g[which] * values[left])
            np.add.at(gradients, bias, g[counts % 2 == 1])
        elif isinstance(op, ops.Reduction):
            args = self.graph.args[spans(start, counts)]
            owner = np.repeat(np.arange(len(nodes)), counts)
            x = values[args]
            ties = np.bincount(owner, x == out[owner], len(nodes))[owner] if op.counts_ties else None
            (partial,) = fast(op).array_partials(out[owner], x, ties)
            np.add.at(gradients, args, g[owner] * partial)
        else:
            places = [self.graph.args[start + place] for place in range(op.arity)]
            operands = [values[place] for place in places]
            for place, partial in zip(places, fast(op).array_partials(out, *operands), strict=True):
                np.add.at(gradients, place, g * partial)

    def pairs(self, start: Ints, counts: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """The factors of dots, the dot each pair belongs to, and the biases of those that have one."""
        half = counts // 2
        left = spans(start, half)
        right = left + np.repeat(half, half)
        odd = counts % 2 == 1
        args = self.graph.args
        return args[left], args[right], np.repeat(np.arange(len(start)), half), args[(start + counts - 1)[odd]]
