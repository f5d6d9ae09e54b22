"""Engines of single numbers other than ours: micrograd, and the one of microgpt.

A work is written once for all of them, in functions that bear the names of `autograd`. There is no package of
microgpt, which is one file that trains a GPT: its class `Value` is taken from a copy of that file.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.by_hand import Array, views


class Scalars:
    """What a work needs of an engine, from a class of numbers with +, ×, ** and relu: the names that `autograd` has.

    Sums are Python's `sum`, and a softmax subtracts the largest score as a constant, as both authors write them.
    """

    def __init__(self, value: type, exp: Callable[[Any], Any] = lambda x: x.exp(),
                 log: Callable[[Any], Any] = lambda x: x.log()) -> None:
        self.Value, self.exp, self.log = value, exp, log

    def dot(self, a: Any, b: Any, bias: Any = 0) -> Any:
        return sum((x * y for x, y in zip(a, b, strict=True)), bias)

    def mean(self, values: list[Any]) -> Any:
        return sum(values) * (1 / len(values))

    def relu(self, x: Any) -> Any:
        return x.relu()

    def sigmoid(self, x: Any) -> Any:
        return 1 / (1 + self.exp(-x))

    def tanh(self, x: Any) -> Any:
        return 2 * self.sigmoid(2 * x) - 1

    def logsumexp(self, scores: list[Any]) -> Any:
        top = max(score.data for score in scores)
        return self.log(sum(self.exp(score - top) for score in scores)) + top

    def softmax(self, scores: list[Any]) -> list[Any]:
        top = max(score.data for score in scores)
        powers = [self.exp(score - top) for score in scores]
        total = sum(powers)
        return [power / total for power in powers]


class MLP:
    """A multilayer perceptron in an engine, its weights in the order of `nn.MLP`: W₁ as (out, in), b₁, W₂, …"""

    def __init__(self, engine: Scalars, theta: Array, sizes: list[int], activation: str, output: str) -> None:
        self.weights = [[engine.Value(w) for w in part.ravel().tolist()] for part in views(theta, sizes)]
        self.engine, self.sizes = engine, sizes
        self.activations = [activation] * (len(sizes) - 2) + [output]

    def parameters(self) -> list[Any]:
        return [w for part in self.weights for w in part]

    def __call__(self, x: list[Any]) -> Any:
        layers = zip(pairwise(self.sizes), self.weights[::2], self.weights[1::2], self.activations, strict=True)
        for (n, _), weights, biases, activation in layers:
            x = [self.engine.dot(weights[n * i : n * (i + 1)], x, bias) for i, bias in enumerate(biases)]
            if activation != "linear":
                x = [getattr(self.engine, activation)(z) for z in x]
        return x[0] if len(x) == 1 else x


def micrograd() -> Scalars:
    """The engine of micrograd, and exp and log, which it lacks, written as it writes relu."""
    from micrograd.engine import Value

    def exp(x: Any) -> Any:
        out = Value(math.exp(x.data), (x,), "exp")

        def backward() -> None:
            x.grad += out.data * out.grad

        out._backward = backward
        return out

    def log(x: Any) -> Any:
        out = Value(math.log(x.data), (x,), "log")

        def backward() -> None:
            x.grad += out.grad / x.data

        out._backward = backward
        return out

    return Scalars(Value, exp, log)


def microgpt(file: Path) -> Scalars:
    """The engine of a copy of microgpt.py: its class Value and what this imports, run without the rest of the file."""
    try:
        statements = ast.parse(file.read_text(encoding="utf-8")).body
    except (OSError, ValueError, SyntaxError) as error:
        raise SystemExit(f"--microgpt expects a copy of Karpathy's microgpt.py: {error}") from error
    classes = [node for node in statements if isinstance(node, ast.ClassDef) and node.name == "Value"]
    if not classes:
        raise SystemExit(f"{file} has no class Value: --microgpt expects a copy of Karpathy's microgpt.py")
    used = {node.id for node in ast.walk(classes[-1]) if isinstance(node, ast.Name)}
    imports = [node for node in statements if isinstance(node, ast.Import | ast.ImportFrom)
               and any((alias.asname or alias.name) in used for alias in node.names)]
    names: dict[str, Any] = {"__name__": "microgpt"}
    exec(compile(ast.Module([*imports, classes[-1]], []), str(file), "exec"), names)
    return Scalars(names["Value"])
