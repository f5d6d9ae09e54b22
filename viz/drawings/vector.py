"""Drawings of graphs as SVG that a page can work with: every value, edge and number can be found by a name.

Elements take the colours of style sheets. Nodes and edges get `data-value="v3"` for what belongs to a value,
`data-edge="v3e0"` for what belongs to its operand number 0, and `data-operation` for what makes the value.
Numbers get `data-number`: v3:data, v3:gradient, v3e0:gradient (what came back along the edge) and v3e0:local.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import asdict

from viz.drawings.render import SVG
from viz.style import Theme

EDGE = re.compile(r"(v\d+)e(\d+)")
"""The id of the edge that brings a value an operand."""

WIRE = re.compile(r"(v\d+)op(\d+)")
"""The name of a circuit's piece of wire to an operand."""

VALUE = re.compile(r"(v\d+)(?:op|leaf|fork|end)?")
"""The names of a value's nodes."""


def marked(svg: str, theme: Theme) -> ET.Element:
    """The `<svg>` element of a drawing in a theme's colours, with names and without fixed colours and size."""
    root = ET.fromstring(svg)
    for group in root.iter(f"{{{SVG}}}g"):
        if group.get("class") in ("node", "edge"):
            _name(group, theme)
    # Some meanings share a colour; of most the first is meant, of grey the lines.
    colours = {colour: name for name, colour in reversed(asdict(theme).items())} | {theme.line: "line"}
    for element in root.iter():
        for attribute in ("fill", "stroke"):
            if name := colours.get(element.get(attribute, "")):
                element.set(attribute, f"var(--{name})")
    for group in root.iter(f"{{{SVG}}}g"):
        group.attrib.pop("id", None)  # several drawings may stand on one page
        for title in group.findall(f"{{{SVG}}}title"):
            group.remove(title)
    return root


def text(root: ET.Element) -> str:
    """The element as text."""
    return ET.tostring(root, encoding="unicode")


def _name(group: ET.Element, theme: Theme) -> None:
    """Give a node or an edge, and the numbers in it, the names of what they show."""
    title = group.findtext(f"{{{SVG}}}title", "")
    kind, name = _subject(group, title)
    if not name:
        return
    group.set(f"data-{kind}", name)
    if title.partition("->")[0] == f"{name}op":
        group.set("data-operation", "")
    named = name if group.get("class") == "edge" or kind == "edge" else title
    for colour, number in ((theme.value, "data"), (theme.gradient, "gradient"), (theme.local, "local")):
        texts = [element for element in group.iter(f"{{{SVG}}}text") if element.get("fill") == colour]
        # A piece of wire to an operand shows the operand's data, which is known when its value is.
        if texts:
            texts[-1].set("data-number", f"{named}:{number}")


def _subject(group: ET.Element, title: str) -> tuple[str, str]:
    """Whether the group belongs to a value or to an operand's edge, and the name of that."""
    if EDGE.fullmatch(group.get("id", "")):
        return "edge", group.get("id", "")
    tail, _, head = (part.partition(":")[0] for part in title.partition("->"))
    for wire in (head, tail):
        if match := WIRE.fullmatch(wire):
            return "edge", f"{match[1]}e{match[2]}"
    # From an operation to its result, the edge belongs to the result, which is the head.
    match = VALUE.fullmatch(tail)
    return ("value", match[1]) if match else ("", "")
