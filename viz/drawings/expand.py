"""Dots taken apart: the products that a dot adds up, and their sum, as values of a graph of their own.

>>> from autograd import Value, dot
>>> z = dot([Value(2.0, "w")], [Value(3.0, "x")], Value(1.0, "b"))
>>> [value.data for value in expanded([z, *z.args], True)[z].args]
[6.0, 1.0]
"""

from __future__ import annotations

import operator
from collections.abc import Iterable

from autograd import UsageError, Value, ops
from autograd.copying import rebuild


def expanded(values: Iterable[Value], which: bool | Iterable[Value]) -> dict[Value, Value]:
    """A graph in which dots (all, or those named) are sums of products: what now stands for each value.

    That is the value itself, or a copy with the same data, gradient and label where something below it is
    expanded. A product has the gradient of its dot, for d(sum)/d(product) = 1. The graph given stays as it is.
    """
    values = sorted(values, key=operator.attrgetter("serial"))
    chosen = [value for value in values if value.op is ops.dot] if which is True else list(which or [])
    for value in chosen:
        if not isinstance(value, Value) or value.op is not ops.dot:
            raise UsageError(f"expand is True or a list of the values that a dot made, {value!r} came")
    apart = set(chosen)
    copies: dict[Value, Value] = {}
    for value in values:
        args = tuple(copies[arg] for arg in value.args)
        if value in apart:
            copies[value] = _sum(value, args)
        else:
            copies[value] = value if args == value.args else _like(value, value.op, args)
    return copies


def _sum(dot: Value, args: tuple[Value, ...]) -> Value:
    """The sum of products that a dot stands for."""
    half = len(args) // 2
    products = [
        rebuild(w.data * x.data, dot.grad, ops.mul, (w, x), "")
        for w, x in zip(args[:half], args[half : 2 * half], strict=True)
    ]
    return _like(dot, ops.sum, (*products, *args[2 * half :]))


def _like(value: Value, op: ops.Op | ops.Leaf | None, args: tuple[Value, ...]) -> Value:
    return rebuild(value.data, value.grad, op, args, value.label)
