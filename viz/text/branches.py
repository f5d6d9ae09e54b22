"""The rule of a derivative as it applies at any point: its formulas, and the conditions under which each holds.

Where `viz.text.worked` decides a selection by the numbers at hand, both ways are kept here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autograd import ops
from autograd.formula import Formula
from viz.text.worked import Worked, unchanged

Condition = tuple[str, bool]
"""A condition in JavaScript, and whether it holds."""


@dataclass(frozen=True)
class Branch:
    """What a formula is under some conditions: for people, and in JavaScript.

    `number` is there if it is the same at all points. A branch is `known` that is a number at each point, which is not
    told as a formula.
    """

    formula: Formula
    script: Formula
    number: float | None = None
    known: bool = False
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Branches(ops.Carrier):
    """A formula that depends on where it is worked out; `plug` makes a place for a number that JavaScript computes."""

    branches: Sequence[Branch]
    plug: Callable[[str], Formula] | None = None

    rank = 4

    @classmethod
    def lift(cls, operand: Any) -> Branches:
        """A plain number."""
        if isinstance(operand, Branches):
            return operand
        worked = Worked.lift(operand)
        return cls([Branch(worked.formula, Formula.lift(operand), worked.number, known=True)])

    @classmethod
    def apply(cls, op: ops.Op, args: tuple[Branches, ...]) -> Branches:
        """Apply `op` under every combination of conditions."""
        plug = next((arg.plug for arg in args if arg.plug), None)
        if op is ops.where:
            return cls(list(_chosen(*(arg.branches for arg in args))), plug)
        combined = (_applied(op, parts, plug) for parts in itertools.product(*(arg.branches for arg in args)))
        return cls(list(combined), plug)


def _chosen(conditions: Sequence[Branch], xs: Sequence[Branch], ys: Sequence[Branch]) -> Iterator[Branch]:
    """The branches of where(condition, x, y)."""
    for condition in conditions:
        for holds, branches in ((True, xs), (False, ys)):
            if condition.number is None:
                when = (*condition.when, (str(condition.script), holds))
            elif bool(condition.number) is holds:
                when = condition.when
            else:
                continue
            yield from (replace(branch, when=when + branch.when) for branch in branches)


def _applied(op: ops.Op, parts: tuple[Branch, ...], plug: Callable[[str], Formula] | None) -> Branch:
    """One operation on one combination of branches."""
    when = tuple(itertools.chain.from_iterable(part.when for part in parts))
    numbers = [part.number for part in parts if part.number is not None]
    if len(numbers) == len(parts):
        (fixed,) = Branches.lift(op.forward(*numbers)).branches
        return replace(fixed, when=when)
    alone = unchanged(op, [part.number == 1 for part in parts])
    if alone is not None:
        return replace(parts[alone], when=when)
    script = op.dispatch(tuple(part.script for part in parts))
    if not op.recorded or all(part.known for part in parts):
        assert plug is not None
        return Branch(plug(str(script)), script, known=True, when=when)
    return Branch(op.dispatch(tuple(part.formula for part in parts)), script, when=when)
