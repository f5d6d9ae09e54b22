import numpy as np
import pytest

from autograd import NumberError, SizeError, UsageError
from nn import data

MAKERS = {
    "moons": data.moons, "circles": data.circles, "spirals": data.spirals, "blobs": data.blobs,
    "curve": lambda n=100, **options: data.curve("sine", n, **options), "exam": data.exam,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_the_same_seed_gives_the_same_points_and_another_others(make):
    first, again, other = make(50, seed=1), make(50, seed=1), make(50, seed=2)
    assert all(map(np.array_equal, first, again))
    assert not all(map(np.array_equal, first, other))


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("n", [0, -3, 2.5, "9", True])
def test_a_number_of_points_is_whole_and_from_one(make, n):
    with pytest.raises(UsageError, match="must be a whole number from 1"):
        make(n)


@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "blobs"])
def test_classes_take_equal_shares_in_random_order(name):
    X, Y = getattr(data, name)(31, seed=0)
    sizes = np.bincount(Y)
    assert X.shape == (31, 2)
    assert X.dtype == np.float64
    assert Y.shape == (31,)
    assert Y.dtype == np.int64
    assert sizes.sum() == 31
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(Y) < 0).any()


@pytest.mark.parametrize("noise", [-0.1, np.nan, np.inf, "much"])
@pytest.mark.parametrize("name", ["moons", "circles", "spirals", "blobs"])
def test_noise_is_a_number_from_zero(name, noise):
    with pytest.raises(UsageError, match="the noise must be a number from 0"):
        getattr(data, name)(noise=noise)


def test_moons_are_half_circles():
    X, Y = data.moons(40, noise=0, seed=0)
    upper, lower = X[Y == 0], X[Y == 1]
    np.testing.assert_allclose((upper**2).sum(1), 1, rtol=1e-12)
    np.testing.assert_allclose(((lower - (1, 0.5)) ** 2).sum(1), 1, rtol=1e-12)
    assert upper[:, 1].min() >= 0
    assert lower[:, 1].max() <= 0.5


def test_circles_have_the_radii_one_and_factor():
    X, Y = data.circles(30, noise=0, factor=0.3, seed=0)
    np.testing.assert_allclose(np.hypot(*X.T), np.where(Y == 0, 1, 0.3), rtol=1e-12)


def test_the_arms_of_a_spiral_are_rotations_of_one_another():
    X, labels = data.spirals(60, noise=0, arms=3, turns=1.5, seed=0)
    arms = [X[labels == k] for k in range(3)]
    arms = [arm[np.hypot(*arm.T).argsort()] for arm in arms]
    angle = 2 * np.pi / 3
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(arms[0] @ turn, arms[1], atol=1e-12)
    np.testing.assert_allclose(arms[1] @ turn, arms[2], atol=1e-12)
    np.testing.assert_allclose(np.hypot(*arms[0].T), np.arange(1, 21) / 20, rtol=1e-12)


def test_blobs_lie_around_their_centres():
    X, labels = data.blobs(3000, centers=[[0, 0, 9], [5, -5, 0]], noise=0.5, seed=0)
    for k, centre in enumerate([[0, 0, 9], [5, -5, 0]]):
        np.testing.assert_allclose(X[labels == k].mean(0), centre, atol=0.05)
        np.testing.assert_allclose(X[labels == k].std(0), 0.5, atol=0.03)


def test_centres_can_be_drawn():
    X, Y = data.blobs(40, centers=4, noise=0, seed=3)
    assert len(np.unique(X, axis=0)) == 4
    assert np.abs(X).max() <= 10
    assert set(Y) == {0, 1, 2, 3}


def test_noise_has_the_deviation_that_was_asked_for():
    X, Y = data.circles(20_000, noise=0.05, seed=0)
    assert np.hypot(*X[Y == 0].T).std() == pytest.approx(0.05, rel=0.03)


FORMULAS = {
    "line": lambda x: 2 * x + 1, "parabola": lambda x: (x - 1) ** 2, "cubic": lambda x: x * (x - 1) * (x + 1),
    "sine": np.sin, "sinc": lambda x: np.where(x == 0, 1, np.sin(np.pi * x) / np.where(x == 0, 1, np.pi * x)),
    "bump": lambda x: np.exp(-x * x), "step": lambda x: np.where(x > 0, 1, 0),
}


@pytest.mark.parametrize("name", data.CURVES)
def test_a_curve_is_its_formula_with_noise(name):
    X, Y = data.curve(name, 2001, noise=0, seed=0)
    np.testing.assert_allclose(Y, FORMULAS[name](X[:, 0]), atol=1e-12)
    _, noisy = data.curve(name, 2001, noise=0.3, seed=0)
    assert (noisy - Y).std() == pytest.approx(0.3, rel=0.05)
    assert X.shape == (2001, 1)


def test_an_exam_is_passed_more_often_the_longer_one_studies():
    hours, passed = data.exam(20_000, seed=0)
    assert set(passed) == {0, 1}
    for low in range(6):
        among = passed[(hours[:, 0] >= low) & (hours[:, 0] < low + 1)]
        assert among.mean() == pytest.approx(1 / (1 + np.exp(4.5 - 1.5 * (low + 0.5))), abs=0.03)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: data.curve("sin"), UsageError, "unknown curve 'sin': there are line, parabola, .*sine"),
        (lambda: data.spirals(arms=0), UsageError, "number of arms"),
        (lambda: data.blobs(centers=0), UsageError, "number of centers"),
        (lambda: data.blobs(centers=[1.0, 2.0]), SizeError, "rows of coordinates"),
        (lambda: data.blobs(centers=[[0, np.nan]]), UsageError, r"centers\[0, 1\] is nan"),
        (lambda: data.circles(factor=-1), UsageError, "factor must be a number from 0"),
        (lambda: data.moons(seed="x"), UsageError, "a seed is a whole number"),
        (lambda: data.one_hot([]), SizeError, "at least one"),
        (lambda: data.one_hot([[1, 0]]), SizeError, r"labels are a vector.*\(1, 2\)"),
        (lambda: data.one_hot([0, 1.5]), NumberError, r"labels\[1\] is 1.5"),
        (lambda: data.one_hot([0, -1]), UsageError, r"labels\[1\] is -1"),
        (lambda: data.one_hot([0, 3], classes=3), UsageError, r"labels\[1\] is 3: labels of 3 classes run from 0 to 2"),
        (lambda: data.one_hot([0, np.nan]), UsageError, r"labels\[1\] is nan"),
        (lambda: data.one_hot(["a"]), NumberError, "real numbers"),
        (lambda: data.one_hot([0], classes=0), UsageError, "number of classes"),
    ],
)
def test_what_cannot_be_made_is_an_error_that_says_why(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_one_hot_rows_have_their_one_at_the_label():
    rows = data.one_hot([2, 0, 1, 2])
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert rows.dtype == np.float64
    assert data.one_hot([0], classes=4).tolist() == [[1, 0, 0, 0]]
    assert np.array_equal(data.one_hot([2, 0], 3).argmax(1), [2, 0])
