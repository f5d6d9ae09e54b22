"""Losses of one example, for training to make small; the mean over examples is taken where examples meet.

Each takes one output and one target, or lists of them (nested or not) of the same length, and averages
over the outputs. Outputs and targets may be Values or plain numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import log, maximum, mean, softplus
from autograd.errors import SizeError
from autograd.nested import flatten

Loss = Callable[[Any, Any], Any]

TINY = float(np.finfo(np.float32).tiny)
"""The smallest probability whose logarithm is taken: about 1e-38, since 1/TINY is finite even in float32."""


def mse(outputs: Any, targets: Any) -> Any:
    """The mean squared error over the d outputs of an example, (1/d) Σ (a - y)².

    Over n examples, `fit` takes the mean with 1/n; the other usual conventions, 1/(2n) and half the
    squared error, differ from it by the factor ½.

    >>> mse(0.5, 1)
    0.25
    >>> mse([1.0, 4.0], [1.0, 2.0])
    2.0
    """
    return _mean([(a - y) ** 2 for a, y in _pairs(outputs, targets)])


def binary_cross_entropy(probabilities: Any, targets: Any) -> Any:
    """-(y ln a + (1 - y) ln(1 - a)) of a probability a and a target y in [0, 1]; its mean over several outputs.

    For outputs behind a sigmoid. A probability nearer to 0 than `TINY` counts as `TINY` (and to 1
    likewise), so that a wrong and saturated output costs at most -ln TINY = 87.3, never inf or nan. There its
    gradient is 0: `binary_cross_entropy_with_logits` is exact everywhere.

    >>> round(binary_cross_entropy(0.6, 1), 4), round(binary_cross_entropy(0.0, 1), 1)
    (0.5108, 87.3)
    """
    return _mean([
        -(y * log(maximum(a, TINY)) + (1 - y) * log(maximum(1 - a, TINY))) for a, y in _pairs(probabilities, targets)
    ])


def binary_cross_entropy_with_logits(logits: Any, targets: Any) -> Any:
    """The binary cross entropy of σ(z) from the logit z itself: for outputs without an activation.

    With ln σ(z) = -softplus(-z) it is y softplus(-z) + (1 - y) softplus(z), exact for any z.

    >>> round(binary_cross_entropy_with_logits(0.0, 1), 4), binary_cross_entropy_with_logits(-1000.0, 1)
    (0.6931, 1000.0)
    """
    return _mean([y * softplus(-z) + (1 - y) * softplus(z) for z, y in _pairs(logits, targets)])


LOSSES: dict[str, Loss] = {f.__name__: f for f in (mse, binary_cross_entropy, binary_cross_entropy_with_logits)}
"""Every loss by its name."""


def _pairs(outputs: Any, targets: Any) -> list[tuple[Any, Any]]:
    """Each output with its target."""
    outs, ys = flatten(outputs), flatten(targets)
    if len(outs) != len(ys) or not outs:
        raise SizeError(f"a loss compares each output with a target, {len(outs)} outputs and {len(ys)} targets came")
    return list(zip(outs, ys, strict=True))


def _mean(terms: list[Any]) -> Any:
    return terms[0] if len(terms) == 1 else mean(terms)
