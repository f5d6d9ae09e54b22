"""Expressions parsed without eval; what is wrong is shown with a caret."""

import pytest
from typed import BAD, GOOD

import viz
from autograd import RerollError, UsageError, Value, ops


@pytest.mark.parametrize(("text", "values", "expected"), GOOD, ids=[text[:20] for text, *_ in GOOD])
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
