"""Tables for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from viz.text.markup import printable


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
