"""A student's answers beside the table's, for one expression."""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from typing import Any

from autograd.check.expressions import Apply, Case, Expression, Leaf, Number, named, nodes, reference, spelled
from autograd.check.student import Student, close, described
from autograd.value import Value


@dataclass(frozen=True)
class Mismatch:
    """A difference from the table: its kind, the code that shows it, what was expected and what came."""

    kind: str
    code: str
    expected: str
    got: str
    where: str = ""
    """The line that raised."""


class _Wrong(Exception):  # noqa: N818 - it carries an answer
    def __init__(self, mismatch: Mismatch) -> None:
        self.mismatch = mismatch


def compare(student: Student, case: Case) -> Mismatch | None:
    """The first difference between the student's answers and the table's, or None."""
    try:
        _compare(student, case)
    except _Wrong as wrong:
        return wrong.mismatch
    return None


def _compare(student: Student, case: Case) -> None:
    right, names = reference(case), named(case.root)
    built: dict[Expression, Any] = {}
    for node in right:
        code = names.get(node) or spelled(node, names)
        built[node] = _node(student, case, node, built, code if isinstance(node, Leaf) else spelled(node, names))
        if not isinstance(node, Number):
            _check("value", f"{code if code.isalpha() else f'({code})'}.{student.name('data')}",
                   right[node].data, lambda node=node: student.data(built[node]))
    _unchanged(student, right, built, "operand changed by an operation")
    root = names.get(case.root) or spelled(case.root, names)
    if student.remembers:
        _remembered(student, case, built, root)
    if not student.differentiates:
        return
    try:
        student.backward(built[case.root])
    except Exception as error:
        raise _raised(f"{root}.{student.name('backward')}()", error) from error
    for node in right:
        if isinstance(node, Leaf):
            _check("gradient", f"{node.name}.{student.name('grad')}",
                   right[node].grad, lambda node=node: student.grad(built[node]))
    _unchanged(student, right, built, "data changed by backward")


def _remembered(student: Student, case: Case, built: dict[Expression, Any], root: str) -> None:
    """Whether one comes back from the result to each input."""
    code = f"{root}.{student.name('operands')}"
    if isinstance(case.root, Leaf):
        if operands := student.operands(built[case.root]):
            raise _Wrong(Mismatch("operands", code, "none", f"{len(operands)} operands"))
        return
    try:
        reached = {id(value) for value in student.reached(built[case.root])}
    except Exception as error:
        raise _raised(code, error) from error
    lost = [node.name for node in inputs(case) if id(built[node]) not in reached]
    if lost:
        raise _Wrong(Mismatch("operands", code, f"a way back to {' and '.join(lost)}", "none"))


def inputs(case: Case) -> list[Leaf]:
    """The inputs of a case, in the order of their use."""
    return [node for node in nodes(case.root) if isinstance(node, Leaf)]


def _node(student: Student, case: Case, node: Expression, built: dict[Expression, Any], code: str) -> Any:
    if isinstance(node, Number):
        return node.value
    try:
        if isinstance(node, Leaf):
            return student.make(case.values[node.name])
        return student.apply(node.op, [built[arg] for arg in node.args])
    except Exception as error:
        raise _raised(code, error) from error


def _raised(code: str, error: Exception) -> _Wrong:
    return _Wrong(Mismatch(f"raises {type(error).__name__}", code, "no exception", described(error), _where(error)))


def _where(error: Exception) -> str:
    """The innermost line of the student's code that an exception passed."""
    *_, frame = traceback.extract_tb(error.__traceback__)
    own = frame.filename.startswith(os.path.dirname(__file__))
    return "" if own else f"{frame.name}, line {frame.lineno} of {os.path.basename(frame.filename)}"


def _check(kind: str, code: str, right: float, read: Any) -> None:
    try:
        got = read()
    except Exception as error:
        raise _raised(code, error) from error
    if not close(got, right):
        raise _Wrong(Mismatch(kind, code, shown(right), shown(got)))


def _unchanged(student: Student, right: dict[Expression, Value], built: dict[Expression, Any], kind: str) -> None:
    names = named(next(reversed(right)))
    for node in right:
        if isinstance(node, Leaf | Apply):
            code = names.get(node) or spelled(node, names)
            _check(kind, f"{code if code.isalpha() else f'({code})'}.{student.name('data')}",
                   right[node].data, lambda node=node: student.data(built[node]))


def shown(x: float) -> str:
    """A number to read."""
    return f"{x:.1f}" if x == round(x, 1) and abs(x) < 1e6 else f"{x:.6g}"


def build(student: Student, case: Case) -> dict[Expression, Any]:
    """Every node of a case as the student's."""
    built: dict[Expression, Any] = {}
    for node in nodes(case.root):
        built[node] = _node(student, case, node, built, "")
    return built


def gradient(student: Student, case: Case, leaf: str = "a") -> float | None:
    """A leaf's gradient by the student's engine, or None where there is no answer."""
    try:
        built = build(student, case)
        student.backward(built[case.root])
        return student.grad(built[Leaf(leaf)])
    except Exception:
        return None


def value(student: Student, case: Case) -> float | None:
    """The value by the student's engine, or None where there is no answer."""
    try:
        return student.data(build(student, case)[case.root])
    except Exception:
        return None
