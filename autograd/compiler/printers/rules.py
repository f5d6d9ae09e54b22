"""Calls of NumPy on vectors, such as an optimiser makes them, noted as statements: they are written in JavaScript.

`vectors` notes the same calls to compile them for vectors that are there. Here vectors and numbers are only names, so
that what is written holds for any. What is asked for is noted at once, in order, since a vector may change later.

>>> rule = Rule()
>>> np.subtract(rule.theta, np.multiply(rule.gradient, rule.number("lr")), out=rule.theta) is rule.theta
True
>>> for line in rule.lines(): print(line)
for (let i = 0; i < n; i++) {
  t[i] = gradient[i] * lr;
  theta[i] = theta[i] - t[i];
}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import Array, Let, Rows, Statement, Store, as_array, reduce
from autograd.compiler.arrays.names import Names
from autograd.compiler.printers.to_javascript import RESERVED, Writer, indented, literal
from autograd.errors import NumberError, UsageError


class Symbol(Array):
    """A vector or a number that stands for any: what is asked of vectors becomes statements of their `rule`."""

    __slots__ = ()

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Array:
        """What an operator makes."""
        return applied(op, args)

    def __array_ufunc__(self, ufunc: np.ufunc, how: str, *inputs: Any, **options: Any) -> Any:
        """A row of the table, written to `out` if it is given."""
        row = ops.UFUNCS.get(ufunc.__name__)
        if row is None or how != "__call__" or set(options) - {"out"}:
            raise NumberError(f"a rule in JavaScript is made of rows of the table, np.{ufunc.__name__} came")
        return applied(row, inputs, *options.get("out", ()))

    def __array_function__(self, made: Any, types: Any, args: Any, options: dict[str, Any]) -> Any:
        """The functions of NumPy that are no ufuncs, and have a meaning here."""
        if made is np.dot:
            return args[0].rule.noted(reduce(ops.sum, args[0] * args[1]))
        if made is np.clip:
            vector, low, high = args
            return applied(ops.minimum, (ops.maximum(vector, low), high), options.get("out"))
        if made is np.where:
            return applied(ops.where, args)
        raise NumberError(f"a rule in JavaScript is made of rows of the table, np.{made.__name__} came")


class Vector(Symbol):
    """A vector. What is made of it has a name of its own, for it may change later."""

    __slots__ = ("rule",)

    def __init__(self, rule: Rule, text: str) -> None:
        super().__init__("name", (), text, (Rows(),), "float")
        self.rule = rule

    def __setitem__(self, key: Any, value: Any) -> None:
        if key is not ... and key != slice(None):
            raise UsageError("a rule in JavaScript writes whole vectors, v[...] = x")
        self.rule.noted(as_array(value), self)

    def __gt__(self, other: Any) -> Array:
        return applied(ops.gt, (self, other))

    def __lt__(self, other: Any) -> Array:
        return applied(ops.gt, (other, self))

    def __bool__(self) -> bool:
        return refuse()

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]
        return applied(ops.add, (self, other), self)

    def __isub__(self, other: Any) -> Any:  # type: ignore[misc]
        return applied(ops.sub, (self, other), self)

    def __imul__(self, other: Any) -> Any:  # type: ignore[misc]
        return applied(ops.mul, (self, other), self)

    def __itruediv__(self, other: Any) -> Any:  # type: ignore[misc]
        return applied(ops.div, (self, other), self)


class Number(Symbol):
    """A number. It counts as finite and not 0 where a rule asks whether it is, and no comparison can be answered."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, how: str, *inputs: Any, **options: Any) -> Any:
        return False if ufunc is np.isinf else super().__array_ufunc__(ufunc, how, *inputs, **options)

    def _compared(self, other: Any) -> NoReturn:
        refuse()

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _compared
    __hash__ = object.__hash__


def applied(op: ops.Op, args: Sequence[Any], out: Vector | None = None) -> Array:
    """A row of the table applied to vectors and numbers: a number, or a vector that is noted."""
    made = Array._apply(op, tuple(map(as_array, args)))
    rule = next((arg.rule for arg in args if isinstance(arg, Vector)), None if out is None else out.rule)
    if rule is None:
        return Number(made.kind, made.args, made.info, made.shape, made.dtype)
    return rule.noted(made, out)


def refuse() -> NoReturn:
    """Raise `UsageError` where Python would choose one of two branches: JavaScript would have that one only."""
    raise UsageError("a rule that is written in JavaScript cannot choose by Python's comparisons: write "
                     "autograd.where(autograd.gt(a, b), x, y), or eq in the place of gt")


class Rule:
    """Statements about vectors of one length and about single numbers, as they are noted.

    Of both, those that are given by name come from objects of JavaScript: numbers, and the `state`.
    """

    def __init__(self) -> None:
        self.names = Names()
        self.names.taken |= {"state", "numbers", *RESERVED}
        self.theta, self.gradient = Vector(self, "theta"), Vector(self, "gradient")
        self.numbers: dict[str, Number] = {}
        self.state: dict[str, Vector] = {}
        self.statements: list[Statement] = []

    def number(self, text: str) -> Number:
        """A number that is given."""
        self.numbers[text] = Number("name", (), self.names.fresh(text), (), "float")
        return self.numbers[text]

    def vector(self, text: str) -> Vector:
        """A vector of the state, to remember numbers in or to work in."""
        self.state[text] = Vector(self, self.names.fresh(text))
        return self.state[text]

    def noted(self, value: Array, out: Vector | None = None) -> Array:
        """What a value is called: `out`, to which it is written, or a new name."""
        if out is not None:
            self.statements.append(Store(out, value, adds=False))
            return out
        text = self.names.fresh("t")
        if value.shape:
            self.state[text] = Vector(self, text)
            return self.noted(value, self.state[text])
        own = Number("name", (), text, (), "float")
        self.statements.append(Let(own, value))
        return own

    def lines(self) -> list[str]:
        """The statements as lines of a function."""
        write = Writer([self.theta, self.gradient, *self.numbers.values(), *self.state.values()], self.names)
        for statement in self.statements:
            write.statement(statement)
        assert not write.memory, "a rule works in vectors of the state"
        return write.lines

    def javascript(self, numbers: Mapping[str, float], memory: Sequence[str]) -> str:
        """An object with `numbers`, the names of vectors that remember, and of others; and the function `step`."""
        used = {text for statement in self.statements for array in statement.arrays for text in array.names}
        spare = [text for text, vector in self.state.items() if text not in memory and vector.info in used]

        def taken(array: Mapping[str, Array], names: Iterable[str]) -> str:
            """Names out of an object."""
            own = {text: array[text].info for text in names}
            return ", ".join(text if text == name else f"{text}: {name}" for text, name in own.items())

        lines = [
            "const n = theta.length;", f"const {{ {taken(self.numbers, numbers)} }} = numbers;",
            *([f"const {{ {taken(self.state, [*memory, *spare])} }} = state;"] if memory or spare else []),
            *self.lines(),
        ]
        return "\n".join([
            "{", f"  memory: {json.dumps(memory)}, spare: {json.dumps(spare)},",
            f"  numbers: {{ {', '.join(f'{text}: {literal(number)}' for text, number in numbers.items())} }},",
            "  step(theta, gradient, state, numbers) {", *indented(indented(lines)), "  },", "}",
        ])
