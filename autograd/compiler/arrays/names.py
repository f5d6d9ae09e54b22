"""The names in generated source: identifiers that labels cannot abuse, and constants that are carried along."""

from __future__ import annotations

import itertools
import keyword
import math
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.compiler.arrays.array import Array, Constant, constant
from autograd.specialize import FUNCTIONS

UFUNCS = {f"np_{name}": ufunc for name, ufunc in vars(np).items() if isinstance(ufunc, np.ufunc)}
"""NumPy's functions of arrays by the names that calls have for them."""

RESERVED = {"theta", "x", "y", "u", "n", "np", "len", "value", "gradient", "outside", "view", "scatter", "select",
            "jax", "jnp", "carried", "float", "magnitude", "power", "larger", *FUNCTIONS, *UFUNCS}
"""What generated source uses besides the names made here, in NumPy or in JAX."""


MANY = 3
"""More equal numbers than this are written as one."""


class Names:
    """The identifiers and constants of one source."""

    def __init__(self) -> None:
        self.taken = set(RESERVED)
        self.counts: dict[str, int] = {}
        """The last number given to a stem: all before it are taken."""
        self.constants: dict[tuple[object, ...], Constant] = {}

    def fresh(self, stem: str) -> str:
        """A safe identifier that no other thing has."""
        stem = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_")[:24]
        if not stem or stem[0].isdigit() or keyword.iskeyword(stem) or keyword.issoftkeyword(stem):
            stem = "v" + stem
        name, count = stem, self.counts.get(stem, 1)
        while name in self.taken:
            count += 1
            name = f"{stem}_{count}" if stem[-1].isdigit() else f"{stem}{count}"
        self.counts[stem] = count
        self.taken.add(name)
        return name

    def numbered(self, stem: str) -> str:
        """stem1, stem2, …: the first that no other thing has."""
        first = self.counts.get(stem, 1)
        number = next(i for i in itertools.count(first) if f"{stem}{i}" not in self.taken)
        self.counts[stem] = number
        return self.fresh(f"{stem}{number}")

    def carried(self, array: npt.NDArray[Any], stem: str) -> Constant:
        """An array that the program carries along; equal ones are one."""
        key = (array.shape, array.dtype.str, array.tobytes())
        if key not in self.constants:
            self.constants[key] = Constant(self.numbered(stem), array)
        return self.constants[key]

    def constant(self, array: npt.NDArray[Any], stem: str) -> Array:
        """The same as a node."""
        return constant(self.carried(array, stem))


def literal(array: npt.NDArray[np.generic]) -> str:
    """An array as source that runs where NumPy is called np; of equal numbers, one.

    >>> literal(np.array([1.0, np.nan]))
    'np.array([1.0, np.nan])'
    >>> literal(np.array([[2.5, 2.5, 2.5, 2.5]]))
    'np.full((1, 4), 2.5)'
    """
    if array.size > MANY and np.all(array == array.flat[0]):
        return f"np.full({array.shape}, {numbers(array.reshape(-1)[:1], 'np')[1:-1]})"
    return f"np.array({numbers(array, 'np')})"


def numbers(array: npt.NDArray[np.generic], module: str) -> str:
    """The numbers of an array in nested lists as source, where nan and inf are those of a module.

    >>> numbers(np.array([1.0, -np.inf]), "torch")
    '[1.0, -torch.inf]'
    """
    def written(item: Any) -> str:
        if isinstance(item, list):
            return f"[{', '.join(map(written, item))}]"
        if isinstance(item, float) and not math.isfinite(item):
            return f"{'-' if item < 0 else ''}{module}.{'nan' if math.isnan(item) else 'inf'}"
        return repr(item)

    return repr(array.tolist()) if np.isfinite(array).all() else written(array.tolist())
