"""Graphs with labels of any text, and the same graphs with plain labels to compare them with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograd import Value, ops
from hostile.reader import Reader

ROWS = [op for op in ops.TABLE.values() if op.recorded]
NUMBERS = (2.0, -3.0, 0.5, 0.0, -0.0, 1e-7, 1e308, -5e-324, float("inf"), float("nan"))


@dataclass(frozen=True)
class Sketch:
    """A graph to be: numbers of the leaves, which of them are parameters, rows with the places of their operands."""

    leaves: tuple[float, ...]
    parameters: tuple[bool, ...]
    steps: tuple[tuple[ops.Op, tuple[int, ...]], ...]

    def values(self, labels: Sequence[str]) -> list[Value]:
        """All values, from the leaves to the last result, with labels."""
        values = [Value(number) for number in self.leaves]
        for value, is_parameter in zip(values, self.parameters, strict=True):
            value.op = ops.parameter if is_parameter else None
        for op, places in self.steps:
            values.append(op.dispatch(tuple(values[place] for place in places)))
        for value, label in zip(values, labels, strict=False):
            value.label = label
        return values


def sketch(reader: Reader) -> Sketch:
    """A graph of two leaves or three and up to four operations, which all lead to the last."""
    leaves = tuple(reader.pick(NUMBERS) for _ in range(2 + reader.below(2)))
    parameters = tuple(reader.below(3) == 0 for _ in leaves)
    steps: list[tuple[ops.Op, tuple[int, ...]]] = []
    for _ in range(1 + reader.below(4)):
        op, last = reader.pick(ROWS), len(leaves) + len(steps) - 1
        arity = 2 + reader.below(2) * 2 if isinstance(op, ops.Reduction | ops.Contraction) else op.arity
        steps.append((op, (last, *(reader.below(last + 1) for _ in range(arity - 1)))))
    return Sketch(leaves, parameters, tuple(steps))


def hostile_labels(reader: Reader) -> list[str]:
    """Labels of any text; some of them equal, some empty."""
    labels = [reader.text() for _ in range(1 + reader.below(4))]
    return [reader.pick([*labels, ""]) for _ in range(6)]


def plain_labels(labels: Sequence[str]) -> list[str]:
    """Plain labels, equal where those are equal and empty where those are empty."""
    names = {label: f"p{chr(97 + i)}" for i, label in enumerate(dict.fromkeys(labels))}
    return [label and names[label] for label in labels]
