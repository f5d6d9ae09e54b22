"""The parameters of a model as named arrays, and files of them.

A file is .npz without pickle: one array for each name. Nobody ever sees half of one.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from autograd.errors import NumberError, RerollError, SizeError, UsageError
from autograd.files import PathLike, reading, replacing
from autograd.flat import assign
from autograd.nested import flatten, real_array
from autograd.value import Value
from nn.errors import DataError
from nn.vector import cast, real_numbers

T = TypeVar("T")
Arrays = dict[str, npt.NDArray[Any]]
CHECKPOINT = "#checkpoint"
"""The entry of a checkpoint that tells how far training is; the names of its parameters begin with "model."."""

ARCHITECTURE = "#architecture"
"""The entry that says what a model is made of. No parameter can have such a name."""

TEXTS = {CHECKPOINT, ARCHITECTURE}

SWELLING = 100
"""How many times as large as the file its arrays may become in memory. `save` does not compress, and numbers that were
learned would shrink to about a half."""

LONGEST_HEAD = 2**16
"""The bytes at the start of an entry that say what its array is."""


class Head(NamedTuple):
    """What an array is, before it is read."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class Named(Protocol):
    """Something that is made of Values with names."""

    def named_state(self) -> Iterator[tuple[str, Any]]:
        """Nested lists of Values, each with a name."""
        ...


def state_of(model: Named) -> Arrays:
    """The data of all parameters as arrays shaped as they are nested."""
    return {name: np.array(numbers(nested), np.float64) for name, nested in named_of(model).items()}


def named_of(model: Named) -> dict[str, Any]:
    """What a model is made of, by name; raises `UsageError` where two parts have one name."""
    named: dict[str, Any] = {}
    for name, nested in model.named_state():
        if name in named:
            raise UsageError(f"two parameters of the model are called {name}: give attributes and keys of dicts other "
                             "names")
        named[name] = nested
    return named


def numbers(nested: Any) -> Any:
    """The numbers in nested lists of Values, nested likewise."""
    return nested.data if isinstance(nested, Value) else [numbers(member) for member in nested]


def shape_of(nested: Any) -> tuple[int, ...] | None:
    """The shape of the array that nested lists of Values make; None if they make none, as rows of different lengths."""
    if isinstance(nested, Value):
        return ()
    if not isinstance(nested, (list, tuple, np.ndarray)):
        return None
    shapes = {() if type(member) is Value else shape_of(member) for member in nested}
    inner = shapes.pop() if len(shapes) == 1 else None
    return None if inner is None else (len(nested), *inner)


def restore(model: Named, state: Mapping[str, Any]) -> None:
    """Write arrays into the parameters of their names: all, or none if anything does not fit."""
    arrays = {name: real_array(name, array) for name, array in state.items()}
    named = check(model, {name: Head(array.shape, array.dtype) for name, array in arrays.items()})
    pairs = [(flatten(nested), cast(name, arrays[name]).ravel().tolist()) for name, nested in named.items()]
    for values, numbers in pairs:  # from here on nothing can fail
        assign(values, numbers)


def check(model: Named, heads: Mapping[str, Head]) -> dict[str, Any]:
    """What the model is made of, by name; raises an error that says what does not fit unless these are its arrays."""
    named = named_of(model)
    if missing := [name for name in named if name not in heads]:
        raise UsageError(f"parameters are missing: {', '.join(missing)}; there are {', '.join(heads) or 'none'}")
    if foreign := [name for name in heads if name not in named]:
        raise UsageError(f"the model has no {', '.join(map(str, foreign))}; it has {', '.join(named)}")
    for name, nested in named.items():
        head = heads[name]
        if head.shape != shape_of(nested):
            raise SizeError(f"{name} has shape {shape_of(nested)}, an array of shape {head.shape} came")
        real_numbers(name, head.dtype)
    return named


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


def read(
    path: PathLike, check: Callable[[Mapping[str, Head]], object] = lambda heads: None, only: str | None = None
) -> Arrays:
    """The arrays in an .npz file, or `only` one, once `check` has seen how large each of them would be.

    Raises `DataError` for a file that is missing, damaged, of another kind or no regular file, and for one that would
    take up too much memory.
    """
    try:
        with reading(path, DataError) as file, zipfile.ZipFile(file) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
            size, becomes = os.fstat(file.fileno()).st_size, sum(entry.file_size for entry in entries.values())
            if becomes > SWELLING * size:
                raise DataError(f"{path} has {size} bytes and would become {becomes} in memory, more than {SWELLING} "
                                "times as many")
            heads = {name: head_of(archive, entry) for name, entry in entries.items()}
            if any(heads[name].shape or heads[name].dtype.kind != "U" for name in TEXTS & heads.keys()):
                raise ValueError
            check(heads)
            return {name: array_of(archive, entry) for name, entry in entries.items() if only in (None, name)}
    except RerollError:
        raise
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception:  # a damaged archive makes zipfile and NumPy raise errors of many kinds
        raise DataError(f"{path} is damaged, or no file that `save` wrote") from None


def head_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Head:
    """Shape and type of an array, from the first bytes of its entry; `ValueError` unless its length is theirs."""
    with archive.open(entry) as opened:
        start = io.BytesIO(opened.read(LONGEST_HEAD))
    version = np.lib.format.read_magic(start)
    read_head = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    shape, _, dtype = read_head(start)
    if dtype.hasobject or entry.file_size != start.tell() + math.prod(shape) * dtype.itemsize:
        raise ValueError
    return Head(shape, dtype)


def array_of(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> npt.NDArray[Any]:
    """The array of an entry."""
    with archive.open(entry) as opened:
        array: npt.NDArray[Any] = np.lib.format.read_array(opened, allow_pickle=False)
        return array


def read_model(path: PathLike, check: Callable[[Mapping[str, Head], str], object]) -> Arrays:
    """The parameters in a file of a model, or in a checkpoint.

    Before they are read, `check` sees their names and shapes, and what the model is made of, "" if the file does not
    say.
    """
    architecture = str(read(path, only=ARCHITECTURE).get(ARCHITECTURE, ""))
    return parameters_in(read(path, lambda heads: check(parameters_in(heads), architecture)))


def parameters_in(entries: Mapping[str, T]) -> dict[str, T]:
    """The entries of a file that are parameters."""
    named = beneath("model", entries) if CHECKPOINT in entries else entries
    return {name: entry for name, entry in named.items() if name != ARCHITECTURE}


def within(room: str, state: Mapping[str, Any]) -> Arrays:
    """Arrays under names that begin with that of a room."""
    return {f"{room}.{name}": np.asarray(value) for name, value in state.items()}


def beneath(room: str, arrays: Mapping[str, T]) -> dict[str, T]:
    """The arrays of a room, by the names they have there."""
    return {name.removeprefix(f"{room}."): array for name, array in arrays.items() if name.startswith(f"{room}.")}
