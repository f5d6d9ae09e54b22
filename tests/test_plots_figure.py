import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotting import closed_figures, pyplot  # noqa: F401

from viz import plots
from viz.plots.figure import apart, panel
from viz.style import SERIES, THEMES


def luminance(color):
    channels = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("theme", THEMES)
def test_curves_contrast_with_the_background_as_lines_should(theme):
    behind = luminance(THEMES[theme].background)
    for color in SERIES[theme]:
        lighter, darker = sorted([luminance(color), behind], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 3, color


@pytest.mark.parametrize("theme", THEMES)
def test_a_theme_colours_axes_and_figure(theme):
    _, ax = pyplot.subplots()
    assert plots.compare({"a": [2.0, 1.0]}, ax=ax, theme=theme) is ax
    for drawn in (ax, ax.figure):
        assert sum(drawn.get_facecolor()[:3]) == pytest.approx(0.0 if theme == "dark" else 3.0, abs=0.25)


def test_text_shrinks_on_narrow_axes():
    wide, narrow = (pyplot.subplots(figsize=size)[1] for size in ((8, 5), (3, 2)))
    assert panel(wide, "light").text > 1.3 * panel(narrow, "light").text


def test_series_that_share_a_colour_differ_in_style():
    one = panel(None, "light")
    looks = [(one.color(i), one.style(i)) for i in range(20)]
    assert all(a != b for a, b in combinations(looks, 2))


@given(st.lists(st.floats(0, 1), max_size=8))
def test_names_are_kept_apart_in_order_and_within_reach(heights):
    found = apart(heights, 0.1)
    for (y, a), (z, b) in combinations(zip(heights, found, strict=True), 2):
        assert abs(a - b) >= 0.1 - 1e-9
        assert y == z or (y < z) == (a < b)
    assert all(-1e-9 <= y <= 1 + 1e-9 for y in found)


def test_names_that_do_not_touch_stay():
    assert apart([0.1, 0.9, 0.5], 0.2) == [0.1, 0.9, 0.5]


def test_viz_does_not_import_matplotlib_and_plots_without_it_name_the_extra():
    script = """
import sys
import viz
assert "matplotlib" not in sys.modules
sys.modules["matplotlib"] = None
import autograd, viz.plots
try:
    viz.plots.compare({"a": [1.0]})
except autograd.MissingPackageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'plots need matplotlib, which is not installed: pip install -e ".[plots]"'
