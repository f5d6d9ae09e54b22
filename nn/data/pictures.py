"""Handwritten digits: 1797 small ones that come with the package, and MNIST's 70 000."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import UsageError
from nn.data.idx import parse_idx
from nn.data.labels import IntArray

Examples = tuple[npt.NDArray[np.floating[Any]], IntArray]


def digits(dtype: npt.DTypeLike = np.float64) -> Examples:
    """1797 handwritten digits of 8 × 8 pixels: X of shape (1797, 64) from 0 to 1, and labels Y from 0 to 9.

    0 is white paper, 1 black ink, in steps of 1/16; a row holds the pixels of a picture from top to bottom.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (its test set), UCI Machine Learning
    Repository, 1998, https://doi.org/10.24432/C50P49, licence CC BY 4.0.

    >>> X, Y = digits()
    >>> X.shape, Y[:4]
    ((1797, 64), array([0, 1, 2, 3]))
    """
    from importlib import resources

    with resources.files("nn.data").joinpath("digits.npz").open("rb") as file, np.load(file) as arrays:
        return scaled(arrays["images"], 16, dtype), arrays["labels"].astype(np.int64)


def mnist(dtype: npt.DTypeLike = np.float32, *, progress: bool = True) -> tuple[Examples, Examples]:
    """MNIST, 60 000 handwritten digits to train on and 10 000 to test on: (X, Y), (X_test, Y_test).

    X has shape (n, 784): the 28 × 28 pixels of a picture from top to bottom, from 0 (black, the ground) to
    1 (white, the ink). Y holds n labels from 0 to 9. In float32, which is enough for 256 greys, all take 220 MB.

    The files are read from the folder that the environment variable MNIST_DIR names. Without it, they are looked for in
    `~/.cache/reroll/mnist` (`$XDG_CACHE_HOME/reroll/mnist`) and else downloaded to there, 11 MB, with a bar unless
    `progress` is False; see `nn.data.mnist_files`. Raises `DataError` if they cannot be had or are damaged.

    Source: Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits, licence CC BY-SA 3.0.
    """
    from nn.data.mnist_files import mnist_files  # the modules of the network take long to import

    floating(dtype)
    arrays = [parse_idx(data, name) for name, data in mnist_files(progress).items()]
    train_images, train_labels, test_images, test_labels = arrays
    return (
        (scaled(train_images, 255, dtype), train_labels.astype(np.int64)),
        (scaled(test_images, 255, dtype), test_labels.astype(np.int64)),
    )


def scaled(images: npt.NDArray[np.uint8], white: int, dtype: npt.DTypeLike) -> npt.NDArray[np.floating[Any]]:
    """Pictures of bytes from 0 to `white` as rows of numbers from 0 to 1."""
    rows = images.reshape(len(images), -1).astype(floating(dtype))
    rows /= white
    return rows


def floating(dtype: npt.DTypeLike) -> np.dtype[Any]:
    """A type of floats."""
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = np.dtype(object)
    if kind.kind != "f":
        raise UsageError(f"pixels from 0 to 1 need a type such as float32 or float64, {dtype!r} came")
    return kind
