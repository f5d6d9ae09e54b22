"""Gradient clipping: a bound on how far one step can go."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import div, gt, sqrt, where

Vector = npt.NDArray[np.floating[Any]]


def clip_by_norm(gradient: Vector, limit: float, out: Vector | None = None) -> Vector:
    """The gradient, shortened to the length `limit` if it is longer: g · min(1, limit / ‖g‖).

    Its direction stays. The result is a fresh array, or `out`, which may be the gradient itself.
    Source: Pascanu et al., On the difficulty of training recurrent neural networks, ICML 2013.

    >>> clip_by_norm(np.array([3.0, 4.0]), 1.0)
    array([0.6, 0.8])
    """
    length = norm(gradient)
    share = where(gt(length, limit), div(limit, length), 1.0)
    return np.multiply(gradient, share, out=out)  # type: ignore[no-any-return]


def clip_by_value(gradient: Vector, limit: float, out: Vector | None = None) -> Vector:
    """The gradient with every component moved into [-limit, limit]: a fresh array, or `out`.

    >>> clip_by_value(np.array([3.0, -0.5]), 1.0)
    array([ 1. , -0.5])
    """
    return np.clip(gradient, -limit, limit, out=out)


def norm(vector: Vector) -> float:
    """The Euclidean length ‖v‖, also where the squares of the components overflow."""
    with np.errstate(over="ignore"):
        length: float = sqrt(np.dot(vector, vector))
    if not np.isinf(length):
        return length
    largest = float(np.abs(vector).max())
    return largest if math.isinf(largest) else largest * float(np.linalg.norm(vector / largest))
