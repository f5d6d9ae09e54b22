"""A scene in which numbers have moved: before and after, and the change that gradients predicted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from autograd import Value
from viz.drawings.render import Drawing
from viz.drawings.scene import Ink, Scene
from viz.style import SMALL
from viz.text.markup import font

if TYPE_CHECKING:
    from viz.drawings.nudge import Nudge


@dataclass(frozen=True)
class Moved(Scene):
    """A scene in which numbers change and changes stand where gradients do."""

    nudge: Nudge = field(kw_only=True)

    caption: ClassVar[str] = "Δ "

    def drawing(self, **attributes: str) -> Drawing:
        """An empty drawing that says what the changes are."""
        drawing = super().drawing(**attributes)
        told = font("Δ: the change ≈ the change that gradients predict", self.theme.muted, SMALL, italic=True)
        drawing.attr(label=f"<{told}>", labelloc="b")
        return drawing

    def data(self, value: Value) -> Ink:
        """The number before and after."""
        change = self.nudge[value]
        texts = dict.fromkeys([self.number(change.before), self.number(change.after)])
        return Ink(" → ".join(texts), self.theme.value)

    def gradient(self, value: Value) -> Ink:
        """The change, and the change predicted."""
        change = self.nudge[value]
        if value not in self.nudge.of:
            return Ink("0", self.theme.muted)
        return Ink(f"{self.number(change.actual)} ≈ {self.number(change.predicted)}", self.theme.gradient)

    def contribution(self, value: Value, i: int, partial: float) -> Ink:
        """The change that goes to an operand is that of the operand."""
        return self.gradient(value.args[i])
