"""Nested lists, as models and data are made of, and the parameters in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.errors import NumberError
from autograd.value import Value


def flatten(nested: Any) -> list[Any]:
    """The members of nested lists, tuples, dicts and arrays from first to last; of a single thing, itself.

    >>> flatten([[1, 2], (3,), {"a": 4}])
    [1, 2, 3, 4]
    >>> flatten(5)
    [5]
    """
    if isinstance(nested, np.ndarray):
        nested = nested.tolist()
    if isinstance(nested, dict):
        nested = nested.values()
    elif not isinstance(nested, (list, tuple)):
        return [nested]
    leaves = []
    for member in nested:
        if isinstance(member, (list, tuple, dict, np.ndarray)):
            leaves += flatten(member)
        else:  # by far the most: no call for each
            leaves.append(member)
    return leaves


def parameters_of(params: Any) -> list[Value]:
    """The parameters of models, and Values, in nested lists and dicts: in their order, each once.

    A model is what has a method `parameters`, which returns Values. Raises `NumberError` for what is
    neither a model nor a Value.

    >>> a, b = Value(1.0, "a"), Value(2.0, "b")
    >>> [value.label for value in parameters_of({"first": [b, a], "again": b})]
    ['b', 'a']
    """
    values = [
        value for leaf in flatten(params) for value in (leaf.parameters() if hasattr(leaf, "parameters") else (leaf,))
    ]
    for value in values:
        if not isinstance(value, Value):
            raise NumberError(f"parameters are Values, {type(value).__name__} came: pass a model or Values")
    return list(dict.fromkeys(values))
