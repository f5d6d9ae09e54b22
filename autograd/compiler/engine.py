"""A plan made runnable: functions by kind and dtype, and their arrays by thread and batch size."""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from autograd.compiler.arguments import Batch, FloatArray, check_out
from autograd.compiler.arrays.array import Let, constants_in, source_of
from autograd.compiler.arrays.backward import counted
from autograd.compiler.arrays.function import Function, function
from autograd.compiler.arrays.names import UFUNCS
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.buffers.buffered import EXAMPLES, Buffered
from autograd.compiler.buffers.calls import CallPrinter, selecting
from autograd.compiler.buffers.columns import Columns
from autograd.compiler.buffers.cost import MANY, PAYS, microseconds
from autograd.compiler.buffers.lowering import quickest, with_buffers
from autograd.compiler.buffers.memory import reused
from autograd.compiler.finite import MODERATE, Hidden, is_delicate, may_hide
from autograd.compiler.native.fuse import NativePrinter
from autograd.compiler.native.kernels import ELEMENTS
from autograd.compiler.native.scalar import DOUBLE, Native, NativeCall
from autograd.compiler.printers.straight import Straight
from autograd.compiler.printers.to_numpy import HELPERS, all_nodes
from autograd.compiler.reading import Reading, easiest
from autograd.compiler.scalars.reference import Reference
from autograd.errors import CompilerError
from autograd.execute import defined, function_of
from autograd.nested import is_finite, quietly
from autograd.specialize import FUNCTIONS
from autograd.value import LAST_CHANGE

KEPT = 8
"""Batch sizes for which a thread keeps arrays, those it met last: training has two, validation two more."""

SMALL = 4096
"""Up to so many parameters it is quicker to copy the gradient out of an array kept than to name its parts anew."""

Call = Callable[..., tuple[Any, ...]]
"""What is called with theta, x, y, random numbers, those of Values from outside, and an array for the gradient."""

EXACT = 2_000_000
"""Scalars, some seconds' work, up to which results that are not finite are computed anew one by one."""

strided: Callable[..., FloatArray] = function_of(HELPERS["view"], "<compiled helpers>", "view", {"np": np})


def view(a: FloatArray, base: int, sizes: tuple[int, ...], strides: tuple[int, ...]) -> FloatArray:
    """The helper `view` of programs, quicker where an array lies row by row: as_strided takes twenty times as long."""
    if not a.flags.c_contiguous:
        return strided(a, base, sizes, strides)
    step = a.itemsize
    return np.ndarray((*a.shape[:-1], *sizes), a.dtype, a, base * step,
                      (*a.strides[:-1], *(step * stride for stride in strides)))


HELP: dict[str, Any] = FUNCTIONS | UFUNCS | {
    "np": np, "view": view, "scatter": function_of(HELPERS["scatter"], "<compiled helpers>", "scatter", {"np": np})}
"""What all functions use: NumPy and the helpers."""


class Runnable:
    """A function for one dtype, as calls that write into arrays; `source` is its text."""

    def __init__(
        self, made: Function, calls: Buffered, dtype: np.dtype[Any], parameters: int, native: bool,
    ) -> None:
        self.dtype = dtype
        self.last = calls.memory.examples_last
        self.statements = sum(statement.value.dtype != "scalar" for statement in calls.statements)
        self.names = dict(HELP)
        write = NativePrinter(ELEMENTS[dtype.char], self.names) if native else CallPrinter()
        self.source = source_of_calls(made, calls, write, copied=parameters <= SMALL)
        self.constants = [*constants_in(all_nodes(made)), *calls.constants.values()]
        self.code = compile(self.source, f"<compiled {made.kind}>", "exec")
        self.carry()

    def carry(self) -> None:
        """Give the calls the arrays that they carry along."""
        for carried in self.constants:
            array = carried.array
            self.names[carried.name] = array.astype(self.dtype) if array.dtype.kind == "f" else array

    def for_dtype(self, dtype: np.dtype[Any]) -> Runnable:
        """The same calls of NumPy for another dtype."""
        other = copy.copy(self)
        other.dtype, other.names = dtype, dict(self.names)
        other.carry()
        return other

    def allocate(self, theta: FloatArray, examples: int) -> Call:
        """Make arrays for parameters like these and a number of examples: what computes in them."""
        scope = self.names | {"theta": theta, "n": examples, "select": selecting()}
        call = defined(self.code, "_call", scope)
        del scope["theta"]  # need not live as long as these arrays
        return call


def source_of_calls(made: Function, calls: Buffered, write: CallPrinter, copied: bool) -> str:
    """The text of what makes the arrays for n examples, and of the function that computes with them.

    The arrays are globals: to compile a function that uses variables of another, Python takes the square of their
    number. The gradient is given, or a copy of an array that is kept where `copied`, or new. The runs of theta and of
    the gradient are named anew only where it is another array than in the call before.
    """
    results = [calls.inlined(result) for result in made.results]
    halves = write.halves(calls, results)
    allocations = reused(calls.allocations, [*halves[0], *halves[1]], results, calls.memory.ragged)
    anew = {statement.name.info for statement in calls.statements if isinstance(statement, Let)}
    assert anew.isdisjoint(let.name.info for let in allocations), "what a call names anew has no array"
    forward, backward = (list(map(write.statement, half)) for half in halves)
    texts = list(map(write.text, results))
    kept = {f"_{vector}": [let for let in calls.memory.runs.values() if source_of(let.value).info == vector]
            for vector in ("theta", "gradient")}
    names = [name for last, lets in kept.items() if lets for name in (last, *(let.name.info for let in lets))]
    arrays = [*lines_of(allocations, write), *([f"{' = '.join(names)} = None"] if names else [])]
    gradient: list[str] = []
    if made.start:
        new = f"np.{'empty' if made.complete else 'zeros'}_like(theta)"
        if copied:
            texts = ["gradient.copy() if _out is None else gradient" if text == "gradient" else text for text in texts]
            arrays.append(f"_own = {new}")
        gradient = [
            f"gradient = {'_own' if copied else new} if _out is None else _out",
            *([] if made.complete else ["gradient[...] = 0"]),
            *runs("gradient", kept["_gradient"], write), *backward,
        ]
    body = [*([f"global {', '.join(names)}"] if names else []), *runs("theta", kept["_theta"], write), *forward,
            *gradient, f"return {', '.join(texts)},"]
    return "\n".join([*arrays, "", "", "def _call(theta, x, y, u, outside, _out):", *indented(body), ""])


def lines_of(allocations: Sequence[Let], write: CallPrinter) -> list[str]:
    """The lines that make arrays, each with all the names that it has: Python compiles few lines in less time."""
    names: dict[str, list[str]] = {}
    for let in allocations:
        text = let.name.info
        names[text] = names[let.value.info] if let.value.kind == "name" else []
        names[text].append(text)
    return [f"{' = '.join(names[let.name.info])} = {write.named(let)}"
            for let in allocations if let.value.kind != "name"]


def runs(vector: str, lets: Sequence[Let], write: CallPrinter) -> list[str]:
    """The lines that name runs of a vector, at once: whoever interrupts them leaves all as they were."""
    if not lets:
        return []
    names, values = (", ".join(write.text(array) for array in arrays) for arrays in (
        (let.name for let in lets), (let.value for let in lets)))
    return [f"if _{vector} is not {vector}:", f"    {names}, _{vector} = {values}, {vector}"]


def indented(lines: Iterable[str]) -> list[str]:
    """Lines inside a function."""
    return [f"    {line}" if line else "" for line in lines]


NOTHING = {char: np.zeros(0, char) for char in "fd"}
"""The numbers of no Values."""


class _Thread(threading.local):
    """The arrays of one thread."""

    def __init__(self) -> None:
        self.calls: dict[tuple[str, str, int], Call] = {}


class Engine:
    """A plan made runnable for one shape of rows: as calls of NumPy or, if `native`, as machine code or loops."""

    def __init__(self, made: Plan, native: bool = False, guarded: bool = False) -> None:
        self.plan = made
        self.guarded = guarded
        """Whether slopes of what no selection takes are left out, rather than multiplied by 0."""
        self.native = Native.of(made) if native else None
        self.verified: set[str] = set()
        self.runnables: dict[tuple[str, Any, bool], Runnable] = {}
        self.scalars: dict[str, Columns] = {}
        self.executed: dict[tuple[str, bool], Function] = {}
        """The statements that run for few or many examples, which may be those of the quicker plan."""
        self.many_last: dict[str, bool] = {}
        """Whether many examples lie last in memory, by kind of function."""
        self.local = _Thread()
        self.numbers: tuple[int, FloatArray] = (-2, np.zeros(0))
        self.straight = None if native else Straight.of(made)
        self.sample: tuple[FloatArray, Batch, FloatArray | None] | None = None
        """Parameters, examples and random numbers with which it was verified."""
        self.is_read = False
        """Whether its source was compared with what runs."""
        self.fused = native
        """Whether calls of NumPy are fused to loops of machine code."""

    def function(self, kind: str) -> Function:
        """The statements of "value_and_grad", of "inputs" (with dX) or of "outputs"."""
        return self.written.function(kind)

    def runnable(self, kind: str, dtype: np.dtype[Any], examples: int = EXAMPLES) -> Runnable:
        """The same for a dtype, with arrays to write to, in the order of axes that suits a number of examples."""
        many = examples >= MANY // 2
        if (kind, dtype, many) not in self.runnables:
            self.runnables[kind, dtype, many] = self.for_many(kind, dtype) if many else self.for_few(kind, dtype)
        return self.runnables[kind, dtype, many]

    def for_few(self, kind: str, dtype: np.dtype[Any]) -> Runnable:
        """A function for a dtype and a usual number of examples; that of another dtype serves where it may."""
        others = [] if self.fused else [known for (of, _, many), known in self.runnables.items()
                                        if of == kind and not many]
        if others:
            return others[0].for_dtype(dtype)
        calls = self.choose(kind)
        made = Runnable(self.executed[kind, False], calls, dtype, self.plan.sizes["parameter"], self.fused)
        if self.native:
            self.compare(kind, made)
        return made

    def for_many(self, kind: str, dtype: np.dtype[Any]) -> Runnable:
        """The same for many examples, which may lie in another order, or be computed by the other plan."""
        usual, written = self.runnable(kind, dtype), self.executed[kind, True]
        if written is self.executed[kind, False] and usual.last == self.many_last[kind]:
            return usual
        calls = with_buffers(written, self.many_last[kind])
        made = Runnable(written, calls, dtype, self.plan.sizes["parameter"], self.fused)
        self.compare(kind, made)
        return made

    def choose(self, kind: str) -> Buffered:
        """Choose between the statements as they are read and those of the quicker plan; return the calls for few."""
        made, quicker = self.function(kind), self.plan.quicker
        calls, last = quickest(made)
        few = many = made
        if quicker is not None:
            other = function(quicker, kind, self.guarded)
            others, other_last = quickest(other)
            times = [microseconds(known if known.memory.examples_last == order else with_buffers(of, order), MANY)
                     for known, of, order in ((calls, made, last), (others, other, other_last))]
            if times[1] < PAYS * times[0]:
                many, last = other, other_last
            if microseconds(others, EXAMPLES) < PAYS * microseconds(calls, EXAMPLES):
                few, calls = other, others
        self.executed[kind, False], self.executed[kind, True], self.many_last[kind] = few, many, last
        return calls

    @quietly
    def compare(self, kind: str, made: Runnable) -> None:
        """Raise `CompilerError` unless what is made for more examples gives what runs for few, which was verified."""
        if self.sample is None:
            return
        theta, batch, noise = self.sample
        theta = theta.astype(made.dtype)
        u = None if noise is None else np.ascontiguousarray(noise, made.dtype)
        given = theta, *batch.matrices(made.dtype), u, self.outside(made.dtype), None
        results = made.allocate(theta, len(batch))(*given)
        if not all(np.allclose(a, b, 1e-6 if made.dtype == DOUBLE else 1e-2, 1e-9, True)
                   for a, b in zip(results, self.run(kind, theta, batch, noise, None), strict=True)):
            raise CompilerError("the number of examples makes a difference to the results: this is a bug in the "
                                "compiler; please report the loss")

    def is_written(self, examples: int) -> bool:
        """Whether machine code that is written out computes so many examples: without arrays, in float64."""
        return self.native is not None and examples < self.native.below

    @cached_property
    def few(self) -> float:
        """Batches of fewer examples are sooner done in plain floats than by calls of NumPy."""
        return self.straight.few(self.statements) if self.straight else 0

    @cached_property
    def statements(self) -> int:
        """The number of calls of NumPy for the value and its gradient."""
        kind = "value_and_grad"
        return self.runnable(kind, DOUBLE).statements if self.plan.blocks else len(self.columns(kind).calls)

    def columns(self, kind: str) -> Columns:
        """A function of an irregular graph, as calls on the scalars one by one."""
        if kind not in self.scalars:
            self.scalars[kind] = Columns(self.plan, kind)
        return self.scalars[kind]

    @property
    def executed_source(self) -> str:
        """What runs, as text."""
        kind = self.plan.kind
        return self.runnable(kind, DOUBLE).source if self.plan.blocks else self.columns(kind).source

    @cached_property
    def written(self) -> Reading:
        """The program in blocks, before the choice of what runs soonest and of what is easiest to read."""
        return Reading(self.plan.laid, self.guarded)

    @cached_property
    def reading(self) -> Reading:
        """The same program as people read it: it may say shorter what runs sooner when it is said at length."""
        return easiest((self.with_guards or self).written if self.plan.blocks else Reading(self.plan.laid))

    # ── calls ────────────────────────────────────────────────────────────────────────────────

    def value_and_grad(
        self, theta: FloatArray, batch: Batch, rng: np.random.Generator | None, out: FloatArray | None, inputs: bool
    ) -> tuple[Any, ...]:
        """See `Program.value_and_grad`."""
        noise = self.noise(batch, rng) if self.plan.noises else None
        if not inputs:
            return self.results("value_and_grad", theta, batch, noise, out, len(batch.x) < self.few)
        value, gradient, dx = self.results("inputs", theta, batch, noise, out)
        return value, gradient, dx.reshape(batch.x.shape).copy()  # the arrays are used again

    def repeats(self, theta: FloatArray, batch: Batch) -> bool:
        """Whether `again` gives the value and the gradient for what is like these."""
        by_floats = self.straight is not None and len(batch) < self.few
        return not self.plan.noises and not by_floats

    @quietly
    def again(self, theta: Any, X: Any, Y: Any, out: FloatArray | None) -> tuple[Any, ...]:
        """The value and the gradient for arrays whose `signature` has been met: the same in less time."""
        batch = Batch(X, Y)
        check_out(out, theta, batch)
        call = self.local.calls.get(("value_and_grad", theta.dtype.char, len(X))) or self.prepared(
            "value_and_grad", theta, len(X))
        outside = self.outside(DOUBLE if type(call) is NativeCall else theta.dtype)
        if type(call) is NativeCall:  # which takes numbers as they lie
            result = call(theta, X, Y, None, outside, out)
            if self.safe and call.is_moderate(MODERATE) and math.isfinite(result[0]):
                return result
        else:
            result = call(theta, *batch.rows, None, outside, out)
        if math.isfinite(result[0]) and (not self.delicate or self.sound("value_and_grad", theta, batch, None, result)):
            return result
        return self.exactly("value_and_grad", theta, batch, None, result)

    def outputs(self, theta: FloatArray, batch: Batch, rng: np.random.Generator | None) -> FloatArray:
        """See `Program.__call__`."""
        result: FloatArray
        (result,) = self.results("outputs", theta, batch, self.noise(batch, rng))
        return result if self.plan.several else result[:, 0]

    def noise(self, batch: Batch, rng: np.random.Generator | None) -> FloatArray | None:
        """The random numbers of a batch."""
        return (rng or np.random.default_rng()).random((len(batch), self.plan.noises)) if self.plan.noises else None

    def outside(self, dtype: np.dtype[Any]) -> FloatArray:
        """The numbers that the Values from outside have now."""
        if not self.plan.outside:
            return NOTHING[dtype.char]
        change = LAST_CHANGE[0]
        if change != self.numbers[0]:
            self.numbers = change, np.array([value.data for value in self.plan.outside])
        return self.numbers[1].astype(dtype, copy=False)

    @quietly
    def results(
        self, kind: str, theta: FloatArray, batch: Batch, noise: FloatArray | None, out: FloatArray | None = None,
        by_floats: bool = False,
    ) -> tuple[Any, ...]:
        """What a function returns; computed anew, scalar by scalar, where a number is not finite.

        Sums have been reordered and products with 0 left out: so nan and inf are those of eager evaluation.
        """
        result: tuple[Any, ...]
        if by_floats and self.straight is not None:
            value, numbers = self.straight.run(theta, batch, noise, self.outside(DOUBLE))
            gradient = np.empty_like(theta) if out is None else out
            gradient[:] = numbers
            result = value, gradient
        else:
            result = self.run(kind, theta, batch, noise, out)
        if is_finite(result[0]) and (not self.delicate or self.sound(kind, theta, batch, noise, result)):
            return result
        return self.exactly(kind, theta, batch, noise, result)

    def run(self, kind: str, theta: FloatArray, batch: Batch, noise: FloatArray | None, out: Any) -> tuple[Any, ...]:
        """Call a generated function with the arrays of this thread and batch size."""
        dtype = DOUBLE if self.is_written(len(batch)) else theta.dtype
        x, y = batch.matrices(dtype)
        u = None if noise is None else np.ascontiguousarray(noise, dtype)
        call = self.local.calls.get((kind, theta.dtype.char, len(x))) or self.prepared(kind, theta, len(x))
        return call(theta, x, y, u, self.outside(dtype), out)

    def prepared(self, kind: str, theta: FloatArray, examples: int) -> Call:
        """A generated function with new arrays for a number of examples, kept for the next call of this thread."""
        kept = self.local.calls
        if len(kept) == KEPT:
            del kept[next(iter(kept))]  # the oldest: to know the least used would cost every call some of its time
        call = kept[kind, theta.dtype.char, examples] = (
            self.native.call(kind, examples) if self.native and self.is_written(examples)
            else self.runnable(kind, theta.dtype, examples).allocate(theta, examples) if self.plan.blocks
            else self.columns(kind).allocate(theta, examples))
        return call

    # ── where numbers are not finite ─────────────────────────────────────────────────────────

    @cached_property
    def reference(self) -> Reference:
        """The scalar graph, to be evaluated as it was traced."""
        return Reference(self.plan.graph)

    @cached_property
    def delicate(self) -> bool:
        """Whether a finite loss may come with a gradient that differs from that of eager evaluation.

        What is not selected, or pads what is shorter, is multiplied by 0, which is nan where it is not finite. So is
        the slope of what is the same for all examples, where the gradients of some of them are 0.
        """
        return self.hidden is not None or any(map(is_delicate, filter(None, (self.plan, self.plan.quicker))))

    def sound(
        self, kind: str, theta: FloatArray, batch: Batch, noise: FloatArray | None, result: tuple[Any, ...]
    ) -> bool:
        """Whether results are finite, and what has been left out as well, or is given and may not show in them."""
        hidden, given = self.hidden, (theta, batch.x) if batch.y is None else (theta, batch.x, batch.y)
        return all(map(is_finite, result[1:])) and not (self.may_hide and not all(map(is_finite, given))) and (
            hidden is None or hidden.finite(kind, theta, batch, noise, self.outside(theta.dtype)))

    @cached_property
    def may_hide(self) -> bool:
        """Whether what is given may be infinite without a trace in the results."""
        return any(map(may_hide, filter(None, (self.plan, self.plan.quicker))))

    @cached_property
    def with_guards(self) -> Engine | None:
        """The same program, guarded, if selections may leave out slopes that are not finite."""
        blocks = self.plan.blocks
        if self.guarded or not blocks or not any(counted(blocks, [True] * len(blocks), self.plan.roots[0][0])):
            return None
        return Engine(self.plan, guarded=True)

    @cached_property
    def safe(self) -> bool:
        """Whether what has been left out is finite wherever what is given is not huge."""
        return self.hidden is None or (self.hidden.safe and not self.hidden.endless)

    @cached_property
    def hidden(self) -> Hidden | None:
        """What has been left out since it is multiplied by 0, which is wrong where it is not finite."""
        return Hidden(self.plan, lambda made: Engine(made).run) if len(self.plan.canonical.hidden) else None

    def exactly(
        self, kind: str, theta: FloatArray, batch: Batch, noise: FloatArray | None, result: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        """The same results, written over those given, by evaluating the graph for each example as it was traced.

        A guarded program is asked first, if that makes a difference.
        """
        if kind != "outputs" and self.with_guards is not None:
            return self.with_guards.results(kind, theta, batch, noise, result[1])
        rows = np.arange(len(batch))
        if len(self.plan.graph) * len(batch) > EXACT and not all(map(is_finite, result)):
            return result
        if kind == "outputs" and self.hidden is None and not self.may_hide:
            rows = rows[~np.isfinite(result[0]).all(axis=1)]
        nothing = np.zeros((len(batch), 0))
        y, u = (nothing if given is None else given for given in (batch.y, noise))
        outside = self.outside(DOUBLE)
        points = [{"parameter": theta, "input": batch.x[i], "target": y[i], "noise": u[i], "outside": outside}
                  for i in rows]
        if kind == "outputs":
            if points:
                result[0][rows] = self.reference.outputs(points)
            return result
        value, gradient, dx = self.reference.value_and_grad(points)
        result[1][:] = gradient
        return (theta.dtype.type(value), result[1], dx.astype(theta.dtype))[: len(result)]
