"""A plan made runnable: functions by kind and dtype, and their arrays by thread and batch size."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.compiler.arguments import Batch
from autograd.compiler.array import Let, names_in
from autograd.compiler.buffered import CallPrinter, with_buffers
from autograd.compiler.build import Plan
from autograd.compiler.execute import function_of
from autograd.compiler.function import Function, function
from autograd.compiler.place import Places
from autograd.compiler.printer import HELPERS, all_nodes, constants_in
from autograd.compiler.reuse import reused
from autograd.compiler.straight import Straight

FloatArray = npt.NDArray[Any]

KEPT = 8
"""Batch sizes for which a thread keeps arrays, those it met last: training has two, validation two more."""

SMALL = 4096
"""Up to so many parameters it is quicker to copy the gradient out of an array kept than to name its parts anew."""

HELP: dict[str, Any] = {"np": np} | {
    name: function_of(source, "<compiled helpers>", name, {"np": np}) for name, source in HELPERS.items()
}
"""What all functions use: NumPy and the helpers."""


class Buffers(list[Any]):
    """The arrays that a function writes to, and the runs of theta and of the gradient that it used last."""

    def __init__(self, call: Callable[..., Any], arrays: list[Any]) -> None:
        super().__init__(arrays)
        self.call = call
        self.theta = self.views = self.gradient = self.places = self.own = None

    def kept(self, make: Callable[[Any], Any], theta: Any) -> Any:
        """A gradient of these buffers' own, made when first asked for."""
        if self.own is None:
            self.own = make(theta)
        return self.own


class Runnable:
    """A function for one dtype, as calls that write into arrays; `source` is its text."""

    def __init__(self, made: Function, dtype: np.dtype[Any], parameters: int) -> None:
        self.dtype = dtype
        self.source = source_of_calls(made, copied=parameters <= SMALL)
        names = dict(HELP)
        for carried in constants_in(all_nodes(made)):
            names[carried.name] = carried.array.astype(dtype) if carried.array.dtype.kind == "f" else carried.array
        self.allocate = function_of(self.source, f"<compiled {made.kind}>", "allocate", names)
        self.call: Callable[..., Any] = names.pop("function")

    def buffers(self, theta: FloatArray, examples: int) -> Buffers:
        """New arrays for a number of examples."""
        return Buffers(self.call, self.allocate(theta, examples))


def source_of_calls(made: Function, copied: bool) -> str:
    """The text of two functions: one makes the arrays for n examples, the other computes with them.

    The gradient is given, or a copy of an array that is kept where `copied`, or new.
    """
    write, calls = CallPrinter(), with_buffers(made)
    results = [calls.inlined(result) for result in made.results]
    allocations = reused(calls.allocations, calls.statements, results)
    used = set(names_in(*results, *(node for statement in calls.statements for node in statement.arrays)))
    lines = list(map(write.statement, calls.statements))
    forward, backward = lines[: calls.forward], lines[calls.forward :]
    texts = list(map(write.text, results))
    gradient: list[str] = []
    if made.start:
        fresh = f"np.{'empty' if made.complete else 'zeros'}_like"
        if copied:
            texts = ["gradient.copy() if _out is None else gradient" if text == "gradient" else text for text in texts]
        gradient = [
            f"gradient = {f'_b.kept({fresh}, theta)' if copied else f'{fresh}(theta)'} if _out is None else _out",
            *([] if made.complete else ["gradient[...] = 0"]),
            *runs("gradient", "places", made.places, write), *backward,
        ]
    arrays = [let.name.info for let in allocations if let.name.info in used]
    return "\n".join([
        "def allocate(theta, n):", *indented(map(write.statement, allocations)),
        f"    return [{', '.join(arrays)}]", "", "", "def function(theta, x, y, u, _b, _out):",
        *indented(["n = len(x)", *runs("theta", "views", made.views, write),
                   f"[{', '.join(arrays)}] = _b", *forward, *gradient, f"return {', '.join(texts)}"]), "",
    ])


def runs(vector: str, kept: str, lets: Sequence[Let], write: CallPrinter) -> list[str]:
    """The lines that name runs of a vector, made anew only where it is another array than in the call before."""
    if not lets:
        return []
    values, names = ("".join(f"{write.text(array)}, " for array in arrays) for arrays in (
        (let.value for let in lets), (let.name for let in lets)))
    return [f"if _b.{vector} is not {vector}:", f"    _b.{vector}, _b.{kept} = {vector}, ({values})",
            f"{names}= _b.{kept}"]


def indented(lines: Iterable[str]) -> list[str]:
    """Lines inside a function."""
    return [f"    {line}" for line in lines]


class _Thread(threading.local):
    """The arrays of one thread."""

    def __init__(self) -> None:
        self.buffers: dict[tuple[str, str, int], Buffers] = {}


class Engine:
    """A plan made runnable for one shape of rows."""

    def __init__(self, made: Plan) -> None:
        self.plan = made
        self.verified: set[str] = set()
        self.functions: dict[str, Function] = {}
        self.runnables: dict[tuple[str, Any], Runnable] = {}
        self.local = _Thread()
        self.straight = Straight.of(made)

    def function(self, kind: str) -> Function:
        """The statements of "value_and_grad", of "inputs" (with dX) or of "outputs"."""
        if kind not in self.functions:
            self.functions[kind] = function(self.plan, kind)
        return self.functions[kind]

    def runnable(self, kind: str, dtype: np.dtype[Any]) -> Runnable:
        """The same for a dtype, with arrays to write to."""
        if (kind, dtype) not in self.runnables:
            self.runnables[kind, dtype] = Runnable(self.function(kind), dtype, self.plan.sizes["parameter"])
        return self.runnables[kind, dtype]

    @property
    def shown(self) -> Function:
        """The function that people look at."""
        return self.function("outputs" if self.plan.several else "value_and_grad")

    @cached_property
    def places(self) -> Places:
        """Where each scalar of the trace is in the source."""
        return Places(self.plan, self.shown)

    def value_and_grad(
        self, theta: FloatArray, batch: Batch, rng: np.random.Generator | None, out: FloatArray | None, inputs: bool
    ) -> tuple[Any, ...]:
        """See `Program.value_and_grad`."""
        if not inputs and self.straight is not None and self.straight.pays(len(batch.x)):
            value, numbers = self.straight.run(theta, batch, self.noise(batch, rng, np.dtype(np.float64)))
            if out is None:
                return value, np.array(numbers, theta.dtype)
            out[:] = numbers
            return value, out
        if inputs:
            value, gradient, dx = self.run("inputs", theta, batch, rng, out)
            return value, gradient, dx.reshape(batch.x_shape).copy()  # the arrays are used again
        result: tuple[Any, ...] = self.run("value_and_grad", theta, batch, rng, out)
        return result

    def outputs(self, theta: FloatArray, batch: Batch, rng: np.random.Generator | None) -> FloatArray:
        """See `Program.__call__`."""
        result: FloatArray = self.run("outputs", theta, batch, rng, None)
        return result if self.plan.several else result[:, 0]

    def noise(self, batch: Batch, rng: np.random.Generator | None, dtype: np.dtype[Any]) -> FloatArray | None:
        """The random numbers of a batch."""
        if not self.plan.noises:
            return None
        return (rng or np.random.default_rng()).random((len(batch), self.plan.noises)).astype(dtype, copy=False)

    def run(self, kind: str, theta: FloatArray, batch: Batch, rng: np.random.Generator | None, out: Any) -> Any:
        """Call a generated function with the arrays of this thread and batch size."""
        key = (kind, theta.dtype.char, len(batch.x))
        kept = self.local.buffers
        mine = kept.get(key)
        if mine is None:
            if len(kept) == KEPT:
                del kept[next(iter(kept))]  # the oldest: to know the least used would cost every call some of its time
            mine = kept[key] = self.runnable(kind, theta.dtype).buffers(theta, len(batch.x))
        x, y = batch.matrices(theta.dtype)
        noise = self.noise(batch, rng, theta.dtype) if self.plan.noises else None
        with np.errstate(all="ignore"):
            return mine.call(theta, x, y, noise, mine, out)
