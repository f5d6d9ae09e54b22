"""Programs written for micrograd run once their imports are changed, or are told what to write."""

from __future__ import annotations

import copy
from typing import Any

import graphviz
import numpy as np
import pytest

import autograd
import nn
from autograd import NumberError, Value

over = pytest.mark.parametrize


class Roomy(Value):
    """A subclass without __slots__, whose values have room for attributes."""


def test_a_drawing_of_ones_own_follows_operands_and_operations() -> None:
    def drawn(root: Any) -> Any:
        dot, stack, seen = graphviz.Digraph(), [root], set()
        while stack:
            value = stack.pop()
            if value in seen:
                continue
            seen.add(value)
            dot.node(str(id(value)), f"{value.label} {value.data:.2f} {value.grad:.2f}")
            if value._op:
                dot.node(str(id(value)) + value._op, value._op)
            for operand in value._prev:
                dot.edge(str(id(operand)), str(id(value)) + value._op)
                stack.append(operand)
        return dot.source

    x, y = Value(2.0, label="x"), Value(-3.0, label="y")
    f = (x * y + 1.0).tanh()
    f.backward()
    source = drawn(f)
    assert source.count("->") == 5
    assert all(text in source for text in ("x 2.00", "y -3.00", "tanh", "*", "+"))


def test_a_classifier_learns_by_a_loop_over_the_parameters() -> None:
    X, Y = nn.data.moons(40, noise=0.1, seed=0)
    signs = [2 * int(label) - 1 for label in np.ravel(Y)]
    model = nn.MLP(2, [16, 1], seed=0)
    for k in range(30):
        scores = [model(list(map(Value, row))) for row in X]
        losses = [(1 + -sign * score).relu() for sign, score in zip(signs, scores, strict=True)]
        loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 30) * p.grad
    assert np.mean([(score.data > 0) == (sign > 0) for sign, score in zip(signs, scores, strict=True)]) > 0.8


def test_one_may_go_backwards_by_hand_node_by_node() -> None:
    x, y = Value(2.0), Value(3.0)
    out = x * y + 1.0
    assert (out._prev, out._op, x._prev, x._op) == (set(out.args), "+", set(), "")
    out.grad = 1.0
    for node in (out, *out.args, *out.args[0].args):
        node._backward()
    assert (x.grad, y.grad) == (3.0, 2.0)


@over("name", ["m", "v", "velocity", "momentum", "_prev", "_op", "_backward"])
def test_what_has_no_room_in_a_value_is_refused_with_advice(name: str) -> None:
    value = Value(1.0)
    with pytest.raises(autograd.MissingAttributeError, match=f"cannot be given an attribute {name}: "):
        setattr(value, name, 0.0)
    assert hasattr(value, name) == name.startswith("_")
    own = Roomy(1.0)
    if name.startswith("_"):  # the engine would not take it from there
        with pytest.raises(autograd.MissingAttributeError, match=r"a new one is a row of autograd/ops\.py"):
            setattr(own, name, lambda: None)
    else:
        setattr(own, name, 0.5)
        assert getattr(own, name) == getattr(copy.deepcopy(own), name) == 0.5


class Extended(Value):
    """A subclass as it is written in micrograd, to add an operation."""

    def __init__(self, data: Any, _children: Any = (), _op: str = "") -> None:
        super().__init__(data, _children=_children, _op=_op)

    def cube(self) -> Any:
        return Extended(self.data**3, (self,), "cube")


@over("make", [lambda: Value(2.0, (Value(1.0),), "tanh"), Extended(2.0).cube])  # type: ignore[arg-type]
def test_a_value_made_with_operands_says_how_operations_are_made(make: Any) -> None:
    with pytest.raises(NumberError, match=r"Value\(data, label\)\. A new operation is a function of values"):
        make()
