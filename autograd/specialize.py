"""Fast code for eager evaluation, generated once from the table of operations.

Each row's rule, given formulas instead of numbers, prints its partial derivatives as Python over
floats. Templates wrap them into the functions that run for every node of a graph:

- `Op.compute(args)`        the forward function of the data of Values;
- `Op.local(out, x, ...)`   the partials as a tuple of floats;
- `Op.pull(node)`           adds node.grad × partial to each operand's grad;
- `pull(nodes)`             the same for nodes one after the other, without a call where Python's operators do;
- `Op.arrays(x, ...)`       the forward function over arrays, and `Op.array_partials(out, x, ...)`;
- `dot.build(ws, xs, b)`    the node of dot, built without a detour;
- `method(op)`              an operator or method of Value that builds a node without a detour.

`SOURCE` is the text of all but the last, to be read. The table stays the only place of a rule.

>>> print(elementwise(ops.tanh))
def compute_tanh(args):
    (x,) = args
    return tanh(x._data)
<BLANKLINE>
def local_tanh(out, x):
    return (1 - out * out,)
<BLANKLINE>
def arrays_tanh(x):
    return np.tanh(x)
<BLANKLINE>
def array_partials_tanh(out, x):
    return (1 - out ** 2,)
<BLANKLINE>
def pull_tanh(node):
    (x_,) = node._first
    g, out = node._grad, node._data
    x_._grad += g * (1 - out * out)
<BLANKLINE>
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd import ops
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
    """The statement that puts operands into a node: two as they are, any other number as a tuple."""
    return f"node._first, node._second = {', '.join(letters) if len(letters) == 2 else f'{_tuple(letters)}, None'}"


def _unpack(letters: tuple[str, ...]) -> str:
    """The statement that takes them out again, as x_, y_, …"""
    names = tuple(f"{a}_" for a in letters)
    return f"{_tuple(names)} = node._first{', node._second' * (len(letters) == 2)}"


def _tuple(letters: tuple[str, ...]) -> str:
    return f"({', '.join(letters)}{',' * (len(letters) == 1)})"


def elementwise(op: ops.Op) -> str:
    """The source of local and pull for a row with a fixed number of operands."""
    letters = op.operands
    partials = op.rule(_atom("out"), *map(_atom, letters))
    code = ", ".join(map(_python, partials))
    return "\n".join([
        f"def compute_{op.name}(args):",
        f"    {_tuple(letters)} = args",
        f"    return {op.dispatch(tuple(_atom(a + '._data') for a in letters))}",
        "",
        f"def local_{op.name}(out, {', '.join(letters)}):",
        f"    return ({code},)",
        "",
        *arrays(op, letters),
        f"def pull_{op.name}(node):",
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
    branches = "el".join(inline) + "else:\n    op.pull(node)\n"
    return f"def pull(nodes):\n    for node in nodes:\n        op = node.op\n{textwrap.indent(branches, ' ' * 8)}"


def arrays(op: ops.Op, letters: tuple[str, ...]) -> list[str]:
    """The lines of forward and partials over arrays; of a reduction, the partial for each of its terms alone."""
    operands = [Formula(letter, spelling="numpy") for letter in letters]
    partials = ", ".join(str(as_formula(partial)) for partial in op.rule(Formula("out", spelling="numpy"), *operands))
    forward = [] if isinstance(op, ops.Reduction | ops.Contraction) else [
        f"def arrays_{op.name}({', '.join(letters)}):", f"    return {op.dispatch(tuple(operands))}", "",
    ]
    return [*forward, f"def array_partials_{op.name}(out, {', '.join(letters)}):", f"    return ({partials},)", ""]


def reduction(op: ops.Reduction) -> str:
    """The source of local and pull for a row over any number of terms."""
    (partial,) = op.rule(_atom("out"), _atom("x"), _atom("n"))
    count = "n = len([x for x in xs if x == out])"
    return "\n".join([
        f"def compute_{op.name}(args):",
        f"    return {op.name}(*[x._data for x in args])",
        "",
        f"def local_{op.name}(out, *xs):",
        *([f"    {count}"] if op.counts_ties else []),
        f"    return tuple([{_python(partial)} for x in xs])",
        "",
        *arrays(op, ("x", "n")),
        f"def pull_{op.name}(node):",
        "    g, out = node._grad, node._data",
        "    terms = node.args",
        *(["    xs = [x_._data for x_ in terms]", f"    {count}"] if op.counts_ties else []),
        "    for x_ in terms:",
        *(["        x = x_._data"] if _mentions(_python(partial), "x") else []),
        f"        {_accumulate('x_', partial)}",
        "",
    ])


def contraction(op: ops.Contraction) -> str:
    """The source of local, pull and build for dot."""
    to_w, to_x = op.rule(_atom("out"), _atom("w"), _atom("x"))
    mul_data = ops.mul(_atom("w._data"), _atom("x._data"))
    pull_w, pull_x = op.rule(_atom("out"), _atom("w._data"), _atom("x._data"))
    return "\n".join([
        f"def compute_{op.name}(args):",
        "    n = len(args) // 2",
        "    total = 0.0",
        "    for w, x in zip(args[:n], args[n:]):",
        f"        total += {mul_data}",
        "    return total + args[-1]._data if len(args) % 2 else total",
        "",
        f"def local_{op.name}(out, *args):",
        "    ws, xs, bias = split(args)",
        f"    pairs = [({_python(to_w)}, {_python(to_x)}) for w, x in zip(ws, xs)]",
        "    return (*[p[0] for p in pairs], *[p[1] for p in pairs], *(1 for _ in bias))",
        "",
        *arrays(op, ("w", "x")),
        f"def pull_{op.name}(node):",
        "    g, args = node._grad, node.args",
        "    n = len(args) // 2",
        "    for w, x in zip(args[:n], args[n:]):",
        f"        {_accumulate('w', pull_w)}",
        f"        {_accumulate('x', pull_x)}",
        "    for b in args[2 * n:]:",
        f"        {_accumulate('b', 1)}",
        "",
        f"def build_{op.name}(ws, xs, b):",
        "    if modes or len(ws) != len(xs) or type(b) is not Value:",
        "        return None",
        "    total = 0.0",
        "    for w, x in zip(ws, xs):",
        "        if type(w) is not Value or type(x) is not Value:",
        "            return None",
        f"        total += {mul_data}",
        NODE.format(kind="Value", forward="total + b._data", op=f"op_{op.name}", pack=_pack(("*ws", "*xs", "b"))),
    ])


def _source(op: ops.Op) -> str:
    if isinstance(op, ops.Contraction):
        return contraction(op)
    return reduction(op) if isinstance(op, ops.Reduction) else elementwise(op)


SOURCE = "\n\n".join([*map(_source, ops.TABLE.values()), in_turn()])

FUNCTIONS: dict[str, Any] = {op.name: op.forward for op in ops.TABLE.values()} | {"nan": math.nan, "inf": math.inf}
"""What the Python spelling of a formula may call."""

SCOPE: dict[str, Any] = FUNCTIONS | {"op_" + name: op for name, op in ops.TABLE.items()} | {
    "split": ops.Contraction.split, "np": np,
}
"""The names that generated code uses; `autograd.value` adds the parts of `Value._apply` to it."""


def _install() -> None:
    exec(compile(SOURCE, "<generated from autograd.ops>", "exec"), SCOPE)
    for op in ops.TABLE.values():
        for part in ("compute", "local", "pull", "build", "arrays", "array_partials"):
            if f"{part}_{op.name}" in SCOPE:
                setattr(op, part, SCOPE[f"{part}_{op.name}"])


_install()

pull: Callable[[Iterable[Any]], None] = SCOPE["pull"]
"""Pull nodes one after the other."""

METHOD = """
def {name}({parameters}):
    {lift}
    if modes:
        return {self}._apply({op}, ({operands},))
"""

LIFT = """if type({0}) is not Value:
        if isinstance({0}, others):
            return {op}.dispatch(({operands},))
        {0} = constant({0})
"""


def method(op: ops.Op, reflected: bool = False) -> Callable[..., Any]:
    """An operator or method of Value that builds the node of `op` in one call.

    It is `Value._apply` written out for one row. While a mode is active, or for an operand that
    is not a plain number, it goes the long way round. Reflected, it is the operator's form
    for a Value on the right of something that is none.
    """
    letters = op.operands
    order = letters[::-1] if reflected else letters
    names = {"name": op.name, "op": "op_" + op.name, "operands": ", ".join(letters), "self": order[0]}
    optional = dict(zip(letters[::-1], op.defaults[::-1], strict=False))
    source = (METHOD + NODE).format(
        **names,
        kind=f"type({order[0]})",
        parameters=", ".join(f"{a}={optional[a]}" if a in optional else a for a in order),
        lift="".join(LIFT.format(a, **names) for a in order[1:]).strip(),
        forward=op.dispatch(tuple(_atom(f"{a}._data") for a in letters)),
        pack=_pack(letters),
    )
    exec(compile(source, f"<generated for {op.name}>", "exec"), SCOPE)
    result: Callable[..., Any] = SCOPE.pop(op.name)
    SCOPE[op.name] = op.forward
    result.__doc__ = f"The row {op.name} of the table of operations: {op.text}."
    return result
