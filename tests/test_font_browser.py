"""The font of formulas that pages bring with them, in a real browser."""

import io
from importlib import resources

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver.common.by import By

import viz
from viz.pages.web import MATH_FONT, formulas
from viz.pictures.font import characters

PAGES = resources.files("viz").joinpath("pages", "static")


def test_the_font_is_small_and_its_licence_comes_with_it():
    assert len(PAGES.joinpath("math.woff2").read_bytes()) < 25_000
    assert "GUST Font License" in PAGES.joinpath("math-LICENSE.txt").read_text(encoding="utf-8")


def test_all_that_formulas_are_written_with_is_in_the_font(show):
    browser = show(lambda path: path.write_text(f"<!DOCTYPE html><meta charset=utf-8><style>{formulas()}</style>"))
    missing = browser.execute_async_script("""
        const [font, codes, done] = arguments;
        const paper = new OffscreenCanvas(60, 60).getContext("2d", { willReadFrequently: true });
        const drawn = (text, fonts) => {
            paper.clearRect(0, 0, 60, 60);
            paper.font = `40px ${fonts}`;
            paper.fillText(text, 10, 40);
            return paper.getImageData(0, 0, 60, 60).data.join();
        };
        document.fonts.load(`40px "${font}"`).then(() => {
            const texts = codes.map(code => String.fromCodePoint(code)).filter(text => text.trim());
            done(texts.filter(text => drawn(text, `"${font}", serif`) === drawn(text, "serif")));
        });
    """, MATH_FONT, sorted(characters()))
    assert missing == []


def struck(shot):
    """Whether ink touches the bar of a fraction: in a screenshot of one, next to the rows that are dark all along."""
    ink = np.asarray(Image.open(io.BytesIO(shot)).convert("L")) < 160
    (bar,) = np.nonzero(ink.mean(1) > 0.9)
    return ink[[bar.min() - 2, bar.max() + 2]].any()


@pytest.mark.parametrize("write", [
    lambda path: viz.html(viz.parse("f = (y + q) / y", q=1, y=2), path),
    lambda path: viz.worksheet(1, 2).page.write(path),
], ids=["steps", "worksheet"])
def test_the_bars_of_fractions_strike_no_letter(show, write):
    browser = show(write)
    browser.execute_script("for (const math of document.querySelectorAll('math')) math.style.fontSize = '96px'")
    browser.execute_async_script("document.fonts.ready.then(arguments[0])")
    fractions = [fraction for fraction in browser.find_elements(By.TAG_NAME, "mfrac") if fraction.is_displayed()]
    assert fractions
    for fraction in fractions[:4]:
        browser.execute_script("arguments[0].scrollIntoView({ block: 'center' })", fraction)
        assert not struck(fraction.screenshot_as_png)
