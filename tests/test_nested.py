import numpy as np
import pytest

import autograd
import nn
from autograd import NumberError, Value
from autograd.nested import flatten, parameters_of


def test_an_object_array_of_values_is_flattened_to_the_values():
    values = [Value(i) for i in range(4)]
    assert flatten(np.array(values).reshape(2, 2)) == values


def test_text_and_arrays_of_no_dimension_are_single_things():
    assert flatten("ab") == ["ab"]
    assert flatten(np.array(3.0)) == [3.0]


def test_empty_lists_have_no_members():
    assert flatten([[], ()]) == []


def test_parameters_come_in_the_order_of_the_models_and_lists_that_hold_them_each_once():
    shared = Value(0.0)
    layer = nn.Layer(1, 2, seed=0)
    params = {"a": [shared, [layer]], "b": (shared, np.array([Value(1.0), shared]))}
    found = parameters_of(params)
    assert found[0] is shared
    assert found[1:5] == layer.parameters()
    assert [value.data for value in found[5:]] == [1.0]
    assert nn.parameters_to_vector(params).tolist() == [value.data for value in found]
    assert autograd.compile(lambda x: x, params).params == nn.EagerEngine(lambda x, y: x, params).params == found


def test_a_generator_of_parameters_will_do_where_a_model_returns_one():
    class Line:
        w = Value(2.0)

        def parameters(self):
            yield self.w

    assert parameters_of([Line(), Line()]) == [Line.w]


@pytest.mark.parametrize("thing", [1.0, "ab", None, [[Value(1.0), "w"]], {"w": 1.0}, iter([])])
def test_what_is_no_parameter_is_named(thing):
    with pytest.raises(NumberError, match=r"parameters are Values, (float|str|NoneType|list_iterator) came"):
        parameters_of(thing)
