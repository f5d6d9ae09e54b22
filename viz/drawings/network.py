"""What a picture needs to know of a model: its layers in order, seen through their attributes.

A layer has `weight`, a list of Values for each of its `nout` units (or several, as in maxout), `bias`
or None, perhaps `activation` and `name`; a neuron has `w` and `b`. A model has `layers`, as an MLP does,
or `steps`, as a Sequential does. Between layers may stand functions, and dropout, which has a `p`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograd import SizeError, UsageError, Value, no_grad, ops
from autograd.nested import flatten


@dataclass
class Stage:
    """A layer as it is drawn: its name, its activation, and the parameters of each unit.

    `rows[i]` are the lists of weights of unit i, one list or several, `biases[i]` its biases; `functions` compute
    what the layer gives, from what the one before gave.
    """

    name: str
    activation: str
    rows: list[list[list[Value]]]
    biases: list[list[Value]]
    functions: list[Callable[[Any], Any]]
    notes: list[str] = field(default_factory=list)

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
    """Whether a thing has the attributes of a network, a layer or a neuron."""
    return not isinstance(thing, type) and any(hasattr(thing, name) for name in ("layers", "steps", "weight", "w"))


def stages(model: Any) -> list[Stage]:
    """The layers of a model in order, those of models inside it included.

    Raises `UsageError` where there are none, `SizeError` where one does not fit on the one before.
    """
    found: list[Stage] = []
    _collect(model, found)
    if not found:
        raise UsageError(
            f"{type(model).__name__} has no layers to draw: a model has `layers` or `steps`, a layer `weight` and "
            f"`bias`, a neuron `w` and `b`, all of Values"
        )
    for before, after in itertools.pairwise(found):
        if after.inputs != before.units:
            raise SizeError(f"{after.name} takes {after.inputs} inputs, and {before.name} has {before.units} outputs")
    return found


def _collect(part: Any, found: list[Stage]) -> None:
    inner = getattr(part, "layers", None) or getattr(part, "steps", None)
    if inner:
        for step in inner:
            _collect(step, found)
        dropout = getattr(getattr(part, "dropout", None), "p", 0)
        for stage in found[:-1] if dropout else []:
            stage.notes.append(f"dropout {dropout:g}")
    elif hasattr(part, "weight") or hasattr(part, "w"):
        found.append(_stage(part, len(found) + 1))
    elif hasattr(part, "p"):  # dropout: in prediction, which is what is drawn, it does nothing
        for stage in found[-1:]:
            stage.notes.append(f"dropout {part.p:g}")
    elif found and callable(part):
        found[-1].functions.append(part)
        found[-1].activation = " ".join(filter(None, [found[-1].activation, called(part)]))


def _stage(layer: Any, number: int) -> Stage:
    single = not hasattr(layer, "weight")
    weight = [layer.w] if single else layer.weight
    bias = (None if layer.b is None else [layer.b]) if single else layer.bias
    if not weight or not all(isinstance(value, Value) for row in weight for value in flatten(row)):
        raise UsageError(f"the weights of a layer are Values, a list for each unit; {type(layer).__name__} has others")
    return Stage(
        name="neuron" if single else f"layer {getattr(layer, 'name', '') or number}",
        activation=called(getattr(layer, "activation", "max" if isinstance(weight[0][0], list) else "")),
        rows=[row if isinstance(row[0], list) else [row] for row in weight],
        biases=[[]] * len(weight) if bias is None else [flatten(b) for b in bias],
        functions=[layer],
    )


def called(activation: Any) -> str:
    """What an activation is called: σ, tanh, relu; linear is nothing.

    >>> called("sigmoid"), called("linear"), called(ops.tanh)
    ('σ', '', 'tanh')
    """
    activation = getattr(activation, "function", activation)  # of a step of its own
    names = (activation, *(getattr(activation, name, None) for name in ("__name__", "name")), repr(activation))
    name = next(name for name in names if isinstance(name, str))
    if name == "linear":
        return ""
    return ops.TABLE[name].symbol if name in ops.TABLE else name


def outputs(model: list[Stage], x: Any) -> list[list[float]]:
    """The input and the output of every layer for one example, as when predicting."""
    given = flatten(x)
    if len(given) != model[0].inputs:
        raise SizeError(f"the model takes {model[0].inputs} inputs, x has {len(given)}")
    with no_grad():
        columns = forward(model, [value if isinstance(value, Value) else Value(value) for value in given])
    return [[value.data for value in column] for column in columns]


def forward(model: list[Stage], inputs: list[Value]) -> list[list[Value]]:
    """The inputs, and what every layer makes of them."""
    columns = [inputs]
    for stage in model:
        values = columns[-1]
        for function in stage.functions:
            values = flatten([function(values)])
        columns.append(values)
    return columns
