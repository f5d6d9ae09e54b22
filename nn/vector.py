"""All parameters as one flat vector θ, in which optimisers think."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from autograd.errors import NumberError, SizeError
from autograd.flat import assign, numbers_of
from autograd.nested import is_real, parameters_of, real_array
from nn.arguments import precision


def parameters_to_vector(params: Any, dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """The data of the parameters, an array of shape (parameters,).

    `params` is a model, or Values in nested lists or dicts. Raises `NumberError` for a number too large for float32.

    >>> from autograd import Value
    >>> parameters_to_vector([Value(1.0), [Value(2.0), Value(3.0)]])
    array([1., 2., 3.])
    """
    return cast("the parameters", numbers_of(parameters_of(params)), precision(dtype))


def vector_to_parameters(theta: npt.ArrayLike, params: Any) -> None:
    """Write a vector back into the data of the parameters: the inverse of `parameters_to_vector`.

    Raises `SizeError` if `theta` is not of shape (parameters,), `NumberError` if it does not hold real numbers; then
    nothing is written.
    """
    values = parameters_of(params)
    theta = real_array("theta", theta)
    if theta.shape != (len(values),):
        raise SizeError(f"a vector of shape ({len(values)},) is expected, one number per parameter, {theta.shape} came")
    assign(values, cast("a vector", theta))


def cast(name: str, array: npt.NDArray[Any], dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """An array of real numbers in this precision, where what is infinite stays so.

    Raises `NumberError` where one is too large.
    """
    try:
        with np.errstate(over="raise"):
            return array.astype(dtype)
    except FloatingPointError:
        raise NumberError(f"{name} must hold numbers that {np.dtype(dtype)} can hold, a larger one came") from None


def real_numbers(name: str, dtype: np.dtype[Any]) -> None:
    """Raise `NumberError` unless arrays of this type hold real numbers."""
    if not is_real(dtype):
        raise NumberError(f"{name} must hold real numbers, an array of type {dtype} came")
