"""The weights of steps by name: of what a loop reads from another run of theta in each step, W[l] is one.

A loop of layers is found with runs of theta, such as theta[36 * l + 16:36 * l + 32].reshape(4, 4).T. Here all of these
become one array W with an axis for the steps, and so do the runs of the gradient. Weights of the same name beside the
loop, those of the first layer or of the last one, are items of it too. What is no run of theta, such as some columns of
a matrix, has a name as well.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.arrays.array import (
    Array,
    For,
    Let,
    Line,
    Moved,
    Position,
    Shape,
    Step,
    Store,
    constants_in,
    evaluated,
    item,
    name,
    names_in,
    nodes,
    part,
    reshape,
    source_of,
    stepping,
    swapped,
    target_of,
    transpose,
    within_loops,
    without_loops,
)
from autograd.compiler.arrays.array import (
    view as view_of,
)
from autograd.compiler.arrays.axes import by_axes
from autograd.compiler.arrays.function import Function
from autograd.compiler.arrays.looped import Looped
from autograd.compiler.arrays.names import RESERVED
from autograd.compiler.blocks.plan import Names
from autograd.compiler.blocks.views import affine, factored

VECTORS = ("theta", "gradient")
"""What weights, and their gradients, are parts of."""

MOST_NAMES = 4
"""A view of so many weights with names of their own is called by all of these, at most."""

DIGITS = "0123456789_"
"""What the name of one weight ends with besides that of all."""


class Piece(NamedTuple):
    """A run of theta or of the gradient in some shape, perhaps transposed."""

    vector: Array
    start: Position
    width: int
    shape: tuple[int, ...]
    is_transposed: bool

    @classmethod
    def of(cls, array: Array) -> Piece | None:
        """An array as such a run, if it is one."""
        is_transposed = array.kind == "transpose"
        shaped = array.args[0] if is_transposed else array
        run = shaped.args[0] if shaped.kind == "reshape" else shaped
        if run.kind != "part" or run.info[2] != 1 or run.args[0].key not in VECTORS:
            return None
        return cls(run.args[0], run.info[0], run.axes[0], shaped.axes, is_transposed)


def pieces_in(array: Array) -> Iterator[Piece]:
    """All in a tree, each as large as it is."""
    found = Piece.of(array)
    if found:
        yield found
    else:
        for arg in array.args:
            yield from pieces_in(arg)


def view_in(array: Array) -> Array | None:
    """What is picked out of theta, or of the gradient, as a view, but for the shape; None for what is no such view."""
    if array.kind not in ("view", "take") or array.args[0].key not in VECTORS or isinstance(array.info, Moved):
        return None
    index = array.info
    if array.kind == "take":
        flat = index.array.reshape(-1)
        found = affine(flat.reshape(factored(flat)))
        index = found and (found.base, found.sizes, found.strides)
    if index is None or not isinstance(index[0], int) or max(index[1]) == 1:
        return None
    base, *axes = index
    sizes, strides = zip(*((size, stride) for size, stride in zip(*axes, strict=True) if size > 1), strict=True)
    view = view_of(array.args[0], base, sizes, strides)
    return view if array.kind == "view" or (len(sizes) == 2 and by_axes(view) is not None) else None


class Stack:
    """The runs that several steps read, `stride` numbers apart from the first to the last, as one array."""

    def __init__(self, piece: Piece, starts: Sequence[int], stride: int) -> None:
        self.width, self.shape, self.is_transposed = piece.width, piece.shape, piece.is_transposed
        self.starts = range(min(starts), max(starts) + 1, stride)
        self.name = ""

    @property
    def stride(self) -> int:
        """How far apart they are."""
        return self.starts.step

    def meets(self, other: Stack) -> bool:
        """Whether another one has some of these runs."""
        alike = (self.shape, self.stride) == (other.shape, other.stride)
        return alike and not {*self.starts}.isdisjoint(other.starts)

    def take(self, other: Stack) -> Stack:
        """The stack itself, after it has taken the runs of another one."""
        first, last = (pick(self.starts[end], other.starts[end]) for pick, end in ((min, 0), (max, -1)))
        self.starts = range(first, last + 1, self.stride)
        self.is_transposed |= other.is_transposed
        return self

    def label(self, labels: Labels) -> str:
        """What most of them are called."""
        return Counter(labels.get((start, self.shape), "w") for start in self.starts).most_common(1)[0][0]

    def complete(self, labels: Labels) -> None:
        """Let it have those before and behind that are called so as well."""
        first, last, stride, own = self.starts[0], self.starts[-1], self.stride, self.label(labels)
        while labels.get((first - stride, self.shape)) == own:
            first -= stride
        while labels.get((last + stride, self.shape)) == own:
            last += stride
        self.starts = range(first, last + 1, stride)

    def begin(self, like: int, size: int) -> int | None:
        """Where a row for each step begins, as near to that of other stacks as can be; None if theta has no room."""
        earliest = max(0, self.starts[0] + self.width - self.stride)
        latest = min(self.starts[0], size - len(self.starts) * self.stride)
        return min(max(like, earliest), latest) if earliest <= latest else None

    def let(self, vector: Array, begin: int) -> Let:
        """The statement that names it, a view of theta or of the gradient."""
        steps, place = len(self.starts), self.starts[0] - begin
        rows = part(vector, begin, begin + steps * self.stride)
        if self.width < self.stride:
            rows = part(reshape(rows, (steps, self.stride)), place, place + self.width)
        whole = reshape(rows, (steps, *self.shape))
        whole = swapped(whole) if self.is_transposed else whole
        return Let(name(self.name if vector.info == "theta" else f"d{self.name}", whole.shape), whole)

    def item(self, piece: Piece, stack: Array) -> Array:
        """A run as an item of it."""
        position, first, stride = piece.start, self.starts[0], self.stride
        if isinstance(position, Step):
            terms = {index: number // stride for index, number in position.terms}
            position = stepping((position.start - first) // stride, terms)
        else:
            position = (position - first) // stride
        one = item(stack, position)
        return one if piece.is_transposed == self.is_transposed else transpose(one)


Labels = dict[tuple[Position, tuple[int, ...]], str]
"""What the runs of theta that begin somewhere and have some shape are called, without numbers."""

Stacks = dict[tuple[Position, tuple[int, ...]], Stack]
"""The stacks that runs which begin somewhere and have some shape are items of."""


def stacks_of(lines: Sequence[Line], labels: Labels) -> Stacks:
    """Those of what loops read of theta, or write to the gradient, at another place in each step."""
    found: Stacks = {}
    for statement, loops in within_loops(lines):
        steps = {loop.index: range(loop.start, loop.stop) for loop in loops}
        for piece in itertools.chain(*map(pieces_in, statement.arrays)):
            if isinstance(piece.start, Step) and len(piece.start.terms) == 1:
                ((index, number),) = piece.start.terms
                new = Stack(piece, [piece.start.start + number * step for step in steps[index]], abs(number))
                found.setdefault((piece.start, piece.shape), new).take(new)
    for stack in found.values():
        stack.complete(labels)
    for key, stack in found.items():
        one = next(other for other in found.values() if other.meets(stack))
        found[key] = one.take(stack)
    return found


def with_weights(read: Looped, made: Function) -> Looped:
    """A function with loops in which the weights of steps have names."""
    labels = {(piece.start, piece.shape): str(let.name.info).rstrip(DIGITS)
              for let in made.views if (piece := Piece.of(let.value))}
    return Named(read, stacks_of(read.lines, labels), labels, made.parameters).result()


class Named:
    """The lines of a function in which the weights of steps are items of stacks."""

    def __init__(self, read: Looped, stacks: Stacks, labels: Labels, parameters: Names) -> None:
        self.read, self.stacks, self.parameters = read, stacks, parameters
        self.values = {let.name.info: let.value for let in (*read.views, *read.places)}
        """The runs that have names of their own."""
        self.lets: dict[str, Let] = {}
        """The statements that name stacks or views which are read, by these names."""
        self.texts: dict[Any, str] = {}
        """The names of views."""
        arrays = [*itertools.chain(*(line.arrays for line in read.lines)), *read.results]
        self.taken = RESERVED | {loop.index for loop in read.loops} | {*names_in(*arrays, *read.arguments)} | {
            *map(target_of, without_loops(read.lines))} | {
            one.name for one in constants_in(itertools.chain(*map(nodes, arrays)))}
        self.taken -= {text for text, value in self.values.items() if self.stack_of(Piece.of(value))}
        for stack in dict.fromkeys(stacks.values()):
            stack.name = self.fresh(stack.label(labels))

    def fresh(self, stem: str) -> str:
        """A name that is free, as is that of its gradient."""
        mark = "_" if stem[-1].isdigit() else ""
        numbered = itertools.chain([stem], (f"{stem}{mark}{i}" for i in itertools.count(2)))
        text = next(text for text in numbered if self.taken.isdisjoint({text, f"d{text}"}))
        self.taken |= {text, f"d{text}"}
        return text

    def stack_of(self, piece: Piece | None) -> Stack | None:
        """The stack that has a run, if there is one."""
        if piece is None or isinstance(piece.start, Step):
            return piece and self.stacks.get((piece.start, piece.shape))
        return next((stack for stack in self.stacks.values()
                     if stack.shape == piece.shape and piece.start in stack.starts), None)

    def array(self, array: Array) -> Array:
        """A tree in which runs of stacks are items of these."""
        piece = Piece.of(self.values.get(array.info, array) if array.kind == "name" else array)
        stack = self.stack_of(piece)
        if piece and stack and (let := self.let(stack, piece.vector)):
            return stack.item(piece, let.name)
        turned = array.kind == "transpose" and 1 not in array.shape
        if (view := view_in(array.args[0] if turned else array)) is not None:
            own = self.view(view, array.shape[::-1] if turned else array.shape, turned=True)
            return transpose(own) if turned else reshape(own, array.shape)
        args = tuple(map(self.array, array.args))
        return array if args == array.args else Array(array.kind, args, array.info, array.shape, array.dtype)

    def line(self, line: Line) -> Line:
        """A line with such trees; the gradient of what has a name as a transpose is stored transposed."""
        if isinstance(line, For):
            return replace(line, body=list(map(self.line, line.body)))
        value = self.array(line.value)
        if isinstance(line, Let):
            return Let(line.name, value)
        view = view_in(line.place)
        if line.place.kind == "take" and view is not None:
            return Store(self.view(view, view.shape), reshape(value, view.shape), line.adds)
        place = self.array(line.place)
        if place.kind == "transpose" and value.kind == "matmul":
            place, value = transpose(place), transpose(value)
        return Store(place, value, line.adds)

    def let(self, stack: Stack, vector: Array) -> Let | None:
        """The statement that names a stack, or that of its gradient; None where theta has no room for its rows."""
        first = min(other.starts[0] for other in self.stacks.values() if other.stride == stack.stride)
        begin = stack.begin(first, vector.axes[0])
        if begin is None:
            return None
        let = stack.let(vector, begin)
        return self.lets.setdefault(let.name.info, let)

    def view(self, view: Array, shape: Shape, turned: bool = False) -> Array:
        """A view of theta, or of the gradient, in some shape by its name; a matrix (out, in) may be named `turned`."""
        (vector,) = view.args
        if view.info not in self.texts:
            held = evaluated(view, np.arange(vector.axes[0]))
            found = list(dict.fromkeys(text for (start, stop), text in self.parameters.items()
                                       if ((start <= held) & (held < stop)).any()))
            self.texts[view.info] = self.fresh("_".join(found if len(found) <= MOST_NAMES else found[:1]))
        text = ("d" if vector.info == "gradient" else "") + self.texts[view.info]
        value = reshape(view, tuple(size for size in shape if size != 1))
        value = transpose(value) if turned and len(value.shape) == 2 else value
        let = self.lets.setdefault(text, Let(name(text, value.shape), value))
        return transpose(let.name) if let.value.kind == "transpose" else let.name

    def result(self) -> Looped:
        """The function."""
        forward, backward = (list(map(self.line, half)) for half in (self.read.forward, self.read.backward))
        results = list(map(self.array, self.read.results))
        read = names_in(*(array for line in (*forward, *backward) for array in line.arrays), *results)
        views, places = ([*(let for let in own if let.name.info in read and not self.stack_of(Piece.of(let.value))),
                          *(let for let in self.lets.values() if source_of(let.value).info == vector)]
                         for own, vector in ((self.read.views, "theta"), (self.read.places, "gradient")))
        return replace(self.read, forward=forward, backward=backward, results=results, views=views, places=places)
