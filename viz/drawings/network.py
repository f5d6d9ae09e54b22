"""The layers of a model as they are drawn.

A model says its layers in a method `stages()`, as those of `nn` do, each with a name, the weights and biases of its
units, the functions that compute it, its activations and notes: `nn.Stage` is one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograd import SizeError, UsageError, Value, no_grad, ops
from autograd.nested import flatten


@dataclass
class Layer:
    """A layer as it is drawn: `rows[i]` are the lists of weights of unit i, `biases[i]` its biases."""

    name: str
    activation: str
    rows: Sequence[Sequence[Sequence[Value]]]
    biases: Sequence[Sequence[Value]]
    functions: Sequence[Callable[[Any], Any]]
    notes: Sequence[str]

    @property
    def units(self) -> int:
        """How many neurons it has."""
        return len(self.rows)

    @property
    def inputs(self) -> int:
        """How many inputs each of them sees."""
        return len(self.rows[0][0])

    def weights(self, unit: int, input: int) -> list[Value]:
        """The weights from an input to a unit: one, or one for each piece of a maxout unit."""
        return [row[input] for row in self.rows[unit]]

    def parameters(self, unit: int) -> Iterator[Value]:
        """All weights and biases of a unit."""
        for row in self.rows[unit]:
            yield from row
        yield from self.biases[unit]


def is_model(thing: Any) -> bool:
    """Whether a thing says its layers."""
    return hasattr(thing, "stages") and not isinstance(thing, type)


def layers_of(model: Any) -> list[Layer]:
    """The layers of a model in order.

    Raises `UsageError` where there are none, `SizeError` where one does not fit on the one before.
    """
    found = [layer(stage, i) for i, stage in enumerate(model.stages() if is_model(model) else [], 1)]
    if not found:
        raise UsageError(
            f"{type(model).__name__} has no layers to draw: a model says them in a method stages(), a list of nn.Stage"
        )
    for before, after in itertools.pairwise(found):
        if after.inputs != before.units:
            raise SizeError(f"{after.name} takes {after.inputs} inputs, and {before.name} has {before.units} outputs")
    return found


def layer(stage: Any, number: int) -> Layer:
    """A stage of a model as it is drawn, called by its number if it has no name."""
    if not all(isinstance(value, Value) for value in flatten([stage.weights, stage.biases])):
        raise UsageError(f"the weights and biases of stage {stage.name or number} are Values, others came")
    activation = " ".join(filter(None, map(called, stage.activations)))
    name = stage.name or f"layer {number}"
    return Layer(name, activation, stage.weights, stage.biases, stage.functions, stage.notes)


def called(activation: Any) -> str:
    """What an activation is called: σ, tanh, relu; linear is nothing.

    >>> called("sigmoid"), called("linear"), called(ops.tanh)
    ('σ', '', 'tanh')
    """
    names = (activation, *(getattr(activation, name, None) for name in ("__name__", "name")), repr(activation))
    name = next(name for name in names if isinstance(name, str))
    if name == "linear":
        return ""
    return ops.TABLE[name].symbol if name in ops.TABLE else name


def outputs(model: list[Layer], x: Any) -> list[list[float]]:
    """The input and the output of every layer for one example, as when predicting."""
    given = flatten(x)
    if len(given) != model[0].inputs:
        raise SizeError(f"the model takes {model[0].inputs} inputs, x has {len(given)}")
    with no_grad():
        columns = forward(model, [value if isinstance(value, Value) else Value(value) for value in given])
    return [[value.data for value in column] for column in columns]


def forward(model: list[Layer], inputs: list[Value]) -> list[list[Value]]:
    """The inputs, and what every layer makes of them."""
    columns = [inputs]
    for each in model:
        values = columns[-1]
        for function in each.functions:
            values = flatten([function(values)])
        columns.append(values)
    return columns
