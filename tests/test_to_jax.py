"""Programs as JAX: the same values and gradients, for every loss on the list."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from agreement import theta_of
from losses import LOSSES

import autograd
import nn
from autograd import MissingPackageError, Value

os.environ.setdefault("JAX_PLATFORMS", "cpu")
FAST = ("mlp", "convolution", "dropout", "detached_parts", "largest_and_smallest")


@pytest.fixture(scope="module")
def jax():
    found = pytest.importorskip("jax")
    with found.enable_x64(True):
        yield found


def compiled(name: str):
    """A loss on the list: its program, theta, data and random numbers."""
    case = LOSSES[name]()
    program = case.compiled()
    theta = theta_of(case)
    X, Y = case.data()
    u = np.random.default_rng(5).random((len(X), case.noises)) if case.noises else None
    return program, theta, X, Y, u


@pytest.mark.parametrize("name", [
    name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in LOSSES
])
def test_jax_gives_the_value_and_the_gradient_of_numpy(name, jax):
    program, theta, X, Y, u = compiled(name)
    outputs = program(theta, X, Y, rng=np.random.default_rng(5))
    if outputs.ndim == 2:
        assert np.asarray(program.to_jax()(theta, X, Y, u)) == pytest.approx(outputs, rel=1e-12, abs=1e-14)
        return
    value, gradient = program.value_and_grad(theta, X, Y, rng=np.random.default_rng(5))
    found, slope = jax.value_and_grad(program.to_jax())(theta, X, Y, u)
    size = np.abs(gradient).max(initial=1.0)
    assert float(found) == pytest.approx(float(value), rel=1e-12)
    assert np.asarray(slope) == pytest.approx(gradient, abs=1e-12 * size)
    assert np.asarray(program.to_jax(each=True)(theta, X, Y, u)) == pytest.approx(outputs, rel=1e-12, abs=1e-14)


def test_the_source_is_the_forward_half_in_jax(jax):
    w, b = Value(2.0, "w"), Value(1.0, "b")
    program = autograd.compile(lambda x, y: ((w * x + b).tanh() - y) ** 2, [w, b]).trace((), ())
    assert program.to_jax().source == (
        "import jax.numpy as jnp\n\n\n"
        "def loss(theta, x, y):\n"
        "    w = theta[0:1]\n"
        "    b = theta[1:2]\n"
        "\n"
        "    z = w * x + b\n"
        "    a = jnp.tanh(z)\n"
        "    s1 = a - y\n"
        "    loss = s1 * s1\n"
        "    value = loss.mean()\n"
        "    return value\n"
    )


def test_jit_grad_and_vmap_take_it(jax):
    model = nn.MLP(3, [4, 2], seed=0)
    program = autograd.compile(lambda x, y: nn.mse(model(x), y), model).trace((3,), (2,))
    theta, rng = nn.parameters_to_vector(model), np.random.default_rng(0)
    X, Y, thetas = rng.random((5, 3)), rng.random((5, 2)), np.stack([theta, 2 * theta])
    loss = program.to_jax()
    expected = [program.value_and_grad(row, X, Y) for row in thetas]
    assert np.asarray(jax.jit(loss)(theta, X, Y)) == pytest.approx(expected[0][0], rel=1e-12)
    values, slopes = jax.vmap(jax.value_and_grad(loss), (0, None, None))(thetas, X, Y)
    assert np.asarray(values) == pytest.approx([value for value, _ in expected], rel=1e-12)
    assert np.asarray(slopes) == pytest.approx(np.stack([slope for _, slope in expected]), abs=1e-14)


KINKS = {
    "abs": abs, "relu": autograd.relu, "leaky_relu": autograd.leaky_relu, "elu": autograd.elu, "step": autograd.step,
    "sign": autograd.sign, "softplus": autograd.softplus, "maximum": lambda a: autograd.maximum(a, 0),
    "minimum": lambda a: autograd.minimum(a, -a), "max": lambda a: autograd.max([a, a, 0]),
    "min": lambda a: autograd.min([a, 2 * a]),
}


@pytest.mark.parametrize("name", KINKS)
def test_slopes_at_kinks_are_those_of_the_table(name, jax):
    w = [Value(0.0), Value(1.0), Value(-1.0)]
    program = autograd.compile(lambda x: autograd.sum([KINKS[name](a * x) for a in w]), w)
    theta, X = np.array([0.0, 1.0, -1.0]), np.array([1.0, 2.0])
    value, gradient = program.value_and_grad(theta, X)
    found, slope = jax.value_and_grad(program.to_jax())(theta, X)
    assert (float(found), slope.tolist()) == (pytest.approx(float(value)), pytest.approx(gradient.tolist()))


@pytest.mark.parametrize("function", [autograd.sigmoid, autograd.tanh, autograd.softplus, autograd.elu])
def test_slopes_far_out_are_those_of_the_table(function, jax):
    theta = np.array([-1000.0, -100.0, 100.0, 1000.0], np.float32)
    w = [Value(0.0) for _ in theta]
    program = autograd.compile(lambda x: autograd.sum([function(a * x) for a in w]), w)
    _, gradient = program.value_and_grad(theta, np.ones(1))
    assert jax.grad(program.to_jax())(theta, np.ones(1)).tolist() == pytest.approx(gradient.tolist(), abs=1e-30)


@pytest.mark.parametrize(("base", "exponent"), [
    (0.0, 0.0), (0.0, 0.5), (0.0, 1.0), (0.0, 2.0), (2.0, 0.0), (-2.0, 0.0), (-2.0, 3.0), (1.0, -1.0), (3.0, 1.5),
])
def test_slopes_of_powers_are_those_of_the_table(base, exponent, jax):
    a, b = Value(1.0), Value(1.0)
    program = autograd.compile(lambda x: (a * x) ** (b * x), [a, b]).trace(())
    theta = np.array([base, exponent])
    value, gradient = program.value_and_grad(theta, np.ones(1))
    found, slope = jax.value_and_grad(program.to_jax())(theta, np.ones(1))
    assert (float(found), slope.tolist()) == (
        pytest.approx(float(value)), pytest.approx(gradient.tolist(), nan_ok=True))


def test_a_slope_is_taken_of_a_negative_base_whose_exponent_is_data(jax):
    a = Value(-2.0)
    program = autograd.compile(lambda x, y: (a * x) ** y, [a]).trace((), ())
    slope = jax.grad(program.to_jax())(np.array([-2.0]), np.ones(2), np.array([2.0, 3.0]))
    assert slope.tolist() == [(2 * -2 + 3 * 4) / 2]


def test_labels_cannot_hide_what_the_source_uses(jax):
    names = ("jax", "jnp", "np", "float", "magnitude", "power", "larger", "view")
    params = {name: [Value(2.0), Value(-3.0)] for name in names}
    program = autograd.compile(lambda x, y: autograd.sum(abs(a).tanh() for two in params.values() for a in two) * x,
                               params).trace((), ())
    theta = np.tile([2.0, -3.0], len(params))
    assert float(program.to_jax()(theta, np.ones(1), np.ones(1))) == pytest.approx(
        len(params) * np.tanh([2.0, 3.0]).sum())


def test_float32_stays_float32(jax):
    program, theta, X, Y, _ = compiled("softmax_then_log")
    loss = program.to_jax() if program(theta, X, Y).ndim == 1 else None
    assert loss is not None
    value, slope = jax.value_and_grad(loss)(theta.astype(np.float32), X.astype(np.float32), Y.astype(np.float32))
    assert (value.dtype, slope.dtype) == (np.float32, np.float32)


def test_without_jax_the_error_names_the_extra():
    script = """
import sys
sys.modules["jax"] = None
import autograd
w = autograd.Value(1.0)
try:
    autograd.compile(lambda x, y: (w * x).tanh(), [w]).trace((), ()).to_jax()
except autograd.MissingPackageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert '".[jax]"' in done.stdout
    assert issubclass(MissingPackageError, ImportError)
