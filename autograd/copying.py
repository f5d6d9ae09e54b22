"""Copies and pickles of graphs, however deep, without recursion.

Pickle would follow operands recursively. Instead, the first node that it meets hands over the list
of all its ancestors, the oldest first, so that each node's operands are already known to the
pickler when the node's turn comes. Sharing survives, within a graph and between graphs.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from copy import deepcopy as deeply
from typing import Any

from autograd import ops
from autograd.backward import ancestors, is_stale
from autograd.modes import current
from autograd.value import NO_GRADIENT, Value, made


class _Thread(threading.local):
    unrolling: Callable[[], Unrolled | None] = staticmethod(lambda: None)
    """The graph that is being pickled; a weak reference, so that a pickler that failed leaves nothing behind."""


_thread = _Thread()


class Unrolled:
    """Stands for a graph while it is pickled: a list of its values, whose last is the root."""

    def __init__(self, root: Value) -> None:
        self.root = root

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickle saves the items of the second iterator after those of the first, and there are none.
        return list, (), None, self.values(), self.finish()

    def values(self) -> Iterator[Value]:
        """The values of the graph; from now on each pickles as itself alone."""
        _thread.unrolling = weakref.ref(self)
        yield from ancestors(self.root)

    def finish(self) -> Iterator[tuple[Any, Any]]:
        """Yield nothing; pickle asks for it after all values, which ends their being pickled one by one."""
        del _thread.unrolling
        yield from ()


def reduce(value: Value) -> tuple[Any, ...]:
    """How pickle takes a value apart: leaves and unrolled nodes by themselves, others with their graph."""
    if value.args and not _thread.unrolling():
        return last, (Unrolled(value),)
    grad = None if value._grad is NO_GRADIENT else value.grad
    return rebuild, (value.data, grad, value.op, value.args, value.label, type(value)), attributes(value)


def attributes(value: Value) -> Any:
    """What a subclass has added to a value, as pickle's state: a dict, and a dict for slots; None for nothing."""
    if type(value) is Value:
        return None
    state = object.__getstate__(value)
    added, slots = state if isinstance(state, tuple) else (state, None)
    slots = {name: thing for name, thing in (slots or {}).items() if name not in Value.__slots__}
    return (added, slots) if added or slots else None


def last(values: list[Value]) -> Value:
    """The root of an unrolled graph."""
    return values[-1]


def rebuild(
    data: float, grad: float | None, op: ops.Op | ops.Leaf | None, args: tuple[Value, ...], label: str,
    kind: type[Value] = Value,
) -> Value:
    """A value from its parts, with a serial of its own."""
    value = made(kind, data, op, args)
    value.grad, value.label = NO_GRADIENT if grad is None else grad, label
    if args and is_stale(value):
        value.data = data  # as for the original, the change is younger than the node
    return value


def duplicate(value: Value, args: tuple[Value, ...], copied: Callable[[Any], Any]) -> Value:
    """A value of the same parts from these operands; what a subclass has added goes through `copied`."""
    new = rebuild(value.data, value.grad, value.op, args, value.label, type(value))
    for added in attributes(value) or ():
        for name, thing in (added or {}).items():
            setattr(new, name, copied(thing))
    return new


def traced(value: Value) -> Any:
    """The copy of what a traced loss depends on: the number without the history; None while nothing is traced."""
    return next((kept for mode in current() if (kept := mode.selected(ops.detach, (value,))) is not None), None)


def copy(value: Value) -> Any:
    """A value made by the same operation from the same operands."""
    kept = None if value.args else traced(value)
    return kept if kept is not None else duplicate(value, value.args, lambda thing: thing)


def deepcopy(value: Value, memo: dict[int, Any]) -> Any:
    """A copy of a value with all it depends on; what was copied before under `memo` is shared."""
    kept = traced(value)
    if kept is not None:
        return kept
    for old in ancestors(value):
        if id(old) not in memo:
            args = tuple([memo[id(arg)] for arg in old.args])
            memo[id(old)] = duplicate(old, args, lambda thing: deeply(thing, memo))
    result: Value = memo[id(value)]
    return result
