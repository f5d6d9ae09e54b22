"""Physics and biology through time: bodies, populations, heat and waves."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from benchmarks.programs.common import Array, Found, Params, Work, dense, mean_square, sigmoid, squared_distance


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


def upwind(P: Params, x: Any, y: Any) -> Any:
    """What is carried along a ring of sixteen cells in eight steps, by each cell's wind from whence it blows."""
    u = list(x)
    for _ in range(8):
        u = [u[i] - 0.1 * (autograd.maximum(P["c"][i], 0) * (u[i] - u[i - 1])
                           + autograd.minimum(P["c"][i], 0) * (u[(i + 1) % 16] - u[i])) for i in range(16)]
    return squared_distance(u, y)


def upwind_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    u, right = X, xp.relu(P["c"])
    left = right - P["c"]
    for _ in range(8):
        u = u - 0.1 * (right * (u - xp.roll(u, 1, 1)) - left * (xp.roll(u, -1, 1) - u))
    return ((u - Y) ** 2).sum(-1)


RING = np.arange(16)
BEFORE, AFTER = np.roll(RING, 1), np.roll(RING, -1)


def upwind_hand(P: Params, X: Array, Y: Array) -> Found:
    n, c = len(X), P["c"]
    right, left = 0.1 * np.maximum(c, 0), -0.1 * np.minimum(c, 0)
    step = np.diag(1 - right - left)
    step[RING, BEFORE] += right
    step[RING, AFTER] += left
    U, G = np.empty((9, 16, n)), np.empty((8, 16, n))
    U[0] = X.T
    for t in range(8):
        np.matmul(step, U[t], out=U[t + 1])
    e = U[8] - Y.T
    loss = mean_square(e, n)
    np.multiply(e, 2 / n, out=G[7])
    for t in range(7, 0, -1):
        np.matmul(step.T, G[t], out=G[t - 1])
    slopes = (G @ U[:8].swapaxes(1, 2)).sum(0)
    own = slopes.diagonal()
    return loss, {"c": 0.1 * ((slopes[RING, BEFORE] - own) * (c > 0) - (slopes[RING, AFTER] - own) * (c < 0))}


def burgers(P: Params, x: Any, y: Any) -> Any:
    """Burgers' equation on a ring of twelve cells, six steps: speeds that carry themselves and even out."""
    u, viscosity = list(x), P["nu"].exp()
    for _ in range(6):
        u = [u[i] - 0.1 * u[i] * (u[(i + 1) % 12] - u[i - 1]) / 2
             + 0.1 * viscosity * (u[(i + 1) % 12] - 2 * u[i] + u[i - 1]) for i in range(12)]
    return squared_distance(u, y)


def burgers_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    u = X
    for _ in range(6):
        after, before = xp.roll(u, -1, 1), xp.roll(u, 1, 1)
        u = u - 0.05 * u * (after - before) + 0.1 * xp.exp(P["nu"]) * (after - 2 * u + before)
    return ((u - Y) ** 2).sum(-1)


ONE = np.eye(12)
CARRIES = 0.05 * (np.roll(ONE, 1, 0) - np.roll(ONE, -1, 0))
EVENS = np.roll(ONE, 1, 0) + np.roll(ONE, -1, 0) - 2 * ONE


def burgers_hand(P: Params, X: Array, Y: Array) -> Found:
    # Both differences are one product: u' = A u + u ∘ (C u).
    n, viscosity = len(X), 0.1 * float(np.exp(P["nu"]))
    both = np.concatenate([ONE + viscosity * EVENS, CARRIES])
    U, D = np.empty((7, 12, n)), np.empty((6, 24, n))
    U[0] = X.T
    for t in range(6):
        np.matmul(both, U[t], out=D[t])
        np.multiply(U[t], D[t, 12:], out=U[t + 1])
        U[t + 1] += D[t, :12]
    e = U[6] - Y.T
    loss = mean_square(e, n)
    G, g = np.empty((6, 12, n)), np.empty((24, n))
    np.multiply(e, 2 / n, out=G[5])
    for t in range(5, 0, -1):
        g[:12] = G[t]
        np.multiply(G[t], U[t], out=g[12:])
        np.matmul(both.T, g, out=G[t - 1])
        G[t - 1] += G[t] * D[t, 12:]
    slopes = (G @ U[:6].swapaxes(1, 2)).sum(0)
    return loss, {"nu": viscosity * np.vdot(EVENS, slopes)}


def hamiltonian(P: Params, x: Any, y: Any) -> Any:
    """How far a network of eight neurons is from the energy by which a place and a momentum move: by its slopes."""
    energy = sum(v * (autograd.dot(w, x) + b).tanh() for v, w, b in zip(P["v"], P["W"], P["b"], strict=True))
    by_place, by_momentum = autograd.grad(energy, x, create_graph=True)
    return (by_momentum - y[0]) ** 2 + (by_place + y[1]) ** 2


def hamiltonian_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    t = xp.tanh(X @ P["W"].T + P["b"])
    g = (1 - t * t) @ (P["v"][:, None] * P["W"])
    return (g[:, 1] - Y[:, 0]) ** 2 + (g[:, 0] + Y[:, 1]) ** 2


def hamiltonian_hand(P: Params, X: Array, Y: Array) -> Found:
    n, W, v = len(X), P["W"], P["v"]
    t = np.tanh(dense(X, W, P["b"]))
    s = t * t
    np.subtract(1, s, out=s)
    inner = v[:, None] * W
    e = s @ inner
    e[:, 0] += Y[:, 1]
    e[:, 1] -= Y[:, 0]
    loss = mean_square(e)
    e *= 2 / n
    slopes = s.T @ e
    d = e @ inner.T
    d *= t
    d *= s
    d *= -2
    return loss, {"W": d.T @ X + slopes * v[:, None], "b": d.sum(0), "v": np.einsum("ij,ij->i", slopes, W)}


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
    "upwind differences, 16 × 8": Work(upwind, upwind_arrays, {"c": (16,)}, (16,), (16,), hand=upwind_hand,
                                       carried=True),
    "Burgers' equation, 12 × 6": Work(burgers, burgers_arrays, {"nu": ()}, (12,), (12,), hand=burgers_hand,
                                      carried=True),
    "Hamiltonian network, 2-8": Work(hamiltonian, hamiltonian_arrays, {"W": (8, 2), "b": (8,), "v": (8,)}, (2,), (2,),
                                     hand=hamiltonian_hand),
}
