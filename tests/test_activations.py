import numpy as np
import pytest

import autograd
import nn
from autograd import Value, ops
from nn.activations import ACTIVATIONS, elementwise


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


TORCH = {
    "linear": lambda F, z: z * 1, "sigmoid": lambda F, z: F.sigmoid(z), "tanh": lambda F, z: F.tanh(z),
    "relu": lambda F, z: F.relu(z), "leaky_relu": lambda F, z: F.leaky_relu(z, 0.1), "elu": lambda F, z: F.elu(z),
    "softplus": lambda F, z: F.softplus(z), "softmax": lambda F, z: F.softmax(z, 0), "abs": lambda F, z: z.abs(),
    "exp": lambda F, z: z.exp(), "sin": lambda F, z: z.sin(), "cos": lambda F, z: z.cos(), "neg": lambda F, z: -z,
    "sign": lambda F, z: z.sign(),
}


@pytest.mark.parametrize("name", TORCH)
def test_values_and_slopes_equal_those_of_torch(name):
    torch = pytest.importorskip("torch")
    points, weights = [-3.0, -1.0, -1e-3, 0.0, 1e-3, 0.5, 2.0], np.arange(1.0, 8.0)
    tensor = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    theirs = TORCH[name](torch.nn.functional, tensor)
    (theirs * torch.tensor(weights)).sum().backward()
    values = [Value(z) for z in points]
    outs = elementwise(name)(values)
    autograd.dot(outs, weights.tolist()).backward()
    assert [out.data for out in outs] == pytest.approx(theirs.tolist(), abs=1e-14)
    assert [z.grad for z in values] == pytest.approx(tensor.grad.tolist(), abs=1e-14)
