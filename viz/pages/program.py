"""A compiled program as a page: its arrays as boxes, and for each what its lines stand for, scalar by scalar."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from autograd import UsageError, ancestors
from viz.drawings import blocks, scalars
from viz.drawings.render import SVG, Drawing, image, pictures
from viz.pages.web import Page, document, labelled, page_file, saved
from viz.pages.words import spoken, words
from viz.style import dark_too, variables

SCRIPTS = ("helpers.js", "view.js", "files.js", "program.js")

IS_CODE = {"line": True, "means": True, "why": False, "form": False, "entry": True}
"""Whether the paragraphs of an explanation are code, or sentences."""

FEW = 40
"""An entry behind which there are more scalars than this is told, but not drawn."""


def page(
    program: Any, path: str | os.PathLike[str] | None, title: str, theme: str | None, language: str, **options: Any
) -> Page:
    """A page on which the boxes of a compiled program explain themselves, as `viz.html` makes it.

    It opens with the explanation of an array where the address names it: `page.html#dW1`.
    """
    said = words(language)
    drawing = blocks.draw(program, theme=theme or "light", **options)
    nodes = [node for node in program.passes(inputs=options.get("inputs", False))[-1].nodes
             if options.get("backward", True) or not node.backward]
    explained = [node for node in nodes if node.statements]
    if not explained:
        raise UsageError("the program computes no array, so there is nothing to explain")
    written = document(
        "program.html", title=title or said["program"], language=language,
        style=variables(theme) + page_file("steps.css", "program.css"),
        svg=picture(drawing, blocks.ids(nodes), adapts=theme is None), files=labelled("files.html", language),
        lines="\n".join(line(node.name, statement) for node in explained for statement in node.statements),
        articles="\n".join(articles([program.explain(node.name) for node in explained], said, theme)),
        script=spoken(language) + page_file(*SCRIPTS),
    )
    return saved(Page(written, drawing.svg(), said["program"]), path)


def picture(drawing: Drawing, ids: dict[str, str], adapts: bool) -> str:
    """The boxes as an element of the page, each with the name of its array; it `adapts` to what the reader prefers."""
    root, names = ET.fromstring(drawing.svg()), {id: name for name, id in ids.items()}
    for group in root.iter(f"{{{SVG}}}g"):
        group.attrib.pop("id", None)
        title = group.find(f"{{{SVG}}}title")
        if title is not None:
            group.remove(title)  # a browser would show it where the mouse rests
            if title.text in names:
                group.set("data-array", names[title.text])
    if adapts:
        style = ET.Element(f"{{{SVG}}}style")
        style.text = dark_too()
        root.insert(0, style)
    return ET.tostring(root, encoding="unicode")


def line(name: str, statement: str) -> str:
    """A line of the program, which leads to the explanation of the array that it computes."""
    return f'<li><a href="#{escape(name)}"><code>{escape(statement)}</code></a></li>'


def articles(explanations: Sequence[Any], said: dict[str, str], theme: str | None) -> Iterator[str]:
    """What each array stands for; the scalars behind its first entry are drawn where they are few."""
    roots = [explanation.scalars() for explanation in explanations]
    few = [root for root in roots if len(ancestors(root)) <= FEW]
    drawings = [scalars.draw(root, gradients=False, style="circuit", theme=theme or "light") for root in few]
    drawn = dict(zip(few, pictures(drawing.source for drawing in drawings), strict=True))
    for explanation, root in zip(explanations, roots, strict=True):
        yield article(explanation, said, figure(drawn[root], said["scalars"].format(entry=root.label))
                      if root in drawn else "")


def article(explanation: Any, said: dict[str, str], drawing: str) -> str:
    """What an array stands for: the paragraphs of its explanation, and perhaps a drawing."""
    about = f" · {said['gradient_of'].format(name=explanation.of)}" if explanation.of else ""
    shape = " × ".join(map(str, explanation.shape)) or "1"
    name, told = escape(explanation.name), "".join(
        f"<dt>{escape(said[head])}</dt><dd>{paragraph(head, text)}</dd>" for head, text in explanation.paragraphs())
    return (f'<article data-array="{name}"><h2>{name} <small>{escape(shape + about)}</small></h2><dl>{told}</dl>'
            f"{drawing}</article>")


def paragraph(head: str, text: str) -> str:
    """A paragraph of an explanation: code, under which there may be what its letters run over, or a sentence."""
    if not IS_CODE[head]:
        return escape(text)
    code, _, ranges = text.partition("\n")
    return f"<code>{escape(code)}</code>" + (f"<br>{escape(ranges)}" if ranges else "")


def figure(svg: str, about: str) -> str:
    """A drawing with what it shows below it."""
    return f"<figure>{image(svg, about)}<figcaption>{escape(about)}</figcaption></figure>"
