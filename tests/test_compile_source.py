"""The source of a program reads like a textbook, runs on its own, and no label can change what it does."""

from __future__ import annotations

import ast
import keyword
import re
from typing import Any

import numpy as np
import pytest
from agreement import Case, by_numpy, by_paste, eager, theta_of
from hostile.programs import shape_of
from losses import LOSSES, by_default, linear_layer, mlp, nest

import autograd
from autograd import Value, dot, relu, tanh
from autograd.compiler.arrays.names import RESERVED
from autograd.compiler.printers.to_numpy import Printer

SHORT = by_default((name for name in LOSSES if name not in (
    "chain_of_a_thousand", "irregular_graph", "physics_by_leapfrog")), one_in=2)


# ── as in a textbook ─────────────────────────────────────────────────────────────────────────

PERCEPTRON = """\
import numpy as np


def value_and_grad(theta, x, y):
    n = len(x)
    W1 = theta[0:12].reshape(4, 3).T
    b1 = theta[12:16]
    W2 = theta[16:24].reshape(2, 4).T
    b2 = theta[24:26]

    z1 = x @ W1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2 + b2
    s1 = z2 - y
    loss = np.sum(s1 * s1, axis=-1, keepdims=True)
    value = loss.mean()

    gradient = np.empty_like(theta)
    dW2 = gradient[16:24].reshape(2, 4).T
    db2 = gradient[24:26]
    dW1 = gradient[0:12].reshape(4, 3).T
    db1 = gradient[12:16]
    dloss = np.full((n, 1), 1 / n, theta.dtype)
    ds1 = 2 * dloss * s1
    dz2 = ds1
    da1 = dz2 @ W2.T
    dW2[...] = a1.T @ dz2
    db2[...] = dz2.sum(axis=0)
    dz1 = da1 * (z1 > 0)
    dW1[...] = x.T @ dz1
    db1[...] = dz1.sum(axis=0)
    return value, gradient
"""


def test_a_small_network_reads_like_the_textbook() -> None:
    assert mlp(3, 4, 2, f=relu).traced().source == PERCEPTRON


def test_the_matrix_form_of_a_linear_layer_is_rediscovered() -> None:
    case = linear_layer(2, 2, 3)  # Z = XW + B, element by element
    program = case.traced()
    program.value_and_grad(theta_of(case), *case.data(), inputs=True)
    lines = [line.strip() for line in Printer().source(program._traced().function("inputs")).splitlines()]
    X, dZ = "x.reshape(-1, 2)", "dz.reshape(-1, 3)"
    assert "W = theta[0:6].reshape(2, 3)" in lines
    assert f"z = (({X} @ W).reshape(-1, 2, 3) + B).reshape(-1, 6)" in lines
    assert f"dx = ({dZ} @ W.T).reshape(-1, 4)" in lines
    assert f"dW[...] = {X}.T @ {dZ}" in lines
    assert "dB[...] = dz.reshape(-1, 2, 3).sum(axis=(0, 1))" in lines


@pytest.mark.parametrize(("n", "d", "m"), [(2, 2, 3), (1, 4, 2), (5, 1, 3), (3, 3, 3)])
def test_a_linear_layer_has_the_gradients_of_the_matrix_form(n: int, d: int, m: int) -> None:
    case = linear_layer(n, d, m)
    X, Y = case.data(1)
    theta = theta_of(case)
    W, dZ = theta[: d * m].reshape(d, m), Y[0]
    program = case.compiled()
    _, gradient, dX = program.value_and_grad(theta, X, Y, inputs=True)
    np.testing.assert_allclose(dX[0], dZ @ W.T, rtol=1e-12)
    np.testing.assert_allclose(gradient[: d * m].reshape(d, m), X[0].T @ dZ, rtol=1e-12)
    np.testing.assert_allclose(gradient[d * m :], np.ones(n) @ dZ, rtol=1e-12)


def test_the_derivative_of_an_activation_is_a_factor() -> None:
    assert "dz1 = da1 * (1 - a1 ** 2)" in mlp(3, 4, 2, f=tanh).traced().source


@pytest.mark.parametrize("name", SHORT)
def test_no_statement_is_too_long_to_read_and_numpy_is_all_that_is_imported(name: str) -> None:
    program = LOSSES[name]().traced()
    assert all(len(block.statement) < 180 for block in program.blocks)
    nodes = ast.walk(ast.parse(program.source))
    imports = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports == ["import numpy as np"]


# ── names ────────────────────────────────────────────────────────────────────────────────────


def test_parameters_are_called_by_the_keys_of_a_dict() -> None:
    params = {"kernel": nest([[0.1, 0.2], [0.3, 0.4]]), "shift": nest([0.5, 0.6])}

    def loss(x: Any) -> Any:
        return autograd.sum([dot(w, x, b).tanh() for w, b in zip(*params.values(), strict=True)])

    source = Case(loss, params, (2,)).traced().source
    assert "kernel = theta[0:4].reshape(2, 2).T" in source
    assert "dkernel[...] = x.T @ dz" in source
    assert "shift = theta[4:6]" in source


def test_parameters_are_called_by_the_stems_of_their_labels() -> None:
    params = [Value(0.1 * i, f"slope[{i}]") for i in range(3)] + [Value(1.0, "height")]
    source = Case(lambda x: dot(params[:3], x, params[3]).tanh(), params, (3,)).traced().source
    assert "slope = theta[0:3]" in source
    assert "height = theta[3:4]" in source


def test_intermediate_values_are_called_by_their_labels() -> None:
    w = Value(2.0, "w")

    def loss(x: Any) -> Any:
        speed = w * x[0]
        speed.label = "speed"
        energy = speed.exp() * x[1]
        energy.label = "energy"
        return energy.sin()

    source = Case(loss, [w], (2,)).traced().source
    assert re.search(r"\bspeed = .*w", source)
    assert re.search(r"\benergy = .* \* ", source)


def test_equal_names_get_numbers() -> None:
    params = [Value(0.5, "w"), Value(0.25, "v"), Value(0.75, "w")]
    source = Case(lambda x: (params[0] * x[0]).tanh() * params[1] + params[2], params, (1,)).traced().source
    assert "w = theta[0:1]" in source
    assert "w2 = theta[2:3]" in source


def test_long_names_are_cut() -> None:
    assert max(len(block.name) for block in labelled("a" * 10_000).traced().blocks) < 40


# ── names that mean harm ─────────────────────────────────────────────────────────────────────

NAMES = [
    "x; import os", "__import__('os').system('false')", "a\nimport os\n", "a\r\n    import os", "# comment", "'''",
    '"""', "\\", "\x00", "W]", "f(x)", "a=b", "a.b", "lambda: 0", "{theta}", "%s", "", " ", "0", "1e5", "-1",
    "θ", "größe", "重み", "ﬁ", "𝐱", "ⅷ", "\u202e", "a" * 10_000, "é" * 10_000,
    "_b", "_out", "_t0", "t0", "function", "__builtins__", "__debug__", "print", "exec", "sum", "float",
    "i1", "c1", "z1", "a1", "dz1", "dloss", "loss", "W1", "b1", "dW1", "gradient2", "m1", "part1",
]


def labelled(name: str) -> Case:
    """A small network in which everything has the same name: parameters, inputs and intermediate values."""
    W, b = nest([[0.1, 0.2], [0.3, 0.4]]), [Value(0.5, name), Value(0.6, f"{name}[1]")]

    def loss(x: Any, y: Any) -> Any:
        hidden = [dot(w, x, c) for w, c in zip(W, b, strict=True)]
        outputs = [h.tanh() for h in hidden]
        error = autograd.sum([(a - t) ** 2 for a, t in zip(outputs, y, strict=True)])
        for value in (*x, *y, *hidden, *outputs, error):
            value.label = name
        return error.exp()

    return Case(loss, {name: W, f"{name} ": b}, (2,), (2,))


@pytest.fixture(scope="module")
def shape() -> Any:
    """The source of the small network without its names."""
    return shape_of(labelled("plain").traced().source)


@pytest.mark.parametrize("name", [
    *NAMES, *by_default([*keyword.kwlist, *keyword.softkwlist, *sorted(RESERVED)], one_in=4),
], ids=lambda name: ascii(name[:20]))
def test_a_name_changes_nothing_but_names(name: str, shape: Any) -> None:
    case = labelled(name)
    X, Y = case.data()
    program = case.traced()
    expected, _ = eager(case, X, Y)
    for run in (by_numpy, by_paste):
        value, gradient = run(program, theta_of(case), X, Y)
        assert value == pytest.approx(expected.value, rel=1e-12)
        np.testing.assert_allclose(gradient, expected.gradient, rtol=1e-10)
    assert shape_of(program.source) == shape


def test_what_runs_writes_into_arrays_that_are_made_once() -> None:
    source = mlp(3, 4, 2).traced().executed_source
    made, called = source.split("def _call")
    assert "t1 = z1 = a1 = t9 = t10 = np.empty((n, 4), theta.dtype)" in made.splitlines()
    assert "    x.dot(W1, t1)\n    np_add(t1, b1, z1)\n" in called
