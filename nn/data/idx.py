"""The idx format, in which MNIST is published: a head that says type and shape, then the numbers.

Two zero bytes, a byte for the type of the numbers, a byte for how many axes there are, the length of each
axis in four bytes (the most significant first), and the numbers, the last axis running fastest.
"""

from __future__ import annotations

import math
import struct

import numpy as np
import numpy.typing as npt

from nn.errors import DataError

UNSIGNED_BYTE = 0x08


def parse_idx(data: bytes, name: str = "data") -> npt.NDArray[np.uint8]:
    """The array of bytes that an idx file holds; a view of `data`, so it cannot be written to.

    Raises `DataError`, which calls the file by its `name`, unless the head and the length are exactly right.

    >>> parse_idx(bytes([0, 0, 8, 2,  0, 0, 0, 2,  0, 0, 0, 3,  1, 2, 3, 4, 5, 6]))
    array([[1, 2, 3],
           [4, 5, 6]], dtype=uint8)
    """
    if len(data) < 4 or data[:2] != b"\0\0":
        raise DataError(f"{name} is no idx file: it must start with two zero bytes, it starts with {data[:4]!r}")
    kind, axes = data[2], data[3]
    if kind != UNSIGNED_BYTE or axes == 0:
        raise DataError(f"{name} must hold an array of unsigned bytes, type 8; it has type {kind} and {axes} axes")
    start = 4 + 4 * axes
    if len(data) < start:
        raise DataError(f"{name} ends within its head, after {len(data)} bytes of {start}")
    shape = struct.unpack_from(f">{axes}I", data, 4)
    if len(data) != start + math.prod(shape):
        raise DataError(
            f"{name} is damaged: its head promises an array of shape {shape} and so a length of "
            f"{start + math.prod(shape)} bytes, it has {len(data)}"
        )
    try:
        return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
    except ValueError:  # more axes, or longer empty ones, than NumPy has
        raise DataError(f"{name} has a shape that cannot be: {axes} axes, lengths {shape[:4]} …") from None
