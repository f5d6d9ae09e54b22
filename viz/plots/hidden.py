"""The space of a hidden layer: how a network moves its examples until a line can part them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError
from viz.arguments import Floats, array, classes
from viz.drawings.network import Layer, layers_of, outputs
from viz.plots.boundary import around, found_classes, regions, scatter
from viz.plots.figure import Panel, panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MESH = 11
"""Lines of the mesh, in each direction."""

POINTS = 100
"""Points of such a line."""


def hidden_space(
    model: Any, X: npt.ArrayLike, Y: npt.ArrayLike, *, layer: int = 1, threshold: float = 0.0, mesh: bool = True,
    resolution: int = 150, ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """Where a layer of two neurons moves the examples, and how the next layer parts them there: always by lines.

    `layer` counts from 1. The next layer decides by its sums Wh + b: one neuron by whether its sum is above
    `threshold` (0, as sigmoid is then above ½; 0.5 for a linear output that learned 0 and 1), several by the largest.
    Where the model has two inputs, a `mesh` of straight lines through them is drawn as the layer bends it. Examples
    on the wrong side have a ring. Returns the Axes.

    Raises `SizeError` for a layer that does not have two neurons, or is not there.
    """
    layers = layers_of(model)
    if not (isinstance(layer, int) and 1 <= layer <= len(layers)) or layers[layer - 1].units != 2:
        widths = ", ".join(str(layer.units) for layer in layers)
        raise SizeError(f"the space of a layer of two neurons can be drawn; the layers have {widths}, layer {layer!r} "
                        f"was to be drawn")
    points = array("X", X, 2)
    labels = classes("Y", Y, len(points))
    one = panel(ax, theme, (7, 6))
    moved = through(layers[:layer], points)
    wrong = np.zeros(len(points), bool)
    two = labels.max() < 2
    if layer < len(layers) and len(layers[layer].rows[0]) == 1:
        xs, ys = (around(column, resolution) for column in moved.T)
        plane = np.stack([part.ravel() for part in np.meshgrid(xs, ys)], 1)
        regions(one, xs, ys, sums(layers[layer], plane), threshold)
        if layer + 1 == len(layers):
            wrong = found_classes(sums(layers[layer], moved), threshold) != labels
            two = layers[layer].units == 1
    if mesh and points.shape[1] == 2:
        draw_mesh(one, layers[:layer], points)
    scatter(one, moved, labels, wrong, two)
    one.write("first neuron", "second neuron", f"layer {layer}")
    return one.ax


def through(layers: list[Layer], points: Floats) -> Floats:
    """What the last of some layers gives for each row."""
    return np.array([outputs(layers, row)[-1] for row in points.tolist()])


def sums(layer: Layer, points: Floats) -> Floats:
    """W h + b of each row h, before the activation, which keeps their order."""
    weights = np.array([[value.data for value in row] for (row,) in layer.rows])
    biases = np.array([sum(value.data for value in biases) for biases in layer.biases])
    return np.asarray(points @ weights.T + biases)


def draw_mesh(one: Panel, layers: list[Layer], points: Floats) -> None:
    """Lines across and up through the inputs, as some layers bend them."""
    xs, ys = (around(column, MESH) for column in points.T)
    fine, same = np.linspace(0, 1, POINTS), np.ones(POINTS)
    for x in xs:
        one.ax.plot(*through(layers, np.column_stack([x * same, ys[0] + fine * np.ptp(ys)])).T, **one.thin())
    for y in ys:
        one.ax.plot(*through(layers, np.column_stack([xs[0] + fine * np.ptp(xs), y * same])).T, **one.thin())
