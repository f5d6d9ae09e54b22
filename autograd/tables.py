"""Tables of text, for terminals."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    r"""The lines of a table in columns two blanks apart; `sides` says which begin (<) and which end (>) on a line.

    >>> print(*aligned([("x", "5"), ("name", "-1.5")], "<>"), sep="\n")
    x        5
    name  -1.5
    """
    widths = [max(map(columns, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(padded, row, widths, sides)).rstrip() for row in rows]


def padded(text: str, width: int, side: str) -> str:
    """A text with blanks after it (<), or before it (>)."""
    blanks = " " * (width - columns(text))
    return blanks + text if side == ">" else text + blanks


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: marks above letters, as of m̂, take none."""
    return sum(not unicodedata.combining(letter) for letter in text)
