"""What the commands have in common: their parser, how they end, and what a terminal can show."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import io
import itertools
import os
import signal
import sys
import textwrap
import unicodedata
from collections.abc import Callable
from typing import Any, NoReturn, TextIO


class Help(argparse.HelpFormatter):
    """Help whose description and epilog wrap as the rest does; lines that begin with blanks stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = itertools.groupby(text.splitlines(), lambda line: not line or line[0] == " ")
        wrapped = [list(lines) if kept else textwrap.wrap(" ".join(lines), width) for kept, lines in parts]
        return "\n".join(indent + line for line in itertools.chain(*wrapped))


class HelpWithDefaults(argparse.ArgumentDefaultsHelpFormatter, Help):
    """Such help, which also states the default of each option."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, and which takes no option by its beginning alone."""

    def __init__(self, *, formatter_class: type[argparse.HelpFormatter] = Help, **options: Any) -> None:
        super().__init__(formatter_class=formatter_class, **{"allow_abbrev": False} | options)

    def error(self, message: str) -> NoReturn:
        """End with exit code 2."""
        self.exit(2, f"{coloured(f'{self.prog}: error:', 'wrong', sys.stderr)} {message}; --help lists what it takes\n")


def printed(program: str, command: Callable[[], int]) -> int:
    """Run a command until all that it prints is written; its exit code.

    Where nobody reads on, as in `… | head -1`, it ends quietly, with the code of a command that SIGPIPE ends; where
    nothing can be written, with 2 and a line on stderr.
    """
    try:
        try:
            for stream in (sys.stdout, sys.stderr):
                if isinstance(stream, io.TextIOWrapper):
                    stream.reconfigure(errors=PLAIN)
            return command()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:  # it is of a file, not of the output
            raise
        with contextlib.suppress(OSError, ValueError):  # or Python would try to write once more at its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return 128 + getattr(signal, "SIGPIPE", 13)
        with contextlib.suppress(OSError):
            print(f"{program}: error: what it prints cannot be written: {error.strerror or error}", file=sys.stderr)
        return 2


# ── what a terminal can show ─────────────────────────────────────────────────────────────────

PLAIN = "reroll.plain"
"""The name under which Python's encoders know `plain`."""

ASCII = {"·": "*", "×": "x", "−": "-", "→": "->", "…": "...", "█": "#", "½": "1/2", "∂": "d", "Σ": "sum", "√": "sqrt",
         "∞": "inf", "\u2068": "", "\u2069": "",  # the last two keep names apart that are read from right to left
         "λ": "lambda"}  # which Unicode calls LAMDA
"""How signs are written where the encoding of a terminal has no better way."""


def plain(error: UnicodeError) -> tuple[str, int]:
    """What to write in place of letters that an encoding lacks: * for ·, alpha for α, a for ā, else a question mark."""
    assert isinstance(error, UnicodeEncodeError)
    return "".join(map(spelled, error.object[error.start : error.end])), error.end


def spelled(letter: str) -> str:
    """A letter in ASCII."""
    if letter in ASCII:
        return ASCII[letter]
    greek = unicodedata.name(letter, "").startswith("GREEK SMALL LETTER ")
    decomposed = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return (unicodedata.name(letter).split()[3].lower() if greek else decomposed) or "?"


codecs.register_error(PLAIN, plain)

COLOURS = {"value": "34", "gradient": "33", "right": "32", "wrong": "31"}
"""The codes of colours by what is written in them, as in drawings: blue is a value, vermillion a gradient."""


def coloured(text: str, meaning: str, stream: TextIO | None = None) -> str:
    """A text in the colour of what it means, for a terminal that has colours."""
    return f"\x1b[{COLOURS[meaning]}m{text}\x1b[0m" if has_colours(stream or sys.stdout) else text


def has_colours(stream: TextIO) -> bool:
    """Whether what is written to a stream may be coloured: to a terminal, unless NO_COLOR is set (no-color.org)."""
    settings = os.environ
    if settings.get("NO_COLOR") or settings.get("TERM") == "dumb":
        return False
    if sys.platform == "win32" and "WT_SESSION" not in settings:  # older terminals print the codes
        return False
    return stream.isatty()
