"""What compiling costs as losses grow: seconds of every pass, microseconds per node, peak memory.

Each loss is compiled in a process of its own, so that the peak of its memory is its own: what the
process holds at most, Python, NumPy and the parameters included.
"""

from __future__ import annotations

import gc
import multiprocessing
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

import autograd
import nn
from autograd import Value
from autograd.compiler.blocks.group import groups
from autograd.compiler.blocks.plan import is_irregular
from autograd.compiler.blocks.reroll import reroll
from autograd.compiler.scalars.canonical import canonical
from autograd.compiler.scalars.trace import trace
from autograd.nested import parameters_of
from benchmarks.timing import table

REPEATS = 3
NETWORKS = [[784, 32, 10], [784, 64, 10], [784, 128, 10], [784, 256, 128, 10], [784, 512, 256, 10]]
OPERATIONS = [1_000, 3_000, 10_000, 30_000, 100_000]


@dataclass
class Cost:
    """Of one loss: scalars, blocks, seconds in all and by pass, and bytes."""

    nodes: int
    blocks: int
    total: float
    passes: list[float]
    peak: int


@dataclass
class Work:
    """A loss, its parameters, and the sizes of a row of X and of Y."""

    loss: Callable[..., Any]
    params: Any
    inputs: int
    targets: int | None = None


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


def network(sizes: list[int], plain: bool) -> Work:
    """A classifier of these widths, written with dot, or with + and ×."""
    model = nn.MLP(sizes[0], sizes[1:], "relu", seed=0)

    def loss(x: Any, y: Any) -> Any:
        z = written_out(model, x) if plain else model(x)
        return autograd.logsumexp(z) - autograd.dot(y, z)

    return Work(loss, model, sizes[0], sizes[-1])


FUNCTIONS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a.tanh(), lambda a, b: a.sin(), lambda a, b: a.cos(), lambda a, b: a.sigmoid(),
    lambda a, b: (a * a + 1).log(), lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a / (b * b + 1),
    autograd.maximum,
]


def irregular(operations: int, window: int) -> Work:
    """A random operation of a few, again and again: of two of the latest values, or of the last one and a parameter."""
    w = [Value(v) for v in np.random.default_rng(0).normal(size=8).tolist()]

    def loss(x: Any) -> Any:
        rng, values = random.Random(0), [*w, *x]
        for _ in range(operations):
            a, b = (values[-1], rng.choice(w)) if window == 1 else rng.sample(values[-window:], 2)
            values.append(rng.choice(FUNCTIONS)(a, b))
        return autograd.mean(values[-window:])

    return Work(loss, w, 4)


def work_of(name: str, size: Any) -> Work:
    """A loss by name and size."""
    if name in ("dot", "+ ×"):
        return network(size, plain=name != "dot")
    return irregular(size, window=1 if name == "chain" else 50)


def cost(name: str, size: Any) -> Cost:
    """Compile one loss and say what it took, at the best of a few times."""
    work = work_of(name, size)
    theta = np.array([value.data for value in parameters_of(work.params)])
    x, y = np.ones((1, work.inputs)), None if work.targets is None else np.eye(1, work.targets)
    totals, passes = [], []
    for _ in range(REPEATS):
        gc.collect()
        start = time.process_time()
        program = autograd.compile(work.loss, work.params)
        program.value_and_grad(theta, x, y)
        totals.append(time.process_time() - start)
    plan, most = program._traced().plan, peak()
    for _ in range(REPEATS):
        gc.collect()
        passes.append(pass_times(work))
    return Cost(len(plan.graph), len(plan.blocks), min(totals), np.min(passes, axis=0).tolist(), most)


def peak() -> int:
    """The most bytes that this process held; `getrusage`, on Linux, would count those of the process that began it."""
    try:
        with open("/proc/self/status") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        import resource  # which Windows does not have

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def pass_times(work: Work) -> list[float]:
    """Seconds of tracing and the canonical form, and, where there are to be blocks, of grouping and re-rolling."""
    parameters = parameters_of(work.params)
    times = [time.process_time()]
    graph, *_ = trace(work.loss, parameters, (work.inputs,), None if work.targets is None else (work.targets,))
    times.append(time.process_time())
    normal = canonical(graph)
    times.append(time.process_time())
    if not is_irregular(normal):
        times[-1] = time.process_time()
        found = groups(normal)
        times.append(time.process_time())
        reroll(normal, found, {"parameter": len(parameters), "input": work.inputs, "target": work.targets or 0,
                               "noise": 0, "outside": 0})
        times.append(time.process_time())
    return [after - before for before, after in pairwise(times)]


def report(quick: bool = False) -> str:
    """The table, to the end of the first call: networks, and graphs without regularity."""
    rows = [["loss", "nodes", "blocks", "trace s", "canonical", "group", "reroll", "rest", "total s", "µs/node",
             "after trace", "peak MB"]]
    context = multiprocessing.get_context("spawn")
    networks, operations = NETWORKS[:3 if quick else None], OPERATIONS[:2 if quick else None]
    losses: list[tuple[str, Any]] = [(kind, sizes) for kind in ("dot", "+ ×") for sizes in networks]
    losses += [(kind, size) for kind in ("chain", "at random") for size in operations]
    for kind, size in losses:
        with context.Pool(1) as pool:
            c = pool.apply(cost, (kind, size))
        rest = c.total - sum(c.passes)
        parts = [f"{s:.3f}" for s in c.passes] + [""] * (4 - len(c.passes))
        name = f"{'-'.join(map(str, size))}, {kind}" if isinstance(size, list) else f"{size:,} operations, {kind}"
        rows.append([name, f"{c.nodes:,}", str(c.blocks), *parts, f"{rest:.3f}", f"{c.total:.3f}",
                     f"{c.total / c.nodes * 1e6:.2f}", f"{(c.total - c.passes[0]) / c.nodes * 1e6:.2f}",
                     f"{c.peak / 1e6:.0f}"])
    return table(rows)
