"""The first and the last steps of loops, which differ from the others by what is 0 there.

Before the first step of a recurrence there is no state, so that its terms are missing; after the last one no gradient
comes back. A person begins with zeros and writes the loop over all steps. So does this pass: where the statements
beside a loop are one more step of it in which what was carried is 0, that step is written out as the others are, and
becomes one of them.

Which of the statements beside a loop the new step stands for is found by computing both with numbers at random: arrays
that come to the same are the same. A function is accepted if all that it has in common with the one before, and all
results, are equal, and if it is shorter. (Besides, every source is compared with what runs before anybody reads it.)
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    Array,
    Constant,
    Let,
    Line,
    Moved,
    Position,
    Rows,
    Statement,
    Step,
    Store,
    as_array,
    constant,
    copy,
    full,
    like,
    name,
    names_in,
    nodes,
    source_of,
    target_of,
)
from autograd.compiler.arrays.function import Function
from autograd.compiler.arrays.interpret import Arrays, perform, run, value_of
from autograd.compiler.arrays.repeats import OWN, Family, Rolling, Run, changed, is_view_of_name, mapped

EXAMPLES = 5
"""Rows of random numbers by which arrays are compared."""

LEAST, LARGEST = 0.2, 0.9
"""Between which the numbers are."""

SCALES = (1.0, 0.3, 0.1)
"""How large numbers are by which what comes out in the end is compared."""

EXACT = 1e-9
"""How far arrays that are the same may be from one another, as part of the largest number."""


WINDOW = 8
"""So many statements more than a step has are looked at beside a run."""


def given(arguments: Sequence[Array], scale: float = 1.0, least: float = LEAST) -> Arrays:
    """Numbers at random for the arguments of a function."""
    rng = np.random.default_rng(1)
    return {"n": EXAMPLES} | {array.info: scale * rng.uniform(least, LARGEST, tuple(
        EXAMPLES if isinstance(size, Rows) else size for size in array.shape)) for array in arguments}


def of_sizes(array: Array) -> Array:
    """A tree in which roots, logarithms and powers are of the size of a number, so that they are finite for any."""
    args = tuple(map(of_sizes, array.args))
    if isinstance(array.kind, ops.Op) and array.kind.recorded and array.kind.domain[0][0] > 0:
        args = (abs(args[0]), *args[1:])
    return array if args == array.args else Array(array.kind, args, array.info, array.shape, array.dtype)


def computes_the_same(lines: Sequence[Line], results: Sequence[Array], made: Function) -> bool:
    """Whether lines with loops compute the results of a function, also for numbers that saturate nothing.

    They are compared where the results are finite: what grows from step to step may not be for large numbers. Those of
    both signs tell comparisons apart.
    """
    both = [[mapped(line, of_sizes) for line in every] for every in (made.statements, lines)]
    compared = False
    with np.errstate(all="ignore"):
        for scale, least in (*((scale, LEAST) for scale in SCALES), (1.0, -LARGEST)):
            wanted, found = (run(every, given(made.arguments, scale, least)) for every in both)
            pairs = [(value_of(mine, wanted), value_of(other, found))
                     for mine, other in zip(made.results, results, strict=True)]
            if all(np.isfinite(mine).all() for mine, _ in pairs):
                compared = True
                if not all(same(*pair) for pair in pairs):
                    return False
    return compared


def largest_scale(made: Function) -> float:
    """The largest numbers for which the results of a function are finite."""
    with np.errstate(all="ignore"):
        for scale in SCALES[:-1]:
            arrays = run(made.statements, given(made.arguments, scale))
            if all(np.isfinite(value_of(result, arrays)).all() for result in made.results):
                return scale
    return SCALES[-1]


class Sample:
    """What the arrays of a function are for numbers at random, of a scale, and what each statement stores.

    All statements are computed, or those `until` one.
    """

    def __init__(self, made: Function, scale: float, until: Statement | None = None) -> None:
        self.scale = scale
        self.arrays = given(made.arguments, scale)
        self.stored: dict[Statement, Any] = {}

        def noted(statement: Statement, arrays: Arrays) -> None:
            perform(statement, arrays)
            if isinstance(statement, Let):
                text, value = target_of(statement), statement.value
                if value.kind == "like" and not value.info and text != "gradient":
                    arrays[text][...] = np.nan  # whoever adds to it must have begun it
            else:
                self.stored[statement] = run([Let(name("", ()), statement.value)], dict(arrays))[""]

        with np.errstate(all="ignore"):
            run(itertools.takewhile(lambda statement: statement is not until, made.statements), self.arrays, noted)

    def agrees(self, other: Sample, names: Iterable[str]) -> bool:
        """Whether arrays of two functions are the same."""
        return all(same(self.arrays[text], other.arrays[text]) for text in names)


def same(a: Any, b: Any) -> bool:
    """Whether two arrays are finite and equal, up to rounding."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return a.shape == b.shape and bool(np.isfinite(a).all()) and bool(
        (np.abs(a - b) <= EXACT * np.abs(a).max(initial=0)).all())


class Unfit(Exception):  # noqa: N818 nobody but this module and the next meets it
    """A step that cannot be written: it reads beyond the end of something."""


class Completed:
    """A function in which the step before the first one of a run, or after the last, is written out as the others."""

    def __init__(self, found: Rolling, chosen: Run, step: int, sample: Sample) -> None:
        self.found = found
        self.run = chosen
        self.step = step
        self.sample = sample
        self.text = {member: text for text, member in reversed(found.members.items())}
        for family in found.families:
            self.text.update({(family, step): text for step, text in family.before.items()})
        self.zeros: dict[Family, Let] = {}
        """What is carried into a first step, where it has no name: zeros, ones, or some columns of the inputs."""
        self.new = {family: found.fresh(family.array.info) for family in chosen.families.values()}
        self.carried: dict[Any, Array] = {}
        """What is carried into it that is not 0, and its numbers: what stands there in the statement beside the run."""
        self.is_backward = chosen.statements[-1] in found.made.backward
        self.find()
        self.body = [self.statement(statement) for statement in chosen.unrolled]

    # ── the new step ─────────────────────────────────────────────────────────────────────────

    def statement(self, statement: Statement) -> Statement:
        """A statement of the body in the new step."""
        if isinstance(statement, Let):
            return Let(self.array(statement.name), self.array(statement.value))
        return Store(self.array(statement.place), self.array(statement.value), statement.adds)

    def array(self, array: Array) -> Array:
        """A tree with its leaves in the new step."""
        result = changed(self.with_numbers(array), self.leaf)
        if not all(map(is_inside, nodes(result))):
            raise Unfit
        return result

    def with_numbers(self, array: Array) -> Array:
        """A tree with the numbers of the new step in the place of rows of tables."""
        if not is_row(array):
            return Array(array.kind, tuple(map(self.with_numbers, array.args)), array.info, array.shape, array.dtype)
        if self.is_open(array):
            if array.key not in self.carried:
                raise Unfit
            return self.carried[array.key]
        table = array.args[0].info
        row = table.array[self.at(array.info)]
        return as_array(float(row)) if not row.shape else constant(Constant(self.found.fresh(table.name), row))

    def leaf(self, leaf: Any) -> Any:
        """A leaf of the body in the new step."""
        if isinstance(leaf, Step):
            return self.at(leaf)
        if isinstance(leaf, Moved):
            if leaf.several:
                raise Unfit
            return Constant(self.found.fresh(leaf.constant.name), leaf.constant.array + self.at(leaf.step))
        if isinstance(leaf, Array) and leaf.kind == "ref":
            family, position = leaf.info
            return name(self.member(family, self.at(position)), family.array.shape, family.array.dtype)
        return leaf

    def find(self) -> None:
        """Look beside the run for what is carried into the new step, and for the numbers in it.

        The statements there and those of the body are compared in order. What the step adds to begins as 0.
        """
        body = self.run.unrolled
        beside = self.beside(self.found.made.backward if self.is_backward else self.found.made.forward)
        begun = {place.info[0] for statement in body if isinstance(statement, Store)
                 and (place := source_of(statement.place)).kind == "ref" and self.at(place.info[1]) != self.step}
        if any(self.is_open(node) for statement in body for node in nodes(statement.value)):
            beside = beside[-len(body) - WINDOW :] if self.step < 0 else beside[: len(body) + WINDOW]
            pairs = [[self.bound(mine.value, other.value) for other in beside] for mine in body]
            bound = [pair for i, j in common(pairs) for pair in pairs[i][j] or []]
            trees = {array.key: array for _, array in bound}
            for (which, key), _ in Counter((which, array.key) for which, array in bound).most_common():
                if which not in begun:
                    self.carried.setdefault(which, trees[key])

    def is_open(self, array: Array) -> bool:
        """Whether it is to be found out what stands for this in the new step."""
        if array.kind == "ref":
            family, position = array.info
            return family.run is self.run and self.at(position) < self.step < 0
        return is_row(array) and not 0 <= self.at(array.info) < len(array.args[0].info.array)

    def bound(self, array: Array, other: Array) -> list[tuple[Any, Array]] | None:
        """What stands for what is open in a tree of the body, where another tree is like it, or lacks terms of it.

        A factor that is lacking is 1.
        """
        if self.is_open(array):
            if other.shape != array.shape:
                return None
            if array.kind == "ref":
                return [(array.info[0], other)] if is_view_of_name(other) else None
            return [(array.key, other)] if other.kind in ("number", "constant") else None
        if array.kind == "ref" and array.info[0].run is self.run and self.at(array.info[1]) == self.step:
            return []
        if array.kind == "ref" or is_row(array):
            try:
                return [] if self.array(array).key == other.key else None
            except Unfit:
                return None
        if array.kind == "name":
            same_name = other.kind == "name" and self.found.meant(array.info) == self.found.meant(other.info)
            return [] if same_name else None
        if array.kind == other.kind and len(array.args) == len(other.args) and array.shape == other.shape:
            below = [self.bound(a, b) for a, b in zip(array.args, other.args, strict=True)]
            if None not in below:
                return [pair for pairs in below for pair in pairs or []]
        if array.kind is ops.add:
            return next((found for arg in array.args if (found := self.bound(arg, other)) is not None), None)
        if array.kind is ops.mul:
            for factor, rest in (array.args, array.args[::-1]):
                found = self.bound(rest, other) if factor.kind == "ref" and self.is_open(factor) else None
                if found is not None:
                    return [*found, (factor.info[0], full(factor.shape, as_array(1)))]
        return None

    def at(self, position: Position) -> int:
        """A position by step in the new step."""
        return position.start + position.by(OWN) * self.step if isinstance(position, Step) else position

    def member(self, family: Family, step: int) -> str:
        """The name of what a step has made of a family."""
        if family.run is self.run and step == self.step:
            return self.new[family]
        if family.run is self.run and step < self.step < 0:
            array = family.array
            value = full(array.shape, as_array(0))
            if step == self.step - 1 and family in self.carried:
                value = self.carried[family]
                if value.kind == "name":
                    return str(value.info)
            if family not in self.zeros:
                self.zeros[family] = Let(name(self.found.fresh(array.info), array.shape, array.dtype),
                                         value if value.kind == "full" else copy(value))
            return str(self.zeros[family].name.info)
        if (family, step) not in self.text:
            raise Unfit
        return self.text[family, step]

    # ── what it stands for ───────────────────────────────────────────────────────────────────

    def function(self) -> Function | None:
        """The function, if there is one that says the same."""
        made = self.found.made
        half = made.backward if self.is_backward else made.forward
        self.there = self.sample.arrays
        if self.step < 0:
            self.there = Sample(made, self.sample.scale, until=self.run.statements[0]).arrays
        arrays, values = self.values()
        loose = [statement for statement in self.beside(half) if self.is_loose(statement)]
        old = self.old_names(loose, arrays)
        gone: set[Statement] = set().union(*(self.stores_instead(*stored, loose) for stored in values.items()))
        if 2 * (len(old) + len(gone)) < len(self.new) + len(values):
            return None  # too little of it is there
        gone |= {statement for statement in loose if target_of(statement) in old}
        own = dict[str, str]()
        for text, new in old.items():
            own.setdefault(new[0], text)  # the old name stays where there is one
        body = [renamed(statement, own) for statement in [*self.zeros.values(), *self.body]]
        result: list[Statement] = []
        for statement in half:
            if statement is self.run.statements[0] and self.step < 0:
                result += body
            if statement not in gone:
                result.append(renamed(statement, self.names_for(statement, old, own)))
            if statement is self.run.statements[-1] and self.step >= 0:
                result += body
        result = with_zeros(in_turn(result, body), {target_of(s) for s in body if isinstance(s, Store) and s.adds})
        results = [renamed(Let(array, array), self.names_for(Let(array, array), old, own)).value
                   for array in made.results]
        forward, backward = made.forward, result
        if not self.is_backward:
            forward = result
            backward = [renamed(statement, self.names_for(statement, old, own)) for statement in made.backward]
        other = replace(made, forward=forward, backward=backward, results=results)
        other = without_unread(other, {*unread(made), *body})
        return other if self.says_the_same(other) else None

    def beside(self, half: list[Statement]) -> list[Statement]:
        """The statements on that side of the run on which the new step is."""
        if self.step < 0:
            return half[: half.index(self.run.statements[0])]
        return half[1 + half.index(self.run.statements[-1]) :]

    def is_loose(self, statement: Statement) -> bool:
        """Whether a statement is none of the steps of loops."""
        return isinstance(statement, Store) or self.found.members.get(target_of(statement), (None, -1))[1] < 0

    def values(self) -> tuple[Arrays, dict[Statement, Any]]:
        """The arrays that the new step makes, besides all others, and what it stores in others."""
        arrays, values = dict(self.there), dict[Statement, Any]()
        own = self.owner.keys()
        with np.errstate(all="ignore"):
            for statement in [*self.zeros.values(), *self.body]:
                if isinstance(statement, Let) or statement.target in own:
                    perform(statement, arrays)
                else:
                    values[statement] = run([Let(name("", ()), statement.value)], dict(arrays))[""]
        return arrays, values

    def old_names(self, loose: Sequence[Statement], arrays: Arrays) -> dict[str, list[str]]:
        """The arrays beside the loop that are what the new step makes, with the names that each may have there.

        What the first step of the run reads comes first.
        """
        read = below({text for statement in self.body for text in names_in(statement.value)}, loose)
        old: dict[str, list[str]] = {}
        for let in loose:
            text = target_of(let)
            if isinstance(let, Let) and text not in read:
                names = [new for new, family in self.owner.items() if let.name.shape == family.array.shape
                         and np.any(arrays[new]) and same(arrays[new], self.there[text])]
                if names:
                    old[text] = sorted(names, key=lambda new: self.owner[new].before.get(-1) != self.found.meant(text))
        return old

    @property
    def owner(self) -> dict[str, Family]:
        """The family of each new name."""
        return {text: family for family, text in self.new.items()} | {
            let.name.info: family for family, let in self.zeros.items()}

    def names_for(self, statement: Statement, old: dict[str, list[str]], own: dict[str, str]) -> dict[str, str]:
        """What a statement reads in the place of old arrays: the family of which it reads others, or is carried on."""
        read = names_in(*statement.arrays)
        families = [self.found.members[text][0] for text in read if text in self.found.members]
        names = {}
        for text in read:
            if text in old:
                number = [families.count(self.owner[new]) for new in old[text]]
                inside = not self.is_loose(statement)
                new = old[text][0 if inside else number.index(max(number))]
                names[text] = own.get(new, new)
        return names

    def stores_instead(self, store: Statement, value: Any, loose: Sequence[Statement]) -> set[Statement]:
        """The statements that store the same in the same place."""
        assert isinstance(store, Store)
        return {other for other in loose if isinstance(other, Store) and other.place.key == store.place.key
                and same(value, self.sample.stored[other])}

    def says_the_same(self, other: Function) -> bool:
        """Whether a function is well formed, and computes what this one does."""
        try:
            other.check()
        except AssertionError:
            return False
        sample = Sample(other, self.sample.scale)
        both = {target_of(statement) for statement in other.statements} & self.sample.arrays.keys()
        return self.sample.agrees(sample, both)


def common(pairs: Sequence[Sequence[Any]]) -> list[tuple[int, int]]:
    """The longest list of pairs in order of which both sides fit: where there is something, even nothing to note."""
    longest = [[0] * (len(pairs[0]) + 1) for _ in range(len(pairs) + 1)]
    for i, row in reversed(list(enumerate(pairs))):
        for j, pair in reversed(list(enumerate(row))):
            longest[i][j] = max(longest[i + 1][j], longest[i][j + 1], longest[i + 1][j + 1] + (pair is not None))
    found, i, j = [], 0, 0
    while i < len(pairs) and j < len(pairs[0]):
        if pairs[i][j] is not None and longest[i][j] == longest[i + 1][j + 1] + 1:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return found


def is_inside(array: Array) -> bool:
    """Whether a node reads no place that its array does not have."""
    size = array.args[0].shape[-1] if array.args and array.args[0].shape else 0
    places: Any
    if array.kind == "part":
        places = [array.info[0], array.info[1] - 1]
    elif array.kind == "column":
        places = [array.info]
    elif array.kind == "take":
        places = array.info.array
    elif array.kind == "view":
        base, sizes, strides = array.info
        ends = [(number - 1) * stride for number, stride in zip(sizes, strides, strict=True)]
        places = [base + sum(end for end in ends if end < 0), base + sum(end for end in ends if end > 0)]
    else:
        return True
    return bool(np.min(places, initial=0) >= 0 and np.max(places, initial=0) < size)


def is_row(array: Array) -> bool:
    """Whether a node is a row of a table of numbers."""
    return bool(array.kind == "item" and array.args[0].kind == "constant")


def renamed(statement: Statement, names: dict[str, str]) -> Statement:
    """A statement in which arrays have other names."""
    def change(leaf: Any) -> Any:
        if isinstance(leaf, Array) and leaf.kind == "name" and leaf.info in names:
            return name(names[leaf.info], leaf.shape, leaf.dtype)
        return leaf

    if isinstance(statement, Let):
        return Let(changed(statement.name, change), changed(statement.value, change))
    return Store(changed(statement.place, change), changed(statement.value, change), statement.adds)


def in_turn(statements: Sequence[Statement], body: Sequence[Statement]) -> list[Statement]:
    """The statements, where those before the new step that read what it makes come after it."""
    made = {target_of(let) for let in body if isinstance(let, Let)}
    waiting, result = list[Statement](), list[Statement]()
    there = False
    for statement in statements:
        there = there or statement in body
        if not there and made.intersection([*names_in(*statement.arrays), target_of(statement)]):
            waiting.append(statement)
            made.add(target_of(statement)) if isinstance(statement, Let) else None
        else:
            result.append(statement)
            if statement is body[-1]:
                result += waiting
    return result


def with_zeros(statements: Sequence[Statement], added_to: Set[str]) -> list[Statement]:
    """The statements, where arrays that are added to before anything was written to them begin as zeros."""
    return [Let(let.name, like(let.value.args[0]))
            if isinstance(let, Let) and let.value.kind == "like" and target_of(let) in added_to else let
            for let in statements]


def below(names: set[str], statements: Sequence[Statement]) -> set[str]:
    """Names, and those that the arrays of these names are computed from."""
    found = set(names)
    for statement in reversed(statements):
        if target_of(statement) in found:
            found.update(names_in(statement.value))
    return found


def unread(made: Function) -> list[Statement]:
    """The statements of both halves for arrays that nobody reads."""
    read = {text for statement in made.statements for text in names_in(statement.value)} | {*names_in(*made.results)}
    read |= {"value", "gradient", *map(target_of, made.places)}
    return [statement for statement in (*made.forward, *made.backward) if target_of(statement) not in read]


def without_unread(made: Function, kept: Set[Statement]) -> Function:
    """A function without statements for what nobody reads any more; some are kept, as in the other steps."""
    while gone := {*unread(made)} - kept:
        forward, backward = ([statement for statement in half if statement not in gone]
                             for half in (made.forward, made.backward))
        made = replace(made, forward=forward, backward=backward)
    return made


def ends(found: Rolling) -> Iterator[tuple[Run, int]]:
    """The runs, with the steps that might be one more of them."""
    for chosen in found.runs:
        yield from itertools.product([chosen], (-1, chosen.count))
