"""Where examples lie in memory is chosen by what calls take, and makes no difference to the numbers."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from agreement import Case, assert_agreement, theta_of
from losses import LOSSES, attention, by_default, mlp, weights
from random_losses import random_grids, random_wires

import autograd
from autograd import CompilerError
from autograd.compiler import engine
from autograd.compiler.arrays.function import Function
from autograd.compiler.buffers import lowering
from autograd.compiler.buffers.buffered import Buffered
from autograd.compiler.buffers.cost import EXAMPLES, MANY, microseconds
from autograd.compiler.buffers.lowering import quickest, with_buffers


def sorting(n: int) -> Case:
    """A network of comparators that sorts n numbers, added up by weights."""
    w = weights(n)

    def loss(x: Any) -> Any:
        x = list(x)
        for i in range(n):
            for j in range(i % 2, n - 1, 2):
                x[j], x[j + 1] = autograd.minimum(x[j], x[j + 1]), autograd.maximum(x[j], x[j + 1])
        return autograd.dot(w, x) ** 2

    return Case(loss, w, (n,))


@pytest.mark.parametrize(("case", "last"), [
    (mlp(12, 16, 16, 4), False), (attention(8, 8, causal=False, normal=False), False), (sorting(8), True),
], ids=["network", "attention", "sorting"])
def test_columns_of_their_own_lie_examples_last_and_matrices_examples_first(case: Case, last: bool) -> None:
    calls, _ = quickest(case.traced()._traced().function("value_and_grad"))
    assert calls.memory.examples_last == last


def test_more_examples_take_longer() -> None:
    calls, _ = quickest(sorting(8).traced()._traced().function("value_and_grad"))
    assert microseconds(calls, EXAMPLES) < microseconds(calls, 4 * EXAMPLES)


@pytest.mark.parametrize("name", ["convolution", "recurrent", "selections", "largest_and_smallest", "maxout_units"])
def test_many_examples_may_lie_in_another_order_than_few(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "quickest", lambda made: (with_buffers(made), True))
    case = LOSSES[name]()
    program, (X, Y), theta = case.traced(), case.data(4), theta_of(case)
    few = program.value_and_grad(theta, X, Y)
    many = program.value_and_grad(theta, *(None if rows is None else np.repeat(rows, MANY // 4, 0) for rows in (X, Y)))
    np.testing.assert_allclose(many[0], few[0], rtol=1e-12)
    np.testing.assert_allclose(many[1], few[1], rtol=1e-9, atol=1e-12)


def test_an_order_that_makes_a_difference_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(made: Function, last: bool) -> Buffered:
        *others, store = made.backward
        return with_buffers(replace(made, backward=[*others, replace(store, value=2 * store.value)]), last)

    case = mlp(3, 4, 2)
    program = case.traced()
    X, Y = case.data(MANY)
    monkeypatch.setattr(engine, "quickest", lambda made: (with_buffers(made), True))
    monkeypatch.setattr(engine, "with_buffers", wrong)
    with pytest.raises(CompilerError, match="number of examples"):
        program.value_and_grad(theta_of(case), X, Y)


@pytest.fixture(params=[0.0, math.inf], ids=["examples first", "examples last"])
def forced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One order, whatever it takes."""
    monkeypatch.setattr(lowering, "PAYS", request.param)


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize(("name", "forced"), by_default(itertools.product(LOSSES, [0.0, math.inf]), one_in=3),
                         indirect=["forced"])
def test_either_order_gives_what_eager_evaluation_gives(name: str) -> None:
    case = LOSSES[name]()
    X, Y = case.data()
    assert_agreement(case, X, Y, np.random.default_rng(3).random((len(X), case.noises)))


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("seed", by_default(range(10), one_in=5))
def test_random_losses_give_the_same_in_either_order(seed: int) -> None:
    for draw in (random_grids, random_wires):
        made, X, Y = draw(random.Random(seed))
        assert_agreement(made.case(), X, Y)


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", [mlp(12, 16, 4), attention(4, 4, causal=True, normal=False), sorting(8)],
                         ids=["network", "attention", "sorting"])
def test_halves_of_a_batch_give_the_gradients_of_the_inputs_of_the_whole(case: Case, dtype: Any) -> None:
    program, rng = case.traced(), np.random.default_rng(0)
    X, Y = case.data()
    X, Y = (None if array is None else rng.normal(size=(40, *array.shape[1:])) for array in (X, Y))
    theta = np.array([value.data for value in program.params], dtype)
    _, gradient, dx = program.value_and_grad(theta, X, Y, inputs=True)
    halves = [program.value_and_grad(theta, *(None if array is None else array[half] for array in (X, Y)), inputs=True)
              for half in (slice(0, 20), slice(20, 40))]
    assert gradient.dtype == dx.dtype == dtype
    np.testing.assert_allclose(
        np.concatenate([half[2] for half in halves]) / 2, dx, rtol=1e-2 if dtype == np.float32 else 1e-9, atol=1e-5)
