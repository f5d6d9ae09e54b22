"""Every kind of page as axe-core judges it: can all of it be seen, reached with keys, and read aloud?"""

import pytest
from browser import axe, prefer, resize
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

import autograd
import nn
import viz


def expression():
    return viz.parse("q = x + y; f = q * z", x=-2, y=5, z=-4)


def network(*hidden):
    return nn.MLP(2, [*hidden, 1], "tanh", "sigmoid", seed=1)


def program():
    model = network(3)
    return autograd.compile(lambda x, y: nn.mse(model(x), y), model).trace((2,), (1,))


def recording():
    recorder = viz.Recorder()
    nn.fit(network(3), *nn.data.xor(), "mse", nn.SGD(0.5), epochs=5, record=recorder, progress=False)
    return recorder


def played(model, data, loss="binary_cross_entropy", **options):
    return viz.play(model, *data, loss, nn.Adam(0.02), **options)


def spirals():
    models = [nn.MLP(2, [4, 3], "tanh", seed=0), nn.MLP(2, [20, 3], "tanh", seed=0)]
    return played(models, nn.data.spirals(30, arms=3, seed=0), "cross_entropy_with_logits", names="abc")


def digits():
    X, Y = nn.data.digits()
    return played(nn.MLP(64, [8, 10], "relu", seed=0), (X[:50], Y[:50]), "cross_entropy_with_logits")


UNFOLDED = "for (const part of document.querySelectorAll('details')) part.open = true;"

PAGES = {
    "steps": (lambda: viz.html(expression()), ""),
    "steps of a circuit": (lambda: viz.html(expression(), style="circuit"), "document.querySelector('#back')?.click()"),
    "sliders": (lambda: viz.live(expression()), UNFOLDED),
    "a quiz": (lambda: viz.quiz("(x + y) * z", x=-2, y=5, z=-4), ""),
    "a worksheet": (lambda: viz.worksheet(2).page, ""),
    "a network": (lambda: viz.live(network(3), data=nn.data.xor()), ""),
    "a program": (lambda: viz.html(program()), ""),
    "a training that was recorded": (lambda: viz.replay(recording(), data=nn.data.xor()), ""),
    "the playground": (viz.playground, UNFOLDED + "document.querySelector('#python').click()"),
    "an error in the playground": (viz.playground, "player.edit('x + foo(')"),
    "an exercise in the playground": (viz.playground, "player.ask('gradients')"),
    "a training": (lambda: played(network(3), nn.data.xor()), UNFOLDED + "player.own.read('1,2'); player.pass()"),
    "a training of classes": (spirals, "player.weight.open(0, player.layers.marks[0])"),
    "a training of a curve": (lambda: played(nn.MLP(1, [3, 1], "tanh"), nn.data.curve("sine", 20), "mse"), ""),
    "a training of images": (digits, ""),
}
"""Pages of all kinds, and what is done on them before they are judged."""


DEFAULT = {"steps", "sliders", "a network", "the playground", "a training of classes"}


def complaints(browser, *rules):
    """What axe-core has against the page that is seen; only what it says by these rules, if some are named."""
    browser.execute_script(axe().read_text(encoding="utf-8"))
    found = browser.execute_async_script("""
        const [rules, done] = arguments, fingers = { rules: { "target-size": { enabled: true } } }; // need 24 pixels
        const asked = rules.length ? { runOnly: { type: "rule", values: rules } } : fingers;
        axe.run(document, asked).then(({ violations }) => done(violations));
    """, rules)
    return [f"{each['id']}: {node['html'][:300]}\n{node['failureSummary']}" for each in found for node in each["nodes"]]


@pytest.mark.parametrize(
    "page", [page if page in DEFAULT else pytest.param(page, marks=pytest.mark.slow) for page in PAGES])
def test_axe_has_nothing_against_a_page(show, page):
    make, act = PAGES[page]
    browser = show(make().write)
    browser.execute_script(act)
    light = complaints(browser)
    prefer(browser, "dark")
    dark = complaints(browser, "color-contrast")
    resize(browser, 390)
    assert light + dark + complaints(browser) == []


@pytest.mark.slow
def test_axe_has_nothing_against_the_page_that_steps_through_an_example(show):
    browser = show(played(network(2), nn.data.xor()).write)
    browser.execute_script("player.model.choose(1)")
    browser.switch_to.frame(browser.find_element(By.CSS_SELECTOR, "#example iframe"))
    WebDriverWait(browser, 20, 0.05).until(lambda b: b.find_elements(By.CSS_SELECTOR, "nav li"))
    assert complaints(browser) == []


def test_axe_complains_of_what_has_no_name_and_of_what_is_pale(show):
    browser = show(viz.html(expression()).write)
    browser.execute_script("""
        document.querySelector("#play").outerHTML = "<button></button>";
        document.querySelector("#sentence").style.color = "#ccc";
    """)
    assert {complaint.split(":")[0] for complaint in complaints(browser)} == {"button-name", "color-contrast"}
