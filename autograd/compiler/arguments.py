"""What the caller gives to a program, checked and brought into shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import SizeError, UsageError
from autograd.nested import real_array

FloatArray = npt.NDArray[Any]
Shape = tuple[int, ...]


@dataclass(slots=True)
class Batch:
    """The rows of X, and of Y if there is one, as the caller's arrays."""

    x: npt.NDArray[Any]
    y: npt.NDArray[Any] | None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def shapes(self) -> tuple[Shape, Shape | None]:
        """The shape of one row of X and of one row of Y."""
        return self.x.shape[1:], None if self.y is None else self.y.shape[1:]

    def matrices(self, dtype: np.dtype[Any]) -> tuple[FloatArray, FloatArray | None]:
        """X and Y with one row per example, in a dtype; copied only where it must be."""
        return _matrix(self.x, dtype), None if self.y is None else _matrix(self.y, dtype)

    @property
    def rows(self) -> tuple[FloatArray, FloatArray | None]:
        """The same of arrays that need no conversion."""
        x, y = self.x, self.y
        return (x if x.ndim == 2 else x.reshape(len(x), -1)), (
            y if y is None or y.ndim == 2 else y.reshape(len(y), -1))


def _matrix(array: npt.NDArray[Any], dtype: np.dtype[Any]) -> FloatArray:
    if array.dtype is not dtype or not array.flags.c_contiguous:
        array = np.ascontiguousarray(array, dtype)
    return array if array.ndim == 2 else array.reshape(len(array), -1)


def signature(theta: Any, X: Any, Y: Any) -> Any:
    """The shapes and the dtype of arrays that need no conversion, equal for what is dealt with equally; else None."""
    y = X if Y is None else Y
    if type(theta) is type(X) is type(y) is np.ndarray and theta.dtype is X.dtype is y.dtype and (
            theta.flags.num & X.flags.num & y.flags.num & CONTIGUOUS):
        return theta.shape, X.shape, Y is None or y.shape, theta.dtype.char
    return None


CONTIGUOUS = 1
"""The bit of `flags.num` that says whether an array lies row by row, without gaps."""


def as_batch(X: npt.ArrayLike, Y: npt.ArrayLike | None) -> Batch:
    """The arguments X and Y as a batch.

    Raises `NumberError` for what is no array of real numbers, `SizeError` where lengths differ,
    `UsageError` for an empty batch and for class numbers where rows are expected.
    """
    x, y = real_array("X", X), None if Y is None else real_array("Y", Y)
    if not x.ndim or (y is not None and not y.ndim):
        raise SizeError(f"{'Y' if x.ndim else 'X'} must have a row per example; a single number came (for one example: "
                        f"[number])")
    if not len(x):
        raise UsageError(f"a batch needs at least one row, X has shape {x.shape}")
    if y is not None:
        if len(y) != len(x):
            raise SizeError(f"X and Y need as many rows as each other, {len(x)} and {len(y)} came")
        if y.ndim == 1 and y.dtype.kind in "iu":
            raise UsageError(
                f"Y holds integers, one per example: if they are class labels, pass one-hot rows "
                f"(np.eye({int(y.max()) + 1})[Y]); if they are numbers, pass Y.astype(float)"
            )
    return Batch(x, y)


def vector(theta: npt.ArrayLike, size: int) -> FloatArray:
    """The parameters as a float32 or float64 vector."""
    array = real_array("theta", theta)
    if array.dtype.char not in "fd":
        array = array.astype(np.float64)
    if array.shape != (size,):
        raise SizeError(f"theta must have shape ({size},), one number per parameter, {array.shape} came")
    return array if array.flags.c_contiguous else np.ascontiguousarray(array)


def owner(array: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """The array of which this is a view, or the array itself; None where other things own the memory."""
    base = array.base
    if base is None:
        return array
    return base if type(base) is np.ndarray and base.base is None else None


def check_out(out: Any, theta: FloatArray, batch: Batch) -> None:
    """Raise `SizeError` or `UsageError` unless `out`, if given, is like theta and shares no memory with what is read.

    The gradient is written part by part, while X and Y are still needed.
    """
    if out is None:
        return
    if not isinstance(out, np.ndarray) or out.dtype != theta.dtype or out.shape != theta.shape:
        described = f"{out.dtype} of shape {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise SizeError(f"out must be an array like theta, {theta.dtype} of shape {theta.shape}; {described} came")
    flags = out.flags
    if not flags.writeable or not flags.c_contiguous:
        raise UsageError("out must be a writable, contiguous array; a read-only or strided one came")
    x, y = batch.x, batch.y
    mine = owner(out)
    if mine is not None and mine.flags.owndata and None is not owner(theta) is not mine and (
            None is not owner(x) is not mine and (y is None or None is not owner(y) is not mine)):
        return  # an array that owns its memory shares it with views of it alone
    for name, array in (("theta", theta), ("X", x), ("Y", y)):
        if array is out or (array is not None and np.may_share_memory(out, array)):
            raise UsageError(f"out must be an array of its own; it shares memory with {name}, which is still read "
                             f"while the gradient is written: pass out=np.empty_like(theta)")
