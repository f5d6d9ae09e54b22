r"""The sentences of a walk with places for the numbers, which a page fills in as they change.

Between marks that no label can contain, a number stands for a place, and for a formula that depends on the point. Terms
that are equal are left out by the page, which alone knows the numbers.

>>> from autograd import Value
>>> x, y = Value(2.0, "x"), Value(3.0, "y")
>>> f = x * y
>>> print(ascii(Templates(f, {x: "x", y: "y", f: "f"}, "text", Script([f]), Places()).forward(f)))
'f\ufdd2 = x * y\ufdd2 = \ufdd00\ufdd3 * \ufdd01\ufdd3\ufdd2 = \ufdd02\ufdd3\ufdd3'
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograd import Value, ops
from autograd.formula import LEVELS, Formula
from viz.text.branches import Branch, Branches
from viz.text.javascript import Script
from viz.text.mathml import mathml
from viz.text.sentences import MANY, Chain, Sentences

NUMBER, CASE, TERM, END = "\ufdd0", "\ufdd1", "\ufdd2", "\ufdd3"
"""What begins a number, a formula that depends on the point, and a term of an equation; and what ends each."""

LONGEST = 300
"""A formula is written out up to so many characters of LaTeX."""


class Places:
    """What stands at each place of templates.

    `numbers` are pairs of a source and the least level that takes no brackets there. A source is an array of the page
    and a place in it: v3 and g3 are the data and the gradient of a value; of an edge, p4 is the local derivative, c4
    what comes back along it, b4 and t4 the sum of paths before and after it; x5 is the number of an expression in
    JavaScript. `cases` are lists of branches: the expressions that have to be true or false, and the formula.
    """

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, int], int] = {}
        self.expressions: dict[str, int] = {}
        self.cases: list[list[tuple[list[tuple[int, bool]], str | None]]] = []

    def number(self, source: str, least: str) -> int:
        """The place of a number."""
        return self.numbers.setdefault((source, LEVELS[least]), len(self.numbers))

    def expression(self, script: str) -> int:
        """The number of an expression in JavaScript."""
        return self.expressions.setdefault(script, len(self.expressions))

    def case(self, branches: list[tuple[Branch, str | None]]) -> int:
        """The place of a formula that depends on the point."""
        self.cases.append([
            ([(self.expression(condition), holds) for condition, holds in branch.when], formula)
            for branch, formula in branches
        ])
        return len(self.cases) - 1

    def packed(self) -> dict[str, Any]:
        """All but the expressions, for the page."""
        return {"places": list(self.numbers), "cases": self.cases}


class Slot(Formula):
    """The place of a number in a formula."""

    __slots__ = ("places",)

    def __init__(self, source: str, spelling: str, places: Places) -> None:
        super().__init__(source, "atom", spelling)
        self.places = places

    def __format__(self, least: str) -> str:
        return _marked(NUMBER, self.places.number(self.source, least), self.spelling)

    def __str__(self) -> str:
        return format(self, "")


def _marked(mark: str, place: int, spelling: str) -> str:
    # In LaTeX, braces make it one thing, which can have an exponent.
    return f"{{{mark}{place}}}" if spelling == "latex" else f"{mark}{place}{END}"


class Templates(Sentences):
    """The sentences about a graph, for any numbers."""

    def __init__(
        self, root: Value, names: Mapping[Value, str], spelling: str, script: Script, places: Places
    ) -> None:
        super().__init__(root, names, spelling, "")
        self.script = script
        self.places = places
        self.edges = {operand: k for k, operand in enumerate(script.operands)}

    def slot(self, source: str) -> Slot:
        """The place of a number."""
        return Slot(source, self.spelling, self.places)

    def data(self, value: Value) -> Formula:
        """The place of the number that a value is."""
        return self.slot(f"v{self.script.places[value]}")

    def part(self, chain: Chain, name: str) -> Formula:
        """The place of a number of the chain rule along an edge."""
        return self.slot(self.sources(chain)[name])

    def sources(self, chain: Chain) -> dict[str, str]:
        """Where the numbers of the chain rule along an edge are."""
        k = self.edges[chain.operation, chain.position]
        upstream = f"g{self.script.places[chain.operation]}"
        return {"upstream": upstream, "local": f"p{k}", "product": f"c{k}", "before": f"b{k}", "total": f"t{k}"}

    def factors(self, value: Value, i: int, least: str) -> list[str]:
        """The local derivative for operand number i as a formula, which may depend on the point."""
        if len(value.args) > MANY:
            return []
        branches = self.branches(value, i)
        written = [(branch, None if branch.known else f"{branch.formula:{least}}") for branch in branches]
        formulas = {formula for _, formula in written}
        if len(formulas) > 1:
            return [_marked(CASE, self.places.case([(b, self.spelled(f)) for b, f in written]), self.spelling)]
        return [formula for formula in formulas if formula is not None]

    def branches(self, value: Value, i: int) -> list[Branch]:
        """The table's rule for operand number i, as it applies at any point."""
        assert isinstance(value.op, ops.Op)
        partials = value.op.partials(self.branching(value), tuple(map(self.branching, value.args)))
        return list(Branches.lift(partials[i]).branches)

    def branching(self, value: Value) -> Branches:
        """A value as rules are given it."""
        number = value.data if value.op is ops.constant else None
        branch = Branch(self.symbol(value), self.script.data(value), number, known=number is not None)
        return Branches([branch], lambda script: self.slot(f"x{self.places.expression(script)}"))

    def spelled(self, formula: str | None) -> str | None:
        """A formula as the page takes it: text, or what is inside of a `<math>`."""
        if formula is None or self.spelling != "latex":
            return formula
        return mathml(formula).removeprefix("<math>").removesuffix("</math>")

    def equal(self, head: object, *terms: object, sign: str = " = ") -> str:
        """Terms and their signs of equality; the page leaves out what it would say twice."""
        signs = [sign] + [" = "] * (len(terms) - 1)
        return f"{head}" + "".join(f"{TERM}{sign}{term}" for sign, term in zip(signs, terms, strict=True)) + END

    def whole(self) -> str:
        """The root as a formula of the leaves, with names and then with numbers; without, where it gets too long."""
        written: dict[Value, tuple[Formula, Formula]] = {}
        for value in self.script.values:
            if isinstance(value.op, ops.Op):
                symbols, numbers = zip(*(written[arg] for arg in value.args), strict=True)
                written[value] = value.op.dispatch(symbols), value.op.dispatch(numbers)
            else:
                written[value] = self.symbol(value), self.data(value)
            if max(len(formula.source) for formula in written[value]) > LONGEST:
                return self.equal(self.symbol(self.root), self.data(self.root))
        return self.equal(self.symbol(self.root), *written[self.root], self.data(self.root))
