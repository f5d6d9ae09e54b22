"""Modes: computing without recording, and stopping at the first nan or inf."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import itertools
import linecache
import math
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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


# ── generators, coroutines, tasks and threads ────────────────────────────────────────────────

X = Value(2.0)


def recording() -> bool:
    return (X * 2).args != ()


def suspended() -> Iterator[bool]:
    """Says whether it records, and stays inside its block in between."""
    with autograd.no_grad():
        while True:
            yield recording()


def nested() -> Iterator[bool]:
    with autograd.no_grad():
        yield from suspended()


@autograd.no_grad()
def decorated() -> Iterator[bool]:
    while True:
        yield recording()


@contextlib.contextmanager
def wrapped() -> Iterator[None]:
    with autograd.no_grad():
        yield


GENERATORS = over("generator", [suspended, nested, decorated], ids=lambda f: f.__name__)


def raise_in(made: Any) -> None:
    with pytest.raises(KeyError):
        made.throw(KeyError())


def in_a_thread(work: Callable[[], Any]) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()
    thread.join()
    return found[0]


@GENERATORS
@over("end", [lambda made: made.close(), raise_in, lambda made: in_a_thread(made.close), lambda made: None],
      ids=["closed", "raised", "closed in a thread", "collected"])
def test_a_suspended_generator_keeps_its_mode_to_itself(generator: Any, end: Any) -> None:
    made, other = generator(), generator()
    assert (next(made), recording(), next(other), next(made), recording()) == (False, True, False, False, True)
    assert in_a_thread(made.__next__) is False
    end(made)
    del made
    gc.collect()
    assert (recording(), next(other), recording()) == (True, False, True)
    with contextlib.closing(other):
        assert recording()


def test_a_suspended_generator_takes_no_mode_from_its_caller() -> None:
    def plain() -> Iterator[bool]:
        while True:
            yield recording()

    made = plain()
    with autograd.no_grad():
        assert next(made) is False
    assert next(made) is True


@over("entered", [autograd.no_grad, wrapped])
def test_context_managers_and_stacks_enter_a_mode_for_their_caller(entered: Any) -> None:
    with entered():
        assert not recording()
        with wrapped():
            pass
        assert not recording()
    with contextlib.ExitStack() as stack:
        stack.enter_context(entered())
        stack.enter_context(wrapped())
        assert not recording()
    later = stack.enter_context(entered())
    assert (later is None or later.records is False, recording()) == (True, False)
    stack.close()
    assert recording()


def test_blocks_may_end_in_any_order() -> None:
    modes = [autograd.count_operations() for _ in range(3)]
    for order in itertools.permutations(range(3)):
        for mode in modes:
            mode.__enter__()
        for ended, i in enumerate(order, 1):
            modes[i].__exit__(None, None, None)
            before = [mode.total for mode in modes]
            X * 2
            assert sum(mode.total for mode in modes) - sum(before) == 3 - ended


def test_one_mode_may_be_entered_twice() -> None:
    mode = autograd.no_grad()
    with mode:
        with mode:
            pass
        assert not recording()
    assert recording()


def test_a_mode_is_left_once() -> None:
    mode = autograd.no_grad()
    for enter in (lambda: None, lambda: mode.__enter__().__exit__(None, None, None)):
        enter()
        with pytest.raises(autograd.UsageError, match="no_grad is left, but it has not been entered or was left"):
            mode.__exit__(None, None, None)


async def asks() -> bool:
    await asyncio.sleep(0)
    return recording()


@autograd.no_grad()
async def predicts() -> bool:
    return await asks()


async def streams() -> AsyncIterator[bool]:
    with autograd.no_grad():
        for _ in range(3):
            yield await asks()


@contextlib.asynccontextmanager
async def wrapped_too() -> AsyncIterator[None]:
    with autograd.no_grad():
        yield


def test_tasks_have_modes_of_their_own_and_hand_them_to_those_they_start() -> None:
    async def main() -> None:
        assert await asyncio.gather(predicts(), asks(), predicts(), asks()) == [False, True, False, True]
        with autograd.no_grad():
            assert await asyncio.gather(asks(), predicts()) == [False, False]
            assert await asyncio.to_thread(recording) is False
        async with wrapped_too():
            assert await asks() is False
        assert await asks() is True
        stream = streams()
        async for recorded in stream:
            assert (recorded, recording()) == (False, True)
        left = streams()
        assert (await anext(left), recording()) == (False, True)
        await left.aclose()
        cancelled = asyncio.create_task(predicts())
        await asyncio.sleep(0)
        assert recording()
        cancelled.cancel()

    asyncio.run(main())


def test_a_coroutine_that_is_driven_by_hand_keeps_its_mode_to_itself() -> None:
    made = predicts()
    made.send(None)
    assert recording()
    made.close()


def test_an_asynchronous_generator_is_not_decorated() -> None:
    with pytest.raises(autograd.UsageError, match="enter it in its body"):
        autograd.no_grad()(streams)


def test_every_thread_has_modes_of_its_own() -> None:
    barrier = threading.Barrier(4)

    def work(quiet: bool) -> list[bool]:
        found = []
        for _ in range(20):
            with autograd.no_grad() if quiet else contextlib.nullcontext():
                barrier.wait()
                found.append(recording())
        return found

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, [True, False, True, False])) == [[False] * 20, [True] * 20] * 2


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


def test_a_line_in_a_cell_of_a_notebook_is_named_by_what_stands_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    name, text = "/nowhere/ipykernel_1/2.py", "def loss(x):\n    return x.log()\n"
    monkeypatch.setitem(linecache.cache, name, (len(text), None, text.splitlines(keepends=True), name))
    scope: dict[str, Any] = {}
    exec(compile(text, name, "exec"), scope)
    with pytest.raises(AnomalyError) as caught, autograd.detect_anomaly():
        scope["loss"](Value(0.0))
    assert str(caught.value) == "line 2 of the cell, `return x.log()`: log(0.0) is -inf"


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


def test_an_anomaly_in_the_backward_pass_leaves_every_gradient_as_it_was() -> None:
    x = Value(0.0)
    q = x * 3
    y = q.sqrt() + q
    for value in (x, q, y):
        value.grad = 7.0
    with pytest.raises(AnomalyError), autograd.detect_anomaly():
        y.backward()
    assert (x.grad, q.grad, y.grad) == (7.0, 7.0, 7.0)
