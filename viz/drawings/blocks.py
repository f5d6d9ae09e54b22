"""Compiled programs as blocks: each array a box, the forward half beside the backward half.

A program is seen through its `passes()`: the last one's nodes have a name, an operation, a shape, the number of
scalars they stand for, the statements that compute them and the names of what those read.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from autograd import SizeError
from viz.arguments import one_of
from viz.drawings.legend import BLOCKS, attach
from viz.drawings.render import Drawing, canvas, pace
from viz.style import SIZE, SMALL, Theme, theme_named
from viz.text.markup import cell, font, row, shorten, table

CODE = "Courier"
"""The font of statements."""

LONGEST = 64
"""Statements with more characters than this are broken into lines."""

MOST = 6
"""More lines than this of one array end in an ellipsis."""

MANY = 100
"""In drawings of more arrays than this, shapes are written in the boxes alone: their layout would take minutes."""

Notes = Mapping[str, tuple[str, bool]]
"""What is written into the boxes of arrays, by their names, and whether it is something wrong."""

FILLS = {"parameter": "parameter", "input": "input", "target": "input", "noise": "constant", "outside": "constant"}
"""The field of a theme with which leaves are filled."""


def draw(
    program: Any, *, backward: bool = True, inputs: bool = False, direction: str = "TB", theme: str = "light",
    legend: bool = False, limit: int = 200,
) -> Drawing:
    """A picture of a compiled program, as `viz.draw` makes it."""
    nodes = [node for node in program.passes(inputs=inputs)[-1].nodes if backward or not node.backward]
    if len(nodes) > limit:
        raise SizeError(
            f"the program has {len(nodes)} arrays, and pictures of more than limit={limit} are hard to read: raise "
            "limit=, leave out the backward half with backward=False, or draw a smaller example; "
            "print(program.summary()) lists the blocks of any"
        )
    drawing = paint(nodes, direction, theme)
    if legend:
        attach(drawing, BLOCKS, theme_named(theme))
    return drawing


def draw_report(report: Any, *, direction: str = "TB", theme: str = "light", limit: int = 200) -> Drawing:
    """The program with which a student's function was compared; what is wrong in this is written into the boxes."""
    notes = dict.fromkeys(report.right, ("yours: right", False))
    notes |= {mistake.explanation.name: (f"yours {mistake.words}", True) for mistake in reversed(report.mistakes)
              if mistake.explanation is not None}
    nodes = report.program.passes()[-1].nodes
    if len(nodes) > limit:
        raise SizeError(f"the program has {len(nodes)} arrays, limit={limit} are drawn: raise limit=, or print(report)")
    return paint(nodes, direction, theme, notes)


def paint(
    nodes: Sequence[Any], direction: str, theme: str, notes: Notes = MappingProxyType({})
) -> Drawing:
    """The arrays of a program, each box beside that of its gradient, and those of a loop in a frame.

    `notes` are written into the boxes of the arrays that they name.
    """
    one_of("direction", direction, ("TB", "LR"))
    colours = theme_named(theme)
    shown = {node.name: node for node in nodes}
    names = ids(nodes)
    spread = {"rankdir": direction, "nodesep": "0.3", "ranksep": "0.35"}
    drawing = canvas(colours, graph=spread, node={"shape": "plain"})
    draw_boxes(drawing, names, list(shown.values()), colours, notes)
    for name, node in shown.items():
        for source in node.reads:
            if source in shown:
                connect(drawing, names, shown[source], node, colours, shapes=len(shown) <= MANY)
        if node.backward and node.of in shown and not node.loops and not shown[node.of].loops:
            with drawing.subgraph() as rank:
                rank.attr(rank="same")
                rank.node(names[node.of])
                rank.node(names[name])
                rank.edge(names[node.of], names[name], style="invis")  # the forward half is on the left
    pace(drawing)
    return drawing


def ids(nodes: Sequence[Any]) -> dict[str, str]:
    """What the boxes of arrays are called in the picture, by the names of the arrays."""
    return {name: f"b{i}" for i, name in enumerate(dict.fromkeys(node.name for node in nodes))}


def draw_boxes(
    drawing: Any, ids: dict[str, str], nodes: Iterable[Any], theme: Theme, notes: Notes, depth: int = 0
) -> None:
    """The boxes of arrays, those of a loop in a frame, in which frames of the loops in it may be."""
    inside: dict[tuple[int, int], list[Any]] = {}
    for node in nodes:
        if len(node.loops) > depth:
            inside.setdefault(node.loops[depth], []).append(node)
        else:
            drawing.node(ids[node.name], box(node, theme, *notes.get(node.name, ("", False))))
    for (loop, steps), own in inside.items():
        with drawing.subgraph(name=f"cluster_loop{loop}") as frame:
            frame.attr(label=f"loop ↻ × {steps}", labeljust="l", color=theme.muted, fontcolor=theme.muted,
                       fontsize=str(SIZE), style="rounded")
            draw_boxes(frame, ids, own, theme, notes, depth + 1)


def box(node: Any, theme: Theme, note: str, wrong: bool) -> str:
    """The label of an array: name and operation, statements, shape and number of scalars, and perhaps a note."""
    fill = theme.marker if wrong else getattr(theme, FILLS.get(node.op, "result"))
    ink = theme.gradient if node.backward else theme.value if node.statements else theme.text
    about = f"gradient of {node.of}" if node.backward else node.op
    heading = f"{font(shorten(node.name), ink, SIZE, bold=True)}  {font(shorten(about), theme.muted, SMALL)}"
    rows = [f'<tr><td align="left">{heading}</td></tr>']
    rows += [row(code(line, theme)) for line in broken(node.statements)]
    scalars = f"{node.scalars:,} scalar{'s' * (node.scalars != 1)}"
    rows.append(row(cell(f"{dimensions(node.shape)} · {scalars}", theme.muted, SMALL, align="left")))
    rows += [row(cell(line, theme.text, SMALL, bold=True, align="left")) for line in textwrap.wrap(note, LONGEST)]
    colour = theme.gradient if node.backward else theme.line
    return table(rows, border="1", cellborder="0", cellspacing="0", cellpadding="3", bgcolor=fill, color=colour,
                 style="rounded")


def broken(statements: Iterable[str]) -> list[str]:
    """The lines of statements, long ones broken, and an ellipsis where there are too many."""
    lines = [line for text in statements for line in textwrap.wrap(text, LONGEST, subsequent_indent="    ") or [""]]
    return lines if len(lines) <= MOST else [*lines[: MOST - 1], "…"]


def code(line: str, theme: Theme) -> str:
    """A statement, in the font of code."""
    written = font(line, theme.text, SMALL).replace("<font ", f'<font face="{CODE}" ', 1)
    return f'<td align="left">{written}</td>'


def dimensions(shape: Sequence[int | str]) -> str:
    """A shape for people.

    >>> dimensions(("batch", 128)), dimensions((10,)), dimensions(())
    ('batch × 128', '10', 'one number')
    """
    return " × ".join(map(str, shape)) or "one number"


def connect(
    drawing: Drawing, ids: dict[str, str], source: Any, node: Any, theme: Theme, shapes: bool
) -> None:
    """The edge along which an array is read, perhaps with its shape; gradients flow against the ranks."""
    if node.backward and not source.backward:
        drawing.edge(ids[source.name], ids[node.name], style="dashed", constraint="false", arrowsize="0.4")
        return
    back = node.backward
    ends = [ids[node.name], ids[source.name]] if back else [ids[source.name], ids[node.name]]
    if shapes:  # in a place of its own on the line, so that no other line is drawn over it
        ends.insert(1, "_".join(ends))
        drawing.node(ends[1], f"<{font(dimensions(source.shape), theme.muted, 8)}>")
    pieces = list(itertools.pairwise(ends))
    for piece in pieces:
        arrow = piece == (pieces[0] if back else pieces[-1])
        direction = "none" if not arrow else "back" if back else "forward"
        drawing.edge(*piece, dir=direction, color=theme.gradient if back else theme.line)
