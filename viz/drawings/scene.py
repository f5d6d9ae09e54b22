"""A graph made ready for drawing: what every style of drawing needs to know about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from autograd import Value, local_derivatives, ops
from viz.drawings.picture import Mark, Operand, Picture, named
from viz.drawings.render import canvas
from viz.style import SIZE, SMALL, Theme
from viz.text.formulas import formatted
from viz.text.markup import font, shorten

NO_GRADIENTS = "no gradients yet: call backward()"

BLANKS = "\N{NO-BREAK SPACE}" * 2


@dataclass(frozen=True)
class Scene:
    """The values of a graph, the oldest first, and how they are to be shown.

    Ids come from a value's position, so the same graph built twice gives the same text. `highlighted` are values,
    and operands (value, i): the edge that brings `value` its operand number i.
    """

    roots: Sequence[Value]
    values: Sequence[Value]
    labels: Mapping[Value, str]
    theme: Theme
    direction: str
    number_format: str
    gradients: bool | None
    local_derivatives: bool
    highlighted: Collection[Value | Operand] = frozenset()
    whole: Sequence[Value] = ()
    """The values of the graph that this is a part of; none where it is all of it."""

    owners: Mapping[Value, Hashable] = field(default_factory=dict)
    """What values belong to that have frames around them."""

    before_gradient: ClassVar[str] = "grad "
    """What stands before a gradient in a box."""

    local_label: ClassVar[str] = "label"
    """Where on an edge its local derivative is written, as an attribute of Graphviz: a "label" takes room."""

    @cached_property
    def ids(self) -> dict[Value, str]:
        """A name for each value in DOT."""
        return {value: f"v{i}" for i, value in enumerate(self.whole or self.values)}

    @cached_property
    def uses(self) -> Counter[Value]:
        """How often each value is an operand."""
        return Counter(arg for value in self.whole or self.values for arg in value.args)

    @cached_property
    def made(self) -> dict[Value, ops.Op]:
        """The operations that are shown, by what they make: a part of a graph begins with values from elsewhere."""
        shown = frozenset(self.values)
        inside = [value for value in self.values if shown.issuperset(value.args)]
        return {value: value.op for value in inside if isinstance(value.op, ops.Op)}

    @cached_property
    def gradients_known(self) -> bool:
        """Whether gradients are to be written: asked for, or found to be there."""
        if self.gradients is not None:
            return self.gradients
        # nan differs from 0 as well, and after backward() the root's gradient is 1.
        return any(value.grad != 0 for value in self.values)

    @property
    def gradients_missing(self) -> bool:
        """Whether places for gradients stay blank until backward() is called."""
        return self.gradients is None and not self.gradients_known

    def number(self, x: float) -> str:
        """A number as the picture shows it."""
        return formatted(x, self.number_format)

    def label(self, value: Value) -> Mark:
        """The label of a value."""
        return Mark(value, "name", shorten(self.labels[value]))

    def data(self, value: Value) -> Mark:
        """The number that a value is."""
        return Mark(value, "data", self.number(value.data))

    def gradient(self, value: Value) -> Mark:
        """The gradient of a value, or the blank that waits for it."""
        return Mark(value, "gradient", self.number(value.grad) if self.gradients_known else " ")

    def contribution(self, value: Value, i: int, partial: float) -> Mark:
        """What comes back from a value to its operand number i, or the blank that waits for it."""
        return Mark((value, i), "gradient", self.number(value.grad * partial) if self.gradients_known else " ")

    def local(self, value: Value, i: int, partial: float) -> Mark:
        """The local derivative of a value with respect to its operand number i."""
        return Mark((value, i), "local", self.number(partial))

    @property
    def marker(self) -> str:
        """The colour of highlighted lines."""
        return self.theme.gradient

    def line(self, value: Value) -> dict[str, str]:
        """The attributes of the lines around a value."""
        return {"color": self.marker if value in self.highlighted else self.theme.line}

    def kind(self, value: Value) -> str:
        """Whether a value is a result, a constant, a parameter or an input: the field of the theme with its colour."""
        if value.args:
            return "result"
        return value.op.name if isinstance(value.op, ops.Leaf) else "input"

    def fill(self, value: Value) -> str:
        """The colour that tells a parameter from an input, a constant and a result."""
        return str(getattr(self.theme, self.kind(value)))

    @property
    def caption(self) -> str:
        """What is written below the drawing: a note if gradients are missing."""
        return NO_GRADIENTS if self.gradients_missing else ""

    def picture(self, marks: dict[str, Mark] | None, **attributes: str) -> Picture:
        """An empty picture in the scene's colours and direction, with its caption."""
        drawing = canvas(self.theme, graph={"rankdir": self.direction, **attributes})
        if self.caption:
            drawing.attr(label=f"<{font(self.caption, self.theme.muted, SMALL, italic=True)}>", labelloc="b")
        return Picture(drawing, self.theme, self.ids, marks)

    def operation(self, value: Value, op: ops.Op) -> dict[str, str]:
        """The attributes of an operation's node: a circle around a sign or short name, an ellipse around a long one."""
        # The first operand comes first, so that x - y has x above y. The order of many terms tells nothing, nor does
        # that of a constant and what it is added to or multiplied by: no lines should cross for it.
        constant = any(arg.op is ops.constant for arg in value.args)
        free = isinstance(op, ops.Reduction | ops.Contraction) or (op in (ops.add, ops.mul) and constant)
        ordering = "" if free else "in"
        sign = len(op.symbol) <= 2
        return {
            "label": f"<{font(op.symbol, self.theme.text, SIZE + 4 if sign else SIZE)}>",
            "ordering": ordering,
            "shape": "circle" if len(op.symbol) <= 4 else "ellipse",
            "style": "filled",
            "fillcolor": self.theme.operation,
            "fixedsize": "true" if sign else "false",
            "width": "0.4",
            "height": "0.4",
            "margin": "0.02",
        }

    def partials(self, value: Value) -> tuple[float, ...]:
        """The local derivatives, if the picture shows them: there are none where data changed since."""
        return local_derivatives(value) if self.local_derivatives else (0.0,) * len(value.args)

    def connect(self, picture: Picture, tail: str, value: Value, i: int, partial: float, **attributes: str) -> None:
        """The edge on which an operand comes to its operation, with the local derivative if the picture shows them."""
        attributes |= self.stroke((value, i) in self.highlighted)
        if self.local_derivatives and value.args[i].op is not ops.constant:
            blanks = BLANKS if self.direction == "TB" else ""  # they keep the number off a line that leads down
            attributes[self.local_label] = picture.note(replace(self.local(value, i, partial), before=blanks))
        id = named(self.ids, (value, i))
        picture.edge(tail, self.ids[value] + "op", Mark((value, i), "line"), id, **attributes)

    def enters(self, value: Value, i: int) -> bool:
        """Whether an operand comes into the frame around a value from elsewhere."""
        arg = value.args[i]
        return value in self.owners and arg.op is not ops.constant and self.owners.get(arg) != self.owners[value]

    def entry(self, picture: Picture, tail: str, value: Value, i: int, **attributes: str) -> str:
        """A point in the frame, beside its leaves, at which such an operand comes in: its line passes none of them."""
        point, mark = f"{self.ids[value]}in{i}", Mark((value, i), "line")
        picture.node(point, mark, label="", shape="box", **self.stub)
        attributes |= {"headport": self.sides[0], "arrowhead": "none", **self.stroke((value, i) in self.highlighted)}
        picture.edge(tail, point, mark, **attributes)
        return point

    @property
    def stub(self) -> dict[str, str]:
        """The attributes of a node that is seen as a piece of line: lines end a little before a point."""
        length, width = ("width", "height") if self.direction == "LR" else ("height", "width")
        look = {"style": "filled", "color": self.theme.line, "penwidth": "0.2"}
        return {length: "0.05", width: "0", "fixedsize": "true", **look}

    @property
    def sides(self) -> tuple[str, str]:
        """The sides at which lines come and go, as ports of Graphviz."""
        return ("w", "e") if self.direction == "LR" else ("n", "s")

    def result(self, value: Value) -> dict[str, str]:
        """The attributes of the edge from an operation to what it makes."""
        return self.stroke(any((value, i) in self.highlighted for i in range(len(value.args))))

    def stroke(self, highlighted: bool) -> dict[str, str]:
        """The attributes of an edge that is highlighted; else none."""
        return {"color": self.marker, "penwidth": "2.5"} if highlighted else {}


S = TypeVar("S", bound=Scene)


def recast(scene: Scene, kind: type[S], **more: Any) -> S:
    """A scene as an object of a subclass, which shows the values in another way."""
    return kind(**{part.name: getattr(scene, part.name) for part in fields(scene)} | more)
