"""Softmax against its temperature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

import autograd
from autograd import SizeError, UsageError
from viz.arguments import array
from viz.plots.figure import panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def softmax_temperatures(
    scores: npt.ArrayLike, temperatures: npt.ArrayLike | None = None, *, names: Sequence[str] | None = None,
    ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """The softmax of scores divided by a temperature T, a curve for each score over T.

    Toward 0 the largest score takes all, as argmax; at T = 1 it is softmax as usual; far beyond, all become equal.
    `temperatures` are above 0, from 0.1 to 10 unless given; `names` are what scores are called. Returns the Axes.

    Raises `UsageError` for temperatures that are not above 0.
    """
    z = array("scores", scores, 1)
    T = np.geomspace(0.1, 10, 121) if temperatures is None else array("temperatures", temperatures, 1)
    if (T <= 0).any():
        raise UsageError(f"temperatures are above 0, {T.min():g} came")
    if names is not None and len(names) != len(z):
        raise SizeError(f"{len(z)} scores need as many names, {len(names)} came")
    with np.errstate(over="ignore"):  # far below the largest there is nothing, which is right
        shares = np.array([autograd.softmax(((z - z.max()) / t).tolist()) for t in T])
    one = panel(ax, theme)
    one.ax.set_xscale("log")
    one.ax.xaxis.set_major_formatter("{x:g}")
    for i, curve in enumerate(shares.T):
        one.plot(T, curve, i, label=f"z = {z[i]:g}" if names is None else str(names[i]))
    if T.min() < 1 < T.max():
        one.ax.axvline(1, color=one.theme.line, linewidth=1.2, linestyle=":")
    one.ax.margins(x=0)
    one.ax.set_ylim(-0.02, 1.02)
    one.lattice()
    one.write("temperature T", "probability", "softmax of z/T")
    one.name_curves()
    return one.ax
