"""A word that `fit` says by itself where nothing was learned, plainly."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd.errors import RerollError
from nn.diagnosis.causes import CAUSES, rough
from nn.diagnosis.setups import Setup, Trial, unexplained
from nn.diagnosis.signs import Case
from nn.losses import Loss
from nn.models.module import Module
from nn.optim import Optimizer
from nn.training.evaluation import Examples
from nn.training.history import History
from nn.vector import parameters_to_vector

RISEN, FALLEN, LEFT = 2.0, 0.99, 0.9
"""A loss has risen plainly if it is so many times as large at the end, and has not fallen if it is never below this
share of the first; then nothing was learned if so much of the targets is unexplained."""

PATIENCE = 10
"""Epochs before which nothing is said of a loss that has not fallen."""

SMALL = 20_000
"""Parameters up to which it is worth a look why."""


def hint(
    model: Module, examples: Examples, loss: str | Loss, optimizer: Optimizer, options: Mapping[str, Any],
    history: History,
) -> None:
    """Print one line to stderr if a training has plainly failed; nothing else."""
    words = failure(Setup(model, examples.inputs, examples.given, loss, optimizer, options), history)
    if words:
        print(f"hint: {words}; nn.diagnose finds the cause", file=sys.stderr)


def failure(setup: Setup, history: History) -> str:
    """What failed, and what is suspected; empty where nothing has plainly failed."""
    losses = history.loss
    if not len(losses) or not np.isfinite(losses).all() or losses[0] <= 0:
        return ""  # of nan and inf `fit` warns anyway
    risen = losses[-1] > RISEN * losses[0]
    if not risen and (len(losses) < PATIENCE or losses.min() < FALLEN * losses[0]):
        return ""
    try:
        outputs = setup.model.predict(setup.X).reshape(len(setup.X), -1)
        left = 1.0 if setup.meaning is None else unexplained(setup.meaning, outputs, setup.targets())
        if not risen and (setup.meaning is None or left < LEFT):
            return ""
        failed = "risen" if risen else "not fallen"
        words = f"the loss has {failed}, from {losses[0]:.4g} to {losses[-1]:.4g}"
        theta = parameters_to_vector(setup.model)
        case = Case(setup, Trial(setup, losses, theta, outputs, setup.targets(), left), np.zeros(0))
        for cause in CAUSES if theta.size < SMALL else ():
            if failed in cause.after and (evidence := cause.suspect(case)):
                numbers = "" if cause.suspect is rough else f" ({evidence})"  # the loss has been told
                return f"{words}, perhaps since {cause.name}{numbers}"
    except RerollError:  # a hint is no reason to fail
        return ""
    return words
