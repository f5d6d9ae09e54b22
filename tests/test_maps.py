"""Linear maps one after the other run as one, made of the parameters once in a call; the text stays the textbook's."""

from __future__ import annotations

import importlib.util
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from agreement import Case, assert_agreement

import autograd
from autograd.compiler.buffers import floats
from autograd.compiler.engine import Engine
from autograd.compiler.reading import Reading


def state_space(P: Any, x: Any) -> Any:
    """Three states that decay, driven by numbers, of which only the last are read."""
    state = [0.0] * 3
    for number in x:
        state = [a * s + b * number for a, b, s in zip(P["a"], P["b"], state, strict=True)]
    return (autograd.dot(P["c"], state) - 1) ** 2


def heat(P: Any, x: Any, steps: int = 6) -> Any:
    """Heat in a rod, its ends held."""
    u = list(x)
    for _ in range(steps):
        u = [u[0], *(b + k * (a - 2 * b + c) for k, a, b, c in zip(P["k"], u, u[1:], u[2:], strict=False)), u[-1]]
    return sum(each**2 for each in u)


def product(p: Any, q: Any) -> list[Any]:
    """The product of two quaternions."""
    a, b, c, d = p
    e, f, g, h = q
    return [a * e - b * f - c * g - d * h, a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f, a * h + b * g - c * f + d * e]


def rotation(P: Any, x: Any) -> Any:
    """Six points turned by one quaternion."""
    q = P["q"]
    back = [q[0], -q[1], -q[2], -q[3]]
    turned = [product(product(q, [0.0, *x[i : i + 3]]), back)[1:] for i in range(0, 18, 3)]
    return sum((each - 1) ** 2 for point in turned for each in point)


def averaged(P: Any, x: Any) -> Any:
    """Running sums with a weight each, of which the mean is weighted once more."""
    total, sums = 0.0, []
    for w, number in zip(P["w"], x, strict=True):
        total = 0.5 * total + w * number
        sums.append(total)
    return (P["v"] * sum(sums)).tanh()


def compartments(P: Any, x: Any) -> Any:
    """A dose that goes to and fro between two compartments, read at every step."""
    inside, outside, total = x[0], 0.0, 0.0
    for level in x[1:]:
        flow = P["k"][0] * inside - P["k"][1] * outside
        inside, outside = inside - flow, outside + flow
        total = total + (inside - level) ** 2
    return total


def controlled(P: Any, x: Any, steps: int = 6) -> Any:
    """A system of three numbers that is pushed by a multiple of each; one row of its matrix is not pushed."""
    state, cost = list(x), 0.0
    for _ in range(steps):
        push = -autograd.dot(P["k"], state)
        cost = cost + autograd.dot(state, state) + 0.1 * push * push
        a, b, c = state
        state = [a + 0.1 * b, b + 0.1 * c + 0.05 * push, 0.9 * c - 0.1 * b + 0.1 * push]
    return cost + autograd.dot(state, state)


def observed(P: Any, x: Any) -> Any:
    """The same for two numbers that are estimated from what is measured of the first."""
    state, guess, cost = list(x[:2]), [0.0, 0.0], 0.0
    for noise in x[2:]:
        push = -autograd.dot(P["k"], guess)
        error = state[0] + noise - guess[0]
        cost = cost + autograd.dot(state, state) + push * push
        state = [state[0] + 0.1 * state[1], 0.9 * state[1] + 0.1 * push]
        guess = [guess[0] + 0.1 * guess[1] + P["l"][0] * error, 0.9 * guess[1] + 0.1 * push + P["l"][1] * error]
    return cost


def chained(P: Any, x: Any, steps: int = 8) -> Any:
    """Three numbers that a matrix moves in every step, of which the last are read."""
    for _ in range(steps):
        x = [autograd.dot(row, x) for row in (P["t"][:3], P["t"][3:6], P["t"][6:])]
    return sum((each - 1) ** 2 for each in x)


def regulated(P: Any, x: Any, steps: int = 8) -> Any:
    """A number that is brought to another by its distance, the sum of all distances, and how the distance changes."""
    a, b, c = P["k"]
    value, last, total, loss = 0.0, 0.0, 0.0, 0.0
    for _ in range(steps):
        distance = x[0] - value
        total = total + 0.1 * distance
        push = a * distance + b * total + 10 * c * (distance - last)
        last, value = distance, value + 0.1 * (push - value)
        loss = loss + distance * distance
    return loss


LOSSES = {
    "state space": (state_space, {"a": (3,), "b": (3,), "c": (3,)}, 9),
    "heat": (heat, {"k": (6,)}, 8),
    "rotation": (rotation, {"q": (4,)}, 18),
    "averages": (averaged, {"w": (5,), "v": ()}, 5),
    "compartments": (compartments, {"k": (2,)}, 7),
    "regulator": (regulated, {"k": (3,)}, 1),
    "chain": (chained, {"t": (9,)}, 3),
    "control": (controlled, {"k": (3,)}, 3),
    "control of what is estimated": (observed, {"k": (2,), "l": (2,)}, 12),
}


def parameters(shapes: dict[str, tuple[int, ...]]) -> Any:
    """Parameters at random."""
    rng = np.random.default_rng(0)

    def values(array: Any) -> Any:
        return [autograd.Value(float(each)) for each in array] if array.ndim else autograd.Value(float(array))

    return {name: values(rng.uniform(0.2, 0.8, shape)) for name, shape in shapes.items()}


def compiled(name: str, width: int | None = None) -> tuple[autograd.Program, Any, Any]:
    """A program of the losses after its first call, its parameters and examples."""
    loss, shapes, usual = LOSSES[name]
    P = parameters(shapes)
    program = autograd.compile(lambda x: loss(P, x), P)
    theta = np.concatenate([np.ravel([v.data for v in (p if isinstance(p, list) else [p])]) for p in P.values()])
    X = np.random.default_rng(1).normal(size=(5, width or usual))
    program.value_and_grad(theta, X)
    return program, theta, X


def engine(program: autograd.Program) -> Engine:
    return program._traced()


@pytest.mark.parametrize("name", LOSSES)
def test_maps_as_one_agree_with_eager_evaluation(name):
    loss, shapes, width = LOSSES[name]
    P = parameters(shapes)
    case = Case(lambda x: loss(P, x), P, (width,))
    X, _ = case.data(4)
    assert_agreement(case, X)


@pytest.mark.parametrize("name", ["state space", "heat", "rotation"])
def test_what_runs_is_not_what_is_read(name):
    program, *_ = compiled(name)
    quicker = engine(program).plan.quicker
    assert quicker is not None
    assert engine(program).executed["value_and_grad", True] is not engine(program).function("value_and_grad")
    assert Reading(quicker).source not in (program.source, engine(program).written.source)


def test_a_step_of_a_system_under_control_is_one_product():
    P = parameters({"k": (3,)})

    def statements(steps):
        program = autograd.compile(lambda x: controlled(P, x, steps), P)
        program.value_and_grad(np.ones(3), np.ones((3, 3)))
        quicker = engine(program).plan.quicker
        return engine(program).statements, sum(term.weights for block in quicker.blocks for term in block.terms)

    (few, products), (many, more) = statements(6), statements(16)
    assert more - products == 10
    assert many - few <= 12 * 10


@pytest.mark.parametrize(("steps", "products"), [(4, 2), (7, 4), (8, 3), (16, 4), (24, 5)])
def test_a_chain_of_equal_steps_is_a_power_of_a_matrix_by_squares(steps, products):
    P = parameters({"t": (9,)})
    program = autograd.compile(lambda x: chained(P, x, steps), P)
    program.value_and_grad(np.full(9, 0.3), np.ones((4, 3)))
    quicker = engine(program).plan.quicker
    shared = [block for block in quicker.computing if not block.batched]
    assert [block.kind for block in shared] == ["matmul"] * products
    assert_agreement(Case(lambda x: chained(P, x, steps), P, (3,)), np.ones((2, 3)))


def test_squares_of_multiples_are_the_squares_of_what_is_multiplied_times_one_coefficient():
    program, *_ = compiled("regulator")
    quicker = engine(program).plan.quicker
    assert sum(block.size for block in quicker.computing if block.batched) == 2  # x² and the loss
    assert engine(program).executed["value_and_grad", False] is not engine(program).function("value_and_grad")


@pytest.mark.skipif(not importlib.util.find_spec("llvmlite"), reason="needs llvmlite")
def test_machine_code_computes_once_what_the_coefficients_of_maps_are():
    program, theta, X = compiled("regulator")
    machine = program.to_native()
    for one, other in zip(machine.value_and_grad(theta, X), program.value_and_grad(theta, X), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    assert engine(machine).native.made is engine(machine).plan.quicker


def test_a_matrix_of_a_step_is_completed_only_where_nothing_waits_for_itself():
    def loss(P, x):  # each of two systems is pushed by the other, in turn
        a, b, cost = list(x[:2]), list(x[2:]), 0.0
        for _ in range(5):
            push = autograd.dot(P["k"], a)
            b = [b[0] + 0.1 * push, b[1] + 0.1 * b[0]]
            pull = autograd.dot(P["l"], b)
            a = [a[0] + 0.1 * pull, a[1] + 0.1 * a[0]]
            cost = cost + push * push + pull * pull + a[0] * b[1]
        return cost

    P = parameters({"k": (2,), "l": (2,)})
    case = Case(lambda x: loss(P, x), P, (4,))
    X, _ = case.data(3)
    assert_agreement(case, X)


def test_what_a_completed_matrix_multiplies_by_0_may_have_any_slope():
    def loss(P, x):  # the slope of the root of 0 is infinite, and reaches no parameter
        alone, state, cost = x[0], list(x[1:]), 0.0
        for _ in range(6):
            push = -autograd.dot(P["k"], state)
            cost = cost + push * push + state[0] * state[1]
            alone, state = 0.5 * alone, [state[0] + 0.1 * state[1], state[1] + 0.1 * push - 0.1 * state[0]]
        return cost + alone.sqrt()

    P = parameters({"k": (2,)})
    program = autograd.compile(lambda x: loss(P, x), P)
    for first in (1.0, 0.0, -1.0, math.inf):
        value, gradient = program.value_and_grad([v.data for v in P["k"]], [[first, 2.0, 3.0]])
        expected = loss(P, [autograd.Value(each) for each in (first, 2.0, 3.0)])
        np.testing.assert_allclose(value, expected.data)
        np.testing.assert_allclose(gradient, autograd.grad(expected, P["k"]))


def test_a_chain_of_steps_takes_as_many_statements_however_long_it_is(monkeypatch):
    monkeypatch.setattr(floats, "PAYS", 0)  # of few steps what is the same for all examples is computed in floats
    short, long = (engine(compiled("state space", steps)[0]).statements for steps in (8, 40))
    assert short == long < 40


def test_a_step_of_a_stencil_is_one_product_with_a_matrix():
    program, *_ = compiled("heat")
    source = Reading(engine(program).plan.quicker).source
    assert "s[t] = np.where(m2, 0, s2[:, i2]) + s[t - 1] @ np.where(m3, 0, s1[i3]).T" in source


def test_many_points_are_multiplied_by_one_matrix_however_its_numbers_are_made():
    P = parameters({"k": (3,)})

    def turned(point):  # about an axis, by Rodrigues: the nine numbers are sums of different forms
        angle = sum(a * a for a in P["k"]).sqrt()
        u, v, w = (a / angle for a in P["k"])
        p, q, r = point
        along = (u * p + v * q + w * r) * (1 - angle.cos())
        crossed = v * r - w * q, w * p - u * r, u * q - v * p
        cosine, sine = angle.cos(), angle.sin()
        return [cosine * a + sine * b + along * c for a, b, c in zip(point, crossed, (u, v, w), strict=True)]

    case = Case(lambda x: sum((a - b) ** 2 for row in x for a, b in zip(turned(row[:3]), row[3:], strict=True)),
                P["k"], (8, 6))
    X, _ = case.data(4)
    assert_agreement(case, X)
    program = case.traced()
    program.value_and_grad([0.3, -0.5, 0.7], X)
    quicker = engine(program).plan.quicker
    (product,) = (term for block in quicker.blocks if block.batched for term in block.terms if term.weights)
    assert product.left.index.size == 9


def test_all_points_are_turned_by_one_matrix():
    quicker = engine(compiled("rotation")[0]).plan.quicker
    assert quicker is not None
    products = [term for block in quicker.blocks if block.batched for term in block.terms if term.weights]
    assert [term.left.index.shape for term in products] == [(1, 3, 3)]


def test_steps_that_are_all_read_are_taken_once_for_all_examples():
    quicker = engine(compiled("compartments")[0]).plan.quicker
    assert quicker is not None
    assert sum(block.batched and block.op == "sum" for block in quicker.blocks) == 2  # the distances, and their sum


def test_two_layers_stay_two_products():
    """One matrix for both would take more products than they do."""
    W, V = ([[autograd.Value(math.sin(i * 7 + j)) for j in range(7)] for i in range(n)] for n in (6, 5))
    program = autograd.compile(lambda x: sum(each**2 for each in (
        autograd.dot(v[:6], [autograd.dot(w, x) for w in W]) for v in V)), [W, V])
    program(np.ones(77), np.ones((2, 7)))
    assert engine(program).plan.quicker is None


@pytest.mark.parametrize(("motions", "points"), [(2, 4), (4, 6), (9, 8)])
def test_motions_one_after_the_other_are_one_motion(motions, points):
    P = parameters({"angle": (motions,), "right": (motions,), "up": (motions,)})

    def loss(x):
        total = 0.0
        for a, b, c, d in x:
            for angle, right, up in zip(*P.values(), strict=True):
                cosine, sine = angle.cos(), angle.sin()
                a, b = cosine * a - sine * b + right, sine * a + cosine * b + up
            total = total + (a - c) ** 2 + (b - d) ** 2
        return total

    case = Case(loss, P, (points, 4))
    X, _ = case.data(4)
    assert_agreement(case, X)
    program = case.traced()
    program.value_and_grad(np.linspace(-1, 1, 3 * motions), X)
    quicker = engine(program).plan.quicker
    assert sum(block.batched for block in quicker.computing) <= 8  # however many motions


@pytest.mark.parametrize("nodes", [4, 6, 9])
def test_products_of_data_are_made_before_parameters_multiply_them(nodes):
    """Lagrange's polynomial through values that are learnt: each is multiplied once."""
    places, c = np.linspace(-1, 1, nodes).tolist(), [autograd.Value(math.sin(i)) for i in range(nodes)]

    def loss(x):
        total = 0.0
        for i, value in enumerate(c):
            for j, place in enumerate(places):
                if j != i:
                    value = value * ((x[0] - place) / (places[i] - place))
            total = total + value
        return (total - x[1]) ** 2

    case = Case(loss, c, (2,))
    X, _ = case.data(4)
    assert_agreement(case, X)
    program = case.traced()
    program.value_and_grad(np.ones(nodes), X)
    blocks = engine(program).plan.quicker.blocks
    reading = [block for block in blocks if any(operand.source is not None and blocks[operand.source].op == "parameter"
                                                for operand in block.reads())]
    assert [block.kind for block in reading] == ["matmul"]


def basis(x: Any, knots: list[float], degree: int) -> list[Any]:
    """The B-splines of evenly spaced knots, by de Boor's recursion."""
    step = knots[1] - knots[0]
    found = [autograd.where(autograd.gt(a, x), 0.0, autograd.where(autograd.gt(b, x), 1.0, 0.0))
             for a, b in pairwise(knots)]
    for p in range(1, degree + 1):
        found = [(x - knots[i]) / (p * step) * found[i] + (knots[i + p + 1] - x) / (p * step) * found[i + 1]
                 for i in range(len(found) - 1)]
    return found


@pytest.mark.parametrize(("degree", "pieces", "first"), [(2, 5, 0.0), (3, 7, -0.3), (3, 12, 2.0), (4, 9, 0.1)])
def test_a_spline_of_any_degree_reads_one_distance_to_each_knot(degree, pieces, first):
    knots = [first + i / 6 for i in range(pieces + degree + 1)]
    c = [autograd.Value(math.sin(i)) for i in range(pieces)]
    case = Case(lambda x: (autograd.dot(c, basis(x[0], knots, degree)) - x[1]) ** 2, c, (2,))
    X = np.stack([np.append(np.linspace(first - 0.1, knots[-1] + 0.1, 9), knots[2:4]), np.ones(11)], axis=1)
    assert_agreement(case, X)
    program = case.traced()
    program.value_and_grad(np.ones(pieces), X)
    assert max(block.size for block in engine(program).plan.computing if block.op == "sum") == len(knots)


def test_what_is_not_finite_gives_what_eager_evaluation_gives():
    program, theta, X = compiled("heat")
    X[2, 3] = math.inf
    with np.errstate(all="ignore"):
        value, gradient = program.value_and_grad(theta, X)
    assert math.isnan(value)
    assert np.isnan(gradient).any()
