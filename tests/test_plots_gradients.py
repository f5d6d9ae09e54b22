import numpy as np
import pytest
from plotting import curves

import nn
from autograd import UsageError
from viz import plots


def learned(activation):
    model = nn.MLP(2, [3, 3, 1], activation, seed=0)
    (model([1.0, -2.0]) ** 2).backward()
    return model


def sizes(model):
    return [np.sqrt(np.mean([w.grad**2 for row in layer.weight for w in row])) for layer in model.layers]


def test_each_layer_is_a_dot_at_the_root_mean_square_of_its_gradients():
    models = {name: learned(name) for name in ("sigmoid", "tanh")}
    ax = plots.gradients(models)
    assert ax.get_yscale() == "log"
    assert curves(ax) == {name: pytest.approx(sizes(model)) for name, model in models.items()}


def test_a_single_model_needs_no_name():
    (line, _) = plots.gradients(learned("tanh")).get_lines()
    assert line.get_xdata().tolist() == [1, 2, 3]


def test_a_layer_without_gradient_is_an_open_dot_at_the_bottom():
    model = nn.MLP(1, [1, 1], "relu", seed=0)
    model.layers[0].W = [[-1.0]]
    model.layers[0].b = [2.0]
    model.layers[1].W = [[0.0]]
    (model([1.0]) - 1.0).backward()
    line, none = plots.gradients(model).get_lines()
    assert line.get_ydata().tolist() == [pytest.approx(np.nan, nan_ok=True), 1.0]
    assert none.get_xydata().tolist() == [[1, 0]]


@pytest.mark.parametrize(("models", "message"), [
    (nn.MLP(2, [1]), r"no weight has a gradient: call backward\(\)"),
    ({"a": nn.MLP(2, [1])}, "no weight of a has a gradient"),
    ({}, "none came"),
    (5, "has no layers"),
])
def test_models_without_gradients_are_refused(models, message):
    with pytest.raises(UsageError, match=message):
        plots.gradients(models)


def test_gradients_that_are_not_finite_are_refused():
    model = learned("tanh")
    model.layers[0].weight[0][0].grad = float("nan")
    with pytest.raises(UsageError, match="finite"):
        plots.gradients(model)
