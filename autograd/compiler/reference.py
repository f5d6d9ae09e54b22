"""Evaluate a scalar graph exactly as it was traced: the judge of every compiled program.

None of the passes is involved. Nodes of the same depth and operation are computed together, which is
all that distinguishes it from eager evaluation; forward functions and partials are those of the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.graph import CODE, CODES, LEAVES, Floats, Graph, Ints, spans
from autograd.compiler.levels import levels


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

    def run(self, **leaves: Floats) -> tuple[Floats, Floats]:
        """Values and gradients of all nodes, given the numbers of parameters, inputs, targets and noise."""
        graph = self.graph
        values = graph.data.copy()
        for name, numbers in leaves.items():
            mine = graph.code == CODE[name]
            values[mine] = np.asarray(numbers, dtype=np.float64).ravel()[graph.data[mine].astype(np.int64)]
        gradients = np.zeros(len(graph))
        gradients[graph.roots[0]] = 1.0
        with np.errstate(all="ignore"):
            for nodes in self.batches:
                values[nodes] = self.forward(nodes, values)
            for nodes in reversed(self.batches):
                self.backward(nodes, values, gradients)
        return values, gradients

    def forward(self, nodes: Ints, values: Floats) -> Any:
        """The values of nodes of one operation."""
        op = ops.TABLE[CODES[self.graph.code[nodes[0]]]]
        start, counts = self.graph.start[nodes], self.graph.start[nodes + 1] - self.graph.start[nodes]
        if not isinstance(op, ops.Reduction | ops.Contraction):
            return op.arrays(*[values[self.graph.args[start + place]] for place in range(op.arity)])
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

    def backward(self, nodes: Ints, values: Floats, gradients: Floats) -> None:
        """Send the gradients of nodes of one operation to their operands."""
        op = ops.TABLE[CODES[self.graph.code[nodes[0]]]]
        start, counts = self.graph.start[nodes], self.graph.start[nodes + 1] - self.graph.start[nodes]
        g, out = gradients[nodes], values[nodes]
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
            (partial,) = op.array_partials(out[owner], x, ties)
            np.add.at(gradients, args, g[owner] * partial)
        else:
            places = [self.graph.args[start + place] for place in range(op.arity)]
            operands = [values[place] for place in places]
            for place, partial in zip(places, op.array_partials(out, *operands), strict=True):
                np.add.at(gradients, place, g * partial)

    def pairs(self, start: Ints, counts: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """The factors of dots, the dot each pair belongs to, and the biases of those that have one."""
        half = counts // 2
        left = spans(start, half)
        right = left + np.repeat(half, half)
        odd = counts % 2 == 1
        args = self.graph.args
        return args[left], args[right], np.repeat(np.arange(len(start)), half), args[(start + counts - 1)[odd]]
