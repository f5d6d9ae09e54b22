"""A drawing with room for other numbers than those it shows, for pages on which numbers change."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from autograd import Value, ops
from viz.drawings.frames import Frames
from viz.drawings.scalars import paint
from viz.drawings.scene import Ink, recast
from viz.drawings.sheet import Sheet
from viz.drawings.vector import marked

WIDE = "-0.1234"
"""There is room for numbers of so many characters; longer ones are written narrower."""


class Roomy(Sheet):
    """A sheet in which every number but constants takes as much room as any."""

    def number(self, x: float) -> str:
        """The widest number."""
        return WIDE

    def data(self, value: Value) -> Ink:
        """The widest number, or that of a constant."""
        return Ink(super().number(value.data), self.theme.value) if value.op is ops.constant else super().data(value)


def roomy(frames: Frames) -> ET.Element:
    """The drawing of a walk as SVG, with room for other numbers."""
    sheet = frames.sheet
    drawing = paint(recast(sheet, Roomy), frames.style, frames.clusters, frames.legend)
    svg = marked(drawing.svg(), sheet.theme)
    numbers = {key: number.digits for frame in frames for key, number in frames.made_known(frame).items()}
    for value in sheet.values:
        if not value.args:
            numbers |= dict.fromkeys(frames.data(value), sheet.number(value.data))
    for element in svg.iter():
        key, written = element.get("data-number"), element.text or ""
        if key in numbers and written.endswith(WIDE):
            before = written.removesuffix(WIDE)
            element.set("data-before", before)
            element.set("data-room", str(len(written)))
            element.text = before + numbers[key]
    return svg
