"""Which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.arguments import array
from viz.plots.figure import Panel, panel
from viz.plots.names import brief

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
    one = panel(ax, theme, (max(4.6, 0.72 * n + 0.8), max(4.2, 0.66 * n + 0.6)))
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1e-300)
    signed = np.where(np.eye(n, dtype=bool), shares, -shares)
    image = one.ax.imshow(signed, cmap=one.diverging(), norm=one.root_norm(), aspect="auto")
    words = [[f"{number:g}" if number else "·" for number in row] for row in counts]
    size = fitting(one, words)
    for i, j in np.ndindex(n, n):
        color = one.readable(image.to_rgba(signed[i, j]))
        one.ax.text(j, i, words[i][j], ha="center", va="center", color=color, size=size)
    called = [brief(str(name)) for name in (range(n) if names is None else names)]
    for put in (one.ax.set_xticks, one.ax.set_yticks):
        put(range(n), called, parse_math=False)
    one.ax.tick_params(length=0)
    for spine in one.ax.spines.values():
        spine.set_visible(False)
    one.write("taken for", "class", f"{counts.trace() / counts.sum():.1%} right")
    return one.ax


def fitting(one: Panel, words: list[list[str]]) -> float:
    """The size of text with which each word fits into its cell; a letter is two thirds as wide as it is high."""
    extent = one.ax.get_window_extent()
    width, height = (side * 72 / one.ax.figure.dpi / len(words) for side in (extent.width, extent.height))
    longest = max(len(word) for row in words for word in row)
    return min(one.text, 0.9 * width / (0.67 * longest), 0.8 * height)
