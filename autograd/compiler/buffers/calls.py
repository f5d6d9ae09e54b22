"""Print calls that write into buffers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from autograd import ops
from autograd.compiler.arguments import FloatArray
from autograd.compiler.arrays.array import Array, Let, Shape, Statement, ends_in_rows
from autograd.compiler.buffers.buffered import Buffered
from autograd.compiler.buffers.cost import SHORT
from autograd.compiler.buffers.memory import elements
from autograd.compiler.printers.to_numpy import Printer
from autograd.formula import Formula, as_formula

MANY, SELECTED = 256, 8000
"""From so many numbers on, for many examples, a selection takes less time by bits."""


def selecting() -> Callable[..., None]:
    """What writes one array where a truth value is so and another where it is not, with memory of its own.

    Where others come by turns, a processor cannot foresee the jumps of np.putmask, np.copyto and np.where: of many
    numbers, the bits of both are masked, which takes a fifth of the time, and numbers that are not selected may be nan.

    >>> place, condition = np.zeros(9000), np.arange(9000) % 3 == 0
    >>> selecting()(place, condition, np.arange(9000.0), np.array(np.nan))
    >>> place[:4]
    array([ 0., nan, nan,  3.])
    """
    masks: dict[tuple[int, ...], Any] = {}

    def select(place: FloatArray, condition: Any, one: FloatArray, other: FloatArray) -> None:
        many = place.size >= SELECTED and one.dtype == place.dtype
        if other is not place and not (many and other.dtype == place.dtype):  # truth values are numbers as well
            place[...] = other
            other = place
        if not many:
            whole = condition.shape == place.shape and one.shape in ((), place.shape)
            if whole and place.flags.c_contiguous and one.flags.c_contiguous:
                np.putmask(place, condition, one)
            else:
                np.copyto(place, one, where=condition)  # which takes longer
            return
        integer = np.int64 if place.itemsize == 8 else np.int32
        mask = masks.get(place.shape)
        if mask is None:
            mask = masks[place.shape] = np.empty((2, *place.shape), integer)
        chosen, bits = mask
        np.negative(condition.view(np.int8), chosen)
        below = other.view(integer)
        np.bitwise_xor(one.view(integer), below, bits)
        np.bitwise_and(bits, chosen, bits)
        np.bitwise_xor(bits, below, place.view(integer))

    return select


def python(formula: Formula) -> Formula:
    """A formula spelled as Python spells it."""
    return Formula(str(formula), formula.level, spelling="python")


class CallPrinter(Printer):
    """Calls that write to a place, as text."""

    spellings: ClassVar[dict[str, str]] = Printer.spellings | {
        "float": "{:atom}.item()", "numbers": "{:atom}.tolist()", "dot": "{:atom}.dot({})",
    }

    def halves(self, calls: Buffered, results: Sequence[Array]) -> tuple[list[Any], list[Any]]:
        """The calls of the forward and of the backward half."""
        return calls.statements[: calls.forward], calls.statements[calls.forward :]

    def statement(self, statement: Statement) -> str:
        """A call as a line."""
        if isinstance(statement, Let):
            return f"{self.text(statement.name)} = {self.named(statement)}"
        if statement.place.kind == "take":
            return super().statement(statement)
        if statement.value.kind == "listed" and len(statement.place.shape) == 1 and len(statement.value.args) <= SHORT:
            place, texts = self.formula(statement.place), map(self.text, statement.value.args)
            return f"{', '.join(f'{place:atom}[{i}]' for i in range(len(statement.value.args)))} = {', '.join(texts)}"
        return self.into(statement.value, self.text(statement.place))

    def named(self, let: Let) -> str:
        """What a line gives a name."""
        return self.text(let.value)

    def into(self, value: Array, place: str) -> str:
        """A call that writes to a place."""
        args, info = [self.text(arg) for arg in value.args], value.info
        ufunc = ops.ufunc_of(value.kind)
        if ufunc is not None:
            out = "out=" if ufunc in (np.maximum, np.minimum) else ""  # NumPy 2.4 wants to be told of these two
            return f"np_{ufunc.__name__}({', '.join(args)}, {out}{place})"
        dtype = "theta.dtype" if value.args and value.args[0].dtype == "truth" else "None"
        match value.kind:
            case ops.where:
                in_order, rare = info if isinstance(info, tuple) else (info, None)
                if elements(value.shape, MANY) >= SELECTED and not rare:
                    return f"select({place}, {', '.join(args)})"
                selected = (f"np.putmask({place}, {args[0]}, {args[1]})" if in_order else
                            f"np.copyto({place}, {args[1]}, where={args[0]})")  # which takes longer
                return selected if args[2] == place else f"{place}[...] = {args[2]}; {selected}"
            case "matmul":
                return f"np_matmul({', '.join(args)}, {place})"
            case "dot":  # half as long as by `np.dot`, which asks its arguments whether they have one of their own
                return f"{self.formula(value.args[0]):atom}.dot({args[1]}, {place})"
            case "reduce":
                row, axes, keep = info
                axis = axes[0] if len(axes) == 1 else axes
                return f"np_{row.ufunc}.reduce({args[0]}, {axis}, {dtype}, {place}, {keep})"
            case "reduceat":
                return f"np_{info[0].ufunc}.reduceat({args[0]}, {info[1].name}, -1, {dtype}, {place})"
            case "take":
                axis = -2 if ends_in_rows(value.args[0].shape) else -1
                return f'{self.formula(value.args[0]):atom}.take({info.name}, {axis}, {place}, "clip")'
            case "einsum":
                left, right = map(self.formula, value.args)
                return str(self._einsum(info, left, right, value, f"out={place}"))
            case "copy" | "cast":
                return f"{place}[...] = {args[0]}"
        if value.dtype == "number" or not value.shape:
            return f"{place}.fill({self.text(value)})"
        return f"{place}[...] = {self.text(value)}"

    def formula(self, array: Array) -> Formula:
        """A node as text; what computes floats as Python spells it."""
        if array.dtype == "scalar" and isinstance(array.kind, ops.Op):
            args = [as_formula(arg.number) if arg.number is not None else python(self.formula(arg))
                    for arg in array.args]
            printed: Formula = array.kind.dispatch(tuple(args))
            return printed
        return super().formula(array)

    def _listed(self, info: None, *parts: Any) -> str:
        *texts, array = parts
        rows = [str(text) for text in texts]
        if not array.shape:
            return rows[0]
        for size in array.shape[:0:-1]:
            rows = [f"[{', '.join(rows[i : i + size])}]" for i in range(0, len(rows), size)]
        return f"[{', '.join(rows)}]"

    def _weighted(self, info: None, a: Formula, b: Formula, *rest: Any) -> Formula:
        *share, _ = rest
        product = Formula(f"{a:atom}.dot({b})")
        return product * share[0] if share else product

    def _added(self, info: None, a: Formula, b: Formula, array: Array) -> Formula:
        total: Formula = a + b
        return total

    def _full(self, shape: Shape, value: Formula, array: Array) -> Formula:
        return super()._full(shape, value, array) if shape else Formula(f"np.full((), {value}, theta.dtype)")
