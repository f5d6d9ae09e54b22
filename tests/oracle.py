"""Losses in mathematics: values and slopes with 50 digits that share no formula with the engine.

Every row of the table is computed by what it *is*, softplus as ln(1 + eˣ) and logsumexp as ln Σ eˣ, without the
care that floats need; slopes are central differences, no derivative is written anywhere. With the step h = 10⁻¹⁷
they bend by h²·|f'''|/6, about 10⁻³⁴, and are rounded by 10⁻⁵⁰·|f|/h, so that some thirty digits are right.
"""

from __future__ import annotations

import operator
from typing import Any

import mpmath
import numpy as np
from agreement import Result

from autograd import Value, ops

MP = mpmath.MPContext()
MP.dps = 50
STEP = MP.mpf(10) ** -17


def dot(*args: Any) -> Any:
    """Σ w·x, and b where the number of operands is odd."""
    n = len(args) // 2
    return MP.fsum([w * x for w, x in zip(args[:n], args[n:], strict=False)]) + (args[-1] if len(args) % 2 else 0)


FUNCTIONS: dict[str, Any] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "neg": operator.neg,
    "pow": operator.pow, "abs": abs, "log": MP.ln,
    "gt": lambda x, y: MP.mpf(x > y), "eq": lambda x, y: MP.mpf(x == y), "where": lambda c, x, y: x if c else y,
    "sigmoid": lambda x: 1 / (1 + MP.exp(-x)), "softplus": lambda x: MP.ln(1 + MP.exp(x)),
    "relu": lambda x: x if x > 0 else MP.zero, "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "elu": lambda x, alpha: x if x > 0 else alpha * (MP.exp(x) - 1), "step": lambda x: MP.mpf(x > 0),
    "maximum": max, "minimum": min, "max": lambda *xs: max(xs), "min": lambda *xs: min(xs),
    "sum": lambda *xs: MP.fsum(xs), "dot": dot, "logsumexp": lambda *xs: MP.ln(MP.fsum([MP.exp(x) for x in xs])),
}
"""What mpmath does not have by the name of the row."""


def function(op: ops.Op) -> Any:
    """A row as a function of mpmath's numbers."""
    return FUNCTIONS.get(op.name) or getattr(MP, op.name)


class Exact(ops.Carrier):
    """A number at several points at once: `at[0]` belongs to the point itself, the others to its neighbours.

    A constant has one number for all of them.
    """

    __slots__ = ("at",)

    rank = 9

    def __init__(self, at: list[Any]) -> None:
        self.at = at

    @classmethod
    def _lift(cls, operand: Any) -> Exact:
        """A plain number, or the number of a Value, as a constant."""
        return cls([MP.mpf(operand.data if isinstance(operand, Value) else operand)])

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Exact:
        """The row at every point; once where the operands are what they are at the first."""
        here = [arg.at[0] for arg in args]
        if op is ops.detach:
            return cls(here)
        compute = function(op)
        result = compute(*here)
        points = max(len(arg.at) for arg in args)
        columns = zip(*[arg.at if len(arg.at) > 1 else arg.at * points for arg in args], strict=True)
        return cls([result if all(map(operator.is_, column, here)) else compute(*column) for column in columns])


def neighbours(numbers: Any) -> list[Exact]:
    """Leaves at a point, and at two points for each leaf, where that one is a step larger or smaller."""
    here = [MP.mpf(float(number)) for number in numbers]
    return [Exact([x] + [moved for other in range(len(here))
                         for moved in ((x + STEP, x - STEP) if other == i else (x, x))])
            for i, x in enumerate(here)]


def exact(drawn: Any, theta: Any, X: Any, Y: Any) -> Result:
    """What `drawn.total(params, x, y)` is for every row of X and Y, its mean, and the slopes of that."""
    count, found = len(theta), []
    for x, y in zip(X, Y, strict=True):
        leaves = neighbours([*theta, *x])
        total = drawn.total(leaves[:count], leaves[count:], y.tolist())
        at = total.at if isinstance(total, Exact) else Exact._lift(total).at
        here, *beside = at if len(at) > 1 else at * (1 + 2 * len(leaves))
        found.append([here, *[(up - down) / (2 * STEP) for up, down in zip(beside[::2], beside[1::2], strict=True)]])
    numbers = np.array(found, dtype=object)
    means = (numbers.sum(axis=0) / len(X)).astype(float)
    inputs = (numbers[:, 1 + count:] / len(X)).astype(float)
    return Result(numbers[:, 0].astype(float), means[0], means[1 : 1 + count], inputs.reshape(np.shape(X)))
