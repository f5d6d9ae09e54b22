"""Losses as machine code: the same numbers, by straight-line code for several examples at once."""

import importlib.util
import itertools
import math
import os
import random
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
from agreement import Case, Given, eager, theta_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from losses import LARGE, LOSSES, by_default
from random_corners import random_corners
from random_graphs import random_graph
from random_losses import random_wires

import autograd
import nn
from autograd import MissingPackageError, SizeError, UsageError, Value
from autograd.compiler import engine
from autograd.compiler.buffers.lowering import with_buffers
from autograd.compiler.native import machine, vectors
from autograd.compiler.native import scalar as native
from autograd.compiler.native.llvm import LANES, MATHEMATICS
from autograd.compiler.native.machine import Machine
from autograd.compiler.native.scalar import ARRAYS, Writer
from nn.optim import fused

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("llvmlite"), reason="needs llvmlite")


FEW = settings(max_examples=settings().max_examples // 5)
"""Machine code takes long to make."""


@pytest.fixture(autouse=True)
def folder(tmp_path_factory, monkeypatch):
    """Machine code of tests is kept apart."""
    place = tmp_path_factory.getbasetemp() / "machine code"
    monkeypatch.setattr(machine, "folder", lambda: place)
    return place


def compared(case, X, Y, draw=None):
    """Every function beside eager evaluation."""
    expected, bound = eager(case, X, Y, draw)
    program, theta = autograd.compile(case.loss, case.params).to_native(), theta_of(case)
    outputs = program(theta, X, Y, rng=Given(draw))
    assert np.all(np.abs(outputs - expected.outputs) <= 1e-13 * bound.outputs)
    if program._traced().plan.several:
        return
    for inputs in (False, True):
        found = program.value_and_grad(theta, X, Y, rng=Given(draw), inputs=inputs)
        for name, result in zip(("value", "gradient", "inputs"), found, strict=False):
            allowed = 1e-13 * getattr(bound, name)
            assert np.all(np.abs(result - getattr(expected, name)) <= allowed), name


@pytest.mark.parametrize("name", by_default(LOSSES, one_in=5))
def test_machine_code_gives_what_eager_evaluation_gives(name):
    case = LOSSES[name]()
    X, Y = case.data(LANES + 3)
    compared(case, X, Y, np.random.default_rng(3).random((len(X), case.noises)))


@settings(FEW)
@given(seed=st.integers(0, 10**6))
def test_random_losses_give_what_eager_evaluation_gives(seed):
    for draw in (random_graph, random_wires):
        loss, X, Y = draw(random.Random(seed))
        compared(loss.case(), X, Y)


@pytest.mark.parametrize("name", ["points turned one after the other", "waves"])
def test_linear_maps_that_follow_one_another_are_one_where_that_leaves_less_to_compute(name):
    w = [Value(0.3), Value(-0.5), Value(0.2)]

    def turned(x):  # by three angles, a point at a time: nine numbers for all points
        total = 0.0
        for p, q, r in (x[:3], x[3:6], x[6:9], x[9:12], x[12:15]):
            for angle in w:
                c, s = angle.cos(), angle.sin()
                p, q, r = c * p - s * q, s * p + c * q, r
                p, q, r = q, r, p
            total = total + p * p + (q - r) ** 2
        return total

    def waves(x):  # each step reads its neighbours
        state = list(x)
        for _ in range(6):
            state = [b + w[0] * (a - 2 * b + c) for a, b, c in zip(
                [0.0, *state[:-1]], state, [*state[1:], 0.0], strict=True)]
        return sum(a * a for a in state)

    case = Case({"points turned one after the other": turned, "waves": waves}[name], w, (15,))
    made = case.traced()._traced().plan
    assert native.with_least_work(made) is made.quicker is not made
    compared(case, *case.data(11))


@pytest.mark.parametrize("examples", [1, LANES - 1, LANES, LANES + 1, 3 * LANES])
def test_every_number_of_examples_gives_the_mean_over_its_rows(examples):
    case = LOSSES["mlp_softmax_cross_entropy"]()
    compared(case, *case.data(examples))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("given_out", [False, True])
def test_results_have_the_dtype_of_theta(dtype, given_out):
    case = LOSSES["mlp_tanh"]()
    program, theta = autograd.compile(case.loss, case.params), theta_of(case).astype(dtype)
    X, Y = case.data(5)
    out = np.full(len(theta), 7, dtype) if given_out else None
    value, gradient = program.to_native().value_and_grad(theta, X, Y, out=out)
    wanted = program.value_and_grad(theta, X, Y)
    assert value.dtype == gradient.dtype == dtype
    assert (gradient is out) == given_out
    np.testing.assert_allclose(value, wanted[0], rtol=10 * np.finfo(dtype).eps)
    np.testing.assert_allclose(gradient, wanted[1], rtol=1e-4 if dtype == np.float32 else 1e-12)


# ── loops over arrays ────────────────────────────────────────────────────────────────────────


@pytest.fixture
def by_arrays(monkeypatch):
    """All programs run as loops over arrays and calls of NumPy, as large ones do."""
    monkeypatch.setattr(native.Native, "of", lambda made: None)


@pytest.mark.parametrize(("name", "last"), by_default(
    itertools.product(sorted(LOSSES.keys() - LARGE), [False, True]), one_in=5))
def test_loops_over_arrays_give_what_eager_evaluation_gives(name, last, by_arrays, monkeypatch):
    monkeypatch.setattr(engine, "quickest", lambda made: (with_buffers(made, last), last))
    case = LOSSES[name]()
    X, Y = case.data(5)
    compared(case, X, Y, np.random.default_rng(3).random((len(X), case.noises)))


@settings(FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6))
def test_loops_over_arrays_of_random_losses_give_what_eager_evaluation_gives(seed, by_arrays):
    for draw in (random_graph, random_wires):
        loss, X, Y = draw(random.Random(seed))
        compared(loss.case(), X, Y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", by_default(["mlp_softmax_cross_entropy", "mlp_tanh", "attention"]))
def test_loops_give_what_calls_of_numpy_give(name, dtype, by_arrays):
    case = LOSSES[name]()
    program, theta = autograd.compile(case.loss, case.params), theta_of(case).astype(dtype)
    native = program.to_native()
    for examples in (1, 2, LANES, 3 * LANES + 1, 2):
        X, Y = case.data(examples)
        value, gradient = native.value_and_grad(theta, X, Y)
        wanted = program.value_and_grad(theta, X, Y)
        assert gradient.dtype == dtype
        np.testing.assert_allclose(value, wanted[0], rtol=10 * np.finfo(dtype).eps)
        np.testing.assert_allclose(gradient, wanted[1], rtol=1e-3 if dtype == np.float32 else 1e-11,
                                   atol=1e-5 if dtype == np.float32 else 1e-14)


def test_what_is_computed_of_plain_numbers_is_an_array_for_loops(by_arrays):
    w = Value(0.5)
    program = autograd.compile(lambda x: Value(-2.0).elu((w * x).tanh()).sigmoid(), [w]).to_native()
    x = np.linspace(-1, 1, 5)
    wanted = 1 / (1 + np.exp(-math.expm1(-2) * np.tanh(0.5 * x)))
    for dtype in (np.float64, np.float32):
        np.testing.assert_allclose(program(np.full(1, 0.5, dtype), x), wanted, rtol=1e-6)


# ── functions of vectors ─────────────────────────────────────────────────────────────────────


DOMAINS = {
    "exp": [(-745, 710), (-1, 1), (-1e-9, 1e-9)], "expm1": [(-50, 709), (-1, 1), (-1e-9, 1e-9)],
    "tanh": [(-25, 25), (-1, 1), (-1e-9, 1e-9)], "log": [(1e-310, 1e-300), (0.5, 2), (0, 1e300), (0.999, 1.001)],
    "log1p": [(-0.999999, 1), (-1e-9, 1e-9), (0, 1e300)],
    "sin": [(-4, 4), (-1e5, 1e5), (1e10, 1e15)], "cos": [(-4, 4), (-1e5, 1e5), (1e10, 1e15)],
}
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 800.0, -800.0, 5e-324, 2.0**-1022, 1e308]


def applied(name: str, numbers: Any) -> Any:
    """A function of the table, or of a vector, by machine code."""
    program = autograd.compile(lambda x: getattr(autograd, name)(x), []).to_native()
    with np.errstate(all="ignore"):
        return program(np.zeros(0), numbers)


@pytest.mark.parametrize("name", sorted(set(MATHEMATICS) & set(dir(autograd))))
def test_functions_are_right_to_three_units_in_the_last_place(name):
    rng = np.random.default_rng(0)
    function = getattr(np, name)
    for low, high in DOMAINS[name]:
        numbers = rng.uniform(low, high, 2003)
        wanted = function(numbers.astype(np.longdouble))
        found = applied(name, numbers)
        finite = np.isfinite(wanted.astype(np.float64))
        away = np.abs(found - wanted)[finite] / np.spacing(np.abs(wanted[finite]).astype(np.float64))
        assert away.max() <= 3, (low, high)
    with np.errstate(all="ignore"):
        numbers = np.array(SPECIAL)
        np.testing.assert_allclose(applied(name, numbers), function(numbers), rtol=1e-15)


def test_every_function_of_vectors_has_a_domain():
    assert set(DOMAINS) == set(MATHEMATICS)


# ── where numbers are not finite ─────────────────────────────────────────────────────────────


@settings(FEW)
@given(seed=st.integers(0, 10**6))
def test_corners_give_what_eager_evaluation_gives(seed):
    loss, X = random_corners(random.Random(seed))
    case = loss.case()
    program, theta = autograd.compile(case.loss, case.params).to_native(), theta_of(case)
    wanted = autograd.compile(case.loss, case.params)
    for row in X:
        others = wanted.value_and_grad(theta, row[None], inputs=True)
        for inputs in (True, False, False):  # what has been met is checked in another way
            found = program.value_and_grad(theta, row[None], inputs=inputs)
            for mine, other in zip(found, others, strict=False):
                np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize(("number", "is_moderate"), [(1.0, True), (1e5, False), (math.inf, False), (math.nan, False)])
def test_machine_code_says_whether_all_that_is_given_is_moderate(place, number, is_moderate):
    w, given = Value(1.0), [np.ones(1), np.ones(2 * LANES + 1), np.ones(2 * LANES + 1)]
    program = autograd.compile(lambda x, y: w.tanh() * x - y, [w]).to_native()
    given[place][-1] = number
    for _ in range(3):
        program.value_and_grad(*given)
    (memory,) = [call for key, call in program._traced().local.calls.items() if key[2] == len(given[1])]
    assert memory.is_moderate(1e4) == is_moderate


def test_a_slope_that_is_not_finite_is_no_moderate_one():
    w = Value(0.0)
    program = autograd.compile(lambda x: w.sqrt() * x, [w]).to_native()
    for _ in range(3):
        value, gradient = program.value_and_grad(np.zeros(1), np.ones(5))
    assert value == 0
    assert gradient.tolist() == [math.inf]
    (memory,) = [call for key, call in program._traced().local.calls.items() if key[2] == 5]
    assert not memory.is_moderate(1e4)


def test_parameters_that_do_not_matter_have_a_slope_of_zero():
    ws = [Value(2.0) for _ in range(5)]
    program = autograd.compile(lambda x: ws[1] * x + 0 * ws[3], ws).to_native()
    out = np.full(5, 7.0)
    for _ in range(3):
        program.value_and_grad(np.ones(5), np.ones(4), out=out)
    assert out.tolist() == [0, 1, 0, 0, 0]


# ── training ─────────────────────────────────────────────────────────────────────────────────


def test_training_goes_the_same_way():
    X, Y = nn.data.moons(100, noise=0.2, seed=0)
    histories = [
        nn.fit(nn.MLP(2, [8, 1], "tanh", "sigmoid", dropout=0.1, seed=0), X, Y, "binary_cross_entropy", nn.Adam(0.05),
               epochs=5, batch_size=16, seed=1, engine=engine, progress=False).columns["loss"]
        for engine in ("compiled", "native")
    ]
    np.testing.assert_allclose(*histories, rtol=1e-10)


def wide(inputs: int) -> Any:
    """A network of which the first layer is a product with a large matrix, as machine code, and its parameters."""
    model = nn.MLP(inputs, [24, 1], "tanh", seed=0)
    program = autograd.compile(lambda x: model(x) ** 2, model).to_native()
    return program.trace((inputs,)), nn.parameters_to_vector(model.parameters())


def test_large_matrices_are_left_to_numpy():
    assert wide(30)[0]._traced().native is not None
    assert wide(1000)[0]._traced().native is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_of_many_examples_are_left_to_numpy_as_well(dtype):
    program, theta = wide(30)
    engine, theta = program._traced(), theta.astype(dtype)
    assert engine.is_written(LANES)
    assert not engine.is_written(4000)
    X = np.random.default_rng(0).normal(size=(4000, 30))
    wanted = autograd.compile(program.loss, program.params)
    for examples in (LANES, 4000):
        found, others = (each.value_and_grad(theta, X[:examples]) for each in (program, wanted))
        assert found[1].dtype == dtype
        for mine, other in zip(found, others, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-3 if dtype == np.float32 else 1e-11, atol=1e-6)
    assert ("value_and_grad", np.dtype(dtype), True) in engine.runnables


@pytest.mark.parametrize("name", ["convolution", "convolution_padded_by_if"])
def test_zeros_with_which_a_matrix_was_completed_are_not_written_out(name):
    assert LOSSES[name]().compiled().to_native().trace(LOSSES[name]().x_shape, LOSSES[name]().y_shape)._traced().native


def test_training_of_many_parameters_goes_the_same_way():
    X, Y = nn.data.moons(64, noise=0.2, seed=0)
    histories = [
        nn.fit(nn.MLP(2, [150, 150, 1], "tanh", "sigmoid", seed=0), X, Y, "binary_cross_entropy", nn.Adam(0.01),
               epochs=3, batch_size=16, seed=1, engine=engine, progress=False).columns["loss"]
        for engine in ("compiled", "native")
    ]
    np.testing.assert_allclose(*histories, rtol=1e-8)


# ── steps of optimisers ──────────────────────────────────────────────────────────────────────


class ByOperators(nn.optim.Optimizer):
    """Written without a thought of memory, as in a notebook."""

    memory = ("m",)

    def __init__(self):
        super().__init__(0.1)
        self.seen = self.longest = None

    def update(self, gradient):
        m = self.state["m"]
        m *= 0.9
        self.state["m"] = m + 0.1 * gradient
        self.longest = np.abs(gradient) if self.longest is None else np.maximum(self.longest, abs(gradient))
        return self.lr * self.state["m"] / (self.longest + 1e-3)


class ByParts(nn.optim.Optimizer):
    """Writes to parts of vectors, to vectors of its own, and keeps what it is given."""

    def __init__(self):
        super().__init__(0.1)
        self.own = self.kept = None

    def update(self, gradient):
        np.multiply(gradient, 2, out=self.bent)
        first = self.bent[: len(gradient) // 2]
        np.multiply(self.bent, 3.0, out=self.bent)
        np.add(first, 1, out=first)
        self.bent[0] = self.kept[-1] if self.kept is not None else len(gradient)
        self.kept = gradient
        self.own = np.zeros(len(gradient), gradient.dtype) if self.own is None else self.own
        np.add(self.own, self.bent, out=self.own)
        np.multiply(self.own, 0.9, out=self.own)
        np.arctan(self.own, out=self.move)
        return np.multiply(self.move, np.dot(gradient, gradient) + self.lr, out=self.move)


class Overruled(nn.SGD):
    """Does something else in its steps."""

    def step(self, theta, gradient):
        theta += 1
        return theta


RULES = {
    **{name: lambda kind=kind: kind(lr=0.01) for name, kind in nn.OPTIMIZERS.items()},
    "momentum": lambda: nn.SGD(0.1, momentum=0.9), "nesterov": lambda: nn.SGD(0.1, momentum=0.9, nesterov=True),
    "average": lambda: nn.SGD(0.1, momentum=0.9, average=True),
    "schedule": lambda: nn.Adam(lambda epochs: 1 / (1 + epochs)),
    "decay": lambda: nn.Adam(weight_decay=0.1), "clip_norm": lambda: nn.Adam(clip_norm=1.0),
    "clip_value": lambda: nn.RMSProp(clip_value=0.5, weight_decay=0.1),
    "by_operators": ByOperators, "by_parts": ByParts, "overruled": lambda: Overruled(0.1),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1, LANES - 1, LANES, 5 * LANES + 3])
@pytest.mark.parametrize("name", RULES)
def test_fused_steps_are_the_steps_of_the_optimiser(name, size, dtype, monkeypatch):
    monkeypatch.setattr(fused, "FEW", 0)
    rng = np.random.default_rng(0)
    optimizers = [RULES[name](), RULES[name]()]
    thetas = [np.linspace(-1, 1, size).astype(dtype) for _ in optimizers]
    steps = [optimizers[0].step, fused.Fused(optimizers[1]).step]
    gradient = np.empty(size, dtype)
    for epoch in range(12):
        gradient[:] = rng.normal(size=size)
        for optimizer, theta, step in zip(optimizers, thetas, steps, strict=True):
            if epoch == 8:
                optimizer.load_state_dict(optimizer.state_dict())
            optimizer.at(epoch)
            assert step(theta, gradient) is theta
    close = {"rtol": 3e-4, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-10, "atol": 1e-13}
    np.testing.assert_allclose(*thetas, **close)
    mine, other = (optimizer.state_dict() for optimizer in optimizers)
    assert mine.keys() == other.keys()
    for key, value in mine.items():
        assert type(other[key]) is type(value)
        np.testing.assert_allclose(other[key], value, **close)


def test_the_calls_of_every_optimiser_are_done_in_one_loop(monkeypatch):
    monkeypatch.setattr(fused, "FEW", 0)
    made, compiled = [], vectors.compiled
    monkeypatch.setattr(vectors, "compiled", lambda *calls: made.append(calls) or compiled(*calls))
    for kind in nn.OPTIMIZERS.values():
        made.clear()
        step = fused.Fused(kind(lr=0.1)).step
        for _ in range(3):
            step(np.ones(5), np.ones(5))
        assert len(made) == 1


def test_a_fused_step_refuses_what_a_step_refuses(monkeypatch):
    monkeypatch.setattr(fused, "FEW", 0)
    step = fused.Fused(nn.Adam()).step
    with pytest.raises(SizeError):
        step(np.ones(3), np.ones(4))
    step(np.ones(3), np.ones(3))
    with pytest.raises(SizeError):
        step(np.ones(4), np.ones(4))


def test_vectors_that_share_memory_are_not_fused(monkeypatch):
    monkeypatch.setattr(fused, "FEW", 0)
    both, wanted = np.ones(6), np.ones(5)
    fused.Fused(nn.SGD(0.5)).step(both[:5], both[1:])
    nn.SGD(0.5).step(wanted, np.ones(5))
    assert both.tolist() == [*wanted, 1.0]
    same = np.ones(5)
    assert fused.Fused(nn.SGD(0.5)).step(same, same).tolist() == wanted.tolist()


# ── machine code ─────────────────────────────────────────────────────────────────────────────


def test_machine_code_is_kept_and_read_again(folder, monkeypatch):
    case = LOSSES["mlp_xor"]()
    made = case.traced().latest.plan
    text = Writer(made, "value_and_grad").text().replace("entry", "begin")
    before = set(folder.glob("*.o")) if folder.exists() else set()
    Machine(text, len(ARRAYS))
    (place,) = set(folder.glob("*.o")) - before
    monkeypatch.setattr(machine, "keep", lambda *_: pytest.fail("it was there"))
    Machine(text, len(ARRAYS))
    place.write_bytes(place.read_bytes()[:-1])
    assert machine.kept(place) is None


def test_machine_code_that_was_not_used_for_longest_is_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "KEPT", 8)
    places = [tmp_path / f"{number}.o" for number in range(9)]
    for number, place in enumerate(places):
        if number == 8:
            assert machine.kept(places[0]) == b"code"  # which makes it the youngest
        machine.keep(place, b"code")
        os.utime(place, (number, number))
    assert [place.exists() for place in places] == [True, False, False, False, *[True] * 5]


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(machine, "folder", lambda: tmp_path / "file" / "folder")
    test_every_number_of_examples_gives_the_mean_over_its_rows(3)


def test_threads_share_machine_code_but_no_memory():
    case = LOSSES["mlp_softmax_cross_entropy"]()
    program, theta = autograd.compile(case.loss, case.params).to_native(), theta_of(case)
    X, Y = case.data(50)
    wanted, wrong = program.value_and_grad(theta, X, Y), []

    def work():
        for _ in range(200):
            value, gradient = program.value_and_grad(theta, X, Y)
            if value != wanted[0] or not np.array_equal(gradient, wanted[1]):
                wrong.append(value)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_function_that_c_does_not_have_is_named():
    with pytest.raises(UsageError, match="gudermannian is no function of the C library"):
        native.helpers({"gudermannian": 1}, machine.is_known)


def test_without_llvmlite_an_error_names_the_extra():
    code = ("import sys; sys.modules['llvmlite'] = sys.modules['llvmlite.binding'] = None\n"
            "import autograd\nw = autograd.Value(1.0)\n"
            "try: autograd.compile(lambda x: w * x, [w]).to_native()\n"
            "except autograd.MissingPackageError as error: print(error)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert '.[native]' in done.stdout
    assert issubclass(MissingPackageError, ImportError)


def test_values_from_outside_are_read_at_each_call():
    scale, w = Value(2.0), Value(3.0)
    program = autograd.compile(lambda x: scale * w * x, [w]).to_native()
    assert program([3.0], [1.0]).tolist() == [6.0]
    scale.data = 5.0
    assert program([3.0], [1.0]).tolist() == [15.0]
