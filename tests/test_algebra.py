"""Factors wait, quotients are shared, and reductions are products: the numbers stay the same."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Let,
    N,
    Rows,
    einsum,
    full,
    matmul,
    name,
    part,
    reduce,
    reshape,
    transpose,
)
from autograd.compiler.arrays.names import UFUNCS
from autograd.compiler.buffers.algebra import (
    ONE,
    POWERS,
    Factor,
    Names,
    by_matrices,
    expanded,
    negated,
    quotient,
    reduced,
)
from autograd.compiler.buffers.buffered import Buffered, only_summed
from autograd.compiler.buffers.calls import CallPrinter
from autograd.compiler.printers.to_numpy import Printer

X, Y, C = name("x", (Rows(), 4)), name("y", (Rows(), 4)), name("c", (Rows(), 1))
SEED = full((Rows(), 1), 1 / N)
"""The gradient of a mean."""

FACTORS: dict[str, tuple[Any, Factor, str]] = {
    "minus": (-X, Factor(-1), "x"), "minus minus": (ops.neg(ops.neg(X)), ONE, "x"), "a number": (2 * X, Factor(2), "x"),
    "numbers": (3 * (X * -2), Factor(-6), "x"), "a product of negatives": (-X * -Y, ONE, "x * y"),
    "a quotient": (X / 4, Factor(0.25), "x"), "a number by an array": (3 / X, Factor(3), "1 / x"),
    "a difference of negatives": (-X - Y, Factor(-1), "x + y"), "minus a negative": (X - -Y, ONE, "x + y"),
    "a common factor": (3 * X + 3 * Y, Factor(3), "x + y"), "the same twice": (X + 2 * X, Factor(3), "x"),
    "opposite factors": (2 * X - 2 * Y, Factor(2), "x - y"), "other factors": (2 * X + 3 * Y, ONE, "2 * x + 3 * y"),
    "the gradient of a mean": (SEED * C, Factor(1, 1), "c"), "shares of shares": (SEED * (SEED * C), Factor(1, 2), "c"),
    "a smaller array keeps its factor": (2 * C * X, ONE, "2 * c * x"), "nothing": (0 * X, ONE, "0 * x"),
    "a selection": (ops.where(ops.gt(X, 0), 2 * X, 0), Factor(2), "np.where((x > 0), x, 0)"),
    "a selection of one": (ops.where(ops.gt(X, 0), -X, -Y), Factor(-1), "np.where((x > 0), x, y)"),
    "a view": (reshape(-X, (Rows(2), 2)), Factor(-1), "x.reshape(-1, 2)"),
    "a sum": (reduce(ops.sum, 2 * X), Factor(2), "np.sum(x, axis=-1)"),
}


@pytest.mark.parametrize(("array", "factor", "rest"), FACTORS.values(), ids=FACTORS)
def test_a_factor_waits_until_it_is_needed(array: Any, factor: Factor, rest: str) -> None:
    found, inner = Names({}).factored(array)
    assert (found, Printer().text(inner)) == (factor, rest)


def test_a_product_is_multiplied_by_the_factor_of_what_is_larger_and_only_added_up() -> None:
    slopes, points = name("slopes", (Rows(20), 3)), name("points", (Rows(20), 3))
    product = matmul(transpose(slopes), points)
    meaning = {"slopes": (Factor(2, 1), name("e", slopes.shape))}
    assert Names(meaning, {"slopes"}).factored(product)[0] == Factor(2, 1)
    assert Printer().text(Names(meaning, {"slopes"}).factored(product)[1]) == "e.T @ points"
    assert Names(meaning).factored(product) == (ONE, product), "others read it as well"
    few = matmul(transpose(name("slopes", (Rows(), 3))), name("points", (Rows(), 30)))
    assert Names(meaning, {"slopes"}).factored(few) == (ONE, few), "the product is larger"


def test_what_is_only_added_up_over_the_examples_is_told_from_what_others_read() -> None:
    a, b, c = (name(text, (Rows(), 3)) for text in "abc")
    assert only_summed([
        Let(a, ops.exp(part(X, 0, 3))), Let(b, reshape(a, (Rows(), 3))), Let(c, 2 * a),
        Let(name("w", (3, 3)), matmul(transpose(c), a)), Let(name("v", (3,)), reduce(ops.sum, -c, (0,)))]) == {
            "c", "w", "v", "b"}
    assert "a" in only_summed([Let(a, 2 * part(X, 0, 3)), Let(b, transpose(transpose(a))),
                               Let(name("w", (3, 3)), matmul(transpose(b), b))])


def test_minus_a_difference_is_the_other_difference() -> None:
    assert Printer().text(negated(X - Y)) == "y - x"
    assert Printer().text(negated(X)) == "-x"


def test_a_quotient_serves_for_both_of_its_slopes() -> None:
    assert Printer().text(quotient(X * (1 / Y))) == "x / y"
    assert Printer().text(quotient(X * (Y / C))) == "x / c * y"


@pytest.mark.parametrize("power", POWERS)
def test_powers_are_what_they_were(power: float) -> None:
    numbers = np.array([0.1, 0.5, 1.0, 3.0, 1e3])
    found = eval(Printer().text(expanded(X**power)), {"np": np, "x": numbers})
    np.testing.assert_allclose(found, numbers**power, rtol=1e-14)


REDUCTIONS = [(op, shape, axis) for op in (ops.sum, ops.max, ops.min)
              for shape in ((Rows(), 6), (Rows(), 3, 4), (Rows(), 20)) for axis in range(len(shape))]


@pytest.mark.parametrize(("op", "shape", "axis"), REDUCTIONS)
@pytest.mark.parametrize("row_by_row", [True, False])
def test_reductions_are_what_they_were(op: Any, shape: Any, axis: int, row_by_row: bool) -> None:
    sizes = tuple(5 if isinstance(size, Rows) else size for size in shape)
    numbers = np.random.default_rng(0).normal(size=sizes)
    given = numbers if row_by_row else np.asfortranarray(numbers)
    found = reduced(reduce(op, name("x", shape), (axis,)), row_by_row)
    text = CallPrinter().text(found)
    theta, n = np.zeros(1), 5
    result = eval(text, {"np": np, "x": given, "theta": theta, "n": n})
    np.testing.assert_allclose(result, getattr(np, op.name)(numbers, axis=axis), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize(("windows", "last", "kind"), [
    (1, False, "matmul"), (3, False, "matmul"), (1, True, "matmul"), (3, True, "reduce")])
def test_a_product_for_each_of_several_matrices_is_one(windows: int, last: bool, kind: str) -> None:
    rng = np.random.default_rng(0)
    g, x = rng.normal(size=(5, 2, windows, 3)), rng.normal(size=(5, 2, windows, 4))
    left, right = name("g", (Rows(), *g.shape[1:])), name("x", (Rows(), *x.shape[1:]))
    found = by_matrices(einsum("bhji,bhjn->hin", left, right), last)
    assert found.kind == kind
    result = eval(Printer().text(found), {"np": np, "g": g, "x": x})
    np.testing.assert_allclose(result, np.einsum("bhji,bhjn->hin", g, x), rtol=1e-13)


def tree(rng: random.Random, depth: int) -> Array:
    """Any expression of arrays of several shapes, numbers and shares."""
    if depth == 0:
        return rng.choice([X, Y, C, SEED, X, Y])
    a, b = tree(rng, depth - 1), tree(rng, rng.randrange(depth))
    number = rng.choice([-1, 2, -0.5, 3])
    return rng.choice([
        lambda: a + b, lambda: a - b, lambda: a * b, lambda: -a, lambda: number * a, lambda: a + number,
        lambda: a / (b * b + 1), lambda: a * (1 / (b * b + 2)), lambda: ops.tanh(a), lambda: number / (a * a + 1),
        lambda: ops.where(ops.gt(a, b), a, 0), lambda: ops.where(ops.gt(a, 0), number * a, number * b),
        lambda: a * ops.gt(b, 0), lambda: reduce(ops.sum, a * b, keep=True) * a, lambda: a - a * number,
    ])()


@pytest.mark.parametrize("last", [False, True], ids=["examples first", "examples last"])
@pytest.mark.parametrize("seed", range(60))
def test_calls_compute_what_any_expressions_say(seed: int, last: bool) -> None:
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    statements, known = [], [X, Y]
    for i in range(4):
        value = tree(rng, 3) * rng.choice(known) + rng.choice(known)
        statements.append(Let(name(f"v{i}", value.shape), value))
        known.append(statements[-1].name)
    buffered = Buffered(["x", "y", "c", *(f"v{i}" for i in range(4))], last=last)
    for statement in statements:
        buffered.statement(statement)
    given = UFUNCS | {"np": np, "n": 5, "theta": np.zeros(1), "x": numbers.normal(size=(5, 4)),
             "y": numbers.normal(size=(5, 4)), "c": numbers.normal(size=(5, 1))}
    executed, readable = dict(given), dict(given)
    for let in buffered.allocations:
        exec(CallPrinter().statement(let), executed)
    for _ in range(2):
        for call in buffered.statements:
            exec(CallPrinter().statement(call), executed)
    for statement in statements:
        exec(Printer().statement(statement), readable)
        result = eval(CallPrinter().text(buffered.inlined(statement.name)), executed)
        wanted = readable[statement.name.info]
        np.testing.assert_allclose(np.broadcast_to(result, wanted.shape), wanted, rtol=1e-11, atol=1e-12)
