"""The public names of reroll with their signatures, a line each: python tests/public_api.py > tests/public_api.txt"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from autograd.micrograd import Foreign

PACKAGES = ["autograd", "autograd.check", "nn", "nn.data", "nn.init", "viz", "viz.course", "viz.plots"]

PUBLIC = {
    thing for name in PACKAGES for thing in vars(importlib.import_module(name)).values() if inspect.isclass(thing)
}


def listing() -> str:
    """All public names, package by package."""
    parts = []
    for name in PACKAGES:
        package = importlib.import_module(name)
        lines = [line for public in names(package) for line in described(public, getattr(package, public))]
        parts.append("\n".join([f"# {name}", *lines]))
    return "\n\n".join(parts) + "\n"


def names(package: ModuleType) -> list[str]:
    """What a package says is public."""
    public: list[str] = sorted(package.__all__)
    return public


def described(name: str, thing: Any) -> Iterator[str]:
    """A line for a function or a table, several for a class: how it is made, then its methods and attributes."""
    if inspect.ismodule(thing):
        yield f"{name}: module"
    elif inspect.isclass(thing):
        parents = ", ".join(base.__name__ for base in thing.__bases__ if base is not object)
        yield f"class {name}({parents})" if parents else f"class {name}"
        yield from (f"    {line}" for line in members(thing))
    elif callable(thing):
        yield signature(name, thing)
    elif isinstance(thing, dict):
        yield f"{name}: {', '.join(thing)}"
    else:
        yield f"{name}: {type(thing).__name__}"


def members(kind: type) -> Iterator[str]:
    """What a class has of its own, and from bases of ours that are not public themselves."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        if base is kind or (own(base) and base not in PUBLIC):
            found |= vars(base)
    for name in sorted(found):
        member = getattr(found[name], "__func__", found[name])  # of a classmethod or staticmethod
        if isinstance(member, functools.partialmethod):
            continue  # a name that NumPy asks for, and is refused; others in other versions of NumPy
        if isinstance(member, Foreign):
            continue
        if name == "__init__" or not name.startswith("_"):
            yield signature(name, member) if inspect.isfunction(member) else name


def own(kind: type) -> bool:
    """Whether a class is one of reroll's."""
    return kind.__module__.partition(".")[0] in ("autograd", "nn", "viz")


def signature(name: str, function: Any) -> str:
    """A name with its parameters and their defaults, without types: what a call may say."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return f"{name}(…)"
    plain = [p.replace(annotation=p.empty) for p in parameters if p.name != "self"]
    return f"{name}{inspect.Signature(plain)}"


if __name__ == "__main__":
    print(listing(), end="")
