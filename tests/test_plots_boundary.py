import numpy as np
import pytest
from matplotlib.colors import to_rgba

import nn
from autograd import NumberError, SizeError, UsageError
from viz import plots
from viz.style import THEMES

X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [1.0, 2.0]])


def groups(ax):
    """The examples of each class."""
    return {dots.get_label(): dots for dots in ax.collections if str(dots.get_label()).startswith("class")}


def test_the_image_is_what_the_model_predicts():
    model = nn.MLP(2, [3, 1], output="sigmoid", seed=0)
    (image,) = plots.boundary(model, X, [0, 1, 1, 0], resolution=5).get_images()
    left, right, bottom, top = image.get_extent()
    corners = model.predict([[left, bottom], [right, bottom], [left, top], [right, top]])
    shown = image.get_array()
    assert [shown[0, 0], shown[0, -1], shown[-1, 0], shown[-1, -1]] == pytest.approx(corners.ravel())
    assert (left, right, bottom, top) == pytest.approx((-0.1, 1.1, -0.2, 2.2))


def test_the_line_is_where_the_output_passes_the_threshold():
    ax = plots.boundary(lambda points: points[:, 0] - points[:, 1], X, [0, 1, 0, 0], threshold=0.25)
    (line,) = [found for found in ax.collections if found.get_label() not in groups(ax)]
    found = np.concatenate([path.vertices for path in line.get_paths()])
    assert found[:, 0] - found[:, 1] == pytest.approx(0.25)


def test_several_classes_have_a_region_each():
    ax = plots.boundary(lambda points: np.column_stack([points, np.full(len(points), 0.5)]), X, [2, 0, 1, 1])
    (image,) = ax.get_images()
    assert set(np.unique(image.get_array())) == {0, 1, 2}
    assert list(groups(ax)) == ["class 0", "class 1", "class 2"]


@pytest.mark.parametrize("theme", THEMES)
def test_examples_have_the_place_of_their_class_and_a_ring_where_it_is_missed(theme):
    ax = plots.boundary(lambda points: points[:, 0], X, [0, 1, 0, 0], theme=theme)
    zeros = groups(ax)["class 0"]
    assert zeros.get_offsets().tolist() == X[[0, 2, 3]].tolist()
    colours = THEMES[theme]
    assert [tuple(edge) for edge in zeros.get_edgecolors()] == [
        to_rgba(colours.background), to_rgba(colours.background), to_rgba(colours.text)]


def test_labels_may_be_one_hot_rows_or_a_column():
    for labels in ([[1, 0], [0, 1], [1, 0], [1, 0]], [[0], [1], [0], [0]]):
        assert len(groups(plots.boundary(lambda points: points, X, labels))["class 0"].get_offsets()) == 3


def test_a_model_that_says_the_same_everywhere_has_no_line():
    ax = plots.boundary(lambda points: np.ones(len(points)), X, [1, 1, 1, 1])
    assert list(groups(ax)) == [dots.get_label() for dots in ax.collections] == ["class 1"]


def test_examples_in_one_place_can_be_drawn():
    (image,) = plots.boundary(lambda points: points[:, 0], [[1.0, 1.0]], [0]).get_images()
    assert image.get_extent() == pytest.approx((0.9, 1.1, 0.9, 1.1))


@pytest.mark.parametrize(("model", "inputs", "labels", "error", "message"), [
    (5, X, [0, 0, 0, 0], UsageError, "predict"),
    (len, np.zeros((4, 3)), [0, 0, 0, 0], SizeError, r"\(n, 2\); shape \(4, 3\)"),
    (len, [], [], SizeError, "2 dimension"),
    (lambda points: [0.0], X, [0, 0, 0, 0], SizeError, "a row for each of 22500 points, 1 came"),
    (lambda points: points[:, 0], X, [0, 0], SizeError, "each of 4 examples, 2 came"),
    (lambda points: points[:, 0], X, [0, 0.5, 1, 1], UsageError, "classes 0, 1, 2"),
    (lambda points: points[:, 0], X * np.nan, [0, 0, 0, 0], UsageError, "nan or inf"),
    (lambda points: points[:, 0], [["a", "b"]], [0], NumberError, "array of numbers"),
])
def test_what_does_not_fit_is_refused(model, inputs, labels, error, message):
    with pytest.raises(error, match=message):
        plots.boundary(model, inputs, labels)
