import numpy as np
import pytest

import nn
from autograd import NumberError, SizeError, UsageError

# Ten animals: cats 0, dogs 1, owls 2. The table below is counted by hand.
TARGETS = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
FOUND = [0, 0, 1, 2, 1, 1, 0, 2, 2, 2]
TABLE = [[2, 1, 1], [1, 2, 0], [0, 0, 3]]


def scores(classes):
    """Rows of numbers of which that of the class is the largest."""
    return np.random.default_rng(0).normal(0, 1, (len(classes), 3)) + 9 * nn.data.one_hot(classes, 3)


FORMS = {
    "classes": (FOUND, TARGETS), "a column": ([[c] for c in FOUND], [[c] for c in TARGETS]),
    "floats": (np.array(FOUND, float), np.array(TARGETS, float)), "scores": (scores(FOUND), TARGETS),
    "one-hot": (nn.data.one_hot(FOUND), nn.data.one_hot(TARGETS)),
}


@pytest.mark.parametrize(("outputs", "targets"), FORMS.values(), ids=FORMS)
def test_outputs_and_targets_come_in_several_forms(outputs, targets):
    assert nn.accuracy(outputs, targets) == 0.7
    assert nn.confusion_matrix(outputs, targets).tolist() == TABLE
    np.testing.assert_allclose(nn.precision(outputs, targets), [2 / 3, 2 / 3, 3 / 4])
    np.testing.assert_allclose(nn.recall(outputs, targets), [1 / 2, 2 / 3, 1])
    assert nn.precision(outputs, targets, average="macro") == pytest.approx((2 / 3 + 2 / 3 + 3 / 4) / 3)
    assert nn.recall(outputs, targets, average="macro") == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)


@pytest.mark.parametrize(
    ("threshold", "expected"), [(0.5, [[2, 1], [1, 2]]), (0.0, [[0, 3], [0, 3]]), (0.7, [[3, 0], [2, 1]])]
)
@pytest.mark.parametrize("column", [False, True])
def test_a_probability_is_class_one_above_the_threshold(threshold, expected, column):
    outputs = np.array([0.1, 0.5, 0.6, 0.9, 0.7, 0.2])
    outputs = outputs[:, None] if column else outputs
    assert nn.confusion_matrix(outputs, [0, 0, 0, 1, 1, 1], threshold=threshold).tolist() == expected


def test_logits_are_judged_at_zero():
    assert nn.accuracy([-1.5, 2.0, 0.3], [0, 1, 1], threshold=0) == 1
    assert nn.accuracy([[-2.0], [3.0]], [0, 1], threshold=0) == 1


def test_classes_that_the_data_do_not_show_have_rows_if_asked_for():
    assert nn.confusion_matrix([0, 1], [0, 1], classes=3).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert nn.confusion_matrix([[0.9, 0.1, 0.0]], [0]).shape == (3, 3)
    assert nn.precision([0, 0], [0, 1], classes=3).tolist() == [0.5, 0, 0]
    assert nn.recall([0, 0], [0, 1], classes=3).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    ("outputs", "targets", "options", "error", "message"),
    [
        ([], [], {}, SizeError, "outputs needs at least one example"),
        ([0, 1], [0], {}, SizeError, "2 outputs and 1 targets came"),
        ([[[1]]], [0], {}, SizeError, r"shape \(1, 1, 1\)"),
        ([np.nan], [0], {}, UsageError, r"outputs\[0\] is nan"),
        ([0], [0.5], {}, NumberError, r"labels\[0\] is 0.5"),
        ([0], [-1], {}, UsageError, r"labels\[0\] is -1"),
        ([0, 1], [[0, 1], [1, 1]], {}, UsageError, "a single 1 among zeros"),
        ([0, 5], [0, 1], {"classes": 3}, UsageError, r"labels\[1\] is 5: labels of 3 classes"),
        ([0, 1], [0, 5], {"classes": 3}, UsageError, r"labels\[1\] is 5"),
        ([0], [0], {"classes": 0}, UsageError, "number of classes"),
        (["cat"], [0], {}, NumberError, "real numbers"),
    ],
)
def test_what_cannot_be_compared_is_an_error_that_says_why(outputs, targets, options, error, message):
    with pytest.raises(error, match=message):
        nn.confusion_matrix(outputs, targets, **options)


def test_an_unknown_average_names_the_known_one():
    with pytest.raises(UsageError, match="unknown average 'micro': there are macro"):
        nn.precision([0], [0], average="micro")


# ── cross validation ─────────────────────────────────────────────────────────────────────────


class Nearest:
    """The class of the nearest example that was learned."""

    def __init__(self, X, Y):
        self.X, self.Y = X, Y

    def predict(self, X):
        return self.Y[((np.asarray(X)[:, None] - self.X) ** 2).sum(2).argmin(1)]


def test_cross_validation_scores_each_fold_with_a_model_that_never_saw_it():
    X, Y = nn.data.blobs(60, centers=[[0, 0], [6, 6]], seed=0)
    taught = []

    def train(x, y):
        taught.append({tuple(row) for row in x})
        return Nearest(x, y)

    result = nn.cross_validate(train, X, Y, k=5, seed=0)
    assert result.shape == (5,)
    assert result.min() > 0.9
    for (others, fold), seen in zip(nn.data.kfold(60, 5, seed=0), taught, strict=True):
        assert seen == {tuple(row) for row in X[others]}
        assert seen.isdisjoint({tuple(row) for row in X[fold]})


def test_labels_without_meaning_are_no_better_than_chance():
    X, _ = nn.data.blobs(200, centers=1, seed=0)
    Y = np.random.default_rng(1).integers(0, 2, 200)
    assert nn.accuracy(Nearest(X, Y).predict(X), Y) == 1
    assert nn.cross_validate(Nearest, X, Y, k=10, seed=0).mean() == pytest.approx(0.5, abs=0.1)


def test_a_network_is_cross_validated():
    X, Y = nn.data.moons(60, noise=0.05, seed=0)

    def train(x, y):
        model = nn.MLP(2, [16, 1], "tanh", "sigmoid", seed=0)
        nn.fit(model, x, y, "binary_cross_entropy", nn.SGD(0.5, momentum=0.9), epochs=150, progress=False, seed=0)
        return model

    assert nn.cross_validate(train, X, Y, k=3, seed=0).mean() > 0.95


def test_a_metric_is_a_name_or_a_function():
    X, Y = np.arange(6.0)[:, None], np.arange(6)
    worst = nn.cross_validate(Nearest, X, Y, k=6, metric=lambda outputs, targets: float(abs(outputs - targets).max()))
    assert worst.tolist() == [1] * 6
    with pytest.raises(UsageError, match="unknown metric 'acuracy': there are accuracy"):
        nn.cross_validate(Nearest, X, Y, metric="acuracy")


@pytest.mark.parametrize(("k", "message"), [(7, "2 ≤ k ≤ 6, k = 7 came"), (1, "k = 1 came"), (0, "number of folds")])
def test_there_are_at_most_as_many_folds_as_examples(k, message):
    with pytest.raises(UsageError, match=message):
        nn.cross_validate(Nearest, np.zeros((6, 1)), np.zeros(6), k=k)
