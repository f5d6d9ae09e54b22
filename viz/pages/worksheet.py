"""Exercises in backpropagation on paper: a page of graphs with blanks to fill, and the key to it.

>>> sheet = worksheet(3, level=1, seed=7)
>>> for exercise in sheet.exercises:
...     print(exercise.formula, exercise.point, exercise.gradient)
(z + x) * y {'x': -4.0, 'y': -1.0, 'z': 3.0} {'x': -1.0, 'y': -1.0, 'z': -1.0}
z * (y + x) {'x': 5.0, 'y': 3.0, 'z': -3.0} {'x': -3.0, 'y': -3.0, 'z': 8.0}
x * y + z {'x': 4.0, 'y': 2.0, 'z': 2.0} {'x': 2.0, 'y': 4.0, 'z': 1.0}
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import Any

from autograd import SizeError, Value, ops
from viz.arguments import count
from viz.drawings.picture import NUMBERS, Mark, Picture
from viz.drawings.scalars import paint, prepared
from viz.drawings.scene import Scene, recast
from viz.drawings.vector import TEXT, text, vector
from viz.pages.exercises import Exercise, exercises
from viz.pages.web import Page, formulas, framed, labelled, page_file
from viz.pages.words import words
from viz.style import variables
from viz.text.formulas import element, number
from viz.text.markup import printable
from viz.text.tokens import Equation, Sentence, Token, equals
from viz.text.walkthrough import Walk

MOST = 100
"""A worksheet has at most so many exercises."""

WIDEST, HIGHEST = 525, 180
"""No drawing is larger, in points: as wide as what is printed of A4, and three of them fill a page."""

ROOM = "-0.25"
"""Room for what a hand writes: 14 mm."""


@dataclass(frozen=True)
class Worksheet:
    """Exercises, `page` to hand out and `key` with the answers; both print on A4."""

    level: int
    seed: int
    exercises: tuple[Exercise, ...]
    language: str = "en"
    student: str = ""
    """Whose sheet it is; without a name there is room to write one."""

    @property
    def page(self) -> Page:
        """The exercises with blanks to fill."""
        return self.sheet(solved=False)

    @property
    def key(self) -> Page:
        """The exercises with the numbers in the blanks, and the local derivative beside each edge.

        What is on the page is at the same place here, so that a page that is filled in can be laid on the key.
        """
        return self.sheet(solved=True)

    @cached_property
    def _pictures(self) -> list[tuple[Picture, str]]:
        """The graph of each exercise with all numbers, and what it looks like as SVG."""
        pictures = [picture(exercise) for exercise in self.exercises]
        return [(picture, picture.drawing.svg()) for picture in pictures]

    def sheet(self, solved: bool) -> Page:
        """One of the two."""
        return Page(bound([self], solved), drawings(self, solved)[0], heading(self.language, solved))

    def __repr__(self) -> str:
        language = "" if self.language == "en" else f", language={self.language!r}"
        return f"viz.worksheet({len(self.exercises)}, level={self.level}, seed={self.seed}{language})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.page._repr_mimebundle_() | {"text/plain": repr(self)}


def bound(sheets: Sequence[Worksheet], solved: bool, *, fitted: bool = False) -> str:
    """The text of a page with worksheets or their keys; if `fitted`, drawings are so small that each fits on A4."""
    language = sheets[0].language
    style = variables("light") + formulas() + page_file("worksheet.css")
    bodies = "\n".join(body(sheet, solved, fitted) for sheet in sheets)
    return framed(bodies, title=heading(language, solved), style=style, language=language)


def body(sheet: Worksheet, solved: bool, fitted: bool) -> str:
    """What is on a worksheet, or on the key to it."""
    pairs = zip(sheet.exercises, drawings(sheet, solved), strict=True)
    return labelled(
        "worksheet.html",
        sheet.language,
        title=heading(sheet.language, solved),
        student=escape(printable(sheet.student)),
        kind=f"{'solved' if solved else 'unsolved'}{' fitted' if fitted else ''}",
        exercises="\n".join(section(i, *pair, solved) for i, pair in enumerate(pairs, 1)),
        foot=escape(repr(sheet)),
    )


def drawings(sheet: Worksheet, solved: bool) -> list[str]:
    """The graph of each exercise as SVG, with all numbers or with blanks."""
    return sized([drawing(*picture, solved) for picture in sheet._pictures])


def heading(language: str, solved: bool) -> str:
    """What a worksheet, or the key to it, is called."""
    return words(language)["answer_sheet" if solved else "sheet"]


def worksheet(n: int = 6, level: int = 1, seed: int = 0, *, language: str = "en") -> Worksheet:
    """A worksheet of n random expressions with friendly numbers, the same for the same seed.

    Level 1 has sums and products of three inputs; level 2 differences and squares, with a value used more than once;
    level 3 quotients, relu, maximum, square roots, and exp, log, tanh and sigmoid where they are simple. Values and
    gradients are whole numbers, at level 3 also halves and quarters. The engine worked them out, and finite
    differences agreed. Give `worksheet(…).page.write("sheet.html")` to the class and keep
    `worksheet(…).key.write("answers.html")`; a browser prints both. `language` is as for `viz.html`.

    Raises `UsageError` for another level, or n and seed that are no whole numbers; `SizeError` for n
    outside of 1 … 100.
    """
    for name, given in (("n", n), ("level", level), ("seed", seed)):
        count(name, given, least=None)
    if not 1 <= n <= MOST:
        raise SizeError(f"a worksheet has 1 to {MOST} exercises, n={n} came")
    words(language)  # is known, or an error
    return Worksheet(level, seed, tuple(exercises(n, level, seed)), language)


def section(position: int, exercise: Exercise, drawing: str, solved: bool) -> str:
    """An exercise: its formula and inputs, the drawing, and the result and gradient asked for."""
    words, root = Walk(exercise.root).sentences, exercise.root
    inputs = [value for value in exercise.values if not value.args]
    given = ", ".join(equation(words.symbol(value), words.data(value)) for value in inputs)
    whole = equation(words.symbol(root), words.formula(words.symbol))
    blanks = [(words.symbol(root), root.data), *((words.derivative(value), value.grad) for value in inputs)]
    asked = " ".join(f"<span>{asked_for(what)} {answer(x, solved)}</span>" for what, x in blanks)
    return (
        f"<section>\n<h2><b>{position}</b> {whole} <span>{given}</span></h2>\n"
        f'<figure tabindex="0">{drawing}</figure>\n<p class="answers">{asked}</p>\n</section>'
    )


def equation(head: Token, term: Token | None) -> str:
    """An equation as browsers draw it; an exercise is never too long for it."""
    assert term is not None
    return Sentence((Equation(head, (term,)),)).mathml


def asked_for(what: Token) -> str:
    """What is asked for, and a sign of equality."""
    return element(f"{what.written('mathml')}{equals('=', 'mathml')}")


def answer(x: float, solved: bool) -> str:
    """The blank for a number, which is in it where it is solved."""
    return f'<span class="blank">{number(x) if solved else "&nbsp;"}</span>'


# ── drawings ─────────────────────────────────────────────────────────────────────────────────────


class Paper(Scene):
    """A scene with room for what is written by hand, and local derivatives beside the ends of edges."""

    local_label = "headlabel"

    def data(self, value: Value) -> Mark:
        """A number; constants are given and need no room."""
        mark = super().data(value)
        return mark if value.op is ops.constant else replace(mark, widest=ROOM)

    def gradient(self, value: Value) -> Mark:
        """The gradient."""
        return replace(super().gradient(value), widest=ROOM)

    def contribution(self, value: Value, i: int, partial: float) -> Mark:
        """What comes back along a branch."""
        return replace(super().contribution(value, i, partial), widest=ROOM)


def picture(exercise: Exercise) -> Picture:
    """The graph of an exercise with all numbers: inputs one below the other at the left."""
    scene = recast(prepared(exercise.root, gradients=True, local_derivatives=True), Paper)
    picture = paint(scene, "circuit", marks={})
    picture.drawing.graph_attr["ranksep"] = "0.14"
    picture.drawing.edge_attr.update(labelangle="-35", labeldistance="1.6")
    with picture.drawing.subgraph() as column:
        column.attr(rank="same")
        for value in exercise.values:
            if not value.args:
                column.node(picture.nodes[value][0])
    return picture


def drawing(picture: Picture, svg: str, solved: bool) -> ET.Element:
    """The graph as SVG, with all numbers or with those of the inputs alone."""
    root = vector(picture, svg, still=True)
    assert picture.marks is not None
    for written in root.iter(TEXT):
        mark = picture.marks.get(written.get("data-number", ""))
        if mark is not None and not solved and asks(mark):
            written.text = mark.before
    return root


def asks(mark: Mark) -> bool:
    """Whether a number is to be worked out: all are but those of inputs and constants."""
    if mark.role != "data" or mark.subject is None:
        return mark.role in NUMBERS
    value = mark.subject
    if isinstance(value, tuple):  # on a branch stands the value that goes there
        user, i = value
        value = user.args[i]
    return bool(value.args)


def sized(drawings: list[ET.Element]) -> list[str]:
    """The drawings as text, all by the same factor as small as the paper asks."""
    sizes = [[float(side) for side in root.get("viewBox", "").split()[2:]] for root in drawings]
    scale = min(1.0, *(min(WIDEST / width, HIGHEST / height) for width, height in sizes))
    for root, (width, height) in zip(drawings, sizes, strict=True):
        root.set("width", f"{scale * width:.1f}pt")
        root.set("height", f"{scale * height:.1f}pt")
    return [text(root) for root in drawings]
