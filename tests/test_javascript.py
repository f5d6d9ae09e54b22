"""The JavaScript spelling of every row, run by Node beside Python on the same points."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import subprocess
from typing import Any

import pytest
from strategies import ELEMENTWISE, ROWS, points

from autograd import ops
from autograd.formula import Formula

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="Node is not installed")
ODD = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 40.0, -40.0, 800.0, -800.0, math.inf, -math.inf, math.nan]


def source(op: ops.Op, count: int) -> str:
    """A function of `count` numbers: the value, then each partial."""
    names = [f"x{i}" for i in range(count)]
    xs = tuple(Formula(name, spelling="javascript") for name in names)
    partials = op.partials(Formula("out", spelling="javascript"), xs)
    answers = ["out", *map(str, partials)]
    return f"({', '.join(names)}) => {{ const out = {op.dispatch(xs)}; return [{', '.join(answers)}]; }}"


def run(functions: list[str], arguments: list[list[tuple[float, ...]]]) -> list[list[list[float]]]:
    """What each function answers to each of its arguments."""
    script = f"""
        const inf = Infinity, nan = NaN;
        const functions = [{", ".join(functions)}];
        const read = text => text === "nan" ? NaN : text === "inf" ? Infinity : text === "-inf" ? -Infinity : +text;
        const answers = {json.dumps([[list(map(repr, xs)) for xs in rows] for rows in arguments])}
            .map((rows, i) => rows.map(xs => functions[i](...xs.map(read)).map(String)));
        console.log(JSON.stringify(answers));
    """
    assert NODE is not None
    done = subprocess.run([NODE, "-"], input=script, capture_output=True, text=True, check=True, timeout=60)
    return [[list(map(float, answer)) for answer in rows] for rows in json.loads(done.stdout)]


@needs_node
def test_javascript_gives_the_value_and_the_partials_of_every_row() -> None:
    arguments = [points(op) for op in ROWS]
    found = run([source(op, len(rows[0])) for op, rows in zip(ROWS, arguments, strict=True)], arguments)
    for op, rows, answers in zip(ROWS, arguments, found, strict=True):
        for xs, (out, *partials) in zip(rows, answers, strict=True):
            assert out == pytest.approx(op.forward(*xs), rel=1e-14, abs=1e-15), op
            assert partials == pytest.approx(list(map(float, op.local(op.forward(*xs), *xs))), rel=1e-13, abs=1e-14), op


@needs_node
def test_javascript_agrees_at_kinks_and_corners_and_where_numbers_overflow() -> None:
    rows = [op for op in ELEMENTWISE if op is not ops.detach]
    arguments = [list(itertools.product(ODD, repeat=op.arity)) for op in rows]
    found = run([source(op, op.arity) for op in rows], arguments)
    for op, cases, answers in zip(rows, arguments, found, strict=True):
        for xs, answer in zip(cases, answers, strict=True):
            out = op.forward(*xs)
            expected = [out, *map(float, op.local(out, *xs))]
            assert answer == pytest.approx(expected, rel=1e-12, abs=1e-15, nan_ok=True), (op, xs)


@pytest.mark.parametrize(("expression", "text"), [
    (lambda x, y: (x + y) * -x, "(x + y) * -x"),
    (lambda x, y: x - (y - 1), "x - (y - 1)"),
    (lambda x, y: (x * y).tanh() / 2, "Math.tanh(x * y) / 2"),
    (lambda x, y: ops.max(x, y, 0), "Math.max(x, y, 0)"),
    (lambda x, y: ops.dot([x, y], [y, x]), "x * y + y * x"),
])
def test_javascript_is_written_with_the_brackets_it_needs(expression: Any, text: str) -> None:
    assert str(expression(Formula("x", spelling="javascript"), Formula("y", spelling="javascript"))) == text
