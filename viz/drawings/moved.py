"""A scene in which numbers have moved: before and after, and the change that gradients predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from autograd import Value
from viz.drawings.render import Drawing
from viz.drawings.scene import Ink, Scene
from viz.style import SMALL
from viz.text.markup import font


@dataclass(frozen=True)
class Change:
    """What became of one value: its number before and after, and the change that gradients predict."""

    value: Value
    name: str
    before: float
    after: float
    predicted: float

    @property
    def actual(self) -> float:
        """The change that came about."""
        return self.after - self.before

    @property
    def error(self) -> float:
        """What the prediction missed."""
        return self.actual - self.predicted


@dataclass(frozen=True)
class Moved(Scene):
    """A scene in which numbers change and changes stand where gradients do."""

    changes: Mapping[Value, Change] = field(kw_only=True)
    """What became of each value that moved."""

    caption: ClassVar[str] = "Δ "

    def drawing(self, **attributes: str) -> Drawing:
        """An empty drawing that says what the changes are."""
        drawing = super().drawing(**attributes)
        told = font("Δ: the change ≈ the change that gradients predict", self.theme.muted, SMALL, italic=True)
        drawing.attr(label=f"<{told}>", labelloc="b")
        return drawing

    def data(self, value: Value) -> Ink:
        """The number before and after."""
        change = self.changes.get(value)
        if change is None:
            return super().data(value)
        texts = dict.fromkeys([self.number(change.before), self.number(change.after)])
        return Ink(" → ".join(texts), self.theme.value)

    def gradient(self, value: Value) -> Ink:
        """The change, and the change predicted."""
        change = self.changes.get(value)
        if change is None:
            return Ink("0", self.theme.muted)
        return Ink(f"{self.number(change.actual)} ≈ {self.number(change.predicted)}", self.theme.gradient)

    def contribution(self, value: Value, i: int, partial: float) -> Ink:
        """The change that goes to an operand is that of the operand."""
        return self.gradient(value.args[i])
