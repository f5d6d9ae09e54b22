"""Pictures of graphs as SVG that a page can work with: every value, edge and number can be found by a name.

Elements take the colours of style sheets. Nodes and edges get `data-value="v3"` for what belongs to a value,
`data-edge="v3e0"` for what belongs to its operand number 0, and `data-operation` for what makes the value.
Numbers get `data-number`: v3:data, v3:gradient, v3e0:gradient (what came back along the edge) and v3e0:local;
`data-before` is what stands before the number, and `data-room` how many characters there is room for. Names get
`data-name`, and so do numbers after a name.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from autograd import Value
from viz.drawings.picture import NUMBERS, Mark, Picture, key, named
from viz.drawings.render import SVG

ANCHOR = "a_"
"""What Graphviz writes before the id of a cell."""

GROUP, TEXT, TITLE = (f"{{{SVG}}}{tag}" for tag in ("g", "text", "title"))


def vector(picture: Picture, svg: str = "", still: bool = False) -> ET.Element:
    """The `<svg>` element of a picture whose parts have ids; a `still` one keeps the colours that it was drawn in.

    `svg` is what its drawing looks like, if that is known already.
    """
    assert picture.marks is not None
    root = ET.fromstring(svg or picture.drawing.svg())
    reader = Reader(picture, picture.marks, still)
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


@dataclass(frozen=True)
class Reader:
    """Finds the marks of a picture in its SVG, by the ids of groups."""

    picture: Picture
    marks: Mapping[str, Mark]
    still: bool

    def elements(self, parent: ET.Element, colours: Colours) -> Iterator[ET.Element]:
        """The elements of a group, with names and colours; cells are no groups any more."""
        for element in parent:
            id = element.attrib.pop("id", "")
            if element.tag != GROUP:
                self.colour(element, colours)
                yield from [] if element.tag == TITLE else [element]
            elif id.startswith(ANCHOR):
                yield from self.cell(element, self.marks[id.removeprefix(ANCHOR)])
            else:
                element[:] = list(self.elements(element, self.group(element, self.marks.get(id))))
                yield element

    def colour(self, element: ET.Element, colours: Colours) -> None:
        """Give an element colours of style sheets in place of those that it was drawn in."""
        if self.still:
            return
        if element.get("fill") != "none":
            element.set("fill", f"var(--{colours.text if element.tag == TEXT else colours.fill})")
        if element.get("stroke", "none") != "none":
            element.set("stroke", f"var(--{colours.line})")

    def group(self, group: ET.Element, mark: Mark | None) -> Colours:
        """Name a node or an edge; its colours, or those of a frame."""
        if mark is None or mark.subject is None:
            return Colours("background", "muted", "muted")
        kind = "data-edge" if isinstance(mark.subject, tuple) else "data-value"
        group.set(kind, named(self.picture.ids, mark.subject))
        if mark.role == "operation":
            group.set("data-operation", "")
        return Colours("line" if group.get("class") == "edge" else mark.role, "line", "text")

    def cell(self, group: ET.Element, mark: Mark) -> Iterator[ET.Element]:
        """The elements of a cell, in which a number is named."""
        (anchor,) = group
        for element in self.elements(anchor, Colours(mark.role, "line", mark.colour)):
            if element.tag == TEXT and mark.role in NUMBERS and mark.subject is not None:
                element.set("data-number", key(self.picture.ids, mark.subject, mark.role))
                element.set("data-before", mark.before)
                if mark.space:
                    element.set("data-room", str(len(mark.space)))
            if element.tag == TEXT and (mark.role == "name" or mark.called) and isinstance(mark.subject, Value):
                element.set("data-name", named(self.picture.ids, mark.subject))
            yield element
