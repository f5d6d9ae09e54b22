"""Pages on paper, in a real browser: how many sheets they take, and that all is there and light."""

import base64
import re
from importlib import resources

import pytest
from browser import prefer, resize
from selenium.webdriver.common.by import By

import autograd
import nn
import viz


def sheets(browser):
    """How many pages a PDF of the page has."""
    return len(re.findall(rb"/Type\s*/Page\b", base64.b64decode(browser.print_page())))


def printing(browser, event="beforeprint"):
    """What scripts are told when a page goes to paper, or comes back from there."""
    browser.execute_script("dispatchEvent(new Event(arguments[0]))", event)


def network(*sizes):
    return nn.MLP(2, [*sizes, 1], activation="tanh", output="sigmoid", seed=0)


def program():
    model = nn.MLP(3, [4, 2], seed=0)
    return autograd.compile(lambda x, y: nn.mse(model(x), y), model).trace((3,), (2,))


def recording(epochs=30):
    recorder = viz.Recorder()
    nn.fit(network(3), *nn.data.xor(), "mse", nn.SGD(0.5), epochs=epochs, record=recorder, progress=False)
    return recorder


PAGES = {
    "a network for XOR with sliders": (lambda path: viz.live(network(4), path, data=nn.data.xor()), 2),
    "a network of 174 values with sliders": (lambda path: viz.live(network(8, 4), path), 5),
    "steps": (lambda path: viz.html(viz.parse("(x + y) * z", x=-2, y=5, z=-4), path), 1),
    "a quiz": (lambda path: viz.quiz("(x + y) * z", x=-2, y=5, z=-4, path=path), 1),
    "a program": (lambda path: viz.html(program(), path), 8),
    "a network that trains": (lambda path: viz.play(network(3), *nn.data.xor(), "mse", nn.SGD(0.5), path=path), 1),
    "a training": (lambda path: viz.replay(recording(), path, data=nn.data.xor()), 1),
}


@pytest.mark.parametrize("page", [
    page if "XOR" in page else pytest.param(page, marks=pytest.mark.slow) for page in PAGES
])
def test_a_page_takes_few_sheets(show, page):
    write, most = PAGES[page]
    browser = show(write)
    browser.execute_script("addEventListener('beforeprint', () => { window.printed = true; })")
    assert 1 <= sheets(browser) <= most
    assert browser.execute_script("return window.printed")


def test_rules_for_paper_are_in_one_file_that_comes_last():
    folder = resources.files("viz").joinpath("pages", "static")
    for file in folder.iterdir():
        if file.name.endswith(".css") and file.name != "print.css":
            assert "@media print" not in file.read_text(encoding="utf-8"), file.name
    for page in (viz.html(viz.parse("x * x", x=2)), viz.worksheet(1).page):
        style = page[page.index("<style>") : page.index("</style>")].rstrip()
        assert style.endswith(folder.joinpath("print.css").read_text(encoding="utf-8").rstrip())


def shade(browser, selector):
    """How light the corner of a canvas is, from 0 to 255."""
    return browser.execute_script("""
        const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        copy.drawImage(document.querySelector(arguments[0]), 0, 0, 20, 20, 0, 0, 1, 1);
        const [red, green, blue] = copy.getImageData(0, 0, 1, 1).data;
        return (red + green + blue) / 3;
    """, selector)


@pytest.mark.parametrize(("canvas", "write"), [
    ("#plane", PAGES["a network for XOR with sliders"][0]),
    pytest.param("canvas.boundary", PAGES["a training"][0], marks=pytest.mark.slow),
])
def test_what_a_script_paints_is_light_on_paper_and_dark_again_after_it(browser, show, canvas, write):
    prefer(browser, "dark")
    show(write)
    dark = shade(browser, canvas)
    printing(browser)
    assert shade(browser, canvas) > dark + 60
    printing(browser, "afterprint")
    assert shade(browser, canvas) == dark


def test_the_pictures_of_neurons_lie_in_their_boxes_on_paper_too(show):
    model = network(3)
    browser = show(lambda path: viz.play(model, *nn.data.xor(), "mse", nn.SGD(0.5), epochs=2, path=path))
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        places = browser.execute_script("""return ["svg", "canvas"].map(tag => {
            const { left, top, width, height } = document.querySelector("#network " + tag).getBoundingClientRect();
            return [left, top, width, height];
        })""")
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert places[0] == pytest.approx(places[1], abs=1)


def test_a_graph_is_printed_as_a_whole_with_all_its_numbers(show):
    browser = show(lambda path: viz.html(viz.parse("x * y + x * y * x * y + y * x * y", x=2, y=3), path))
    box = "return document.querySelector('#graph svg').getAttribute('viewBox').split(' ').map(Number)"
    whole = browser.execute_script(box)
    browser.execute_script("view.zoom(0.05, 0, 0)")
    near = browser.execute_script(box)
    printing(browser)
    assert browser.execute_script(box) == whole
    printing(browser, "afterprint")
    assert browser.execute_script(box) == near != whole


def test_a_drawing_that_is_small_on_paper_says_what_helps(show):
    browser = show(lambda path: viz.html(viz.parse("+".join(f"x{i}*w" for i in range(40)), w=1,
                                                   **dict.fromkeys([f"x{i}" for i in range(40)], 2)), path))
    told = "return getComputedStyle(document.querySelector('#graph'), '::after').content"
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    printing(browser)
    assert "save it from the page as SVG" in browser.execute_script(told)
    browser.get("about:blank")
    browser = show(lambda path: viz.html(viz.parse("x + y", x=1, y=2), path))
    printing(browser)
    assert browser.execute_script(told) in ('""', "none")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


@pytest.mark.slow
def test_a_loss_curve_is_printed_as_a_whole(show):
    browser = show(PAGES["a training"][0])
    curve = browser.find_element(By.ID, "loss")
    browser.execute_script("arguments[0].style.width = '300px'", curve)  # as on a narrow sheet
    assert browser.execute_script(
        "const [box, line] = [arguments[0], arguments[0].querySelector('.curve')].map(x => x.getBoundingClientRect());"
        "return box.left <= line.left && line.right <= box.right", curve)


PLACES = """
    const parts = "section, section > *, .blank, svg path, svg ellipse, svg polygon, svg polyline";
    return [...document.querySelectorAll(parts)].map(element => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return [element.tagName, x, y, width, height].join();
    });
"""


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_key_to_a_worksheet_has_all_where_the_sheet_has_it(show, language):
    sheet = viz.worksheet(6, 3, seed=1, language=language)
    browser = show(sheet.page.write)
    assert sheets(browser) == 2
    places = browser.execute_script(PLACES)
    show(sheet.key.write)
    assert sheets(browser) == 2
    assert browser.execute_script(PLACES) == places


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 768])
def test_a_worksheet_is_not_wider_than_the_screen(browser, show, width):
    resize(browser, width)
    show(viz.worksheet(6, 3, seed=1).page.write)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
