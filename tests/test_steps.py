"""What steps add to one gradient, added up at once; and what they do not wait for, summed up beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_loops import by_source

import autograd
from autograd import Value
from benchmarks.steps import compiled, parameters

STEPS = 7


def weighted(P: Any, x: Any) -> Any:
    """A recurrence in one number: one product for each step, forwards and backwards."""
    s = 0.0
    for t in range(STEPS):
        s = P["w"] + P["u"] * x[t] ** 2 + P["v"] * s
    return s


def network(P: Any, x: Any) -> Any:
    """A recurrent network of three numbers, read at every step."""
    h = [0.1, 0.2, 0.3]
    total = 0.0
    for t in range(STEPS):
        h = [(autograd.dot(u, [x[t], x[t] + 1]) + autograd.dot(w, h) + b).tanh()
             for u, w, b in zip(P["U"], P["W"], P["b"], strict=True)]
        total = total + h[0] * h[1]
    return total


def driven(P: Any, x: Any) -> Any:
    """A gain that is the same for all examples, but another one in each step."""
    gain, s = P["v"], x[0]
    for t in range(STEPS):
        gain = gain * P["w"] + 0.1
        s = s + gain * (x[t] - s).sin()
    return s


def shared(P: Any, x: Any) -> Any:
    """A number of each example that all steps read: what they add to its gradient is a sum over steps alone."""
    rate, s = (P["w"] * x[0]).sigmoid(), x[1]
    for t in range(STEPS):
        s = s + rate * (P["v"] * s).cos() * x[t]
    return s * s


CASES = {
    weighted: {name: Value(0.3 + 0.1 * i) for i, name in enumerate("wuv")},
    network: {"U": parameters(3, 2), "W": parameters(3, 3), "b": parameters(3)},
    driven: {name: Value(0.5 + 0.1 * i) for i, name in enumerate("wv")},
    shared: {name: Value(0.5 + 0.1 * i) for i, name in enumerate("wv")},
}


@pytest.mark.parametrize("loss", CASES)
def test_a_gradient_is_one_sum_of_what_all_steps_have(loss: Any) -> None:
    """No statement of a loop writes to the gradient; and it is that of eager evaluation."""
    P = CASES[loss]
    program, (theta, X), (value, gradient) = compiled((lambda x: loss(P, x), P, (STEPS,), ()))
    backward = program.source[program.source.index("    gradient = np."):].splitlines()
    places = [line.split(" = ")[0].strip() for line in backward if " = gradient[" in line]
    for place in ["gradient", *places]:
        assert not [line for line in backward if line.startswith(f"        {place}[")]
    again, slopes = by_source(program, (theta, X))
    for parameter in program.params:
        parameter.grad = 0.0
    mean = autograd.sum([loss(P, list(map(Value, row))) for row in X]) / len(X)
    mean.backward()
    np.testing.assert_allclose([value, again], mean.data, rtol=1e-12)
    np.testing.assert_allclose(gradient, [p.grad for p in program.params], rtol=1e-10)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-10)


def test_what_steps_do_not_wait_for_is_summed_up_before_the_loop() -> None:
    """The products with the inputs are one product of matrices."""
    P = CASES[network]
    source = compiled((lambda x: network(P, x), P, (STEPS,), ()))[0].source
    body = [line.strip() for line in source.splitlines() if line.startswith("        ")]
    assert "z_t = v1[:, 3 * t - 3:3 * t] + a[t - 1] @ W" in body
    assert not [line for line in body if "x[" in line]


def test_parts_of_what_steps_make_are_read_as_parts_of_their_stack() -> None:
    """The first and the second number of all hidden states, side by side."""
    P = CASES[network]
    source = compiled((lambda x: network(P, x), P, (STEPS,), ()))[0].source
    assert "np.concatenate([*a[..., 0:1], a7[:, 0:1]], axis=-1)" in source


def test_a_sum_that_has_nothing_to_compute_beforehand_stays_whole() -> None:
    """In s + x[t] there is a single number that does not wait."""
    w = Value(0.5)

    def loss(x: Any) -> Any:
        s = w
        for t in range(STEPS):
            s = (s + x[t]).tanh()
        return s

    source = compiled((loss, [w], (STEPS,), ()))[0].source
    assert "x[:, t:t + 1]" in source


def test_what_each_step_adds_to_several_gradients_in_turn_is_told_once() -> None:
    """The states of two chains, side by side step by step: the line does not grow with the steps."""
    P = {"v": Value(0.7), "w": Value(0.4)}

    def source(steps: int) -> str:
        def loss(x: Any) -> Any:
            a, b = x[0], x[1]
            for t in range(steps):
                a, b = a + P["v"] * (x[t] - b).sin(), b + P["v"] * (a * P["w"]).cos()
            return a * b

        program, (theta, X), (value, _) = compiled((loss, P, (steps,), ()))
        assert by_source(program, (theta, X))[0] == pytest.approx(value, rel=1e-12)
        return str(program.source)

    few, many = source(9), source(15)
    assert "for a in step]" in few
    assert max(map(len, many.splitlines())) <= max(map(len, few.splitlines())) + 4
