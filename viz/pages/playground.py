"""A page on which anyone can type an expression and see its graph, values, gradients and steps at once.

>>> playground()[:15]
'<!DOCTYPE html>'
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from autograd.notation import GREEK
from viz.pages import sliders
from viz.pages.exercises import LEVELS, exercises
from viz.pages.steps import SCRIPTS as STEPS
from viz.pages.steps import steps as walk
from viz.pages.web import Page, constants, document, formulas, labelled, page_file, saved
from viz.pages.words import spoken, words
from viz.style import variables
from viz.text import expression, markup, sentences
from viz.text.javascript import PRELUDE, operations
from viz.text.tokens import forms, rows


class Example(NamedTuple):
    """An expression with the numbers of its names; it is called by a formula, or by a word of `viz.pages.words`."""

    name: str
    text: str
    at: Mapping[str, float]


EXAMPLES = [
    Example("f = (x + y) · z", "q = x + y\nf = q * z", {"x": -2, "y": 5, "z": -4}),
    Example("z = 3a + 2bc", "u = 3 * a\nv = 2 * b * c\nz = u + v", {"a": 1, "b": 2, "c": 4}),
    Example("J = 3(a + bc)", "u = b * c\nv = a + u\nJ = 3 * v", {"a": 5, "b": 3, "c": 2}),
    Example("y = x² − 2x + 1", "y = x**2 - 2*x + 1", {"x": 5}),
    Example("z = x² + 4x − 3y + 10", "z = x**2 + 4*x - 3*y + 10", {"x": 2, "y": 1}),
    Example("L = (y − wx)²", "L = (y - w*x)**2", {"w": 2, "x": 3, "y": 10}),
    Example("neuron", "n = w1*x1 + w2*x2 + b\no = tanh(n)", {"w1": -3, "w2": 1, "x1": 2, "x2": 0, "b": 6.88}),
    Example("cross_entropy", "e1 = exp(z1)\ne2 = exp(z2)\ne3 = exp(z3)\np = e2 / (e1 + e2 + e3)\nL = -log(p)",
            {"z1": 1, "z2": 2, "z3": -1}),
    Example("small_network", "h1 = tanh(w11*x1 + w12*x2 + b1)\nh2 = tanh(w21*x1 + w22*x2 + b2)\n"
            "y = sigmoid(v1*h1 + v2*h2 + c)\nL = (y - t)**2",
            {"x1": 1, "x2": 0, "w11": 0.5, "w12": -1, "b1": 0.1, "w21": -0.5, "w22": 1, "b2": 0.2,
             "v1": 1, "v2": -1, "c": 0, "t": 1}),
]
"""The examples of the page; it opens with the first."""

EXERCISES = 20
"""There are so many exercises of each level."""

FORMAT = {"digits": 4, "kind": "g"}
"""How the page writes numbers, as `number_format` does elsewhere."""

PANELS = ("live.html", "quiz.html", "why.html")
STYLES = ("steps.css", "live.css", "quiz.css", "playground.css")
SCRIPTS = (*STEPS, "numbers.js", "recomputed.js", "expression.js", "walk.js", "dagre.js", "columns.js", "drawing.js",
           "typed.js", "live.js", "quiz.js", "why.js", "playground.js")


def playground(
    path: str | os.PathLike[str] | None = None, *, title: str = "", theme: str | None = None, language: str = "en",
) -> Page:
    """A page on which to type an expression: its graph, values, gradients and steps are seen at once.

    What can be typed is what `viz.parse` reads, on one or several lines; each name gets a slider. The graph is laid
    out and drawn in the page, as boxes or as a circuit, with the player and the sentences of `viz.live`. Below it are
    the paths that add up to a gradient, and what a small step changes. There are examples, and exercises whose answers
    are checked; the graph can be taken along as Python, as an address that holds everything, as SVG and as PNG.

    The page is returned, and written to `path` if there is one. It needs no other file and no network. `title`, `theme`
    and `language` are as for `viz.html`.
    """
    said = words(language)
    text = document(
        "steps.html", title=title or said["playground"], language=language, player="Playground",
        style=variables(theme) + formulas() + page_file(*STYLES), top=labelled("playground.html", language),
        controls=labelled("controls.html", language), panel="".join(labelled(panel, language) for panel in PANELS),
        svg='<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>',
        files="", forward_steps="", backward_steps="", seed=1, data="{}",
        script=spoken(language) + tables() + offers(language) + page_file(*SCRIPTS),
    )
    first = EXAMPLES[0]
    still = walk(expression.parse(first.text, **first.at), style="circuit").drawing().svg()
    return saved(Page(text, still, said["typing"]), path)


def tables() -> str:
    """What the scripts know of operations, names and limits."""
    return PRELUDE + operations() + constants(
        rows=rows(), forms=forms(), greek=GREEK, FORMAT=FORMAT,
        LIMITS={"text": expression.LONGEST, "depth": expression.DEEPEST, "label": markup.LONGEST,
                "operands": sentences.MANY, "formula": sentences.LONGEST},
        SLIDER={"least": sliders.LEAST, "most": sliders.MOST, "parts": sliders.PARTS})


def offers(language: str) -> str:
    """The examples and exercises for the script."""
    said = words(language)
    examples = [{"name": said.get(name, name), "text": text, "at": list(at.items())} for name, text, at in EXAMPLES]
    levels = {level: [(each.formula, each.point) for each in exercises(EXERCISES, level, 0)] for level in LEVELS}
    return constants(EXAMPLES=examples, EXERCISES=levels)
