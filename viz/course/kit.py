"""What is written for a class: folders for nbgrader and otter-grader, notebooks to study alone, and the keys."""

from __future__ import annotations

import csv
import io
import os
import random
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from autograd import UsageError
from viz.arguments import count, listed, one_of
from viz.course import notebooks
from viz.course.assignments import Assignment, chosen
from viz.course.marking import attempt, short
from viz.drawings.render import write as write_file
from viz.pages.worksheet import bound, worksheet

Files = Iterator[tuple[str, str]]
"""Texts with the names of their files, below a folder."""


def write(
    folder: str | os.PathLike[str], format: str = "nbgrader", students: Iterable[str] = (), *,
    assignments: Iterable[str] = (), seed: int = 0,
) -> list[Path]:
    """Write assignments for a class into a folder; the files that were written.

    `format` is "nbgrader": a course folder, from whose `source/` `nbgrader generate_assignment` makes what students get
    and `nbgrader autograde` marks; "otter": notebooks for `otter assign`; "alone": notebooks that somebody reads alone,
    with the solutions folded. Of `assignments` the beginnings of names are enough, "02" for 02_gradients; all are
    written if none is named.

    Each student has other numbers, drawn by the name; `keys/` has them with the right answers. Hidden tests are drawn
    by the name and by `seed`, which students should not know; write the same assignments with the same seed.

    Raises `UsageError` for a format or an assignment that there is not, names that cannot be names of folders or are
    not all different, and a seed that is no whole number; `FileError` where a file cannot be written.
    """
    class_list = names_of(students)
    makers: Mapping[str, Callable[[Sequence[Assignment], int], Files]] = {
        "nbgrader": for_nbgrader, "otter": for_otter, "alone": to_study_alone,
    }
    maker = makers[one_of("format", format, makers)]
    some = chosen(listed("assignments", assignments))
    files = [*maker(some, count("seed", seed, least=None)),
             *((f"keys/{one.name}.csv", key(one, class_list)) for one in some if class_list)]
    return [saved(Path(folder) / name, text) for name, text in files]


def saved(path: Path, text: str) -> Path:
    """A file, in a folder that may have to be made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_file(path, text.encode())


def names_of(students: Iterable[str]) -> list[str]:
    """The names of a class, fit for folders and for a cell of code."""
    found = [unicodedata.normalize("NFC", str(name).strip()) for name in listed("students", students)]
    found = [name for name in found if name]
    for name in found:
        if any(sign in '/\\:*?"<>|{}' or not sign.isprintable() for sign in name) or name.startswith("."):
            raise UsageError(f"a student's name is one of a folder, {name!r} came")
    if len({name.casefold() for name in found}) < len(found):
        twice = next(name for i, name in enumerate(found) if name.casefold() in map(str.casefold, found[:i]))
        raise UsageError(f"each student has a name of its own, {twice!r} came twice")
    return found


# ── formats ──────────────────────────────────────────────────────────────────────────────────


def for_nbgrader(some: Sequence[Assignment], seed: int) -> Files:
    """A course folder for nbgrader."""
    yield "nbgrader_config.py", notebooks.CONFIG
    for one in some:
        yield f"source/{one.name}/{one.name}.ipynb", notebooks.nbgrader(one, seed)


def for_otter(some: Sequence[Assignment], seed: int) -> Files:
    """Notebooks for otter-grader."""
    for one in some:
        yield f"{one.name}.ipynb", notebooks.otter(one, seed)


def to_study_alone(some: Sequence[Assignment], seed: int) -> Files:
    """Notebooks for somebody alone."""
    for one in some:
        yield f"{one.name}.ipynb", notebooks.alone(one)


def handouts(folder: str | os.PathLike[str], students: Iterable[str], assignments: Iterable[str] = ()) -> list[Path]:
    """Write each student's own copy of what nbgrader has released: its name is there, and its numbers are in the text.

    `folder` is that of `write`, after `nbgrader generate_assignment`. The copies are in `handout/NAME/`. Raises
    `UsageError` where nothing is released.
    """
    class_list, made = names_of(students), []
    for one in chosen(listed("assignments", assignments)):
        released = Path(folder) / "release" / one.name / f"{one.name}.ipynb"
        if not released.exists():
            raise UsageError(f"{released} is not there: run nbgrader generate_assignment {one.name} first")
        text = released.read_text(encoding="utf-8")
        made += [saved(Path(folder) / "handout" / name / one.name / released.name,
                         notebooks.handout(text, one, name)) for name in class_list]
    return made


def worksheets(
    folder: str | os.PathLike[str], students: Iterable[str], n: int = 3, level: int = 1, seed: int = 0, *,
    language: str = "en",
) -> list[Path]:
    """Write a worksheet for each student, with the name on it and other exercises; the files that were written.

    `class.html` has all of them, each on a page of its own, to print or to save as PDF: drawings are as small as that
    needs, so that more than three exercises are hard to read. `keys.html` has the answers in the same order. The rest
    is as for `viz.worksheet`; a student's exercises are drawn by the name and by the seed.

    Raises `UsageError` for no students, or for names as `write` does, and what `viz.worksheet` raises.
    """
    class_list = names_of(students)
    if not class_list:
        raise UsageError("worksheets are for students: there are no names")
    count("seed", seed, least=None)
    sheets = []
    for name in class_list:
        own = random.Random(f"{name} {seed}").randrange(10**6)
        sheets.append(replace(worksheet(n, level, own, language=language), student=name))
    return [saved(Path(folder) / f"{part}.html", bound(sheets, solved, fitted=True))
            for part, solved in (("class", False), ("keys", True))]


def key(assignment: Assignment, students: Sequence[str]) -> str:
    """A table of each student's numbers and right answers, as CSV."""
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["student", "task", "numbers", "call", "answer"])
    for student in students:
        for task in assignment.tasks:
            scope = assignment.scope(task, student)
            numbers = ", ".join(f"{name} = {value}" for name, value in assignment.numbers(task, student).items())
            if task.numbers and not task.cases:
                rows.writerow([student, task.name, numbers, "", ""])
            for case in assignment.cases(task, student, None, scope) if task.cases else ():
                call = f"{task.name}({', '.join(map(short, case))})"
                rows.writerow([student, task.name, numbers, call, short(attempt(scope[task.name], case))])
    return table.getvalue()
