"""The box style: a box for each value, a circle for each operation, as in micrograd.

A box reads label | data | grad. Constants are small dashed boxes that hold their number alone.
"""

from __future__ import annotations

from autograd import Value, ops
from viz.drawings.render import Drawing
from viz.drawings.scene import Scene
from viz.text.markup import row, table


def draw(scene: Scene) -> Drawing:
    """The graph as boxes and circles."""
    drawing = scene.drawing(ranksep="0.3", nodesep="0.2")
    for value in scene.values:
        drawing.node(scene.ids[value], box(scene, value), shape="plain")
        if isinstance(value.op, ops.Op):
            connect(scene, drawing, value, value.op)
    return drawing


def connect(scene: Scene, drawing: Drawing, value: Value, op: ops.Op) -> None:
    """The operation that made a value: its circle, and an edge from each operand in order."""
    circle = scene.ids[value] + "op"
    drawing.node(circle, **scene.operation(op))
    for i, (arg, partial) in enumerate(zip(value.args, scene.partials(value), strict=True)):
        drawing.edge(scene.ids[arg], circle, **scene.operand(value, i, partial))
    drawing.edge(circle, scene.ids[value], **scene.result(value))


def box(scene: Scene, value: Value) -> str:
    """The label of a value's node."""
    constant = value.op is ops.constant
    cells = []
    if scene.labels[value]:
        cells.append(scene.name_cell(value))
    cells.append(scene.data(value).cell("" if constant else "data "))
    if scene.gradients is not False and not constant:
        cells.append(scene.gradient(value).cell(scene.caption))
    return table(
        [row(*cells)],
        border="1" if constant else "0", cellborder="0" if constant else "1", cellspacing="0", cellpadding="5",
        bgcolor=scene.fill(value), style="dashed" if constant else "solid", **scene.line(value),
    )
