"""Which classes a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.plots.figure import panel
from viz.plots.numbers import array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def confusion(
    matrix: npt.ArrayLike, *, names: Sequence[str] | None = None, ax: Axes | None = None, theme: str = "light"
) -> Axes:
    """A confusion matrix: how many examples of the class in row i were taken for the class in column j.

    It is what `nn.confusion_matrix` returns, of shape (classes, classes); `names` are those of the classes. What is
    right, on the diagonal, is blue, and what is wrong orange, the stronger the larger its share of the row, by the
    square root, so that rare mistakes are seen as well. Returns the Axes.
    """
    counts = array("a confusion matrix", matrix, 2)
    if counts.shape[0] != counts.shape[1] or (counts < 0).any():
        raise UsageError(f"a confusion matrix is square and counts from 0, one of shape {counts.shape} came")
    n = len(counts)
    labels = [str(i) for i in range(n)] if names is None else list(map(str, names))
    if len(labels) != n:
        raise SizeError(f"{n} classes need as many names, {len(labels)} came")
    one = panel(ax, theme, (7.5, 7))
    shade = np.sqrt(counts / np.maximum(counts.sum(1, keepdims=True), 1e-300)) * np.where(np.eye(n), 1, -1)
    one.ax.imshow(shade, cmap=one.diverging(), vmin=-1, vmax=1)
    size = min(one.text, 9 * one.text / n)
    for (i, j), number in np.ndenumerate(counts):
        strong = abs(shade[i, j]) > 0.6
        color = one.theme.background if strong else one.theme.text if number else one.theme.muted
        one.ax.text(j, i, f"{number:g}" if number else "·", ha="center", va="center", size=size, color=color)
    for axis in (one.ax.xaxis, one.ax.yaxis):
        axis.set_ticks(range(n), labels)
    long = max(map(len, labels)) > 4
    one.ax.tick_params(axis="x", labelrotation=90 if long and n > 3 else 0)
    one.ax.tick_params(length=0)
    for spine in one.ax.spines.values():
        spine.set_visible(False)
    one.write("taken for", "true class")
    return one.ax
