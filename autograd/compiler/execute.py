"""Generated source made a function, or taken apart."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from autograd.modes import lock

_parsing = lock()


def function_of(source: str, place: str, name: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """The function of this name that a source defines, with `scope` for its globals; `place` is seen in tracebacks.

    The globals do not hold the function, which holds them: else only the garbage collector could free either.
    """
    exec(compile(source, place, "exec"), scope)
    function: Callable[..., Any] = scope.pop(name)
    return function


def statements_of(source: str) -> list[ast.stmt]:
    """The statements of a source, for one thread at a time.

    Python 3.11 counts its depth of recursion for all threads together, and fails where two of them parse.
    """
    with _parsing:
        return ast.parse(source).body
