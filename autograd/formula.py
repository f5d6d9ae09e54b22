r"""A carrier that prints: apply a row of the table to formulas and read what was computed.

The same rule that computes a derivative thereby writes it, in any of six spellings: text for
people, LaTeX for slides, MathML for pages, NumPy for arrays, Python and JavaScript for plain floats.

>>> from autograd import ops
>>> x, y = Formula("x"), Formula("y")
>>> print((x + y) * 2)
(x + y) * 2
>>> print(*ops.tanh.rule(Formula("t"), x))
1 - t ** 2
>>> a, b = Formula("a", spelling="latex"), Formula("b", spelling="latex")
>>> print((a + b) / b)
\frac{a + b}{b}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from autograd import ops
from autograd.notation import Notation

LEVELS = {"": 0, "any": 0, "sum": 1, "product": 2, "unary": 3, "power": 4, "atom": 5}
"""How tightly an expression binds; a placeholder of a row names the least it takes without brackets."""

BRACKETS = {"latex": (r"\left(", r"\right)"), "mathml": ("<mrow><mo>(</mo>", "<mo>)</mo></mrow>")}
"""Brackets where they are not simply ( and )."""

COMMAS = {"text": ", ", "latex": ", ", "mathml": "<mo>,</mo>"}
"""What stands between the operands of a function."""


class Formula(ops.Carrier):
    """An expression in one spelling: "text", "latex", "mathml", "numpy", "python" or "javascript"."""

    __slots__ = ("level", "source", "spelling")

    rank = 3

    def __init__(self, source: str, level: str = "atom", spelling: str = "") -> None:
        self.source = source
        self.level = level
        self.spelling = spelling

    @classmethod
    def _lift(cls, operand: Any) -> Formula:
        """A number as it is written; the spelling is that of the formulas beside it."""
        return as_formula(operand)

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Formula, ...]) -> Formula:
        """Print `op` applied to formulas."""
        spelling = next((arg.spelling for arg in args if arg.spelling), "text")
        return WRITERS[spelling](op, args, spelling)

    def __format__(self, least: str) -> str:
        if LEVELS[self.level] >= LEVELS[least]:
            return self.source
        opening, closing = BRACKETS.get(self.spelling, ("(", ")"))
        return f"{opening}{self.source}{closing}"

    def __str__(self) -> str:
        return self.source

    def __repr__(self) -> str:
        return f"Formula({self.source!r})"


def as_formula(value: Any) -> Formula:
    """A formula as it is, a number as it is written: 2, 0.5, -1."""
    if isinstance(value, Formula):
        return value
    text = number(value)
    return Formula(text, "unary" if text.startswith("-") else "atom")


def number(value: float) -> str:
    """The shortest text that reads back as this number, without a superfluous .0."""
    text = repr(float(value))
    return text.removesuffix(".0")


def _people(op: ops.Op, args: tuple[Formula, ...], spelling: str) -> Formula:
    if isinstance(op, ops.Contraction) or op is ops.sum:
        return as_formula(op.expand(args))
    return combined(op, args, spelling, listed=isinstance(op, ops.Reduction))


class Form(Protocol):
    """How operands are put together for people: a row of the table is one."""

    text: str
    level: str
    notation: Notation


def combined(form: Form, args: Sequence[Formula], spelling: str, listed: bool = False) -> Formula:
    """Formulas put together in text, LaTeX or MathML; `listed` ones, with commas, in the one place that there is."""
    template, level = form.text, form.level
    if spelling != "text":
        template, level = getattr(form.notation, spelling), form.notation.level
    if spelling == "mathml":  # a plain number does not know its spelling before it stands beside what does
        args = [arg if arg.spelling else Formula(f"<mn>{arg}</mn>", arg.level, spelling) for arg in args]
    parts = [COMMAS[spelling].join(map(str, args))] if listed else args
    return Formula(template.format(*parts), level, spelling)


def _numpy(op: ops.Op, args: tuple[Formula, ...], spelling: str) -> Formula:
    if isinstance(op, ops.Contraction):
        return as_formula(op.expand(args))
    if isinstance(op, ops.Reduction):
        return Formula(op.numpy.format(f"[{', '.join(map(str, args))}]"), op.level, spelling)
    return Formula(op.numpy.format(*args), op.level, spelling)


def is_square(op: ops.Op, args: Sequence[Formula]) -> bool:
    """Whether a power is the square of what can be written twice."""
    return op is ops.pow and str(args[1]) == "2" and args[0].level == "atom"


def _python(op: ops.Op, args: tuple[Formula, ...], spelling: str) -> Formula:
    # Inline where Python's operator is IEEE arithmetic; else a call of the row's forward function.
    if op.total or op in (ops.gt, ops.eq):
        return Formula(op.text.format(*args), op.level, spelling)
    if op is ops.where:
        return Formula("({1} if {0} else {2})".format(*args), "atom", spelling)
    if is_square(op, args):
        return Formula("{0} * {0}".format(args[0]), "product", spelling)
    return Formula(f"{op.name}({', '.join(map(str, args))})", "atom", spelling)


def _javascript(op: ops.Op, args: tuple[Formula, ...], spelling: str) -> Formula:
    # For scripts that begin with: const inf = Infinity, nan = NaN.
    if isinstance(op, ops.Contraction) or op is ops.sum:
        return as_formula(op.expand(args))
    if isinstance(op, ops.Reduction):
        return Formula(op.javascript.format(", ".join(map(str, args))), "atom", spelling)
    if is_square(op, args):
        return Formula("{0} * {0}".format(args[0]), "product", spelling)
    return Formula(op.javascript.format(*args), op.level if op.javascript == op.text else "atom", spelling)


WRITERS: dict[str, Callable[[ops.Op, tuple[Formula, ...], str], Formula]] = {
    "text": _people, "latex": _people, "mathml": _people, "numpy": _numpy, "python": _python, "javascript": _javascript,
}
