"""Straight-line code for tiny graphs: a loop over examples in plain floats.

A call into NumPy costs about a microsecond however small the array; the two dozen calls of a small
network then cost more than its few dozen multiplications. For such graphs the same rules are printed
as Python over floats, one local variable per scalar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arguments import Batch
from autograd.compiler.arrays.array import Array, Let, Statement, Store, as_array, name
from autograd.compiler.arrays.backward import through
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.scalars.graph import CODE, CODES, NONE, SUM, Canonical, computing
from autograd.execute import function_of
from autograd.formula import Formula, as_formula
from autograd.specialize import FUNCTIONS

LARGEST = 1500
"""More terms than this are never written out."""

BEGIN, PARAMETER, EXAMPLE, TERM, FUNCTION = 2.5, 0.08, 1.5, 0.055, 0.16
"""Microseconds of plain floats, measured over a hundred losses: a call and each of its parameters; and for every
example of a batch one for itself, for each term forward and backward, and for each function."""

PREPARE, STATEMENT = 6.0, 0.75
"""Microseconds of NumPy: a call, and each statement in it, of a few examples."""

Signed = tuple[int, Array, Array | None]
"""A term of a sum: its sign and its factors, of which there may be one."""

LETTERS = {"parameter": "p", "input": "x", "target": "y", "noise": "u", "outside": "o"}


class Straight:
    """The generated function, which is written when it is first asked for, and an estimate of when it is faster."""

    def __init__(self, made: Plan) -> None:
        self.made = made
        graph = made.canonical
        functions = int(np.sum(graph.code[computing(graph)] != SUM))
        self.once = BEGIN + PARAMETER * made.sizes["parameter"]
        self.each = EXAMPLE + TERM * len(graph.left) + FUNCTION * functions

    @cached_property
    def source(self) -> str:
        """Its text."""
        return write(self.made)

    @cached_property
    def function(self) -> Callable[..., tuple[float, list[float]]]:
        """What is called with lists of numbers."""
        return function_of(self.source, "<compiled for floats>", "value_and_grad", dict(FUNCTIONS))

    @classmethod
    def of(cls, made: Plan) -> Straight | None:
        """The straight-line code of a plan, or None where it would be too long or has several results."""
        graph = made.canonical
        large = len(graph.left) + len(graph.args) > LARGEST
        if made.several or large or graph.code[graph.roots[0]] == CODE["constant"]:
            return None
        return cls(made)

    def few(self, statements: int) -> float:
        """How many examples take as long as so many statements of NumPy."""
        return (PREPARE + STATEMENT * statements - self.once) / self.each

    def run(
        self, theta: npt.NDArray[Any], batch: Batch, noise: npt.NDArray[Any] | None, outside: npt.NDArray[Any]
    ) -> tuple[np.float64, list[float]]:
        """The mean loss and its gradient."""
        n = len(batch)
        x = batch.x.reshape(n, -1).tolist()
        y = None if batch.y is None else batch.y.reshape(n, -1).tolist()
        u = None if noise is None else noise.tolist()
        value, gradient = self.function(theta.tolist(), x, y, u, outside.tolist())
        return np.float64(value), gradient


def write(made: Plan) -> str:
    """The source of the loop."""
    graph, sizes = made.canonical, made.sizes
    unpack = {leaf: ", ".join(f"{letter}{i}" for i in range(sizes[leaf])) for leaf, letter in LETTERS.items()}
    gradients = [f"g{i}" for i in range(sizes["parameter"])]
    lines = ["def value_and_grad(theta, xs, ys, us, outside):"]
    if gradients:
        lines += [f"    [{unpack['parameter']}] = theta", f"    {' = '.join(gradients)} = 0.0"]
    if sizes["outside"]:
        lines.append(f"    [{unpack['outside']}] = outside")
    used = ["x"] + [letter for leaf, letter in LETTERS.items() if leaf in ("target", "noise") and sizes[leaf]]
    rows = f"zip({', '.join(f'{letter}s' for letter in used)})" if len(used) > 1 else "xs"
    # The seed 1/n makes the gradient of the mean.
    lines += ["    total, share = 0.0, 1 / len(xs)", f"    for {', '.join(used)} in {rows}:"]
    lines += [f"        [{unpack[leaf]}] = {letter}" for leaf, letter in LETTERS.items()
              if leaf in ("input", "target", "noise") and sizes[leaf]]
    lines += [f"        {line(statement)}" for statement in statements(graph)]
    lines.append(f"    return total * share, [{', '.join(gradients)}]")
    return "\n".join(lines) + "\n"


# ── printing ─────────────────────────────────────────────────────────────────────────────────


def line(statement: Statement) -> str:
    """A statement about single numbers as Python."""
    if isinstance(statement, Let):
        return f"{statement.name.info} = {formula(statement.value)}"
    return f"{statement.place.info} += {formula(statement.value)}"


def formula(array: Array) -> Formula:
    """A node without axes as Python over floats, where truth values are numbers."""
    if array.kind == "name":
        return Formula(array.info, spelling="python")
    if array.number is not None:
        return as_formula(array.number)
    if array.kind == "cast":
        return formula(array.args[0])
    printed: Formula = array.kind.dispatch(tuple(map(formula, array.args)))
    return printed


# ── statements ───────────────────────────────────────────────────────────────────────────────


def statements(graph: Canonical) -> list[Statement]:
    """Both halves for one example, which add to `total` and to the gradients of the parameters."""
    nodes, root = in_order(graph), int(graph.roots[0])
    forward: list[Statement] = [Let(operand(graph, node), value(graph, node)) for node in nodes]
    forward.append(Store(name("total", ()), operand(graph, root), adds=True))
    return forward + backward(graph, nodes, root)


def in_order(graph: Canonical) -> list[int]:
    """The nodes that compute, each behind those that it reads."""
    nodes = computing(graph)
    found: list[int] = nodes[np.argsort(graph.level[nodes], kind="stable")].tolist()
    return found


def operand(graph: Canonical, node: int) -> Array:
    """The variable of a node; a constant as a number."""
    kind = CODES[graph.code[node]]
    if kind == "constant":
        return as_array(float(graph.data[node]))
    return name(f"{LETTERS[kind]}{int(graph.data[node])}" if kind in LETTERS else f"v{node}", ())


def value(graph: Canonical, node: int) -> Array:
    """The expression of a node."""
    if graph.code[node] == SUM:
        return total(term for _, term in terms_of(graph, node))
    args = tuple(operand(graph, arg) for arg in args_of(graph, node))
    result: Array = ops.ROWS[CODES[graph.code[node]]].dispatch(args)
    return result


def total(terms: Iterable[Signed]) -> Array:
    """A sum of terms."""
    result: Array = as_array(0)
    for sign, left, right in terms:
        product = left if right is None else left * right
        result = result - product if sign < 0 else result + product
    return result


def backward(graph: Canonical, nodes: list[int], root: int) -> list[Statement]:
    """Statements that pass the gradient down from the root; parameters add it up over the examples."""
    made: list[Statement] = []
    wanted = wanted_for(graph, nodes, ["parameter"])
    arrived: dict[int, Array] = {root: name("share", ())}
    for node in reversed(nodes):
        if node not in wanted or node not in arrived:
            continue
        g = arrived.pop(node)
        if g.args:
            made.append(Let(name(f"d{node}", ()), g))
            g = name(f"d{node}", ())
        for below, flow in flows(graph, node, g):
            if below in wanted:
                arrived[below] = arrived[below] + flow if below in arrived else flow
    for node, flow in sorted(arrived.items(), key=lambda item: item[0]):
        if graph.code[node] == CODE["parameter"]:
            made.append(Store(name(f"g{int(graph.data[node])}", ()), flow, adds=True))
    return made


def wanted_for(graph: Canonical, nodes: Iterable[int], leaves: Iterable[str]) -> set[int]:
    """Leaves of these kinds, and of the nodes, operands first, all that depend on them."""
    wanted = {int(node) for leaf in leaves for node in np.flatnonzero(graph.alive & (graph.code == CODE[leaf]))}
    for node in nodes:
        if any(below in wanted for below in below_of(graph, node)):
            wanted.add(node)
    return wanted


def below_of(graph: Canonical, node: int) -> list[int]:
    """What a node reads."""
    mine = slice(graph.first[node], graph.first[node + 1])
    right = graph.right[mine]
    return [*args_of(graph, node), *graph.left[mine].tolist(), *right[right != NONE].tolist()]


def args_of(graph: Canonical, node: int) -> list[int]:
    """The operands of a node that is no sum."""
    args: list[int] = graph.args[graph.start[node] : graph.start[node + 1]].tolist()
    return args


def terms_of(graph: Canonical, node: int) -> Iterator[tuple[tuple[int, int], Signed]]:
    """The factors of each term of a sum, of which the second may be NONE, and the term."""
    mine = slice(graph.first[node], graph.first[node + 1])
    for sign, left, right in zip(graph.sign[mine].tolist(), graph.left[mine].tolist(), graph.right[mine].tolist(),
                                 strict=True):
        yield (left, right), (sign, operand(graph, left), None if right == NONE else operand(graph, right))


def flows(graph: Canonical, node: int, g: Array) -> list[tuple[int, Array]]:
    """What a node reads, with the gradient that it passes on."""
    if graph.code[node] == SUM:
        return [(below, g * slope) for factors, term in terms_of(graph, node)
                for below, slope in zip(factors, slopes(term), strict=False)]
    args = args_of(graph, node)
    row, operands = ops.ROWS[CODES[graph.code[node]]], [operand(graph, arg) for arg in args]
    passed = through(row, g, operand(graph, node), operands)
    return [(arg, flow) for arg, flow in zip(args, passed, strict=False) if flow is not None]


def slopes(term: Signed) -> list[Array]:
    """What a term multiplies the gradients of its factors by: one of them, where both are the same."""
    sign, left, right = term
    if right is None:
        return [as_array(sign)]
    return [2 * sign * left] if left.key == right.key else [right * sign, left * sign]
