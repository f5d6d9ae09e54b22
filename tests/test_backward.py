"""Backpropagation: gradients of every kind of graph, and of gradients."""

from __future__ import annotations

import gc
import math
from typing import Any

import pytest
from hypothesis import given
from strategies import Expression, expressions

import autograd
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
