"""Kernels on which programs are measured that lift loops over single numbers to operations on arrays.

They are those of BLAS, darknet, DSP libraries, DSPstone, UTDSP, simpl_array, makespeare, mathfu, blend modes, llama and
PolyBench, as C2TACO, Tenspiler, mlirSynth and Tensorize use them, and more kernels of the same suites; each written
here from what it computes, as plain loops and in NumPy by hand. `python -m benchmarks lifting` compiles all of them.

Left out is counting in a histogram, which has no derivative: the kernel of that name sets the counters to zero.
"""

from __future__ import annotations

from benchmarks.lifting import arrays, blas, blend, darknet, dsp, llama, polybench
from benchmarks.lifting.kernel import Kernel
from benchmarks.lifting.measure import measured, tabulated

__all__ = ["KERNELS", "SUITES", "Kernel", "report"]

SUITES: dict[str, dict[str, Kernel]] = {
    "BLAS": blas.KERNELS,
    "darknet": darknet.KERNELS,
    "dsp": dsp.DSP,
    "DSPstone": dsp.DSPSTONE,
    "UTDSP": dsp.UTDSP,
    "simpl_array": arrays.SIMPL_ARRAY,
    "makespeare": arrays.MAKESPEARE,
    "mathfu": arrays.MATHFU,
    "blend": blend.KERNELS,
    "llama": llama.KERNELS,
    "PolyBench": polybench.KERNELS,
}

KERNELS: dict[str, Kernel] = {f"{suite} {name}": kernel for suite, kernels in SUITES.items()
                              for name, kernel in kernels.items()}
"""All kernels by suite and name."""


def report(quick: bool = False) -> str:
    """The table: of all kernels, or of a few of each suite."""
    few = [f"{suite} {name}" for suite, kernels in SUITES.items() for name in list(kernels)[:: 8 if quick else 1]]
    rounds, run = (3, 0.002) if quick else (20, 0.003)
    return tabulated(measured({name: KERNELS[name] for name in few}, rounds, run))
