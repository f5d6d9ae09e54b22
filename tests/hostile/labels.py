"""Labels of any text: pictures, pages and sentences stay what they are, with other words in them."""

from __future__ import annotations

import functools
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import numpy as np

import autograd
import nn
import viz
from autograd import Value
from hostile.graphs import hostile_labels, plain_labels, sketch
from hostile.programs import alike, compiled
from hostile.reader import Reader
from viz.text.markup import readable, shorten

STYLES, DIRECTIONS = ("record", "circuit"), ("LR", "TB")
MARKUP = {"label", "table", "tr", "td", "hr", "vr", "br", "font", "b", "i"}
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|<|[\w.-]+|[^\s\w"<]', re.DOTALL)


def drawing(data: bytes) -> None:
    """The DOT text has the same nodes, edges and attributes; only the texts in its labels differ."""
    reader = Reader(data)
    plan, labels = sketch(reader), hostile_labels(reader)
    options: dict[str, Any] = {"style": reader.pick(STYLES), "direction": reader.pick(DIRECTIONS),
                               "local_derivatives": reader.below(2) == 1, "expand": reader.below(2) == 1}
    hostile, plain = (viz.draw(plan.values(names)[-1], **options).source for names in (labels, plain_labels(labels)))
    clustered = structure(viz.draw(plan.values(labels)[-1], clusters=True, **options).source)  # by what labels say
    clustered.encode()
    assert structure(hostile) == structure(plain), labels


def other_drawing(data: bytes) -> None:
    """Networks whose activation has any name, compiled programs, passes of the compiler: likewise."""
    reader = Reader(data)
    kind, text, labels = reader.below(3), reader.text(), hostile_labels(reader)
    draw = (network, blocks, passes)[kind]
    hostile, plain = (draw(Reader(reader.data), *names) for names in ((text, labels), ("plain", alike(labels))))
    # A statement with longer names may need more lines.
    assert structure(hostile, inside=kind == 0) == structure(plain, inside=kind == 0), (text, labels)


def network(reader: Reader, name: str, labels: list[str]) -> str:
    """A network whose activation bears the name."""
    activation = functools.partial(autograd.tanh)
    activation.__name__ = name
    return viz.draw(nn.MLP(2, [2, 1], activation, seed=0)).source


def blocks(reader: Reader, name: str, labels: list[str]) -> str:
    """A compiled program."""
    return viz.draw(traced(reader, labels)).source


def passes(reader: Reader, name: str, labels: list[str]) -> str:
    """A program after one pass."""
    return viz.passes(traced(reader, labels))[reader.below(3)].drawing.source


def traced(reader: Reader, labels: list[str]) -> autograd.Program:
    """A program of a graph that the reader sketches."""
    with np.errstate(all="ignore"):
        return compiled(sketch(reader), labels, keyed=False)[0].trace(())


def structure(source: str, inside: bool = True) -> str:
    """DOT text without the texts of its labels, and without the widths that these need; or without their tables too."""
    parts, place = [], 0
    while match := TOKEN.search(source, place):
        place = match.end()
        if match[0] != "<":
            parts.append(match[0])
            continue
        depth = 1
        while depth:
            depth += {"<": 1, ">": -1}.get(source[place], 0)
            place += 1
        label = ET.fromstring(f"<label>{source[match.end() : place - 1]}</label>")
        assert {element.tag for element in label.iter()} <= MARKUP
        parts.append(skeleton(label) if inside else "<>")
    return " ".join(parts)


def skeleton(element: ET.Element) -> str:
    """The tags and attributes of an element, without texts, line breaks and widths."""
    attributes = {name: value for name, value in element.attrib.items() if name != "width"}
    return f"<{element.tag} {attributes} {''.join(skeleton(child) for child in element if child.tag != 'br')}>"


DRAWN = {"svg", "g", "title", "rect", "polygon", "polyline", "path", "ellipse", "text", "tspan"}


def checked_svg(svg: str, values: list[Value]) -> None:
    """An SVG picture holds nothing but what Graphviz draws, and the labels to be read."""
    root = ET.fromstring(svg[svg.index("<svg") :])
    for element in root.iter():
        assert element.tag.rpartition("}")[2] in DRAWN, element.tag
        assert not any(name.rpartition("}")[2].startswith(("on", "href")) for name in element.attrib)
    shown = squeezed("".join(element.text or "" for element in root.iter() if element.tag.endswith("text")))
    for value in values:
        lines = shorten(readable(value.label)).split("\n")
        assert all(squeezed(line) in shown for line in lines), (value.label, shown)


def squeezed(text: str) -> str:
    """Text without blanks of any kind."""
    return "".join(c for c in text if not c.isspace() and c != "\u200b")


def picture(data: bytes) -> None:
    """The layout program draws the same, with the labels as text."""
    reader = Reader(data)
    plan, labels = sketch(reader), hostile_labels(reader)
    values = plan.values(labels)
    svg = viz.draw(values[-1], style=reader.pick(STYLES), direction=reader.pick(DIRECTIONS)).svg()
    checked_svg(svg, [value for value in values[-1:] if value.label])


# ── sentences and formulas ───────────────────────────────────────────────────────────────────

MATHEMATICS = {"math", "mrow", "mi", "mn", "mo", "mtext", "mfrac", "msup", "msub", "msqrt", "mspace", "mover", "munder",
               "munderover", "mstyle", "msubsup"}


def checked_mathml(written: str) -> None:
    """MathML of nothing but mathematics."""
    for element in ET.fromstring(written).iter():
        assert element.tag in MATHEMATICS, element.tag
        assert not any(name.startswith(("on", "href")) for name in element.attrib)


def sentences(data: bytes) -> None:
    """Sentences are lines that can be printed; their MathML is whole."""
    reader = Reader(data)
    plan, labels = sketch(reader), hostile_labels(reader)
    root = plan.values(labels)[-1]
    for step in viz.steps(root):
        assert "\n" not in step.sentence, labels
        step.sentence.encode()
        checked_mathml(step.mathml)
    for spelling in ("text", "latex", "mathml"):
        written = viz.formula(root, spelling, expand=reader.below(2) == 1, limit=10**9)
        if spelling == "mathml":
            checked_mathml(written)


# ── pages ────────────────────────────────────────────────────────────────────────────────────


class Outline(HTMLParser):
    """The elements of a page outside of its drawings, and the texts of its scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Any] = []
        self.scripts: list[str] = []
        self.inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.inside = "svg" if tag == "svg" else self.inside or (tag if tag == "script" else "")
        if self.inside != "svg":
            self.elements.append((tag, sorted(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if self.inside == tag:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        """Text."""
        if self.inside == "script":
            self.scripts.append(data)


def replay(root: Value, title: str) -> str:
    """The page of a training of two steps."""
    recorder, model = viz.Recorder(title=title), nn.Neuron(2, seed=0)
    for loss in (root, 1.0):
        recorder.keep(model, loss)
    return viz.replay([recorder, recorder] if len(title) % 2 else recorder, title=title)


PAGES = {
    "replay": replay,
    "html": lambda root, title: viz.html(root, title=title),
    "live": lambda root, title: viz.live(root, title=title),
    "constants": lambda root, title: viz.live(root, title=title, constants=True),
    "quiz": lambda root, title: viz.quiz(root, title=title),
}


TURNING = re.compile(r"[\u061c\u200e\u200f\u2028-\u202e\u2066\u2067]|\\u(061c|200[ef]|202[89a-e]|206[67])", re.I)
"""What turns the direction of text beside it, or ends a line: itself, or as JSON writes it."""


def page(data: bytes) -> None:
    """A page has the same elements and the same program, and its data are whole."""
    reader = Reader(data)
    make, plan = PAGES[reader.pick(list(PAGES))], sketch(reader)
    labels, title = hostile_labels(reader), reader.text()
    text = make(plan.values(labels)[-1], title)
    hostile, plain = Outline(text), Outline(make(plan.values(plain_labels(labels))[-1], "p" * len(title)))
    assert hostile.elements == plain.elements, labels
    assert hostile.scripts[-1] == plain.scripts[-1], labels
    if len(hostile.scripts) == 2:
        json.loads(hostile.scripts[0], parse_constant=no_json)
    checked_svg(text.svg, [])
    text.encode(errors="replace")
    assert not re.search("[\0-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
    assert not TURNING.search(text), labels


def no_json(word: str) -> None:
    """Python's JSON knows NaN and Infinity, that of browsers does not."""
    raise AssertionError(word)
