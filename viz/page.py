"""One self-contained page: the picture of a graph and its backpropagation in sentences."""

from __future__ import annotations

from html import escape
from typing import Any

from autograd import UsageError, Value
from viz.dot import draw
from viz.frames import steps
from viz.style import FONT, THEMES, Theme
from viz.walkthrough import Step

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ background: {background}; color: {text}; font: 16px/1.5 {font}, Arial, sans-serif; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem; }}
svg {{ max-width: 100%; height: auto; }}
h1 {{ font-size: 1.4rem; overflow-wrap: anywhere; }}
h2 {{ font-size: 1.1rem; margin-bottom: 0; }}
ol {{ margin-top: .3rem; }}
li::marker {{ color: {muted}; }}
.forward {{ color: {value}; }}
.backward {{ color: {gradient}; }}
</style>
</head>
<body>
<h1>{title}</h1>
{svg}
{forward}
{backward}
</body>
</html>
"""


def html(root: Value, *, title: str = "", theme: str = "light", number_format: str = ".4g", **options: Any) -> str:
    """A page with the drawing of a value's graph and the steps of both passes; options are those of `draw`.

    It needs no other file and no network.
    """
    if not isinstance(root, Value):
        raise UsageError(f"html shows the graph of one Value, {type(root).__name__} came")
    drawing = draw(root, theme=theme, number_format=number_format, **options)
    walk = steps(root, number_format=number_format, names=options.get("names"))
    svg = drawing.svg()
    colours: Theme = THEMES[theme]
    return PAGE.format(
        title=escape(title or root.label or "A computational graph"),
        font=FONT, background=colours.background, text=colours.text, muted=colours.muted,
        value=colours.value, gradient=colours.gradient,
        svg=svg[svg.index("<svg") :],
        forward=_passage("Forward", [step for step in walk if step.phase == "forward"]),
        backward=_passage("Backward", [step for step in walk if step.phase == "backward"]),
    )


def _passage(heading: str, passage: list[Step]) -> str:
    items = "\n".join(f"<li>{escape(step.sentence)}</li>" for step in passage)
    return f'<h2 class="{heading.lower()}">{heading}</h2>\n<ol>\n{items}\n</ol>'
