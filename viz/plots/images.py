"""Pictures side by side: what neurons look for, and what a model reads in images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.arguments import array, classes, count, pictures
from viz.drawings.network import is_model, layers_of
from viz.plots.figure import panel
from viz.plots.mosaic import Mosaic, stretch

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def weight_images(
    model: Any, shape: tuple[int, int] | None = None, *, columns: int = 8, most: int = 32,
    ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """The weights of the first layer's neurons as pictures: which pixels speak for a neuron, and which against it.

    `model` is a network, or an array of weights of shape (neurons, pixels). `shape` is (height, width); without it
    pictures are square. The first `most` neurons are shown, all on one scale, row by row. Returns the Axes, which
    hold an image for each neuron.

    Raises `SizeError` where so many weights make no such picture.
    """
    weights = array("weights", first_weights(model) if is_model(model) else model, (2, 3))[: count("most", most)]
    images = pictures("the weights of a neuron", weights, shape)
    reach = float(np.abs(images).max()) or 1.0
    across = min(len(images), count("columns", columns))
    size = (0.95 * across * stretch(images) + 1.4, 0.95 * -(-len(images) // across) + 0.4)
    one = panel(ax, theme, size)
    one.color_bar(Mosaic(one, images, across).draw(cmap=one.diverging(), vmin=-reach, vmax=reach))
    return one.ax


def image_grid(
    X: npt.ArrayLike, labels: npt.ArrayLike | None = None, predictions: npt.ArrayLike | None = None, *,
    shape: tuple[int, int] | None = None, names: Sequence[str] | None = None, columns: int = 8, most: int = 32,
    ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """Images with what they are and what a model takes them for.

    `X` has shape (n, pixels) or (n, height, width), from black, the smallest number, to white; the first `most` are
    shown. `labels` are classes or one-hot rows, `predictions` classes or a row of outputs for each image. Above an
    image stands its class; one that is taken for another class has a frame and "4 ≠ 9": read as 4, and a 9. `names`
    are what classes are called. Returns the Axes, which hold an image for each.

    Raises `SizeError` for labels or predictions that do not fit.
    """
    images = pictures("X", X, shape)
    right, seen = (
        [None] * len(images) if given is None else classes(what, given, len(images)).tolist()
        for what, given in (("labels", labels), ("predictions", predictions))
    )
    dark, bright = images.min(), images.max()
    images = images[: count("most", most)]
    across, titled = min(len(images), count("columns", columns)), labels is not None or predictions is not None
    one = panel(ax, theme, (1.1 * across * stretch(images), (1.5 if titled else 1.1) * -(-len(images) // across)))
    mosaic = Mosaic(one, images, across, titled)
    mosaic.draw(cmap="gray", vmin=dark, vmax=bright)
    for i in range(len(images) if titled else 0):
        wrong = None not in (right[i], seen[i]) and right[i] != seen[i]
        shown = [seen[i], right[i]] if wrong else [seen[i] if right[i] is None else right[i]]
        words = " ≠ ".join(called(label, names) for label in shown)
        mosaic.write(i, words, one.theme.gradient if wrong else one.theme.text)
        if wrong:
            mosaic.frame(i, one.theme.gradient)
    return one.ax


def first_weights(model: Any) -> list[list[float]]:
    """The numbers of the weights of the first layer, a row for each neuron."""
    units = layers_of(model)[0].rows
    if len(units[0]) > 1:
        raise UsageError("a unit of this layer has several rows of weights: give those to draw as an array")
    return [[value.data for value in row] for (row,) in units]


def called(label: Any, names: Sequence[str] | None) -> str:
    """The name of a class."""
    if names is None:
        return str(label)
    if label >= len(names):
        raise SizeError(f"{len(names)} names are for classes 0 to {len(names) - 1}, class {label} came")
    return str(names[label])
