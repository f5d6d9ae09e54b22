"""Callbacks: what is done besides training, at its moments.

Any function is called with the `Training` at the end of each epoch. An object may have a method for each moment:
`begin`, `step`, `epoch` and `end`; those of `Callback` do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograd.errors import UsageError
from nn.arguments import count, nonnegative
from nn.training.training import Training

RISING = ("accuracy", "precision", "recall")
"""Metrics of these names are better when they are larger; all others when they are smaller."""

MODES = {"min": -1.0, "max": 1.0}


class Callback:
    """Something that watches training; a subclass says at which moments it does what.

    `changes` is whether it may change numbers that the loss or the model reads besides parameters, such as a weight of
    a penalty that grows. They are read anew after each epoch then, which takes a compiled engine as long as a trace; a
    callback that only watches may spare this by `changes = False`.
    """

    changes: bool = True

    def begin(self, training: Training) -> None:
        """Called before the first step."""

    def step(self, training: Training) -> None:
        """Called after each step of the optimiser."""

    def epoch(self, training: Training) -> None:
        """Called after each epoch, when its numbers are in `training.logs`."""

    def end(self, training: Training) -> None:
        """Called after the last step, however training ended, unless by an error."""

    def state_dict(self) -> dict[str, Any]:
        """What it remembers, as numbers and arrays, for a checkpoint."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned."""


class Monitor(Callback):
    """A callback that looks out for the best epoch by one of the numbers of the history.

    Instead of "loss", which was met while the parameters were changing, it measures that of the parameters as they are
    at the end of the epoch: they are what is kept. This takes about a third of the time of the epoch.
    """

    changes = False

    def __init__(self, monitor: str, mode: str, min_delta: float = 0.0) -> None:
        self.monitor = monitor
        if mode not in ("auto", *MODES):
            raise UsageError(f"unknown mode {mode!r}: there are auto, min, max")
        rising = monitor.removeprefix("val_") in RISING
        self.sign = MODES[("max" if rising else "min") if mode == "auto" else mode]
        self.min_delta = nonnegative("smallest improvement (min_delta)", min_delta)
        self.forget()

    def forget(self) -> None:
        """Start without a best epoch."""
        self.best = -np.inf

    def begin(self, training: Training) -> None:
        """Forget any training before this one, unless it goes on from a checkpoint; refuse what nobody will measure."""
        if not training.epoch:
            self.forget()
        names = measured(training)
        if self.monitor.removeprefix("val_") in names or all(map(is_monitor, training.moments["epoch"])):
            check(self.monitor, names)  # else another callback may add it to the logs

    def improved(self, training: Training) -> bool:
        """Whether this epoch is better than all before it by more than `min_delta`."""
        now = self.sign * self.number(training)
        if not now > self.best + self.min_delta:
            return False
        self.best = now
        return True

    def number(self, training: Training) -> float:
        """The number of the parameters as they are now."""
        if self.monitor == "loss":
            return training.measured_loss()
        check(self.monitor, training.logs)
        return training.logs[self.monitor]

    def state_dict(self) -> dict[str, Any]:
        """The best number so far."""
        return {"best": self.best}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        self.best = float(state["best"])


def check(monitor: str, names: Iterable[str]) -> None:
    """Refuse to watch what is not among the numbers of an epoch."""
    if monitor not in names:
        missing = ": give fit validation data" if monitor.startswith("val_") else ""
        raise UsageError(f"there is no {monitor!r} to watch, only {', '.join(names)}{missing}")


def is_monitor(method: Callable[[Any], Any]) -> bool:
    """Whether a callback only reads the numbers of an epoch."""
    return isinstance(getattr(method, "__self__", None), Monitor)


def measured(training: Training) -> list[str]:
    """The names of the numbers that each epoch will have."""
    names = ["loss", *training.evaluator.metrics]
    validated = names if training.validation is not None else []
    return [*names, *(f"val_{name}" for name in validated), "lr"]


class EarlyStopping(Monitor):
    """Stop when `monitor` has not become better for `patience` epochs, and go back to the best parameters.

    `mode` is "min", "max" or "auto": for "auto", accuracy, precision and recall should rise and all else fall. Better
    means by more than `min_delta`. With `restore`, the parameters of the best epoch are taken on when training ends,
    early or not. The "loss" is measured anew after each epoch, and before the first: that of the history was met
    while the parameters were changing, and would not be that of any.

    Source: Prechelt, Early stopping, but when?, in: Neural networks: tricks of the trade, Springer, 1998.
    """

    def __init__(
        self, monitor: str = "val_loss", patience: int = 10, *, min_delta: float = 0.0, mode: str = "auto",
        restore: bool = True,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience, self.restore = count("epochs of patience", patience), restore

    def forget(self) -> None:
        """Start without a best epoch."""
        super().forget()
        self.waited = 0
        self.theta: Any = None

    def begin(self, training: Training) -> None:
        """As a monitor; the first parameters may be the best by the loss, and a checkpoint may have waited enough."""
        super().begin(training)
        if self.monitor == "loss" and not training.epoch:
            self.note(training)
        self.judge(training)

    def epoch(self, training: Training) -> None:
        """Note the parameters if they are the best so far; stop if they have not been for too long."""
        self.waited += 1
        self.note(training)
        self.judge(training)

    def note(self, training: Training) -> None:
        """Keep the parameters if they are the best so far."""
        if self.improved(training):
            self.waited, self.theta = 0, training.theta.copy()

    def judge(self, training: Training) -> None:
        """Stop if the best was too long ago."""
        if self.waited >= self.patience:
            training.stop(f"{self.monitor} has not become better for {self.waited} epochs")

    def end(self, training: Training) -> None:
        """Go back to the best parameters."""
        if self.restore and self.theta is not None:
            training.theta[:] = self.theta

    def state_dict(self) -> dict[str, Any]:
        """The best number so far, its parameters, and for how long it has been the best."""
        return {**super().state_dict(), "waited": self.waited,
                **({} if self.theta is None else {"theta": self.theta.copy()})}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        super().load_state_dict(state)
        self.waited = int(state["waited"])
        self.theta = np.array(state["theta"]) if "theta" in state else None


class Checkpoint(Monitor):
    """Write all that training needs to go on from here to a file, after every so many epochs.

    `fit(…, resume=path)` then goes on as if it had never stopped, and `model.load(path)` takes on the parameters. With
    `best_only`, the file is that of the best of these epochs by `monitor`. It is written whole or not at all.
    """

    def __init__(
        self, path: Any, every: int = 1, *, best_only: bool = False, monitor: str = "val_loss", mode: str = "auto"
    ) -> None:
        super().__init__(monitor, mode)
        self.path, self.every, self.best_only = path, count("epochs between checkpoints", every), best_only

    def begin(self, training: Training) -> None:
        """Find out now whether the file can be written."""
        if self.best_only:
            super().begin(training)
        training.check_writable(self.path)

    def epoch(self, training: Training) -> None:
        """Write the file, if it is time and worth it."""
        due = training.epoch % self.every == 0
        if due and (not self.best_only or self.improved(training)):
            training.save(self.path)
