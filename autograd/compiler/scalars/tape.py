"""The graph while it is written: every scalar operation goes to arrays in the order of creation.

What a loss computes with meanwhile are symbols: scalars of which only the history is known. They have no number, no
truth value and no order, so that a course which depends on data cannot be taken in silence: it raises `TraceError` with
the line of the user's code.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn

import numpy as np

from autograd import ops
from autograd.compiler.scalars.graph import CODE, CODES, Graph
from autograd.errors import TraceError
from autograd.modes import user_line
from autograd.value import Value, leaf, new, next_serial

# ── the tape ─────────────────────────────────────────────────────────────────────────────────


class Tape:
    """The graph while it is written: arrays of small numbers, one entry per scalar node; `data` up to the last leaf.

    `refused` says which question came first that only a number could answer, whatever the loss made of the error.
    It is text: an error would lead to the frames that it passed, and those to the tape again.
    """

    def __init__(self, parameters: Sequence[Value]) -> None:
        self.code = array("B")
        self.start = array("i", [0])
        self.args = array("i")
        self.data = array("d")
        self.labels: dict[int, str] = {}
        self.noises = 0
        self.objects: dict[int, Any] = {}
        self.refused = ""
        self.outside: list[Value] = []
        """The Values that the loss reads besides parameters, and did not make itself."""
        self.outer: set[int] = set()
        """The nodes that depend on these, and on nothing else that changes."""
        self.began = next_serial()
        n = len(parameters)
        self.nodes = dict(zip(parameters, range(n), strict=True))
        self.code.extend(array("B", [CODE["parameter"]]) * n)
        self.start.extend(array("i", [0]) * n)
        self.data.extend(range(n))

    def leaf(self, kind: str, data: float) -> int:
        """Write a leaf and return its node."""
        index = len(self.code)
        self.code.append(CODE[kind])
        self.start.append(len(self.args))
        self.pad_data(index)
        self.data.append(data)
        return index

    def pad_data(self, size: int) -> None:
        """Let the nodes up to now that are no leaves have the number 0."""
        self.data.frombytes(bytes(self.data.itemsize * (size - len(self.data))))

    def node(self, code: int, args: Sequence[int]) -> int:
        """Write an operation and return its node."""
        self.args.extend(args)
        self.start.append(len(self.args))
        self.code.append(code)
        return len(self.code) - 1

    def pair(self, code: int, first: int, second: int) -> Traced:
        """Write an operation of two operands, as most are, in the least time."""
        args, codes = self.args, self.code
        args.append(first)
        args.append(second)
        self.start.append(len(args))
        traced = new(Traced)
        traced.tape = self
        traced.index = len(codes)
        codes.append(code)
        return traced

    def symbol(self, kind: str, position: int) -> Traced:
        """A traced leaf."""
        return Traced(self, self.leaf(kind, position))

    def noise(self) -> Traced:
        """The next random number of an example's draw."""
        self.noises += 1
        return self.symbol("noise", self.noises - 1)

    def object(self, index: int) -> Any:
        """The one object that stands for a node where objects are compared."""
        if index not in self.objects:
            constant = self.code[index] == CODE["constant"]
            self.objects[index] = leaf(self.data[index], ops.constant) if constant else Traced(self, index)
        return self.objects[index]

    def index(self, operand: Any) -> int:
        """The node of an operand: traced, a Value, or a number."""
        if type(operand) is Traced:
            return operand.index if operand.tape is self else outlived()
        if isinstance(operand, Value):
            known = self.nodes.get(operand)
            return self.value(operand) if known is None else known
        return self.leaf("constant", ops.to_float(operand))

    def value(self, root: Value) -> int:
        """Write the eager graph behind a Value as far as it depends on parameters, or was made in this trace."""
        stack = [root]
        while stack:
            value = stack[-1]
            missing = [arg for arg in value.args if arg not in self.nodes]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            if value not in self.nodes:
                self.nodes[value] = self._written(value)
        return self.nodes[root]

    def _written(self, value: Value) -> int:
        args = [self.nodes[arg] for arg in value.args]
        fixed = all(self.code[arg] == CODE["constant"] for arg in args)
        outer = all(self.code[arg] == CODE["constant"] or arg in self.outer for arg in args)
        if value.op is ops.constant or (fixed and value.serial > self.began):
            return self.leaf("constant", value.data)
        if not isinstance(value.op, ops.Op) or (outer and value.serial < self.began):
            self.outside.append(value)
            index = self.leaf("outside", len(self.outside) - 1)
        else:
            index = self.node(CODE[value.op.name], args)
        if outer:
            self.outer.add(index)
        if value.label:
            self.labels[index] = value.label
        return index

    def finish(self, roots: Sequence[int]) -> Graph:
        """The finished arrays; what is kept of this trace can be computed with no longer."""
        if self.refused:
            raise TraceError(f"{self.refused}; the loss caught this error and went on, but what it did then is not "
                             "what it does with numbers")
        self.__class__ = FinishedTape
        self.pad_data(len(self.code))
        code, start, args, data = (np.frombuffer(column, column.typecode) if column else np.zeros(0, column.typecode)
                                   for column in (self.code, self.start, self.args, self.data))
        return Graph(code, start, args, data, np.array(roots, dtype=np.int64), self.labels)


class FinishedTape(Tape):
    """The tape of a trace that is over: whoever writes on it holds a symbol that has outlived its trace."""

    def leaf(self, kind: str, data: float) -> int:
        """Refuse to go on."""
        outlived()

    def node(self, code: int, args: Sequence[int]) -> int:
        """Refuse to go on."""
        outlived()

    def pair(self, code: int, first: int, second: int) -> Traced:
        """Refuse to go on."""
        outlived()

    def index(self, operand: Any) -> int:
        """Refuse to go on."""
        outlived()


def outlived() -> NoReturn:
    """Raise TraceError for a symbol in a trace other than its own."""
    raise TraceError(
        f"{user_line()}: a value was used that an earlier call of a compiled loss has left behind, in an attribute, "
        f"a list or a cache: a compiled loss computes each example on its own, so a state that goes from call to call "
        f"must start anew in each (self.h = 0.0) or come as part of X"
    )


# ── symbols ───────────────────────────────────────────────────────────────────────────────────


def _binary(op: ops.Op, reflected: bool = False) -> Callable[[Any, Any], Any]:
    """An operator that writes its node directly, for the operators of which large graphs are made."""
    code = CODE[op.name]

    def apply(x: Traced, y: Any) -> Any:
        tape = x.tape
        if type(y) is Traced:
            j = y.index if y.tape is tape else tape.index(y)
        elif isinstance(y, np.ndarray) or (isinstance(y, ops.Carrier) and not isinstance(y, Value)):
            return op(y, x) if reflected else op(x, y)
        else:
            j = tape.index(y)
        return tape.pair(code, j, x.index) if reflected else tape.pair(code, x.index, j)

    return apply


def _beside(op: ops.Op) -> Callable[[Value, Traced], Any]:
    """The operator of a Value on the left of what is traced."""
    code = CODE[op.name]

    def apply(w: Value, x: Traced) -> Any:
        tape = x.tape
        i = tape.nodes.get(w)
        return tape.pair(code, tape.index(w) if i is None else i, x.index)

    return apply


def refuse(tape: Tape, what: str, instead: str, why: str = "but a traced value has no number yet") -> NoReturn:
    """Raise TraceError for what only a number could answer. The tape remembers, should the loss catch the error."""
    message = f"{user_line()}: {what}, {why}: {instead}"
    tape.refused = tape.refused or message
    raise TraceError(message)


def _refusing(what: str, instead: str) -> Callable[..., Any]:
    def method(self: Traced, *others: Any) -> NoReturn:
        refuse(self.tape, what, instead)

    return method


COMPARE = "use autograd.maximum, minimum, relu, step, or autograd.where(autograd.gt(x, y), a, b)"
_CONVERT = "use the functions of autograd (autograd.exp, tanh, …) in place of those of math"
_CHOOSE = "to choose by a label, let it come as a one-hot row (np.eye(10)[labels]): autograd.dot(one_hot, choices)"


class Traced(ops.Carrier):
    """A scalar of which only the history is known: what a loss computes with while it is traced.

    `isinstance(x, Value)` is true of it, so that a loss takes the way that it takes with numbers.
    """

    __slots__ = ("index", "tape")
    __array_priority__ = 1000

    rank = 2
    _beside: ClassVar = {op: _beside(op) for op in (ops.add, ops.sub, ops.mul, ops.div, ops.pow)}

    def __init__(self, tape: Tape, index: int) -> None:
        self.tape = tape
        self.index = index

    @classmethod
    def _lifted(cls, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Operands of other kinds are looked up when the node is written."""
        return args

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Traced:
        """Write down a node."""
        tape = next(arg.tape for arg in args if type(arg) is Traced)
        known = tape.nodes.get
        return cls(tape, tape.node(CODE[op.name], [
            arg.index if type(arg) is Traced and arg.tape is tape else
            tape.index(arg) if (index := known(arg)) is None else index for arg in args]))

    def _among(self, others: list[Any]) -> tuple[Any, list[Any]]:
        """Each node as the one object that stands for it."""
        return self.tape.object(self.index), [self.tape.object(self.tape.index(other)) for other in others]

    def _as_float(self) -> NoReturn:
        """Refuse to stand for a plain number, as in Value(v)."""
        refuse(self.tape, "a plain number was expected, as by Value(v)", "use v itself: operators take numbers, "
               "Values and what is traced alike")

    @property
    def op(self) -> ops.Op | None:
        """The row that made it; None for a leaf."""
        return ops.ROWS.get(CODES[self.tape.code[self.index]])

    @property
    def args(self) -> tuple[Any, ...]:
        """The operands."""
        start, stop = self.tape.start[self.index : self.index + 2]
        return tuple([self.tape.object(arg) for arg in self.tape.args[start:stop]])

    @property
    def serial(self) -> int:
        """Its place in the order of creation."""
        return self.index

    @property
    def label(self) -> str:
        """A name, from which the compiled program names its arrays."""
        return self.tape.labels.get(self.index, "")

    @label.setter
    def label(self, text: str) -> None:
        self.tape.labels[self.index] = text

    @property
    def data(self) -> Any:
        """Not there: the number differs from example to example."""
        refuse(self.tape, "the data of a value was read", "compute with the value itself; for a maximum use "
               "autograd.max, for a derivative autograd.grad(..., create_graph=True)")

    @property
    def grad(self) -> Any:
        """Not there: gradients are what the compiled program computes."""
        refuse(self.tape, "the grad of a value was read",
               "for derivatives in a loss use autograd.grad(..., create_graph=True)")

    __add__, __radd__ = _binary(ops.add), _binary(ops.add, reflected=True)
    __sub__, __rsub__ = _binary(ops.sub), _binary(ops.sub, reflected=True)
    __mul__, __rmul__ = _binary(ops.mul), _binary(ops.mul, reflected=True)
    __truediv__, __rtruediv__ = _binary(ops.div), _binary(ops.div, reflected=True)
    __pow__, __rpow__ = _binary(ops.pow), _binary(ops.pow, reflected=True)

    __bool__ = _refusing("a branch depends on a value (if, while, and, or, not, max, min)", COMPARE)
    __lt__ = __le__ = __gt__ = __ge__ = _refusing("values were compared", COMPARE)
    __float__ = __complex__ = __round__ = __trunc__ = _refusing("a value was converted to a plain number", _CONVERT)
    __xor__ = __rxor__ = _refusing("^ was used", "a power is written x ** 2 in Python")
    __int__ = _refusing("a value was converted to a whole number", f"{_CONVERT}; {_CHOOSE}")
    __index__ = _refusing("a value was used as an index or a count", _CHOOSE)

    def __eq__(self, other: object) -> bool:
        if type(other) is Traced and other.tape is not self.tape:
            return False  # the keys of a cache, where this one is looked up
        refuse(self.tape, "values were compared with ==, != or in", "use autograd.eq(x, y), or `is` for identity")

    def __hash__(self) -> int:
        # Not the address: a set of values must have the same order in every trace.
        return hash((Traced, self.index))

    @property  # type: ignore[misc]
    def __class__(self) -> type[Any]:
        """What isinstance asks for, where the type itself does not do."""
        return Value

    def __copy__(self) -> Any:
        return Traced(self.tape, self.index) if self.args else self.detach()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.detach()  # no gradient finds its way from a copy to the original

    def __reduce__(self) -> NoReturn:
        refuse(self.tape, "a value was pickled", "pickle outside the loss")

    def __format__(self, spec: str) -> str:
        if spec:
            refuse(self.tape, "a value was formatted as a number", "print it outside the loss")
        return repr(self)

    def __repr__(self) -> str:
        return f"Traced(node {self.index})"

    def backward(self) -> NoReturn:
        """Not while tracing."""
        refuse(self.tape, "backward() was called", "the compiled program differentiates; in a loss, use autograd.grad")
