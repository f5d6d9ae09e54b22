"""Walks as files for slides: a picture for each step, or one animated picture."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autograd import MissingPackageError, UsageError, Value
from autograd.files import explained
from viz.drawings.render import DPI, PIXELS, SCALE, Drawing, canvas, picture, write
from viz.pages.animation import animated, broken
from viz.pages.steps import Frames, steps
from viz.style import SIZE, Theme
from viz.text.markup import cell, row, table

FILES = {".svg", ".pdf", ".dot", ".gv", ".html", *(f".{format}" for format in PIXELS)}
"""Suffixes of pictures, which no folder has."""


def export(
    root: Value | Frames, folder: str | os.PathLike[str], format: str = "svg", *, scale: float = SCALE, **options: Any
) -> list[Path]:
    """Write a picture for each step to a folder: step-00.svg before the first step, step-01.svg after it, and so on.

    `root` is a value, with options as for `viz.steps`, or what `steps` returned; `format` and `scale` are as for
    `write` of a drawing. All pictures have one layout and one size. The folder is made if it is missing.
    All pictures are drawn before the first is written. Raises `FileError` where that cannot be, and `UsageError` where
    the folder has the name of a picture.
    """
    frames, folder = frames_of(root, options), Path(folder)
    if folder.suffix.lower() in FILES:
        raise UsageError(
            f"export writes many pictures to a folder, {str(folder)!r} names one file: viz.export(f, \"folder\", "
            f"\"{folder.suffix[1:]}\"), or for all in one picture viz.draw(f).write(…) or viz.animate(f, …)"
        )
    digits = max(2, len(str(len(frames))))
    pictures = drawn((frames.drawing(i) for i in range(len(frames) + 1)), format.lower(), scale)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return [write(folder / f"step-{i:0{digits}}.{format}", content) for i, content in enumerate(pictures)]


def drawn(drawings: Iterable[Drawing], format: str, scale: float) -> list[bytes]:
    """The pictures of drawings."""
    from concurrent.futures import ThreadPoolExecutor

    # Each picture is made by a process of its own, so that threads wait and processors work.
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        return list(workers.map(lambda drawing: picture(drawing.source, format, scale), drawings))


def animate(
    root: Value | Frames, path: str | os.PathLike[str] | None = None, *, seconds: float = 1.5, scale: float = SCALE,
    **options: Any,
) -> str:
    """The walk as one animated SVG, in which each step is seen for so many seconds, with its sentence below.

    `root` is a value, with options as for `viz.steps`, or what `steps` returned. The text of the picture is returned,
    and written to `path` if there is one. Browsers play it, also within a page or a slide, without a script. For
    programs that play no SVG, a path that ends in .gif gets a GIF, `scale` times as large; that needs the extra
    `pictures`, without which `MissingPackageError` is raised.
    """
    if not seconds > 0:
        raise UsageError(f"seconds for a step are more than 0, {seconds!r} came")
    frames, suffix = frames_of(root, options), ".svg" if path is None else Path(path).suffix.lower()
    if suffix not in (".svg", ".gif"):
        raise UsageError(f"an animation is SVG or GIF: a file name ending in .svg or .gif is expected, {path!r} came")
    text = animated(frames, seconds)
    if path is not None:
        write(Path(path), gif(frames, seconds, scale) if suffix == ".gif" else text.encode())
    return text


def gif(frames: Frames, seconds: float, scale: float) -> bytes:
    """The walk as an animated GIF: the drawing after each step, and below it the sentence of the step."""
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        message = 'animations as GIF need Pillow, which is not installed: pip install -e ".[pictures]"'
        raise MissingPackageError(message, name=error.name) from None

    def opened(drawings: Iterable[Drawing]) -> list[Any]:
        return [Image.open(io.BytesIO(content)) for content in drawn(drawings, "png", scale)]

    graphs = opened(frames.drawing(i) for i in range(len(frames) + 1))
    wide, high = graphs[0].size
    points = wide * 72 / (DPI * scale)
    sentences = ["", *(frame.sentence for frame in frames)]
    below = opened(caption(broken(sentence, points - 2 * SIZE), frames.sheet.theme) for sentence in sentences)
    size = max(wide, *(text.width for text in below)), high + max(text.height for text in below)
    pictures = []
    for graph, text in zip(graphs, below, strict=True):
        whole = Image.new("RGB", size, frames.sheet.theme.background)
        whole.paste(graph, (0, 0))
        whole.paste(text, (0, high))
        pictures.append(whole.quantize(128, dither=Image.Dither.NONE))
    file = io.BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=round(1000 * seconds), loop=0)
    return file.getvalue()


def caption(lines: Sequence[str], theme: Theme) -> Drawing:
    """A drawing of lines of text."""
    drawing = canvas(theme, node={"shape": "plain"})
    rows = [row(cell(line, theme.text, SIZE, align="left")) for line in lines]
    drawing.node("caption", table(rows, border="0", cellborder="0", cellspacing="0", cellpadding="1"))
    return drawing


def frames_of(root: Value | Frames, options: dict[str, Any]) -> Frames:
    """What `steps` returned, or steps with these options."""
    if not isinstance(root, Frames):
        return steps(root, **options)
    if options:
        raise UsageError(f"{next(iter(options))} is given to steps, whose result this is")
    return root
