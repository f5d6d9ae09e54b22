"""Activations by name: the identity, every row of the table of operations that takes one operand, and softmax."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import autograd
from autograd import ops
from autograd.errors import UsageError
from nn.arguments import entry, function

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
"""Every activation of one neuron that has a name; another slope is a function, such as lambda z: z.leaky_relu(0.01)."""


def softmax(z: Any) -> Any:
    """`autograd.softmax` of all sums of a layer; raises `UsageError` for one, of which it would always be 1."""
    if len(z) == 1:
        raise UsageError("the softmax of one output is always 1, so that nothing is learned: use sigmoid for yes or "
                         "no, or an output for each class")
    return autograd.softmax(z)


LAYER_ACTIVATIONS: dict[str, Activation] = {"softmax": softmax}
"""Every activation of a whole layer: a function of the list of its sums."""


def parts(activation: str | Activation) -> tuple[str | Activation, Activation]:
    """The two halves of a layer's activation: what each neuron does, and what the layer then does to all of them."""
    f = function("activation", activation, ACTIVATIONS | LAYER_ACTIVATIONS)
    return ("linear", f) if f in LAYER_ACTIVATIONS.values() else (activation, linear)


def chosen(activation: str | Activation, nonlin: bool | None) -> str | Activation:
    """An activation as it is; or, for one that is linear as by default, what micrograd's `nonlin` says."""
    if nonlin is None:
        return activation
    if activation != "linear":
        raise UsageError("nonlin is micrograd's word for an activation: give one of the two")
    return "relu" if nonlin else "linear"


def over_a_list(f: Activation, values: Any) -> Any:
    """A function of one value, of each in a list; or of a single value."""
    return [f(v) for v in values] if isinstance(values, (list, tuple)) else f(values)


def elementwise(name: str) -> Activation:
    """The activation of this name as a function of all that a layer gives."""
    f = entry("activation", name, ACTIVATIONS | LAYER_ACTIVATIONS)
    return f if name in LAYER_ACTIVATIONS else partial(over_a_list, ops.TABLE.get(name, f))  # rows take numbers too
