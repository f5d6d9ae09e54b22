"""The page in which a network trains, in a real browser: played, changed while it plays, clicked, typed at, shared."""

import json

import numpy as np
import pytest
from browser import complaints, prefer, resize
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

import nn
import viz

REQUESTS = "return performance.getEntriesByType('resource').map(entry => entry.name)"
OFTEN, LONGEST = 30, 16
"""Steps that a second has at least, and milliseconds that a frame takes at most."""


def xor(**options):
    """A page of XOR and a network of 2-3-1 neurons."""
    model = nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=1)
    return lambda path: viz.play(model, *nn.data.xor(), "binary_cross_entropy", nn.SGD(1.0), path, **options)


def moons(**options):
    """A page of 200 points and a network of 2-8-8-1 neurons, which learns from ten at a time."""
    return lambda path: viz.play(
        nn.MLP(2, [8, 8, 1], "tanh", "sigmoid", seed=0), *nn.data.moons(200, seed=0), "binary_cross_entropy",
        nn.Adam(0.01), path, batch_size=10, validation_split=0.2, seed=0, **options)


def digits(path):
    """A page of handwritten digits."""
    X, Y = nn.data.digits()
    viz.play(nn.MLP(64, [16, 10], "relu", seed=0), X[:200], Y[:200], "cross_entropy_with_logits", nn.Adam(0.01), path)


def curve(path):
    """A page of a curve."""
    viz.play(nn.MLP(1, [6, 1], "tanh", seed=0), *nn.data.curve("sine", 40, seed=0), "mse", nn.Adam(0.02), path)


def spirals(path):
    """A page of three classes, and two networks to choose from."""
    models = {"small": nn.MLP(2, [4, 3], "tanh", seed=0), "large": nn.MLP(2, [20, 20, 3], "tanh", seed=0)}
    X, Y = nn.data.spirals(90, arms=3, seed=0)
    viz.play(models, X, Y, "cross_entropy_with_logits", nn.Adam(0.02), path, names="abc")


def get(browser, expression):
    return browser.execute_script(f"return {expression}")


def now(browser):
    """The numbers of the bar by their names."""
    return {item.find_element(By.TAG_NAME, "dt").text: item.find_element(By.TAG_NAME, "dd").text
            for item in browser.find_elements(By.CSS_SELECTOR, "#now div")}


def click(browser, id):
    browser.find_element(By.ID, id).click()


def press(browser, *typed):
    ActionChains(browser).send_keys(*typed).perform()


def picture(browser, selector="#picture canvas"):
    return browser.execute_script("return document.querySelector(arguments[0]).toDataURL()", selector)


def slide(browser, name, position):
    """Move the slider of a setting, as a mouse does."""
    browser.execute_script("""
        const slider = document.querySelector(`#set-${arguments[0]}`);
        slider.value = arguments[1];
        slider.dispatchEvent(new Event("input", { bubbles: true }));
    """, name, position)


def wait(browser, condition):
    WebDriverWait(browser, 20, 0.05).until(lambda _: get(browser, condition))


def shared(browser):
    """The address of the page, when it holds all that there is."""
    wait(browser, "location.hash === `#${player.address}`")
    return browser.current_url


def own(browser, id, text, button):
    """Type into a field of own data, and press its button."""
    browser.execute_script("document.querySelector('#own details').open = true")
    field = browser.find_element(By.ID, id)
    field.clear()
    field.send_keys(text)
    browser.find_element(By.CSS_SELECTOR, f"#{button} [type=submit]").click()


def test_buttons_and_keys_train_step_by_step_and_begin_again(show):
    browser = show(xor())
    start = get(browser, "[...player.training.theta]")
    assert now(browser)["epoch"] == "0"
    click(browser, "on")
    press(browser, Keys.ARROW_RIGHT)
    assert now(browser)["step"] == "2"
    click(browser, "pass")
    press(browser, Keys.PAGE_DOWN)
    assert now(browser)["epoch"] == "4"
    before = picture(browser), picture(browser, "#network canvas")
    browser.execute_script("document.activeElement.blur()")  # Space presses the button that has the focus
    press(browser, Keys.SPACE)
    assert get(browser, "document.querySelector('#play').getAttribute('aria-label')") == "pause"
    wait(browser, "player.training.epoch > 60")
    press(browser, Keys.SPACE)
    assert picture(browser) != before[0]
    assert picture(browser, "#network canvas") != before[1]
    assert "epoch" in get(browser, "document.querySelector('#told').textContent")
    press(browser, Keys.HOME)
    assert now(browser)["epoch"] == "0"
    assert get(browser, "[...player.training.theta]") == start
    click(browser, "redraw")
    assert get(browser, "[...player.training.theta]") != start
    assert browser.execute_script(REQUESTS) == []


def test_settings_change_while_it_trains(show):
    browser = show(moons())
    press(browser, Keys.SPACE)
    for name, option, position, value in [
        ("lr", "lr", 0, 1e-5), ("batch", "batch", 0, 1), ("l1", "l1", 1, 1e-5), ("l2", "l2", 3, 5e-5),
        ("noise", "noise", 4, 0.2), ("testShare", "testShare", 10, 0.5),
    ]:
        slide(browser, name, position)
        assert get(browser, f"player.training.options.{option}") == value
    browser.find_element(By.CSS_SELECTOR, "#set-optimizer [value=RMSProp]").click()
    assert get(browser, "player.training.rule === spec.optimizers.RMSProp")
    assert get(browser, "[player.training.data.count, player.training.data.testCount]") == [100, 100]
    assert get(browser, "player.playing")
    press(browser, Keys.SPACE)
    assert "test loss" in now(browser)
    assert get(browser, "document.querySelectorAll('#loss .curve').length") == 2


def test_a_weight_is_edited_on_its_line(show):
    browser = show(xor())
    line = browser.find_element(By.CSS_SELECTOR, "#network line.mark")
    browser.execute_script("arguments[0].focus()", line)
    press(browser, Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ENTER)
    assert browser.find_element(By.CSS_SELECTOR, "#weight label").text == "W1[0,0] ="
    press(browser, "-2,5", Keys.ENTER)
    assert get(browser, "player.training.theta[0]") == -2.5
    assert not browser.find_element(By.ID, "weight").is_displayed()
    assert get(browser, "document.activeElement.getAttribute('aria-label')") == "W1[0,0] = -2.5"
    ActionChains(browser).move_to_element(line).click().perform()
    press(browser, "two")
    assert browser.find_element(By.ID, "number").get_attribute("aria-invalid") == "true"
    press(browser, Keys.ESCAPE)
    assert get(browser, "player.training.theta[0]") == -2.5


def test_a_click_adds_a_point_and_a_click_on_a_point_steps_through_its_passes(show):
    browser = show(xor())
    canvas = browser.find_element(By.CSS_SELECTOR, "#picture canvas")
    browser.find_element(By.CSS_SELECTOR, "#legend [value='1']").click()
    ActionChains(browser).move_to_element(canvas).click().perform()
    assert get(browser, "player.training.data.count") == 5
    x, y = get(browser, "[...player.training.data.X].slice(-2)"), get(browser, "player.training.data.Y[4]")
    assert (x, y) == (pytest.approx([0.5, 0.5], abs=0.01), 1)
    side = canvas.size["width"]
    ActionChains(browser).move_to_element_with_offset(canvas, 0.36 * side, 0.36 * side).click().perform()
    assert get(browser, "player.model.example") == 2
    frame = browser.find_element(By.CSS_SELECTOR, "#example iframe")
    browser.switch_to.frame(frame)
    WebDriverWait(browser, 20, 0.05).until(lambda b: b.find_elements(By.CSS_SELECTOR, "nav li"))
    assert browser.find_element(By.TAG_NAME, "h1").text == "One example, number by number: x = 1, 0, y = 1"
    model, Y = nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=1), [1.0]
    loss = nn.losses.binary_cross_entropy(model([1.0, 0.0]), Y)
    loss.backward()
    sentences = [entry.text for entry in browser.find_elements(By.CSS_SELECTOR, "nav li")]
    assert any(sentence.endswith(f"= {loss.data:.4g}") for sentence in sentences)
    gradient = model.layers[1].bias[0].grad
    assert any(sentence.startswith("dL/db2[0]") and sentence.endswith(f"= {gradient:.4g}") for sentence in sentences)
    browser.find_element(By.CSS_SELECTOR, ".files [data-file=svg]").click()
    assert get(browser, "still(player.graph.svg).startsWith('<svg')")
    press(browser, Keys.ARROW_RIGHT)
    assert browser.find_element(By.ID, "count").text.startswith("2 /")
    press(browser, Keys.ESCAPE)
    browser.switch_to.default_content()
    assert not get(browser, "document.querySelector('#example').open")


@pytest.mark.slow
def test_a_graph_that_is_too_large_is_said_to_be(show):
    browser = show(digits)
    canvas = browser.find_element(By.CSS_SELECTOR, "#picture canvas")
    before = picture(browser, "#network canvas")
    ActionChains(browser).move_to_element(canvas).click().perform()
    assert "too many to step through" in browser.find_element(By.ID, "hint").text
    assert get(browser, "player.model.example") > 0
    assert picture(browser, "#network canvas") != before
    frames = "return new Set(player.picture.shown.map(i => player.model.examples[i].held)).size"
    assert browser.execute_script(frames) == 1


@pytest.mark.slow
def test_csv_is_read_and_its_cells_stay_text(show):
    browser = show(xor(names=["<b>no</b>", "yes"]))
    own(browser, "csv", "a;b;class\n0,5;1;<img src=x onerror=alert(1)>\n-1;2;'ok'\n", "table")
    assert get(browser, "[...player.training.data.X, ...player.training.data.Y]") == [0.5, 1, -1, 2, 1, 0]
    own(browser, "csv", "1,2,yes\n3,<script>alert(1)</script>,yes\n", "table")
    assert browser.find_element(By.ID, "complaint").text == "Line 2: <script>alert(1)</script> is no number."
    own(browser, "csv", "1,2,3,4\n", "table")
    assert browser.find_element(By.ID, "complaint").text == "Line 1 has 4 columns, 3 are expected."
    own(browser, "csv", "1,2,a\n1,2,b\n1,2,c", "table")
    assert browser.find_element(By.ID, "complaint").text == "There are 3 classes, the network tells 2 apart."
    assert get(browser, "player.training.data.count") == 2
    browser.execute_script("""
        const data = new DataTransfer();
        data.items.add(new File(["1\\t2\\t0\\n3\\t4\\t1\\n5\\t6\\t1"], "points.tsv"));
        dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
    """)
    wait(browser, "player.training.data.count === 3")
    click(browser, "first-data")
    assert get(browser, "player.training.data.count") == 4
    assert browser.execute_script("return document.querySelectorAll('main img, main b').length") == 0


@pytest.mark.slow
def test_points_are_classified_by_a_function(show):
    browser = show(xor())
    assert "positive, they are of the second class" in get(browser, "$('#rule label').textContent")
    own(browser, "function", "x1 * x2 - 0.25", "rule")
    X, Y = (np.array(get(browser, f"[...player.training.data.{name}]")) for name in "XY")
    assert ((X[::2] * X[1::2] > 0.25) == Y).all()
    assert len(Y) == 200 > Y.sum() > 0
    for text, complaint in [("x1 +", "not an expression: invalid syntax"), ("alert(1)", "there is no function alert"),
                            ("x3", "x3 has no value"), ("<b>", "not an expression: invalid syntax")]:
        own(browser, "function", text, "rule")
        assert browser.find_element(By.ID, "complaint").text.startswith(complaint)
    assert get(browser, "player.training.data.count") == 200
    browser = show(curve)
    assert "what it gives is their target" in get(browser, "$('#rule label').textContent")
    own(browser, "function", "sin(2 * x1) / 2", "rule")
    X, Y = (np.array(get(browser, f"[...player.training.data.{name}]")) for name in "XY")
    np.testing.assert_allclose(Y, np.sin(2 * X) / 2, rtol=1e-12)


@pytest.mark.slow
def test_parameters_go_to_python_and_the_state_goes_into_the_address(show):
    browser = show(moons())
    slide(browser, "lr", 8)
    click(browser, "pass")
    theta, address = get(browser, "[...player.training.theta]"), shared(browser)
    browser.execute_script("URL.createObjectURL = blob => { window.blob = blob; return '#'; }; player.own.download();")
    parameters = json.loads(browser.execute_async_script("blob.text().then(arguments[0])"))
    model = nn.MLP(2, [8, 8, 1], "tanh", "sigmoid", seed=3)
    model.load_state_dict(parameters)
    assert nn.parameters_to_vector(model).tolist() == theta
    outputs = get(browser, "[...player.model.answers(new Float64Array([0.3, 0.4, -1, 1]), 2)]")
    assert outputs == pytest.approx(model.predict([[0.3, 0.4], [-1, 1]]).ravel().tolist(), abs=1e-12)
    browser.get("about:blank")
    browser.get(address)
    assert get(browser, "[...player.training.theta]") == theta
    assert get(browser, "[player.training.epoch, player.training.options.lr]") == [1, 0.005]
    assert get(browser, "player.settings.fields.lr.value") == 0.005


SCHEDULED = nn.SGD(nn.CosineDecay(0.5, 60), momentum=0.9)


@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "acts"), [
    (nn.SGD(0.1), ""),
    (nn.Adam(0.01), "player.set('noise', 0.2)"),
    (nn.RMSProp(0.01), "player.set('testShare', 0.3); player.restart(5)"),
    (SCHEDULED, "player.own.add([0, 0], [1])"),
    (nn.Adam(0.01), "player.set('optimizer', 'AdaDelta'); player.set('batch', 7)"),
], ids=["first epoch", "noise", "another share of test data", "a schedule and another point", "another optimiser"])
def test_an_address_goes_on_elsewhere_as_it_does_here(show, optimizer, acts):
    browser = show(lambda path: viz.play(
        nn.MLP(2, [4, 1], "tanh", "sigmoid", seed=0), *nn.data.moons(60, seed=0), "binary_cross_entropy", optimizer,
        path, batch_size=10, validation_split=0.2, seed=0))
    browser.execute_script(acts + "; for (let i = 0; i < 21; i += 1) player.step()")
    address = shared(browser)
    go_on = "for (let i = 0; i < 40; i += 1) player.training.step(); return [...player.training.theta]"
    expected = browser.execute_script(go_on)
    browser.switch_to.new_window("tab")
    try:
        browser.get(address)
        assert now(browser)["step"] == "21"
        assert browser.execute_script(go_on) == expected
    finally:
        browser.close()
        browser.switch_to.window(browser.window_handles[0])


@pytest.mark.slow
def test_an_address_that_says_nonsense_changes_nothing(show):
    browser = show(xor(), "#lr=-1&batch=x&optimizer=constructor&state=AAAA&x=%3Cb%3E&y=1&model=7&seed=1.5")
    start = get(browser, "[...player.training.theta]")
    for count, number in [(3, 1), (22, 1), (21, 0.5), (21, -4)]:
        browser.execute_script(f"player.training.resume(new Float64Array({count}).fill({number}))")
        assert get(browser, "[...player.training.theta]") == start
    assert get(browser, "player.training.options.lr") == 1
    assert get(browser, "player.training.options.batch") == 4
    assert get(browser, "player.training.options.optimizer") == "SGD"
    assert get(browser, "player.training.epoch") == 0


@pytest.mark.slow
def test_several_models_are_offered_and_several_classes_shown(show):
    browser = show(spirals)
    small = get(browser, "player.training.theta.length")
    browser.find_element(By.CSS_SELECTOR, "#model [value='1']").click()
    assert small == 27 < get(browser, "player.training.theta.length")
    assert [label.text for label in browser.find_elements(By.CSS_SELECTOR, "#legend label")] == ["a", "b", "c"]
    names = [name.text for name in browser.find_elements(By.CSS_SELECTOR, "#network .name")]
    assert "+ 4" in names  # of twenty neurons
    click(browser, "pass")
    assert now(browser)["epoch"] == "1"


@pytest.mark.slow
def test_a_curve_follows_and_a_click_adds_a_point(show):
    browser = show(curve)
    before = picture(browser)
    canvas = browser.find_element(By.CSS_SELECTOR, "#picture canvas")
    ActionChains(browser).move_to_element_with_offset(canvas, 0, -0.4 * canvas.size["height"]).click().perform()
    assert get(browser, "player.training.data.count") == 41
    click(browser, "pass")
    assert picture(browser) != before


@pytest.mark.slow
def test_training_that_diverges_is_stopped_and_told(show):
    browser = show(curve)
    browser.execute_script("player.set('optimizer', 'SGD'); player.set('lr', 1e6); player.toggle();")
    wait(browser, "!player.playing")
    assert "smaller learning rate" in browser.find_element(By.ID, "told").text
    click(browser, "again")
    assert "smaller" not in browser.find_element(By.ID, "told").text


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_the_screen_in_the_readers_colours(show, scheme, width):
    browser = show(xor(title="<b>&"))
    resize(browser, width)
    prefer(browser, scheme)
    assert get(browser, "document.documentElement.scrollWidth") <= width
    background = {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
    assert get(browser, "getComputedStyle(document.body).backgroundColor") == background
    assert browser.title == "<b>&"


@pytest.mark.slow
@pytest.mark.parametrize("page", [moons(), digits, curve, spirals], ids=["moons", "digits", "curve", "spirals"])
def test_a_second_has_many_steps_and_a_frame_takes_little_of_it(show, page):
    browser = show(page)
    browser.execute_script("""
        const frame = player.frame.bind(player);
        window.times = [];
        player.set("batch", 10);
        player.frame = () => {
            const before = performance.now();
            frame();
            times.push(performance.now() - before);
        };
    """)

    def measured():
        """The median of a frame, and steps a second, while it plays for a while."""
        return browser.execute_async_script("""
            const [done] = arguments, begin = performance.now(), { stepCount } = player.training;
            times.length = 0;
            player.toggle();
            setTimeout(() => {
                player.toggle();
                const seconds = (performance.now() - begin) / 1000;
                times.sort((a, b) => a - b);
                done([times[times.length >> 1], (player.training.stepCount - stepCount) / seconds]);
            }, 1000);
        """)

    frames, steps = zip(*(measured() for _ in range(3)), strict=True)  # other programs may take the processor
    assert max(steps) >= OFTEN
    assert min(frames) <= LONGEST


@pytest.mark.slow
def test_it_works_inside_of_a_notebook(browser, tmp_path):
    page = viz.play(nn.MLP(2, [3, 1], "tanh", "sigmoid", seed=1), *nn.data.xor(), "mse", nn.SGD(1.0))
    (tmp_path / "notebook.html").write_text(page.inline(), encoding="utf-8")
    browser.get((tmp_path / "notebook.html").as_uri())
    browser.switch_to.frame(0)
    click(browser, "pass")
    assert now(browser)["epoch"] == "1"
    assert complaints(browser) == []


def test_losses_are_those_of_fit(show):
    browser = show(moons())
    browser.execute_script("for (let i = 0; i < 5; i += 1) player.pass()")
    losses = get(browser, "player.training.history.map(({ loss }) => loss)")
    model = nn.MLP(2, [8, 8, 1], "tanh", "sigmoid", seed=0)
    history = nn.fit(model, *nn.data.moons(200, seed=0), "binary_cross_entropy", nn.Adam(0.01), epochs=5, batch_size=10,
                     validation_split=0.2, seed=0, progress=False)
    np.testing.assert_allclose(losses, history.loss, rtol=1e-9)
