"""A function of a program: both halves as statements, from the arguments to the results."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Let,
    N,
    Rows,
    Statement,
    Store,
    as_array,
    broadcast,
    column,
    concatenate,
    copy,
    evaluated,
    full,
    is_view,
    like,
    mean,
    name,
    names_in,
    source_of,
    take,
    target_of,
)
from autograd.compiler.arrays.array import check as check_statements
from autograd.compiler.arrays.backward import Backward, passes_on
from autograd.compiler.arrays.forward import Forward
from autograd.compiler.arrays.layout import LEAF_NAMES, Layout, positions
from autograd.compiler.arrays.steps import added_at_once, laid_side_by_side
from autograd.compiler.blocks.block import Block, Operand
from autograd.compiler.blocks.plan import Names, Plan
from autograd.compiler.scalars.graph import Ints

FEW = 3
"""So many runs of results are laid side by side without being gathered."""


@dataclass
class Function:
    """"value_and_grad", the same with the "inputs"' gradient, or the "outputs", as statements.

    `views` name runs of theta, `places` the same runs of the vector `gradient`, which `start` makes.
    """

    kind: str
    arguments: list[Array]
    views: list[Let]
    forward: list[Statement]
    start: Let | None
    places: list[Let]
    backward: list[Statement]
    results: list[Array]
    names: list[str]
    """The name of every block."""
    of_block: dict[int, Let]
    """The forward statement of every block that is computed."""
    gradients: dict[int, str] = field(default_factory=dict)
    """The name of the gradient of every block that has one."""
    parameters: Names = field(default_factory=dict)
    """What runs of parameters are called by those who made them."""

    @property
    def complete(self) -> bool:
        """Whether every element of the gradient is assigned, so that it need not begin with zeros."""
        return self.start is not None and not self.start.value.info

    @property
    def statements(self) -> list[Statement]:
        """All of them, in order."""
        return [*self.views, *self.forward, *([self.start] if self.start else []), *self.places, *self.backward]

    def check(self) -> Function:
        """The function itself, if its statements are well formed; raises AssertionError."""
        check_statements([*self.arguments, N], self.statements, self.results, ["gradient"])
        return self


def function(made: Plan, kind: str, guarded: bool = True) -> Function:
    """The function of a kind: "value_and_grad", "inputs" or "outputs".

    If it is not guarded, slopes of what no selection takes are multiplied by 0 rather than left out. So the gradient is
    nan where they are not finite.
    """
    blocks, roots = made.blocks, made.roots
    loss = roots[0][0] if kind != "outputs" and blocks[roots[0][0]].op not in LEAF_NAMES else None
    results = {block for block, _ in roots}
    layout = Layout(blocks, made.names, made.canonical.labels, loss, results)
    forward = Forward(layout, reached(blocks, results))
    arguments = [array for array, block in zip(layout.arrays, blocks, strict=False)
                 if block.op in ("parameter", "input") or (block.op in ("target", "noise", "outside") and block.size)]
    built = Function(kind, arguments, [], forward.statements, None, [], [], [],
                     [array.info for array in layout.arrays[: len(blocks)]], forward.of_block,
                     parameters=made.names)
    if kind == "outputs":
        built.results = [outputs(made, layout)]
    else:
        value = name("value", ())
        built.forward.append(Let(value, mean_loss(made, layout)))
        built = with_gradient(made, layout, built, value, guarded)
    built.views = list(layout.views.values())
    return built.check()


def reached(blocks: list[Block], from_blocks: Iterable[int]) -> list[bool]:
    """Which blocks those depend on."""
    starts = set(from_blocks)
    needed = [i in starts for i in range(len(blocks))]
    for i in range(len(blocks) - 1, -1, -1):
        if needed[i]:
            for operand in blocks[i].reads():
                if operand.source is not None:
                    needed[operand.source] = True
    return needed


# ── results ──────────────────────────────────────────────────────────────────────────────────


def mean_loss(made: Plan, layout: Layout) -> Array:
    """The mean of the loss over the batch."""
    position, slot = made.roots[0]
    block, array = made.blocks[position], layout.arrays[position]
    if block.op == "constant":
        return constant_result(made, 0)
    if block.size > 1:
        array = column(array, slot)
    return mean(array) if array.shape else array


def constant_result(made: Plan, which: int) -> Array:
    """A result that is a constant."""
    return full((), as_array(float(made.canonical.data[made.canonical.roots[which]])))


def outputs(made: Plan, layout: Layout) -> Array:
    """The results as columns: runs of blocks side by side, gathered where there would be many of them."""
    runs = [(block, [slot for _, slot in run]) for block, run in itertools.groupby(made.roots, key=itemgetter(0))]
    blocks = list(dict.fromkeys(block for block, _ in runs))
    if len(runs) <= max(len(blocks), FEW):
        return own(side_by_side([columns(made, layout, block, slots) for block, slots in runs]))
    slots = {block: sorted({slot for home, slot in made.roots if home == block}) for block in blocks}
    place = {root: i for i, root in enumerate((block, slot) for block in blocks for slot in slots[block])}
    index = np.array([place[root] for root in made.roots])
    return take(side_by_side([columns(made, layout, block, slots[block]) for block in blocks]),
                layout.names.carried(index, "i"))


def own(array: Array) -> Array:
    """An array that is not written to again: a copy, unless it is made anew in any case.

    Rows of matrices of which the axes were swapped are no view.
    """
    is_new = source_of(array).kind in ("take", "concatenate") or (
        array.kind == "reshape" and array.args[0].kind in ("swapped", "permuted"))
    return array if is_new else copy(array)


def side_by_side(parts: list[Array]) -> Array:
    """Columns of several arrays as one."""
    return parts[0] if len(parts) == 1 else concatenate(parts)


def columns(made: Plan, layout: Layout, position: int, slots: list[int]) -> Array:
    """Elements of a block as columns, with a row for every example."""
    block, index = made.blocks[position], np.array(slots)
    if block.op == "constant":
        numbers = {slot: made.canonical.data[root] for root, (home, slot) in zip(
            made.canonical.roots, made.roots, strict=True) if home == position}
        array = layout.constants(Operand(None, index, np.array([numbers[slot] for slot in slots])), index.shape)
    else:
        array = layout.columns(layout.arrays[position], block, index)
    return array if array.batched else broadcast(array, (Rows(), len(slots)))


# ── the gradient ─────────────────────────────────────────────────────────────────────────────


def with_gradient(made: Plan, layout: Layout, built: Function, value: Array, guarded: bool) -> Function:
    """The backward half as well, from the gradient of the mean to that of theta (and of x)."""
    blocks = made.blocks
    wanted = [block.op == "parameter" or (built.kind == "inputs" and block.op == "input") for block in blocks]
    for i, block in enumerate(blocks):
        wanted[i] |= passes_on(block) and any(wanted[o.source] for o in block.reads() if o.source is not None)
    of_block: dict[int, Array] = {}
    backward: list[Statement] = []
    if blocks[made.roots[0][0]].op != "constant":
        gradients = Backward(layout, wanted, made.roots[0], guarded).gradients
        of_block = gradients.of_block
        backward = laid_side_by_side(gradients.statements, layout.names)
        backward = added_at_once(backward, built.forward, layout.names)
    places = list(layout.places.values())
    size = made.sizes["parameter"]
    runs: dict[str, tuple[str, Ints]] = {let.name.info: ("gradient", positions(let, size)) for let in places}
    backward, complete = with_assignments(without_zeros(backward), runs | {"gradient": ("gradient", np.arange(size))})
    results = [value, layout.gradient]
    if built.kind == "inputs":
        position = next(i for i, block in enumerate(blocks) if block.op == "input")
        results.append(of_block.get(position, like(layout.arrays[position])))
    return replace(
        built, start=Let(layout.gradient, like(layout.theta, zeros="gradient" not in complete)), places=places,
        backward=with_copies(with_first_sums(backward)), results=results,
        gradients={i: array.info for i, array in of_block.items()},
    )


def with_assignments(statements: Sequence[Statement], runs: dict[str, tuple[str, Ints]]) -> tuple[
        list[Statement], set[str]]:
    """What is written to a place of an array of zeros first is assigned, not added.

    `runs` says of each name which array it is a run of, and which of its elements it holds. Also returned: the arrays
    in which every element is assigned.
    """
    written = {whole: np.zeros(held.size, dtype=bool) for name, (whole, held) in runs.items() if name == whole}
    partly: set[str] = set()
    result: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Store) and statement.target in runs:
            whole, held = runs[statement.target]
            mine = evaluated(statement.place, held)
            first = not written[whole][mine].any()
            if not first and not written[whole][mine].all():
                partly.add(whole)  # what is added to must have been written, or begin as 0
            written[whole][mine] = True
            statement = replace(statement, adds=not first)
        result.append(statement)
    return result, {whole for whole, done in written.items() if done.all() and whole not in partly}


def without_zeros(statements: Sequence[Statement]) -> list[Statement]:
    """The gradients of blocks that begin as zeros: what comes first is assigned, and none begin so needlessly."""
    begun = {let.name.info: np.arange(let.name.axes[0]) for let in statements
             if isinstance(let, Let) and let.value.kind == "like"}
    statements, complete = with_assignments(statements, {name: (name, held) for name, held in begun.items()})
    return [
        Let(statement.name, like(statement.value.args[0], zeros=target_of(statement) not in complete))
        if isinstance(statement, Let) and target_of(statement) in begun else statement for statement in statements
    ]


def with_first_sums(statements: Sequence[Statement]) -> list[Statement]:
    """An array that is a view until something is added to it is the sum of both, so that nothing is copied."""
    result: list[Statement] = []
    waiting: dict[str, tuple[Let, set[str]]] = {}
    """The views that nobody has read so far, and the arrays that they are views of."""
    memory: dict[str, set[str]] = {}
    for statement in statements:
        target, read = target_of(statement), set(names_in(*statement.arrays))
        if isinstance(statement, Store):
            view, _ = waiting.get(target, (None, None))
            if view and statement.adds and statement.place.kind == "name" and target not in statement.value.names:
                result.remove(view)
                minus = statement.value.kind is ops.neg
                statement = Let(view.name, view.value - statement.value.args[0] if minus else
                                view.value + statement.value)
            waiting = {text: (let, of) for text, (let, of) in waiting.items() if target not in {text, *of}}
        elif is_view(statement.value):
            memory[target] = read.union(*(memory.get(text, ()) for text in read))
            waiting[target] = statement, memory[target]
        waiting = {text: kept for text, kept in waiting.items() if text not in read}
        result.append(statement)
    return result


def with_copies(statements: Sequence[Statement]) -> list[Statement]:
    """An array that is written to later has memory of its own: what it is a view of must stay as it is."""
    stored = {target_of(statement) for statement in statements if isinstance(statement, Store)}
    result: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Let) and statement.name.info in stored and is_view(statement.value):
            statement = Let(statement.name, copy(statement.value))
        result.append(statement)
    return result

