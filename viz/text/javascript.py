"""A graph as JavaScript: from the numbers of its leaves to every value and local derivative.

>>> from autograd import Value
>>> x, y = Value(3.0, "x"), Value(5.0, "y")
>>> print(Script([x * y]).source)
function forward(v) {
  v[2] = v[0] * v[1];
}
function local(v, p) {
  p[0] = v[1];
  p[1] = v[0];
}
"""

from __future__ import annotations

import operator
from collections.abc import Sequence

from autograd import Value, ancestors, ops
from autograd.formula import Formula

PRELUDE = "const inf = Infinity, nan = NaN;\n"
"""What a page has to say before the functions that are written here."""


class Script:
    """The values and local derivatives of the graph of one value, or of several, written from the rows of the table.

    `source` defines two functions over arrays of numbers: v[i] is the data of `values[i]`, and p[k] the local
    derivative along `edges[k]`, a pair of an operation and its operand. `forward(v)` works out all but the leaves,
    which the caller fills in; then `local(v, p)` works out p. Backpropagation is then a walk along the edges.
    """

    def __init__(self, roots: Sequence[Value]) -> None:
        self.values = sorted(set[Value]().union(*map(ancestors, roots)), key=operator.attrgetter("serial"))
        self.places = {value: i for i, value in enumerate(self.values)}
        self.operands = [(value, i) for value in self.values for i in range(len(value.args))]
        self.edges = [(self.places[value], self.places[value.args[i]]) for value, i in self.operands]

    @property
    def source(self) -> str:
        """The text of both functions."""
        forward: list[str] = []
        partials: list[Formula] = []
        for value in self.values:
            if isinstance(value.op, ops.Op):
                out, operands = self.data(value), tuple(map(self.data, value.args))
                forward.append(f"{out} = {value.op.dispatch(operands)}")
                partials += value.op.partials(out, operands)
        local = [f"p[{k}] = {partial}" for k, partial in enumerate(partials)]
        return function("forward(v)", forward) + "\n" + function("local(v, p)", local)

    def data(self, value: Value) -> Formula:
        """The data of a value as the functions write it: v[3]."""
        return Formula(f"v[{self.places[value]}]", spelling="javascript")


def function(signature: str, statements: Sequence[str]) -> str:
    """A function of these statements."""
    return "\n".join([f"function {signature} {{", *(f"  {statement};" for statement in statements), "}"])


def operations() -> str:
    """A statement that gives each row of the table by its name, as a function of its operands."""
    functions = {}
    for op in ops.TABLE.values():
        if isinstance(op, ops.Reduction | ops.Contraction):
            functions[op.name] = f"(...operands) => {op.javascript.format('...operands')}"
        else:
            operands = [f"x{i}" for i in range(op.arity)]
            formulas = tuple(Formula(operand, spelling="javascript") for operand in operands)
            functions[op.name] = f"({', '.join(operands)}) => {op.dispatch(formulas)}"
    return "const operations = {\n" + "".join(f"  {name}: {text},\n" for name, text in functions.items()) + "};\n"
