"""Which examples are in which fold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.arguments import array, listed
from viz.plots.figure import matplotlib, panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def folds(
    parts: Iterable[tuple[Any, Any]], *, scores: npt.ArrayLike | None = None, ax: Axes | None = None,
    theme: str = "light",
) -> Axes:
    """A map of cross validation: a row for each fold, in which examples to validate on are strong, others pale.

    `parts` is what `nn.data.kfold(n, k)` gives, pairs of the numbers of the examples to train and to validate on;
    `scores`, as of `nn.cross_validate`, are written beside their folds, their mean above. Returns the Axes,
    whose image holds 1 where a fold validates, 0 where it trains, and nan where it does neither.

    Raises `SizeError` without folds or for scores of another number.
    """
    pairs = [[indices(part) for part in listed("a fold", pair)] for pair in listed("parts", parts)]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise SizeError("pairs of the examples to train and to validate on are expected, as nn.data.kfold gives")
    n = max(int(part.max()) for pair in pairs for part in pair) + 1
    kinds = np.full((len(pairs), n), np.nan)
    for row, (train, held) in zip(kinds, pairs, strict=True):
        row[train], row[held] = 0, 1
    one = panel(ax, theme, (8, 0.5 * len(pairs) + 1.6))
    pale, strong = (one.sequential()(depth) for depth in (0.22, 1.0))
    shades = matplotlib().colors.ListedColormap([pale, strong])
    xs, ys = np.arange(n + 1) - 0.5, np.arange(len(pairs) + 1) - 0.5
    one.ax.pcolormesh(xs, ys, np.ma.masked_invalid(kinds), cmap=shades, vmin=0, vmax=1)
    one.ax.hlines(ys[1:-1], xs[0], xs[-1], color=one.theme.background, linewidth=2 * one.line)
    one.ax.invert_yaxis()
    one.ax.set_yticks(range(len(pairs)), [f"fold {i}" for i in range(1, len(pairs) + 1)])
    one.ax.tick_params(axis="y", length=0)
    for spine in one.ax.spines.values():
        spine.set_visible(False)
    title = ""
    if scores is not None:
        found = array("scores", scores, 1)
        if len(found) != len(pairs):
            raise SizeError(f"{len(pairs)} folds need as many scores, {len(found)} came")
        one.names([f"{score:.3g}" for score in found], range(len(found)), [one.theme.text] * len(found))
        title = f"mean score {found.mean():.3g}"
    one.whole()
    one.write("example (strong: to validate on)", title=title)
    return one.ax


def indices(part: Any) -> npt.NDArray[np.int64]:
    """The numbers of some examples."""
    found = array("the numbers of examples", part, 1)
    if (found < 0).any() or (found != np.trunc(found)).any():
        raise UsageError("examples are told by whole numbers from 0, others came")
    return found.astype(np.int64)
