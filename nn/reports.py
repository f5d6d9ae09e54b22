"""What the command line says about a model: tables as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.command import coloured
from autograd.errors import UsageError
from nn.data.split import Array
from nn.examples import FloatArray
from nn.metrics import accuracy, confusion_matrix
from nn.models.mlp import MLP

WIDEST_BAR = 30


def truth_table(model: MLP, X: Array, Y: Array) -> str:
    """What a model answers to each row of X, right if it is on the side of ½ where the target is."""
    outputs = model.predict(X).ravel()
    right = (outputs > 0.5) == (Y > 0.5)
    rows = [
        f"{x1:3.0f} {x2:2.0f} | {y:6.0f} | {out:6.4f}  {judged(good)}"
        for (x1, x2), y, out, good in zip(X, Y, outputs, right, strict=True)
    ]
    return "\n".join([" x1 x2 | target | output", *rows, f"accuracy {right.sum()} of {len(Y)}"])


def judged(right: bool) -> str:
    """The word for an answer."""
    word = "right" if right else "wrong"
    return coloured(word, word)


def score(model: MLP, X: Array, Y: Array) -> str:
    """The share of the test examples that a model gets right."""
    return f"test accuracy {accuracy(model.predict(X), Y):.2%}"


def report(model: MLP, X: Array, Y: Array) -> str:
    """The score and the confusion matrix: each row the examples of a class, each column what they were taken for.

    A point stands for 0.
    """
    table = confusion_matrix(model.predict(X), Y)
    head = "class |" + "".join(f"{column:5}" for column in range(len(table)))
    rows = [f"{row:5} |" + "".join(f"{n or '.':>5}" for n in counts) for row, counts in enumerate(table.tolist())]
    return "\n".join(["      | taken for", head, *rows, score(model, X, Y)])


def probabilities(model: MLP, rows: FloatArray) -> FloatArray:
    """The probability of each class for each row, shape (n, classes).

    They are what comes out of softmax or sigmoids; of linear outputs, the logits, softmax is taken; a single
    sigmoid gives the probability of class 1. Raises `UsageError` for outputs that are no classes.
    """
    outputs, kind = model.predict(rows), model.layers[-1].activation
    single = outputs.shape[1] == 1
    if kind == "linear" and not single:
        powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        shares: FloatArray = powers / powers.sum(axis=1, keepdims=True)
        return shares
    if kind not in ("softmax", "sigmoid"):
        raise UsageError(f"{model!r} gives numbers, not the probabilities of classes")
    return np.hstack([1 - outputs, outputs]) if single else outputs


def chances(shares: Any) -> str:
    """A table of probabilities: a line for each class of one example, or a line for each of several examples."""
    if len(shares) > 1:
        head = "example | class |" + "".join(f"{column:6}" for column in range(shares.shape[1]))
        lines = [
            f"{number:7} | {row.argmax():5} |" + "".join(f"{share:6.3f}" for share in row)
            for number, row in enumerate(shares)
        ]
        return "\n".join([head, *lines])
    [row] = shares
    lines = [f"{k:5} | {share:.4f}  {'█' * round(WIDEST_BAR * share)}".rstrip() for k, share in enumerate(row)]
    return "\n".join(["class | probability", *lines, f"most likely class {row.argmax()}"])
