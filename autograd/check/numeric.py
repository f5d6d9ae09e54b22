"""Derivatives checked against finite differences: slow, inexact, and independent of every rule.

The step. A forward difference (f(x + h) - f(x)) / h is wrong by about h·|f''|/2 because the curve
bends, and by about ε·|f|/h because floats round (ε = 2.2e-16), which is least near h = √ε. A
central difference (f(x + h) - f(x - h)) / 2h bends only by h²·|f'''|/6, so its best step is near
∛ε and its best error near 4e-11 in place of 1.5e-8. It costs 2n evaluations of f for n inputs, the
forward difference n + 1; backpropagation costs about one.

Source: Press et al., Numerical Recipes, 3rd edition, section 5.7.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from autograd import ops
from autograd.backward import ancestors, grad
from autograd.errors import NumberError, SizeError, UsageError
from autograd.tables import aligned
from autograd.value import Value, data_of

STEPS = {"forward": math.sqrt(sys.float_info.epsilon), "central": math.cbrt(sys.float_info.epsilon)}
"""The best step for inputs of size 1; it grows in proportion to larger ones."""


def finite_difference(
    f: Callable[..., Any], inputs: Iterable[Any], h: float | None = None, kind: str = "central"
) -> list[float]:
    """The slope of `f(*inputs)` along each input, measured by moving that input a little.

    `f` is given what the inputs are: floats for plain numbers, new Values for Values, which
    themselves stay as they are. `h` is the step, by default the best one for `kind` (see the top of
    this file) times max(1, |x|). Raises `UsageError` for a step that is not positive or too small
    to move an input, and for a kind other than "forward" and "central".

    >>> [slope] = finite_difference(lambda x: x * x, [3.0])
    >>> round(slope, 8)
    6.0
    >>> [slope] = finite_difference(lambda x: x * x, [3.0], h=0.0001, kind="forward")
    >>> round(slope, 8)
    6.0001
    """
    inputs = _validated(inputs, h, kind)

    def at(i: int, x: float) -> float:
        """f with input i moved to x."""
        numbers = [x if j == i else data_of(value) for j, value in enumerate(inputs)]
        return _number(f(*[_like(value, number) for value, number in zip(inputs, numbers, strict=True)]))

    here = at(0, data_of(inputs[0])) if kind == "forward" else 0.0
    slopes = []
    for i, value in enumerate(inputs):
        x = data_of(value)
        step = h or STEPS[kind] * max(1.0, abs(x))
        low, high = (x if kind == "forward" else x - step), x + step
        if low == high:
            raise UsageError(f"a step of {step} does not move {x}: take a larger h")
        slopes.append((at(i, high) - (here if kind == "forward" else at(i, low))) / (high - low))
    return slopes


@dataclass(frozen=True)
class Comparison:
    """One input: its derivative by backpropagation and by finite differences."""

    name: str
    analytic: float
    numeric: float
    agrees: bool
    kink: str = ""
    """The operation with a kink within the step, by which the two may rightly differ; empty where they agree."""

    @property
    def error(self) -> float:
        """How far the two lie apart."""
        return abs(self.analytic - self.numeric)


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """What `gradcheck` found: true if every input agrees, and a table to read."""

    rows: tuple[Comparison, ...]
    repeats: bool = True
    """Whether f gives the same twice; else the differences say nothing."""

    def __bool__(self) -> bool:
        return all(row.agrees for row in self.rows)

    def __str__(self) -> str:
        cells = [("input", "analytic", "numeric", "error", "")]
        for row in self.rows:
            verdict = "" if row.agrees else "differs"
            cells.append((row.name, f"{row.analytic:.9g}", f"{row.numeric:.9g}", f"{row.error:.1e}", verdict))
        lines = aligned(cells, "<>>><")
        if not self.repeats:
            return "\n".join([*lines, "f is not the same twice, which says nothing about its derivatives: dropout?"])
        lines += [f"{row.name} is within h of a kink of {row.kink}: there the two rightly differ, move it a little"
                  for row in self.rows if row.kink]
        return "\n".join(lines)

    __repr__ = __str__


def gradcheck(
    f: Callable[..., Any],
    inputs: Iterable[Any],
    h: float | None = None,
    kind: str = "central",
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> GradientCheck:
    """The derivatives of `f(*inputs)` by backpropagation beside those by finite differences.

    `f` takes Values and returns one; `inputs` are Values or plain numbers, and stay as they are.
    A pair agrees if |analytic - numeric| ≤ atol + rtol·|numeric|. The defaults lie thousands of
    times above the error of a central difference of a function of moderate size, and far below that
    of a wrong rule; raise `atol` where |f| is large. At a kink the two rightly differ, and where f draws random
    numbers: the table says so, but such a check does not count as passed.

    >>> x, y = Value(-2.0, "x"), Value(5.0, "y")
    >>> check = gradcheck(lambda x, y: (x + y).tanh() * y, [x, y])
    >>> bool(check)
    True
    >>> print(gradcheck(lambda x: abs(x) * x.detach(), [3.0]))
    input  analytic  numeric    error
    x             3        6  3.0e+00  differs
    """
    inputs = _validated(inputs, h, kind)
    inputs = [Value(data_of(value), label=name) for name, value in zip(_names(f, inputs), inputs, strict=True)]
    output = f(*inputs)
    if not isinstance(output, Value):
        raise NumberError(f"gradcheck needs f to return a Value, {type(output).__name__} came")
    numeric = finite_difference(f, inputs, h, kind)
    rows = []
    for i, (x, a, n) in enumerate(zip(inputs, grad(output, inputs), numeric, strict=True)):
        agrees = a == n or abs(a - n) <= atol + rtol * abs(n)
        rows.append(Comparison(x.label, a, n, agrees, "" if agrees else kink_near(f, inputs, i, h, kind)))
    agree = all(row.agrees for row in rows)
    return GradientCheck(tuple(rows), agree or _number(f(*inputs)) == output.data or math.isnan(output.data))


def kink_near(f: Callable[..., Any], inputs: list[Any], i: int, h: float | None, kind: str) -> str:
    """The operation of f, the first in its graph, whose operand is on another side of a kink where input i is moved."""
    x = data_of(inputs[i])
    step = h or STEPS[kind] * max(1.0, abs(x))
    graphs = []
    for at in (x - step, x, x + step):
        output = f(*[Value(at, value.label) if j == i else value for j, value in enumerate(inputs)])
        graphs.append([node for node in ancestors(output) if isinstance(node.op, ops.Op)])
    for nodes in zip(*graphs, strict=False):
        if len({node.op for node in nodes}) > 1:
            return ""  # f takes another way: that is no kink of an operation
        if len({side(node) for node in nodes}) > 1:
            return str(nodes[0].op.name)
    return ""


def side(node: Value) -> tuple[int, ...]:
    """On which side of its kinks a node is: of max and min, which terms it is equal to."""
    xs, op = [arg.data for arg in node.args], node.op
    assert isinstance(op, ops.Op)
    if isinstance(op, ops.Reduction):
        return tuple([i for i, x in enumerate(xs) if x == node.data]) if op.counts_ties else ()
    position = xs[0] - xs[1] if op.arity - len(op.defaults) == 2 else xs[0]
    return tuple([(position > kink) - (position < kink) for kink in op.kinks])


def _validated(inputs: Iterable[Any], h: float | None, kind: str) -> list[Any]:
    if not isinstance(inputs, Iterable):
        raise UsageError(f"the inputs are expected in a list, [x, y], {type(inputs).__name__} came")
    inputs = list(inputs)
    if not inputs:
        raise SizeError("at least one input is needed, none came")
    if kind not in STEPS:
        raise UsageError(f'kind is "forward" or "central", {kind!r} came')
    if h is not None and not 0 < h < math.inf:
        raise UsageError(f"the step h must be positive and finite, {h} came")
    return inputs


def _like(value: Any, number: float) -> Any:
    return Value(number, value.label) if isinstance(value, Value) else number


def _number(output: Any) -> float:
    try:
        return data_of(output)
    except NumberError:
        raise NumberError(f"f must return a Value or a number, {type(output).__name__} came") from None


def _names(f: Callable[..., Any], inputs: list[Any]) -> list[str]:
    """What to call the inputs: their labels, else the names of f's parameters, else their places."""
    try:
        parameters = [p.name for p in inspect.signature(f).parameters.values() if p.kind < p.VAR_POSITIONAL]
    except (TypeError, ValueError):
        parameters = []
    parameters += [f"input {i}" for i in range(len(parameters), len(inputs))]
    return [getattr(value, "label", "") or name for value, name in zip(inputs, parameters, strict=False)]
