"""Activation functions and their derivatives, computed by the engine itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import UsageError, Value, grad, ops
from viz.arguments import Floats, finite, listed
from viz.plots.figure import Panel, panels, returned

POINTS = 300
"""Points of a curve."""

NEAR = 1e-9
"""How near to a kink the curves go from either side."""

USUAL = ("sigmoid", "tanh", "relu")


def activations(
    functions: Any = USUAL, *, low: float = -4.0, high: float = 4.0, derivatives: bool = True,
    ax: Any = None, theme: str = "light",
) -> Any:
    """Curves of activation functions f and, beside them, of their derivatives f′, a panel for each function.

    `functions` is one or a list: names of the operations that take one operand, "linear", or functions of a Value.
    Both curves come from the table of operations, by way of Values and `grad`. Where a curve jumps, it is
    interrupted, and a dot marks what Values have there. Returns the Axes, or an array of several.

    Raises `UsageError` for an unknown name or an empty range.
    """
    chosen = [functions] if isinstance(functions, str) or callable(functions) else listed("functions", functions)
    low, high = finite("low", low), finite("high", high)
    if not low < high or not chosen:
        raise UsageError(f"functions, and a range from low to high, are expected; {chosen}, {low:g} to {high:g} came")
    named = [found(function) for function in chosen]
    drawn = panels(len(named), ax, theme, 3, (5, 4.4))
    for one, (name, function, kinks) in zip(drawn, named, strict=True):
        draw(one, function, [kink for kink in kinks if low < kink < high], low, high, derivatives)
        one.write("x", "", name)
    return returned(drawn)


def found(function: Any) -> tuple[str, Callable[[Any], Any], Sequence[float]]:
    """The name of a function, the function, and where its slope jumps."""
    if callable(function):
        name = getattr(function, "__name__", type(function).__name__)
        return ("f" if name == "<lambda>" else name), function, ()
    if function == "linear":
        return "linear", lambda x: x, ()
    known = {op.name: op for op in ops.TABLE.values() if elementwise(op)}
    if function not in known:
        raise UsageError(f"unknown function {function!r}: there are linear, {', '.join(known)}")
    op = known[function]
    return op.name, op, op.kinks


def elementwise(op: ops.Op) -> bool:
    """Whether a row is a function of one operand."""
    return op.recorded and not isinstance(op, ops.Reduction | ops.Contraction) and op.arity - len(op.defaults) == 1


def draw(
    one: Panel, function: Callable[[Any], Any], kinks: Sequence[float], low: float, high: float, derivatives: bool
) -> None:
    """The curves, and the dots at jumps."""
    beside = [kink + side * NEAR * max(1, abs(kink)) for kink in kinks for side in (-1, 0, 1)]
    xs = np.unique(np.concatenate([np.linspace(low, high, POINTS), beside]))
    values, slopes = curves(function, xs)
    for ys, color in [(values, one.theme.value)] + [(slopes, one.theme.gradient)] * derivatives:
        for i in np.searchsorted(xs, kinks):
            if not math.isclose(ys[i - 1], ys[i + 1], abs_tol=1e-6):
                one.ax.plot(xs[i], ys[i], "o", color=color, markersize=3 * one.line, zorder=4)
                ys[i] = math.nan  # which interrupts the curve
    one.ax.axhline(0, color=one.theme.line, linewidth=0.8)
    one.ax.axvline(0, color=one.theme.line, linewidth=0.8)
    if derivatives:
        one.plot(xs, slopes, color=one.theme.gradient, linestyle="--", label="f′")
    one.plot(xs, values, color=one.theme.value, label="f", zorder=3)
    one.ax.margins(x=0)
    one.lattice()
    one.name_curves()


def curves(function: Callable[[Any], Any], xs: Floats) -> tuple[Floats, Floats]:
    """The values and the slopes of a function of a Value."""
    inputs = [Value(x) for x in xs.tolist()]
    made = [function(x) for x in inputs]
    if not all(isinstance(out, Value) for out in made):
        raise UsageError(f"a function of a Value gives a Value, {type(made[0]).__name__} came")
    slopes = [grad(out, [x])[0] for out, x in zip(made, inputs, strict=True)]
    return np.array([out.data for out in made]), np.array(slopes)
