import math

import numpy as np
import pytest
from plotting import curves, pyplot

from autograd import Value, grad, ops
from autograd.errors import SizeError, UsageError
from viz import plots

KINKED = [name for name, op in ops.TABLE.items() if op.kinks and op.arity - len(op.defaults) == 1 and op.recorded
          and not isinstance(op, ops.Reduction)]


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus", "sin"])
def test_curves_are_what_the_engine_computes(name):
    ax = plots.activations(name, low=-3, high=2)
    line = next(line for line in ax.get_lines() if line.get_label() == "f")
    for i in (0, 40, len(line.get_xdata()) - 1):
        x = Value(line.get_xdata()[i])
        out = ops.TABLE[name](x)
        assert (curves(ax)["f"][i], curves(ax)["f′"][i]) == (out.data, grad(out, [x])[0])


@pytest.mark.parametrize(("name", "dots"), [
    ("step", [(0, 0)]), ("sign", [(0, 0)]), ("abs", [(0, 0)]), ("relu", [(0, 0)]), ("leaky_relu", [(0, 0.1)]),
    ("elu", []),
])
def test_a_jump_interrupts_its_curve_and_has_a_dot(name, dots):
    ax = plots.activations(name)
    drawn = [(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.get_lines() if line.get_marker() == "o"]
    assert drawn == dots
    assert sum(map(math.isnan, curves(ax)["f"] + curves(ax)["f′"])) == len(dots)


def test_every_function_with_a_kink_can_be_drawn():
    assert [ax.get_title() for ax in plots.activations(KINKED)] == KINKED


def test_a_function_of_a_value_is_drawn_by_its_name():
    def swish(x):
        return x * x.sigmoid()

    ax = plots.activations(swish, low=0, high=1)
    assert ax.get_title() == "swish"
    assert curves(ax)["f"][0] == 0
    assert curves(ax)["f′"][0] == 0.5


def test_linear_has_slope_one_and_derivatives_can_be_left_out():
    assert set(curves(plots.activations("linear"))["f′"]) == {1.0}
    assert list(curves(plots.activations("tanh", derivatives=False))) == ["f"]


def test_as_many_axes_as_functions_can_be_given():
    _, given = pyplot.subplots(1, 2)
    assert plots.activations(["tanh", "relu"], ax=given).tolist() == given.tolist()
    with pytest.raises(SizeError, match="2 panels, ax has 1"):
        plots.activations(["tanh", "relu"], ax=given[0])


@pytest.mark.parametrize(("functions", "options", "message"), [
    ("tan", {}, "unknown function 'tan': there are linear,"),
    ("add", {}, "unknown function 'add'"),
    (["max"], {}, "unknown function 'max'"),
    ([], {}, "functions"),
    ("tanh", {"low": 1, "high": 1}, "1 to 1 came"),
    ("tanh", {"low": np.nan}, "finite"),
    (lambda x: 1.0, {}, "gives a Value, float came"),
])
def test_what_is_no_function_of_one_number_is_refused(functions, options, message):
    with pytest.raises(UsageError, match=message):
        plots.activations(functions, **options)
