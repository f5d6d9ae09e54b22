"""The page of a network, in a real browser: neurons opened, layers folded, names found, pictures saved."""

import base64
import json
import xml.etree.ElementTree as ET

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

import nn
import viz
from viz.pages.plane import network


@pytest.fixture
def model():
    return nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=0)


@pytest.fixture
def open_page(show):
    """Opens the page of a model."""
    return lambda model, address="", **options: show(lambda path: viz.live(model, path, **options), address)


def settle(browser):
    browser.execute_async_script("const [done] = arguments; requestAnimationFrame(() => requestAnimationFrame(done));")


def neuron(browser, layer, number):
    return browser.find_element(By.CSS_SELECTOR, f"#layers [data-at='{layer} {number}']")


def open_part(browser):
    return browser.find_element(By.ID, "open-part").text


def entries(browser):
    """The steps in the list, as text."""
    listed = "return [...document.querySelectorAll('nav li:not([hidden])')].map(li => li.textContent)"
    return browser.execute_script(listed)


def names(browser):
    """What is called by its name in the drawing."""
    return browser.execute_script(
        "return [...document.querySelectorAll('#graph svg:first-child [data-name]')].map(text => text.textContent)")


def sliders(browser):
    rows = "return [...document.querySelectorAll('.leaf:not([hidden]) label')].map(label => label.textContent)"
    return browser.execute_script(rows)


def address(browser):
    return browser.execute_script("return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")


def test_a_click_on_a_neuron_opens_its_scalars_and_their_steps(open_page, model):
    browser = open_page(model, data=nn.data.xor())
    frames = viz.steps(network(model, nn.data.xor())[-1])
    assert open_part(browser) == "the whole graph"
    assert entries(browser) == [frame.sentence for frame in frames]
    neuron(browser, 1, 2).click()
    assert open_part(browser) == "layer 1, neuron 2"
    own = {"W1[2,0]", "W1[2,1]", "b1[2]"}
    assert own <= set(names(browser))
    assert not {"W1[0,0]", "W1[1,0]", "W2[0,0]"} & set(names(browser))
    assert set(sliders(browser)) == own | {"x1", "x2"}
    about = [frame.sentence for frame in frames if any(name in frame.sentence for name in own)]
    assert set(about) <= set(entries(browser))
    assert len(entries(browser)) < len(frames) / 2
    assert "open" in neuron(browser, 1, 2).get_attribute("class")


def test_a_step_opens_the_neuron_that_it_is_about(open_page, model):
    browser = open_page(model, "#step=2&open=3")  # the second step is about the activation of the first neuron
    assert open_part(browser) == "layer 1, neuron 2"
    browser.execute_script("player.go(3)")
    turn = browser.execute_script("return walk.network.parts[walk.network.turns[2]].name")
    assert open_part(browser) == turn != "layer 1, neuron 2"


def test_the_address_keeps_the_step_the_numbers_and_what_is_open(open_page, model):
    browser = open_page(model, data=nn.data.xor())
    neuron(browser, 2, 0).click()
    browser.execute_script("live.leaves.find(leaf => leaf.name === 'x1').move(0.75); player.remember()")
    settle(browser)
    browser.find_element(By.CSS_SELECTOR, "#layers [data-fold='1']").click()
    WebDriverWait(browser, 5).until(lambda _: address(browser).get("folds") == "nan")
    kept = address(browser)
    assert kept["open"] == "4"
    look = "return [numbers.data[walk.root], document.querySelector('#layers').textContent]"
    seen = browser.execute_script(look)
    again = open_page(model, f"#{browser.current_url.partition('#')[2]}", data=nn.data.xor())
    settle(again)
    assert open_part(again) == "layer 2, neuron 0"
    assert again.execute_script(look) == seen
    assert address(again) == kept


@pytest.mark.slow
def test_the_address_forgets_numbers_that_are_as_they_were(open_page, model):
    browser = open_page(model)
    browser.execute_script("live.leaves[0].move(2)")
    WebDriverWait(browser, 5).until(lambda _: any(key.startswith("v") for key in address(browser)))
    browser.find_element(By.ID, "reset").click()
    WebDriverWait(browser, 5).until(lambda _: not any(key.startswith("v") for key in address(browser)))


def test_layers_fold_and_unfold(open_page):
    browser = open_page(nn.MLP(2, [20, 1], "tanh", "sigmoid", seed=0))
    count = "return document.querySelectorAll('#layers [data-at^=\"1 \"]').length"

    def fold():
        browser.find_element(By.CSS_SELECTOR, "#layers [data-fold='1']").click()

    assert browser.execute_script(count) == 9  # four, a box for twelve, four
    assert "+ 12" in browser.find_element(By.ID, "layers").text
    fold()
    assert browser.execute_script(count) == 20
    fold()
    assert browser.execute_script(count) == 1
    assert "× 20" in browser.find_element(By.ID, "layers").text


@pytest.mark.slow
def test_names_are_found(open_page):
    browser = open_page(nn.MLP(2, [12, 12, 1], "tanh", "sigmoid", seed=0))
    field = browser.find_element(By.ID, "find")
    for asked, part, name in [("W2[7,3]", "layer 2, neuron 7", "W2[7,3]"), ("b1[4]", "layer 1, neuron 4", "b1[4]")]:
        field.clear()
        field.send_keys(asked, Keys.ENTER)
        assert open_part(browser) == part
        assert browser.find_element(By.ID, "numbers").text.startswith(f"{name} = ")
    field.clear()
    field.send_keys("layer 2, neuron 5", Keys.ENTER)
    assert open_part(browser) == "layer 2, neuron 5"
    field.clear()
    field.send_keys("no such name", Keys.ENTER)
    assert field.get_attribute("aria-invalid") == "true"
    assert open_part(browser) == "layer 2, neuron 5"


@pytest.mark.slow
def test_keys_go_from_neuron_to_neuron(open_page, model):
    browser = open_page(model)
    stops = browser.execute_script("return document.querySelectorAll('#layers [tabindex=\"0\"]').length")
    assert stops == 1 + 3  # the neurons are one, the names of layers the others
    neuron(browser, 0, 0).click()
    ActionChains(browser).send_keys(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ENTER).perform()
    assert open_part(browser) == "layer 1, neuron 1"
    browser.execute_script("document.querySelector('[data-fold=\"1\"]').focus()")
    ActionChains(browser).send_keys(Keys.ENTER).perform()
    assert "× 3" in browser.find_element(By.ID, "layers").text
    ActionChains(browser).send_keys(Keys.SPACE).perform()  # the focus has stayed where it was
    assert "× 3" not in browser.find_element(By.ID, "layers").text


@pytest.mark.slow
def test_neurons_of_a_layer_share_a_drawing_and_each_has_its_own_numbers(open_page):
    model = nn.MLP(2, [12, 12, 1], "tanh", "sigmoid", seed=0)
    page = viz.live(model)
    assert page.count("<template") < 6
    browser = open_page(model)
    frames = viz.steps(network(model)[-1])
    known = {key: number.digits for frame in frames for key, number in frames.made_known(frame).items()}
    for part in (3, 8, 14, 20, 24):
        browser.execute_script("network.show(arguments[0]); player.go(player.last); network.show(arguments[0])", part)
        drawn = browser.execute_script("""
            return [...document.querySelectorAll('#graph svg:first-child [data-number]')]
                .map(element => [element.dataset.number, element.textContent.replace(/^.*[ ]/, "")]);
        """)
        assert len(drawn) > 10
        assert all(text == known.get(key, text) for key, text in drawn)


def saved(browser, selector, kind):
    """What a button would write to a file."""
    return browser.execute_async_script("""
        const [selector, kind, done] = arguments;
        const text = still(document.querySelector(selector));
        if (kind === "svg") done(text);
        else pixels(text).then(blob => { const reader = new FileReader();
            reader.onload = () => done(reader.result.split(",")[1]); reader.readAsDataURL(blob); });
    """, selector, kind)


@pytest.mark.slow
@pytest.mark.parametrize("selector", ["#graph svg", "#layers"])
def test_pictures_of_the_page_are_saved_as_they_are_seen(open_page, model, selector):
    browser = open_page(model, "#step=5")
    root = ET.fromstring(saved(browser, selector, "svg"))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text") if element.text]
    assert "var(" not in json.dumps(texts) + ET.tostring(root, encoding="unicode")
    assert texts
    assert base64.b64decode(saved(browser, selector, "png")).startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_network_of_two_thousand_values_is_usable(open_page):
    browser = open_page(nn.MLP(2, [40, 40, 1], "tanh", "sigmoid", seed=0), data=nn.data.moons(100, seed=0))
    median = """
        const [act] = arguments, run = new Function("i", act), times = [];
        for (let i = 0; i < 15; i += 1) {
            const begun = performance.now();
            run(i);
            document.body.getBoundingClientRect(); // all that was changed is laid out
            times.push(performance.now() - begun);
        }
        return times.sort((a, b) => a - b)[7];
    """
    assert browser.execute_script("return Object.keys(walk.values).length") > 1900
    assert browser.execute_script(median, "player.go(700 + i)") < 500
    assert browser.execute_script(median, "network.show(3 + 5 * i)") < 1000
    assert browser.execute_script(median, "live.leaves[0].move(i / 10); numbers.run(); live.draw()") < 1000
