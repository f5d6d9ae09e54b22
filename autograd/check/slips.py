"""Usual slips in the rules of single operations: what was written, as a formula to compare with.

A slip is named only if its formula gives the student's numbers at every point of a sample.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from autograd import ops

Rule = Callable[..., Any]
"""Of slopes, over any carrier."""

VALUES: dict[str, list[tuple[str, Rule]]] = {
    "sub": [("b - a: the operands are swapped", lambda x, y: y - x)],
    "div": [("b / a: the operands are swapped", lambda x, y: y / x)],
    "pow": [("b ** a: the operands are swapped", lambda x, y: y**x), ("a * b", lambda x, y: x * y)],
    "sigmoid": [("1 / (1 + exp(a)): the exponent's sign", lambda x: 1 / (1 + math.exp(x)))],
    "log": [("the logarithm to base 10", math.log10), ("the logarithm to base 2", math.log2)],
}
"""By row: what the value is instead, as a function of the operands."""

SLOPES: dict[str, list[tuple[int, str, Rule]]] = {
    "mul": [(0, "a: each operand takes the other's number", lambda out, x, y: x),
            (1, "b: each operand takes the other's number", lambda out, x, y: y)],
    "div": [
        (1, "a / b²: the minus is missing, for d(a/b)/db = -a/b²", lambda out, x, y: x / y**2),
        (1, "1 / b: that is the derivative for a; for b it is -a/b²", lambda out, x, y: 1 / y),
        (1, "-1 / b²: the factor a is missing, for d(a/b)/db = -a/b²", lambda out, x, y: -1 / y**2),
        (1, "-a / b: the square is missing, for d(a/b)/db = -a/b²", lambda out, x, y: -x / y),
        (1, "a: the quotient is differentiated as a product", lambda out, x, y: x),
        (0, "b: the quotient is differentiated as a product", lambda out, x, y: y),
    ],
    "pow": [
        (0, "n·aⁿ: the exponent is not lowered, for d(aⁿ)/da = n·aⁿ⁻¹", lambda out, x, n: n * x**n),
        (0, "aⁿ⁻¹: the factor n is missing, for d(aⁿ)/da = n·aⁿ⁻¹", lambda out, x, n: x ** (n - 1)),
        (0, "(n-1)·aⁿ⁻¹: the factor is n itself, for d(aⁿ)/da = n·aⁿ⁻¹", lambda out, x, n: (n - 1) * x ** (n - 1)),
        (0, "n·a: right only for n = 2; d(aⁿ)/da = n·aⁿ⁻¹", lambda out, x, n: n * x),
        (1, "aⁿ: the factor ln(a) is missing, for d(aⁿ)/dn = aⁿ·ln(a)", lambda out, x, n: out),
    ],
    "exp": [(0, "a·exp(a): the derivative is exp(a) itself", lambda out, x: x * out),
            (0, "a: the derivative is exp(a), the output's number", lambda out, x: x),
            (0, "exp(exp(a)): the exponential is taken twice", lambda out, x: ops.exp(out)),
            (0, "a·exp(a-1): the rule of a power", lambda out, x: x * ops.exp(x - 1))],
    "log": [(0, "1 / log(a): it is 1 / a", lambda out, x: 1 / out),
            (0, "log(a): it is 1 / a", lambda out, x: out), (0, "a: it is 1 / a", lambda out, x: x)],
    "sqrt": [(0, "1 / sqrt(a): the factor 1/2 is missing", lambda out, x: 1 / out),
             (0, "sqrt(a) / 2: it is 1 / (2·sqrt(a))", lambda out, x: out / 2)],
    "sin": [(0, "-cos(a): the sign", lambda out, x: -ops.cos(x))],
    "cos": [(0, "sin(a): the minus is missing", lambda out, x: ops.sin(x))],
    "tanh": [
        (0, "1 - a²: it is 1 - tanh(a)², with the output's number", lambda out, x: 1 - x**2),
        (0, "1 - tanh(a): the square is missing", lambda out, x: 1 - out),
        (0, "1 + tanh(a)²: the sign", lambda out, x: 1 + out**2),
        (0, "tanh(a)·(1 - tanh(a)): that is the sigmoid's rule", lambda out, x: out * (1 - out)),
        (0, "1 - tanh(tanh(a))²: tanh is taken twice", lambda out, x: 1 - ops.tanh(out) ** 2),
    ],
    "sigmoid": [
        (0, "a·(1 - a): it is s·(1 - s), with the output's number s", lambda out, x: x * (1 - x)),
        (0, "1 - s²: that is the rule of tanh", lambda out, x: 1 - out**2),
        (0, "1 - s: the factor s is missing", lambda out, x: 1 - out),
        (0, "s: the factor 1 - s is missing", lambda out, x: out),
    ],
    "relu": [(0, "relu(a): it is 1 where a > 0, else 0", lambda out, x: out),
             (0, "1 everywhere: it is 0 where a < 0", lambda out, x: 1.0)],
    "abs": [(0, "1 everywhere: it is -1 where a < 0", lambda out, x: 1.0)],
}
"""By row and operand: what the derivative is instead, as a function of the output and the operands."""
