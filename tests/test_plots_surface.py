import numpy as np
import pytest
from plotting import closed_figures, curves, texts  # noqa: F401

import viz
from autograd import SizeError, UsageError, Value
from viz import plots

PATH = [[0.0, 2.0, 9.0], [1.0, 1.0, 9.0], [2.0, 0.0, 9.0]]


def bowl(theta):
    return float(theta @ theta)


def path(ax):
    (line,) = [line for line in ax.get_lines() if line.get_label() == "path"]
    return line.get_xydata().tolist()


def test_a_path_is_drawn_over_two_weights_with_its_ends():
    ax = plots.loss_surface(bowl, PATH)
    assert path(ax) == [[0, 2], [1, 1], [2, 0]]
    assert {"start", "end"} <= set(texts(ax))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("θ[0]", "θ[1]")


def test_the_loss_is_that_of_the_plane_through_the_center():
    met = []
    plots.loss_surface(lambda theta: met.append(theta.tolist()) or bowl(theta), center=[1.0, 2.0, 3.0],
                       directions=(0, 2), reach=1.0, resolution=3)
    assert met == [[x, 2, z] for z in (2, 3, 4) for x in (0, 1, 2)]


def test_directions_may_be_vectors_onto_which_the_path_is_projected():
    ax = plots.loss_surface(bowl, PATH, directions=[[1, 1, 0], [1, -1, 0]])
    assert np.allclose(path(ax), [[0, -2], [0, -1], [0, 0]])


def test_the_main_directions_of_a_path_hold_a_straight_one_on_their_first_axis():
    ax = plots.loss_surface(bowl, PATH, directions="path")
    assert np.allclose(np.abs(path(ax)), [[8**0.5, 0], [2**0.5, 0], [0, 0]], atol=1e-9)


def test_a_recording_is_a_path():
    w, b, recorder = Value(2.0, "w"), Value(1.0, "b"), viz.Recorder()
    for _ in range(3):
        recorder.keep([w, b], 0.0)
        w.data -= 1
    assert path(plots.loss_surface(bowl, recorder)) == [[2, 1], [1, 1], [0, 1]]


def test_where_the_loss_is_nan_nothing_is_drawn():
    ax = plots.loss_surface(lambda theta: bowl(theta) if theta[0] > 0 else np.nan, center=[0.5, 0.0])
    assert ax.collections


@pytest.mark.parametrize(("options", "error"), [
    ({}, UsageError),
    ({"center": [0.0, 0.0], "directions": (0, 2)}, UsageError),
    ({"center": [0.0, 0.0], "directions": (1, 1)}, UsageError),
    ({"center": [0.0, 0.0], "directions": "path"}, UsageError),
    ({"center": [0.0, 0.0], "directions": [[1, 1], [2, 2]]}, SizeError),
    ({"center": [0.0], "path": PATH}, SizeError),
    ({"path": [1.0, 2.0]}, SizeError),
])
def test_a_surface_needs_a_place_and_two_directions(options, error):
    with pytest.raises(error):
        plots.loss_surface(bowl, **options)


def test_a_loss_that_is_nowhere_finite_is_refused():
    with pytest.raises(UsageError, match="nan or inf"):
        plots.loss_surface(lambda theta: np.nan, center=[0.0, 0.0])
