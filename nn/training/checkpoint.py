"""Checkpoints: all that a training needs to go on from a file as if it had never stopped."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import RerollError, SizeError, UsageError
from autograd.files import PathLike
from nn.errors import DataError
from nn.models.module import architecture_of
from nn.models.state import CHECKPOINT, Arrays, Head, beneath, check, read, within, write
from nn.models.state import restore as restore_parameters
from nn.vector import parameters_to_vector, real_numbers

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
    try:
        arrays = read(path, lambda heads: check_heads(training, path, heads))
        progress = json.loads(str(arrays[CHECKPOINT]))
        if progress["optimizer"] != type(training.optimizer).__name__:
            raise UsageError(f"it is of a training with {progress['optimizer']}")
        apply(training, arrays, progress)
    except DataError:
        raise
    except (RerollError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DataError(f"{path} is no checkpoint of this training: {error}") from None


def check_heads(training: Training, path: PathLike, heads: Mapping[str, Head]) -> None:
    """Raise an error unless arrays of these names, shapes and types are of such a training."""
    if CHECKPOINT not in heads:
        raise DataError(f"{path} is no checkpoint: it has no entry named {CHECKPOINT}; those of nn.Checkpoint have")
    check(training.model, beneath("model", heads))
    for name, head in beneath("optimizer", heads).items():
        real_numbers(f"{name} of the optimiser", head.dtype)
        if head.shape not in ((), training.theta.shape):
            raise SizeError("what its optimiser remembers is of another number of parameters")


def apply(training: Training, arrays: Arrays, progress: dict[str, Any]) -> None:
    """Take on what was read: all, or nothing if an error or a warning that is one comes midway."""
    parameters, theta = training.model.state_dict(), training.theta.copy()
    remembered = [(name, callback, callback.state_dict()) for name, callback in remembering(training)]
    optimizer, order, noise = (training.optimizer.state_dict(), training.order.bit_generator.state,
                               training.noise.bit_generator.state)
    try:
        training.optimizer.load_state_dict(beneath("optimizer", arrays))
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
        stopped = str(progress["stopped"])
        restore_parameters(training.model, beneath("model", arrays))
        training.theta[:] = parameters_to_vector(training.model, training.theta.dtype)
    except BaseException:
        restore_parameters(training.model, parameters)
        training.theta[:] = theta
        training.optimizer.load_state_dict(optimizer)
        training.order.bit_generator.state, training.noise.bit_generator.state = order, noise
        for _, callback, state in remembered:
            callback.load_state_dict(state)
        raise
    training.epoch, training.steps = epoch, steps
    if training.rate == began:  # the same training: what callbacks did to its learning rate holds
        training.optimizer.lr = rate
    training.history.columns, training.history.seconds = columns, seconds
    training.history.stopped = stopped


def remembering(training: Training) -> Iterator[tuple[str, Any]]:
    """The callbacks that have something to remember, each under the name of its class and its number in it."""
    met: Counter[str] = Counter()
    for callback in training.callbacks:
        if hasattr(callback, "state_dict") and hasattr(callback, "load_state_dict"):
            kind = type(callback).__name__
            yield f"callback.{kind}{met[kind]}", callback
            met[kind] += 1
