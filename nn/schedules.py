"""Schedules: learning rates that change while training goes on.

Each is a function from the number of epochs that have passed to the rate; `fit` asks before every step, in fractions of
an epoch. Give one to an optimiser in place of a number: `SGD(ExponentialDecay(0.1, 0.95))`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

from nn.arguments import nonnegative, rate
from nn.optim.base import Schedule


def hold_plain_numbers(schedule: Any) -> None:
    """Make a schedule's numbers of other kinds, NumPy's among them, floats: so they are computed with and written."""
    for field in fields(schedule):
        number = getattr(schedule, field.name)
        if isinstance(number, Real) and not isinstance(number, int):
            object.__setattr__(schedule, field.name, float(number))


def power(base: float, exponent: int) -> float:
    """A power of a positive number; inf if it is too large for a float."""
    try:
        return float(base**exponent)
    except OverflowError:
        return math.inf


@dataclass(frozen=True)
class ExponentialDecay:
    """α ← αd after each epoch: lr · dᵗ after t whole epochs. As `torch.optim.lr_scheduler.ExponentialLR`.

    >>> rates = ExponentialDecay(0.1, 0.5)
    >>> rates(0), rates(0.9), rates(1), rates(3)
    (0.1, 0.1, 0.05, 0.0125)
    """

    lr: float
    decay: float

    def __post_init__(self) -> None:
        rate("learning rate", self.lr)
        rate("decay per epoch", self.decay)
        hold_plain_numbers(self)

    def __call__(self, epochs: float) -> float:
        """The rate after so many epochs."""
        return self.lr * power(self.decay, math.floor(epochs))


@dataclass(frozen=True)
class StepDecay:
    """The rate times `factor` after every so many epochs. As `torch.optim.lr_scheduler.StepLR`.

    >>> rates = StepDecay(0.1, every=10, factor=0.5)
    >>> rates(9.9), rates(10), rates(25)
    (0.1, 0.05, 0.025)
    """

    lr: float
    every: float
    factor: float = 0.1

    def __post_init__(self) -> None:
        rate("learning rate", self.lr)
        rate("number of epochs between steps", self.every)
        rate("factor of a step", self.factor)
        hold_plain_numbers(self)

    def __call__(self, epochs: float) -> float:
        """The rate after so many epochs."""
        return self.lr * power(self.factor, math.floor(epochs / self.every))


@dataclass(frozen=True)
class CosineDecay:
    """Half a cosine from `lr` down to `final`, which is reached after `epochs`: slow, fast, slow.

    final + (lr - final)(1 + cos(πt/T))/2, as `torch.optim.lr_scheduler.CosineAnnealingLR` up to t = T; then `final`.
    Source: Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR 2017.

    >>> rates = CosineDecay(0.1, epochs=10)
    >>> [round(rates(t), 6) for t in (0, 5, 10, 11)]
    [0.1, 0.05, 0.0, 0.0]
    """

    lr: float
    epochs: float
    final: float = 0.0

    def __post_init__(self) -> None:
        rate("learning rate", self.lr)
        rate("number of epochs", self.epochs)
        nonnegative("final learning rate", self.final)
        hold_plain_numbers(self)

    def __call__(self, epochs: float) -> float:
        """The rate after so many epochs."""
        share = min(epochs / self.epochs, 1.0)
        return self.final + (self.lr - self.final) * (1 + math.cos(math.pi * share)) / 2


@dataclass(frozen=True)
class WarmUp:
    """A straight rise from 0 during `epochs`, and `then` a number or a schedule, which starts where the rise ends.

    >>> rates = WarmUp(2, ExponentialDecay(0.1, 0.5))
    >>> rates(0), rates(1), rates(2), rates(3)
    (0.0, 0.05, 0.1, 0.05)
    """

    epochs: float
    then: float | Schedule

    def __post_init__(self) -> None:
        rate("number of epochs of the warm-up", self.epochs)
        if not callable(self.then):
            rate("learning rate", self.then)
        hold_plain_numbers(self)

    def __call__(self, epochs: float) -> float:
        """The rate after so many epochs."""
        if epochs < self.epochs:
            return epochs / self.epochs * self.after(0.0)
        return self.after(epochs - self.epochs)

    def after(self, epochs: float) -> float:
        """The rate so many epochs after the warm-up."""
        return self.then(epochs) if callable(self.then) else self.then
