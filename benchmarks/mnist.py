"""Training on MNIST, from the first weights to 98 %: `python -m benchmarks.mnist [--quick] [--runs N] …`.

The same work for everyone, the recipe of `python -m nn mnist` without its dropout and weight decay: 784-128-10 with
ReLU, softmax cross entropy, Adam with a rate that falls along half a cosine from step to step, batches of 64 in
float32, each epoch all 60 000 images in a new order, and after each epoch the accuracy on the 10 000 test images, which
is not counted.

- NumPy by hand: the network and the Adam of `by_hand` with a loop around them;
- reroll: `nn.fit` with a callback that only watches; compiling counts as part of the first epoch;
- reroll, native: the same with `engine="native"`, where the extra is installed;
- PyTorch, where it is installed: eager, on the CPU, with `torch.optim.Adam`, and batches picked from one tensor;
- PyTorch, DataLoader: the same with batches from its DataLoader, as its tutorials write it;
- micrograd, where it is installed: what an epoch would take, from the time of a few examples.

NumPy multiplies matrices on one thread, as the recipe does; PyTorch takes as many as it likes; `--threads N` gives
everyone N. Contenders take turns, a whole run each. The time of an epoch is the median over all epochs of all runs,
by the clock and by the processor; the second counts every thread, and hardly changes where the machine has other work.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

import nn
from autograd.nested import aligned_like
from benchmarks import scalars
from benchmarks.by_hand import Adam, Array, Softmax, views
from benchmarks.contenders import scalar_network
from benchmarks.peers import installed, versions
from benchmarks.timing import machine, table, timed
from nn.recipes import RECIPES, Recipe

SIZES = [784, 128, 10]
MARKS = (0.97, 0.98)


class Data(NamedTuple):
    """MNIST, with one-hot rows beside the labels to train on."""

    X: Array
    labels: Any
    rows: Array
    X_test: Array
    labels_test: Any


def now() -> tuple[float, float]:
    """Seconds by the clock, and of the processor in this process."""
    return time.perf_counter(), time.process_time()


@dataclass
class Run:
    """One training: the seconds of each epoch, by the clock and of the processor, and the test accuracy after it."""

    data: Data
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    started: tuple[float, float] = field(default_factory=now)

    def epoch(self, weights: list[Array]) -> None:
        """Note the end of an epoch; the clock stands still while the accuracy is measured."""
        clock, processor = now()
        self.seconds.append(clock - self.started[0])
        self.processor.append(processor - self.started[1])
        W1, b1, W2, b2 = weights
        outputs = np.maximum(self.data.X_test @ W1.T + b1, 0) @ W2.T + b2
        self.accuracies.append(float((outputs.argmax(1) == self.data.labels_test).mean()))
        self.started = now()

    def until(self, accuracy: float) -> float:
        """Seconds of training after which the accuracy was reached; inf if it never was."""
        reached = [i for i, value in enumerate(self.accuracies) if value >= accuracy]
        return sum(self.seconds[: reached[0] + 1]) if reached else math.inf


Contender = Callable[[Data, Recipe, int], Run]


def load() -> Data:
    (X, labels), (X_test, labels_test) = nn.data.mnist(np.float32)
    return Data(X, labels, nn.data.one_hot(labels, 10).astype(np.float32), X_test, labels_test)


def portions(n: int, size: int, seed: int) -> Iterator[Any]:
    """The numbers of the examples of each batch of an epoch."""
    order = np.random.default_rng(seed).permutation(n)
    return (order[start : start + size] for start in range(0, n, size))


def first_weights(seed: int) -> Array:
    return nn.parameters_to_vector(nn.MLP(SIZES[0], SIZES[1:], seed=seed)).astype(np.float32)


# ── contenders ───────────────────────────────────────────────────────────────────────────────


class Watch(nn.Callback):
    """Notes the end of each epoch, before which `fit` updates the model."""

    changes = False

    def __init__(self, run: Run) -> None:
        self.run = run

    def epoch(self, training: nn.Training) -> None:
        """The end of an epoch."""
        self.run.epoch(views(training.theta, SIZES))


def reroll(data: Data, recipe: Recipe, seed: int, *, engine: str = "compiled") -> Run:
    """`nn.fit` as it is."""
    run = Run(data)
    nn.fit(recipe.model(SIZES[0], seed), data.X, data.labels, recipe.loss, recipe.descent(), epochs=recipe.epochs,
           batch_size=recipe.batch_size, dtype=np.float32, progress=False, seed=seed, callbacks=[Watch(run)],
           engine=engine)
    return run


def by_hand(data: Data, recipe: Recipe, seed: int) -> Run:
    """Everything in NumPy, every array allocated once."""
    run = Run(data)
    first, n, size = first_weights(seed), len(data.X), recipe.batch_size
    theta = aligned_like(first)
    theta[:] = first
    networks = {length: Softmax(theta, length, SIZES) for length in {min(size, n), n % size} if length}
    optimizer, steps = Adam(theta), recipe.epochs * math.ceil(n / size)
    for epoch in range(recipe.epochs):
        for rows in portions(n, size, seed + epoch):
            network = networks[len(rows)]
            optimizer.rate = recipe.lr * (1 + math.cos(math.pi * optimizer.steps / steps)) / 2
            network.step(data.X[rows], data.rows[rows])
            optimizer.update(network.gradient)
        run.epoch(views(theta, SIZES))
    return run


def torch(data: Data, recipe: Recipe, seed: int, *, loader: bool = False) -> Run:
    """PyTorch with the same first weights and learning rates."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.utils.data import DataLoader, TensorDataset

    run, size, n = Run(data), recipe.batch_size, len(data.X)
    model = torch.nn.Sequential(torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
    for parameter, first in zip(model.parameters(), views(first_weights(seed), SIZES), strict=True):
        parameter.data = torch.tensor(first)
    weights = [parameter.detach().numpy() for parameter in model.parameters()]
    X, labels = torch.from_numpy(data.X), torch.from_numpy(data.labels)
    shuffled = DataLoader(TensorDataset(X, labels), size, shuffle=True, generator=torch.Generator().manual_seed(seed))
    optimizer, steps, step = torch.optim.Adam(model.parameters()), recipe.epochs * math.ceil(n / size), 0
    for epoch in range(recipe.epochs):
        picked = map(torch.from_numpy, portions(n, size, seed + epoch))
        for x, y in shuffled if loader else ((X[rows], labels[rows]) for rows in picked):
            optimizer.param_groups[0]["lr"] = recipe.lr * (1 + math.cos(math.pi * step / steps)) / 2
            optimizer.zero_grad()
            cross_entropy(model(x), y).backward()
            optimizer.step()
            step += 1
        run.epoch(weights)
    return run


def micrograd(data: Data, n: int) -> float:
    """Seconds that an epoch would take, extrapolated from n examples."""
    one = [scalar_network("softmax", scalars.micrograd(), data.X[i : i + 1], data.rows[i : i + 1]) for i in range(n)]
    return statistics.median(timed(example.step) for example in one) * len(data.X)


# ── tables ───────────────────────────────────────────────────────────────────────────────────


def cells(name: str, runs: list[Run], yardstick: float) -> list[str]:
    """A row of the table: medians over the runs, of the time of an epoch over all epochs."""
    epoch, cpu = seconds_per_epoch(runs), statistics.median(seconds for run in runs for seconds in run.processor)
    until = [statistics.median(run.until(mark) for run in runs) for mark in MARKS]
    accuracies = sorted(run.accuracies[-1] for run in runs)
    return [
        name, f"{epoch:.3f}", f"{epoch / yardstick:.2f}", f"{cpu:.3f}", *(f"{seconds:.2f}" for seconds in until),
        f"{statistics.median(sum(run.seconds) for run in runs):.2f}",
        f"{100 * statistics.median(accuracies):.2f}", f"{100 * accuracies[0]:.2f}",
    ]


def seconds_per_epoch(runs: list[Run]) -> float:
    return statistics.median(seconds for run in runs for seconds in run.seconds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mnist", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="trainings of each contender (default 3)")
    parser.add_argument("--epochs", type=int, metavar="N", help="other than those of the recipe")
    parser.add_argument("--threads", type=int, metavar="N", help="of every contender (default: 1, PyTorch its choice)")
    parser.add_argument("--quick", action="store_true", help="one run of 2 epochs, to see that it works")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.epochs = 1, 2
    recipe = replace(RECIPES["mnist"], optimizer="adam", weight_decay=0.0, dropout=0.0,
                     **({"epochs": options.epochs} if options.epochs else {}))
    contenders: dict[str, Contender] = {"NumPy by hand": by_hand, "reroll": reroll}
    if installed("llvmlite"):
        contenders["reroll, native"] = partial(reroll, engine="native")
    if installed("torch"):
        contenders |= {"PyTorch": torch, "PyTorch, DataLoader": partial(torch, loader=True)}
    try:
        data = load()
    except nn.DataError as error:
        print(f"nothing is measured: {error}")
        return 0 if options.quick else 2
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    with limited(options.threads):
        print(f"{machine()}\n{versions()}\nthreads of NumPy: {options.threads or 1}; {recipe.epochs} epochs, "
              f"{options.runs} runs\n")
        for seed in range(options.runs):
            for name, train in contenders.items():
                runs[name].append(train(data, recipe, seed))
    yardstick = seconds_per_epoch(runs["NumPy by hand"])
    marks = [f"to {mark:.0%}, s" for mark in MARKS]
    rows = [["784-128-10", "epoch, s", "÷ hand", "CPU, s", *marks, "all, s", "test %", "worst %"]]
    rows += [cells(name, its, yardstick) for name, its in runs.items()]
    if installed("micrograd"):
        epoch = micrograd(data, 1 if options.quick else 3)
        rows.append(["micrograd (extrapolated)", f"{epoch:,.0f}", f"{epoch / yardstick:,.0f}", *["-"] * 6])
    print(table(rows))
    return 0


@contextlib.contextmanager
def limited(threads: int | None) -> Iterator[None]:
    """Everyone with so many threads, if a number is given; else NumPy with one and PyTorch with what it likes."""
    if threads and installed("torch"):
        import torch

        torch.set_num_threads(threads)
    with threadpool_limits(threads or 1, user_api=None if threads else "blas"):
        yield


if __name__ == "__main__":
    sys.exit(main())
