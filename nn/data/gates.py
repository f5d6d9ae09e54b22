"""Logic gates: all 16 Boolean functions of two inputs.

All but xor and xnor are linearly separable, so that a single neuron can learn them.
"""

from __future__ import annotations

import numpy as np

from nn.arguments import entry
from nn.examples import FloatArray

GATES: dict[str, tuple[int, int, int, int]] = {
    "false": (0, 0, 0, 0),
    "and": (0, 0, 0, 1),
    "a_and_not_b": (0, 0, 1, 0),
    "a": (0, 0, 1, 1),
    "not_a_and_b": (0, 1, 0, 0),
    "b": (0, 1, 0, 1),
    "xor": (0, 1, 1, 0),
    "or": (0, 1, 1, 1),
    "nor": (1, 0, 0, 0),
    "xnor": (1, 0, 0, 1),
    "not_b": (1, 0, 1, 0),
    "b_implies_a": (1, 0, 1, 1),
    "not_a": (1, 1, 0, 0),
    "a_implies_b": (1, 1, 0, 1),
    "nand": (1, 1, 1, 0),
    "true": (1, 1, 1, 1),
}
"""The output for the inputs (a, b) = (0, 0), (0, 1), (1, 0), (1, 1), by the function's name."""


def logic_gate(name: str) -> tuple[FloatArray, FloatArray]:
    """The truth table of a Boolean function: X of shape (4, 2) and Y of shape (4,), of zeros and ones.

    >>> X, Y = logic_gate("a_implies_b")
    >>> for (a, b), y in zip(X, Y): print(a, b, y)
    0.0 0.0 1.0
    0.0 1.0 1.0
    1.0 0.0 0.0
    1.0 1.0 1.0
    """
    outputs = entry("logic gate", name, GATES)
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array(outputs, float)


def and_() -> tuple[FloatArray, FloatArray]:
    """True where both inputs are."""
    return logic_gate("and")


def or_() -> tuple[FloatArray, FloatArray]:
    """True where at least one input is."""
    return logic_gate("or")


def xor() -> tuple[FloatArray, FloatArray]:
    """True where exactly one input is: the classic that no single neuron can learn.

    Source: Minsky and Papert, Perceptrons, 1969.
    """
    return logic_gate("xor")


def nand() -> tuple[FloatArray, FloatArray]:
    """False where both inputs are true."""
    return logic_gate("nand")


def nor() -> tuple[FloatArray, FloatArray]:
    """True where neither input is."""
    return logic_gate("nor")


def xnor() -> tuple[FloatArray, FloatArray]:
    """True where the inputs agree."""
    return logic_gate("xnor")
