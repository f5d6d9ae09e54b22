"""Whether nbgrader gives each submission its marks: `python -m benchmarks.course [--count N] [--show NAME]`.

A class hands in assignments of the course kit. A generator draws for each student how every task is answered: rightly,
with a usual slip, not at all, with a loop that never ends, an exception, Python's end; and what nbgrader is to give for
it. nbgrader makes the assignments, marks them and writes feedback, as a teacher would run it. The table says for each
submission what it should have got and what it got, whether the feedback names the slips, and whether it shows anything
of the hidden tests: their text, their seed, their numbers. nbgrader is needed (extra `course`), and takes some seconds
for each submission.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.timing import table
from viz.course.assignments import Assignment, Task, chosen
from viz.course.kit import handouts, write
from viz.course.marking import TODO, short

ASSIGNMENTS = ("02", "14")
"""The beginnings of their names: one of formulas, and the one in which an engine is built."""

NEEDS = {"add": ["Value"], "mul": ["Value", "add"], "backward": ["push"], "tanh": ["push", "backward"],
         "train": ["push", "backward", "tanh"]}
"""What has to be right before a step of the engine can be: others write anew what came before them."""


@dataclass(frozen=True)
class Answer:
    """How a task is answered: in a word, the cell, whether that gets the points, and what feedback has to say."""

    kind: str
    source: str
    right: bool = False
    words: str = ""
    lost: bool = False
    """Whether the cell leaves nothing behind."""


def written(task: Task, *lines: str) -> str:
    """The solution with other lines in place of what a student writes."""
    return task.stub("\n".join(lines))


def right(task: Task, rng: random.Random) -> Answer:
    return Answer("right", task.solution, right=True)


def spy(task: Task, rng: random.Random) -> Answer:
    """Right, and prints what it is given, and what has run before."""
    spying = r"\1print({k: v for k, v in locals().items() if k != 'self'})\n"
    source = re.sub(r"^( *)### BEGIN SOLUTION\n", spying, task.solution, flags=re.MULTILINE)
    return Answer("right and curious", f"{source}\nprint(In, globals().get('_i'), globals().get('_ii'))", right=True)


def slip(task: Task, rng: random.Random) -> Answer:
    one = rng.choice(task.slips)
    return Answer("slip", one.source, words=one.words)


def empty(task: Task, rng: random.Random) -> Answer:
    return Answer("not written", task.stub(TODO), words="not written yet")


def loop(task: Task, rng: random.Random) -> Answer:
    loops = [
        ("endless loop", written(task, "while True:", "    pass"), "never end"),
        ("endless loop of the cell", f"{task.solution}\nwhile True:\n    pass", "never end"),
        ("loop that nothing stops", written(
            task, "while True:", "    try:", "        while True:", "            pass", "    except BaseException:",
            "        pass"), "never end"),
    ]
    kind, source, words = rng.choice(loops)
    return Answer(kind, source, words=words, lost="of the cell" in kind)


def crash(task: Task, rng: random.Random) -> Answer:
    crashes = [
        ("exception", written(task, "return 1 / 0"), "ZeroDivisionError"),
        ("exception of the cell", f"nothing_of_this_name\n{task.solution}", "nothing_of_this_name"),
        ("syntax error of the cell", task.solution.replace("def ", "df ").replace("class ", "clas "), "SyntaxError"),
        ("death of the cell", f"import os\nos._exit(1)\n{task.solution}", "ends Python"),
    ]
    kind, source, words = rng.choice(crashes)
    return Answer(kind, source, words=words, lost="of the cell" in kind)


def leave(task: Task, rng: random.Random) -> Answer:
    exits = [
        ("exit() of the cell", f"{task.solution}\nexit()", "exit()"),
        ("exit() in the answer", written(task, "exit()"), "exit()"),
        ("sys.exit()", written(task, "import sys", "sys.exit()"), "exit()"),
    ]
    kind, source, words = rng.choice(exits)
    return Answer(kind, source, words=words, lost="of the cell" in kind)


KINDS = {
    "right": [right], "wrong": [slip], "half": [right, empty], "loop": [right, loop], "crash": [right, crash],
    "exit": [right, leave], "curious": [spy], "mixed": [right, slip, empty, crash],
}
"""What submissions of a kind are made of; all parts occur."""


@dataclass(frozen=True)
class Submission:
    """What a student hands in: an answer to each task."""

    student: str
    assignment: Assignment
    kind: str
    answers: dict[str, Answer]

    @property
    def due(self) -> dict[str, float]:
        """The marks that each task is to get."""
        right = {name for name, answer in self.answers.items() if answer.right and not self.spoiled(name)}
        return {task.name: float(sum(task.points)) if task.name in right else 0.0 for task in self.assignment.tasks}

    def spoiled(self, name: str) -> bool:
        """Whether an answer cannot be right, or be seen to be wrong in its own way, since one before it is wrong."""
        needed = [self.answers[before] for before in NEEDS.get(name, [])]
        first = next(iter(self.answers))
        return not all(answer.right for answer in needed) or (
            first == "Value" and name != first and self.answers[first].lost)

    @property
    def slips(self) -> list[str]:
        """The tasks of which feedback has something to say."""
        return [name for name, answer in self.answers.items() if answer.words and not self.spoiled(name)]

    def hand_in(self, course: Path) -> None:
        """Write it where nbgrader looks: the student's copy, in which cells are filled in."""
        name = f"{self.assignment.name}/{self.assignment.name}.ipynb"
        notebook = json.loads((course / "handout" / self.student / name).read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            answer = self.answers.get(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
            if answer is not None:
                cell["source"] = answer.source
        path = course / "submitted" / self.student / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook), encoding="utf-8")


def submissions(seed: int, count: int) -> Iterator[Submission]:
    """So many submissions, of each assignment and kind in turn."""
    rng, some = random.Random(seed), chosen(ASSIGNMENTS)
    for number in range(count):
        assignment, kind = some[number % len(some)], list(KINDS)[number // len(some) % len(KINDS)]
        ways = KINDS[kind]
        drawn = [*ways, *(rng.choice(ways) for _ in assignment.tasks)][: len(assignment.tasks)]
        rng.shuffle(drawn)
        if right in drawn:  # without the first step of the engine all others are wrong, and there is little to see
            drawn.insert(0, drawn.pop(drawn.index(right)))
        yield Submission(f"student{number:02}", assignment, kind, {
            task.name: way(task, rng) for task, way in zip(assignment.tasks, drawn, strict=True)})


# ── what nbgrader makes of them ──────────────────────────────────────────────────────────────


def nbgrader(course: Path, *arguments: str) -> None:
    """Run nbgrader in a course folder, as a teacher does; it complains of a submission where it gives up."""
    done = subprocess.run([sys.executable, "-m", "nbgrader", *arguments], cwd=course, capture_output=True, text=True)
    if done.returncode and "autograde" not in arguments:
        raise SystemExit(done.stderr)


def marks(course: Path) -> dict[str, dict[str, float]]:
    """The marks of each student in each task, from nbgrader's data: of both tests together."""
    from nbgrader.api import Gradebook

    found: dict[str, dict[str, float]] = {}
    with contextlib.closing(Gradebook(f"sqlite:///{course}/gradebook.db")) as book:
        for one in (one for assignment in book.assignments for one in assignment.submissions):
            given = found.setdefault(one.student.id, {})
            for grade in (grade for notebook in one.notebooks for grade in notebook.grades):
                task = grade.name.rpartition("-")[0]
                given[task] = given.get(task, 0.0) + grade.score
    return found


def feedback(course: Path, submission: Submission) -> str:
    """What the student reads, without the tags."""
    name = submission.assignment.name
    path = course / "feedback" / submission.student / name / f"{name}.html"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    body = re.sub(r"<(style|script).*?</\1>", "", text, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", body))


@dataclass(frozen=True)
class Outcome:
    """A submission after it has been marked: its marks, tasks whose slip is not named, hidden tests that are shown."""

    submission: Submission
    given: dict[str, float]
    unsaid: list[str]
    shown: list[str]

    @property
    def row(self) -> list[str]:
        """Its line of the table."""
        one = self.submission
        kinds = Counter(answer.kind for answer in one.answers.values())
        answers = ", ".join(f"{n} {kind}" if n > 1 else kind for kind, n in kinds.items())
        named = f"{len(one.slips) - len(self.unsaid)} of {len(one.slips)}"
        left_out = f" (not {', '.join(self.unsaid)})" if self.unsaid else ""
        due, given = (f"{sum(each.values()):g}" for each in (one.due, self.given))
        wrong = ", ".join(f"{name} {self.given.get(name, 'none')}" for name in one.due
                          if self.given.get(name) != one.due[name])
        return [one.student, one.assignment.name[:2], one.kind, answers, due, given + (f" ({wrong})" if wrong else ""),
                named + left_out, ", ".join(self.shown) or "no"]


def outcome(course: Path, submission: Submission, given: dict[str, float], seed: int) -> Outcome:
    """What has become of a submission."""
    said = feedback(course, submission)
    flat = " ".join(said.split())
    unsaid = [name for name in submission.slips if " ".join(submission.answers[name].words.split()) not in flat]
    return Outcome(submission, given, unsaid, leaked(submission, said, seed))


def leaked(submission: Submission, said: str, seed: int) -> list[str]:
    """What feedback shows of hidden tests: their marks, their seed, and calls that only they make."""
    one, student = submission.assignment, submission.student
    found = [text for text in ("HIDDEN TESTS", f"seed={seed}") if text in said]
    for task in one.tasks:
        if task.cases:
            scope = one.scope(task, student)
            seen, hidden = ({f"{task.name}({', '.join(map(short, case))})"
                             for case in one.cases(task, student, which, scope)} for which in (None, seed))
            found += [call for call in hidden - seen if call in said]
    return found


def marked(course: Path, class_: Sequence[Submission], seed: int) -> list[Outcome]:
    """What nbgrader makes of a class, in a course folder that it makes for it."""
    students = [one.student for one in class_]
    names = list(dict.fromkeys(one.assignment.name for one in class_))
    write(course, "nbgrader", students, assignments=names, seed=seed)
    for name in names:
        nbgrader(course, "generate_assignment", name)
    handouts(course, students, names)
    for one in class_:
        one.hand_in(course)
    for name in names:
        nbgrader(course, "autograde", name)
        nbgrader(course, "generate_feedback", name)
    given = marks(course)
    return [outcome(course, one, given.get(one.student, {}), seed) for one in class_]


def report(seed: int = 0, count: int = 50, show: str = "") -> str:
    """The table, and below it what it comes to."""
    start, secret = time.perf_counter(), random.Random(seed).randrange(10**5, 10**6)
    before = {"PATH": os.path.dirname(sys.executable), "PYTHONPATH": str(Path(__file__).parent.parent)}
    for name, first in before.items():  # nbgrader looks for alembic, its configuration for viz
        os.environ[name] = os.pathsep.join(filter(None, [first, os.environ.get(name, "")]))
    with tempfile.TemporaryDirectory() as folder:
        outcomes = marked(Path(folder), list(submissions(seed, count)), secret)
        for one in outcomes:
            if one.submission.student == show:
                print(feedback(Path(folder), one.submission))
    right = sum(one.given == one.submission.due for one in outcomes)
    slips, unsaid = (sum(map(len, lists)) for lists in (
        [one.submission.slips for one in outcomes], [one.unsaid for one in outcomes]))
    head = ["Student", "Assignment", "Kind", "Answers", "Due", "Given", "Slips named", "Hidden tests shown"]
    return "\n".join([
        table([head, *(one.row for one in outcomes)]), "",
        f"- seed {seed}: {right} of {count} submissions got the marks that are due",
        f"- what went wrong is named in {slips - unsaid} of {slips} answers",
        f"- hidden tests are shown in {sum(bool(one.shown) for one in outcomes)} of {count} feedbacks",
        f"- {time.perf_counter() - start:.0f} s"])


def main(argv: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.course", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the generator (%(default)s)")
    parser.add_argument("--count", type=int, default=50, help="how many submissions (%(default)s)")
    parser.add_argument("--show", default="", metavar="STUDENT", help="print the feedback for one of them as well")
    options = parser.parse_args(argv)
    print(report(options.seed, options.count, options.show))


if __name__ == "__main__":
    main()
