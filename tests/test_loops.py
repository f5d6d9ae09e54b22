"""What repeats in a program is written once: the source does not grow with the number of steps, and says the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
import viz
from autograd import Value, dot, exp, log, logsumexp, maximum, tanh
from autograd.compiler.place import Place
from autograd.compiler.repeats import repeated

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
    hidden_markov, viterbi, horner, newton, deep, softmax_by_running_maximum,
]


def compiled(made: Made, examples: int = 3) -> tuple[Any, tuple[Any, ...], Any]:
    """A program, what it was called with, and what it returned."""
    loss, P, row, target = made
    program, rng = autograd.compile(loss, P), np.random.default_rng(0)
    X = 1.5 + 0.5 * rng.normal(size=(examples, *row))
    arguments = [X] if loss.__code__.co_argcount == 1 else [X, rng.normal(size=(examples, *target))]
    theta = nn.parameters_to_vector(program.params)
    return program, (theta, *arguments), program.value_and_grad(theta, *arguments)


def by_source(program: Any, arguments: tuple[Any, ...]) -> Any:
    """What the source computes."""
    scope: dict[str, Any] = {}
    exec(program.source, scope)
    theta, *rows = arguments
    return scope["value_and_grad"](theta, *(row.reshape(len(row), -1) for row in rows))


def lines(program: Any) -> int:
    """The lines of the source."""
    return len(program.source.splitlines())


@pytest.mark.parametrize("made", LOSSES)
def test_the_source_does_not_grow_with_the_steps(made: Callable[[int], Made]) -> None:
    """Nor do the blocks; and it computes what the program returns. (Euler's method goes two steps at a time.)"""
    few, many = (compiled(made(steps)) for steps in (12, 26))
    for program, arguments, (value, gradient) in (few, many):
        again, slopes = by_source(program, arguments)
        np.testing.assert_allclose(again, value, rtol=1e-12)
        np.testing.assert_allclose(slopes, gradient, rtol=1e-9, atol=1e-12 * np.abs(gradient).max())
    assert lines(few[0]) == lines(many[0])
    assert len(few[0].blocks) == len(many[0].blocks)


@pytest.mark.parametrize("made", [recurrent, hidden_markov, deep])
def test_a_hundred_steps_are_no_more_lines(made: Callable[[int], Made]) -> None:
    assert lines(compiled(made(100))[0]) == lines(compiled(made(5))[0])


def test_a_recurrent_network_reads_as_in_a_textbook() -> None:
    program, *_ = compiled(recurrent(6))
    assert "\n".join(program.source.splitlines()[5:]) == """\
    U = theta[0:12].reshape(4, 3).T
    b = theta[28:32]
    W = theta[12:28].reshape(4, 4).T
    v = theta[32:36].reshape(1, 4).T

    z = x[:, 0:3] @ U + b
    a = np.empty((6, n, 4), theta.dtype)
    a[0] = np.tanh(z)
    for t in range(1, 6):
        z_t = x[:, 3 * t:3 * t + 3] @ U + b + a[t - 1] @ W
        a[t] = np.tanh(z_t)
    z7 = a[5] @ v
    s1 = z7 - y
    loss = s1 * s1
    value = loss.mean()

    gradient = np.zeros_like(theta)
    dv = gradient[32:36].reshape(1, 4).T
    dU = gradient[0:12].reshape(4, 3).T
    db = gradient[28:32]
    dW = gradient[12:28].reshape(4, 4).T
    dloss = np.full((n, 1), 1 / n, theta.dtype)
    ds1 = 2 * (dloss * s1)
    dz7 = ds1
    da = dz7 @ v.T
    dv[...] = a[5].T @ dz7
    for t in reversed(range(1, 6)):
        dz_t = da * (1 - a[t] ** 2)
        dU[...] += x[:, 3 * t:3 * t + 3].T @ dz_t
        db[...] += dz_t.sum(axis=0)
        da = dz_t @ W.T
        dW[...] += a[t - 1].T @ dz_t
    dz = da * (1 - a[0] ** 2)
    dU[...] += x[:, 0:3].T @ dz
    db[...] += dz.sum(axis=0)
    return value, gradient"""


def test_the_table_and_the_drawing_tell_a_loop_once() -> None:
    program, *_ = compiled(recurrent(8))
    assert {block.name: (block.steps, block.scalars) for block in program.blocks if block.steps > 1} == {
        "a": (8, 32), "z_t": (7, 28)}
    assert "(batch, 4) ↻ 8" in program.summary()
    source = viz.draw(program).source
    assert source.count("subgraph cluster_loop") == 2
    assert "loop ↻ × 7" in source


def test_scalars_are_found_in_the_stack() -> None:
    program, (_, X, Y), _ = compiled(recurrent(6))
    loss = program.example(X[0], Y[0])
    places = set(map(str, all_places(program, loss)))
    assert {f"a[{t}, :, {k}]" for t in range(6) for k in range(4)} <= places


def all_places(program: Any, root: Value) -> list[Place]:
    """The places of a value and of all below it."""
    found, waiting, seen = [], [root], set()
    while waiting:
        value = waiting.pop()
        if id(value) not in seen:
            seen.add(id(value))
            found.append(program.block_of(value))
            waiting += value.args
    return [place for place in found if place is not None]


# ── any steps ────────────────────────────────────────────────────────────────────────────────────


def at_random(seed: int) -> Made:
    """Steps at random: of some states, the states before those, slices of x and parameters, shared or not."""
    rng = random.Random(seed)
    steps, states, width = rng.randint(4, 9), rng.randint(1, 3), rng.choice([1, 3])
    P = {"w": parameters(states, width), "own": parameters(steps, states), "c": parameters(3)}
    recipe = [(rng.randrange(7), rng.randrange(states), rng.randrange(states)) for _ in range(rng.randint(1, 4))]
    back, output, ends = rng.random() < 0.4, rng.randrange(3), rng.random() < 0.3

    def step(t: int, now: list[list[Any]], before: list[list[Any]], x: Any) -> list[list[Any]]:
        new = list(now)
        for kind, i, j in recipe:
            a, b = new[i], now[j]
            new[i] = [
                [tanh(p + q) for p, q in zip(a, b, strict=True)],
                [p * w + x[t][0] for p, w in zip(a, P["w"][i], strict=True)],
                [p + P["own"][t][i] * q for p, q in zip(a, b, strict=True)],
                [P["c"][0] * p - q / 4 for p, q in zip(a, before[i], strict=True)],
                [(dot(a, b) * P["c"][1]).sin() + p for p in a],
                [p - 0.1 * (t + 1) * x[t][1] for p in a],
                [maximum(p, q) * P["c"][2] for p, q in zip(a, b, strict=True)],
            ][kind]
        return new

    def loss(x: Any) -> Any:
        before = now = [[x[0][0] + 0.1 * i + 0.2 * k for k in range(width)] for i in range(states)]
        seen = []
        order = range(steps) if not back else reversed(range(steps))
        for t in order:
            before, now = now, step(t, now, before, x)
            seen.append(now[0][0] if not ends or t % 2 else now[-1][-1])
        last = autograd.sum([v for state in now for v in state])
        return [last * last, autograd.sum([tanh(v) for v in seen]), last + autograd.sum(seen) ** 2][output]

    return loss, P, (steps, 2), ()


@pytest.mark.parametrize("seed", [*range(20), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(20, 300))])
def test_loops_at_random_compute_what_the_program_returns(seed: int) -> None:
    """`Program.source` itself raises where its loops disagree; here they are compared with other numbers."""
    program, (theta, X), _ = compiled(at_random(seed))
    theta, X = 0.9 * theta + 0.01, 0.8 * X - 0.3
    value, gradient = program.value_and_grad(theta, X)
    again, slopes = by_source(program, (theta, X))
    np.testing.assert_allclose(again, value, rtol=1e-10)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-8, atol=1e-10 * max(1, np.abs(gradient).max()))


def test_runs_of_patterns_are_found_by_what_they_save() -> None:
    assert repeated("xababababy")[0] == (1, 2, 8)
    assert repeated("aaaa") == [(0, 1, 4)]
    assert repeated("abcabc") == []


@pytest.mark.parametrize("made", LOSSES)
def test_jax_loops_too(made: Callable[[int], Made]) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    program, arguments, (value, gradient) = compiled(made(6))
    again, slopes = jax.value_and_grad(program.to_jax())(*arguments)
    np.testing.assert_allclose(again, value, rtol=1e-12)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-9, atol=1e-12 * np.abs(gradient).max())
