"""Differentiate block by block, from the last to the first: the backward half of a program's source.

Every block passes its gradient on to what it read: through products by the transposes of their
factors, through elementwise operations and reductions by the rules of the table. What was read by
view is added up by view where no two places overlap; otherwise sorted segments are summed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.access import PAD, affine, disjoint
from autograd.compiler.blocks import Block, Operand, Term
from autograd.compiler.emit import LEAF_NAMES, Writer, _flat
from autograd.compiler.graph import Ints
from autograd.compiler.text import Array, atom, binding_as_product


@dataclass
class Flow:
    """A gradient on its way to a source: text over (batch, *shape), where an axis of 1 stands for equal entries."""

    text: Array
    batched: bool
    shape: tuple[int, ...]


class Differentiator:
    """Writes the backward statements of a program after its forward ones."""

    def __init__(self, writer: Writer, wanted: list[bool]) -> None:
        self.writer = writer
        self.blocks = writer.blocks
        self.wanted = wanted
        self.started: set[int] = set()
        self.gradients = ["" for _ in self.blocks]
        self.theta_writes: list[tuple[int, Ints]] = []

    def backward(self, root: tuple[int, int]) -> None:
        """Statements for the gradient of the mean of the root over the batch."""
        w = self.writer
        position, slot = root
        batched = self.blocks[position].batched
        seed = atom(f"np.full(({w.batch}, 1), 1 / {w.batch}, theta.dtype)") if batched else atom("np.ones(1, theta.dtype)")
        self.add(position, np.array([slot]), Flow(seed, batched, (1,)))
        for position in range(len(self.blocks) - 1, -1, -1):
            block = self.blocks[position]
            if position in self.started and block.op not in LEAF_NAMES:
                self.pass_on(position, block)

    # ── adding up what arrives ───────────────────────────────────────────────────────────────

    def add(self, source: int | None, index: Ints, flow: Flow) -> None:
        """Add a flow to the gradient of the source's elements at `index`."""
        if source is None or not self.wanted[source]:
            return
        block = self.blocks[source]
        if flow.text.source == "0":
            return
        found = affine(index)
        if found is not None and disjoint(np.unique(index) if 0 in found.strides else index):
            still = tuple(i for i, (n, s) in enumerate(zip(index.shape, found.strides, strict=True)) if s == 0 and n > 1)
            moving_index = index[tuple(0 if i in still else slice(None) for i in range(index.ndim))]
            if disjoint(moving_index):
                self.add_region(source, block, moving_index, self.summed(flow, index.shape, still, block.batched))
                return
        full = self.summed(flow, index.shape, (), block.batched)
        self.add_scattered(source, block, index, full)

    def summed(self, flow: Flow, shape: tuple[int, ...], still: tuple[int, ...], batched: bool) -> Flow:
        """The flow added up over the axes that do not move the index, and over the batch if the source has none."""
        text, offset = flow.text, int(flow.batched)
        if flow.batched and not batched and flow.shape == (1,) and shape == (1,):
            return Flow(atom(f"{text:atom}.sum(axis=0)"), False, (1,))
        times = int(np.prod([shape[i] for i in still if flow.shape[i] == 1]))
        axes = [i + offset for i in still]
        if flow.batched and not batched:
            axes.insert(0, 0)
        left = tuple(n for i, n in enumerate(flow.shape) if i not in still)
        if axes:
            keep = "" if left else ", keepdims=True"
            text = atom(f"{text:atom}.sum(axis={axes[0] if len(axes) == 1 else tuple(axes)}{keep})")
            if not left and len(flow.shape) + offset - (flow.batched and not batched) > 1 + (flow.batched and batched):
                text = atom(f"{text}.reshape({'-1, ' if flow.batched and batched else ''}1)")
        if times > 1:
            text = Array.lift(times) * text
        return Flow(text, flow.batched and batched, left or (1,))

    def add_region(self, source: int, block: Block, index: Ints, flow: Flow) -> None:
        """Add a flow to distinct elements."""
        w = self.writer
        flat = index.reshape(-1)
        found = affine(index)
        run = found is not None and found.extent == flat.size
        if block.op == "parameter":
            self.add_parameters(index, flow)
            return
        whole = run and flat.size == block.size
        text = self.flattened(flow, index.shape, flat.size)
        if whole:
            self.accumulate(source, text, flow)
            return
        name = self.gradient(source)
        if found is not None and not run and flow.shape == index.shape:
            place = f"{w.helper('view')}({name}, {found.base}, {found.sizes}, {found.strides})"
            w.lines.append(f"{place}[...] += {flow.text}")
            return
        rows = ":, " if block.batched else ""
        place = f"{flat[0]}:{flat[-1] + 1}" if run else w.constant(flat, "i")
        w.lines.append(f"{name}[{rows}{place}] += {text}")

    def flattened(self, flow: Flow, shape: tuple[int, ...], size: int) -> Array:
        """A flow over (batch, *shape) as (batch, size), axes of 1 being left to broadcast where all are."""
        if flow.shape == (size,) or all(n == 1 for n in flow.shape):
            if len(flow.shape) <= 1:
                return flow.text
            return atom(f"{flow.text:atom}.reshape({'-1, ' if flow.batched else ''}{1 if size > 1 else size})")
        text = flow.text
        if flow.shape != shape:
            text = atom(f"np.broadcast_to({text}, ({self.writer.batch + ', ' if flow.batched else ''}{str(shape)[1:-1]}))")
        if len(shape) == 1:
            return text
        return atom(f"{text:atom}.reshape({'-1, ' if flow.batched else ''}{size})")

    def accumulate(self, source: int, text: Array, flow: Flow) -> None:
        """Add a whole array to the gradient of a source."""
        w, block = self.writer, self.blocks[source]
        if source in self.started:
            w.lines.append(f"{self.gradients[source]} += {text}")
            return
        self.started.add(source)
        name = self.gradients[source] = w.fresh("d" + w.names[source])
        if flow.batched != block.batched or (all(n == 1 for n in flow.shape) and block.size > 1):
            shape = f"({w.batch}, {block.size})" if block.batched else f"({block.size},)"
            text = atom(f"np.broadcast_to({text}, {shape}).copy()")
        elif re_aliases(str(text)):
            text = atom(f"{text:atom}.copy()")
        w.lines.append(f"{name} = {text}")

    def gradient(self, source: int) -> str:
        """The name of a source's gradient, begun with zeros."""
        if source not in self.started:
            self.started.add(source)
            name = self.gradients[source] = self.writer.fresh("d" + self.writer.names[source])
            self.writer.lines.append(f"{name} = np.zeros_like({self.writer.names[source]})")
        return self.gradients[source]

    def add_scattered(self, source: int, block: Block, index: Ints, flow: Flow) -> None:
        """Add a flow to elements of which some are read twice, or padded ones."""
        w = self.writer
        text = self.flattened(flow, index.shape, index.size)
        if flow.shape != index.shape and all(n == 1 for n in flow.shape):
            shape = f"{w.batch}, {index.size}" if flow.batched else f"{index.size},"
            text = atom(f"np.broadcast_to({text}, ({shape}))")
        flat = index.reshape(-1)
        real = np.flatnonzero(flat != PAD)
        if disjoint(index):
            picked = text if len(real) == len(flat) else atom(f"{text:atom}[..., {w.constant(real, 'i')}]")
            self.add_region(source, block, flat[real], Flow(picked, flow.batched, (len(real),)))
            return
        order = real[np.argsort(flat[real], kind="stable")]
        places, starts = np.unique(flat[order], return_index=True)
        names = [w.constant(array, stem) for array, stem in ((order, "o"), (starts, "r"), (places, "p"))]
        total = atom(f"{w.helper('scatter')}({text}, {', '.join(names)}, {block.size})")
        self.add_region(source, block, np.arange(block.size), Flow(total, flow.batched, (block.size,)))

    def add_parameters(self, index: Ints, flow: Flow) -> None:
        """Add a flow to the gradient of parameters, in place in the vector `gradient`."""
        w = self.writer
        flat = index.reshape(-1)
        found = affine(index)
        self.theta_writes.append((len(w.lines), flat))
        if found is None or found.extent != flat.size:
            text = self.flattened(flow, index.shape, flat.size)
            w.lines.append(f"gradient[{w.constant(flat, 'i')}] += {text}")
            return
        dims, text = index.shape, flow.text
        if flow.shape != dims:
            text = atom(f"np.broadcast_to({text}, {dims})")
        if len(dims) == 2:
            text = transposed(text)
        w.lines.append(f"{w.gradient_view((int(flat[0]), int(flat[-1]) + 1, dims))}[...] += {text}")

    # ── passing on ───────────────────────────────────────────────────────────────────────────

    def pass_on(self, position: int, block: Block) -> None:
        """The statements that send a block's gradient to what it read."""
        g = self.over_dims(position)
        if block.op == "sum":
            for term in block.terms:
                self.term(position, term, g)
        elif block.op == "stack":
            at = 0
            for operand in block.operands:
                count = operand.index.size
                rows = ":, " if block.batched else ""
                part = atom(f"{self.gradients[position]}[{rows}{at}:{at + count}]")
                self.add(operand.source, operand.index, Flow(part, block.batched, (count,)))
                at += count
        elif isinstance(ops.TABLE[block.op], ops.Reduction):
            self.reduction(position, block)
        else:
            self.elementwise(position, block, g)

    def over_dims(self, position: int) -> Flow:
        """A block's gradient over the dims of its statement."""
        w, block = self.writer, self.blocks[position]
        text = w.to_dims(atom(self.gradients[position]), position, block.batched)
        return Flow(text, block.batched, w.dims[position])

    def elementwise(self, position: int, block: Block, g: Flow) -> None:
        """Gradient times the partial of the rule, for each operand."""
        w = self.writer
        op = ops.TABLE[block.op]
        out = w.to_dims(atom(w.names[position]), position, block.batched)
        partials = op.rule(out, *w.elements(position, block))
        for operand, partial in zip(block.operands, partials, strict=True):
            if operand.source is not None and self.wanted[operand.source]:
                text = g.text * partial
                self.add(operand.source, operand.index.reshape(w.dims[position]), Flow(text, g.batched, g.shape))

    def reduction(self, position: int, block: Block) -> None:
        """Gradient times the partial for each term."""
        w = self.writer
        op = ops.TABLE[block.op]
        (operand,) = block.operands
        if operand.source is None or not self.wanted[operand.source]:
            return
        x = w.terms_of(block)
        out, g = atom(w.names[position]), atom(self.gradients[position])
        index = operand.index
        if block.segments is not None:
            owner = np.repeat(np.arange(block.size), np.diff(np.append(block.segments, index.size)))
            spread = w.constant(owner, "i")
            out, g = (atom(f"{a}[..., {spread}]") for a in (out, g))
            ties = atom(f"np.add.reduceat({x} == {out}, {w.constant(block.segments, 'i')}, axis=-1)[..., {spread}]")
        elif block.size == 1:
            index = index[0]
            ties = atom(f"np.sum({x} == {out}, axis=-1, keepdims=True)")
        else:
            out, g = (atom(f"{a}[..., None]") for a in (out, g))
            ties = atom(f"np.sum({x} == {out}, axis=-1, keepdims=True)")
        (partial,) = op.rule(out, x, ties)
        self.add(operand.source, index, Flow(g * partial, block.batched, index.shape))

    def term(self, position: int, term: Term, g: Flow) -> None:
        """Send a sum's gradient to the factors of one term."""
        w, block = self.writer, self.blocks[position]
        scaled = Flow(Array.lift(term.coefficient) * g.text, g.batched, g.shape)
        left, right = term.left, term.right
        if term.segments is not None:
            self.segments(position, term)
        elif right is None:
            if left.index.shape[1] == 1:
                self.add(left.source, left.index[:, 0].reshape(g.shape), scaled)
            elif left.source is not None:
                flat = atom(self.gradients[position])
                index = left.index[0] if block.size == 1 else left.index
                text = flat if block.size == 1 else atom(f"{flat}[..., None]")
                shape = (1,) if block.size == 1 else (block.size, 1)
                self.add(left.source, index, Flow(Array.lift(term.coefficient) * text, g.batched, shape))
        elif term.elementwise and left.index.shape[2] == 1:
            self.products(position, term, scaled)
        else:
            self.matrices(position, term)

    def products(self, position: int, term: Term, g: Flow) -> None:
        """Through an elementwise product: the other factor."""
        w = self.writer
        assert term.right is not None
        left, right = _flat(term.left), _flat(term.right)
        square = left.source is not None and left.source == right.source and np.array_equal(left.index, right.index)
        for mine, other in ((left, right),) if square else ((left, right), (right, left)):
            if mine.source is None or not self.wanted[mine.source]:
                continue
            text = g.text * w.over(other, position)
            text = Array.lift(2) * text if square else text
            self.add(mine.source, mine.index.reshape(g.shape), Flow(text, g.batched, g.shape))

    def segments(self, position: int, term: Term) -> None:
        """Through sums of different lengths."""
        w, block = self.writer, self.blocks[position]
        assert term.segments is not None
        owner = np.repeat(np.arange(block.size), np.diff(np.append(term.segments, term.left.index.size)))
        g = Array.lift(term.coefficient) * atom(f"{self.gradients[position]}[..., {w.constant(owner, 'i')}]")
        pairs: list[tuple[Operand, Any]] = [(term.left, 1)]
        if term.right is not None:
            pairs = [(term.left, w.read(term.right, term.right.index, full=True)),
                     (term.right, w.read(term.left, term.left.index, full=True))]
        for mine, other in pairs:
            self.add(mine.source, mine.index, Flow(g * other, block.batched, mine.index.shape))

    def matrices(self, position: int, term: Term) -> None:
        """Through a product of matrices: the transpose of the other factor."""
        w, block = self.writer, self.blocks[position]
        left, right = term.left, term.right
        assert right is not None
        h, k1, n = left.index.shape
        k2 = right.index.shape[1]
        g = Array.lift(term.coefficient) * self.natural(position, term)
        batched = w.batched(left) or w.batched(right)
        lead = "-1, " if batched else ""
        wants_left = left.source is not None and self.wanted[left.source]
        wants_right = right.source is not None and self.wanted[right.source]
        if term.elementwise:
            alone = h == 1
            g = g if alone else atom(f"{g:atom}[..., None]")
            shape = (n,) if alone else (h, n)
            rows = (left.index.reshape(shape), right.index.reshape(shape))
            a, b = w.matrix(left, rows[0]), w.matrix(right, rows[1])
            if wants_left and left.source == right.source and np.array_equal(*rows):
                self.add(left.source, rows[0], Flow(Array.lift(2) * g * a, batched, shape))
                return
            if wants_left:
                self.add(left.source, rows[0], Flow(g * b, batched, shape))
            if wants_right:
                self.add(right.source, rows[1], Flow(g * a, batched, shape))
        elif term.weights and h == 1:
            flat = g if k2 == 1 else atom(f"{g:atom}.reshape(-1, {k1})")
            if wants_right:
                text = binding_as_product(f"{flat:product} @ {w.matrix(left, left.index[0])}")
                if k2 == 1:
                    self.add(right.source, right.index[0, 0], Flow(text, True, (n,)))
                else:
                    self.add(right.source, right.index[0], Flow(atom(f"({text}).reshape(-1, {k2}, {n})"), True, (k2, n)))
            if wants_left:
                text = binding_as_product(f"{flat:atom}.T @ {w.rows(right)}")
                self.add(left.source, left.index[0], Flow(text, False, (k1, n)))
        elif term.weights:
            g = atom(f"{g:atom}.reshape(-1, {h}, {k2}, {k1})")
            if wants_right:
                text = binding_as_product(f"{g} @ {w.matrix(left, left.index)}")
                self.add(right.source, right.index, Flow(text, True, (h, k2, n)))
            if wants_left:
                text = atom(f'np.einsum("bhji,bhjn->hin", {g}, {w.matrix(right, right.index)}, optimize=True)')
                self.add(left.source, left.index, Flow(text, False, (h, k1, n)))
        else:
            head = (h,) if h > 1 else ()
            pick = slice(None) if h > 1 else 0
            g = atom(f"{g:atom}.reshape({lead}{', '.join(map(str, (*head, k1, k2)))})")
            if wants_left:
                text = binding_as_product(f"{g} @ {w.matrix(right, right.index[pick])}")
                self.add(left.source, left.index[pick], Flow(text, batched, (*head, k1, n)))
            if wants_right:
                text = binding_as_product(f"{g}.swapaxes(-1, -2) @ {w.matrix(left, left.index[pick])}")
                self.add(right.source, right.index[pick], Flow(text, batched, (*head, k2, n)))

    def natural(self, position: int, term: Term) -> Array:
        """A block's gradient in the places of a product of matrices."""
        w, block = self.writer, self.blocks[position]
        assert term.right is not None
        g = atom(self.gradients[position])
        places = term.left.index.shape[0] * term.left.index.shape[1] * term.right.index.shape[1]
        batched = w.batched(term.left) or w.batched(term.right)
        if block.batched and not batched:
            g = atom(f"{g}.sum(axis=0)")
        if np.array_equal(term.place, np.arange(places)):
            return g
        order = np.argsort(term.place, kind="stable")
        filled, starts = np.unique(term.place[order], return_index=True)
        names = [w.constant(array, stem) for array, stem in ((order, "o"), (starts, "r"), (filled, "p"))]
        return atom(f"{w.helper('scatter')}({g}, {', '.join(names)}, {places})")


def transposed(text: Array) -> Array:
    """a.T @ b as b.T @ a, anything else with .T behind."""
    match = str(text).split(" @ ")
    if len(match) == 2 and match[0].endswith(".T") and " " not in match[0] + match[1]:
        return binding_as_product(f"{match[1]}.T @ {match[0][:-2]}")
    return atom(f"{text:atom}.T")


def re_aliases(text: str) -> bool:
    """Whether a text is only another view of an array, which adding in place would spoil."""
    return not any(mark in text for mark in ("*", "+", "@", "-", "/", "np.", "scatter(", ".sum("))
