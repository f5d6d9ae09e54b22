"""How large the gradients of each layer are: whether they vanish or explode on their way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import UsageError
from autograd.nested import flatten
from viz.arguments import Floats
from viz.drawings.network import layers_of
from viz.plots.figure import panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def gradients(models: Any, *, ax: Axes | None = None, theme: str = "light") -> Axes:
    """The root mean square of the gradients of each layer's weights, from the first layer to the last.

    `models` is a model whose gradients `backward` has filled in, or several by their labels, such as the same network
    with sigmoid, tanh and ReLU. The scale is logarithmic; a layer whose gradients are all 0 has an open dot at the
    bottom. Returns the Axes.

    Raises `UsageError` where no parameter has a gradient.
    """
    several = models if isinstance(models, Mapping) else {"": models}
    sizes = {str(label): layer_sizes(model, str(label)) for label, model in several.items()}
    if not sizes:
        raise UsageError("gradients takes a model, or models by their labels; none came")
    one = panel(ax, theme)
    for i, (label, size) in enumerate(sizes.items()):
        one.plot(np.arange(1, len(size) + 1), np.where(size > 0, size, np.nan), i, label=label,
                 marker="o", markersize=3 * one.line)
    one.ax.set_yscale("log")
    for i, size in enumerate(sizes.values()):
        (none,) = np.nonzero(size == 0)
        one.ax.plot(none + 1, np.zeros(len(none)), "o", transform=one.ax.get_xaxis_transform(), clip_on=False,
                    markerfacecolor=one.theme.background, color=one.color(i), markersize=3 * one.line)
    one.whole()
    one.lattice()
    one.write("layer", "", "size of the gradients of weights")
    one.name_curves()
    return one.ax


def layer_sizes(model: Any, label: str) -> Floats:
    """The root mean square of the gradients of the weights, layer by layer."""
    found = [np.array([value.grad for value in flatten(layer.rows)]) for layer in layers_of(model)]
    sizes = np.array([np.sqrt(np.mean(slopes**2)) for slopes in found])
    if not np.isfinite(sizes).all():
        raise UsageError(f"the gradients {label and f'of {label} '}must be finite numbers, nan or inf came")
    if not sizes.any():
        raise UsageError(f"no weight {label and f'of {label} '}has a gradient: call backward() on a loss first")
    return sizes
