"""The numbers of many Values at once: read, written, and kept in one vector as long as nobody looks at a single one.

A loop of one's own changes every parameter in every step, and a network has a hundred thousand of them: to write each
number into its Value takes thirty times as long as the step itself. So the Values of a program lie flat between the
steps: their data and gradients are two arrays. The first time that anything of one of them is read or written, all
get their numbers back, so that nothing differs but the time.

>>> values = [Value(float(n)) for n in range(FEWEST)]
>>> flat = Flat(values)
>>> flat.add_gradient(np.ones(FEWEST))
>>> flat.lies
True
>>> values[3].grad, flat.lies
(1.0, False)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.modes import lock
from autograd.value import LAST_CHANGE, NO_GRADIENT, Value, next_serial

FloatArray = npt.NDArray[np.float64]

FEWEST = 512
"""Fewer values are changed one by one in less time than it takes to lay them flat and back."""

MOST_WAITS = 8
"""So many times at most all are changed one by one before they are laid flat again."""

writing = lock()
"""Held while gradients are added up, and while values are laid flat or get their numbers back."""

DATA, GRADIENT, OP, CLASS = [vars(kind)[name] for kind, name in (
    (Value, "_data"), (Value, "_grad"), (Value, "op"), (object, "__class__"))]
"""What reads and writes the slots and the class of a value without asking the value."""


class Lying(Value):
    """A Value whose numbers are in a vector; whatever is asked of it makes it an ordinary one before.

    Each `Flat` has a class of its own derived from this, so that its values know it: to change the class of a value
    is one step, which nothing can interrupt half-way.
    """

    __slots__ = ()

    flat: Flat

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":  # asked for by isinstance
            return Value
        if name == "op":  # by which models find their parameters
            return OP.__get__(self)
        spread([self])
        return getattr(self, name)

    def __setattr__(self, name: str, thing: Any) -> None:
        spread([self])
        setattr(self, name, thing)

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Any:
        """The operation among values as they are otherwise."""
        spread(args)
        return op.dispatch(args)


def spread(values: Iterable[Any]) -> None:
    """Give all that lie flat their numbers back."""
    for value in values:
        kind = type(value)
        if issubclass(kind, Lying):
            kind.flat.spread()


class Flat:
    """Values in order, whose data and gradients may lie in two arrays.

    They are laid flat when a gradient is added or numbers are assigned, and the later the more often somebody has
    looked at one since.
    """

    def __init__(self, values: Iterable[Value]) -> None:
        self.values = tuple(values)
        self.kind: type[Lying] | None = None
        self.lies = False
        self.data = self.gradient = np.empty(0)
        self.reached = False
        """Whether a gradient has been added since all were set to zero."""
        self.spreads = self.waits = 0
        self.known = self.values
        """Another tuple of just these values: that of an optimiser, mostly."""

    @staticmethod
    def of(values: Sequence[Value]) -> Flat | None:
        """What just these values lie in, if they lie flat."""
        kind = type(values[0]) if values else Value
        return kind.flat if issubclass(kind, Lying) and kind.flat.holds(values) else None

    def holds(self, values: Sequence[Value]) -> bool:
        """Whether these are its values in the same order, and lie flat."""
        if values is not self.values and values is not self.known:
            if len(values) != len(self.values) or tuple(values) != self.values:
                return False
            if isinstance(values, tuple):  # which stays as it is
                self.known = values
        return self.lies

    def add_gradient(self, gradient: FloatArray) -> None:
        """Add to the gradients of all values, an element of the array each; the array may be kept."""
        with writing:
            flat = Flat.of(self.values) or self
            if not flat.lies and not flat.lie():
                for value, slope in zip(self.values, gradient.tolist(), strict=True):
                    value._grad += slope
            elif flat.reached:
                flat.gradient = flat.gradient + gradient
            else:
                flat.gradient, flat.reached = gradient, True

    def assign(self, numbers: FloatArray) -> None:
        """Write floats into the data of all values, an element of the array each."""
        with writing:
            if not Flat.of(self.values):
                self.lie()
            assign(self.values, numbers)

    def lie(self) -> bool:
        """Lay the values flat, if that may pay; whether they lie so now."""
        self.waits += 1
        values = self.values
        if self.waits <= min(self.spreads, MOST_WAITS) or len(values) < FEWEST:
            return False
        if any(type(value) is not Value for value in values):  # those of a subclass may have more to them
            return False
        self.data, self.gradient = numbers_of(values), gradients_of(values)
        self.reached = any(value._grad is not NO_GRADIENT for value in values)
        kind = self.kind = self.kind or type("Value", (Lying,), {"__slots__": (), "flat": self})
        self.lies = True
        for value in values:
            value.__class__ = kind
        return True

    def spread(self) -> None:
        """Give each value its numbers back, and its class at last: a value lies flat until it has them."""
        with writing:
            if not self.lies:
                return
            slopes = self.gradient.tolist() if self.reached else [NO_GRADIENT] * len(self.values)
            for value, number, slope in zip(self.values, self.data.tolist(), slopes, strict=True):
                if type(value) is self.kind:
                    DATA.__set__(value, number)
                    GRADIENT.__set__(value, slope)
                    CLASS.__set__(value, Value)
            self.lies, self.waits = False, 0
            self.spreads += 1


# ── many values at once ──────────────────────────────────────────────────────────────────────


def numbers_of(values: Sequence[Value]) -> FloatArray:
    """The data of many values as a new array."""
    if flat := Flat.of(values):
        return flat.data.copy()
    return np.fromiter([value._data for value in values], np.float64, len(values))


def gradients_of(values: Sequence[Value]) -> FloatArray:
    """The gradients of many values as a new array."""
    if flat := Flat.of(values):
        return flat.gradient.copy() if flat.reached else np.zeros(len(values))
    return np.fromiter([value._grad for value in values], np.float64, len(values))


def zero_gradients(values: Sequence[Value]) -> None:
    """Set the gradients of many values to zero."""
    with writing:
        if flat := Flat.of(values):
            flat.reached = False
            return
    for value in values:
        value._grad = NO_GRADIENT


def assign(values: Sequence[Value], numbers: Sequence[float] | npt.NDArray[Any]) -> None:
    """Write floats into the data of many values: `value.data = number`, in a third of the time or less."""
    try:
        with writing:
            if flat := Flat.of(values):
                flat.data = np.array(numbers, np.float64)
                return
        for value, number in zip(values, numbers.tolist() if isinstance(numbers, np.ndarray) else numbers, strict=True):
            value._data = number
    finally:
        LAST_CHANGE[0] = next_serial()
