"""Compiled programs against hand-written NumPy, PyTorch and JAX: `python -m benchmarks.compiled [--quick] [table …]`.

Tables:

- network: a step of 784-128-10 with ReLU and softmax cross entropy, alone and with the update of SGD and Adam;
- small: XOR 2-4-1 on 4 examples, moons 2-16-16-1 on 100;
- example: one example of 784-128-10 in the compiled program, in the eager engine and in micrograd;
- growth: what compiling costs as networks grow (see `growth`);
- gpt: a small GPT (see `gpt`), eager and compiled.

Contenders run by turns in one process. Times are medians over the rounds and ratios medians of the
rounds' ratios. All start from the same weights and must agree on the loss, and the NumPy ones on the gradient.
The hand-written network is timed with W in memory as (out, in), as the program's and PyTorch's are, and
as (in, out), which suits BLAS better for some batches; "÷ hand" is to the first, "÷ best" to the faster one.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import nn
from autograd import Value
from benchmarks import by_hand, growth
from benchmarks.gpt import ALPHABET, GPT, one_hot
from benchmarks.peers import installed, peers, versions
from benchmarks.timing import Measured, Step, machine, measure, table

WIDTHS = [784, 128, 10]


def close(name: str, ours: Any, theirs: Any, dtype: Any) -> None:
    """Stop if two contenders disagree."""
    relative, absolute = (1e-4, 1e-5) if dtype == np.float32 else (1e-9, 1e-11)
    if not np.allclose(ours, theirs, rtol=relative, atol=absolute):
        raise SystemExit(f"{name}: the program and a contender disagree by {np.abs(np.subtract(ours, theirs)).max()}")


# ── the networks ─────────────────────────────────────────────────────────────────────────────


def cross_entropy(model: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    """Softmax cross entropy, ln Σ exp z - y · z."""

    def loss(x: Any, y: Any) -> Any:
        z = model(x)
        return autograd.logsumexp(z) - autograd.dot(y, z)

    return loss


def classifier() -> tuple[nn.MLP, Callable[[Any, Any], Any]]:
    """784-128-10 with ReLU, and its softmax cross entropy."""
    model = nn.MLP(WIDTHS[0], WIDTHS[1:], "relu", seed=0)
    return model, cross_entropy(model)


def xor() -> tuple[nn.MLP, Callable[[Any, Any], Any]]:
    """2-4-1 with tanh and sigmoid, and its squared error."""
    model = nn.MLP(2, [4, 1], "tanh", "sigmoid", seed=0)
    return model, lambda x, y: (model(x) - y[0]) ** 2


def moons() -> tuple[nn.MLP, Callable[[Any, Any], Any]]:
    """2-16-16-1 with ReLU, and the max-margin loss with L2 regularisation of micrograd's demo."""
    model = nn.MLP(2, [16, 16, 1], "relu", seed=0)
    parameters = model.parameters()
    penalty = by_hand.Moons.penalty
    return model, lambda x, y: autograd.relu(1 - y[0] * model(x)) + penalty * autograd.dot(parameters, parameters)


def digits(batch: int, dtype: Any) -> tuple[Any, Any]:
    """Random images and one-hot labels: the numbers do not matter for speed."""
    rng = np.random.default_rng(0)
    return rng.random((batch, WIDTHS[0])).astype(dtype), np.eye(10, dtype=dtype)[rng.integers(0, 10, batch)]


# ── steps ────────────────────────────────────────────────────────────────────────────────────


def contenders(
    kind: str, program: autograd.Program, theta: Any, sizes: list[int], x: Any, y: Any, update: str | None = None
) -> dict[str, Step]:
    """A step of everyone, on copies of theta of their own; checked against one another."""
    network = by_hand.NETWORKS[kind]
    steps: dict[str, Step] = {"hand": hand_step(network, theta.copy(), sizes, x, y, update)}
    if kind == "softmax":
        steps["hand (in, out)"] = hand_step(network, transposed(theta, sizes), sizes, x, y, update, transposed=True)
    if update is None:
        steps["program"] = lambda: program.value_and_grad(theta, x, y)
    steps["program, out="] = program_step(program, theta.copy(), x, y, update)
    steps |= peers(kind, theta, sizes, x, y, update)

    value, gradient = program.value_and_grad(theta, x, y)
    hand = network(theta, len(x), sizes)
    close("loss", value, hand.step(x, y), theta.dtype)
    close("gradient", gradient, hand.gradient, theta.dtype)
    for name in ("hand (in, out)", "torch", "jax"):
        if name in steps:
            close(name, value, steps[name](), theta.dtype)
    return steps


def transposed(theta: Any, sizes: list[int]) -> Any:
    """The same weights with every W stored as (in, out)."""
    other = np.empty_like(theta)
    for mine, theirs in zip(by_hand.views(theta, sizes), by_hand.views(other, sizes, transposed=True), strict=True):
        theirs[...] = mine
    return other


def hand_step(network: Any, theta: Any, sizes: list[int], x: Any, y: Any, update: str | None, **layout: bool) -> Step:
    """A step of a network written by hand."""
    hand = network(theta, len(x), sizes, **layout)
    return updating(lambda: hand.step(x, y), theta, hand.gradient, update)


def program_step(program: autograd.Program, theta: Any, x: Any, y: Any, update: str | None) -> Step:
    """A step of a compiled program that writes its gradient into an array given once."""
    gradient = np.empty_like(theta)
    return updating(lambda: program.value_and_grad(theta, x, y, out=gradient)[0], theta, gradient, update)


def updating(step: Step, theta: Any, gradient: Any, update: str | None) -> Step:
    """A step and, if one is named, the update of theta by the gradient that it left."""
    if update is None:
        return step
    optimizer = by_hand.OPTIMIZERS[update](theta)

    def both() -> Any:
        value = step()
        optimizer.update(gradient)
        return value

    return both


# ── tables ───────────────────────────────────────────────────────────────────────────────────


def cells(measured: Measured) -> list[str]:
    """Microseconds of every contender, then the ratios of the program with out= to the others."""
    names, ours = list(measured.seconds), "program, out="
    hands = [name for name in names if name.startswith("hand")]
    best = min(hands, key=measured.median)
    ratios = [measured.ratio(ours, "hand")] + ([measured.ratio(ours, best)] if len(hands) > 1 else [])
    ratios += [measured.ratio(ours, name) for name in ("torch", "jax") if name in names]
    return [f"{measured.median(name) * 1e6:.1f}" for name in names] + [f"{ratio:.3f}" for ratio in ratios]


def head(measured: Measured) -> list[str]:
    """The names of the cells."""
    names = list(measured.seconds)
    hands = sum(name.startswith("hand") for name in names)
    return ([f"{name} µs" for name in names] + ["÷ hand"] + ["÷ best"] * (hands > 1)
            + [f"÷ {name}" for name in ("torch", "jax") if name in names])


def network(quick: bool) -> None:
    """784-128-10 for several batches, in float32 and float64."""
    model, loss = classifier()
    program = autograd.compile(loss, model)
    start = nn.parameters_to_vector(model)
    for update in (None, "SGD", "Adam"):
        rows: list[list[str]] = []
        for dtype in (np.float32, np.float64):
            for batch in (32, 64, 256):
                steps = contenders("softmax", program, start.astype(dtype), WIDTHS, *digits(batch, dtype), update)
                measured = measure(steps, rounds=7 if quick else 31)
                rows = rows or [[f"batch, {update or 'forward + backward'}", *head(measured)]]
                rows.append([f"{batch} {dtype.__name__}", *cells(measured)])
        print(f"\n784-128-10, forward and backward{f' and the update of {update}' if update else ''}\n\n{table(rows)}")


def small(quick: bool) -> None:
    """XOR and moons, in float64."""
    rng = np.random.default_rng(0)
    corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
    points = rng.normal(size=(100, 2)), rng.choice([-1.0, 1.0], (100, 1))
    works = (
        ("XOR 2-4-1", "xor", xor(), [2, 4, 1], corners),
        ("moons 2-16-16-1", "moons", moons(), [2, 16, 16, 1], points),
    )
    for title, kind, (model, loss), sizes, (x, y) in works:
        program = autograd.compile(loss, model)
        steps = contenders(kind, program, nn.parameters_to_vector(model), sizes, x, y)
        measured = measure(steps, rounds=7 if quick else 31, run=0.005)
        rows = [["float64", *head(measured)], [f"batch {len(x)}", *cells(measured)]]
        print(f"\n{title}, forward and backward\n\n{table(rows)}")


def example(quick: bool) -> None:
    """One example of 784-128-10, forward and backward, in three engines."""
    model, loss = classifier()
    x, y = digits(64, np.float32)
    program = autograd.compile(loss, model)
    theta = nn.parameters_to_vector(model).astype(np.float32)
    gradient = np.empty_like(theta)
    measured = measure({"program": lambda: program.value_and_grad(theta, x, y, out=gradient)})
    compiled = measured.median("program") / len(x)
    rows = [["784-128-10, one example", "seconds", "÷ program"]]
    rows.append(["program, float32, batch 64", f"{compiled:.3g}", "1"])
    eager = timed(lambda: loss([Value(v) for v in x[0].tolist()], y[0].tolist()).backward())
    rows.append(["eager engine", f"{eager:.3g}", f"{eager / compiled:,.0f}"])
    if installed("micrograd"):
        scalars = micrograd_example(x[0].tolist(), y[0].tolist())
        rows.append(["micrograd, squared error", f"{scalars:.3g}", f"{scalars / compiled:,.0f}"])
    else:
        print("micrograd is not installed: its row is left out")
    print(f"\n{table(rows)}")


def micrograd_example(x: list[float], y: list[float]) -> float:
    """Seconds of an example in micrograd, with a squared error, since it has no exp; either is nearly no work."""
    import micrograd.engine
    import micrograd.nn

    # micrograd walks its graph by recursion, which is as deep as its sums are long.
    sys.setrecursionlimit(100_000)
    model = micrograd.nn.MLP(WIDTHS[0], WIDTHS[1:])

    def step() -> None:
        outputs = model([micrograd.engine.Value(v) for v in x])
        sum((out - target) ** 2 for out, target in zip(outputs, y, strict=True)).backward()

    return timed(step)


def timed(step: Callable[[], Any]) -> float:
    """Seconds of a single call, which takes so long that one is enough."""
    gc.collect()
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def gpt(quick: bool) -> None:
    """The GPT, a training step at batch 32: compiled, and eager from the time of a few examples."""
    model = GPT()
    rng = np.random.default_rng(0)
    X, Y = one_hot(["".join(rng.choice(list(ALPHABET), 9)) for _ in range(32)])
    program = autograd.compile(model.loss, model.params)
    theta = nn.parameters_to_vector(model.params)
    compiling = timed(lambda: program.value_and_grad(theta, X, Y))
    gradient = np.empty_like(theta)
    measured = measure({"program": lambda: program.value_and_grad(theta, X, Y, out=gradient)})
    compiled = measured.median("program")
    few = 2 if quick else 8
    pairs = list(zip(X[:few].tolist(), Y[:few].tolist(), strict=True))
    eager = timed(lambda: [model.loss(x, y).backward() for x, y in pairs]) * len(X) / few
    nodes = len(program.traced().plan.graph)
    rows = [["GPT, batch 32", "nodes", "parameters", "blocks", "compile s", "eager ms", "compiled ms", "ratio"]]
    rows.append(["float64", f"{nodes:,}", f"{len(theta):,}", f"{len(program.blocks)}", f"{compiling:.3f}",
                 f"{eager * 1e3:.0f}", f"{compiled * 1e3:.2f}", f"{eager / compiled:.0f}"])
    print(f"\n{table(rows)}")


TABLES = {"growth": growth.print_table, "network": network, "small": small, "example": example, "gpt": gpt}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compiled", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("tables", nargs="*", metavar="table", help=f"of {', '.join(TABLES)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and no large network")
    options = parser.parse_args()
    unknown = set(options.tables) - set(TABLES)
    if unknown:
        parser.error(f"no table {', '.join(sorted(unknown))}: choose of {', '.join(TABLES)}")
    print(machine())
    for name, show in TABLES.items():
        if name in (options.tables or TABLES):
            if name == "network":
                print(f"\n{versions()}")
            show(options.quick)


if __name__ == "__main__":
    main()
