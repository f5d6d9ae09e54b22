"""The sentences of a walk, in a spelling: "text" for people, "latex" for slides and pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from autograd import Value, local_derivatives, ops
from autograd.formula import Formula
from viz.text.formulas import number, symbol
from viz.text.worked import Worked

MANY = 12
"""An operation with more operands than this is summed up in words."""


@dataclass(frozen=True)
class Chain:
    """The chain rule along one edge: from the gradient of `operation` to that of its operand number `position`.

    `product` is upstream · local. Where the operand is used more than once this is path number `path` of `paths`,
    and what earlier paths brought is `before`.
    """

    operation: Value
    position: int
    upstream: float
    local: float
    path: int = 1
    paths: int = 1
    before: float | None = None

    @property
    def operand(self) -> Value:
        """Whose gradient it is."""
        return self.operation.args[self.position]

    @property
    def product(self) -> float:
        """What comes back along this edge."""
        return self.upstream * self.local

    @property
    def total(self) -> float:
        """The gradient of the operand so far."""
        return self.product if self.before is None else self.before + self.product


class Sentences:
    """The sentences about a graph whose values have names."""

    def __init__(self, root: Value, names: Mapping[Value, str], spelling: str, number_format: str) -> None:
        self.root = root
        self.names = names
        self.spelling = spelling
        self.number_format = number_format
        latex = spelling == "latex"
        self.times = r" \cdot " if latex else " · "
        self.comma = r",\quad " if latex else ", "
        self.plus_equal = r" \mathrel{+}= " if latex else " += "

    def forward(self, value: Value) -> str:
        """An operation: q = x + y = -2 + 5 = 3."""
        assert isinstance(value.op, ops.Op)
        name, result = self.symbol(value), self.data(value)
        if len(value.args) > MANY:
            return self.equal(name, self.words(f"{value.op.name} of {len(value.args)} operands"), result)
        symbols = value.op.dispatch(tuple(self.symbol(arg) for arg in value.args))
        numbers = value.op.dispatch(tuple(self.data(arg) for arg in value.args))
        return self.equal(name, symbols, numbers, result)

    def seed(self) -> str:
        """Where backpropagation starts: df/df = 1."""
        return f"{self.derivative(self.root)} = 1"

    def backward(self, chain: Chain) -> str:
        """An edge: df/dx = df/dq · dq/dx = df/dq · y = -4 · 5 = -20, and the running sum where paths meet."""
        sign = self.plus_equal if chain.paths > 1 else " = "
        sentence = self.equal(self.derivative(chain.operand), *self._product(chain), sign=sign)
        if chain.paths == 1:
            return sentence
        path = f"path {chain.path} of {chain.paths}"
        if chain.before is None:
            return sentence + self.comma + self.words(path)
        sum = f"{self.part(chain, 'before')} + {self.part(chain, 'product'):unary} = {self.part(chain, 'total')}"
        return sentence + self.comma + self.words(f"{path}: ") + sum

    def _product(self, chain: Chain) -> Iterator[str]:
        """Each way to write it: df/dq · dq/dx, df/dq · y, -4 · 5, -20; just z, -4 at the root itself."""
        value = chain.operation
        if value is self.root:
            yield from self.factors(value, chain.position, "any")
        else:
            upstream = self.derivative(value) + self.times
            yield upstream + self.ratio(value, chain.operand)
            for rule in self.factors(value, chain.position, "unary"):
                yield upstream + rule
            yield f"{self.part(chain, 'upstream')}{self.times}{self.part(chain, 'local'):unary}"
        yield str(self.part(chain, "product"))

    def factors(self, value: Value, i: int, least: str) -> list[str]:
        """The local derivative for operand number i as a formula, in brackets where it binds less; none if a number."""
        rule = self.rule(value, i)
        return [] if rule.known else [f"{rule.formula:{least}}"]

    def rule(self, value: Value, i: int) -> Worked:
        """The local derivative for operand number i, as the table's rule writes it here."""
        assert isinstance(value.op, ops.Op)
        if len(value.args) > MANY:
            return Worked.lift(local_derivatives(value)[i])
        out = Worked(value.data, self.symbol(value))
        args = tuple(Worked(arg.data, self.symbol(arg), arg.op is ops.constant) for arg in value.args)
        return Worked.lift(value.op.partials(out, args)[i])

    def symbol(self, value: Value) -> Formula:
        """A value as a formula names it."""
        if value.op is ops.constant and not value.label:
            return number(value.data, self.spelling)
        return symbol(self.names[value], self.spelling)

    def derivative(self, value: Value) -> str:
        """The gradient of a value as it is written: df/dx."""
        return self.ratio(self.root, value)

    def ratio(self, upper: Value, lower: Value) -> str:
        """A derivative of one value with respect to another: dq/dx."""
        if self.spelling == "latex":
            return rf"\frac{{d{self.symbol(upper)}}}{{d{self.symbol(lower)}}}"
        return f"d{self._called(upper)}/d{self._called(lower)}"

    def _called(self, value: Value) -> str:
        name = self.names[value]
        return f"({name})" if " " in name else name

    def words(self, text: str) -> str:
        """Words between formulas."""
        return rf"\text{{{text}}}" if self.spelling == "latex" else text

    def data(self, value: Value) -> Formula:
        """The number that a value is."""
        return self.number(value.data)

    def part(self, chain: Chain, name: str) -> Formula:
        """A number of the chain rule along an edge: upstream, local, product, before or total."""
        return self.number(getattr(chain, name))

    def number(self, x: float) -> Formula:
        """A number in the format asked for."""
        return number(x, self.spelling, self.number_format)

    def shown(self, x: float) -> str:
        """A number in the format asked for, as text."""
        return str(self.number(x))

    def equal(self, head: object, *terms: object, sign: str = " = ") -> str:
        """Terms joined by signs of equality, without saying the same twice."""
        first, *others = dict.fromkeys(map(str, terms))
        return " = ".join([f"{head}{sign}{first}", *(term for term in others if term != str(head))])
