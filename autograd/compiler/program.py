"""A compiled loss: its source, its blocks, and the calls that run it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.compiler.arguments import Batch, rows, vector
from autograd.compiler.build import plan
from autograd.compiler.compiled import Compiled
from autograd.compiler.summary import BlockInfo, block_infos, table
from autograd.compiler.verify import verify
from autograd.errors import UsageError
from autograd.nested import parameters_of
from autograd.value import Value

FloatArray = npt.NDArray[Any]


class Program:
    """A loss of one example as matrix statements over a batch: made by `autograd.compile`.

    It is traced when first called, once for every shape of a row of X and of Y. Calling it from
    several threads is safe: each has buffers of its own.

    >>> w, b = Value(2.0, "w"), Value(1.0, "b")
    >>> program = Program(lambda x, y: (w * x + b - y) ** 2, [w, b])
    >>> value, gradient = program.value_and_grad(np.array([2.0, 1.0]), [1.0, 3.0], [2.0, 5.0])
    >>> float(value), gradient.tolist()
    (2.5, [7.0, 3.0])
    """

    def __init__(self, loss: Callable[..., Any], params: Any) -> None:
        self.loss = loss
        self.params = parameters_of(params)
        self.names = parameter_names(params, self.params)
        self.plans: dict[tuple[Any, ...], Compiled] = {}
        self.lock = threading.Lock()
        self.latest: Compiled | None = None

    def value_and_grad(
        self, theta: npt.ArrayLike, X: npt.ArrayLike, Y: npt.ArrayLike | None = None, *,
        rng: np.random.Generator | None = None, out: FloatArray | None = None, inputs: bool = False,
    ) -> tuple[Any, ...]:
        """The mean loss over the rows of X and Y, and its gradient with respect to theta.

        The gradient has theta's shape and dtype (float32 or float64) and is a fresh array, or `out`. With
        `inputs`, d(value)/dX comes third. Random numbers (dropout) are one float64 draw from `rng` of
        shape (batch, numbers per example). Raises `UsageError` or `SizeError` for arguments that do not fit.
        """
        theta = vector(theta, len(self.params), out)
        batch = rows(X, Y)
        compiled = self.compiled(batch, "inputs" if inputs else "value_and_grad")
        return compiled.value_and_grad(theta, batch, rng, out, inputs)

    def __call__(
        self, theta: npt.ArrayLike, X: npt.ArrayLike, Y: npt.ArrayLike | None = None, *,
        rng: np.random.Generator | None = None,
    ) -> FloatArray:
        """What the loss returns for each row: shape (batch,), or (batch, values) where it returns several."""
        theta = vector(theta, len(self.params), None)
        batch = rows(X, Y)
        return self.compiled(batch, "outputs").outputs(theta, batch, rng)

    def compiled(self, batch: Batch, kind: str) -> Compiled:
        """The program for rows of this shape, traced at the first call; each kind is verified when first used."""
        found = self.plans.get(batch.shapes)
        if found is None or kind not in found.verified:
            with self.lock:
                found = self.plans.get(batch.shapes)
                if found is None:
                    found = Compiled(plan(self.loss, self.params, *batch.shapes, self.names))
                if found.plan.several and kind != "outputs":
                    raise UsageError("value_and_grad needs a loss of one Value; call the program itself for several")
                if kind not in found.verified:
                    verify(found.plan, found, kind, np.array([p.data for p in self.params]), batch)
                    found.verified.add(kind)
                self.plans[batch.shapes] = found
        self.latest = found
        return found

    def traced(self) -> Compiled:
        """The program used last; an error before the first call."""
        if self.latest is None:
            raise UsageError("a program is traced at its first call: call it, or value_and_grad, before looking inside")
        return self.latest

    @property
    def source(self) -> str:
        """NumPy code that computes value and gradient (or the outputs, if there are several); it runs on its own."""
        compiled = self.traced()
        return str(compiled.text("outputs" if compiled.plan.several else "value_and_grad"))

    @property
    def blocks(self) -> list[BlockInfo]:
        """The arrays that the forward half computes, in order."""
        compiled = self.traced()
        return block_infos(compiled.plan, compiled.text("outputs"))

    def summary(self) -> str:
        """A table of the blocks: shape, the scalars each stands for, floating-point operations per example."""
        return table(self.blocks, self.traced().plan)

    def __repr__(self) -> str:
        state = "not traced yet" if self.latest is None else f"{len(self.blocks)} blocks"
        return f"<Program of {len(self.params)} parameters, {state}>"


def parameter_names(params: Any, flat: list[Value]) -> dict[tuple[int, int], str]:
    """Runs of parameters that bear one name: the keys of a dict, else the stems of labels such as W1[0,1]."""
    stems = [value.label.split("[")[0] for value in flat]
    if isinstance(params, dict):
        position = {value: i for i, value in enumerate(flat)}
        for name, nested in params.items():
            for value in parameters_of(nested):
                stems[position[value]] = str(name)
    cuts = [0, *(i for i in range(1, len(stems)) if stems[i] != stems[i - 1]), len(stems)]
    return {(start, stop): stems[start] or "w" for start, stop in itertools.pairwise(cuts) if stop > start}


def compile(loss: Callable[..., Any], params: Any) -> Program:
    """A loss of one example, compiled to a NumPy program over a batch that gives the same value and gradient.

    `loss(x, y)`, or `loss(x)`, is ordinary Python over Values; x and y are nested lists shaped like one row of
    the arrays given later. `params` is a model, a list or a dict of (nested) Values. What else the loss uses
    is constant, frozen when it is traced.

    >>> from autograd import dot, mean
    >>> W1 = [[Value(0.1), Value(0.2)], [Value(0.3), Value(0.4)], [Value(0.5), Value(0.6)]]
    >>> b1 = [Value(0.0), Value(0.0), Value(0.0)]
    >>> def loss(x, y):
    ...     hidden = [dot(w, x, b).tanh() for w, b in zip(W1, b1)]
    ...     return mean((h - t) ** 2 for h, t in zip(hidden, y))
    >>> program = compile(loss, {"W1": W1, "b1": b1})
    >>> value, gradient = program.value_and_grad(np.zeros(9), np.ones((4, 2)), np.ones((4, 3)))
    >>> print(program.source)
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def value_and_grad(theta, x, y):
        n = len(x)
        W1 = theta[0:6].reshape(3, 2).T
        b1 = theta[6:9]
    <BLANKLINE>
        z1 = x @ W1 + b1
        a1 = np.tanh(z1)
        s1 = a1 - y
        s2 = np.sum(s1 * s1, axis=-1, keepdims=True)
        loss = 0.3333333333333333 * s2
        value = loss.mean()
    <BLANKLINE>
        gradient = np.empty_like(theta)
        dW1 = gradient[0:6].reshape(3, 2).T
        db1 = gradient[6:9]
        dloss = np.full((n, 1), 1 / n, theta.dtype)
        ds2 = 0.3333333333333333 * dloss
        ds1 = 2 * ds2 * s1
        da1 = ds1
        dz1 = da1 * (1 - a1 ** 2)
        dW1[...] = x.T @ dz1
        db1[...] = dz1.sum(axis=0)
        return value, gradient
    <BLANKLINE>
    """
    return Program(loss, params)
