"""A network as functions of functions, h₃(h₂(h₁(x)))."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.errors import UsageError
from nn.activations import elementwise
from nn.arguments import described
from nn.models.module import Module, described_model, in_a_row
from nn.models.stage import Stage


class Function(Module):
    """A step without parameters: an activation of all that a layer gives, by its name, or any function of it.

    >>> Function("relu")([-1.0, 2.0])
    [0.0, 2.0]
    """

    def __init__(self, function: str | Callable[[Any], Any]) -> None:
        if not callable(function) and not isinstance(function, str):
            raise UsageError(f"a step is a module, a name of an activation or a function, {function!r} came")
        self.function = function
        self.f = elementwise(function) if isinstance(function, str) else function

    def forward(self, x: Any) -> Any:
        """The function of a value, or of a list of them."""
        return self.f(x)

    def config(self) -> dict[str, Any] | None:
        """What Function is called with to make such a one; None if it has no name."""
        return {"function": self.function} if isinstance(self.function, str) else None

    def __repr__(self) -> str:
        return described(self.function)


class Sequential(Module):
    """Modules one after the other, each taking what the one before gives.

    A step is a module, the name of an activation, or a function of what comes out before it. Parameters have the
    names of `torch.nn.Sequential`, 0.weight and so on, where an activation counts as a step too.

    >>> from nn import Dropout, Layer
    >>> model = Sequential(Layer(2, 8), "relu", Dropout(0.5), Layer(8, 1), "sigmoid")
    >>> [name for name, _ in model.named_parameters()]
    ['0.weight', '0.bias', '3.weight', '3.bias']
    """

    def __init__(self, *steps: Module | str | Callable[[Any], Any]) -> None:
        if not steps:
            raise UsageError("a Sequential needs at least one step: a module, a name of an activation or a function")
        self.steps = [step if isinstance(step, Module) else Function(step) for step in steps]

    def forward(self, x: Any) -> Any:
        """The output for one example: a Value, or a list of several."""
        for step in self.steps:
            x = step(x)
        return x[0] if isinstance(x, list) and len(x) == 1 else x

    def stages(self) -> list[Stage]:
        """Those of the steps."""
        return in_a_row(self.steps)

    def members(self) -> dict[str, Any]:
        """The steps by their numbers, and what else there is."""
        rest = {name: member for name, member in super().members().items() if name != "steps"}
        return {str(i): step for i, step in enumerate(self.steps)} | rest

    def config(self) -> dict[str, Any] | None:
        """The classes of the steps and what they are called with; None if one of them cannot be written."""
        steps = [described_model(step) for step in self.steps]
        return None if None in steps else {"steps": steps}

    def __repr__(self) -> str:
        return f"Sequential({', '.join(map(repr, self.steps))})"
