import numpy as np
import pytest

from autograd import UsageError
from nn.arguments import count, finite, fraction, nonnegative, precision, rate


@pytest.mark.parametrize("number", [0, -1, 1.5, "3", None, True])
def test_a_count_is_a_whole_number_from_one(number):
    with pytest.raises(UsageError, match="the number of epochs must be a whole number from 1"):
        count("epochs", number)


def test_counts_may_come_from_numpy():
    assert count("epochs", np.int64(3)) == 3


@pytest.mark.parametrize("number", [0, -0.1, float("nan"), float("inf"), 10**400, 1j, "0.1", None])
def test_a_rate_is_a_finite_number_above_zero(number):
    with pytest.raises(UsageError, match="learning rate must be a number above 0"):
        rate("learning rate", number)


@pytest.mark.parametrize("number", [1, -0.1, float("nan"), "0.9"])
def test_a_fraction_is_from_zero_to_below_one(number):
    with pytest.raises(UsageError, match="momentum must be a number from 0 to below 1"):
        fraction("momentum", number)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 10**400, 1j, "0", None, [0.0]])
def test_what_is_no_finite_number_is_named(number):
    with pytest.raises(UsageError, match=r"the mean must be a finite number, .* came"):
        finite("mean", number)
    with pytest.raises(UsageError, match=r"the noise must be a number from 0, .* came"):
        nonnegative("noise", number)


def test_numbers_of_any_kind_become_floats():
    assert [type(check("x", np.float32(0.5))) for check in (rate, finite, nonnegative, fraction)] == [float] * 4
    assert (finite("mean", -3), nonnegative("noise", 0), rate("rate", 2)) == (-3.0, 0.0, 2.0)


@pytest.mark.parametrize("dtype", ["float16", int, "single precision", "U3", 32])
def test_a_precision_is_float32_or_float64(dtype):
    with pytest.raises(UsageError, match=r"the dtype must be float32 or float64, .* came"):
        precision(dtype)
