"""Points in the plane that belong to classes: moons, circles, spirals, blobs.

Each function returns X of shape (n, 2) and labels Y, whole numbers of shape (n,), in random order: the
classes take equal shares of the n points, the first ones one more if need be. `noise` is the standard
deviation of a Gaussian that is added to every coordinate. The same seed gives the same points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from autograd.errors import SizeError
from nn.arguments import count, finite, nonnegative
from nn.data.labels import IntArray
from nn.examples import FloatArray, table
from nn.init import Seed, generator

Points = tuple[FloatArray, IntArray]


def moons(n: int = 100, noise: float = 0.1, seed: Seed = None) -> Points:
    """Two half circles that reach into each other, for 0 ≤ t ≤ π.

    Class 0 is (cos t, sin t), class 1 is (1 - cos t, ½ - sin t). No line separates them.

    >>> X, Y = moons(4, noise=0, seed=0)
    >>> sorted(X[Y == 0].round(3).tolist()), Y.tolist().count(1)
    ([[-1.0, 0.0], [1.0, 0.0]], 2)
    """
    upper, lower = (np.linspace(0, np.pi, size) for size in shares(n, 2))
    return scattered(
        [np.stack([np.cos(upper), np.sin(upper)], 1), np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], 1)],
        noise, seed,
    )


def circles(n: int = 100, noise: float = 0.05, factor: float = 0.5, seed: Seed = None) -> Points:
    """A circle of radius 1, class 0, around one of radius `factor`, class 1."""
    radii = (1.0, nonnegative("factor", factor))
    angles = [np.linspace(0, 2 * np.pi, size, endpoint=False) for size in shares(n, 2)]
    return scattered([polar(r, angle) for r, angle in zip(radii, angles, strict=True)], noise, seed)


def spirals(n: int = 100, noise: float = 0.02, arms: int = 2, turns: float = 1.0, seed: Seed = None) -> Points:
    """Arms that wind around the origin, a class each.

    Arm k of K has radius t and angle 2π (`turns` · t + k/K) for 0 < t ≤ 1.

    Source: two of them are the task of Lang and Witbrock, Learning to tell two spirals apart, 1988.
    """
    parts, turns = [], finite("number of turns", turns)
    for k, size in enumerate(shares(n, count("arms", arms))):
        t = np.arange(1, size + 1) / max(size, 1)
        parts.append(polar(t, 2 * np.pi * (turns * t + k / arms)))
    return scattered(parts, noise, seed)


def blobs(
    n: int = 100, centers: int | Sequence[Sequence[float]] = 3, noise: float = 1.0, seed: Seed = None
) -> Points:
    """Gaussian clouds of standard deviation `noise`, a class each, around `centers`.

    The centres are given as rows, of two coordinates or any other number, or drawn: so many points,
    evenly spread over [-10, 10)².

    >>> X, Y = blobs(60, centers=[[-5, 0], [5, 0]], seed=0)
    >>> X.shape, bool(((X[:, 0] > 0) == Y).all())
    ((60, 2), True)
    """
    rng = generator(seed)
    if isinstance(centers, (int, np.integer)):
        places = rng.uniform(-10, 10, (count("centers", centers), 2))
    else:
        places = table("centers", centers)
        if places.ndim != 2:
            raise SizeError(f"centers are rows of coordinates, an array of shape {places.shape} came")
    sizes = shares(n, len(places))
    return scattered([np.tile(place, (size, 1)) for place, size in zip(places, sizes, strict=True)], noise, rng)


def polar(radius: npt.ArrayLike, angle: FloatArray) -> FloatArray:
    """Points as rows (r cos φ, r sin φ)."""
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def shares(n: int, classes: int) -> list[int]:
    """How many of n points each class gets.

    >>> shares(8, 3)
    [3, 3, 2]
    """
    total = count("points", n)
    return [len(range(k, total, classes)) for k in range(classes)]


def scattered(parts: list[FloatArray], noise: float, seed: Seed) -> Points:
    """The points of all classes with noise, in random order, and their labels."""
    rng = generator(seed)
    X, Y = np.concatenate(parts), np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    X = X + rng.normal(0, nonnegative("noise", noise), X.shape)
    order = rng.permutation(len(X))
    return X[order], Y[order]
