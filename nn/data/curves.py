"""Functions of one number: curves to fit, and an exam that is passed or failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nn.arguments import count, entry, nonnegative
from nn.data.labels import IntArray
from nn.examples import FloatArray
from nn.init import Seed, generator


class Curve(NamedTuple):
    """A function of an array of numbers, and the interval on which it is looked at."""

    f: Callable[[FloatArray], FloatArray]
    low: float
    high: float


CURVES: dict[str, Curve] = {
    "line": Curve(lambda x: 2 * x + 1, -1, 1),
    "parabola": Curve(lambda x: x**2 - 2 * x + 1, -1, 3),
    "cubic": Curve(lambda x: x**3 - x, -1.5, 1.5),
    "sine": Curve(np.sin, -np.pi, np.pi),
    "sinc": Curve(np.sinc, -4, 4),
    "bump": Curve(lambda x: np.exp(-(x**2)), -3, 3),
    "step": Curve(lambda x: (x > 0).astype(float), -1, 1),
}
"""Every curve by its name: 2x + 1, x² - 2x + 1, x³ - x, sin x, sin(πx)/(πx), exp(-x²), [x > 0]."""


def curve(name: str, n: int = 100, noise: float = 0.1, seed: Seed = None) -> tuple[FloatArray, FloatArray]:
    """Points on a curve of `CURVES`: X of shape (n, 1), evenly spaced, and Y of shape (n,).

    Y has Gaussian noise of standard deviation `noise`; the same seed gives the same points.

    >>> X, Y = curve("parabola", 5, noise=0)
    >>> X.ravel().tolist(), Y.tolist()
    ([-1.0, 0.0, 1.0, 2.0, 3.0], [4.0, 1.0, 0.0, 1.0, 4.0])
    """
    f, low, high = entry("curve", name, CURVES)
    x = np.linspace(low, high, count("points", n))
    return x[:, None], f(x) + generator(seed).normal(0, nonnegative("noise", noise), x.shape)


def exam(n: int = 40, seed: Seed = None) -> tuple[FloatArray, IntArray]:
    """Hours of study, X of shape (n, 1), and whether the exam was passed, Y of zeros and ones.

    The hours spread evenly over [0, 6); a pass has the probability σ(1.5 hours - 4.5), ½ at three hours. Made
    for logistic regression, and for seeing why a straight line fits it badly.
    """
    rng = generator(seed)
    hours = np.sort(rng.uniform(0, 6, count("students", n)))
    passed = rng.random(n) < 1 / (1 + np.exp(4.5 - 1.5 * hours))
    return hours[:, None], passed.astype(np.int64)
