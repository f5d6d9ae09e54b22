"""A scene at one moment of a walk: what is not yet known takes its place, but is not to be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autograd import Value
from viz.drawings.scene import Ink, Scene
from viz.style import SMALL
from viz.text.markup import font
from viz.text.walkthrough import Step

Operand = tuple[Value, int]
"""A value and the number of one of its operands: the edge between them."""

HIDDEN = "transparent"
"""The colour of what is not yet known: it takes its place, so that nothing moves when it appears."""


@dataclass(frozen=True)
class Moment:
    """What is known after some steps: values computed, gradients so far, and what came back along which edges."""

    computed: frozenset[Value]
    gradients: Mapping[Value, float]
    contributions: Mapping[Operand, float]
    last: Step | None = None


def touched(step: Step | None) -> Iterable[Value | Operand]:
    """What a step is about: a value, and the edges that it comes along."""
    if step is None:
        return
    yield step.value
    if step.phase == "forward":
        yield from ((step.value, i) for i in range(len(step.value.args)))
    elif step.chain is not None:
        yield step.chain.operation, step.chain.position


@dataclass(frozen=True)
class Sheet(Scene):
    """A scene at one moment of a walk."""

    final: Moment = Moment(frozenset(), {}, {})
    moment: Moment = final
    widest: Mapping[Value, str] = field(default_factory=dict)

    @property
    def marker(self) -> str:
        """The colour of values in the forward pass, of gradients in the backward pass."""
        forward = self.moment.last is not None and self.moment.last.phase == "forward"
        return self.theme.value if forward else self.theme.gradient

    def data(self, value: Value) -> Ink:
        """The number that a value is, once it is computed."""
        last = self.moment.last
        new = last is not None and last.phase == "forward" and last.value is value
        colour = self.theme.value if value in self.moment.computed else HIDDEN
        return Ink(self.number(value.data), colour, self.theme.marker if new else "")

    def gradient(self, value: Value) -> Ink:
        """The gradient of a value so far."""
        last = self.moment.last
        new = last is not None and last.phase == "backward" and last.value is value
        ink = self._known(value, self.moment.gradients, self.final.gradients)
        return replace(ink, background=self.theme.marker if new else "", widest=self.widest.get(value, ""))

    def contribution(self, value: Value, i: int, partial: float) -> Ink:
        """What came back from a value to its operand number i."""
        ink = self._known((value, i), self.moment.contributions, self.final.contributions)
        return replace(ink, background=self.theme.marker if (value, i) in self._along() else "")

    def local(self, value: Value, i: int, partial: float) -> str:
        """The local derivative, once the chain rule went along the edge."""
        colour = self.theme.local if (value, i) in self.moment.contributions else HIDDEN
        return font(self.number(partial), colour, SMALL, italic=True)

    def _known(self, key: Any, now: Mapping[Any, float], final: Mapping[Any, float]) -> Ink:
        if key in now:
            return Ink(self.number(now[key]), self.theme.gradient)
        return Ink(self.number(final[key]) if key in final else " ", HIDDEN)

    def _along(self) -> set[Operand]:
        chain = self.moment.last.chain if self.moment.last else None
        return {(chain.operation, chain.position)} if chain else set()
