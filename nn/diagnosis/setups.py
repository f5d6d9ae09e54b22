"""A training that has not begun, changed copies of it, and short trials that leave everything as it was."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd import no_grad
from autograd.errors import RerollError, TraceError
from autograd.nested import flatten, parameters_of
from autograd.value import data_of
from nn.arguments import described, function
from nn.examples import FloatArray
from nn.losses import LOSSES, Loss, Meaning, meaning_of
from nn.models.layer import Layer
from nn.models.module import Module, unchanged
from nn.models.sequential import Function, Sequential
from nn.optim import Optimizer
from nn.training.callbacks import Callback
from nn.training.engine import EagerEngine, Engine
from nn.training.evaluation import Examples, examples_for
from nn.training.history import History
from nn.training.train import fit
from nn.training.training import Training
from nn.vector import parameters_to_vector, vector_to_parameters


@dataclass(frozen=True, eq=False)
class Setup:
    """All that `fit` is given: a training that has not begun."""

    model: Module
    X: npt.NDArray[Any]
    Y: npt.NDArray[Any]
    loss: str | Loss
    optimizer: Optimizer
    options: Mapping[str, Any] = field(default_factory=dict)
    """Other arguments of `fit`, by name."""

    def fit(self, **options: Any) -> History:
        """Train its model, which is a copy if the change was one of the model."""
        return fit(self.model, self.X, self.Y, self.loss, self.optimizer, **{**self.options, **options})

    def part(self, rows: npt.NDArray[Any]) -> Setup:
        """The setup with some of its examples."""
        return replace(self, X=self.X[rows], Y=self.Y[rows])

    def remodelled(self, change: Callable[[Module], object]) -> Setup:
        """The setup with copies of model, loss and optimiser, of which the model is changed."""
        model, loss, optimizer = copy.deepcopy((self.model, self.loss, self.optimizer))
        change(model)
        return replace(self, model=model, loss=loss, optimizer=optimizer)

    @property
    def batch(self) -> int:
        """The examples of a step."""
        return min(self.options.get("batch_size") or len(self.X), len(self.X))

    @property
    def epochs(self) -> int:
        """How often training meets every example."""
        return int(self.options.get("epochs", 100))

    @property
    def meaning(self) -> Meaning | None:
        """What the outputs and targets of the loss mean, None for a loss of one's own."""
        return meaning_of(self.loss)

    def examples(self) -> Examples:
        """The examples as the loss takes them; raises as `fit` does for those it refuses."""
        return examples_for(self.model, self.loss, self.X, self.Y)

    def targets(self) -> FloatArray:
        """The targets as rows, one-hot where outputs are classes."""
        return self.examples().targets.reshape(len(self.Y), -1)


def unbound(optimizer: Optimizer) -> Optimizer:
    """A copy of an optimiser without parameters of its own: `fit` knows its model."""
    one = copy.copy(optimizer)
    vars(one).pop("params", None)
    return copy.deepcopy(one)


def code_of(model: Module) -> str:
    """The call that makes such a model.

    >>> code_of(Sequential(Function("tanh"), Function("relu")))
    "nn.Sequential('tanh', 'relu')"
    """
    if type(model).__module__.partition(".")[0] != "nn":
        layers = (module for module in model.modules() if isinstance(module, Layer))
        return f"{type(model).__name__}(…)  # in which {', '.join(map(code_of, layers))}"
    if isinstance(model, Sequential):
        return f"nn.Sequential({', '.join(map(code_of, model.steps))})"
    return repr(model) if isinstance(model, Function) else f"nn.{model!r}"


def name_of_loss(loss: str | Loss) -> str:
    """What a loss is called."""
    return loss if isinstance(loss, str) else described(loss)


# ── how well outputs fit ─────────────────────────────────────────────────────────────────────


def unexplained(meaning: Meaning, outputs: FloatArray, targets: FloatArray) -> float:
    """The share of the variance of the targets that outputs leave: 0 if all are right, 1 for the best constant.

    Scores and logits become probabilities first. Classes count alike, however many examples they have. So it can be
    compared whatever the loss is: of probabilities it is the Brier score, divided by that of a constant.

    >>> unexplained(Meaning(), np.array([[1.0], [3.0]]), np.array([[1.0], [2.0]]))
    2.0
    """
    weights = balance(targets)
    with np.errstate(all="ignore"):
        if meaning.outputs == "scores":
            if meaning.classes:
                powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
                outputs = powers / powers.sum(axis=1, keepdims=True)
            elif meaning.targets == (-1, 1):
                outputs = outputs.clip(-1, 1)
            else:
                outputs = (1 + np.tanh(outputs / 2)) / 2
        middle = (weights * targets).sum(axis=0) / weights.sum()
        spread = (weights * (targets - middle) ** 2).sum()
        left = (weights * (outputs - targets) ** 2).sum()
        share = left / spread if spread else float(left > 0)
    return float(share) if math.isfinite(share) else math.inf


def balance(targets: FloatArray) -> FloatArray:
    """A weight for each row of targets: where they are few classes, all of these weigh the same."""
    _, label, count = np.unique(targets, axis=0, return_inverse=True, return_counts=True)
    few = len(count) <= max(2, len(targets) // 4)
    weights: FloatArray = (1 / count[label.ravel()] if few else np.ones(len(targets)))[:, None]
    return weights


# ── trials ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class Trial:
    """A short training: its losses, and how good the model was at its end."""

    setup: Setup
    losses: FloatArray
    theta: FloatArray
    """The parameters at the end."""
    outputs: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    """Those of the model at the end, a row for each example that was trained on."""
    targets: FloatArray = field(default_factory=lambda: np.empty((0, 1)))
    """What they should be."""
    seen: float = math.inf
    """The share of the targets that is `unexplained` at the end."""
    unseen: float | None = None
    """This share among the examples to validate on, if there are any."""
    val_losses: FloatArray = field(default_factory=lambda: np.empty(0))
    val_loss: float = math.nan
    """The loss of these at the end: early stopping goes back to its smallest."""
    unsound: str = ""
    """Why it could not go on: a number was not finite."""
    refused: RerollError | None = None
    """Why `fit` does not train this."""

    @property
    def left(self) -> float:
        """What is unexplained of the examples to validate on, or of all if there are none."""
        return self.seen if self.unseen is None else self.unseen

    @property
    def loss(self) -> float:
        """The loss of the last epoch; inf where it was nan, or `fit` refuses to train."""
        last = float(self.losses[-1]) if len(self.losses) else math.inf
        return last if math.isfinite(last) else math.inf


class Soundness(Callback):
    """Notes why a training could not go on."""

    changes = False

    def end(self, training: Training) -> None:
        """Called after the last step."""
        self.unsound = training.unsound


class Trials:
    """Trains set-ups shortly, all from the same seed, and remembers what was compiled."""

    def __init__(self, seconds: float, seed: int) -> None:
        self.seconds, self.seed = seconds, seed
        self.engines: dict[tuple[Module, int], tuple[Any, Engine]] = {}
        self.programs: dict[Module, autograd.Program] = {}

    def run(self, setup: Setup) -> Trial:
        """Train, and put back all that training changes."""
        theta = parameters_to_vector(setup.model)
        grads = [value.grad for value in parameters_of(setup.model)]
        try:
            with unchanged(setup.model), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return self.trained(setup)
        except RerollError as error:
            return Trial(setup, np.empty(0), theta, refused=error)
        finally:
            vector_to_parameters(theta, setup.model)
            for value, grad in zip(parameters_of(setup.model), grads, strict=True):
                value.grad = grad

    def trained(self, setup: Setup) -> Trial:
        """Train for as many epochs as there is time for."""
        options = dict(setup.options)
        share, given = options.pop("validation_split", 0.0), options.pop("validation_data", None)
        seen, unseen = np.arange(len(setup.X)), np.arange(0)
        if share:
            rows = np.random.default_rng(self.seed).permutation(len(setup.X))
            cut = round(share * len(rows))
            seen, unseen = np.sort(rows[cut:]), np.sort(rows[:cut])
            given = setup.X[unseen], setup.Y[unseen]
        part = setup.part(seen) if share else setup
        soundness = Soundness()
        options |= {"epochs": self.epochs(part), "seed": self.seed, "progress": False, "hints": False,
                    "validation_data": given, "callbacks": [*options.get("callbacks", ()), soundness]}
        history = self.fitted(replace(part, optimizer=unbound(setup.optimizer), options=options))
        if history.interrupted:
            raise KeyboardInterrupt  # `fit` returns what it has, and the next trial would begin
        theta, losses = parameters_to_vector(setup.model), history["loss"]
        outputs = self.outputs(setup.model, theta, part.X)
        trial = Trial(setup, losses, theta, outputs, part.targets(), self.left(part, outputs, losses),
                      unsound=soundness.unsound)
        if given is None:
            return trial
        other = replace(setup, X=np.asarray(given[0]), Y=np.asarray(given[1]))
        outputs = self.outputs(setup.model, theta, other.X)
        return replace(trial, unseen=self.left(other, outputs, history["val_loss"]), val_losses=history["val_loss"],
                       val_loss=loss_of(other, outputs))

    def fitted(self, setup: Setup) -> History:
        """Train by a program that is compiled once for a model and a loss, or number by number where none can be."""
        key = setup.model, id(setup.loss)
        if setup.options.get("engine") in ("eager", EagerEngine):
            return setup.fit()

        def engine(cost: Loss, params: Any) -> Engine:
            return self.engines.setdefault(key, (setup.loss, autograd.compile(cost, params)))[1]

        try:
            return setup.fit(engine=engine)
        except TraceError:
            return setup.fit(engine="eager")

    def outputs(self, model: Module, theta: FloatArray, X: npt.NDArray[Any]) -> FloatArray:
        """The outputs of a model with these parameters, which it has afterwards."""
        vector_to_parameters(theta, model)
        with model.mode(training=False), np.errstate(all="ignore"):
            try:
                program = self.programs.setdefault(model, autograd.compile(lambda x: flatten(model(x)), model))
                outputs = program(theta, np.asarray(X, np.float64))
            except RerollError:
                outputs = model.predict(X)
        return outputs.reshape(len(X), -1)

    def left(self, setup: Setup, outputs: FloatArray, losses: FloatArray) -> float:
        """What is unexplained; for a loss of one's own the loss, as a share of that of the first epoch."""
        meaning = setup.meaning
        if meaning is not None:
            return unexplained(meaning, outputs, setup.targets())
        share = float(losses[-1] / losses[0]) if losses[0] > 0 else math.nan
        return share if math.isfinite(share) else math.inf

    def epochs(self, setup: Setup) -> int:
        """As many epochs as fit asks for, or as there is time for; the same on every machine."""
        steps = math.ceil(len(setup.X) / setup.batch)
        return max(1, min(setup.epochs, int(self.seconds / TRIALS / (steps * step_seconds(setup)))))

    def examples(self, setup: Setup) -> int:
        """As many examples as there is time for in one epoch, and not few."""
        return max(ENOUGH, int(self.seconds / TRIALS / step_seconds(setup)) * setup.batch)


def loss_of(setup: Setup, outputs: FloatArray) -> float:
    """The mean loss of outputs."""
    cost, targets = function("loss", setup.loss, LOSSES), setup.examples().targets
    with no_grad():
        losses = [data_of(cost(out, target)) for out, target in zip(outputs.tolist(), targets.tolist(), strict=True)]
    return float(np.mean(losses))


TRIALS = 30
"""How many trials share the time, at most about."""

ENOUGH = 1000
"""Examples that are trained on in any case."""


def step_seconds(setup: Setup) -> float:
    """About how long a step of training takes: on a machine of no certain speed, so that results are the same on all.

    Every parameter is multiplied once forward and twice backward, or oftener where weights are shared.
    """
    size = len(parameters_of(setup.model))
    return 1e-4 + (1e-6 if setup.options.get("engine") == "eager" else 3e-10) * size * setup.batch
