"""One example of a compiled loss as an eager graph: the nodes of the trace, one for one, as Values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arguments import Batch
from autograd.compiler.engine import Engine
from autograd.compiler.explain.nodes import leaf_names
from autograd.compiler.scalars.graph import Graph
from autograd.value import Value, constant, leaf


def example(
    engine: Engine, batch: Batch, params: Sequence[Value], rng: np.random.Generator | None
) -> tuple[list[Value], dict[Value, int]]:
    """The outputs of the loss for the first row of a batch, and the traced node of every value on the way.

    Values without a label get that of their place in the program: z1[3] is column 3 of z1.
    """
    graph = engine.plan.graph
    noise = engine.noise(batch, rng)
    leaves = {
        "input": batch.x[0].ravel(), "target": np.zeros(0) if batch.y is None else batch.y[0].ravel(),
        "noise": np.zeros(0) if noise is None else noise[0], "outside": engine.outside(np.dtype(np.float64)),
    }
    values = replayed(graph, leaves, leaf_names(engine.plan, params), params)
    nodes: dict[Value, int] = {}
    for node, value in enumerate(values):
        nodes.setdefault(value, node)
        place = engine.reading.places.of(node) if value.args and not value.label else None
        if place is not None and place.whole:
            value.label = place.label
    return [values[root] for root in graph.roots], nodes


def replayed(
    graph: Graph, leaves: Mapping[str, npt.NDArray[np.float64]], names: Mapping[str, Sequence[str]],
    params: Sequence[Value],
) -> list[Value]:
    """The Value of every node of a traced graph, given the numbers and names of leaves.

    Parameters are themselves. What merely selects (`where`) is the value that it selects.
    """
    values: list[Value] = []
    for node in range(len(graph)):
        kind, args = graph.op(node), [values[arg] for arg in graph.operands(node)]
        if kind == "parameter":
            values.append(params[int(graph.data[node])])
        elif kind == "constant":
            values.append(constant(float(graph.data[node])))
        elif kind in leaves:
            position = int(graph.data[node])
            drawn = ops.constant if kind in ("noise", "outside") else None
            values.append(leaf(float(leaves[kind][position]), drawn, names[kind][position]))
        else:
            value = ops.ROWS[kind].dispatch(tuple(args))
            values.append(value if isinstance(value, Value) else constant(value))
            if node in graph.labels:
                values[-1].label = graph.labels[node]
    return values
