import html
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import viz
from autograd import SizeError, UsageError
from viz.drawings.picture import named
from viz.drawings.render import render
from viz.pages.exercises import exercises
from viz.pages.worksheet import HIGHEST, WIDEST, picture


@pytest.fixture(scope="module", params=[1, 2, 3])
def sheet(request):
    return viz.worksheet(3, request.param, seed=4)


def texts(page):
    """What is written in the drawings of a page, exercise by exercise."""
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    return [list(map(html.unescape, re.findall(r"<text[^>]*>([^<]*)</text>", picture))) for picture in pictures]


def test_the_page_shows_the_inputs_and_no_answer(sheet):
    for exercise, written in zip(sheet.exercises, texts(sheet.page), strict=True):
        shown = [text.rpartition("=")[2].strip() for text in written]
        numbers = [float(text) for text in shown if re.fullmatch(r"-?[\d.]+", text)]
        squares = [2.0] if "**" in written else []
        assert set(numbers) <= {*exercise.point.values(), *squares}


def test_the_key_shows_every_value_and_gradient(sheet):
    for exercise, written in zip(sheet.exercises, texts(sheet.key), strict=True):
        numbers = {text.rpartition("= ")[2] for text in written}
        for value in exercise.values:
            assert {f"{value.data:.4g}", f"{value.grad:.4g}"} <= numbers
        assert "-0" not in numbers


def test_the_key_answers_what_the_page_asks(sheet):
    blanks, answers = (re.findall(r'class="blank">([^<]*)<', page) for page in (sheet.page, sheet.key))
    expected = [x for exercise in sheet.exercises for x in (exercise.root.data, *exercise.gradient.values())]
    assert set(blanks) == {"&nbsp;"}
    assert len(blanks) == len(answers)
    assert [float(answer) for answer in answers] == expected


def unwritten(page):
    """The drawings of a page without what is written in them."""
    for drawing in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        root = ET.fromstring(drawing)
        for written in root.iter("{http://www.w3.org/2000/svg}text"):
            written.text = ""
        yield ET.tostring(root)


def test_the_key_can_be_laid_over_the_page(sheet):
    assert list(unwritten(sheet.page)) == list(unwritten(sheet.key))


def sizes(page):
    """The sizes of drawings on paper, and those in which they were made."""
    number = r"([\d.]+)"
    svgs = re.findall(r"<svg[^>]*>", page)
    shown = [re.search(rf'width="{number}pt" height="{number}pt"', svg).groups() for svg in svgs]
    made = [re.search(rf'viewBox="[\d.]+ [\d.]+ {number} {number}"', svg).groups() for svg in svgs]
    return np.array(shown, float), np.array(made, float)


@pytest.mark.parametrize("seed", range(2))
def test_drawings_fit_on_paper_and_text_has_one_size(seed):
    shown, made = sizes(viz.worksheet(6, 3, seed).key)
    assert (shown <= [WIDEST + 0.1, HIGHEST + 0.1]).all()
    np.testing.assert_allclose(shown / made, (shown / made)[0, 0], rtol=0.01)


def curve(position):
    """Points on the curve of an edge, as Graphviz gives it: Bézier curves, and perhaps where the arrow ends."""
    points = np.array([part.split(",")[-2:] for part in position.split() if part[0] not in "es"], float)
    t = np.linspace(0, 1, 20)[:, None]
    for a, b, c, d in zip(points[0::3], points[1::3], points[2::3], points[3::3], strict=False):
        yield from (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d


@pytest.mark.parametrize("level", [1, 2, 3])
def test_no_wire_goes_through_the_box_of_another_input(level):
    for exercise in exercises(6, level, 4):
        drawn = picture(exercise)
        layout = json.loads(render(drawn.drawing.source, "json"))
        nodes = {node["name"]: node for node in layout["objects"] if "pos" in node}
        names = [node["name"] for node in layout["objects"]]
        for value in exercise.values:
            if value.args:
                continue
            box = nodes[drawn.nodes[value][0]]
            middle = np.array(box["pos"].split(","), float)
            half = 36 * np.array([box["width"], box["height"]], float)
            wires = [edge for edge in layout["edges"] if box["name"] not in (names[edge["tail"]], names[edge["head"]])]
            for edge in wires:
                inside = [abs(point - middle) < half for point in curve(edge["pos"])]
                assert not np.all(inside, 1).any(), named(drawn.ids, value)


def test_the_same_seed_gives_the_same_sheet():
    assert viz.worksheet(2, 2, 9).page == viz.worksheet(2, 2, 9).page
    assert viz.worksheet(2, 2, 9).key == viz.worksheet(2, 2, 9).key
    assert viz.worksheet(2, 2, 9).page != viz.worksheet(2, 2, 10).page


def test_both_are_files_that_need_no_other(sheet, tmp_path):
    for name in ("page", "key"):
        path = getattr(sheet, name).write(tmp_path / f"{name}.html")
        text = path.read_text(encoding="utf-8")
        assert text.startswith("<!DOCTYPE html>")
        assert not re.search(r"<link|<script|\bsrc=|url\((?!data:)|https?://(?!www\.w3\.org)", text)
        assert "size: A4" in text
        assert f"viz.worksheet(3, level={sheet.level}, seed=4)" in text


def test_a_notebook_shows_the_page_and_where_frames_are_removed_the_first_exercise(sheet):
    shown = sheet._repr_mimebundle_()
    (written,) = texts(shown["image/svg+xml"])
    assert written == texts(sheet.page)[0]
    assert html.escape(sheet.page) in shown["text/html"]
    assert shown["text/plain"] == f"viz.worksheet(3, level={sheet.level}, seed=4)"


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ((0, 1, 0), SizeError, "1 to 100 exercises, n=0 came"),
    ((101, 1, 0), SizeError, "n=101 came"),
    ((2.5, 1, 0), UsageError, "n is a whole number, 2.5 came"),
    ((2, 4, 0), UsageError, "level is one of 1, 2, 3; 4 came"),
    ((2, 1, "a"), UsageError, "seed is a whole number, 'a' came"),
    ((2, True, 0), UsageError, "level is a whole number, True came"),
])
def test_other_arguments_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        viz.worksheet(*arguments)
