"""A number that remembers how it was made.

>>> x, y, z = Value(-2.0, "x"), Value(5.0, "y"), Value(-4.0, "z")
>>> f = (x + y) * z
>>> f.backward()
>>> f.data, x.grad, y.grad, z.grad
(-12.0, -4.0, -4.0, 3.0)
"""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Callable
from numbers import Real
from typing import Any, NoReturn

import numpy as np

from autograd import ops, specialize
from autograd.errors import NumberError, TraceError, UsageError
from autograd.micrograd import Foreign
from autograd.modes import ACTIVE, current, user_line
from autograd.ops import to_float
from autograd.specialize import fast

new = object.__new__
next_serial = itertools.count().__next__

PARTS: dict[str, Any] = dict(specialize.SCOPE)
"""The names that generated methods use; at the end of this file those of `Value._apply` join them."""

method = functools.partial(specialize.method, PARTS)

LAST_CHANGE = [-1]
"""A serial drawn when `data` was last assigned, of any value: the values of greater serials have seen it all."""


NO_GRADIENT = float("0")
"""The gradient of a value that none has reached: a zero that is known by its identity."""


def refused(message: str) -> Callable[..., Any]:
    """An operator of Python that arithmetic with derivatives lacks."""

    def apply(self: Value, *others: Any) -> NoReturn:
        raise NumberError(message)

    return apply


def lacking(operators: str) -> Callable[..., Any]:
    """Operators for which there is nothing to write in their place."""
    return refused(f"{operators} have no derivative and no place among the operations: use +, -, *, / and **, "
                   f"or v.data where the number alone is meant")


class Value(ops.Carrier):
    """A scalar: a float, its gradient, and the operation and operands that made it.

    `data` and `grad` are floats: what is assigned to them becomes one, or is refused. `op` is the row of
    the table that made the value and `args` its operands in order; a leaf has no operands, and its `op` is
    None, or says that it is a constant (a plain number met an operator) or a parameter of a model. `serial`
    counts creations: operands always have smaller ones. `==` and hash are identity, `<` and its kin
    compare data. Data may be assigned at any time, but not between computing a value and differentiating it:
    that raises `UsageError`.

    An operation on values of a subclass gives one of that subclass, made without its `__init__`; where
    values of two subclasses meet, of the more special, else of the first. Constants are plain Values.

    >>> v = Value(3, label="v")
    >>> v
    Value(data=3.0, label='v')
    >>> (2 * v + 1).data
    7.0

    Raises `NumberError`, a TypeError, for what is not a real number.
    """

    __slots__ = ("_data", "_first", "_grad", "_second", "label", "op", "serial")

    rank = 1

    _data: float
    _grad: float
    _first: Any
    """The first operand, without a tuple around it, or None of a leaf; where `_second` is `...`, the tuple of all."""
    _second: Any
    """The second operand, or None if there are fewer; `...` if there are more."""
    op: ops.Op | ops.Leaf | None
    label: str
    serial: int

    def __init__(self, data: Any, label: str = "", _op: str = "", _children: Any = ()) -> None:
        if _children or not isinstance(label, str):  # micrograd's operands, beside the operation that made the value
            raise NumberError(f"a label is text, {ops.described(_children or label)} came: Value(data, label). A new "
                              "operation is a function of values, or a row of autograd/ops.py, and says what it made")
        self._data = data if type(data) is float else to_float(data)
        self._grad = NO_GRADIENT
        self.op = None
        self._first = self._second = None
        self.label = label
        self.serial = next_serial()

    def __init_subclass__(cls) -> None:
        own = sorted(vars(cls).keys() & {"args", "data", "grad", *Value.__slots__})
        if own:
            raise UsageError(f"{cls.__name__} defines {', '.join(own)}, which the engine reads and writes in Value "
                             f"itself: choose another name")

    @property
    def data(self) -> float:
        """The number."""
        return self._data

    @data.setter
    def data(self, number: Any) -> None:
        self._data = number if type(number) is float else to_float(number)
        LAST_CHANGE[0] = next_serial()  # after the change: what is made between the two has seen either number

    @property
    def grad(self) -> float:
        """The derivative of what was differentiated last with respect to this value; of a leaf, the sum of all."""
        return self._grad

    @grad.setter
    def grad(self, number: Any) -> None:
        self._grad = number if type(number) is float else to_float(number)

    @property
    def args(self) -> tuple[Value, ...]:
        """The operands in order; of a leaf, none."""
        if self._second is ...:
            return self._first  # type: ignore[no-any-return]
        if self._second is not None:
            return self._first, self._second
        return () if self._first is None else (self._first,)

    @args.setter
    def args(self, operands: tuple[Value, ...]) -> None:
        few = len(operands) < 3
        self._first = operands if not few else operands[0] if operands else None
        self._second = ... if not few else operands[1] if len(operands) == 2 else None

    @classmethod
    def _lift(cls, operand: Any) -> Value:
        """The constant Value of a plain number; Values of other classes are fit to be operands as they are."""
        return operand if issubclass(type(operand), Value) else constant(operand)

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Value, ...]) -> Any:
        """Compute `op` over Values and remember it as a node of this class: what every operation comes down to."""
        if not op.recorded:
            return select(op, args)
        node = made(cls, fast(op).compute(args), op, args)
        if ACTIVE:
            watch(node)
        return node

    # ── operations: `_apply`, written out for each row ────────────────────────────────────────

    add = __add__ = method(ops.add)
    sub = __sub__ = method(ops.sub)
    mul = __mul__ = method(ops.mul)
    div = __truediv__ = method(ops.div)
    pow = __pow__ = method(ops.pow)
    neg = __neg__ = method(ops.neg)
    abs = __abs__ = method(ops.abs)
    __radd__, __rsub__ = method(ops.add, reflected=True), method(ops.sub, reflected=True)
    __rmul__, __rtruediv__ = method(ops.mul, reflected=True), method(ops.div, reflected=True)
    __rpow__ = method(ops.pow, reflected=True)
    exp, log, sqrt = method(ops.exp), method(ops.log), method(ops.sqrt)
    sin, cos, tanh = method(ops.sin), method(ops.cos), method(ops.tanh)
    sigmoid, softplus, relu = method(ops.sigmoid), method(ops.softplus), method(ops.relu)
    leaky_relu, elu = method(ops.leaky_relu), method(ops.elu)
    step, sign = method(ops.step), method(ops.sign)
    maximum, minimum = method(ops.maximum), method(ops.minimum)

    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = lacking("//, % and divmod")
    __and__ = __rand__ = __or__ = __ror__ = __invert__ = lacking("&, | and ~")
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = lacking("<< and >>")
    __xor__ = __rxor__ = refused("^ has no derivative, and is no power in Python: write x ** 2 in place of x ^ 2")
    __round__ = refused("rounding has no slope: round(v.data, 2) rounds the number alone, f'{v:.2f}' writes it")

    # ── differentiation ──────────────────────────────────────────────────────────────────────

    def backward(self) -> None:
        """Differentiate this value: add to the `grad` of every leaf, set that of every node between.

        Called twice, leaves hold exactly twice the gradient; `zero_grad` starts afresh.
        """
        from autograd.backward import backward

        backward(self)

    def zero_grad(self) -> None:
        """Set the gradient of every value of this graph to zero."""
        from autograd.backward import ancestors

        for value in ancestors(self):
            value._grad = NO_GRADIENT

    def detach(self) -> Value:
        """The same number without its history: a constant."""
        return self._apply(ops.detach, (self,))  # type: ignore[no-any-return]

    # ── names of micrograd's, for programs that were written for it ──────────────────────────

    _prev = Foreign(lambda value: set(value.args))
    _op = Foreign(lambda value: getattr(value.op, "symbol", ""))
    _backward = Foreign(lambda value: lambda: fast(value.op).pull(value) if value.args else None)
    m, v, velocity, momentum = Foreign(), Foreign(), Foreign(), Foreign()

    # ── numbers in Python ────────────────────────────────────────────────────────────────────

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, ops.Carrier) and isinstance(other, Real):
            warnings.warn(f"a Value equals no number, since == compares identity: write v.data == {other}, or "
                          "autograd.eq(v, w) in a loss that is compiled", RuntimeWarning, stacklevel=2)
        return NotImplemented

    __hash__ = ops.Carrier.__hash__

    def __lt__(self, other: Any) -> bool:
        return number_of(self) < number_of(other)

    def __le__(self, other: Any) -> bool:
        return number_of(self) <= number_of(other)

    def __gt__(self, other: Any) -> bool:
        return number_of(self) > number_of(other)

    def __ge__(self, other: Any) -> bool:
        return number_of(self) >= number_of(other)

    def __bool__(self) -> bool:
        return number_of(self) != 0

    def __float__(self) -> NoReturn:
        # Were it convertible, math.tanh(v) would lose the gradient in silence.
        raise NumberError(
            "a Value does not turn into a float by itself, since its gradient would be lost: "
            "use v.data for the number, or autograd.tanh(v) and its kin where math.tanh(v) was meant"
        )

    __int__ = __index__ = __complex__ = __trunc__ = __float__

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __repr__(self) -> str:
        grad = "" if self._grad is NO_GRADIENT else f", grad={self._grad!r}"
        label = f", label={self.label!r}" if self.label else ""
        return f"{type(self).__name__}(data={self.data!r}{grad}{label})"

    # ── copies ───────────────────────────────────────────────────────────────────────────────

    def __reduce__(self) -> tuple[Any, ...]:
        from autograd.copying import reduce

        return reduce(self)

    def __copy__(self) -> Any:
        from autograd.copying import copy

        return copy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        from autograd.copying import deepcopy

        return deepcopy(self, memo)


def made(kind: type[Value], data: float, op: ops.Op | ops.Leaf | None, args: tuple[Value, ...] = ()) -> Value:
    """A new value of a class, without a call of its `__init__`."""
    value = new(kind)
    value._data = data
    value._grad = NO_GRADIENT
    value.op = op
    value.args = args
    value.label = ""
    value.serial = next_serial()
    return value


def constant(number: Any) -> Value:
    """The constant Value of a plain number."""
    value = new(Value)  # not Value(number): half of the time of 2 * v would be its call of __init__
    value._data = number if type(number) is float else to_float(number)
    value._grad = NO_GRADIENT
    value.op = ops.constant
    value._first = value._second = None
    value.label = ""
    value.serial = next_serial()
    return value


def leaf(data: float, op: ops.Leaf | None = None, label: str = "") -> Value:
    """A value that nothing made, of a certain kind."""
    value = Value(data, label)
    value.op = op
    return value


def data_of(other: Any) -> float:
    """The number behind a Value, or the number itself."""
    if issubclass(type(other), Value):  # the type itself: a traced value says that it is a Value
        return other._data  # type: ignore[no-any-return]
    if isinstance(other, ops.Carrier):
        raise TraceError(
            f"{user_line()}: a Value was compared with a traced one, which has no number yet: "
            f"use autograd.maximum, minimum, or autograd.where(autograd.gt(x, y), a, b)"
        )
    return to_float(other)


def number_of(operand: Any) -> float:
    """The number that decides something in Python."""
    if ACTIVE and isinstance(operand, ops.Carrier):
        for mode in current():
            mode.observed(operand)
    return data_of(operand)


def watch(node: Value) -> None:
    """Let the modes of this thread see a new node; without recording it becomes a leaf."""
    op, args = node.op, node.args
    assert isinstance(op, ops.Op)
    if not all(mode.records for mode in current()):
        node.op, node.args = None, ()
    for mode in current():
        mode.computed(op, args, node)


def select(op: ops.Op, args: tuple[Value, ...]) -> Any:
    """Evaluate a selection at once: comparisons are plain numbers, `where` is the operand it takes."""
    for mode in current() if ACTIVE else ():
        kept = mode.selected(op, args)
        if kept is not None:
            return kept
    if op is ops.where:
        return args[1] if args[0]._data else args[2]
    if op is ops.detach:
        (value,) = args
        detached = made(type(value), value._data, ops.constant)
        detached.label = value.label
        return detached
    return op.forward(*[arg._data for arg in args])


Value._shortcuts = {op: vars(Value)[name] for name, op in ops.TABLE.items() if op.recorded and name in vars(Value)}
Value._shortcuts[ops.dot] = specialize.contract(PARTS, ops.dot)

PARTS.update({
    "Value": Value, "others": (ops.Carrier, np.ndarray), "nothing": {}, "new": new,
    "modes": ACTIVE, "no_gradient": NO_GRADIENT, "next_serial": next_serial, "constant": constant,
})
