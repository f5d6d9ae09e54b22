"""Walks as files for slides."""

import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from browser import complaints
from PIL import Image

import viz
from autograd import MissingPackageError, UsageError, Value

SVG = "{http://www.w3.org/2000/svg}"


def first(**options):
    return viz.steps(viz.parse("(x + y) * z", x=-2, y=5, z=-4), **options)


@pytest.mark.parametrize(("format", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("dot", b"digraph")])
def test_each_step_is_a_numbered_picture(tmp_path, format, start):
    paths = viz.export(first(), tmp_path / "new" / "folder", format)
    assert [path.name for path in paths] == [f"step-{i:02}.{format}" for i in range(8)]
    assert all(path.read_bytes().startswith(start) for path in paths)
    assert len({path.read_bytes() for path in paths}) == 8


def test_pictures_of_png_have_one_size(tmp_path):
    paths = viz.export(viz.parse("x * x - 2 * x", x=5), tmp_path, "png", style="circuit")
    assert len({path.read_bytes()[16:24] for path in paths}) == 1


def test_an_animation_shows_each_sentence_in_its_time(tmp_path):
    frames = first(theme="dark")
    text = viz.animate(frames, tmp_path / "walk.svg", seconds=2)
    assert (tmp_path / "walk.svg").read_text(encoding="utf-8") == text
    root = ET.fromstring(text)
    said = {" ".join(line.text for line in part.iter(f"{SVG}tspan")): part for part in root.findall(f"{SVG}text")}
    assert list(said) == [frame.sentence for frame in frames]
    shown = said["df/df = 1"].find(f"{SVG}animate").attrib
    assert shown["values"] == "hidden;visible;hidden"
    assert shown["keyTimes"] == "0;0.375;0.5"
    assert shown["dur"] == "16s"
    assert "<script" not in text


def test_an_animation_is_played_by_the_browser(browser, tmp_path):
    viz.animate(viz.parse("x * x - 2 * x", x=5), tmp_path / "walk.svg", seconds=1)
    browser.get((tmp_path / "walk.svg").as_uri())
    seen = []
    for second in range(10):
        browser.execute_script("""
            document.documentElement.pauseAnimations();
            document.documentElement.setCurrentTime(arguments[0] + 0.5);
        """, second)
        seen.append(browser.execute_script("""
            return [...document.querySelectorAll("[data-number='v0:gradient']")]
                .filter(text => getComputedStyle(text).visibility === "visible").map(text => text.textContent);
        """))
    assert complaints(browser) == []
    assert seen == [*[[]] * 7, ["grad -2"], ["grad 3"], ["grad 8"]]


SEEN = """
    document.querySelector("svg[data-animation]").pauseAnimations();
    document.querySelector("svg[data-animation]").setCurrentTime(arguments[0]);
    return [...document.querySelectorAll("text, rect, path, polygon, ellipse")].map(part => {
        const { visibility, stroke, strokeWidth } = getComputedStyle(part);
        return [visibility, stroke, strokeWidth].join();
    });
"""


def test_an_animation_stands_still_at_its_end_where_motion_is_not_wanted(browser, tmp_path):
    viz.animate(viz.parse("x * x - 2 * x", x=5), tmp_path / "walk.svg", seconds=1)
    browser.get((tmp_path / "walk.svg").as_uri())
    begins, ends = (browser.execute_script(SEEN, time) for time in (0.5, 9.5))
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    assert browser.execute_script(SEEN, 0.5) == browser.execute_script(SEEN, 9.5) == ends != begins


def test_an_animation_says_nothing_of_the_page_that_it_stands_in(browser, tmp_path):
    f = viz.parse("x * x - 2 * x", x=5)
    walks = [viz.animate(f, theme=theme, seconds=1) for theme in ("dark", "light")]
    page = '<!DOCTYPE html><body><p>Text <input> <svg id="other"><path visibility="hidden" d="M0,0h9"/></svg>{}</body>'
    style = """
        return [...document.querySelectorAll("html, body, p, input, #other, #other > path")].map(part => {
            const style = getComputedStyle(part);
            return [...style].filter(name => !/size|width|height|origin/.test(name))
                .map(name => `${name}: ${style.getPropertyValue(name)}`).join();
        });
    """
    found = []
    for inside in ("", *walks, "".join(walks)):
        (tmp_path / "page.html").write_text(page.format(inside), encoding="utf-8")
        browser.get((tmp_path / "page.html").as_uri())
        found.append(browser.execute_script(style))
        assert browser.execute_script("return document.querySelectorAll('[id]').length") == 1
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.parametrize("options", [{}, {"theme": "dark", "legend": True, "style": "circuit"}])
def test_a_gif_shows_each_step_for_as_long_with_its_sentence_below(tmp_path, options):
    f = viz.parse("x * x - 2 * x", x=5)
    frames = viz.steps(f, **options)
    text = viz.animate(frames, tmp_path / "walk.gif", seconds=2, scale=1)
    assert text == viz.animate(frames, seconds=2)
    still = Image.open(viz.export(frames, tmp_path / "steps", "png", scale=1)[-1]).convert("RGB")
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.n_frames == len(frames) + 1
        assert film.info["loop"] == 0
        seen = []
        for i in range(film.n_frames):
            film.seek(i)
            assert film.info["duration"] == 2000
            seen.append(film.convert("RGB"))
    width, height = still.size
    assert seen[0].height > height
    assert seen[0].width == width
    last = np.asarray(seen[-1], int)[:height]
    assert np.abs(last - np.asarray(still, int)).mean() < 2
    assert len({picture.crop((0, height, *picture.size)).tobytes() for picture in seen}) == len(seen)


def test_a_gif_without_pillow_is_a_clear_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingPackageError, match=r"need Pillow.*pictures"):
        viz.animate(first(), tmp_path / "walk.gif")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("label", ["</svg><script>alert(1)</script>", "\"'\\{}\n🙂 שלום\0", "x" * 10_000])
def test_any_label_is_text(label):
    root = ET.fromstring(viz.animate(Value(2.0, label) * 3))
    assert not list(root.iter(f"{SVG}script"))


def test_what_cannot_be_exported_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"ending in \.svg or \.gif"):
        viz.animate(first(), tmp_path / "walk.mp4")
    for name in ("steps.pdf", "steps.PNG", "steps.svg"):
        with pytest.raises(UsageError, match="names one file"):
            viz.export(first(), tmp_path / name)
    with pytest.raises(UsageError, match="scale is a number above 0"):
        viz.export(first(), tmp_path, "png", scale=0)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="more than 0"):
        viz.animate(first(), seconds=0)
    with pytest.raises(UsageError, match="style is given to steps"):
        viz.export(first(), tmp_path, style="circuit")
    with pytest.raises(UsageError, match="list came"):
        viz.export([], tmp_path)
