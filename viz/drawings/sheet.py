"""A scene at one moment of a walk: what is not yet known takes its place, but is not to be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from autograd import Value, ops
from viz.drawings.picture import Look, Mark, Operand
from viz.drawings.scene import Scene
from viz.text.walkthrough import Step


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
        yield step.chain.edge


@dataclass(frozen=True)
class Sheet(Scene):
    """A scene at one moment of a walk."""

    final: Moment = Moment(frozenset(), {}, {})
    moment: Moment = final
    widest: Mapping[Value, str] = field(default_factory=dict)
    room: str = ""
    """On pages whose numbers change, the widest number that there is room for."""

    @property
    def marker(self) -> str:
        """The colour of values in the forward pass, of gradients in the backward pass."""
        forward = self.moment.last is not None and self.moment.last.phase == "forward"
        return self.theme.value if forward else self.theme.gradient

    def data(self, value: Value) -> Mark:
        """The number that a value is, once it is computed."""
        look = self._look(value in self.moment.computed, self.step("forward") is value)
        return Mark(value, "data", self.number(value.data), look, widest="" if value.op is ops.constant else self.room)

    def gradient(self, value: Value) -> Mark:
        """The gradient of a value so far."""
        mark = self._known(value, self.moment.gradients, self.final.gradients, self.step("backward") is value)
        return replace(mark, widest=max(self.widest.get(value, ""), self.room, key=len))

    def contribution(self, value: Value, i: int, partial: float) -> Mark:
        """What came back from a value to its operand number i."""
        last = self.moment.last
        new = last is not None and last.chain is not None and last.chain.edge == (value, i)
        return self._known((value, i), self.moment.contributions, self.final.contributions, new)

    def local(self, value: Value, i: int, partial: float) -> Mark:
        """The local derivative, once the chain rule went along the edge."""
        look = self._look((value, i) in self.moment.contributions)
        return Mark((value, i), "local", self.number(partial), look, widest=self.room)

    def step(self, phase: str) -> Value | None:
        """The value of the last step, if that is one of this pass."""
        last = self.moment.last
        return last.value if last and last.phase == phase else None

    def _look(self, known: bool, new: bool = False) -> Look:
        return "hidden" if not known else "new" if new else "known"

    def _known(
        self, part: Value | Operand, now: Mapping[Any, float], final: Mapping[Any, float], new: bool
    ) -> Mark:
        number = now.get(part, final.get(part))
        text = " " if number is None else self.number(number)
        return Mark(part, "gradient", text, self._look(part in now, new), widest=self.room)
