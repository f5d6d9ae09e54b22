import html
import re

import pytest

import viz
from autograd import SizeError, UsageError


@pytest.fixture(scope="module", params=[1, 2, 3])
def sheet(request):
    return viz.worksheet(3, request.param, seed=4)


def texts(page):
    """What is written in the drawings of a page, exercise by exercise."""
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    return [list(map(html.unescape, re.findall(r"<text[^>]*>([^<]*)</text>", picture))) for picture in pictures]


def test_the_page_shows_the_inputs_and_no_answer(sheet):
    for exercise, written in zip(sheet.exercises, texts(sheet.page), strict=True):
        numbers = [float(text) for text in written if re.fullmatch(r"-?[\d.]+", text)]
        squares = [2.0] if "**" in written else []
        assert set(numbers) <= {*exercise.point.values(), *squares}


def test_the_key_shows_every_value_and_gradient(sheet):
    for exercise, written in zip(sheet.exercises, texts(sheet.key), strict=True):
        numbers = {text.rpartition("= ")[2] for text in written}
        for value in exercise.values:
            assert {f"{value.data:.4g}", f"{value.grad:.4g}"} <= numbers
        assert "-0" not in numbers


def test_the_key_answers_what_the_page_asks(sheet):
    blanks, answers = sheet.page.count('class="blank"'), re.findall(r'class="answer">([^<]*)<', sheet.key)
    expected = [x for exercise in sheet.exercises for x in (exercise.root.data, *exercise.gradient.values())]
    assert blanks == len(answers)
    assert [float(answer) for answer in answers] == expected
    assert 'class="answer"' not in sheet.page


def test_the_same_seed_gives_the_same_sheet():
    assert viz.worksheet(2, 2, 9).page == viz.worksheet(2, 2, 9).page
    assert viz.worksheet(2, 2, 9).key == viz.worksheet(2, 2, 9).key
    assert viz.worksheet(2, 2, 9).page != viz.worksheet(2, 2, 10).page


def test_both_are_files_that_need_no_other(sheet, tmp_path):
    for name in ("page", "key"):
        path = getattr(sheet, name).write(tmp_path / f"{name}.html")
        text = path.read_text(encoding="utf-8")
        assert text.startswith("<!DOCTYPE html>")
        assert not re.search(r"<link|<script|\bsrc=|url\(|https?://(?!www\.w3\.org)", text)
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
