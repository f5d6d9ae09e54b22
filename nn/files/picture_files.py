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
from nn.files.handwriting import BOXES, normalized, overlaps

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

TINY = 16
"""Pictures of up to so many pixels a side have been prepared by somebody: a digit as it was written has more."""

LUMA = np.array([0.299, 0.587, 0.114])
"""How bright red, green and blue look (ITU-R BT.601)."""


def read_rows(path: PathLike, nin: int, invert: bool | None = False, whole: bool = False) -> FloatArray:
    """The examples in a file as rows of a model with `nin` inputs, shape (n, nin): see `read_examples`."""
    return read_examples(path, nin, invert, whole)[0]


def read_examples(
    path: PathLike, nin: int, invert: bool | None = False, whole: bool = False
) -> tuple[FloatArray, list[str]]:
    """The examples in a file as rows of a model with `nin` inputs, shape (n, nin), and what is to be said about them.

    For models of 28 × 28 or 8 × 8 pixels, which read digits, the ink of a picture is found and normalized (see
    `nn.files.handwriting`). Pictures in an .npy file that have the size already stay as they are, and so do tiny ones;
    for other models, and if `whole`, the whole picture is made to fit (see `fitted`).
    `invert` is for dark ink on light paper: networks learned light ink on a dark ground. With None the picture decides.
    Where it is transparent there is ground. Raises `DataError` for a file that is missing, damaged or of another kind,
    `SizeError` for rows of the wrong length, `UsageError` for pixels outside of [0, 1], `MissingPackageError` for a
    picture without Pillow.
    """
    with reading(path, DataError, MOST_BYTES) as file:
        data = file.read(os.fstat(file.fileno()).st_size)  # no more, should it grow meanwhile
    if data.startswith(b"\x93NUMPY"):
        array, opacity = examples(numbers(data, str(path)), nin, str(path)), None
    else:
        grey, opacity = read_picture(data, str(path))
        array = grey[None]
    return as_rows(array, opacity, nin, str(path), invert, whole)


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


def as_rows(
    array: FloatArray, opacity: FloatArray | None, nin: int, name: str, invert: bool | None, whole: bool
) -> tuple[FloatArray, list[str]]:
    """Examples of shape (n, nin) or (n, height, width) as rows that a model with `nin` inputs reads, and remarks."""
    side = math.isqrt(nin)
    reads_pictures = side**2 == nin and side >= SMALLEST_SIDE
    if not (array.shape[1:] == (nin,) or (array.ndim == 3 and (reads_pictures or array[0].size == nin))):
        wanted = f"{nin} numbers" + (f", or pictures of {side} × {side} pixels" if reads_pictures else "")
        raise SizeError(f"the model reads rows of {wanted}; {name} has shape {array.shape[1:]}")
    if reads_pictures and not (array.min() >= 0 and array.max() <= 1):
        raise UsageError(f"pixels run from 0 to 1, those of {name} from {array.min():g} to {array.max():g}: "
                         "divide by the largest there can be, or save bytes (uint8) from 0 to 255")
    remarks: list[str] = []
    if reads_pictures and invert is None:
        invert = light_ground(array if array.ndim == 3 else array.reshape(-1, side, side))
        if invert:
            remarks.append("read as dark ink on light paper; --no-invert reads light ink")
    inked = (1 - array if invert else array) * (1 if opacity is None else opacity)
    prepared = opacity is None and array[0].size == nin  # in an .npy file, from 0 to 1 and of the right size
    if prepared or not reads_pictures:
        return inked.reshape(len(inked), -1), remarks
    if whole or side not in BOXES or longest_side(array[0]) <= TINY:
        return np.array([fitted(picture, side).ravel() for picture in inked]), remarks
    pictures, complaints = zip(*(normalized(picture, side) for picture in inked), strict=True)
    return np.array(pictures).reshape(len(pictures), -1), remarks + list(dict.fromkeys(filter(None, complaints)))


def fitted(picture: FloatArray, side: int) -> FloatArray:
    """A picture as a square of `side` pixels: put in the middle of a square ground of 0, then averaged over areas.

    >>> fitted(np.ones((4, 2)), 2)
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    height, width = picture.shape
    longest = longest_side(picture)
    down, right = (longest - height) // 2, (longest - width) // 2
    if longest == side:
        return np.pad(picture, ((down, longest - height - down), (right, longest - width - right)))
    # The ground adds nothing to an average: a long and narrow picture need not be a square in memory.
    shares = overlaps(side, longest)
    return shares[:, down : down + height] @ picture @ shares[:, right : right + width].T


def longest_side(picture: FloatArray) -> int:
    """The number of pixels of the longer side; raises `SizeError` for too many."""
    height, width = picture.shape
    if max(height, width) > LONGEST_SIDE:
        raise SizeError(f"pictures of up to {LONGEST_SIDE} pixels a side are read, one of {height} × {width} came")
    return int(max(height, width))


def light_ground(pictures: FloatArray) -> bool:
    """Whether pictures, shape (n, height, width), look like dark ink on light paper: so do most of edge and area.

    >>> light_ground(np.pad(np.zeros((1, 4, 4)), 2, constant_values=1)), light_ground(np.eye(8)[None])
    (True, False)
    """
    middle = (pictures.min() + pictures.max()) / 2
    edge = np.ones(pictures.shape[1:], bool)
    edge[1:-1, 1:-1] = False
    return bool(np.median(pictures[:, edge]) > middle and np.median(pictures) > middle)
