"""Names of micrograd's, so that programs which were written for it run, or are told what to write.

Its private attributes say what ours do: `_prev` the operands, `_op` the operation, `_backward()` passes the gradient on
to the operands. Others are what such programs hang on values, for which a `Value` has no room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.errors import MissingAttributeError


class Foreign:
    """An attribute with a name of micrograd's.

    Subclasses of `Value` may have one of their own under this name, but not in place of what the engine knows and would
    not take from there: a `_backward` that it never calls loses a gradient in silence.
    """

    def __init__(self, read: Callable[[Any], Any] | None = None) -> None:
        self.read = read

    def __set_name__(self, owner: type[Any], name: str) -> None:
        self.name = name

    def __get__(self, value: Any, owner: type[Any]) -> Any:
        if value is None:
            return self
        if self.read:
            return self.read(value)
        own = getattr(value, "__dict__", {})
        return own[self.name] if self.name in own else self.refuse(f"has no attribute {self.name}")

    def __set__(self, value: Any, thing: Any) -> None:
        if self.read or not hasattr(value, "__dict__"):
            self.refuse(f"cannot be given an attribute {self.name}")
        vars(value)[self.name] = thing

    def refuse(self, what: str) -> Any:
        """Raise `MissingAttributeError`."""
        if self.read:
            instead = "it is known from the operation that made the value; a new one is a row of autograd/ops.py"
        else:
            instead = (f"keep it in a dict, {self.name} = {{p: 0.0 for p in params}}, and write {self.name}[p]; "
                       "optimisers such as nn.Adam(params) remember by themselves")
        raise MissingAttributeError(f"a Value {what}: {instead}")
