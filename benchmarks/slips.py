"""Backpropagation by hand with a slip in it: how many `autograd.check.matrices` names, and whether it alarms for none.

Students' functions are written here in several layouts; a generator puts one usual slip into the code of one of them: a
transpose that is missing, a mean that is forgotten, another axis, `*` for `@`, the mask of another array, `=` for `+=`.
`python -m benchmarks slips` prints the table; `python -m benchmarks.slips --seed 7 --count 200` makes others.
"""

from __future__ import annotations

import argparse
import ast
import collections
import copy
import functools
import inspect
import linecache
import random
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd
import nn
from autograd import check
from autograd.check.answers import Spellings
from benchmarks.timing import table
from nn.models.module import values

# ── networks, each as a loss over single numbers and as students write its gradients ─────────


@dataclass(frozen=True)
class Network:
    """A loss with its parameters, data, and right functions of students in several layouts."""

    loss: Callable[..., Any]
    params: Any
    X: Any
    Y: Any
    students: tuple[Callable[..., Any], ...]
    reduction: str = "mean"


def classifier() -> Network:
    """ReLU and softmax with cross entropy, the mean over the batch."""
    model = nn.MLP(4, [6, 5, 3], activation="relu", seed=0)

    def textbook(X, Y, params):
        n = len(X)
        W1, b1, W2, b2, W3, b3 = (params[k] for k in ("W1", "b1", "W2", "b2", "W3", "b3"))
        z1 = X @ W1 + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W2 + b2
        a2 = np.maximum(z2, 0)
        z3 = a2 @ W3 + b3
        e = np.exp(z3 - z3.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        dz3 = (p - Y) / n
        dW3 = a2.T @ dz3
        db3 = dz3.sum(axis=0)
        da2 = dz3 @ W3.T
        dz2 = da2 * (z2 > 0)
        dW2 = a1.T @ dz2
        db2 = dz2.sum(axis=0)
        da1 = dz2 @ W2.T
        dz1 = da1 * (z1 > 0)
        dW1 = X.T @ dz1
        db1 = dz1.sum(axis=0)
        return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "W3": dW3, "b3": db3}

    def as_torch(X, Y, W1, b1, W2, b2, W3, b3):
        n = len(X)
        z1 = X @ W1.T + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ W2.T + b2
        a2 = np.maximum(z2, 0)
        z3 = a2 @ W3.T + b3
        e = np.exp(z3)
        p = e / e.sum(axis=1, keepdims=True)
        dz3 = p - Y
        dW3 = dz3.T @ a2 / n
        db3 = dz3.sum(axis=0) / n
        da2 = dz3 @ W3
        dz2 = da2 * (a2 > 0)
        dW2 = dz2.T @ a1 / n
        db2 = dz2.sum(axis=0) / n
        da1 = dz2 @ W2
        dz1 = da1 * (a1 > 0)
        dW1 = dz1.T @ X / n
        db1 = dz1.sum(axis=0) / n
        return dW1, db1, dW2, db2, dW3, db3

    def columns(X, Y, W1, b1, W2, b2, W3, b3):
        n = X.shape[1]
        z1 = W1 @ X + b1
        a1 = np.maximum(z1, 0)
        z2 = W2 @ a1 + b2
        a2 = np.maximum(z2, 0)
        z3 = W3 @ a2 + b3
        e = np.exp(z3)
        p = e / e.sum(axis=0, keepdims=True)
        dz3 = (p - Y) / n
        dW3 = dz3 @ a2.T
        db3 = dz3.sum(axis=1, keepdims=True)
        da2 = W3.T @ dz3
        dz2 = da2 * (z2 > 0)
        dW2 = dz2 @ a1.T
        db2 = dz2.sum(axis=1, keepdims=True)
        da1 = W2.T @ dz2
        dz1 = da1 * (z1 > 0)
        dW1 = dz1 @ X.T
        db1 = dz1.sum(axis=1, keepdims=True)
        return locals()

    rng = np.random.default_rng(1)
    return Network(lambda x, y: nn.cross_entropy_with_logits(model(x), y), model, rng.normal(size=(9, 4)),
                   np.eye(3)[rng.integers(0, 3, 9)], (textbook, as_torch, columns))


def regression() -> Network:
    """Sigmoids and squared error, the mean over the batch."""
    model = nn.MLP(3, [5, 2], activation="sigmoid", output="sigmoid", seed=1)

    def textbook(X, Y, W1, b1, W2, b2):
        n = len(X)
        a1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ W2 + b2)))
        da2 = 2 * (a2 - Y) / n
        dz2 = da2 * a2 * (1 - a2)
        dW2 = a1.T @ dz2
        db2 = dz2.sum(axis=0)
        da1 = dz2 @ W2.T
        dz1 = da1 * a1 * (1 - a1)
        dW1 = X.T @ dz1
        db1 = dz1.sum(axis=0)
        return {"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}

    def vector(X, Y, params, record):
        n = len(X)
        W1, b1, W2, b2 = params.values()
        z1 = X @ W1.T + b1
        a1 = 1 / (1 + np.exp(-z1))
        z2 = a1 @ W2.T + b2
        a2 = 1 / (1 + np.exp(-z2))
        dz2 = 2 * (a2 - Y) * a2 * (1 - a2)
        dW2 = dz2.T @ a1 / n
        db2 = dz2.mean(axis=0)
        da1 = dz2 @ W2
        dz1 = da1 * a1 * (1 - a1)
        dW1 = dz1.T @ X / n
        db1 = dz1.mean(axis=0)
        record(z1=z1, a1=a1, z2=z2, a2=a2, da1=da1)
        return np.concatenate([dW1.ravel(), db1, dW2.ravel(), db2])

    def columns(x, y, W1, b1, W2, b2):
        n = x.shape[1]
        z1 = W1 @ x + b1[:, None]
        a1 = 1 / (1 + np.exp(-z1))
        z2 = W2 @ a1 + b2[:, None]
        a2 = 1 / (1 + np.exp(-z2))
        dz2 = 2 / n * (a2 - y) * a2 * (1 - a2)
        dW2 = dz2 @ a1.T
        db2 = dz2.sum(axis=1)
        da1 = W2.T @ dz2
        dz1 = da1 * a1 * (1 - a1)
        dW1 = dz1 @ x.T
        db1 = dz1.sum(axis=1)
        return dW1, db1, dW2, db2

    def squared(x, y):
        return autograd.sum([(p - t) ** 2 for p, t in zip(model(x), y, strict=True)])

    rng = np.random.default_rng(2)
    return Network(squared, model, rng.normal(size=(8, 3)), rng.uniform(size=(8, 2)), (textbook, vector, columns))


def total() -> Network:
    """tanh and squared error, the sum over the batch."""
    network = regression()
    model = nn.MLP(3, [4, 4, 1], activation="tanh", seed=3)

    def textbook(X, Y, params):
        W1, b1, W2, b2, W3, b3 = params.values()
        z1 = X @ W1 + b1
        a1 = np.tanh(z1)
        z2 = a1 @ W2 + b2
        a2 = np.tanh(z2)
        z3 = a2 @ W3 + b3
        dz3 = z3 - Y
        dW3 = a2.T @ dz3
        db3 = dz3.sum(axis=0)
        da2 = dz3 @ W3.T
        dz2 = da2 * (1 - a2**2)
        dW2 = a1.T @ dz2
        db2 = dz2.sum(axis=0)
        da1 = dz2 @ W2.T
        dz1 = da1 * (1 - a1**2)
        dW1 = X.T @ dz1
        db1 = dz1.sum(axis=0)
        return [dW1, db1, dW2, db2, dW3, db3]

    def loops(X, Y, W1, b1, W2, b2, W3, b3):
        grads = dict.fromkeys(("W1", "b1", "W2", "b2", "W3", "b3"), 0.0)
        for x, y in zip(X, Y, strict=True):
            a1 = np.tanh(W1 @ x + b1)
            a2 = np.tanh(W2 @ a1 + b2)
            dz3 = W3 @ a2 + b3 - y
            grads["W3"] += np.outer(dz3, a2)
            grads["b3"] += dz3
            dz2 = (W3.T @ dz3) * (1 - a2**2)
            grads["W2"] += np.outer(dz2, a1)
            grads["b2"] += dz2
            dz1 = (W2.T @ dz2) * (1 - a1**2)
            grads["W1"] += np.outer(dz1, x)
            grads["b1"] += dz1
        return grads

    rng = np.random.default_rng(3)
    return Network(lambda x, y: nn.half_squared_error(model(x), y), model, network.X, rng.normal(size=(8, 1)),
                   (textbook, loops), "sum")


def penalised() -> Network:
    """Logistic units with a hidden layer and a penalty on weights, λ Σ w²."""
    rng = np.random.default_rng(4)
    W1, b1, W2, b2 = (values(rng.normal(0, 0.7, shape).tolist()) for shape in ((3, 4), (4,), (4, 2), (2,)))

    def loss(x, y):
        a1 = [(autograd.dot([row[j] for row in W1], x) + b1[j]).tanh() for j in range(4)]
        z2 = [autograd.dot([row[k] for row in W2], a1) + b2[k] for k in range(2)]
        penalty = autograd.sum([w * w for W in (W1, W2) for row in W for w in row])
        return autograd.logsumexp(z2) - autograd.dot(y, z2) + 0.05 * penalty

    def textbook(X, Y, W1, b1, W2, b2):
        n, lam = len(X), 0.05
        z1 = X @ W1 + b1
        a1 = np.tanh(z1)
        z2 = a1 @ W2 + b2
        p = np.exp(z2) / np.exp(z2).sum(axis=1, keepdims=True)
        dz2 = (p - Y) / n
        dW2 = a1.T @ dz2
        dW2 += 2 * lam * W2
        db2 = dz2.sum(axis=0)
        da1 = dz2 @ W2.T
        dz1 = da1 * (1 - a1**2)
        dW1 = X.T @ dz1
        dW1 += 2 * lam * W1
        db1 = dz1.sum(axis=0)
        return locals()

    def one_line(X, Y, params):
        n, lam = X.shape[1], 0.05
        W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
        a1 = np.tanh(W1.T @ X + b1)
        e = np.exp(W2.T @ a1 + b2)
        dz2 = e / e.sum(axis=0) - Y
        dW2 = a1 @ dz2.T / n + 2 * lam * W2
        db2 = dz2.sum(axis=1, keepdims=True) / n
        dz1 = W2 @ dz2 * (1 - a1**2)
        dW1 = X @ dz1.T / n + 2 * lam * W1
        db1 = dz1.sum(axis=1, keepdims=True) / n
        return {"grad_W1": dW1, "grad_b1": db1, "grad_W2": dW2, "grad_b2": db2}

    return Network(loss, {"W1": W1, "b1": b1, "W2": W2, "b2": b2}, rng.normal(size=(7, 3)),
                   np.eye(2)[rng.integers(0, 2, 7)], (textbook, one_line))


def convolution() -> Network:
    """A convolution with two kernels, ReLU, and a layer with softmax."""
    rng = np.random.default_rng(5)
    K, c, W, b = (values(rng.normal(0, 0.6, shape).tolist()) for shape in ((2, 2, 2), (2,), (3, 18), (3,)))

    def loss(x, y):
        h = [autograd.relu(autograd.sum([K[f][r][s] * x[i + r][j + s] for r in range(2) for s in range(2)]) + c[f])
             for f in range(2) for i in range(3) for j in range(3)]
        z = [autograd.dot(row, h) + bias for row, bias in zip(W, b, strict=True)]
        return autograd.logsumexp(z) - autograd.dot(y, z)

    def windows(X, Y, K, c, W, b):
        n = len(X)
        v = np.lib.stride_tricks.sliding_window_view(X, (2, 2), axis=(1, 2))
        z = np.einsum("nijrs,frs->nfij", v, K) + c[:, None, None]
        a = np.maximum(z, 0)
        h = a.reshape(n, -1)
        z2 = h @ W.T + b
        p = np.exp(z2) / np.exp(z2).sum(axis=1, keepdims=True)
        dz2 = (p - Y) / n
        dW = dz2.T @ h
        db = dz2.sum(axis=0)
        da = (dz2 @ W).reshape(a.shape)
        dz = da * (z > 0)
        dK = np.einsum("nijrs,nfij->frs", v, dz)
        dc = dz.sum(axis=(0, 2, 3))
        return {"K": dK, "c": dc, "W": dW, "b": db}

    def loops(X, Y, params):
        n = len(X)
        K, c, W, b = params.values()
        z = np.zeros((n, 2, 3, 3))
        for i in range(3):
            for j in range(3):
                z[:, :, i, j] = np.tensordot(X[:, i : i + 2, j : j + 2], K, ((1, 2), (1, 2))) + c
        h = np.maximum(z, 0).reshape(n, 18)
        z2 = h @ W + b
        p = np.exp(z2) / np.exp(z2).sum(axis=1, keepdims=True)
        dz2 = (p - Y) / n
        dW = h.T @ dz2
        db = dz2.sum(axis=0)
        dz = (dz2 @ W.T).reshape(z.shape) * (z > 0)
        dK = np.zeros_like(K)
        for i in range(3):
            for j in range(3):
                dK += np.tensordot(dz[:, :, i, j], X[:, i : i + 2, j : j + 2], (0, 0))
        dc = dz.sum(axis=(0, 2, 3))
        return dK, dc, dW, db

    return Network(loss, {"K": K, "c": c, "W": W, "b": b}, rng.normal(size=(6, 4, 4)),
                   np.eye(3)[rng.integers(0, 3, 6)], (windows, loops))


NETWORKS: dict[str, Callable[[], Network]] = {
    "softmax": classifier, "sigmoid": regression, "sum": total, "penalty": penalised, "convolution": convolution}

# ── slips, put into the code of a student ────────────────────────────────────────────────────


@dataclass(frozen=True)
class Slip:
    """A slip: the line in which it is, what it is called, and the kinds by which a report may name it."""

    target: str
    what: str
    kinds: tuple[str, ...]
    code: str
    line: str


Edit = tuple[str, tuple[str, ...], ast.expr]
"""What a slip is called, the kinds by which a report may name it, and the expression with it."""


def times(left: ast.expr, right: ast.expr) -> ast.expr:
    """A product."""
    return ast.BinOp(left, ast.Mult(), right)


def edits(node: Any) -> Iterator[Edit]:
    """An expression with one slip at its top, in all the ways that are usual."""
    match node:
        case ast.Attribute(attr="T", value=value):
            yield "without .T", ("transpose",), value
        case ast.BinOp(op=ast.Div(), left=left, right=ast.Name(id="n")):
            yield "without / n", ("mean",), left
        case ast.BinOp(op=ast.MatMult(), left=left, right=right):
            yield "* for @", ("product",), times(left, right)
        case ast.BinOp(op=ast.Mult(), left=left, right=ast.Compare(left=value, comparators=[zero])):
            yield "without the mask", ("slope", "missing factor"), left
            yield "the mask reversed", ("mask", "slope"), times(left, ast.Compare(value, [ast.Lt()], [zero]))
            yield "the mask of the gradient", ("mask", "slope"), times(left, ast.Compare(left, [ast.Gt()], [zero]))
            yield "the values for the mask", ("slope", "mask"), times(left, value)
        case ast.BinOp(op=ast.Mult(), left=left, right=ast.BinOp(ast.Constant(value=1), ast.Sub(), right)):
            yield "without the slope", ("slope", "missing factor"), left
            yield "+ for - in the slope", ("slope", "sign"), times(left, ast.BinOp(ast.Constant(1), ast.Add(), right))
        case ast.BinOp(op=ast.Sub(), left=left, right=ast.Name(id="Y" | "y") as right):
            yield "the sign", ("sign",), ast.BinOp(right, ast.Sub(), left)
        case ast.BinOp(op=ast.Mult(), left=ast.Constant(value=2), right=right):
            yield "without 2 *", ("factor", "missing factor"), right
        case ast.BinOp(op=ast.Add(), left=left, right=ast.BinOp(op=ast.Mult())):
            yield "without the penalty", ("missing term",), left
        case ast.Call(ast.Attribute(value, "sum"), keywords=[ast.keyword(value=ast.Constant(value=int(axis))), *rest]):
            other = ast.keyword("axis", ast.Constant(1 - axis))
            yield "another axis", ("axis", "shape"), ast.Call(node.func, [], [other, *rest])
            if rest:
                yield "without keepdims", ("shape", "axis"), ast.Call(node.func, [], node.keywords[:1])
            else:
                mean = ast.Attribute(value, "mean", ast.Load())
                yield "not summed", ("axis", "shape"), value
                yield "mean for sum", ("mean", "factor"), ast.Call(mean, [], node.keywords)


def inside(node: ast.AST) -> Iterator[tuple[str, tuple[str, ...], ast.AST]]:
    """An expression with one slip anywhere in it."""
    yield from edits(node)
    for name, value in ast.iter_fields(node):
        parts = value if isinstance(value, list) else [value]
        for place, part in enumerate(parts):
            if isinstance(part, ast.expr):
                for what, kinds, changed in inside(part):
                    new = copy.copy(node)
                    others = [*parts[:place], changed, *parts[place + 1 :]]
                    setattr(new, name, others if isinstance(value, list) else changed)
                    yield what, kinds, new


def renamed(value: ast.expr, names: set[str]) -> Iterator[tuple[str, tuple[str, ...], ast.AST]]:
    """An expression that reads z for a, da for dz or another layer."""
    for node in ast.walk(value):
        if isinstance(node, ast.Name):
            stem, digits = node.id.rstrip("0123456789"), node.id[len(node.id.rstrip("0123456789")) :]
            other = {"a": "z", "dz": "da", "z": "z", "h": "z"}.get(stem)
            number = str(int(digits) - 1) if stem == "z" and digits else digits
            if other and other + number in names and other + number != node.id:
                new = copy.deepcopy(value)
                for one in ast.walk(new):
                    if isinstance(one, ast.Name) and one.id == node.id:
                        one.id = other + number
                yield f"{other}{number} for {node.id}", ("wrong array", "mask", "slope"), new


def target_of(node: ast.stmt) -> str:
    """The array that a line computes."""
    target: Any = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return f"d{target.slice.value}"
    while isinstance(target, ast.Subscript):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""


def slips(student: Callable[..., Any]) -> Iterator[Slip]:
    """All slips that the generator makes in a student's function."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(student)))
    lines = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AugAssign) and target_of(node)]
    names: set[str] = set()
    first: set[str] = set()
    for node in sorted(lines, key=lambda one: one.lineno):
        target, value = target_of(node), node.value
        backward = target.startswith("d") or target in ("p", "e")
        if not backward or isinstance(value, ast.Constant | ast.DictComp):
            names.add(target)
            continue
        others = renamed(value, names) if target.startswith("d") else ()
        for what, kinds, changed in [*inside(value), *others]:
            yield written(tree, node, target, what, kinds, value=changed)
        if target.startswith("dW") and isinstance(node, ast.Assign):
            turned = ast.Attribute(value, "T", ast.Load())
            yield written(tree, node, target, "transposed", ("transpose",), value=turned)
        if isinstance(node, ast.AugAssign):
            new = ast.Assign([node.target], value)
            yield written(tree, node, target, "= for +=", ("overwritten", "missing term"), instead=new)
            if target in first:
                yield written(tree, node, target, "without +=", ("missing term", "missing"), instead=ast.Pass())
        names.add(target)
        first.add(target)


def written(
    tree: ast.Module, node: Any, target: str, what: str, kinds: tuple[str, ...], value: Any = None, instead: Any = None
) -> Slip:
    """A slip with the code of the whole function."""
    new = copy.deepcopy(tree)
    for parent in ast.walk(new):
        body = getattr(parent, "body", None)
        for place, child in enumerate(body if isinstance(body, list) else []):
            if getattr(child, "lineno", 0) == node.lineno and isinstance(child, ast.Assign | ast.AugAssign):
                if instead is None:
                    child.value = value
                else:
                    body[place] = ast.copy_location(instead, child)
                changed = body[place]
    ast.fix_missing_locations(new)
    return Slip(target, what, kinds, ast.unparse(new), ast.unparse(changed))


def function(code: str, name: str) -> Callable[..., Any]:
    """The function in a text, of which tracebacks know the lines."""
    place = f"<student {abs(hash(code))}>"
    linecache.cache[place] = len(code), None, code.splitlines(keepends=True), place
    scope: dict[str, Any] = {"np": np}
    exec(compile(code, place, "exec"), scope)
    made: Callable[..., Any] = scope[name]
    return made


# ── the table ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Case:
    """A student's function with a slip, and what the check says of it."""

    network: str
    student: str
    slip: Slip
    report: check.MatrixReport

    @property
    def named(self) -> bool:
        """Whether the report names the slip, in the line in which it is or where it gives the same numbers."""
        target = Spellings(self.report.lines).get(self.slip.target)
        return any(one.kind in self.slip.kinds and (not target or target in (one.name, one.into, *one.also))
                   for one in self.report.mistakes[:1])


def cases(seed: int, count: int) -> Iterator[Case]:
    """So many slips, drawn by a seed, of every network and every sort in turn; those without effect are left out."""
    rng = random.Random(seed)
    made = {name: make() for name, make in NETWORKS.items()}
    pools: dict[str, list[tuple[str, Slip]]] = {}
    for name, network in made.items():
        by_what = collections.defaultdict(list)
        for student in network.students:
            for slip in slips(student):
                by_what[slip.what].append((student.__name__, slip))
        pool = []
        for group in by_what.values():
            rng.shuffle(group)
        while any(by_what.values()):  # every sort of slip in turn
            turn = [group.pop() for group in by_what.values() if group]
            rng.shuffle(turn)
            pool += turn
        pools[name] = pool[::-1]
    given = 0
    while given < count and any(pools.values()):
        for name, pool in pools.items():
            while pool and given < count:
                student, slip = pool.pop()
                network = made[name]
                report = checked(network, function(slip.code, student))
                if not report.ok:
                    given += 1
                    yield Case(name, student, slip, report)
                    break


def checked(network: Network, student: Callable[..., Any]) -> check.MatrixReport:
    """The report on a function."""
    return check.matrices(network.loss, network.params, student, network.X, network.Y, reduction=network.reduction)


FORMS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "as they are": lambda grads: grads,
    "a dict": lambda grads: {f"grad_{name}": array for name, array in grads.items()},
    "the loss and a tuple": lambda grads: (0.0, tuple(grads.values())),
    "a vector": lambda grads: np.concatenate([np.ravel(array) for array in grads.values()]),
}
"""In what form gradients are returned."""


def in_form(student: Callable[..., Any], form: str, names: Sequence[str]) -> Callable[..., Any]:
    """The same function with its gradients in another form."""
    @functools.wraps(student)
    def function(*args: Any, **options: Any) -> Any:
        found = student(*args, **options)
        if isinstance(found, dict):
            spelled = Spellings(f"d{name}" for name in names)
            by_name = {spelled.get(key) or f"d{key}": array for key, array in found.items()}
            found = {name: by_name[f"d{name}"] for name in names}
        elif not isinstance(found, np.ndarray):
            found = dict(zip(names, found, strict=True))
        return FORMS[form](found) if isinstance(found, dict) else found

    return function


def right() -> Iterator[tuple[str, bool]]:
    """Right functions in all layouts and forms, and whether the check has no alarm for them."""
    for name, make in NETWORKS.items():
        network = make()
        names = list(network.params if isinstance(network.params, dict) else program_names(network.params))
        for student in network.students:
            for form in FORMS:
                function = student if form == "as they are" else in_form(student, form, names)
                yield f"{name}, {student.__name__}, {form}", checked(network, function).ok


def program_names(model: Any) -> list[str]:
    """What the parameters of a model are called: W1, b1, …"""
    return list(dict.fromkeys(value.label.split("[")[0] for value in model.parameters()))


def report(seed: int = 0, count: int = 40, quick: bool = False) -> str:
    """The table, and below it what it comes to."""
    rows = [["Network", "Student", "Slip", "Line", "Named", "As"]]
    found = list(cases(seed, 10 if quick else count))
    for case in found:
        first = case.report.first
        said = f"{first.name} {first.words}" if first else "nothing"
        rows.append([case.network, case.student, case.slip.what, f"`{case.slip.line}`", "yes" if case.named else "no",
                     textwrap.shorten(said, 90)])
    calm = dict(right())
    alarms = [name for name, ok in calm.items() if not ok]
    return "\n".join([
        table(rows), "", f"- seed {seed}: {sum(case.named for case in found)} of {len(found)} slips named",
        f"- right functions without alarm: {len(calm) - len(alarms)} of {len(calm)}",
        *(f"- alarm: {name}" for name in alarms)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.slips", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="of the generator (%(default)s)")
    parser.add_argument("--count", type=int, default=40, help="how many slips (%(default)s)")
    options = parser.parse_args()
    print(report(options.seed, options.count))
