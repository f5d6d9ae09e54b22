"""Expressions at random, and the smallest that still fails."""

from __future__ import annotations

import random

from autograd.check.expressions import (
    Apply,
    Case,
    Form,
    Leaf,
    Number,
    forms,
    named,
    nodes,
    outline,
    points,
    sample,
    sound,
)
from autograd.check.shrink import cost, shrink

FORMS = [form for op in ("add", "mul", "div", "tanh", "relu", "log") for form in forms(op)]


def test_shrinking_keeps_the_failure_and_never_grows() -> None:
    rng = random.Random(1)
    found = 0
    for case in [sample(rng, FORMS, 6) for _ in range(60)]:
        if has_tanh(case):
            small = shrink(case, has_tanh)
            assert cost(small) <= cost(case)
            assert outline(small.root) == "a.tanh()"
            assert small.values == {"a": 2.0}
            found += 1
    assert found > 10


def has_tanh(case: Case) -> bool:
    return any(isinstance(node, Apply) and node.op == "tanh" for node in nodes(case.root))


def test_random_expressions_are_sound_and_use_results_twice() -> None:
    rng = random.Random(0)
    cases = [sample(rng, FORMS, 6) for _ in range(60)]
    assert all(sound(case) for case in cases)
    assert sum([len(named(case.root)) > 1 for case in cases]) >= 15


def test_the_points_of_a_form_lie_in_its_domain() -> None:
    assert all(case.values["a"] > 0 for case in points(Form("log", "v")))
    assert {case.values["a"] > 0 for case in points(Form("relu", "v"))} == {True, False}


def test_equal_subtrees_are_one_node_with_a_name() -> None:
    b = Apply("add", (Leaf("a"), Leaf("a")))
    assert outline(Apply("mul", (b, Apply("sub", (b, Number(-2)))))) == "b = a + a; c = b * (b - (-2))"
