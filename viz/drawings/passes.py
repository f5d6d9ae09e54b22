"""The compiler, pass by pass: a scalar graph folding into matrices, a drawing for each pass."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import autograd
from autograd import SizeError, UsageError
from viz.drawings import blocks
from viz.drawings.render import Drawing, canvas, pace
from viz.style import SIZE, SMALL, Theme, theme_named
from viz.text.markup import cell, row, shorten, table


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
    >>> [frame.name for frame in passes(lambda x: (w[0] * x[0] + w[1] * x[1]).tanh(), w, (2,))]
    ['trace', 'canonical', 'group', 'reroll', 'differentiate']
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
    lines = [cell(f"{number}. {one.name}", theme.text, SIZE + 4, bold=True), cell(one.sentence, theme.text, SIZE),
             cell(count, theme.muted, SMALL)]
    drawing.attr(label=table([row(line) for line in lines], border="0", cellspacing="0", cellpadding="3"), labelloc="t")
    return drawing


def scalars(nodes: Iterable[Any], direction: str, theme: Theme) -> Drawing:
    """Scalars as boxes with the statement that computes each, those of a group in one frame, in their order."""
    # From top to bottom, lines go far to the side, and with less room for it they would cross members.
    spread = {"rankdir": direction, "nodesep": "0.12", "ranksep": "0.4" if direction == "LR" else "1"}
    drawing = canvas(theme, graph=spread, node={"fontsize": str(SMALL), "shape": "plain"}, edge={"arrowsize": "0.5"})
    groups: dict[Any, list[Any]] = {}
    for node in nodes:
        groups.setdefault(node.name if node.group is None else node.group, []).append(node)
    places: dict[str, str] = {}
    for i, members in enumerate(groups.values()):
        places |= {member.name: f"g{i}:m{k}" for k, member in enumerate(members)}
        drawing.node(f"g{i}", group(members, direction, theme))
    # Lines meet a member at its ends, so that they cross neither the heading nor another member.
    leave, enter = "ew" if direction == "LR" else "sn"
    for node in itertools.chain(*groups.values()):
        for source in node.reads:
            drawing.edge(f"{places[source]}:{leave}", f"{places[node.name]}:{enter}")
    pace(drawing)
    return drawing


def group(members: Sequence[Any], direction: str, theme: Theme) -> str:
    """The label of a group: a heading, and its members one below or beside the other; a scalar alone has neither."""
    cells = [box(member, f"m{k}", theme) for k, member in enumerate(members)]
    if members[0].group is None:
        return table([row(*cells)], border="0", cellspacing="0", cellpadding="3")
    cells.insert(0, cell(f"{len(members)} × {members[0].op}", theme.muted, SMALL, border="0"))
    rows = [row(member) for member in cells] if direction == "LR" else [row(*cells)]
    return table(rows, border="1", cellspacing="6", cellpadding="3", bgcolor=theme.operation, color=theme.muted,
                 style="rounded")


def box(node: Any, port: str, theme: Theme) -> str:
    """The cell of a scalar: its name, or the statement that computes it."""
    fill = getattr(theme, blocks.FILLS.get(node.op, "result"))
    text = node.statements[0] if node.statements else node.name
    lines = [shorten(line, 80) for line in text.split("\n")]
    return cell(" ".join(lines), theme.text, SMALL, bold=not node.statements, port=port, border="1", bgcolor=fill,
                color=theme.line, style="rounded")
