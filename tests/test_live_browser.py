"""The page with sliders, in a real browser: dragged, typed at, and compared with what Python works out."""

import pytest
from browser import complaints, started
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By

import viz


@pytest.fixture(scope="module")
def browser():
    with started() as running:
        yield running


@pytest.fixture
def open_page(browser, tmp_path):
    """Opens a page; afterwards, nothing may have been complained of."""

    def opened(root, address="", **options):
        viz.live(root, tmp_path / "page.html", **options)
        browser.get("about:blank")
        browser.get((tmp_path / "page.html").as_uri() + address)
        return browser

    yield opened
    assert complaints(browser) == []


def drag(browser, name, number):
    """Move a slider there, as a mouse does."""
    browser.execute_async_script(
        """
        const [name, number, done] = arguments;
        const slider = [...document.querySelectorAll(".leaf input[type=range]")].find(x => x.ariaLabel === name);
        slider.value = number;
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        requestAnimationFrame(() => requestAnimationFrame(done));
        """,
        name, number,
    )  # fmt: skip


def field(browser, name):
    row = browser.find_element(By.XPATH, f"//div[contains(@class, 'leaf')][label='{name}']")
    return row.find_element(By.CSS_SELECTOR, "input[type=text]")


def type_in(browser, name, text):
    """Write a number into a field, in place of what was there."""
    field(browser, name).send_keys(Keys.CONTROL, "a")
    field(browser, name).send_keys(text)
    settle(browser)


def settle(browser):
    browser.execute_async_script("const [done] = arguments; requestAnimationFrame(() => requestAnimationFrame(done));")


def page_of(browser):
    """All that is to be read: numbers in the drawing, the sentences of all steps, and the gradients at the sliders."""
    return browser.execute_script("""
        live.list();
        const texts = selector => [...document.querySelectorAll(selector)].map(element => element.textContent);
        return {
            numbers: Object.fromEntries([...document.querySelectorAll("[data-number]")]
                .map(element => [element.dataset.number, element.textContent.replace(/^.*[ ]/, "")])),
            sentences: texts("nav li"), maths: film.steps.map(step => step.math), gradients: texts(".leaf output"),
        };
    """)


def told_by_python(root):
    """The same from Python."""
    frames = viz.steps(root)
    numbers = {key: number for frame in frames for key, number in frames.made_known(frame).items()}
    return numbers, [frame.sentence for frame in frames], frames


def agree(browser, root):
    found = page_of(browser)
    numbers, sentences, frames = told_by_python(root)
    drawn = numbers.keys() & found["numbers"].keys()
    assert found["sentences"] == sentences
    assert len(drawn) > len(frames) / 2
    assert {key: found["numbers"][key] for key in drawn} == {key: numbers[key] for key in drawn}


E = {
    "E1": ("(x + y) * z", {"x": -2, "y": 5, "z": -4}, [{"x": 1.5}, {"y": -0.4, "z": 3}, {"x": 0, "y": 0}]),
    "E4": ("x**2 - 2*x + 1", {"x": 5}, [{"x": 1}, {"x": -0.6}, {"x": 0}]),
    "neuron": ("tanh(w1*x1 + w2*x2 + b)", {"w1": -3, "w2": 1, "x1": 2, "x2": 0, "b": 6.88}, [{"w1": 0.5}, {"b": -1}]),
    "softmax": ("e = exp(a) + exp(b) + exp(c); -log(exp(a) / e)", {"a": 1, "b": 2, "c": -1},
                [{"a": 3}, {"b": -2, "c": 0}]),
    "kink": ("relu(x) * leaky_relu(y) + abs(x - y)", {"x": 0, "y": 2},
             [{"x": 1}, {"x": -1, "y": -1}, {"x": 0, "y": 0}]),
    "power": ("x ** y + 2 ** x", {"x": 2, "y": 3}, [{"x": 0}, {"y": 0}, {"x": 0, "y": 0}, {"x": 1.5, "y": -1}]),
    "ties": ("max(x, y, 1) * maximum(x, y) - min(x, y)", {"x": 2, "y": 3}, [{"x": 3}, {"x": 1, "y": 1}, {"y": -2}]),
    "elu": ("elu(x) + softplus(y) - sign(x) * step(y)", {"x": 1, "y": 1}, [{"x": -1}, {"y": -0.5}, {"x": 0, "y": 0}]),
    "undefined": ("log(x) + sqrt(y) / x", {"x": 1, "y": 4}, [{"x": 0}, {"y": 0}, {"x": 0, "y": 0}]),
}  # fmt: skip


@pytest.mark.parametrize("name", E)
def test_dragging_works_everything_out_again_as_python_does(open_page, name):
    expression, start, moves = E[name]
    browser = open_page(expression, **start)
    agree(browser, viz.parse(expression, **start))
    numbers = dict(start)
    for move in moves:
        for leaf, number in move.items():
            drag(browser, leaf, number)
        numbers |= move
        agree(browser, viz.parse(expression, **numbers))
