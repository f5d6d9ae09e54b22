"""The source of a program: statements put together to a function that runs on its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.compiler.blocks import Block
from autograd.compiler.build import Plan
from autograd.compiler.differentiate import Differentiator
from autograd.compiler.emit import Writer
from autograd.compiler.names import HELPERS, literal
from autograd.compiler.read import LEAF_NAMES


@dataclass
class Text:
    """The statements of one function, by what they do; the helpers and constants that they use."""

    kind: str
    arguments: list[str]
    views: list[str]
    """Names for runs of theta."""
    forward: list[str]
    start: str
    """Where the gradient comes from; empty where there is none."""
    places: list[str]
    """Names for runs of the gradient."""
    backward: list[str]
    results: str
    helpers: str
    constants: dict[str, npt.NDArray[Any]]
    names: list[str]
    """The name of every block."""
    gradients: list[str]
    """The name of every block's gradient; empty where it has none."""
    statements: list[tuple[Block, str, str]]
    """Block, name and line of every forward statement."""

    @property
    def body(self) -> list[str]:
        """The lines of the function."""
        lines = [*self.views, "", *self.forward]
        if self.start:
            lines += ["", self.start, *self.places, *self.backward]
        return [*(["n = len(x)"] if self.counts else []), *lines, f"return {self.results}"]

    @property
    def counts(self) -> bool:
        """Whether the length of the batch is used."""
        return any(re.search(r"\bn\b", line) for line in [*self.forward, *self.backward, self.results])

    def __str__(self) -> str:
        constants = [f"{name} = {literal(array)}" for name, array in self.constants.items()]
        body = "\n".join(f"    {line}" if line else "" for line in self.body)
        head = "\n".join(["import numpy as np", self.helpers.rstrip(), *constants]).rstrip()
        name = "outputs" if self.kind == "outputs" else "value_and_grad"
        return f"{head}\n\n\ndef {name}({', '.join(self.arguments)}):\n{body}\n"


def write(made: Plan, kind: str, spellings: Mapping[str, str] = MappingProxyType({})) -> Text:
    """The source that computes "value_and_grad", the same with the "inputs"' gradient, or the "outputs".

    `spellings` are functions to write in place of what the table says.
    """
    blocks, roots = made.blocks, made.roots
    loss = roots[0][0] if kind != "outputs" and blocks[roots[0][0]].op not in LEAF_NAMES else None
    writer = Writer(blocks, made.names, made.canonical.labels, loss, spellings)
    writer.forward(reached(blocks, {block for block, _ in roots}))
    forward, writer.lines = writer.lines, []
    start = ""
    backward: list[str] = []
    gradients = ["" for _ in blocks]
    if kind == "outputs":
        results = columns(made, writer)
    else:
        forward.append(f"value = {value(made, writer)}")
        start, backward, results, gradients = gradient(made, writer, kind == "inputs")
    arguments = ["theta", "x"] + [name for name, leaf in (("y", "target"), ("u", "noise")) if size_of(blocks, leaf)]
    helpers = "\n".join(HELPERS[name] for name in sorted(writer.helpers))
    return Text(kind, arguments, writer.header, forward, start, writer.gradient_header, backward, results,
                helpers, writer.constants, writer.names, gradients, writer.statements)


def reached(blocks: list[Block], from_blocks: set[int]) -> list[bool]:
    """Which blocks those depend on."""
    needed = [i in from_blocks for i in range(len(blocks))]
    for i in range(len(blocks) - 1, -1, -1):
        if needed[i]:
            for operand in blocks[i].reads():
                if operand.source is not None:
                    needed[operand.source] = True
    return needed


def value(made: Plan, writer: Writer) -> str:
    """The mean of the loss over the batch."""
    position, slot = made.roots[0]
    block, name = made.blocks[position], writer.names[position]
    if block.op == "constant":
        return constant_of(made, 0)
    if block.size == 1:
        return f"{name}.mean()"
    return f"{name}[:, {slot}].mean()" if block.batched else f"{name}[{slot}]"


def constant_of(made: Plan, which: int) -> str:
    """A result that is a constant."""
    return f"np.float64('{float(made.canonical.data[made.canonical.roots[which]])}')"


def columns(made: Plan, writer: Writer) -> str:
    """The results as columns: a run of one block where they are that."""
    position, first = made.roots[0]
    block, name = made.blocks[position], writer.names[position]
    if block.batched and made.roots == [(position, first + i) for i in range(len(made.roots))]:
        run = "" if len(made.roots) == block.size else f"[:, {first}:{first + len(made.roots)}]"
        return f"{name}{run}.copy()"
    return f"np.stack([{', '.join(column(made, writer, root) for root in made.roots)}], axis=1)"


def column(made: Plan, writer: Writer, root: tuple[int, int]) -> str:
    """A result for every example, as a vector."""
    position, slot = root
    block = made.blocks[position]
    if block.op == "constant":
        return f"np.full(n, {constant_of(made, made.roots.index(root))}, theta.dtype)"
    if block.batched:
        return f"{writer.names[position]}[:, {slot}]"
    return f"np.full(n, {writer.names[position]}[{slot}])"


def gradient(made: Plan, writer: Writer, inputs: bool) -> tuple[str, list[str], str, list[str]]:
    """The backward half, from the gradient of the mean to that of theta (and of x).

    Returns where it starts, its lines, the results, and the name of each block's gradient.
    """
    blocks = made.blocks
    wanted = [block.op == "parameter" or (inputs and block.op == "input") for block in blocks]
    for i, block in enumerate(blocks):
        wanted[i] = wanted[i] or any(wanted[o.source] for o in block.reads() if o.source is not None)
    backward = Differentiator(writer, wanted)
    if blocks[made.roots[0][0]].op != "constant":
        backward.backward(made.roots[0])
    lines, complete = with_assignments(writer.lines, backward.theta_writes, size_of(blocks, "parameter"))
    fresh = "empty" if complete else "zeros"
    lines = without_copies(lines)
    dx = next((backward.gradients[i] or "np.zeros_like(x)" for i, b in enumerate(blocks) if b.op == "input"), "")
    results = "value, gradient" + (f", {dx}" if inputs else "")
    return f"gradient = np.{fresh}_like(theta)", lines, results, backward.gradients


def size_of(blocks: list[Block], op: str) -> int:
    """The size of a leaf block."""
    return next(block.size for block in blocks if block.op == op)


def with_assignments(lines: list[str], writes: list[tuple[int, Any]], size: int) -> tuple[list[str], bool]:
    """What is written to a place of the gradient first is assigned, not added; and whether that leaves no place out."""
    lines, written = list(lines), np.zeros(size, dtype=bool)
    complete = True
    for line, places in writes:
        if written[places].any() or "[...] += " not in lines[line]:
            complete = complete and bool(written[places].all())
        else:
            lines[line] = lines[line].replace(" += ", " = ", 1)
        written[places] = True
    return lines, complete and bool(written.all())


def without_copies(lines: list[str]) -> list[str]:
    """A gradient that is never added to needs no copy of its own."""
    result = []
    for i, line in enumerate(lines):
        match = re.fullmatch(r"(\w+) = (.*)\.copy\(\)", line)
        added = (f"{match[1]} +=", f"{match[1]}[", f"view({match[1]},") if match else ()
        if match and not any(later.startswith(added) for later in lines[i + 1 :]):
            line = f"{match[1]} = {match[2]}"
        result.append(line)
    return result
