"""Assignments as notebooks: for nbgrader, for otter-grader, and to study alone with the solutions folded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from viz.course.assignments import BEGIN, END, Assignment, Code, Scope, Task, Text
from viz.course.marking import TODO, praise

HIDDEN = "# Other numbers are tried here when the notebook is marked."
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
          "language_info": {"name": "python"}}


@dataclass
class Cell:
    """A cell of a notebook, as the format has it."""

    kind: str
    source: str
    metadata: dict[str, Any] = field(default_factory=dict)
    printed: str = ""

    def written(self, number: int) -> dict[str, Any]:
        """The cell as JSON."""
        cell = {"cell_type": self.kind, "id": f"cell-{number:02}", "metadata": self.metadata,
                "source": self.source.splitlines(keepends=True)}
        outputs = [{"output_type": "stream", "name": "stdout", "text": [self.printed]}] if self.printed else []
        return cell | {"execution_count": None, "outputs": outputs} if self.kind == "code" else cell


def written(cells: Iterator[Cell]) -> str:
    """The text of a notebook."""
    content = [cell.written(number) for number, cell in enumerate(cells, 1)]
    return json.dumps({"cells": content, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}, indent=1,
                      ensure_ascii=False) + "\n"


def filled(text: str, numbers: Scope) -> str:
    """Text with numbers for {{n}}, where there are any, else with the names.

    >>> filled("$f = {{n}} a$", {"n": 3}), filled("$f = {{n}} a$", {})
    ('$f = 3 a$', '$f = n a$')
    """
    return re.sub(r"\{\{(\w+)\}\}", lambda match: str(numbers.get(match[1], match[1])), text)


def opening(student: str) -> str:
    """The cell that says whose notebook this is."""
    comment = "whose numbers these are" if student else "your name, as you hand in: your numbers depend on it"
    return f'student = "{student}"  # {comment}'


def drawn(assignment: Assignment, task: Task, student: str) -> str:
    """The cell that gives a task its numbers."""
    given = list(assignment.numbers(task, student))
    one = "," if len(given) == 1 else ""
    shown = ", ".join(f"{{{name} = }}" for name in given)
    return (f'from viz.course import numbers\n\n{", ".join(given)}{one} = numbers("{assignment.name}", "{task.name}", '
            f'student)\nprint(f"{shown}")')


def trial(assignment: Assignment, task: Task, seed: int | None = None) -> str:
    """The cell that tries an answer."""
    at = "" if seed is None else f", seed={seed}"
    return f'from viz.course import check\n\ncheck("{assignment.name}", "{task.name}"{at})'


def personal(assignment: Assignment, student: str) -> Scope:
    """All numbers of a student in an assignment, for its text; none without a student."""
    return {name: value for task in assignment.tasks if student
            for name, value in assignment.numbers(task, student).items()}


# ── nbgrader ─────────────────────────────────────────────────────────────────────────────────


def mark(name: str, *, points: int = 0, solution: bool = False) -> dict[str, Any]:
    """What nbgrader wants to know of a cell: its name, whether students write it, and what it is worth."""
    about = {"grade": points > 0, "grade_id": name, "locked": not solution, "schema_version": 3, "solution": solution,
             "task": False}
    return {"nbgrader": about | ({"points": points} if points else {})}


def nbgrader(assignment: Assignment, seed: int) -> str:
    """The notebook from which nbgrader makes that of the students; hidden tests are drawn by the seed."""
    return written(nbgrader_cells(assignment, seed))


def nbgrader_cells(assignment: Assignment, seed: int) -> Iterator[Cell]:
    """The cells of that."""
    numbers: Scope = {}
    for number, part in enumerate(assignment.parts):
        match part:
            case Text(alone=False):
                yield Cell("markdown", filled(part.source, numbers))
            case Code(alone=False):
                yield Cell("code", part.source, mark(f"code-{number}"))
            case Task():
                if part.numbers:
                    yield Cell("code", drawn(assignment, part, ""), mark(f"{part.name}-numbers"))
                yield Cell("code", part.solution, mark(part.name, solution=True))
                seen, hidden = part.points
                yield Cell("code", trial(assignment, part), mark(f"{part.name}-test", points=seen))
                if hidden:
                    yield Cell("code", f"{HIDDEN}\n### BEGIN HIDDEN TESTS\n{trial(assignment, part, seed)}\n"
                               "### END HIDDEN TESTS", mark(f"{part.name}-hidden", points=hidden))
        if number == 0:
            yield Cell("code", opening(""))


def handout(release: str, assignment: Assignment, student: str) -> str:
    """A student's own copy of the notebook that nbgrader has made: with the name, and the numbers in the text."""
    notebook, numbers = json.loads(release), personal(assignment, student)
    texts = [part.source for part in assignment.parts if isinstance(part, Text)]
    own = {filled(text, {}): filled(text, numbers) for text in texts} | {
        opening(""): opening(student)}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        cell["source"] = own.get(source, source).splitlines(keepends=True)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


CONFIG = f'''\
"""How nbgrader makes and marks these assignments; Python with nbgrader and reroll reads it."""

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    Execute,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)

from viz.course.grading import Hiding, Resuming


class Run(Resuming, Execute):
    """Runs a submission; a cell that ends Python, or never ends, costs its own points and no others."""


class Feedback(Hiding, ClearHiddenTests):
    """Leaves hidden tests out of feedback, which says which slip was made."""


c = get_config()  # noqa: F821
c.CourseDirectory.course_id = "reroll"
c.ClearSolutions.code_stub = {{"python": {TODO!r}}}

c.Run.timeout = 20
c.Run.interrupt_on_timeout = False
c.Autograde.autograde_preprocessors = [
    Run, IgnorePattern, ClearMetadataPreprocessor, LimitOutput, SaveAutoGrades, AssignLatePenalties,
    CheckCellMetadata,
]
c.GenerateFeedback.preprocessors = [GetGrades, Feedback, CSSHTMLHeaderPreprocessor]
'''


# ── to study alone ───────────────────────────────────────────────────────────────────────────


def alone(assignment: Assignment) -> str:
    """The notebook for somebody alone: after each task its test, and the solution in a folded cell."""
    return written(alone_cells(assignment))


def alone_cells(assignment: Assignment) -> Iterator[Cell]:
    """The cells of that."""
    folded = {"tags": ["hidden"], "jupyter": {"source_hidden": True}}
    for part in assignment.parts:
        match part:
            case Text():
                yield Cell("markdown", part.source)
            case Code():
                yield Cell("code", part.source, folded if part.alone else {})
            case Task():
                solution = "\n".join(line for line in part.solution.splitlines() if line.strip() not in (BEGIN, END))
                yield Cell("code", part.stub("..."))
                if part.test:  # it gives a report also where nothing is written yet
                    yield Cell("code", part.test)
                    yield Cell("code", f"{solution}\n\n{part.test}", folded)
                else:
                    yield Cell("code", solution, folded)
                    yield Cell("code", trial(assignment, part))


# ── otter-grader ─────────────────────────────────────────────────────────────────────────────


def otter(assignment: Assignment, seed: int) -> str:
    """The notebook that `otter assign` takes."""
    return written(otter_cells(assignment, seed))


def otter_cells(assignment: Assignment, seed: int) -> Iterator[Cell]:
    """The cells of that: raw ones begin and end what belongs together."""
    yield Cell("raw", "# ASSIGNMENT CONFIG\ninit_cell: true\nexport_cell: true\nsolutions_pdf: false\ngenerate:\n"
               "  show_hidden: false")
    for number, part in enumerate(assignment.parts):
        match part:
            case Text(alone=False):
                yield Cell("markdown", filled(part.source, {}))
            case Code(alone=False):
                yield Cell("code", part.source)
            case Task():
                if part.numbers:
                    yield Cell("code", drawn(assignment, part, ""))
                seen, hidden = part.points
                yield Cell("raw", f"# BEGIN QUESTION\nname: {part.name}\npoints: {seen + hidden}")
                yield Cell("raw", "# BEGIN SOLUTION")
                yield Cell("code", part.solution.replace("### BEGIN", "# BEGIN").replace("### END", "# END"))
                yield Cell("raw", "# END SOLUTION")
                yield Cell("raw", "# BEGIN TESTS")
                for points, secret in ((seen, None), (hidden, seed)):
                    if points:
                        config = f"points: {points}\nhidden: {str(secret is not None).lower()}"
                        yield Cell("code", f'""" # BEGIN TEST CONFIG\n{config}\n""" # END TEST CONFIG\n'
                                   + trial(assignment, part, secret), printed=f"{praise(part.name, secret)}\n")
                yield Cell("raw", "# END TESTS")
                yield Cell("raw", "# END QUESTION")
        if number == 0:
            yield Cell("code", opening(""))
