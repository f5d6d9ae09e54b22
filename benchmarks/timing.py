"""Measuring contenders side by side: short runs by turns in one process, and medians of their ratios."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Step = Callable[[], object]


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


def _once(step: Step) -> float:
    """Seconds of a call, roughly."""
    for _ in range(3):
        step()
    start = time.perf_counter()
    for _ in range(5):
        step()
    return (time.perf_counter() - start) / 5


def machine() -> str:
    """The machine and its software, for the head of a table."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return (f"{platform.machine()}, {processor()}, {os.cpu_count()} cores; Python {platform.python_version()}, "
            f"NumPy {np.__version__} with {blas['name']} {blas['version']}, "
            f"OPENBLAS_NUM_THREADS {os.environ.get('OPENBLAS_NUM_THREADS', 'unset')}")


def processor() -> str:
    """The name of the processor."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def table(rows: list[list[str]]) -> str:
    """Rows of cells, the first being the head, as aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]))
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
