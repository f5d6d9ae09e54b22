"""Loss and metrics of a model that predicts, alone and in the course of training."""

import itertools
from functools import partial

import numpy as np
import pytest

import autograd
import nn
from autograd import SizeError, UsageError
from autograd.errors import RerollError


def three_blobs():
    return nn.data.blobs(60, centers=3, seed=0)


def classifier(**options):
    return nn.MLP(2, [8, 3], "tanh", seed=0, **options)


def test_evaluate_gives_the_mean_loss_and_each_metric_by_name():
    X, Y = three_blobs()
    model = classifier()

    def sure(outputs, targets):
        return float(np.abs(outputs).max())

    found = nn.evaluate(model, X, Y, "cross_entropy_with_logits", ["accuracy", sure])
    outputs, rows = model.predict(X), nn.data.one_hot(Y, 3)
    loss = np.mean([nn.cross_entropy_with_logits(out, row) for out, row in zip(outputs, rows, strict=True)])
    assert found == pytest.approx({"loss": loss, "accuracy": nn.accuracy(outputs, Y), "sure": np.abs(outputs).max()})


@pytest.mark.parametrize(("targets", "shapes"), [
    (np.zeros(20), [(20,), (20,)]),
    (np.zeros((20, 1)), [(20, 1), (20, 1)]),
])
def test_a_metric_meets_outputs_in_the_shape_of_the_targets(targets, shapes):
    met = []
    nn.evaluate(nn.MLP(1, [1]), np.zeros(20), targets, "mse", [lambda *both: met.extend(map(np.shape, both)) or 0.0])
    assert met == shapes


def test_metrics_of_a_training_that_diverges_are_nan():
    X, Y = three_blobs()
    with pytest.warns(RuntimeWarning, match="try a lower learning rate"):
        history = nn.fit(nn.MLP(2, [4, 1]), X, Y > 0, "mse", nn.SGD(1e300), epochs=9, seed=0,
                         metrics=["accuracy"], validation_split=0.2, progress=False)
    assert np.isnan([history.accuracy[-1], history.val_accuracy[-1]]).all()
    assert not np.isfinite(history.val_loss[-1])


def test_nothing_drops_out_and_nothing_changes():
    X, Y = three_blobs()
    model = classifier(dropout=0.5)
    before = nn.parameters_to_vector(model)
    found = [nn.evaluate(model, X, Y, "cross_entropy_with_logits") for _ in range(2)]
    assert found[0] == found[1] == pytest.approx(nn.evaluate(classifier(), X, Y, "cross_entropy_with_logits"))
    assert model.training
    np.testing.assert_array_equal(nn.parameters_to_vector(model), before)


def test_a_model_that_looks_at_numbers_is_evaluated_one_by_one():
    class Kinked(nn.Module):
        def __init__(self):
            self.w = nn.parameter(2.0)

        def forward(self, x):
            return self.w * x if x.data > 0 else self.w * 0

    X = np.linspace(-1, 1, 40)
    assert nn.evaluate(Kinked(), X, 2 * np.maximum(X, 0), "mse") == {"loss": 0.0}


# ── in training ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_labels_of_classes_train_like_one_hot_rows(engine):
    X, Y = three_blobs()
    histories = [
        nn.fit(classifier(), X, targets, "cross_entropy_with_logits", nn.SGD(0.1), epochs=3, batch_size=16, seed=0,
               progress=False, engine=engine, metrics=["accuracy"])
        for targets in (Y, Y[:, None], nn.data.one_hot(Y, 3))
    ]
    for other in histories[1:]:
        np.testing.assert_array_equal(other.loss, histories[0].loss)
        np.testing.assert_array_equal(other.accuracy, histories[0].accuracy)


def test_labels_that_no_output_stands_for_are_refused():
    X, Y = three_blobs()
    with pytest.raises(UsageError, match="labels of 3 classes run from 0 to 2"):
        nn.fit(classifier(), X, Y + 1, "cross_entropy_with_logits", nn.SGD(0.1), progress=False)


@pytest.mark.parametrize("engine", ["compiled", "eager"])
def test_validation_data_are_measured_after_each_epoch_as_when_predicting(engine):
    X, Y = three_blobs()
    X_val, Y_val = nn.data.blobs(30, centers=3, seed=1)
    model, seen = classifier(dropout=0.3), []
    history = nn.fit(
        model, X, Y, "cross_entropy_with_logits", nn.SGD(0.1), epochs=3, seed=0, progress=False, engine=engine,
        metrics=["accuracy"], validation_data=(X_val, Y_val),
        callbacks=[lambda training: seen.append(
            nn.evaluate(training.model, X_val, Y_val, "cross_entropy_with_logits", ["accuracy"]))],
    )
    assert list(history) == ["loss", "lr", "accuracy", "val_loss", "val_accuracy"]
    assert history.val_loss == pytest.approx([found["loss"] for found in seen], rel=1e-12)
    assert history.val_accuracy == pytest.approx([found["accuracy"] for found in seen])
    assert history.accuracy[-1] == pytest.approx(nn.accuracy(model.predict(X), Y))


def test_a_validation_split_is_a_share_drawn_after_a_shuffle():
    X = np.arange(20.0)
    met = set()

    def note(x):
        met.add(x.data)
        return model.layers[0]([x])[0]

    class Noting(nn.Module):
        def __init__(self):
            self.layers = model.layers

        def forward(self, x):
            return note(x)

    model = nn.MLP(1, [1], seed=0)
    parts = []
    for seed in (0, 0, 1):
        met.clear()

        class Collect:
            def step(self, training):
                parts.append((frozenset(met), len(training.validation)))
                training.stop("seen enough")

        nn.fit(Noting(), X, X, "mse", nn.SGD(1e-6), epochs=1, validation_split=0.25, seed=seed, engine="eager",
               progress=False, callbacks=[Collect()])
    (first, held), (again, _), (other, _) = parts
    assert (len(first), held) == (15, 5)
    assert first == again != other
    assert max(first) > 14  # not simply the first ones


@pytest.mark.parametrize(("options", "error", "message"), [
    ({"validation_split": 1.0}, UsageError, "from 0 to below 1"),
    ({"validation_split": 0.001}, UsageError, "leaves one part empty"),
    ({"validation_split": 0.5, "validation_data": three_blobs()}, UsageError, "not both"),
    ({"validation_data": (np.zeros((2, 2)), np.zeros(3))}, SizeError, "one row per example"),
    ({"metrics": ["accurate"]}, UsageError, "unknown metric 'accurate': there are accuracy"),
    ({"metrics": "accuracy"}, UsageError, "metrics come in a list, 'accuracy' came"),
    ({"metrics": [lambda outputs, targets: outputs]}, UsageError, "a metric gives one number, <lambda> gave array"),
    ({"validation_data": np.zeros((3, 2))}, UsageError, r"a pair \(X, Y\), ndarray came"),
    ({"resume": "none.npz"}, nn.DataError, "there is no file"),
    ({"resume": "none.npz", "validation_split": 0.5}, UsageError, "resume needs the same seed"),
])
def test_what_cannot_be_measured_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        nn.fit(classifier(), *three_blobs(), "cross_entropy_with_logits", nn.SGD(0.1), progress=False, **options)


def test_a_perceptron_learns_by_its_own_rule():
    with pytest.raises(UsageError, match="follows the perceptron rule"):
        nn.fit(nn.Perceptron(2), *nn.data.xor(), "mse", nn.SGD(0.1), progress=False)


def test_schedules_are_in_the_history():
    X, Y = three_blobs()
    history = nn.fit(classifier(), X, Y, "cross_entropy_with_logits", nn.SGD(nn.ExponentialDecay(0.1, 0.5)), epochs=3,
                     progress=False)
    assert history.lr.tolist() == [0.1, 0.05, 0.025]


def test_the_progress_bar_shows_loss_metric_and_rate(capsys):
    X, Y = three_blobs()
    nn.fit(classifier(), X, Y, "cross_entropy_with_logits", nn.SGD(0.125), epochs=2, metrics=["accuracy"], seed=0)
    shown = capsys.readouterr().err
    assert "epoch 2/2" in shown
    assert "accuracy=" in shown
    assert "lr=0.125" in shown


# ── what outputs and targets mean ────────────────────────────────────────────────────────────

SCORES = {"numbers", "hinge", "binary logits", "logits"}
FITTING = {  # by hand: the losses that an output of a layer may have
    "linear": SCORES, "tanh": SCORES, "relu": SCORES, "sigmoid": {"numbers", "binary"},
    "softmax": {"numbers", "binary", "shares"},
}
FAMILIES = {
    "squared_error": "numbers", "half_squared_error": "numbers", "mse": "numbers", "mae": "numbers", "hinge": "hinge",
    "binary_cross_entropy": "binary", "binary_cross_entropy_with_logits": "binary logits", "cross_entropy": "shares",
    "cross_entropy_with_logits": "logits",
}
KINDS = {  # targets of six examples, and the class that each stands for, if any
    "0 and 1": ([0, 1, 1, 0, 1, 0], [0, 1, 1, 0, 1, 0]),
    "-1 and 1": ([-1, 1, 1, -1, 1, -1], [0, 1, 1, 0, 1, 0]),
    "labels": ([0, 1, 2, 2, 1, 0], [0, 1, 2, 2, 1, 0]),
    "probabilities": ([0.2, 0.5, 1, 0, 0.1, 0.7], None),
    "numbers": ([-3.5, 2, 7, 0.2, 0, 1], None),
    "one-hot rows": (np.eye(3)[[0, 1, 2, 2, 1, 0]], [0, 1, 2, 2, 1, 0]),
    "rows of -1 and 1": (2 * np.eye(3)[[0, 1, 2, 2, 1, 0]] - 1, [0, 1, 2, 2, 1, 0]),
    "rows of several labels": (np.array([[1, 1, 0], [0, 1, 1]] * 3), None),
    "shares": (np.full((6, 3), 1 / 3), None),
}


def takes(family, kind, outputs):
    """Whether a loss takes such targets for so many outputs: by hand."""
    rows = kind in ("one-hot rows", "rows of -1 and 1", "rows of several labels", "shares")
    if family in ("shares", "logits"):
        return outputs == 3 and kind in ("0 and 1", "labels", "one-hot rows", "shares")
    if rows != (outputs == 3):
        return False
    wanted = {"numbers": KINDS, "hinge": ("-1 and 1", "rows of -1 and 1")}
    return kind in wanted.get(family, ("0 and 1", "probabilities", "one-hot rows", "rows of several labels", "shares"))


def decided(family, kind, outputs):
    """The classes that a person would read from outputs."""
    if outputs.shape[1] > 1:
        return outputs.argmax(1)
    at_half = family == "binary" or (family == "numbers" and kind == "0 and 1")
    return (outputs[:, 0] > (0.5 if at_half else 0)).astype(int)


@pytest.mark.parametrize(("measured", "penalty"), [
    (["accuracy"], 0.1), *(pytest.param(*others, marks=pytest.mark.slow) for others in [
        ([], 0), ([], 0.1), (["accuracy"], 0), ([nn.accuracy], 0), ([nn.accuracy], 0.1)]),
])
@pytest.mark.parametrize("loss", nn.LOSSES)
def test_outputs_targets_and_metrics_fit_the_loss_or_nothing_is_trained(loss, penalty, measured):
    X, family = np.random.default_rng(3).normal(size=(6, 2)), FAMILIES[loss]
    for output, n in itertools.product(FITTING, (1, 3)):
        for kind, (Y, classes) in KINDS.items():
            model, optimizer = nn.Sequential(nn.Layer(2, n, seed=1), output), nn.SGD(0.1)
            before = nn.parameters_to_vector(model)
            cost = nn.penalized(loss, model, l2=penalty) if penalty else loss
            judged = classes is not None and (n > 1 or max(classes) == 1)
            fine = family in FITTING[output] and takes(family, kind, n) and (judged or not measured)
            fine = fine and (output, n) != ("softmax", 1)
            try:
                history = nn.fit(model, X, Y, cost, optimizer, epochs=1, progress=False, engine="eager",
                                 metrics=measured, validation_data=(X[:2], Y[:2]))
            except RerollError:
                assert not fine, (output, n, kind)
                np.testing.assert_array_equal(nn.parameters_to_vector(model), before)
                assert optimizer.steps == 0
            else:
                assert fine, (output, n, kind)
                if measured:
                    right = np.mean(decided(family, kind, model.predict(X)) == classes)
                    assert history.accuracy[-1] == right, (output, n, kind)
                    assert nn.evaluate(model, X, Y, cost, measured)["accuracy"] == right


def test_a_single_softmax_learns_nothing_and_is_refused():
    for loss in nn.LOSSES:
        for model in (nn.Sequential(nn.Layer(1, 1), "softmax"), nn.MLP(1, [1], output="softmax"), Constant()):
            Y = [-1, 1] if loss == "hinge" else [0, 1]
            if isinstance(model, Constant) and FAMILIES[loss] == "numbers":
                continue
            with pytest.raises(UsageError, match=r"always 1|always be right|takes scores of any sign"):
                nn.fit(model, [[0.0], [1.0]], Y, loss, nn.SGD(0.1), progress=False)


class Constant(nn.Module):
    """A softmax of one output, written by hand."""

    def __init__(self):
        self.w = nn.parameter(0.5)

    def forward(self, x):
        return autograd.softmax([self.w * x[0]])


def test_a_loss_of_ones_own_needs_a_threshold_where_outputs_are_no_probabilities():
    X, Y = np.linspace(-1, 1, 8), [0, 0, 0, 0, 1, 1, 1, 1]
    model = nn.MLP(1, [1], seed=0)
    before = nn.parameters_to_vector(model)
    with pytest.raises(UsageError, match="give threshold=0 for logits and scores"):
        nn.fit(model, X, Y, lambda a, y: (a - y) ** 2, nn.SGD(0.1), metrics=["accuracy"], progress=False)
    np.testing.assert_array_equal(nn.parameters_to_vector(model), before)


# ── metrics of one's own ─────────────────────────────────────────────────────────────────────


def raising(outputs, targets):
    """A metric that cannot be."""
    return 1 / 0


UNMEASURABLE = {
    "an error": raising,
    "a number for each example": lambda outputs, targets: outputs,
    "a number for each class": nn.precision,
    "a table": nn.confusion_matrix,
    "a text": lambda outputs, targets: "good",
    "nothing": lambda outputs, targets: None,
    "logits as probabilities": lambda outputs, targets: nn.accuracy(outputs, targets),
    "too few arguments": lambda outputs: 0.0,
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("engine", ["compiled", "eager"])
@pytest.mark.parametrize("metric", UNMEASURABLE)
def test_a_metric_that_cannot_be_measured_fails_before_the_first_step(metric, engine, dtype):
    X, Y = np.linspace(-1, 1, 6), [0, 0, 0, 1, 1, 1]
    model = nn.MLP(1, [1], seed=0)
    before = nn.parameters_to_vector(model)
    with pytest.raises((UsageError, ZeroDivisionError, TypeError)):
        nn.fit(model, X, Y, "binary_cross_entropy_with_logits", nn.SGD(0.1), metrics=[UNMEASURABLE[metric]],
               engine=engine, dtype=dtype, progress=False)
    np.testing.assert_array_equal(nn.parameters_to_vector(model, dtype), before.astype(dtype))


@pytest.mark.parametrize("metric", [nn.precision, nn.recall])
@pytest.mark.parametrize(("loss", "output", "cut", "low"), [
    ("binary_cross_entropy_with_logits", "linear", 0, 0), ("binary_cross_entropy", "sigmoid", 0.5, 0),
    ("hinge", "linear", 0, -1), ("mse", "linear", 0.5, 0), ("mse", "linear", 0, -1),
    (partial(nn.binary_cross_entropy, reduction="sum"), "sigmoid", 0.5, 0),
])
def test_every_metric_with_a_threshold_is_given_that_of_the_loss(metric, loss, output, cut, low):
    X, Y = np.linspace(-1, 1, 12), np.array([0, 1] * 3 + [1] * 6)
    model, targets = nn.MLP(1, [1], output=output, seed=0), Y * (1 - low) + low
    history = nn.fit(model, X, targets, loss, nn.SGD(0.1), epochs=2, progress=False, seed=0,
                     metrics=[partial(metric, average="macro")])
    classes = (model.predict(X)[:, 0] > cut).astype(int)
    assert history[metric.__name__][-1] == metric(classes, Y, average="macro")


def test_a_partial_of_a_loss_means_what_the_loss_means():
    for loss in (partial(nn.binary_cross_entropy, reduction="sum"), partial(partial(nn.cross_entropy))):
        with pytest.raises(UsageError, match="takes probabilities"):
            nn.fit(nn.MLP(1, [2], seed=0), [0.0, 1.0], np.eye(2), loss, nn.SGD(0.1), progress=False)
