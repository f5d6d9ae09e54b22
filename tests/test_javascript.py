"""The JavaScript spelling of every row, run by Node beside Python on the same points."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from javascript import floats, needs_node, run, written
from strategies import ELEMENTWISE, ROWS, Expression, expressions, points

from autograd import Value, local_derivatives, ops
from autograd.formula import Formula
from autograd.specialize import fast
from viz.text.javascript import PRELUDE, Script

ODD = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 40.0, -40.0, 800.0, -800.0, math.inf, -math.inf, math.nan]


def source(op: ops.Op, count: int) -> str:
    """A function of `count` numbers: the value, then each partial."""
    names = [f"x{i}" for i in range(count)]
    xs = tuple(Formula(name, spelling="javascript") for name in names)
    partials = op.partials(Formula("out", spelling="javascript"), xs)
    everything = ", ".join(["out", *map(str, partials)])
    return f"({', '.join(names)}) => {{ const out = {op.dispatch(xs)}; return [{everything}]; }}"


def answers(functions: list[str], arguments: list[list[tuple[float, ...]]]) -> list[list[list[float]]]:
    """What each function answers to each of its arguments."""
    rows = [f"[{', '.join('[' + ', '.join(map(written, xs)) + ']' for xs in cases)}]" for cases in arguments]
    return floats(run(f"""
        const inf = Infinity, nan = NaN;
        const functions = [{", ".join(functions)}], cases = [{", ".join(rows)}];
        answer(functions.map((f, i) => cases[i].map(xs => f(...xs))));
    """))


@needs_node
def test_javascript_gives_the_value_and_the_partials_of_every_row() -> None:
    arguments = [points(op) for op in ROWS]
    found = answers([source(op, len(rows[0])) for op, rows in zip(ROWS, arguments, strict=True)], arguments)
    for op, rows, got in zip(ROWS, arguments, found, strict=True):
        for xs, (out, *partials) in zip(rows, got, strict=True):
            assert out == pytest.approx(op.forward(*xs), rel=1e-14, abs=1e-15), op
            slopes = list(map(float, fast(op).local(op.forward(*xs), *xs)))
            assert partials == pytest.approx(slopes, rel=1e-13, abs=1e-14), op


@needs_node
def test_javascript_agrees_at_kinks_and_corners_and_where_numbers_overflow() -> None:
    rows = [op for op in ELEMENTWISE if op is not ops.detach]
    arguments = [list(itertools.product(ODD, repeat=op.arity)) for op in rows]
    found = answers([source(op, op.arity) for op in rows], arguments)
    for op, cases, got in zip(rows, arguments, found, strict=True):
        for xs, answer in zip(cases, got, strict=True):
            out = op.forward(*xs)
            expected = [out, *map(float, fast(op).local(out, *xs))]
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


@needs_node
@settings(max_examples=10)
@given(expressions())
def test_a_script_computes_every_value_and_local_derivative_of_a_graph(expression: Expression) -> None:
    root = expression(*map(Value, expression.point))
    script = Script([root])
    leaves = ", ".join(written(value.data) if not value.args else "0" for value in script.values)
    v, p = floats(run(f"""
        {PRELUDE}{script.source}
        const v = [{leaves}], p = Array({len(script.edges)}).fill(0);
        forward(v);
        local(v, p);
        answer([v, p]);
    """))
    assert v == pytest.approx([value.data for value in script.values], rel=1e-12)
    assert p == pytest.approx([d for value in script.values for d in local_derivatives(value)], rel=1e-10, abs=1e-12)
