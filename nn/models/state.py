"""The parameters of a model as named arrays, and files of them.

A file is .npz without pickle: one array for each name. Nobody ever sees half of one.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from autograd.errors import NumberError, SizeError, UsageError
from autograd.files import PathLike, replacing
from autograd.nested import flatten, real_array
from autograd.value import Value
from nn.errors import DataError
from nn.vector import vector_to_parameters

Arrays = dict[str, npt.NDArray[Any]]
CHECKPOINT = "#checkpoint"
"""The entry of a checkpoint that tells how far training is; the names of its parameters begin with "model."."""

ARCHITECTURE = "#architecture"
"""The entry that says what a model is made of. No parameter can have such a name."""


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
    arrays = {name: real_array(name, state[name]) for name in named}
    for name, nested in named.items():
        shape, array = np.shape(numbers(nested)), arrays[name]
        if array.shape != shape:
            raise SizeError(f"{name} has shape {shape}, an array of shape {array.shape} came")
    for name, nested in named.items():
        vector_to_parameters(arrays[name].ravel(), flatten(nested))


def write(path: PathLike, arrays: Mapping[str, npt.ArrayLike]) -> None:
    """Write arrays to an .npz file, whole or not at all.

    Raises `DataError` where it cannot be written, `NumberError` for what only pickle could write.
    """
    plain = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.hasobject:
            raise NumberError(f"a file holds arrays of numbers and texts, {name} is {arrays[name]!r}")
    with replacing(path, DataError) as file:
        archive = zipfile.ZipFile(file, "w")
        try:
            for name, array in plain.items():  # not by np.savez, which has arguments: they are no names for arrays
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
            archive.close()
        except BaseException:
            archive.fp = None  # to close it, as it does by itself, would be another error while an entry is open
            raise


def read(path: PathLike) -> Arrays:
    """The arrays in an .npz file; raises `DataError` for a file that is missing, damaged or of another kind."""
    try:
        with open(path, "rb") as handle, np.load(handle, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception:  # a damaged archive makes zipfile and NumPy raise errors of many kinds
        raise DataError(f"{path} is damaged, or no file that `save` wrote") from None
    if not all(isinstance(array, np.ndarray) for array in found.values()):
        raise DataError(f"{path} is no file that `save` wrote: it holds other things than arrays")
    return found


def read_model(path: PathLike) -> tuple[Arrays, str]:
    """The parameters in a file of a model, or in a checkpoint, and what the model is made of, if the file says."""
    arrays = read(path)
    architecture = str(arrays.pop(ARCHITECTURE, ""))
    return (beneath("model", arrays) if CHECKPOINT in arrays else arrays), architecture


def within(room: str, state: Mapping[str, Any]) -> Arrays:
    """Arrays under names that begin with that of a room."""
    return {f"{room}.{name}": np.asarray(value) for name, value in state.items()}


def beneath(room: str, arrays: Arrays) -> Arrays:
    """The arrays of a room, by the names they have there."""
    return {name.removeprefix(f"{room}."): array for name, array in arrays.items() if name.startswith(f"{room}.")}
