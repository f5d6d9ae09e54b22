"""Checkpoints: all that a training needs to go on from a file as if it had never stopped."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import RerollError, UsageError
from nn.errors import DataError
from nn.state import CHECKPOINT, Arrays, PathLike, read, write
from nn.state import restore as restore_parameters

if TYPE_CHECKING:
    from nn.training import Training


def save(training: Training, path: PathLike) -> None:
    """Write a training at the end of an epoch: parameters, optimiser, callbacks, history and random generators."""
    progress = {
        "epoch": training.epoch,
        "steps": training.steps,
        "columns": training.history.columns,
        "seconds": training.history.seconds,
        "stopped": training.history.stopped,
        "optimizer": type(training.optimizer).__name__,
        "order": training.order.bit_generator.state,
        "noise": training.noise.bit_generator.state,
    }
    arrays = {CHECKPOINT: np.array(json.dumps(progress))}
    arrays |= within("model", training.model.state_dict())
    arrays |= within("optimizer", training.optimizer.state_dict())
    for number, callback in enumerate(remembering(training)):
        arrays |= within(f"callback{number}", callback.state_dict())
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
    except (RerollError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is no checkpoint of this training: {error}") from None


def apply(training: Training, arrays: Arrays, progress: dict[str, Any]) -> None:
    """Take on what was read, the parameters last: they are the ones that must not be half restored."""
    remembered = [(callback, callback.state_dict()) for callback in remembering(training)]
    optimizer, order, noise = (training.optimizer.state_dict(), training.order.bit_generator.state,
                               training.noise.bit_generator.state)
    try:
        training.optimizer.load_state_dict(beneath("optimizer", arrays))
        training.order.bit_generator.state = progress["order"]
        training.noise.bit_generator.state = progress["noise"]
        for number, (callback, _) in enumerate(remembered):
            callback.load_state_dict(beneath(f"callback{number}", arrays))
        columns = {str(name): [float(x) for x in column] for name, column in progress["columns"].items()}
        epoch, steps, seconds = int(progress["epoch"]), int(progress["steps"]), float(progress["seconds"])
        restore_parameters(training.model, beneath("model", arrays))
    except BaseException:
        training.optimizer.load_state_dict(optimizer)
        training.order.bit_generator.state, training.noise.bit_generator.state = order, noise
        for callback, state in remembered:
            callback.load_state_dict(state)
        raise
    training.theta[:] = [value.data for value in training.model.parameters()]
    training.epoch, training.steps = epoch, steps
    training.history.columns, training.history.seconds = columns, seconds
    training.history.stopped = str(progress["stopped"])


def remembering(training: Training) -> list[Any]:
    """The callbacks that have something to remember."""
    return [callback for callback in training.callbacks if hasattr(callback, "load_state_dict")]


def within(room: str, state: dict[str, Any]) -> Arrays:
    """Arrays under names that begin with that of a room."""
    return {f"{room}.{name}": np.asarray(value) for name, value in state.items()}


def beneath(room: str, arrays: Arrays) -> Arrays:
    """The arrays of a room, by the names they have there."""
    return {name.removeprefix(f"{room}."): array for name, array in arrays.items() if name.startswith(f"{room}.")}
