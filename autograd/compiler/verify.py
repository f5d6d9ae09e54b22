"""Compare a finished program with the scalar graph it was made from, before it is handed out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from autograd.compiler.arguments import Batch
from autograd.compiler.arrays.array import constants_in
from autograd.compiler.blocks.plan import Plan
from autograd.compiler.engine import Engine
from autograd.compiler.printers.to_numpy import Printer, all_nodes
from autograd.compiler.scalars.graph import NONE, Floats
from autograd.compiler.scalars.reference import Point
from autograd.errors import CompilerError
from autograd.execute import function_of

TOLERANCE = 1e-6
"""Relative to the largest gradient: far above rounding, far below the effect of a wrong index."""

ROUNDING = 1e-12
"""Relative to the largest number on the way: what is left where numbers of that size cancel is their rounding."""

SHAKEN = 1e-13
"""Relative: by so much every number on the way is moved, to see what sums in another order may come to."""

POINTS = 2


def verify(made: Plan, engine: Engine, kind: str, theta: Floats, batch: Batch) -> None:
    """Raise `CompilerError`, naming the block, unless a function and the graph agree near the first example.

    A batch of two generic points is compared: parameters and the example perturbed a little, so that
    nothing agrees by chance. Where the graph gives no finite number nothing can be compared. The function is
    called twice, since from the second call on its buffers hold old numbers.
    """
    rng = np.random.default_rng(0)
    with np.errstate(all="ignore"):
        theta = near(theta, rng)
        first = {"input": batch.x[0], "target": np.zeros(0) if batch.y is None else batch.y[0]}
        points = [{"parameter": theta, **{name: near(row, rng) for name, row in first.items()},
                   "noise": rng.random(made.noises), "outside": engine.outside(theta.dtype)} for _ in range(POINTS)]
        wanted = expected(engine, kind, points)
        near_batch = Batch(np.stack([point["input"] for point in points]),
                           None if batch.y is None else np.stack([point["target"] for point in points]))
        noise = np.stack([point["noise"] for point in points]) if made.noises else None
        engine.sample = theta, near_batch, noise
        straight = [False, True] if kind == "value_and_grad" and engine.few > 1 else [False]  # batches may be small
        for by_floats in straight * 2:
            results = engine.results(kind, theta, near_batch, noise, by_floats=by_floats)
            if not all(map(agree, results, *wanted)) and not all(map(agree, results, *unsure(engine, kind, points))):
                raise CompilerError(blame(made, engine, points[0]))


def verify_source(engine: Engine) -> None:
    """Raise `CompilerError` unless the program as it is read, with its loops, gives what runs gives.

    They are compared at the points at which the latter was verified. Tables are given, not written out: Python takes
    longer to read millions of numbers than all of this.
    """
    read, sample = engine.reading, engine.sample
    assert sample is not None, "a program is verified before it is read"
    theta, batch, noise = sample
    x, y = batch.matrices(theta.dtype)
    given = {"theta": theta, "x": x, "y": y, "u": noise, "outside": engine.outside(theta.dtype)}
    shown = read.shown
    arrays = {carried.name: carried.array for carried in constants_in(all_nodes(read.loops))}
    source = Printer(shown.places).source(read.loops, with_arrays=False)
    run = function_of(source, "<compiled to be read>", shown.kind, arrays)
    with np.errstate(all="ignore"):
        results = run(*(given[argument.info] for argument in shown.arguments))
        wanted = engine.run(shown.kind, theta, batch, noise, None)
    results = results if isinstance(results, tuple) else (results,)
    if not all(map(agree, results, wanted)):
        raise CompilerError("the source disagrees with what runs: this is a bug in the compiler; please "
                            "report the loss")


def expected(engine: Engine, kind: str, points: list[Point], shaken: Any = None) -> tuple[list[Floats], list[float]]:
    """What a function of this kind should return at these points, and the size of the largest number on the way."""
    judge = engine.reference
    if kind == "outputs":
        values = judge.values(points, shaken)
        return [values[:, judge.graph.roots]], [magnitude(values)]
    values, slopes = judge.run(points, shaken)
    value, gradient, dx = judge.means(points, values, slopes)
    largest, steepest = magnitude(values), magnitude(slopes)
    results, sizes = [np.asarray(value), gradient, dx], [largest, steepest, steepest]
    return (results, sizes) if kind == "inputs" else (results[:2], sizes[:2])


def unsure(engine: Engine, kind: str, points: list[Point]) -> tuple[list[Floats], list[float], list[Floats]]:
    """The same, and how far each result goes where all numbers on the way are moved by a little."""
    wanted, sizes = expected(engine, kind, points)
    rng = np.random.default_rng(1)
    moved = [expected(engine, kind, points, lambda n: 1 + SHAKEN * rng.uniform(-1, 1, n))[0] for _ in range(3)]
    spread = [10 * np.max([np.abs(result - want) for result in results], axis=0)
              for want, *results in zip(wanted, *moved, strict=True)]
    return wanted, sizes, spread


def near(numbers: Floats, rng: np.random.Generator) -> Floats:
    """Numbers moved by about one per cent."""
    numbers = np.asarray(numbers, dtype=np.float64)
    return np.asarray(numbers + 0.01 * (1 + np.abs(numbers)) * rng.normal(size=numbers.shape))


def magnitude(numbers: Floats) -> float:
    """The size of the largest finite number."""
    return float(np.max(np.abs(numbers), where=np.isfinite(numbers), initial=0.0))


def agree(result: Floats, wanted: Floats, on_the_way: float = 0.0, spread: Floats | float = 0.0) -> bool:
    """Whether a result is as wanted, where that is finite: up to the rounding of numbers as large as `on_the_way`."""
    result, wanted = np.asarray(result, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    sure = np.isfinite(wanted)
    scale = np.max(np.abs(wanted[sure]), initial=1.0)
    allowed = np.broadcast_to(TOLERANCE * scale + ROUNDING * on_the_way + spread, wanted.shape)
    return bool(np.all(np.abs(result - wanted)[sure] <= allowed[sure]))


def blame(made: Plan, engine: Engine, point: Point) -> str:
    """Which block differs from its scalars."""
    laid, function, values = made.laid, engine.function("outputs"), engine.reference.values([point])[0]
    computed = [let.name for let in function.of_block.values()]
    source = Printer().source(replace(function, results=computed))
    run = function_of(source, "<compiled to find the block>", "outputs", {})
    leaves = {"theta": point["parameter"], "x": point["input"][None], "y": point["target"][None],
              "u": point["noise"][None], "outside": point["outside"]}
    with np.errstate(all="ignore"):
        arrays = run(*(leaves[argument.info] for argument in function.arguments))
    arrays = arrays if len(computed) > 1 else [arrays]
    for (position, let), array in zip(function.of_block.items(), arrays, strict=True):
        members = laid.blocks[position].members
        traced = laid.canonical.as_traced(members)
        known = traced != NONE
        if not agree(np.ravel(array)[known], values[traced[known]]):
            return (f"block {let.name.info} (`{Printer().statement(let)}`) disagrees with the scalars it stands for: "
                    f"this is a bug in the compiler; please report the loss")
    return "the gradient disagrees with that of the scalar graph: this is a bug in the compiler; please report the loss"
