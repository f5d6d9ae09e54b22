"""What the pages have in common: their files, the colours of both themes, and data that a script can read."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib import resources
from typing import Any

from viz.style import THEMES, Theme


def page_file(name: str) -> str:
    """The text of a file in viz/pages."""
    return resources.files("viz").joinpath("pages", name).read_text(encoding="utf-8")


def variables(theme: str | None = None) -> str:
    """The colours of a theme for the style sheet; without one, of both, and the reader's system chooses.

    What is printed is light, since paper is.
    """

    def block(theme: Theme) -> str:
        return ":root { " + " ".join(f"--{name}: {colour};" for name, colour in asdict(theme).items()) + " }"

    light = block(THEMES["light"])
    if theme is not None:
        return f":root {{ color-scheme: {theme}; }}\n{block(THEMES[theme])}\n@media print {{ {light} }}\n"
    dark = f"@media screen and (prefers-color-scheme: dark) {{ {block(THEMES['dark'])} }}"
    return f":root {{ color-scheme: light dark; }}\n{light}\n{dark}\n"


def literal(data: Any) -> str:
    """Data as JSON that may stand inside a `<script>`: no `<` in it could end the script or begin a comment."""
    return json.dumps(data).replace("<", "\\u003c")
