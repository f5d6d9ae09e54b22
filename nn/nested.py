"""Nested lists, as models and data are made of."""

from __future__ import annotations

from typing import Any

import numpy as np


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
