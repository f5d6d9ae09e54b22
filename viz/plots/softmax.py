"""What temperature does to softmax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

import autograd
from autograd import SizeError, UsageError
from viz.plots.figure import panel
from viz.plots.numbers import array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def softmax(
    scores: npt.ArrayLike, temperatures: npt.ArrayLike | None = None, *, names: Sequence[str] | None = None,
    ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """The probabilities softmax(z / T) of some scores z against the temperature T, a curve for each class.

    Cold, all goes to the largest score, as with argmax; at T = 1 it is softmax itself; hot, all classes become equal.
    Without `temperatures` these go from 0.1 to 10. Returns the Axes.

    Source: Hinton et al., Distilling the knowledge in a neural network, 2015.
    """
    z = array("scores", scores, 1)
    T = array("temperatures", np.geomspace(0.1, 10, 121) if temperatures is None else temperatures, 1)
    if (T <= 0).any():
        raise UsageError(f"temperatures are above 0, {T.min():g} came")
    labels = [f"z = {score:g}" for score in z] if names is None else list(map(str, names))
    if len(labels) != len(z):
        raise SizeError(f"{len(z)} scores need as many names, {len(labels)} came")
    shares = np.array([autograd.softmax((z / t).tolist()) for t in T])
    one = panel(ax, theme)
    if T.min() < 1 < T.max():
        one.ax.axvline(1, color=one.theme.line, linewidth=1.2, linestyle=":")
    for i, label in enumerate(labels):
        one.plot(T, shares[:, i], i, label=label)
    one.ax.set(xscale="log", ylim=(0, 1.02))
    one.ax.xaxis.set_major_formatter("{x:g}")
    one.ax.margins(x=0)
    one.lattice()
    one.write("temperature T", "", "softmax(z / T)")
    one.name_curves()
    return one.ax
