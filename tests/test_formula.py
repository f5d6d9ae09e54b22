"""Formulas: rows of the table applied to names print what they would compute."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from strategies import Expression, expressions

from autograd import Value, ops
from autograd.formula import Formula, as_formula
from autograd.specialize import FUNCTIONS

over = pytest.mark.parametrize


def formulas(spelling: str, *names: str) -> list[Formula]:
    return [Formula(name, spelling=spelling) for name in names]


@over(
    ("expression", "text", "latex"),
    [
        (lambda x, y: (x + y) * 2, "(x + y) * 2", r"\left(x + y\right) \cdot 2"),
        (lambda x, y: x + y * 2, "x + y * 2", r"x + y \cdot 2"),
        (lambda x, y: x - (y - 1), "x - (y - 1)", r"x - \left(y - 1\right)"),
        (lambda x, y: x - y - 1, "x - y - 1", "x - y - 1"),
        (lambda x, y: x / (y * 2), "x / (y * 2)", r"\frac{x}{y \cdot 2}"),
        (lambda x, y: x / y * 2, "x / y * 2", r"\frac{x}{y} \cdot 2"),
        (lambda x, y: (x / y) ** 2, "(x / y) ** 2", r"\left(\frac{x}{y}\right)^{2}"),
        (lambda x, y: x ** (y + 1), "x ** (y + 1)", "x^{y + 1}"),
        (lambda x, y: (x**y) ** 2, "(x ** y) ** 2", r"\left(x^{y}\right)^{2}"),
        (lambda x, y: x ** y**2, "x ** y ** 2", "x^{y^{2}}"),
        (lambda x, y: x ** (-y), "x ** -y", "x^{-y}"),
        (lambda x, y: -(x**2), "-x ** 2", "-x^{2}"),
        (lambda x, y: (-x) ** 2, "(-x) ** 2", r"\left(-x\right)^{2}"),
        (lambda x, y: -(x + y), "-(x + y)", r"-\left(x + y\right)"),
        (lambda x, y: -ops.neg(x), "-(-x)", r"-\left(-x\right)"),
        (lambda x, y: x * -2, "x * -2", r"x \cdot -2"),
        (lambda x, y: 0.1 + x, "0.1 + x", "0.1 + x"),
        (lambda x, y: ops.exp(x + y) ** 2, "exp(x + y) ** 2", r"\left(e^{x + y}\right)^{2}"),
        (lambda x, y: ops.sqrt(abs(x)), "sqrt(abs(x))", r"\sqrt{\left|x\right|}"),
        (lambda x, y: x.leaky_relu(), "leaky_relu(x, 0.1)", r"\operatorname{leaky\_relu}\left(x, 0.1\right)"),
        (lambda x, y: ops.sigmoid(x) * y, "sigmoid(x) * y", r"\sigma\left(x\right) \cdot y"),
        (lambda x, y: 2 * ops.sum([x, y, 1]), "2 * (x + y + 1)", r"2 \cdot \left(x + y + 1\right)"),
        (lambda x, y: ops.dot([x, 2], [y, x], 1), "x * y + 2 * x + 1", r"x \cdot y + 2 \cdot x + 1"),
        (lambda x, y: ops.max([x, y]), "max(x, y)", r"\max\left(x, y\right)"),
    ],
)
def test_brackets_stand_where_they_are_needed_and_nowhere_else(expression: Any, text: str, latex: str) -> None:
    assert str(expression(*formulas("text", "x", "y"))) == text
    assert str(expression(*formulas("latex", "x", "y"))) == latex


@given(expressions())
def test_a_printed_expression_evaluates_to_what_values_compute(expression: Expression) -> None:
    names = [f"x{i}" for i in range(len(expression.point))]
    value = expression(*map(Value, expression.point)).data
    text = str(expression(*formulas("text", *names)))
    assert eval(text, FUNCTIONS | dict(zip(names, expression.point, strict=True))) == pytest.approx(value, rel=1e-9)
    python = str(expression(*formulas("python", *names)))
    assert eval(python, FUNCTIONS | dict(zip(names, expression.point, strict=True))) == pytest.approx(value, rel=1e-9)
    numpy = str(expression(*formulas("numpy", *names)))
    arrays = dict(zip(names, map(np.float64, expression.point), strict=True))
    assert float(eval(numpy, {"np": np} | arrays)) == pytest.approx(value, rel=1e-9)


@over(("number", "text"), [(2.0, "2"), (0.5, "0.5"), (-1, "-1"), (1e-5, "1e-05"), (1e300, "1e+300")])
def test_a_number_is_written_as_shortly_as_it_reads_back(number: float, text: str) -> None:
    assert str(as_formula(number)) == text
    assert float(text) == number


@over("number", [-2, -0.5])
def test_a_negative_number_gets_brackets_as_a_base(number: float) -> None:
    assert str(as_formula(number) ** Formula("x")) == f"({number}) ** x"


def test_a_formula_represents_itself() -> None:
    assert repr(Formula("x") + 1) == "Formula('x + 1')"
