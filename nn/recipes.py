"""Recipes: the tasks of the command line, and settings that were found to work for them."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import UsageError
from autograd.files import PathLike
from nn.arguments import count, entry, fraction
from nn.data import circles, curve, digits, mnist, moons, spirals, train_test_split, xor
from nn.init import Seed
from nn.models.mlp import MLP
from nn.optim import OPTIMIZERS, SGD, Optimizer
from nn.schedules import CosineDecay
from nn.training.engine import EngineMaker
from nn.training.history import History
from nn.training.train import fit

MOST_WEIGHTS = 10**7
"""A larger network is refused: its scalars would take up several GB."""

MOST_EPOCHS = 10**6

FEWEST_TO_DIVIDE = 10
"""Of more examples than this, pages that train keep back a fifth to test with."""

Part = tuple[npt.NDArray[Any], npt.NDArray[Any]]

MAKERS: dict[str, Callable[..., Optimizer]] = {**OPTIMIZERS, "sgd": partial(SGD, momentum=0.9)}
"""Every optimiser of the command line by its name; there sgd has momentum."""

USUAL_RATES = {"sgd": 0.1, "adagrad": 0.01, "rmsprop": 0.001, "adadelta": 1.0, "adam": 0.001, "adamw": 0.001}
"""A learning rate to start with, where a recipe is followed with another optimiser than its own."""


@dataclass(frozen=True)
class Recipe:
    """What a multi-layer perceptron learns, and how.

    `load` gives the examples to train on and those to test on, (X, Y) each, with classes as Y. `hidden` holds the
    widths of the hidden layers. The learning rate starts at `lr` and falls to 0 along half a cosine. A `weight_decay`
    of 0 leaves it to the optimiser. Raises `UsageError` for numbers out of range, networks of more than `MOST_WEIGHTS`
    and unknown names.
    """

    load: Callable[[], tuple[Part, Part]]
    outputs: int
    activation: str
    output: str
    loss: str
    hidden: tuple[int, ...]
    epochs: int
    batch_size: int | None
    optimizer: str
    lr: float
    dropout: float = 0.0
    weight_decay: float = 0.0
    dtype: npt.DTypeLike = np.float64

    def __post_init__(self) -> None:
        widths = [*(count("neurons in a layer", width) for width in self.hidden), self.outputs]
        self.check_size([1, *widths])
        if self.batch_size is not None:
            count("examples in a batch", self.batch_size)
        fraction("probability of dropout", self.dropout)
        if count("epochs", self.epochs) > MOST_EPOCHS:
            raise UsageError(f"the number of epochs may be {MOST_EPOCHS} at most, {self.epochs} came")
        self.descent()

    def check_size(self, widths: list[int]) -> None:
        """Raise `UsageError` if layers of these widths have too many weights."""
        weights = sum(a * b for a, b in itertools.pairwise(widths))
        if weights > MOST_WEIGHTS:
            hidden = ", ".join(map(str, self.hidden))
            raise UsageError(f"hidden layers of {hidden} neurons would have {weights} weights, at most {MOST_WEIGHTS} "
                             "are trained: take fewer neurons")

    def model(self, inputs: int, seed: Seed) -> MLP:
        """The network with its first weights."""
        widths = [*self.hidden, self.outputs]
        self.check_size([inputs, *widths])
        return MLP(inputs, widths, self.activation, self.output, seed=seed, dropout=self.dropout)

    def descent(self) -> Optimizer:
        """The optimiser with its schedule."""
        decay = {"weight_decay": self.weight_decay} if self.weight_decay else {}
        return entry("optimiser", self.optimizer, MAKERS)(CosineDecay(self.lr, self.epochs), **decay)

    def train(
        self, model: MLP, X: npt.ArrayLike, Y: npt.ArrayLike, *,
        engine: str | EngineMaker = "compiled", progress: bool = True, seed: Seed = None,
    ) -> History:
        """Train a network on these examples."""
        return fit(
            model, X, Y, self.loss, self.descent(), epochs=self.epochs, batch_size=self.batch_size,
            engine=engine, dtype=self.dtype, progress=progress, seed=seed,
        )

    def play(self, path: PathLike | None = None, *, seed: Seed = 0, **options: Any) -> Any:
        """A page in which a network learns this, made by `viz.play`, whose other options these are."""
        viz = importlib.import_module("viz")  # nn does not depend on viz: it asks for it here, where the user does
        (X, Y), _ = self.load()
        optimizer = entry("optimiser", self.optimizer, MAKERS)(self.lr)
        return viz.play(
            self.model(X.shape[1], seed), X, Y, self.loss, optimizer, path, batch_size=self.batch_size,
            validation_split=0.2 if len(X) > FEWEST_TO_DIVIDE else 0.0, seed=seed, **options,
        )


def two_moons() -> tuple[Part, Part]:
    """200 points to train on and 1000 to test on."""
    return moons(200, noise=0.15, seed=0), moons(1000, noise=0.15, seed=1)


def small_digits() -> tuple[Part, Part]:
    """The digits of the package, a fifth of them to test on."""
    return train_test_split(*digits(), test=0.2, seed=0)


def twice(part: Part) -> tuple[Part, Part]:
    """The same examples to train on and to test on."""
    return part, part


RECIPES = {
    "xor": Recipe(
        lambda: twice(xor()), 1, "tanh", "sigmoid", "binary_cross_entropy",
        hidden=(8,), epochs=200, batch_size=None, optimizer="sgd", lr=0.5,
    ),
    "moons": Recipe(
        two_moons, 1, "tanh", "sigmoid", "binary_cross_entropy",
        hidden=(16,), epochs=100, batch_size=20, optimizer="adam", lr=0.02,
    ),
    "digits": Recipe(
        small_digits, 10, "relu", "linear", "cross_entropy_with_logits",
        hidden=(64,), epochs=30, batch_size=32, optimizer="adam", lr=0.005,
    ),
    "mnist": Recipe(
        mnist, 10, "relu", "linear", "cross_entropy_with_logits",
        hidden=(128,), epochs=10, batch_size=64, optimizer="adamw", lr=0.005, dropout=0.1, weight_decay=0.05,
        dtype=np.float32,
    ),
}
"""Every recipe by its name."""

PLAYED = {
    "xor": replace(RECIPES["xor"], hidden=(3,), optimizer="adam", lr=0.05),
    "moons": replace(RECIPES["moons"], hidden=(8, 8), batch_size=10, lr=0.01),
    "circles": Recipe(
        lambda: twice(circles(200, noise=0.1, seed=0)), 1, "tanh", "sigmoid", "binary_cross_entropy",
        hidden=(4,), epochs=100, batch_size=10, optimizer="adam", lr=0.02,
    ),
    "spirals": Recipe(
        lambda: twice(spirals(240, seed=0)), 1, "tanh", "sigmoid", "binary_cross_entropy",
        hidden=(12, 8), epochs=300, batch_size=20, optimizer="adam", lr=0.02,
    ),
    "digits": replace(RECIPES["digits"], hidden=(16,)),
    "curve": Recipe(
        lambda: twice(curve("sine", 60, seed=0)), 1, "tanh", "linear", "mse",
        hidden=(8, 8), epochs=300, batch_size=10, optimizer="adam", lr=0.01,
    ),
}
"""What pages that train are made of, by name: small networks, all of whose weights are seen."""
