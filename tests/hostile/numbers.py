"""Arithmetic of Values with all that Python and its users call a number, or do not."""

from __future__ import annotations

import datetime
import math
import operator
import warnings
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from autograd import RerollError, Value, grad, ops
from hostile.reader import Reader, same

BITS = (0.0, -0.0, 1.0, -1.0, 0.5, 3.0, 5e-324, -5e-324, 2.2e-308, 1e308, -1.7976931348623157e308, math.inf, -math.inf,
        math.nan, 709.8, -745.2, 2.0**53)

WHOLE = (0, 1, -1, 2, 2**53 + 1, -(2**63), 2**64, 10**308, 10**309, -(10**400), 10**5000, True, False)

EXACT = (Fraction(1, 3), Fraction(10**400, 3), Fraction(3, 10**400), Fraction(0), Fraction(10**5000, 3),
         Decimal("0.1"), Decimal("-0"), Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("1E+999"),
         Decimal("1E-999"))

DTYPES = "?bBhHiIlLqQefdgFDGSUVOMm"

NO_NUMBERS = ("", "1.5", "x", b"1", bytearray(b"2"), memoryview(b"3"), None, [], [1.0], (), (2.0,), {}, {1.0}, 1j,
              complex(1, 0), object(), int, Ellipsis, NotImplemented, range(3), datetime.date(2020, 1, 1),
              np.str_("1.5"), np.bytes_(b"1"), np.datetime64("2020"), np.ma.masked)


class Measured(float):
    """A float with a name of its own."""


class Counted(int):
    """An integer that says another float than it is."""

    def __float__(self) -> float:
        return 0.25


class Metre:
    """A number of the user's own."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def __float__(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Place:
    """What can be an index, and so a float."""

    def __index__(self) -> int:
        return 7


OWN: tuple[Callable[[], Any], ...] = (
    lambda: Measured(2.5), lambda: Counted(9), lambda: Metre(1.5), lambda: Metre("1.5"), lambda: Metre(None),
    lambda: Metre(ZeroDivisionError("no")), lambda: Metre(RuntimeError("many elements")), Place,
    lambda: Metre(OverflowError("too much")),
)


def operand(reader: Reader) -> Any:
    """Anything at all."""
    kind = reader.below(9)
    if kind == 0:
        return reader.pick(BITS)
    if kind == 1:
        return reader.double()
    if kind == 2:
        return reader.pick(WHOLE)
    if kind == 3:
        return reader.pick(EXACT)
    if kind == 4:
        return reader.pick(NO_NUMBERS)
    if kind == 5:
        return reader.pick(OWN)()
    if kind == 6:
        return Value(reader.pick(BITS))
    return array(reader) if kind == 7 else scalar(reader)


def scalar(reader: Reader) -> Any:
    """A scalar of NumPy, of any dtype."""
    found = array(reader).ravel()
    return found[0] if len(found) else np.float32(0.1)


def array(reader: Reader) -> Any:
    """An array of any dtype: without dimensions, of one element, several or none; or one of Values."""
    shape = reader.pick(((), (1,), (2,), (0,), (1, 1), (2, 1)))
    letter = reader.pick(DTYPES)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if letter in "SUVM":
            return np.zeros(shape, np.dtype(letter + {"S": "2", "U": "2", "V": "3", "M": "8[D]"}[letter]))
        numbers = np.full(shape, reader.pick(BITS))
        if letter == "O":
            boxes = np.empty(shape, object)
            for place in np.ndindex(shape):
                boxes[place] = reader.pick((Value(2.0), 3, "x", None, Fraction(1, 2)))
            return boxes
        return numbers.astype(letter if letter != "m" else "m8[s]")


# ── what arithmetic should give ──────────────────────────────────────────────────────────────


def number(thing: Any) -> float | None:
    """The float that a thing is; None if it is not a real number, or none that a float can hold."""
    if isinstance(thing, Value):
        return thing.data
    if isinstance(thing, np.ndarray) and thing.size == 1 and thing is not np.ma.masked:
        thing = thing.item()
    if isinstance(thing, (str, bytes, bytearray, memoryview, complex, np.complexfloating, np.ndarray)):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(thing)
    except Exception:
        return None


OPERATORS: dict[ops.Op, Callable[[Any, Any], Any]] = {
    ops.add: operator.add, ops.sub: operator.sub, ops.mul: operator.mul, ops.div: operator.truediv,
    ops.pow: operator.pow,
}
UFUNCS = {ops.add: np.add, ops.sub: np.subtract, ops.mul: np.multiply, ops.div: np.divide, ops.pow: np.power,
          ops.maximum: np.maximum, ops.minimum: np.minimum}
COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge)
BINARY = [*UFUNCS, ops.leaky_relu, ops.elu]
UNARY = [op for op in ops.TABLE.values() if type(op) is ops.Op and op.arity == 1 and op.recorded]
VARIADIC = [ops.sum, ops.max, ops.min, ops.logsumexp]


def arithmetic(data: bytes) -> None:
    """Every operation on both sides gives what it gives on floats, or an error of ours."""
    reader = Reader(data)
    kind = reader.below(6)
    v = Value(reader.pick(BITS) if reader.below(2) else reader.double())
    other = operand(reader)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == 0:
            two_operands(reader.pick(BINARY), reader.below(6), v, other)
        elif kind == 1:
            comparison(reader.pick(COMPARISONS), v, other, reader.below(2) == 1)
        elif kind == 2:
            creation(other)
        elif kind == 3:
            terms = [v, other, *(operand(reader) for _ in range(reader.below(3)))]
            op = reader.pick(VARIADIC)
            agrees(op, terms, lambda: op(terms))
        elif kind == 4:
            dot(v, other, reader)
        else:
            op = reader.pick(UNARY)
            agrees(op, [v], lambda: getattr(v, op.name)())
            agrees(op, [other], lambda: op(other))


def two_operands(op: ops.Op, way: int, v: Value, other: Any) -> None:
    """The operator, the function of the table, NumPy's function; on each side."""
    args = [other, v] if way % 2 else [v, other]
    if way % 2 and headstrong(other):
        return
    if way < 2 and op in OPERATORS:
        agrees(op, args, lambda: OPERATORS[op](*args))
    elif way < 4 and op in UFUNCS and not headstrong(other):
        agrees(op, args, lambda: UFUNCS[op](*args), arrays=True)
    elif way == 4:
        agrees(op, args, lambda: getattr(v, op.name)(other))
    else:
        agrees(op, args, lambda: op(*args))


def headstrong(thing: Any) -> bool:
    """Whether a thing on the left fails by itself, before a Value is asked."""
    return thing is np.ma.masked or (isinstance(thing, Fraction) and number(thing) is None)


def comparison(compare: Callable[[Any, Any], Any], v: Value, other: Any, reflected: bool) -> None:
    """Comparisons are those of the numbers."""
    if reflected and (isinstance(other, np.ndarray) or headstrong(other)):
        return  # arrays compare their elements by themselves
    args, expected = ((other, v) if reflected else (v, other)), number(other)
    try:
        found = compare(*args)
    except RerollError:
        assert expected is None, args
    else:
        assert expected is not None, args
        assert bool(found) == compare(*((expected, v.data) if reflected else (v.data, expected))), args


def creation(thing: Any) -> None:
    """A Value is made of a number, and of nothing else."""
    expected = None if isinstance(thing, Value) else number(thing)
    try:
        made = Value(thing)
    except RerollError:
        assert expected is None, thing
    else:
        assert expected is not None, thing
        assert same(made.data, expected), thing


def dot(v: Value, other: Any, reader: Reader) -> None:
    """Σ w·x + b, where b may be anything; None means that there is none."""
    b = operand(reader)
    agrees(ops.dot, [v, other, other, v] + [b] * (b is not None), lambda: ops.dot([v, other], [other, v], b))


def agrees(op: ops.Op, args: list[Any], compute: Callable[[], Any], arrays: bool = False) -> None:
    """What is computed is what the table's function of floats gives: element by element, if an array is among args."""
    arrays = arrays or any(type(arg) is np.ndarray for arg in args)
    boxes = [np.asarray(ops.boxed(arg), object) if arrays else box(arg) for arg in args]
    try:
        shape: tuple[int, ...] | None = np.broadcast_shapes(*(each.shape for each in boxes))
    except ValueError:
        shape = None
    rows = [] if shape is None else list(zip(*(np.broadcast_to(each, shape).ravel() for each in boxes), strict=True))
    numbers = [[number(thing) for thing in row] for row in rows]
    try:
        found = compute()
    except RerollError as error:
        assert shape is None or any(None in row for row in numbers), (op, args, error)
        return
    assert shape is not None, (op, args, found)
    assert not any(None in row for row in numbers), (op, args, found)
    assert np.shape(found) == shape, (op, args, found)
    for result, row, things in zip(np.asarray(found, object).ravel(), numbers, rows, strict=True):
        one(op, result, row, things)


def one(op: ops.Op, result: Any, numbers: list[Any], things: tuple[Any, ...]) -> None:
    """One result is right, and can be differentiated."""
    values = [thing for thing in things if isinstance(thing, Value)]
    data = result.data if values else result
    assert same(data, op.forward(*numbers)), (op, things, result)
    assert all(type(slope) is float for slope in (grad(result, values) if values else ()))


def box(thing: Any) -> Any:
    """A single thing as an array without dimensions."""
    boxed = np.empty((), object)
    boxed[()] = thing
    return boxed
