"""Adaptive rates: each parameter's step is divided by the size of its gradients so far."""

from __future__ import annotations

from typing import Unpack

import numpy as np

from nn.arguments import fraction, rate
from nn.optim.base import Optimizer, Options, Schedule, takes_parameters
from nn.optim.clip import Vector


class Adagrad(Optimizer):
    """θ ← θ - η g / (√s + ε) with the sum s ← s + g² of all squares so far. As `torch.optim.Adagrad`.

    Source: Duchi et al., Adaptive subgradient methods, JMLR 12, 2011.

    >>> Adagrad(lr=0.1).step(np.array([2.0]), np.array([-24.0])).round(6)
    array([2.1])
    """

    memory = ("squares",)

    @takes_parameters
    def __init__(self, lr: float | Schedule = 0.01, eps: float = 1e-10, **options: Unpack[Options]) -> None:
        super().__init__(lr, **options)
        self.eps = rate("eps", eps)

    def update(self, gradient: Vector) -> Vector:
        """η g / (√s + ε)."""
        squares, move = self.state["squares"], self.move
        np.add(squares, np.multiply(gradient, gradient, out=move), out=squares)
        return self.scaled(gradient, squares)

    def scaled(self, gradient: Vector, squares: Vector) -> Vector:
        """η g / (√s + ε) of any s."""
        move = self.move
        np.add(np.sqrt(squares, out=move), self.eps, out=move)
        np.divide(gradient, move, out=move)
        return np.multiply(move, self.lr, out=move)


class RMSProp(Adagrad):
    """θ ← θ - η g / (√s + ε) with the running average s ← ρs + (1 - ρ)g². As `torch.optim.RMSprop`.

    Where Adagrad's sum grows for ever and its steps vanish, the average forgets.
    Source: Tieleman and Hinton, Neural networks for machine learning, lecture 6.5, 2012.

    >>> RMSProp(lr=0.1).step(np.array([2.0]), np.array([-24.0])).round(6)
    array([3.])
    """

    @takes_parameters
    def __init__(
        self, lr: float | Schedule = 0.01, rho: float = 0.99, eps: float = 1e-8, **options: Unpack[Options]
    ) -> None:
        super().__init__(lr, eps, **options)
        self.rho = fraction("rho", rho)

    def update(self, gradient: Vector) -> Vector:
        """η g / (√s + ε)."""
        squares = self.state["squares"]
        accumulate(squares, gradient, self.rho, self.move)
        return self.scaled(gradient, squares)


class AdaDelta(Optimizer):
    """θ ← θ - η Δ, Δ = g √(d + ε)/√(s + ε), with running averages s of g² and d of Δ².

    s ← ρs + (1 - ρ)g² comes before Δ and d ← ρd + (1 - ρ)Δ² after it. Δ has the unit of θ, so that η = 1 needs
    no tuning. As `torch.optim.Adadelta`.

    Source: Zeiler, ADADELTA: an adaptive learning rate method, arXiv:1212.5701, 2012.

    >>> AdaDelta().step(np.array([2.0]), np.array([-24.0])).round(6)
    array([2.003162])
    """

    memory = ("squares", "moves")

    @takes_parameters
    def __init__(
        self, lr: float | Schedule = 1.0, rho: float = 0.9, eps: float = 1e-6, **options: Unpack[Options]
    ) -> None:
        super().__init__(lr, **options)
        self.rho, self.eps = fraction("rho", rho), rate("eps", eps)

    def update(self, gradient: Vector) -> Vector:
        """η g √(d + ε)/√(s + ε)."""
        squares, moves, move, spare = self.state["squares"], self.state["moves"], self.move, self.spare
        accumulate(squares, gradient, self.rho, spare)
        np.add(moves, self.eps, out=move)
        np.divide(move, np.add(squares, self.eps, out=spare), out=move)
        np.multiply(np.sqrt(move, out=move), gradient, out=move)
        accumulate(moves, move, self.rho, spare)
        return np.multiply(move, self.lr, out=move)


def accumulate(average: Vector, vector: Vector, rho: float, spare: Vector) -> None:
    """Let a running average take in the squares of a vector: s ← ρs + (1 - ρ)v²."""
    np.multiply(average, rho, out=average)
    np.multiply(vector, vector, out=spare)
    np.add(average, np.multiply(spare, 1 - rho, out=spare), out=average)
