"""What the layers of a model give, for many examples at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import autograd
from autograd import SizeError, TraceError
from viz.network import Stage, outputs
from viz.plots.numbers import Floats


def layer_outputs(model: list[Stage], X: Floats) -> list[Floats]:
    """The output of each layer for each row of X, of shape (n, units), by a compiled program where that can be."""
    if X.shape[1] != model[0].inputs:
        raise SizeError(f"the model takes {model[0].inputs} inputs, the rows of X have {X.shape[1]}")
    params = [value for stage in model for unit in range(stage.units) for value in stage.parameters(unit)]
    program = autograd.compile(lambda x: through(model, x), params)
    try:
        rows = program(np.array([value.data for value in params]), X)
    except TraceError:  # a layer that looks at the numbers, such as a step written with `if`
        rows = np.array([[number for layer in outputs(model, x)[1:] for number in layer] for x in X.tolist()])
    return np.split(rows, np.cumsum([stage.units for stage in model])[:-1], axis=1)


def through(model: list[Stage], values: Any) -> list[Any]:
    """The outputs of all layers for one example."""
    found: list[Any] = []
    for stage in model:
        for function in stage.functions:
            result = function(values)
            values = list(result) if isinstance(result, Iterable) else [result]
        found += values
    return found
