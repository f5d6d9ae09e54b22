"""Losses that carry a state through steps: how long their source is, and what compiling costs, as steps become more.

The source and the blocks tell a step once, whatever the number of steps. JAX compiles a `fori_loop` once for all of
them; beside it stands the same program with every step written out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import nn
from autograd import Value, dot, exp, log, logsumexp, maximum, tanh
from autograd.compiler.arrays.loops import unrolled
from autograd.compiler.printers.to_jax import translated
from autograd.execute import function_of
from benchmarks.peers import installed
from benchmarks.timing import table

Loss = Callable[..., Any]
Made = tuple[Loss, dict[str, Any], tuple[int, ...], tuple[int, ...]]
"""A loss, its parameters by name, and the shapes of a row of X and of Y."""


def parameters(*shape: int, seed: int = 0) -> Any:
    """Nested lists of parameters."""
    numbers = np.random.default_rng([seed, *shape]).uniform(-0.5, 0.5, shape)
    return nest(numbers.tolist())


def nest(numbers: Any) -> Any:
    """Numbers as Values."""
    return [nest(row) for row in numbers] if isinstance(numbers, list) else Value(numbers)


def affine(W: Any, x: Any, b: Any) -> list[Any]:
    """W x + b"""
    return [dot(row, x) + c for row, c in zip(W, b, strict=True)]


# ── losses of any number of steps ────────────────────────────────────────────────────────────────


def recurrent(steps: int) -> Made:
    """A recurrent network."""
    P = {"U": parameters(4, 3), "W": parameters(4, 4), "b": parameters(4), "v": parameters(4, seed=1)}

    def loss(x: Any, y: Any) -> Any:
        h = [0.0] * 4
        for t in range(steps):
            h = [tanh(a + dot(w, h)) for a, w in zip(affine(P["U"], x[t], P["b"]), P["W"], strict=True)]
        return (dot(P["v"], h) - y) ** 2

    return loss, P, (steps, 3), ()


def layers(steps: int, number: int = 3) -> Made:
    """A recurrent network of some layers."""
    P = [{"U": parameters(4, 4, seed=i), "W": parameters(4, 4, seed=9 + i), "b": parameters(4)} for i in range(number)]

    def loss(x: Any, y: Any) -> Any:
        for layer in P:
            h, states = [0.0] * 4, []
            for t in range(steps):
                h = [tanh(a + dot(w, h)) for a, w in zip(affine(layer["U"], x[t], layer["b"]), layer["W"], strict=True)]
                states.append(h)
            x = states
        return (autograd.sum(x[-1]) - y) ** 2

    return loss, {f"{name}{i + 1}": layer[name] for i, layer in enumerate(P) for name in layer}, (steps, 4), ()


def gated(steps: int) -> Made:
    """Gated recurrent units."""
    P = {name: parameters(3, 5, seed=i) for i, name in enumerate(["Z", "R", "H"])}

    def loss(x: Any, y: Any) -> Any:
        h = [Value(0.0)] * 3
        for t in range(steps):
            update, reset = ([dot(row, [*x[t], *h]).sigmoid() for row in P[name]] for name in "ZR")
            new = [tanh(dot(row, [*x[t], *(r * s for r, s in zip(reset, h, strict=True))])) for row in P["H"]]
            h = [(1 - z) * s + z * n for z, s, n in zip(update, h, new, strict=True)]
        return (autograd.sum(h) - y) ** 2

    return loss, P, (steps, 2), ()


def long_memory(steps: int) -> Made:
    """A network with long short-term memory."""
    P = {name: parameters(3, 5, seed=i) for i, name in enumerate(["I", "F", "O", "G"])}

    def loss(x: Any, y: Any) -> Any:
        h, c = [0.0] * 3, [0.0] * 3
        for t in range(steps):
            take, keep, show, new = ([dot(row, [*x[t], *h]) for row in P[name]] for name in "IFOG")
            c = [k.sigmoid() * s + i.sigmoid() * g.tanh() for k, s, i, g in zip(keep, c, take, new, strict=True)]
            h = [o.sigmoid() * tanh(s) for o, s in zip(show, c, strict=True)]
        return (autograd.sum(h) - y) ** 2

    return loss, P, (steps, 2), ()


def filtered(steps: int) -> Made:
    """A filter that feeds back, and an error at each step."""
    P = {"a": Value(0.3), "b": Value(0.5)}

    def loss(x: Any) -> Any:
        out, errors = 0.0, []
        for t in range(steps):
            out = P["a"] * out + P["b"] * x[t]
            errors.append((out - 0.5) ** 2)
        return autograd.sum(errors)

    return loss, P, (steps,), ()


def cumulative(steps: int) -> Made:
    """A function of each running sum."""
    P = {"w": parameters(steps)}

    def loss(x: Any) -> Any:
        total, out = 0.0, []
        for w, number in zip(P["w"], x, strict=True):
            total = total + w * number
            out.append(tanh(total))
        return autograd.sum(out)

    return loss, P, (steps,), ()


def jacobi(steps: int) -> Made:
    """Smoothing in one dimension."""
    P = {"c": Value(0.3)}

    def loss(x: Any) -> Any:
        u = list(x)
        for _ in range(steps):
            u = [u[0], *(u[i] + P["c"] * (u[i - 1] - 2 * u[i] + u[i + 1]) for i in range(1, 7)), u[-1]]
        return autograd.sum([v * v for v in u])

    return loss, P, (8,), ()


def jacobi_in_two_dimensions(steps: int) -> Made:
    """Smoothing of a square."""
    P, inner = {"c": Value(0.2)}, range(1, 4)

    def loss(x: Any) -> Any:
        u = x
        for _ in range(steps):
            u = [[u[i][j] + P["c"] * (u[i - 1][j] + u[i + 1][j] + u[i][j - 1] + u[i][j + 1] - 4 * u[i][j])
                  if i in inner and j in inner else u[i][j] for j in range(5)] for i in range(5)]
        return autograd.sum([v * v for row in u for v in row])

    return loss, P, (5, 5), ()


def kalman(steps: int) -> Made:
    """The likelihood of a sequence by a Kalman filter."""
    P = {"a": Value(0.9), "q": Value(0.1), "r": Value(0.2)}

    def loss(x: Any) -> Any:
        state, variance, total = 0.0, 1.0, 0.0
        for t in range(steps):
            state, variance = P["a"] * state, P["a"] * P["a"] * variance + P["q"]
            spread, error = variance + P["r"], x[t] - state
            gain = variance / spread
            total = total + error * error / spread + log(spread)
            state, variance = state + gain * error, (1 - gain) * variance
        return total

    return loss, P, (steps,), ()


def pendulum(x: Any, P: Any) -> list[Any]:
    """The slopes of angle and speed."""
    return [x[1], -P["g"] * x[0].sin()]


def euler(steps: int) -> Made:
    """A pendulum by Euler's method."""
    P = {"g": Value(9.8)}

    def loss(x: Any, y: Any) -> Any:
        for _ in range(steps):
            x = [v + 0.01 * slope for v, slope in zip(x, pendulum(x, P), strict=True)]
        return (x[0] - y) ** 2

    return loss, P, (2,), ()


def runge_kutta(steps: int) -> Made:
    """The same by the method of Runge and Kutta."""
    P, h = {"g": Value(9.8)}, 0.05

    def moved(x: Any, slopes: Any, by: float) -> list[Any]:
        return [v + by * slope for v, slope in zip(x, slopes, strict=True)]

    def loss(x: Any, y: Any) -> Any:
        for _ in range(steps):
            first = pendulum(x, P)
            second = pendulum(moved(x, first, h / 2), P)
            third = pendulum(moved(x, second, h / 2), P)
            fourth = pendulum(moved(x, third, h), P)
            x = [v + h / 6 * (a + 2 * b + 2 * c + d)
                 for v, a, b, c, d in zip(x, first, second, third, fourth, strict=True)]
        return (x[0] - y) ** 2

    return loss, P, (2,), ()


def epidemic(steps: int) -> Made:
    """Who is healthy, ill and well again, and how far the ill are from those counted."""
    P = {"infection": Value(0.6), "recovery": Value(0.3)}

    def loss(x: Any) -> Any:
        healthy, ill, error = 3.0, x[0], 0.0
        for t in range(steps):
            infected, recovered = 0.1 * P["infection"] * healthy * ill, 0.1 * P["recovery"] * ill
            healthy, ill = healthy - infected, ill + infected - recovered
            error = error + (ill - x[t]) ** 2
        return error

    return loss, P, (steps,), ()


def controller(steps: int) -> Made:
    """The error of a controller that acts on the error, on its sum and on its change."""
    P = {"proportional": Value(0.7), "integral": Value(0.5), "derivative": Value(0.1)}

    def loss(x: Any) -> Any:
        y = total = last = cost = 0.0
        for t in range(steps):
            error = x[t] - y
            total = total + 0.1 * error
            action = P["proportional"] * error + P["integral"] * total + P["derivative"] * (error - last) / 0.1
            y, last, cost = y + 0.1 * (action - y), error, cost + error**2
        return cost

    return loss, P, (steps,), ()


def hidden_markov(steps: int) -> Made:
    """The likelihood of a sequence by the forward algorithm."""
    P = {"A": parameters(3, 3), "m": parameters(3)}

    def loss(x: Any) -> Any:
        a = [-(x[0] - m) ** 2 for m in P["m"]]
        for t in range(1, steps):
            a = [logsumexp([b + row[k] for b, row in zip(a, P["A"], strict=True)]) - (x[t] - P["m"][k]) ** 2
                 for k in range(3)]
        return -logsumexp(a)

    return loss, P, (steps,), ()


def viterbi(steps: int) -> Made:
    """The score of the best path."""
    P = {"A": parameters(3, 3), "m": parameters(3)}

    def loss(x: Any) -> Any:
        a = [-(x[0] - m) ** 2 for m in P["m"]]
        for t in range(1, steps):
            a = [autograd.max([b + row[k] for b, row in zip(a, P["A"], strict=True)]) - (x[t] - P["m"][k]) ** 2
                 for k in range(3)]
        return -autograd.max(a)

    return loss, P, (steps,), ()


def floyd_warshall(steps: int) -> Made:
    """The shortest paths between all pairs, by way of ever more places; roads are longer by what is learned."""
    n = steps
    P = {"toll": parameters(n, n, seed=1)}

    def loss(x: Any) -> Any:
        paths = [[x[i][j] + P["toll"][i][j] * P["toll"][i][j] for j in range(n)] for i in range(n)]
        for k in range(n):
            paths = [[autograd.minimum(paths[i][j], paths[i][k] + paths[k][j]) for j in range(n)] for i in range(n)]
        return autograd.sum([path for row in paths for path in row])

    return loss, P, (n, n), ()


def floyd_warshall_in_place(steps: int) -> Made:
    """The same as it is mostly written: what is better is used at once."""
    n = steps
    P = {"toll": parameters(n, n, seed=1)}

    def loss(x: Any) -> Any:
        paths = [[x[i][j] + P["toll"][i][j] * P["toll"][i][j] for j in range(n)] for i in range(n)]
        for k in range(n):
            for i in range(n):
                for j in range(n):
                    paths[i][j] = autograd.minimum(paths[i][j], paths[i][k] + paths[k][j])
        return autograd.sum([path for row in paths for path in row])

    return loss, P, (n, n), ()


def dynamic_time_warping(steps: int) -> Made:
    """How far a sequence is from a learned one, if both may linger."""
    P = {"w": parameters(steps)}

    def loss(x: Any) -> Any:
        far: dict[tuple[int, int], Any] = {}
        for i, w in enumerate(P["w"]):
            for j in range(steps):
                before = [far[place] for place in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if place in far]
                far[i, j] = (w - x[j]) ** 2 + (autograd.min(before) if before else 0.0)
        return far[steps - 1, steps - 1]

    return loss, P, (steps,), ()


def edit_distance(steps: int) -> Made:
    """What it costs to make one sequence of another, if to leave out and to put in cost what is learned."""
    P = {"w": parameters(steps), "gap": Value(0.7)}

    def loss(x: Any) -> Any:
        row = [j * P["gap"] for j in range(steps + 1)]
        for i, w in enumerate(P["w"]):
            above, row = row, [(i + 1) * P["gap"]]
            for j in range(steps):
                row.append(autograd.min([above[j + 1] + P["gap"], row[j] + P["gap"], above[j] + (w - x[j]) ** 2]))
        return row[-1]

    return loss, P, (steps,), ()


def gauss_seidel(steps: int) -> Made:
    """Smoothing in one dimension, where each point uses what is smooth already."""
    P = {"c": Value(0.3)}

    def loss(x: Any) -> Any:
        u = list(x)
        for _ in range(steps):
            for i in range(1, 7):
                u[i] = u[i] + P["c"] * (u[i - 1] - 2 * u[i] + u[i + 1])
        return autograd.sum([v * v for v in u])

    return loss, P, (8,), ()


def cholesky(steps: int) -> Made:
    """The logarithm of the determinant of a matrix, from its Cholesky factor."""
    n = steps
    P = {"A": parameters(n, n)}

    def loss(x: Any) -> Any:
        L = [[P["A"][i][j] * x[j] + (2.0 * n if i == j else 0.0) for j in range(i + 1)] for i in range(n)]
        for j in range(n):
            for i in range(j, n):
                for k in range(j):
                    L[i][j] = L[i][j] - L[i][k] * L[j][k]
                L[i][j] = L[i][j] ** 0.5 if i == j else L[i][j] / L[j][j]
        return 2 * autograd.sum([log(L[i][i]) for i in range(n)])

    return loss, P, (n,), ()


def horner(steps: int) -> Made:
    """A polynomial by Horner's rule."""
    P = {"w": parameters(steps)}

    def loss(x: Any, y: Any) -> Any:
        total = P["w"][0]
        for w in P["w"][1:]:
            total = total * x + w
        return (total - y) ** 2

    return loss, P, (), ()


def newton(steps: int) -> Made:
    """A square root by Newton's method."""
    P = {"a": Value(2.0)}

    def loss(x: Any, y: Any) -> Any:
        for _ in range(steps):
            x = x - (x * x - P["a"]) / (2 * x)
        return (x - y) ** 2

    return loss, P, (), ()


def deep(steps: int) -> Made:
    """A network of equal layers, each with its own weights."""
    P = {f"W{t}": parameters(5, 5, seed=t) for t in range(steps)}

    def loss(x: Any) -> Any:
        for W in P.values():
            x = [tanh(dot(row, x)) for row in W]
        return autograd.sum(x)

    return loss, P, (5,), ()


def softmax_by_running_maximum(steps: int) -> Made:
    """A softmax that looks for the largest by comparing one with the next."""
    P = {"w": parameters(steps)}

    def loss(x: Any) -> Any:
        z = [w * v for w, v in zip(P["w"], x, strict=True)]
        highest = z[0]
        for v in z[1:]:
            highest = maximum(highest, v)
        return highest + log(autograd.sum([exp(v - highest) for v in z])) - z[0]

    return loss, P, (steps,), ()


LOSSES: list[Callable[[int], Made]] = [
    recurrent, gated, long_memory, filtered, cumulative, jacobi, jacobi_in_two_dimensions, kalman, euler, runge_kutta,
    hidden_markov, viterbi, floyd_warshall, horner, newton, deep, softmax_by_running_maximum, layers,
    dynamic_time_warping, edit_distance, floyd_warshall_in_place, gauss_seidel, cholesky, epidemic, controller,
]


def compiled(made: Made, examples: int = 3) -> tuple[Any, tuple[Any, ...], Any]:
    """A program, what it was called with, and what it returned."""
    loss, P, row, target = made
    program, rng = autograd.compile(loss, P), np.random.default_rng(0)
    X = 1.5 + 0.5 * rng.normal(size=(examples, *row))
    arguments = [X] if loss.__code__.co_argcount == 1 else [X, rng.normal(size=(examples, *target))]
    theta = nn.parameters_to_vector(program.params)
    return program, (theta, *arguments), program.value_and_grad(theta, *arguments)


# ── the table ────────────────────────────────────────────────────────────────────────────────────

STEPS = (5, 20, 100)

CUBIC = (floyd_warshall_in_place, cholesky)
"""Losses of as many scalars as steps to the third power, in tables of as many numbers."""


def report(quick: bool = False) -> str:
    """The table: lines of the source, seconds of CPU to compile, and those of JAX for loops and without them."""
    steps = STEPS[:2] if quick else STEPS
    rows = [["loss", *(f"{what}, {n} steps" for what in ("lines", "blocks", "s") for n in steps),
             f"JAX s, {steps[1]} steps", "without loops"]]
    for made in LOSSES[::4] if quick else LOSSES:
        lines, blocks, seconds = [], [], []
        for n in steps:
            if made in CUBIC and n > max(STEPS[:2]):
                lines, blocks, seconds = ([*column, ""] for column in (lines, blocks, seconds))
                continue
            start = time.process_time()
            program, *_ = compiled(made(n))
            seconds.append(f"{time.process_time() - start:.2f}")
            lines.append(str(len(program.source.splitlines())))
            blocks.append(str(len(program.blocks)))
        rows.append([made.__name__.replace("_", " "), *lines, *blocks, *seconds, *by_jax(made(steps[1]))])
    return table(rows)


def by_jax(made: Made) -> list[str]:
    """Seconds to compile value and gradient in JAX, with loops and without them."""
    if not installed("jax"):
        return ["", ""]
    import jax

    program, arguments, _ = compiled(made)
    source = translated(program._traced().function("value_and_grad"), unrolled)
    written_out = function_of(source, "<compiled for JAX>", "loss", {})
    flat = [argument if i == 0 else argument.reshape(len(argument), -1) for i, argument in enumerate(arguments)]
    found = []
    for loss, given in ((program.to_jax(), arguments), (written_out, flat)):
        start = time.process_time()
        jax.block_until_ready(jax.jit(jax.value_and_grad(loss))(*given))
        found.append(f"{time.process_time() - start:.2f}")
    return found
