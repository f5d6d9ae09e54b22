"""What is the same for all examples is computed in floats of Python, where that takes less time than calls of NumPy."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from agreement import Case, assert_agreement
from losses import LOSSES, by_default, weights
from random_losses import random_grids, random_loops, random_wires

import autograd
from autograd import Program, Value
from autograd.compiler.arrays.array import Constant, Let, Rows, Statement, name, take
from autograd.compiler.buffers import floats
from autograd.compiler.buffers.buffered import Buffered
from autograd.compiler.buffers.calls import CallPrinter
from autograd.compiler.buffers.floats import with_floats


def turned(points: int) -> Case:
    """Points turned by a quaternion."""
    q = [Value(number) for number in (0.9, 0.1, -0.3, 0.2)]

    def times(p: Any, r: Any) -> list[Any]:
        (a, b, c, d), (e, f, g, h) = p, r
        return [a * e - b * f - c * g - d * h, a * f + b * e + c * h - d * g,
                a * g - b * h + c * e + d * f, a * h + b * g - c * f + d * e]

    def loss(x: Any) -> Any:
        size = sum(a * a for a in q).sqrt()
        unit = [a / size for a in q]
        back = [unit[0], *(-a for a in unit[1:])]
        return sum((a - 1) ** 2 for point in x for a in times(times(unit, [0.0, *point]), back)[1:])

    return Case(loss, q, (points, 3))


def calls_of(program: Program) -> list[str]:
    """The lines of what runs that call NumPy."""
    body = program.executed_source.split("def _call")[1]
    return [line.strip() for line in body.splitlines() if "np_" in line or ".dot(" in line or ".take(" in line]


def test_a_rotation_is_a_matrix_made_of_floats() -> None:
    program = turned(20).traced()
    program.value_and_grad(np.array([0.9, 0.1, -0.3, 0.2]), np.random.default_rng(0).normal(size=(8, 20, 3)))
    assert len(calls_of(program)) <= 7, calls_of(program)
    assert program.executed_source.count("sqrt(") == 1
    assert not any("take" in line for line in calls_of(program)), "what is gathered costs nothing"


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Floats wherever they can be, whatever they take."""
    monkeypatch.setattr(floats, "PAYS", math.inf)
    monkeypatch.setattr(floats, "MOST", 2000)


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("name", by_default(LOSSES, one_in=3))
def test_floats_give_what_eager_evaluation_gives(name: str) -> None:
    case = LOSSES[name]()
    X, Y = case.data()
    assert_agreement(case, X, Y, np.random.default_rng(3).random((len(X), case.noises)))


@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize("seed", by_default(range(12), one_in=4))
def test_random_losses_give_the_same_by_floats(seed: int) -> None:
    for draw in (random_grids, random_loops, random_wires):
        made, X, Y = draw(random.Random(seed))
        assert_agreement(made.case(), X, Y)


def test_the_gradient_may_be_gathered_into_before_it_is_assigned() -> None:
    """Convolutions of two dilations that share a kernel add to parts of one run of the gradient."""
    w = weights(12)

    def loss(x: Any) -> Any:
        wide = [autograd.dot([w[k] for k in (0, 3, 6, 9)], [x[i + 2 * j] for j in range(4)]) for i in range(6)]
        near = [autograd.dot(w[3:9], x[i : i + 6]) for i in range(4)]
        return sum(a.tanh() for a in wide) + sum(a**2 for a in near) + w[4] * w[11]

    case = Case(loss, w, (12,))
    assert_agreement(case, *case.data())


B, Q, X = name("b", (3,)), name("q", (2,)), name("x", (Rows(), 3))
FIRST = Constant("i", np.array([0, 1, 0]))


def lines(*statements: Statement, written: tuple[str, ...] = ()) -> list[str]:
    """The lines of statements, in which what is small is computed by floats."""
    calls = Buffered(["q", "x", "c", *(str(s.name.info) for s in statements if isinstance(s, Let))], statements)
    for statement in statements:
        calls.statement(statement)
    calls.forward = len(calls.statements)
    results = [name(text, (3,)) for text in written]
    return list(map(CallPrinter().statement, with_floats(calls, results).statements))


def test_what_nobody_reads_is_not_computed_and_what_is_read_once_is_computed_there() -> None:
    a, c, z = name("a", (3,)), name("c", (3,)), name("z", (Rows(), 3))
    assert lines(Let(a, take(Q, FIRST)), Let(B, a * a), Let(c, B * B + a), Let(z, X * c)) == [
        "[f1, f2] = q.tolist()", "f3 = f1 * f1", "f4 = f2 * f2", "f7 = f3 * f3 + f1",
        "c[0], c[1], c[2] = f7, f4 * f4 + f2, f7", "np_multiply(x, c, z)"]


def test_a_result_is_written_even_if_no_call_reads_it() -> None:
    a = name("a", (3,))
    assert lines(Let(a, take(Q, FIRST)), Let(B, a * a), written=("b",))[-1].startswith("b[0], b[1], b[2] =")
