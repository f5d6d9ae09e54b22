"""What goes on inside an optimiser: its quantities at every step, with the symbols of lectures."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.plots.figure import panels, returned
from viz.plots.numbers import Floats, array, count
from viz.tables import aligned, html_table, plain

SYMBOLS = {"m": "m", "v": "v", "velocity": "v", "squares": "s", "moves": "d"}
"""What lectures call the memories of optimisers; others keep their names."""


@dataclass(frozen=True)
class OptimizerSteps:
    """A table of an optimiser's quantities, a row for each step; `columns` holds them by symbol.

    g is the gradient, η the learning rate, m̂ = m/(1 - β₁ᵗ) and v̂ = v/(1 - β₂ᵗ) are corrected for their bias, Δθ
    is the step and θ what it leads to. Each is an array of shape (steps,), of one parameter. Prints, and shows
    itself in notebooks.
    """

    optimizer: str
    columns: Mapping[str, Floats]

    def __getitem__(self, symbol: str) -> Floats:
        """The numbers of one quantity, step by step."""
        if symbol not in self.columns:
            raise UsageError(f"{self.optimizer} has no {symbol!r}: there are {', '.join(self.columns)}")
        return self.columns[symbol]

    @property
    def rows(self) -> list[list[str]]:
        """The numbers as text, the step before them."""
        numbers = zip(*self.columns.values(), strict=True)
        return [[str(t), *(f"{number:.4g}" for number in row)] for t, row in enumerate(numbers, start=1)]

    def plot(self, *, ax: Any = None, theme: str = "light") -> Any:
        """A curve for each quantity over the steps, a panel each; returns the Axes, or an array of several."""
        drawn = panels(len(self.columns), ax, theme, 3, (4.4, 3))
        for one, (symbol, numbers) in zip(drawn, self.columns.items(), strict=True):
            color = {"g": one.theme.gradient, "θ": one.theme.value}.get(symbol, one.theme.text)
            one.plot(np.arange(1, len(numbers) + 1), numbers, color=color)
            one.whole()
            one.lattice()
            one.write("step", "", symbol)
        return returned(drawn)

    def __str__(self) -> str:
        return aligned([["step", *self.columns], *self.rows], [True] * (1 + len(self.columns)))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [[plain(cell) for cell in row] for row in self.rows]
        return html_table(["step", *map(plain, self.columns)], rows, plain(self.optimizer))


def optimizer_steps(
    optimizer: Any, gradient: Callable[[Floats], Any], theta: npt.ArrayLike, steps: int = 10, *, index: int = 0
) -> OptimizerSteps:
    """The inner quantities of an optimiser, step by step, as a table: g, m, v, m̂, v̂ and so on, and θ.

    `optimizer` is one of `nn.optim`, or any object with `step(theta, gradient)`, which changes an array in place, and
    `state`, a mapping of arrays; a copy of it is used. `gradient` is a function of all parameters, θ of shape (n,) or
    a number, of which the table shows the one at `index`. Needs no matplotlib.

    >>> class Descent:
    ...     lr, state = 0.1, {}
    ...     def step(self, theta, gradient): theta -= self.lr * gradient
    >>> print(optimizer_steps(Descent(), lambda w: -6 * (10 - 3 * w), 2.0, steps=2))
    step      g    η     Δθ     θ
       1    -24  0.1    2.4   4.4
       2   19.2  0.1  -1.92  2.48
    """
    at = np.atleast_1d(array("theta", theta, (0, 1))).copy()
    if not callable(getattr(optimizer, "step", None)) or not callable(gradient):
        raise UsageError("optimizer_steps takes an optimiser, which has a method step, and a function gradient(θ)")
    if not -len(at) <= index < len(at):
        raise UsageError(f"index is that of one of {len(at)} parameters, {index!r} came")
    moving = copy.deepcopy(optimizer)
    rows: list[dict[str, float]] = []
    for _ in range(count("steps", steps)):
        slopes = np.atleast_1d(array("the gradient", gradient(at.copy()), (0, 1), finite=False))
        if slopes.shape != at.shape:
            raise SizeError(f"a gradient of shape {at.shape} is expected, {slopes.shape} came")
        before = at[index]
        moving.step(at, slopes)
        found = {"g": slopes[index], **rate(moving), **inner(moving, index), "Δθ": at[index] - before, "θ": at[index]}
        rows.append({symbol: float(number) for symbol, number in found.items()})
    name = type(optimizer).__name__
    return OptimizerSteps(name, {symbol: np.array([row[symbol] for row in rows]) for symbol in rows[0]})


def rate(optimizer: Any) -> dict[str, float]:
    """The learning rate, if there is one."""
    return {"η": optimizer.lr} if hasattr(optimizer, "lr") else {}


def inner(optimizer: Any, index: int) -> dict[str, float]:
    """What an optimiser remembers of a parameter, and the averages that are corrected for their bias."""
    state = getattr(optimizer, "state", {})
    found = {symbol(optimizer, name): vector[index] for name, vector in state.items()}
    for name, beta in (("m", "beta1"), ("v", "beta2")):
        if name in state and hasattr(optimizer, beta) and hasattr(optimizer, "steps"):
            found[name + "\u0302"] = state[name][index] / (1 - getattr(optimizer, beta) ** optimizer.steps)
    return found


def symbol(optimizer: Any, name: str) -> str:
    """What lectures call a memory: the velocity of momentum is v, as an average m."""
    average = name == "velocity" and getattr(optimizer, "average", False)
    return "m" if average else SYMBOLS.get(name, name)
