"""Maxout: a layer that learns its activation."""

from __future__ import annotations

from typing import Any

import autograd
from nn.arguments import count
from nn.init import Initializer, Seed, draw
from nn.models.module import Module, parameter
from nn.models.neuron import inputs
from nn.models.stage import Stage


class Maxout(Module):
    """`nout` units, each the largest of several linear ones: max over k of (wₖ · x + bₖ).

    With two `pieces` it can become ReLU, |x|, or any convex function of two lines. `weight` has shape
    (nout, pieces, nin), `bias` (nout, pieces); the weights are drawn as those of a layer of nout · pieces neurons.

    Source: Goodfellow et al., Maxout networks, ICML 2013.

    >>> layer = Maxout(3, 2, pieces=4, seed=0)
    >>> len(layer([1.0, 2.0, 3.0])), len(layer.parameters())
    (2, 32)
    """

    def __init__(
        self, nin: int, nout: int, pieces: int = 2, *, bias: bool = True, init: str | Initializer = "glorot_uniform",
        seed: Seed = None,
    ) -> None:
        self.nin, self.nout = count("inputs of a maxout layer", nin), count("units of a maxout layer", nout)
        self.pieces = count("pieces of a maxout unit", pieces)
        first = draw(init, (self.nout * self.pieces, self.nin), seed).reshape(self.nout, self.pieces, self.nin)
        self.weight = [
            [[parameter(w, f"W[{i},{k},{j}]") for j, w in enumerate(row)] for k, row in enumerate(unit)]
            for i, unit in enumerate(first)
        ]
        self.bias = [
            [parameter(0.0, f"b[{i},{k}]") for k in range(self.pieces)] for i in range(self.nout)
        ] if bias else None

    def forward(self, x: Any) -> list[Any]:
        """The largest piece of each unit, a list of `nout` values, of a list of `nin` numbers or Values."""
        xs = inputs(x, self.nin, "Maxout")
        biases: Any = self.bias or [None] * self.nout
        return [autograd.maxout(w, xs, b) for w, b in zip(self.weight, biases, strict=True)]

    def stages(self) -> list[Stage]:
        """The layer."""
        return [Stage("", self.weight, self.bias or [[]] * self.nout, (self,), ("max",))]

    def config(self) -> dict[str, Any]:
        """What Maxout is called with to make such a one."""
        return {"nin": self.nin, "nout": self.nout, "pieces": self.pieces, "bias": self.bias is not None}

    def __repr__(self) -> str:
        return f"Maxout({self.nin}, {self.nout}, pieces={self.pieces})"
