"""A function with loops: what repeats in its statements is written once, and what the steps make is kept for others.

Where only the same step and the next one read an array, a variable will do, which each step replaces. What others read,
such as the states that the backward half needs, lies in a stack: an array with one more axis, that of the steps.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    For,
    Let,
    Line,
    Moved,
    Position,
    Statement,
    Step,
    Store,
    broadcast,
    constants_in,
    copy,
    empty,
    item,
    items,
    like,
    name,
    names_in,
    nodes,
    reduce,
    source_of,
    target_of,
    without_loops,
)
from autograd.compiler.arrays.array import (
    part as sliced,
)
from autograd.compiler.arrays.axes import by_axes, multiple
from autograd.compiler.arrays.ends import Completed, Sample, Unfit, computes_the_same, ends, largest_scale
from autograd.compiler.arrays.function import Function
from autograd.compiler.arrays.looped import Looped, loops_in
from autograd.compiler.arrays.names import RESERVED
from autograd.compiler.arrays.repeats import (
    OWN,
    Family,
    Rolling,
    Run,
    changed,
    defined_by,
    leaves_of,
    mapped,
    ref,
)
from autograd.compiler.arrays.weights import with_weights
from autograd.compiler.blocks.recurrence import FEWEST

MOST = 4
"""So many arrays of each step are looked for side by side, at most."""

FEW = 1500
"""Of at most so many statements loops in the steps of others are looked for: it takes the square of their number."""

TRIED, SAVED = 24, 2
"""So many steps beside loops are tried, at most, and so many lines must be saved by each that becomes one of a loop."""

INDICES = ("t", "i", "j", "k")
"""What the number of a step is called: the first that is free."""

OF_LAYERS = ("l", *INDICES)
"""The same for a loop of loops of which each step has parameters of its own."""

WITHIN = ("k", "j", "i")
"""What the index of a loop is called from then on when a loop around it takes its name."""


def looped(made: Function) -> Looped:
    """A function as it is read: with loops in the places of what repeats, and with names for weights of steps.

    Where that does not compute the same it stays without loops.
    """
    read = with_axes(with_weights(rolled(made), made))
    if not read.loops or computes_the_same(read.lines, read.results, made):
        return read
    return with_axes(with_weights(unrolled(made), made))


def rolled(made: Function) -> Looped:
    """A function with loops in the places of what repeats; where loops repeat, with loops of loops.

    Loops in the steps of others are looked for first, too; if there are such, what has fewer statements is taken.
    """
    found, flat = with_ends(made)
    if not found.runs:
        return flat
    flat = folded(found.made, flat)
    if len(made.statements) > FEW:
        return flat
    nested = folded(made, written(made, inner=True)[1])
    return nested if nested.depth > 1 and nested.length < flat.length else flat


def with_axes(read: Looped) -> Looped:
    """A function in which views are read as axes of arrays."""
    views, places = ([replace(let, value=in_axes(let.value)) for let in lets] for lets in (read.views, read.places))
    forward, backward = (list(map(line_in_axes, half)) for half in (read.forward, read.backward))
    results = list(map(in_axes, read.results))
    return replace(read, views=views, places=places, forward=forward, backward=backward, results=results)


def line_in_axes(line: Line) -> Line:
    """A line in which views are read so; where it writes to one it stays, since NumPy may copy to reshape."""
    if isinstance(line, For):
        return replace(line, body=list(map(line_in_axes, line.body)))
    return replace(line, value=in_axes(line.value))


def in_axes(array: Array) -> Array:
    """A tree in which views are read so."""
    args = tuple(map(in_axes, array.args))
    same = array if args == array.args else Array(array.kind, args, array.info, array.shape, array.dtype)
    said = by_axes(same) if same.kind == "view" else multiple(same) if same.kind == "reduce" else None
    return same if said is None else said


def folded(made: Function, read: Looped) -> Looped:
    """A function with loops of loops in the places of those that repeat."""
    while True:
        found, again = written(made, read)
        if not found.runs:
            return read
        read = again


def with_ends(made: Function) -> tuple[Rolling, Looped]:
    """The runs of a function and how it is written with them, the first and last steps too if that is shorter."""
    found, best = before, first = written(made)
    tried, scale = 0, largest_scale(made) if before.runs else 1.0
    while found.runs and tried < TRIED:
        sample = Sample(found.made, scale)
        for run, step in ends(found):
            tried += 1
            shorter = completed(found, best, run, step, sample)
            if shorter is not None:
                found, best = shorter
                break
        else:
            break
    saves = best.length + SAVED <= first.length
    return (found, best) if saves and computes_the_same(best.lines, best.results, made) else (before, first)


def written(made: Function, read: Looped | None = None, inner: bool = False) -> tuple[Rolling, Looped]:
    """The runs of a function, or of how it is written so far, and how it is written with them."""
    read = read or unrolled(made)
    found = Rolling(made, (read.forward, read.backward), read.results, inner)
    halves = [found.half(half) for half in found.halves]
    return found, Writer(read, found, halves).result() if found.runs else read


def completed(found: Rolling, best: Looped, run: Run, step: int, sample: Sample) -> tuple[Rolling, Looped] | None:
    """The same with one more step of a run, if that can be said and is shorter."""
    try:
        made = Completed(found, run, step, sample).function()
    except Unfit:
        return None
    if made is None:
        return None
    shorter = written(made)
    more = sum(run.count for run in shorter[0].runs) > sum(run.count for run in found.runs)
    return shorter if more and shorter[1].length <= best.length else None


def unrolled(made: Function) -> Looped:
    """A function as it is, without loops."""
    return Looped(made.kind, made.arguments, made.views, [*made.forward], made.start, made.places, [*made.backward],
                  made.results)


# ── statements that read what loops have made ────────────────────────────────────────────────


def refs(*arrays: Array) -> list[tuple[Family, Position]]:
    """The families that arrays read, with the steps; what only lends its shape is not read."""
    found = []
    for array in arrays:
        if array.kind == "ref":
            found.append(array.info)
        elif array.kind != "like":
            found += refs(*array.args)
    return found


def gathered(array: Array) -> Array:
    """A sum of what many steps have made, or those side by side, as that of a stack; else the array itself."""
    if array.kind == "concatenate":
        one, *others = array.args
        if others and one.shape[-1] == 1 and all(other.key == one.key for other in others):
            return broadcast(one, array.shape)
        side_by_side = tuple(together(woven(array.args, len(array.shape))))
        return Array("concatenate", side_by_side, None, array.shape, array.dtype)
    if array.kind is ops.sub:
        rest, taken_away = array.args
        whole = gathered(rest)
        return array if whole is rest else Array(ops.sub, (whole, taken_away), None, array.shape, array.dtype)
    terms = terms_of(array)
    first: dict[Any, int] = {}
    places = [first.setdefault(term.info[0] if is_made(term) else term, i) for i, term in enumerate(terms)]
    shorter = together([term for _, term in sorted(zip(places, terms, strict=True), key=lambda pair: pair[0])])
    if len(shorter) == len(terms):
        return array
    total: Any = None
    for term in shorter:
        value = reduce(ops.sum, term, (0,)) if source_of(term).kind == "refs" else term
        total = value if total is None else total + value
    return total if isinstance(total, Array) else array


def with_sums(line: Line) -> Line:
    """A line in which what many steps have made is added up, or lies side by side, as a stack; or the line itself."""
    if isinstance(line, For):
        return replace(line, body=[with_sums(one) for one in line.body])
    value = gathered(line.value)
    return line if value is line.value else replace(line, value=value)


def with_stacks(array: Array) -> Array:
    """A tree in which what many steps have made is read from a stack wherever it lies side by side."""
    if array.kind == "concatenate":
        return gathered(array)
    args = tuple(map(with_stacks, array.args))
    return array if args == array.args else Array(array.kind, args, array.info, array.shape, array.dtype)


def terms_of(array: Array) -> list[Array]:
    """The terms of a chain of additions."""
    terms, waiting = [], [array]
    while waiting:
        term = waiting.pop()
        if term.kind is ops.add and term.shape == array.shape:
            waiting += reversed(term.args)
        else:
            terms.append(term)
    return terms


def piece(array: Array) -> tuple[Array, Any]:
    """What a step has made, and which of its items or columns an array is, if not all."""
    read = array.kind in ("part", "item", "items") and is_made(array.args[0])
    return (array.args[0], (array.kind, array.info)) if read else (array, None)


def is_made(array: Array) -> bool:
    """Whether an array is what one step has made, the same in each step of a loop that reads it."""
    return array.kind == "ref" and isinstance(array.info[1], int)


def piece_of(stack: Array, run: Any) -> Array:
    """The same items or columns of the arrays of several steps, or of one, if it is but one."""
    if run is None:
        return stack
    kind, info = run
    if kind == "part":
        return sliced(stack, *info)
    if kind == "item" and stack.kind != "refs":
        return item(stack, info)
    info = (info,) if kind == "item" else info
    if stack.kind == "refs":
        _, first, last = stack.info
        info = ((0, abs(last - first) + 1, False), *info)
    return items(stack, *info)


def together(arrays: Sequence[Array]) -> list[Array]:
    """Arrays, with one in the place of those, or of parts of those, that steps of a loop have made in order."""
    result: list[tuple[Array, Any]] = []
    for array in arrays:
        made, run = piece(array)
        if is_made(made):
            (family, step), (before, same) = made.info, result[-1] if result else (array, None)
            if before.kind == "refs" and same == run and is_next(before, made):
                result.pop()
                made = slices(family, before.info[1], step)
            else:
                made = slices(family, step, step)
        result.append((made, run))
    return [piece_of(one, run) for made, run in result for one in separate(made)]


def woven(arrays: Sequence[Array], rank: int) -> list[Array]:
    """Arrays, with one in the place of several that each step of a loop has made, step by step.

    They have so many axes, or more, if they are stacks themselves.
    """
    result: list[Array] = []
    begin = 0
    while begin < len(arrays):
        several, end = arrays[begin], begin + 1
        for period in range(2, MOST + 1):
            steps = 1
            while follow(arrays[begin + (steps - 1) * period : begin + (steps + 1) * period], period):
                steps += 1
            if steps >= FEWEST:
                end = begin + steps * period
                several = of_steps(arrays[begin : begin + period], arrays[end - period : end], rank)
                break
        result.append(several)
        begin = end
    return result


def follow(arrays: Sequence[Array], number: int) -> bool:
    """Whether arrays are so many of one step, and as many of the step after or before it."""
    pairs = [(piece(a), piece(b)) for a, b in zip(arrays, arrays[number:], strict=False)]
    if len(pairs) < number or not all(is_made(a) and is_made(b) for (a, _), (b, _) in pairs):
        return False
    return all((a.info[0], run) == (b.info[0], other) for (a, run), (b, other) in pairs) and (
        {b.info[1] - a.info[1] for (a, _), (b, _) in pairs} in ({1}, {-1}))


def of_steps(first: Sequence[Array], last: Sequence[Array], rank: int) -> Array:
    """Several arrays of each step, from the first step to the last, or backwards."""
    stacks = []
    for (made, run), (end, _) in zip(map(piece, first), map(piece, last), strict=True):
        family = made.info[0]
        family.stacked = True
        stacks.append(piece_of(slices(family, made.info[1], end.info[1]), run))
    shape = stacks[0].shape
    return Array("woven", tuple(stacks), None, (shape[0], *shape[len(shape) - rank :]), stacks[0].dtype)


def separate(array: Array) -> list[Array]:
    """Too few steps for a stack, one by one."""
    if array.kind != "refs":
        return [array]
    family, first, last = array.info
    if abs(last - first) + 1 < FEWEST:
        way = 1 if last >= first else -1
        return [ref(family, step) for step in range(first, last + way, way)]
    family.stacked = True
    return [array]


def is_next(steps: Array, array: Array) -> bool:
    """Whether an array is that of the step after some, or before them where these go backwards."""
    (family, first, last), (other, step) = steps.info, array.info
    return family is other and step - last in ((1, -1) if first == last else (1 if last > first else -1,))


def slices(family: Family, first: int, last: int) -> Array:
    """The arrays of several steps, from the first to the last, or backwards, as one with one more axis."""
    return Array("refs", (), (family, first, last), (abs(last - first) + 1, *family.array.shape), family.array.dtype)


class Writer:
    """The lines of a function with loops, once all runs are known."""

    def __init__(self, made: Looped, found: Rolling, halves: Sequence[Sequence[Line | Run]]) -> None:
        self.made = made
        self.found = found
        self.given = {let.name.info for let in (*self.made.views, *self.made.places)}
        self.zeros = any(isinstance(s, Store) and s.adds and s.target in found.parted
                         for half in halves for part in half if isinstance(part, Run) for s in without_loops(part.body))
        self.named: set[str] = set()
        self.stored = {target_of(s) for s in without_loops((*self.made.forward, *self.made.backward))
                       if isinstance(s, Store)}
        self.halves = [self.read_anew(half) for half in halves]
        self.results = [with_stacks(self.known(result)) for result in self.made.results]
        runs = [[part for part in half if isinstance(part, Run)] for half in self.halves]
        self.runs = [*itertools.chain(*runs)]
        for half, several in enumerate(runs):
            for run in several:
                directed(run, backwards=half > 0)
        targets = [source_of(s.place) for half in self.halves for part in half for s in without_loops(
            part.body if isinstance(part, Run) else [part]) if isinstance(s, Store)]
        self.filled = {target.info[0] for target in targets if target.kind == "ref"}
        """The families that something is stored in."""
        self.decide()
        for run in self.runs:
            in_order(run)
        self.name_all()
        self.begun: set[Family] = set()

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def known(self, array: Array) -> Array:
        """An array outside loops, which reads what they have made.

        Another name of an array is kept for the reader; but not one of many, nor where arrays lie side by side.
        """
        def read(leaf: Any) -> Any:
            same = self.found.same(leaf)
            if not (isinstance(same, Array) and same.kind == "name"):
                return leaf
            if same.info in self.found.members:
                return ref(*self.found.members[same.info])
            return leaf if self.is_kept(leaf.info) and array.kind != "concatenate" else same

        return changed(array, read)

    def is_kept(self, text: str) -> bool:
        """Whether a name is to be read: not that of another name."""
        value = self.found.views.get(text)
        return value is None or value.kind != "name" or self.found.meant(value.info) == value.info

    def read_anew(self, half: Sequence[Line | Run]) -> list[Line | Run]:
        """The parts of a half, which read what loops have made; views are named where they are first read."""
        result: list[Line | Run] = []
        for part in half:
            if not isinstance(part, (Run, For)):
                part = self.with_parts(part)
            beside = isinstance(part, Let) and part.value.kind == "concatenate"
            for text in names_of(part):
                meant = self.found.meant(text)
                if meant not in self.found.members:
                    result += self.named_views(meant if beside or not self.is_kept(text) else text)
            if isinstance(part, Run):
                part.body = [with_sums(mapped(line, self.known)) for line in part.body]
                result.append(part)
                continue
            line = mapped(part, self.known)
            whole = with_sums(line)
            if whole is line and part in self.found.pieces:
                result += [mapped(piece, self.known) for piece in self.found.pieces[part]]
            else:
                if isinstance(whole, Let) and whole.value.kind == "broadcast" and target_of(whole) in self.stored:
                    whole = replace(whole, value=copy(whole.value))
                result.append(whole)
        return result

    def with_parts(self, statement: Statement) -> Statement:
        """A statement in which the views of what many steps have made are written out, where they lie side by side."""
        def written_out(array: Array) -> Array:
            args = tuple(map(written_out, array.args))
            if array.kind == "concatenate":
                views = [self.view_of_step(arg) for arg in args]
                steps = Counter(family for family, _ in views)
                args = tuple(view if family and steps[family] >= FEWEST else arg
                             for arg, (family, view) in zip(args, views, strict=True))
            return array if args == array.args else Array(array.kind, args, array.info, array.shape, array.dtype)

        value = written_out(statement.value)
        return statement if value is statement.value else replace(statement, value=value)

    def view_of_step(self, array: Array) -> tuple[Family | None, Array]:
        """The family of what a name is a view of, and this view, if it is one of what a step has made."""
        view = self.found.views.get(array.info, array) if array.kind == "name" else array
        member = self.found.members.get(self.found.meant(source_of(view).info)) if view.args else None
        return member and member[0], view

    def named_views(self, text: str) -> list[Let]:
        """The statements that name a view, and what it is a view of, if they are not there yet."""
        if text not in self.found.views or text in self.named or text in self.given:
            return []
        self.named.add(text)
        value = self.found.views[text]
        return [*(let for below in value.names for let in self.named_views(below)),
                Let(name(text, value.shape, value.dtype), self.known(value))]

    # ── where what steps define is kept ──────────────────────────────────────────────────────

    def decide(self) -> None:
        """Say which families must be stacks: those of which others than this step and the next read arrays."""
        done: set[Run] = set()
        for part in (*itertools.chain(*self.halves), *self.results):
            if isinstance(part, Run):
                done.add(part)
            for family, step in refs(*arrays_of(part)):
                if isinstance(step, int):
                    family.stacked |= step != (family.run.count - 1 if family.run in done else -1)
                else:
                    family.stacked |= family.run is not part or step.start < -1

    def name_all(self) -> None:
        """Names for what loops define, and for their indices: short ones where they are free."""
        parts = [*itertools.chain(*self.halves), *self.results]
        taken = set(RESERVED) | {array.info for array in self.made.arguments} | {
            loop.index for loop in loops_in(self.made.lines)}
        for part in parts:
            taken |= set(names_of(part))
            if not isinstance(part, (Array, Run)):
                taken |= {array.info for array in defined_by(part) if array.kind == "name"}
        indices = {loop.index for loop in loops_in(self.made.lines)}
        for run in self.runs:
            name_index(run, taken - indices)
        families = [family for run in self.runs for family in run.families.values()]
        stems = Counter(family.array.info.rstrip("0123456789_") for family in families)
        for family in families:
            own = family.array.info
            stem = own.rstrip("0123456789_")
            short = next((text for text in (stem, f"{stem}_{family.run.index}") if text not in taken), own)
            family.name = short if stems[stem] == 1 else own
            taken.add(family.name)

    # ── writing ──────────────────────────────────────────────────────────────────────────────

    def result(self) -> Looped:
        """The function."""
        forward, backward = ([line for part in half for line in self.lines(part)] for half in self.halves)
        results = list(map(self.kept, self.results))
        lines = [*forward, *backward]
        used = {text for line in lines for array in line.arrays for text in array.names}
        used |= {line.target for line in without_loops(lines) if isinstance(line, Store)}
        used |= {text for array in results for text in array.names}
        views, places = ([let for let in lets if let.name.info in used]
                         for lets in (self.made.views, self.made.places))
        start = self.made.start
        if start is not None and self.zeros:
            start = Let(start.name, like(start.value.args[0]))
        name_tables(self.found, [array for line in lines for array in line.arrays])
        kept = {text: family.at(step) for text, (family, step) in self.found.members.items()}
        for text, value in self.found.views.items():
            meant = self.found.meant(text)
            is_read = self.is_kept(text) and text in self.named | self.given
            if value.kind == "name" and (meant in kept or not is_read):
                kept[text] = kept.get(meant, name(meant, value.shape, value.dtype))
        # A stack may have the name that its first array had, which is in it.
        kept |= {text: self.kept(self.known(array)) for text, array in self.made.kept.items()}
        return Looped(self.made.kind, self.made.arguments, views, forward, start, places, backward, results, kept)

    def lines(self, part: Line | Run) -> list[Line]:
        """A line as it is written, or a run as a loop, after the stacks that it needs."""
        if isinstance(part, Run):
            return [*(line for family in part.families.values() for line in self.before(family)), *self.loop(part)]
        begun = [line for array in defined_by(part) if array.kind == "ref" for line in self.begin(array.info[0])]
        return [*begun, *self.written(part)]

    def written(self, line: Line, run: Run | None = None) -> list[Line]:
        """A line that reads and defines arrays where they are kept; to make room for one in a stack is no line."""
        if isinstance(line, For):
            index = run.inner.get(line.index, line.index) if run else line.index
            return [replace(line, index=index, body=[one for each in line.body for one in self.written(each, run)])]
        place = self.kept(line.name if isinstance(line, Let) else line.place, run)
        value = self.kept(line.value, run)
        if isinstance(line, Store):
            return [Store(place, value, line.adds)]
        if value.kind == "copy" and (place.kind != "name" or not self.is_filled(line.name)):
            (value,) = value.args
        if place.kind == "name":
            return [Let(place, value)]
        value = value.args[0] if value.kind == "full" else value
        return [] if value.kind == "empty" else [Store(place, value, adds=False)]

    def is_filled(self, array: Array) -> bool:
        """Whether something is stored in an array, or in one that has its name in another step."""
        family = array.info[0] if array.kind == "ref" else None
        return family in self.filled or array.info in self.stored

    def begin(self, family: Family) -> list[Line]:
        """The statement that makes a stack, once."""
        if not family.stacked or family in self.begun:
            return []
        self.begun.add(family)
        return [Let(family.stack, empty(family.stack))]

    def before(self, family: Family) -> list[Line]:
        """What comes before the first step: a stack, and what it begins with, if that has a name of its own."""
        own = [(step, text) for step, text in sorted(family.before.items())
               if self.found.members.get(text) != (family, step)]
        return [*self.begin(family), *(line for step, text in own for line in self.written(
            Let(ref(family, step), self.known(self.first(family, text)))))]

    def first(self, family: Family, text: str) -> Array:
        """What a loop begins with: a copy, where the name is that of a view."""
        own = self.found.meant(text)
        if own in self.found.views:
            return copy(self.written_out(self.found.views[own]))
        return name(own, family.array.shape, family.array.dtype)

    def written_out(self, array: Array) -> Array:
        """An array in which what views are of has no name of its own: none may have been written down there."""
        def read(leaf: Any) -> Any:
            is_view = isinstance(leaf, Array) and leaf.kind == "name" and leaf.info not in self.given
            return self.written_out(self.found.views[leaf.info]) if is_view and leaf.info in self.found.views else leaf

        return changed(array, read)

    def loop(self, run: Run) -> list[Line]:
        """A run as a loop."""
        body = [written for line in run.body for written in self.written(line, run)]
        start = run.first - run.count + 1 if run.backwards else run.first
        return [For(run.index, start, start + run.count, run.backwards, body)]

    def kept(self, array: Array, run: Run | None = None) -> Array:
        """An array that reads what steps define where that is kept, and positions by the index of its loop."""
        def read(leaf: Any) -> Any:
            if isinstance(leaf, Array) and leaf.kind == "ref":
                family, step = leaf.info
                leaf = family.at(step)
            return leaf if run is None else by_index(leaf, run)

        return unstacked(changed(array, read))


def name_index(run: Run, taken: Collection[str]) -> None:
    """Name the index of a run, and anew those of loops in it that have this name."""
    within = {loop.index for loop in loops_in(run.body)}
    letters = OF_LAYERS if within and run.by_weights else INDICES
    run.index = first_free(letters, taken)
    if run.index in within:
        run.inner[run.index] = first_free(WITHIN, {*taken, *within})


def first_free(letters: Sequence[str], taken: Collection[str]) -> str:
    """The first of some letters that is no name yet, or such a letter with a number."""
    numbered = map(f"{letters[0]}{{}}".format, itertools.count())
    return next(text for text in itertools.chain(letters, numbered) if text not in taken)


def name_tables(found: Rolling, arrays: Sequence[Array]) -> None:
    """Let the tables of steps have the names of the arrays in whose place they are, where nobody reads these."""
    used = constants_in(node for array in arrays for node in nodes(array))
    made = {id(table) for table in found.constants.values()}
    taken = {constant.name for constant in used if id(constant) not in made}
    free = sorted({constant.name for constant in found.before} - taken, key=lambda text: (len(text), text))
    for table in used:
        letters = table.name.rstrip("0123456789_")
        text = next((text for text in free if text.rstrip("0123456789_") == letters), None)
        if id(table) in made and text is not None:
            table.name = text
            free.remove(text)


def unstacked(array: Array) -> Array:
    """The arrays of several steps as a slice of their stack, and slices of these as one."""
    if array.kind == "refs":
        family, *steps = array.info
        first, last = map(family.place, steps)
        return items(family.stack, (min(first, last), max(first, last) + 1, first > last))
    args = tuple(map(unstacked, array.args))
    if array.kind == "items" and args[0].kind == "items":
        ((first, *_), (_, *others)), (stack,) = (args[0].info, array.info), args[0].args
        return items(stack, first, *others)
    return Array(array.kind, args, array.info, array.shape, array.dtype)


def by_index(leaf: Any, run: Run) -> Any:
    """A leaf whose positions are by step as one by the index of the loop."""
    if isinstance(leaf, Array) and leaf.kind == "item":
        return item(leaf.args[0], run.by_index(leaf.info))
    if isinstance(leaf, Moved):
        return replace(leaf, step=run.by_index(leaf.step))
    return run.by_index(leaf) if isinstance(leaf, Step) else leaf


def arrays_of(part: Line | Run | Array) -> list[Array]:
    """The arrays of a line, or of those in a run."""
    if isinstance(part, Array):
        return [part]
    return [array for line in (part.body if isinstance(part, Run) else [part]) for array in line.arrays]


def names_of(part: Line | Run | Array) -> list[str]:
    """The names that a line reads, or those in a run."""
    return names_in(*arrays_of(part))


def directed(run: Run, backwards: bool) -> None:
    """Let the index go the way in which positions move: that of what other loops have made, else that of slices.

    Where none moves, the index goes `backwards` in the backward half.
    """
    moving = [family.place(step) for family, step in refs(*arrays_of(run)) if family.run is not run]
    found = [step for step in moving if isinstance(step, Step)]
    steps = [step for step in found or leaves_of(*arrays_of(run)) if isinstance(step, Step) and step.by(OWN)]
    run.backwards = sum(1 if step.by(OWN) > 0 else -1 for step in steps) < 0 if steps else backwards
    if run.backwards:
        run.first = max([step.start for step in steps if step.by(OWN) == -1], default=run.count - 1)
    else:
        run.first = max([len(family.before) for family in run.families.values()], default=0)


# ── the order of a step ──────────────────────────────────────────────────────────────────────


def in_order(run: Run) -> None:
    """Let statements that read what the step before has made come before the one that replaces it; else stack it."""
    readers: dict[Any, set[Line]] = {}
    for statement in run.body:
        for read in read_at(statement):
            readers.setdefault(read, set()).add(statement)
    for family in run.families.values():
        mine = readers.get((family, -1), set())
        for statement in [one for one in run.body if one in mine]:
            place, position = place_of(run, family), run.body.index(statement)
            if family.stacked or position < place:
                continue
            if position == place:
                family.stacked |= isinstance(statement, For)  # its first step would replace what the next one reads
            elif all(may_change_places(other, statement, family) for other in run.body[place:position]):
                run.body.insert(place, run.body.pop(position))
            else:
                family.stacked = True


def place_of(run: Run, family: Family) -> int:
    """Where a family is first defined in the body."""
    return next(i for i, line in enumerate(run.body) if any(array.info[0] is family for array in defined_by(line)))


def read_at(line: Line) -> set[Any]:
    """What a line reads: families with the steps, and names."""
    found: set[Any] = set(names_in(*line.arrays))
    return found | {(family, step.start if isinstance(step, Step) else step) for family, step in refs(*line.arrays)}


def written_at(line: Line) -> set[Any]:
    """What a line defines, or writes to: a variable that it defines is no longer what the step before made."""
    found: set[Any] = set()
    for statement in without_loops([line]):
        if isinstance(statement, Let):
            family, _ = statement.name.info
            found |= {(family, 0)} if family.stacked else {(family, 0), (family, -1)}
        else:
            target = source_of(statement.place.args[0] if statement.place.kind == "take" else statement.place)
            found.add((target.info[0], target.info[1].start) if target.kind == "ref" else target.info)
    return found


def may_change_places(before: Line, after: Line, family: Family) -> bool:
    """Whether two lines may come the other way around; what the step before made of a family counts as kept."""
    a, b = written_at(before) - {(family, -1)}, written_at(after)
    both = a.isdisjoint(b) or (isinstance(before, Let) and isinstance(after, Let))
    return a.isdisjoint(read_at(after)) and b.isdisjoint(read_at(before)) and both
