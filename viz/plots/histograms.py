"""What the layers of a model give before training: whether signals die, saturate or keep their size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.network import is_model, stages
from viz.plots.figure import panels, returned
from viz.plots.layers import layer_outputs
from viz.plots.numbers import Floats, array, count


def histograms(
    models: Mapping[str, Any], X: npt.ArrayLike | None = None, *, bins: int = 40, ax: Any = None, theme: str = "light"
) -> Any:
    """Histograms of the outputs of each layer: a row for each model, such as one for each initialiser.

    `models` maps labels to models, which are applied to the rows of `X`; or to lists of arrays, the outputs of each
    layer. All panels have the same scale across; what is written in each is the standard deviation. Returns an
    array of Axes, row by row, or the only one.

    Raises `SizeError` where models have different numbers of layers.
    """
    if not isinstance(models, Mapping) or not models:
        raise UsageError("histograms takes models by their labels, such as {'glorot_uniform': model}; none came")
    rows = {str(label): layers(str(label), model, X) for label, model in models.items()}
    depths = {label: len(found) for label, found in rows.items()}
    if len(set(depths.values())) > 1:
        raise SizeError(f"all models must have as many layers, {depths} came")
    depth = next(iter(depths.values()))
    edges = np.linspace(*scale(list(rows.values())), count("bins", bins) + 1)
    drawn = panels(len(rows) * depth, ax, theme, depth, (2.6, 2.0))
    flat = [(label, k, layer) for label, found in rows.items() for k, layer in enumerate(found)]
    for one, (label, k, layer) in zip(drawn, flat, strict=True):
        shares = np.histogram(np.clip(layer, edges[0], edges[-1]), edges)[0] / layer.size
        one.ax.stairs(shares, edges, fill=True, color=one.theme.positive)
        one.ax.set(yticks=[], xlim=(edges[0], edges[-1]))
        one.ax.spines["left"].set_visible(False)
        one.ax.text(0.98, 0.96, f"σ = {layer.std():.2g}", transform=one.ax.transAxes, ha="right", va="top",
                    color=one.theme.gradient, size=one.text)
        first_row = label == next(iter(rows))
        one.write("", label if k == 0 else "", f"layer {k + 1}" if first_row else "")
    return returned(drawn)


def layers(label: str, model: Any, X: npt.ArrayLike | None) -> list[Floats]:
    """The outputs of each layer, all examples and neurons together."""
    if is_model(model):
        if X is None:
            raise UsageError("the rows X that models are applied to are missing: histograms(models, X)")
        return [layer.ravel() for layer in layer_outputs(stages(model), array("X", X, 2))]
    if not isinstance(model, list | tuple) or not model:
        raise UsageError(f"{label} must be a model or a list of arrays, one for each layer")
    return [array(f"layer {k} of {label}", layer, (1, 2)).ravel() for k, layer in enumerate(model, start=1)]


def scale(rows: list[list[Floats]]) -> tuple[float, float]:
    """From the lowest to the highest output, but without the rarest, so that a few do not squeeze the rest."""
    ends = [np.quantile(layer, (0.005, 0.995)) for found in rows for layer in found]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    middle = np.median([end for pair in ends for end in np.abs(pair)])
    limit = max(8 * float(middle), 1e-3)
    low, high = max(float(low), -limit), min(float(high), limit)
    return (low, high) if low < high else (low - 0.5, low + 0.5)
