"""Generated source made a function: the one place where text is executed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import CodeType
from typing import Any


def function_of(source: str, place: str, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function of this name that a source defines, with `scope` for its globals; `place` is seen in tracebacks."""
    return defined(compile(source, place, "exec"), name, scope)


def defined(code: CodeType, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function of this name that compiled source defines, with `scope` for its globals."""
    (function,) = all_defined(code, [name], scope)
    return function


def all_defined(code: CodeType, names: Iterable[str], scope: dict[str, Any]) -> list[Callable[..., Any]]:
    """The functions of these names that compiled source defines, with `scope` for their globals.

    The globals do not hold the functions, which hold them: else only the garbage collector could free either.
    """
    exec(code, scope)
    return [scope.pop(name) for name in names]
