"""Trace a loss: run it once on symbols and write down every scalar operation as arrays.

What is traced has no number, no truth value and no order, so that a course which depends on data
cannot be taken in silence: it raises `TraceError` with the line of the user's code.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd import ops
from autograd.compiler.graph import CODE, CODES, Graph
from autograd.errors import TraceError
from autograd.modes import Mode, alone, user_line
from autograd.nested import flatten
from autograd.noise import drawing_from
from autograd.value import Value, leaf


class Trace:
    """The graph while it is written: parallel arrays, one entry per scalar node."""

    def __init__(self, parameters: Sequence[Value]) -> None:
        self.code = array("q")
        self.start = array("q", [0])
        self.args = array("q")
        self.data = array("d")
        self.labels: dict[int, str] = {}
        self.nodes: dict[Value, int] = {}
        self.noises = 0
        self.objects: dict[int, Any] = {}
        for position, parameter in enumerate(parameters):
            self.nodes.setdefault(parameter, -1)
            if self.nodes[parameter] < 0:
                self.nodes[parameter] = self.leaf("parameter", position)

    def leaf(self, kind: str, data: float) -> int:
        """Write a leaf and return its node."""
        self.code.append(CODE[kind])
        self.start.append(len(self.args))
        self.data.append(data)
        return len(self.code) - 1

    def node(self, code: int, args: Sequence[int]) -> int:
        """Write an operation and return its node."""
        self.args.extend(args)
        self.start.append(len(self.args))
        self.code.append(code)
        self.data.append(0.0)
        return len(self.code) - 1

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
            return operand.index
        if type(operand) is Value:
            known = self.nodes.get(operand)
            return self.value(operand) if known is None else known
        return self.leaf("constant", Value(operand).data)

    def value(self, root: Value) -> int:
        """Write the eager graph behind a Value: parameters are variable in it, other leaves constant."""
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
        if not isinstance(value.op, ops.Op) or all(self.code[arg] == CODE["constant"] for arg in args):
            return self.leaf("constant", value.data)
        index = self.node(CODE[value.op.name], args)
        if value.label:
            self.labels[index] = value.label
        return index

    def graph(self, roots: Sequence[int]) -> Graph:
        """The finished arrays."""
        return Graph(
            np.array(self.code, dtype=np.int64), np.array(self.start, dtype=np.int64),
            np.array(self.args, dtype=np.int64), np.array(self.data), np.array(roots, dtype=np.int64), self.labels,
        )


def _binary(op: ops.Op, reflected: bool = False) -> Callable[[Any, Any], Any]:
    """An operator that writes its node directly, for the operators of which large graphs are made."""
    code = CODE[op.name]

    def apply(x: Traced, y: Any) -> Any:
        trace = x.trace
        if type(y) is Traced:
            j = y.index
        elif isinstance(y, np.ndarray) or (isinstance(y, ops.Carrier) and type(y) is not Value):
            return op(y, x) if reflected else op(x, y)
        else:
            j = trace.index(y)
        return Traced(trace, trace.node(code, (j, x.index) if reflected else (x.index, j)))

    return apply


def refuse(what: str, instead: str, why: str = "but a traced value has no number yet") -> NoReturn:
    """Raise TraceError for what only a number could answer."""
    raise TraceError(f"{user_line()}: {what}, {why}: {instead}")


def _refusing(what: str, instead: str) -> Callable[..., Any]:
    def method(self: Traced, *others: Any) -> NoReturn:
        refuse(what, instead)

    return method


_COMPARE = "use autograd.maximum, minimum, relu, step, or autograd.where(autograd.gt(x, y), a, b)"
_CONVERT = "use the functions of autograd (autograd.exp, tanh, …) in place of those of math"


class Traced(ops.Carrier):
    """A scalar of which only the history is known: what a loss computes with while it is traced."""

    __slots__ = ("index", "trace")
    __array_priority__ = 1000

    rank = 2

    def __init__(self, trace: Trace, index: int) -> None:
        self.trace = trace
        self.index = index

    @classmethod
    def lift(cls, operand: Any) -> Any:
        """Operands of other kinds are looked up when the node is written."""
        return operand

    @classmethod
    def apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Traced:
        """Write down a node."""
        trace = next(arg.trace for arg in args if type(arg) is Traced)
        known = trace.nodes
        indices = [
            arg.index if type(arg) is Traced else known[arg] if arg in known else trace.index(arg) for arg in args
        ]
        return cls(trace, trace.node(CODE[op.name], indices))

    def among(self, others: list[Any]) -> tuple[Any, list[Any]]:
        """Each node as the one object that stands for it."""
        return self.trace.object(self.index), [self.trace.object(self.trace.index(other)) for other in others]

    @property
    def op(self) -> ops.Op | None:
        """The row that made it; None for a leaf."""
        return ops.TABLE.get(CODES[self.trace.code[self.index]])

    @property
    def args(self) -> tuple[Any, ...]:
        """The operands."""
        start, stop = self.trace.start[self.index : self.index + 2]
        return tuple([self.trace.object(arg) for arg in self.trace.args[start:stop]])

    @property
    def serial(self) -> int:
        """Its place in the order of creation."""
        return self.index

    @property
    def label(self) -> str:
        """A name, from which the compiled program names its arrays."""
        return self.trace.labels.get(self.index, "")

    @label.setter
    def label(self, text: str) -> None:
        self.trace.labels[self.index] = text

    @property
    def data(self) -> Any:
        """Not there: the number differs from example to example."""
        refuse("the data of a value was read", "compute with the value itself; for a maximum use autograd.max, "
               "for a derivative autograd.grad(..., create_graph=True)")

    @property
    def grad(self) -> Any:
        """Not there: gradients are what the compiled program computes."""
        refuse("the grad of a value was read", "for derivatives in a loss use autograd.grad(..., create_graph=True)")

    __add__, __radd__ = _binary(ops.add), _binary(ops.add, reflected=True)
    __sub__, __rsub__ = _binary(ops.sub), _binary(ops.sub, reflected=True)
    __mul__, __rmul__ = _binary(ops.mul), _binary(ops.mul, reflected=True)

    __bool__ = _refusing("a branch depends on a value (if, while, and, or, not, max, min)", _COMPARE)
    __lt__ = __le__ = __gt__ = __ge__ = _refusing("values were compared", _COMPARE)
    __eq__ = __ne__ = _refusing("values were compared with ==, != or in", "use autograd.eq(x, y), or `is` for identity")
    __hash__ = object.__hash__
    __float__ = __int__ = __index__ = __complex__ = __round__ = __trunc__ = _refusing(
        "a value was converted to a plain number", _CONVERT
    )

    def __format__(self, spec: str) -> str:
        if spec:
            refuse("a value was formatted as a number", "print it outside the loss")
        return repr(self)

    def __repr__(self) -> str:
        return f"Traced(node {self.index})"

    def backward(self) -> NoReturn:
        """Not while tracing."""
        refuse("backward() was called", "the compiled program differentiates; in a loss, use autograd.grad")

    def __array_ufunc__(self, ufunc: np.ufunc, how: str, *inputs: Any, **options: Any) -> Any:
        """np.exp(v): as for a Value."""
        return Value.__array_ufunc__(self, ufunc, how, *inputs, **options)  # type: ignore[arg-type]


class Tracing(Mode):
    """While a loss is traced: what depends on parameters is as unknown as what depends on an example.

    Parameters are Values and have numbers, those of today. Selections among them are written down in place of being
    made, and what Python would decide by them is refused.
    """

    watches = False

    def __init__(self, tape: Trace) -> None:
        self.tape = tape

    def depends(self, value: Value) -> bool:
        """Whether a value changes with the parameters."""
        return self.tape.code[self.tape.index(value)] != CODE["constant"]

    def selected(self, op: ops.Op, args: tuple[Value, ...]) -> Any:
        """A node where an operand changes with the parameters."""
        if any(map(self.depends, args)):
            return Traced(self.tape, self.tape.node(CODE[op.name], [self.tape.index(arg) for arg in args]))
        return None

    def observed(self, value: Value) -> None:
        """Refuse to let parameters decide the course of the loss."""
        if self.depends(value):
            refuse("a branch or a comparison depends on a parameter", _COMPARE, "which changes from call to call")

    def entered(self, inner: Mode) -> None:
        """Refuse `no_grad`, which has no effect on what is only written down."""
        if not inner.records:
            refuse("no_grad() was entered", "use v.detach() for what is to count as a constant",
                   "but what is traced is written down all the same")


def nest(shape: tuple[int, ...], leaves: Any) -> Any:
    """Leaves, taken in order, as nested lists of this shape; a single leaf where the shape is ()."""
    if not shape:
        return next(leaves)
    return [nest(shape[1:], leaves) for _ in range(shape[0])]


def trace(
    loss: Callable[..., Any], parameters: Sequence[Value], x_shape: tuple[int, ...], y_shape: tuple[int, ...] | None
) -> tuple[Graph, int, bool]:
    """Run `loss` on symbols shaped like one row of X and of Y.

    Returns the graph, how many random numbers an example draws, and whether the loss returned several values.
    """
    tape = Trace(parameters)
    arguments = [nest(x_shape, (tape.symbol("input", i) for i in itertools.count()))]
    if y_shape is not None:
        arguments.append(nest(y_shape, (tape.symbol("target", i) for i in itertools.count())))
    with alone(Tracing(tape)), drawing_from(tape.noise):
        result = loss(*arguments)
    several = isinstance(result, (list, tuple)) or (isinstance(result, np.ndarray) and result.ndim > 0)
    outputs = flatten(result)
    if not outputs or not all(isinstance(out, (ops.Carrier, int, float, np.number)) for out in outputs):
        raise TraceError(f"the loss must return a Value or a list of Values, {type(result).__name__} came")
    return tape.graph([tape.index(out) for out in outputs]), tape.noises, several
