"""Arrays as a tree: what they simplify to, their shapes and dtypes, and statements that are not well formed."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from losses import LOSSES
from random_losses import random_grids

from autograd import ops
from autograd.compiler.arrays import function as functions
from autograd.compiler.arrays.array import (
    Array,
    Let,
    Rows,
    Store,
    as_array,
    broadcast,
    broadcast_shape,
    check,
    copy,
    is_view,
    like,
    matmul,
    name,
    part,
    reduce,
    reshape,
    transpose,
)
from autograd.compiler.printers.to_numpy import Printer

X, Y, M = name("x", (Rows(), 3)), name("y", (Rows(), 3)), name("M", (4, 3))


def text(array: Any) -> str:
    return Printer().text(as_array(array))


SIMPLE: dict[str, tuple[Any, str]] = {
    "times 1": (1 * X, "x"), "times -1": (X * -1, "-x"), "times 0": (X * 0, "x * 0"), "plus 0": (0 + X, "x"),
    "less 0": (X - 0, "x"), "0 less": (0 - X, "-x"), "by 1": (X / 1, "x"), "to the power 1": (X**1, "x"),
    "minus minus": (ops.neg(ops.neg(X)), "x"), "numbers alone": (ops.exp(as_array(0)) + 1, "2"),
    "a choice that is made": (ops.where(as_array(1), X, Y), "x"),
    "1 or 0": (ops.where(ops.gt(X, 0), 1, 0) * Y, "(x > 0) * y"),
    "a transpose twice": (transpose(transpose(M)), "M"),
    "the transpose of a product": (transpose(matmul(transpose(X), Y)), "y.T @ x"),
    "the same shape": (reshape(reshape(X, (Rows(3),)), (Rows(), 3)), "x"), "all of it": (part(X, 0, 3), "x"),
}


@pytest.mark.parametrize(("array", "expected"), SIMPLE.values(), ids=SIMPLE)
def test_what_makes_no_difference_is_left_out(array: Any, expected: str) -> None:
    assert text(array) == expected


def test_the_rules_of_the_table_build_the_tree_of_the_derivative() -> None:
    assert [text(partial) for partial in ops.tanh.rule(Y, X)] == ["1 - y ** 2"]
    assert text(ops.pow.rule(Y, X, as_array(3))[0]) == "3 * x ** 2"


@pytest.mark.parametrize(("array", "dtype", "written"), [
    (ops.gt(X, 0), "truth", "(x > 0)"),
    (X * ops.gt(X, 0), "float", "x * (x > 0)"),
    (1 - ops.gt(X, 0), "float", "1 - (x > 0).astype(theta.dtype)"),
    (ops.where(ops.gt(X, 0), 1, 0.5), "float", "np.where((x > 0), 1, 0.5).astype(theta.dtype, copy=False)"),
    (reduce(ops.sum, ops.eq(X, Y)), "float", "np.sum((x == y), axis=-1, dtype=theta.dtype)"),
])
def test_truth_values_become_numbers_of_the_dtype_of_theta(array: Array, dtype: str, written: str) -> None:
    assert (array.dtype, text(array)) == (dtype, written)


@pytest.mark.parametrize(("shapes", "expected"), [
    (((Rows(), 3), (3,)), (Rows(), 3)), (((Rows(), 1), (4, 1, 3)), (4, Rows(), 3)), (((), (2,)), (2,)),
])
def test_shapes_broadcast_as_those_of_numpy(shapes: Any, expected: Any) -> None:
    assert broadcast_shape(*shapes) == expected
    sizes = [tuple(7 if isinstance(size, Rows) else size for size in shape) for shape in (*shapes, expected)]
    assert np.broadcast_shapes(*sizes[:-1]) == sizes[-1]


@pytest.mark.parametrize("make", [
    lambda: X + name("z", (Rows(), 4)), lambda: matmul(X, M), lambda: reshape(X, (Rows(), 4)),
    lambda: broadcast(X, (Rows(), 5)),
])
def test_what_does_not_go_together_is_no_node(make: Any) -> None:
    with pytest.raises(AssertionError):
        make()


# ── statements ───────────────────────────────────────────────────────────────────────────────

Z, A = name("z", X.shape), name("a", X.shape)

MALFORMED: dict[str, tuple[list[Any], list[Array], str]] = {
    "a name that nobody defined": ([Let(A, Z + 1)], [], "z is read before it is defined"),
    "a name defined twice": ([Let(A, X + 1), Let(A, X + 2)], [], "a is defined twice"),
    "a name of another shape": ([Let(name("a", (3,)), X + 1)], [], "a has another shape than its value"),
    "a name that is read as another shape": ([Let(A, X + 1), Let(Z, name("a", (1, 3)) + X)], [], "a is read as"),
    "a node of another shape": ([Let(name("a", (3,)), Array(ops.exp, (X,), None, (3,), "float"))], [], "no such shape"),
    "a value that does not fit its place": (
        [Let(A, X + 1), Store(part(A, 0, 1), X, adds=True)], [], "does not fit"),
    "what is given is written to": ([Store(X, Y, adds=True)], [], "x is given"),
    "an array read after its memory was written to": (
        [Let(A, X + 1), Let(Z, A), Store(Z, X, adds=True)], [A], "a is read after z was written to"),
    "a view read after its memory was written to": (
        [Let(A, X + 1), Let(name("b", (Rows(3),)), reshape(A, (Rows(3),))), Store(A, X, adds=True)],
        [name("b", (Rows(3),))], "b is read after a was written to"),
}


@pytest.mark.parametrize(("statements", "results", "message"), MALFORMED.values(), ids=MALFORMED)
def test_statements_that_are_not_well_formed_are_found(statements: Any, results: Any, message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check([X, Y], statements, results)


def test_statements_that_are_well_formed_pass() -> None:
    check([X, Y], [Let(A, copy(X)), Store(A, Y, adds=True), Let(Z, A * 2)], [Z, A])


def test_two_gradients_in_one_memory_are_excluded(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without copies some losses add to an array that another name still reads: no such program is made.
    found = set()
    monkeypatch.setattr(functions, "with_copies", list)
    for seed in range(40):
        grids, _, _ = random_grids(random.Random(seed))
        try:
            grids.case().traced()._traced().function("inputs")
        except AssertionError as error:
            found.add(str(error).split(" is ")[-1].split(" was ")[-1])
    assert found == {"written to"}


def test_an_array_that_is_only_looked_at_is_not_copied() -> None:
    source = LOSSES["mlp_tanh"]().traced().source
    assert ".copy()" not in source
    assert "dz3 = ds1\n" in source


@pytest.mark.parametrize(("array", "expected"), [
    (X, True), (part(X, 0, 2), True), (reshape(X, (Rows(3),)), True), (transpose(M), True), (X + 1, False),
    (reshape(X + 1, (Rows(3),)), False), (broadcast(reduce(ops.sum, X, keep=True), X.shape), True),
    (copy(X), False), (like(X), False), (as_array(1), False),
])
def test_what_has_its_memory_from_elsewhere_is_a_view(array: Array, expected: bool) -> None:
    assert is_view(array) == expected


def test_numbers_that_are_not_finite_are_written_by_name() -> None:
    assert [text(number) for number in (math.inf, -math.inf, math.nan)] == ["np.inf", "-np.inf", "np.nan"]
