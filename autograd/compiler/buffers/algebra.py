"""The same numbers with less work: rows of the table as NumPy's ufuncs, factors and quotients where they cost least.

A program that is to be read spells a derivative as its rule does. What runs need not: `g * (1 / x)` is a quotient, the
1/n of a mean and the sign of `-g` wait until they meet others or are needed, and a sum of products over the examples is
a product of matrices.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import numpy as np

from autograd import ops
from autograd.compiler.arrays.array import (
    VIEWS,
    Array,
    N,
    Rows,
    as_array,
    broadcast,
    cast,
    copy,
    count,
    full,
    function,
    matmul,
    permuted,
    reduce,
    reshape,
    source_of,
)
from autograd.specialize import fast

# ── factors ──────────────────────────────────────────────────────────────────────────────────


class Factor(NamedTuple):
    """A number that is the same for all elements: `number` / n to the power `shares`."""

    number: float = 1.0
    shares: int = 0

    def times(self, other: Factor) -> Factor:
        """The product."""
        return Factor(self.number * other.number, self.shares + other.shares)

    def over(self, other: Factor) -> Factor:
        """The quotient."""
        return Factor(self.number / other.number, self.shares - other.shares)

    @property
    def negative(self) -> Factor:
        """Minus the factor."""
        return Factor(-self.number, self.shares)

    @property
    def value(self) -> Array:
        """The factor as a number, which depends on n."""
        result: Array = as_array(self.number)
        for _ in range(abs(self.shares)):
            result = result / N if self.shares > 0 else result * N
        return result


ONE = Factor()
MINUS = ONE.negative
SIGNS = ONE, MINUS


class Names(NamedTuple):
    """What names of the program stand for: factors times arrays."""

    meaning: Mapping[str, tuple[Factor, Array]]
    summed: AbstractSet[str] = frozenset()
    """The names of what is only read where it is added up over the examples."""

    def factored(self, array: Array) -> tuple[Factor, Array]:
        """An array as a factor times another: what multiplies it waits there until it is needed.

        ca·b = c(a·b), ca + cb = c(a + b), a − (−b) = a + b; a view or a sum of ca is c times that of a.
        """
        if array.kind == "name":
            return self.meaning.get(array.info, (ONE, array))
        if array.kind == "full" and array.shape:
            return of_full(array)
        if array.kind in VIEWS or (array.kind == "reduce" and array.info[0] is ops.sum):
            factor, inner = self.factored(array.args[0])
            return factor, view_of(array, inner)
        rule = RULES.get(array.kind)
        return (ONE, array) if rule is None or array.dtype == "truth" else rule(self, array)

    def negation(self, array: Array) -> tuple[Factor, Array]:
        """−a"""
        factor, inner = self.factored(array.args[0])
        return factor.negative, inner

    def product(self, array: Array) -> tuple[Factor, Array]:
        """a·b; a factor of a smaller array stays there, where it takes less work."""
        array = quotient(array)
        if array.kind is not ops.mul:
            return self.factored(array)
        factor, args = ONE, []
        for arg in array.args:
            mine, inner = self.of_operand(arg)
            if mine not in SIGNS and inner.kind not in ("number", "full") and smaller(inner, array):
                mine, inner = ONE, arg
            factor = factor.times(mine)
            args.append(inner)
        for one, other in (args, args[::-1]):
            if one.number == 1 or is_ones(one):
                return factor, broadcast(as_numbers(other), array.shape)
        return factor, Array(ops.mul, tuple(args), None, array.shape, array.dtype)

    def ratio(self, array: Array) -> tuple[Factor, Array]:
        """a/b; a factor of a smaller array stays there."""
        (above, a), (below, b) = map(self.of_operand, array.args)
        if below not in SIGNS and b.number != 1 and smaller(b, array):
            below, b = ONE, array.args[1]
        if above not in SIGNS and a.number != 1 and smaller(a, array):
            above, a = ONE, array.args[0]
        if b.number == 1:
            return above.over(below), broadcast(as_numbers(a), array.shape)
        return above.over(below), Array(ops.div, (a, b), None, array.shape, array.dtype)

    def of_operand(self, array: Array) -> tuple[Factor, Array]:
        """The same for an operand of a product, which may be a number."""
        number = array.number
        if number is None or number == 0 or not math.isfinite(number):
            return self.factored(array)
        return Factor(number), as_array(1)

    def matrices(self, array: Array) -> tuple[Factor, Array]:
        """A product of matrices, which is multiplied by the factor of one that is larger and read nowhere else.

        (c·A)ᵀB = c·(AᵀB)
        """
        factor, args = ONE, []
        for arg in array.args:
            mine, inner = self.factored(arg)
            if source_of(arg).info not in self.summed or not fewer(array, arg):
                mine, inner = ONE, arg
            factor = factor.times(mine)
            args.append(inner)
        return factor, array if factor == ONE else matmul(*args)

    def sum(self, array: Array) -> tuple[Factor, Array]:
        """a + b or a − b, of which a common factor is one of the sum."""
        apart = unmerged(array)
        if apart is not array:
            return self.factored(apart)
        (mine, a), (other, b) = map(self.factored, array.args)
        if array.kind is ops.sub:
            other = other.negative
        a, b = as_numbers(a), as_numbers(b)
        if mine.shares == other.shares and mine.number != -other.number and a.key == b.key:
            return Factor(mine.number + other.number, mine.shares), a
        if selected := self.either(mine, a, other, b):
            return selected
        if mine == other:
            return mine, Array(ops.add, (a, b), None, array.shape, array.dtype)
        if mine == other.negative:
            first = mine.number > 0
            return (mine if first else other), Array(
                ops.sub, (a, b) if first else (b, a), None, array.shape, array.dtype)
        a, b = array.args
        if array.kind is ops.sub:
            if other.number > 0:
                return ONE, Array(ops.add, (a, negated(b)), None, array.shape, array.dtype)
        elif other.number < 0:
            return ONE, Array(ops.sub, (a, negated(b)), None, array.shape, array.dtype)
        elif mine.number < 0:
            return ONE, Array(ops.sub, (b, negated(a)), None, array.shape, array.dtype)
        return ONE, array

    def either(self, one: Factor, a: Array, other: Factor, b: Array) -> tuple[Factor, Array] | None:
        """c·p + (1 - c)·q for a truth value c as what is selected by it: in eager evaluation the other is not there.

        A factor of both stays outside.
        """
        (c, yes, p), (d, no, q) = self.chosen(a), self.chosen(b)
        if yes == no or c.key != d.key or a.shape != b.shape or one.shares != other.shares:
            return None
        common, p, q = shared_factor(p, q)
        if one != other:
            p = as_array(one.number / other.number) * p
        found = function(ops.where, c, *((p, q) if yes else (q, p)))
        return other, found if common is None else Array(ops.mul, (common, found), None, a.shape, "float")

    def chosen(self, array: Array) -> tuple[Array, bool, Array]:
        """What is 0 where a truth value, or its opposite, is not so: that value, which of both, and what it is else."""
        if array.kind is ops.where and is_partial(array):
            condition, p, q = array.args
            yes, rest = q.number == 0, p if q.number == 0 else q
        elif array.kind is ops.mul and any(map(is_partial, array.args)):
            a, b = array.args if is_partial(array.args[1]) else array.args[::-1]
            if a.shape != array.shape or b.shape != array.shape:
                return array, True, array
            condition, yes, inner = self.chosen(b)
            return condition, yes, a if inner.number == 1 else Array(ops.mul, (inner, a), None, array.shape, "float")
        elif array.kind == "cast" and array.args[0].dtype == "truth":
            (condition,), yes, rest = array.args, True, as_array(1)
            if condition.kind is np.logical_not:
                (condition,), yes = condition.args, False
        else:
            return array, True, array
        if condition.kind == "name":
            _, condition = self.meaning.get(condition.info, (ONE, condition))
        return condition, yes, rest

    def selection(self, array: Array) -> tuple[Factor, Array]:
        """a or b, of which a common factor is one of both; 0 has any. Truth values are selected as such."""
        chosen = array.args[0]
        found = [(ONE, arg) if arg.number == 0 else self.factored(arg) for arg in array.args[1:]]
        other = found[1][1]
        if array.args[1].number == 0 and other.kind == "cast" and {chosen.dtype, other.args[0].dtype} == {"truth"}:
            both = function(np.greater, *other.args, chosen)
            return found[1][0], cast(Array(both.kind, both.args, None, array.shape, "truth"))
        factors = {factor for (factor, _), arg in zip(found, array.args[1:], strict=True) if arg.number != 0}
        if len(factors) != 1 or factors == {ONE}:
            return ONE, array
        branches = [as_array(1) if is_ones(inner) else inner for _, inner in found]
        if branches[0].number == 0 and branches[1].number == 1 and chosen.dtype == "truth":
            selected = Array(np.logical_not, (chosen,), None, chosen.shape, "truth")
        else:
            selected = ops.where(chosen, *branches)
        return factors.pop(), broadcast(as_numbers(selected), array.shape)


RULES: dict[Any, Callable[[Names, Array], tuple[Factor, Array]]] = {
    ops.neg: Names.negation, ops.mul: Names.product, ops.div: Names.ratio, ops.add: Names.sum, ops.sub: Names.sum,
    ops.where: Names.selection, "matmul": Names.matrices,
}
"""How a factor comes out of each row of the table that lets one out."""


def is_partial(array: Array) -> bool:
    """Whether an array is 0 where a truth value is not so, or is so: that value as a number, or a selection with 0."""
    return (array.kind == "cast" and array.args[0].dtype == "truth") or (
        array.kind is ops.where and array.args[0].dtype == "truth" and any(arg.number == 0 for arg in array.args[1:])
        and array.args[0].shape == array.shape)


def shared_factor(a: Array, b: Array) -> tuple[Array | None, Array, Array]:
    """A factor of two products, or None, and what is left of them."""
    if a.kind is ops.mul and b.kind is ops.mul:
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            if a.args[i].key == b.args[j].key:
                return a.args[i], a.args[1 - i], b.args[1 - j]
    return None, a, b


def as_numbers(array: Array) -> Array:
    """Truth values as numbers; others as they are."""
    return cast(array) if array.dtype == "truth" else array


def smaller(array: Array, other: Array) -> bool:
    """Whether an array has fewer elements than another that is made of it."""
    return (array.batched, math.prod(array.axes)) < (other.batched, math.prod(other.axes))


def numbers_of(array: Array) -> int:
    """How many numbers an array has for each example, of which there may be several rows; 0 if all have the same."""
    size = count(array.shape)
    return size.times if isinstance(size, Rows) else 0


def fewer(array: Array, other: Array) -> bool:
    """Whether an array has fewer numbers than another, which has some for each example."""
    return numbers_of(array) < numbers_of(other) if array.batched else math.prod(array.axes) <= numbers_of(other)


def of_full(array: Array) -> tuple[Factor, Array]:
    """An array that is one number everywhere: that number times ones."""
    (value,) = array.args
    ones = full(array.shape, as_array(1))
    if value.number is not None:
        return (ONE, array) if value.number == 0 or not math.isfinite(value.number) else (Factor(value.number), ones)
    if value.kind is ops.div and value.args[0].number is not None and value.args[1].info == "n":
        return Factor(value.args[0].number, 1), ones
    return ONE, array


def is_ones(array: Array) -> bool:
    """Whether an array is 1 everywhere."""
    while array.kind == "broadcast":
        (array,) = array.args
    return array.kind == "full" and array.args[0].number == 1


def view_of(array: Array, inner: Array) -> Array:
    """A view or a sum, of another array in place of what it is of."""
    if is_ones(inner) and array.kind != "reduce" and inner is not array.args[0]:
        return full(array.shape, as_array(1))
    return array.with_args(inner)


def negated(array: Array) -> Array:
    """Minus an array: b − a for a − b."""
    if array.kind is ops.sub:
        return Array(ops.sub, array.args[::-1], None, array.shape, array.dtype)
    result: Array = -array
    return result


def quotient(array: Array) -> Array:
    """g·(a/b) as (g/b)·a, of which g/b serves for the gradient of a as well as for that of b."""
    if array.kind is not ops.mul or array.args[1].kind is not ops.div:
        return array
    g, (a, b) = array.args[0], array.args[1].args
    if g.number is not None or b.number is not None:
        return array
    if a.number == 1:
        return Array(ops.div, (g, b), None, array.shape, "float")
    if array.args[1].shape != array.shape or a.number is not None:
        return array
    return Array(ops.mul, (Array(ops.div, (g, b), None, array.shape, "float"), a), None, array.shape, "float")


def unmerged(array: Array) -> Array:
    """A sum with an array that is spread out over axes and then flattened, computed over these axes."""
    for spread in array.args:
        if spread.kind == "reshape" and spread.args[0].kind == "broadcast" and spread.shape == array.shape:
            wide = spread.args[0]
            args = [wide.args[0] if arg is spread else arg if arg.shape == () else reshape(arg, wide.shape)
                    for arg in array.args]
            return reshape(Array(array.kind, tuple(args), None, wide.shape, array.dtype), array.shape)
    return array


# ── rows of the table as ufuncs ──────────────────────────────────────────────────────────────


def expanded(array: Array) -> Array:
    """A row of the table as a ufunc that NumPy has for it, of what may have to be expanded in turn.

    From columns to columns of float32, np.negative of NumPy 2.4 gives wrong numbers.
    """
    if array.kind is ops.detach:
        return expanded(array.args[0])
    if array.kind == "cast" and array.args[0].kind is ops.where and array.args[0].args[0].dtype == "truth":
        return array.args[0]  # written to an array of theta's dtype
    if array.kind is ops.where and array.args[0].dtype == "float":  # a comparison that others take for a number
        condition, *branches = array.args
        return function(ops.where, function(np.not_equal, condition, as_array(0)), *branches)
    if not isinstance(array.kind, ops.Op) or array.kind is ops.where:
        return array
    if array.kind is ops.pow and array.args[1].number in POWERS:
        return POWERS[array.args[1].number](array.args[0])
    if array.kind is ops.neg:
        return Array(np.multiply, (*array.args, as_array(-1)), None, array.shape, array.dtype)
    ufunc = ops.ufunc_of(array.kind)
    return expanded(fast(array.kind).arrays(*array.args)) if ufunc is None else Array(
        ufunc, array.args, None, array.shape, array.dtype)


def _applied(ufunc: np.ufunc, *args: Array) -> Array:
    """A ufunc of an array, and of numbers or other arrays of its shape."""
    shape = max((arg.shape for arg in args), key=len)
    return Array(ufunc, args, None, shape, "float")


LARGE = 100
"""From so many elements on it is quicker to call several ufuncs than np.logaddexp, which takes them one by one."""


def softplus(x: Array, turned: bool = False) -> Array:
    """ln(1 + eˣ) = max(x, 0) + ln(1 + e^-|x|), or that of -x, of which the last is the same."""
    below = _applied(np.log1p, _applied(np.exp, _applied(np.copysign, x, as_array(-1))))
    if turned:
        return _applied(np.subtract, below, _applied(np.minimum, x, as_array(0)))
    return _applied(np.add, _applied(np.maximum, x, as_array(0)), below)


def power(x: Array, exponent: int) -> Array:
    """A power of 1 or more, by squares and products."""
    if exponent == 1:
        return x
    if exponent % 2:
        return _applied(np.multiply, power(x, exponent - 1), x)
    return _applied(np.square, power(x, exponent // 2))


POWERS: dict[float | None, Callable[[Array], Array]] = {
    **{float(exponent): functools.partial(power, exponent=exponent) for exponent in range(2, 9)},
    0.5: lambda x: _applied(np.sqrt, x),
    1.5: lambda x: _applied(np.multiply, x, _applied(np.sqrt, x)),
    -0.5: lambda x: _applied(np.divide, as_array(1), _applied(np.sqrt, x)),
    -1.0: lambda x: _applied(np.divide, as_array(1), x),
    -1.5: lambda x: _applied(np.divide, as_array(1), _applied(np.multiply, x, _applied(np.sqrt, x))),
    -2.0: lambda x: _applied(np.divide, as_array(1), _applied(np.square, x)),
}
"""Powers that products, quotients and roots give in less time than np.power, which takes a logarithm."""


NARROW = 16
"""Up to so many terms of a maximum it is quicker to lay them one below the other first."""


def reduced(array: Array, in_order: bool, examples_last: bool = False) -> Array:
    """A reduction along an axis as what takes less time, of what lies in memory in order or not.

    A sum is a product with ones. NumPy's own reductions take a call per row where the examples come first: the terms
    of a maximum come one below the other, so that whole rows are compared.
    """
    (x,), (op, axes, _) = array.args, array.info
    rank = len(x.shape)
    if rank < 2 or len(axes) != 1:
        return array
    axis, one = axes[0] % rank, as_array(1)
    if op is ops.sum and axis == 0 and in_order and isinstance(x.shape[0], Rows):
        return reshape(matmul(full(x.shape[:1], one), reshape(x, (x.shape[0], count(x.shape[1:])))), array.shape)
    if examples_last and (rank > 2 or op is not ops.sum):
        return array
    if op is ops.sum and axis == rank - 2 and rank > 2:
        return reshape(matmul(full((1, x.shape[axis]), one), x), array.shape)
    if axis != rank - 1:
        return array
    rows = reshape(x, (count(x.shape[:-1]), x.shape[-1])) if in_order else x
    if op is ops.sum and in_order:
        return reshape(Array("dot", (rows, full(x.shape[-1:], one)), None, rows.shape[:1], "float"), array.shape)
    if op is ops.sum and rank > 2:
        return reshape(matmul(x, full((x.shape[-1], 1), one)), array.shape)
    if op in (ops.max, ops.min) and not isinstance(x.shape[-1], Rows) and x.shape[-1] <= NARROW:
        last = len(rows.shape) - 1
        return reshape(reduce(op, copy(permuted(rows, (last, *range(last)))), (0,)), array.shape)
    return array


def by_matrices(array: Array, examples_last: bool = False) -> Array:
    """Σ over examples and windows of gᵀ·x for every one of several matrices: a product of matrices for each."""
    if array.info != "bhji,bhjn->hin":
        return array
    left, right = (permuted(arg, (1, 0, 2, 3)) for arg in array.args)
    h, rows, j = left.shape[:3]
    assert isinstance(rows, Rows)
    assert isinstance(j, int)
    if j == 1:  # then examples are rows as they lie in memory
        (g, x) = array.args
        together = [reshape(arg, (Rows(), arg.shape[1], arg.shape[3])) for arg in (g, x)]
        return matmul(permuted(together[0], (1, 2, 0)), permuted(together[1], (1, 0, 2)))
    if examples_last:
        g, x = array.args
        return reduce(ops.sum, matmul(permuted(g, (1, 2, 3, 0)), permuted(x, (1, 2, 0, 3))), (1,))
    merged = [reshape(side, (h, Rows(rows.times * j), side.shape[-1])) for side in (left, right)]
    return matmul(permuted(merged[0], (0, 2, 1)), merged[1])


def with_axis(array: Array) -> Array:
    """A product with several rows for each example as one with an axis of these rows; else `expanded`."""
    if array.kind == "reshape" and array.args[0].kind == "matmul":
        left, right = array.args[0].args
        if has_rows(left) and len(right.shape) == 2:
            return reshape(matmul(with_rows_apart(left), right), array.shape)
    if array.kind == "matmul" and array.args[0].kind == "transpose":
        left, right = array.args[0].args[0], array.args[1]
        if has_rows(left) and has_rows(right):
            left, right = with_rows_apart(left), with_rows_apart(right)
            return reduce(ops.sum, matmul(permuted(left, (1, 2, 0)), permuted(right, (1, 0, 2))), (0,))
    return expanded(array)


def has_rows(array: Array) -> bool:
    """Whether an array has several rows for each example, which are columns of another."""
    return array.kind == "reshape" and len(array.shape) == 2 and array.batched and (
        array.lead != (Rows(),) == array.args[0].lead)


def with_rows_apart(array: Array) -> Array:
    """The same with an axis for the rows of an example."""
    rows, width = array.shape
    assert isinstance(rows, Rows)
    return reshape(array, (Rows(), rows.times, width))
