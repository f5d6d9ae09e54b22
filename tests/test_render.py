"""Rendering without Graphviz on the system, and with it."""

import base64
import io
import math
import os
import re
import stat
import sys
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import graphviz
import pytest
from graphviz.backend import dot_command
from PIL import Image
from selenium.webdriver.common.by import By

import autograd
import nn
import viz
from autograd import FileError, RerollError, UsageError, Value
from viz.drawings import render
from viz.style import THEMES


@pytest.fixture
def drawing():
    return viz.draw(Value(2.0, "x") * 3)


@pytest.fixture
def no_dot(monkeypatch, tmp_path):
    """A PATH with nothing on it, as in a virtual environment that is not activated."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def fake_dot(monkeypatch, tmp_path):
    """A `dot` on PATH that answers with its own arguments."""
    script = tmp_path / "dot"
    script.write_text(f'#!{sys.executable}\nimport sys\nsys.stdin.read()\nprint("fake", *sys.argv[1:])\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return script


def test_pictures_are_made_with_nothing_on_path(drawing, no_dot):
    assert Path(render.program()).stem == "graphviz-pure"
    assert drawing.svg().rstrip().endswith("</svg>")
    assert drawing.pipe(format="png").startswith(b"\x89PNG")


@pytest.mark.skipif(os.name == "nt", reason="the fake dot is a script with a shebang")
def test_dot_on_path_is_preferred(drawing, fake_dot):
    assert render.program() == str(fake_dot)
    assert drawing.svg() == "fake -Kdot -Tsvg\n"
    assert drawing.pipe(format="pdf", encoding="utf-8") == "fake -Kdot -Tpdf\n"


def test_without_any_program_the_error_says_what_to_install(drawing, no_dot, monkeypatch):
    monkeypatch.setattr(render, "_beside_python", lambda: str(no_dot))
    with pytest.raises(viz.RendererNotFoundError, match="pip install graphviz-pure") as caught:
        drawing.svg()
    assert isinstance(caught.value, RerollError)
    with pytest.raises(viz.RendererNotFoundError):
        drawing.pipe(format="svg")
    assert drawing.write(no_dot / "x.dot").read_text() == drawing.source


def test_the_graphviz_library_is_left_as_it_was(drawing, no_dot):
    before = dot_command.DOT_BINARY
    drawing.pipe(format="svg")
    with pytest.raises(graphviz.CalledProcessError):
        drawing.pipe(format="pdf")
    assert before == dot_command.DOT_BINARY


def test_drawings_can_be_rendered_by_several_threads_at_once(drawing, no_dot):
    with ThreadPoolExecutor(4) as pool:
        pictures = list(pool.map(lambda _: drawing.pipe(format="svg"), range(8)))
    assert len(set(pictures)) == 1


def test_pixels_are_twice_as_many_as_a_browser_shows_or_as_is_asked_for(drawing, no_dot, tmp_path):
    points = ET.fromstring(drawing.svg()).get("width").removesuffix("pt")
    for options, scale in (({}, 2), ({"scale": 1}, 1), ({"scale": 3.5}, 3.5)):
        with Image.open(drawing.write(tmp_path / "x.png", **options)) as picture:
            assert picture.width == pytest.approx(scale * float(points) * 4 / 3, abs=scale + 1)
    for scale in (0, -1, math.inf, math.nan):
        with pytest.raises(UsageError, match="scale is a number above 0"):
            drawing.write(tmp_path / "y.png", scale=scale)


def test_pdf_without_graphviz_and_the_extra_is_a_clear_error(drawing, no_dot, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(viz.RenderError, match=r"graphviz-pure cannot write 'pdf'.*\[pdf\].* or install Graphviz"):
        drawing.write(tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


def test_pdf_without_graphviz_is_as_large_as_with_it_and_has_text(no_dot, tmp_path):
    pytest.importorskip("vl_convert")
    drawing = viz.draw(Value(2.0, "Σ<w>") * 3)
    written = drawing.write(tmp_path / "x.pdf").read_bytes()
    width, height = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", written).groups()
    assert f'width="{float(width):g}pt" height="{float(height):g}pt"' in drawing.svg()
    assert b"/Font" in written


def test_text_that_is_not_dot_is_a_clear_error():
    with pytest.raises(viz.RenderError, match="could not draw 'svg'"):
        render.render("digraph {", "svg")


def test_a_notebook_gets_html_svg_and_png_and_no_noise(drawing, capfd):
    bundle = drawing._repr_mimebundle_()
    assert list(bundle) == ["text/html", "image/svg+xml", "image/png"]
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    tag = bundle["image/svg+xml"].partition(">")[0]
    assert tag.endswith('style="max-width: 100%; height: auto"')  # wide ones become smaller
    assert bundle["image/svg+xml"].rstrip().endswith("</svg>")
    assert capfd.readouterr() == ("", "")


def test_a_layout_program_without_png_still_shows_drawings(drawing, monkeypatch):
    draw = render.render

    def without_png(source, format):
        if format == "png":
            raise viz.RenderError("no png")
        return draw(source, format)

    monkeypatch.setattr(render, "render", without_png)
    assert list(drawing._repr_mimebundle_()) == ["text/html", "image/svg+xml"]


def sanitised(html: str) -> str:
    """What notebooks that are not trusted leave of HTML: no scripts, no frames."""
    html = re.sub("<iframe.*?</iframe>", "", html, flags=re.DOTALL)
    return re.sub(r""" on\w+=("[^"]*"|'[^']*')""", "", html)


@pytest.fixture
def notebook(browser, tmp_path):
    """Shows HTML in a page like the output of a notebook, 400 pixels wide, of a colour scheme."""

    def shown(html, scheme="light"):
        style = f"color-scheme: {scheme}; background: {THEMES[scheme].background}"
        page = f'<!DOCTYPE html><body style="{style}"><div style="width: 400px">{html}</div>'
        (tmp_path / "notebook.html").write_text(page, encoding="utf-8")
        browser.get((tmp_path / "notebook.html").as_uri())
        return browser.find_element(By.TAG_NAME, "img")

    return shown


@pytest.mark.parametrize("clean", [str, sanitised])
def test_a_wide_drawing_fits_a_notebook_and_a_click_shows_it_in_its_full_size(notebook, clean):
    wide = viz.draw(viz.parse("a + b + c + d + e", **dict.fromkeys("abcde", 1)))
    picture = notebook(clean(wide._repr_mimebundle_()["text/html"]))
    full = int(picture.get_property("naturalWidth"))
    assert full > 800
    assert picture.size["width"] == 400
    widths = []
    for _ in range(2):
        picture.click()
        widths.append(picture.size["width"])
    assert widths == ([400, 400] if clean is sanitised else [full, 400])


@pytest.mark.parametrize("scheme", THEMES)
@pytest.mark.parametrize("theme", THEMES)
def test_a_light_drawing_is_dark_in_a_dark_notebook_and_each_has_its_ground(notebook, scheme, theme):
    picture = notebook(viz.draw(Value(2.0, "x") * 3, theme=theme)._repr_mimebundle_()["text/html"], scheme)
    corner = Image.open(io.BytesIO(picture.screenshot_as_png)).convert("RGB").getpixel((2, 2))
    expected = "dark" if "dark" in (scheme, theme) else "light"
    assert "#{:02x}{:02x}{:02x}".format(*corner) == THEMES[expected].background


def shown() -> list[str]:
    """What a notebook gets of every kind of thing that is seen as a picture, of two graphs each."""
    x, y, net = Value(2.0, "x"), Value(3.0, "y"), nn.MLP(2, [2, 1], seed=0)
    program = autograd.compile(lambda row: net(row), net)
    things: list[object] = [viz.legend(), viz.draw(net), viz.draw(program.trace((2,)))]
    for root in (x * y + x, (x - y).tanh() + x):
        root.backward()
        things += [viz.draw(root, style=style) for style in ("record", "circuit")]
        things += [viz.steps(root)[0], viz.html(root), viz.quiz(root), viz.live(root), viz.paths(root, x).draw(),
                   viz.nudge(root, x, 0.1).draw()]
    colourful = viz.draw(x * y)
    colourful.node("a", style="filled", fillcolor="red:blue", URL="#b")
    things += [viz.worksheet(2), colourful, colourful, things[3]]
    return [str(text) for thing in things for kind, text in thing._repr_mimebundle_().items() if kind != "text/plain"]


def test_no_id_is_twice_on_a_page_of_many_drawings(no_dot):
    page = "".join(shown())
    ids = re.findall(r"""\bid=["']([^"']+)""", page)
    assert len(ids) == len(set(ids)) >= 2  # of the gradients, which are referred to
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)
    assert 'href="#b"' in page  # of another part of the page


def test_files_keep_their_ids(drawing, no_dot):
    assert drawing.svg() == drawing.svg()
    assert 'id="graph0"' in drawing.svg()


def test_a_copy_still_finds_its_program(drawing, no_dot):
    assert drawing.copy().svg() == drawing.svg()


def test_render_of_the_graphviz_library_works(drawing, no_dot, tmp_path):
    assert Path(drawing.render(tmp_path / "graph.gv")).read_text().rstrip().endswith("</svg>")


@pytest.mark.parametrize(("name", "start"), [("x.svg", b"<?xml"), ("x.PNG", b"\x89PNG"), ("x.dot", b"digraph")])
def test_a_file_has_the_format_of_its_suffix(drawing, tmp_path, name, start):
    path = drawing.write(tmp_path / name)
    assert path.read_bytes().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_name_without_suffix_is_refused(drawing, tmp_path):
    with pytest.raises(UsageError, match="a file name ending in"):
        drawing.write(tmp_path / "x")


def test_a_file_is_replaced_whole_or_not_at_all(drawing, tmp_path):
    path = tmp_path / "x.svg"
    path.write_text("old")
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(FileError, match=r"folder\.svg cannot be written: it is a folder"):
        drawing.write(tmp_path / "folder.svg")
    with pytest.raises(FileError, match="make that folder first"):
        drawing.write(tmp_path / "nowhere" / "x.svg")
    assert path.read_text() == "old"
    drawing.write(path)
    assert path.read_text().startswith("<?xml")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.svg", "x.svg"]


@pytest.mark.skipif(os.name == "nt", reason="the fake dot is a script with a shebang")
def test_a_layout_that_takes_too_long_is_given_up(drawing, fake_dot, monkeypatch):
    fake_dot.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(60)\n")
    monkeypatch.setattr(render, "PATIENCE", 0.2)
    with pytest.raises(viz.RenderError, match="found no layout within 0"):
        drawing.svg()


def test_two_drawings_in_one_page_share_no_id():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    drawings = [viz.draw(x * y), viz.draw(x - y)]
    for texts in ([drawing._repr_image_svg_xml() for drawing in drawings],
                  [drawing._repr_mimebundle_()["image/svg+xml"] for drawing in drawings]):
        ids = re.findall(r'\sid="([^"]+)"', "".join(texts))
        assert len(ids) == len(set(ids))
        assert all("<svg" in text for text in texts)
