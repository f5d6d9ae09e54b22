"""Data to learn from: functions that return (X, Y), a row per example."""

from nn.data.gates import GATES, and_, logic_gate, nand, nor, or_, xnor, xor

__all__ = ["GATES", "and_", "logic_gate", "nand", "nor", "or_", "xnor", "xor"]
