"""Where arrays lie in memory: which are made beforehand, of which others are views, and which can be one.

Arrays whose lives do not overlap share memory (`reused`), so that a step works in the cache. An array is free after the
last statement that reads it, or already in that statement if it computes element by element and may write over what it
reads.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Container, Iterable, Sequence
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    VIEWS,
    Array,
    Let,
    Rows,
    Shape,
    Statement,
    Store,
    copy,
    count,
    empty,
    examples_first,
    examples_last,
    name,
    names_in,
    nodes,
    reshape,
    source_of,
)

VECTORS = ("theta", "gradient")
"""The vectors whose views are made anew only where another vector comes than in the call before."""


class Memory:
    """The arrays that calls write to and the views of them, each in the memory of an array: its `home`.

    `examples_last` says whether the axis of examples comes last in memory, so that a column is one run of numbers.
    `runs` are views of theta and of the gradient.
    """

    def __init__(self, taken: Iterable[str], runs: Iterable[Let] = (), examples_last: bool = False) -> None:
        self.examples_last = examples_last
        self.runs = {let.name.info: let for let in runs}
        """The runs of theta and of the gradient, and views of them, each said by what it is of that vector."""
        self.beforehand: dict[str, Let] = {}
        """The arrays made beforehand, and views of them, by their names."""
        self.homes: dict[str, str] = {}
        """These names, with the array whose memory it is."""
        self.anew: dict[str, str] = {}
        """The views of arrays that a call names anew, with these arrays."""
        self.within: dict[str, list[str]] = {}
        """The names in the memory of each array."""
        self.empties: dict[str, Array] = {}
        """What is made empty for such an array: it, or that of which it is a view."""
        self.fixed: set[str] = set()
        """Those that hold the same numbers in every call."""
        self.ragged = {text for text, let in self.runs.items()
                       if let.value.kind == "transpose" and 1 not in let.name.shape}
        """Arrays that do not lie in memory in order."""
        self.gaps: set[str] = set()
        """Those between whose elements there are others."""
        self.taken = set(taken)
        self.numbers = {stem: itertools.count(1) for stem in "tkjf"}

    # ── names ────────────────────────────────────────────────────────────────────────────────

    def fresh(self, stem: str) -> str:
        """A new name."""
        while (text := f"{stem}{next(self.numbers[stem])}") in self.taken:
            pass
        return text

    def temporary(self, array: Array, stem: str = "t") -> Array:
        """A new name for an array."""
        return name(self.fresh(stem), array.shape, array.dtype)

    def home(self, text: str) -> str:
        """The array whose memory a name is in: itself, if it is not made beforehand, nor a view."""
        return self.homes.get(text) or self.anew.get(text, text)

    # ── what is made beforehand ──────────────────────────────────────────────────────────────

    def allocate(self, buffer: Array, value: Array | None = None, written: bool = False) -> Array:
        """Make an array beforehand, an empty one, or one with a value that stays where it is not `written` over.

        Returns it as it lies in memory.
        """
        new = {buffer.info}
        lying = buffer
        if self.turns(buffer.shape) and (value is None or value.kind not in VIEWS):
            lying = self.temporary(examples_last(buffer))
            new.add(lying.info)
            self.lies_within(lying.info, buffer.info)
            self.beforehand[lying.info] = Let(lying, copy(examples_last(value)) if value else empty(lying))
        self.beforehand[buffer.info] = Let(
            buffer, examples_first(lying) if lying is not buffer else value or empty(buffer))
        if value is None:
            self.empties[buffer.info] = lying
        source = source_of(value) if value and value.kind in VIEWS else buffer
        self.lies_within(buffer.info, self.homes[source.info] if source is not buffer else buffer.info)
        if value is not None and not written and all(map(self.is_fixed, value.args)):
            self.fixed |= new
        return lying

    def calculate(self, number: Array, value: Array) -> None:
        """Compute a float of Python beforehand."""
        self.beforehand[number.info] = Let(number, value)
        self.fixed.add(number.info)

    def view_of_vector(self, view: Array, value: Array) -> None:
        """Make a view of theta or of the gradient, or of a run of them."""
        self.runs[view.info] = Let(view, self.of_vector(value))

    def of_vector(self, array: Array) -> Array:
        """A view of a run of a vector as a view of the vector."""
        if array.kind == "name":
            return array if array.info in VECTORS else self.runs[array.info].value
        (below,) = array.args
        return array.with_args(self.of_vector(below))

    def is_of_vector(self, text: str) -> bool:
        """Whether a name is theta, the gradient or a view of them."""
        return text in VECTORS or text in self.runs

    def lies_within(self, text: str, home: str) -> None:
        """Say in whose memory a name is."""
        self.homes[text] = home
        self.within.setdefault(home, []).append(text)

    def sharing(self, text: str) -> list[str]:
        """The names in the memory that a name is in; runs of a vector may overlap."""
        return [*self.runs] if text in self.runs else self.within.get(self.home(text), [text])

    def view_anew(self, view: Array, source: Array) -> None:
        """Say that a name is a view of an array that a call names anew."""
        home = self.anew[view.info] = self.home(source.info)
        self.within.setdefault(home, [home]).append(view.info)

    def move(self, home: str, whole: str, place: Array) -> None:
        """Let an array that was made empty be a place in another, which lies in memory as the place does."""
        buffer = self.empties.pop(home)
        self.beforehand[buffer.info] = Let(buffer, reshape(place, buffer.shape))
        for text in self.within.pop(home):
            self.lies_within(text, whole)

    def keep(self, names: Iterable[str]) -> None:
        """Forget the arrays, and runs of vectors, that are neither named nor are what others are made of."""
        needed = dict.fromkeys(names)
        waiting = list(needed)
        for text in waiting:
            let = self.beforehand.get(text) or self.runs.get(text)
            more = [below for below in (let.value.names if let else ()) if below not in needed]
            needed.update(dict.fromkeys(more))
            waiting += more
        self.beforehand = {text: let for text, let in self.beforehand.items() if text in needed}
        self.runs = {text: let for text, let in self.runs.items() if text in needed}

    def allocations(self) -> list[Let]:
        """The arrays made beforehand, each behind that of which it is a view."""
        ordered: dict[str, Let] = {}
        for let in self.beforehand.values():
            waiting = [let]
            while waiting:
                above = [self.beforehand[text] for text in waiting[-1].value.names
                         if text in self.beforehand and text not in ordered]
                if not above:
                    done = waiting.pop()
                    ordered[done.name.info] = done
                waiting += above
        return list(ordered.values())

    def is_fixed(self, array: Array) -> bool:
        """Whether an array holds the same numbers in every call with as many examples."""
        if array.kind == "name":
            return array.info in self.fixed or array.dtype == "number"
        return array.kind in ("number", "constant") or (bool(array.args) and all(map(self.is_fixed, array.args)))

    # ── the order of elements ────────────────────────────────────────────────────────────────

    def turns(self, shape: Shape) -> bool:
        """Whether arrays of a shape lie in memory with the examples last: those of a column lie either way."""
        return self.examples_last and several_columns(shape)

    def in_order(self, array: Array) -> bool:
        """Whether the elements of an array lie in memory one after the other, in the order of this layout."""
        if array.kind in ("reshape", "widened"):
            (below,) = array.args
            return self.in_order(below) and self.turns(below.shape) == self.turns(array.shape)
        if array.kind in ("part", "column"):  # the last axis that is not of examples comes first if they come last
            step = 1 if array.kind == "column" else array.info[2]
            (below,) = array.args
            return len(below.shape) == 1 + self.turns(below.shape) and step == 1 and self.in_order(below)
        if array.kind != "name" or array.info in self.ragged:
            return False
        return array.info in self.homes or not self.turns(array.shape)

    def lie_together(self, place: Array, *args: Array) -> bool:
        """Whether arrays, and single numbers, lie in one order without gaps, so that one loop goes over all of them."""
        return all(array.shape == () or (array.shape == place.shape and self.in_order(array))
                   for array in (place, *args))

    def has_gaps(self, array: Array) -> bool:
        """Whether there are others between the elements of an array: its `dot` would copy them."""
        if array.kind not in VIEWS:
            return array.info in self.gaps
        parted = array.kind in ("part", "column", "view") and len(array.shape) > 1
        return (parted and not self.in_order(array)) or self.has_gaps(array.args[0])

    def is_view_of(self, array: Array, shape: Shape) -> bool:
        """Whether an array can have another shape without a copy."""
        return self.turns(array.shape) == self.turns(shape) and (self.in_order(array) or splits(array.shape, shape))

    def note_order(self, view: Array, value: Array) -> None:
        """Remember of a named view how its elements lie."""
        if not self.in_order(value):
            self.ragged.add(view.info)
        if self.has_gaps(value):
            self.gaps.add(view.info)


@functools.lru_cache(1024)
def several_columns(shape: Shape) -> bool:
    """Whether an array has several numbers for each example."""
    return len(shape) > 1 and shape[0] == Rows() and count(shape) != Rows()


def splits(shape: Shape, into: Shape) -> bool:
    """Whether axes are only split to come to another shape, so that any array can have it without a copy."""
    left = list(into)
    for size in shape:
        wanted, product = count((size,)), count(())
        while left and product != wanted:
            product = count((product, left.pop(0)))
        if product != wanted:
            return False
    return all(size == 1 for size in left)


def elements(shape: Shape, n: int) -> int:
    """The number of elements of an array for n examples."""
    return math.prod(size.times * n if isinstance(size, Rows) else size for size in shape)


def roots(allocations: Iterable[Let]) -> dict[str, str]:
    """The buffer behind each name: its own, or that of which it is a view."""
    found: dict[str, str] = {}
    for let in allocations:
        source = source_of(let.value)
        found[let.name.info] = found[source.info] if source.kind == "name" else let.name.info
    return found


def touched(statement: Statement, root: dict[str, str]) -> set[str]:
    """The buffers that a statement reads or writes."""
    return {root[text] for text in names_in(*statement.arrays) if text in root}


def reused(
    allocations: Sequence[Let], statements: Sequence[Statement], results: Iterable[Array], ragged: Container[str] = ()
) -> list[Let]:
    """The allocations again, with fewer empty arrays; those not `ragged` lie in order, without gaps."""
    root = roots(allocations)
    arrays = {let.name.info: let.name for let in allocations}
    empty = {let.name.info for let in allocations if let.value.kind == "empty" and count(let.name.shape) != 1}
    touching = [touched(statement, root) for statement in statements]
    last = {buffer: i for i, buffers in enumerate(touching) for buffer in buffers}
    last.update({root[text]: len(statements) for text in names_in(*results) if text in root})
    home: dict[str, str] = {}
    free: dict[Any, list[str]] = {}
    for i, (statement, mine) in enumerate(zip(statements, touching, strict=True)):
        for buffer in sorted(buffer for buffer in mine & empty if buffer not in home):
            kind = kind_of(arrays[buffer])
            heir = overwritten(statement, arrays[buffer], root, ragged)
            if heir is not None and heir in empty and last[heir] == i and kind_of(arrays[heir]) == kind:
                home[buffer] = home[heir]
                mine = mine - {heir}  # handed over, not freed
            else:
                home[buffer] = free[kind].pop() if free.get(kind) else buffer
        for buffer in sorted(mine & empty):
            if last[buffer] == i:
                free.setdefault(kind_of(arrays[buffer]), []).append(home[buffer])
    own = [let for let in allocations if home.get(let.name.info) == let.name.info]
    return own + [let if let.name.info not in home else
                  Let(let.name, reshape(arrays[home[let.name.info]], let.name.shape))
                  for let in allocations if home.get(let.name.info) != let.name.info]


def kind_of(array: Array) -> Any:
    """Equal for arrays of as many elements of one dtype."""
    return count(array.shape), array.dtype


def overwritten(statement: Statement, buffer: Array, root: dict[str, str], ragged: Container[str]) -> str | None:
    """A buffer that an elementwise statement reads in the very order in which it fills another, and nowhere else."""
    ufunc = ops.ufunc_of(statement.value.kind) if isinstance(statement, Store) else None
    if ufunc is None or ufunc is np.sign:  # in place that takes seven times as long
        return None
    assert isinstance(statement, Store)
    place, args = statement.place, statement.value.args
    if place.kind != "name" or place.info in ragged or kind_of(place) != kind_of(buffer):
        return None
    names = [node for arg in args for node in nodes(arg) if node.kind == "name"]
    for arg in args:
        if arg.kind == "name" and arg.info in root and arg.info not in ragged and arg.shape == place.shape:
            behind = root[arg.info]
            others = [node for node in names if root.get(node.info) == behind and node.info != arg.info]
            if behind != buffer.info and not others:
                return behind
    return None
