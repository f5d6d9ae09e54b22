"""reroll, micrograd, microgpt, PyTorch, JAX and NumPy by hand on the same work: `python -m benchmarks peers`.

Every step is a forward and a backward pass, from the same weights to the same loss and gradient, which is checked
before anything is timed. Contenders take turns. Engines of single numbers are timed call by call, with the collection
of garbage on, which is part of what they cost; the others in short runs (see `timing`).

The work is the same, the graphs are not: a neuron is one dot in reroll, and a chain of + and × in micrograd and
microgpt, whose softmax is made of exp, + and ÷. micrograd and microgpt take one example of a large batch, and the
table has their time for it times the batch.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd
from benchmarks.contenders import arrays, singles
from benchmarks.scalars import Scalars
from benchmarks.timing import TOLERANCE, Contender, agreement, duration, measure, table, timed

COLUMNS = ["micrograd", "microgpt", "reroll eager", "reroll compiled", "reroll native", "NumPy by hand", "PyTorch",
           "JAX `jit`"]
SECONDS = 8.0
"""How long the engines of single numbers may take for a row, if three rounds are not more."""
NOTE = """The work is the same, the graphs are not: a neuron is one dot in reroll, and a chain of + and × in micrograd
and microgpt. micrograd has no exp and log: the benchmark adds them, written as it writes relu."""


@dataclass(frozen=True)
class Work:
    """A row: a network or the GPT, for a batch; the others' engines of single numbers may take one example of it."""

    title: str
    kind: str
    batch: int
    dtype: Any = np.float64
    extrapolated: bool = False

    def engines(self, ours: dict[str, Any], others: dict[str, Scalars]) -> dict[str, Any]:
        """The engines of single numbers that do all of it."""
        if self.dtype != np.float64:
            return {}
        return ours if self.extrapolated else others | ours


WORKS = [
    Work("micrograd's demo: 2-16-16-1, 100 points", "moons", 100),
    Work("XOR: 2-4-1, 4 examples", "xor", 4),
    Work("digits: 784-128-10, one image", "softmax", 1),
    Work("digits, batch of 64", "softmax", 64, extrapolated=True),
    Work("the same in float32", "softmax", 64, np.float32),
    Work("small GPT, one word of 8 letters", "gpt", 1),
    Work("small GPT, batch of 32 words", "gpt", 32, extrapolated=True),
    Work("the same in float32", "gpt", 32, np.float32),
]


def seconds(work: Work, engines: dict[str, Any], quick: bool) -> tuple[dict[str, float], float]:
    """The median seconds of everyone's step, and the greatest difference of their losses and gradients."""
    fast, slow = arrays(work.kind, work.batch, work.dtype), singles(work.kind, work.batch, engines)
    found = agreement(fast | slow, work.dtype)
    measured = measure({name: one.step for name, one in fast.items()}, rounds=3 if quick else 31)
    return {name: measured.median(name) for name in fast} | one_by_one(slow, quick), found


def one_by_one(slow: dict[str, Contender], quick: bool) -> dict[str, float]:
    """The median seconds of steps in engines of single numbers, by turns."""
    first = {name: timed(one.step) for name, one in slow.items()}
    rounds = 1 if quick else min(max(round(SECONDS / max(sum(first.values()), 1e-9)), 3), 9)
    calls = {name: max(1, round(0.02 / seconds)) for name, seconds in first.items()}
    times = [{name: timed(one.step, calls[name]) for name, one in slow.items()} for _ in range(rounds)]
    return {name: statistics.median(round[name] for round in times) for name in slow}


def report(others: dict[str, Scalars], quick: bool = False) -> str:
    """The table, and lines on how well all agree; the others are engines of single numbers."""
    alone: dict[str, dict[str, float]] = {}
    differences: dict[str, float] = {}
    rows = []
    for work in WORKS:
        times, found = seconds(work, work.engines({"reroll eager": autograd}, others), quick)
        if work.batch == 1:
            alone[work.kind] = times
        cells = {name: duration(time) for name, time in times.items()}
        if work.extrapolated:
            cells |= {name: f"≈ {duration(alone[work.kind][name] * work.batch)}" for name in others}
        rows.append((work.title, cells))
        kind = np.dtype(work.dtype).name
        differences[kind] = max(differences.get(kind, 0.0), found)
    columns = [name for name in COLUMNS if any(name in cells for _, cells in rows)]
    lines = [["Work", *columns]] + [[title, *(cells.get(name, "") for name in columns)] for title, cells in rows]
    agreed = " and ".join(f"{much:.0e} in {kind} ({TOLERANCE[kind]:.0e} would stop)"
                          for kind, much in differences.items())
    return f"{table(lines)}\n\nLosses and gradients differ from those of NumPy by hand by at most {agreed}.\n{NOTE}"
