"""Convolutions: over pictures and sequences, with strides, padding, pooling, depthwise, transposed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import autograd
from benchmarks.programs.common import (
    Array,
    Found,
    Params,
    Work,
    affine,
    mean_square,
    squared_distance,
    through_tanh,
)

Planes = list[list[list[Any]]]


def padded(plane: Any) -> list[list[Any]]:
    """A plane with zeros around it."""
    empty = [0.0] * (len(plane[0]) + 2)
    return [empty, *([0.0, *row, 0.0] for row in plane), empty]


def convolved(x: Any, K: Any, b: Any, stride: int = 1) -> Planes:
    """Planes of the products of 3 × 3 filters with all places of planes."""
    places = range(0, len(x[0]) - 2, stride), range(0, len(x[0][0]) - 2, stride)
    return [[[autograd.dot([w for plane in kernel for row in plane for w in row],
                           [v for plane in x for row in plane[i : i + 3] for v in row[j : j + 3]]) + c
              for j in places[1]] for i in places[0]] for kernel, c in zip(K, b, strict=True)]


def averaged(planes: Any) -> list[Any]:
    """The average of each plane."""
    return [sum(v for row in plane for v in row) / (len(plane) * len(plane[0])) for plane in planes]


def patches(X: Array, stride: int = 1) -> Array:
    """All 3 × 3 patches of the planes of pictures, as columns; the pictures vary slowest."""
    found = sliding_window_view(X, (3, 3), (2, 3))[:, :, ::stride, ::stride].transpose(1, 4, 5, 0, 2, 3)
    return found.reshape(9 * X.shape[1], -1)


def framed(X: Array) -> Array:
    """Pictures with zeros around them."""
    n, planes, height, width = X.shape
    found = np.zeros((n, planes, height + 2, width + 2))
    found[:, :, 1:-1, 1:-1] = X
    return found


def valid(P: Params, x: Any, y: Any) -> Any:
    """Four filters over a picture of 8 × 8, ReLU, averages, and a weighted sum."""
    planes = [[[v.relu() for v in row] for row in plane] for plane in convolved([x], P["K"], P["b"])]
    return (autograd.dot(P["v"], averaged(planes)) - y) ** 2


def valid_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    H = xp.relu(xp.conv2d(X[:, None], P["K"], P["b"]))
    return (H.mean((2, 3)) @ P["v"] - Y) ** 2


def valid_hand(P: Params, X: Array, Y: Array) -> Found:
    n, columns = len(X), patches(X[:, None])
    H = P["K"].reshape(4, 9) @ columns
    H += P["b"][:, None]
    positive = H > 0
    H *= positive
    means = H.reshape(4, n, 36).sum(2)
    means /= 36
    e = P["v"] @ means
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    slopes = np.multiply.outer(P["v"] / 36, e)
    D = (positive.reshape(4, n, 36) * slopes[:, :, None]).reshape(4, -1)
    return loss, {"K": (D @ columns.T).reshape(4, 1, 3, 3), "b": D.sum(1), "v": means @ e}


def strided(P: Params, x: Any, y: Any) -> Any:
    """Four filters at every second place of two padded planes of 8 × 8, tanh, averages, and a weighted sum."""
    planes = convolved([padded(plane) for plane in x], P["K"], P["b"], 2)
    return (autograd.dot(P["v"], averaged([[[v.tanh() for v in row] for row in plane] for plane in planes])) - y) ** 2


def strided_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    return (xp.tanh(xp.conv2d(X, P["K"], P["b"], 2, 1)).mean((2, 3)) @ P["v"] - Y) ** 2


def strided_hand(P: Params, X: Array, Y: Array) -> Found:
    n, columns = len(X), patches(framed(X), 2)
    H = P["K"].reshape(4, 18) @ columns
    H += P["b"][:, None]
    np.tanh(H, out=H)
    means = H.reshape(4, n, 16).sum(2)
    means /= 16
    e = P["v"] @ means
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    np.multiply(H, H, out=H)
    np.subtract(1, H, out=H)
    H.reshape(4, n, 16)[...] *= np.multiply.outer(P["v"] / 16, e)[:, :, None]
    return loss, {"K": (H @ columns.T).reshape(4, 2, 3, 3), "b": H.sum(1), "v": means @ e}


def pooled(P: Params, x: Any, y: Any) -> Any:
    """Three filters over a picture of 8 × 8, the greatest of every four, ReLU, and a layer of three."""
    features = []
    for plane in convolved([x], P["K"], P["b"]):
        for i in range(0, 6, 2):
            for j in range(0, 6, 2):
                features.append(autograd.max([a for row in plane[i : i + 2] for a in row[j : j + 2]]).relu())
    return squared_distance(affine(P["W"], P["c"], features), y)


def pooled_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    H = xp.conv2d(X[:, None], P["K"], P["b"]).reshape(-1, 3, 3, 2, 3, 2)
    H = xp.relu(xp.amax(xp.amax(H, 5), 3)).reshape(-1, 27)
    return ((H @ P["W"].T + P["c"] - Y) ** 2).sum(-1)


def pooled_hand(P: Params, X: Array, Y: Array) -> Found:
    n, columns = len(X), patches(X[:, None])
    Z = P["K"].reshape(3, 9) @ columns
    Z += P["b"][:, None]
    Z = Z.reshape(3, n, 3, 2, 3, 2)
    top = np.maximum(Z[:, :, :, 0], Z[:, :, :, 1])
    top = np.maximum(top[..., 0], top[..., 1])
    H = np.maximum(top, 0).transpose(1, 0, 2, 3).reshape(n, 27)
    d = H @ P["W"].T
    d += P["c"]
    d -= Y
    loss = mean_square(d)
    d *= 2 / n
    g = d @ P["W"]
    g *= H > 0
    spread = g.reshape(n, 3, 3, 3).swapaxes(0, 1)
    D = np.equal(Z, top[:, :, :, None, :, None]) * spread[:, :, :, None, :, None]
    D = D.reshape(3, -1)
    return loss, {"K": (D @ columns.T).reshape(3, 1, 3, 3), "b": D.sum(1), "W": d.T @ H, "c": d.sum(0)}


def depthwise(P: Params, x: Any, y: Any) -> Any:
    """A filter for each of three padded planes of 6 × 6, four mixtures of these, ReLU, averages, a weighted sum."""
    planes = [convolved([padded(plane)], [kernel], [b])[0] for plane, kernel, b in zip(x, P["K"], P["b"], strict=True)]
    means = []
    for row, c in zip(P["W"], P["c"], strict=True):
        means.append(sum((autograd.dot(row, [plane[i][j] for plane in planes]) + c).relu()
                         for i in range(6) for j in range(6)) / 36)
    return (autograd.dot(P["v"], means) - y) ** 2


def depthwise_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    H = xp.conv2d(X, P["K"], P["b"], 1, 1, 1, 3).reshape(-1, 3, 36)
    return (xp.relu(P["W"] @ H + P["c"][:, None]).mean(-1) @ P["v"] - Y) ** 2


def depthwise_hand(P: Params, X: Array, Y: Array) -> Found:
    # Filters and mixtures together are one product with the patches, whose slopes give those of both.
    n, columns = len(X), patches(framed(X))
    K, W, v = P["K"].reshape(3, 9), P["W"], P["v"]
    H = (W[:, :, None] * K).reshape(4, 27) @ columns
    H += (W @ P["b"] + P["c"])[:, None]
    positive = H > 0
    H *= positive
    means = H.reshape(4, n, 36).sum(2)
    means /= 36
    e = v @ means
    e -= Y
    loss = float(e @ e) / n
    e *= 2 / n
    D = (positive.reshape(4, n, 36) * np.multiply.outer(v / 36, e)[:, :, None]).reshape(4, -1)
    by_both, by_sum = (D @ columns.T).reshape(4, 3, 9), D.sum(1)
    return loss, {"K": (by_both * W[:, :, None]).sum(0).reshape(3, 1, 3, 3), "b": by_sum @ W,
                  "W": (by_both * K).sum(2) + np.multiply.outer(by_sum, P["b"]), "c": by_sum, "v": means @ e}


def twice(P: Params, x: Any, y: Any) -> Any:
    """A picture of 6 × 6 from another, by four filters, ReLU, and one filter; both are padded."""
    planes = convolved([padded(x)], P["K"], P["b"])
    hidden = [padded([[v.relu() for v in row] for row in plane]) for plane in planes]
    found = convolved(hidden, [P["L"]], [P["c"]])[0]
    return sum(squared_distance(row, right) for row, right in zip(found, y, strict=True))


def twice_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    H = xp.relu(xp.conv2d(X[:, None], P["K"], P["b"], 1, 1))
    found = xp.conv2d(H, P["L"][None], P["c"].reshape(1), 1, 1)[:, 0]
    return ((found - Y) ** 2).sum(-1).sum(-1)


def twice_hand(P: Params, X: Array, Y: Array) -> Found:
    # The second filter's nine products with the hidden planes are one product, shifted and summed.
    n, columns, L = len(X), patches(framed(X[:, None])), P["L"].reshape(4, 9)
    H = P["K"].reshape(4, 9) @ columns
    H += P["b"][:, None]
    np.maximum(H, 0, out=H)
    parts = (L.T @ H).reshape(3, 3, n, 6, 6)
    wide = np.zeros((n, 8, 8))
    for u in range(3):
        for v in range(3):
            wide[:, 2 - u : 8 - u, 2 - v : 8 - v] += parts[u, v]
    d = wide[:, 1:7, 1:7]
    d += P["c"]
    d -= Y
    loss = mean_square(np.ascontiguousarray(d), n)
    frame = np.zeros((n, 1, 8, 8))
    np.multiply(d, 2 / n, out=frame[:, 0, 1:7, 1:7])
    shifted = patches(frame)[::-1]  # where each product went
    dL = H @ shifted.T
    D = L @ shifted
    D *= H > 0
    return loss, {"K": (D @ columns.T).reshape(4, 1, 3, 3), "b": D.sum(1), "L": dL.reshape(4, 3, 3),
                  "c": frame.sum()}


def dilated(P: Params, x: Any, y: Any) -> Any:
    """Two causal convolutions of sixteen steps, the second one dilated: 2-4-1 channels, tanh."""

    def before(rows: Any, t: int) -> Any:
        return rows[t] if t >= 0 else [0.0] * len(rows[0])

    hidden = [[(autograd.dot(a, before(x, t)) + autograd.dot(b, before(x, t - 1)) + c).tanh()
               for a, b, c in zip(P["A"], P["B"], P["c"], strict=True)] for t in range(16)]
    return sum((autograd.dot(P["v"], before(hidden, t)) + autograd.dot(P["w"], before(hidden, t - 4)) - y[t]) ** 2
               for t in range(16))


def dilated_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    earlier = xp.concatenate([0 * X[:, :1], X[:, :-1]], 1)
    H = xp.tanh(X @ P["A"].T + earlier @ P["B"].T + P["c"])
    back = H @ P["w"]
    return ((H @ P["v"] + xp.concatenate([0 * back[:, :4], back[:, :-4]], 1) - Y) ** 2).sum(-1)


def dilated_hand(P: Params, X: Array, Y: Array) -> Found:
    n, both = len(X), np.zeros((len(X), 16, 4))
    both[:, :, :2] = X
    both[:, 1:, 2:] = X[:, :-1]
    both = both.reshape(-1, 4)
    H = both @ np.concatenate([P["A"], P["B"]], 1).T
    H += P["c"]
    np.tanh(H, out=H)
    out = (H @ np.stack([P["v"], P["w"]], 1)).reshape(n, 16, 2)
    E = np.zeros((n, 20, 1))
    e = np.subtract(out[:, :, 0], Y, out=E[:, :16, 0])
    e[:, 4:] += out[:, :-4, 1]
    flat = E.ravel()
    loss = float(flat @ flat) / n
    flat *= 2 / n
    pairs = np.concatenate([E[:, :16], E[:, 4:]], 2).reshape(-1, 2)
    heads = pairs.T @ H
    D = through_tanh(H, pairs @ np.stack([P["v"], P["w"]]))
    slopes = D.T @ both
    return loss, {"A": slopes[:, :2], "B": slopes[:, 2:], "c": D.sum(0), "v": heads[0], "w": heads[1]}


def upward(P: Params, x: Any, y: Any) -> Any:
    """A picture of 9 × 9 from one of 4 × 4 by a transposed convolution of stride two, its values being sigmoids."""
    found: list[list[Any]] = [[P["b"]] * 9 for _ in range(9)]
    for i in range(4):
        for j in range(4):
            for u in range(3):
                for v in range(3):
                    found[2 * i + u][2 * j + v] = found[2 * i + u][2 * j + v] + P["K"][u][v] * x[i][j]
    return sum((a.sigmoid() - b) ** 2 for row, right in zip(found, y, strict=True)
               for a, b in zip(row, right, strict=True))


WHERE = np.zeros((9, 16, 81))
for _u in range(3):
    for _v in range(3):
        for _place in range(16):
            WHERE[3 * _u + _v, _place, 9 * (_place // 4 * 2 + _u) + _place % 4 * 2 + _v] = 1.0


def upward_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    spread = (P["K"].reshape(9) @ xp.asarray(WHERE.reshape(9, -1))).reshape(16, 81)
    Z = X.reshape(-1, 16) @ spread + P["b"]
    return ((xp.sigmoid(Z) - Y.reshape(-1, 81)) ** 2).sum(-1)


def upward_hand(P: Params, X: Array, Y: Array) -> Found:
    # The convolution is a matrix whose entries are those of the filter.
    n, flat = len(X), X.reshape(-1, 16)
    spread = (P["K"].ravel() @ WHERE.reshape(9, -1)).reshape(16, 81)
    S = flat @ spread
    S += P["b"]
    np.negative(S, out=S)
    np.exp(S, out=S)
    S += 1
    np.reciprocal(S, out=S)
    d = S - Y.reshape(n, 81)
    loss = mean_square(d)
    d *= 2 / n
    d *= S
    np.subtract(1, S, out=S)
    d *= S
    slopes = flat.T @ d
    return loss, {"K": (WHERE.reshape(9, -1) @ slopes.ravel()).reshape(3, 3), "b": d.sum()}


WORK: dict[str, Work] = {
    "convolution of 8 × 8": Work(valid, valid_arrays, {"K": (4, 1, 3, 3), "b": (4,), "v": (4,)}, (8, 8), (),
                                 hand=valid_hand),
    "convolution with stride 2": Work(strided, strided_arrays, {"K": (4, 2, 3, 3), "b": (4,), "v": (4,)}, (2, 8, 8),
                                      (), 0.3, strided_hand),
    "convolution with max-pooling": Work(pooled, pooled_arrays,
                                         {"K": (3, 1, 3, 3), "b": (3,), "W": (3, 27), "c": (3,)}, (8, 8), (3,), 0.3,
                                         pooled_hand),
    "depthwise convolution": Work(depthwise, depthwise_arrays,
                                  {"K": (3, 1, 3, 3), "b": (3,), "W": (4, 3), "c": (4,), "v": (4,)}, (3, 6, 6), (),
                                  hand=depthwise_hand),
    "two convolutions of 6 × 6": Work(twice, twice_arrays,
                                      {"K": (4, 1, 3, 3), "b": (4,), "L": (4, 3, 3), "c": ()}, (6, 6), (6, 6), 0.3,
                                      twice_hand),
    "dilated convolutions, 16 steps": Work(dilated, dilated_arrays,
                                           {"A": (4, 2), "B": (4, 2), "c": (4,), "v": (4,), "w": (4,)}, (16, 2),
                                           (16,), hand=dilated_hand),
    "transposed convolution": Work(upward, upward_arrays, {"K": (3, 3), "b": ()}, (4, 4), (9, 9), hand=upward_hand),
}
