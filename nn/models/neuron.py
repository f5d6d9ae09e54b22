"""One neuron: y = f(w · x + b)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import Value, dot
from autograd.errors import SizeError
from autograd.ops import Carrier
from nn.activations import ACTIVATIONS, Activation, chosen
from nn.arguments import count, described, function
from nn.init import Initializer, Seed, draw
from nn.models.module import Module, parameter
from nn.models.stage import Stage


class Neuron(Module):
    """A weighted sum and an activation: y = f(w · x + b).

    `w` is the list of weights and `b` the bias (None without one), all parameters. `activation` is
    a name from `ACTIVATIONS` or a function of a Value, `init` one from `INITIALIZERS` or a function. micrograd's
    `nonlin` may stand for it: True is "relu", False "linear", which it is without either (in micrograd, "relu").

    >>> neuron = Neuron(3, "tanh", seed=0)
    >>> neuron([1.0, 2.0, 3.0]).op
    <op tanh>
    >>> neuron([1.0, 2.0])
    Traceback (most recent call last):
    autograd.errors.SizeError: Neuron takes 3 inputs, 2 came
    """

    def __init__(
        self,
        nin: int,
        activation: str | Activation = "linear",
        *,
        bias: bool = True,
        init: str | Initializer = "glorot_uniform",
        seed: Seed = None,
        nonlin: bool | None = None,
    ) -> None:
        (weights,) = draw(init, (1, count("inputs of a neuron", nin)), seed)
        self._set(
            [parameter(w, f"w[{j}]") for j, w in enumerate(weights)],
            parameter(0.0, "b") if bias else None,
            chosen(activation, nonlin),
        )

    @classmethod
    def of(cls, w: Sequence[Any], b: Any = None, activation: str | Activation = "linear") -> Neuron:
        """The neuron of given weights, numbers or parameters.

        >>> AND = Neuron.of([1, 1], -1.5, "step")
        >>> [AND([a, b]).data for a in (0, 1) for b in (0, 1)]
        [0.0, 0.0, 0.0, 1.0]
        """
        if not isinstance(w, (list, tuple, np.ndarray)) or not len(w):
            raise SizeError(f"the weights of a neuron come as a list of at least one, {w!r} came")
        neuron = cls.__new__(cls)
        neuron._set(
            [x if isinstance(x, Value) else parameter(x, f"w[{j}]") for j, x in enumerate(w)],
            b if b is None or isinstance(b, Value) else parameter(b, "b"),
            activation,
        )
        return neuron

    def _set(self, w: list[Value], b: Value | None, activation: str | Activation) -> None:
        self.w, self.b = w, b
        self.activation = activation
        self.f = function("activation", activation, ACTIVATIONS)

    def forward(self, x: Any) -> Any:
        """f(w · x + b) of a list of numbers or Values."""
        return self.fire(inputs(x, len(self.w), "Neuron"))

    def fire(self, xs: list[Any]) -> Any:
        """f(w · x + b) of inputs that are Values already, as a layer hands them to all its neurons."""
        return self.f(dot(self.w, xs, self.b))

    def stages(self) -> list[Stage]:
        """The neuron as a layer of one."""
        return [Stage("neuron", [[self.w]], [[] if self.b is None else [self.b]], (self,), (self.activation,))]

    def __repr__(self) -> str:
        return f"Neuron({len(self.w)}, {described(self.activation)})"


def inputs(x: Any, n: int, owner: str) -> list[Any]:
    """The inputs of a unit as `n` Values: numbers become leaves x[0], x[1] …, whatever else carries is kept.

    Raises `SizeError` if the number is wrong.
    """
    if isinstance(x, np.ndarray):
        if x.ndim > 1:
            raise SizeError(f"{owner} takes one example, an array of shape {x.shape} came: rows go to predict(X)")
        x = x.tolist()
    xs = x if isinstance(x, (list, tuple)) else [x]
    if len(xs) != n:
        raise SizeError(f"{owner} takes {n} input{'s' * (n != 1)}, {len(xs)} came")
    return [v if isinstance(v, Carrier) else Value(v, f"x[{j}]") for j, v in enumerate(xs)]
