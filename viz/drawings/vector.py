"""Pictures of graphs as SVG that a page can work with: every value, edge and number can be found by a name.

Elements take the colours of style sheets. Nodes and edges get `data-value="v3"` for what belongs to a value,
`data-edge="v3e0"` for what belongs to its operand number 0, and `data-operation` for what makes the value.
Numbers get `data-number`: v3:data, v3:gradient, v3e0:gradient (what came back along the edge) and v3e0:local;
`data-before` is what stands before the number, and `data-room` how many characters there is room for.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from viz.drawings.picture import NUMBERS, Mark, Picture
from viz.drawings.render import SVG

ANCHOR = "a_"
"""What Graphviz writes before the id of a cell."""

GROUP, TEXT, TITLE = (f"{{{SVG}}}{tag}" for tag in ("g", "text", "title"))


def vector(picture: Picture) -> ET.Element:
    """The `<svg>` element of a picture whose parts have ids."""
    assert picture.marks is not None
    root = ET.fromstring(picture.drawing.svg())
    reader = Reader(picture, picture.marks)
    for graph in root:
        graph[:] = list(reader.elements(graph, Colours("background", "line", "muted")))
        del graph.attrib["id"]  # several drawings may stand on one page
    return root


def text(root: ET.Element) -> str:
    """The element as text."""
    return ET.tostring(root, encoding="unicode")


@dataclass(frozen=True)
class Colours:
    """The fields of a theme in whose colours things are filled, outlined and written."""

    fill: str
    line: str
    text: str

    def put(self, element: ET.Element) -> None:
        """Give an element its colours, those of the style sheet."""
        if element.get("fill") != "none":
            element.set("fill", f"var(--{self.text if element.tag == TEXT else self.fill})")
        if element.get("stroke", "none") != "none":
            element.set("stroke", f"var(--{self.line})")


@dataclass(frozen=True)
class Reader:
    """Finds the marks of a picture in its SVG, by the ids of groups."""

    picture: Picture
    marks: Mapping[str, Mark]

    def elements(self, parent: ET.Element, colours: Colours) -> Iterator[ET.Element]:
        """The elements of a group, with names and colours; cells are no groups any more."""
        for element in parent:
            id = element.attrib.pop("id", "")
            if element.tag != GROUP:
                colours.put(element)
                yield from [] if element.tag == TITLE else [element]
            elif id.startswith(ANCHOR):
                yield from self.cell(element, self.marks[id.removeprefix(ANCHOR)])
            else:
                element[:] = list(self.elements(element, self.group(element, self.marks.get(id))))
                yield element

    def group(self, group: ET.Element, mark: Mark | None) -> Colours:
        """Name a node or an edge; its colours, or those of a frame."""
        if mark is None or mark.subject is None:
            return Colours("background", "muted", "muted")
        group.set("data-edge" if isinstance(mark.subject, tuple) else "data-value", self.picture.named(mark.subject))
        if mark.role == "operation":
            group.set("data-operation", "")
        return Colours("line" if group.get("class") == "edge" else mark.role, "line", "text")

    def cell(self, group: ET.Element, mark: Mark) -> Iterator[ET.Element]:
        """The elements of a cell, in which a number is named."""
        (anchor,) = group
        for element in self.elements(anchor, Colours(mark.role, "line", mark.colour)):
            if element.tag == TEXT and mark.role in NUMBERS and mark.subject is not None:
                element.set("data-number", f"{self.picture.named(mark.subject)}:{mark.role}")
                element.set("data-before", mark.before)
                if mark.space:
                    element.set("data-room", str(len(mark.space)))
            yield element
