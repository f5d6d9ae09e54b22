"""Regression and classification by one formula: linear, by kernels, by factors."""

from __future__ import annotations

from itertools import combinations_with_replacement, pairwise
from typing import Any

import numpy as np

import autograd
from benchmarks.programs.common import (
    Array,
    Found,
    Params,
    Work,
    affine,
    dense,
    mean_square,
    one_hot,
    sigmoid,
    squared_distance,
)


def logistic(P: Params, x: Any, y: Any) -> Any:
    """Logistic regression with penalties of both kinds."""
    z = autograd.dot(P["w"], x) + P["b"]
    penalty = 0.01 * sum(abs(w) for w in P["w"]) + 0.02 * autograd.dot(P["w"], P["w"])
    return z.softplus() - y * z + penalty


def logistic_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    w = P["w"]
    z = X @ w + P["b"]
    return xp.logaddexp(z, 0 * z) - Y * z + 0.01 * xp.abs(w).sum() + 0.02 * (w * w).sum()


def logistic_hand(P: Params, X: Array, Y: Array) -> Found:
    n, w = len(X), P["w"]
    z = X @ w
    z += P["b"]
    p = sigmoid(z)
    loss = float(z.sum() - Y @ z - np.log(p).sum()) / n + 0.01 * float(np.abs(w).sum()) + 0.02 * float(w @ w)
    p -= Y
    p /= n
    return loss, {"w": p @ X + 0.01 * np.sign(w) + 0.04 * w, "b": p.sum()}


def machine(P: Params, x: Any, y: Any) -> Any:
    """A linear support vector machine."""
    return (1 - y * (autograd.dot(P["w"], x) + P["b"])).relu() + 0.05 * autograd.dot(P["w"], P["w"])


def machine_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    return xp.relu(1 - Y * (X @ P["w"] + P["b"])) + 0.05 * (P["w"] ** 2).sum()


def machine_hand(P: Params, X: Array, Y: Array) -> Found:
    n, w = len(X), P["w"]
    z = X @ w
    z += P["b"]
    z *= Y
    np.subtract(1, z, out=z)
    wrong = z > 0
    loss = float(z @ wrong) / n + 0.05 * float(w @ w)
    d = Y * wrong
    d *= -1 / n
    return loss, {"w": d @ X + 0.1 * w, "b": d.sum()}


def signs(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.normal(size=(examples, 20)), rng.choice([-1.0, 1.0], examples)


def polynomial(P: Params, x: Any, y: Any) -> Any:
    """A polynomial of degree 8 by Horner's rule."""
    found = 0.0
    for c in P["c"][::-1]:
        found = found * x + c
    return (found - y) ** 2


def polynomial_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    found = 0.0
    for k in range(8, -1, -1):
        found = found * X + P["c"][k]
    return (found - Y) ** 2


def polynomial_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    powers = np.empty((9, n))
    powers[0], powers[1] = 1, X
    np.multiply(X, X, out=powers[2])
    np.multiply(powers[1:3], powers[2], out=powers[3:5])
    np.multiply(powers[1:5], powers[4], out=powers[5:9])
    e = P["c"] @ powers
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    return loss, {"c": powers @ e}


def kernels(P: Params, x: Any, y: Any) -> Any:
    """Kernel regression by Nadaraya and Watson with forty movable centres."""
    k = [(-squared_distance(x, c) * P["g"] ** 2).exp() for c in P["C"]]
    return (autograd.dot(P["a"], k) / sum(k) - y) ** 2


def kernels_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    k = xp.exp(-((X[:, None] - P["C"]) ** 2).sum(-1) * P["g"] ** 2)
    return (k @ P["a"] / k.sum(-1) - Y) ** 2


def distances(X: Array, C: Array) -> Array:
    """Squared distances of rows, as |x|² - 2 x·c + |c|²."""
    found: Array = X @ (-2 * C.T)
    found += np.einsum("ij,ij->i", X, X)[:, None]
    found += np.einsum("ij,ij->i", C, C)
    return found


def kernels_hand(P: Params, X: Array, Y: Array) -> Found:
    n, C, a, g = len(X), P["C"], P["a"], float(P["g"])
    D = distances(X, C)
    K = np.exp(D * (-g * g))
    K /= K.sum(1, keepdims=True)
    f = K @ a
    e = f - Y
    loss = float(e @ e) / n
    e *= 2 / n
    da = e @ K
    W = a - f[:, None]
    W *= K
    W *= e[:, None]
    dg = -2 * g * float(W.ravel() @ D.ravel())
    return loss, {"a": da, "g": dg, "C": (2 * g * g) * (W.T @ X - W.sum(0)[:, None] * C)}


def radial(P: Params, x: Any, y: Any) -> Any:
    """A network of twenty radial basis functions of their own widths."""
    basis = [(-squared_distance(x, c) * s.exp()).exp() for c, s in zip(P["C"], P["s"], strict=True)]
    return (autograd.dot(P["w"], basis) - y) ** 2


def radial_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    d = ((X[:, None] - P["C"]) ** 2).sum(-1)
    return (xp.exp(-d * xp.exp(P["s"])) @ P["w"] - Y) ** 2


def radial_hand(P: Params, X: Array, Y: Array) -> Found:
    n, C, w, s = len(X), P["C"], P["w"], np.exp(P["s"])
    D = distances(X, C)
    D *= s
    K = np.exp(-D)
    e = K @ w
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    dw = e @ K
    K *= e[:, None]
    ds = -w * np.einsum("ij,ij->j", K, D)
    return loss, {"w": dw, "s": ds, "C": (2 * w * s)[:, None] * (K.T @ X - dw[:, None] * C)}


def huber(P: Params, x: Any, y: Any) -> Any:
    """Linear regression with Huber's loss."""
    r = autograd.dot(P["w"], x) + P["b"] - y
    size = abs(r)
    return autograd.where(autograd.gt(size, 1.0), size - 0.5, 0.5 * r * r)


def huber_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    r = X @ P["w"] + P["b"] - Y
    size = xp.abs(r)
    return xp.where(size > 1, size - 0.5, 0.5 * r * r)


def huber_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    r = X @ P["w"]
    r += P["b"]
    r -= Y
    near = np.minimum(np.maximum(r, -1), 1)
    loss = float(near @ r - 0.5 * (near @ near)) / n
    near /= n
    return loss, {"w": near @ X, "b": near.sum()}


def several(P: Params, x: Any, y: Any) -> Any:
    """Sixteen outputs with Huber's loss, as it is read in books."""
    total = 0.0
    for z, t in zip(affine(P["W"], P["b"], x), y, strict=True):
        e = z - t
        total = total + autograd.where(autograd.gt(1.0, abs(e)), e * e / 2, abs(e) - 0.5)
    return total


def several_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    e = X @ P["W"].T + P["b"] - Y
    return xp.where(xp.abs(e) < 1, e * e / 2, xp.abs(e) - 0.5).sum(-1)


def several_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    e = dense(X, P["W"], P["b"])
    e -= Y
    near = np.maximum(e, -1)
    np.minimum(near, 1, out=near)
    loss = float(np.vdot(near, e) - 0.5 * np.vdot(near, near)) / n
    near /= n
    return loss, {"W": near.T @ X, "b": np.ones(n) @ near}


def labels(P: Params, x: Any, y: Any) -> Any:
    """Sixteen labels, of which any may be right, by logistic regression."""
    z = affine(P["W"], P["b"], x)
    return sum(t * (-a).softplus() + (1 - t) * a.softplus() for a, t in zip(z, y, strict=True))


def labels_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    z = X @ P["W"].T + P["b"]
    return (Y * xp.logaddexp(-z, 0 * z) + (1 - Y) * xp.logaddexp(z, 0 * z)).sum(-1)


def labels_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    z = dense(X, P["W"], P["b"])
    p = sigmoid(z)
    loss = float(z.sum() - np.log(p).sum() - np.vdot(Y, z)) / n
    p -= Y
    p /= n
    return loss, {"W": p.T @ X, "b": np.ones(n) @ p}


LEVELS = np.array([0.1, 0.5, 0.9])


def quantiles(P: Params, x: Any, y: Any) -> Any:
    """Linear regression of three quantiles."""
    errors = [y - z for z in affine(P["W"], P["b"], x)]
    return sum(autograd.maximum(q * r, (q - 1) * r) for q, r in zip(LEVELS.tolist(), errors, strict=True))


def quantiles_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    r, q = Y[:, None] - X @ P["W"].T - P["b"], xp.asarray(LEVELS)
    return xp.maximum(q * r, (q - 1) * r).sum(-1)


def quantiles_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    r = P["W"] @ X.T
    r += P["b"][:, None]
    r -= Y
    d = (r >= 0) - LEVELS[:, None]
    d /= n
    return float(d.ravel() @ r.ravel()), {"W": d @ X, "b": d.sum(1)}


def counts(P: Params, x: Any, y: Any) -> Any:
    """Poisson regression."""
    z = autograd.dot(P["w"], x) + P["b"]
    return z.exp() - y * z


def counts_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    z = X @ P["w"] + P["b"]
    return xp.exp(z) - Y * z


def counts_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    z = X @ P["w"]
    z += P["b"]
    d = np.exp(z)
    loss = float(d.sum() - Y @ z) / n
    d -= Y
    d /= n
    return loss, {"w": d @ X, "b": d.sum()}


def heavy(P: Params, x: Any, y: Any) -> Any:
    """Linear regression with errors that have a Cauchy distribution."""
    r = (autograd.dot(P["w"], x) + P["b"] - y) * (-P["s"]).exp()
    return (1 + r * r).log() + P["s"]


def heavy_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    r = (X @ P["w"] + P["b"] - Y) * xp.exp(-P["s"])
    return xp.log(1 + r * r) + P["s"]


def heavy_hand(P: Params, X: Array, Y: Array) -> Found:
    n, narrow = len(X), float(np.exp(-P["s"]))
    r = X @ P["w"]
    r += P["b"]
    r -= Y
    r *= narrow
    base = r * r
    base += 1
    d = r / base
    d *= 2 / n
    loss, ds = float(np.log(base).sum()) / n + float(P["s"]), 1 - float(d @ r)
    d *= narrow
    return loss, {"w": d @ X, "b": d.sum(), "s": ds}


def smoothed(P: Params, x: Any, y: Any) -> Any:
    """Softmax regression with five classes and smoothed labels."""
    z = affine(P["W"], P["b"], x)
    return autograd.logsumexp(z) - sum((0.9 * t + 0.02) * a for t, a in zip(y, z, strict=True))


def smoothed_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    z = X @ P["W"].T + P["b"]
    return xp.logsumexp(z, -1) - ((0.9 * Y + 0.02) * z).sum(-1)


def smoothed_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    Z = X @ P["W"].T
    Z += P["b"]
    Z -= Z.max(1, keepdims=True)
    d = np.exp(Z)
    total = d.sum(1, keepdims=True)
    target = 0.9 * Y
    target += 0.02
    loss = float(np.log(total).sum() - target.ravel() @ Z.ravel()) / n
    d /= total
    d -= target
    d /= n
    return loss, {"W": d.T @ X, "b": d.sum(0)}


def ordinal(P: Params, x: Any, y: Any) -> Any:
    """Ordinal regression: the probability of one of five ordered answers between movable cuts."""
    z, cut, below = autograd.dot(P["w"], x), P["first"], []
    for gap in P["gaps"]:
        below.append((cut - z).sigmoid())
        cut = cut + gap.exp()
    below.append((cut - z).sigmoid())
    steps = [below[0], *(b - a for a, b in pairwise(below)), 1 - below[-1]]
    return -autograd.dot(steps, y).log()


def ordinal_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    gaps = xp.cumsum(xp.exp(P["gaps"]), 0)
    cuts = P["first"] + xp.concatenate([0 * gaps[:1], gaps])
    below = xp.sigmoid(cuts - (X @ P["w"])[:, None])
    steps = xp.concatenate([below[:, :1], below[:, 1:] - below[:, :-1], 1 - below[:, -1:]], 1)
    return -xp.log((steps * Y).sum(-1))


def ordinal_hand(P: Params, X: Array, Y: Array) -> Found:
    n, gaps = len(X), np.exp(P["gaps"])
    cuts = np.empty(4)
    cuts[0] = P["first"]
    cuts[1:] = cuts[0] + gaps.cumsum()
    B = sigmoid(cuts - (X @ P["w"])[:, None])
    sign = Y[:, :-1] - Y[:, 1:]  # where the probability has each border, and with which sign
    p = np.einsum("ij,ij->i", sign, B) + Y[:, -1]
    loss = -float(np.log(p).sum()) / n
    B *= 1 - B
    B *= sign
    B /= (p * -n)[:, None]
    by_cut = B.sum(0)
    after = by_cut[::-1].cumsum()[::-1]
    return loss, {"w": -(B.sum(1) @ X), "first": after[0], "gaps": after[1:] * gaps}


# ── factors ──────────────────────────────────────────────────────────────────────────────────


def factors(P: Params, x: Any, y: Any) -> Any:
    """Matrix factorisation: thirty users, twenty things, five factors."""
    user = [autograd.dot(column, x[:30]) for column in zip(*P["U"], strict=True)]
    thing = [autograd.dot(column, x[30:]) for column in zip(*P["V"], strict=True)]
    return (autograd.dot(user, thing) - y) ** 2 + 0.01 * (autograd.dot(user, user) + autograd.dot(thing, thing))


def factors_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    u, v = X[:, :30] @ P["U"], X[:, 30:] @ P["V"]
    return ((u * v).sum(-1) - Y) ** 2 + 0.01 * ((u * u).sum(-1) + (v * v).sum(-1))


def factors_hand(P: Params, X: Array, Y: Array) -> Found:
    n, A, B = len(X), X[:, :30], X[:, 30:]
    u, v = A @ P["U"], B @ P["V"]
    e = np.einsum("ij,ij->i", u, v)
    e -= Y
    loss = float(e @ e) / n + 0.01 * (mean_square(u) + mean_square(v))
    e *= 2 / n
    du, dv = v * e[:, None], u * e[:, None]
    u *= 0.02 / n
    v *= 0.02 / n
    du += u
    dv += v
    return loss, {"U": A.T @ du, "V": B.T @ dv}


def users(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return np.concatenate([one_hot(rng, (examples,), k) for k in (30, 20)], 1), rng.normal(size=examples)


def pairs(P: Params, x: Any, y: Any) -> Any:
    """A factorisation machine: twelve features whose pairs have weights of rank four."""
    z = autograd.dot(P["w"], x) + P["b"]
    for k in range(4):
        terms = [row[k] * a for row, a in zip(P["V"], x, strict=True)]
        z = z + 0.5 * (sum(terms) ** 2 - sum(t * t for t in terms))
    return (z - y) ** 2


def pairs_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    V = P["V"]
    z = X @ P["w"] + P["b"] + 0.5 * ((X @ V) ** 2 - (X * X) @ (V * V)).sum(-1)
    return (z - Y) ** 2


def pairs_hand(P: Params, X: Array, Y: Array) -> Found:
    n, V = len(X), P["V"]
    S, squares = X @ V, X * X
    e = X @ P["w"]
    e += P["b"]
    e += 0.5 * (np.einsum("ij,ij->i", S, S) - squares @ np.einsum("ij,ij->i", V, V))
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    S *= e[:, None]
    return loss, {"w": e @ X, "b": e.sum(), "V": X.T @ S - V * (e @ squares)[:, None]}


def bilinear(P: Params, x: Any, y: Any) -> Any:
    """A bilinear form of two vectors of ten and eight numbers."""
    rows = [autograd.dot(row, x[10:]) for row in P["A"]]
    return (autograd.dot(x[:10], rows) + autograd.dot(P["w"], x) - y) ** 2


def bilinear_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    return ((X[:, :10] @ P["A"] * X[:, 10:]).sum(-1) + X @ P["w"] - Y) ** 2


def bilinear_hand(P: Params, X: Array, Y: Array) -> Found:
    n, left, right = len(X), X[:, :10], X[:, 10:]
    e = np.einsum("ij,ij->i", left @ P["A"], right)
    e += X @ P["w"]
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    return loss, {"A": left.T @ (right * e[:, None]), "w": e @ X}


EIGHTHS = [(2 * i + 1) / 16 for i in range(8)]


def distribution(P: Params, x: Any, y: Any) -> Any:
    """Huber losses of eight quantiles by eight values each, weighted by the side on which they lie."""
    loss = 0.0
    for level, z in zip(EIGHTHS, affine(P["W"], P["b"], x), strict=True):
        for value in y:
            error = value - z
            size = abs(error)
            huber = autograd.where(autograd.gt(size, 1), size - 0.5, 0.5 * error * error)
            loss = loss + autograd.where(autograd.gt(0, error), 1 - level, level) * huber
    return loss / 64


def distribution_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    error = Y[:, None] - (X @ P["W"].T + P["b"])[:, :, None]
    size, level = xp.abs(error), xp.asarray(np.array(EIGHTHS))[:, None]
    huber = xp.where(size > 1, size - 0.5, 0.5 * error * error)
    return (xp.where(error < 0, 1 - level, level) * huber).sum(-1).sum(-1) / 64


def distribution_hand(P: Params, X: Array, Y: Array) -> Found:
    n, level = len(X), np.array(EIGHTHS)[:, None]
    z = X @ P["W"].T
    z += P["b"]
    error = Y[:, None] - z[:, :, None]
    inside = np.clip(error, -1, 1)
    weight = np.where(error < 0, 1 - level, level)
    weight *= inside  # the slope, and u·c - c²/2 with c = clip(u) is the loss
    inside *= -0.5
    inside += error
    loss = float(np.vdot(weight, inside)) / (64 * n)
    g = weight.sum(2)
    g *= -1 / (64 * n)
    return loss, {"W": g.T @ X, "b": np.ones(n) @ g}


CUBES = list(combinations_with_replacement(range(4), 3))
FACTORS = np.array(CUBES).T


def cubes(P: Params, x: Any, y: Any) -> Any:
    """A polynomial of degree three in four features."""
    terms = [c * x[i] * x[j] * x[k] for c, (i, j, k) in zip(P["c"], CUBES, strict=True)]
    return (P["b"] + autograd.dot(P["w"], x) + sum(terms) - y) ** 2


def cubes_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    i, j, k = FACTORS
    return (X[:, i] * X[:, j] * X[:, k] @ P["c"] + X @ P["w"] + P["b"] - Y) ** 2


def cubes_hand(P: Params, X: Array, Y: Array) -> Found:
    n, (i, j, k) = len(X), FACTORS
    features = X[:, i] * X[:, j]
    features *= X[:, k]
    error = features @ P["c"]
    error += X @ P["w"]
    error += P["b"]
    error -= Y
    loss = mean_square(error)
    error *= 2 / n
    return loss, {"c": error @ features, "w": error @ X, "b": error.sum()}


WORK: dict[str, Work] = {
    "logistic regression with penalties": Work(
        logistic, logistic_arrays, {"w": (30,), "b": ()}, (30,), (), hand=logistic_hand,
        data=lambda rng, examples: (rng.normal(size=(examples, 30)), rng.integers(0, 2, examples) * 1.0)),
    "support vector machine": Work(machine, machine_arrays, {"w": (20,), "b": ()}, (20,), (), 0.2, machine_hand, signs),
    "polynomial of degree 8": Work(polynomial, polynomial_arrays, {"c": (9,)}, (), (), hand=polynomial_hand),
    "kernel regression, 40 centres": Work(kernels, kernels_arrays, {"C": (40, 2), "a": (40,), "g": ()}, (2,), (), 1.0,
                                          kernels_hand),
    "radial basis network of 20": Work(radial, radial_arrays, {"C": (20, 3), "s": (20,), "w": (20,)}, (3,), (), 0.7,
                                       radial_hand),
    "Huber regression": Work(huber, huber_arrays, {"w": (15,), "b": ()}, (15,), (), hand=huber_hand),
    "Huber's loss of 16 outputs": Work(several, several_arrays, {"W": (16, 8), "b": (16,)}, (8,), (16,),
                                       hand=several_hand),
    "16 labels by logistic regression": Work(
        labels, labels_arrays, {"W": (16, 8), "b": (16,)}, (8,), (16,), hand=labels_hand,
        data=lambda rng, examples: (rng.normal(size=(examples, 8)), rng.integers(0, 2, (examples, 16)) * 1.0)),
    "quantile regression": Work(quantiles, quantiles_arrays, {"W": (3, 10), "b": (3,)}, (10,), (),
                                hand=quantiles_hand),
    "Huber of 8 quantiles by 8 values": Work(distribution, distribution_arrays, {"W": (8, 6), "b": (8,)}, (6,), (8,),
                                             hand=distribution_hand),
    "cubes of 4 features": Work(cubes, cubes_arrays, {"c": (20,), "w": (4,), "b": ()}, (4,), (), hand=cubes_hand),
    "Poisson regression": Work(
        counts, counts_arrays, {"w": (12,), "b": ()}, (12,), (), 0.2, counts_hand,
        lambda rng, examples: (rng.normal(size=(examples, 12)), rng.poisson(2.0, examples) * 1.0)),
    "Cauchy regression": Work(heavy, heavy_arrays, {"w": (12,), "b": (), "s": ()}, (12,), (), hand=heavy_hand),
    "softmax regression, smoothed": Work(
        smoothed, smoothed_arrays, {"W": (5, 12), "b": (5,)}, (12,), (5,), hand=smoothed_hand,
        data=lambda rng, examples: (rng.normal(size=(examples, 12)), one_hot(rng, (examples,), 5))),
    "ordinal regression": Work(
        ordinal, ordinal_arrays, {"w": (10,), "first": (), "gaps": (3,)}, (10,), (5,), 0.3, ordinal_hand,
        lambda rng, examples: (rng.normal(size=(examples, 10)), one_hot(rng, (examples,), 5))),
    "matrix factorisation, 30 × 20": Work(factors, factors_arrays, {"U": (30, 5), "V": (20, 5)}, (50,), (),
                                          hand=factors_hand, data=users),
    "factorisation machine, 12 × 4": Work(pairs, pairs_arrays, {"w": (12,), "b": (), "V": (12, 4)}, (12,), (),
                                          hand=pairs_hand),
    "bilinear form, 10 × 8": Work(bilinear, bilinear_arrays, {"A": (10, 8), "w": (18,)}, (18,), (),
                                  hand=bilinear_hand),
}
