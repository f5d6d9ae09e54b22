"""A failing case as lines to paste into Python."""

from __future__ import annotations

from autograd.check.compare import Mismatch
from autograd.check.expressions import OPERATORS, Case, Leaf, named, spelled
from autograd.check.student import Student


def listing(student: Student, case: Case, wrong: Mismatch) -> str:
    """The case line by line, up to the one that shows the mismatch, with both answers in a comment."""
    names = named(case.root, every=student.differentiates and not student.walks)
    steps = [(f"{name} = {student.title}({value!r})", "") for name, value in case.values.items()]
    steps += [(f"{name} = {spelled(node, names)}", spelled(node, names)) for node, name in names.items()]
    out = case.root.name if isinstance(case.root, Leaf) else names[case.root]
    backward = f"{out}.{student.name('backward')}()"
    walk = [backward] if student.walks else [f"{out}.{student.name('grad')} = 1.0", *(
        f"{name}.{student.name('push')}()" for name in reversed(names.values()))]
    needed = {"again": walk * 2, "gradient": walk, "data changed by backward": walk}
    steps += [(line, line) for line in needed.get(wrong.kind, walk if wrong.code == backward else [])]
    lines = []
    for line, code in steps:
        lines.append(line)
        if code == wrong.code:
            return _told(lines, wrong)
    return _told(lines if wrong.code in ("", str(case)) or wrong.kind == "missing" else [*lines, wrong.code], wrong)


def deep_listing(student: Student, wrong: Mismatch, depth: int) -> str:
    """The graph of many operations, one upon the other."""
    neutral = "1.0" if wrong.code == "mul" else "0.0"
    symbol = OPERATORS[wrong.code]
    return _told([
        f"a, b = {student.title}(1.0), {student.title}({neutral})", "out = a",
        f"for _ in range({depth}):", f"    out = out {symbol} b", f"out.{student.name('backward')}()",
        *([f"a.{student.name('grad')}"] if wrong.expected == "1.0" else []),
    ], wrong)


def _told(lines: list[str], wrong: Mismatch) -> str:
    """The lines, the last of them with what came, and with what was expected if that is a number."""
    expected = f", expected {wrong.expected}" if wrong.expected != "no exception" else ""
    return "\n".join([*lines[:-1], f"{lines[-1]}  # {wrong.got}{expected}"])
