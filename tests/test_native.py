"""Losses as machine code: the same numbers, by straight-line code for several examples at once."""

import importlib.util
import math
import os
import random
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest
from agreement import Given, eager, theta_of
from hypothesis import given, settings
from hypothesis import strategies as st
from losses import LOSSES, by_default
from random_corners import random_corners
from random_graphs import random_graph
from random_losses import random_wires

import autograd
import nn
from autograd import MissingPackageError, UsageError, Value
from autograd.compiler import native
from autograd.compiler.llvm import LANES, MATHEMATICS
from autograd.compiler.native import Machine, Writer

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("llvmlite"), reason="needs llvmlite")


@pytest.fixture(autouse=True)
def folder(tmp_path_factory, monkeypatch):
    """Machine code of tests is kept apart."""
    place = tmp_path_factory.getbasetemp() / "machine code"
    monkeypatch.setattr(native, "folder", lambda: place)
    return place


def compared(case, X, Y, draw=None):
    """Every function beside eager evaluation."""
    expected, bound = eager(case, X, Y, draw)
    program, theta = autograd.compile(case.loss, case.params).to_native(), theta_of(case)
    outputs = program(theta, X, Y, rng=Given(draw))
    assert np.all(np.abs(outputs - expected.outputs) <= 1e-13 * bound.outputs)
    if program.traced().plan.several:
        return
    for inputs in (False, True):
        found = program.value_and_grad(theta, X, Y, rng=Given(draw), inputs=inputs)
        for name, result in zip(("value", "gradient", "inputs"), found, strict=False):
            allowed = 1e-13 * getattr(bound, name)
            assert np.all(np.abs(result - getattr(expected, name)) <= allowed), name


@pytest.mark.parametrize("name", by_default(LOSSES))
def test_machine_code_gives_what_eager_evaluation_gives(name):
    case = LOSSES[name]()
    X, Y = case.data(LANES + 3)
    compared(case, X, Y, np.random.default_rng(3).random((len(X), case.noises)))


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_random_losses_give_what_eager_evaluation_gives(seed):
    for draw in (random_graph, random_wires):
        loss, X, Y = draw(random.Random(seed))
        compared(loss.case(), X, Y)


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


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_corners_give_what_eager_evaluation_gives(seed):
    loss, X = random_corners(random.Random(seed))
    case = loss.case()
    program, theta = autograd.compile(case.loss, case.params).to_native(), theta_of(case)
    wanted = autograd.compile(case.loss, case.params)
    for row in X:
        found = program.value_and_grad(theta, row[None], inputs=True)
        for mine, other in zip(found, wanted.value_and_grad(theta, row[None], inputs=True), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-12)


# ── training ─────────────────────────────────────────────────────────────────────────────────


def test_training_goes_the_same_way():
    X, Y = nn.data.moons(100, noise=0.2, seed=0)
    histories = [
        nn.fit(nn.MLP(2, [8, 1], "tanh", "sigmoid", dropout=0.1, seed=0), X, Y, "binary_cross_entropy", nn.Adam(0.05),
               epochs=5, batch_size=16, seed=1, engine=engine, progress=False).columns["loss"]
        for engine in ("compiled", "native")
    ]
    np.testing.assert_allclose(*histories, rtol=1e-10)


def test_large_matrices_are_left_to_numpy():
    case = LOSSES["mlp_tanh"]()
    program = autograd.compile(case.loss, case.params).to_native().trace((3,), (2,))
    assert program.traced().native is not None
    wide = nn.MLP(40, [40, 1], "tanh", seed=0)
    program = autograd.compile(lambda x: wide(x)[0] if isinstance(wide(x), list) else wide(x), wide).to_native()
    assert program.trace((40,)).traced().native is None


# ── machine code ─────────────────────────────────────────────────────────────────────────────


def test_machine_code_is_kept_and_read_again(folder, monkeypatch):
    case = LOSSES["mlp_xor"]()
    made = case.traced().latest.plan
    text = Writer(made, "value_and_grad").text().replace("entry", "begin")
    before = set(folder.glob("*.o")) if folder.exists() else set()
    Machine(text)
    (place,) = set(folder.glob("*.o")) - before
    monkeypatch.setattr(native, "keep", lambda *_: pytest.fail("it was there"))
    Machine(text)
    place.write_bytes(place.read_bytes()[:-1])
    assert native.kept(place) is None


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(native, "folder", lambda: tmp_path / "file" / "folder")
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
        native.helpers({"gudermannian": 1}, native.is_known)


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
