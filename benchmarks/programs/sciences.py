"""Formulas of physics, chemistry and finance: energies, prices, equations to solve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from benchmarks.programs.common import Array, Found, Params, Work, mean_square, sigmoid


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


def compartments(P: Params, x: Any, y: Any) -> Any:
    """A drug between blood and tissue, measured in the blood at each of fifteen steps."""
    out, there, back = (0.2 * k.exp() for k in P["k"])
    blood, tissue, loss = x, 0.0, 0.0
    for measured in y:
        blood, tissue = blood - (out + there) * blood + back * tissue, tissue + there * blood - back * tissue
        loss = loss + (blood - measured) ** 2
    return loss


def compartments_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    out, there, back = 0.2 * xp.exp(P["k"])
    blood, tissue, loss = X, 0 * X, 0.0
    for t in range(15):
        blood, tissue = blood - (out + there) * blood + back * tissue, tissue + there * blood - back * tissue
        loss = loss + (blood - Y[:, t]) ** 2
    return loss


def compartments_hand(P: Params, X: Array, Y: Array) -> Found:
    # Both are multiples of the dose: the steps are the same for all examples.
    out, there, back = rates = (0.2 * np.exp(P["k"])).tolist()
    states = [(1.0, 0.0)]
    for _ in range(15):
        blood, tissue = states[-1]
        states.append((blood - (out + there) * blood + back * tissue, tissue + there * blood - back * tissue))
    per_dose = np.array([blood for blood, _ in states[1:]])
    e = X[:, None] * per_dose
    e -= Y
    loss = mean_square(e)
    slopes = (X @ e * (2 / len(X))).tolist()
    down, up, left, right = 0.0, 0.0, 0.0, [0.0, 0.0, 0.0]
    for (blood, tissue), slope in zip(states[-2::-1], slopes[::-1], strict=True):
        down += slope
        flow = up - down
        right = [right[0] - down * blood, right[1] + flow * blood, right[2] - flow * tissue]
        left = down
        down, up = down - out * left + there * flow, up - back * flow
    return loss, {"k": np.array([rate * each for rate, each in zip(rates, right, strict=True)])}


def ages(P: Params, x: Any, y: Any) -> Any:
    """The logarithm of how many there are of a population of four ages in each of ten years: Leslie's matrix."""
    alive, loss = list(x), 0.0
    born, stay = [f.exp() for f in P["born"]], [s.sigmoid() for s in P["stay"]]
    for year in y:
        alive = [autograd.dot(born, alive), *(s * a for s, a in zip(stay, alive[:3], strict=True))]
        loss = loss + ((sum(alive) ** 2 + 1).log() - year) ** 2
    return loss


def ages_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    alive, loss = X, 0.0
    born, stay = xp.exp(P["born"]), xp.sigmoid(P["stay"])
    for t in range(10):
        alive = xp.concatenate([(alive @ born)[:, None], alive[:, :3] * stay], 1)
        loss = loss + (xp.log(alive.sum(-1) ** 2 + 1) - Y[:, t]) ** 2
    return loss


YOUNG, OLD = np.arange(3), np.arange(1, 4)


def ages_hand(P: Params, X: Array, Y: Array) -> Found:
    n, born, stay = len(X), np.exp(P["born"]), sigmoid(P["stay"])
    step = np.zeros((4, 4))
    step[0], step[OLD, YOUNG] = born, stay
    A, G = np.empty((11, 4, n)), np.empty((10, 4, n))
    A[0] = X.T
    for t in range(10):
        np.matmul(step, A[t], out=A[t + 1])
    total = A[1:].sum(1)
    squares = total * total
    squares += 1
    e = np.log(squares)
    e -= Y.T
    loss = mean_square(e, n)
    e *= total
    e /= squares
    e *= 4 / n
    G[9] = e[9]
    for t in range(9, 0, -1):
        np.matmul(step.T, G[t], out=G[t - 1])
        G[t - 1] += e[t - 1]
    slopes = (G @ A[:10].swapaxes(1, 2)).sum(0)
    return loss, {"born": slopes[0] * born, "stay": slopes[OLD, YOUNG] * stay * (1 - stay)}


def threshold(P: Params, x: Any, y: Any) -> Any:
    """How many animals there are in each of ten years by Ricker's model, if half of them die where they are few."""
    loss, most, few = 0.0, 1 + P["most"].exp(), 0.2 * P["few"].sigmoid()
    for year in y:
        grown = x * (P["rate"] * (1 - x / most)).exp()
        x = autograd.where(autograd.gt(x, few), grown, 0.5 * x)
        loss = loss + (x - year) ** 2
    return loss


def threshold_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    x, loss, most, few = X, 0.0, 1 + xp.exp(P["most"]), 0.2 * xp.sigmoid(P["few"])
    for t in range(10):
        x = xp.where(x > few, x * xp.exp(P["rate"] * (1 - x / most)), 0.5 * x)
        loss = loss + (x - Y[:, t]) ** 2
    return loss


def threshold_hand(P: Params, X: Array, Y: Array) -> Found:
    n, rate, odds = len(X), float(P["rate"]), float(np.exp(P["most"]))
    most, few = 1 + odds, 0.2 / (1 + float(np.exp(-P["few"])))
    A, growth, many = np.empty((11, n)), np.empty((10, n)), np.empty((10, n), bool)
    A[0] = X
    for t in range(10):
        g = np.multiply(A[t], -rate / most, out=growth[t])
        g += rate
        np.exp(g, out=g)
        np.greater(A[t], few, out=many[t])
        np.copyto(g, 0.5, where=~many[t])
        np.multiply(A[t], g, out=A[t + 1])
    e = A[1:] - Y.T
    loss = mean_square(e, n)
    e *= 2 / n
    before = A[:10]
    slope = before * (-rate / most)
    slope *= many
    slope += 1
    slope *= growth
    G = np.empty((10, n))
    G[9] = e[9]
    for t in range(9, 0, -1):
        np.multiply(G[t], slope[t], out=G[t - 1])
        G[t - 1] += e[t - 1]
    G *= A[1:]
    G *= many
    first, second = float(G.sum()), float(np.vdot(G, before))
    return loss, {"rate": first - second / most, "most": rate * second / most**2 * odds, "few": 0.0}


def counts(rng: np.random.Generator, examples: int) -> tuple[Array, Array]:
    return rng.random(examples), rng.random((examples, 10))


WORK: dict[str, Work] = {
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
    "two compartments, 15 steps": Work(compartments, compartments_arrays, {"k": (3,)}, (), (15,),
                                       hand=compartments_hand, carried=True),
    "population of 4 ages, 10 years": Work(ages, ages_arrays, {"born": (4,), "stay": (3,)}, (4,), (10,), 0.3, ages_hand,
                                           carried=True),
    "population with a threshold": Work(threshold, threshold_arrays, {"rate": (), "most": (), "few": ()}, (), (10,),
                                        0.2, threshold_hand, counts, carried=True),
}
