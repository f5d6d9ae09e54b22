"""Class labels: whole numbers from 0, or one-hot rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from autograd.errors import NumberError, SizeError, UsageError
from autograd.ops import shown
from nn.arguments import count
from nn.examples import FloatArray, table

IntArray = npt.NDArray[np.int64]

LARGEST_LABEL = 2**31 - 1


def one_hot(labels: npt.ArrayLike, classes: int | None = None) -> FloatArray:
    """Labels as rows that are 1 at the place of the class and 0 elsewhere, an array of shape (n, classes).

    Without `classes` there are as many as the largest label asks for. Raises as `class_labels` does.

    >>> one_hot([2, 0], classes=3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    numbers = class_labels(labels, classes)
    rows = np.zeros((len(numbers), numbers.max() + 1 if classes is None else count("classes", classes)))
    rows[np.arange(len(numbers)), numbers] = 1
    return rows


def class_labels(labels: npt.ArrayLike, classes: int | None = None) -> IntArray:
    """Labels as an array of whole numbers of shape (n,), checked.

    Raises `SizeError` unless they are a vector of at least one, `NumberError` for what is not a whole
    number, `UsageError` for a label below 0 or not below `classes`.

    >>> class_labels([0, 3], classes=3)
    Traceback (most recent call last):
    autograd.errors.UsageError: labels[1] is 3: labels of 3 classes run from 0 to 2
    """
    numbers = table("labels", labels)
    if numbers.ndim != 1:
        raise SizeError(f"labels are a vector, a number for each example, an array of shape {numbers.shape} came")
    if (numbers != np.trunc(numbers)).any():
        place = int(np.argmax(numbers != np.trunc(numbers)))
        raise NumberError(f"labels[{place}] is {numbers[place]}: labels are whole numbers from 0")
    if classes is not None:
        classes = count("classes", classes)
        if classes > LARGEST_LABEL + 1:
            raise UsageError(f"there are at most {LARGEST_LABEL + 1} classes, {shown(classes)} came")
    highest = LARGEST_LABEL if classes is None else classes - 1
    outside = (numbers < 0) | (numbers > highest)
    if outside.any():
        place = int(np.argmax(outside))
        rule = f"labels are whole numbers from 0 to {LARGEST_LABEL}" if classes is None else (
            f"labels of {classes} classes run from 0 to {classes - 1}")
        signs = "; (labels + 1) // 2 makes them of -1 and 1" if (abs(numbers) == 1).all() else ""
        raise UsageError(f"labels[{place}] is {numbers[place]:.0f}: {rule}{signs}")
    return numbers.astype(np.int64)
