"""The networks that everyone computes: micrograd's demo, XOR and digits, with their losses and examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd
import nn
from benchmarks.by_hand import Moons

Loss = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron and what it minimises: the mean of `score(engine, output, y)`, plus penalty · Σ θ²."""

    sizes: list[int]
    activation: str
    output: str
    score: Loss
    penalty: float = 0.0

    def model(self) -> nn.MLP:
        """The network in Values."""
        return nn.MLP(self.sizes[0], self.sizes[1:], self.activation, self.output, seed=0)

    def objective(self, model: Any, X: list[Any], Y: list[Any], engine: Any = autograd) -> Any:
        """The loss of a batch, in an engine of single numbers."""
        value = engine.mean([self.score(engine, model(x), y) for x, y in zip(X, Y, strict=True)])
        if self.penalty:
            parameters = model.parameters()
            value = value + self.penalty * engine.dot(parameters, parameters)
        return value

    def compiled(self, model: nn.MLP) -> autograd.Program:
        """The program of the same loss."""
        return autograd.compile(lambda x, y: self.objective(model, [x], [y]), model)


NETWORKS = {
    "moons": Network([2, 16, 16, 1], "relu", "linear", lambda engine, z, y: engine.relu(1 - y[0] * z), Moons.penalty),
    "xor": Network([2, 4, 1], "tanh", "sigmoid", lambda engine, p, y: (p - y[0]) ** 2),
    "softmax": Network([784, 128, 10], "relu", "linear",
                       lambda engine, z, y: engine.logsumexp(z) - engine.dot(y, z)),
}
"""Max-margin loss and L2 regularisation; squared error; softmax cross entropy, ln Σ exp z - y · z."""


def examples(kind: str, batch: int, dtype: Any = np.float64) -> tuple[Any, Any]:
    """Inputs and targets: the four of XOR; random ones of the others, since the numbers do not matter for speed."""
    rng = np.random.default_rng(0)
    if kind == "xor":
        X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    elif kind == "moons":
        X, Y = rng.normal(size=(batch, 2)), rng.choice([-1.0, 1.0], (batch, 1))
    else:
        X, Y = rng.random((batch, 784)), np.eye(10)[rng.integers(0, 10, batch)]
    return X.astype(dtype), Y.astype(dtype)
