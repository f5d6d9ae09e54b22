"""Compare a finished program with the scalar graph it was made from, before it is handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.compiler.arguments import Batch
from autograd.compiler.build import Plan
from autograd.compiler.graph import CODE, Floats
from autograd.compiler.reference import Reference
from autograd.errors import CompilerError

if TYPE_CHECKING:
    from autograd.compiler.program import Compiled

TOLERANCE = 1e-6
"""Relative to the largest gradient: far above rounding, far below the effect of a wrong index."""


def verify(made: Plan, compiled: Compiled, theta: Floats, batch: Batch) -> None:
    """Raise `CompilerError`, naming the block, unless program and graph agree near the first example.

    Two generic points are compared: parameters and the example perturbed a little, so that nothing
    agrees by chance. Where a number is not finite nothing can be compared.
    """
    judge = Reference(made.graph)
    rng = np.random.default_rng(0)
    for _ in range(2):
        point = {"parameter": near(theta, rng), "input": near(batch.x[0], rng),
                 "noise": rng.random(made.noises), "target": np.zeros(0)}
        if batch.y is not None:
            point["target"] = near(batch.y[0], rng)
        values, gradients = judge.run(**point)
        if made.several:
            results = run(compiled, "outputs", point, batch)
            if not agree(results[0], values[made.graph.roots]):
                raise CompilerError(blame(made, compiled, point, values))
            continue
        expected = np.zeros(len(theta))
        mine = made.graph.code == CODE["parameter"]
        expected[made.graph.data[mine].astype(int)] = gradients[mine]
        value, gradient = run(compiled, "value_and_grad", point, batch)
        if not agree(value, values[made.graph.roots[0]]) or not agree(gradient, expected):
            raise CompilerError(blame(made, compiled, point, values))


def run(compiled: Compiled, kind: str, point: dict[str, Floats], batch: Batch) -> Any:
    """Call a generated function for one example, whatever the number of examples would make of it."""
    draw: Any = _Fixed(point["noise"])
    return compiled.run(kind, point["parameter"], one(point, batch), draw, None)


class _Fixed:
    """A generator that draws given numbers."""

    def __init__(self, numbers: Floats) -> None:
        self.numbers = numbers

    def random(self, shape: tuple[int, int]) -> Floats:
        return self.numbers.reshape(shape)


def near(numbers: Floats, rng: np.random.Generator) -> Floats:
    """Numbers moved by about one per cent."""
    numbers = np.asarray(numbers, dtype=np.float64)
    return np.asarray(numbers + 0.01 * (1 + np.abs(numbers)) * rng.normal(size=numbers.shape))


def one(point: dict[str, Floats], batch: Batch) -> Batch:
    """The point as a batch of one example."""
    return Batch(point["input"][None], None if batch.y is None else point["target"][None])


def agree(a: Floats, b: Floats) -> bool:
    """Whether two arrays are equal up to rounding, wherever both are finite."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    both = np.isfinite(a) & np.isfinite(b)
    scale = np.max(np.abs(b[both]), initial=1.0)
    return bool(np.all(np.abs(a[both] - b[both]) <= TOLERANCE * scale))


def blame(made: Plan, compiled: Compiled, point: dict[str, Floats], values: Floats) -> str:
    """Which block differs from its scalars."""
    text = compiled.text("outputs")
    names: dict[str, Any] = {"theta": point["parameter"], "x": point["input"].reshape(1, -1),
                                "y": point["target"].reshape(1, -1), "u": point["noise"].reshape(1, -1)}
    code = "\n".join(["import numpy as np", text.helpers, *text.body[:-1]])
    with np.errstate(all="ignore"):
        names.update(text.constants)
        exec(code, names)
    shift = len(made.canonical.code) - len(made.graph)
    for block, name, statement in text.statements:
        expected = values[block.members - shift]
        if not agree(np.ravel(names[name]), expected):
            return (f"block {name} (`{statement}`) disagrees with the scalars it stands for: "
                    f"this is a bug in the compiler; please report the loss")
    return "the gradient disagrees with that of the scalar graph: this is a bug in the compiler; please report the loss"
