"""Dropout: a network learns not to rely on any one of its neurons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from autograd import gt, noise, where
from nn.arguments import fraction
from nn.models.module import Module
from nn.models.stage import Stage


class Dropout(Module):
    """In training, each value is 0 with probability `p`, and divided by 1 - p if not; in prediction all stay.

    Inverted so, the expected value is the same in both, and prediction uses the whole network. Which values drop is
    drawn anew for every example and step, from the `seed` of `fit`.

    Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, JMLR 15, 2014.

    >>> Dropout(0.5).eval()([1.0, 2.0])
    [1.0, 2.0]
    """

    def __init__(self, p: float = 0.5) -> None:
        self.p = fraction("probability of dropout", p)

    def forward(self, x: Any) -> Any:
        """A value, or a list of them, some dropped."""
        if not self.training or not self.p:
            return x
        return [self.drop(v) for v in x] if isinstance(x, (list, tuple)) else self.drop(x)

    def drop(self, x: Any) -> Any:
        """Zero, or x/(1 - p)."""
        return x * where(gt(self.p, noise()), 0.0, 1 / (1 - self.p))

    def after(self, stage: Stage) -> Stage:
        """A stage with a note: in prediction, which is what is drawn, dropout does nothing."""
        return replace(stage, notes=(*stage.notes, f"dropout {self.p:g}"))

    def config(self) -> dict[str, Any]:
        """What Dropout is called with to make such a one."""
        return {"p": self.p}

    def __repr__(self) -> str:
        return f"Dropout({self.p:g})"
