"""Values whose numbers lie in one vector: nothing differs from ordinary ones but the time."""

from __future__ import annotations

import copy
import pickle
import threading
from typing import Any

import numpy as np
import pytest
from strategies import points

import autograd
import nn
from autograd import Value, ops
from autograd.flat import FEWEST, MOST_WAITS, Flat, gradients_of, numbers_of

over = pytest.mark.parametrize
NUMBERS, SLOPES = np.linspace(0.1, 0.9, FEWEST).tolist(), np.linspace(-1, 1, FEWEST)


def lying(numbers: Any = NUMBERS) -> tuple[Flat, list[Value]]:
    """Values that lie flat, with gradients."""
    flat = Flat([Value(float(number), f"v{i}") for i, number in enumerate(numbers)])
    flat.add_gradient(SLOPES.copy())
    assert flat.lies
    return flat, list(flat.values)


TOUCHES = {
    "its data are read": lambda v: v.data,
    "its gradient is read": lambda v: v.grad,
    "its label is read": lambda v: v.label,
    "its data are written": lambda v: setattr(v, "data", v.data),
    "its gradient is written": lambda v: setattr(v, "grad", v.grad),
    "its label is written": lambda v: setattr(v, "label", v.label),
    "it is shown": repr,
    "it is formatted": lambda v: f"{v:.3f}",
    "it is compared": lambda v: v < 2,
    "its truth is asked": bool,
    "it is copied": copy.copy,
    "it is copied deeply": copy.deepcopy,
    "it is pickled": pickle.dumps,
    "it is multiplied": lambda v: v * 2,
    "it is subtracted from a number": lambda v: 2 - v,
    "it meets an array": lambda v: np.ones(2) * v,
    "it goes through a ufunc": lambda v: np.exp(v),
    "it is detached": lambda v: v.detach(),
    "it is a term of a sum": lambda v: autograd.sum([Value(1.0), v]),
    "it is differentiated": lambda v: (v * v).backward() or v.zero_grad() or setattr(v, "grad", SLOPES[3]),
    "a graph of it is differentiated elsewhere": lambda v: autograd.grad(v * v, [v]),
}


@over("touch", TOUCHES.values(), ids=list(TOUCHES))
def test_whatever_is_done_with_one_finds_it_as_an_ordinary_value(touch: Any) -> None:
    flat, values = lying()
    touch(values[3])
    assert not flat.lies
    assert {type(value) for value in values} == {Value}
    assert [value.data for value in values] == NUMBERS
    assert [value.grad for value in values] == SLOPES.tolist()
    assert [value.label for value in values] == [f"v{i}" for i in range(FEWEST)]


@over("look", [lambda v: isinstance(v, Value), lambda v: isinstance(v, (list, nn.Module)), hash, lambda v: v == v, id,
               lambda v: v.__class__ is Value, lambda v: v.op is None],
      ids=["a value?", "a module?", "hash", "equal", "id", "class", "operation"])
def test_what_asks_for_no_number_leaves_them_lying(look: Any) -> None:
    flat, values = lying()
    assert look(values[3]) is not None
    assert flat.lies


class Special(Value):
    """A class of somebody's own."""

    __slots__ = ()


@over("kind", [Value, Special])
@over("op", ops.TABLE.values(), ids=list(ops.TABLE))
def test_every_row_gives_the_same_whichever_operand_lies_flat(op: ops.Op, kind: type[Value]) -> None:
    point = points(op)[0]
    for place in range(len(point)):
        _, values = lying([*point, *[0.5] * (FEWEST - len(point))])
        results = [op.dispatch(tuple(other if i == place else kind(x) for i, x in enumerate(point)))
                   for other in (values[place], Value(point[place]))]
        numbers = [getattr(result, "data", result) for result in results]
        assert numbers[0] == numbers[1]
        assert type(results[0]) is type(results[1])


@over("name", ["__add__", "__rsub__", "__mul__", "__rtruediv__", "__pow__", "__neg__"])
def test_an_operator_of_one_that_lies_flat_makes_an_ordinary_value(name: str) -> None:
    _, values = lying()
    result = getattr(Value, name)(values[3], *[2.0] * (name != "__neg__"))
    assert type(result) is Value
    assert result.data == getattr(Value(values[3].data), name)(*[2.0] * (name != "__neg__")).data


def test_a_subclass_is_left_as_it_is() -> None:
    flat = Flat([Special(1.0) for _ in range(FEWEST)])
    flat.add_gradient(SLOPES.copy())
    assert not flat.lies
    assert flat.values[0].grad == SLOPES[0]


def test_few_values_are_left_as_they_are() -> None:
    flat = Flat([Value(1.0) for _ in range(FEWEST - 1)])
    flat.add_gradient(SLOPES[1:])
    assert not flat.lies
    assert gradients_of(flat.values).tolist() == SLOPES[1:].tolist()


def test_gradients_are_added_until_they_are_set_to_zero() -> None:
    flat, values = lying()
    flat.add_gradient(SLOPES.copy())
    assert gradients_of(values).tolist() == (2 * SLOPES).tolist()
    autograd.flat.zero_gradients(values)
    assert flat.lies
    assert gradients_of(values).tolist() == [0.0] * FEWEST
    assert repr(values[0]) == "Value(data=0.1, label='v0')", "no gradient has arrived"


def test_who_looks_each_time_is_not_slowed_down_by_it() -> None:
    flat, values = lying()
    laid = 0
    for _ in range(60):
        laid += flat.lies
        _ = values[0].data
        flat.add_gradient(SLOPES.copy())
    assert laid <= 60 / MOST_WAITS + MOST_WAITS


def test_two_losses_of_the_same_values_share_the_vector() -> None:
    flat, values = lying()
    other = Flat(values)
    other.add_gradient(SLOPES.copy())
    assert flat.lies
    assert gradients_of(values).tolist() == (2 * SLOPES).tolist()


def test_losses_of_some_of_the_values_find_them() -> None:
    flat, values = lying()
    other = Flat(values[::-1])
    for _ in range(3):
        other.add_gradient(SLOPES.copy())
        flat.add_gradient(SLOPES.copy())
    assert gradients_of(values) == pytest.approx(4 * SLOPES + 3 * SLOPES[::-1], abs=1e-15)


def test_threads_that_look_at_once_see_the_same() -> None:
    seen = []
    for _ in range(20):
        _, values = lying()
        barrier = threading.Barrier(4)

        def look(values: Any = values, barrier: Any = barrier) -> None:
            barrier.wait()
            seen.append([value.data for value in reversed(values)])

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert all(numbers == seen[0] for numbers in seen)
    assert seen[0] == NUMBERS[::-1]


@over("at", range(0, FEWEST, 97))
def test_who_is_interrupted_while_they_get_their_numbers_back_loses_none(monkeypatch: Any, at: int) -> None:
    _, values = lying()
    slot, calls = autograd.flat.DATA, []

    class Pressed:
        @staticmethod
        def __set__(value: Value, number: float) -> None:
            slot.__set__(value, number)
            calls.append(value)
            if len(calls) == at + 1:
                raise KeyboardInterrupt

    monkeypatch.setattr(autograd.flat, "DATA", Pressed)
    with pytest.raises(KeyboardInterrupt):
        _ = values[0].data
    if at > 5:
        values[5].data = 7.0
    assert [value.data for value in values] == [
        7.0 if i == 5 and at > 5 else x for i, x in enumerate(NUMBERS)]
    assert [value.grad for value in values] == SLOPES.tolist()


OPTIMIZERS = {
    "SGD": lambda params: nn.SGD(params, 0.1, momentum=0.9, nesterov=True),
    "Adam": lambda params: nn.Adam(params, nn.schedules.ExponentialDecay(0.05, 0.9), weight_decay=0.01),
    "RMSProp": lambda params: nn.RMSProp(params, 0.01, clip_norm=0.1),
}


@over("optimizer", OPTIMIZERS.values(), ids=list(OPTIMIZERS))
@over("looks", [False, True])
def test_the_loop_of_ones_own_gives_the_numbers_of_the_flat_vector(optimizer: Any, looks: bool) -> None:
    X, Y = nn.data.moons(20, seed=0)[0], np.linspace(0, 1, 20)
    model = nn.MLP(2, [20, 22, 1], "tanh", seed=0)
    program = autograd.compile(lambda x, y: (model(x) - y) ** 2, model)
    theta, alone, bound = nn.parameters_to_vector(model), optimizer(model), optimizer(model)
    for step in range(12):
        alone.at(step)
        bound.at(step)
        value, gradient = program.value_and_grad(theta, X, Y)
        theta = alone.step(theta, gradient)
        bound.zero_grad()
        assert program.backward(X, Y) == value
        bound.step()
        if looks:
            assert numbers_of(model.parameters()) == pytest.approx(theta, rel=1e-15)
            assert (model(X[0].tolist()).data - Y[0]) ** 2 == pytest.approx(program(theta, X, Y)[0])
    assert program.flat.lies or looks
    assert [value.data for value in model.parameters()] == theta.tolist()


@over("looks", [False, True])
def test_a_callback_finds_the_numbers_of_the_last_step_whether_it_looks_each_time_or_not(looks: bool) -> None:
    X, Y = nn.data.moons(20, seed=0)
    model = nn.MLP(2, [20, 22, 1], "tanh", seed=0)
    laid = []

    class Watch(nn.Callback):
        changes = False  # else the loss is traced anew, which reads them all

        def epoch(self, training: nn.Training) -> None:
            laid.append(training.flat.lies)
            if looks:
                assert [value.data for value in model.parameters()] == training.theta.tolist()
            else:
                assert nn.parameters_to_vector(model).tolist() == training.theta.tolist()

    nn.fit(model, X, Y, "mse", nn.Adam(0.01), epochs=6, callbacks=[Watch()], progress=False, seed=0)
    assert laid == ([True, False, True, False, False, True] if looks else [True] * 6)
