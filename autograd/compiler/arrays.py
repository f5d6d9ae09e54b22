"""The arrays of a compiled function as nodes for people and pictures: what is given, each block, each gradient."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.build import Plan
from autograd.compiler.graph import Ints
from autograd.compiler.nodes import Node, Shape
from autograd.compiler.read import LEAF_NAMES
from autograd.compiler.source import Text


def array_nodes(made: Plan, text: Text) -> list[Node]:
    """The arrays of a function: parameters and data, then each block, then each gradient, in order."""
    leaves = {node.name: node for node in _leaves(made, text)}
    found = [*_forward(made, text), *_backward(made, text)]
    owner = {name: name for name in [*leaves, *(node.name for node in found)]}
    for node in found:  # m1 = np.max(z2): what only helps belongs to the node that it helps
        owner.update(dict.fromkeys(_targets(node.statements), node.name) | {node.name: node.name})
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
            shape: Shape = ("batch", block.size) if block.batched else (block.size,)
            yield Node(name, block.op, shape=shape, scalars=block.size)
    for name, positions in views(made, text).items():
        yield Node(name, "parameter", shape=positions.shape, scalars=positions.size)


def views(made: Plan, text: Text) -> dict[str, Ints]:
    """The names that the source gives to parameters, each with the positions in theta that it holds."""
    size = next(block.size for block in made.blocks if block.op == "parameter")
    names: dict[str, Any] = {"theta": np.arange(size)}
    exec("\n".join(text.views), names)
    return {_targets([line])[0]: names[_targets([line])[0]] for line in text.views}


def _forward(made: Plan, text: Text) -> Iterator[Node]:
    by_name = {name: block for block, name, _ in text.statements}
    for name, lines in _by_target(text.forward, by_name):
        block = by_name.get(name)
        if block is None:  # value = loss.mean()
            yield Node(name, "mean", statements=lines)
        else:
            shape: Shape = ("batch", block.size) if block.batched else (block.size,)
            yield Node(name, block.kind, statements=lines, shape=shape, scalars=block.size)


def _backward(made: Plan, text: Text) -> Iterator[Node]:
    of = {gradient: (name, block) for gradient, name, block in
          zip(text.gradients, text.names, made.blocks, strict=True) if gradient}
    parameters = views(made, text)
    places = dict(zip((line.partition(" = ")[2] for line in text.views), parameters.items(), strict=True))
    of_theta = {_targets([line])[0]: places.get(line.partition(" = ")[2].replace("gradient", "theta"))
                for line in text.places}
    size = len(next(block.members for block in made.blocks if block.op == "parameter"))
    for name, lines in _by_target(text.backward, {*of, *of_theta, "gradient"}):
        shape: Shape
        if name in of:
            source, block = of[name]
            shape = ("batch", block.size) if block.batched else (block.size,)
            yield Node(name, "gradient", statements=lines, shape=shape, scalars=block.size, backward=True, of=source)
        else:
            view = of_theta.get(name)
            of_whole, positions = view or ("theta", np.arange(size))
            yield Node(name, "gradient", statements=lines, shape=positions.shape, scalars=positions.size, backward=True,
                       of=of_whole)


def _by_target(lines: Sequence[str], known: Collection[str]) -> list[tuple[str, tuple[str, ...]]]:
    """The lines by the array that they fill, in the order of the last word on each; helpers go with what follows."""
    found: dict[str, list[str]] = {}
    waiting: list[str] = []
    for position, line in enumerate(lines):
        name = next(iter(_targets([line])), "")
        waiting.append(line)
        if name in known or position == len(lines) - 1:
            found[name] = found.pop(name, []) + waiting
            waiting = []
    return [(name, tuple(mine)) for name, mine in found.items()]


def _targets(lines: Sequence[str]) -> list[str]:
    """The arrays that lines assign to, or add to: dW1 in dW1[...] = x.T @ dz1."""
    found = []
    for line in lines:
        statement = ast.parse(line).body[0]
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        while isinstance(target, ast.Subscript | ast.Call):  # view(dx, …)[...] += fills dx
            target = target.value if isinstance(target, ast.Subscript) else target.args[0]
        if isinstance(target, ast.Name):
            found.append(target.id)
    return found


def _reads(line: str) -> list[str]:
    """The names that a line uses, from left to right; asking for a dtype uses nothing."""
    statement = ast.parse(line).body[0]
    nodes = list(ast.walk(getattr(statement, "value", statement)))
    asked = {node.value for node in nodes if isinstance(node, ast.Attribute) and node.attr == "dtype"}
    names = [node for node in nodes if isinstance(node, ast.Name) and node not in asked]
    return [node.id for node in sorted(names, key=lambda node: node.col_offset)]
