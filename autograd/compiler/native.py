"""A scalar graph as machine code: forward and backward for eight examples at once, without an array in between.

The rules that print Python over floats (`straight`) print instructions here (`llvm`). What is the same for all
examples is computed once, before the loop over them; the gradients that reach it are added up in the loop, and sent on
behind it. LLVM comes with the package llvmlite (extra "native"): it compiles in a tenth of the time that numba, which
is made of it, needs to load, and no C compiler has to be there. What it made is kept in a folder of the user's.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.array import Array, name
from autograd.compiler.backward import through
from autograd.compiler.build import Plan
from autograd.compiler.graph import CODE, CODES, LEAVES, NONE, SUM
from autograd.compiler.llvm import LANES, Code, helpers, joined
from autograd.compiler.straight import below_of, factors, operand, value
from autograd.errors import MissingPackageError
from autograd.files import replacing

FloatArray = npt.NDArray[Any]

BLOCK = 200
"""Instructions in a row; LLVM takes more than its share of time for longer ones."""

NEAR = 300
"""Lines after which a number is read again from memory: to keep it in a register would cost others theirs."""

Known = dict[str, tuple[str, int]]
"""The result of a variable, and the line at which it was made, or 0 if it is kept."""

FEW, LIKE, MANY = 1000, 30, 20_000
"""Up to so many terms, and so many more for every block, straight-line code is quicker than arrays; more than the last
are never written out."""

KEPT = 8
"""Numbers of examples, and kinds, for which a thread keeps memory."""

ARRAYS = ("theta", "x", "y", "u", "outside", "value", "gradient", "dx", "work")
"""The arguments of a function, besides the number of examples: all are arrays of float64."""

COLUMNS = {"parameter": "theta", "input": "x", "target": "y", "noise": "u", "outside": "outside"}


class Writer:
    """The text of a function of a plan: of the kind "value_and_grad", "inputs" (with dX) or "outputs"."""

    def __init__(self, made: Plan, kind: str) -> None:
        self.made, self.graph, self.kind = made, made.canonical, kind
        self.batched = batched_nodes(made)
        self.calls: set[str] = set()
        self.rows: set[str] = set()
        """The arrays of which rows are read or written."""
        self.slots: dict[str, int] = {}
        """Where the memory for work has a number, or one for every lane."""
        self.size = 0
        alive = self.graph.alive & (self.graph.code >= len(LEAVES))
        order = np.argsort(self.graph.level, kind="stable")
        self.nodes = [int(node) for node in order if alive[node]]
        self.wanted = self.with_gradient() if kind != "outputs" else set()

    def with_gradient(self) -> set[int]:
        """The nodes whose gradients are asked for, or needed for those."""
        leaves = ["parameter"] + ["input"] * (self.kind == "inputs")
        wanted = {int(node) for leaf in leaves
                  for node in np.flatnonzero(self.graph.alive & (self.graph.code == CODE[leaf]))}
        for node in self.nodes:
            if any(below in wanted for below in below_of(self.graph, node)):
                wanted.add(node)
        return wanted

    # ── memory ───────────────────────────────────────────────────────────────────────────────

    def slot(self, text: str, lanes: int) -> int:
        """The place of a number in the memory for work."""
        if text not in self.slots:
            self.slots[text] = self.size
            self.size += lanes
        return self.slots[text]

    def address(self, code: Code, array: str, index: int | str) -> str:
        """The address of an element."""
        return code.let(f"getelementptr double, ptr %{array}, i64 {index}")

    def load(self, code: Code, array: str, index: int) -> str:
        """A number that is the same for all examples, in every lane."""
        place = self.address(code, array, index)
        return spread(code, code.let(f"load double, ptr {place}"))

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
        for letter, leaf in (("x", "input"), ("y", "target"), ("u", "noise")):
            for node in np.flatnonzero(graph.alive & (graph.code == CODE[leaf])).tolist():
                index = int(graph.data[node])
                self.put(code, f"{letter}{index}", self.column(code, letter, index))

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
        """Add to a number for every lane in the memory for work."""
        place = self.address(code, "work", self.slot(text, LANES))
        code.do(f"%a{len(code.lines)} = load {code.number}, ptr {place}, align 8")
        old = f"%a{len(code.lines) - 1}"
        code.do(f"%a{len(code.lines)} = fadd contract {code.number} {old}, {number}")
        code.do(f"store {code.number} %a{len(code.lines) - 1}, ptr {place}, align 8")

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
        # What is the same for all examples, forward.
        common, rows = [node for node in self.nodes if not self.batched[node]], [
            node for node in self.nodes if self.batched[node]]
        before = Code(1, self.calls)
        self.forward(before, common, {})
        inside = Code(LANES, self.calls)
        here: Known = {}
        self.columns(inside)
        self.forward(inside, rows, here)
        after = Code(1, self.calls)
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
        graph, result = self.graph, ""
        for term in range(graph.first[node], graph.first[node + 1]):
            left = code.value(operand(graph, int(graph.left[term])), find)
            negative = graph.sign[term] < 0
            if graph.right[term] == NONE:
                if result:
                    result = code.sub(result, left) if negative else code.add(result, left)
                else:
                    result = code.let(f"fneg {code.number} {left}") if negative else left
                continue
            right = code.value(operand(graph, int(graph.right[term])), find)
            left = code.let(f"fneg {code.number} {left}") if negative else left
            result = code.intrinsic("fmuladd", left, right, result) if result else code.mul(left, right)
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
        graph, find = self.graph, self.named(code, known)
        mine, elsewhere = set(nodes), set[int]()
        flows = {node: code.value(flow, find) for node, flow in arrived.items() if node in self.wanted}
        for node in outside:
            if node in mine:
                flows[node] = self.summed(code, f"g{node}")
        if self.kind != "outputs" and code.lanes == LANES:
            self.leave(code, flows, mine, elsewhere)
        for node in reversed(nodes):
            if node not in self.wanted or node not in flows:
                continue
            known[f"d{node}"] = flows.pop(node), 0
            for below, flow in self.passed(node):
                if below in self.wanted:
                    number = code.value(flow, find)
                    flows[below] = code.add(flows[below], number) if below in flows else number
            self.leave(code, flows, mine, elsewhere)
            code.known.clear()
        for node, number in flows.items():
            self.store_column(code, "dx", int(graph.data[node]), number)
        return elsewhere

    def passed(self, node: int) -> list[tuple[int, Array]]:
        """What a node reads, with the gradient that it passes on."""
        graph, g = self.graph, name(f"d{node}", ())
        if graph.code[node] == SUM:
            return [(below, g * factor) for below, factor in factors(graph, node)]
        args = [int(arg) for arg in graph.args[graph.start[node] : graph.start[node + 1]]]
        row, operands = ops.TABLE[CODES[graph.code[node]]], [operand(graph, arg) for arg in args]
        passed = through(row, g, operand(graph, node), operands)
        return [(arg, flow) for arg, flow in zip(args, passed, strict=False) if flow is not None]

    def leave(self, code: Code, flows: dict[int, str], mine: set[int], elsewhere: set[int]) -> None:
        """Put aside the gradients of what is not computed here: leaves, and what is the same for all examples."""
        for node in [node for node in flows if node not in mine and self.graph.code[node] != CODE["input"]]:
            number, kind = flows.pop(node), CODES[self.graph.code[node]]
            if code.lanes == 1:
                self.add_once(code, f"g{node}", number)
            else:
                self.add_to(code, f"g{node}", number)
            if kind not in LEAVES:
                elsewhere.add(node)

    def add_once(self, code: Code, text: str, number: str) -> None:
        """Add to the first lane of a number in the memory for work."""
        place = self.address(code, "work", self.slot(text, LANES))
        code.do(f"%a{len(code.lines)} = load double, ptr {place}")
        code.do(f"%a{len(code.lines)} = fadd double %a{len(code.lines) - 1}, {number}")
        code.do(f"store double %a{len(code.lines) - 1}, ptr {place}")

    def summed(self, code: Code, text: str) -> str:
        """The sum over the lanes of a number in the memory for work."""
        place = self.address(code, "work", self.slot(text, LANES))
        vector = f"<{LANES} x double>"
        code.do(f"%a{len(code.lines)} = load {vector}, ptr {place}, align 8")
        self.calls.add(ADDED)
        code.do(f"%a{len(code.lines)} = call reassoc double @{ADDED}(double 0.0, {vector} %a{len(code.lines) - 1})")
        return f"%a{len(code.lines) - 1}"

    # ── the module ───────────────────────────────────────────────────────────────────────────

    def assembled(self, before: Code, inside: Code, after: Code) -> str:
        """The function: what comes before the loop over the examples, in it, and behind it."""
        if self.kind != "outputs":
            mean = after.arithmetic("fmul", self.summed(after, "total"), "%one")
            after.do(f"store double {mean}, ptr %value")
            for node in np.flatnonzero(self.graph.alive & (self.graph.code == CODE["parameter"])).tolist():
                if f"g{node}" in self.slots:
                    number = self.summed(after, f"g{node}")
                    place = self.address(after, "gradient", int(self.graph.data[node]))
                    after.do(f"store double {number}, ptr {place}")
        rows = [f"%at{lane} = add i64 %i, {lane}" for lane in range(LANES)]
        rows += [f"%row{lane} = call i64 @llvm.smin.i64(i64 %at{lane}, i64 %last)" for lane in range(LANES)]
        here = "poison"
        for lane in range(LANES):
            rows.append(f"%in{lane} = icmp slt i64 %at{lane}, %n")
            rows.append(f"%there.{lane} = insertelement {inside.truth} {here}, i1 %in{lane}, i32 {lane}")
            here = f"%there.{lane}"
        width = {leaf: self.made.sizes[kind] for kind, leaf in COLUMNS.items()} | {
            "dx": self.made.sizes["input"], "value": len(self.graph.roots)}
        for array in sorted(self.rows):
            for lane in range(LANES):
                rows += [f"%{array}.at{lane} = mul i64 %row{lane}, {width[array]}",
                         f"%{array}.{lane} = getelementptr double, ptr %{array}, i64 %{array}.at{lane}"]
        vector, zeros = inside.number, inside.constant(0.0)
        rows += [
            f"%there = select i1 true, {inside.truth} {here}, {inside.truth} {here}",
            f"%ones = insertelement {vector} poison, double %one, i32 0",
            f"%all = shufflevector {vector} %ones, {vector} poison, <{LANES} x i32> zeroinitializer",
            f"%share = select {inside.truth} %there, {vector} %all, {vector} {zeros}",
        ]
        arguments = ", ".join(f"ptr noalias %{array}" for array in ARRAYS)
        calls = {name for name in self.calls if name != ADDED}
        return "".join([
            f"declare double @{ADDED}(double, {vector})\ndeclare i64 @llvm.smin.i64(i64, i64)\n",
            helpers(calls, is_known), f"\ndefine void @function({arguments}, i64 %n) nounwind {{\nentry:\n",
            joined(["%last = sub i64 %n, 1", "%count = sitofp i64 %n to double", "%one = fdiv double 1.0, %count"]),
            joined(blocks(renamed(before.lines, "p"), "before")), "  br label %loop\nloop:\n",
            f"  %i = phi i64 [ 0, %{last_block('before', before)} ], [ %next, %{last_block('inside', inside)} ]\n",
            joined(rows), joined(blocks(inside.lines, "inside")),
            joined([f"%next = add i64 %i, {LANES}", "%more = icmp slt i64 %next, %n",
                    "br i1 %more, label %loop, label %done"]),
            "done:\n", joined(blocks(renamed(after.lines, "q"), "after")), "  ret void\n}\n",
        ])


ADDED = f"llvm.vector.reduce.fadd.v{LANES}f64"


def renamed(lines: Iterable[str], letter: str) -> list[str]:
    """Lines whose temporary names are those of another part."""
    return [line.replace("%t", f"%{letter}t").replace(f"%{letter}there", "%there").replace(
        f"%{letter}theta", "%theta").replace("%a", f"%{letter}a").replace(f"%{letter}all", "%all") for line in lines]


def blocks(lines: list[str], stem: str) -> list[str]:
    """Lines in blocks that follow one another."""
    result: list[str] = []
    for at, line in enumerate(lines):
        if at and at % BLOCK == 0:
            result += [f"br label %{stem}{at // BLOCK}", f"{stem}{at // BLOCK}:"]
        result.append(line)
    return result


def last_block(stem: str, code: Code) -> str:
    """The name of the block in which such lines end."""
    number = max(0, len(code.lines) - 1) // BLOCK
    return f"{stem}{number}" if number else {"before": "entry", "inside": "loop"}[stem]


def spread(code: Code, number: str) -> str:
    """A number in every lane."""
    if code.lanes == 1:
        return number
    one = code.let(f"insertelement {code.number} poison, double {number}, i32 0")
    return code.let(f"shufflevector {code.number} {one}, {code.number} poison, <{LANES} x i32> zeroinitializer")


def batched_nodes(made: Plan) -> npt.NDArray[np.bool_]:
    """The nodes that differ from example to example."""
    graph = made.canonical
    batched = np.isin(graph.code, [CODE[leaf] for leaf in ("input", "target", "noise")])
    for node in np.argsort(graph.level, kind="stable").tolist():
        if graph.alive[node] and graph.code[node] >= len(LEAVES):
            batched[node] = any(batched[below] for below in below_of(graph, node))
    return batched


# ── LLVM ──────────────────────────────────────────────────────────────────────────────────────────


def llvm() -> Any:
    """llvmlite's binding of LLVM, ready; raises `MissingPackageError` without it."""
    try:
        import llvmlite.binding as binding
    except ModuleNotFoundError:
        raise MissingPackageError(
            'engine="native" and to_native() need the package llvmlite: pip install -e ".[native]"') from None
    with contextlib.suppress(RuntimeError):  # newer ones need no initialisation
        binding.initialize()
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


def is_known(name: str) -> bool:
    """Whether the C library has a function, which machine code may call from now on."""
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    with contextlib.suppress(AttributeError):
        llvm().add_symbol(name, ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
        return True
    return False


def folder() -> Path:
    """Where machine code is kept: a folder of caches of the user's."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "reroll"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reroll"


class Machine:
    """Compiled text: `function` is called with pointers. Other threads may call it at the same time."""

    def __init__(self, text: str) -> None:
        binding = llvm()
        triple = binding.get_default_triple()
        cpu, features = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
        target = binding.Target.from_triple(triple).create_target_machine(cpu=cpu, features=features, opt=1)
        key = "\n".join([str(binding.llvm_version_info), triple, cpu, features, text])
        place = folder() / f"{hashlib.sha256(key.encode()).hexdigest()}.o"
        code = kept(place)
        if code is None:
            code = target.emit_object(binding.parse_assembly(f'target triple = "{triple}"\n{text}'))
            keep(place, code)
        self.engine = binding.create_mcjit_compiler(binding.parse_assembly(""), target)
        self.engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self.engine.finalize_object()
        address = self.engine.get_function_address("function")
        self.function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(ARRAYS), ctypes.c_int64)(address)


def keep(place: Path, code: bytes) -> None:
    """Write machine code to a file with its checksum, if that can be."""
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with replacing(place) as file:
            file.write(hashlib.sha256(code).digest() + code)


def kept(place: Path) -> bytes | None:
    """The machine code in a file, if it is there and whole."""
    with contextlib.suppress(OSError):
        data = place.read_bytes()
        if hashlib.sha256(data[32:]).digest() == data[:32]:
            return data[32:]
    return None


class Native:
    """The functions of a plan as machine code, made when first called."""

    def __init__(self, made: Plan) -> None:
        self.made = made
        self.machines: dict[str, tuple[Machine, int]] = {}
        self.local = Local()

    @classmethod
    def of(cls, made: Plan) -> Native | None:
        """The machine code of a plan, or None where there is so much of it that arrays are quicker."""
        graph = made.canonical
        terms, blocks = len(graph.left) + len(graph.args), len(made.blocks)
        return cls(made) if terms <= min(FEW + LIKE * blocks, MANY) else None

    def machine(self, kind: str) -> tuple[Machine, int]:
        """The function of a kind, and how much memory it works in."""
        if kind not in self.machines:
            writer = Writer(self.made, kind)
            self.machines[kind] = Machine(writer.text()), writer.size
        return self.machines[kind]

    def run(
        self, kind: str, theta: FloatArray, x: FloatArray, y: FloatArray | None, noise: FloatArray | None,
        outside: FloatArray, out: FloatArray | None,
    ) -> tuple[Any, ...]:
        """What a function of a kind returns, computed in float64, in the dtype of theta."""
        kept, key = self.local.memories, (kind, len(x))
        mine = kept.get(key)
        if mine is None:
            if len(kept) == KEPT:
                del kept[next(iter(kept))]
            mine = kept[key] = Memory(*self.machine(kind), self.made, kind, len(x))
        return mine.run(theta, x, y, noise, outside, out)


class Local(threading.local):
    """What one thread keeps."""

    def __init__(self) -> None:
        self.memories: dict[tuple[str, int], Memory] = {}


class Memory:
    """The arrays of one thread for a function and a number of examples, and where they are."""

    def __init__(self, machine: Machine, size: int, made: Plan, kind: str, examples: int) -> None:
        self.function, self.kind, self.examples = machine.function, kind, examples
        self.value = np.zeros((examples, len(made.roots)) if kind == "outputs" else 1)
        self.dx = np.zeros((examples, made.sizes["input"]) if kind == "inputs" else 0)
        self.work = np.zeros(size)
        self.own = [array.ctypes.data for array in (self.value, self.dx, self.work)]
        self.places: dict[str, tuple[FloatArray, int]] = {}

    def place(self, called: str, array: FloatArray) -> int:
        """Where an array is; it takes a microsecond to ask, so that it is remembered of those that come again."""
        known = self.places.get(called)
        if known is None or known[0] is not array:
            known = self.places[called] = array, array.ctypes.data
        return known[1]

    def run(
        self, theta: FloatArray, x: FloatArray, y: FloatArray | None, noise: FloatArray | None, outside: FloatArray,
        out: FloatArray | None,
    ) -> tuple[Any, ...]:
        """See `Native.run`."""
        double, dtype = np.float64, theta.dtype
        gradient = out if out is not None and dtype == double else np.empty(len(theta))
        if self.kind != "outputs":
            gradient.fill(0)
        self.dx.fill(0)
        self.work.fill(0)
        wide = theta.astype(double, copy=False)
        u = None if noise is None else np.ascontiguousarray(noise, double)
        value, dx, work = self.own
        rows = [0 if array is None else array.ctypes.data for array in (x, y, u)]
        self.function(self.place("theta", wide), *rows, self.place("outside", outside), value,
                      self.place("gradient", gradient), dx, work, self.examples)
        if self.kind == "outputs":
            return (self.value.astype(dtype),)
        if out is None:
            out = gradient.astype(dtype, copy=False)
        elif out is not gradient:
            out[:] = gradient
        result = dtype.type(self.value[0]), out, self.dx.astype(dtype)
        return result if self.kind == "inputs" else result[:2]
