"""The first and the last steps of loops are steps of the loop, where they differ from the others by what is 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from losses import by_default
from test_loops import by_source, lines

import autograd
from autograd import dot, exp, log, softmax, sqrt
from autograd.compiler.arrays.loops import with_ends
from autograd.compiler.printers.to_numpy import Printer
from benchmarks.steps import Made, compiled, layers, parameters


def spiking(steps: int) -> Made:
    """A neuron that leaks, and is set back by what it fires."""
    P = {"leak": parameters(1), "w": parameters(1, seed=1), "threshold": parameters(1, seed=2)}

    def loss(x: Any) -> Any:
        potential = count = 0.0
        for t in range(steps):
            potential = potential * P["leak"][0] + P["w"][0] * x[t]
            spike = (5 * (potential - P["threshold"][0])).sigmoid()
            potential = potential - spike * P["threshold"][0]
            count = count + spike
        return (count - 3) ** 2

    return loss, P, (steps,), ()


def hawkes(steps: int) -> Made:
    """The likelihood of events that make others more likely for a while."""
    P = {"mu": [autograd.Value(0.7)], "rate": [autograd.Value(0.4)], "decay": [autograd.Value(0.9)]}

    def loss(x: Any) -> Any:
        excited, total = 0.0, -log(P["mu"][0])
        for t in range(1, steps):
            time = x[t] * x[t] + 0.1
            excited = exp(-P["decay"][0] * time) * (1 + excited)
            total = total - log(P["mu"][0] + P["rate"][0] * excited) + P["mu"][0] * time
        return total

    return loss, P, (steps,), ()


def heston(steps: int) -> Made:
    """The price of an option whose volatility moves as well."""
    P = {"speed": parameters(1), "mean": parameters(1, seed=1), "size": parameters(1, seed=2)}

    def loss(x: Any) -> Any:
        price, variance = 1.0 + x[0][0] * 0.0, 0.2
        for t in range(steps):
            now = autograd.maximum(variance, 0.01)
            price = price * exp(-0.005 * now + 0.1 * sqrt(now) * x[t][0])
            variance = variance + 0.1 * P["speed"][0] * (P["mean"][0] - now) + P["size"][0] * sqrt(now) * x[t][1]
        return autograd.maximum(price - 0.5, 0.0)

    return loss, P, (steps, 2), ()


def routing(steps: int) -> Made:
    """Capsules agree to which of the next ones each of them goes."""
    W = parameters(3, 2, 2)

    def loss(x: Any) -> Any:
        votes = [[[w * x[i] for w in row] for row in W[i]] for i in range(3)]
        logits: Any = [[0.0 * x[0]] * 2 for _ in range(3)]
        for _ in range(steps):
            shares = [softmax(row) for row in logits]
            sums = [[dot([s[j] for s in shares], [v[j][d] for v in votes]) for d in range(2)] for j in range(2)]
            sizes = [dot(s, s) + 0.1 for s in sums]
            out = [[a * size / (1 + size) / sqrt(size) for a in s] for s, size in zip(sums, sizes, strict=True)]
            logits = [[b + dot(v, o) for b, v, o in zip(row, vote, out, strict=True)]
                      for row, vote in zip(logits, votes, strict=True)]
        return autograd.sum([dot(o, o) for o in out])

    return loss, {"W": W}, (3,), ()


def delta_rule(steps: int) -> Made:
    """A memory of keys and values that learns what it does not know yet."""
    P = {"K": parameters(2, 2), "V": parameters(2, 2, seed=1), "b": parameters(1)}

    def loss(x: Any) -> Any:
        memory: Any = [[0.0] * 2 for _ in range(2)]
        total = 0.0
        for t in range(steps):
            key, value = ([dot(w, x[t]) for w in P[name]] for name in "KV")
            error = [v - dot(row, key) for v, row in zip(value, memory, strict=True)]
            memory = [[m + P["b"][0] * e * k for m, k in zip(row, key, strict=True)]
                      for row, e in zip(memory, error, strict=True)]
            total = total + dot(error, error)
        return total

    return loss, P, (steps, 2), ()


def momentum(steps: int) -> Made:
    """The steps of an optimiser, as a part of the loss."""
    P = {"lr": parameters(1), "mu": parameters(1, seed=1)}

    def loss(x: Any) -> Any:
        u, v, square = x[0], 0.0, 0.0
        for t in range(1, steps + 1):
            slope = 4 * u**3 - 2 * u + x[1]
            v = P["mu"][0] * v + 0.1 * slope
            square = 0.9 * square + 0.1 * slope * slope
            u = u - P["lr"][0] * v / (sqrt(square / (1 - 0.9**t) + 1e-6) + 0.1)
        return u * u

    return loss, P, (2,), ()


def memory_hops(steps: int) -> Made:
    """A question that looks several times at what is remembered."""
    P = {"A": parameters(2, 2), "B": parameters(2, 2, seed=1)}

    def loss(x: Any) -> Any:
        keys, values = ([[dot(w, row) for w in P[name]] for row in x[:3]] for name in "AB")
        asked = x[3]
        for _ in range(steps):
            shares = softmax([dot(asked, key) for key in keys])
            asked = [0.5 * a + dot(shares, [value[j] for value in values]) for j, a in enumerate(asked)]
        return dot(asked, asked)

    return loss, P, (4, 2), ()


def lanczos(steps: int) -> Made:
    """The matrix in three diagonals that Lanczos makes of a symmetric one."""
    W = parameters(4, 4)

    def loss(x: Any) -> Any:
        size = sqrt(dot(x, x))
        now, before = [a / size for a in x], [0.0] * 4
        total = off = 0.0
        for _ in range(steps):
            new = [dot([W[i][j] + W[j][i] for j in range(4)], now) for i in range(4)]
            on = dot(new, now)
            new = [a - on * b - off * c for a, b, c in zip(new, now, before, strict=True)]
            off = sqrt(dot(new, new) + 0.5)
            now, before = [a / off for a in new], now
            total = total + on * on + off
        return total

    return loss, {"W": W}, (4,), ()


def linear_attention(steps: int) -> Made:
    """Attention without a softmax: sums of keys and values up to now."""
    P = {name: parameters(2, 2, seed=i) for i, name in enumerate("QKV")}

    def loss(x: Any) -> Any:
        sums: Any = [[0.0] * 2 for _ in range(2)]
        size: Any = [0.0] * 2
        total = 0.0
        for t in range(steps):
            query, key, value = ([dot(w, x[t]) for w in P[name]] for name in "QKV")
            query, key = [exp(a) for a in query], [exp(a) for a in key]
            sums = [[s + k * v for s, v in zip(row, value, strict=True)] for row, k in zip(sums, key, strict=True)]
            size = [s + k for s, k in zip(size, key, strict=True)]
            seen = [dot(query, [row[j] for row in sums]) / dot(query, size) for j in range(2)]
            total = total + dot(seen, seen)
        return total

    return loss, P, (steps, 2), ()


KINDS = [spiking, hawkes, heston, routing, delta_rule, momentum, memory_hops, lanczos, linear_attention]


@pytest.mark.parametrize("made", by_default(KINDS, one_in=5))
def test_the_text_is_as_long_for_more_steps_and_right(made: Callable[[int], Made]) -> None:
    few, many = (compiled(made(steps)) for steps in (9, 14))
    for program, (theta, *rows), _ in (few, many):
        theta, rows = 0.9 * theta + 0.01, [0.8 * row - 0.1 for row in rows]
        value, gradient = program.value_and_grad(theta, *rows)
        again, slopes = by_source(program, (theta, *rows))
        np.testing.assert_allclose(again, value, rtol=1e-10)
        np.testing.assert_allclose(slopes, gradient, rtol=1e-8, atol=1e-11 * max(1, np.abs(gradient).max()))
    assert lines(few[0]) == lines(many[0])


def test_a_loop_begins_with_zeros_and_has_all_steps() -> None:
    """Before the first step there is no state, and after the last no gradient comes back."""
    text = compiled(spiking(9))[0].source
    forward, backward = text.split("    gradient =")
    for half in (forward, backward):
        assert half.count("np.zeros(") + half.count("] = 0\n") == 1
    assert "for t in range(1, 10):" in forward
    assert "for t in reversed(range(9)):" in backward
    assert text.count("np.exp") == 1, "each operation stands in the loop alone"


def test_a_sum_of_what_all_steps_make_is_one_sum_less_a_number_too() -> None:
    for steps in (9, 40):
        assert "sigmoid_t.sum(axis=0) - 3\n" in compiled(spiking(steps))[0].source


def test_scalars_of_the_first_step_are_found_in_the_loop() -> None:
    program, (_, X), _ = compiled(spiking(9))
    loss = program.example(X[0])
    spikes = [value for value in below(loss) if value.op is autograd.ops.sigmoid]
    assert len(spikes) == 9
    for value in spikes:
        name = str(program.block_of(value)).split("[")[0]
        assert f"{name}[t" in program.source


def below(root: autograd.Value) -> list[autograd.Value]:
    """A value and all that it is made of."""
    found, waiting = dict[autograd.Value, None](), [root]
    while waiting:
        value = waiting.pop()
        if value not in found:
            found[value] = None
            waiting += value.args
    return list(found)


def test_what_is_the_same_many_times_is_one_array_made_wider() -> None:
    """The gradient of each term of a sum is that of the sum, whatever names it has on the way."""
    text = compiled(hawkes(12))[0].source
    assert "np.broadcast_to(dloss, (n, 10))" in text
    assert " = dloss\n" not in text


def test_what_saturates_hides_no_wrong_gradient() -> None:
    """Through many layers of tanh hardly any gradient is left, if weights are large and all of one sign."""
    program, arguments, (_, gradient) = compiled(layers(8, 5))
    engine = program._traced()
    text = Printer(engine.written.shown.places).source(with_ends(engine.written.shown)[1], {})
    scope: dict[str, Any] = {}
    exec(text, scope)
    theta, *rows = arguments
    _, slopes = scope["value_and_grad"](theta, *(row.reshape(len(row), -1) for row in rows))
    np.testing.assert_allclose(slopes, gradient, rtol=1e-9, atol=1e-12 * np.abs(gradient).max())
