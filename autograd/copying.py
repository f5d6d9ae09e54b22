"""Copies and pickles of graphs, however deep, without recursion.

Pickle would follow operands recursively. Instead, the first node that it meets hands over the list
of all its ancestors, the oldest first, so that each node's operands are already known to the
pickler when the node's turn comes. Sharing survives, within a graph and between graphs.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from autograd import ops
from autograd.backward import ancestors
from autograd.value import Value


class _State(threading.local):
    unrolling = False


_state = _State()


class Unrolled:
    """Stands for a graph while it is pickled: a list of its values, whose last is the root."""

    def __init__(self, root: Value) -> None:
        self.root = root

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickle saves the items of the second iterator after those of the first, and there are none.
        return list, (), None, self.values(), self.finish()

    def values(self) -> Iterator[Value]:
        """The values of the graph; from now on each pickles as itself alone."""
        _state.unrolling = True
        try:
            yield from ancestors(self.root)
        except GeneratorExit:  # the pickler gave up
            _state.unrolling = False
            raise

    def finish(self) -> Iterator[tuple[Any, Any]]:
        """Nothing; but when it is asked for, all values are pickled."""
        _state.unrolling = False
        yield from ()


def reduce(value: Value) -> tuple[Any, ...]:
    """How pickle takes a value apart: leaves and unrolled nodes by themselves, others with their graph."""
    if value.args and not _state.unrolling:
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


def deepcopy(value: Value, memo: dict[int, Any]) -> Value:
    """A copy of a value with all it depends on; what was copied before under `memo` is shared."""
    for old in ancestors(value):
        if id(old) not in memo:
            args = tuple([memo[id(arg)] for arg in old.args])
            memo[id(old)] = rebuild(old.data, old.grad, old.op, args, old.label)
    copy: Value = memo[id(value)]
    return copy
