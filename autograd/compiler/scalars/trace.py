"""Trace a loss: run it on symbols, which write down every scalar operation on a tape.

One trace stands for every example and every call, so what would differ from call to call must not go unseen: a draw
from a random generator, a counter, a state left behind by the call before. The global generators are compared before
and after, and a small loss is traced twice.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import pickle
import random
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from autograd import ops
from autograd.compiler.scalars.graph import CODE, Graph
from autograd.compiler.scalars.tape import COMPARE, Tape, Traced, refuse
from autograd.errors import RerollError, TraceError, UsageError
from autograd.modes import Mode, user_line
from autograd.nested import flatten
from autograd.noise import drawing_from
from autograd.value import Value

TRACED_TWICE = 100_000
"""Scalars up to which a loss is traced a second time, in about a tenth of a second."""

_running: ContextVar[tuple[Callable[..., Any], ...]] = ContextVar("losses that are being traced", default=())


class Trace(NamedTuple):
    """What a loss has written down."""

    graph: Graph
    noises: int
    """How many random numbers an example draws."""
    several: bool
    """Whether the loss returned several values."""
    outside: tuple[Value, ...] = ()
    """The Values that it read besides parameters."""

    def same(self, other: Trace) -> bool:
        """Whether another trace has written down the same."""
        rest = zip(self[1:], other[1:], strict=True)
        return all(a == b for a, b in rest) and self.graph.same(other.graph)


class Tracing(Mode):
    """While a loss is traced: what depends on parameters is as unknown as what depends on an example.

    Parameters are Values and have numbers, those of today. Selections among them are written down in place of being
    made, and what Python would decide by them is refused.
    """

    watches = False
    traces = True

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def depends(self, value: Value) -> bool:
        """Whether a value changes from call to call."""
        return self.tape.code[self.tape.index(value)] != CODE["constant"]

    def selected(self, op: ops.Op, args: tuple[Value, ...]) -> Any:
        """A node where an operand changes from call to call."""
        if any(map(self.depends, args)):
            return Traced(self.tape, self.tape.node(CODE[op.name], [self.tape.index(arg) for arg in args]))
        return None

    def observed(self, value: Any) -> None:
        """Refuse to let parameters decide the course of the loss."""
        if isinstance(value, Traced):
            refuse(self.tape, "a branch or a comparison depends on a value", COMPARE)
        if self.depends(value) and self.tape.index(value) not in self.tape.outer:
            refuse(self.tape, "a branch or a comparison depends on a parameter", COMPARE,
                   "which changes from call to call")

    def entered(self, inner: Mode) -> None:
        """Refuse `no_grad`, which has no effect on what is only written down."""
        if not inner.records:
            refuse(self.tape, "no_grad() was entered", "use v.detach() for what is to count as a constant",
                   "but what is traced is written down all the same")


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Say, where Python finds that a symbol or a row cannot do something, what it is and can do."""
    try:
        yield
    except (TypeError, AttributeError) as error:
        of_list = isinstance(getattr(error, "obj", None), list) or str(error).startswith("list indices must be")
        if isinstance(error, RerollError) or not (of_list or Traced.__name__ in str(error)):
            raise
        is_row = "nested lists of values, shaped like the row: x[0][1] and len(x), or np.array(x) for slices and shape"
        raise TraceError(
            f"{user_line(error)}: {error}: a row of X or Y comes as {is_row}" if of_list else
            f"{user_line(error)}: {error}: it stands for one number, with arithmetic and the functions of "
            f"autograd; a row of X or Y comes as {is_row}"
        ) from error


def generators() -> bytes:
    """The states of the generators that all modules share."""
    return pickle.dumps((random.getstate(), np.random.get_state(legacy=False)))


@contextlib.contextmanager
def no_draws() -> Iterator[None]:
    """Refuse draws from the generators of `random` and `np.random`: one number would stand for all."""
    before = generators()
    yield
    if generators() != before:
        raise TraceError(
            "the loss drew from random or np.random, but it is traced once for all examples and calls: use "
            "autograd.noise() for a fresh number in each, or draw before the loss what is to stay the same"
        )


def nest(shape: tuple[int, ...], leaves: Any) -> Any:
    """Leaves, taken in order, as nested lists of this shape; a single leaf where the shape is ()."""
    if not shape:
        return next(leaves)
    return [nest(shape[1:], leaves) for _ in range(shape[0])]


def trace(
    loss: Callable[..., Any], parameters: Sequence[Value], x_shape: tuple[int, ...], y_shape: tuple[int, ...] | None
) -> Trace:
    """Run `loss` on symbols shaped like one row of X and of Y.

    Raises `TraceError` for what a trace cannot see, `UsageError` for a loss that takes other arguments.
    """
    if loss in _running.get():
        raise TraceError(f"{user_line()}: the loss calls its own compiled program: compute with the function itself")
    token = _running.set((*_running.get(), loss))
    try:
        first = run(loss, parameters, x_shape, y_shape)
        if len(first.graph) <= TRACED_TWICE and not first.same(run(loss, parameters, x_shape, y_shape)):
            raise TraceError(
                "the loss did something else when it was traced a second time, so one trace cannot stand for all "
                "calls: it depends on a generator, a counter or an attribute that each call changes. Let such "
                "numbers come as part of X, or use autograd.noise() for random ones"
            )
    finally:
        _running.reset(token)
    return first


def run(
    loss: Callable[..., Any], parameters: Sequence[Value], x_shape: tuple[int, ...], y_shape: tuple[int, ...] | None
) -> Trace:
    """One run of the loss on symbols."""
    tape = Tape(parameters)
    arguments = [nest(x_shape, (tape.symbol("input", i) for i in itertools.count()))]
    if y_shape is not None:
        arguments.append(nest(y_shape, (tape.symbol("target", i) for i in itertools.count())))
    try:
        inspect.signature(loss).bind(*arguments)
    except TypeError as error:
        given = "X alone" if y_shape is None else "X and Y"
        raise UsageError(f"the loss cannot be called with rows of {given}, as it was given: {error}") from None
    with no_draws(), Tracing(tape), drawing_from(tape.noise), explained():
        result = loss(*arguments)
    several = isinstance(result, (list, tuple)) or (isinstance(result, np.ndarray) and result.ndim > 0)
    outputs = flatten(result)
    if not outputs or not all(isinstance(out, (ops.Carrier, int, float, np.number)) for out in outputs):
        raise TraceError(f"the loss must return a Value or a list of Values, {type(result).__name__} came")
    return Trace(tape.finish([tape.index(out) for out in outputs]), tape.noises, several, tuple(tape.outside))
