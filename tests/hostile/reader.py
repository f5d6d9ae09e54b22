"""Bytes as choices, so that whatever a fuzzer makes up is an input: of text, of a graph, of a file."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")

SNIPPETS = (
    "x; import os", "__import__('os').system('false')", "a\nimport os\n", "a\r\n    raise SystemExit", "# comment",
    "'''", '"""', "\\", "\\N", "\\u003c", "\x00", "\x7f\x9b31m", "{theta}", "${svg}", "%s", "{0}", "{{", "}}", "`${x}`",
    "</script><script>alert(1)</script>", "<!--", "-->", "]]>", "<![CDATA[", "&lt;&amp;", "&#0;", "&", "<b>", "</td>",
    "'\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "</svg>", "</title>", "</math>", "?>", "<?xml",
    "}]}\"", "-> v0 [label=x]", ">];}", "v0op", "v1e0", "\u2028", "\u2029", "\u202e", "\u200f", "שלום", "漢字", "🙂",
    "\ud800", "\udfff", "\ufdd0", "\ufdd2", "\ufffe", "\uffff", "\u0301", "ﬁ", "𝐱", "ⅷ", "é" * 30, "a" * 10_000,
    "lambda", "None", "match", "_", "", " ", "0", "1e5", "-1", "nan", "inf", "np", "theta", "x", "y", "f", "x1", "w[0]",
    "w[", "W]", "f(x)", "a=b", "a.b", "q_2", r"\frac{", "$$", "^", "_{", "alpha", "\\text{", "~",
)
"""What means something in one of the languages that a label gets into."""


class Reader:
    """Reads bytes from first to last; past their end, all choices are the first."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0

    def take(self, count: int) -> bytes:
        """The next bytes, as many as there are."""
        self.place += count
        return self.data[self.place - count : self.place]

    def below(self, limit: int) -> int:
        """A whole number from 0 to below a limit of 65536 or less."""
        return int.from_bytes(self.take(1 if limit <= 256 else 2)) % limit

    def pick(self, things: Sequence[T]) -> T:
        """One of several."""
        return things[self.below(len(things))]

    def double(self) -> float:
        """Any float, with any bits."""
        return float(struct.unpack("<d", self.take(8).ljust(8, b"\0"))[0])

    def text(self, most: int = 3) -> str:
        """Snippets and any other characters, surrogates among them."""
        return "".join(self.piece() for _ in range(self.below(most) + 1))

    def piece(self) -> str:
        """A snippet; or else a byte says how many characters, and each is two or three bytes."""
        kind = self.below(4)
        if kind < 2:
            return self.pick(SNIPPETS)
        width = 2 if kind == 2 else 3
        return "".join(chr(int.from_bytes(self.take(width)) % 0x110000) for _ in range(self.below(16)))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(max(len(self.data) - self.place, 0))


def same(x: Any, y: Any) -> bool:
    """Whether two floats are one number, or both nan; 0 and -0 are two."""
    return type(x) is type(y) is float and (repr(x) == repr(y))
