"""The perceptron: a step, and the rule by which it learns without any derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from autograd import step
from autograd.errors import SizeError, UsageError
from nn.arguments import count, entry, rate
from nn.examples import FloatArray, paired
from nn.init import Initializer, Seed, generator
from nn.models.layer import Layer


def above(z: Any) -> Any:
    """1 if z > 0, else 0."""
    return step(z)


def at_or_above(z: Any) -> Any:
    """1 if z ≥ 0, else 0."""
    return 1 - step(-z)


THRESHOLDS: dict[str, Callable[[Any], Any]] = {">": above, ">=": at_or_above}
"""The two conventions: does a sum of exactly 0 fire?"""


@dataclass(frozen=True)
class PerceptronHistory:
    """How the perceptron rule fared: `mistakes`, the number of wrong outputs in each epoch."""

    mistakes: npt.NDArray[np.int64]

    @property
    def converged(self) -> bool:
        """Whether the last epoch went without a mistake."""
        return bool(self.mistakes[-1] == 0)

    def __str__(self) -> str:
        if self.converged:
            return f"converged in {len(self.mistakes)} epochs"
        return f"not converged after {len(self.mistakes)} epochs: {self.mistakes[-1]} mistakes in the last"


class Perceptron(Layer):
    """Rosenblatt's neuron, or `nout` of them side by side: 1 if w·x + b > 0, else 0.

    `threshold` is ">" or ">=": whether a sum of exactly 0 gives 0 or 1. The bias b is the negative of the threshold
    that w·x has to exceed. Its derivative is 0 wherever there is one, so that it learns by a rule of its own, `learn`.

    Source: Rosenblatt, The perceptron, Psychological Review 65, 1958.

    >>> AND = Perceptron(2)
    >>> print(AND.learn([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]))
    converged in 6 epochs
    >>> AND.W, AND.b, AND([1, 1]).data
    (array([[2., 1.]]), array([-2.]), 1.0)
    """

    def __init__(
        self, nin: int, nout: int = 1, *, threshold: str = ">", bias: bool = True,
        init: str | Initializer = "zeros", seed: Seed = None,
    ) -> None:
        self.fires = entry("threshold", threshold, THRESHOLDS)
        self.threshold = threshold
        super().__init__(nin, nout, self.fires, bias=bias, init=init, seed=seed)
        self.activation = "step"

    def forward(self, x: Any) -> Any:
        """0 or 1: a Value, or a list of several."""
        outs = super().forward(x)
        return outs[0] if len(outs) == 1 else outs

    def learn(
        self, X: npt.ArrayLike, Y: npt.ArrayLike, *, lr: float = 1.0, epochs: int = 100, shuffle: bool = False,
        seed: Seed = None,
    ) -> PerceptronHistory:
        """Let the perceptron rule change the weights, example by example, until an epoch goes without a mistake.

        w ← w + α(y - h)x and b ← b + α(y - h), the bias being the weight of a constant input 1. `Y` holds 0 and 1, a
        number or a row of `nout` for each example. If the classes can be separated by a hyperplane, the rule finds one
        after finitely many mistakes (Novikoff, 1962); if not, it never rests, and stops after `epochs`.
        """
        rows, targets = self.checked(X, Y)
        lr, rng = rate("learning rate", lr), generator(seed)
        W, b = self.W, np.zeros(self.nout) if self.b is None else self.b
        mistakes = []
        for _ in range(count("epochs", epochs)):
            mistakes.append(0)
            for i in rng.permutation(len(rows)) if shuffle else range(len(rows)):
                error = targets[i] - np.asarray(self.fires(W @ rows[i] + b), np.float64)
                wrong = int(np.count_nonzero(error))
                if wrong:
                    W += lr * np.outer(error, rows[i])
                    b += lr * error * (self.b is not None)
                    mistakes[-1] += wrong
            if not mistakes[-1]:
                break
        self.W = W
        if self.b is not None:
            self.b = b
        return PerceptronHistory(np.array(mistakes))

    def checked(self, X: npt.ArrayLike, Y: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Inputs of shape (n, nin) and targets of shape (n, nout)."""
        rows, targets = paired(X, Y)
        rows, targets = rows.reshape(len(rows), -1), targets.reshape(len(targets), -1)
        if rows.shape[1] != self.nin:
            raise SizeError(f"Perceptron takes {self.nin} inputs, {rows.shape[1]} came")
        if targets.shape[1] != self.nout:
            raise SizeError(f"Perceptron has {self.nout} outputs, {targets.shape[1]} targets came for each example")
        if not np.isin(targets, (0, 1)).all():
            raise UsageError("the targets of a perceptron are 0 and 1, others came: see nn.data.one_hot for classes; "
                             "(Y + 1) / 2 makes them of -1 and 1")
        return rows, targets

    def config(self) -> dict[str, Any]:
        """What Perceptron is called with to make such a one."""
        return {"nin": self.nin, "nout": self.nout, "threshold": self.threshold, "bias": self.bias is not None}

    def __repr__(self) -> str:
        return f"Perceptron({self.nin}, {self.nout}, threshold={self.threshold!r})"
