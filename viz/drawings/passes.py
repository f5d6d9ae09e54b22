"""The compiler, pass by pass: a scalar graph folding into matrices, a drawing for each pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import autograd
from autograd import SizeError, UsageError
from viz.drawings import blocks
from viz.drawings.canvas import canvas
from viz.drawings.render import Drawing
from viz.style import SIZE, SMALL, Theme, theme_named
from viz.text.markup import cell, font, row, shorten, table


@dataclass(frozen=True)
class PassFrame:
    """What one pass of the compiler made: its name, a sentence about it, and the drawing."""

    name: str
    sentence: str
    drawing: Drawing


def passes(
    program: Any,
    params: Any = None,
    x_shape: Sequence[int] | None = None,
    y_shape: Sequence[int] | None = None,
    *,
    inputs: bool = False,
    direction: str = "LR",
    theme: str = "light",
    limit: int = 120,
) -> list[PassFrame]:
    """A drawing of the graph after each pass of the compiler, from the scalars of a loss to its matrices.

    `program` is what `autograd.compile` made, once it is traced; or a loss with its `params` and the shapes of a row
    of X and of Y, which is then compiled. Scalars have the statement that computes them, and stay in the
    order of creation; those that form a group get a frame. Constants are written where they are used. With `inputs`,
    the gradient with respect to the inputs is drawn too.

    Raises `SizeError` for losses of more scalars than `limit`, `UsageError` where shapes or parameters are missing.

    >>> from autograd import Value
    >>> w = [Value(1.0, "w[0]"), Value(2.0, "w[1]")]
    >>> for frame in passes(lambda x: (w[0] * x[0] + w[1] * x[1]).tanh(), w, (2,)):
    ...     print(frame.name, frame.drawing.source.count("->"))
    trace 7
    canonical 5
    group 5
    reroll 4
    differentiate 11
    """
    if not hasattr(program, "passes"):
        program = _compiled(program, params, x_shape, y_shape)
    elif params is not None or x_shape is not None or y_shape is not None:
        raise UsageError("a program has its parameters and shapes already: passes(program)")
    colours = theme_named(theme)
    made = program.passes(inputs=inputs)
    scalars = len(made[0].nodes)
    if scalars > limit:
        raise SizeError(
            f"the loss has {scalars} scalars, and pictures of more than limit={limit} are hard to read: raise limit=, "
            "or take a smaller network: the passes do the same with it; draw(program) shows the blocks of a large one"
        )
    return [
        PassFrame(one.name, one.sentence, _titled(_drawn(one.nodes, direction, theme), i, one, colours))
        for i, one in enumerate(made, 1)
    ]


def _compiled(loss: Callable[..., Any], params: Any, x_shape: Any, y_shape: Any) -> Any:
    if not callable(loss) or params is None or x_shape is None:
        raise UsageError(
            "passes takes a program, or a loss with its parameters and the shape of a row of X (and of Y): "
            "passes(loss, params, (2,), (1,))"
        )
    return autograd.compile(loss, params).trace(tuple(x_shape), None if y_shape is None else tuple(y_shape))


def _drawn(nodes: Sequence[Any], direction: str, theme: str) -> Drawing:
    arrays = any(node.shape for node in nodes)
    return blocks.paint(nodes, "TB", theme) if arrays else scalars(nodes, direction, theme_named(theme))


def _titled(drawing: Drawing, number: int, one: Any, theme: Theme) -> Drawing:
    """The drawing under a heading that says which pass it shows, and how much there is left."""
    count = f"{len(one.nodes)} {'arrays' if any(node.shape for node in one.nodes) else 'scalars'}"
    lines = [font(f"{number}. {one.name}", theme.text, SIZE + 4, bold=True),
             font(one.sentence, theme.text, SIZE), font(count, theme.muted, SMALL)]
    drawing.attr(label=f"<{'<br/>'.join(lines)}>", labelloc="t")
    return drawing


def scalars(nodes: Iterable[Any], direction: str, theme: Theme) -> Drawing:
    """Scalars as boxes with the statement that computes each, in a frame with those of their group."""
    nodes = list(nodes)
    ids = {node.name: f"s{i}" for i, node in enumerate(nodes)}
    spread = {"rankdir": direction, "nodesep": "0.12", "ranksep": "0.4"}
    drawing = canvas(theme, graph=spread, node={"fontsize": str(SMALL), "shape": "plain"}, edge={"arrowsize": "0.5"})
    for node in nodes:
        drawing.node(ids[node.name], box(node, theme))
        for source in node.reads:
            drawing.edge(ids[source], ids[node.name])
    groups: dict[int, list[Any]] = {}
    for node in nodes:
        if node.group is not None:
            groups.setdefault(node.group, []).append(node)
    for i, members in groups.items():
        with drawing.subgraph(name=f"cluster_{i}") as frame:
            title = f"{len(members)} × {members[0].op}"
            frame.attr(label=f"<{font(title, theme.muted, SMALL)}>", style="rounded,filled", color=theme.muted,
                       fillcolor=theme.operation, margin="6")
            for member in members:
                frame.node(ids[member.name])
    return drawing


def box(node: Any, theme: Theme) -> str:
    """The label of a scalar: its name, or the statement that computes it."""
    fill = getattr(theme, blocks.FILLS.get(node.op, "result"))
    text = node.statements[0] if node.statements else node.name
    lines = [shorten(line, 80) for line in text.split("\n")]
    content = row(cell(" ".join(lines), theme.text, SMALL, bold=not node.statements))
    return table([content], border="1", cellborder="0", cellspacing="0", cellpadding="3", bgcolor=fill,
                 color=theme.line, style="rounded")
