"""Files of pictures or numbers, read as rows for a model.

A picture is a PNG, JPEG, BMP, GIF or WebP file; an .npy file holds an array of rows, (n, inputs) or one (inputs,), or
of pictures, (n, height, width), with an axis of length 1 for the channel or without, or one square (height, height).
Bytes are pixels from 0 to 255 and become numbers from 0 to 1; other numbers stay as they are. What a file is shows in
its first bytes, whatever its name.
"""

from __future__ import annotations

import io
import math
import os
import tokenize
import warnings

import numpy as np

from autograd.errors import MissingPackageError, SizeError, UsageError
from autograd.files import PathLike, reading
from nn.data.images import without_channel
from nn.errors import DataError
from nn.examples import FloatArray, table

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")

UNREADABLE = (ValueError, EOFError, SyntaxError, TypeError, MemoryError, OverflowError, tokenize.TokenError)
"""What reading a damaged .npy file may raise: its head is a line of Python."""

MOST_BYTES = 2**30
"""A larger file is refused."""

MOST_PIXELS = 2**24
"""A larger picture is refused before memory is spent on it."""

LONGEST_SIDE = 2**16
"""A longer picture is refused."""

SMALLEST_SIDE = 8
"""A model reads pictures if its number of inputs is the square of this or more."""

LUMA = np.array([0.299, 0.587, 0.114])
"""How bright red, green and blue look (ITU-R BT.601)."""


def read_rows(path: PathLike, nin: int, invert: bool = False) -> FloatArray:
    """The examples in a file as rows of a model with `nin` inputs, shape (n, nin).

    Pictures of other sizes are made to fit (see `fitted`). `invert` is for dark ink on light paper: networks learned
    light ink on a dark ground. Where a picture is transparent there is ground. Raises `DataError` for a file that is
    missing, damaged or of another kind, `SizeError` for rows of the wrong length, `UsageError` for pixels
    outside of [0, 1], `MissingPackageError` for a picture without Pillow.
    """
    with reading(path, DataError, MOST_BYTES) as file:
        data = file.read(os.fstat(file.fileno()).st_size)  # no more, should it grow meanwhile
    if not data.startswith(b"\x93NUMPY"):
        grey, opacity = read_picture(data, str(path))
        return as_rows(((1 - grey if invert else grey) * opacity)[None], nin, str(path))
    rows = as_rows(examples(numbers(data, str(path)), nin, str(path)), nin, str(path))
    return 1 - rows if invert else rows


def read_picture(data: bytes, name: str = "data") -> tuple[FloatArray, FloatArray]:
    """The grey and the opacity of every pixel of a picture, two arrays of shape (height, width) from 0 to 1.

    Colours become as grey as they are bright; a picture lies as its camera was held. Raises `DataError`, which calls
    the file by its `name`, for what is damaged, larger than 16 million pixels, several pictures in one or no picture,
    and `MissingPackageError` without Pillow.
    """
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ModuleNotFoundError as error:
        message = f'{name} is no .npy array, and pictures need Pillow: pip install -e ".[pictures]"'
        raise MissingPackageError(message, name=error.name) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what is wrong with a picture is told in one way
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Image.DecompressionBombError
                if getattr(image, "is_animated", False):
                    raise DataError(f"{name} holds several pictures, save one of them")
                upright = ImageOps.exif_transpose(image)
                if upright.mode.startswith("I"):  # 16 bits of grey, of which one may count as transparent
                    levels = np.asarray(upright)
                    return levels / (2**16 - 1), (levels != upright.info.get("transparency", -1)).astype(np.float64)
                channels = np.asarray(upright.convert("RGBA"), np.float64) / 255
        return np.minimum(channels[:, :, :3] @ LUMA, 1), channels[:, :, 3]
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(f"{name} is neither an .npy array nor a picture ({', '.join(FORMATS)})") from None
    except Image.DecompressionBombError:
        raise DataError(f"{name} cannot be read as a picture: at most {MOST_PIXELS} pixels are read") from None
    except Exception:  # a damaged picture makes Pillow raise errors of many kinds
        raise DataError(f"{name} cannot be read as a picture: it is damaged, or ends too early") from None


def numbers(data: bytes, name: str) -> FloatArray:
    """The array in an .npy file, of bytes as numbers from 0 to 1."""
    try:
        array = np.load(io.BytesIO(data), allow_pickle=False)
    except UNREADABLE:
        raise DataError(f"{name} is damaged, or holds objects instead of numbers") from None
    return table(name, array) / (255 if array.dtype == np.uint8 else 1)


def examples(array: FloatArray, nin: int, name: str) -> FloatArray:
    """An array with an axis for the examples, also where it holds one only, and none for a single channel."""
    array = without_channel(array)
    if array.ndim > 3:
        raise SizeError(f"{name} needs 1 to 3 axes, and one of length 1 for a channel, its shape is {array.shape}")
    single = array.ndim == 1 or (array.ndim == 2 and array.shape[1] != nin and array.shape[0] == array.shape[1])
    return array[None] if single else array


def as_rows(array: FloatArray, nin: int, name: str) -> FloatArray:
    """Examples of shape (n, nin) or (n, height, width) as rows that a model with `nin` inputs reads."""
    side = math.isqrt(nin)
    reads_pictures = side**2 == nin and side >= SMALLEST_SIDE
    if array.ndim == 3 and reads_pictures:
        array = np.array([fitted(picture, side) for picture in array]).reshape(len(array), -1)
    if array.ndim != 2 or array.shape[1] != nin:
        wanted = f"{nin} numbers" + (f", or pictures of {side} × {side} pixels" if reads_pictures else "")
        raise SizeError(f"the model reads rows of {wanted}; {name} has shape {array.shape[1:]}")
    if reads_pictures and not (array.min() >= 0 and array.max() <= 1):
        raise UsageError(f"pixels run from 0 to 1, those of {name} from {array.min():g} to {array.max():g}: "
                         "divide by the largest there can be, or save bytes (uint8) from 0 to 255")
    return array


def fitted(picture: FloatArray, side: int) -> FloatArray:
    """A picture as a square of `side` pixels: put in the middle of a square ground of 0, then averaged over areas.

    >>> fitted(np.ones((4, 2)), 2)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    height, width = picture.shape
    longest = max(height, width)
    if longest > LONGEST_SIDE:
        raise SizeError(f"pictures of up to {LONGEST_SIDE} pixels a side are read, one of {height} × {width} came")
    down, right = (longest - height) // 2, (longest - width) // 2
    if longest == side:
        return np.pad(picture, ((down, longest - height - down), (right, longest - width - right)))
    # The ground adds nothing to an average: a long and narrow picture need not be a square in memory.
    shares = overlaps(side, longest)
    return shares[:, down : down + height] @ picture @ shares[:, right : right + width].T


def overlaps(new: int, old: int) -> FloatArray:
    """The share of each of `old` equal parts of a line in each of `new` ones; every row sums to 1."""
    starts, others = np.arange(new)[:, None] * old, np.arange(old)[None, :] * new  # in units of 1/(old · new)
    shared = np.minimum(starts + old, others + new) - np.maximum(starts, others)
    shares: FloatArray = np.maximum(shared, 0) / old
    return shares


def light_ground(rows: FloatArray) -> bool:
    """Whether pictures in rows look like dark ink on light paper: most of their edge is light.

    >>> light_ground(np.ones((1, 64))), light_ground(np.zeros((1, 64)))
    (True, False)
    """
    side = math.isqrt(rows.shape[1])
    if side**2 != rows.shape[1] or side < SMALLEST_SIDE:
        return False
    edge = np.ones((side, side), bool)
    edge[1:-1, 1:-1] = False
    return bool(np.median(rows[:, edge.ravel()]) > 0.5)
