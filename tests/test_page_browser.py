"""The page to step through, in a real browser: clicked, typed at, pointed at."""

import math
import re
import time

import pytest
from browser import complaints, prefer
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

import viz
from autograd import Value
from viz.style import THEMES


@pytest.fixture
def open_page(show):
    """Opens the page of a graph, at a step if wanted."""
    return lambda root, address="", **options: show(lambda path: viz.html(root, path, **options), address)


def first():
    return viz.parse("(x + y) * z", x=-2, y=5, z=-4)


def sentence(browser):
    return browser.find_element(By.ID, "sentence").text


def count(browser):
    return browser.find_element(By.ID, "count").text


def click(browser, id):
    browser.find_element(By.ID, id).click()


def press(browser, *typed):
    ActionChains(browser).send_keys(*typed).perform()


def tab_back(browser):
    ActionChains(browser).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()


def shown(browser):
    """The numbers that are to be seen in the drawing, by name."""
    return browser.execute_script("""
        const seen = [...document.querySelectorAll("[data-number]")]
            .filter(element => getComputedStyle(element).visibility === "visible");
        return Object.fromEntries(seen.map(element => [element.dataset.number, element.textContent]));
    """)


def test_buttons_go_from_step_to_step(open_page):
    browser = open_page(first())
    assert count(browser) == "7 / 7"
    click(browser, "first")
    assert sentence(browser) == "5 values: those of the inputs are known, and the walk works out the others."
    click(browser, "on")
    assert sentence(browser) == "q = x + y = -2 + 5 = 3"
    click(browser, "last")
    click(browser, "back")
    assert sentence(browser) == "df/dx = df/dq · dq/dx = -4 · 1 = -4"
    assert browser.find_element(By.ID, "phase").text.lower() == "backward"
    WebDriverWait(browser, 5).until(lambda browser: browser.current_url.endswith("#step=6"))


@pytest.mark.slow
def test_keys_go_from_step_to_step_wherever_the_focus_is(open_page):
    browser = open_page(first())
    for typed, expected in [
        (Keys.HOME, "0 / 7"), (Keys.ARROW_RIGHT, "1 / 7"), (Keys.ARROW_RIGHT, "2 / 7"), (Keys.ARROW_LEFT, "1 / 7"),
        (Keys.PAGE_DOWN, "2 / 7"), (Keys.PAGE_UP, "1 / 7"), (Keys.ARROW_LEFT, "0 / 7"), (Keys.ARROW_LEFT, "0 / 7"),
        (Keys.END, "7 / 7"),
    ]:
        press(browser, typed)
        assert count(browser) == expected
    browser.find_element(By.ID, "slider").send_keys(Keys.ARROW_LEFT)
    assert count(browser) == "6 / 7"


@pytest.mark.slow
def test_space_plays_and_pauses(open_page):
    browser = open_page(first(), "#step=0")
    browser.execute_script("const real = setInterval; setInterval = (act, time) => real(act, time / 100);")
    press(browser, Keys.SPACE)
    assert browser.find_element(By.ID, "play").get_attribute("aria-label") == "pause"
    deadline = time.monotonic() + 5
    while count(browser) != "7 / 7" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert count(browser) == "7 / 7"
    assert browser.find_element(By.ID, "play").get_attribute("aria-label") == "play"
    press(browser, Keys.SPACE, Keys.SPACE)
    assert browser.find_element(By.ID, "play").get_attribute("aria-label") == "play"


@pytest.mark.slow
@pytest.mark.parametrize(("address", "expected"), [
    ("#step=7", "7 / 7"), ("#step=3", "3 / 7"), ("#step=0", "0 / 7"), ("#step=99", "7 / 7"), ("#step=x", "7 / 7"),
])
def test_it_opens_at_the_step_of_its_address(open_page, address, expected):
    assert count(open_page(first(), address)) == expected


@pytest.mark.slow
def test_a_sentence_of_the_list_is_a_link_to_its_step(open_page):
    browser = open_page(first())
    browser.find_elements(By.CSS_SELECTOR, "nav li")[3].click()
    assert count(browser) == "4 / 7"
    assert browser.find_element(By.CSS_SELECTOR, "nav [aria-current]").text == "df/dq = z = -4"


def test_only_what_is_known_is_seen(open_page):
    browser = open_page(first(), "#step=0", style="record")
    assert shown(browser) == {"v0:data": "data -2", "v1:data": "data 5", "v2:data": "data -4"}
    press(browser, Keys.ARROW_RIGHT)
    assert shown(browser)["v3:data"] == "data 3"
    assert "v4:data" not in shown(browser)
    press(browser, Keys.END)
    assert shown(browser)["v0:gradient"] == "grad -4"
    assert shown(browser)["v3e0:local"] == "1"


@pytest.mark.slow
@pytest.mark.parametrize("style", ["record", "circuit"])
def test_a_reused_value_shows_the_running_sum(open_page, style):
    browser = open_page(viz.parse("x * x - 2 * x + 1", x=5), "#step=9", style=style)
    sums = []
    for _ in range(3):
        sums.append(shown(browser)["v0:gradient"].removeprefix("grad "))
        press(browser, Keys.ARROW_RIGHT)
    assert sums == ["-2", "3", "8"]


@pytest.mark.slow
@pytest.mark.parametrize("style", ["record", "circuit"])
def test_nothing_moves_from_step_to_step(open_page, style):
    browser = open_page(viz.parse("x * x - 2 * x + 1", x=5), "#step=0", style=style)
    places = """return [...document.querySelectorAll("#graph > :first-child :is(text, path)")].flatMap(element => {
        const box = element.getBBox();
        return element.localName === "text" ? [box.x, box.y] : [box.x, box.y, box.width, box.height];
    })"""
    before = browser.execute_script(places)
    for _ in range(11):
        press(browser, Keys.ARROW_RIGHT)
        assert browser.execute_script(places) == pytest.approx(before, abs=0.01)


@pytest.mark.slow
def test_the_formula_is_drawn_by_the_browser(open_page):
    browser = open_page(first(), "#step=6")
    fractions = browser.find_elements(By.CSS_SELECTOR, "#formula mfrac")
    assert len(fractions) == 3
    assert all(fraction.size["height"] > 30 for fraction in fractions)


@pytest.mark.slow
def test_pointing_at_a_value_shows_its_paths_and_numbers(open_page):
    browser = open_page(first())
    ActionChains(browser).move_to_element(browser.find_element(By.CSS_SELECTOR, ".node[data-value=v0] text")).perform()
    path = {element.get_attribute("data-value") or element.get_attribute("data-edge")
            for element in browser.find_elements(By.CSS_SELECTOR, "#graph .path")}
    assert path == {"v0", "v3e0", "v3", "v4e0", "v4"}
    assert browser.find_element(By.ID, "numbers").text == "x = -2 · df/dx = -4"
    ActionChains(browser).move_to_element(browser.find_element(By.CSS_SELECTOR, "[data-edge=v4e1] text")).perform()
    assert browser.find_element(By.ID, "numbers").text == "df/dz = 3 · along this edge comes df/df · df/dz = 3"
    ActionChains(browser).move_to_element(browser.find_element(By.ID, "sentence")).perform()
    assert browser.find_elements(By.CSS_SELECTOR, "#graph .path") == []


def test_the_drawing_is_one_tab_stop_with_arrow_keys_inside(open_page):
    browser = open_page(first(), "#step=1")
    here = lambda: browser.switch_to.active_element.get_attribute("aria-label")  # noqa: E731
    stops = []
    while "zoom in" not in stops:
        press(browser, Keys.TAB)
        stops.append(here())
    assert [stop for stop in stops if stop in ("f = ? · df/df = ?", "zoom in")] == ["f = ? · df/df = ?", "zoom in"]
    focus = "document.querySelector('#graph .node[tabindex=\"0\"]').focus()"
    browser.execute_script(focus)
    ways = [("LEFT", "q"), ("LEFT", "x"), ("RIGHT", "q"), ("DOWN", "f"), ("UP", "q")]
    for key, name in [(f"ARROW_{way}", name) for way, name in ways] + [("HOME", "x"), ("END", "f")]:
        press(browser, getattr(Keys, key))
        assert here().split()[0] == name
    assert count(browser) == "1 / 7"
    tab_back(browser)
    press(browser, Keys.TAB)
    assert here() == "f = ? · df/df = ?"


def test_values_are_announced_with_what_is_known_of_them(open_page):
    browser = open_page(first())
    said = "return [...document.querySelectorAll('#graph .node')].map(node => node.getAttribute('aria-label'))"
    assert set(browser.execute_script(said)) - {None} == {
        "x = -2 · df/dx = -4", "y = 5 · df/dy = -4", "z = -4 · df/dz = 3", "q = 3 · df/dq = -4", "f = -12 · df/df = 1",
    }
    click(browser, "first")
    assert "f = ? · df/df = ?" in browser.execute_script(said)
    browser.execute_script("document.querySelector('.node[aria-label^=f]').focus()")
    assert browser.find_element(By.ID, "numbers").text == "f = ? · df/df = ?"


def test_the_wheel_scrolls_the_page_until_the_drawing_is_asked_for(open_page):
    browser = open_page(first())
    graph = browser.find_element(By.CSS_SELECTOR, "#graph svg")
    turned = """
        const before = arguments[0].getAttribute("viewBox");
        const event = new WheelEvent("wheel", { deltaY: 100, ctrlKey: arguments[1], bubbles: true, cancelable: true });
        arguments[0].dispatchEvent(event);
        return [event.defaultPrevented, arguments[0].getAttribute("viewBox") !== before];
    """
    assert browser.execute_script(turned, graph, False) == [False, False]
    assert browser.execute_script(turned, graph, True) == [True, True]
    browser.execute_script("document.querySelector('#graph .node[tabindex=\"0\"]').focus()")
    assert browser.execute_script(turned, graph, False) == [True, True]


def test_a_step_lays_the_page_out_once(open_page):
    browser = open_page(viz.parse("sigmoid(a * b + c) * a + b * c", a=1, b=2, c=3), "#step=0")
    browser.execute_cdp_cmd("Performance.enable", {})

    def layouts():
        metrics = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return next(metric["value"] for metric in metrics if metric["name"] == "LayoutCount")

    before = layouts()
    browser.execute_script("for (let i = 1; i <= 10; i += 1) player.go(i);")
    assert 1 <= layouts() - before <= 15  # a few of them may come from what is drawn beside the steps


@pytest.mark.slow
def test_it_zooms_and_moves(open_page):
    browser = open_page(first())
    graph = browser.find_element(By.CSS_SELECTOR, "#graph svg")

    def box():
        corner_and_size = browser.execute_script("return arguments[0].getAttribute('viewBox')", graph)
        return [float(side) for side in corner_and_size.split()]

    whole = box()
    click(browser, "closer")
    assert box()[2] == pytest.approx(0.8 * whole[2], abs=0.01)
    ActionChains(browser).drag_and_drop_by_offset(graph, 100, 40).perform()
    assert box()[0] < 0.1 * whole[2]
    assert box()[1] < 0.1 * whole[3]
    press(browser, "0")
    assert box() == pytest.approx(whole, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system(open_page, browser, scheme):
    prefer(browser, scheme)
    open_page(first())
    colour = "return getComputedStyle(document.querySelector(arguments[0])).getPropertyValue(arguments[1])"

    def rgb(name):
        code = getattr(THEMES[scheme], name)
        return f"rgb({', '.join(str(int(code[i : i + 2], 16)) for i in (1, 3, 5))})"

    assert browser.execute_script(colour, "body", "background-color") == rgb("background")
    assert browser.execute_script(colour, "[data-number='v0:gradient']", "fill") == rgb("gradient")


@pytest.mark.parametrize("label", [
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"'\\{}\n🙂 שלום", "x" * 10_000,
])
def test_any_label_is_text(open_page, label):
    browser = open_page(Value(2.0, label) * 3, title=label)
    assert browser.execute_script("return document.querySelectorAll('script').length") == 2
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    assert browser.find_element(By.TAG_NAME, "h1").get_attribute("textContent") == label.replace("\n", " ")
    assert count(browser) == "3 / 3"


def test_it_works_inside_of_a_notebook(browser, tmp_path):
    (tmp_path / "notebook.html").write_text(viz.html(first()).inline(), encoding="utf-8")
    browser.get((tmp_path / "notebook.html").as_uri())
    browser.switch_to.frame(0)
    click(browser, "first")
    click(browser, "on")
    assert sentence(browser) == "q = x + y = -2 + 5 = 3"
    assert complaints(browser) == []


def heights(browser):
    """How high the frame of a page in a notebook is, and the page in it."""
    return browser.execute_script("""
        const frame = document.querySelector("iframe");
        return [frame.clientHeight, frame.contentDocument.documentElement.getBoundingClientRect().height];
    """)


@pytest.mark.slow
def test_inside_of_a_notebook_it_is_as_high_as_what_it_shows_and_does_not_scroll(browser, tmp_path):
    for root in (first(), Value(1.0, "x")):
        (tmp_path / "notebook.html").write_text(viz.html(root).inline(), encoding="utf-8")
        browser.get((tmp_path / "notebook.html").as_uri())
        WebDriverWait(browser, 5).until(lambda browser: len(set(map(math.ceil, heights(browser)))) == 1)
        browser.execute_script("document.querySelector('iframe').contentWindow.scrollTo(0, 50)")
        assert browser.execute_script("return document.querySelector('iframe').contentWindow.scrollY") == 0


@pytest.mark.slow
def test_inside_of_a_notebook_it_is_as_dark_as_that(browser, tmp_path):
    page = '<meta charset="utf-8"><body style="background: #111">' + viz.html(first()).inline()
    ground = """
        const page = document.querySelector("iframe").contentDocument;
        return page && page.body && getComputedStyle(page.body).backgroundColor;
    """
    (tmp_path / "notebook.html").write_text(page, encoding="utf-8")
    browser.get((tmp_path / "notebook.html").as_uri())
    WebDriverWait(browser, 5).until(lambda browser: browser.execute_script(ground) == "rgb(13, 17, 23)")
    browser.execute_script("document.body.style.background = 'white'")
    WebDriverWait(browser, 5).until(lambda browser: browser.execute_script(ground) == "rgb(255, 255, 255)")


@pytest.mark.slow
@pytest.mark.parametrize("theme", [None, "dark"])
def test_what_is_printed_is_light_and_has_all_steps_and_no_buttons(open_page, browser, theme):
    open_page(first(), theme=theme)
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    assert not browser.find_element(By.ID, "controls").is_displayed()
    assert all(entry.is_displayed() for entry in browser.find_elements(By.CSS_SELECTOR, "nav li"))
    colour = "return getComputedStyle(document.body).backgroundColor"
    assert browser.execute_script(colour) == "rgb(255, 255, 255)"


@pytest.mark.slow
def test_a_large_drawing_is_seen_whole_with_a_lens_on_what_the_step_is_about(open_page):
    f = Value(1.0, "x")
    for i in range(60):
        f = f * Value(1.0, f"w{i}")
    browser = open_page(f, "#step=30")
    texts = """
        const box = document.querySelector('#lens').getBoundingClientRect();
        const inside = r => r.left >= box.left && r.right <= box.right && r.top >= box.top && r.bottom <= box.bottom;
        return [...document.querySelectorAll('#lens .fresh')].map(text => {
            const scale = text.getScreenCTM().a;
            const size = Number(text.getAttribute('font-size')) * scale;
            return [text.textContent, size, inside(text.getBoundingClientRect())];
        });
    """
    box = "return document.querySelector('#graph svg').getAttribute('viewBox')"
    whole = browser.execute_script(box)
    ((first, size, inside),) = browser.execute_script(texts)
    assert inside
    assert size >= 11
    press(browser, Keys.ARROW_RIGHT)
    ((second, size, inside),) = browser.execute_script(texts)
    assert inside
    assert second != first
    assert browser.execute_script(box) == whole
    for _ in range(20):
        click(browser, "closer")
    assert not browser.find_element(By.ID, "lens").is_displayed()  # what is zoomed in by hand can be read


@pytest.mark.slow
def test_a_picture_is_left_where_frames_are_removed(browser, tmp_path):
    shown = re.sub("<iframe.*?</iframe>", "", viz.html(first()).inline(), flags=re.DOTALL)
    (tmp_path / "static.html").write_text(shown, encoding="utf-8")
    browser.get((tmp_path / "static.html").as_uri())
    picture = browser.find_element(By.TAG_NAME, "img")
    assert int(picture.get_property("naturalWidth")) > 300
    assert complaints(browser) == []
