"""Physics, chemistry, biology and finance: steps through time, energies, equations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.programs.common import Array, Found, Params, Work, mean_square, sigmoid


def pendulum(P: Params, x: Any, y: Any) -> Any:
    """Where a damped pendulum is after 50 steps of Euler's method."""
    angle, speed = x
    for _ in range(50):
        angle, speed = angle + 0.05 * speed, speed + 0.05 * (-P["g"] * angle.sin() - P["c"] * speed)
    return (angle - y) ** 2


def pendulum_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    angle, speed = X[:, 0], X[:, 1]
    for _ in range(50):
        angle, speed = angle + 0.05 * speed, speed + 0.05 * (-P["g"] * xp.sin(angle) - P["c"] * speed)
    return (angle - Y) ** 2


def pendulum_hand(P: Params, X: Array, Y: Array) -> Found:
    n, pull, keep = len(X), -0.05 * float(P["g"]), 1 - 0.05 * float(P["c"])
    A, V, S = np.empty((51, n)), np.empty((51, n)), np.empty((50, n))
    A[0], V[0] = X.T
    for t in range(50):
        np.sin(A[t], out=S[t])
        np.multiply(V[t], 0.05, out=A[t + 1])
        A[t + 1] += A[t]
        np.multiply(V[t], keep, out=V[t + 1])
        V[t + 1] += S[t] * pull
    e = A[50] - Y
    loss = float(e @ e) / n
    C = np.cos(A[:50])
    C *= pull
    G = np.zeros((51, n))  # slopes by the speeds
    ga = e * (2 / n)
    for t in reversed(range(50)):
        g = np.multiply(G[t + 1], keep, out=G[t])
        g += 0.05 * ga
        ga += G[t + 1] * C[t]
    later = G[1:].ravel()
    return loss, {"g": -0.05 * (later @ S.ravel()), "c": -0.05 * (later @ V[:50].ravel())}


def bodies(P: Params, x: Any) -> Any:
    """How far apart three bodies in a plane are after five steps under their gravity."""
    place, speed = [list(row) for row in x], [[0.0, 0.0] for _ in range(3)]
    for _ in range(5):
        for i in range(3):
            for axis in range(2):
                force = 0.0
                for j in range(3):
                    if j != i:
                        d = [place[j][k] - place[i][k] for k in range(2)]
                        force = force + P["m"][j] * d[axis] * (d[0] * d[0] + d[1] * d[1] + 0.1) ** -1.5
                speed[i][axis] = speed[i][axis] + 0.05 * force
        place = [[p + 0.05 * v for p, v in zip(place[i], speed[i], strict=True)] for i in range(3)]
    return sum((place[i][k] - place[0][k]) ** 2 for i in (1, 2) for k in range(2))


def bodies_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    place, speed = X, 0 * X
    for _ in range(5):
        d = place[:, None] - place[:, :, None]
        pull = P["m"][None, None] * ((d * d).sum(-1) + 0.1) ** -1.5
        speed = speed + 0.05 * (d * pull[..., None]).sum(2)
        place = place + 0.05 * speed
    return ((place - place[:, :1]) ** 2).sum(-1).sum(-1)


def bodies_hand(P: Params, X: Array, Y: Any) -> Found:
    # Three pairs of bodies, each looked at once; the examples are the last axis.
    n, m = len(X), P["m"]
    one, two = [0, 0, 1], [1, 2, 2]
    pair = np.array([[1.0, 1, 0], [-1, 0, 1], [0, -1, -1]])  # what a pair's d adds to each body
    mixing = 0.05 * pair * np.where(pair > 0, m[two], m[one])  # with the mass of the other of the pair
    place, speed, known = np.ascontiguousarray(X.transpose(1, 2, 0)), np.zeros((3, 2, n)), []
    for _ in range(5):
        d = place[two] - place[one]
        r = d[:, 0] * d[:, 0] + d[:, 1] * d[:, 1]
        r += 0.1
        near = r**-1.5
        pull = d * near[:, None]
        speed = speed + (mixing @ pull.reshape(3, -1)).reshape(3, 2, n)
        known.append((d, r, near, pull))
        place = place + 0.05 * speed
    apart = place[1:] - place[0]
    flat = apart.ravel()
    loss = float(flat @ flat) / n
    apart *= 2 / n
    gp, gv, gm = np.concatenate([-apart.sum(0, keepdims=True), apart]), np.zeros((3, 2, n)), np.zeros((3, 3))
    for d, r, near, pull in reversed(known):
        gv = gv + 0.05 * gp
        gm += gv.reshape(3, -1) @ pull.reshape(3, -1).T
        g = (mixing.T @ gv.reshape(3, -1)).reshape(3, 2, n)
        along = g[:, 0] * d[:, 0] + g[:, 1] * d[:, 1]
        along *= near
        along /= r
        along *= -3
        g *= near[:, None]
        g += d * along[:, None]
        gp = gp + (-pair @ g.reshape(3, -1)).reshape(3, 2, n)
    gm *= 0.05 * pair
    return loss, {"m": np.array([gm[1, 0] + gm[2, 1], gm[0, 0] + gm[2, 2], gm[0, 1] + gm[1, 2]])}


def predators(P: Params, x: Any, y: Any) -> Any:
    """Prey and predators by Lotka and Volterra, 20 steps of Euler's method."""
    a, b, c, d = (v.exp() for v in P["rates"])
    prey, hunters = (v.exp() for v in x)
    for _ in range(20):
        met = prey * hunters
        prey, hunters = prey + 0.02 * (a * prey - b * met), hunters + 0.02 * (c * met - d * hunters)
    return (prey - y[0]) ** 2 + (hunters - y[1]) ** 2


def predators_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    rates, start = xp.exp(P["rates"]), xp.exp(X)
    a, b, c, d = (rates[k] for k in range(4))
    prey, hunters = start[:, 0], start[:, 1]
    for _ in range(20):
        met = prey * hunters
        prey, hunters = prey + 0.02 * (a * prey - b * met), hunters + 0.02 * (c * met - d * hunters)
    return (prey - Y[:, 0]) ** 2 + (hunters - Y[:, 1]) ** 2


def predators_hand(P: Params, X: Array, Y: Array) -> Found:
    n, rates = len(X), np.exp(P["rates"])
    a, b, c, d = (0.02 * rates).tolist()
    S, M, keep = np.empty((21, 2, n)), np.empty((20, n)), np.array([[1 + a], [1 - d]])
    np.exp(X.T, out=S[0])
    gain = np.array([[-b], [c]])
    for t in range(20):
        met = np.multiply(S[t, 0], S[t, 1], out=M[t])
        np.multiply(S[t], keep, out=S[t + 1])
        S[t + 1] += gain * met
    e = S[20] - Y.T
    loss = mean_square(e, n)
    G = np.empty((21, 2, n))
    np.multiply(e, 2 / n, out=G[20])
    for t in reversed(range(20)):
        g = np.multiply(G[t + 1], keep, out=G[t])
        by_met = gain[:, 0] @ G[t + 1]
        g += S[t, ::-1] * by_met
    later = G[1:].swapaxes(0, 1).reshape(2, -1)
    by_state = np.einsum("ij,ij->i", later, S[:20].swapaxes(0, 1).reshape(2, -1))
    by_met = later @ M.ravel()
    return loss, {"rates": np.array([by_state[0], -by_met[0], by_met[1], -by_state[1]]) * (0.02 * rates)}


def epidemic(P: Params, x: Any, y: Any) -> Any:
    """The logarithm of the infected of the SIR model, measured at each of 15 steps."""
    beta, gamma = P["beta"].exp(), P["gamma"].exp()
    well, ill, loss = 1 - x.sigmoid(), x.sigmoid(), 0.0
    for t in range(15):
        new = 0.2 * beta * well * ill
        well, ill = well - new, ill + new - 0.1 * gamma * ill
        loss = loss + (ill.log() - y[t]) ** 2
    return loss


def epidemic_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    beta, gamma = xp.exp(P["beta"]), xp.exp(P["gamma"])
    ill = xp.sigmoid(X)
    well, loss = 1 - ill, 0.0
    for t in range(15):
        new = 0.2 * beta * well * ill
        well, ill = well - new, ill + new - 0.1 * gamma * ill
        loss = loss + (xp.log(ill) - Y[:, t]) ** 2
    return loss


def epidemic_hand(P: Params, X: Array, Y: Array) -> Found:
    n, b, keep = len(X), 0.2 * float(np.exp(P["beta"])), 1 - 0.1 * float(np.exp(P["gamma"]))
    W, I = np.empty((16, n)), np.empty((16, n))
    I[0] = sigmoid(X)
    np.subtract(1, I[0], out=W[0])
    for t in range(15):
        new = W[t] * I[t]
        new *= b
        np.subtract(W[t], new, out=W[t + 1])
        np.multiply(I[t], keep, out=I[t + 1])
        I[t + 1] += new
    E = np.log(I[1:])
    E -= Y.T
    loss = mean_square(E, n)
    E *= 2 / n
    E /= I[1:]
    gw, gi, gb, gk = np.zeros(n), np.zeros(n), 0.0, 0.0
    for t in reversed(range(15)):
        gi += E[t]
        gk += float(gi @ I[t])
        by_new = gi - gw
        gb += float(by_new * W[t] @ I[t])
        by_new *= b
        gi *= keep
        gi += by_new * W[t]
        gw += by_new * I[t]
    return loss, {"beta": gb * b, "gamma": gk * (keep - 1)}


def neuron(P: Params, x: Any, y: Any) -> Any:
    """The voltage of a neuron by FitzHugh and Nagumo after 20 steps."""
    v, w = x
    for _ in range(20):
        v, w = v + 0.1 * (v - v * v * v / 3 - w + P["I"]), w + 0.1 * (P["a"] * v + P["b"] - P["c"] * w)
    return (v - y) ** 2


def neuron_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    v, w = X[:, 0], X[:, 1]
    for _ in range(20):
        v, w = v + 0.1 * (v - v * v * v / 3 - w + P["I"]), w + 0.1 * (P["a"] * v + P["b"] - P["c"] * w)
    return (v - Y) ** 2


def neuron_hand(P: Params, X: Array, Y: Array) -> Found:
    # All but the cube is a product with one matrix; both numbers lie in one array.
    n = len(X)
    step = np.array([[1.1, -0.1], [0.1 * float(P["a"]), 1 - 0.1 * float(P["c"])]])
    base = np.array([[0.1 * float(P["I"])], [0.1 * float(P["b"])]])
    S, bends = np.empty((21, 2, n)), np.empty((20, n))
    S[0] = X.T
    for before, after, bend in zip(S, S[1:], bends, strict=False):
        v = before[0]
        np.multiply(v, v, out=bend)
        np.matmul(step, before, out=after)
        after += base
        bend *= -0.1 / 3
        after[0] += bend * v
    e = S[20, 0] - Y
    loss = float(e @ e) / n
    bends *= 3
    G = np.zeros((21, 2, n))
    np.multiply(e, 2 / n, out=G[20, 0])
    back = step.T
    for t in range(19, -1, -1):
        later, now = G[t + 1], G[t]
        np.matmul(back, later, out=now)
        now[0] += later[0] * bends[t]
    voltages, others = G[1:, 0].ravel(), G[1:, 1].ravel()
    return loss, {"I": 0.1 * voltages.sum(), "a": 0.1 * (others @ S[:20, 0].ravel()), "b": 0.1 * others.sum(),
                  "c": -0.1 * (others @ S[:20, 1].ravel())}


# ── fields ───────────────────────────────────────────────────────────────────────────────────


def heat(P: Params, x: Any, y: Any) -> Any:
    """Heat in a rod of sixteen cells that conduct differently, its ends held, after ten steps."""
    u = list(x)
    for _ in range(10):
        u = [u[0], *(b + k * (a - 2 * b + c) for k, a, b, c in zip(P["k"], u[:-2], u[1:-1], u[2:], strict=True)), u[-1]]
    return sum((a - b) ** 2 for a, b in zip(u, y, strict=True))


def heat_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    u = X
    for _ in range(10):
        inner = u[:, 1:-1] + P["k"] * (u[:, :-2] - 2 * u[:, 1:-1] + u[:, 2:])
        u = xp.concatenate([u[:, :1], inner, u[:, -1:]], 1)
    return ((u - Y) ** 2).sum(-1)


LAPLACE = np.diag(np.ones(15), 1) + np.diag(np.ones(15), -1) - 2 * np.eye(16)
LAPLACE[0] = LAPLACE[-1] = 0.0


def heat_hand(P: Params, X: Array, Y: Array) -> Found:
    # A step is a product with one matrix.
    n, step = len(X), np.eye(16)
    step[1:-1] += P["k"][:, None] * LAPLACE[1:-1]
    U, G = np.empty((11, n, 16)), np.empty((10, n, 16))
    U[0] = X
    for t in range(10):
        np.matmul(U[t], step.T, out=U[t + 1])
    e = U[10] - Y
    loss = mean_square(e, n)
    np.multiply(e, 2 / n, out=G[9])
    for t in reversed(range(9)):
        np.matmul(G[t + 1], step, out=G[t])
    by_step = G.reshape(-1, 16).T @ U[:10].reshape(-1, 16)
    by_step *= LAPLACE
    return loss, {"k": by_step.sum(1)[1:-1]}


def wave(P: Params, x: Any, y: Any) -> Any:
    """A wave on a string of sixteen cells of different speeds, its ends held, after ten steps."""
    before, u = list(x), list(x)
    for _ in range(10):
        inner = [2 * b - old + c * c * (a - 2 * b + d)
                 for c, old, a, b, d in zip(P["c"], before[1:-1], u[:-2], u[1:-1], u[2:], strict=True)]
        before, u = u, [u[0], *inner, u[-1]]
    return sum((a - b) ** 2 for a, b in zip(u, y, strict=True))


def wave_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    before, u, squares = X, X, P["c"] * P["c"]
    for _ in range(10):
        inner = 2 * u[:, 1:-1] - before[:, 1:-1] + squares * (u[:, :-2] - 2 * u[:, 1:-1] + u[:, 2:])
        before, u = u, xp.concatenate([u[:, :1], inner, u[:, -1:]], 1)
    return ((u - Y) ** 2).sum(-1)


def wave_hand(P: Params, X: Array, Y: Array) -> Found:
    n, c, step = len(X), P["c"], 2 * np.eye(16)
    step[1:-1] += (c * c)[:, None] * LAPLACE[1:-1]
    U, G = np.empty((12, n, 16)), np.zeros((12, n, 16))
    U[0] = U[1] = X
    for t in range(1, 11):
        np.matmul(U[t], step.T, out=U[t + 1])
        U[t + 1] -= U[t - 1]
    e = U[11] - Y
    loss = mean_square(e, n)
    np.multiply(e, 2 / n, out=G[11])
    for t in reversed(range(2, 11)):
        np.matmul(G[t + 1], step, out=G[t])
        if t < 10:
            G[t] -= G[t + 2]
    by_step = G[2:].reshape(-1, 16).T @ U[1:11].reshape(-1, 16)
    by_step *= LAPLACE
    return loss, {"c": 2 * c * by_step.sum(1)[1:-1]}


def equation(P: Params, x: Any) -> Any:
    """How far a network of 16 is from solving u″ + u′ + u = 0 with u(0) = 1, its derivatives by formula."""
    residual, start = P["c"], P["c"]
    for v, w, b in zip(P["v"], P["w"], P["b"], strict=True):
        t = (w * x + b).tanh()
        s = 1 - t * t
        residual = residual + v * (t + w * s - 2 * w * w * t * s)
        start = start + v * b.tanh()
    return residual**2 + (start - 1) ** 2


def equation_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    w = P["w"]
    t = xp.tanh(X[:, None] * w + P["b"])
    s = 1 - t * t
    residual = (t + w * s - 2 * w * w * t * s) @ P["v"] + P["c"]
    return residual**2 + (xp.tanh(P["b"]) @ P["v"] + P["c"] - 1) ** 2


def equation_hand(P: Params, X: Array, Y: Any) -> Found:
    n, v, w, b = len(X), P["v"], P["w"], P["b"]
    T = np.multiply.outer(X, w)
    T += b
    np.tanh(T, out=T)
    S = T * T
    np.subtract(1, S, out=S)
    TS = T * S
    F = T + w * S - (2 * w * w) * TS
    r = F @ v
    r += P["c"]
    t0 = np.tanh(b)
    r0 = float(t0 @ v + P["c"]) - 1
    loss = float(r @ r) / n + r0 * r0
    r *= 2 / n
    bend = S - (2 * w) * TS - (2 * w * w) * (S * (3 * S - 2))  # 1 - 3t² is 3s - 2
    rb = r @ bend
    dw = (r @ S - 4 * w * (r @ TS) + (r * X) @ bend) * v
    return loss, {"v": r @ F + 2 * r0 * t0, "w": dw, "b": rb * v + 2 * r0 * v * (1 - t0 * t0), "c": r.sum() + 2 * r0}


# ── energies and prices ──────────────────────────────────────────────────────────────────────


def molecules(P: Params, x: Any, y: Any) -> Any:
    """The energy of five atoms by Lennard and Jones, softened, against a measured one."""
    e, s, energy = P["e"].exp(), P["s"].exp(), 0.0
    for i in range(5):
        for j in range(i):
            r = sum((a - b) ** 2 for a, b in zip(x[i], x[j], strict=True)) + 1.0
            near = (s / r) ** 3
            energy = energy + 4 * e * (near * near - near)
    return (energy - y) ** 2


FIRST, SECOND = np.tril_indices(5, -1)


def molecules_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    d = X[:, FIRST] - X[:, SECOND]
    near = (xp.exp(P["s"]) / ((d * d).sum(-1) + 1.0)) ** 3
    return (4 * xp.exp(P["e"]) * (near * near - near).sum(-1) - Y) ** 2


def molecules_hand(P: Params, X: Array, Y: Array) -> Found:
    n, e, s = len(X), 4 * float(np.exp(P["e"])), float(np.exp(P["s"]))
    d = X[:, FIRST] - X[:, SECOND]
    r = np.einsum("ijk,ijk->ij", d, d)
    r += 1.0
    np.divide(s, r, out=r)
    near = r * r * r
    one = near.sum(1)
    two = np.einsum("ij,ij->i", near, near)
    both = two - one
    miss = e * both - Y
    loss = float(miss @ miss) / n
    miss *= 2 / n
    two *= 6
    one *= 3
    two -= one
    return loss, {"e": e * (miss @ both), "s": e * (miss @ two)}


def price(P: Params, x: Any, y: Any) -> Any:
    """The price of an option by Black and Scholes, the normal distribution by a logistic function."""

    def below(z: Any) -> Any:
        return 1 / (1 + (-1.5976 * z - 0.07056 * z * z * z).exp())

    S, K, T = (v.exp() for v in x)
    s, r = P["s"].exp(), P["r"]
    q = s * T.sqrt()
    d = ((S / K).log() + (r + s * s / 2) * T) / q
    return (S * below(d) - K * (-r * T).exp() * below(d - q) - y) ** 2


def price_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    def below(z: Any) -> Any:
        return 1 / (1 + xp.exp(-1.5976 * z - 0.07056 * z * z * z))

    S, K, T = (xp.exp(X[:, k]) for k in range(3))
    s, r = xp.exp(P["s"]), P["r"]
    q = s * xp.sqrt(T)
    d = (xp.log(S / K) + (r + s * s / 2) * T) / q
    return (S * below(d) - K * xp.exp(-r * T) * below(d - q) - Y) ** 2


def price_hand(P: Params, X: Array, Y: Array) -> Found:
    n, s, r = len(X), float(np.exp(P["s"])), float(P["r"])
    logs = X.T
    S, K, T = np.exp(logs)
    root = np.sqrt(T)
    D = np.empty((2, n))
    np.divide(logs[0] - logs[1] + (r + s * s / 2) * T, s * root, out=D[0])
    np.subtract(D[0], s * root, out=D[1])
    square = D * D
    B = sigmoid((0.07056 * square + 1.5976) * D)
    later = K * np.exp(-r * T)
    parts = np.stack([S, -later])
    parts *= B
    e = parts[0] + parts[1] - Y
    loss = float(e @ e) / n
    e *= 2 / n
    # The slope of the logistic function, times what it is multiplied with.
    bends = parts * (1 - B)
    bends *= 0.21168 * square + 1.5976
    by_s, by_r = root - D[0] / s, root / s
    both = bends[0] + bends[1]
    return loss, {"s": s * (e @ (both * by_s - bends[1] * root)), "r": e @ (both * by_r - T * parts[1])}


def binomial(P: Params, x: Any, y: Any) -> Any:
    """The price of an American option by a binomial tree of six steps."""
    up, keep, p = P["s"].exp(), (-0.01 * P["r"].exp()).exp(), P["p"].sigmoid()
    start, strike = (0.2 * x[0]).exp(), (0.2 * x[1]).exp()
    worth = [(strike - start * up ** (2 * k - 6)).relu() for k in range(7)]
    for t in reversed(range(6)):
        held = [keep * (p * worth[k + 1] + (1 - p) * worth[k]) for k in range(t + 1)]
        worth = [(strike - start * up ** (2 * k - t) - h).relu() + h for k, h in enumerate(held)]
    return (worth[0] - y) ** 2


def binomial_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    keep, p = xp.exp(-0.01 * xp.exp(P["r"])), xp.sigmoid(P["p"])
    start, strike = xp.exp(0.2 * X[:, :1]), xp.exp(0.2 * X[:, 1:])
    worth = xp.relu(strike - start * xp.exp(P["s"] * xp.asarray(np.arange(-6.0, 7, 2))))
    for t in reversed(range(6)):
        held = keep * (p * worth[:, 1:] + (1 - p) * worth[:, :-1])
        worth = xp.relu(strike - start * xp.exp(P["s"] * xp.asarray(np.arange(-t, t + 1.0, 2))) - held) + held
    return (worth[:, 0] - Y) ** 2


def binomial_hand(P: Params, X: Array, Y: Array) -> Found:
    n, rate, p = len(X), 0.01 * math.exp(P["r"]), 1 / (1 + math.exp(-P["p"]))
    keep, (start, strike) = math.exp(-rate), np.exp(0.2 * X.T)
    powers = np.arange(-6, 7)
    ladder = np.exp(float(P["s"]) * powers)[:, None] * start  # prices after -6 … 6 net steps up
    gain = strike - ladder
    worth, known = np.maximum(gain[::2], 0), []
    sold = gain[::2] > 0
    for t in reversed(range(6)):
        held = worth[1:] * (keep * p)
        held += worth[:-1] * (keep * (1 - p))
        now = gain[6 - t : 7 + t : 2]
        known.append((t, worth, now > held))
        worth = np.maximum(held, now)
    e = worth[0] - Y
    loss = float(e @ e) / n
    G = e[None] * (2 / n)
    by_gain = np.zeros_like(ladder)
    up = down = 0.0
    for t, worth, taken in reversed(known):
        by_gain[6 - t : 7 + t : 2] += np.where(taken, G, 0)
        held = np.where(taken, 0, G)
        flat = held.ravel()
        up, down = up + float(flat @ worth[1:].ravel()), down + float(flat @ worth[:-1].ravel())
        G = np.empty_like(worth)
        np.multiply(held, keep * (1 - p), out=G[:-1])
        G[-1] = 0
        G[1:] += held * (keep * p)
    by_gain[::2] += G * sold
    by_power = np.einsum("ij,ij->i", by_gain, ladder)
    return loss, {"s": -(by_power @ powers), "r": -(up * p + down * (1 - p)) * keep * rate,
                  "p": keep * (up - down) * p * (1 - p)}


def enzyme(P: Params, x: Any, y: Any) -> Any:
    """The speed of a reaction by Michaelis and Menten, with an inhibitor."""
    most, half, hold = P["most"].exp(), P["half"].exp(), P["hold"].exp()
    substrate, inhibitor = (v.exp() for v in x)
    return (most * substrate / (half * (1 + inhibitor / hold) + substrate) - y) ** 2


def enzyme_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    most, half, hold = xp.exp(P["most"]), xp.exp(P["half"]), xp.exp(P["hold"])
    amounts = xp.exp(X)
    return (most * amounts[:, 0] / (half * (1 + amounts[:, 1] / hold) + amounts[:, 0]) - Y) ** 2


def enzyme_hand(P: Params, X: Array, Y: Array) -> Found:
    n, most, half, hold = len(X), math.exp(P["most"]), math.exp(P["half"]), math.exp(P["hold"])
    substrate, inhibitor = np.exp(X.T)
    held = inhibitor * (half / hold)
    base = held + half
    below = base + substrate
    speed = most * substrate / below
    e = speed - Y
    loss = float(e @ e) / n
    e *= speed
    e *= 2 / n
    by_below = e / below
    return loss, {"most": e.sum(), "half": -(by_below @ base), "hold": by_below @ held}


def root(P: Params, x: Any, y: Any) -> Any:
    """The solution of z + a tanh z = x by five steps of Newton's method."""
    z = x
    for _ in range(5):
        t = z.tanh()
        z = z - (z + P["a"] * t - x) / (1 + P["a"] * (1 - t * t))
    return (z - y) ** 2


def root_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    z = X
    for _ in range(5):
        t = xp.tanh(z)
        z = z - (z + P["a"] * t - X) / (1 + P["a"] * (1 - t * t))
    return (z - Y) ** 2


WORK: dict[str, Work] = {
    "pendulum, 50 steps": Work(pendulum, pendulum_arrays, {"g": (), "c": ()}, (2,), (), hand=pendulum_hand,
                               carried=True),
    "three bodies, 5 steps": Work(bodies, bodies_arrays, {"m": (3,)}, (3, 2), hand=bodies_hand, carried=True),
    "Lotka and Volterra, 20 steps": Work(predators, predators_arrays, {"rates": (4,)}, (2,), (2,), hand=predators_hand,
                                         carried=True),
    "SIR epidemic, 15 steps": Work(epidemic, epidemic_arrays, {"beta": (), "gamma": ()}, (), (15,),
                                   hand=epidemic_hand, carried=True),
    "FitzHugh and Nagumo, 20 steps": Work(neuron, neuron_arrays, {"I": (), "a": (), "b": (), "c": ()}, (2,), (),
                                          hand=neuron_hand, carried=True),
    "heat equation, 16 × 10": Work(heat, heat_arrays, {"k": (14,)}, (16,), (16,), 0.2, heat_hand, carried=True),
    "wave equation, 16 × 10": Work(wave, wave_arrays, {"c": (14,)}, (16,), (16,), hand=wave_hand, carried=True),
    "physics-informed network of 16": Work(equation, equation_arrays, {"v": (16,), "w": (16,), "b": (16,), "c": ()},
                                           (), hand=equation_hand),
    "Lennard and Jones, 5 atoms": Work(molecules, molecules_arrays, {"e": (), "s": ()}, (5, 3), (), 0.2,
                                       molecules_hand),
    "Black and Scholes": Work(price, price_arrays, {"s": (), "r": ()}, (3,), (), hand=price_hand),
    "binomial tree, 6 steps": Work(binomial, binomial_arrays, {"s": (), "r": (), "p": ()}, (2,), (),
                                   hand=binomial_hand, carried=True),
    "Michaelis and Menten": Work(enzyme, enzyme_arrays, {"most": (), "half": (), "hold": ()}, (2,), (),
                                 hand=enzyme_hand),
    "Newton's method, 5 steps": Work(root, root_arrays, {"a": ()}, (), ()),
}
