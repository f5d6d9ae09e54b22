import numpy as np
import pytest

import nn
from autograd import SizeError, UsageError


def test_a_layer_is_the_activation_of_w_x_plus_b():
    layer = nn.Layer(3, 2, "tanh", seed=0)
    layer.b = [0.5, -0.5]
    x = np.array([1.0, -2.0, 0.5])
    expected = np.tanh(layer.W @ x + layer.b)
    assert [out.data for out in layer(x)] == pytest.approx(expected.tolist(), abs=1e-15)


def test_all_weights_come_row_by_row_before_the_biases():
    labels = [value.label for value in nn.Layer(2, 2, name="3").parameters()]
    assert labels == ["W3[0,0]", "W3[0,1]", "W3[1,0]", "W3[1,1]", "b3[0]", "b3[1]"]


def test_named_parameters_are_nested_as_their_arrays():
    layer = nn.Layer(2, 3)
    named = dict(layer.named_parameters())
    assert list(named) == ["weight", "bias"]
    assert [len(row) for row in named["weight"]] == [2, 2, 2]
    assert named["bias"] == [neuron.b for neuron in layer.neurons]


def test_a_layer_without_bias_has_none():
    layer = nn.Layer(2, 3, bias=False)
    assert layer.b is None
    assert layer.bias is None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]
    with pytest.raises(UsageError, match="bias=False"):
        layer.b = [1, 2, 3]


def test_what_is_assigned_changes_the_parameters_and_what_is_looked_at_does_not():
    layer = nn.Layer(2, 1)
    layer.W = [[3, 4]]
    layer.W[0, 0] = 99
    assert [w.data for w in layer.neurons[0].w] == [3.0, 4.0]


def test_a_matrix_of_the_wrong_shape_is_refused():
    layer = nn.Layer(2, 3)
    with pytest.raises(SizeError, match=r"W has shape \(3, 2\), an array of shape \(2, 3\) came"):
        layer.W = np.zeros((2, 3))
    with pytest.raises(SizeError, match=r"b has shape \(3,\)"):
        layer.b = 0.0


def test_a_layer_of_one_neuron_gives_a_list_of_one():
    assert len(nn.Layer(2, 1)([1.0, 2.0])) == 1


def test_neurons_of_a_layer_share_their_inputs():
    first, second = nn.Layer(2, 2)([1.0, 2.0])
    assert first.args[2:4] == second.args[2:4]


def test_the_wrong_number_of_inputs_says_how_many_are_wanted():
    with pytest.raises(SizeError, match="Layer takes 2 inputs, 3 came"):
        nn.Layer(2, 1)([1, 2, 3])


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0), (2, -1), (1.5, 1), ("2", 1)])
def test_sizes_are_whole_numbers_from_one(sizes):
    with pytest.raises(UsageError, match="must be a whole number from 1"):
        nn.Layer(*sizes)
