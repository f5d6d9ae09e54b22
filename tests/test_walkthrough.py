"""Backpropagation in sentences."""

import math

import pytest
from hypothesis import given
from strategies import expressions

import viz
from autograd import UsageError, Value, dot, grad


def sentences(root, phase="backward"):
    return [step.sentence for step in viz.steps(root) if step.phase == phase]


def test_the_first_example_is_told_as_in_the_lecture():
    f = viz.parse("(x + y) * z", x=-2, y=5, z=-4)
    assert sentences(f, "forward") == ["q = x + y = -2 + 5 = 3", "f = q * z = 3 * (-4) = -12"]
    assert sentences(f) == [
        "df/df = 1",
        "df/dq = z = -4",
        "df/dz = q = 3",
        "df/dx = df/dq · dq/dx = -4 · 1 = -4",
        "df/dy = df/dq · dq/dy = -4 · 1 = -4",
    ]


def test_a_value_used_more_than_once_gets_a_running_sum():
    x = Value(5.0, "x")
    assert sentences(x * x + x) == [
        "df/df = 1",
        "df/dq = 1",
        "df/dx += 1, path 1 of 3",
        "df/dx += df/dq · dq/dx = df/dq · x = 1 · 5 = 5, path 2 of 3: 1 + 5 = 6",
        "df/dx += df/dq · dq/dx = df/dq · x = 1 · 5 = 5, path 3 of 3: 6 + 5 = 11",
    ]


@pytest.mark.parametrize(("text", "sentence"), [
    ("x ** 2", "df/dx = 2 * x = 6"),
    ("x ** 3", "df/dx = 3 * x ** 2 = 27"),
    ("2 * x", "df/dx = 2"),
    ("1 - x", "df/dx = -1"),
    ("tanh(x)", "df/dx = 1 - f ** 2 = 0.009866"),
    ("relu(x)", "df/dx = 1"),
    ("exp(x)", "df/dx = f = 20.09"),
    ("max(x, 2)", "df/dx = 1"),
    ("log(1 - -x)", "df/dr = 1 / r = 0.25"),
    ("(-x) * 2 * 2", "df/dx = df/dq · dq/dx = 4 · (-1) = -4"),
])
def test_local_derivatives_are_written_as_they_apply(text, sentence):
    f = viz.parse(text, x=3)
    assert sentence in sentences(f)


@given(expressions())
def test_the_last_number_of_each_leaf_is_its_gradient(expression):
    leaves = [Value(x, f"a{i}") for i, x in enumerate(expression.point)]
    f = expression(*leaves)
    found = {step.value: step.number for step in viz.steps(f) if step.phase == "backward"}
    expected = grad(f, leaves)
    assert [found.get(leaf, 0.0) for leaf in leaves] == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)
    assert [leaf.grad for leaf in leaves] == [0.0] * len(leaves)


def test_constants_are_not_differentiated():
    assert not any("d2" in sentence for sentence in sentences(Value(3.0, "x") * 2 + 2))


def test_a_long_sum_is_told_in_words():
    ws = [Value(1.0, f"w{i}") for i in range(50)]
    f = dot(ws, [2.0] * 50)
    assert sentences(f, "forward") == ["f = dot of 100 operands = 100"]
    assert sentences(f)[1] == "df/dw0 = 2"


@pytest.mark.parametrize(("labels", "names"), [
    ({}, ["x", "y", "q", "r", "f"]),
    ({0: "q"}, ["q", "x", "r", "s", "f"]),
    ({1: "x", 4: "loss"}, ["y", "x", "q", "r", "loss"]),
    ({0: "w", 1: "w"}, ["w", "w_2", "q", "r", "f"]),
])
def test_what_has_no_label_gets_a_free_name(labels, names):
    x, y = Value(1.0), Value(2.0)
    q = x + y
    r = q * y
    values = [x, y, q, r, r - x]
    for i, label in labels.items():
        values[i].label = label
    told = {step.value: step.name for step in viz.steps(values[-1])}
    assert [told[value] for value in values] == names


def test_many_intermediates_are_numbered():
    f = Value(1.0, "x")
    for _ in range(10):
        f = f * 2
    assert [step.name for step in viz.steps(f) if step.phase == "forward"] == [f"v{i}" for i in range(1, 10)] + ["f"]


def test_a_leaf_alone_has_one_step():
    assert sentences(Value(2.0, "x")) == ["dx/dx = 1"]


def test_infinite_and_undefined_numbers_are_told():
    f = viz.parse("x / y", x=1, y=0)
    assert sentences(f, "forward") == ["f = x / y = 1 / 0 = ∞"]
    assert sentences(viz.parse("log(x) * 0", x=0), "forward")[-1].endswith("= nan")
    assert math.isinf(f.data)


def test_a_deep_graph_is_walked_without_recursion():
    f = Value(1.0, "x")
    for _ in range(2_000):
        f = f + 1
    assert len(viz.steps(f)) == 4_001


def test_steps_takes_one_value():
    with pytest.raises(UsageError, match="list came"):
        viz.steps([Value(1.0)])
    with pytest.raises(UsageError, match="number_format"):
        viz.steps(Value(1.0) * 2, number_format="d")


STALE = {
    "steps": viz.steps, "html": viz.html, "quiz": viz.quiz, "live": viz.live, "animate": viz.animate,
    "paths": lambda root: viz.paths(root, root.args[1]),
    "nudge": lambda root: viz.nudge(root, root.args[1], 0.1),
    "local derivatives": lambda root: viz.draw(root, local_derivatives=True),
    "expanded": lambda root: viz.draw(root, local_derivatives=True, expand=True),
    "a circuit": lambda root: viz.draw(root, style="circuit"),
}


@pytest.mark.parametrize("name", STALE)
@pytest.mark.parametrize("change", ["a leaf", "between"])
def test_nothing_is_told_of_a_point_at_which_the_value_was_not_computed(name, change):
    a, b = Value(2.0, "a"), Value(3.0, "b")
    f = dot([a, b], [b, a])
    root = f.tanh() + a
    root.backward()
    changed = a if change == "a leaf" else f
    before, changed.data = changed.data, 10.0
    with pytest.raises(UsageError, match="data changed after the value was computed"):
        STALE[name](root)
    assert "10.0000" in viz.draw(root, number_format=".4f").source  # it may be seen, as after a step
    changed.data = before
    STALE[name](root)
