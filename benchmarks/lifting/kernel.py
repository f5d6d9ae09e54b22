"""What a kernel is: loops over single numbers, the same over arrays by hand, and the numbers that they are given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.nested import flatten
from benchmarks.programs.common import Array, Shapes
from benchmarks.programs.measure import parted

Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]

SIZES = {"l": 2, "m": 3, "k": 4, "n": 5, "r": 8}
"""The lengths of axes by their letters, which a scale multiplies; r is a power of two."""


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs."""
    return rng.normal(size=shape)


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers that one may divide by, or draw the root of."""
    return rng.uniform(0.5, 2.0, shape)


def small(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers near zero, with which recurrences stay stable."""
    return rng.uniform(-0.3, 0.3, shape)


def pixels(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Shades of grey."""
    return rng.uniform(1, 255, shape)


def definite(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Symmetric matrices with large diagonals, which have all factors; other arrays of both signs."""
    numbers = rng.normal(size=shape)
    if len(shape) != 2:
        return numbers
    return numbers + numbers.T + 4 * len(numbers) * np.eye(len(numbers))


@dataclass(frozen=True)
class Kernel:
    """Loops over single numbers for one example, and the same for a batch of examples in NumPy by hand.

    Arguments are named with their shapes: "alpha A:mn x:n" is a number, a matrix and a vector. The `shared` ones are
    the same for all examples, as weights are, and by hand have no axis for the batch; of `rows` each example has its
    own, and by hand that axis comes first. Both functions return an array, or several in a tuple.
    """

    shared: str
    rows: str
    loops: Callable[..., Any]
    hand: Callable[..., Any]
    draw: Draw = normal

    def shapes(self, scale: int) -> tuple[Shapes, Shapes]:
        """The shapes of shared arguments and of those of each example, at a multiple of the sizes."""
        return shapes(self.shared, scale), shapes(self.rows, scale)

    def numbers(self, scale: int, examples: int) -> tuple[Array, Array]:
        """All shared numbers as a vector, and a row of numbers for each example."""
        rng, (shared, rows) = np.random.default_rng(0), self.shapes(scale)

        def drawn(given: Shapes) -> Array:
            return np.concatenate([np.zeros(0), *(self.draw(rng, shape).ravel() for shape in given.values())])

        return drawn(shared), np.array([drawn(rows) for _ in range(examples)])

    def outputs(self, theta: Any, x: Any, scale: int) -> list[Any]:
        """What the loops return for one example, as a flat list of Values."""
        given = self.arguments(np.array([*theta], dtype=object), np.array([*x], dtype=object), scale)
        return flatten(self.loops(**{name: array.tolist() for name, array in given.items()}))

    def by_hand(self, theta: Array, X: Array, scale: int) -> Callable[[], Any]:
        """The arrays by hand for a batch, as a function without arguments."""
        given = self.arguments(theta, X, scale)
        return lambda: self.hand(**given)

    def arguments(self, theta: Array, x: Array, scale: int) -> dict[str, Array]:
        """All arguments by name."""
        shared, rows = self.shapes(scale)
        return parted(theta, shared) | parted(x, rows)


def shapes(text: str, scale: int) -> Shapes:
    """Names and shapes of "alpha A:mn": a digit is a length that stays, a letter one of `SIZES` times the scale.

    >>> shapes("alpha A:m3", 2)
    {'alpha': (), 'A': (6, 3)}
    """
    words = (word.partition(":") for word in text.split())
    return {name: tuple(int(one) if one.isdigit() else scale * SIZES[one] for one in axes) for name, _, axes in words}


def columns(found: Any, examples: int) -> Array:
    """Arrays by hand as a row of numbers for each example, as a program returns them."""
    arrays = found if isinstance(found, tuple) else (found,)
    return np.concatenate([np.reshape(array, (examples, -1)) for array in arrays], axis=1)

