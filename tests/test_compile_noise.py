"""Random numbers in a loss: fresh for each example and call, and the same in both engines for the same draw."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from agreement import Case, Given, by_floats, by_numpy, by_paste, eager, theta_of
from losses import LOSSES, layers, squared

import autograd
from autograd import Program, Value, dot, gt, noise, where

CASE: Case = LOSSES["dropout"]()
THETA = theta_of(CASE)
X, Y = CASE.data(5)
HIDDEN = 6


@pytest.fixture(scope="module")
def program() -> Program:
    """A network of six hidden units, each dropped from half of the examples."""
    program = autograd.compile(CASE.loss, CASE.params)
    program(THETA, X, Y)
    return program


class Counting:
    """A generator that remembers what it was asked for."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)
        self.shapes: list[tuple[int, int]] = []

    def random(self, shape: tuple[int, int]) -> Any:
        self.shapes.append(shape)
        return self.rng.random(shape)


@pytest.mark.parametrize("run", [Program.value_and_grad, by_numpy, by_floats], ids=["as chosen", "numpy", "floats"])
def test_noise_is_one_draw_for_the_batch_with_a_column_per_number(program: Program, run: Any) -> None:
    rng = Counting()
    if run is Program.value_and_grad:
        run(program, THETA, X, Y, rng=rng)
        program.value_and_grad(THETA, X, Y, rng=rng, inputs=True)
        program(THETA, X, Y, rng=rng)
        assert rng.shapes == [(5, HIDDEN)] * 3
    else:
        draw = rng.random((5, HIDDEN))
        run(program, THETA, X, Y, draw)  # `Given` checks the shape


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_gives_both_engines_the_same_masks(program: Program, seed: int) -> None:
    expected, _ = eager(CASE, X, Y, np.random.default_rng(seed).random((5, HIDDEN)))
    value, gradient = program.value_and_grad(THETA, X, Y, rng=np.random.default_rng(seed))
    assert value == pytest.approx(expected.value, rel=1e-12)
    np.testing.assert_allclose(gradient, expected.gradient, rtol=1e-10, atol=1e-14)


def test_the_same_seed_gives_the_same_result_and_another_seed_another(program: Program) -> None:
    values = [program.value_and_grad(THETA, X, Y, rng=np.random.default_rng(seed))[0] for seed in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


def test_a_generator_goes_on_from_call_to_call(program: Program) -> None:
    rng = np.random.default_rng(1)
    first, second = (program.value_and_grad(THETA, X, Y, rng=rng)[0] for _ in range(2))
    assert first != second


def test_without_a_generator_every_call_draws_anew(program: Program) -> None:
    assert len({float(program.value_and_grad(THETA, X, Y)[0]) for _ in range(4)}) > 1


def test_equal_rows_of_a_batch_get_masks_of_their_own(program: Program) -> None:
    rows, targets = np.repeat(X[:1], 50, axis=0), np.repeat(Y[:1], 50, axis=0)
    assert len(np.unique(program(THETA, rows, targets, rng=np.random.default_rng(0)))) > 10


def test_float32_programs_draw_the_same_numbers(program: Program) -> None:
    double, single = (program(THETA.astype(dtype), X, Y, rng=np.random.default_rng(0)) for dtype in ("f8", "f4"))
    np.testing.assert_allclose(double, single, rtol=1e-5)


@pytest.mark.parametrize("run", [by_numpy, by_floats, by_paste])
def test_a_dropped_unit_gets_no_gradient_in_the_call_that_dropped_it(program: Program, run: Any) -> None:
    draw = np.full((5, HIDDEN), 0.9)
    draw[:, 2] = 0.1  # at most one half: dropped from every example
    _, gradient = run(program, THETA, X, Y, draw)
    into = gradient[: HIDDEN * 4].reshape(HIDDEN, 4)
    out_of = gradient[HIDDEN * 5 : HIDDEN * 5 + 2 * HIDDEN].reshape(2, HIDDEN)
    assert not into[2].any()
    assert not out_of[:, 2].any()
    assert np.all(np.delete(into, 2, axis=0) != 0)
    assert np.all(np.delete(out_of, 2, axis=1) != 0)


def test_value_and_gradient_belong_to_one_mask(program: Program) -> None:
    step = 1e-6
    for seed in range(3):
        _, gradient = program.value_and_grad(THETA, X, Y, rng=np.random.default_rng(seed))
        direction = np.random.default_rng(9).normal(size=len(THETA))
        low, high = (program.value_and_grad(THETA + s * direction, X, Y, rng=np.random.default_rng(seed))[0]
                     for s in (-step, step))
        assert (high - low) / (2 * step) == pytest.approx(gradient @ direction, rel=1e-7)


def test_outputs_see_the_masks_of_their_call(program: Program) -> None:
    outputs = program(THETA, X, Y, rng=np.random.default_rng(4))
    value, _ = program.value_and_grad(THETA, X, Y, rng=np.random.default_rng(4))
    assert outputs.mean() == pytest.approx(value, rel=1e-14)


def test_a_loss_that_draws_nothing_asks_for_nothing() -> None:
    w = Value(1.0)
    rng = Counting()
    autograd.compile(lambda x: w * x[0], [w]).value_and_grad([1.0], [[2.0]], rng=rng)
    assert rng.shapes == []


def test_noise_may_be_smooth_and_several_layers_draw_in_turn() -> None:
    params = layers(3, 4, 2)

    def loss(x: Any, y: Any) -> Any:
        x = [v + 0.1 * noise() for v in x]
        h = [(dot(w, x, b) * (0.5 + noise())).tanh() for w, b in zip(params["W1"], params["b1"], strict=True)]
        h = [where(gt(noise(), 0.3), a / 0.7, 0.0) for a in h]
        return squared([dot(w, h, b) for w, b in zip(params["W2"], params["b2"], strict=True)], y)

    case = Case(loss, params, (3,), (2,), noises=11)
    rows, targets = case.data()
    draw = np.random.default_rng(2).random((3, 11))
    expected, _ = eager(case, rows, targets, draw)
    program = autograd.compile(loss, params)
    program(theta_of(case), rows, targets, rng=Given(draw))
    for run in (by_numpy, by_floats, by_paste):
        value, gradient = run(program, theta_of(case), rows, targets, draw)
        assert value == pytest.approx(expected.value, rel=1e-12)
        np.testing.assert_allclose(gradient, expected.gradient, rtol=1e-10, atol=1e-14)
