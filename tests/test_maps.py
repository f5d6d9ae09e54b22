"""Linear maps one after the other run as one, made of the parameters once in a call; the text stays the textbook's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from agreement import Case, assert_agreement

import autograd
from autograd.compiler.engine import Engine


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


LOSSES = {
    "state space": (state_space, {"a": (3,), "b": (3,), "c": (3,)}, 9),
    "heat": (heat, {"k": (6,)}, 8),
    "rotation": (rotation, {"q": (4,)}, 18),
    "averages": (averaged, {"w": (5,), "v": ()}, 5),
    "compartments": (compartments, {"k": (2,)}, 7),
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
    assert program.source == Engine(engine(program).plan).source != Engine(quicker).source


def test_a_chain_of_steps_takes_as_many_statements_however_long_it_is():
    short, long = (engine(compiled("state space", steps)[0]).statements for steps in (8, 40))
    assert short == long < 40


def test_a_step_of_a_stencil_is_one_product_with_a_matrix():
    program, *_ = compiled("heat")
    source = Engine(engine(program).plan.quicker).source
    assert "s[t] = np.where(m2, 0, s2[:, i2]) + s[t - 1] @ np.where(m3, 0, s1[i3]).T" in source


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


def test_what_is_not_finite_gives_what_eager_evaluation_gives():
    program, theta, X = compiled("heat")
    X[2, 3] = math.inf
    with np.errstate(all="ignore"):
        value, gradient = program.value_and_grad(theta, X)
    assert math.isnan(value)
    assert np.isnan(gradient).any()
