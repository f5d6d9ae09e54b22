"""Compiled losses give what eager evaluation gives, in every way of running them."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from agreement import TOLERANCE, Case, assert_agreement, by_numpy, by_paste, eager, theta_of
from hypothesis import given, settings
from hypothesis import strategies as st
from losses import LOSSES, by_default, convolution, mlp
from random_losses import Loops, loops, random_grids, random_wires

import autograd
from autograd.compiler.blocks import reroll

SAMPLE = ["mlp_tanh", "recurrent", "convolution_padded_by_if", "causal_attention", "irregular_graph", "dropout"]


@pytest.mark.parametrize("name", by_default(LOSSES))
def test_a_compiled_loss_agrees_with_eager(name: str) -> None:
    case = LOSSES[name]()
    X, Y = case.data()
    draw = np.random.default_rng(3).random((len(X), case.noises))
    assert_agreement(case, X, Y, draw)


@settings(max_examples=8)
@given(loops())
def test_random_loops_agree_with_eager_where_nothing_may_be_padded(drawn: tuple[Loops, Any, Any]) -> None:
    program, X, Y = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reroll, "SMALL", 0)
        patch.setattr(reroll, "WASTE", 1)
        assert_agreement(program.case(), X, Y)


@pytest.mark.slow
@pytest.mark.parametrize(("small", "waste"), [(0, 1), (0, 2)])
@settings(max_examples=150)
@given(drawn=loops(max_loops=6))
def test_many_random_loops_agree_with_eager(drawn: tuple[Loops, Any, Any], small: int, waste: int) -> None:
    program, X, Y = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reroll, "SMALL", small)
        patch.setattr(reroll, "WASTE", waste)
        assert_agreement(program.case(), X, Y)


@given(seed=st.integers(0, 10**6))
def test_random_sums_over_grids_agree_with_eager(seed: int) -> None:
    grids, X, Y = random_grids(random.Random(seed))
    assert_agreement(grids.case(), X, Y)


@given(seed=st.integers(0, 10**6))
def test_random_wires_agree_with_eager(seed: int) -> None:
    wires, X, Y = random_wires(random.Random(seed))
    assert_agreement(wires.case(), X, Y)


def test_the_bound_is_small_beside_the_numbers_it_bounds() -> None:
    case = mlp(3, 5, 4, 2)
    expected, bound = eager(case, *case.data())
    assert TOLERANCE * bound.value < 1e-10 * abs(expected.value)
    assert np.all(TOLERANCE * bound.gradient < 1e-10 * np.abs(expected.gradient).max())


@pytest.mark.parametrize("name", by_default(SAMPLE))
def test_every_batch_size_gives_the_mean_over_its_rows(name: str) -> None:
    case = LOSSES[name]()
    program, theta = case.compiled(), theta_of(case)
    X, Y = case.data(7)
    draw = np.random.default_rng(0).random((7, case.noises))
    each = [by_rows(program, theta, X, Y, draw, slice(i, i + 1)) for i in range(7)]
    for examples in (7, 1, 3, 2, 7):
        value, gradient, dx = by_rows(program, theta, X, Y, draw, slice(0, examples))
        assert value == pytest.approx(np.mean([row[0] for row in each[:examples]]), rel=1e-12)
        expected = np.mean([row[1] for row in each[:examples]], axis=0)
        np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-13)
        expected = np.concatenate([row[2] for row in each[:examples]]) / examples
        np.testing.assert_allclose(dx, expected, rtol=1e-11, atol=1e-13)


def by_rows(program: Any, theta: Any, X: Any, Y: Any, draw: Any, rows: slice) -> Any:
    """Value, gradient and input gradient of some of the rows; the program is traced by a call of its own."""
    if not program.plans:
        program(theta, X, Y)
    return by_numpy(program, theta, X[rows], None if Y is None else Y[rows], draw[rows], inputs=True)


@pytest.mark.parametrize("name", by_default(SAMPLE))
def test_results_of_earlier_calls_stay_as_they_are(name: str) -> None:
    case = LOSSES[name]()
    program, theta = case.compiled(), theta_of(case)
    X, Y = case.data()
    draw = np.random.default_rng(0).random((len(X), case.noises))
    program(theta, X, Y)
    first = by_numpy(program, theta, X, Y, draw, inputs=True)
    outputs = program(theta, X, Y)
    kept = [np.copy(result) for result in (*first, outputs)]
    by_numpy(program, theta + 0.5, X, Y, draw, inputs=True)
    program(theta + 0.5, X, Y)
    for now, then in zip((*first, outputs), kept, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("name", by_default(SAMPLE))
def test_theta_changed_in_place_is_seen(name: str) -> None:
    case = LOSSES[name]()
    program, theta = case.compiled(), theta_of(case)
    X, Y = case.data()
    draw = np.random.default_rng(0).random((len(X), case.noises))
    program(theta, X, Y)
    before = by_numpy(program, theta, X, Y, draw)
    theta += 0.1
    after = by_numpy(program, theta, X, Y, draw)
    assert before[0] != after[0]
    np.testing.assert_array_equal(after[1], by_numpy(program, theta.copy(), X, Y, draw)[1])


def test_a_loss_of_several_values_gives_a_column_for_each() -> None:
    params = mlp(3, 4, 2).params
    case = Case(lambda x, y: [x[0], params["b1"][1] * y[0], x[1] * x[2], 2.5], params, (3,), (1,))
    X, Y = case.data()
    theta = theta_of(case)
    outputs = autograd.compile(case.loss, params)(theta, X, Y)
    np.testing.assert_allclose(outputs, np.stack(
        [X[:, 0], theta[13] * Y[:, 0], X[:, 1] * X[:, 2], np.full(3, 2.5)], axis=1), rtol=1e-15)


@pytest.mark.parametrize("several", [list, tuple, lambda values: np.array(values, dtype=object)])
def test_several_values_may_come_as_a_list_a_tuple_or_an_array(several: Any) -> None:
    program = autograd.compile(lambda x: several([x[1], 2 * x[0]]), [])
    np.testing.assert_array_equal(program(np.zeros(0), [[1.0, 2.0], [3.0, 4.0]]), [[2.0, 2.0], [4.0, 6.0]])


def test_a_list_of_one_value_is_a_column() -> None:
    assert autograd.compile(lambda x: [x[0]], [])(np.zeros(0), np.ones((4, 2))).shape == (4, 1)
    assert autograd.compile(lambda x: x[0], [])(np.zeros(0), np.ones((4, 2))).shape == (4,)


def test_a_loss_of_several_values_has_no_gradient() -> None:
    program = autograd.compile(lambda x: [x[0], x[1]], [])
    with pytest.raises(autograd.UsageError, match="one Value"):
        program.value_and_grad(np.zeros(0), np.ones((4, 2)))


def test_repeated_parameters_count_once() -> None:
    w, b = autograd.Value(2.0), autograd.Value(1.0)
    program = autograd.compile(lambda x: w * x[0] + b, [w, b, w, [b]])
    assert program.value_and_grad(np.array([2.0, 1.0]), [[3.0]])[1].tolist() == [3.0, 1.0]


def test_rows_of_different_shapes_get_programs_of_their_own() -> None:
    w = autograd.Value(2.0)
    program = autograd.compile(lambda x: w * autograd.sum(x), [w])
    assert [program([2.0], np.ones((1, n)))[0] for n in (3, 5, 3)] == [6.0, 10.0, 6.0]


def test_pasted_source_carries_its_index_arrays() -> None:
    case = convolution(5, padding=1)
    program = case.compiled()
    X, Y = case.data()
    value, gradient = program.value_and_grad(theta_of(case), X, Y)
    pasted = by_paste(program, theta_of(case), X, Y)
    assert "np.array([" in program.source
    assert pasted[0] == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(pasted[1], gradient, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("terms", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_a_long_sum_of_terms_that_all_differ_is_no_burden_for_the_parser(terms: int) -> None:
    functions = [autograd.tanh, autograd.sin, autograd.cos, autograd.sigmoid, autograd.softplus]

    def term(x: Any, number: int) -> Any:
        """A chain of five functions that no other term has."""
        for _ in range(5):
            x, number = functions[number % 5](0.3 * x), number // 5
        return x

    w = [autograd.Value(0.1 * i) for i in range(3)]
    case = Case(lambda x: sum(term(w[i % 3] * x[0], i) for i in range(terms)), w, (1,))
    X, _ = case.data(2)
    program = autograd.compile(case.loss, w)
    expected, _ = eager(case, X)
    np.testing.assert_allclose(program.value_and_grad(theta_of(case), X)[1], expected.gradient, rtol=1e-10)
    np.testing.assert_allclose(by_numpy(program, theta_of(case), X, None)[1], expected.gradient, rtol=1e-10)
