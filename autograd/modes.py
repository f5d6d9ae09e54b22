"""Modes: what watches or changes eager evaluation while a ``with`` block runs.

`no_grad` computes without remembering; `detect_anomaly` stops at the first nan or inf.
A mode acts on the thread that entered it. `ACTIVE` is empty in the common case, which is all that
the fast path looks at.
"""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import AnomalyError

if TYPE_CHECKING:
    from autograd.ops import Op
    from autograd.value import Value

ACTIVE: list[Mode] = []
"""The modes that are entered now, in any thread."""


class _Thread(threading.local):
    def __init__(self) -> None:
        self.modes: list[Mode] = []
        self.differentiating = False


_thread = _Thread()


def current() -> list[Mode]:
    """The modes that this thread has entered, the outermost first."""
    return _thread.modes


def watching() -> list[Mode]:
    """Those of them that want to see gradients."""
    return [mode for mode in _thread.modes if mode.watches]


@contextlib.contextmanager
def alone(mode: Mode) -> Iterator[None]:
    """Enter a mode in place of those that this thread has entered."""
    outer, _thread.modes = _thread.modes, []
    try:
        with mode:
            yield
    finally:
        _thread.modes = outer


@contextlib.contextmanager
def differentiating() -> Iterator[None]:
    """While this thread computes partial derivatives as Values."""
    outer, _thread.differentiating = _thread.differentiating, True
    try:
        yield
    finally:
        _thread.differentiating = outer


def is_differentiating() -> bool:
    """Whether this thread computes partial derivatives as Values now."""
    return _thread.differentiating


class Mode(contextlib.ContextDecorator):
    """Something that watches or changes evaluation; a context manager and a decorator."""

    records = True
    """Whether operations become nodes."""
    watches = True
    """Whether it wants to see the gradients that pass."""

    def __enter__(self) -> Mode:
        for outer in _thread.modes:
            outer.entered(self)
        ACTIVE.append(self)
        _thread.modes.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ACTIVE.remove(self)
        _thread.modes.remove(self)

    def entered(self, inner: Mode) -> None:
        """Called when another mode is entered inside this one."""

    def computed(self, op: Op, args: tuple[Value, ...], out: Value) -> None:
        """Called after `op` made `out` from `args`."""

    def selected(self, op: Op, args: tuple[Value, ...]) -> Any:
        """What a selection (a comparison, `where`, `detach`) gives; None to evaluate it as usual."""

    def observed(self, value: Any) -> None:
        """Called before the number of a carrier decides anything in Python: an order, a truth value."""

    def differentiated(self, node: Value, upstream: float, contributions: Sequence[float]) -> None:
        """Called when the gradient `upstream` of `node` is passed on, a contribution to each operand."""


class no_grad(Mode):  # noqa: N801 - PyTorch's name for it
    """Compute without recording: results are leaves that remember nothing.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.args
    (9.0, ())
    """

    records = False
    watches = False


class detect_anomaly(Mode):  # noqa: N801 - PyTorch's name for it
    """Raise `AnomalyError` at the first operation that makes a nan or inf out of finite numbers.

    The message names the operation, its operands and the line of your code that applied it, in the
    forward pass and, for nodes made inside the block, in the backward pass.
    """

    def __init__(self) -> None:
        self.places: dict[int, str] = {}

    def computed(self, op: Op, args: tuple[Value, ...], out: Value) -> None:
        """Check a forward result."""
        self.places[out.serial] = user_line()
        if is_differentiating():
            return  # a partial derivative may be infinite and unused: what is passed on counts
        if not math.isfinite(out.data) and all(math.isfinite(arg.data) for arg in args):
            raise AnomalyError(f"{self.places[out.serial]}: {op.name}({_shown(args)}) is {out.data}")

    def differentiated(self, node: Value, upstream: float, contributions: Sequence[float]) -> None:
        """Check the gradients that a node passes on, except to constants: (-2)**2 has no slope in its exponent."""
        if not math.isfinite(upstream):
            return
        for arg, contribution in zip(node.args, contributions, strict=True):
            if not math.isfinite(contribution) and _varies(arg):
                place = self.places.get(node.serial, "made before detect_anomaly() was entered")
                made = f"{getattr(node.op, 'name', '')}({_shown(node.args)})"
                raise AnomalyError(
                    f"{place}: the gradient that {made} passes on to {_shown((arg,))} is {contribution}, "
                    f"where {upstream} came from above"
                )


def _varies(value: Value) -> bool:
    """Whether anything but constants went into a value."""
    seen: set[Value] = set()
    stack = [value]
    while stack:
        node = stack.pop()
        if not node.args and getattr(node.op, "name", "") != "constant":
            return True
        stack.extend(arg for arg in node.args if arg not in seen)
        seen.update(node.args)
    return False


def _shown(args: tuple[Value, ...]) -> str:
    texts = [f"{arg.label}={arg.data}" if arg.label else str(arg.data) for arg in args[:6]]
    return ", ".join(texts + ["…"] * (len(args) > 6))


_ROOT = Path(__file__).parent.parent  # not resolved: frames name files as they were imported
_NUMPY = Path(np.__file__).parent
_OWN = ("<generated", *(f"{folder}{os.sep}" for folder in (_ROOT / "autograd", _ROOT / "nn", _ROOT / "viz", _NUMPY)))


def user_line(error: BaseException | None = None) -> str:
    """File and line of the innermost frame that is neither ours nor NumPy's: of this call, or where an error arose."""
    if error is None:
        frames = traceback.walk_stack(sys._getframe(1))
    else:
        frames = reversed(list(traceback.walk_tb(error.__traceback__)))
    for frame, line in frames:
        if not frame.f_code.co_filename.startswith(_OWN):
            return f"{frame.f_code.co_filename}:{line}"
    return "somewhere"
