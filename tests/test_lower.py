"""Readable statements become calls that write into buffers, and compute the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd.compiler.lower import lower
from autograd.compiler.share import share

LOWERED: dict[str, tuple[str, str]] = {
    "a sum": ("z = x + y", "z = _b[0] = np.add(x, y, out=_b[0])"),
    "a product": ("z = x @ W", "z = _b[0] = np.matmul(x, W, out=_b[0])"),
    "a function": ("a = np.tanh(z)", "a = _b[0] = np.tanh(z, out=_b[0])"),
    "a square": ("s = z ** 2", "s = _b[0] = np.square(z, out=_b[0])"),
    "a temporary is overwritten by arithmetic with a number": (
        "a = 1 - np.exp(z)", "_t0 = _b[0] = np.exp(z, out=_b[0])\na = np.subtract(1, _t0, out=_t0)"),
    "a truth value is not": (
        "a = 1 - (z > 0)", "_t0 = _b[0] = np.greater(z, 0, out=_b[0])\na = _b[1] = np.subtract(1, _t0, out=_b[1])"),
    "a view stays a view": ("s = z.reshape(-1, 2) + c", "s = _b[0] = np.add(z.reshape(-1, 2), c, out=_b[0])"),
    "a name for another": ("da = dz", "da = dz"),
    "plain numbers": ("z = np.exp(0.5) * 2", "z = np.exp(0.5) * 2"),
    "a gradient in its place": ("dW[...] = x.T @ dz", "np.matmul(x.T, dz, out=dW)"),
    "a gradient added": ("dW[...] += dz", "np.add(dW, dz, dW)"),
}


@pytest.mark.parametrize(("source", "expected"), LOWERED.values(), ids=LOWERED)
def test_a_statement_becomes_calls(source: str, expected: str) -> None:
    assert lower(source, set())[0] == expected


def run(code: str, names: dict[str, Any], buffers: list[Any]) -> Any:
    """What the lines leave in `z`."""
    local = {"np": np, **names, "_b": buffers}
    exec(code, local)
    return local["z"]


STATEMENTS = [
    "z = x @ W + b", "z = np.tanh(x) * (1 - x ** 2) + x", "z = np.maximum(x, 0) / (1 + np.exp(-x))",
    "z = x[:, i] * x[:, i] - x[:, i]", "z = np.where(x > 0, x, 0.1 * x) * np.where(x > 0, 1, 0.1)",
    "z = np.sum(x * x, axis=-1, keepdims=True) + b", "z = (x + b).reshape(-1, 2) @ W[0:2]",
    "z = np.max(x, axis=-1, keepdims=True) - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))",
    "z = x + 1\nz += x * 2\nz += b", "a = x + 1\nc = a * 2\nd = a + c\nz = d * a - c", "a = x * x\nz = a + x * x",
    "z = (x == x) * x + (0 > x) * 2.0", "z = -x - (-x) * (x - 1) ** 2",
]


@pytest.mark.parametrize("source", STATEMENTS)
def test_lowered_statements_compute_the_same_numbers_again_and_again(source: str) -> None:
    rng = np.random.default_rng(0)
    constants = {"i": np.array([3, 0, 0, 2])}
    code, slots = lower(source, set(constants))
    shapes: list[Any] = [None] * slots
    first: list[Any] = [None] * slots
    names = {"x": rng.normal(size=(5, 4)), "W": rng.normal(size=(4, 4)), "b": rng.normal(size=4), **constants}
    run(code, names, first)
    shapes = [(np.shape(buffer), getattr(buffer, "dtype", None)) for buffer in first]
    shared, count = share(f"{code}\nz", shapes)
    assert count <= slots
    for lowered, buffers in ((code, [None] * slots), (shared, [None] * count)):
        for _ in range(3):
            names["x"] = rng.normal(size=(5, 4))
            before = names["x"].copy()
            np.testing.assert_allclose(run(lowered, names, buffers), run(source, names, []), rtol=1e-14, atol=1e-14)
            np.testing.assert_array_equal(names["x"], before)


def test_buffers_whose_lives_do_not_overlap_share_memory() -> None:
    code, slots = lower("a = x + 1\nb = np.matmul(a, W)\nc = np.sin(b)\nd = np.matmul(c, W)\nz = np.cos(d)", set())
    _, count = share(f"{code}\nz", [((4, 4), "d")] * slots)
    assert count < slots


def test_buffers_of_different_shapes_do_not_share_memory() -> None:
    code, slots = lower("a = x + 1\nz = np.sin(a)", set())
    _, count = share(f"{code}\nz", [((i, 4), "d") for i in range(slots)])
    assert count == slots
