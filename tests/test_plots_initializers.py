import numpy as np
import pytest
from plotting import closed_figures  # noqa: F401

import nn
from autograd import SizeError
from viz import plots

X = np.random.default_rng(0).normal(size=(40, 4))


def test_each_model_has_a_row_and_each_layer_a_panel():
    models = {init: nn.MLP(4, [6, 5, 2], activation="tanh", init=init, seed=0) for init in ("normal", "he_normal")}
    axes = plots.activation_histograms(models, X)
    assert axes.shape == (2, 3)
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["normal", "he_normal"]
    assert [ax.get_title() for ax in axes[0]] == ["layer 1", "layer 2", "layer 3"]


def test_bars_are_shares_and_the_deviation_is_written():
    model = nn.MLP(4, [6, 2], activation="tanh", seed=0)
    first, second = plots.activation_histograms(model, X)[0]
    for ax in (first, second):
        assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(1)
    assert second.get_xlabel() == f"σ = {model.predict(X).std():.2g}"


@pytest.mark.parametrize(("models", "inputs"), [
    ({}, X),
    ({"a": nn.MLP(4, [1]), "b": nn.MLP(4, [1, 1])}, X),
    (nn.MLP(4, [1]), X[:, :2]),
    (nn.MLP(4, [1]), []),
])
def test_models_of_one_depth_and_examples_are_needed(models, inputs):
    with pytest.raises(SizeError):
        plots.activation_histograms(models, inputs)
