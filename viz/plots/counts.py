"""How work grows with the size of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.arguments import array
from viz.plots.figure import panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes


TICKS = 8
"""Sizes that are written at the axis, if there are no more."""


def operation_counts(
    counts: Mapping[str, npt.ArrayLike], sizes: npt.ArrayLike, *, ax: Axes | None = None, theme: str = "light"
) -> Axes:
    """Counts over sizes on logarithmic axes, where a power of the size is a line and its exponent the slope.

    `counts` maps what was counted, such as the operations of finite differences and of backpropagation, to a number
    for each of the `sizes`; `autograd.count_operations` counts them. Returns the Axes.

    Raises `SizeError` for numbers of another length, `UsageError` for numbers that are not above 0.
    """
    if not isinstance(counts, Mapping) or not counts:
        raise UsageError("operation_counts takes numbers by their labels, such as {'backpropagation': [73, 143]}")
    n = array("sizes", sizes, 1)
    curves = {str(label): array(f"the counts of {label}", numbers, 1) for label, numbers in counts.items()}
    if any(len(curve) != len(n) for curve in curves.values()):
        raise SizeError(f"a count for each of {len(n)} sizes is expected, {[len(c) for c in curves.values()]} came")
    if any((numbers <= 0).any() for numbers in (n, *curves.values())):
        raise UsageError("sizes and counts on logarithmic axes are above 0, others came")
    one = panel(ax, theme)
    one.ax.set(xscale="log", yscale="log")
    for i, (label, curve) in enumerate(curves.items()):
        one.plot(n, curve, i, label=label, marker="o", markersize=3 * one.line)
    if len(n) <= TICKS:
        one.ax.set_xticks(n, [f"{size:g}" for size in n])
        one.ax.set_xticks([], minor=True)
    one.lattice()
    one.write("size n", "operations")
    one.name_curves()
    return one.ax
