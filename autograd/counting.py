"""Counting arithmetic, so that the cost of two ways to a gradient can be compared without a clock.

What is counted, the same at every run and on every machine:

- forward: an operation of the table counts 1, `sum`, `max`, `min` and `logsumexp` 1 for each term, `dot` 2
  for each product (a multiplication and an addition) and 1 for its bias;
- backward: 2 for each operand, upstream gradient × local derivative and its addition to what has arrived there.

So backpropagation through arithmetic costs as much again as two forward passes at most (Griewank and Walther,
Evaluating Derivatives, 2nd edition, section 4.6), while finite differences cost one or two forward passes for
every input. The work of a local derivative itself, such as 1 - out² of tanh, is not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograd import modes, ops
from autograd.tables import aligned

if TYPE_CHECKING:
    from autograd.value import Value


def arithmetic(op: ops.Op, operands: int) -> int:
    """What applying a row to so many operands counts in the forward pass."""
    if isinstance(op, ops.Contraction):
        return operands  # n multiplications and n additions for n weights and n inputs, and one for the bias
    return operands if isinstance(op, ops.Reduction) else 1


class count_operations(modes.Mode):  # noqa: N801 - named as detect_anomaly and no_grad are
    """Count the arithmetic that Values do, forward and backward, while a ``with`` block runs.

    `applied` says how often each operation was applied, `forward` and `backward` what its applications count,
    by name; `total` is the sum of both. Only Values are counted, and only inside the block: neither plain floats nor
    compiled programs. Entered again, it goes on counting. See the top of this file for what counts how much.

    >>> from autograd import Value, dot
    >>> w, x = [Value(1.0), Value(2.0), Value(3.0)], [4.0, 5.0, 6.0]
    >>> with count_operations() as count:
    ...     dot(w, x).tanh().backward()
    >>> count.total, dict(count.applied)
    (21, {'dot': 1, 'tanh': 1})
    >>> print(count)
    operation  applied  forward  backward
    dot              1        6        12
    tanh             1        1         2
    total            2        7        14
    """

    def __init__(self) -> None:
        self.applied: Counter[str] = Counter()
        self.forward: Counter[str] = Counter()
        self.backward: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """All that was counted, forward and backward."""
        return self.forward.total() + self.backward.total()

    def computed(self, op: ops.Op, args: tuple[Value, ...], out: Value) -> None:
        """Count an operation; those that make up derivatives of derivatives are part of the backward pass."""
        if not modes.is_differentiating():
            self.applied[op.name] += 1
            self.forward[op.name] += arithmetic(op, len(args))

    def differentiated(self, node: Value, upstream: float, contributions: Sequence[float]) -> None:
        """Count a multiplication and an addition for each operand."""
        assert isinstance(node.op, ops.Op)
        self.backward[node.op.name] += 2 * len(contributions)

    def __str__(self) -> str:
        counters = (self.applied, self.forward, self.backward)
        rows = [["operation", "applied", "forward", "backward"]]
        rows += [[name, *(str(counter[name]) for counter in counters)] for name in self.applied | self.backward]
        rows += [["total", *(str(counter.total()) for counter in counters)]]
        return "\n".join(aligned(rows, "<>>>"))

    __repr__ = __str__
