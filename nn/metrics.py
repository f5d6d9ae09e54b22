"""How good a model is: accuracy, confusion matrix, precision and recall, cross validation.

Outputs are what a model predicts, row by row, in any of these forms:

- classes: whole numbers, of shape (n,) or (n, 1);
- a probability of class 1 for each example, (n,) or (n, 1): class 1 if it is above ½;
- any other number for each example, (n,) or (n, 1), such as a logit: class 1 if it is above `threshold`, which has to
  be given (0 for logits and scores), unless targets are -1 and 1: then it is 0. `fit` and `evaluate` give that of their
  loss. Where a threshold is given, all numbers are compared with it, whole ones too;
- a number for each class, (n, classes), such as probabilities or logits: the class of the largest, the first if equal.

Targets are classes, or one-hot rows; or -1 and 1 in the place of 0 and 1. Raised are `SizeError` for outputs and
targets that differ in number or have the wrong shape, `UsageError` for labels out of range, nan and inf, `NumberError`
for labels that are not whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from autograd.errors import SizeError, UsageError
from nn.arguments import count, entry, finite, function
from nn.data.labels import LARGEST_LABEL, IntArray, class_labels
from nn.data.split import kfold, paired_arrays
from nn.examples import FloatArray, table
from nn.init import Seed

Metric = Callable[[Any, Any], float]


def accuracy(outputs: npt.ArrayLike, targets: npt.ArrayLike, threshold: float | None = None) -> float:
    """The share of examples whose class is right.

    >>> accuracy([0.9, 0.2, 0.6, 0.4], [1, 0, 0, 0])
    0.75
    """
    found, right, _ = compared(outputs, targets, threshold)
    return float((found == right).mean())


def confusion_matrix(
    outputs: npt.ArrayLike, targets: npt.ArrayLike, classes: int | None = None, threshold: float | None = None
) -> IntArray:
    """How many examples of class i, the row, were taken for class j, the column: shape (classes, classes).

    What is right is on the diagonal. Without `classes` there are as many as the data show.

    >>> confusion_matrix([0, 1, 1, 2], [0, 0, 1, 2])
    array([[1, 1, 0],
           [0, 1, 0],
           [0, 0, 1]])
    """
    found, right, shown = compared(outputs, targets, threshold)
    size = count("classes", shown if classes is None else classes)
    cells = class_labels(right, size) * size + class_labels(found, size)
    return np.bincount(cells, minlength=size**2).reshape(size, size)


def precision(outputs: npt.ArrayLike, targets: npt.ArrayLike, classes: int | None = None,
              average: str | None = None, threshold: float | None = None) -> Any:
    """Of the examples taken for a class, the share that belongs to it: an array of shape (classes,).

    0 for a class that none was taken for. `average="macro"` gives the mean over the classes.

    >>> precision([0, 1, 1, 2], [0, 0, 1, 2])
    array([1. , 0.5, 1. ])
    """
    table = confusion_matrix(outputs, targets, classes, threshold)
    return averaged(ratio(table.diagonal(), table.sum(0)), average)


def recall(outputs: npt.ArrayLike, targets: npt.ArrayLike, classes: int | None = None,
           average: str | None = None, threshold: float | None = None) -> Any:
    """Of the examples that belong to a class, the share that was taken for it: an array of shape (classes,).

    0 for a class that has no examples. `average="macro"` gives the mean over the classes.

    >>> recall([0, 1, 1, 2], [0, 0, 1, 2])
    array([0.5, 1. , 1. ])
    """
    table = confusion_matrix(outputs, targets, classes, threshold)
    return averaged(ratio(table.diagonal(), table.sum(1)), average)


METRICS: dict[str, Metric] = {"accuracy": accuracy}
"""Every metric that is one number, by its name."""


# ── cross validation ─────────────────────────────────────────────────────────────────────────


class Predictor(Protocol):
    """What training returns: something that predicts."""

    def predict(self, X: npt.ArrayLike, /) -> npt.ArrayLike:
        """An output for each row of X."""
        ...


def cross_validate(
    train: Callable[[Any, Any], Predictor],
    X: npt.ArrayLike,
    Y: npt.ArrayLike,
    k: int = 5,
    metric: str | Metric = "accuracy",
    seed: Seed = None,
) -> FloatArray:
    """The scores of k models, each trained without one fold of the data and scored on it: shape (k,).

    `train(X, Y)` makes a new model, trains it and returns it; `metric(outputs, targets)` scores what it predicts. Folds
    are those of `nn.data.kfold`, which raises for a k that does not fit. The mean of the scores estimates how
    good such a model is, their spread how sure that is.

    >>> class Constant:
    ...     def __init__(self, Y): self.answer = round(Y.mean())
    ...     def predict(self, X): return [self.answer] * len(X)
    >>> cross_validate(lambda X, Y: Constant(Y), np.zeros((6, 1)), [0, 0, 0, 0, 0, 1], k=3, seed=0).round(2).tolist()
    [1.0, 0.5, 1.0]
    """
    inputs, targets = paired_arrays(X, Y)
    score = function("metric", metric, METRICS)
    return np.array([
        score(train(inputs[others], targets[others]).predict(inputs[fold]), targets[fold])
        for others, fold in kfold(len(inputs), k, seed)
    ])


# ── classes ──────────────────────────────────────────────────────────────────────────────────


def compared(
    outputs: npt.ArrayLike, targets: npt.ArrayLike, threshold: float | None
) -> tuple[IntArray, IntArray, int]:
    """The classes of outputs and of targets, and how many classes there are to be seen."""
    table("outputs", outputs)
    numbers = table("targets", targets)
    signs = ((numbers == 1) | (numbers == -1)).all() and (threshold is not None or -1 < numbers.mean() < 1)
    if threshold is None and signs:
        threshold = 0.0
    found, right = output_classes(outputs, threshold), target_classes((numbers + 1) / 2 if signs else numbers)
    if len(found) != len(right):
        raise SizeError(f"each output needs a target, {len(found)} outputs and {len(right)} targets came")
    if threshold is not None and np.size(outputs) == len(found) and right.max() > 1:
        raise UsageError(f"one output tells class 0 from class 1, there are targets up to {right.max()}: a model of "
                         "several classes has an output for each")
    widths = [np.shape(data)[1] for data in (outputs, targets) if np.ndim(data) == 2]
    return found, right, max(int(found.max()) + 1, int(right.max()) + 1, *widths)


def output_classes(outputs: npt.ArrayLike, threshold: float | None = None) -> IntArray:
    """The class that each output stands for, whole numbers of shape (n,).

    >>> output_classes([0.2, 0.7]).tolist(), output_classes([[0.2, 0.3, 0.5]]).tolist(), output_classes([4, 2]).tolist()
    ([0, 1], [2], [4, 2])
    """
    rows = table("outputs", outputs)
    if rows.ndim > 2:
        raise SizeError(f"outputs are numbers or rows of them, an array of shape {rows.shape} came")
    if rows.ndim == 2 and rows.shape[1] > 1:
        return np.asarray(rows.argmax(1), np.int64)
    numbers = rows.ravel()
    if threshold is not None:
        return (numbers > finite("threshold", threshold)).astype(np.int64)
    if ((numbers >= 0) & (numbers <= LARGEST_LABEL) & (numbers == np.trunc(numbers))).all():
        return numbers.astype(np.int64)
    if outside := numbers[(numbers < 0) | (numbers > 1)].tolist():
        raise UsageError(f"outputs are classes or probabilities of class 1, {outside[0]:g} came: give threshold=0 for "
                         "logits and scores, threshold=0.5 for numbers that have learned 0 and 1")
    return (numbers > 0.5).astype(np.int64)


def target_classes(targets: npt.ArrayLike) -> IntArray:
    """The classes that targets name, whole numbers of shape (n,)."""
    rows = table("targets", targets)
    if rows.ndim != 2 or rows.shape[1] == 1:
        return class_labels(rows.ravel() if rows.ndim == 2 else rows)
    if not (((rows == 0) | (rows == 1)).all() and (rows.sum(1) == 1).all()):
        raise UsageError("targets are classes, or rows with a single 1 among zeros; other rows came")
    return np.asarray(rows.argmax(1), np.int64)


def ratio(right: IntArray, of: IntArray) -> FloatArray:
    """Shares, 0 of nothing."""
    return right / np.maximum(of, 1)


def averaged(shares: FloatArray, average: str | None) -> Any:
    """A share for each class, or one for all."""
    return shares if average is None else float(entry("average", average, {"macro": np.mean})(shares))
