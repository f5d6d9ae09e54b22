"""Curves of a training: loss, metrics and learning rate over epochs; several trainings compared."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import UsageError
from viz.arguments import Floats, array, listed
from viz.plots.figure import Panel, panel, panels, returned

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLES = {"lr": "learning rate"}
"""What a column is called, if not by its name."""

BEYOND = 10.0
"""A training counts as diverged, and leaves the picture, where its loss is so many times that of any at first."""


def history(
    history: Any, names: Sequence[str] | None = None, *, log: bool = False, ax: Any = None, theme: str = "light"
) -> Any:
    """The loss, the metrics and the learning rate of a training over its epochs, a panel for each kind.

    `history` is what `nn.fit` returns, or a mapping or object with arrays by such names. What was measured on
    validation data shares the panel of what was measured in training. `names` chooses panels; without it there are
    all, but the learning rate only if it changes. With `log` losses have a logarithmic scale. `ax` may be
    as many Axes as there are panels, or one, which then shows the loss. Returns the Axes, or an array of several.

    Raises `UsageError` for a history without epochs, or a name that it does not have.
    """
    found = columns(history)
    kinds = chosen(found, names, alone=ax is not None and np.ndim(ax) == 0)
    drawn = panels(len(kinds), ax, theme, 3, (5, 4))
    for one, kind in zip(drawn, kinds, strict=True):
        positive = False
        for i, (side, name) in enumerate({"training": kind, "validation": "val_" + kind}.items()):
            if name in found:
                one.plot(np.arange(1, len(found[name]) + 1), found[name], i, label=side)
                positive |= bool((found[name] > 0).any())
        finish(one, "", TITLES.get(kind, kind), log and kind == "loss" and positive)
        if "val_" + kind in found:
            one.name_curves()
    return returned(drawn)


def compare(
    histories: Mapping[Any, Any], name: str = "loss", *, log: bool = True, symbol: str = "η",
    ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """One curve for each of several trainings, such as those with different learning rates.

    `histories` maps what tells them apart to histories, or to arrays of numbers; labels that are numbers are written
    after `symbol`, as η = 0.1. `name` is what is compared; trainings whose loss diverges leave the picture at the top.
    Returns the Axes.
    """
    if not isinstance(histories, Mapping) or not histories:
        raise UsageError("compare takes trainings by their labels, such as {0.1: history, 1.0: another}")
    curves = {label(key, symbol): column(found, name) for key, found in histories.items()}
    one = panel(ax, theme)
    for i, (text, ys) in enumerate(curves.items()):
        one.plot(np.arange(1, len(ys) + 1), ys, i, label=text)
    finish(one, TITLES.get(name, name), "", log and all((ys[np.isfinite(ys)] > 0).all() for ys in curves.values()))
    if name.removeprefix("val_") == "loss":
        bound(one, list(curves.values()))
    one.name_curves()
    return one.ax


def columns(history: Any) -> dict[str, Floats]:
    """The arrays of a history by name."""
    if not isinstance(history, Mapping):
        history = getattr(history, "columns", None) or getattr(history, "__dict__", {})
    found = {
        str(name): array(f"history[{name!r}]", numbers, 1, finite=False)
        for name, numbers in history.items() if np.ndim(numbers) == 1 and len(numbers) and not isinstance(numbers, str)
    }
    if not found:
        raise UsageError("a history with at least one epoch is expected, such as nn.fit returns; an empty one came")
    return found


def column(history: Any, name: str) -> Floats:
    """One array of a history, or the array that came in its place."""
    if isinstance(history, list | tuple | np.ndarray):
        return array(name, history, 1, finite=False)
    found = columns(history)
    return found[known(name, found)]


def known(name: str, found: Iterable[str]) -> str:
    """The name, if the history has it."""
    if name not in found:
        raise UsageError(f"the history has no {name!r}: there are {', '.join(found)}")
    return name


def chosen(found: Mapping[str, Floats], names: Sequence[str] | None, alone: bool) -> list[str]:
    """The kinds of numbers that get a panel."""
    if names is not None:
        kinds = [names] if isinstance(names, str) else listed("names", names)
        return list(dict.fromkeys(known(name, found).removeprefix("val_") for name in kinds))
    kinds = list(dict.fromkeys(name.removeprefix("val_") for name in found))
    if alone:
        return ["loss"] if "loss" in kinds else kinds[:1]
    kinds.sort(key=lambda kind: (kind != "loss", kind == "lr"))  # the loss first, the rate last
    return [kind for kind in kinds if kind != "lr" or len(kinds) == 1 or np.ptp(found[kind]) > 0]


def label(key: Any, symbol: str) -> str:
    """What a training is called."""
    return f"{symbol} = {key:g}" if isinstance(key, numbers.Real) else str(key)


def finish(one: Panel, y: str, title: str, log: bool) -> None:
    """Scales, grid and names."""
    one.ax.margins(x=0)
    one.whole()
    if log:
        one.ax.set_yscale("log")
    one.lattice()
    one.write("epoch", y, title)


def bound(one: Panel, curves: Sequence[Floats]) -> None:
    """Keep losses that diverge from squeezing the rest."""
    limit = BEYOND * max((ys[0] for ys in curves if np.isfinite(ys[0])), default=np.inf)
    met = np.concatenate(curves)
    if 0 < limit < np.inf and not (met <= limit).all():
        one.ax.set_ylim(met[np.isfinite(met)].min(initial=limit), limit)
