"""Public functions given arguments of any kind: they compute, or raise an error of ours."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
import nn
import viz
from autograd import RerollError, Value
from hostile.numbers import operand
from hostile.reader import Reader

LISTS: tuple[Callable[[], Any], ...] = (
    lambda: [1.0, 2.0], lambda: [[1, 2], [3]], lambda: [[1.0, 2.0], [3.0, 4.0]], lambda: ["a", 1], lambda: [None],
    lambda: [Value(1.0), Value(2.0)], lambda: [[Value(1.0)], [Value(2.0)]], lambda: {"w": [Value(1.0)]},
    lambda: np.arange(6.0).reshape(3, 2), lambda: np.arange(16), lambda: [0, 1, 1, 0], lambda: [[0, 1], [1, 0]],
    lambda: np.zeros((2, 2, 2)), lambda: np.full((2, 2), np.nan), lambda: iter([1.0]), lambda: {1.0: 2.0},
)
WORDS = ("mean", "sum", "mse", "relu", "zeros", "torch", "light", "record", "LR", ".3f", "xor", "macro", "x")


def argument(reader: Reader) -> Any:
    """Anything: a number or what is none, a list, a word."""
    kind = reader.below(4)
    if kind == 0:
        return operand(reader)
    if kind == 1:
        return reader.pick(LISTS)()
    if kind == 2:
        return reader.pick(WORDS)
    return reader.pick((0, 1, 2, 3, -1, 0.5, True, None))


FUNCTIONS: tuple[Callable[..., Any], ...] = (
    *nn.LOSSES.values(), functools.partial(nn.cost, "mse"), nn.accuracy, nn.precision, nn.recall, nn.confusion_matrix,
    nn.parameters_to_vector, nn.vector_to_parameters, nn.data.one_hot, nn.data.zscore, nn.data.minmax_scale,
    nn.CosineDecay, nn.ExponentialDecay, nn.StepDecay, nn.WarmUp, nn.Dropout,
    autograd.mean, autograd.softmax, autograd.maxout, autograd.dot, autograd.max, autograd.logsumexp,
    viz.draw, viz.formula, viz.steps, viz.parse, viz.legend,
)
"""Where numbers, lists of them and options of drawings come in."""


OPTIONS = ("style", "direction", "theme", "number_format", "spelling", "reduction", "average", "loss", "lr")
"""Options that are chosen by name or number."""


def call(data: bytes) -> None:
    """A public function takes what it is given, or says in an error of ours what it expects."""
    reader = Reader(data)
    function = reader.pick(FUNCTIONS)
    signature = inspect.signature(function)
    positional = [argument(reader) for _ in range(reader.below(4))]
    options = {reader.pick(OPTIONS): argument(reader) for _ in range(reader.below(3))}
    try:
        signature.bind(*positional, **options)
    except TypeError:
        return  # Python's own error says what is wrong
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function(*positional, **options)
        except RerollError as error:
            assert str(error), function
