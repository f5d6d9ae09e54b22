"""The arrays of a compiled function as nodes for people and pictures: what is given, each block, each gradient."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.blocks import Block
from autograd.compiler.build import Plan
from autograd.compiler.execute import statements_of
from autograd.compiler.graph import Ints
from autograd.compiler.nodes import Node, Shape
from autograd.compiler.read import LEAF_NAMES
from autograd.compiler.source import Text


def array_nodes(made: Plan, text: Text) -> list[Node]:
    """The arrays of a function: parameters and data, then each block, then each gradient, in order."""
    leaves = {node.name: node for node in _leaves(made, text)}
    found = [*_forward(made, text), *_backward(made, text)]
    # m1 = np.max(z2), which only helps, belongs to the array that it helps to compute.
    owner = {_target(line): node.name for node in found for line in node.statements}
    owner |= {name: name for name in [*leaves, *(node.name for node in found)]}
    nodes = []
    for node in found:
        reads = (owner[name] for line in node.statements for name in _reads(line) if name in owner)
        nodes.append(replace(node, reads=tuple(dict.fromkeys(name for name in reads if name != node.name))))
    used = {name for node in nodes for name in node.reads}
    return [leaf for name, leaf in leaves.items() if name in used] + nodes


def _leaves(made: Plan, text: Text) -> Iterator[Node]:
    """What is given: x, y, random numbers, and the parameters by the names that the source gives them."""
    for block in made.blocks:
        if block.op in LEAF_NAMES and block.op != "constant":
            name = LEAF_NAMES[block.op]
            yield Node(name, block.op, shape=_shape(block), scalars=block.size)
    for name, positions in views(made, text).items():
        yield Node(name, "parameter", shape=positions.shape, scalars=positions.size)


def views(made: Plan, text: Text) -> dict[str, Ints]:
    """The names that the source gives to parameters, each with the positions in theta that it holds."""
    size = next(block.size for block in made.blocks if block.op == "parameter")
    names: dict[str, Any] = {"theta": np.arange(size)}
    exec("\n".join(text.views), names)
    return {name: names[name] for name in map(_target, text.views)}


def _shape(block: Block) -> Shape:
    return ("batch", block.size) if block.batched else (block.size,)


def _forward(made: Plan, text: Text) -> Iterator[Node]:
    """Each block, and the mean of the loss."""
    by_name = {name: block for block, name, _ in text.statements}
    for name, lines in _by_target(text.forward, by_name):
        if name in by_name:
            block = by_name[name]
            yield Node(name, block.kind, statements=lines, shape=_shape(block), scalars=block.size)
        else:
            yield Node(name, "mean", statements=lines)


def _backward(made: Plan, text: Text) -> Iterator[Node]:
    """The gradients of blocks, and of the parameters by the names that the source gives to their places."""
    of_block = {gradient: i for i, gradient in enumerate(text.gradients) if gradient}
    of_theta = _places(made, text)
    for name, lines in _by_target(text.backward, [*of_block, *of_theta]):
        if name in of_block:
            block, of = made.blocks[of_block[name]], text.names[of_block[name]]
            shape, scalars = _shape(block), block.size
        else:
            of, positions = of_theta[name]
            shape, scalars = positions.shape, positions.size
        yield Node(name, "gradient", statements=lines, shape=shape, scalars=scalars, backward=True, of=of)


def _places(made: Plan, text: Text) -> dict[str, tuple[str, Ints]]:
    """The names of runs of the gradient, each with the name of those parameters and their positions in theta."""
    named = views(made, text)
    size = next(block.size for block in made.blocks if block.op == "parameter")
    whole = ("theta", np.arange(size))
    runs = {line.partition(" = ")[2]: (_target(line), named[_target(line)]) for line in text.views}
    places = {_target(line): runs.get(line.partition(" = ")[2].replace("gradient", "theta", 1), whole)
              for line in text.places}
    return {"gradient": whole, **places}


def _by_target(lines: Sequence[str], known: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
    """The lines by the array that they fill, in the order of the last word on each; helpers go with what follows."""
    found: dict[str, list[str]] = {}
    waiting: list[str] = []
    for position, line in enumerate(lines):
        name = _target(line)
        waiting.append(line)
        if name in known or position == len(lines) - 1:
            found[name] = found.pop(name, []) + waiting
            waiting = []
    return [(name, tuple(mine)) for name, mine in found.items()]


def _target(line: str) -> str:
    """The array that a line assigns to, or adds to: dW1 in dW1[...] = x.T @ dz1."""
    statement = statements_of(line)[0]
    target: Any = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    while not isinstance(target, ast.Name):  # view(dx, …)[...] += … adds to dx
        target = target.value if isinstance(target, ast.Subscript) else target.args[0]
    return target.id


def _reads(line: str) -> list[str]:
    """The names that a line uses, from left to right; asking for a dtype uses nothing."""
    statement = statements_of(line)[0]
    nodes = list(ast.walk(getattr(statement, "value", statement)))
    asked = {node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr == "dtype"}
    names = [node for node in nodes if isinstance(node, ast.Name) and node not in asked]
    return [node.id for node in sorted(names, key=lambda node: node.col_offset)]
