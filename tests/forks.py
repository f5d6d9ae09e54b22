"""Forks of a process that is warm, and numbers that they share with it."""

from __future__ import annotations

import mmap
import os
import signal
import threading
import time
import traceback

import numpy as np
from tqdm import tqdm

PATIENCE = 120
"""Seconds after which a fork that hangs is ended."""


class Shared:
    """Whole numbers in memory that forks share: attributes, 0 at first."""

    def __init__(self, *names):
        vars(self)["names"] = names
        vars(self)["numbers"] = np.frombuffer(mmap.mmap(-1, 8 * len(names)), np.int64)

    def __getattr__(self, name):
        return int(self.numbers[self.names.index(name)])

    def __setattr__(self, name, number):
        self.numbers[self.names.index(name)] = number


def forked(work):
    """The number of a fork that does some work. It ends with 0, with 130 after Ctrl-C, or with 1 after an error."""
    child = os.fork()
    if child:
        return child
    signal.alarm(PATIENCE)
    tqdm.set_lock(threading.RLock())  # its own is shared by forks: one that is killed would hold up all others
    try:
        work()
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def struck(work, strike, ready, *delays):
    """Let a fork do some work, and send it a signal after each of these seconds since it was ready; how it ended.

    That is what it ended with, or minus the number of the signal.
    """
    child = forked(work)
    while not ready() and not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0.0002)
    for delay in delays:
        time.sleep(delay)
        os.kill(child, strike)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def killed(work, ready, delay):
    """Let a fork do some work, and kill it so many seconds after it is ready; whether that was before its end."""
    status = struck(work, signal.SIGKILL, ready, delay)
    assert status in (0, -signal.SIGKILL), f"the fork ended by itself, with {status}"
    return status < 0
