"""The page to step through, as text; test_page_browser.py opens it in a browser."""

import re
import time
import xml.etree.ElementTree as ET

import pytest
from drawings import data_of

import viz
from autograd import UsageError, Value

FIRST = {"x": -2, "y": 5, "z": -4}


def test_the_page_is_self_contained():
    page = viz.html(viz.parse("(x + y) * z", **FIRST))
    assert page.startswith("<!DOCTYPE html>")
    assert set(re.findall(r"https?://[^\"'\s]*", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}
    assert not re.search(r"<link|@import|url\((?!data:)| src=", page)


def test_it_holds_every_sentence_and_what_each_step_makes_known():
    steps = viz.steps(viz.parse("(x + y) * z", **FIRST))
    page = viz.html(steps)
    assert all(f">{step.sentence}</a></li>" in page for step in steps)
    data = data_of(page)
    assert [step["said"] for step in data["steps"]] == [step.said.json() for step in steps]
    assert data["steps"][5]["known"] == {"v0:gradient": "-4", "v3e0:gradient": "-4", "v3e0:local": "1"}
    assert data["edges"]["v3e0"] == {"from": "v0", "to": "v3", "local": "dq/dx"}


@pytest.mark.parametrize("style", ["record", "circuit"])
@pytest.mark.parametrize("direction", ["LR", "TB"])
def test_every_number_of_the_walk_has_its_place_in_the_drawing(style, direction):
    page = viz.html(viz.parse("x * x - 2 * x + 1", x=5), style=style, direction=direction)
    places = set(re.findall('data-number="([^"]*)"', page))
    known = {key for step in data_of(page)["steps"] for key in step["known"]}
    # Branches have gradients of their own in circuits only.
    assert known - places <= {key for key in known if re.match(r"v\d+e\d+:(data|gradient)", key)}
    assert ("v1e0:gradient" in places) == (style == "circuit")
    assert len(re.findall(r'class="edge" data-', page)) == page.count('class="edge"')


def test_a_page_can_be_written_and_made_of_steps(tmp_path):
    steps = viz.steps(viz.parse("x * y", x=2, y=3), style="circuit")
    page = viz.html(steps, tmp_path / "f.html", title="a product")
    assert (tmp_path / "f.html").read_text(encoding="utf-8") == page
    assert "<title>a product</title>" in page
    with pytest.raises(UsageError, match="style is given to steps"):
        viz.html(steps, style="record")
    with pytest.raises(UsageError, match="list came"):
        viz.html([Value(1.0)])


def test_colours_are_the_readers_or_those_of_a_theme():
    f = viz.parse("x * y", x=2, y=3)
    assert "prefers-color-scheme: dark" in viz.html(f)
    assert "prefers-color-scheme" not in viz.html(f, theme="dark")
    assert "color-scheme: dark;" in viz.html(f, theme="dark")


@pytest.mark.parametrize("label", [
    "</script><script>alert(1)</script>", "<!-- <script>", "\"'><img src=x onerror=alert(1)>", "$title ${svg}",
    "{}\\N\\\\", "a\nb", "🙂 שלום", "\0\ud800\uffff", "x" * 10_000,
])
def test_any_label_is_text(label):
    x = Value(2.0, label)
    page = viz.html(x * 3, title=label)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("<script") == page.count("</script>") == 2
    assert data_of(page)["steps"][-1]["said"] == viz.steps(x * 3)[-1].said.json()
    ET.fromstring(re.search("<svg.*?</svg>", page, re.S)[0])


def test_two_hundred_values_take_less_than_five_seconds():
    f = Value(0.5, "x")
    for i in range(100):
        f = (f * Value(1.0 + i / 100, f"w{i}")).tanh() if i % 2 else f + i
    start = time.perf_counter()
    page = viz.html(f)
    assert len(data_of(page)["values"]) == 251
    assert time.perf_counter() - start < 5


def test_a_notebook_shows_the_page_over_a_picture():
    for shown in (viz.html(viz.parse("x * y", x=2, y=3)), viz.steps(viz.parse("x * y", x=2, y=3))):
        bundle = shown._repr_mimebundle_()
        frame = ET.fromstring(bundle["text/html"].replace("><iframe", "/><iframe"))
        assert [part.tag for part in frame] == ["img", "iframe"]
        assert frame[1].get("srcdoc").startswith("<!DOCTYPE html>")
        assert frame[0].get("src").startswith("data:image/svg+xml;base64,")
        assert bundle["image/svg+xml"].startswith("<svg")


def test_ipython_does_not_write_out_the_text_of_a_page():
    pretty = pytest.importorskip("IPython.lib.pretty").pretty
    page = viz.html(viz.parse("x * y", x=2, y=3))
    assert pretty(page) == "<a page: backpropagation, step by step>"
