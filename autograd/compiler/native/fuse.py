"""Calls of a program that follow one another, element by element over arrays of one shape, as loops of machine code.

Products of matrices and whatever else rearranges numbers stay calls of NumPy; a loop takes the place of those between
them. What it computes for itself alone is never written to memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import Array, Let, Rows, Shape, Size, Statement, Store, count, name, names_in
from autograd.compiler.buffers.buffered import Buffered
from autograd.compiler.buffers.calls import CallPrinter
from autograd.compiler.native.kernels import NOTABLE, Lies, Loop
from autograd.compiler.native.llvm import MATHEMATICS
from autograd.compiler.native.machine import Machine

FEWEST = 2
"""Calls that make a loop worth while; one does where it is no instruction of the processor but a function."""


FUNCTIONS = {getattr(np, function) for function in MATHEMATICS}
"""Those that the processor has no instruction for."""


class Operand(NamedTuple):
    """An array in a statement: which of the axes it has along which the statement computes, or is it spread out."""

    array: str
    axes: tuple[bool, ...]
    truth: bool


class Fitting(NamedTuple):
    """A statement that a loop can do, as it came and as a loop has it: the sizes of its axes, and all its arrays."""

    call: Store
    store: Store
    shape: Shape
    operands: list[Operand]


class Fuse:
    """Finds loops among the calls of a program; `element` is the dtype of its numbers."""

    def __init__(self, calls: Buffered, results: Iterable[Array], element: str) -> None:
        self.calls, self.element, self.home = calls, element, calls.memory.home
        self.results = set(map(self.home, names_in(*results)))
        self.sizes = {let.name.info: count(let.name.shape) for let in calls.allocations}
        self.read: dict[str, int] = {}
        """By which statement an array is read last."""
        for i, statement in enumerate(calls.statements):
            whole = isinstance(statement, Let) or statement.place.kind == "name"
            read = names_in(*(statement.arrays[:1] if whole else statement.arrays))
            self.read.update(dict.fromkeys(map(self.home, read), i))
        self.read.update(dict.fromkeys(self.results, len(calls.statements)))

    def halves(self) -> Iterator[list[Statement | Loop]]:
        """The forward and the backward half, with loops in the place of calls."""
        statements, forward = self.calls.statements, self.calls.forward
        yield self.fused(statements[:forward], 0)
        yield self.fused(statements[forward:], forward)

    def fused(self, statements: Sequence[Statement], begin: int) -> list[Statement | Loop]:
        """Some calls, of which the first is number `begin` of all, with loops in the place of others."""
        result: list[Statement | Loop] = []
        run: list[Fitting] = []
        shape: Shape = ()
        for i, statement in enumerate([*statements, None], begin):
            fitting = self.fitting(statement) if isinstance(statement, Store) else None
            more = self.together([*run, fitting], shape) if run and fitting else None
            if run and more is None:
                result += self.done(run, shape, i)
                run = []
            if fitting is not None:
                shape = more or fitting.shape
                run.append(fitting)
            elif statement is not None:
                result.append(statement)
        return result

    def fitting(self, store: Store) -> Fitting | None:
        """A statement as a loop sees it, if it can do that."""
        place, value = store.place, store.value
        used = [place, *(arg for arg in value.args if arg.kind != "number")]
        if not self.is_notable(value) or store.adds or place.kind != "name" or not all(map(self.lies_in_order, used)):
            return None
        whole = self.in_memory(place, len(place.shape))
        shape = tuple(size for size in whole if size != 1)
        operands = []
        for array in used:
            sizes = [mine for mine, size in zip(self.in_memory(array, len(whole)), whole, strict=True) if size != 1]
            if not shape or any(mine not in (1, size) for mine, size in zip(sizes, shape, strict=True)):
                return None
            axes = tuple(mine == size for mine, size in zip(sizes, shape, strict=True))
            operands.append(Operand(self.named(array, all(axes)), axes, array.dtype == "truth"))
        names = iter(operands)
        place, *args = (arg if arg.kind == "number" else name(next(names).array, arg.shape, arg.dtype)
                        for arg in (place, *value.args))
        computed = args[0] if value.kind == "copy" else Array(
            value.kind, tuple(args), value.info, value.shape, value.dtype)
        return Fitting(store, Store(place, computed, adds=False), shape, operands)

    def is_notable(self, value: Array) -> bool:
        """Whether a loop can compute this in less time; functions of float32 are quick in NumPy."""
        if self.element == "float" and ops.ufunc_of(value.kind) in FUNCTIONS:
            return False
        return value.kind in ("copy", "cast", ops.where) or ops.ufunc_of(value.kind) in NOTABLE

    def named(self, array: Array, whole: bool) -> str:
        """The name of an operand; of the array behind it, if it is a view of all of that and has all axes."""
        if array.kind == "constant":
            return str(array.info.name)
        home = self.home(array.info)
        return home if whole and self.sizes.get(home) == count(array.shape) else str(array.info)

    def lies_in_order(self, array: Array) -> bool:
        """Whether an array lies in memory without gaps."""
        if array.kind == "constant":
            return bool(array.info.array.flags.c_contiguous and array.info.array.dtype.kind in "fb")
        return array.kind == "name" and array.dtype in ("float", "truth") and (
            self.calls.memory.in_order(array) or not array.shape)

    def in_memory(self, array: Array, rank: int) -> Shape:
        """The sizes of so many axes in the order in which they lie in memory."""
        shape = (1,) * (rank - len(array.shape)) + array.shape
        last = self.calls.memory.examples_last and rank > 1 and shape[0] == Rows()
        return (*shape[1:], shape[0]) if last else shape

    def together(self, run: Sequence[Fitting], shape: Shape) -> Shape | None:
        """The axes of statements of which all but the last have a `shape` together, if a loop can do them all."""
        axes = refined(shape, run[-1].shape, whole=self.calls.memory.examples_last)
        return axes if axes and self.layout(run, axes) else None

    def done(self, run: Sequence[Fitting], shape: Shape, end: int) -> list[Statement | Loop]:
        """The loop for some statements up to one, or these again where it does not pay."""
        layout = self.layout(run, shape)
        if layout is None or (len(run) < FEWEST and ops.ufunc_of(run[0].store.value.kind) not in FUNCTIONS):
            return [part.call for part in run]
        at, lies = layout
        written = dict.fromkeys(str(part.store.place.info) for part in run)
        kept = [text for text in written
                if text not in self.calls.memory.homes or self.read.get(self.home(text), -1) >= end]
        return [Loop([part.store for part in run], lies, kept, self.element, count(shape[:at]), count(shape[at:]))]

    def layout(self, run: Sequence[Fitting], shape: Shape) -> tuple[int, dict[str, Lies]] | None:
        """How many of the axes make the rows, and where everything lies then; None where it cannot.

        Every operand has all of the axes of the rows or none of them, and so of the columns. What is written to is
        read under no other name.
        """
        axes = {(operand.array, operand.truth, tuple(spread(part.shape, operand.axes, shape)))
                for part in run for operand in part.operands}
        written = {self.home(str(part.store.place.info)) for part in run}
        behind = Counter(home for home in (self.home(array) for array, *_ in axes) if home in written)
        if len(axes) != len({array for array, *_ in axes}) or max(behind.values()) > 1:
            return None
        for at in range(len(shape)):
            if all(None not in (whole(having[:at]), whole(having[at:])) for *_, having in axes):
                return at, {array: Lies(array, bool(whole(having[:at])), bool(whole(having[at:])), truth)
                            for array, truth, having in sorted(axes)}
        return None


def whole(axes: Sequence[bool]) -> bool | None:
    """Whether an operand has all these axes or, False, none of them, or, None, some."""
    return (all(axes) or None) if any(axes) or not axes else False


def spread(shape: Shape, axes: Sequence[bool], into: Shape) -> list[bool]:
    """What is said of axes, said of those into which they are split."""
    result, sizes = list[bool](), iter(into)
    for size, has in zip(shape, axes, strict=True):
        product: Size = 1
        while product != size:
            product = count((product, next(sizes)))
            result.append(has)
    return result




def refined(one: Shape, other: Shape, whole: bool) -> Shape | None:
    """The axes into which both shapes can be split; those of examples stay `whole` where they may come last."""
    result: list[Size] = []
    left, right = list(one), list(other)
    while left and right:
        sizes = [size.times if isinstance(size, Rows) else size for size in (left[0], right[0])]
        rows = [isinstance(size, Rows) for size in (left[0], right[0])]
        if rows[0] != rows[1] or max(sizes) % min(sizes) or (whole and rows[0] and sizes[0] != sizes[1]):
            return None
        smaller = left if sizes[0] <= sizes[1] else right
        larger = right if smaller is left else left
        result.append(smaller.pop(0))
        larger[:1] = [max(sizes) // min(sizes)] if sizes[0] != sizes[1] else []
    return tuple(result) if not left and not right else None


class NativePrinter(CallPrinter):
    """Calls as text, with loops among them; these get names among `names`."""

    def __init__(self, element: str, names: dict[str, Any]) -> None:
        super().__init__()
        self.element, self.names = element, names

    def halves(self, calls: Buffered, results: Sequence[Array]) -> tuple[list[Any], list[Any]]:
        """The calls and loops of the forward and of the backward half."""
        forward, backward = Fuse(calls, results, self.element).halves()
        return forward, backward

    def named(self, let: Let) -> str:
        """An array, if it is no float of Python, since loops are given its address: of numbers NumPy makes none."""
        if let.name.shape or let.value.dtype == "scalar" or not ops.ufunc_of(let.value.kind):
            return super().named(let)
        return f"np.asarray({self.text(let.value)}, {'bool' if let.value.dtype == 'truth' else 'theta.dtype'})"

    def statement(self, statement: Statement | Loop) -> str:
        """A call of NumPy, or of a loop, which is given the addresses of its arrays."""
        if not isinstance(statement, Loop):
            return super().statement(statement)
        arrays = sorted({lies.array for lies in statement.lies.values() if not statement.is_own(lies.array)})
        text = f"loop{sum(known.startswith('loop') for known in self.names) + 1}"
        self.names[text] = Machine(statement.text(arrays), len(arrays)).function
        return f"{text}({', '.join(f'id({array})' for array in arrays)}, n)"
