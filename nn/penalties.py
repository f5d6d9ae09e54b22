"""Penalties on large weights, added to a loss: L1, which makes weights sparse, and L2, which keeps them small.

Biases are left alone unless asked for: a parameter whose name ends in "bias" or "b" is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd import dot, sum
from autograd.errors import UsageError
from autograd.nested import flatten
from nn.arguments import function, nonnegative
from nn.losses import LOSSES, Loss
from nn.models.module import Module


def l1_penalty(model: Module, strength: float, biases: bool = False) -> Any:
    """λ Σ |w| over the weights of a model: a step of descent takes w to w - α(dL/dw + λ sign w).

    >>> from nn import Neuron
    >>> l1_penalty(Neuron.of([3.0, -4.0], 5.0), 0.1).data.__round__(12)
    0.7
    """
    return nonnegative("strength of a penalty", strength) * sum([abs(w) for w in weights(model, biases)])


def l2_penalty(model: Module, strength: float, biases: bool = False) -> Any:
    """λ Σ w² over the weights of a model: a step of descent takes w to w - α(dL/dw + 2λw).

    >>> from nn import Neuron
    >>> l2_penalty(Neuron.of([3.0, -4.0], 5.0), 0.1).data
    2.5
    """
    ws = weights(model, biases)
    return nonnegative("strength of a penalty", strength) * dot(ws, ws)


@dataclass(frozen=True, eq=False)
class Penalized:
    """A loss and the penalties that are added to it, made by `penalized`."""

    loss: str | Loss
    model: Module
    l1: float
    l2: float
    biases: bool

    def __post_init__(self) -> None:
        function("loss", self.loss, LOSSES)
        weights(self.model, self.biases)
        for strength in (self.l1, self.l2):
            nonnegative("strength of a penalty", strength)

    def __call__(self, outputs: Any, targets: Any) -> Any:
        """The loss of an example and the penalties."""
        total = function("loss", self.loss, LOSSES)(outputs, targets)
        if self.l1:
            total = total + l1_penalty(self.model, self.l1, self.biases)
        if self.l2:
            total = total + l2_penalty(self.model, self.l2, self.biases)
        return total


def penalized(loss: str | Loss, model: Module, *, l1: float = 0.0, l2: float = 0.0, biases: bool = False) -> Penalized:
    """A loss to which the penalties of a model's weights are added, to train that model with.

    >>> from nn import Neuron
    >>> cost = penalized("mse", Neuron.of([3.0, -4.0], 5.0), l1=1.0, l2=1.0)
    >>> cost(2.0, 0.0).data
    36.0
    """
    return Penalized(loss, model, l1, l2, biases)


def weights(model: Module, biases: bool) -> list[Any]:
    """The parameters of a model that are not biases, or all."""
    if not isinstance(model, Module):
        raise UsageError(f"a penalty is on the weights of a model, {model!r} came")
    named = ((name.rpartition(".")[2], nested) for name, nested in model.named_parameters())
    return [w for name, nested in named if biases or name not in ("bias", "b") for w in flatten(nested)]
