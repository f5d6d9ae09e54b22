import numpy as np
import pytest
from plotting import closed_figures  # noqa: F401

import nn
from autograd import SizeError, UsageError
from viz import plots

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = [0, 1, 1, 0]


def xor():
    """A network of 2-2-1 neurons that computes XOR: or, and not both."""
    model = nn.MLP(2, [2, 1], activation="sigmoid", output="sigmoid", seed=0)
    model.layers[0].W, model.layers[0].b = [[20, 20], [20, 20]], [-10, -30]
    model.layers[1].W, model.layers[1].b = [[20, -20]], [-10]
    return model


def test_examples_lie_where_the_hidden_layer_puts_them():
    model = xor()
    ax = plots.hidden_space(model, CORNERS, XOR)
    drawn = {group.get_label(): group.get_offsets() for group in ax.collections}
    hidden = np.array([[value.data for value in model.layers[0](x)] for x in CORNERS.tolist()])
    assert np.allclose(drawn["class 0"], hidden[[0, 3]])
    assert np.allclose(drawn["class 1"], hidden[[1, 2]])


def test_the_next_layer_parts_the_space_by_a_line():
    ax = plots.hidden_space(xor(), CORNERS, XOR, resolution=5)
    (image,) = ax.get_images()
    left, right, bottom, top = image.get_extent()
    h1, h2 = np.meshgrid(np.linspace(left, right, 5), np.linspace(bottom, top, 5))
    assert np.allclose(image.get_array(), 20 * h1 - 20 * h2 - 10)


def test_a_mesh_over_the_inputs_is_bent_as_the_layer_bends_it():
    drawn = plots.hidden_space(xor(), CORNERS, XOR).get_lines()
    points = np.concatenate([line.get_xydata() for line in drawn])
    assert ((points >= 0) & (points <= 1)).all()  # as sigmoids are
    assert not plots.hidden_space(xor(), CORNERS, XOR, mesh=False).get_lines()


@pytest.mark.parametrize(("model", "options", "error"), [
    (nn.MLP(2, [3, 1]), {}, SizeError),
    (nn.MLP(2, [2, 1]), {"layer": 2}, SizeError),
    (nn.MLP(2, [2, 1]), {"layer": 3}, SizeError),
    (nn.MLP(3, [2, 1]), {}, SizeError),
    ("model", {}, UsageError),
])
def test_a_hidden_space_needs_a_layer_of_two_neurons(model, options, error):
    with pytest.raises(error):
        plots.hidden_space(model, CORNERS, XOR, **options)
