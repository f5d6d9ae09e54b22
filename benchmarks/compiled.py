"""A compiled program, for several batches and with updates: `python -m benchmarks.compiled [--quick]`.

The work is a step of 784-128-10 with ReLU and softmax cross entropy, alone and with the update of SGD and of Adam.
Contenders run by turns in one process, on one core. Times are medians over the rounds and ratios medians of the
rounds' ratios. All start from the same weights and must agree on the loss and, before an update, on the gradient.
The hand-written network is timed with W in memory as (out, in), as the program's and PyTorch's are, and
as (in, out), which suits BLAS better for some batches; "÷ hand" is to the first, "÷ best" to the faster one.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

import autograd
import nn
from benchmarks import by_hand
from benchmarks.networks import NETWORKS, examples
from benchmarks.peers import peers, versions
from benchmarks.timing import Contender, Measured, agreement, machine, measure, one_core, table

NETWORK = NETWORKS["softmax"]


def contenders(program: autograd.Program, theta: Any, x: Any, y: Any, update: str | None) -> dict[str, Contender]:
    """A step of everyone, on copies of theta of their own; checked against one another."""
    found = {
        "hand": hand(theta.copy(), x, y, update),
        "hand (in, out)": hand(transposed(theta), x, y, update, transposed=True),
        "reroll": written(program, theta.copy(), x, y, update),
    }
    found |= peers("softmax", theta, NETWORK.sizes, x, y, update)
    agreement({name: contender if name != "hand (in, out)" else Contender(contender.step)
               for name, contender in found.items()}, theta.dtype)
    return found


def transposed(theta: Any) -> Any:
    """The same weights with every W stored as (in, out)."""
    other, sizes = np.empty_like(theta), NETWORK.sizes
    for mine, theirs in zip(by_hand.views(theta, sizes), by_hand.views(other, sizes, transposed=True), strict=True):
        theirs[...] = mine
    return other


def hand(theta: Any, x: Any, y: Any, update: str | None, **layout: bool) -> Contender:
    """A network written by hand."""
    network = by_hand.Softmax(theta, len(x), NETWORK.sizes, **layout)
    return updating(lambda: network.step(x, y), theta, network.gradient, update)


def written(program: autograd.Program, theta: Any, x: Any, y: Any, update: str | None) -> Contender:
    """A compiled program that writes its gradient into an array given once."""
    gradient = np.empty_like(theta)
    return updating(lambda: program.value_and_grad(theta, x, y, out=gradient)[0], theta, gradient, update)


def updating(step: Any, theta: Any, gradient: Any, update: str | None) -> Contender:
    """A step and, if one is named, the update of theta by the gradient that it left."""
    if update is None:
        return Contender(step, lambda: gradient)
    optimizer = by_hand.OPTIMIZERS[update](theta)

    def both() -> Any:
        value = step()
        optimizer.update(gradient)
        return value

    return Contender(both)


# ── tables ───────────────────────────────────────────────────────────────────────────────────


def cells(measured: Measured) -> list[str]:
    """Microseconds of every contender, then the ratios of the program with out= to the others."""
    names, ours = list(measured.seconds), "reroll"
    hands = [name for name in names if name.startswith("hand")]
    best = min(hands, key=measured.median)
    ratios = [measured.ratio(ours, "hand")] + ([measured.ratio(ours, best)] if len(hands) > 1 else [])
    ratios += [measured.ratio(ours, name) for name in ("PyTorch", "JAX `jit`") if name in names]
    return [f"{measured.median(name) * 1e6:.1f}" for name in names] + [f"{ratio:.3f}" for ratio in ratios]


def head(measured: Measured) -> list[str]:
    """The names of the cells."""
    names = list(measured.seconds)
    hands = sum(name.startswith("hand") for name in names)
    return ([f"{name} µs" for name in names] + ["÷ hand"] + ["÷ best"] * (hands > 1)
            + [f"÷ {name}" for name in ("PyTorch", "JAX `jit`") if name in names])


def report(quick: bool = False) -> str:
    """The table, in microseconds."""
    model = NETWORK.model()
    program = NETWORK.compiled(model)
    start = nn.parameters_to_vector(model)
    rows: list[list[str]] = []
    for update in (None, "SGD", "Adam"):
        for dtype in (np.float32, np.float64):
            for batch in (64,) if quick else (32, 64, 256):
                found = contenders(program, start.astype(dtype), *examples("softmax", batch, dtype), update)
                measured = measure({name: one.step for name, one in found.items()}, rounds=7 if quick else 31)
                rows = rows or [["Batch", *head(measured)]]
                rows.append([f"{batch}, {np.dtype(dtype).name}{f', {update}' if update else ''}", *cells(measured)])
    return table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compiled", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and one batch")
    options = parser.parse_args()
    with one_core():
        print(f"{machine()}; {versions()}\n\n{report(options.quick)}")


if __name__ == "__main__":
    main()
