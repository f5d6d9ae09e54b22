"""Losses written out in plain Python over Values: what the compiler has to see through."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from agreement import Case

from autograd import (
    Value,
    dot,
    elu,
    exp,
    grad,
    gt,
    leaky_relu,
    log,
    logsumexp,
    max,
    maximum,
    maxout,
    mean,
    min,
    minimum,
    noise,
    relu,
    sigmoid,
    softmax,
    softplus,
    sqrt,
    sum,
    tanh,
    where,
)
from autograd import abs as absolute

LOSSES: dict[str, Callable[[], Case]] = {}
"""Every loss by its name; called, it makes its parameters afresh."""

LARGE = {
    "chain_of_a_thousand", "irregular_graph", "physics_by_leapfrog", "gated_recurrent_unit", "attention",
    "two_headed_attention", "attention_with_narrow_head", "convolution_padded_by_zeros", "two_convolutions",
    "convolution_and_max_pooling", "convolution_and_mean_pooling", "layers_within_steps", "implicit_euler",
    "relaxed_newton", "recurrent_layers_of_which_all_states_are_read", "floyd_warshall_in_place", "runge_kutta",
    "gauss_seidel", "cholesky",
}
"""Those that take long and resemble others: tests meet them with `-m slow`."""


def by_default(cases: Iterable[Any], one_in: int = 1) -> list[Any]:
    """Parameters of a test, losses or their names, or tuples that start with one: large ones are marked as slow, and
    of the others all but one in so many."""
    usual = itertools.count()

    def param(case: Any) -> Any:
        case = case if isinstance(case, tuple) else (case,)
        slow = getattr(case[0], "__name__", case[0]) in LARGE or next(usual) % one_in
        return pytest.param(*case, marks=pytest.mark.slow if slow else ())

    return list(map(param, cases))


def loss(make: Callable[[], Case]) -> Callable[[], Case]:
    """Put a loss on the list."""
    LOSSES[make.__name__] = make
    return make


def weights(*shape: int, seed: int = 1) -> Any:
    """Nested lists of Values, normally distributed."""
    return nest(np.random.default_rng(seed).normal(0, 0.5, shape).tolist())


def nest(numbers: Any) -> Any:
    """Nested lists of numbers as nested lists of Values."""
    return [nest(row) for row in numbers] if isinstance(numbers, list) else Value(numbers)


def layers(*widths: int) -> dict[str, Any]:
    """The parameters of a multilayer perceptron by name: W1 (out, in), b1, W2 …"""
    params = {}
    for i in range(1, len(widths)):
        params[f"W{i}"] = weights(widths[i], widths[i - 1], seed=i)
        params[f"b{i}"] = weights(widths[i], seed=i + 100)
    return params


def forward(params: dict[str, Any], x: Any, f: Callable[[Any], Any]) -> list[Any]:
    """A multilayer perceptron, the last layer linear."""
    depth = len(params) // 2
    for i in range(1, depth + 1):
        x = [dot(w, x, b) for w, b in zip(params[f"W{i}"], params[f"b{i}"], strict=True)]
        x = [f(z) for z in x] if i < depth else x
    return x


def squared(outputs: Any, targets: Any) -> Any:
    """Σ (a - y)²"""
    return sum([(a - y) ** 2 for a, y in zip(outputs, targets, strict=True)])


def cross_entropy(logits: Any, targets: Any) -> Any:
    """ln Σ eᶻ - Σ y·z, the cross entropy of softmax(z) for targets that sum to 1."""
    return logsumexp(logits) - dot(targets, logits)


# ── networks of dense layers ─────────────────────────────────────────────────────────────────


def mlp(*widths: int, f: Callable[[Any], Any] = tanh, error: Callable[[Any, Any], Any] = squared) -> Case:
    """A multilayer perceptron of these widths."""
    params = layers(*widths)
    return Case(lambda x, y: error(forward(params, x, f), y), params, (widths[0],), (widths[-1],))


for _f in (tanh, relu, sigmoid, softplus, leaky_relu, elu):
    LOSSES[f"mlp_{_f.name}"] = functools.partial(mlp, 3, 5, 4, 2, f=_f)

LOSSES["mlp_xor"] = functools.partial(mlp, 2, 4, 1)
LOSSES["mlp_without_hidden_layer"] = functools.partial(mlp, 4, 3)
LOSSES["mlp_of_single_units"] = functools.partial(mlp, 1, 1, 1, 1)
LOSSES["mlp_deep"] = functools.partial(mlp, 3, 4, 4, 4, 4, 4, 2)
LOSSES["mlp_softmax_cross_entropy"] = functools.partial(mlp, 6, 5, 4, f=relu, error=cross_entropy)


@loss
def softmax_then_log() -> Case:
    params = layers(4, 5, 3)

    def loss(x: Any, y: Any) -> Any:
        return -sum([t * log(p) for p, t in zip(softmax(forward(params, x, relu)), y, strict=True)])

    return Case(loss, params, (4,), (3,))


@loss
def plain_plus_and_times() -> Case:
    params = layers(3, 4, 2)

    def loss(x: Any, y: Any) -> Any:
        for i in (1, 2):
            outputs = []
            for row, b in zip(params[f"W{i}"], params[f"b{i}"], strict=True):
                z = b
                for w, a in zip(row, x, strict=True):
                    z = z + w * a
                outputs.append(z.tanh())
            x = outputs
        error = 0.0
        for a, t in zip(x, y, strict=True):
            error += (a - t) * (a - t)
        return error / len(x)

    return Case(loss, params, (3,), (2,))


@loss
def weight_decay() -> Case:
    params = layers(3, 4, 2)
    flat = [w for i in (1, 2) for row in params[f"W{i}"] for w in row]

    def loss(x: Any, y: Any) -> Any:
        l1 = sum([absolute(w) for w in flat])
        return squared(forward(params, x, tanh), y) + 0.01 * sum(w * w for w in flat) + 0.001 * l1

    return Case(loss, params, (3,), (2,))


@loss
def tied_autoencoder() -> Case:
    W, b, c = weights(3, 5), weights(3, seed=2), weights(5, seed=3)

    def loss(x: Any) -> Any:
        h = [dot(w, x, bias).sigmoid() for w, bias in zip(W, b, strict=True)]
        back = [dot([W[i][j] for i in range(3)], h, c[j]) for j in range(5)]
        return mean([(r - t) ** 2 for r, t in zip(back, x, strict=True)])

    return Case(loss, [W, b, c, W], (5,))


@loss
def residual_blocks() -> Case:
    Ws, v = weights(3, 4, 4), weights(4, seed=2)

    def loss(x: Any, y: Any) -> Any:
        for W in Ws:
            x = [a + dot(w, x).tanh() for w, a in zip(W, x, strict=True)]
        return (dot(v, x) - y[0]) ** 2

    return Case(loss, [Ws, v], (4,), (1,))


@loss
def maxout_units() -> Case:
    W, b = weights(3, 2, 4), weights(3, 2, seed=2)

    def loss(x: Any, y: Any) -> Any:
        return squared([maxout(w, x, c) for w, c in zip(W, b, strict=True)], y)

    return Case(loss, [W, b], (4,), (3,))


@loss
def layer_normalisation() -> Case:
    W, gain, shift = weights(5, 4), weights(5, seed=2), weights(5, seed=3)

    def loss(x: Any, y: Any) -> Any:
        z = [dot(w, x) for w in W]
        centre = mean(z)
        variance = mean([(a - centre) ** 2 for a in z])
        normal = [g * (a - centre) / sqrt(variance + 1e-5) + s for g, a, s in zip(gain, z, shift, strict=True)]
        return squared(normal, y)

    return Case(loss, [W, gain, shift], (4,), (5,))


@loss
def dropout() -> Case:
    params = layers(4, 6, 2)

    def loss(x: Any, y: Any) -> Any:
        h = [dot(w, x, b).tanh() for w, b in zip(params["W1"], params["b1"], strict=True)]
        h = [where(gt(noise(), 0.5), a / 0.5, 0.0) for a in h]
        return squared([dot(w, h, b) for w, b in zip(params["W2"], params["b2"], strict=True)], y)

    return Case(loss, params, (4,), (2,), noises=6)


# ── recurrence ───────────────────────────────────────────────────────────────────────────────


def recurrent(steps: int = 5, inputs: int = 3, hidden: int = 4) -> Case:
    """A recurrent network unrolled in time."""
    U, W = weights(hidden, inputs), weights(hidden, hidden, seed=2)
    b, v = weights(hidden, seed=3), weights(hidden, seed=4)

    def loss(x: Any, y: Any) -> Any:
        h = [Value(0.0)] * hidden
        for step in x:
            h = [(dot(u, step) + dot(w, h) + c).tanh() for u, w, c in zip(U, W, b, strict=True)]
        return (dot(v, h) - y[0]) ** 2

    return Case(loss, {"U": U, "W": W, "b": b, "v": v}, (steps, inputs), (1,))


LOSSES["recurrent"] = recurrent


def recurrent_layers(steps: int = 4, number: int = 5, inputs: int = 3, hidden: int = 2, every: bool = False) -> Case:
    """A recurrent network of some layers; the loss reads the last state, or every one of the last layer."""
    P = [{"U": weights(hidden, hidden if i else inputs, seed=i), "W": weights(hidden, hidden, seed=20 + i),
          "b": weights(hidden, seed=40 + i)} for i in range(number)]

    def loss(x: Any, y: Any) -> Any:
        for p in P:
            h, states = [0.0] * hidden, []
            for step in x:
                h = [(dot(u, step) + dot(w, h) + c).tanh() for u, w, c in zip(p["U"], p["W"], p["b"], strict=True)]
                states.append(h)
            x = states
        return (sum([v for state in (x if every else x[-1:]) for v in state]) - y[0]) ** 2

    return Case(loss, {f"{name}{i}": p[name] for i, p in enumerate(P, 1) for name in p}, (steps, inputs), (1,))


LOSSES["recurrent_layers"] = recurrent_layers
LOSSES["recurrent_layers_of_which_all_states_are_read"] = functools.partial(recurrent_layers, every=True)


def layers_within_steps(steps: int = 6, number: int = 5, hidden: int = 2) -> Case:
    """A recurrent network that goes through some layers at each step."""
    U, Ws = weights(hidden, 3), [weights(hidden, hidden, seed=i) for i in range(number)]

    def loss(x: Any, y: Any) -> Any:
        h = [0.0] * hidden
        for step in x:
            h = [a + dot(u, step) for u, a in zip(U, h, strict=True)]
            for W in Ws:
                h = [dot(w, h).tanh() for w in W]
        return (sum(h) - y[0]) ** 2

    return Case(loss, {"U": U} | {f"W{i}": W for i, W in enumerate(Ws)}, (steps, 3), (1,))


LOSSES["layers_within_steps"] = layers_within_steps


def thinking_steps(steps: int = 7, times: int = 4, hidden: int = 2) -> Case:
    """A recurrent network that computes its state several times at each step."""
    U, W, b = weights(hidden, 3), weights(hidden, hidden, seed=2), weights(hidden, seed=3)

    def loss(x: Any, y: Any) -> Any:
        h = [0.0] * hidden
        for step in x:
            for _ in range(times):
                h = [(dot(u, step) + dot(w, h) + c).tanh() for u, w, c in zip(U, W, b, strict=True)]
        return (sum(h) - y[0]) ** 2

    return Case(loss, {"U": U, "W": W, "b": b}, (steps, 3), (1,))


LOSSES["thinking_steps"] = thinking_steps


def implicit_euler(steps: int = 7, times: int = 4) -> Case:
    """Implicit steps of Euler's method, each solved by so many of Newton's."""
    k, c = Value(0.7), Value(0.3)

    def loss(x: Any, y: Any) -> Any:
        u = x[0]
        for push in x:
            v = u
            for _ in range(times):
                v = v - (v + 0.1 * k * v ** 3 - u - 0.1 * c * push) / (1 + 0.3 * k * v * v)
            u = v
        return (u - y[0]) ** 2

    return Case(loss, {"k": k, "c": c}, (steps,), (1,))


LOSSES["implicit_euler"] = implicit_euler


def relaxed_newton(steps: int = 6, sweeps: int = 5, size: int = 5) -> Case:
    """Newton's method for u - c u'' + 0.1 u³ = x, each step of it solved by sweeps of Jacobi's method."""
    c = Value(0.4)

    def bend(u: Any, i: int) -> Any:
        return (u[i - 1] if i else 0.0) + (u[i + 1] if i < size - 1 else 0.0)

    def loss(x: Any) -> Any:
        u = [0.1 * v for v in x]
        for _ in range(steps):
            rest = [x[i] - u[i] * (1 + 2 * c) + c * bend(u, i) - 0.1 * u[i] ** 3 for i in range(size)]
            slope = [1 + 2 * c + 0.3 * v * v for v in u]
            d = [r / s for r, s in zip(rest, slope, strict=True)]
            for _ in range(sweeps):
                d = [(rest[i] + c * bend(d, i)) / slope[i] for i in range(size)]
            u = [a + b for a, b in zip(u, d, strict=True)]
        return sum([v * v for v in u])

    return Case(loss, {"c": c}, (size,))


LOSSES["relaxed_newton"] = relaxed_newton


@loss
def gated_recurrent_unit() -> Case:
    gates = {name: (weights(3, 2, seed=i), weights(3, 3, seed=i + 10), weights(3, seed=i + 20))
             for i, name in enumerate("zrh")}

    def gate(name: str, x: Any, h: Any) -> list[Any]:
        U, W, b = gates[name]
        return [dot(u, x) + dot(w, h) + c for u, w, c in zip(U, W, b, strict=True)]

    def loss(x: Any, y: Any) -> Any:
        h = [Value(0.0)] * 3
        error = 0.0
        for step, target in zip(x, y, strict=True):
            z = [a.sigmoid() for a in gate("z", step, h)]
            r = [a.sigmoid() for a in gate("r", step, h)]
            candidate = [a.tanh() for a in gate("h", step, [a * b for a, b in zip(r, h, strict=True)])]
            h = [(1 - a) * old + a * new for a, old, new in zip(z, h, candidate, strict=True)]
            error = error + squared(h, target)
        return error

    return Case(loss, gates, (4, 2), (4, 3))


# ── convolution ──────────────────────────────────────────────────────────────────────────────


def windows(size: int, kernel: int, stride: int = 1, padding: int = 0) -> list[list[int]]:
    """For each output place the input places under the kernel, some of them outside."""
    return [list(range(i - padding, i - padding + kernel)) for i in range(0, size + 2 * padding - kernel + 1, stride)]


def convolved(K: Any, b: Any, x: Any, stride: int = 1, padding: int = 0, zeros: bool = False) -> Any:
    """Maps of x by the filters K (filter, channel, row, column), in nested loops."""
    size, kernel = len(x[0]), len(K[0][0])
    inside = range(size)
    maps = []
    for filter_, bias in zip(K, b, strict=True):
        rows = []
        for vertical in windows(size, kernel, stride, padding):
            row = []
            for horizontal in windows(size, kernel, stride, padding):
                s = bias
                for channel, plane in enumerate(x):
                    for di, i in enumerate(vertical):
                        for dj, j in enumerate(horizontal):
                            if i in inside and j in inside:
                                s = s + filter_[channel][di][dj] * plane[i][j]
                            elif zeros:
                                s = s + filter_[channel][di][dj] * 0.0
                row.append(s)
            rows.append(row)
        maps.append(rows)
    return maps


def flat(nested: Any) -> Iterator[Any]:
    """The leaves of nested lists."""
    for item in nested:
        yield from flat(item) if isinstance(item, list) else [item]


def convolution(size: int = 6, filters: int = 3, kernel: int = 3, **options: Any) -> Case:
    """A layer of convolution, ReLU, a dense unit, squared error."""
    K, b = weights(filters, 1, kernel, kernel), weights(filters, seed=2)
    outputs = filters * len(windows(size, kernel, options.get("stride", 1), options.get("padding", 0))) ** 2
    v = weights(outputs, seed=3)

    def loss(x: Any, y: Any) -> Any:
        a = [z.relu() for z in flat(convolved(K, b, [x], **options))]
        return (dot(v, a) - y[0]) ** 2

    return Case(loss, {"K": K, "b": b, "v": v}, (size, size), (1,))


LOSSES["convolution"] = convolution
LOSSES["convolution_with_stride"] = functools.partial(convolution, 7, stride=2)
LOSSES["convolution_padded_by_if"] = functools.partial(convolution, 5, padding=1)
LOSSES["convolution_padded_by_zeros"] = functools.partial(convolution, 5, padding=1, zeros=True)
LOSSES["convolution_one_by_one"] = functools.partial(convolution, 4, kernel=1)
LOSSES["convolution_padded_with_stride"] = functools.partial(convolution, 6, padding=1, stride=2)


def pooled(plane: Any, pool: Callable[..., Any] = max, width: int = 2) -> Any:
    """The largest (or mean) of every square of a plane."""
    places = range(0, len(plane) - width + 1, width)
    return [[pool([plane[i + di][j + dj] for di in range(width) for dj in range(width)]) for j in places]
            for i in places]


def pooled_convolution(size: int = 8, filters: int = 3, pool: Callable[..., Any] = max) -> Case:
    """Convolution with bias, ReLU, pooling and squared error: the example of which blocks are counted."""
    K, b = weights(filters, 1, 3, 3), weights(filters, seed=2)
    side = (size - 2) // 2
    v = weights(filters * side * side, seed=3)

    def loss(x: Any, y: Any) -> Any:
        maps = [[[z.relu() for z in row] for row in plane] for plane in convolved(K, b, [x])]
        a = list(flat([pooled(plane, pool) for plane in maps]))
        return (dot(v, a) - y[0]) ** 2

    return Case(loss, {"K": K, "b": b, "v": v}, (size, size), (1,))


LOSSES["convolution_and_max_pooling"] = pooled_convolution
LOSSES["convolution_and_mean_pooling"] = functools.partial(pooled_convolution, pool=mean)


@loss
def two_convolutions() -> Case:
    K1, b1, K2, b2 = weights(2, 1, 3, 3), weights(2, seed=2), weights(3, 2, 2, 2, seed=3), weights(3, seed=4)
    W = weights(2, 27, seed=5)

    def loss(x: Any, y: Any) -> Any:
        maps = [[[z.tanh() for z in row] for row in plane] for plane in convolved(K1, b1, [x])]
        a = [z.relu() for z in flat(convolved(K2, b2, maps))]
        return cross_entropy([dot(w, a) for w in W], y)

    return Case(loss, {"K1": K1, "b1": b1, "K2": K2, "b2": b2, "W": W}, (6, 6), (2,))


@loss
def convolution_of_a_sequence() -> Case:
    K, v = weights(2, 3), weights(2, seed=2)

    def loss(x: Any) -> Any:
        maps = [[dot(k, x[i : i + 3]).tanh() for i in range(len(x) - 2)] for k in K]
        return dot(v, [mean(m) for m in maps])

    return Case(loss, [K, v], (9,))


# ── attention ────────────────────────────────────────────────────────────────────────────────


def attention(positions: int = 6, width: int = 4, causal: bool = True, normal: bool = True, head: int = 4) -> Case:
    """Single-head attention over a sequence of rows, with root mean square normalisation, and squared error."""
    Q, K, V = (weights(head, width, seed=seed) for seed in (1, 2, 3))

    def loss(x: Any, y: Any) -> Any:
        if normal:
            x = [[a / sqrt(mean([b * b for b in row]) + 1e-5) for a in row] for row in x]
        q, k, v = ([[dot(w, row) for w in W] for row in x] for W in (Q, K, V))
        errors = []
        for t in range(positions):
            seen = range(t + 1 if causal else positions)
            p = softmax([dot(q[t], k[s]) / head**0.5 for s in seen])
            mixed = [dot(p, [v[s][j] for s in seen]) for j in range(head)]
            errors.append(squared(mixed, y[t]))
        return mean(errors)

    return Case(loss, {"Q": Q, "K": K, "V": V}, (positions, width), (positions, head))


LOSSES["causal_attention"] = attention
LOSSES["attention"] = functools.partial(attention, causal=False, normal=False)
LOSSES["attention_with_narrow_head"] = functools.partial(attention, 4, 5, head=2)


@loss
def two_headed_attention() -> Case:
    Q, K, V = (weights(2, 3, 4, seed=seed) for seed in (1, 2, 3))
    O = weights(4, 6, seed=4)

    def loss(x: Any) -> Any:
        mixed: list[list[Any]] = [[] for _ in x]
        for head in range(2):
            q, k, v = ([[dot(w, row) for w in W[head]] for row in x] for W in (Q, K, V))
            for t in range(len(x)):
                p = softmax([dot(q[t], k[s]) for s in range(t + 1)])
                mixed[t] += [dot(p, [v[s][j] for s in range(t + 1)]) for j in range(3)]
        outputs = [[a + dot(o, m) for a, o in zip(row, O, strict=True)] for row, m in zip(x, mixed, strict=True)]
        return mean([a * a for row in outputs for a in row])

    return Case(loss, [Q, K, V, O], (5, 4))


# ── algebra ──────────────────────────────────────────────────────────────────────────────────


@loss
def kronecker_product() -> Case:
    A, B = weights(2, 3), weights(3, 2, seed=2)

    def loss(x: Any) -> Any:
        product = [[a * b for a in row for b in other] for row in A for other in B]
        return sum([dot(row, x).tanh() for row in product])

    return Case(loss, [A, B], (6,))


@loss
def polynomial() -> Case:
    c = weights(6)
    return Case(lambda x, y: (sum([a * x**k for k, a in enumerate(c)]) - y) ** 2, c, (), ())


@loss
def horner_scheme() -> Case:
    c = weights(6)
    return Case(lambda x: functools.reduce(lambda total, a: total * x[0] + a, c), c, (1,))


@loss
def linear_layer_by_elements() -> Case:
    return linear_layer()


def linear_layer(n: int = 2, d: int = 2, m: int = 3) -> Case:
    """Z = X W + B written out element by element for n rows, and a loss that gives every dL/dZ a weight of its own."""
    W, B = weights(d, m), weights(m, seed=2)

    def loss(x: Any, y: Any) -> Any:
        Z = [[sum([x[i][k] * W[k][j] for k in range(d)]) + B[j] for j in range(m)] for i in range(n)]
        return sum([z * t for row, targets in zip(Z, y, strict=True) for z, t in zip(row, targets, strict=True)])

    return Case(loss, {"W": W, "B": B}, (n, d), (n, m))


@loss
def matrix_chain() -> Case:
    A, B, C = weights(2, 3), weights(3, 4, seed=2), weights(4, 2, seed=3)

    def product(left: Any, right: Any) -> Any:
        return [[dot(row, column) for column in zip(*right, strict=True)] for row in left]

    return Case(lambda x: sum(list(flat(product(product(product(A, B), C), x)))).tanh(), [A, B, C], (2, 3))


@loss
def determinant() -> Case:
    def det(rows: Any) -> Any:
        if len(rows) == 1:
            return rows[0][0]
        return sum([(-1) ** j * a * det([row[:j] + row[j + 1 :] for row in rows[1:]]) for j, a in enumerate(rows[0])])

    M = weights(4, 4)

    def loss(x: Any) -> Any:
        return det([[a + b for a, b in zip(r, s, strict=True)] for r, s in zip(M, x, strict=True)])

    return Case(loss, M, (4, 4))


@loss
def distances_between_points() -> Case:
    P = weights(4, 2)

    def loss(x: Any) -> Any:
        points = P + x
        return sum([exp(-squared(p, q)) for i, p in enumerate(points) for q in points[:i]])

    return Case(loss, P, (3, 2))


@loss
def mixture_of_gaussians() -> Case:
    centres, widths, shares = weights(3, 2), weights(3, seed=2), weights(3, seed=3)

    def loss(x: Any) -> Any:
        logs = [s - squared(x, c) * exp(w) + w for c, w, s in zip(centres, widths, shares, strict=True)]
        return logsumexp(shares) - logsumexp(logs)

    return Case(loss, [centres, widths, shares], (2,))


@loss
def rotations_of_the_same_weights() -> Case:
    w = weights(5)
    return Case(lambda x: x[0] + sum([i * logsumexp(w[i:] + w[:i]) for i in range(1, 5)]), w, (1,))


@loss
def physics_by_leapfrog() -> Case:
    k = weights(2)

    def loss(x: Any, y: Any) -> Any:
        place, speed = x[0], x[1]
        for _ in range(20):
            speed = speed - 0.1 * (k[0] * place + k[1] * place**3)
            place = place + 0.1 * speed
        return (place - y[0]) ** 2

    return Case(loss, k, (2,), (1,))


@loss
def chain_of_a_thousand() -> Case:
    a = weights(4)

    def loss(x: Any) -> Any:
        value = x[0] * a[0]
        for i in range(500):
            value = (value + a[i % 4]).tanh()
            value = value * 0.9 + x[0]
        return value

    return Case(loss, a, (1,))


@loss
def irregular_graph() -> Case:
    a = weights(6)
    kinds: list[Callable[..., Any]] = [
        lambda p, q, r: p * q + r, lambda p, q, r: (p - q).tanh() * r, lambda p, q, r: maximum(p, q) - 0.5 * r,
        lambda p, q, r: (p * p + 1).log() + q.sin() * r.cos(), lambda p, q, r: sum([p, q, r]).sigmoid(),
        lambda p, q, r: logsumexp([p, q, r]) / 3,
    ]

    def loss(x: Any) -> Any:
        rng = np.random.default_rng(5)
        values = [*a, *x]
        for _ in range(100):
            operands = [values[n].tanh() for n in rng.integers(len(values), size=3)]
            values.append(kinds[rng.integers(len(kinds))](*operands))
        return sum(values)

    return Case(loss, a, (3,))


@loss
def largest_and_smallest() -> Case:
    a = weights(4)

    def loss(x: Any) -> Any:
        products = [w * v for w, v in zip(a, x, strict=True)]
        return (max(products) + min(x) + maximum(x[0], a[0]) - minimum(a[1], x[1]) * 2
                - logsumexp([x[0], a[1], 2.0]) + max([a[0], x[2], products[1], 0.25]) + min([min(a), min(x), 3.0]))

    return Case(loss, a, (4,))


# ── corners ──────────────────────────────────────────────────────────────────────────────────


@loss
def an_input_alone() -> Case:
    return Case(lambda x: x[1], weights(2), (3,))


@loss
def a_target_alone() -> Case:
    return Case(lambda x, y: y[1], weights(2), (3,), (2,))


@loss
def a_parameter_alone() -> Case:
    a = weights(3)
    return Case(lambda x: a[1], a, (2,))


@loss
def a_constant_alone() -> Case:
    return Case(lambda x: 3.0, weights(3), (2,))


@loss
def parameters_only() -> Case:
    a = weights(3)
    return Case(lambda x: (a[0] * a[1] + a[2]).tanh(), a, (2,))


@loss
def no_parameters() -> Case:
    return Case(lambda x, y: squared(x, y), [], (3,), (3,))


@loss
def a_single_operation() -> Case:
    a = weights(1)
    return Case(lambda x: a[0].exp(), a, (1,))


@loss
def products_of_inputs() -> Case:
    a = weights(2)
    return Case(lambda x, y: x[0] * x[1] * a[0] + x[2] * y[0] - x[0] * x[0] * y[1] * a[1], a, (3,), (2,))


@loss
def a_parameter_times_itself() -> Case:
    a = weights(2)
    return Case(lambda x: a[0] * a[0] * x[0] + a[1] * a[0] * a[1] - (a[0] - a[0]) * x[0], a, (1,))


@loss
def a_parameter_given_twice() -> Case:
    a = weights(2)
    return Case(lambda x: (a[0] * x[0] - a[1]) ** 2, [a[0], a[1], a[0]], (1,))


@loss
def everything_cancels() -> Case:
    a = weights(2)
    return Case(lambda x: a[0] * x[0] - a[0] * x[0] + 0 * a[1], a, (1,))


@loss
def a_value_that_is_closed_over() -> Case:
    a, frozen = weights(2), Value(1.5)
    scale = frozen * 2 + 1
    return Case(lambda x: a[0] * frozen + (a[1] * scale).tanh() * x[0], a, (1,))


@loss
def an_expression_made_before() -> Case:
    a = weights(2)
    made = (a[0] * a[1]).tanh()
    return Case(lambda x: made * x[0] + made, a, (1,))


@loss
def addends_that_are_used_again() -> Case:
    w, v, c = weights(2, 2), weights(2, 2, seed=2), weights(2, seed=3)

    def loss(x: Any) -> Any:
        a, b = [[(p * x).tanh() for p in row] for row in w], [[(p * x).sin() for p in row] for row in v]
        both = [(a[i][j] + b[i][j] + c[j]).cos() for i in range(2) for j in range(2)]
        return sum(both) + sum([p.exp() for row in a for p in row])

    return Case(loss, {"w": w, "v": v, "c": c}, ())


@loss
def steps_and_signs() -> Case:
    a = weights(3)
    return Case(lambda x: sum([(w * v).step() + (w * v).sign() * w for w, v in zip(a, x, strict=True)]), a, (3,))


@loss
def selections() -> Case:
    a = weights(3)

    def loss(x: Any) -> Any:
        larger = [where(gt(w, v), w * v, v) for w, v in zip(a, x, strict=True)]
        return sum(larger) + where(gt(a[0], a[1]), a[2], 2 * x[0]) + where(gt(0.5, 0.2), x[1], a[0])

    return Case(loss, a, (3,))


@loss
def detached_parts() -> Case:
    a = weights(3)

    def loss(x: Any) -> Any:
        return sum([w.detach() * v + w * v.detach() + (w * v).detach() * w for w, v in zip(a, x, strict=True)])

    return Case(loss, a, (3,))


@loss
def a_penalty_on_the_slope() -> Case:
    params = layers(2, 4, 1)

    def loss(x: Any, y: Any) -> Any:
        (z,) = forward(params, x, tanh)
        slopes = grad(z, x, create_graph=True)
        return (z - y[0]) ** 2 + 0.1 * sum([s * s for s in slopes])

    return Case(loss, params, (2,), (1,))


@loss
def derivatives_of_every_kind_of_operand() -> Case:
    a = weights(3)

    def loss(x: Any, y: Any) -> Any:
        hidden = a[0] * a[1]
        largest = max([hidden * x[0], hidden * hidden, x[1] ** 3, x[1]]) * y[0]
        derivatives = grad(largest, [hidden, a[0], a[2], x[1], y[1]], create_graph=True)
        (curvature,) = grad(grad((a[2] * a[2]).relu() ** 2, [a[2]], create_graph=True)[0], [a[2]], create_graph=True)
        return sum([d * d for d in derivatives]) + curvature * x[0]

    return Case(loss, a, (2,), (2,))


@loss
def numpy_objects() -> Case:
    A = np.array(weights(3, 4), dtype=object)
    b = np.array(weights(3, seed=2), dtype=object)

    def loss(x: Any, y: Any) -> Any:
        z = np.tanh(A @ np.array(x, dtype=object) + b)
        return ((z - np.array(y, dtype=object)) ** 2).sum()

    return Case(loss, [A, b], (4,), (3,))
