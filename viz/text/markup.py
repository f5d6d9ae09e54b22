r"""Labels of Graphviz in which text is text, never markup.

Three languages meet in a label: DOT's strings, Graphviz's HTML-like markup, and its escape
sequences (``\N`` is the name of the node even inside markup). `escape` is safe for all of them.

>>> print(escape(r'<b> & "\N"'))
&lt;b&gt; &amp; &quot;&#92;&#92;N&quot;
"""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence

RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
"""The classes of characters of Unicode's algorithm for two directions that are written from right to left."""

LONGEST = 40
"""Labels with more characters than this end in an ellipsis."""

_CONTROLS = {code: chr(0x2400 + code) for code in range(32)} | {127: "\u2421", ord("\t"): " ", ord("\n"): "\n"}
# Surrogates and the last two non-characters cannot be written in UTF-8 or XML; the others are for programs' own use.
_INVALID = dict.fromkeys(
    [*range(0x80, 0xA0), *range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF], "\ufffd"
)
# What is not seen but changes how other text is seen: marks, embeddings, overrides and isolates of direction,
# separators of lines, joiners of words, byte order marks, notes between lines.
_UNSEEN = dict.fromkeys([
    0xAD, 0x61C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF,
    *range(0xFFF9, 0xFFFC),
])
_READABLE: dict[int, str | None] = {**_CONTROLS, **_INVALID, **_UNSEEN}
ISOLATE, ISOLATED = "\u2068", "\u2069"
"""Unicode's FIRST STRONG ISOLATE, and POP DIRECTIONAL ISOLATE, which ends it."""

_ESCAPES = {code: instead for code, instead in _READABLE.items() if chr(code) not in (ISOLATE, ISOLATED)} | {
    ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("'"): "&#39;",
    ord("\\"): "&#92;&#92;", ord("\n"): "<br/>",
}


def shorten(text: str, longest: int = LONGEST) -> str:
    """The text, or its beginning and an ellipsis.

    >>> shorten("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"


def readable(text: str) -> str:
    """The text with its controls as symbols, without what XML cannot hold and what nobody sees; lines stay.

    >>> readable("x\\u202ey\\0")
    'xy␀'
    """
    return text.translate(_READABLE) or ("\ufffd" if text else "")


def printable(text: str) -> str:
    """The readable text on one line.

    >>> printable("a\\nb\\0")
    'a b␀'
    """
    return readable(text).replace("\n", " ")


def isolated(name: str) -> str:
    """A name for the midst of a text: one that is read from right to left between signs that keep it from the rest.

    Otherwise it would take numbers and operators beside it along.

    >>> isolated("x"), isolated("א")
    ('x', '\\u2068א\\u2069')
    """
    return f"{ISOLATE}{name}{ISOLATED}" if any(unicodedata.bidirectional(c) in RIGHT_TO_LEFT for c in name) else name


def escape(text: str) -> str:
    """The text as it is written inside a label; newlines break the line, other controls get their symbols."""
    return text.translate(_ESCAPES)


def font(text: str, color: str, size: int, *, bold: bool = False, italic: bool = False) -> str:
    """Escaped text in a colour and size."""
    inner = escape(text) or " "
    inner = f"<b>{inner}</b>" if bold else inner
    inner = f"<i>{inner}</i>" if italic else inner
    return f'<font color="{color}" point-size="{size}">{inner}</font>'


def width(text: str, size: int) -> int:
    """About how wide the text is, in points.

    graphviz-pure knows the widths of ASCII only, so cells with other characters say how much they need.
    """
    seen = (c for c in text if unicodedata.category(c) != "Cf")
    ems = (1.0 if unicodedata.east_asian_width(c) in "WF" else 0.34 if c in " .,-:;|" else 0.62 for c in seen)
    return round(size * sum(ems))


def cell(text: str, ink: str, size: int, *, bold: bool = False, italic: bool = False, **attributes: str) -> str:
    """A cell of a table that holds one text in the colour `ink`."""
    longest = max(text.split("\n"), key=len)
    if not longest.isascii():
        attributes.setdefault("width", str(width(longest, size) + 8))
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<td{written}>{font(text, ink, size, bold=bold, italic=italic)}</td>"


def table(rows: Sequence[str], **attributes: str) -> str:
    """A whole label: rows of cells, `<hr/>` between them where wanted."""
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<<table{written}>{''.join(rows)}</table>>"


def row(*cells: str) -> str:
    """A row of a table."""
    return f"<tr>{''.join(cells)}</tr>"


# ── tables for notebooks ─────────────────────────────────────────────────────────────────────


def html_table(head: Sequence[str], rows: Iterable[Sequence[str]], foot: str = "") -> str:
    """A `<table>` with a heading and perhaps a last row as wide as the table; cells are markup."""
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    lines += [f'<td colspan="{len(head)}">{foot}</td>'] if foot else []
    heading = "".join(f"<th>{cell}</th>" for cell in head)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table>\n<thead><tr>{heading}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def plain(text: str) -> str:
    """Text as HTML."""
    return html.escape(printable(text))
