"""Formulas that know their numbers, so that the rule of a derivative can be written as it applies at one point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autograd import ops
from autograd.formula import Formula
from viz.text.formulas import number


class Worked(ops.Carrier):
    """A formula that knows its number, so that a rule can be written as it applies at one point.

    Selections are decided, numbers are computed and what multiplies by 1 is left out: the rule of
    x ** 2 comes out as 2 * x.
    """

    __slots__ = ("formula", "known", "number")

    rank = 4

    def __init__(self, number: float, formula: Formula, known: bool = False) -> None:
        self.number = number
        self.formula = formula
        self.known = known

    @property
    def source(self) -> str:
        """The text of the formula."""
        return self.formula.source

    @classmethod
    def lift(cls, operand: Any) -> Worked:
        """A plain number, which is known."""
        if isinstance(operand, Worked):
            return operand
        # Without a spelling: it takes that of the formulas beside it.
        written = number(float(operand))
        return cls(float(operand), Formula(written.source, written.level), known=True)

    @classmethod
    def apply(cls, op: ops.Op, args: tuple[Worked, ...]) -> Worked:
        """Write `op` applied to formulas, or compute it where they are known."""
        if op is ops.where:
            return args[1] if args[0].number else args[2]
        result = op.forward(*[arg.number for arg in args])
        if not op.recorded or all(arg.known for arg in args):
            return cls.lift(result)
        alone = unchanged(op, [arg.known and arg.number == 1 for arg in args])
        if alone is not None:
            return args[alone]
        return cls(result, op.dispatch(tuple(arg.formula for arg in args)))


def unchanged(op: ops.Op, ones: Sequence[bool]) -> int | None:
    """Which operand is the result because the other one is 1, as in x * 1, x / 1 and x ** 1; None if none is."""
    if op is ops.mul and any(ones):
        return ones.index(False)
    return 0 if op in (ops.pow, ops.div) and ones[1] else None
