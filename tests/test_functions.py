"""Functions composed of rows of the table."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import SizeError, Value

over = pytest.mark.parametrize


def test_the_mean_spreads_its_gradient_evenly() -> None:
    xs = [Value(1.0), Value(2.0), Value(6.0)]
    mean = autograd.mean(xs)
    assert mean.data == 3.0
    assert autograd.grad(mean, xs) == pytest.approx([1 / 3] * 3)


def test_the_mean_of_plain_numbers_is_a_number() -> None:
    assert autograd.mean(1, 2, 6) == 3.0


@given(st.lists(st.floats(-700, 700), min_size=1, max_size=6))
def test_softmax_is_positive_sums_to_one_and_keeps_the_order(scores: list[float]) -> None:
    probabilities = autograd.softmax(scores)
    assert sum(probabilities) == pytest.approx(1)
    assert all(p >= 0 for p in probabilities)
    assert sorted(probabilities) == [p for _, p in sorted(zip(scores, probabilities, strict=True))]


def test_the_jacobian_of_softmax() -> None:
    scores = [Value(0.5), Value(-1.0), Value(2.0)]
    probabilities = autograd.softmax(scores)
    p = [v.data for v in probabilities]
    for i, row in enumerate(autograd.jacobian(probabilities, scores)):
        assert row == pytest.approx([p[i] * ((i == j) - p[j]) for j in range(3)])


def test_the_gradient_of_logsumexp_is_softmax() -> None:
    scores = [Value(0.5), Value(-1.0), Value(800.0)]
    gradient = autograd.grad(autograd.logsumexp(scores), scores)
    assert gradient == pytest.approx([p.data for p in autograd.softmax(scores)])


def test_maxout_takes_the_largest_linear_unit() -> None:
    weights = [[Value(1.0), Value(0.0)], [Value(0.0), Value(1.0)]]
    xs = [Value(2.0), Value(3.0)]
    out = autograd.maxout(weights, xs, [0.0, 0.5])
    assert out.data == 3.5
    assert autograd.grad(out, xs) == [0.0, 1.0]
    assert autograd.grad(out, weights[1]) == [2.0, 3.0]
    assert autograd.maxout(weights, xs).data == 3.0


@over(
    ("weights", "xs", "biases", "message"),
    [
        ([[1.0]], [1.0], [1.0, 2.0], "one bias per row of weights, 2 came for 1 rows"),
        ([[1.0, 2.0]], [1.0], None, "equal length, 2 and 1 came"),
        ([], [1.0], None, "max needs at least one term"),
    ],
)
def test_maxout_says_what_does_not_fit(
    weights: list[list[float]], xs: list[float], biases: list[float] | None, message: str
) -> None:
    with pytest.raises(SizeError, match=message):
        autograd.maxout(weights, xs, biases)


def test_a_softmax_of_one_score_is_certain() -> None:
    assert autograd.softmax([math.pi]) == [1.0]
