"""Rules of derivatives as they apply at any point."""

from __future__ import annotations

import pytest

from autograd import ops
from autograd.formula import Formula
from viz.text.branches import Branch, Branches


def variable(name: str) -> Branches:
    """A value of which nothing is known; a number that JavaScript computes is written in angles."""
    branch = Branch(Formula(name, spelling="text"), Formula(f"v.{name}", spelling="javascript"))
    return Branches([branch], lambda script: Formula(f"<{script}>", spelling="text"))


def told(found: Branches) -> list[tuple[str, bool, tuple[tuple[str, bool], ...]]]:
    """Each branch: its formula, whether it is a number, and its conditions."""
    return [(str(branch.formula), branch.known, branch.when) for branch in found.branches]


x, y = variable("x"), variable("y")
POSITIVE = "Number(v.x > 0)"


@pytest.mark.parametrize(("found", "expected"), [
    (x * 1 + y, [("x + y", False, ())]),
    (Branches.lift(2) * 3, [("6", True, ())]),
    (ops.where(ops.gt(x, 0), 1, y), [("1", True, ((POSITIVE, True),)), ("y", False, ((POSITIVE, False),))]),
    (ops.where(ops.gt(x, 0), x, y) * 2,
     [("x * 2", False, ((POSITIVE, True),)), ("y * 2", False, ((POSITIVE, False),))]),
    (ops.where(ops.gt(Branches.lift(3), 0), x, y), [("x", False, ())]),
    (ops.gt(x, 0) * y, [(f"<{POSITIVE}> * y", False, ())]),
    (ops.gt(x, 0) * 2, [(f"<{POSITIVE} * 2>", True, ())]),
], ids=["one", "numbers", "where", "inside", "decided", "number and formula", "number at each point"])
def test_a_rule_keeps_its_conditions_and_computes_what_is_known(found, expected):
    assert told(found) == expected
