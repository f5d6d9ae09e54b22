import numpy as np
import pytest

from autograd import NumberError, SizeError, UsageError
from nn import data

PICTURE = np.array([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])


def test_pictures_become_vectors_from_zero_to_one():
    rows = data.as_vectors(np.array([[[0, 255], [51, 102]], [[255, 255], [0, 0]]], np.uint8))
    np.testing.assert_allclose(rows, [[0, 1, 0.2, 0.4], [1, 1, 0, 0]])
    np.testing.assert_allclose(data.as_vectors([[[8, 16]]], white=16), [[0.5, 1]])


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("horizontal", [[3, 2, 1], [6, 5, 4], [9, 8, 7]]), ("vertical", [[7, 8, 9], [4, 5, 6], [1, 2, 3]])],
)
def test_a_flip_mirrors_a_picture(direction, expected):
    assert data.flip([PICTURE], direction).tolist() == [expected]
    twice = data.flip(data.flip([PICTURE], direction), direction)
    assert np.array_equal(twice[0], PICTURE)


@pytest.mark.parametrize(
    ("down", "right", "expected"),
    [
        (0, 0, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        (1, 0, [[0, 0, 0], [1, 2, 3], [4, 5, 6]]),
        (-1, 1, [[0, 4, 5], [0, 7, 8], [0, 0, 0]]),
        (0, -2, [[3, 0, 0], [6, 0, 0], [9, 0, 0]]),
        (3, 0, [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
        (0, 99, [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
    ],
)
def test_a_shift_moves_pixels_and_leaves_black(down, right, expected):
    assert data.shift([PICTURE], down, right).tolist() == [expected]


def test_jitter_moves_each_picture_by_a_step_of_its_own():
    X = np.zeros((500, 5, 5))
    X[:, 2, 2] = 1
    moved = data.jitter(X, 1, seed=0)
    places = {tuple(map(int, place)) for _, *place in np.argwhere(moved)}
    assert places == {(i, j) for i in (1, 2, 3) for j in (1, 2, 3)}
    assert (moved.sum((1, 2)) == 1).all()
    assert np.array_equal(moved, data.jitter(X, 1, seed=0))
    assert np.array_equal(data.jitter(X, 0, seed=0), X)


def test_blur_spreads_a_point_as_a_gaussian():
    X = np.zeros((1, 15, 15))
    X[0, 7, 7] = 1
    blurred = data.blur(X, sigma=1.0)[0]
    assert blurred.sum() == pytest.approx(1, rel=1e-12)
    assert blurred[7, 8] / blurred[7, 7] == pytest.approx(np.exp(-0.5), rel=1e-12)
    assert blurred[8, 9] / blurred[7, 7] == pytest.approx(np.exp(-2.5), rel=1e-12)


def test_blur_leaves_an_even_picture_alone():
    np.testing.assert_allclose(data.blur(np.full((2, 4, 6), 0.7), sigma=2), 0.7, rtol=1e-12)


def test_noise_has_the_mean_and_deviation_that_were_asked_for():
    X = np.linspace(0, 1, 40_000).reshape(100, 400)
    noise = data.add_noise(X, mean=0.5, std=0.2, seed=0) - X
    assert noise.mean() == pytest.approx(0.5, abs=0.005)
    assert noise.std() == pytest.approx(0.2, rel=0.02)
    assert np.array_equal(data.add_noise(X, seed=3), data.add_noise(X, seed=3))
    np.testing.assert_allclose(data.add_noise(X, mean=0.5, std=0), X + 0.5)


TRANSFORMATIONS = {
    "flip": data.flip, "shift": lambda X, **shape: data.shift(X, 1, 1, **shape),
    "jitter": lambda X, **shape: data.jitter(X, seed=0, **shape), "blur": data.blur,
}


@pytest.mark.parametrize("transform", TRANSFORMATIONS.values(), ids=TRANSFORMATIONS)
def test_rows_of_pixels_are_transformed_as_pictures_are(transform):
    images = np.random.default_rng(0).random((5, 4, 6))
    expected = transform(images)
    assert expected.shape == (5, 4, 6)
    assert np.array_equal(transform(images.reshape(5, 24), shape=(4, 6)), expected.reshape(5, 24))
    square = images[:, :, :4]
    assert np.array_equal(transform(square.reshape(5, 16)), transform(square).reshape(5, 16))


@pytest.mark.parametrize("transform", [*TRANSFORMATIONS.values(), data.add_noise], ids=[*TRANSFORMATIONS, "noise"])
def test_floats_keep_their_type_and_what_came_is_left_alone(transform):
    images = np.random.default_rng(0).random((3, 16), np.float32)
    before = images.copy()
    assert transform(images).dtype == np.float32
    assert np.array_equal(images, before)
    assert transform(np.ones((3, 16), np.uint8)).dtype == np.float64


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: data.as_vectors([[[0, 256]]]), UsageError, "from 0 to white=255, these from 0 to 256"),
        (lambda: data.as_vectors([[[-1, 0]]]), UsageError, "these from -1 to 0"),
        (lambda: data.as_vectors([[[1]]], white=0), UsageError, "white must be a number above 0"),
        (lambda: data.flip([PICTURE], "diagonal"), UsageError, "unknown direction 'diagonal': there are horizontal, v"),
        (lambda: data.flip([[1, 2, 3]]), SizeError, "3 pixels do not make a square: give shape="),
        (lambda: data.flip([[1, 2, 3]], shape=(2, 2)), SizeError, r"3 pixels do not make shape=\(2, 2\)"),
        (lambda: data.flip([1, 2, 3]), SizeError, r"pictures have shape .* \(3,\) came"),
        (lambda: data.blur([PICTURE], sigma=0), UsageError, "sigma must be a number above 0"),
        (lambda: data.shift([PICTURE], 0.5), NumberError, "whole numbers of pixels, 0.5 came"),
        (lambda: data.jitter([PICTURE], -1), UsageError, "at most pixels"),
        (lambda: data.add_noise([[0.0]], std=-1), UsageError, "std must be a number from 0"),
        (lambda: data.add_noise([[0.0]], mean=np.nan), UsageError, "mean must be a finite number"),
        (lambda: data.add_noise([[np.nan]]), UsageError, r"X\[0, 0\] is nan"),
        (lambda: data.flip([]), SizeError, "at least one"),
    ],
)
def test_what_cannot_be_done_is_an_error_that_says_why(make, error, message):
    with pytest.raises(error, match=message):
        make()
