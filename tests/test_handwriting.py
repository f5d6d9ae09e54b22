"""A digit somewhere in a picture is read nearly as well as the pictures that a model knows."""

import numpy as np
import pytest

import nn
from nn.files.handwriting import BOXES, commonest, connected, normalized, without_ground


def enlarged(digit, factor):
    """A digit of more pixels, between the old ones by straight lines."""
    for axis in (0, 1):
        n = digit.shape[axis]
        at = np.linspace(0, n - 1, round(n * factor))
        below = np.minimum(at.astype(int), n - 2)
        share = np.expand_dims(at - below, 1 - axis)
        digit = digit.take(below, axis) * (1 - share) + digit.take(below + 1, axis) * share
    return digit


def stroked(ink, pixels):
    """Ink with its lines thicker by so many pixels on each side, or thinner."""
    for _ in range(abs(pixels)):
        near = np.stack([np.roll(ink, step, axis) for axis in (0, 1) for step in (-1, 0, 1)])
        ink = near.max(0) if pixels > 0 else near.min(0)
    return ink


def placed(ink, rng, least=1.3, most=3.0):
    """Ink somewhere in a larger picture."""
    height, width = (round(rng.uniform(least, most) * max(ink.shape)) for _ in range(2))
    down, right = rng.integers(height - ink.shape[0] + 1), rng.integers(width - ink.shape[1] + 1)
    picture = np.zeros((height, width))
    picture[down : down + ink.shape[0], right : right + ink.shape[1]] = ink
    return picture


def on_paper(picture, rng, shade=0.3, noise=0.03, contrast=0.5):
    """Light ink as it looks on grey paper that a lamp lights from one side, as a photograph inverted."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in picture.shape), indexing="ij")
    angle = rng.uniform(0, 2 * np.pi)
    paper = 0.7 + shade / 2 * (np.cos(angle) * x + np.sin(angle) * y)
    return 1 - np.clip(paper * (1 - contrast * picture) + rng.normal(0, noise, picture.shape), 0, 1)


def cut(ink):
    """Ink without the ground around it."""
    rows, columns = (np.flatnonzero(ink.max(axis) > 0) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


KINDS = {
    "cut to the ink": lambda digit, rng: cut(digit),
    "in a larger picture": lambda digit, rng: placed(cut(digit), rng),
    "far away": lambda digit, rng: placed(cut(digit), rng, 8, 12),
    "on paper": lambda digit, rng: on_paper(placed(cut(digit), rng), rng),
    "faint": lambda digit, rng: on_paper(placed(cut(digit), rng), rng, contrast=0.2, noise=0.01),
    "noisy": lambda digit, rng: np.clip(placed(cut(digit), rng) + rng.normal(0, 0.1, (1, 1)), 0, 1),
    "thin": lambda digit, rng: placed(stroked(np.pad(digit, 4), -1), rng),
    "thick": lambda digit, rng: placed(stroked(np.pad(digit, 4), 1), rng),
}


def nearest(rows, X, Y):
    """The class of the example that is the nearest."""
    return Y[np.argmin((X**2).sum(1) - 2 * rows @ X.T, axis=1)]


def shares(X, Y, X_test, Y_test, factor, least):
    """Check that pictures of every kind are read as well as the plain ones, up to a share of all that is lost."""
    side, rng = round(X.shape[1] ** 0.5), np.random.default_rng(0)
    plain = np.mean(nearest(X_test, X, Y) == Y_test)
    for kind, make in KINDS.items():
        pictures = [make(enlarged(row.reshape(side, side), factor), rng) for row in X_test]
        rows = np.array([normalized(picture, side)[0].ravel() for picture in pictures])
        assert np.mean(nearest(rows, X, Y) == Y_test) > plain - least, kind


def test_a_digit_anywhere_in_a_picture_is_read():
    X, Y = nn.data.digits()
    shares(X[200:], Y[200:], X[:20], Y[:20], 6, 0.2)


@pytest.mark.slow
def test_a_digit_of_mnist_anywhere_in_a_picture_is_read():
    (X, Y), (X_test, Y_test) = nn.data.mnist(progress=False)
    shares(X[:20000], Y[:20000], X_test[:100], Y_test[:100], 2, 0.08)


@pytest.mark.parametrize("side", BOXES)
def test_the_ink_fills_its_box_with_its_centre_of_mass_in_the_middle(side):
    picture = np.zeros((90, 120))
    picture[20:60, 70:76] = picture[20:26, 70:90] = 0.5
    square, wrong = normalized(picture + 0.2, side)
    assert (wrong, square.shape, square.max(), square.min()) == ("", (side, side), 1.0, 0.0)
    assert np.ptp(np.flatnonzero(square.max(1))) + 1 == BOXES[side]
    if side == 28:
        at = np.arange(28) + 0.5
        assert abs(square.sum(1) @ at / square.sum() - 14.5) <= 0.6
        assert abs(square.sum(0) @ at / square.sum() - 14.5) <= 0.6


def test_a_digit_that_is_prepared_stays_nearly_as_it_is():
    square = np.zeros((28, 28))
    square[4:24, 12:15] = 1
    square[4:7, 9:20] = 1
    again, _ = normalized(square, 28)
    assert np.abs(cut(again) - cut(square)).max() < 1e-9


BLANK, RNG = np.full((60, 60), 0.3), np.random.default_rng(0)


def bars(*columns, top=10, bottom=50):
    """Upright lines."""
    picture = BLANK.copy()
    for column in columns:
        picture[top:bottom, column : column + 4] = 1
    return picture


@pytest.mark.parametrize(("picture", "words"), [
    (BLANK, "no ink to be seen"),
    (BLANK + RNG.normal(0, 0.02, BLANK.shape), "no ink to be seen"),
    (bars(10, 30), "2 digits side by side"),
    (bars(5, 25, 45), "3 digits side by side"),
    (bars(28), ""),
    (np.pad(np.ones((5, 50)), 20), "much wider than a digit"),
    (np.pad(np.ones((40, 40)), 20), "fills an area"),
    (np.kron(np.pad(np.arange(12)[:, None] % 2, ((0, 0), (5, 5))), np.ones((5, 5))), "in 6 pieces"),
])
def test_what_does_not_look_like_one_digit_is_said_in_words(picture, words):
    _, wrong = normalized(picture, 28)
    assert words in wrong
    assert bool(words) == bool(wrong)


def test_the_ground_is_found_though_it_is_lit_unevenly():
    y, x = np.meshgrid(np.linspace(-1, 1, 40), np.linspace(-1, 1, 50), indexing="ij")
    ink = np.zeros((40, 50))
    ink[10:30, 20:24] = 0.3
    found, noise = without_ground(0.4 + 0.2 * x - 0.1 * y + 0.05 * x * y + ink)
    np.testing.assert_allclose(found, ink, atol=1e-6)
    assert noise == pytest.approx(0, abs=1e-6)
    assert commonest(np.array([0.0, 0.1, 0.1, 0.1, 0.5, 0.9, 1.0, 1.0])) == 0.1


def test_parts_hang_together_by_sides_and_corners():
    mask = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1]], bool)
    assert sorted(sorted(map(tuple, part.tolist())) for part in connected(mask)) == [
        [(0, 0), (1, 1)], [(0, 3)], [(2, 3)]]
