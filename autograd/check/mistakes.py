"""Usual slips in backpropagation with arrays, each made in the right program to see whether it gives other numbers.

A slip changes a statement of a compiled program (a product without its transpose, a sum along another axis, the mask of
another array) or an array once it is complete (64 times too large, transposed). The changed program runs on the same
numbers; where it gives what the student has, the slip is named. Nothing here knows a network.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.check.slips import SLOPES
from autograd.compiler.arrays.array import (
    Array,
    For,
    Let,
    Line,
    Statement,
    Store,
    as_array,
    target_of,
    without_loops,
)
from autograd.compiler.arrays.interpret import Arrays, perform, run, store, value_of
from autograd.compiler.explain.explanation import Lines
from autograd.compiler.printers.to_numpy import Printer

After = Callable[[Any, Arrays], Any]
"""What becomes of an array once it is complete."""


@dataclass(frozen=True, eq=False)
class Slip:
    """One mistake: its kind in a word, the array that is wrong, and what is wrong with it.

    `instead` of a statement there is another, or none; or something is done to the array `after` the statement, or, if
    there is none, at the end.
    """

    kind: str
    name: str
    words: str
    statement: Statement | None = None
    instead: tuple[Statement, ...] = ()
    after: After | None = None
    axis: int | None = None
    """The axis of a sum that is to be along another one."""
    more: tuple[Slip, ...] = ()
    """The same slip in the statements that help to compute the array, such as a maximum that is taken off first."""


@dataclass(frozen=True)
class Version:
    """A program with slips: its lines, and what is done to arrays once they are complete."""

    forward: tuple[Line, ...]
    backward: tuple[Line, ...]
    after: Mapping[Statement, tuple[After, ...]] = field(default_factory=dict)
    final: Mapping[str, tuple[After, ...]] = field(default_factory=dict)
    """What is done to the gradients of parameters at the end, by their names in the program."""
    free: frozenset[Statement] = frozenset()
    """Statements whose value may have another shape than the array to which it goes: then it replaces that."""
    parts: Mapping[str, npt.NDArray[np.int64]] = field(default_factory=dict)
    """Names for elements of the gradient that have none."""
    kept: bool = True
    """Whether the forward half has no slip."""

    def with_slip(self, slip: Slip) -> Version:
        """The program with one slip more."""
        if slip.more:
            return functools.reduce(Version.with_slip, (replace(slip, more=()), *slip.more), self)
        if slip.after is not None and slip.statement is None:
            return replace(self, final={**self.final, slip.name: (*self.final.get(slip.name, ()), slip.after)})
        old = slip.statement
        assert old is not None, "a slip is in a statement or done at the end"
        if slip.after is not None:
            return replace(self, after={**self.after, old: (*self.after.get(old, ()), slip.after)})
        after = dict(self.after)
        if old in after and slip.instead:
            after[slip.instead[-1]] = after.pop(old)
        forward = substituted(self.forward, old, slip.instead)
        return replace(self, forward=forward, backward=substituted(self.backward, old, slip.instead), after=after,
                       free=self.free | set(slip.instead), kept=self.kept and forward == self.forward)

    def arrays(self, given: Arrays, right: Arrays) -> Arrays:
        """All arrays, for what the program is given; `right` are those of the program without slips."""
        def do(statement: Statement, arrays: Arrays) -> None:
            if statement in self.free:
                loosely(statement, arrays)
            else:
                perform(statement, arrays)
            for change in self.after.get(statement, ()):
                assign(target_of(statement), change(arrays[target_of(statement)], arrays), arrays)

        with np.errstate(all="ignore"):
            found = run(self.backward, dict(right) if self.kept else run(self.forward, dict(given), do), do)
            found |= {text: found["gradient"][where] for text, where in self.parts.items()}
            for text, changes in self.final.items():
                for change in changes:
                    found[text] = change(found[text], found)
        return found


def assign(target: str, value: Any, arrays: Arrays) -> None:
    """Give an array other numbers; a part of the gradient keeps its memory, to which more may be added."""
    if np.may_share_memory(arrays[target], arrays["gradient"]) and np.shape(value) == np.shape(arrays[target]):
        arrays[target][...] = value
    else:
        arrays[target] = value


def loosely(statement: Statement, arrays: Arrays) -> None:
    """A statement whose value may be that of another array, to which nothing may be written, or of another shape."""
    value = np.array(value_of(statement.value, arrays))
    if isinstance(statement, Let):
        arrays[statement.name.info] = value
        return
    place = value_of(statement.place, arrays)
    if np.shape(value) == np.shape(place):
        store(statement.place, value, statement.adds, arrays)
    else:
        turned = statement.place.kind == "transpose" and np.ndim(value) == 2
        arrays[statement.target] = value.T if turned else value


def substituted(lines: Sequence[Line], old: Statement, new: Sequence[Statement]) -> tuple[Line, ...]:
    """Lines with other statements in the place of one."""
    result: list[Line] = []
    for line in lines:
        if line is old:
            result += new
        elif isinstance(line, For):
            result.append(replace(line, body=substituted(line.body, old, new)))
        else:
            result.append(line)
    return tuple(result)


def version_of(lines: Lines, parts: Mapping[str, npt.NDArray[np.int64]]) -> Version:
    """The right program."""
    read = lines.read
    start = [read.start] if read.start else []
    return Version((*read.views, *read.forward), (*start, *read.places, *read.backward), parts=parts)


# ── slips in expressions ─────────────────────────────────────────────────────────────────────


class Slope(NamedTuple):
    """What a partial is the derivative of: a row, by the operand at a place, with its output and operands."""

    row: ops.Op
    place: int
    out: Array
    operands: tuple[Array, ...]


class Edit(NamedTuple):
    """The kind of a slip, its words, and the tree with it; of a sum along another axis, also that."""

    kind: str
    words: str
    tree: Array
    axis: int | None = None


@dataclass
class Editor:
    """Makes the usual slips in the trees of statements."""

    write: Printer
    shapes: dict[str, Array]
    """Names of arrays, those computed so far."""
    slopes: dict[Any, Slope]
    """By the key of a partial, what it is the derivative of."""

    def edits(self, array: Array, masks: bool = False) -> Iterator[Edit]:
        """A tree with one slip, in all the ways that are usual."""
        yield from self.here(array, masks)
        inside = masks or array.kind in (ops.gt, ops.eq)
        if array.key in self.slopes and array.kind is not ops.gt:
            yield from self.rules(array)
            return
        for place, arg in enumerate(array.args):
            for edit in self.edits(arg, inside):
                args = (*array.args[:place], edit.tree, *array.args[place + 1 :])
                yield edit._replace(tree=Array(array.kind, args, array.info, array.shape, array.dtype))

    def here(self, array: Array, masks: bool) -> Iterator[Edit]:
        """The slips at the top of a tree."""
        if array.key in self.slopes:
            yield from self.slope(array)
        match array.kind:
            case "matmul":
                yield from self.product(array)
            case ops.mul:
                yield from self.times(array)
            case "reduce":
                yield from self.reduction(array)
            case ops.add | ops.sub:
                yield from self.terms(array)
            case ops.gt:
                left, right = array.args
                words = f"is masked where {self.write.text(left)} is not above {self.write.text(right)}"
                yield Edit("mask", words, Array(np.less_equal, array.args, None, array.shape, "truth"))
            case ops.neg:
                yield Edit("sign", "lacks a minus", array.args[0])
            case "name":
                yield from self.others(array, masks)
            case ops.Op() if len(array.args) == 1 and array.kind.recorded and not masks:
                (inside,) = array.args
                yield Edit("wrong array", f"is {self.write.text(inside)}, without {array.kind.name}", inside)

    def product(self, array: Array) -> Iterator[Edit]:
        """Products of matrices with other factors."""
        left, right = array.args
        for place, side in enumerate(array.args):
            text = self.write.text(side)
            if side.kind == "transpose":
                other = side.args[0]
                words = f"uses {self.write.text(other)} where its transpose {text} belongs"
            else:
                other = Array("transpose", (side,), None, side.shape[::-1], side.dtype)
                words = f"uses the transpose of {text}"
            args = (other, right) if place == 0 else (left, other)
            yield Edit("transpose", words, Array("matmul", args, None, array.shape, array.dtype))
        both = f"multiplies {self.write.text(left)} and {self.write.text(right)}"
        yield Edit("product", f"{both} entry by entry, * in place of @",
                   Array(ops.mul, array.args, None, array.shape, array.dtype))
        swap = self.write.text(right), self.write.text(left)
        yield Edit("product", f"is {swap[0]} @ {swap[1]}: the factors of @ are swapped",
               Array("matmul", (right, left), None, array.shape, array.dtype))

    def times(self, array: Array) -> Iterator[Edit]:
        """Products entry by entry with other factors."""
        for place in (0, 1):
            dropped, kept = array.args[place], array.args[1 - place]
            number = dropped.number
            if dropped.key in self.slopes:
                continue  # named as a slope
            text = self.write.text(dropped)
            yield Edit(("factor" if number is not None else "missing factor"), f"lacks the factor {text}", kept)
            if number is not None:
                yield Edit("factor", f"is divided by {text} in place of multiplied",
                       Array(ops.div, (kept, dropped), None, array.shape, array.dtype))
        left, right = array.args
        if left.shape and right.shape:
            yield Edit("product", f"is {self.write.text(left)} @ {self.write.text(right)}, @ in place of *",
                   Array("matmul", array.args, None, array.shape, array.dtype))

    def reduction(self, array: Array) -> Iterator[Edit]:
        """Sums along other axes."""
        op, axes, keep = array.info
        (inside,) = array.args
        rank = len(inside.shape)
        mine = tuple(axis % rank for axis in axes)
        text = self.write.text(inside)
        verb = {"sum": "sums", "max": "takes the maximum"}.get(op.name, "reduces")
        for axis in range(rank):
            if (axis,) != mine:
                for kept in (True,) if keep else (False, True):
                    yield Edit("axis", f"{verb} over axis {axis} of {text} in place of axis {said(mine)}",
                               Array("reduce", (inside,), (op, (axis,), kept), array.shape, array.dtype), axis)
        yield Edit("axis", f"{verb} over all of {text} in place of axis {said(mine)}",
               Array("reduce", (inside,), (op, tuple(range(rank)), False), array.shape, array.dtype))
        if op is ops.sum:
            yield Edit("axis", f"is not summed over axis {said(mine)}", inside)

    def terms(self, array: Array) -> Iterator[Edit]:
        """Sums without one of their terms, or with another sign."""
        left, right = array.args
        yield Edit("missing term", f"lacks the term {self.write.text(right)}", left)
        yield Edit("missing term", f"lacks the term {self.write.text(left)}", (
            right if array.kind is ops.add else Array(ops.neg, (right,), None, array.shape, array.dtype)))
        other, symbol = (ops.sub, "+") if array.kind is ops.add else (ops.add, "-")
        yield Edit("sign", f"has the wrong sign before {self.write.text(right)}: {symbol} belongs there",
               Array(other, array.args, None, array.shape, array.dtype))

    def slope(self, array: Array) -> Iterator[Edit]:
        """Other slopes than that of the rule."""
        row, place, out, operands = self.slopes[array.key]
        one = as_array(1)
        done = f"{row.name}({', '.join(map(self.write.text, operands))})"
        yield Edit("slope", f"lacks the derivative of {done}, {self.write.text(array)}", one)
        for operand, _, rule in SLOPES.get(row.name, []):
            slope = as_array(rule(out, *operands)) if operand == place else one
            if slope is not one and slope.number != 1:
                text = self.write.text(slope)
                yield Edit("slope", f"takes {text} for the derivative of {done}: it is {self.write.text(array)}", slope)
        if row.partials(out, operands)[place].kind is ops.gt:
            below = Array(np.less, (out, one * 0), None, out.shape, "truth")
            yield Edit("mask", f"is masked where {self.write.text(out)} is below 0, which it never is", below)
        for inner in dict.fromkeys((out, *operands)):
            if inner.kind == "name":
                words = f"takes {inner.info} for the derivative of {done}: it is {self.write.text(array)}"
                yield Edit("slope", words, inner)
                again = row.dispatch((inner, *operands[1:]))
                slope = as_array(row.partials(again, (inner, *operands[1:]))[place])
                if slope.key != array.key:
                    yield Edit("slope", f"takes the derivative of {row.name} at {self.write.text(inner)} in place of "
                                    f"{self.write.text(operands[0])}", slope)
        yield Edit("slope", f"has the derivative of {done} twice",
               Array(ops.mul, (array, array), None, array.shape, array.dtype))

    def rules(self, array: Array) -> Iterator[Edit]:
        """A slope with a slip in it."""
        slope = self.slopes[array.key]
        done = f"{slope.row.name}({', '.join(map(self.write.text, slope.operands))})"
        for edit in replace(self, slopes={}).edits(array):
            words = f"takes {self.write.text(edit.tree)} for the derivative of {done}: it is {self.write.text(array)}"
            yield edit._replace(kind="slope", words=words)

    def others(self, array: Array, masks: bool) -> Iterator[Edit]:
        """Other arrays of the same shape in the place of one."""
        for text, other in self.shapes.items():
            if text != array.info and other.shape == array.shape and other.dtype == array.dtype:
                kind, words = ("mask", f"is masked by {text} in place of {array.info}") if masks else (
                    "wrong array", f"uses {text} where {array.info} belongs")
                yield Edit(kind, words, other)


def said(axes: Sequence[int]) -> str:
    """Axes in words."""
    return " and ".join(map(str, axes))


def slopes_of(lines: Lines) -> dict[Any, Slope]:
    """Every partial by which the backward half may multiply, by its key, and the row of the forward half it is of."""
    found: dict[Any, Slope] = {}
    for statement in lines.statements:
        value = statement.value
        if not isinstance(value.kind, ops.Op) or isinstance(value.kind, ops.Reduction) or not value.kind.recorded:
            continue
        out = statement.name if isinstance(statement, Let) else statement.place
        if value.kind in (ops.add, ops.sub, ops.mul, ops.neg):
            continue
        for place, partial in enumerate(value.kind.partials(out, value.args)):
            if isinstance(partial, Array) and partial.number is None:
                found.setdefault(partial.key, Slope(value.kind, place, out, value.args))
    return found


# ── slips of a program ───────────────────────────────────────────────────────────────────────


def slips(lines: Lines, version: Version, factors: Iterable[float]) -> Iterator[Slip]:
    """All usual slips of a program, those in the backward half first; `factors` are by how much arrays may be off."""
    slopes = slopes_of(lines)
    known = {argument.info: argument for argument in lines.read.arguments if argument.info != "theta"}
    halves: list[list[Slip]] = [[], []]
    by_target: dict[str, list[Statement]] = {}
    alike: dict[Any, list[list[Slip]]] = {}
    for backward, half in enumerate((version.forward, version.backward)):
        for statement in without_loops(half):
            if statement in lines.read.views:
                known[target_of(statement)] = statement.name if isinstance(statement, Let) else statement.place
            if statement in (*lines.read.views, *lines.read.places) or statement.value.kind in ("like", "empty"):
                continue
            editor = Editor(lines.write, dict(known), slopes)
            found = list(of_statement(editor, statement))
            halves[backward] += found
            alike.setdefault((target_of(statement), backward, *(slip.kind for slip in found)), []).append(found)
            if not backward:
                halves[0] += with_helpers(found, [slip for slip in halves[0] if slip.name in statement.value.names])
            if backward:
                by_target.setdefault(target_of(statement), []).append(statement)
            if target_of(statement) not in lines.places:
                known.setdefault(target_of(statement), array_of(statement))
    for (_, backward, *_), several in alike.items():  # the steps of a loop, and one before or after them
        if len(several) > 1:
            halves[backward] += [replace(first, more=tuple(rest)) for first, *rest in zip(*several, strict=True)]
    yield from halves[1]
    numbers = list(factors)
    for target, own in by_target.items():
        yield from overwritten(lines, target, own)
        if target != "gradient":
            yield from of_array(lines, target, own[-1], numbers)
    yield from halves[0]


def array_of(statement: Statement) -> Array:
    """The array that a statement writes to, as a name."""
    place = statement.name if isinstance(statement, Let) else statement.place
    while place.kind != "name":
        place = place.args[0]
    return place


def of_statement(editor: Editor, statement: Statement) -> Iterator[Slip]:
    """The slips in one statement."""
    for kind, words, tree, axis in editor.edits(statement.value):
        new = Let(statement.name, tree) if isinstance(statement, Let) else Store(statement.place, tree, statement.adds)
        yield Slip(kind, target_of(statement), words, statement, (new,), axis=axis)


def with_helpers(found: Sequence[Slip], before: Sequence[Slip]) -> Iterator[Slip]:
    """A sum along another axis, together with the maximum along that axis that is taken off before."""
    for slip in found:
        for helper in before:
            if slip.axis is not None and slip.axis == helper.axis:
                yield replace(slip, more=(helper,))


def overwritten(lines: Lines, target: str, own: Sequence[Statement]) -> Iterator[Slip]:
    """One part of a gradient where several are to be added."""
    for statement in own:
        if not isinstance(statement, Store) or not statement.adds:
            continue
        text = lines.write.text(statement.value)
        anew = Store(statement.place, statement.value, adds=False)
        loops = lines.loops_of.get(statement)
        if loops:
            yield Slip("overwritten", target, f"is overwritten in each step of the loop over {loops[-1].index}, where "
                       f"{text} is to be added: = in place of +=", statement, (anew,))
        else:
            yield Slip("overwritten", target, f"is overwritten by {text}, which is to be added: = in place of +=",
                       statement, (anew,))
            yield Slip("missing term", target, f"lacks the term {text}", statement)


def of_array(lines: Lines, target: str, last: Statement, factors: Sequence[float]) -> Iterator[Slip]:
    """What is done to a whole array; to the gradient of a parameter, at the end."""
    when = None if target in lines.places else last
    if when is not None and isinstance(last, Store) and lines.loops_of.get(last):
        return
    if len(np.shape(lines.arrays[target])) == 2:
        yield Slip("transpose", target, f"is the transpose of {target}", when,
                   after=lambda a, arrays: np.swapaxes(a, -1, -2))
    for factor in factors:
        kind, words = factor_words(factor, int(lines.arrays["n"]))
        yield Slip(kind, target, words, when, after=times(factor))
        if when is None:
            yield Slip(kind, target, f"{words}, before what is added to it", last, after=times(factor))
    yield Slip("missing", target, "is 0 everywhere: it is never computed", when, after=times(0.0))


def times(factor: float) -> After:
    """So many times as much."""
    return lambda a, arrays: a * factor


def become(array: Any) -> After:
    """Another array."""
    return lambda a, arrays: array


def plus(array: Any) -> After:
    """An array more."""
    return lambda a, arrays: a + array


def factor_words(factor: float, n: int) -> tuple[str, str]:
    """The kind of a slip that makes an array so many times too large, and its words."""
    if np.isclose(factor, n, rtol=1e-9):
        return "mean", f"is {n} times too large: the mean over the batch was forgotten, divide by n = {n}"
    if np.isclose(factor, 1 / n, rtol=1e-9):
        return "mean", f"is {n} times too small: it is divided by n once too often"
    if np.isclose(factor, -1, rtol=1e-9):
        return "sign", "has the wrong sign"
    if abs(factor) < 1:
        return "factor", f"is {1 / factor:.6g} times too small"
    return "factor", f"is {factor:.6g} times too large"
