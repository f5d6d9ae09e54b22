"""The page that asks for numbers, in a real browser, answered with the keyboard."""

import re

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By

import viz
from autograd import Value


@pytest.fixture
def open_quiz(show):
    """Opens the page that asks for the numbers of a graph."""
    return lambda root, *args, **options: show(lambda path: viz.quiz(root, *args, path=path, **options))


def write(browser, *typed):
    """Type where the focus is."""
    ActionChains(browser).send_keys(*typed).perform()


def rows(browser):
    """The name, the state and the sentences of each blank."""
    return [
        (row.find_element(By.TAG_NAME, "label").text.removesuffix(" ="),
         row.get_attribute("class").replace("blank", "").strip(),
         [told.text for told in row.find_elements(By.TAG_NAME, "li")])
        for row in browser.find_elements(By.CLASS_NAME, "blank")
    ]


def score(browser):
    return browser.find_element(By.ID, "score").text


def drawn(browser):
    """The numbers of the drawing, by name."""
    return browser.execute_script("""return Object.fromEntries([...document.querySelectorAll("[data-number]")].map(
        element => [element.dataset.number, element.textContent.replace(/^.* /, "")]))""")


def first(open_quiz, *args, **options):
    return open_quiz("(x + y) * z", *args, x=-2, y=5, z=-4, **options)


def test_it_is_answered_with_the_keyboard_alone(open_quiz):
    browser = first(open_quiz)
    assert [name for name, *_ in rows(browser)] == ["df/df", "df/dq", "df/dz", "df/dx", "df/dy"]
    assert {key: text for key, text in drawn(browser).items() if "gradient" in key} == {
        f"v{i}:gradient": "?" for i in range(5)
    }
    for answer in ("1", "-4.0", "6/2", "-4e0"):
        write(browser, answer, Keys.ENTER)
    assert score(browser) == "4 of 5 right, 4 at once · 0 wrong"
    assert drawn(browser)["v2:gradient"] == "3"
    assert not browser.find_element(By.ID, "controls").is_displayed()
    write(browser, "−4", Keys.ENTER)
    assert score(browser).startswith("5 of 5 right, 5 at once · 0 wrong — all done")
    assert browser.find_element(By.ID, "controls").is_displayed()
    browser.find_element(By.ID, "first").click()
    write(browser, Keys.ARROW_RIGHT)
    assert browser.find_element(By.ID, "sentence").text == "q = x + y = -2 + 5 = 3"


def test_a_wrong_answer_shows_the_sentences_of_its_number_and_no_others(open_quiz):
    browser = open_quiz("x**2 - 2*x + 1", ["x"], x=5)
    write(browser, "10", Keys.ENTER)
    assert rows(browser) == [("df/dx", "wrong", [
        "df/dx += df/dr · dr/dx = -1 · 2 = -2, path 1 of 2",
        "df/dx += df/dq · dq/dx = df/dq · (2 * x) = 1 · 10 = 10, path 2 of 2: -2 + 10 = 8",
    ])]
    assert score(browser) == "0 of 1 right, 0 at once · 1 wrong"
    assert drawn(browser)["v0:gradient"] == "?"
    write(browser, "8", Keys.ENTER)  # what was wrong is selected
    assert rows(browser) == [("df/dx", "right", [])]
    assert score(browser).startswith("1 of 1 right, 0 at once · 1 wrong")


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "right"), [
    ("0.001", True), ("1e-3", True), ("1/1000", True), ("0,001", True), (".001", True), ("1.009e-3", True),
    (",001", True), ("1,009e-3", True), ("0,5/500", True), ("1,000", False), ("1.0,0", None), ("1,0,0", None),
    ("1.02e-3", False), ("0", False), ("-0.001", False), ("x", None), ("1/", None),
])
def test_answers_are_numbers_within_the_tolerance(open_quiz, answer, right):
    browser = open_quiz(Value(0.001, "x") * Value(5.0, "y"), ["y.grad"])
    write(browser, answer, Keys.ENTER)
    ((_, state, told),) = rows(browser)
    assert state == ("right" if right else "wrong")
    assert (told == ["This is no number: write 2, -0.5, 4/2 or 1e-3."]) == (right is None)
    assert score(browser).endswith("1 wrong") == (right is False)


@pytest.mark.slow
def test_tab_checks_as_well_and_the_same_answer_counts_once(open_quiz):
    browser = first(open_quiz, "values")
    write(browser, "4", Keys.TAB)
    write(browser, Keys.SHIFT, Keys.TAB, Keys.SHIFT)
    write(browser, Keys.ENTER)
    assert rows(browser)[0] == ("q", "wrong", ["q = x + y = -2 + 5 = 3"])
    assert score(browser) == "0 of 2 right, 0 at once · 1 wrong"


@pytest.mark.slow
def test_starting_again_forgets_all_answers(open_quiz):
    browser = first(open_quiz, "local")
    before = drawn(browser)
    write(browser, "-4", Keys.ENTER, "9", Keys.ENTER)
    assert score(browser) == "1 of 4 right, 1 at once · 1 wrong"
    browser.find_element(By.ID, "again").click()
    assert score(browser) == "0 of 4 right, 0 at once · 0 wrong"
    assert {state for _, state, _ in rows(browser)} == {""}
    assert drawn(browser) == before


@pytest.mark.slow
@pytest.mark.parametrize("style", ["record", "circuit"])
def test_no_number_that_is_asked_for_stands_in_the_drawing(open_quiz, style):
    browser = open_quiz("x * x + x", "grads", x=5, style=style)
    shown = drawn(browser)
    assert {text for key, text in shown.items() if key.endswith("gradient")} == {"?"}
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.HOME)
    assert drawn(browser) == shown


@pytest.mark.parametrize("label", [
    "</script><script>alert(1)</script>", pytest.param("<img src=x onerror=alert(1)>", marks=pytest.mark.slow),
    pytest.param("\"'\\{}🙂", marks=pytest.mark.slow),
])
def test_any_label_is_text(open_quiz, label):
    browser = open_quiz(Value(2.0, label) * 3, title=label)
    assert browser.execute_script("return document.querySelectorAll('script').length") == 2
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    assert re.sub(r"\s", " ", rows(browser)[1][0]) in (f"df/d{label}", f"df/d({label})")


@pytest.mark.slow
def test_inside_a_notebook_it_leaves_the_reader_where_they_are(browser, tmp_path):
    page = viz.quiz("x * y", x=2, y=3)
    (tmp_path / "notebook.html").write_text(f"<p style='height: 3000px'></p>{page.inline()}", encoding="utf-8")
    browser.get((tmp_path / "notebook.html").as_uri())
    browser.switch_to.frame(browser.find_element(By.TAG_NAME, "iframe"))
    assert score(browser).startswith("0 of 3 right")
    browser.switch_to.default_content()
    assert browser.execute_script("return [scrollY, document.activeElement.tagName]") == [0, "BODY"]
