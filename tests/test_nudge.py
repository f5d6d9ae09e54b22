import xml.etree.ElementTree as ET

import pytest

import autograd
import viz
from autograd import NumberError, UsageError, Value, dot, grad
from autograd.specialize import fast


def parabola():
    x = Value(5.0, "x")
    y = x**2 - 2 * x + 1
    y.label = "y"
    return x, y


def neuron():
    """A cost of two weights and a bias, and those three."""
    w, b = [Value(0.5, "w1"), Value(-0.3, "w2")], Value(0.1, "b")
    out = dot(w, [1.0, 2.0], b).tanh()
    cost = (out - 1) ** 2 + autograd.max([w[0] * b, w[1]])
    cost.label = "C"
    return cost, [*w, b]


def test_every_value_that_depends_on_x_changes_by_about_its_gradient_times_h():
    x, y = parabola()
    moved = viz.nudge(y, x, 0.1)
    assert [change.name for change in moved.changes] == ["x", "q", "r", "s", "y"]
    for change in moved.changes:
        assert change.predicted == pytest.approx(grad(change.value, [x])[0] * 0.1)
    assert moved.root.after == pytest.approx(5.1**2 - 2 * 5.1 + 1)
    assert (moved.root.predicted, moved.root.actual) == (pytest.approx(0.8), pytest.approx(0.81))


@pytest.mark.parametrize("h", [1e-1, 1e-2, -1e-2])
def test_the_error_of_the_prediction_shrinks_with_the_square_of_the_step(h):
    cost, (w, *_) = neuron()
    wide, narrow = viz.nudge(cost, w, h).root, viz.nudge(cost, w, h / 10).root
    assert wide.error / narrow.error == pytest.approx(100, rel=0.15)


@pytest.mark.parametrize("h", [0.1, -3.0])
def test_a_linear_value_is_predicted_exactly(h):
    x = Value(2.0, "x")
    assert viz.nudge(3 * x + 1, x, h).root.error == pytest.approx(0, abs=1e-14)


def test_a_step_against_the_gradient_lowers_the_cost_by_about_rate_times_its_square():
    cost, weights = neuron()
    slopes = grad(cost, weights)
    for rate in (1e-3, 1e-4):
        moved = viz.nudge(cost, {w: -rate * slope for w, slope in zip(weights, slopes, strict=True)})
        assert moved.root.predicted == pytest.approx(-rate * sum(slope**2 for slope in slopes))
        assert moved.root.actual == pytest.approx(moved.root.predicted, rel=10 * rate)


def test_the_new_numbers_are_those_of_the_expression_at_the_new_point():
    cost, weights = neuron()
    moved = viz.nudge(cost, dict.fromkeys(weights, 0.25))
    again, fresh = neuron()
    values = dict(zip(autograd.ancestors(cost), autograd.ancestors(again), strict=True))
    for w in fresh:
        w.data += 0.25
    for old, new in values.items():
        if isinstance(new.op, autograd.ops.Op):
            new.data = fast(new.op).compute(new.args)
        assert moved[old].after == new.data


def test_the_graph_stays_as_it_is():
    x, y = parabola()
    y.backward()
    before = [(value.data, value.grad, value.label) for value in autograd.ancestors(y)]
    moved = viz.nudge(y, x, 1.0)
    moved.draw()
    assert str(moved)
    assert [(value.data, value.grad, value.label) for value in autograd.ancestors(y)] == before


def test_a_value_in_the_middle_moves_by_h_more_than_its_operands_make_it():
    x, y = parabola()
    square = y.args[0].args[0]
    assert viz.nudge(y, square, 0.5).root.actual == 0.5
    both = viz.nudge(y, {x: 1.0, square: 0.5})
    assert (both[square].after, both[square].predicted) == (36.5, 10.5)
    assert both.root.predicted == 10.5 - 2


def test_values_that_do_not_depend_on_x_are_not_in_the_table():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    q = y * y
    moved = viz.nudge(x * q, x, 1.0)
    assert [change.name for change in moved.changes] == ["x", "f"]
    assert (moved[q].actual, moved[q].predicted) == (0.0, 0.0)


@pytest.mark.parametrize(("moves", "sentence"), [
    ({"x": 0.1}, "Δf ≈ df/dx · Δx = 3 · 0.1 = 0.3"),
    ({"x": -0.1, "y": 0.5}, "Δf ≈ df/dx · Δx + df/dy · Δy = 3 · (-0.1) + (-2) · 0.5 = -1.3"),
])
def test_the_prediction_is_told_with_numbers(moves, sentence):
    values = {"x": Value(-2.0, "x"), "y": Value(3.0, "y")}
    moved = viz.nudge(values["x"] * values["y"], {values[name]: step for name, step in moves.items()})
    assert moved.sentence == sentence


def test_of_many_moved_values_only_the_result_is_told():
    weights = [Value(1.0) for _ in range(9)]
    assert viz.nudge(autograd.sum(weights), dict.fromkeys(weights, 1.0)).sentence == "Δf ≈ 9"


def test_the_drawing_shows_numbers_before_and_after_and_both_changes():
    x, y = parabola()
    moved = viz.nudge(y, x, 0.1)
    for style in ("record", "circuit"):
        source = moved.draw(style=style, theme="dark").source
        assert "5 → 5.1" in source
        assert "0.81 ≈ 0.8" in source
        assert ">grad " not in source
    assert ET.fromstring(moved.draw().svg()).tag.endswith("svg")


def test_a_notebook_shows_a_table_with_the_prediction():
    x, y = parabola()
    x.label = "<b>"
    table = ET.fromstring(viz.nudge(y, x, 0.1)._repr_html_())
    assert len(table.findall("./tbody/tr")) == 6
    assert len(list(table.iter("math"))) == 1
    assert not list(table.iter("b"))


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda x, y: viz.nudge(1.0, x, 1), UsageError, "root of a graph"),
    (lambda x, y: viz.nudge(y, x), UsageError, r"nudge\(root, x, 0.1\)"),
    (lambda x, y: viz.nudge(y, {x: 1}, 1), UsageError, r"nudge\(root, x, 0.1\)"),
    (lambda x, y: viz.nudge(y, x, float("inf")), UsageError, "finite step is expected, inf came for x"),
    (lambda x, y: viz.nudge(y, x, "far"), NumberError, "real number"),
    (lambda x, y: viz.nudge(y, Value(1.0), 1), UsageError, "no part of the graph"),
    (lambda x, y: viz.nudge(y, x, 1).draw(style="oil"), UsageError, "style is one of"),
])
def test_what_cannot_be_nudged_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(*parabola())
