"""Tiny graphs as straight-line Python over floats."""

from __future__ import annotations

import re

import numpy as np
import pytest
from agreement import by_floats, by_numpy, theta_of
from losses import LOSSES, mlp

import autograd
from autograd import Value
from autograd.compiler.printers.straight import LARGEST


def test_a_small_network_on_a_few_examples_is_run_in_floats() -> None:
    program = LOSSES["mlp_xor"]().traced()
    assert 4 < program._traced().few < 1000


def test_the_more_statements_numpy_takes_the_more_examples_are_run_in_floats() -> None:
    straight = LOSSES["mlp_xor"]().traced()._traced().straight
    assert straight is not None
    few = [straight.few(statements) for statements in (20, 100, 1000)]
    assert few == sorted(few)
    assert few[0] < 20 < few[2]


def test_a_larger_network_is_not_written_out() -> None:
    case = mlp(50, 40, 2)
    program = case.compiled()
    program(theta_of(case), *case.data(2))
    part = program._traced()
    assert part.straight is None
    assert len(part.plan.canonical.left) > LARGEST


def test_a_loss_of_several_values_has_no_straight_line() -> None:
    program = autograd.compile(lambda x: [x[0], x[1]], [])
    program(np.zeros(0), np.ones((2, 2)))
    assert program._traced().straight is None


LOOP = """\
def value_and_grad(theta, xs, ys, us, outside):
    [p0, p1] = theta
    g0 = g1 = 0.0
    total, share = 0.0, 1 / len(xs)
    for x, y in zip(xs, ys):
        [x0] = x
        [y0] = y
        v# = p0 * x0 + p1
        v# = v# - y0
        v# = v# * v#
        total += v#
        d# = share * (2 * v#)
        g0 += d# * x0
        g1 += d#
    return total * share, [g0, g1]
"""


def test_the_loop_reads_like_the_graph() -> None:
    w, b = Value(1.0), Value(0.0)
    program = autograd.compile(lambda x, y: (w * x[0] + b - y[0]) ** 2, [w, b])
    program([1.0, 0.0], [[1.0]], [[0.0]])
    straight = program._traced().straight
    assert straight is not None
    assert re.sub(r"\b([vd])\d+", r"\1#", straight.source) == LOOP


@pytest.mark.parametrize("name", ["mlp_xor", "softmax_then_log", "tied_autoencoder", "selections", "dropout"])
def test_floats_and_arrays_give_the_same_types(name: str) -> None:
    case = LOSSES[name]()
    program = case.traced()
    X, Y = case.data()
    draw = np.random.default_rng(0).random((3, case.noises))
    for dtype in (np.float32, np.float64):
        theta = theta_of(case).astype(dtype)
        fast, plain = by_floats(program, theta, X, Y, draw), by_numpy(program, theta, X, Y, draw)
        assert isinstance(fast[0], np.floating)
        assert fast[1].dtype == plain[1].dtype == dtype
        assert fast[1].shape == plain[1].shape
        assert fast[0] == pytest.approx(plain[0], rel=1e-5)


def test_out_is_filled_by_the_loop_too() -> None:
    case = LOSSES["mlp_xor"]()
    program = case.traced()
    out = np.zeros(len(theta_of(case)))
    assert by_floats(program, theta_of(case), *case.data(), out=out)[1] is out
    np.testing.assert_allclose(out, by_numpy(program, theta_of(case), *case.data())[1], rtol=1e-12)
