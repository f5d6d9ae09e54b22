r"""How mathematics writes an operation, said once for LaTeX and for MathML.

>>> fraction.latex.format("a", "b"), fraction.mathml.format("<mi>a</mi>", "<mi>b</mi>")
('\\frac{a}{b}', '<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>')
>>> function("arctan").latex.format("x"), function("leaky_relu").latex.format("x")
('\\arctan\\left(x\\right)', '\\operatorname{leaky\\_relu}\\left(x\\right)')
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

GREEK = dict(zip(
    ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
     "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi",
     "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"],
    "αβγδϵζηθικλμνξπρστυϕχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True,
))
"""LaTeX's names of letters, and the letters."""

FUNCTIONS = frozenset({
    "arccos", "arcsin", "arctan", "cos", "cosh", "cot", "coth", "csc", "exp", "gcd", "lg", "ln", "log", "max", "min",
    "sec", "sin", "sinh", "tan", "tanh",
})
"""Functions that LaTeX knows by name."""

SIGNS = {"·": r"\cdot", "−": "-"}
"""Signs that LaTeX writes in another way."""


@dataclass(frozen=True)
class Notation:
    """Format strings for LaTeX and MathML, and how tightly the whole binds (see `autograd.formula.LEVELS`).

    `{:product}` puts brackets around an operand that binds more loosely than a product.
    """

    latex: str
    mathml: str
    level: str = "atom"


BY_NAME = Notation("", "")
"""The notation of an operation that says none: a function of its name."""


def function(name: str, operands: int = 1) -> Notation:
    """The name and, in brackets, the operands: ln(x)."""
    places = ["{}"] * operands
    if name in GREEK.values():
        called = "\\" + next(latin for latin, letter in GREEK.items() if letter == name)
    elif name in FUNCTIONS:
        called = "\\" + name
    else:
        called = rf"\operatorname{{{{{name}}}}}".replace("_", r"\_")
    return Notation(
        rf"{called}\left({', '.join(places)}\right)",
        f"<mi>{name}</mi><mrow><mo>(</mo>{'<mo>,</mo>'.join(places)}<mo>)</mo></mrow>",
    )


def infix(left: str, sign: str, right: str, level: str) -> Notation:
    """A sign between two operands, which take brackets where they bind more loosely than `left` and `right`."""
    return Notation(
        f"{{:{left}}} {SIGNS.get(sign, sign)} {{:{right}}}", f"{{:{left}}}<mo>{sign}</mo>{{:{right}}}", level
    )


def bracketed(opening: str, sign: str, closing: str) -> Notation:
    """A sign between two operands, and brackets around it: Iverson's [x > y], which is 1 or 0."""
    return Notation(
        f"{opening}{{}} {sign} {{}}{closing}",
        f"<mrow><mo>{opening}</mo>{{}}<mo>{escape(sign)}</mo>{{}}<mo>{closing}</mo></mrow>",
    )


negative = Notation("-{:power}", '<mo form="prefix">−</mo>{:power}', "unary")
fraction = Notation(r"\frac{{{}}}{{{}}}", "<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>", "power")
power = Notation("{:atom}^{{{}}}", "<msup><mrow>{:atom}</mrow><mrow>{}</mrow></msup>", "power")
exponential = Notation("e^{{{}}}", "<msup><mi>e</mi><mrow>{}</mrow></msup>", "power")
root = Notation(r"\sqrt{{{}}}", "<msqrt>{}</msqrt>")
bars = Notation(r"\left|{}\right|", "<mrow><mo>|</mo>{}<mo>|</mo></mrow>")
