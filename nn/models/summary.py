"""A table of the parts of a model: shapes and numbers of parameters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.nested import parameters_of
from autograd.tables import aligned
from nn.models.state import numbers

Row = tuple[str, str, str, str]


def summary(model: Any) -> str:
    """A table with a line for each module that has parameters of its own, or has nothing inside."""
    lines: list[Row] = [("name", "module", "shapes", "parameters"), *parts(model, "")]
    total = len(parameters_of(model))
    rows = aligned(lines, "<<<>")
    return "\n".join([rows[0], "-" * len(rows[0]), *rows[1:], f"{total:,} parameters"])


def parts(module: Any, path: str) -> Iterator[Row]:
    """A line for a module, unless it only holds others, and lines for those."""
    inner = list(module.children())
    within = {f"{name}." for name, _ in inner}
    own = {
        name: np.shape(numbers(nested)) for name, nested in module.named_parameters()
        if not any(name.startswith(prefix) for prefix in within)
    }
    if own or not inner:
        shapes = ", ".join(f"{name} {shape}" for name, shape in own.items())
        yield path or "-", repr(module), shapes, f"{sum(map(math.prod, own.values())):,}"
    for name, member in inner:
        yield from parts(member, f"{path}.{name}" if path else name)
