"""A function as calls that write into arrays, in the order of axes in memory that takes less time."""

from __future__ import annotations

from autograd.compiler.arrays.array import Let, constants_in, target_of
from autograd.compiler.arrays.function import Function
from autograd.compiler.buffers.buffered import EXAMPLES, Buffered
from autograd.compiler.buffers.cost import MANY, PAYS, microseconds, products
from autograd.compiler.buffers.floats import with_floats
from autograd.compiler.buffers.memory import several_columns
from autograd.compiler.printers.to_numpy import all_nodes

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


def with_buffers(made: Function, last: bool = False) -> Buffered:
    """The calls of a function, on arrays that lie in memory with the examples first or last."""
    taken = [*(array.info for array in made.arguments), *map(target_of, made.statements),
             *(carried.name for carried in constants_in(all_nodes(made)))]
    buffered = Buffered(taken, made.statements, [*made.views, *made.places], last)
    for statement in made.forward:
        buffered.statement(statement)
    buffered.forward = len(buffered.statements)
    for statement in made.backward:
        buffered.statement(statement)
    return with_floats(buffered, list(map(buffered.inlined, made.results)))
