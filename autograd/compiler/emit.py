"""Write blocks as NumPy statements: the forward half of a program's source.

Every block is an array with a row per example (or none, if it is the same for all) and a column per
scalar. A statement computes it over `dims`, axes whose product is the number of columns, so that
what broadcasts can.
"""

from __future__ import annotations

import itertools
import keyword
import math
import re
from collections import Counter
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.access import PAD, affine, factored
from autograd.compiler.blocks import Block, Operand, Term
from autograd.compiler.graph import Ints
from autograd.compiler.text import Array, atom, binding_as_product

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


class Writer:
    """The source of a program while it is written: names, views of theta, constants, statements."""

    def __init__(self, blocks: list[Block], names: dict[tuple[int, int], str], labels: dict[int, str], root: int | None = None) -> None:
        self.blocks = blocks
        self.parameter_names = names
        self.labels = labels
        self.taken: set[str] = {"theta", "x", "y", "u", "np", "value", "gradient", "view", "scatter", "len", "n"}
        self.header: list[str] = []
        self.views: dict[tuple[Any, ...], str] = {}
        self.gradient_header: list[str] = []
        self.gradient_views: dict[tuple[Any, ...], str] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.known_constants: dict[tuple[Any, ...], str] = {}
        self.helpers: set[str] = set()
        self.lines: list[str] = []
        self.statements: list[tuple[Block, str, str]] = []
        self.names: list[str] = []
        self.dims: list[tuple[int, ...]] = []
        self.depth = Counter[str]()
        self.batch = "n"
        for position, block in enumerate(blocks):
            self.dims.append((block.size,))
            self.names.append(self.fresh("loss") if position == root else self.name(block))

    # ── names ────────────────────────────────────────────────────────────────────────────────

    def fresh(self, stem: str) -> str:
        """A safe identifier that no other thing has."""
        stem = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_")[:24]
        if not stem or stem[0].isdigit() or keyword.iskeyword(stem) or keyword.issoftkeyword(stem):
            stem = "v" + stem
        name, count = stem, 1
        while name in self.taken:
            count += 1
            name = f"{stem}_{count}" if stem[-1].isdigit() else f"{stem}{count}"
        self.taken.add(name)
        return name

    def numbered(self, stem: str) -> str:
        """stem1, stem2, …: the first that no other thing has."""
        return self.fresh(next(f"{stem}{i}" for i in itertools.count(1) if f"{stem}{i}" not in self.taken))

    def name(self, block: Block) -> str:
        """A block's name: from the labels of its scalars, from the weights it multiplies, or from its operation."""
        if block.op in LEAF_NAMES:
            return LEAF_NAMES[block.op]
        stems = {re.sub(r"[\[(_]?[\d, ]*[\])]?$", "", self.labels.get(int(m), "")) for m in block.members[:64]}
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

    def constant(self, array: np.ndarray, stem: str) -> str:
        """The name of an array that the program carries along."""
        key = (array.shape, array.dtype.str, array.tobytes())
        if key not in self.known_constants:
            name = self.numbered(stem)
            self.known_constants[key] = name
            self.constants[name] = array
        return self.known_constants[key]

    def helper(self, name: str) -> str:
        """The name of a helper function, which the source then contains."""
        self.helpers.add(name)
        return name

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
        moving = found.moving
        if len(moving) == 1 and len(index.shape) == 1:
            stop = found.base + (moving[0][0] - 1) * moving[0][1]
            if moving[0][1] > 0:
                return atom(f"{name}[{rows}{found.base}:{stop + 1}:{moving[0][1]}]")
        strides = tuple(found.strides)
        return atom(f"{self.helper('view')}({name}, {found.base}, {dims}, {strides})")

    def theta_view(self, start: int, stop: int, dims: tuple[int, ...], index: Ints) -> str:
        """The name of a run of parameters; a matrix (out, in) is named as its transpose."""
        key = (start, stop, dims)
        if key not in self.views:
            exact = self.parameter_names.get((start, stop))
            name = self.fresh(exact or self.theta_name(index))
            self.views[key] = name
            matrix = len(dims) == 2
            shape = "" if len(dims) == 1 else f".reshape({', '.join(map(str, dims))})" + (".T" if matrix else "")
            self.header.append(f"{name} = theta[{start}:{stop}]{shape}")
        return self.views[key] + (".T" if len(dims) == 2 else "")

    def gradient_view(self, key: tuple[int, int, tuple[int, ...]]) -> str:
        """The name of the place of a run of parameters in the vector `gradient`."""
        start, stop, dims = key
        if key not in self.gradient_views:
            known = self.views.get(key) or self.views.get((start, stop, (stop - start,)))
            name = self.fresh("d" + (known or self.theta_name(np.array([start]))))
            shape = "" if len(dims) == 1 else f".reshape({', '.join(map(str, dims))})" + ".T" * (len(dims) == 2)
            self.gradient_views[key] = name
            self.gradient_header.append(f"{name} = gradient[{start}:{stop}]{shape}")
        return self.gradient_views[key]

    # ── forward statements ───────────────────────────────────────────────────────────────────

    def forward(self, wanted: list[bool]) -> None:
        """A statement for every wanted block."""
        for position, block in enumerate(self.blocks):
            if wanted[position] and block.op not in LEAF_NAMES:
                self.statement(position, block)
                self.statements.append((block, self.names[position], self.lines[-1]))

    def statement(self, position: int, block: Block) -> None:
        """The statement of one block."""
        if block.op == "sum":
            text = self.sum(position, block)
        elif block.op == "stack":
            text = self.stack(block)
        elif isinstance(ops.TABLE[block.op], ops.Reduction):
            text = self.reduction(block)
        else:
            self.dims[position] = common_dims([o.index for o in block.operands if o.source is not None], block.size)
            text = self.flat(ops.TABLE[block.op].dispatch(tuple(self.elements(position, block))), position)
        self.lines.append(f"{self.names[position]} = {text}")

    def flat(self, value: Array, position: int) -> Array:
        """A value over dims as one with a column per scalar."""
        block, dims = self.blocks[position], self.dims[position]
        if len(dims) == 1:
            return value
        return atom(f"{value:atom}.reshape({'-1, ' if block.batched else ''}{block.size})")

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

    def stack(self, block: Block) -> str:
        """Several arrays side by side."""
        parts = []
        for operand in block.operands:
            text = str(atom(self.constant(operand.numbers, "c")) if operand.numbers is not None
                       else self.read(operand, operand.index, full=True))
            if block.batched and not self.batched(operand):
                text = f"np.broadcast_to({text}, ({self.batch}, {operand.index.size}))"
            parts.append(text)
        return f"np.concatenate([{', '.join(parts)}], axis=-1)"

    def reduction(self, block: Block) -> Array:
        """max, min or logsumexp along the last axis."""
        terms = self.terms_of(block)
        if block.segments is not None:
            return self.segmented(block, terms)
        keep = ", keepdims=True" if block.size == 1 else ""
        if block.op != "logsumexp":
            return atom(ops.TABLE[block.op].numpy.format(terms).replace("axis=-1", f"axis=-1{keep}"))
        # ln Σ eˣ = m + ln Σ e^(x-m): np.logaddexp.reduce says the same, several times slower.
        highest = self.numbered("m")
        self.lines.append(f"{highest} = np.max({terms}, axis=-1, keepdims=True)")
        flat = highest if keep else f"{highest}[..., 0]"
        return Array(f"{flat} + np.log(np.sum(np.exp({terms:sum} - {highest}), axis=-1{keep}))", "sum")

    def terms_of(self, block: Block) -> Array:
        """What a reduction reduces: (members, terms), or (terms) for a single member."""
        (operand,) = block.operands
        index = operand.index[0] if block.size == 1 and block.segments is None else operand.index
        return self.read(operand, index, fill=math.inf if block.op == "min" else -math.inf, full=True)

    def segmented(self, block: Block, terms: Array) -> Array:
        """A reduction over runs of different lengths."""
        assert block.segments is not None
        starts = self.constant(block.segments, "i")
        if block.op != "logsumexp":
            return atom(f"np.{block.op}imum.reduceat({terms}, {starts}, axis=-1)")
        return atom(f"np.logaddexp.reduceat({terms}, {starts}, axis=-1)")

    def sum(self, position: int, block: Block) -> Array:
        """A sum of products and plain terms."""
        self.dims[position] = self.sum_dims(block)
        total: Any = None
        for term in block.terms:
            text = self.product(term, position) if term.right is not None else self.plain(term, position)
            negative = term.coefficient < 0
            scaled = text if abs(term.coefficient) == 1 else Array.lift(abs(term.coefficient)) * text
            if total is None:
                total = -scaled if negative else scaled
            else:
                total = total - scaled if negative else total + scaled
        return self.flat(total, position)

    def sum_dims(self, block: Block) -> tuple[int, ...]:
        """Axes over which every term of a sum can be read without a copy, if there are any."""
        indices = [t.left.index[:, 0] for t in block.terms
                   if t.right is None and t.segments is None and t.left.index.shape[1] == 1 and t.left.source is not None]
        for term in block.terms:
            if term.elementwise:
                indices += [side.index[:, 0, 0] for side in (term.left, term.right)
                            if side is not None and side.source is not None and side.index.shape[2] == 1]
        return common_dims(indices, block.size)

    def plain(self, term: Term, position: int) -> Any:
        """Terms that are no products: one per member, or a row of them added up."""
        block = self.blocks[position]
        operand = term.left
        if term.segments is not None:
            starts = self.constant(term.segments, "i")
            return self.to_dims(
                atom(f"np.add.reduceat({self.read(operand, operand.index, full=True)}, {starts}, axis=-1)"), position,
                self.batched(operand))
        if operand.index.shape[1] == 1:
            return self.over(operand.column(), position)
        if operand.source is None:
            assert operand.numbers is not None
            return self.over(Operand(None, operand.index[:, 0], operand.numbers.sum(axis=1)), position)
        if block.size == 1:
            return atom(f"np.sum({self.read(operand, operand.index[0], full=True)}, axis=-1, keepdims=True)")
        text = atom(f"np.sum({self.read(operand, operand.index, full=True)}, axis=-1)")
        return self.to_dims(text, position, self.batched(operand))

    def to_dims(self, text: Array, position: int, batched: bool) -> Array:
        """A flat value over the dims of a block."""
        dims = self.dims[position]
        if len(dims) == 1:
            return text
        return atom(f"{text:atom}.reshape({'-1, ' if batched else ''}{', '.join(map(str, dims))})")

    def product(self, term: Term, position: int) -> Any:
        """Σ left·right as an elementwise product or a product of matrices, one value per member."""
        left, right = term.left, term.right
        assert right is not None
        batched = self.batched(left) or self.batched(right)
        if term.segments is not None:
            starts = self.constant(term.segments, "i")
            product = self.read(left, left.index, full=True) * self.read(right, right.index, full=True)
            return self.to_dims(atom(f"np.add.reduceat({product}, {starts}, axis=-1)"), position, batched)
        text = self.natural(term)
        places = term.left.index.shape[0] * term.left.index.shape[1] * right.index.shape[1]
        if not np.array_equal(term.place, np.arange(places)):
            rows = ":, " if batched else ""
            text = atom(f"{text:atom}[{rows}{self.constant(term.place, 'i')}]")
        elif term.elementwise and left.index.shape[2] == 1:
            return self.elementwise_product(term, position)
        return self.to_dims(text, position, batched)

    def elementwise_product(self, term: Term, position: int) -> Any:
        """left * right, member by member."""
        assert term.right is not None
        return Array.lift(1) * self.over(_flat(term.left), position) * self.over(_flat(term.right), position)

    def natural(self, term: Term) -> Array:
        """The product with its members in places: (batch, places)."""
        left, right = term.left, term.right
        assert right is not None
        h, k1, n = left.index.shape
        k2 = right.index.shape[1]
        batched = self.batched(left) or self.batched(right)
        if term.elementwise:
            if n == 1:
                one = Array.lift(1)
                value: Array = one * self.read(left, left.index[:, 0, 0]) * self.read(right, right.index[:, 0, 0])
                return value
            if h == 1:
                product = self.matrix(left, left.index[0, 0]) * self.matrix(right, right.index[0, 0])
                return atom(f"np.sum({product}, axis=-1, keepdims=True)")
            both = (self.matrix(left, left.index[:, 0]), self.matrix(right, right.index[:, 0]))
            return atom(f'np.einsum("...n,...n->...", {both[0]}, {both[1]})')
        if term.weights and h == 1:
            x = self.rows(right)
            text = binding_as_product(f"{x} @ {self.transposed(left, left.index[0])}")
            return text if k2 == 1 else atom(f"({text}).reshape(-1, {k1 * k2})")
        squeeze = 0 if h == 1 else slice(None)
        a, b = self.matrix(left, left.index[squeeze]), self.matrix(right, right.index[squeeze])
        if term.weights:
            a, b = b, a
        text = binding_as_product(f"{a} @ {b}.swapaxes(-1, -2)")
        return atom(f"({text}).reshape({'-1, ' if batched else ''}{h * k1 * k2})")

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


LEAF_NAMES = {"constant": "", "parameter": "theta", "input": "x", "target": "y", "noise": "u"}


def _flat(operand: Operand) -> Operand:
    numbers = None if operand.numbers is None else operand.numbers[:, 0, 0]
    return Operand(operand.source, operand.index[:, 0, 0], numbers)


def _trimmed(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Without leading axes of length 1, which broadcasting supplies."""
    while len(dims) > 1 and dims[0] == 1:
        dims = dims[1:]
    return dims


def common_dims(indices: list[Ints], size: int) -> tuple[int, ...]:
    """Axes over which every flat index is affine, else the flat one."""
    candidates = [(size,), *(factored(index) for index in indices)]
    for dims in sorted(set(candidates), key=len):
        if all(affine(index.reshape(dims)) is not None for index in indices):
            return dims
    return (size,)
