"""The worked examples of the lectures, with the numbers that were written on the board."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

import autograd
from autograd import Value, dot

over = pytest.mark.parametrize


def test_e1_a_sum_times_a_number() -> None:
    x, y, z = Value(-2, "x"), Value(5, "y"), Value(-4, "z")
    q = x + y
    f = q * z
    f.backward()
    assert (q.data, f.data) == (3.0, -12.0)
    assert (f.grad, q.grad, z.grad, x.grad, y.grad) == (1.0, -4.0, 3.0, -4.0, -4.0)
    assert autograd.local_derivatives(f) == (-4.0, 3.0)
    assert autograd.local_derivatives(q) == (1.0, 1.0)


@over(("a", "b", "c"), [(1.0, 2.0, 3.0), (-0.5, 4.0, 0.0)])
def test_e2_a_sum_of_two_products(a: float, b: float, c: float) -> None:
    va, vb, vc = Value(a), Value(b), Value(c)
    u = 3 * va
    v = 2 * vb * vc
    z = u + v
    assert z.data == 3 * a + 2 * b * c
    assert autograd.grad(z, [va, vb, vc, u, v]) == [3.0, 2 * c, 2 * b, 1.0, 1.0]


@over(("a", "b", "c"), [(5.0, 3.0, 2.0), (-1.0, 0.5, -4.0)])
def test_e3_a_chain_of_three_steps(a: float, b: float, c: float) -> None:
    va, vb, vc = Value(a), Value(b), Value(c)
    u = vb * vc
    v = va + u
    cost = 3 * v
    assert autograd.grad(cost, [v, va, u, vb, vc]) == [3.0, 3.0, 3.0, 3 * c, 3 * b]
    assert autograd.local_derivatives(v) == (1.0, 1.0)
    assert autograd.local_derivatives(u) == (c, b)  # du/db is c, where the slide prints 1


def test_e4_a_parabola_and_the_gradient_of_its_own_value() -> None:
    x = Value(5)
    y = x**2 - 2 * x + 1
    y.backward()
    assert (y.data, x.grad, y.grad) == (16.0, 8.0, 1.0)


@over(("x", "y"), [(0.0, 0.0), (1.5, -2.0), (-2.0, 7.0)])
def test_e5_two_variables(x: float, y: float) -> None:
    vx, vy = Value(x), Value(y)
    z = vx**2 + 4 * vx - 3 * vy + 10
    assert autograd.grad(z, [vx, vy]) == [2 * x + 4, -3.0]


def test_e6_one_step_of_gradient_descent() -> None:
    w = Value(2)
    loss = (10 - w * 3) ** 2
    loss.backward()
    assert w.grad == -24.0
    w.data -= 0.1 * w.grad
    assert w.data == pytest.approx(4.4, abs=1e-12)


def test_e7_slopes_from_forward_differences() -> None:
    losses = {(0, 0, 0): 1.25347, (1, 0, 0): 1.25322, (0, 1, 0): 1.25353, (0, 0, 1): 1.25347}
    h = 0.0001
    slopes = autograd.finite_difference(
        lambda *w: losses[tuple(round(x / h) for x in w)], [0.0, 0.0, 0.0], h=h, kind="forward"
    )
    assert slopes == pytest.approx([-2.5, 0.6, 0.0], abs=1e-8)


@over("rate", [0.1, 0.5])
def test_e12_steps_of_weight_decay(rate: float) -> None:
    decay, w, slope = 0.01, Value(-3.0), 0.7
    (l2,) = autograd.grad(slope * w + decay * w**2, [w])
    assert w.data - rate * l2 == pytest.approx(w.data - rate * (slope + 2 * decay * w.data), abs=1e-12)
    (l1,) = autograd.grad(slope * w + decay * abs(w), [w])
    assert w.data - rate * l1 == pytest.approx(w.data - rate * (slope - decay), abs=1e-12)


def test_e13_categorical_cross_entropy() -> None:
    probabilities, desired = [Value(0.2), Value(0.6), Value(0.2)], [0, 1, 0]
    loss = -dot(desired, [p.log() for p in probabilities])
    assert loss.data == pytest.approx(0.5108256237659907, abs=1e-12)
    assert autograd.grad(loss, probabilities) == pytest.approx([0.0, -1 / 0.6, 0.0], abs=1e-12)


@over("z", [-1000.0, -2.0, -1e-9, 0.0, 1e-9, 2.0, 1000.0])
def test_e14_the_sigmoid_exceeds_one_half_exactly_right_of_zero(z: float) -> None:
    assert (Value(z).sigmoid() > 0.5) == (z > 0)


@over("activation", ["sigmoid", "relu"])
def test_e16_the_gradient_of_a_layer_under_squared_error(activation: str) -> None:
    rng = random.Random(16)
    w = [[Value(rng.gauss(0, 1)) for _ in range(3)] for _ in range(2)]
    b = [Value(rng.gauss(0, 1)) for _ in range(2)]
    a_in = [Value(rng.gauss(0, 1)) for _ in range(3)]
    y = [1.0, -0.5]
    z = [dot(w_j, a_in, b_j) for w_j, b_j in zip(w, b, strict=True)]
    a = [getattr(z_j, activation)() for z_j in z]
    cost = sum((a_j - y_j) ** 2 for a_j, y_j in zip(a, y, strict=True))

    def derivative(a_j: Any, z_j: Any) -> float:
        return a_j.data * (1 - a_j.data) if activation == "sigmoid" else float(z_j > 0)

    delta = [2 * (a_j.data - y_j) * s for a_j, y_j, s in zip(a, y, map(derivative, a, z), strict=True)]
    for j in range(2):
        assert autograd.grad(cost, w[j]) == pytest.approx([delta[j] * a_k.data for a_k in a_in], abs=1e-12)
    assert autograd.grad(cost, b) == pytest.approx(delta, abs=1e-12)
    assert autograd.grad(cost, a_in) == pytest.approx(
        [sum(delta[j] * w[j][k].data for j in range(2)) for k in range(3)], abs=1e-12
    )


def test_e17_the_error_of_a_first_order_prediction_shrinks_with_the_square_of_the_step() -> None:
    def cost(w: Any, b: Any) -> Any:
        return (autograd.sigmoid(w * 1.5 + b) - 1) ** 2

    w, b = Value(0.4), Value(-0.3)
    slopes = autograd.grad(cost(w, b), [w, b])
    squared = sum(s * s for s in slopes)

    def error(rate: float) -> float:
        actual = cost(w.data - rate * slopes[0], b.data - rate * slopes[1]) - cost(w.data, b.data)
        return float(abs(actual - -rate * squared))  # ΔC ≈ -η|∇C|²

    assert error(1e-2) / error(1e-3) == pytest.approx(100, rel=0.05)


def test_e18_two_linear_layers_are_one() -> None:
    rng = random.Random(18)

    def matrix(rows: int, columns: int) -> list[list[Value]]:
        return [[Value(rng.gauss(0, 1)) for _ in range(columns)] for _ in range(rows)]

    first, second, x = matrix(2, 4), matrix(4, 3), [Value(rng.gauss(0, 1)) for _ in range(3)]
    deep = [dot(row, [dot(inner, x) for inner in second]) for row in first]
    product = [[dot(row, column) for column in zip(*second, strict=True)] for row in first]
    flat = [dot(row, x) for row in product]
    assert [v.data for v in deep] == pytest.approx([v.data for v in flat], abs=1e-12)
    for one, other in zip(deep, flat, strict=True):
        assert autograd.grad(one, x) == pytest.approx(autograd.grad(other, x), abs=1e-12)


@over("scores", [[1.0, -1.0], [3.0, -1.0, -1.0], [0.0, 0.0]])
def test_e19_softmax_gives_probabilities_where_division_by_the_sum_does_not(scores: list[float]) -> None:
    values = [Value(s) for s in scores]
    divided = [(v / sum(values)).data for v in values]
    assert any(not 0 <= p <= 1 or math.isnan(p) for p in divided)
    probabilities = [p.data for p in autograd.softmax(values)]
    assert all(0 < p < 1 for p in probabilities)
    assert sum(probabilities) == pytest.approx(1, abs=1e-12)
