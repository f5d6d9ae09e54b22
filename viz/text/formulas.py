r"""Graphs written as mathematics: in text, in LaTeX, in MathML, or as NumPy code that computes the same.

>>> from autograd import Value
>>> x, w1 = Value(3.0, "x"), Value(2.0, "w1")
>>> loss = (10 - w1 * x) ** 2
>>> print(formula(loss))
(10 - w1 * x) ** 2
>>> print(formula(loss, "latex"))
\left(10 - w_{1} \cdot x\right)^{2}
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Mapping
from html import escape
from typing import Any

from autograd import SizeError, UsageError, Value, ancestors, ops
from autograd.formula import Formula, as_formula
from autograd.notation import GREEK
from viz.arguments import one_of
from viz.text import naming
from viz.text.markup import printable

SPELLINGS = ("text", "latex", "mathml", "numpy")


def formula(
    root: Value,
    spelling: str = "text",
    *,
    expand: bool = True,
    names: Mapping[str, Any] | None = None,
    limit: int = 100_000,
) -> str:
    """The expression that computes a value, in the labels of the leaves; leaves without one are their number.

    `spelling` is "text", "latex", "mathml", an element for pages, or "numpy": code that gives the same number from
    arrays called as the leaves are, with `import numpy as np`. With `expand=False` it stops at values that have a
    label. Equal labels are numbered: x, x_2. `names` gives labels, as for `draw`.

    Raises `SizeError` when the text grows beyond `limit` characters: a value used many times is
    written many times.

    >>> x, y = Value(2.0, "x"), Value(3.0, "y")
    >>> q = x + y
    >>> q.label = "q"
    >>> formula(q * 2), formula(q * 2, expand=False)
    ('(x + y) * 2', 'q * 2')
    """
    if not isinstance(root, Value):
        raise UsageError(f"formula writes a Value, {type(root).__name__} came")
    one_of("spelling", spelling, SPELLINGS)
    values = ancestors(root)
    labels = naming.labels(values, names)
    if spelling == "numpy":
        labels = {value: label and identifier(label) for value, label in labels.items()}
    unique = naming.unique(values, [root], labels)
    written: dict[Value, Formula] = {}
    # Operands are older, so that one pass in order of creation meets them first.
    for value in values:
        stop = not expand and labels[value] and value is not root
        if isinstance(value.op, ops.Op) and not stop:
            written[value] = value.op.dispatch(tuple(written[arg] for arg in value.args))
        elif labels[value]:
            written[value] = symbol(unique[value], spelling)
        else:
            written[value] = number(value.data, spelling)
        if len(written[value].source) > limit:
            raise SizeError(
                f"the formula grows beyond limit={limit} characters: raise limit=, or label "
                "values on the way and pass expand=False to stop at them"
            )
    return element(written[root]) if spelling == "mathml" else str(written[root])


def element(formula: Formula | str) -> str:
    """A formula of MathML as the element that browsers draw."""
    return f"<math>{formula}</math>"


SYMBOL = re.compile(r"([^\W\d_]+)_?((?:\d+(?:_\d+)*)?(?:\[\d+(?:, ?\d+)*\])*)")
"""A name that mathematics writes as letters with a subscript: x, w1, w_12, W1[0,1]."""

_SPECIAL = {ord(c): "\\" + c for c in "#$%&_{}"} | {
    ord("\\"): r"\textbackslash{}", ord("^"): r"\textasciicircum{}", ord("~"): r"\textasciitilde{}", ord("\n"): " ",
}


def parts(name: str) -> tuple[str, str] | None:
    """The letters and the subscript of a name, None for one that is not of this kind.

    >>> parts("W1[0,1]"), parts("theta_12"), parts("my weight")
    (('W', '1,0,1'), ('theta', '12'), None)
    """
    match = SYMBOL.fullmatch(name)
    return match and (match[1], ",".join(re.findall(r"\d+", match[2])))


def symbol(name: str, spelling: str) -> Formula:
    r"""A name as a spelling writes it.

    >>> symbol("theta_12", "latex"), symbol("w[0]", "latex"), symbol("my weight", "latex")
    (Formula('\\theta_{12}'), Formula('w_{0}'), Formula('\\text{my weight}'))
    """
    if spelling in ("latex", "mathml"):
        return Formula(_latex_symbol(name) if spelling == "latex" else _mathml_symbol(name), "atom", spelling)
    return Formula(name, "power" if " " in name else "atom", spelling)


def words(text: str, spelling: str) -> str:
    """Words between formulas."""
    if spelling == "latex":
        return rf"\text{{{text.translate(_SPECIAL)}}}"
    # Blanks at the ends would be dropped.
    return f"<mtext>{escape(re.sub('^ | $', chr(0xA0), printable(text)))}</mtext>" if spelling == "mathml" else text


def identifier(label: str) -> str:
    """The label as a name in Python.

    >>> identifier("my weight"), identifier("w[0]"), identifier("2nd"), identifier("lambda")
    ('my_weight', 'w_0', '_2nd', 'lambda_')
    """
    # Python reads 𝐱 as x: two names must not become one when they are read.
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", label))
    name = "".join(c if f"_{c}".isidentifier() else "_" for c in name).rstrip("_") or "_"
    if keyword.iskeyword(name) or name == "np":
        return name + "_"
    return name if name.isidentifier() else "_" + name


def _latex_symbol(name: str) -> str:
    split = parts(name)
    if split is None:
        return words(name, "latex")
    letters, subscript = split
    if letters in GREEK:
        letters = "\\" + letters
    elif len(letters) > 1:
        letters = rf"\mathrm{{{letters}}}"
    return f"{letters}_{{{subscript}}}" if subscript else letters


def _mathml_symbol(name: str) -> str:
    split = parts(name)
    if split is None:
        return words(name, "mathml")
    letters, subscript = split
    letters = f"<mi>{GREEK.get(letters, letters)}</mi>"
    return f"<msub>{letters}<mn>{subscript}</mn></msub>" if subscript else letters


INFINITE = "∞"
"""What is infinite, wherever people read it."""

_NAMED = {
    "text": {}, "numpy": {INFINITE: "np.inf", "nan": "np.nan"},
    "latex": {INFINITE: r"\infty", "nan": r"\mathrm{nan}"},
    "mathml": {INFINITE: f"<mi>{INFINITE}</mi>", "nan": "<mi>nan</mi>"},
}


def number(x: float, spelling: str = "text", number_format: str = "") -> Formula:
    r"""A number as a spelling writes it, exactly unless a format is given.

    >>> number(0.5), number(-1e-7, "latex"), number(float("-inf"), "numpy")
    (Formula('0.5'), Formula('-1 \\cdot 10^{-7}'), Formula('-np.inf'))
    """
    text = digits(x, number_format)
    # A negative number takes brackets wherever something stands to the left of it: 3 - (-2), (-2) ** 2.
    level = "sum" if text.startswith("-") else "atom"
    size = text.removeprefix("-")
    minus = text.removesuffix(size)
    if spelling == "mathml":
        minus = minus and '<mo form="prefix">−</mo>'
    if spelling in ("text", "numpy"):
        return Formula(minus + _NAMED[spelling].get(size, size), level, spelling)
    mantissa, _, exponent = size.partition("e")
    plain = f"<mn>{escape(mantissa)}</mn>" if spelling == "mathml" else mantissa.translate(_SPECIAL)
    written = minus + _NAMED[spelling].get(mantissa, plain)
    if not exponent:
        return Formula(written, level, spelling)
    power = as_formula(10) ** Formula(str(number(float(exponent), spelling)), spelling=spelling)
    return Formula(f"{written}{_TIMES[spelling]}{power}", "sum" if minus else "product", spelling)


_TIMES = {"latex": r" \cdot ", "mathml": "<mo>·</mo>"}


def digits(x: float, number_format: str = "") -> str:
    """A number as text, with ∞ and nan by these names; exactly unless a format is given."""
    return formatted(x, number_format) if number_format else _infinite(repr(x).removesuffix(".0"))


def _infinite(text: str) -> str:
    """The text of a number with the sign of what is infinite in place of its name."""
    return re.sub("inf", INFINITE, text, flags=re.IGNORECASE)


def formatted(x: float, number_format: str) -> str:
    """A number in a format of the user's, or ∞; `UsageError` if it is none."""
    try:
        return _infinite(format(x + 0.0, number_format))  # so that -0 reads 0
    except (ValueError, TypeError):
        raise UsageError(
            f"number_format is a format for floats such as '.4g' or '.2f'; {number_format!r} came"
        ) from None
