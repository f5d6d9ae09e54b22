"""The check of backpropagation with arrays: right functions pass in any layout, slips are named in their line."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nn
import viz
from autograd import UsageError, Value, check
from benchmarks import slips
from benchmarks.slips import FORMS, NETWORKS, in_form

over = pytest.mark.parametrize

MODEL = nn.MLP(3, [4, 2], activation="relu", seed=0)
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 3)), np.eye(2)[RNG.integers(0, 2, 6)]


def loss(x: Any, y: Any) -> Any:
    return nn.cross_entropy_with_logits(MODEL(x), y)


Change = Callable[[dict[str, Any]], None]


def backward(change: Change, X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> dict[str, Any]:
    """A right function, of which `change` may change an array by name as soon as it is computed."""
    arrays: dict[str, Any] = {"n": len(X)}

    def let(name: str, value: Any) -> Any:
        arrays[name] = value
        change(arrays)
        return arrays[name]

    z1 = let("z1", X @ W1 + b1)
    a1 = let("a1", np.maximum(z1, 0))
    z2 = let("z2", a1 @ W2 + b2)
    e = np.exp(z2)
    dz2 = let("dz2", (e / e.sum(axis=1, keepdims=True) - Y) / len(X))
    let("dW2", a1.T @ dz2)
    let("db2", dz2.sum(axis=0))
    da1 = let("da1", dz2 @ W2.T)
    dz1 = let("dz1", da1 * (z1 > 0))
    let("dW1", X.T @ dz1)
    let("db1", dz1.sum(axis=0))
    return arrays


def student(change: Change = lambda arrays: None, noted: bool = True) -> Callable[..., Any]:
    """A function with one change, which returns all its arrays or the gradients of parameters alone."""
    def function(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        arrays = backward(change, X, Y, W1, b1, W2, b2)
        return arrays if noted else tuple(arrays[f"d{name}"] for name in ("W1", "b1", "W2", "b2"))

    return function


def changed(name: str, to: Callable[[dict[str, Any]], Any]) -> Change:
    """Give an array another value once, when it has been computed last."""
    def change(arrays: dict[str, Any]) -> None:
        if next(reversed(arrays)) == name:
            arrays[name] = to(arrays)

    return change


SLIPS: list[tuple[str, Callable[[dict[str, Any]], Any], str, str]] = [
    ("dW1", lambda a: a["dW1"].T, "transpose", "is the transpose of dW1"),
    ("dz2", lambda a: a["dz2"] * a["n"], "mean", "is 6 times too large: the mean over the batch was forgotten"),
    ("db2", lambda a: a["dz2"].sum(axis=1), "axis", "sums over axis 1 of dz2 in place of axis 0"),
    ("db1", lambda a: a["dz1"], "axis", "is not summed over axis 0"),
    ("dz1", lambda a: a["da1"] * (a["da1"] > 0), "mask", "is masked by da1 in place of z1"),
    ("dz1", lambda a: a["da1"], "slope", "lacks the derivative of relu(z1), (z1 > 0)"),
    ("dz2", lambda a: -a["dz2"], "sign", "has the wrong sign"),
    ("dW2", lambda a: a["z1"].T @ a["dz2"], "wrong array", "uses z1 where a1 belongs"),
    ("dW1", lambda a: 0 * a["dW1"], "missing", "is 0 everywhere"),
    ("db2", lambda a: a["db2"][None], "shape", "has the shape (1, 2) where b2 has (2,)"),
]


@over("noted", [True, False])
@over(("name", "to", "kind", "words"), SLIPS, ids=[f"{name} {kind}" for name, _, kind, _ in SLIPS])
def test_a_slip_is_named_in_its_line(name: str, to: Any, kind: str, words: str, noted: bool) -> None:
    report = check.matrices(loss, MODEL, student(changed(name, to), noted), X, Y)
    assert not report
    assert report.first is not None
    assert (report.first.name, report.first.kind) == (name, kind)
    assert report.first.words.startswith(words)
    assert report.first.line.startswith(name)
    assert str(report.first.explanation).startswith(f"{name}: the gradient of {name[1:]}")


def test_two_slips_are_named_in_the_order_of_the_program() -> None:
    changes = [changed("dW1", lambda a: a["dW1"].T), changed("dz2", lambda a: a["dz2"] * a["n"])]

    def both(arrays: dict[str, Any]) -> None:
        for change in changes:
            change(arrays)

    report = check.matrices(loss, MODEL, student(both), X, Y)
    assert [(one.name, one.kind) for one in report.mistakes] == [("dz2", "mean"), ("dW1", "transpose")]


def test_what_the_right_line_reads_and_the_student_has_not_is_shown_too() -> None:
    report = check.matrices(loss, MODEL, student(changed("dz2", lambda a: a["dz2"] * a["n"])), X, Y)
    assert report.first is not None
    assert report.first.where == (
        "ds1 = dloss * y", "da2 = ds1.sum(axis=1, keepdims=True)", "dloss = np.full((n, 1), 1 / n, theta.dtype)")


def test_what_is_no_usual_slip_is_located_and_not_guessed() -> None:
    report = check.matrices(loss, MODEL, student(changed("dz1", lambda a: a["dz1"] + np.sin(a["z1"]) / 7)), X, Y)
    assert [(one.name, one.kind) for one in report.mistakes] == [("dz1", "unknown")]


def test_a_report_prints_the_right_line_index_by_index_and_is_drawn() -> None:
    report = check.matrices(loss, MODEL, student(changed(*SLIPS[0][:2])), X, Y)
    assert str(report) == """\
function: 3 of 4 gradients are right
layout   X (6, 3), Y (6, 2), W1 (3, 4), b1 (4,), W2 (4, 2), b2 (2,)
right    db1, dW2, db2
wrong    dW1

1. dW1 is the transpose of dW1
  right  dW1[...] = x.T @ dz1
  means  dW1[i, j] = Σ_b x[b, i] * dz1[b, j], i = 0 … 2, j = 0 … 3, b over the examples
  why    z1[b, j] = Σ_k x[b, k] * W1[k, j] + b1[j] reads W1[i, j] with the slope x[b, i]: dz1[b,
         j] * x[b, i] comes back, for every b: all of it is added up.
  entry  dW1[0, 0] = x[0, 0] * dz1[0, 0] + x[1, 0] * dz1[1, 0] + x[2, 0] * dz1[2, 0] + … + x[5,
         0] * dz1[5, 0]"""
    source = viz.draw(report).source
    assert "yours is the transpose of dW1" in source
    assert source.count("yours: right") == 3


@functools.cache
def made(name: str) -> slips.Network:
    return NETWORKS[name]()


@over(("name", "number"), [(name, i) for name in NETWORKS for i in range(len(made(name).students))])
def test_right_functions_pass_in_every_layout(name: str, number: int) -> None:
    network = made(name)
    report = slips.checked(network, network.students[number])
    assert report.ok, str(report)
    report.raise_if_failed()


@over("form", FORMS)
def test_gradients_may_be_returned_in_any_form(form: str) -> None:
    function = in_form(student(noted=False), form, ["W1", "b1", "W2", "b2"])
    assert check.matrices(loss, MODEL, function, X, Y).ok


def test_a_function_may_have_its_own_weights_or_be_given_all_at_once() -> None:
    W = [np.array([[value.data for value in row] for row in values]) if isinstance(values[0], list) else
         np.array([value.data for value in values]) for _, values in MODEL.named_parameters()]

    def own(X: Any, Y: Any) -> Any:
        return {key: array for key, array in backward(
            lambda arrays: None, X, Y, W[0].T, W[1], W[2].T, W[3]).items() if key.startswith("d")}

    def vector(theta: Any, x: Any, y: Any, record: Any) -> Any:
        cut = np.split(theta, np.cumsum([12, 4, 8]))
        arrays = backward(lambda arrays: None, x, y, cut[0].reshape(3, 4), cut[1], cut[2].reshape(4, 2), cut[3])
        record(z1=arrays["z1"])
        return np.concatenate([arrays[f"d{name}"].ravel() for name in ("W1", "b1", "W2", "b2")])

    assert check.matrices(loss, MODEL, own, X, Y).ok
    assert check.matrices(loss, MODEL, vector, X, Y).ok


@over(("code", "kind", "words"), [
    ("X @ dz1", "transpose", "a transpose is missing or too many"),
    ("X.T * dz1", "product", "@ belongs there, not *"),
    ("z2 @ dz1", "wrong array", "it uses z2, which does not belong there"),
    ("X.T @ undefined", "raises", "raises NameError"),
])
def test_an_exception_is_told_with_the_line_that_was_to_be_computed(code: str, kind: str, words: str) -> None:
    text = f"""
def student(X, Y, W1, b1, W2, b2):
    z1 = X @ W1 + b1
    a1 = np.maximum(z1, 0)
    z2 = a1 @ W2 + b2
    e = np.exp(z2)
    dz2 = (e / e.sum(axis=1, keepdims=True) - Y) / len(X)
    dz1 = (dz2 @ W2.T) * (z1 > 0)
    dW1 = {code}
    return dW1, dz1.sum(axis=0), a1.T @ dz2, dz2.sum(axis=0)
"""
    report = check.matrices(loss, MODEL, slips.function(text.lstrip(), "student"), X, Y)
    assert report.first is not None
    assert (report.first.name, report.first.kind) == ("dW1", kind)
    assert words in report.first.words
    assert f"line 8, `dW1 = {code}`" in report.first.words


def test_the_sum_over_the_batch_is_a_convention_that_is_told() -> None:
    times_n = student(changed("dz2", lambda a: a["dz2"] * a["n"]))
    assert check.matrices(loss, MODEL, times_n, X, Y, reduction="sum").ok
    assert not check.matrices(loss, MODEL, student(), X, Y, reduction="sum")


def test_names_can_be_told() -> None:
    def renamed(X: Any, Y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        arrays = backward(changed("dz1", lambda a: np.cos(a["da1"])), X, Y, W1, b1, W2, b2)
        return {"hidden": arrays.pop("dz1"), **{key: array for key, array in arrays.items() if key.startswith("d")}}

    found = check.matrices(loss, MODEL, renamed, X, Y, names={"hidden": "dz1"}).first
    assert found is not None
    assert found.name == "dz1"


@over(("function", "message"), [
    (lambda X, Y, W1, other, more: None, "takes other, more, which say nothing to the check"),
    (lambda X, Y: None, "it returned None: end with return"),
    (lambda X, Y: (X, Y), "it returned 2 arrays"),
    (lambda X, Y: {"delta": X}, "returned a dict with delta: gradients are expected by name, dW1, db1, dW2, db2"),
    (7, "the student's function is expected third, int came"),
])
def test_functions_that_cannot_be_checked_are_refused(function: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check.matrices(loss, MODEL, function, X, Y)


def test_other_arguments_are_refused() -> None:
    with pytest.raises(UsageError, match='reduction is "mean" or "sum"'):
        check.matrices(loss, MODEL, student(), X, Y, reduction="none")
    with pytest.raises(UsageError, match="a loss of one Value is expected"):
        check.matrices(lambda x, y: [Value(1.0) * x[0], x[0]], MODEL, student(), X, Y)


def test_a_failed_check_raises_with_the_whole_report() -> None:
    report = check.matrices(loss, MODEL, student(changed("dW1", lambda a: a["dW1"].T)), X, Y)
    with pytest.raises(AssertionError, match="is the transpose of dW1"):
        report.raise_if_failed()


def test_most_slips_of_a_generator_are_named() -> None:
    found = list(slips.cases(seed=0, count=5))
    assert len(found) == 5
    assert sum(case.named for case in found) >= 4


@pytest.mark.slow
@over("seed", range(3))
def test_of_forty_slips_at_least_thirty_six_are_named(seed: int) -> None:
    assert sum(case.named for case in slips.cases(seed, count=40)) >= 36
