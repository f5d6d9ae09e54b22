"""A function with buffers: every statement becomes calls that write into arrays kept from call to call.

The readable program says `a1 = np.maximum(z1, 0)` and makes an array per operation. Here each node is one call whose
result has an array of its own, which is made once per batch size. So are views of such arrays, and what is the same in
every call, such as the gradient of the mean. What occurs twice is computed once. Then arrays share memory (`memory`).

>>> from autograd.compiler.arrays.array import Rows, matmul, name, transpose
>>> from autograd.compiler.buffers.calls import CallPrinter
>>> x, w, z = name("x", (Rows(), 3)), name("W", (3, 2)), name("z", (Rows(), 2))
>>> buffered = Buffered(["x", "W", "z"])
>>> buffered.statement(Let(z, ops.exp(matmul(x, w)) - 1))
>>> for statement in buffered.statements:
...     print(CallPrinter().statement(statement))
x.dot(W, t1)
np_exp(t1, t2)
np_subtract(t2, k1, z)

NumPy finds `np_exp` and a place by its position in less time than `np.exp` and `out=`: a fifth of a small call.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arrays.array import (
    VIEWS,
    Array,
    Constant,
    Let,
    Rows,
    Statement,
    Store,
    as_array,
    broadcast_shape,
    concatenate,
    constant,
    copy,
    count,
    einsum,
    examples_last,
    full,
    function,
    is_view,
    matmul,
    names_in,
    part,
    reduce,
    reshape,
    source_of,
    swapped,
    take,
    target_of,
    transpose,
)
from autograd.compiler.buffers.algebra import (
    LARGE,
    MINUS,
    ONE,
    SIGNS,
    Factor,
    Names,
    by_matrices,
    expanded,
    fewer,
    is_ones,
    is_partial,
    negated,
    reduced,
    softplus,
    with_axis,
)
from autograd.compiler.buffers.memory import Memory, elements

INTO = frozenset({"matmul", "dot", "reduce", "reduceat", "take", "einsum", "copy", "cast"})
"""The structural kinds that can write their result to an array that is there; ufuncs and `where` can as well."""


COMMUTATIVE = frozenset({np.add, np.multiply})
"""Functions of which it makes no difference what comes first."""

EXAMPLES = 64
"""The size of the batch that choices are made for."""

LARGEST = 2
"""To gather what is added up, padding included, pays up to so many times as many elements."""

LEAST = 4
"""To so many columns numbers are added by a product of matrices, at least."""

FEW = 150
"""So many elements are gathered in any case, if they are the same for all examples: floats of Python may do that."""


class Buffered:
    """Statements as calls, and the arrays that are made beforehand: `allocations` for a number of examples."""

    def __init__(
        self, taken: Iterable[str], statements: Sequence[Statement] = (), runs: Sequence[Let] = (), last: bool = False,
    ) -> None:
        self.memory = Memory(taken, runs, last)
        self.statements: list[Statement] = []
        self.meaning: dict[str, tuple[Factor, Array]] = {}
        """What a name of the readable program stands for: a buffer, or a view of one, times a factor."""
        self.factored = Names(self.meaning, only_summed(statements)).factored
        self.coefficients: dict[Factor, Array] = {}
        self.constants: dict[Any, Constant] = {}
        """Arrays that the calls carry along, beside those of the program."""
        self.shaped: dict[str, Array] = {}
        """What arrays in another shape are, of which the elements lie in memory in order."""
        self.shares: dict[str, tuple[Array, Array]] = {}
        """Of each ln Σ eˣ the terms e^(x-m), where m is the largest x, and their sum."""
        self.computed: dict[Any, Array] = {}
        """The nodes whose results are kept, and views."""
        self.readers: dict[str, list[Any]] = {}
        """Of each name those that read it, and are forgotten when it is written to."""
        self.keys: dict[str, list[Any]] = {}
        """Of each result the nodes that it is kept for."""
        self.latest: set[str] = set()
        """What the last call computed, if it was for the last operand of the present node."""
        stores = [statement for statement in statements if isinstance(statement, Store)]
        self.stored = {store.target for store in stores
                       if not (store.adds and store.place.kind == "name" and store.target not in self.memory.runs)}
        """The names of arrays of which statements write to parts, and of those that are given."""
        self.added = {store.target for store in stores} - self.stored
        """Those to which whole arrays are added: each sum is an array of its own, which the name means from then on."""
        self.waiting = read_once(statements)
        """The names of arrays that are computed where they are read: of which nothing but the mean is asked for, or
        that lie in another from the start."""
        self.rare: set[str] = set()
        """The names of truth values that hardly ever are so: that two numbers are the same."""
        self.forward = 0
        """How many of the statements belong to the forward half."""

    # ── statements ───────────────────────────────────────────────────────────────────────────

    def statement(self, statement: Statement) -> None:
        """The calls for one statement."""
        if isinstance(statement, Store):
            self.store(statement)
            self.forget(statement.target)
            return
        text, value = statement.name, statement.value
        if parts := parts_of_logsumexp(value):
            self.shares[text.info] = parts
        if text.info in self.waiting:
            self.meaning[text.info] = self.factored(value)
        elif value.kind in ("full", "like") and text.info in self.stored:
            self.allocate(text)
            if value.kind == "full" or value.info:
                everywhere = value.args[0] if value.kind == "full" else as_array(0)
                self.statements.append(Store(text, everywhere, adds=False))
        else:
            self.define(text, value)

    def define(self, text: Array, value: Array) -> None:
        """The calls that compute what a name stands for; a factor is left to what reads it."""
        if value.kind == "mean":
            value = self.weighted(value)
        if value.kind == "copy" and text.info not in self.stored:
            (value,) = value.args  # nobody writes to either
        factor, inner = self.factored(value)
        at_once = not (is_masked(inner) or is_truth(inner)) and (
            factor == ONE or (factor == MINUS and negated(inner).kind is not ops.neg))
        if not at_once and text.info not in self.stored:
            found = self.deferred(inner)
            if not self.is_stored(found):
                self.meaning[text.info] = factor, found
                return
        new = None if text.info in self.added else text
        found = self.computation(self.times(factor, inner), new)
        if text.info in self.stored and found.info != text.info:
            found = self.computation(copy(found), text)  # what is written to has memory of its own
        self.meaning[text.info] = ONE, found

    def deferred(self, array: Array) -> Array:
        """An array of which nothing is left to compute but what its reader may do without."""
        if is_ones(array):
            return array
        if is_truth(array) or is_masked(array):  # such a one may become a selection
            args = [self.deferred(arg) if is_partial(arg) or arg.kind is np.logical_not else self.operand(arg)
                    for arg in array.args]
            return Array(array.kind, tuple(args), None, array.shape, array.dtype)
        if array.kind is np.logical_not:
            return Array(array.kind, (self.operand(array.args[0]),), None, array.shape, array.dtype)
        return self.computation(array)

    def weighted(self, array: Array) -> Array:
        """A mean over the examples: of a sum, the sum of the means."""
        size = count(array.args[0].shape)
        return self.shared(Factor(1 / size.times, 1) if isinstance(size, Rows) else Factor(1 / size), array.args[0])

    def shared(self, factor: Factor, array: Array) -> Array:
        """A factor times the sum over everything as a product of vectors: of what is multiplied, or with shares."""
        mine, inner = self.factored(array)
        factor = factor.times(mine)
        if inner.kind in ("reshape", ops.sloped) or (is_sum(inner) and inner.batched):
            return self.shared(factor, inner.args[0])
        if inner.kind in (ops.add, ops.sub) and all(arg.shape == inner.shape for arg in inner.args):
            signed = factor if inner.kind is ops.add else factor.negative
            parts = self.shared(factor, inner.args[0]), self.shared(signed, inner.args[1])
            return Array("added", tuple(self.computation(part) for part in parts), None, (), "float")
        if factors := same_factors(inner):
            return Array("weighted", (*map(self.flat, factors), factor.value), None, (), "float")
        shares = full((count(inner.shape),), factor.value)
        return Array("weighted", (self.flat(inner), shares), None, (), "float")

    def total(self, array: Array, factor: Factor = ONE) -> Array:
        """A sum over everything, times a factor, as a product of vectors: of what is multiplied, or with shares."""
        (summed,) = array.args
        vectors = same_factors(summed) or (summed,)
        shares = [full((count(summed.shape),), factor.value)] if len(vectors) == 1 else []
        return reshape(Array("dot", (*map(self.flat, vectors), *shares), None, (), "float"), array.shape)

    def flat(self, array: Array) -> Array:
        """The elements of an array one after the other, as they lie in memory."""
        return self.operand(reshape(self.lying(self.operand(array)), (count(array.shape),)))

    def store(self, statement: Store) -> None:
        """The calls that write to a place."""
        place, value = statement.place, statement.value
        if place.kind == "take":
            place = take(self.lying(self.operand(place.args[0])), place.info)
            self.statements.append(Store(place, self.lying(self.operand(value)), statement.adds))
            return
        if place.kind == "name" and place.info in self.added:
            self.define(place, place + value)
            return
        place = self.operand(place)
        home = self.memory.homes.get(statement.target)
        assert home is None or home in {self.memory.homes.get(text) for text in names_in(place)}, "a copy is no place"
        if statement.adds:
            factor, value = self.factored(value)
            ufunc = np.subtract if factor == MINUS else np.add
            value = value if factor == MINUS else self.times(factor, value)
            self.put(place, function(ufunc, place, self.computation(value)))
        elif is_column_sum(value) and place.shape == value.shape:
            # A vector's sum over the batch, quicker as a product of matrices than as a reduction.
            factor, inner = self.factored(value.args[0])
            shares = self.operand(full((Rows(),), factor.value))
            self.put(place, matmul(shares, self.operand(inner)))
        else:
            self.write(place, value)

    def write(self, place: Array, value: Array) -> None:
        """The calls that compute a value at a place, with no array of its own if that can be."""
        while value.kind == "broadcast":
            (value,) = value.args  # what is written is spread out anyway
        value = self.quicker(self.expanded(self.times(*self.factored(value))))
        if (value.kind == "reshape" and count(value.shape) == count(place.shape)
                and not is_view(value) and self.memory.is_view_of(place, value.args[0].shape)):
            self.write(self.operand(reshape(place, value.args[0].shape)), value.args[0])
            return
        if takes_place(value) and place.shape == value.shape and (value.kind != "dot" or self.memory.in_order(place)):
            self.put(place, self.with_operands(value))
        else:
            self.statements.append(Store(place, self.computation(value), adds=False))

    def concatenated(self, array: Array, called: Array | None) -> Array:
        """Arrays side by side, each computed at its place."""
        result = called or self.memory.temporary(array)
        self.allocate(result)
        cuts = itertools.pairwise(itertools.accumulate((arg.axes[-1] for arg in array.args), initial=0))
        places = [self.made(part(result, start, stop)) for start, stop in cuts]
        movable = self.memory.examples_last and not self.is_stored(result) and array.dtype == "float"
        there = self.moved(result, places, array.args) if movable else set()
        for place, arg in zip(places, array.args, strict=True):
            if place.info not in there:
                self.write(place, arg)
        if called is None and not self.is_stored(array):
            self.keep(array.key, array, result)
        return result

    def moved(self, whole: Array, places: Sequence[Array], args: Sequence[Array]) -> set[str]:
        """Of the places in an array those in which what belongs there is computed at once, with no array of its own."""
        there = set()
        for place, arg in zip(places, args, strict=True):
            factor, inner = self.factored(arg)
            home = self.memory.homes.get(inner.info, "") if inner.kind == "name" else ""
            buffer = self.memory.empties.get(home)
            if factor != ONE or buffer is None or self.is_stored(inner) or not self.memory.in_order(inner):
                continue
            if count(buffer.shape) != count(inner.shape) or buffer.dtype != whole.dtype:
                continue
            self.memory.move(home, whole.info, self.lying(place))
            there.add(place.info)
        return there

    def padded(self, array: Array) -> Array:
        """Elements gathered with padding, out of an array with one more column that holds what pads."""
        mask, fill, taken = array.args
        (source,), width = taken.args, taken.args[0].shape[-1]
        index = self.carried(np.where(mask.info.array, width, taken.info.array))
        return take(concatenate([source, full((*source.shape[:-1], 1), fill)]), index)

    def carried(self, array: npt.NDArray[Any]) -> Constant:
        """An array that the calls carry along; equal ones are one."""
        key = array.shape, array.dtype.char, array.tobytes()
        if key not in self.constants:
            self.constants[key] = Constant(self.memory.fresh("j"), array)
        return self.constants[key]

    def collected(self, array: Array) -> Array:
        """Columns added up into others: each gathers those that are added up to it, where these are about as many."""
        order, starts, places, size = (part.array if isinstance(part, Constant) else part for part in array.info)
        runs = np.split(order, starts[1:])
        (source,), most = array.args, max(map(len, runs))
        few = not source.batched and size * most <= FEW
        if size * most > LARGEST * len(order) and not few:
            return array
        width = source.shape[-1]
        picked = np.full((size, most), width)
        for position, run in zip(places, runs, strict=True):
            picked[position, : len(run)] = run
        index = self.carried(picked if most > 1 else picked[:, 0])
        if picked.max() == width:
            source = concatenate([source, full((*source.shape[:-1], 1), as_array(0))])
        return reduce(ops.sum, take(source, index)) if most > 1 else take(source, index)

    def inlined(self, array: Array) -> Array:
        """A result of the function, with what its names stand for."""
        if array.kind == "name":
            factor, inner = self.meaning.get(array.info, (ONE, array))
            result: Array = factor.value * (inner if inner.kind == "name" else self.inlined(inner))
            return result
        return array.with_args(*map(self.inlined, array.args))

    # ── nodes ────────────────────────────────────────────────────────────────────────────────

    def operand(self, array: Array) -> Array:
        """What a call can read: a name, a number or a view; what is to be computed is."""
        factor, inner = self.factored(array)
        if inner.kind == "permuted" and factor != ONE:  # the product is computed as the numbers lie in memory
            base = self.times(factor, inner.args[0])
            return self.computation(Array("permuted", (base,), inner.info, inner.shape, inner.dtype))
        return self.computation(self.times(factor, inner))

    def times(self, factor: Factor, array: Array) -> Array:
        """A factor times an array."""
        if factor in SIGNS:
            return array if factor == ONE else negated(array)
        if is_ones(array):
            return full(array.shape, factor.value)
        if array.kind == "reshape" and is_total(array.args[0]):
            return reshape(self.times(factor, array.args[0]), array.shape)
        if is_total(array) and not same_factors(array.args[0]):
            return self.total(array, factor)
        number = self.coefficient(factor)
        if array.kind is ops.div and array.args[0].number == 1:
            return Array(ops.div, (number, array.args[1]), None, array.shape, "float")
        return Array(ops.mul, (number, array), None, array.shape, "float")

    def coefficient(self, factor: Factor) -> Array:
        """A factor as an array without axes, which NumPy need not make in every call."""
        if factor not in self.coefficients:
            value = full((), factor.value)
            self.coefficients[factor] = self.memory.temporary(value, "k")
            self.allocate(self.coefficients[factor], value)
        return self.coefficients[factor]

    def computation(self, array: Array, called: Array | None = None) -> Array:
        """The calls that compute an array whose factor is settled, and its name, which is `called` if it is new."""
        if array.kind == "name":
            factor, inner = self.meaning.get(array.info, (ONE, array))
            return inner if factor == ONE else self.computation(self.times(factor, inner))
        if array.kind in ("number", "constant"):
            return array
        array = self.expanded(array)
        if array.kind in ("name", "number", "constant"):
            return self.computation(array)
        if array.kind == "concatenate":
            known = self.computed.get(array.key)
            return known or self.concatenated(array, called)
        array = self.quicker(array)
        if is_padded(array):
            array = self.padded(array)
        if array.kind == "scatter":
            array = self.quicker(self.collected(array))
        own = called is not None and called.info in self.stored
        names, written = array.names, array.key
        if not own and (known := self.computed.get(written)):
            return known
        array = array if array.kind == "full" else self.with_operands(array)
        key = array.key
        if key is not written and not own and (known := self.computed.get(key)):
            return known
        base = self.shaped.get(array.args[0].info) if len(array.args) == 1 and not own else None
        if base and (known := self.computed.get(Array(array.kind, (base,), array.info, base.shape, array.dtype).key)):
            return self.computation(reshape(known, array.shape))
        if array.kind in VIEWS:
            return self.view(array, key)
        if all(map(self.memory.is_fixed, array.args)) and not own:
            result = called or self.memory.temporary(array)
            self.allocate(result, array)
        else:
            result = self.call(array, called)
        if not own:
            self.keep(key, array, result)
            if key is not written and self.added.isdisjoint(names):
                self.keep(written, array, result)
        return result

    def keep(self, key: Any, array: Array, result: Array) -> None:
        """Remember the result of a node."""
        self.computed[key] = result
        self.keys.setdefault(result.info, []).append(key)
        if self.is_stored(array):
            for text in array.names:
                self.readers.setdefault(text, []).append(key)

    def forget(self, target: str) -> None:
        """Forget what reads an array that has been written to."""
        for text in self.memory.sharing(target):
            for key in self.readers.pop(text, ()):
                self.computed.pop(key, None)

    def quicker(self, array: Array) -> Array:
        """A reduction as what takes less time, if what it reads lies in memory as that needs it."""
        if is_total(array):
            return self.total(array)
        if array.kind != "reduce" or array.args[0].dtype != "float":
            return array
        found = self.turned(self.operand(array.args[0]))
        return reduced(
            Array("reduce", (found,), array.info, array.shape, "float"),
            self.memory.in_order(found), self.memory.turns(found.shape))

    def call(self, array: Array, called: Array | None) -> Array:
        """The call that computes a node, and the name of the result."""
        last = array.kind is ops.where and array.args[2].info in self.latest and alike(array, array.args[2])
        if last and takes_place(array):
            # What is not selected has just been computed: it is overwritten where it is not wanted, and forgotten.
            result = array.args[2]
            for key in self.keys.pop(result.info, ()):
                self.computed.pop(key, None)
        else:
            result = called or self.memory.temporary(array)
            if takes_place(array) or self.memory.turns(result.shape):
                self.allocate(result)
        if result.info in self.memory.homes:
            self.put(result, array)
        else:
            self.statements.append(Let(result, array))
        return result

    def put(self, place: Array, array: Array) -> None:
        """The call that writes a node to a place in least time."""
        args = array.args
        if (ops.ufunc_of(array.kind) is not None and len(args) > 1) or array.kind is ops.where:
            args = tuple(map(self.without_axes, args))
        elif array.kind == "matmul":
            place, array = self.product(place, array)
            args = array.args
        elif array.kind == "take":
            place, args = self.lying(place), tuple(map(self.lying, args))
        in_order, info = self.memory.lie_together(place, *args), array.info
        if array.kind is ops.where and in_order and args[0].shape == place.shape:
            place, args, info = self.lying(place), tuple(map(self.lying, args)), "in order"
        if array.kind is ops.where and source_of(args[0]).info in self.rare:
            info = info, "rare"
        elif array.kind is np.equal and place.kind == "name":
            self.rare.add(place.info)
        elementwise = array.kind not in INTO - {"copy", "cast"}
        if in_order and elementwise and len(place.shape) > 2 and self.memory.turns(place.shape):
            place, args = self.lying(place), tuple(map(self.lying, args))  # one run of numbers
        self.statements.append(Store(place, Array(array.kind, args, info, place.shape, array.dtype), adds=False))

    def product(self, place: Array, array: Array) -> tuple[Array, Array]:
        """A product of matrices as the call that takes least time, and where it writes."""
        (left, right), whole = array.args, self.memory.in_order(place)
        if self.memory.examples_last and place.lead == (Rows(),) and len(left.shape) > 1:
            if left.batched and not right.batched and len(right.shape) in (2, *range(len(left.shape))):  # (x w)ᵀ = wᵀxᵀ
                *several, j, k = right.shape
                right = swapped(reshape(right, (*several, 1, j, k))) if several else transpose(right)
                place, left, right = self.lying(place), self.operand(right), self.lying(left)
            elif not left.batched and len(left.shape) < len(right.shape) and whole:
                place, right = self.merged(place), self.merged(right)
            else:
                return place, einsum("...ij,...jk->...ik", left, right)
        if len(left.shape) <= len(right.shape) == 2 and whole and not any(map(self.memory.has_gaps, (left, right))):
            return place, Array("dot", (left, right), None, place.shape, "float")
        return place, matmul(left, right)

    def merged(self, array: Array) -> Array:
        """An array with the examples last, as one axis with that before it."""
        return self.operand(reshape(self.lying(array), (*array.shape[1:-1], count((Rows(), array.shape[-1])))))

    def lying(self, array: Array) -> Array:
        """A view of an array with the examples last, if that is how arrays lie in memory."""
        several = self.memory.examples_last and array.lead == (Rows(),) and len(array.shape) > 1
        return self.operand(examples_last(array)) if several else array

    def turned(self, array: Array) -> Array:
        """A copy with the examples last of what lies with the examples first; else the array itself."""
        first = array.kind == "name" and self.memory.turns(array.shape) and array.info not in self.memory.homes
        return self.computation(copy(array)) if first else array

    def expanded(self, array: Array) -> Array:
        """A row of the table, or a sum of products, as what NumPy has for it."""
        if array.kind == "einsum":
            return by_matrices(array, self.memory.examples_last)
        if array.kind is ops.detach:
            return self.expanded(*array.args)
        if array.kind in (ops.add, ops.sub) and (joined := self.joined(array)):
            return joined
        if array.kind is ops.gt and (compared := self.compared(*array.args)):
            return compared
        if array.kind == "reduce" and array.info[2]:
            row, axes, _ = array.info
            return reshape(reduce(row, array.args[0], axes), array.shape)
        if array.kind == "widened" or (array.kind == "column" and array.args[0].shape[-1] == 1):
            return reshape(array.args[0], array.shape)
        if array.kind is ops.softplus and elements(array.shape, EXAMPLES) >= LARGE:
            return softplus(*self.unsigned(*array.args))
        if array.kind is ops.sigmoid and (logarithm := self.logarithm(*array.args)):
            return Array(np.exp, (logarithm,), None, array.shape, "float")
        if array.kind == "cast" and (other := self.computed.get(self.other_side(array.args[0]))):
            return expanded(1 - other)
        if array.kind is ops.exp and (share := self.share(array.args[0])):
            array = share
        return with_axis(array) if self.memory.examples_last else expanded(array)

    def joined(self, array: Array) -> Array | None:
        """x·Aᵀ ± b or x ± b, where A and b are known numbers, as one product: of x beside ones with A beside b.

        To add numbers to each of many columns takes NumPy several times as long as BLAS for one more term of each.
        """
        x, added = array.args
        if added.kind != "constant" or added.shape != array.shape[1:] or added.shape < (LEAST,):
            return None
        times: npt.NDArray[Any] = np.ones((len(added.info.array), 1))
        if x.kind == "matmul" and x.args[1].kind == "transpose" and x.args[1].args[0].kind == "constant":
            x, times = x.args[0], x.args[1].args[0].info.array
        if x.lead != (Rows(),) or x.shape[1:] != times.shape[1:] or times.shape[1] > len(times):
            return None
        sign = 1 if array.kind is ops.add else -1
        numbers = np.concatenate([times, sign * added.info.array[:, None]], axis=1)
        return matmul(self.beside_ones(x), transpose(constant(self.carried(numbers))))

    def compared(self, a: Array, b: Array) -> Array | None:
        """A comparison of a column with several numbers, by the distances, which may be there and take less time."""
        x, numbers = (b, a) if a.kind == "constant" else (a, b)
        if numbers.kind != "constant" or x.dtype != "float" or not np.isfinite(numbers.info.array).all():
            return None
        distances = self.joined(Array(ops.sub, (x, numbers), None, broadcast_shape(x.shape, numbers.shape), "float"))
        if distances is None:
            return None
        distances = self.computation(distances)
        return function(ops.gt, *((as_array(0), distances) if x is b else (distances, as_array(0))))

    def beside_ones(self, array: Array) -> Array:
        """Columns beside one of ones, which is written beforehand."""
        both = concatenate([self.operand(array), full((Rows(), 1), as_array(1))])
        if (known := self.computed.get(both.key)) is not None:
            return known
        result = self.memory.temporary(both)
        self.allocate(result, full(both.shape, as_array(1)), written=True)
        self.write(self.made(part(result, 0, both.axes[-1] - 1)), both.args[0])
        self.keep(both.key, both, result)
        return result

    def unsigned(self, x: Array) -> tuple[Array, bool]:
        """An array, or what it is minus of, and whether it is."""
        factor, inner = self.factored(x)
        return (inner, True) if factor == MINUS else (x, False)

    def logarithm(self, x: Array) -> Array | None:
        """ln σ(x) as -ln(1 + e⁻ˣ) or x - ln(1 + eˣ), if that has been computed."""
        z, turned = self.unsigned(x)
        if out := self.computed.get(self.expanded(ops.softplus(z if turned else -z)).key):
            return negated(out)
        if out := self.computed.get(self.expanded(ops.softplus(x)).key):
            result: Array = x - out
            return result
        return None

    def other_side(self, array: Array) -> Any:
        """What the slope of the other operand of a maximum or minimum is kept as: the two add up to 1."""
        if array.kind is not ops.where or array.args[0].kind is not ops.eq or array.args[1].number != 0.5:
            return None
        same, half, larger = array.args
        return function(ops.where, same, half, function(larger.kind, *larger.args[::-1])).args[0].key

    def share(self, array: Array) -> Array | None:
        """e^(x - ln Σ eˣ) as e^(x-m) / Σ e^(x-m), if these have been computed."""
        if array.kind is not ops.sub:
            return None
        x, out = array.args
        above, total = self.shares.get(source_of(out).info, (x, x))
        if above is x or above.args[0].args[0].key != x.key:
            return None
        return Array(ops.div, (above, seen_as(out, total)), None, array.shape, "float")

    def without_axes(self, array: Array) -> Array:
        """A single number as an array without axes: NumPy takes that as it is, but spreads out an array of one."""
        if array.number is not None:
            return self.coefficient(Factor(array.number))
        return self.operand(reshape(array, ())) if array.shape == (1,) else array

    def with_operands(self, array: Array) -> Array:
        """A node whose operands have been computed."""
        args, before = [], len(self.statements)
        for arg in array.args:
            before = len(self.statements)
            found = self.operand(arg)
            args.append(found if array.kind in ("matmul", "copy") else self.turned(found))
        last = self.statements[max(before, len(self.statements) - 1) :]
        self.latest = {target_of(statement) for statement in last if isinstance(statement, Store)}
        return array.with_args(*args)

    def view(self, array: Array, key: Any) -> Array:
        """A view; of a buffer it is made beforehand, of what is given once in a call."""
        (below,) = array.args
        source = source_of(below)
        if source.kind != "name" or (array.kind == "column" and len(below.shape) == 1):  # a number, no array
            return array
        if array.kind == "reshape" and below.info in self.shaped:
            return self.computation(reshape(self.shaped[below.info], array.shape))
        if array.kind == "reshape" and not self.memory.is_view_of(below, array.shape):
            return self.reshaped(array, key)
        turned = below if array.kind == "transpose" else self.turned(below)
        if turned is not below:
            return self.operand(array.with_args(turned))
        result = self.computed[key] = self.made(array)
        if array.kind == "reshape" and self.memory.in_order(below):
            self.shaped[result.info] = below
        if array.kind == "transpose":
            self.computed[transpose(result).key] = below
        return result

    def reshaped(self, array: Array, key: Any) -> Array:
        """An array in another shape that takes a copy."""
        (below,) = array.args
        if self.memory.turns(below.shape) == self.memory.turns(array.shape):
            return self.operand(reshape(self.operand(copy(below)), array.shape))
        if self.memory.turns(array.shape):
            source = below if self.memory.in_order(below) else self.operand(copy(below))
            result = self.computation(copy(self.made(reshape(source, array.shape))))
        else:
            result = self.memory.temporary(array)
            self.allocate(result)
            self.put(self.made(reshape(result, below.shape)), copy(below))
        self.keep(key, array, result)
        return result

    def made(self, array: Array) -> Array:
        """A view with a name of its own."""
        if array.kind == "name":
            return array
        result = self.memory.temporary(array)
        if source_of(array).info in self.memory.homes:
            self.allocate(result, array)
        elif self.memory.is_of_vector(source_of(array).info):
            self.memory.view_of_vector(result, array)
        else:
            self.statements.append(Let(result, array))
            self.memory.view_anew(result, source_of(array))
        self.memory.note_order(result, array)
        return result

    def allocate(self, buffer: Array, value: Array | None = None, written: bool = False) -> None:
        """Make an array beforehand, an empty one, or one with a value that stays where it is not `written` over."""
        lying = self.memory.allocate(buffer, value, written)
        if lying is not buffer:
            self.computed[examples_last(buffer).key] = lying

    @property
    def allocations(self) -> list[Let]:
        """The arrays made beforehand, of which calls write to some."""
        return self.memory.allocations()

    def is_stored(self, array: Array) -> bool:
        """Whether statements write to what an array is, or is a view of."""
        return not self.stored.isdisjoint([self.memory.home(text) for text in array.names])


def parts_of_logsumexp(array: Array) -> tuple[Array, Array] | None:
    """Of m + ln Σ e^(x-m) what is added up, and the sum."""
    if array.kind is not ops.add or array.args[1].kind is not ops.log:
        return None
    (total,) = array.args[1].args
    if total.kind != "reduce" or total.info[0] is not ops.sum or total.args[0].kind is not ops.exp:
        return None
    (above,) = total.args
    return (above, total) if above.args[0].kind is ops.sub else None


def seen_as(view: Array, array: Array) -> Array:
    """A view of a name, or a view of a view, with another array in place of the name."""
    if view.kind == "name":
        return array
    return view.with_args(seen_as(view.args[0], array))


def is_masked(array: Array) -> bool:
    """Whether an array is a selection with 0, or a product with one or with truth values."""
    return (array.kind is ops.where and is_partial(array)) or (
        array.kind is ops.mul and any(is_partial(arg) and arg.shape == array.shape for arg in array.args))


def is_truth(array: Array) -> bool:
    """Whether an array is truth values as numbers."""
    return array.kind == "cast" and array.args[0].dtype == "truth"


def alike(a: Array, b: Array) -> bool:
    """Whether two arrays have one shape and dtype."""
    return a.shape == b.shape and a.dtype == b.dtype


def is_column_sum(value: Array) -> bool:
    """Whether a value is the sum over the examples of a matrix."""
    if value.kind != "reduce":
        return False
    row, axes, keep = value.info
    shape = value.args[0].shape
    return row is ops.sum and axes == (0,) and not keep and len(shape) == 2 and shape[0] == Rows()


def takes_place(array: Array) -> bool:
    """Whether a node can write its result to an array that is there."""
    return array.kind in INTO or ops.ufunc_of(array.kind) is not None or array.kind is ops.where


def is_padded(array: Array) -> bool:
    """Whether a node gathers at least as many elements as there are, with a number in the places of some."""
    if array.kind is not ops.where or array.args[0].kind != "constant" or array.args[1].number is None:
        return False
    taken = array.args[2]
    return (taken.kind == "take" and taken.args[0].kind == "name" and taken.batched
            and taken.info.array.shape == array.args[0].shape and taken.info.array.size >= taken.args[0].shape[-1])


def same_factors(array: Array) -> tuple[Array, ...]:
    """The two factors of a product or a square, if they have its shape."""
    square = array.kind is ops.pow and array.args[1].number == 2
    factors = array.args if array.kind is ops.mul else (array.args[0],) * 2 if square else ()
    return factors if all(arg.shape == array.shape and arg.dtype == "float" for arg in factors) else ()


def is_total(array: Array) -> bool:
    """Whether an array is the sum of all the numbers of several columns."""
    if array.kind != "reduce" or array.info[0] is not ops.sum or array.args[0].dtype != "float":
        return False
    (summed,) = array.args
    return count(array.shape) == 1 and summed.batched and len(summed.shape) > 1 and count(summed.shape) != Rows()


def parts_of(array: Array) -> Iterator[Array]:
    """What is added up, times numbers, to make an array."""
    waiting = [array]
    while waiting:
        part = waiting.pop()
        if part.kind in (ops.add, ops.sub) and all(arg.shape == part.shape for arg in part.args):
            waiting += part.args
        elif part.kind is ops.mul and part.args[0].number is not None:
            waiting.append(part.args[1])
        elif part.kind in ("reshape", ops.sloped, ops.neg) or is_sum(part):
            waiting.append(part.args[0])
        else:
            yield part


def is_sum(array: Array) -> bool:
    """Whether an array is added up along axes of another."""
    return array.kind == "reduce" and array.info[0] is ops.sum


def only_summed(statements: Sequence[Statement]) -> set[str]:
    """The names of what is only read where it is added up: over the examples, or by products that are smaller."""
    others, names = set[str](), set[str]()
    for statement in reversed(statements):
        named = isinstance(statement, Let) and source_of(statement.value).kind == "name"
        names |= {statement.name.info} if isinstance(statement, Let) else set()
        waiting = [(array, named and target_of(statement) not in others) for array in statement.arrays]
        for array, summed in waiting:
            if array.kind == "name" and not summed:
                others.add(array.info)
            product = array.kind == "matmul"
            total = not array.batched and (product or (array.kind == "reduce" and array.info[0] is ops.sum))
            inside = total or (summed and (array.kind in VIEWS or array.kind is ops.neg))
            waiting += [(arg, inside or (product and fewer(array, arg))) for arg in array.args]
    return names - others


def read_once(statements: Sequence[Statement]) -> set[str]:
    """The names of arrays that are only read to take their mean, or to lay them beside others."""
    reads = Counter(itertools.chain.from_iterable(names_in(*statement.arrays) for statement in statements))
    values = {statement.name.info: statement.value for statement in statements if isinstance(statement, Let)}
    found = [text for value in values.values() if value.kind == "mean" for text in names_in(value)]
    for text in found:  # what is added up on the way to a mean
        if text in values and reads[text] == 1:
            found += [part.info for part in parts_of(values[text]) if part.kind == "name"]
    found += [arg.info for value in values.values() if value.kind == "concatenate" for arg in value.args
              if arg.kind == "name"]
    return {text for text in found if reads[text] == 1}
