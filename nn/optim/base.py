"""What all optimisers have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

import numpy as np

from autograd.errors import SizeError, UsageError
from nn.arguments import entry, nonnegative, precision, rate
from nn.optim.clip import Vector, clip_by_norm, clip_by_value

Schedule = Callable[[float], float]
"""A learning rate that changes: a function of the epochs that have passed, such as those of `nn.schedules`."""

DECAY_FORMS = {"torch": 1.0, "lecture": 2.0}


class Options(TypedDict, total=False):
    """What every optimiser takes besides its own numbers."""

    weight_decay: float
    decay_form: str
    clip_norm: float | None
    clip_value: float | None


class Optimizer:
    """A rule that improves θ step by step; a subclass says in `update` how far to go.

    `lr` is the learning rate, or a schedule of it. `clip_norm` and `clip_value` bound the gradient before
    it is used. `weight_decay` λ then adds to it λθ in the `decay_form` "torch", as PyTorch's optimisers do
    and as the penalty λ/2 Σθ² would; and 2λθ in the form "lecture", the gradient of λ Σθ². Both pull at
    *every* parameter; the penalties of `nn.losses` leave biases alone.
    """

    memory: tuple[str, ...] = ()
    """The names of the vectors that are kept from step to step, zeros at first."""

    def __init__(
        self, lr: float | Schedule, *, weight_decay: float = 0.0, decay_form: str = "torch",
        clip_norm: float | None = None, clip_value: float | None = None,
    ) -> None:
        self.schedule: Schedule | None = lr if callable(lr) else None
        self.lr = self.at(0.0) if callable(lr) else rate("learning rate", lr)
        self.decay = nonnegative("weight decay", weight_decay) * entry("form of weight decay", decay_form, DECAY_FORMS)
        self.clip_norm = None if clip_norm is None else rate("longest gradient (clip_norm)", clip_norm)
        self.clip_value = None if clip_value is None else rate("largest slope (clip_value)", clip_value)
        self.steps = 0
        self.state: dict[str, Vector] = {}
        self.move: Vector = np.empty(0)
        self.bent: Vector = self.move
        self.spare: Vector = self.move

    def reset(self) -> None:
        """Forget all steps, as before the first; the learning rate stays."""
        self.load_state_dict({"steps": 0})

    def at(self, epochs: float) -> float:
        """Set the learning rate to that of the schedule, if there is one, after so many epochs; returns it."""
        if self.schedule is not None:
            self.lr = nonnegative(f"learning rate of the schedule after {epochs:g} epochs", self.schedule(epochs))
        return self.lr

    def step(self, theta: Vector, gradient: Vector) -> Vector:
        """Change `theta` in place, one step against the gradient, and return it; the gradient stays as it is.

        Raises `SizeError` if the two differ in shape, or from those of the steps before.
        """
        self.begin(theta, gradient)
        return self.change(theta, gradient)

    def begin(self, theta: Vector, gradient: Vector) -> None:
        """Count a step, after a look at its arguments."""
        if theta.shape != gradient.shape:
            raise SizeError(f"a gradient of shape {theta.shape} is expected, one of shape {gradient.shape} came")
        if self.move.shape != theta.shape or self.move.dtype != theta.dtype:
            self.prepare(theta)
        self.steps += 1

    def change(self, theta: Vector, gradient: Vector) -> Vector:
        """Change `theta`, by calls of NumPy that write into vectors that are there: `Fused` has them done at once."""
        return np.subtract(theta, self.update(self.regularized(theta, gradient)), out=theta)

    def update(self, gradient: Vector) -> Vector:
        """What to subtract from θ; it may be written into `self.move`, and what else there is into `self.spare`."""
        raise UsageError(f"{type(self).__name__} needs a method update(self, gradient), which returns the step")

    def prepare(self, theta: Vector) -> None:
        """Allocate all vectors, so that no step has to."""
        precision(theta.dtype)
        for name in self.memory:
            kept = self.state.get(name)
            if kept is not None and kept.shape != theta.shape:
                raise SizeError(
                    f"this optimiser remembers a {name} of shape {kept.shape}, parameters of shape {theta.shape} "
                    f"came: each model needs an optimiser of its own"
                )
            self.state[name] = np.zeros_like(theta) if kept is None else kept.astype(theta.dtype)
        self.move, self.bent, self.spare = (np.empty_like(theta) for _ in range(3))

    def regularized(self, theta: Vector, gradient: Vector) -> Vector:
        """The gradient after clipping and weight decay."""
        if self.clip_value is not None:
            gradient = clip_by_value(gradient, self.clip_value, out=self.bent)
        if self.clip_norm is not None:
            gradient = clip_by_norm(gradient, self.clip_norm, out=self.bent)
        if self.decay:
            gradient = np.add(gradient, np.multiply(theta, self.decay, out=self.move), out=self.bent)
        return gradient

    # ── checkpoints ──────────────────────────────────────────────────────────────────────────

    def state_dict(self) -> dict[str, Any]:
        """What the optimiser remembers, as copies: `steps`, the number of them, and each vector of `memory`."""
        return {"steps": self.steps, **{name: vector.copy() for name, vector in self.state.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned; raises `UsageError` for the memory of another kind."""
        known = [{"steps"}, {"steps", *self.memory}]
        if set(state) not in known:
            raise UsageError(f"{type(self).__name__} remembers {', '.join(('steps', *self.memory))}; "
                             f"{', '.join(map(str, state)) or 'nothing'} came")
        memory = {name: np.array(state[name]) for name in self.memory if name in state}
        self.steps, self.state = int(state["steps"]), memory
        self.move = self.bent = self.spare = np.empty(0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lr={self.schedule or self.lr})"
