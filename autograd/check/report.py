"""What a check of an engine, or of backpropagation with arrays, found: to read and to assert on."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autograd.errors import RerollError

if TYPE_CHECKING:
    from autograd.compiler.explain.explanation import Explanation

WIDTH = 96


class CheckError(RerollError, AssertionError):
    """An engine or a function that gives wrong answers; the message is the whole report."""


@dataclass(repr=False)
class Verdict:
    """What a check found, as every report of one says it: true if nothing is wrong."""

    title: str

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self._findings()

    def __bool__(self) -> bool:
        return self.ok

    def raise_if_failed(self) -> None:
        """Raise `CheckError`, an AssertionError, with the whole report if anything is wrong."""
        if not self.ok:
            raise CheckError(str(self))

    def __str__(self) -> str:
        lines = [f"{self.title}: {self._count()}"]
        for head, names in self._names().items():
            lines += _list(head, names) if names else []
        for number, finding in enumerate(self._findings(), 1):
            lines += ["", f"{number}. {finding}"]
        return "\n".join(lines)

    __repr__ = __str__

    def _count(self) -> str:
        """How much of it is right."""
        raise NotImplementedError

    def _names(self) -> dict[str, list[str]]:
        """What the report lists, by what is said of it."""
        raise NotImplementedError

    def _findings(self) -> Sequence[Failure | Mistake]:
        """What is wrong."""
        raise NotImplementedError


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
class Report(Verdict):
    """What `engine` found: true if nothing failed. What is missing, or beyond the level, is no failure."""

    passed: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    """Checks that failed and are not asked of an engine of this level."""

    @property
    def failed(self) -> list[str]:
        """The checks that failed."""
        return list(dict.fromkeys(name for failure in self.failures for name in [failure.check, *failure.also]))

    def _count(self) -> str:
        return f"{len(self.passed)} of {len(self.passed) + len(self.failed)} checks passed"

    def _names(self) -> dict[str, list[str]]:
        return {"passed": self.passed, "failed": self.failed, "missing": self.missing, "beyond": self.beyond}

    def _findings(self) -> list[Failure]:
        return self.failures


@dataclass(frozen=True)
class Mistake:
    """One mistake: the array that is wrong, the slip in a word and in words, and the right lines explained.

    `kind` is "transpose", "mean" (over the batch), "factor", "sign", "axis", "shape", "product" (* and @), "mask",
    "slope", "wrong array", "overwritten", "missing term", "extra term", "missing factor", "missing", "order" or
    "flipped"; "raises" for an exception of another kind, and "unknown" where no usual slip gives the student's numbers.
    """

    name: str
    kind: str
    words: str
    also: tuple[str, ...] = ()
    """Arrays in which the same slip would give the same gradients."""
    into: str = ""
    """The gradient that the array goes into next, which a student may compute in the same line."""
    explanation: Explanation | None = None
    details: str = ""
    where: tuple[str, ...] = ()
    """The lines of what the right one reads and the student does not have."""

    @property
    def line(self) -> str:
        """The right line, or lines."""
        return "\n".join(rule.text for rule in self.explanation.rules) if self.explanation else ""

    def __str__(self) -> str:
        name = f"{self.name}, which goes into {self.into}," if self.into else self.name
        lines = _sentence(f"{name} {self.words}".strip())
        lines += _paragraph("  detail", self.details) if self.details else []
        if self.also:
            lines += _paragraph("  or", f"the same in {', '.join(self.also)}, which gives the same gradients")
        if self.explanation is not None:
            for rule in self.explanation.rules:
                lines += _paragraph("  right", rule.text) + _paragraph("  means", f"{rule}, {rule.ranges()}")
            for text in self.where:
                lines += _paragraph("  where", text)
            for source in self.explanation.sources:
                lines += _paragraph("  why", source.sentence)
            for text in self.explanation.first_entry():
                lines += _paragraph("  entry", text)
        return "\n".join(lines)


@dataclass(repr=False)
class MatrixReport(Verdict):
    """What `matrices` found: true if all gradients are right."""

    right: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    layout: tuple[str, ...] = ()
    """How the student lays out arrays, as far as the check found out."""
    program: Any = None
    """The compiled loss, of which `viz.draw(report)` draws the arrays."""
    lines: tuple[str, ...] = ()
    """The arrays that the program computes, with which those of a student are compared that have the same names."""

    @property
    def ok(self) -> bool:
        """Whether all gradients are right."""
        return not self.wrong and not self.mistakes

    @property
    def first(self) -> Mistake | None:
        """The first mistake, in the order in which the program computes."""
        return self.mistakes[0] if self.mistakes else None

    def _count(self) -> str:
        return f"{len(self.right)} of {len(self.right) + len(self.wrong)} gradients are right"

    def _names(self) -> dict[str, list[str]]:
        return {"layout": [*self.layout], "right": self.right, "wrong": self.wrong}

    def _findings(self) -> list[Mistake]:
        return self.mistakes


def _list(head: str, names: list[str]) -> list[str]:
    """Names with commas, no line breaking inside one."""
    text = ", ".join([name.replace(" ", "\0") for name in names])
    return [line.replace("\0", " ") for line in _paragraph(head, text)]


def _sentence(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * 3, break_long_words=False)


def _paragraph(head: str, text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=f"{head:<9}", subsequent_indent=" " * 9, break_long_words=False)
