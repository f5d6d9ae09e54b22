"""What drawings, pages and plots are given, checked: choices, numbers, arrays, classes, pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import NumberError, SizeError, UsageError
from autograd.nested import masked
from autograd.ops import shown

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def one_of(option: str, given: str, known: Iterable[str]) -> str:
    """What is given, if it is known; `UsageError` if not."""
    if not isinstance(given, str) or given not in known:
        raise UsageError(f"{option} is one of {', '.join(map(repr, known))}; {shown(given)} came")
    return given


def array(what: str, given: Any, ndim: int | tuple[int, ...], *, finite: bool = True) -> Floats:
    """Numbers in an array of as many dimensions as are expected, none of them empty.

    >>> array("losses", [], 1)
    Traceback (most recent call last):
    autograd.errors.SizeError: losses: nothing to draw, an array of shape (0,) came
    """
    if masked(given):
        raise UsageError(f"{what} has masked entries: leave them out, or fill them in by np.ma.filled")
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        raise NumberError(f"{what} must be an array of numbers, {type(given).__name__} came") from None
    expected = (ndim,) if isinstance(ndim, int) else ndim
    if found.ndim not in expected:
        raise SizeError(f"{what} must have {' or '.join(map(str, expected))} dimension(s), shape {found.shape} came")
    if not found.size:
        raise SizeError(f"{what}: nothing to draw, an array of shape {found.shape} came")
    if finite and not np.isfinite(found).all():
        raise UsageError(f"{what} must be finite numbers, nan or inf came")
    return found


def classes(what: str, given: Any, n: int) -> Integers:
    """The classes of n examples: whole numbers from 0, a column of them, or one-hot rows.

    >>> classes("Y", [[0, 1], [1, 0]], 2).tolist()
    [1, 0]
    """
    found = array(what, given, (1, 2))
    if len(found) != n:
        raise SizeError(f"{what} needs a class for each of {n} examples, {len(found)} came")
    if found.ndim == 2 and found.shape[1] > 1:
        return np.asarray(found.argmax(1), np.int64)
    labels = found.ravel()
    if (labels != np.trunc(labels)).any() or labels.min() < 0:
        raise UsageError(f"{what} must be classes 0, 1, 2 and so on, or one-hot rows; other numbers came")
    return labels.astype(np.int64)


def plane(what: str, given: Any) -> Floats:
    """Points of the plane, an array of shape (n, 2)."""
    found = array(what, given, 2)
    if found.shape[1] != 2:
        raise SizeError(f"{what} must be points of the plane, of shape (n, 2); shape {found.shape} came")
    return found


def pictures(what: str, given: Any, shape: tuple[int, int] | None) -> Floats:
    """Pictures (n, height, width), also from rows of pixels; without `shape` these are square."""
    found = array(what, given, (2, 3))
    if found.ndim == 3:
        return found
    pixels = found.shape[1]
    side = math.isqrt(pixels)
    height, width = (side, side) if shape is None else (count("a side of the shape", n) for n in listed("shape", shape))
    if height * width != pixels:
        raise SizeError(
            f"{what} has {pixels} pixels in a row, which do not make a picture of {height} × {width}: "
            f"give shape=(height, width)"
        )
    return found.reshape(-1, height, width)


def function(what: str, given: Any) -> Callable[[Any], Any]:
    """A function."""
    if not callable(given):
        raise UsageError(f"{what} must be a function, {type(given).__name__} came")
    found: Callable[[Any], Any] = given
    return found


def listed(what: str, given: Any) -> list[Any]:
    """The members of a list, or of anything else that can be walked through."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise UsageError(f"{what} must be a list, {type(given).__name__} came")
    return list(given)


def count(what: str, number: Any, least: int | None = 1) -> int:
    """A whole number that is large enough; without a least one, any."""
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or (least is not None and number < least):
        least_one = "" if least is None else f" from {least}"
        raise UsageError(f"{what} is a whole number{least_one}, {number!r} came")
    return int(number)


def finite(what: str, number: Any) -> float:
    """A finite number."""
    return float(array(what, number, 0))
