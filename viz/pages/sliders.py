"""How far a slider goes: around the number, and only where what uses it is defined.

>>> from autograd import Value
>>> x = Value(3.0)
>>> slider(x, []), slider(x, [(x.log(), 0)])
({'low': -10.0, 'high': 10.0, 'step': 0.1}, {'low': 0.0, 'high': 10.0, 'step': 0.1})
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from autograd import Value, ops

LEAST = 2.0
"""A slider reaches at least from -2 to 2, the range in which activations bend."""

MOST = 1e300
"""No slider reaches further; a page still shows a number that lies beyond."""

PARTS = 100
"""A slider has so many positions on each side of 0."""


def slider(value: Value, users: Iterable[tuple[Value, int]]) -> dict[str, float]:
    """The range of a leaf's slider, and the step from one position to the next."""
    reach = rounded(min(max(2.5 * abs(value.data), LEAST), MOST)) if math.isfinite(value.data) else 5 * LEAST
    low = 0.0 if value.data >= 0 and any(undefined_below_0(*use) for use in users) else -reach
    return {"low": low, "high": reach, "step": reach / PARTS}


def rounded(x: float) -> float:
    """The least of 1, 2, 5, 10, 20, 50, … and of 0.1, 0.2, 0.5 that is not below a positive number."""
    power = 10.0 ** math.floor(math.log10(x))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= x), 10 * power)


def undefined_below_0(user: Value, i: int) -> bool:
    """Whether an operation has no result where its operand number i is negative, as a logarithm has not."""
    assert isinstance(user.op, ops.Op)
    data = [arg.data for arg in user.args]
    data[i] = -1.0
    return math.isnan(user.op.forward(*data)) and not math.isnan(user.data)
