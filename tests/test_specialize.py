"""Generated code: the short way to a node is the long way, written out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from strategies import ELEMENTWISE, Expression, expressions, points

import autograd
from autograd import Value, ops, specialize
from autograd.formula import Formula

over = pytest.mark.parametrize


def parts(node: Value) -> tuple[Any, ...]:
    return node.data, node.grad, node.op, node.args, node.label


@over("op", ELEMENTWISE, ids=lambda op: op.name)
def test_a_method_and_a_function_make_the_node_that_apply_makes(op: ops.Op) -> None:
    for point in points(op):
        inputs = tuple(map(Value, point))
        assert parts(getattr(inputs[0], op.name)(*inputs[1:])) == parts(Value._apply(op, inputs))
        assert parts(op(*inputs)) == parts(Value._apply(op, inputs))


@over("sequence", [list, tuple])
@over("bias", [(), (Value(0.5),)], ids=["no bias", "bias"])
@over("n", [1, 2, 3])
def test_dot_makes_the_node_that_apply_makes_with_the_same_slopes(
    n: int, bias: tuple[Value, ...], sequence: type[list[Value]]
) -> None:
    ws, xs = [Value(0.1 + j) for j in range(n)], [Value(2.0 - j) for j in range(n)]
    node, expected = autograd.dot(sequence(ws), sequence(xs), *bias), Value._apply(ops.dot, (*ws, *xs, *bias))
    assert parts(node) == parts(expected)
    node.backward()
    slopes = [value.grad for value in node.args]
    assert slopes == autograd.grad(expected, node.args)
    expected.zero_grad()


@over("op", [op for op in ELEMENTWISE if op.arity == 2], ids=lambda op: op.name)
def test_a_method_lifts_a_plain_number_to_a_constant(op: ops.Op) -> None:
    (x, y) = points(op)[0]
    node = getattr(Value(x), op.name)(y)
    assert (node.data, node.args[1].data, node.args[1].op) == (op(x, y), y, ops.constant)


@over("name", ["add", "sub", "mul", "truediv", "pow"])
def test_a_reflected_operator_keeps_the_order_of_its_operands(name: str) -> None:
    x = Value(3.0)
    node = getattr(x, f"__r{name}__")(2.0)
    assert [arg.data for arg in node.args] == [2.0, 3.0]
    assert node.data == node.op.forward(2.0, 3.0)


@over("op", ELEMENTWISE, ids=lambda op: op.name)
def test_a_method_gives_way_to_carriers_of_higher_rank(op: ops.Op) -> None:
    if op.arity == 2:
        with pytest.raises(TypeError):  # a formula does not know what to call a Value
            getattr(Value(1.0), op.name)(Formula("x"))


@given(expressions())
def test_the_same_is_computed_while_a_mode_is_active(expression: Expression) -> None:
    fast = expression.results(*map(Value, expression.point))
    with autograd.no_grad():
        slow = expression.results(*map(Value, expression.point))
    assert [v.data for v in fast] == [v.data for v in slow]


@over("op", ops.TABLE.values(), ids=lambda op: op.name)
def test_the_source_of_every_row_can_be_read(op: ops.Op) -> None:
    for part in ("compute", "local", "pull"):
        assert f"def {part}(" in specialize.source(op)


def test_the_methods_of_value_say_what_they_are() -> None:
    assert Value.tanh.__doc__ == "The row tanh of the table of operations: tanh({})."
    assert Value.tanh.__name__ == "tanh"
