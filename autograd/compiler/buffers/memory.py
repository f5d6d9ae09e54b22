"""Arrays whose lives do not overlap share memory, so that a step works in the cache.

An array is free after the last statement that reads it, or already in that statement if it computes element by element
and may write over what it reads.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Any

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Let,
    Statement,
    Store,
    count,
    names_in,
    nodes,
    reshape,
    source_of,
)


def roots(allocations: Iterable[Let]) -> dict[str, str]:
    """The buffer behind each name: its own, or that of which it is a view."""
    found: dict[str, str] = {}
    for let in allocations:
        source = source_of(let.value)
        found[let.name.info] = found[source.info] if source.kind == "name" else let.name.info
    return found


def touched(statement: Statement, root: dict[str, str]) -> set[str]:
    """The buffers that a statement reads or writes."""
    return {root[text] for text in names_in(*statement.arrays) if text in root}


def reused(
    allocations: Sequence[Let], statements: Sequence[Statement], results: Iterable[Array], ragged: Container[str] = ()
) -> list[Let]:
    """The allocations again, with fewer empty arrays; those not `ragged` lie in order, without gaps."""
    root = roots(allocations)
    arrays = {let.name.info: let.name for let in allocations}
    empty = {let.name.info for let in allocations if let.value.kind == "empty" and count(let.name.shape) != 1}
    touching = [touched(statement, root) for statement in statements]
    last = {buffer: i for i, buffers in enumerate(touching) for buffer in buffers}
    last.update({root[text]: len(statements) for text in names_in(*results) if text in root})
    home: dict[str, str] = {}
    free: dict[Any, list[str]] = {}
    for i, (statement, mine) in enumerate(zip(statements, touching, strict=True)):
        for buffer in sorted(buffer for buffer in mine & empty if buffer not in home):
            kind = kind_of(arrays[buffer])
            heir = overwritten(statement, arrays[buffer], root, ragged)
            if heir is not None and heir in empty and last[heir] == i and kind_of(arrays[heir]) == kind:
                home[buffer] = home[heir]
                mine = mine - {heir}  # handed over, not freed
            else:
                home[buffer] = free[kind].pop() if free.get(kind) else buffer
        for buffer in sorted(mine & empty):
            if last[buffer] == i:
                free.setdefault(kind_of(arrays[buffer]), []).append(home[buffer])
    own = [let for let in allocations if home.get(let.name.info) == let.name.info]
    return own + [let if let.name.info not in home else
                  Let(let.name, reshape(arrays[home[let.name.info]], let.name.shape))
                  for let in allocations if home.get(let.name.info) != let.name.info]


def kind_of(array: Array) -> Any:
    """Equal for arrays of as many elements of one dtype."""
    return count(array.shape), array.dtype


def overwritten(statement: Statement, buffer: Array, root: dict[str, str], ragged: Container[str]) -> str | None:
    """A buffer that an elementwise statement reads in the very order in which it fills another, and nowhere else."""
    if not isinstance(statement, Store) or ops.ufunc_of(statement.value.kind) is None:
        return None
    place, args = statement.place, statement.value.args
    if place.kind != "name" or place.info in ragged or kind_of(place) != kind_of(buffer):
        return None
    names = [node for arg in args for node in nodes(arg) if node.kind == "name"]
    for arg in args:
        if arg.kind == "name" and arg.info in root and arg.info not in ragged and arg.shape == place.shape:
            behind = root[arg.info]
            others = [node for node in names if root.get(node.info) == behind and node.info != arg.info]
            if behind != buffer.info and not others:
                return behind
    return None
