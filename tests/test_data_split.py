import numpy as np
import pytest

from autograd import NumberError, SizeError, UsageError
from nn import data

X = np.arange(30.0).reshape(10, 3)
Y = np.arange(10)


def rows(*parts):
    """The numbers of the examples in some parts, each of which must still have its own target."""
    for x, y in parts:
        assert np.array_equal(x[:, 0], 3 * y)
    return sorted(int(i) for _, y in parts for i in y)


@pytest.mark.parametrize(("test", "size"), [(0.3, 3), (3, 3), (0.25, 2), (9, 9), (np.int64(4), 4)])
def test_a_split_keeps_back_a_number_or_a_share_and_each_example_once(test, size):
    train, held = data.train_test_split(X, Y, test=test, seed=0)
    assert len(held[0]) == size
    assert rows(train, held) == list(range(10))


def test_eight_thousand_one_thousand_one_thousand():
    numbers = np.arange(10_000)
    for sizes in ({"validation": 1000, "test": 1000}, {"validation": 0.1, "test": 0.1}, {}):
        parts = data.train_val_test_split(3.0 * numbers[:, None], numbers, **sizes, seed=0)
        assert [len(y) for _, y in parts] == [8000, 1000, 1000]
        assert rows(*parts) == list(range(10_000))


def test_a_split_is_shuffled_and_fixed_by_its_seed():
    first, again, other = (data.train_test_split(X, Y, seed=seed)[0][1] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, np.sort(first))


def test_arrays_keep_their_type():
    (x, y), _ = data.train_test_split(X.astype(np.float32), Y.astype(np.int8), seed=0)
    assert (x.dtype, y.dtype) == (np.float32, np.int8)
    (x, y), _ = data.train_test_split([[1, 2], [3, 4]], [0, 1], test=1, seed=0)
    assert x.shape == (1, 2)


@pytest.mark.parametrize(("n", "k", "sizes"), [(10, 5, [2] * 5), (10, 3, [4, 3, 3]), (4, 4, [1] * 4), (5, 2, [3, 2])])
def test_each_example_is_validated_on_once(n, k, sizes):
    folds = list(data.kfold(n, k, seed=0))
    assert [len(validation) for _, validation in folds] == sizes
    assert sorted(np.concatenate([validation for _, validation in folds]).tolist()) == list(range(n))
    for train, validation in folds:
        assert sorted([*train.tolist(), *validation.tolist()]) == list(range(n))


def test_folds_are_shuffled_and_fixed_by_their_seed():
    first, again, other = ([fold.tolist() for _, fold in data.kfold(20, 4, seed=seed)] for seed in (0, 0, 1))
    assert first == again != other
    assert first[0] != list(range(5))


def test_batches_meet_each_example_once():
    portions = list(data.batches(X, Y, 4, seed=0))
    assert [len(x) for x, _ in portions] == [4, 4, 2]
    assert rows(*portions) == list(range(10))
    assert [y.tolist() for _, y in data.batches(X, Y, 4, shuffle=False)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert [len(x) for x, _ in data.batches(X, Y, 99, seed=0)] == [10]


def test_batches_are_fixed_by_their_seed():
    first, again, other = (np.concatenate([y for _, y in data.batches(X, Y, 3, seed=seed)]) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


# ── scaling ──────────────────────────────────────────────────────────────────────────────────


def test_minmax_scaling_takes_columns_to_an_interval():
    scaled = data.minmax_scale([[0.0, 10], [5, 30], [10, 20]], low=-1, high=3)
    np.testing.assert_allclose(scaled, [[-1, -1], [1, 3], [3, 1]])
    assert data.minmax_scale([[2.0], [4], [3]]).ravel().tolist() == [0, 1, 0.5]


def test_z_normalisation_gives_mean_zero_and_deviation_one():
    columns = np.random.default_rng(0).normal([5, -100], [2, 30], (200, 2))
    scaled = data.zscore(columns)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(0), 1, rtol=1e-12)
    np.testing.assert_allclose(data.zscore([[1.0], [2], [3]]).ravel(), [-np.sqrt(1.5), 0, np.sqrt(1.5)])


@pytest.mark.parametrize("scale", [data.minmax_scale, data.zscore])
def test_what_training_data_teach_is_applied_to_the_others(scale):
    train, test = np.array([[0.0], [4]]), np.array([[2.0], [8]])
    scaled_train, scaled_test = scale(train, test)
    assert np.array_equal(scaled_train, scale(train))
    slope = (scaled_train[1] - scaled_train[0]) / 4
    np.testing.assert_allclose(scaled_test, scaled_train[0] + slope * test)


@pytest.mark.parametrize("learn", [data.Scaling.zscore, lambda X: data.Scaling.minmax(X, -2, 5)])
def test_scaling_can_be_undone(learn):
    scaling = learn(X)
    np.testing.assert_allclose(scaling.inverse(scaling(X)), X, atol=1e-12)
    np.testing.assert_allclose(scaling(scaling.inverse(X)), X, atol=1e-12)


@pytest.mark.parametrize("value", [0.1, 0.0, 1e300])
def test_a_column_that_never_changes_is_an_error_unless_allowed(value):
    constant = [[1.0, value], [2, value], [4, value]]
    for scale in (data.minmax_scale, data.zscore):
        with pytest.raises(UsageError, match=r"column \[1\] of X is .* throughout"):
            scale(constant)
    assert data.zscore(constant, constant=True)[:, 1].tolist() == [0, 0, 0]
    assert data.minmax_scale(constant, low=2, high=3, constant=True)[:, 1].tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: data.train_test_split([], []), SizeError, "at least one example"),
        (lambda: data.train_test_split(X, Y[:9]), SizeError, "10 and 9 rows came"),
        (lambda: data.train_test_split([[np.nan], [1]], [0, 1]), UsageError, "nan"),
        (lambda: data.train_test_split([["a"]], [0]), NumberError, "real numbers"),
        (lambda: data.train_test_split(X, Y, test=10), SizeError, "of 10 examples, 10 for test leave none"),
        (lambda: data.train_test_split(X, Y, test=0.01), SizeError, "less than one of 10"),
        (lambda: data.train_test_split(X, Y, test=0.99), SizeError, "leave none to train on"),
        (lambda: data.train_test_split(X, Y, test=0), UsageError, "a share between 0 and 1; 0 came"),
        (lambda: data.train_test_split(X, Y, test=1.5), UsageError, "1.5 came"),
        (lambda: data.train_test_split(X, Y, test=-0.5), UsageError, "-0.5 came"),
        (lambda: data.train_test_split(X, Y, test=True), UsageError, "True came"),
        (lambda: data.train_test_split(X, Y, test="half"), UsageError, "'half' came"),
        (lambda: data.train_val_test_split(X, Y, 5, 5), SizeError, "5 for validation and 5 for test leave none"),
        (lambda: data.train_val_test_split(X, Y, 0.6, 0.6), SizeError, "leave none"),
        (lambda: data.kfold(4, 5), UsageError, "2 ≤ k ≤ 4, k = 5 came"),
        (lambda: data.kfold(4, 1), UsageError, "k = 1 came"),
        (lambda: data.kfold(0, 2), UsageError, "number of examples"),
        (lambda: data.kfold(9, 2.5), UsageError, "number of folds"),
        (lambda: data.batches(X, Y, 0), UsageError, "examples in a batch"),
        (lambda: data.batches(X, Y, 4, seed=-1), UsageError, "a seed is a whole number"),
        (lambda: data.minmax_scale(X, low=1, high=1), UsageError, "low < high"),
        (lambda: data.minmax_scale(X, low=0, high=np.inf), UsageError, "high end must be a finite"),
        (lambda: data.minmax_scale([0, 1e300], high=1e-10), UsageError, "too short for the numbers of a column"),
        (lambda: data.minmax_scale(X, X[:, :2]), SizeError, r"examples of shape \(3,\) were learned from, \(2,\) came"),
        (lambda: data.zscore([]), SizeError, "at least one"),
        (lambda: data.zscore([[1.0], [np.inf]]), UsageError, "inf"),
        (lambda: data.zscore([[1.0]]), UsageError, "throughout"),
    ],
)
def test_what_cannot_be_divided_or_scaled_is_an_error_that_says_why(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ── spreads that are rounding, numbers of any size ───────────────────────────────────────────

SCALES = [5e-324, 1e-320, 1e-300, 1e-160, 1e-20, 1.0, 1e20, 1e160, 1e300]
ALIKE = {  # numbers that are equal but for rounding
    "the same": [0.1, 0.1, 0.1],
    "a sum and a number": [0.3, 0.1 + 0.2, 0.3],
    "a product and a sum": [0.7, 0.1 * 7, sum([0.1] * 7)],
    "a sum of ten": [1.0, sum([0.1] * 10), 1.0],
    "neighbours": [1.0, np.nextafter(1, 2), np.nextafter(1, 0)],
    "of either sign": [-0.3, -(0.1 + 0.2), -0.3],
}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("numbers", ALIKE.values(), ids=ALIKE)
@pytest.mark.parametrize("make", [data.zscore, data.minmax_scale])
def test_a_column_that_differs_by_rounding_only_says_nothing(make, numbers, scale):
    X = np.column_stack([np.multiply(numbers, scale), [1.0, 2.0, 4.0]])
    with pytest.raises(UsageError, match=r"column \[0\] of X is .* throughout"):
        make(X)
    scaled, others = make(X, X + np.array([scale / 3, 0]), constant=True)
    assert scaled[:, 0].tolist() == others[:, 0].tolist() == [0.0] * 3
    np.testing.assert_array_equal(scaled[:, 1], make(X[:, 1]))
    kind = data.Scaling.zscore if make is data.zscore else data.Scaling.minmax
    np.testing.assert_allclose(kind(X, constant=True).inverse(scaled), X, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_rounding_is_that_of_the_type_of_the_data(dtype):
    X = np.array([[0.3], [0.1]], dtype)
    X[1] = np.nextafter(X[0], dtype(1))
    for make in (data.zscore, data.minmax_scale):
        assert make(X, constant=True).tolist() == [[0.0], [0.0]]
        assert make(X.astype(float)).ravel().tolist() in ([-1.0, 1.0], [0.0, 1.0])


@pytest.mark.parametrize("offset", [0.0, 1.0, -1e3])
@pytest.mark.parametrize("scale", SCALES[2:])
def test_columns_of_any_size_are_scaled_alike(scale, offset):
    plain = np.random.default_rng(0).normal(size=(50, 2)) + offset
    X = plain * scale
    for make in (data.zscore, data.minmax_scale):
        np.testing.assert_allclose(make(X), make(plain), rtol=1e-9, atol=1e-12)
    scaled = data.zscore(X)
    np.testing.assert_allclose(scaled.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(0), 1, rtol=1e-12)
    for kind in (data.Scaling.zscore(X), data.Scaling.minmax(X, -1, 1)):
        np.testing.assert_allclose(kind.inverse(kind(X)), X, rtol=1e-12, atol=1e-12 * scale)


@pytest.mark.parametrize("make", [data.zscore, data.minmax_scale])
def test_numbers_too_far_apart_for_a_float_are_refused(make):
    with pytest.raises(UsageError, match="too large, or lie too far apart"):
        make([[1.7e308], [-1.7e308]])
