"""Models from files that say what they are made of."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from autograd.errors import RerollError, UsageError
from autograd.files import PathLike
from nn.arguments import entry
from nn.errors import DataError
from nn.models.dropout import Dropout
from nn.models.layer import Layer
from nn.models.logistic import LogisticRegression
from nn.models.maxout import Maxout
from nn.models.mlp import MLP
from nn.models.module import Module
from nn.models.perceptron import Perceptron
from nn.models.sequential import Function, Sequential
from nn.models.state import Head, check, read_model

CLASSES: dict[str, Callable[..., Module]] = {
    each.__name__: each for each in (MLP, Layer, LogisticRegression, Perceptron, Maxout, Dropout, Function, Sequential)
}
"""What files may ask for by name."""

WEIGHTLESS = ("Dropout", "Function")


def load(path: PathLike) -> Module:
    """The model in a file that `save` or a `Checkpoint` wrote, made anew with its parameters.

    Raises `DataError` for a file that is missing, damaged or foreign, and for one that holds parameters alone: those of
    a class of your own, or of a model with a function of your own as activation. For these make the
    model, and `model.load(path)`.
    """
    made: list[Module] = []

    def make(heads: Mapping[str, Head], architecture: str) -> None:
        if not architecture:
            raise DataError(f"{path} holds no model, only arrays: make the model yourself, and model.load(path)")
        try:
            made.append(built(json.loads(architecture), sum(math.prod(head.shape) for head in heads.values())))
            check(made[0], heads)
        except (RerollError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise DataError(f"{path} is no model that can be made: {error}") from None

    arrays = read_model(path, make)
    made[0].load_state_dict(arrays)
    return made[0]


def built(architecture: dict[str, Any], parameters: int) -> Module:
    """A model as it is described, with zeros for parameters, of which the file has so many."""
    options = dict(architecture)
    name = options.pop("class")
    if name == "Sequential":
        return Sequential(*(built(step, parameters) for step in options["steps"]))
    kind = entry("class", name, CLASSES)
    if name in WEIGHTLESS:
        return kind(**options)
    # Counted before they are made: a damaged file must not ask for all memory.
    outs = math.prod(options.get(key, 1) for key in ("nout", "pieces"))
    widths = [options["nin"], *options.get("nouts", [max(outs, options.get("classes", 2) - 1)])]
    if sum(a * b for a, b in itertools.pairwise(widths)) > parameters:
        raise UsageError("it names more weights than it holds")
    return kind(**options, init="zeros")
