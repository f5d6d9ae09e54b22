"""Formulas of graphs: what is printed is what was computed."""

import math

import numpy as np
import pytest
from hypothesis import given
from strategies import expressions

import viz
from autograd import SizeError, UsageError, Value, dot, ops
from autograd import max as maximum_of
from autograd import sum as total
from viz.text.formulas import identifier, number, symbol


def x_y():
    return Value(2.0, "x"), Value(3.0, "y")


@pytest.mark.parametrize(("build", "text", "latex", "code"), [
    (lambda x, y: (x + y) * x, "(x + y) * x", r"\left(x + y\right) \cdot x", "(x + y) * x"),
    (lambda x, y: x - (y - 1), "x - (y - 1)", r"x - \left(y - 1\right)", "x - (y - 1)"),
    (lambda x, y: x / (y * 2), "x / (y * 2)", r"\frac{x}{y \cdot 2}", "x / (y * 2)"),
    (lambda x, y: (x / y) ** 2, "(x / y) ** 2", r"\left(\frac{x}{y}\right)^{2}", "(x / y) ** 2"),
    (lambda x, y: -(x**2), "-x ** 2", "-x^{2}", "-x ** 2"),
    (lambda x, y: (-x) ** 2, "(-x) ** 2", r"\left(-x\right)^{2}", "(-x) ** 2"),
    (lambda x, y: x * -2, "x * (-2)", r"x \cdot \left(-2\right)", "x * (-2)"),
    (lambda x, y: x ** (y ** 2), "x ** y ** 2", "x^{y^{2}}", "x ** y ** 2"),
    (lambda x, y: (x**y) ** 2, "(x ** y) ** 2", r"\left(x^{y}\right)^{2}", "(x ** y) ** 2"),
    (lambda x, y: (x + y).exp(), "exp(x + y)", "e^{x + y}", "np.exp(x + y)"),
    (lambda x, y: total([x, y, x]) * 2, "(x + y + x) * 2", r"\left(x + y + x\right) \cdot 2",
     "np.sum([x, y, x], axis=-1) * 2"),
    (lambda x, y: maximum_of([x, y]), "max(x, y)", r"\max\left(x, y\right)", "np.max([x, y], axis=-1)"),
    (lambda x, y: dot([x, y], [y, 4], 1), "x * y + y * 4 + 1", r"x \cdot y + y \cdot 4 + 1", "x * y + y * 4 + 1"),
    (lambda x, y: x * 1e-7, "x * 1e-07", r"x \cdot \left(1 \cdot 10^{-7}\right)", "x * 1e-07"),
    (lambda x, y: x + math.inf, "x + ∞", r"x + \infty", "x + np.inf"),
    (lambda x, y: x, "x", "x", "x"),
])
def test_a_graph_is_written_in_three_spellings(build, text, latex, code):
    f = build(*x_y())
    assert [viz.formula(f), viz.formula(f, "latex"), viz.formula(f, "numpy")] == [text, latex, code]


@given(expressions())
def test_the_printed_numpy_formula_computes_the_same(expression):
    leaves = [Value(x, f"a{i}") for i, x in enumerate(expression.point)]
    f = expression(*leaves)
    names = {leaf.label: np.float64(leaf.data) for leaf in leaves}
    with np.errstate(all="ignore"):
        computed = eval(viz.formula(f, "numpy"), {"np": np}, names)
    assert computed == pytest.approx(f.data, rel=1e-9, abs=1e-9, nan_ok=True)


@given(expressions())
def test_brackets_balance_in_latex(expression):
    latex = viz.formula(expression(*[Value(x, f"a{i}") for i, x in enumerate(expression.point)]), "latex")
    assert latex.count("{") == latex.count("}")
    assert latex.count(r"\left") == latex.count(r"\right")


def test_it_can_stop_at_labelled_values():
    x, y = x_y()
    q = x + y
    q.label = "q"
    f = q * x
    f.label = "f"
    assert viz.formula(f, expand=False) == "q * x"
    assert viz.formula(f) == "(x + y) * x"


def test_leaves_without_a_label_are_their_number_or_their_variable():
    x, w = Value(2.0, "x"), Value(0.5)
    assert viz.formula(w * x) == "0.5 * x"
    assert viz.formula(w * x, names=locals()) == "w * x"


def test_equal_labels_are_told_apart():
    f = Value(1.0, "w") * Value(2.0, "w")
    assert viz.formula(f) == "w * w_2"
    g = Value(1.0, "w[0]") * Value(2.0, "w_0")
    assert viz.formula(g, "numpy") == "w_0 * w_0_2"


def test_a_deep_graph_is_no_problem_up_to_the_limit():
    f = Value(1.0, "x")
    for _ in range(5_000):
        f = f + 1
    assert viz.formula(f).count("+ 1") == 5_000
    with pytest.raises(SizeError, match=r"beyond limit=100 characters.*expand=False"):
        viz.formula(f, limit=100)


def test_a_formula_that_doubles_at_each_step_stops_early():
    f = Value(1.0, "x")
    for _ in range(200):
        f = f + f
    with pytest.raises(SizeError):
        viz.formula(f)


@pytest.mark.parametrize(("label", "latex"), [
    ("x", "x"), ("w1", "w_{1}"), ("w_12", "w_{12}"), ("w[0][1]", "w_{0,1}"), ("W1[0,1]", "W_{1,0,1}"),
    ("theta", r"\theta"),
    ("loss", r"\mathrm{loss}"), ("σ", "σ"), ("50% {a}_b\\", r"\text{50\% \{a\}\_b\textbackslash{}}"),
])
def test_labels_become_symbols_of_latex(label, latex):
    assert str(symbol(label, "latex")) == latex


@pytest.mark.parametrize("label", ["x y", "1", "if", "np", "a-b", "", "😀", "__x__", "é"])
def test_every_label_becomes_an_identifier(label):
    assert identifier(label).isidentifier()
    assert identifier(label) not in ("if", "np")


@pytest.mark.parametrize("x", [0.1, -2.5, 1e300, 1e-300, 123456789.0, math.inf, -math.inf])
def test_numpy_numbers_read_back_exactly(x):
    assert eval(str(number(x, "numpy")), {"np": np}) == x


def test_what_cannot_be_written_is_refused():
    with pytest.raises(UsageError, match="spelling is one of 'text', 'latex', 'mathml', 'numpy'; 'html' came"):
        viz.formula(Value(1.0), "html")
    with pytest.raises(UsageError, match="formula writes a Value, float came"):
        viz.formula(1.0)


def test_every_row_of_the_table_can_be_written():
    for op in ops.TABLE.values():
        if op.recorded and type(op) is ops.Op:
            f = op(*[Value(sum(interval) / 2, f"a{i}") for i, interval in enumerate(op.domain)])
            for spelling in ("text", "latex", "mathml", "numpy"):
                assert "a" in viz.formula(f, spelling)
