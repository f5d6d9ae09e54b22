"""Formulas as browsers draw them."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from strategies import expressions

import viz
from autograd import UsageError, Value
from viz.text.markup import printable, shorten
from viz.text.mathml import mathml


def text(markup):
    return "".join(ET.fromstring(markup).itertext())


@pytest.mark.parametrize(("latex", "expected"), [
    (r"x_{1}^{2}", "<msup><msub><mi>x</mi><mrow><mn>1</mn></mrow></msub><mrow><mn>2</mn></mrow></msup>"),
    (r"\frac{1}{\theta}", "<mfrac><mrow><mn>1</mn></mrow><mrow><mi>θ</mi></mrow></mfrac>"),
    (r"a - b", "<mi>a</mi><mo>−</mo><mi>b</mi>"),
    (r"a = -b", '<mi>a</mi><mo>=</mo><mo form="prefix">−</mo><mi>b</mi>'),
    (r"a \mathrel{+}= 0.5", "<mi>a</mi><mo>+=</mo><mn>0.5</mn>"),
    (r"\left|x\right|", "<mrow><mo>|</mo><mi>x</mi><mo>|</mo></mrow>"),
    (r"\operatorname{leaky\_relu}", '<mi mathvariant="normal">leaky_relu</mi>'),
    (r"\text{a \& <b> \textbackslash{}\{\}}", "<mtext>a &amp; &lt;b&gt; \\{}</mtext>"),
    (r"\sqrt{2}", "<msqrt><mrow><mn>2</mn></mrow></msqrt>"),
])
def test_latex_becomes_mathml(latex, expected):
    assert mathml(latex) == f"<math>{expected}</math>"


def test_fractions_of_a_displayed_formula_are_large():
    assert mathml("x", display=True) == '<math display="block"><mi>x</mi></math>'


@given(expressions())
def test_every_sentence_and_formula_is_well_formed(expression):
    f = expression(*[Value(x, f"a{i}") for i, x in enumerate(expression.point)])
    assert text(mathml(viz.formula(f, "latex")))
    assert all(text(step.mathml) for step in viz.steps(f))


@pytest.mark.parametrize("label", [
    '</math><script>alert("1")</script>', r"\N{", "}{", "a\nb", "\0", "🙂", "שלום", "x" * 10_000,
])
def test_any_label_is_text(label):
    drawn = ET.fromstring(viz.steps(Value(2.0, label) * 3)[-1].mathml)
    assert {element.tag for element in drawn.iter()} <= {"math", "mfrac", "mrow", "mi", "mn", "mo", "mtext"}
    assert shorten(printable(label)) in "".join(drawn.itertext())


@pytest.mark.parametrize("latex", [r"\foo", "{x", r"\left(x", r"\frac{1}"])
def test_other_latex_is_refused(latex):
    with pytest.raises(UsageError, match="LaTeX"):
        mathml(latex)
