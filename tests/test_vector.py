import numpy as np
import pytest

import nn
from autograd import NumberError, SizeError, Value


def test_theta_is_all_weights_row_by_row_and_then_the_biases():
    layer = nn.Layer(2, 3)
    layer.W, layer.b = [[1, 2], [3, 4], [5, 6]], [7, 8, 9]
    assert nn.parameters_to_vector(layer).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_what_is_written_back_is_what_was_read():
    model = nn.MLP(3, [4, 2], seed=0)
    theta = np.arange(len(model.parameters()), dtype=float)
    nn.vector_to_parameters(theta, model)
    assert np.array_equal(nn.parameters_to_vector(model), theta)
    assert {type(value.data) for value in model.parameters()} == {float}


def test_nested_lists_and_dicts_give_values_in_their_order_each_once():
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    assert nn.parameters_to_vector({"W": [[c], [a]], "b": [b, a]}).tolist() == [3.0, 1.0, 2.0]


def test_the_dtype_can_be_chosen():
    assert nn.parameters_to_vector([Value(0.1)], np.float32).dtype == np.float32


@pytest.mark.parametrize("theta", [[1.0], [1.0, 2.0, 3.0], [[1.0, 2.0]], 5.0])
def test_a_vector_of_the_wrong_shape_changes_nothing(theta):
    params = [Value(8.0), Value(9.0)]
    with pytest.raises(SizeError, match=r"a vector of shape \(2,\) is expected"):
        nn.vector_to_parameters(theta, params)
    assert [value.data for value in params] == [8.0, 9.0]


def test_what_is_no_number_or_no_parameter_is_named():
    with pytest.raises(NumberError, match="real numbers"):
        nn.vector_to_parameters(["a"], [Value(1.0)])
    with pytest.raises(NumberError, match="parameters are Values, float came"):
        nn.parameters_to_vector([1.0])


def test_a_number_that_is_too_large_for_the_precision_is_refused_and_infinity_is_not():
    assert nn.parameters_to_vector([Value(np.inf)], "float32").tolist() == [np.inf]
    with pytest.raises(NumberError, match="numbers that float32 can hold"):
        nn.parameters_to_vector([Value(1e300)], "float32")
