"""Which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.arguments import array
from viz.plots.figure import TEXT, Panel, panel
from viz.plots.names import brief
from viz.text.markup import width

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def confusion(
    matrix: npt.ArrayLike, *, names: Sequence[str] | None = None, ax: Axes | None = None, theme: str = "light"
) -> Axes:
    """A confusion matrix: how many examples of each class, the row, were taken for each class, the column.

    `matrix` is what `nn.confusion_matrix(outputs, targets)` returns, of shape (classes, classes). What is right has
    the colour of positive numbers, mistakes that of negative ones; the shade is the root of the share of the row,
    so that rare mistakes show. The title is the share of all that is right. Returns the Axes, whose image holds the
    shares, those of mistakes below 0.

    Raises `SizeError` for a matrix that is not square or names of another number, `UsageError` for counts below 0.
    """
    counts = array("a confusion matrix", matrix, 2)
    n = len(counts)
    if counts.shape != (n, n):
        raise SizeError(f"a confusion matrix is square, one of shape {counts.shape} came")
    if names is not None and len(names) != n:
        raise SizeError(f"{n} classes need as many names, {len(names)} came")
    if (counts < 0).any() or not counts.any():
        raise UsageError("a confusion matrix holds counts, none below 0 and not all 0; others came")
    called = [brief(str(name)) for name in (range(n) if names is None else names)]
    room = max(width(name, TEXT) for name in called) / 72  # in inches: names stand beside the matrix
    one = panel(ax, theme, (max(4.6, 0.72 * n + 0.6 + room), max(4.2, 0.66 * n + 0.4 + room)))
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1e-300)
    signed = np.where(np.eye(n, dtype=bool), shares, -shares)
    image = one.ax.imshow(signed, cmap=one.diverging(), norm=one.root_norm(), aspect="auto")
    one.ax.set_yticks(range(n), called, parse_math=False)
    one.ax.tick_params(length=0)
    for spine in one.ax.spines.values():
        spine.set_visible(False)
    one.write("taken for", "class", f"{counts.trace() / counts.sum():.1%} right")
    one.ax.set_xticks(range(n), called, parse_math=False, **slanted(one, called))
    words = [[f"{number:g}" if number else "·" for number in row] for row in counts]
    size = fitting(one, words)
    for i, j in np.ndindex(n, n):
        color = one.readable(image.to_rgba(signed[i, j]))
        one.ax.text(j, i, words[i][j], ha="center", va="center", color=color, size=size)
    return one.ax


def slanted(one: Panel, names: Sequence[str]) -> dict[str, Any]:
    """The look of names below columns: level where each is narrower than its column, else slanted or upright."""
    figure: Any = one.ax.figure.figure  # of a part of a figure, the whole
    if layout := figure.get_layout_engine():
        layout.execute(figure)  # names of rows leave the columns less room
    column, size = one.ax.get_window_extent().width * 72 / one.ax.figure.dpi / len(names), one.tick
    if max(width(name, round(size)) for name in names) <= 0.95 * column:
        return {}
    slope = 45 if column >= 2 * size else 90
    return {"rotation": slope, "ha": "right", "va": "center" if slope == 90 else "top", "rotation_mode": "anchor",
            "size": min(size, 0.8 * column)}


def fitting(one: Panel, words: list[list[str]]) -> float:
    """The size of text with which each word fits into its cell; a letter is two thirds as wide as it is high."""
    extent = one.ax.get_window_extent()
    wide, high = (side * 72 / one.ax.figure.dpi / len(words) for side in (extent.width, extent.height))
    longest = max(len(word) for row in words for word in row)
    return min(one.text, 0.9 * wide / (0.67 * longest), 0.8 * high)
