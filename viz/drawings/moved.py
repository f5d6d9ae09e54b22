"""A scene in which numbers have moved: before and after, and the change that gradients predicted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar

from autograd import Value
from viz.drawings.picture import Mark
from viz.drawings.scene import Scene


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

    before_gradient: ClassVar[str] = "Δ "
    caption = "Δ: the change ≈ the change that gradients predict"

    def data(self, value: Value) -> Mark:
        """The number before and after."""
        change = self.changes.get(value)
        if change is None:
            return super().data(value)
        texts = dict.fromkeys([self.number(change.before), self.number(change.after)])
        return Mark(value, "data", " → ".join(texts))

    def gradient(self, value: Value) -> Mark:
        """The change, and the change predicted."""
        change = self.changes.get(value)
        if change is None:
            return Mark(value, "gradient", "0", "muted")
        return Mark(value, "gradient", f"{self.number(change.actual)} ≈ {self.number(change.predicted)}")

    def contribution(self, value: Value, i: int, partial: float) -> Mark:
        """The change that goes to an operand is that of the operand."""
        return replace(self.gradient(value.args[i]), subject=(value, i))
