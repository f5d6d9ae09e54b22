"""Modes: what watches or changes eager evaluation while a ``with`` block runs.

`no_grad` computes without remembering; `detect_anomaly` stops at the first nan or inf.
`ACTIVE` is empty in the common case, which is all that the fast path looks at.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import linecache
import math
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from autograd.errors import AnomalyError, UsageError

if TYPE_CHECKING:
    from autograd.ops import Op
    from autograd.value import Value

F = TypeVar("F", bound=Callable[..., Any])


class Entry:
    """A mode that has been entered and not been left."""

    __slots__ = ("frame", "mode", "owner", "task")

    def __init__(self, mode: Mode, frame: FrameType) -> None:
        self.mode = mode
        self.frame = frame
        self.owner = _suspendable(frame)
        self.task = _task() if self.owner else None

    def acts(self) -> bool:
        """Whether the code that runs now is inside the ``with`` block."""
        inherited = self in _entries.get()
        if self.owner is None:
            return inherited
        # Of a generator or coroutine, the block is entered and suspended with it: it must be among the callers. But
        # tasks and threads that the block has given its context are inside as well.
        return self.calls() or (inherited and _task() is not self.task)

    def calls(self) -> bool:
        """Whether the owner is among the callers of this code."""
        assert self.owner is not None
        frame = sys._getframe(1) if self.owner.f_back else None  # None called it while it is suspended
        while frame is not None and frame is not self.owner:
            frame = frame.f_back
        return frame is not None


ACTIVE: list[Entry] = []
"""What is entered now, in any thread or task, the outermost first."""

_entries: ContextVar[tuple[Entry, ...]] = ContextVar("modes entered in this context", default=())


def _task() -> Any:
    """The asyncio task that runs, if any."""
    try:
        return sys.modules["asyncio"].current_task()
    except (KeyError, RuntimeError):
        return None


_SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_CONTEXTLIB = contextlib.contextmanager.__code__.co_filename


def _suspendable(frame: FrameType) -> FrameType | None:
    """The generator or coroutine for which a frame enters a mode; None where a function does."""
    while frame.f_back is not None:
        # What contextlib calls, a generator under @contextmanager, and an ExitStack act for their caller.
        if _CONTEXTLIB not in (frame.f_code.co_filename, frame.f_back.f_code.co_filename):
            break
        frame = frame.f_back
    return frame if frame.f_code.co_flags & _SUSPENDS else None


class _Thread(threading.local):
    differentiating = False


_thread = _Thread()


def current() -> list[Mode]:
    """The modes in whose blocks this code runs, the outermost first; those outside a trace do not count in it."""
    modes = [entry.mode for entry in tuple(ACTIVE) if entry.acts()]
    start = max((i for i, mode in enumerate(modes) if mode.traces), default=0)
    return modes[start:]


def watching() -> list[Mode]:
    """Those of them that want to see gradients."""
    return [mode for mode in current() if mode.watches] if ACTIVE else []


def is_tracing() -> bool:
    """Whether operations are written down to be compiled, so that there are no numbers."""
    return bool(ACTIVE) and any(mode.traces for mode in current())


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
    """Something that watches or changes evaluation; a context manager and a decorator.

    It acts on the code inside its ``with`` block, wherever that code is: in what the block calls, and in asyncio tasks
    that it starts, but not in other threads, in other tasks, or in the caller of a generator that is suspended
    within the block. Blocks may end in any order. As a decorator it acts while the function, generator or coroutine
    runs.
    """

    records = True
    """Whether operations become nodes."""
    watches = True
    """Whether it wants to see the gradients that pass."""
    traces = False
    """Whether operations are written down in place of being computed; modes outside do not see them."""

    def __enter__(self) -> Self:
        for outer in current():
            outer.entered(self)
        entry = Entry(self, sys._getframe(1))
        ACTIVE.append(entry)
        _entries.set((*(e for e in _entries.get() if e in ACTIVE), entry))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        frame = sys._getframe(1)
        mine = [e for e in (*ACTIVE, *_entries.get()) if e.mode is self and e in ACTIVE]
        if not mine:
            raise UsageError(f"{type(self).__name__} is left, but it has not been entered or was left before")
        # That of this ``with`` statement, wherever a generator is closed; else the last that this context has entered.
        entry = ([e for e in mine if e.frame is frame] or mine)[-1]
        ACTIVE.remove(entry)
        _entries.set(tuple(e for e in _entries.get() if e is not entry))

    def __call__(self, function: F) -> F:
        """Decorate a function, a generator or a coroutine."""
        if inspect.isasyncgenfunction(function):
            raise UsageError(f"{type(self).__name__} does not decorate an asynchronous generator: enter it in its body")

        async def coroutine(*args: Any, **options: Any) -> Any:
            with self:
                return await function(*args, **options)

        def generator(*args: Any, **options: Any) -> Any:
            with self:
                return (yield from function(*args, **options))

        if inspect.iscoroutinefunction(function):
            return functools.wraps(function)(coroutine)  # type: ignore[return-value]
        if inspect.isgeneratorfunction(function):
            return functools.wraps(function)(generator)  # type: ignore[return-value]
        return super().__call__(function)

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


def lock() -> Any:
    """A lock that a forked child finds open: the thread that held it is not there."""
    made = threading.RLock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=made._at_fork_reinit)  # type: ignore[attr-defined]
    return made


_ROOT = Path(__file__).parent.parent  # not resolved: frames name files as they were imported
_NUMPY = Path(np.__file__).parent
_OWN = ("<generated", *(f"{folder}{os.sep}" for folder in (_ROOT / "autograd", _ROOT / "nn", _ROOT / "viz", _NUMPY)))


def user_line(error: BaseException | None = None) -> str:
    """The line of the innermost frame that is neither ours nor NumPy's: of this call, or where an error arose.

    It is named by its file, or by what stands in it where there is no file: in a cell of a notebook.
    """
    if error is None:
        frames = traceback.walk_stack(sys._getframe(1))
    else:
        frames = reversed(list(traceback.walk_tb(error.__traceback__)))
    for frame, line in frames:
        name = frame.f_code.co_filename
        if not name.startswith(_OWN):
            if name in linecache.cache and not os.path.exists(name):  # IPython puts the text of cells there
                return f"line {line} of the cell, `{linecache.getline(name, line).strip()}`"
            return f"{name}:{line}"
    return "somewhere"
