"""What can be seen without training: of data, weights, gradients, and the neurons behind activations."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd import Value, detect_anomaly, no_grad
from autograd.backward import ancestors
from autograd.errors import RerollError
from autograd.nested import flatten, parameters_of
from nn.activations import ACTIVATIONS
from nn.arguments import function
from nn.diagnosis.setups import Setup, Trial
from nn.examples import FloatArray
from nn.losses import LOSSES
from nn.models.module import Module, unchanged, values
from nn.models.state import shape_of
from nn.training.evaluation import probes
from nn.vector import parameters_to_vector, vector_to_parameters

MANY, FEW = 1000, 20
"""Examples that are looked at together, and one by one, at most."""

NEAREST = 400
"""Examples among which the nearest are looked for."""

FAR = 30.0
"""A sum at which an activation is as far in its flat part as makes no difference."""


@dataclass(frozen=True)
class Units:
    """The neurons of a layer that have an activation, and what they give: a row for each example."""

    name: str
    outputs: FloatArray

    @property
    def saturated(self) -> float:
        """The share of outputs within a hundredth of the ends of the activation, where its slope is almost 0."""
        low, high = sorted(value_and_slope(self.name, z)[0] for z in (-FAR, FAR))
        near = 0.01 * (high - low)
        return float(((self.outputs < low + near) | (self.outputs > high - near)).mean())

    @property
    def dead(self) -> float:
        """The share of neurons that give the same to all examples, where no gradient passes."""
        flat = value_and_slope(self.name, -FAR)[0]
        return float((self.outputs == flat).all(axis=0).mean())


@functools.cache
def value_and_slope(name: str, z: float) -> tuple[float, float]:
    """An activation and its derivative at a sum."""
    x = Value(z)
    out = ACTIVATIONS[name](x)
    return out.data, autograd.grad(out, [x])[0] if out is not x else 1.0


def saturates(name: str) -> bool:
    """Whether an activation is flat at both ends, as tanh and sigmoid are."""
    (low, left), (high, right) = (value_and_slope(name, z) for z in (-FAR, FAR))
    return low != high and abs(left) < 1e-6 and abs(right) < 1e-6 and value_and_slope(name, 0.5)[1] > 0


def rectifies(name: str) -> bool:
    """Whether an activation is exactly flat on the left alone, as relu is."""
    return value_and_slope(name, -FAR)[1] == 0 < value_and_slope(name, FAR)[1]


def units_of(model: Module, theta: FloatArray, X: FloatArray) -> list[Units]:
    """The hidden neurons, layer by layer from the inputs on: what an activation made that is no output itself."""
    layers: list[tuple[str, int]] = []
    curved = {name for name in ACTIVATIONS if saturates(name) or rectifies(name)}  # where nothing is traced yet

    def hidden(x: Any) -> list[Any]:
        layers.clear()
        outputs = flatten(model(x))
        last = {out.serial for out in outputs}
        depth: dict[int, int] = {}
        found: dict[tuple[int, str], list[Any]] = {}
        for node in ancestors(autograd.sum(outputs)):
            depth[node.serial] = max((depth[arg.serial] for arg in node.args), default=0)
            name = node.op.name if node.op is not None and node.args else ""
            if name in curved:
                depth[node.serial] += 1
                if node.serial not in last:
                    found.setdefault((depth[node.serial], name), []).append(node)
        layers.extend((name, len(nodes)) for (_, name), nodes in sorted(found.items()))
        return [node for _, nodes in sorted(found.items()) for node in nodes] or outputs

    with model.mode(training=False), unchanged(model), no_grad(), np.errstate(all="ignore"):
        try:
            columns = autograd.compile(hidden, model)(theta, X).reshape(len(X), -1)
        except RerollError:  # a model that only the eager engine can train is not looked into
            return []
    ends = np.cumsum([0, *(size for _, size in layers)])
    return [Units(name, columns[:, start : start + size]) for (name, size), start in zip(layers, ends, strict=False)]


@dataclass(frozen=True, eq=False)
class Case:
    """A training that may be sick, what came of it in a trial, and what can be seen of it."""

    setup: Setup
    base: Trial
    leftover: FloatArray
    """What was in the gradients of the parameters before."""

    @cached_property
    def theta(self) -> FloatArray:
        """The parameters at the start."""
        return parameters_to_vector(self.setup.model)

    @cached_property
    def X(self) -> FloatArray:
        """Inputs of examples, not too many, as rows."""
        step = -(-len(self.setup.X) // MANY)
        return np.asarray(self.setup.X[::step], np.float64)

    @cached_property
    def columns(self) -> FloatArray:
        """The inputs, a column for each."""
        return self.X.reshape(len(self.X), -1)

    @cached_property
    def targets(self) -> FloatArray:
        """The targets as rows, or none where `fit` refuses them."""
        try:
            return self.setup.targets()
        except RerollError:
            return np.empty((0, 1))

    @cached_property
    def classes(self) -> npt.NDArray[np.int64]:
        """The class of each example; all 0 where targets are not classes."""
        patterns, label = np.unique(self.targets, axis=0, return_inverse=True)
        few = 2 <= len(patterns) <= max(2, len(label) // 4)
        named = np.isin(patterns, (-1, 0, 1)).all()
        return label.ravel() if few and named else np.zeros(len(label), np.int64)

    @cached_property
    def neighbours(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Some examples, and of each the nearest among them, once inputs are scaled."""
        rows = np.random.default_rng(0).permutation(len(self.setup.X))[:NEAREST]
        columns = self.setup.X.reshape(len(self.setup.X), -1)[rows].astype(float)
        columns = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-12)
        squares = (columns**2).sum(axis=1)
        distances = squares[:, None] - 2 * columns @ columns.T + squares
        np.fill_diagonal(distances, np.inf)
        return rows, rows[distances.argmin(axis=1)]

    def agreement(self, targets: FloatArray) -> float:
        """How alike targets of nearest examples are: the share that is equal, or of their variance that they share."""
        rows, nearest = self.neighbours
        here, there = targets[rows], targets[nearest]
        if self.classes.any():
            return float((here == there).all(axis=1).mean())
        spread = 2 * ((here - here.mean(axis=0)) ** 2).mean()
        return max(0.0, 1 - float(((here - there) ** 2).mean() / (spread or 1.0)))

    @cached_property
    def named(self) -> dict[str, tuple[tuple[int, ...], npt.NDArray[np.int64]]]:
        """The shape of each array of parameters, and where these lie in θ, by name."""
        place = {value: i for i, value in enumerate(parameters_of(self.setup.model))}
        found = {}
        for name, nested in self.setup.model.named_parameters():
            rows = np.array([place[value] for value in flatten(nested) if value in place])
            shape = shape_of(nested)
            if shape is not None and rows.size == np.prod(shape):
                found[name] = shape, rows
        return found

    @cached_property
    def program(self) -> autograd.Program:
        """The loss of an example."""
        cost = function("loss", self.setup.loss, LOSSES)
        return autograd.compile(lambda x, y: cost(self.setup.model(x), y), self.setup.model)

    def gradients(self, theta: FloatArray, X: FloatArray | None = None) -> FloatArray:
        """The gradients of single examples, not too many, a row for each; zeros where they cannot be compiled.

        Of symmetric data such as XOR the gradient of the mean may be 0 though none of these is. X are other inputs.
        """
        setup, few = self.setup, -(-len(self.setup.X) // FEW)
        with unchanged(setup.model), np.errstate(all="ignore"):
            try:
                X, targets = (setup.X if X is None else X)[::few], setup.examples().targets[::few]
                return np.array([self.program.value_and_grad(theta, X[row : row + 1], targets[row : row + 1])[1]
                                 for row in range(len(X))])
            except RerollError:
                return np.zeros((1, theta.size))

    @cached_property
    def anomaly(self) -> str:
        """Where nan or inf comes from: at the end of the trial, which stops before such a step, or at the start."""
        return self.anomaly_at(self.base.theta) or self.anomaly_at(self.theta)

    def anomaly_at(self, theta: FloatArray) -> str:
        """The line, the operation and its operands from which the first nan or inf comes with these parameters."""
        setup, model = self.setup, self.setup.model
        cost = function("loss", setup.loss, LOSSES)
        with unchanged(model), detect_anomaly():
            try:
                targets = setup.examples().targets
                for row in self.unsound(theta):
                    vector_to_parameters(theta, model)
                    loss = cost(model(values(setup.X[row].tolist())), values(targets[row].tolist()))
                    autograd.grad(loss, parameters_of(model))
            except (RerollError, ArithmeticError) as error:
                return str(error)
            finally:
                vector_to_parameters(self.theta, model)
        return ""

    def unsound(self, theta: FloatArray) -> Iterable[int]:
        """Examples of which the loss is not finite, or its gradient; where it cannot be compiled, some of all."""
        X, rows = self.setup.X, range(len(self.setup.X))
        with unchanged(self.setup.model), np.errstate(all="ignore"):
            try:
                targets = self.setup.examples().targets
                losses = self.program(theta, X, targets).reshape(len(X), -1)
                if wrong := np.flatnonzero(~np.isfinite(losses).all(axis=1)).tolist():
                    return wrong
                for row in rows:
                    slopes = self.program.value_and_grad(theta, X[row : row + 1], targets[row : row + 1])[1]
                    if not np.isfinite(slopes).all():
                        return [row]
                return []
            except RerollError:
                return rows[:: -(-len(X) // MANY)]

    def gradient(self, theta: FloatArray) -> FloatArray:
        """The gradient of the mean loss over the examples; zeros where it cannot be compiled."""
        setup, step = self.setup, -(-len(self.setup.X) // MANY)
        with unchanged(setup.model), np.errstate(all="ignore"):
            try:
                return np.asarray(self.program.value_and_grad(theta, self.X, setup.examples().targets[::step])[1])
            except RerollError:
                return np.zeros_like(theta)

    @cached_property
    def slopes(self) -> FloatArray:
        """The gradient at the start."""
        return self.gradient(self.theta)

    @cached_property
    def units(self) -> list[Units]:
        """The hidden neurons at the start."""
        return units_of(self.setup.model, self.theta, self.X)

    @cached_property
    def trained_units(self) -> list[Units]:
        """The hidden neurons at the end of the trial."""
        return units_of(self.setup.model, self.base.theta, self.X)

    @cached_property
    def reach(self) -> tuple[float, float]:
        """The smallest and the largest output that the model gives with large random parameters."""
        outputs = [outputs for row in self.X[:3] for _, outputs in zip(range(9), probes(self.setup.model, row),
                                                                       strict=False)]
        return (float(np.min(outputs)), float(np.max(outputs))) if outputs else (-np.inf, np.inf)
