"""What a student's function answers: how it is called, how it lays out arrays, and what it returns.

Students store weights (out, in) or (in, out), put examples first or last, and return gradients as a dict, a tuple or
one vector. So a function is called in every convention, by the names of its parameters.
"""

from __future__ import annotations

import dis
import inspect
import linecache
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.compiler.arrays.interpret import Arrays
from autograd.compiler.arrays.layout import positions
from autograd.compiler.arrays.looped import Looped
from autograd.compiler.program import Program
from autograd.errors import UsageError
from autograd.nested import parameters_of

Array = npt.NDArray[Any]
Positions = npt.NDArray[np.int64]

# ── parameters and conventions ───────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter array: its name, its positions in theta in the shape in which it is stored, and its gradient's name.

    `turned` says whether the program reads it as the transpose of what is stored, None if it is no weight matrix; then
    `order` says where each of its elements is in the gradient of the program. Where that has no array for it alone, it
    is `unplaced`, and `gradient` is a name that is free.
    """

    name: str
    stored: Positions
    gradient: str
    turned: bool | None = None
    order: Positions | None = None
    unplaced: bool = False

    @property
    def called(self) -> str:
        """What its gradient is called, whatever the program calls it."""
        return f"d{self.name}"

    def of(self, arrays: Arrays) -> Array:
        """Its gradient as it is stored, or, where a slip has given that another shape, as it is."""
        found = np.asarray(arrays[self.gradient])
        if self.turned is not None:
            return found.T if self.turned else found
        if self.order is None or found.size != self.stored.size:
            return found
        return found.ravel()[self.order].reshape(self.stored.shape)

    def to(self, stored: Array) -> Array:
        """The reverse: an array as it is stored in the layout of the program."""
        if self.turned is not None:
            return stored.T if self.turned else stored
        if self.order is None:
            return stored
        flat = np.empty(stored.size, stored.dtype)
        flat[self.order] = stored.ravel()
        return flat


def parameters(params: Any, program: Program, read: Looped) -> list[Parameter]:
    """The parameter arrays of a program, in the order of theta."""
    held = {let.name.info: positions(let, len(program.params)) for let in read.places}
    return [placed(text, stored, held) for text, stored in
            sorted(arrays_of(params, program, held), key=lambda pair: int(pair[1].min()))]


def arrays_of(params: Any, program: Program, held: Mapping[str, Positions]) -> Iterator[tuple[str, Positions]]:
    """The names of parameter arrays, and where their elements are in theta; a flat list has the shapes of `held`."""
    nested = params if isinstance(params, Mapping) else dict(params.named_parameters()) if hasattr(
        params, "named_parameters") else None
    if nested is None:
        for (start, stop), text in program.names.items():
            run = np.arange(start, stop)
            shaped = (one for mine in held.values() for one in (mine, mine.T) if np.array_equal(one.ravel(), run))
            yield text, next(shaped, run)
        return
    place = {value: i for i, value in enumerate(program.params)}
    labels = {start: text for (start, _), text in program.names.items()}
    for key, values in nested.items():
        flat = [place[value] for value in parameters_of(values)]
        shape = shape_of(values)
        stored = np.array(flat).reshape(shape if len(flat) == math.prod(shape) else -1)
        yield str(key) if nested is params else labels.get(flat[0], str(key)), stored


def shape_of(values: Any) -> tuple[int, ...]:
    """The shape of nested lists or of an array, () of anything else."""
    if isinstance(values, np.ndarray):
        return tuple(values.shape)
    return (len(values), *(shape_of(values[0]) if values else ())) if isinstance(values, (list, tuple)) else ()


def placed(text: str, stored: Positions, held: Mapping[str, Positions]) -> Parameter:
    """A parameter with the name that the program gives to its gradient; `held` says which positions have names."""
    for gradient, mine in held.items():
        if np.array_equal(np.sort(mine, axis=None), np.sort(stored, axis=None)):
            if stored.ndim == mine.ndim == 2 and (np.array_equal(mine, stored) or np.array_equal(mine.T, stored)):
                return Parameter(text, stored, gradient, turned=not np.array_equal(mine, stored))
            ranks = np.argsort(np.argsort(stored, axis=None))
            return Parameter(text, stored, gradient, order=np.argsort(mine, axis=None)[ranks])
    return Parameter(text, stored, f"d{text} of gradient", unplaced=True)


def bare(text: str) -> str:
    """A name without what spelling differs in: d_W1, grad_W1 and W1_grad are dW1."""
    text = text.replace("_", "").replace("∂", "d")
    for word in ("gradient", "grad", "delta"):
        if text.lower().startswith(word) and len(text) > len(word):
            return "d" + text[len(word) :]
        if text.lower().endswith(word) and len(text) > len(word):
            return "d" + text[: -len(word)]
    return text


class Spellings:
    """Finds the name that a student spells in another way: with underscores, in capitals, or as `told`."""

    def __init__(self, names: Iterable[str], told: Mapping[str, str] = MappingProxyType({})) -> None:
        self.names = list(names)
        self.found = {text: name for text, name in told.items() if name in self.names}

    def get(self, text: str) -> str:
        """The name that a text spells; nothing if there is none, or several."""
        if text not in self.found:
            ways: list[Callable[[str], str]] = [str, bare, lambda one: bare(one).lower()]
            fits = ([name for name in self.names if way(name) == way(text)] for way in ways)
            self.found[text] = next((names[0] for names in fits if len(names) == 1), "")
        return self.found[text]


# ── how a function is called ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Convention:
    """How a student lays out arrays: weights as they are stored or transposed, examples first or last, biases.

    Biases are "flat", or each is a "column" or a "row".
    """

    transposed: bool = False
    last: bool = False
    biases: str = "flat"

    def data(self, array: Array | None) -> Array | None:
        """X or Y, or an array with a row for every example."""
        return np.moveaxis(array, 0, -1).copy() if array is not None and self.last and array.ndim > 1 else array

    def parameter(self, one: Parameter, array: Array) -> Array:
        """A parameter or its gradient, from how it is stored."""
        if one.turned is not None and array.ndim == 2:
            return array.T if self.transposed else array
        if one.stored.ndim == 1 and array.ndim == 1 and self.biases != "flat":
            return array[:, None] if self.biases == "column" else array[None, :]
        if array.ndim == 2 and one.stored.ndim == 1 and self.last:
            return array.T  # not summed over the examples
        return array


CONVENTIONS = [Convention(transposed, last, biases) for biases in ("flat", "column", "row")
               for last in (False, True) for transposed in (True, False)]


class Recorder:
    """Notes intermediate arrays by name: a student's function that takes `record` calls record(z1=z1, a1=a1)."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}

    def __call__(self, **arrays: Any) -> None:
        """Note copies of arrays."""
        self.arrays |= {name: np.array(array) for name, array in arrays.items() if is_array(array)}


def is_array(thing: Any) -> bool:
    """Whether a thing is an array of numbers, or a number."""
    return isinstance(thing, (np.ndarray, np.generic, float, int)) and np.asarray(thing).dtype.kind in "fiub"


@dataclass(frozen=True)
class Failure:
    """What a line of code that raised an exception was about: the operator, the names it had read, where it goes."""

    operator: str = ""
    reads: tuple[str, ...] = ()
    target: str = ""
    compares: bool = False
    """Whether the last operand is a comparison."""


@dataclass
class Answer:
    """What a student's function gave in one convention: gradients, intermediate arrays, perhaps an exception."""

    convention: Convention
    layout: tuple[str, ...]
    """The arrays that the function was given, with their shapes."""
    gradients: dict[str, Array] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    error: Exception | None = None
    line: int = 0
    reached: tuple[int, ...] = ()
    """The lines that were reached when an exception was raised, from the function's own to the innermost."""
    text: str = ""
    failure: Failure | None = None
    vector: bool = False
    """Whether all gradients came as one vector, so that those of matrices have lost their shapes."""


DATA = {"x": "X", "xs": "X", "inputs": "X", "input": "X", "xbatch": "X", "data": "X",
        "y": "Y", "ys": "Y", "t": "Y", "targets": "Y", "target": "Y", "labels": "Y", "ybatch": "Y"}
"""What students call X and Y."""


class Student:
    """A student's function, and how it is called: by the names of its parameters."""

    def __init__(
        self, function: Callable[..., Any], known: Sequence[Parameter], with_y: bool, names: Mapping[str, str]
    ) -> None:
        if not callable(function):
            raise UsageError(f"the student's function is expected third, {type(function).__name__} came")
        self.function, self.known, self.names = function, known, names
        self.title = getattr(function, "__name__", type(function).__name__)
        self.asks = list(self.roles(with_y))

    def roles(self, with_y: bool) -> Iterator[tuple[str, str]]:
        """What each parameter of the function is given: X, Y, the recorder, all parameters, or one of them."""
        try:
            signature = inspect.signature(self.function)
        except (TypeError, ValueError):
            raise UsageError(f"{self.title} does not say which arguments it takes") from None
        names = Spellings(one.name for one in self.known)
        strange = []
        for name, argument in signature.parameters.items():
            if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
                continue
            plain = bare(name).lower()
            if names.get(name) and not (name in DATA and name not in names.names):
                yield name, names.get(name)
            elif plain in DATA:
                yield name, DATA[plain]
            elif plain == "record":
                yield name, "record"
            elif plain == "theta":
                yield name, "theta"
            elif plain in ("params", "parameters", "weights", "p", "model"):
                yield name, "params"
            elif argument.default is argument.empty:
                strange.append(name)
        if len(strange) == 1:
            yield strange[0], "params"
        elif strange:
            raise UsageError(
                f"{self.title} takes {', '.join(strange)}, which say nothing to the check: it can give X, Y, params (a "
                f"dict of arrays), {', '.join(one.name for one in self.known)}, theta and record")

    @property
    def given(self) -> list[Parameter]:
        """The parameters that it is given; of the others it has its own."""
        roles = {role for _, role in self.asks}
        return [one for one in self.known if one.name in roles or roles & {"params", "theta"}]

    def answer(self, convention: Convention, theta: Array, X: Array, Y: Array | None) -> Answer:
        """Call it in a convention."""
        arrays = {one.name: convention.parameter(one, theta[one.stored]).copy() for one in self.known}
        record = Recorder()
        vector = np.concatenate([np.zeros(0), *(array.ravel() for array in arrays.values())])
        roles: dict[str, Any] = {"X": copied(convention.data(X)), "Y": copied(convention.data(Y)), "params": arrays,
                                 "theta": vector, "record": record, **arrays}
        shown = {name: roles[role] for name, role in self.asks if isinstance(roles[role], np.ndarray)}
        shown |= {one.name: arrays[one.name] for one in self.given}
        answer = Answer(convention, tuple(f"{name} {array.shape}" for name, array in shown.items()))
        try:
            with np.errstate(all="ignore"):
                result = self.function(**{name: roles[role] for name, role in self.asks})
            self.sort(answer, result, arrays)
        except UsageError:
            raise
        except Exception as error:
            self.failed(answer, error)
        answer.arrays |= record.arrays
        return answer

    def failed(self, answer: Answer, error: Exception) -> None:
        """Note an exception: the line and operation of the student's code, and the arrays that were there."""
        answer.error, traceback = error, error.__traceback__
        while traceback is not None:
            code = traceback.tb_frame.f_code
            if code is not Student.answer.__code__ and not code.co_filename.startswith(os.path.dirname(np.__file__)):
                answer.line = traceback.tb_lineno
                answer.reached += (answer.line,)
                answer.text = linecache.getline(code.co_filename, answer.line).strip()
                answer.arrays |= {key: np.array(value) for key, value in traceback.tb_frame.f_locals.items()
                                  if is_array(value)}
                answer.failure = failing(code, traceback.tb_lasti)
            traceback = traceback.tb_next

    def sort(self, answer: Answer, result: Any, given: Mapping[str, Array]) -> None:
        """Tell gradients from other arrays in what the function returned."""
        if is_loss_and_rest(result):
            result = result[1]
        if isinstance(result, Mapping):
            self.sort_named(answer, {str(key): np.array(value) for key, value in result.items() if is_array(value)})
            return
        total = sum(one.stored.size for one in self.known)
        if is_array(result) and np.ndim(result) == 1 and np.size(result) == total and len(self.known) > 1:
            start, answer.vector = 0, True
            for one in self.known:
                part = np.array(result)[start : (start := start + one.stored.size)]
                answer.gradients[one.name] = part.reshape(given[one.name].shape)
            return
        arrays = [np.array(one) for one in leaves(result)]
        if len(arrays) == len(self.known) + 1 and arrays[0].ndim == 0:
            del arrays[0]
        if result is None or len(arrays) != len(self.known):
            came = "None: end with return" if result is None else f"{len(arrays)} arrays"
            raise UsageError(f"{self.title} is expected to return the gradients of {', '.join(given)}: a dict, a tuple "
                             f"in this order or one vector; it returned {came}")
        answer.gradients |= {one.name: array for one, array in zip(self.known, arrays, strict=True)}


    def sort_named(self, answer: Answer, arrays: dict[str, Array]) -> None:
        """The same for arrays by name: gradients are dW1 and so on, or W1 where nothing is called dW1."""
        slopes = Spellings(one.called for one in self.known)
        plain = Spellings(one.name for one in self.known)
        named = any(map(slopes.get, arrays))
        found = {slopes.get(key) if named else plain.get(key): array for key, array in arrays.items()}
        wanted = {one.name: one.called if named else one.name for one in self.known}
        answer.gradients |= {name: found[key] for name, key in wanted.items() if key in found}
        answer.arrays |= arrays
        if not answer.gradients:
            came = ", ".join(arrays) or "no array"
            raise UsageError(f"{self.title} returned a dict with {came}: gradients are expected by name, "
                             f"{', '.join(one.called for one in self.known)}")


def is_loss_and_rest(result: Any) -> bool:
    """Whether a number comes first in a pair, and then something that is more than a number."""
    if not (isinstance(result, tuple) and len(result) == 2 and is_array(result[0]) and np.ndim(result[0]) == 0):
        return False
    return isinstance(result[1], (dict, list, tuple)) or np.ndim(result[1]) > 0


def copied(array: Array | None) -> Array | None:
    """A copy, so that a function that writes to it harms nobody."""
    return None if array is None else np.array(array)


def leaves(result: Any) -> list[Any]:
    """The arrays in nested lists and tuples."""
    if isinstance(result, (list, tuple)):
        return [leaf for one in result for leaf in leaves(one)]
    if isinstance(result, Mapping):
        return leaves(list(result.values()))
    return [result] if is_array(result) else []


def failing(code: Any, position: int) -> Failure:
    """What the line of compiled code is about in which an exception was raised."""
    operator, constant, last, compares = "", "", "", False
    reads: list[str] = []
    for step in dis.get_instructions(code):
        if step.offset == position:
            operator = step.argrepr.rstrip("=") if step.opname == "BINARY_OP" else ""
            compares = last == "COMPARE_OP"
        if step.opname == "LOAD_CONST":
            constant = str(step.argval)
        elif step.opname.startswith("LOAD_FAST") and step.offset <= position:
            reads += [step.argval] if isinstance(step.argval, str) else step.argval
        elif step.opname == "STORE_SUBSCR" and step.offset > position:
            return Failure(operator, tuple(reads), f"d{constant.removeprefix('d')}", compares)
        elif step.opname.startswith("STORE_"):
            if step.offset > position:
                target = step.argval if isinstance(step.argval, str) else step.argval[0]
                return Failure(operator, tuple(reads), str(target), compares)
            reads = []
        elif step.opname.startswith("RETURN") and step.offset > position:
            break
        last = step.opname
    return Failure(operator, tuple(reads), "", compares)


