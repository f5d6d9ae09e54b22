"""The circuit style: operations joined by wires, a value above and its gradient below each wire.

It is the figure with which Stanford's course CS231n teaches backpropagation. Where a value is used
more than once its wire forks: before the fork stands the whole gradient, after it what comes back
along each branch, and the branches add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autograd import Value, local_derivatives, ops
from viz.drawings.picture import Mark, Picture
from viz.drawings.scene import Scene
from viz.style import SIZE
from viz.text.markup import isolated, row, shorten, table, width


def draw(scene: Scene, marks: dict[str, Mark] | None = None) -> Picture:
    """The graph as a circuit."""
    circuit = Circuit(scene, scene.picture(marks, ranksep="0.2", nodesep="0.15"))
    for value in scene.values:
        circuit.add(value)
    for value in scene.roots:
        circuit.end(value)
    return circuit.picture


@dataclass
class Circuit:
    """A circuit while it is built.

    `taps` are the nodes from which further wires of a value start, `wires` the nodes that are wires.
    """

    scene: Scene
    picture: Picture
    taps: dict[Value, str] = field(default_factory=dict)
    wires: set[str] = field(default_factory=set)

    def add(self, value: Value) -> None:
        """A value: what makes it, and the wire that carries it."""
        op = self.scene.made.get(value)
        start = self.operation(value, op) if op else self.leaf(value)
        if value.op is ops.constant:
            self.taps[value] = start
            return
        between = op and value not in self.scene.roots
        name = f"{isolated(shorten(self.scene.labels[value]))} = " if between and self.scene.labels[value] else ""
        made = Mark(value, "operation" if op else "line")
        gradient, stroke = self.scene.gradient(value), self.scene.result(value)
        tap = self.wire(start, self.scene.ids[value], value, gradient, made, name, stroke)
        if self.forks(value):
            fork, line = self.scene.ids[value] + "fork", Mark(value, "line")
            self.picture.node(fork, line, shape="point", width="0.06", color=self.scene.theme.line)
            self.join(tap, fork, line, arrowhead="none")
            tap = fork
        self.taps[value] = tap

    def forks(self, value: Value) -> bool:
        """Whether the value goes more than one way."""
        return self.scene.uses[value] + (value in self.scene.roots) > 1 and value.op is not ops.constant

    def leaf(self, value: Value) -> str:
        """Where the wire of a leaf starts: its name, or a constant's number."""
        scene, picture = self.scene, self.picture
        constant = value.op is ops.constant
        cells = [picture.cell(scene.label(value))] if scene.labels[value] or not constant else []
        cells += [picture.cell(scene.data(value))] if constant else []
        start = scene.ids[value] + "leaf"
        style = "rounded,dashed" if constant else "rounded"
        attributes = {"border": "1", "cellborder": "0", "cellspacing": "0", "cellpadding": "3"}
        label = table([row(*cells)], bgcolor=scene.fill(value), style=style, **scene.line(value), **attributes)
        picture.node(start, Mark(value, scene.kind(value)), label, shape="plain")
        return start

    def operation(self, value: Value, op: ops.Op) -> str:
        """The circle of an operation, with a wire from each operand in order."""
        scene = self.scene
        circle = scene.ids[value] + "op"
        self.picture.node(circle, Mark(value, "operation"), **scene.operation(value, op))
        for i, (arg, partial) in enumerate(zip(value.args, local_derivatives(value), strict=True)):
            tap, part, far = self.taps[arg], (value, i), {}
            if scene.enters(value, i):
                tap = scene.entry(self.picture, tap, value, i, **self.ports(tap, circle))
                self.wires.add(tap)
                far = {} if self.forks(arg) else {"minlen": "2"}  # as far as a leaf, whose wire comes in between
            if self.forks(arg):
                tap = self.wire(tap, f"{circle}{i}", arg, scene.contribution(value, i, partial), Mark(part, "line"))
            scene.connect(self.picture, tap, value, i, partial, **self.ports(tap, circle), **far)
        return circle

    def end(self, value: Value) -> None:
        """Where an output leaves the circuit: its name."""
        end, line = self.scene.ids[value] + "end", Mark(value, "line")
        label = table([row(self.picture.cell(self.scene.label(value)))], border="0", cellpadding="3")
        self.picture.node(end, line, label, shape="plain")
        self.join(self.taps[value], end, line)

    def wire(
        self, start: str, id: str, value: Value, gradient: Mark, joint: Mark, name: str = "",
        stroke: Mapping[str, str] | None = None,
    ) -> str:
        """A piece of wire from `start`: a line with the value on one side and a gradient on the other."""
        scene, picture = self.scene, self.picture
        down = scene.direction == "TB"  # numbers stand beside the line then, and need room from it
        attributes = {"border": "0", "cellborder": "0", "cellspacing": "0", "cellpadding": "5" if down else "2"}
        data = replace(scene.data(value), subject=gradient.subject, before=name, called=bool(name))
        if not down:
            rows = [row(picture.cell(data)), "<hr/>", row(picture.cell(gradient))]
        else:
            # Both sides get the same width, so that the line between them is in the middle.
            half = max(width(text, SIZE) for mark in (data, gradient) for text in (mark.written, mark.space)) + 10
            left = picture.cell(replace(data, widest=""), width=str(half), align="right")
            right = picture.cell(replace(gradient, widest=""), width=str(half), align="left")
            rows = [row(left, "<vr/>", right)]
        picture.node(id, replace(joint, role="line"), table(rows, **scene.line(value), **attributes), shape="plain")
        self.wires.add(id)
        self.join(start, id, joint, arrowhead="none", **stroke or {})
        return id

    def join(self, tail: str, head: str, mark: Mark, **attributes: str) -> None:
        """Solder two nodes together."""
        self.picture.edge(tail, head, mark, **self.ports(tail, head), **attributes)

    def ports(self, tail: str, head: str) -> dict[str, str]:
        """Where an edge begins and ends: wires are met at the ends of their lines."""
        enter, leave = self.scene.sides
        return ({"tailport": leave} if tail in self.wires else {}) | ({"headport": enter} if head in self.wires else {})
