"""Measuring contenders side by side: runs by turns in one process, medians, and tables of them in Markdown."""

from __future__ import annotations

import contextlib
import datetime
import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

Step = Callable[[], Any]


class Contender(NamedTuple):
    """A step, which returns the loss, and where it can be had the gradient of the step before, as one array."""

    step: Step
    gradient: Callable[[], Any] | None = None


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Everything on one core: NumPy on one thread, and the process where the system lets it choose (Linux).

    What has counted the cores before, such as PyTorch or JAX when they are imported, keeps its threads.
    """
    if not hasattr(os, "sched_setaffinity"):
        with threadpool_limits(1):
            yield
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        with threadpool_limits(1):
            yield
    finally:
        os.sched_setaffinity(0, cores)


@dataclass
class Measured:
    """Seconds per call of each contender, a number for every round."""

    seconds: dict[str, list[float]]

    def median(self, name: str) -> float:
        """The median seconds of a call."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, other: str) -> float:
        """The median over the rounds of name / other: what disturbs a round disturbs both."""
        return statistics.median(a / b for a, b in zip(self.seconds[name], self.seconds[other], strict=True))


def measure(contenders: dict[str, Step], rounds: int = 25, run: float = 0.01) -> Measured:
    """Time the contenders by turns: in every round each has a run of about `run` seconds, in changing order.

    A few calls before each run are not counted, so that a contender's threads wake and the others' fall asleep.
    """
    calls = {name: max(1, int(run / _once(step))) for name, step in contenders.items()}
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    order = list(contenders)
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name in order:
                step, n = contenders[name], calls[name]
                for _ in range(1 + n // 5):
                    step()
                start = time.perf_counter()
                for _ in range(n):
                    step()
                seconds[name].append((time.perf_counter() - start) / n)
            order.append(order.pop(0))
    finally:
        if enabled:
            gc.enable()
    return Measured(seconds)


TOLERANCE = {"float32": 1e-4, "float64": 1e-9}


def agreement(contenders: dict[str, Contender], dtype: Any = np.float64) -> float:
    """How much losses and gradients after a step of each differ at most from those of the first contender.

    A loss's difference is relative to the loss, a gradient's to its greatest slope. Stops if it is more than
    rounding explains.
    """
    tolerance = TOLERANCE[np.dtype(dtype).name]
    results = {name: (one.step(), one.gradient and one.gradient()) for name, one in contenders.items()}
    (first, (loss, gradient)), *others = results.items()
    found = [0.0]
    for name, (value, slopes) in others:
        much = abs(value - loss) / abs(loss)
        if gradient is not None and slopes is not None:
            much = np.maximum(much, np.abs(slopes - gradient).max() / np.abs(gradient).max())  # nan if either is
        if not much <= tolerance:
            raise SystemExit(f"{name} and {first} disagree by {much:.1e}, which is more than {tolerance:.0e}")
        found.append(float(much))
    return max(found)


def timed(step: Step, calls: int = 1) -> float:
    """Seconds of a call that makes garbage, which is collected as Python likes.

    What others left is collected before, and what they hold, such as modules of PyTorch, is not walked in between.
    """
    gc.collect()
    gc.freeze()
    try:
        start = time.perf_counter()
        for _ in range(calls):
            step()
        return (time.perf_counter() - start) / calls
    finally:
        gc.unfreeze()


def _once(step: Step) -> float:
    """Seconds of a call, roughly."""
    for _ in range(3):
        step()
    start = time.perf_counter()
    for _ in range(5):
        step()
    return (time.perf_counter() - start) / 5


def machine() -> str:
    """The machine, its software and the date, for the head of a table."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return (f"{platform.machine()}, {processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
            f"NumPy {np.__version__} with {blas['name']} {blas['version']}, "
            f"OPENBLAS_NUM_THREADS {os.environ.get('OPENBLAS_NUM_THREADS', 'unset')}; {datetime.date.today()}")


def processor() -> str:
    """The name of the processor."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def duration(seconds: float) -> str:
    """Seconds with three digits and the unit that suits them.

    >>> duration(9.2e-6), duration(0.02814), duration(161.4)
    ('9.20 µs', '28.1 ms', '161 s')
    """
    unit, size = next(((unit, size) for unit, size in (("s", 1.0), ("ms", 1e-3)) if seconds >= 0.9995 * size),
                      ("µs", 1e-6))
    value = seconds / size
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f} {unit}"


def table(rows: list[list[str]]) -> str:
    """Rows of cells, the first being the head, as a table in Markdown; all columns but the first to the right."""
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
             for first, *rest in rows]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])
