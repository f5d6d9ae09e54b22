"""Fast code for eager evaluation, generated from the table of operations.

Each row's rule, given formulas instead of numbers, prints its partial derivatives as Python over
floats. Templates wrap them into the functions that run for every node of a graph, made when they are first asked for:

- `fast(op)`                the functions of a row: `compute`, `local`, `pull`, `arrays`, `array_partials`
- `pull(nodes)`             pulls nodes one after the other, without a call where Python's operators do
- `method(scope, op)`       an operator or method of Value that builds a node without a detour
- `contract(scope, op)`     the node of dot, built likewise

`source(op)` is their text, to be read. The table stays the only place of a rule.

>>> print(source(ops.tanh))
def compute(args):
    (x,) = args
    return tanh(x._data)
<BLANKLINE>
def local(out, x):
    return (1 - out * out,)
<BLANKLINE>
def arrays(x):
    return np.tanh(x)
<BLANKLINE>
def array_partials(out, x):
    return (1 - out ** 2,)
<BLANKLINE>
def pull(node):
    x_ = node._first
    g, out = node._grad, node._data
    x_._grad += g * (1 - out * out)
<BLANKLINE>
"""

from __future__ import annotations

import functools
import math
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from autograd import ops
from autograd.execute import all_defined, function_of
from autograd.formula import Formula, as_formula

NODE = """\
    data = {forward}
    node = new({kind})
    node._data = data
    node._grad = no_gradient
    node.op = {op}
    {pack}
    node.label = ""
    node.serial = next_serial()
    return node
"""
"""The statements of `Value._apply` that build a node."""


def _atom(name: str) -> Formula:
    return Formula(name, spelling="python")


def _python(partial: Any) -> str:
    return str(as_formula(partial))


def _mentions(code: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", code) is not None


def _accumulate(operand: str, partial: Any) -> str:
    """The statement operand.grad += g * partial, shorter where the partial is 1 or -1."""
    factor = f"{as_formula(partial):unary}"
    if factor == "1":  # g itself where nothing has arrived yet: most often so, and it needs no float of its own
        return f"{operand}._grad = {operand}._grad + g if {operand}._grad else g"
    if factor == "-1":
        return f"{operand}._grad -= g"
    return f"{operand}._grad += g * {factor}"


def _pack(letters: tuple[str, ...]) -> str:
    """The statement that puts operands into a node, as `Value.args` does: one or two of them as they are."""
    slots = (*letters, "None")[:2] if len(letters) < 3 else (_tuple(letters), "...")
    return f"node._first, node._second = {', '.join(slots)}"


def _unpack(letters: tuple[str, ...]) -> str:
    """The statement that takes them out again, as x_, y_, …"""
    return f"{', '.join(a + '_' for a in letters)} = node._first{', node._second' * (len(letters) == 2)}"


def _tuple(letters: tuple[str, ...]) -> str:
    return f"({', '.join(letters)}{',' * (len(letters) == 1)})"


def elementwise(op: ops.Op) -> str:
    """The source of local and pull for a row with a fixed number of operands."""
    letters = op.operands
    partials = op.rule(_atom("out"), *map(_atom, letters))
    code = ", ".join(map(_python, partials))
    return "\n".join([
        "def compute(args):",
        f"    {_tuple(letters)} = args",
        f"    return {op.dispatch(tuple(_atom(a + '._data') for a in letters))}",
        "",
        f"def local(out, {', '.join(letters)}):",
        f"    return ({code},)",
        "",
        *arrays(op, letters),
        "def pull(node):",
        textwrap.indent(pulled(op), "    "),
    ])


def pulled(op: ops.Op) -> str:
    """The statements that pull a node of a row with a fixed number of operands."""
    letters = op.operands
    partials = op.rule(_atom("out"), *map(_atom, letters))
    code = ", ".join(map(_python, partials))
    reads = {"g": "node._grad", "out": "node._data", **{a: f"{a}_._data" for a in letters}}
    used = {a: value for a, value in reads.items() if a == "g" or _mentions(code, a)}
    return "\n".join([
        _unpack(letters),
        f"{', '.join(used)} = {', '.join(used.values())}",
        *(_accumulate(a + "_", p) for a, p in zip(letters, partials, strict=True)),
        "",
    ])


def in_turn() -> str:
    """The source of `pull`, which pulls one node after the other: those of Python's operators without a call."""
    inline = [f"if op is op_{op.name}:\n{textwrap.indent(pulled(op), '    ')}" for op in ops.TABLE.values() if op.total]
    branches = "el".join(inline) + "else:\n    pulls[op](node)\n"
    return f"def pull(nodes):\n    for node in nodes:\n        op = node.op\n{textwrap.indent(branches, ' ' * 8)}"


def arrays(op: ops.Op, letters: tuple[str, ...]) -> list[str]:
    """The lines of forward and partials over arrays; of a reduction, the partial for each of its terms alone."""
    operands = [Formula(letter, spelling="numpy") for letter in letters]
    partials = ", ".join(str(as_formula(partial)) for partial in op.rule(Formula("out", spelling="numpy"), *operands))
    forward = operands[:1] if isinstance(op, ops.Reduction) else operands
    return [f"def arrays({', '.join(map(str, forward))}):", f"    return {op.dispatch(tuple(forward))}", "",
            f"def array_partials(out, {', '.join(letters)}):", f"    return ({partials},)", ""]


def reduction(op: ops.Reduction) -> str:
    """The source of local and pull for a row over any number of terms."""
    (partial,) = op.rule(_atom("out"), _atom("x"), _atom("n"))
    count = "n = len([x for x in xs if x == out])"
    return "\n".join([
        "def compute(args):",
        f"    return {op.name}(*[x._data for x in args])",
        "",
        "def local(out, *xs):",
        *([f"    {count}"] if op.counts_ties else []),
        f"    return tuple([{_python(partial)} for x in xs])",
        "",
        *arrays(op, ("x", "n")),
        "def pull(node):",
        "    g, out = node._grad, node._data",
        "    terms = node.args",
        *(["    xs = [x_._data for x_ in terms]", f"    {count}"] if op.counts_ties else []),
        "    for x_ in terms:",
        *(["        x = x_._data"] if _mentions(_python(partial), "x") else []),
        f"        {_accumulate('x_', partial)}",
        "",
    ])


def contraction(op: ops.Contraction) -> str:
    """The source of a row over two sequences: dot."""
    to_w, to_x = op.rule(_atom("out"), _atom("w"), _atom("x"))
    product = ops.mul(_atom("w._data"), _atom("x._data"))
    pull_w, pull_x = op.rule(_atom("out"), _atom("w._data"), _atom("x._data"))
    return "\n".join([
        "def compute(args):",
        "    n = len(args) // 2",
        "    total = 0.0",
        "    for w, x in zip(args[:n], args[n:]):",
        f"        total += {product}",
        "    return total + args[-1]._data if len(args) % 2 else total",
        "",
        "def local(out, *args):",
        "    ws, xs, bias = split(args)",
        f"    pairs = [({_python(to_w)}, {_python(to_x)}) for w, x in zip(ws, xs)]",
        "    return (*[p[0] for p in pairs], *[p[1] for p in pairs], *(1 for _ in bias))",
        "",
        *arrays(op, ("w", "x")),
        "def pull(node):",
        "    g, args = node._grad, node.args",
        "    n = len(args) // 2",
        "    for w, x in zip(args[:n], args[n:]):",
        f"        {_accumulate('w', pull_w)}",
        f"        {_accumulate('x', pull_x)}",
        "    for b in args[2 * n:]:",
        f"        {_accumulate('b', 1)}",
        "",
    ])


def source(op: ops.Op) -> str:
    """The text of the functions of a row."""
    if isinstance(op, ops.Contraction):
        return contraction(op)
    return reduction(op) if isinstance(op, ops.Reduction) else elementwise(op)


# ── functions ────────────────────────────────────────────────────────────────────────────────

FUNCTIONS: dict[str, Any] = {op.name: op.forward for op in ops.TABLE.values()} | {"nan": math.nan, "inf": math.inf}
"""What the Python spelling of a formula may call."""

SCOPE: dict[str, Any] = FUNCTIONS | {"op_" + name: op for name, op in ops.TABLE.items()} | {
    "split": ops.Contraction.split, "np": np,
}
"""The names that generated code uses; that of methods needs the parts of `Value._apply` besides."""


@dataclass(frozen=True)
class Fast:
    """The functions of a row."""

    compute: Callable[[tuple[Any, ...]], float]
    """The forward function of the data of Values."""
    local: Callable[..., tuple[float, ...]]
    """The partials as floats, from (out, *operands) as floats."""
    pull: Callable[[Any], None]
    """Adds node.grad times each partial to the operands' grad."""
    arrays: Callable[..., Any]
    """The forward function over arrays, as `numpy` spells it, or over what records calls of NumPy."""
    array_partials: Callable[..., tuple[Any, ...]]
    """The partials over arrays, from (out, *operands), or (out, term, ties) of a reduction."""


@functools.cache
def fast(op: ops.Op) -> Fast:
    """The functions of a row, made when they are first asked for."""
    code = compile(source(op), f"<generated for {op.name}>", "exec")
    return Fast(*all_defined(code, [part.name for part in fields(Fast)], dict(SCOPE)))


class Pulls(dict[ops.Op, Callable[[Any], None]]):
    """`fast(op).pull` of every row that was pulled: a look into a dict takes less time than a call."""

    def __missing__(self, op: ops.Op) -> Callable[[Any], None]:
        self[op] = fast(op).pull
        return self[op]


pull: Callable[[Iterable[Any]], None] = function_of(
    in_turn(), "<generated from autograd.ops>", "pull", {**SCOPE, "pulls": Pulls()})
"""Pull nodes one after the other."""

# ── methods of Value ─────────────────────────────────────────────────────────────────────────

METHOD = """
def method({parameters}):
    {lift}
    if modes:
        return {self}._apply({op}, ({operands},))
"""

LIFT = """if type({0}) is not Value:
        if isinstance({0}, others):
            beside = getattr({0}, "_beside", nothing)
            return beside[{op}]({operands}) if {op} in beside else {op}.dispatch(({operands},))
        {0} = constant({0})
"""


CONTRACT = """
def contract(ws, xs, b):
    if modes or len(ws) != len(xs) or not (b is None or type(b) is Value):
        return None
    total = 0.0
    for w, x in zip(ws, xs):
        if type(w) is not Value or type(x) is not Value:
            return None
        total += {product}
""" + NODE


def method(scope: dict[str, Any], op: ops.Op, reflected: bool = False) -> Callable[..., Any]:
    """An operator or method of Value that builds the node of `op` in one call.

    It is `Value._apply` written out for one row. While a mode is active, or for an operand that
    is not a plain number, it goes the long way round. Reflected, it is the operator's form
    for a Value on the right of something that is none. `scope` holds the parts of `Value._apply`.
    """
    letters = op.operands
    order = letters[::-1] if reflected else letters
    names = {"op": "op_" + op.name, "operands": ", ".join(letters), "self": order[0]}
    optional = dict(zip(letters[::-1], op.defaults[::-1], strict=False))
    text = (METHOD + NODE).format(
        **names,
        kind=f"type({order[0]})",
        parameters=", ".join(f"{a}={optional[a]}" if a in optional else a for a in order),
        lift="".join(LIFT.format(a, **names) for a in order[1:]).strip(),
        forward=op.dispatch(tuple(_atom(f"{a}._data") for a in letters)),
        pack=_pack(letters),
    )
    made = function_of(text, f"<generated for {op.name}>", "method", scope)
    made.__name__, made.__qualname__ = op.name, f"Value.{op.name}"
    made.__doc__ = f"The row {op.name} of the table of operations: {op.text}."
    return made


def contract(scope: dict[str, Any], op: ops.Contraction) -> Callable[[Any, Any, Any], Any]:
    """What builds the node of dot, of two lists of Values and a Value or None; of anything else it makes None."""
    text = CONTRACT.format(
        product=ops.mul(_atom("w._data"), _atom("x._data")), forward="total if b is None else total + b._data",
        op="op_" + op.name, kind="Value",
        pack="node._first, node._second = (*ws, *xs) if b is None else (*ws, *xs, b), ...")
    return function_of(text, f"<generated for {op.name}>", "contract", scope)
