"""Maxima that cancel get no gradient, and chains of them are one; all others keep theirs."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, maximum, minimum

Loss = Callable[[Any, Any], Any]


def chain(z: Any) -> Any:
    """The largest, one after the other."""
    return reduce(maximum, z)


def added(z: Any) -> Any:
    """A sum that begins with 0."""
    total = 0.0
    for value in z:
        total = total + value
    return total


def softmax(z: Any, m: Any) -> list[Any]:
    """Shares of exponentials."""
    exponentials = [(value - m).exp() for value in z]
    return [value / added(exponentials) for value in exponentials]


def log_softmax(z: Any, m: Any) -> list[Any]:
    """Differences to m, less the logarithm of their sum."""
    differences = [value - m for value in z]
    return [value - added([other.exp() for other in differences]).log() for value in differences]


def logsumexp(z: Any, m: Any) -> Any:
    """m + log Σ exp(z - m)."""
    return m + autograd.sum([(value - m).exp() for value in z]).log()


def at_half_heat(z: Any, m: Any) -> list[Any]:
    """A softmax of z / 0.5, of which the exponent is multiplied out."""
    exponentials = [((value - m) / 0.5).exp() for value in z]
    total = autograd.sum(exponentials)
    return [value / total for value in exponentials]


def below(z: Any) -> list[Any]:
    """A softmin."""
    m = reduce(minimum, z)
    exponentials = [(-(value - m)).exp() for value in z]
    return [value / autograd.sum(exponentials) for value in exponentials]


CANCEL: dict[str, Loss] = {
    "softmax": lambda z, y: autograd.dot(softmax(z, chain(z)), y),
    "softmax of autograd.max": lambda z, y: autograd.dot(softmax(z, autograd.max(z)), y),
    "log softmax": lambda z, y: -autograd.dot(log_softmax(z, chain(z)), y),
    "logsumexp": lambda z, y: logsumexp(z, chain(z)) - autograd.dot(z, y),
    "at half heat": lambda z, y: autograd.dot(at_half_heat(z, chain(z)), y),
    "softmin": lambda z, y: autograd.dot(below(z), y),
    "logsumexp of logsumexp": lambda z, y: logsumexp([logsumexp(z, chain(z)), *y], chain([logsumexp(z, chain(z)), *y])),
    "attention": lambda z, y: autograd.dot(softmax([a * b for a, b in zip(z, y, strict=True)], chain(
        [a * b for a, b in zip(z, y, strict=True)])), z),
}
STAY: dict[str, Loss] = {
    "a maximum": lambda z, y: chain(z) * y[0],
    "exponentials without their sum": lambda z, y: autograd.sum([(value - chain(z)).exp() for value in z]),
    "a softmax times its maximum": lambda z, y: autograd.dot(softmax(z, chain(z)), y) * chain(z),
    "another shift above than below": lambda z, y: softmax([2 * value for value in z], chain(z))[0].log() * z[0]
    + added([(value - chain(z)).exp() for value in z]) / (z[0] - 2 * chain(z)).exp(),
    "a hinge": lambda z, y: autograd.sum([maximum(1 - a * b, 0.0) for a, b in zip(z, y, strict=True)]),
    "a sum with a number": lambda z, y: ((z[0] - chain(z)).exp()) / (1 + added([(v - chain(z)).exp() for v in z])),
    "a scale": lambda z, y: autograd.dot([value / chain(z) for value in z], y),
}


def compiled(loss: Loss) -> tuple[Any, Any]:
    """A program of z = w · x, and the largest difference of its gradient from that of eager evaluation, ties too."""
    w = [Value(number) for number in (0.4, -0.3, 0.7, 0.1)]

    def of_row(x: Any, y: Any) -> Any:
        return loss([a * b for a, b in zip(w, x, strict=True)], y)

    program = autograd.compile(of_row, w)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(5, 4)), rng.uniform(0.2, 1, (5, 4))
    X[0, 2] = X[0, 0] * 0.4 / 0.7
    value, gradient = program.value_and_grad(np.array([v.data for v in w]), X, Y)
    mean = autograd.sum([of_row(list(map(Value, x)), list(map(Value, y))) for x, y in zip(X, Y, strict=True)]) / 5
    mean.backward()
    np.testing.assert_allclose(value, mean.data, rtol=1e-12)
    return program, np.abs(gradient - [v.grad for v in w]).max()


def is_chosen(line: str) -> bool:
    """Whether a line of the source sends a gradient to the larger of two, or to all that are the largest."""
    return "0.5" in line or "==" in line


@pytest.mark.parametrize("name", CANCEL)
def test_no_gradient_goes_to_a_maximum_that_cancels(name: str) -> None:
    program, difference = compiled(CANCEL[name])
    assert not [line for line in program.source.splitlines() if is_chosen(line) and "/ 0.5" not in line]
    assert not [block for block in program.blocks if block.op in ("maximum", "minimum")]
    assert difference < 1e-14


@pytest.mark.parametrize("name", STAY)
def test_all_others_keep_their_gradient(name: str) -> None:
    program, difference = compiled(STAY[name])
    assert [line for line in program.source.splitlines() if is_chosen(line)]
    assert difference < 1e-14


def test_a_softmax_by_a_running_maximum_reads_as_one_by_max() -> None:
    sources = [compiled(CANCEL[name])[0].source for name in ("softmax", "softmax of autograd.max")]
    assert sources[0] == sources[1]


def test_a_proof_that_fails_late_ends() -> None:
    """Each of 400 minima is read by all that follow: what comes of them is not looked at time and again."""
    w = Value(0.5)

    def loss(x: Any) -> Any:
        total = w * x[0]
        for i in range(400):
            total = minimum(total, w) + x[i % 3]
        return total

    program = autograd.compile(loss, [w])
    program.value_and_grad(np.array([0.5]), np.ones((2, 3)))
