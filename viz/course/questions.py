"""Questions for Moodle: graphs whose value and gradients are asked for, with the sentences of the walk as feedback."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from xml.etree import ElementTree as ET

from autograd import Value
from viz.arguments import count
from viz.drawings.paths import paths
from viz.drawings.picture import Mark
from viz.drawings.render import Drawing, picture
from viz.drawings.scalars import paint, prepared
from viz.drawings.scene import Scene, recast
from viz.pages.exercises import Exercise, exercises
from viz.text.walkthrough import Step, Walk

TOLERANCE = 0.01
"""How far a number may be off."""

RIGHT, ONE_PATH, WITHOUT = "Right.", "That comes along one path only, and others lead there too: they add up.", (
    "That is the local derivative: multiply it by the gradient that comes back.")


def moodle(n: int = 10, level: int = 1, seed: int = 0) -> str:
    """A question file of Moodle with n graphs of a level, the same for the same seed.

    Each graph gives a question for its value and one for the gradient of each input, of the type numerical, and where
    one gradient is the largest in size, a short answer: which input counts most. A quiz that takes questions at random
    gives each student other ones; they are in a category for each kind. Usual slips have feedback of their own.

    Raises `UsageError` for another level, or n and seed that are no whole numbers.
    """
    drawn = exercises(count("n", n), level, count("seed", seed, least=None))
    graphs = [Graph(exercise, f"level {level}, seed {seed}, graph {i}") for i, exercise in enumerate(drawn, 1)]
    root = ET.Element("quiz")
    for kind in (Graph.values, Graph.gradients, Graph.largest):
        category = child(child(root, "question", type="category"), "category")
        text(category, f"$course$/top/reroll/level {level}/{kind.__name__}")
        for graph in graphs:
            root.extend(kind(graph))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


@dataclass(frozen=True)
class Graph:
    """An exercise, and what can be asked about it."""

    exercise: Exercise
    name: str

    @cached_property
    def walk(self) -> Walk:
        """The sentences about it."""
        return Walk(self.exercise.root)

    @cached_property
    def words(self) -> str:
        """The expression and its inputs."""
        given = ", ".join(f"{label} = {shown(x)}" for label, x in self.exercise.point.items())
        return f"{self.exercise.root.label} = {self.exercise.formula} at {given}"

    @property
    def drawing(self) -> Drawing:
        """The graph with blanks."""
        scene = recast(prepared(self.exercise.root, gradients=True, local_derivatives=False), Blank)
        return paint(scene, "circuit").drawing

    @cached_property
    def png(self) -> str:
        """The drawing, in the letters of base64."""
        return base64.b64encode(picture(self.drawing.source, "png")).decode()

    # ── kinds of questions ───────────────────────────────────────────────────────────────────

    def values(self) -> Iterator[ET.Element]:
        """What is the result?"""
        question = self.asked("numerical", "value", f"What is {self.exercise.root.label}?", self.walk.forward())
        answers(question, [(shown(self.exercise.root.data), True, RIGHT)])
        yield question

    def gradients(self) -> Iterator[ET.Element]:
        """What is the gradient of each input?"""
        for value in self.exercise.values:
            if not value.args:
                derivative = self.walk.sentences.derivative(value).text
                question = self.asked("numerical", derivative, f"What is {derivative}?", self.walk.backward())
                answers(question, [(shown(value.grad), True, RIGHT), *slips(self.exercise.root, value)])
                yield question

    def largest(self) -> Iterator[ET.Element]:
        """Which input counts most? Nothing is asked where two count the same."""
        sizes = {label: abs(slope) for label, slope in self.exercise.gradient.items()}
        most = max(sizes, key=lambda label: sizes[label])
        if list(sizes.values()).count(sizes[most]) == 1:
            sentence = (f"Which input, moved by a little, changes {self.exercise.root.label} most? "
                        "Write its name.")
            question = self.asked("shortanswer", "largest", sentence, self.walk.backward())
            child(question, "usecase").text = "0"
            answers(question, [(most, True, RIGHT)])
            yield question

    def asked(self, type: str, part: str, sentence: str, steps: Sequence[Step]) -> ET.Element:
        """A question with the drawing, and how the answer comes about, which is shown afterwards."""
        question = ET.Element("question", type=type)
        text(child(question, "name"), f"{self.name}: {part}")
        said, words = child(question, "questiontext", format="html"), escape(self.words, quote=True)
        text(said, f'<p>{words}</p><p><img src="@@PLUGINFILE@@/graph.png" style="max-width: 100%; height: auto" '
                   f'alt="{words}"></p><p>{escape(sentence)}</p>')
        child(said, "file", name="graph.png", path="/", encoding="base64").text = self.png
        child(question, "defaultgrade").text = "1"
        lines = "".join(f"<li>{escape(step.sentence)}</li>" for step in steps)
        text(child(question, "generalfeedback", format="html"), f"<ol>{lines}</ol>")
        return question


def slips(root: Value, value: Value) -> Iterator[tuple[str, bool, str]]:
    """Wrong answers with what to say of them: one path for all, or a local derivative for the product."""
    ways = list(paths(root, value))
    wrong = {shown(way.product): ONE_PATH for way in ways if len(ways) > 1}
    wrong |= {shown(way.local_derivatives[-1]): WITHOUT for way in ways if len(ways) == 1}
    for number, words in wrong.items():
        if abs(float(number) - value.grad) > 2 * TOLERANCE:
            yield number, False, words


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
    """Room for a number."""
    return replace(mark, text=" ", widest="-10.25")


# ── parts of a question ──────────────────────────────────────────────────────────────────────


def answers(question: ET.Element, given: Sequence[tuple[str, bool, str]]) -> None:
    """The answers that are known, right or wrong, with what to say of them; the right one comes first."""
    for number, right, words in given:
        answer = child(question, "answer", fraction="100" if right else "0", format="moodle_auto_format")
        text(answer, number)
        text(child(answer, "feedback", format="html"), escape(words))
        if question.get("type") == "numerical":
            child(answer, "tolerance").text = str(TOLERANCE)


def child(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    """A new element below another."""
    return ET.SubElement(parent, tag, attributes)


def text(parent: ET.Element, words: str) -> None:
    """Text, which Moodle wants in an element of its own."""
    child(parent, "text").text = words


def shown(x: float) -> str:
    """A number as it is answered: 3, -0.25."""
    return f"{x:.10g}"
