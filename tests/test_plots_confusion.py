import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from plotting import texts

import nn
from autograd import SizeError, UsageError
from viz import plots
from viz.plots.figure import LUMINANCE
from viz.style import THEMES


def test_cells_hold_counts_and_their_shades_shares_of_rows():
    ax = plots.confusion(nn.confusion_matrix([0, 0, 1, 1, 1], [0, 0, 0, 0, 1]))
    assert texts(ax) == ["2", "2", "·", "1"]
    (image,) = ax.get_images()
    assert image.get_array().tolist() == [[0.5, -0.5], [0, 1]]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("taken for", "class", "60.0% right")


def test_classes_can_have_names():
    ax = plots.confusion(np.eye(2), names=["cat", "dog"])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog"]


@pytest.mark.parametrize(("n", "name"), [(2, "cat {}"), (3, "a long name {}"), (10, "ankle boot {}"), (16, "class {}")])
@pytest.mark.parametrize("own", [False, True], ids=["a figure", "axes of one's own"])
def test_names_of_classes_do_not_touch(n, name, own):
    ax = plots.confusion(np.eye(n), names=[name.format(i) for i in range(n)],
                         ax=plt.subplots(figsize=(6, 6), layout="constrained")[1] if own else None)
    ax.figure.draw_without_rendering()
    columns, labels = ax.get_window_extent().width / n, ax.get_xticklabels()
    slope = np.deg2rad(labels[0].get_rotation())
    for label in labels:
        label.set_rotation(0)
    sizes = np.array([label.get_window_extent().size for label in labels])
    widest, highest = sizes.max(0)
    assert widest < columns or highest < columns * np.sin(slope)


def test_a_class_without_examples_is_left_blank():
    (image,) = plots.confusion([[3, 0], [0, 0]]).get_images()
    assert image.get_array().tolist() == [[1, 0], [0, 0]]


@pytest.mark.parametrize("theme", THEMES)
def test_numbers_contrast_with_their_cells(theme):
    ax = plots.confusion([[9, 1, 0], [5, 5, 0], [1, 0, 99]], theme=theme)
    (image,) = ax.get_images()
    for text in ax.texts:
        column, row = text.get_position()
        cell = np.dot(image.to_rgba(image.get_array()[row, column])[:3], LUMINANCE)
        assert abs(np.dot(to_rgb(text.get_color()), LUMINANCE) - cell) > 0.35


@pytest.mark.parametrize(("matrix", "names", "error", "message"), [
    ([[1, 2, 3], [4, 5, 6]], None, SizeError, r"square, one of shape \(2, 3\)"),
    ([1, 2], None, SizeError, "2 dimension"),
    (np.eye(2), ["a"], SizeError, "2 classes need as many names, 1 came"),
    (-np.eye(2), None, UsageError, "none below 0"),
    (np.zeros((2, 2)), None, UsageError, "not all 0"),
])
def test_what_is_no_confusion_matrix_is_refused(matrix, names, error, message):
    with pytest.raises(error, match=message):
        plots.confusion(matrix, names=names)
