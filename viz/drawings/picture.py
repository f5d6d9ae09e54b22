"""A drawing of values while it is made: each part has a mark, which says whose it is and what it shows.

For pages, parts have ids besides, by which they are found again in the SVG: `viz.drawings.vector`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from autograd import Value
from viz.drawings.render import Drawing
from viz.style import SIZE, SMALL, Theme
from viz.text.markup import cell, font, row, table, width

Operand = tuple[Value, int]
"""A value and the number of one of its operands: the edge between them."""

NUMBERS = ("data", "gradient", "local")
"""The roles of numbers."""

COLOURS = {"data": "value", "name": "text"}
"""The field of the theme in whose colour a role is; of other roles, the one of the same name."""

Look = Literal["known", "hidden", "new", "muted"]
"""How a text is seen: hidden, it takes its place all the same; new, it is on a marker."""


@dataclass(frozen=True)
class Mark:
    """What a part of a drawing shows: whose it is, its role there, and its text if it is one.

    Roles of texts are "name", "data", "gradient" and "local"; of nodes what they are filled with, and "operation" for
    what makes a value; "line" of others. `before` stands before the text, as "grad " does before a gradient; it is
    `called` where that is the name of the value. `widest` is the widest text there must be room for.
    """

    subject: Value | Operand | None
    role: str
    text: str = ""
    look: Look = "known"
    before: str = ""
    widest: str = ""
    called: bool = False

    @property
    def written(self) -> str:
        """The text with what stands before it."""
        return self.before + self.text

    @property
    def space(self) -> str:
        """The widest text that there is room for, with what stands before it; empty if there need not be more."""
        return self.widest and self.before + self.widest

    @property
    def colour(self) -> str:
        """The field of the theme that gives the colour of the text."""
        return "muted" if self.look == "muted" else COLOURS.get(self.role, self.role)


def named(ids: Mapping[Value, str], part: Value | Operand) -> str:
    """What a value or the edge of an operand is called in drawings and pages: v3, v3e0."""
    return f"{ids[part[0]]}e{part[1]}" if isinstance(part, tuple) else ids[part]


def key(ids: Mapping[Value, str], part: Value | Operand, role: str) -> str:
    """What a text of it is called: v3:data, v3e0:local."""
    return f"{named(ids, part)}:{role}"


def linked(id: str, mark: Mark, marks: dict[str, Mark]) -> dict[str, str]:
    """The attributes of a cell that is found by an id: of cells, Graphviz keeps the ids of links."""
    marks[id] = mark
    return {"id": id, "href": "#"}


@dataclass
class Picture:
    """A drawing while it is made, and the nodes of each value.

    `ids` are the names of values; `marks` those of all parts by id, None where ids are not wanted.
    """

    drawing: Drawing
    theme: Theme
    ids: dict[Value, str]
    marks: dict[str, Mark] | None = None
    nodes: dict[Value, list[str]] = field(default_factory=dict)

    def node(self, name: str, mark: Mark, label: str | None = None, **attributes: str) -> None:
        """A node of a value, or of an edge, which belongs to the operation there."""
        assert mark.subject is not None
        owner = mark.subject[0] if isinstance(mark.subject, tuple) else mark.subject
        self.nodes.setdefault(owner, []).append(name)
        self.drawing.node(name, label, **attributes, **self.identified(name, mark))

    def edge(self, tail: str, head: str, mark: Mark, id: str = "", **attributes: str) -> None:
        """An edge; where an operand comes in, it has an id in any drawing."""
        if id:
            attributes["id"] = id
        attributes |= self.identified(id or f"{tail} to {head}", mark)
        self.drawing.edge(tail, head, **attributes)

    def identified(self, id: str, mark: Mark) -> dict[str, str]:
        """The attribute that gives a part its id, if ids are wanted."""
        if self.marks is None:
            return {}
        self.marks[id] = mark
        return {"id": id}

    def cell(self, mark: Mark, **attributes: str) -> str:
        """A cell of a table that holds a text."""
        return self._cell(mark, SIZE, attributes, bold=mark.role == "name")

    def note(self, mark: Mark) -> str:
        """A small text beside an edge."""
        if self.marks is None:
            return f"<{font(mark.written, self.ink(mark), SMALL, italic=True)}>"
        bare = {"border": "0", "cellborder": "0", "cellspacing": "0", "cellpadding": "1"}
        return table([row(self._cell(mark, SMALL, {}, italic=True))], **bare)

    def _cell(
        self, mark: Mark, size: int, attributes: dict[str, str], *, bold: bool = False, italic: bool = False
    ) -> str:
        assert mark.subject is not None
        if mark.look == "new":
            attributes["bgcolor"] = self.theme.marker
        if mark.space:
            attributes |= {"width": str(width(mark.space, size) + 8), "align": "left"}
        if self.marks is not None:
            attributes |= linked(key(self.ids, mark.subject, mark.role), mark, self.marks)
        return cell(mark.written, self.ink(mark), size, bold=bold, italic=italic, **attributes)

    def ink(self, mark: Mark) -> str:
        """The colour of a text."""
        return "transparent" if mark.look == "hidden" else str(getattr(self.theme, mark.colour))
