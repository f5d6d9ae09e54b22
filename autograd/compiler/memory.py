"""Arrays whose lives do not overlap share memory, so that a step works in the cache.

An array is free after the last statement that reads it, or already in that statement if it computes element by element
and may write over what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from autograd.compiler.array import (
    Array,
    Let,
    Statement,
    Store,
    count,
    names_in,
    nodes,
    reshape,
    source_of,
    ufunc_of,
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


def reused(allocations: Sequence[Let], statements: Sequence[Statement], results: Iterable[Array]) -> list[Let]:
    """The allocations again, with fewer empty arrays."""
    root = roots(allocations)
    lets = {let.name.info: let for let in allocations}
    arrays = {text: let.name for text, let in lets.items()}
    empty = {let.name.info for let in allocations if let.value.kind == "empty" and count(let.name.shape) != 1}
    last: dict[str, int] = {}
    for i, statement in enumerate(statements):
        last.update(dict.fromkeys(touched(statement, root), i))
    last.update({root[text]: len(statements) for text in names_in(*results) if text in root})
    home: dict[str, str] = {}
    free: dict[Any, list[str]] = {}
    for i, statement in enumerate(statements):
        mine = touched(statement, root)
        for buffer in sorted(buffer for buffer in mine & empty if buffer not in home):
            kind = kind_of(arrays[buffer])
            heir = overwritten(statement, buffer, root, lets)
            if heir is not None and heir in empty and last[heir] == i and kind_of(arrays[heir]) == kind:
                home[buffer] = home[heir]
                mine.discard(heir)  # handed over, not freed
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


def overwritten(statement: Statement, buffer: str, root: dict[str, str], lets: dict[str, Let]) -> str | None:
    """A buffer that an elementwise statement reads in the very order in which it writes, and nowhere else."""
    if not isinstance(statement, Store) or statement.place.kind != "name" or ufunc_of(statement.value.kind) is None:
        return None
    args = [node for arg in statement.value.args for node in nodes(arg) if node.kind == "name"]
    for arg in statement.value.args:
        if arg.kind == "name" and arg.info in root and arg.shape == statement.place.shape:
            behind = root[arg.info]
            others = [node for node in args if root.get(node.info) == behind and node.info != arg.info]
            if behind != buffer and in_order(lets[arg.info]) and not others:
                return behind
    return None


def in_order(let: Let) -> bool:
    """Whether an array is a buffer, or one in another shape."""
    value = let.value
    while value.kind == "reshape":
        (value,) = value.args
    return value.kind in ("empty", "name")
