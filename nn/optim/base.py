"""What all optimisers have in common."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypedDict, overload

import numpy as np

from autograd.compiler.printers.rules import Rule
from autograd.errors import RerollError, SizeError, UsageError
from autograd.flat import assign, gradients_of, numbers_of, zero_gradients
from autograd.nested import aligned_like, parameters_of
from autograd.ops import is_several
from autograd.value import Value
from nn.arguments import entry, nonnegative, precision, rate
from nn.optim.clip import Vector, clip_by_norm, clip_by_value

Schedule = Callable[[float], float]
"""A learning rate that changes: a function of the epochs that have passed, such as those of `nn.schedules`."""

DECAY_FORMS = {"torch": 1.0, "lecture": 2.0}

SWEPT = 32
"""After so many steps, what the memory has of subnormal numbers is set to 0."""


class Options(TypedDict, total=False):
    """What every optimiser takes besides its own numbers."""

    weight_decay: float
    decay_form: str
    clip_norm: float | None
    clip_value: float | None


def takes_parameters(init: Callable[..., None]) -> Callable[..., None]:
    """An `__init__` of an optimiser whose arguments may come after the parameters to change."""

    @functools.wraps(init)
    def bound(self: Optimizer, *given: Any, **options: Any) -> None:
        if "params" in options:
            given = options.pop("params"), *given
        if given and are_parameters(given[0]):
            self.params, given = tuple(bindable(given[0])), given[1:]
        init(self, *given, **options)

    return bound


def are_parameters(first: Any) -> bool:
    """Whether an optimiser is given parameters, and no rate or schedule: a schedule is a function, so is a model."""
    return hasattr(first, "parameters") or (is_several(first) and not isinstance(first, str))


def bindable(given: Any) -> list[Value]:
    """The parameters among models, Values and lists of them; raises `UsageError` for none and for groups of them."""
    given = list(given) if isinstance(given, Iterator) else given
    if isinstance(given, (list, tuple)) and any(isinstance(member, dict) and "params" in member for member in given):
        raise UsageError("an optimiser has one rate for all its parameters: make one for each group, such as "
                         "SGD(model.layers[0].parameters(), lr=0.1)")
    if not (values := parameters_of(given)):
        raise UsageError("an optimiser needs at least one parameter to change, none came")
    return values


class Optimizer:
    """A rule that improves θ step by step; a subclass says in `update` how far to go.

    `lr` is the learning rate, or a schedule of it. `clip_norm` and `clip_value` bound the gradient before
    it is used. `weight_decay` λ then adds to it λθ in the `decay_form` "torch", as PyTorch's optimisers do
    and as the penalty λ/2 Σθ² would; and 2λθ in the form "lecture", the gradient of λ Σθ². Both pull at
    *every* parameter; the penalties of `nn.losses` leave biases alone.

    Before all these there may be parameters, as in PyTorch: a model, or Values in nested lists or dicts. Then `step()`
    changes their data along their `grad`, and `zero_grad()` sets that to zero. `fit` needs no parameters, since it
    knows its model. A schedule is a function of the epochs that have passed: `at(epochs)` says how many; until it is
    called, every `step()` counts as one.

    >>> from nn.optim import SGD
    >>> w = Value(2.0)
    >>> optimizer = SGD([w], lr=0.05)
    >>> for _ in range(3):
    ...     loss = (10 - w * 3) ** 2
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    >>> round(w.data, 3)
    3.332
    """

    memory: tuple[str, ...] = ()
    """The names of the vectors that are kept from step to step, zeros at first."""
    params: tuple[Value, ...] = ()
    """The parameters that `step()` changes."""

    @takes_parameters
    def __init__(
        self, lr: float | Schedule, *, weight_decay: float = 0.0, decay_form: str = "torch",
        clip_norm: float | None = None, clip_value: float | None = None,
    ) -> None:
        self.schedule: Schedule | None = lr if callable(lr) else None
        self.lr = self._scheduled(0.0) if callable(lr) else rate("learning rate", lr)
        self.decay = nonnegative("weight decay", weight_decay) * entry("form of weight decay", decay_form, DECAY_FORMS)
        self.clip_norm = None if clip_norm is None else rate("longest gradient (clip_norm)", clip_norm)
        self.clip_value = None if clip_value is None else rate("largest slope (clip_value)", clip_value)
        self.steps = 0
        self.epochs: float | None = None
        """How many epochs have passed, if `at` has been told."""
        self.state: dict[str, Vector] = {}
        self.move: Vector = np.empty(0)
        self.bent: Vector = self.move
        self.spare: Vector = self.move

    def reset(self) -> None:
        """Forget all steps, as before the first; the learning rate stays."""
        self.load_state_dict({"steps": 0})

    def at(self, epochs: float) -> float:
        """Set the learning rate to that of the schedule, if there is one, after so many epochs; returns it."""
        self.epochs = epochs
        self.lr = self._scheduled(epochs)
        return self.lr

    def _scheduled(self, epochs: float) -> float:
        """The learning rate after so many epochs."""
        if self.schedule is None:
            return self.lr
        lr = self.schedule(epochs)
        if type(lr) is float and 0 <= lr < math.inf:  # asked before each step, for which writing a message takes long
            return lr
        return nonnegative(f"learning rate of the schedule after {epochs:g} epochs", lr)

    def zero_grad(self) -> None:
        """Set the `grad` of each of its parameters to zero."""
        zero_gradients(self._bound())

    @overload
    def step(self) -> None: ...

    @overload
    def step(self, theta: Vector, gradient: Vector) -> Vector: ...

    def step(self, theta: Vector | None = None, gradient: Vector | None = None) -> Vector | None:
        """Change its parameters, one step against their `grad`; or `theta` against `gradient`.

        `theta` is changed in place and returned; the gradient stays as it is. Raises `SizeError` if the two differ in
        shape, or from those of the steps before, `UsageError` for `step()` of an optimiser without parameters.
        """
        if theta is None or gradient is None:
            if theta is not gradient:
                raise UsageError("a step takes both theta and gradient, or neither: one of them came")
            if self.epochs is None:
                self.lr = self._scheduled(self.steps)
            params = self._bound()
            assign(params, self.step(numbers_of(params), gradients_of(params)))
            return None
        self.begin(theta, gradient)
        return self.change(theta, gradient)

    def _bound(self) -> tuple[Value, ...]:
        """Its parameters; raises `UsageError` if it has none."""
        if not self.params:
            raise UsageError(f"this optimiser was made without parameters: {type(self).__name__}(model.parameters(), "
                             f"lr={self.lr:g}) has step() and zero_grad(), this one step(theta, gradient)")
        return self.params

    def begin(self, theta: Vector, gradient: Vector) -> None:
        """Count a step, after a look at its arguments."""
        if theta.shape != gradient.shape:
            raise SizeError(f"a gradient of shape {theta.shape} is expected, one of shape {gradient.shape} came")
        if self.move.shape != theta.shape or self.move.dtype != theta.dtype:
            self.prepare(theta)
        self.steps += 1
        if self.steps % SWEPT == 0:
            self.sweep()

    def sweep(self) -> None:
        """Set subnormal numbers in the memory to 0.

        An average of gradients that have become 0, such as those of a neuron that no example reaches, shrinks until
        0.9 times the number is rounded to the number itself: it is subnormal for ever. Some processors take ten times
        as long for every operation with such numbers.
        """
        for vector in self.state.values():
            np.putmask(vector, np.less(np.abs(vector, out=self.spare), np.finfo(vector.dtype).tiny), 0)

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
            self.state[name] = aligned_like(theta)
            self.state[name][...] = 0 if kept is None else kept
        self.move, self.bent, self.spare = (aligned_like(theta) for _ in range(3))

    def regularized(self, theta: Vector, gradient: Vector) -> Vector:
        """The gradient after clipping and weight decay."""
        if self.clip_value is not None:
            gradient = clip_by_value(gradient, self.clip_value, out=self.bent)
        if self.clip_norm is not None:
            gradient = clip_by_norm(gradient, self.clip_norm, out=self.bent)
        if self.decay:
            gradient = np.add(gradient, np.multiply(theta, self.decay, out=self.move), out=self.bent)
        return gradient

    # ── other languages ──────────────────────────────────────────────────────────────────────

    def to_javascript(self) -> str:
        """The rule as one expression of JavaScript, printed from `update` itself.

        It gives an object with the names of `memory` and of `spare` vectors, the `numbers` by name, and a function
        `step(theta, gradient, state, numbers)`. That changes the Float64Arrays theta and those of `state`, one for each
        of these names, zeros at first. The `numbers` are lr and whatever else is a float here, and `steps`, which
        counts from 1; but what is 0 stays so, and the part of the rule that it switches off is left out. Raises
        `UsageError` for an optimiser with a method `step` of its own, for one that chooses by Python's comparisons and
        for what else is no function of whole vectors; `NumberError` where NumPy is asked for what the table of
        operations has not.

        >>> from nn import SGD
        >>> print(SGD(lr=0.1).to_javascript())
        {
          memory: [], spare: ["move"],
          numbers: { lr: 0.1, steps: 1 },
          step(theta, gradient, state, numbers) {
            const n = theta.length;
            const { lr, steps } = numbers;
            const { move } = state;
            for (let i = 0; i < n; i++) {
              move[i] = gradient[i] * lr;
              theta[i] = theta[i] - move[i];
            }
          },
        }
        """
        if type(self).step is not Optimizer.step:
            raise UsageError(f"{type(self).__name__} has a method step of its own: only one that says in update how "
                             "far to go can be written in JavaScript")
        twin: Any
        twin, rule = copy.copy(self), Rule()
        numbers = {text: number for text, number in vars(self).items()
                   if isinstance(number, float) and (number or text == "lr") and text != "epochs"}
        numbers["steps"] = 1
        vars(twin).update({text: rule.number(text) for text in numbers})
        kept = {text: rule.vector(text) for text in self.memory}
        twin.state = dict(kept)
        twin.move, twin.bent, twin.spare = map(rule.vector, ("move", "bent", "spare"))
        try:
            twin.change(rule.theta, rule.gradient)
        except (AttributeError, TypeError) as error:
            if isinstance(error, RerollError):
                raise
            raise UsageError(f"the rule of {type(self).__name__} is not made of operators and of NumPy's functions of "
                             f"vectors alone, so that it cannot be written in JavaScript: {error}") from error
        for text, vector in kept.items():
            if twin.state[text] is not vector:
                vector[...] = twin.state[text]
        return rule.javascript(numbers, list(kept))

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
        params = f"{len(self.params)} parameters, " if self.params else ""
        return f"{type(self).__name__}({params}lr={self.schedule or self.lr})"
