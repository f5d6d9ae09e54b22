"""The names in generated source: identifiers that labels cannot abuse, and constants that are carried along."""

from __future__ import annotations

import itertools
import keyword
import re

import numpy as np
import numpy.typing as npt

HELPERS = {
    "view": '''
def view(a, base, sizes, strides):
    """The elements a[..., base + strides · (i, j, …)] without a copy."""
    step = a.strides[-1]
    return np.lib.stride_tricks.as_strided(
        a[..., base:], a.shape[:-1] + sizes, a.strides[:-1] + tuple(s * step for s in strides))
''',
    "scatter": '''
def scatter(g, order, starts, places, size):
    """Columns of g added up into `size` columns: sorted by `order`, the runs from `starts` go to `places`."""
    total = np.zeros(g.shape[:-1] + (size,), g.dtype)
    total[..., places] = np.add.reduceat(g[..., order], starts, axis=-1)
    return total
''',
}

RESERVED = {"theta", "x", "y", "u", "n", "np", "len", "value", "gradient", *HELPERS,
            "jax", "jnp", "float", "magnitude", "power", "larger"}
"""What generated source uses besides the names made here, in NumPy or in JAX."""


class Names:
    """The identifiers, constants and helper functions of one source."""

    def __init__(self) -> None:
        self.taken = set(RESERVED)
        self.constants: dict[str, npt.NDArray[np.generic]] = {}
        self.known: dict[tuple[object, ...], str] = {}
        self.helpers: set[str] = set()

    def fresh(self, stem: str) -> str:
        """A safe identifier that no other thing has."""
        stem = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_")[:24]
        if not stem or stem[0].isdigit() or keyword.iskeyword(stem) or keyword.issoftkeyword(stem):
            stem = "v" + stem
        name, count = stem, 1
        while name in self.taken:
            count += 1
            name = f"{stem}_{count}" if stem[-1].isdigit() else f"{stem}{count}"
        self.taken.add(name)
        return name

    def numbered(self, stem: str) -> str:
        """stem1, stem2, …: the first that no other thing has."""
        return self.fresh(next(f"{stem}{i}" for i in itertools.count(1) if f"{stem}{i}" not in self.taken))

    def constant(self, array: npt.NDArray[np.generic], stem: str) -> str:
        """The name of an array that the program carries along."""
        key = (array.shape, array.dtype.str, array.tobytes())
        if key not in self.known:
            name = self.numbered(stem)
            self.known[key] = name
            self.constants[name] = array
        return self.known[key]

    def helper(self, name: str) -> str:
        """The name of a helper function, which the source then contains."""
        self.helpers.add(name)
        return name


def literal(array: npt.NDArray[np.generic]) -> str:
    """An array as source that runs where NumPy is called np.

    >>> literal(np.array([1.0, np.nan]))
    'np.array([1.0, np.nan])'
    """
    return f"np.array({numbers(array, 'np')})"


def numbers(array: npt.NDArray[np.generic], module: str) -> str:
    """The numbers of an array in nested lists as source, where nan and inf are those of a module.

    >>> numbers(np.array([1.0, -np.inf]), "torch")
    '[1.0, -torch.inf]'
    """
    return re.sub("nan|inf", lambda name: f"{module}.{name[0]}", str(array.tolist()))
