"""Graphs for people and pictures: the scalars of a loss after each of the first passes, then its arrays.

A `Node` is a scalar, or an array that stands for many, with the statement that computes it. Pictures need no more than
that, and know nothing else of the compiler.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import Line, Statement, read_by, target_of, within_loops, without_loops
from autograd.compiler.arrays.function import Function
from autograd.compiler.arrays.layout import LEAF_NAMES, positions
from autograd.compiler.arrays.looped import Looped
from autograd.compiler.blocks.block import Block
from autograd.compiler.blocks.group import Group
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.printers.to_numpy import Printer
from autograd.compiler.scalars.graph import CODE, CODES, LEAVES, NONE, SUM, Bools, Canonical, Graph, Ints, distinct
from autograd.formula import Formula, as_formula, number
from autograd.tables import aligned
from autograd.value import Value

Shape = tuple[int | str, ...]


@dataclass(frozen=True)
class Node:
    """A scalar, or an array that stands for `scalars` of them.

    `op` is the operation or the kind of leaf ("parameter", "input", "target", "noise", "outside"), `reads` are the
    names of the nodes that its `statements` use. `group` is the number of its group, after the pass that finds
    groups. A `backward` node is the gradient of the node named by `of`. Rows of a "batch" are examples. A node in
    `loops`, of which it has the number of each and that of its steps, the outermost first, is computed in each step.
    """

    name: str
    op: str
    reads: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()
    shape: Shape = ()
    scalars: int = 1
    group: int | None = None
    backward: bool = False
    of: str = ""
    loops: tuple[tuple[int, int], ...] = ()


def scalar_names(graph: Graph, leaves: Mapping[str, Sequence[str]]) -> list[str]:
    """A name of its own for each node but constants, which have their number: its label, else v1, v2, …"""
    names: list[str] = []
    taken = {name for array in leaves.values() for name in array}
    count = itertools.count(1)
    for node in range(len(graph)):
        op, label = graph.op(node), graph.labels.get(node, "")
        if op in leaves:
            names.append(leaves[op][int(graph.data[node])])
        elif op == "constant":
            names.append(number(graph.data[node]))
        else:
            names.append(_free(label or f"v{next(count)}", taken))
    return names


def leaf_names(made: Plan, params: Sequence[Value]) -> dict[str, list[str]]:
    """The names of leaves, by their kind and position: labels of parameters, x[0,1], y[2], u[0]."""
    parameters = [
        params[i].label or f"{name}[{i - start}]" for (start, stop), name in made.names.items()
        for i in range(start, stop)
    ]
    taken: set[str] = set()
    return {
        kind: [_free(name, taken) for name in names] for kind, names in (
            ("parameter", parameters),
            ("input", indexed("x", made.shapes[0])),
            ("target", indexed("y", made.shapes[1] or ())),
            ("noise", indexed("u", (made.noises,))),
            ("outside", [value.label or f"outside[{i}]" for i, value in enumerate(made.outside)]),
        )
    }


def _free(name: str, taken: set[str]) -> str:
    """The name, numbered if it is taken; it is taken now."""
    if name in taken:
        name = next(other for i in itertools.count(2) if (other := f"{name}_{i}") not in taken)
    taken.add(name)
    return name


def indexed(name: str, shape: tuple[int, ...]) -> list[str]:
    """The elements of an array by name: x[0,0], x[0,1], …; of a single number, its name."""
    if not shape:
        return [name]
    return [f"{name}[{','.join(map(str, index))}]" for index in np.ndindex(*shape)]


def traced_nodes(graph: Graph, names: Sequence[str]) -> list[Node]:
    """Every scalar that the loss computed, as it was written."""
    constant = graph.code == CODE["constant"]
    return [
        Node(names[node], graph.op(node), *_written(graph.op(node), names, node, graph.operands(node), constant))
        for node in np.flatnonzero(~constant).tolist()
    ]


def canonical_names(graph: Canonical, traced: Sequence[str]) -> list[str]:
    """The names of all nodes, of which those in the trace have these: others are sums, or constants."""
    names, taken = [""] * len(graph.code), set(traced)
    for node, name in zip(graph.traced.tolist(), traced, strict=True):
        names[node] = name
    count = itertools.count(1)
    return [name or (_free(f"s{next(count)}", taken) if code == SUM else "")
            for name, code in zip(names, graph.code.tolist(), strict=True)]


def canonical_nodes(graph: Canonical, names: Sequence[str]) -> list[Node]:
    """The scalars that are left in canonical form: leaves, sums of products, other operations."""
    constant = graph.code == CODE["constant"]
    names = [number(x) if fixed else name for x, fixed, name in zip(graph.data, constant, names, strict=True)]
    nodes = []
    for node in in_order(graph):
        if constant[node]:
            continue
        op = CODES[graph.code[node]]
        if graph.code[node] == SUM:
            nodes.append(Node(names[node], op, *_sum(graph, node, names, constant)))
        else:
            args = graph.args[graph.start[node] : graph.start[node + 1]]
            nodes.append(Node(names[node], op, *_written(op, names, node, args, constant)))
    return nodes


def in_order(graph: Canonical) -> list[int]:
    """The living nodes as they were written; products of data, which were made later, behind what they read."""
    place = np.arange(len(graph.code))
    for node in sorted(made_products(graph), key=lambda node: int(graph.level[node])):
        terms = slice(graph.first[node], graph.first[node + 1])
        place[node] = max(place[graph.left[terms]].max(), place[graph.right[terms]].max())
    return sorted(np.flatnonzero(graph.alive).tolist(), key=lambda node: (int(place[node]), int(graph.level[node])))


def made_products(graph: Canonical) -> list[int]:
    """The products of data that stand before what they read."""
    owner = np.repeat(np.arange(len(graph.code)), np.diff(graph.first))
    return [int(node) for node in distinct(owner[(graph.left > owner) | (graph.right > owner)])]


def grouped_nodes(graph: Canonical, groups: Sequence[Group], names: Sequence[str]) -> list[Node]:
    """The same, each with the group of those that do the same."""
    group_of = {names[member]: i for i, group in enumerate(groups) if group.op != "stack"
                for member in group.members}
    return [replace(node, group=group_of[node.name]) for node in canonical_nodes(graph, names)]


Written = tuple[tuple[str, ...], tuple[str, ...]]
"""What a node reads, and its statement if it is no leaf."""


def _written(op: str, names: Sequence[str], node: int, args: Ints, constant: Bools) -> Written:
    """An operation applied to its operands; constants are written out."""
    if op in LEAVES:
        return (), ()
    formula = as_formula(ops.ROWS[op].dispatch(tuple(_formula(names[arg]) for arg in args)))
    return _distinct(args, names, constant), (f"{names[node]} = {formula}",)


def _sum(graph: Canonical, node: int, names: Sequence[str], constant: Bools) -> Written:
    """A sum of signed products."""
    terms = slice(graph.first[node], graph.first[node + 1])
    total: Any = None
    for sign, left, right in zip(graph.sign[terms], graph.left[terms], graph.right[terms], strict=True):
        value = _formula(names[left]) if right == NONE else _formula(names[left]) * _formula(names[right])
        value = -value if sign < 0 and total is None else value
        total = value if total is None else total + value if sign > 0 else total - value
    factors = np.stack([graph.left[terms], graph.right[terms]], axis=1).ravel()
    return _distinct(factors[factors != NONE], names, constant), (f"{names[node]} = {total}",)


def _formula(name: str) -> Formula:
    """A name or a number, which takes brackets where it is negative."""
    return Formula(name, "sum" if name.startswith("-") else "atom")


def _distinct(nodes: Ints, names: Sequence[str], constant: Bools) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names[node] for node in nodes if not constant[node]))


# ── arrays ────────────────────────────────────────────────────────────────────────────────────────


Filled = tuple[Node, list[Statement]]
"""A node, and the statements that compute it."""


def array_nodes(made: Plan, function: Function, read: Looped) -> list[Node]:
    """The arrays of a function as it is read: parameters and data, then each block, then each gradient, in order."""
    leaves = {node.name: node for node in _leaves(made, read)}
    filled = [*_forward(made, function, read), *_backward(made, function, read)]
    # m1 = np.max(z2), which only helps, belongs to the array that it helps to compute.
    owner = {target_of(statement): node.name for node, statements in filled for statement in statements}
    owner |= {name: name for name in [*leaves, *(node.name for node, _ in filled)]}
    number = {loop: i for i, loop in enumerate(read.loops)}
    loops_of = {target_of(statement): tuple((number[loop], loop.steps) for loop in loops)
                for statement, loops in within_loops((*read.forward, *read.backward)) if loops}
    write, nodes = Printer(function.places), []
    for node, statements in filled:
        reads = dict.fromkeys(owner[name] for statement in statements for name in read_by(statement) if name in owner)
        nodes.append(replace(
            node, reads=tuple(name for name in reads if name != node.name), loops=loops_of.get(node.name, ()),
            statements=tuple(map(write.statement, statements)),
        ))
    used = {name for node in nodes for name in node.reads}
    return [leaf for name, leaf in leaves.items() if name in used] + nodes


def _leaves(made: Plan, read: Looped) -> Iterator[Node]:
    """What is given: x, y, random numbers, and the parameters by the names that the source gives them."""
    for block in made.blocks:
        if block.op in LEAF_NAMES and block.op != "constant":
            yield Node(LEAF_NAMES[block.op], block.op, shape=_shape(block), scalars=block.scalars)
    for let in read.views:
        held = positions(let, made.sizes["parameter"])
        yield Node(let.name.info, "parameter", shape=held.shape, scalars=held.size)


def _shape(block: Block) -> Shape:
    return ("batch", block.size) if block.batched else (block.size,)


def blocks_by_name(made: Plan, function: Function, read: Looped) -> dict[str, list[Block]]:
    """The blocks that are computed, by the names of their arrays; those that a loop makes have one."""
    blocks: dict[str, list[Block]] = {}
    for position, let in function.of_block.items():
        blocks.setdefault(read.home(let.name.info), []).append(made.blocks[position])
    return blocks


def _forward(made: Plan, function: Function, read: Looped) -> Iterator[Filled]:
    """Each block, or those that a loop makes one of in each step, and the mean of the loss."""
    blocks = blocks_by_name(made, function, read)
    for name, statements in _by_target(read.forward, blocks):
        if name in blocks:
            block = blocks[name][-1]
            yield Node(name, block.kind, shape=_shape(block), scalars=sum(b.scalars for b in blocks[name])), statements
        else:
            yield Node(name, "mean"), statements


def _backward(made: Plan, function: Function, read: Looped) -> Iterator[Filled]:
    """The gradients of blocks, and of the parameters by the names that the source gives to their places."""
    of_block: dict[str, list[int]] = {}
    for position, gradient in function.gradients.items():
        of_block.setdefault(read.home(gradient), []).append(position)
    of_theta = parameters_of(read, made.sizes["parameter"])
    for name, statements in _by_target(read.backward, [*of_block, *of_theta]):
        if name in of_block:
            block, of = made.blocks[of_block[name][-1]], read.home(function.names[of_block[name][-1]])
            shape, scalars = _shape(block), sum(made.blocks[position].scalars for position in of_block[name])
        else:
            of, held = of_theta[name]
            shape, scalars = held.shape, held.size
        yield Node(name, "gradient", shape=shape, scalars=scalars, backward=True, of=of), statements


def parameters_of(read: Looped, size: int) -> dict[str, tuple[str, Ints]]:
    """The names of runs of the gradient, each with the name of those parameters and their positions in theta."""
    named = {let.name.info: positions(let, size) for let in read.views}
    places = {let.name.info: positions(let, size) for let in read.places}
    return {"gradient": ("theta", np.arange(size))} | {
        place: (next((name for name, held in named.items() if np.array_equal(held, mine)), "theta"), mine)
        for place, mine in places.items()
    }


def _by_target(lines: Sequence[Line], known: Collection[str]) -> list[tuple[str, list[Statement]]]:
    """Statements by the array that they fill, in the order of the last word on each; helpers go with what follows."""
    found: dict[str, list[Statement]] = {}
    waiting: list[Statement] = []
    statements = without_loops(lines)
    for position, statement in enumerate(statements):
        name = target_of(statement)
        waiting.append(statement)
        if name in known or position == len(statements) - 1:
            found[name] = found.pop(name, []) + waiting
            waiting = []
    return list(found.items())


# ── blocks in a table ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class BlockInfo:
    """What a picture needs to know of a block: its name, operation, shape, operands and size.

    A loop makes one in each step: they count as one, with the `steps`, all scalars and all floating-point operations.
    """

    name: str
    op: str
    shape: tuple[int | str, ...]
    operands: tuple[str, ...]
    scalars: int
    statement: str
    flops: int
    steps: int = 1


def block_infos(made: Plan, function: Function, read: Looped) -> list[BlockInfo]:
    """The blocks of a plan for people and pictures."""
    write = Printer()
    statements = {target_of(statement): statement for statement in without_loops(read.forward)}
    infos = []
    for name, blocks in blocks_by_name(made, function, read).items():
        block, reads = blocks[-1], [operand for block in blocks for operand in block.reads()]
        operands = tuple(dict.fromkeys(
            read.home(function.names[operand.source]) for operand in reads if operand.source is not None))
        text = write.statement(statements[name]) if name in statements else ""
        infos.append(BlockInfo(name, block.kind, _shape(block), operands, sum(b.scalars for b in blocks), text,
                               sum(b.flops for b in blocks), len(blocks)))
    return infos


def times(steps: int) -> str:
    """How often a loop computes a block, if it is in one.

    >>> times(5), times(1)
    (' ↻ 5', '')
    """
    return f" ↻ {steps}" if steps > 1 else ""


def table(infos: list[BlockInfo], made: Plan) -> str:
    """A table of the blocks, and a line that sums them up."""
    lines = [("block", "operation", "shape", "scalars", "flops")]
    lines += [(b.name, b.op, f"({', '.join(map(str, b.shape))}{',' * (len(b.shape) == 1)}){times(b.steps)}",
               f"{b.scalars:,}", f"{b.flops:,}") for b in infos]
    rows = aligned(lines, "<<<>>")
    total = (f"{len(made.graph):,} scalar nodes → {len(infos)} blocks of {sum(b.scalars for b in infos):,} scalars, "
             f"{made.sizes['parameter']:,} parameters, {sum(b.flops for b in infos):,} flops forward")
    return "\n".join([rows[0], "-" * len(rows[0]), *rows[1:], total])
