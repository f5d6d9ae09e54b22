"""Students' engines, right and broken, and what is said about them."""

from __future__ import annotations

from typing import Any

import pytest
from broken_engines import BROKEN, Value

import autograd
from autograd import check

over = pytest.mark.parametrize


@over("name", BROKEN)
def test_each_mistake_is_found_and_named(name: str) -> None:
    broken, expected_check, words = BROKEN[name]
    report = check.engine(broken)
    first = report.failures[0]
    assert not report.ok
    assert expected_check in (first.check, *first.also)
    assert words in first.cause + first.hint


@over("engine", [Value, autograd.Value])
def test_a_right_engine_passes(engine: Any) -> None:
    report = check.engine(engine)
    assert report.ok
    assert bool(report)
    report.raise_if_failed()
    assert {"a + b", "2 - a", "a.tanh()", "random expressions", "a deep graph"} <= set(report.passed)


def test_micrograd_lacks_functions_recurses_and_keeps_gradients() -> None:
    micrograd = pytest.importorskip("micrograd.engine")
    report = check.engine(micrograd.Value)
    assert [failure.check for failure in report.failures] == ["a second backward", "a deep graph"]
    assert {"a.exp()", "a.log()", "a.tanh()", "a ** b"} <= set(report.missing)
    assert check.engine(micrograd.Value, skip=["a second backward", "a deep graph"]).ok
