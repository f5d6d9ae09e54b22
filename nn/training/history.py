"""What happened during training: one number of each kind for each epoch."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from autograd.errors import MissingPackageError
from nn.errors import UnknownColumnError
from nn.examples import FloatArray


class History(Mapping[str, FloatArray]):
    """A record of training: arrays of shape (epochs,), by name.

    There are always `loss`, the mean loss of the examples of an epoch, met while the parameters were changing, and
    `lr`, the learning rate of its last step. Metrics have their own names; what was measured on validation data has
    `val_` before it. `history.val_loss` and `history["val_loss"]` are the same.

    `seconds` is the time that training took, `interrupted` whether Ctrl-C ended it, and `stopped` why a callback did.

    >>> history = History()
    >>> history.append({"loss": 0.5, "lr": 0.1})
    >>> history.append({"loss": 0.25, "lr": 0.1})
    >>> history.loss, len(history.epochs)
    (array([0.5 , 0.25]), 2)
    """

    def __init__(self) -> None:
        self.columns: dict[str, list[float]] = {"loss": [], "lr": []}
        self.seconds = 0.0
        self.interrupted = False
        self.stopped = ""

    def append(self, logs: Mapping[str, float]) -> None:
        """Add the numbers of an epoch."""
        for name, number in logs.items():
            self.columns.setdefault(name, []).append(float(number))

    @property
    def epochs(self) -> FloatArray:
        """1, 2, …: the numbers of the epochs."""
        return np.arange(1.0, len(self.columns["loss"]) + 1)

    def plot(self, **options: Any) -> Any:
        """The curves, drawn by `viz.plots.history`, whose options these are; returns the axes.

        Raises `MissingPackageError` without matplotlib.
        """
        try:
            # nn does not depend on viz: it asks for it here, where the user does.
            plots = importlib.import_module("viz.plots")
        except ModuleNotFoundError as error:
            message = f'plots need {error.name}, which is not installed: pip install -e ".[plots]"'
            raise MissingPackageError(message) from None
        return plots.history(self, **options)

    # ── a mapping ────────────────────────────────────────────────────────────────────────────

    def __getitem__(self, name: str) -> FloatArray:
        if name not in self.columns:
            raise UnknownColumnError(f"history has no {name!r}: there are {', '.join(self.columns)}")
        return np.array(self.columns[name])

    def __getattr__(self, name: str) -> FloatArray:
        columns = self.__dict__.get("columns", {})
        if name not in columns:
            raise AttributeError(f"history has no {name!r}: there are {', '.join(columns)}")
        return np.array(columns[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, History) and self.columns == other.columns

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {numbers[-1]:.4g}" for name, numbers in self.columns.items() if numbers)
        return f"<History of {len(self.columns['loss'])} epochs{': ' + last if last else ''}>"
