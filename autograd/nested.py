"""Nested lists, as models and data are made of, and the parameters in them."""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Callable
from contextvars import Context
from typing import Any, ParamSpec, TypeVar

import numpy as np
import numpy.typing as npt

from autograd.errors import NumberError, SizeError, UsageError
from autograd.value import Value

Given = ParamSpec("Given")
Result = TypeVar("Result")


def flatten(nested: Any) -> list[Any]:
    """The members of nested lists, tuples, dicts and arrays from first to last; of a single thing, itself.

    >>> flatten([[1, 2], (3,), {"a": 4}])
    [1, 2, 3, 4]
    >>> flatten(5)
    [5]
    """
    if type(nested) is list and set(map(type, nested)) == {Value}:
        return nested.copy()  # a hundred thousand parameters, perhaps: no look at each
    if isinstance(nested, np.ndarray):
        nested = nested.tolist()
    if isinstance(nested, dict):
        nested = nested.values()
    elif not isinstance(nested, (list, tuple)):
        return [nested]
    leaves: list[Any] = []
    for member in nested:
        if not isinstance(member, (list, tuple, dict, np.ndarray)):
            leaves.append(member)
        else:
            leaves += flatten(member)
    return leaves


def parameters_of(params: Any) -> list[Value]:
    """The parameters of models, and Values, in nested lists and dicts: in their order, each once.

    A model is what has a method `parameters`, which returns Values. Raises `NumberError` for what is
    neither a model nor a Value.

    >>> a, b = Value(1.0, "a"), Value(2.0, "b")
    >>> [value.label for value in parameters_of({"first": [b, a], "again": b})]
    ['b', 'a']
    """
    values: list[Any] = []
    for leaf in flatten(params):
        if type(leaf) is not Value and not isinstance(leaf, Value) and hasattr(leaf, "parameters"):
            values += leaf.parameters()
        else:
            values.append(leaf)
    for kind in set(map(type, values)):
        if not issubclass(kind, Value):
            raise NumberError(f"parameters are Values, {kind.__name__} came: pass a model or Values")
    return list(dict.fromkeys(values))


# ── arrays of numbers ────────────────────────────────────────────────────────────────────────


REAL = "biuf"
"""The kinds of real numbers; True and False count as 1 and 0."""


def is_real(dtype: np.dtype[Any]) -> bool:
    """Whether arrays of a type hold real numbers."""
    return dtype.kind in REAL


def real_array(name: str, data: Any) -> npt.NDArray[Any]:
    """Data as an array of real numbers of any type: the one gate by which arrays come in.

    Raises `SizeError` where rows differ in length, `UsageError` for masked entries, whose numbers mean nothing, and
    `NumberError` for all else that is no array of real numbers; each says what to do.

    >>> real_array("Y", ["cat", "dog"])
    Traceback (most recent call last):
    autograd.errors.NumberError: Y must hold real numbers, it is of type <U3, with 'cat' in it: names, Y = \
np.unique(Y, return_inverse=True) makes whole numbers of texts
    """
    if type(data) is np.ndarray and data.dtype.kind in REAL:
        return data  # by far the most
    check_mask(name, data)
    try:
        array = np.asanyarray(data)
    except ValueError:
        raise SizeError(f"the rows of {name} differ in length") from None
    except Exception as error:  # arrays of other libraries raise what they like, those on a GPU for example
        raise NumberError(f"{name} must hold real numbers, NumPy makes no array of it: {error}") from error
    check_mask(name, array)  # of something that makes an array of itself
    if not is_real(array.dtype):
        raise NumberError(f"{name} must hold real numbers, it is of type {array.dtype}{remedy(name, data, array)}")
    return np.asarray(array)


def check_mask(name: str, data: Any) -> None:
    """Raise `UsageError` if an entry is masked."""
    if masked(data):
        raise UsageError(f"{name} has masked entries: leave such examples out, or fill them in by np.ma.filled")


def masked(data: Any) -> bool:
    """Whether an entry is masked, also in lists of masked arrays."""
    if isinstance(data, np.ma.MaskedArray):
        return bool(np.ma.is_masked(data))
    if not isinstance(data, (list, tuple)):
        return False
    kinds = set(map(type, data))  # mostly floats alone: no call for each
    return any(issubclass(kind, (list, tuple, np.ma.MaskedArray)) for kind in kinds) and any(map(masked, data))


def remedy(name: str, data: Any, array: npt.NDArray[Any]) -> str:
    """What to do with an array that does not hold real numbers, by its kind."""
    kind = array.dtype.kind
    if kind in "mM":
        return f": give numbers of days, ({name} - {name}[0]) / np.timedelta64(1, 'D')"
    if kind == "c":
        return f": give the parts as columns, {name}.real and {name}.imag"
    if kind == "V":
        return f": give its fields as columns, np.column_stack([{name}[field] for field in {name}.dtype.names])"
    if array.ndim == 0 and kind == "O":
        return f", made of one {type(data).__name__}{opened(name, data)}"
    strange = [(place, entry) for place, entry in np.ndenumerate(array) if not isinstance(entry, numbers.Real)][:1]
    if not strange:
        return f": its entries are numbers, {name}.astype(float) makes floats of them"
    place, entry = strange[0]
    if isinstance(entry, (str, bytes)):
        makes = (f"np.asarray({name}, float) reads such texts" if is_number(entry) else
                 f"names, {name} = np.unique({name}, return_inverse=True) makes whole numbers of texts")
        return f", with {str(entry)!r:.40} in it: {makes}"
    if type(entry).__name__ in ("NoneType", "NAType", "NaTType"):
        return f", {name}{list(place)} is {entry}: leave such examples out, or fill them in"
    return f", {name}{list(place)} is of type {type(entry).__name__}{opened(name, entry)}"


def opened(name: str, thing: Any) -> str:
    """How to get at the numbers in a thing, or in things of its kind."""
    if hasattr(thing, "toarray"):
        return f": {name}.toarray() makes an array of a sparse one"
    if hasattr(thing, "toordinal"):
        return f": np.asarray({name}, 'datetime64[D]').astype(int) makes numbers of days"
    if isinstance(thing, Value):
        return ": its number is in its .data"
    if isinstance(thing, dict):
        return f": np.column_stack([*{name}.values()]) makes a table of columns"
    if isinstance(thing, (list, tuple, np.ndarray)):
        return f": np.stack({name}) makes one array of equal rows"
    return f": list({name}) makes a list of it" if hasattr(thing, "__iter__") else ""


def is_number(text: str | bytes) -> bool:
    """Whether a text is that of a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


QUIET = Context() if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else None
"""Where NumPy does not warn: since NumPy 2 that is a matter of the context. `np.errstate` takes ten times as long."""

if QUIET is not None:
    QUIET.run(np.seterr, all="ignore")


def quietly(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """The same function, without NumPy's warnings of numbers that are not finite."""
    @functools.wraps(function)
    def quiet(*args: Given.args, **named: Given.kwargs) -> Result:
        if QUIET is not None:
            return QUIET.copy().run(function, *args, **named)  # one that has been entered cannot be entered again
        with np.errstate(all="ignore"):
            return function(*args, **named)

    return quiet


def is_finite(given: Any) -> bool:
    """Whether no number of an array is nan or inf: so is the sum of squares then, unless they are huge."""
    if not given.ndim:
        return math.isfinite(given)
    flat = given if given.ndim == 1 else given.ravel()
    return math.isfinite(flat.dot(flat)) or bool(np.isfinite(flat).all())


all_finite = quietly(is_finite)
"""The same without warnings."""

LINE = 64
"""Bytes of a line of the cache, which is also as much as the widest instructions load at once."""


def aligned_like(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """An array of this shape and type, of any numbers, that begins where a line of the cache does.

    Large arrays of NumPy begin 16 bytes after one, so that most loads take two lines: a step of Adam takes an eighth
    longer then.

    >>> aligned_like(np.ones(3)).ctypes.data % LINE
    0
    """
    room = np.empty(array.nbytes + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    return room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
