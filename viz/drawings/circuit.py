"""The circuit style: operations joined by wires, a value above and its gradient below each wire.

It is the figure with which Stanford's course CS231n teaches backpropagation. Where a value is used
more than once its wire forks: before the fork stands the whole gradient, after it what comes back
along each branch, and the branches add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autograd import Value, local_derivatives, ops
from viz.drawings.render import Drawing
from viz.drawings.scene import Ink, Scene
from viz.style import SIZE
from viz.text.markup import row, shorten, table, width


def draw(scene: Scene) -> Drawing:
    """The graph as a circuit."""
    circuit = Circuit(scene, scene.drawing(ranksep="0.2", nodesep="0.15"))
    for value in scene.values:
        circuit.add(value)
    for value in scene.roots:
        circuit.end(value)
    return circuit.drawing


@dataclass
class Circuit:
    """A circuit while it is built.

    `taps` are the nodes from which further wires of a value start, `wires` the nodes that are wires.
    """

    scene: Scene
    drawing: Drawing
    taps: dict[Value, str] = field(default_factory=dict)
    wires: set[str] = field(default_factory=set)

    def add(self, value: Value) -> None:
        """A value: what makes it, and the wire that carries it."""
        start = self.operation(value, value.op) if isinstance(value.op, ops.Op) else self.leaf(value)
        if value.op is ops.constant:
            self.taps[value] = start
            return
        between = value.args and value not in self.scene.roots
        name = f"{shorten(self.scene.labels[value])} = " if between and self.scene.labels[value] else ""
        stroke = self.scene.result(value)
        tap = self.wire(start, self.scene.ids[value], value, self.scene.gradient(value), name, stroke)
        if self.forks(value):
            fork = self.scene.ids[value] + "fork"
            self.drawing.node(fork, shape="point", width="0.06", color=self.scene.theme.line)
            self.join(tap, fork, arrowhead="none")
            tap = fork
        self.taps[value] = tap

    def forks(self, value: Value) -> bool:
        """Whether the value goes more than one way."""
        return self.scene.uses[value] + (value in self.scene.roots) > 1 and value.op is not ops.constant

    def leaf(self, value: Value) -> str:
        """Where the wire of a leaf starts: its name, or a constant's number."""
        scene = self.scene
        constant = value.op is ops.constant
        cells = [scene.name_cell(value)] if scene.labels[value] or not constant else []
        cells += [scene.data(value).cell()] if constant else []
        start = scene.ids[value] + "leaf"
        style = "rounded,dashed" if constant else "rounded"
        attributes = {"border": "1", "cellborder": "0", "cellspacing": "0", "cellpadding": "3"}
        label = table([row(*cells)], bgcolor=scene.fill(value), style=style, **scene.line(value), **attributes)
        self.drawing.node(start, label, shape="plain")
        return start

    def operation(self, value: Value, op: ops.Op) -> str:
        """The circle of an operation, with a wire from each operand in order."""
        scene = self.scene
        circle = scene.ids[value] + "op"
        self.drawing.node(circle, **scene.operation(op))
        for i, (arg, partial) in enumerate(zip(value.args, local_derivatives(value), strict=True)):
            tap = self.taps[arg]
            if self.forks(arg):
                tap = self.wire(tap, f"{circle}{i}", arg, scene.contribution(value, i, partial))
            self.join(tap, circle, **scene.operand(value, i, partial))
        return circle

    def end(self, value: Value) -> None:
        """Where an output leaves the circuit: its name."""
        end = self.scene.ids[value] + "end"
        self.drawing.node(end, table([row(self.scene.name_cell(value))], border="0", cellpadding="3"), shape="plain")
        self.join(self.taps[value], end)

    def wire(
        self, start: str, id: str, value: Value, gradient: Ink, name: str = "", stroke: Mapping[str, str] | None = None
    ) -> str:
        """A piece of wire from `start`: a line with the value on one side and a gradient on the other."""
        scene = self.scene
        attributes = {"border": "0", "cellborder": "0", "cellspacing": "0", "cellpadding": "2"}
        data = scene.data(value)
        if scene.direction == "LR":
            rows = [row(data.cell(name)), "<hr/>", row(gradient.cell())]
        else:
            # Both sides get the same width, so that the line between them is in the middle.
            half = str(max(width(text, SIZE) for text in (name + data.text, gradient.text, gradient.widest)) + 4)
            left = replace(data, widest="").cell(name, width=half, align="right")
            right = replace(gradient, widest="").cell(width=half, align="left")
            rows = [row(left, "<vr/>", right)]
        self.drawing.node(id, table(rows, **scene.line(value), **attributes), shape="plain")
        self.wires.add(id)
        self.join(start, id, arrowhead="none", **stroke or {})
        return id

    def join(self, tail: str, head: str, **attributes: str) -> None:
        """Solder two nodes together; wires are met at the ends of their lines."""
        enter, leave = ("w", "e") if self.scene.direction == "LR" else ("n", "s")
        if tail in self.wires:
            attributes["tailport"] = leave
        if head in self.wires:
            attributes["headport"] = enter
        self.drawing.edge(tail, head, **attributes)
