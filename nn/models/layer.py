"""A layer: neurons side by side, y = f(W x + b)."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy.typing as npt

from autograd.errors import SizeError, UsageError
from nn.activations import Activation, chosen, parts
from nn.arguments import count, described
from nn.examples import FloatArray, table
from nn.init import Initializer, Seed, draw
from nn.models.module import Module, parameter
from nn.models.neuron import Neuron, inputs
from nn.models.stage import Stage
from nn.vector import parameters_to_vector, vector_to_parameters


class Layer(Module):
    """`nout` neurons that see the same `nin` inputs: y = f(W x + b).

    `W` has shape (nout, nin), so that row i holds the weights of neuron i, as in PyTorch (the
    lectures' w_jk, to j from k); others write its transpose. The parameters are all of W row by
    row, then b, and are labelled W[i,j] and b[i], with the layer's `name` after the letter: W1[i,j].
    `activation` is one of a neuron, as is `nonlin`, or "softmax", which acts on the whole layer.

    >>> layer = Layer(2, 3, "tanh", seed=0)
    >>> layer.W.shape, layer.b
    ((3, 2), array([0., 0., 0.]))
    >>> len(layer([1.0, -1.0])), len(layer.parameters())
    (3, 9)
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        activation: str | Activation = "linear",
        *,
        bias: bool = True,
        init: str | Initializer = "glorot_uniform",
        seed: Seed = None,
        name: str = "",
        nonlin: bool | None = None,
    ) -> None:
        self.nin, self.nout = count("inputs of a layer", nin), count("neurons of a layer", nout)
        self.activation, self.name = chosen(activation, nonlin), name
        matrix = draw(init, (self.nout, self.nin), seed)
        weights = [[parameter(w, f"W{name}[{i},{j}]") for j, w in enumerate(row)] for i, row in enumerate(matrix)]
        biases = [parameter(0.0, f"b{name}[{i}]") if bias else None for i in range(self.nout)]
        each, self.together = parts(self.activation)
        self.neurons = [Neuron.of(w, b, each) for w, b in zip(weights, biases, strict=True)]

    @property
    def weight(self) -> list[list[Any]]:
        """The weights as Values, a list for each neuron."""
        return [neuron.w for neuron in self.neurons]

    @property
    def bias(self) -> list[Any] | None:
        """The biases as Values, or None."""
        biases = [neuron.b for neuron in self.neurons]
        return None if None in biases else biases

    @property
    def W(self) -> FloatArray:
        """The weights as an array of shape (nout, nin): a copy to look at. Assign an array to change them."""
        return parameters_to_vector(self.weight).reshape(self.nout, self.nin)

    @W.setter
    def W(self, matrix: npt.ArrayLike) -> None:
        assign("W", matrix, self.weight, (self.nout, self.nin))

    @property
    def b(self) -> FloatArray | None:
        """The biases as an array of shape (nout,), or None: a copy to look at. Assign an array to change them."""
        return None if self.bias is None else parameters_to_vector(self.bias)

    @b.setter
    def b(self, vector: npt.ArrayLike) -> None:
        if self.bias is None:
            raise UsageError("this layer was made with bias=False: it has no b to assign")
        assign("b", vector, self.bias, (self.nout,))

    def forward(self, x: Any) -> Any:
        """f(W x + b), a list of `nout` values, of a list of `nin` numbers or Values."""
        xs = inputs(x, self.nin, type(self).__name__)
        return self.together([neuron.fire(xs) for neuron in self.neurons])

    def members(self) -> dict[str, Any]:
        """All weights and then all biases, each one block of the parameter vector, instead of the neurons."""
        rest = {name: member for name, member in super().members().items() if name != "neurons"}
        return {"weight": self.weight, "bias": self.bias} | rest

    def stages(self) -> list[Stage]:
        """The layer."""
        biases = [[] if neuron.b is None else [neuron.b] for neuron in self.neurons]
        weights = [[neuron.w] for neuron in self.neurons]
        return [Stage(self.name and f"layer {self.name}", weights, biases, (self,), (self.activation,))]

    def config(self) -> dict[str, Any] | None:
        """What a Layer is called with to make such a one; None if its activation is a function."""
        if not isinstance(self.activation, str):
            return None
        return {"nin": self.nin, "nout": self.nout, "activation": self.activation, "bias": self.bias is not None,
                "name": self.name}

    def __repr__(self) -> str:
        return f"Layer({self.nin}, {self.nout}, {described(self.activation)})"


def assign(name: str, array: npt.ArrayLike, params: list[Any], shape: tuple[int, ...]) -> None:
    """Write an array into parameters of the same shape."""
    given: Any = [array] if isinstance(array, Real) else array
    numbers = table(name, given)
    if numbers.shape != shape:
        raise SizeError(f"{name} has shape {shape}, an array of shape {numbers.shape} came")
    vector_to_parameters(numbers.ravel(), params)
