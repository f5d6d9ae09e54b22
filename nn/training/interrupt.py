"""Ctrl-C as a wish that is granted between two steps."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any


class Interrupt:
    """A ``with`` block in which the first Ctrl-C only sets `came`; the second raises `KeyboardInterrupt` as usual.

    Elsewhere than in the main thread, and where somebody else handles the signal, it is left to them: a
    `KeyboardInterrupt` then ends the block at once, but goes no further.
    """

    def __init__(self) -> None:
        self.came = False
        self.before: Any = None

    def __enter__(self) -> Interrupt:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self.before = signal.signal(signal.SIGINT, self.handle)
        return self

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Note the first signal."""
        if self.came:
            raise KeyboardInterrupt
        self.came = True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
            return False
        self.came = kind is KeyboardInterrupt
        return self.came
