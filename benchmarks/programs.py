"""Losses that are no networks of layers, as one writes them over single numbers: filters, physics, sorting, sequences.

Each is compiled to calls of NumPy and to machine code, and measured beside the same loss written over arrays by hand,
which PyTorch (eager) and JAX (`jit`) differentiate. `python -m benchmarks programs` prints the table: microseconds of a
step, forward and backward, in float64 for a batch, by turns in one process; then ratios.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd
from benchmarks.peers import installed
from benchmarks.timing import Contender, agreement, measure, table
from nn.models.module import values

Params = dict[str, Any]


@dataclass
class Work:
    """A loss of one example over Values, and the losses of a batch over arrays: `xp` is `torch` or `jax.numpy`."""

    loss: Callable[..., Any]
    arrays: Callable[..., Any]
    shapes: dict[str, tuple[int, ...]]
    row: tuple[int, ...]
    target: tuple[int, ...] | None = None
    scale: float = 0.5


# ── the losses ───────────────────────────────────────────────────────────────────────────────


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


def sorting(P: Params, x: Any) -> Any:
    """Eight weighted numbers sorted by a network, then weighted by their rank."""
    wires = [w * v for w, v in zip(P["w"], x, strict=True)]
    run = 2
    while run <= 8:
        step = run // 2
        while step:
            for i in range(8):
                if (i ^ step) > i:
                    a, b = (i, i ^ step) if not i & run else (i ^ step, i)
                    wires[a], wires[b] = autograd.minimum(wires[a], wires[b]), autograd.maximum(wires[a], wires[b])
            step //= 2
        run *= 2
    return sum((k + 1) * wire for k, wire in enumerate(wires))


def sorting_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    found = xp.sort(X * P["w"], 1)
    found = found if hasattr(found, "shape") else found[0]
    return sum((k + 1) * found[:, k] for k in range(8))


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


def determinant(P: Params, x: Any) -> Any:
    """The square of a determinant of four rows, expanded by minors."""

    def det(A: list[list[Any]]) -> Any:
        if len(A) == 1:
            return A[0][0]
        return sum((-1) ** j * A[0][j] * det([row[:j] + row[j + 1 :] for row in A[1:]]) for j in range(len(A)))

    return det([[w * v for w, v in zip(P["w"], row, strict=True)] for row in x]) ** 2


def determinant_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    return xp.linalg.det(X * P["w"]) ** 2


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


def mixture(P: Params, x: Any) -> Any:
    """The negative log likelihood of a point under five normal distributions."""
    parts = []
    for w, ms, ss in zip(P["w"], P["m"], P["s"], strict=True):
        distance = sum(((a - m) / s.exp()) ** 2 for a, m, s in zip(x, ms, ss, strict=True))
        parts.append(w - 0.5 * distance - sum(ss))
    return autograd.logsumexp(P["w"]) - autograd.logsumexp(parts)


def mixture_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    distance = (((X[:, None] - P["m"]) / xp.exp(P["s"])) ** 2).sum(-1)
    return xp.logsumexp(P["w"], 0) - xp.logsumexp(P["w"] - 0.5 * distance - P["s"].sum(-1), -1)


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


def attention(P: Params, x: Any) -> Any:
    """Causal attention over eight words of four numbers, masked by adding."""
    q, k, v = ([[autograd.dot(row, a) for row in P[name]] for a in x] for name in "QKV")
    terms = []
    for t in range(8):
        p = autograd.softmax([autograd.dot(q[t], k[u]) + (0.0 if u <= t else -1e30) for u in range(8)])
        terms += [sum(p[u] * v[u][j] for u in range(8)) ** 2 for j in range(4)]
    return sum(terms)


def attention_arrays(xp: Any, P: Params, X: Any, Y: Any) -> Any:
    q, k, v = (X @ P[name].T for name in "QKV")
    scores = q @ k.swapaxes(1, 2) + xp.asarray(np.triu(np.full((8, 8), -1e30), 1))
    return ((xp.softmax(scores, -1) @ v) ** 2).sum(-1).sum(-1)


WORK: dict[str, Work] = {
    "Kalman filter, 10 steps": Work(kalman, kalman_arrays, {"dt": (), "q": (), "r": ()}, (STEPS,)),
    "pendulum, 50 steps": Work(pendulum, pendulum_arrays, {"g": (), "c": ()}, (2,), ()),
    "three bodies, 5 steps": Work(bodies, bodies_arrays, {"m": (3,)}, (3, 2)),
    "sorting network of 8": Work(sorting, sorting_arrays, {"w": (8,)}, (8,)),
    "soft time warping, 6 × 6": Work(alignment, alignment_arrays, {"s": ()}, (6,), (6,)),
    "Black and Scholes": Work(price, price_arrays, {"s": (), "r": ()}, (3,), ()),
    "determinant of 4 rows": Work(determinant, determinant_arrays, {"w": (4,)}, (4, 4)),
    "hidden Markov model, 4 × 12": Work(hidden_states, hidden_states_arrays, {"A": (4, 4), "B": (4, 6)}, (12, 6)),
    "mixture of 5 normals": Work(mixture, mixture_arrays, {"w": (5,), "m": (5, 3), "s": (5, 3)}, (3,)),
    "an activation per neuron": Work(neurons, neurons_arrays, {"V": (12, 6), "W": (12, 12)}, (6,), (), 0.3),
    "masked attention, 8 × 4": Work(attention, attention_arrays, {"Q": (4, 4), "K": (4, 4), "V": (4, 4)}, (8, 4)),
}


# ── contenders ───────────────────────────────────────────────────────────────────────────────


def parted(theta: Any, shapes: dict[str, tuple[int, ...]]) -> Params:
    """The arrays of a vector of parameters, by name."""
    found, start = {}, 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        found[name] = theta[start : start + size].reshape(shape)
        start += size
    return found


class Jax:
    """JAX by the names that the losses use."""

    def __init__(self) -> None:
        import jax as untyped

        jax: Any = untyped
        jax.config.update("jax_enable_x64", True)
        self.jax, self.jnp = jax, jax.numpy
        self.relu, self.sigmoid, self.softmax = jax.nn.relu, jax.nn.sigmoid, jax.nn.softmax
        self.logsumexp = jax.scipy.special.logsumexp

    def __getattr__(self, name: str) -> Any:
        return getattr(self.jnp, name)


def by_torch(work: Work, theta: Any, X: Any, Y: Any) -> Contender:
    """A step of PyTorch."""
    import torch

    leaf = torch.tensor(theta, requires_grad=True)
    xs, ys = torch.tensor(X), None if Y is None else torch.tensor(Y)

    def step() -> float:
        leaf.grad = None
        loss = work.arrays(torch, parted(leaf, work.shapes), xs, ys).mean()
        loss.backward()
        return float(loss.detach())

    return Contender(step, lambda: leaf.grad.numpy())


def by_jax(work: Work, theta: Any, X: Any, Y: Any) -> Contender:
    """A step of JAX under `jit`."""
    xp = Jax()
    compiled = xp.jax.jit(xp.jax.value_and_grad(
        lambda vector, xs, ys: work.arrays(xp, parted(vector, work.shapes), xs, ys).mean()))
    given = [None if array is None else xp.jnp.asarray(array) for array in (theta, X, Y)]
    gradient: Any = None

    def step() -> float:
        nonlocal gradient
        value, gradient = compiled(*given)
        xp.jax.block_until_ready(gradient)
        return float(value)

    return Contender(step, lambda: np.asarray(gradient))


def contenders(work: Work, examples: int) -> dict[str, Contender]:
    """Everything that computes the loss and its gradient."""
    rng = np.random.default_rng(0)
    theta = rng.normal(0, work.scale, sum(math.prod(shape) for shape in work.shapes.values()))
    X = rng.normal(size=(examples, *work.row))
    Y = None if work.target is None else rng.normal(size=(examples, *work.target))
    P = {name: values(array.tolist()) for name, array in parted(theta, work.shapes).items()}
    program = autograd.compile(lambda *rows: work.loss(P, *rows), P)

    def ours(made: Any) -> Contender:
        out = np.empty_like(theta)
        return Contender(lambda: made.value_and_grad(theta, X, Y, out=out)[0], lambda: out)

    found = {"reroll": ours(program)}
    if installed("llvmlite"):
        found["native"] = ours(program.to_native())
    for package, name, make in (("torch", "PyTorch", by_torch), ("jax", "JAX", by_jax)):
        if installed(package):
            found[name] = make(work, theta, X, Y)
    return found


def report(quick: bool = False) -> str:
    """The table."""
    rows: list[list[str]] = []
    for examples in (32,) if quick else (32, 256):
        for name, work in WORK.items():
            found = contenders(work, examples)
            agreement(found)
            measured = measure({key: one.step for key, one in found.items()}, rounds=3 if quick else 15,
                               run=0.002 if quick else 0.01)
            others = [other for other in ("PyTorch", "JAX") if other in found]
            mine = [one for one in ("reroll", "native") if one in found]
            rows = rows or [["Loss", "Batch", *(f"{one} µs" for one in found),
                             *(f"{one} ÷ {other}" for one in mine for other in others)]]
            rows.append([name, str(examples), *(f"{min(measured.seconds[one]) * 1e6:.1f}" for one in found),
                         *(f"{measured.ratio(one, other):.2f}" for one in mine for other in others)])
    return table(rows)
