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

    The width is inf for a column that is constant, of which `low` is left and `inverse` makes the center.

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

        Raises `UsageError` for a column of numbers that are equal or differ by rounding only; with `constant` these
        become `low` instead.
        """
        if not finite("low end", low) < finite("high end", high):
            raise UsageError(f"the interval [low, high] needs low < high, [{low}, {high}] came")
        columns = table("X", X)
        smallest, span = columns.min(0), spans(columns)
        with np.errstate(over="ignore"):
            width = np.where(same(X, columns), 0.0, span / (high - low))
        if not np.isfinite(width).all():
            raise UsageError(f"the interval [{low}, {high}] is too short for the numbers of a column of X")
        return cls(smallest, varying(width, smallest, constant), low)

    @classmethod
    def zscore(cls, X: npt.ArrayLike, constant: bool = False) -> Scaling:
        """The scaling that gives each column mean 0 and standard deviation 1 (that of all examples, 1/n).

        Raises `UsageError` for a column of numbers that are equal or differ by rounding only; with `constant` these
        become 0 instead.
        """
        columns = table("X", X)
        # Squares of 1e-300 vanish and those of 1e300 are inf: a power of two brings each column near 1, exactly.
        exponent = np.frexp(np.abs(columns).max(0))[1] - 1
        near_one = np.ldexp(columns, -exponent)
        centred = near_one - near_one.mean(0)
        widest = np.where(same(X, columns), 1.0, np.abs(centred).max(0))
        deviation = np.ldexp(widest * (centred / widest).std(0), exponent)
        return cls(np.ldexp(near_one.mean(0), exponent), varying(
            np.where(same(X, columns), 0.0, deviation), columns[0], constant))

    def __call__(self, X: npt.ArrayLike) -> FloatArray:
        """Data scaled, an array of the same shape."""
        return (self._columns(X) - self.center) / self.width + self.low

    def inverse(self, Z: npt.ArrayLike) -> FloatArray:
        """Scaled data as they were."""
        data, varied = self._columns(Z), np.isfinite(self.width)
        return np.where(varied, (data - self.low) * np.where(varied, self.width, 0.0), 0.0) + self.center

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


def spans(columns: FloatArray) -> FloatArray:
    """The largest number of each column less the smallest; raises `UsageError` where that is too large for a float."""
    with np.errstate(over="ignore"):
        found: FloatArray = columns.max(0) - columns.min(0)
    if not np.isfinite(found).all():
        raise UsageError("the numbers of a column of X are too large, or lie too far apart, to be scaled")
    return found


ROUNDING = 8
"""Steps between neighbouring floats, at the largest number of a column, that may be rounding alone."""


def same(X: npt.ArrayLike, columns: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether the numbers of each column are equal, or differ by no more than rounding in the type that X has.

    >>> same([[0.3, 0.3], [0.1 + 0.2, 0.31]], np.array([[0.3, 0.3], [0.1 + 0.2, 0.31]])).tolist()
    [True, False]
    """
    dtype = getattr(X, "dtype", np.dtype(np.float64))
    step = np.spacing(np.abs(columns).max(0).astype(dtype if dtype.kind == "f" else np.float64)).astype(np.float64)
    return np.asarray(spans(columns) <= ROUNDING * step)


def varying(widths: FloatArray, values: FloatArray, constant: bool) -> FloatArray:
    """The widths of columns; those of columns that never change are an error, or inf."""
    flat = widths == 0
    if flat.any() and not constant:
        place = tuple(map(int, np.argwhere(flat)[0]))
        raise UsageError(
            f"column {list(place)} of X is {values[place]} throughout, so it cannot be scaled and says nothing: "
            f"leave it out, or give constant=True"
        )
    return np.where(flat, np.inf, widths)
