r"""Labels of Graphviz in which text is text, never markup.

Three languages meet in a label: DOT's strings, Graphviz's HTML-like markup, and its escape
sequences (``\N`` is the name of the node even inside markup). `escape` is safe for all of them.

>>> print(escape(r'<b> & "\N"'))
&lt;b&gt; &amp; &quot;&#92;&#92;N&quot;
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

LONGEST = 40
"""Labels with more characters than this end in an ellipsis."""

_CONTROLS = {code: chr(0x2400 + code) for code in range(32)} | {127: "\u2421", ord("\t"): " ", ord("\n"): "\n"}
# Surrogates and the last two non-characters cannot be written in UTF-8 or XML; the others are for programs' own use.
_INVALID = dict.fromkeys(
    [*range(0x80, 0xA0), *range(0xD800, 0xE000), *range(0xFDD0, 0xFDF0), 0xFFFE, 0xFFFF], "\ufffd"
)
_ESCAPES = _CONTROLS | _INVALID | {
    ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;", ord("'"): "&#39;",
    ord("\\"): "&#92;&#92;", ord("\n"): "<br/>",
}


def shorten(text: str, longest: int = LONGEST) -> str:
    """The text, or its beginning and an ellipsis.

    >>> shorten("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= longest else text[: longest - 1] + "…"


def printable(text: str) -> str:
    """The text on one line, its controls as symbols, without what XML cannot hold.

    >>> printable("a\\nb\\0")
    'a b␀'
    """
    return text.translate(_CONTROLS | _INVALID | {ord("\n"): " "})


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
    ems = (1.0 if unicodedata.east_asian_width(c) in "WF" else 0.34 if c in " .,-:;|" else 0.62 for c in text)
    return round(size * sum(ems))


def cell(text: str, color: str, size: int, *, bold: bool = False, italic: bool = False, **attributes: str) -> str:
    """A cell of a table that holds one text."""
    longest = max(text.split("\n"), key=len)
    if not longest.isascii():
        attributes.setdefault("width", str(width(longest, size) + 8))
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<td{written}>{font(text, color, size, bold=bold, italic=italic)}</td>"


def table(rows: Sequence[str], **attributes: str) -> str:
    """A whole label: rows of cells, `<hr/>` between them where wanted."""
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<<table{written}>{''.join(rows)}</table>>"


def row(*cells: str) -> str:
    """A row of a table."""
    return f"<tr>{''.join(cells)}</tr>"
