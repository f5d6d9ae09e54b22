"""An irregular graph as calls of NumPy on columns: for each scalar a row of memory, with a number for every example.

Where hardly two scalars do the same there are no matrices to be found. Then each scalar is computed by itself, for all
examples at once, by the rules that print Python over floats (`straight`). How a node is computed, and sends its
gradient on, is worked out once for its `Form`: others of that form differ in nothing but the rows of memory.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from types import CodeType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from autograd import ops
from autograd.compiler.arguments import FloatArray
from autograd.compiler.arrays.array import Array, as_array, name
from autograd.compiler.arrays.backward import through
from autograd.compiler.arrays.layout import LEAF_NAMES
from autograd.compiler.arrays.names import literal
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.buffers.algebra import MINUS, ONE, Names, expanded
from autograd.compiler.printers.straight import Signed, in_order, slopes, total
from autograd.compiler.printers.to_numpy import Printer
from autograd.compiler.scalars.graph import CODE, CODES, NONE, SUM, Ints
from autograd.execute import defined

Call = tuple[Callable[..., Any], tuple[int, ...]]
"""A function, and the cells that it reads and, last, writes: rows of memory, or numbers, which count backwards."""

TRUTH = 1 << 40
"""What is added to the number of a row whose first bytes are truth values: to make numbers of these takes long."""

PLAIN = frozenset(number / 2 for number in range(-8, 9))
"""Numbers for which a rule may say something shorter; all others are read like what is computed."""

LONGEST = 8
"""Terms of a sum that are added up at once: trees of more are deep."""

ARGUMENTS = {leaf: array for leaf, array in LEAF_NAMES.items() if array}
"""The arrays that hold the numbers of leaves."""

VECTORS = ("parameter", "outside")
"""The leaves that are the same for all examples."""

PASSES = [name in ops.ROWS and ops.ROWS[name].passes for name in CODES]
"""Whether a gradient goes through a node, by its code."""


def select(chosen: FloatArray, yes: FloatArray, no: FloatArray, out: FloatArray) -> None:
    """np.where, written to an array."""
    out[...] = no
    np.putmask(out, chosen, yes)


def maximum(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """np.maximum, which NumPy 2.4 wants to be told where to write by name."""
    np.maximum(x, y, out=out)


def minimum(x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    """The same with np.minimum."""
    np.minimum(x, y, out=out)


HELPERS: dict[Any, Callable[..., None]] = {ops.where: select, np.maximum: maximum, np.minimum: minimum}
"""What is called in the place of functions that cannot be told where to write by position."""


# ── forms ─────────────────────────────────────────────────────────────────────────────────────────


class Kind(NamedTuple):
    """What nodes of one form have in common."""

    code: int
    signs: tuple[int, ...]
    """Those of the terms of a sum."""
    reads: tuple[int, ...]
    """Which of its different operands a node reads, one after the other: the factors of a sum in pairs, or NONE."""
    numbers: tuple[float | None, ...]
    """The operands that are plain numbers."""
    wanted: tuple[bool, ...]
    """The operands whose gradients are asked for."""


class Flow(NamedTuple):
    """What is sent on to an operand, or minus it: what `calls` compute in a cell; the gradient itself has none."""

    operand: int
    negative: bool
    calls: list[Call]
    cell: int


class Form(NamedTuple):
    """How nodes are computed, and send their gradients on.

    The cells of its calls are the operands, the node, its gradient, others to work in; numbers count backwards.
    """

    forward: list[Call]
    flows: list[Flow]
    spare: tuple[list[bool], list[bool]]
    """Of the cells to work in, forward and backward, whether they are for truth values."""
    numbers: tuple[float, ...]


@functools.lru_cache(4096)
def form_of(kind: Kind) -> Form:
    """The form of nodes of a kind, by the rules of the table."""
    operands = [name(str(i), ()) if number is None else as_array(number) for i, number in enumerate(kind.numbers)]
    write = Writer(len(operands))
    own, gradient = name(str(write.node), ()), name(str(write.gradient), ())
    flows: list[tuple[int, Array | None]] = []
    if kind.code == SUM:
        pairs = list(zip(kind.reads[::2], kind.reads[1::2], strict=True))
        terms: list[Signed] = [(sign, operands[left], None if right == NONE else operands[right])
                               for sign, (left, right) in zip(kind.signs, pairs, strict=True)]
        value = total(terms)
        for term, pair in zip(terms, pairs, strict=True):
            flows += zip(pair, [gradient * slope for slope in slopes(term)], strict=False)
    else:
        row, args = ops.ROWS[CODES[kind.code]], tuple([operands[i] for i in kind.reads])
        value = row.expand(args) if isinstance(row, ops.Reduction) else row.dispatch(args)
        flows += zip(kind.reads, through(row, gradient, own, args), strict=False)
    write.value(value, write.node)
    forward, spare = write.calls, write.spare
    write.calls, write.spare, write.known = [], [], {}
    sent = [write.flow(i, flow) for i, flow in flows if flow is not None and kind.wanted[i]]
    return Form(forward, sent, (spare, write.spare), tuple(write.numbers[::-1]))


class Writer:
    """Writes trees over single numbers as calls; names are cells."""

    def __init__(self, operands: int) -> None:
        self.node, self.gradient = operands, operands + 1
        self.spare: list[bool] = []
        self.numbers: list[float] = []
        self.known: dict[Any, int] = {}
        self.calls: list[Call] = []

    def cell(self, array: Array) -> int:
        """Where the number is that a tree comes to; the calls that compute it are written."""
        array = bare(array)
        if array.kind == "name":
            return int(array.info)
        if array.number is not None:
            if array.number not in self.numbers:
                self.numbers.append(array.number)
            return -1 - self.numbers.index(array.number)
        if array.key not in self.known:
            cell = self.gradient + 1 + len(self.spare)
            self.spare.append(array.dtype == "truth")
            self.value(array, cell)
            self.known[array.key] = cell
        return self.known[array.key]

    def value(self, array: Array, cell: int) -> None:
        """The calls that write the number a tree comes to into a cell."""
        array = bare(array)
        while array.kind == "cast":
            array = bare(array.args[0])
        if array.kind == "name" or array.number is not None:
            self.calls.append((np.positive, (self.cell(array), cell)))
        else:
            args = list(map(self.cell, array.args))
            self.calls.append((HELPERS.get(array.kind, array.kind), (*args, cell)))

    def flow(self, operand: int, array: Array) -> Flow:
        """A gradient on its way to an operand."""
        factor, inner = Names({}).factored(array)
        if factor not in (ONE, MINUS):
            factor, inner = ONE, array
        before = len(self.calls)
        cell = self.cell(inner)
        calls, self.calls[before:] = self.calls[before:], []
        return Flow(operand, factor == MINUS, calls, cell)


def bare(array: Array) -> Array:
    """A tree whose first node is a function of NumPy, a name or a number, or makes numbers of truth values."""
    while array.kind in ("broadcast", "reshape", "full"):
        (array,) = array.args
    if array.kind in ("name", "number", "cast", ops.where) or isinstance(array.kind, np.ufunc):
        return array
    return bare(expanded(array))


# ── memory ────────────────────────────────────────────────────────────────────────────────────────


class Rows:
    """Rows of memory, of which those that nobody holds any longer are used again."""

    def __init__(self) -> None:
        self.holders: list[int] = []
        self.free: list[int] = []
        self.truths: set[int] = set()

    def new(self, truth: bool = False) -> int:
        """A row that one holds, for numbers or for truth values."""
        row = self.hold(self.free.pop()) if self.free else self.several(1)
        if truth:
            self.truths.add(row)
        return row + TRUTH * truth

    def several(self, number: int) -> int:
        """The first of some new rows, one after the other."""
        self.holders += [1] * number
        return len(self.holders) - number

    def hold(self, row: int) -> int:
        """The row, which one more holds."""
        self.holders[row] += 1
        return row

    def release(self, *several: int) -> None:
        """One holds these rows no longer."""
        for row in several:
            row %= TRUTH
            self.holders[row] -= 1
            if not self.holders[row]:
                self.free.append(row)


class Slots:
    """Rows for the gradients of leaves: one for each that a node sends, those of a leaf one after the other."""

    def __init__(self, leaves: Sequence[int], uses: Ints, rows: Rows) -> None:
        ends = np.cumsum(uses[leaves])
        self.starts: Ints = ends - uses[leaves]
        self.signs = np.ones(int(uses[leaves].sum()))
        self.first = rows.several(len(self.signs))
        self.next: dict[int, int] = dict(zip(leaves, (self.starts + self.first).tolist(), strict=True))

    def take(self, leaf: int, negative: bool) -> int:
        """The next row of a leaf, for a gradient or minus that."""
        row = self.next[leaf]
        self.next[leaf] += 1
        self.signs[row - self.first] = -1 if negative else 1
        return row

    @property
    def rows(self) -> str:
        """All rows as text."""
        return f"v[{self.first}:{self.first + len(self.signs)}]"


# ── programs ──────────────────────────────────────────────────────────────────────────────────────


class Computed(NamedTuple):
    """A node that is computed: its form, its different operands, the cells of these and of itself, and of numbers."""

    node: int
    form: Form
    below: list[int]
    cells: list[int]
    numbers: list[int]


class Columns:
    """A function of a plan, of the kind "value_and_grad", "inputs" (with dX) or "outputs", as calls."""

    def __init__(self, made: Plan, kind: str) -> None:
        graph = self.graph = made.canonical
        self.kind, self.rows = kind, Rows()
        self.calls: list[Call] = []
        self.numbers: dict[tuple[float | None, bool], int] = {}
        """The cells of numbers, which may be -0.0; that of None holds 1/n."""
        self.cells = [0] * len(graph.code)
        """Where the number of each node is."""
        self.plain: dict[int, float] = {}
        """The constants for which rules may say something shorter."""
        for node in np.flatnonzero(graph.alive & (graph.code == CODE["constant"])).tolist():
            number = float(graph.data[node])
            self.cells[node] = self.number(number)
            if number in PLAIN and str(number) != "-0.0":
                self.plain[node] = number
        self.leaves = {leaf: self.leaves_of(leaf) for leaf in ARGUMENTS}
        self.first = {leaf: self.rows.several(len(nodes)) for leaf, nodes in self.leaves.items()}
        """The first row of each kind of leaf."""
        for leaf, nodes in self.leaves.items():
            for row, node in enumerate(nodes, self.first[leaf]):
                self.cells[node] = row
        wanted = ["parameter"] * (kind != "outputs") + ["input"] * (kind == "inputs")
        self.wanted = [False] * len(graph.code)
        """The nodes whose gradients are asked for."""
        for node in (node for leaf in wanted for node in self.leaves[leaf]):
            self.wanted[node] = True
        computed = self.forward()
        self.results = [self.cells[root] for root in graph.roots.tolist()]
        read = np.concatenate([graph.args, graph.left, graph.right[graph.right != NONE]])
        uses = np.bincount(read, minlength=len(graph.code))
        self.slots = {leaf: Slots(self.leaves[leaf], uses, self.rows) for leaf in wanted if self.leaves[leaf]}
        if wanted:
            self.backward(computed)

    def leaves_of(self, kind: str) -> list[int]:
        """The nodes that are leaves of a kind, in the order in which their array holds them."""
        nodes = np.flatnonzero(self.graph.alive & (self.graph.code == CODE[kind]))
        found: list[int] = nodes[np.argsort(self.graph.data[nodes], kind="stable")].tolist()
        return found

    def number(self, value: float | None) -> int:
        """The cell of a number."""
        return self.numbers.setdefault((value, str(value) == "-0.0"), -1 - len(self.numbers))

    def emit(self, calls: Iterable[Call], here: Sequence[int]) -> None:
        """Add calls of a form, whose cells are `here`."""
        self.calls += [(function, tuple([here[cell] for cell in cells])) for function, cells in calls]

    def forward(self) -> list[Computed]:
        """The calls that compute every node; a sum of many terms is one of a shorter sum and the last of them."""
        graph, computed = self.graph, list[Computed]()
        code, start, args = graph.code.tolist(), graph.start.tolist(), graph.args.tolist()
        first, sign = graph.first.tolist(), graph.sign.tolist()
        factors = np.stack([graph.left, graph.right], axis=1).reshape(-1).tolist()
        for node in in_order(graph):
            if code[node] != SUM:
                computed.append(self.computed(node, code[node], (), args[start[node] : start[node + 1]]))
                continue
            so_far: list[int] = []
            for begin in range(first[node], max(first[node + 1], first[node] + 1), LONGEST):
                end = min(begin + LONGEST, first[node + 1])
                part = node if end == first[node + 1] else self.another()
                signs, reads = sign[begin:end], factors[2 * begin : 2 * end]
                computed.append(self.computed(part, SUM, [1] * bool(so_far) + signs, so_far + reads))
                so_far = [part, NONE]
        return computed

    def another(self) -> int:
        """A node that the graph does not have."""
        self.cells.append(0)
        self.wanted.append(False)
        return len(self.cells) - 1

    def computed(self, node: int, code: int, signs: Sequence[int], reads: Sequence[int]) -> Computed:
        """The calls that compute a node of these operands."""
        rows, place = self.rows, dict[int, int]()
        which = tuple([place.setdefault(operand, len(place)) if operand != NONE else NONE for operand in reads])
        below = list(place)
        wanted = tuple([self.wanted[operand] for operand in below])
        self.wanted[node] = PASSES[code] and True in wanted
        form = form_of(Kind(code, tuple(signs), which, tuple(map(self.plain.get, below)), wanted))
        spare = [rows.new(truth) for truth in form.spare[0]]
        self.cells[node] = rows.new()
        cells = [self.cells[each] for each in (*below, node)]
        numbers = list(map(self.number, form.numbers))
        self.emit(form.forward, [*cells, NONE, *spare, *numbers])
        rows.release(*spare)
        return Computed(node, form, below, cells, numbers)

    def backward(self, computed: Sequence[Computed]) -> None:
        """The calls that send the gradient of every node on, from the last to the first.

        A gradient is a row, or minus a row. What several nodes are sent unchanged is in one row, until more is added.
        """
        rows, slots = self.rows, {leaf: slots for slots in self.slots.values() for leaf in slots.next}
        arrived = {int(self.graph.roots[0]): (rows.new(), False)}
        self.calls += [(np.positive, (self.number(None), row)) for row, _ in arrived.values()]
        for node, form, below, cells, numbers in reversed(computed):
            if node not in arrived:
                continue
            gradient, minus = arrived.pop(node)
            spare = [rows.new(truth) for truth in form.spare[1]]
            here = [*cells, gradient, *spare, *numbers]
            for flow in form.flows:
                operand, negative = below[flow.operand], minus != flow.negative
                if operand in slots:
                    slot = slots[operand].take(operand, negative)
                    if not flow.calls:
                        self.calls.append((np.positive, (here[flow.cell], slot)))
                        continue
                    here[flow.cell] = slot
                    self.emit(flow.calls, here)
                    continue
                self.emit(flow.calls, here)
                row = here[flow.cell]
                if operand not in arrived:
                    arrived[operand] = rows.hold(row), negative
                    continue
                so_far, sign = arrived[operand]
                place = so_far if rows.holders[so_far] == 1 else rows.new()
                self.calls.append((np.add if sign == negative else np.subtract, (so_far, row, place)))
                if place != so_far:
                    rows.release(so_far)
                arrived[operand] = place, sign
            rows.release(*spare, gradient)

    # ── what is called ───────────────────────────────────────────────────────────────────────

    def allocate(self, theta: FloatArray, examples: int) -> Callable[..., tuple[Any, ...]]:
        """Make the rows for parameters like these and a number of examples: what computes in them."""
        scope: dict[str, Any] = {"np": np, "theta": theta, "n": examples}
        call = defined(self.code, "_call", scope)
        del scope["theta"]  # need not live as long as these arrays
        numbers = [np.array(1 / examples if number is None else number, theta.dtype) for number, _ in self.numbers]
        cells: dict[int, npt.NDArray[Any]] = dict(enumerate(scope["v"]))
        cells |= {row + TRUTH: scope["t"][row] for row in self.rows.truths}
        cells |= {-1 - i: number for i, number in enumerate(numbers)}
        scope["functions"] = self.functions
        scope["arguments"] = [tuple(map(cells.__getitem__, read)) for _, read in self.calls]
        return call

    @cached_property
    def functions(self) -> list[Callable[..., Any]]:
        """What is called."""
        return [function for function, _ in self.calls]

    @cached_property
    def code(self) -> CodeType:
        """What makes the rows, and the function: a loop does the calls, where Python takes long to compile lines."""
        loop = ["for function, cells in zip(functions, arguments):", "    function(*cells)"]
        return compile(self.text(loop), "<compiled columns>", "exec")

    @property
    def source(self) -> str:
        """The same with every call written out."""
        return self.text(f"{'np.' * isinstance(function, np.ufunc)}{function.__name__}"
                         f"({', '.join(map(self.shown, cells))})" for function, cells in self.calls)

    def shown(self, cell: int) -> str:
        """A cell as text."""
        if cell >= 0:
            return f"v[{cell}]" if cell < TRUTH else f"t[{cell - TRUTH}]"
        number, _ = [*self.numbers][-1 - cell]
        return "1 / n" if number is None else Printer().text(as_array(number))

    def text(self, calls: Iterable[str]) -> str:
        """The text of what makes the rows for n examples, and of the function that computes in them by these calls."""
        arrays = [f"v = np.empty(({len(self.rows.holders)}, n), theta.dtype)", "t = v.view(bool)[:, :n]",
                  "ones = np.ones(n, theta.dtype)"]
        given: list[str] = []
        for leaf, array in ARGUMENTS.items():
            if nodes := self.leaves[leaf]:
                arrays.append(f"{array}_places = {literal(self.graph.data[nodes].astype(np.int64))}")
                read = f"{array}[{array}_places, None]" if leaf in VECTORS else f"{array}.T[{array}_places]"
                given.append(f"v[{self.first[leaf]}:{self.first[leaf] + len(nodes)}] = {read}")
        for leaf, slots in self.slots.items():
            arrays += [f"{ARGUMENTS[leaf]}_starts = {literal(slots.starts)}",
                       f"{ARGUMENTS[leaf]}_signs = {literal(slots.signs)}.astype(theta.dtype)", f"{slots.rows} = 0"]
        body = [f"    {line}" for line in (*given, *calls, *self.returned())]
        return "\n".join([*arrays, "", "", "def _call(theta, x, y, u, outside, _out):", *body, ""])

    def returned(self) -> list[str]:
        """The lines after the calls: what is sent to a leaf by several nodes is added up."""
        results = ", ".join(map(self.shown, self.results))
        if self.kind == "outputs":
            return [f"return np.stack(np.broadcast_arrays({results}, ones)[:-1], 1),"]
        lines = [f"value = {results}.mean()", "gradient = np.empty_like(theta) if _out is None else _out",
                 "gradient[...] = 0"]
        if slots := self.slots.get("parameter"):
            lines.append("gradient[theta_places] = "
                         f"np.add.reduceat({slots.rows}.dot(ones) * theta_signs, theta_starts)")
        if self.kind == "value_and_grad":
            return [*lines, "return value, gradient"]
        lines.append("dx = np.zeros(x.shape, theta.dtype)")
        if slots := self.slots.get("input"):
            lines.append(f"dx[:, x_places] = np.add.reduceat({slots.rows} * x_signs[:, None], x_starts).T")
        return [*lines, "return value, gradient, dx"]
