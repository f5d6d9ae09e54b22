"""The page of a recorded training, in a real browser: played, scrubbed, typed at and clicked."""

import itertools
import re
import time

import pytest
from browser import complaints, prefer
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

import nn
import viz

STEPS = 60


def recording(lr=0.5, **options):
    """XOR learned in sixty steps, each of them kept."""
    recorder = viz.Recorder(**options)
    model = nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=1)
    nn.fit(model, *nn.data.xor(), "binary_cross_entropy", nn.SGD(lr, momentum=0.9), epochs=STEPS, record=recorder,
           progress=False)
    return recorder


@pytest.fixture
def open_page(show):
    """Opens the page of recordings, at a step if wanted."""
    data = nn.data.xor()
    return lambda recordings, address="", **options: show(
        lambda path: viz.replay(recordings, path, data=data, **options), address)


def step(browser):
    return int(re.fullmatch(r"step (\d+)", browser.find_element(By.ID, "count").text)[1])


def now(browser, number=0):
    return browser.find_element(By.CSS_SELECTOR, f"#recording-{number} .now").text


def press(browser, *typed):
    ActionChains(browser).send_keys(*typed).perform()


def click(browser, id):
    browser.find_element(By.ID, id).click()


def activations(browser, number=0):
    return [text.text for text in browser.find_elements(By.CSS_SELECTOR, f"#recording-{number} .activation")]


def colour(browser, x, y):
    """The colour of the boundary at a share of its width and height."""
    return browser.execute_script("""
        const canvas = document.querySelector("canvas.boundary"), [x, y] = arguments;
        const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, x * canvas.width, y * canvas.height, 1, 1, 0, 0, 1, 1);
        return [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3);
    """, x, y)


def test_buttons_and_keys_go_forwards_and_backwards(open_page):
    browser = open_page(recording())
    assert step(browser) == 0
    click(browser, "on")
    click(browser, "on")
    assert step(browser) == 2
    click(browser, "back")
    assert step(browser) == 1
    press(browser, Keys.END)
    assert step(browser) == STEPS - 1
    press(browser, Keys.ARROW_LEFT)
    assert step(browser) == STEPS - 2
    press(browser, Keys.HOME)
    assert step(browser) == 0


def test_the_numbers_are_those_of_the_recording(open_page):
    recorder = recording()
    browser = open_page(recorder, "#step=30")
    frame = recorder.frames[30]
    assert step(browser) == 30
    assert now(browser).startswith(f"epoch {frame.epoch} · loss {frame.loss:.3g}")
    theta = nn.parameters_to_vector(recorder.model)
    nn.vector_to_parameters(frame.theta, recorder.model)
    with recorder.model.mode(training=False):
        hidden = [neuron.data for neuron in recorder.model.layers[0]([0.0, 0.0])]
    nn.vector_to_parameters(theta, recorder.model)
    assert [float(text) for text in activations(browser)[2:5]] == pytest.approx(hidden, abs=0.006)


@pytest.mark.slow
def test_space_plays_to_the_end_and_pauses(open_page):
    browser = open_page(recording())
    press(browser, Keys.SPACE)
    assert browser.find_element(By.ID, "play").get_attribute("aria-label") == "pause"
    press(browser, Keys.SPACE)
    seen = step(browser)
    time.sleep(0.2)
    assert step(browser) == seen
    press(browser, Keys.SPACE)
    deadline = time.monotonic() + 30
    while step(browser) < STEPS - 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert step(browser) == STEPS - 1
    time.sleep(0.1)
    assert browser.find_element(By.ID, "play").get_attribute("aria-label") == "play"


def test_the_decision_boundary_moves_with_the_training(open_page):
    browser = open_page(recording())
    before = colour(browser, 0.75, 0.2), colour(browser, 0.25, 0.2)
    press(browser, Keys.END)
    after = colour(browser, 0.75, 0.2), colour(browser, 0.25, 0.2)
    assert before != after
    (r1, _, b1), (r2, _, b2) = after  # (1, 1) is orange, (0, 1) is blue
    assert r1 > b1
    assert b2 > r2


@pytest.mark.slow
def test_clicking_a_point_shows_the_network_compute_it(open_page):
    browser = open_page(recording(), "#step=59")
    assert activations(browser)[:2] == ["0", "0"]
    canvas = browser.find_element(By.CSS_SELECTOR, "canvas.boundary")
    width, height = canvas.size["width"], canvas.size["height"]
    ActionChains(browser).move_to_element_with_offset(canvas, int(0.35 * width), int(-0.35 * height)).click().perform()
    assert activations(browser)[:2] == ["1", "1"]


@pytest.mark.slow
def test_lines_show_weights_or_their_gradients(open_page):
    def lines():
        return browser.execute_script(
            'return [...document.querySelectorAll("svg.network line")].map(line => line.className.baseVal)')

    recorder = recording()
    browser = open_page(recorder, "#step=5")
    frame = recorder.frames[5]
    order = [0, 1, 2, 3, 4, 5, 9, 10, 11]  # weights of the first layer by neuron, then those of the second
    assert lines() == ["negative" if frame.theta[i] < 0 else "positive" for i in order]
    click(browser, "gradients")
    assert lines() == ["negative" if frame.gradient[i] < 0 else "positive" for i in order]


@pytest.mark.slow
def test_two_trainings_run_side_by_side(open_page):
    browser = open_page([recording(0.5, title="rate 0.5"), recording(0.01, title="rate 0.01")], "#step=59")
    losses = [float(re.search(r"loss ([\d.e-]+)", now(browser, number))[1]) for number in (0, 1)]
    assert losses[0] < 0.2 < losses[1]
    titles = [heading.text for heading in browser.find_elements(By.TAG_NAME, "h2")]
    assert titles == ["rate 0.5", "rate 0.01"]


@pytest.mark.slow
def test_the_loss_may_be_dragged_along_and_seen_logarithmically(open_page):
    browser = open_page(recording())
    curve = browser.find_element(By.ID, "loss")
    ActionChains(browser).move_to_element(curve).click_and_hold().move_by_offset(100, 0).release().perform()
    assert step(browser) > STEPS // 2
    texts = 'return [...document.querySelectorAll(".tick")].map(tick => tick.textContent)'
    ticks = browser.execute_script(texts)
    click(browser, "log")
    assert ticks != browser.execute_script(texts)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_readers_system(open_page, scheme):
    browser = open_page(recording(title="<b>&"))
    prefer(browser, scheme)
    background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
    assert browser.title == "<b>&"


@pytest.mark.slow
def test_large_networks_show_images_of_their_weights(open_page, browser, tmp_path):
    recorder = viz.Recorder()
    recorder.keep(nn.MLP(64, [30, 10], seed=0), 1.0)
    viz.replay(recorder, tmp_path / "images.html")
    browser.get((tmp_path / "images.html").as_uri())
    assert browser.execute_script('return document.querySelectorAll("canvas").length') == 1
    assert complaints(browser) == []


# ── names, and examples without a mouse ──────────────────────────────────────────────────────


def example(browser):
    return browser.find_element(By.CSS_SELECTOR, "#recording-0 .example").text


def test_axes_and_inputs_have_names(open_page):
    browser = open_page(recording())
    ticks = [text.text for text in browser.find_elements(By.CSS_SELECTOR, "#loss .tick")]
    assert {"Loss", "step"} <= set(ticks)
    assert [text.text for text in browser.find_elements(By.CSS_SELECTOR, "svg.network .name")] == ["x1", "x2"]
    assert browser.execute_script("return player.panels[0][0].names") == ["x1", "x2"]


def test_examples_are_chosen_by_arrow_keys_and_told(open_page):
    browser = open_page(recording(), f"#step={STEPS - 1}")
    plane = browser.find_element(By.CSS_SELECTOR, "canvas.boundary")
    assert re.fullmatch(r"example 1 of 4: x1 = 0, x2 = 0, target 0, answer [\d.e-]+", example(browser))
    browser.execute_script("arguments[0].focus()", plane)
    told = []
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_LEFT, Keys.HOME, Keys.END, Keys.PAGE_UP):
        press(browser, key)
        told.append(re.search(r"x1 = (\d), x2 = (\d)", plane.get_attribute("aria-valuetext")).groups())
    assert told == [("1", "0"), ("1", "1"), ("1", "1"), ("0", "1"), ("0", "0"), ("1", "1"), ("1", "0")]
    assert plane.get_attribute("aria-valuenow") == "3"
    assert "x1 = 1, x2 = 0, target 1" in example(browser)
    assert step(browser) == STEPS - 1


def test_the_slider_says_the_step_and_the_loss(open_page):
    browser = open_page([recording(), recording(0.1)], "#step=3")
    said = browser.find_element(By.ID, "slider").get_attribute("aria-valuetext")
    assert re.fullmatch(r"step 3; epoch 3 · loss [\d.]+ · .*; epoch 3 · loss [\d.]+ · .*", said)


def test_a_point_is_seen_where_its_class_is_answered(open_page):
    browser = open_page(recording(), f"#step={STEPS - 1}")
    edges = browser.execute_script("""
        const { canvas, subject } = player.panels[0][0], picture = player.panels[0][0];
        const scale = canvas.width / canvas.clientWidth, copy = new OffscreenCanvas(canvas.width, canvas.height);
        const pixels = copy.getContext("2d", { willReadFrequently: true });
        pixels.drawImage(canvas, 0, 0);
        return subject.examples.map(example => {
            const [x, y] = picture.place(picture.spot(example));
            const at = r => [...pixels.getImageData(Math.round(x + r * scale), Math.round(y), 1, 1).data].slice(0, 3);
            return [at(0), at(example === subject.examples[subject.example] ? 8.5 : 5.7)];
        });
    """)
    assert all(sum(abs(a - b) for a, b in zip(inside, ring, strict=True)) > 100 for inside, ring in edges)


def test_classes_meet_in_a_line_without_steps(open_page):
    browser = open_page(recording(), f"#step={STEPS - 1}")
    rows = browser.execute_script("""
        const grid = new Float64Array(GRID * GRID);
        for (let i = 0; i < grid.length; i += 1) grid[i] = i % GRID + 0.3 * Math.floor(i / GRID) - 40; // slanted
        const fine = blended(grid, 1), crossing = [];
        for (let row = 20; row < FINE - 20; row += 1) {
            crossing.push(fine.subarray(row * FINE, (row + 1) * FINE).findIndex(x => x >= 0));
        }
        return crossing;
    """)
    assert max(abs(a - b) for a, b in itertools.pairwise(rows)) <= 1


def test_two_networks_stand_beside_their_planes_in_sight(open_page):
    browser = open_page([recording(), recording(0.1)])
    bottoms = browser.execute_script("""
        const panels = [...document.querySelectorAll("svg.network, canvas.boundary")];
        return panels.map(panel => panel.getBoundingClientRect().bottom);
    """)
    assert len(bottoms) == 4
    assert max(bottoms) < 720
