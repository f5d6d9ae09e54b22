"""The graph after each pass, by name, so that a picture can be drawn of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from autograd.compiler.blocks.group import groups
from autograd.compiler.explain.nodes import (
    Node,
    array_nodes,
    canonical_names,
    canonical_nodes,
    grouped_nodes,
    leaf_names,
    scalar_names,
    traced_nodes,
)
from autograd.compiler.reading import Reading
from autograd.compiler.scalars.canonical import canonical
from autograd.compiler.scalars.graph import Canonical
from autograd.value import Value


@dataclass(frozen=True)
class Pass:
    """What one pass of the compiler made: `nodes`, each after those that it reads, and a sentence about it.

    The nodes are worked out when they are first looked at.
    """

    name: str
    sentence: str
    make: Callable[[], list[Node]]

    @cached_property
    def nodes(self) -> list[Node]:
        """The graph after the pass."""
        return self.make()

    def __repr__(self) -> str:
        return f"<Pass {self.name}: {self.sentence}>"


def passes(read: Reading, params: Sequence[Value], inputs: bool) -> list[Pass]:
    """The passes of a compiled loss in order: the first three leave scalars, the last two arrays.

    A loss of several values is not differentiated. With `inputs`, the last one has the gradient of the inputs too.
    """
    made = read.plan
    kind = "outputs" if made.several else "inputs" if inputs else "value_and_grad"

    def names() -> list[str]:
        return scalar_names(made.graph, leaf_names(made, params))

    def normal() -> tuple[Canonical, list[str]]:
        found = canonical(made.graph)
        return found, canonical_names(found, names())

    def grouped() -> list[Node]:
        graph, called = normal()
        return grouped_nodes(graph, groups(graph), called)

    def arrays() -> list[Node]:
        return array_nodes(made, read.function(kind), read.looped(kind))

    found = [
        Pass("trace", "the loss is run once on symbols, and every scalar operation written down",
             lambda: traced_nodes(made.graph, names())),
        Pass("canonical", "what only adds and multiplies becomes sums of products; equal expressions become one",
             lambda: canonical_nodes(*normal())),
        Pass("group", "scalars that do the same with members of the same groups form a group", grouped),
        Pass("reroll", "each group becomes an array: sums of products become products of matrices",
             lambda: [node for node in arrays() if not node.backward]),
    ]
    if not made.several:
        found.append(Pass("differentiate", "the chain rule, array by array from the loss back to the parameters",
                          arrays))
    return found
