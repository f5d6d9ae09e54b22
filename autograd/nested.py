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
        nested = list(nested.values())
    return [leaf for member in nested for leaf in flatten(member)] if isinstance(nested, (list, tuple)) else [nested]


def parameters_of(params: Any) -> list[Value]:
    """The parameters of models, and Values, in nested lists and dicts: in their order, each once.

    A model is what has a method `parameters`. Raises `NumberError` for what is neither that nor a Value.

    >>> a, b = Value(1.0, "a"), Value(2.0, "b")
    >>> [value.label for value in parameters_of({"first": [b, a], "again": b})]
    ['b', 'a']
    """
    found: dict[Value, None] = {}
    for leaf in flatten(params):
        if isinstance(leaf, Value):
            found[leaf] = None
        elif hasattr(leaf, "parameters"):
            found |= dict.fromkeys(parameters_of(list(leaf.parameters())))
        else:
            raise NumberError(f"parameters are Values, {type(leaf).__name__} came: pass a model or Values")
    return list(found)
