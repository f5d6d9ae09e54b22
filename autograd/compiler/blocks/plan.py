"""All passes in order: from a loss to a plan of blocks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from autograd.compiler.blocks.block import Block, check_blocks
from autograd.compiler.blocks.group import Group, check_groups, groups
from autograd.compiler.blocks.pad import padded
from autograd.compiler.blocks.reroll import reroll
from autograd.compiler.scalars.canonical import canonical
from autograd.compiler.scalars.forms import with_pieces
from autograd.compiler.scalars.graph import LEAVES, Canonical, Graph, Ints, computing, differs, distinct, mix
from autograd.compiler.scalars.levels import chosen_levels, kinds_of
from autograd.compiler.scalars.maps import with_maps_as_one
from autograd.compiler.scalars.trace import Trace, trace
from autograd.nested import parameters_of
from autograd.value import Value

MANY, ALONE = 1000, 3.0
"""From so many groups on, of fewer terms each, scalars are computed one by one: a statement for a group takes as long
in a call, but several times as long to compile."""

WIDEST = 64
"""The largest of more numbers, say, is taken of an array."""

PARTED, IN_PIECES = 1.5, 3.0
"""So many times the blocks of what is read are more than what runs sooner consists of, for each example, the latter
with functions by pieces: a selection and its slope are several operations, each of which takes little time."""

Names = dict[tuple[int, int], str]
Shapes = tuple[tuple[int, ...], tuple[int, ...] | None]


@dataclass
class Plan:
    """What the passes made of a loss."""

    graph: Graph
    canonical: Canonical
    blocks: list[Block]
    """There are none where hardly two scalars do the same: then each is computed by itself."""
    roots: list[tuple[int, int]]
    """Block and slot of each result."""
    sizes: dict[str, int]
    """The number of elements of each kind of leaf."""
    names: Names
    noises: int
    several: bool
    outside: tuple[Value, ...]
    shapes: Shapes
    """Of a row of X and of Y."""
    sooner: Canonical | None = None
    """The graph with functions by pieces in their quickest forms, and linear maps multiplied out, if there are any."""
    in_pieces: bool = False
    """Whether it has functions by pieces."""

    @cached_property
    def quicker(self) -> Plan | None:
        """The plan of that graph, which may run sooner than it can be read; None where it parts into more groups."""
        if self.sooner is None:
            return None
        found, most = groups(self.sooner), IN_PIECES if self.in_pieces else PARTED
        parted = sum(group.batched for group in found) > most * sum(block.batched for block in self.blocks)
        return None if parted else self.of(self.sooner, found, read=False)

    @property
    def kind(self) -> str:
        """The kind of function that people look at: that of the outputs if the loss returns several."""
        return "outputs" if self.several else "value_and_grad"

    @property
    def laid(self) -> Plan:
        """The plan in blocks: itself, if it has any."""
        return self if self.blocks else self.in_blocks

    @cached_property
    def in_blocks(self) -> Plan:
        """The plan in blocks of a graph that is computed scalar by scalar."""
        normal = canonical(self.graph)
        return self.of(normal, groups(normal))

    def of(self, normal: Canonical, found: list[Group], read: bool = True) -> Plan:
        """The plan of the same loss from other groups, for people to be read unless that is for the machine alone."""
        return laid_out(self.trace, normal, found, self.sizes, self.shapes, self.names, read)

    @property
    def computing(self) -> list[Block]:
        """The blocks that are not given."""
        return [block for block in self.blocks if block.op not in LEAVES]

    @property
    def patterns(self) -> list[Hashable]:
        """What each of these computes, and of how much."""
        return [(block.op, block.batched, block.size, *(operand.index.size for operand in block.reads()))
                for block in self.computing]

    @property
    def trace(self) -> Trace:
        """What the loss wrote down."""
        return Trace(self.graph, self.noises, self.several, self.outside)


def plan(
    loss: Callable[..., Any], parameters: Sequence[Value], x_shape: tuple[int, ...], y_shape: tuple[int, ...] | None,
    names: Names,
) -> Plan:
    """Trace a loss for rows of these shapes and re-roll it."""
    traced = trace(loss, parameters, x_shape, y_shape)
    traced.graph.check()
    return planned(traced, len(parameters), (x_shape, y_shape), names)


def with_sum(made: Plan, nodes: Ints) -> Plan:
    """A plan of the same graph whose result is the sum of these nodes."""
    traced = made.trace._replace(graph=made.graph.summed(nodes), several=False)
    return planned(traced, made.sizes["parameter"], made.shapes, made.names)


def planned(traced: Trace, parameters: int, shapes: Shapes, names: Names) -> Plan:
    """Re-roll what a loss wrote down, unless hardly two scalars do the same."""
    (graph, noises, several, outside), (x_shape, y_shape) = traced, shapes
    normal = canonical(graph)
    sizes = {"parameter": parameters, "input": prod(x_shape), "noise": noises,
             "target": 0 if y_shape is None else prod(y_shape), "outside": len(outside)}
    if is_irregular(normal):
        normal.check()
        return Plan(graph, normal, [], [], sizes, names, noises, several, outside, shapes)
    by_pieces = with_pieces(graph)
    in_pieces = None if by_pieces is None else canonical(by_pieces)
    sooner = with_maps_as_one(in_pieces or normal) or in_pieces  # before it is grouped, which changes it
    return replace(laid_out(traced, normal, groups(normal), sizes, shapes, names), sooner=sooner,
                   in_pieces=in_pieces is not None)


def laid_out(
    traced: Trace, normal: Canonical, found: list[Group], sizes: dict[str, int], shapes: Shapes, names: Names,
    read: bool = True,
) -> Plan:
    """The plan of a graph whose groups are known, to be `read` by people or not."""
    graph, noises, several, outside = traced
    normal.check()
    check_groups(normal, found)
    blocks, roots = reroll(normal, found, sizes, read)
    blocks = padded(blocks, roots)
    check_blocks(blocks)
    return Plan(graph, normal, blocks, roots, sizes, names, noises, several, outside, shapes)


def is_irregular(graph: Canonical) -> bool:
    """Whether there would be many groups, of hardly more than a scalar each, and most differ from example to example.

    At most what does the same at one level, and looks alike some steps below, is one group.
    """
    living = computing(graph)
    size = len(graph.args) + len(graph.left)
    if len(living) < MANY or size >= ALONE * len(living) or np.diff(graph.start).max() > WIDEST:
        return False
    *_, kind = kinds_of(graph, living)

    def alone(level: Ints) -> bool:
        number = len(distinct(mix(level[living], kind[living])))
        return number >= MANY and size < ALONE * number

    return alone(graph.level) and alone(chosen_levels(graph, living)) and (
        2 * int(np.count_nonzero(differs(graph)[living])) > len(living))


def parameter_names(params: Any, flat: list[Value]) -> Names:
    """Runs of parameters that bear one name: the keys of a dict, else the stems of labels such as W1[0,1]."""
    stems = [value.label.split("[")[0] for value in flat]
    if isinstance(params, dict):
        position = {value: i for i, value in enumerate(flat)}
        for name, nested in params.items():
            for value in parameters_of(nested):
                stems[position[value]] = str(name)
    cuts = [0, *(i for i in range(1, len(stems)) if stems[i] != stems[i - 1]), len(stems)]
    return {(start, stop): stems[start] or "w" for start, stop in itertools.pairwise(cuts) if stop > start}
