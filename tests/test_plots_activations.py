import math

import numpy as np
import pytest
from plotting import closed_figures, curves, pyplot  # noqa: F401

from autograd import SizeError, UsageError, Value, ops
from viz import plots
from viz.plots.activations import elementwise


def curve(ax, label):
    (found,) = [line for line in ax.get_lines() if line.get_label() == label]
    return found.get_xdata(), found.get_ydata()


@pytest.mark.parametrize("name", [op.name for op in ops.TABLE.values() if elementwise(op)])
def test_curves_are_those_of_the_table_of_operations(name):
    with np.errstate(all="ignore"):
        ax = plots.activations(name, low=0.1, high=2.0)
    xs, ys = curve(ax, "f")
    for x, y, slope in list(zip(xs, ys, curve(ax, "f′")[1], strict=True))[::50]:
        value = Value(float(x))
        out = ops.TABLE[name](value)
        out.backward()
        assert (out.data, value.grad) == (y, slope)
    assert ax.get_title() == name


def test_the_slope_of_relu_is_interrupted_where_it_jumps_and_a_dot_marks_it():
    ax = plots.activations("relu")
    xs, slopes = curve(ax, "f′")
    assert math.isnan(slopes[xs == 0][0])
    assert set(slopes[xs < 0]) == {0}
    assert set(slopes[xs > 0]) == {1}
    dots = [line.get_xydata().tolist() for line in ax.get_lines() if line.get_marker() == "o"]
    assert dots == [[[0, 0]]]  # as PyTorch: relu′(0) = 0


def test_the_value_of_step_is_interrupted_but_that_of_relu_is_not():
    xs, ys = curve(plots.activations("relu"), "f")
    assert np.isfinite(ys).all()
    xs, ys = curve(plots.activations("step"), "f")
    assert (ys[xs < 0].max(), ys[xs > 0].min()) == (0, 1)


def test_each_function_has_a_panel():
    axes = plots.activations(["sigmoid", "linear", lambda x: x * x], derivatives=False)
    assert [ax.get_title() for ax in axes] == ["sigmoid", "linear", "f"]
    assert [list(curves(ax)) for ax in axes] == [["f"]] * 3


def test_functions_of_ones_own_have_slopes_too():
    xs, slopes = curve(plots.activations(lambda x: x**3), "f′")
    assert np.allclose(slopes, 3 * xs**2)


@pytest.mark.parametrize(("functions", "options", "error", "message"), [
    ("rleu", {}, UsageError, "unknown function 'rleu': there are linear, neg"),
    ("add", {}, UsageError, "unknown function 'add'"),
    ([], {}, UsageError, "functions, and a range"),
    ("tanh", {"low": 1, "high": 1}, UsageError, "range"),
    ("tanh", {"low": math.nan}, UsageError, "low must be finite"),
    (lambda x: 3.0, {}, UsageError, "gives a Value, float came"),
    (["tanh", "relu"], {"ax": "axes"}, SizeError, "2 panels"),
])
def test_what_cannot_be_drawn_is_refused(functions, options, error, message):
    with pytest.raises(error, match=message):
        plots.activations(functions, **options)
