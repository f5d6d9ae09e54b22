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
        # Most are Values, often a hundred thousand: no call for each, and the quickest test first.
        if type(member) is not Value and isinstance(member, (list, tuple, dict, np.ndarray)):
            leaves += flatten(member)
        else:
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
    values: list[Any] = []
    for leaf in flatten(params):
        if not isinstance(leaf, Value) and hasattr(leaf, "parameters"):
            values += leaf.parameters()
        else:
            values.append(leaf)
    for value in values:
        if not isinstance(value, Value):
            raise NumberError(f"parameters are Values, {type(value).__name__} came: pass a model or Values")
    return list(dict.fromkeys(values))
