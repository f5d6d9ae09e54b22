"""One self-contained page: a graph and its backpropagation, to step through.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> html(x * x)[:15]
'<!DOCTYPE html>'
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from autograd import UsageError, Value, ops
from viz.drawings.frames import Frame, Frames
from viz.drawings.frames import steps as walk
from viz.drawings.sheet import touched
from viz.drawings.vector import text, vector
from viz.pages import program
from viz.pages.web import Page, document, formulas, labelled, literal, page_file, saved
from viz.pages.words import spoken, words
from viz.style import variables
from viz.text.expression import parse
from viz.text.markup import isolated
from viz.text.tokens import Place, forms

SCRIPTS = ("helpers.js", "tokens.js", "graph.js", "view.js", "files.js", "player.js", "steps.js")


def html(
    root: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    title: str = "",
    theme: str | None = None,
    language: str = "en",
    **options: Any,
) -> Page:
    """A page on which to step through the forward and the backward pass of a value's graph.

    It takes a value, with options as for `viz.steps`, or what `steps` returned; the graph is drawn as a circuit unless
    `style="record"` is asked for. The page is returned, and written to
    `path` if there is one; in a notebook it shows itself. It needs no other file and no network. Its colours are those
    of the `theme`, "light" or "dark", or as the reader's system prefers; its labels and buttons are in the `language`,
    "en", "de" or "zh". `page.html#step=7` opens it at a step.

    Of a compiled program, with the options of `viz.draw`, it is a page of arrays and lines that say what they stand
    for when one points at them; `page.html#dW1` opens it at an array.
    """
    if hasattr(root, "passes"):
        return program.page(root, path, title, theme, language, **options)
    frames = walked("html", root, theme, options)
    picture = frames.picture()
    svg = picture.drawing.svg()
    written = player(frames, text(vector(picture, svg)), walk_data(frames), title, theme, language)
    still = text(vector(picture, svg, still=True))
    return saved(Page(written, still, words(language)["walk"]), path)


def read(root: Any, title: str, options: dict[str, Any]) -> tuple[Any, str]:
    """An expression as its value, the numbers of its names taken from the options; the expression is the title then."""
    if not isinstance(root, str):
        return root, title
    known = inspect.signature(walk).parameters
    numbers = {name: options.pop(name) for name in list(options) if name not in known}
    return parse(root, **numbers), title or root


def walked(page: str, root: Value | Frames, theme: str | None, options: Mapping[str, Any]) -> Frames:
    """The steps that a page is to show, of a value or as they are given."""
    if not isinstance(root, Value | Frames):
        raise UsageError(f"{page} shows the graph of one Value, or what steps returned; {type(root).__name__} came")
    if isinstance(root, Frames) and options:
        raise UsageError(f"{next(iter(options))} is given to steps, whose result this is: {page}(steps(root, …))")
    if isinstance(root, Frames):
        return root
    return walk(root, **{"theme": theme or "light", "style": "circuit", **options})


def player(
    frames: Frames,
    drawing: str,
    data: Mapping[str, Any],
    title: str,
    theme: str | None,
    language: str,
    *,
    style: str = "",
    panel: str = "",
    script: str = "",
    kind: str = "Steps",
) -> str:
    """The text of a page with a player of steps, and what else is on it: style sheet, a panel at the side, a script.

    `data` is what the script of the page knows of the walk, `kind` the class of its player.
    """
    return document(
        "steps.html",
        title=title or frames.root.label or words(language)["graph"],
        language=language,
        style=variables(theme) + formulas() + page_file("steps.css") + style,
        top="", player=kind, panel=panel,
        script=spoken(language) + page_file(*SCRIPTS) + script,
        **stage(frames, drawing, data, language),
    )


def stage(frames: Frames, drawing: str, data: Mapping[str, Any], language: str) -> dict[str, object]:
    """What of a player's page is of this walk: the drawing, the sentences of all steps, and data for the script."""
    forward = [frame for frame in frames if frame.phase == "forward"]
    return {
        "controls": labelled("controls.html", language), "svg": drawing, "seed": len(forward) + 1,
        "forward_steps": entries(forward), "backward_steps": entries(frames[len(forward) :]),
        "data": literal(dict(data, start=words(language)["known"].format(count=len(data["values"])))),
    }


def entries(frames: Sequence[Frame]) -> str:
    """The sentences of steps as entries of a list, each with the address of its step."""
    return "\n".join(
        f'<li value="{frame.position}"><a href="#step={frame.position}">{escape(frame.sentence)}</a></li>'
        for frame in frames
    )


def walk_data(frames: Frames, place: Place | None = None) -> dict[str, Any]:
    """What the script of the page knows of the graph and of each step: numbers as text, or where the page has them."""
    sheet, names, told = frames.sheet, frames.walk.names, frames.walk.sentences
    values = {}
    for value, id in sheet.ids.items():
        values[id] = {"name": isolated(names[value])}
        if value.op is not ops.constant:
            values[id]["gradient"] = told.derivative(value).text
        if not value.args:
            values[id]["data"] = sheet.number(value.data)
    return {
        "values": values,
        "edges": {
            frames.id((value, i)): {"from": sheet.ids[arg], "to": id, "local": told.ratio(value, arg).text}
            for value, id in sheet.ids.items()
            for i, arg in enumerate(value.args)
        },
        "steps": [step(frames, frame, place) for frame in frames],
        "forms": forms(),
    }


def step(frames: Frames, frame: Frame, place: Place | None) -> dict[str, Any]:
    """A step: its sentence, the numbers that it makes known, which of them are highlighted, and what it is about."""
    numbers = frames.made_known(frame)
    known = {key: number.json(place)[1] for key, number in numbers.items()}
    fresh = list(known) if frame.phase == "backward" else [frames.key(frame.value, "data")]
    return {"phase": frame.phase, "said": frame.said.json(place), "known": known,
            "fresh": fresh, "about": [frames.id(part) for part in touched(frame)]}
