"""What all models have in common: parameters, and a forward function of one example."""

from __future__ import annotations

import contextlib
import json
import operator
import random
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

import autograd
from autograd import Value, no_grad, ops
from autograd.errors import NumberError, SizeError, TraceError, UsageError
from autograd.files import PathLike
from autograd.flat import numbers_of, zero_gradients
from autograd.nested import flatten, parameters_of
from autograd.value import data_of, leaf
from nn.examples import explained, table
from nn.models.stage import Stage
from nn.models.state import ARCHITECTURE, Arrays, check, read_model, restore, shape_of, state_of, write
from nn.models.summary import summary

FEW = 16
"""Rows that are predicted one by one: compiling a model takes as long as 15 to 200 of them, small models the most."""

PORTION = 1024
"""Rows that a compiled program takes at once."""

UNNAMED = (set, frozenset, deque)
"""Containers in which nothing has a place that could name it."""


_modes: ContextVar[dict[int, bool]] = ContextVar("modes of modules by their id", default={})  # noqa: B039
"""Whether modules learn, inside `Module.mode`; the empty default is never changed."""


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

    @property
    def training(self) -> bool:
        """Whether the model is learning, for modules that then act differently.

        Inside `mode`, which training and prediction enter, it is what they say, in their thread alone.
        """
        return bool(_modes.get().get(id(self), vars(self).get("training", True)))

    @training.setter
    def training(self, learning: bool) -> None:
        modes = _modes.get()
        if id(self) in modes:
            modes[id(self)] = learning  # until the end of the block
        else:
            vars(self)["training"] = learning

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The output for one example."""
        raise UsageError(f"{type(self).__name__} needs a method forward(self, x), which computes its output")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The output for one example."""
        return self.forward(*args, **kwargs)

    # ── parameters ───────────────────────────────────────────────────────────────────────────

    def members(self) -> dict[str, Any]:
        """What the model is made of, by name: its attributes, those in `__slots__` too."""
        return members_of(self)

    def parameters(self) -> list[Value]:
        """Every parameter once: those of this module's own and those of the modules inside it, in their order.

        A class may say itself what its parameters are by a method `parameters` of its own.
        """
        if type(self).named_parameters is not Module.named_parameters:
            return list(dict.fromkeys(value for _, nested in self.named_parameters() for value in flatten(nested)))
        return list(dict.fromkeys(collected(self)))

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Parameters as the model holds them, Values or nested lists of them, each with PyTorch's name.

        The names are paths through attributes: the first layer of an `MLP` has "layers.0.weight"
        and "layers.0.bias". What was met before under another name is left out. What a method `parameters` of one's own
        returns and no attribute holds is called "parameters.0" and so on, by its place in it.

        Raises `NumberError` if such a method returns other things than Values, `UsageError` if other ones at each call.
        """
        return named_among(self, own_parameters(self), "parameters")

    def named_state(self) -> Iterator[tuple[str, Any]]:
        """What `state_dict` holds: `named_parameters`, and parameters of modules inside that are not trained.

        Raises `UsageError` for parameters in an object that is no module, where they would be lost.
        """
        check_places(self)
        yield from self.named_parameters()
        if any(type(module).parameters is not Module.parameters for module in self.modules()):
            trained = set(parameters_of(self))
            held = (value for module in self.modules() for value in [*collected(module), *own_parameters(module)])
            yield from named_among(self, [value for value in dict.fromkeys(held) if value not in trained], "others")

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to zero."""
        zero_gradients(parameters_of(self))

    def children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside this one, each with the path of attributes that leads to it."""
        for name, member in self.members().items():
            yield from modules_within(name, member)

    def stages(self) -> list[Stage]:
        """The layers, from the inputs to the outputs, for pictures.

        They are those of the modules inside, one after the other: a model that computes in another way says its own.
        """
        return in_a_row([module for _, module in self.children()])

    def after(self, stage: Stage) -> Stage:
        """A stage with this module, which has none of its own, after it."""
        called = getattr(self, "function", type(self).__name__)
        return replace(stage, functions=(*stage.functions, self), activations=(*stage.activations, called))

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
        members = flatten(list(Module.members(self).values()))
        if any(issubclass(kind, Module) for kind in set(map(type, members))):  # not so in a list of weights
            for member in members:
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
        """A ``with`` block in which the module learns or predicts; afterwards, and in other threads, all is as it was.

        So a prediction in one thread does not switch off the dropout of a training in another.
        """
        modules = [*self.modules()]  # kept, so that no other module can have the id of one of them
        token = _modes.set(_modes.get() | dict.fromkeys(map(id, modules), training))
        try:
            yield
        finally:
            _modes.reset(token)
            modules.clear()

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The outputs for each row of `X`, an array of shape (rows, outputs); nothing is recorded.

        More than a few rows go through a compiled program, unless the model looks at the numbers it computes with,
        draws random ones of its own, or keeps a state from row to row: such a model is asked row by row, in their
        order.
        Raises `SizeError` for rows of the wrong length or none, `UsageError` for nan or inf.
        """
        rows = table("X", X)
        with self.mode(training=False), no_grad(), explained(rows):
            if len(rows) > FEW:
                outputs = self._compiled(rows)
                if outputs is not None:
                    return outputs
            return self._one_by_one(rows)

    def _one_by_one(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The outputs for each row, computed number by number."""
        outputs = [[data_of(out) for out in flatten(self(values(row)))] for row in rows.tolist()]
        if len(widths := sorted({len(row) for row in outputs})) > 1:
            raise SizeError(f"a model gives as many outputs for each row, this one gave {widths[0]} and {widths[-1]}")
        return np.array(outputs)

    def _compiled(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
        """The outputs for each row, by a program that takes a portion at a time to bound its memory.

        None where one trace cannot stand for all rows, and the model is as before. Else it is as the last row left it.
        """
        params = parameters_of(self)
        program, theta = autograd.compile(lambda x: flatten(self(x)), params), numbers_of(params)
        try:
            with unchanged(self), np.errstate(all="ignore"):
                outputs = np.concatenate([program(theta, rows[i : i + PORTION]) for i in range(0, len(rows), PORTION)])
        except (TraceError, NumberError):
            return None
        with unchanged(self):
            few = self._one_by_one(rows[[0, -1]])
        if few.shape[1:] != outputs.shape[1:] or not (program._traced().plan.noises or close(few, outputs[[0, -1]])):
            return None
        self(values(rows[-1].tolist()))
        return outputs


def values(row: Any) -> Any:
    """Nested lists of numbers as nested lists of Values."""
    return [values(member) for member in row] if isinstance(row, list) else Value(row)


def close(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> bool:
    """Whether numbers are equal up to what another order of additions can change."""
    largest = np.max(np.abs(b), where=np.isfinite(b), initial=0.0)
    return np.allclose(a, b, rtol=1e-6, atol=1e-6 * largest, equal_nan=True)


@contextlib.contextmanager
def unchanged(model: Module) -> Iterator[None]:
    """A ``with`` block after which a model has its attributes, lists and random generators as they were before.

    A trace leaves symbols where a model keeps values, and draws where it draws.
    """
    kept: list[Callable[[], Any]] = [partial(random.setstate, random.getstate()),
                                     partial(np.random.set_state, np.random.get_state())]
    for module in model.modules():
        kept += undoing(vars(module))
    try:
        yield
    finally:
        for undo in kept:
            undo()


def undoing(thing: Any) -> Iterator[Callable[[], Any]]:
    """What takes back all changes to a container, to those in it and to the random generators in it."""
    if isinstance(thing, (dict, list)):
        yield partial(refill, thing, thing.copy())
    elif isinstance(thing, np.random.Generator):
        yield partial(setattr, thing.bit_generator, "state", thing.bit_generator.state)
    elif isinstance(thing, random.Random):
        yield partial(thing.setstate, thing.getstate())
    if isinstance(thing, (dict, list, tuple)):
        for member in thing.values() if isinstance(thing, dict) else thing:
            if type(member) is not Value:  # most are
                yield from undoing(member)


def in_a_row(modules: Iterable[Module]) -> list[Stage]:
    """The stages of modules one after the other; what has none of its own comes after the stage before it."""
    stages: list[Stage] = []
    for module in modules:
        inner = module.stages()
        stages += inner
        if stages and not inner:
            stages[-1] = module.after(stages[-1])
    return stages


def refill(one: Any, other: Any) -> None:
    """Give a dict or a list the members of another; where they are the same, other threads may go on reading them."""
    if isinstance(one, list):
        if len(one) != len(other) or not all(map(operator.is_, one, other)):
            one[:] = other
        return
    for name in [name for name in one if name not in other]:
        del one[name]
    one.update({name: member for name, member in other.items() if name not in one or one[name] is not member})


def described_model(model: Module) -> dict[str, Any] | None:
    """The class of a model and what `config` says, or None. A class of one's own is no other of the same name."""
    config, kind = model.config(), type(model)
    ours = kind.__module__.startswith("nn.models.")
    name = kind.__name__ if ours else f"{kind.__module__}.{kind.__qualname__}"
    return None if config is None else {"class": name, **config}


def architecture_of(model: Module) -> Arrays:
    """What a model is made of, as the entry of a file that `nn.load` reads; empty if it cannot be written."""
    architecture = described_model(model)
    return {} if architecture is None else {ARCHITECTURE: np.array(json.dumps(architecture))}


def collected(module: Module) -> list[Value]:
    """The parameters in the members of a module, in their order.

    Raises `UsageError` for one in a set or the like, where nothing has a place and a name.
    """
    values: list[Value] = []
    for thing in flatten(list(module.members().values())):
        if type(thing) is Value or isinstance(thing, Value):
            if thing.op is ops.parameter:
                values.append(thing)
        elif isinstance(thing, Module):
            values += parameters_of(thing) if says_itself(thing) else collected(thing)
        elif isinstance(thing, UNNAMED) and any(isinstance(member, Module) or is_parameter(member) for member in thing):
            raise UsageError(f"{type(module).__name__} has parameters in a {type(thing).__name__}, where they are not "
                             "looked for: keep them in a list or a dict")
    return values


def says_itself(module: Module) -> bool:
    """Whether the class of a module says what its parameters are."""
    kind = type(module)
    return kind.parameters is not Module.parameters or kind.named_parameters is not Module.named_parameters


def members_of(thing: Any) -> dict[str, Any]:
    """The attributes of an object by name, those in `__slots__` first."""
    slots = (name for kind in reversed(type(thing).__mro__) if "__slots__" in vars(kind)
             for name, member in vars(kind).items() if isinstance(member, types.MemberDescriptorType))
    return {name: getattr(thing, name) for name in slots if hasattr(thing, name)} | getattr(thing, "__dict__", {})


def check_places(model: Module) -> None:
    """Raise `UsageError` if an object that is no module has parameters which the model does not find."""
    modules = list(model.modules())
    elsewhere = list(held_elsewhere(modules))
    known = set(map(id, modules))
    if elsewhere:
        known.update(id(value) for one in modules for value in [*collected(one), *own_parameters(one)])
    for module, holder, part in elsewhere:
        if id(part) not in known:
            raise UsageError(f"{type(module).__name__} has parameters in a {type(holder).__name__}, where they are not "
                             "looked for: keep them in a list or a dict, or make it a Module")


def held_elsewhere(modules: list[Module]) -> Iterator[tuple[Module, Any, Any]]:
    """Parameters and modules in objects that are no modules, each with the module that has the object."""
    for module in modules:
        for thing in flatten(list(module.members().values())):
            if type(thing) is Value or isinstance(thing, (Value, Module, type, types.ModuleType)):
                continue
            for part in flatten(list(members_of(thing).values())):
                if isinstance(part, Module) or is_parameter(part):
                    yield module, thing, part


def own_parameters(module: Module) -> list[Value]:
    """What a module's method `parameters` returns, where it has one of its own, else what is `collected`."""
    if type(module).parameters is Module.parameters:
        return collected(module)
    first, second = parameters_of(module), parameters_of(module)
    if first != second:
        raise UsageError(f"{type(module).__name__}.parameters() must return the same Values at every call: make them "
                         "in __init__ and keep them in attributes")
    return first


def named_among(module: Module, values: list[Value], rest: str) -> Iterator[tuple[str, Any]]:
    """Names for these Values: where they are in the members of a module, else `rest` and their place."""
    wanted, met = set(values), set[Value]()
    for name, member in module.members().items():
        for path, nested in named_within(name, member, wanted):
            leaves = flatten(nested)
            if not met.issuperset(leaves):
                met.update(leaves)
                yield path, nested
    yield from ((f"{rest}.{i}", value) for i, value in enumerate(values) if value not in met)


def named_within(name: str, member: Any, wanted: set[Value]) -> Iterator[tuple[str, Any]]:
    """The Values that are wanted in a member of a module: lists that make an array under one name, else one by one."""
    if isinstance(member, Module):
        member = member.members()
    elif shape_of(member) is not None and wanted.issuperset(flatten(member)):
        yield name, member
        return
    if isinstance(member, (list, tuple, dict, np.ndarray)):
        for key, item in member.items() if isinstance(member, dict) else enumerate(member):
            yield from named_within(f"{name}.{key}", item, wanted)


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
