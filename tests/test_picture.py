"""Pictures for pages: what each part of them shows is known by its mark, whatever its colour."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import asdict, replace
from typing import Any

import pytest

import viz
from autograd import Value
from viz.drawings.scalars import paint
from viz.drawings.vector import text, vector
from viz.pages.steps import Frames
from viz.style import THEMES, Theme

LOOKS = [
    {"style": style, "direction": direction, "legend": legend, "theme": theme}
    for style, direction in (("record", "LR"), ("record", "TB"), ("circuit", "LR"), ("circuit", "TB"))
    for legend, theme in ((True, "light"), (False, "dark"))
]


def walk(**options: Any) -> Frames:
    w, x = Value(2.0, "W1[0,0]"), Value(-3.0, "x")
    return viz.steps((w * x + Value(0.5, "b1[0]") - 3).tanh() * x, clusters=True, **options)


def numbers(root: ET.Element) -> dict[str, str]:
    """The texts of numbers by their names."""
    found = [element for element in root.iter() if "data-number" in element.attrib]
    return {element.attrib["data-number"]: element.text or "" for element in found}


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_colour_is_that_of_the_style_sheet(look: dict[str, Any]) -> None:
    known = {f"var(--{name})" for name in asdict(THEMES["light"])} | {"none"}
    for element in vector(walk(**look).picture()).iter():
        assert {element.get("fill", "none"), element.get("stroke", "none")} <= known, ET.tostring(element)
        assert "id" not in element.attrib


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_number_of_the_walk_is_found_by_its_name_and_written_after_what_stands_before_it(
    look: dict[str, Any],
) -> None:
    frames = walk(**look)
    picture = frames.picture()
    drawn = numbers(vector(picture))
    known = {key: number.digits for frame in frames for key, number in frames.made_known(frame).items()}
    assert picture.marks is not None
    for key in known.keys() & drawn.keys():
        assert drawn[key] == picture.marks[key].before + known[key]
    assert len(known.keys() & drawn.keys()) > len(frames)


@pytest.mark.parametrize("style", ["record", "circuit"])
def test_parts_are_told_apart_by_their_marks_not_by_their_colours(style: str) -> None:
    frames = walk(style=style, legend=True)
    grey = Theme(**dict.fromkeys(asdict(THEMES["light"]), "#777777"))
    same = paint(replace(frames.sheet, theme=grey), style, clusters=True, legend=True, marks={})
    assert text(vector(same)) == text(vector(frames.picture()))


def test_a_picture_has_room_for_numbers_that_change_and_for_constants_as_they_are() -> None:
    frames = walk()
    root = vector(frames.picture("-0.1234"))
    rooms = {e.attrib["data-number"]: e.get("data-room") for e in root.iter() if "data-number" in e.attrib}
    constant = next(frames.id(value) for value in frames.walk.values if value.data == 3.0)
    assert rooms.pop(f"{constant}:data") is None
    assert None not in rooms.values()
    assert rooms["v0:gradient"] == str(len("grad -0.1234"))


def test_a_drawing_for_others_has_no_links() -> None:
    assert "<a " not in walk().drawing().svg()
    assert "href" not in viz.draw(walk().root, local_derivatives=True, legend=True).source
