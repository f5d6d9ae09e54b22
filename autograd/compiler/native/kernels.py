"""Loops of machine code over arrays: calls that compute element by element, done together in one pass over memory.

The arrays of a loop have rows and columns. An operand that is spread out stays where it is: one that is the same for
all rows is read again in each, one with a number for each row once in it. Results that nobody reads later are not
written. Eight columns are computed at once; lanes behind the last one compute that again.

>>> from autograd.compiler.arrays.array import function, name
>>> from autograd.compiler.native.machine import Machine
>>> z, b = name("z", (Rows(), 3)), name("b", (3,))
>>> lies = {"z": Lies("z"), "b": Lies("b", down=False)}
>>> loop = Loop([Store(z, function(np.add, z, b), adds=False)], lies, ["z"], "double", Rows(), 3)
>>> machine = Machine(loop.text(["z", "b"]), 2)
>>> array, bias = np.ones((2, 3)), np.arange(3.0)
>>> machine.function(id(array), id(bias), len(array))
>>> array.tolist()
[[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from autograd.compiler.arrays.array import Array, Rows, Size, Store, names_in
from autograd.compiler.native.llvm import LANES, MATHEMATICS, SMALLER, UFUNCS, Code, helpers, joined
from autograd.compiler.native.machine import is_known, opened

ELEMENTS = {"f": "float", "d": "double"}
"""What LLVM calls the dtypes."""

NOTABLE = {*UFUNCS, *(getattr(np, function) for function in MATHEMATICS)}
"""The ufuncs that a loop can do."""


class Lies(NamedTuple):
    """Where an operand lies: in which array, and whether it goes on from row to row and from column to column."""

    array: str
    down: bool = True
    across: bool = True
    truth: bool = False
    offset: int = 0


class Loop(NamedTuple):
    """Statements that compute arrays element by element; of what they write, `kept` is what is read later."""

    stores: Sequence[Store]
    lies: Mapping[str, Lies]
    kept: Sequence[str]
    element: str
    rows: Size
    columns: Size

    @property
    def arrays(self) -> tuple[Array, ...]:
        """What it reads and writes."""
        return tuple(array for store in self.stores for array in store.arrays)

    def is_own(self, text: str) -> bool:
        """Whether nobody but the loop needs an array: it is written before it is read, and read no later."""
        reads: set[str] = set()
        for store in self.stores:
            reads |= set(names_in(store.value))
            if store.place.info == text:
                return text not in reads and text not in self.kept
        return False

    def text(self, arrays: Sequence[str]) -> str:
        """The function of these arrays and of the number of examples."""
        used: dict[str, int] = {SMALLER: 2}
        row, several, rest = (Code(LANES, used, stem, self.element) for stem in ("row", "several", "rest"))
        spread = {text: row.everywhere(self.number(row, lies, "%r")) for text, lies in self.lies.items()
                  if not lies.across}
        self.body(several, spread, Several(several))
        self.body(rest, spread, Rest(rest))
        given = ", ".join(f"ptr %array.{array}" for array in arrays)
        return "".join([
            helpers(used, is_known), opened(arrays),
            f"\ndefine private void @compute({given}, i64 %n) nounwind {{\n",
            joined([
                f"%rows = {length(self.rows)}", f"%columns = {length(self.columns)}", "%last = sub i64 %columns, 1",
                f"%whole = and i64 %columns, {-LANES}", "%some = icmp sgt i64 %whole, 0",
                "%left = icmp slt i64 %whole, %columns", "br label %row.begin",
                "row.begin:", "%r = phi i64 [ 0, %0 ], [ %r.next, %row.end ]", "%base = mul i64 %r, %columns",
                *row.lines, "br i1 %some, label %several.begin, label %several.end",
                "several.begin:", "%c = phi i64 [ 0, %row.begin ], [ %c.next, %several.begin ]",
                "%at = add i64 %base, %c", *several.lines,
                f"%c.next = add i64 %c, {LANES}", "%more = icmp slt i64 %c.next, %whole",
                "br i1 %more, label %several.begin, label %several.end",
                "several.end:", "br i1 %left, label %rest.begin, label %row.end",
                "rest.begin:", *rest.lines, "br label %row.end",
                "row.end:", "%r.next = add i64 %r, 1", "%again = icmp slt i64 %r.next, %rows",
                "br i1 %again, label %row.begin, label %done",
            ]),
            "done:\n  ret void\n}\n",
        ])

    def number(self, code: Code, lies: Lies, row: str) -> str:
        """The single number of an operand in a row."""
        return single(code, lies, row if lies.down else str(lies.offset))

    def body(self, code: Code, spread: Mapping[str, str], memory: Several | Rest) -> None:
        """Everything for some columns: whatever is read is read before anything is written."""
        known = dict(spread)

        def named(text: str) -> str:
            if text not in known:
                known[text] = memory.read(self.lies[text])
            return known[text]

        for store in self.stores:
            known[store.place.info] = code.value(store.value, named)
        for text in self.kept:
            memory.write(self.lies[text], known[text])


class Several:
    """As many columns as there are lanes, side by side in memory."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def address(self, lies: Lies) -> str:
        """Where they begin."""
        return address(self.code, lies, "%at" if lies.down else "%c")

    def read(self, lies: Lies) -> str:
        """Read them."""
        code = self.code
        if lies.truth:
            truths = code.let(f"load <{LANES} x i8>, ptr {self.address(lies)}, align 1")
            return code.let(f"uitofp <{LANES} x i8> {truths} to {code.number}")
        return code.let(f"load {code.number}, ptr {self.address(lies)}, align {size(code)}")

    def write(self, lies: Lies, numbers: str) -> None:
        """Write them."""
        code, place = self.code, self.address(lies)
        if lies.truth:
            numbers = code.let(f"fptoui {code.number} {numbers} to <{LANES} x i8>")
            code.do(f"store <{LANES} x i8> {numbers}, ptr {place}, align 1")
        else:
            code.do(f"store {code.number} {numbers}, ptr {place}, align {size(code)}")


class Rest:
    """The columns that are left, fewer than there are lanes: others read the last one, and write to it first."""

    def __init__(self, code: Code) -> None:
        self.code = code
        across = [code.let(f"call i64 @{SMALLER}(i64 {code.let(f'add i64 %whole, {lane}')}, i64 %last)")
                  for lane in range(LANES)]
        self.index = {True: [code.let(f"add i64 %base, {c}") for c in across], False: across}

    def read(self, lies: Lies) -> str:
        """Read them one by one."""
        result = "poison"
        for lane, index in enumerate(self.index[lies.down]):
            one = single(self.code, lies, index)
            result = self.code.let(f"insertelement {self.code.number} {result}, {self.code.element} {one}, i32 {lane}")
        return result

    def write(self, lies: Lies, numbers: str) -> None:
        """Write them one by one."""
        code = self.code
        for lane, index in reversed([*enumerate(self.index[lies.down])]):
            one, kind = code.let(f"extractelement {code.number} {numbers}, i32 {lane}"), code.element
            if lies.truth:
                one, kind = code.let(f"fptoui {kind} {one} to i8"), "i8"
            code.do(f"store {kind} {one}, ptr {address(code, lies, index)}")


def address(code: Code, lies: Lies, index: str) -> str:
    """The address of an element."""
    return code.let(f"getelementptr {'i8' if lies.truth else code.element}, ptr %array.{lies.array}, i64 {index}")


def single(code: Code, lies: Lies, index: str) -> str:
    """One element as a number."""
    place = address(code, lies, index)
    if lies.truth:
        return code.let(f"uitofp i8 {code.let(f'load i8, ptr {place}')} to {code.element}")
    return code.let(f"load {code.element}, ptr {place}")


def size(code: Code) -> int:
    """The bytes of a number."""
    return 4 if code.element == "float" else 8


def length(size: Size) -> str:
    """The length of an axis."""
    return f"mul i64 %n, {size.times}" if isinstance(size, Rows) else f"add i64 {size}, 0"
