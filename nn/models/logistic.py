"""Logistic regression: a linear model of probabilities."""

from __future__ import annotations

from typing import Any

from autograd.errors import UsageError
from nn.arguments import count
from nn.init import Initializer, Seed
from nn.models.layer import Layer


class LogisticRegression(Layer):
    """The probability of class 1, σ(w·x + b), for two classes; softmax(W x + b) for more.

    Train it with "binary_cross_entropy", or "cross_entropy" of one-hot rows. σ(z) > ½ exactly where z > 0, so that the
    boundary between the classes is the hyperplane w·x + b = 0: it separates only what a hyperplane can. The cost
    has a single minimum, whatever the first weights: zeros by default.

    >>> LogisticRegression(3)([1.0, 2.0, 3.0]).data, len(LogisticRegression(3, classes=4).parameters())
    (0.5, 16)
    """

    def __init__(
        self, nin: int, classes: int = 2, *, bias: bool = True, init: str | Initializer = "zeros", seed: Seed = None
    ) -> None:
        if count("classes", classes) < 2:
            raise UsageError("classes are told apart from 2 on, 1 came")
        two = classes == 2
        super().__init__(nin, 1 if two else classes, "sigmoid" if two else "softmax", bias=bias, init=init, seed=seed)

    def forward(self, x: Any) -> Any:
        """The probability of class 1, or a list of those of all classes."""
        outs = super().forward(x)
        return outs[0] if len(outs) == 1 else outs

    def config(self) -> dict[str, Any]:
        """What LogisticRegression is called with to make such a one."""
        return {"nin": self.nin, "classes": max(self.nout, 2), "bias": self.bias is not None}

    def __repr__(self) -> str:
        return f"LogisticRegression({self.nin}, classes={max(self.nout, 2)})"
