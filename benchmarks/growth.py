"""What compiling costs as networks grow: seconds of every pass, microseconds per node, peak memory.

Each network is compiled in a process of its own, so that the peak of its memory is its own: what the
process holds at most, Python, NumPy and the parameters included.
"""

from __future__ import annotations

import gc
import multiprocessing
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

import autograd
import nn
from autograd.compiler.blocks.group import groups
from autograd.compiler.blocks.reroll import reroll
from autograd.compiler.scalars.canonical import canonical
from autograd.compiler.scalars.trace import trace
from benchmarks.timing import table

REPEATS = 3
NETWORKS = [[784, 32, 10], [784, 64, 10], [784, 128, 10], [784, 256, 128, 10], [784, 512, 256, 10]]


@dataclass
class Cost:
    """Of one network: scalars, blocks, seconds in all and by pass, and bytes."""

    nodes: int
    blocks: int
    total: float
    passes: list[float]
    peak: int


def written_out(model: nn.MLP, x: list[Any]) -> list[Any]:
    """The network with + and × in place of dot."""
    for layer in model.layers:
        outputs = []
        for neuron in layer.neurons:
            z = neuron.b
            for w, v in zip(neuron.w, x, strict=True):
                z = z + w * v
            outputs.append(autograd.relu(z) if neuron.activation == "relu" else z)
        x = outputs
    return x


def cost(sizes: list[int], plain: bool) -> Cost:
    """Compile one network and say what it took, at the best of a few times."""
    model = nn.MLP(sizes[0], sizes[1:], "relu", seed=0)

    def loss(x: Any, y: Any) -> Any:
        z = written_out(model, x) if plain else model(x)
        return autograd.logsumexp(z) - autograd.dot(y, z)

    theta = nn.parameters_to_vector(model)
    x, y = np.ones((1, sizes[0])), np.eye(1, sizes[-1])
    totals, passes = [], []
    for _ in range(REPEATS):
        gc.collect()
        start = time.perf_counter()
        program = autograd.compile(loss, model)
        program.value_and_grad(theta, x, y)
        totals.append(time.perf_counter() - start)
    nodes, blocks, most = len(program._traced().plan.graph), len(program.blocks), peak()
    del program
    for _ in range(REPEATS):
        gc.collect()
        passes.append(pass_times(loss, model.parameters(), x.size, y.size))
    return Cost(nodes, blocks, min(totals), np.min(passes, axis=0).tolist(), most)


def peak() -> int:
    """The most bytes that this process held; `getrusage`, on Linux, would count those of the process that began it."""
    try:
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource  # which Windows does not have

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def pass_times(loss: Any, parameters: list[Any], inputs: int, targets: int) -> list[float]:
    """Seconds of tracing, the canonical form, grouping and re-rolling."""
    times = [time.perf_counter()]
    graph, *_ = trace(loss, parameters, (inputs,), (targets,))
    times.append(time.perf_counter())
    normal = canonical(graph)
    times.append(time.perf_counter())
    found = groups(normal)
    times.append(time.perf_counter())
    reroll(normal, found, {"parameter": len(parameters), "input": inputs, "target": targets, "noise": 0, "outside": 0})
    times.append(time.perf_counter())
    return [after - before for before, after in pairwise(times)]


def report(quick: bool = False) -> str:
    """The table, to the end of the first call: networks written with dot and with + and ×."""
    rows = [["network", "nodes", "blocks", "trace s", "canonical", "group", "reroll", "rest", "total s", "µs/node",
             "after trace", "peak MB"]]
    context = multiprocessing.get_context("spawn")
    for plain in (False, True):
        for sizes in NETWORKS[:3] if quick else NETWORKS:
            with context.Pool(1) as pool:
                c = pool.apply(cost, (sizes, plain))
            rest = c.total - sum(c.passes)
            rows.append([f"{'-'.join(map(str, sizes))}, {'+ ×' if plain else 'dot'}", f"{c.nodes:,}", str(c.blocks),
                         *(f"{s:.3f}" for s in [*c.passes, rest, c.total]), f"{c.total / c.nodes * 1e6:.2f}",
                         f"{(c.total - c.passes[0]) / c.nodes * 1e6:.2f}", f"{c.peak / 1e6:.0f}"])
    return table(rows)
