"""The same numbers with less work: rows of the table as NumPy's ufuncs, and signs and quotients where they cost least.

A program that is to be read spells a derivative as its rule does. What runs need not: `g * (1 / x)` is a quotient, the
sign of `-g` goes into the sum or product that reads it, and a sum of products over the examples is a product of
matrices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from autograd import ops
from autograd.compiler.array import (
    VIEWS,
    Array,
    Rows,
    matmul,
    permuted,
    reshape,
    ufunc_of,
)

# ── signs ────────────────────────────────────────────────────────────────────────────────────


def signed(array: Array, meaning: Mapping[str, Array]) -> tuple[bool, Array]:
    """An array without its minus sign, and whether it has one; `meaning` says what names stand for.

    (−a)·b = −(a·b), −a/b = −(a/b), a − (−b) = a + b; a view of −a is minus the view of a.
    """
    if array.kind == "name":
        array = meaning.get(array.info, array)
    if array.kind is ops.neg:
        negative, inner = signed(array.args[0], meaning)
        return not negative, inner
    if array.kind in VIEWS or array.kind == "reduce" and array.info[0] is ops.sum:
        negative, inner = signed(array.args[0], meaning)
        return negative, Array(array.kind, (inner,), array.info, array.shape, array.dtype)
    if array.kind in (ops.mul, ops.div):
        array = quotient(array)
        (minus, a), (other, b) = (signed_factor(arg, meaning) for arg in array.args)
        return minus != other, Array(array.kind, (a, b), None, array.shape, array.dtype)
    if array.kind in (ops.add, ops.sub):
        apart = unmerged(array)
        if apart is not array:
            return signed(apart, meaning)
        (minus, a), (other, b) = (signed(arg, meaning) for arg in array.args)
        if minus == (other != (array.kind is ops.sub)):
            return minus, Array(ops.add, (a, b), None, array.shape, array.dtype)
        return False, Array(ops.sub, (b, a) if minus else (a, b), None, array.shape, array.dtype)
    return False, array


def signed_factor(array: Array, meaning: Mapping[str, Array]) -> tuple[bool, Array]:
    """The same for a factor: of a number as well."""
    if array.number is not None:
        negative = math.copysign(1, array.number) < 0
        return negative, -array if negative else array
    return signed(array, meaning)


def negated(array: Array) -> Array:
    """Minus an array: b − a for a − b, and of a product with a number, that number negated."""
    if array.kind is ops.sub:
        return Array(ops.sub, array.args[::-1], None, array.shape, array.dtype)
    if array.kind in (ops.mul, ops.div):
        a, b = array.args
        if a.number is not None or b.number is not None:
            args = (-a, b) if a.number is not None else (a, -b)
            return Array(array.kind, args, None, array.shape, array.dtype)
    return Array(ops.neg, (array,), None, array.shape, array.dtype)


def is_free(array: Array) -> bool:
    """Whether minus an array takes no more work than the array."""
    return negated(array).kind is not ops.neg


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
    if array.kind == "einsum":
        return by_matrices(array)
    if array.kind == "cast" and array.args[0].kind is ops.where and array.args[0].args[0].dtype == "truth":
        return array.args[0]  # written to an array of theta's dtype
    if not isinstance(array.kind, ops.Op) or array.kind is ops.where:
        return array
    if array.kind is ops.pow and array.args[1].number in POWERS:
        return POWERS[array.args[1].number](array.args[0])
    if array.kind is ops.neg:
        return Array(np.multiply, (*array.args, Array.lift(-1)), None, array.shape, array.dtype)
    ufunc = ufunc_of(array.kind)
    return expanded(array.kind.arrays(*array.args)) if ufunc is None else Array(
        ufunc, array.args, None, array.shape, array.dtype)


def _applied(ufunc: np.ufunc, *args: Array) -> Array:
    """A ufunc of an array, and of numbers or other arrays of its shape."""
    shape = max((arg.shape for arg in args), key=len)
    return Array(ufunc, args, None, shape, "float")


POWERS: dict[float | None, Callable[[Array], Array]] = {
    2.0: lambda x: _applied(np.square, x),
    3.0: lambda x: _applied(np.multiply, _applied(np.square, x), x),
    4.0: lambda x: _applied(np.square, _applied(np.square, x)),
    0.5: lambda x: _applied(np.sqrt, x),
    1.5: lambda x: _applied(np.multiply, x, _applied(np.sqrt, x)),
    -0.5: lambda x: _applied(np.divide, Array.lift(1), _applied(np.sqrt, x)),
    -1.0: lambda x: _applied(np.divide, Array.lift(1), x),
    -1.5: lambda x: _applied(np.divide, Array.lift(1), _applied(np.multiply, x, _applied(np.sqrt, x))),
    -2.0: lambda x: _applied(np.divide, Array.lift(1), _applied(np.square, x)),
}
"""Powers that products, quotients and roots give in less time than np.power, which takes a logarithm."""


def by_matrices(array: Array) -> Array:
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
    merged = [reshape(side, (h, Rows(rows.times * j), side.shape[-1])) for side in (left, right)]
    return matmul(permuted(merged[0], (0, 2, 1)), merged[1])
