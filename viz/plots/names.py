"""Names in plots: how they are written, and where they stand so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from viz.text.markup import printable, shorten

NAME = 24
"""Letters of the longest names."""


def plain(text: str) -> str:
    """Text on one line, no longer than labels are."""
    return shorten(printable(text))


def brief(text: str) -> str:
    """A name of a curve or a class on one line, short enough to leave room for the plot."""
    return shorten(plain(text), NAME)


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Heights moved as little as it takes for neighbours to be a gap apart, those at the top downward.

    >>> [round(y, 2) for y in apart([0.5, 0.5, 1.0, 0.99], 0.1)]
    [0.45, 0.55, 1.0, 0.9]
    """
    order = np.argsort(heights, kind="stable")
    groups: list[tuple[float, int]] = []  # the middle of a group of names that touch, and how many they are
    for y in np.asarray(heights, float)[order]:
        groups.append((float(y), 1))
        while True:
            middle, n = groups[-1]
            half = gap * (n - 1) / 2
            middle = float(np.clip(middle, half, max(1 - half, half)))
            groups[-1] = (middle, n)
            if len(groups) < 2 or groups[-2][0] + gap * groups[-2][1] / 2 <= middle - gap * n / 2 + 1e-12:
                break
            below, m = groups[-2]
            groups[-2:] = [((below * m + middle * n) / (m + n), m + n)]
    placed = [middle + gap * (i - (n - 1) / 2) for middle, n in groups for i in range(n)]
    found = np.empty(len(placed))
    found[order] = placed
    return list(map(float, found))


def last_finite(numbers: Any) -> float:
    """The last number that is finite, or nan."""
    finite = numbers[np.isfinite(numbers)]
    return float(finite[-1]) if len(finite) else float("nan")
