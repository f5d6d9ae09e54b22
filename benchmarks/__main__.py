"""All benchmarks but that of training on MNIST: `python -m benchmarks [--quick] [--microgpt FILE] [table …]`.

Tables, in Markdown:

- peers: reroll, micrograd, microgpt, NumPy by hand, PyTorch and JAX on the same work (see `comparison`);
- eager: the eager engine against micrograd, with memory (see `eager`);
- programs: a hundred losses written over single numbers, as calls of NumPy and as machine code, beside NumPy by hand,
  PyTorch and JAX (see `programs`; `python -m benchmarks.programs NAME-PART …` measures some of them);
- lifting: the kernels on which programs are measured that lift loops to operations on arrays (see `lifting`);
- updates: a compiled program for several batches, and with updates (see `compiled`);
- compiling: what it costs as networks grow (see `growth`);
- steps: losses that carry a state through steps, as these become more (see `steps`);
- devices: examples per second on several virtual devices (see `jax_devices`);
- imports: what importing costs (see `imports`);
- slips: what `autograd.check.matrices` names of slips in gradients by hand (see `slips`; no times).

There is no package of microgpt, which is one file: `--microgpt FILE` reads a copy, of which only the class Value runs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import comparison, compiled, growth, imports, jax_devices, lifting, programs, scalars, slips, steps
from benchmarks.peers import installed, versions
from benchmarks.timing import machine, one_core


def eager(quick: bool) -> str:
    """The table of `eager`, which needs micrograd."""
    if not installed("micrograd"):
        return "micrograd is not installed: the table is left out"
    from benchmarks import eager

    return eager.report(quick)


def devices(quick: bool) -> str:
    """The table of `jax_devices`, which needs JAX."""
    return jax_devices.report(quick) if installed("jax") else "JAX is not installed: the table is left out"


TABLES: dict[str, tuple[str, Callable[..., str]]] = {
    "peers": ("A step, forward and backward, on one core; in float64 where it does not say float32; ≈ is the time of "
              "one example times the batch", comparison.report),
    "eager": ("The eager engine, a step on one core", eager),
    "programs": ("Losses written over single numbers, a step on one core, least of all runs; in float64",
                 programs.report),
    "lifting": ("Kernels of loops over single numbers, a call for a batch of 32 on one core, least of all runs",
                lifting.report),
    "updates": ("784-128-10, a step on one core, alone and with updates", compiled.report),
    "compiling": ("Compiling, to the end of the first call, on one core", growth.report),
    "steps": ("Losses of 5, 20 and 100 steps: lines of the source, blocks, seconds to compile; and by JAX, with "
              "loops and without", steps.report),
    "devices": ("Training steps with Adam in float32, on all cores", devices),
    "imports": ("Imports, each in a process of its own", imports.report),
    "slips": ("Slips in gradients by hand, and what the check says of them", slips.report),
}
"""Titles, and what makes the tables."""


def engines(microgpt: str | None) -> dict[str, scalars.Scalars]:
    """The engines of single numbers that can be had; says what cannot."""
    found = {"micrograd": scalars.micrograd()} if installed("micrograd") else {}
    if not microgpt:
        print("microgpt is left out: --microgpt FILE measures a copy of it")
        return found
    return found | {"microgpt": scalars.microgpt(Path(microgpt))}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="table", help="all if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and smaller work, to see that it works")
    parser.add_argument("--microgpt", metavar="FILE", default=os.environ.get("MICROGPT"),
                        help="a copy of Karpathy's microgpt.py (default: $MICROGPT)")
    options = parser.parse_args()
    if unknown := set(options.tables) - set(TABLES):
        parser.error(f"no table {', '.join(sorted(unknown))}: choose of {', '.join(TABLES)}")
    start = time.perf_counter()
    with one_core():
        print(f"{machine()}; {versions()}")
        others = engines(options.microgpt)
    for name in options.tables or TABLES:
        title, report = TABLES[name]
        arguments = [others] if name == "peers" else []
        print(f"\n{title}:\n", flush=True)
        with contextlib.nullcontext() if name in ("devices", "imports") else one_core():
            print(report(*arguments, quick=options.quick))
    print(f"\nAll of it took {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
