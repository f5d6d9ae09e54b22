import numpy as np
import pytest
from plotting import pyplot

import nn
from autograd import SizeError, UsageError
from viz import plots

X = np.random.default_rng(0).normal(size=(20, 3))


def heights(ax):
    return [bar.get_height() for bar in ax.patches]


def test_there_is_a_row_for_each_model_and_a_panel_for_each_layer():
    models = {init: nn.MLP(3, [8, 8], "tanh", "tanh", init=init, seed=0) for init in ("normal", "glorot_uniform")}
    axes = plots.activation_histograms(models, X)
    assert axes.shape == (2, 2)
    assert [ax.get_title() for ax in axes[0]] == ["layer 1", "layer 2"]
    assert [ax.get_ylabel() for ax in axes[:, 0]] == list(models)


def test_bars_are_the_shares_of_the_activations_of_a_layer():
    model = nn.MLP(3, [5, 2], "tanh", "tanh", seed=0)
    axes = plots.activation_histograms(model, X)
    found = model.predict(X)
    low, high = axes[0, 1].get_xlim()
    assert heights(axes[0, 1]) == pytest.approx(np.histogram(found, 30, (low, high))[0] / found.size)
    assert axes[0, 1].get_xlabel() == f"σ = {found.std():.2g}"
    assert axes[0, 0].get_xlim() == (low, high)


def test_relu_has_no_negative_side_and_zeros_have_both():
    axes = plots.activation_histograms({"relu": nn.MLP(3, [9], output="relu", seed=0),
                                        "zeros": nn.MLP(3, [9], output="relu", init="zeros")}, X)
    assert axes[0, 0].get_xlim()[0] == 0
    assert axes[1, 0].get_xlim() == (-1, 1)
    assert sum(heights(axes[1, 0])) == 1


def test_axes_can_be_given():
    _, given = pyplot.subplots(1, 2)
    found = plots.activation_histograms(nn.MLP(3, [2, 1]), X, ax=given)
    assert found.ravel().tolist() == given.tolist()


@pytest.mark.parametrize(("models", "inputs", "error", "message"), [
    ({"a": nn.MLP(3, [1]), "b": nn.MLP(3, [1, 1])}, X, SizeError, r"equal depth .* \[1, 2\] came"),
    ({}, X, SizeError, "equal depth"),
    (nn.MLP(3, [1]), [], SizeError, "2 dimension"),
    (nn.MLP(2, [1]), X, SizeError, "takes 2 inputs, x has 3"),
    (nn.MLP(3, [1], init=lambda rng, shape: np.full(shape, 1e308)), X * 1e10, UsageError, "nan or inf"),
])
def test_what_does_not_fit_is_refused(models, inputs, error, message):
    with pytest.raises(error, match=message):
        plots.activation_histograms(models, inputs)
