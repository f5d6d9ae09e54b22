"""Find what is subtracted in exponents for safety alone: no gradient comes to it, so none needs to be computed.

In a softmax exp(xᵢ - m) / Σ exp(xⱼ - m), and in m + log Σ exp(xⱼ - m), the maximum m cancels. That is proved by the
slopes of what follows from m: du/dm = c is passed on by sums, du/dm = c·u by products, exp makes the second of the
first, and log the first of the second. Where c comes to 0 in everything that follows, m is detached. Then a chain of
`maximum` may be one `max`: they differ in nothing but what they do with ties.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from autograd.compiler.scalars.graph import CODE, Graph, Ints, offsets, with_operands

CHAINS = {CODE["maximum"]: CODE["max"], CODE["minimum"]: CODE["min"]}
"""What a chain of operations with two operands is as one."""

EXTREMES = frozenset([*CHAINS, *CHAINS.values()])


class Slope(NamedTuple):
    """The slope of a node with respect to m: `factor`, or, if it `grows`, `factor` times the node itself."""

    factor: float
    grows: bool


STILL = Slope(0.0, grows=False)
"""That of what does not depend on m."""


def without_shifts(graph: Graph) -> tuple[Graph, Ints]:
    """The graph in which no gradient goes to maxima that cancel, and the numbers that its nodes have there."""
    extremes = np.flatnonzero(np.isin(graph.code, [*EXTREMES]))
    proof = Proof(graph) if len(extremes) else None
    found = [node for node in extremes.tolist() if proof and proof.cancels(node)]
    number = np.arange(len(graph)) + np.searchsorted(found, np.arange(len(graph)), side="right")
    if not proof or not found:
        return graph, number
    operands = {node: proof.chained(node) for node in found}
    many = [len(operands[node]) for node in found]
    args, counts = with_operands(number[graph.args], graph.start, {
        node: np.append(number[operands[node]], number[node] - 1) for node in found})
    counts[found] = 1
    start = offsets(np.insert(counts, found, many))
    code = graph.code.copy()
    code[found] = CODE["detach"]
    wide = [CHAINS.get(kind, kind) if size > 2 else kind
            for kind, size in zip(graph.code[found].tolist(), many, strict=True)]
    return replace(
        graph, code=np.insert(code, found, wide), start=start, args=args, data=np.insert(graph.data, found, 0.0),
        roots=number[graph.roots], labels={int(number[node]): label for node, label in graph.labels.items()},
    ), number


class Proof:
    """What follows from each node of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.left = 4 * len(graph)
        """So many slopes are looked at, at most: proofs that fail may go far."""
        order = np.argsort(graph.args, kind="stable")
        self.by = np.repeat(np.arange(len(graph)), np.diff(graph.start))[order]
        self.begin = np.searchsorted(graph.args[order], np.arange(len(graph) + 1))
        self.results = set(graph.roots.tolist())

    def users(self, node: int) -> list[int]:
        """The nodes that read a node."""
        users: list[int] = self.by[self.begin[node] : self.begin[node + 1]].tolist()
        return users

    def cancels(self, node: int) -> bool:
        """Whether no gradient comes to a node, though others than `detach` and its own chain read it."""
        users = self.users(node)
        above = {int(self.graph.code[user]) for user in users}
        if above <= {CODE["detach"]} or (len(users) == 1 and above == {int(self.graph.code[node])}):
            return False
        slopes = {node: Slope(1.0, grows=False)}
        waiting = sorted(set(users))
        seen = set(waiting)
        while waiting:
            user = heapq.heappop(waiting)
            self.left -= 1
            slope = self.slope(user, slopes) if self.left > 0 else None
            if slope is None:
                return False
            if slope.factor:
                slopes[user] = slope
                for above_it in set(self.users(user)) - seen:
                    seen.add(above_it)
                    heapq.heappush(waiting, above_it)
        return self.results.isdisjoint(slopes)

    def slope(self, node: int, slopes: dict[int, Slope]) -> Slope | None:
        """The slope of a node, by those of its operands; None where it is neither of the two kinds."""
        operands = self.graph.operands(node).tolist()
        below = [slopes.get(operand, STILL) for operand in operands]
        match self.graph.op(node):
            case "detach":
                return STILL
            case "neg":
                return Slope(-below[0].factor, grows=False) if not below[0].grows else below[0]
            case "add" | "sum":
                return added([slope for slope, each in zip(below, operands, strict=True) if self.number(each) != 0])
            case "sub":
                return added([below[0], below[1] if below[1].grows else Slope(-below[1].factor, grows=False)])
            case "max" | "min" | "maximum" | "minimum" | "logsumexp":
                return below[0] if len(set(below)) == 1 and not below[0].grows else None
            case "exp":
                return None if below[0].grows else Slope(below[0].factor, grows=True)
            case "log":
                return Slope(below[0].factor, grows=False) if below[0].grows else None
            case "mul" | "div" as op:
                return multiplied(below, [self.number(operand) for operand in operands], divides=op == "div")
        return None

    def number(self, node: int) -> float | None:
        """The number of a constant."""
        return float(self.graph.data[node]) if self.graph.code[node] == CODE["constant"] else None

    def chained(self, node: int) -> list[int]:
        """The operands of a chain of one operation, of which others read the last result alone."""
        code, leaves, waiting = self.graph.code, list[int](), [node]
        while waiting:
            this = waiting.pop()
            alone = this == node or (code[this] == code[node] and len(self.users(this)) == 1
                                     and this not in self.results)
            if alone:
                waiting += reversed(self.graph.operands(this).tolist())
            else:
                leaves.append(this)
        return leaves


def added(slopes: Sequence[Slope]) -> Slope | None:
    """The slope of a sum."""
    if not any(slope.grows for slope in slopes):
        return Slope(sum(slope.factor for slope in slopes), grows=False)
    return slopes[0] if len(set(slopes)) == 1 else None


def multiplied(slopes: Sequence[Slope], numbers: Sequence[float | None], divides: bool) -> Slope | None:
    """The slope of a product, or of a quotient."""
    (x, y), (a, b) = slopes, numbers
    if all(slope.grows or slope == STILL for slope in slopes):
        return Slope(x.factor - y.factor if divides else x.factor + y.factor, grows=True)
    if b is not None and b != 0 and not x.grows:
        return Slope(x.factor / b if divides else x.factor * b, grows=False)
    if a is not None and not divides and not y.grows:
        return Slope(a * y.factor, grows=False)
    return None
