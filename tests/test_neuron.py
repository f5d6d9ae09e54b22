import math

import numpy as np
import pytest

import nn
from autograd import NumberError, SizeError, UsageError, Value, ops


def test_a_neuron_is_its_activation_of_the_weighted_sum():
    neuron = nn.Neuron.of([0.5, -2.0], 0.25, "tanh")
    assert neuron([3.0, 1.0]).data == math.tanh(0.5 * 3 - 2 + 0.25)


def test_a_neuron_is_drawn_as_one_sum_and_one_activation():
    out = nn.Neuron(3, "sigmoid", seed=0)([1.0, 2.0, 3.0])
    assert out.op is ops.sigmoid
    assert out.args[0].op is ops.dot
    labels = [value.label for value in out.args[0].args]
    assert labels == ["w[0]", "w[1]", "w[2]", "x[0]", "x[1]", "x[2]", "b"]


def test_parameters_are_the_weights_and_then_the_bias():
    neuron = nn.Neuron(2, seed=0)
    assert neuron.parameters() == [*neuron.w, neuron.b]
    assert {value.op for value in neuron.parameters()} == {ops.parameter}


def test_the_bias_is_optional():
    neuron = nn.Neuron(2, bias=False, init="zeros")
    assert neuron.b is None
    assert len(neuron.parameters()) == 2
    assert nn.Neuron.of([2.0, 3.0])([1.0, 1.0]).data == 5.0


@pytest.mark.parametrize("x", [[1, 2.0], (1, 2), np.array([1.0, 2.0]), np.array([1, 2], np.int8), [Value(1), 2]])
def test_inputs_come_as_lists_tuples_arrays_and_values(x):
    assert nn.Neuron.of([3.0, 4.0], 0.0)(x).data == 11.0


def test_a_neuron_of_one_input_takes_a_bare_number():
    neuron = nn.Neuron.of([3.0], 1.0)
    assert neuron(2).data == neuron(Value(2.0)).data == neuron([2.0]).data == 7.0


@pytest.mark.parametrize("x", [[], [1.0], [1.0, 2.0, 3.0], 1.0, np.array(1.0), np.array([1.0])])
def test_the_wrong_number_of_inputs_says_how_many_are_wanted(x):
    with pytest.raises(SizeError, match=r"Neuron takes 2 inputs, [013] came"):
        nn.Neuron(2)(x)


def test_inputs_that_are_not_numbers_are_refused():
    with pytest.raises(NumberError, match="a real number is expected, str 'a' came"):
        nn.Neuron(2)([1.0, "a"])
    with pytest.raises(SizeError, match=r"takes one example, an array of shape \(2, 2\) came"):
        nn.Neuron(2)(np.zeros((2, 2)))


def test_an_unknown_activation_or_initialiser_names_the_known_ones():
    with pytest.raises(UsageError, match=r"unknown activation 'rlu': there are linear, .*relu"):
        nn.Neuron(2, "rlu")
    with pytest.raises(UsageError, match="unknown activation None"):
        nn.Neuron(2, None)
    with pytest.raises(UsageError, match=r"unknown initialiser 'xavier': there are zeros, .*glorot_uniform"):
        nn.Neuron(2, init="xavier")


def test_a_neuron_needs_an_input():
    with pytest.raises(UsageError, match="inputs of a neuron must be a whole number from 1, 0 came"):
        nn.Neuron(0)


@pytest.mark.parametrize(("nonlin", "activation"), [(True, "relu"), (False, "linear")])
def test_nonlin_means_what_it_means_in_micrograd(nonlin, activation):
    assert nn.Neuron(3, nonlin=nonlin).activation == activation
    layer = nn.Layer(2, 3, nonlin=nonlin)
    assert layer.config()["activation"] == layer.neurons[0].activation == activation
    with pytest.raises(UsageError, match="micrograd's word for an activation"):
        nn.Neuron(3, "tanh", nonlin=nonlin)
