"""A graph as JavaScript: from the numbers of its leaves to every value, local derivative and gradient.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> print(Script(x * x).source)
function compute(v, p, g) {
  v[1] = v[0] * v[0];
  p[0] = v[0];
  p[1] = v[0];
  g.fill(0);
  g[1] = 1;
  g[0] += g[1] * p[0];
  g[0] += g[1] * p[1];
}
"""

from __future__ import annotations

from autograd import Value, ancestors, ops
from autograd.formula import Formula

PRELUDE = "const inf = Infinity, nan = NaN;\n"
"""What a page has to say before the functions that are written here."""


class Script:
    """A graph's forward and backward pass, written from the rows of the table.

    `source` defines `compute(v, p, g)` over three arrays of numbers: v[i] is the data of `values[i]`, g[i] its
    gradient, and p[k] the local derivative along `edges[k]`, a pair of an operation and its operand. The caller fills
    in the leaves; the function works out the rest, in the order of `values`, and back.
    """

    def __init__(self, root: Value) -> None:
        self.root = root
        self.values = ancestors(root)
        self.places = {value: i for i, value in enumerate(self.values)}
        self.edges = [(self.places[value], self.places[arg]) for value in self.values for arg in value.args]

    @property
    def source(self) -> str:
        """The function's text."""
        return "\n".join(["function compute(v, p, g) {", *(f"  {line};" for line in self._lines()), "}"])

    def _lines(self) -> list[str]:
        forward: list[str] = []
        partials: list[Formula] = []
        for value in self.values:
            if isinstance(value.op, ops.Op):
                out, operands = self._data(value), tuple(map(self._data, value.args))
                forward.append(f"{out} = {value.op.dispatch(operands)}")
                partials += value.op.partials(out, operands)
        local = [f"p[{k}] = {partial}" for k, partial in enumerate(partials)]
        seed = ["g.fill(0)", f"g[{self.places[self.root]}] = 1"]
        # Operations from the youngest back, the operands of each from first to last, as `viz.steps` goes.
        order = sorted(enumerate(self.edges), key=lambda edge: -edge[1][0])
        chain = [f"g[{operand}] += g[{operation}] * p[{k}]" for k, (operation, operand) in order]
        return [*forward, *local, *seed, *chain]

    def _data(self, value: Value) -> Formula:
        return Formula(f"v[{self.places[value]}]", spelling="javascript")
