"""Calls of NumPy on vectors, put off and then done together: one loop of machine code, one pass over memory.

A step of Adam is eleven calls, and each of them reads and writes vectors as long as θ. Given to the same calls, a
`Vector` notes what is asked of it; what has been noted is compiled when it comes for the first time. What cannot be
noted is done at once, on the numbers there are by then.

>>> theta, gradient, spare = np.ones(3), np.arange(3.0), np.empty(3)
>>> loops = Loops([theta, gradient], [spare])
>>> t, g, s = loops.vectors
>>> np.subtract(t, np.multiply(g, 0.5, out=s), out=t) is t
True
>>> loops.run()
>>> theta
array([1. , 0.5, 0. ])
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.compiler.arguments import FloatArray
from autograd.compiler.arrays.array import Rows, Store, function, name
from autograd.compiler.native.kernels import ELEMENTS, NOTABLE, Lies, Loop
from autograd.compiler.native.machine import Machine

PLAIN = (float, int, np.floating)
"""The plain numbers."""

Calls = tuple[Any, ...]
"""For each call its ufunc, the place of its result and those of its operands, where -1 is the next plain number."""


class Vector(np.lib.mixins.NDArrayOperatorsMixin):
    """A vector that notes calls of ufuncs; whatever else is done with it is done with its numbers."""

    __slots__ = ("array", "loops", "place")

    def __init__(self, loops: Loops, array: FloatArray, place: int) -> None:
        self.loops, self.array, self.place = loops, array, place

    def __array_ufunc__(self, ufunc: np.ufunc, how: str, *inputs: Any, **options: Any) -> Any:
        """Note a call that writes into a vector, if a loop can do it."""
        loops, out = self.loops, options.get("out", (None,))[0]
        if loops.noting and ufunc in NOTABLE and type(out) is Vector and len(options) == 1 and how == "__call__":
            call, numbers = [ufunc, out.place], list[Any]()
            for operand in inputs:
                if type(operand) is Vector and operand.loops is out.loops:
                    call.append(operand.place)
                elif isinstance(operand, PLAIN):
                    numbers.append(operand)
                    call.append(-1)
            if len(call) == 2 + ufunc.nin:
                loops.calls += call
                loops.numbers += numbers
                return out
        return loops.at_once(getattr(ufunc, how), inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        """Call any other function of NumPy."""
        return self.loops.at_once(function, args, options)

    def __getattr__(self, attribute: str) -> Any:
        """An attribute or method of arrays."""
        return getattr(self.loops.given_away(self), attribute)

    def __array__(self, *args: Any, **options: Any) -> FloatArray:
        """A copy."""
        return np.array(self.loops.given_away(self), *args, **options)

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, key: Any) -> Any:
        return self.loops.given_away(self)[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.loops.given_away(self)[key] = value


class Loops:
    """Vectors of one length and dtype, and the calls that wait; what is in `spare` ones is not needed in the end."""

    def __init__(self, arrays: Sequence[FloatArray], spare: Sequence[FloatArray] = ()) -> None:
        every = [*arrays, *spare]
        self.kept = len(arrays)
        self.vectors: list[Any] = [Vector(self, array, place) for place, array in enumerate(every)]
        self.addresses = [id(array) for array in every]
        self.machines: dict[Calls, Machine] = {}
        kinds = {(array.dtype.char, array.shape, array.flags.carray) for array in every}
        self.calls: list[Any] = []
        self.numbers: list[float] = []
        self.noting = len(kinds) == 1 and kinds <= {(char, (every[0].size,), True) for char in ELEMENTS} and not any(
            itertools.starmap(np.may_share_memory, itertools.combinations(every, 2)))
        """Whether nobody can read or write these numbers but through vectors."""

    def are_of(self, arrays: Sequence[FloatArray]) -> bool:
        """Whether the vectors are those of some arrays."""
        return [id(array) for array in arrays] == self.addresses

    def forget(self) -> None:
        """Drop the calls that wait."""
        self.calls, self.numbers = [], []

    def at_once(self, function: Callable[..., Any], args: Any, options: dict[str, Any]) -> Any:
        """Call a function of NumPy with the numbers that the vectors have by now; what it returns may be a view."""
        self.run(last=False)
        result = function(*arrays_in(args), **{option: arrays_in(value) for option, value in options.items()})
        for vector in self.vectors:
            if vector.array is result:
                return vector
        self.noting = self.noting and not isinstance(result, np.ndarray)
        return result

    def given_away(self, vector: Vector) -> FloatArray:
        """The array of a vector; from now on everything is done at once."""
        self.run(last=False)
        self.noting = False
        return vector.array

    def run(self, last: bool = True) -> None:
        """Do what has been noted; if nothing comes after it, spare arrays need not be filled."""
        if not self.calls:
            return
        key, first = (*self.calls, last), self.vectors[0].array
        if key not in self.machines:
            kept = self.kept if last else len(self.vectors)
            self.machines[key] = compiled(tuple(self.calls), len(self.vectors), kept, ELEMENTS[first.dtype.char])
        numbers = np.array(self.numbers, first.dtype)
        self.machines[key].function(*self.addresses, id(numbers), len(first))
        self.forget()


def arrays_in(thing: Any) -> Any:
    """Arguments with arrays in the places of vectors."""
    if isinstance(thing, (tuple, list)):
        return type(thing)(map(arrays_in, thing))
    return thing.array if type(thing) is Vector else thing


@functools.lru_cache
def compiled(calls: Calls, vectors: int, kept: int, element: str) -> Machine:
    """The loop for some calls on so many vectors, of which the first are kept."""
    lies = {f"v{place}": Lies(f"v{place}") for place in range(vectors)}
    lies |= {f"k{k}": Lies("numbers", offset=k, down=False, across=False) for k in range(calls.count(-1))}
    stores, numbers, rest = [], itertools.count(), iter(calls)
    for ufunc in rest:
        out, *places = itertools.islice(rest, 1 + ufunc.nin)
        operands = [name(f"k{next(numbers)}", ()) if place < 0 else name(f"v{place}", (Rows(),)) for place in places]
        stores.append(Store(name(f"v{out}", (Rows(),)), function(ufunc, *operands), adds=False))
    written = {str(store.place.info): None for store in stores}
    loop = Loop(stores, lies, [text for text in written if int(text[1:]) < kept], element, 1, Rows())
    arrays = [*(f"v{place}" for place in range(vectors)), "numbers"]
    return Machine(loop.text(arrays), len(arrays))
