"""Functions of one number by pieces run in the forms that take least time, and are the same, ties included."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from agreement import Case, assert_agreement, at_corners

import autograd
from autograd import Value, gt, maximum, minimum, where
from autograd.compiler.scalars.forms import forms
from autograd.compiler.scalars.pieces import IDENTITY, U, UnfitError

HUBER = "u * minimum(maximum(u, -1), 1) - 0.5 * minimum(maximum(u, -1), 1) ** 2"

FORMS: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "Huber": (lambda u: where(gt(1, abs(u)), u * u / 2, abs(u) - 0.5), HUBER, "minimum(maximum(u, -1), 1)"),
    "Huber by three": (lambda u: where(gt(u, 1), u - 0.5, where(gt(-1, u), -u - 0.5, u**2 / 2)),
                       HUBER, "minimum(maximum(u, -1), 1)"),
    "Huber by a minimum": (lambda u: minimum(abs(u), 1) * (abs(u) - minimum(abs(u), 1) / 2),
                           HUBER, "minimum(maximum(u, -1), 1)"),
    "hard tanh": (lambda u: where(gt(u, 1), 1, where(gt(-1, u), -1, u)),
                  "minimum(maximum(u, -1), 1)", "(u == minimum(maximum(u, -1), 1))"),
    "leaky ReLU": (lambda u: where(gt(u, 0), u, 0.5 * u), "u - 0.5 * minimum(u, 0)", "0.5 + (u > 0) * 0.5"),
    "squares on one side": (lambda u: where(gt(u, 0), u * u, 0), "maximum(u, 0) ** 2", "2 * maximum(u, 0)"),
    "pinball, which shares a tie": (lambda u: maximum(0.25 * u, -0.75 * u), "0.25 * u - minimum(u, 0)",
                                    "where((u == 0), -0.25, -0.75 + (u > 0))"),
    "what is left of no kink": (lambda u: u.relu() - (-u).relu(), "u", "where((u == 0), 0, 1)"),
}


@pytest.mark.parametrize("name", FORMS)
def test_what_is_written_as_a_selection_has_the_form_of_a_hand(name: str) -> None:
    function, *expected = FORMS[name]
    assert [*map(str, forms(function(IDENTITY)) or ())] == expected


def drawn(rng: random.Random, u: Any, depth: int = 3) -> Any:
    """A function of u by pieces, whose kinks are multiples of a quarter more often than not."""
    if depth == 0:
        return rng.choice([u, u, rng.randint(-4, 4) / 4, u + rng.randint(-4, 4) / 4, u * rng.choice([-2.0, -0.5, 0.5])])

    def below() -> Any:
        return drawn(rng, u, depth - rng.choice([1, 1, 2]) if depth > 1 else 0)

    kind = rng.choice(["where", "where", "between", "extreme", "relu", "abs", "leaky", "add", "mul", "square"])
    if kind == "where":
        return where(gt(below(), below()), below(), below())
    if kind == "between":
        return minimum(maximum(below(), -rng.randint(0, 4) / 4), rng.randint(1, 4) / 4)
    if kind == "extreme":
        return rng.choice([maximum, minimum])(below(), below())
    if kind in ("relu", "abs"):
        return getattr(autograd, kind)(below())
    if kind == "leaky":
        return autograd.leaky_relu(below(), 0.25)
    if kind == "square":
        return below() ** 2
    return below() + below() * rng.choice([1.0, -0.5]) if kind == "add" else below() * below()


POINTS = [i / 8 for i in range(-24, 25)] + [-1e3, 1e3, 0.1, -0.3, math.nan, math.inf, -math.inf]


def eager(function: Callable[[Any], Any], u: float) -> tuple[float, float]:
    """The value and the slope in eager evaluation."""
    v = Value(u)
    out = autograd.add(function(v), 0.0)
    if not isinstance(out, Value):
        return out, 0.0
    out.backward()
    return out.data, v.grad


def number(form: Any, u: float) -> float:
    return float(form.over(u, lambda op, args: op.forward(*args), float))


@pytest.mark.parametrize("first", range(0, 300, 100))
def test_forms_are_their_functions_and_slopes_ties_included(first: int) -> None:
    found = 0
    for seed in range(first, first + 100):
        def function(u: Any, seed: int = seed) -> Any:
            return drawn(random.Random(seed), u)

        try:
            pair = forms(function(IDENTITY))
        except (UnfitError, AttributeError):  # AttributeError: a number that does not depend on u
            continue
        for u in POINTS if pair else ():
            expected, given = eager(function, u), tuple(number(form, u) for form in pair or ())
            if math.isfinite(given[0]):
                np.testing.assert_allclose(given, expected, 1e-13, 1e-13, err_msg=f"seed {seed} at {u}: {pair}")
        found += pair is not None
    assert found > 50


@pytest.mark.parametrize("seed", range(12))
def test_programs_with_functions_by_pieces_agree_with_eager_evaluation(seed: int) -> None:
    w = [Value(1.0), Value(-0.5), Value(2.0)]

    def loss(x: Any) -> Any:
        return autograd.sum([drawn(random.Random(seed), each * number) + 0.0
                             for number, each in zip(x, w * 2, strict=True)])

    case = Case(loss, w, (6,))
    assert_agreement(case, *case.data(5))
    ties = np.array(POINTS[:48]).reshape(8, 6)
    assert_agreement(case, ties)
    for beyond in (math.nan, math.inf, -math.inf):
        X = ties.copy()
        X[3] = beyond
        for comparison in at_corners(case, X):
            assert comparison.share <= 1, comparison


@pytest.mark.parametrize("written", ["Huber", "Huber by three", "Huber by a minimum", "leaky ReLU"])
def test_nothing_is_selected_where_a_form_takes_less_time(written: str) -> None:
    function = FORMS[written][0]
    w = [[Value(0.1 * (i - j)) for i in range(4)] for j in range(32)]

    def loss(x: Any, y: Any) -> Any:
        return autograd.sum([function(autograd.dot(row, x) - t) for row, t in zip(w, y, strict=True)])

    case = Case(loss, w, (4,), (32,))
    program = case.traced()
    assert "putmask" not in program.executed_source
    assert "where" in program.source or "minimum" in program.source  # the text stays as it was written
    assert_agreement(case, *case.data(5))


def test_differences_that_are_compared_are_numbers_as_well() -> None:
    w = [[Value(0.1 * (i - j)) for i in range(4)] for j in range(32)]

    def pinball(a: Any, t: Any) -> Any:
        return where(gt(t, a), 0.25 * (t - a), 0.75 * (a - t))

    def loss(x: Any, y: Any) -> Any:
        return autograd.sum([pinball(autograd.dot(row, x), t) for row, t in zip(w, y, strict=True)])

    case = Case(loss, w, (4,), (32,))
    assert "putmask" not in case.traced().executed_source
    assert_agreement(case, *case.data(5))


@pytest.mark.parametrize("name", ["a bump", "cubes", "kinks that are no fractions"])
def test_what_has_no_exact_form_stays_as_it_is_written(name: str) -> None:
    kinked = {"a bump": lambda u: where(gt(1, abs(u)), u.exp(), 0), "cubes": lambda u: where(gt(u**3, 2), u, 0),
              "kinks that are no fractions": lambda u: where(gt(u * u, 2), u, 0)}[name]
    with pytest.raises((UnfitError, AttributeError)):
        forms(kinked(IDENTITY))
    w = [Value(0.5), Value(-0.25)]
    case = Case(lambda x: autograd.sum([kinked(a * x) for a in w]), w, ())
    assert_agreement(case, *case.data(5))


def test_pieces_meet_exactly() -> None:
    third = U / 3
    assert third(Fraction(3)) == 1
    assert (maximum(third, 1) - 1).kinks == (3,)
    assert (where(gt(U, 1), U, U)).kinks == ()


def test_sums_of_one_term_lie_apart_where_each_is_read_otherwise() -> None:
    w = [Value(0.1 * i) for i in range(6)]

    def shrunk(x: Any) -> Any:
        moved = [a * x for a in w]
        return autograd.sum([(z + 0.5).exp() * (z - 0.5).sin() for z in moved])

    def waves(x: Any) -> Any:
        return autograd.sum([(a * x - t).tanh() ** 2 for a in w for t in (0.25, 0.5, 0.75)])

    apart, together = (Case(loss, w, ()) for loss in (shrunk, waves))
    assert "::2" not in apart.traced().source
    assert together.traced().source.count("np.tanh") == 1
    for case in (apart, together):
        assert_agreement(case, *case.data(5))
