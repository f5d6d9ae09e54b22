"""What gradients cost, by counting: finite differences against backpropagation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import UsageError, Value, count_operations, dot
from viz.plots.figure import panel
from viz.plots.numbers import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


def neuron(weights: Sequence[Value]) -> Value:
    """The output of a neuron that sees ones."""
    output: Value = dot(weights, [1.0] * len(weights)).tanh()
    return output


def operations(
    function: Callable[[list[Value]], Value] = neuron, sizes: Sequence[int] = SIZES, *,
    ax: Axes | None = None, theme: str = "light",
) -> Axes:
    """How much arithmetic a gradient takes, for n inputs, by finite differences and by backpropagation.

    `function` computes a Value from n Values; it is a neuron with n weights unless told otherwise. All is counted
    by `autograd.count_operations` while it happens: forward differences compute the function n + 1 times, and subtract
    and divide n times; backpropagation goes forward once and backward once. At its end each curve says with which power
    of n it grows there. Returns the Axes.
    """
    ns = sorted({count("a size", n) for n in sizes})
    if len(ns) < 2:
        raise UsageError(f"at least two sizes are expected, {list(sizes)} came")
    curves = {
        "finite differences": [differences(function, n) for n in ns],
        "backpropagation": [backpropagation(function, n) for n in ns],
    }
    one = panel(ax, theme)
    for i, (label, costs) in enumerate(curves.items()):
        power = math.log(costs[-1] / costs[-2]) / math.log(ns[-1] / ns[-2])
        one.plot(ns, costs, i, label=f"{label}\n∝ $n^{{{power:.1f}}}$", marker="o", markersize=2.2 * one.line)
    one.ax.set(xscale="log", yscale="log")
    one.ax.set_xticks(ns, [str(n) for n in ns])
    one.ax.minorticks_off()
    one.lattice()
    one.write("inputs n", "", "operations for one gradient")
    one.name_curves()
    return one.ax


def differences(function: Callable[[list[Value]], Value], n: int, h: float = 1e-4) -> int:
    """What forward differences (f(x + h) - f(x)) / h in each of n directions cost, counted."""
    at = np.full(n, 0.5)
    with count_operations() as counted:
        before = function(values(at))
        for step in h * np.eye(n):
            _ = (function(values(at + step)) - before) / h
    return counted.total


def backpropagation(function: Callable[[list[Value]], Value], n: int) -> int:
    """What one pass forward and one backward cost, counted."""
    with count_operations() as counted:
        function(values(np.full(n, 0.5))).backward()
    return counted.total


def values(numbers: Any) -> list[Value]:
    """Numbers as Values."""
    return [Value(number) for number in numbers.tolist()]
