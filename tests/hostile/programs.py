"""Generated Python: no label, path or number changes what it does."""

from __future__ import annotations

import ast
import warnings
from dataclasses import replace
from typing import Any

import numpy as np

import autograd
import nn
import viz
from autograd import Program, UsageError, Value
from autograd.compiler.arrays.function import function
from autograd.compiler.arrays.names import RESERVED
from autograd.compiler.printers.to_jax import translated
from hostile.graphs import Sketch, hostile_labels, sketch
from hostile.numbers import BITS
from hostile.reader import Reader


def shape_of(source: str) -> str:
    """The syntax tree of a source, its own names numbered in the order in which they appear."""
    tree, numbers = ast.parse(source), {}
    known = RESERVED - {"u", "value", "gradient"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in known:
            node.id = numbers.setdefault(node.id, f"name {len(numbers)}")
    return ast.dump(tree)


# ── compiled programs ────────────────────────────────────────────────────────────────────────


def compiled(plan: Sketch, labels: list[str], keyed: bool) -> tuple[Program, np.ndarray]:
    """A program whose last leaf is the input; the first is a parameter, and others are parameters or constants."""
    leaves = [Value(number, label) for number, label in zip(plan.leaves[:-1], labels, strict=False)]
    params = [leaf for i, leaf in enumerate(leaves) if i == 0 or plan.parameters[i]]

    def loss(x: Any) -> Any:
        values = [*leaves, x]
        x.label = labels[-1]
        for (op, places), label in zip(plan.steps, labels, strict=False):
            values.append(op.dispatch(tuple(values[place] for place in places)))
            values[-1].label = label
        return values[-1]

    named: Any = {param.label: param for param in params} if keyed else params
    named = params if keyed and len(named) < len(params) else named
    return autograd.compile(loss, named), np.array([param.data for param in params])


def alike(labels: list[str]) -> list[str]:
    """Plain labels, with equal stems where those have equal stems: parameters of one stem are one array."""
    stems = {stem: stem and f"p{chr(97 + i)}" for i, stem in enumerate(dict.fromkeys(t.split("[")[0] for t in labels))}
    return [stems[label.split("[")[0]] + "[0]" * ("[" in label) for label in labels]


def program(data: bytes) -> None:
    """The sources for NumPy and for JAX are the same but for names, import nothing else, and run on their own."""
    reader = Reader(data)
    plan, labels, keyed = sketch(reader), hostile_labels(reader), reader.below(2) == 1
    # Where 1e308 cancels, rounding is all that is left, and no two orders of additions agree.
    plan = replace(plan, leaves=tuple(1e6 if leaf == 1e308 else leaf for leaf in plan.leaves))
    rows = np.array([plan.leaves[-1], 0.75])
    sources, results = [], []
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for names in (alike(labels), labels):
            made, theta = compiled(plan, names, keyed)
            results.append(made.value_and_grad(theta, rows))
            jax = translated(function(made._traced().plan, "value_and_grad"))
            sources.append((made.source, jax))
        for plain, hostile in zip(*sources, strict=True):
            assert shape_of(plain) == shape_of(hostile), labels
            imported = [ast.unparse(node) for node in ast.walk(ast.parse(hostile))
                        if isinstance(node, ast.Import | ast.ImportFrom)]
            assert set(imported) <= {"import numpy as np", "import jax", "import jax.numpy as jnp"}
            assert not undefined(hostile), hostile
        np.testing.assert_array_equal(*(np.append(*reversed(result)) for result in results))
        own: dict[str, Any] = {}
        exec(compile(sources[1][0], "<program>", "exec"), own)
        found, expected = own["value_and_grad"](theta, rows[:, None])[0], results[1][0]
        each = [value.data for x in rows for value in replace(plan, leaves=(*plan.leaves[:-1], x)).values([])]
        if np.isfinite([*each, expected]).all():  # elsewhere programs may tell nan where others tell inf
            np.testing.assert_allclose(found, expected, rtol=1e-9)


def undefined(source: str) -> set[str]:
    """The names that a source reads and nobody defines."""
    names = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    made = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            made |= {argument.arg for argument in node.args.args}
        if isinstance(node, ast.FunctionDef):
            made.add(node.name)
        if isinstance(node, ast.Import | ast.ImportFrom):
            made |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return {name.id for name in names} - made - {"len", "tuple", "int", "float", "zip", "range", "min", "sum"}


# ── formulas as NumPy ────────────────────────────────────────────────────────────────────────


def numpy_formula(data: bytes) -> None:
    """`viz.formula` in NumPy reads nothing but its own names, and gives the number."""
    reader = Reader(data)
    plan, labels = sketch(reader), [label or "v" for label in hostile_labels(reader)]
    values = plan.values(labels[: len(plan.leaves)])
    written = viz.formula(values[-1], "numpy", limit=10**9)
    tree = ast.parse(written, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Call):
            assert ast.unparse(node).startswith("np.") , written
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {"np"}
    again = {name: np.array(value.data) for name, value in leaves_by_name(values).items()}
    assert names <= set(again), (names, again)
    with np.errstate(all="ignore"):
        found = eval(compile(tree, "<formula>", "eval"), {"__builtins__": {}, "np": np} | again)
    largest = np.max(np.abs([value.data for value in values]))
    if np.isfinite(largest):  # NumPy's functions and Python's differ in the last bit, which may be all that is left
        np.testing.assert_allclose(float(found), values[-1].data, rtol=1e-9, atol=1e-12 * largest)


def leaves_by_name(values: list[Value]) -> dict[str, Value]:
    """The leaves of a graph by the names that formulas in NumPy have for them."""
    from viz.text import naming
    from viz.text.formulas import identifier

    graph = autograd.ancestors(values[-1])
    labels = {value: label and identifier(label) for value, label in naming.labels(graph).items()}
    return {name: value for value, name in naming.unique(graph, [values[-1]], labels).items() if labels[value]}


# ── PyTorch ──────────────────────────────────────────────────────────────────────────────────

RATES = (0.1, 1e-320, 1e308, np.float32(0.1), np.float64(0.5), np.longdouble(0.1), 1, True)


def torch_source(data: bytes) -> None:
    """The source for PyTorch is the same whatever numbers and paths it has, and reads no unknown name."""
    reader = Reader(data)
    hidden, activation = 1 + reader.below(3), reader.pick(("tanh", "relu", "leaky_relu", "elu", "linear"))
    make = reader.pick((nn.SGD, nn.Adam, nn.AdamW, nn.RMSProp, nn.AdaDelta, nn.Adagrad))
    schedule, path, rates = reader.below(5), reader.pick((None, reader.text())), [reader.pick(RATES) for _ in range(2)]
    first = [reader.pick(BITS) for _ in range(4)]
    sources = []
    for numbers, pair, weights in ((first, rates, path), ([0.5], (0.1, 0.2), path and "p")):
        model = nn.MLP(2, [hidden, 1], activation, seed=0)
        for value, number in zip(model.parameters(), numbers, strict=False):
            value.data = number
        try:
            optimizer = make(scheduled(schedule, *pair))
            sources.append(nn.to_torch_source(model, optimizer=optimizer, weights=weights))
        except UsageError:
            return
    assert not undefined(sources[0]), sources[0]
    assert skeleton(sources[0]) == skeleton(sources[1]), sources[0]


def scheduled(kind: int, rate: Any, other: Any) -> Any:
    """A learning rate, or a schedule of one."""
    makers = (lambda: rate, lambda: nn.ExponentialDecay(rate, other), lambda: nn.StepDecay(rate, 3, other),
              lambda: nn.CosineDecay(rate, 5, other), lambda: nn.WarmUp(2, rate))
    return makers[kind]()


class Numberless(ast.NodeTransformer):
    """Replaces what numbers and texts are written as."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """A number or a text."""
        return ast.Constant(type(node.value).__name__ if isinstance(node.value, str) else 0)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """A number with its sign."""
        return self.visit(node.operand) if isinstance(node.op, ast.USub) else self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A number that has a name."""
        return ast.Constant(0) if node.attr in ("nan", "inf") else self.generic_visit(node)


def skeleton(source: str) -> str:
    """The syntax tree without numbers and texts."""
    return ast.dump(Numberless().visit(ast.parse(source)))
