"""What the pages have in common: their files, how they show themselves, and data that a script can read."""

from __future__ import annotations

import functools
import json
import os
from base64 import b64encode
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Self

from viz.drawings.render import image, inline, write
from viz.pages.words import words
from viz.text.markup import printable

MATH_FONT = "Reroll Math"
"""What the font of formulas is called; `python -m viz.pictures.font` made it."""

HEIGHT = 600
"""How much of a page a reader of a notebook sees at once, in pixels: lists of steps and sliders become no higher."""

FITTING = r"""
const box = this.parentElement, page = this.contentDocument?.documentElement;
if (page) {
  page.style.setProperty('--screen', this.dataset.screen);
  page.classList.add('framed');
  page.style.overflow = 'hidden';
  new ResizeObserver(() => { box.style.height = Math.ceil(page.getBoundingClientRect().height) + 'px'; }).observe(page);
  const brush = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const shade = part => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = getComputedStyle(part).backgroundColor;
    brush.fillRect(0, 0, 1, 1);
    return brush.getImageData(0, 0, 1, 1).data;
  };
  const dress = () => {
    let ground = box;
    while (ground && shade(ground)[3] === 0) ground = ground.parentElement ?? ground.getRootNode().host;
    const [red, green, blue] = ground ? shade(ground) : [255, 255, 255];
    this.style.colorScheme = red + green + blue < 384 ? 'dark' : 'light';
  };
  dress();
  const watch = new MutationObserver(dress);
  for (const part of [document.documentElement, document.body]) watch.observe(part, { attributes: true });
}
"""
"""What a frame does when it is loaded: it becomes as high as its page and as dark as the notebook, and remains so."""


class Page(str):
    """The text of a page; `write("page.html")` makes it a file.

    In a notebook it shows itself, and where scripts are removed the picture alone.
    """

    svg: str
    about: str

    def __new__(cls, text: str, svg: str, about: str) -> Self:
        """A page, its picture as SVG, and what a screen reader calls it inside another page."""
        page = super().__new__(cls, text)
        page.svg, page.about = inline(svg), about
        return page

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.svg, self.about), vars(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.said, "text/html": self.inline(), "image/svg+xml": self.svg}

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        # IPython prefers its way of writing strings to the text/plain above, and would keep the page twice.
        printer.text(self.said)

    @property
    def said(self) -> str:
        """A page in a few words."""
        return f"<a page: {self.about}>"

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file, whole or not at all; raises `FileError` where it cannot be written."""
        return write(Path(path), self.encode(errors="replace"))

    def inline(self, height: int = HEIGHT) -> str:
        """The page as a part of another one: as high as what it shows, where a reader sees so many pixels at once.

        It is a frame over the picture, which is seen where frames are removed.
        """
        return (
            f'<div style="position: relative; overflow: hidden">{image(self.svg, self.about)}'
            f'<iframe title="{escape(self.about)}" data-screen="{height}px" srcdoc="{escape(self)}" '
            f'onload="{escape(FITTING)}" style="position: absolute; inset: 0; width: 100%; height: 100%; border: 0">'
            "</iframe></div>"
        )


def document(body: str, *, title: str, style: str, language: str, **parts: object) -> str:
    """The text of a page: a style sheet, and a file of `static` as its body, whose $parts and words are filled in."""
    body = labelled(body, language, title=escape(printable(title)), **parts)
    return framed(body, title=title, style=style, language=language)


def framed(body: str, *, title: str, style: str, language: str) -> str:
    """The text of a page around its body.

    Every page is printed by the same rules, which come after all others.
    """
    style += page_file("print.css")
    title = escape(printable(title))
    return Template(page_file("page.html")).substitute(title=title, language=language, style=style, body=body)


def labelled(file: str, language: str, **parts: object) -> str:
    """A file of viz/pages with words of a language, and parts, filled in, for a page that it is a part of."""
    return Template(page_file(file)).substitute(words(language), **parts)


def saved(page: Page, path: str | os.PathLike[str] | None) -> Page:
    """The page, written to a file if there is to be one."""
    if path is not None:
        page.write(path)
    return page


@functools.cache
def page_file(*names: str) -> str:
    """The text of a file in viz/pages, or of several after one another; scripts without comments and indentation.

    These are a fifth of a script, and whoever reads it has the repository. No text in a script goes over several lines.
    """
    from importlib import resources

    def read(name: str) -> str:
        text = resources.files("viz").joinpath("pages", "static", name).read_text(encoding="utf-8")
        if not name.endswith(".js"):
            return text
        lines = (line.strip() for line in text.splitlines())
        return "".join(f"{line}\n" for line in lines if line and not line.startswith("//"))

    return "".join(map(read, names))


@functools.cache
def formulas() -> str:
    """The style sheet of formulas, with their font in it: few systems have one, and others let bars strike letters."""
    from importlib import resources

    font = b64encode(resources.files("viz").joinpath("pages", "static", "math.woff2").read_bytes()).decode()
    return (
        f'@font-face {{ font-family: "{MATH_FONT}"; src: url(data:font/woff2;base64,{font}) format("woff2"); }}\n'
        f'math {{ font-family: "{MATH_FONT}", math; }}\n'
    )


def constants(**known: Any) -> str:
    """Data as constants of a script."""
    return "".join(f"const {name} = {literal(data)};\n" for name, data in known.items())


def literal(data: Any) -> str:
    """Data as JSON that may stand inside a `<script>`: no `<` in it could end the script or begin a comment."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
