"""Scaling of columns: what is learned from the training data is applied to all data.

`minmax_scale` and `zscore` do both at once. A `Scaling` keeps what was learned, for data that come later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from autograd.errors import SizeError, UsageError
from nn.arguments import finite
from nn.examples import FloatArray, table


@dataclass(frozen=True)
class Scaling:
    """x ↦ (x - center) / width + low, for each column of its own; `inverse` undoes it.

    >>> scaling = Scaling.minmax([[10.0], [20.0]], low=-1, high=1)
    >>> scaling([[15.0], [30.0]]).tolist(), scaling.inverse([[0.0]]).tolist()
    ([[0.0], [3.0]], [[15.0]])
    """

    center: FloatArray
    width: FloatArray
    low: float = 0.0

    @classmethod
    def minmax(cls, X: npt.ArrayLike, low: float = 0.0, high: float = 1.0, constant: bool = False) -> Scaling:
        """The scaling that takes the smallest number of each column to `low` and the largest to `high`.

        Raises `UsageError` for a column of equal numbers; with `constant` these become `low` instead.
        """
        if not finite("low end", low) < finite("high end", high):
            raise UsageError(f"the interval [low, high] needs low < high, [{low}, {high}] came")
        columns = table("X", X)
        with np.errstate(over="ignore"):
            smallest, span = columns.min(0), columns.max(0) - columns.min(0)
        return cls(smallest, varying(span, smallest, constant) / (high - low), low)

    @classmethod
    def zscore(cls, X: npt.ArrayLike, constant: bool = False) -> Scaling:
        """The scaling that gives each column mean 0 and standard deviation 1 (that of all examples, 1/n).

        Raises `UsageError` for a column of equal numbers; with `constant` these become 0 instead.
        """
        columns = table("X", X)
        same = (columns == columns[0]).all(0)  # a mean is rounded: the deviation of 0.1, 0.1, 0.1 need not be 0
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.where(same, columns[0], columns.mean(0))
            deviation = np.where(same, 0.0, columns.std(0))
        return cls(mean, varying(deviation, mean, constant))

    def __call__(self, X: npt.ArrayLike) -> FloatArray:
        """Data scaled, an array of the same shape."""
        return (self._columns(X) - self.center) / self.width + self.low

    def inverse(self, Z: npt.ArrayLike) -> FloatArray:
        """Scaled data as they were."""
        return (self._columns(Z) - self.low) * self.width + self.center

    def _columns(self, X: npt.ArrayLike) -> FloatArray:
        data = table("X", X)
        if data.shape[1:] != self.center.shape:
            raise SizeError(f"examples of shape {self.center.shape} were learned from, {data.shape[1:]} came")
        return data


def minmax_scale(
    train: npt.ArrayLike, *others: npt.ArrayLike, low: float = 0.0, high: float = 1.0, constant: bool = False
) -> FloatArray | tuple[FloatArray, ...]:
    """Data scaled to [low, high], column by column: x ↦ low + (x - min)/(max - min) · (high - low).

    Minimum and maximum are those of the training data, so that other data may leave the interval. Gives
    one array for one, a tuple for several; raises as `Scaling.minmax`, which is for data that come later.

    >>> X_train, X_test = minmax_scale([[0.0], [4.0]], [[1.0]], low=-1, high=1)
    >>> X_train.ravel().tolist(), X_test.ravel().tolist()
    ([-1.0, 1.0], [-0.5])
    """
    return _applied(Scaling.minmax(train, low, high, constant), train, *others)


def zscore(
    train: npt.ArrayLike, *others: npt.ArrayLike, constant: bool = False
) -> FloatArray | tuple[FloatArray, ...]:
    """Data normalised column by column: x ↦ (x - μ)/σ.

    Mean and standard deviation are those of the training data. Gives one array for one, a tuple
    for several; raises as `Scaling.zscore`, which is for data that come later.

    >>> X_train, X_test = zscore([[1.0], [3.0]], [[2.0], [4.0]])
    >>> X_train.ravel().tolist(), X_test.ravel().tolist()
    ([-1.0, 1.0], [0.0, 2.0])
    """
    return _applied(Scaling.zscore(train, constant), train, *others)


def _applied(scaling: Scaling, *data: npt.ArrayLike) -> FloatArray | tuple[FloatArray, ...]:
    scaled = tuple(map(scaling, data))
    return scaled[0] if len(scaled) == 1 else scaled


def varying(widths: FloatArray, values: FloatArray, constant: bool) -> FloatArray:
    """The widths of columns; those of columns that never change are an error, or 1."""
    if not np.isfinite(widths).all():
        raise UsageError("the numbers of a column of X are too large, or lie too far apart, to be scaled")
    same = widths == 0
    if same.any() and not constant:
        place = tuple(map(int, np.argwhere(same)[0]))
        raise UsageError(
            f"column {list(place)} of X is {values[place]} throughout, so it cannot be scaled and says nothing: "
            f"leave it out, or give constant=True"
        )
    return np.where(same, 1.0, widths)
