"""Copies and pickles of graphs, however deep, without recursion.

Pickle would follow operands recursively. Instead, the first node that it meets hands over the list
of all its ancestors, the oldest first, so that each node's operands are already known to the
pickler when the node's turn comes. Sharing survives, within a graph and between graphs.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from autograd import ops
from autograd.backward import ancestors
from autograd.value import Value


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
        """Nothing; but when it is asked for, all values are pickled."""
        del _thread.unrolling
        yield from ()


def reduce(value: Value) -> tuple[Any, ...]:
    """How pickle takes a value apart: leaves and unrolled nodes by themselves, others with their graph."""
    if value.args and not _thread.unrolling():
        return last, (Unrolled(value),)
    return rebuild, (value.data, value.grad, value.op, value.args, value.label)


def last(values: list[Value]) -> Value:
    """The root of an unrolled graph."""
    return values[-1]


def rebuild(data: float, grad: float, op: ops.Op | ops.Leaf | None, args: tuple[Value, ...], label: str) -> Value:
    """A value from its parts, with a serial of its own."""
    value = Value(data, label)
    value.grad, value.op, value.args = grad, op, args
    return value


def copy(value: Value) -> Value:
    """A value made by the same operation from the same operands."""
    return rebuild(value.data, value.grad, value.op, value.args, value.label)


def deepcopy(value: Value, memo: dict[int, Any]) -> Value:
    """A copy of a value with all it depends on; what was copied before under `memo` is shared."""
    for old in ancestors(value):
        if id(old) not in memo:
            args = tuple([memo[id(arg)] for arg in old.args])
            memo[id(old)] = rebuild(old.data, old.grad, old.op, args, old.label)
    duplicate: Value = memo[id(value)]
    return duplicate
