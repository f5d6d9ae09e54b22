"""Optimisers: how a gradient changes the parameters.

Each is written once over the flat vector θ of all parameters, and keeps its state in vectors of that length.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import SizeError, UsageError
from nn.arguments import fraction, rate

Vector = npt.NDArray[np.floating[Any]]


class Optimizer:
    """A rule that improves θ step by step; a subclass says in `update` how far to go."""

    def __init__(self, lr: float) -> None:
        self.lr = rate("learning rate", lr)

    def step(self, theta: Vector, gradient: Vector) -> Vector:
        """Change `theta` in place, one step against the gradient, and return it.

        Raises `SizeError` if the two differ in shape, or from those of the steps before.
        """
        if theta.shape != gradient.shape:
            raise SizeError(f"a gradient of shape {theta.shape} is expected, one of shape {gradient.shape} came")
        theta -= self.update(gradient)
        return theta

    def update(self, gradient: Vector) -> Vector:
        """What to subtract from θ."""
        raise UsageError(f"{type(self).__name__} needs a method update(self, gradient), which returns the step")


class SGD(Optimizer):
    """Gradient descent, w ← w - η dL/dw, with momentum if asked for.

    Momentum μ accumulates v ← μv + g, from v = g at the first step, and goes along v; `nesterov`
    goes along g + μv, the gradient seen one step ahead. Both as `torch.optim.SGD`; the lectures' average
    v ← βv + (1 - β)g takes the same way with a rate 1/(1 - β) times as large.

    Source: Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013.

    >>> SGD(lr=0.1).step(np.array([2.0]), np.array([-24.0]))
    array([4.4])
    """

    def __init__(self, lr: float, momentum: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(lr)
        self.momentum, self.nesterov = fraction("momentum", momentum), nesterov
        if nesterov and not momentum:
            raise UsageError("Nesterov's method needs a momentum above 0, such as 0.9")
        self.velocity: Vector | None = None

    def update(self, gradient: Vector) -> Vector:
        """η g, or η times the velocity."""
        if not self.momentum:
            return self.lr * gradient
        if self.velocity is None:
            self.velocity = np.zeros_like(gradient)
        if self.velocity.shape != gradient.shape:
            raise SizeError(
                f"this optimiser remembers a velocity of shape {self.velocity.shape}, a gradient of shape "
                f"{gradient.shape} came: each model needs an optimiser of its own"
            )
        self.velocity = self.momentum * self.velocity + gradient
        return self.lr * (gradient + self.momentum * self.velocity if self.nesterov else self.velocity)
