"""What repeats in a program is written once: the source does not grow with the number of steps, and says the same."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from agreement import Case, theta_of
from losses import (
    by_default,
    implicit_euler,
    layers_within_steps,
    recurrent_layers,
    relaxed_newton,
    thinking_steps,
)

import autograd
import viz
from autograd import Value, dot, maximum, tanh
from autograd.compiler.arrays.place import Place
from autograd.compiler.arrays.repeats import repeated
from autograd.compiler.blocks import reroll
from benchmarks.steps import (
    LOSSES,
    Made,
    compiled,
    controller,
    deep,
    epidemic,
    gated,
    hidden_markov,
    kalman,
    layers,
    parameters,
    recurrent,
    runge_kutta,
)


def by_source(program: Any, arguments: tuple[Any, ...]) -> Any:
    """What the source computes."""
    scope: dict[str, Any] = {}
    exec(program.source, scope)
    theta, *rows = arguments
    return scope["value_and_grad"](theta, *(row.reshape(len(row), -1) for row in rows))


def lines(program: Any) -> int:
    """The lines of the source."""
    return len(program.source.splitlines())


@pytest.mark.parametrize("made", by_default(LOSSES, one_in=5))
def test_the_source_does_not_grow_with_the_steps(made: Callable[[int], Made]) -> None:
    """Nor do the blocks; and it computes what the program returns. (Euler's method goes two steps at a time.)"""
    few, many = (compiled(made(steps)) for steps in (10, 18))
    for program, arguments, (value, gradient) in (few, many):
        again, slopes = by_source(program, arguments)
        np.testing.assert_allclose(again, value, rtol=1e-12)
        np.testing.assert_allclose(slopes, gradient, rtol=1e-9, atol=1e-12 * np.abs(gradient).max())
    assert lines(few[0]) == lines(many[0])
    assert len(few[0].blocks) == len(many[0].blocks)


@pytest.mark.parametrize("made", [
    deep, *(pytest.param(made, marks=pytest.mark.slow) for made in (recurrent, hidden_markov))])
def test_a_hundred_steps_are_no_more_lines(made: Callable[[int], Made]) -> None:
    assert lines(compiled(made(100))[0]) == lines(compiled(made(5))[0])


def henon(P: list[Value], x: Any) -> list[Any]:
    """A step of the map by Hénon, which leaves all bounds for most parameters."""
    return [1 - 3 * P[0] * x[0] * x[0] + x[1], P[1] * x[0]]


def squares(P: list[Value], x: Any) -> list[Any]:
    """Every number with a square of both added to it."""
    return [x[0] + (P[0] * x[0] + P[1] * x[1]) ** 2, x[1] + (P[1] * x[0] - P[0] * x[1]) ** 2]


@pytest.mark.parametrize("step", [henon, squares])
def test_steps_whose_numbers_grow_beyond_bounds_are_a_loop(step: Any) -> None:
    P = [Value(0.3), Value(-0.2)]

    def made(steps: int) -> Any:
        def loss(x: Any) -> Any:
            for _ in range(steps):
                x = step(P, x)
            return x[0] * x[0] + x[1]

        return autograd.compile(loss, P)

    few, many = (made(steps).trace((2,)) for steps in (10, 20))
    assert lines(few) == lines(many)
    theta, x = np.array([0.3, -0.2]), np.array([[0.1, 0.2], [-0.3, 0.1]])
    value, gradient = many.value_and_grad(theta, x)
    again, slopes = by_source(many, (theta, x))
    np.testing.assert_allclose([again, *slopes], [value, *gradient], rtol=1e-9)


def test_a_loop_may_begin_with_a_column_of_what_has_another_name() -> None:
    """Backwards the last step reads dv[:, 9:10], where dv is no more than another name of ds."""
    rate, few = Value(0.4), Value(0.3)

    def loss(x: Any, y: Any) -> Any:
        missed = 0.0
        for year in y:
            x = autograd.where(autograd.gt(x, few), x * (rate * (1 - x)).exp(), 0.5 * x)
            missed = missed + (x - year) ** 2
        return missed

    program = autograd.compile(loss, [rate, few])
    arguments = np.array([0.4, 0.3]), np.array([0.2, 0.9]), np.linspace(0.1, 1.0, 20).reshape(2, 10)
    value, gradient = program.value_and_grad(*arguments)
    assert "for t in reversed(range(1, 10)):" in program.source
    again, slopes = by_source(program, arguments)
    np.testing.assert_allclose([again, *slopes], [value, *gradient], rtol=1e-12)


def test_a_recurrent_network_reads_as_in_a_textbook() -> None:
    program, *_ = compiled(recurrent(6))
    assert "\n".join(program.source.splitlines()[5:]) == """\
    U = theta[0:12].reshape(4, 3).T
    b = theta[28:32]
    W = theta[12:28].reshape(4, 4).T
    v = theta[32:36].reshape(1, 4).T

    z = ((x.reshape(-1, 3) @ U).reshape(-1, 6, 4) + b).reshape(-1, 24)
    a = np.empty((6, n, 4), theta.dtype)
    a[0] = np.tanh(z[:, 0:4])
    for t in range(1, 6):
        z_t = z[:, 4 * t:4 * t + 4] + a[t - 1] @ W
        a[t] = np.tanh(z_t)
    z7 = a[5] @ v
    s1 = z7 - y
    loss = s1 * s1
    value = loss.mean()

    gradient = np.empty_like(theta)
    dv = gradient[32:36].reshape(1, 4).T
    dW = gradient[12:28].reshape(4, 4).T
    dU = gradient[0:12].reshape(4, 3).T
    db = gradient[28:32]
    dloss = np.full((n, 1), 1 / n, theta.dtype)
    ds1 = 2 * (dloss * s1)
    dz7 = ds1
    da6 = dz7 @ v.T
    dv[...] = a[5].T @ dz7
    dz_t = np.empty((6, n, 4), theta.dtype)
    dz_t[5] = da6 * (1 - a[5] ** 2)
    for t in reversed(range(5)):
        da = dz_t[t + 1] @ W.T
        dz_t[t] = da * (1 - a[t] ** 2)
    dz = np.concatenate(dz_t, axis=-1)
    v2 = np.concatenate(a[0:5], axis=-1)
    dW[...] = v2.reshape(-1, 4).T @ dz[:, 4:24].reshape(-1, 4)
    dU[...] = x.reshape(-1, 3).T @ dz.reshape(-1, 4)
    db[...] = dz.reshape(-1, 6, 4).sum(axis=(0, 1))
    return value, gradient"""


def test_layers_of_a_recurrent_network_are_loops_one_after_another() -> None:
    """What a layer takes from the one below is one product for all steps, as what the first takes from the inputs."""
    program, *_ = compiled(layers(6))
    forward, _ = program.source.split("    gradient =")
    assert forward.count("for t in range(1, 6):") == 3
    for layer in "123":
        assert forward.count(f"@ U{layer}") == 1
        assert forward.count(f"@ W{layer}") == 1
    few, many = (compiled(layers(steps))[0] for steps in (5, 20))
    assert lines(few) == lines(many)


def test_layers_of_steps_are_a_loop_of_loops() -> None:
    """The first layer, which reads the inputs, stays apart; backwards so does the last one too."""
    program, *_ = compiled(layers(6, 5))
    forward, backward = program.source.split("    gradient =")
    assert "".join(forward.partition("    for l")[1:]).startswith("""\
    for l in range(1, 5):
        v_l[l - 1] = np.concatenate(tanh_l[l - 1], axis=-1)
""")
    assert """\
        z2 = (b[l] + (v_l[l - 1].reshape(-1, 4) @ U[l]).reshape(-1, 6, 4)).reshape(-1, 24)
        tanh_l[l, 0] = np.tanh(z2[:, 0:4])
        for t in range(1, 6):
            z2_2 = z2[:, 4 * t:4 * t + 4] + tanh_l[l, t - 1] @ W[l]
""" in forward
    assert backward.count("for t in reversed(range(5)):") == 2
    assert backward.count("    for l in reversed(range(4)):\n") == 1
    assert 3 * lines(program) < 2 * lines(compiled(layers(6))[0]) + 9
    assert {lines(compiled(layers(steps, number))[0]) for steps, number in ((6, 5), (12, 5), (5, 7))} == {
        lines(program)}


def test_the_weights_of_steps_are_items_of_one_array() -> None:
    """Those of the first and the last layer too, though they are read beside the loop; and so are their gradients."""
    program, (_, X, Y), _ = compiled(layers(6, 5))
    head, _, lines = program.source.partition("\n\n    z1 = ")
    assert head.splitlines()[-3:] == [
        "    U = theta.reshape(5, 36)[:, 0:16].reshape(5, 4, 4).swapaxes(-1, -2)",
        "    b = theta.reshape(5, 36)[:, 32:36]",
        "    W = theta.reshape(5, 36)[:, 16:32].reshape(5, 4, 4).swapaxes(-1, -2)",
    ]
    assert all(text in lines for text in ("@ U[0]", "+ b[0]", "@ W[0]", "W[4].T", "dW[4] =", "db[0] =", "dU[0] ="))
    assert "theta[" not in lines
    assert "dtanh = dv[:, 4 * t:4 * t + 4] + dz4_5[t + 1] @ W[l].T\n" in lines
    weight = program.explain("dW", X[:1], Y[:1])
    assert str(weight).startswith("dW: the gradient of W, shape (5, 4, 4)")


def test_numbers_of_steps_that_follow_one_another_are_items_of_a_vector() -> None:
    """Clenshaw's rule reads c[k] from behind; beside its loop it reads the first number and the last three."""
    P = {"c": parameters(9), "scale": parameters(1)}

    def loss(x: Any) -> Any:
        later = last = 0.0
        for k in reversed(range(1, 9)):
            later, last = 2 * x[0] * later - last + P["c"][k], later
        return (x[0] * later - last + P["c"][0]).tanh() * P["scale"][0]

    program, *_ = compiled((loss, P, (1,), ()))
    assert program.source.count("theta[") == 2
    assert "    scale = theta[9:10]\n    c = theta[0:9].reshape(9, 1)\n" in program.source
    assert "        s[t - 1] = s1 * s[t] + c[t] - s[t + 1]\n" in program.source
    assert "    dc[0] = " in program.source


def test_some_columns_of_weights_have_a_name() -> None:
    """A gate that reads [x, h] by one matrix multiplies x by some of its columns, and h by others."""
    program, *_ = compiled(gated(6))
    head, *_ = program.source.partition("\n\n    v1 = ")
    assert head.endswith("""\
    Z_R_H = theta.reshape(9, 5)[:, 0:2].T
    Z_R = theta[0:30].reshape(6, 5)[:, 2:5].T
    H = theta[30:45].reshape(3, 5)[:, 2:5].T""")
    assert "s4[t] @ Z_R\n" in program.source
    assert "dH[...] = v2.reshape(-1, 3).T @ v.reshape(-1, 3)\n" in program.source
    assert "view(" not in program.source


def gated_with_biases(steps: int) -> Made:
    """Gated recurrent units with matrices and biases of their own."""
    P = {f"{name}{gate}": parameters(*shape, seed=10 * i + j) for i, gate in enumerate("zrh")
         for j, (name, shape) in enumerate({"W": (3, 2), "U": (3, 3), "b": (3,)}.items())}

    def gate(name: str, x: Any, h: Any) -> list[Any]:
        return [dot(w, x) + dot(u, h) + b for w, u, b in zip(
            P[f"W{name}"], P[f"U{name}"], P[f"b{name}"], strict=True)]

    def loss(x: Any, y: Any) -> Any:
        h: Any = [0.0] * 3
        for t in range(steps):
            update, reset = ([v.sigmoid() for v in gate(name, x[t], h)] for name in "zr")
            new = [tanh(v) for v in gate("h", x[t], [r * s for r, s in zip(reset, h, strict=True)])]
            h = [(1 - z) * s + z * a for z, s, a in zip(update, h, new, strict=True)]
        return (autograd.sum(h) - y) ** 2

    return loss, P, (steps, 2), ()


def test_biases_that_lie_apart_have_a_name_and_gradients_are_stored_in_their_place() -> None:
    few, many = (compiled(gated_with_biases(steps))[0] for steps in (6, 9))
    assert lines(few) == lines(many)
    assert "    bz_br_bh = theta.reshape(3, 18)[:, 15:18].T\n" in few.source
    assert "    dbz_br_bh = gradient.reshape(3, 18)[:, 15:18].T\n" in few.source
    assert "    Uz_Ur = theta[0:36].reshape(2, 18)[:, 6:15].reshape(6, 3).T\n" in few.source
    assert "    dUz_Ur[...] = (v3.reshape(-1, 6).T @ v4.reshape(-1, 3)).reshape(2, 9)\n" in few.source
    assert few.source.count("    for t in ") == 2


def test_a_filter_begins_with_its_first_guess() -> None:
    """The variance 1, which nothing is multiplied by in the first step, and the first measurement, are in the loop."""
    program, *_ = compiled(kalman(6))
    before, _, loop = program.source.partition("    for t in range(1, 6):\n")
    assert "    s6[0] = 1\n" in before
    assert "    s7[0] = x[:, 0:1]\n" in before
    assert loop.startswith("        s2[t - 1] = s1 * s6[t - 1] + q\n")


def test_slopes_of_a_pendulum_are_computed_one_by_one() -> None:
    """What runs lays the angle and its speed side by side, and takes slopes of both from that; nobody writes it so."""
    few, many = (compiled(runge_kutta(steps))[0] for steps in (6, 12))
    forward, _ = few.source.split("    gradient =")
    assert "    for t in range(1, 7):\n" in forward
    assert "concatenate" not in forward
    assert "    s16 = 2 * x[:, 1:2]\n" in forward, "no sum over the same column taken twice"
    assert lines(few) == lines(many)


NESTED = {
    recurrent_layers: ((5, 5), (9, 7)), layers_within_steps: ((6, 5), (8, 7)), thinking_steps: ((9, 6), (11, 7)),
    implicit_euler: ((9, 6), (10, 7)), relaxed_newton: ((6, 5), (7, 7)),
}
"""Losses of two loops, one in the other, with the numbers of their steps."""


@pytest.mark.parametrize("case", by_default(NESTED, one_in=5))
def test_the_source_grows_with_neither_of_two_loops(case: Callable[[int, int], Case]) -> None:
    """It has both, one in the other, and computes what the program returns."""
    programs = []
    for sizes in NESTED[case]:
        made, rng = case(*sizes), np.random.default_rng(0)
        program = made.compiled()
        X, Y = rng.normal(size=(3, *made.x_shape)), rng.normal(size=(3, 1))
        arguments = (theta_of(made), X, Y)[: 2 if made.y_shape is None else 3]
        value, gradient = program.value_and_grad(*arguments)
        again, slopes = by_source(program, arguments)
        np.testing.assert_allclose(again, value, rtol=1e-12)
        np.testing.assert_allclose(slopes, gradient, rtol=1e-9, atol=1e-12 * np.abs(gradient).max())
        programs.append(program)
    few, many = programs
    assert "\n        for " in few.source
    assert lines(many) == lines(few)
    assert many.summary().count("\n") == few.summary().count("\n")


def test_a_loop_in_the_steps_of_another_is_a_frame_in_a_frame() -> None:
    program, *_ = compiled(layers(6, 5))
    frames = [line for line in viz.draw(program).source.splitlines() if "subgraph cluster_loop" in line]
    assert sorted(line.count("\t") for line in frames) == [1, 1, 1, 1, 2, 2]
    assert max(len(node.loops) for node in program.passes()[-1].nodes) == 2
    assert {block.name: block.steps for block in program.blocks}["z1_2"] == 4 * 5


@pytest.mark.parametrize("made", [epidemic, controller])
def test_what_repeats_as_it_is_needs_no_tables(made: Callable[[int], Made]) -> None:
    """Though a recurrence by tables would be fewer lines."""
    program, *_ = compiled(made(8))
    assert "for t in range(" in program.source
    assert all(block.op != "recurrence" for block in program.blocks)


def test_a_loop_computes_number_by_number_what_was_written_so() -> None:
    """Though what runs lays the healthy and the ill side by side."""
    assert first_loop(compiled(epidemic(8))[0]) == """\
    for t in range(1, 8):
        s5[t - 1] = s1[2:3] * s7[t - 1]
        s6 = s8[t - 1] * s5[t - 1]
        s7[t] = s7[t - 1] - s6
        s8[t] = s8[t - 1] + s6 - s1[1:2] * s8[t - 1]
"""
    assert first_loop(compiled(controller(8))[0]) == """\
    for t in range(1, 6):
        s7 = 0.1 * s11 + s7
        s8[t] = x[:, t + 1:t + 2] - s7
        s9[t] = 0.1 * s8[t] + s9[t - 1]
        s10[t - 1] = s8[t] - s8[t - 1]
        z5 = derivative * s10[t - 1]
        z6 = proportional * s8[t] + integral * s9[t] + 10 * z5
        s11 = z6 - s7
"""


def first_loop(program: Any) -> str:
    """The first loop of the source."""
    first, *rest = program.source[program.source.index("    for t") :].splitlines(keepends=True)
    return first + "".join(itertools.takewhile(lambda line: line.startswith("        "), rest))


def test_the_table_and_the_drawing_tell_a_loop_once() -> None:
    program, *_ = compiled(recurrent(8))
    assert {block.name: (block.steps, block.scalars) for block in program.blocks if block.steps > 1} == {
        "a": (8, 32), "z_t": (7, 28)}
    assert "(batch, 4) ↻ 8" in program.summary()
    source = viz.draw(program).source
    assert source.count("subgraph cluster_loop") == 2
    assert "loop ↻ × 7" in source


def test_scalars_are_found_in_the_stack() -> None:
    program, (_, X, Y), _ = compiled(recurrent(6))
    loss = program.example(X[0], Y[0])
    places = set(map(str, all_places(program, loss)))
    assert {f"a[{t}, :, {k}]" for t in range(6) for k in range(4)} <= places


def test_scalars_are_found_in_stacks_of_stacks() -> None:
    """Each layer has an item, in which each step has one; what these hold is what the scalars are."""
    program, (_, X, Y), _ = compiled(layers(6, 5))
    values = {str(place): value.data for place, value in all_values(program, program.example(X[0], Y[0]))}
    states = {f"tanh_l[{layer}, {t}, :, {k}]" for layer in range(5) for t in range(1, 5) for k in range(4)}
    assert states <= values.keys()
    stack = program.explain("tanh_l", X[:1], Y[:1]).numbers
    for text in states:
        layer, t, k = (int(part) for part in text[7:-1].split(", ") if part != ":")
        assert values[text] == pytest.approx(stack[layer, t, 0, k])


def all_places(program: Any, root: Value) -> list[Place]:
    """The places of a value and of all below it."""
    return [place for place, _ in all_values(program, root)]


def all_values(program: Any, root: Value) -> list[tuple[Place, Value]]:
    """A value and all below it that have a place."""
    found, waiting, seen = [], [root], set()
    while waiting:
        value = waiting.pop()
        if id(value) not in seen:
            seen.add(id(value))
            if (place := program.block_of(value)) is not None:
                found.append((place, value))
            waiting += value.args
    return found


# ── any steps ────────────────────────────────────────────────────────────────────────────────────


def at_random(seed: int) -> Made:
    """Steps at random: of some states, the states before those, slices of x and parameters, shared or not."""
    rng = random.Random(seed)
    steps, states, width = rng.randint(4, 9), rng.randint(1, 3), rng.choice([1, 3])
    P = {"w": parameters(states, width), "own": parameters(steps, states), "c": parameters(3)}
    recipe = [(rng.randrange(7), rng.randrange(states), rng.randrange(states)) for _ in range(rng.randint(1, 4))]
    back, output, ends = rng.random() < 0.4, rng.randrange(3), rng.random() < 0.3

    def step(t: int, now: list[list[Any]], before: list[list[Any]], x: Any) -> list[list[Any]]:
        new = list(now)
        for kind, i, j in recipe:
            a, b = new[i], now[j]
            new[i] = [
                [tanh(p + q) for p, q in zip(a, b, strict=True)],
                [p * w + x[t][0] for p, w in zip(a, P["w"][i], strict=True)],
                [p + P["own"][t][i] * q for p, q in zip(a, b, strict=True)],
                [P["c"][0] * p - q / 4 for p, q in zip(a, before[i], strict=True)],
                [(dot(a, b) * P["c"][1]).sin() + p for p in a],
                [p - 0.1 * (t + 1) * x[t][1] for p in a],
                [maximum(p, q) * P["c"][2] for p, q in zip(a, b, strict=True)],
            ][kind]
        return new

    def loss(x: Any) -> Any:
        before = now = [[x[0][0] + 0.1 * i + 0.2 * k for k in range(width)] for i in range(states)]
        seen = []
        order = range(steps) if not back else reversed(range(steps))
        for t in order:
            before, now = now, step(t, now, before, x)
            seen.append(now[0][0] if not ends or t % 2 else now[-1][-1])
        last = autograd.sum([v for state in now for v in state])
        return [last * last, autograd.sum([tanh(v) for v in seen]), last + autograd.sum(seen) ** 2][output]

    return loss, P, (steps, 2), ()


@pytest.mark.parametrize("seed", by_default(range(80), one_in=16))
def test_loops_at_random_compute_what_the_program_returns(seed: int) -> None:
    """`Program.source` itself raises where its loops disagree; here they are compared with other numbers."""
    program, (theta, X), _ = compiled(at_random(seed))
    theta, X = 0.9 * theta + 0.01, 0.8 * X - 0.3
    value, gradient = program.value_and_grad(theta, X)
    again, slopes = by_source(program, (theta, X))
    np.testing.assert_allclose(again, value, rtol=1e-10)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-8, atol=1e-10 * max(1, np.abs(gradient).max()))


def layers_at_random(seed: int, steps: int) -> Made:
    """Two or three layers of states, each with gates or without, which read the states of the layer below."""
    rng = random.Random(seed)
    kinds = [rng.randrange(4) for _ in range(rng.randint(2, 3))]
    width, all_states = rng.choice([2, 3]), rng.random() < 0.5
    P = [{key: parameters(width, width, seed=seed + i) for key in "UWZR"} | {"b": parameters(width, seed=i)}
         for i in range(len(kinds))]

    def cell(kind: int, p: dict[str, Any], x: Any, h: Any) -> list[Any]:
        z = [dot(u, x) + b for u, b in zip(p["U"], p["b"], strict=True)]
        new = [tanh(s + dot(w, h)) for s, w in zip(z, p["W"], strict=True)]
        gates = [(dot(u, x) + dot(w, h)).sigmoid() for u, w in zip(p["Z"], p["R"], strict=True)]
        return [
            new,
            [0.5 * old + 0.5 * v for old, v in zip(h, new, strict=True)],
            [(1 - g) * old + g * v for g, old, v in zip(gates, h, new, strict=True)],
            [g * old + tanh(s) for g, old, s in zip(gates, h, z, strict=True)],
        ][kind]

    def loss(x: Any) -> Any:
        for kind, p in zip(kinds, P, strict=True):
            h, states = [0.1] * width, []
            for t in range(steps):
                h = cell(kind, p, x[t], h)
                states.append(h)
            x = states
        return autograd.sum([v * v for h in (x if all_states else x[-1:]) for v in h])

    return loss, {f"{key}{i}": p[key] for i, p in enumerate(P) for key in p}, (steps, width), ()


@pytest.mark.parametrize("seed", by_default(range(30), one_in=30))
def test_layers_at_random_are_loops_that_do_not_grow(seed: int) -> None:
    few, many = (compiled(layers_at_random(seed, steps)) for steps in (9, 15))
    assert lines(many[0]) <= lines(few[0])
    program, (theta, X), _ = few
    theta, X = 0.9 * theta + 0.01, 0.8 * X - 0.3
    value, gradient = program.value_and_grad(theta, X)
    again, slopes = by_source(program, (theta, X))
    np.testing.assert_allclose(again, value, rtol=1e-10)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-8, atol=1e-10 * max(1, np.abs(gradient).max()))


def test_equal_numbers_in_arrays_of_two_shapes_are_two_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forwards a column of parameters is gathered in each step, backwards their gradients are a row."""
    monkeypatch.setattr(reroll, "SMALL", 0)
    monkeypatch.setattr(reroll, "WASTE", 1)
    w, orders = parameters(5), ((2, 1, 0, 4), (1, 0, 4, 3), (0, 4, 3, 2), (4, 3, 2, 1))

    def loss(x: Any) -> Any:
        sums = [autograd.sum([(-1) ** t * (w[order[i]] * x[t]) for t, order in enumerate(orders)]) for i in range(4)]
        return autograd.sum([each.tanh() for each in sums])

    program, arguments, (value, gradient) = compiled((loss, w, (4,), ()))
    again, slopes = by_source(program, arguments)
    assert "for t in" in program.source
    np.testing.assert_allclose(again, value, rtol=1e-12)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-9)


def test_numbers_of_steps_have_a_name_that_nothing_else_has() -> None:
    """What differs from step to step, and is no slice, is an array with an item for each: c_1 if that is free."""

    def source(label: str) -> str:
        P = {label: [Value(0.5)], "w": [Value(0.3)]}

        def loss(x: Any) -> Any:
            for t in range(6):
                x = (x * P[label][0] * 1.3 ** t).tanh() * P["w"][0]
            return x

        text: str = compiled((loss, P, (), ()))[0].source
        return text

    for label, name in (("b", "c_1"), ("c_1", "c_2")):
        assert source(label).count(f"{name}[t") == 2, "forwards and backwards"


def test_runs_of_patterns_are_found_by_what_they_save() -> None:
    assert repeated("xababababy")[0] == (1, 2, 8)
    assert repeated("aaaa") == [(0, 1, 4)]
    assert repeated("abcabc") == []


@pytest.mark.parametrize("made", LOSSES[::3])
def test_loops_of_jax_compute_the_same(made: Callable[[int], Made]) -> None:
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    program, arguments, (value, gradient) = compiled(made(6))
    again, slopes = jax.value_and_grad(program.to_jax())(*arguments)
    np.testing.assert_allclose(again, value, rtol=1e-12)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-9, atol=1e-12 * np.abs(gradient).max())


def test_what_the_first_step_begins_with_may_be_read_by_every_step() -> None:
    """The gradient of the sum of running products is added in each of them."""
    w = parameters(9)

    def loss(x: Any) -> Any:
        product, total = 1.0, 0.0
        for factor, number in zip(w, x, strict=True):
            product = product * (factor * number)
            total = total + product
        return total

    program, arguments, (value, gradient) = compiled((loss, {"w": w}, (9,), ()))
    assert "for t in" in program.source
    again, slopes = by_source(program, arguments)
    np.testing.assert_allclose(again, value, rtol=1e-12)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-12)
