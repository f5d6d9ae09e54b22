"""A recording of a training: what was learned, step by step, to look at afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import SizeError, Value
from autograd.nested import parameters_of
from viz.arguments import count

Floats = npt.NDArray[np.float32]

MEMORY = 64_000_000
"""Bytes that a recording may take, unless it is told otherwise."""


@dataclass(frozen=True)
class Frame:
    """One moment: the loss of a step's examples, the parameters after that step, the gradient that led there."""

    step: int
    epoch: int
    loss: float
    theta: Floats
    gradient: Floats


class Recorder:
    """A recording of every k-th step of a training, for `viz.replay`.

    Give it to training as `nn.fit(…, record=recorder)`, or call `keep` in a loop of your own. Where `memory` bytes are
    full, every second frame is dropped and `every` doubles, so that a training of any length is kept from beginning
    to end.

    >>> w, recorder = Value(2.0, "w"), Recorder()
    >>> for _ in range(3):
    ...     loss = (10 - 3 * w) ** 2
    ...     w.grad = 0.0
    ...     loss.backward()
    ...     recorder.keep([w], loss)
    ...     w.data -= 0.1 * w.grad
    >>> [(frame.step, round(frame.loss, 2), frame.gradient.tolist()) for frame in recorder.frames]
    [(0, 16.0, [-24.0]), (1, 10.24, [19.200000762939453]), (2, 6.55, [-15.359999656677246])]
    """

    changes = False
    """It only watches a training."""

    def __init__(self, every: int = 1, *, title: str = "", memory: int = MEMORY) -> None:
        self.every, self.title, self.memory = count("every", every), title, count("memory", memory)
        self.model: Any = None
        self.frames: list[Frame] = []
        self.steps = 0
        """Steps that were seen, kept or not."""

    def __len__(self) -> int:
        return len(self.frames)

    # ── a loop of one's own ──────────────────────────────────────────────────────────────────

    def keep(self, model: Any, loss: float | Value, *, epoch: int = 0) -> None:
        """Note a step: the parameters of a model, or a list of them, their gradients, and the loss.

        Called once in each step after `backward`, it keeps every k-th.
        """
        params = parameters_of(model)
        if self.steps % self.every == 0:
            theta, gradient = ([getattr(value, name) for value in params] for name in ("data", "grad"))
            self.add(model, loss.data if isinstance(loss, Value) else loss, epoch, theta, gradient)
        self.steps += 1

    # ── nn.fit ───────────────────────────────────────────────────────────────────────────────

    def step(self, training: Any) -> None:
        """Note a step of `nn.fit`, which calls this after each."""
        if self.steps % self.every == 0:
            self.add(training.model, training.loss, training.epoch, training.theta, training.gradient)
        self.steps += 1

    # ── memory ───────────────────────────────────────────────────────────────────────────────

    def add(self, model: Any, loss: float, epoch: int, theta: npt.ArrayLike, gradient: npt.ArrayLike) -> None:
        """Append a frame of copies."""
        frame = Frame(self.steps, epoch, float(loss), np.array(theta, np.float32), np.array(gradient, np.float32))
        if self.frames and self.frames[0].theta.shape != frame.theta.shape:
            raise SizeError(
                f"this recording is of {self.frames[0].theta.size} parameters, a step with {frame.theta.size} came: "
                "each model needs a recorder of its own"
            )
        self.model = model
        self.frames.append(frame)
        if len(self.frames) > 2 and 2 * frame.theta.nbytes * len(self.frames) > self.memory:
            self.every *= 2
            self.frames = [kept for kept in self.frames if kept.step % self.every == 0]
