"""Backpropagation: the chain rule along every edge of a graph, from the output to the leaves.

A node is always younger than its operands, so descending creation order is a topological order:
collect what is reachable, sort by `serial`, and let every node pass its gradient on. No recursion,
so a chain of a million operations is as good as any.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd import ops
from autograd.errors import NumberError, UsageError
from autograd.modes import differentiating, watching
from autograd.value import Value, constant, data_of

_serial = operator.attrgetter("serial")


def interior(output: Value) -> list[Value]:
    """Every node that an operation made, from `output` down, the youngest first."""
    found = []
    seen = {output}
    stack = [output]
    # Depth first leaves the list nearly in order, so that sorting it is cheap.
    while stack:
        node = stack.pop()
        found.append(node)
        for arg in node.args:
            if arg.args and arg not in seen:
                seen.add(arg)
                stack.append(arg)
    found.sort(key=_serial, reverse=True)
    return found if output.args else []


def ancestors(output: Value) -> list[Value]:
    """Every value that `output` depends on, itself and the leaves included, the oldest first."""
    return sorted({output}.union(*[node.args for node in interior(output)]), key=_serial)


def backward(output: Value) -> None:
    """Add d(output)/d(leaf) to the `grad` of each leaf; set the `grad` of every node between.

    >>> x = Value(5.0)
    >>> y = x * x - 2 * x + 1
    >>> backward(y)
    >>> x.grad, y.grad
    (8.0, 1.0)
    """
    if not output.args:
        output.grad += 1.0
        return
    nodes = cleared(output)
    output.grad = 1.0
    modes = watching()
    for node in nodes:
        if modes:
            watch(node, node.grad)
        node.op.pull(node)  # type: ignore[union-attr]


def cleared(output: Value) -> list[Value]:
    """The nodes of `interior`, their gradients zero: one zero of this call's own marks what was found."""
    zero = float("0")
    output.grad = zero
    found = []
    stack = [output]
    while stack:
        node = stack.pop()
        found.append(node)
        for arg in node.args:
            if arg.grad is not zero and arg.args:
                arg.grad = zero
                stack.append(arg)
    found.sort(key=_serial, reverse=True)
    return found


def watch(node: Value, upstream: float) -> None:
    """Let the modes of this thread see what a node passes on to its operands."""
    contributions = [upstream * partial for partial in local_derivatives(node)]
    for mode in watching():
        mode.differentiated(node, upstream, contributions)


def local_derivatives(node: Value) -> tuple[float, ...]:
    """The partial derivative of a node with respect to each of its operands, as floats.

    >>> local_derivatives(Value(3.0) * Value(4.0))
    (4.0, 3.0)
    """
    if not isinstance(node.op, ops.Op):
        return ()
    return tuple(map(float, node.op.local(node.data, *[arg.data for arg in node.args])))


def grad(output: Value, inputs: Iterable[Value], create_graph: bool = False) -> list[Any]:
    """d(output)/d(input) for each input, leaving every `.grad` alone.

    Floats; with `create_graph=True` Values, made by the same rules and so differentiable again.
    An input on which the output does not depend gives 0.

    >>> x = Value(2.0)
    >>> (dy,) = grad(x**3, [x], create_graph=True)
    >>> dy.data, grad(dy, [x])
    (12.0, [12.0])
    """
    if isinstance(inputs, ops.Carrier):
        raise UsageError("grad takes a list of inputs: grad(y, [x]) in place of grad(y, x)")
    inputs = list(inputs)
    for value in (output, *inputs):
        if not isinstance(value, ops.Carrier):
            raise NumberError(f"grad differentiates a Value with respect to Values, {type(value).__name__} came")
    output, inputs = output.among(inputs)
    with differentiating():
        arrived = sweep(output, symbolic_partials if create_graph else local_derivatives, 1.0)
        derivatives = [total(arrived.get(value, [])) for value in inputs]
    if watching():
        for node in interior(output):
            watch(node, data_of(arrived[node][0]))
    return [constant(d) if type(d) is float else d for d in derivatives] if create_graph else derivatives


def symbolic_partials(node: Any) -> tuple[Any, ...]:
    """The partial derivatives of a node as Values, so that they can be differentiated in turn."""
    return node.op.partials(node, node.args) if isinstance(node.op, ops.Op) else ()


def sweep(output: Any, partials: Callable[[Any], Sequence[Any]], seed: Any) -> dict[Any, list[Any]]:
    """The contributions that arrive at every value: upstream gradient × local derivative, per edge."""
    arrived: dict[Any, list[Any]] = {output: [seed]}
    for node in interior(output):
        upstream = total(arrived[node])
        arrived[node] = [upstream]
        for arg, partial in zip(node.args, partials(node), strict=True):
            if not (isinstance(partial, int) and partial == 0):
                arrived.setdefault(arg, []).append(_times(upstream, partial))
            else:
                arrived.setdefault(arg, [])
    return arrived


def _times(upstream: Any, partial: Any) -> Any:
    return upstream if isinstance(partial, int) and partial == 1 else upstream * partial


def total(contributions: list[Any]) -> Any:
    """The sum over all paths."""
    if len(contributions) == 1:
        return contributions[0]
    return ops.sum(contributions) if contributions else 0.0


def jacobian(outputs: Iterable[Value], inputs: Sequence[Value]) -> list[list[float]]:
    """The matrix of d(output)/d(input), a row for each output.

    >>> x, y = Value(2.0), Value(3.0)
    >>> jacobian([x * y, x + y], [x, y])
    [[3.0, 2.0], [1.0, 1.0]]
    """
    return [grad(output, inputs) for output in outputs]


def hessian(f: Callable[..., Value], inputs: Sequence[Value]) -> list[list[float]]:
    """The matrix of second derivatives of `f(*inputs)`: the Jacobian of its gradient.

    Raises `UsageError` where a value comes in place of the function.

    >>> hessian(lambda x, y: x * x * y, [Value(2.0), Value(3.0)])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    if not callable(f):
        raise UsageError(f"hessian takes a function of the inputs, such as lambda x, y: x * x * y; {f!r} came")
    return jacobian(grad(f(*inputs), inputs, create_graph=True), inputs)
