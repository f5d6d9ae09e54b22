"""Calls of NumPy on vectors, such as an optimiser makes them, noted as statements: they are written in JavaScript.

`vectors` notes the same calls to compile them for vectors that are there. Here vectors and numbers are only names, so
that what is written holds for any. What is asked for is noted at once, in order, since a vector may change later.

>>> rule = Rule()
>>> theta, gradient = rule.vector("theta"), rule.vector("gradient")
>>> np.subtract(theta, np.multiply(gradient, rule.number("lr")), out=theta) is theta
True
>>> for line in rule.written().lines: print(line)
for (let i = 0; i < n; i++) {
  t[i] = gradient[i] * lr;
  theta[i] = theta[i] - t[i];
}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd import ops
from autograd.compiler.array import Array, Let, Rows, Statement, Store, reduce
from autograd.compiler.names import Names
from autograd.compiler.to_javascript import Writer, indented, literal
from autograd.errors import NumberError, UsageError


class Vector(Array):
    """A vector that stands for any: what NumPy is asked to do with it becomes statements of its `rule`."""

    __slots__ = ("rule",)

    def __init__(self, rule: Rule, text: str) -> None:
        super().__init__("name", (), text, (Rows(),), "float")
        self.rule = rule

    @classmethod
    def apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Array:
        """What an operator makes, by a name of its own: what it is made of may change later."""
        value = Array.apply(op, args)
        rule = next(arg.rule for arg in args if isinstance(arg, Vector))
        return rule.noted(value)

    def __array_ufunc__(self, ufunc: np.ufunc, how: str, *inputs: Any, **options: Any) -> Any:
        """A row of the table, written to `out` if it is given."""
        row = ops.UFUNCS.get(ufunc.__name__)
        if row is None or how != "__call__" or set(options) - {"out"}:
            raise NumberError(f"a rule in JavaScript is made of rows of the table, np.{ufunc.__name__} came")
        return self.rule.noted(Array.apply(row, tuple(map(Array.lift, inputs))), *options.get("out", ()))

    def __array_function__(self, made: Any, types: Any, args: Any, options: dict[str, Any]) -> Any:
        """The functions of NumPy that are no ufuncs, and have a meaning here."""
        if made is np.dot:
            return self.rule.noted(reduce(ops.sum, args[0] * args[1]))
        if made is np.clip:
            vector, low, high = args
            return self.rule.noted(ops.minimum(ops.maximum(vector, low), high), *filter(None, [options.get("out")]))
        if made is np.where:
            return self.rule.noted(ops.where(*args))
        raise NumberError(f"a rule in JavaScript is made of rows of the table, np.{made.__name__} came")

    def __setitem__(self, key: Any, value: Any) -> None:
        assert key in (slice(None), ...), "a rule writes whole vectors"
        self.rule.noted(Array.lift(value), self)

    def changed(self, row: ops.Op, other: Any) -> Array:
        """The vector itself, after an operator has changed it in place."""
        return self.rule.noted(Array.apply(row, (self, Array.lift(other))), self)

    def __iadd__(self, other: Any) -> Any:  # type: ignore[misc]
        return self.changed(ops.add, other)

    def __isub__(self, other: Any) -> Any:  # type: ignore[misc]
        return self.changed(ops.sub, other)

    def __imul__(self, other: Any) -> Any:  # type: ignore[misc]
        return self.changed(ops.mul, other)

    def __itruediv__(self, other: Any) -> Any:  # type: ignore[misc]
        return self.changed(ops.div, other)


class Number(Array):
    """A number that stands for any: arithmetic makes others, and no comparison can be answered."""

    __slots__ = ()

    @classmethod
    def apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Array:
        """What an operator makes, a number of the same kind."""
        made = Array.apply(op, args)
        return made if made.shape else cls(made.kind, made.args, made.info, made.shape, made.dtype)

    def _compared(self, other: Any) -> NoReturn:
        """Refuse to choose between branches of Python: JavaScript would have only one of them."""
        raise UsageError("a rule that is written in JavaScript cannot compare its numbers by Python's operators: "
                         "write autograd.where(autograd.gt(a, b), x, y), or eq in the place of gt")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _compared
    __hash__ = object.__hash__


class Rule:
    """Statements about vectors of one length and single numbers, as they are noted."""

    def __init__(self) -> None:
        self.names = Names()
        self.given: list[Any] = []
        self.spares: list[Vector] = []
        self.statements: list[Statement] = []

    def vector(self, text: str) -> Vector:
        """A vector that is given."""
        own = Vector(self, text)
        self.given.append(own)
        return own

    def spare(self, text: str) -> Vector:
        """A vector to write to."""
        self.spares.append(Vector(self, self.names.fresh(text)))
        return self.spares[-1]

    def number(self, text: str) -> Number:
        """A number that is given."""
        own = Number("name", (), text, (), "float")
        self.given.append(own)
        return own

    def noted(self, value: Array, out: Vector | None = None) -> Array:
        """What a value is called: `out`, to which it is written, or a new name."""
        if out is not None:
            self.statements.append(Store(out, value, adds=False))
            return out
        taken = {given.info for given in self.given}
        text = next(text for text in iter(lambda: self.names.fresh("t"), "") if text not in taken)
        own = Vector(self, text) if value.shape else Number("name", (), text, (), "float")
        self.statements.append(Let(own, value))
        return own

    def written(self) -> Writer:
        """The statements as they are written."""
        write = Writer(self.given, self.names)
        used = {text for statement in self.statements for array in statement.arrays for text in array.names}
        write.memory |= {spare.info: spare.shape for spare in self.spares if spare.info in used}
        for statement in self.statements:
            write.statement(statement)
        return write

    def javascript(self, numbers: Mapping[str, float], memory: Sequence[str]) -> str:
        """An object with the numbers, the names of vectors that are remembered or written to, and the function."""
        write = self.written()
        head = "step(theta, gradient, state, numbers, steps)"
        lines = [
            "const n = theta.length;",
            f"const {{ {', '.join(numbers)} }} = numbers;",
            *([f"const {{ {', '.join([*memory, *write.memory])} }} = state;"] if memory or write.memory else []),
            *write.lines,
        ]
        return "\n".join([
            "{", f"  memory: {json.dumps(memory)}, spare: {json.dumps([*write.memory])},",
            f"  numbers: {{ {', '.join(f'{text}: {literal(number)}' for text, number in numbers.items())} }},",
            f"  {head} {{", *indented(indented(lines)), "  },", "}",
        ])
