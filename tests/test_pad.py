"""Ragged rows become rectangles, and what nobody asked for changes no number."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from losses import by_default

import autograd
from autograd import Program, Value, dot, softmax
from autograd.compiler.blocks.pad import completed

ROWS: dict[str, Callable[[int], list[int]]] = {
    "a triangle": lambda n: list(range(1, n + 1)),
    "a triangle upside down": lambda n: list(range(n, 0, -1)),
    "any lengths": lambda n: [random.Random(n + i).randint(1, n) for i in range(n)],
}

STEPS: dict[str, Callable[[Any], Any]] = {
    "tanh": lambda s: s.tanh(), "exp": lambda s: s.exp(), "square": lambda s: s * s, "log": lambda s: (s * s + 1).log(),
    "root": lambda s: (s * s + 0.5).sqrt(), "quotient": lambda s: 1 / (2 + s * s), "relu": lambda s: s.relu(),
    "sine": lambda s: s.sin(), "power": lambda s: (s * s + 1) ** -0.5, "wild": lambda s: s.exp().log(),
}

READERS: dict[str, Callable[[list[Any]], Any]] = {
    "max": autograd.max, "sum": autograd.sum, "logsumexp": autograd.logsumexp, "min": autograd.min,
    "squares": lambda row: dot(row, row), "softmax": lambda row: dot(softmax(row), row),
    "shares": lambda row: autograd.sum([v.tanh() / (2 + autograd.sum([u * u for u in row])) for v in row]),
}


def rows_of(lengths: list[int], steps: list[str], readers: list[str]) -> tuple[Any, list[Any]]:
    """A loss whose scores q·k go through functions, in rows of these lengths, and are read row by row."""
    n, rng = len(lengths), random.Random(1)
    Q, K = ([[Value(rng.gauss(0, 0.7)) for _ in range(3)] for _ in range(2)] for _ in range(2))

    def loss(x: Any) -> Any:
        q, k = ([[dot(w, row) for w in W] for row in x] for W in (Q, K))
        total = 0.0
        for t in range(n):
            scores = [dot(q[t], k[u]) * 0.5 for u in range(lengths[t])]
            for step in steps:
                scores = [STEPS[step](s) for s in scores]
            total = total + autograd.sum([READERS[reader](scores) for reader in readers])
        return total

    return loss, [Q, K]


def agrees(loss: Any, params: list[Any], n: int) -> Program:
    """The compiled loss, once it has been found to be what the loss is."""
    program, X = Program(loss, params), np.random.default_rng(3).normal(size=(3, n, 3))
    flat = [v for matrix in params for row in matrix for v in row]
    theta = np.array([v.data for v in flat])
    value, gradient = program.value_and_grad(theta, X)
    mean = sum(loss([[Value(v) for v in row] for row in x.tolist()]) for x in X) / 3
    for v in flat:
        v.grad = 0.0
    mean.backward()
    assert value == pytest.approx(mean.data, rel=1e-12)
    np.testing.assert_allclose(gradient, [v.grad for v in flat], rtol=1e-9, atol=1e-11)
    return program


@pytest.mark.parametrize("seed", by_default(range(40), one_in=3))
def test_rectangles_change_no_number(seed: int) -> None:
    rng = random.Random(seed)
    lengths = ROWS[rng.choice(list(ROWS))](rng.randint(3, 7))
    steps, readers = rng.choices(list(STEPS), k=rng.randint(0, 3)), rng.choices(list(READERS), k=rng.randint(1, 3))
    agrees(*rows_of(lengths, steps, readers), len(lengths))


def attention(n: int, heads: int = 2) -> tuple[Any, list[Any]]:
    """Causal attention that looks back as far as there is anything."""
    rng = random.Random(0)
    Q, K, V = ([[Value(rng.gauss(0, 0.7)) for _ in range(3)] for _ in range(2 * heads)] for _ in range(3))

    def loss(x: Any) -> Any:
        q, k, v = ([[dot(w, row) for w in W] for row in x] for W in (Q, K, V))
        total = 0.0
        for t in range(n):
            for h in range(0, 2 * heads, 2):
                p = softmax([dot(q[t][h : h + 2], k[u][h : h + 2]) for u in range(t + 1)])
                total = total + sum(dot(p, [v[u][h + j] for u in range(t + 1)]) ** 2 for j in range(2))
        return total

    return loss, [Q, K, V]


def test_causal_attention_is_the_textbooks_with_a_mask_that_is_added() -> None:
    program = agrees(*attention(6), 6)
    gathers = [line for line in program.source.splitlines() if any(t in line for t in ("[:, i", "scatter(", "where("))]
    assert not gathers
    assert "np.exp" in program.source
    assert next(block.scalars for block in program.blocks if block.op == "exp") == 2 * (1 + 2 + 3 + 4 + 5 + 6)


def test_any_number_of_steps_may_share_a_rectangle() -> None:
    loss, params = rows_of([1, 2, 3], ["sine"] * 1000, ["softmax"])
    program = Program(loss, params).trace((3, 3))
    assert program.executed_source.count("np_sin") >= 1000


def test_scalars_are_found_where_they_are() -> None:
    loss, params = attention(4)
    program = Program(loss, params).trace((4, 3))
    result = program.example([[0.1 * (i + j) for j in range(3)] for i in range(4)])
    exps = [v for v in autograd.ancestors(result) if v.op is not None and v.op.name == "exp"]
    places = [program.block_of(v) for v in exps]
    assert len({str(place) for place in places}) == len(exps) == 2 * (1 + 2 + 3 + 4)


def test_a_loss_that_overflows_is_that_of_eager_evaluation() -> None:
    loss, params = rows_of([1, 2, 3, 4], ["square"], ["softmax", "sum"])
    X = np.full((2, 4, 3), 1e200)
    theta = np.array([v.data for matrix in params for row in matrix for v in row])
    value, _ = Program(loss, params).value_and_grad(theta, X)
    assert not np.isfinite(value)


@pytest.mark.parametrize(("index", "expected"), [
    ([[0, -1, -1], [3, 4, -1], [6, 7, 8]], [[0, 1, 2], [3, 4, 5], [6, 7, 8]]),
    ([[2, -1], [1, -1]], [[2, 2], [1, 1]]),
    ([[0, 5], [17, -1]], [[0, 5], [17, 0]]),
])
def test_an_index_is_completed_by_its_strides(index: list[list[int]], expected: list[list[int]]) -> None:
    array = np.array(index)
    assert completed(array, array >= 0, 20).tolist() == expected


@pytest.mark.parametrize("m", [2, 4, 8])
def test_sums_of_one_square_and_of_two_agree(m: int) -> None:
    def loss(x: Any) -> Any:
        a = [dot(row, x) for row in C]
        pairs = [a[2 * k - 1] * a[2 * k - 1] + a[2 * k] * a[2 * k] for k in range(1, m)]
        return dot(w, [a[0] * a[0], *pairs, a[-1] * a[-1]])

    rng = np.random.default_rng(0)
    C = [[Value(v) for v in row] for row in rng.normal(size=(2 * m, 2 * m)).tolist()]
    w = [Value(0.1 * k + 1) for k in range(m + 1)]
    program, X = Program(loss, [C, w]), rng.normal(size=(3, 2 * m))
    theta = np.array([v.data for row in [*C, w] for v in row])
    assert program(theta, X) == pytest.approx([loss([Value(v) for v in row]).data for row in X.tolist()], rel=1e-12)
