"""The plane as a hidden layer of two neurons sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from autograd import SizeError
from viz.network import Stage, stages
from viz.plots.boundary import around, found_classes, regions, scatter
from viz.plots.figure import Panel, panel
from viz.plots.layers import layer_outputs
from viz.plots.numbers import Floats, array, classes, count, layer_index

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LINES = 15
"""Lines of the bent grid in each direction."""


def hidden_space(
    model: object, X: npt.ArrayLike, Y: npt.ArrayLike, *, layer: int | None = None, threshold: float = 0.5,
    resolution: int = 100, ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """Examples where a hidden layer of two neurons puts them, and the regions that the layers behind it make there.

    What is tangled in the inputs can be parted by a straight line here. Where the inputs are a plane as well, a grid of
    lines shows how it is bent. `layer` counts from 1; without it, it is the first hidden layer with two neurons. `X`
    has shape (n, inputs), `Y` holds classes or one-hot rows; `threshold` is that of `boundary`. Returns the Axes.

    Source of the picture: Olah, Neural networks, manifolds, and topology, 2014.

    Raises `SizeError` where no hidden layer has two neurons.
    """
    parts = stages(model)
    k = two_neurons(parts, layer)
    rows = array("X", X, 2)
    right = classes("Y", Y, len(rows))
    layers = layer_outputs(parts, rows)
    one = panel(ax, theme, (7, 6))
    points, behind = layers[k], parts[k + 1 :]
    xs, ys = (around(column, count("resolution", resolution, 2)) for column in points.T)
    found = layer_outputs(behind, np.stack([part.ravel() for part in np.meshgrid(xs, ys)], 1))[-1]
    regions(one, xs, ys, found, threshold)
    if rows.shape[1] == 2:
        bent_grid(one, parts[: k + 1], rows)
    wrong = found_classes(layers[-1], threshold) != right
    scatter(one, points, right, wrong, two=found.shape[1] == 1)
    one.ax.set(xlim=(xs[0], xs[-1]), ylim=(ys[0], ys[-1]))
    one.write("hidden neuron 1", "hidden neuron 2")
    return one.ax


def two_neurons(parts: list[Stage], layer: int | None) -> int:
    """The place, from 0, of the layer to look at."""
    widths = [part.units for part in parts]
    hidden = [k for k, width in enumerate(widths[:-1]) if width == 2]
    k = layer_index(layer, len(parts)) if layer is not None else next(iter(hidden), -1)
    if k not in hidden:
        raise SizeError(f"a hidden layer with 2 neurons is expected, the layers of this model have {widths}")
    return k


def bent_grid(one: Panel, parts: list[Stage], rows: Floats) -> None:
    """The lines of a grid over the inputs, where the layers put them."""
    across, along = (around(column, LINES) for column in rows.T)
    fine = (around(column, 60) for column in rows.T)
    xs, ys = fine
    lines = [np.stack([np.full_like(ys, x), ys], 1) for x in across]
    lines += [np.stack([xs, np.full_like(xs, y)], 1) for y in along]
    bent = np.split(layer_outputs(parts, np.concatenate(lines))[-1], len(lines))
    for line in bent:
        one.ax.plot(line[:, 0], line[:, 1], color=one.theme.line, linewidth=0.8, alpha=0.6)
