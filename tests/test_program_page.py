"""The page of a compiled program: each array explains itself where one points at it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import numpy as np
import pytest
from browser import complaints
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By

import autograd
import nn
import viz
from autograd import UsageError, Value
from autograd.compiler import Program


def program(loss: Any = nn.cross_entropy_with_logits, hidden: int = 3) -> Program:
    model = nn.MLP(2, [hidden, 2], "relu", seed=0)
    return autograd.compile(lambda x, y: loss(model(x), y), model).trace((2,), (2,))


def articles(page: str) -> dict[str, str]:
    """The text of what is said of each array."""
    found = re.findall(r'<article data-array="(.*?)">(.*?)</article>', page, re.DOTALL)
    return {unescape(name): unescape(re.sub(r"<[^>]*>", "\n", text)) for name, text in found}


LENS = """
    const lens = document.querySelector("#lens"), piece = lens.viewBox.baseVal;
    const text = lens.querySelector(".shown text");
    const whole = document.querySelector("#graph svg > g").getBBox();
    return [text.getAttribute("font-size") * text.getScreenCTM().a,
        piece.x > whole.x - 9 && piece.x + piece.width < whole.x + whole.width + 9];
"""
"""How large the text is under the lens, and whether it shows nothing beside the drawing."""


SAVED = """
    const [done] = arguments;
    download = (file, name) => file.text().then(text => done([name, text]));
    document.querySelector("[data-file=svg]").click();
"""
"""What the button for a file writes, and its name."""


def test_each_array_says_what_its_explanation_says() -> None:
    made = program()
    told = articles(viz.html(made))
    arrays = {node.name for node in made.passes()[-1].nodes if node.statements}
    assert told.keys() == arrays
    for name in arrays:
        for _, text in made.explain(name).paragraphs():
            for part in text.split("\n"):
                assert part in told[name]


def test_each_line_of_the_picture_leads_to_its_array() -> None:
    made = program()
    page = viz.html(made)
    links = re.findall(r'<li><a href="#(.*?)"><code>(.*?)</code>', page)
    assert [(name, unescape(text)) for name, text in links] == [
        (node.name, line) for node in made.passes()[-1].nodes for line in node.statements]
    boxes = set(re.findall(r'<g xmlns="[^"]*" [^>]*data-array="(.*?)"|data-array="(.*?)" class="node"|class="node" '
                           r'data-array="(.*?)"', page))
    assert {name for names in boxes for name in names if name} >= {name for name, _ in links}


def test_the_scalars_behind_an_entry_are_drawn_where_they_are_few() -> None:
    many = Value(1.0, "w"), autograd.compile(lambda x: autograd.sum([v * v for v in x]), []).trace((60,))
    assert "the scalars behind loss[0, 0]" not in viz.html(many[1])
    assert "the scalars behind dW1[0, 0]" in viz.html(program())


def test_the_options_of_drawings_are_those_of_the_page() -> None:
    assert "dW1" not in articles(viz.html(program(), backward=False))
    assert "dx" in articles(viz.html(program(), inputs=True))
    with pytest.raises(autograd.SizeError, match="limit=3"):
        viz.html(program(), limit=3)


def test_a_program_that_was_not_traced_says_so() -> None:
    with pytest.raises(UsageError):
        viz.html(autograd.compile(lambda x: x[0], []))


def test_the_page_shows_the_array_of_the_address_of_the_pointer_and_of_a_click(show: Any) -> None:
    browser = show(lambda path: viz.html(program(), path), "#dz1")

    def shown() -> str:
        (article,) = [one for one in browser.find_elements(By.TAG_NAME, "article") if one.is_displayed()]
        return str(article.get_attribute("data-array"))

    assert shown() == "dz1"
    box = browser.find_element(By.CSS_SELECTOR, "svg [data-array=dW1]")
    ActionChains(browser).move_to_element(box).perform()
    assert shown() == "dW1"
    ActionChains(browser).move_to_element(browser.find_element(By.TAG_NAME, "h1")).perform()
    assert shown() == "dz1", "who points at nothing sees what was chosen"
    box.click()
    assert browser.current_url.endswith("#dW1")
    browser.find_element(By.LINK_TEXT, "da1 = dz2 @ W2.T").click()
    assert shown() == "da1"
    assert browser.find_element(By.CSS_SELECTOR, "[aria-current]").text == "da1 = dz2 @ W2.T"
    size, inside = browser.execute_script(LENS)
    assert size >= 11
    assert inside
    name, text = browser.execute_async_script(SAVED)
    assert name == "A compiled program.svg"
    assert "dW1" in text
    assert "var(" not in text
    assert not complaints(browser)


def test_what_is_shown_are_the_numbers_of_the_program() -> None:
    made = program()
    root = made.explain("dW1").scalars()
    assert np.isclose(root.data, made.explain("dW1").numbers[0, 0], rtol=1e-12)
