"""Which layer and neuron each value of a graph belongs to, and the frames around them in a drawing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from autograd import Value, ops
from viz.drawings.network import layers_of
from viz.drawings.picture import Picture
from viz.style import SMALL, Theme
from viz.text.markup import font, shorten

Neuron = tuple[str, str]
"""The names of a layer and of a neuron in it."""

FIRED = (ops.step, ops.sigmoid, ops.tanh, ops.relu, ops.leaky_relu, ops.elu, ops.softplus)
"""With one of these a neuron ends: what comes after is the loss."""

LABEL = re.compile(r"[Ww](\w*)\[(\d+),\s*\d+\]|[Bb](\w*)\[(\d+)\]")
"""The label of a weight, W1[0,1], or of a bias, b1[0]."""


def neurons(values: Sequence[Value], model: Any) -> dict[Value, Neuron]:
    """The neuron of every value that is part of one: of the model's, or of those that labels such as W1[0,1] tell.

    A neuron's are its weights and bias, what is computed with them, and its activation.
    """
    found = _labelled(values) if model is True else _parameters(model)
    for value in values:
        owners = {found[arg] for arg in value.args if not arg.args and arg in found}
        if not owners and value.args and all(_inside(arg, found) for arg in value.args):
            owners = {found[arg] for arg in value.args if arg in found}
        if len(owners) == 1:
            found[value] = owners.pop()
    return {value: found[value] for value in values if value in found}


def _inside(arg: Value, found: Mapping[Value, Neuron]) -> bool:
    return arg.op is ops.constant or (arg in found and arg.op not in FIRED)


def _labelled(values: Iterable[Value]) -> dict[Value, Neuron]:
    found = {}
    for value in values:
        match = None if value.args else LABEL.fullmatch(value.label)
        if match:
            layer, unit = match[1] or match[3] or "", match[2] or match[4]
            found[value] = (f"layer {layer}".strip(), f"neuron {unit}")
    return found


def _parameters(model: Any) -> dict[Value, Neuron]:
    return {
        value: (layer.name, f"neuron {unit}")
        for layer in layers_of(model)
        for unit in range(layer.units)
        for value in layer.parameters(unit)
    }


def frame(picture: Picture, owners: Mapping[Value, Neuron], direction: str) -> None:
    """Draw a frame around each layer, and in it around each neuron, of a finished picture."""
    order = -1 if direction == "LR" else 1  # Graphviz puts the first frame below, or to the left
    layers: dict[str, dict[str, list[str]]] = {}
    for value, (layer, neuron) in owners.items():
        layers.setdefault(layer, {}).setdefault(neuron, []).extend(picture.nodes[value])
    for i, (layer, members) in enumerate(layers.items()):
        with picture.drawing.subgraph(name=f"cluster_{i}") as outer:
            outer.attr(**_look(layer, picture.theme, "solid"))
            for j, (neuron, names) in [*enumerate(members.items())][::order]:
                with outer.subgraph(name=f"cluster_{i}_{j}") as inner:
                    inner.attr(**_look(neuron, picture.theme, "dashed"))
                    for name in names:
                        inner.node(name)


def _look(name: str, theme: Theme, style: str) -> dict[str, str]:
    label = f"<{font(shorten(name), theme.muted, SMALL)}>"
    return {"label": label, "color": theme.muted, "style": f"rounded,{style}", "labeljust": "l", "margin": "6"}
