"""A recording of a training as a page takes it: what was kept, in a form that its script can read."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, Value, ops
from autograd.nested import parameters_of, real_array
from viz.drawings.network import forward, is_model, layers_of
from viz.pages.recorder import Frame, Recorder
from viz.pages.web import literal
from viz.text.javascript import Script

LARGEST = 2000
"""A network of more parameters than this is not drawn; its first weights may be, as images."""

IMAGES = 16
"""So many neurons of the first layer have their weights shown as images."""

SMALLEST_IMAGE = 8
"""Inputs that are pixels are a square with sides of at least this."""

EXAMPLES = 400
"""At most so many examples are drawn."""


def packed(film: Recorder, data: tuple[npt.ArrayLike, npt.ArrayLike] | None, frames: int) -> dict[str, Any]:
    """A recording as the page takes it."""
    kept = thinned(film.frames, frames)
    size = kept[0].theta.size
    small = size <= LARGEST
    network = networked(film.model) if small and is_model(film.model) else None
    return {
        "steps": [frame.step for frame in kept],
        "epochs": [frame.epoch for frame in kept],
        "losses": [frame.loss for frame in kept],
        "norms": [float(np.linalg.norm(frame.gradient)) for frame in kept],
        "size": size,
        "theta": base64_of([frame.theta for frame in kept]) if small else None,
        "gradient": base64_of([frame.gradient for frame in kept]) if small else None,
        "network": network,
        "data": examples(data, network) if network else None,
        "images": None if network else images(film.model, kept),
    }


def thinned(frames: Sequence[Frame], most: int) -> list[Frame]:
    """At most so many frames, spread evenly from the first to the last."""
    if len(frames) <= most:
        return list(frames)
    return [frames[i] for i in np.linspace(0, len(frames) - 1, most).round().astype(int)]


def base64_of(rows: Sequence[npt.NDArray[Any]]) -> str:
    """Arrays one after the other, as text."""
    return base64.b64encode(np.concatenate(rows).astype("<f4").tobytes()).decode()


def networked(model: Any) -> dict[str, Any]:
    """A small network as the page computes and draws it: where each thing lies in the script's array of values."""
    layers = layers_of(model)
    columns = forward(layers, [Value(0.0) for _ in range(layers[0].inputs)])
    params = parameters_of(model)
    script, order = Script(columns[-1]), {value: i for i, value in enumerate(params)}
    rows = [[[order[row[0][j]] for j in range(layer.inputs)] for row in layer.rows] for layer in layers]
    return {
        "source": script.source,
        "start": [value.data for value in script.values],
        "parameters": [script.places.get(value, -1) for value in params],
        "inputs": [script.places[value] for value in columns[0]],
        "outputs": [script.places[value] for value in columns[-1]],
        "probability": all(value.op is ops.sigmoid for value in columns[-1]),
        "layers": [
            {"neurons": [script.places[value] for value in column], "weights": weights}
            for column, weights in zip(columns, [[], *rows], strict=True)
        ],
    }


def examples(data: tuple[npt.ArrayLike, npt.ArrayLike] | None, network: dict[str, Any]) -> dict[str, Any] | None:
    """Inputs and targets, a row for each example."""
    if data is None:
        return None
    X, Y = (real_array(name, part).astype(float) for name, part in zip(("X", "Y"), data, strict=True))
    if X.ndim == 0 or len(X) != len(np.atleast_1d(Y)) or len(X) == 0:
        raise SizeError(f"data holds as many targets as examples, arrays of shape {X.shape} and {Y.shape} came")
    X, Y = X.reshape(len(X), -1)[:EXAMPLES], Y.reshape(len(Y), -1)[:EXAMPLES]
    if X.shape[1] != len(network["inputs"]):
        raise SizeError(f"the network takes {len(network['inputs'])} inputs, examples of {X.shape[1]} came")
    return {"X": X.tolist(), "Y": Y.tolist()}


def images(model: Any, frames: Sequence[Frame]) -> dict[str, Any] | None:
    """The weights of the first neurons in each frame as images: a byte for a pixel, 128 for 0."""
    first = layers_of(model)[0] if is_model(model) else None
    side = math.isqrt(first.inputs) if first else 0
    if first is None or side < SMALLEST_IMAGE or side**2 != first.inputs:
        return None
    order = {value: i for i, value in enumerate(parameters_of(model))}
    places = [order[value] for row in first.rows[:IMAGES] for value in row[0]]
    weights = np.array([frame.theta[places] for frame in frames])
    pixels = np.round(128 + 127 * weights / max(float(np.nanmax(np.abs(weights))), 1e-12))
    encoded = base64.b64encode(np.nan_to_num(pixels, nan=128).astype(np.uint8).tobytes()).decode()
    return {"count": min(first.units, IMAGES), "side": side, "pixels": encoded}


def recorded(films: Sequence[dict[str, Any]]) -> str:
    """The recordings as a statement of the script."""
    written = []
    for film in films:
        network = film["network"]
        source = network.pop("source") if network else ""
        data = literal(film)  # JSON, but for inf and nan, which the script knows as names
        function = f"(() => {{ {source}\nreturn forward; }})()"
        written.append(f"(film => {{ if (film.network) film.network.forward = {function}; return film; }})({data})"
                       if source else data)
    return f"const recordings = [{', '.join(written)}];\n"
