import numpy as np

from autograd import Value
from nn.nested import flatten


def test_an_object_array_of_values_is_flattened_to_the_values():
    values = [Value(i) for i in range(4)]
    assert flatten(np.array(values).reshape(2, 2)) == values


def test_text_and_arrays_of_no_dimension_are_single_things():
    assert flatten("ab") == ["ab"]
    assert flatten(np.array(3.0)) == [3.0]


def test_empty_lists_have_no_members():
    assert flatten([[], ()]) == []
