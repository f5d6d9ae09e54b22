"""Where a model of two inputs decides for which class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.arguments import Floats, Integers, array, classes, count, plane
from viz.plots.figure import MARKERS, Panel, matplotlib, panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALE = 0.35
"""How much of its colour a region has."""


def boundary(
    model: Any, X: npt.ArrayLike, Y: npt.ArrayLike, *, threshold: float = 0.5, names: tuple[str, str] = ("x₁", "x₂"),
    resolution: int = 150, ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """The regions of the plane in which a model decides for each class, and the examples.

    `model` has a method `predict`, or is a function, from points (n, 2) to outputs: (n,) or (n, 1) for two classes,
    of which it is 1 above `threshold` (0 for logits); or (n, classes), of which it is the largest.
    `X` has shape (n, 2), `Y` holds classes 0, 1, … or one-hot rows. Two classes shade from sure to unsure. Examples on
    the wrong side have a ring. Returns the Axes, whose image holds what was predicted.

    Raises `SizeError` for inputs or outputs of another shape.
    """
    points = plane("X", X)
    predict = predictor(model)
    right = classes("Y", Y, len(points))
    one = panel(ax, theme, (7, 6))
    xs, ys = (around(column, resolution) for column in points.T)
    found = outputs(predict, np.stack([part.ravel() for part in np.meshgrid(xs, ys)], 1))
    regions(one, xs, ys, found, threshold)
    taken = found_classes(outputs(predict, points), threshold)
    scatter(one, points, right, wrong=taken != right, two=found.shape[1] == 1)
    one.write(*names)
    return one.ax


def predictor(model: Any) -> Callable[[Floats], Any]:
    """What gives the outputs for rows of inputs."""
    if not hasattr(model, "predict") and not callable(model):
        raise UsageError(f"a model has predict(X), or is a function of X; {type(model).__name__} came")
    predict: Callable[[Floats], Any] = getattr(model, "predict", model)
    return predict


def outputs(predict: Callable[[Floats], Any], points: Floats) -> Floats:
    """The outputs at some points, of shape (n, outputs)."""
    found = array("what the model predicts", predict(points), (1, 2))
    if len(found) != len(points):
        raise SizeError(f"the model must predict a row for each of {len(points)} points, {len(found)} came")
    return found.reshape(len(points), -1)


def found_classes(found: Floats, threshold: float) -> Integers:
    """The class that outputs stand for."""
    return np.asarray(found.argmax(1) if found.shape[1] > 1 else found[:, 0] > threshold, np.int64)


def around(numbers: Floats, resolution: int) -> Floats:
    """Steps over a range and a margin."""
    margin = 0.1 * (np.ptp(numbers) or 1.0)
    return np.linspace(numbers.min() - margin, numbers.max() + margin, count("resolution", resolution, 2))


def regions(one: Panel, xs: Floats, ys: Floats, found: Floats, threshold: float) -> None:
    """Fill a plane with the colours of classes, and draw the lines between them."""
    shape, extent = (len(ys), len(xs)), (xs[0], xs[-1], ys[0], ys[-1])
    colors = matplotlib().colors
    if found.shape[1] == 1:
        certain = max(float(np.abs(found - threshold).max()), 1e-12)  # as far as outputs go to either side
        norm = colors.Normalize(threshold - certain, threshold + certain)
        image, color = found.reshape(shape), one.diverging()
        one.ax.imshow(image, extent=extent, origin="lower", aspect="auto", cmap=color, norm=norm, alpha=0.55)
        lines = [found[:, 0] - threshold]
    else:
        image = found.argmax(1).reshape(shape)
        color = colors.ListedColormap([one.color(i) for i in range(found.shape[1])])
        one.ax.imshow(image, extent=extent, origin="lower", aspect="auto", cmap=color, vmin=-0.5,
                      vmax=found.shape[1] - 0.5, alpha=PALE, interpolation="nearest")
        top = np.sort(found, 1)[:, -2:]
        # Where class k wins, its output lies above the best of the others; at the border both are equal.
        lines = [found[:, k] - np.where(found[:, k] == top[:, 1], top[:, 0], top[:, 1]) for k in range(found.shape[1])]
    for line in lines:
        if line.min() < 0 < line.max():
            one.ax.contour(xs, ys, line.reshape(shape), levels=[0], colors=[one.theme.text], linewidths=one.line * 0.7)


def scatter(one: Panel, points: Floats, labels: Integers, wrong: Any, two: bool = False) -> None:
    """Examples in the colour and with the marker of their class, named beside the axes; wrong ones have a ring."""
    colors = (one.theme.negative, one.theme.positive) if two else one.series
    size = 110 * one.scale**2 * min(1.0, max(0.2, (40 / len(points)) ** 0.5))
    for k in np.unique(labels).tolist():
        mine = labels == k
        rings: Any = np.where(wrong[mine], 2.0, 0.8)
        edges: Any = np.where(wrong[mine], one.theme.text, one.theme.background)
        xs, ys = points[mine].T
        one.ax.scatter(xs, ys, s=size, color=colors[k % len(colors)], marker=MARKERS[k % len(MARKERS)],
                       edgecolors=edges, linewidths=rings, label=f"class {k}")
    legend = one.ax.legend(fontsize=0.8 * one.text, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False,
                           handletextpad=0.2, labelcolor=one.theme.text)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set(edgecolor=one.theme.background, sizes=[60 * one.scale**2])
