"""Layouts that take a moment: how far the edges of a drawing reach says beforehand how long its layout would take.

Graphviz puts nodes on layers and cuts an edge at each layer that it passes, so a value that is used again and again,
ever farther on, costs as much as thousands of nodes.

>>> links = [("x", "a"), ("a", "b"), ("b", "c"), ("x", "c")]
>>> passed(links, layered(links))
2
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autograd import SizeError

Link = tuple[str, str]
"""The tail and the head of an edge."""

CAREFUL = 3_000
"""Up to so many nodes and pieces of edges, a layout may take all the care it likes: it is done within a second."""

MOST = 50_000
"""With more nodes and pieces of edges than this even a layout in haste takes longer than five seconds."""

CROWDED = 5_000_000
"""So it does with more pairs of them on the same layer, of which each may cross the other."""

NODES = 6_500
"""And with more nodes, of which places are found in the square of their number where a graph is long."""

HASTE = {"splines": "line", "nslimit": "0.1", "nslimit1": "1", "mclimit": "0.01", "searchsize": "5"}
"""The attributes of a layout in haste: straight edges, and few rounds of making them shorter and uncrossed."""


def paced(links: Sequence[Link], labelled: bool = False) -> dict[str, str]:
    """The attributes of a graph with these edges, such that its layout takes at most five seconds.

    Labels of edges are on layers of their own, which makes twice as many. Raises `SizeError` where no layout would do.
    """
    layers = layered(links)
    between = passed(links, layers)
    pieces = len(layers) + between
    nodes, work = len(layers) * (1 + labelled), pieces * (1 + labelled)
    pairs = pieces**2 / (max(layers.values(), default=0) + 1)
    if work > MOST or pairs > CROWDED or nodes > NODES:
        raise SizeError(
            f"this drawing has {len(layers):,} nodes, whose edges pass {between:,} layers on their way, and its "
            "layout would take too long: values that are used again and again, far from where they were made, make it "
            "hard; draw a value nearer to the leaves or a smaller example, or use autograd.sum and autograd.dot in "
            "place of long chains of + and *"
        )
    return HASTE if work > CAREFUL else {}


def passed(links: Iterable[Link], layers: Mapping[str, int]) -> int:
    """How many layers edges pass on their way, in all: those between the layers of their ends."""
    return sum(max(layers[head] - layers[tail] - 1, 0) for tail, head in links)


def layered(links: Sequence[Link]) -> dict[str, int]:
    """The layer of each node: behind all from which edges come, and near to where more edges lead than come from."""
    ahead: dict[str, list[str]] = {}
    arriving: dict[str, int] = {}
    for tail, head in links:
        ahead.setdefault(tail, []).append(head)
        ahead.setdefault(head, [])
        arriving[head] = arriving.get(head, 0) + 1
    layers = dict.fromkeys(ahead, 0)
    waiting = dict(arriving)
    order = [node for node in ahead if node not in waiting]
    for node in order:  # grows while it is walked through
        for head in ahead[node]:
            layers[head] = max(layers[head], layers[node] + 1)
            waiting[head] -= 1
            if not waiting[head]:
                order.append(head)
    for node in reversed(order):
        if ahead[node] and len(ahead[node]) >= arriving.get(node, 0):
            layers[node] = min(layers[head] for head in ahead[node]) - 1
    return layers
