"""Data in parts: training, validation and test sets, folds, batches. All are drawn without replacement."""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import SizeError, UsageError
from nn.arguments import count
from nn.examples import paired
from nn.init import Seed, generator

Array = npt.NDArray[Any]
Part = tuple[Array, Array]


def train_test_split(X: npt.ArrayLike, Y: npt.ArrayLike, test: float = 0.25, seed: Seed = None) -> tuple[Part, Part]:
    """(X, Y) to train on and (X, Y) to test on, after a shuffle that `seed` fixes.

    `test` is the number of examples to keep back, or their share if it is below 1. Raises `UsageError` for a
    number or share that leaves one part empty.

    >>> X, Y = np.arange(10), np.arange(10) % 2
    >>> (X_train, Y_train), (X_test, Y_test) = train_test_split(X, Y, test=0.2, seed=0)
    >>> X_train.shape, X_test.shape, bool((X_test % 2 == Y_test).all())
    ((8,), (2,), True)
    """
    train, held = parts(X, Y, {"test": test}, seed)
    return train, held


def train_val_test_split(
    X: npt.ArrayLike, Y: npt.ArrayLike, validation: float = 0.1, test: float = 0.1, seed: Seed = None
) -> tuple[Part, Part, Part]:
    """(X, Y) to train on, to choose among models with, and to test the chosen one on; as `train_test_split`.

    >>> X = np.zeros((10_000, 3))
    >>> [len(X) for X, Y in train_val_test_split(X, np.zeros(10_000), validation=1000, test=1000)]
    [8000, 1000, 1000]
    """
    train, held_validation, held_test = parts(X, Y, {"validation": validation, "test": test}, seed)
    return train, held_validation, held_test


def kfold(n: int, k: int = 5, seed: Seed = None) -> Iterator[tuple[Array, Array]]:
    """k ways to divide the numbers of n examples into (train, validation): each is validated on once.

    The folds have n/k examples, the first ones one more if need be, after a shuffle that `seed` fixes. Raises
    `UsageError` for k below 2 or above n.

    >>> for train, validation in kfold(5, k=2, seed=0): print(train, validation)
    [0 1] [2 3 4]
    [2 3 4] [0 1]
    """
    n, k = count("examples", n), count("folds", k)
    if not 2 <= k <= n:
        raise UsageError(f"k folds of {n} examples need 2 ≤ k ≤ {n}, k = {k} came")
    return _folds(n, k, generator(seed))


def _folds(n: int, k: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    for fold in np.array_split(rng.permutation(n), k):
        yield np.setdiff1d(np.arange(n), fold), np.sort(fold)


def batches(
    X: npt.ArrayLike, Y: npt.ArrayLike, size: int, shuffle: bool = True, seed: Seed = None
) -> Iterator[tuple[Array, Array]]:
    """The rows of X and Y in portions of `size`, the last perhaps smaller; each row once, in random order.

    >>> for x, y in batches([[0], [1], [2]], [0, 1, 4], size=2, shuffle=False): print(x.ravel(), y)
    [0. 1.] [0. 1.]
    [2.] [4.]
    """
    inputs, targets = paired_arrays(X, Y)
    size, rng = count("examples in a batch", size), generator(seed)
    order = rng.permutation(len(inputs)) if shuffle else np.arange(len(inputs))
    return ((inputs[rows], targets[rows]) for rows in np.split(order, range(size, len(order), size)))


def parts(X: npt.ArrayLike, Y: npt.ArrayLike, held: dict[str, float], seed: Seed) -> list[Part]:
    """What is left for training, then the parts that are held back, by their names and sizes."""
    inputs, targets = paired_arrays(X, Y)
    sizes = [_size(what, size, len(inputs)) for what, size in held.items()]
    left = len(inputs) - sum(sizes)
    if left < 1:
        wanted = " and ".join(f"{size} for {what}" for what, size in zip(held, sizes, strict=True))
        raise SizeError(f"of {len(inputs)} examples, {wanted} leave none to train on")
    order = generator(seed).permutation(len(inputs))
    return [(inputs[rows], targets[rows]) for rows in np.split(order, np.cumsum([left, *sizes[:-1]]))]


def _size(what: str, size: Any, n: int) -> int:
    """How many of n examples a number or share is."""
    if isinstance(size, float) and 0 < size < 1:
        size = round(size * n)
        if not size:
            raise SizeError(f"the share for {what} is less than one of {n} examples")
    if not isinstance(size, numbers.Integral) or isinstance(size, bool) or size < 1:
        raise UsageError(f"{what} is a number of examples from 1, or a share between 0 and 1; {size!r} came")
    return int(size)


def paired_arrays(X: npt.ArrayLike, Y: npt.ArrayLike) -> Part:
    """X and Y as arrays, checked as training checks them; arrays keep their type."""
    checked = paired(X, Y)
    inputs, targets = (
        given if isinstance(given, np.ndarray) else floats for given, floats in zip((X, Y), checked, strict=True)
    )
    return inputs, targets
