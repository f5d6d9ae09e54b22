"""Sequences: filters, forecasts, hidden states, tags, alignments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from benchmarks.programs.common import Array, Found, Params, Work, linear, log_softmax, one_hot, softmax

STEPS = 10


def kalman(P: Params, x: Any) -> Any:
    """The negative log likelihood of measured places, by a filter for place and speed."""
    dt, q, r = P["dt"], P["q"].exp(), P["r"].exp()
    a, b, c00, c01, c11, nll = 0.0, 0.0, 1.0, 0.0, 1.0, 0.0
    for t in range(STEPS):
        a = a + dt * b
        c00, c01, c11 = c00 + 2 * dt * c01 + dt * dt * c11 + q, c01 + dt * c11, c11 + q
        e, s = x[t] - a, c00 + r
        nll = nll + 0.5 * (s.log() + e * e / s)
        k0, k1 = c00 / s, c01 / s
        a, b, c00, c01, c11 = a + k0 * e, b + k1 * e, c00 - k0 * c00, c01 - k0 * c01, c11 - k1 * c01
    return nll


def kalman_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    dt, q, r = P["dt"], xp.exp(P["q"]), xp.exp(P["r"])
    a = b = 0 * X[:, 0]
    c00, c01, c11, nll = 1.0, 0.0, 1.0, 0.0
    for t in range(STEPS):
        a = a + dt * b
        c00, c01, c11 = c00 + 2 * dt * c01 + dt * dt * c11 + q, c01 + dt * c11, c11 + q
        e, s = X[:, t] - a, c00 + r
        nll = nll + 0.5 * (xp.log(s) + e * e / s)
        k0, k1 = c00 / s, c01 / s
        a, b, c00, c01, c11 = a + k0 * e, b + k1 * e, c00 - k0 * c00, c01 - k0 * c01, c11 - k1 * c01
    return nll


def kalman_hand(P: Params, X: Array, Y: Any) -> Found:
    # Variances and gains are the same for all examples: they are numbers of Python.
    n, dt, q, r = len(X), float(P["dt"]), float(np.exp(P["q"])), float(np.exp(P["r"]))
    state, c00, c01, c11 = np.zeros((2, n)), 1.0, 0.0, 1.0
    before, errors, known, variances = [], [], [], []
    for x in np.ascontiguousarray(X.T):
        before.append((state[1], c01, c11))
        p00, p01, p11 = c00 + 2 * dt * c01 + dt * dt * c11 + q, c01 + dt * c11, c11 + q
        place = state[0] + dt * state[1]
        s, e = p00 + r, x - place
        k0, k1 = p00 / s, p01 / s
        state = np.array([[k0], [k1]]) * e
        state[0] += place
        state[1] += before[-1][0]
        c00, c01, c11 = p00 - k0 * p00, p01 - k0 * p01, p11 - k1 * p01
        errors.append(e)
        variances.append(s)
        known.append((p00, p01, k0, k1))
    E, S = np.array(errors), np.array(variances)
    squares = np.einsum("ij,ij->i", E, E) / n
    loss = 0.5 * float((np.log(S) + squares / S).sum())
    ga, gb = np.zeros(n), np.zeros(n)
    g00 = g01 = g11 = gdt = gq = gr = 0.0
    for t in reversed(range(STEPS)):
        (b, c01, c11), (p00, p01, k0, k1), e, s = before[t], known[t], errors[t], variances[t]
        gk0, gk1 = float(ga @ e) - g00 * p00 - g01 * p01, float(gb @ e) - g11 * p01
        ga = ga - (k0 * ga + k1 * gb + e * (1 / (s * n)))
        gdt += float(ga @ b)
        gb = gb + dt * ga
        gs = 0.5 / s - 0.5 * float(squares[t]) / (s * s) - (gk0 * k0 + gk1 * k1) / s
        h00, h01, h11 = g00 * (1 - k0) + gk0 / s + gs, g01 * (1 - k0) - g11 * k1 + gk1 / s, g11
        gr += gs
        gq += h00 + h11
        gdt += h00 * (2 * c01 + 2 * dt * c11) + h01 * c11
        g00, g01, g11 = h00, 2 * dt * h00 + h01, dt * dt * h00 + dt * h01 + h11
    return loss, {"dt": gdt, "q": gq * q, "r": gr * r}


def smoothing(P: Params, x: Any) -> Any:
    """The squared errors of Holt's forecasts, of a level and a trend, over twenty numbers."""
    a, b = P["a"].sigmoid(), P["b"].sigmoid()
    level, trend, loss = x[0], P["trend"], 0.0
    for t in range(1, 20):
        e = x[t] - level - trend
        loss = loss + e * e
        level, trend = level + trend + a * e, trend + a * b * e
    return loss


def smoothing_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    a, b = xp.sigmoid(P["a"]), xp.sigmoid(P["b"])
    level, trend, loss = X[:, 0], P["trend"], 0.0
    for t in range(1, 20):
        e = X[:, t] - level - trend
        loss = loss + e * e
        level, trend = level + trend + a * e, trend + a * b * e
    return loss


def smoothing_hand(P: Params, X: Array, Y: Any) -> Found:
    n, a, b = len(X), 1 / (1 + float(np.exp(-P["a"]))), 1 / (1 + float(np.exp(-P["b"])))
    x = np.ascontiguousarray(X.T)
    E, trend, forecast = np.empty((19, n)), P["trend"], x[0] + P["trend"]
    for t in range(19):
        e = np.subtract(x[t + 1], forecast, out=E[t])
        trend = trend + a * b * e
        forecast = forecast + a * e + trend
    flat = E.ravel()
    loss = float(flat @ flat) / n
    gf = gt = np.zeros(n)  # slopes by the forecast and the trend after each step
    ga = gab = 0.0
    for t in reversed(range(19)):
        gt = gt + gf
        ga += float(gf @ E[t])
        gab += float(gt @ E[t])
        gf = gf - (a * gf + a * b * gt + E[t] * (2 / n))
    return loss, {"a": (ga + gab * b) * a * (1 - a), "b": gab * a * b * (1 - b), "trend": gt.sum() + gf.sum()}


def volatility(P: Params, x: Any) -> Any:
    """The negative log likelihood of twenty returns whose variance follows a GARCH process."""
    w, a, b = P["w"].exp(), P["a"].sigmoid(), P["b"].sigmoid()
    v, loss = w, 0.0
    for t in range(20):
        loss = loss + 0.5 * (v.log() + x[t] * x[t] / v)
        v = w + a * x[t] * x[t] + b * v
    return loss


def volatility_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    w, a, b = xp.exp(P["w"]), xp.sigmoid(P["a"]), xp.sigmoid(P["b"])
    v, loss, squares = w, 0.0, X * X
    for t in range(20):
        loss = loss + 0.5 * (xp.log(v) + squares[:, t] / v)
        v = w + a * squares[:, t] + b * v
    return loss


def volatility_hand(P: Params, X: Array, Y: Any) -> Found:
    n, w, a, b = len(X), float(np.exp(P["w"])), 1 / (1 + float(np.exp(-P["a"]))), 1 / (1 + float(np.exp(-P["b"])))
    squares = np.ascontiguousarray(X.T)
    squares = squares * squares
    V, gains = np.empty((20, n)), a * squares + w
    V[0] = w
    for t in range(19):
        np.multiply(V[t], b, out=V[t + 1])
        V[t + 1] += gains[t]
    inverse = 1 / V
    R = squares * inverse
    loss = 0.5 * float(np.log(V).sum() + R.sum()) / n
    np.subtract(1, R, out=R)
    R *= inverse
    R *= 0.5 / n  # the slope by V of each step alone
    for t in reversed(range(19)):
        R[t] += b * R[t + 1]
    ga = float(R[1:].ravel() @ squares[:-1].ravel())
    gb = float(R[1:].ravel() @ V[:-1].ravel())
    return loss, {"w": R.sum() * w, "a": ga * a * (1 - a), "b": gb * b * (1 - b)}


def hidden_states(P: Params, x: Any) -> Any:
    """The forward algorithm of a hidden Markov model of four states, over twelve observations."""
    A = [[a - autograd.logsumexp(row) for a in row] for row in P["A"]]
    B = [[b - autograd.logsumexp(row) for b in row] for row in P["B"]]
    alpha = [autograd.dot(B[s], x[0]) for s in range(4)]
    for t in range(1, 12):
        alpha = [autograd.logsumexp([alpha[r] + A[r][s] for r in range(4)]) + autograd.dot(B[s], x[t])
                 for s in range(4)]
    return -autograd.logsumexp(alpha)


def hidden_states_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    A = P["A"] - xp.logsumexp(P["A"], 1)[:, None]
    E = X @ (P["B"] - xp.logsumexp(P["B"], 1)[:, None]).T
    alpha = E[:, 0]
    for t in range(1, 12):
        alpha = xp.logsumexp(alpha[:, :, None] + A, 1) + E[:, t]
    return -xp.logsumexp(alpha, -1)


def hidden_states_hand(P: Params, X: Array, Y: Any) -> Found:
    # In probabilities, scaled to a sum of one at every step.
    n, A, logB = len(X), softmax(P["A"]), log_softmax(P["B"])
    Xt = np.ascontiguousarray(X.swapaxes(0, 1))
    E = np.exp(Xt @ logB.T)
    alpha, scales = np.empty_like(E), np.empty((12, n, 1))
    for t in range(12):
        a = np.multiply(alpha[t - 1] @ A, E[t], out=alpha[t]) if t else E[0].copy()
        np.add.reduce(a, 1, keepdims=True, out=scales[t])
        np.divide(a, scales[t], out=alpha[t])
    loss = -float(np.log(scales).sum()) / n
    E /= scales
    beta, gamma = np.full((n, 4), -1 / n), np.empty_like(E)
    weighted = np.empty_like(E)
    for t in reversed(range(12)):
        np.multiply(alpha[t], beta, out=gamma[t])
        beta = np.multiply(E[t], beta, out=weighted[t]) @ A.T
    G = (alpha[:-1].reshape(-1, 4).T @ weighted[1:].reshape(-1, 4)) * A
    H = gamma.reshape(-1, 4).T @ Xt.reshape(-1, 6)
    return loss, {"A": G - A * G.sum(1, keepdims=True), "B": H - np.exp(logB) * H.sum(1, keepdims=True)}


def over_right(join: Callable[..., Any], P: Params, x: Any, y: Any) -> Any:
    """What all paths of tags come to, joined step by step, less the score of the right one."""
    E = [linear(P["W"], word) for word in x]
    alpha = E[0]
    for t in range(1, 10):
        alpha = [join([alpha[r] + P["A"][r][s] for r in range(4)]) + E[t][s] for s in range(4)]
    score = sum(autograd.dot(e, tag) for e, tag in zip(E, y, strict=True))
    score += sum(autograd.dot(linear(P["A"], y[t]), y[t - 1]) for t in range(1, 10))
    return join(alpha) - score


def over_right_arrays(join: Callable[..., Any], P: Params, X: Any, Y: Any) -> Any:
    E = X @ P["W"].T
    alpha = E[:, 0]
    for t in range(1, 10):
        alpha = join(alpha[:, :, None] + P["A"], 1) + E[:, t]
    return join(alpha, -1) - (E * Y).sum(-1).sum(-1) - (Y[:, :-1] @ P["A"] * Y[:, 1:]).sum(-1).sum(-1)


def tagging(P: Params, x: Any, y: Any) -> Any:
    """A linear-chain conditional random field: four tags for ten words of five features."""
    return over_right(autograd.logsumexp, P, x, y)


def tagging_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    return over_right_arrays(xp.logsumexp, P, X, Y)


def tagging_hand(P: Params, X: Array, Y: Array) -> Found:
    n, A = len(X), np.exp(P["A"])
    Xt, Yt = np.ascontiguousarray(X.swapaxes(0, 1)), np.ascontiguousarray(Y.swapaxes(0, 1))
    Z = Xt @ P["W"].T
    high = Z.max(-1, keepdims=True)
    E = np.exp(Z - high)
    alpha, scales = np.empty_like(E), np.empty((10, n, 1))
    for t in range(10):
        a = np.multiply(alpha[t - 1] @ A, E[t], out=alpha[t]) if t else E[0].copy()
        np.add.reduce(a, 1, keepdims=True, out=scales[t])
        np.divide(a, scales[t], out=alpha[t])
    pairs = Yt[:-1].reshape(-1, 4).T @ Yt[1:].reshape(-1, 4)
    loss = float(np.log(scales).sum() + high.sum() - Z.ravel() @ Yt.ravel() - (pairs * P["A"]).sum()) / n
    E /= scales
    beta, gamma, weighted = np.full((n, 4), 1 / n), np.empty_like(E), np.empty_like(E)
    for t in reversed(range(10)):
        np.multiply(alpha[t], beta, out=gamma[t])
        beta = np.multiply(E[t], beta, out=weighted[t]) @ A.T
    dA = (alpha[:-1].reshape(-1, 4).T @ weighted[1:].reshape(-1, 4)) * A - pairs / n
    gamma -= Yt / n
    return loss, {"A": dA, "W": gamma.reshape(-1, 4).T @ Xt.reshape(-1, 5)}


def tags(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.normal(size=(examples, 10, 5)), one_hot(rng, (examples, 10), 4)


def best_path(P: Params, x: Any, y: Any) -> Any:
    """How much better the best path of tags by Viterbi's algorithm scores than the right one."""
    return over_right(autograd.max, P, x, y)


def best_path_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    return over_right_arrays(xp.amax, P, X, Y)


def best_path_hand(P: Params, X: Array, Y: Array) -> Found:
    n, A = len(X), P["A"].T
    Xt, Yt = np.ascontiguousarray(X.swapaxes(0, 1)), np.ascontiguousarray(Y.swapaxes(0, 1))
    E, rows = Xt @ P["W"].T, np.arange(n)
    best, came = E[0], np.empty((10, n, 4), np.intp)
    for t in range(1, 10):
        ways = best[:, None] + A
        ways.argmax(2, out=came[t])
        best = ways.max(2)
        best += E[t]
    path = np.empty((10, n), np.intp)
    best.argmax(1, out=path[9])
    for t in reversed(range(1, 10)):
        path[t - 1] = came[t, rows, path[t]]
    counts = np.eye(4)[path]
    pairs = np.bincount((path[:-1] * 4 + path[1:]).ravel(), minlength=16).reshape(4, 4)
    given = Yt[:-1].reshape(-1, 4).T @ Yt[1:].reshape(-1, 4)
    loss = float(best.max(1).sum() - E.ravel() @ Yt.ravel() - (given * P["A"]).sum()) / n
    counts -= Yt
    return loss, {"A": (pairs - given) / n, "W": counts.reshape(-1, 4).T @ Xt.reshape(-1, 5) / n}


def alignment(P: Params, x: Any, y: Any) -> Any:
    """Soft dynamic time warping of two sequences of six numbers."""
    R: dict[tuple[int, int], Any] = {(i, 0): 1e6 for i in range(7)} | {(0, j): 1e6 for j in range(7)} | {(0, 0): 0.0}
    for i in range(1, 7):
        for j in range(1, 7):
            ways = [-R[i - 1, j], -R[i, j - 1], -R[i - 1, j - 1]]
            R[i, j] = (P["s"] * x[i - 1] - y[j - 1]) ** 2 - autograd.logsumexp(ways)
    return R[6, 6]


def alignment_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    zero = 0 * X[:, 0]
    R: dict[tuple[int, int], Any] = {(i, 0): zero + 1e6 for i in range(7)} | {
        (0, j): zero + 1e6 for j in range(7)} | {(0, 0): zero}
    for i in range(1, 7):
        for j in range(1, 7):
            ways = xp.stack([-R[i - 1, j], -R[i, j - 1], -R[i - 1, j - 1]], -1)
            R[i, j] = (P["s"] * X[:, i - 1] - Y[:, j - 1]) ** 2 - xp.logsumexp(ways, -1)
    return R[6, 6]


def alignment_hand(P: Params, X: Array, Y: Array) -> Found:
    # Cell (i, j) lies at 7i + j, so that a diagonal, whose cells need not wait for each other, has a stride of six.
    n = len(X)
    D = P["s"] * X.T[:, None] - Y.T
    cost, R, W = np.zeros((7, 7, n)), np.full((49, n), 1e6), np.zeros((3, 49, n))
    np.multiply(D, D, out=cost[1:, 1:])
    cost, R[0] = cost.reshape(49, n), 0.0
    diagonals = [(6 * max(1, k - 6) + k, 6 * min(6, k - 1) + k + 1) for k in range(2, 13)]
    for lo, hi in diagonals:
        w = W[:, lo:hi:6]
        up, left, both = R[lo - 7 : hi - 7 : 6], R[lo - 1 : hi - 1 : 6], R[lo - 8 : hi - 8 : 6]
        least = np.minimum(up, left)
        np.minimum(least, both, out=least)
        np.subtract(least, up, out=w[0])
        np.subtract(least, left, out=w[1])
        np.subtract(least, both, out=w[2])
        np.exp(w, out=w)
        total = w[0] + w[1]
        total += w[2]
        w /= total
        least -= np.log(total)
        np.add(cost[lo:hi:6], least, out=R[lo:hi:6])
    G = np.zeros((49, n))
    G[48] = 2 / n
    for lo, hi in reversed(diagonals):
        shares = W[:, lo:hi:6]
        shares *= G[lo:hi:6]
        G[lo - 7 : hi - 7 : 6] += shares[0]
        G[lo - 1 : hi - 1 : 6] += shares[1]
        G[lo - 8 : hi - 8 : 6] += shares[2]
    slopes = G.reshape(7, 7, n)[1:, 1:] * D
    return float(R[48].mean()), {"s": (slopes.sum(1) * X.T).sum()}


WORK: dict[str, Work] = {
    "Kalman filter, 10 steps": Work(kalman, kalman_arrays, {"dt": (), "q": (), "r": ()}, (STEPS,), hand=kalman_hand,
                                    carried=True),
    "exponential smoothing, 20 steps": Work(smoothing, smoothing_arrays, {"a": (), "b": (), "trend": ()}, (20,),
                                            hand=smoothing_hand, carried=True),
    "GARCH, 20 steps": Work(volatility, volatility_arrays, {"w": (), "a": (), "b": ()}, (20,), hand=volatility_hand,
                            carried=True),
    "hidden Markov model, 4 × 12": Work(hidden_states, hidden_states_arrays, {"A": (4, 4), "B": (4, 6)}, (12, 6),
                                        hand=hidden_states_hand, carried=True,
                                        data=lambda rng, examples: (one_hot(rng, (examples, 12), 6), None)),
    "conditional random field, 4 × 10": Work(tagging, tagging_arrays, {"A": (4, 4), "W": (4, 5)}, (10, 5), (10, 4),
                                             hand=tagging_hand, data=tags, carried=True),
    "Viterbi, 4 × 10": Work(best_path, best_path_arrays, {"A": (4, 4), "W": (4, 5)}, (10, 5), (10, 4),
                            hand=best_path_hand, data=tags, carried=True),
    "soft time warping, 6 × 6": Work(alignment, alignment_arrays, {"s": ()}, (6,), (6,), hand=alignment_hand,
                                     carried=True),
}
