"""The blocks of a program as JavaScript: loops over typed arrays, for a page that trains by itself.

Every array lies row by row in a Float64Array. A view is never made: where an element of one is read, its index is
worked out in terms of the array that it is a view of. So a statement becomes loops over the axes of its result, with
the element written out as an expression; a sum in it is a loop of its own. What would be computed again and again that
way has an array of its own.

>>> from autograd.compiler.arrays.array import matmul, name
>>> x, W, b = name("x", (Rows(), 2)), name("W", (2, 3)), name("b", (3,))
>>> write = Writer([x, W, b])
>>> write.statement(Let(name("z", (Rows(), 3)), matmul(x, W) + b))
>>> print(write.text())
const { z } = memory;
for (let i = 0; i < n; i++) {
  for (let j = 0; j < 3; j++) {
    let s = 0;
    for (let k = 0; k < 2; k++) {
      s += x[2 * i + k] * W[3 * k + j];
    }
    z[3 * i + j] = s + b[j];
  }
}
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arrays.array import (
    VIEWS,
    Array,
    Constant,
    For,
    Let,
    Line,
    Moved,
    Rows,
    Shape,
    Size,
    Store,
    broadcast_shape,
    count,
    reshape,
    without_loops,
)
from autograd.compiler.arrays.elements import ZERO, At, Elements, Index, extent, fitted, flat, position
from autograd.compiler.arrays.function import function
from autograd.compiler.arrays.looped import Looped
from autograd.compiler.arrays.loops import looped
from autograd.compiler.arrays.names import Names
from autograd.compiler.blocks.plan import Plan
from autograd.formula import Formula

RESERVED = (
    "await", "arguments", "case", "catch", "const", "debugger", "default", "delete", "do", "enum", "eval", "export",
    "extends", "false", "function", "implements", "instanceof", "interface", "let", "memory", "new", "null", "package",
    "private", "protected", "public", "static", "super", "switch", "this", "throw", "true", "typeof", "undefined",
    "var", "void", "Math", "Number", "Float64Array", "Int32Array", "Infinity", "NaN", "Object", "room", "run",
    "values", "valueAndGrad", "working", "workingFor", "running", "runningFor",
)
"""What no array may be called in JavaScript, besides what is reserved in Python's source."""

ELSEWHERE = "concatenate", "empty"
"""The kinds of which no single element can be written down."""

SUMS = "matmul", "einsum", "reduce", "reduceat", "scatter", "mean"
"""The kinds of which an element takes a loop."""

COMPUTED = (*SUMS, *ELSEWHERE, "copy", "cast", "full")


# ── statements ───────────────────────────────────────────────────────────────────────────────


@dataclass
class Nest:
    """Loops over the axes of a result, which a statement after them may share."""

    shape: Shape
    at: At
    begin: int
    """Where their lines begin."""
    end: int
    taken: set[str]
    """The names in their body."""
    touched: dict[str, set[str]]
    """The indices at which they read or write each array."""
    written: set[str]

    @property
    def depth(self) -> int:
        """How many loops there are: an axis of one element needs none."""
        return sum(bool(index.terms) for index in self.at)

    def goes_with(self, other: Nest) -> bool:
        """Whether a statement of other loops may come right after these, element by element.

        So it may if whatever one of them writes is met by both at the same element alone.
        """
        for text in self.touched.keys() & other.touched.keys() & (self.written | other.written):
            if len(self.touched[text] | other.touched[text]) > 1:
                return False
        return True


@dataclass
class Writer(Elements[Formula]):
    """The lines of a function, statement by statement; `given` are the arrays that it need not make.

    Statements that go over the same axes, one after the other, share their loops if that changes nothing.
    """

    given: Iterable[Array]
    names: Names = field(default_factory=Names)
    lines: list[str] = field(default_factory=list)
    depth: int = 0

    def __post_init__(self) -> None:
        self.names.taken |= {*RESERVED, *(array.info for array in self.given)}
        self.memory: dict[str, Shape] = {}
        """The arrays that are kept from call to call."""
        self.views: dict[str, Array] = {}
        """What is a view of another array, and has no memory."""
        self.variables: set[str] = set()
        """What a loop defines anew in each of its steps."""
        self.carried: dict[str, npt.NDArray[Any]] = {}
        self.called: dict[str, str] = {}
        """Names that JavaScript does not take, and what stands for them."""
        self.nest: Nest | None = None
        """The loops that end with the last line."""
        self.touched: dict[str, set[str]] = {}
        """The indices at which arrays have been read since loops began."""

    def text(self) -> str:
        """All lines."""
        head = [f"const {{ {', '.join(map(self.name, self.memory))} }} = memory;"] if self.memory else []
        return "\n".join([*head, *self.lines])

    def line(self, text: str) -> None:
        """Add a line."""
        self.lines.append("  " * self.depth + text)

    @contextlib.contextmanager
    def loop(self, size: Size | tuple[str, str], stem: str) -> Iterator[Index]:
        """A loop over an axis, or from one number to another; its index."""
        start, stop = ("0", extent(size)) if isinstance(size, (int, Rows)) else size
        if size == 1:
            yield ZERO
            return
        with self.scope():
            text = self.names.fresh(stem)
            self.line(f"for (let {text} = {start}; {text} < {stop}; {text}++) {{")
            self.depth += 1
            yield Index.of(text)
            self.depth -= 1
            self.line("}")

    @contextlib.contextmanager
    def scope(self) -> Iterator[None]:
        """A block whose names may be used again after it."""
        taken, counts = set(self.names.taken), dict(self.names.counts)
        yield
        self.names.taken, self.names.counts = taken | {*self.memory, *self.carried, *self.called.values()}, counts

    @contextlib.contextmanager
    def loops(self, shape: Shape) -> Iterator[At]:
        """Loops over all axes."""
        with contextlib.ExitStack() as stack:
            yield tuple(stack.enter_context(self.loop(size, "ijklm"[min(axis, 4)])) for axis, size in enumerate(shape))

    def name(self, text: str) -> str:
        """What an array is called."""
        if text in RESERVED and text not in self.called:
            self.called[text] = self.names.fresh(f"{text}_")
        return self.called.get(text, text)

    # ── what is done ─────────────────────────────────────────────────────────────────────────

    def statement(self, statement: Line) -> None:
        """Write a statement, or a loop of them."""
        if isinstance(statement, For):
            self.repeat(statement)
        elif isinstance(statement, Store):
            self.store(statement.place, statement.value, statement.adds)
        elif statement.name.info not in self.variables and self.is_view(statement.value):
            self.views[statement.name.info] = statement.value
        else:
            self.define(statement.name, statement.value)

    def repeat(self, loop: For) -> None:
        """Write statements that are done in each step of a loop."""
        t, last = loop.index, loop.stop - 1
        steps = f"{t} = {last}; {t} >= {loop.start}; {t}--" if loop.backwards else (
            f"{t} = {loop.start}; {t} <= {last}; {t}++")
        self.line(f"for (let {steps}) {{")
        self.nest, self.depth = None, self.depth + 1
        with self.scope():
            for statement in loop.body:
                self.statement(statement)
        self.nest, self.depth = None, self.depth - 1
        self.line("}")

    def define(self, target: Array, value: Array) -> None:
        """Compute an array, or a number, that gets a name."""
        text = str(target.info)
        if not target.shape:
            self.define_number(text, self.prepared(value))
            return
        self.memory[text] = target.shape
        self.store(target, value)

    def define_number(self, text: str, value: Array) -> None:
        """Compute a number."""
        number = self.element(value, ())
        self.line(f"{'' if text in self.variables else 'const '}{self.name(text)} = {number};")

    def store(self, place: Array, value: Array, adds: bool = False) -> None:
        """Write a value to a place, or add it to what is there."""
        if value.kind == "empty" or (value.kind == "like" and not value.info):
            return  # there is room, and what is in it does not matter
        if value.kind == "concatenate" and not adds:
            self.store_parts(place, value.args)
            return
        while value.kind == "reshape" and self.in_order(place):
            (value,) = value.args
            place = reshape(place, value.shape)
        value = self.prepared(value, top=True)
        if self.spoils(place, value):
            value = self.kept(value)
        self.nested(place.shape, place, lambda at: self.assign(place, value, at, "+=" if adds else "="))

    def assign(self, place: Array, value: Array, at: At, sign: str) -> None:
        """Write an element."""
        number = self.element(value, fitted(at, value.shape))
        self.line(f"{self.element(place, at)} {sign} {number};")

    def nested(self, shape: Shape, place: Array, body: Callable[[At], None]) -> None:
        """Write a body, which fills a place, in loops over some axes."""
        if not self.joined(shape, place, body):
            begin, self.touched = len(self.lines), {}
            with self.loops(shape) as at:
                body(at)
                inside = set(self.names.taken)
            self.nest = Nest(shape, at, begin, len(self.lines), inside, self.touched, {self.source(place)})

    def joined(self, shape: Shape, place: Array, body: Callable[[At], None]) -> bool:
        """Write a body in the last loops, if those are over the same axes and it goes; whether it does."""
        nest, lines, depth = self.nest, list(self.lines), self.depth
        if nest is None or nest.end != len(lines) or nest.shape != shape or not nest.depth:
            return False
        del self.lines[-nest.depth :]
        self.touched, self.depth = {}, depth + nest.depth
        with self.scope():
            self.names.taken |= nest.taken
            body(nest.at)
            inside = set(self.names.taken)
        self.depth = depth
        self.lines += lines[-nest.depth :]
        own = replace(nest, end=len(self.lines), taken=inside, touched=self.touched, written={self.source(place)})
        if not nest.goes_with(own):
            self.lines = lines
            return False
        touched = {text: nest.touched.get(text, set()) | own.touched.get(text, set())
                   for text in nest.touched.keys() | own.touched.keys()}
        self.nest = replace(own, touched=touched, written=nest.written | own.written)
        return True

    def store_parts(self, place: Array, parts: Sequence[Array]) -> None:
        """Write arrays side by side; of one with an axis more, those of all steps, or of several such in turn."""
        begin: Any = 0
        for part in parts:
            stacks = part.args if part.kind == "woven" else (part,)
            steps: Any = stacks[0].shape[0] if len(stacks[0].shape) > len(place.shape) else 1
            widths: list[Any] = [count((*inner_axes(stack, place), stack.shape[-1])) for stack in stacks]
            for offset, stack in zip(itertools.accumulate(widths, initial=begin), stacks, strict=False):
                self.store_part(place, self.prepared(stack, top=True), offset, sum(widths))
            begin += steps * sum(widths)

    def store_part(self, place: Array, part: Array, begin: int, step: int) -> None:
        """Write an array to the columns from one on; of one with an axis more, each item so many columns further on.

        Items that are stacks themselves are written side by side.
        """
        inner, more = inner_axes(part, place), len(part.shape) - len(place.shape)
        with self.loops(part.shape) as at:
            number = self.element(part, at)
            column = flat((*at[1:more], at[-1]), (*inner, part.shape[-1])) + Index(begin)
            if more:
                column, at = column + at[0].times(step), at[more:]
            self.line(f"{self.element(place, (*at[:-1], column))} = {number};")
        self.nest = None

    def spoils(self, place: Array, value: Array) -> bool:
        """Whether a value is read elsewhere than where it is written, so that writing would change it."""
        target = self.source(place)

        def reads(array: Array, elsewhere: bool) -> bool:
            if array.kind == "like":
                return False
            if array.kind == "name":
                same = array.key == place.key and not elsewhere
                return self.source(array) == target and not same
            here = isinstance(array.kind, ops.Op)
            return any(reads(arg, elsewhere or not here or arg.shape != place.shape) for arg in array.args)

        return reads(value, False)

    def source(self, array: Array) -> Any:
        """The name of the memory that an array is in."""
        while array.kind != "name" or array.info in self.views:
            if array.kind == "constant":
                return None
            array = self.views[array.info] if array.kind == "name" else array.args[0]
        return array.info

    def is_view(self, array: Array) -> bool:
        """Whether an array needs no memory: it is a name or a constant, or can be read where one of these lies."""
        while array.kind in VIEWS:
            if self.regroups(array):
                return False
            array = array.args[0]
        return array.kind in ("name", "constant")

    def regroups(self, array: Array) -> bool:
        """Whether an index into a reshaped array tells only by division where its element is."""
        if array.kind != "reshape":
            return False
        below = array.args[0]
        regroups = not splits_last(array) and long_axes(below.shape) != long_axes(array.shape)
        return regroups and not self.in_order(below)

    def in_order(self, array: Array) -> bool:
        """Whether the elements of an array lie one after the other in memory, row by row."""
        while array.kind == "reshape" or (array.kind == "name" and array.info in self.views):
            array = array.args[0] if array.kind == "reshape" else self.views[array.info]
        return bool(array.kind == "name")

    # ── what gets an array of its own ────────────────────────────────────────────────────────

    def prepared(self, array: Array, top: bool = False, often: bool = False) -> Array:
        """The same, with names for what an expression cannot have in it or would compute `often`."""
        if not array.args or array.kind == "like":
            return array
        again = array.kind in ("matmul", "einsum", "take")
        new = array.with_args(*(
            self.prepared(arg, often=again or (array.kind in VIEWS and often) or repeats(array, arg))
            for arg in array.args))
        if self.regroups(new):
            new = Array("reshape", (self.kept(new.args[0]),), array.info, array.shape, array.dtype)
        computes = isinstance(array.kind, ops.Op) or array.kind in COMPUTED
        return self.kept(new) if not top and (array.kind in ELSEWHERE or (often and computes)) else new

    def kept(self, array: Array) -> Array:
        """An array with a name of its own."""
        own = Array("name", (), self.names.fresh("t"), array.shape, array.dtype)
        self.define(own, array)
        return own

    # ── elements ─────────────────────────────────────────────────────────────────────────────

    def row(self, row: ops.Op, operands: list[Formula]) -> Formula:
        """A row of the table; what it names several times is computed once."""
        short = tuple(
            operand if is_short(operand) or mentions(row, place) < 2 else self.let(operand)
            for place, operand in enumerate(operands))
        result: Formula = row.dispatch(short)
        return result

    def let(self, formula: Formula) -> Formula:
        """A name for a number."""
        own = self.names.fresh("v")
        self.line(f"const {own} = {formula};")
        return code(own)

    def _name(self, array: Array, at: At) -> Formula:
        if array.info in self.views:
            return self.element(self.views[array.info], at)
        return self.in_memory(array, flat(at, array.shape)) if array.shape else code(self.name(array.info))

    def in_memory(self, array: Array, index: Index) -> Formula:
        """An element of an array in memory."""
        self.touched.setdefault(array.info, set()).add(str(index))
        return code(f"{self.name(array.info)}[{index}]")

    def number(self, value: float) -> Formula:
        """A plain number."""
        return code(literal(value))

    def _constant(self, array: Array, at: At) -> Formula:
        return self.lookup(array.info.array, flat(at, array.shape), array.info.name)

    def lookup(self, array: npt.NDArray[Any], index: Index, stem: str = "c") -> Formula:
        """An element of an array that is carried along."""
        if not index.terms:
            return code(literal(array.flat[index.constant]))
        same = (text for text, known in self.carried.items()
                if known.dtype == array.dtype and np.array_equal(known, array, equal_nan=known.dtype.kind == "f"))
        text = next(same, None) or self.names.fresh(stem)
        self.carried[text] = array
        return code(f"{text}[{index}]")

    def index(self, table: Constant, at: At) -> Index:
        """A position that is read from a table."""
        found = self.lookup(table.array, flat(at, table.array.shape))
        return Index(int(str(found))) if str(found).lstrip("-").isdigit() else Index.of(str(found))

    def _reshape(self, array: Array, at: At) -> Formula:
        below = array.args[0]
        if splits_last(array):
            lead = len(below.shape) - 1
            return self.element(below, (*at[:lead], flat(at[lead:], array.shape[lead:])))
        if long_axes(below.shape) == long_axes(array.shape):
            rest = (index for index, size in zip(at, array.shape, strict=True) if size != 1)
            return self.element(below, tuple(ZERO if size == 1 else next(rest) for size in below.shape))
        while below.kind == "reshape" or (below.kind == "name" and below.info in self.views):
            below = below.args[0] if below.kind == "reshape" else self.views[below.info]
        assert below.kind == "name", "what does not lie in order has been copied"
        return self.in_memory(below, flat(at, array.shape))

    # sums

    def reduced(self, row: ops.Op, sizes: Sequence[Any], term: Callable[[At], Formula]) -> Formula:
        """A reduction of what a term is at every place of some axes, or from one number to another."""
        if all(size == 1 for size in sizes):
            return term((ZERO,) * len(sizes))
        own = self.names.fresh("s")
        self.line(f"let {own} = {literal(neutral(row))};")
        with contextlib.ExitStack() as stack:
            at = tuple(stack.enter_context(self.loop(size, "k")) for size in sizes)
            number = term(at)
            if row is ops.sum:
                self.line(f"{own} += {number};")
            else:
                self.line(f"{own} = {row.dispatch((code(own), number))};")
        return code(own)

    def _reduceat(self, array: Array, at: At) -> Formula:
        row, starts = array.info
        below = array.args[0]
        step = (position(starts.step),) if isinstance(starts, Moved) else ()
        begins = starts.constant.array if isinstance(starts, Moved) else starts.array
        bounds = np.concatenate([begins, np.full((*begins.shape[:-1], 1), below.shape[-1])], axis=-1)
        return self.run(below, at, bounds, None, row, step)

    def _scatter(self, array: Array, at: At) -> Formula:
        order, starts, places, size = array.info
        ends = np.append(starts.array[1:], len(order.array))
        runs: list[list[int]] = [[] for _ in range(size)]
        for start, end, place in zip(starts.array, ends, places.array, strict=True):
            runs[place] += order.array[start:end].tolist()
        bounds = np.cumsum([0, *map(len, runs)])
        return self.run(array.args[0], at, bounds, np.array(list(itertools.chain(*runs)), int), ops.sum)

    def run(
        self, below: Array, at: At, bounds: npt.NDArray[Any], order: npt.NDArray[Any] | None, row: ops.Op,
        step: At = (),
    ) -> Formula:
        """The reduction of a run of columns, in an order of them; `step` says which row of the bounds it is."""
        table = Constant("bounds", bounds)
        run = self.index(table, (*step, at[-1])), self.index(table, (*step, at[-1] + Index(1)))

        def term(inner: At) -> Formula:
            place = inner[0] if order is None else self.index(Constant("order", order), inner)
            return self.element(below, (*at[:-1], place))

        return self.reduced(row, [tuple(map(str, run))], term)


def splits_last(array: Array) -> bool:
    """Whether a reshaped array has other axes in the place of the last one alone."""
    shape = array.args[0].shape
    return len(shape) > 0 and array.shape[: len(shape) - 1] == shape[:-1]


def long_axes(shape: Shape) -> list[Size]:
    """The axes of more than one element."""
    return [size for size in shape if size != 1]


def inner_axes(stack: Array, item: Array) -> Shape:
    """The axes of a stack between the first and those of an item."""
    return stack.shape[1 : max(1, len(stack.shape) - len(item.shape))]


def repeats(array: Array, arg: Array) -> bool:
    """Whether an element of an operand is read for several elements of a row, or of what it is broadcast to."""
    spreads = isinstance(array.kind, ops.Op) or array.kind in ("broadcast", "full")
    return spreads and broadcast_shape(arg.shape, (1,) * len(array.shape)) != array.shape and bool(array.shape)


def neutral(row: ops.Op) -> float:
    """The number with which a reduction begins, since it changes no other."""
    return next(x for x in (0.0, -math.inf, math.inf) if all(row.forward(x, y) == y for y in (-2.0, 0.5, 3.0)))


def mentions(row: ops.Op, place: int) -> int:
    """How often the spelling of a row has an operand in it."""
    return row.javascript.count(f"{{{place}")


def is_short(formula: Formula) -> bool:
    """Whether a formula is a name or a plain number."""
    return str(formula).replace(".", "").isalnum()


def code(text: str, level: str = "") -> Formula:
    """Text as a formula."""
    return Formula(text, level or ("unary" if text.startswith("-") else "atom"), "javascript")


def literal(value: Any) -> str:
    """A number as JavaScript writes it."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return repr(value).removesuffix(".0")


def carried_along(carried: dict[str, npt.NDArray[Any]]) -> list[str]:
    """Definitions of the arrays that a program carries along."""
    lines = []
    for text, array in carried.items():
        kind = "Float64Array" if array.dtype.kind == "f" else "Int32Array"
        numbers = list(map(literal, array.reshape(-1)))
        many = len(numbers) > 3 and len(set(numbers)) == 1
        made = f"new {kind}({len(numbers)}).fill({numbers[0]})" if many else f"{kind}.of({', '.join(numbers)})"
        lines.append(f"const {text} = {made};")
    return lines


# ── whole programs ───────────────────────────────────────────────────────────────────────────


def javascript(made: Plan) -> str:
    """A program as one expression of JavaScript, see `Program.to_javascript`."""
    names, carried = Names(), dict[str, npt.NDArray[Any]]()
    parts = [Part(looped(function(made, "outputs")), names, carried)]
    if not made.several:
        parts.insert(0, Part(looped(function(made, "value_and_grad")), names, carried))
    sizes = made.sizes
    fields = {
        "parameters": sizes["parameter"], "inputs": sizes["input"], "targets": sizes["target"],
        "outputs": len(made.roots), "noises": sizes["noise"],
    }
    outside = ", ".join(literal(value.data) for value in made.outside)
    texts = [text for part in parts for text in part.lines()]
    offered = [name for part in parts for name in part.offered]
    return "\n".join([
        "(() => {", '  "use strict";',
        *indented([f"const outside = Float64Array.of({outside});", *carried_along(carried), *texts]),
        "  return {", *(f"    {text}: {number}," for text, number in fields.items()),
        f"    outside, {', '.join(offered)},", "  };", "})()",
    ])


class Part:
    """A function of a program in JavaScript, with the arrays that it works in."""

    def __init__(self, made: Looped, names: Names, carried: dict[str, npt.NDArray[Any]]) -> None:
        self.made = made
        self.gradient = made.start is not None
        self.offered = ["valueAndGrad", "values"] if self.gradient else ["run"]
        names.taken |= {let.name.info for let in without_loops(made.lines) if isinstance(let, Let)}
        names.taken |= {loop.index for loop in made.loops}
        self.writer = write = Writer([*made.arguments, *([made.start.name] if made.start else [])], names)
        write.carried = carried
        anew = [let.name for loop in made.loops for let in loop.body if isinstance(let, Let)]
        write.variables = {array.info for array in anew}
        if single := dict.fromkeys(write.name(array.info) for array in anew if not array.shape):
            write.line(f"let {', '.join(single)};")
        self.named = [let.name for let in made.lines if isinstance(let, Let) and let.name.info not in write.variables
                      and any(isinstance(size, Rows) for size in let.name.shape)]
        for statement in made.lines:
            if statement is not made.start:
                write.statement(statement)
            elif made.start.value.info:
                write.line("gradient.fill(0);")

    def lines(self) -> list[str]:
        """Its definition."""
        write = self.writer
        (result, *_) = self.made.results
        if self.gradient:
            value = write.element(write.prepared(result), ())
            head, last = "valueAndGrad = (theta, x, y, n, gradient, u)", f"return {value};"
        else:
            own = write.name("result") if "result" not in write.names.taken else write.names.fresh("result")
            write.line(f"const {own} = new Float64Array({extent(count(result.shape))});")
            write.store(Array("name", (), own, result.shape, result.dtype), result)
            head, last = "run = (theta, x, y, n, u)", f"return {own};"
        body = write.text().splitlines()
        store = "working" if self.gradient else "running"
        memory = [
            f"let {store} = {{ n: -1 }};",
            f"const {store}For = n => n <= {store}.n ? {store} : ({store} = {{", "  n,",
            *(f"  {write.name(text)}: new Float64Array({extent(count(shape))}),"
              for text, shape in write.memory.items()), "});",
        ]
        taken = [f"const memory = {store}For(n);"]
        lines = [*memory, f"const {head} => {{", *indented([*taken, *body, last]), "};"]
        return [*lines, *self.values()] if self.gradient else lines

    def values(self) -> list[str]:
        """A function that gives every array of the program that has a row for each example."""
        write = copy.copy(self.writer)
        write.lines, write.nest = [], None
        results = []
        for array in self.named:
            size = extent(count(array.shape))
            if array.info in write.memory:
                results.append(f"{array.info}: {write.name(array.info)}.slice(0, {size}),")
                continue
            own = write.names.fresh("copy")
            write.line(f"const {own} = new Float64Array({size});")
            write.store(Array("name", (), own, array.shape, array.dtype), write.views[array.info])
            results.append(f"{array.info}: {own},")
        body = ["valueAndGrad(theta, x, y, n, new Float64Array(theta.length), u);", "const memory = workingFor(n);",
                *write.text().splitlines(), "return {", *(f"  {text}" for text in results), "};"]
        return ["const values = (theta, x, y, n, u) => {", *indented(body), "};"]


def indented(lines: Iterable[str]) -> list[str]:
    """Lines inside of something."""
    return [f"  {line}" if line else "" for line in lines]
