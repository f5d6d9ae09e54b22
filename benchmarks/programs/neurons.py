"""Neurons of several kinds: mixed, sparse, normalised, of experts, random."""

from __future__ import annotations

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
    softmax,
    squared_distance,
    tanh_layer,
    through_softmax,
    through_tanh,
)

# ── neurons of several kinds ─────────────────────────────────────────────────────────────────


def neurons(P: Params, x: Any, y: Any) -> Any:
    """Two layers of twelve neurons of which each has one of six activations."""
    kinds = [autograd.tanh, autograd.relu, autograd.sigmoid, autograd.sin, lambda v: v * v, autograd.exp]
    for W in (P["V"], P["W"]):
        x = [kinds[i % 6](autograd.dot(row, x)) for i, row in enumerate(W)]
    return (sum(x) - y) ** 2


def neurons_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    kinds = [xp.tanh, xp.relu, xp.sigmoid, xp.sin, lambda v: v * v, xp.exp]
    for W in (P["V"], P["W"]):
        Z = X @ W.T
        X = xp.stack([kinds[i % 6](Z[:, i]) for i in range(12)], 1)
    return (X.sum(1) - Y) ** 2


def neurons_hand(P: Params, X: Array, Y: Array) -> Found:
    # Neurons as rows: those of a kind are every sixth row, a view.
    n, H, bends = len(X), [X.T], []
    for W in (P["V"], P["W"]):
        Z = W @ H[-1]
        h, bend = np.empty_like(Z), np.empty_like(Z)
        np.tanh(Z[0::6], out=h[0::6])
        np.maximum(Z[1::6], 0, out=h[1::6])
        h[2::6] = sigmoid(Z[2::6])
        np.sin(Z[3::6], out=h[3::6])
        np.multiply(Z[4::6], Z[4::6], out=h[4::6])
        np.exp(Z[5::6], out=h[5::6])
        np.subtract(1, h[0::6] * h[0::6], out=bend[0::6])
        np.greater(Z[1::6], 0, out=bend[1::6])
        np.multiply(h[2::6], 1 - h[2::6], out=bend[2::6])
        np.cos(Z[3::6], out=bend[3::6])
        np.multiply(Z[4::6], 2, out=bend[4::6])
        bend[5::6] = h[5::6]
        H.append(h)
        bends.append(bend)
    e = H[2].sum(0)
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    d = np.multiply(bends[1], e, out=bends[1])
    first = P["W"].T @ d
    first *= bends[0]
    return loss, {"V": first @ X, "W": d @ H[1].T}


def maxout(P: Params, x: Any, y: Any) -> Any:
    """Eight maxout units of three pieces over ten numbers."""
    units = [autograd.max(affine(W, b, x)) for W, b in zip(P["W"], P["b"], strict=True)]
    return squared_distance(units, y)


def maxout_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    Z = (X @ P["W"].reshape(24, 10).T).reshape(-1, 8, 3) + P["b"]
    return ((xp.amax(Z, -1) - Y) ** 2).sum(-1)


def maxout_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    Z = dense(X, P["W"].reshape(24, 10), P["b"].ravel()).reshape(n, 8, 3)
    top = Z.max(2)
    d = top - Y
    loss = mean_square(d)
    d *= 2 / n
    D = (top[:, :, None] == Z) * d[:, :, None]
    D = D.reshape(n, 24)
    return loss, {"W": (D.T @ X).reshape(8, 3, 10), "b": D.sum(0).reshape(8, 3)}


WIRES = np.array([np.random.default_rng(5 + i).choice(16, 4, replace=False) for i in range(32)]).reshape(2, 16, 4)


def sparse(P: Params, x: Any, y: Any) -> Any:
    """Two layers of sixteen neurons, of which each is wired to four of the layer before."""
    for W, wires in zip(P["W"], WIRES.tolist(), strict=True):
        x = [autograd.dot(row, [x[j] for j in chosen]).tanh() for row, chosen in zip(W, wires, strict=True)]
    return squared_distance(x, y)


def sparse_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    for k in range(2):
        X = xp.tanh((X[:, WIRES[k]] * P["W"][k]).sum(-1))
    return ((X - Y) ** 2).sum(-1)


NEURON = np.arange(16)[:, None]


def sparse_hand(P: Params, X: Array, Y: Array) -> Found:
    # As full matrices, most of which is zero: that is faster than gathering.
    full = np.zeros((2, 16, 16))
    for k in range(2):
        full[k, NEURON, WIRES[k]] = P["W"][k]
    H = X @ full[0].T
    np.tanh(H, out=H)
    Z = H @ full[1].T
    np.tanh(Z, out=Z)
    d = Z - Y
    loss = mean_square(d)
    d *= 2 / len(X)
    d = through_tanh(Z, d)
    first = through_tanh(H, d @ full[1])
    return loss, {"W": np.stack([(first.T @ X)[NEURON, WIRES[0]], (d.T @ H)[NEURON, WIRES[1]]])}


# ── normalised and mixed ─────────────────────────────────────────────────────────────────────


def normalised(P: Params, x: Any, y: Any) -> Any:
    """A network, 12-16-4, whose hidden layer is normalised (layer norm)."""
    z = affine(P["W"], P["b"], x)
    middle = sum(z) / 16
    spread = (sum((a - middle) ** 2 for a in z) / 16 + 1e-5).sqrt()
    h = [((a - middle) / spread * g + s).tanh() for a, g, s in zip(z, P["g"], P["s"], strict=True)]
    return squared_distance(affine(P["V"], P["c"], h), y)


def normalised_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    Z = X @ P["W"].T + P["b"]
    Z = Z - Z.mean(-1)[:, None]
    H = xp.tanh(Z / xp.sqrt((Z * Z).mean(-1) + 1e-5)[:, None] * P["g"] + P["s"])
    return ((H @ P["V"].T + P["c"] - Y) ** 2).sum(-1)


def normalised_hand(P: Params, X: Array, Y: Array) -> Found:
    Z = dense(X, P["W"], P["b"])
    Z -= Z.sum(1, keepdims=True) * (1 / 16)
    spread = np.einsum("ij,ij->i", Z, Z)
    spread /= 16
    spread += 1e-5
    np.sqrt(spread, out=spread)
    Z /= spread[:, None]
    H = Z * P["g"]
    H += P["s"]
    np.tanh(H, out=H)
    d = dense(H, P["V"], P["c"])
    d -= Y
    loss = mean_square(d)
    d *= 2 / len(X)
    D = through_tanh(H, d @ P["V"])
    found = {"V": d.T @ H, "c": d.sum(0), "g": np.einsum("ij,ij->j", D, Z), "s": D.sum(0)}
    D *= P["g"]
    along = np.einsum("ij,ij->i", D, Z)
    along /= 16
    D -= D.sum(1, keepdims=True) * (1 / 16)
    D -= Z * along[:, None]
    D /= spread[:, None]
    return loss, found | {"W": D.T @ X, "b": D.sum(0)}


def batch_normalised(P: Params, x: Any, y: Any) -> Any:
    """Twelve points in one example, normalised together (batch norm), 4-6-1."""
    Z = [linear(P["W"], point) for point in x]
    outputs: list[Any] = [0.0] * 12
    for column, g, s, v in zip(zip(*Z, strict=True), P["g"], P["s"], P["v"], strict=True):
        middle = sum(column) / 12
        spread = (sum((a - middle) ** 2 for a in column) / 12 + 1e-5).sqrt()
        outputs = [o + v * ((a - middle) / spread * g + s).relu() for o, a in zip(outputs, column, strict=True)]
    return squared_distance(outputs, y)


def batch_normalised_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    Z = X @ P["W"].T
    Z = Z - Z.mean(1)[:, None]
    H = xp.relu(Z / xp.sqrt((Z * Z).mean(1) + 1e-5)[:, None] * P["g"] + P["s"])
    return ((H @ P["v"] - Y) ** 2).sum(-1)


def batch_normalised_hand(P: Params, X: Array, Y: Array) -> Found:
    # Features first, so that what is summed lies together.
    n, flat, v, g = len(X), X.reshape(-1, 4), P["v"], P["g"][:, None, None]
    Z = (P["W"] @ flat.T).reshape(6, n, 12)
    Z -= Z.sum(2, keepdims=True) * (1 / 12)
    spread = np.einsum("ijk,ijk->ij", Z, Z)[:, :, None]
    spread /= 12
    spread += 1e-5
    np.sqrt(spread, out=spread)
    Z /= spread
    H = Z * g
    H += P["s"][:, None, None]
    positive = H > 0
    H *= positive
    rows = H.reshape(6, -1)
    e = v @ rows
    e -= Y.ravel()
    loss = float(e @ e) / n
    e *= 2 / n
    D = np.multiply.outer(v, e).reshape(6, n, 12)
    D *= positive
    along, sums = np.einsum("ijk,ijk->ij", D, Z), D.sum(2)
    found = {"v": rows @ e, "s": sums.sum(1), "g": along.sum(1)}
    D -= (sums * (1 / 12))[:, :, None]
    D -= Z * (along * (1 / 12))[:, :, None]
    D *= g / spread
    return loss, found | {"W": D.reshape(6, -1) @ flat}


def experts(P: Params, x: Any, y: Any) -> Any:
    """A mixture of four experts, 8-10-3 each, weighted by a softmax."""
    weights = autograd.softmax(affine(P["G"], P["g"], x))
    said = [affine(B, b, tanh_layer(A, a, x)) for A, a, B, b in zip(P["A"], P["a"], P["B"], P["b"], strict=True)]
    return squared_distance([autograd.dot(weights, column) for column in zip(*said, strict=True)], y)


def experts_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    weights = xp.softmax(X @ P["G"].T + P["g"], -1)
    H = xp.tanh((X @ P["A"].reshape(40, 8).T).reshape(-1, 4, 10) + P["a"])
    said = (H[:, :, None] * P["B"]).sum(-1) + P["b"]
    return (((weights[:, :, None] * said).sum(1) - Y) ** 2).sum(-1)


def experts_hand(P: Params, X: Array, Y: Array) -> Found:
    # The weighted sum is one product of the weighted hidden layers of all experts.
    n, B = len(X), P["B"].transpose(0, 2, 1).reshape(40, 3)
    p = softmax(dense(X, P["G"], P["g"]))
    H = dense(X, P["A"].reshape(40, 8), P["a"].ravel())
    np.tanh(H, out=H)
    weighted = (H.reshape(n, 4, 10) * p[:, :, None]).reshape(n, 40)
    d = weighted @ B
    d += p @ P["b"]
    d -= Y
    loss = mean_square(d)
    d *= 2 / n
    back = d @ B.T
    by_weight = np.einsum("ijk,ijk->ij", back.reshape(n, 4, 10), H.reshape(n, 4, 10))
    by_weight += d @ P["b"].T
    D = through_tanh(H, back)
    D.reshape(n, 4, 10)[...] *= p[:, :, None]
    g = through_softmax(p, by_weight)
    return loss, {"G": g.T @ X, "g": g.sum(0), "A": (D.T @ X).reshape(4, 10, 8), "a": D.sum(0).reshape(4, 10),
                  "B": (weighted.T @ d).reshape(4, 10, 3).transpose(0, 2, 1), "b": p.T @ d}


def variational(P: Params, x: Any, y: Any) -> Any:
    """A variational autoencoder, 16-10-2-10-16, whose noise is given as y."""
    h = tanh_layer(P["W1"], P["b1"], x)
    means, logs = affine(P["M"], P["m"], h), affine(P["S"], P["s"], h)
    z = [m + (0.5 * l).exp() * e for m, l, e in zip(means, logs, y, strict=True)]
    again = affine(P["W3"], P["b3"], tanh_layer(P["W2"], P["b2"], z))
    divergence = sum(m * m + l.exp() - l - 1 for m, l in zip(means, logs, strict=True))
    return squared_distance(again, x) + 0.5 * divergence


def variational_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    H = xp.tanh(X @ P["W1"].T + P["b1"])
    M, L = H @ P["M"].T + P["m"], H @ P["S"].T + P["s"]
    Z = M + xp.exp(0.5 * L) * Y
    again = xp.tanh(Z @ P["W2"].T + P["b2"]) @ P["W3"].T + P["b3"]
    return ((again - X) ** 2).sum(-1) + 0.5 * (M * M + xp.exp(L) - L - 1).sum(-1)


def variational_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    H = dense(X, P["W1"], P["b1"])
    np.tanh(H, out=H)
    M, L = dense(H, P["M"], P["m"]), dense(H, P["S"], P["s"])
    E = np.exp(0.5 * L)
    noise = E * Y
    Z, variance = M + noise, E * E
    K = dense(Z, P["W2"], P["b2"])
    np.tanh(K, out=K)
    d = dense(K, P["W3"], P["b3"])
    d -= X
    loss = mean_square(d) + 0.5 * (mean_square(M) + float(variance.sum() - L.sum()) / n - 2)
    d *= 2 / n
    found = {"W3": d.T @ K, "b3": d.sum(0)}
    D = through_tanh(K, d @ P["W3"])
    found |= {"W2": D.T @ Z, "b2": D.sum(0)}
    g = D @ P["W2"]
    by_log = g * noise
    variance -= 1
    variance *= 1 / n
    by_log += variance
    by_log *= 0.5
    M *= 1 / n
    g += M
    found |= {"M": g.T @ H, "m": g.sum(0), "S": by_log.T @ H, "s": by_log.sum(0)}
    back = g @ P["M"]
    back += by_log @ P["S"]
    D = through_tanh(H, back)
    return loss, found | {"W1": D.T @ X, "b1": D.sum(0)}


CODER: Shapes = {"W1": (10, 16), "b1": (10,), "M": (2, 10), "m": (2,), "S": (2, 10), "s": (2,),
                 "W2": (10, 2), "b2": (10,), "W3": (16, 10), "b3": (16,)}


def densities(P: Params, x: Any, y: Any) -> Any:
    """A network, 4-10, that says three normal distributions of what is measured: a mixture density network."""
    out = affine(P["V"], P["c"], tanh_layer(P["W"], P["b"], x))
    odds, means, sizes = out[:3], out[3:6], out[6:]
    parts = [p - s - 0.5 * ((y - m) / s.exp()) ** 2 for p, m, s in zip(odds, means, sizes, strict=True)]
    return autograd.logsumexp(odds) - autograd.logsumexp(parts)


def densities_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    Z = xp.tanh(X @ P["W"].T + P["b"]) @ P["V"].T + P["c"]
    odds, means, sizes = Z[:, :3], Z[:, 3:6], Z[:, 6:]
    parts = odds - sizes - 0.5 * ((Y[:, None] - means) / xp.exp(sizes)) ** 2
    return xp.logsumexp(odds, -1) - xp.logsumexp(parts, -1)


def densities_hand(P: Params, X: Array, Y: Array) -> Found:
    n = len(X)
    H = dense(X, P["W"], P["b"])
    np.tanh(H, out=H)
    Z = dense(H, P["V"], P["c"]).T
    odds, sizes = Z[:3], Z[6:]
    sharp = np.exp(-sizes)
    far = Y - Z[3:6]
    far *= sharp
    squares = far * far
    parts = odds - sizes
    parts -= 0.5 * squares
    loss = 0.0
    for z, sign in ((odds, 1), (parts, -1)):
        high = z.max(0)
        z -= high
        np.exp(z, out=z)
        total = z.sum(0)
        loss += sign * float(np.log(total).sum() + high.sum()) / n
        z /= total
        z /= n
    D = np.empty_like(Z)
    np.subtract(odds, parts, out=D[:3])
    np.multiply(parts, far, out=D[3:6])
    D[3:6] *= sharp
    np.negative(D[3:6], out=D[3:6])
    np.subtract(1, squares, out=D[6:])
    D[6:] *= parts
    d = through_tanh(H, D.T @ P["V"])
    return loss, {"W": d.T @ X, "b": d.sum(0), "V": D @ H, "c": D.sum(1)}


WORK: dict[str, Work] = {
    "an activation per neuron": Work(neurons, neurons_arrays, {"V": (12, 6), "W": (12, 12)}, (6,), (), 0.3,
                                     neurons_hand),
    "maxout, 8 × 3": Work(maxout, maxout_arrays, {"W": (8, 3, 10), "b": (8, 3)}, (10,), (8,), hand=maxout_hand),
    "sparse network, 4 of 16": Work(sparse, sparse_arrays, {"W": (2, 16, 4)}, (16,), (16,), hand=sparse_hand),
    "layer norm, 12-16-4": Work(normalised, normalised_arrays,
                                {"W": (16, 12), "b": (16,), "g": (16,), "s": (16,), "V": (4, 16), "c": (4,)}, (12,),
                                (4,), hand=normalised_hand),
    "batch norm inside an example": Work(batch_normalised, batch_normalised_arrays,
                                         {"W": (6, 4), "g": (6,), "s": (6,), "v": (6,)}, (12, 4), (12,),
                                         hand=batch_normalised_hand),
    "mixture of 4 experts": Work(experts, experts_arrays,
                                 {"G": (4, 8), "g": (4,), "A": (4, 10, 8), "a": (4, 10), "B": (4, 3, 10), "b": (4, 3)},
                                 (8,), (3,), hand=experts_hand),
    "variational autoencoder, 16-10-2": Work(variational, variational_arrays, CODER, (16,), (2,), 0.3,
                                             variational_hand),
    "mixture density network, 4-10": Work(densities, densities_arrays,
                                          {"W": (10, 4), "b": (10,), "V": (9, 10), "c": (9,)}, (4,), (),
                                          hand=densities_hand),
}
