"""What several steps add to one gradient, added up at once: dU = Σₜ hₜ₋₁ᵀ dₜ is one product of what all steps have.

The statements that add values of one form to one place become one. Where a value reads an array of its step, the
whole reads those of all steps, laid side by side: axes (n, k) become (n, steps, k), and the sum over examples is one
over steps too. A product dᵀh keeps its form: its rows are the examples of all steps.

>>> from autograd.compiler.arrays.array import Rows
>>> w, d = name("w", (2,)), [name(f"d{t}", (Rows(), 2)) for t in range(3)]
>>> added = [Store(w, reduce(ops.sum, 2 * each, (0,)), adds=True) for each in d]
>>> [len(statement.value.args) for statement in added_at_once(added, [], Names())]  # side by side, and their sum
[3, 1]
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Let,
    Rows,
    Statement,
    Store,
    broadcast,
    concatenate,
    count,
    is_view,
    matmul,
    name,
    part,
    reduce,
    reshape,
    target_of,
    transpose,
)
from autograd.compiler.arrays.names import Names

FEW = 3
"""Fewer steps add up their values one by one."""


def laid_side_by_side(statements: Sequence[Statement], names: Names) -> list[Statement]:
    """The statements, with gradients that consist of others, each written to its place, as these side by side."""
    begun = {target_of(let): i for i, let in enumerate(statements) if isinstance(let, Let) and let.value.kind == "like"}
    stores: dict[str, list[tuple[int, Store]]] = {text: [] for text in begun}
    read: set[str] = set()
    for i, statement in enumerate(statements):
        read.update(statement.value.names)
        if isinstance(statement, Store) and statement.target in stores:
            stores[statement.target].append((i, statement))
            if statement.target in read or not is_run(statement):
                del stores[statement.target]
    instead: Instead = {}
    pieces: dict[int, Array]
    for text, written in stores.items():
        gradient = statements[begun[text]]
        runs = sorted(store.place.info[:2] for _, store in written)
        complete = [begin for begin, _ in runs] + [columns(gradient.value)] == [0, *(end for _, end in runs)]
        if complete and 2 * sum(is_view(store.value) for _, store in written) > len(written) > 1:
            instead[begun[text]], pieces = [], {}
            for i, store in written:
                piece = store.value if is_view(store.value) else name(names.fresh("d"), store.place.shape)
                instead[i] = [] if piece is store.value else [Let(piece, store.value)]
                pieces[store.place.info[0]] = piece
            instead[i].append(replace(gradient, value=concatenate([pieces[begin] for begin, _ in runs])))
    return with_changes(statements, instead)


def is_run(store: Store) -> bool:
    """Whether a run of an array is written, from an array of that shape."""
    place = store.place
    whole = place.kind == "part" and place.args[0].kind == "name" and place.info[2] == 1
    return whole and store.value.shape == place.shape


Instead = dict[int, list[Statement]]
"""What takes the place of the statements with these numbers."""


def with_changes(statements: Sequence[Statement], instead: Instead) -> list[Statement]:
    """The statements, with others, or nothing, in the place of some."""
    return [new for i, statement in enumerate(statements) for new in instead.get(i, [statement])]


def added_at_once(statements: Sequence[Statement], forward: Sequence[Statement], names: Names) -> list[Statement]:
    """The statements, with one in the place of several that add values of the same form to the same place.

    `forward` are those before them: what they have laid side by side need not be so again.
    """
    pieces = Pieces([*forward, *statements], names)
    after: dict[int, list[Statement]] = {}
    gone: set[int] = set()
    for family, end in families(statements):
        values = [statement.value for statement in reversed(family.values())]  # backward, the last step comes first
        if any(value.key != values[0].key for value in values):
            pieces.begin(len(forward) + max(family), len(forward) + end)
            whole = replace(family[min(family)], value=pieces.whole(values))
            for let in pieces.laid:
                pieces.note(let, pieces.when)
            after.setdefault(pieces.when - len(forward), []).extend([*pieces.laid, whole])
            gone.update(family)
    return [new for i, statement in enumerate(statements)
            for new in (*([] if i in gone else [statement]), *after.get(i, []))]


# ── what belongs together ─────────────────────────────────────────────────────────────────────────


Family = dict[int, Statement]
"""Statements that add values of one form to one place, or begin it with such a value, by where they stand."""


def families(statements: Sequence[Statement]) -> Iterator[tuple[Family, int]]:
    """Those of at least `FEW` members, and up to which statement they may wait.

    Up to there nobody reads what they add to, or writes to what they read.
    """
    families: dict[Any, Family] = {}
    by_name: dict[str, dict[Any, None]] = {}
    """Their keys in the order of appearance, so that what is made does not depend on the hashes of a process."""

    def closed(text: str, i: int) -> Iterator[tuple[Family, int]]:
        for key in by_name.pop(text, ()):
            family = families.pop(key, {})
            if len(family) >= FEW:
                yield family, i

    for i, statement in enumerate(statements):
        target, place = target_of(statement), statement.place if isinstance(statement, Store) else statement.name
        for text in statement.value.names:
            yield from closed(f"to {text}", i)
        yield from closed(f"from {target}", i)
        key = target, place.key, form_of(statement.value)
        for other in by_name.get(f"to {target}", {}).keys() - {key}:
            begin = next(iter(families.get(other, {})), i)
            if isinstance(statements[begin], Let) and begin < i:
                del families[other][begin]  # it has to stay in front of this one
        if key[2] is not None:
            families.setdefault(key, {})[i] = statement
            for text in (f"to {target}", *(f"from {text}" for text in statement.value.names)):
                by_name.setdefault(text, {})[key] = None
    yield from ((family, len(statements)) for family in families.values() if len(family) >= FEW)


def is_elementwise(array: Array) -> bool:
    """Whether an array is a function of others, element by element."""
    return isinstance(array.kind, (ops.Op, np.ufunc)) and array.kind is not ops.detach


def form_of(value: Array) -> Any:
    """Equal for values that differ in nothing but the arrays that they read; None where these are not numbers."""
    if value.kind == "number":
        return value.key
    if value.kind in WRAPPERS or is_elementwise(value) or is_product(value) or is_sum(value):
        below = [form_of(arg) for arg in value.args]
        return None if None in below else (value.kind, value.info, value.shape, *below)
    read_in_place = is_view(value) and value.dtype == "float" and value.lead in ((), (Rows(),))
    return (value.shape,) if read_in_place else None


WRAPPERS = ("reshape", "transpose", "scatter")
"""What is done to a sum over examples as to the sums of each step."""


def done_to(array: Array, wrapper: Array) -> Array:
    """An array in the place of what a wrapper is of."""
    if wrapper.kind == "transpose":
        return transpose(array)
    if wrapper.kind == "reshape":
        return reshape(array, wrapper.shape)
    return Array(wrapper.kind, (array,), wrapper.info, wrapper.shape, wrapper.dtype)


def is_sum(value: Array) -> bool:
    """Whether a value is a sum over the examples."""
    return (value.kind == "reduce" and value.info[0] is ops.sum and 0 in value.info[1]
            and value.args[0].lead == (Rows(),))


def is_product(value: Array) -> bool:
    """Whether a value is gᵀh: a sum over the examples, too."""
    return value.kind == "matmul" and value.args[0].kind == "transpose" and all(
        isinstance(array.shape[0], Rows) and len(array.shape) == 2 for array in (value.args[0].args[0], value.args[1]))


# ── all steps at once ─────────────────────────────────────────────────────────────────────────────


class Pieces:
    """Which arrays lie side by side already, as parts of another one."""

    def __init__(self, statements: Sequence[Statement], names: Names) -> None:
        self.names = names
        self.of: dict[Any, tuple[Array, int, int, int]] = {}
        """The array, where in it the part begins and ends, and the statement after which it is there."""
        self.alias: dict[str, Array] = {}
        """What names stand for that are no more than another name, as long as nobody writes to either."""
        self.begin(0, 0)
        last = {target_of(statement): i for i, statement in enumerate(statements)}
        for i, statement in enumerate(statements):
            if isinstance(statement, Let) and statement.value.kind == "concatenate":
                self.note(statement, i)
            elif isinstance(statement, Let) and statement.value.kind == "name":
                text, other = statement.name.info, statement.value
                if last[text] == i and last.get(other.info, -1) < i:
                    self.alias[text] = self.alias.get(other.info, other)

    def begin(self, when: int, end: int) -> None:
        """Begin another sum, which may stand after the statements from `when` up to, and without, `end`."""
        self.when, self.end = when, end
        self.laid: list[Let] = []
        """What is to be laid side by side before it."""

    def note(self, let: Let, when: int) -> None:
        """Note which arrays a statement lays side by side."""
        ends = list(itertools.accumulate(columns(piece) for piece in let.value.args))
        for piece, begin, end in zip(let.value.args, [0, *ends], ends, strict=False):
            self.of.setdefault(piece.key, (let.name, begin, end, when))

    def whole(self, values: list[Array]) -> Array:
        """The sum of values of one form."""
        first, core = values[0], values
        wrappers: list[Array] = []
        while first.kind in WRAPPERS and first.args[0].kind != "name":
            wrappers.append(first)
            core = [value.args[0] for value in core]
            first = core[0]
        if is_product(first):
            result = matmul(transpose(self.rows([value.args[0].args[0] for value in core])),
                            self.rows([value.args[1] for value in core]))
        elif is_sum(first):
            _, axes, _ = first.info
            terms = self.tree([value.args[0] for value in core], rank_of(first.args[0]))
            more = tuple(axis + 1 for axis in axes if axis) if len(terms.axes) > 1 else ()
            result = reshape(reduce(ops.sum, terms, (0, 1, *more)), first.shape)
        else:
            terms = self.tree(core, rank_of(first))
            result = reshape(reduce(ops.sum, terms, (len(first.lead),)), first.shape)
        for wrapper in reversed(wrappers):
            result = done_to(result, wrapper)
        return result

    def rows(self, arrays: list[Array]) -> Array:
        """One side of the product gᵀh: its rows are the examples of all steps."""
        rows, width = arrays[0].shape
        assert isinstance(rows, Rows)
        if arrays[0].kind == "reshape":
            arrays = [array.args[0] for array in arrays]
        terms = self.tree(arrays, len(arrays[0].axes))
        if terms.shape[1] == 1:  # the same in each step
            terms = broadcast(terms, (rows, len(arrays), *terms.shape[2:]))
        return reshape(terms, (Rows(rows.times * len(arrays)), width))

    def tree(self, arrays: list[Array], rank: int) -> Array:
        """Functions of arrays of all steps: with an axis for the steps, after that of examples."""
        first = arrays[0]
        if all(array.key == first.key for array in arrays):
            return reshape(first, (*first.lead, 1, *of_rank(first.axes, rank))) if first.batched else first
        if is_elementwise(first):
            return Array._apply(first.kind, tuple(self.tree(list(args), rank)
                                                  for args in zip(*(array.args for array in arrays), strict=True)))
        size = count(first.axes)
        assert isinstance(size, int)
        whole = self.side_by_side([reshape(array, (*first.lead, size)) for array in arrays])
        return reshape(whole, (*first.lead, len(arrays), *of_rank(first.axes, rank)))

    def side_by_side(self, arrays: list[Array]) -> Array:
        """Columns of arrays as one; those that are parts of one array, one after the other, are a part of it."""
        homes, arrays = [], [self.alias.get(array.info, array) if array.kind == "name" else array for array in arrays]
        for array in arrays:
            if array.key in self.of and self.of[array.key][3] < self.end:
                homes.append(self.of[array.key])
            elif array.kind == "part" and array.info[2] == 1:
                homes.append((array.args[0], *array.info[:2], 0))
        if len(homes) == len(arrays):
            whole, first, *_ = homes[0]
            ends = [first, *(end for _, _, end, _ in homes)]
            if all(home.key == whole.key and begin == end
                   for (home, begin, _, _), end in zip(homes, ends, strict=False)):
                self.when = max(self.when, *(when for *_, when in homes))
                return part(whole, first, ends[-1])
        value = concatenate(arrays)
        self.laid.append(Let(name(self.names.fresh("v"), value.shape), value))
        return self.laid[-1].name


def rank_of(array: Array) -> int:
    """The number of axes, besides that of examples; none for a single column."""
    return 0 if count(array.axes) == 1 else len(array.axes)


def of_rank(axes: tuple[Any, ...], rank: int) -> tuple[Any, ...]:
    """Axes with as many of size 1 before them as are missing; or none, if all are of size 1."""
    return (1,) * (rank - len(axes)) + axes if rank else ()


def columns(array: Array) -> int:
    """The number of columns, of which a vector has one row."""
    size = array.shape[-1]
    assert isinstance(size, int)
    return size

