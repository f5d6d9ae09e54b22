"""Expressions parsed without eval; what is wrong is shown with a caret."""

import math

import pytest

import viz
from autograd import RerollError, UsageError, Value, ops


@pytest.mark.parametrize(("text", "values", "expected"), [
    ("(x + y) * z", {"x": -2, "y": 5, "z": -4}, -12),
    ("-2 ** 2", {}, -4),
    ("2 ** -1", {}, 0.5),
    ("2 ** 3 ** 2", {}, 512),
    ("-x - +x", {"x": 3}, -6),
    ("7 / 2 / 2", {}, 1.75),
    ("1 / 0", {}, math.inf),
    ("9 ** 9 ** 9 ** 9", {}, math.inf),
    ("1e999", {}, math.inf),
    ("-1e-3", {}, -0.001),
    ("sum([1, 2, x]) + sum(x, x)", {"x": 3}, 12),
    ("mean(x, 2) + max([x, 5]) - min(x, 5)", {"x": 4}, 4),
    ("dot([a, 2], [3, b], 1)", {"a": 1, "b": 2}, 8),
    ("dot((a, 2), (3, b))", {"a": 1, "b": 2}, 7),
    ("leaky_relu(x) + elu(x, 2)", {"x": -1}, -0.1 + 2 * math.expm1(-1)),
    ("cos(pi)", {}, -1),
    ("pi", {"pi": 3}, 3),
    ("  x\n", {"x": 1}, 1),
    ("x # a comment", {"x": 1}, 1),
    ("q = x + y; q * z", {"x": -2, "y": 5, "z": -4}, -12),
    ("q = x + 1\nf = q * q", {"x": 2}, 9),
    ("λ * 2", {"λ": 3}, 6),
])
def test_an_expression_has_its_value(text, values, expected):
    assert viz.parse(text, **values).data == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("op", [op for op in ops.TABLE.values() if op.recorded and type(op) is ops.Op])
def test_every_function_of_the_table_can_be_called(op):
    point = [(low + high) / 2 for low, high in op.domain]
    names = ["a", "b", "c"][: len(point)]
    value = viz.parse(f"{op.name}({', '.join(names)})", **dict(zip(names, point, strict=True)))
    assert value.op is op
    assert value.data == op(*point)


def test_leaves_and_assigned_values_are_labelled():
    f = viz.parse("q = x + y; f = q * 2", x=1, y=2)
    q, two = f.args
    assert [f.label, q.label, *(leaf.label for leaf in q.args)] == ["f", "q", "x", "y"]
    assert two.op is ops.constant
    assert two.label == ""


def test_a_negative_literal_is_one_constant():
    minus_two = viz.parse("x * -2", x=1).args[1]
    assert (minus_two.data, minus_two.op) == (-2.0, ops.constant)


def test_a_name_means_the_same_value_everywhere():
    f = viz.parse("x * x", x=3)
    assert f.args[0] is f.args[1]


def test_values_may_be_given_as_values():
    x = Value(3.0)
    assert viz.parse("x * 2", x=x).args[0] is x


BAD = [
    ("x +", {"x": 1}, "not an expression", 3),
    ("x + $", {"x": 1}, "not an expression", 4),
    ("(x", {"x": 1}, "never closed", 0),
    ("tanh (x", {"x": 1}, "never closed", 5),
    ("f = 2x", {"x": 1}, r"a product is written with \*, 2 \* x", 5),
    ("x + 1.5e-3x", {"x": 1}, r"1\.5e-3 \* x", 10),
    ("x y", {"x": 1}, r"x \* y", 2),
    ("(x + 1) x", {"x": 1}, r"\(…\) \* x", 8),
    ("2 (x", {"x": 1}, r"2 \* \(…\)", 2),
    ("1 + 2(x + 1)", {"x": 1}, r"a product is written with \*", 4),
    ("(x + 1)(x - 1)", {"x": 1}, r"a product is written with \*", 0),
    ("x(x + 1)", {"x": 1}, r"x \* \(…\)", 0),
    ("f = sin x", {"x": 1}, r"brackets, sin\(x\)", 4),
    ("tanh 2x + 1", {"x": 1}, r"brackets, tanh\(2x\)", 0),
    ("x^2", {"x": 1}, r"x \*\* 2; the operators are", 0),
    ("x + w", {"x": 1}, "w has no value", 4),
    ("λ + w", {"λ": 1}, "w has no value", 4),
    ("y = x; z = y + w", {"x": 1}, "w has no value", 15),
    ("1 + sum", {}, r"write sum\(…\)", 4),
    ("__import__('os').system('true')", {}, "only arithmetic", 0),
    ("__import__('os')", {}, "there is no function __import__", 0),
    ("1 + foo(2)", {}, "there is no function foo", 4),
    ("where(1, 2, 3)", {}, "there is no function where", 0),
    ("2 * x.data", {"x": 1}, "only arithmetic", 4),
    ("2 * x[0]", {"x": 1}, "only arithmetic", 4),
    ("1 if x else 2", {"x": 1}, "only arithmetic", 0),
    ("3 + (x < 2)", {"x": 1}, "only arithmetic", 5),
    ("lambda: 1", {}, "only arithmetic", 0),
    ("sum([a for a in x])", {"x": 1}, "only arithmetic", 4),
    ("sum(*x)", {"x": 1}, "only arithmetic", 4),
    ("f'{x}'", {"x": 1}, "only arithmetic", 0),
    ("(y := x)", {"x": 1}, "only arithmetic", 1),
    ("x @ x", {"x": 1}, "the operators are", 0),
    ("x // 2", {"x": 1}, "the operators are", 0),
    ("not x", {"x": 1}, "the signs are", 0),
    ("x * True", {"x": 1}, "a real number is expected", 4),
    ("x * 1j", {"x": 1}, "a real number is expected", 4),
    ("x * 'a'", {"x": 1}, "a real number is expected", 4),
    ("-'a'", {}, "a real number is expected", 1),
    ("1 + 1" + "0" * 400, {}, "an int of", 4),
    ("tanh(x, x)", {"x": 1}, "takes 1 operand", 0),
    ("2 + tanh([x])", {"x": 1}, "takes numbers", 4),
    ("dot(x, 2)", {"x": 1}, "two lists", 0),
    ("dot([x], [1, 2])", {"x": 1}, "equal length", 0),
    ("max()", {}, "at least one", 0),
    ("elu(x, alpha=1)", {"x": 1}, "by position", 7),
    ("[x]", {"x": 1}, "a list is no value", 0),
    ("2 * [x]", {"x": 1}, "a list cannot", 4),
    ("sum([[x]])", {"x": 1}, "a list cannot", 5),
    ("x = 3", {"x": 1}, "x has a value already", 0),
    ("x, y = 1, 2", {}, "a name is expected", 0),
    ("x; import os", {"x": 1}, "only expressions", 3),
    ("x += 1", {"x": 1}, "only expressions", 0),
    ("", {}, "nothing came", 0),
    ("# nothing", {}, "nothing came", 0),
    ("x\0", {"x": 1}, "null bytes", 0),
    ("(" * 9_000 + "x" + ")" * 9_000, {"x": 1}, "too many nested", None),
    ("-" * 15_000 + "x", {"x": 1}, "nested too deeply", None),
    ("x" + " + x" * 4_900, {"x": 1}, "nested too deeply", None),
    ("x" + " + x" * 1_500, {"x": 1}, "nested too deeply", None),
    ("x" * 30_000, {}, "at most 20000 characters", 0),
    ("1" * 5_000, {}, "limit", None),
]


@pytest.mark.parametrize(("text", "values", "message", "column"), BAD, ids=[text[:20] for text, *_ in BAD])
def test_a_bad_expression_says_what_and_where(text, values, message, column):
    with pytest.raises(viz.ExpressionError, match=message) as caught:
        viz.parse(text, **values)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, RerollError)
    if column is not None:
        assert (caught.value.line, caught.value.column) == (0, column)


def test_the_caret_stands_under_the_place_on_its_line():
    with pytest.raises(viz.ExpressionError) as caught:
        viz.parse("q = x * 2\nf = q + oops", x=1)
    assert caught.value.caret() == "f = q + oops\n        ^"


def test_the_caret_of_a_long_line_stays_on_the_screen():
    with pytest.raises(viz.ExpressionError) as caught:
        viz.parse("x + " * 500 + "oops + x", x=1)
    line, caret = caught.value.caret().splitlines()
    assert line[caret.index("^") :].startswith("oops")
    assert len(line) < 110


def test_the_caret_counts_wide_characters_as_two_columns():
    with pytest.raises(viz.ExpressionError) as caught:
        viz.parse("漢 + w", 漢=1)
    assert caught.value.caret() == "漢 + w\n" + " " * 5 + "^"


def test_a_value_that_is_not_mentioned_is_an_error():
    with pytest.raises(UsageError, match="does not mention b, w"):
        viz.parse("x", x=1, w=2, b=3)


def test_a_long_sum_is_still_parsed():
    assert viz.parse("x" + " + x" * 500, x=1).data == 501
