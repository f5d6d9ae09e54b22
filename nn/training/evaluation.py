"""How good a model is on examples: the loss and metrics, without changing anything."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
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
from nn.examples import FloatArray, explained, paired
from nn.losses import LOSSES, Loss, check_outputs, check_targets, meaning_of, name_of, threshold_of
from nn.metrics import METRICS, Metric, cuts
from nn.models.module import FEW, PORTION, Module, unchanged, values
from nn.vector import parameters_to_vector, vector_to_parameters

PROBES, PROBES_AT_MOST = 3, 30
"""Random parameters with which a model has to give probabilities, and with which it may give the same, or scores from 0
to 1 only, before it is said that it always does."""


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
    given, meaning = np.asarray(Y), meaning_of(loss)
    if inputs.ndim > 2:
        with explained(inputs):
            outputs_of(model, inputs[0])
    if meaning is not None and meaning.classes:
        outputs = outputs_of(model, inputs[0])
        check_outputs(loss, outputs)
        if targets.size == len(targets):
            targets = one_hot(targets.ravel(), outputs.size).astype(inputs.dtype)
    check_targets(loss, targets)
    return Examples(inputs, targets, given)


def outputs_of(model: Module, row: FloatArray) -> FloatArray:
    """What a model predicts for one row, an array of shape (1, outputs)."""
    with model.mode(training=False), no_grad():
        return np.array([[data_of(out) for out in flatten(model(values(row.tolist())))]])


def check_model(model: Module, loss: str | Loss, evaluator: Evaluator, *parts: Examples) -> None:
    """Raise `UsageError` if a model cannot give what the loss takes, or metrics cannot tell classes from what it gives.

    What it gives with the parameters of today says little, since training changes them: a linear output may be 0.3
    now. With large random ones a sigmoid or softmax still gives probabilities, and nothing else does.
    """
    meaning, cutting = meaning_of(loss), [metric for metric in evaluator.metrics.values() if cuts(metric)]
    wanted = "numbers" if meaning is None else meaning.outputs
    if wanted == "numbers" and not cutting:
        return
    inside, met = True, set()
    for number, outputs in enumerate(probes(model, parts[0].inputs[0]), start=1):
        check_outputs(loss, outputs)
        for metric in cutting:
            for part in parts:
                evaluator.score(metric, np.resize(outputs, (len(part), outputs.size)), part.given)
        inside = inside and bool(((outputs >= 0) & (outputs <= 1)).all())
        met.add(outputs.tobytes())
        enough = not inside if wanted == "scores" else number >= PROBES
        if enough and len(met) > 1:
            return
    if len(met) == 1:
        raise UsageError("the output of the model is the same whatever its parameters are, so that it cannot learn; "
                         "the softmax of one output is always 1")
    if wanted == "scores" and met:
        raise UsageError(f"{name_of(loss)} takes scores of any sign, the model gives numbers from 0 to 1 only: let its "
                         'last layer have the activation "linear"')


def probes(model: Module, row: FloatArray) -> Iterator[FloatArray]:
    """The finite outputs for a row with random parameters; afterwards the model has its own again."""
    theta, rng = parameters_to_vector(model), np.random.default_rng(0)
    try:
        for _ in range(PROBES_AT_MOST):
            vector_to_parameters(rng.normal(0, 100, theta.size), model)
            try:
                outputs = outputs_of(model, row)
            except (ArithmeticError, ValueError):  # a model of the user's own may not stand such numbers
                return
            if np.isfinite(outputs).all():
                yield outputs
    finally:
        vector_to_parameters(theta, model)


class Evaluator:
    """The mean loss and the metrics of a model that predicts, for any parameters θ.

    A compiled program evaluates the loss and the outputs together; a model that looks at the numbers it computes with
    is evaluated one example at a time.
    """

    def __init__(
        self, model: Module, cost: Loss, metrics: Sequence[str | Metric], threshold: float | None = None,
        compiled: bool = True,
    ) -> None:
        self.model, self.cost, self.both = model, cost, partial(loss_and_outputs, model, cost)
        self.threshold = threshold
        named = {metric_name(metric): metric for metric in listed("metrics", metrics)}
        self.metrics = {name: function("metric", metric, METRICS) for name, metric in named.items()}
        self.compiled = compiled

    @cached_property
    def program(self) -> autograd.Program:
        """The loss and the outputs as matrix statements; made when first asked for, since many trainings never ask."""
        return autograd.compile(self.both, self.model)

    def __call__(
        self, theta: FloatArray, examples: Examples, prefix: str = "", metrics: bool = True
    ) -> dict[str, float]:
        """The loss and each metric, by name."""
        with np.errstate(all="ignore"):
            columns = self.columns(theta, examples)
        outputs = columns[:, 1:]
        check_outputs(self.cost, outputs)
        if outputs.shape[1] == examples.given.ndim == 1:
            outputs = outputs[:, 0]  # as the targets are given, so that their difference is no table
        sound = np.isfinite(outputs).all()  # it is not when training diverges
        found = {"loss": float(columns[:, 0].mean(dtype=np.float64))}
        for name, metric in self.metrics.items() if metrics else ():
            found[name] = single(name, self.score(metric, outputs, examples.given)) if sound else np.nan
        return {prefix + name: number for name, number in found.items()}

    @contextlib.contextmanager
    def traceable(self) -> Iterator[None]:
        """A ``with`` block in which the program may be traced; once it is, no walk through the model is needed."""
        if self.program.plans:
            yield
            return
        with self.model.mode(training=False), unchanged(self.model):
            yield

    def read_anew(self) -> None:
        """Trace the program again, if it is made, where what the loss reads has changed."""
        if "program" in vars(self):
            with self.model.mode(training=False), unchanged(self.model):
                self.program.retrace()

    def score(self, metric: Metric, outputs: FloatArray, targets: npt.NDArray[Any]) -> Any:
        """What a metric gives; one with a `threshold` cuts single outputs where the loss does."""
        return metric(outputs, targets, **({"threshold": self.threshold} if cuts(metric) else {}))

    def columns(self, theta: FloatArray, examples: Examples) -> FloatArray:
        """A row for each example: its loss, then the outputs."""
        if self.compiled:
            try:
                with self.traceable():
                    return np.concatenate([
                        self.program(theta, examples.inputs[i : i + PORTION], examples.targets[i : i + PORTION])
                        for i in range(0, len(examples), PORTION)
                    ])
            except TraceError:
                self.compiled = False
        vector_to_parameters(theta, self.model)
        with self.model.mode(training=False), no_grad():
            pairs = zip(examples.inputs.tolist(), examples.targets.tolist(), strict=True)
            return np.array([[data_of(value) for value in self.both(values(x), values(y))] for x, y in pairs])


def loss_and_outputs(model: Module, cost: Loss, x: Any, y: Any) -> list[Any]:
    """The loss of an example, then the outputs of the model."""
    outputs = model(x)
    return [cost(outputs, y), *flatten(outputs)]


def metric_name(metric: str | Callable[..., Any]) -> str:
    """What a metric is called in a history: its own name, or that of the function."""
    name = metric if isinstance(metric, str) else described(metric.func if isinstance(metric, partial) else metric)
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
    cost, examples = function("loss", loss, LOSSES), examples_for(model, loss, X, Y)
    evaluator = Evaluator(model, cost, metrics, threshold_of(loss, examples.targets), compiled=len(examples) > FEW)
    return evaluator(parameters_to_vector(model), examples)
