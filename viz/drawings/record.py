"""The box style: a box for each value, a circle for each operation, as in micrograd.

A box reads label | data | grad. Constants are small dashed boxes that hold their number alone.
"""

from __future__ import annotations

from dataclasses import replace

from autograd import Value, ops
from viz.drawings.picture import Mark, Picture
from viz.drawings.scene import Scene
from viz.text.markup import row, table


def draw(scene: Scene, marks: dict[str, Mark] | None = None) -> Picture:
    """The graph as boxes and circles."""
    picture = scene.picture(marks, ranksep="0.3", nodesep="0.2")
    for value in scene.values:
        picture.node(scene.ids[value], Mark(value, scene.kind(value)), box(scene, picture, value), shape="plain")
        if value in scene.made:
            connect(scene, picture, value, scene.made[value])
    return picture


def connect(scene: Scene, picture: Picture, value: Value, op: ops.Op) -> None:
    """The operation that made a value: its circle, and an edge from each operand in order."""
    circle, operation = scene.ids[value] + "op", Mark(value, "operation")
    picture.node(circle, operation, **scene.operation(value, op))
    for i, (arg, partial) in enumerate(zip(value.args, scene.partials(value), strict=True)):
        if scene.enters(value, i):
            point = scene.entry(picture, scene.ids[arg], value, i)
            scene.connect(picture, point, value, i, partial, tailport=scene.sides[1])
        else:
            scene.connect(picture, scene.ids[arg], value, i, partial)
    picture.edge(circle, scene.ids[value], operation, **scene.result(value))


def box(scene: Scene, picture: Picture, value: Value) -> str:
    """The label of a value's node."""
    constant = value.op is ops.constant
    cells = [picture.cell(scene.label(value))] if scene.labels[value] else []
    cells.append(picture.cell(replace(scene.data(value), before="" if constant else "data ")))
    if scene.gradients is not False and not constant:
        cells.append(picture.cell(replace(scene.gradient(value), before=scene.before_gradient)))
    return table(
        [row(*cells)],
        border="1" if constant else "0", cellborder="0" if constant else "1", cellspacing="0", cellpadding="5",
        bgcolor=scene.fill(value), style="dashed" if constant else "solid", **scene.line(value),
    )
