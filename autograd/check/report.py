"""What a check of an engine found, to read and to assert on."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

from autograd.errors import RerollError

WIDTH = 96


class CheckError(RerollError, AssertionError):
    """An engine that gives wrong answers; the message is the whole report."""


@dataclass
class Failure:
    """One failure: the smallest code that shows it, and its likely cause where a probe confirmed one."""

    check: str
    code: str
    expected: str
    got: str
    kind: str
    cause: str = ""
    hint: str = ""
    also: list[str] = field(default_factory=list)
    """Other checks that failed for the same cause."""

    def __str__(self) -> str:
        lines = [self.check, textwrap.indent(self.code, "    ")]
        lines += _paragraph("  cause", self.cause) if self.cause else []
        lines += _paragraph("  hint", self.hint) if self.hint else []
        lines += _list("  also", self.also) if self.also else []
        return "\n".join(lines)


@dataclass(repr=False)
class Report:
    """What `engine` found: true if nothing failed. What is missing, or beyond the level, is no failure."""

    title: str
    passed: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    """Checks that failed and are not asked of an engine of this level."""

    @property
    def ok(self) -> bool:
        """Whether every check passed that could be made."""
        return not self.failures

    def __bool__(self) -> bool:
        return self.ok

    def raise_if_failed(self) -> None:
        """Raise `CheckError`, an AssertionError, with the whole report if anything failed."""
        if not self.ok:
            raise CheckError(str(self))

    def __str__(self) -> str:
        failed = list(dict.fromkeys(name for failure in self.failures for name in [failure.check, *failure.also]))
        total = len(self.passed) + len(failed)
        lines = [f"{self.title}: {len(self.passed)} of {total} checks passed"]
        for word, names in (("passed", self.passed), ("failed", failed), ("missing", self.missing),
                            ("beyond", self.beyond)):
            lines += _list(word, names) if names else []
        for i, failure in enumerate(self.failures, 1):
            lines += ["", f"{i}. {failure}"]
        return "\n".join(lines)

    __repr__ = __str__


def _list(head: str, names: list[str]) -> list[str]:
    """Names with commas, no line breaking inside one."""
    text = ", ".join([name.replace(" ", "\0") for name in names])
    return [line.replace("\0", " ") for line in _paragraph(head, text)]


def _paragraph(head: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"{head:<9}", subsequent_indent=" " * 9, break_long_words=False)
