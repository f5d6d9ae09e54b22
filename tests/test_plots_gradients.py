import pytest
from plotting import closed_figures, curves  # noqa: F401

import nn
from autograd import UsageError, dot
from viz import plots


def test_gradients_are_the_root_mean_square_of_each_layers_weights():
    model = nn.MLP(2, [2, 1], seed=0)
    for value in model.parameters():
        value.grad = 9.0
    for value, slope in zip([w for row in model.layers[0].weight for w in row], [1, 1, 1, 5], strict=True):
        value.grad = slope
    ax = plots.gradients({"mine": model})
    assert curves(ax) == {"mine": [pytest.approx(7**0.5), 9]}
    assert ax.get_yscale() == "log"


def test_sigmoids_let_gradients_vanish_where_tanh_does_not():
    sizes = {}
    for name in ("sigmoid", "tanh"):
        model = nn.MLP(2, [8] * 5 + [1], activation=name, seed=0)
        model([0.5, -0.5]).backward()
        sizes[name] = model
    drawn = curves(plots.gradients(sizes))
    assert drawn["sigmoid"][0] < 1e-3 * drawn["sigmoid"][-1]
    assert drawn["tanh"][0] > 1e-1 * drawn["tanh"][-1]


def test_a_layer_without_gradient_is_a_dot_at_the_bottom():
    model = nn.MLP(1, [1, 1], activation="relu", seed=0)
    model.layers[0].W = [[-1.0]]
    model.layers[1].b = [1.0]
    out = model([1.0])
    dot([out], [out]).backward()
    for value in model.layers[1].weight[0]:
        value.grad = 2.0
    ax = plots.gradients(model)
    assert [line.get_xydata().tolist() for line in ax.get_lines()][-1] == [[1, 0]]


def test_gradients_ask_for_a_backward_pass():
    with pytest.raises(UsageError, match=r"call backward\(\)"):
        plots.gradients(nn.MLP(2, [1], seed=0))
