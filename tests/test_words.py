"""Pages in other languages."""

import re
from string import Formatter

import pytest
from selenium.webdriver.common.by import By

import nn
import viz
from autograd import UsageError, Value
from viz.pages.words import WORDS

OTHERS = [language for language in WORDS if language != "en"]


def trained():
    w, recorder = Value(2.0, "w"), viz.Recorder()
    for _ in range(3):
        recorder.keep([w], (w * w).data)
    return recorder


PAGES = {
    "html": lambda **options: viz.html(viz.parse("x * x + y", x=2, y=3), **options),
    "live": lambda **options: viz.live(nn.MLP(2, [1], output="sigmoid", seed=0), **options),
    "quiz": lambda **options: viz.quiz("x * x + y", "local", x=2, y=3, **options),
    "play": lambda **options: viz.play(
        nn.MLP(2, [1], output="sigmoid", seed=0), *nn.data.xor(), "mse", nn.SGD(0.1), **options),
    "replay": lambda **options: viz.replay(trained(), **options),
    "playground": lambda **options: viz.playground(**options),
    "worksheet": lambda **options: viz.worksheet(1, **options).page,
    "key": lambda **options: viz.worksheet(1, **options).key,
}


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_word_with_what_is_filled_in_and_no_markup(language):
    assert list(WORDS[language]) == list(WORDS["en"])
    for name, text in WORDS["en"].items():
        parts = [{part for _, part, _, _ in Formatter().parse(said) if part} for said in (text, WORDS[language][name])]
        assert parts[0] == parts[1], name
        assert not set("<>&\"$") & set(WORDS[language][name])


def test_every_word_is_said_somewhere():
    from importlib import resources

    pages = resources.files("viz").joinpath("pages")
    files = (file for folder in (pages, pages.joinpath("static")) for file in folder.iterdir())
    texts = [file for file in files if file.name.endswith((".py", ".js", ".html")) and file.name != "words.py"]
    source = "\n".join(file.read_text(encoding="utf-8") for file in texts)
    said = set(re.findall(r"\$(\w+)", source)) | set(re.findall(r"words\.(\w+)", source))
    said |= set(re.findall(r"""["'](\w+)["']""", source))
    assert set(WORDS["en"]) - said == set()


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_labels_in_another_language(page, language):
    made = PAGES[page](language=language)
    assert f'<html lang="{language}">' in made
    body = re.sub(r"<script.*?</script>", "", made, flags=re.DOTALL)
    english = {text for name, text in WORDS["en"].items() if WORDS[language][name] != text and " " in text}
    assert [text for text in english if f">{text}" in body or f'"{text}"' in body] == []
    assert made.about in WORDS[language].values()
    assert made.about not in english


@pytest.mark.slow
def test_a_german_quiz_is_asked_and_answered_in_german(show):
    browser = show(lambda path: viz.quiz("x * y", "grads", x=0.5, y=3, path=path, language="de"))
    said = WORDS["de"]
    assert browser.find_element(By.ID, "again").text == said["again"]
    assert browser.find_element(By.ID, "rule").text == said["rule"].replace("{percent}", "1")
    for answer in ("1,0", "3", "0,5"):
        browser.switch_to.active_element.send_keys(answer, "\n")
    assert browser.find_element(By.ID, "score").text == "3 von 3 richtig, 3 auf Anhieb · 0 falsch" + said["done"]
    assert browser.find_element(By.ID, "phase").text.lower() == said["backward"]


def test_a_language_that_is_not_known_is_refused():
    for page in PAGES.values():
        with pytest.raises(UsageError, match="language is one of 'en', 'de', 'zh'"):
            page(language="xx")
