"""Losses that one writes over single numbers, from regression to physics, measured one by one.

Each is compiled to calls of NumPy and to machine code, and measured beside the same loss over arrays: most of them
forward and backward in NumPy by hand, all of them in PyTorch (eager) and JAX (`jit`), which differentiate.
`python -m benchmarks programs` prints the table: the least microseconds of a step, forward and backward, in float64 for
a batch, by turns in one process; then ratios. `python -m benchmarks.programs NAME-PART …` measures only the losses
whose names contain one of the parts.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.programs import (
    algebra,
    attention,
    convolutions,
    embeddings,
    geometry,
    networks,
    neurons,
    physics,
    probability,
    recurrent,
    regression,
    sciences,
    sequences,
)
from benchmarks.programs.common import Work
from benchmarks.programs.measure import contenders, measured, programs, tabulated

__all__ = ["WORK", "Work", "contenders", "programs", "report"]

FIELDS = (regression, probability, sequences, recurrent, physics, sciences, algebra, geometry, networks, neurons,
          embeddings, convolutions, attention)

WORK: dict[str, Work] = {name: work for field in FIELDS for name, work in field.WORK.items()}
"""All losses by name."""


def report(quick: bool = False, parts: Sequence[str] = (), batches: Sequence[int] = ()) -> str:
    """The table: of all losses, of some if `quick`, or of those whose names contain one of the parts."""
    names = [name for name in WORK if any(part.lower() in name.lower() for part in parts or ("",))]
    if quick and not parts:
        names = names[::8]
    if not names:
        raise SystemExit(f"no loss has {' or '.join(parts)} in its name; there are {'; '.join(WORK)}")
    chosen = {name: WORK[name] for name in names}
    sizes = tuple(batches) or ((32,) if quick else (32, 256))
    rounds, run = (3, 0.002) if quick else (40, 0.003)  # many and short: some are disturbed by nobody
    return tabulated(list(measured(chosen, sizes, rounds, run)))
