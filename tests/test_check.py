"""Finite differences, and gradients checked against them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from strategies import Expression, expressions

import autograd
from autograd import NumberError, SizeError, UsageError, Value
from autograd.noise import noise

over = pytest.mark.parametrize


def test_a_central_difference_is_far_more_exact_than_a_forward_one() -> None:
    slope, x = math.cos(1.0), [1.0]
    assert autograd.finite_difference(math.sin, x) == pytest.approx([slope], abs=1e-10)
    assert autograd.finite_difference(math.sin, x, kind="forward") == pytest.approx([slope], abs=1e-7)
    errors = [abs(autograd.finite_difference(math.sin, x, kind=kind)[0] - slope) for kind in ("central", "forward")]
    assert errors[0] < errors[1]


@over(("kind", "order"), [("forward", 1), ("central", 2)])
def test_the_error_shrinks_with_this_power_of_the_step(kind: str, order: int) -> None:
    coarse, fine = (abs(autograd.finite_difference(math.exp, [1.0], h=h, kind=kind)[0] - math.e) for h in (1e-2, 1e-3))
    assert math.log10(coarse / fine) == pytest.approx(order, abs=0.01)


@over(("f", "inputs", "words"), [
    (lambda x: x.relu(), [0.0], "x is within h of a kink of relu"),
    (lambda x: (2 * x + 1).abs(), [-0.5 + 1e-7], "x is within h of a kink of abs"),
    (lambda x, y: autograd.maximum(x, 3 * y), [1.0, 1 / 3 + 1e-7], "y is within h of a kink of maximum"),
    (lambda x: autograd.max([x, 2 * x, 3 * x - 1e-7]), [1e-8], "x is within h of a kink of max"),
    (lambda x: x * noise(), [1.0], "f is not the same twice, which says nothing about its derivatives: dropout?"),
])
def test_a_kink_and_random_numbers_are_told_from_a_wrong_gradient(f: Any, inputs: list[float], words: str) -> None:
    check = autograd.gradcheck(f, inputs)
    assert not check
    assert words in str(check)


@over("f", [lambda x: x * x.detach(), lambda x: x.relu() * x.detach()])
def test_a_wrong_gradient_is_no_kink(f: Any) -> None:
    check = autograd.gradcheck(f, [2.0])
    assert check.repeats
    assert [row.kink for row in check.rows] == [""]
    assert str(check).endswith("differs")


@over(("kind", "calls"), [("forward", 4), ("central", 6)])
def test_three_inputs_cost_this_many_evaluations(kind: str, calls: int) -> None:
    seen = []

    def f(x: float, y: float, z: float) -> float:
        seen.append((x, y, z))
        return x * y + z

    assert autograd.finite_difference(f, [2.0, 3.0, 4.0], kind=kind) == pytest.approx([3.0, 2.0, 1.0], abs=1e-6)
    assert len(seen) == calls


def test_f_is_given_what_the_inputs_are() -> None:
    assert autograd.finite_difference(lambda x, y: x.tanh() * y, [Value(0.5), 2.0]) == pytest.approx(
        [2 * (1 - math.tanh(0.5) ** 2), math.tanh(0.5)]
    )


def test_the_step_grows_with_the_input() -> None:
    assert autograd.finite_difference(lambda x: x * x, [1e12]) == pytest.approx([2e12])
    with pytest.raises(UsageError, match=r"a step of 1e-06 does not move 1000000000000\.0: take a larger h"):
        autograd.finite_difference(lambda x: x * x, [1e12], h=1e-6)


@over("check", [autograd.finite_difference, autograd.gradcheck])
def test_inputs_are_left_as_they_are(check: Any) -> None:
    x, y = Value(2.0, "x"), Value(3.0)
    x.grad = 7.0
    check(lambda x, y: x * y, [x, y])
    assert [(v.data, v.grad, v.label, v.args) for v in (x, y)] == [(2.0, 7.0, "x", ()), (3.0, 0.0, "", ())]


@over("check", [autograd.finite_difference, autograd.gradcheck])
@over(
    ("f", "inputs", "options", "error", "message"),
    [
        (abs, [], {}, SizeError, "at least one input is needed"),
        (abs, 2.0, {}, UsageError, r"in a list, \[x, y\], float came"),
        (abs, Value(2.0), {}, UsageError, r"in a list, \[x, y\], Value came"),
        (abs, ["2"], {}, NumberError, "a real number is expected, str '2' came"),
        (abs, [2.0], {"kind": "backward"}, UsageError, "\"forward\" or \"central\", 'backward' came"),
        (abs, [2.0], {"h": 0.0}, UsageError, r"positive and finite, 0\.0 came"),
        (abs, [2.0], {"h": -1.0}, UsageError, r"positive and finite, -1\.0 came"),
        (abs, [2.0], {"h": math.nan}, UsageError, "positive and finite, nan came"),
        (lambda x: None, [2.0], {}, NumberError, "return a Value.*, NoneType came"),
        (lambda x: [x], [2.0], {}, NumberError, "return a Value.*, list came"),
    ],
)
def test_a_call_that_cannot_mean_anything_is_refused(
    check: Any, f: Any, inputs: Any, options: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        check(f, inputs, **options)


def test_gradcheck_needs_a_value() -> None:
    with pytest.raises(NumberError, match="needs f to return a Value, float came"):
        autograd.gradcheck(lambda x: x.data, [2.0])


def test_an_array_is_a_list_of_inputs_too() -> None:
    assert autograd.finite_difference(lambda x, y: x * y, np.array([2.0, 3.0])) == pytest.approx([3.0, 2.0])


def test_the_result_is_a_table_to_read() -> None:
    check = autograd.gradcheck(lambda weight, b: weight.detach() * weight + 10 * b, [Value(3.0, "w"), 1.0], h=0.5)
    assert not check
    assert str(check) == repr(check)
    assert str(check).splitlines() == [
        "input  analytic  numeric    error",
        "w             3        6  3.0e+00  differs",
        "b            10       10  0.0e+00",
    ]
    assert [(row.name, row.analytic, row.numeric, row.error, row.agrees) for row in check.rows] == [
        ("w", 3.0, 6.0, 3.0, False),
        ("b", 10.0, 10.0, 0.0, True),
    ]


def test_inputs_beyond_the_named_parameters_are_counted() -> None:
    check = autograd.gradcheck(lambda x, *others: x + sum(others), [1.0, 2.0, 3.0])
    assert [row.name for row in check.rows] == ["x", "input 1", "input 2"]


def test_a_gradient_that_is_nan_does_not_agree() -> None:
    assert not autograd.gradcheck(lambda x: x.log() * 0, [-1.0])


@given(expressions())
def test_the_gradient_of_any_expression_passes(expression: Expression) -> None:
    check = autograd.gradcheck(expression, expression.point, rtol=1e-4, atol=1e-5)
    assert check, f"\n{check}"


def test_a_gradient_of_a_gradient_passes_too() -> None:
    def slope(x: Value) -> Value:
        (derivative,) = autograd.grad(x.tanh() * x**3, [x], create_graph=True)
        return derivative

    assert autograd.gradcheck(slope, [0.7])
