"""Steps that are unlike one another are read as one loop, by tables: wavefronts, triangles, and updates in place."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from losses import by_default
from test_loops import by_source, lines

import autograd
import viz
from autograd import Value, dot, tanh
from benchmarks.programs import WORK
from benchmarks.programs.measure import arguments, as_values
from benchmarks.steps import (
    Made,
    cholesky,
    compiled,
    dynamic_time_warping,
    edit_distance,
    gauss_seidel,
    kalman,
    parameters,
    recurrent,
)


@pytest.mark.parametrize("made", by_default([dynamic_time_warping, gauss_seidel]))
def test_few_steps_and_many_are_as_many_lines(made: Callable[[int], Made]) -> None:
    """In tests/test_loops.py so are those of the other losses."""
    assert lines(compiled(made(5))[0]) == lines(compiled(made(14))[0]) < 60


def test_a_wavefront_reads_as_it_is_said() -> None:
    program, *_ = compiled(dynamic_time_warping(5))
    source = program.source
    assert source[source.index("    s1") : source.index("    gradient")] == """\
    s1 = (w.T - x.reshape(-1, 1, 5)).reshape(-1, 25)
    s2 = s1 * s1
    v1 = np.empty((n, 108), theta.dtype)
    v1[:, 0:3] = c1
    v1[:, 3:28] = s2
    for t in range(8):
        v1[:, 10 * t + 28:10 * t + 33] = np.min(v1[:, i1[t]], axis=-1)
        v1[:, 10 * t + 33:10 * t + 38] = v1[:, i2[t]] + v1[:, i3[t]]
    value = v1[:, 103].mean()

"""


@pytest.mark.parametrize("name", ["Black and Scholes", "Gram and Schmidt, 3 of 4", "robot arm of 4 joints"])
def test_a_formula_has_no_steps_to_be_read_by_tables(name: str) -> None:
    work = WORK[name]
    P = as_values(work, arguments(work, 1)[0])
    program = autograd.compile(lambda *rows: work.loss(P, *rows), P)
    program.trace(*(shape for shape in (work.row, work.target) if shape is not None))
    assert not [block for block in program.blocks if block.op == "recurrence"]


# ── any order of any cells ───────────────────────────────────────────────────────────────────────


def at_random(seed: int, size: int) -> Made:
    """Cells of a square, a rectangle, a triangle or a band, each from neighbours at random, by any function of them."""
    rng = random.Random(seed)
    shape = rng.choice(["square", "rectangle", "triangle", "band"])
    neighbours = rng.sample([(1, 0), (0, 1), (1, 1), (2, 1), (1, 2)], rng.randint(2, 3))
    best = rng.choice([autograd.min, autograd.max, autograd.logsumexp, lambda v: tanh(autograd.sum(v) / 2),
                       lambda v: autograd.sum(v) * 0.4])
    missing = rng.choice([None, None, 0.0, 3.0])
    product, outcome = rng.random() < 0.5, rng.randrange(3)
    columns = size + 3 * (shape == "rectangle")
    inside = {"square": lambda i, j: True, "rectangle": lambda i, j: True, "triangle": lambda i, j: j <= i,
              "band": lambda i, j: abs(i - j) <= 2}[shape]
    P = {"w": parameters(size), "c": Value(0.8)}

    def loss(x: Any) -> Any:
        made: dict[tuple[int, int], Any] = {}
        for i, j in ((i, j) for i in range(size) for j in range(columns) if inside(i, j)):
            around = [made.get((i - down, j - right), missing) for down, right in neighbours]
            before = [value for value in around if value is not None]
            cost = P["w"][i] * x[j] if product else (P["w"][i] - x[j]) ** 2
            made[i, j] = P["c"] * cost + best(before) if before else cost
        last = [value for (i, _), value in made.items() if i == size - 1]
        return [last[-1], autograd.sum(last), autograd.max(list(made.values()))][outcome]

    return loss, P, (columns,), ()


@pytest.mark.parametrize("seed", by_default(range(60), one_in=20))
def test_recurrences_at_random_compute_what_the_program_returns(seed: int) -> None:
    """And they are not longer for more cells, but for what is at the ends."""
    few, many = (compiled(at_random(seed, size)) for size in (9, 13))
    for program, (theta, X), _ in (few, many):
        theta, X = 0.9 * theta + 0.01, 0.8 * X - 0.3
        value, gradient = program.value_and_grad(theta, X)
        again, slopes = by_source(program, (theta, X))
        np.testing.assert_allclose(again, value, rtol=1e-10)
        np.testing.assert_allclose(slopes, gradient, rtol=1e-8, atol=1e-10 * max(1, np.abs(gradient).max()))
    assert lines(many[0]) < 1.4 * lines(few[0])


# ── what else looks at it ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("made", "size"), by_default([(dynamic_time_warping, 5), (cholesky, 8)]))
def test_scalars_of_a_recurrence_have_their_places(made: Callable[[int], Made], size: int) -> None:
    """The array of the source holds at each place the number of the scalar that is said to be there."""
    program, (theta, X), _ = compiled(made(size))
    loss = program.example(X[0])
    scope: dict[str, Any] = {}
    name = next(block.name for block in program.blocks if block.op == "recurrence")
    exec(program.source.replace("return value, gradient", f"return {name}"), scope)
    array, seen, waiting = scope["value_and_grad"](theta, X.reshape(len(X), -1)), set(), [loss]
    while waiting:
        value = waiting.pop()
        place = program.block_of(value)
        if place is not None and place.whole and place.name == name:
            assert array[0, place.index[-1]] == pytest.approx(value.data)
            seen.add(place.index[-1])
        waiting += value.args
    assert len(seen) >= 15


def test_a_recurrence_is_drawn_and_explained() -> None:
    program, *_ = compiled(edit_distance(5))
    assert "recurrence" in program.summary()
    assert "loop ↻" in viz.draw(program).source
    assert "in each step t" in str(program.explain("v1"))


def test_a_recurrence_that_is_the_same_for_all_examples_has_a_value() -> None:
    """It is read out of the array, and not the mean of a column."""
    w = parameters(8)

    def loss(x: Any) -> Any:
        row = w
        while len(row) > 1:
            row = [tanh(a + b) for a, b in itertools.pairwise(row)]
        return row[0]

    program, arguments, (value, gradient) = compiled((loss, {"w": w}, (), ()))
    assert "recurrence" in program.summary()
    again, slopes = by_source(program, arguments)
    assert again == pytest.approx(value)
    np.testing.assert_allclose(slopes, gradient)


def test_what_runs_is_the_same_with_and_without_a_recurrence() -> None:
    program, *_ = compiled(dynamic_time_warping(6))
    assert "for t in" in program.source
    assert "for " not in program.executed_source


@pytest.mark.parametrize("made", [recurrent, kalman])
def test_steps_that_are_alike_are_no_recurrence(made: Callable[[int], Made]) -> None:
    program, *_ = compiled(made(8))
    assert "recurrence" not in program.summary()


def test_layers_of_different_widths_stay_products_of_matrices() -> None:
    sizes = [9, 8, 7, 6, 5, 4, 3, 2, 1]
    P = {f"W{i}": parameters(b, a) for i, (a, b) in enumerate(itertools.pairwise(sizes))}

    def loss(x: Any) -> Any:
        for W in P.values():
            x = [tanh(dot(row, x)) for row in W]
        return x[0]

    program, *_ = compiled((loss, P, (9,), ()))
    assert [block.op for block in program.blocks].count("matmul") == 8


def attending(steps: int) -> Made:
    """A state that attends to all states before it."""
    P = {name: parameters(2, 2, seed=seed) for seed, name in enumerate("QKV")}

    def loss(x: Any) -> Any:
        keys, values, h = [], [], [x[0], x[0]]
        for t in range(steps):
            query, key, value = ([dot(row, h) for row in W] for W in P.values())
            keys.append(key)
            values.append(value)
            shares = autograd.softmax([dot(query, key) for key in keys])
            h = [tanh(x[t] + dot(shares, column)) for column in zip(*values, strict=True)]
        return h[0] - h[1] * h[1]

    return loss, P, (steps,), ()


@pytest.mark.slow
def test_what_no_loop_says_is_said_by_tables_before_the_text_grows() -> None:
    (program, *arguments), (longer, *_) = compiled(attending(15)), compiled(attending(20))
    assert lines(program) == lines(longer) < 100
    again, slopes = by_source(program, arguments[0])
    np.testing.assert_allclose(again, arguments[1][0], rtol=1e-12)
    np.testing.assert_allclose(slopes, arguments[1][1], rtol=1e-9, atol=1e-12)
