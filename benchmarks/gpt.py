"""A character-level GPT in plain loops over Values: attention, and no matrix anywhere.

One layer of a transformer decoder (Radford et al., 2018; Vaswani et al., 2017) with root mean square
normalisation (Zhang and Sennrich, 2019) and without biases. An example is a string: x holds its first
letters, y those that follow them, each a one-hot row or, where nothing is traced, a number.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd

ALPHABET = ".abcdefghijklmnopqrstuvwxyz"
"""The vocabulary; the full stop begins and ends a word."""

Vector = list[Any]
Matrix = list[Vector]
Letter = Any


class GPT:
    """A transformer of one layer: `width` numbers per letter, split among `heads`.

    `params` holds its matrices by name, `model(x)` is a list of logits for each position, and
    `model.loss(x, y)` the cross entropy averaged over the positions. `engine` is where its numbers and
    their functions come from: `autograd`, or another that has these names (see `scalars`).

    >>> model = GPT(vocabulary=3, positions=4, width=4, heads=2, hidden=8)
    >>> X, Y = one_hot(["abcab"], "abc")
    >>> logits = model(X[0])
    >>> len(logits), len(logits[0])
    (4, 3)
    """

    def __init__(self, vocabulary: int = len(ALPHABET), positions: int = 8, width: int = 16, heads: int = 4,
                 hidden: int = 64, seed: int = 0, engine: Any = autograd) -> None:
        rng = np.random.default_rng(seed)

        def matrix(rows: int, columns: int) -> Matrix:
            return [[engine.Value(w) for w in row] for row in rng.normal(0, 0.1, (rows, columns)).tolist()]

        self.heads, self.engine = heads, engine
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

    def __call__(self, x: list[Letter]) -> list[Vector]:
        """The logits of the letter after each position."""
        p = self.params
        stream = [plus(self.embedding(letter), position) for letter, position in zip(x, p["P"], strict=True)]
        attended = self.attention([self.normalised(h) for h in stream])
        stream = [plus(h, a) for h, a in zip(stream, attended, strict=True)]
        stream = [plus(h, self.mlp(self.normalised(h))) for h in stream]
        return [self.times("U", self.normalised(h)) for h in stream]

    def embedding(self, letter: Letter) -> Vector:
        """The column of E that belongs to a letter."""
        return [self.picked(row, letter) for row in self.params["E"]]

    def attention(self, stream: list[Vector]) -> list[Vector]:
        """Each position's weighted average of the values up to it, head by head."""
        engine = self.engine
        queries, keys, values = ([self.times(name, h) for h in stream] for name in "QKV")
        size = len(stream[0]) // self.heads
        outputs = []
        for t, query in enumerate(queries):
            mixed = []
            for head in (slice(size * i, size * (i + 1)) for i in range(self.heads)):
                scores = [engine.dot(query[head], key[head]) / math.sqrt(size) for key in keys[: t + 1]]
                weights = engine.softmax(scores)
                past = [value[head] for value in values[: t + 1]]
                mixed += [engine.dot(weights, column) for column in zip(*past, strict=True)]
            outputs.append(self.times("O", mixed))
        return outputs

    def mlp(self, h: Vector) -> Vector:
        """Two layers with a ReLU between them."""
        return self.times("W2", [self.engine.relu(z) for z in self.times("W1", h)])

    def loss(self, x: list[Letter], y: list[Letter]) -> Any:
        """Softmax cross entropy, ln Σ exp z - z of the letter that came, averaged over the positions."""
        losses = [self.engine.logsumexp(z) - self.picked(z, letter) for z, letter in zip(self(x), y, strict=True)]
        return self.engine.mean(losses)

    def picked(self, vector: Vector, letter: Letter) -> Any:
        """The component that belongs to a letter, which is a number or a one-hot row."""
        return vector[letter] if isinstance(letter, int) else self.engine.dot(vector, letter)

    def times(self, name: str, vector: Vector) -> Vector:
        """A matrix times a vector."""
        return [self.engine.dot(row, vector) for row in self.params[name]]

    def normalised(self, h: Vector) -> Vector:
        """h divided by its root mean square."""
        scale = (self.engine.dot(h, h) / len(h) + 1e-5) ** -0.5
        return [scale * v for v in h]


def plus(a: Vector, b: Vector) -> Vector:
    """The sum of two vectors."""
    return [u + v for u, v in zip(a, b, strict=True)]


def one_hot(words: list[str], alphabet: str = ALPHABET) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """All but the last letter of each word, and all but the first, as rows of X and Y.

    The words are equally long; both arrays have the shape (words, length - 1, letters).
    """
    letters = np.array([[alphabet.index(letter) for letter in word] for word in words])
    rows = np.eye(len(alphabet))[letters]
    return rows[:, :-1], rows[:, 1:]
