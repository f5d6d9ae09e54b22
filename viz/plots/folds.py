"""Which examples each fold of a cross validation trains on, and which it is validated on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import UsageError
from viz.plots.figure import panel, ramp
from viz.plots.numbers import array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def folds(folds: Iterable[tuple[Any, Any]], *, ax: Axes | None = None, theme: str = "light") -> Axes:
    """A map of a k-fold cross validation: a row for each fold, a column for each example.

    `folds` gives (train, validation), arrays of the numbers of examples, as `nn.data.kfold` does. Returns the Axes,
    whose image holds 1 where an example is validated on, 0 where it is trained on, nan where neither.

    Raises `UsageError` where a fold trains on what it is validated on.
    """
    pairs = [(numbers("train", train), numbers("validation", held)) for train, held in folds]
    if not pairs:
        raise UsageError("a map of folds needs pairs (train, validation), such as nn.data.kfold(10) gives; none came")
    found = np.full((len(pairs), 1 + max(int(part.max()) for pair in pairs for part in pair)), np.nan)
    for row, (train, held) in zip(found, pairs, strict=True):
        if np.isin(held, train).any():
            raise UsageError("a fold must not train on examples that it is validated on")
        row[train], row[held] = 0, 1
    one = panel(ax, theme, (8, max(2.5, 1.2 + 0.55 * len(pairs))))
    one.ax.imshow(found, cmap=ramp(one.theme.operation, one.theme.positive), vmin=0, vmax=1, aspect="auto",
                  interpolation="nearest")
    for border in range(1, len(pairs)):
        one.ax.axhline(border - 0.5, color=one.theme.background, linewidth=2 * one.line)
    if found.shape[1] <= 60:
        for border in range(1, found.shape[1]):
            one.ax.axvline(border - 0.5, color=one.theme.background, linewidth=0.6 * one.line)
    one.whole()
    one.ax.set_yticks(range(len(pairs)), [f"fold {i}" for i in range(1, len(pairs) + 1)])
    one.ax.tick_params(length=0)
    for spine in one.ax.spines.values():
        spine.set_visible(False)
    one.write("example", "", "blue: validation, pale: training")
    return one.ax


def numbers(what: str, given: Any) -> Any:
    """The numbers of examples in an array."""
    found = array(what, given, 1)
    if (found != np.trunc(found)).any() or found.min() < 0:
        raise UsageError(f"{what} must be numbers of examples, from 0; others came")
    return found.astype(np.int64)
