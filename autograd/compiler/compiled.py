"""A plan made executable: functions by kind and dtype, buffers by thread and batch size."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.compiler.arguments import Batch
from autograd.compiler.build import Plan
from autograd.compiler.executable import Buffers, Executable
from autograd.compiler.place import Places
from autograd.compiler.read import LEAF_NAMES
from autograd.compiler.source import Text, write
from autograd.compiler.straight import Straight

FloatArray = npt.NDArray[Any]


KEPT = 8
"""Batch sizes for which a thread keeps buffers, those it met last: training has two, validation two more."""


class _Thread(threading.local):
    """The buffers of one thread."""

    def __init__(self) -> None:
        self.buffers: dict[tuple[str, str, int], Buffers] = {}


class Compiled:
    """A plan made executable for one shape of rows: functions by kind and dtype, buffers by thread."""

    def __init__(self, made: Plan) -> None:
        self.plan = made
        self.verified: set[str] = set()
        self.texts: dict[str, Text] = {}
        self.functions: dict[tuple[str, Any], Executable] = {}
        self.local = _Thread()
        self.straight = Straight.of(made)

    def text(self, kind: str) -> Text:
        """The statements of "value_and_grad", of "inputs" (with dX) or of "outputs"."""
        if kind not in self.texts:
            self.texts[kind] = write(self.plan, kind)
        return self.texts[kind]

    @cached_property
    def places(self) -> Places:
        """Where each scalar of the trace is in the source."""
        return Places(self.plan, self.text("outputs" if self.plan.several else "value_and_grad"))

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
            return value, gradient, dx.reshape(batch.x_shape).copy()  # buffers are used again
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
        """Call a generated function with the buffers of this thread and batch size."""
        key = (kind, theta.dtype.char, len(batch.x))
        kept = self.local.buffers
        mine = kept.get(key)
        if mine is None:
            if len(kept) == KEPT:
                del kept[next(iter(kept))]  # the oldest: to know the least used would cost every call some of its time
            mine = kept[key] = self.function(kind, theta.dtype).buffers()
        x, y = batch.matrices(theta.dtype)
        noise = self.noise(batch, rng, theta.dtype) if self.plan.noises else None
        with np.errstate(all="ignore"):
            return mine.function(theta, x, y, noise, mine, out)

    def function(self, kind: str, dtype: np.dtype[Any]) -> Executable:
        """The executable function of a kind for a dtype."""
        if (kind, dtype) not in self.functions:
            sizes = {block.op: block.size for block in self.plan.blocks if block.op in LEAF_NAMES}
            self.functions[kind, dtype] = Executable(self.text(kind), dtype, sizes)
        return self.functions[kind, dtype]
