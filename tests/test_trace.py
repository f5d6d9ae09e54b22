"""One trace stands for every example and every call: what differs between calls is found, what does not is let be."""

from __future__ import annotations

import copy
import functools
import itertools
import math
import os
import pickle
import random
import signal
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from agreement import by_numpy
from test_compile_trace_errors import LOSSES
from test_compile_trace_errors import W as PARAMETERS

import autograd
import nn
from autograd import Program, TraceError, UsageError, Value, ops

W = [Value(0.5, "w"), Value(-1.5, "v"), Value(2.0, "u")]
THETAS = [np.array([0.5, -1.5, 2.0]), np.array([-1.0, 0.25, 3.0])]
X = np.array([[1.0, 2.0, 3.0], [2.0, 0.5, 2.0]])


def eager(loss: Callable[[Any], Any], theta: Any) -> tuple[float, list[float]]:
    """The mean loss of the rows of X and its gradient, by graphs of each."""
    for w, number in zip(W, theta, strict=True):
        w.data, w.grad = float(number), 0.0
    outputs = [loss([Value(number) for number in row]) for row in X]
    for output in outputs:
        output.backward()
    return float(np.mean([output.data for output in outputs])), [w.grad / len(X) for w in W]


def assert_agrees_with_eager(loss: Callable[[Any], Any]) -> None:
    program = autograd.compile(loss, W)
    for theta in THETAS:
        value, gradient = program.value_and_grad(theta, X)
        expected = eager(loss, theta)
        assert value == pytest.approx(expected[0], rel=1e-14)
        np.testing.assert_allclose(gradient, expected[1], rtol=1e-14)


# ── a symbol that outlives its trace ─────────────────────────────────────────────────────────────


def uses(op: ops.Op) -> list[Callable[[Any, Any], Any]]:
    """The ways of applying an operation to a kept symbol, beside a new one, a parameter and a number."""
    if isinstance(op, ops.Reduction):
        return [lambda old, new: op([new, old]), lambda old, new: op([old, W[0]]), lambda old, new: op([2.0, old])]
    if isinstance(op, ops.Contraction):
        return [lambda old, new: op([old, new], W[:2]), lambda old, new: op(W[:2], [1.0, old]),
                lambda old, new: op([new], [W[0]], old)]
    ways: list[Callable[[Any, Any], Any]] = []
    for position, other in itertools.product(range(op.arity), ("new", "parameter", "number")):
        def way(old: Any, new: Any, position: int = position, other: str = other) -> Any:
            args = [{"new": new, "parameter": W[0], "number": 0.5}[other]] * op.arity
            args[position] = old
            return op(*args) + new

        ways.append(way)
    return ways


@pytest.mark.parametrize("op", ops.TABLE.values(), ids=ops.TABLE)
def test_no_operation_takes_a_symbol_of_an_earlier_trace(op: ops.Op) -> None:
    for use in uses(op):
        kept: list[Any] = []

        def loss(x: Any, use: Any = use, kept: Any = kept) -> Any:
            kept.append(x[0] * W[1])
            return use(kept[0], x[1])

        with pytest.raises(TraceError, match="left behind"):
            autograd.compile(loss, W)(THETAS[0], X)


def in_attribute() -> Callable[[Any], Any]:
    model = SimpleNamespace(h=0.0)

    def loss(x: Any) -> Any:
        model.h = autograd.tanh(W[0] * x[0] + W[1] * model.h)
        return model.h

    return loss


def in_list() -> Callable[[Any], Any]:
    seen: list[Any] = []

    def loss(x: Any) -> Any:
        seen.append(x[0])
        return autograd.sum(seen) * W[0]

    return loss


def in_dict_returned_alone() -> Callable[[Any], Any]:
    cache: dict[str, Any] = {}

    def loss(x: Any) -> Any:
        return cache.setdefault("h", W[0] * x[0])

    return loss


def in_default_argument() -> Callable[[Any], Any]:
    def loss(x: Any, last: Any = [0.0]) -> Any:  # noqa: B006 - the fault in question
        last[0] = last[0] + x[0]
        return last[0] * W[0]

    return loss


def in_generator() -> Callable[[Any], Any]:
    def running() -> Any:
        total = 0.0
        while True:
            total = total + (yield total)

    sums = running()
    next(sums)
    return lambda x: sums.send(x[0]) * W[0]


@pytest.mark.parametrize("keeping", [in_attribute, in_list, in_dict_returned_alone, in_default_argument, in_generator])
def test_a_state_that_goes_from_call_to_call_is_refused(keeping: Callable[[], Any]) -> None:
    program = autograd.compile(keeping(), W)
    with pytest.raises(TraceError, match=r"left behind.*must start anew"):
        program.value_and_grad(THETAS[0], X)


def test_a_state_that_is_only_looked_at_may_be_kept() -> None:
    model = SimpleNamespace(last=None)

    def loss(x: Any) -> Any:
        model.last = autograd.tanh(W[0] * x[0])
        return model.last * W[1]

    assert_agrees_with_eager(loss)


def test_what_is_kept_of_a_trace_says_so_outside_too() -> None:
    kept: list[Any] = []
    autograd.compile(lambda x: kept.append(x[0]) or x[0] * W[0], W)(THETAS[0], X)
    for use in (lambda v: v + 1, lambda v: autograd.exp(v), lambda v: v * W[0], lambda v: W[0] - v):
        with pytest.raises(TraceError, match="left behind"):
            use(kept[0])


# ── what changes by itself ───────────────────────────────────────────────────────────────────────

own, legacy, numbers = random.Random(0), np.random.default_rng(0), itertools.count()
CHANGING: dict[str, Callable[[], float]] = {
    "random.random": random.random, "random.choice": lambda: random.choice([1.0, 2.0]),
    "random.gauss": lambda: random.gauss(0, 1), "random.shuffle": lambda: random.shuffle([1, 2, 3]) or 1.0,
    "np.random.rand": lambda: float(np.random.rand()), "np.random.normal": lambda: np.random.normal(),
    "np.random.permutation": lambda: float(np.random.permutation(3)[0]),
    "a draw that decides": lambda: 1.0 if random.random() < 1e-9 else 2.0,
    "a generator of one's own": own.random, "one of NumPy": legacy.random, "a counter": lambda: float(next(numbers)),
    "the clock": lambda: time.perf_counter(),
}


@pytest.mark.parametrize("number", CHANGING.values(), ids=CHANGING)
def test_a_number_that_changes_by_itself_is_refused(number: Callable[[], float]) -> None:
    with pytest.raises(TraceError, match=r"autograd\.noise\(\)"):
        autograd.compile(lambda x: W[0] * x[0] * number(), W)(THETAS[0], X)


def test_a_course_that_changes_by_itself_is_refused() -> None:
    turns = itertools.cycle([autograd.relu, autograd.tanh])
    with pytest.raises(TraceError, match="traced a second time"):
        autograd.compile(lambda x: next(turns)(W[0] * x[0]), W)(THETAS[0], X)


def test_the_global_generators_are_watched_in_losses_of_any_size() -> None:
    def loss(x: Any) -> Any:
        return autograd.sum([W[0] * x[i % 3] for i in range(60_000)]) * random.random()

    with pytest.raises(TraceError, match="drew from random"):
        autograd.compile(loss, W).trace((3,))


@functools.lru_cache
def doubled(v: Any) -> Any:
    return v + v


HARMLESS: dict[str, Callable[[Any], Any]] = {
    "a generator with a seed inside": lambda x: W[0] * x[0] * float(np.random.default_rng(0).normal()),
    "a set": lambda x: sum((v * W[0] for v in {x[0], x[1], x[2]}), 0.0),
    "the keys of a dict": lambda x: {x[0]: W[0], x[1]: W[1]}[x[0]] * x[1],
    "a cache with symbols as keys": lambda x: doubled(x[0]) * W[0],
    "Values made inside": lambda x: W[0] * x[0] + Value(3.0),
    "a place by identity": lambda x: W[x.index(x[0])] * x[2],
}


@pytest.mark.parametrize("loss", HARMLESS.values(), ids=HARMLESS)
def test_what_is_the_same_in_every_call_is_let_be(loss: Callable[[Any], Any]) -> None:
    assert_agrees_with_eager(loss)


def test_numbers_that_have_changed_are_read_by_tracing_again() -> None:
    scale = [1.0]
    program = autograd.compile(lambda x: W[0] * scale[0] * x[0], W)
    assert program([10.0, 0.0, 0.0], X).tolist() == [10.0, 20.0]
    assert not program.retrace()
    scale[0] = 2.0
    assert program.retrace()
    assert program([10.0, 0.0, 0.0], X).tolist() == [20.0, 40.0]


# ── errors that the loss catches ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_that_catches_the_error_does_not_go_on_with_something_else(name: str) -> None:
    refused, _ = LOSSES[name]
    numbers = [Value(1.0), Value(2.0), Value(3.0)]

    def loss(x: Any) -> Any:
        try:
            refused(x)
        except Exception:
            return x[0] * 3
        return x[0]

    try:
        took = autograd.compile(loss, PARAMETERS)([0.5, -1.0], X).tolist()
    except TraceError as error:
        took = str(error)
    # Where numbers are refused as well, the loss may go on with what it does then.
    same = (3 * X[:, 0]).tolist() if loss(numbers).data == 3.0 else None
    assert took == same or "the loss caught this error" in took


# ── isinstance and copies ────────────────────────────────────────────────────────────────────────


@functools.singledispatch
def dispatched(v: Any) -> Any:
    return v * 2


@dispatched.register
def _(v: Value) -> Any:
    return v * 3


def matched(v: Any) -> Any:
    match v:
        case Value():
            return v * 3
    return v * 2


ASKING: dict[str, Callable[[Any], Any]] = {
    "isinstance": lambda v: v * 3 if isinstance(v, Value) else v * 2,
    "isinstance of several": lambda v: v * 3 if isinstance(v, (int, Value)) else v * 2,
    "a Value unless it is one": lambda v: v if isinstance(v, Value) else Value(v),
    "a number": lambda v: v * 2 if isinstance(v, (int, float)) else v * 3,
    "singledispatch": dispatched, "match": matched, "__class__": lambda v: v * 3 if v.__class__ is Value else v * 2,
}


@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_a_loss_that_asks_for_the_class_goes_the_same_way(ask: Callable[[Any], Any]) -> None:
    for of in (lambda x: x[0], lambda x: x[0] * W[1], lambda x: W[0]):
        assert_agrees_with_eager(lambda x, of=of: ask(of(x)) * W[0] + x[1] * W[2])


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy, "deepcopy": copy.deepcopy, "deepcopy of a list": lambda v: copy.deepcopy([v, [v]])[1][0],
    "copy of a list": lambda v: copy.copy([v])[0], "deepcopy of a dict": lambda v: copy.deepcopy({"v": v})["v"],
    "copy twice": lambda v: copy.copy(copy.copy(v)), "deepcopy of a copy": lambda v: copy.deepcopy(copy.copy(v)),
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_copies_mean_the_same_while_tracing(copied: Callable[[Any], Any]) -> None:
    for of in (lambda x: x[0], lambda x: x[0] * W[1], lambda x: W[0], lambda x: W[0] * W[1], lambda x: Value(3.0)):
        assert_agrees_with_eager(lambda x, of=of: copied(of(x)) * W[0] + x[1] * W[2] * of(x))


# ── programs in programs, threads, forks, memory ─────────────────────────────────────────────────


def test_a_loss_that_calls_its_own_program_is_refused() -> None:
    programs: list[Program] = []
    first = lambda x: W[0] * x[0] + programs[-1](THETAS[0], X)[0]  # noqa: E731
    second = lambda x: W[1] * x[0] + programs[0](THETAS[0], X)[0]  # noqa: E731
    programs.append(autograd.compile(first, W))
    with pytest.raises(TraceError, match="calls its own compiled program"):
        programs[0](THETAS[0], X)
    programs.append(autograd.compile(second, W))
    with pytest.raises(TraceError, match="calls its own compiled program"):
        programs[0](THETAS[0], X)


def test_a_loss_may_use_numbers_of_another_program() -> None:
    inner = autograd.compile(lambda x: W[1] * x[0], W)
    outer = autograd.compile(lambda x: W[0] * x[0] * inner(THETAS[0], X)[0], W)
    assert outer(THETAS[0], X).tolist() == (0.5 * X[:, 0] * -1.5).tolist()


def test_a_program_is_used_while_another_thread_traces_it() -> None:
    inside, finished = threading.Event(), threading.Event()

    def loss(x: Any) -> Any:
        if threading.current_thread().name == "slow":
            inside.set()
            assert finished.wait(10)
        return W[0] * x[0]

    program = autograd.compile(loss, W)
    slow = threading.Thread(target=program, args=(THETAS[0], X), name="slow")
    slow.start()
    assert inside.wait(10)
    child = os.fork()
    if not child:
        signal.alarm(10)
        os._exit(0 if program(THETAS[0], X).tolist() == [0.5, 1.0] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert program(THETAS[0], X).tolist() == [0.5, 1.0]
    finished.set()
    slow.join(10)


def test_programs_of_many_row_shapes_are_not_kept_for_ever() -> None:
    program = autograd.compile(lambda x: autograd.sum(x) * W[0], W)
    for n in range(1, 80):
        assert program(THETAS[0], np.ones((1, n))).tolist() == [n / 2]
    assert len(program.plans) == 64
    assert program(THETAS[0], np.ones((2, 1))).tolist() == [0.5, 0.5], "what was dropped is compiled again"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps, lambda p: copy.deepcopy({"model": [p]})])
def test_a_program_says_why_it_has_no_copies(copied: Callable[[Any], Any]) -> None:
    with pytest.raises(UsageError, match=r"cannot be copied or pickled.*compile the loss again"):
        copied(autograd.compile(lambda x: W[0] * x[0], W))


# ── Values from outside ──────────────────────────────────────────────────────────────────────


def test_values_from_outside_are_read_anew_at_each_call_in_every_way() -> None:
    w, scale, label, made = Value(2.0, "w"), Value(3.0), Value(0.5), Value(7.0)

    def loss(x: Any) -> Any:
        return scale * w * x + made + autograd.where(autograd.gt(label, 0.2), w * label, 0)

    program, theta, X = autograd.compile(loss, [w]), np.array([2.0]), np.array([1.0, 4.0])
    for change in (lambda: None, lambda: setattr(scale, "data", -1.0), lambda: setattr(made, "data", 5.0),
                   lambda: setattr(label, "data", 0.1)):
        change()
        expected = [loss(Value(x)) for x in X]
        slopes = [autograd.grad(out, [w])[0] for out in expected]
        assert program(theta, X).tolist() == pytest.approx([out.data for out in expected], rel=1e-15)
        for found in (program.value_and_grad(theta, X), by_numpy(program, theta, X, None, None)):
            assert found[0] == pytest.approx(np.mean([out.data for out in expected]), rel=1e-15)
            assert found[1].tolist() == pytest.approx([np.mean(slopes)], rel=1e-15)
        assert not program.retrace()


def test_what_was_computed_before_from_outside_values_keeps_its_number_until_it_is_assigned() -> None:
    w, scale = Value(2.0), Value(3.0)
    made = scale * 2 + 1
    program = autograd.compile(lambda x: w * x + made, [w])
    assert program([2.0], [1.0]).tolist() == [9.0]
    scale.data = 10.0
    assert program([2.0], [1.0]).tolist() == [9.0]
    made.data = 0.0
    assert program([2.0], [1.0]).tolist() == [2.0]


def test_an_outside_value_may_be_infinite_or_nan() -> None:
    w, scale = Value(2.0), Value(1.0)
    program = autograd.compile(lambda x: w * x + autograd.where(autograd.gt(x, 0), 0, scale * w), [w])
    assert program.value_and_grad([2.0], [1.0])[1].tolist() == [1.0]
    scale.data = math.inf
    assert program.value_and_grad([2.0], [1.0])[1].tolist() == [1.0]
    assert program.value_and_grad([2.0], [-1.0])[1].tolist() == [math.inf]


def test_a_value_that_the_loss_makes_is_a_constant() -> None:
    w = Value(2.0)
    program = autograd.compile(lambda x: w * x * Value(0.0) + w * Value(1.0), [w]).trace(())
    assert "outside" not in program.source
    assert [block.op for block in program.blocks] == ["sum"] or len(program.blocks) <= 1


def test_a_course_that_outside_values_decide_is_theirs_of_the_trace() -> None:
    w, steps = Value(2.0), Value(3.0)
    program = autograd.compile(lambda x: w * x if steps * 2 > 4 else w, [w])
    assert program([2.0], [5.0]).tolist() == [10.0]
    steps.data = 1.0
    assert program.retrace()
    assert program([2.0], [5.0]).tolist() == [2.0]


def test_a_discriminator_that_another_loss_trains_is_seen() -> None:
    rng = np.random.default_rng(0)
    generator, discriminator = nn.MLP(1, [3, 1], "tanh", seed=0), nn.MLP(1, [3, 1], "tanh", seed=1)
    program = autograd.compile(lambda z: autograd.softplus(-discriminator([generator([z])])), generator)
    theta, Z = nn.parameters_to_vector(generator), rng.normal(size=5)
    for _ in range(3):
        found = program.value_and_grad(theta, Z)
        outs = [autograd.softplus(-discriminator([generator([z])])) for z in Z]
        assert found[0] == pytest.approx(np.mean([out.data for out in outs]), rel=1e-12)
        nn.vector_to_parameters(rng.normal(size=len(discriminator.parameters())), discriminator)


def test_an_outside_value_that_is_multiplied_by_zero_may_be_infinite() -> None:
    w, scale = Value(2.0), Value(1.0)
    program = autograd.compile(lambda x: w * x + 0.0 * scale, [w])
    assert program([2.0], [1.0]).tolist() == [2.0]
    scale.data = math.inf
    assert math.isnan(program([2.0], [1.0])[0])
