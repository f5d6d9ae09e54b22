"""Source made executable: lowered statements with shared buffers, one list of them per thread and batch size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.compiler.execute import function_of
from autograd.compiler.lower import lower
from autograd.compiler.names import HELPERS
from autograd.compiler.share import share
from autograd.compiler.source import Text

FUNCTION = """
def function(theta, x, y, u, _b, _out):
    n = len(x)
    if _b.theta is not theta:
        _b.theta, _b.views = theta, ({views})
    {names}_b.views
    {forward}
    {gradient}
    return {results}
"""

GRADIENT = """
    gradient = {fresh} if _out is None else _out
    {clear}
    if _b.gradient is not gradient:
        _b.gradient, _b.places = gradient, ({places})
    {names}_b.places
    {backward}
"""

SMALL = 4096
"""Up to so many parameters it is quicker to copy the gradient out of a buffer than to name its parts anew."""


SHARED: dict[str, Any] = {"np": np} | {
    name: function_of(source, "<compiled helpers>", name, {"np": np}) for name, source in HELPERS.items()
}
"""What all functions use: NumPy and the helpers."""


class Buffers(list[Any]):
    """The arrays that a function writes to, and the views of theta and gradient that it used last."""

    def __init__(self, function: Callable[..., Any], slots: int) -> None:
        super().__init__([None] * slots)
        self.function = function
        self.theta = self.views = self.gradient = self.places = self.own = None

    def kept(self, make: Callable[[Any], Any], theta: Any) -> Any:
        """A gradient of these buffers' own, made when first asked for."""
        if self.own is None:
            self.own = make(theta)
        return self.own


class Executable:
    """A generated function for one dtype."""

    def __init__(self, text: Text, dtype: np.dtype[Any], sizes: dict[str, int]) -> None:
        forward, slots = lower("\n".join(text.forward), set(text.constants))
        vectors = {line.split(" = ")[0] for line in text.places if ".reshape(" not in line}
        backward, slots = lower("\n".join(text.backward), set(text.constants), slots, vectors)
        self.text, self.dtype, self.sizes = text, dtype, sizes
        self.slots = slots
        marker = "# backward"
        code = f"{forward}\n{marker}\n{backward}"
        shapes = list(zip(*(self.shapes(forward, backward, examples) for examples in (3, 5)), strict=True))
        code, self.slots = share(f"{code}\n{text.results}", shapes)
        forward, backward = code.rsplit("\n", 1)[0].split(f"\n{marker}\n")
        self.function = self.built(forward, backward)

    def buffers(self) -> Buffers:
        """Empty buffers; NumPy fills them in the first call."""
        return Buffers(self.function, self.slots)

    def shapes(self, forward: str, backward: str, examples: int) -> list[Any]:
        """The shape, strides and dtype of every buffer for a number of examples."""
        x, y, u = (np.ones((examples, self.sizes[leaf]), self.dtype) for leaf in ("input", "target", "noise"))
        function = self.built(forward, backward)
        buffers = Buffers(function, self.slots)
        with np.errstate(all="ignore"):
            function(np.ones(self.sizes["parameter"], self.dtype), x, y, u, buffers, None)
        return [(np.shape(b), getattr(b, "strides", None), getattr(b, "dtype", None)) for b in buffers]

    def built(self, forward: str, backward: str) -> Callable[..., Any]:
        """The function of these lowered statements."""
        text = self.text
        names: dict[str, Any] = {
            name: array.astype(self.dtype) if array.dtype.kind == "f" else array
            for name, array in text.constants.items()
        }
        names |= SHARED
        views, view_names = _tuple(text.views)
        places, place_names = _tuple(text.places)
        results, gradient = text.results, ""
        if text.start:
            fresh = text.start.split(" = ")[1]
            if self.sizes["parameter"] <= SMALL:
                fresh = f"_b.kept({fresh.removesuffix('(theta)')}, theta)"
                results = results.replace("gradient", "gradient.copy() if _out is None else gradient")
            gradient = GRADIENT.format(
                fresh=fresh, clear="gradient[...] = 0" if "zeros" in text.start else "", places=places,
                names=place_names, backward=_indented(backward),
            ).strip()
        source = FUNCTION.format(
            views=views, names=view_names, forward=_indented(forward), gradient=gradient, results=results
        )
        return function_of(source, f"<compiled {text.kind}>", "function", names)


def _tuple(lines: list[str]) -> tuple[str, str]:
    """Assignments as one tuple: its text, and the names it is unpacked to."""
    pairs = [line.split(" = ", 1) for line in lines]
    names = "".join(f"{name}, " for name, _ in pairs)
    return "".join(f"{value}, " for _, value in pairs), f"{names}= " if names else ""


def _indented(lines: str) -> str:
    return "\n    ".join(lines.splitlines())
