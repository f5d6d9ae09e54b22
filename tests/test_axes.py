"""Views as axes of a reshaped array: they read the same elements, as a tree and as text."""

from __future__ import annotations

import random

import numpy as np
import pytest

from autograd.compiler.arrays.array import Array, Rows, name, view
from autograd.compiler.arrays.axes import by_axes
from autograd.compiler.arrays.interpret import value_of
from autograd.compiler.printers.to_numpy import Printer

EXAMPLES = 4


def views_at_random(number: int) -> list[Array]:
    """Views of rows of numbers, of one to three axes, some of them backwards."""
    rng = random.Random(0)
    found: list[Array] = []
    while len(found) < number:
        size, rank = rng.choice([6, 12, 18, 24, 30]), rng.randint(1, 3)
        sizes = tuple(rng.choice([1, 2, 3, 4, 5]) for _ in range(rank))
        strides = tuple(rng.choice([-6, -3, -2, -1, 1, 2, 3, 4, 6, 12]) for _ in range(rank))
        ends = [(count - 1) * stride for count, stride in zip(sizes, strides, strict=True)]
        low, high = -sum(end for end in ends if end < 0), sum(end for end in ends if end > 0)
        if low + high < size:
            row = name("a", (*rng.choice([(), (Rows(),)]), size))
            found.append(view(row, rng.randint(low, size - 1 - high), sizes, strides))
    return found


def test_a_view_by_axes_reads_the_same_elements() -> None:
    said = 0
    for each in views_at_random(1500):
        axes = by_axes(each)
        if axes is not None:
            shape = [EXAMPLES if isinstance(size, Rows) else size for size in each.args[0].shape]
            given = {"a": np.arange(float(np.prod(shape))).reshape(shape), "n": EXAMPLES}
            wanted = value_of(each, given)
            assert axes.shape == each.shape
            np.testing.assert_array_equal(value_of(axes, given), wanted)
            np.testing.assert_array_equal(eval(Printer().text(axes), {"np": np} | given), wanted)
            said += 1
    assert said > 100


@pytest.mark.parametrize(("sizes", "base", "strides", "text"), [
    ((3, 2), 2, (6, 1), "a.reshape(-1, 3, 6)[..., 2:4]"),
    ((6, 3), 0, (1, 6), "a.reshape(-1, 3, 6).swapaxes(-1, -2)"),
    ((9, 2), 16, (-2, 1), "a.reshape(-1, 9, 2)[:, ::-1]"),
    ((3,), 7, (-1,), "a[:, 5:8][:, ::-1]"),
])
def test_a_view_by_axes_reads_as_people_write_it(
    sizes: tuple[int, ...], base: int, strides: tuple[int, ...], text: str
) -> None:
    axes = by_axes(view(name("a", (Rows(), 18)), base, sizes, strides))
    assert axes is not None
    assert Printer().text(axes) == text


def test_windows_that_overlap_are_no_axes() -> None:
    assert by_axes(view(name("a", (Rows(), 18)), 0, (16, 3), (1, 1))) is None
