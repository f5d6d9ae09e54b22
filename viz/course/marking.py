"""What is wrong with an answer: it is tried at a student's numbers, and where it is wrong, usual slips are."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import os
import reprlib
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from autograd import RerollError, Value
from viz.course.assignments import Assignment, Task, load
from viz.errors import AnswerError

SECONDS = 5
"""An answer that takes longer is wrong."""

TODO = "# TODO: write this\nraise NotImplementedError()"
"""What a student finds where something is to be written."""

TOLERANCE = 1e-6


class EndlessError(BaseException):
    """Raised inside an answer that takes too long; no `except Exception` of a student holds it."""


def numbers(assignment: str, task: str, student: str) -> Any:
    """The numbers of a student in a task: always the same for the same name.

    >>> numbers("02_gradients", "largest_rate", "ada") == numbers("02_gradients", "largest_rate", "ada")
    True
    """
    whole = load(assignment)
    return tuple(whole.numbers(whole.task(task), student).values())


def check(assignment: str, task: str, *, seed: int | None = None) -> None:
    """Try the answer to a task in the notebook that calls, at the numbers of its `student`; print that it is right.

    With a `seed` the numbers are other ones, and nothing tells which: neither the message nor what the answer prints.
    Raises `AnswerError`, whose message says what is wrong, and which usual slip gives the same.
    """
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    scope = frame.f_back.f_globals
    student = str(scope.get("student", ""))
    whole = load(assignment)
    wrong = strange(student) if seed is not None else ""
    wrong = wrong or examine(whole, whole.task(task), scope, student, seed)
    if wrong:
        raise AnswerError(f"{task}: {wrong}")
    print(praise(task, seed))


def praise(task: str, seed: int | None) -> str:
    """What is said of a right answer."""
    return f"{task}: right" if seed is None else f"{task}: right at other numbers, too"


def strange(student: str) -> str:
    """What is wrong with a name while nbgrader marks: each submission is in a folder of its student's name."""
    marked = os.environ.get("NBGRADER_EXECUTION") == "autograde"
    owner = Path.cwd().parent.name
    return f"these are the numbers of {student!r}, and {owner!r} handed them in" if marked and owner != student else ""


def examine(assignment: Assignment, task: Task, answers: Mapping[str, Any], student: str, seed: int | None) -> str:
    """What is wrong with an answer, "" if nothing is; with a seed, in words that do not tell the numbers."""
    if task.name not in answers:
        return "it is not there: did its cell run?"
    right = assignment.scope(task, student)
    if task.test:
        solved = {one.name for one in assignment.tasks}
        given = {name: answers[name] for name in solved if name in answers}
        helpers = {name: value for name, value in right.items() if name not in solved}
        outcome = attempt(eval, (task.test, helpers | given), copied=False)
        if isinstance(outcome, Raised):
            return outcome.told(seed is not None)
        return "" if outcome and not isinstance(outcome, str) else str(outcome)
    answer = answers[task.name]
    cases = assignment.cases(task, student, seed, right)
    wanted = [attempt(right[task.name], case) for case in cases]
    found = [attempt(answer, case) for case in cases]
    wrong = compared(task.name, cases, wanted, found, seed is not None)
    return wrong + named(assignment, task, student, cases, found) if wrong else ""


class Raised:
    """That an answer raised an exception."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Raised) and type(other.error) is type(self.error)

    @property
    def at_a_place(self) -> bool:
        """Whether it may depend on the arguments."""
        return not isinstance(self.error, (EndlessError, NotImplementedError, SystemExit))

    def told(self, hidden: bool) -> str:
        """That in words."""
        error = self.error
        if isinstance(error, EndlessError):
            return f"it takes longer than {SECONDS} seconds: does a loop never end?"
        if isinstance(error, NotImplementedError) and not str(error):
            return "it is not written yet"
        if isinstance(error, SystemExit):
            return "it calls exit(), which ends Python"
        said = "" if hidden and not isinstance(error, RerollError) else " ".join(str(error).split())
        return f"it raises {type(error).__name__}" + (f": {said[:300]}" if said else "")


def compared(name: str, cases: list[Any], wanted: list[Any], found: list[Any], hidden: bool) -> str:
    """The first difference in words; "" if there is none."""
    for case, right, got in zip(cases, wanted, found, strict=True):
        if same(got, right):
            continue
        if hidden:
            return got.told(hidden) if isinstance(got, Raised) else "it is wrong at other numbers"
        call = f"{name}({', '.join(map(short, case))})"
        if isinstance(got, Raised):
            return got.told(hidden) + (f", at {call}" if got.at_a_place else "")
        return f"{call} gives {short(got)}, {short(right)} is right"
    return ""


def named(assignment: Assignment, task: Task, student: str, cases: list[Any], found: list[Any]) -> str:
    """The slip that gives the same answers as a wrong solution, after a dash; "" if none does."""
    for slip in task.slips:
        function = assignment.scope(task, student, slip.source)[task.name]
        if all(same(got, attempt(function, case)) for case, got in zip(cases, found, strict=True)):
            return f" – {slip.words}"
    return ""


def attempt(answer: Callable[..., Any], case: tuple[Any, ...], copied: bool = True) -> Any:
    """What a function gives for arguments of its own, stopped where it takes too long; what it prints is lost."""
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), \
                warnings.catch_warnings(), np.errstate(all="ignore"), limit(SECONDS):
            warnings.simplefilter("ignore")
            return answer(*(copy.deepcopy(case) if copied else case))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # exit() is a SystemExit
        return Raised(error)


@contextlib.contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Raises `EndlessError` in what takes longer, on systems that have timers and in the thread that they reach."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def same(got: Any, right: Any) -> bool:
    """Whether two answers are equal but for rounding; lists, tuples and arrays of the same numbers are equal.

    >>> same([1.0, 2.0000000001], (1, 2)), same(True, 1), same(float("nan"), float("nan"))
    (True, False, True)
    """
    if isinstance(right, Value) or isinstance(got, Value):
        return same(getattr(got, "data", got), getattr(right, "data", right))
    if isinstance(right, dict):
        return isinstance(got, dict) and got.keys() == right.keys() and all(same(got[key], right[key]) for key in right)
    if isinstance(right, (list, tuple, np.ndarray)):
        return (isinstance(got, (list, tuple, np.ndarray)) and len(got) == len(right)
                and all(map(same, got, right)))
    if isinstance(right, (bool, np.bool_)) or isinstance(got, (bool, np.bool_)):
        return isinstance(got, (bool, np.bool_)) and isinstance(right, (bool, np.bool_)) and bool(got) == bool(right)
    if isinstance(right, (int, float, np.number)) and isinstance(got, (int, float, np.number)):
        return bool(np.isclose(float(got), float(right), rtol=TOLERANCE, atol=1e-9, equal_nan=True))
    return bool(type(got) is type(right) and got == right)


def short(thing: Any) -> str:
    """An argument or an answer in a few characters."""
    if isinstance(thing, Value):
        return f"a Value of {short(thing.data)}"
    if isinstance(thing, (float, np.number)):
        return f"{float(thing):.6g}"
    if isinstance(thing, (list, tuple, np.ndarray)):
        inner = ", ".join([*map(short, thing[:8]), *["…"][: len(thing) > 8]])
        return f"({inner})" if isinstance(thing, tuple) else f"[{inner}]"
    return getattr(thing, "__name__", "") or reprlib.repr(thing)
