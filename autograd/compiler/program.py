"""A compiled loss: its source, its blocks, and the calls that run it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from autograd.compiler.arguments import Batch, FloatArray, as_batch, check_out, signature, vector
from autograd.compiler.arrays.place import Place
from autograd.compiler.blocks.plan import Names, Plan, parameter_names, plan
from autograd.compiler.engine import Engine
from autograd.compiler.explain.example import example
from autograd.compiler.explain.explanation import Explanation, explain, numbers
from autograd.compiler.explain.nodes import BlockInfo, block_infos, table
from autograd.compiler.explain.passes import Pass, passes
from autograd.compiler.native.machine import llvm
from autograd.compiler.printers.to_javascript import javascript
from autograd.compiler.printers.to_jax import JaxProgram
from autograd.compiler.scalars.trace import trace
from autograd.compiler.verify import verify, verify_source
from autograd.errors import UsageError
from autograd.flat import Flat, numbers_of
from autograd.nested import parameters_of
from autograd.value import Value

KEPT = 64
"""Shapes of rows for which a program keeps what it has compiled, those it met last."""


class Program:
    """A loss of one example as matrix statements over a batch: made by `autograd.compile`.

    It is traced when first called, for every shape of a row of X and of Y; the latest 64 shapes are kept.
    Calling it from several threads is safe: each has buffers of its own. It belongs to the Values of this process,
    and so has no copies and no pickles.

    >>> w, b = Value(2.0, "w"), Value(1.0, "b")
    >>> program = Program(lambda x, y: (w * x + b - y) ** 2, [w, b])
    >>> value, gradient = program.value_and_grad(np.array([2.0, 1.0]), [1.0, 3.0], [2.0, 5.0])
    >>> float(value), gradient.tolist()
    (2.5, [7.0, 3.0])
    """

    def __init__(self, loss: Callable[..., Any], params: Any) -> None:
        self.loss = loss
        self.params = parameters_of(params)
        self.flat = Flat(self.params)
        self.names = parameter_names(params, self.params)
        self.plans: dict[tuple[Any, ...], Engine] = {}
        self.met: dict[Any, Engine] = {}
        """What runs for arrays of a `signature`."""
        self.latest: Engine | None = None
        self.shown: tuple[Engine, dict[Value, int]] | None = None

    @cached_property
    def _positions(self) -> dict[Value, int]:
        """Where each parameter is in theta."""
        return {value: i for i, value in enumerate(self.params)}

    def value_and_grad(
        self, theta: npt.ArrayLike, X: npt.ArrayLike, Y: npt.ArrayLike | None = None, *,
        rng: np.random.Generator | None = None, out: FloatArray | None = None, inputs: bool = False,
    ) -> tuple[Any, ...]:
        """The mean loss over the rows of X and Y, and its gradient with respect to theta.

        The gradient has theta's shape and dtype (float32 or float64) and is a fresh array, or `out`. With
        `inputs`, d(value)/dX comes third. Random numbers (dropout) are one float64 draw from `rng` of
        shape (batch, numbers per example). Raises `UsageError` or `SizeError` for arguments that do not fit.
        """
        like = None if inputs else signature(theta, X, Y)
        if (known := self.met.get(like)) is not None:
            self.latest = known
            return known.again(theta, X, Y, out)
        theta, batch = vector(theta, len(self.params)), as_batch(X, Y)
        check_out(out, theta, batch)
        compiled = self._compiled(batch, "inputs" if inputs else "value_and_grad")
        if like is not None and like[-1] == theta.dtype.char and compiled.repeats(theta, batch):
            self.met = {**dict(list(self.met.items())[1 - KEPT :]), like: compiled}
        return compiled.value_and_grad(theta, batch, rng, out, inputs)

    def backward(
        self, X: npt.ArrayLike, Y: npt.ArrayLike | None = None, *, rng: np.random.Generator | None = None
    ) -> float:
        """Add the gradient of the mean loss over the rows of X and Y to the `grad` of every parameter.

        Returns the mean loss. Both are those of the data that the parameters have now. What is raised and `rng` are as
        in `value_and_grad`; where it raises, every `grad` stays as it was.

        >>> w, b = Value(2.0, "w"), Value(1.0, "b")
        >>> program = Program(lambda x, y: (w * x + b - y) ** 2, [w, b])
        >>> program.backward([1.0, 3.0], [2.0, 5.0]), w.grad, b.grad
        (2.5, 7.0, 3.0)
        """
        value, gradient = self.value_and_grad(numbers_of(self.flat.values), X, Y, rng=rng)
        self.flat.add_gradient(gradient)
        return float(value)

    def __call__(
        self, theta: npt.ArrayLike, X: npt.ArrayLike, Y: npt.ArrayLike | None = None, *,
        rng: np.random.Generator | None = None,
    ) -> FloatArray:
        """What the loss returns for each row: shape (batch,), or (batch, values) where it returns several."""
        theta, batch = vector(theta, len(self.params)), as_batch(X, Y)
        return self._compiled(batch, "outputs").outputs(theta, batch, rng)

    def _engine(self, made: Plan) -> Engine:
        """What runs a plan."""
        return Engine(made)

    def _compiled(self, batch: Batch, kind: str) -> Engine:
        """The program for rows of this shape, traced at the first call; each kind is verified when first used.

        There is no lock: two threads that come first at the same time both compile. A lock would be held while the
        loss runs, which may call this very program, wait for another thread or fork.
        """
        found = self.plans.get(batch.shapes)
        if found is None or kind not in found.verified:
            if found is None:
                found = self._engine(plan(self.loss, self.params, *batch.shapes, self.names))
            if found.plan.several and kind != "outputs":
                raise UsageError("value_and_grad needs a loss of one Value; call the program itself for several")
            verify(found.plan, found, kind, numbers_of(self.params), batch)
            found.verified.add(kind)
            for oldest in list(self.plans)[: max(0, len(self.plans) + 1 - KEPT)]:
                self.plans.pop(oldest, None)
            self.plans[batch.shapes] = found
            self.met = {}
        self.latest = found
        return found

    def retrace(self) -> bool:
        """Trace the loss anew, and drop what was compiled from a trace that differs; whether anything was.

        For plain numbers that the loss reads and that have changed, and for courses that it takes by the numbers of
        other Values: they are frozen when it is traced.

        >>> w, scale = Value(2.0), [10.0]
        >>> program = Program(lambda x: scale[0] * w * x, [w])
        >>> program([2.0], [1.0]).tolist()
        [20.0]
        >>> scale[0] = 100.0
        >>> program.retrace(), program([2.0], [1.0]).tolist()
        (True, [200.0])
        """
        changed = [
            shapes for shapes, found in list(self.plans.items())
            if not found.plan.trace.same(trace(self.loss, self.params, *shapes))
        ]
        for shapes in changed:
            self.plans.pop(shapes, None)
        self.met = {}
        return bool(changed)

    def __reduce__(self) -> NoReturn:
        raise UsageError(
            "a compiled program cannot be copied or pickled, since it belongs to the Values that its loss uses: copy "
            "or save the model, or the numbers (nn.parameters_to_vector), and compile the loss again"
        )

    def _traced(self) -> Engine:
        """The program used last; an error before the first call."""
        if self.latest is None:
            raise UsageError("a program is traced at its first call: call it, value_and_grad or "
                             "trace(x_shape, y_shape) before looking inside")
        return self.latest

    @property
    def source(self) -> str:
        """NumPy code that computes value and gradient (or the outputs, if there are several); it runs on its own."""
        compiled = self._traced()
        read = compiled.reading
        if not compiled.is_read and (read.plan is not compiled.plan or read.loops.loops):
            verify_source(compiled)
            compiled.is_read = True
        return read.source

    @property
    def executed_source(self) -> str:
        """What runs: what makes arrays for n examples, and the same function as calls that write into these."""
        return self._traced().executed_source

    @property
    def blocks(self) -> list[BlockInfo]:
        """The arrays that the forward half computes, in order."""
        read = self._traced().reading
        return block_infos(read.plan, read.function("outputs"), read.looped("outputs"))

    def trace(self, x_shape: tuple[int, ...], y_shape: tuple[int, ...] | None = None) -> Program:
        """Trace the loss for rows of X and Y of these shapes, without data, to look inside; the program itself."""
        rng = np.random.default_rng(0)
        y = None if y_shape is None else rng.random((1, *y_shape))
        self._compiled(as_batch(rng.random((1, *x_shape)), y), "outputs")
        return self

    def to_jax(self, *, each: bool = False) -> JaxProgram:
        """The program as a function of JAX arrays, `loss(theta, X, Y, u)`, with its `source`: see `JaxProgram`.

        It is for what JAX does best: `jax.jit`, `jax.grad` and `jax.vmap` take it, on whatever devices JAX
        has. It is the program of the row shapes used last. Raises `MissingPackageError` without JAX.
        """
        return JaxProgram(self._traced().reading.plan, each)

    def to_javascript(self) -> str:
        """The program as one expression of JavaScript, which needs nothing else: loops over Float64Arrays.

        It gives an object with the numbers of `parameters`, and in a row of `inputs`, `targets`, `outputs` and
        `noises`; and functions of the arrays theta, X, Y and u, with `count` rows each, row after row:
        `valueAndGrad(theta, X, Y, count, gradient, u)` fills `gradient` and returns the mean loss,
        `run(theta, X, Y, count, u)` returns a row of outputs for each example, and `values(theta, X, Y, count, u)`
        every array of the program that has a row for each example, and its gradient, by name; what a loop keeps of all
        its steps has such rows step after step. u are random numbers from 0 to 1, if there are `noises`. `outside`
        holds the numbers of Values that the loss reads besides parameters, and may be changed. Where the function that
        was compiled returns several values there is only `run`.

        It is the program of the row shapes used last; numbers are those of NumPy to rounding, in float64. Where
        results are not finite, they may be others than those of eager evaluation.

        >>> w = Value(2.0, "w")
        >>> program = Program(lambda x: w * x, [w]).trace(())
        >>> program.to_javascript().splitlines()[-1]
        '})()'
        """
        return javascript(self._traced().plan.laid)

    def to_native(self) -> NativeProgram:
        """The same loss as a program that runs as machine code, see `NativeProgram`.

        Raises `MissingPackageError` without llvmlite (extra "native").
        """
        return NativeProgram(self.loss, self.params, self.names)

    def passes(self, *, inputs: bool = False) -> list[Pass]:
        """The graph after each pass of the compiler, from the scalars of the trace to the arrays of the program.

        With `inputs`, the last one has the gradient with respect to X as well.

        >>> w = Value(2.0, "w")
        >>> program = Program(lambda x, y: (w * x - y) ** 2, [w]).trace((), ())
        >>> for made in program.passes():
        ...     print(made.name, [node.name for node in made.nodes if node.op != "parameter"])
        trace ['x', 'y', 'v1', 'v2', 'v3']
        canonical ['x', 'y', 'v2', 'v3']
        group ['x', 'y', 'v2', 'v3']
        reroll ['x', 'y', 'z', 'loss', 'value']
        differentiate ['x', 'y', 'z', 'loss', 'value', 'dloss', 'dz', 'dw']
        """
        return passes(self._traced().reading, self.params, inputs)

    def explain(
        self, name: str, X: npt.ArrayLike | None = None, Y: npt.ArrayLike | None = None, *,
        rng: np.random.Generator | None = None,
    ) -> Explanation:
        """What a line of the source stands for: its scalars index by index, and how it became a product of matrices.

        `name` is an array of the source, such as "z1" or "dW1", or "dx". The numbers are those of the rows of X and Y
        with today's parameters; without X, those of two examples near the one with which the program was traced.
        Raises `UsageError` for names that the program has not.

        >>> w, b = [Value(2.0, "w[0]"), Value(3.0, "w[1]")], Value(1.0, "b")
        >>> program = Program(lambda x: (w[0] * x[0] + w[1] * x[1] + b).tanh(), {"w": w, "b": b})
        >>> print(program.explain("dw", [[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]]))
        dw: the gradient of w, shape (2, 1)
        line   dw[...] = x.T @ dz
        means  dw[i, 0] = Σ_e x[e, i] * dz[e, 0],
               i = 0 … 1, e over the examples
        why    z[e, 0] = Σ_j x[e, j] * w[j, 0] + b[0] reads w[i, 0] with the slope x[e, i]: dz[e, 0] * x[e,
               i] comes back, for every e: all of it is added up.
        form   x.T @ dz: @ adds up along the last axis of the left factor and the first axis of the right
               one, a row times a column for each entry.
        form   x is transposed so that e, over which it adds up, comes last: x.T[i, e] is x[e, i].
        entry  dw[0, 0] = x[0, 0] * dz[0, 0] + x[1, 0] * dz[1, 0] + x[2, 0] * dz[2, 0]
        """
        if X is None:
            engine = self._traced()
            assert engine.sample is not None, "a program is verified before it is looked at"
            theta, batch, noise = engine.sample
        else:
            batch, theta = as_batch(X, Y), np.array([value.data for value in self.params])
            engine = self._compiled(batch, "outputs")
            noise = engine.noise(batch, rng or np.random.default_rng(0))
        inputs = name == "dx" and not engine.plan.several
        kind = "inputs" if inputs else engine.plan.kind
        return explain(engine.reading, name, numbers(engine, theta, batch, noise), kind)

    def example(
        self, x: Any, y: Any = None, *, rng: np.random.Generator | None = None
    ) -> Any:
        """The scalar graph of one example with today's parameters: a Value, or a list where the loss returns several.

        Its values are labelled with their places in the program, unless the loss labelled them, and `block_of`
        knows them until the next `example`. `backward()` fills in the gradients of the parameters themselves.

        >>> w, b = Value(2.0, "w"), Value(1.0, "b")
        >>> program = Program(lambda x, y: (w * x + b - y) ** 2, [w, b])
        >>> program.example(3.0, 5.0)
        Value(data=4.0, label='loss')
        """
        batch = as_batch([x], None if y is None else [y])
        compiled = self._compiled(batch, "outputs")
        outputs, nodes = example(compiled, batch, self.params, rng)
        self.shown = compiled, nodes
        return outputs if compiled.plan.several else outputs[0]

    def block_of(self, value: Value) -> Place | None:
        """Where a scalar is in the program used last: a parameter, or a value of the latest `example`.

        None for constants, and for what no result depends on. Raises `UsageError` for other values.

        >>> w, b = Value(2.0, "w"), Value(1.0, "b")
        >>> program = Program(lambda x, y: (w * x + b - y) ** 2, [w, b])
        >>> loss = program.example(3.0, 5.0)
        >>> print(program.block_of(b), program.block_of(loss))
        b[0] loss[:, 0]
        """
        if value in self._positions:
            return self._traced().reading.places.of_parameter(self._positions[value])
        compiled, nodes = self.shown or (self._traced(), {})
        if value not in nodes:
            raise UsageError(
                f"block_of finds parameters and the values of the latest program.example(x, y); {value!r} is neither"
            )
        return compiled.reading.places.of(nodes[value])

    def summary(self) -> str:
        """A table of the blocks: shape, the scalars each stands for, floating-point operations per example."""
        return table(self.blocks, self._traced().reading.plan)

    def __repr__(self) -> str:
        state = ("not traced yet" if self.latest is None else f"{len(self.blocks)} blocks" if self.latest.plan.blocks
                 else f"{len(self.latest.plan.graph)} scalars, one by one")
        return f"<Program of {len(self.params)} parameters, {state}>"


class NativeProgram(Program):
    """A program that runs as machine code, made by `Program.to_native`: it is called in the same ways.

    A small loss, or one in which few scalars do the same, becomes straight-line code for eight examples at once,
    without arrays or calls in between; it computes in float64. Of others, and where there are so many examples that
    arrays are quicker, products of large matrices stay calls of NumPy, and what is computed element by element between
    them becomes loops over arrays.
    Results are those of `Program` to rounding, and so are errors. What was compiled is kept in the folder of the user's
    caches ($XDG_CACHE_HOME/reroll, ~/.cache/reroll, on macOS ~/Library/Caches/reroll), so that the next process need
    not compile it again; a thousand files at most, those used last.
    """

    def __init__(self, loss: Callable[..., Any], params: Any, names: Names | None = None) -> None:
        llvm()
        super().__init__(loss, params)
        self.names = names or self.names

    def _engine(self, made: Plan) -> Engine:
        """What runs a plan."""
        return Engine(made, native=True)

    def to_native(self) -> NativeProgram:
        """The program itself."""
        return self


def compile(loss: Callable[..., Any], params: Any) -> Program:
    """A loss of one example, compiled to a NumPy program over a batch that gives the same value and gradient.

    `loss(x, y)`, or `loss(x)`, is ordinary Python over Values; x and y are nested lists shaped like one row of
    the arrays given later. `params` is a model, a list or a dict of (nested) Values. Other Values that the loss
    uses are read anew at each call, and get no gradient. Plain numbers of Python are frozen when it is traced, and
    numbers that it reads as `w.data`; `w.detach()` is the number that a parameter has in each call, without its
    gradient. After other changes, `program.retrace()`. A loss that draws from `random` or `np.random` is refused, and
    up to 100 000 scalars so is any that does not do the same when it is traced a second time; in larger ones a
    generator of its own or a counter goes unseen. While it is traced, `isinstance(x, Value)` holds, but
    `type(x) is Value` does not.

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
