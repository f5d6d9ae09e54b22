"""Let buffers whose lives do not overlap share memory, so that a step works in the cache.

Shapes are found by running the program for two batch sizes: buffers that are alike in both are alike
in all. A buffer is free after the last line that reads it, or already in that line if it computes
element by element and may overwrite what it reads.
"""

from __future__ import annotations

import itertools
import re

ELEMENTWISE = re.compile(r"np\.(add|subtract|multiply|divide|negative|positive|square|power|exp|log|sqrt|tanh|sin|cos"
                         r"|maximum|minimum|abs|sign|logaddexp)\((.*), out=_b\[\d+\]\)$")
SLOT = re.compile(r"_b\[(\d+)\]")
NAME = re.compile(r"[A-Za-z_]\w*")

Alike = tuple[object, ...]


def share(code: str, shapes: list[Alike]) -> tuple[str, int]:
    """The lowered code with fewer buffers, and their number; those of equal `shapes` may share one."""
    lines = code.splitlines()
    last, owners = _lives(lines)
    place: dict[int, int] = {}
    free: dict[Alike, list[int]] = {}
    buffers = itertools.count()
    dying_at: list[list[int]] = [[] for _ in range(len(lines) + 1)]
    for slot, end in last.items():
        dying_at[end].append(slot)
    for i, line in enumerate(lines):
        for slot in _slots(line):
            if slot in place:
                continue
            pool = free.setdefault(shapes[slot], [])
            dying = [old for old in _overwritten(line, owners) if old in dying_at[i] and shapes[old] == shapes[slot]]
            if _kept(line):
                place[slot] = next(buffers)
            elif dying:
                place[slot] = place[dying[0]]
                dying_at[i].remove(dying[0])  # handed over, not freed
            else:
                place[slot] = pool.pop() if pool else next(buffers)
        for slot in dying_at[i]:
            free.setdefault(shapes[slot], []).append(place[slot])
    return SLOT.sub(lambda match: f"_b[{place[int(match[1])]}]", code), next(buffers)


def _slots(line: str) -> list[int]:
    return [int(slot) for slot in SLOT.findall(line)]


def _kept(line: str) -> bool:
    """Whether a line fills a buffer once and for all, which then must not be shared."""
    return " is None else " in line


def _lives(lines: list[str]) -> tuple[dict[int, int], dict[str, set[int]]]:
    """The last line that reads each slot, and which slots each name may be a view of."""
    owners: dict[str, set[int]] = {}
    last: dict[int, int] = {}
    for i, line in enumerate(lines):
        used = {slot for name in NAME.findall(line) for slot in owners.get(name, ())} | set(_slots(line))
        last.update(dict.fromkeys(used, i))
        target = re.match(r"(\w+) = (?:_b\[(\d+)\] = )?", line)
        if target:
            fresh = {int(target[2])} if target[2] else used
            owners[target[1]] = owners.get(target[1], set()) | fresh
    for line in filter(_kept, lines):
        last.update(dict.fromkeys(_slots(line), len(lines)))
    return last, owners


def _overwritten(line: str, owners: dict[str, set[int]]) -> list[int]:
    """The slots that an elementwise line reads directly, and so could write to."""
    match = ELEMENTWISE.search(line)
    if not match:
        return []
    arguments = match[2].split(", ")
    # A view elsewhere in the line would see the result before it is read.
    if any(not NAME.fullmatch(a) and owners.keys() & set(NAME.findall(a)) for a in arguments):
        return []
    return [slot for a in arguments for slot in owners.get(a, ()) if len(owners[a]) == 1]
