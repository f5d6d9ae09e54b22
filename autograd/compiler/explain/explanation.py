"""Explain a line of a program: which scalars it adds and multiplies, where they come from, how it became matrices."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arguments import Batch
from autograd.compiler.arrays.array import (
    Array,
    For,
    Let,
    Rows,
    Statement,
    Store,
    nodes,
    target_of,
    within_loops,
)
from autograd.compiler.arrays.function import Function
from autograd.compiler.arrays.interpret import Arrays, perform, run, sizes_of
from autograd.compiler.arrays.looped import Looped
from autograd.compiler.engine import Engine
from autograd.compiler.explain.entries import (
    Apply,
    Axis,
    Entry,
    Grid,
    Number,
    OneEntry,
    Read,
    Reduced,
    Scalar,
    Writer,
    axes_of,
    element,
    indices_in,
    rule,
    scalars,
)
from autograd.compiler.explain.nodes import parameters_of
from autograd.compiler.printers.to_numpy import Printer
from autograd.compiler.reading import Reading
from autograd.compiler.scalars.graph import Ints
from autograd.errors import SizeError, UsageError
from autograd.formula import Formula
from autograd.value import Value

FEW = 4
"""Longer sums are written with an ellipsis."""

WIDTH = 100

SAMPLE = 1_000_000
"""So many products at most are computed when a line is compared with its scalars."""


@dataclass(frozen=True, eq=False)
class Step:
    """What a line did when it ran: the arrays before it, and the one that it wrote after it."""

    arrays: Arrays
    after: Any


class Rule:
    """One line of a program as a rule over single numbers: `entry` is `value`, for all positions of the `axes`."""

    def __init__(self, statement: Statement, text: str, loops: Sequence[For], taken: Iterable[str]) -> None:
        self.statement = statement
        self.text = text
        """The line as the source has it."""
        self.loops = loops
        """Those that it is in, the outermost first."""
        place = statement.name if isinstance(statement, Let) else statement.place
        self.adds = not isinstance(statement, Let) and statement.adds
        self.entry, self.value, self.axes = rule(place, statement.value)
        self.writer = Writer({*taken, *(loop.index for loop in loops)})
        self.left = self.writer.text(self.entry)

    @cached_property
    def right(self) -> str:
        """The value of an entry as text."""
        return self.writer.text(self.value)

    @cached_property
    def reduced(self) -> list[Axis]:
        """The axes along which it reduces."""
        return list(dict.fromkeys(
            axis for one in scalars(self.value) if isinstance(one, Reduced) for axis in one.axes))

    @property
    def summed(self) -> list[Axis]:
        """The axes over which it adds up."""
        return [axis for one in scalars(self.value) if isinstance(one, Reduced) and one.op is ops.sum
                for axis in one.axes]

    def __str__(self) -> str:
        return f"{self.left} {'+=' if self.adds else '='} {self.right}"

    def ranges(self) -> str:
        """What its letters run over, and where it is in a loop."""
        inside = [self.entry, self.value]
        axes = dict.fromkeys([*self.axes, *(axis for one in inside for axis in axes_of(*indices_in(one)))])
        words = [self.writer.name(axis) + (" over the examples" if isinstance(axis.size, Rows) else
                                           f" = 0 … {axis.size - 1}") for axis in axes]
        for loop in self.loops:
            ends = (loop.stop - 1, loop.start) if loop.backwards else (loop.start, loop.stop - 1)
            words.append(f"in each step {loop.index} = {ends[0]} … {ends[1]}")
        return ", ".join(words)

    # ── numbers ──────────────────────────────────────────────────────────────────────────────

    def error(self, step: Step) -> float:
        """By how much the scalars, added up, differ from what the line wrote, relative to the largest number of it."""
        grid = Grid(step.arrays, [*self.axes, *self.reduced], self.sample(step.arrays))
        place = tuple(np.asarray(index) for index in map(grid.index, self.entry.indices))
        with np.errstate(all="ignore"):
            found = np.asarray(grid.value(self.value), dtype=float)
            if self.adds:
                found = np.asarray(step.arrays[self.entry.name])[place] + found
            wanted = np.asarray(step.after, dtype=float)[place]
            apart = np.where((found == wanted) | (np.isnan(found) & np.isnan(wanted)), 0.0, np.abs(found - wanted))
            largest = np.max(np.abs(step.after), where=np.isfinite(step.after), initial=1e-300)
            return float(np.max(apart, initial=0.0) / largest)

    def single(self, arrays: Arrays, axes: Sequence[Axis], last: bool) -> npt.NDArray[Any]:
        """What it would write if, along axes over which it adds up, only the last position counted, or the first."""
        sizes = sizes_of(tuple(axis.size for axis in axes), arrays)
        one = {axis: np.array([size - 1 if last else 0]) for axis, size in zip(axes, sizes, strict=True)}
        grid = Grid(arrays, [*self.axes, *self.reduced], one)
        result = np.zeros_like(np.asarray(arrays[self.entry.name]), dtype=float)
        result[tuple(np.asarray(index) for index in map(grid.index, self.entry.indices))] = grid.value(self.value)
        return result

    def sample(self, arrays: Arrays) -> dict[Axis, npt.NDArray[Any]]:
        """Positions along the axes of the entry, fewer than all where there would be too many products."""
        axes = [*self.axes, *self.reduced]
        size = dict(zip(axes, sizes_of(tuple(axis.size for axis in axes), arrays), strict=True))
        rng, chosen = np.random.default_rng(0), {axis: np.arange(size[axis]) for axis in self.axes}
        while np.prod([float(size[axis]) for axis in size]) > SAMPLE:
            longest = max(self.axes, key=size.__getitem__, default=None)
            if longest is None or size[longest] == 1:
                break
            size[longest] = (size[longest] + 1) // 2
            chosen[longest] = np.sort(rng.choice(chosen[longest], size[longest], replace=False))
        return chosen

    def at(self, where: tuple[int, ...], arrays: Arrays) -> dict[Any, int] | None:
        """The positions along its axes at which it writes an entry, and of its loops; None where it does not."""
        steps: dict[Any, int] = {loop.index: int(arrays[loop.index]) for loop in self.loops}
        grid = Grid(arrays, self.axes, {})
        hit = np.ones([grid.size(axis) for axis in self.axes], bool)
        for index, wanted in zip(self.entry.indices, where, strict=True):
            hit &= np.asarray(grid.index(index)) == wanted
        found = np.argwhere(hit)
        return None if not len(found) else steps | dict(zip(self.axes, found[0].tolist(), strict=True))


@dataclass(frozen=True)
class Source:
    """Where a line of the backward half comes from: what reads the array, how steeply, and the rule in words."""

    reader: str
    """The line of the forward half."""
    slope: str
    sentence: str


class Explanation:
    """What one array of a program stands for: `Program.explain` makes it, `viz.draw` draws the scalars of an entry.

    `rules` are its lines as rules over single numbers, one for each statement that computes it or adds to it. Printed,
    it says also where a gradient comes from (`sources`), and why a line is a product of matrices (`forms`).
    """

    def __init__(self, name: str, lines: Lines) -> None:
        self.name = name
        self._lines = lines
        self.rules: tuple[Rule, ...] = tuple(lines.rules_of(name))

    @property
    def numbers(self) -> npt.NDArray[Any]:
        """The array, for the examples that the program was given."""
        return np.asarray(self._lines.arrays[self.name])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array, for the examples that the program was given."""
        return self.numbers.shape

    @property
    def of(self) -> str:
        """What it is the gradient of; nothing for an array of the forward half."""
        return self._lines.gradient_of.get(self.name, "")

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Where the lines of a gradient come from, by the chain rule."""
        return tuple(source for one in self.rules for source in self._lines.sources(self.of, one))

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """Why the lines are the products of matrices, transposes and sums that they are."""
        return tuple(dict.fromkeys(text for one in self.rules for text in forms(one)))

    @property
    def error(self) -> float:
        """The largest difference between an entry added up by its rule and the array, relative to its largest number.

        Every entry is compared, or a sample of them where there are millions of products.
        """
        return max([one.error(step) for one in self.rules for step in self._lines.steps[one.statement]], default=0.0)

    def terms(self, *where: int) -> list[str]:
        """One entry, as each line that writes it does: its scalars by name. Without positions it is the first entry."""
        return [str(at.value(one.value)) for one, at, _ in self._at(
            where, lambda name, place, table: Formula(element(name, place)), FEW)]

    def first_entry(self) -> list[str]:
        """The first entry as its lines write it, with the name of the entry."""
        if 0 in self.shape:
            return []
        entry = element(self.name, (0,) * len(self.shape))
        return [f"{entry} {'+=' if number else '='} {text}" for number, text in enumerate(self.terms())]

    def scalars(self, *where: int) -> Value:
        """One entry as a graph of Values, with the names and numbers of the scalars behind it; `viz.draw` draws it.

        Without positions it is the first entry. Raises `SizeError` for positions that the array does not have.
        """
        known: dict[tuple[Any, ...], Value] = {}

        def read(name: str, place: tuple[int, ...], table: Any) -> Value:
            key = (name, place)
            if key not in known:
                array = current[0] if table is None else {name: table.array}
                known[key] = Value(float(np.asarray(array[name])[place]), element(name, place))
            return known[key]

        current: list[Arrays] = [{}]
        parts = []
        for one, at, current[0] in self._at(where, read):
            part = at.value(one.value)
            parts.append(part if isinstance(part, Value) else Value(float(part)))
        total = parts[0] if len(parts) == 1 else ops.sum(parts) if parts else Value(0.0)
        if not total.label:
            total.label = element(self.name, where or (0,) * len(self.shape))
        return total

    def _at(
        self, where: tuple[int, ...], read: Read, most: int | None = None
    ) -> Iterator[tuple[Rule, OneEntry, Arrays]]:
        """The lines that write an entry, each with its positions, and arrays; of a loop, in the last step that does."""
        where = where or (0,) * len(self.shape)
        if len(where) != len(self.shape) or any(not 0 <= i < size for i, size in zip(where, self.shape, strict=True)):
            raise SizeError(f"{self.name} has the shape {self.shape}, it has no entry {list(where)}")
        for one in self.rules:
            own = self._lines.place_in(one, self.name, where)
            for step in reversed(self._lines.steps[one.statement]):
                found = None if own is None else one.at(own, step.arrays)
                if found is not None:
                    yield one, OneEntry(found, int(self._lines.arrays["n"]), read, most), step.arrays
                    break

    def paragraphs(self) -> list[tuple[str, str]]:
        """All there is to say in order: what a paragraph is ("line", "means", "why", "form", "entry"), and its text."""
        said = []
        for one in self.rules:
            said += [("line", one.text), ("means", f"{one},\n{one.ranges()}")]
            said += [("why", source.sentence) for source in self._lines.sources(self.of, one)]
            said += [("form", text) for text in forms(one)]
        return [*said, *(("entry", text) for text in self.first_entry())]

    def __str__(self) -> str:
        about = f": the gradient of {self.of}" if self.of else ""
        said = [line for head, text in self.paragraphs() for line in paragraph(head, text)]
        return "\n".join([f"{self.name}{about}, shape {self.shape}", *said])

    def __repr__(self) -> str:
        return f"<Explanation of {self.name}: {'; '.join(map(str, self.rules))}>"


def paragraph(head: str, text: str) -> list[str]:
    """A paragraph with a word before it."""
    heads = [f"{head:<7}", " " * 7]
    return [line for part, first in zip(text.split("\n"), heads, strict=False) for line in textwrap.wrap(
        part, WIDTH, initial_indent=first, subsequent_indent=heads[1], break_long_words=False)]


# ── why a line has the form that it has ──────────────────────────────────────────────────────


def forms(one: Rule) -> Iterator[str]:
    """What is to be said of products of matrices, transposes and sums in a line."""
    write, plain = Printer(), True
    for array in nodes(one.statement.value):
        plain &= array.kind not in ("matmul", "einsum", "reduce", "reduceat", "scatter", "mean")
        if array.kind == "matmul":
            yield from product_form(one, array, write)
        elif array.kind == "reduce" and array.info[0] is ops.sum:
            shape, (_, axes, keep) = array.args[0].shape, array.info
            names = [f"axis {axis % len(shape)}{' (the examples)' * isinstance(shape[axis], Rows)}" for axis in axes]
            kept = ", which stays as an axis of 1" * keep
            yield f"{write.text(array)} adds up along {' and '.join(names)}{kept}."
        elif array.kind == "einsum":
            given, _, result = array.info.partition("->")
            gone = sorted({letter for letter in given if letter.isalpha()} - set(result))
            yield f"{write.text(array)} adds up over {', '.join(gone)}: it is many products of matrices at once."
    if plain and one.axes:
        yield "It is computed entry by entry: nothing is added up."


def product_form(one: Rule, array: Array, write: Printer) -> Iterator[str]:
    """Why the factors of a product of matrices stand as they do."""
    left, right = array.args
    axis = "first" if len(right.shape) == 2 else "second last"
    yield (f"{write.text(array)}: @ adds up along the last axis of the left factor and the {axis} axis of the right "
           f"one, a row times a column for each entry.")
    for side, place in ((left, "last"), (right, axis)):
        if side.kind in ("transpose", "swapped"):
            inside = write.text(side.args[0])
            found = [entry for entry in scalars(one.value) if isinstance(entry, Entry) and entry.name == inside]
            letters = [one.writer.index(index) for index in found[0].indices] if found else ["i", "k"]
            turned = [*letters[:-2], *letters[:-3:-1]]
            added = [one.writer.name(axis) for axis in one.summed]
            known = found and len(added) == 1
            over = f"{added[0]}, over which it adds up," if known else "the axis over which it adds up"
            yield (f"{inside} is transposed so that {over} comes {place}: {element(write.text(side), turned)} is "
                   f"{element(inside, letters)}.")


# ── where a gradient comes from ──────────────────────────────────────────────────────────────


def addends(scalar: Scalar) -> Iterator[Scalar]:
    """What is added up to a scalar; of a difference, the second with its sign."""
    match scalar:
        case Apply(op=op, args=(first, second)) if op in (ops.add, ops.sub):
            yield from addends(first)
            yield from addends(second) if op is ops.add else (Apply(ops.neg, (second,)),)
        case _:
            yield scalar


def cofactor(scalar: Scalar, name: str) -> tuple[Entry, Scalar, tuple[Axis, ...]] | None:
    """A scalar as the product of an entry of an array, another scalar and sums over axes; None where it is none."""
    match scalar:
        case Entry() if scalar.name == name:
            return scalar, Number(1.0), ()
        case Apply(op=op, args=args) if op in (ops.mul, ops.div, ops.neg):
            for place, arg in enumerate(args):
                found = cofactor(arg, name)
                if found is not None and not (op is ops.div and place):
                    entry, slope, axes = found
                    others = [slope if other == place else one for other, one in enumerate(args)]
                    return entry, without_ones(op, others), axes
        case Apply(op=op, args=(condition, *branches)) if op is ops.where and Number(0.0) in branches:
            place = 1 - branches.index(Number(0.0))
            found = cofactor(branches[place], name)
            if found is not None:
                taken = [found[1] if other == place else Number(0.0) for other in (0, 1)]
                return found[0], Apply(ops.where, (condition, *taken)), found[2]
        case Reduced(op=op) if op is ops.sum:
            found = cofactor(scalar.body, name)
            if found is not None:
                return found[0], found[1], scalar.axes + found[2]
    return None


def without_ones(op: ops.Op, args: list[Scalar]) -> Scalar:
    """An operation without factors of 1."""
    kept = [arg for arg in args if arg != Number(1.0)]
    if op is ops.mul and len(kept) < 2:
        return kept[0] if kept else Number(1.0)
    if op is ops.neg and not kept:
        return Number(-1.0)
    return Apply(op, tuple(args))


class Lines:
    """The lines of a program as rules, what each did when it ran, and what is the gradient of what."""

    def __init__(self, function: Function, read: Looped, given: Arrays, parameters: int) -> None:
        self.read = read
        self.write = Printer(function.places)
        self.loops_of = dict(within_loops(read.lines))
        """Every statement, with the loops that it is in."""
        self.statements = list(self.loops_of)
        self.steps: dict[Statement, list[Step]] = {statement: [] for statement in self.statements}
        self.places = {let.name.info for let in read.places}
        """The names of runs of the gradient."""
        self.held: dict[str, Ints] = {}
        """Which parameters are held by these, and by the gradient itself."""
        self.gradient_of: dict[str, str] = {}
        for text, (of, held) in parameters_of(read, parameters).items():
            self.gradient_of[text], self.held[text] = of, held
        self.arrays = dict(given)
        with np.errstate(all="ignore"):
            run(read.lines, self.arrays, self.perform)
        self.names = list(dict.fromkeys(map(target_of, self.statements)))
        self.taken = {*self.names, *given, *(argument.info for argument in read.arguments)}
        self.rules: dict[Statement, Rule] = {}
        home = read.home
        self.forward_of: dict[str, dict[str, None]] = {}
        """All arrays of the forward half of which an array holds the gradient: steps of a loop may share one."""
        for block, text in function.gradients.items():
            self.gradient_of[home(text)] = home(function.names[block])
            self.forward_of.setdefault(home(text), {})[home(function.names[block])] = None

    def perform(self, statement: Statement, arrays: Arrays) -> None:
        """Compute a statement and note what it did. What was noted is not written to: it is copied before."""
        before = dict(arrays)
        target = target_of(statement)
        if isinstance(statement, Store):
            in_one = target in self.held  # which lie in one memory
            (before if in_one else arrays)[target] = np.copy(arrays[target])
        perform(statement, arrays)
        self.steps[statement].append(Step(before, np.copy(arrays[target])))

    def rule(self, statement: Statement) -> Rule:
        """A line as a rule."""
        if statement not in self.rules:
            self.rules[statement] = Rule(statement, self.write.statement(statement), self.loops_of[statement],
                                         self.taken)
        return self.rules[statement]

    def rules_of(self, name: str) -> list[Rule]:
        """The lines that compute an array or add to it; what makes room for it is left out, if there is more."""
        own = [one for one in self.statements if target_of(one) == name or self.shares(one, name)]
        room = [one for one in own if one.arrays[0].kind in ("like", "empty") or one in self.read.places]
        return [self.rule(one) for one in own if one not in room or len(own) == len(room)]

    def shares(self, statement: Statement, name: str) -> bool:
        """Whether a line adds to the gradient of the same parameters under another name."""
        target = target_of(statement)
        if name not in self.places or target not in self.held or isinstance(statement, Let):
            return False
        one = self.rule(statement)
        if not self.steps[statement]:
            return False
        grid = Grid(self.steps[statement][-1].arrays, one.axes, {})
        written = self.held[target][tuple(np.broadcast_arrays(*map(grid.index, one.entry.indices)))]
        return bool(np.isin(written, self.held[name]).any())

    def place_in(self, one: Rule, name: str, where: tuple[int, ...]) -> tuple[int, ...] | None:
        """An entry of an array by the name under which a line writes it."""
        target = target_of(one.statement)
        if target == name:
            return where
        found = np.argwhere(self.held[target] == self.held[name][where])
        return tuple(found[0].tolist()) if len(found) else None

    # ── the chain rule ───────────────────────────────────────────────────────────────────────

    def sources(self, of: str, one: Rule) -> Iterator[Source]:
        """What a line of the gradient of an array comes from: the lines that read the array."""
        if not of or one.statement not in self.steps:
            return
        for term, (gradient, forward) in itertools.product(addends(one.value), self.forward_of.items()):
            found = cofactor(term, gradient)
            readers = [statement for statement in self.statements
                       if found and target_of(statement) in forward and self.reads(statement, of)]
            if found and readers:
                yield self.source(one, self.rule(readers[-1]), of, *found)

    def reads(self, statement: Statement, name: str) -> bool:
        """Whether a line reads an array, perhaps by a helper such as a maximum that is taken off first."""
        helpers = {target_of(other): other for other in self.statements}
        for text in (*self.gradient_of, *self.gradient_of.values()):
            helpers.pop(text, None)
        waiting = [statement]
        while waiting:
            read = waiting.pop().arrays[0].names
            if name in read:
                return True
            waiting += [helpers.pop(text) for text in read if text in helpers]
        return False

    def source(
        self, one: Rule, reader: Rule, of: str, entry: Entry, slope: Scalar, axes: tuple[Axis, ...]
    ) -> Source:
        """The chain rule for one reader."""
        write = one.writer
        gradient, steep, letters = write.text(entry), write.text(slope), [write.name(axis) for axis in axes]
        left, right = matched(reader, entry, write)
        text = f"{left} {'+=' if reader.adds else '='} {right}"
        back = gradient if slope == Number(1.0) else write.text(Apply(ops.mul, (entry, slope)))
        every = f", for every {' and '.join(letters)}: all of it is added up" if letters else ""
        sentence = f"{text} reads {self.entry_of(of, one)} with the slope {steep}: {back} comes back{every}."
        return Source(reader.text, steep, sentence)

    def entry_of(self, of: str, one: Rule) -> str:
        """The entry of which a line computes the gradient."""
        if self.gradient_of.get(one.entry.name) == of:
            return element(of, map(one.writer.index, one.entry.indices))
        return of


def matched(reader: Rule, entry: Entry, write: Writer) -> tuple[str, str]:
    """A line of the forward half in the letters in which the gradient of what it computes is written."""
    names: dict[Axis, str] = {}
    for mine, theirs in zip(reader.entry.indices, entry.indices, strict=False):
        if len(mine.terms) == 1 and isinstance(axis := mine.terms[0][1], Axis) and mine.constant == 0:
            names[axis] = write.index(theirs)
    simple = all(text.isidentifier() for text in names.values()) and len(reader.entry.indices) == len(entry.indices)
    writer = Writer(write.taken | set(write.names.values()))
    if simple:
        writer.names.update(names)
    return writer.text(reader.entry), writer.text(reader.value)


def numbers(engine: Engine, theta: npt.NDArray[Any], batch: Batch, noise: npt.NDArray[Any] | None) -> Arrays:
    """What the statements of a program read, by name."""
    double = np.dtype(np.float64)
    x, y = batch.matrices(double)
    return {"theta": theta, "x": x, "y": y, "u": noise, "outside": engine.outside(double), "n": len(batch)}


def explain(read: Reading, name: str, given: Arrays, kind: str) -> Explanation:
    """The explanation of an array of a program, for the numbers that it is given."""
    lines = Lines(read.function(kind), read.looped(kind), given, read.plan.sizes["parameter"])
    if name not in lines.names:
        raise UsageError(f"the program has no line that computes {name!r}: it computes {', '.join(lines.names)}")
    return Explanation(name, lines)
