"""The tree of exceptions."""

from __future__ import annotations

import inspect
import re

import pytest

import autograd
from autograd import errors

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_exception_stands_in_the_tree_that_is_drawn(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.RerollError)
    assert errors.__doc__ is not None
    drawn = re.search(rf"\b{kind.__name__}\b(?: \((\w+)\))?", errors.__doc__)
    assert drawn is not None
    if drawn[1]:
        assert drawn[1] in [base.__name__ for base in kind.__mro__]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_the_package_offers_every_exception(kind: type[Exception]) -> None:
    assert getattr(autograd, kind.__name__) is kind
    assert kind.__name__ in autograd.__all__
