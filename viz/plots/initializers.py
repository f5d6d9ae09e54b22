"""What the activations of each layer look like before training: whether signals fade, explode or saturate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.arguments import Floats, array
from viz.drawings.network import layers_of, outputs
from viz.plots.figure import Panel, panels

BARS = 30
"""Bars of a histogram."""


def activation_histograms(models: Any, X: npt.ArrayLike, *, ax: Any = None, theme: str = "light") -> Any:
    """How the activations of each layer are spread, a row for each model and a panel for each of its layers.

    `models` maps labels to models, such as the same network with different initialisers, or is one model; all have as
    many layers. `X` holds inputs, of shape (n, inputs). A row has one scale; each panel says the standard deviation
    σ. Bars are shares of all activations of a layer. Returns an array of Axes, of shape (models, layers).

    Raises `SizeError` for models that differ in depth or inputs of another width.
    """
    several = models if isinstance(models, Mapping) else {"": models}
    rows = {str(label): spread(model, array("X", X, 2)) for label, model in several.items()}
    depths = sorted({len(layers) for layers in rows.values()})
    if len(depths) != 1:
        raise SizeError(f"models of equal depth are expected, so that layers stand below each other; {depths} came")
    drawn = np.empty((len(rows), depths[0]), dtype=object)
    drawn.ravel()[:] = panels(drawn.size, ax, theme, depths[0], (2.6, 2.4))
    for i, (label, layers) in enumerate(rows.items()):
        reach = max(float(np.abs(layer).max()) for layer in layers) or 1.0
        low = 0.0 if all(layer.min() >= 0 for layer in layers) and any(layer.any() for layer in layers) else -reach
        for j, (one, layer) in enumerate(zip(drawn[i], layers, strict=True)):
            histogram(one, layer, low, reach)
            one.write(f"σ = {layer.std():.2g}", label if j == 0 else "", f"layer {j + 1}" if i == 0 else "")
    return np.vectorize(lambda one: one.ax, otypes=[object])(drawn)


def spread(model: Any, X: Floats) -> list[Floats]:
    """All activations of each layer."""
    layers = layers_of(model)
    found = [np.array(layer) for layer in zip(*(outputs(layers, row)[1:] for row in X.tolist()), strict=True)]
    if not all(np.isfinite(layer).all() for layer in found):
        raise UsageError("activations must be finite numbers, nan or inf came: the first layers explode")
    return found


def histogram(one: Panel, numbers: Floats, low: float, high: float) -> None:
    """Bars for the shares of numbers."""
    shares, edges = np.histogram(numbers, BARS, (low, high))
    one.ax.bar(edges[:-1], shares / numbers.size, np.diff(edges), align="edge", color=one.theme.value)
    one.ax.set(xlim=(low, high), yticks=[])
    one.ax.locator_params(axis="x", nbins=3)
    one.ax.spines["left"].set_visible(False)
