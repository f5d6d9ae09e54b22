"""The graph while it is written: every scalar operation goes to arrays in the order of creation."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from autograd import ops
from autograd.compiler.graph import CODE, Graph
from autograd.compiler.traced import Traced
from autograd.errors import TraceError
from autograd.modes import user_line
from autograd.value import Value, leaf, next_serial


class Tape:
    """The graph while it is written: parallel arrays, one entry per scalar node.

    `refused` says which question came first that only a number could answer, whatever the loss made of the error.
    It is text: an error would lead to the frames that it passed, and those to the tape again.
    """

    def __init__(self, parameters: Sequence[Value]) -> None:
        self.code = array("q")
        self.start = array("q", [0])
        self.args = array("q")
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
        self.code.extend(array("q", [CODE["parameter"]]) * n)
        self.start.extend(array("q", [0]) * n)
        self.data.extend(range(n))

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
            return operand.index if operand.tape is self else outlived()
        if isinstance(operand, Value):
            known = self.nodes.get(operand)
            return self.value(operand) if known is None else known
        return self.leaf("constant", Value(operand).data)

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
        return Graph(
            np.array(self.code, dtype=np.int64), np.array(self.start, dtype=np.int64),
            np.array(self.args, dtype=np.int64), np.array(self.data), np.array(roots, dtype=np.int64), self.labels,
        )


class FinishedTape(Tape):
    """The tape of a trace that is over: whoever writes on it holds a symbol that has outlived its trace."""

    def leaf(self, kind: str, data: float) -> int:
        """Refuse to go on."""
        outlived()

    def node(self, code: int, args: Sequence[int]) -> int:
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
