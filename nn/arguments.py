"""Arguments, checked where they arrive: choices by name, counts, rates."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from autograd.errors import UsageError
from autograd.ops import shown

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def entry(kind: str, name: Any, table: Mapping[str, T]) -> T:
    """The entry of a table; raises `UsageError` naming those there are.

    >>> entry("colour", "rde", {"red": 1, "blue": 2})
    Traceback (most recent call last):
    autograd.errors.UsageError: unknown colour 'rde': there are red, blue
    """
    if isinstance(name, str) and name in table:
        return table[name]
    raise UsageError(f"unknown {kind} {shown(name)}: there are {', '.join(table)}")


def function(kind: str, choice: str | F, table: Mapping[str, F]) -> F:
    """A function as it is, or the one of this name."""
    return choice if callable(choice) else entry(kind, choice, table)


def described(choice: str | Callable[..., Any]) -> str:
    """A choice as it is written in a call."""
    return repr(choice) if isinstance(choice, str) else getattr(choice, "__name__", repr(choice))


def count(what: str, number: Any) -> int:
    """A whole number from 1.

    >>> count("epochs", 0)
    Traceback (most recent call last):
    autograd.errors.UsageError: the number of epochs must be a whole number from 1, 0 came
    """
    try:
        whole = operator.index(number)
    except TypeError:
        whole = 0
    if whole < 1 or isinstance(number, bool):
        raise UsageError(f"the number of {what} must be a whole number from 1, {shown(number)} came")
    return whole


def listed(what: str, things: Any) -> list[Any]:
    """Several things in a list; raises `UsageError` for one alone.

    >>> listed("metrics", "accuracy")
    Traceback (most recent call last):
    autograd.errors.UsageError: metrics come in a list, 'accuracy' came
    """
    if isinstance(things, str) or not isinstance(things, Iterable):
        raise UsageError(f"{what} come in a list, {shown(things)} came")
    return list(things)


def real(number: Any) -> float:
    """A real number as a float: inf if none is as large, nan for anything else."""
    try:
        return float(number) if isinstance(number, numbers.Real) else math.nan
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):  # NumPy's spans of time call themselves numbers
        return math.nan


def rate(what: str, number: Any) -> float:
    """A finite number above 0.

    >>> rate("learning rate", -0.1)
    Traceback (most recent call last):
    autograd.errors.UsageError: the learning rate must be a number above 0, -0.1 came
    """
    if not 0 < real(number) < math.inf:
        raise UsageError(f"the {what} must be a number above 0, {shown(number)} came")
    return float(number)


def fraction(what: str, number: Any) -> float:
    """A number from 0 to below 1."""
    if not 0 <= real(number) < 1:
        raise UsageError(f"the {what} must be a number from 0 to below 1, {shown(number)} came")
    return float(number)


def precision(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """The type of floating-point numbers: float32 or float64.

    >>> precision("float32"), precision(float)
    (dtype('float32'), dtype('float64'))
    """
    try:
        found = np.dtype(dtype)
    except (TypeError, ValueError):
        found = np.dtype(object)
    if found not in (np.float32, np.float64):
        raise UsageError(f"the dtype must be float32 or float64, {shown(dtype)} came")
    return found


def nonnegative(what: str, number: Any) -> float:
    """A finite number from 0."""
    if not 0 <= real(number) < math.inf:
        raise UsageError(f"the {what} must be a number from 0, {shown(number)} came")
    return float(number)


def finite(what: str, number: Any) -> float:
    """A finite number of any sign."""
    if not math.isfinite(real(number)):
        raise UsageError(f"the {what} must be a finite number, {shown(number)} came")
    return float(number)
