"""Activations by name: the identity, and every row of the table of operations that takes one operand."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from autograd import ops

Activation = Callable[[Any], Any]


def linear(z: Any) -> Any:
    """The identity: no activation.

    >>> linear(-2.0)
    -2.0
    """
    return z


def _elementwise(op: ops.Op) -> bool:
    """Whether a row is a function of one operand; the slopes of leaky_relu and elu have defaults."""
    many = isinstance(op, ops.Reduction | ops.Contraction)
    return op.recorded and not many and op.arity - len(op.defaults) == 1


# By way of the method: Values have one generated for each row, every other carrier inherits them.
ACTIVATIONS: dict[str, Activation] = {"linear": linear} | {
    op.name: operator.methodcaller(op.name) for op in ops.TABLE.values() if _elementwise(op)
}
"""Every activation that has a name."""
