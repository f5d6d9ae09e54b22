"""The arrays of a compiled function as nodes for people and pictures: what is given, each block, each gradient."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np

from autograd.compiler.array import Statement, read_by, target_of
from autograd.compiler.blocks import Block
from autograd.compiler.build import Plan
from autograd.compiler.function import Function
from autograd.compiler.graph import Ints
from autograd.compiler.layout import LEAF_NAMES, positions
from autograd.compiler.nodes import Node, Shape
from autograd.compiler.printer import Printer

Filled = tuple[Node, list[Statement]]
"""A node, and the statements that compute it."""


def array_nodes(made: Plan, function: Function) -> list[Node]:
    """The arrays of a function: parameters and data, then each block, then each gradient, in order."""
    leaves = {node.name: node for node in _leaves(made, function)}
    filled = [*_forward(made, function), *_backward(made, function)]
    # m1 = np.max(z2), which only helps, belongs to the array that it helps to compute.
    owner = {target_of(statement): node.name for node, statements in filled for statement in statements}
    owner |= {name: name for name in [*leaves, *(node.name for node, _ in filled)]}
    write, nodes = Printer(), []
    for node, statements in filled:
        reads = dict.fromkeys(owner[name] for statement in statements for name in read_by(statement) if name in owner)
        nodes.append(replace(
            node, reads=tuple(name for name in reads if name != node.name),
            statements=tuple(map(write.statement, statements)),
        ))
    used = {name for node in nodes for name in node.reads}
    return [leaf for name, leaf in leaves.items() if name in used] + nodes


def _leaves(made: Plan, function: Function) -> Iterator[Node]:
    """What is given: x, y, random numbers, and the parameters by the names that the source gives them."""
    for block in made.blocks:
        if block.op in LEAF_NAMES and block.op != "constant":
            yield Node(LEAF_NAMES[block.op], block.op, shape=_shape(block), scalars=block.size)
    for let in function.views:
        held = positions(let, made.sizes["parameter"])
        yield Node(let.name.info, "parameter", shape=held.shape, scalars=held.size)


def _shape(block: Block) -> Shape:
    return ("batch", block.size) if block.batched else (block.size,)


def _forward(made: Plan, function: Function) -> Iterator[Filled]:
    """Each block, and the mean of the loss."""
    blocks = {let.name.info: made.blocks[position] for position, let in function.of_block.items()}
    for name, statements in _by_target(function.forward, blocks):
        if name in blocks:
            block = blocks[name]
            yield Node(name, block.kind, shape=_shape(block), scalars=block.size), statements
        else:
            yield Node(name, "mean"), statements


def _backward(made: Plan, function: Function) -> Iterator[Filled]:
    """The gradients of blocks, and of the parameters by the names that the source gives to their places."""
    of_block = {gradient: position for position, gradient in function.gradients.items()}
    of_theta = _places(made, function)
    for name, statements in _by_target(function.backward, [*of_block, *of_theta]):
        if name in of_block:
            block, of = made.blocks[of_block[name]], function.names[of_block[name]]
            shape, scalars = _shape(block), block.size
        else:
            of, held = of_theta[name]
            shape, scalars = held.shape, held.size
        yield Node(name, "gradient", shape=shape, scalars=scalars, backward=True, of=of), statements


def _places(made: Plan, function: Function) -> dict[str, tuple[str, Ints]]:
    """The names of runs of the gradient, each with the name of those parameters and their positions in theta."""
    size = made.sizes["parameter"]
    named = {let.name.info: positions(let, size) for let in function.views}
    whole = ("theta", np.arange(size))
    places = {let.name.info: positions(let, size) for let in function.places}
    return {"gradient": whole} | {
        place: next(((name, held) for name, held in named.items() if np.array_equal(held, mine)), whole)
        for place, mine in places.items()
    }


def _by_target(statements: Sequence[Statement], known: Collection[str]) -> list[tuple[str, list[Statement]]]:
    """Statements by the array that they fill, in the order of the last word on each; helpers go with what follows."""
    found: dict[str, list[Statement]] = {}
    waiting: list[Statement] = []
    for position, statement in enumerate(statements):
        name = target_of(statement)
        waiting.append(statement)
        if name in known or position == len(statements) - 1:
            found[name] = found.pop(name, []) + waiting
            waiting = []
    return list(found.items())
