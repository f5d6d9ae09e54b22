"""Time rolled up: statements that repeat become a loop over steps.

A loss that carries a state through T steps unrolls into statements of which the same few come T times: the same
operations, on what the step before has made, on slices that move on by as much each time, and on weights that are
shared or move on as well. The pass finds such runs and keeps one step of each, so that the text does not grow with T.

A pattern is a tree without its leaves: the names, numbers and positions that may differ from step to step.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    VIEWS,
    Array,
    Constant,
    Let,
    Moved,
    Position,
    Statement,
    Step,
    Store,
    constant,
    item,
    name,
    names_in,
    source_of,
    target_of,
)
from autograd.compiler.arrays.function import Function
from autograd.compiler.arrays.names import RESERVED
from autograd.compiler.blocks.recurrence import FEWEST, repeated

CHAIN = (ops.add, ops.sub)
"""What long sums are chains of."""

TRIMMED = 2
"""So many steps of a run may differ from the others: they stay as they are."""

# ── patterns ─────────────────────────────────────────────────────────────────────────────────


Leaf = Array | Position | Constant | Moved


def opened(array: Array, leaves: list[Leaf]) -> Any:
    """The pattern of a tree, equal for trees that differ in their leaves alone; these are added to a list."""
    info = array.info
    match array.kind:
        case "name" | "number" | "constant" | "ref":
            leaves.append(array)
            return "leaf", array.kind in ("number", "constant"), array.shape, array.dtype
        case "part":
            start, _, step = info
            leaves.append(start)
            info = step
        case "column" | "item" | "take":
            leaves.append(info)
            info = None
        case "view":
            leaves.append(info[0])
            info = info[1:]
        case "reduceat":
            leaves.append(info[1])
            info = info[0]
    return array.kind, info, array.shape, array.dtype, tuple([opened(arg, leaves) for arg in array.args])


def closed(array: Array, leaves: Iterator[Any]) -> Array:
    """The tree with other leaves, in the same order."""
    info = array.info
    match array.kind:
        case "name" | "number" | "constant" | "ref":
            leaf: Array = next(leaves)
            return leaf
        case "part":
            start, stop, step = info
            width = stop.start - start.start if isinstance(start, Step) else stop - start
            new = next(leaves)
            info = new, new.plus(width) if isinstance(new, Step) else new + width, step
        case "column" | "take" | "item":
            info = next(leaves)
        case "view":
            info = next(leaves), *info[1:]
        case "reduceat":
            info = info[0], next(leaves)
    return Array(array.kind, tuple([closed(arg, leaves) for arg in array.args]), info, array.shape, array.dtype)


def changed(array: Array, change: Callable[[Leaf], Any]) -> Array:
    """The tree with every leaf changed."""
    leaves: list[Leaf] = []
    opened(array, leaves)
    return closed(array, map(change, leaves))


def leaves_of(*arrays: Array) -> list[Leaf]:
    """The leaves of trees."""
    leaves: list[Leaf] = []
    for array in arrays:
        opened(array, leaves)
    return leaves


# ── what steps define ────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class Family:
    """The arrays that one statement of a loop defines, one in each step.

    `before` says what is read in the place of those of the steps -1, -2 and so on. Where only the same step and the
    next one read them, a variable will do; else they lie in a stack, an array with one more axis.
    """

    run: Run
    array: Array
    """That of the first step."""
    before: dict[int, str] = field(default_factory=dict)
    stacked: bool = False
    name: str = ""

    @property
    def stack(self) -> Array:
        """All of them in one array."""
        return name(self.name, (self.run.count + len(self.before), *self.array.shape), self.array.dtype)

    def place(self, step: Position) -> Position:
        """Where the array of a step lies in the stack; that of a loop backwards is filled from behind."""
        sign, shift = (-1, self.run.count - 1) if self.run.backwards else (1, len(self.before))
        return Step(step.index, shift + sign * step.start, sign * step.step) if isinstance(step, Step) else (
            shift + sign * step)

    def at(self, step: Position) -> Array:
        """The array of a step, where it is kept."""
        return item(self.stack, self.place(step)) if self.stacked else name(
            self.name, self.array.shape, self.array.dtype)


def ref(family: Family, step: Position) -> Array:
    """The array of a step, as long as it is not known where it is kept."""
    return Array("ref", (), (family, step), family.array.shape, family.array.dtype)


@dataclass(eq=False)
class Run:
    """`count` steps of `period` statements each, from `begin` on; `body` is one of them, with positions by step."""

    begin: int
    period: int
    count: int
    body: list[Statement] = field(default_factory=list)
    families: dict[int, Family] = field(default_factory=dict)
    """What the statements of the body define."""
    carried: int = 0
    """How often a step reads what an earlier one has made."""
    unrolled: list[Statement] = field(default_factory=list)
    """The body in the order of the statements."""
    statements: list[Statement] = field(default_factory=list)
    """Those of all steps, as they are in the function."""
    index: str = ""
    first: int = 0
    """What the index is in the first step."""
    backwards: bool = False

    @property
    def end(self) -> int:
        """Where the statements after it begin."""
        return self.begin + self.period * self.count

    def inside(self, position: int) -> tuple[int, int] | None:
        """The step and place of a statement in the run."""
        return divmod(position - self.begin, self.period) if self.begin <= position < self.end else None

    def by_index(self, position: Position) -> Position:
        """A position by step as one by the index."""
        if not isinstance(position, Step):
            return position
        sign = -1 if self.backwards else 1
        return position.of(self.index, -sign * self.first, sign)


def progression(numbers: Sequence[int]) -> Position | None:
    """Numbers that move on by as much in each step, or not at all; None for others."""
    step = numbers[1] - numbers[0]
    if any(b - a != step for a, b in itertools.pairwise(numbers)):
        return None
    return Step("", numbers[0], step) if step else numbers[0]


class Rolling:
    """The search for runs, in one half of a function after the other."""

    def __init__(self, made: Function) -> None:
        self.made = made
        self.parted = {let.name.info for let in made.places} | {"gradient"}
        self.views = {let.name.info: let.value for let in (*made.views, *made.places)}
        """The names of views, which are written out where steps read other ones."""
        self.members: dict[str, tuple[Family, int]] = {}
        """The family and step of every array that steps define, or read in place of such a one."""
        self.position: dict[str, int] = {}
        """The statement that defines a name, of the present half."""
        statements = [*made.forward, *made.backward]
        reads = Counter(text for statement in statements for text in names_in(*statement.arrays))
        self.once = {text for text, times in reads.items() if times == 1}.difference(made.names)
        """What is read once, and is no block."""
        self.leaves: dict[Statement, list[Leaf]] = {}
        """The leaves of every statement, in order."""
        self.constants: dict[tuple[Any, ...], Constant] = {}
        leaves = leaves_of(*(array for statement in statements for array in statement.arrays))
        self.taken = {*RESERVED, *map(target_of, made.statements), *(array.info for array in made.arguments), *(
            leaf.info.name if isinstance(leaf, Array) else leaf.name for leaf in leaves
            if isinstance(leaf, Constant) or (isinstance(leaf, Array) and leaf.kind == "constant"))}
        self.pieces: dict[Statement, list[Statement]] = {}
        """The statements that a long sum outside loops was before."""
        self.runs: list[Run] = []

    @property
    def families(self) -> list[Family]:
        """Those of all runs."""
        return [family for run in self.runs for family in run.families.values()]

    def fresh(self, like: str) -> str:
        """A name that no other array has, with the letters of one."""
        stem = like.rstrip("0123456789_")
        text = next(text for i in itertools.count(1) if (text := f"{stem}{i}") not in self.taken)
        self.taken.add(text)
        return text

    def half(self, statements: Sequence[Statement]) -> list[Statement | Run]:
        """The statements of a half, without views, and runs in the places of those that repeat."""
        returned = names_in(*self.made.results)
        views = {let.name.info: let.value for let in statements
                 if isinstance(let, Let) and is_view_of_name(let.value) and let.name.info not in returned}
        self.views |= views
        kept, pieces = in_one_piece([statement for statement in statements
                                     if isinstance(statement, Store) or statement.name.info not in views], self.once)
        self.pieces |= pieces
        self.position = {let.name.info: i for i, let in enumerate(kept) if isinstance(let, Let)}
        candidates, found = shorter_first(repeated([self.pattern(statement) for statement in kept])), list[Run]()
        while chosen := disjoint_runs(candidates):
            candidate = min(chosen)
            candidates.remove(candidate)
            run = self.best(kept, *candidate)
            if run is not None:
                self.register(run, kept)
                found.append(run)
                candidates = besides(candidates, run)
        for run in found:
            run.unrolled = run.body
            run.statements = [s for whole in kept[run.begin : run.end] for s in self.pieces.get(whole, [whole])]
        self.runs += found
        parts: list[Statement | Run] = []
        position = 0
        for run in sorted(found, key=lambda run: run.begin):
            parts += [*kept[position : run.begin], run]
            position = run.end
        return [*parts, *kept[position:]]

    def pattern(self, statement: Statement) -> Any:
        """The pattern of a statement; whether it is the first to write to a run of the gradient is left open.

        What several arrays begin with is not said by a loop.
        """
        adds = None if isinstance(statement, Let) or statement.target in self.parted else statement.adds
        leaves: list[Leaf] = []
        pattern = type(statement), adds, tuple([opened(array, leaves) for array in statement.arrays])
        self.leaves[statement] = list(map(self.same, leaves))
        return pattern if statement.value.kind != "full" else id(statement)

    def same(self, leaf: Leaf) -> Leaf:
        """A leaf, or the array that it is another name for."""
        if isinstance(leaf, Array) and leaf.kind == "name":
            return name(self.meant(leaf.info), leaf.shape, leaf.dtype)
        return leaf

    def meant(self, text: str) -> str:
        """The name of the array that a name stands for, if it is no more than another name."""
        value = self.views.get(text)
        return self.meant(value.info) if value is not None and value.kind == "name" else text

    def best(self, statements: Sequence[Statement], begin: int, period: int, length: int) -> Run | None:
        """The run of most steps, and of several the one whose steps read least of what others have made."""
        most = length // period
        for count in range(most, max(FEWEST, most - TRIMMED) - 1, -1):
            tried = [self.solved(statements, Run(begin + offset, period, count))
                     for offset in range(length - count * period + 1)]
            if possible := [run for run in tried if run is not None]:
                return min(possible, key=lambda run: (run.carried, -run.begin))
        return None

    def solved(self, statements: Sequence[Statement], run: Run) -> Run | None:
        """The run with its body, if what differs between its steps moves on regularly."""
        steps = [statements[start : start + run.period] for start in range(run.begin, run.end, run.period)]
        run.families = {place: Family(run, let.name) for place, let in enumerate(steps[0]) if isinstance(let, Let)}
        for place, same in enumerate(zip(*steps, strict=True)):
            leaves = [self.unified(run, leaf) for leaf in zip(*(self.leaves[s] for s in same), strict=True)]
            if None in leaves:
                return None
            new, first = iter(leaves), same[0]
            arrays = [closed(array, new) for array in first.arrays]
            if isinstance(first, Let):
                run.body.append(Let(ref(run.families[place], Step("", 0, 1)), *arrays))
            else:
                run.body.append(Store(arrays[1], arrays[0], any(isinstance(s, Store) and s.adds for s in same)))
        return run

    def register(self, run: Run, statements: Sequence[Statement]) -> None:
        """Remember what the steps of a run define, and what they begin with."""
        for place, family in run.families.items():
            self.members |= {target_of(statements[run.begin + step * run.period + place]): (family, step)
                             for step in range(run.count)}
        for family in run.families.values():
            for step, text in family.before.items():
                if text in self.position and text not in self.members:
                    self.members[text] = family, step

    # ── what stands for the leaves of all steps ──────────────────────────────────────────────

    def unified(self, run: Run, leaves: Sequence[Any]) -> Any:
        """What stands for leaves, one of each step; None where they do not move on regularly."""
        first = leaves[0]
        if isinstance(first, int):
            return progression(leaves)
        if isinstance(first, Constant):
            return self.unified_index(leaves)
        kinds = {leaf.kind for leaf in leaves}
        if kinds <= {"number", "constant"}:
            return self.unified_numbers(leaves)
        return self.unified_names(run, leaves)

    def unified_index(self, leaves: Sequence[Constant]) -> Any:
        """The same for arrays that say what is gathered: one, one that moves on, or rows of one."""
        first = leaves[0]
        if all(leaf is first for leaf in leaves):
            return first
        shifts = [leaf.array - first.array for leaf in leaves]
        if all((shift == shift.flat[0]).all() for shift in shifts):
            step = progression([int(shift.flat[0]) for shift in shifts])
            if isinstance(step, Step):
                return Moved(first, step)
        return Moved(*self.rows([leaf.array for leaf in leaves], first.name), several=True)

    def unified_numbers(self, leaves: Sequence[Array]) -> Array:
        """The same for numbers and arrays of them: one, or items of an array with one for each step."""
        first = leaves[0]
        if all(leaf.info == first.info for leaf in leaves):
            return first
        arrays = [leaf.info.array if leaf.kind == "constant" else np.array(leaf.info) for leaf in leaves]
        stem = first.info.name if first.kind == "constant" else "c"
        carried, step = self.rows(arrays, stem)
        return item(constant(carried), step)

    def rows(self, arrays: Sequence[Any], stem: str) -> tuple[Constant, Step]:
        """An array that the program carries along, and which of its items are these arrays, step by step."""
        key = tuple((array.shape, array.dtype.str, array.tobytes()) for array in arrays)
        if key[::-1] in self.constants:
            return self.constants[key[::-1]], Step("", len(arrays) - 1, -1)
        if key not in self.constants:
            text = next(text for i in itertools.count(1) if (text := f"{stem}_{i}") not in self.taken)
            self.taken.add(text)
            self.constants[key] = Constant(text, np.stack(arrays))
        return self.constants[key], Step("", 0, 1)

    def unified_names(self, run: Run, leaves: Sequence[Array]) -> Array | None:
        """The same for names: what all steps read, what a step has made, or views that move on."""
        texts = [str(leaf.info) for leaf in leaves]
        last = run.inside(self.position.get(texts[-1], -1))
        if last is not None:
            return self.made_before(run, texts, last)
        if len(set(texts)) == 1 and not self.made_inside(run, texts[0]):
            member = self.members.get(texts[0])
            return leaves[0] if member is None else ref(*member)
        known = [self.members[text] for text in texts if text in self.members]
        if len(known) == len(texts) and len({id(family) for family, _ in known}) == 1:
            step = progression([step for _, step in known])
            return None if step is None else ref(known[0][0], step)
        return self.unified_views(run, texts)

    def made_before(self, run: Run, texts: Sequence[str], last: tuple[int, int]) -> Array | None:
        """What the same statement has made, as many steps before; the first steps read what was there before."""
        back, place = run.count - 1 - last[0], last[1]
        inside = [run.inside(self.position.get(text, -1)) for text in texts]
        if inside[back:] != [(step, place) for step in range(run.count - back)] or any(inside[:back]):
            return None
        family = run.families[place]
        for step, text in enumerate(texts[:back]):
            if text in self.views or family.before.setdefault(step - back, text) != text:
                return None
        run.carried += back > 0
        return ref(family, Step("", -back, 1))

    def made_inside(self, run: Run, text: str) -> bool:
        """Whether a run defines a name, or what it is a view of."""
        if text in self.views:
            return any(self.made_inside(run, below) for below in self.views[text].names)
        return run.inside(self.position.get(text, -1)) is not None

    def unified_views(self, run: Run, texts: Sequence[str]) -> Array | None:
        """Views that are written out."""
        values = [self.views[text] for text in texts if text in self.views]
        lists: list[list[Leaf]] = [[] for _ in values]
        patterns = {opened(value, leaves) for value, leaves in zip(values, lists, strict=True)}
        if len(values) < len(texts) or len(patterns) > 1:
            return None
        leaves = [self.unified(run, leaf) for leaf in zip(*lists, strict=True)]
        return None if None in leaves else closed(values[0], iter(leaves))


def in_one_piece(statements: Sequence[Statement], once: Collection[str]) -> tuple[
        list[Statement], dict[Statement, list[Statement]]]:
    """The statements with long sums in one piece, and of each such sum the statements that it was before.

    `once` are the names of parts, which are read once.
    """
    kept: dict[str | Statement, Statement] = {}
    pieces: dict[Statement, list[Statement]] = {}
    for statement in statements:
        first = statement.value
        while first.kind in CHAIN:
            first = first.args[0]
        part = kept.get(first.info) if first.kind == "name" and first.info in once else None
        if isinstance(statement, Let) and statement.value.kind in CHAIN and part and part.value.kind in CHAIN:
            del kept[first.info]
            whole = Let(statement.name, with_first_term(statement.value, part.value))
            pieces[whole] = [*pieces.pop(part, [part]), statement]
            statement = whole
        kept[statement.name.info if isinstance(statement, Let) else statement] = statement
    return list(kept.values()), pieces


def with_first_term(array: Array, first: Array) -> Array:
    """A chain of additions and subtractions that begins with another term."""
    if array.kind not in CHAIN:
        return first
    return Array(array.kind, (with_first_term(array.args[0], first), array.args[1]), None, array.shape, array.dtype)


def is_view_of_name(array: Array) -> bool:
    """Whether an array is another one that has a name, or a view of it."""
    return array.kind in ("name", *VIEWS) and source_of(array).kind == "name"


def shorter_first(candidates: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The candidates, with those last whose steps are loops themselves, where it is shorter to write each of these.

    Layers of a recurrent network, say, each of many steps: there is a loop for each layer, not one over the layers of
    which the body has all steps of one.
    """
    begins, periods, lengths = np.array(candidates, np.int64).reshape(-1, 3).T
    last = []
    for begin, period, length in candidates:
        inside = (periods < period) & (begin <= begins) & (begins + lengths <= begin + period)
        runs = disjoint_runs([candidates[i] for i in np.flatnonzero(inside)])
        if length // period * (period - sum((end // each - 1) * each for _, each, end in runs)) < period:
            last.append((begin, period, length))
    return [*(candidate for candidate in candidates if candidate not in set(last)), *last]


def disjoint_runs(candidates: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """The candidates that save most, of which none lies over another."""
    taken: list[tuple[int, int]] = []
    chosen = []
    for begin, period, length in candidates:
        if all(begin + length <= start or end <= begin for start, end in taken):
            taken.append((begin, begin + length))
            chosen.append((begin, period, length))
    return chosen


def besides(candidates: Sequence[tuple[int, int, int]], run: Run) -> list[tuple[int, int, int]]:
    """What is left of candidates before or behind a run, where that repeats often enough."""
    left = []
    for begin, period, length in candidates:
        for start, end in ((begin, min(begin + length, run.begin)), (max(begin, run.end), begin + length)):
            if end - start >= FEWEST * period:
                left.append((start, period, end - start))
    return left
