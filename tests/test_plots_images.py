import numpy as np
import pytest
from plotting import pyplot, texts

import nn
from autograd import NumberError, SizeError, UsageError
from viz import plots

PICTURES = np.arange(24.0).reshape(4, 6)


def test_each_neuron_is_a_picture_of_its_weights_on_one_scale():
    model = nn.MLP(6, [3, 2], seed=0)
    ax = plots.weight_images(model, shape=(2, 3))
    weights = model.layers[0].W
    assert [image.get_array().tolist() for image in ax.get_images()] == weights.reshape(3, 2, 3).tolist()
    reach = np.abs(weights).max()
    assert {image.get_clim() for image in ax.get_images()} == {(-reach, reach)}


def test_weights_may_be_an_array_and_square_pictures_need_no_shape():
    ax = plots.weight_images(np.ones((3, 9)), columns=2, most=2)
    assert [image.get_array().shape for image in ax.get_images()] == [(3, 3), (3, 3)]


def test_weights_of_zero_can_be_drawn():
    (image,) = plots.weight_images(np.zeros((1, 4))).get_images()
    assert image.get_clim() == (-1, 1)


def test_images_stand_row_by_row_and_do_not_touch():
    ax = plots.image_grid(PICTURES, shape=(2, 3), columns=3)
    boxes = [image.get_extent() for image in ax.get_images()]
    (left, right, bottom, top), second, _, fourth = boxes
    assert (right - left) / (bottom - top) == 1.5
    assert second[0] > right
    assert (fourth[0], fourth[3] > bottom) == (left, True)
    assert ax.get_images()[1].get_array().tolist() == PICTURES[1].reshape(2, 3).tolist()
    assert texts(ax) == []


def test_black_is_the_smallest_of_all_numbers_and_white_the_largest():
    ax = plots.image_grid(PICTURES, shape=(2, 3), most=2)
    assert [image.get_clim() for image in ax.get_images()] == [(0, 23)] * 2


@pytest.mark.parametrize(("labels", "predictions", "words", "frames"), [
    ([0, 1, 2, 0], None, ["0", "1", "2", "0"], 0),
    (None, [0, 1, 2, 0], ["0", "1", "2", "0"], 0),
    ([0, 1, 2, 0], [0, 2, 2, 1], ["0", "2 ≠ 1", "2", "1 ≠ 0"], 2),
    ([[1, 0], [0, 1], [0, 1], [1, 0]], [[0.4, 0.6], [0, 1], [0, 1], [3, -1]], ["1 ≠ 0", "1", "1", "0"], 1),
])
def test_mistakes_are_named_and_framed(labels, predictions, words, frames):
    ax = plots.image_grid(PICTURES, labels, predictions, shape=(2, 3))
    assert texts(ax) == words
    assert len(ax.get_lines()) == frames


def test_classes_can_have_names():
    assert texts(plots.image_grid(PICTURES[:2, :4], [0, 1], [1, 1], names=["cat", "dog"])) == ["dog ≠ cat", "dog"]


def test_images_are_drawn_on_axes_given():
    _, ax = pyplot.subplots()
    assert plots.image_grid(np.zeros((2, 5, 4)), ax=ax) is ax
    assert plots.weight_images(np.ones((1, 4)), ax=ax) is ax


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: plots.image_grid(PICTURES), SizeError, r"6 pixels .* give shape=\(height, width\)"),
    (lambda: plots.image_grid([]), SizeError, "2 or 3 dimension"),
    (lambda: plots.image_grid(PICTURES, [0, 1], shape=(2, 3)), SizeError, "labels needs a class for each of 4"),
    (lambda: plots.image_grid(PICTURES, predictions=[0.5] * 4, shape=(2, 3)), UsageError, "must be classes"),
    (lambda: plots.image_grid(PICTURES, [0, 1, 2, 3], shape=(2, 3), names="ab"), SizeError, "classes 0 to 1, class 2"),
    (lambda: plots.image_grid(PICTURES, shape=6), UsageError, "shape must be a list"),
    (lambda: plots.image_grid(PICTURES, shape=(2, 3), columns=0), UsageError, "columns is a whole number from 1"),
    (lambda: plots.weight_images(nn.MLP(6, [2])), SizeError, "6 pixels"),
    (lambda: plots.weight_images(nn.Maxout(4, 2, pieces=2)), UsageError, "several rows of weights"),
    (lambda: plots.weight_images("x"), NumberError, "array of numbers"),
])
def test_what_makes_no_picture_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
