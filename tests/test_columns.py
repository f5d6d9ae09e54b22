"""Graphs in which hardly two scalars do the same are computed one scalar after the other, for all examples at once."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from agreement import Case, assert_agreement, by_numpy, theta_of
from losses import LOSSES, by_default, recurrent, weights

import autograd
from autograd import Value
from autograd.compiler.blocks import plan
from autograd.compiler.blocks.plan import MANY
from autograd.compiler.buffers.columns import HELPERS, Columns
from autograd.compiler.engine import Engine
from autograd.compiler.scalars.canonical import canonical
from autograd.compiler.scalars.graph import LEAVES
from autograd.compiler.scalars.trace import trace
from autograd.nested import parameters_of

OPERATIONS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: (a + b).tanh(), lambda a, b: 0.5 * a * b, lambda a, b: (a - b).sin(), autograd.maximum,
    lambda a, b: a / (b * b + 1), lambda a, b: a.sigmoid() - b.cos(), lambda a, b: autograd.logsumexp([a, b, 0.25]) - 1,
    lambda a, b: autograd.where(autograd.gt(a, b), a, b / 2), lambda a, b: (a * a + 0.3) ** 1.7 / (1 + b * b),
]


def irregular(nodes: int, result: Callable[[list[Any]], Any] = autograd.mean) -> Case:
    """A random operation of a few, again and again, each of two of the last 30 values."""
    w = weights(5)

    def loss(x: Any) -> Any:
        rng, values = random.Random(nodes), [*w, *x]
        for _ in range(nodes):
            a, b = rng.sample(values[-30:], 2)
            values.append(rng.choice(OPERATIONS)(a, b))
        return result(values[-30:])

    return Case(loss, w, (3,))


SMALL = 150
"""So many operations are enough where `case` is asked for."""


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    """One that is just large enough to be computed scalar by scalar, since fewer groups than usual are many."""
    monkeypatch.setattr(plan, "MANY", SMALL - 50)
    return irregular(SMALL)


@pytest.fixture
def everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has scalars computed one by one in whatever is compiled."""
    monkeypatch.setattr(plan, "is_irregular", lambda graph: bool(graph.code[graph.roots[0]] >= len(LEAVES)))


@pytest.mark.parametrize("name", by_default(LOSSES, one_in=4))
def test_any_loss_can_be_computed_scalar_by_scalar(name: str, everywhere: None) -> None:
    case = LOSSES[name]()
    draw = np.random.default_rng(1).random((3, case.noises))
    assert_agreement(case, *case.data(), draw)


def test_an_irregular_graph_is_computed_scalar_by_scalar_without_a_block() -> None:
    case = irregular(MANY)
    program = case.traced()
    program.value_and_grad(theta_of(case), *case.data(5))
    engine = program._traced()
    assert not engine.plan.blocks
    assert "written" not in vars(engine), "statements are made when they are read"
    assert "in_blocks" not in vars(engine.plan), "blocks are made when they are looked at"
    assert repr(program).endswith("scalars, one by one>")


def test_it_gives_what_its_blocks_give(case: Case) -> None:
    program, (X, Y), theta = case.traced(), case.data(7), theta_of(case)
    found = program.value_and_grad(theta, X, Y, inputs=True)
    laid = program._traced().plan.laid
    assert laid.blocks
    wanted = Engine(laid).value_and_grad(theta, autograd.compiler.arguments.as_batch(X, Y), None, None, True)
    for mine, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(program(theta, X, Y).mean(), found[0], rtol=1e-12)


def test_several_results_may_be_constants_leaves_and_results_of_others(case: Case) -> None:
    several = irregular(2 * SMALL, lambda values: [*values, Value(2.0), values[0]])
    assert not several.traced()._traced().plan.blocks
    program, (X, Y), theta = several.traced(), several.data(4), theta_of(several)
    rows = [[out.data for out in several.loss([Value(number) for number in row])] for row in X]
    np.testing.assert_allclose(program(theta, X, Y), rows, rtol=1e-11)


def test_sums_of_many_terms_are_no_deep_trees(case: Case) -> None:
    w = weights(5)

    def loss(x: Any) -> Any:
        rng, values = random.Random(3), [*w, *x]
        for _ in range(5 * SMALL):
            values.append(OPERATIONS[rng.randrange(5)](*rng.sample(values[-30:], 2)))
        return (autograd.sum(values) - 3 * autograd.mean(v * v for v in values)).tanh()

    large = Case(loss, w, (3,))
    assert not large.traced()._traced().plan.blocks
    X, _ = large.data(2)
    value, gradient, dx = large.traced().value_and_grad(theta_of(large), X, inputs=True)
    rows = [[Value(number) for number in row] for row in X]
    total = autograd.mean([loss(row) for row in rows])
    total.backward()
    np.testing.assert_allclose(value, total.data, rtol=1e-10)
    np.testing.assert_allclose(gradient, [v.grad for v in w], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(dx, [[v.grad for v in row] for row in rows], rtol=1e-8, atol=1e-10)


def test_a_branch_that_is_not_taken_may_be_infinite(case: Case) -> None:
    w = weights(3)

    def loss(x: Any) -> Any:
        rough = autograd.where(autograd.gt(x[0], 0), (w[0] * w[0] * x[0]).log(), x[1] * w[1])
        return case.loss([rough, x[1], w[2]])

    program, X = autograd.compile(loss, w), np.array([[1.0, 2.0], [-50.0, 1.0], [0.0, 0.5]])
    value, gradient = program.value_and_grad(theta_of(Case(loss, w, (2,))), X)
    total = autograd.mean([loss([Value(number) for number in row]) for row in X])
    np.testing.assert_allclose(value, total.data, rtol=1e-11)
    np.testing.assert_allclose(gradient, [d.data for d in autograd.grad(total, w, create_graph=True)], rtol=1e-9)
    assert not program._traced().plan.blocks


def test_what_runs_can_be_read_and_pasted(case: Case) -> None:
    program, (X, Y), theta = case.traced(), case.data(4), theta_of(case)
    value, gradient = by_numpy(program, theta, X, Y)
    names: dict[str, Any] = {"np": np, "theta": theta, "n": len(X)}
    names |= {helper.__name__: helper for helper in HELPERS.values()}
    exec(program.executed_source, names)
    pasted = names["_call"](theta, X, None, None, np.zeros(0), None)
    assert pasted[0] == value
    np.testing.assert_array_equal(pasted[1], gradient)


def test_the_source_is_that_of_its_blocks_and_agrees(case: Case) -> None:
    program = case.traced()
    program.value_and_grad(np.ones(5), np.ones((2, 3)))
    assert program.source.startswith("import numpy as np")
    assert program._traced().is_read, "it was compared with what runs"
    assert len(program.blocks) > SMALL / 2


def test_what_a_batch_leaves_behind_makes_no_difference_to_the_next(case: Case) -> None:
    program, (X, Y), theta = case.traced(), case.data(4), theta_of(case)
    first = program.value_and_grad(theta, X, Y)
    program.value_and_grad(theta + 1, -X, Y)
    again = program.value_and_grad(theta, X, Y, out=np.full(5, np.nan))
    assert first[0] == again[0]
    np.testing.assert_array_equal(first[1], again[1])


def test_gradients_share_rows_of_memory(case: Case) -> None:
    w = weights(3)

    def loss(x: Any) -> Any:
        for i in range(10 * SMALL):
            x = OPERATIONS[i * i % 7 % 3](x, w[i % 3])
        return x

    graph = autograd.compile(loss, w).trace(())._traced().plan
    columns = Columns(graph, "value_and_grad")
    leaves = sum(len(slots.signs) for slots in columns.slots.values())
    assert len(columns.rows.holders) - leaves < len(graph.graph) + 20


def test_steps_that_are_alike_stay_blocks_however_many_they_are() -> None:
    case = recurrent(steps=400)
    traced = trace(case.loss, parameters_of(case.params), case.x_shape, case.y_shape)
    assert not plan.is_irregular(canonical(traced.graph))


def calls_of_python(nodes: int) -> int:
    """How many functions are called to compile a graph with so many operations."""
    number = 0

    def count(*_: Any) -> None:
        nonlocal number
        number += 1

    case = irregular(nodes)
    sys.setprofile(count)
    try:
        case.traced().value_and_grad(theta_of(case), *case.data())
    finally:
        sys.setprofile(None)
    return number


def test_to_compile_twice_the_scalars_takes_twice_the_work(case: Case) -> None:
    calls_of_python(4 * SMALL)  # the forms of its nodes are known from now on
    assert calls_of_python(8 * SMALL) < 2.2 * calls_of_python(4 * SMALL)
