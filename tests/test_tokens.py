"""Sentences as tokens, and what is written of them."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from strategies import Expression, expressions

import viz
from autograd import Value, ops
from viz.text.markup import printable, shorten
from viz.text.tokens import (
    RATIO,
    TIMES,
    Applied,
    Equation,
    Name,
    Number,
    Rule,
    Sentence,
    Token,
    Words,
    as_token,
    worked,
)

x, y, two = Name("x", 3.0), Name("y", -2.0), Name("c", 2.0, constant=True)
MINUS = '<mo form="prefix">−</mo>'


def text(markup: str) -> str:
    return "".join(ET.fromstring(markup).itertext())


@pytest.mark.parametrize(("token", "plain", "latex", "mathml"), [
    (x, "x", "x", "<mi>x</mi>"),
    (Name("theta_1"), "theta_1", r"\theta_{1}", "<msub><mi>θ</mi><mn>1</mn></msub>"),
    (Name("my weight") ** 2, "(my weight) ** 2", r"\text{my weight}^{2}",
     "<msup><mrow><mtext>my weight</mtext></mrow><mrow><mn>2</mn></mrow></msup>"),
    (Name("<b>"), "<b>", r"\text{<b>}", "<mtext>&lt;b&gt;</mtext>"),
    (x * y - -2, "x * y - (-2)", r"x \cdot y - \left(-2\right)",
     f"<mi>x</mi><mo>·</mo><mi>y</mi><mo>−</mo><mrow><mo>(</mo>{MINUS}<mn>2</mn><mo>)</mo></mrow>"),
    (ops.leaky_relu(x), "leaky_relu(x, 0.1)", r"\operatorname{leaky\_relu}\left(x, 0.1\right)",
     "<mi>leaky_relu</mi><mrow><mo>(</mo><mi>x</mi><mo>,</mo><mn>0.1</mn><mo>)</mo></mrow>"),
    (ops.dot([x, y], [y, x]), "x * y + y * x", r"x \cdot y + y \cdot x",
     "<mi>x</mi><mo>·</mo><mi>y</mi><mo>+</mo><mi>y</mi><mo>·</mo><mi>x</mi>"),
    (Applied(RATIO, (Name("a b"), x)), "d(a b)/dx", r"\frac{d\text{a b}}{dx}",
     "<mfrac><mrow><mi>d</mi><mtext>a b</mtext></mrow><mrow><mi>d</mi><mi>x</mi></mrow></mfrac>"),
    (Applied(TIMES, (x, Number(-0.5), x + y)), "x · (-0.5) · (x + y)",
     r"x \cdot \left(-0.5\right) \cdot \left(x + y\right)",
     f"<mi>x</mi><mo>·</mo><mrow><mo>(</mo>{MINUS}<mn>0.5</mn><mo>)</mo></mrow>"
     "<mo>·</mo><mrow><mo>(</mo><mi>x</mi><mo>+</mo><mi>y</mi><mo>)</mo></mrow>"),
], ids=str)
def test_a_token_is_written_in_each_spelling(token: Token, plain: str, latex: str, mathml: str) -> None:
    assert [str(token.written(spelling)) for spelling in ("text", "latex", "mathml")] == [plain, latex, mathml]


@pytest.mark.parametrize(("rule", "number", "written", "known"), [
    (x * 1 + y, 1.0, "x + y", False),
    (as_token(2) * 3, 6.0, "6", True),
    (two**2, 4.0, "4", True),
    (ops.where(ops.gt(x, 0), 1, y), 1.0, "1", True),
    (ops.where(ops.gt(0, x), 1, y), -2.0, "y", False),
    (ops.where(ops.gt(x, 0), x, y) * 2, 6.0, "x * 2", False),
    (ops.gt(x, 0) * y, -2.0, "y", False),
    (ops.eq(x, y) * y, -0.0, "0 * y", False),
    (x ** (two - 1), 3.0, "x", False),
], ids=str)
def test_a_rule_is_worked_out_as_far_as_numbers_go(rule: Token, number: float, written: str, known: bool) -> None:
    here = worked(rule)
    assert (here.number, here.token.text, here.known) == (number, written, known)
    assert (Rule(rule).settled is None) is known


def test_an_equation_says_nothing_twice_and_leaves_out_rules_that_are_numbers() -> None:
    def said(*terms: Token, sign: str = "=") -> str:
        return Sentence((Equation(x, terms, sign),)).text

    assert said(Number(2.0), x, Number(2.0), y) == "x = 2 = y"
    assert said(Rule(as_token(1)), Applied(TIMES, (x, Rule(ops.gt(x, 0) * 1))), Number(2.0)) == "x = 2"
    assert said(Rule(x * y), y, sign="+=") == "x += x * y = y"


def test_clauses_are_joined_by_commas_and_pieces_make_the_whole() -> None:
    sentence = Sentence((Equation(x, (y,), "≈"), Equation(Number(1.0), (Number(2.0),), before="path 1: "), Words("so")))
    assert sentence.text == "x ≈ y, path 1: 1 = 2, so"
    assert sentence.latex == r"x \approx y,\quad \text{path 1: }1 = 2,\quad \text{so}"
    assert sentence.pieces("text") == ["x", " ≈ y, ", "path 1: ", "1", " = 2, ", "so"]
    assert text(sentence.mathml) == "x≈y,path 1:\u00a01=2,so"


@given(expressions())
def test_every_sentence_and_formula_is_well_formed(expression: Expression) -> None:
    f = expression(*[Value(x, f"a{i}") for i, x in enumerate(expression.point)])
    assert text(viz.formula(f, "mathml"))
    assert all(text(step.mathml) for step in viz.steps(f))


@pytest.mark.parametrize("label", [
    '</math><script>alert("1")</script>', r"\N{", "}{", "a\nb", "\0", "🙂", "שלום", "x" * 10_000,
])
def test_any_label_is_text(label: str) -> None:
    drawn = ET.fromstring(viz.steps(Value(2.0, label) * 3)[-1].mathml)
    assert {element.tag for element in drawn.iter()} <= {"math", "mfrac", "mrow", "mi", "mn", "mo", "mtext"}
    assert shorten(printable(label)) in "".join(drawn.itertext())
