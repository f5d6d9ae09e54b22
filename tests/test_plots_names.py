import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from viz.plots.names import apart


@given(st.lists(st.floats(0, 1), max_size=8))
def test_names_are_apart_in_the_order_of_their_curves_and_beside_the_axes(heights):
    placed = np.array(apart(heights, 0.1))
    assert (np.diff(np.sort(placed)) >= 0.1 - 1e-9).all()
    assert (placed[np.argsort(heights, kind="stable")] == np.sort(placed)).all()
    assert ((placed > -1e-9) & (placed < 1 + 1e-9)).all()


def test_names_that_have_room_stay_where_they_are():
    assert apart([0.9, 0.1], 0.1) == [0.9, 0.1]
