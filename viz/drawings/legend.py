"""The legend: what each colour means, in every picture.

>>> "gradient" in legend().source
True
"""

from __future__ import annotations

from collections.abc import Sequence

from viz.drawings.picture import Mark, linked
from viz.drawings.render import Drawing, canvas
from viz.style import SIZE, SMALL, Theme, theme_named
from viz.text.markup import cell, font, row, table

MEANINGS = {
    "value": "value",
    "gradient": "gradient",
    "local": "local derivative",
    "input": "input",
    "parameter": "parameter",
    "constant": "constant",
    "result": "result",
    "operation": "operation or neuron",
    "positive": "positive; width: size",
    "negative": "negative, or dashed; width: size",
    "marker": "new in this step",
}
"""What each colour of a `Theme` says, by its field."""

INKS = ("value", "gradient", "local")
"""The colours that are those of text; lines and fills are shown as patches."""

LINES = ("positive", "negative")
"""The colours of lines."""

SCALARS = ("value", "gradient", "local", "input", "parameter", "constant", "result", "operation")
NEURONS = ("value", "input", "operation", "positive", "negative")
BLOCKS = ("value", "gradient", "input", "parameter")

IN_A_ROW = 3
"""Entries side by side."""


def legend(theme: str = "light") -> Drawing:
    """A picture of what every colour means, in a theme."""
    colours = theme_named(theme)
    drawing = canvas(colours, node={"shape": "plain"})
    drawing.node("legend", _entries(tuple(MEANINGS), colours, 1))
    return drawing


def attach(
    drawing: Drawing, meanings: Sequence[str], theme: Theme, note: str = "", marks: dict[str, Mark] | None = None
) -> None:
    """Write a legend below a drawing, under the note that stands there if there is one; `marks` are filled in."""
    drawing.attr(label=_entries(meanings, theme, IN_A_ROW, note, marks), labelloc="b")


def _entries(
    meanings: Sequence[str], theme: Theme, columns: int, note: str = "", marks: dict[str, Mark] | None = None
) -> str:
    entries = [_entry(meaning, theme, marks) for meaning in meanings]
    rows = [row(*(part for entry in entries[i : i + columns] for part in entry))
            for i in range(0, len(entries), columns)]
    if note:
        rows.insert(0, f'<tr><td colspan="{2 * columns}">{font(note, theme.muted, SMALL, italic=True)}</td></tr>')
    return table(rows, border="0", cellborder="0", cellspacing="4", cellpadding="1")


def _entry(meaning: str, theme: Theme, marks: dict[str, Mark] | None) -> tuple[str, str]:
    """A patch of the colour, or a number written in it, and what it means."""
    colour = getattr(theme, meaning)
    named = {} if marks is None else linked(f"legend {meaning}", Mark(None, meaning), marks)
    words = {} if marks is None else linked(f"legend words {meaning}", Mark(None, "text"), marks)
    said = cell(MEANINGS[meaning], theme.text, SMALL, bold=False, italic=False, align="left", **words)
    if meaning in INKS:
        return cell("0.5", colour, SIZE, bold=True, italic=False, align="right", **named), said
    patch = table([f'<tr><td width="24" height="{5 if meaning in LINES else 10}"></td></tr>'],
                  border="0", cellborder="1", cellspacing="0", cellpadding="0", bgcolor=colour, color=theme.line)
    written = "".join(f' {name}="{value}"' for name, value in named.items())
    return f'<td align="right"{written}>{patch[1:-1]}</td>', said
