"""Read the operands of a statement: as a whole, a slice, a view or a gather, and as matrices."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from autograd.compiler.access import PAD, affine
from autograd.compiler.blocks import Block, Operand
from autograd.compiler.graph import Ints
from autograd.compiler.names import Names
from autograd.compiler.text import Array, atom

LEAF_NAMES = {"constant": "", "parameter": "theta", "input": "x", "target": "y", "noise": "u"}
"""What the arrays of leaves are called."""


class Reader(Names):
    """Names of blocks and of runs of theta, and the text that reads them.

    A block is computed over `dims`, axes whose product is its size.
    """

    def __init__(
        self, blocks: list[Block], parameter_names: dict[tuple[int, int], str], labels: dict[int, str], root: int | None
    ) -> None:
        super().__init__()
        self.blocks = blocks
        self.parameter_names = parameter_names
        self.labels = labels
        self.views: dict[tuple[Any, ...], str] = {}
        self.header: list[str] = []
        self.gradient_views: dict[tuple[Any, ...], str] = {}
        self.gradient_header: list[str] = []
        self.dims: list[tuple[int, ...]] = [(block.size,) for block in blocks]
        self.names: list[str] = []
        for position, block in enumerate(blocks):
            self.names.append(self.fresh("loss") if position == root else self.name(block))

    def name(self, block: Block) -> str:
        """A block's name: from the labels of its scalars, from the weights it multiplies, or from its operation."""
        if block.op in LEAF_NAMES:
            return LEAF_NAMES[block.op]
        stems = {self.labels.get(int(member), "").split("[")[0] for member in block.members[:64]}
        if len(stems) == 1 and "" not in stems:
            return self.fresh(stems.pop())
        if block.op == "sum":
            for term in block.terms:
                if term.weights and term.left.source is not None and self.blocks[term.left.source].op == "parameter":
                    weight = self.theta_name(term.left.index)
                    digits = re.search(r"\d+$", weight)
                    return self.fresh("z" + (digits.group() if digits else ""))
            return self.numbered("s")
        source = block.operands[0].source if block.operands else None
        below = "" if source is None else self.names[source]
        if re.fullmatch(r"z\d*", below) and len(block.operands) <= 2:
            return self.fresh("a" + below[1:])
        return self.numbered({"logsumexp": "lse", "stack": "v"}.get(block.op, block.op))

    def theta_name(self, index: Ints) -> str:
        """The name of the parameters that an index reads."""
        spot = int(index.min())
        for (start, stop), name in self.parameter_names.items():
            if start <= spot < stop:
                return name
        return "w"

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def batched(self, operand: Operand) -> bool:
        """Whether an operand has a row per example."""
        return operand.source is not None and self.blocks[operand.source].batched

    def read(self, operand: Operand, index: Ints, fill: float = 0.0, full: bool = False) -> Array:
        """An operand's elements at `index`, with one axis (or 1) per axis of the index after that of the batch.

        With `full`, axes along which nothing changes are spelled out.
        """
        if operand.source is None:
            assert operand.numbers is not None
            return self.read_constant(operand)
        block, name = self.blocks[operand.source], self.names[operand.source]
        return self.read_array(name, block.size, block.batched, index, fill, full, block.op == "parameter")

    def read_constant(self, operand: Operand) -> Array:
        """Constants: a number where all are equal, else a named array."""
        same = operand.number
        if same is not None:
            result: Array = Array.lift(same)
            return result
        assert operand.numbers is not None
        return atom(self.constant(operand.numbers, "c"))

    def read_array(
        self, name: str, size: int, batched: bool, index: Ints, fill: float = 0.0, full: bool = False,
        theta: bool = False,
    ) -> Array:
        """The text of name[index], as a whole, slice, view or gather."""
        found = affine(index)
        rows = ":, " if batched else ""
        if found is None or (full and any(s == 0 and n > 1 for n, s in zip(found.sizes, found.strides, strict=True))):
            if index.min() >= 0:
                return atom(f"{name}[{rows}{self.constant(index, 'i')}]")
            places = self.constant(np.maximum(index, 0), "i")
            there = self.constant(index != PAD, "m")
            return atom(f"np.where({there}, {name}[{rows}{places}], {Array.lift(fill)})")
        dims = tuple(n if s else 1 for n, s in zip(found.sizes, found.strides, strict=True))
        if full:
            dims = found.sizes
        count = math.prod(dims)
        extent = found.extent
        if extent == count:
            stop = found.base + count
            whole = found.base == 0 and count == size
            if theta:
                return atom(self.theta_view(found.base, stop, dims if full else _trimmed(dims), index))
            text = name if whole else f"{name}[{rows}{found.base}:{stop}]"
            if len(dims) > 1 or dims[0] != count:
                shape = ", ".join(map(str, dims if batched or full else _trimmed(dims)))
                if batched or shape != str(count):
                    text += f".reshape({'-1, ' if batched else ''}{shape})"
            return atom(text)
        if theta and len(dims) == 2 and found.transposed.extent == count:
            return atom(self.theta_view(found.base, found.base + count, dims, index, transposed=True))
        moving = found.moving
        if len(moving) == 1 and len(index.shape) == 1:
            stop = found.base + (moving[0][0] - 1) * moving[0][1]
            if moving[0][1] > 0:
                return atom(f"{name}[{rows}{found.base}:{stop + 1}:{moving[0][1]}]")
        strides = tuple(found.strides)
        return atom(f"{self.helper('view')}({name}, {found.base}, {dims}, {strides})")

    def theta_view(
        self, start: int, stop: int, dims: tuple[int, ...], index: Ints, transposed: bool = False
    ) -> str:
        """The name of a run of parameters; a matrix (out, in) is named as its transpose, as which it may be stored."""
        key = (start, stop, dims, transposed)
        if key not in self.views:
            exact = self.parameter_names.get((start, stop))
            self.views[key] = self.fresh(exact or self.theta_name(index))
            self.header.append(f"{self.views[key]} = theta[{start}:{stop}]{_as_matrix(dims, transposed)}")
        return self.views[key] + (".T" if len(dims) == 2 else "")

    def gradient_view(self, start: int, stop: int, dims: tuple[int, ...], transposed: bool = False) -> str:
        """The name of the place of a run of parameters in the vector `gradient`."""
        key = (start, stop, dims, transposed)
        if key not in self.gradient_views:
            known = self.views.get(key) or self.views.get((start, stop, (stop - start,), False))
            self.gradient_views[key] = self.fresh("d" + (known or self.theta_name(np.array([start]))))
            self.gradient_header.append(
                f"{self.gradient_views[key]} = gradient[{start}:{stop}]{_as_matrix(dims, transposed)}"
            )
        return self.gradient_views[key]

    # ── over the axes of a block ─────────────────────────────────────────────────────────────

    def elements(self, position: int, block: Block) -> list[Any]:
        """The operands of an elementwise block over its dims; constants that are one number as floats."""
        return [self.over(operand, position) for operand in block.operands]

    def over(self, operand: Operand, position: int) -> Any:
        """An operand with one element per member, over the dims of the block that reads it."""
        if operand.number is not None:
            return operand.number
        dims = self.dims[position]
        if operand.source is None and operand.numbers is not None:
            return atom(self.constant(operand.numbers.reshape(dims), "c"))
        return self.read(operand, operand.index.reshape(dims))

    def to_dims(self, text: Array, position: int, batched: bool) -> Array:
        """A flat value over the dims of a block."""
        dims = self.dims[position]
        if len(dims) == 1:
            return text
        return atom(f"{text:atom}.reshape({'-1, ' if batched else ''}{', '.join(map(str, dims))})")

    def terms_of(self, block: Block) -> Array:
        """What a reduction reduces: (members, terms), or (terms) for a single member."""
        (operand,) = block.operands
        index = operand.index[0] if block.size == 1 and block.segments is None else operand.index
        return self.read(operand, index, fill=math.inf if block.op == "min" else -math.inf, full=True)

    # ── as matrices ──────────────────────────────────────────────────────────────────────────

    def rows(self, right: Operand) -> Array:
        """The right factors of a product with weights, as a matrix with a row per example and window."""
        _, k2, n = right.index.shape
        if k2 == 1:
            return self.matrix(right, right.index[0, 0])
        text = self.matrix(right, right.index[0])
        return atom(f"{text}.reshape(-1, {n})")

    def matrix(self, operand: Operand, index: Ints) -> Array:
        """A factor with all its axes spelled out, as matrix products need it."""
        if operand.source is None:
            assert operand.numbers is not None
            return atom(self.constant(operand.numbers.reshape(index.shape), "c"))
        return self.read(operand, index, full=True)

    def transposed(self, operand: Operand, index: Ints) -> Array:
        """The transpose of a matrix factor."""
        text = str(self.matrix(operand, index))
        return atom(text[:-2] if text.endswith(".T") else text + ".T")


def _trimmed(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Without leading axes of length 1, which broadcasting supplies."""
    while len(dims) > 1 and dims[0] == 1:
        dims = dims[1:]
    return dims


def _as_matrix(dims: tuple[int, ...], transposed: bool) -> str:
    """How a run of numbers becomes the transpose of a matrix, which may be stored by columns; a vector stays one."""
    if len(dims) == 1:
        return ""
    if transposed:
        return f".reshape({', '.join(map(str, dims[::-1]))})"
    return f".reshape({', '.join(map(str, dims))})" + ".T" * (len(dims) == 2)
