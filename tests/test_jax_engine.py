"""Training on every device that JAX sees: the numbers of the compiled engine, however many there are."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from on_devices import together

import nn
from autograd import SizeError, TraceError, UsageError, Value, gt, noise, where

os.environ.setdefault("JAX_PLATFORMS", "cpu")
ROOT = Path(__file__).parents[1]
X, Y = np.random.default_rng(0).normal(size=(2, 10, 3))


@pytest.fixture
def jax():
    return pytest.importorskip("jax")


def started(task, *arguments, devices):
    """A task of `on_devices` in a process with as many virtual devices of the CPU."""
    flags = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    return subprocess.Popen([sys.executable, "-m", "tests.on_devices", task, *map(str, arguments)], cwd=ROOT,
                            env=os.environ | flags, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(process):
    """What a task found, which is in its last line; JAX may have written others."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out.splitlines()[-1])


def told_together(seeds, devices):
    """What processes that train together found, each with a seed and its own devices."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    processes = [started("process", port, len(seeds), number, seed, devices=devices)
                 for number, seed in enumerate(seeds)]
    try:
        return [told(process) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(("task", "devices"), [
    ("small", 4),
    *(pytest.param(task, devices, marks=pytest.mark.slow) for task, devices in [
        ("small", 1), ("small", 2), *((task, devices) for task in ("digits", "gpt") for devices in (1, 2, 4))]),
])
@pytest.mark.usefixtures("jax")
def test_devices_compute_together_what_numpy_does(task, devices):
    found = told(started(task, devices=devices))
    assert found.pop("place") == f"{devices} × cpu"
    [differences] = found.values()
    assert len(differences) == 2
    assert max(differences) < 1e-11


@pytest.mark.slow
@pytest.mark.usefixtures("jax")
def test_rows_and_parameters_stay_where_they_are_and_only_sums_travel():
    assert told(started("collectives", devices=4))["collectives"] == ["all-reduce"]


@pytest.mark.slow
@pytest.mark.usefixtures("jax")
def test_processes_train_one_model_together():
    expected = together(1, "compiled")
    for found in told_together(seeds=[1, 1], devices=2):
        assert found["place"] == "4 × cpu of 2 processes"
        assert found["losses"] == pytest.approx(expected["losses"], rel=1e-12)
        assert found["total"] == pytest.approx(expected["total"], rel=1e-12)


@pytest.mark.slow
@pytest.mark.usefixtures("jax")
def test_processes_that_would_train_two_models_refuse():
    for found in told_together(seeds=[1, 2], devices=1):
        assert "give the model, the data and fit the same seeds in each" in found["error"]


def test_validation_metrics_and_callbacks_are_those_of_the_compiled_engine(jax):
    histories = []
    for engine in ("compiled", "jax"):
        model = nn.MLP(3, [5, 3], dropout=0.2, seed=0)
        histories.append(nn.fit(model, X, Y, "mse", nn.SGD(0.1), epochs=3, validation_split=0.3, engine=engine, seed=4,
                                metrics=[lambda a, b: float(np.abs(a - b).max())], progress=False,
                                callbacks=[nn.EarlyStopping("loss")]))
    assert histories[0].columns.keys() == histories[1].columns.keys()
    for name, column in histories[0].columns.items():
        assert histories[1][name] == pytest.approx(column, rel=1e-12)


def test_random_numbers_are_those_of_the_compiled_program(jax):
    w = Value(1.0)

    def loss(x, y):
        return w * where(gt(noise(), 0.5), 2.0, 0.0) * x + noise() * y

    engines = [nn.ENGINES[name](loss, [w]) for name in ("compiled", "jax")]
    rngs = [np.random.default_rng(0) for _ in engines]
    for _ in range(3):
        (value, slope), (found, gradient) = (
            engine.value_and_grad(np.ones(1), X[:, 0], Y[:, 0], rng=rng)
            for engine, rng in zip(engines, rngs, strict=True))
        assert (float(found), *gradient) == pytest.approx((float(value), *slope), rel=1e-14)


UNUSED = {
    "X": lambda w: lambda x, y: w * y, "Y": lambda w: lambda x, y: w * x, "both": lambda w: lambda x, y: w * w,
    "Y but not noise": lambda w: lambda x, y: w * x * noise(), "parameters": lambda w: lambda x, y: x * y,
    "everything": lambda w: lambda x, y: Value(3.0),
}


@pytest.mark.parametrize("name", UNUSED)
def test_what_a_loss_does_not_use_may_be_given(name, jax):
    w = Value(2.0)
    (value, slope), (found, gradient) = (
        nn.ENGINES[engine](UNUSED[name](w), [w]).value_and_grad([2.0], X[:, 0], Y[:, 0], rng=np.random.default_rng(1))
        for engine in ("compiled", "jax"))
    assert (float(found), *gradient) == pytest.approx((float(value), *slope), rel=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_stay_and_the_rest_of_jax_keeps_its_own(jax, dtype):
    engine = nn.ENGINES["jax"](lambda x, y: (w * x - y) ** 2, [w := Value(1.0)])
    out = np.empty(1, dtype)
    value, gradient = engine.value_and_grad(np.array([2.0], dtype), [1.0, 2.0], [1.0, 1.0], out=out)
    assert gradient is out
    assert (value, value.dtype, out.tolist()) == (5.0, dtype, [7.0])
    assert engine.value_and_grad(np.array([2], int), [1.0], [1.0])[1].dtype == np.float64
    assert jax.numpy.ones(1).dtype == np.float32


def test_parameters_that_change_in_place_are_seen(jax):
    theta = np.arange(4096.0)  # large enough for JAX to share the memory
    params = [Value(0.0) for _ in theta]
    engine = nn.ENGINES["jax"](lambda x, y: params[0] * x + params[-1] * y, params)
    found = []
    for _ in range(3):
        found.append(float(engine.value_and_grad(theta, [1.0], [1.0])[0]))
        theta += 1
    assert found == [4095.0, 4097.0, 4099.0]


def test_mistakes_are_refused_as_by_the_compiled_program(jax):
    engine = nn.ENGINES["jax"](lambda x, y: [w * x, y], [w := Value(1.0)])
    with pytest.raises(UsageError, match="needs a loss of one Value"):
        engine.value_and_grad([1.0], [1.0], [1.0])
    with pytest.raises(SizeError, match=r"theta must have shape \(1,\)"):
        engine.value_and_grad([1.0, 2.0], [1.0], [1.0])
    with pytest.raises(SizeError, match="as many rows"):
        engine.value_and_grad([1.0], [1.0], [1.0, 2.0])
    with pytest.raises(TraceError, match="the data of a value was read") as caught:
        nn.fit(nn.MLP(3, [3]), X, Y, lambda a, y: a[0] * a[0].data, nn.SGD(0.1), engine="jax", progress=False)
    assert 'engine="eager"' in "".join(caught.value.__notes__)


def test_it_says_which_devices_it_uses(jax, capsys):
    engine = nn.ENGINES["jax"](lambda x, y: w * x, [w := Value(1.0)])
    kind = jax.devices()[0].device_kind
    assert repr(engine) == f"<JaxEngine on {len(jax.devices())} × {kind}>"
    nn.fit(nn.MLP(3, [3], seed=0), X, Y, "mse", nn.SGD(0.1), epochs=1, engine="jax")
    assert f"epoch 1/1 on {len(jax.devices())} × {kind}" in capsys.readouterr().err


def test_a_loss_that_overflows_is_inf_as_it_is_in_numpy(jax):
    engine = nn.ENGINES["jax"](lambda x, y: (w * x).exp() - y, [w := Value(1.0)])
    assert engine.value_and_grad([1.0], [1000.0, 0.0], [0.0, 0.0])[0] == np.inf


def test_without_jax_the_error_names_the_extra_and_nothing_loads_it_before():
    script = """
import sys
sys.modules["jax"] = None
import autograd, nn
try:
    nn.fit(nn.MLP(1, [1]), [[1.0]], [1.0], "mse", nn.SGD(0.1), engine="jax")
except autograd.MissingPackageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == 'engine="jax" needs jax, which is not installed: pip install -e ".[jax]"\n'
