"""The loss as a landscape over two weights, and the way of a descent through it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.arguments import Floats, array, count, finite, function
from viz.plots.figure import Panel, panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = 14
"""Lines of equal height."""

FEW = 50
"""Steps of a path that are dots."""


def loss_surface(
    loss: Callable[[Floats], Any], path: Any = None, *, center: npt.ArrayLike | None = None, directions: Any = (0, 1),
    reach: float | None = None, log: bool = True, labels: tuple[str, str] | None = None, resolution: int = 60,
    ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """The loss over two weights, or along two directions, as lines of equal height, with the path of a descent.

    `loss` takes all parameters, a vector, such as `lambda theta: program.value_and_grad(theta, X, Y)[0]`. `path` is
    an array of shape (steps, parameters), what `viz.plots.descent` returns, or a `viz.Recorder`. `directions` are
    the numbers of two parameters; or two vectors; or "path", the two directions in which the path goes most
    (principal components, as in Li et al., Visualizing the loss landscape of neural nets, 2018). All other
    parameters are those of the `center`, the end of the path unless given; of the path its projection is drawn.
    `reach` is how far to look from the center, or from the middle of the path if no center is given; without it the
    whole path is seen. With `log`, the steps between heights grow with the height. Returns the Axes.

    Raises `SizeError` for shapes that do not fit, `UsageError` where the loss is nowhere finite.
    """
    trail = None if path is None else positions(path)
    if trail is None and center is None:
        raise UsageError("a path or a center is expected, so that it is known where to look; neither came")
    middle = array("center", center if trail is None or center is not None else trail[-1], 1)
    if trail is not None and trail.shape[1] != len(middle):
        raise SizeError(f"the center has {len(middle)} parameters, the path has {trail.shape[1]}")
    basis, origin, names = spanned(directions, middle, trail)
    way = None if trail is None else (trail - middle) @ np.linalg.pinv(basis)
    xs, ys = (np.linspace(low, high, count("resolution", resolution, 2)) for low, high in window(way, center, reach))
    height = function("the loss", loss)
    found = [[height(middle + x * basis[0] + y * basis[1]) for x in xs] for y in ys]
    heights = array("what the loss returns, on a mesh,", found, 2, finite=False)
    one = panel(ax, theme, (7.4, 6))
    landscape(one, xs + origin[0], ys + origin[1], heights, log)
    if way is not None:
        draw_path(one, way + origin)
    one.write(*(labels or names))
    return one.ax


def positions(path: Any) -> Floats:
    """The parameters at each step of a path, or of a recording."""
    frames = getattr(path, "frames", None)
    return array("path", path if frames is None else [frame.theta for frame in frames], 2)


def spanned(directions: Any, middle: Floats, trail: Floats | None) -> tuple[Floats, Floats, tuple[str, str]]:
    """Two vectors in the space of all parameters, what the axes show in the middle, and their names."""
    if isinstance(directions, str):
        if directions != "path" or trail is None or len(trail) < 3 or len(middle) < 2:
            raise UsageError('directions are two numbers of parameters, two vectors, or "path" where a path of three '
                             f"points or more is given; {directions!r} came")
        basis = np.linalg.svd(trail - trail.mean(0), full_matrices=False)[2][:2]
        return basis, np.zeros(2), ("main direction of the path", "second direction")
    if np.ndim(directions) == 1 and len(directions) == 2:
        places = [count("the number of a parameter", place, 0) for place in directions]
        if len(set(places)) < 2 or max(places) >= len(middle):
            raise UsageError(f"directions are the numbers of two of {len(middle)} parameters, {directions} came")
        first, second = (f"θ[{place}]" for place in places)
        return np.eye(len(middle))[places], middle[places], (first, second)
    basis = array("directions", directions, 2)
    if basis.shape != (2, len(middle)) or np.linalg.matrix_rank(basis) < 2:
        raise SizeError(f"directions are two vectors of {len(middle)} parameters that are not parallel; an array of "
                        f"shape {basis.shape} came")
    return basis, np.zeros(2), ("first direction", "second direction")


def window(way: Floats | None, center: Any, reach: float | None) -> Floats:
    """From where to where to look in each of two directions, seen from the center."""
    points = np.zeros((1, 2)) if way is None else way
    view = np.zeros(2) if center is not None else (points.min(0) + points.max(0)) / 2
    far = 1.6 * float(np.abs(points - view).max()) or 1.0 if reach is None else finite("reach", reach)
    if far <= 0:
        raise UsageError(f"reach is above 0, {far:g} came")
    return np.column_stack([view - far, view + far])


def landscape(one: Panel, xs: Floats, ys: Floats, heights: Floats, log: bool) -> None:
    """Shades and lines of equal height."""
    known = heights[np.isfinite(heights)]
    if not known.size:
        raise UsageError("the loss is nan or inf all over this picture: choose another center or a smaller reach")
    low, span = float(known.min()), float(np.ptp(known)) or 1.0
    steps = np.linspace(0, 1, LEVELS + 1)
    levels = low + span * (steps**3 if log else steps)
    shade = one.sequential()
    found = np.ma.masked_invalid(heights)
    one.ax.contourf(xs, ys, found, levels, colors=[shade(0.75 * step) for step in steps[:-1]])
    if low == known.max():
        return  # a plain has no lines of equal height
    lines = one.ax.contour(xs, ys, found, levels[1:-1], colors=[one.theme.muted], linewidths=0.8)
    one.ax.clabel(lines, list(levels[2:-1:3]), fontsize=0.75 * one.text, colors=[one.theme.text],
                  fmt=lambda height: f"{float(f'{height:.2g}'):g}")


def draw_path(one: Panel, way: Floats) -> None:
    """The steps of a descent, from start to end."""
    color = one.theme.gradient
    size = 2 * one.line if len(way) <= FEW else 0
    one.ax.plot(*way.T, "o-", color=color, linewidth=one.line, markersize=size, label="path", zorder=3)
    for point, word, marker in ((way[0], "start", "s"), (way[-1], "end", "*")):
        look: dict[str, Any] = {"color": color, "markersize": 5 * one.line, "markeredgecolor": one.theme.background}
        one.ax.plot(*point, marker, **look, zorder=4)
        beside(one, word, point, way)


def beside(one: Panel, word: str, point: Floats, way: Floats) -> None:
    """Write a word at a corner of a point: inside of the axes, where no other text is, and off the path if possible."""
    others = [text.get_window_extent().padded(2) for text in one.ax.texts]
    frame, dots = one.ax.get_window_extent(), one.ax.transData.transform(way)
    place, look = (float(point[0]), float(point[1])), one.on_shades()
    written = one.ax.annotate(word, place, (7, 7), textcoords="offset points", size=one.text, zorder=5, **look)

    def put(side: tuple[int, int]) -> tuple[bool, int, int]:
        x, y = side
        written.set_position((7 * x, 7 * y))
        written.set(ha="left" if x > 0 else "right", va="bottom" if y > 0 else "top")
        box = written.get_window_extent()
        inside = frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
        return not inside, box.count_overlaps(others), box.count_contains(dots)

    put(min(((1, 1), (1, -1), (-1, 1), (-1, -1)), key=put))
