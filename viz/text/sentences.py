"""The sentences of a walk, as tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from autograd import Value, ancestors, local_derivatives, ops
from viz.text.formulas import formatted
from viz.text.tokens import (
    PLUS,
    RATIO,
    TIMES,
    TIMES_NUMBERS,
    Applied,
    Equation,
    Name,
    Number,
    Rule,
    Sentence,
    Token,
    Words,
    as_token,
)

MANY = 12
"""An operation with more operands than this is summed up in words."""

LONGEST = 30
"""A formula of the whole graph has at most so many names, numbers and operations."""


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
        """The value whose gradient is computed."""
        return self.operation.args[self.position]

    @property
    def edge(self) -> tuple[Value, int]:
        """The operation and the number of its operand."""
        return self.operation, self.position

    @property
    def product(self) -> float:
        """What comes back along this edge."""
        return self.upstream * self.local

    @property
    def total(self) -> float:
        """The gradient of the operand so far."""
        return self.product if self.before is None else self.before + self.product


class Sentences:
    """The sentences about a graph whose values have names.

    The source of a number is its role and whose it is: "data" and "gradient" of a value; of an edge, a pair of a value
    and the number of its operand, "local", "upstream", "product", and the sums of paths "before" it and in "total".
    """

    def __init__(self, root: Value, names: Mapping[Value, str], number_format: str) -> None:
        self.root = root
        self.names = names
        self.number_format = number_format
        formatted(0.0, number_format)  # a format that is none is refused at once

    def forward(self, value: Value) -> Sentence:
        """An operation: q = x + y = -2 + 5 = 3."""
        assert isinstance(value.op, ops.Op)
        result = self.data(value)
        if len(value.args) > MANY:
            words = Words(f"{value.op.name} of {len(value.args)} operands")
            return Sentence((Equation(self.symbol(value), (words, result)),))
        symbols = value.op.dispatch(tuple(self.symbol(arg) for arg in value.args))
        numbers = value.op.dispatch(tuple(self.data(arg) for arg in value.args))
        return Sentence((Equation(self.symbol(value), (symbols, numbers, result)),))

    def seed(self) -> Sentence:
        """Where backpropagation starts: df/df = 1."""
        return Sentence((Equation(self.derivative(self.root), (Number(1.0),)),))

    def backward(self, chain: Chain) -> Sentence:
        """An edge: df/dx = df/dq · dq/dx = df/dq · y = -4 · 5 = -20, and the running sum where paths meet."""
        sign = "+=" if chain.paths > 1 else "="
        product = Equation(self.derivative(chain.operand), tuple(self._product(chain)), sign)
        path = f"path {chain.path} of {chain.paths}"
        if chain.paths == 1:
            return Sentence((product,))
        if chain.before is None:
            return Sentence((product, Words(path)))
        sum = Applied(PLUS, (self.part(chain, "before"), self.part(chain, "product")))
        return Sentence((product, Equation(sum, (self.part(chain, "total"),), before=f"{path}: ")))

    def _product(self, chain: Chain) -> Iterator[Token]:
        """Each way to write it: df/dq · dq/dx, df/dq · y, -4 · 5, -20; just z, -4 at the root itself."""
        value = chain.operation
        rule = [Rule(self.rule(value, chain.position))] if len(value.args) <= MANY else []
        if value is self.root:
            yield from rule
        else:
            upstream = self.derivative(value)
            yield Applied(TIMES, (upstream, self.ratio(value, chain.operand)))
            yield from (Applied(TIMES, (upstream, each)) for each in rule)
            yield Applied(TIMES_NUMBERS, (self.part(chain, "upstream"), self.part(chain, "local")))
        yield self.part(chain, "product")

    def rule(self, value: Value, i: int) -> Token:
        """The local derivative for operand number i, as the table's rule writes it for any point."""
        assert isinstance(value.op, ops.Op)
        if len(value.args) > MANY:
            return Number(local_derivatives(value)[i])
        partials = value.op.partials(self.symbol(value), tuple(map(self.symbol, value.args)))
        return as_token(partials[i])

    def whole(self) -> Sentence:
        """The root as a formula of the leaves, with names and then with numbers; without, where it gets too long."""
        written = self.formula(self.symbol), self.formula(self.data)
        terms = [term for term in written if term is not None and self.root.args]
        return Sentence((Equation(self.symbol(self.root), (*terms, self.data(self.root))),))

    def formula(self, leaf: Callable[[Value], Token]) -> Token | None:
        """The root as a formula of leaves that are written in a way; None where it gets too long."""
        written: dict[Value, Token] = {}
        sizes: dict[Value, int] = {}
        for value in ancestors(self.root):
            # A dot is written with as many signs as there are gaps between its operands.
            sizes[value] = max(1, len(value.args) - 1) + sum(sizes[arg] for arg in value.args)
            if sizes[value] > LONGEST:
                return None
            operands = tuple(written[arg] for arg in value.args)
            written[value] = value.op.dispatch(operands) if isinstance(value.op, ops.Op) else leaf(value)
        return written[self.root]

    def symbol(self, value: Value) -> Token:
        """A value as a formula names it."""
        constant = value.op is ops.constant
        if constant and not value.label:
            return Number(value.data)
        return Name(self.names[value], value.data, constant, ("data", value))

    def derivative(self, value: Value) -> Token:
        """The gradient of a value as it is written: df/dx."""
        return self.ratio(self.root, value)

    def ratio(self, upper: Value, lower: Value) -> Token:
        """A derivative of one value with respect to another: dq/dx."""
        return Applied(RATIO, (Name(self.names[upper]), Name(self.names[lower])))

    def data(self, value: Value) -> Number:
        """The number that a value is."""
        return Number(value.data, self.number_format, ("data", value))

    def gradient(self, value: Value, gradient: float) -> Number:
        """The gradient of a value."""
        return Number(gradient, self.number_format, ("gradient", value))

    def part(self, chain: Chain, role: str) -> Number:
        """A number of the chain rule along an edge: upstream, local, product, before or total."""
        return Number(getattr(chain, role), self.number_format, (role, chain.edge))

    def number(self, x: float) -> Number:
        """A number in the format asked for."""
        return Number(x, self.number_format)

    def shown(self, x: float) -> str:
        """A number in the format asked for, as text."""
        return self.number(x).text
