"""Backpropagation step by step, each step with the sentence that a lecturer would say.

>>> from autograd import Value
>>> x, y, z = Value(-2.0, "x"), Value(5.0, "y"), Value(-4.0, "z")
>>> for step in steps((x + y) * z):
...     print(step.phase, step.sentence, sep=": ")
forward: q = x + y = -2 + 5 = 3
forward: f = q * z = 3 * (-4) = -12
backward: df/df = 1
backward: df/dq = z = -4
backward: df/dz = q = 3
backward: df/dx = df/dq · dq/dx = -4 · 1 = -4
backward: df/dy = df/dq · dq/dy = -4 · 1 = -4
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from autograd import UsageError, Value, ancestors, local_derivatives, ops
from autograd.formula import Formula
from viz import naming
from viz.formulas import number

MANY = 12
"""An operation with more operands than this is summed up in words."""


@dataclass(frozen=True)
class Step:
    """One step of the forward or backward pass: the value it reaches, what is known of it now, and the sentence.

    `number` is the value's data in the forward pass and its gradient so far in the backward pass.
    """

    phase: Literal["forward", "backward"]
    value: Value
    name: str
    number: float
    sentence: str


def steps(root: Value, *, number_format: str = ".4g", names: Mapping[str, Any] | None = None) -> list[Step]:
    """The forward pass, an operation at a time, then the backward pass, an operand at a time.

    Values without a label get names (q, r, … ; f for the root). The gradients are worked out here:
    neither needed nor changed is any `grad`. Constants are not differentiated with respect to.
    """
    if not isinstance(root, Value):
        raise UsageError(f"steps walks through the graph of a Value, {type(root).__name__} came")
    walk = Walk(root, number_format, names)
    return [*walk.forward(), *walk.backward()]


class Walk:
    """A walk through a graph: its values, the oldest first, and what they are called."""

    def __init__(self, root: Value, number_format: str = ".4g", names: Mapping[str, Any] | None = None) -> None:
        self.root = root
        self.values = ancestors(root)
        self.names = naming.unique(self.values, [root], naming.labels(self.values, names))
        self.number_format = number_format

    def forward(self) -> list[Step]:
        """Each operation: q = x + y = -2 + 5 = 3."""
        return [
            Step("forward", value, self.names[value], value.data, self._computed(value, value.op))
            for value in self.values
            if isinstance(value.op, ops.Op)
        ]

    def backward(self) -> list[Step]:
        """The chain rule along each edge, the youngest operation first, with running sums where paths meet."""
        uses = Counter(arg for value in self.values for arg in value.args)
        gradients = {self.root: 1.0}
        met: Counter[Value] = Counter()
        found = [Step("backward", self.root, self.names[self.root], 1.0, f"{self.derivative(self.root)} = 1")]
        for value in reversed(self.values):
            for i, (arg, partial) in enumerate(zip(value.args, local_derivatives(value), strict=True)):
                if arg.op is ops.constant:
                    continue
                before = gradients.get(arg)
                contribution = gradients[value] * partial
                gradients[arg] = contribution if before is None else before + contribution
                met[arg] += 1
                sentence = self._chain(value, arg, i, gradients[value], partial, contribution, uses[arg] > 1)
                if uses[arg] > 1:
                    sentence += f", path {met[arg]} of {uses[arg]}"
                if before is not None:
                    total = self.shown(gradients[arg])
                    sentence += f": {self.shown(before)} + {self._factor(contribution)} = {total}"
                found.append(Step("backward", arg, self.names[arg], gradients[arg], sentence))
        return found

    def _computed(self, value: Value, op: ops.Op) -> str:
        name, result = self.names[value], self.shown(value.data)
        if len(value.args) > MANY:
            return f"{name} = {op.name} of {len(value.args)} operands = {result}"
        symbols = op.dispatch(tuple(self._symbol(arg) for arg in value.args))
        numbers = op.dispatch(tuple(number(arg.data, "text", self.number_format) for arg in value.args))
        return _equal(name, symbols, numbers, result)

    def _chain(
        self, value: Value, arg: Value, i: int, upstream: float, partial: float, product: float, shared: bool
    ) -> str:
        """df/dx = df/dq · dq/dx = df/dq · y = -4 · 5 = -20; just df/dq = z = -4 at the root itself."""
        rule = self._rule(value, i)
        equals = " += " if shared else " = "
        if value is self.root:
            terms = [] if rule.known else [rule.source]
            return self.derivative(arg) + equals + _equal(*terms, self.shown(product))
        terms = [f"{self.derivative(value)} · d{self._called(value)}/d{self._called(arg)}"]
        if not rule.known:
            terms.append(f"{self.derivative(value)} · {rule.formula:unary}")
        numbers = f"{self.shown(upstream)} · {self._factor(partial)}"
        return self.derivative(arg) + equals + _equal(*terms, numbers, self.shown(product))

    def _rule(self, value: Value, i: int) -> Worked:
        """The local derivative for operand number i, as the table's rule writes it here."""
        assert isinstance(value.op, ops.Op)
        if len(value.args) > MANY:
            return Worked.lift(local_derivatives(value)[i])
        out = Worked(value.data, self._symbol(value))
        args = tuple(Worked(arg.data, self._symbol(arg), arg.op is ops.constant) for arg in value.args)
        return Worked.lift(value.op.partials(out, args)[i])

    def _symbol(self, value: Value) -> Formula:
        if value.op is ops.constant and not value.label:
            return number(value.data)
        return Formula(self.names[value])

    def _called(self, value: Value) -> str:
        name = self.names[value]
        return f"({name})" if " " in name else name

    def derivative(self, value: Value) -> str:
        """The gradient of a value as it is written: df/dx."""
        return f"d{self._called(self.root)}/d{self._called(value)}"

    def shown(self, x: float) -> str:
        """A number in the format asked for."""
        return str(number(x, "text", self.number_format))

    def _factor(self, x: float) -> str:
        # A negative number after a sign takes brackets.
        return f"{number(x, 'text', self.number_format):unary}"


def _equal(*texts: object) -> str:
    """The texts joined by equality signs, without saying the same twice."""
    return " = ".join(dict.fromkeys(map(str, texts)))


class Worked(ops.Carrier):
    """A formula that knows its number, so that a rule can be written as it applies at one point.

    Selections are decided, numbers are computed and what multiplies by 1 is left out: the rule of
    x ** 2 comes out as 2 * x.
    """

    __slots__ = ("formula", "known", "number")

    rank = 4

    def __init__(self, number: float, formula: Formula, known: bool = False) -> None:
        self.number = number
        self.formula = formula
        self.known = known

    @property
    def source(self) -> str:
        """The text of the formula."""
        return self.formula.source

    @classmethod
    def lift(cls, operand: Any) -> Worked:
        """A plain number, which is known."""
        return operand if isinstance(operand, Worked) else cls(float(operand), number(float(operand)), known=True)

    @classmethod
    def apply(cls, op: ops.Op, args: tuple[Worked, ...]) -> Worked:
        """Write `op` applied to formulas, or compute it where they are known."""
        if op is ops.where:
            return args[1] if args[0].number else args[2]
        result = op.forward(*[arg.number for arg in args])
        if not op.recorded or all(arg.known for arg in args):
            return cls.lift(result)
        ones = [arg.known and arg.number == 1 for arg in args]
        if op is ops.mul and any(ones):
            return args[ones.index(False)]
        if op in (ops.pow, ops.div) and ones[1]:
            return args[0]
        return cls(result, op.dispatch(tuple(arg.formula for arg in args)))
