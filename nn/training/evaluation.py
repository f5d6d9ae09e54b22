"""How good a model is on examples: the loss and metrics, without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd import no_grad
from autograd.errors import TraceError, UsageError
from autograd.nested import flatten
from autograd.value import data_of
from nn.arguments import described, function, listed
from nn.data.labels import one_hot
from nn.examples import FloatArray, paired
from nn.losses import LOSSES, Loss, check_targets, name_of
from nn.metrics import METRICS, Metric
from nn.models.module import FEW, PORTION, Module
from nn.training.engine import values
from nn.vector import parameters_to_vector, vector_to_parameters

CATEGORICAL = ("cross_entropy", "cross_entropy_with_logits")
"""The losses whose targets are one-hot rows, which labels of classes become."""


@dataclass(frozen=True)
class Examples:
    """Inputs and targets as a loss takes them, and the targets as they were given, for metrics."""

    inputs: FloatArray
    targets: FloatArray
    given: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.inputs)

    def part(self, rows: npt.NDArray[Any]) -> Examples:
        """Some of the examples."""
        return Examples(self.inputs[rows], self.targets[rows], self.given[rows])


def examples_for(
    model: Module, loss: str | Loss, X: npt.ArrayLike, Y: npt.ArrayLike, dtype: npt.DTypeLike = np.float64
) -> Examples:
    """Checked examples; for cross entropy, labels of classes become one-hot rows, a column for each output."""
    inputs, targets = paired(X, Y, dtype)
    given = np.asarray(Y)
    if name_of(loss) in CATEGORICAL and targets.size == len(targets):
        with model.mode(training=False), no_grad():
            outputs = flatten(model(inputs[0].tolist()))
        if len(outputs) > 1:
            targets = one_hot(targets.ravel(), len(outputs)).astype(inputs.dtype)
    check_targets(loss, targets)
    return Examples(inputs, targets, given)


class Evaluator:
    """The mean loss and the metrics of a model that predicts, for any parameters θ.

    A compiled program evaluates the loss and the outputs together; a model that looks at the numbers it computes with
    is evaluated one example at a time.
    """

    def __init__(self, model: Module, cost: Loss, metrics: Sequence[str | Metric], compiled: bool = True) -> None:
        self.model, self.both = model, partial(loss_and_outputs, model, cost)
        named = {metric_name(metric): metric for metric in listed("metrics", metrics)}
        self.metrics = {name: function("metric", metric, METRICS) for name, metric in named.items()}
        self.compiled = compiled

    @cached_property
    def program(self) -> autograd.Program:
        """The loss and the outputs as matrix statements; made when first asked for, since many trainings never ask."""
        return autograd.compile(self.both, self.model)

    def __call__(self, theta: FloatArray, examples: Examples, prefix: str = "") -> dict[str, float]:
        """The loss and each metric, by name."""
        with self.model.mode(training=False), np.errstate(all="ignore"):
            columns = self.columns(theta, examples)
        outputs = columns[:, 1:]
        if outputs.shape[1] == examples.given.ndim == 1:
            outputs = outputs[:, 0]  # as the targets are given, so that their difference is no table
        sound = np.isfinite(outputs).all()  # it is not when training diverges
        found = {"loss": float(columns[:, 0].mean(dtype=np.float64))}
        for name, metric in self.metrics.items():
            found[name] = single(name, metric(outputs, examples.given)) if sound else np.nan
        return {prefix + name: number for name, number in found.items()}

    def columns(self, theta: FloatArray, examples: Examples) -> FloatArray:
        """A row for each example: its loss, then the outputs."""
        if self.compiled:
            try:
                return np.concatenate([
                    self.program(theta, examples.inputs[i : i + PORTION], examples.targets[i : i + PORTION])
                    for i in range(0, len(examples), PORTION)
                ])
            except TraceError:
                self.compiled = False
        vector_to_parameters(theta, self.model)
        with no_grad():
            pairs = zip(examples.inputs.tolist(), examples.targets.tolist(), strict=True)
            return np.array([[data_of(value) for value in self.both(values(x), values(y))] for x, y in pairs])


def loss_and_outputs(model: Module, cost: Loss, x: Any, y: Any) -> list[Any]:
    """The loss of an example, then the outputs of the model."""
    outputs = model(x)
    return [cost(outputs, y), *flatten(outputs)]


def metric_name(metric: str | Callable[..., Any]) -> str:
    """What a metric is called in a history: its own name, or that of the function."""
    name = metric if isinstance(metric, str) else described(metric)
    if name in ("loss", "lr") or name.startswith("val_"):
        raise UsageError(f"a metric cannot be called {name!r}, since histories use that name themselves")
    return name


def single(name: str, found: Any) -> float:
    """What a metric gave, if it is one number."""
    try:
        return float(found)
    except (TypeError, ValueError):
        raise UsageError(f"a metric gives one number, {name} gave {found!r}") from None


def evaluate(
    model: Module, X: npt.ArrayLike, Y: npt.ArrayLike, loss: str | Loss, metrics: Sequence[str | Metric] = ()
) -> dict[str, float]:
    """The mean loss of a model over examples, and metrics, by name: as `fit` measures them on validation data.

    Metrics are names from `METRICS` or functions of (outputs, targets): arrays of shapes (examples, outputs) and that
    of `Y`, or both of shape (examples,) where there is one output and `Y` is so.

    >>> from nn import Neuron
    >>> evaluate(Neuron.of([1.0], 0.0), [[1.0], [2.0]], [1.0, 4.0], "mse")
    {'loss': 2.0}
    """
    evaluator = Evaluator(model, function("loss", loss, LOSSES), metrics, compiled=np.shape(X)[:1] > (FEW,))
    theta = parameters_to_vector(model)
    return evaluator(theta, examples_for(model, loss, X, Y))
