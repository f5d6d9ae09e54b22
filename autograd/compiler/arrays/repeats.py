"""Time rolled up: statements that repeat become a loop over steps.

A loss that carries a state through T steps unrolls into statements of which the same few come T times: the same
operations, on what the step before has made, on slices that move on by as much each time, and on weights that are
shared or move on as well. The pass finds such runs and keeps one step of each, so that the text does not grow with T.

A pattern is a tree without its leaves: the names, numbers and positions that may differ from step to step. Loops that
were found are lines as others are, with patterns of their own: where these repeat there is a loop of loops.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    VIEWS,
    Array,
    Constant,
    For,
    Let,
    Line,
    Moved,
    Position,
    Statement,
    Step,
    Store,
    constant,
    constants_in,
    item,
    name,
    names_in,
    nodes,
    origin,
    source_of,
    stepping,
    target_of,
    within_loops,
    without_loops,
)
from autograd.compiler.arrays.function import Function
from autograd.compiler.arrays.names import RESERVED
from autograd.compiler.blocks.recurrence import FEWEST, repeated, savings
from autograd.compiler.scalars.graph import Ints

CHAIN = (ops.add, ops.sub)
"""What long sums are chains of."""

TRIMMED = 2
"""So many steps of a run may differ from the others: they stay as they are."""

SAVED = 3
"""So many lines a loop must save, at least, that reads numbers of each step from a table."""

OWN = ""
"""The index of a run, which counts its steps from 0, until it has a name."""

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
        case "items":
            leaves += [run for run in info if not isinstance(run, tuple)]
            info = tuple([run if isinstance(run, tuple) else None for run in info])
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
            width = origin(stop) - origin(start)
            new = next(leaves)
            info = new, new.plus(width) if isinstance(new, Step) else new + width, step
        case "column" | "take" | "item":
            info = next(leaves)
        case "view":
            info = next(leaves), *info[1:]
        case "items":
            info = tuple([run if isinstance(run, tuple) else next(leaves) for run in info])
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


def mapped(line: Line, change: Callable[[Array], Array]) -> Line:
    """The line with every array changed, and the names that it defines as well."""
    if isinstance(line, For):
        return replace(line, body=[mapped(one, change) for one in line.body])
    if isinstance(line, Let):
        return Let(change(line.name), change(line.value))
    return Store(change(line.place), change(line.value), line.adds)


def defined_by(*lines: Line) -> list[Array]:
    """What lines define, statement by statement: a variable of a loop is defined before it and in it."""
    return [statement.name for statement in without_loops(lines) if isinstance(statement, Let)]


# ── what steps define ────────────────────────────────────────────────────────────────────────


@dataclass(eq=False)
class Family:
    """The arrays that a loop defines by one name, one in each step.

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
        if isinstance(step, int):
            return shift + sign * step
        return Step(shift + sign * step.start, tuple((index, sign * number) for index, number in step.terms))

    def at(self, step: Position) -> Array:
        """The array of a step, where it is kept."""
        return item(self.stack, self.place(step)) if self.stacked else name(
            self.name, self.array.shape, self.array.dtype)


def ref(family: Family, step: Position) -> Array:
    """The array of a step, as long as it is not known where it is kept."""
    return Array("ref", (), (family, step), family.array.shape, family.array.dtype)


Key = tuple[int, int]
"""Which line of a step defines a name first, and which of the names in that line it is."""


@dataclass(eq=False)
class Run:
    """`count` steps of `period` lines each, from `begin` on; `body` is one of them, with positions by step."""

    begin: int
    period: int
    count: int
    body: list[Line] = field(default_factory=list)
    families: dict[Key, Family] = field(default_factory=dict)
    """What the lines of the body define."""
    unrolled: list[Statement] = field(default_factory=list)
    """The body in the order of the statements."""
    statements: list[Statement] = field(default_factory=list)
    """Those of all steps, as they are in the function."""
    index: str = ""
    inner: dict[str, str] = field(default_factory=dict)
    """What indices of loops in it are called from now on."""
    first: int = 0
    """What the index is in the first step."""
    backwards: bool = False

    @property
    def end(self) -> int:
        """Where the lines after it begin."""
        return self.begin + self.period * self.count

    def steps(self, lines: Sequence[Line]) -> list[Sequence[Line]]:
        """The lines of each step."""
        return [lines[start : start + self.period] for start in range(self.begin, self.end, self.period)]

    def by_index(self, position: Position) -> Position:
        """A position by step as one by the index."""
        sign = -1 if self.backwards else 1
        for index, other in self.inner.items():
            position = position if isinstance(position, int) else position.of(index, 0, 1, other)
        return position if isinstance(position, int) else position.of(OWN, -sign * self.first, sign, self.index)

    @property
    def by_weights(self) -> bool:
        """Whether each step reads parameters of its own, as a layer does."""
        return any(node.kind in ("part", "view", "column") and node.args[0].key == "theta" and any(
            isinstance(leaf, Step) and leaf.by(OWN) for leaf in leaves_of(node))
            for line in self.body for array in line.arrays for node in nodes(array))


def progression(positions: Sequence[Position]) -> Position | None:
    """Positions that move on by as much in each step, or not at all; None for others."""
    starts = list(map(origin, positions))
    (terms, *others) = {position.terms if isinstance(position, Step) else () for position in positions}
    step = starts[1] - starts[0]
    if others or any(b - a != step for a, b in itertools.pairwise(starts)):
        return None
    return stepping(starts[0], dict(terms) | {OWN: step})


Candidate = tuple[int, int, int]
"""Where lines that repeat begin, how many a step has, and how many there are."""


class Half:
    """A half of a function: its lines, and where in them each name is defined."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.defined: dict[str, list[Key]] = {}
        """The lines that define a name, and which of the names in them it is."""
        for i, line in enumerate(lines):
            for number, array in enumerate(defined_by(line)):
                self.defined.setdefault(array.info, []).append((i, number))

    def key(self, run: Run, text: str) -> tuple[int, Key] | None:
        """The step of a run that defines a name, and the key of its family."""
        position, number = self.defined.get(text, [(-1, 0)])[0]
        if not run.begin <= position < run.end:
            return None
        step, place = divmod(position - run.begin, run.period)
        return step, (place, number)

    def keys(self, run: Run) -> list[list[Key]] | None:
        """Of each step the keys of what it defines, in order; None where it defines what another does too."""
        found = []
        for step, lines in enumerate(run.steps(self.lines)):
            begin = run.begin + step * run.period
            names = [array.info for array in defined_by(*lines)]
            if any(not begin <= i < begin + run.period for text in names for i, _ in self.defined[text]):
                return None
            found.append([key for _, key in filter(None, (self.key(run, text) for text in names))])
        return found


class Rolling:
    """The search for runs in a function, in one half of it after the other, and then in what it is written as.

    `halves` are the lines, and `results` what is read at the end. If `inner`, loops in the steps of others are looked
    for before these.
    """

    def __init__(
        self, made: Function, halves: Sequence[Sequence[Line]], results: Sequence[Array], inner: bool = False
    ) -> None:
        self.made = made
        self.halves = halves
        self.results = results
        self.inner = inner
        self.parted = {let.name.info for let in made.places} | {"gradient"}
        self.views = {let.name.info: let.value for let in (*made.views, *made.places)}
        """The names of views, which are written out where steps read other ones."""
        self.members: dict[str, tuple[Family, int]] = {}
        """The family and step of every array that steps define, or read in place of such a one."""
        self.now = Half([])
        lines = [line for half in halves for line in half]
        self.loops = any(isinstance(line, For) for line in lines)
        """Whether loops were found before: then they are looked for in longer ones alone."""
        reads = Counter(text for line in without_loops(lines) for text in names_in(*line.arrays))
        self.once = {text for text, times in reads.items() if times == 1}
        self.leaves: dict[Line, list[Leaf]] = {}
        """The leaves of every line, in order."""
        self.constants: dict[tuple[Any, ...], Constant] = {}
        self.before = constants_in(node for line in lines for array in line.arrays for node in nodes(array))
        """The arrays that the program carried along."""
        indices = {loop.index for _, loops in within_loops(lines) for loop in loops}
        self.taken = {*RESERVED, *indices, *self.views, *map(target_of, without_loops(lines)), *(
            array.info for array in made.arguments), *(one.name for one in self.before)}
        self.pieces: dict[Line, list[Let]] = {}
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

    def half(self, lines: Sequence[Line]) -> list[Line | Run]:
        """The lines of a half, without views, and runs in the places of those that repeat."""
        returned, defined = names_in(*self.results), Half(lines).defined
        views = {let.name.info: let.value for let in lines if isinstance(let, Let) and is_view_of_name(let.value)
                 and let.name.info not in returned and all(
                     len(defined.get(text, ())) < 2 for text in (let.name.info, *let.value.names))}
        self.views |= views
        once = {text for text in self.once if len(defined.get(text, ())) == 1}
        kept, pieces = in_one_piece(
            [line for line in lines if not isinstance(line, Let) or line.name.info not in views], once, self.made.names)
        self.pieces |= pieces
        self.now = half = Half(kept)
        candidates = repeated([self.pattern(line) for line in kept])
        candidates = inner_first(self.parts(kept, candidates)) if self.inner else in_turn(candidates)
        if self.loops:
            candidates = [run for run in candidates if any(isinstance(line, For) for line in kept[run[0] :][: run[1]])]
        found, failed = self.found(half, candidates)
        if self.inner and found:
            found += self.found(half, functools.reduce(besides, found, failed))[0]  # these may read what others make
        for run in found:
            run.unrolled = without_loops(run.body)
            run.statements = without_loops(s for whole in kept[run.begin : run.end]
                                           for s in self.pieces.get(whole, [whole]))
        self.runs += found
        parts: list[Line | Run] = []
        position = 0
        for run in sorted(found, key=lambda run: run.begin):
            parts += [*kept[position : run.begin], run]
            position = run.end
        return [*parts, *kept[position:]]

    def same(self, leaf: Leaf) -> Leaf:
        """A leaf, or the array that it is another name for."""
        if isinstance(leaf, Array) and leaf.kind == "name":
            return name(self.meant(leaf.info), leaf.shape, leaf.dtype)
        return leaf

    def meant(self, text: str) -> str:
        """The name of the array that a name stands for, if it is no more than another name."""
        value = self.views.get(text)
        return self.meant(value.info) if value is not None and value.kind == "name" else text

    def found(self, half: Half, candidates: list[Candidate]) -> tuple[list[Run], list[Candidate]]:
        """The runs that are found, and the candidates that are none."""
        found, failed = list[Run](), list[Candidate]()
        while chosen := disjoint_runs(candidates):
            candidate = min(chosen)
            candidates.remove(candidate)
            run = self.best(half, *candidate)
            if run is None:
                failed.append(candidate)
                continue
            self.register(run, half)
            found.append(run)
            candidates = besides(candidates, run)
        return found, failed

    def pattern(self, line: Line) -> Any:
        """The pattern of a line. What several arrays begin with is not said by a loop, unless others are in it."""
        leaves: list[Leaf] = []
        form = self.form(line, leaves)
        self.leaves[line] = list(map(self.same, leaves))
        return id(line) if not (self.loops or isinstance(line, For)) and line.value.kind == "full" else form

    def parts(self, lines: Sequence[Line], candidates: list[Candidate]) -> list[Candidate]:
        """The candidates, and the parts of each in which positions move on by as much from step to step.

        A loop in each step of another repeats through all of these, but what it reads changes with the outer step.
        """
        numbers = [np.array(self.numbers(self.leaves[line]), np.int64) for line in lines]
        found = set(candidates)
        for begin, period, length in candidates:
            even = [is_even(*numbers[i : i + 2 * period + 1 : period])
                    for i in range(begin, begin + length - 2 * period)]
            found |= {(begin + start, period, stop - start + 2 * period) for start, stop in runs_of(even)
                      if stop - start >= (FEWEST - 2) * period}
        return sorted(found, key=savings)

    def numbers(self, leaves: Sequence[Leaf]) -> list[int]:
        """Where leaves are, and what those are views of that are views."""
        found = []
        for leaf in leaves:
            if isinstance(leaf, Array) and leaf.kind == "name" and leaf.info in self.views:
                found += self.numbers(leaves_of(self.views[leaf.info]))
            elif isinstance(leaf, (int, Step)):
                found.append(origin(leaf))
        return found

    def form(self, line: Line, leaves: list[Leaf]) -> Any:
        """The pattern of a line; whether it is the first to write to a run of the gradient is left open."""
        if isinstance(line, For):
            body = tuple([self.form(one, leaves) for one in line.body])
            return For, line.index, line.start, line.stop, line.backwards, body
        adds = None if isinstance(line, Let) or line.target in self.parted else line.adds
        return type(line), adds, tuple([opened(array, leaves) for array in line.arrays])

    def best(self, half: Half, begin: int, period: int, length: int) -> Run | None:
        """The run of most steps, and of several the one whose steps read least of what others have made."""
        most = length // period
        for count in range(most, max(FEWEST, most - TRIMMED) - 1, -1):
            runs = [Run(begin + offset, period, count) for offset in range(length - count * period + 1)]
            for run in sorted(runs, key=lambda run: (self.carried(half, run), -run.begin)) if len(runs) > 1 else runs:
                if found := self.solved(half, run):
                    return found
        return None

    def carried(self, half: Half, run: Run) -> int:
        """How often the last step reads what an earlier one has made."""
        found, waiting = 0, [leaf for line in run.steps(half.lines)[-1] for leaf in self.leaves[line]]
        while waiting:
            leaf = waiting.pop()
            if isinstance(leaf, Array) and leaf.kind == "name":
                key = half.key(run, leaf.info)
                found += key is not None and key[0] < run.count - 1
                if key is None and leaf.info in self.views:
                    waiting += leaves_of(self.views[leaf.info])
        return found

    def solved(self, half: Half, run: Run) -> Run | None:
        """The run with its body, if what differs between its steps moves on regularly."""
        steps, keys = run.steps(half.lines), half.keys(run)
        if keys is None or any(each != keys[0] for each in keys):
            return None
        names = defined_by(*steps[0])
        run.families = {key: Family(run, array) for array, key in reversed([*zip(names, keys[0], strict=True)])}
        own = {array.info: ref(run.families[key], Step(0, ((OWN, 1),))) for array, key in zip(
            names, keys[0], strict=True)}
        for same in zip(*steps, strict=True):
            leaves = [self.unified(run, leaf) for leaf in zip(*(self.leaves[s] for s in same), strict=True)]
            if None in leaves:
                return None
            run.body.append(self.one_for_all(same, iter(leaves), own))
        by_tables = any(node.kind == "item" and node.args[0].kind == "constant"
                        for line in run.body for array in line.arrays for node in nodes(array))
        return None if by_tables and run.period * (run.count - 1) < SAVED else run

    def one_for_all(self, same: Sequence[Line], leaves: Iterator[Any], own: dict[str, Array]) -> Line:
        """The line that stands for those of all steps; `own` are the arrays that the first step defines."""
        first = same[0]
        if isinstance(first, For):
            bodies = [line.body for line in same if isinstance(line, For)]
            return replace(first, body=[self.one_for_all(each, leaves, own) for each in zip(*bodies, strict=True)])
        arrays = [closed(array, leaves) for array in first.arrays]
        if isinstance(first, Let):
            return Let(own[first.name.info], *arrays)
        return Store(arrays[1], arrays[0], any(isinstance(one, Store) and one.adds for one in same))

    def register(self, run: Run, half: Half) -> None:
        """Remember what the steps of a run define, and what they begin with."""
        for step, lines in enumerate(run.steps(half.lines)):
            for array in defined_by(*lines):
                _, key = half.key(run, array.info) or (0, (0, 0))
                self.members[array.info] = run.families[key], step
        for family in run.families.values():
            for step, text in family.before.items():
                if text in half.defined and text not in self.members:
                    self.members[text] = family, step

    # ── what stands for the leaves of all steps ──────────────────────────────────────────────

    def unified(self, run: Run, leaves: Sequence[Any]) -> Any:
        """What stands for leaves, one of each step; None where they do not move on regularly."""
        first = leaves[0]
        if isinstance(first, (int, Step)):
            return progression(leaves)
        if isinstance(first, (Constant, Moved)):
            return self.unified_tables(leaves)
        kinds = {leaf.kind for leaf in leaves}
        if kinds <= {"number", "constant"}:
            return self.unified_numbers(leaves)
        return self.unified_names(run, leaves)

    def unified_tables(self, leaves: Sequence[Any]) -> Any:
        """The same for arrays that say what is gathered, which may move on in loops within a step."""
        kinds = {(type(leaf), isinstance(leaf, Moved) and leaf.several) for leaf in leaves}
        if len(kinds) > 1:
            return None
        if isinstance(leaves[0], Constant):
            return self.unified_index(leaves)
        return self.unified_rows(leaves) if leaves[0].several else self.unified_shifts(leaves)

    def unified_index(self, leaves: Sequence[Constant]) -> Moved | Constant:
        """The same for such arrays that stay: one, one that moves on, or rows of one."""
        first = leaves[0]
        if all(leaf is first for leaf in leaves):
            return first
        shifts = [leaf.array - first.array for leaf in leaves]
        if all((shift == shift.flat[0]).all() for shift in shifts):
            step = progression([int(shift.flat[0]) for shift in shifts])
            if isinstance(step, Step):
                return Moved(first, step)
        return Moved(*self.rows([leaf.array for leaf in leaves], first.name), several=True)

    def unified_shifts(self, leaves: Sequence[Moved]) -> Moved | None:
        """The same for such arrays that move on in loops within a step, by as much in each."""
        index = self.unified_index([leaf.constant for leaf in leaves])
        step = progression([leaf.step for leaf in leaves])
        if step is None or (isinstance(index, Moved) and index.several):
            return None
        return Moved(index, step) if isinstance(index, Constant) else Moved(index.constant, sum_of(index.step, step))

    def unified_rows(self, leaves: Sequence[Moved]) -> Moved | None:
        """The same for rows of arrays: of one, or of one in which the rows of all steps lie one after the other."""
        arrays, steps = [leaf.constant.array for leaf in leaves], [leaf.step for leaf in leaves]
        if any(array.shape != arrays[0].shape for array in arrays):
            return None
        if all(np.array_equal(array, arrays[0]) for array in arrays):
            step = progression(steps)
            return None if step is None else Moved(leaves[0].constant, step, several=True)
        step = progression([sum_of(step, len(arrays[0]) * i) for i, step in enumerate(steps)])
        carried, _ = self.rows(arrays, leaves[0].constant.name, np.concatenate)
        return None if step is None else Moved(carried, step, several=True)

    def unified_numbers(self, leaves: Sequence[Array]) -> Array:
        """The same for numbers and arrays of them: one, or items of an array with one for each step."""
        first = leaves[0]
        if all(leaf.info == first.info for leaf in leaves):
            return first
        arrays = [leaf.info.array if leaf.kind == "constant" else np.array(leaf.info) for leaf in leaves]
        stem = first.info.name if first.kind == "constant" else "c"
        carried, step = self.rows(arrays, stem)
        return item(constant(carried), step)

    def rows(self, arrays: Sequence[Any], stem: str, join: Callable[..., Any] = np.stack) -> tuple[Constant, Step]:
        """An array that the program carries along, and which of its items are these arrays, step by step."""
        key = join, *((array.shape, array.dtype.str, array.tobytes()) for array in arrays)
        turned = join, *key[:0:-1]
        if turned in self.constants and join is np.stack:
            return self.constants[turned], Step(len(arrays) - 1, ((OWN, -1),))
        if key not in self.constants:
            text = next(text for i in itertools.count(1) if (text := f"{stem}_{i}") not in self.taken)
            self.taken.add(text)
            self.constants[key] = Constant(text, join(arrays))
        return self.constants[key], Step(0, ((OWN, 1),))

    def unified_names(self, run: Run, leaves: Sequence[Array]) -> Array | None:
        """The same for names: what all steps read, what a step has made, or views that move on."""
        texts = [str(leaf.info) for leaf in leaves]
        last = self.now.key(run, texts[-1])
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

    def made_before(self, run: Run, texts: Sequence[str], last: tuple[int, Key]) -> Array | None:
        """What the same statement has made, as many steps before; the first steps read what was there before."""
        back, key = run.count - 1 - last[0], last[1]
        made = [self.now.key(run, text) for text in texts]
        if made[back:] != [(step, key) for step in range(run.count - back)] or any(made[:back]):
            return None
        family = run.families[key]
        for step, text in enumerate(texts[:back]):
            inside = text in self.views and self.made_inside(run, text)
            if inside or family.before.setdefault(step - back, text) != text:
                return None
        return ref(family, Step(-back, ((OWN, 1),)))

    def made_inside(self, run: Run, text: str) -> bool:
        """Whether a run defines a name, or what it is a view of."""
        if text in self.views:
            return any(self.made_inside(run, below) for below in self.views[text].names)
        return self.now.key(run, text) is not None

    def unified_views(self, run: Run, texts: Sequence[str]) -> Array | None:
        """Views that are written out."""
        values = [self.views[text] for text in texts if text in self.views]
        lists: list[list[Leaf]] = [[] for _ in values]
        patterns = {opened(value, leaves) for value, leaves in zip(values, lists, strict=True)}
        if len(values) < len(texts) or len(patterns) > 1:
            return None
        leaves = [self.unified(run, leaf) for leaf in zip(*lists, strict=True)]
        return None if None in leaves else closed(values[0], iter(leaves))


def in_one_piece(
    lines: Sequence[Line], once: Collection[str], blocks: Collection[str],
) -> tuple[list[Line], dict[Line, list[Let]]]:
    """The lines with long sums in one piece, and of each such sum the statements that it was before.

    `once` are the names of parts, which are defined and read once; two that are blocks stay as they are.
    """
    kept: dict[str | Line, Line] = {}
    pieces: dict[Line, list[Let]] = {}
    for line in lines:
        if not isinstance(line, Let):
            kept[line] = line
            continue
        first = line.value
        while first.kind in CHAIN:
            first = first.args[0]
        part = kept.get(first.info) if first.kind == "name" and first.info in once else None
        if line.value.kind in CHAIN and isinstance(part, Let) and part.value.kind in CHAIN:
            del kept[first.info]
            whole = Let(line.name, with_first_term(line.value, part.value))
            pieces[whole] = [*pieces.pop(part, [part]), line]
            line = whole
        kept[line.name.info if line.name.info in once else line] = line
    short = {whole for whole, parts in pieces.items() if len(parts) < FEWEST and parts[0].name.info in blocks}
    return ([line for whole in kept.values() for line in (pieces[whole] if whole in short else [whole])],
            {whole: parts for whole, parts in pieces.items() if whole not in short})


def with_first_term(array: Array, first: Array) -> Array:
    """A chain of additions and subtractions that begins with another term."""
    if array.kind not in CHAIN:
        return first
    return Array(array.kind, (with_first_term(array.args[0], first), array.args[1]), None, array.shape, array.dtype)


def is_view_of_name(array: Array) -> bool:
    """Whether an array is another one that has a name, or a view of it."""
    return array.kind in ("name", *VIEWS) and source_of(array).kind == "name"


def sum_of(one: Position, other: Position) -> Position:
    """Two positions, added up."""
    if isinstance(one, int):
        return one + other if isinstance(other, int) else other.plus(one)
    if isinstance(other, int):
        return one.plus(other)
    terms = {index: one.by(index) + other.by(index) for index, _ in (*one.terms, *other.terms)}
    return stepping(one.start + other.start, terms)


def is_even(first: Ints, second: Ints, third: Ints) -> bool:
    """Whether numbers move on by as much twice."""
    return len(first) == len(second) == len(third) and not (third - 2 * second + first).any()


def runs_of(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Where runs of what is true begin and end."""
    edges = np.flatnonzero(np.diff([False, *flags, False]))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def in_turn(candidates: list[Candidate]) -> list[Candidate]:
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


def inner_first(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates, with those last whose steps have loops in them."""
    begins, periods, lengths = np.array(candidates, np.int64).reshape(-1, 3).T
    outer = [bool(((periods < period) & (lengths < 2 * period) & (begin <= begins) & (
        begins + lengths <= begin + length)).any()) for begin, period, length in candidates]
    return [candidate for last in (False, True) for candidate, is_outer in zip(
        candidates, outer, strict=True) if is_outer is last]


def disjoint_runs(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The candidates that save most, of which none lies over another."""
    taken: list[tuple[int, int]] = []
    chosen = []
    for begin, period, length in candidates:
        if all(begin + length <= start or end <= begin for start, end in taken):
            taken.append((begin, begin + length))
            chosen.append((begin, period, length))
    return chosen


def besides(candidates: Sequence[Candidate], run: Run) -> list[Candidate]:
    """What is left of candidates before or behind a run, where that repeats often enough."""
    left = []
    for begin, period, length in candidates:
        for start, end in ((begin, min(begin + length, run.begin)), (max(begin, run.end), begin + length)):
            if end - start >= FEWEST * period:
                left.append((start, period, end - start))
    return left
