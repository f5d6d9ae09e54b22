"""Students' engines, right and broken, and what is said about them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from broken_engines import BROKEN, Value, make, power

import autograd
from autograd import UsageError, check
from autograd.check import CheckError

over = pytest.mark.parametrize


@over("name", BROKEN)
def test_each_mistake_is_found_and_named_and_shrinks_to_a_few_lines(name: str) -> None:
    _, expected_check, words = BROKEN[name]
    report = check.engine(BROKEN[name][0], count=50, depth=1500)
    first = report.failures[0]
    assert not report.ok
    assert expected_check in (first.check, *first.also)
    assert words in first.cause + first.hint
    assert all(len(failure.code.splitlines()) <= 6 for failure in report.failures)


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
    at_its_level = check.engine(micrograd.Value, level="micrograd")
    assert at_its_level.ok
    assert at_its_level.beyond == ["a second backward", "a deep graph"]


@over("name", ["keeping", "recursive"])
def test_what_is_beyond_a_level_is_said_to_be_and_no_failure(name: str) -> None:
    report = check.engine(BROKEN[name][0], level="micrograd")
    assert report.ok
    assert f"beyond   {BROKEN[name][1]}" in str(report)


def test_at_the_level_of_micrograd_other_mistakes_are_failures() -> None:
    assert not check.engine(BROKEN["assigns"][0], level="micrograd")


class Growing:
    """An engine before it has a backward: numbers, operands, and a rule for each operation."""

    def __init__(self, data: float, operands: Any = (), slopes: Any = ()) -> None:
        self.data, self.operands, self.slopes, self.grad = data, operands, slopes, 0.0

    def __add__(self, other: Any) -> Any:
        other = other if isinstance(other, Growing) else type(self)(other)
        return type(self)(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other: Any) -> Any:
        other = other if isinstance(other, Growing) else type(self)(other)
        return type(self)(self.data * other.data, (self, other), (other.data, self.data))

    __radd__, __rmul__ = __add__, __mul__

    def push(self) -> None:
        for operand, slope in zip(self.operands, self.slopes, strict=True):
            operand.grad += slope * self.grad


def numbers(data: float) -> Any:
    """An engine of which nothing is there but data."""
    return Plain(data)


class Plain:
    def __init__(self, data: float) -> None:
        self.data = data

    def __add__(self, other: Any) -> Any:
        return Plain(self.data + (other.data if isinstance(other, Plain) else other))

    __radd__ = __add__


def passing_by(self: Any) -> None:
    for operand, slope in zip(self.operands, self.slopes, strict=True):
        operand.grad += slope


def replacing(self: Any) -> None:
    for operand, slope in zip(self.operands, self.slopes, strict=True):
        operand.grad = slope * self.grad


def half_remembering(self: Any, other: Any) -> Any:
    other = other if isinstance(other, Growing) else type(self)(other)
    return type(self)(self.data + other.data, (self,), (1,))


@over("level", ["values", "graph", "rules"])
def test_an_engine_is_checked_while_it_grows(level: str) -> None:
    assert check.engine(Growing, ["add", "mul"], level=level)


def test_of_a_number_nothing_is_asked_but_its_data() -> None:
    report = check.engine(numbers, ["add"], level="values")
    assert report.passed == ["a number", "a + b", "a + 2", "2 + a", "a node used twice", "a result used twice",
                             "random expressions"]
    with pytest.raises(autograd.UsageError, match="has no operands"):
        check.engine(numbers, ["add"], level="graph")


@over(("changes", "level", "words"), [
    ({"__add__": half_remembering}, "graph", "a result has lost what it was made of"),
    ({"push": replacing}, "rules", "a node used more than once is counted once"),
    ({"push": passing_by}, "rules", "the gradient that arrives at a result is ignored, by every operation"),
])
def test_what_a_growing_engine_does_wrong_is_named(changes: dict[str, Any], level: str, words: str) -> None:
    report = check.engine(make(Growing, **changes), ["add", "mul"], level=level)
    assert words in report.failures[0].cause
    assert len(report.failures) == 1


def test_the_listing_of_an_engine_without_backward_pushes_result_by_result() -> None:
    report = check.engine(make(Growing, push=passing_by), ["add", "mul"], level="rules")
    scope: dict[str, Any] = {"Value": make(Growing, push=passing_by)}
    exec(report.failures[0].code, scope)
    assert report.failures[0].code.count(".push()") == 2
    assert scope["a"].grad == float(report.failures[0].got)


def unwritten(self: Any, other: Any) -> Any:
    raise NotImplementedError


def test_what_is_not_written_yet_is_missing_or_if_it_is_demanded_a_failure() -> None:
    engine = make(Growing, __mul__=unwritten, __rmul__=unwritten)
    demanded = check.engine(engine, ["add", "mul"], level="values")
    assert [failure.check for failure in demanded.failures] == ["a * b"]
    assert demanded.failures[0].cause.startswith("it is not written yet: NotImplementedError is raised in unwritten")
    report = check.engine(engine, level="values")
    assert report
    assert {"a * b", "a * 2", "2 * a"} <= set(report.missing)


class Derived(Value):
    """Division by way of a power, subtraction by way of a product, as micrograd does it."""

    def __truediv__(self, other: Any) -> Any:
        return self * self.wrap(other) ** -1

    def __sub__(self, other: Any) -> Any:
        return self + self.wrap(other) * -1

    def sigmoid(self) -> Any:
        return self.new(1.0, (), ()) / ((-self).exp() + 1)


@over(("broken", "first", "others"), [
    ({"__pow__": power(lambda x, n: n * x**n)}, "a ** 2", {"a / b", "2 / a", "a.sigmoid()"}),
    ({"__pow__": power(lambda x, n: x ** (n - 1))}, "a ** 2", {"a / b", "2 / a"}),
    ({"__mul__": lambda self, other: self.new(self.data * self.wrap(other).data, (self, self.wrap(other)),
                                              (self.data, self.wrap(other).data))}, "a * b", {"a - b", "-a", "a / b"}),
    ({"__add__": lambda self, other: self.new(self.data + self.wrap(other).data, (self,), (1,))}, "a + b", {"a - b"}),
    ({"exp": lambda self: self.new(math.exp(self.data), (self,), (self.data,))}, "a.exp()", {"a.sigmoid()"}),
])
def test_an_operation_that_others_are_built_on_comes_first(broken: Any, first: str, others: set[str]) -> None:
    failure, *more = check.engine(make(Derived, **broken)).failures
    assert failure.check == first
    assert others <= set(failure.also)
    assert not {one.check for one in more} & others


def test_the_same_seed_gives_the_same_report() -> None:
    broken = BROKEN["chain rule"][0]
    assert str(check.engine(broken, seed=3)) == str(check.engine(broken, seed=3))


@over("name", ["assigns", "set", "at once", "breadth first", "x / y²", "chain rule", "keeping"])
def test_the_code_of_a_failure_shows_it_when_pasted(name: str) -> None:
    for failure in check.engine(BROKEN[name][0], depth=0).failures:
        *lines, last = failure.code.splitlines()
        scope: dict[str, Any] = {"Value": BROKEN[name][0]}
        exec("\n".join(lines), scope)
        assert eval(last.split("#")[0], scope) == pytest.approx(float(failure.got), rel=1e-5)


def test_where_no_probe_confirms_a_cause_none_is_named() -> None:
    odd = make(Value, tanh=lambda self: self.new(self.data / 3, (self,), (0.3,)))
    [failure] = check.engine(odd).failures
    assert (failure.check, failure.cause, failure.hint) == ("a.tanh()", "", "")
    assert "b.data  # 0.666667, expected 0.964028" in failure.code


def test_names_can_be_told() -> None:
    class Number:
        def __init__(self, x: float, parents: Any = ()) -> None:
            self.x, self.slope, self.parents = x, 0.0, parents

        def rectify(self) -> Number:
            return Number(max(self.x, 0.0), ((self, float(self.x > 0)),))

        def differentiate(self) -> None:
            self.slope = 1.0
            for parent, slope in self.parents:
                parent.slope += slope

    names = {"data": "x", "grad": "slope", "backward": "differentiate", "relu": "rectify"}
    report = check.engine(Number, names=names, skip=["random expressions"])
    assert report.passed == ["backward starts with 1", "a.relu()", "relu at 0"]
    with pytest.raises(UsageError, match=r'has no data: say what it is called, as in names=\{"data"'):
        check.engine(Number)


def test_what_is_demanded_and_missing_is_a_failure() -> None:
    assert "a.sin()" in check.engine(Value).missing
    report = check.engine(Value, operations=["add", "sin"])
    assert [(failure.check, failure.got) for failure in report.failures] == [("a.sin()", "it is missing")]


def test_a_failed_check_raises_with_the_whole_report() -> None:
    report = check.engine(BROKEN["assigns"][0])
    with pytest.raises(AssertionError, match="counted once") as error:
        report.raise_if_failed()
    assert isinstance(error.value, CheckError)
    assert str(error.value) == str(report)


@over(("arguments", "message"), [
    ({"level": "torch"}, "a level is one of values, graph, rules, micrograd, full, 'torch' came"),
    ({"skip": ["a * c"]}, "no check is called 'a \\* c'"),
    ({"operations": ["plus"]}, "operations are among add, .*; 'plus' came"),
    ({"make": lambda x: 1 / 0}, "should make a value, it raised ZeroDivisionError"),
])
def test_a_check_that_cannot_be_made_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check.engine(**{"make": Value, **arguments})
