"""A plane of two inputs, coloured by what a value is at each point of it: the decision boundary of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd import SizeError, UsageError, Value, ops
from autograd.nested import real_array
from viz.drawings.network import forward, layers_of
from viz.pages.sliders import slider
from viz.pages.steps import Frames
from viz.text.markup import isolated

EXAMPLES = 400
"""At most so many examples are drawn."""

Data = tuple[npt.ArrayLike, npt.ArrayLike]


def network(model: Any, data: Data | None = None) -> tuple[list[Value], list[Value], Value]:
    """The inputs and outputs of a model, for the first example if there are any, and its output or the largest one."""
    layers = layers_of(model)
    start = [0.5] * layers[0].inputs if data is None else np.ravel(np.asarray(data[0], float)[:1]).tolist()
    if len(start) != layers[0].inputs:
        raise SizeError(f"the model takes {layers[0].inputs} inputs, examples of {len(start)} came")
    inputs = [Value(number, f"x{i}") for i, number in enumerate(start, 1)]
    outputs = forward(layers, inputs)[-1]
    if len(outputs) == 1:
        return inputs, outputs, outputs[0]
    for i, value in enumerate(outputs, 1):
        value.label = value.label or f"y{i}"
    return inputs, outputs, autograd.max(outputs)


def plane(frames: Frames, boundary: Sequence[Value] | None, data: Data | None) -> dict[str, Any] | None:
    """What the page needs to colour a plane: places of the inputs and of what is shown, ranges, and points."""
    if boundary is None:
        if data is not None:
            raise UsageError("data are points in a plane: name its two inputs with boundary=(x1, x2)")
        return None
    places = {value: i for i, value in enumerate(frames.sheet.values)}
    x, y, *outputs = axes(frames, boundary)
    points = [] if data is None else examples(data, len(outputs))
    ranges = [reach(value, [point[i] for point in points], frames) for i, value in enumerate((x, y))]
    return {
        "x": places[x], "y": places[y], "outputs": [places[output] for output in outputs],
        "kind": getattr(outputs[0].op, "name", ""), "names": [isolated(frames.walk.names[axis]) for axis in (x, y)],
        "shown": ", ".join(isolated(frames.walk.names[output]) for output in outputs), "ranges": ranges,
        "points": points,
    }


def axes(frames: Frames, boundary: Sequence[Value]) -> list[Value]:
    """The two leaves of a plane, and the value that is shown, or those of which the largest is."""
    named = [*boundary, frames.root] if len(boundary) == 2 else list(boundary)
    if len(named) < 3 or not all(value in frames.sheet.ids for value in named):
        raise UsageError("boundary names two values of the graph, and perhaps what is to be shown: boundary=(x1, x2)")
    for value in named[:2]:
        if value.args or value.op is ops.constant:
            raise UsageError(f"boundary begins with two inputs of the graph, {frames.walk.names[value]} is worked out")
    return named


def examples(data: Data, outputs: int) -> list[list[float]]:
    """Points and their class: x, y and its number. It is 0 or 1 for one output; else a label, or a row says which."""
    X, Y = (real_array(name, part).astype(float) for name, part in zip(("X", "Y"), data, strict=True))
    if outputs > 1 and Y.shape[1:] == (outputs,):
        Y = Y.argmax(axis=1)
    if X.ndim != 2 or X.shape[1] != 2 or Y.size != len(X) or not len(X):
        raise SizeError(f"data are examples of two inputs and a target, arrays of shape {X.shape} and {Y.shape} came")
    labels = Y.ravel() if outputs > 1 else Y.ravel() > Y.mean()
    rows: list[list[float]] = np.column_stack([X, labels])[:EXAMPLES].tolist()
    return rows


def reach(value: Value, points: Sequence[float], frames: Frames) -> list[float]:
    """How far the plane goes along one side."""
    if not points:
        found = slider(value, frames.users[value])
        return [found["low"], found["high"]]
    low, high = min(points), max(points)
    room = 0.2 * (high - low or 1)
    return [low - room, high + room]
