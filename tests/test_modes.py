"""Modes: computing without recording, and stopping at the first nan or inf."""

from __future__ import annotations

import inspect
import math
import threading
from typing import Any

import pytest

import autograd
from autograd import AnomalyError, Value
from autograd.modes import ACTIVE

over = pytest.mark.parametrize


def line() -> int:
    """The line that calls this."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno


@pytest.fixture(autouse=True)
def _leaves_no_mode_behind() -> Any:
    yield
    assert ACTIVE == []


# ── no_grad ──────────────────────────────────────────────────────────────────────────────────


@over("make", [lambda x: x * 2, lambda x: 2 - x, lambda x: x.tanh(), lambda x: autograd.dot([x], [x]), abs])
def test_without_recording_results_are_leaves(make: Any) -> None:
    x = Value(3.0)
    expected = make(x).data
    with autograd.no_grad():
        y = make(x)
    assert (y.data, y.op, y.args) == (expected, None, ())
    assert make(x).args != ()


def test_no_grad_is_a_decorator_too() -> None:
    @autograd.no_grad()
    def double(x: Value) -> Any:
        return x * 2

    assert double(Value(3.0)).args == ()


def test_no_grad_ends_with_an_exception() -> None:
    x = Value(3.0)
    with pytest.raises(KeyError), autograd.no_grad():
        raise KeyError
    assert (x * 2).args != ()


def test_no_grad_nests() -> None:
    x = Value(3.0)
    with autograd.no_grad():
        with autograd.no_grad():
            pass
        assert (x * 2).args == ()


def test_another_thread_goes_on_recording() -> None:
    x, found = Value(3.0), []
    with autograd.no_grad():
        thread = threading.Thread(target=lambda: found.append((x * 2).args))
        thread.start()
        thread.join()
    assert found[0][0] is x


# ── detect_anomaly ───────────────────────────────────────────────────────────────────────────


@over(
    ("make", "message"),
    [
        (lambda x: x.log(), r"log\(x=0\.0\) is -inf"),
        (lambda x: 1 / x, r"div\(1\.0, x=0\.0\) is inf"),
        (lambda x: x / x, r"div\(x=0\.0, x=0\.0\) is nan"),
        (lambda x: (x + 1000).exp(), r"exp\(1000\.0\) is inf"),
        (lambda x: (x - 8) ** (1 / 3), r"pow\(-8\.0, 0\.3333333333333333\) is nan"),
        (lambda x: autograd.dot([1e200, x], [1e200, x]), r"dot\(1e\+200, x=0\.0, 1e\+200, x=0\.0\) is inf"),
    ],
)
def test_the_first_nan_or_inf_is_named_with_its_operation_and_operands(make: Any, message: str) -> None:
    with pytest.raises(AnomalyError, match=message), autograd.detect_anomaly():
        make(Value(0.0, label="x"))


def test_a_forward_anomaly_names_the_users_line() -> None:
    @autograd.detect_anomaly()
    def loss(x: Value) -> Any:
        where.append(line() + 1)
        return autograd.softmax([x.log(), 1.0])

    where: list[int] = []
    with pytest.raises(AnomalyError) as caught:
        loss(Value(0.0))
    assert str(caught.value).startswith(f"{__file__}:{where[0]}: log(0.0) is -inf")


@over("differentiate", [lambda y, x: y.backward(), lambda y, x: autograd.grad(y, [x]),
                        lambda y, x: autograd.grad(y, [x], create_graph=True)])
def test_a_backward_anomaly_names_the_line_that_made_the_node(differentiate: Any) -> None:
    @autograd.detect_anomaly()
    def train(x: Value) -> None:
        where.append(line() + 1)
        y = x.sqrt()
        differentiate(y * 3, x)

    where: list[int] = []
    with pytest.raises(AnomalyError) as caught:
        train(Value(0.0, label="x"))
    assert str(caught.value) == (
        f"{__file__}:{where[0]}: the gradient that sqrt(x=0.0) passes on to x=0.0 is inf, where 3.0 came from above"
    )


def test_a_node_from_before_the_block_is_named_without_its_line() -> None:
    y = Value(0.0).sqrt()
    message = r"made before detect_anomaly\(\) was entered: .* sqrt"
    with pytest.raises(AnomalyError, match=message), autograd.detect_anomaly():
        y.backward()


def test_infinite_operands_are_no_anomaly() -> None:
    with autograd.detect_anomaly():
        assert (Value(math.inf) - Value(math.inf)).exp().data is not None
        y = Value(math.inf) * 2
        y.backward()


@over("x", [-2.0, 0.0, 2.0])
def test_a_power_with_a_constant_exponent_is_no_anomaly(x: float) -> None:
    v = Value(x)
    with autograd.detect_anomaly():
        y = v**2
        y.backward()
        assert autograd.grad(y, [v]) == [2 * x]
        assert autograd.hessian(lambda v: v**2, [v]) == [[2.0]]
    assert v.grad == 2 * x


def test_the_same_graph_passes_outside_the_block() -> None:
    with pytest.raises(AnomalyError), autograd.detect_anomaly():
        Value(0.0).log()
    assert Value(0.0).log().data == -math.inf


def test_a_long_list_of_operands_is_shortened() -> None:
    message = r"sum\(" + 6 * r"1e\+308, " + r"…\) is inf"
    with pytest.raises(AnomalyError, match=message), autograd.detect_anomaly():
        autograd.sum([Value(1e308)] * 20)
