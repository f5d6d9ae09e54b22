"""Generated source made a function: the one place where text is executed."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any


def function_of(source: str, place: str, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function of this name that a source defines, with `scope` for its globals; `place` is seen in tracebacks."""
    return defined(compile(source, place, "exec"), name, scope)


def defined(code: CodeType, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function of this name that compiled source defines, with `scope` for its globals.

    The globals do not hold the function, which holds them: else only the garbage collector could free either.
    """
    exec(code, scope)
    function: Callable[..., Any] = scope.pop(name)
    return function
