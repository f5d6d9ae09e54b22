"""Ctrl-C as a wish that is granted between two steps."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any


class Interrupt:
    """A ``with`` block in which Ctrl-C only sets `came`; in its parts `leavable()` the second raises at once.

    It raises `KeyboardInterrupt` a single time, so that nothing can tear what is done on the way out. Where a second
    one came too late for that, it is raised at the end of the block.

    Elsewhere than in the main thread, and where somebody else handles the signal, it is left to them: a
    `KeyboardInterrupt` then ends the part `leavable()`, but goes no further.
    """

    def __init__(self) -> None:
        self.came = self.late = self.may_raise = False
        self.before: Any = None

    def __enter__(self) -> Interrupt:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self.before = signal.signal(signal.SIGINT, self.handle)
        return self

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Note the first signal, raise the second."""
        if not self.came:
            self.came = True
        elif self.may_raise:
            self.may_raise = False
            raise KeyboardInterrupt
        else:
            self.late = True

    @contextlib.contextmanager
    def leavable(self) -> Iterator[None]:
        """A part of the block that may be left at any moment."""
        self.may_raise = not self.late
        try:
            yield
        except KeyboardInterrupt:
            if self.before is not None:
                raise
            self.came = True
        finally:
            self.may_raise = False

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
        if self.late and kind is None:
            raise KeyboardInterrupt
