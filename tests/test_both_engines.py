"""Several engines, one meaning: whatever is trained by each comes out the same."""

import os

import numpy as np
import pytest

import nn
from nn.activations import ACTIVATIONS, LAYER_ACTIVATIONS

RNG = np.random.default_rng(0)
X, UNIT = RNG.normal(size=(7, 3)), RNG.uniform(0.05, 0.95, (7, 2))
ONE_HOT = nn.data.one_hot(RNG.integers(0, 2, 7), 2)
SIGNS = np.sign(RNG.normal(size=(7, 2)))


def mlp(activation="tanh", output="sigmoid", **options):
    return nn.MLP(3, [4, 2], activation, output, seed=1, **options)


@pytest.fixture(params=["eager", pytest.param("jax", marks=pytest.mark.slow)])
def other(request):
    """The engine that the compiled one is compared with."""
    if request.param == "jax":
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        pytest.importorskip("jax")
    return request.param


def agree(other, make, loss, Y, optimizer=lambda: nn.SGD(0.05, momentum=0.9), penalties=None):
    """Train twice, and compare the losses, the parameters and the predictions."""
    runs = []
    for engine in ("compiled", other):
        model = make()
        cost = nn.penalized(loss, model, **penalties) if penalties else loss
        history = nn.fit(model, X, Y, cost, optimizer(), epochs=3, batch_size=3, engine=engine, seed=2, progress=False)
        runs.append((history.loss, nn.parameters_to_vector(model), model.predict(X)))
    assert np.isfinite(runs[0][1]).all()
    for mine, theirs in zip(*runs, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-10, atol=1e-12)


POSITIVE = {"log", "sqrt"}
"""Activations of positive numbers: they come after softplus."""


@pytest.mark.parametrize("name", [*ACTIVATIONS, *LAYER_ACTIVATIONS])
def test_every_activation_trains_alike(other, name):
    def chained():
        before = "softplus" if name in POSITIVE else "linear"
        return nn.Sequential(nn.Layer(3, 4, before, seed=1), name, nn.Layer(4, 2, seed=2))

    agree(other, chained, "mse", UNIT)
    if name not in POSITIVE:
        agree(other, lambda: mlp(name, "linear"), "mse", UNIT)


@pytest.mark.parametrize(("loss", "output", "Y"), [
    ("squared_error", "linear", UNIT), ("half_squared_error", "linear", UNIT), ("mse", "linear", UNIT),
    ("mae", "linear", UNIT), ("hinge", "linear", SIGNS), ("binary_cross_entropy", "sigmoid", UNIT),
    ("binary_cross_entropy_with_logits", "linear", UNIT), ("cross_entropy", "softmax", ONE_HOT),
    ("cross_entropy_with_logits", "linear", ONE_HOT),
])
def test_every_loss_trains_alike(other, loss, output, Y):
    agree(other, lambda: mlp(output=output), loss, Y)


def test_no_loss_is_left_out():
    [mark] = [m for m in test_every_loss_trains_alike.pytestmark if m.name == "parametrize"]
    assert {loss for loss, _, _ in mark.args[1]} == nn.LOSSES.keys()


MODELS = {
    "dropout in an MLP": lambda: mlp(dropout=0.3),
    "dropout and softmax": lambda: nn.Sequential(
        nn.Layer(3, 6, "relu", seed=1), nn.Dropout(0.5), nn.Layer(6, 2, seed=2), "softmax"),
    "maxout": lambda: nn.Sequential(
        nn.Dropout(0.2), nn.Maxout(3, 4, pieces=3, seed=1), nn.Dropout(0.4), nn.Layer(4, 2, seed=2), "sigmoid"),
    "nested": lambda: nn.Sequential(
        nn.Sequential(nn.Layer(3, 3, "elu", bias=False, seed=1), "tanh"), nn.Layer(3, 2, "softmax", seed=2)),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("optimizer", [lambda: nn.SGD(0.05), lambda: nn.Adam(0.01)], ids=["SGD", "Adam"])
def test_every_model_trains_alike(other, make, optimizer):
    agree(other, make, "binary_cross_entropy", ONE_HOT, optimizer)


@pytest.mark.parametrize(("classes", "loss"), [(2, "binary_cross_entropy"), (3, "cross_entropy")])
def test_logistic_regression_trains_alike(other, classes, loss):
    labels = np.arange(7) % classes
    agree(other, lambda: nn.LogisticRegression(3, classes, init="normal", seed=1), loss,
          labels if classes == 2 else nn.data.one_hot(labels))


@pytest.mark.parametrize("biases", [False, True])
@pytest.mark.parametrize("make", [lambda: mlp(dropout=0.3), lambda: nn.Sequential(nn.Maxout(3, 2, seed=1), "sigmoid")],
                         ids=["MLP", "maxout"])
def test_penalties_train_alike(other, make, biases):
    agree(other, make, "binary_cross_entropy", UNIT, penalties={"l1": 0.01, "l2": 0.02, "biases": biases})
