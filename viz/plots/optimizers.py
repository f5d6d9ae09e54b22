"""What goes on inside an optimiser, step by step, in the symbols of its formulas."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from autograd.tables import aligned
from viz.arguments import Floats, array, count, function
from viz.plots.figure import panel
from viz.text.markup import html_table, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Gradient = Callable[[Any], Any]
Row = dict[str, Floats]

SYMBOLS = {"squares": "s", "moves": "d"}
"""How the formulas of optimisers write what these remember, where the names are longer."""

HAT = "\u0302"
"""Makes m̂ of m."""

SUBSCRIPTS = "₁₂₃₄₅₆₇₈"
"""The parameters that a table has room for."""


class OptimizerTable:
    """The inner quantities of an optimiser by their symbols: arrays with a number for each step, from the start, 0.

    `table["m"]` is the column of m. The table prints as one, shows itself in notebooks, and draws its columns as
    curves with `plot`; its `columns` are what makes a DataFrame. What does not exist at the start is nan there.
    """

    def __init__(self, columns: dict[str, Floats]) -> None:
        self.columns = columns

    def __getitem__(self, symbol: str) -> Floats:
        if symbol not in self.columns:
            raise UsageError(f"this table has no {symbol!r}: there are {', '.join(self.columns)}")
        return self.columns[symbol]

    def rows(self) -> list[list[str]]:
        """The numbers as text, a row for each step."""
        steps = np.column_stack(list(self.columns.values())).tolist()
        return [[str(t), *("" if x != x else f"{x:.6g}" for x in row)] for t, row in enumerate(steps)]

    def plot(self, *symbols: str, ax: Axes | None = None, theme: str = "light") -> Axes:
        """Some of the columns over the steps, or all, as curves."""
        columns = {symbol: self[symbol] for symbol in symbols or self.columns}
        one = panel(ax, theme)
        for i, (symbol, column) in enumerate(columns.items()):
            one.plot(np.arange(len(column)), column, i, label=symbol, marker="o", markersize=2 * one.line)
        one.whole()
        one.lattice()
        one.write("step")
        one.name_curves()
        return one.ax

    def __str__(self) -> str:
        return "\n".join(aligned([["t", *self.columns], *self.rows()], ">" * (1 + len(self.columns))))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table([plain(symbol) for symbol in ("t", *self.columns)], self.rows())


def optimizer_table(optimizer: Any, gradient: Gradient, theta: npt.ArrayLike, steps: int = 10) -> OptimizerTable:
    """What an optimiser computes at each step of a descent from `theta`: g, its memory such as m and v, m̂, v̂, Δθ, θ.

    `gradient` gives the slope at θ, before clipping and weight decay; θ is a number, or a vector of up to 8, whose
    columns are g₁, g₂ and so on. Row t has what step t computed, row 0 the start. Symbols are those of the
    formulas of each optimiser: m and v of Adam, s of squares, d of AdaDelta's moves, momentum's velocity v, or m where
    it is an average. A rate η that changes takes each step as an epoch. The optimiser itself stays as it is: a copy
    takes the steps. Raises `SizeError` for a gradient of another shape.

    >>> import nn
    >>> optimizer_table(nn.SGD(0.25, momentum=0.5), lambda w: 2 * w, 4.0, steps=3)
    t  g   v     Δθ      θ
    0                    4
    1  8   8     -2      2
    2  4   8     -2      0
    3  0   4     -1     -1
    """
    rows = list(trace(optimizer, gradient, theta, steps))
    n = rows[0]["θ"].size
    if n > len(SUBSCRIPTS):
        raise SizeError(f"a table has room for {len(SUBSCRIPTS)} parameters, {n} came")
    unknown = np.full(n, np.nan)
    columns: dict[str, Floats] = {}
    for symbol in rows[-1]:
        numbers = np.array([row.get(symbol, unknown[: rows[-1][symbol].size]) for row in rows])
        names = [symbol] if numbers.shape[1] == 1 else [symbol + SUBSCRIPTS[i] for i in range(n)]
        columns |= dict(zip(names, numbers.T, strict=True))
    return OptimizerTable(columns)


def descent(optimizer: Any, gradient: Gradient, theta: npt.ArrayLike, steps: int = 10) -> Floats:
    """The path of an optimiser from `theta` along the slopes that `gradient` gives: shape (steps + 1, parameters).

    As in `optimizer_table`, a copy of the optimiser takes the steps.

    >>> import nn
    >>> descent(nn.SGD(0.25), lambda w: 2 * w, [4.0, -2.0], steps=2).tolist()
    [[4.0, -2.0], [2.0, -1.0], [1.0, -0.5]]
    """
    return np.array([row["θ"] for row in trace(optimizer, gradient, theta, steps)])


def trace(optimizer: Any, gradient: Gradient, theta: npt.ArrayLike, steps: int) -> Iterator[Row]:
    """The quantities of each step, in the order in which they are computed; at first θ alone."""
    if not all(hasattr(optimizer, name) for name in ("step", "state_dict")):
        raise UsageError(f"an optimiser has step(theta, gradient) and state_dict(); {type(optimizer).__name__} came")
    slope, start = function("gradient", gradient), array("theta", theta, (0, 1))
    now, moving = np.atleast_1d(start).copy(), copy.deepcopy(optimizer)
    yield {"θ": now.copy()}
    for t in range(count("steps", steps)):
        g = array("what gradient returns", slope(now.copy() if start.ndim else float(now[0])), (0, 1), finite=False)
        if g.size != now.size:
            raise SizeError(f"the gradient needs a number for each of {now.size} parameters, {g.size} came")
        scheduled = getattr(moving, "schedule", None) is not None
        row = {"η": np.array([moving.at(float(t))])} if scheduled else {}
        before = now.copy()
        moving.step(now, g.reshape(now.shape))
        yield row | {"g": np.atleast_1d(g)} | memory(moving) | {"Δθ": now - before, "θ": now.copy()}


def memory(optimizer: Any) -> Row:
    """What an optimiser remembers, by the symbols of its formulas, and m̂ and v̂ where it corrects a bias."""
    state: dict[str, Any] = dict(optimizer.state_dict())
    t = int(state.pop("steps", 0))
    symbols: dict[str, str] = SYMBOLS | {"velocity": "m" if getattr(optimizer, "average", False) else "v"}
    found = {symbols.get(name, name): np.asarray(vector, float) for name, vector in state.items()}
    for symbol, name in (("m", "beta1"), ("v", "beta2")):
        if symbol in found and hasattr(optimizer, name):
            found[symbol + HAT] = found[symbol] / (1 - getattr(optimizer, name) ** t)
    return found
