"""Where results are not finite: what a program left out, which eager evaluation would have shown.

Sums are reordered, products with 0 left out, and ragged rows padded with numbers that are multiplied by 0. Where all
is finite that changes nothing. A finite loss may yet hide that something else is not: then the gradient of eager
evaluation is nan, and a program has to know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.arguments import Batch, FloatArray
from autograd.compiler.arrays.backward import behind_selections
from autograd.compiler.blocks.block import Operand, tame, wild
from autograd.compiler.blocks.plan import Plan, with_sum
from autograd.compiler.scalars.canonical import below_roots, reachable
from autograd.compiler.scalars.graph import CODE, CODES, LEAVES, NONE, SUM, Canonical, Graph
from autograd.nested import is_finite

Run = Callable[[str, FloatArray, Batch, FloatArray | None, Any], tuple[Any, ...]]
"""What a plan computes: called with a kind of function, parameters, a batch, random numbers, and None."""

MODERATE, HUGE = 1e4, 1e30
"""What is given is moderate up to the first, and surely finite what is made of it up to the second, in float32 too."""


def is_delicate(made: Plan) -> bool:
    """Whether what runs for a plan multiplies by 0 what may not be finite."""
    if not made.blocks:
        return bool((made.canonical.code[made.canonical.alive] == CODE["where"]).any())
    blocks, root = made.blocks, made.roots[0][0]
    common = any(unsure and not block.batched for block, unsure in zip(blocks, wild(blocks), strict=True))
    padded = has_zeros(operand for block in blocks for operand in block.reads())
    padded = padded or any(block.dead is not None for block in blocks)
    return padded or common or any(behind_selections(blocks, root))


def has_zeros(operands: Iterable[Operand]) -> bool:
    """Whether some numbers that are read are 0, or stand for what is not there."""
    return any(operand.index.min(initial=0) < 0 if operand.numbers is None else 0 in operand.numbers
               for operand in operands)


def may_hide(made: Plan) -> bool:
    """Whether 0 times what is given, nan where that is infinite, may not show in results: it is compared alone."""
    factors = (factor for block in made.blocks for term in block.terms for factor in (term.left, term.right) if factor)
    return has_zeros(factors) and any(
        row is ops.where or ops.is_comparison(row) for row in rows_of_values(made.canonical))


def rows_of_values(graph: Canonical) -> list[ops.Op]:
    """The rows on which values depend, those of slopes alone left out."""
    ends = np.where(graph.code == CODE["sloped"], graph.start[:-1] + 1, graph.start[1:])
    codes = set(graph.code[below_roots(graph, ends)].tolist()) - {SUM, *range(len(LEAVES))}
    return [ops.ROWS[CODES[code]] for code in codes]


def is_moderate(array: FloatArray) -> bool:
    """Whether no number of an array is larger than `MODERATE`."""
    flat = array.reshape(-1)
    return bool(flat.dot(flat) <= MODERATE**2)


def stays_finite(graph: Graph) -> bool:
    """Whether the values of a graph, and the slopes of its result, are finite wherever its leaves are moderate.

    For products and sums the largest they can be is known. The other rows that are `tame` grow no faster than their
    operands, times each other.
    """
    bounds, slopes = [0.0] * len(graph), [0.0] * len(graph)
    partials: dict[int, list[float]] = {}
    nodes = np.flatnonzero(reachable(graph)).tolist()
    for node in nodes:
        name = graph.op(node)
        if name in LEAVES:
            bounds[node] = abs(float(graph.data[node])) if name == "constant" else MODERATE
        elif (bound := bound_of(name, [bounds[below] for below in graph.operands(node).tolist()])) is None:
            return False
        else:
            bounds[node], partials[node] = bound
    slopes[graph.roots.item()] = 1.0
    for node in reversed(nodes):
        for below, partial in zip(graph.operands(node).tolist(), partials.get(node, []), strict=False):
            slopes[below] += slopes[node] * partial if graph.code[below] != CODE["constant"] else 0.0
    return max(*bounds, *slopes) < HUGE


def bound_of(name: str, args: list[float]) -> tuple[float, list[float]] | None:
    """How large a result and its partial derivatives can be where operands are as large as these; None if not known."""
    if name == "dot":
        ws, xs, bias = ops.dot.split(tuple(args))
        return sum(w * x for w, x in zip(ws, xs, strict=True)) + sum(bias), [*xs, *ws, *(1.0 for _ in bias)]
    if name in ("add", "sub", "sum", "neg"):
        return sum(args), [1.0] * len(args)
    if tame(ops.ROWS[name]):
        product = math.prod(1 + arg for arg in args)
        return product, [product] * len(args)
    return None


class Hidden:
    """The scalars that a plan left out because they are multiplied by 0."""

    def __init__(self, made: Plan, runnable: Callable[[Plan], Run]) -> None:
        graph, nodes = made.canonical, made.canonical.hidden
        kinds = graph.code[nodes]
        self.leaves = {leaf: graph.data[nodes[kinds == CODE[leaf]]].astype(np.int64)
                       for leaf in ("parameter", "input", "target", "outside") if CODE[leaf] in kinds}
        self.endless = graph.endless or not np.isfinite(graph.data[nodes[kinds == CODE["constant"]]]).all()
        inner = graph.as_traced(nodes[kinds >= len(LEAVES)])
        inner = inner[inner != NONE]
        self.sum = runnable(with_sum(made, inner)) if len(inner) else None
        summed = made.graph.summed(inner)
        self.safe = stays_finite(summed)
        """Whether they are finite wherever what is given is not huge."""
        read = {made.graph.op(node) for node in np.flatnonzero(reachable(summed)[:-1]).tolist()} | {*self.leaves}
        self.read = [leaf for leaf in ("parameter", "input", "target", "outside") if leaf in read]
        """The kinds of leaves that they depend on."""

    def finite(
        self, kind: str, theta: FloatArray, batch: Batch, noise: FloatArray | None, outside: FloatArray
    ) -> bool:
        """Whether they all are finite."""
        if self.endless:
            return False
        x, y = (batch.x, batch.y) if batch.x.dtype is theta.dtype else batch.matrices(theta.dtype)
        given: dict[str, Any] = {"parameter": theta, "input": x, "target": y, "outside": outside}
        if self.safe and all(is_moderate(given[leaf]) for leaf in self.read):
            return True
        given["input"], given["target"] = batch.matrices(theta.dtype)
        for leaf, mine in self.leaves.items():
            if not (is_finite(given[leaf]) or np.isfinite(given[leaf][..., mine]).all()):
                return False
        if self.sum is None:
            return True
        # The sum is not finite if one of them is not. What slopes are not finite are nan when multiplied by 0.
        return all(map(is_finite, self.sum(kind, theta, batch, noise, None)))
