"""Networks whose state is carried over time: recurrent ones, state spaces, differential equations."""

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
    linear,
    mean_square,
    sigmoid,
    softmax,
    squared_distance,
    tanh_layer,
    through_softmax,
)

WIDTH, LENGTH = 6, 8


def scan(P: Params, x: Any, y: Any) -> Any:
    """A linear state space of six states that decay, driven by twelve numbers."""
    decay = [a.sigmoid() for a in P["a"]]
    state = [0.0] * 6
    for t in range(12):
        state = [a * s + b * x[t] for a, s, b in zip(decay, state, P["b"], strict=True)]
    return (autograd.dot(P["c"], state) - y) ** 2


def scan_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    decay, state = xp.sigmoid(P["a"]), 0.0
    for t in range(12):
        state = decay * state + P["b"] * X[:, t, None]
    return (state @ P["c"] - Y) ** 2


def scan_hand(P: Params, X: Array, Y: Array) -> Found:
    # The last state is x times the powers of the decays: no loop.
    decay, back = sigmoid(P["a"]), np.arange(11, -1, -1)[:, None]
    powers = decay**back
    M = X @ powers
    e = M @ (P["b"] * P["c"])
    e -= Y
    loss = float(e @ e) / len(X)
    e *= 2 / len(X)
    both = e @ M
    slopes = np.outer(e @ X, P["b"] * P["c"])
    slopes *= powers
    slopes *= back
    return loss, {"a": slopes.sum(0) * (1 - decay), "b": both * P["c"], "c": both * P["b"]}


def gru(P: Params, x: Any, y: Any) -> Any:
    """A gated recurrent unit of six numbers over eight steps."""
    h: Any = [0.0] * WIDTH
    for t in range(LENGTH):
        z, r = ([(a + b).sigmoid() for a, b in zip(affine(P["W" + k], P["b" + k], x[t]), linear(P["U" + k], h),
                                                  strict=True)] for k in "zr")
        kept = linear(P["Uh"], [a * b for a, b in zip(r, h, strict=True)])
        new = [(a + b).tanh() for a, b in zip(affine(P["Wh"], P["bh"], x[t]), kept, strict=True)]
        h = [a + u * (b - a) for a, b, u in zip(h, new, z, strict=True)]
    return (autograd.dot(P["v"], h) - y) ** 2


def gru_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    A, B, C = (X @ P["W" + k].T + P["b" + k] for k in "zrh")
    h = 0 * A[:, 0]
    for t in range(LENGTH):
        z, r = xp.sigmoid(A[:, t] + h @ P["Uz"].T), xp.sigmoid(B[:, t] + h @ P["Ur"].T)
        h = h + z * (xp.tanh(C[:, t] + (r * h) @ P["Uh"].T) - h)
    return (h @ P["v"] - Y) ** 2


def gru_hand(P: Params, X: Array, Y: Array) -> Found:
    n, k = len(X), WIDTH
    W, b = np.concatenate([P["Wz"], P["Wr"], P["Wh"]]), np.concatenate([P["bz"], P["br"], P["bh"]])
    U, V = np.concatenate([P["Uz"], P["Ur"]]), P["Uh"]
    Xt = np.ascontiguousarray(X.swapaxes(0, 1))
    Z = Xt @ W.T
    Z += b
    H, gates, new, kept = (np.zeros((LENGTH + 1, n, k)), np.empty((LENGTH, n, 2 * k)), np.empty((LENGTH, n, k)),
                           np.empty((LENGTH, n, k)))
    for t in range(LENGTH):
        h = H[t]
        gates[t] = s = sigmoid(Z[t, :, : 2 * k] + h @ U.T)
        c = np.multiply(s[:, k:], h, out=kept[t]) @ V.T
        c += Z[t, :, 2 * k :]
        np.tanh(c, out=new[t])
        np.subtract(new[t], h, out=c)
        c *= s[:, :k]
        np.add(h, c, out=H[t + 1])
    e = H[-1] @ P["v"] - Y
    loss = float(e @ e) / n
    e *= 2 / n
    gradients: dict[str, Any] = {"v": e @ H[-1]}
    g, slopes = np.multiply.outer(e, P["v"]), Z  # Z is needed no more
    opening, bend = gates * (1 - gates), 1 - new * new
    bend *= gates[:, :, :k]
    opening[:, :, :k] *= new - H[:-1]
    opening[:, :, k:] *= H[:-1]
    for t in reversed(range(LENGTH)):
        s, d = gates[t], slopes[t]
        np.multiply(g, bend[t], out=d[:, 2 * k :])
        through = d[:, 2 * k :] @ V
        np.multiply(g, opening[t, :, :k], out=d[:, :k])
        np.multiply(through, opening[t, :, k:], out=d[:, k : 2 * k])
        through *= s[:, k:]
        g -= g * s[:, :k]
        g += through
        g += d[:, : 2 * k] @ U
    D = slopes.reshape(-1, 3 * k)
    dW, db = D.T @ Xt.reshape(-1, 3), D.sum(0)
    dU, dV = D[:, : 2 * k].T @ H[:-1].reshape(-1, k), D[:, 2 * k :].T @ kept.reshape(-1, k)
    for i, name in enumerate("zrh"):
        gradients |= {"W" + name: dW[k * i : k * i + k], "b" + name: db[k * i : k * i + k]}
    return loss, gradients | {"Uz": dU[:k], "Ur": dU[k:], "Uh": dV}


def lstm(P: Params, x: Any, y: Any) -> Any:
    """A long short-term memory of six numbers over eight steps."""
    h: Any = [0.0] * WIDTH
    c: Any = [0.0] * WIDTH
    for t in range(LENGTH):
        z = [a + b for a, b in zip(affine(P["W"], P["b"], x[t]), linear(P["U"], h), strict=True)]
        i, f, o = ([v.sigmoid() for v in z[WIDTH * k : WIDTH * (k + 1)]] for k in range(3))
        g = [v.tanh() for v in z[3 * WIDTH :]]
        c = [a * b + p * q for a, b, p, q in zip(f, c, i, g, strict=True)]
        h = [a * b.tanh() for a, b in zip(o, c, strict=True)]
    return (autograd.dot(P["v"], h) - y) ** 2


def lstm_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    Z, k = X @ P["W"].T + P["b"], WIDTH
    h = c = 0 * Z[:, 0, :k]
    for t in range(LENGTH):
        z = Z[:, t] + h @ P["U"].T
        s = xp.sigmoid(z[:, : 3 * k])
        c = s[:, k : 2 * k] * c + s[:, :k] * xp.tanh(z[:, 3 * k :])
        h = s[:, 2 * k :] * xp.tanh(c)
    return (h @ P["v"] - Y) ** 2


def lstm_hand(P: Params, X: Array, Y: Array) -> Found:
    # The examples are the last axis, so that every gate lies together.
    n, k, U = len(X), WIDTH, P["U"]
    x = np.ascontiguousarray(X.transpose(1, 2, 0))
    Z = P["W"] @ x
    Z += P["b"][:, None]
    H, C, T = np.zeros((LENGTH + 1, k, n)), np.zeros((LENGTH + 1, k, n)), np.empty((LENGTH, k, n))
    for t in range(LENGTH):
        z = Z[t]
        z += U @ H[t]
        s, g = z[: 3 * k], z[3 * k :]
        np.negative(s, out=s)
        np.exp(s, out=s)
        s += 1
        np.reciprocal(s, out=s)
        np.tanh(g, out=g)
        c = np.multiply(s[k : 2 * k], C[t], out=C[t + 1])
        c += s[:k] * g
        np.multiply(s[2 * k :], np.tanh(c, out=T[t]), out=H[t + 1])
    e = P["v"] @ H[-1] - Y
    loss = float(e @ e) / n
    e *= 2 / n
    S, g = Z[:, : 3 * k], Z[:, 3 * k :]
    slopes = np.empty_like(Z)  # slopes of what enters the gates, by those of c or h
    np.subtract(1, S, out=slopes[:, : 3 * k])
    slopes[:, : 3 * k] *= S
    slopes[:, :k] *= g
    slopes[:, k : 2 * k] *= C[:-1]
    slopes[:, 2 * k : 3 * k] *= T
    bend = np.multiply(g, g, out=slopes[:, 3 * k :])
    np.subtract(1, bend, out=bend)
    bend *= S[:, :k]
    bend = T * T
    np.subtract(1, bend, out=bend)
    bend *= S[:, 2 * k :]
    dh, dc, back = np.multiply.outer(P["v"], e), np.zeros((k, n)), U.T
    for t in reversed(range(LENGTH)):
        d = slopes[t]
        dc += dh * bend[t]
        d[:k] *= dc
        d[k : 2 * k] *= dc
        d[2 * k : 3 * k] *= dh
        d[3 * k :] *= dc
        dc *= S[t, k : 2 * k]
        dh = back @ d
    return loss, {"W": (slopes @ x.swapaxes(1, 2)).sum(0), "U": (slopes @ H[:-1].swapaxes(1, 2)).sum(0),
                  "b": slopes.sum(2).sum(0), "v": H[-1] @ e}


def both_ways(P: Params, x: Any, y: Any) -> Any:
    """Recurrent networks of five numbers, one from each end, and an output at each of eight words."""
    read: dict[str, list[Any]] = {}
    for k, words in (("f", x), ("g", x[::-1])):
        h: Any = [0.0] * 5
        read[k] = []
        for word in words:
            h = [(a + b).tanh() for a, b in zip(affine(P["W" + k], P["b" + k], word), linear(P["U" + k], h),
                                               strict=True)]
            read[k].append(h)
    outputs = [autograd.dot(P["v"], f + g) for f, g in zip(read["f"], read["g"][::-1], strict=True)]
    return sum((a - b) ** 2 for a, b in zip(outputs, y, strict=True))


def both_ways_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    read = []
    for k, order in (("f", range(LENGTH)), ("g", range(LENGTH - 1, -1, -1))):
        Z = X @ P["W" + k].T + P["b" + k]
        h, found = 0 * Z[:, 0], {}
        for t in order:
            h = found[t] = xp.tanh(Z[:, t] + h @ P["U" + k].T)
        read.append(xp.stack([found[t] for t in range(LENGTH)], 1))
    return ((xp.concatenate(read, -1) @ P["v"] - Y) ** 2).sum(-1)


def both_ways_hand(P: Params, X: Array, Y: Array) -> Found:
    # Both directions at once: axis 0 is time, axis 1 the direction.
    n = len(X)
    Xt = X.swapaxes(0, 1)
    inputs = np.stack([Xt, Xt[::-1]], 1)
    W, U = np.stack([P["Wf"], P["Wg"]]), np.stack([P["Uf"], P["Ug"]])
    H = np.zeros((LENGTH + 1, 2, n, 5))
    Z = np.matmul(inputs, W.swapaxes(1, 2), out=H[1:])
    Z += np.stack([P["bf"], P["bg"]])[:, None]
    for t in range(LENGTH):
        Z[t] += H[t] @ U.swapaxes(1, 2)
        np.tanh(Z[t], out=Z[t])
    v = P["v"].reshape(2, 5)
    e = H[1:, 0] @ v[0]
    e += (H[1:, 1] @ v[1])[::-1]
    e -= Y.T
    flat = e.ravel()
    loss = float(flat @ flat) / n
    flat *= 2 / n
    errors = np.stack([e, e[::-1]], 1)
    slopes, bend = errors[..., None] * v[:, None], 1 - H[1:] * H[1:]
    for t in reversed(range(LENGTH)):
        if t < LENGTH - 1:
            slopes[t] += slopes[t + 1] @ U
        slopes[t] *= bend[t]
    D = slopes.swapaxes(0, 1).reshape(2, -1, 5)
    transposed = D.swapaxes(1, 2)
    dW = transposed @ inputs.swapaxes(0, 1).reshape(2, -1, 3)
    dU = transposed @ H[:-1].swapaxes(0, 1).reshape(2, -1, 5)
    db = D.sum(1)
    dv = np.concatenate([flat @ H[1:, 0].reshape(-1, 5), errors[:, 1].ravel() @ H[1:, 1].reshape(-1, 5)])
    return loss, {"Wf": dW[0], "Wg": dW[1], "Uf": dU[0], "Ug": dU[1], "bf": db[0], "bg": db[1], "v": dv}


# ── differential equations ───────────────────────────────────────────────────────────────────


def field(P: Params, x: Any) -> list[Any]:
    """How fast each of three numbers moves: a network, 3-8-3."""
    return affine(P["B"], P["b"], tanh_layer(P["A"], P["a"], x))


def field_arrays(xp: Any, P: Params, X: Any) -> Any:
    return xp.tanh(X @ P["A"].T + P["a"]) @ P["B"].T + P["b"]


def flowing(P: Params, x: Any, y: Any) -> Any:
    """A neural differential equation by eight steps of Euler's method."""
    for _ in range(8):
        x = [a + 0.1 * v for a, v in zip(x, field(P, x), strict=True)]
    return squared_distance(x, y)


def flowing_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    for _ in range(8):
        X = X + 0.1 * field_arrays(xp, P, X)
    return ((X - Y) ** 2).sum(-1)


def flowing_hand(P: Params, X: Array, Y: Array) -> Found:
    n, A, B, move = len(X), P["A"], 0.1 * P["B"], 0.1 * P["b"]
    S, H = np.empty((9, n, 3)), np.empty((8, n, 8))
    S[0] = X
    for t in range(8):
        h = np.matmul(S[t], A.T, out=H[t])
        h += P["a"]
        np.tanh(h, out=h)
        s = np.matmul(h, B.T, out=S[t + 1])
        s += move
        s += S[t]
    d = S[8] - Y
    loss = mean_square(d)
    d *= 2 / n
    G, D = np.empty((8, n, 3)), H * H
    np.subtract(1, D, out=D)
    for t in reversed(range(8)):
        G[t] = d
        D[t] *= d @ B
        d += D[t] @ A
    rows, flat = D.reshape(-1, 8), G.reshape(-1, 3)
    flat *= 0.1
    return loss, {"A": rows.T @ S[:8].reshape(-1, 3), "a": rows.sum(0), "B": flat.T @ H.reshape(-1, 8),
                  "b": flat.sum(0)}


def flowing_exactly(P: Params, x: Any, y: Any) -> Any:
    """A neural differential equation by three steps of Runge and Kutta's method of order four."""

    def moved(x: Any, v: Any, by: float) -> list[Any]:
        return [a + by * b for a, b in zip(x, v, strict=True)]

    for _ in range(3):
        k1 = field(P, x)
        k2 = field(P, moved(x, k1, 0.1))
        k3 = field(P, moved(x, k2, 0.1))
        k4 = field(P, moved(x, k3, 0.2))
        x = [a + 0.2 / 6 * (p + 2 * q + 2 * r + s) for a, p, q, r, s in zip(x, k1, k2, k3, k4, strict=True)]
    return squared_distance(x, y)


def flowing_exactly_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    for _ in range(3):
        k1 = field_arrays(xp, P, X)
        k2 = field_arrays(xp, P, X + 0.1 * k1)
        k3 = field_arrays(xp, P, X + 0.1 * k2)
        k4 = field_arrays(xp, P, X + 0.2 * k3)
        X = X + 0.2 / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return ((X - Y) ** 2).sum(-1)


PARTS, REACH = (0.2 / 6, 0.4 / 6, 0.4 / 6, 0.2 / 6), (0.0, 0.1, 0.1, 0.2)


def flowing_exactly_hand(P: Params, X: Array, Y: Array) -> Found:
    n, A, B = len(X), P["A"], P["B"]
    S, H = np.empty((12, n, 3)), np.empty((12, n, 8))
    x = X
    for step in range(0, 12, 4):
        k, total = x, 0.0
        for i in range(4):
            t = step + i
            np.add(x, REACH[i] * k, out=S[t])
            h = np.matmul(S[t], A.T, out=H[t])
            h += P["a"]
            np.tanh(h, out=h)
            k = h @ B.T
            k += P["b"]
            total = total + PARTS[i] * k
        x = x + total
    d = x - Y
    loss = mean_square(d)
    d *= 2 / n
    G, D = np.empty((12, n, 3)), H * H
    np.subtract(1, D, out=D)
    for step in (8, 4, 0):
        later = back = d
        for i in (3, 2, 1, 0):
            t = step + i
            g = np.multiply(later, PARTS[i], out=G[t])
            if i < 3:
                g += REACH[i + 1] * back
            D[t] *= g @ B
            back = D[t] @ A
            d = d + back
    rows, flat = D.reshape(-1, 8), G.reshape(-1, 3)
    return loss, {"A": rows.T @ S.reshape(-1, 3), "a": rows.sum(0), "B": flat.T @ H.reshape(-1, 8), "b": flat.sum(0)}


GATES: dict[str, tuple[int, ...]] = {}
for _gate in "zrh":
    GATES |= {"W" + _gate: (WIDTH, 3), "U" + _gate: (WIDTH, WIDTH), "b" + _gate: (WIDTH,)}
WAYS: dict[str, tuple[int, ...]] = {}
for _way in "fg":
    WAYS |= {"W" + _way: (5, 3), "U" + _way: (5, 5), "b" + _way: (5,)}
FIELD: Shapes = {"A": (8, 3), "a": (8,), "B": (3, 8), "b": (3,)}


DRIFT = np.array([[1, 0.1, 0], [0, 1, 0.1], [0, -0.1, 0.9]])
PUSH = np.array([0, 0.05, 0.1])


def controlled(P: Params, x: Any) -> Any:
    """What it costs in ten steps to bring a system of three numbers to rest by linear feedback."""
    state, cost = list(x), 0.0
    for _ in range(10):
        push = -autograd.dot(P["K"], state)
        cost = cost + autograd.dot(state, state) + 0.1 * push * push
        state = [autograd.dot(row, state) + b * push for row, b in zip(DRIFT.tolist(), PUSH.tolist(), strict=True)]
    return cost + autograd.dot(state, state)


def controlled_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    A, b, cost = xp.asarray(DRIFT), xp.asarray(PUSH), 0.0
    for _ in range(10):
        push = -(X @ P["K"])
        cost = cost + (X * X).sum(-1) + 0.1 * push * push
        X = X @ A.T + push[:, None] * b
    return cost + (X * X).sum(-1)


def controlled_hand(P: Params, X: Array, Y: Any) -> Found:
    # A step is a product with one matrix.
    n, K = len(X), P["K"]
    step, price = DRIFT - np.outer(PUSH, K), np.outer(K, K) * (0.2 / n)
    S, back = np.empty((11, n, 3)), np.empty((n, 3))
    S[0] = X
    for t in range(10):
        np.matmul(S[t], step.T, out=S[t + 1])
    before = S[:10].reshape(-1, 3)
    push, states = before @ K, S.ravel()
    G = S * (2 / n)
    G[:10] += S[:10] @ price
    for t in reversed(range(10)):
        np.matmul(G[t + 1], step, out=back)
        G[t] += back
    slopes = G[1:].reshape(-1, 3).T @ before
    return float(states @ states + 0.1 * (push @ push)) / n, {"K": (push @ before) * (0.2 / n) - PUSH @ slopes}


def regulated(P: Params, x: Any) -> Any:
    """Squared distances of a number from another to which it is brought: by the distance, its sum and its change."""
    direct, summed, changed = P["k"]
    value, last, total, loss = 0.0, 0.0, 0.0, 0.0
    for _ in range(15):
        distance = x - value
        total = total + 0.1 * distance
        push = direct * distance + summed * total + changed * (distance - last) * 10
        last, value = distance, value + 0.1 * (push - value)
        loss = loss + distance * distance
    return loss


def regulated_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    direct, summed, changed = P["k"]
    value = last = total = loss = 0 * X
    for _ in range(15):
        distance = X - value
        total = total + 0.1 * distance
        push = direct * distance + summed * total + changed * (distance - last) * 10
        last, value = distance, value + 0.1 * (push - value)
        loss = loss + distance * distance
    return loss


def regulated_hand(P: Params, X: Array, Y: Any) -> Found:
    # Everything is a multiple of x: numbers of Python, the same for all examples.
    direct, summed, changed = P["k"].tolist()
    changed *= 10
    value, last, total, steps = 0.0, 0.0, 0.0, []
    for _ in range(15):
        distance = 1 - value
        total += 0.1 * distance
        change = distance - last
        steps.append((distance, total, change))
        last, value = distance, 0.9 * value + 0.1 * (direct * distance + summed * total + changed * change)
    loss = slope = later = of_total = d_direct = d_summed = d_changed = 0.0
    for distance, total, change in reversed(steps):
        loss += distance * distance
        push = 0.1 * slope
        d_direct += push * distance
        d_summed += push * total
        d_changed += push * change
        of_total += summed * push
        of_distance = 2 * distance + (direct + changed) * push + 0.1 * of_total - later
        slope, later = 0.9 * slope - of_distance, changed * push
    square = float(X @ X) / len(X)
    return loss * square, {"k": np.array([d_direct, d_summed, 10 * d_changed]) * square}


def chained(P: Params, x: Any, y: Any) -> Any:
    """How far the shares of four states are from what they should be after eight steps of a Markov chain."""
    T = [[a / sum(row) for a in row] for row in ([a.exp() for a in row] for row in P["T"])]
    for _ in range(8):
        x = [autograd.dot(x, column) for column in zip(*T, strict=True)]
    return squared_distance(x, y)


def chained_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    T = xp.softmax(P["T"], -1)
    for _ in range(8):
        X = X @ T
    return ((X - Y) ** 2).sum(-1)


def chained_hand(P: Params, X: Array, Y: Array) -> Found:
    # The eighth power of the matrix, by squares.
    powers = [softmax(P["T"])]
    for _ in range(3):
        powers.append(powers[-1] @ powers[-1])
    e = X @ powers[3]
    e -= Y
    loss = mean_square(e)
    slopes = X.T @ e
    slopes *= 2 / len(X)
    for power in powers[2::-1]:
        slopes = slopes @ power.T + power.T @ slopes
    return loss, {"T": through_softmax(powers[0], slopes)}


def shares(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    found = rng.random((2, examples, 4))
    found /= found.sum(2, keepdims=True)
    return found[0], found[1]


WORK: dict[str, Work] = {
    "linear state space, 12 steps": Work(scan, scan_arrays, {"a": (6,), "b": (6,), "c": (6,)}, (12,), (),
                                         hand=scan_hand, carried=True),
    "GRU, 8 steps": Work(gru, gru_arrays, GATES | {"v": (WIDTH,)}, (LENGTH, 3), (), hand=gru_hand, carried=True),
    "LSTM, 8 steps": Work(lstm, lstm_arrays, {"W": (24, 3), "U": (24, 6), "b": (24,), "v": (6,)}, (LENGTH, 3), (),
                          hand=lstm_hand, carried=True),
    "recurrent both ways, 8 words": Work(both_ways, both_ways_arrays, WAYS | {"v": (10,)}, (LENGTH, 3), (LENGTH,),
                                         hand=both_ways_hand, carried=True),
    "neural equation by Euler, 8 steps": Work(flowing, flowing_arrays, FIELD, (3,), (3,), hand=flowing_hand,
                                              carried=True),
    "neural equation by Runge and Kutta": Work(flowing_exactly, flowing_exactly_arrays, FIELD, (3,), (3,),
                                               hand=flowing_exactly_hand, carried=True),
    "linear controller, 10 steps": Work(controlled, controlled_arrays, {"K": (3,)}, (3,), hand=controlled_hand,
                                        carried=True),
    "regulator, 15 steps": Work(regulated, regulated_arrays, {"k": (3,)}, (), hand=regulated_hand, carried=True),
    "Markov chain, 8 steps": Work(chained, chained_arrays, {"T": (4, 4)}, (4,), (4,), hand=chained_hand, data=shares,
                                  carried=True),
}
