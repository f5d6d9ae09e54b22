"""Trace a loss: run it once on symbols, which write down every scalar operation on a tape."""

from __future__ import annotations

import contextlib
import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.graph import CODE, Graph
from autograd.compiler.tape import Tape
from autograd.compiler.traced import COMPARE, Traced, refuse
from autograd.errors import RerollError, TraceError, UsageError
from autograd.modes import Mode, alone, user_line
from autograd.nested import flatten
from autograd.noise import drawing_from
from autograd.value import Value


class Tracing(Mode):
    """While a loss is traced: what depends on parameters is as unknown as what depends on an example.

    Parameters are Values and have numbers, those of today. Selections among them are written down in place of being
    made, and what Python would decide by them is refused.
    """

    watches = False

    def __init__(self, tape: Tape) -> None:
        self.tape = tape

    def depends(self, value: Value) -> bool:
        """Whether a value changes with the parameters."""
        return self.tape.code[self.tape.index(value)] != CODE["constant"]

    def selected(self, op: ops.Op, args: tuple[Value, ...]) -> Any:
        """A node where an operand changes with the parameters."""
        if any(map(self.depends, args)):
            return Traced(self.tape, self.tape.node(CODE[op.name], [self.tape.index(arg) for arg in args]))
        return None

    def observed(self, value: Value) -> None:
        """Refuse to let parameters decide the course of the loss."""
        if self.depends(value):
            refuse("a branch or a comparison depends on a parameter", COMPARE, "which changes from call to call")

    def entered(self, inner: Mode) -> None:
        """Refuse `no_grad`, which has no effect on what is only written down."""
        if not inner.records:
            refuse("no_grad() was entered", "use v.detach() for what is to count as a constant",
                   "but what is traced is written down all the same")


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Say, where Python finds that a symbol cannot do something, what it is and can do."""
    try:
        yield
    except TypeError as error:
        if isinstance(error, RerollError) or Traced.__name__ not in str(error):
            raise
        raise TraceError(
            f"{user_line(error)}: {error}: it stands for one number, with arithmetic and the functions of "
            f"autograd; a row of X or Y comes as nested lists of them, shaped like the row"
        ) from error


def nest(shape: tuple[int, ...], leaves: Any) -> Any:
    """Leaves, taken in order, as nested lists of this shape; a single leaf where the shape is ()."""
    if not shape:
        return next(leaves)
    return [nest(shape[1:], leaves) for _ in range(shape[0])]


def trace(
    loss: Callable[..., Any], parameters: Sequence[Value], x_shape: tuple[int, ...], y_shape: tuple[int, ...] | None
) -> tuple[Graph, int, bool]:
    """Run `loss` on symbols shaped like one row of X and of Y.

    Returns the graph, how many random numbers an example draws, and whether the loss returned several values.
    """
    tape = Tape(parameters)
    arguments = [nest(x_shape, (tape.symbol("input", i) for i in itertools.count()))]
    if y_shape is not None:
        arguments.append(nest(y_shape, (tape.symbol("target", i) for i in itertools.count())))
    try:
        inspect.signature(loss).bind(*arguments)
    except TypeError as error:
        given = "X alone" if y_shape is None else "X and Y"
        raise UsageError(f"the loss cannot be called with rows of {given}, as it was given: {error}") from None
    with alone(Tracing(tape)), drawing_from(tape.noise), explained():
        result = loss(*arguments)
    several = isinstance(result, (list, tuple)) or (isinstance(result, np.ndarray) and result.ndim > 0)
    outputs = flatten(result)
    if not outputs or not all(isinstance(out, (ops.Carrier, int, float, np.number)) for out in outputs):
        raise TraceError(f"the loss must return a Value or a list of Values, {type(result).__name__} came")
    return tape.graph([tape.index(out) for out in outputs]), tape.noises, several
