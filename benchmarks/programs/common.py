"""What the losses share: how one is described, layers over single numbers, and functions of NumPy by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd

Array = npt.NDArray[Any]
Params = dict[str, Any]
Shapes = dict[str, tuple[int, ...]]
Found = tuple[float, dict[str, Any]]
Data = Callable[[np.random.Generator, int], tuple[Array, Array | None]]


@dataclass
class Work:
    """A loss of one example over Values, and the losses of a batch over arrays: `xp` is `torch` or `jax.numpy`.

    `hand(P, X, Y)` is the mean loss of a batch and its gradients by name, written in NumPy. `data(rng, examples)` makes
    X and Y where normal numbers do not serve. `carried` says that a state is carried over steps of time; `library`
    names the routine of LAPACK, FFT or sorting that the arrays use and the single numbers do without.
    """

    loss: Callable[..., Any]
    arrays: Callable[..., Any]
    shapes: Shapes
    row: tuple[int, ...]
    target: tuple[int, ...] | None = None
    scale: float = 0.5
    hand: Callable[..., Found] | None = None
    data: Data | None = None
    carried: bool = False
    library: str = ""


# ── over single numbers ──────────────────────────────────────────────────────────────────────


def linear(W: Any, x: Any) -> list[Any]:
    """A matrix times a vector."""
    return [autograd.dot(row, x) for row in W]


def affine(W: Any, b: Any, x: Any) -> list[Any]:
    """A layer without activation."""
    return [autograd.dot(row, x) + c for row, c in zip(W, b, strict=True)]


def tanh_layer(W: Any, b: Any, x: Any) -> list[Any]:
    """A layer of tanh."""
    return [z.tanh() for z in affine(W, b, x)]


def squared_distance(a: Any, b: Any) -> Any:
    """The sum of squared differences."""
    return sum((p - q) ** 2 for p, q in zip(a, b, strict=True))


# ── by hand ──────────────────────────────────────────────────────────────────────────────────


def dense(X: Array, W: Array, b: Array) -> Array:
    """A layer without activation, by hand."""
    found: Array = X @ W.T
    found += b
    return found


def sigmoid(Z: Array) -> Array:
    """1 / (1 + exp(-Z)), in one new array."""
    found: Array = np.negative(Z)
    np.exp(found, out=found)
    found += 1
    return np.reciprocal(found, out=found)


def softmax(Z: Array) -> Array:
    """The softmax over the last axis, in one new array."""
    found: Array = Z - Z.max(-1, keepdims=True)
    np.exp(found, out=found)
    found /= found.sum(-1, keepdims=True)
    return found


def through_softmax(p: Array, slopes: Array) -> Array:
    """Slopes of a softmax's inputs from those of its outputs p, which are overwritten."""
    slopes *= p
    slopes -= p * slopes.sum(-1, keepdims=True)
    return slopes


def log_softmax(Z: Array) -> Array:
    """The logarithm of the softmax over the last axis."""
    found: Array = Z - Z.max(-1, keepdims=True)
    found -= np.log(np.exp(found).sum(-1, keepdims=True))
    return found


def through_tanh(a: Array, slopes: Array) -> Array:
    """Slopes of tanh's inputs from those of its outputs a."""
    found: Array = a * a
    np.subtract(1, found, out=found)
    found *= slopes
    return found


def mean_square(E: Array, examples: int | None = None) -> float:
    """The sum of squares by the number of examples, which is that of rows if it is not given."""
    flat = E.ravel()
    return float(flat @ flat) / (examples or len(E))


# ── data ─────────────────────────────────────────────────────────────────────────────────────


def one_hot(rng: np.random.Generator, shape: tuple[int, ...], kinds: int) -> Array:
    """Random one-hot rows."""
    return np.eye(kinds)[rng.integers(0, kinds, shape)]
