"""Functions composed of rows of the table; they need no rules of their own.

Each takes Values, plain numbers, or a mixture.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autograd import ops
from autograd.errors import SizeError


def mean(*values: Any) -> Any:
    """The arithmetic mean of one iterable of values, or of the values themselves.

    >>> from autograd import Value
    >>> mean([Value(1.0), Value(2.0), 6]).data
    3.0
    """
    terms = _terms("mean", values)
    return ops.sum(terms) / len(terms)


def softmax(values: Iterable[Any]) -> list[Any]:
    """e^xᵢ / Σ e^xⱼ, with the maximum subtracted from every x, so that nothing overflows.

    Any number subtracted from all gives the same result, so that no gradient needs to pass through it: it is detached.

    >>> [round(p, 4) for p in softmax([1000.0, 1001.0])]
    [0.2689, 0.7311]
    """
    terms = [ops.as_operand(value) for value in _terms("softmax", (values,))]
    highest = ops.detach(ops.max(terms))
    powers = [ops.exp(x - highest) for x in terms]
    total = ops.sum(powers)
    return [power / total for power in powers]


def maxout(weights: Sequence[Sequence[Any]], xs: Sequence[Any], biases: Sequence[Any] | None = None) -> Any:
    """max over k of (wₖ · x + bₖ): a unit that takes the largest of several linear ones.

    Source: Goodfellow et al., Maxout Networks, ICML 2013.

    >>> maxout([[1.0, 0.0], [0.0, 1.0]], [2.0, 3.0], [0.0, 0.5])
    3.5
    """
    for what in (weights, () if biases is None else biases):
        if not ops.is_several(what):
            raise SizeError(f"maxout takes rows of weights, inputs and a list of biases, {type(what).__name__} came")
    rows = list(weights)
    offsets = [None] * len(rows) if biases is None else list(biases)
    if len(offsets) != len(rows):
        raise SizeError(f"maxout takes one bias per row of weights, {len(offsets)} came for {len(rows)} rows")
    return ops.max([ops.dot(ws, xs, b) for ws, b in zip(rows, offsets, strict=True)])


def _terms(name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(values) == 1 and ops.is_several(values[0]):
        values = tuple(values[0])
    if not values:
        raise SizeError(f"{name} needs at least one value, none came")
    return values
