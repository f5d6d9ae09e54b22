"""Colours and fonts of every picture, in one place.

A colour means the same thing everywhere, as `viz.legend()` shows. Of texts, blue is a value, vermillion
a gradient and purple a local derivative; of fills, green is an input, yellow a parameter and grey a
constant; of lines, blue is positive and orange negative. The hues are Okabe and Ito's (Color Universal
Design, 2008), which remain distinguishable to people who do not see red, green or blue; darkened or
lightened so that text on the background of its theme has a contrast of 4.5 : 1 or more, and lines
of 3 : 1 (WCAG 2, level AA).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from viz.arguments import one_of

FONT = "Helvetica"
"""A font whose widths every renderer knows."""

FAMILY = f"{FONT}, Arial, sans-serif"
"""That font and others for browsers; a system that has no Helvetica has an Arial of the same widths."""

SIZE = 12
"""The size of text in points."""

SMALL = SIZE - 2
"""The size of notes and local derivatives."""


@dataclass(frozen=True)
class Theme:
    """What each thing looks like. Text: text … local; fills: input … operation; lines: line … negative.

    `marker` is behind what is new in a step.
    """

    background: str
    text: str
    muted: str
    value: str
    gradient: str
    local: str
    input: str
    parameter: str
    constant: str
    result: str
    operation: str
    line: str
    positive: str
    negative: str
    marker: str


THEMES = {
    "light": Theme(
        background="#ffffff", text="#1f2328", muted="#59636e",
        value="#0063a3", gradient="#b84300", local="#8f3f71",
        input="#e3f4ee", parameter="#fdf1d3", constant="#f2f3f5", result="#ffffff", operation="#e8eef5",
        line="#59636e", positive="#0072b2", negative="#c77700", marker="#fff0a0",
    ),
    "dark": Theme(
        background="#0d1117", text="#e6edf3", muted="#9198a1",
        value="#6cc0f5", gradient="#ff9a5c", local="#e3a6c8",
        input="#12332a", parameter="#3a2f10", constant="#1c2128", result="#0d1117", operation="#22303f",
        line="#9198a1", positive="#56b4e9", negative="#e69f00", marker="#4a3d00",
    ),
}
"""The themes by name."""

SERIES = {
    "light": ("#0072b2", "#d55e00", "#008a64", "#a84c86", "#b87000", "#4a9cc9", "#847a00", "#1f2328"),
    "dark": ("#56b4e9", "#f5844a", "#2fc79a", "#e3a6c8", "#f0c04a", "#2f86c4", "#d8cf5a", "#e6edf3"),
}
"""Colours of curves and classes, by theme: Okabe and Ito's in an order in which neighbours differ most."""


def theme_named(name: str) -> Theme:
    """The theme of a name, "light" or "dark"; `UsageError` for others."""
    return THEMES[one_of("theme", name, THEMES)]


def variables(theme: str | None = None) -> str:
    """The colours of a theme for the style sheet; without one, of both, and the reader's system chooses.

    What is printed is light, since paper is.
    """

    light, dark = (" ".join(f"--{name}: {colour};" for name, colour in asdict(each).items())
                   for each in THEMES.values())
    # A script that paints asks for the colours of paper by a class, before the page is laid out for it.
    paper = f":root.paper {{ {light} }}\n@media print {{ :root {{ color-scheme: light; {light} }} }}\n"
    if theme is not None:
        return f":root {{ color-scheme: {theme}; {light if theme == 'light' else dark} }}\n{paper}"
    scheme = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    return f":root {{ color-scheme: light dark; {light} }}\n{scheme}\n{paper}"


def dark_too() -> str:
    """A style sheet for a picture in light colours, which are those of the dark theme where the reader prefers it.

    What a reader prefers is, for a browser, the colour scheme of the page that the picture is in.
    """
    pairs = dict(zip(asdict(THEMES["light"]).values(), asdict(THEMES["dark"]).values(), strict=True))
    rules = (
        f'[{attribute}="{light}"] {{ {attribute}: {dark} }}'
        for light, dark in pairs.items()
        for attribute in ("fill", "stroke")
    )
    return f"@media screen and (prefers-color-scheme: dark) {{ {' '.join(rules)} }}"
