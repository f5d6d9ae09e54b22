"""A training as it goes: the state that callbacks see, one epoch of it, and checkpoints.

A checkpoint is all that a training needs to go on from a file as if it had never stopped.
"""

from __future__ import annotations

import contextlib
import functools
import json
import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from autograd.errors import RerollError, SizeError, UsageError
from autograd.files import PathLike, check_writable
from autograd.flat import Flat
from autograd.modes import lock
from autograd.nested import aligned_like, all_finite, is_finite, parameters_of
from nn.arguments import listed
from nn.errors import DataError
from nn.metrics import METRICS
from nn.models.module import Module, architecture_of, unchanged
from nn.models.state import CHECKPOINT, Arrays, Head, beneath, check, read, within, write
from nn.models.state import restore as restore_parameters
from nn.optim import Optimizer
from nn.training.engine import Engine
from nn.training.evaluation import Evaluator, Examples
from nn.training.history import History
from nn.training.interrupt import Interrupt
from nn.training.progress import Progress, progress
from nn.vector import cast, parameters_to_vector, real_numbers, vector_to_parameters

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Step = Callable[[Any, Any], Any]
"""Changes θ along the gradient, as an optimiser does."""

MOMENTS = ("begin", "step", "epoch", "end")
"""When callbacks are called."""

SMALL = 2e8
"""Floating-point operations of a step, about 10 ms of a core, below which one thread does them all."""


@dataclass(eq=False, repr=False)
class Training:
    """The state of a training, from which callbacks read and which they may change.

    - `model`, `optimizer`, `history`: what `fit` was given, and what it will return;
    - `epoch` counts from 1, up to `epochs`; `steps` counts the steps of the optimiser;
    - `theta` are all parameters as one vector after the last step, `gradient` that of the step, and `loss` the mean
      loss of its examples. The arrays are used again: keep copies. What is written into `theta` stays;
    - `logs` are the numbers of the last epoch, by name.
    """

    model: Module
    optimizer: Optimizer
    program: Engine
    evaluator: Evaluator
    examples: Examples
    validation: Examples | None
    _: KW_ONLY
    epochs: int
    batch_size: int
    order: np.random.Generator
    shuffle: bool
    noise: np.random.Generator
    callbacks: Sequence[Any]
    dtype: npt.DTypeLike
    step: Step
    history: History = field(default_factory=History, init=False)
    epoch: int = field(default=0, init=False)
    steps: int = field(default=0, init=False)
    loss: float = field(default=math.nan, init=False)
    logs: dict[str, float] = field(default_factory=dict, init=False)
    saves: list[PathLike] = field(default_factory=list, init=False)
    unsound: str = field(default="", init=False)
    """Why training cannot go on, once a number is not finite."""

    def __post_init__(self) -> None:
        self.place = f" on {self.program.place}" if hasattr(self.program, "place") else ""
        self.moments = moments_of(self.callbacks)
        self.changing = {moment for moment, methods in self.moments.items() if may_change(methods)}
        self.parameters = parameters_of(self.model)  # to find them takes longer than to write their numbers
        self.flat = Flat(self.parameters)
        numbers = parameters_to_vector(self.parameters, self.dtype)
        self.theta, self.gradient = aligned_like(numbers), aligned_like(numbers)
        self.theta[:] = numbers
        self.rate = self.optimizer.lr

    # ── for callbacks ────────────────────────────────────────────────────────────────────────

    def stop(self, reason: str) -> None:
        """End training after this epoch; `history.stopped` says why."""
        self.history.stopped = reason

    def save(self, path: PathLike) -> None:
        """Write a checkpoint when all callbacks are done with this epoch."""
        self.saves.append(path)

    def measured_loss(self) -> float:
        """The mean loss over the training examples of the parameters as they are now, as when predicting.

        `logs["loss"]` is that of the examples as they were met, while the parameters were changing.
        """
        if self.changing:
            self.evaluator.read_anew()
        return self.evaluator(self.theta, self.examples, metrics=False)["loss"]

    def check_writable(self, path: PathLike) -> None:
        """Raise `DataError` if no file can be written there."""
        check_writable(path, DataError)

    # ── running ──────────────────────────────────────────────────────────────────────────────

    def resume(self, path: PathLike) -> None:
        """Go back to where a checkpoint was written; raises `DataError` or `UsageError`, and then changes nothing."""
        restore(self, path)

    def run(self, shown: bool, resume: PathLike | None = None, interrupt: Interrupt | None = None) -> History:
        """All epochs, or those that are left after a checkpoint; in a block of `interrupt` where Ctrl-C may come."""
        interrupt = interrupt or Interrupt()
        if resume is None:
            self.optimizer.reset()  # it may have trained another model
        else:
            self.resume(resume)
            self.history.stopped = ""  # early stopping judges again, perhaps with more patience
        self.began = time.perf_counter() - self.history.seconds
        told = progress(self.epoch, self.epochs, len(self.examples), shown)
        try:
            with told, self.model.mode(training=True), self._threads():
                with interrupt.leavable():
                    self._try_metrics()
                    self._tell("begin")
                    self._note_resumption()
                    while self.epoch < self.epochs and not (self.history.stopped or interrupt.came):
                        if self._run_epoch(told, interrupt):
                            self._finish_epoch(told)
                self.history.interrupted = interrupt.came
                with interrupt.leavable():
                    self._tell("end")
                if interrupt.came:
                    self._note_interruption(told)
        finally:
            self.history.seconds = time.perf_counter() - self.began
            self.optimizer.lr = self.rate  # a callback may have changed it, for this training
            self.write_back()
        return self.history

    def _try_metrics(self) -> None:
        """Measure the metrics of the user's own, which raise now what they would raise after the first epoch."""
        if all(metric in METRICS.values() for metric in self.evaluator.metrics.values()):
            return
        for part in (self.examples, self.validation):
            if part is not None:
                self.evaluator(self.theta, part)

    def _threads(self) -> contextlib.AbstractContextManager[None]:
        """One thread for matrix products, where they are too small to share among cores.

        With two, MNIST in batches of 64 takes 15 % less time where nothing else runs, but two to seven times as long
        where another program is busy on one of the cores: every product waits for the slower thread.
        """
        flops = 6 * self.theta.size * min(self.batch_size, len(self.examples))  # forward and twice backward, 2 each
        return ONE_THREAD if flops < SMALL else contextlib.nullcontext()

    def _run_epoch(self, told: Progress, interrupt: Interrupt) -> bool:
        """Meet every example once; False if Ctrl-C came in between."""
        told.begin(f"epoch {self.epoch + 1}/{self.epochs}{self.place}")
        both = [np.ascontiguousarray(array) for array in (self.examples.inputs, self.examples.targets)]
        n, summed, met = len(self.examples), 0.0, 0
        # Into memory that the system has given already:
        places = [np.empty((min(self.batch_size, n), *array.shape[1:]), array.dtype) for array in both]
        for rows in batches(n, self.batch_size, self.order if self.shuffle else None):
            if interrupt.came:
                return False
            self.optimizer.at(self.epoch + met / n)
            with np.errstate(over="ignore", invalid="ignore"):
                x, y = (array.take(rows, 0, place if len(rows) == len(place) else place[: len(rows)], "clip")
                        for array, place in zip(both, places, strict=True))
                value, _ = self.program.value_and_grad(self.theta, x, y, rng=self.noise, out=self.gradient)
                self.loss = float(value)
                summed, met = summed + self.loss * len(rows), met + len(rows)
                if not is_finite(self.gradient):
                    self.unsound = f"the gradient is not finite in epoch {self.epoch + 1}"
                    break  # the parameters stay what they are after the last sound step
                self.step(self.theta, self.gradient)
            self.steps += 1
            told.advance(len(rows))
            self._tell("step")
        self.logs = {"loss": summed / met}
        self.epoch += 1
        if not math.isfinite(self.logs["loss"]):
            self.unsound = f"the loss is {self.logs['loss']} in epoch {self.epoch}"
        elif not all_finite(self.theta):
            self.unsound = f"parameters are not finite after epoch {self.epoch}"
        return True

    def _finish_epoch(self, told: Progress) -> None:
        """Measure, note and tell what the epoch has brought; save it if anybody asks, and it is sound."""
        self.history.seconds = time.perf_counter() - self.began
        if self.changing:
            self.evaluator.read_anew()
        if self.evaluator.metrics:
            measured = self.evaluator(self.theta, self.examples)
            self.logs |= {name: measured[name] for name in self.evaluator.metrics}
        if self.validation is not None:
            self.logs |= self.evaluator(self.theta, self.validation, "val_")
        shown = {name: f"{number:.4g}" for name, number in self.logs.items()}
        told.finish(self.epoch, shown | {"lr": f"{self.optimizer.lr:.3g}"})
        self.logs["lr"] = self.optimizer.lr
        self.history.append(self.logs)
        self._tell("epoch")
        self._read_anew()
        if self.unsound:
            self.saves.clear()
            self.stop(self.unsound)
            warnings.warn(f"{self.history.stopped}: nn.diagnose says where it comes from; or try a lower learning rate",
                          RuntimeWarning, stacklevel=4)
        while self.saves:
            save(self, self.saves.pop())

    def _read_anew(self) -> None:
        """Let a compiled program have the numbers that callbacks changed, which were frozen when it was traced."""
        by_step = "step" in self.changing
        if not by_step and ("epoch" not in self.changing or self.epoch == self.epochs):
            return
        with unchanged(self.model):
            changed = hasattr(self.program, "retrace") and self.program.retrace()
        if changed and by_step:
            warnings.warn('numbers that the loss reads were changed in the course of an epoch; a compiled engine reads '
                          'them anew after each epoch, engine="eager" at each step', RuntimeWarning, stacklevel=5)

    def _note_resumption(self) -> None:
        """Say so where a checkpoint leaves nothing to train, since early stopping has waited long enough before it."""
        if self.history.stopped:
            message = f"nothing is left to train after this checkpoint, since {self.history.stopped}"
            warnings.warn(f"{message}: more patience lets it go on", RuntimeWarning, stacklevel=4)

    def _note_interruption(self, told: Progress) -> None:
        """Say that Ctrl-C ended training, where the user looks: beside the progress, or in a warning."""
        message = f"interrupted after {self.epoch} of {self.epochs} epochs"
        if not told.shown:
            warnings.warn(f"{message}: the model keeps what it has learned", RuntimeWarning, stacklevel=4)
        told.end(message)

    def _tell(self, moment: str) -> None:
        """Call the callbacks of a moment; epochs and the beginning and end find the model up to date."""
        methods = self.moments[moment]
        if methods and moment == "epoch":
            self.flat.assign(cast("a vector", self.theta))  # laid flat, since few callbacks look at single numbers
        elif methods and moment != "step":
            self.write_back()
        for method in methods:
            method(self)

    def write_back(self) -> None:
        """Let the model have the parameters after the last step."""
        vector_to_parameters(self.theta, self.parameters)


def moments_of(callbacks: Any) -> dict[str, list[Callable[[Any], Any]]]:
    """What to call at each moment."""
    found: dict[str, list[Callable[[Any], Any]]] = {moment: [] for moment in MOMENTS}
    for callback in listed("callbacks", callbacks):
        methods = {moment: getattr(callback, moment) for moment in MOMENTS if callable(getattr(callback, moment, None))}
        if isinstance(callback, type) or not (methods or callable(callback)):
            raise UsageError(f"a callback is a function, or an object with a method among {', '.join(MOMENTS)}; "
                             f"{callback!r} came")
        for moment, method in (methods or {"epoch": callback}).items():
            found[moment].append(method)
    return found


def may_change(methods: Iterable[Callable[[Any], Any]]) -> bool:
    """Whether a callback among these may change what the loss reads."""
    return any(getattr(getattr(method, "__self__", None), "changes", True) for method in methods)


# ── checkpoints ───────────────────────────────────────────────────────────────────────────────


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
        take_on(training, arrays, progress)
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


def take_on(training: Training, arrays: Arrays, progress: dict[str, Any]) -> None:
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


# ── threads and batches ───────────────────────────────────────────────────────────────────────


class OneThread(contextlib.AbstractContextManager[None]):
    """A ``with`` block in which matrix products take one thread; the last of several that overlap restores the rest."""

    def __init__(self) -> None:
        self.lock, self.holders = lock(), 0
        self.limit: Any = None

    def __enter__(self) -> None:
        with self.lock:
            if not self.holders:
                self.limit = thread_pools().limit(limits=1, user_api="blas")
            self.holders += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.holders -= 1
            if not self.holders:
                self.limit.restore_original_limits()


ONE_THREAD = OneThread()
"""The threads of matrix products belong to the process, and so does this."""


@functools.cache
def thread_pools() -> ThreadpoolController:
    """The thread pools of the libraries that are loaded, NumPy's among them; finding them takes as long as a step."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def batches(n: int, size: int, rng: np.random.Generator | None) -> Iterator[npt.NDArray[Any]]:
    """The numbers of n examples in portions of `size`, the last perhaps smaller, shuffled by a generator.

    >>> [rows.tolist() for rows in batches(5, 2, None)]
    [[0, 1], [2, 3], [4]]
    """
    order = np.arange(n) if rng is None else rng.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]
