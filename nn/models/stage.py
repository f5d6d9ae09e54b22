"""What a picture shows of a model: its stages, from the inputs to the outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from autograd import Value


@dataclass(frozen=True)
class Stage:
    """A layer of units that see the same inputs.

    `weights[i]` are the lists of weights of unit i: one list, or one for each piece of a maxout unit; `biases[i]` are
    its biases, if it has any. `functions` compute what the stage gives, one after the other, from what the stage before
    gave; `activations` are the names of those, or the functions themselves. `notes` are short remarks.
    """

    name: str
    weights: Sequence[Sequence[Sequence[Value]]]
    biases: Sequence[Sequence[Value]]
    functions: tuple[Callable[[Any], Any], ...]
    activations: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()
