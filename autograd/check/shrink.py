"""The smallest expression that still fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from autograd.check.expressions import Apply, Case, Expression, Leaf, Number, leaves, nodes, sound

SIMPLE = (2.0, 3.0, 1.0, -2.0, 0.5, -0.5, 2, 3, 1, -2)
"""Numbers to read with ease, the easiest first."""


def shrink(case: Case, fails: Callable[[Case], bool]) -> Case:
    """Make a failing case smaller, step by step, while `fails` stays true.

    Steps: a subtree becomes one of its parts or a leaf, a leaf becomes another, a number a simpler
    one. Each step makes `cost` smaller, so that the search ends.
    """
    while True:
        smaller = (other for other in candidates(case) if cost(other) < cost(case) and sound(other) and fails(other))
        found = next(smaller, None)
        if found is None:
            return renamed(case)
        case = found


def candidates(case: Case) -> Iterator[Case]:
    """Cases a little simpler than this one, the boldest step first."""
    inner = [node for node in reversed(nodes(case.root)) if not isinstance(node, Number)]
    for node in inner:
        for part in [*nodes(node)[:-1], *map(Leaf, leaves(case.root))]:
            if not isinstance(part, Number):
                yield _pruned(replaced(case.root, node, part), case)
    for name in case.values:
        for simple in SIMPLE:
            yield Case(case.root, {**case.values, name: simple})
    for number in nodes(case.root):
        if isinstance(number, Number):
            for simple in SIMPLE:
                yield Case(replaced(case.root, number, Number(simple)), case.values)


def cost(case: Case) -> tuple[int, int, int]:
    """What shrinking makes smaller: the operations, the leaves, the awkwardness of the numbers."""
    found = nodes(case.root)
    numbers = [node.value for node in found if isinstance(node, Number)] + list(case.values.values())
    awkward = sum([2 * (SIMPLE.index(x) if x in SIMPLE else len(SIMPLE)) + isinstance(x, int) for x in numbers])
    return sum([isinstance(node, Apply) for node in found]), len(case.values), awkward


def replaced(root: Expression, old: Expression, new: Expression) -> Expression:
    """The expression with every `old` in it become `new`."""
    if root == old:
        return new
    if isinstance(root, Apply):
        return Apply(root.op, tuple([replaced(arg, old, new) for arg in root.args]))
    return root


def renamed(case: Case) -> Case:
    """The same case with its leaves called a, b, c in the order of their use."""
    used = [node for node in nodes(case.root) if isinstance(node, Leaf)]
    root = case.root
    for name, leaf in zip("abc", used, strict=False):
        root = replaced(root, leaf, Leaf(f"new {name}"))
    for name in "abc":
        root = replaced(root, Leaf(f"new {name}"), Leaf(name))
    return Case(root, {name: case.values[leaf.name] for name, leaf in zip("abc", used, strict=False)})


def _pruned(root: Expression, case: Case) -> Case:
    return Case(root, {name: case.values[name] for name in leaves(root)})
