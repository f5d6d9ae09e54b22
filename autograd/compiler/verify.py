"""Compare a finished program with the scalar graph it was made from, before it is handed out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.arguments import Batch
from autograd.compiler.build import Plan
from autograd.compiler.engine import Engine
from autograd.compiler.execute import function_of
from autograd.compiler.graph import CODE, Floats
from autograd.compiler.printer import Printer
from autograd.compiler.reference import Reference
from autograd.errors import CompilerError

TOLERANCE = 1e-6
"""Relative to the largest gradient: far above rounding, far below the effect of a wrong index."""

ROUNDING = 1e-12
"""Relative to the largest number on the way: what is left where numbers of that size cancel is their rounding."""

POINTS = 2


def verify(made: Plan, engine: Engine, kind: str, theta: Floats, batch: Batch) -> None:
    """Raise `CompilerError`, naming the block, unless a function and the graph agree near the first example.

    A batch of two generic points is compared: parameters and the example perturbed a little, so that
    nothing agrees by chance. Where a number is not finite nothing can be compared. The function is
    called twice, since from the second call on its buffers hold old numbers.
    """
    rng = np.random.default_rng(0)
    theta = near(theta, rng)
    first = {"input": batch.x[0], "target": np.zeros(0) if batch.y is None else batch.y[0]}
    points = [{"parameter": theta, **{name: near(row, rng) for name, row in first.items()},
               "noise": rng.random(made.noises)} for _ in range(POINTS)]
    judge = Reference(made.graph)
    judged = [judge.run(**point) for point in points]
    near_batch = Batch(np.stack([point["input"] for point in points]),
                       None if batch.y is None else np.stack([point["target"] for point in points]))
    draw: Any = Drawn(np.stack([point["noise"] for point in points]))
    for _ in range(2):
        results = [engine.run(kind, theta, near_batch, draw, None)]
        if kind == "value_and_grad" and engine.straight is not None:
            results.append(engine.straight.run(theta, near_batch, draw.numbers))
        for result in results:
            wanted = expected(made, kind, judged)
            if not all(agree(got, *right) for got, right in zip(result, wanted, strict=True)):
                raise CompilerError(blame(made, engine, points[0], judged[0][0]))


def expected(made: Plan, kind: str, judged: list[tuple[Floats, Floats]]) -> list[tuple[Floats, float]]:
    """What a function of this kind should return, from values and gradients of all nodes at each point.

    With each result comes the size of the largest number on the way to it.
    """
    graph = made.graph
    largest, steepest = (magnitude(np.array(numbers)) for numbers in zip(*judged, strict=True))
    if kind == "outputs":
        return [(values[graph.roots], largest) for values, _ in judged]

    def gradient(leaf: str, gradients: Floats) -> Floats:
        mine = graph.code == CODE[leaf]
        result = np.zeros(made.sizes[leaf])
        result[graph.data[mine].astype(np.int64)] = gradients[mine]
        return result

    value = np.mean([values[graph.roots[0]] for values, _ in judged])
    mean = np.mean([gradient("parameter", gradients) for _, gradients in judged], axis=0)
    dx = np.array([gradient("input", gradients) for _, gradients in judged]) / len(judged)
    return [(np.asarray(value), largest), (mean, steepest), (dx, steepest)][: 3 if kind == "inputs" else 2]


class Drawn:
    """A generator that draws given numbers."""

    def __init__(self, numbers: Floats) -> None:
        self.numbers = numbers

    def random(self, shape: tuple[int, int]) -> Floats:
        """The numbers; the shape is theirs."""
        return self.numbers.reshape(shape)


def near(numbers: Floats, rng: np.random.Generator) -> Floats:
    """Numbers moved by about one per cent."""
    numbers = np.asarray(numbers, dtype=np.float64)
    return np.asarray(numbers + 0.01 * (1 + np.abs(numbers)) * rng.normal(size=numbers.shape))


def magnitude(numbers: Floats) -> float:
    """The size of the largest finite number."""
    return float(np.max(np.abs(numbers), where=np.isfinite(numbers), initial=0.0))


def agree(a: Floats, b: Floats, on_the_way: float = 0.0) -> bool:
    """Whether two arrays are equal where both are finite, up to the rounding of numbers as large as `on_the_way`."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    both = np.isfinite(a) & np.isfinite(b)
    scale = np.max(np.abs(b[both]), initial=1.0)
    return bool(np.all(np.abs(a[both] - b[both]) <= TOLERANCE * scale + ROUNDING * on_the_way))


def blame(made: Plan, engine: Engine, point: dict[str, Floats], values: Floats) -> str:
    """Which block differs from its scalars."""
    function = engine.function("outputs")
    computed = [let.name for let in function.of_block.values()]
    source = Printer().source(replace(function, results=computed))
    run = function_of(source, "<compiled to find the block>", "outputs", {})
    leaves = {"theta": point["parameter"], "x": point["input"][None], "y": point["target"][None],
              "u": point["noise"][None]}
    with np.errstate(all="ignore"):
        arrays = run(*(leaves[argument.info] for argument in function.arguments))
    arrays = arrays if len(computed) > 1 else [arrays]
    shift = len(made.canonical.code) - len(made.graph)
    for (position, let), array in zip(function.of_block.items(), arrays, strict=True):
        if not agree(np.ravel(array), values[made.blocks[position].members - shift]):
            return (f"block {let.name.info} (`{Printer().statement(let)}`) disagrees with the scalars it stands for: "
                    f"this is a bug in the compiler; please report the loss")
    return "the gradient disagrees with that of the scalar graph: this is a bug in the compiler; please report the loss"
