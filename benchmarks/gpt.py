"""A character-level GPT in plain loops over Values: attention, and no matrix anywhere.

One layer of a transformer decoder (Radford et al., 2018; Vaswani et al., 2017) with root mean square
normalisation (Zhang and Sennrich, 2019) and without biases. An example is a string: x holds the
one-hot rows of its first letters, y those of the letters that follow them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd import Value, dot, softmax

ALPHABET = ".abcdefghijklmnopqrstuvwxyz"
"""The vocabulary; the full stop begins and ends a word."""

Vector = list[Any]
Matrix = list[list[Value]]


class GPT:
    """A transformer of one layer: `width` numbers per letter, split among `heads`.

    `params` holds its matrices by name, `model(x)` is a list of logits for each position, and
    `model.loss(x, y)` the cross entropy averaged over the positions.

    >>> model = GPT(vocabulary=3, positions=4, width=4, heads=2, hidden=8)
    >>> X, Y = one_hot(["abcab"], "abc")
    >>> logits = model(X[0])
    >>> len(logits), len(logits[0])
    (4, 3)
    """

    def __init__(self, vocabulary: int = len(ALPHABET), positions: int = 8, width: int = 16, heads: int = 4,
                 hidden: int = 64, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)

        def matrix(rows: int, columns: int) -> Matrix:
            return [[Value(w) for w in row] for row in rng.normal(0, 0.1, (rows, columns)).tolist()]

        self.heads = heads
        self.params = {
            "E": matrix(width, vocabulary),
            "P": matrix(positions, width),
            "Q": matrix(width, width),
            "K": matrix(width, width),
            "V": matrix(width, width),
            "O": matrix(width, width),
            "W1": matrix(hidden, width),
            "W2": matrix(width, hidden),
            "U": matrix(vocabulary, width),
        }

    def __call__(self, x: list[Vector]) -> list[Vector]:
        """The logits of the letter after each position."""
        p = self.params
        stream = [plus(times(p["E"], token), position) for token, position in zip(x, p["P"], strict=True)]
        stream = [plus(h, a) for h, a in zip(stream, self.attention([normalised(h) for h in stream]), strict=True)]
        stream = [plus(h, self.mlp(normalised(h))) for h in stream]
        return [times(p["U"], normalised(h)) for h in stream]

    def attention(self, stream: list[Vector]) -> list[Vector]:
        """Each position's weighted average of the values up to it, head by head."""
        p = self.params
        queries, keys, values = ([times(p[name], h) for h in stream] for name in "QKV")
        size = len(stream[0]) // self.heads
        outputs = []
        for t, query in enumerate(queries):
            mixed = []
            for head in (slice(size * i, size * (i + 1)) for i in range(self.heads)):
                weights = softmax([dot(query[head], key[head]) / math.sqrt(size) for key in keys[: t + 1]])
                past = [value[head] for value in values[: t + 1]]
                mixed += [dot(weights, column) for column in zip(*past, strict=True)]
            outputs.append(times(p["O"], mixed))
        return outputs

    def mlp(self, h: Vector) -> Vector:
        """Two layers with a ReLU between them."""
        return times(self.params["W2"], [autograd.relu(z) for z in times(self.params["W1"], h)])

    def loss(self, x: list[Vector], y: list[Vector]) -> Any:
        """Softmax cross entropy, ln Σ exp z - z of the letter that came, averaged over the positions."""
        losses = [autograd.logsumexp(z) - dot(letter, z) for z, letter in zip(self(x), y, strict=True)]
        return autograd.mean(losses)


def times(matrix: Matrix, vector: Vector) -> Vector:
    """Matrix times vector."""
    return [dot(row, vector) for row in matrix]


def plus(a: Vector, b: Vector) -> Vector:
    """The sum of two vectors."""
    return [u + v for u, v in zip(a, b, strict=True)]


def normalised(h: Vector) -> Vector:
    """h divided by its root mean square."""
    scale = (dot(h, h) / len(h) + 1e-5) ** -0.5
    return [scale * v for v in h]


def one_hot(words: list[str], alphabet: str = ALPHABET) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """All but the last letter of each word, and all but the first, as rows of X and Y.

    The words are equally long; both arrays have the shape (words, length - 1, letters).
    """
    letters = np.array([[alphabet.index(letter) for letter in word] for word in words])
    rows = np.eye(len(alphabet))[letters]
    return rows[:, :-1], rows[:, 1:]
