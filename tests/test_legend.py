"""The legend, and the meaning and contrast of colours."""

import dataclasses

import pytest
from drawings import contrast, first_example, texts

import autograd
import nn
import viz
from autograd import UsageError, Value
from viz.drawings.legend import BLOCKS, MEANINGS, NEURONS, SCALARS
from viz.drawings.scene import NO_GRADIENTS
from viz.style import THEMES

PLAIN = {"background", "text", "muted", "line"}
"""Colours that say nothing of what they colour."""


@pytest.mark.parametrize("theme", THEMES)
def test_the_legend_tells_what_every_colour_means(theme):
    drawing = viz.legend(theme)
    assert set(MEANINGS.values()) <= set(texts(drawing))
    for meaning in MEANINGS:
        assert getattr(THEMES[theme], meaning) in drawing.source


def test_every_colour_of_a_theme_has_a_meaning_or_none_to_tell():
    fields = {field.name for field in dataclasses.fields(THEMES["light"])}
    assert fields == set(MEANINGS) | PLAIN
    assert set(SCALARS) | set(NEURONS) | set(BLOCKS) | {"marker"} == set(MEANINGS)  # steps mark what is new


def test_a_drawing_shows_a_legend_when_asked_to():
    f = first_example()
    assert "parameter" not in texts(viz.draw(f))
    assert {"parameter", "value", "gradient"} <= set(texts(viz.draw(f, legend=True)))
    assert "positive; width: size" in texts(viz.draw(nn.Layer(1, 1, seed=0), legend=True))
    w = Value(1.0, "w")
    assert "gradient" in texts(viz.draw(autograd.compile(lambda x: w * x, [w]).trace(()), legend=True))


def test_a_legend_leaves_out_what_the_drawing_hides():
    f = first_example()
    assert "gradient" not in texts(viz.draw(f, gradients=False, legend=True))
    assert "local derivative" not in texts(viz.draw(f, legend=True))
    assert "local derivative" in texts(viz.draw(f, legend=True, local_derivatives=True))


def test_a_legend_stands_below_the_note_that_gradients_are_missing():
    found = texts(viz.draw(first_example(differentiated=False), legend=True))
    assert found.index(NO_GRADIENTS) < found.index("value")


def test_an_unknown_theme_is_refused():
    with pytest.raises(UsageError, match="theme is one of 'light', 'dark'; 'blue' came"):
        viz.legend("blue")


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_lines_and_the_numbers_beside_them_stand_out_from_the_background(theme):
    for colour in (theme.positive, theme.negative, theme.line):
        assert contrast(colour, theme.background) >= 3
    assert contrast(theme.muted, theme.operation) >= 4.5
