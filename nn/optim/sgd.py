"""Gradient descent, with and without momentum."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from autograd import eq, where
from autograd.errors import UsageError
from nn.arguments import fraction
from nn.optim.base import Optimizer, Options, Schedule, takes_parameters
from nn.optim.clip import Vector


class SGD(Optimizer):
    """Gradient descent, w ← w - η dL/dw, with momentum if asked for.

    Momentum μ accumulates v ← μv + (1 - d)g, with the `dampening` d and from v = g at the first step, and goes along
    v; `nesterov` goes along g + μv, the gradient seen one step ahead. All as in `torch.optim.SGD`. The lectures'
    average, m ← μm + (1 - μ)g from m = 0, is chosen by `average`; it takes the way of the plain form
    with a rate 1/(1 - μ) times as large.

    Source: Sutskever et al., On the importance of initialization and momentum in deep learning, ICML 2013.

    >>> SGD(lr=0.1).step(np.array([2.0]), np.array([-24.0]))
    array([4.4])
    """

    @takes_parameters
    def __init__(
        self, lr: float | Schedule, momentum: float = 0.0, nesterov: bool = False, *,
        dampening: float = 0.0, average: bool = False, **options: Unpack[Options],
    ) -> None:
        super().__init__(lr, **options)
        self.momentum, self.dampening = fraction("momentum", momentum), fraction("dampening", dampening)
        self.nesterov, self.average = nesterov, average
        if (nesterov or average or dampening) and not momentum:
            needy = "Nesterov's method" if nesterov else "an average" if average else "dampening"
            raise UsageError(f"{needy} needs a momentum above 0, such as 0.9")
        if nesterov + average + bool(dampening) > 1:
            raise UsageError("nesterov, average and dampening are different kinds of momentum: choose one")
        self.memory = ("velocity",) if momentum else ()

    def update(self, gradient: Vector) -> Vector:
        """η g, or η times the velocity."""
        if not self.momentum:
            return np.multiply(gradient, self.lr, out=self.move)
        velocity = self.state["velocity"]
        share = 1 - self.momentum if self.average else where(eq(self.steps, 1), 1.0, 1 - self.dampening)
        np.multiply(velocity, self.momentum, out=velocity)
        np.add(velocity, np.multiply(gradient, share, out=self.move), out=velocity)
        if not self.nesterov:
            return np.multiply(velocity, self.lr, out=self.move)
        np.multiply(velocity, self.momentum, out=self.move)
        np.add(self.move, gradient, out=self.move)
        return np.multiply(self.move, self.lr, out=self.move)
