"""Kernels compiled: whether they are right, whether their text grows with their arrays, how fast they are."""

from __future__ import annotations

import ast
import statistics
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

import autograd
from benchmarks.lifting.kernel import Kernel, columns
from benchmarks.programs.common import Array
from benchmarks.timing import TOLERANCE, measure, table
from nn.models.module import values

BATCHES = (32, 1024)
"""How many examples there are in the calls that are timed."""


def compiled(kernel: Kernel, scale: int, weights: list[float] | None = None) -> autograd.Program:
    """All outputs of a kernel as a program, or their weighted sum as one that has a gradient."""
    P = values(kernel.numbers(scale, 0)[0].tolist())

    def function(x: Any) -> Any:
        outputs = kernel.outputs(P, x, scale)
        return outputs if weights is None else autograd.dot(weights, outputs)

    return autograd.compile(function, P)


def outputs_error(kernel: Kernel, scale: int, examples: int = 3) -> float:
    """How much the outputs of the program, and those by hand, differ from eager evaluation of the same loops."""
    theta, X = kernel.numbers(scale, examples)
    P = values(theta.tolist())
    eager = np.array([[getattr(one, "data", one) for one in kernel.outputs(P, values(row), scale)]
                      for row in X.tolist()])
    return max(gap(columns(kernel.by_hand(theta, X, scale)(), examples), eager),
               gap(compiled(kernel, scale)(theta, X).reshape(examples, -1), eager))


def gradient_error(kernel: Kernel, scale: int, examples: int = 3) -> float:
    """How much a weighted sum of outputs differs from eager evaluation, and its gradient by all numbers given."""
    theta, X = kernel.numbers(scale, examples)
    P, rows = values(theta.tolist()), [values(row) for row in X.tolist()]
    eager = [kernel.outputs(P, row, scale) for row in rows]
    weights = np.random.default_rng(1).normal(size=len(eager[0])).tolist()
    loss = autograd.mean([autograd.dot(values(weights), outputs) for outputs in eager])
    loss.backward()
    value, gradient, slopes = compiled(kernel, scale, weights).value_and_grad(theta, X, inputs=True)
    return max(gap(value, np.array(loss.data)), gap(gradient, np.array([one.grad for one in P])),
               gap(slopes, np.array([[one.grad for one in row] for row in rows])))


def gap(found: Array, wanted: Array) -> float:
    """The greatest difference of two arrays, by the greatest number of the second."""
    assert np.shape(found) == np.shape(wanted)
    return float(np.abs(found - wanted).max(initial=0) / (np.abs(wanted).max(initial=0) or 1))


class Text(NamedTuple):
    """A program's source: its statements, and all the names, numbers and operations in them."""

    statements: int
    words: int


def text(program: autograd.Program) -> Text:
    """How long a program's function is; tables of numbers before it are data."""
    *_, function = ast.parse(program.source).body
    nodes = list(ast.walk(function))
    return Text(sum(isinstance(node, ast.stmt) for node in nodes) - 1, len(nodes))


SCALES = (2, 4)
"""The sizes at which texts are compared: at half of the first, many a loop has two steps alone."""


class Lifted(NamedTuple):
    """What is known of a kernel: its greatest error, its texts at two sizes, seconds to compile and of calls."""

    name: str
    error: float
    texts: list[Text]
    compiling: float
    seconds: list[dict[str, float]]

    @property
    def right(self) -> bool:
        """Whether there is no more than rounding between this and eager evaluation."""
        return self.error <= TOLERANCE["float64"]

    @property
    def growth(self) -> float:
        """The words at the second size by those at the first."""
        return self.texts[1].words / self.texts[0].words

    @property
    def ratios(self) -> list[float]:
        """The time of the program by that of NumPy by hand, for each batch."""
        return [times["reroll"] / times["by hand"] for times in self.seconds]


def lifted(name: str, kernel: Kernel, rounds: int, run: float) -> Lifted:
    """All measurements of a kernel; those of speed are at the first of these sizes."""
    wrong = max(error(kernel, scale) for error in (outputs_error, gradient_error) for scale in (1, 2))
    large, _ = first_call(kernel, SCALES[1])
    program, compiling = min((first_call(kernel, SCALES[0]) for _ in range(min(rounds, 5))), key=lambda pair: pair[1])
    return Lifted(name, wrong, [text(program), text(large)], compiling,
                  [timed(kernel, program, batch, rounds, run) for batch in BATCHES])


def first_call(kernel: Kernel, scale: int) -> tuple[autograd.Program, float]:
    """A program and the seconds of CPU that it takes to compile it, which ends with the first call."""
    theta, X = kernel.numbers(scale, BATCHES[0])
    start = time.process_time()
    program = compiled(kernel, scale)
    program(theta, X)
    return program, time.process_time() - start


def timed(kernel: Kernel, program: autograd.Program, batch: int, rounds: int, run: float) -> dict[str, float]:
    """The least seconds of a call of the program and of NumPy by hand."""
    theta, X = kernel.numbers(2, batch)
    steps = {"reroll": lambda: program(theta, X), "by hand": kernel.by_hand(theta, X, 2)}
    return {key: min(seconds) for key, seconds in measure(steps, rounds=rounds, run=run).seconds.items()}


def measured(kernels: dict[str, Kernel], rounds: int, run: float) -> Iterator[Lifted | tuple[str, Exception]]:
    """Measure kernels, one after the other; what does not compile comes with its exception."""
    for name, kernel in kernels.items():
        try:
            yield lifted(name, kernel, rounds, run)
        except (autograd.CompilerError, ValueError) as reason:
            yield name, reason


# ── the table ────────────────────────────────────────────────────────────────────────────────


def tabulated(found: Iterable[Lifted | tuple[str, Exception]]) -> str:
    """The table, and below it what it comes to."""
    rows = [["Kernel", "Error", "Statements", "at twice the size", "Text ×", "Compile ms", "reroll µs", "by hand µs",
             *(f"reroll ÷ by hand, {batch}" for batch in BATCHES)]]
    known, failed = [], []
    for one in found:
        if isinstance(one, Lifted):
            known.append(one)
            rows.append([one.name, f"{one.error:.0e}", *(str(size.statements) for size in one.texts),
                         f"{one.growth:.2f}", f"{one.compiling * 1e3:.0f}",
                         *(f"{seconds * 1e6:.1f}" for seconds in one.seconds[0].values()),
                         *(f"{ratio:.2f}" for ratio in one.ratios)])
        else:
            failed.append(one)
            rows.append([one[0], type(one[1]).__name__, *[""] * (len(rows[0]) - 2)])
    return "\n".join([table(rows), "", *summary(known, failed)])


def summary(known: list[Lifted], failed: list[tuple[str, Exception]]) -> Iterator[str]:
    """Lines on how many are right and keep their length, and on medians."""
    total = len(known) + len(failed)
    unrolled = [one.name for one in known if one.texts[1].statements > one.texts[0].statements]
    longer = [one.name for one in known if one.growth > 1 and one.name not in unrolled]
    yield f"- right in outputs, value and gradient: {sum(one.right for one in known)} of {total}"
    yield f"- text that does not grow: {len(known) - len(unrolled) - len(longer)} of {total}"
    slowest = max(known, key=lambda one: one.compiling)
    yield (f"- milliseconds to compile: {statistics.median(one.compiling for one in known) * 1e3:.0f} in the middle, "
           f"at most {slowest.compiling * 1e3:.0f} ({slowest.name})")
    for i, batch in enumerate(BATCHES):
        ratios = {one.name: one.ratios[i] for one in known}
        worst = max(ratios, key=ratios.__getitem__)
        yield (f"- reroll ÷ by hand at a batch of {batch}: {statistics.median(ratios.values()):.2f} in the middle, "
               f"at worst {ratios[worst]:.2f} ({worst})")
    yield f"- more statements at twice the size: {'; '.join(unrolled) or 'none'}"
    yield f"- longer statements at twice the size: {'; '.join(longer) or 'none'}"
    yield from (f"- {name}: {reason}" for name, reason in failed)
