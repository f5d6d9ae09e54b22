import subprocess
import sys

import pytest
from drawings import contrast
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from plotting import pyplot

from autograd import MissingPackageError
from viz import plots
from viz.plots.figure import panel
from viz.style import SERIES, THEMES


def test_importing_viz_and_its_plots_does_not_import_matplotlib():
    code = "import sys, viz, viz.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_without_matplotlib_an_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match=r'plots need matplotlib.*: pip install -e "\.\[plots\]"'):
        plots.folds([([0], [1])])


@pytest.mark.parametrize("theme", THEMES)
def test_a_plot_has_the_colours_of_its_theme(theme):
    ax = plots.compare({"a": [2.0, 1.0], "b": [3.0, 2.0]}, theme=theme)
    colours = THEMES[theme]
    assert to_hex(ax.get_facecolor()) == to_hex(ax.figure.get_facecolor()) == colours.background
    assert ax.xaxis.label.get_color() == colours.text
    assert [line.get_color() for line in ax.get_lines()] == list(SERIES[theme][:2])
    assert [text.get_color() for text in ax.texts] == list(SERIES[theme][:2])


@pytest.mark.parametrize("theme", THEMES)
def test_curves_stand_out_from_the_background(theme):
    for colour in SERIES[theme]:
        assert contrast(colour, THEMES[theme].background) >= 3, colour  # WCAG 2.1, graphical objects


def test_text_shrinks_on_narrow_axes_but_not_without_end():
    wide, narrow, tiny = (panel(Figure(figsize=(width, 4)).add_subplot(), "light").text for width in (8, 4, 1))
    assert wide > narrow > tiny > wide / 2


def test_no_two_curves_look_alike():
    lines = plots.compare({str(i): [1.0, 2.0] for i in range(20)}).get_lines()
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 20


@pytest.mark.parametrize(("label", "written"), [
    (r"$\frac", r"$\frac"), ("_hidden", "_hidden"), ("<b>&", "<b>&"), ("a" * 10_000, "a" * 23 + "…"), ("a\nb", "a b"),
])
def test_a_label_is_text(label, written):
    ax = plots.compare({label: [1.0, 2.0]})
    cells = plots.confusion([[1, 0], [0, 1]], names=[label, "b"])
    for drawn in (ax, cells):
        drawn.figure.canvas.draw()
    assert ax.texts[0].get_text() == cells.get_xticklabels()[0].get_text() == written


def test_a_second_plot_on_the_same_axes_leaves_the_names_of_the_first():
    ax = plots.compare({"a": [1.0, 2.0]})
    assert [text.get_text() for text in plots.compare({"b": [2.0, 1.0]}, ax=ax).texts] == ["a", "b"]


def test_new_figures_are_those_of_pyplot_so_that_notebooks_show_them():
    ax = plots.softmax_temperatures([1, 2])
    assert pyplot.gcf() is ax.figure
