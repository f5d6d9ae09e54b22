"""From DOT to pictures, with or without Graphviz on the system.

The `dot` on PATH draws if there is one; else the command `graphviz-pure` does, which the package of
that name installs beside Python.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import xml.etree.ElementTree as ET
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Any

import graphviz
from graphviz.backend import dot_command

from autograd import UsageError
from autograd.files import replacing
from viz.drawings.layout import Link, paced
from viz.errors import RendererNotFoundError, RenderError
from viz.style import FAMILY, FONT, SIZE, SMALL, Theme, dark_too

PURE = "graphviz-pure"

PURE_FORMATS = frozenset({
    "canon", "dot", "dot_json", "gv", "jpe", "jpeg", "jpg", "json", "json0", "plain", "plain-ext", "png", "svg",
    "xdot", "xdot1.2", "xdot1.4", "xdot_json",
})
"""What graphviz-pure can write. It has no PDF."""

PIXELS = frozenset({"bmp", "gif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp"})
"""Formats of pixels: how many of them there are is a matter of scale."""

DPI = 96
"""Pixels for each inch at scale 1, as browsers have them."""

SCALE = 2.0
"""The scale of files, so that they are sharp on slides."""


def program() -> str:
    """The path of the program that lays out graphs: `dot` on PATH, else graphviz-pure.

    Raises `RendererNotFoundError` where neither is there.
    """
    found = shutil.which("dot") or shutil.which(PURE) or shutil.which(PURE, path=_beside_python())
    if found is None:
        raise RendererNotFoundError(
            "drawing needs a layout program and none was found: `pip install graphviz-pure`, "
            "or install Graphviz (https://graphviz.org/download) so that `dot` is on PATH; "
            "the text of the drawing, `.source`, needs neither"
        )
    return found


def _beside_python() -> str:
    """Where pip puts commands; not on PATH if the virtual environment isn't activated."""
    user = sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))
    return os.pathsep.join([str(Path(sys.executable).parent), sysconfig.get_path("scripts"), user])


def _is_pure(path: str) -> bool:
    return Path(path).stem == PURE


PATIENCE = 120
"""Seconds that a layout may take; few need one."""


def render(source: str, format: str, scale: float = 1.0) -> bytes:
    """The picture that DOT text describes, in a format of Graphviz: svg, png, …; pixels are `scale` times as many.

    Raises `RenderError` if the layout program does not know the format, refuses the text, or takes too long.
    """
    path = program()
    if _is_pure(path) and format == "pdf":
        return pdf(render(source, "svg").decode())
    if _is_pure(path) and format not in PURE_FORMATS:
        raise RenderError(
            f"{PURE} cannot write {format!r}: use svg or png, or install Graphviz (https://graphviz.org/download)"
        )
    # Warnings about fonts go to stderr and are nobody's concern unless drawing fails.
    command = [path, "-Kdot", f"-T{format}", *([f"-Gdpi={DPI * scale:g}"] if format in PIXELS else [])]
    try:
        done = subprocess.run(command, input=source.encode(), capture_output=True, check=False, timeout=PATIENCE)
    except OSError as error:
        raise RenderError(f"{path} cannot be started: {error.strerror or error}") from None
    except subprocess.TimeoutExpired:
        raise RenderError(
            f"{Path(path).name} found no layout within {PATIENCE} s: values that are used again and again make it "
            "hard; draw a value nearer to the leaves or a smaller example"
        ) from None
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise RenderError(f"{Path(path).name} could not draw {format!r}: {said[-1]}")
    # Layout programs take one font for measuring, and name no other of its widths.
    return done.stdout.replace(f'"{FONT},sans-Serif"'.encode(), f'"{FAMILY}"'.encode())


def pictures(sources: Iterable[str]) -> list[str]:
    """The pictures that DOT texts describe as SVG, all drawn at once."""
    begin, together = "<?xml ", "\n".join(sources)
    return [begin + svg for svg in render(together, "svg").decode().split(begin)[1:]] if together else []


_lock = threading.RLock()


@contextmanager
def layout_program() -> Iterator[None]:
    """While this lasts, the graphviz library runs the program found here."""
    with _lock:
        before = dot_command.DOT_BINARY
        dot_command.DOT_BINARY = Path(program())
        try:
            yield
        finally:
            dot_command.DOT_BINARY = before


class Drawing(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` that finds its layout program, shows itself in notebooks and writes files.

    `source` is its DOT text; `svg()` the picture as text; `write("f.png")` a file. What the graphviz
    library offers (`render`, `view`, `pipe`, subgraphs, attributes) works as documented there.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.links: list[Link] = []
        self.labelled = False

    def edge(self, tail_name: str, head_name: str, *args: Any, **attributes: Any) -> None:
        """An edge between two nodes; see the graphviz library."""
        super().edge(tail_name, head_name, *args, **attributes)
        self.labelled |= "label" in attributes
        if attributes.get("constraint") != "false":
            self.links.append((tail_name.partition(":")[0], head_name.partition(":")[0]))

    def svg(self) -> str:
        """The picture as SVG text."""
        return render(self.source, "svg").decode()

    def write(self, path: str | os.PathLike[str], scale: float = SCALE) -> Path:
        """Write the picture to a file in the format of its suffix: .svg, .png, .pdf, .dot or others of Graphviz.

        `scale` is the size of pictures made of pixels: 1 is the size in which a browser shows the SVG. PDF needs
        Graphviz or the extra `pdf`. The file is whole or is not there. Raises `UsageError` for a path without a suffix
        or a scale that is not above 0, `RenderError` for a format that cannot be drawn, `FileError` where the file
        cannot be written.
        """
        path = Path(path)
        format = path.suffix.lower().removeprefix(".")
        if not format:
            raise UsageError(f"a file name ending in .svg, .png or .dot is expected, {str(path)!r} came")
        return write(path, picture(self.source, format, scale))

    def _repr_image_svg_xml(self) -> str:  # what the graphviz library shows where bundles are not asked for
        return inline(self.svg())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        # HTML is for notebooks: those that are not trusted show no other SVG. PNG is for LaTeX and consoles.
        svg = self.svg()
        bundle = {"text/html": shown(svg, "a drawing"), "image/svg+xml": inline(svg)}
        with suppress(RenderError):  # some installations of Graphviz have no PNG
            bundle["image/png"] = b64encode(render(self.source, "png")).decode()
        return bundle

    def pipe(self, *args: Any, **options: Any) -> Any:
        """The picture as bytes, or text with `encoding=`; see the graphviz library."""
        options.setdefault("quiet", True)
        with layout_program():
            return super().pipe(*args, **options)

    def render(self, *args: Any, **options: Any) -> str:
        """Save the source and a picture of it; see the graphviz library."""
        options.setdefault("quiet", True)
        with layout_program():
            return str(super().render(*args, **options))


def canvas(
    theme: Theme, *, graph: Mapping[str, str] | None = None, node: Mapping[str, str] | None = None,
    edge: Mapping[str, str] | None = None,
) -> Drawing:
    """A drawing in the font and the colours of a theme; attributes of the graph, of nodes and of edges are added."""
    return Drawing(
        format="svg",
        graph_attr={"bgcolor": theme.background, "fontname": FONT, "pad": "0.12", **(graph or {})},
        node_attr={"fontname": FONT, "fontsize": str(SIZE), "fontcolor": theme.text, "color": theme.line,
                   **(node or {})},
        edge_attr={"fontname": FONT, "fontsize": str(SMALL), "color": theme.line, "arrowsize": "0.6", **(edge or {})},
    )


def pace(drawing: Drawing) -> None:
    """Give a layout no more care than there is time for; raises `SizeError` where it would take too long."""
    drawing.graph_attr.update(paced(drawing.links, drawing.labelled))


SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ET.register_namespace("", SVG)
ET.register_namespace("xlink", XLINK)

REFERENCE = re.compile(r"(url\(['\"]?#|^#)([^'\")]+)")
"""How an attribute refers to an element of the same picture."""

_shown: Counter[str] = Counter()


def inline(svg: str) -> str:
    """The text of an SVG file as an element for a page, which becomes smaller where there is no room for it.

    Several drawings may stand on one page, and an id must be there once. So ids go, except where the drawing itself
    refers to one, as a gradient of colours is referred to: these get a prefix, the same for the same drawing and
    another one when it is shown again.

    >>> inline('<?xml version="1.0"?><svg width="9pt"><g id="graph0"></g></svg>')
    '<svg width="9pt" style="max-width: 100%; height: auto"><g /></svg>'
    """
    root = ET.fromstring(svg)
    attributes = [value for element in root.iter() for value in element.attrib.values()]
    referred = {match[2] for value in attributes for match in REFERENCE.finditer(value)}
    used = referred & {element.get("id") for element in root.iter()}
    prefix = ""
    if used:
        digest = hashlib.sha256(svg.encode()).hexdigest()[:8]
        _shown[digest] += 1
        prefix = f"svg-{digest}-{_shown[digest]}-"

    def renamed(match: re.Match[str]) -> str:
        return match[1] + (prefix if match[2] in used else "") + match[2]

    for element in root.iter():
        for name, value in element.attrib.items():
            element.set(name, REFERENCE.sub(renamed, value))
        if (id := element.attrib.pop("id", None)) in used:
            element.set("id", f"{prefix}{id}")
    root.set("style", "max-width: 100%; height: auto")
    return ET.tostring(root, encoding="unicode")


ZOOM = """
const { parentElement: box, style } = this, x = event.offsetX / this.clientWidth, y = event.offsetY / this.clientHeight;
style.maxWidth = style.maxWidth === 'none' ? '100%' : 'none';
this.onmouseenter();
box.scrollLeft = x * this.clientWidth - box.clientWidth / 2;
this.scrollIntoView({ block: 'nearest' });
"""
"""What a click on a picture does: it gets its full size, around where the click was, or fits the page again."""

CURSOR = """
const whole = this.style.maxWidth === 'none';
this.style.cursor = whole ? 'zoom-out' : this.naturalWidth > this.clientWidth ? 'zoom-in' : '';
"""
"""The cursor says so, where the picture is smaller than its full size."""


def shown(svg: str, about: str) -> str:
    """A picture as HTML for notebooks: no wider than the page, and in its full size after a click on it.

    It is an `<img>`, which remains where notebooks are not trusted; then a click does nothing.
    """
    click = f'onclick="{escape(ZOOM)}" onmouseenter="{escape(CURSOR)}"'
    return f'<div style="overflow: auto">{image(svg, about, click)}</div>'


def image(svg: str, about: str, more: str = "") -> str:
    """A picture as an `<img>` that is no wider than its page and dark where that is, with more attributes."""
    root = ET.fromstring(svg)
    style = ET.Element(f"{{{SVG}}}style")
    style.text = dark_too()
    root.insert(0, style)
    data = b64encode(ET.tostring(root)).decode()
    return (
        f'<img alt="{escape(about)}" style="display: block; max-width: 100%; height: auto" {more}'
        f' src="data:image/svg+xml;base64,{data}">'
    )


def picture(source: str, format: str, scale: float = SCALE) -> bytes:
    """The picture that DOT text describes; in the formats dot and gv the text itself, which needs no layout."""
    if not 0 < scale < math.inf:
        raise UsageError(f"scale is a number above 0, {scale!r} came")
    return source.encode() if format in ("dot", "gv") else render(source, format, scale)


def pdf(svg: str) -> bytes:
    """An SVG file of Graphviz as PDF; raises `RenderError` where the extra `pdf` or any font is not installed."""
    try:
        import vl_convert
    except ModuleNotFoundError:
        raise RenderError(
            f"{PURE} cannot write 'pdf': use svg or png, or pip install -e \".[pdf]\", "
            "or install Graphviz (https://graphviz.org/download)"
        ) from None
    root = ET.fromstring(svg)
    for side, points in zip(("width", "height"), root.get("viewBox", "").split()[2:], strict=True):
        root.set(side, points)
    texts = list(root.iter(f"{{{SVG}}}text"))
    for element in texts:
        element.set("font-family", "sans-serif")  # a family that is not installed would leave no text
    written: bytes = vl_convert.svg_to_pdf(ET.tostring(root, encoding="unicode"))
    if texts and b"/Font" not in written:
        raise RenderError("a PDF needs a font, and this system has none: install one, such as Liberation Sans")
    return written


def write(path: Path, content: bytes) -> Path:
    """Write a file, whole or not at all; raises `FileError` where it cannot be written."""
    with replacing(path) as file:
        file.write(content)
    return path
