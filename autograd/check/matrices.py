"""Check a student's backpropagation with arrays: which line is wrong first, and by which slip.

The compiler turns the loss of one example into the arrays of a batch, each of them with its gradient, and the student's
function is compared with those. Whatever the student keeps, the gradients decide: weights may be stored (out, in) or
(in, out), examples may come first or last, and what is on the way may be scaled, as long as the gradients are right.
"""

from __future__ import annotations

import dis
import inspect
import itertools
import linecache
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.check.mistakes import Slip, Version, factor_words, slips, version_of
from autograd.check.report import CheckError, _list, _paragraph
from autograd.check.student import described
from autograd.compiler.array import N, Rows, full, nodes, target_of
from autograd.compiler.array import Array as Tree
from autograd.compiler.array import Let
from autograd.compiler.explain import Explanation, Lines
from autograd.compiler.interpret import Arrays
from autograd.compiler.layout import positions
from autograd.compiler.program import Program
from autograd.errors import SizeError, UsageError
from autograd.nested import flatten, parameters_of

Array = npt.NDArray[Any]

TOLERANCE = 1e-6
"""Relative to the largest number of an array; for float32 a thousand times as much."""

ROUNDS = 4
"""So many slips at most are looked for."""

LIKELY = ("mean", "sign", "transpose", "axis", "shape", "product", "slope", "mask", "overwritten", "missing term", "factor",
          "extra term", "wrong array", "order", "flipped", "missing factor", "missing")
"""The kinds of slips, those first that are named where several give the same numbers."""


# ── what is compared ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class Parameter:
    """A parameter array: its name, its positions in theta in the shape in which it is stored, and its gradient's name.

    `turned` says whether the program reads it as the transpose of what is stored; None if it is no weight matrix.
    """

    name: str
    stored: npt.NDArray[np.int64]
    gradient: str = ""
    turned: bool | None = None
    order: npt.NDArray[np.int64] | None = None
    """Where each of its elements is in the gradient of the program."""

    def of(self, arrays: Arrays) -> Array:
        """Its gradient as it is stored, or as the array that a slip has made of it."""
        if not self.gradient:
            return np.asarray(arrays["gradient"][self.stored])
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
        assert self.order is not None, "a parameter has a gradient in the program"
        flat = np.empty(stored.size, stored.dtype)
        flat[self.order] = stored.ravel()
        return flat


@dataclass(frozen=True)
class Convention:
    """How a student lays out arrays: weights as they are stored or transposed, examples first or last, biases."""

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
        self.arrays |= {name: np.array(array) for name, array in arrays.items() if is_array(array)}


def is_array(thing: Any) -> bool:
    """Whether a thing is an array of numbers, or a number."""
    return isinstance(thing, (np.ndarray, np.generic, float, int)) and np.asarray(thing).dtype.kind in "fiub"


@dataclass(frozen=True)
class Failure:
    """What a line of code that raised an exception was about: the operator, the names it had read, where it goes."""

    operator: str
    reads: tuple[str, ...]
    target: str
    compares: bool
    """Whether the last operand is a comparison."""


@dataclass
class Answer:
    """What a student's function gave in one convention: gradients, intermediate arrays, perhaps an exception."""

    convention: Convention
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


# ── the report ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Mistake:
    """One mistake: the array that is wrong first, the slip in a word and in words, and the right line.

    `kind` is one of "transpose", "mean", "factor", "sign", "axis", "shape", "product", "mask", "slope", "wrong array",
    "overwritten", "missing term", "extra term", "missing factor", "missing", "order", "raises", or "unknown" where no
    usual slip gives the student's numbers.
    """

    name: str
    kind: str
    words: str
    line: str = ""
    also: tuple[str, ...] = ()
    """Arrays in which the same slip would give the same gradients."""
    into: str = ""
    """The gradient that the array goes into next, in the same line perhaps."""
    explanation: Explanation | None = None
    details: str = ""

    def __str__(self) -> str:
        name = f"{self.name}, which goes into {self.into}," if self.into else self.name
        lines = [f"{name} {self.words}".strip()]
        lines += _paragraph("  detail", self.details) if self.details else []
        lines += _paragraph("  or", f"the same in {', '.join(self.also)}, which gives the same gradients") * bool(self.also)
        if self.explanation is not None:
            for rule in self.explanation.rules:
                lines += _paragraph("  right", rule.text) + _paragraph("  means", f"{rule}, {rule.ranges()}")
            for rule, text in self.explanation.terms():
                lines += _paragraph("  entry", f"{rule.left_at(self.explanation)} {'+=' if rule.adds else '='} {text}")
            for source in self.explanation.sources:
                lines += _paragraph("  why", source.sentence)
        return "\n".join(lines)


@dataclass(repr=False)
class MatrixReport:
    """What `matrices` found: true if all gradients are right."""

    title: str
    right: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    layout: str = ""
    program: Any = None
    search: Search | None = None

    @property
    def ok(self) -> bool:
        """Whether all gradients are right."""
        return not self.wrong and not self.mistakes

    def __bool__(self) -> bool:
        return self.ok

    @property
    def first(self) -> Mistake | None:
        """The first mistake, in the order in which the program computes."""
        return self.mistakes[0] if self.mistakes else None

    @property
    def lines(self) -> list[str]:
        """The arrays that the program computes, which the student's may be compared with by name."""
        return [] if self.search is None else self.search.lines.names

    def raise_if_failed(self) -> None:
        """Raise `CheckError`, an AssertionError, with the whole report if a gradient is wrong."""
        if not self.ok:
            raise CheckError(str(self))

    def __str__(self) -> str:
        total = len(self.right) + len(self.wrong)
        lines = [f"{self.title}: {len(self.right)} of {total} gradients are right"]
        lines += _paragraph("layout", self.layout) if self.layout else []
        for word, names in (("right", self.right), ("wrong", self.wrong)):
            lines += _list(word, names) if names else []
        for number, mistake in enumerate(self.mistakes, 1):
            lines += ["", f"{number}. {mistake}"]
        return "\n".join(lines)

    __repr__ = __str__


# ── parameters, and how a function is called ─────────────────────────────────────────────────


def parameters(params: Any, program: Program, lines: Lines) -> list[Parameter]:
    """The parameter arrays of a program, in the order of theta."""
    place = {value: i for i, value in enumerate(program.params)}
    nested = dict(params) if isinstance(params, Mapping) else None
    if nested is None and hasattr(params, "named_parameters"):
        nested = dict(params.named_parameters())
    found = []
    for key, values in (nested or {}).items():
        flat = [place[value] for value in parameters_of(values) if value in place]
        shape = np.shape(np.array(flatten(values), dtype=object).reshape(shape_of(values)))
        stored = np.array(flat).reshape(shape if len(flat) == int(np.prod(shape)) else (len(flat),))
        runs = [text for (start, stop), text in program.names.items() if start == flat[0] and stop == flat[-1] + 1]
        found.append((runs[0] if runs and not isinstance(params, Mapping) else str(key), stored))
    if nested is None:
        found = [(text, np.arange(start, stop)) for (start, stop), text in program.names.items()]
    return [placed(text, stored, lines) for text, stored in sorted(found, key=lambda pair: int(pair[1].min()))]


def shape_of(values: Any) -> tuple[int, ...]:
    """The shape of nested lists of Values, or () for one of them."""
    if isinstance(values, np.ndarray):
        return values.shape
    if not isinstance(values, (list, tuple)):
        return ()
    return (len(values), *(shape_of(values[0]) if values else ()))


def placed(text: str, stored: npt.NDArray[np.int64], lines: Lines) -> Parameter:
    """A parameter with the name that the program gives to its gradient."""
    for gradient, held in lines.places.items():
        if np.array_equal(np.sort(held, axis=None), np.sort(stored, axis=None)):
            if stored.ndim == held.ndim == 2 and (np.array_equal(held, stored) or np.array_equal(held.T, stored)):
                return Parameter(text, stored, gradient, not np.array_equal(held, stored))
            return Parameter(text, stored, gradient, order=np.argsort(held, axis=None)[np.argsort(np.argsort(
                stored, axis=None))])
    return Parameter(text, stored)


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
    """Names as students spell them: with underscores, in capitals, where only one name fits."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(names)
        self.found: dict[str, str] = {}

    def get(self, text: str) -> str:
        """The name that a text spells; nothing if there is none, or several."""
        if text not in self.found:
            ways: list[Callable[[str], str]] = [str, bare, lambda one: bare(one).lower()]
            fits = ([name for name in self.names if way(name) == way(text)] for way in ways)
            self.found[text] = next((names[0] for names in fits if len(names) == 1), "")
        return self.found[text]


DATA = {"x": "X", "xs": "X", "inputs": "X", "input": "X", "xbatch": "X", "data": "X",
        "y": "Y", "ys": "Y", "t": "Y", "targets": "Y", "target": "Y", "labels": "Y", "ybatch": "Y"}
"""What students call X and Y."""


class Student:
    """A student's function, and how it is called: by the names of its parameters."""

    def __init__(self, function: Callable[..., Any], known: Sequence[Parameter], with_y: bool) -> None:
        if not callable(function):
            raise UsageError(f"the student's function is expected third, {type(function).__name__} came")
        self.function, self.known = function, known
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
    def closed(self) -> bool:
        """Whether it is given no parameters, so that it has its own."""
        return not any(role not in ("X", "Y", "record") for _, role in self.asks)

    def answer(self, convention: Convention, theta: Array, X: Array, Y: Array | None) -> Answer:
        """Call it in a convention."""
        arrays = {one.name: convention.parameter(one, theta[one.stored]).copy() for one in self.known}
        record = Recorder()
        vector = np.concatenate([np.zeros(0), *(array.ravel() for array in arrays.values())])
        roles: dict[str, Any] = {"X": copied(convention.data(X)), "Y": copied(convention.data(Y)), "params": arrays,
                                 "theta": vector, "record": record, **arrays}
        answer = Answer(convention)
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
        if isinstance(result, tuple) and len(result) == 2 and np.ndim(result[0] if is_array(result[0]) else 1.0) == 0 and (
                is_array(result[0]) and (isinstance(result[1], (dict, list, tuple)) or np.size(result[1]) > 1)):
            result = result[1]
        if isinstance(result, Mapping):
            slopes, plain = (Spellings(f"{prefix}{one.name}" for one in self.known) for prefix in ("d", ""))
            keys = {str(key): np.array(value) for key, value in result.items() if is_array(value)}
            names = slopes if any(map(slopes.get, keys)) else plain
            by_name = {names.get(key).removeprefix("d" if names is slopes else ""): array for key, array in keys.items()
                       if names.get(key)}
            answer.gradients |= {one.name: by_name[one.name] for one in self.known if one.name in by_name}
            answer.arrays |= {str(key): np.array(value) for key, value in result.items() if is_array(value)}
            if not answer.gradients:
                raise UsageError(f"{self.title} returned a dict with {', '.join(map(str, result)) or 'nothing'}: gradients "
                                 f"are expected by name, {', '.join('d' + one.name for one in self.known)}")
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
            raise UsageError(f"{self.title} is expected to return the gradients of {', '.join(given)}: a dict, a tuple in this "
                             f"order or one vector; it returned {came}")
        answer.gradients |= {one.name: array for one, array in zip(self.known, arrays, strict=True)}


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


# ── the search ───────────────────────────────────────────────────────────────────────────────


def same(found: Any, wanted: Any, least: float = 0.0, loose: bool = False) -> bool:
    """Whether two arrays have the same shape and numbers but for rounding; if `loose`, axes of 1 do not count.

    What is smaller than `least` is rounding.
    """
    found, wanted = np.asarray(found), np.asarray(wanted)
    if loose:
        found, wanted = np.squeeze(found), np.squeeze(wanted)
    if found.shape != wanted.shape:
        return False
    tolerance = TOLERANCE * (1000 if found.dtype == np.float32 else 1)
    return bool(np.all(np.abs(found - wanted) <= tolerance * np.max(np.abs(wanted), initial=0.0) + least))


class Search:
    """Looks for slips that make the program give what the student has."""

    def __init__(self, lines: Lines, given: Arrays, known: Sequence[Parameter], answer: Answer, closed: bool) -> None:
        self.lines, self.given, self.known, self.answer, self.closed = lines, given, known, answer, closed
        self.order = {text: number for number, text in enumerate(lines.names)}
        views = {target_of(let) for let in lines.read.views}
        self.called = {one.gradient: f"d{one.name}" for one in known if one.gradient}
        """What a student calls the gradients of parameters."""
        taken = {f"d{one.name}" for one in known if one.gradient != f"d{one.name}"}
        self.wanted = Spellings(text for text in lines.names if text not in views and text not in taken)
        self.version = version_of(lines)
        self.right = self.version.arrays(given, lines.arrays)
        self.least = 1e-12 * float(np.max(np.abs(self.right["gradient"]), initial=0.0))

    # ── comparison ───────────────────────────────────────────────────────────────────────────

    def agreeing(self, arrays: Arrays) -> set[str]:
        """The parameters whose gradients are the student's."""
        return {one.name for one in self.known if one.name in self.answer.gradients and self.agrees(one, arrays)}

    def agrees(self, one: Parameter, arrays: Arrays) -> bool:
        """Whether the gradient of a parameter is the student's."""
        mine = self.answer.convention.parameter(one, one.of(arrays))
        return same(self.answer.gradients[one.name], mine, self.least, loose=True)

    def misshapen(self) -> Iterator[Mistake]:
        """Gradients that have other axes of 1 than their parameters."""
        for one in self.known:
            mine = self.answer.gradients.get(one.name)
            if mine is None or (self.closed and one.turned is None):
                continue
            own = self.answer.convention.parameter(one, one.stored)
            if mine.shape != own.shape and np.squeeze(mine).shape == np.squeeze(own).shape:
                advice = "keepdims=True was forgotten" if mine.ndim < own.ndim else (
                    "flatten it, or leave keepdims=True out" if mine.ndim > own.ndim else "it is transposed")
                kind = "transpose" if one.turned is not None and mine.ndim == own.ndim else "shape"
                yield Mistake(one.gradient, kind, f"has the shape {mine.shape} where {one.name} has {own.shape}: {advice}",
                              explanation=Explanation(one.gradient or "gradient", self.lines))

    def noted(self, arrays: Arrays) -> int:
        """How many of the arrays that the student has noted are those of the program."""
        return sum(self.is_noted(text, array, arrays) is True for text, array in self.answer.arrays.items())

    def is_noted(self, text: str, array: Array, arrays: Arrays) -> bool | None:
        """Whether a noted array is the program's; None where the program has none of that name and size."""
        mine = self.wanted.get(text)
        if not mine or mine not in arrays or mine in self.lines.places or mine == "gradient":
            return None
        wanted = np.asarray(arrays[mine])
        if wanted.size != array.size or wanted.ndim == 0:
            return None
        turned = self.turned(array).reshape(wanted.shape)
        return same(turned, wanted, self.least)

    def turned(self, array: Array) -> Array:
        """A noted array with its examples first."""
        return np.moveaxis(array, -1, 0) if self.answer.convention.last and array.ndim > 1 else array

    def strange(self, text: str, array: Array) -> bool:
        """Whether a noted array is wrong, however the student scales gradients on the way."""
        mine = self.wanted.get(text)
        if self.is_noted(text, array, self.right) is not False:
            return False
        wanted = np.asarray(self.right[mine])
        return mine not in self.lines.gradient_of or multiple(self.turned(array).reshape(wanted.shape), wanted) is None

    # ── slips ────────────────────────────────────────────────────────────────────────────────

    def factors(self) -> list[float]:
        """By how much arrays may be too large: the usual numbers, and those by which gradients differ."""
        n = float(self.given["n"])
        found = [n, 1 / n, -1.0, 2.0, 0.5]
        for one in self.known:
            if one.name in self.answer.gradients and one.stored.size > 1:  # of a single number there always is one
                mine, right = self.answer.gradients[one.name], self.answer.convention.parameter(one, one.of(self.right))
                ratio = ratio_of(mine, right)
                if ratio is not None and not any(np.isclose(ratio, other) for other in found):
                    found.append(ratio)
        return found

    def candidates(self, version: Version) -> Iterator[Slip]:
        """All slips that are tried."""
        yield from slips(self.lines, version, self.factors())
        arrays = version.arrays(self.given, self.right)
        for one in self.known:
            if one.gradient and one.name in self.answer.gradients:
                yield from self.of_parameter(one, arrays, version)

    def of_parameter(self, one: Parameter, arrays: Arrays, version: Version) -> Iterator[Slip]:
        """Slips in the gradient of one parameter that are seen by what the student has."""
        mine, right = np.asarray(self.answer.gradients[one.name]), one.of(arrays)
        own = self.answer.convention.parameter(one, right)
        if self.answer.vector and one.turned is not None:
            turned = self.answer.convention.transposed
            yield Slip("transpose", one.gradient, f"is the transpose of {one.gradient}", after=self.changed(
                one, lambda a: a.ravel().reshape(a.shape[::-1]).T if turned else a.T.reshape(a.shape)))
        if mine.shape == own.shape and mine.size > 1:
            value = self.answer.convention.parameter(one, np.asarray(self.given["theta"])[one.stored])
            ratio = ratio_of(mine - own, value)
            if ratio is not None:
                yield self.penalised(one, ratio, version, own, value)
            for axis in range(one.stored.ndim):
                if one.turned is None and one.stored.ndim > 1:
                    yield self.flipped(one, (axis,))
            if one.turned is None and one.stored.ndim > 1:
                yield self.flipped(one, tuple(range(one.stored.ndim)))
                yield self.flipped(one, tuple(range(one.stored.ndim - 2, one.stored.ndim)))
                yield Slip("transpose", one.gradient, f"is the transpose of {one.gradient}", after=self.changed(
                    one, lambda a: np.swapaxes(a, -1, -2)))
        rules = Explanation(one.gradient, self.lines).rules
        for number, rule in enumerate(rules if len(rules) > 1 else ()):
            without = version.with_slip(Slip("", "", "", rule.statement)).arrays(self.given, self.right)[one.gradient]
            part = arrays[one.gradient] - without if np.shape(without) == np.shape(arrays[one.gradient]) else 0.0
            text = f"the term {rule.right}"
            if number:
                yield Slip("overwritten", one.gradient, f"is overwritten by {text}, which is to be added: = in place of +=",
                           after=lambda a, arrays, part=part: np.broadcast_to(part, np.shape(a)))
            yield Slip("missing term", one.gradient, f"lacks {text}",
                       after=lambda a, arrays, part=part: a - part)
        for other in self.known:
            if other is not one and other.gradient and mine.shape == self.answer.convention.parameter(
                    other, other.of(arrays)).shape:
                instead = other.of(arrays)
                instead = one.to(instead) if instead.size == one.stored.size else instead.T if one.turned else instead
                yield Slip("order", one.gradient, f"is {other.gradient}: gradients are mixed up",
                           after=lambda a, arrays, instead=instead: instead)

    def penalised(self, one: Parameter, ratio: float, version: Version, own: Array, value: Array) -> Slip:
        """A gradient that differs by a multiple of its parameter, as that of a penalty is."""
        right = 0.0
        for rule in Explanation(one.gradient, self.lines).rules:
            if rule.adds:
                without = version.with_slip(Slip("", "", "", rule.statement)).arrays(self.given, self.right)
                part = own - self.answer.convention.parameter(one, one.of(without))
                right += multiple(part, value) or 0.0
        penalty = one.to(np.asarray(self.given["theta"])[one.stored])
        mine = right + ratio
        if not right:
            kind, words = "extra term", f"contains {ratio:.6g} * {one.name}: a penalty that the loss does not have"
        elif abs(mine) < 1e-9 * abs(right):
            kind, words = "missing term", f"lacks {right:.6g} * {one.name}, the gradient of the penalty"
        else:
            kind, words = factor_words(mine / right, int(self.given["n"]))
            words = f"has {mine:.6g} * {one.name} for the gradient of the penalty: it is {right:.6g} * {one.name}, and {words}"
        return Slip(kind, one.gradient, words, after=lambda a, arrays: a + ratio * penalty.reshape(np.shape(a)))

    def flipped(self, one: Parameter, axes: tuple[int, ...]) -> Slip:
        """A kernel whose entries are in reverse."""
        return Slip("flipped", one.gradient, f"is reversed along axis {' and '.join(map(str, axes))}: a convolution in "
                    f"place of a correlation, or the other way round", after=self.changed(one, lambda a: np.flip(a, axes)))

    def changed(self, one: Parameter, change: Callable[[Array], Array]) -> Callable[[Any, Arrays], Any]:
        """A change of a gradient as it is stored."""
        def after(a: Array, arrays: Arrays) -> Array:
            new = change(one.of({one.gradient: a}))
            return one.to(new).reshape(a.shape) if new.shape == one.stored.shape else new

        return after

    def single(self, version: Version) -> Iterator[Slip]:
        """Only the last, or the first, of several terms counts: each has been assigned in place of added."""
        arrays = version.arrays(self.given, self.right)
        for one in self.known:
            for rule in Explanation(one.gradient, self.lines).rules if one.gradient else ():
                if rule.loop or target_of(rule.statement) != one.gradient:
                    continue
                examples = [axis for axis in rule.summed if isinstance(axis.size, Rows)]
                others = [axis for axis in rule.summed if not isinstance(axis.size, Rows)]
                for axes, what in ((examples, "examples"), (others, "positions"), (examples + others, "terms")):
                    for last in (True, False) if axes else ():
                        try:
                            part = rule.single(arrays, axes, last)
                        except (IndexError, ValueError):
                            continue
                        words = f"is that of the {'last' if last else 'first'} of the {what} alone: add up, += in place of ="
                        yield Slip("overwritten", one.gradient, words, after=lambda a, arrays, part=part: part)

    def slipped(self) -> Iterator[tuple[Slip, list[str]]]:
        """The slips that, one after the other, lead from the right program to what the student has."""
        version, arrays = self.version, self.right
        agreed = self.agreeing(arrays)
        wrong = set(self.answer.gradients) - agreed
        for _ in range(ROUNDS):
            if not wrong:
                return
            best: tuple[Any, ...] | None = None
            alike: list[tuple[Slip, Version, Arrays, set[str]]] = []
            for slip in itertools.chain(self.candidates(version), self.single(version)):
                changed = version.with_slip(slip)
                try:
                    found = changed.arrays(self.given, self.right)
                    now = self.agreeing(found)
                except (ValueError, IndexError, TypeError, AttributeError):
                    continue  # arrays of shapes that do not go together
                if not agreed < now:
                    continue
                score = len(now), self.noted(found)
                if best is None or score > best:
                    best, alike = score, []
                if score == best:
                    alike.append((slip, changed, found, now))
            if not alike:
                return
            slip, version, arrays, agreed, others = self.chosen(alike)
            wrong -= agreed
            yield slip, others

    def into(self, text: str) -> str:
        """The gradient that an array goes into next; nothing if that is one of a parameter, or there are several."""
        if text in self.lines.places or text not in self.lines.names:
            return ""
        waiting, done = [text], {text}
        while waiting:
            now = waiting.pop(0)
            readers = dict.fromkeys(target_of(one) for one in self.lines.statements if now in one.value.names)
            found = [one for one in readers if one in self.lines.gradient_of and one not in self.lines.places
                     and one != "gradient"]
            if found:
                return found[-1]
            waiting += [one for one in readers if one not in done]
            done |= set(readers)
        return ""

    def behind(self, target: str) -> tuple[set[str], bool]:
        """The arrays that an array of the program is made of, those read that the student has not got replaced by theirs,
        and whether there are products of matrices on the way."""
        noted = set(map(self.wanted.get, self.answer.arrays))
        own = {target_of(statement): [] for statement in self.lines.statements}
        for statement in self.lines.statements:
            own[target_of(statement)].append(statement)
        reads: set[str] = set()
        product, waiting, done = False, [target], set()
        while waiting:
            text = waiting.pop()
            done.add(text)
            for statement in own.get(text, []):
                product |= any(node.kind in ("matmul", "einsum") for node in nodes(statement.value))
                for name in statement.value.names:
                    reads.add(name)
                    if name not in noted and name in own and name not in done:
                        waiting.append(name)
        return reads, product

    def shaped(self) -> Iterator[Mistake]:
        """The gradients that the student has noted before an exception and that have another shape than they should."""
        layout = self.answer.convention
        for text, array in self.answer.arrays.items():
            mine = self.wanted.get(text)
            one = next((one for one in self.known if one.gradient and one.gradient == mine), None)
            if one is not None:
                own = layout.parameter(one, one.stored).shape
                if one.turned is not None and array.shape == own[::-1] != own:
                    yield Mistake(one.gradient, "transpose", f"is the transpose of {one.gradient}: it has the shape {array.shape}, "
                                  f"{own} is expected", explanation=Explanation(one.gradient, self.lines))
            elif mine in self.lines.gradient_of and mine not in self.lines.places:
                wanted = np.shape(self.right[mine])
                if array.ndim == len(wanted) and self.turned(array).shape != wanted:
                    yield Mistake(mine, "shape", f"has the shape {array.shape}, {(wanted[::-1] if layout.last else wanted)} is "
                                  f"expected", explanation=Explanation(mine, self.lines))

    def noted_slip(self) -> Slip | None:
        """The slip with which more of the arrays that the student has noted are those of the program, if there is one."""
        most, found = self.noted(self.right), None
        if not any(self.strange(text, array) for text, array in self.answer.arrays.items()):
            return None
        for slip in self.candidates(self.version):
            try:
                count = self.noted(self.version.with_slip(slip).arrays(self.given, self.right))
            except (ValueError, IndexError, TypeError, AttributeError):
                continue
            if count > most:
                most, found = count, slip
        return found

    def chosen(self, alike: Sequence[tuple[Slip, Version, Arrays, set[str]]]) -> tuple[
            Slip, Version, Arrays, set[str], list[str]]:
        """The likeliest of several slips that explain as much, in the last of the arrays in which it does."""
        kind = min((one[0].kind for one in alike), key=LIKELY.index)
        kin = [one for one in alike if one[0].kind == kind]
        slip, version, arrays, agreed = max(kin, key=lambda one: self.order.get(one[0].name, 0))
        others = dict.fromkeys(one[0].name for one in kin if one[0].name != slip.name)
        return slip, version, arrays, agreed, list(others)


def multiple(mine: Any, right: Any) -> float | None:
    """The number by which one array is a multiple of another; None where it is none."""
    mine, right = np.asarray(mine, dtype=float), np.asarray(right, dtype=float)
    if mine.shape != right.shape or not np.any(right) or not np.all(np.isfinite(mine)):
        return None
    ratio = float(np.vdot(mine, right) / np.vdot(right, right))
    return ratio if np.allclose(mine, ratio * right, rtol=0, atol=TOLERANCE * np.abs(mine).max()) else None


def ratio_of(mine: Any, right: Any) -> float | None:
    """The same, but for 0 and 1."""
    ratio = multiple(mine, right)
    return None if ratio is None or abs(ratio) < 1e-9 or abs(ratio - 1) < 1e-9 else ratio


# ── the check ────────────────────────────────────────────────────────────────────────────────


def matrices(
    loss: Callable[..., Any], params: Any, student: Callable[..., Any], X: npt.ArrayLike, Y: npt.ArrayLike | None = None,
    *, reduction: str = "mean",
) -> MatrixReport:
    """A report on a student's backpropagation in NumPy, compared with the arrays of the compiled loss.

    `loss(x, y)` and `params` are those of `autograd.compile`: the loss of one example over Values. `student` computes the
    gradients of the mean over the batch X, Y, or of the sum with reduction="sum". It is called by the names of its
    parameters: X, Y, `params` (a dict of arrays), or W1, b1 … one by one; `theta` is one vector. It returns the gradients as a
    dict ({"dW1": …} or {"W1": …}), a tuple in the order of the parameters, or one vector, perhaps after the loss.
    Weights may be (in, out) or (out, in), and examples may come first or last: the function is called in every layout, and
    the one in which it comes out best is its own.

    Intermediate arrays help to find the line: end with `return locals()`, or take `record` and call record(z1=z1, dz1=dz1).
    They are compared with those of the same name in `program.source`.

    The report is true if all gradients are right. Else it names the first line that is wrong, and the slip, if a usual one
    gives the student's numbers when it is made in the right program; its `explanation` is the right line, index by index.
    Raises `UsageError` for functions that cannot be called or return something else.

    >>> from autograd import Value
    >>> w, b = [Value(0.5, "w[0]"), Value(-1.0, "w[1]")], Value(0.1, "b")
    >>> def loss(x, y):
    ...     return (w[0] * x[0] + w[1] * x[1] + b - y) ** 2
    >>> def backward(X, Y, w, b):
    ...     dz = 2 * (X @ w + b - Y)
    ...     return X.T @ dz, dz.sum()
    >>> report = matrices(loss, {"w": w, "b": b}, backward, [[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]], [1.0, 0.0, 2.0])
    >>> print(report.first.name, report.first.words)
    """
    if reduction not in ("mean", "sum"):
        raise UsageError(f'reduction is "mean" or "sum", {reduction!r} came')
    program = Program(loss, params)
    engine, given, kind = program.given(X, Y, None)
    if engine.plan.several:
        raise UsageError("a loss of one Value is expected, several came")
    known_lines = Lines(engine.function(kind), engine.looped(kind), given, engine.plan.sizes["parameter"])
    known = parameters(params, program, known_lines)
    theta = generic(np.asarray(given["theta"]), known, student, Y is not None)
    given = given | {"theta": theta}
    lines = Lines(engine.function(kind), engine.looped(kind), given, engine.plan.sizes["parameter"])
    if reduction == "sum":
        lines = summed(lines, given)
    asked = Student(student, known, Y is not None)
    data = np.asarray(X, dtype=float), None if Y is None else np.asarray(Y, dtype=float)
    search = best(asked, lines, given, theta, *data)
    return report(asked, search, program)


def generic(theta: Array, known: Sequence[Parameter], student: Callable[..., Any], with_y: bool) -> Array:
    """Parameters in which no array has equal numbers throughout, such as biases of 0: nothing agrees by chance then."""
    if not Student(student, known, with_y).closed:
        rng, theta = np.random.default_rng(0), theta.copy()
        for one in known:
            if one.stored.size and np.ptp(theta[one.stored]) == 0:
                theta[one.stored] += rng.normal(0, 0.1, one.stored.shape)
    return theta


def summed(lines: Lines, given: Arrays) -> Lines:
    """The same lines for the sum over the batch in place of the mean."""
    read = lines.read

    def one(line: Any) -> Any:
        whole = isinstance(line, Let) and line.value.kind == "full" and isinstance(line.value.shape[0], Rows)
        return Let(line.name, full(line.value.shape, Tree.lift(1))) if whole and line.value.args[0].key == (1 / N).key else line

    changed = replace(read, backward=[one(line) for line in read.backward])
    return Lines(lines.function, changed, given, lines.parameters)


def best(student: Student, lines: Lines, given: Arrays, theta: Array, X: Array, Y: Array | None) -> Search:
    """The search in the convention that makes the most of the student's function."""
    searches = []
    for convention in CONVENTIONS:
        if student.closed and convention.biases != "flat":
            continue
        search = Search(lines, given, known_of(student), student.answer(convention, theta, X, Y), student.closed)
        searches.append(search)
        if search.answer.error is None and len(search.agreeing(search.right)) == len(student.known) and not any(
                search.misshapen()):
            return search

    def rank(search: Search) -> tuple[Any, ...]:
        answer = search.answer
        shapes = sum(np.shape(found) == search.answer.convention.parameter(one, one.stored).shape
                     for one in student.known if (found := answer.gradients.get(one.name)) is not None)
        return (answer.error is None, len(search.agreeing(search.right)), search.noted(search.right), shapes, answer.reached)

    return max(searches, key=rank)


def known_of(student: Student) -> Sequence[Parameter]:
    """The parameters that a student's function has."""
    return student.known


def report(student: Student, search: Search, program: Program) -> MatrixReport:
    """The report on what a search finds."""
    answer, names = search.answer, {one.name: f"d{one.name}" for one in student.known}
    right = search.agreeing(search.right)
    made = MatrixReport(
        student.title, [names[one] for one in names if one in right],
        [names[one] for one in names if one not in right], layout=layout(answer.convention), program=program,
        search=search)
    if answer.error is not None:
        made.mistakes.append(raised(search))
        return made
    for one in student.known:
        if one.name not in answer.gradients:
            made.mistakes.append(Mistake(names[one.name], "missing", "is missing in what the function returns"))
    found = [*search.misshapen(), *(mistake(search, slip, others) for slip, others in search.slipped())]
    made.mistakes += sorted(found, key=lambda one: search.order.get(one.name, len(search.order)))
    if made.wrong and not made.mistakes:
        made.mistakes.append(unknown(search))
    return made


def layout(convention: Convention) -> str:
    """A convention in words."""
    return f"examples {'last' if convention.last else 'first'}, weights {'transposed' if convention.transposed else 'as stored'}"


def mistake(search: Search, slip: Slip, others: Sequence[str]) -> Mistake:
    """A slip that was found, with the right line explained."""
    explanation = Explanation(slip.name, search.lines) if slip.name in search.lines.names else None
    return Mistake(search.called.get(slip.name, slip.name), slip.kind, slip.words, line_of(explanation), tuple(others), explanation=explanation,
                   into=search.into(slip.name))


def unknown(search: Search) -> Mistake:
    """The first array that is wrong, where no usual slip gives the student's numbers."""
    arrays = search.right
    wrong = [search.wanted.get(text) for text, array in search.answer.arrays.items()
             if search.is_noted(text, array, arrays) is False]
    wrong += [one.gradient or "gradient" for one in search.known
              if one.name in search.answer.gradients and not search.agrees(one, arrays)]
    first = min(wrong, key=lambda text: search.order.get(text, len(search.order)))
    one = next((one for one in search.known if one.gradient == first), None)
    details = ""
    if one is not None:
        mine, own = search.answer.gradients[one.name], search.answer.convention.parameter(one, one.of(arrays))
        details = f"it has the shape {mine.shape}, {own.shape} is expected" if mine.shape != own.shape else (
            "the largest difference is {0:.3g}, at {1}: {2:.6g} came, {3:.6g} is expected".format(*largest(mine, own)))
    explanation = Explanation(first, search.lines)
    return Mistake(first, "unknown", "is wrong, by none of the usual slips", line_of(explanation), explanation=explanation,
                   details=details)


def largest(mine: Array, own: Array) -> tuple[float, list[int], float, float]:
    """The largest difference of two arrays, where it is, and both numbers there."""
    where = np.unravel_index(int(np.argmax(np.abs(mine - own))), mine.shape)
    return float(np.abs(mine - own)[where]), [int(i) for i in where], float(mine[where]), float(own[where])


def raised(search: Search) -> Mistake:
    """An exception of the student's function, with the line that it tried to compute; or what was wrong before it."""
    answer = search.answer
    assert answer.error is not None
    before = search.noted_slip()
    if before is not None:
        return mistake(search, before, [])
    shaped = next(search.shaped(), None)
    if shaped is not None:
        return shaped
    failure = answer.failure or Failure("", (), "", False)
    target = search.wanted.get(failure.target)
    explanation = Explanation(target, search.lines) if target else None
    kind, hint = "raises", ""
    if isinstance(answer.error, ValueError) and failure.operator:
        kind, hint = guessed(search, failure, target)
    code = f", `{answer.text}`," if answer.text else ""
    return Mistake(target or failure.target, kind, f"cannot be computed: {hint}line {answer.line}{code} raises "
                   f"{described(answer.error)}", line_of(explanation), explanation=explanation)


def guessed(search: Search, failure: Failure, target: str) -> tuple[str, str]:
    """Why arrays do not go together: one does not belong there, @ and * are mixed up, or a transpose is missing."""
    reads, product = search.behind(target) if target else (set(), True)
    mine = [text for text in failure.reads if search.wanted.get(text)]
    strange = [text for text in mine if target and search.wanted.get(text) not in reads]
    if failure.compares:
        return "mask", f"it is masked by an array of another shape, {mine[-1]}: " if mine else ""
    if strange:
        return "wrong array", f"it uses {strange[0]}, which does not belong there: "
    if failure.operator == "*" and product:
        return "product", "@ belongs there, not *: "
    if failure.operator == "@" and not product:
        return "product", "* belongs there, not @: "
    if failure.operator == "@":
        return "transpose", "a transpose is missing or too many: "
    return "shape", "shapes do not go together, a sum is over another axis or keepdims=True is missing: "


def line_of(explanation: Explanation | None) -> str:
    """The right line."""
    return "; ".join(rule.text for rule in explanation.rules) if explanation else ""
