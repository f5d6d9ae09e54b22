"""Assignments as Markdown: what a student reads, and what each task is made of and marked by.

A file of `tasks/` is a notebook in text. Its code blocks say what they are in their first line:

- `python`: a cell of code that everybody runs;
- `python setup`: the same, and solutions need it: imports;
- `python folded`: a cell for those who study alone, as are the texts of its section;
- `python numbers`: draws numbers that are other ones for each student, by `rng`, a `random.Random`. In the text before
  and after, `{{n}}` is the number n;
- `python solution NAME, 1 + 2 points`: defines NAME. Between `### BEGIN SOLUTION` and `### END SOLUTION` is what a
  student writes. The first points are for tests that everybody sees, the others for hidden ones;
- `python cases`: draws `cases`, a list of arguments for NAME, each a tuple, by `rng` too; and perhaps `corners`, more
  of them that are only in the hidden tests;
- `python slip: WORDS`: NAME as it is often written wrongly; answers that are equal to its are explained by the words;
- `python test`: in place of cases, an expression: what a report is, true if all is right and else to be read, or words.

A task is what is below a heading `##`; each has a solution at most.
"""

from __future__ import annotations

import functools
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from autograd import UsageError

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
"""What is between lines that say this is what a student writes."""

Scope = dict[str, Any]
"""Names, and what they stand for, as Python's exec wants it."""


@dataclass(frozen=True)
class Text:
    """A cell of Markdown; `alone` says that it is only for those who study alone."""

    source: str
    alone: bool = False


@dataclass(frozen=True)
class Code:
    """A cell of code; `setup` says that solutions need it, `alone` that it is only for those who study alone."""

    source: str
    setup: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Slip:
    """What is often written in place of a solution, and what to say then."""

    words: str
    source: str


@dataclass
class Task:
    """Something to write, with what marks it; `points` are for the tests that are seen, and for those that are not."""

    name: str = ""
    points: tuple[int, int] = (0, 0)
    solution: str = ""
    numbers: str = ""
    cases: str = ""
    test: str = ""
    slips: list[Slip] = field(default_factory=list)

    def stub(self, todo: str) -> str:
        """The solution without what a student writes."""
        return re.sub(rf"( *){BEGIN}\n.*?{END}", lambda match: f"{match[1]}{todo}".replace("\n", f"\n{match[1]}"),
                      self.solution, flags=re.DOTALL)


@dataclass
class Assignment:
    """A notebook to work on: its name, as of a file, its title, and its parts from top to bottom."""

    name: str
    parts: list[Text | Code | Task]

    @property
    def title(self) -> str:
        """The first heading."""
        first = self.parts[0]
        assert isinstance(first, Text)
        return first.source.splitlines()[0].removeprefix("# ")

    @property
    def tasks(self) -> list[Task]:
        """What is to be written."""
        return [part for part in self.parts if isinstance(part, Task)]

    def task(self, name: str) -> Task:
        """One of the tasks; raises `UsageError` for a name of none."""
        for task in self.tasks:
            if task.name == name:
                return task
        raise UsageError(f"tasks of {self.name} are {', '.join(task.name for task in self.tasks)}; {name!r} came")

    def rng(self, task: Task, student: str, seed: int | None = None) -> random.Random:
        """What draws numbers for a student; with a seed, those of hidden tests."""
        return random.Random(f"{self.name} {task.name} {student} {seed}")

    def numbers(self, task: Task, student: str) -> Scope:
        """The numbers of a student for a task, by name."""
        drawn: Scope = {"rng": self.rng(task, student)}
        exec(task.numbers, drawn)
        return {name: value for name, value in drawn.items() if name not in ("rng", "__builtins__")}

    def scope(self, last: Task, student: str, source: str | None = None) -> Scope:
        """What there is once the tasks up to one are solved; with `source`, the last of them in this way."""
        scope: Scope = {"__name__": "__main__", "student": student}
        for part in self.parts:
            if isinstance(part, Code) and part.setup:
                exec(part.source, scope)
            if isinstance(part, Task):
                scope |= self.numbers(part, student)
                exec(source if source is not None and part is last else part.solution, scope)
            if part is last:
                break
        return scope

    def cases(self, task: Task, student: str, seed: int | None, scope: Scope) -> list[tuple[Any, ...]]:
        """The arguments that tests give; hidden ones are drawn by the seed, and have the corners as well."""
        drawn = scope | {"rng": self.rng(task, student, seed), "corners": []}
        exec(task.cases, drawn)
        found: list[tuple[Any, ...]] = drawn["cases"] + (drawn["corners"] if seed is not None else [])
        return found


def read(name: str, text: str) -> Assignment:
    """An assignment from its text.

    >>> two = read("two", "# Two\\n\\n## Twice\\n```python solution twice, 1 + 2 points\\ndef twice(x): ...\\n```\\n")
    >>> two.title, two.task("twice").points
    ('Two', (1, 2))
    """
    parts: list[Text | Code | Task] = []
    for section in re.split(r"^(?=## )", text, flags=re.MULTILINE):
        task, pieces = Task(), list(blocks(section))
        alone = any(kind == "folded" for kind, _, _ in pieces)
        for kind, words, source in pieces:
            match kind:
                case "text":
                    parts.append(Text(source, alone))
                case "" | "setup" | "folded":
                    parts.append(Code(source, kind == "setup", kind == "folded"))
                case "numbers" | "cases" | "test":
                    setattr(task, kind, source)
                case "slip:":
                    task.slips.append(Slip(words, source))
                case "solution":
                    task.name, _, points = words.partition(", ")
                    shown, hidden = points.removesuffix(" points").split(" + ")
                    task.points, task.solution = (int(shown), int(hidden)), source
                    parts.append(task)
                case _:
                    raise UsageError(f"{name}: a block of code is nothing, setup, folded, numbers, solution, cases, "
                                     f"test or slip: …; {kind!r} came")
    return Assignment(name, parts)


def blocks(section: str) -> Iterator[tuple[str, str, str]]:
    """The blocks of a section: what each is, the words after that, and its text."""
    pieces = re.split(r"^```python *(.*)\n((?:.*\n)*?)```\n?", section, flags=re.MULTILINE)
    for i, text in enumerate(pieces[::3]):
        if text.strip():
            yield "text", "", text.strip()
        if 3 * i + 1 < len(pieces):
            kind, _, words = pieces[3 * i + 1].strip().partition(" ")
            yield kind, words, pieces[3 * i + 2].rstrip()


@functools.cache
def load(name: str) -> Assignment:
    """An assignment of the course; raises `UsageError` for a name of none."""
    if name not in names():
        raise UsageError(f"assignments are {', '.join(names())}; {name!r} came")
    return read(name, resources.files("viz").joinpath("course", "tasks", f"{name}.md").read_text(encoding="utf-8"))


@functools.cache
def names() -> tuple[str, ...]:
    """The names of all assignments, as those of the notebooks that they belong to."""
    files = resources.files("viz").joinpath("course", "tasks").iterdir()
    return tuple(sorted(file.name.removesuffix(".md") for file in files if file.name.endswith(".md")))


def chosen(some: Iterable[str]) -> list[Assignment]:
    """Assignments by the beginnings of their names, 02 for 02_gradients; all if there are none."""
    starts = list(some)
    for start in starts:
        if not any(name.startswith(start) for name in names()):
            raise UsageError(f"assignments are {', '.join(names())}; {start!r} came")
    return [load(name) for name in names() if not starts or name.startswith(tuple(starts))]
