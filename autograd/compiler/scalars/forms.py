"""Functions by pieces in the form that takes least time.

What is written as a selection, where(|e| < 1, e²/2, |e| - 1/2), takes NumPy long: it chooses number by number. By hand
it is c·e - c²/2 with c = min(max(e, -1), 1), whose slope is c. So what is made of a number u by selections,
comparisons, extremes, sums and products alone is said exactly first, as `pieces`, and so is its slope. Then forms are
made that join them:

- a function without jumps is p₀(u) + Σ (pᵢ - pᵢ₋₁)(max(u, tᵢ)) for its kinks tᵢ, since pᵢ and pᵢ₋₁ meet at tᵢ; or p(c),
  where it is constant outside; or a(u) + b(u)·c + d·c², where c is u, but no less than one kink and no more than the
  other;
- what jumps is multiplied by comparisons;
- what differs at a kink alone, as where two share a tie, is selected there, which is quick since it is rare.

Where u is not finite, a form gives what was written or is not finite either; then results are computed as written.

>>> u = IDENTITY
>>> value, slope = forms(ops.where(ops.gt(1, abs(u)), u * u / 2, abs(u) - 0.5))
>>> print(value)
u * minimum(maximum(u, -1), 1) - 0.5 * minimum(maximum(u, -1), 1) ** 2
>>> print(slope)
minimum(maximum(u, -1), 1)
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.scalars.graph import CODE, LEAVES, Graph, offsets
from autograd.compiler.scalars.pieces import (
    BEYOND,
    IDENTITY,
    ZERO,
    Dual,
    Numbers,
    Pieces,
    Polynomial,
    UnfitError,
    between,
    constant,
    number_of,
    plus,
    product,
    trimmed,
    valued,
)
from autograd.formula import Formula, as_formula

MOST = 20_000
"""So many nodes of a graph are looked at."""

ROUNDING = 4e-15
"""How far a form may be from its function, for numbers near 1."""

ATOMS = 4
"""So many numbers a difference is made of at most that is compared: e = w·x + b - y has three."""

LONG = frozenset({"where", "leaky_relu", "maximum", "minimum"})
"""The names of rows that take longer than they need, or whose slopes do; others are as quick as can be where alone."""

SMOOTH = frozenset({ops.add, ops.sub, ops.mul, ops.neg, ops.div, ops.pow, ops.sum})
"""Rows without kinks."""


class Form(ops.Carrier):
    """How a function is computed: a row applied to other forms, or u, or a number."""

    __slots__ = ("args", "key", "number", "op")

    rank = 5

    def __init__(self, op: ops.Op | None = None, args: tuple[Form, ...] = (), number: Fraction | None = None) -> None:
        self.key: Any
        self.op = op
        self.args = args
        self.number = number
        self.key = op and op.name, number, tuple(arg.key for arg in args)

    @classmethod
    def _lift(cls, operand: Any) -> Form:
        return Form(number=Fraction(operand))

    @classmethod
    def _apply(cls, op: ops.Op, args: tuple[Form, ...]) -> Form:
        numbers = [arg.number for arg in args]
        match op.name:
            case "add" if 0 in numbers:
                return args[1 - numbers.index(Fraction(0))]
            case "add" if args[1].op is ops.neg:
                return Form(ops.sub, (args[0], args[1].args[0]))
            case "mul" if 0 in numbers:
                return NOTHING
            case "mul" if 1 in numbers:
                return args[1 - numbers.index(Fraction(1))]
            case "mul" if numbers[0] is not None and numbers[0] < 0:
                return Form(ops.neg, (cls._apply(ops.mul, (fixed(-numbers[0]), args[1])),))
        return Form(op, args)

    def parts(self) -> set[Any]:
        """What is computed."""
        return {self.key}.union(*(arg.parts() for arg in self.args)) if self.op else set()

    def over(self, u: Any, take: Callable[[ops.Op, list[Any]], Any], number: Callable[[float], Any]) -> Any:
        """The form computed of u."""
        if self.op is None:
            return u if self.number is None else number(float(self.number))
        return take(self.op, [arg.over(u, take, number) for arg in self.args])

    def __repr__(self) -> str:
        return str(self.over(Formula("u"), lambda op, args: op.dispatch(tuple(args)), as_formula))


IT = Form()
NOTHING = Form(number=Fraction(0))


def polynomial(p: Polynomial, x: Form) -> Form:
    """p(x), by Horner's rule, in x² where that is all there is."""
    if len(p) <= 1:
        return fixed(p[0]) if p else NOTHING
    if len(p) > 2 and not any(p[1::2]):
        return polynomial(p[::2], x**2)
    odd = len(p) > 3 and not any(p[::2])
    result: Form = polynomial(p[1::2], x**2) * x if odd else polynomial(p[1:], x) * x + fixed(p[0])
    return result


def fixed(each: Fraction) -> Form:
    """A number as a form, rounded as floats are."""
    return Form(number=Fraction(float(each)))


def joined(f: Pieces, x: Form) -> Iterator[Form]:
    """Forms of a function of x that does not jump; where it is constant outside, x goes no further."""
    kinks, p = f.kinks, f.polynomials
    if not kinks:
        yield polynomial(p[0], x)
    elif len(p[0]) <= 1:
        yield from joined(Pieces(kinks[1:], p[1:], f.at[1:]), ops.maximum(x, fixed(kinks[0])))
    elif len(p[-1]) <= 1:
        yield from joined(Pieces(kinks[:-1], p[:-1], f.at[:-1]), ops.minimum(x, fixed(kinks[-1])))
    else:
        if len(kinks) == 2 and max(map(len, p)) <= 3:
            yield from by_bounds(f, x)
        for middle in range(len(p)):
            yield added(f, middle, x)
    if kinks and 0 not in kinks and not any(each[0] for each in p if each):
        numbers = [number / kink for number, kink in zip(f.at, kinks, strict=True)]
        yield from (form * x for form in joined(Pieces(kinks, [each[1:] for each in p], numbers), x))


def by_bounds(f: Pieces, x: Form) -> Iterator[Form]:
    """a(x) + b(x)·c + d·c² for quadratic functions with two kinks, where c is x between these."""
    (low, high), (below, inside, above) = f.kinks, f.polynomials
    beyond = coefficients(plus(above, below, Fraction(-1)))  # b(x) · (high - low) + d · (high² - low²)
    b1 = beyond[1] / (high - low)
    d = coefficients(inside)[2] - coefficients(below)[2] - b1
    b = trimmed([beyond[0] / (high - low) - d * (high + low), b1])
    a = plus(plus(below, b, -low), trimmed([d * low**2]), Fraction(-1))
    found = plus(plus(a, (Fraction(0), *b)), trimmed([Fraction(0), Fraction(0), d]))  # between the kinks
    if not beyond[2] and trimmed(found) == inside:
        c = ops.minimum(ops.maximum(x, fixed(low)), fixed(high))
        yield polynomial(a, x) + polynomial(b, x) * c + fixed(d) * c**2


def coefficients(p: Polynomial) -> list[Fraction]:
    """The three coefficients of a quadratic function."""
    return [*p, *[Fraction(0)] * (3 - len(p))]


def added(f: Pieces, middle: int, x: Form) -> Form:
    """One polynomial, and from there to either side what is added from each kink on."""
    form = polynomial(f.polynomials[middle], x)
    for i, kink in enumerate(map(fixed, f.kinks)):
        change = plus(f.polynomials[i + 1], f.polynomials[i], Fraction(-1))
        right = i >= middle
        change = change if right else plus((), change, Fraction(-1))
        if valued(change, f.kinks[i]) == 0:
            form = form + polynomial(change, (ops.maximum if right else ops.minimum)(x, kink))
        else:
            form = form + (ops.gt(x, kink) if right else ops.gt(kink, x)) * polynomial(change, x)
    return form


def jumping(f: Pieces) -> Iterator[Form]:
    """Forms of a function that jumps."""
    if len(f.kinks) == 2 and max(len(f.polynomials[0]), len(f.polynomials[2])) <= 1:
        yield from between_numbers(f)
    for middle in range(len(f.polynomials)):
        numbers = [valued(f.polynomials[i if middle <= i else i + 1], kink) for i, kink in enumerate(f.kinks)]
        yield with_ties(f, added(f, middle, IT), numbers)


def between_numbers(f: Pieces) -> Iterator[Form]:
    """A function with two kinks that is a number on either side: on a line from one to the other, and what is left."""
    (low, high), (below, inside, above) = f.kinks, f.polynomials
    c = ops.minimum(ops.maximum(IT, fixed(low)), fixed(high))
    first, last = (valued(p, Fraction(0)) for p in (below, above))
    slope = (last - first) / (high - low)
    line = trimmed([first - slope * low, slope])
    rest = polynomial(plus(inside, line, Fraction(-1)), IT)
    within = ops.gt(IT, fixed(low)) * ops.gt(fixed(high), IT)
    yield with_ties(f, polynomial(line, c) + within * rest, [first, last])
    yield with_ties(f, polynomial(line, c) + ops.eq(IT, c) * rest, [valued(inside, kink) for kink in f.kinks])


def with_ties(f: Pieces, form: Form, numbers: Sequence[Fraction]) -> Form:
    """A form with the numbers of a function at its kinks, where it has others."""
    for kink, mine, its in zip(f.kinks, f.at, numbers, strict=True):
        if mine != its:
            form = ops.where(ops.eq(IT, fixed(kink)), fixed(mine), form)
    return form


@functools.lru_cache(4096)
def forms(function: Dual) -> tuple[Form, Form] | None:
    """The forms of a function and its slope that take fewest operations together; None where none is exact enough."""
    values, slopes = ([form for form in (joined(f, IT) if f.continuous else jumping(f)) if is_exact(form, f)]
                      for f in (function.value, function.slope))
    pairs = [pair for pair in itertools.product(values, slopes) if is_shown(pair, function.beyond)]
    return min(pairs, key=lambda pair: len(pair[0].parts() | pair[1].parts()), default=None)


def at(form: Form, u: float) -> float:
    """The number that a form gives."""
    return float(form.over(u, lambda op, args: op.forward(*args), float))


def is_shown(pair: tuple[Form, Form], beyond: Numbers) -> bool:
    """Whether a form is the function beyond fractions as well, or not finite: then what reads it is computed anew."""
    found = [tuple(at(form, u) for form in pair) for u in BEYOND]
    return all(not math.isfinite(pair[0]) or np.allclose(pair, expected, ROUNDING, ROUNDING)
               for pair, expected in zip(found, beyond, strict=True))


def is_exact(form: Form, f: Pieces) -> bool:
    """Whether a form is its function to rounding, for numbers near its kinks, between them and far away."""
    near = (kink + sign * Fraction(step) for kink in (*f.kinks, Fraction(0)) for sign in (-1, 1)
            for step in (1e-6, 1.0, 1e3, 1e6))
    points = [float(u) for u in {*f.kinks, *between(f.kinks), *near}]
    expected = [float(f(Fraction(u))) for u in points]
    return all(abs(at(form, u) - number) <= ROUNDING * (1 + abs(number))
               for u, number in zip(points, expected, strict=True))


# ── the graph ────────────────────────────────────────────────────────────────────────────────


Line = tuple[tuple[int, Fraction], ...]
"""A sum of nodes times coefficients, the first of which is 1."""


@dataclass
class Known:
    """What a node is: a function of a sum of nodes, which is empty where the function is constant."""

    line: Line
    function: Dual
    rows: int = 0
    """How many rows make it that have kinks; more for those that take longer than their slopes need to."""


def with_pieces(graph: Graph) -> Graph | None:
    """The graph with functions by pieces in the forms that take least time; None where there are none."""
    kinds = set(np.unique(graph.code).tolist())
    if len(graph) > MOST or kinds.isdisjoint(CODE[name] for name in (*LONG, "relu", "abs")):
        return None
    knowledge = Knowledge(graph)
    written = {node: pair for node in knowledge.outermost() if (pair := knowledge.written(node))}
    return Writer(graph).graph_with(written) if written else None


class Knowledge:
    """What is known of each node of a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.of: list[Known] = []
        self.lines: dict[Line, list[tuple[int, Fraction, Fraction]]] = {}
        """Of each sum the nodes that are scale · it + shift."""
        for node in range(len(graph)):
            known = self.known(node)
            self.of.append(known)
            first = known.function.value.polynomials[0]
            if known.line and known.function.value.affine and len(first) == 2:
                shift, scale = first
                self.lines.setdefault(known.line, []).append((node, scale, shift))

    def known(self, node: int) -> Known:
        """What a node is: itself, where nothing more is known."""
        name, itself = self.graph.op(node), Known(((node, Fraction(1)),), IDENTITY)
        below = [self.of[operand] for operand in self.graph.operands(node).tolist()]
        try:
            if name == "constant":
                return Known((), number_of(self.graph.data[node]))
            if name in LEAVES or not 0 < len(below) <= ATOMS:
                return itself
            row, lines = ops.ROWS[name], {known.line for known in below if known.line}
            if len(lines) > 1 and name in ("add", "sub", "gt") and (
                    line := combined(below[0], below[1], 1 if name == "add" else -1)):
                function = ops.gt(line.function, 0) if name == "gt" else line.function
                return Known(line.line, function, int(name == "gt")) if line.line else itself
            if len(lines) > 1:
                return itself
            function = row.dispatch(tuple(known.function for known in below))
        except UnfitError:
            return itself
        straight = function.value.affine and all(known.function.value.affine for known in below)
        rows = 0 if straight or row in SMOOTH else 1 + (name in LONG)
        return Known(lines.pop() if lines else (), function, rows + sum(known.rows for known in below))

    def outermost(self) -> list[int]:
        """The nodes with kinks that others read than what is known as functions of the same."""
        roots, found = {*self.graph.roots.tolist()}, dict[int, None]()
        read = [(node, node) for node in roots]
        read += [(operand, node) for node in range(len(self.graph)) for operand in self.graph.operands(node).tolist()]
        for below, above in read:
            apart = below in roots or self.of[above].line != self.of[below].line
            known = self.of[below]
            if apart and known.line and known.rows > 1 and not (
                    known.function.value.is_constant or known.function.slope == ZERO):
                found[below] = None
        return sorted(found)

    def written(self, node: int) -> tuple[int, tuple[Form, Form]] | None:
        """The node that a function is of, and the forms of it and of its slope; None where there are none."""
        known = self.of[node]
        lines = [line for line in self.lines.get(known.line, ()) if line[0] < node]
        if not lines:
            return None
        u, scale, shift = min(lines, key=lambda line: (line[1] != 1 or line[2] != 0, line[0]))
        pair = forms(along(known.function, scale, shift))
        return pair and (u, pair)


def combined(one: Known, other: Known, sign: int) -> Known | None:
    """one ± other, for sums of nodes; None where there are too many."""
    if not (one.function.value.affine and other.function.value.affine):
        return None
    total: dict[int, Fraction] = {}
    shifts = Fraction(0)
    for known, times in ((one, 1), (other, sign)):
        shift, scale, *_ = coefficients(known.function.value.polynomials[0])
        shifts += times * shift
        for node, number in known.line:
            total[node] = total.get(node, Fraction(0)) + times * scale * number
    left = [(node, number) for node, number in sorted(total.items()) if number]
    if not 0 < len(left) <= ATOMS:
        return None
    first = left[0][1]
    return Known(tuple((node, number / first) for node, number in left), IDENTITY * float(first) + float(shifts))


def along(function: Dual, scale: Fraction, shift: Fraction) -> Dual:
    """A function of u as one of v = scale · u + shift."""
    if scale == 1 and shift == 0:
        return function

    def of_v(f: Pieces) -> Pieces:
        polynomials, order = [instead(p, [-shift / scale, 1 / scale]) for p in f.polynomials], 1 if scale > 0 else -1
        return Pieces([scale * kink + shift for kink in f.kinks][::order], polynomials[::order], f.at[::order])

    return Dual(of_v(function.value), of_v(function.slope) * constant(1 / scale), tuple(
        (value, slope / float(scale)) for value, slope in (
            function.beyond if scale > 0 else (function.beyond[0], *function.beyond[:0:-1]))))


def instead(p: Polynomial, line: Sequence[Fraction]) -> Polynomial:
    """A polynomial of a line in place of its number."""
    result: Polynomial = ()
    for number in reversed(p):
        result = plus(product(result, trimmed(line)), (number,))
    return trimmed(result)


class Writer:
    """A graph with more nodes."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.code: list[int] = []
        self.data: list[float] = []
        self.read: list[list[int]] = []
        self.made: dict[Any, int] = {}

    def node(self, name: str, operands: Sequence[int] = (), data: float = 0.0) -> int:
        """A new node, or one that is there."""
        key = name, tuple(operands), data
        if key not in self.made:
            self.made[key] = self.append(CODE[name], list(operands), data)
        return self.made[key]

    def append(self, code: int, operands: list[int], data: float) -> int:
        """A new node."""
        self.code.append(code)
        self.read.append(operands)
        self.data.append(data)
        return len(self.code) - 1

    def graph_with(self, written: dict[int, tuple[int, tuple[Form, Form]]]) -> Graph:
        """The graph with some nodes in other forms."""
        place: list[int] = []
        for node in range(len(self.graph)):
            if node in written:
                u, pair = written[node]
                parts = [form.over(place[u], lambda op, args: self.node(op.name, args),
                                   lambda number: self.node("constant", data=number)) for form in pair]
                place.append(self.node("sloped", [*parts, place[u]]))
            else:
                operands = [place[operand] for operand in self.graph.operands(node).tolist()]
                place.append(self.append(int(self.graph.code[node]), operands, float(self.graph.data[node])))
        counts = np.array([len(operands) for operands in self.read], np.int32)
        return Graph(np.array(self.code, self.graph.code.dtype), offsets(counts),
                     np.array([each for operands in self.read for each in operands], self.graph.args.dtype),
                     np.array(self.data), np.array([place[root] for root in self.graph.roots.tolist()]),
                     {place[node]: label for node, label in self.graph.labels.items()})
