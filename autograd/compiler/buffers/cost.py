"""What calls of NumPy take, and floats of Python: measured once and for all, not in a run.

NumPy works through an array in inner loops over the axis that lies densest in memory. With the examples first that is
a row, which may be a column or two; with the examples last it is as long as the batch. Products of a matrix for each
example are the other way around: BLAS takes them with the examples first alone.

>>> from autograd.compiler.arrays.array import Let, Rows, name, part
>>> from autograd.compiler.buffers.buffered import Buffered
>>> x, z, narrow = name("x", (Rows(), 8)), name("z", (Rows(), 8)), name("narrow", (Rows(), 2))
>>> def time(last):
...     calls = Buffered(["x", "z", "narrow"], last=last)
...     for let in (Let(z, x + 1), *(Let(name(f"v{i}", narrow.shape), part(z, i, i + 2) + 1) for i in range(6))):
...         calls.statement(let)
...     return microseconds(calls, 256)
>>> time(last=True) < time(last=False)
True
"""

from __future__ import annotations

from autograd import ops
from autograd.compiler.arrays.array import VIEWS, Array, Rows, Statement, Store, ends_in_rows, nodes, source_of
from autograd.compiler.buffers.buffered import EXAMPLES, Buffered
from autograd.compiler.buffers.memory import elements

SLICE, CALL, STRIDED, EINSUM, SCATTER = 0.1, 0.4, 1.0, 2.0, 8.0
"""What a view takes, and what a call does before it computes: on arrays without gaps, on others, and where it parses
or makes arrays."""

LOOP, ROW, MATRIX = 0.007, 0.035, 0.035
"""An inner loop, a reduction of a row of its own, a product of many small ones."""

ELEMENT, SELECTED, GATHERED, TERM, FLOP = 0.00025, 0.0015, 0.0006, 0.0004, 0.00006
"""An element of a function, one that is selected, one gathered on its own, a product of np.einsum and one of BLAS.

All in µs: AMD EPYC, NumPy 2.4 with OpenBLAS on one core, float64, arrays in the second-level cache, least of many.
"""

OPERATION, FUNCTION, NUMBER, LIST = 0.02, 0.09, 0.03, 0.2
"""What Python takes for an operation on floats, to call a function of one, to read one from an array with others or to
write it, and to make an array of a list, which so few numbers as `SHORT` need not be."""

SHORT = 4

BY_PYTHON = (ops.add, ops.sub, ops.mul, ops.neg)
"""What needs no call of a function."""

PAYS = 0.87
"""The part of the time with the examples first below which that with the examples last is believed; and the part of the
time of what is read below which other statements run."""


MANY = 256
"""From half as many examples on, the choice is made for this many: then inner loops over them pay more often."""


def microseconds(calls: Buffered, n: int) -> float:
    """The time of a step with n examples."""
    return sum(time(statement, calls, n) for statement in calls.statements)


def products(calls: Buffered) -> float:
    """The time that products of matrices for each example take where the examples lie last."""
    return sum(time(call, calls, EXAMPLES) for call in calls.statements if call.value.kind == "einsum")


def time(statement: Statement, calls: Buffered, n: int) -> float:
    """The time of a call."""
    value, args = statement.value, statement.value.args
    if value.dtype == "scalar" or value.kind == "listed":
        return floats(value)
    if value.kind in ("scatter", "reduceat"):
        return SCATTER + LOOP * elements(value.shape, n) + GATHERED * elements(args[0].shape, n)
    if not isinstance(statement, Store):
        return SLICE if value.kind in VIEWS - {"view"} else STRIDED
    place = statement.place
    size = elements(place.shape, n)
    whole = args[0] if value.kind == "reduce" else place
    inner = n if calls.memory.examples_last and whole.lead == (Rows(),) else elements(whole.shape[-1:], n)
    for gather, start in ((place, STRIDED), (value, CALL)):
        if gather.kind == "take":
            return start + size * (ELEMENT if ends_in_rows(gather.args[0].shape) else GATHERED)
    match value.kind:
        case "dot" | "matmul":
            start = CALL if value.kind == "dot" else STRIDED
            each = LOOP if place.shape[-2:] == (1, 1) else MATRIX
            return start + each * elements(place.shape[:-2], n) + FLOP * size * elements(args[0].shape[-1:], n)
        case "einsum":
            inner_product = value.info == "...n,...n->..."
            terms = elements(args[0].shape, n) if inner_product else size * elements(args[0].shape[-1:], n)
            loops = terms / n if calls.memory.examples_last else size
            return EINSUM + LOOP * loops + TERM * terms
        case "reduce":
            _, axes, _ = value.info
            rank, terms = len(whole.shape), elements(whole.shape, n)
            by_rows = not calls.memory.examples_last and rank - 1 in {axis % rank for axis in axes}
            return STRIDED + (ROW * size if by_rows else LOOP * terms / inner) + ELEMENT * terms
    by_turns = value.kind is ops.where and not isinstance(value.info, tuple) and source_of(args[0]).kind != "constant"
    each = SELECTED if by_turns else ELEMENT
    if calls.memory.lie_together(place, *args):
        return CALL + each * size
    start = CALL if value.kind == "copy" else STRIDED
    return start + LOOP * size / (n if inner == 1 else inner) + each * size


def floats(value: Array) -> float:
    """The time of an expression of floats, or to read them from an array or write them to one."""
    size: int = elements(value.shape, 1)
    if value.kind == "listed":
        return 2 * NUMBER * size if size <= SHORT else LIST + NUMBER * size
    if value.kind == "numbers":
        return SLICE + NUMBER / 2 * size
    rows = [node.kind for node in nodes(value) if isinstance(node.kind, ops.Op)]
    start = SLICE if value.kind == "float" else 0.0
    return sum((OPERATION if row in BY_PYTHON else FUNCTION for row in rows), start)
