"""Checkpoints: all that a training needs to go on from a file as if it had never stopped."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import RerollError, SizeError, UsageError
from autograd.files import PathLike
from nn.errors import DataError
from nn.models.module import architecture_of
from nn.models.state import CHECKPOINT, Arrays, beneath, read, within, write
from nn.models.state import restore as restore_parameters

if TYPE_CHECKING:
    from nn.training.training import Training


def save(training: Training, path: PathLike) -> None:
    """Write a training at the end of an epoch: parameters, optimiser, callbacks, history and random generators."""
    training.write_back()
    progress = {
        "epoch": training.epoch,
        "steps": training.steps,
        "columns": training.history.columns,
        "seconds": training.history.seconds,
        "stopped": training.history.stopped,
        "optimizer": type(training.optimizer).__name__,
        "rates": [training.rate, training.optimizer.lr],
        "order": training.order.bit_generator.state,
        "noise": training.noise.bit_generator.state,
    }
    arrays = {CHECKPOINT: np.array(json.dumps(progress, default=np.ndarray.tolist))} | architecture_of(training.model)
    arrays |= within("model", training.model.state_dict())
    arrays |= within("optimizer", training.optimizer.state_dict())
    for name, callback in remembering(training):
        arrays |= within(name, callback.state_dict())
    write(path, arrays)


def restore(training: Training, path: PathLike) -> None:
    """Bring a training to where a checkpoint was written; if anything does not fit, nothing is changed."""
    arrays = read(path)
    if CHECKPOINT not in arrays:
        raise DataError(f"{path} is no checkpoint: it has no entry named {CHECKPOINT}; those of nn.Checkpoint have")
    try:
        progress = json.loads(str(arrays[CHECKPOINT]))
        if progress["optimizer"] != type(training.optimizer).__name__:
            raise UsageError(f"it is of a training with {progress['optimizer']}")
        apply(training, arrays, progress)
    except (RerollError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(f"{path} is no checkpoint of this training: {error}") from None


def apply(training: Training, arrays: Arrays, progress: dict[str, Any]) -> None:
    """Take on what was read, the parameters last: they are the ones that must not be half restored."""
    remembered = [(name, callback, callback.state_dict()) for name, callback in remembering(training)]
    optimizer, order, noise = (training.optimizer.state_dict(), training.order.bit_generator.state,
                               training.noise.bit_generator.state)
    try:
        training.optimizer.load_state_dict(beneath("optimizer", arrays))
        if any(vector.shape != training.theta.shape for vector in training.optimizer.state.values()):
            raise SizeError("what its optimiser remembers is of another number of parameters")
        training.order.bit_generator.state = progress["order"]
        training.noise.bit_generator.state = progress["noise"]
        for name, callback, _ in remembered:
            if state := beneath(name, arrays):  # a new callback begins anew
                callback.load_state_dict(state)
        columns = {str(name): [float(x) for x in column] for name, column in progress["columns"].items()}
        epoch, steps, seconds = int(progress["epoch"]), int(progress["steps"]), float(progress["seconds"])
        began, rate = map(float, progress.get("rates", (training.rate, training.rate)))
        if epoch < 0 or steps < 0:
            raise UsageError(f"it counts {epoch} epochs and {steps} steps")
        restore_parameters(training.model, beneath("model", arrays))
    except BaseException:
        training.optimizer.load_state_dict(optimizer)
        training.order.bit_generator.state, training.noise.bit_generator.state = order, noise
        for _, callback, state in remembered:
            callback.load_state_dict(state)
        raise
    training.theta[:] = [value.data for value in training.model.parameters()]
    training.epoch, training.steps = epoch, steps
    if training.rate == began:  # the same training: what callbacks did to its learning rate holds
        training.optimizer.lr = rate
    training.history.columns, training.history.seconds = columns, seconds
    training.history.stopped = str(progress["stopped"])


def remembering(training: Training) -> Iterator[tuple[str, Any]]:
    """The callbacks that have something to remember, each under the name of its class and its number in it."""
    met: Counter[str] = Counter()
    for callback in training.callbacks:
        if hasattr(callback, "state_dict") and hasattr(callback, "load_state_dict"):
            kind = type(callback).__name__
            yield f"callback.{kind}{met[kind]}", callback
            met[kind] += 1
