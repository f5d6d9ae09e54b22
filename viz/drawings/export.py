"""Walks as files for slides: a picture for each step, or one animated picture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from autograd import UsageError, Value
from autograd.files import explained
from viz.drawings.animation import animated
from viz.drawings.frames import Frames, steps
from viz.drawings.render import picture, write


def export(root: Value | Frames, folder: str | os.PathLike[str], format: str = "svg", **options: Any) -> list[Path]:
    """Write a picture for each step to a folder: step-00.svg before the first step, step-01.svg after it, and so on.

    `root` is a value, with options as for `viz.steps`, or what `steps` returned; `format` svg, png, dot or any of the
    layout program's. All pictures have one layout and one size. The folder is made if it is missing.
    All pictures are drawn before the first is written. Raises `FileError` where that cannot be.
    """
    from concurrent.futures import ThreadPoolExecutor

    frames = frames_of(root, options)
    folder = Path(folder)
    digits = max(2, len(str(len(frames))))
    # Each picture is made by a process of its own, so that threads wait and processors work.
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        drawn = [workers.submit(picture, frames.drawing(i).source, format.lower()) for i in range(len(frames) + 1)]
        pictures = [each.result() for each in drawn]
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return [write(folder / f"step-{i:0{digits}}.{format}", content) for i, content in enumerate(pictures)]


def animate(
    root: Value | Frames, path: str | os.PathLike[str] | None = None, *, seconds: float = 1.5, **options: Any
) -> str:
    """The walk as one animated SVG, in which each step is seen for so many seconds, with its sentence below.

    `root` is a value, with options as for `viz.steps`, or what `steps` returned. The text of the picture is returned,
    and written to `path` if there is one. Browsers play it, also within a page or a slide, without a script.
    """
    if not seconds > 0:
        raise UsageError(f"seconds for a step are more than 0, {seconds!r} came")
    picture = animated(frames_of(root, options), seconds)
    if path is not None:
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise UsageError(f"an animation is an SVG: a file name ending in .svg is expected, {str(path)!r} came")
        write(path, picture.encode())
    return picture


def frames_of(root: Value | Frames, options: dict[str, Any]) -> Frames:
    """What `steps` returned, or steps with these options."""
    if not isinstance(root, Frames):
        return steps(root, **options)
    if options:
        raise UsageError(f"{next(iter(options))} is given to steps, whose result this is")
    return root
