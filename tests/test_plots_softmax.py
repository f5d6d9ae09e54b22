import numpy as np
import pytest
from plotting import closed_figures, curves  # noqa: F401

import autograd
from autograd import SizeError, UsageError
from viz import plots


def test_each_score_has_a_curve_over_the_temperature():
    ax = plots.softmax_temperatures([1.0, 3.0], [0.5, 1.0, 2.0], names=["low", "high"])
    expected = np.transpose([autograd.softmax([1 / t, 3 / t]) for t in (0.5, 1, 2)])
    drawn = curves(ax)
    assert list(drawn) == ["low", "high"]
    assert np.allclose(list(drawn.values()), expected)


def test_cold_takes_the_largest_and_hot_makes_equal():
    drawn = curves(plots.softmax_temperatures([2.0, 1.0, -1.0]))
    assert [curve[0] for curve in drawn.values()] == pytest.approx([1, 0, 0], abs=1e-4)
    assert [curve[-1] for curve in drawn.values()] == pytest.approx([1 / 3] * 3, abs=0.06)


@pytest.mark.parametrize(("scores", "options", "error"), [
    ([], {}, SizeError),
    ([1.0], {"temperatures": [0.0, 1.0]}, UsageError),
    ([1.0, 2.0], {"names": ["one"]}, SizeError),
    ([1.0, np.inf], {}, UsageError),
])
def test_scores_are_finite_and_temperatures_above_zero(scores, options, error):
    with pytest.raises(error):
        plots.softmax_temperatures(scores, **options)
