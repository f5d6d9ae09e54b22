import numpy as np
import pytest
from matplotlib.colors import to_rgba

import nn
from autograd import SizeError, UsageError
from viz import plots
from viz.style import THEMES

X, Y = nn.data.xor()


def solver():
    """A network for XOR whose hidden neurons are OR and NAND, and its output AND."""
    model = nn.MLP(2, [2, 1], "sigmoid", "sigmoid", seed=0)
    model.layers[0].W, model.layers[0].b = [[20, 20], [-20, -20]], [-10, 30]
    model.layers[1].W, model.layers[1].b = [[20, 20]], [-30]
    return model


def examples(ax):
    return {dots.get_label(): dots for dots in ax.collections if str(dots.get_label()).startswith("class")}


def test_examples_lie_where_the_layer_moves_them():
    model = solver()
    found = examples(plots.hidden_space(model, X, Y, mesh=False))
    moved = np.array([[value.data for value in model.layers[0](row)] for row in X.tolist()])
    for label in (0, 1):
        assert found[f"class {label}"].get_offsets().tolist() == moved[Y.ravel() == label].tolist()


def test_the_next_layer_parts_them_by_a_line():
    ax = plots.hidden_space(solver(), X, Y, mesh=False)
    (line,) = [drawn for drawn in ax.collections if drawn not in examples(ax).values()]
    points = np.concatenate([path.vertices for path in line.get_paths()])
    assert points.sum(1) == pytest.approx(1.5)  # 20 h₁ + 20 h₂ = 30


def test_examples_on_the_wrong_side_have_a_ring():
    zeros = examples(plots.hidden_space(solver(), X, [0, 1, 1, 1]))["class 1"]
    text, background = to_rgba(THEMES["light"].text), to_rgba(THEMES["light"].background)
    assert [tuple(edge) for edge in zeros.get_edgecolors()] == [background, background, text]


def test_the_mesh_is_what_the_layer_makes_of_straight_lines():
    model = nn.MLP(2, [2, 1], "linear", seed=0)
    model.layers[0].W, model.layers[0].b = [[0, 1], [2, 0]], [1, 0]  # exchanges, stretches and shifts
    lines = plots.hidden_space(model, X, Y).get_lines()
    across = {float(line.get_ydata()[0]) for line in lines if np.ptp(line.get_ydata()) < 1e-9}
    assert sorted(across) == pytest.approx(2 * np.linspace(-0.1, 1.1, 11))
    assert {round(float(np.ptp(line.get_xdata())), 9) for line in lines} == {0, 1.2}


def test_there_is_no_mesh_over_three_inputs():
    assert len(plots.hidden_space(nn.MLP(3, [2, 1], seed=0), np.eye(3), [0, 1, 0]).get_lines()) == 0


def test_several_outputs_have_regions_and_a_last_layer_has_none():
    model = nn.MLP(2, [3, 2, 3], output="softmax", seed=0)
    (image,) = plots.hidden_space(model, X, [0, 1, 2, 0], layer=2).get_images()
    assert set(np.unique(image.get_array())) <= {0, 1, 2}
    assert len(plots.hidden_space(nn.MLP(2, [2], seed=0), X, Y).get_images()) == 0


@pytest.mark.parametrize("layer", [0, 2, 3, "a"])
def test_a_layer_that_has_not_two_neurons_is_refused(layer):
    with pytest.raises(SizeError, match="the layers have 2, 1"):
        plots.hidden_space(solver(), X, Y, layer=layer)


@pytest.mark.parametrize(("model", "inputs", "error", "message"), [
    (solver(), np.zeros((4, 3)), SizeError, "takes 2 inputs, x has 3"),
    ("model", X, UsageError, "has no layers"),
])
def test_what_does_not_fit_is_refused(model, inputs, error, message):
    with pytest.raises(error, match=message):
        plots.hidden_space(model, inputs, Y)
