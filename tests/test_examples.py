import numpy as np
import pytest

from autograd import NumberError, SizeError, UsageError
from nn.examples import paired, table


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([], SizeError, "at least one example"),
        (np.zeros((0, 3)), SizeError, r"its shape is \(0, 3\)"),
        (5.0, SizeError, "at least one example"),
        ([[1, 2], [3]], SizeError, "the rows of X differ in length"),
        ([["a", "b"]], NumberError, "X must hold real numbers"),
        ([[1j]], NumberError, "X must hold real numbers"),
        ([[None, 1.0]], NumberError, "X must hold real numbers"),
        ([[0.0, 1.0], [float("nan"), 2.0]], UsageError, r"X\[1, 0\] is nan"),
        ([[0.0, -float("inf")]], UsageError, r"X\[0, 1\] is -inf"),
    ],
)
def test_data_that_cannot_be_learned_from_is_named(data, error, message):
    with pytest.raises(error, match=message):
        table("X", data)


def test_truth_values_and_integers_become_floats():
    assert table("X", [[True, False]]).tolist() == [[1.0, 0.0]]
    assert table("X", np.array([1, 2], np.int8)).dtype == np.float64


def test_inputs_and_targets_must_be_equally_many():
    with pytest.raises(SizeError, match="one row per example each, 2 and 3 rows came"):
        paired([[1], [2]], [1, 2, 3])
