"""A training to scrub through: its loss, what the network makes of the plane, its weights and their gradients."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from html import escape

import numpy.typing as npt

from autograd import SizeError, UsageError
from viz.pages.packed import packed, recorded, thinned
from viz.pages.recorder import Recorder
from viz.pages.web import Page, document, page_file, saved
from viz.style import THEMES, variables
from viz.text.javascript import PRELUDE
from viz.text.markup import printable

SCRIPTS = ("recording.js", "plane.js", "losses.js", "panels.js")

FRAMES = 200
"""At most so many frames of a recording go into a page."""


def replay(
    recordings: Recorder | Sequence[Recorder],
    path: str | os.PathLike[str] | None = None,
    *,
    data: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    title: str = "",
    frames: int = FRAMES,
) -> Page:
    """A page on which a recorded training runs forwards and backwards; two recordings go side by side.

    It shows the loss; where the network is small, its neurons with weights or gradients, and what it
    makes of `data`, examples (X, Y) with one or two inputs; where its inputs are a square of pixels, the weights
    of the first neurons as images. The page is returned, and written to `path` if there is one. It needs no
    other file and no network, and opens at a step with `#step=120`.
    """
    films = [recordings] if isinstance(recordings, Recorder) else list(recordings)
    for film in films:
        if not isinstance(film, Recorder):
            raise UsageError(f"replay shows a viz.Recorder, or a list of them; {type(film).__name__} came")
        if not film.frames:
            raise SizeError("this recording is empty: give it to fit(…, record=recorder), or call its keep in a loop")
    if not films:
        raise SizeError("replay shows at least one recording, none came")
    titles = [film.title or ("training" if len(films) == 1 else f"training {i}") for i, film in enumerate(films, 1)]
    text = document(
        "replay.html",
        title=title or " and ".join(titles),
        style=variables() + page_file("replay.css"),
        articles="\n".join(article(i, name, len(films) > 1) for i, name in enumerate(titles)),
        script=page_file(*SCRIPTS) + PRELUDE + recorded([packed(film, data, frames) for film in films])
        + page_file("replay.js"),
    )
    return saved(Page(text, curves(films), "a training, step by step"), path)


def curves(films: Sequence[Recorder], width: int = 480, height: int = 160) -> str:
    """The losses as a still picture, for where scripts are removed."""
    theme = THEMES["light"]
    kept = [[frame for frame in thinned(film.frames, FRAMES) if math.isfinite(frame.loss)] for film in films]
    highest = max((frame.loss for frames in kept for frame in frames), default=0.0) or 1.0
    last = max(film.frames[-1].step for film in films) or 1
    lines = []
    for i, frames in enumerate(kept):
        places = [(frame.step / last, 1 - max(frame.loss / highest, 0)) for frame in frames]
        points = " ".join(f"{10 + (width - 20) * x:.1f},{10 + (height - 20) * y:.1f}" for x, y in places)
        colour = (theme.value, theme.gradient)[i % 2]
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<rect width="{width}" height="{height}" fill="{theme.background}"/>{"".join(lines)}</svg>'
    )


def article(number: int, title: str, several: bool) -> str:
    """The place of a recording on the page."""
    colour = "gradient" if number % 2 else "value"
    heading = f'<h2 class="{colour}">{escape(printable(title))}</h2>\n' if several else ""
    return (
        f'<article id="recording-{number}">\n{heading}<p class="now"></p>\n<div class="panels">\n'
        '<canvas class="boundary" width="640" height="640" role="img" aria-label="what the network answers"></canvas>\n'
        '<svg class="network" role="img" aria-label="the network, weight by weight"></svg>\n'
        '<canvas class="images" role="img" aria-label="the weights of the first neurons as images"></canvas>\n'
        "</div>\n</article>"
    )
