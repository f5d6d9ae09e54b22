"""What values are called in pictures and sentences."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from autograd import Value, ops
from autograd.formula import number
from viz.text.markup import readable


def labels(values: Iterable[Value], names: Mapping[str, Any] | None = None) -> dict[Value, str]:
    """What is written at each value: its own label, else the variable that holds it, else nothing.

    `names` is such as `locals()`; lists are looked into, so that a value may be called `w[0]`.
    Names that begin with an underscore are passed over, since notebooks keep their outputs there. Controls, and what
    would turn the direction of other text, are not in what is written.

    >>> x, w = Value(1.0), [Value(2.0), Value(3.0, label="weight")]
    >>> list(labels([x, *w], {"x": x, "w": w}).values())
    ['x', 'w[0]', 'weight']
    """
    variables: dict[Value, str] = {}
    for name, thing in (names or {}).items():
        if not name.startswith("_"):
            for value, path in _held(thing, name):
                variables.setdefault(value, path)
    return {value: readable(value.label or variables.get(value, "")) for value in values}


def _held(thing: Any, path: str, depth: int = 3) -> Iterator[tuple[Value, str]]:
    if isinstance(thing, Value):
        yield thing, path
    elif isinstance(thing, list | tuple) and depth:
        for i, item in enumerate(thing):
            yield from _held(item, f"{path}[{i}]", depth - 1)


def unique(values: Sequence[Value], roots: Sequence[Value], labels: Mapping[Value, str]) -> dict[Value, str]:
    """A name of its own for every value of a graph, for sentences to speak of.

    Labels come first, numbered where two are the same; constants are called by their number. Of
    the rest, outputs are f, g, h; inputs x, y, z; and what lies between q, r, s …, or v1, v2, … if
    there is too much of it.

    >>> a, b = Value(1.0, "a"), Value(2.0, "a")
    >>> f = (a + b) * 3
    >>> list(unique([a, b, *f.args, f], [f], {a: "a", b: "a"}).values())
    ['a', 'a_2', 'q', '3', 'f']
    """
    names = {value: number(value.data).replace("inf", "∞")
             for value in values if value.op is ops.constant and not labels.get(value)}
    taken: set[str] = set()
    for value in values:
        if label := labels.get(value):
            names[value] = _first_free(itertools.chain([label], (f"{label}_{i}" for i in itertools.count(2))), taken)
    unnamed = [value for value in values if value not in names]
    outputs = set(roots)
    for wanted, group in (
        ("fgh", [value for value in unnamed if value in outputs]),
        ("xyz", [value for value in unnamed if value not in outputs and not value.args]),
        ("qrstuvw", [value for value in unnamed if value not in outputs and value.args]),
    ):
        letters = [letter for letter in wanted if letter not in taken]
        stem = "v" if wanted.startswith("q") else wanted[0]
        pool = iter(letters) if len(group) <= len(letters) else (f"{stem}{i}" for i in itertools.count(1))
        for value in group:
            names[value] = _first_free(pool, taken)
    return {value: names[value] for value in values}


def _first_free(pool: Iterator[str], taken: set[str]) -> str:
    """The next name of the pool that is not taken; it is taken now."""
    name = next(name for name in pool if name not in taken)
    taken.add(name)
    return name
