"""Backpropagation: gradients of every kind of graph, and of gradients."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import sys
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import ROWS, Expression, expressions, points

import autograd
import nn
from autograd import NumberError, UsageError, Value

over = pytest.mark.parametrize


def central_differences(f: Any, point: tuple[float, ...], h: float = 1e-5) -> list[float]:
    def moved(i: int, by: float) -> float:
        return f(*[x + by * (i == j) for j, x in enumerate(point)])

    return [(moved(i, h) - moved(i, -h)) / (2 * h) for i in range(len(point))]


# ── backward() ───────────────────────────────────────────────────────────────────────────────


def test_backward_adds_to_leaves_and_sets_nodes_between() -> None:
    x = Value(3.0)
    q = x * x
    y = q * 2
    y.backward()
    y.backward()
    assert (x.grad, q.grad, y.grad) == (24.0, 2.0, 1.0)


def test_two_outputs_add_up_in_a_shared_leaf() -> None:
    x = Value(3.0)
    q = x * x
    (q + 1).backward()
    (q * 5).backward()
    assert (x.grad, q.grad) == (6.0 + 30.0, 5.0)


def test_a_reused_node_accumulates_its_gradient() -> None:
    x = Value(2.0)
    q = x * 3
    (q * q + q).backward()
    assert (q.grad, x.grad) == (13.0, 39.0)


def test_an_output_that_is_its_own_leaf_gets_gradient_one() -> None:
    x = Value(2.0)
    x.backward()
    assert x.grad == 1.0
    x.backward()
    assert x.grad == 2.0


def test_a_diamond_of_forty_storeys_takes_no_longer_than_its_nodes() -> None:
    x = y = Value(1.0)
    for _ in range(40):
        y = y + y
    y.backward()
    assert x.grad == 2.0**40


def test_backward_from_the_middle_leaves_the_rest_alone() -> None:
    x = Value(2.0)
    q = x * x
    y = q * 3
    q.backward()
    assert (x.grad, q.grad, y.grad) == (4.0, 1.0, 0.0)


def test_zero_grad_clears_the_whole_graph() -> None:
    x, w = Value(2.0), Value(3.0)
    q = x * w
    y = q + 1
    y.backward()
    y.zero_grad()
    assert [v.grad for v in (x, w, q, y)] == [0.0] * 4
    y.backward()
    assert (x.grad, w.grad) == (3.0, 2.0)


def test_a_constant_operand_of_the_graph_gets_its_gradient_too() -> None:
    y = Value(3.0) * 2
    y.backward()
    assert y.args[1].grad == 3.0


def test_ancestors_are_all_that_a_value_depends_on_the_oldest_first() -> None:
    x, y = Value(1.0), Value(2.0)
    q = x * y
    f = q + x
    assert autograd.ancestors(f) == [x, y, q, f]
    assert autograd.ancestors(x) == [x]


def test_local_derivatives_belong_to_the_edges() -> None:
    x, y = Value(3.0), Value(4.0)
    assert autograd.local_derivatives(x * y) == (4.0, 3.0)
    assert autograd.local_derivatives(x) == ()


# ── grad() ───────────────────────────────────────────────────────────────────────────────────


def test_grad_leaves_every_gradient_alone() -> None:
    x = Value(2.0)
    x.grad = 7.0
    q = x * x
    y = q + x
    assert autograd.grad(y, [x, q, y]) == [5.0, 1.0, 1.0]
    assert (x.grad, q.grad, y.grad) == (7.0, 0.0, 0.0)


@over("create_graph", [False, True])
def test_an_unrelated_input_has_gradient_zero(create_graph: bool) -> None:
    x, other = Value(2.0), Value(3.0)
    derivatives = autograd.grad(x * x, [other, x], create_graph=create_graph)
    assert [d.data if create_graph else d for d in derivatives] == [0.0, 4.0]


@over("make", [lambda x: x, lambda x: x + 1, lambda x: x.step(), lambda x: x.relu(), lambda x: x.detach()])
def test_with_create_graph_every_derivative_is_a_value(make: Any) -> None:
    x = Value(2.0)
    (derivative,) = autograd.grad(make(x), [x], create_graph=True)
    assert type(derivative) is Value
    assert [derivative.data] == autograd.grad(make(x), [x])


def test_inputs_may_repeat_and_come_from_a_generator() -> None:
    x = Value(2.0)
    assert autograd.grad(x * x, (v for v in [x, x])) == [4.0, 4.0]


def test_grad_says_what_it_wants() -> None:
    x = Value(2.0)
    with pytest.raises(UsageError, match=r"grad\(y, \[x\]\)"):
        autograd.grad(x * x, x)  # type: ignore[arg-type]
    with pytest.raises(NumberError, match="with respect to Values, float came"):
        autograd.grad(x * x, [2.0])  # type: ignore[list-item]
    with pytest.raises(NumberError, match=r"differentiates a Value .* int came"):
        autograd.grad(3, [x])  # type: ignore[arg-type]


@given(expressions())
def test_the_gradient_of_any_expression_agrees_with_finite_differences(expression: Expression) -> None:
    inputs = list(map(Value, expression.point))
    gradient = autograd.grad(expression(*inputs), inputs)
    assert gradient == pytest.approx(central_differences(expression, expression.point), rel=1e-4, abs=1e-5)


@given(expressions())
def test_backward_grad_and_create_graph_agree(expression: Expression) -> None:
    inputs = list(map(Value, expression.point))
    output = expression(*inputs)
    output.backward()
    expected = pytest.approx([x.grad for x in inputs], rel=1e-12, abs=1e-12)
    assert autograd.grad(output, inputs) == expected
    assert [d.data for d in autograd.grad(output, inputs, create_graph=True)] == expected


@given(expressions(max_steps=4))
def test_the_hessian_of_any_expression_agrees_with_differences_of_its_gradient(expression: Expression) -> None:
    inputs = list(map(Value, expression.point))
    for i, row in enumerate(autograd.hessian(expression, inputs)):

        def slope(*point: float, i: int = i) -> float:
            variables = list(map(Value, point))
            return float(autograd.grad(expression(*variables), variables)[i])

        assert row == pytest.approx(central_differences(slope, expression.point), rel=1e-3, abs=1e-4)


# ── derivatives of derivatives ───────────────────────────────────────────────────────────────


@over("x", [-1.5, 0.3, 2.0])
def test_the_third_derivative_of_tanh_x_times_x_cubed(x: float) -> None:
    v = Value(x)
    y = v.tanh() * v**3
    for _ in range(3):
        (y,) = autograd.grad(y, [v], create_graph=True)
    t = math.tanh(x)
    t1 = 1 - t**2
    t2 = -2 * t * t1
    t3 = -2 * t1**2 - 2 * t * t2
    # Leibniz: (f g)''' = f'''g + 3f''g' + 3f'g'' + f g'''
    assert y.data == pytest.approx(t3 * x**3 + 3 * t2 * 3 * x**2 + 3 * t1 * 6 * x + t * 6, rel=1e-12)


@over("order", range(8))
def test_every_derivative_of_the_sine(order: int) -> None:
    x = Value(0.7)
    y = x.sin()
    for _ in range(order):
        (y,) = autograd.grad(y, [x], create_graph=True)
    assert y.data == pytest.approx([math.sin, math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x)][order % 4](0.7))


def test_a_gradient_is_differentiable_by_backward_too() -> None:
    x = Value(2.0)
    (slope,) = autograd.grad(x**3, [x], create_graph=True)
    slope.backward()
    assert x.grad == 12.0


@over("x", [0.5, 2.0, -2.0])
def test_the_mixed_derivative_of_a_power_survives_an_exponent_of_zero(x: float) -> None:
    base, exponent = Value(x), Value(0.0)
    (slope,) = autograd.grad(base**exponent, [base], create_graph=True)
    assert slope.data == 0.0
    assert autograd.grad(slope, [base, exponent]) == [0.0, 1 / x]  # d(y xʸ⁻¹)/dy = 1/x


def rosenbrock(x: Any, y: Any) -> Any:
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def test_the_hessian_of_rosenbrocks_function() -> None:
    x, y = -1.2, 1.0
    expected = [[2 - 400 * y + 1200 * x * x, -400 * x], [-400 * x, 200.0]]
    for row, want in zip(autograd.hessian(rosenbrock, [Value(x), Value(y)]), expected, strict=True):
        assert row == pytest.approx(want, rel=1e-13)


def test_the_jacobian_has_a_row_for_each_output() -> None:
    x, y = Value(2.0), Value(3.0)
    assert autograd.jacobian([x * y, x + y, x], [x, y]) == [[3.0, 2.0], [1.0, 1.0], [1.0, 0.0]]


def test_newtons_method_finds_the_minimum_of_a_quadratic_in_one_step() -> None:
    def quadratic(x: Any, y: Any) -> Any:
        return 3 * x * x + 2 * x * y + 2 * y * y - 4 * x + y

    x, y = Value(5.0), Value(-7.0)
    g = autograd.grad(quadratic(x, y), [x, y])
    (a, b), (c, d) = autograd.hessian(quadratic, [x, y])
    determinant = a * d - b * c
    x.data -= (d * g[0] - b * g[1]) / determinant
    y.data -= (a * g[1] - c * g[0]) / determinant
    assert autograd.grad(quadratic(x, y), [x, y]) == pytest.approx([0.0, 0.0], abs=1e-13)


# ── deep and wide ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("links", [20_000, pytest.param(500_000, marks=pytest.mark.slow)])
def test_a_long_chain_of_operations_is_built_differentiated_and_freed(links: int) -> None:
    x = Value(1.0)
    y = x
    for _ in range(links):
        y = y * 1.0 + x
    assert y.data == links + 1
    y.backward()
    assert x.grad == links + 1
    gc.disable()  # reference counting alone must do, however long the chain
    try:
        del y
        assert sum(type(thing) is Value for thing in gc.get_objects()) < links
    finally:
        gc.enable()


def test_a_dot_of_100_000_terms() -> None:
    x = Value(2.0)
    ws = [Value(i) for i in range(100_000)]
    y = autograd.dot(ws, [x] * 100_000, 1.0)
    y.backward()
    assert y.data == 2.0 * sum(range(100_000)) + 1
    assert x.grad == sum(range(100_000))
    assert {w.grad for w in ws} == {2.0}


def test_the_hessian_is_that_of_a_function_not_of_a_value() -> None:
    x = Value(2.0)
    with pytest.raises(autograd.UsageError, match="hessian takes a function of the inputs"):
        autograd.hessian(x * x, [x])  # type: ignore[arg-type]


# ── data that change after the forward pass ──────────────────────────────────────────────────

CHANGES: dict[str, Any] = {
    "assigned": lambda v: setattr(v, "data", v.data + 0.25),
    "augmented": lambda v: v.__setattr__("data", v.data * 1.5 + 1e-6),
    "an integer of NumPy": lambda v: setattr(v, "data", np.uint8(int(abs(v.data)) + 3)),
    "a vector": lambda v: nn.vector_to_parameters([v.data - 1e-3], [v]),
    "not a number": lambda v: setattr(v, "data", math.nan),
}
DIFFERENTIATE: dict[str, Any] = {
    "backward": lambda y, xs: y.backward(),
    "grad": autograd.grad,
    "create_graph": lambda y, xs: autograd.grad(y, xs, create_graph=True),
    "jacobian": lambda y, xs: autograd.jacobian([y], xs),
    "watched": lambda y, xs: autograd.count_operations()(y.backward)(),
    "local": lambda y, xs: [autograd.local_derivatives(v) for v in autograd.ancestors(y)],
    "a copy": lambda y, xs: copy.deepcopy(y).backward(),
    "a pickle": lambda y, xs: pickle.loads(pickle.dumps(y)).backward(),
}


@over("op", ROWS, ids=lambda op: op.name)
@over("change", CHANGES)
def test_a_slope_never_belongs_to_another_point_than_the_value(op: Any, change: str) -> None:
    xs = [Value(x, f"x{i}") for i, x in enumerate(points(op)[0])]
    y = op.dispatch(tuple(xs)) * 2 + xs[0]
    y.backward()
    graph = autograd.ancestors(y)
    for changed in (xs[0], next(v for v in graph if v.args)):  # an operand, a result in between
        before, grads = changed.data, [v.grad for v in graph]
        CHANGES[change](changed)
        for name, differentiate in DIFFERENTIATE.items():
            with pytest.raises(UsageError, match="data changed after the value was computed"):
                raise AssertionError(name, differentiate(y, xs))
            assert [v.grad for v in graph] == grads
        changed.data = before
        for differentiate in DIFFERENTIATE.values():
            differentiate(y, xs)  # as it was


@given(expressions(), st.data())
def test_a_change_is_found_wherever_it_is_or_changes_no_slope(expression: Expression, data: st.DataObject) -> None:
    xs = [*map(Value, expression.point)]
    y = expression(*xs)
    changed = data.draw(st.sampled_from(autograd.ancestors(y)))
    changed.data += data.draw(st.sampled_from([0.0, 1e-9, -0.5, 100.0]))
    try:
        slopes = autograd.grad(y, xs)
    except UsageError:
        return
    again = [*map(Value, [x.data for x in xs])]
    value = expression(*again)
    assert y.data == pytest.approx(value.data, rel=1e-11, abs=1e-300) or changed not in xs
    assert slopes == pytest.approx(autograd.grad(value, again), rel=1e-6, nan_ok=True) or changed not in xs


def test_data_change_freely_between_a_backward_and_the_next_forward_pass() -> None:
    w, x = Value(3.0), Value(1.0)
    for _ in range(3):
        loss = (w * x - 1) ** 2
        loss.zero_grad()
        loss.backward()
        loss.backward()
        w.data -= 0.1 * w.grad
        loss.zero_grad()
        x.data = 2.0
    fresh = w * x
    w.data += 0.0  # assigned, and the same
    other = Value(1.0)
    other.data = 7.0  # no part of the graph
    fresh.backward()
    assert w.grad == 2.0


# ── threads ──────────────────────────────────────────────────────────────────────────────────


def test_threads_that_share_a_graph_lose_no_gradient() -> None:
    w = [Value(0.5) for _ in range(20)]
    q = autograd.sum(w).tanh() * 2
    outputs = [q * q, q * 3, q * q]
    rounds = 30
    for y in outputs:
        for _ in range(rounds):
            y.backward()
    expected, once = [v.grad for v in w], [v.grad for v in w]
    for v in w:
        v.grad = 0.0
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=lambda y=y: [y.backward() for _ in range(rounds)]) for y in outputs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert [v.grad for v in w] == pytest.approx(expected)
    assert once == expected


# ── inside a compiled loss ───────────────────────────────────────────────────────────────────

A, B = Value(0.7, "a"), Value(-0.4, "b")
INSIDE: dict[str, Any] = {
    "grad": lambda x: autograd.grad(autograd.tanh(A * x) * A * B, [A, x])[0] * B,
    "grad of parameters alone": lambda x: autograd.grad(A * A * B, [A])[0] * x * A,
    "grad, differentiable": lambda x: autograd.grad((A * x).tanh() * B, [A], create_graph=True)[0] ** 2,
    "jacobian": lambda x: autograd.jacobian([A * A * x, A * B], [A, B])[0][0] * A + x,
    "jacobian, differentiable": lambda x: autograd.jacobian([A * A * x, B * x * x], [A, x], True)[1][1] * B,
    "hessian": lambda x: autograd.hessian(lambda a, z: (a * z).tanh() * B, [A, x])[0][1] * A,
    "hessian, differentiable": lambda x: autograd.hessian(lambda a: (a * x).tanh() * B, [A], create_graph=True)[0][0],
    "no dependence": lambda x: autograd.jacobian([A * x], [B])[0][0] + A * x,
}


@over("name", INSIDE)
def test_derivatives_inside_a_compiled_loss_are_what_they_are_outside(name: str) -> None:
    theta, x = [A.data, B.data], 1.3
    value, gradient = autograd.compile(INSIDE[name], [A, B]).value_and_grad(theta, np.array([x]))
    loss = INSIDE[name](Value(x))
    assert (float(value), gradient.tolist()) == (
        pytest.approx(loss.data), pytest.approx(autograd.grad(loss, [A, B])))
    moved, _ = autograd.compile(INSIDE[name], [A, B]).value_and_grad([0.9, 0.2], np.array([x]))
    A.data, B.data = 0.9, 0.2
    try:
        assert float(moved) == pytest.approx(INSIDE[name](Value(x)).data)
    finally:
        A.data, B.data = theta


@over("function", [autograd.grad, autograd.jacobian, lambda y, x: autograd.hessian(lambda v: v, x),
                   lambda y, x: autograd.jacobian(y, [x])])
def test_a_single_value_in_place_of_a_list_is_refused(function: Any) -> None:
    x = Value(2.0)
    with pytest.raises(UsageError, match="takes a list"):
        function(x * x, x)


def test_inputs_may_be_an_iterator() -> None:
    x, y = Value(2.0), Value(3.0)
    assert autograd.jacobian(iter([x * y, x + y]), iter([x, y])) == [[3.0, 2.0], [1.0, 1.0]]
    assert autograd.hessian(lambda x, y: x * x * y, iter([x, y])) == [[6.0, 4.0], [4.0, 0.0]]
