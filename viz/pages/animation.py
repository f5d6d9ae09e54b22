"""A walk as one animated SVG, for slides: browsers and whatever shows a page play it, without a script.

It is the drawing of the page with SMIL's `<animate>`; every attribute that changes jumps from value to value. Without
that, and where a reader wants no motion, it shows the last step. What it says of style is said of it alone, so that it
may stand in a page.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy

from viz.drawings.render import SVG
from viz.drawings.sheet import touched
from viz.drawings.vector import text, vector
from viz.pages.steps import Frames
from viz.style import FAMILY, SIZE
from viz.text.markup import width

LINE = 1.4 * SIZE
"""The height of a line of the sentence, in points."""


def animated(frames: Frames, seconds: float) -> str:
    """The text of the animation, in which each step is seen for so many seconds; it begins again at the end."""
    root = vector(frames.picture(), still=True)
    animation = Animation(frames, seconds)
    animation.numbers(root)
    animation.strokes(root)
    animation.sentences(root)
    animation.rest(root)
    return text(root)


class Animation:
    """When what is to be seen; position p is seen from second p · seconds on."""

    def __init__(self, frames: Frames, seconds: float) -> None:
        self.frames = frames
        self.theme = frames.sheet.theme
        self.at_rest: set[tuple[str, str]] = set()  # attributes with the values that they have in the end
        self.positions = len(frames) + 1
        self.duration = f"{self.positions * seconds:g}s"
        self.known: dict[str, list[tuple[int, str]]] = defaultdict(list)
        for frame in frames:
            for key, number in frames.made_known(frame).items():
                self.known[key].append((frame.position, number.digits))

    def animate(self, element: ET.Element, attribute: str, at: Mapping[int, str]) -> None:
        """Give an attribute of an element the values that it takes from these positions on; it keeps the last one."""
        times = sorted(at)
        element.set(attribute, at[times[-1]])
        self.at_rest.add((attribute, at[times[-1]]))
        ET.SubElement(element, f"{{{SVG}}}animate", {
            "attributeName": attribute, "calcMode": "discrete", "dur": self.duration, "repeatCount": "indefinite",
            "values": ";".join(at[time] for time in times),
            "keyTimes": ";".join(f"{time / self.positions:.6g}" for time in times),
        })

    def during(self, element: ET.Element, attribute: str, positions: Iterable[int], value: str, otherwise: str) -> None:
        """Give an attribute a value at these positions, and another one at all others."""
        at = {0: otherwise}
        for position in sorted(positions):
            at |= {position: value, position + 1: otherwise}
        at.pop(self.positions, None)  # then it begins again
        self.animate(element, attribute, at)

    def numbers(self, root: ET.Element) -> None:
        """Let each number appear when it is known, on a marker while it is new; running sums follow one another."""
        for group in list(root.iter(f"{{{SVG}}}g")):
            for element in group.findall(f"{{{SVG}}}text[@data-number]"):
                key = element.get("data-number", "")
                shown = self.known.get(key)
                if not shown:
                    continue
                place, before = list(group).index(element), element.get("data-before", "")
                group.remove(element)
                ends = [position for position, _ in shown[1:]] + [self.positions]
                for (start, number), end in zip(shown, ends, strict=True):
                    version = deepcopy(element)
                    version.text = before + number
                    self.during(version, "visibility", range(start, end), "visible", "hidden")
                    group.insert(place, version)
                    group.insert(place, self.marker(version, start))

    def marker(self, element: ET.Element, position: int) -> ET.Element:
        """A rectangle behind a number while it is new."""
        size = float(element.get("font-size", SIZE))
        marker = ET.Element(f"{{{SVG}}}rect", {
            "x": f"{float(element.get('x', 0)) - 2:g}", "y": f"{float(element.get('y', 0)) - size:g}", "rx": "3",
            "width": f"{0.84 * width(element.text or '', int(size)) + 4:g}", "height": f"{1.3 * size:g}",
            "fill": self.theme.marker,
        })
        self.during(marker, "visibility", [position], "visible", "hidden")
        return marker

    def strokes(self, root: ET.Element) -> None:
        """Let the lines of a value or an edge have the colour of the pass while a step is about them."""
        theme = self.theme
        about: dict[str, list[int]] = defaultdict(list)
        for frame in self.frames:
            for part in touched(frame):
                about[self.frames.id(part)].append(frame.position)
        first = next(frame.position for frame in self.frames if frame.phase == "backward")
        for group in root.iter(f"{{{SVG}}}g"):
            positions = about.get(group.get("data-value") or group.get("data-edge") or "", [])
            if "data-operation" in group.attrib:  # it has its turn in the forward pass
                positions = [position for position in positions if position < first]
            for line in [child for child in group if child.get("stroke", "none") != "none"] if positions else []:
                at = {0: theme.line}
                for position in positions:
                    at |= {position: theme.value if position < first else theme.gradient, position + 1: theme.line}
                at.pop(self.positions, None)
                self.animate(line, "stroke", at)
                self.during(line, "stroke-width", positions, "2.5", "1")

    def sentences(self, root: ET.Element) -> None:
        """Put each step's sentence below the drawing, in lines as wide as that is."""
        left, top, wide, high = map(float, root.get("viewBox", "").split())
        lines = {frame.position: broken(frame.said.pieces("text"), wide - SIZE) for frame in self.frames}
        most = max(map(len, lines.values()))
        for position, sentence in lines.items():
            element = ET.SubElement(root, f"{{{SVG}}}text", {
                "fill": self.theme.text, "font-family": FAMILY, "font-size": str(SIZE),
            })
            for i, line in enumerate(sentence):
                place = {"x": f"{left + SIZE / 2:g}", "y": f"{top + high + (i + 0.8) * LINE:g}"}
                ET.SubElement(element, f"{{{SVG}}}tspan", place).text = line
            self.during(element, "visibility", [position], "visible", "hidden")
        high += (most + 0.4) * LINE
        backdrop = {"x": f"{left:g}", "y": f"{top:g}", "width": "100%", "height": "100%", "fill": self.theme.background}
        root.insert(0, ET.Element(f"{{{SVG}}}rect", backdrop))
        root.set("viewBox", f"{left:g} {top:g} {wide:g} {high:g}")
        root.set("width", f"{wide:g}pt")
        root.set("height", f"{high:g}pt")


    def rest(self, root: ET.Element) -> None:
        """Show the last step where a reader wants no motion: important rules of style are stronger than animations."""
        rules = (f'svg[data-animation] [{attribute}="{value}"] {{ {attribute}: {value} !important }}'
                 for attribute, value in sorted(self.at_rest))
        style = ET.Element(f"{{{SVG}}}style")
        style.text = f"@media (prefers-reduced-motion: reduce) {{ {' '.join(rules)} }}"
        root.insert(0, style)
        root.set("data-animation", "")


def broken(pieces: Sequence[str], widest: float) -> list[str]:
    """The pieces of a sentence in lines of at most a width in points, where that is possible.

    >>> broken(["df/dx", " = df/dq · y", " = -4 · 5", " = -20"], 150)
    ['df/dx = df/dq · y', '= -4 · 5 = -20']
    """
    lines = [""]
    for piece in pieces:
        if not lines[-1] or width(lines[-1] + piece, SIZE) <= widest:
            lines[-1] += piece
        else:
            lines.append(piece.lstrip())
    return lines
