"""Compiled programs beside eager evaluation: what both compute, and how far rounding may set them apart.

The bound is that of a running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, section 3.3).
A node adds at most a few ulps of its absolute terms: Σ|xᵢ| for a sum, Σ|wᵢxᵢ| + |b| for dot, |x| for a leaf and
whatever else. Local derivatives carry that to the results,

    E(node) = (absolute terms of the node) + Σ |∂node/∂operand| · E(operand),

and so E(result) is the sum of the absolute terms of which the result consists. Gradients are results too: they
are made as Values (`create_graph=True`), so cancellation in 1 - out² and its like is accounted for.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

import autograd
from autograd import Value, ops
from autograd.backward import local_derivatives
from autograd.compiler import Program
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.engine import Engine
from autograd.compiler.native.scalar import Native
from autograd.compiler.program import NativeProgram
from autograd.modes import Mode
from autograd.nested import flatten, parameters_of
from autograd.noise import drawing_from
from autograd.specialize import fast
from autograd.value import constant

TOLERANCE = 1e-12
"""Times E: four thousand ulps, and far stricter than 1e-10 wherever a result is less than a hundred steps deep."""

SINGLE = 2e-5
"""The same in float32, whose ulps are half a billion times larger."""


@dataclass(frozen=True)
class Case:
    """A loss of one example, its parameters, and the shapes of a row of X and of Y."""

    loss: Callable[..., Any]
    params: Any
    x_shape: tuple[int, ...]
    y_shape: tuple[int, ...] | None = None
    noises: int = 0

    def compiled(self) -> Program:
        """The loss compiled, and traced by its first call."""
        return autograd.compile(self.loss, self.params)

    def traced(self) -> Program:
        """The loss compiled and traced."""
        return self.compiled().trace(self.x_shape, self.y_shape)

    def data(self, examples: int = 3, seed: int = 0) -> tuple[Any, Any]:
        """Random rows: X is normal, Y positive with rows that sum to 1, like probabilities."""
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(examples, *self.x_shape))
        if self.y_shape is None:
            return X, None
        Y = rng.uniform(0.1, 1, size=(examples, *self.y_shape))
        return X, Y / Y.sum(axis=-1, keepdims=True) if self.y_shape else Y


@dataclass
class Result:
    """The loss of every example, their mean, its gradient with respect to theta, and to X."""

    outputs: Any
    value: Any
    gradient: Any
    inputs: Any


def nested(array: Any) -> Any:
    """An array as nested lists of Values."""
    return [nested(row) for row in array] if np.ndim(array) else Value(float(array))


def eager(case: Case, X: Any, Y: Any = None, draw: Any = None) -> tuple[Result, Result]:
    """What the scalar engine computes, one example after the other, and E for each of its numbers."""
    parameters = parameters_of(case.params)
    found, bounds = [], []
    for i, row in enumerate(X):
        x = nested(row)
        arguments = [x] if Y is None else [x, nested(Y[i])]
        with drawing_from(iter([] if draw is None else draw[i].tolist()).__next__), Remembered() as remembered:
            out = case.loss(*arguments)
        out = out if isinstance(out, Value) else Value(out)
        for parameter in parameters:
            parameter.grad = 0.0
        out.backward()
        leaves = [*parameters, *flatten(x)]
        found.append([out.data, *[leaf.grad for leaf in leaves]])
        derivatives = autograd.grad(out, leaves, create_graph=True)
        bounds.append(spread([out, *derivatives], remembered.sources))
    return tuple(_means(np.array(rows), len(parameters), np.shape(X)) for rows in (found, bounds))


def _means(rows: Any, parameters: int, shape: tuple[int, ...]) -> Result:
    means = rows.mean(axis=0)
    return Result(rows[:, 0], means[0], means[1 : 1 + parameters], rows[:, 1 + parameters :].reshape(shape) / len(rows))


class Remembered(Mode):
    """Keeps the history of what has none: what was detached, or comes from comparisons, has errors all the same."""

    def __init__(self) -> None:
        self.sources: dict[Value, Value] = {}

    def __enter__(self) -> Remembered:
        super().__enter__()
        return self

    def selected(self, op: ops.Op, args: tuple[Value, ...]) -> Value | None:
        """A leaf: a comparison alone gives a plain number, and what is computed of that leaves no trace."""
        if op is ops.where:
            return None
        if op is not ops.detach:
            return Value(op.forward(*[arg.data for arg in args]))
        made = constant(args[0].data)
        self.sources[made] = args[0]
        return made


def spread(results: list[Value], sources: Mapping[Value, Value] = MappingProxyType({})) -> list[float]:
    """E of each result; `sources` are what detached values were made of."""
    found = {node for result in (*results, *sources.values()) for node in autograd.ancestors(result)}
    nodes = sorted(found, key=lambda node: node.serial)
    bound: dict[Value, float] = {}
    fixed: set[Value] = set()
    for node in nodes:
        partials = local_derivatives(node) if node.args else ()
        # An exponent that is constant has no error, and for a negative base no derivative either.
        carried = [abs(p) * bound[arg] for p, arg in zip(partials, node.args, strict=True)
                   if not (math.isnan(p) and arg in fixed)]
        if node in sources:
            carried.append(bound[sources[node]])
        bound[node] = absolute_terms(node) + sum(carried)
        if node.op is ops.constant or (node.args and fixed.issuperset(node.args)):
            fixed.add(node)
    return [bound[result] for result in results]


def absolute_terms(node: Value) -> float:
    """The sum of the absolute terms of one node."""
    data = [abs(arg.data) for arg in node.args]
    if node.op in (ops.add, ops.sub, ops.sum):
        return sum(data)
    return fast(ops.dot).compute(tuple(map(Value, data))) if node.op is ops.dot else abs(node.data)


def traced_elsewhere(case: Case, X: Any, Y: Any = None, draw: Any = None) -> Program:
    """A program that was traced with other parameters and another example than those it is compared with."""
    program = case.compiled()
    theta = theta_of(case)
    for parameter, number in zip(parameters_of(case.params), 0.3 - theta, strict=True):
        parameter.data = float(number)
    program.value_and_grad(theta, X[::-1], None if Y is None else Y[::-1], rng=Given(draw))
    for parameter, number in zip(parameters_of(case.params), theta.tolist(), strict=True):
        parameter.data = number
    return program


def theta_of(case: Case) -> Any:
    """The parameters as a vector."""
    return np.array([parameter.data for parameter in parameters_of(case.params)])


# ── every way of running a program ───────────────────────────────────────────────────────────


class Given:
    """A generator whose draw is known beforehand."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw

    def random(self, shape: tuple[int, int]) -> Any:
        assert shape == self.draw.shape
        return self.draw


def by_numpy(program: Program, theta: Any, X: Any, Y: Any, draw: Any = None, **options: Any) -> Any:
    """Value and gradient by matrix statements, whatever the cost estimate says."""
    return with_few(0, program, theta, X, Y, draw, **options)


def by_floats(program: Program, theta: Any, X: Any, Y: Any, draw: Any = None, **options: Any) -> Any:
    """Value and gradient by straight-line Python, whatever the cost estimate says."""
    return with_few(math.inf, program, theta, X, Y, draw, **options)


def with_few(few: float, program: Program, theta: Any, X: Any, Y: Any, draw: Any, **options: Any) -> Any:
    """Value and gradient, where batches of fewer examples than `few` are done in floats."""
    part = program._traced()
    estimate, part.few = part.few, few
    try:
        return program.value_and_grad(theta, X, Y, rng=Given(draw), **options)
    finally:
        part.few = estimate


def by_paste(program: Program, theta: Any, X: Any, Y: Any, draw: Any = None) -> Any:
    """Value and gradient by the source alone, as if it stood in a file of its own."""
    names: dict[str, Any] = {"__name__": "pasted"}
    with np.errstate(all="ignore"):
        exec(program.source, names)
        function = names["value_and_grad"]
        given = {"theta": theta, "x": X.reshape(len(X), -1), "y": None if Y is None else Y.reshape(len(Y), -1),
                 "u": draw}
        return function(*[given[name] for name in inspect.signature(function).parameters])


def every_way(case: Case, X: Any, Y: Any, draw: Any, expected: Result, bound: Result) -> Iterator[Comparison]:
    """Every way of running the compiled loss beside eager evaluation."""
    theta = theta_of(case)
    program = traced_elsewhere(case, X, Y, draw)
    outputs = program(theta, X, Y, rng=Given(draw))
    yield Comparison("outputs", outputs, expected.outputs, bound.outputs)

    def beside(way: str, result: Any, tolerance: float = TOLERANCE) -> Iterator[Comparison]:
        names = ("value", "gradient", "inputs")[: len(result)]
        for name, found in zip(names, result, strict=True):
            yield Comparison(f"{way}: {name}", found, getattr(expected, name), getattr(bound, name), tolerance)

    yield from beside("as chosen", program.value_and_grad(theta, X, Y, rng=Given(draw)))
    yield from beside("numpy", by_numpy(program, theta, X, Y, draw))
    yield from beside("buffers used again", by_numpy(program, theta, X, Y, draw))
    yield from beside("into out", by_numpy(program, theta, X, Y, draw, out=np.full(len(theta), 7.0)))
    yield from beside("with inputs", by_numpy(program, theta, X, Y, draw, inputs=True))
    yield from beside("with inputs again", by_numpy(program, theta, X, Y, draw, inputs=True))
    if program._traced().straight is not None:
        yield from beside("floats", by_floats(program, theta, X, Y, draw))
    yield from beside("pasted", by_paste(program, theta, X, Y, draw))
    single = by_numpy(program, theta.astype(np.float32), X, Y, draw, inputs=True)
    assert single[1].dtype == np.float32
    yield from beside("float32", single, SINGLE)
    yield from beside("float64 after float32", by_numpy(program, theta, X, Y, draw))
    assert np.dtype(np.float64) not in buffer_dtypes(program, np.float32), "float32 became float64 on the way"


class OneWay(NativeProgram):
    """A loss as machine code of one kind: written out, or over arrays."""

    def __init__(self, case: Case, written: bool) -> None:
        super().__init__(case.loss, case.params)
        self.written = written

    def _engine(self, made: Plan) -> Engine:
        engine = super()._engine(made)
        engine.native = Native(made) if self.written else None
        return engine


def by_machine_code(case: Case, X: Any, Y: Any, draw: Any, expected: Result, bound: Result) -> Iterator[Comparison]:
    """Both kinds of machine code beside eager evaluation, in float64 and in float32, and again with other memory."""
    theta = theta_of(case)
    for written in (True, False):
        program, way = OneWay(case, written), "written out" if written else "over arrays"
        yield Comparison(f"{way}: outputs", program(theta, X, Y, rng=Given(draw)), expected.outputs, bound.outputs)
        for dtype, tolerance in ((np.float64, TOLERANCE), (np.float32, SINGLE), (np.float64, TOLERANCE)):
            for inputs in (True, False, False):
                results = program.value_and_grad(theta.astype(dtype), X, Y, rng=Given(draw), inputs=inputs)
                for name, found in zip(("value", "gradient", "inputs"), results, strict=False):
                    assert found.dtype == dtype
                    kind = f"{way}, {np.dtype(dtype)}: {name}"
                    yield Comparison(kind, found, getattr(expected, name), getattr(bound, name), tolerance)


def assert_agreement(case: Case, X: Any, Y: Any = None, draw: Any = None) -> None:
    """Every way of running the compiled loss gives what eager evaluation gives."""
    for comparison in every_way(case, X, Y, draw, *eager(case, X, Y, draw)):
        assert comparison.share <= 1, comparison


def buffer_dtypes(program: Program, dtype: Any) -> set[Any]:
    """The dtypes of the arrays in which a program computes when theta has a certain one."""
    kept = program._traced().local.calls
    return {array.dtype for key, call in kept.items() if key[1] == np.dtype(dtype).char
            for array in inspect.getclosurevars(call).globals.values() if isinstance(array, np.ndarray)}


@dataclass
class Comparison:
    """Numbers that came beside those that are expected, and how far rounding may set them apart."""

    what: str
    found: Any
    expected: Any
    bound: Any
    tolerance: float = TOLERANCE

    def __post_init__(self) -> None:
        self.found, self.expected, self.bound = (
            np.asarray(a, dtype=np.float64) for a in (self.found, self.expected, self.bound))

    @property
    def share(self) -> float:
        """The largest difference by what is allowed: above 1, or nan, where the two disagree."""
        assert self.found.shape == self.expected.shape, f"{self}: shapes {self.found.shape}, {self.expected.shape}"
        assert np.isfinite(self.bound).all(), f"{self}: there is no bound"
        allowed = self.tolerance * np.maximum(self.bound, np.abs(self.expected))
        apart = np.abs(self.found - self.expected)
        return float(np.max(np.where(apart == 0, 0, apart / np.where(apart == 0, 1, allowed)), initial=0))

    def __str__(self) -> str:
        return f"{self.what}: {self.found} came, {self.expected} expected, {self.tolerance} × {self.bound} allowed"


class AtCorners(Comparison):
    """The same where numbers may not be finite: infinities have their sign, nan is nan."""

    @property
    def share(self) -> float:
        """The largest difference by what is allowed: above 1 where the two disagree."""
        with np.errstate(all="ignore"):
            alike = (self.found == self.expected) | (np.isnan(self.found) & np.isnan(self.expected))
            bound = np.where(np.isfinite(self.bound), self.bound, 1e3 * np.abs(self.expected))
            allowed = self.tolerance * np.maximum(bound, np.abs(self.expected))
            apart = np.abs(self.found - self.expected) / np.where(allowed == 0, 1e-300, allowed)
            both = np.isfinite(self.found) & np.isfinite(self.expected)
            return float(np.max(np.where(alike, 0, np.where(both, apart, np.inf)), initial=0))


Ways = Callable[[Case, Any, Any, Any, Result, Result], Iterator[Comparison]]


def at_corners(case: Case, X: Any, ways: Ways = every_way) -> Iterator[Comparison]:
    """The ways that keep to eager evaluation where numbers are not finite: in float64, with the program at hand."""
    with np.errstate(all="ignore"):
        expected, bound = eager(case, X)
        for found in ways(case, X, None, None, expected, bound):
            if "float32" not in found.what and not found.what.startswith("pasted"):
                yield AtCorners(**vars(found))
