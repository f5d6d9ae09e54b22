"""Add up the gradients that arrive at each block and at the parameters.

What was read by view is added up by view where no two places overlap; otherwise sorted segments are
summed. The gradient of a parameter goes straight to its place in the vector `gradient`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autograd.compiler.access import PAD, affine, disjoint
from autograd.compiler.blocks import Block
from autograd.compiler.emit import Writer
from autograd.compiler.graph import Ints
from autograd.compiler.text import Array, atom, binding_as_product


@dataclass
class Flow:
    """A gradient on its way to a source: text over (batch, *shape), where an axis of 1 stands for equal entries."""

    text: Array
    batched: bool
    shape: tuple[int, ...]


class Accumulator:
    """Where gradients are collected: for each block its array, begun by what arrives first."""

    def __init__(self, writer: Writer, wanted: list[bool]) -> None:
        self.writer = writer
        self.blocks = writer.blocks
        self.wanted = wanted
        self.started: set[int] = set()
        self.gradients = ["" for _ in self.blocks]
        self.theta_writes: list[tuple[int, Ints]] = []
        """The lines that write to the parameters' gradient, and the places they write to."""

    def add(self, source: int | None, index: Ints, flow: Flow) -> None:
        """Add a flow to the gradient of the source's elements at `index`."""
        if source is None or not self.wanted[source]:
            return
        block = self.blocks[source]
        if flow.text.source == "0":
            return
        found = affine(index)
        if found is not None and disjoint(np.unique(index) if 0 in found.strides else index):
            axes = enumerate(zip(index.shape, found.strides, strict=True))
            still = tuple(i for i, (size, stride) in axes if stride == 0 and size > 1)
            moving_index = np.atleast_1d(index[tuple(0 if i in still else slice(None) for i in range(index.ndim))])
            if disjoint(moving_index):
                self.add_region(source, block, moving_index, self.summed(flow, index.shape, still, block.batched))
                return
        full = self.summed(flow, index.shape, (), block.batched)
        self.add_scattered(source, block, index, full)

    def summed(self, flow: Flow, shape: tuple[int, ...], still: tuple[int, ...], batched: bool) -> Flow:
        """The flow added up over the axes that do not move the index, and over the batch if the source has none."""
        text, offset = flow.text, int(flow.batched)
        times = int(np.prod([shape[i] for i in still if flow.shape[i] == 1]))
        left = tuple(n for i, n in enumerate(flow.shape) if i not in still)
        # Where nothing is left, an axis of 1 stays for the single element.
        last = len(flow.shape) - 1
        spare = not left and flow.shape[last] == 1
        # Without a batch axes are counted from the end, so that axis 0 always is the batch.
        start = 1 if flow.batched else -len(flow.shape)
        axes = [i + start for i in still if not (spare and i == last)]
        if flow.batched and not batched:
            axes.insert(0, 0)
        if axes:
            keep = "" if left or spare else ", keepdims=True"
            text = atom(f"{text:atom}.sum(axis={axes[0] if len(axes) == 1 else tuple(axes)}{keep})")
            if keep and len(flow.shape) + offset > 1 + (flow.batched and batched):
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
            text = atom(f"np.broadcast_to({text}, ({'n, ' if flow.batched else ''}{str(shape)[1:-1]}))")
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
            shape = f"(n, {block.size})" if block.batched else f"({block.size},)"
            text = atom(f"np.broadcast_to({text}, {shape}).copy()")
        elif is_view(str(text)):
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
            shape = f"n, {index.size}" if flow.batched else f"{index.size},"
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
        by_columns = found is not None and index.ndim == 2 and found.transposed.extent == flat.size
        if found is None:
            text = self.flattened(flow, index.shape, flat.size)
            w.lines.append(f"gradient[{w.constant(flat, 'i')}] += {text}")
            return
        dims, text = index.shape, flow.text
        if flow.shape != dims:
            text = atom(f"np.broadcast_to({text}, {dims})")
        if found.extent != flat.size and not by_columns:
            place = f"{w.helper('view')}(gradient, {found.base}, {found.sizes}, {found.strides})"
            w.lines.append(f"{place}[...] += {text}")
            return
        if len(dims) == 2:
            text = transposed(text)
        place = w.gradient_view(int(flat[0]), int(flat[-1]) + 1, dims, found.extent != flat.size)
        w.lines.append(f"{place}[...] += {text}")


def transposed(text: Array) -> Array:
    """a.T @ b as b.T @ a, anything else with .T behind."""
    left, at, right = str(text).partition(".T @ ")
    if at and all(part.count("(") == part.count(")") and " @ " not in part for part in (left, right)):
        return binding_as_product(f"{right}.T @ {left}")
    return atom(f"{text:atom}.T")


def is_view(text: str) -> bool:
    """Whether a text reads an array without computing anything: adding to it in place would spoil that array."""
    return not any(mark in text for mark in ("*", "+", "@", "-", "/", "np.", "scatter(", ".sum("))
