"""A student's engine behind one interface: what it has, and what it makes of an expression."""

from __future__ import annotations

import contextlib
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

from autograd.check.expressions import METHODS
from autograd.errors import UsageError

DUNDERS = {
    "add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__", "pow": "__pow__",
    "neg": "__neg__", "abs": "__abs__",
}
"""Python's names of the operators; with r after the underscores, of the reflected ones."""

PYTHON: dict[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "pow": operator.pow,
    "neg": operator.neg, "abs": operator.abs,
}

SPELLINGS = {
    "data": ("data", "value", "val"),
    "grad": ("grad", "gradient", "derivative"),
    "operands": ("operands", "args", "parents", "children", "inputs", "prev", "_prev", "_children", "_args"),
    "push": ("push", "hand_on", "propagate", "_push", "_backward"),
    "backward": ("backward", "backprop", "backpropagate"),
    "log": ("log", "ln"),
    "relu": ("relu", "ReLU"),
    "sigmoid": ("sigmoid", "logistic", "sigma"),
}
"""What students call things, besides the name in the table."""


AGAIN, DEEP = "a second backward", "a deep graph"


@dataclass(frozen=True)
class Level:
    """How far an engine has got: the parts that its values have, and checks that are not asked of it."""

    parts: tuple[str, ...]
    beyond: frozenset[str] = frozenset()


LEVELS = {
    "values": Level(("data",)),
    "graph": Level(("data", "operands")),
    "rules": Level(("data", "operands", "grad", "push")),
    "micrograd": Level(("data", "grad", "backward"), frozenset({AGAIN, DEEP})),
    "full": Level(("data", "grad", "backward")),
}
"""From a number to an engine; in micrograd a second backward counts the first again, and it recurses."""


class Student:
    """The class under test. `names` tells how it calls data, grad, backward and rows of the table.

    Raises `UsageError` where it cannot be asked at all: it makes no value, or a part that its level has is not found.
    """

    seeds = False
    """Set once the engine is known not to seed its output with 1: then we do it, to test the rest."""

    def __init__(self, make: Callable[[float], Any], names: Mapping[str, str], level: Level = LEVELS["full"]) -> None:
        self.make, self.level = make, level
        self.title = getattr(make, "__name__", type(make).__name__)
        self.names = dict(names)
        try:
            self.example = make(2.0)
        except Exception as error:
            raise UsageError(f"{self.title}(2.0) should make a value, it raised {described(error)}") from error
        for part in level.parts:
            if not hasattr(self.example, self.name(part)):
                raise UsageError(
                    f"{self.title}(2.0) has no {self.name(part)}: "
                    f'say what it is called, as in names={{"{part}": "my_{part}"}}'
                )

    def name(self, part: str) -> str:
        """What the student calls data, grad, backward or a row of the table."""
        if part in self.names:
            return self.names[part]
        found = [name for name in SPELLINGS.get(part, ()) if hasattr(self.example, name)]
        return found[0] if found else part

    def has(self, op: str) -> bool:
        """Whether the row is there, as an operator or as a method."""
        name = self.name(op) if op in METHODS else DUNDERS[op]
        return callable(getattr(self.example, name, None))

    def reflects(self, op: str) -> bool:
        """Whether the operator also takes a plain number on its left."""
        return hasattr(self.example, DUNDERS[op].replace("__", "__r", 1))

    def apply(self, op: str, args: list[Any]) -> Any:
        """Apply a row to the student's values and plain numbers."""
        if op in METHODS:
            return getattr(args[0], self.name(op))(*args[1:])
        return PYTHON[op](*args)

    def results(self, ops: Iterable[str]) -> Iterator[Any]:
        """What the operators of these rows make of two values, where they are there and do not raise."""
        for op in ops:
            with contextlib.suppress(Exception):
                yield self.apply(op, [self.make(2.0), self.make(3.0)])

    def row_of(self) -> dict[CodeType, str]:
        """The row that each function of the class computes: its operators, reflected or not, and its methods."""
        found: dict[CodeType, str] = {}
        for op in (*DUNDERS, *METHODS):
            name = self.name(op) if op in METHODS else DUNDERS[op]
            for spelling in (name, name.replace("__", "__r", 1)):
                code = getattr(getattr(type(self.example), spelling, None), "__code__", None)
                if code is not None:
                    found.setdefault(code, op)
        return found

    def built_on(self, op: str, args: list[Any]) -> set[str]:
        """The other rows by which the class computes a row."""
        rows, met = self.row_of(), set()

        def note(frame: FrameType, event: str, arg: Any) -> None:
            met.add(rows.get(frame.f_code, op))

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            self.apply(op, args)
        except Exception:
            pass  # how it fails is told elsewhere
        finally:
            sys.setprofile(before)
        return met - {op}

    def data(self, value: Any) -> float:
        """The number of a value."""
        return float(getattr(value, self.name("data")))

    def grad(self, value: Any) -> float:
        """The gradient of a value; None, where nothing arrived yet, counts as 0."""
        grad = getattr(value, self.name("grad"))
        return 0.0 if grad is None else float(grad)

    @property
    def remembers(self) -> bool:
        """Whether results are asked for their operands."""
        return "operands" in self.level.parts

    @property
    def differentiates(self) -> bool:
        """Whether gradients are asked for."""
        return "grad" in self.level.parts

    @property
    def walks(self) -> bool:
        """Whether it has a walk of its own through the graph; if not, the check goes from node to node."""
        return "backward" in self.level.parts

    def backward(self, value: Any) -> None:
        """Differentiate a value, by the student's walk or by hand."""
        if self.seeds or not self.walks:
            setattr(value, self.name("grad"), 1.0)
        if self.walks:
            getattr(value, self.name("backward"))()
            return
        for node in reversed(self.reached(value)):
            if self.operands(node):
                getattr(node, self.name("push"))()

    def operands(self, value: Any) -> list[Any]:
        """What a value was made of."""
        return list(getattr(value, self.name("operands")))

    def reached(self, value: Any) -> list[Any]:
        """All that a value was made of, itself included: operands before what uses them, each once."""
        order: list[Any] = []
        begun: set[int] = set()
        stack = [(value, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif id(node) not in begun:
                begun.add(id(node))
                stack.append((node, True))
                stack += [(operand, False) for operand in self.operands(node)]
        return order


def attributes(value: Any) -> dict[str, Any]:
    """What a value keeps, by name."""
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    return {name: getattr(value, name) for name in slots if hasattr(value, name)} | getattr(value, "__dict__", {})


def described(error: Exception) -> str:
    """An exception in one short line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:90]}" if text else type(error).__name__


def close(x: float, y: float) -> bool:
    """Whether two numbers agree but for rounding; nan agrees with nothing."""
    return x == y or abs(x - y) <= 1e-8 + 1e-6 * abs(y)
