r"""What is said, as tokens: names, numbers with their source, operations, words; written as text, LaTeX or MathML.

Pages are given the same tokens as JSON, and write them with the numbers of the moment: `viz/pages/static/tokens.js`.

>>> x, y = Name("x", 2.0), Name("theta_1", 3.0)
>>> said = Sentence((Equation(Name("q"), (x * y, Number(2.0) * Number(-3.0), Number(-6.0))),))
>>> said.text
'q = x * theta_1 = 2 * (-3) = -6'
>>> said.latex
'q = x \\cdot \\theta_{1} = 2 \\cdot \\left(-3\\right) = -6'
"""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from autograd import ops
from autograd.formula import LEVELS, Formula, combined
from autograd.notation import GREEK, Notation, infix
from viz.text import formulas
from viz.text.markup import isolated

Source = tuple[str, Any]
"""Where a number is from: its role, such as "data" or "gradient", and whose it is, a value or an edge."""

Place = Callable[[Source], list[Any]]
"""Where a page keeps the number of a source."""


class Token(ops.Carrier):
    """A part of a sentence; operations of the table are applied to tokens as to numbers."""

    rank = 4

    @classmethod
    def _lift(cls, operand: Any) -> Token:
        return as_token(operand)

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Token, ...]) -> Token:
        """An operation; a sum and a dot are written with + and ×."""
        if isinstance(op, ops.Contraction) or op is ops.sum:
            return as_token(op.expand(args))
        return Applied(op, args)

    def written(self, spelling: str) -> Formula:
        """The token in a spelling: "text", "latex" or "mathml"."""
        raise NotImplementedError

    def json(self, place: Place | None) -> list[Any]:
        """The token as JSON, for pages: its kind and its parts; numbers as text, or as the places where they are."""
        raise NotImplementedError

    @property
    def settled(self) -> Token | None:
        """The token with the rules in it as they apply at this point; None where one of them is a mere number."""
        return self

    @property
    def text(self) -> str:
        """The token as text."""
        return str(self.written("text"))


@dataclass(frozen=True)
class Name(Token):
    """What a value is called; in a rule it stands for its number, and `constant` ones are worked out there."""

    name: str
    number: float = math.nan
    constant: bool = False
    source: Source | None = None

    def written(self, spelling: str) -> Formula:
        """The name, as mathematics writes it; in text, it is kept apart if it is read from right to left."""
        return formulas.symbol(isolated(self.name) if spelling == "text" else self.name, spelling)

    def json(self, place: Place | None) -> list[Any]:
        """The name, its letters and its subscript, and where its number is."""
        letters, subscript = formulas.parts(self.name) or ("", "")
        token = ["name", isolated(self.name), GREEK.get(letters, letters), subscript]
        return [*token, place(self.source), self.constant] if place and self.source else token


@dataclass(frozen=True)
class Number(Token):
    """A number: exactly, or in a format. One that has a source moves on pages where numbers do."""

    number: float
    format: str = ""
    source: Source | None = None

    def written(self, spelling: str) -> Formula:
        """The number."""
        return formulas.number(self.number, spelling, self.format)

    def json(self, place: Place | None) -> list[Any]:
        """The text of the number, or where it is."""
        return ["number", place(self.source) if place and self.source else self.digits]

    @property
    def digits(self) -> str:
        """The number as drawings write it, with ∞ and nan by these names."""
        return formulas.digits(self.number, self.format)


def as_token(operand: Any) -> Token:
    """A token as it is, a number as one that is from nowhere."""
    return operand if isinstance(operand, Token) else Number(float(operand))


@dataclass(frozen=True)
class Words(Token):
    """Plain words."""

    words: str

    def written(self, spelling: str) -> Formula:
        """The words, between formulas."""
        return Formula(formulas.words(self.words, spelling), "atom", spelling)

    def json(self, place: Place | None) -> list[Any]:
        """The words."""
        return ["words", self.words]


@dataclass(eq=False)
class Sign:
    """A sign of sentences that is no operation: how operands are put together, any number of them if it `joins`."""

    name: str
    text: str
    level: str
    notation: Notation
    joins: bool = False


def _product(name: str, first: str) -> Sign:
    return Sign(name, f"{{:{first}}} · {{:unary}}", "product", infix(first, "·", "unary", level="product"), joins=True)


TIMES = _product("times", "product")
"""The product of the chain rule."""

TIMES_NUMBERS = _product("times numbers", "sum")
"""The product of the chain rule where it begins with a number, which takes no brackets there: -4 · 1."""

PLUS = Sign("plus", ops.add.text, ops.add.level, ops.add.notation, joins=True)
"""The sum of any number of terms."""

RATIO = Sign("ratio", "d{:atom}/d{:atom}", "atom", Notation(
    r"\frac{{d{}}}{{d{}}}", "<mfrac><mrow><mi>d</mi>{}</mrow><mrow><mi>d</mi>{}</mrow></mfrac>",
))
"""A derivative: dq/dx."""

DELTA = Sign("delta", "Δ{:atom}", "atom", Notation(r"\Delta {}", "<mi>Δ</mi>{}"))
"""A change: Δx."""


@dataclass(frozen=True)
class Applied(Token):
    """A row of the table, or another sign, applied to operands."""

    form: ops.Op | Sign
    operands: tuple[Token, ...]

    def written(self, spelling: str) -> Formula:
        """The operands, put together."""
        operands = [operand.written(spelling) for operand in self.operands]
        if isinstance(self.form, Sign) and self.form.joins:
            return functools.reduce(lambda left, right: combined(self.form, (left, right), spelling), operands)
        return combined(self.form, operands, spelling, listed=isinstance(self.form, ops.Reduction))

    def json(self, place: Place | None) -> list[Any]:
        """The name of the row or sign, and the operands."""
        return ["applied", self.form.name, *(operand.json(place) for operand in self.operands)]

    @property
    def settled(self) -> Token | None:
        """The form with settled operands; None where one of them has none."""
        operands = [operand.settled for operand in self.operands]
        whole = tuple(operand for operand in operands if operand is not None)
        return Applied(self.form, whole) if len(whole) == len(operands) else None


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class Worked(NamedTuple):
    """A rule at one point: its number, how it is written there, and whether that is a mere number."""

    number: float
    token: Token
    known: bool


def worked(token: Token) -> Worked:
    """A rule as it applies at the point: selections are decided, numbers computed, and what multiplies by 1 left out.

    So the rule of x ** 2 comes out as 2 * x.
    """
    if isinstance(token, Name):
        return Worked(token.number, token, token.constant)
    if isinstance(token, Number):
        return Worked(token.number, token, True)
    assert isinstance(token, Applied)
    assert isinstance(token.form, ops.Op)
    op = token.form
    if op is ops.where:
        condition, x, y = token.operands
        return worked(x if worked(condition).number else y)
    operands = [worked(operand) for operand in token.operands]
    result = op.forward(*[operand.number for operand in operands])
    if not op.recorded or all(operand.known for operand in operands):
        return Worked(result, Number(result), True)
    alone = unchanged(op, [operand.known and operand.number == 1 for operand in operands])
    if alone is not None:
        return operands[alone]
    return Worked(result, Applied(op, tuple(operand.token for operand in operands)), False)


def unchanged(op: ops.Op, ones: Sequence[bool]) -> int | None:
    """Which operand is the result because the other one is 1, as in x * 1, x / 1 and x ** 1; None if none is."""
    if op is ops.mul and any(ones):
        return ones.index(False)
    return 0 if op in (ops.pow, ops.div) and ones[1] else None


@dataclass(frozen=True)
class Rule(Token):
    """The rule of a local derivative, for any point."""

    rule: Token

    @property
    def here(self) -> Token:
        """The rule as it applies at this point."""
        return worked(self.rule).token

    @property
    def settled(self) -> Token | None:
        """The rule as it applies at this point; None where that is a number alone."""
        here = self.here
        return None if isinstance(here, Number) else here

    def written(self, spelling: str) -> Formula:
        """The rule as it applies at this point."""
        return self.here.written(spelling)

    def json(self, place: Place | None) -> list[Any]:
        """The rule."""
        return ["rule", self.rule.json(place)]


# ── sentences ────────────────────────────────────────────────────────────────────────────────

EQUALS = {"latex": {"+=": r"\mathrel{+}=", "≈": r"\approx"}}
"""Signs of equality that LaTeX writes in another way."""

COMMA = {"text": ", ", "latex": r",\quad ", "mathml": '<mo>,</mo><mspace width="1em"></mspace>'}
"""What stands between clauses."""


@dataclass(frozen=True)
class Equation:
    """What is equal: df/dx = df/dq · dq/dx = -4 · 1 = -4, perhaps with words before it.

    A term with a rule that at this point is a mere number is left out, and so is what would be said twice.
    """

    head: Token
    terms: tuple[Token, ...]
    sign: str = "="
    before: str = ""

    @property
    def settled(self) -> Equation:
        """The equation at this point."""
        terms = tuple(term for term in (term.settled for term in self.terms) if term is not None)
        return Equation(self.head, terms, self.sign, self.before)

    def sides(self, spelling: str) -> list[str]:
        """What is equal: the head, then the terms."""
        head = str(self.head.written(spelling))
        first, *others = [str(term.written(spelling)) for term in self.settled.terms]
        return [head, first, *(term for term in dict.fromkeys(others) if term not in (head, first))]

    def pieces(self, spelling: str) -> list[str]:
        """The head, then each term with the sign of equality before it."""
        head, first, *others = self.sides(spelling)
        before = [Words(self.before).written(spelling).source] if self.before else []
        return [*before, head, equals(self.sign, spelling) + first, *(equals("=", spelling) + term for term in others)]

    def json(self, place: Place | None) -> list[Any]:
        """The equation as JSON; without a place for numbers, as it is at this point."""
        terms = self.terms if place else self.settled.terms
        return ["equation", self.before, self.sign, self.head.json(place), *(term.json(place) for term in terms)]


def equals(sign: str, spelling: str) -> str:
    """A sign of equality."""
    return f"<mo>{sign}</mo>" if spelling == "mathml" else f" {EQUALS.get(spelling, {}).get(sign, sign)} "


@dataclass(frozen=True)
class Sentence:
    """Equations and other clauses, with commas between them."""

    clauses: tuple[Equation | Token, ...]

    def pieces(self, spelling: str) -> list[str]:
        """The sentence in pieces, between which a line may be broken."""
        pieces: list[str] = []
        for clause in self.clauses:
            if pieces:
                pieces[-1] += COMMA[spelling]
            pieces += clause.pieces(spelling) if isinstance(clause, Equation) else [str(clause.written(spelling))]
        return pieces

    @property
    def text(self) -> str:
        """The sentence as text."""
        return "".join(self.pieces("text"))

    @property
    def latex(self) -> str:
        """The sentence for slides."""
        return "".join(self.pieces("latex"))

    @property
    def mathml(self) -> str:
        """The sentence as browsers draw it, a `<math>` element."""
        return formulas.element("".join(self.pieces("mathml")))

    def json(self, place: Place | None = None) -> list[list[Any]]:
        """The sentence as JSON, for pages."""
        return [clause.json(place) for clause in self.clauses]


# ── for pages ────────────────────────────────────────────────────────────────────────────────


def forms() -> dict[str, Any]:
    """How every row of the table and every sign is put together, as text and as MathML, for the script of pages.

    One that `joins` stands between any number of operands, one that is `listed` has them all in its one place, and
    a `selection` is always worked out.
    """
    rows: Iterable[ops.Op | Sign] = [*ops.TABLE.values(), TIMES, TIMES_NUMBERS, PLUS, RATIO, DELTA]
    found = {}
    for form in rows:
        kinds = {
            "joins": isinstance(form, Sign) and form.joins, "listed": isinstance(form, ops.Reduction),
            "selection": isinstance(form, ops.Op) and not form.recorded,
        }
        found[form.name] = {
            "text": {"template": template(form.text), "level": LEVELS[form.level]},
            "math": {"template": template(form.notation.mathml), "level": LEVELS[form.notation.level]},
        } | {kind: True for kind, holds in kinds.items() if holds}
    return found


def rows() -> dict[str, Any]:
    """What a script has to know of each row of the table to apply it and to tell its local derivatives in any graph.

    In a `rule` the name 0 stands for the result and 1, 2, … for the operands. That of a reduction is for one term,
    where 2 is the number of terms that tie; that of a dot is for one product.
    """
    found = {}
    for op in ops.TABLE.values():
        kind = {ops.Reduction: "reduction", ops.Contraction: "contraction"}.get(type(op), "")
        names = [Name(str(i)) for i in range(3 if kind else op.arity + 1)]
        if op.recorded:
            found[op.name] = {
                "kind": kind, "arity": op.arity, "defaults": op.defaults, "symbol": op.symbol,
                "rule": [as_token(partial).json(None) for partial in op.rule(*names)],
                "ties": isinstance(op, ops.Reduction) and op.counts_ties,
            }
    return found


def template(form: str) -> list[Any]:
    """A format string as what stands in it and, in pairs, the number of an operand and the least level it takes.

    >>> template("{:product} * {:unary}")
    [[0, 2], ' * ', [1, 3]]
    """
    parts: list[Any] = []
    for i, (before, _, least, _) in enumerate(string.Formatter().parse(form)):
        parts += [before] if before else []
        parts += [[i, LEVELS[least]]] if least is not None else []
    return parts
