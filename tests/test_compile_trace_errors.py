"""What a trace cannot see is an error that names the line and says what to write instead."""

from __future__ import annotations

import inspect
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import TraceError, UsageError, Value

W = [Value(0.5, "w"), Value(-1.0, "v")]

COMPARE = r"autograd\.maximum.*autograd\.where\(autograd\.gt"
CONVERT = r"functions of autograd \(autograd\.exp, tanh, …\)"


def branch(x: Any) -> Any:
    if x[0]:
        return x[0]
    return x[1]


def loop(x: Any) -> Any:
    while x[0]:
        x[0] = x[0] - 1
    return x[0]


def shifted_softmax(x: Any) -> Any:
    highest = max(v.data for v in x)
    return autograd.sum([autograd.exp(v - highest) for v in x])


def iterated(x: Any) -> Any:
    return [v for v in x[0]]  # noqa: C416 - a number is taken for a list


def unpacked(x: Any) -> Any:
    first, _ = x[0]
    return first


def parameter_branch(x: Any) -> Any:
    return x[0] if W[0] > 0 else x[1]


def parameter_truth(x: Any) -> Any:
    return x[0] if W[0] * W[1] else x[1]


def parameter_largest(x: Any) -> Any:
    return max(W) * x[0]


def without_gradient(x: Any) -> Any:
    with autograd.no_grad():
        return W[0] * x[0]


LOSSES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "data": (lambda x: x[0].data * 2, r"autograd\.max"),
    "the softmax shift": (shifted_softmax, r"autograd\.max"),
    "grad": (lambda x: x[0].grad, r"autograd\.grad\(\.\.\., create_graph=True\)"),
    "backward": (lambda x: (x[0] * x[1]).backward(), r"autograd\.grad"),
    "if": (branch, COMPARE),
    "while": (loop, COMPARE),
    "and": (lambda x: x[0] and x[1], COMPARE),
    "or": (lambda x: x[0] or x[1], COMPARE),
    "not": (lambda x: not x[0], COMPARE),
    "bool": (lambda x: bool(x[0]), COMPARE),
    "<": (lambda x: x[0] < x[1], COMPARE),
    "<=": (lambda x: x[0] <= 0, COMPARE),
    ">": (lambda x: x[0] < 0.5, COMPARE),
    ">=": (lambda x: x[0] >= x[1], COMPARE),
    "a Value <": (lambda x: W[0] < x[0], r"autograd\.maximum"),
    "a chain": (lambda x: 0 < x[0] < 1, COMPARE),
    "==": (lambda x: x[0] == x[1], r"autograd\.eq"),
    "!=": (lambda x: x[0] != 0, r"autograd\.eq"),
    "a Value ==": (lambda x: W[0] == x[0], r"autograd\.eq"),
    "in": (lambda x: x[0] in [x[1], x[2]], r"autograd\.eq"),
    "index of a list": (lambda x: [1.0, 2.0].index(x[0]), r"autograd\.eq"),
    "float": (lambda x: float(x[0]), CONVERT),
    "int": (lambda x: int(x[0]), CONVERT),
    "complex": (lambda x: complex(x[0]), CONVERT),
    "round": (lambda x: round(x[0]), CONVERT),
    "round to digits": (lambda x: round(x[0], 2), CONVERT),
    "trunc": (lambda x: math.trunc(x[0]), CONVERT),
    "range": (lambda x: sum(range(x[0])), "one-hot"),
    "an index": (lambda x: [1.0, 2.0][x[0]], r"np\.eye\(10\)\[labels\].*autograd\.dot"),
    "an index made whole": (lambda x: W[int(x[0])], r"np\.eye\(10\)\[labels\].*autograd\.dot"),
    "math.tanh": (lambda x: math.tanh(x[0]), CONVERT),
    "math.exp": (lambda x: math.exp(x[0] + x[1]), CONVERT),
    "an array of floats": (lambda x: np.array(x, dtype=float).sum(), CONVERT),
    "Value": (lambda x: Value(x[0]) * W[0], r"Value\(v\).*use v itself"),
    "max": (lambda x: max(x), COMPARE),
    "min": (lambda x: min(x[0], x[1]), COMPARE),
    "sorted": (lambda x: sorted(x)[0], COMPARE),
    "np.max": (lambda x: np.max(np.array(x, dtype=object)), COMPARE),
    "a format": (lambda x: f"{x[0]:.3f}", "outside the loss"),
    "iteration": (iterated, "nested lists"),
    "unpacking": (unpacked, "nested lists"),
    "an index too many": (lambda x: x[0][1], "nested lists"),
    "a length": (lambda x: len(x[0]), "nested lists"),
    "a shape": (lambda x: x.shape[0] * W[0], r"len\(x\)"),
    "a transpose": (lambda x: x.T[0], r"np\.array\(x\)"),
    "two indices": (lambda x: x[0, 1], r"x\[0\]\[1\]"),
    "slices of rows and columns": (lambda x: x[:, 0], r"np\.array\(x\) for slices"),
    "a pickle": (lambda x: pickle.loads(pickle.dumps(x[0])), "outside the loss"),
    "a power written as in other languages": (lambda x: x[0] ^ 2, r"written x \*\* 2"),
    "an operator that is no operation": (lambda x: x[0] // 2, "functions of autograd"),
    "a parameter in if": (parameter_branch, "depends on a parameter.*" + COMPARE),
    "a parameter's truth": (parameter_truth, "depends on a parameter.*" + COMPARE),
    "the larger parameter": (parameter_largest, "depends on a parameter.*" + COMPARE),
    "no_grad": (without_gradient, r"v\.detach\(\)"),
}


@pytest.mark.parametrize(("loss", "instead"), LOSSES.values(), ids=LOSSES)
def test_what_only_a_number_could_answer_is_refused(loss: Callable[[Any], Any], instead: str) -> None:
    with pytest.raises(TraceError, match=instead) as caught:
        autograd.compile(loss, W).value_and_grad(np.ones(2), np.ones((2, 3)))
    lines, first = inspect.getsourcelines(loss)
    file, line = str(caught.value).split(": ")[0].rsplit(":", 1)
    assert file == __file__
    assert first <= int(line) < first + len(lines)


def test_the_line_is_that_of_the_user_s_code() -> None:
    def loss(x: Any) -> Any:
        y = x[0] * 2
        return y.data

    _, first = inspect.getsourcelines(loss)
    with pytest.raises(TraceError, match=f"^{__file__}:{first + 2}: the data of a value was read"):
        autograd.compile(loss, []).value_and_grad(np.zeros(0), np.ones((2, 3)))


@pytest.mark.parametrize("result", [None, "text", object(), {1.0}, [], (), [None], ["text"], [1.0, [object()]]])
def test_a_loss_must_return_values(result: Any) -> None:
    with pytest.raises(TraceError, match="must return a Value or a list of Values"):
        autograd.compile(lambda x: result, []).value_and_grad(np.zeros(0), np.ones((2, 3)))


def test_a_loss_that_takes_a_target_needs_one() -> None:
    with pytest.raises(UsageError, match=r"rows of X alone.*missing a required argument: 'y'"):
        autograd.compile(lambda x, y: x[0], [])(np.zeros(0), np.ones((2, 3)))


def test_a_loss_that_takes_no_target_is_given_none() -> None:
    with pytest.raises(UsageError, match=r"rows of X and Y.*too many positional arguments"):
        autograd.compile(lambda x: x[0], [])(np.zeros(0), np.ones((2, 3)), np.ones((2, 1)))


def test_an_error_of_the_loss_itself_passes_through() -> None:
    with pytest.raises(IndexError, match="list index out of range"):
        autograd.compile(lambda x: x[7], [])(np.zeros(0), np.ones((2, 3)))


def test_a_failed_trace_leaves_nothing_behind() -> None:
    program = autograd.compile(lambda x: x[0].data, [])
    for _ in range(2):
        with pytest.raises(TraceError):
            program(np.zeros(0), np.ones((2, 3)))
    assert repr(program) == "<Program of 0 parameters, not traced yet>"
    assert Value(1.0) < Value(2.0), "comparing eager values is allowed again"


@pytest.mark.parametrize("harmless", [
    lambda x: repr(x[0]) and x[0], lambda x: f"{x[0]}" and x[0], lambda x: {x[0]: 1} and x[0],
    lambda x: x[0] if x[0] is not x[1] else x[1], lambda x: x[0] if len(x) > 2 else x[1],
    lambda x: x[0] if Value(1.0) > 0 else x[1], lambda x: +x[0],
])
def test_what_needs_no_number_is_allowed(harmless: Any) -> None:
    X = np.random.default_rng(0).normal(size=(2, 3))
    np.testing.assert_array_equal(autograd.compile(harmless, W)(np.ones(2), X), X[:, 0])


def test_parameters_may_select_by_comparison_and_follow_theta() -> None:
    program = autograd.compile(lambda x: autograd.where(autograd.gt(W[0], W[1]), x[0], x[1]), W)
    assert program([1.0, 0.0], [[2.0, 3.0]]).tolist() == [2.0]
    assert program([0.0, 1.0], [[2.0, 3.0]]).tolist() == [3.0]


def test_a_detached_parameter_follows_theta_and_gets_no_gradient() -> None:
    program = autograd.compile(lambda x: W[0].detach() * W[1] * x[0], W)
    for theta in ([2.0, 3.0], [5.0, 7.0]):
        value, gradient = program.value_and_grad(np.array(theta), [[1.0]])
        assert value == theta[0] * theta[1]
        assert gradient.tolist() == [0.0, theta[0]]


def test_a_program_may_be_traced_inside_no_grad() -> None:
    program = autograd.compile(lambda x: W[0] * W[1] * x[0], W)
    with autograd.no_grad():
        assert program([2.0, 3.0], [[1.0]]).tolist() == [6.0]
    assert program.value_and_grad([2.0, 3.0], [[1.0]])[1].tolist() == [3.0, 2.0]


def test_the_data_of_a_parameter_is_frozen_and_what_is_detached_is_not() -> None:
    w = Value(3.0)
    read, detached = (autograd.compile(loss, [w]) for loss in (lambda x: w.data * w * x, lambda x: w.detach() * w * x))
    assert read.value_and_grad(np.array([5.0]), np.ones(1)) == (15.0, [3.0])
    assert detached.value_and_grad(np.array([5.0]), np.ones(1)) == (25.0, [5.0])


def test_values_that_are_no_parameters_are_read_but_not_differentiated() -> None:
    other = Value(3.0)
    program = autograd.compile(lambda x: W[0] * other * x[0], W)
    assert program([2.0, 0.0], [[1.0]]).tolist() == [6.0]
    other.data = 100.0
    assert program([2.0, 0.0], [[1.0]]).tolist() == [200.0]
    assert program.value_and_grad([2.0, 0.0], [[1.0]])[1].shape == (2,)


def test_parameters_are_values() -> None:
    with pytest.raises(autograd.NumberError, match="parameters are Values, float came"):
        autograd.compile(lambda x: x[0], [Value(1.0), 2.0])
