"""The multi-layer perceptron: layer after layer, a[l] = f(W[l] a[l-1] + b[l])."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from autograd.errors import SizeError, UsageError
from nn.activations import Activation
from nn.arguments import count, described, fraction
from nn.init import Initializer, Seed, generator
from nn.models.dropout import Dropout
from nn.models.layer import Layer
from nn.models.module import Module, in_a_row
from nn.models.neuron import inputs
from nn.models.stage import Stage


class MLP(Module):
    """A multi-layer perceptron: `nin` inputs, then a `Layer` of each width in `nouts`.

    The last layer has the activation `output`, all before it `activation`, or each its own from a list. `dropout`
    is the probability with which a hidden neuron drops out in training. Called with one example, a list
    of numbers or Values, it gives a Value for one output and a list of Values for several.
    Layer l (from 1) labels its parameters Wl and bl. Layers draw their weights from one generator in
    order, so that a seed makes the model.

    >>> model = MLP(4, [5, 7, 3], activation="linear", seed=0)
    >>> model.predict([[41, 42, 42, 43]]).shape, len(model.parameters())
    ((1, 3), 91)
    >>> [name for name, _ in model.named_parameters()][:2]
    ['layers.0.weight', 'layers.0.bias']
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str | Activation | Sequence[str | Activation] = "relu",
        output: str | Activation = "linear",
        *,
        bias: bool = True,
        init: str | Initializer = "glorot_uniform",
        seed: Seed = None,
        dropout: float = 0.0,
    ) -> None:
        if not isinstance(nouts, (list, tuple)) or not nouts:
            raise UsageError(f"an MLP takes the widths of its layers as a list such as [16, 1], {nouts!r} came")
        sizes = [count("inputs of an MLP", nin), *nouts]
        kinds = [*each_hidden(activation, len(nouts) - 1), output]
        rng = generator(seed)
        self.layers = [
            Layer(a, b, kind, bias=bias, init=init, seed=rng, name=str(l))
            for l, ((a, b), kind) in enumerate(zip(itertools.pairwise(sizes), kinds, strict=True), start=1)
        ]
        self.dropout = Dropout(dropout) if fraction("probability of dropout", dropout) else None

    def forward(self, x: Any) -> Any:
        """The output for one example: a Value, or a list of several."""
        values = inputs(x, self.layers[0].nin, "MLP")
        for layer in self.layers[:-1]:
            values = layer(values) if self.dropout is None else self.dropout(layer(values))
        values = self.layers[-1](values)
        return values[0] if len(values) == 1 else values

    def stages(self) -> list[Stage]:
        """The layers."""
        *hidden, last = in_a_row(self.layers)
        return [*(stage if self.dropout is None else self.dropout.after(stage) for stage in hidden), last]

    def config(self) -> dict[str, Any] | None:
        """What MLP is called with to make such a one; None if an activation is a function."""
        kinds = [layer.activation for layer in self.layers]
        if not all(isinstance(kind, str) for kind in kinds):
            return None
        return {
            "nin": self.layers[0].nin, "nouts": [layer.nout for layer in self.layers], "activation": kinds[:-1],
            "output": kinds[-1], "bias": self.layers[0].bias is not None,
            "dropout": self.dropout.p if self.dropout else 0.0,
        }

    def __repr__(self) -> str:
        *hidden, last = [described(layer.activation) for layer in self.layers]
        widths = [layer.nout for layer in self.layers]
        kinds = hidden[0] if len(set(hidden)) == 1 else f"[{', '.join(hidden)}]"
        dropout = f", dropout={self.dropout.p:g}" if self.dropout else ""
        return f"MLP({self.layers[0].nin}, {widths}, {kinds}, {last}{dropout})"


def each_hidden(activation: Any, n: int) -> list[Any]:
    """The activation of each of n hidden layers."""
    if not isinstance(activation, (list, tuple)):
        return [activation] * n
    if len(activation) != n:
        raise SizeError(f"this MLP has {n} hidden layers, {len(activation)} activations came: the last is `output`")
    return list(activation)
