"""Exercises in backpropagation on paper: a page of graphs with blanks to fill, and the key to it.

>>> sheet = worksheet(3, level=1, seed=7)
>>> for exercise in sheet.exercises:
...     print(exercise.formula, exercise.point, exercise.gradient)
(z + x) * y {'x': -4.0, 'y': -1.0, 'z': 3.0} {'x': -1.0, 'y': -1.0, 'z': -1.0}
z * (y + x) {'x': 5.0, 'y': 3.0, 'z': -3.0} {'x': -3.0, 'y': -3.0, 'z': 8.0}
x * y + z {'x': 4.0, 'y': 2.0, 'z': 2.0} {'x': 2.0, 'y': 4.0, 'z': 1.0}
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from autograd import SizeError, Value
from viz.arguments import count
from viz.drawings.picture import Mark
from viz.drawings.render import inline
from viz.drawings.scalars import paint, prepared
from viz.drawings.scene import Scene, recast
from viz.pages.exercises import Exercise, exercises
from viz.pages.web import Page, document, page_file
from viz.pages.words import words
from viz.style import variables
from viz.text.formulas import element, number
from viz.text.tokens import Equation, Sentence, Token, equals
from viz.text.walkthrough import Walk

MOST = 100
"""A worksheet has at most so many exercises."""


@dataclass(frozen=True)
class Worksheet:
    """Exercises, `page` to hand out and `key` with the answers; both print on A4."""

    level: int
    seed: int
    exercises: tuple[Exercise, ...]
    language: str = "en"

    @property
    def page(self) -> Page:
        """The exercises with blanks to fill."""
        return self.sheet(solved=False)

    @property
    def key(self) -> Page:
        """The same with the numbers in the blanks, and the local derivative on each edge."""
        return self.sheet(solved=True)

    def sheet(self, solved: bool) -> Page:
        """One of the two."""
        said = words(self.language)
        title = said["answer_sheet" if solved else "sheet"]
        sections = (section(i, exercise, solved) for i, exercise in enumerate(self.exercises, 1))
        text = document(
            "worksheet.html",
            title=title,
            language=self.language,
            style=variables("light") + page_file("worksheet.css"),
            line="" if solved else f"<span>{said['name']}: {22 * '_'} &nbsp; {said['date']}: {12 * '_'}</span>",
            task="" if solved else said["task"],
            exercises="\n".join(sections),
            foot=repr(self),
        )
        return Page(text, picture(self.exercises[0], solved), title)

    def __repr__(self) -> str:
        language = "" if self.language == "en" else f", language={self.language!r}"
        return f"viz.worksheet({len(self.exercises)}, level={self.level}, seed={self.seed}{language})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.page._repr_mimebundle_() | {"text/plain": repr(self)}


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


def section(position: int, exercise: Exercise, solved: bool) -> str:
    """An exercise: its formula and inputs, the drawing, and the result and gradient asked for."""
    words, root = Walk(exercise.root).sentences, exercise.root
    inputs = [value for value in exercise.values if not value.args]
    given = ", ".join(equation(words.symbol(value), words.data(value)) for value in inputs)
    whole = equation(words.symbol(root), words.formula(words.symbol))
    blanks = [(words.symbol(root), root.data), *((words.derivative(value), value.grad) for value in inputs)]
    asked = " ".join(f"<span>{asked_for(what)} {answer(x, solved)}</span>" for what, x in blanks)
    return (
        f"<section>\n<h2><b>{position}</b> {whole} <span>{given}</span></h2>\n"
        f'{inline(picture(exercise, solved))}\n<p class="answers">{asked}</p>\n</section>'
    )


def equation(head: Token, term: Token | None) -> str:
    """An equation as browsers draw it; an exercise is never too long for it."""
    assert term is not None
    return Sentence((Equation(head, (term,)),)).mathml


def asked_for(what: Token) -> str:
    """What is asked for, and a sign of equality."""
    return element(f"{what.written('mathml')}{equals('=', 'mathml')}")


def answer(x: float, solved: bool) -> str:
    """A number, or the blank for it."""
    return f'<span class="answer">{number(x)}</span>' if solved else '<span class="blank">&nbsp;</span>'


def picture(exercise: Exercise, solved: bool) -> str:
    """The graph as SVG."""
    scene = prepared(exercise.root, gradients=True, local_derivatives=solved)
    return paint(scene if solved else recast(scene, Blank), "circuit").drawing.svg()


class Blank(Scene):
    """A scene that shows the inputs and leaves room for every other number."""

    def data(self, value: Value) -> Mark:
        """An input, or room for a number."""
        return blank(super().data(value)) if value.args else super().data(value)

    def gradient(self, value: Value) -> Mark:
        """Room for the gradient."""
        return blank(super().gradient(value))

    def contribution(self, value: Value, i: int, partial: float) -> Mark:
        """Room for what comes back along a branch."""
        return blank(super().contribution(value, i, partial))


def blank(mark: Mark) -> Mark:
    """Room as wide as what a hand writes."""
    return replace(mark, text=" ", widest="-10.25")
