"""The parameters of a model as named arrays, and files of them.

A file is .npz without pickle: one array for each name. It is written beside its place and then moved there, so that
nobody ever sees half of it.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from autograd.errors import NumberError, SizeError, UsageError
from autograd.nested import flatten
from autograd.value import Value
from nn.errors import DataError
from nn.vector import vector_to_parameters

Arrays = dict[str, npt.NDArray[Any]]
CHECKPOINT = "checkpoint"
"""The entry of a checkpoint that tells how far training is; the names of its parameters begin with "model."."""

ARCHITECTURE = "architecture"
"""The entry that says what a model is made of."""

PathLike = str | os.PathLike[str]


class Named(Protocol):
    """Something whose parameters have names."""

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """Nested lists of Values, each with a name."""
        ...


def state_of(model: Named) -> Arrays:
    """The data of all parameters as arrays shaped as they are nested."""
    return {name: np.array(numbers(nested), np.float64) for name, nested in model.named_parameters()}


def numbers(nested: Any) -> Any:
    """The numbers in nested lists of Values, nested likewise."""
    if isinstance(nested, Value):
        return nested.data
    return [numbers(member) for member in (nested.values() if isinstance(nested, dict) else nested)]


def restore(model: Named, state: Mapping[str, Any]) -> None:
    """Write arrays into the parameters of their names: all, or none if anything does not fit."""
    named = dict(model.named_parameters())
    if missing := [name for name in named if name not in state]:
        raise UsageError(f"parameters are missing: {', '.join(missing)}; there are {', '.join(state) or 'none'}")
    if foreign := [name for name in state if name not in named]:
        raise UsageError(f"the model has no {', '.join(map(str, foreign))}; it has {', '.join(named)}")
    arrays = {name: np.asarray(state[name]) for name in named}
    for name, nested in named.items():
        shape, array = np.shape(numbers(nested)), arrays[name]
        if array.shape != shape:
            raise SizeError(f"{name} has shape {shape}, an array of shape {array.shape} came")
        if array.dtype.kind not in "biuf":
            raise NumberError(f"{name} must hold real numbers, an array of type {array.dtype} came")
    for name, nested in named.items():
        vector_to_parameters(arrays[name].ravel(), flatten(nested))


def write(path: PathLike, arrays: Mapping[str, npt.ArrayLike]) -> None:
    """Write arrays to an .npz file, whole or not at all; raises `DataError` where it cannot be written."""
    path = Path(path)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as room:
            partial = Path(room, "partial.npz")
            np.savez(partial, **dict(arrays))  # type: ignore[arg-type]
            os.replace(partial, path)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from None


def check_writable(path: PathLike) -> None:
    """Raise `DataError` if no file can be written there: to know it before hours of training, not after."""
    path = Path(path)
    if path.is_dir():
        raise DataError(f"{path} cannot be written: it is a folder")
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}."):
            pass
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from None


def read(path: PathLike) -> Arrays:
    """The arrays in an .npz file; raises `DataError` for a file that is missing, damaged or of another kind."""
    try:
        with open(path, "rb") as handle, np.load(handle, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except (ValueError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error):
        raise DataError(f"{path} is damaged, or no file that `save` wrote") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    if not all(isinstance(array, np.ndarray) for array in found.values()):
        raise DataError(f"{path} is no file that `save` wrote: it holds other things than arrays")
    return found


def read_parameters(path: PathLike) -> Arrays:
    """The parameters in a file of a model, or in a checkpoint."""
    arrays = read(path)
    if CHECKPOINT in arrays:
        return {name.removeprefix("model."): array for name, array in arrays.items() if name.startswith("model.")}
    return {name: array for name, array in arrays.items() if name != ARCHITECTURE}
