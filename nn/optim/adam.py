"""Adam: momentum, and a rate of its own for every parameter."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from autograd import sqrt
from nn.arguments import fraction, rate
from nn.optim.base import Optimizer, Options, Schedule, takes_parameters
from nn.optim.clip import Vector


class Adam(Optimizer):
    """θ ← θ - α m̂ / (√v̂ + ε), from averages of the gradient and of its square.

    m ← β₁m + (1 - β₁)g and v ← β₂v + (1 - β₂)g² start at 0 and are too small at first; at step t the bias is
    corrected by m̂ = m/(1 - β₁ᵗ), v̂ = v/(1 - β₂ᵗ). As `torch.optim.Adam`.

    Source: Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015.

    >>> Adam(lr=0.1).step(np.array([2.0]), np.array([-24.0])).round(6)
    array([2.1])
    """

    memory = ("m", "v")

    @takes_parameters
    def __init__(
        self, lr: float | Schedule = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(lr, **options)
        self.beta1, self.beta2 = fraction("beta1", beta1), fraction("beta2", beta2)
        self.eps = rate("eps", eps)

    def update(self, gradient: Vector) -> Vector:
        """α m̂ / (√v̂ + ε)."""
        m, v, move = self.state["m"], self.state["v"], self.move
        np.multiply(m, self.beta1, out=m)
        np.add(m, np.multiply(gradient, 1 - self.beta1, out=move), out=m)
        np.multiply(v, self.beta2, out=v)
        np.multiply(gradient, gradient, out=move)
        np.add(v, np.multiply(move, 1 - self.beta2, out=move), out=v)
        # The corrections are numbers: with c = √(1 - β₂ᵗ) the step is αc/(1 - β₁ᵗ) · m / (√v + εc).
        correction: float = sqrt(1 - self.beta2**self.steps)
        np.add(np.sqrt(v, out=move), self.eps * correction, out=move)
        np.divide(m, move, out=move)
        return np.multiply(move, self.lr * correction / (1 - self.beta1**self.steps), out=move)


class AdamW(Adam):
    """Adam whose weight decay is decoupled: θ ← (1 - αλ)θ before each step of Adam, past m and v.

    As `torch.optim.AdamW`, λ = 0.01 unless `weight_decay` says otherwise; in the `decay_form` "lecture" (1 - 2αλ)θ.

    Source: Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019.
    """

    @takes_parameters
    def __init__(
        self, lr: float | Schedule = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
        **options: Unpack[Options],
    ) -> None:
        options.setdefault("weight_decay", 0.01)
        super().__init__(lr, beta1, beta2, eps, **options)
        self.decoupled, self.decay = self.decay, 0.0

    def regularized(self, theta: Vector, gradient: Vector) -> Vector:
        """The gradient after clipping; θ itself decays."""
        np.multiply(theta, 1 - self.lr * self.decoupled, out=theta)
        return super().regularized(theta, gradient)
