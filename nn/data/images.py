"""Pictures made ready, and made more: flipped, shifted, blurred.

Pictures are an array of shape (n, height, width), or of shape (n, height · width) with the pixels of one in each
row, which is what a network reads. In rows they are taken for squares unless `shape`, (height, width), says
otherwise. Results have the shape that came.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import NumberError, SizeError, UsageError
from nn.arguments import count, entry, finite, nonnegative, rate
from nn.examples import table
from nn.init import Seed, generator

Floats = npt.NDArray[np.floating[Any]]
Shape = tuple[int, int]


def as_vectors(images: npt.ArrayLike, white: float = 255) -> Floats:
    """Pictures with pixels from 0 to `white` as rows of numbers from 0 to 1, of shape (n, height · width).

    They have shape (n, height, width), or one channel as other tools have it: (n, 1, height, width) or (n, height,
    width, 1). Several channels stay one after the other. Raises `UsageError` for a pixel outside.

    >>> as_vectors([[[0, 255], [51, 0]]])
    array([[0. , 1. , 0.2, 0. ]])
    """
    pixels = table("images", images)
    if pixels.min() < 0 or pixels.max() > rate("white", white):
        raise UsageError(f"pixels run from 0 to white={white:g}, these from {pixels.min():g} to {pixels.max():g}")
    return pixels.reshape(len(pixels), -1) / white


def flip(X: npt.ArrayLike, direction: str = "horizontal", shape: Shape | None = None) -> Floats:
    """Pictures mirrored: "horizontal" swaps left and right, "vertical" swaps top and bottom.

    >>> flip([[1, 2, 3, 4]]).tolist()
    [[2.0, 1.0, 4.0, 3.0]]
    """
    axis = entry("direction", direction, {"horizontal": 2, "vertical": 1})
    return like(X, np.flip(pictures(X, shape), axis))


def shift(X: npt.ArrayLike, down: int = 0, right: int = 0, shape: Shape | None = None) -> Floats:
    """Pictures moved by whole pixels; negative numbers go up and left, and what comes in is 0.

    >>> shift([[1, 2, 3, 4]], right=1).tolist()
    [[0.0, 1.0, 0.0, 3.0]]
    """
    images = pictures(X, shape)
    return like(X, moved(images, *(np.full(len(images), whole(by)) for by in (down, right))))


def jitter(X: npt.ArrayLike, pixels: int = 1, shape: Shape | None = None, seed: Seed = None) -> Floats:
    """Each picture moved by a step of its own, at most so many pixels along either axis, drawn evenly."""
    images, reach = pictures(X, shape), whole(pixels)
    if reach < 0:
        raise UsageError(f"pictures move by at most pixels ≥ 0, {pixels} came")
    down, right = generator(seed).integers(-reach, reach + 1, (2, len(images)))
    return like(X, moved(images, down, right))


def blur(X: npt.ArrayLike, sigma: float = 1.0, shape: Shape | None = None) -> Floats:
    """Pictures seen out of focus: each pixel becomes the mean of its neighbours with Gaussian weights.

    `sigma` is the standard deviation in pixels; beyond the border the outermost pixels go on.
    """
    images, radius = pictures(X, shape), math.ceil(3 * rate("sigma", sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights = (weights / weights.sum()).astype(images.dtype)
    for axis in (1, 2):  # the Gaussian of a distance is the product of those along the axes
        near = np.arange(images.shape[axis])
        images = sum(
            weight * images.take(np.clip(near + step, 0, near[-1]), axis)
            for step, weight in zip(range(-radius, radius + 1), weights, strict=True)
        )
    return like(X, images)


def add_noise(X: npt.ArrayLike, mean: float = 0.0, std: float = 0.1, seed: Seed = None) -> Floats:
    """Data with Gaussian noise, X' = X + N(μ, σ²): examples to learn from that differ from epoch to epoch.

    For data of any shape. Pixels may leave [0, 1]; `np.clip` would bring them back.
    """
    data = floats(X)
    noise = generator(seed).standard_normal(data.shape) * nonnegative("std", std)
    return (data + (noise + finite("mean", mean))).astype(data.dtype)


# ── shapes ───────────────────────────────────────────────────────────────────────────────────


def floats(X: npt.ArrayLike) -> Floats:
    """Checked data in its own type of floats; float64 for whole numbers."""
    checked, dtype = table("X", X), getattr(X, "dtype", None)
    return checked.astype(np.float32) if dtype == np.float32 else checked


def pictures(X: npt.ArrayLike, shape: Shape | None) -> Floats:
    """The pictures of an array as (n, height, width)."""
    data = without_channel(floats(X))
    if data.ndim == 3:
        return data
    if data.ndim != 2:
        raise SizeError(f"pictures have shape (n, height, width) or (n, height · width), {data.shape} came")
    side = math.isqrt(data.shape[1])
    if shape is not None and not (isinstance(shape, (tuple, list)) and len(shape) == 2):
        raise SizeError(f"the shape of a picture is (height, width), {shape!r} came")
    height, width = (side, side) if shape is None else (count("rows of pixels", n) for n in shape)
    if height * width != data.shape[1]:
        expected = f"shape={shape}" if shape else "a square: give shape=(height, width)"
        raise SizeError(f"{data.shape[1]} pixels do not make {expected}")
    return data.reshape(len(data), height, width)


def without_channel(data: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Pictures of one channel, (n, 1, height, width) or (n, height, width, 1), without its axis; others as they are.

    >>> without_channel(np.zeros((5, 1, 2, 3))).shape, without_channel(np.zeros((5, 2, 3, 1))).shape
    ((5, 2, 3), (5, 2, 3))
    """
    if data.ndim != 4 or 1 not in (data.shape[1], data.shape[3]):
        return data
    return data.squeeze(1 if data.shape[1] == 1 else 3)


def like(X: npt.ArrayLike, images: Floats) -> Floats:
    """Pictures in the shape that X has."""
    return np.ascontiguousarray(images).reshape(np.shape(X))


def moved(images: Floats, down: npt.NDArray[Any], right: npt.NDArray[Any]) -> Floats:
    """Picture i moved by down[i] and right[i] pixels over a ground of 0."""
    n, height, width = images.shape
    rows, columns = np.arange(height) - down[:, None], np.arange(width) - right[:, None]
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    found = images[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return np.where(inside, found, images.dtype.type(0))


def whole(number: Any) -> int:
    """A whole number of pixels."""
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
        raise NumberError(f"pictures move by whole numbers of pixels, {number!r} came")
    return int(number)
