"""Tables of text cells, for terminals and for notebooks."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

from viz.text.markup import printable


def aligned(rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    """Rows of text in columns two blanks apart; numeric ones end on a line, others begin on one.

    >>> print(aligned([("x", "5"), ("name", "-1.5")], [False, True]))
    x        5
    name  -1.5
    """
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(padded, row, widths, numeric)).rstrip() for row in rows)


def padded(text: str, width: int, right: bool) -> str:
    """A text with blanks after it, or before it."""
    blanks = " " * (width - columns(text))
    return blanks + text if right else text + blanks


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: marks above letters, as of m̂, take none."""
    return sum(not unicodedata.combining(letter) for letter in text)


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]], foot: str = "") -> str:
    """A `<table>` with a heading and perhaps a last row as wide as the table; cells are markup."""
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    lines += [f'<td colspan="{len(head)}">{foot}</td>'] if foot else []
    heading = "".join(f"<th>{cell}</th>" for cell in head)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>\n<thead><tr>{heading}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def plain(text: str) -> str:
    """Text as markup."""
    return escape(printable(text))
