"""Explanations of lines: each is computed from its scalars, and must give what the line gives."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from losses import LOSSES

import autograd
import nn
import viz
from autograd import SizeError, UsageError, Value
from autograd.compiler.engine import Engine
from autograd.compiler.explain.explanation import Explanation, Lines, numbers

over = pytest.mark.parametrize

ROUNDING = 1e-12


@functools.cache
def network(activation: str = "relu") -> Any:
    """A classifier 3-4-2 as a program, and data."""
    model = nn.MLP(3, [4, 2], activation=activation, seed=0)
    rng = np.random.default_rng(0)
    program = autograd.compile(lambda x, y: nn.cross_entropy_with_logits(model(x), y), model)
    return program, rng.normal(size=(5, 3)), np.eye(2)[rng.integers(0, 2, 5)]


def lines_of(engine: Engine, kind: str) -> Lines:
    """All lines of a function, computed near the example with which it was verified."""
    assert engine.sample is not None
    return Lines(engine.function(kind), engine.written.looped(kind), numbers(engine, *engine.sample),
                 engine.plan.sizes["parameter"])


QUICK = ("mlp_softmax_cross_entropy", "weight_decay", "dropout", "recurrent", "convolution_with_stride",
         "largest_and_smallest", "selections", "no_parameters")
"""One of each sort; the others take longer together than tests may by default."""


@over("name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in LOSSES])
def test_every_line_of_a_program_is_the_sum_of_its_scalars(name: str) -> None:
    engine = LOSSES[name]().traced()._traced()
    for kind in ("outputs",) if engine.plan.several else ("value_and_grad", "inputs"):
        lines = lines_of(engine, kind)
        for text in lines.names:
            explanation = Explanation(text, lines)
            assert explanation.error < ROUNDING, f"{text}: {explanation!r}"
            assert str(explanation).startswith(text)
        untold = [text for text, of in lines.gradient_of.items()
                  if of not in ("loss", "theta") and text in lines.names and not Explanation(text, lines).sources]
        assert len(untold) <= max(1, len(lines.gradient_of) // 4), untold


def test_an_explanation_reads_as_a_lecturer_would_say_it() -> None:
    program, X, Y = network()
    assert str(program.explain("da1", X, Y)) == """\
da1: the gradient of a1, shape (5, 4)
line   da1 = dz2 @ W2.T
means  da1[b, i] = Σ_j dz2[b, j] * W2[i, j],
       b over the examples, i = 0 … 3, j = 0 … 1
why    z2[b, j] = Σ_k a1[b, k] * W2[k, j] + b2[j] reads a1[b, i] with the slope W2[i, j]: dz2[b, j]
       * W2[i, j] comes back, for every j: all of it is added up.
form   dz2 @ W2.T: @ adds up along the last axis of the left factor and the first axis of the right
       one, a row times a column for each entry.
form   W2 is transposed so that j, over which it adds up, comes first: W2.T[j, i] is W2[i, j].
entry  da1[0, 0] = dz2[0, 0] * W2[0, 0] + dz2[0, 1] * W2[0, 1]"""


@over(("name", "rule"), [
    ("z1", "z1[b, i] = Σ_j x[b, j] * W1[j, i] + b1[i]"),
    ("W1", "W1[i, j] = theta[3 j + i]"),
    ("db1", "db1[i] = Σ_b dz1[b, i]"),
    ("dz1", "dz1[b, i] = da1[b, i] * (z1[b, i] > 0)"),
    ("value", "value = (Σ_b loss[b, 0]) / n"),
    ("dloss", "dloss[b, 0] = 1 / n"),
    ("dx", "dx[b, i] = Σ_j dz1[b, j] * W1[i, j]"),
])
def test_rules_are_written_index_by_index(name: str, rule: str) -> None:
    program, X, Y = network()
    assert list(map(str, program.explain(name, X, Y).rules)) == [rule]


def test_windows_are_written_over_the_axes_of_their_pixels() -> None:
    K = [Value(1.0, f"K[{i}]") for i in range(3)]
    program = autograd.compile(lambda x: autograd.sum([
        autograd.dot(K, [x[i], x[i + 1], x[i + 2]]).relu() for i in range(4)]), K).trace((6,))
    program.value_and_grad(np.ones(3), np.random.default_rng(0).normal(size=(2, 6)))
    assert [str(rule) for name in ("z", "dK") for rule in program.explain(name).rules] == [
        "z[b, i] = Σ_j x[b, i + j] * K[j, 0]", "dK[i, 0] = Σ_(b, j) x[b, j + i] * dz[b, j]"]


def test_lines_in_a_loop_say_in_which_steps_they_are() -> None:
    w, u = Value(0.5, "w"), Value(0.3, "u")

    def loss(x: Any, y: Any) -> Value:
        state = x[0].tanh()
        for number in x[1:]:
            state = (w * state + u * number).tanh()
        return (state - y) ** 2

    program = autograd.compile(loss, [w, u])
    program.value_and_grad([0.5, 0.3], np.ones((2, 8)), np.ones(2))
    (loop, *_) = program._traced().reading.loops.loops
    names = {array.info for line in loop.body for array in [getattr(line, "name", None)] if array is not None}
    explanations = [program.explain(name, np.ones((2, 8)), np.ones(2)) for name in names]
    assert explanations
    assert all("in each step t = " in str(explanation) for explanation in explanations)


@over("name", ["z1", "dz1", "dW1", "db2", "value"])
def test_an_entry_is_a_graph_of_values_with_its_number(name: str) -> None:
    program, X, Y = network("tanh")
    explanation = program.explain(name, X, Y)
    where = tuple(size - 1 for size in explanation.shape)
    assert explanation.scalars(*where).data == pytest.approx(float(explanation.numbers[where]))
    assert viz.draw(explanation, entry=where).source.count("->") >= 2


def test_names_and_entries_that_are_not_there_are_refused() -> None:
    program, X, Y = network()
    with pytest.raises(UsageError, match=r"no line that computes 'dz9': it computes W1, b1, .*dz1"):
        program.explain("dz9", X, Y)
    with pytest.raises(SizeError, match=r"dW1 has the shape \(3, 4\), it has no entry \[3, 0\]"):
        program.explain("dW1", X, Y).scalars(3, 0)
    with pytest.raises(UsageError, match="is traced at its first call"):
        autograd.compile(lambda x: x, []).explain("dz1")
