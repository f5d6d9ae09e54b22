"""Expressions as small trees: built at random, computed by the table, written as code.

Equal subtrees are one node of the graph: (a + a) + (a + a) means b = a + a; c = b + b.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autograd.ops import ANY, TABLE, Contraction, Reduction
from autograd.value import Value

LIMIT = 30.0
"""Values of larger size are not sampled: exp and powers of them would drown the rest in rounding."""

OPERATORS = {name: TABLE[name].symbol for name in ("add", "sub", "mul", "div", "pow")}
"""The rows written between their operands."""

METHODS = [name for name, op in TABLE.items() if op.recorded and not isinstance(op, Reduction | Contraction)
           and name not in (*OPERATORS, "neg", "abs")]
"""The rows called as methods."""


@dataclass(frozen=True)
class Leaf:
    """An input, by its name."""

    name: str


@dataclass(frozen=True)
class Number:
    """A plain number as an operand."""

    value: float


@dataclass(frozen=True)
class Apply:
    """A row of the table applied to expressions."""

    op: str
    args: tuple[Expression, ...]


Expression = Leaf | Number | Apply


@dataclass(frozen=True)
class Case:
    """An expression and the numbers of its leaves."""

    root: Expression
    values: Mapping[str, float]


@dataclass(frozen=True)
class Form:
    """A way to apply a row: `pattern` has v for a value and n for a plain number, operand by operand."""

    op: str
    pattern: str

    def __str__(self) -> str:
        return spelled(self.expression((*TABLE[self.op].defaults, 2)[0]), {})

    def expression(self, number: float) -> Expression:
        """This form applied to the leaves a and b, and to this number."""
        leaves = iter((Leaf("a"), Leaf("b")))
        return Apply(self.op, tuple([next(leaves) if kind == "v" else Number(number) for kind in self.pattern]))


def forms(op: str) -> list[Form]:
    """The ways to apply a row, the plainest first."""
    row = TABLE[op]
    if op == "pow":
        patterns = ["vn", "vv", "nv"]
    elif op in OPERATORS:
        patterns = ["vv", "vn", "nv"]
    else:
        patterns = ["v" * (row.arity - len(row.defaults)) + "n" * len(row.defaults)]
    return [Form(op, pattern) for pattern in patterns]


def nodes(root: Expression) -> list[Expression]:
    """The distinct nodes of an expression, operands before what uses them."""
    return list(dict.fromkeys(occurrences(root)))


def occurrences(root: Expression) -> Iterator[Expression]:
    """The nodes of an expression as often as they occur, operands before what uses them."""
    if isinstance(root, Apply):
        for arg in root.args:
            yield from occurrences(arg)
    yield root


def leaves(root: Expression) -> list[str]:
    """The names of the leaves of an expression, in order."""
    return sorted([node.name for node in nodes(root) if isinstance(node, Leaf)])


def reference(case: Case) -> dict[Expression, Value]:
    """Every node of a case as a Value of ours, gradients included."""
    found: dict[Expression, Value] = {}
    for node in nodes(case.root):
        if isinstance(node, Apply):
            found[node] = TABLE[node.op](*[found[arg] for arg in node.args])
        else:
            found[node] = Value(case.values[node.name] if isinstance(node, Leaf) else node.value)
    found[case.root].backward()
    return found


def sound(case: Case) -> bool:
    """Whether a case lies in the domain of each row, away from kinks, with values of moderate size."""
    values = {node: value.data for node, value in reference(case).items()}
    return all(
        abs(values[node]) <= LIMIT and (not isinstance(node, Apply) or _inside(node.op, [values[x] for x in node.args]))
        for node in values
    )


def _inside(op: str, xs: list[float]) -> bool:
    row = TABLE[op]
    position = xs[0] - xs[1] if op in ("maximum", "minimum") else xs[0]
    return all(domain == ANY or x >= domain[0] for x, domain in zip(xs, row.domain, strict=True)) and all(
        abs(position - kink) > 1e-3 for kink in row.kinks
    )


def sample(rng: random.Random, available: Sequence[Form], size: int) -> Case:
    """A random expression of about `size` operations, whose nodes are often used more than once."""
    values = {name: number(rng) for name in "abc"}
    made: list[Expression] = [Leaf(name) for name in values]
    for _ in range(4 * size):
        form = rng.choice(available)
        recent = made[-3:]
        node = Apply(form.op, tuple([
            rng.choice(recent if rng.random() < 0.85 else made) if kind == "v" else Number(_plain(form.op, rng))
            for kind in form.pattern
        ]))
        if node not in made and sound(Case(node, values)):
            made.append(node)
        if len(made) == 3 + size:
            break
    return Case(made[-1], {name: values[name] for name in leaves(made[-1])})


def points(form: Form, count: int = 12) -> list[Case]:
    """A form at fixed points of its domain, on both sides of its kinks."""
    numbers: list[float] = [3, -2, 0.4, 2.5, -0.7, 7, 1.2, -1.5, 2]
    found: list[Case] = []
    for i, x in enumerate([y for _ in range(4) for y in numbers]):
        if len(found) == count:
            break
        other = numbers[(i * 4 + i // 9 + 1) % 9]
        plain = TABLE[form.op].defaults[-1] if TABLE[form.op].defaults else x if form.pattern == "nv" else other
        root = form.expression(plain)
        values = {"a": other if form.pattern == "nv" else x, "b": other}
        case = Case(root, {name: values[name] for name in leaves(root)})
        if sound(case) and case not in found:
            found.append(case)
    return found


def number(rng: random.Random) -> float:
    """A friendly number: often an integer, never zero."""
    return rng.choice((-3, -2, 1, 2, 3, -1.5, -0.7, 0.4, 1.2, 2.5))


def _plain(op: str, rng: random.Random) -> float:
    return TABLE[op].defaults[-1] if TABLE[op].defaults else number(rng)


def spelled(node: Expression, names: Mapping[Expression, str]) -> str:
    """A node as Python, in which the nodes of `names` go by these."""
    if isinstance(node, Leaf):
        return node.name
    if isinstance(node, Number):
        return str(node.value)
    parts = [names.get(arg) or spelled(arg, names) for arg in node.args]
    loose = [(isinstance(arg, Number) and arg.value < 0)
             or (isinstance(arg, Apply) and arg not in names and arg.op in (*OPERATORS, "neg"))
             for arg in node.args]
    if node.op == "abs":
        return f"abs({parts[0]})"
    if node.op in METHODS:
        return f"{f'({parts[0]})' if loose[0] else parts[0]}.{node.op}({', '.join(parts[1:])})"
    parts = [f"({part})" if bracket else part for part, bracket in zip(parts, loose, strict=True)]
    return f"-{parts[0]}" if node.op == "neg" else f" {OPERATORS[node.op]} ".join(parts)


def named(root: Expression, every: bool = False) -> dict[Expression, str]:
    """Names for the nodes that need one: those used more than once, and the root; or for every operation."""
    found = nodes(root)
    uses = Counter(arg for node in found if isinstance(node, Apply) for arg in node.args)
    free = (letter for letter in "bcdefghijklmnopqrstuvwxyz" if letter not in leaves(root))
    return {node: next(free) for node in found
            if isinstance(node, Apply) and (every or node == root or uses[node] > 1)}


def outline(root: Expression) -> str:
    """An expression in one line: b = a + a; c = b + b."""
    names = named(root)
    if len(names) < 2:
        return spelled(root, {})
    return "; ".join(f"{name} = {spelled(node, names)}" for node, name in names.items())
