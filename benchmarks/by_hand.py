"""Networks written in NumPy by hand, as well as we can: what a compiled program is measured against.

All arrays are allocated once, every statement writes into one of them, and weights and gradients are
views of two flat vectors, so that an update is one pass over them. These begin where a line of the cache does. Each
class is a network for one batch size: `step(x, y)` is the loss, and leaves its gradient in `gradient`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.nested import aligned_like

Array = npt.NDArray[np.floating[Any]]


def views(vector: Array, sizes: list[int], transposed: bool = False) -> list[Array]:
    """The weights and biases W₁, b₁, W₂, b₂, … of layers of these sizes, W as (out, in).

    If `transposed`, memory holds Wᵀ, (in, out), as in x @ W + b.
    """
    parts, start = [], 0
    for fan_in, fan_out in pairwise(sizes):
        weight = vector[start : (start := start + fan_in * fan_out)]
        parts.append(weight.reshape(fan_in, fan_out).T if transposed else weight.reshape(fan_out, fan_in))
        parts.append(vector[start : (start := start + fan_out)])
    return parts


class Softmax:
    """One hidden layer of ReLU and softmax cross entropy: 784-128-10."""

    def __init__(self, theta: Array, batch: int, sizes: list[int], transposed: bool = False) -> None:
        def empty(*shape: int) -> Array:
            return np.empty(shape, theta.dtype)

        _, hidden, out = sizes
        self.gradient = aligned_like(theta)
        self.weights, self.gradients = views(theta, sizes, transposed), views(self.gradient, sizes, transposed)
        self.a, self.da, self.positive = empty(batch, hidden), empty(batch, hidden), np.empty((batch, hidden), bool)
        self.z, self.dz, self.column = empty(batch, out), empty(batch, out), empty(batch, 1)
        self.ones, self.scale = np.ones(batch, theta.dtype), theta.dtype.type(1 / batch)

    def step(self, x: Array, y: Array) -> float:
        W1, b1, W2, b2 = self.weights
        dW1, db1, dW2, db2 = self.gradients
        a, da, z, dz, column = self.a, self.da, self.z, self.dz, self.column

        np.matmul(x, W1.T, out=a)
        np.add(a, b1, out=a)
        np.maximum(a, 0, out=a)
        np.matmul(a, W2.T, out=z)
        np.add(z, b2, out=z)
        np.maximum.reduce(z, axis=1, keepdims=True, out=column)
        np.subtract(z, column, out=z)
        np.exp(z, out=dz)
        np.add.reduce(dz, axis=1, keepdims=True, out=column)
        np.divide(dz, column, out=dz)
        np.log(column, out=column)
        loss = (np.add.reduce(column, axis=None) - np.vdot(y, z)) * self.scale

        np.subtract(dz, y, out=dz)
        np.multiply(dz, self.scale, out=dz)
        np.matmul(dz.T, a, out=dW2)
        np.matmul(self.ones, dz, out=db2)
        np.matmul(dz, W2, out=da)
        np.greater(a, 0, out=self.positive)
        np.multiply(da, self.positive, out=da)
        np.matmul(da.T, x, out=dW1)
        np.matmul(self.ones, da, out=db1)
        return float(loss)


class XOR:
    """One hidden layer of tanh, a sigmoid and squared error: 2-4-1."""

    def __init__(self, theta: Array, batch: int, sizes: list[int]) -> None:
        self.gradient = aligned_like(theta)
        self.weights, self.gradients = views(theta, sizes), views(self.gradient, sizes)
        self.a, self.da = np.empty((batch, sizes[1]), theta.dtype), np.empty((batch, sizes[1]), theta.dtype)
        self.p, self.error = np.empty((batch, 1), theta.dtype), np.empty((batch, 1), theta.dtype)
        self.dz, self.ones, self.scale = np.empty((batch, 1), theta.dtype), np.ones(batch, theta.dtype), 1 / batch

    def step(self, x: Array, y: Array) -> float:
        W1, b1, W2, b2 = self.weights
        dW1, db1, dW2, db2 = self.gradients
        a, da, p, error, dz = self.a, self.da, self.p, self.error, self.dz

        np.matmul(x, W1.T, out=a)
        np.add(a, b1, out=a)
        np.tanh(a, out=a)
        np.matmul(a, W2.T, out=p)
        np.subtract(-b2, p, out=p)
        np.exp(p, out=p)
        np.add(p, 1, out=p)
        np.reciprocal(p, out=p)
        np.subtract(p, y, out=error)
        loss = np.vdot(error, error) * self.scale

        np.subtract(1, p, out=dz)
        np.multiply(dz, p, out=dz)
        np.multiply(dz, error, out=dz)
        np.multiply(dz, 2 * self.scale, out=dz)
        np.matmul(dz.T, a, out=dW2)
        np.matmul(self.ones, dz, out=db2)
        np.multiply(dz, W2, out=da)
        np.square(a, out=a)
        np.subtract(1, a, out=a)
        np.multiply(da, a, out=da)
        np.matmul(da.T, x, out=dW1)
        np.matmul(self.ones, da, out=db1)
        return float(loss)


class Moons:
    """Two hidden layers of ReLU, the max-margin loss and L2 regularisation, as in micrograd's demo: 2-16-16-1."""

    penalty = 1e-4

    def __init__(self, theta: Array, batch: int, sizes: list[int]) -> None:
        def empty(*shape: int) -> Array:
            return np.empty(shape, theta.dtype)

        self.theta, self.gradient = theta, aligned_like(theta)
        self.weights, self.gradients = views(theta, sizes), views(self.gradient, sizes)
        self.a1, self.da1, self.a2, self.da2 = (empty(batch, sizes[layer]) for layer in (1, 1, 2, 2))
        self.positive1, self.positive2 = np.empty(self.a1.shape, bool), np.empty(self.a2.shape, bool)
        self.z, self.margin, self.violated = empty(batch, 1), empty(batch, 1), np.empty((batch, 1), bool)
        self.decay, self.ones, self.scale = aligned_like(theta), np.ones(batch, theta.dtype), 1 / batch

    def step(self, x: Array, y: Array) -> float:
        W1, b1, W2, b2, W3, b3 = self.weights
        dW1, db1, dW2, db2, dW3, db3 = self.gradients
        a1, da1, a2, da2, z, margin = self.a1, self.da1, self.a2, self.da2, self.z, self.margin

        np.matmul(x, W1.T, out=a1)
        np.add(a1, b1, out=a1)
        np.maximum(a1, 0, out=a1)
        np.matmul(a1, W2.T, out=a2)
        np.add(a2, b2, out=a2)
        np.maximum(a2, 0, out=a2)
        np.matmul(a2, W3.T, out=z)
        np.add(z, b3, out=z)
        np.multiply(z, y, out=margin)
        np.subtract(1, margin, out=margin)
        np.maximum(margin, 0, out=margin)
        loss = np.add.reduce(margin, axis=None) * self.scale + self.penalty * np.vdot(self.theta, self.theta)

        np.greater(margin, 0, out=self.violated)
        np.multiply(y, self.violated, out=z)
        np.multiply(z, -self.scale, out=z)
        np.matmul(z.T, a2, out=dW3)
        np.matmul(self.ones, z, out=db3)
        np.multiply(z, W3, out=da2)
        np.greater(a2, 0, out=self.positive2)
        np.multiply(da2, self.positive2, out=da2)
        np.matmul(da2.T, a1, out=dW2)
        np.matmul(self.ones, da2, out=db2)
        np.matmul(da2, W2, out=da1)
        np.greater(a1, 0, out=self.positive1)
        np.multiply(da1, self.positive1, out=da1)
        np.matmul(da1.T, x, out=dW1)
        np.matmul(self.ones, da1, out=db1)
        np.multiply(self.theta, 2 * self.penalty, out=self.decay)
        np.add(self.gradient, self.decay, out=self.gradient)
        return float(loss)


class SGD:
    """Gradient descent, θ ← θ - η g."""

    def __init__(self, theta: Array, rate: float = 1e-3) -> None:
        self.theta, self.rate, self.move = theta, rate, aligned_like(theta)

    def update(self, gradient: Array) -> None:
        np.multiply(gradient, self.rate, out=self.move)
        np.subtract(self.theta, self.move, out=self.theta)


class Adam:
    """θ ← θ - η m̂ / (√v̂ + ε) (Kingma and Ba, 2015), the corrections of m and v taken into η and ε.

    Subnormal numbers of m and v, with which some processors are slow, are set to 0 now and then.
    """

    def __init__(self, theta: Array, rate: float = 1e-3) -> None:
        self.theta, self.rate, self.steps = theta, rate, 0
        self.m, self.v = aligned_like(theta), aligned_like(theta)
        self.m[:] = self.v[:] = 0
        self.move, self.root = aligned_like(theta), aligned_like(theta)

    def update(self, gradient: Array) -> None:
        m, v, move, root = self.m, self.v, self.move, self.root
        self.steps += 1
        correction = (1 - 0.999**self.steps) ** 0.5
        np.multiply(m, 0.9, out=m)
        np.multiply(gradient, 0.1, out=move)
        np.add(m, move, out=m)
        np.multiply(v, 0.999, out=v)
        np.multiply(gradient, gradient, out=move)
        np.multiply(move, 0.001, out=move)
        np.add(v, move, out=v)
        np.sqrt(v, out=root)
        np.add(root, 1e-8 * correction, out=root)
        np.multiply(m, self.rate * correction / (1 - 0.9**self.steps), out=move)
        np.divide(move, root, out=move)
        np.subtract(self.theta, move, out=self.theta)
        if self.steps % 32 == 0:
            for average in (m, v):
                np.putmask(average, np.abs(average, out=move) < np.finfo(move.dtype).tiny, 0)


NETWORKS: dict[str, Any] = {"softmax": Softmax, "xor": XOR, "moons": Moons}
OPTIMIZERS: dict[str, type[SGD | Adam]] = {"SGD": SGD, "Adam": Adam}
