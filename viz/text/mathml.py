r"""LaTeX as MathML, which browsers draw by themselves: of LaTeX what `viz.formula` and `viz.steps` write.

>>> mathml(r"\frac{df}{dx} = -2")[:83]
'<math><mfrac><mrow><mi>d</mi><mi>f</mi></mrow><mrow><mi>d</mi><mi>x</mi></mrow></mf'
"""

from __future__ import annotations

import re
from html import escape

from autograd import UsageError
from viz.text.markup import printable

TOKEN = re.compile(
    r"\\text\{(?P<text>(?:\\text[a-z]+\{\}|\\.|[^\\{}])*)\}"
    r"|\\(?:mathrm|operatorname)\{(?P<name>(?:\\.|[^\\{}])*)\}"
    r"|\\(?P<command>[A-Za-z]+|.)|(?P<number>\d+(?:\.\d+)?)|(?P<space>\s+)|(?P<character>.)",
    re.DOTALL,
)

GREEK = dict(zip(
    ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
     "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi",
     "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"],
    "αβγδϵζηθικλμνξπρστυϕχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True,
))
FUNCTIONS = ("ln", "log", "max", "min", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh")
IDENTIFIERS = GREEK | {"infty": "∞", "partial": "∂"} | dict(zip(FUNCTIONS, FUNCTIONS, strict=True))
OPERATORS = {"cdot": "·", "sum": "∑", "to": "→", "approx": "≈"}
MARKS = "\ufdd0\ufdd1\ufdd2\ufdd3"
"""Marks in templates, which no label contains."""
SPACES = {"quad": "1em", ",": "0.17em", " ": "0.3em"}
NAMED = {r"\textbackslash{}": "\\", r"\textasciicircum{}": "^", r"\textasciitilde{}": "~"}
ESCAPED = re.compile(r"\\text[a-z]+\{\}|\\.")


def mathml(latex: str, *, display: bool = False) -> str:
    """A formula as a `<math>` element; with `display`, fractions at their full height.

    Raises `UsageError` for what none of our formulas holds.
    """
    reader = Reader(latex)
    content = reader.row(end="")
    return f'<math display="block">{content}</math>' if display else f"<math>{content}</math>"


class Reader:
    """Reads tokens of LaTeX from left to right and writes MathML."""

    def __init__(self, latex: str) -> None:
        self.tokens = [match for match in TOKEN.finditer(latex) if match["space"] is None]
        self.place = 0

    def next(self) -> re.Match[str]:
        """The next token, which is then behind us."""
        if self.place == len(self.tokens):
            raise UsageError("this LaTeX ends too early: a brace or \\right is missing")
        self.place += 1
        return self.tokens[self.place - 1]

    def at(self, text: str) -> bool:
        """Whether the next token is this one."""
        return self.place < len(self.tokens) and self.tokens[self.place][0] == text

    def row(self, end: str) -> str:
        """All up to a token, which is then behind us; up to the end of the formula for ""."""
        elements = []
        while self.place < len(self.tokens) if not end else not self.at(end):
            elements.append(self.scripted())
        if end:
            self.next()
        return "".join(elements)

    def scripted(self) -> str:
        """An element with its subscript and superscript."""
        base = self.element()
        for sign, tag in (("_", "msub"), ("^", "msup")):
            if self.at(sign):
                self.next()
                base = f"<{tag}>{base}{self.element()}</{tag}>"
        return base

    def element(self) -> str:
        """An element: a group, a command with its groups, a name, a number, a sign."""
        token = self.next()
        if token["text"] is not None:
            return f"<mtext>{_written(token['text'])}</mtext>"
        if token["name"] is not None:
            return f'<mi mathvariant="normal">{_written(token["name"])}</mi>'
        if token["number"]:
            return f"<mn>{token['number']}</mn>"
        if token["command"]:
            return self.command(token["command"])
        character = token["character"]
        if character == "{":
            return f"<mrow>{self.row('}')}</mrow>"
        if character.isalpha():
            return f"<mi>{escape(character)}</mi>"
        if character == "-":
            return '<mo form="prefix">−</mo>' if self.prefixed() else "<mo>−</mo>"
        return f"<mo>{character if character in MARKS else escape(printable(character))}</mo>"

    def prefixed(self) -> bool:
        """Whether the sign just read belongs to the number behind it: at the start, or after another sign."""
        before = self.tokens[self.place - 2] if self.place > 1 else None
        return before is None or before[0] in ("=", "+", "(", "{", ",", "\\cdot")

    def command(self, name: str) -> str:
        """What begins with a backslash."""
        if name == "frac":
            return f"<mfrac>{self.element()}{self.element()}</mfrac>"
        if name == "sqrt":
            return f"<msqrt>{self.element()}</msqrt>"
        if name == "mathrel":  # \\mathrel{+}= is one sign
            self.element()
            self.next()
            return "<mo>+=</mo>"
        if name == "left":
            opening = self.next()[0]
            inner = self.row("\\right")
            closing = self.next()[0]
            return f"<mrow><mo>{escape(opening)}</mo>{inner}<mo>{escape(closing)}</mo></mrow>"
        if name in IDENTIFIERS:
            return f"<mi>{IDENTIFIERS[name]}</mi>"
        if name in OPERATORS:
            return f"<mo>{OPERATORS[name]}</mo>"
        if name in SPACES:
            return f'<mspace width="{SPACES[name]}"></mspace>'
        raise UsageError(f"mathml reads the LaTeX that viz writes; \\{name} is not in it")


def _written(text: str) -> str:
    r"""The inside of a \text{…} or of a name, without LaTeX's escapes."""
    plain = ESCAPED.sub(lambda match: NAMED.get(match[0], match[0][-1]), text)
    # Blanks at the ends would be dropped.
    return escape(re.sub(r"^ | $", "\u00a0", printable(plain)))
