import numpy as np
import pytest

import autograd
import nn
from autograd import Value


def unit(weights, biases):
    """One unit of one input with these pieces."""
    layer = nn.Maxout(1, 1, pieces=len(weights), init=lambda rng, shape: np.array(weights, float).reshape(shape))
    for value, b in zip(layer.bias[0], biases, strict=True):
        value.data = b
    return lambda x: layer([x])[0]


@pytest.mark.parametrize(
    ("weights", "f"), [([0, 1], autograd.relu), ([-1, 1], abs), ([0.1, 1], autograd.leaky_relu)]
)
@pytest.mark.parametrize("x", [-2.0, -0.5, 0.5, 3.0])
def test_maxout_can_become_other_activations(weights, f, x):
    piece, other = Value(x), Value(x)
    out, expected = unit(weights, [0, 0])(piece), f(other)
    out.backward(), expected.backward()
    assert (out.data, piece.grad) == (expected.data, other.grad)


def test_each_unit_is_the_largest_of_its_linear_pieces():
    layer = nn.Maxout(3, 4, pieces=5, init="normal", seed=0)
    state, x = layer.state_dict(), np.array([0.5, -1.0, 2.0])
    expected = (state["weight"] @ x + state["bias"]).max(1)
    assert state["weight"].shape == (4, 5, 3)
    assert [out.data for out in layer(x)] == pytest.approx(expected.tolist(), abs=1e-14)


def test_only_the_largest_piece_learns():
    layer = nn.Maxout(2, 1, pieces=3, init="normal", seed=1)
    x = [1.0, -2.0]
    autograd.sum(layer(x)).backward()
    state = layer.state_dict()
    winner = (state["weight"] @ x + state["bias"]).argmax()
    slopes = [[w.grad for w in piece] for piece in layer.weight[0]]
    assert slopes == [x if k == winner else [0.0, 0.0] for k in range(3)]
    assert [b.grad for b in layer.bias[0]] == [float(k == winner) for k in range(3)]


def test_the_bias_is_optional():
    layer = nn.Maxout(2, 3, bias=False, seed=0)
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    assert len(layer([0.0, 0.0])) == 3
    assert layer.predict([[0.0, 0.0]]).tolist() == [[0.0, 0.0, 0.0]]


def test_weights_are_drawn_as_those_of_a_linear_layer():
    drawn = nn.Maxout(4, 3, pieces=2, seed=5).state_dict()["weight"]
    assert np.array_equal(drawn.reshape(6, 4), nn.Layer(4, 6, seed=5).W)


def test_a_maxout_network_learns_xor():
    X, Y = nn.data.xor()
    model = nn.Sequential(nn.Maxout(2, 4, seed=0), nn.Layer(4, 1, "sigmoid", seed=1))
    nn.fit(model, X, Y, "binary_cross_entropy", nn.SGD(0.5, momentum=0.9), epochs=200, progress=False)
    assert nn.accuracy(model.predict(X), Y) == 1
