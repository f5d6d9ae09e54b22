"""Generated source made a function: the one place where this package executes text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def function_of(source: str, place: str, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function of this name that a source defines, with `scope` for its globals; `place` is seen in tracebacks.

    The globals do not hold the function, which holds them: else only the garbage collector could free either.
    """
    exec(compile(source, place, "exec"), scope)
    function: Callable[..., Any] = scope.pop(name)
    return function
