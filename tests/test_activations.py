import pytest

import nn
from autograd import Value, ops
from nn.activations import ACTIVATIONS


def test_every_activation_of_the_lectures_has_a_name():
    assert {"linear", "step", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "softplus"} <= ACTIVATIONS.keys()


def test_reductions_and_functions_of_two_numbers_are_no_activations():
    assert not {"sum", "max", "dot", "add", "pow", "maximum", "where", "gt", "detach"} & ACTIVATIONS.keys()


@pytest.mark.parametrize("name", sorted(ACTIVATIONS.keys() - {"linear"}))
def test_an_activation_is_the_row_of_its_name(name):
    out = ACTIVATIONS[name](Value(0.7))
    assert out.op is ops.TABLE[name]
    assert out.data == ops.TABLE[name](0.7)


def test_an_activation_may_be_any_function():
    swish = nn.Neuron.of([2.0], 1.0, lambda z: z * z.sigmoid())
    assert swish([1.0]).data == pytest.approx(3 / (1 + 2.718281828459045**-3))
