"""What all models have in common: parameters, and a forward function of one example."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd import Value, no_grad, ops
from autograd.errors import NumberError, TraceError, UsageError
from autograd.files import PathLike
from autograd.nested import flatten, parameters_of
from autograd.value import data_of, leaf
from nn.examples import table
from nn.models.state import ARCHITECTURE, Arrays, check, read_model, restore, state_of, write
from nn.models.summary import summary

FEW = 16
"""Rows that are predicted one by one: compiling a model takes as long as 15 to 200 of them, small models the most."""

PORTION = 1024
"""Rows that a compiled program takes at once."""


def parameter(data: float, label: str = "") -> Value:
    """A Value that training changes.

    A `Module` finds its parameters in its attributes, also inside lists and dicts; a plain Value
    there is not one.
    """
    return leaf(data, ops.parameter, label)


class Module:
    """A function of one example that has parameters: the base of all models.

    A subclass keeps parameters and modules in attributes, and computes its output in `forward`.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         self.slope, self.offset = parameter(2.0), parameter(1.0)
    ...     def forward(self, x):
    ...         return self.slope * x + self.offset
    >>> line = Line()
    >>> line(3.0).data, [name for name, _ in line.named_parameters()]
    (7.0, ['slope', 'offset'])
    """

    training: bool = True
    """Whether the model is learning, for modules that then act differently."""

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The output for one example."""
        raise UsageError(f"{type(self).__name__} needs a method forward(self, x), which computes its output")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output for one example."""
        return self.forward(*args, **kwargs)

    # ── parameters ───────────────────────────────────────────────────────────────────────────

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Parameters as the model holds them, Values or nested lists of them, each with PyTorch's name.

        The names are paths through attributes: the first layer of an `MLP` has "layers.0.weight"
        and "layers.0.bias". What was met before under another name is left out. Where a class has a method
        `parameters` of its own, these are what it returns, and those that are in no attribute are called
        "parameters.0" and so on, by their place in it.
        """
        if type(self).parameters is Module.parameters:
            yield from self.named()
            return
        own = chosen(self)
        found = [
            part for name, nested in self.named(own.__contains__) for part in parts(name, nested, own.__contains__)
        ]
        yield from found
        within = {value for _, nested in found for value in flatten(nested)}
        yield from ((f"parameters.{i}", value) for i, value in enumerate(own) if value not in within)

    def parameters(self) -> list[Value]:
        """Every parameter once, in the order of `named_parameters`."""
        named = self.named() if type(self).named_parameters is Module.named_parameters else self.named_parameters()
        return list(dict.fromkeys(value for _, nested in named for value in flatten(nested)))

    def named(
        self, wanted: Callable[[Any], bool] | None = None, inner: str = "named_parameters"
    ) -> Iterator[tuple[str, Any]]:
        """The parameters in attributes with their names, or Values that are `wanted` for such.

        Of modules inside, it is what their method `inner` gives.
        """
        seen: set[Value] = set()
        for attribute, member in vars(self).items():
            for name, nested in named_within(attribute, member, wanted or is_parameter, inner):
                values = flatten(nested)
                if not seen.issuperset(values):
                    seen.update(values)
                    yield name, nested

    def named_state(self) -> Iterator[tuple[str, Any]]:
        """What a file of the model holds: `named_parameters`, and those in attributes that are not trained."""
        named = list(self.named_parameters())
        yield from named
        trained = {value for _, nested in named for value in flatten(nested)}
        for name, nested in self.named(inner="named_state"):
            yield from parts(name, nested, lambda value: value not in trained)

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        for value in self.parameters():
            value.grad = 0.0

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside this one, each with the path of attributes that leads to it."""
        for attribute, member in vars(self).items():
            yield from modules_within(attribute, member)

    def summary(self) -> str:
        """A table of the layers, the shapes of their parameters and the numbers of them."""
        return summary(self)

    # ── files ────────────────────────────────────────────────────────────────────────────────

    def state_dict(self) -> Arrays:
        """A copy of all parameters as arrays, with the names and shapes of PyTorch."""
        return state_of(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take on the parameters that `state_dict` gave, or PyTorch's: all of them, or none if anything does not fit.

        Raises `UsageError` for names that are missing or foreign, `SizeError` for a shape of another model.
        """
        restore(self, state)

    def config(self) -> dict[str, Any] | None:
        """What its class is called with to make such a model, for `nn.load`; None where that cannot be written."""
        return None

    def save(self, path: PathLike) -> None:
        """Write all parameters to an .npz file, whole or not at all, with what `config` says.

        Raises `DataError` where it cannot be written.
        """
        write(path, self.state_dict() | architecture_of(self))

    def load(self, path: PathLike) -> None:
        """Take on the parameters in a file that `save` or a `Checkpoint` wrote.

        Raises `DataError` for a file that is missing, damaged or foreign, and as `load_state_dict`.
        """
        restore(self, read_model(path, lambda heads, _: check(self, heads)))

    # ── training and predicting ──────────────────────────────────────────────────────────────

    def modules(self) -> Iterator[Module]:
        """This module and all inside it."""
        yield self
        for member in flatten(list(vars(self).values())):
            if isinstance(member, Module):
                yield from member.modules()

    def train(self, training: bool = True) -> Module:
        """Let this module and all inside it learn (or with False, predict); returns the module."""
        for module in self.modules():
            module.training = training
        return self

    def eval(self) -> Module:
        """Let this module and all inside it predict; returns the module."""
        return self.train(False)

    @contextlib.contextmanager
    def mode(self, training: bool) -> Iterator[None]:
        """A ``with`` block in which the module learns or predicts; afterwards all is as it was."""
        before = [(module, module.training) for module in self.modules()]
        for module, _ in before:
            module.training = training
        try:
            yield
        finally:
            for module, was in before:
                module.training = was

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The outputs for each row of `X`, an array of shape (rows, outputs); nothing is recorded.

        More than a few rows go through a compiled program, unless the model looks at the numbers it computes with.
        Raises `SizeError` for rows of the wrong length or none, `UsageError` for nan or inf.
        """
        rows = table("X", X)
        with self.mode(training=False), no_grad():
            if len(rows) > FEW:
                with contextlib.suppress(TraceError, NumberError):
                    return self._compiled(rows)
            return np.array([[data_of(out) for out in flatten(self(row))] for row in rows.tolist()])

    def _compiled(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The outputs for each row, by a program that takes a portion at a time to bound its memory."""
        params = self.parameters()
        program, theta = autograd.compile(lambda x: flatten(self(x)), params), np.array([p.data for p in params])
        return np.concatenate([program(theta, rows[i : i + PORTION]) for i in range(0, len(rows), PORTION)])


def described_model(model: Module) -> dict[str, Any] | None:
    """The class of a model and what `config` says, or None."""
    config = model.config()
    return None if config is None else {"class": type(model).__name__, **config}


def architecture_of(model: Module) -> Arrays:
    """What a model is made of, as the entry of a file that `nn.load` reads; empty if it cannot be written."""
    architecture = described_model(model)
    return {} if architecture is None else {ARCHITECTURE: np.array(json.dumps(architecture))}


def named_within(
    name: str, member: Any, wanted: Callable[[Any], bool], inner: str
) -> Iterator[tuple[str, Any]]:
    """The parameters in an attribute of a module: whole lists of them under one name, else one by one."""
    leaves = flatten(member)
    if isinstance(member, Module):
        for path, nested in getattr(member, inner)():
            yield f"{name}.{path}", nested
    elif leaves and all(map(wanted, leaves)):
        yield name, member
    elif isinstance(member, (list, tuple, dict)):
        keyed = member.items() if isinstance(member, dict) else enumerate(member)
        for key, item in keyed:
            yield from named_within(f"{name}.{key}", item, wanted, inner)


def parts(name: str, nested: Any, wanted: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
    """Named parameters without those that are not wanted: the whole if all are, else what is left of its parts."""
    if all(map(wanted, flatten(nested))):
        yield name, nested
    elif not isinstance(nested, Value):
        for key, item in nested.items() if isinstance(nested, dict) else enumerate(nested):
            yield from parts(f"{name}.{key}", item, wanted)


def chosen(model: Module) -> dict[Value, None]:
    """What a model's own method `parameters` returns, each once.

    Raises `NumberError` for what is no Value, `UsageError` where each call returns others: they could not be trained.
    """
    own, again = (dict.fromkeys(parameters_of(model)) for _ in range(2))
    if list(own) != list(again):
        raise UsageError(f"{type(model).__name__}.parameters() must return the same Values at every call: make them "
                         "in __init__ and keep them in attributes")
    return own


def modules_within(name: str, member: Any) -> Iterator[tuple[str, Module]]:
    """The modules in an attribute of a module, also inside lists and dicts."""
    if isinstance(member, Module):
        yield name, member
    elif isinstance(member, (list, tuple, dict)):
        keyed = member.items() if isinstance(member, dict) else enumerate(member)
        for key, item in keyed:
            yield from modules_within(f"{name}.{key}", item)


def is_parameter(thing: Any) -> bool:
    """Whether this is a Value that training changes."""
    return isinstance(thing, Value) and thing.op is ops.parameter
