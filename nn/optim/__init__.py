"""Optimisers: how a gradient changes the parameters.

Each is written once over the flat vector θ of all parameters, changes it in place and keeps its memory in vectors
of that length, float32 or float64 as θ is. Step by step they equal their namesakes in `torch.optim`.
"""

from nn.optim.adam import Adam, AdamW
from nn.optim.adaptive import AdaDelta, Adagrad, RMSProp
from nn.optim.base import Optimizer
from nn.optim.clip import clip_by_norm, clip_by_value
from nn.optim.sgd import SGD

OPTIMIZERS: dict[str, type[Optimizer]] = {
    made.__name__.lower(): made for made in (SGD, Adagrad, RMSProp, AdaDelta, Adam, AdamW)
}
"""Every optimiser by its name in small letters."""

__all__ = [
    "OPTIMIZERS", "SGD", "AdaDelta", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSProp", "clip_by_norm",
    "clip_by_value",
]
