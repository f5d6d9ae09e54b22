"""A small engine as a student would write it, and engines with one mistake each."""

from __future__ import annotations

import math
from typing import Any


def make(base: type = object, **changes: Any) -> type:
    """A class called Value with these attributes."""
    return type("Value", (base,), changes)


class Value:
    """Right: operands in a tuple with their local derivatives, and a walk without recursion."""

    def __init__(self, data: Any, operands: Any = (), slopes: Any = ()) -> None:
        self.data, self.grad = data, 0.0
        self.operands, self.slopes = operands, slopes

    def wrap(self, other: Any) -> Any:
        return other if isinstance(other, Value) else type(self)(other)

    def new(self, data: Any, operands: Any, slopes: Any) -> Any:
        return type(self)(data, operands, slopes)

    def __add__(self, other: Any) -> Any:
        other = self.wrap(other)
        return self.new(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other: Any) -> Any:
        other = self.wrap(other)
        return self.new(self.data * other.data, (self, other), (other.data, self.data))

    def __truediv__(self, other: Any) -> Any:
        other = self.wrap(other)
        return self.new(self.data / other.data, (self, other), (1 / other.data, -self.data / other.data**2))

    def __pow__(self, n: Any) -> Any:
        if isinstance(n, Value):
            return NotImplemented
        return self.new(self.data**n, (self,), (n * self.data ** (n - 1),))

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: Any) -> Any:
        return self + -self.wrap(other)

    def __rsub__(self, other: Any) -> Any:
        return self.wrap(other) - self

    def __rtruediv__(self, other: Any) -> Any:
        return self.wrap(other) / self

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __rmul__(self, other: Any) -> Any:
        return self * other

    def exp(self) -> Any:
        e = math.exp(self.data)
        return self.new(e, (self,), (e,))

    def log(self) -> Any:
        return self.new(math.log(self.data), (self,), (1 / self.data,))

    def tanh(self) -> Any:
        t = math.tanh(self.data)
        return self.new(t, (self,), (1 - t * t,))

    def relu(self) -> Any:
        return self.new(max(self.data, 0), (self,), (float(self.data > 0),))

    def sigmoid(self) -> Any:
        s = 0.5 * (1 + math.tanh(0.5 * self.data))
        return self.new(s, (self,), (s * (1 - s),))

    def order(self) -> list[Any]:
        """Results before operands, each once."""
        found: list[Any] = []
        seen: set[Any] = set()
        stack = [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                found.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend((operand, False) for operand in node.operands)
        return found[::-1]

    def backward(self) -> None:
        order = self.order()
        for node in order:
            if node.operands:
                node.grad = 0.0
        self.grad = 1.0
        for node in order:
            node.push()

    def push(self) -> None:
        for operand, slope in zip(self.operands, self.slopes, strict=True):
            operand.grad += slope * self.grad


# ── the walk ─────────────────────────────────────────────────────────────────────────────────


def assigns(self: Any) -> None:
    for operand, slope in zip(self.operands, self.slopes, strict=True):
        operand.grad = slope * self.grad


def set_of_operands(self: Any) -> None:
    for operand, slope in dict(zip(self.operands, self.slopes, strict=True)).items():
        operand.grad += slope * self.grad


def at_once(self: Any) -> None:
    """Each node hands on what it has as soon as something arrives."""
    self.grad = self.grad or 1.0
    self.push()
    for operand in dict.fromkeys(self.operands):
        if operand.operands:
            operand.backward()


def breadth_first(self: Any) -> None:
    self.grad, queue, seen = 1.0, [self], {self}
    for node in queue:
        node.push()
        for operand in node.operands:
            if operand not in seen:
                seen.add(operand)
                queue.append(operand)


def keeping(self: Any) -> None:
    self.grad = 1.0
    for node in self.order():
        node.push()


def unseeded(self: Any) -> None:
    for node in self.order():
        node.push()


def recursive(self: Any) -> None:
    found: list[Any] = []

    def visit(node: Any) -> None:
        if node not in found[-50:]:
            for operand in node.operands:
                visit(operand)
            found.append(node)

    visit(self)
    Value.backward(self)


def changing(self: Any) -> None:
    Value.backward(self)
    for node in self.order():
        node.data -= 0.1 * node.grad


# ── operations ───────────────────────────────────────────────────────────────────────────────


def unary(f: Any, slope: Any) -> Any:
    """A method with this function and this derivative, from the output and the input."""
    return lambda self: self.new(f(self.data), (self,), (slope(f(self.data), self.data),))


def quotient(slope: Any, divide: Any = lambda x, y: x / y) -> Any:
    def __truediv__(self: Any, other: Any) -> Any:  # noqa: N807
        other = self.wrap(other)
        x, y = self.data, other.data
        return self.new(divide(x, y), (self, other), (1 / y, slope(x, y)))

    return __truediv__


def power(slope: Any) -> Any:
    return lambda self, n: self.new(self.data**n, (self,), (slope(self.data, n),))


def in_place(self: Any, other: Any) -> Any:
    self.data += self.wrap(other).data
    return self


def only_values(self: Any, other: Any) -> Any:
    return self.new(self.data * other.data, (self, other), (other.data, self.data))


class Closures(Value):
    """As micrograd does it: each operation keeps a function that backward calls."""

    def __init__(self, data: Any, operands: Any = (), slopes: Any = ()) -> None:
        super().__init__(data, operands, slopes)
        self._backward: Any = lambda: None

    def new(self, data: Any, operands: Any, slopes: Any) -> Any:
        out = type(self)(data, operands, slopes)
        out._backward = out.hand_on
        return out

    def hand_on(self) -> None:
        Value.push(self)

    def push(self) -> None:
        self._backward()

    def wrap(self, other: Any) -> Any:
        return other if isinstance(other, Value) else type(self)(other)


def called(base: Any) -> Any:
    """An operation whose function is called at once, and what it returns is kept."""
    def operation(self: Any, *others: Any) -> Any:
        out = base(self, *others)
        out._backward = out.hand_on()
        return out

    return operation


def guarded(self: Any) -> None:
    if self._backward:
        self._backward()


def buggy(self: Any) -> Any:
    return undefined_name  # type: ignore[name-defined]  # noqa: F821


class Unscaled(Value):
    """exp hands on its local derivative without the gradient that arrives."""

    def push(self) -> None:
        grad = 1.0 if getattr(self, "careless", False) else self.grad
        for operand, slope in zip(self.operands, self.slopes, strict=True):
            operand.grad += slope * grad

    def exp(self) -> Any:
        out = super().exp()
        out.careless = True
        return out


def without(*names: str) -> type:
    """The right engine with some methods taken away."""
    parts = {name: part for name, part in vars(Value).items() if name not in (*names, "__dict__", "__weakref__")}
    parts["wrap"] = lambda self, other: other if hasattr(other, "operands") else type(self)(other)
    return type("Value", (), parts)


def half(x: float) -> float:
    return 1 / (1 + math.exp(-x))


BROKEN: dict[str, tuple[type, str, str]] = {
    "assigns": (make(Value, push=assigns), "a node used twice", "counted once: (a + b) + (a + c) gives a.grad = 1"),
    "set": (make(Value, push=set_of_operands), "a node used twice", "A set of operands holds it only once"),
    "at once": (make(Value, backward=at_once), "a result used twice", "no topological order"),
    "breadth first": (make(Value, backward=breadth_first), "a result used twice", "no topological order"),
    "keeping": (make(Value, backward=keeping), "a second backward", "keep their gradient from the first call"),
    "unseeded": (make(Value, backward=unseeded), "backward starts with 1", "does not start with d(out)/d(out) = 1"),
    "recursive": (make(Value, backward=recursive), "a deep graph", "recursion: a graph 100 operations deep is right"),
    "changing": (make(Value, backward=changing), "a + b", "backward changes data"),
    "no __radd__": (without("__radd__"), "2 + a", "__radd__ is missing"),
    "no __rsub__": (without("__rsub__"), "2 - a", "__rsub__ is missing"),
    "no __rmul__": (without("__rmul__"), "2 * a", "__rmul__ is missing"),
    "no __rtruediv__": (without("__rtruediv__"), "2 / a", "__rtruediv__ is missing"),
    "swapped -": (make(Value, __rsub__=lambda self, other: self - other), "2 - a", "2 - a computes a - 2"),
    "swapped /": (make(Value, __rtruediv__=lambda self, other: self / other), "2 / a", "2 / a computes a / 2"),
    "x / y²": (make(Value, __truediv__=quotient(lambda x, y: x / y**2)), "a / b", "a / b²: the minus is missing"),
    "1 / y": (make(Value, __truediv__=quotient(lambda x, y: 1 / y)), "a / b", "that is the derivative for a"),
    "x // y": (make(Value, __truediv__=quotient(lambda x, y: -x / y**2, lambda x, y: x // y)), "a / b",
               "the value of a / b is a whole number: integer division"),
    "int(x / y)": (make(Value, __truediv__=quotient(lambda x, y: -x / y**2, lambda x, y: int(x / y))), "a / b",
                   "the value of a / b is a whole number: integer division"),
    "-x // y²": (make(Value, __truediv__=quotient(lambda x, y: -x // y**2)), "a / b",
                 "the derivative of a / b for b is a whole number: integer division"),
    "1 // x": (make(Value, log=lambda self: self.new(math.log(self.data), (self,), (1 // self.data,))), "a.log()",
               "the derivative of a.log() for a is a whole number: integer division"),
    "called at once": (make(Closures, __mul__=called(Value.__mul__)), "a * b",
                       "out._backward is None after a * b: the function that backward should call is called at once"),
    "called at once, guarded": (make(Closures, tanh=called(Value.tanh), push=guarded), "a.tanh()",
                                "out._backward is None after a.tanh(): the function"),
    "n·xⁿ": (make(Value, __pow__=power(lambda x, n: n * x**n)), "a ** 2", "the exponent is not lowered"),
    "2·x": (make(Value, __pow__=power(lambda x, n: n * x)), "a ** 2", "right only for n = 2"),
    "in place": (make(Value, __add__=in_place), "a + b", "changes the data of its operand"),
    "only values": (make(Value, __mul__=only_values, __neg__=lambda self: self * self.wrap(-1)), "a * 2",
                    "a plain number is not accepted"),
    "no return": (make(Value, __add__=lambda self, other: None), "a + b", "__add__ ends without a return"),
    "backward raises": (make(Value, backward=buggy), "backward starts with 1", "raised in buggy"),
    "buggy": (make(Value, tanh=buggy), "a.tanh()", "raised in buggy"),
    "tanh of x": (make(Value, tanh=unary(math.tanh, lambda out, x: 1 - x * x)), "a.tanh()", "1 - a²"),
    "tanh as sigmoid": (make(Value, tanh=unary(math.tanh, lambda out, x: out * (1 - out))), "a.tanh()",
                        "the sigmoid's rule"),
    "exp as power": (make(Value, exp=unary(math.exp, lambda out, x: x * math.exp(x - 1))), "a.exp()",
                     "the rule of a power"),
    "log": (make(Value, log=unary(math.log, lambda out, x: 1 / out)), "a.log()", "1 / log(a)"),
    "log 10": (make(Value, log=unary(math.log10, lambda out, x: 1 / x)), "a.log()", "to base 10"),
    "no gradient": (make(Value, exp=unary(math.exp, lambda out, x: 0.0)), "a.exp()", "always 0: no gradient arrives"),
    "relu at 0": (make(Value, relu=unary(lambda x: max(x, 0.0), lambda out, x: float(x >= 0))), "relu at 0",
                  "compare with a > 0"),
    "relu everywhere": (make(Value, relu=unary(lambda x: max(x, 0.0), lambda out, x: 1.0)), "a.relu()",
                        "1 everywhere"),
    "sigmoid overflows": (make(Value, sigmoid=unary(half, lambda out, x: out * (1 - out))), "sigmoid at -1000",
                          "overflow: sigmoid at -1000"),
    "chain rule": (make(Unscaled), "random expressions", "a.exp() ignores the gradient that arrives"),
}
"""By name: the engine, the check that fails, and words of the cause or the hint."""
