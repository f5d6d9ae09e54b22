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
import numpy.typing as npt

from autograd.compiler.array import Rows, function, name
from autograd.compiler.llvm import LANES, MATHEMATICS, UFUNCS, Code, helpers, joined
from autograd.compiler.native import Machine, is_known, opened

FloatArray = npt.NDArray[Any]

ELEMENTS = {"f": "float", "d": "double"}
"""What LLVM calls the dtypes."""


PLAIN = (float, int, np.floating)
"""The plain numbers."""

NOTABLE = {*UFUNCS, *(getattr(np, function) for function in MATHEMATICS)}
"""The ufuncs that a loop can do."""

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
        numbers = np.array(self.numbers, np.float64)
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
    return Machine(text(calls, vectors, kept, element), vectors + 1)


def text(calls: Calls, vectors: int, kept: int, element: str) -> str:
    """The function as text: a loop for several elements at once, and one for those that are left."""
    arrays = [*(f"v{place}" for place in range(vectors)), "numbers"]
    used: dict[str, int] = {}
    several = looped(Code(LANES, used, "several", element), calls, kept, "0", "%whole", "single.before")
    single = looped(Code(1, used, "single", element), calls, kept, "%whole", "%n", "done")
    return "".join([
        helpers(used, is_known), opened(arrays),
        f"\ndefine private void @compute({', '.join(f'ptr %{array}' for array in arrays)}, i64 %n) nounwind {{\n",
        joined([f"%whole = and i64 %n, {-LANES}", "br label %several.before", *several, *single]),
        "done:\n  ret void\n}\n",
    ])


def looped(code: Code, calls: Calls, kept: int, begin: str, end: str, then: str) -> list[str]:
    """The lines of a loop from one index to another; the plain numbers are read before it."""
    stem, known, written = code.stem, dict[str, str](), set[int]()
    for k in range(calls.count(-1)):
        number = code.let(f"load double, ptr {code.let(f'getelementptr double, ptr %numbers, i64 {k}')}")
        known[f"k{k}"] = code.everywhere(code.let(f"fptrunc double {number} to float") if code.element == "float"
                                         else number)
    before, numbers, rest = len(code.lines), itertools.count(), iter(calls)
    align = f"align {4 if code.element == 'float' else 8}"

    def address(text: str) -> str:
        return code.let(f"getelementptr {code.element}, ptr %{text}, i64 %{stem}.i")

    def named(text: str) -> str:
        return known[text] if text in known else code.let(f"load {code.number}, ptr {address(text)}, {align}")

    for ufunc in rest:
        out, *places = itertools.islice(rest, 1 + ufunc.nin)
        operands = [name(f"k{next(numbers)}", ()) if place < 0 else name(f"v{place}", (Rows(),)) for place in places]
        known[f"v{out}"] = code.value(function(ufunc, *operands), named)
        written.add(out)
    for place in sorted(place for place in written if place < kept):
        code.do(f"store {code.number} {known[f'v{place}']}, ptr {address(f'v{place}')}, {align}")
    return [
        f"{stem}.before:", *code.lines[:before],
        f"%{stem}.some = icmp slt i64 {begin}, {end}", f"br i1 %{stem}.some, label %{stem}, label %{then}",
        f"{stem}:", f"%{stem}.i = phi i64 [ {begin}, %{stem}.before ], [ %{stem}.next, %{stem} ]",
        *code.lines[before:],
        f"%{stem}.next = add i64 %{stem}.i, {code.lanes}", f"%{stem}.more = icmp slt i64 %{stem}.next, {end}",
        f"br i1 %{stem}.more, label %{stem}, label %{then}",
    ]
