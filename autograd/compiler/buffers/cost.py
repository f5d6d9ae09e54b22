"""What calls of NumPy take, to choose the order of axes in memory: measured once and for all, not in a run.

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

from autograd.compiler.arrays.array import VIEWS, Let, Rows, Statement, Store, ends_in_rows
from autograd.compiler.arrays.function import Function
from autograd.compiler.buffers.buffered import EXAMPLES, Buffered, with_buffers
from autograd.compiler.buffers.memory import elements, several_columns

SLICE, CALL, STRIDED, EINSUM, SCATTER = 0.1, 0.4, 1.0, 2.0, 8.0
"""What a view takes, and what a call does before it computes: on arrays without gaps, on others, and where it parses
or makes arrays."""

LOOP, ROW, MATRIX = 0.007, 0.035, 0.035
"""An inner loop, a reduction of a row of its own, a product of many small ones."""

ELEMENT, GATHERED, TERM, FLOP = 0.00025, 0.0006, 0.0004, 0.00006
"""An element of a function, an element gathered on its own, a product of np.einsum and one of BLAS.

All in µs: AMD EPYC, NumPy 2.4 with OpenBLAS on one core, float64, arrays in the second-level cache, least of many.
"""

PAYS = 0.87
"""The part of the time with the examples first below which that with the examples last is believed; and the part of the
time of what is read below which other statements run."""


MANY = 256
"""From half as many examples on, the choice is made for this many: then inner loops over them pay more often."""


LONG, FEW = 300, 0.1
"""So many statements are about columns: the examples had better lie last, unless products of matrices for each example
take more than a part of the time.

In all such losses of `benchmarks.programs` that takes 0.5 to 0.8 of the time with the examples first.
"""


def quickest(made: Function) -> tuple[Buffered, bool]:
    """The calls of a function in the order of axes that takes less time, and whether many examples had better lie last.

    The calls are for a usual number of examples.
    """
    if not any(several_columns(let.name.shape) for let in made.statements if isinstance(let, Let)):
        return with_buffers(made), False  # columns lie either way
    last = with_buffers(made, last=True)
    if len(made.statements) > LONG and products(last) <= FEW * microseconds(last, EXAMPLES):
        return last, True
    first = with_buffers(made)
    few, many = (microseconds(last, n) < PAYS * microseconds(first, n) for n in (EXAMPLES, MANY))
    return last if few else first, many


def microseconds(calls: Buffered, n: int) -> float:
    """The time of a step with n examples."""
    return sum(time(statement, calls, n) for statement in calls.statements)


def products(calls: Buffered) -> float:
    """The time that products of matrices for each example take where the examples lie last."""
    return sum(time(call, calls, EXAMPLES) for call in calls.statements if call.value.kind == "einsum")


def time(statement: Statement, calls: Buffered, n: int) -> float:
    """The time of a call."""
    value, args = statement.value, statement.value.args
    if value.dtype == "scalar":
        return SLICE
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
    if all(arg.shape == () or (arg.shape == place.shape and calls.memory.in_order(arg)) for arg in (place, *args)):
        return CALL + ELEMENT * size
    start = CALL if value.kind == "copy" else STRIDED
    return start + LOOP * size / (n if inner == 1 else inner) + ELEMENT * size
