"""Backpropagation: the chain rule along every edge of a graph, from the output to the leaves.

A node is always younger than its operands, so descending creation order is a topological order:
collect what is reachable, sort by `serial`, and let every node pass its gradient on. No recursion,
so a chain of a million operations is as good as any.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autograd import ops
from autograd.errors import NumberError, UsageError
from autograd.flat import writing
from autograd.modes import differentiating, is_tracing, watching
from autograd.specialize import fast, pull
from autograd.value import LAST_CHANGE, NO_GRADIENT, Value, constant, data_of

_serial = operator.attrgetter("serial")


def interior(output: Value) -> list[Value]:
    """Every node that an operation made, from `output` down, the youngest first."""
    found = []
    seen = {output}
    stack = [output]
    # Depth first leaves the list nearly in order, so that sorting it is cheap.
    while stack:
        node = stack.pop()
        if args := node.args:
            found.append(node)
            for arg in args:
                if arg not in seen:
                    seen.add(arg)
                    stack.append(arg)
    found.sort(key=_serial, reverse=True)
    return found


def ancestors(output: Value) -> list[Value]:
    """Every value that `output` depends on, itself and the leaves included, the oldest first."""
    return sorted({output}.union(*[node.args for node in interior(output)]), key=_serial)


def is_stale(node: Value) -> bool:
    """Whether a node is no longer what its operation makes of its operands.

    The last bits may differ: a pickle may come from another machine with other libraries of mathematics.
    """
    now = fast(node.op).compute(node.args)
    return not (math.isclose(now, node.data, rel_tol=1e-12) or (math.isnan(now) and math.isnan(node.data)))


def require_unchanged(nodes: Sequence[Value]) -> None:
    """Raise `UsageError` if data were assigned after these nodes, the youngest first, were computed from them.

    Slopes come from the data of today, so they would belong to another point than the value. Mostly no data were
    assigned, of any value, since the oldest of these nodes was made, and one comparison says so. Otherwise each node
    is computed anew: whatever was assigned, and how, and to an operand or to the node itself, that finds it.
    """
    if not nodes or nodes[-1].serial > LAST_CHANGE[0]:
        return
    for node in reversed(nodes):
        if is_stale(node):
            operands = ", ".join(f"{arg.label} = {arg.data}" if arg.label else str(arg.data) for arg in node.args[:6])
            raise UsageError(
                f"data changed after the value was computed: {node.label or 'a value'} is {node.data}, but "
                f"{getattr(node.op, 'name', '')} of {operands}{', …' * (len(node.args) > 6)} is "
                f"{fast(node.op).compute(node.args)}: compute the value anew first, and "
                f"assign data (p.data -= rate * p.grad) after it was differentiated"
            )


def backward(output: Value) -> None:
    """Add d(output)/d(leaf) to the `grad` of each leaf; set the `grad` of every node between.

    Raises `UsageError` if data were assigned since `output` was computed. Where it raises, every `grad` is
    as it was. Threads may differentiate graphs that share values: one after the other writes.

    >>> x = Value(5.0)
    >>> y = x * x - 2 * x + 1
    >>> backward(y)
    >>> x.grad, y.grad
    (8.0, 1.0)
    """
    if watching():
        grad(output, [])  # modes see all that passes, and may raise, before anything is written
    with writing:
        if not output.args:
            output.grad += 1.0
            return
        nodes = cleared(output)
        output._grad = 1.0
        pull(nodes)


def cleared(output: Value) -> list[Value]:
    """The nodes of `interior`, their gradients zero: one zero of this call's own marks what was found."""
    zero = float("0")
    nodes: list[Value] = []
    before: dict[Value, float] = {}
    stack = [output]
    while True:  # Python 3.11 does not specialise a loop with a condition before the function was called eight times
        node = stack.pop()
        if (old := node._grad) is not zero:
            if old is not NO_GRADIENT:
                before[node] = old
            node._grad = zero
            nodes.append(node)
            first, second = node._first, node._second
            if second is ...:
                for arg in first:
                    if arg._first is not None and arg._grad is not zero:  # of a layer's operands, few
                        stack.append(arg)
            else:
                if first._first is not None:
                    stack.append(first)
                if second is not None and second._first is not None:
                    stack.append(second)  # the younger of the two, mostly: the nodes come nearly in order
        if not stack:
            break
    nodes.sort(key=_serial, reverse=True)
    try:
        require_unchanged(nodes)
    except UsageError:
        for node in nodes:
            node._grad = before.get(node, NO_GRADIENT)
        raise
    return nodes


def watch(node: Value, upstream: float) -> None:
    """Let the modes of this thread see what a node passes on to its operands."""
    contributions = [upstream * partial for partial in _local(node)]
    for mode in watching():
        mode.differentiated(node, upstream, contributions)


def local_derivatives(node: Value) -> tuple[float, ...]:
    """The partial derivative of a node with respect to each of its operands, as floats.

    Raises `UsageError` if data were assigned since the node was computed.

    >>> local_derivatives(Value(3.0) * Value(4.0))
    (4.0, 3.0)
    """
    require_unchanged([node] if node.args else [])
    return _local(node)


def _local(node: Value) -> tuple[float, ...]:
    if not isinstance(node.op, ops.Op):
        return ()
    return tuple(map(float, fast(node.op).local(node.data, *[arg.data for arg in node.args])))


def grad(output: Value, inputs: Iterable[Value], create_graph: bool = False) -> list[Any]:
    """d(output)/d(input) for each input, leaving every `.grad` alone.

    Floats; with `create_graph=True` Values, made by the same rules and so differentiable again.
    An input on which the output does not depend gives 0. In a loss that is compiled, where nothing has
    a number yet, there are Values in place of the floats, and they too count as constants.

    Raises `UsageError` if data were assigned since `output` was computed.

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
    traced = not issubclass(type(output), Value) or is_tracing()
    output, inputs = output._among(inputs)
    if not traced:
        require_unchanged(interior(output))
    with differentiating():
        arrived = sweep(output, symbolic_partials if create_graph or traced else _local, 1.0)
        derivatives = [total(arrived.get(value, [])) for value in inputs]
    if watching():
        for node in interior(output):
            watch(node, data_of(arrived[node][0]))
    if create_graph:
        return [constant(d) if type(d) is float else d for d in derivatives]
    return [ops.detach(d) for d in derivatives] if traced else derivatives


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


def jacobian(outputs: Iterable[Value], inputs: Iterable[Value], create_graph: bool = False) -> list[list[Any]]:
    """The matrix of d(output)/d(input), a row for each output, by `grad`, whose numbers it holds.

    >>> x, y = Value(2.0), Value(3.0)
    >>> jacobian([x * y, x + y], [x, y])
    [[3.0, 2.0], [1.0, 1.0]]
    """
    for name, values in (("outputs", outputs), ("inputs", inputs)):
        if isinstance(values, ops.Carrier):
            raise UsageError(f"jacobian takes a list of outputs and one of inputs, a single value came as {name}")
    inputs = list(inputs)
    return [grad(output, inputs, create_graph) for output in outputs]


def hessian(f: Callable[..., Value], inputs: Iterable[Value], create_graph: bool = False) -> list[list[Any]]:
    """The matrix of second derivatives of `f(*inputs)`: the Jacobian of its gradient.

    Raises `UsageError` where a value comes in place of the function.

    >>> hessian(lambda x, y: x * x * y, [Value(2.0), Value(3.0)])
    [[6.0, 4.0], [4.0, 0.0]]
    """
    if not callable(f):
        raise UsageError(f"hessian takes a function of the inputs, such as lambda x, y: x * x * y; {f!r} came")
    if isinstance(inputs, ops.Carrier):
        raise UsageError("hessian takes a list of inputs: hessian(f, [x]) in place of hessian(f, x)")
    inputs = list(inputs)
    return jacobian(grad(f(*inputs), inputs, create_graph=True), inputs, create_graph)
