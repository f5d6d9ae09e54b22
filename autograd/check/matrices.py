"""Check a student's backpropagation with arrays: which line is wrong first, and by which slip.

The compiler turns the loss of one example into the arrays of a batch, each of them with its gradient, and the student's
function is compared with those. The gradients of the parameters decide: what is on the way may be scaled or left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy.typing as npt

from autograd.check.report import MatrixReport


def matrices(
    loss: Callable[..., Any], params: Any, student: Callable[..., Any], X: npt.ArrayLike,
    Y: npt.ArrayLike | None = None, *, reduction: str = "mean", names: Mapping[str, str] | None = None,
) -> MatrixReport:
    """A report on a student's backpropagation in NumPy, compared with the arrays of the compiled loss.

    `loss(x, y)` and `params` are those of `autograd.compile`: the loss of one example, over Values. `student` computes
    the gradients of the mean over the rows of X and Y, or of the sum with reduction="sum". It is called by the names of
    its parameters: X, Y, `params` (a dict of arrays) or the arrays one by one (W1, b1, …), `theta` (one vector). It
    returns gradients as a dict ({"dW1": …} or {"W1": …}), a tuple in the order of the parameters, or one vector; the
    loss may come before. Weights may be (in, out) or (out, in), examples first or last: the function is called in every
    convention, and the one in which it comes out best is its own. Parameters that are equal throughout, such as biases
    of 0, are moved a little before, so that nothing agrees by chance.

    Intermediate arrays help to find the line. They are compared with those of the same name in `program.source`, or of
    that in `names`, as in {"delta2": "dz2"}: end with `return locals()`, or take `record` and call
    record(z1=z1, dz1=dz1).

    The report is true if all gradients are right. Else it names the first line that is wrong, and the slip, if a usual
    one made in the right program gives the student's numbers; the right line is explained index by index.
    Raises `UsageError` for a function that cannot be called, or returns something else.

    >>> from autograd import Value
    >>> w, b = [Value(0.5, "w[0]"), Value(-1.0, "w[1]")], Value(0.1, "b")
    >>> def loss(x, y):
    ...     return (w[0] * x[0] + w[1] * x[1] + b - y) ** 2
    >>> def backward(X, Y, w, b):
    ...     ds = 2 * (X @ w + b - Y)
    ...     return {"dw": X.T @ ds, "db": ds.sum()}
    >>> X, Y = [[1.0, 2.0], [3.0, 4.0], [0.0, 1.0]], [1.0, 0.0, 2.0]
    >>> report = matrices(loss, {"w": w, "b": b}, backward, X, Y)
    >>> print(report.first.words)
    is 3 times too large: the mean over the batch was forgotten, divide by n = 3
    """
    from autograd.check.search import check  # not needed by those who check nobody

    return check(loss, params, student, X, Y, reduction, names or {})
