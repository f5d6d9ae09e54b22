"""Initialisers: what the weights of a layer are before training.

Each takes a `numpy.random.Generator` and the shape (outputs, inputs), and returns an array.
Biases start at zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.errors import SizeError, UsageError
from autograd.flat import assign
from autograd.nested import flatten, is_real
from nn.arguments import described, function
from nn.examples import FloatArray

__all__ = [
    "INITIALIZERS", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "normal", "redraw", "uniform",
    "zeros",
]

Shape = tuple[int, int]
Initializer = Callable[[np.random.Generator, Shape], FloatArray]
Seed = int | np.random.Generator | None


def zeros(rng: np.random.Generator, shape: Shape) -> FloatArray:
    """All zeros; neurons of one layer that start alike stay alike."""
    return np.zeros(shape)


def normal(rng: np.random.Generator, shape: Shape, mean: float = 0.0, std: float = 1.0) -> FloatArray:
    """Gaussian numbers."""
    return rng.normal(mean, std, shape)


def uniform(rng: np.random.Generator, shape: Shape, low: float = -1.0, high: float = 1.0) -> FloatArray:
    """Numbers spread evenly over [low, high)."""
    return rng.uniform(low, high, shape)


def glorot_uniform(rng: np.random.Generator, shape: Shape) -> FloatArray:
    """Evenly spread over ±√6/√(n_in + n_out), for tanh and sigmoid.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks, AISTATS 2010.
    """
    limit = math.sqrt(6 / sum(shape))
    return rng.uniform(-limit, limit, shape)


def glorot_normal(rng: np.random.Generator, shape: Shape) -> FloatArray:
    """Gaussian with deviation √2/√(n_in + n_out); source as for `glorot_uniform`."""
    return rng.normal(0.0, math.sqrt(2 / sum(shape)), shape)


def he_uniform(rng: np.random.Generator, shape: Shape) -> FloatArray:
    """Evenly spread over ±√6/√n_in; source as for `he_normal`."""
    limit = math.sqrt(6 / shape[1])
    return rng.uniform(-limit, limit, shape)


def he_normal(rng: np.random.Generator, shape: Shape) -> FloatArray:
    """Gaussian with deviation √2/√n_in, for ReLU.

    Source: He et al., Delving deep into rectifiers, ICCV 2015.
    """
    return rng.normal(0.0, math.sqrt(2 / shape[1]), shape)


INITIALIZERS: dict[str, Initializer] = {
    f.__name__: f for f in (zeros, normal, uniform, glorot_uniform, glorot_normal, he_uniform, he_normal)
}
"""Every initialiser by its name."""


def generator(seed: Seed) -> np.random.Generator:
    """The random generator of a seed; a generator is itself, None gives another one every time."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise UsageError(f"a seed is a whole number from 0, or a numpy Generator; {seed!r} came") from None


def draw(init: str | Initializer, shape: Shape, seed: Seed) -> FloatArray:
    """The first weights of a layer, from an initialiser or its name."""
    drawn = np.asarray(function("initialiser", init, INITIALIZERS)(generator(seed), shape))
    if drawn.shape != shape:
        raise SizeError(f"the initialiser {described(init)} must return shape {shape}, it returned {drawn.shape}")
    if not is_real(drawn.dtype) or not np.isfinite(drawn).all():
        raise UsageError(f"the initialiser {described(init)} must return finite numbers, it returned others")
    return drawn.astype(np.float64)


def redraw(model: Any, init: str | Initializer = "glorot_uniform", seed: Seed = None) -> None:
    """Draw the weights of a model anew, as those of a new one; biases, whose names end in "bias" or "b", become 0.

    The last two axes of an array of weights count outputs and inputs; one axis alone counts inputs.

    >>> import nn
    >>> neuron = nn.Neuron.of([3.0, -4.0], 5.0)
    >>> redraw(neuron, "zeros")
    >>> [value.data for value in neuron.parameters()]
    [0.0, 0.0, 0.0]
    """
    rng = generator(seed)
    for name, nested in model.named_parameters():
        values = flatten(nested)
        if name.rpartition(".")[2] in ("bias", "b"):
            assign(values, [0.0] * len(values))
        else:
            nin = len(flatten(nested_last(nested)))
            assign(values, draw(init, (len(values) // nin, nin), rng).ravel().tolist())


def nested_last(nested: Any) -> Any:
    """The first of the innermost lists."""
    while isinstance(nested, (list, tuple)) and nested and isinstance(nested[0], (list, tuple)):
        nested = nested[0]
    return nested
