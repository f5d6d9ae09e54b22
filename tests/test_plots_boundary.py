import numpy as np
import pytest
from plotting import closed_figures  # noqa: F401

import nn
from autograd import SizeError, UsageError
from viz import plots

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = [0, 1, 1, 0]


def xor():
    """A network of 2-2-1 neurons that computes XOR with steep sigmoids."""
    model = nn.MLP(2, [2, 1], activation="sigmoid", output="sigmoid", seed=0)
    model.layers[0].W, model.layers[0].b = [[20, 20], [20, 20]], [-10, -30]
    model.layers[1].W, model.layers[1].b = [[20, -20]], [-10]
    return model


def offsets(ax):
    """The points of each class."""
    return {group.get_label(): np.asarray(group.get_offsets()).tolist() for group in ax.collections
            if str(group.get_label()).startswith("class")}


def test_two_classes_shade_by_what_is_predicted():
    ax = plots.boundary(lambda X: X[:, 0], CORNERS, [0, 0, 1, 1], resolution=5)
    (image,) = ax.get_images()
    assert np.allclose(image.get_array(), np.tile(np.linspace(-0.1, 1.1, 5), (5, 1)))
    assert image.get_extent() == [-0.1, 1.1, -0.1, 1.1]
    assert offsets(ax) == {"class 0": [[0, 0], [0, 1]], "class 1": [[1, 0], [1, 1]]}


def test_the_line_between_two_classes_is_where_the_output_meets_the_threshold():
    ax = plots.boundary(lambda X: X[:, :1] - 0.25, CORNERS, XOR, threshold=0.0)
    (line,) = [group for group in ax.collections if not str(group.get_label()).startswith("class")]
    assert np.allclose(np.concatenate([path.vertices for path in line.get_paths()])[:, 0], 0.25)


def test_several_classes_show_the_largest_output():
    ax = plots.boundary(lambda X: np.stack([X[:, 0], X[:, 1], 0 * X[:, 0] - 9], 1), CORNERS, XOR, resolution=4)
    (image,) = ax.get_images()
    assert image.get_array().tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]]


def test_a_model_of_nn_draws_its_boundary_and_rings_mark_mistakes():
    ax = plots.boundary(xor(), CORNERS, [0, 1, 1, 1], resolution=20)
    widths = {group.get_label(): np.ravel(group.get_linewidths()).tolist() for group in ax.collections}
    assert widths["class 0"] == [0.8]
    assert widths["class 1"] == [0.8, 0.8, 2.0]


def test_one_hot_rows_are_classes():
    assert set(offsets(plots.boundary(lambda X: X, CORNERS, np.eye(2)[XOR]))) == {"class 0", "class 1"}


@pytest.mark.parametrize(("model", "X", "Y", "error", "message"), [
    (5, CORNERS, XOR, UsageError, "predict"),
    (lambda X: X, [[1.0]], [0], SizeError, r"\(n, 2\)"),
    (lambda X: X, CORNERS, [0, 1], SizeError, "each of 4 examples, 2 came"),
    (lambda X: X, CORNERS, [0, 1, 0.5, 0], UsageError, "classes 0, 1, 2"),
    (lambda X: [[1, 2]], CORNERS, XOR, SizeError, "a row for each of"),
    (lambda X: X * np.nan, CORNERS, XOR, UsageError, "finite"),
])
def test_a_boundary_needs_points_of_the_plane_and_a_row_for_each(model, X, Y, error, message):
    with pytest.raises(error, match=message):
        plots.boundary(model, X, Y)
