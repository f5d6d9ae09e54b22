"""Print a function as readable NumPy: what a lecturer would write on a slide, and what runs on its own.

A printer has one method per structural kind of `autograd.compiler.arrays.array`; rows of the table print themselves.
Others are made of it by saying what differs: `to_jax`, and `calls` of the buffers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Constant,
    For,
    Let,
    Line,
    Moved,
    Position,
    Rows,
    Shape,
    Statement,
    constants_in,
    ends_in_rows,
    nodes,
    places_of,
)
from autograd.compiler.arrays.function import Function
from autograd.compiler.arrays.looped import Looped
from autograd.compiler.arrays.names import literal
from autograd.formula import Formula, number

HELPERS = {
    "view": '''
def view(a, base, sizes, strides):
    """The elements a[..., base + strides · (i, j, …)] without a copy."""
    step = a.strides[-1]
    return np.lib.stride_tricks.as_strided(
        a[..., base:], a.shape[:-1] + sizes, a.strides[:-1] + tuple(s * step for s in strides))
''',
    "scatter": '''
def scatter(g, order, starts, places, size):
    """Columns of g added up into `size` columns: sorted by `order`, the runs from `starts` go to `places`."""
    total = np.zeros(g.shape[:-1] + (size,), g.dtype)
    total[..., places] = np.add.reduceat(g[..., order], starts, axis=-1)
    return total
''',
}


class Printer:
    """Nodes and statements as text."""

    module: ClassVar[str] = "np"
    helpers: ClassVar[dict[str, str]] = HELPERS
    spellings: ClassVar[dict[str, str]] = {
        "transpose": "{:atom}.T", "swapped": "{:atom}.swapaxes(-1, -2)", "widened": "{:atom}[..., None]",
        "copy": "{:atom}.copy()", "mean": "{:atom}.mean()",
    }
    """The kinds that need to know no more than their operands."""

    def __init__(self, places: Iterable[Let] = ()) -> None:
        self.places = {let.name.info for let in places}
        """The names of runs of the gradient: what is added to them is added to the gradient."""

    def text(self, array: Array) -> str:
        """A node as text."""
        return str(array.info) if array.kind == "name" else str(self.formula(array))

    def formula(self, array: Array) -> Formula:
        """A node as text that knows how tightly it binds."""
        if isinstance(array.kind, ops.Op):
            return self.row(array.kind, array)
        if isinstance(array.kind, np.ufunc):
            return self.call(array.kind.__name__, *map(self.text, array.args))
        if array.kind in self.spellings:
            return Formula(self.spellings[array.kind].format(*map(self.formula, array.args)))
        printed: Formula | str = getattr(self, f"_{array.kind}")(array.info, *map(self.formula, array.args), array)
        return printed if isinstance(printed, Formula) else Formula(printed)

    def row(self, row: ops.Op, array: Array) -> Formula:
        """A row of the table as the table spells it."""
        return Formula(row.numpy.format(*map(self.formula, array.args)), row.level)

    def call(self, function: str, *arguments: str) -> Formula:
        """A function of the module."""
        return Formula(f"{self.module}.{function}({', '.join(arguments)})")

    def statement(self, statement: Statement) -> str:
        """A statement as a line."""
        if isinstance(statement, Let):
            return f"{self.text(statement.name)} = {self.text(statement.value)}"
        own = statement.adds and statement.place.kind == "name" and statement.place.info not in self.places
        indexed = own or statement.place.kind in ("part", "take", "item")
        place = self.text(statement.place) + ("" if indexed else "[...]")
        return f"{place} {'+=' if statement.adds else '='} {self.text(statement.value)}"

    def lines(self, line: Line) -> list[str]:
        """A statement as a line, a loop as several."""
        if not isinstance(line, For):
            return [self.statement(line)]
        steps = f"range({line.start}, {line.stop})" if line.start else f"range({line.stop})"
        head = f"for {line.index} in {f'reversed({steps})' if line.backwards else steps}:"
        return [head, *(f"    {text}" for statement in line.body for text in self.lines(statement))]

    def shape(self, shape: Shape) -> str:
        """A shape, of which an axis of examples has the length n, or a multiple of it."""
        sizes = [str(size) if not isinstance(size, Rows) else "n" if size.times == 1 else f"n * {size.times}"
                 for size in shape]
        return sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"

    # ── one method per kind ──────────────────────────────────────────────────────────────────

    def _name(self, text: str, array: Array) -> str:
        return text

    def _number(self, value: float, array: Array) -> Formula:
        if math.isnan(value):
            return Formula(f"{self.module}.nan")
        text = number(value).replace("inf", f"{self.module}.inf") if math.isinf(value) else number(value)
        return Formula(text, "unary" if text.startswith("-") else "atom")

    def _constant(self, carried: Any, array: Array) -> str:
        return str(carried.name)

    def _part(self, info: Any, a: Formula, array: Array) -> str:
        start, stop, step = info
        run = f"{moving(start)}:{moving(stop)}{f':{step}' if step > 1 else ''}"
        return f"{a:atom}[{self._last(array)}{run}]"

    def _column(self, position: Position, a: Formula, array: Array) -> str:
        return f"{a:atom}[{self._last(array)}{moving(position)}]"

    def _take(self, index: Any, a: Formula, array: Array) -> str:
        if ends_in_rows(array.args[0].shape):
            return f"{a:atom}[..., {index.name}, :]"
        return f"{a:atom}[{self._last(array)}{moving(index)}]"

    def _last(self, array: Array) -> str:
        """What stands for the axes before the last of what a node reads."""
        return ("", "", ":, ")[rank] if (rank := len(array.args[0].shape)) <= 2 else "..., "

    def _view(self, info: Any, a: Formula, array: Array) -> str:
        base, sizes, strides = info
        return f"view({a}, {moving(base)}, {sizes}, {strides})"

    def _reshape(self, shape: Shape, a: Formula, array: Array) -> str:
        sizes = ["-1" if isinstance(size, Rows) else str(size) for size in shape]
        return f"{a:atom}.reshape({', '.join(sizes) or '()'})"

    def _permuted(self, axes: tuple[int, ...], a: Formula, array: Array) -> str:
        return f"{a:atom}.transpose{axes}"

    def _broadcast(self, shape: Shape, a: Formula, array: Array) -> Formula:
        return self.call("broadcast_to", str(a), self.shape(shape))

    def _matmul(self, info: None, a: Formula, b: Formula, array: Array) -> Formula:
        return Formula(f"{a:product} @ {b:unary}", "product")

    def _einsum(self, subscripts: str, a: Formula, b: Formula, array: Array, *options: str) -> Formula:
        # With an axis of examples in letters there is a product of matrices to be found.
        found = [] if "..." in subscripts else ["optimize=True"]
        return self.call("einsum", f'"{subscripts}"', str(a), str(b), *options, *found)

    def _reduce(self, info: Any, a: Formula, array: Array) -> Formula | str:
        row, axes, keep = info
        options = ["keepdims=True"] * keep + ["dtype=theta.dtype"] * (array.args[0].dtype == "truth")
        if axes == (-1,):
            return self.call(row.name, str(a), "axis=-1", *options)
        axis = str(axes[0] if len(axes) == 1 else axes)
        return f"{a:atom}.{row.name}({', '.join([f'axis={axis}', *options])})"

    def _reduceat(self, info: Any, a: Formula, array: Array) -> Formula:
        row, starts = info
        dtype = ["dtype=theta.dtype"] * (array.args[0].dtype == "truth")
        return self.call(f"{row.ufunc}.reduceat", str(a), moving(starts), "axis=-1", *dtype)

    def _scatter(self, info: Any, a: Formula, array: Array) -> str:
        order, starts, places, size = info
        return f"scatter({a}, {order.name}, {starts.name}, {places.name}, {size})"

    def _concatenate(self, info: None, *parts: Any) -> Formula:
        *texts, array = parts
        several = [len(arg.shape) > len(array.shape) for arg in array.args]
        texts = [self.flat(text, len(arg.shape) - len(array.shape) - 1)
                 for text, arg in zip(texts, array.args, strict=True)]
        if several == [True]:
            return self.call("concatenate", texts[0], "axis=-1")
        listed = [f"*{text}" if more else text for text, more in zip(texts, several, strict=True)]
        return self.call("concatenate", f"[{', '.join(listed)}]", "axis=-1")

    def _woven(self, info: None, *parts: Any) -> str:
        *texts, array = parts
        more = [len(arg.shape) - len(array.shape) for arg in array.args]
        if not any(more):
            return f"[a for step in zip({', '.join(map(str, texts))}) for a in step]"
        each = [f"*{self.flat(text, number - 1)}" if number else text
                for text, number in zip("abcd", more, strict=False)]
        own = ", ".join("abcd"[: len(more)])
        return f"[e for {own} in zip({', '.join(map(str, texts))}) for e in [{', '.join(each)}]]"

    def flat(self, text: Any, times: int) -> str:
        """Stacks in a stack as one, so many times."""
        return str(text) if times < 1 else str(self.call("concatenate", self.flat(text, times - 1)))

    def _cast(self, info: None, a: Formula, array: Array) -> str:
        return f"{a:atom}.astype(theta.dtype{'' if array.args[0].dtype == 'truth' else ', copy=False'})"

    def _full(self, shape: Shape, value: Formula, array: Array) -> Formula:
        if not shape:
            return self.call("float64", str(value))
        if array.args[0].number in (0, 1):
            return self.call("zeros" if array.args[0].number == 0 else "ones", self.shape(shape), "theta.dtype")
        return self.call("full", self.shape(shape), str(value), "theta.dtype")

    def _like(self, zeros: bool, a: Formula, array: Array) -> Formula:
        return self.call("zeros_like" if zeros else "empty_like", str(a))

    def _empty(self, info: None, array: Array) -> Formula:
        return self.call("empty", self.shape(array.shape), "bool" if array.dtype == "truth" else "theta.dtype")

    def _item(self, position: Position, a: Formula, array: Array) -> str:
        stack, places = places_of(array)
        return f"{self.formula(stack):atom}[{', '.join(map(moving, places))}]"

    def _items(self, info: Any, a: Formula, array: Array) -> str:
        runs, ways = [], []
        for run, size in zip(info, array.args[0].shape, strict=False):
            if isinstance(run, tuple):
                start, stop, backwards = run
                runs.append(":" if (start, stop) == (0, size) else f"{start}:{stop}")
                ways.append("::-1" if backwards else ":")
            else:
                runs.append(moving(run))
        return f"{a:atom}" + "".join(f"[{', '.join(cut)}]" for cut in (runs, ways) if set(cut) != {":"})

    # ── whole functions ──────────────────────────────────────────────────────────────────────

    def all_lines(self, lines: Iterable[Line]) -> list[str]:
        """Statements and loops as lines."""
        return [text for line in lines for text in self.lines(line)]

    def body(self, function: Function | Looped) -> list[str]:
        """The lines of a function."""
        lines = [*map(self.statement, function.views), "", *self.all_lines(function.forward)]
        if function.start:
            lines += ["", *self.all_lines([function.start, *function.places, *function.backward])]
        counted = ["n = len(x)"] if any(map(counts_rows, all_nodes(function))) else []
        return [*counted, *lines, f"return {', '.join(map(self.text, function.results))}"]

    def source(
        self, function: Function | Looped, given: Mapping[str, npt.NDArray[Any]] = MappingProxyType({}),
        with_arrays: bool = True,
    ) -> str:
        """A function that runs on its own; arguments that are `given` become constants.

        Unless `with_arrays`, those that it carries along are not written out: whoever runs it gives them as globals.
        """
        used = all_nodes(function)
        helpers = "\n".join(text for kind, text in sorted(self.helpers.items()) if any(n.kind == kind for n in used))
        arguments = [argument.info for argument in function.arguments if argument.info not in given]
        constants = [f"{name} = {literal(array)}" for name, array in given.items()]
        if with_arrays:
            constants += [f"{carried.name} = {literal(carried.array)}" for carried in constants_in(used)]
        head = "\n".join(["import numpy as np", helpers.rstrip(), *constants]).rstrip()
        body = "\n".join(f"    {line}" if line else "" for line in self.body(function))
        name = "outputs" if function.kind == "outputs" else "value_and_grad"
        return f"{head}\n\n\ndef {name}({', '.join(arguments)}):\n{body}\n"


def moving(position: Position | Constant | Moved) -> str:
    """A position or an index in a loop as text: 3 * t + 1."""
    if isinstance(position, int):
        return str(position)
    if isinstance(position, Constant):
        return position.name
    if isinstance(position, Moved):
        shift = moving(position.step)
        return f"{position.constant.name}[{shift}]" if position.several else f"{position.constant.name} + {shift}"
    terms = sorted(position.terms, key=lambda term: -term[1])
    parts = [(number, index if abs(number) == 1 else f"{abs(number)} * {index}") for index, number in terms]
    if position.start:
        place = 0 if terms[0][1] < 0 else len(parts)
        parts.insert(place, (position.start, str(abs(position.start))))
    (sign, first), *others = parts
    return f"{'-' * (sign < 0)}{first}" + "".join(f" {'+' if sign > 0 else '-'} {text}" for sign, text in others)


def all_nodes(function: Function | Looped) -> list[Array]:
    """The nodes of a function."""
    lines = function.lines if isinstance(function, Looped) else function.statements
    arrays = [*(array for line in lines for array in line.arrays), *function.results]
    return [node for array in arrays for node in nodes(array)]


def counts_rows(array: Array) -> bool:
    """Whether a node says how many examples there are."""
    return (array.kind in ("full", "broadcast") and any(isinstance(size, Rows) for size in array.info)) or (
        array.kind == "empty" and any(isinstance(size, Rows) for size in array.shape))
