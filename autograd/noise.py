"""Random numbers inside a graph: fresh ones for every example, the same for both engines.

Dropout asks for a number with `noise()`. While a loss is traced the number is a leaf of the graph,
filled in later from one draw per batch; in eager evaluation it is a constant drawn at once.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd import ops
from autograd.value import leaf


class _Source(threading.local):
    draw: Callable[[], Any] | None = None


_source = _Source()


@functools.cache
def _default() -> np.random.Generator:
    """Made when it is first needed: importing autograd does not load numpy.random, which takes long."""
    return np.random.default_rng()


def noise() -> Any:
    """A random number, uniform in [0, 1): a constant as far as derivatives are concerned.

    >>> with drawing_from(iter([0.25]).__next__):
    ...     noise().data
    0.25
    """
    number = _default().random() if _source.draw is None else _source.draw()
    return number if isinstance(number, ops.Carrier) else leaf(float(number), ops.constant)


@contextlib.contextmanager
def drawing_from(draw: Callable[[], Any]) -> Iterator[None]:
    """Let `noise` take its numbers from `draw` inside the block, in this thread."""
    before = _source.draw
    _source.draw = draw
    try:
        yield
    finally:
        _source.draw = before
