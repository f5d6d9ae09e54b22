import numpy as np
import pytest
from plotting import curves

from autograd import SizeError, UsageError
from viz import plots


def test_curves_are_the_softmax_of_scores_divided_by_temperature():
    T = np.array([0.5, 1.0, 4.0])
    ax = plots.softmax_temperatures([2, 1, -1], T)
    scores = np.exp(np.array([[2], [1], [-1]]) / T)
    assert list(curves(ax).values()) == [pytest.approx(row) for row in scores / scores.sum(0)]
    assert list(curves(ax)) == ["z = 2", "z = 1", "z = -1"]
    assert ax.get_xscale() == "log"


def test_cold_is_argmax_and_hot_is_even():
    first, second = curves(plots.softmax_temperatures([1000, 999], [0.01, 1e6], names=["a", "b"])).values()
    assert first == pytest.approx([1, 0.5])
    assert second == pytest.approx([0, 0.5])


def test_scores_may_be_as_large_as_numbers_get():
    first, second = curves(plots.softmax_temperatures([1.5e308, -1.5e308])).values()
    assert (set(first), set(second)) == ({1.0}, {0.0})


@pytest.mark.parametrize(("scores", "options", "error", "message"), [
    ([], {}, SizeError, "nothing to draw"),
    ([1, np.inf], {}, UsageError, "finite"),
    ([1, 2], {"temperatures": [0, 1]}, UsageError, "above 0, 0 came"),
    ([1, 2], {"names": ["a"]}, SizeError, "2 scores need as many names"),
])
def test_what_has_no_softmax_is_refused(scores, options, error, message):
    with pytest.raises(error, match=message):
        plots.softmax_temperatures(scores, **options)
