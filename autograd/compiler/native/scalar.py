"""A scalar graph as machine code: forward and backward for eight examples at once, without an array in between.

The rules that print Python over floats (`straight`) print instructions here (`llvm`). What is the same for all
examples is computed once, before the loop over them; the gradients that reach it are added up in the loop, and sent on
behind it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd import ops
from autograd.compiler.arguments import FloatArray
from autograd.compiler.arrays.array import Array, name
from autograd.compiler.arrays.function import function
from autograd.compiler.blocks.block import Term
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.buffers.buffered import EXAMPLES
from autograd.compiler.buffers.cost import MANY, microseconds
from autograd.compiler.buffers.lowering import quickest
from autograd.compiler.native.llvm import ADDED, FILLED, FUSED, LANES, SMALLER, Code, helpers, joined
from autograd.compiler.native.machine import Machine, is_known, opened
from autograd.compiler.printers.straight import LETTERS, flows, in_order, operand, terms_of, value, wanted_for
from autograd.compiler.scalars.graph import CODE, CODES, LEAVES, SUM, Canonical, computing, differs
from autograd.nested import aligned_like

BLOCK = 200
"""Instructions in a row; LLVM takes more than its share of time for longer ones."""

NEAR = 300
"""Lines after which a number is read again from memory: to keep it in a register would cost others theirs."""

Known = dict[str, tuple[str, int]]
"""The result of a variable, and the line at which it was made, or 0 if it is kept."""

LONGEST = 12_000
"""More terms than this are never written out."""

WRITTEN, FAR, CACHE, SMOOTH = 0.1, 0.42, 1024, 3.0
"""Nanoseconds that a term takes for an example, forward and backward, and how many more where the numbers in use, each
for eight examples, fill the cache nearest to the processor, which holds about so many; and what a function without
kinks takes, such as tanh: others are a comparison."""

LESS = 0.65
"""The part of the terms that may be left if linear maps are to be one: coefficients that many share are read once,
those of one map from memory, each for itself."""

LARGE = 8
"""Rows and columns from which on a matrix is large."""

ARRAYS = ("theta", "x", "y", "u", "outside", "value", "gradient", "dx", "work")
"""The arguments of a function, besides the number of examples: all are arrays of float64."""

DOUBLE = np.dtype(np.float64)


ROWS = ("input", "target", "noise")
"""The leaves of which every example has a row."""


class Writer:
    """The text of a function of a plan: of the kind "value_and_grad", "inputs" (with dX) or "outputs"."""

    def __init__(self, made: Plan, kind: str) -> None:
        self.made, self.graph, self.kind = made, made.canonical, kind
        self.batched = differs(made.canonical)
        self.calls: dict[str, int] = {}
        self.rows: set[str] = set()
        """The arrays of which rows are read or written."""
        self.slots: dict[str, int] = {}
        """Where the memory for work has a number, or one for every lane."""
        self.size = self.sums = 0
        """How much memory is needed, and where in it the sums over the examples begin."""
        self.nodes = in_order(self.graph)
        leaves = ["parameter"] * (kind != "outputs") + ["input"] * (kind == "inputs")
        self.wanted = wanted_for(self.graph, self.nodes, leaves)

    # ── memory ───────────────────────────────────────────────────────────────────────────────

    def slot(self, text: str, lanes: int) -> int:
        """The place of a number in the memory for work."""
        if text not in self.slots:
            self.slots[text] = self.size + -self.size % lanes  # no vector lies across two lines of the cache
            self.size = self.slots[text] + lanes
        return self.slots[text]

    def address(self, code: Code, array: str, index: int | str) -> str:
        """The address of an element."""
        return code.let(f"getelementptr double, ptr %{array}, i64 {index}")

    def load(self, code: Code, array: str, index: int) -> str:
        """A number that is the same for all examples, in every lane."""
        place = self.address(code, array, index)
        return code.everywhere(code.let(f"load double, ptr {place}"))

    def column(self, code: Code, array: str, index: int) -> str:
        """An element of the row of each example."""
        result = "poison"
        for lane in range(LANES):
            one = code.let(f"load double, ptr {self.cell(code, array, lane, index)}")
            result = code.let(f"insertelement {code.number} {result}, double {one}, i32 {lane}")
        return result

    def columns(self, code: Code) -> None:
        """The rows that are read, turned: each element of eight examples side by side in the memory for work."""
        graph = self.graph
        for leaf in ROWS:
            for node in np.flatnonzero(graph.alive & (graph.code == CODE[leaf])).tolist():
                index = int(graph.data[node])
                self.put(code, f"{LETTERS[leaf]}{index}", self.column(code, LETTERS[leaf], index))

    def put(self, code: Code, text: str, number: str) -> None:
        """Write a number to the memory for work."""
        place = self.address(code, "work", self.slot(text, code.lanes))
        code.do(f"store {code.number} {number}, ptr {place}, align 8")
        code.known.clear()

    def cell(self, code: Code, array: str, lane: int, index: int) -> str:
        """The address of an element of the row of an example."""
        self.rows.add(array)
        return self.address(code, f"{array}.{lane}", index)

    def store_column(self, code: Code, array: str, index: int, number: str) -> None:
        """Write an element of the row of each example; lanes without an example write to the last row, and first."""
        for lane in reversed(range(LANES)):
            one = code.let(f"extractelement {code.number} {number}, i32 {lane}")
            code.do(f"store double {one}, ptr {self.cell(code, array, lane, index)}")

    def add_to(self, code: Code, text: str, number: str) -> None:
        """Add to a number for every lane in the memory for work; what is the same for all examples to the first."""
        place = self.address(code, "work", self.slot(text, LANES))
        old = code.anew(f"load {code.number}, ptr {place}, align 8")
        new = code.anew(f"fadd contract {code.number} {old}, {number}")
        code.do(f"store {code.number} {new}, ptr {place}, align 8")

    # ── names ────────────────────────────────────────────────────────────────────────────────

    def named(self, code: Code, known: Known) -> Callable[[str], str]:
        """Says where a variable of `straight` is: p0, x3, v17, d17 …"""
        leaf = {"p": "theta", "o": "outside"}

        def find(text: str) -> str:
            if text in known:
                result, made = known[text]
                near = not made or len(code.lines) - made < NEAR or text not in self.slots
                return result if near else self.again(code, text)
            letter, number = text[0], int(text[1:])
            if letter in leaf:
                return self.load(code, leaf[letter], number)
            if letter in "xyu":
                return self.again(code, text)
            return self.load(code, "work", self.slots[text])  # what is the same for all examples

        return find

    def again(self, code: Code, text: str) -> str:
        """A number that was put into the memory for work."""
        return code.let(f"load {code.number}, ptr {self.address(code, 'work', self.slots[text])}, align 8")

    # ── parts ────────────────────────────────────────────────────────────────────────────────

    def text(self) -> str:
        """The module."""
        common, rows = ([node for node in self.nodes if self.batched[node] == batched] for batched in (False, True))
        before, inside, after = (Code(lanes, self.calls, stem) for lanes, stem in (
            (1, "before"), (LANES, "inside"), (1, "after")))
        self.forward(before, common, {})
        here: Known = {}
        self.columns(inside)
        self.forward(inside, rows, here)
        self.sums = self.size
        if self.kind == "outputs":
            self.outputs(inside, here)
        else:
            self.total(inside, here)
            seed = {int(self.graph.roots[0]): name("share", ())}
            outside = self.backward(inside, rows, here | {"share": ("%share", 0)}, seed)
            self.backward(after, common, {}, {}, outside)
        return self.assembled(before, inside, after)

    def forward(self, code: Code, nodes: Iterable[int], known: Known) -> None:
        """The values of nodes."""
        find = self.named(code, known)
        for node in nodes:
            text = f"v{node}"
            number = self.sum(code, node, find) if self.graph.code[node] == SUM else code.value(
                value(self.graph, node), find)
            known[text] = number, len(code.lines)
            self.put(code, text, number)

    def sum(self, code: Code, node: int, find: Callable[[str], str]) -> str:
        """A sum of signed products, each fused with the addition that takes it."""
        result = ""
        for _, (sign, one, other) in terms_of(self.graph, node):
            left, right = code.value(one, find), "" if other is None else code.value(other, find)
            if result and not right:
                result = code.sub(result, left) if sign < 0 else code.add(result, left)
                continue
            left = code.let(f"fneg {code.number} {left}") if sign < 0 else left
            if result:
                result = code.intrinsic("fmuladd", left, right, result)
            else:
                result = code.mul(left, right) if right else left
        return result

    def total(self, code: Code, known: Known) -> None:
        """Add up the losses of the examples that there are."""
        root = code.value(operand(self.graph, int(self.graph.roots[0])), self.named(code, known))
        self.add_to(code, "total", code.let(
            f"select {code.truth} %there, {code.number} {root}, {code.number} {code.constant(0.0)}"))

    def outputs(self, code: Code, known: Known) -> None:
        """Write the results of every example."""
        for place, root in enumerate(self.graph.roots.tolist()):
            self.store_column(code, "value", place, code.value(operand(self.graph, root), self.named(code, known)))

    def backward(
        self, code: Code, nodes: list[int], known: Known, arrived: dict[int, Array],
        outside: Iterable[int] = (),
    ) -> set[int]:
        """The gradients of nodes, and of the leaves below them; `outside` are nodes that gradients have reached.

        Returned are those that have been reached here and are computed elsewhere: their gradients are added up.
        """
        find = self.named(code, known)
        mine, elsewhere = set(nodes), set[int]()
        sums = {node: code.value(flow, find) for node, flow in arrived.items() if node in self.wanted}
        sums |= {node: self.summed(code, f"g{node}") for node in outside if node in mine}
        self.leave(code, sums, mine, elsewhere)
        for node in reversed(nodes):
            if node not in sums:
                continue
            known[f"d{node}"] = sums.pop(node), 0
            for below, flow in flows(self.graph, node, name(f"d{node}", ())):
                if below in self.wanted:
                    number = code.value(flow, find)
                    sums[below] = code.add(sums[below], number) if below in sums else number
            self.leave(code, sums, mine, elsewhere)
            code.known.clear()
        for node, number in sums.items():
            self.store_column(code, "dx", int(self.graph.data[node]), number)
        return elsewhere

    def leave(self, code: Code, sums: dict[int, str], mine: set[int], elsewhere: set[int]) -> None:
        """Put aside the gradients of what is not computed here: leaves, and what is the same for all examples."""
        for node in [node for node in sums if node not in mine and self.graph.code[node] != CODE["input"]]:
            self.add_to(code, f"g{node}", sums.pop(node))
            if self.graph.code[node] >= len(LEAVES):
                elsewhere.add(node)

    def summed(self, code: Code, text: str) -> str:
        """The sum over the lanes of a number in the memory for work."""
        place = self.address(code, "work", self.slot(text, LANES))
        vector = f"<{LANES} x double>"
        lanes = code.anew(f"load {vector}, ptr {place}, align 8")
        self.calls[ADDED] = 2
        return code.anew(f"call reassoc double @{ADDED}(double 0.0, {vector} {lanes})")

    # ── the module ───────────────────────────────────────────────────────────────────────────

    def assembled(self, before: Code, inside: Code, after: Code) -> str:
        """The function: what comes before the loop over the examples, in it, and behind it."""
        if self.kind != "outputs":
            self.zeros(before, self.address(before, "work", self.sums), self.size - self.sums)
            self.results(before, after)
        arguments = ", ".join(f"ptr noalias %{array}" for array in ARRAYS)
        heads = self.heads()
        return "".join([
            helpers(self.calls, is_known), SQUARES * (self.kind == "value_and_grad"), opened(ARRAYS),
            f"\ndefine private void @compute({arguments}, i64 %n) noinline nounwind {{\nentry:\n",
            joined(["%last = sub i64 %n, 1", "%count = sitofp i64 %n to double", "%one = fdiv double 1.0, %count"]),
            joined(blocks(before)), "  br label %loop\nloop:\n",
            f"  %i = phi i64 [ 0, %{last_block(before, 'entry')} ], [ %next, %{last_block(inside, 'loop')} ]\n",
            joined(heads), joined(blocks(inside)),
            joined([f"%next = add i64 %i, {LANES}", "%more = icmp slt i64 %next, %n",
                    "br i1 %more, label %loop, label %done"]),
            "done:\n", joined(blocks(after)), "  ret void\n}\n",
        ])

    def zeros(self, code: Code, place: str, count: int) -> None:
        """Fill memory with zeros."""
        self.calls[FILLED] = 4
        code.do(f"call void @{FILLED}(ptr {place}, i8 0, i64 {8 * count}, i1 false)")

    def results(self, before: Code, after: Code) -> None:
        """The mean and its gradient, and whether what was given is moderate."""
        graph, parameters = self.graph, self.made.sizes["parameter"]
        mean = after.arithmetic("fmul", self.summed(after, "total"), "%one")
        after.do(f"store double {mean}, ptr %value")
        reached = {int(graph.data[node]): f"g{node}" for node in np.flatnonzero(
            graph.alive & (graph.code == CODE["parameter"])).tolist() if f"g{node}" in self.slots}
        if len(reached) < parameters:
            self.zeros(before, "%gradient", parameters)
        for index, text in reached.items():
            after.do(f"store double {self.summed(after, text)}, ptr {self.address(after, 'gradient', index)}")
        if self.kind == "value_and_grad":
            after.do(f"store double {self.moderation(after)}, ptr {self.address(after, 'value', 1)}")

    def moderation(self, code: Code) -> str:
        """The sum of the squares of all that is given, or nan where a slope is not finite."""
        self.calls |= {ADDED: 2, FUSED: 3}
        sizes = self.made.sizes
        counts = {"theta": str(sizes["parameter"]), "outside": str(len(self.made.outside))}
        counts |= {array: code.let(f"mul i64 %n, {sizes[leaf]}") for array, leaf in (("x", "input"), ("y", "target"))}
        total = code.anew(f"call double @squares(ptr %gradient, i64 {sizes['parameter']})")
        total = code.mul(total, code.constant(0.0))
        for array, count in counts.items():
            total = code.add(total, code.anew(f"call double @squares(ptr %{array}, i64 {count})"))
        return total

    def heads(self) -> list[str]:
        """Which examples are in the lanes, where their rows begin, and what share each has in the mean."""
        code, there = Code(LANES, self.calls, "head"), "poison"
        self.calls[SMALLER] = 2
        width = {LETTERS[leaf]: self.made.sizes[leaf] for leaf in ROWS}
        width |= {"dx": self.made.sizes["input"], "value": len(self.graph.roots)}
        for lane in range(LANES):
            at = code.let(f"add i64 %i, {lane}")
            there = code.let(f"insertelement {code.truth} {there}, i1 {code.let(f'icmp slt i64 {at}, %n')}, i32 {lane}")
            row = code.let(f"call i64 @{SMALLER}(i64 {at}, i64 %last)")
            for array in sorted(self.rows):
                begin = code.let(f"mul i64 {row}, {width[array]}")
                code.do(f"%{array}.{lane} = getelementptr double, ptr %{array}, i64 {begin}")
        code.do(f"%there = freeze {code.truth} {there}")
        code.do(f"%share = select {code.truth} %there, {code.number} {code.everywhere('%one')}, "
                f"{code.number} {code.constant(0.0)}")
        return code.lines


SQUARES = f"""
define internal double @squares(ptr %numbers, i64 %count) noinline nounwind {{
  %whole = and i64 %count, {-LANES}
  %some = icmp sgt i64 %whole, 0
  br i1 %some, label %several, label %end
several:
  %c = phi i64 [ 0, %0 ], [ %c.next, %several ]
  %sums = phi <{LANES} x double> [ zeroinitializer, %0 ], [ %more, %several ]
  %place = getelementptr double, ptr %numbers, i64 %c
  %x = load <{LANES} x double>, ptr %place, align 8
  %more = call <{LANES} x double> @{FUSED}(<{LANES} x double> %x, <{LANES} x double> %x, <{LANES} x double> %sums)
  %c.next = add i64 %c, {LANES}
  %again = icmp slt i64 %c.next, %whole
  br i1 %again, label %several, label %end
end:
  %lanes = phi <{LANES} x double> [ zeroinitializer, %0 ], [ %more, %several ]
  %begin = call reassoc double @{ADDED}(double 0.0, <{LANES} x double> %lanes)
  br label %test
test:
  %i = phi i64 [ %whole, %end ], [ %i.next, %one ]
  %sum = phi double [ %begin, %end ], [ %sum.next, %one ]
  %left = icmp slt i64 %i, %count
  br i1 %left, label %one, label %done
one:
  %single = getelementptr double, ptr %numbers, i64 %i
  %y = load double, ptr %single
  %square = fmul double %y, %y
  %sum.next = fadd double %sum, %square
  %i.next = add i64 %i, 1
  br label %test
done:
  ret double %sum
}}
"""
"""The function that adds up the squares of so many numbers."""


def blocks(code: Code) -> list[str]:
    """The lines of a part, in blocks that follow one another."""
    result: list[str] = []
    for at, line in enumerate(code.lines):
        if at and at % BLOCK == 0:
            label = f"{code.stem}{at // BLOCK}"
            result += [f"br label %{label}", f"{label}:"]
        result.append(line)
    return result


def last_block(code: Code, first: str) -> str:
    """The name of the block in which a part ends."""
    number = max(0, len(code.lines) - 1) // BLOCK
    return f"{code.stem}{number}" if number else first


# ── what runs, and for how many examples ──────────────────────────────────────────────────────────────


def is_large_product(term: Term) -> bool:
    """Whether a term is a product of a large matrix of weights with rows of examples, which BLAS does."""
    if term.right is None or term.left.source is None or not term.weights:
        return False
    pairs, rows, columns = map(int, term.left.index.shape)
    return pairs == 1 and min(rows, columns) >= LARGE


def fewest_for_arrays(made: Plan) -> float:
    """From so many examples on, arrays take less time than what is written out; infinite without large products."""
    parts = [part for block in made.blocks for part in (block, *block.pieces)]
    if not any(is_large_product(term) for part in parts for term in part.terms):
        return math.inf
    plans = [made] if made.quicker is None else [made, made.quicker]
    calls = min((quickest(function(plan, made.kind))[0] for plan in plans),
                key=lambda calls: microseconds(calls, EXAMPLES))
    few, many = (microseconds(calls, n) for n in (EXAMPLES, MANY))
    each = (many - few) / (MANY - EXAMPLES)
    graph = made.canonical
    rows = [ops.ROWS[CODES[code]] for code in graph.code[computing(graph)].tolist() if code != SUM]
    term = WRITTEN + FAR * min(1.0, float(graph.alive.sum()) / CACHE)
    smooth = SMOOTH * sum(row.recorded and not row.kinks for row in rows)
    saved = (term * (len(graph.left) + len(graph.args)) + smooth) / 1000 - each
    return (few - each * EXAMPLES) / saved if saved > 0 else math.inf


def with_least_work(made: Plan) -> Plan:
    """The plan in whose graph there is less to compute: with linear maps that follow one another as one, or without."""
    quicker = made.quicker
    return made if quicker is None or work(quicker.canonical) > LESS * work(made.canonical) else quicker


def work(graph: Canonical) -> int:
    """The terms and operands to compute for a usual number of examples."""
    batched, times = differs(graph)[:-1] & graph.alive, np.diff(graph.first) + np.diff(graph.start)
    return int(times[graph.alive].sum() + (EXAMPLES - 1) * times[batched].sum())


class Native:
    """The functions of a plan as machine code, made when first called, for batches of fewer examples than `below`."""

    def __init__(self, made: Plan, below: float = math.inf) -> None:
        self.made, self.below = made, below
        self.machines: dict[str, tuple[Machine, int]] = {}

    @classmethod
    def of(cls, made: Plan) -> Native | None:
        """The machine code of a plan, or None where there is so much of it that arrays are quicker."""
        if len(made.canonical.left) + len(made.canonical.args) > LONGEST:
            return None
        made = with_least_work(made)
        below = fewest_for_arrays(made)
        return cls(made, below) if below > LANES else None

    def machine(self, kind: str) -> tuple[Machine, int]:
        """The function of a kind, and how much memory it works in."""
        if kind not in self.machines:
            writer = Writer(self.made, kind)
            self.machines[kind] = Machine(writer.text(), len(ARRAYS)), writer.size
        return self.machines[kind]

    def call(self, kind: str, examples: int) -> NativeCall:
        """New arrays for a function and a number of examples."""
        return NativeCall(*self.machine(kind), self.made, kind, examples)


class NativeCall:
    """The arrays in which a function works on a number of examples, and which is called with others."""

    def __init__(self, machine: Machine, size: int, made: Plan, kind: str, examples: int) -> None:
        self.function, self.kind, self.examples = machine.function, kind, examples
        self.value = np.zeros((examples, len(made.graph.roots)) if kind == "outputs" else 2)
        self.dx = np.zeros((examples, made.sizes["input"]) if kind == "inputs" else 0)
        self.work = aligned_like(np.zeros(size))
        self.work.fill(0)
        self.own = id(self.value), id(self.dx), id(self.work)

    def __call__(
        self, theta: FloatArray, x: FloatArray, y: FloatArray | None, noise: FloatArray | None, outside: FloatArray,
        out: FloatArray | None,
    ) -> tuple[Any, ...]:
        """What the function returns, computed in float64, in the dtype of theta."""
        dtype, wide = theta.dtype, theta
        y = x if y is None else y  # what there is not is never read
        if dtype is not DOUBLE:
            wide, x, y = (array.astype(DOUBLE, copy=False) for array in (theta, x, y))
        u = x if noise is None else np.ascontiguousarray(noise)
        gradient = out if out is not None and dtype is DOUBLE else np.empty(len(theta))
        value, dx, work = self.own
        self.function(id(wide), id(x), id(y), id(u), id(outside), value, id(gradient), dx, work, self.examples)
        if self.kind == "outputs":
            return (self.value.astype(dtype),)
        if out is None:
            out = gradient.astype(dtype, copy=False)
        elif out is not gradient:
            out[:] = gradient
        result = dtype.type(self.value[0]), out
        return (*result, self.dx.astype(dtype)) if self.kind == "inputs" else result

    def is_moderate(self, largest: float) -> bool:
        """Whether in the last call no number that was given was larger than this, and all slopes were finite."""
        return bool(self.value[1] <= largest**2)
