"""A loss over two weights, or over two directions, and the path that an optimiser takes on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError, Value
from viz.plots.figure import Panel, matplotlib, panel
from viz.plots.numbers import Floats, array, count, finite

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = 14
"""Lines of equal loss."""


def surface(
    loss: Callable[[Floats], Any], center: npt.ArrayLike | None = None, directions: Sequence[Any] | None = None, *,
    path: npt.ArrayLike | None = None, span: float | None = None, resolution: int = 60, log: bool = False,
    ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """The loss over a plane through parameter space, as lines of equal loss, and an optimiser's path on it.

    `loss` is a function from all parameters θ, an array of shape (n,), to a number. The plane goes through `center`, by
    default the end of the path, along two `directions`: numbers of two weights, whose own values the axes then show;
    or vectors of shape (n,). Without them they are the two weights if there are no more, else the two along which the
    path spreads most (its principal components). `path` has shape (steps, n), and is seen from above where it
    leaves the plane. The picture reaches a little beyond the path, or `span` to each side. `log` puts the
    lines at equal ratios of loss. Returns the Axes, whose first mesh holds the losses.

    Source of the directions: Li et al., Visualizing the loss landscape of neural nets, NeurIPS 2018.
    """
    way = None if path is None else array("path", path, 2)
    if center is None and way is None:
        raise UsageError("the plane needs a point: give center=θ, or path=, an array of θ after each step")
    middle = way[-1] if center is None and way is not None else array("center", center, 1)
    if way is not None and way.shape[1] != len(middle):
        raise SizeError(f"each step of the path must have {len(middle)} parameters, as center; {way.shape[1]} came")
    basis, names, origin = plane(directions, middle, way)
    seen = None if way is None else (way - middle) @ np.linalg.pinv(basis) + origin
    xs, ys = extent(seen, origin, span, count("resolution", resolution, 3))
    heights = np.array([[number(loss(middle + (np.array([x, y]) - origin) @ basis)) for x in xs] for y in ys])
    one = panel(ax, theme, (7.5, 6))
    contours(one, xs, ys, heights, log)
    if seen is not None:
        draw_path(one, seen)
    one.ax.set(xlim=(xs[0], xs[-1]), ylim=(ys[0], ys[-1]))
    one.write(*names)
    return one.ax


def plane(directions: Sequence[Any] | None, middle: Floats, way: Floats | None) -> tuple[Floats, list[str], Floats]:
    """Two directions as rows (2, n), what they are called, and the coordinates of the middle of the plane."""
    n = len(middle)
    if directions is None and n == 2:
        directions = (0, 1)
    if directions is None:
        if way is None or len(way) < 3:
            raise UsageError("give directions=(i, j), two weights, or two vectors; or path=, of three steps at least")
        return np.linalg.svd(way - way.mean(0))[2][:2], ["first direction", "second direction"], np.zeros(2)
    if len(directions) != 2:
        raise SizeError(f"two directions make a plane, {len(directions)} came")
    if all(isinstance(i, int | np.integer) for i in directions):
        i, j = (int(i) for i in directions)
        if not (0 <= i < n and 0 <= j < n and i != j):
            raise UsageError(f"directions are two different weights from 0 to {n - 1}, {i} and {j} came")
        return np.eye(n)[[i, j]], [f"$\\theta_{{{i}}}$", f"$\\theta_{{{j}}}$"], middle[[i, j]]
    basis = np.stack([array("a direction", direction, 1) for direction in directions])
    if basis.shape != (2, n) or np.linalg.matrix_rank(basis) < 2:
        raise SizeError(f"directions are two vectors of {n} numbers that are not parallel, shape {basis.shape} came")
    return basis, ["first direction", "second direction"], np.zeros(2)


def extent(seen: Floats | None, origin: Floats, span: float | None, resolution: int) -> tuple[Floats, Floats]:
    """The coordinates of the picture."""
    if span is not None and finite("span", span) <= 0:
        raise UsageError(f"span is a number above 0, {span} came")
    if span is not None or seen is None:
        half = np.full(2, 1.0 if span is None else span)
        low, high = origin - half, origin + half
    else:
        low, high = seen.min(0), seen.max(0)
        reach = np.maximum(high - low, 0.3 * (high - low).max() or 1.0)  # no narrow strips
        low, high = (low + high) / 2 - 0.65 * reach, (low + high) / 2 + 0.65 * reach
    xs, ys = np.linspace(low, high, resolution).T
    return xs, ys


def number(found: Any) -> float:
    """What a loss gave, as a float."""
    return float(found.data if isinstance(found, Value) else array("the loss", found, (0, 1), finite=False).squeeze())


def contours(one: Panel, xs: Floats, ys: Floats, heights: Floats, log: bool) -> None:
    """The height in colour, and lines of equal height with their numbers."""
    known = heights[np.isfinite(heights)]
    if not known.size:
        raise UsageError("the loss is nan or inf everywhere on this plane: choose another center or a smaller span")
    low, high = float(known.min()), float(np.quantile(known, 0.98))
    if log and low <= 0:
        raise UsageError(f"a logarithmic scale needs losses above 0, {low:g} came")
    colors = matplotlib().colors
    norm = (colors.LogNorm if log else colors.Normalize)(low, high if high > low else low + 1)
    one.ax.pcolormesh(xs, ys, np.ma.masked_invalid(heights), cmap=one.sequential(), norm=norm, alpha=0.75,
                      shading="gouraud" if np.isfinite(heights).all() else "nearest", rasterized=True)
    if high > low:
        # Lines crowd towards the minimum, where there is something to see.
        levels = np.geomspace(low, high, LEVELS) if log else low + (high - low) * np.linspace(0, 1, LEVELS)[1:] ** 2
        lines = one.ax.contour(xs, ys, np.ma.masked_invalid(heights), levels=levels, colors=[one.theme.text],
                               linewidths=0.8, alpha=0.55)
        one.ax.clabel(lines, levels.tolist()[1::3], fmt="%.3g", fontsize=0.65 * one.text)


def draw_path(one: Panel, seen: Floats) -> None:
    """The steps from the first to the last."""
    xs, ys = seen.T
    dot = 1.6 * one.line if len(seen) <= 100 else 0
    one.ax.plot(xs, ys, "-o", color=one.theme.gradient, linewidth=0.8 * one.line, markersize=dot, label="path")
    ends = {"start": ("o", seen[0]), "end": ("*", seen[-1])}
    for name, (marker, (x, y)) in ends.items():
        one.ax.plot(x, y, marker, color=one.theme.gradient, markeredgecolor=one.theme.background,
                    markersize=(7 if marker == "*" else 4.5) * one.line, label="_" + name, zorder=5)
        one.ax.annotate(name, (x, y), (8, 8), textcoords="offset points", color=one.theme.text, size=0.9 * one.text)
