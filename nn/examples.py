"""Arrays of examples, a row for each, checked before anything is computed from them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from autograd.errors import NumberError, SizeError, TraceError, UsageError
from autograd.nested import real_array

FloatArray = npt.NDArray[np.float64]


def table(name: str, data: npt.ArrayLike, dtype: npt.DTypeLike = np.float64) -> FloatArray:
    """Data as an array of floats whose first axis counts examples.

    Raises `SizeError` if there are none or rows differ in length, `NumberError` for what is not a number, `UsageError`
    for nan, inf and masked entries.

    >>> table("X", [[1, 2], [3]])
    Traceback (most recent call last):
    autograd.errors.SizeError: the rows of X differ in length
    """
    raw = real_array(name, data)
    if raw.ndim == 0 or raw.size == 0:
        raise SizeError(f"{name} needs at least one example, its shape is {raw.shape}")
    with np.errstate(over="ignore"):
        array = raw.astype(dtype, copy=False)
    if not np.isfinite(array).all():
        place = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise UsageError(f"{name}{list(place)} is {array[place]}: leave such examples out, or fill them in")
    return array


def paired(
    X: npt.ArrayLike, Y: npt.ArrayLike, dtype: npt.DTypeLike = np.float64
) -> tuple[FloatArray, FloatArray]:
    """Inputs and targets as arrays of floats of the same length; raises as `table` does."""
    inputs, targets = table("X", X, dtype), table("Y", Y, dtype)
    if len(inputs) != len(targets):
        single = ": one example is a row, [x]" if inputs.ndim == 1 and len(targets) == 1 else ""
        raise SizeError(f"X and Y need one row per example each, {len(inputs)} and {len(targets)} rows came{single}")
    return inputs, targets


@contextlib.contextmanager
def explained(X: FloatArray) -> Iterator[None]:
    """Say, where a model cannot take the rows of X, what may be wrong with their shape."""
    try:
        yield
    except (SizeError, NumberError, TraceError) as error:
        if X.ndim == 2:
            raise
        hint = ("a number for each example; one example of several inputs is a row, [x]" if X.ndim == 1 else
                "a table for each example; pictures become rows by nn.data.as_vectors(X)")
        raise type(error)(f"{error}; X has shape {X.shape}, {hint}") from error
