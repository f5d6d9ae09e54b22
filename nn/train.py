"""Training: `fit` takes a model through the examples, epoch after epoch."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from autograd.errors import TraceError, UsageError
from nn.arguments import count, function, precision
from nn.engine import ENGINES, EngineMaker
from nn.examples import FloatArray, paired
from nn.init import Seed, generator
from nn.losses import LOSSES, Loss, check_targets
from nn.module import Module
from nn.optim import Optimizer
from nn.vector import parameters_to_vector, vector_to_parameters


@dataclass(frozen=True)
class History:
    """What happened during training.

    `loss` holds the mean loss of each epoch's examples, met while the parameters were changing;
    `seconds` is the time that training took.
    """

    loss: FloatArray
    seconds: float


def fit(
    model: Module,
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    loss: str | Loss,
    optimizer: Optimizer,
    *,
    epochs: int = 100,
    batch_size: int | None = None,
    shuffle: bool = True,
    engine: str | EngineMaker = "compiled",
    dtype: npt.DTypeLike = np.float64,
    progress: bool = True,
    seed: Seed = None,
) -> History:
    """Train a model: make the mean of `loss(model(x), y)` over the rows x of `X` and y of `Y` small.

    `X` has a row per example; so has `Y`, where a plain number makes one target. `batch_size` examples
    share a step of the optimiser: None takes all (batch gradient descent), 1 is stochastic gradient
    descent. Each epoch meets every example once, in an order that is drawn anew from `seed` unless
    `shuffle` is False. `loss` and `engine` are names or functions, see `nn.losses` and `nn.engine`;
    both engines give the same history to rounding for the same `seed`. `dtype` is float64 or float32.
    The model's parameters change; training stops with a warning once the loss is nan or inf.

    Raises `SizeError` for rows that do not match, `UsageError` for nan or inf among the data, numbers
    of epochs or examples below 1, and unknown names; `TraceError` for a loss or model that reads numbers
    (`.data`, `if x > 0`), which only the eager engine can train.
    """
    dtype = precision(dtype)
    inputs, targets = paired(X, Y, dtype)
    epochs = count("epochs", epochs)
    size = len(inputs) if batch_size is None else count("examples in a batch", batch_size)
    order, noise = generator(seed).spawn(2)
    cost = function("loss", loss, LOSSES)
    check_targets(loss, targets)
    if not isinstance(optimizer, Optimizer):
        raise UsageError(f"an optimiser such as SGD(lr=0.1) is expected, {optimizer!r} came")
    program = function("engine", engine, ENGINES)(lambda x, y: cost(model(x), y), model)
    theta = parameters_to_vector(model, dtype)
    gradient = np.empty_like(theta)
    if not theta.size:
        raise UsageError(f"{type(model).__name__} has no parameters: there is nothing to train")

    start, losses = time.perf_counter(), []
    bar = tqdm(total=epochs * len(inputs), unit=" examples", unit_scale=True, disable=not progress)
    with bar, model.mode(training=True), np.errstate(over="ignore", invalid="ignore"):
        try:
            for epoch in range(1, epochs + 1):
                bar.set_description(f"epoch {epoch}/{epochs}", refresh=False)
                summed, met = 0.0, 0
                for rows in batches(len(inputs), size, order if shuffle else None):
                    optimizer.at(epoch - 1 + met / len(inputs))
                    value, _ = program.value_and_grad(theta, inputs[rows], targets[rows], rng=noise, out=gradient)
                    optimizer.step(theta, gradient)
                    summed, met = summed + float(value) * len(rows), met + len(rows)
                    bar.update(len(rows))
                losses.append(summed / len(inputs))
                bar.set_postfix(loss=f"{losses[-1]:.4g}", refresh=epoch == epochs)
                if not math.isfinite(losses[-1]):
                    diverged = f"the loss is {losses[-1]} in epoch {epoch}: try a lower learning rate"
                    warnings.warn(diverged, RuntimeWarning, stacklevel=2)
                    break
        except TraceError as error:
            error.add_note('engine="eager" trains with any loss and model, one example at a time')
            raise
        finally:
            vector_to_parameters(theta, model)
    return History(np.array(losses), time.perf_counter() - start)


def batches(n: int, size: int, rng: np.random.Generator | None) -> Iterator[npt.NDArray[Any]]:
    """The numbers of n examples in portions of `size`, the last perhaps smaller, shuffled by a generator.

    >>> [rows.tolist() for rows in batches(5, 2, None)]
    [[0, 1], [2, 3], [4]]
    """
    order = np.arange(n) if rng is None else rng.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]
