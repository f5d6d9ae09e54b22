"""The eager engine against micrograd, the engine whose idea it follows: `python -m benchmarks.eager`.

Works, each a forward and a backward pass over a fresh graph:

- demo: micrograd's own: an MLP 2-16-16-1, 100 points, max-margin loss, L2 regularisation;
- demo, + and ×: the same with every neuron written out, w₁·x₁ + w₂·x₂ + …, and no dot;
- sample: one example of 784 pixels through an MLP 784-16-10;
- chain: 20 000 operations one after the other, + and × by turns.

Both engines start from the same weights and must agree on the loss and on every gradient. Times are
medians of runs by turns; the garbage is collected before each, since micrograd's graphs are
cycles and would be freed in our time. Memory is what a finished graph holds, by tracemalloc.
"""

from __future__ import annotations

import argparse
import gc
import math
import random
import statistics
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import micrograd.engine
import micrograd.nn

import nn
from autograd import Value, ancestors
from benchmarks.timing import duration, machine, one_core, table, timed

RUNS = 9
CHAIN = 20_000

Model = Callable[[list[Any]], Any]


@dataclass
class Work:
    """The same work for both engines: each function builds a loss from the leaves."""

    name: str
    theirs: Callable[[], Any]
    ours: Callable[[], Value]
    their_leaves: list[Any]
    our_leaves: list[Value]


def demo_loss(model: Model, leaves: list[Any], number: type, points: list[list[float]], labels: list[int]) -> Any:
    """Max-margin loss over all points plus L2 regularisation, as in micrograd's demo."""
    scores = [model([number(x) for x in point]) for point in points]
    losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in leaves)


def written_out(model: Any) -> Model:
    """The same network with + and × in place of dot."""

    def neuron(unit: Any, xs: list[Any]) -> Any:
        out = sum((w * x for w, x in zip(unit.w, xs, strict=True)), unit.b)
        return out.relu() if unit.activation == "relu" else out

    def forward(xs: list[Any]) -> Any:
        for layer in model.layers:
            xs = [neuron(unit, xs) for unit in layer.neurons]
        return xs[0] if len(xs) == 1 else xs

    return forward


def twins(nin: int, nouts: list[int]) -> tuple[Any, list[Any], Any, list[Value]]:
    """Two networks of the same weights, micrograd's and ours, each with its weights in the same order."""
    random.seed(0)
    theirs, ours = micrograd.nn.MLP(nin, nouts), nn.MLP(nin, nouts, activation="relu", output="linear")
    leaves = [p for layer in ours.layers for unit in layer.neurons for p in (*unit.w, unit.b)]
    for their, our in zip(theirs.parameters(), leaves, strict=True):
        our.data = float(their.data)
    return theirs, theirs.parameters(), ours, leaves


def demo() -> list[Work]:
    rng = random.Random(0)
    points = [[rng.gauss(0, 1), rng.gauss(0, 1)] for _ in range(100)]
    labels = [rng.choice([-1, 1]) for _ in points]
    theirs, their_leaves, ours, our_leaves = twins(2, [16, 16, 1])

    def work(name: str, model: Model) -> Work:
        return Work(
            name,
            lambda: demo_loss(theirs, their_leaves, micrograd.engine.Value, points, labels),
            lambda: demo_loss(model, our_leaves, Value, points, labels),
            their_leaves,
            our_leaves,
        )

    return [work("micrograd's demo", ours), work("the same in plain + and ×", written_out(ours))]


def sample() -> Work:
    rng = random.Random(0)
    pixels = [rng.random() for _ in range(784)]
    theirs, their_leaves, ours, our_leaves = twins(784, [16, 10])
    return Work(
        "one example through 784-16-10",
        lambda: sum(theirs([micrograd.engine.Value(x) for x in pixels])),
        lambda: sum(ours([Value(x) for x in pixels])),
        their_leaves,
        our_leaves,
    )


def chain() -> Work:
    def links(x: Any, w: Any) -> Any:
        y = x
        for _ in range(CHAIN // 2):
            y = y * w + x
        return y

    their_leaves = [micrograd.engine.Value(1.0), micrograd.engine.Value(0.5)]
    our_leaves = [Value(1.0), Value(0.5)]
    return Work(
        "a chain of 20 000 operations",
        lambda: links(*their_leaves),
        lambda: links(*our_leaves),
        their_leaves,
        our_leaves,
    )


def run(build: Callable[[], Any], leaves: list[Any]) -> tuple[float, float]:
    """Seconds of one forward and backward pass, and the loss."""
    for leaf in leaves:
        leaf.grad = 0.0
    losses = []

    def step() -> None:
        loss = build()
        loss.backward()
        losses.append(loss)  # what is freed is freed afterwards

    return timed(step), losses[0].data


def times(work: Work, runs: int) -> tuple[float, float]:
    """Median seconds, theirs and ours, of runs by turns that agree on the results."""
    seconds: list[tuple[float, float]] = []
    for _ in range(runs):
        theirs, their_loss = run(work.theirs, work.their_leaves)
        ours, our_loss = run(work.ours, work.our_leaves)
        agree(work.name, their_loss, our_loss)
        for their, our in zip(work.their_leaves, work.our_leaves, strict=True):
            agree(work.name, their.grad, our.grad)
        seconds.append((theirs, ours))
    return statistics.median(t for t, _ in seconds), statistics.median(t for _, t in seconds)


def agree(name: str, theirs: float, ours: float) -> None:
    if not math.isclose(theirs, ours, rel_tol=1e-9, abs_tol=1e-12):
        raise SystemExit(f"{name}: micrograd has {theirs}, reroll {ours}")


def memory(build: Callable[[], Any], leaves: list[Any], values: Callable[[Any], int]) -> tuple[int, float]:
    """Bytes that a graph holds after the backward pass, and bytes per value made: the parameters were there before."""
    gc.collect()
    tracemalloc.start()
    loss = build()
    loss.backward()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held, held / (values(loss) - len(leaves))


def their_values(loss: Any) -> int:
    """How many values a micrograd graph has."""
    seen, stack = {loss}, [loss]
    while stack:
        new = stack.pop()._prev - seen
        seen |= new
        stack.extend(new)
    return len(seen)


def report(quick: bool = False) -> str:
    """The table."""
    # micrograd's backward pass recurses as deep as the graph.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10 * CHAIN))
    rows = [["Work", "micrograd", "reroll", "÷", "bytes per value", "MB per graph", "÷"]]
    for work in [*demo(), sample(), chain()]:
        theirs, ours = times(work, 1 if quick else RUNS)
        their_bytes, their_each = memory(work.theirs, work.their_leaves, their_values)
        our_bytes, our_each = memory(work.ours, work.our_leaves, lambda loss: len(ancestors(loss)))
        rows.append([work.name, duration(theirs), duration(ours), f"{theirs / ours:.1f}",
                     f"{their_each:.0f} → {our_each:.0f}", f"{their_bytes / 1e6:.1f} → {our_bytes / 1e6:.1f}",
                     f"{their_bytes / our_bytes:.1f}"])
    return table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.eager", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one run each")
    options = parser.parse_args()
    with one_core():
        print(f"{machine()}\n\n{report(options.quick)}")


if __name__ == "__main__":
    main()
