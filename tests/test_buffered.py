"""Statements become calls that write into buffers, and compute the same numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Value, ops
from autograd.compiler.arrays.array import (
    Array,
    Constant,
    Let,
    Rows,
    Store,
    as_array,
    cast,
    concatenate,
    constant,
    copy,
    einsum,
    matmul,
    mean,
    name,
    part,
    reduce,
    reduceat,
    reshape,
    scatter,
    swapped,
    take,
    transpose,
    view,
)
from autograd.compiler.arrays.names import UFUNCS
from autograd.compiler.buffers.buffered import Buffered
from autograd.compiler.buffers.calls import CallPrinter
from autograd.compiler.buffers.memory import reused, roots, splits
from autograd.compiler.engine import HELP
from autograd.compiler.printers.to_numpy import Printer

X, W, V, B = name("x", (Rows(), 4)), name("W", (4, 4)), name("V", (2, 4)), name("b", (4,))
KNOWN = Constant("known", np.arange(20.0).reshape(5, 4))
KNOTS = Constant("knots", np.linspace(-1, 1, 5))
I = Constant("i", np.array([3, 0, 0, 2]))


def z(value: Any) -> Let:
    """z = value"""
    return Let(name("z", value.shape), value)


def lowered(*statements: Any, last: bool = False) -> Buffered:
    """The calls for statements."""
    buffered = Buffered(["x", "W", "b", "z", "i"], statements, [Let(B, part(name("theta", (9,)), 0, 4))], last)
    for statement in statements:
        buffered.statement(statement)
    return buffered


CALLS: dict[str, tuple[Any, str]] = {
    "a sum": (z(X + B), "np_add(x, b, z)"),
    "a product": (z(matmul(X, W)), "x.dot(W, z)"),
    "a product of columns that lie among others": (
        z(matmul(part(X, 0, 2), V)), "t1 = x[:, 0:2]\nnp_matmul(t1, V, z)"),
    "a selection in order": (z(ops.where(ops.gt(X, 0), X, 1)),
                             "np_greater(x, k1, t1)\nz[...] = k2; np.putmask(z, t1, x)"),
    "a function": (z(ops.tanh(X)), "np_tanh(x, z)"),
    "a square": (z(X**2), "np_square(x, z)"),
    "a function that NumPy has not": (
        z(ops.sigmoid(X)),
        "np_multiply(x, k1, t1)\nnp_exp(t1, t2)\nnp_add(k2, t2, t3)\nnp_divide(k2, t3, z)"),
    "a selection": (z(ops.where(ops.gt(X, 0), X, B)),
                    "np_greater(x, k1, t1)\nz[...] = b; np.copyto(z, x, where=t1)"),
    "a gather": (z(take(X, I)), 'x.take(i, -1, z, "clip")'),
    "what occurs twice is computed once": (z(ops.exp(X) * ops.exp(X)), "np_exp(x, t1)\nnp_multiply(t1, t1, z)"),
    "a sum over the examples": (Store(name("db", (4,)), reduce(ops.sum, X, (0,)), adds=False),
                                "t1.dot(x, db)"),
    "a gradient in its place": (Store(name("dW", (4, 4)), matmul(transpose(X), X), adds=False),
                                "t1 = x.T\nt1.dot(x, dW)"),
    "a sum over everything": (Store(name("db", ()), 3 * reduce(ops.sum, X, (0, 1)), adds=False),
                              "t1 = x.reshape(-1)\nt1.dot(t2, db)"),
    "a sum of products over everything": (Store(name("db", ()), reduce(ops.sum, X * X, (0, 1)), adds=False),
                                          "t1 = x.reshape(-1)\nt1.dot(t1, db)"),
    "a sum along rows": (z(reduce(ops.sum, X)), "x.dot(t1, z)"),
    "the largest of each row": (z(reduce(ops.max, X)),
                                "t1 = x.transpose(1, 0)\nt2[...] = t1\nnp_maximum.reduce(t2, 0, None, z, False)"),
    "numbers added to a product by numbers": (
        z(matmul(X, transpose(constant(KNOWN))) + constant(KNOTS)), "t2[...] = x\nt1.dot(j1.T, z)"),
    "distances between a column and several numbers": (
        z(part(X, 0, 1) - constant(KNOTS)), "t1 = x[:, 0:1]\nt3[...] = t1\nt2.dot(j1.T, z)"),
    "a truth value without another": (
        z(ops.where(ops.gt(X, 0), 0, cast(ops.gt(X, B)))),
        "np_greater(x, b, t1)\nnp_greater(x, k1, t2)\nnp_greater(t1, t2, t3)"),
    "a gradient added": (Store(B, reduce(ops.sum, X, (0,)), adds=True),
                         "t1.dot(x, t2)\nnp_add(b, t2, b)"),
}


@pytest.mark.parametrize(("statement", "expected"), CALLS.values(), ids=CALLS)
def test_a_statement_becomes_calls(statement: Any, expected: str) -> None:
    assert "\n".join(map(CallPrinter().statement, lowered(statement).statements)) == expected


Y, S = name("y", X.shape), name("s", X.shape)

SLOPES: dict[str, tuple[Any, str]] = {
    "of both sides": (ops.where(ops.gt(X, 0), S, 0) * ops.sin(X) + ops.where(ops.gt(X, 0), 0, S) * Y,
                      "np_greater(x, k1, t1)\nnp_sin(x, t2)\nt3[...] = y; np.putmask(t3, t1, t2)\n"
                      "np_multiply(s, t3, z)"),
    "with numbers of their own": (2 * ops.where(ops.gt(X, 0), S, 0) * Y + ops.where(ops.gt(X, 0), 0, S),
                                  "np_greater(x, k1, t1)\nnp_multiply(s, y, t2)\nnp_multiply(k2, t2, t3)\n"
                                  "z[...] = s; np.putmask(z, t1, t3)"),
}


@pytest.mark.parametrize(("value", "expected"), SLOPES.values(), ids=SLOPES)
def test_slopes_through_a_selection_are_selected_at_once(value: Any, expected: str) -> None:
    buffered = Buffered(["x", "y", "s", "z"])
    buffered.statement(z(value))
    assert "\n".join(map(CallPrinter().statement, buffered.statements)) == expected


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("examples", [30, 1000])
def test_many_numbers_are_selected_by_bits(dtype: str, examples: int) -> None:
    def loss(x: list[Any], y: list[Any]) -> Any:
        pairs = list(zip(x, y, strict=True))
        logs = [autograd.where(autograd.gt(a, 0), a.log() * t, b) for t, (a, b) in zip(w, pairs, strict=True)]
        return autograd.sum([autograd.where(autograd.gt(a, b), s * s, s.exp()) for s, (a, b) in zip(
            logs, pairs, strict=True)])

    w = [Value(0.1 * i) for i in range(40)]
    program = autograd.compile(loss, w)
    rng = np.random.default_rng(0)
    theta, xs, ys = (rng.normal(size=shape).astype(dtype) for shape in ((40,), (examples, 40), (examples, 40)))
    value, gradient = program.value_and_grad(theta, xs, ys)
    with np.errstate(invalid="ignore"):
        logs = np.log(xs)
    s = np.where(xs > 0, logs * theta, ys)
    slopes = np.where(xs > 0, np.where(xs > ys, 2 * s, np.exp(s)) * logs, 0).mean(axis=0)
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    assert np.isclose(value, np.where(xs > ys, s * s, np.exp(s)).sum(axis=1).mean(), tolerance)
    np.testing.assert_allclose(gradient, slopes, tolerance, tolerance)
    assert "select(" in program.executed_source


def test_many_slopes_of_maxima_are_selected_whose_halves_are_truth_values() -> None:
    def loss(x: list[Any], y: list[Any]) -> Any:
        return autograd.sum([autograd.maximum(s * a, b) for s, a, b in zip(w, x, y, strict=True)])

    w = [Value(0.1 * i) for i in range(40)]
    theta, X, Y = np.linspace(-1, 1, 40), *np.random.default_rng(0).normal(size=(2, 1000, 40))
    _, gradient = autograd.compile(loss, w).value_and_grad(theta, X, Y)
    np.testing.assert_allclose(gradient, np.where(theta * X > Y, X, 0).mean(axis=0), atol=1e-15)


def test_a_name_for_another_and_a_view_of_a_buffer_cost_no_call() -> None:
    a = name("a", X.shape)
    c = name("c", a.shape)
    buffered = lowered(Let(a, ops.exp(X)), Let(c, a), z(ops.sin(reshape(c, (Rows(2), 2)))))
    assert list(map(CallPrinter().statement, buffered.statements)) == ["np_exp(x, a)", "np_sin(t1, z)"]
    assert [CallPrinter().statement(let) for let in buffered.allocations][1] == "t1 = a.reshape(-1, 2)"


def test_views_of_parameters_are_named_with_them() -> None:
    c = name("c", (1,))
    run = part(name("theta", (9,)), 8, 9)
    buffered = Buffered(["x", "c"], [z(X * c)], [Let(c, run)])
    buffered.statement(z(X * c))
    assert list(map(CallPrinter().statement, buffered.statements)) == ["np_multiply(x, t1, z)"]
    assert [CallPrinter().statement(let) for let in buffered.memory.runs.values()] == [
        "c = theta[8:9]", "t1 = theta[8:9].reshape(())"]


MEANS: dict[str, tuple[Any, str]] = {
    "of squares": ((X - 1) ** 2, "np_subtract(x, k1, t1)\nvalue = t2.dot(t2) * t3"),
    "of products that are added up": (reduce(ops.sum, 2 * X * (X - 1), keep=True),
                                      "t1 = x.reshape(-1)\nnp_subtract(x, k1, t2)\nvalue = t1.dot(t3) * t4"),
    "of a sum": (reduce(ops.sum, ops.exp(X), keep=True), "np_exp(x, t1)\nvalue = t2.dot(t3)"),
    "of a sum of two": (reduce(ops.sum, X * X, keep=True) + reduce(ops.sum, ops.exp(X), keep=True),
                        "t1 = x.reshape(-1)\nnp_exp(x, t2)\nt5 = t1.dot(t1) * t4\nt7 = t3.dot(t6)\n"
                        "value = t5 + t7"),
    "of a product with a vector": (X * B, "np_multiply(x, b, t1)\nvalue = t2.dot(t3)"),
}


@pytest.mark.parametrize(("array", "expected"), MEANS.values(), ids=MEANS)
def test_a_mean_is_a_product_of_vectors(array: Any, expected: str) -> None:
    z, value = name("z", array.shape), name("value", ())
    buffered = lowered(Let(z, array), Let(value, mean(z)))
    assert "\n".join(map(CallPrinter().statement, buffered.statements)) == expected
    names: dict[str, Any] = UFUNCS | {"np": np, "n": 5, "theta": np.zeros(1), "b": np.arange(4.0),
                             "x": np.random.default_rng(0).normal(size=(5, 4))}
    readable = dict(names)
    exec("\n".join(map(Printer().statement, (Let(z, array), Let(value, mean(z))))), readable)
    for statement in (*buffered.allocations, *buffered.statements):
        exec(CallPrinter().statement(statement), names)
    np.testing.assert_allclose(names["value"], readable["value"], rtol=1e-13)


D = X + 1
CUBE, SIDE = reshape(D, (Rows(), 2, 2)), reshape(X * 2, (Rows(), 2, 2))
RUNS = [Constant("o", np.array([0, 2, 1, 3])), Constant("r", np.array([0, 2, 3])), Constant("p", np.array([0, 1, 4]))]
CARRIED = {carried.name: carried.array for carried in [I, KNOTS, *RUNS]}

STATEMENTS: dict[str, list[Any]] = {
    "a layer": [z(matmul(X, W) + B)],
    "a rule": [z(ops.tanh(X) * (1 - X**2) + X)],
    "a quotient": [z(ops.relu(X) / (1 + ops.exp(-X)))],
    "gathers": [z(take(X, I) * take(X, I) - take(X, I))],
    "selections": [z(ops.leaky_relu(X, 0.1) * ops.where(ops.gt(X, 0), 1, 0.1))],
    "padding": [z(take(X, I) * ops.where(ops.gt(X, 0), 0, take(X, I)))],
    "padding of the same in two ways": [
        z(ops.where(ops.gt(X, 0), 0, take(X, I)) - ops.where(ops.gt(X, 1), 0, take(X, I)))],
    "reductions": [z(reduce(ops.sum, X * X, keep=True) + B)],
    "two rows of each": [z(matmul(reshape(X + B, (Rows(2), 2)), V))],
    "adding": [z(X + 1), Store(name("z", X.shape), X * 2, adds=True), Store(name("z", X.shape), B, adds=True)],
    "adding the same again": [z(X + 1), *[Store(name("z", X.shape), X * 2, adds=True)] * 3],
    "adding after reading": [Let(name("a", X.shape), X * X), Let(name("c", X.shape), name("a", X.shape) + X),
                             Store(name("a", X.shape), X, adds=True), z(name("c", X.shape) * (name("a", X.shape) + X))],
    "distances to several numbers, and on which side": [
        Let(name("a", (Rows(), 5)), part(X, 0, 1) - constant(KNOTS)),
        z(name("a", (Rows(), 5)) * cast(ops.gt(constant(KNOTS), part(X, 0, 1))) + (2 + constant(KNOTS)))],
    "several": [Let(name("a", X.shape), X + 1), Let(name("c", X.shape), name("a", X.shape) * 2),
                z((name("a", X.shape) + name("c", X.shape)) * name("a", X.shape) - name("c", X.shape))],
    "truth values": [z(ops.eq(X, X) * X + ops.gt(0, X) * 2.0)],
    "a copy of parts that are merged": [
        Let(name("a", X.shape), X + 1),
        z(reshape(part(name("a", X.shape), 1, 3), (Rows(2), 1)) * 3), ],
    "a product for each example": [z(matmul(CUBE, SIDE))],
    "a product for each example with one of all": [z(matmul(CUBE, V) + 1)],
    "a product for each example from the left": [z(matmul(V, reshape(D, (Rows(), 4, 1))))],
    "a product with a matrix of several": [z(matmul(reshape(D, (Rows(), 2, 1, 2)), reshape(W, (2, 2, 4))))],
    "a product of rows, several for each example": [z(reshape(matmul(reshape(D, (Rows(2), 2)), V), (Rows(), 8)) * 2)],
    "a sum of products over all rows": [
        z(matmul(transpose(reshape(D, (Rows(2), 2))), reshape(take(X, I), (Rows(2), 2))))],
    "a sum of products for windows": [
        z(einsum("bhji,bhjn->hin", reshape(D, (Rows(), 1, 2, 2)), reshape(X, (Rows(), 1, 2, 2))))],
    "inner products": [z(einsum("...n,...n->...", CUBE, SIDE))],
    "what is swapped and merged": [z(reshape(swapped(CUBE), (Rows(), 4)) - X)],
    "functions of three axes": [z(ops.exp(CUBE) * reduce(ops.max, SIDE, (1,), keep=True) - reduce(
        ops.sum, SIDE, (1,), keep=True) + reduce(ops.sum, CUBE, keep=True) * reduce(ops.sum, SIDE, (0,)))],
    "runs": [z(reduceat(ops.sum, D, RUNS[1]) + 1)],
    "columns added up": [z(scatter(D, *RUNS, 5) * 2 + scatter(take(X, I), *RUNS, 5))],
    "columns side by side": [z(concatenate([D, X, part(D, 1, 2)]) * 2)],
    "a view of what is given": [z(view(X, 0, (2, 3), (1, 1)) * view(D, 3, (2, 3), (-1, -1)))],
    "a number added to twice": [
        z(scatter(reduce(ops.sum, D, (0,)), *RUNS, 200)),
        *[Store(part(name("z", (200,)), 1, 2), reduce(ops.sum, X, (0, 1)), adds=True)] * 2],
    "elements assigned": [Let(name("z", X.shape), Array("like", (X,), True, X.shape, "float")),
                          Store(take(name("z", X.shape), I), X, adds=False), Store(name("z", X.shape), D, adds=True)],
    "an array that is filled again": [Let(name("z", X.shape), Array("like", (X,), True, X.shape, "float")),
                                      Store(part(name("z", X.shape), 1, 3), part(X, 0, 2), adds=True)],
}


@pytest.mark.parametrize("last", [False, True], ids=["examples first", "examples last"])
@pytest.mark.parametrize("statements", STATEMENTS.values(), ids=STATEMENTS)
def test_calls_compute_the_same_numbers_again_and_again(statements: list[Any], last: bool) -> None:
    rng = np.random.default_rng(0)
    buffered = lowered(*statements, last=last)
    result = buffered.inlined(name("z", ()))
    constants = {carried.name: carried.array for carried in buffered.constants.values()}
    names: dict[str, Any] = {**HELP, **CARRIED, **constants, "W": rng.normal(size=(4, 4)), "V": rng.normal(size=(2, 4)),
                             "b": rng.normal(size=4), "n": 5, "theta": np.zeros(1)}
    for allocations in (buffered.allocations, reused(
            buffered.allocations, buffered.statements, [result], buffered.memory.ragged)):
        kept = dict(names, x=np.zeros((5, 4)))
        for let in allocations:
            exec(CallPrinter().statement(let), kept)
        for _ in range(3):
            kept["x"] = rng.normal(size=(5, 4))
            before = kept["x"].copy()
            for call in buffered.statements:
                exec(CallPrinter().statement(call), kept)
            readable = dict(names, x=before.copy())
            for statement in statements:
                exec(Printer().statement(statement), readable)
            np.testing.assert_allclose(
                eval(Printer().text(result), kept), readable["z"], rtol=1e-14, atol=1e-14)
            np.testing.assert_array_equal(kept["x"], before)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_softplus_and_its_slope_lose_no_digits(dtype: Any) -> None:
    w = [Value(1.0), Value(1.0)]
    program = autograd.compile(lambda x: w[0] * autograd.softplus(x[0]) + w[1] * autograd.softplus(x[1]), w)
    x = np.array([-800, -60, -20, -2, -0.1, 0, 0.1, 2, 20, 60, 800, 1e30], dtype)[:, None] + np.zeros(2, dtype)
    *_, dx = program.value_and_grad(np.ones(2, dtype), x, inputs=True)
    nodes = [Value(float(number)) for number in x[:, 0]]
    for node in nodes:
        node.softplus().backward()
    rounding = {"rtol": 100 * np.finfo(dtype).eps, "atol": 0}
    np.testing.assert_allclose(dx[:, 0] * len(x), [node.grad for node in nodes], **rounding)
    np.testing.assert_allclose(program(np.ones(2, dtype), x), [2 * node.softplus().data for node in nodes], **rounding)


@pytest.mark.parametrize("theta", [(2.0, 3.0), (0.0, 1000.0), (-1.0, 0.5), (math.inf, 1.0), (0.0, 0.0)])
def test_what_is_the_same_for_all_examples_is_computed_as_floats_and_never_raises(theta: tuple[float, float]) -> None:
    def scale(a: Value, b: Value) -> Value:
        return 1 / a + b.exp().log() + a.sqrt() + (a * b).tanh()

    w = [Value(1.0), Value(2.0)]
    program = autograd.compile(lambda x: scale(*w) * x[0], w)
    nodes = list(map(Value, theta))
    scale(*nodes).backward()
    for dtype in (np.float64, np.float32):
        value, gradient = program.value_and_grad(np.array(theta, dtype), np.ones((50, 1), dtype))
        if math.isfinite(np.dtype(dtype).type(nodes[1].exp().data)):
            np.testing.assert_allclose(value, scale(*nodes).data, rtol=1e-6)
            np.testing.assert_allclose(gradient, [node.grad for node in nodes], rtol=1e-6)
    assert "np.exp" not in program.executed_source


def test_what_is_written_to_is_no_array_that_stays() -> None:
    ones = Array("full", (as_array(1),), (Rows(), 2, 2), (Rows(), 2, 2), "float")
    fixed = reduce(ops.sum, ones, (1,))
    buffered = lowered(z(fixed), Store(part(name("z", fixed.shape), 0, 1), part(X, 0, 1), adds=True))
    kept = UFUNCS | {"np": np, "n": 5, "theta": np.zeros(1), "x": np.ones((5, 4))}
    for let in buffered.allocations:
        exec(CallPrinter().statement(let), kept)
    for _ in range(2):
        for call in buffered.statements:
            exec(CallPrinter().statement(call), kept)
        np.testing.assert_array_equal(eval(Printer().text(buffered.inlined(name("z", fixed.shape))), kept)[0], [3, 2])


def chain(*functions: Callable[[Any], Any]) -> Buffered:
    """z = the last function of … of the first function of x, each in a statement."""
    statements, array = [], X
    for i, function in enumerate(functions):
        value = function(array)
        array = name("z" if i == len(functions) - 1 else f"a{i}", value.shape)
        statements.append(Let(array, value))
    return lowered(*statements)


def memory(buffered: Buffered) -> int:
    """How many arrays there are after some have been used again."""
    allocations = reused(buffered.allocations, buffered.statements, [name("z", ())], buffered.memory.ragged)
    return len(set(roots(allocations).values()))


def test_arrays_whose_lives_do_not_overlap_share_memory() -> None:
    assert memory(chain(*[lambda a: matmul(a, W)] * 5)) == 2


def test_an_elementwise_call_writes_over_what_it_reads_last() -> None:
    assert memory(chain(ops.exp, ops.sin, ops.cos, ops.tanh)) == 1


def test_arrays_of_different_sizes_do_not_share_memory() -> None:
    assert memory(chain(ops.exp, lambda a: reduce(ops.logsumexp, a, keep=True))) == 2


def test_an_array_that_is_read_in_another_order_is_not_written_over() -> None:
    assert memory(chain(ops.exp, lambda a: reshape(a, (Rows(), 2, 2)), lambda a: a + Array(
        "swapped", (a,), None, a.shape, "float"))) == 2


@pytest.mark.parametrize(("shape", "into", "expected"), [
    ((Rows(), 4), (Rows(), 2, 2), True), ((Rows(), 2, 2), (Rows(), 4), False), ((Rows(), 4), (Rows(2), 2), False),
    ((Rows(2), 3), (Rows(), 2, 3), True), ((Rows(), 4), (Rows(), 4, 1), True), ((4, 6), (2, 2, 6), True),
])
def test_axes_are_split_without_a_copy_and_merged_with_one(shape: Any, into: Any, expected: bool) -> None:
    assert splits(shape, into) == expected
    sizes, others = ([s.times * 3 if isinstance(s, Rows) else s for s in sizes] for sizes in (shape, into))
    strided = np.zeros([2 * size for size in sizes])[tuple(slice(None, None, 2) for _ in sizes)]
    assert np.shares_memory(strided.reshape(others), strided) or not expected


def test_a_copy_is_a_copy() -> None:
    buffered = lowered(z(copy(X)), Store(part(name("z", X.shape), 0, 2), part(X, 1, 3), adds=False))
    assert list(map(CallPrinter().statement, buffered.statements)) == [
        "z[...] = x", "t2 = x[:, 1:3]", "t1[...] = t2"]
    assert not lowered(z(copy(X))).statements, "nobody writes to it, so that it need not be one"


@pytest.mark.parametrize("function", [np.add, np.multiply, np.subtract, np.divide, np.exp, np.tanh, np.square, np.sqrt],
                         ids=lambda function: function.__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numpy_computes_from_columns_to_columns(function: Any, dtype: Any) -> None:
    # np.negative does not, for float32 in NumPy 2.4: the calls do without it.
    for width in range(2, 6):
        given = [np.arange(1, 1 + 3 * width, dtype=dtype).reshape(3, width) for _ in range(function.nin)]
        out = np.zeros((3, 4), dtype)
        function(*(array[:, 1:2] for array in given), out=out[:, 2:3])
        np.testing.assert_allclose(out[:, 2:3], function(*(array[:, 1:2].copy() for array in given)), rtol=1e-6)
