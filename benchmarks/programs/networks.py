"""Networks of layers upon layers: of ReLU and sigmoid, residual, highway, gated, of sines."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

import autograd
from benchmarks.programs.common import (
    Array,
    Found,
    Params,
    Shapes,
    Work,
    affine,
    dense,
    linear,
    mean_square,
    sigmoid,
    squared_distance,
    tanh_layer,
    through_tanh,
)


def layers(*sizes: int) -> Shapes:
    """The shapes of W1, b1, W2, b2, … of layers of these sizes."""
    found: Shapes = {}
    for k, (before, after) in enumerate(pairwise(sizes), 1):
        found |= {f"W{k}": (after, before), f"b{k}": (after,)}
    return found


def perceptron(P: Params, x: Any, y: Any) -> Any:
    """Three layers, 12-16-16-4, of ReLU."""
    for k in "12":
        x = [z.relu() for z in affine(P["W" + k], P["b" + k], x)]
    return squared_distance(affine(P["W3"], P["b3"], x), y)


def perceptron_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    for k in "12":
        X = xp.relu(X @ P["W" + k].T + P["b" + k])
    return ((X @ P["W3"].T + P["b3"] - Y) ** 2).sum(-1)


def three_layers(P: Params, H: list[Array], Y: Array, slope: Callable[[int], Array]) -> Found:
    """The loss of a last layer, and the gradients of three: `H` is what goes in, `slope(k)` the slopes of layer k."""
    d = dense(H[2], P["W3"], P["b3"])
    d -= Y
    loss = mean_square(d)
    d *= 2 / len(Y)
    found = {}
    for k in (3, 2, 1):
        found |= {f"W{k}": d.T @ H[k - 1], f"b{k}": d.sum(0)}
        if k > 1:
            d = d @ P[f"W{k}"]
            d *= slope(k - 1)
    return loss, found


def perceptron_hand(P: Params, X: Array, Y: Array) -> Found:
    H = [X]
    for k in "12":
        z = dense(H[-1], P["W" + k], P["b" + k])
        H.append(np.maximum(z, 0, out=z))
    return three_layers(P, H, Y, lambda k: H[k] > 0)


def autoencoder(P: Params, x: Any) -> Any:
    """An autoencoder, 32-12-3-12-32, of sigmoids."""
    h = x
    for k in "123":
        h = [z.sigmoid() for z in affine(P["W" + k], P["b" + k], h)]
    return squared_distance(affine(P["W4"], P["b4"], h), x)


def autoencoder_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    H = X
    for k in "123":
        H = xp.sigmoid(H @ P["W" + k].T + P["b" + k])
    return ((H @ P["W4"].T + P["b4"] - X) ** 2).sum(-1)


def autoencoder_hand(P: Params, X: Array, Y: Any) -> Found:
    H = [X]
    for k in "123":
        H.append(sigmoid(dense(H[-1], P["W" + k], P["b" + k])))
    d = dense(H[3], P["W4"], P["b4"])
    d -= X
    loss = mean_square(d)
    d *= 2 / len(X)
    found = {}
    for k in (4, 3, 2, 1):
        h = H[k - 1]
        found |= {f"W{k}": d.T @ h, f"b{k}": d.sum(0)}
        if k > 1:
            d = d @ P[f"W{k}"]
            d *= h
            d *= 1 - h
    return loss, found


def tied(P: Params, x: Any) -> Any:
    """An autoencoder whose decoder is the transpose of its encoder, 24-8-24."""
    h = tanh_layer(P["W"], P["b"], x)
    return sum((autograd.dot(column, h) + c - a) ** 2
               for column, c, a in zip(zip(*P["W"], strict=True), P["c"], x, strict=True))


def tied_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    return ((xp.tanh(X @ P["W"].T + P["b"]) @ P["W"] + P["c"] - X) ** 2).sum(-1)


def tied_hand(P: Params, X: Array, Y: Any) -> Found:
    W = P["W"]
    H = dense(X, W, P["b"])
    np.tanh(H, out=H)
    d = H @ W
    d += P["c"]
    d -= X
    loss = mean_square(d)
    d *= 2 / len(X)
    D = through_tanh(H, d @ W.T)
    return loss, {"W": H.T @ d + D.T @ X, "b": D.sum(0), "c": d.sum(0)}


def residual(P: Params, x: Any, y: Any) -> Any:
    """Four residual blocks of twelve numbers."""
    for A, a, B, b in zip(P["A"], P["a"], P["B"], P["b"], strict=True):
        h = [z.relu() for z in affine(A, a, x)]
        x = [p + q for p, q in zip(x, affine(B, b, h), strict=True)]
    return squared_distance(x, y)


def residual_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    for k in range(4):
        X = X + xp.relu(X @ P["A"][k].T + P["a"][k]) @ P["B"][k].T + P["b"][k]
    return ((X - Y) ** 2).sum(-1)


def residual_hand(P: Params, X: Array, Y: Array) -> Found:
    A, B = P["A"], P["B"]
    inputs, hidden = [X], []
    for k in range(4):
        h = dense(inputs[-1], A[k], P["a"][k])
        hidden.append(np.maximum(h, 0, out=h))
        x = dense(h, B[k], P["b"][k])
        x += inputs[-1]
        inputs.append(x)
    d = inputs[-1] - Y
    loss = mean_square(d)
    d *= 2 / len(X)
    dA, da, dB, db = np.empty_like(A), np.empty_like(P["a"]), np.empty_like(B), np.empty_like(P["b"])
    for k in (3, 2, 1, 0):
        h = hidden[k]
        np.matmul(d.T, h, out=dB[k])
        d.sum(0, out=db[k])
        g = d @ B[k]
        g *= h > 0
        np.matmul(g.T, inputs[k], out=dA[k])
        g.sum(0, out=da[k])
        if k:
            d += g @ A[k]
    return loss, {"A": dA, "a": da, "B": dB, "b": db}


def highway(P: Params, x: Any, y: Any) -> Any:
    """Three highway layers of ten numbers: gates choose between a layer and its input."""
    for W, b, V, c in zip(P["W"], P["b"], P["V"], P["c"], strict=True):
        gates = [z.sigmoid() for z in affine(V, c, x)]
        x = [a + g * (h - a) for a, g, h in zip(x, gates, tanh_layer(W, b, x), strict=True)]
    return squared_distance(x, y)


def highway_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    for k in range(3):
        H = xp.tanh(X @ P["W"][k].T + P["b"][k])
        X = X + xp.sigmoid(X @ P["V"][k].T + P["c"][k]) * (H - X)
    return ((X - Y) ** 2).sum(-1)


def highway_hand(P: Params, X: Array, Y: Array) -> Found:
    W = np.concatenate([P["W"], P["V"]], 1)
    b = np.concatenate([P["b"], P["c"]], 1)
    known, x = [], X
    for k in range(3):
        z = dense(x, W[k], b[k])
        h, g = np.tanh(z[:, :10]), sigmoid(z[:, 10:])
        apart = h - x
        known.append((x, h, g, apart))
        x = x + g * apart
    d = x - Y
    loss = mean_square(d)
    d *= 2 / len(X)
    dW, db = np.empty_like(W), np.empty_like(b)
    D = np.empty((len(X), 20))
    for k in (2, 1, 0):
        x, h, g, apart = known[k]
        through = d * g
        np.multiply(through, 1 - h * h, out=D[:, :10])
        apart *= 1 - g
        np.multiply(through, apart, out=D[:, 10:])
        np.matmul(D.T, x, out=dW[k])
        D.sum(0, out=db[k])
        if k:
            d -= through
            d += D @ W[k]
    return loss, {"W": dW[:, :10], "V": dW[:, 10:], "b": db[:, :10], "c": db[:, 10:]}


def gated(P: Params, x: Any, y: Any) -> Any:
    """A layer of 24 gated by SiLU (SwiGLU) between eight numbers and eight."""
    hidden = [a * a.sigmoid() * b for a, b in zip(linear(P["A"], x), linear(P["B"], x), strict=True)]
    return squared_distance(linear(P["C"], hidden), y)


def gated_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    A = X @ P["A"].T
    return (((A * xp.sigmoid(A) * (X @ P["B"].T)) @ P["C"].T - Y) ** 2).sum(-1)


def gated_hand(P: Params, X: Array, Y: Array) -> Found:
    A, B = X @ P["A"].T, X @ P["B"].T
    S = sigmoid(A)
    A *= S  # A σ(A)
    H = A * B
    d = H @ P["C"].T
    d -= Y
    loss = mean_square(d)
    d *= 2 / len(X)
    g = d @ P["C"]
    dB = g * A
    # The slope of z σ(z) is σ + zσ (1 - σ).
    A *= 1 - S
    A += S
    A *= B
    A *= g
    return loss, {"A": A.T @ X, "B": dB.T @ X, "C": d.T @ H}


def waves(P: Params, x: Any, y: Any) -> Any:
    """A picture as a function of its coordinates, by sines (SIREN): 2-16-16-3."""
    for k in "12":
        x = [(3 * z).sin() for z in affine(P["W" + k], P["b" + k], x)]
    return squared_distance(affine(P["W3"], P["b3"], x), y)


def waves_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    for k in "12":
        X = xp.sin(3 * (X @ P["W" + k].T + P["b" + k]))
    return ((X @ P["W3"].T + P["b3"] - Y) ** 2).sum(-1)


def waves_hand(P: Params, X: Array, Y: Array) -> Found:
    H, Z = [X], []
    for k in "12":
        z = dense(H[-1], P["W" + k], P["b" + k])
        z *= 3
        Z.append(z)
        H.append(np.sin(z))

    def slope(k: int) -> Array:
        found = np.cos(Z[k - 1], out=Z[k - 1])
        found *= 3
        return found

    return three_layers(P, H, Y, slope)


GRID = np.arange(6) * 0.6 - 1.5


def bumps(P: Params, x: Any, y: Any) -> Any:
    """A layer of Kolmogorov and Arnold, 4-3: on each edge a curve of six bumps, with a SiLU of its own."""
    loss = 0.0
    for curves, scales, target in zip(P["c"], P["s"], y, strict=True):
        z = 0.0
        for heights, scale, a in zip(curves, scales, x, strict=True):
            z = z + scale * a * a.sigmoid()
            z = z + sum(h * (-(((a - g) / 0.6) ** 2)).exp() for h, g in zip(heights, GRID.tolist(), strict=True))
        loss = loss + (z - target) ** 2
    return loss


def bumps_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    grid = 0.6 * xp.cumsum(0 * P["c"][0, 0] + 1, 0) - 2.1
    B = xp.exp(-(((X[:, :, None] - grid) / 0.6) ** 2)).reshape(-1, 24)
    z = B @ P["c"].reshape(3, 24).T + (X * xp.sigmoid(X)) @ P["s"].T
    return ((z - Y) ** 2).sum(-1)


def bumps_hand(P: Params, X: Array, Y: Array) -> Found:
    n, c = len(X), P["c"].reshape(3, 24)
    B = X[:, :, None] - GRID
    B *= 1 / 0.6
    B *= B
    np.negative(B, out=B)
    np.exp(B, out=B)
    B = B.reshape(n, 24)
    S = sigmoid(X)
    S *= X
    e = B @ c.T
    e += S @ P["s"].T
    e -= Y
    loss = mean_square(e)
    e *= 2 / n
    return loss, {"c": (e.T @ B).reshape(3, 4, 6), "s": e.T @ S}


def swish(P: Params, x: Any, y: Any) -> Any:
    """Two layers with hard swish, in its three pieces."""
    def activated(z: Any) -> Any:
        inside = z * (z + 3) / 6
        return autograd.where(autograd.gt(z, 3), z, autograd.where(autograd.gt(-3, z), 0, inside))

    h = [activated(z) for z in affine(P["A"], P["a"], x)]
    h = [activated(z) for z in affine(P["B"], P["b"], h)]
    return (autograd.dot(P["c"], h) - y) ** 2


def swish_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    for W, b in ((P["A"], P["a"]), (P["B"], P["b"])):
        z = X @ W.T + b
        X = xp.where(z > 3, z, xp.where(z < -3, 0 * z, z * (z + 3) / 6))
    return (X @ P["c"] - Y) ** 2


def swish_hand(P: Params, X: Array, Y: Array) -> Found:
    n, h, kept = len(X), X, []
    for W, b in ((P["A"], P["a"]), (P["B"], P["b"])):
        z = dense(h, W, b)
        gate = z * (1 / 6)
        gate += 0.5
        np.minimum(gate, 1, out=gate)
        np.maximum(gate, 0, out=gate)
        kept.append((h, z, gate))
        h = z * gate
    e = h @ P["c"]
    e -= Y
    loss = mean_square(e)
    e *= 2 / n
    found = {"c": e @ h}
    g = e[:, None] * P["c"]
    for (below, z, gate), W, b in ((kept[1], "B", "b"), (kept[0], "A", "a")):
        slope = (gate > 0) & (gate < 1)
        z *= slope
        z *= 1 / 6
        z += gate
        g *= z
        found |= {W: g.T @ below, b: np.ones(n) @ g}
        g = g @ P[W]
    return loss, found


WORK: dict[str, Work] = {
    "three layers, 12-16-16-4": Work(perceptron, perceptron_arrays, layers(12, 16, 16, 4), (12,), (4,), 0.3,
                                     perceptron_hand),
    "autoencoder, 32-12-3": Work(autoencoder, autoencoder_arrays, layers(32, 12, 3, 12, 32), (32,), None, 0.3,
                                 autoencoder_hand),
    "tied autoencoder, 24-8": Work(tied, tied_arrays, {"W": (8, 24), "b": (8,), "c": (24,)}, (24,), None, 0.3,
                                   tied_hand),
    "residual network, 4 × 12": Work(residual, residual_arrays,
                                     {"A": (4, 12, 12), "a": (4, 12), "B": (4, 12, 12), "b": (4, 12)}, (12,), (12,),
                                     0.2, residual_hand),
    "highway network, 3 × 10": Work(highway, highway_arrays,
                                    {"W": (3, 10, 10), "b": (3, 10), "V": (3, 10, 10), "c": (3, 10)}, (10,), (10,),
                                    0.3, highway_hand),
    "gated layer, 8-24-8": Work(gated, gated_arrays, {"A": (24, 8), "B": (24, 8), "C": (8, 24)}, (8,), (8,), 0.3,
                                gated_hand),
    "hard swish, 8-32-32-1": Work(
        swish, swish_arrays, {"A": (32, 8), "a": (32,), "B": (32, 32), "b": (32,), "c": (32,)}, (8,), (), 0.4,
        swish_hand),
    "sines, 2-16-16-3": Work(waves, waves_arrays, layers(2, 16, 16, 3), (2,), (3,), 0.3, waves_hand),
    "Kolmogorov and Arnold, 4-3": Work(bumps, bumps_arrays, {"c": (3, 4, 6), "s": (3, 4)}, (4,), (3,), hand=bumps_hand),
}
