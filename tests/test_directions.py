"""Names that are read from right to left, and what would turn the direction of other text."""

import json

import pytest
from drawings import data_of, texts

import viz
from autograd import Value
from viz.text.markup import isolated, printable, readable

NAMES = ["שלום", "مرحبا", "א[0]", "משקל (1)"]


def graph(name):
    x, y = Value(2.0, name), Value(-3.0, "y")
    q = x * y
    q.label = name
    return q * x


@pytest.mark.parametrize("name", NAMES)
def test_sentences_keep_such_names_apart_from_numbers_and_signs(name):
    first, *_ = viz.steps(graph(name))
    assert first.sentence.startswith(f"{isolated(f'{name}_2')} = {isolated(name)} * y = 2 * (-3)")
    assert isolated("weight") == "weight"


@pytest.mark.parametrize("write", [viz.html, viz.live, viz.quiz])
def test_pages_say_names_as_sentences_do(write):
    data = data_of(write(graph("שלום")))
    assert {value["name"] for value in data["values"].values()} == {isolated("שלום"), isolated("שלום_2"), "y", "f"}


def test_a_wire_has_the_name_apart_from_its_number():
    assert f"{isolated('שלום')} = -6" in texts(viz.draw(graph("שלום"), style="circuit"))
    assert f'data-before="{isolated("שלום_2")} = "' in viz.html(graph("שלום"), style="circuit")


@pytest.mark.parametrize("control", ["\u202e", "\u200f", "\u2066", "\u2028", "\ufeff", "\u00ad"])
def test_labels_lose_what_is_not_seen_but_turns_other_text(control):
    assert readable(f"a{control}b") == printable(f"a{control}b") == "ab"
    assert readable(control) == "\ufffd"  # a label is not empty
    f = graph(f"a{control}b")
    shown = [viz.html(f), viz.live(f), viz.quiz(f), viz.draw(f).source, viz.steps(f)[0].sentence, viz.formula(f)]
    escaped = json.dumps(control)[1:-1]
    assert not [text for text in shown if control in text or escaped in text]
    assert viz.formula(f) == "ab * y * ab"


@pytest.mark.parametrize("name", NAMES)
def test_a_browser_shows_the_signs_and_numbers_of_a_sentence_from_left_to_right(show, name):
    browser = show(lambda path: viz.html(graph(name), path), "#step=1")
    places = browser.execute_script("""
        const [text] = document.querySelector("#sentence").childNodes, range = new Range();
        let inside = false; // what is in a name goes with it
        return [...text.data].flatMap((character, i) => {
            if (/[\u2068\u2069]/.test(character)) inside = character === "\u2068";
            if (inside || !/[=*\\d-]/.test(character)) return [];
            range.setStart(text, i);
            range.setEnd(text, i + 1);
            return [range.getBoundingClientRect().left];
        });
    """)
    assert len(places) >= 7
    assert places == sorted(places)
