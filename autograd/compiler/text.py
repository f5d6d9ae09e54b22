"""Formulas in generated code: they leave out what multiplies by one or adds nothing."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from autograd import ops
from autograd.formula import Formula, number

UNTYPED = re.compile(r"-?[\d.]+(e[-+]?\d+)?|np\.(nan|inf)|\(.* (==|>) .*\)")
"""A plain number, or truth values."""


class Code(Formula):
    """A formula that simplifies as it is built; the class says how it is spelled."""

    __slots__ = ()

    rank = 4
    written: ClassVar[str] = "python"
    module: ClassVar[str] = ""
    """Where nan and inf are found."""

    def __init__(self, source: str, level: str = "atom") -> None:
        super().__init__(source, level, self.written)

    @classmethod
    def lift(cls, operand: Any) -> Any:
        """Numbers are written as they are; other formulas pass."""
        if isinstance(operand, Formula):
            return cls(operand.source, operand.level)
        text = number(operand)
        for name in ("nan", "inf"):
            text = text.replace(name, cls.module + name)
        return cls(text, "unary" if text.startswith("-") else "atom")

    @classmethod
    def apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Any:
        """Print `op`, simplified where an operand is a plain 0, 1 or -1."""
        texts = [arg.source for arg in args]
        if op is ops.mul and "1" in texts:
            return args[1 - texts.index("1")]
        if op is ops.mul and "0" in texts:
            return cls.lift(0)
        if op is ops.mul and "-1" in texts:
            return -args[1 - texts.index("-1")]
        if op is ops.where and texts[0] in ("0", "1"):
            return args[2] if texts[0] == "0" else args[1]
        if op is ops.where and texts[1:] == ["1", "0"]:
            return args[0]
        return cls.lift(super().apply(op, args))


class Scalar(Code):
    """Python over floats."""

    __slots__ = ()


class Array(Code):
    """NumPy over arrays."""

    __slots__ = ()
    written = "numpy"
    module = "np."

    @classmethod
    def apply(cls, op: ops.Op, args: tuple[Any, ...]) -> Any:
        """Print `op`; what selects among plain numbers gets theta's dtype, for NumPy would make it float64."""
        result = super().apply(op, args)
        untyped = op is ops.where and all(UNTYPED.fullmatch(arg.source) for arg in args[1:])
        if untyped and result.source.startswith("np.where("):
            return atom(f"{result}.astype(theta.dtype, copy=False)")
        return result


def atom(text: str) -> Array:
    """Text over arrays that binds as tightly as a name; of two reshapes in a row only the last counts."""
    return Array(re.sub(r"\.reshape\([^()]*\)(?=\.reshape\()", "", text))


def binding_as_product(text: str) -> Array:
    """Text over arrays that binds like a product, as x @ W does."""
    return Array(text, "product")
